/* The stream a store holds: events one after the other, each with the hash of everything up to it. */
#include "services/stage/store_inner.h"

#include "proto/chain.h"
#include "services/stage/log.h"

#include <endian.h>
#include <string.h>

/* The chained hash at an event: beside it, or of a quick chain at the last one of a record, in front of that. Its other half is
 * zero then, and is not kept. */
static void hash_read(const txn_t *self, bytes_t record, bytes_t event, uint8_t hash[HASH_SIZE]) {
    bool quick = self->store->chain == CHAIN_QUICK;
    memset(hash, 0, HASH_SIZE);
    memcpy(hash, quick ? record.at : event.at - LINK_SIZE, quick ? QUICK_SIZE : HASH_SIZE);
}

static bytes_t record_of(MDB_val value) { return (bytes_t){value.mv_data, (uint32_t)value.mv_size}; }

head_t txn_head(txn_t *self) {
    if (self->head_known || self->err != OK) return self->head;
    MDB_cursor *cursor = NULL;
    MDB_val key, value;
    bytes_t last;
    int code = mdb_cursor_open(self->mdb, self->store->stream, &cursor);
    if (code == 0) code = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
    uint64_t count = code == 0 ? events_in(self->store, record_of(value), &last) : 0;
    if (code == 0 && count == 0) event_broken(self, stream_seq_of(key));
    if (count > 0) {
        self->head.seq = stream_seq_of(key) + count - 1;
        hash_read(self, record_of(value), last, self->head.hash);
    }
    if (code != 0 && code != MDB_NOTFOUND) txn_wrong(self, code, "head");
    if (cursor != NULL) mdb_cursor_close(cursor);
    self->head_known = self->err == OK;
    return self->head;
}

static void sum_write(const uint8_t previous[HASH_SIZE], const uint8_t *own, bytes_t event, uint8_t out[LINK_SIZE - HASH_SIZE]) {
    uint64_t sum = htole64(link_sum(previous, own, event));
    memcpy(out, &sum, sizeof sum);
}

/* Does the entry carry what was written, and follow from `chained`, which becomes its hash? Both its link and the sum say so. */
static bool entry_follows(uint8_t chained[HASH_SIZE], bytes_t entry) {
    uint8_t sum[LINK_SIZE - HASH_SIZE], own[HASH_SIZE];
    const uint8_t *link = entry.at - LINK_SIZE;
    hash_chain(CHAIN_SEALED, chained, entry, own);
    sum_write(chained, own, entry, sum);
    memcpy(chained, own, HASH_SIZE);
    return memcmp(own, link, HASH_SIZE) == 0 && memcmp(sum, link + HASH_SIZE, sizeof sum) == 0;
}

/* Does the record carry what was written, and follow from `chained`, which becomes the hash of its last event? `hash` becomes that
 * of its nth. *good: how many of its events are well for certain: of a quick chain all of them, or nobody knows which. */
static bool record_follows(const txn_t *self, uint8_t chained[HASH_SIZE], bytes_t record, uint64_t nth, uint8_t hash[HASH_SIZE],
                           uint64_t *good) {
    uint8_t own[HASH_SIZE];
    bool sealed = self->store->chain == CHAIN_SEALED, follows = true;
    uint64_t index = 0;
    uint32_t at = 0;
    bytes_t event = {0};
    for (; follows && event_cut(self->store, record, &at, &event); index += follows) {
        if (sealed) follows = entry_follows(chained, event);
        else chain_quick(chained, event, chained);
        if (index == nth) memcpy(hash, chained, HASH_SIZE);
    }
    follows = follows && index > 0 && at == record.size;
    if (follows && !sealed) {
        hash_read(self, record, event, own);
        follows = memcmp(chained, own, HASH_SIZE) == 0;
    }
    *good = follows || sealed ? index : 0;
    return follows;
}

