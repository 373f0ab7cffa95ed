/* The service around a stage: opens, binds, fetches, serves, commits, leaves on SIGTERM. */
#include "services/stage/stage_inner.h"

#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "services/stage/log.h"
#include "services/stage/serve.h"
#include "services/stage/watch.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

enum {
    EX_LOCKED = EX_TEMPFAIL, /* 75: another instance runs */
    IDLE_MS = 2,             /* nothing new for so long: commit, although the gathering time is not over */
    COMMIT_PAUSE_MS = 20, /* but not sooner after the last commit: its flush would stand in the way of intake's */
    WAIT_MS = LIMIT_PARK_MS / 4,
    PACE = 256,           /* events applied between two looks at the door */
    STRANGE_BATCHES = 3, /* batches in a row that do not follow, then the process leaves */
    SET_ASIDE = 3,       /* damaged stores that are kept */
    PATH_ROOM = 96,
    HANDLE_READER = 0,
    HANDLE_DOOR = 1,
    HANDLE_INTAKE = 2,
    HANDLES = 3,
    MUCH = LIMIT_FETCH / 2, /* bytes of a batch that leaves holes behind, */
    QUIET_MS = 2000,     /* which are given back when none came for so long */
    REST_TRIES = 20,
    REST_PAUSE_MS = 20,
    ASK_AGAIN_MS = 500 /* intake is not there yet; or the stage is halted and hopes for a quarantine */
};

typedef struct {
    stage_t *stage;
    const role_t *role;
    stream_reader_t *reader;
    stream_door_t *door;
    desk_t *desk;
    client_t *intake;      /* its desk knows what may be skipped */
    bool quarantines_told; /* before that nothing is applied */
    uint64_t ask_id;
    int64_t ask_again_ms;
    buffer_t ask;
    arena_t *arena; /* of the batch at hand */
    batch_t batch;  /* kept while some of it waits */
    bool held;
    int64_t much_ms; /* when the last large batch came whose memory was not given back yet; 0: none */
    int64_t room_ms; /* there is no room for more before: nothing is asked for */
    int64_t opened_ms;  /* when the first batch of the open transaction was applied */
    int64_t applied_ms; /* when the last was */
    int64_t committed_ms;
    uint64_t sure_seq; /* as the hook was told */
    uint32_t strange;
    bool behind; /* the writer is shorter than we are; told once */
    bool leave;
    int exit_code;
    bool corrupt; /* the store does not carry what was written */
} loop_t;

static const char *endpoint_of(stream_t stream) {
    static const char *const endpoints[] = {"", HOME_ENTRIES, HOME_VERDICTS, HOME_TALLIES, HOME_WARNINGS};
    ASSERT(stream > STREAM_NONE && stream <= STREAM_WARNINGS);
    return endpoints[stream];
}

static txn_t *view_begin(void *self, head_t *durable, bool *rooted) {
    stage_t *stage = self;
    *durable = stage->head;
    *rooted = stage->rooted;
    return stage->txn != NULL ? stage->txn : store_read(stage->store);
}

static void view_end(void *self, txn_t *txn) {
    if (txn != ((stage_t *)self)->txn) txn_abort(&txn);
}

static bool ask_answer(void *self, const packet_t *ask, buffer_t *out) { return stage_answer(self, ask, out); }

static void loop_leave(loop_t *self, int exit_code) {
    self->leave = true;
    self->exit_code = exit_code;
}

static int exit_code_of(err_t err) {
    switch (err) {
    case OK: return EX_OK;
    case ERR_LOCKED: return EX_LOCKED;
    case ERR_MISSING: return EX_NOINPUT;
    case ERR_REFUSED:
    case ERR_CORRUPT:
    case ERR_BAD: return EX_SOFTWARE;
    case ERR_SYSTEM:
    case ERR_STORE:
    case ERR_FULL:
    case ERR_TIMEOUT:
    case ERR_NOMEM: return EX_IOERR;
    }
    return EX_SOFTWARE;
}

static void loop_fail(loop_t *self, const char *event, err_t err) {
    log_error(event, "error=%s in_seq=%llu", err_name(err), (unsigned long long)self->stage->place.in_seq);
    self->corrupt = err == ERR_CORRUPT;
    loop_leave(self, exit_code_of(err));
}

static void committed_tell(loop_t *self) {
    stage_hooks_t *hooks = &self->stage->hooks;
    self->sure_seq = stage_sure(self->stage).seq;
    if (hooks->committed != NULL) hooks->committed(hooks->self, self->stage, self->stage->head.seq);
}

/* After ERR_FULL: will there be room for what is applied again? Under a backup not before that is over: until then all wait. */
static bool room_comes(loop_t *self) {
    map_room_t room = store_more_room(self->stage->store);
    if (room == ROOM_LATER) self->room_ms = clock_steady_ms() + WAIT_MS / 5;
    return room != ROOM_NONE;
}

