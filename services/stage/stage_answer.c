/* Answers questions from a read transaction, in the query thread. */
#include "services/stage/stage_inner.h"

#include "services/stage/clock.h"
#include "services/stage/log.h"

#include <string.h>
#include <unistd.h>

static void answer_health(stage_t *self, turn_t *turn, const packet_t *ask, reply_t *reply) {
    health_ask_t question;
    fault_t fault;
    if (packet_body(ask, health_ask_type(), turn->arena, &question, &fault) != OK) {
        reply_refuse(reply, text_of(fault.code), fault.path, (text_t){NULL, 0});
        return;
    }
    if (turn_waits(turn, question.at_least)) return;
    place_t place = place_read(turn->txn);
    health_t health = {.service = text_of(self->role->name),
                       .pid = (uint64_t)getpid(),
                       .uptime_ms = (uint64_t)(clock_steady_ms() - self->started_ms),
                       .in_stream = self->role->reads,
                       .in_applied = place.in_seq,
                       .in_head = atomic_load(&self->in_head),
                       .out_stream = self->role->writes,
                       .out_head = txn_head(turn->txn).seq,
                       .cause_seq = place.cause_seq,
                       .now_ms = (uint64_t)place.now_ms,
                       .ok = true};
    store_usage(self->store, &health.store_used, &health.store_size);
    if (health.store_used >= health.store_size) {
        health.ok = false;
        health.note = text_of("the disk is nearly full");
    }
    uint64_t halted = stage_halted(self);
    if (halted != 0) {
        health.ok = false;
        health.halted_seq = halted;
        memcpy(health.halted_hash, self->halted_hash, sizeof health.halted_hash);
        health.note = arena_format(turn->arena, "halted at %s %llu: it crashed %d times there; minning quarantine %s %llu",
                                   stream_name(self->role->reads), (unsigned long long)halted, LIMIT_CRASHES, self->role->name,
                                   (unsigned long long)halted);
    }
    if (self->hooks.health != NULL) self->hooks.health(self->hooks.self, &health);
    reply_with(reply, health_type(), &health);
}

/* The snapshot's memory: loaded anew when the loop has forgotten its own since. */
static void query_begin(turn_t *turn, txn_t *txn) {
    uint64_t memory_seq = txn_fact(txn, "memory_seq");
    turn->txn = txn;
    turn->event = NULL;
    turn->cause_seq = txn_fact(txn, "cause_seq");
    turn->now_ms = (int64_t)txn_fact(txn, "now_ms");
    turn->parked = false;
    arena_reset(turn->arena);
    if (turn->memory_known && turn->memory_seq != memory_seq) turn_memory_drop(turn);
    turn->memory_seq = memory_seq;
}

static void say_busy(reply_t *reply) {
    busy_t busy = {.retry_after_ms = LIMIT_BUSY_RETRY_MS};
    reply_with(reply, busy_type(), &busy);
}

bool stage_answer(stage_t *self, const packet_t *ask, buffer_t *out) {
    turn_t *turn = &self->query;
    reply_t reply = {.request_id = ask->request_id, .out = out, .begin = out->size, .arena = turn->arena};
    if (ask->kind == KIND_backup_ask) {
        store_copy_answer(self->store, ask, out);
        return true;
    }
    txn_t *txn = store_read(self->store);
    if (txn == NULL) {
        say_busy(&reply);
        return true;
    }
    query_begin(turn, txn);
    if (ask->kind == KIND_health_ask)
        answer_health(self, turn, ask, &reply);
    else if (self->role->answer != NULL)
        self->role->answer(turn, ask, &reply);
    if (txn_error(txn) != OK) {
        log_error("query_failed", "stage=%s kind=%u error=%s", self->role->name, ask->kind, err_name(txn_error(txn)));
        turn_memory_drop(turn); /* perhaps it was loaded in vain */
        turn->parked = false;
        say_busy(&reply);
    }
    txn_abort(&txn);
    turn->txn = NULL;
    if (turn->parked) {
        out->size = reply.begin;
        return false;
    }
    if (!reply.given) reply_refuse(&reply, REASON_OF(unknown_message), "", arena_format(turn->arena, "%u", ask->kind));
    return true;
}
