/* The stream a store holds: events one after the other, each with the hash of everything up to it. */
#include "services/stage/store_inner.h"

#include "proto/crypto.h"
#include "services/stage/log.h"

#include <endian.h>
#include <string.h>

static uint64_t seq_of(MDB_val key) {
    uint32_t at = 0;
    return key_next_u64((bytes_t){key.mv_data, (uint32_t)key.mv_size}, &at);
}

static store_key_t seq_key(uint64_t seq) {
    store_key_t key = key_new();
    key_add_u64(&key, seq);
    return key;
}

static bytes_t event_bytes(const txn_t *self, MDB_val value) {
    uint32_t head = self->store->stream_head;
    return (bytes_t){(const uint8_t *)value.mv_data + head, (uint32_t)(value.mv_size - head)};
}

/* A record too short to hold a hash and an event. */
static bool record_is_short(txn_t *self, uint64_t seq, MDB_val value) {
    if (value.mv_size > self->store->stream_head) return false;
    log_error("event_corrupt", "store=%s seq=%llu", self->store->path, (unsigned long long)seq);
    txn_fail(self, ERR_CORRUPT);
    return true;
}

/* The chained hash of a record. Of a quick chain the other half is zero, and is not kept. */
static void hash_read(const txn_t *self, MDB_val value, uint8_t hash[HASH_SIZE]) {
    size_t size = self->store->chain == CHAIN_QUICK ? QUICK_SIZE : HASH_SIZE;
    memcpy(hash, value.mv_data, size);
    memset(hash + size, 0, HASH_SIZE - size);
}

head_t txn_head(txn_t *self) {
    if (self->head_known || self->err != OK) return self->head;
    MDB_cursor *cursor = NULL;
    MDB_val key, value;
    int code = mdb_cursor_open(self->mdb, self->store->stream, &cursor);
    if (code == 0) code = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
    if (code == 0 && !record_is_short(self, seq_of(key), value)) {
        self->head.seq = seq_of(key);
        hash_read(self, value, self->head.hash);
    }
    if (code != 0 && code != MDB_NOTFOUND) txn_wrong(self, code, "head");
    if (cursor != NULL) mdb_cursor_close(cursor);
    self->head_known = self->err == OK;
    return self->head;
}

/* false: not there, or stuck. */
static bool record_at(txn_t *self, uint64_t seq, MDB_val *value) {
    if (self->err != OK) return false;
    store_key_t name = seq_key(seq);
    MDB_val key = key_value(&name);
    int code = mdb_get(self->mdb, self->store->stream, &key, value);
    if (code != 0 && code != MDB_NOTFOUND) txn_wrong(self, code, "event");
    return code == 0 && !record_is_short(self, seq, *value);
}

bool txn_hash(txn_t *self, uint64_t seq, uint8_t hash[32]) {
    MDB_val value;
    memset(hash, 0, HASH_SIZE);
    if (seq == 0) return self->err == OK;
    if (!record_at(self, seq, &value)) return false;
    hash_read(self, value, hash);
    return true;
}

bool txn_stands(txn_t *self, uint64_t seq, const uint8_t hash[32]) {
    uint8_t held[HASH_SIZE];
    return txn_hash(self, seq, held) && memcmp(held, hash, sizeof held) == 0;
}

void txn_clear_stream(txn_t *self) {
    if (self->err != OK) return;
    ASSERT(self->writes);
    if (self->appender != NULL) mdb_cursor_close(self->appender);
    self->appender = NULL;
    int code = mdb_drop(self->mdb, self->store->stream, 0);
    if (code == 0) code = mdb_drop(self->mdb, self->store->facts, 0);
    if (code != 0) txn_wrong(self, code, "clear_stream");
    self->head = (head_t){0};
    self->head_known = true;
}

static void sum_write(const uint8_t previous[HASH_SIZE], const uint8_t *own, bytes_t event, uint8_t out[LINK_SIZE - HASH_SIZE]) {
    uint64_t sum = htole64(link_sum(previous, own, event));
    memcpy(out, &sum, sizeof sum);
}

/* Does the record carry what was written, and follow from `chained`, which becomes its own hash? */
static bool record_follows(const txn_t *self, uint8_t chained[HASH_SIZE], MDB_val value) {
    const uint8_t *record = value.mv_data;
    bytes_t event = event_bytes(self, value);
    uint8_t sum[LINK_SIZE - HASH_SIZE], own[HASH_SIZE];
    bool sealed = self->store->chain == CHAIN_SEALED;
    hash_read(self, value, own);
    if (sealed) sum_write(chained, own, event, sum);
    hash_chain(self->store->chain, chained, event, chained);
    return memcmp(chained, own, HASH_SIZE) == 0 && (!sealed || memcmp(sum, record + HASH_SIZE, sizeof sum) == 0);
}

