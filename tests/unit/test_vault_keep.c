/* The vault: durable before it answers, the same person the same reference, erasable, never confused by garbage. */
#include <unistd.h>

#include "tests/unit/vault_world.h"

static void world_take(world_t *self, bytes_t frame) {
    buffer_clear(&self->now);
    buffer_clear(&self->later);
    vault_take(self->vault, frame, &self->now, &self->later);
}

static void world_keep(world_t *self, const text_t *texts, uint32_t count) {
    buffer_t frame = {0};
    vault_keep_t keep = {.texts = texts, .texts_count = count};
    packet_encode(77, vault_keep_type(), &keep, &frame);
    world_take(self, (bytes_t){frame.at, (uint32_t)frame.size});
    buffer_destroy(&frame);
}

static uint32_t kind_of(const buffer_t *buffer) {
    packet_t packet;
    fault_t fault;
    assert_int_equal(packet_decode((bytes_t){buffer->at, (uint32_t)buffer->size}, &packet, &fault), OK);
    return packet.kind;
}

static vault_kept_t kept_read(world_t *self, const buffer_t *buffer) {
    packet_t packet;
    fault_t fault;
    vault_kept_t kept;
    text_t copy = arena_text(self->arena, (text_t){(const char *)buffer->at, (uint32_t)buffer->size});
    assert_int_equal(packet_decode((bytes_t){(const uint8_t *)copy.at, copy.size}, &packet, &fault), OK);
    assert_int_equal(packet.request_id, 77);
    assert_int_equal(packet_body(&packet, vault_kept_type(), self->arena, &kept, &fault), OK);
    return kept;
}

static vault_kept_t world_kept(world_t *self, const text_t *texts, uint32_t count) {
    world_keep(self, texts, count);
    assert_int_equal(self->now.size, 0);
    assert_int_equal(vault_commit(self->vault), OK);
    return kept_read(self, &self->later);
}

static void references_come_in_the_order_of_the_texts_without_text(void **state) {
    (void)state;
    world_t world = world_new();
    text_t texts[] = {text_of("林某某"), text_of("王某"), text_of("林某某")};
    vault_kept_t kept = world_kept(&world, texts, 3);
    assert_int_equal(kept.refs_count, 3);
    for (uint32_t index = 0; index < 3; index++) {
        uint8_t hash[32];
        hash_keyed(hash_key, (bytes_t){(const uint8_t *)texts[index].at, texts[index].size}, hash);
        assert_memory_equal(kept.refs[index].hash, hash, 32);
        assert_int_equal(kept.refs[index].key_id, 1);
        assert_int_equal(kept.refs[index].text.size, 0);
    }
    assert_memory_equal(kept.refs[0].commitment, kept.refs[2].commitment, 32);
    assert_memory_not_equal(kept.refs[0].commitment, kept.refs[1].commitment, 32);
    assert_int_equal(vault_count(world.vault), 2);
    world_end(&world);
}

static void what_is_answered_is_there_after_a_reopen_and_what_was_not_committed_is_not(void **state) {
    (void)state;
    world_t world = world_new();
    text_t first = text_of("林某某"), second = text_of("王某"), text;
    vault_kept_t kept = world_kept(&world, &first, 1);
    world_keep(&world, &second, 1);
    vault_kept_t promised = kept_read(&world, &world.later);
    world_reopen(&world);
    assert_true(vault_text(world.vault, kept.refs[0].hash, world.arena, &text));
    assert_true(text_is(text, "林某某"));
    assert_false(vault_text(world.vault, promised.refs[0].hash, world.arena, &text));
    world_end(&world);
}

static void the_same_text_has_the_same_reference_and_costs_no_second_write(void **state) {
    (void)state;
    world_t world = world_new();
    text_t text = text_of("林某某");
    vault_kept_t first = world_kept(&world, &text, 1);
    world_reopen(&world);
    world_keep(&world, &text, 1);
    assert_int_equal(world.later.size, 0); /* durable already: answered at once */
    vault_kept_t again = kept_read(&world, &world.now);
    assert_memory_equal(first.refs[0].commitment, again.refs[0].commitment, 32);
    assert_int_equal(vault_commit(world.vault), OK);
    assert_int_equal(vault_count(world.vault), 1);
    world_end(&world);
}

