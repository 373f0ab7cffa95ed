/* How a stream lies in its records. Each entry of the ledger has one of its own. Of a derived stream several events share one,
 * under the seq of the first: the hash of the last, then of each its size and its bytes. So LMDB is asked once for a dozen of them.
 * A group is closed by what it holds, never by a commit: equal streams lie in equal records. */
#include "services/stage/store_inner.h"

#include "services/stage/log.h"

#include <endian.h>
#include <string.h>

enum {
    GROUP_FULL = 2000 /* bytes: two of them fill a page of 4096 */
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

/* Of those that lie side by side behind their sizes, the one that begins at *at. */
static inline bool framed_cut(bytes_t framed, uint32_t *at, bytes_t *event) {
    uint32_t from = *at, size;
    if (framed.size - from <= SIZE_SIZE) return false;
    memcpy(&size, framed.at + from, SIZE_SIZE);
    size = le32toh(size);
    from += SIZE_SIZE;
    if (size == 0 || size > framed.size - from) return false;
    *event = (bytes_t){framed.at + from, size};
    *at = from + size;
    return true;
}

static inline bool next_cut(const store_t *self, bytes_t record, uint32_t *at, bytes_t *event) {
    uint32_t from = *at == 0 ? self->stream_head : *at;
    if (record.size <= from) return false;
    if (self->chain == CHAIN_SEALED) *event = (bytes_t){record.at + from, record.size - from};
    else if (!framed_cut(record, &from, event)) return false;
    *at = self->chain == CHAIN_SEALED ? record.size : from;
    return true;
}

bool event_cut(const store_t *self, bytes_t record, uint32_t *at, bytes_t *event) { return next_cut(self, record, at, event); }

uint64_t events_in(const store_t *self, bytes_t record) {
    uint64_t count = 0;
    uint32_t at = 0;
    bytes_t event;
    while (next_cut(self, record, &at, &event)) count++;
    return at == record.size ? count : 0;
}

/* --- reading --- */

/* A record that is broken may not say how many events it holds: the next one does. */
span_t txn_span(txn_t *self, uint64_t seq) {
    span_t span = {seq, seq};
    MDB_cursor *cursor = NULL;
    store_key_t name = seq_key(seq);
    MDB_val key = key_value(&name), value = {0};
    if (mdb_cursor_open(self->mdb, self->store->stream, &cursor) != 0) return span;
    int code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    if (code == MDB_NOTFOUND) code = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
    else if (code == 0 && stream_seq_of(key) != seq) code = mdb_cursor_get(cursor, &key, &value, MDB_PREV);
    if (code == 0 && stream_seq_of(key) <= seq) {
        span.first = stream_seq_of(key);
        uint64_t count = events_in(self->store, (bytes_t){value.mv_data, (uint32_t)value.mv_size});
        if (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) span.last = stream_seq_of(key) - 1;
        else if (span.first + count > seq + 1) span.last = span.first + count - 1;
    }
    mdb_cursor_close(cursor);
    return span;
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

/* An entry of the ledger: its record, and its size in front of it. */
static bool sealed_gather(const passage_t *walk, uint32_t room, buffer_t *out) {
    uint32_t size = htole32(walk->event.size);
    if (out->size > 0 && out->size + SIZE_SIZE + walk->record.size > room) return false;
    buffer_add(out, &size, sizeof size);
    buffer_add(out, walk->record.at, walk->record.size);
    return true;
}

/* All that is left of the record fits: it is copied first, and looked at in the copy. To go from size to size where it lies is to
 * wait for one line of memory after the other. */
static bool rest_gather(txn_t *self, passage_t *walk, uint32_t begin, uint64_t last, buffer_t *out, uint32_t *count) {
    uint32_t size = walk->record.size - begin, at = 0;
    bytes_t copy = {buffer_room(out, size), size}, event;
    memcpy(out->at + out->size, walk->record.at + begin, size);
    uint64_t seq = walk->seq;
    while (framed_cut(copy, &at, &event) && seq < last && at < size) seq++;
    *count += (uint32_t)(seq - walk->seq) + 1;
    out->size += at;
    walk->seq = seq;
    walk->at = begin + at;
    if (at < size && seq < last) event_broken(self, seq);
    return self->err == OK;
}

bool passage_gather(txn_t *self, passage_t *walk, uint64_t last, uint32_t room, buffer_t *out, uint32_t *count) {
    if (self->store->chain == CHAIN_SEALED) {
        bool fits = sealed_gather(walk, room, out);
        *count += fits;
        return fits;
    }
    uint32_t begin = walk->at - walk->event.size - SIZE_SIZE, end = begin; /* of the record: what is wanted of it */
    if (out->size + (walk->record.size - begin) <= room) return rest_gather(self, walk, begin, last, out, count);
    bool fits = true, more = true;
    lines_fetch(walk->record.at, walk->record.size); /* one size after the other would wait for memory at each */
    while (more) {
        fits = out->size + (walk->at - begin) <= room || (out->size == 0 && end == begin);
        if (!fits) break;
        end = walk->at;
        ++*count;
        more = walk->seq < last && walk->at < walk->record.size;
        if (more) walk->seq++;
        more = more && passage_cut(self, walk);
    }
    buffer_add(out, walk->record.at + begin, end - begin);
    return fits && self->err == OK;
}

void passage_end(passage_t *walk) {
    if (walk->cursor != NULL) mdb_cursor_close(walk->cursor);
    walk->cursor = NULL;
}

/* --- writing --- */

/* The group that goes on: the last one of the stream, if there is one. */
static void bundle_open(txn_t *self) {
    static const uint8_t head[QUICK_SIZE];
    buffer_t *group = &self->store->group;
    MDB_cursor *cursor = NULL;
    MDB_val key, value;
    int code = mdb_cursor_open(self->mdb, self->store->stream, &cursor);
    if (code == 0) code = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
    buffer_clear(group);
    if (code == 0) buffer_add(group, value.mv_data, value.mv_size);
    else buffer_add(group, head, sizeof head);
    self->group_first = code == 0 ? stream_seq_of(key) : 1;
    self->group_kept = code == 0;
    self->group_known = true;
    if (code != 0 && code != MDB_NOTFOUND) txn_wrong(self, code, "append");
    if (cursor != NULL) mdb_cursor_close(cursor);
}

void bundle_forget(txn_t *self) { self->group_known = self->group_changed = false; }

buffer_t *bundle_begin(txn_t *self) {
    static const uint8_t size[SIZE_SIZE];
    if (!self->group_known) bundle_open(self);
    buffer_add(&self->store->group, size, sizeof size);
    return &self->store->group;
}

/* The record at the stream's end; a cursor that stays finds it at once. */
void stream_lay(txn_t *self, uint64_t seq, bytes_t record, bool there) {
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
    memcpy(group->at, self->head.hash, QUICK_SIZE);
    stream_lay(self, self->group_first, (bytes_t){group->at, (uint32_t)size}, self->group_kept);
    self->group_kept = true;
    self->group_changed = false;
}

void bundle_settle(txn_t *self) {
    if (self->err == OK && self->group_changed) bundle_lay(self, self->store->group.size);
}

void bundle_add(txn_t *self, uint64_t seq, size_t begin) {
    buffer_t *group = &self->store->group;
    uint32_t size = htole32((uint32_t)(group->size - begin));
    size_t end = begin - SIZE_SIZE; /* of those before */
    memcpy(group->at + end, &size, SIZE_SIZE);
    if (end > QUICK_SIZE && group->size > GROUP_FULL) {
        if (self->group_changed) bundle_lay(self, end);
        memmove(group->at + QUICK_SIZE, group->at + end, group->size - end);
        group->size -= end - QUICK_SIZE;
        self->group_first = seq;
        self->group_kept = false;
    }
    self->group_changed = true;
}