static void loop_commit(loop_t *self) {
    if (self->stage->txn == NULL) return;
    err_t err = stage_commit(self->stage);
    if (err != OK) { /* applied again, from what is durable */
        self->held = false;
        stream_reader_forget(self->reader);
    }
    if (err == ERR_FULL && room_comes(self)) return;
    if (err != OK) {
        loop_fail(self, "commit_failed", err);
        return;
    }
    self->committed_ms = clock_steady_ms();
    committed_tell(self);
    desk_nudge(self->desk);
}

static void on_diverged(loop_t *self) {
    log_error("diverged", "stream=%s after=%llu action=drop_and_rebuild", stream_name(self->role->reads),
              (unsigned long long)self->stage->place.in_seq);
    watch_wait(); /* a large store takes its time to be forgotten */
    err_t err = stage_drop(self->stage);
    watch_beat();
    stream_reader_forget(self->reader);
    if (err == ERR_FULL && room_comes(self)) return; /* nothing is dropped yet: the writer says again that we have diverged */
    if (err != OK) loop_fail(self, "drop_failed", err);
}

/* A batch that does not follow: asked for once more, since a repeat or a restart of the writer may cross it. */
static void on_strange(loop_t *self) {
    log_error("batch_does_not_follow", "stream=%s from=%llu count=%llu in_seq=%llu", stream_name(self->role->reads),
              (unsigned long long)self->batch.from, (unsigned long long)self->batch.count,
              (unsigned long long)self->stage->place.in_seq);
    if (++self->strange >= STRANGE_BATCHES) loop_fail(self, "stream_unusable", ERR_STORE);
}

static bool quarantines_wanted(const loop_t *self) {
    return !self->quarantines_told || self->stage->quarantine_news || stage_halted(self->stage) != 0;
}

/* Some of the batch at hand. What was asked for ahead follows only while the stage goes on where it is. */
static void batch_apply(loop_t *self, err_t err) {
    bool fresh = self->stage->txn == NULL;
    if (err == OK) err = stage_step_on(self->stage, &self->batch);
    self->held = err == OK && stage_unfinished(self->stage);
    self->applied_ms = clock_steady_ms();
    if (fresh) self->opened_ms = self->applied_ms;
    if (err != OK || quarantines_wanted(self)) stream_reader_forget(self->reader);
    if (err == ERR_FULL && room_comes(self)) return;
    if (err == ERR_BAD)
        on_strange(self);
    else if (err != OK)
        loop_fail(self, "stopped", err);
    else
        self->strange = 0;
}

/* What follows the batch is on its way while the batch is applied: the writer may be in the middle of a flush. */
static void read_ahead(loop_t *self) {
    fetch_t fetch = stage_fetch_ahead(self->stage);
    if (!quarantines_wanted(self)) stream_reader_ask(self->reader, &fetch, clock_steady_ms());
}

static void batches_take(loop_t *self) {
    if (self->held) {
        batch_apply(self, OK);
        return;
    }
    arena_reset(self->arena);
    if (!stream_reader_take(self->reader, self->arena, &self->batch)) return;
    bool behind = self->batch.state == batch_state_behind;
    if (behind && !self->behind) log_info("writer_behind", "stream=%s", stream_name(self->role->reads));
    self->behind = behind;
    if (self->batch.state == batch_state_diverged)
        on_diverged(self);
    else if (!behind) {
        err_t err = stage_take(self->stage, &self->batch);
        if (self->batch.events.size >= MUCH) self->much_ms = clock_steady_ms();
        if (stage_unfinished(self->stage)) read_ahead(self);
        batch_apply(self, err);
    }
}

/* --- what may be skipped: it lies behind the event that crashes, so intake tells it beforehand --- */

static void quarantines_ask(loop_t *self, int64_t now_ms) {
    if (!quarantines_wanted(self) || now_ms < self->ask_again_ms) return;
    quarantines_ask_t ask = {.stage = text_of(self->role->name)};
    buffer_clear(&self->ask);
    packet_encode(++self->ask_id, quarantines_ask_type(), &ask, &self->ask);
    self->ask_again_ms = now_ms + ASK_AGAIN_MS;
    client_send(self->intake, (bytes_t){self->ask.at, (uint32_t)self->ask.size}); /* full: asked again anyway */
}

