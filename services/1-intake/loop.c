/* The service around the ledger: drain the doors, one commit, all receipts, then the readers. */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "proto/crypto.h"
#include "services/1-intake/gather.h"
#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "services/stage/log.h"
#include "services/stage/watch.h"

enum { AT_OPERATOR, AT_GATEWAY, AT_CONSOLE, AT_NOTIFIER, DOORS, AT_STREAM = DOORS, HANDLES };
enum { LINGER_MS = 1, LOOK_MS = LIMIT_PARK_MS / 4 };

static const door_t doors[DOORS] = {[AT_OPERATOR] = door_operator,
                                    [AT_GATEWAY] = door_gateway,
                                    [AT_CONSOLE] = door_console,
                                    [AT_NOTIFIER] = door_notifier};
static const char *const endpoints[DOORS] = {[AT_OPERATOR] = HOME_DOOR_OPERATOR,
                                             [AT_GATEWAY] = HOME_DOOR_GATEWAY,
                                             [AT_CONSOLE] = HOME_DOOR_CONSOLE,
                                             [AT_NOTIFIER] = HOME_DOOR_NOTIFIER};

typedef struct {
    intake_t *intake;
    server_t *servers[DOORS];
    stream_door_t *stream;
    desk_t *desk;
    gather_t *gather;
    buffer_t frame; /* answers on their way to one asker */
} loop_t;

/* --- answers --- */

static void answer_now(void *argument, const asker_t *asker, bytes_t packet) {
    loop_t *self = argument;
    server_send(self->servers[asker->at], &asker->peer, packet);
}

static bool same_asker(const asker_t *a, const asker_t *b) {
    return a->at == b->at && a->peer.size == b->peer.size && memcmp(a->peer.bytes, b->peer.bytes, a->peer.size) == 0;
}

static bool goes_along(const asker_t *asker, const asker_t *next) { return next->many && same_asker(asker, next); }

/* Answers of a group, one for each asker. */
typedef struct {
    const asker_t *askers;
    uint32_t count;
    const uint8_t *at; /* of the first that is not gathered */
    const receipts_t *shared;
} answers_t;

/* One packet of the answers from `index` on: as many receipts as follow one another to an asker of many, or one answer. Returns how
 * many answers. */
static uint32_t packet_gather(loop_t *self, answers_t *answers, uint32_t index) {
    const asker_t *asker = &answers->askers[index];
    const uint8_t *begin = answers->at;
    uint32_t count = 0;
    for (; count < LIMIT_PACKETS && index + count < answers->count; count++) {
        const asker_t *next = &answers->askers[index + count];
        if (!goes_along(asker, next) || !intake_is_receipt((bytes_t){answers->at, next->size})) break;
        answers->at += next->size;
    }
    if (count > 0) {
        intake_complete_many(answers->shared, (bytes_t){begin, (uint32_t)(answers->at - begin)}, count, &self->frame);
        return count;
    }
    intake_complete(answers->shared, (bytes_t){begin, asker->size}, &self->frame);
    answers->at += asker->size;
    return 1;
}

/* The answers from `index` on that go to one asker in one frame; returns how many. *packets: how many packets they are. */
static uint32_t frame_gather(loop_t *self, answers_t *answers, uint32_t index, uint32_t *packets) {
    const asker_t *asker = &answers->askers[index];
    uint32_t count = 0;
    packets_begin(&self->frame);
    *packets = 0;
    do {
        count += packet_gather(self, answers, index + count);
        ++*packets;
    } while (asker->many && *packets < LIMIT_PACKETS && count < LIMIT_PACKETS && index + count < answers->count &&
             goes_along(asker, &answers->askers[index + count]));
    return count;
}

static void answers_send(void *argument, const asker_t *askers, uint32_t count, bytes_t bytes, const receipts_t *shared) {
    loop_t *self = argument;
    answers_t answers = {askers, count, bytes.at, shared};
    for (uint32_t index = 0, packets = 0, along; index < count; index += along) {
        along = frame_gather(self, &answers, index, &packets);
        server_send(self->servers[askers[index].at], &askers[index].peer, packets_end(&self->frame, packets));
    }
    if (self->desk != NULL) desk_nudge(self->desk);
}

/* --- the loop --- */

/* Takes what has arrived, at most one group of it: a flood must not keep receipts waiting; but each door is heard in every turn.
 * Doors that are not ready are not asked: an empty socket costs two system calls. */
static void drain(loop_t *self, uint32_t ready) {
    for (uint32_t at = 0; at < DOORS; at++) {
        asker_t asker = {.at = at};
        bytes_t frame;
        bool heard = (ready & 1u << at) == 0;
        while (!heard && !gather_is_full(self->gather) && server_receive(self->servers[at], &asker.peer, &frame)) {
            gather_frame(self->gather, doors[at], &asker, frame);
            heard = gather_enough(self->gather);
        }
    }
}

static int64_t wait_ms(const loop_t *self) {
    if (intake_pending(self->intake)) return 0;
    int64_t left = LIMIT_TICK_MS - clock_wall_ms() % LIMIT_TICK_MS;
    return left < LOOK_MS ? left : LOOK_MS;
}

