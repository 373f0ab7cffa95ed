/* Credentials: what opens a session, what ends it, and what never does. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "services/vault/logins.h"
#include "tests/sim/temporary.h"

#define NOW_MS 1700000000000LL
#define PASSWORD "a long enough password"

typedef struct {
    char folder[64];
    logins_store_t *logins;
    arena_t *arena;
    int64_t wall_ms;
} world_t;

static world_t world_new(void) {
    world_t self = {.arena = arena_new(), .wall_ms = NOW_MS};
    crypto_start();
    temporary_folder(self.folder, sizeof self.folder);
    assert_int_equal(logins_open(self.folder, &self.logins), OK);
    return self;
}

static void world_end(world_t *self) {
    logins_close(&self->logins);
    arena_destroy(&self->arena);
    temporary_remove(self->folder);
}

/* Asks; returns the kind of the answer, decoded into `value` if it is `answer`, else the refusal's code in *code. */
static uint32_t ask(world_t *self, logins_door_t door, const message_t *type, const void *question, const message_t *answer,
                    void *value, text_t *code) {
    buffer_t frame = {0}, out = {0};
    packet_t packet;
    fault_t fault;
    packet_encode(9, type, question, &frame);
    bytes_t bytes = arena_bytes(self->arena, (bytes_t){frame.at, (uint32_t)frame.size});
    assert_int_equal(packet_decode(bytes, &packet, &fault), OK);
    logins_answer(self->logins, door, &packet, self->wall_ms, &out);
    bytes = arena_bytes(self->arena, (bytes_t){out.at, (uint32_t)out.size});
    assert_int_equal(packet_decode(bytes, &packet, &fault), OK);
    buffer_destroy(&frame);
    buffer_destroy(&out);
    refusal_t refusal;
    if (packet.kind == KIND_refusal) {
        assert_int_equal(packet_body(&packet, refusal_type(), self->arena, &refusal, &fault), OK);
        if (code != NULL) *code = refusal.reasons[0].code;
    } else if (answer != NULL) {
        assert_int_equal(packet_body(&packet, answer, self->arena, value, &fault), OK);
    }
    return packet.kind;
}

static void keep(world_t *self, const char *login, const char *secret, uint64_t code_until_ms) {
    login_keep_t question = {.login = text_of(login), .secret = text_of(secret), .code_until_ms = code_until_ms};
    assert_int_equal(ask(self, LOGINS_OPERATOR, login_keep_type(), &question, NULL, NULL, NULL), KIND_login_kept);
}

static text_t try_login(world_t *self, const char *login, const char *secret, uint8_t session, session_told_t *told) {
    text_t code = {NULL, 0};
    session_told_t unused;
    login_try_t question = {.login = text_of(login), .secret = text_of(secret)};
    memset(question.session, session, sizeof question.session);
    ask(self, LOGINS_CONSOLE, login_try_type(), &question, session_told_type(), told == NULL ? &unused : told, &code);
    return code;
}

static bool session_lives(world_t *self, uint8_t session) {
    session_ask_t question;
    memset(question.session, session, sizeof question.session);
    return ask(self, LOGINS_SESSIONS, session_ask_type(), &question, NULL, NULL, NULL) == KIND_session_told;
}

static text_t change(world_t *self, uint8_t session, const char *old_secret, const char *new_secret) {
    text_t code = {NULL, 0};
    secret_change_t question = {.old_secret = text_of(old_secret), .new_secret = text_of(new_secret)};
    memset(question.session, session, sizeof question.session);
    ask(self, LOGINS_CONSOLE, secret_change_type(), &question, NULL, NULL, &code);
    return code;
}

static void a_password_opens_a_session_that_ends_after_a_working_day(void **state) {
    (void)state;
    world_t world = world_new();
    session_told_t told;
    keep(&world, "chengmen.clerk", PASSWORD, 0);
    assert_int_equal(try_login(&world, "chengmen.clerk", PASSWORD, 1, &told).size, 0);
    assert_true(text_is(told.login, "chengmen.clerk"));
    assert_false(told.by_code);
    assert_true(session_lives(&world, 1));
    assert_false(session_lives(&world, 2));
    world.wall_ms += LIMIT_SESSION_MS;
    assert_false(session_lives(&world, 1));
    world_end(&world);
}

static void a_wrong_password_and_an_unknown_login_are_told_the_same(void **state) {
    (void)state;
    world_t world = world_new();
    keep(&world, "a", PASSWORD, 0);
    assert_true(text_is(try_login(&world, "a", "something else", 1, NULL), "login_failed"));
    assert_true(text_is(try_login(&world, "b", PASSWORD, 1, NULL), "login_failed"));
    assert_false(session_lives(&world, 1));
    world_end(&world);
}