static void an_answer_that_leans_on_the_open_group_waits_for_its_commit(void **state) {
    (void)state;
    world_t world = world_new();
    text_t text = text_of("林某某");
    world_keep(&world, &text, 1);
    vault_kept_t first = kept_read(&world, &world.later);
    world_keep(&world, &text, 1);
    assert_int_equal(world.now.size, 0);
    vault_kept_t second = kept_read(&world, &world.later);
    assert_memory_equal(first.refs[0].commitment, second.refs[0].commitment, 32);
    assert_int_equal(vault_commit(world.vault), OK);
    world_end(&world);
}

static void an_erased_text_is_gone_and_comes_back_under_another_commitment(void **state) {
    (void)state;
    world_t world = world_new();
    text_t text = text_of("林某某"), found;
    vault_kept_t first = world_kept(&world, &text, 1);
    vault_erase(world.vault, first.refs[0].hash);
    assert_int_equal(vault_commit(world.vault), OK);
    assert_false(vault_text(world.vault, first.refs[0].hash, world.arena, &found));
    vault_kept_t second = world_kept(&world, &text, 1);
    assert_memory_equal(first.refs[0].hash, second.refs[0].hash, 32);
    assert_memory_not_equal(first.refs[0].commitment, second.refs[0].commitment, 32);
    world_end(&world);
}

/* Does the vault's file hold these bytes, be it in a page that nobody uses? */
static bool file_holds(const world_t *world, const char *text) {
    char path[96];
    snprintf(path, sizeof path, "%s/data.mdb", world->folder);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    static char bytes[4 * 1024 * 1024];
    size_t size = fread(bytes, 1, sizeof bytes, file);
    assert_true(size > 0 && size < sizeof bytes);
    fclose(file);
    return memmem(bytes, size, text, strlen(text)) != NULL;
}

static void an_erased_text_is_in_the_file_no_more_and_all_others_keep_their_reference(void **state) {
    (void)state;
    world_t world = world_new();
    enum { NAMES = 60 };
    char names[NAMES][32];
    text_t texts[NAMES];
    for (uint32_t index = 0; index < NAMES; index++) {
        snprintf(names[index], sizeof names[index], "支教老师第%03u号", index);
        texts[index] = text_of(names[index]);
    }
    vault_kept_t kept = world_kept(&world, texts, NAMES);
    assert_true(file_holds(&world, names[37]));
    vault_erase(world.vault, kept.refs[37].hash);
    assert_false(vault_wants_rewrite(world.vault)); /* behind the commit, not before */
    assert_int_equal(vault_commit(world.vault), OK);
    assert_true(vault_wants_rewrite(world.vault));
    assert_true(file_holds(&world, names[37])); /* this is why */
    assert_int_equal(vault_rewrite(world.vault), OK);
    assert_false(vault_wants_rewrite(world.vault));
    assert_false(file_holds(&world, names[37]));
    assert_true(file_holds(&world, names[38]));
    texts[37] = texts[0];
    world_keep(&world, texts, NAMES); /* all of them are known: answered at once */
    vault_kept_t again = kept_read(&world, &world.now);
    for (uint32_t index = 0; index < NAMES; index++)
        assert_memory_equal(again.refs[index].hash, kept.refs[index == 37 ? 0 : index].hash, 32);
    assert_memory_equal(again.refs[NAMES - 1].commitment, kept.refs[NAMES - 1].commitment, 32);
    assert_int_equal(vault_count(world.vault), NAMES);
    world_reopen(&world);
    assert_false(file_holds(&world, names[37]));
    world_end(&world);
}

static void a_crash_between_an_erasure_and_the_new_file_is_made_good_by_the_next_opening(void **state) {
    (void)state;
    world_t world = world_new();
    text_t text = text_of("林某某离任"), found;
    vault_kept_t kept = world_kept(&world, &text, 1);
    vault_erase(world.vault, kept.refs[0].hash);
    assert_int_equal(vault_commit(world.vault), OK);
    assert_true(file_holds(&world, "林某某离任"));
    world_reopen(&world);
    assert_false(file_holds(&world, "林某某离任"));
    assert_false(vault_text(world.vault, kept.refs[0].hash, world.arena, &found));
    world_end(&world);
}

static void a_second_opening_is_locked_out(void **state) {
    (void)state;
    world_t world = world_new();
    vault_t *second = NULL;
    assert_int_equal(vault_open(world.folder, hash_key, &second), ERR_LOCKED);
    assert_null(second);
    world_end(&world);
}