/* Puts what stands in scratch behind room for the hash: chains it, appends it. */
static void stream_put(txn_t *self, uint64_t seq) {
    buffer_t *record = &self->store->scratch;
    uint32_t head = self->store->stream_head;
    bytes_t event = {record->at + head, (uint32_t)(record->size - head)};
    if (event.size > LIMIT_ENTRY) {
        log_error("event_oversize", "store=%s seq=%llu size=%u", self->store->path, (unsigned long long)seq, event.size);
        txn_fail(self, ERR_BAD);
        return;
    }
    uint8_t hash[HASH_SIZE];
    hash_chain(self->store->chain, self->head.hash, event, hash);
    if (self->store->chain == CHAIN_SEALED) sum_write(self->head.hash, hash, event, record->at + HASH_SIZE);
    memcpy(record->at, hash, self->store->chain == CHAIN_QUICK ? QUICK_SIZE : HASH_SIZE);
    store_key_t name = seq_key(seq);
    MDB_val key = key_value(&name);
    MDB_val value = {.mv_size = record->size, .mv_data = record->at};
    int code = self->appender != NULL ? 0 : mdb_cursor_open(self->mdb, self->store->stream, &self->appender);
    if (code == 0) code = mdb_cursor_put(self->appender, &key, &value, MDB_APPEND); /* a cursor that stays finds the end at once */
    if (code != 0) {
        txn_wrong(self, code, "append");
        return;
    }
    self->head.seq = seq;
    self->appended += record->size;
    memcpy(self->head.hash, hash, HASH_SIZE);
}

static bool stream_begin(txn_t *self, uint64_t *seq) {
    static const uint8_t room[LINK_SIZE];
    ASSERT(self->writes);
    uint64_t next = txn_head(self).seq + 1;
    if (self->err != OK) return false;
    buffer_clear(&self->store->scratch);
    buffer_add(&self->store->scratch, room, self->store->stream_head);
    if (seq != NULL) *seq = next;
    return true;
}

void txn_append(txn_t *self, const event_t *header, const message_t *type, const void *value, uint64_t *seq) {
    txn_append_known(self, header, type, value, NULL, seq);
}

void txn_append_known(txn_t *self, const event_t *header, const message_t *type, const void *value, const wire_known_t *known,
                      uint64_t *seq) {
    if (!stream_begin(self, seq)) return;
    event_t own = *header;
    if (own.cause_seq == 0) own.cause_seq = self->head.seq + 1;
    fault_t fault;
    if (event_encode_checked(&own, type, value, known, &self->store->scratch, &fault) == OK) stream_put(self, self->head.seq + 1);
    else txn_value_wrong(self, type, "~stream", &fault);
}

void txn_append_copy(txn_t *self, const event_t *event, uint64_t *seq) {
    if (!stream_begin(self, seq)) return;
    event_copy(event, &self->store->scratch);
    stream_put(self, self->head.seq + 1);
}

bool txn_event(txn_t *self, uint64_t seq, arena_t *arena, event_t *event, uint8_t *hash) {
    uint8_t chained[HASH_SIZE];
    MDB_val value;
    if (seq == 0 || !record_at(self, seq, &value) || !txn_hash(self, seq - 1, chained)) return false;
    bool good = record_follows(self, chained, value);
    if (good) {
        fault_t fault;
        good = event_open(arena_bytes(arena, event_bytes(self, value)), event, &fault) == OK;
        event->seq = seq;
    }
    if (!good) {
        log_error("event_corrupt", "store=%s seq=%llu", self->store->path, (unsigned long long)seq);
        txn_fail(self, ERR_CORRUPT);
        return false;
    }
    if (hash != NULL) memcpy(hash, chained, HASH_SIZE);
    return true;
}

/* The cause of an event, by its head alone. 0: stuck. */
static uint64_t cause_at(txn_t *self, uint64_t seq) {
    MDB_val value;
    event_t event;
    fault_t fault;
    if (!record_at(self, seq, &value)) return 0;
    if (event_open(event_bytes(self, value), &event, &fault) == OK) return event.cause_seq;
    log_error("event_corrupt", "store=%s seq=%llu", self->store->path, (unsigned long long)seq);
    txn_fail(self, ERR_CORRUPT);
    return 0;
}

