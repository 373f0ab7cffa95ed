/* Opens a stage, applies batches, commits, rolls back, drops. */
#include "services/stage/stage_inner.h"

#include "proto/crypto.h"
#include "services/stage/clock.h"
#include "services/stage/log.h"
#include "services/stage/serve.h"
#include "services/stage/watch.h"

#include <stdlib.h>
#include <string.h>

enum {
    EVENT_LEAST = 7,    /* bytes of the shortest event */
    AGENDA_ROUNDS = 64, /* re-entries in one step: × LIMIT_AGENDA_STEP pieces of work */
    CHECKPOINT = 16384  /* events after which the verified part of the stream is noted: what a start has to verify at most */
};

place_t place_read(txn_t *txn) {
    place_t place = {.in_seq = txn_fact(txn, "in_seq"),
                     .epoch = txn_fact(txn, "epoch"),
                     .cause_seq = txn_fact(txn, "cause_seq"),
                     .now_ms = (int64_t)txn_fact(txn, "now_ms"),
                     .agenda_seq = txn_fact(txn, "agenda_seq"),
                     .agenda_step = txn_fact(txn, "agenda_step"),
                     .memory_seq = txn_fact(txn, "memory_seq"),
                     .verified_upto = txn_fact(txn, "verified_upto")};
    txn_fact_bytes(txn, "in_hash", place.in_hash, sizeof place.in_hash);
    return place;
}

void place_write(txn_t *txn, const place_t *place) {
    txn_fact_put(txn, "in_seq", place->in_seq);
    txn_fact_bytes_put(txn, "in_hash", place->in_hash, sizeof place->in_hash);
    txn_fact_put(txn, "epoch", place->epoch);
    txn_fact_put(txn, "cause_seq", place->cause_seq);
    txn_fact_put(txn, "now_ms", (uint64_t)place->now_ms);
    txn_fact_put(txn, "agenda_seq", place->agenda_seq);
    txn_fact_put(txn, "agenda_step", place->agenda_step);
    txn_fact_put(txn, "memory_seq", place->memory_seq);
    txn_fact_put(txn, "verified_upto", place->verified_upto);
}

/* Reads what is committed: at the start and after a rollback. */
static err_t place_load(stage_t *self) {
    txn_t *txn = store_read(self->store);
    if (txn == NULL) return ERR_STORE;
    self->durable = self->place = place_read(txn);
    self->head = txn_head(txn);
    err_t err = txn_error(txn);
    txn_abort(&txn);
    return err;
}

/* What stands behind the last checkpoint was perhaps never read back since it was written. */
static err_t chain_check(stage_t *self) {
    txn_t *txn = store_read(self->store);
    if (txn == NULL) return ERR_STORE;
    uint64_t bad = 0;
    err_t err = txn_verify_chain(txn, self->place.verified_upto + 1, &bad);
    span_t span = err == OK ? (span_t){0} : txn_span(txn, bad);
    txn_abort(&txn);
    if (err != OK)
        log_error("chain_broken", "stage=%s stream=%s first=%llu last=%llu error=%s", self->role->name,
                  stream_name(self->role->writes), (unsigned long long)span.first, (unsigned long long)span.last, err_name(err));
    return err;
}

static err_t stage_store_open(const role_t *role, const char *path, store_t **store) {
    /* who writes no stream does something outside, and keeps what he did: nobody can derive that anew */
    bool derived = role->writes != STREAM_NONE && stream_chain(role->writes) == CHAIN_QUICK;
    err_t err = (derived ? store_open_derived : store_open)(path, role->tables, role->table_count, store);
    for (size_t table = 0; err == OK && role->ways != NULL && table < role->table_count; table++)
        store_rows_go(*store, table, role->ways[table]);
    return err;
}

err_t stage_open(const role_t *role, const char *path, stage_t **out) {
    *out = NULL;
    stage_t *self = calloc(1, sizeof *self);
    if (self == NULL) return ERR_NOMEM;
    self->role = role;
    self->started_ms = clock_steady_ms();
    self->batch_arena = arena_new();
    self->loop = (turn_t){.stage = self, .arena = arena_new()};
    self->query = (turn_t){.stage = self, .arena = arena_new()};
    err_t err = stage_store_open(role, path, &self->store);
    if (err == OK) err = place_load(self);
    if (err == OK) err = chain_check(self);
    if (err != OK) stage_close(&self);
    *out = self;
    return err;
}

void stage_close(stage_t **self) {
    if (*self == NULL) return;
    if ((*self)->txn != NULL) txn_abort(&(*self)->txn);
    turn_memory_drop(&(*self)->loop);
    turn_memory_drop(&(*self)->query);
    arena_destroy(&(*self)->loop.arena);
    arena_destroy(&(*self)->query.arena);
    arena_destroy(&(*self)->batch_arena);
    store_close(&(*self)->store);
    free((*self)->quarantines);
    free(*self);
    *self = NULL;
}

