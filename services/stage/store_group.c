/* How a stream lies in its records. Several events share one, under the seq of the first: so LMDB is asked once for a dozen.
 * Of a derived stream: the hash of the last event, then of each its size and its bytes. A record is closed by what it holds, never
 * by a commit: equal streams lie in equal records.
 * Of the ledger: of each entry its size, its link (LINK_SIZE) and its bytes, so that each is checked by itself. A record is closed
 * by what it holds or by the commit: what is durable is never written again. */
#include "services/stage/store_inner.h"

#include "services/stage/log.h"

#include <endian.h>
#include <string.h>

enum {
    GROUP_FULL = 2000,        /* bytes: two of them fill a page of 4096 */
    GROUP_FULL_SEALED = 16368 /* with their head they fill four pages of their own: a larger one saves nothing more */
};

uint64_t stream_seq_of(MDB_val key) {
    uint32_t at = 0;
    return key_next_u64((bytes_t){key.mv_data, (uint32_t)key.mv_size}, &at);
}

static store_key_t seq_key(uint64_t seq) {
    store_key_t key = key_new();
    key_add_u64(&key, seq);
    return key;
}

/* The event at `from`, and where it ends: 0 if it is not whole. */
static inline uint32_t frame_cut(const store_t *self, bytes_t record, uint32_t from, bytes_t *event) {
    uint32_t size;
    if (record.size <= from || record.size - from <= self->event_head) return 0;
    memcpy(&size, record.at + from, SIZE_SIZE);
    size = le32toh(size);
    from += self->event_head;
    if (size == 0 || size > record.size - from) return 0;
    *event = (bytes_t){record.at + from, size};
    return from + size;
}

static inline bool next_cut(const store_t *self, bytes_t record, uint32_t *at, bytes_t *event) {
    uint32_t end = frame_cut(self, record, *at == 0 ? self->record_head : *at, event);
    if (end > 0) *at = end;
    return end > 0;
}

bool event_cut(const store_t *self, bytes_t record, uint32_t *at, bytes_t *event) { return next_cut(self, record, at, event); }

uint64_t events_in(const store_t *self, bytes_t record, bytes_t *last) {
    uint64_t count = 0;
    uint32_t at = 0;
    while (next_cut(self, record, &at, last)) count++;
    return at == record.size ? count : 0;
}

/* --- reading --- */

/* A record that is broken may not say how many events it holds: the next one does. */
span_t record_span(txn_t *self, uint64_t seq) {
    span_t span = {seq, seq};
    MDB_cursor *cursor = NULL;
    store_key_t name = seq_key(seq);
    MDB_val key = key_value(&name), value = {0};
    bytes_t event;
    if (mdb_cursor_open(self->mdb, self->store->stream, &cursor) != 0) return span;
    int code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    if (code == MDB_NOTFOUND) code = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
    else if (code == 0 && stream_seq_of(key) != seq) code = mdb_cursor_get(cursor, &key, &value, MDB_PREV);
    if (code == 0 && stream_seq_of(key) <= seq) {
        span.first = stream_seq_of(key);
        uint64_t count = events_in(self->store, (bytes_t){value.mv_data, (uint32_t)value.mv_size}, &event);
        if (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) span.last = stream_seq_of(key) - 1;
        else if (span.first + count > seq + 1) span.last = span.first + count - 1;
    }
    mdb_cursor_close(cursor);
    return span;
}

span_t txn_span(txn_t *self, uint64_t seq) {
    return self->store->chain == CHAIN_SEALED ? (span_t){seq, seq} : record_span(self, seq);
}

void event_broken(txn_t *self, uint64_t seq) {
    span_t span = txn_span(self, seq);
    log_error("event_corrupt", "store=%s seq=%llu first=%llu last=%llu", self->store->path, (unsigned long long)seq,
              (unsigned long long)span.first, (unsigned long long)span.last);
    txn_fail(self, ERR_CORRUPT);
}

/* The next event of the record at hand. A record that does not end where an event ends is broken. */
static inline bool passage_cut(txn_t *self, passage_t *walk) {
    if (next_cut(self->store, walk->record, &walk->at, &walk->event)) return true;
    event_broken(self, walk->seq);
    return false;
}

static void passage_enter(passage_t *walk, MDB_val key, MDB_val value) {
    walk->first = walk->seq = stream_seq_of(key);
    walk->record = (bytes_t){value.mv_data, (uint32_t)value.mv_size};
    walk->at = 0;
}

bool passage_begin(txn_t *self, uint64_t seq, passage_t *walk) {
    *walk = (passage_t){0};
    bundle_settle(self);
    if (self->err != OK || seq == 0) return false;
    store_key_t name = seq_key(seq);
    MDB_val key = key_value(&name), value;
    int code = mdb_cursor_open(self->mdb, self->store->stream, &walk->cursor);
    if (code == 0) code = mdb_cursor_get(walk->cursor, &key, &value, MDB_SET_RANGE);
    if (code == MDB_NOTFOUND) code = mdb_cursor_get(walk->cursor, &key, &value, MDB_LAST);
    else if (code == 0 && stream_seq_of(key) != seq) code = mdb_cursor_get(walk->cursor, &key, &value, MDB_PREV);
    if (code != 0 && code != MDB_NOTFOUND) txn_wrong(self, code, "events");
    if (code != 0) return false;
    passage_enter(walk, key, value);
    while (passage_cut(self, walk) && walk->seq < seq && walk->at < walk->record.size) walk->seq++;
    return self->err == OK && walk->seq == seq;
}