uint64_t txn_caused_by(txn_t *self, uint64_t cause_seq, arena_t *arena, event_t *event) {
    uint64_t low = 1, end = txn_head(self).seq + 1; /* the first event wanted lies in [low, end] */
    while (low < end && self->err == OK) {
        uint64_t middle = low + (end - low) / 2;
        if (cause_at(self, middle) < cause_seq) low = middle + 1;
        else end = middle;
    }
    bool there = low <= txn_head(self).seq && txn_event(self, low, arena, event, NULL) && event->cause_seq == cause_seq;
    return there ? low : 0;
}

/* A cursor on the record of `seq`, its key and value read. NULL: not there or stuck. */
static MDB_cursor *cursor_at(txn_t *self, uint64_t seq, MDB_val *value) {
    if (self->err != OK) return NULL;
    MDB_cursor *cursor = NULL;
    store_key_t name = seq_key(seq);
    MDB_val key = key_value(&name);
    int code = mdb_cursor_open(self->mdb, self->store->stream, &cursor);
    if (code == 0) code = mdb_cursor_get(cursor, &key, value, MDB_SET);
    if (code == 0) return cursor;
    if (code != MDB_NOTFOUND) txn_wrong(self, code, "events");
    if (cursor != NULL) mdb_cursor_close(cursor);
    return NULL;
}

/* Steps to the record behind `seq`. false: the end, a gap or an error; the latter two stick. */
static bool cursor_step(txn_t *self, MDB_cursor *cursor, uint64_t seq, MDB_val *value) {
    MDB_val key;
    int code = mdb_cursor_get(cursor, &key, value, MDB_NEXT);
    if (code == MDB_NOTFOUND) return false;
    if (code != 0) return txn_wrong(self, code, "events"), false;
    if (seq_of(key) == seq + 1) return true;
    log_error("stream_gap", "store=%s after=%llu", self->store->path, (unsigned long long)seq);
    return txn_fail(self, ERR_CORRUPT), false;
}

/* What an event takes in a batch. */
static uint32_t event_room(const txn_t *self, bytes_t event) {
    return event.size + (uint32_t)sizeof(uint32_t) + (self->store->chain == CHAIN_SEALED ? LINK_SIZE : 0);
}

static void event_gather(const txn_t *self, MDB_val value, events_t *out) {
    bytes_t event = event_bytes(self, value);
    uint32_t size = htole32(event.size);
    buffer_add(&out->events, event.at, event.size);
    buffer_add(&out->sizes, &size, sizeof size);
    if (self->store->chain == CHAIN_SEALED) buffer_add(&out->links, value.mv_data, LINK_SIZE);
    hash_read(self, value, out->last_hash);
}

uint32_t txn_events(txn_t *self, uint64_t after, uint64_t last, uint32_t max_bytes, events_t *out) {
    uint32_t room = max_bytes == 0 || max_bytes > LIMIT_BATCH ? LIMIT_BATCH : max_bytes;
    uint32_t count = 0, used = 0;
    MDB_val value;
    if (after >= last) return 0;
    MDB_cursor *cursor = cursor_at(self, after + 1, &value);
    if (cursor == NULL) return 0;
    for (uint64_t seq = after + 1; seq <= last; seq++) {
        if (record_is_short(self, seq, value)) break;
        used += event_room(self, event_bytes(self, value));
        if (count > 0 && used > room) break;
        event_gather(self, value, out);
        count++;
        if (seq == last || !cursor_step(self, cursor, seq, &value)) break;
    }
    mdb_cursor_close(cursor);
    return self->err == OK ? count : 0;
}

err_t txn_verify_chain(txn_t *self, uint64_t from, uint64_t *bad) {
    uint64_t head = txn_head(self).seq;
    uint8_t chained[HASH_SIZE];
    MDB_val value;
    *bad = from == 0 ? from = 1 : from;
    if (self->err == OK && from == head + 1) return txn_hash(self, head, chained) ? OK : ERR_CORRUPT;
    if (!txn_hash(self, from - 1, chained)) return self->err != OK ? self->err : ERR_CORRUPT;
    MDB_cursor *cursor = cursor_at(self, from, &value);
    if (cursor == NULL) return self->err != OK ? self->err : ERR_CORRUPT;
    bool good = true;
    for (uint64_t seq = from; good; seq++) {
        *bad = seq;
        good = !record_is_short(self, seq, value) && record_follows(self, chained, value);
        if (!good || !cursor_step(self, cursor, seq, &value)) break;
    }
    mdb_cursor_close(cursor);
    if (good && self->err == OK) *bad = 0;
    return self->err != OK ? self->err : good ? OK : ERR_CORRUPT;
}
