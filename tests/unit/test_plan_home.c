/* The plan beside a home's ledger: its bytes are read in the place of the file, but only while they are of just that file. */
#include "tests/unit/plan_fixture.h"

#include <unistd.h>

#include "proto/crypto.h"
#include "proto/wire.h"
#include "services/plan/plan_home.h"
#include "services/stage/home.h"
#include "tests/sim/temporary.h"

typedef struct {
    char before[4096], folder[128];
    fixture_t *written; /* the plan of 2021 */
    arena_t *arena;
    plan_t plan; /* as it is read */
    file_fault_t faults[PLAN_FAULTS];
    uint32_t count;
} homely_t;

static int home_begin(void **state) {
    homely_t *self = calloc(1, sizeof *self);
    self->written = fixture_of_file(PLAN_2021);
    self->arena = arena_new();
    assert_non_null(getcwd(self->before, sizeof self->before));
    temporary_folder(self->folder, sizeof self->folder);
    assert_int_equal(chdir(self->folder), 0);
    *state = self;
    return 0;
}

static int home_end(void **state) {
    homely_t *self = *state;
    unlink(PLAN_HOME_FILE);
    unlink(PLAN_HOME_BYTES);
    assert_int_equal(chdir(self->before), 0);
    rmdir(self->folder);
    fixture_free(self->written);
    arena_destroy(&self->arena);
    free(self);
    return 0;
}

static err_t plan_again(homely_t *self) { return plan_home_read(self->arena, &self->plan, self->faults, &self->count); }

/* The file as it is, and bytes of a plan that is called otherwise: so the title tells which of them was read. */
static void write_otherwise(homely_t *self) {
    plan_t other = self->written->plan;
    other.title = text_of("从字节读");
    assert_int_equal(plan_home_write(self->written->yaml, &other), OK);
}

static bool was_read_from_bytes(homely_t *self) {
    assert_int_equal(plan_again(self), OK);
    return text_is(self->plan.title, "从字节读");
}

static void what_was_written_is_read_again(void **state) {
    homely_t *self = *state;
    buffer_t one = {0}, other = {0};
    assert_int_equal(plan_home_write(self->written->yaml, &self->written->plan), OK);
    assert_int_equal(plan_again(self), OK);
    wire_encode(plan_type(), &self->written->plan, &one);
    wire_encode(plan_type(), &self->plan, &other);
    assert_int_equal(one.size, other.size);
    assert_memory_equal(one.at, other.at, one.size);
    buffer_destroy(&one);
    buffer_destroy(&other);
}

static void bytes_are_read_in_the_place_of_the_file_they_are_of(void **state) {
    write_otherwise(*state);
    assert_true(was_read_from_bytes(*state));
}

static void a_file_that_somebody_changed_counts_for_itself(void **state) {
    homely_t *self = *state;
    write_otherwise(self);
    text_t changed = arena_format(self->arena, TEXT_FORMAT "\n# changed by hand\n", TEXT_ARGS(self->written->yaml));
    assert_int_equal(home_write(PLAN_HOME_FILE, changed, 0644), OK);
    assert_false(was_read_from_bytes(self));
    assert_true(text_equal(self->plan.title, self->written->plan.title));
}

static void bytes_with_a_bit_turned_or_cut_off_are_not_read(void **state) {
    homely_t *self = *state;
    text_t bytes;
    write_otherwise(self);
    assert_int_equal(home_read(PLAN_HOME_BYTES, self->arena, LIMIT_PLAN, &bytes), OK);
    for (uint32_t at = 0; at < bytes.size; at += 97) {
        char *turned = memcpy(arena_take(self->arena, bytes.size), bytes.at, bytes.size);
        turned[at] = (char)(turned[at] ^ 0x10);
        assert_int_equal(home_write(PLAN_HOME_BYTES, (text_t){turned, bytes.size}, 0644), OK);
        assert_false(was_read_from_bytes(self));
        assert_int_equal(home_write(PLAN_HOME_BYTES, (text_t){bytes.at, at}, 0644), OK);
        assert_false(was_read_from_bytes(self));
    }
    assert_int_equal(home_write(PLAN_HOME_BYTES, bytes, 0644), OK);
    assert_true(was_read_from_bytes(self));
}

static void without_bytes_the_file_is_read_and_without_it_nothing(void **state) {
    homely_t *self = *state;
    write_otherwise(self);
    unlink(PLAN_HOME_BYTES);
    assert_false(was_read_from_bytes(self));
    unlink(PLAN_HOME_FILE);
    assert_int_equal(plan_again(self), ERR_MISSING);
    write_otherwise(self);
    unlink(PLAN_HOME_FILE);
    assert_int_equal(plan_again(self), ERR_MISSING);
}

static void a_file_that_is_wrong_tells_its_faults(void **state) {
    homely_t *self = *state;
    write_otherwise(self);
    assert_int_equal(home_write(PLAN_HOME_FILE, text_of("plan: x\n"), 0644), OK);
    assert_int_equal(plan_again(self), ERR_BAD);
    assert_true(self->count > 0);
}

#define AT_HOME(test) cmocka_unit_test_setup_teardown(test, home_begin, home_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        AT_HOME(what_was_written_is_read_again),
        AT_HOME(bytes_are_read_in_the_place_of_the_file_they_are_of),
        AT_HOME(a_file_that_somebody_changed_counts_for_itself),
        AT_HOME(bytes_with_a_bit_turned_or_cut_off_are_not_read),
        AT_HOME(without_bytes_the_file_is_read_and_without_it_nothing),
        AT_HOME(a_file_that_is_wrong_tells_its_faults),
    };
    crypto_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