static void five_failures_lock_a_login_even_for_the_right_password_until_time_has_passed(void **state) {
    (void)state;
    world_t world = world_new();
    keep(&world, "a", PASSWORD, 0);
    for (int attempt = 0; attempt < LIMIT_LOGIN_FAILURES; attempt++) try_login(&world, "a", "wrong wrong wrong", 1, NULL);
    assert_true(text_is(try_login(&world, "a", PASSWORD, 1, NULL), "locked_out"));
    world.wall_ms += LIMIT_LOGIN_LOCK_MS;
    assert_int_equal(try_login(&world, "a", PASSWORD, 1, NULL).size, 0);
    world_end(&world);
}

/* --- several at once: each desk of the vault is a thread --- */

enum { CROWD = 4 };

typedef struct {
    world_t world; /* the same store, an arena of its own */
    const char *secret;
    int tries;
    uint8_t session;
    int opened;
} guest_t;

static void *guest_run(void *argument) {
    guest_t *guest = argument;
    for (int index = 0; index < guest->tries; index++)
        guest->opened += try_login(&guest->world, "a", guest->secret, guest->session, NULL).size == 0;
    return NULL;
}

static int crowd_run(const world_t *world, const char *secret, int tries) {
    guest_t guests[CROWD];
    pthread_t threads[CROWD];
    int opened = 0;
    for (uint8_t index = 0; index < CROWD; index++) {
        guests[index] = (guest_t){.world = *world, .secret = secret, .tries = tries, .session = (uint8_t)(20 + index)};
        guests[index].world.arena = arena_new();
        assert_int_equal(pthread_create(&threads[index], NULL, guest_run, &guests[index]), 0);
    }
    for (int index = 0; index < CROWD; index++) {
        pthread_join(threads[index], NULL);
        arena_destroy(&guests[index].world.arena);
        opened += guests[index].opened;
    }
    return opened;
}

static void failures_of_several_at_once_are_all_counted(void **state) {
    (void)state;
    world_t world = world_new();
    keep(&world, "a", PASSWORD, 0);
    assert_int_equal(crowd_run(&world, "wrong wrong wrong", 2), 0);
    assert_true(text_is(try_login(&world, "a", PASSWORD, 1, NULL), "locked_out"));
    world_end(&world);
}

static void a_code_that_several_try_at_once_opens_one_session(void **state) {
    (void)state;
    world_t world = world_new();
    keep(&world, "a", "one time code here", (uint64_t)world.wall_ms + 1000);
    assert_int_equal(crowd_run(&world, "one time code here", 1), 1);
    world_end(&world);
}

static void a_password_opens_a_session_for_each_of_several_at_once(void **state) {
    (void)state;
    world_t world = world_new();
    keep(&world, "a", PASSWORD, 0);
    assert_int_equal(crowd_run(&world, PASSWORD, 1), CROWD);
    for (uint8_t index = 0; index < CROWD; index++) assert_true(session_lives(&world, (uint8_t)(20 + index)));
    world_end(&world);
}

static void each_further_failure_locks_twice_as_long_up_to_a_bound(void **state) {
    (void)state;
    assert_int_equal(logins_lock_ms(LIMIT_LOGIN_FAILURES - 1), 0);
    assert_int_equal(logins_lock_ms(LIMIT_LOGIN_FAILURES), LIMIT_LOGIN_LOCK_MS);
    assert_int_equal(logins_lock_ms(LIMIT_LOGIN_FAILURES + 1), 2 * LIMIT_LOGIN_LOCK_MS);
    assert_int_equal(logins_lock_ms(UINT32_MAX), LIMIT_LOGIN_LOCK_MOST_MS);
}

static void a_one_time_code_opens_once_and_then_a_password_has_to_be_set(void **state) {
    (void)state;
    world_t world = world_new();
    session_told_t told;
    keep(&world, "a", "ABCD-EFGH-JKLM", NOW_MS + 1000);
    assert_int_equal(try_login(&world, "a", "ABCD-EFGH-JKLM", 1, &told).size, 0);
    assert_true(told.by_code);
    assert_true(text_is(try_login(&world, "a", "ABCD-EFGH-JKLM", 2, NULL), "login_failed"));
    assert_true(text_is(change(&world, 1, "", "short"), "weak_secret"));
    assert_int_equal(change(&world, 1, "", PASSWORD).size, 0);
    assert_int_equal(try_login(&world, "a", PASSWORD, 3, &told).size, 0);
    assert_false(told.by_code);
    world_end(&world);
}

static void a_one_time_code_that_was_not_used_in_time_opens_nothing(void **state) {
    (void)state;
    world_t world = world_new();
    keep(&world, "a", "ABCD-EFGH-JKLM", NOW_MS + 1000);
    world.wall_ms += 1000;
    assert_true(text_is(try_login(&world, "a", "ABCD-EFGH-JKLM", 1, NULL), "login_failed"));
    world_end(&world);
}

