/* Drafts in the vault: sealed, one version after another, handed over, given back, gone when they are sent. */
#include "services/vault/draft_rules.h"
#include "tests/unit/vault_world.h"

#define TYPED "{\"task\":\"sales\",\"prepared_by\":\"林某某\"}"

static draft_put_t put_of(const char *login, draft_state_t state, uint64_t version, const char *body) {
    return (draft_put_t){.unit = text_of("chengmen"), .task = text_of("sales"), .period = text_of("2021-08"), .version = version,
                         .state = state, .login = text_of(login), .at_ms = 5,
                         .body = {(const uint8_t *)body, body == NULL ? 0 : (uint32_t)strlen(body)}};
}

/* Its version afterwards. */
static uint64_t kept(world_t *self, const draft_put_t *put) {
    draft_kept_t answer;
    fault_t fault;
    packet_t packet = say(self, door_console, draft_put_type(), put);
    assert_int_equal(packet.kind, KIND_draft_kept);
    assert_int_equal(self->now.size, 0); /* after the commit */
    assert_int_equal(packet_body(&packet, draft_kept_type(), self->arena, &answer, &fault), OK);
    assert_int_equal(answer.state, put->state);
    return answer.version;
}

static refusal_t refused(world_t *self, door_t door, const message_t *type, const void *value, const char *code) {
    refusal_t refusal;
    fault_t fault;
    packet_t packet = say(self, door, type, value);
    assert_int_equal(packet.kind, KIND_refusal);
    assert_int_equal(packet_body(&packet, refusal_type(), self->arena, &refusal, &fault), OK);
    assert_true(text_is(refusal.reasons[0].code, code));
    return refusal;
}

static drafts_t asked(world_t *self, const char *unit, bool one) {
    draft_ask_t ask = {.unit = text_of(unit), .task = text_of(one ? "sales" : ""), .period = text_of(one ? "2021-08" : "")};
    drafts_t answer;
    fault_t fault;
    packet_t packet = say(self, door_console, draft_ask_type(), &ask);
    assert_int_equal(packet.kind, KIND_drafts);
    assert_int_equal(packet_body(&packet, drafts_type(), self->arena, &answer, &fault), OK);
    return answer;
}

static void what_was_typed_comes_back_after_a_restart_to_its_unit_alone(void **state) {
    (void)state;
    world_t world = world_new();
    draft_put_t put = put_of("a.clerk", draft_state_kept, 0, TYPED);
    put.replaces = 2;
    uint64_t version = kept(&world, &put);
    world_reopen(&world);
    drafts_t found = asked(&world, "chengmen", true);
    assert_int_equal(found.rows_count, 1);
    assert_true(text_equal((text_t){(const char *)found.rows[0].body.at, found.rows[0].body.size}, text_of(TYPED)));
    assert_int_equal(found.rows[0].version, version);
    assert_int_equal(found.rows[0].replaces, 2);
    assert_true(text_is(found.rows[0].login, "a.clerk"));
    assert_int_equal(asked(&world, "gaishan", true).rows_count, 0);
    assert_int_equal(asked(&world, "chengme", false).rows_count, 0);
    assert_int_equal(asked(&world, "chengmen", false).rows[0].body.size, 0); /* a list has heads only */
    world_end(&world);
}

static void what_lies_on_the_disk_cannot_be_read_there_nor_with_another_key(void **state) {
    (void)state;
    world_t world = world_new();
    draft_put_t put = put_of("a.clerk", draft_state_kept, 0, TYPED);
    kept(&world, &put);
    vault_close(&world.vault);
    char path[128];
    snprintf(path, sizeof path, "%s/data.mdb", world.folder);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    static char bytes[1 << 20];
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_true(size > 0);
    assert_null(memmem(bytes, size, "林某某", strlen("林某某")));
    assert_null(memmem(bytes, size, "a.clerk", 7));
    hash_key[0] ^= 1;
    assert_int_equal(vault_open(world.folder, hash_key, &world.vault), OK);
    assert_int_equal(asked(&world, "chengmen", true).rows_count, 0);
    hash_key[0] ^= 1;
    world_end(&world);
}

static void a_change_of_what_was_not_looked_at_is_refused_and_told_by_whom_it_was_changed(void **state) {
    (void)state;
    world_t world = world_new();
    draft_put_t first = put_of("a.clerk", draft_state_kept, 0, TYPED), other = put_of("b.clerk", draft_state_kept, 0, "{}");
    uint64_t version = kept(&world, &first);
    refusal_t refusal = refused(&world, door_console, draft_put_type(), &other, "draft_changed");
    assert_true(text_is(refusal.reasons[0].args[0], "a.clerk"));
    other.version = version;
    assert_true(kept(&world, &other) > version);
    first.version = version;
    refused(&world, door_console, draft_put_type(), &first, "draft_changed");
    world_end(&world);
}

