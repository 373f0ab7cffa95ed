/* Contacts and routes in the vault: what is taken, who is told secrets, what is left after it is erased. */
#include "services/vault/directory_rules.h"
#include "tests/unit/vault_world.h"

static directory_done_t done(world_t *self, const message_t *type, const void *value) {
    directory_done_t answer;
    fault_t fault;
    packet_t packet = say(self, door_operator, type, value);
    assert_int_equal(packet.kind, KIND_directory_done);
    assert_int_equal(packet_body(&packet, directory_done_type(), self->arena, &answer, &fault), OK);
    return answer;
}

static directory_t directory(world_t *self, door_t door, uint64_t known, uint64_t after) {
    directory_ask_t ask = {.known = known, .after = after};
    directory_t answer;
    fault_t fault;
    packet_t packet = say(self, door, directory_ask_type(), &ask);
    assert_int_equal(packet.kind, KIND_directory);
    assert_int_equal(packet_body(&packet, directory_type(), self->arena, &answer, &fault), OK);
    return answer;
}

static void refused(world_t *self, door_t door, const message_t *type, const void *value, const char *code, const char *path) {
    refusal_t refusal;
    fault_t fault;
    packet_t packet = say(self, door, type, value);
    assert_int_equal(packet.kind, KIND_refusal);
    assert_int_equal(packet_body(&packet, refusal_type(), self->arena, &refusal, &fault), OK);
    assert_true(text_is(refusal.reasons[0].code, code));
    assert_true(text_is(refusal.reasons[0].path, path));
}

static contact_t person(const char *id, const char *mail) {
    return (contact_t){.id = text_of(id), .unit = text_of("chengmen"), .name = text_of("林某"), .mail = text_of(mail)};
}

static route_t robot(void) {
    return (route_t){.id = text_of("office"), .channel = channel_dingtalk, .secret = text_of("SECabc"),
                     .url = text_of("https://oapi.dingtalk.com/robot/send?access_token=1")};
}

static void a_contact_that_was_answered_is_there_after_a_reopen_with_its_reference(void **state) {
    (void)state;
    world_t world = world_new();
    contact_t lin = person("lin", "lin@example.org");
    assert_true(done(&world, contact_type(), &lin).changed);
    vault_close(&world.vault);
    assert_int_equal(vault_open(world.folder, hash_key, &world.vault), OK);
    directory_t told = directory(&world, door_notifier, 0, 0);
    assert_int_equal(told.contacts_count, 1);
    assert_int_equal(told.version, 1);
    assert_true(text_is(told.contacts[0].mail, "lin@example.org"));
    assert_false(bytes_are_zero(told.contacts[0].mail_ref, 32));
    assert_true(bytes_are_zero(told.contacts[0].mobile_ref, 32));
    world_end(&world);
}

static void the_same_address_has_the_same_reference_and_another_kind_of_address_another(void **state) {
    (void)state;
    world_t world = world_new();
    contact_t one = person("a", "x@example.org"), two = person("b", "x@example.org");
    two.mobile = text_of("13800138000");
    done(&world, contact_type(), &one);
    done(&world, contact_type(), &two);
    directory_t told = directory(&world, door_notifier, 0, 0);
    assert_memory_equal(told.contacts[0].mail_ref, told.contacts[1].mail_ref, 32);
    assert_memory_not_equal(told.contacts[1].mail_ref, told.contacts[1].mobile_ref, 32);
    world_end(&world);
}

static void a_contact_of_the_same_id_takes_the_place_of_the_older_one(void **state) {
    (void)state;
    world_t world = world_new();
    contact_t old = person("lin", "old@example.org"), new = person("lin", "new@example.org");
    done(&world, contact_type(), &old);
    done(&world, contact_type(), &new);
    directory_t told = directory(&world, door_notifier, 0, 0);
    assert_int_equal(told.contacts_count, 1);
    assert_true(text_is(told.contacts[0].mail, "new@example.org"));
    world_end(&world);
}

static void secrets_of_routes_are_told_to_the_notifier_alone(void **state) {
    (void)state;
    world_t world = world_new();
    route_t route = robot();
    done(&world, route_type(), &route);
    assert_true(text_is(directory(&world, door_notifier, 0, 0).routes[0].secret, "SECabc"));
    assert_true(text_is(directory(&world, door_operator, 0, 0).routes[0].secret, "***"));
    world_end(&world);
}

static void units_doors_neither_read_nor_write_the_directory_and_the_notifier_only_reads(void **state) {
    (void)state;
    world_t world = world_new();
    contact_t lin = person("lin", "lin@example.org");
    directory_ask_t ask = {0};
    refused(&world, door_gateway, contact_type(), &lin, "not_permitted", "");
    refused(&world, door_gateway, directory_ask_type(), &ask, "not_permitted", "");
    refused(&world, door_notifier, contact_type(), &lin, "not_permitted", "");
    text_t text = text_of("林某");
    vault_keep_t keep = {.texts = &text, .texts_count = 1};
    refused(&world, door_notifier, vault_keep_type(), &keep, "not_permitted", "");
    world_end(&world);
}

static void what_is_known_already_is_answered_without_rows(void **state) {
    (void)state;
    world_t world = world_new();
    contact_t lin = person("lin", "lin@example.org");
    done(&world, contact_type(), &lin);
    directory_t told = directory(&world, door_notifier, 1, 0);
    assert_int_equal(told.version, 1);
    assert_int_equal(told.contacts_count, 0);
    world_end(&world);
}