static void a_full_disk_is_answered_busy_but_known_texts_still_get_their_reference(void **state) {
    (void)state;
    world_t world = world_new();
    text_t known = text_of("林某某"), fresh = text_of("王某");
    world_kept(&world, &known, 1);
    vault_keep_free(world.vault, UINT64_MAX);
    world_keep(&world, &fresh, 1);
    assert_int_equal(kind_of(&world.now), KIND_busy);
    world_keep(&world, &known, 1);
    assert_int_equal(kind_of(&world.now), KIND_vault_kept);
    assert_int_equal(vault_commit(world.vault), OK);
    assert_int_equal(vault_count(world.vault), 1);
    world_end(&world);
}

static void garbage_and_foreign_messages_are_refused(void **state) {
    (void)state;
    world_t world = world_new();
    buffer_t frame = {0};
    text_t texts[] = {text_of("林某某"), text_of("王某")};
    vault_keep_t keep = {.texts = texts, .texts_count = 2};
    packet_encode(77, vault_keep_type(), &keep, &frame);
    for (uint32_t size = 0; size < frame.size; size++) {
        world_take(&world, (bytes_t){frame.at, size});
        assert_int_equal(kind_of(&world.now), KIND_refusal);
    }
    uint64_t seed = 88172645463325252ULL;
    for (int round = 0; round < 3000; round++) {
        uint8_t bytes[200];
        for (size_t at = 0; at < sizeof bytes; at++) {
            seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
            bytes[at] = (uint8_t)seed;
        }
        if (round % 2 == 0) bytes[0] = 0x94;
        world_take(&world, (bytes_t){bytes, (uint32_t)(seed % sizeof bytes)});
        assert_int_equal(kind_of(&world.now), KIND_refusal);
    }
    buffer_clear(&frame);
    health_ask_t ask = {0};
    packet_encode(77, health_ask_type(), &ask, &frame);
    world_take(&world, (bytes_t){frame.at, (uint32_t)frame.size}); /* the desk answers that, not the door */
    assert_int_equal(kind_of(&world.now), KIND_refusal);
    assert_int_equal(vault_commit(world.vault), OK);
    assert_int_equal(vault_count(world.vault), 0);
    buffer_destroy(&frame);
    world_end(&world);
}

static void health_tells_that_the_vault_is_well(void **state) {
    (void)state;
    world_t world = world_new();
    buffer_t frame = {0};
    health_ask_t ask = {0};
    packet_t packet;
    fault_t fault;
    health_t health;
    packet_encode(77, health_ask_type(), &ask, &frame);
    assert_int_equal(packet_decode((bytes_t){frame.at, (uint32_t)frame.size}, &packet, &fault), OK);
    assert_true(vault_answer(world.vault, &packet, &world.now));
    assert_int_equal(packet_decode((bytes_t){world.now.at, (uint32_t)world.now.size}, &packet, &fault), OK);
    assert_int_equal(packet_body(&packet, health_type(), world.arena, &health, &fault), OK);
    assert_true(text_is(health.service, "vault"));
    assert_true(health.ok);
    assert_int_equal(health.pid, getpid());
    buffer_destroy(&frame);
    world_end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(references_come_in_the_order_of_the_texts_without_text),
        cmocka_unit_test(what_is_answered_is_there_after_a_reopen_and_what_was_not_committed_is_not),
        cmocka_unit_test(the_same_text_has_the_same_reference_and_costs_no_second_write),
        cmocka_unit_test(an_answer_that_leans_on_the_open_group_waits_for_its_commit),
        cmocka_unit_test(an_erased_text_is_gone_and_comes_back_under_another_commitment),
        cmocka_unit_test(an_erased_text_is_in_the_file_no_more_and_all_others_keep_their_reference),
        cmocka_unit_test(a_crash_between_an_erasure_and_the_new_file_is_made_good_by_the_next_opening),
        cmocka_unit_test(a_second_opening_is_locked_out),
        cmocka_unit_test(a_full_disk_is_answered_busy_but_known_texts_still_get_their_reference),
        cmocka_unit_test(garbage_and_foreign_messages_are_refused),
        cmocka_unit_test(health_tells_that_the_vault_is_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