/* The chained hash before the record at hand, whose cursor steps back. */
static bool hash_before(txn_t *self, const passage_t *walk, uint8_t hash[HASH_SIZE]) {
    memset(hash, 0, HASH_SIZE);
    if (walk->first == 1) return true;
    MDB_val key, value;
    bytes_t last;
    int code = mdb_cursor_get(walk->cursor, &key, &value, MDB_PREV);
    if (code != 0 && code != MDB_NOTFOUND) txn_wrong(self, code, "events");
    if (code != 0) return false;
    uint64_t count = events_in(self->store, record_of(value), &last);
    if (count == 0) event_broken(self, stream_seq_of(key));
    if (count == 0 || stream_seq_of(key) + count != walk->first) return false;
    hash_read(self, record_of(value), last, hash);
    return true;
}

/* Does the event at hand carry what was written? Then `hash` becomes the chained hash at it. Of a quick chain the whole record
 * tells; an entry of the ledger and the link of the one before it are enough. */
static bool event_follows(txn_t *self, passage_t *walk, uint8_t hash[HASH_SIZE]) {
    uint8_t chained[HASH_SIZE];
    uint64_t good;
    if (self->store->chain == CHAIN_QUICK)
        return hash_before(self, walk, chained) &&
               record_follows(self, chained, walk->record, walk->seq - walk->first, hash, &good);
    uint32_t at = 0;
    bytes_t before = {0};
    for (uint64_t seq = walk->first; seq < walk->seq; seq++) event_cut(self->store, walk->record, &at, &before);
    if (before.size == 0 && !hash_before(self, walk, hash)) return false;
    if (before.size > 0) hash_read(self, walk->record, before, hash);
    return entry_follows(hash, walk->event);
}

bool txn_hash(txn_t *self, uint64_t seq, uint8_t hash[32]) {
    passage_t walk;
    memset(hash, 0, HASH_SIZE);
    if (seq == 0) return self->err == OK;
    bool there = passage_begin(self, seq, &walk);
    bool told = self->store->chain == CHAIN_SEALED || walk.at == walk.record.size;
    if (there && told) {
        hash_read(self, walk.record, walk.event, hash);
    } else if (there) { /* in the middle of a group */
        there = event_follows(self, &walk, hash);
        if (!there) event_broken(self, seq);
    }
    passage_end(&walk);
    return there;
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
    bundle_forget(self);
    int code = mdb_drop(self->mdb, self->store->stream, 0);
    if (code == 0) code = mdb_drop(self->mdb, self->store->facts, 0);
    if (code != 0) txn_wrong(self, code, "clear_stream");
    self->head = (head_t){0};
    self->head_known = true;
}

/* Chains the event that stands at `begin` behind the head, and lays it where it belongs. */
static void stream_put(txn_t *self, buffer_t *record, size_t begin, const wire_known_t *known, const uint8_t *known_hash) {
    uint64_t seq = self->head.seq + 1;
    bytes_t event = {record->at + begin, (uint32_t)(record->size - begin)};
    if (event.size > LIMIT_ENTRY) {
        log_error("event_oversize", "store=%s seq=%llu size=%u", self->store->path, (unsigned long long)seq, event.size);
        txn_fail(self, ERR_BAD);
        return;
    }
    uint8_t hash[HASH_SIZE];
    self->appended += event.size + self->store->event_head;
    if (self->store->chain == CHAIN_SEALED) {
        uint8_t *link = record->at + begin - LINK_SIZE;
        chain_sealed(self->head.hash, event, known_hash, known_hash == NULL ? 0 : known->bytes.size, hash);
        sum_write(self->head.hash, hash, event, link + HASH_SIZE);
        memcpy(link, hash, HASH_SIZE);
    } else {
        chain_quick(self->head.hash, event, hash);
    }
    bundle_add(self, seq, begin);
    if (self->err != OK) return;
    self->head.seq = seq;
    memcpy(self->head.hash, hash, HASH_SIZE);
}

/* The buffer that the next event is written to, behind what is there. NULL: stuck. */
static buffer_t *stream_begin(txn_t *self, uint64_t *seq) {
    ASSERT(self->writes);
    if (!self->head_known) txn_head(self);
    if (self->err != OK) return NULL;
    if (seq != NULL) *seq = self->head.seq + 1;
    return bundle_begin(self);
}

