/* The console with stand-ins for the services behind it, all in one thread, and a client that speaks HTTP by hand. */
#ifndef TESTS_CONSOLE_WORLD_H
#define TESTS_CONSOLE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/chain.h"
#include "proto/crypto.h"
#include "services/console/console.h"
#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "services/stage/link.h"
#include "tests/sim/temporary.h"

#define COOKIE "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define STRANGER "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define PLAN "deploy/plans/2021-cangshan.yaml"

enum { PATIENCE_MS = 8000, ANSWER_MS = 1000, ANSWER_ROOM = 1 << 16, DESKS = 8 };

typedef enum { AT_DOOR, AT_INTAKE, AT_VALIDATION, AT_VAULT, AT_LOGINS, AT_SESSIONS, AT_TALLIES, AT_AGGREGATION } desk_at_t;
static const char *const endpoints[DESKS] = {[AT_DOOR] = HOME_DOOR_CONSOLE,
                                             [AT_INTAKE] = "ipc://run/intake.desk",
                                             [AT_VALIDATION] = "ipc://run/validation.desk",
                                             [AT_VAULT] = HOME_VAULT,
                                             [AT_LOGINS] = "ipc://run/door-console/vault.desk",
                                             [AT_SESSIONS] = "ipc://run/door-console/session.desk",
                                             [AT_TALLIES] = HOME_TALLIES,
                                             [AT_AGGREGATION] = "ipc://run/aggregation.desk"};

typedef struct {
    char folder[256], before[4096];
    console_t *console;
    server_t *desks[DESKS];
    arena_t *arena;
    buffer_t out;
    login_role_t role; /* of the one login there is */
    bool revoked, by_code, hold_verdicts, hold_aggregation, hold_checks;
    uint32_t appends, notes, keeps, tries;
    uint32_t joins;     /* how often stream 3 was joined at its end */
    peer_t listener;    /* who waits for its first event */
    packet_t listening; /* with what */
    bool waits;
    attested_append_t last; /* texts in arena */
    buffer_t seen;          /* every byte that reached intake's door */
} world_t;

static inline void reply(world_t *w, desk_at_t at, const peer_t *peer, uint64_t id, const message_t *type, const void *value) {
    buffer_clear(&w->out);
    packet_encode(id, type, value, &w->out);
    server_send(w->desks[at], peer, (bytes_t){w->out.at, (uint32_t)w->out.size});
}

static inline void refuse(world_t *w, desk_at_t at, const peer_t *peer, uint64_t id, text_t code) {
    reason_t reason = {.code = code};
    refusal_t refusal = {.reasons = &reason, .reasons_count = 1};
    reply(w, at, peer, id, refusal_type(), &refusal);
}

static inline void intake_answer(world_t *w, desk_at_t at, const peer_t *peer, const packet_t *packet) {
    login_row_t row = {.granted = {.login = text_of("chengmen"), .role = w->role, .unit = text_of("350104101")},
                       .granted_seq = 4,
                       .revoked_seq = w->revoked ? 5 : 0};
    logins_t logins = {.as_of = 5, .rows = &row, .rows_count = 1};
    receipt_t receipt = {.epoch = 1, .seq = 9, .received_ms = 1629000000000};
    fault_t fault;
    if (packet->kind == KIND_logins_ask) reply(w, at, peer, packet->request_id, logins_type(), &logins);
    if (packet->kind == KIND_refusals_note) w->notes++;
    if (packet->kind != KIND_attested_append) return;
    assert_int_equal(packet_body(packet, attested_append_type(), w->arena, &w->last, &fault), OK);
    w->appends++;
    memcpy(receipt.submission_id, w->last.report.submission_id, 16);
    memset(receipt.ledger_id, 1, sizeof receipt.ledger_id);
    memset(receipt.content_hash, 2, sizeof receipt.content_hash);
    reply(w, at, peer, packet->request_id, receipt_type(), &receipt);
}

static inline void validation_answer(world_t *w, const peer_t *peer, const packet_t *packet) {
    verdict_t verdict = {.accepted = true, .revision = 1, .dry_run = packet->kind == KIND_check_ask, .seq = 9};
    memset(verdict.submission_id, 3, sizeof verdict.submission_id);
    if ((packet->kind == KIND_check_ask && !w->hold_checks) || (packet->kind == KIND_verdict_ask && !w->hold_verdicts))
        reply(w, AT_VALIDATION, peer, packet->request_id, verdict_type(), &verdict);
}

