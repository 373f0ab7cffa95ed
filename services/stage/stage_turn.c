/* What a role sees while it applies an event or answers a question. */
#include "services/stage/stage_inner.h"

#include "services/stage/log.h"

arena_t *turn_arena(turn_t *self) { return self->arena; }

txn_t *turn_txn(turn_t *self) { return self->txn; }

const event_t *turn_event(const turn_t *self) { return self->event; }

int64_t turn_now_ms(const turn_t *self) { return self->now_ms; }

uint64_t turn_cause(const turn_t *self) { return self->cause_seq; }

void turn_memory_drop(turn_t *self) {
    const role_t *role = self->stage->role;
    if (self->memory != NULL && role->memory_destroy != NULL) role->memory_destroy(&self->memory);
    self->memory = NULL;
    self->memory_known = false;
}

void *turn_memory(turn_t *self) {
    if (self->memory_known) return self->memory;
    turn_memory_drop(self); /* what turn_forget left to the handler until now */
    if (self->stage->role->memory_load == NULL) return NULL;
    self->memory = self->stage->role->memory_load(self);
    memory_give_back(); /* decoding a large plan leaves tens of megabytes of holes */
    self->memory_known = true; /* also where an error stuck: who looks at it must find it there until the transaction ends */
    return self->memory;
}

void turn_forget(turn_t *self) {
    ASSERT(self->event != NULL);
    self->memory_known = false;
    self->stage->place.memory_seq++;
}

bool turn_get(turn_t *self, size_t table, const store_key_t *key, void *row) {
    return txn_get(self->txn, table, key, self->arena, row);
}

void turn_put(turn_t *self, size_t table, const store_key_t *key, const void *row) {
    ASSERT(self->event != NULL);
    txn_put(self->txn, table, key, row);
}

void turn_delete(turn_t *self, size_t table, const store_key_t *key) {
    ASSERT(self->event != NULL);
    txn_delete(self->txn, table, key);
}

static void turn_stop(turn_t *self, const event_t *event, const char *why, const char *code, const char *path) {
    log_error(why, "stage=%s stream=%s seq=%llu kind=%u version=%u code=%s path=%s", self->stage->role->name,
              stream_name(self->stage->role->reads), (unsigned long long)event->seq, event->kind, event->version, code, path);
    self->stopped = true;
    txn_fail(self->txn, ERR_REFUSED);
}

bool turn_body_known(turn_t *self, const event_t *event, const message_t *type, void *value, wire_known_t *known) {
    fault_t fault;
    if (event_body_kept(event, type, self->arena, value, known, &fault) == OK) return true;
    turn_stop(self, event, "event_unreadable", fault.code, fault.path);
    return false;
}

bool turn_body(turn_t *self, const event_t *event, const message_t *type, void *value) {
    return turn_body_known(self, event, type, value, NULL);
}

void turn_unknown(turn_t *self, const event_t *event) { turn_stop(self, event, "event_unknown", "unknown_message", "-"); }

void turn_emit(turn_t *self, const message_t *type, const void *value) {
    ASSERT(self->event != NULL && self->stage->role->writes != STREAM_NONE);
    event_t header = {.epoch = self->event->epoch, .cause_seq = self->event->cause_seq, .at_ms = self->event->at_ms};
    txn_append(self->txn, &header, type, value, NULL);
}

void turn_continue(turn_t *self, uint64_t step) {
    ASSERT(self->event != NULL && self->stage->role->resume != NULL);
    self->continues = true;
    self->step = step;
}

bool turn_waits(turn_t *self, uint64_t at_least) {
    ASSERT(self->event == NULL);
    if (self->cause_seq < at_least) self->parked = true;
    return self->parked;
}

void reply_with(reply_t *self, const message_t *type, const void *value) {
    self->out->size = self->begin; /* the last answer counts */
    packet_encode(self->request_id, type, value, self->out);
    self->given = true;
}

void reply_refuse(reply_t *self, text_t code, const char *path, text_t arg) {
    reason_t reason = {.code = code, .path = text_of(path), .args = &arg, .args_count = arg.size > 0 ? 1 : 0};
    reason_tell(&reason, self->arena);
    refusal_t refusal = {.reasons = &reason, .reasons_count = 1};
    reply_with(self, refusal_type(), &refusal);
}