static void quarantines_take(loop_t *self) {
    bytes_t frame;
    while (!self->leave && client_receive(self->intake, &frame)) {
        packet_t packet;
        quarantines_t told;
        fault_t fault;
        arena_t *arena = arena_new();
        if (packet_decode(frame, &packet, &fault) == OK && packet.request_id == self->ask_id &&
            packet_body(&packet, quarantines_type(), arena, &told, &fault) == OK) {
            loop_commit(self);
            self->held = false; /* an open agenda is dropped, or fetched again */
            stream_reader_forget(self->reader);
            watch_wait(); /* it may drop all there is */
            err_t err = stage_quarantine(self->stage, told.rows, told.rows_count);
            watch_beat();
            self->quarantines_told = err == OK;
            if (err != OK && !(err == ERR_FULL && room_comes(self))) loop_fail(self, "quarantines_failed", err);
        }
        arena_destroy(&arena);
    }
}

static void arena_renew(arena_t **arena) {
    arena_destroy(arena);
    *arena = arena_new();
}

/* Room for the largest batch, on its way in and on its way out, and the holes between: tens of megabytes that nobody wants before
 * the next day on which a million warnings fall due. */
static void quiet(loop_t *self, int64_t now_ms) {
    bool busy = self->held || self->stage->txn != NULL || stage_unfinished(self->stage);
    if (self->much_ms == 0 || busy || now_ms < self->much_ms + QUIET_MS) return;
    self->much_ms = 0;
    arena_renew(&self->arena);
    arena_renew(&self->stage->batch_arena);
    if (self->door != NULL) stream_door_settle(self->door);
    memory_give_back();
}

/* How long the loop may sleep. */
static int64_t loop_pause(const loop_t *self, int64_t now_ms) {
    if (self->held || stage_is_full(self->stage)) return 0;
    if (self->stage->txn == NULL) return quarantines_wanted(self) ? WAIT_MS / 5 : WAIT_MS;
    int64_t idle_ms = self->applied_ms + IDLE_MS, spaced_ms = self->committed_ms + COMMIT_PAUSE_MS;
    int64_t idle = (idle_ms > spaced_ms ? idle_ms : spaced_ms) - now_ms;
    int64_t full = self->opened_ms + LIMIT_GATHER_MS - now_ms;
    int64_t pause = idle < full ? idle : full;
    return pause > 0 ? pause : 0;
}

/* One round: ask, wait, apply, serve the tail, commit, serve what is durable. The next fetch is under way while we commit. */
static void loop_round(loop_t *self) {
    void *const handles[HANDLES] = {stream_reader_handle(self->reader),
                                    self->door == NULL ? stream_reader_handle(self->reader) : stream_door_handle(self->door),
                                    client_handle(self->intake)};
    int64_t now_ms = clock_steady_ms();
    fetch_t fetch = stage_fetch(self->stage);
    if (stage_halted(self->stage) != 0) fetch.max_bytes = 1; /* that one event alone */
    bool asking = quarantines_wanted(self);
    bool looks = stage_halted(self->stage) != 0 && now_ms >= self->ask_again_ms; /* the writer may have rebuilt what crashed */
    bool room = now_ms >= self->room_ms;
    if (!self->held && room && (!asking || (looks && self->quarantines_told))) stream_reader_ask(self->reader, &fetch, now_ms);
    quarantines_ask(self, now_ms);
    uint32_t ready = link_wait(handles, HANDLES, loop_pause(self, now_ms));
    if ((ready & LINK_STOP) != 0) loop_leave(self, EX_OK);
    if ((ready & 1u << HANDLE_INTAKE) != 0) quarantines_take(self);
    if (self->held || (ready & 1u << HANDLE_READER) != 0) batches_take(self);
    if (stage_sure(self->stage).seq != self->sure_seq) committed_tell(self);
    if (self->leave && self->exit_code != EX_OK) return;
    now_ms = clock_steady_ms();
    bool asked = self->door != NULL && (ready & 1u << HANDLE_DOOR) != 0;
    if (self->door != NULL) (asked ? stream_door_step : stream_door_serve)(self->door, now_ms);
    quiet(self, now_ms);
    if (self->stage->txn == NULL || loop_pause(self, now_ms) > 0) return;
    if (self->held && !stage_is_full(self->stage) && now_ms < self->opened_ms + LIMIT_GATHER_MS) return;
    loop_commit(self);
    if (self->door != NULL && !self->leave) stream_door_serve(self->door, now_ms);
}

static err_t loop_open(loop_t *self) {
    const role_t *role = self->role;
    stream_view_t view = {.self = self->stage, .view = view_begin, .done = view_end};
    err_t err = OK;
    self->arena = arena_new();
    if (role->writes != STREAM_NONE) err = stream_door_open(endpoint_of(role->writes), role->writes, view, &self->door);
    if (err == OK) err = desk_start(role->name, ask_answer, self->stage, &self->desk);
    if (err == OK) err = stream_reader_open(endpoint_of(role->reads), &self->reader);
    if (err == OK) err = client_connect(HOME_ENTRIES_DESK, &self->intake);
    return err;
}