err_t stage_verify(const role_t *role, const char *path, head_t *in, head_t *out) {
    store_t *store = NULL;
    err_t err = stage_store_open(role, path, &store);
    if (err == OK) err = store_verify(store, out);
    txn_t *txn = err == OK ? store_read(store) : NULL;
    if (txn != NULL) {
        place_t place = place_read(txn);
        in->seq = place.in_seq;
        memcpy(in->hash, place.in_hash, sizeof in->hash);
    }
    txn_abort(&txn);
    store_close(&store);
    return err;
}

store_t *stage_store(stage_t *self) { return self->store; }

head_t stage_sure(const stage_t *self) { return self->sure; }

uint64_t stage_halted(const stage_t *self) { return atomic_load(&self->halted_seq); }

static void links_forget(stage_t *self) { self->links_at = self->links_count = 0; }

bool stage_pending(const stage_t *self) { return self->place.agenda_seq != 0; }

bool stage_unfinished(const stage_t *self) { return self->links_at < self->links_count; }

void stage_rollback(stage_t *self) {
    links_forget(self); /* what was checked no longer follows */
    if (self->txn == NULL) return;
    txn_abort(&self->txn);
    self->place = self->durable;
    self->last.event.seq = 0;
    turn_memory_drop(&self->loop);
}

static err_t txn_open(stage_t *self) {
    if (self->txn == NULL) self->txn = store_write(self->store);
    return self->txn == NULL ? ERR_STORE : OK;
}

/* The role's memory becomes rows. What goes wrong there goes wrong with the events of this transaction. */
static void memory_settle(stage_t *self) {
    turn_t *turn = &self->loop;
    if (self->role->settle == NULL || !turn->memory_known || turn->memory == NULL) return;
    turn->txn = self->txn;
    crashes_hold(self->last.event.seq == 0 ? NULL : &self->last, self->durable.in_seq + 1);
    self->role->settle(turn, turn->memory);
    crashes_hold(NULL, 0);
}

/* The head of the own stream; of who writes none, his place in the one that he reads. */
static head_t committed(const stage_t *self) {
    head_t head = self->head;
    if (self->role->writes != STREAM_NONE) return head;
    head.seq = self->durable.in_seq;
    memcpy(head.hash, self->durable.in_hash, sizeof head.hash);
    return head;
}

err_t stage_commit(stage_t *self) {
    if (self->txn == NULL) return OK;
    memory_settle(self);
    head_t head = txn_head(self->txn);
    if (head.seq >= self->place.verified_upto + CHECKPOINT) self->place.verified_upto = head.seq;
    place_write(self->txn, &self->place);
    err_t err = txn_commit(&self->txn);
    if (err == ERR_BAD) { /* the memory became what no reader could read */
        err = ERR_REFUSED;
        crashes_add(&self->last, self->durable.in_seq + 1);
    }
    if (err == OK && !stage_pending(self)) crashes_survived(self, &self->last);
    self->last.event.seq = 0;
    if (err != OK) {
        links_forget(self);
        self->place = self->durable;
        turn_memory_drop(&self->loop);
        return err;
    }
    self->durable = self->place;
    self->head = head;
    if (self->rooted) self->sure = committed(self);
    return OK;
}

err_t stage_rest(stage_t *self) {
    if (self->place.verified_upto == self->head.seq) return OK;
    err_t err = txn_open(self);
    if (err == OK) self->place.verified_upto = self->head.seq;
    return err == OK ? stage_commit(self) : err;
}

err_t stage_drop(stage_t *self) {
    stage_rollback(self);
    self->rooted = false;
    self->sure = (head_t){0};
    err_t err = txn_open(self);
    if (err != OK) return err;
    for (size_t table = 0; table < self->role->table_count; table++) txn_clear(self->txn, table);
    txn_clear_stream(self->txn);
    self->place = (place_t){.memory_seq = self->place.memory_seq + 1}; /* never the same count for another content */
    turn_memory_drop(&self->loop);
    return stage_commit(self);
}

fetch_t stage_fetch(stage_t *self) {
    fetch_t fetch = {.stream = self->role->reads,
                     .after = self->place.in_seq,
                     .ack = self->durable.in_seq,
                     .epoch = self->place.epoch,
                     .reader = text_of(self->role->name)};
    memcpy(fetch.after_hash, self->place.in_hash, sizeof fetch.after_hash);
    return fetch;
}