void txn_append(txn_t *self, const event_t *header, const message_t *type, const void *value, uint64_t *seq) {
    txn_append_known(self, header, type, value, NULL, NULL, seq);
}

void txn_append_known(txn_t *self, const event_t *header, const message_t *type, const void *value, const wire_known_t *known,
                      const uint8_t *hash, uint64_t *seq) {
    buffer_t *record = stream_begin(self, seq);
    if (record == NULL) return;
    size_t begin = record->size;
    event_t own = *header;
    if (own.cause_seq == 0) own.cause_seq = self->head.seq + 1;
    fault_t fault;
    if (event_encode_checked(&own, type, value, known, record, &fault) == OK) stream_put(self, record, begin, known, hash);
    else txn_value_wrong(self, type, store_stream_name(self->store), &fault);
}

void txn_append_copy(txn_t *self, const event_t *event, uint64_t *seq) {
    buffer_t *record = stream_begin(self, seq);
    if (record == NULL) return;
    size_t begin = record->size;
    event_copy(event, record);
    stream_put(self, record, begin, NULL, NULL);
}

bool txn_event(txn_t *self, uint64_t seq, arena_t *arena, event_t *event, uint8_t *hash) {
    uint8_t own[HASH_SIZE];
    passage_t walk;
    bool there = passage_begin(self, seq, &walk), good = there && event_follows(self, &walk, own);
    if (good) {
        fault_t fault;
        good = event_open(arena_bytes(arena, walk.event), event, &fault) == OK;
        event->seq = seq;
    }
    passage_end(&walk);
    if (there && !good) event_broken(self, seq);
    if (good && hash != NULL) memcpy(hash, own, HASH_SIZE);
    return good;
}

/* The cause of an event, by its head alone. 0: stuck. */
static uint64_t cause_at(txn_t *self, uint64_t seq) {
    passage_t walk;
    event_t event;
    fault_t fault;
    bool there = passage_begin(self, seq, &walk), good = there && event_open(walk.event, &event, &fault) == OK;
    passage_end(&walk);
    if (there && !good) event_broken(self, seq);
    return good ? event.cause_seq : 0;
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

uint32_t txn_events(txn_t *self, uint64_t after, uint64_t last, uint32_t max_bytes, events_t *out) {
    uint32_t room = max_bytes == 0 ? LIMIT_FETCH : max_bytes > LIMIT_BATCH ? LIMIT_BATCH : max_bytes, count = 0;
    passage_t walk;
    if (after >= last) return 0;
    bool more = passage_begin(self, after + 1, &walk);
    while (more && passage_gather(self, &walk, last, room, &out->events, &count))
        more = walk.seq < last && passage_next(self, &walk);
    passage_end(&walk);
    bool good = self->err == OK && count > 0 && txn_hash(self, after + count, out->last_hash);
    return good ? count : 0;
}

/* From the beginning of a record on: whatever is broken in it before `from` would hide where that lies. */
err_t txn_verify_chain(txn_t *self, uint64_t from, uint64_t *bad) {
    uint64_t head = txn_head(self).seq, good = 0;
    uint8_t chained[HASH_SIZE];
    passage_t walk = {0};
    *bad = from == 0 ? from = 1 : from;
    if (self->err == OK && from == head + 1) return txn_hash(self, head, chained) ? OK : ERR_CORRUPT;
    if (self->err == OK && from > head) return ERR_CORRUPT;
    uint64_t first = record_span(self, from).first;
    *bad = first;
    bool follows = txn_hash(self, first - 1, chained) && passage_begin(self, first, &walk);
    for (bool more = follows; more;) {
        follows = record_follows(self, chained, walk.record, UINT64_MAX, NULL, &good);
        *bad = walk.first + good;
        more = follows && passage_next_record(self, &walk);
    }
    passage_end(&walk);
    if (follows && self->err == OK) *bad = 0;
    return self->err != OK ? self->err : follows ? OK : ERR_CORRUPT;
}