static void an_erased_contact_is_gone_and_erasing_it_again_changes_nothing(void **state) {
    (void)state;
    world_t world = world_new();
    contact_t lin = person("lin", "lin@example.org");
    directory_erase_t erase = {.contact = text_of("lin")};
    done(&world, contact_type(), &lin);
    assert_true(done(&world, directory_erase_type(), &erase).changed);
    directory_done_t again = done(&world, directory_erase_type(), &erase);
    assert_false(again.changed);
    assert_int_equal(again.version, 2);
    assert_int_equal(directory(&world, door_notifier, 0, 0).contacts_count, 0);
    world_end(&world);
}

static void more_contacts_than_a_page_come_page_after_page(void **state) {
    (void)state;
    world_t world = world_new();
    for (uint32_t index = 0; index < LIMIT_ROWS + 5; index++) {
        contact_t one = person(arena_format(world.arena, "c%05u", index).at, "x@example.org");
        buffer_t frame = {0};
        packet_encode(1, contact_type(), &one, &frame);
        vault_take_at(world.vault, door_operator, (bytes_t){frame.at, (uint32_t)frame.size}, &world.now, &world.later);
        buffer_destroy(&frame);
    }
    assert_int_equal(vault_commit(world.vault), OK);
    directory_t first = directory(&world, door_notifier, 0, 0);
    assert_int_equal(first.contacts_count, LIMIT_ROWS);
    assert_true(first.more);
    directory_t second = directory(&world, door_notifier, 0, first.contacts_count);
    assert_int_equal(second.contacts_count, 5);
    assert_false(second.more);
    assert_true(text_is(second.contacts[4].id, "c01028"));
    world_end(&world);
}

static void an_address_that_could_smuggle_a_header_or_a_second_recipient_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"lin", "@example.org", "lin@", "a b@example.org", "a@b@c", "a@b>", "\"a\"@b",
                                      "a,b@c", "-oQ@x", "林@example.org"};
    for (size_t index = 0; index < sizeof bad / sizeof bad[0]; index++) assert_false(mail_address_holds(text_of(bad[index])));
    assert_false(mail_address_holds((text_t){"a@b\r\nBcc:c@d", 12}));
    assert_true(mail_address_holds(text_of("lin.mou+minning@mail.example.gov.cn")));
    world_t world = world_new();
    contact_t lin = person("lin", "lin@example.org>");
    refused(&world, door_operator, contact_type(), &lin, "bad_address", "mail");
    lin = person("lin", "");
    refused(&world, door_operator, contact_type(), &lin, "address_missing", "mail");
    lin.mobile = text_of("12800138000");
    refused(&world, door_operator, contact_type(), &lin, "bad_address", "mobile");
    lin.mobile = text_of("+8613800138000");
    lin.from_minute = 1050, lin.until_minute = 510;
    refused(&world, door_operator, contact_type(), &lin, "bad_hours", "from_minute");
    world_end(&world);
}

static void a_route_is_encrypted_unless_it_says_in_so_many_words_that_it_is_not(void **state) {
    (void)state;
    const char *path;
    route_t route = robot();
    route.url = text_of("http://127.0.0.1:8080/robot");
    assert_true(text_equal(route_refusal(&route, &path), REASON_OF(not_encrypted)));
    route.plain = true;
    assert_int_equal(route_refusal(&route, &path).size, 0);
    route.url = text_of("file:///etc/passwd");
    assert_true(text_equal(route_refusal(&route, &path), REASON_OF(bad_address)));
    route.url = text_of("https://x/ y");
    assert_true(text_equal(route_refusal(&route, &path), REASON_OF(bad_address)));
    route_t mail = {.channel = channel_mail, .url = text_of("https://mail.example.org"), .sender = text_of("a@b")};
    assert_true(text_equal(route_refusal(&mail, &path), REASON_OF(bad_address)));
    mail.url = text_of("smtps://mail.example.org");
    assert_int_equal(route_refusal(&mail, &path).size, 0);
}

static void a_robot_that_signs_has_a_secret_and_mail_has_a_sender(void **state) {
    (void)state;
    const char *path;
    route_t route = robot();
    route.secret = text_of(NULL);
    assert_true(text_equal(route_refusal(&route, &path), REASON_OF(secret_missing)));
    route.channel = channel_wecom;
    assert_int_equal(route_refusal(&route, &path).size, 0);
    route_t mail = {.channel = channel_mail, .url = text_of("smtp://mail.example.org")};
    assert_true(text_equal(route_refusal(&mail, &path), REASON_OF(bad_address)));
    assert_string_equal(path, "sender");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_contact_that_was_answered_is_there_after_a_reopen_with_its_reference),
        cmocka_unit_test(the_same_address_has_the_same_reference_and_another_kind_of_address_another),
        cmocka_unit_test(a_contact_of_the_same_id_takes_the_place_of_the_older_one),
        cmocka_unit_test(secrets_of_routes_are_told_to_the_notifier_alone),
        cmocka_unit_test(units_doors_neither_read_nor_write_the_directory_and_the_notifier_only_reads),
        cmocka_unit_test(what_is_known_already_is_answered_without_rows),
        cmocka_unit_test(an_erased_contact_is_gone_and_erasing_it_again_changes_nothing),
        cmocka_unit_test(more_contacts_than_a_page_come_page_after_page),
        cmocka_unit_test(an_address_that_could_smuggle_a_header_or_a_second_recipient_is_refused),
        cmocka_unit_test(a_route_is_encrypted_unless_it_says_in_so_many_words_that_it_is_not),
        cmocka_unit_test(a_robot_that_signs_has_a_secret_and_mail_has_a_sender),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