static void a_new_password_needs_the_old_one_and_ends_every_other_session(void **state) {
    (void)state;
    world_t world = world_new();
    keep(&world, "a", PASSWORD, 0);
    try_login(&world, "a", PASSWORD, 1, NULL);
    try_login(&world, "a", PASSWORD, 2, NULL);
    assert_true(text_is(change(&world, 1, "not the old one", "another long password"), "login_failed"));
    assert_true(session_lives(&world, 2));
    assert_int_equal(change(&world, 1, PASSWORD, "another long password").size, 0);
    assert_true(session_lives(&world, 1));
    assert_false(session_lives(&world, 2));
    world_end(&world);
}

static void what_the_operator_drops_or_gives_anew_ends_its_sessions(void **state) {
    (void)state;
    world_t world = world_new();
    keep(&world, "a", PASSWORD, 0);
    try_login(&world, "a", PASSWORD, 1, NULL);
    keep(&world, "a", "another long password", 0);
    assert_false(session_lives(&world, 1));
    try_login(&world, "a", "another long password", 2, NULL);
    login_drop_t drop = {.login = text_of("a")};
    ask(&world, LOGINS_OPERATOR, login_drop_type(), &drop, NULL, NULL, NULL);
    assert_false(session_lives(&world, 2));
    assert_true(text_is(try_login(&world, "a", "another long password", 3, NULL), "login_failed"));
    world_end(&world);
}

static void the_seventeenth_session_of_a_login_ends_the_first(void **state) {
    (void)state;
    world_t world = world_new();
    keep(&world, "a", PASSWORD, 0);
    for (uint8_t session = 1; session <= LIMIT_LOGIN_SESSIONS + 1; session++, world.wall_ms++)
        assert_int_equal(try_login(&world, "a", PASSWORD, session, NULL).size, 0);
    assert_false(session_lives(&world, 1));
    assert_true(session_lives(&world, 2));
    assert_true(session_lives(&world, LIMIT_LOGIN_SESSIONS + 1));
    world_end(&world);
}

static void a_token_is_asked_for_like_a_session_and_changes_no_password(void **state) {
    (void)state;
    world_t world = world_new();
    token_keep_t token = {.login = text_of("token-1"), .until_ms = NOW_MS + 5000};
    memset(token.token, 9, sizeof token.token);
    assert_int_equal(ask(&world, LOGINS_OPERATOR, token_keep_type(), &token, NULL, NULL, NULL), KIND_login_kept);
    assert_true(session_lives(&world, 9));
    assert_true(text_is(change(&world, 9, "", PASSWORD), "no_session"));
    world.wall_ms += 5000;
    assert_false(session_lives(&world, 9));
    world_end(&world);
}

static void a_door_takes_only_its_own_questions(void **state) {
    (void)state;
    world_t world = world_new();
    text_t code = {NULL, 0};
    login_keep_t question = {.login = text_of("a"), .secret = text_of(PASSWORD)};
    assert_int_equal(ask(&world, LOGINS_CONSOLE, login_keep_type(), &question, NULL, NULL, &code), KIND_refusal);
    assert_true(text_is(code, "not_permitted"));
    assert_int_equal(ask(&world, LOGINS_SESSIONS, login_keep_type(), &question, NULL, NULL, &code), KIND_refusal);
    assert_true(text_is(try_login(&world, "a", PASSWORD, 1, NULL), "login_failed"));
    world_end(&world);
}

static void what_was_kept_is_there_after_a_restart(void **state) {
    (void)state;
    world_t world = world_new();
    keep(&world, "a", PASSWORD, 0);
    try_login(&world, "a", PASSWORD, 1, NULL);
    logins_close(&world.logins);
    assert_int_equal(logins_open(world.folder, &world.logins), OK);
    assert_true(session_lives(&world, 1));
    assert_int_equal(try_login(&world, "a", PASSWORD, 2, NULL).size, 0);
    world_end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_password_opens_a_session_that_ends_after_a_working_day),
        cmocka_unit_test(a_wrong_password_and_an_unknown_login_are_told_the_same),
        cmocka_unit_test(five_failures_lock_a_login_even_for_the_right_password_until_time_has_passed),
        cmocka_unit_test(each_further_failure_locks_twice_as_long_up_to_a_bound),
        cmocka_unit_test(a_one_time_code_opens_once_and_then_a_password_has_to_be_set),
        cmocka_unit_test(a_one_time_code_that_was_not_used_in_time_opens_nothing),
        cmocka_unit_test(a_new_password_needs_the_old_one_and_ends_every_other_session),
        cmocka_unit_test(what_the_operator_drops_or_gives_anew_ends_its_sessions),
        cmocka_unit_test(the_seventeenth_session_of_a_login_ends_the_first),
        cmocka_unit_test(a_token_is_asked_for_like_a_session_and_changes_no_password),
        cmocka_unit_test(a_door_takes_only_its_own_questions),
        cmocka_unit_test(what_was_kept_is_there_after_a_restart),
        cmocka_unit_test(failures_of_several_at_once_are_all_counted),
        cmocka_unit_test(a_code_that_several_try_at_once_opens_one_session),
        cmocka_unit_test(a_password_opens_a_session_for_each_of_several_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