fetch_t stage_fetch_ahead(stage_t *self) {
    fetch_t fetch = stage_fetch(self);
    if (!stage_unfinished(self)) return fetch;
    const link_t *last = &self->links[self->links_count - 1];
    fetch.after = last->event.seq;
    fetch.epoch = last->event.epoch;
    memcpy(fetch.after_hash, last->hash, sizeof fetch.after_hash);
    return fetch;
}

bool stage_serve(stage_t *self, const fetch_t *fetch, arena_t *arena, batch_t *batch) {
    txn_t *txn = self->txn != NULL ? self->txn : store_read(self->store);
    if (txn == NULL) return false;
    bool answered = stream_serve(txn, self->role->writes, self->head, fetch, arena, batch);
    batch->rooted = self->rooted;
    if (txn != self->txn) txn_abort(&txn);
    return answered;
}

/* Decodes the batch and checks that it follows from where the stage stands, before anything is applied. Lists the events that
 * are new and durable at the writer. Where both have the same chain the stage is as sure of what it has as its writer is; what
 * was asked for before all was dropped meets nothing, and says nothing. */
static err_t batch_check(stage_t *self, const batch_t *batch) {
    links_forget(self);
    arena_reset(self->batch_arena);
    if (batch->state != batch_state_ok) return OK; /* the loop's matter */
    if (batch->stream != self->role->reads || batch->count > batch->events.size / EVENT_LEAST) return ERR_BAD;
    if (batch->count > 0 && (batch->from == 0 || batch->from > self->place.in_seq + 1)) return ERR_BAD;
    self->links = arena_room(self->batch_arena, sizeof *self->links * batch->count);
    uint64_t count = 0;
    uint8_t hash[32];
    memcpy(hash, self->place.in_hash, sizeof hash);
    uint32_t at = 0;
    uint64_t seq = 0;
    event_t event;
    err_t err = OK;
    while (batch_next(batch, &at, &seq, &event, &err)) {
        if (seq <= self->place.in_seq) continue; /* a repeat */
        if (!batch_follows(batch, &event, hash)) return ERR_BAD;
        if (seq > batch->durable_head) continue; /* only hashed: the writer may still lose it */
        link_t *link = &self->links[count++];
        link->event = event;
        memcpy(link->hash, hash, sizeof hash);
    }
    bool meets = batch->count > 0 ? seq > self->place.in_seq : batch->from == self->place.in_seq + 1;
    bool equal = meets && memcmp(hash, batch->last_hash, sizeof hash) == 0;
    if (err == OK && batch->count > 0 && meets && !equal) err = ERR_BAD;
    if (err == OK && equal) self->rooted = batch->rooted;
    if (err == OK) self->links_count = count;
    return err;
}

/* A control entry is passed on ahead of what it causes: who reads on needs the plan before he hears what the plan makes of it.
 * Only time passes behind: what a tick changes is known before anybody acts on the tick. */
static bool is_passed_on_first(const event_t *event) {
    return kind_is_control(event->kind) && event->kind != KIND_clock_ticked;
}

/* Is everything that follows from ledger entry `cause_seq` applied with this event? In the ledger an entry is its own cause; a
 * tick is passed on behind whatever it caused; of other events more of the same cause may follow. */
static uint64_t cause_done(const stage_t *self, const batch_t *batch, const event_t *event) {
    bool whole = self->role->reads == STREAM_ENTRIES || event->kind == KIND_clock_ticked || batch->cause_head == 0;
    uint64_t done = whole ? event->cause_seq : event->cause_seq - 1;
    return done > self->place.cause_seq ? done : self->place.cause_seq;
}

bool stage_is_full(const stage_t *self) {
    bool alone = self->place.in_seq != self->durable.in_seq && crashes_near(self, self->place.in_seq);
    return self->txn != NULL && (alone || txn_is_full(self->txn));
}

/* The first event that may be to blame for what goes wrong in the turn of `event`: whoever keeps changes in memory may make rows of
 * them in any turn, also of those before it. */
static uint64_t blamed_from(const stage_t *self, const event_t *event) {
    return self->role->settle == NULL ? event->seq : self->durable.in_seq + 1;
}