static inline void vault_answer(world_t *w, const peer_t *peer, const packet_t *packet) {
    personal_t refs[4];
    vault_keep_t keep;
    fault_t fault;
    if (packet->kind != KIND_vault_keep || packet_body(packet, vault_keep_type(), w->arena, &keep, &fault) != OK) return;
    w->keeps++;
    for (uint32_t index = 0; index < keep.texts_count; index++) {
        refs[index] = (personal_t){.key_id = 1};
        memset(refs[index].hash, (int)index + 1, sizeof refs[index].hash);
        memset(refs[index].commitment, 9, sizeof refs[index].commitment);
    }
    vault_kept_t kept = {.refs = refs, .refs_count = keep.texts_count};
    reply(w, AT_VAULT, peer, packet->request_id, vault_kept_type(), &kept);
}

/* There is one session: that of COOKIE. */
static inline void sessions_answer(world_t *w, desk_at_t at, const peer_t *peer, const packet_t *packet) {
    session_told_t told = {.login = text_of("chengmen"), .until_ms = (uint64_t)clock_wall_ms() + 60000, .by_code = w->by_code};
    uint8_t known[HASH_SIZE];
    session_ask_t ask;
    fault_t fault;
    hash_of((bytes_t){(const uint8_t *)COOKIE, 64}, known);
    if (packet->kind == KIND_session_ask && packet_body(packet, session_ask_type(), w->arena, &ask, &fault) == OK) {
        if (memcmp(ask.session, known, HASH_SIZE) == 0)
            reply(w, at, peer, packet->request_id, session_told_type(), &told);
        else
            refuse(w, at, peer, packet->request_id, REASON_OF(no_session));
    }
    if (packet->kind == KIND_login_try) {
        w->tries++;
        reply(w, at, peer, packet->request_id, session_told_type(), &told);
    }
}

static inline void tallies_answer(world_t *w, const peer_t *peer, const packet_t *packet) {
    fetch_t fetch;
    fault_t fault;
    batch_t batch = {.stream = STREAM_TALLIES, .state = batch_state_ok, .from = 1};
    if (packet_body(packet, fetch_type(), w->arena, &fetch, &fault) != OK) return;
    w->joins += fetch.at_end;
    w->waits = !fetch.at_end;
    w->listener = *peer;
    w->listening = *packet;
    if (fetch.at_end) reply(w, AT_TALLIES, peer, packet->request_id, batch_type(), &batch);
}

/* The first event of stream 3, caused by entry 6; `changed`: on its way. */
static inline void tallies_tell(world_t *w, bool changed) {
    buffer_t event = {0};
    event_t header = {.epoch = 1, .cause_seq = 6, .at_ms = 1629878400000};
    event_encode(&header, clock_ticked_type(), &(clock_ticked_t){.at_ms = 1629878400000}, &event);
    bytes_t events = {event.at, (uint32_t)event.size};
    batch_t batch = {.stream = STREAM_TALLIES,
                     .state = batch_state_ok,
                     .from = 1,
                     .count = 1,
                     .durable_head = 1,
                     .cause_head = 6,
                     .events = events};
    hash_chain(CHAIN_QUICK, batch.last_hash, events, batch.last_hash);
    if (changed) event.at[event.size - 1] ^= 1;
    w->waits = false;
    reply(w, AT_TALLIES, &w->listener, w->listening.request_id, batch_type(), &batch);
    buffer_destroy(&event);
}

static inline void desk_step(world_t *w, desk_at_t at) {
    peer_t peer;
    bytes_t frame;
    packet_t packet;
    fault_t fault;
    while (server_receive(w->desks[at], &peer, &frame)) {
        if (at == AT_DOOR) buffer_add(&w->seen, frame.at, frame.size);
        assert_int_equal(packet_decode(arena_bytes(w->arena, frame), &packet, &fault), OK);
        if (at == AT_DOOR || at == AT_INTAKE) intake_answer(w, at, &peer, &packet);
        if (at == AT_VALIDATION) validation_answer(w, &peer, &packet);
        if (at == AT_VAULT) vault_answer(w, &peer, &packet);
        if (at == AT_LOGINS || at == AT_SESSIONS) sessions_answer(w, at, &peer, &packet);
        if (at == AT_TALLIES) tallies_answer(w, &peer, &packet);
    }
}