bool passage_next(txn_t *self, passage_t *walk) {
    uint64_t next = walk->seq + 1;
    MDB_val key, value;
    if (walk->at < walk->record.size) {
        walk->seq = next;
        return passage_cut(self, walk);
    }
    int code = mdb_cursor_get(walk->cursor, &key, &value, MDB_NEXT);
    if (code == MDB_NOTFOUND) return false;
    if (code != 0) return txn_wrong(self, code, "events"), false;
    passage_enter(walk, key, value);
    if (walk->first == next) return passage_cut(self, walk);
    log_error("stream_gap", "store=%s after=%llu", self->store->path, (unsigned long long)next - 1);
    return txn_fail(self, ERR_CORRUPT), false;
}

bool passage_next_record(txn_t *self, passage_t *walk) {
    while (walk->at < walk->record.size) {
        walk->seq++;
        if (!passage_cut(self, walk)) return false;
    }
    return passage_next(self, walk);
}

/* What may be wanted of the record is copied before it is cut: in pages that nobody has touched lately, to look for one event's end
 * after the other would wait each time. */
bool passage_gather(txn_t *self, passage_t *walk, uint64_t last, uint32_t room, buffer_t *out, uint32_t *count) {
    uint32_t first = walk->event.size + self->store->event_head, end = first, next;
    size_t before = out->size, left = before < room ? room - before : 0;
    if (before == 0 && left < first) left = first;
    if (left < first) return false;
    bytes_t rest = {walk->record.at + walk->at - first, walk->record.size - walk->at + first};
    bool fits = rest.size <= left;
    if (!fits) rest.size = (uint32_t)left;
    buffer_add(out, rest.at, rest.size);
    rest.at = out->at + before;
    for (++*count; walk->seq < last && (next = frame_cut(self->store, rest, end, &walk->event)) > 0; end = next) {
        walk->seq++;
        ++*count;
    }
    out->size = before + end;
    walk->at += end - first;
    walk->event.at = walk->record.at + walk->at - walk->event.size;
    if (walk->seq == last || end == rest.size) return fits || walk->seq == last;
    if (fits) event_broken(self, walk->seq + 1);
    return false;
}

void passage_end(passage_t *walk) {
    if (walk->cursor != NULL) mdb_cursor_close(walk->cursor);
    walk->cursor = NULL;
}

/* --- writing --- */

/* Of a derived stream its last group goes on, if there is one. */
static void bundle_open(txn_t *self) {
    static const uint8_t head[QUICK_SIZE];
    buffer_t *group = &self->store->group;
    MDB_cursor *cursor = NULL;
    MDB_val key, value;
    bool goes_on = self->store->chain == CHAIN_QUICK;
    int code = goes_on ? mdb_cursor_open(self->mdb, self->store->stream, &cursor) : MDB_NOTFOUND;
    if (code == 0) code = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
    buffer_clear(group);
    if (code == 0) buffer_add(group, value.mv_data, value.mv_size);
    else buffer_add(group, head, self->store->record_head);
    self->group_first = code == 0 ? stream_seq_of(key) : self->head.seq + 1;
    self->group_kept = code == 0;
    self->group_known = true;
    if (code != 0 && code != MDB_NOTFOUND) txn_wrong(self, code, "append");
    if (cursor != NULL) mdb_cursor_close(cursor);
}

void bundle_forget(txn_t *self) { self->group_known = self->group_changed = false; }

buffer_t *bundle_begin(txn_t *self) {
    static const uint8_t head[SIZE_SIZE + LINK_SIZE];
    if (!self->group_known) bundle_open(self);
    buffer_add(&self->store->group, head, self->store->event_head);
    return &self->store->group;
}

/* The record at the stream's end; a cursor that stays finds it at once. */
static void stream_lay(txn_t *self, uint64_t seq, bytes_t record, bool there) {
    store_key_t name = seq_key(seq);
    MDB_val key = key_value(&name), value = {.mv_size = record.size};
    memcpy(&value.mv_data, &record.at, sizeof record.at); /* LMDB does not write through it */
    int code = self->appender != NULL ? 0 : mdb_cursor_open(self->mdb, self->store->stream, &self->appender);
    if (code == 0) code = mdb_cursor_put(self->appender, &key, &value, there ? 0 : MDB_APPEND);
    if (code != 0) txn_wrong(self, code, "append");
}

/* The first `size` bytes of the group at hand, which end with the stream's head. */
static void bundle_lay(txn_t *self, size_t size) {
    buffer_t *group = &self->store->group;
    memcpy(group->at, self->head.hash, self->store->record_head);
    stream_lay(self, self->group_first, (bytes_t){group->at, (uint32_t)size}, self->group_kept);
    self->group_kept = true;
    self->group_changed = false;
}

void bundle_settle(txn_t *self) {
    if (self->err == OK && self->group_changed) bundle_lay(self, self->store->group.size);
}

void bundle_add(txn_t *self, uint64_t seq, size_t begin) {
    const store_t *store = self->store;
    buffer_t *group = &self->store->group;
    uint32_t size = htole32((uint32_t)(group->size - begin));
    size_t end = begin - store->event_head; /* of those before */
    memcpy(group->at + end, &size, SIZE_SIZE);
    if (end > store->record_head && group->size > (store->derived ? GROUP_FULL : GROUP_FULL_SEALED)) {
        if (self->group_changed) bundle_lay(self, end);
        memmove(group->at + store->record_head, group->at + end, group->size - end);
        group->size -= end - store->record_head;
        self->group_first = seq;
        self->group_kept = false;
    }
    self->group_changed = true;
}