static void loop_close(loop_t *self) {
    desk_stop(&self->desk);
    stream_reader_close(&self->reader);
    stream_door_close(&self->door);
    client_destroy(&self->intake);
    buffer_destroy(&self->ask);
    arena_destroy(&self->arena);
}

/* What was checked need not be checked again. Where a reader or a full disk leaves no room to say so, the next start checks more:
 * nothing is lost, and a reader is waited for no longer than who stops us waits. */
static void loop_rest(loop_t *self) {
    map_room_t room = ROOM_LATER;
    err_t err = stage_rest(self->stage);
    for (int tries = 0; err == ERR_FULL && room != ROOM_NONE && tries < REST_TRIES; tries++) {
        room = store_more_room(self->stage->store);
        if (room == ROOM_LATER) poll(NULL, 0, REST_PAUSE_MS);
        else err = stage_rest(self->stage); /* also where the disk is full: pages that the reader held are free now */
    }
    if (err == ERR_FULL) log_warn("not_rested", "why=%s", room == ROOM_NONE ? "disk_full" : "somebody_reads");
    else if (err != OK) loop_fail(self, "rest_failed", err);
}

static int loop_run(loop_t *self) {
    log_info("started", "pid=%d in_seq=%llu out_seq=%llu cause_seq=%llu", (int)getpid(),
             (unsigned long long)self->stage->place.in_seq, (unsigned long long)self->stage->head.seq,
             (unsigned long long)self->stage->place.cause_seq);
    committed_tell(self);
    watch_start(watch_setting());
    watch_join("loop");
    stage_pace(self->stage, PACE);
    while (!self->leave) loop_round(self);
    watch_leave();
    if (self->exit_code == EX_OK) loop_commit(self);
    if (self->exit_code == EX_OK) loop_rest(self);
    log_info("stopped", "exit=%d in_seq=%llu out_seq=%llu", self->exit_code, (unsigned long long)self->stage->durable.in_seq,
             (unsigned long long)self->stage->head.seq);
    return self->exit_code;
}

/* A derived stage's store is only a cache of the ledger: a damaged one is kept for whoever wants to know why, under another
 * name, and derived anew. */
static err_t store_set_aside(const char *path) {
    char aside[PATH_ROOM];
    for (int number = 1; number <= SET_ASIDE; number++) {
        int size = snprintf(aside, sizeof aside, "%s.damaged-%d", path, number);
        if (size < 0 || (size_t)size >= sizeof aside || access(aside, F_OK) == 0) continue;
        if (rename(path, aside) != 0) break;
        log_error("store_set_aside", "store=%s as=%s action=rebuild_from_ledger", path, aside);
        return OK;
    }
    log_error("store_damaged", "store=%s text=\"too many damaged stores are kept already: look at the disk\"", path);
    return ERR_CORRUPT;
}

static err_t store_begin(const role_t *role, const char *path, stage_t **stage) {
    err_t err = stage_open(role, path, stage);
    if (err == ERR_CORRUPT && store_set_aside(path) == OK) err = stage_open(role, path, stage);
    if (err != OK) log_error("not_started", "store=%s error=%s", path, err_name(err));
    return err;
}

int stage_main_hooked(const role_t *role, const char *home, int (*begin)(stage_t *stage, stage_hooks_t *hooks),
                      void (*end)(stage_hooks_t *hooks)) {
    char path[PATH_ROOM];
    loop_t loop = {.role = role};
    log_start(role->name);
    err_t err = home_enter(home);
    if (err != OK) {
        log_error("no_home", "path=\"%s\" error=%s text=\"run minning init first\"", home, err_name(err));
        return exit_code_of(err);
    }
    link_watch_signals();
    message_of_kind(KIND_health); /* fills its table while there is only one thread */
    snprintf(path, sizeof path, "data/%s", role->name);
    err = store_begin(role, path, &loop.stage);
    if (err != OK) return exit_code_of(err);
    crashes_watch(loop.stage, path);
    int code = begin == NULL ? EX_OK : begin(loop.stage, &loop.stage->hooks);
    if (code == EX_OK) {
        err = loop_open(&loop);
        code = err == OK ? loop_run(&loop) : exit_code_of(err);
        loop_close(&loop);
        if (end != NULL) end(&loop.stage->hooks);
    }
    watch_stop();
    link_stop(); /* the lock is given back last, when no socket is left */
    stage_close(&loop.stage);
    if (loop.corrupt) store_set_aside(path); /* the next start rebuilds */
    return code;
}

int stage_main(const role_t *role, int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s HOME\n", argc > 0 ? argv[0] : role->name);
        return EX_USAGE;
    }
    return stage_main_hooked(role, argv[1], NULL, NULL);
}
