/* The service around the ledger: drain the doors, one commit, all receipts, then the readers. */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "proto/crypto.h"
#include "services/1-intake/intake.h"
#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "services/stage/log.h"
#include "services/stage/watch.h"

enum { AT_OPERATOR, AT_GATEWAY, AT_CONSOLE, AT_NOTIFIER, DOORS, AT_STREAM = DOORS, HANDLES };
enum { LINGER_MS = 1, COMMITS_LATELY = 8, LOOK_MS = LIMIT_PARK_MS / 4 };

static const door_t doors[DOORS] = {[AT_OPERATOR] = door_operator,
                                    [AT_GATEWAY] = door_gateway,
                                    [AT_CONSOLE] = door_console,
                                    [AT_NOTIFIER] = door_notifier};
static const char *const endpoints[DOORS] = {[AT_OPERATOR] = HOME_DOOR_OPERATOR,
                                             [AT_GATEWAY] = HOME_DOOR_GATEWAY,
                                             [AT_CONSOLE] = HOME_DOOR_CONSOLE,
                                             [AT_NOTIFIER] = HOME_DOOR_NOTIFIER};

/* Who waits for a packet. */
typedef struct {
    peer_t peer;
    uint32_t at;   /* which door */
    bool many;     /* it asked in an array, and is answered in one */
    uint32_t size; /* of its packet in `later` */
} asker_t;

typedef struct {
    intake_t *intake;
    server_t *servers[DOORS];
    stream_door_t *stream;
    desk_t *desk;
    buffer_t now;
    buffer_t later; /* one packet for each of askers, in their order */
    asker_t *askers;
    uint32_t asker_count;
    asker_t advancing;   /* who waits for an advance that goes on over several groups */
    uint32_t last_group; /* answers in the last group */
    int64_t wall_ms;     /* read once a turn */
    int64_t steady_ms;
    int64_t group_us;    /* when the group began */
    int64_t commit_us;   /* what one takes lately */
    buffer_t frame;      /* answers on their way to one asker */
} loop_t;

/* Is there a packet for it now, behind the first `before` bytes? */
static void asker_add(loop_t *self, const asker_t *asker, size_t before) {
    if (self->later.size == before) return;
    self->askers[self->asker_count] = *asker;
    self->askers[self->asker_count++].size = (uint32_t)(self->later.size - before);
}

/* One packet. Returns what it took of `bytes`. */
static uint32_t take_packet(loop_t *self, const asker_t *asker, bytes_t bytes) {
    bool pending = intake_pending(self->intake);
    size_t before = self->later.size;
    uint32_t took = bytes.size;
    buffer_clear(&self->now);
    if (asker->many)
        took = intake_take_next(self->intake, doors[asker->at], bytes, self->wall_ms, self->steady_ms, &self->now, &self->later);
    else
        intake_take(self->intake, doors[asker->at], bytes, self->wall_ms, self->steady_ms, &self->now, &self->later);
    if (self->now.size > 0)
        server_send(self->servers[asker->at], &asker->peer, (bytes_t){self->now.at, (uint32_t)self->now.size});
    asker_add(self, asker, before);
    if (!pending && intake_pending(self->intake)) self->advancing = *asker;
    return took;
}

/* The packets of a frame, at most LIMIT_PACKETS of them. */
static void take_frame(loop_t *self, asker_t *asker, bytes_t frame) {
    uint32_t count = 0;
    bytes_t rest = packets_of(frame, &count);
    asker->many = count > 1;
    if (count > LIMIT_PACKETS) count = LIMIT_PACKETS;
    for (; count > 0 && rest.size > 0; count--) {
        uint32_t took = take_packet(self, asker, rest);
        rest = (bytes_t){rest.at + took, rest.size - took};
    }
    if (rest.size > 0) log_warn("frame_overfull", "left=%u", rest.size); /* no door of ours sends it: nobody waits for an answer */
}

static void clocks_read(loop_t *self) {
    self->wall_ms = clock_wall_ms();
    self->steady_ms = clock_steady_ms();
}

/* Has this group been gathered for longer than its commit will take, or than so small a part of that? */
static bool gathered_for(const loop_t *self, int64_t commits_part) {
    return (clock_steady_us() - self->group_us) * commits_part > self->commit_us;
}

/* Takes what has arrived, at most one group of it: a flood must not keep receipts waiting. A group that took as long to gather as
 * its commit will take has paid for it, and the stages behind begin with it while the next is gathered; but each door is heard in
 * every group. Doors that are not ready are not asked: an empty socket costs two system calls. */
static void drain(loop_t *self, uint32_t ready) {
    size_t size = 0;
    uint32_t frames = 0;
    clocks_read(self);
    for (uint32_t at = 0; at < DOORS; at++) {
        asker_t asker = {.at = at};
        bytes_t frame;
        bool heard = (ready & 1u << at) == 0;
        while (!heard && frames < LIMIT_GROUP && self->asker_count < LIMIT_GROUP && size < LIMIT_BATCH &&
               server_receive(self->servers[at], &asker.peer, &frame)) {
            frames++;
            size += frame.size;
            take_frame(self, &asker, frame);
            heard = gathered_for(self, 1);
        }
    }
}

static void advance_on(loop_t *self) {
    if (!intake_pending(self->intake)) return;
    size_t before = self->later.size;
    intake_continue(self->intake, &self->later);
    asker_add(self, &self->advancing, before);
}

/* While a group is small beside its commit and smaller than the last one, the same senders are likely to be on their way: one flush
 * for all of them. */