static err_t turn(loop_t *self, uint32_t ready, void *const *handles) {
    err_t err = gather_begin(self->gather, clock_wall_ms(), clock_steady_ms());
    if (err != OK) return err;
    drain(self, ready);
    if (gather_may_grow(self->gather)) drain(self, link_wait(handles, DOORS, LINGER_MS));
    return gather_end(self->gather);
}

static err_t loop_run(loop_t *self) {
    void *const handles[HANDLES] = {server_handle(self->servers[AT_OPERATOR]), server_handle(self->servers[AT_GATEWAY]),
                                    server_handle(self->servers[AT_CONSOLE]), server_handle(self->servers[AT_NOTIFIER]),
                                    stream_door_handle(self->stream)};
    int sign = gather_sign(self->gather);
    while (true) {
        uint32_t ready = link_wait_with(handles, HANDLES, &sign, 1, wait_ms(self));
        err_t err = turn(self, ready, handles);
        if (err != OK) return err;
        if ((ready & LINK_STOP) != 0) return gather_rest(self->gather);
        ((ready & 1u << AT_STREAM) != 0 ? stream_door_step : stream_door_serve)(self->stream, clock_steady_ms());
    }
}

static txn_t *view_begin(void *argument, head_t *durable, bool *rooted) {
    loop_t *self = argument;
    *durable = gather_head(self->gather);
    *rooted = true;
    return store_read(intake_store(self->intake)); /* sees what is committed only: the ledger shows no tail */
}

static void view_end(void *self, txn_t *txn) {
    (void)self;
    txn_abort(&txn);
}

static bool desk_answer(void *self, const packet_t *ask, buffer_t *out) { return intake_answer(self, ask, out); }

/* intake/reserve_mib in the settings: BUSY while less than this is free on the disk. */
static void reserve_read(intake_t *intake) {
    const char *setting = home_setting("intake/reserve_mib", NULL);
    char *end = NULL;
    unsigned long long mib = setting == NULL ? 0 : strtoull(setting, &end, 10);
    if (setting == NULL) return;
    if (*end != '\0' || mib == 0 || mib > UINT32_MAX)
        log_warn("setting_unusable", "setting=intake/reserve_mib value=\"%s\"", setting);
    else
        intake_keep_free(intake, mib << 20);
}

/* The ledger, and with it the lock, comes before every socket. */
static err_t loop_open(loop_t *self) {
    uint8_t secret[SIGN_SECRET_SIZE];
    err_t err = home_read_key("keys/signer.key", secret, sizeof secret);
    if (err != OK) log_error("signer_unreadable", "file=keys/signer.key error=%s", err_name(err));
    if (err == OK) err = intake_open("data/intake", secret, &self->intake);
    if (err != OK) return err;
    reserve_read(self->intake);
    err = gather_open(self->intake, (gather_out_t){self, answer_now, answers_send}, &self->gather);
    stream_view_t view = {self, view_begin, view_end};
    for (uint32_t at = 0; err == OK && at < DOORS; at++) err = server_bind(endpoints[at], &self->servers[at]);
    if (err == OK) err = stream_door_open(HOME_ENTRIES, STREAM_ENTRIES, view, &self->stream);
    if (err == OK) err = desk_start("intake", desk_answer, self->intake, &self->desk);
    return err;
}

static void loop_close(loop_t *self) {
    gather_close(&self->gather);
    if (self->desk != NULL) desk_stop(&self->desk);
    stream_door_close(&self->stream);
    for (uint32_t at = 0; at < DOORS; at++) server_destroy(&self->servers[at]);
    intake_close(&self->intake);
    buffer_destroy(&self->frame);
    watch_stop();
    link_stop();
}

static int exit_code(err_t err) {
    switch (err) {
    case OK: return EX_OK;
    case ERR_LOCKED: return EX_TEMPFAIL;
    case ERR_MISSING: return EX_NOINPUT;
    case ERR_BAD:
    case ERR_REFUSED: return EX_CONFIG;
    case ERR_SYSTEM:
    case ERR_NOMEM: return EX_OSERR;
    case ERR_STORE:
    case ERR_CORRUPT:
    case ERR_FULL:
    case ERR_TIMEOUT: return EX_IOERR;
    }
    return EX_SOFTWARE;
}

int intake_main(int argc, char **argv) {
    log_start("intake");
    if (argc != 2) {
        log_error("usage", "usage=\"minning-intake <home>\"");
        return EX_USAGE;
    }
    crypto_start();
    link_watch_signals();
    link_start();
    loop_t loop = {0};
    err_t err = home_enter(argv[1]);
    if (err == OK) err = loop_open(&loop);
    int code = exit_code(err);
    if (err == OK) {
        log_info("started", "head=%llu now_ms=%lld", (unsigned long long)intake_head(loop.intake).seq,
                 (long long)intake_now_ms(loop.intake));
        watch_start(watch_setting());
        watch_join("loop");
        err = loop_run(&loop);
        watch_leave();
        if (err == OK) err = intake_rest(loop.intake);
        code = err == OK ? EX_OK : EX_IOERR;
    }
    if (err != OK)
        log_error("leaving", "error=%s code=%d", err_name(err), code);
    else
        log_info("stopped", "head=%llu", (unsigned long long)intake_head(loop.intake).seq);
    loop_close(&loop);
    return code;
}