/* One event: apply or, where its agenda is open, resume; the agenda. Control entries are passed on, once. */
static err_t event_take(stage_t *self, const batch_t *batch, const link_t *link, uint32_t *rounds) {
    turn_t *turn = &self->loop;
    const event_t *event = &link->event;
    turn->txn = self->txn;
    turn->event = event;
    turn->cause_seq = event->cause_seq;
    turn->now_ms = event->at_ms;
    turn->stopped = false;
    turn->continues = self->place.agenda_seq == event->seq;
    turn->step = self->place.agenda_step;
    arena_reset(turn->arena);
    bool writes = self->role->writes != STREAM_NONE;
    crashes_hold(link, blamed_from(self, event));
    if (!turn->continues) {
        if (writes && is_passed_on_first(event)) txn_append_copy(self->txn, event, NULL);
        if (self->quarantine_count > 0 && quarantine_meet(self, link))
            event_skip(turn, link);
        else
            self->role->apply(turn, event);
    }
    uint32_t begun = *rounds;
    while (turn->continues && txn_error(self->txn) == OK && *rounds < AGENDA_ROUNDS && (*rounds == begun || !stage_is_full(self))) {
        ++*rounds;
        turn->continues = false;
        arena_reset(turn->arena);
        watch_beat();
        self->role->resume(turn, event, turn->step);
    }
    crashes_hold(NULL, 0);
    self->place.agenda_seq = turn->continues ? event->seq : 0;
    self->place.agenda_step = turn->continues ? turn->step : 0;
    if (turn->continues) return txn_error(self->txn);
    if (writes && event->kind == KIND_clock_ticked) txn_append_copy(self->txn, event, NULL);
    self->place.in_seq = event->seq;
    memcpy(self->place.in_hash, link->hash, sizeof self->place.in_hash);
    self->place.epoch = event->epoch;
    self->place.cause_seq = cause_done(self, batch, event);
    self->place.now_ms = event->at_ms;
    if (event->kind == KIND_quarantined) quarantine_notice(self, link);
    return txn_error(self->txn);
}

/* Three crashes on this very event: it is not tried a fourth time. */
static bool halts(stage_t *self, const link_t *link) {
    if (self->crashes.count < LIMIT_CRASHES) return false;
    bool halted = crashes_halt(self, link) && !quarantine_names(self, link);
    if (!halted) {
        atomic_store(&self->halted_seq, 0);
        return false;
    }
    if (atomic_load(&self->halted_seq) == link->event.seq) return true;
    atomic_store(&self->halted_seq, 0);
    memcpy(self->halted_hash, link->hash, HASH_SIZE);
    atomic_store(&self->halted_seq, link->event.seq);
    arena_reset(self->loop.arena);
    log_fatal("halted", "stage=%s stream=%s seq=%llu kind=%u crashes=%llu hash=" TEXT_FORMAT, self->role->name,
              stream_name(self->role->reads), (unsigned long long)link->event.seq, link->event.kind,
              (unsigned long long)self->crashes.count, TEXT_ARGS(hex_of(link->hash, HASH_SIZE, self->loop.arena)));
    return true;
}

/* The next events of the batch at hand, as many as a step takes. */
static err_t links_take(stage_t *self, const batch_t *batch) {
    uint32_t rounds = 0, taken = 0;
    for (; self->links_at < self->links_count; self->links_at++) {
        const link_t *link = &self->links[self->links_at];
        bool enough = rounds >= AGENDA_ROUNDS || stage_is_full(self) || (self->pace > 0 && taken >= self->pace);
        if (taken++ > 0 && enough) return OK;
        if (halts(self, link)) break;
        err_t err = event_take(self, batch, link, &rounds);
        if (err == ERR_BAD) err = ERR_REFUSED; /* the role wrote what no reader could read: our own mistake, not the batch's */
        if (err == ERR_REFUSED) crashes_add(link, blamed_from(self, &link->event));
        self->last.event.seq = link->event.seq;
        memcpy(self->last.hash, link->hash, HASH_SIZE);
        if (err != OK || stage_pending(self)) return err;
        if (self->quarantine_news) break; /* which of the others may be skipped is asked first */
    }
    links_forget(self);
    return OK;
}

err_t stage_step_on(stage_t *self, const batch_t *batch) {
    err_t err = stage_unfinished(self) ? txn_open(self) : OK;
    if (err == OK) err = links_take(self, batch);
    bool level = batch->state == batch_state_ok && self->place.in_seq == batch->durable_head && !stage_pending(self);
    if (err == OK && level && batch->cause_head > self->place.cause_seq) {
        err = txn_open(self);
        self->place.cause_seq = batch->cause_head;
    }
    if (err != OK) stage_rollback(self);
    if (self->rooted && self->txn == NULL) self->sure = committed(self);
    self->loop.event = NULL;
    return err;
}

err_t stage_take(stage_t *self, const batch_t *batch) {
    atomic_store(&self->in_head, batch->durable_head);
    return batch_check(self, batch);
}

err_t stage_step(stage_t *self, const batch_t *batch) {
    err_t err = stage_take(self, batch);
    return err == OK ? stage_step_on(self, batch) : err;
}

void stage_pace(stage_t *self, uint32_t events) { self->pace = events; }

err_t stage_dump(stage_t *self, const char *file) { return store_dump(self->store, file); }