static void linger(loop_t *self, void *const *handles) {
    if (self->asker_count > 1 && self->asker_count < self->last_group && !gathered_for(self, 4))
        drain(self, link_wait(handles, DOORS, LINGER_MS));
    self->last_group = self->asker_count;
}

static bool same_asker(const asker_t *a, const asker_t *b) {
    return a->at == b->at && a->peer.size == b->peer.size && memcmp(a->peer.bytes, b->peer.bytes, a->peer.size) == 0;
}

static bool goes_along(const asker_t *asker, const asker_t *next) { return next->many && same_asker(asker, next); }

/* One packet of the answers from `index` on: as many receipts as follow one another to an asker of many, or one answer. Returns how
 * many answers; *at is behind them. */
static uint32_t packet_gather(loop_t *self, uint32_t index, size_t *at) {
    const asker_t *asker = &self->askers[index];
    size_t begin = *at;
    uint32_t count = 0;
    for (; count < LIMIT_PACKETS && index + count < self->asker_count; count++) {
        bytes_t answer = {self->later.at + *at, self->askers[index + count].size};
        if (!goes_along(asker, &self->askers[index + count]) || !intake_is_receipt(answer)) break;
        *at += answer.size;
    }
    if (count > 0) {
        intake_complete_many(self->intake, (bytes_t){self->later.at + begin, (uint32_t)(*at - begin)}, count, &self->frame);
        return count;
    }
    intake_complete(self->intake, (bytes_t){self->later.at + begin, asker->size}, &self->frame);
    *at += asker->size;
    return 1;
}

/* The answers from `index` on that go to one asker in one frame; returns how many. *at is behind them, *packets how many packets
 * they are. */
static uint32_t answers_gather(loop_t *self, uint32_t index, size_t *at, uint32_t *packets) {
    const asker_t *asker = &self->askers[index];
    uint32_t count = 0;
    packets_begin(&self->frame);
    *packets = 0;
    do {
        count += packet_gather(self, index + count, at);
        ++*packets;
    } while (asker->many && *packets < LIMIT_PACKETS && count < LIMIT_PACKETS && index + count < self->asker_count &&
             goes_along(asker, &self->askers[index + count]));
    return count;
}

static void answers_send(loop_t *self) {
    size_t at = 0;
    for (uint32_t index = 0, count, packets = 0; index < self->asker_count; index += count) {
        const asker_t *asker = &self->askers[index];
        count = answers_gather(self, index, &at, &packets);
        server_send(self->servers[asker->at], &asker->peer, packets_end(&self->frame, packets));
    }
    self->asker_count = 0;
    buffer_clear(&self->later);
}

static err_t group_end(loop_t *self) {
    if (!intake_has_group(self->intake)) return OK;
    int64_t begun_us = clock_steady_us();
    err_t err = intake_commit(self->intake);
    if (err != OK) return err;
    self->commit_us += (clock_steady_us() - begun_us - self->commit_us) / COMMITS_LATELY;
    answers_send(self);
    if (self->desk != NULL) desk_nudge(self->desk);
    return OK;
}

static int64_t wait_ms(const loop_t *self) {
    if (intake_pending(self->intake)) return 0;
    int64_t left = LIMIT_TICK_MS - clock_wall_ms() % LIMIT_TICK_MS;
    return left < LOOK_MS ? left : LOOK_MS;
}

static err_t loop_run(loop_t *self) {
    void *const handles[HANDLES] = {server_handle(self->servers[AT_OPERATOR]), server_handle(self->servers[AT_GATEWAY]),
                                    server_handle(self->servers[AT_CONSOLE]), server_handle(self->servers[AT_NOTIFIER]),
                                    stream_door_handle(self->stream)};
    while (true) {
        uint32_t ready = link_wait(handles, HANDLES, wait_ms(self));
        bool leave = (ready & LINK_STOP) != 0;
        intake_tick(self->intake, clock_wall_ms(), clock_steady_ms());
        self->group_us = clock_steady_us();
        drain(self, ready);
        linger(self, handles);
        advance_on(self);
        err_t err = group_end(self);
        if (err != OK || leave) return err;
        ((ready & 1u << AT_STREAM) != 0 ? stream_door_step : stream_door_serve)(self->stream, clock_steady_ms());
    }
}

static txn_t *view_begin(void *self, head_t *durable, bool *rooted) {
    *durable = intake_head(self);
    *rooted = true;
    return store_read(intake_store(self)); /* sees what is committed only: the ledger shows no tail */
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
    /* drains end above LIMIT_GROUP by less than a frame, and an advance may be waited for */
    self->askers = calloc(LIMIT_GROUP + LIMIT_PACKETS + 2, sizeof *self->askers);
    if (self->askers == NULL) return ERR_NOMEM;
    stream_view_t view = {self->intake, view_begin, view_end};
    for (uint32_t at = 0; err == OK && at < DOORS; at++) err = server_bind(endpoints[at], &self->servers[at]);
    if (err == OK) err = stream_door_open(HOME_ENTRIES, STREAM_ENTRIES, view, &self->stream);
    if (err == OK) err = desk_start("intake", desk_answer, self->intake, &self->desk);
    return err;
}

static void loop_close(loop_t *self) {
    if (self->desk != NULL) desk_stop(&self->desk);
    stream_door_close(&self->stream);
    for (uint32_t at = 0; at < DOORS; at++) server_destroy(&self->servers[at]);
    intake_close(&self->intake);
    free(self->askers);
    buffer_destroy(&self->frame);
    buffer_destroy(&self->now);
    buffer_destroy(&self->later);
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