static inline void turn(world_t *w) {
    console_step(w->console, 2);
    for (int at = 0; at < DESKS; at++) desk_step(w, (desk_at_t)at);
}

static inline void copy_plan(const char *from) {
    arena_t *arena = arena_new();
    text_t yaml;
    assert_int_equal(home_read(from, arena, LIMIT_PLAN_FILE, &yaml), OK);
    assert_int_equal(home_write("plan.yaml", yaml, 0600), OK);
    assert_int_equal(home_write(HOME_CONF, text_of("ledger\n    plan = \"test\"\n"), 0600), OK);
    arena_destroy(&arena);
}

static inline int world_make_for(void **state, login_role_t role) {
    world_t *w = calloc(1, sizeof *w);
    char plan[4400];
    crypto_start();
    (void)message_of_kind(0);
    assert_non_null(getcwd(w->before, sizeof w->before));
    snprintf(plan, sizeof plan, "%s/" PLAN, w->before);
    temporary_folder(w->folder, sizeof w->folder);
    assert_int_equal(chdir(w->folder), 0);
    assert_int_equal(home_make("."), OK);
    copy_plan(plan);
    w->arena = arena_new();
    w->role = role;
    for (int at = 0; at < DESKS; at++) assert_int_equal(server_bind(endpoints[at], &w->desks[at]), OK);
    console_door_t door = {.address = "127.0.0.1", .answer_ms = ANSWER_MS};
    assert_int_equal(console_open(&door, &w->console), OK);
    int64_t until_ms = clock_steady_ms() + PATIENCE_MS;
    while (!console_ready(w->console) && clock_steady_ms() < until_ms) turn(w);
    assert_true(console_ready(w->console));
    *state = w;
    return 0;
}

static inline int world_make(void **state) { return world_make_for(state, login_role_clerk); }
static inline int world_make_coordinator(void **state) { return world_make_for(state, login_role_coordinator); }
static inline int world_make_auditor(void **state) { return world_make_for(state, login_role_auditor); }

static inline int world_unmake(void **state) {
    world_t *w = *state;
    console_close(&w->console);
    for (int at = 0; at < DESKS; at++) server_destroy(&w->desks[at]);
    buffer_destroy(&w->out);
    buffer_destroy(&w->seen);
    arena_destroy(&w->arena);
    int failed = chdir(w->before);
    temporary_remove(w->folder);
    free(w);
    return failed;
}

/* --- a client --- */

static inline int client_send_raw(const world_t *w, const char *bytes) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(console_port(w->console))};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)(void *)&at, sizeof at), 0);
    assert_int_equal(write(fd, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* Everything until the other side closes; what came so far when `until_ms` passes. */
static inline const char *client_read(world_t *w, int fd, int64_t wait_ms) {
    static char answer[ANSWER_ROOM];
    size_t used = 0;
    int64_t until_ms = clock_steady_ms() + wait_ms;
    for (ssize_t got = 1; got != 0 && clock_steady_ms() < until_ms && used + 1 < sizeof answer;) {
        if (w->console != NULL) turn(w);
        got = read(fd, answer + used, sizeof answer - used - 1);
        if (got < 0 && errno != EAGAIN) break;
        if (got > 0) used += (size_t)got;
    }
    answer[used] = '\0';
    return answer;
}

static inline const char *ask(world_t *w, const char *method, const char *path, const char *fields, const char *body) {
    char request[4096];
    static const char format[] = "%s %s HTTP/1.1\r\nHost: a\r\n%sContent-Length: %zu\r\n\r\n%s";
    snprintf(request, sizeof request, format, method, path, fields, strlen(body), body);
    int fd = client_send_raw(w, request);
    const char *answer = client_read(w, fd, PATIENCE_MS);
    close(fd);
    return answer;
}

static inline int status_of(const char *answer) { return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? atoi(answer + 9) : 0; }

#define SESSION "Cookie: minning_session=" COOKIE "\r\n"

/* Cookie and the other half, as our page sends them. */
static inline const char *session_fields(world_t *w) {
    static char fields[256];
    const char *answer = ask(w, "GET", "/api/v1/me", SESSION, "");
    const char *csrf = strstr(answer, "\"csrf\":\"");
    assert_non_null(csrf);
    snprintf(fields, sizeof fields, SESSION "X-CSRF-Token: %.64s\r\n", csrf + 8);
    return fields;
}

#endif
