/* Persons in the vault: told and erased at the operator's door, at no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/wire.h"
#include "services/vault/vault.h"
#include "tests/sim/temporary.h"

static const uint8_t hash_key[HASH_KEY_SIZE] = {1, 2, 3};

typedef struct {
    char folder[64];
    vault_t *vault;
    arena_t *arena;
    personal_t zhao;
} room_t;

/* One packet at a door; the answer, read as `answer`. false: something else came back. */
static bool asks(room_t *room, door_t door, const message_t *ask, const void *question, const message_t *answer, void *value) {
    buffer_t frame = {0}, now = {0}, later = {0};
    packet_t packet;
    fault_t fault;
    packet_encode(7, ask, question, &frame);
    vault_take_at(room->vault, door, (bytes_t){frame.at, (uint32_t)frame.size}, &now, &later);
    assert_int_equal(vault_commit(room->vault), OK);
    buffer_t *said = now.size > 0 ? &now : &later;
    text_t copy = arena_text(room->arena, (text_t){(const char *)said->at, (uint32_t)said->size});
    assert_int_equal(packet_decode((bytes_t){(const uint8_t *)copy.at, copy.size}, &packet, &fault), OK);
    bool same = packet.kind == answer->kind && packet_body(&packet, answer, room->arena, value, &fault) == OK;
    buffer_destroy(&frame);
    buffer_destroy(&now);
    buffer_destroy(&later);
    return same;
}

static personal_t keeps(room_t *room, const char *name) {
    text_t text = text_of(name);
    vault_kept_t kept;
    assert_true(asks(room, door_gateway, vault_keep_type(), &(vault_keep_t){.texts = &text, .texts_count = 1}, vault_kept_type(),
                     &kept));
    return kept.refs[0];
}

static int setup(void **state) {
    room_t *room = calloc(1, sizeof *room);
    crypto_start();
    room->arena = arena_new();
    temporary_folder(room->folder, sizeof room->folder);
    assert_int_equal(vault_open(room->folder, hash_key, &room->vault), OK);
    room->zhao = keeps(room, "赵一");
    *state = room;
    return 0;
}

static int teardown(void **state) {
    room_t *room = *state;
    vault_close(&room->vault);
    arena_destroy(&room->arena);
    temporary_remove(room->folder);
    free(room);
    return 0;
}

static text_t told(room_t *room, const personal_t *person) {
    person_ref_t ref;
    persons_told_t answer;
    memcpy(ref.hash, person->hash, sizeof ref.hash);
    assert_true(asks(room, door_operator, persons_ask_type(), &(persons_ask_t){.refs = &ref, .refs_count = 1},
                     persons_told_type(), &answer));
    assert_int_equal(answer.texts_count, 1);
    return answer.texts[0].text;
}

static void an_erased_person_is_told_no_more_and_the_others_are(void **state) {
    room_t *room = *state;
    personal_t qian = keeps(room, "钱二");
    person_erased_t erased;
    assert_true(text_is(told(room, &room->zhao), "赵一"));
    assert_true(asks(room, door_operator, person_erase_type(), &(person_erase_t){.text = text_of("赵一")}, person_erased_type(),
                     &erased));
    assert_true(erased.erased);
    assert_memory_equal(erased.hash, room->zhao.hash, 32); /* by which the ledger goes on to count */
    assert_int_equal(told(room, &room->zhao).size, 0);
    assert_true(text_is(told(room, &qian), "钱二"));
    vault_close(&room->vault);
    assert_int_equal(vault_open(room->folder, hash_key, &room->vault), OK);
    assert_int_equal(told(room, &room->zhao).size, 0);
}

static void a_person_is_erased_by_the_hash_that_a_figure_shows(void **state) {
    room_t *room = *state;
    person_erase_t what = {0};
    person_erased_t erased;
    memcpy(what.hash, room->zhao.hash, sizeof what.hash);
    assert_true(asks(room, door_operator, person_erase_type(), &what, person_erased_type(), &erased));
    assert_true(erased.erased);
    assert_true(asks(room, door_operator, person_erase_type(), &what, person_erased_type(), &erased));
    assert_false(erased.erased); /* to erase twice is no mistake */
}

static void who_comes_back_has_the_same_hash_and_another_commitment(void **state) {
    room_t *room = *state;
    person_erased_t erased;
    asks(room, door_operator, person_erase_type(), &(person_erase_t){.text = text_of("赵一")}, person_erased_type(), &erased);
    personal_t back = keeps(room, "赵一");
    assert_memory_equal(back.hash, room->zhao.hash, 32);
    assert_memory_not_equal(back.commitment, room->zhao.commitment, 32);
}

static void no_other_door_may_erase_or_ask(void **state) {
    room_t *room = *state;
    static const door_t doors[] = {door_gateway, door_console, door_notifier};
    person_ref_t ref;
    memcpy(ref.hash, room->zhao.hash, sizeof ref.hash);
    for (size_t index = 0; index < sizeof doors / sizeof doors[0]; index++) {
        refusal_t refusal;
        assert_true(asks(room, doors[index], person_erase_type(), &(person_erase_t){.text = text_of("赵一")}, refusal_type(),
                         &refusal));
        assert_true(asks(room, doors[index], persons_ask_type(), &(persons_ask_t){.refs = &ref, .refs_count = 1},
                         refusal_type(), &refusal));
    }
    assert_true(text_is(told(room, &room->zhao), "赵一"));
}

static void who_is_to_be_erased_is_named_in_one_way(void **state) {
    room_t *room = *state;
    refusal_t refusal;
    person_erase_t both = {.text = text_of("赵一"), .hash = {1}}, none = {0};
    assert_true(asks(room, door_operator, person_erase_type(), &both, refusal_type(), &refusal));
    assert_true(asks(room, door_operator, person_erase_type(), &none, refusal_type(), &refusal));
    assert_true(text_is(told(room, &room->zhao), "赵一"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(an_erased_person_is_told_no_more_and_the_others_are),
        TEST(a_person_is_erased_by_the_hash_that_a_figure_shows),
        TEST(who_comes_back_has_the_same_hash_and_another_commitment),
        TEST(no_other_door_may_erase_or_ask),
        TEST(who_is_to_be_erased_is_named_in_one_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