static void a_draft_goes_to_the_approver_and_comes_back_with_a_reason(void **state) {
    (void)state;
    world_t world = world_new();
    draft_put_t put = put_of("a.clerk", draft_state_handed, 0, TYPED);
    put.version = kept(&world, &put);
    draft_put_t back = put_of("boss", draft_state_back, put.version, NULL);
    refused(&world, door_console, draft_put_type(), &back, "missing_field");
    back.why = text_of("金额与凭证不符");
    uint64_t version = kept(&world, &back);
    draft_row_t row = asked(&world, "chengmen", true).rows[0];
    assert_int_equal(row.state, draft_state_back);
    assert_true(text_is(row.login, "a.clerk") && text_is(row.back_by, "boss") && text_is(row.why, "金额与凭证不符"));
    back.version = version;
    refused(&world, door_console, draft_put_type(), &back, "draft_step"); /* it is back already */
    draft_put_t again = put_of("a.clerk", draft_state_handed, version, NULL);
    kept(&world, &again); /* as it was */
    row = asked(&world, "chengmen", true).rows[0];
    assert_true(row.body.size > 0 && row.why.size == 0 && row.state == draft_state_handed);
    world_end(&world);
}

static void what_was_sent_is_gone_and_its_number_never_comes_again(void **state) {
    (void)state;
    world_t world = world_new();
    draft_put_t put = put_of("a.clerk", draft_state_handed, 0, TYPED);
    uint64_t version = kept(&world, &put);
    draft_drop_t drop = {.unit = put.unit, .task = put.task, .period = put.period, .version = version + 1, .login = put.login};
    refused(&world, door_console, draft_drop_type(), &drop, "draft_changed");
    drop.version = version;
    assert_int_equal(say(&world, door_console, draft_drop_type(), &drop).kind, KIND_draft_kept);
    assert_int_equal(say(&world, door_console, draft_drop_type(), &drop).kind, KIND_draft_kept);
    assert_int_equal(asked(&world, "chengmen", false).rows_count, 0);
    draft_put_t late = put_of("a.clerk", draft_state_kept, version, TYPED);
    refused(&world, door_console, draft_put_type(), &late, "draft_gone");
    assert_true(kept(&world, &put) > version);
    world_end(&world);
}

static void only_the_consoles_door_knows_drafts(void **state) {
    (void)state;
    world_t world = world_new();
    draft_put_t put = put_of("a.clerk", draft_state_kept, 0, TYPED);
    draft_ask_t ask = {.unit = text_of("chengmen")};
    refused(&world, door_gateway, draft_put_type(), &put, "not_permitted");
    refused(&world, door_operator, draft_ask_type(), &ask, "not_permitted");
    refused(&world, door_notifier, draft_ask_type(), &ask, "not_permitted");
    vault_keep_t keep = {0};
    refused(&world, door_console, vault_keep_type(), &keep, "not_permitted");
    world_end(&world);
}

static void a_unit_has_no_more_drafts_than_reports_it_could_owe(void **state) {
    (void)state;
    world_t world = world_new();
    char task[16];
    draft_put_t put = put_of("a.clerk", draft_state_kept, 0, TYPED);
    for (int index = 0; index < LIMIT_DRAFTS; index++) {
        snprintf(task, sizeof task, "t%d", index);
        put.task = text_of(task);
        kept(&world, &put);
    }
    put.task = text_of("more");
    refused(&world, door_console, draft_put_type(), &put, "too_many");
    put.unit = text_of("gaishan");
    kept(&world, &put);
    world_end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_typed_comes_back_after_a_restart_to_its_unit_alone),
        cmocka_unit_test(what_lies_on_the_disk_cannot_be_read_there_nor_with_another_key),
        cmocka_unit_test(a_change_of_what_was_not_looked_at_is_refused_and_told_by_whom_it_was_changed),
        cmocka_unit_test(a_draft_goes_to_the_approver_and_comes_back_with_a_reason),
        cmocka_unit_test(what_was_sent_is_gone_and_its_number_never_comes_again),
        cmocka_unit_test(only_the_consoles_door_knows_drafts),
        cmocka_unit_test(a_unit_has_no_more_drafts_than_reports_it_could_owe),
    };
    return cmocka_run_group_tests_name("vault_drafts", tests, NULL, NULL);
}
