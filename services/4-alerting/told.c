/* Sorted lists of (warning id, state): what Redis shows between epochs, or at all, and what a file says it once did. */
#include "services/4-alerting/told.h"

#include "proto/crypto.h"
#include "services/4-alerting/chunk.h"
#include "services/stage/home.h"
#include "services/stage/log.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_SIZE = 17 /* warning id, 1 raised or 0 withdrawn */ };

const char told_end_id[] = "18446744073709551615-18446744073709551615";

typedef struct {
    uint8_t (*keys)[KEY_SIZE]; /* sorted once they are all there */
    size_t count;
    size_t room;
    size_t entries;   /* that were read for it, of others too */
    uint64_t epoch;   /* of the first that a full stream keeps: what it had before is gone, */
    uint64_t horizon; /* up to this seq */
} list_t;

struct told {
    list_t shown;        /* by Redis */
    list_t kept;         /* in the file */
    char last[REDIS_ID]; /* entry of the page at hand */
};

told_t *told_new(void) {
    told_t *self = calloc(1, sizeof *self);
    ASSERT(self != NULL);
    return self;
}

void told_destroy(told_t **self) {
    if (*self == NULL) return;
    free((*self)->shown.keys);
    free((*self)->kept.keys);
    free(*self);
    *self = NULL;
}

void told_id(numbering_t numbering, uint64_t epoch, uint64_t seq, char id[REDIS_ID]) {
    bool in_volume = numbering.volume > 0 && epoch <= numbering.epoch;
    uint64_t number = in_volume ? numbering.volume * VOLUME_ROOM + seq : seq;
    snprintf(id, REDIS_ID, "%" PRIu64 "-%" PRIu64, in_volume ? numbering.epoch : epoch, number);
}

bool told_id_parse(const char *id, uint64_t *epoch, uint64_t *number) {
    char *end = NULL;
    *epoch = strtoull(id, &end, 10);
    if (end == id || *end != '-') return false;
    const char *behind = end + 1;
    *number = strtoull(behind, &end, 10);
    return end != behind && *end == '\0';
}

bool told_volume_behind(const char *id, numbering_t *numbering) {
    uint64_t epoch, number;
    if (!told_id_parse(id, &epoch, &number)) return false;
    *numbering = (numbering_t){epoch, number / VOLUME_ROOM + 1};
    return true;
}

static bool body_key(text_t body, uint8_t key[KEY_SIZE]) {
    json_t *json = json_loadb(body.at == NULL ? "" : body.at, body.size, 0, NULL);
    const char *id = json_string_value(json_object_get(json, "id"));
    const char *state = json_string_value(json_object_get(json, "state"));
    bool raised = state != NULL && strcmp(state, "raised") == 0;
    bool good = id != NULL && state != NULL && (raised || strcmp(state, "resolved") == 0) && hex_read(text_of(id), key, 16);
    key[KEY_SIZE - 1] = raised;
    json_decref(json);
    return good;
}

bool told_is_warning(text_t body) {
    uint8_t key[KEY_SIZE];
    return body_key(body, key);
}

static int key_compare(const void *a, const void *b) { return memcmp(a, b, KEY_SIZE); }

/* What a stream of this epoch had before it was full; a later epoch came behind all of it. */
static bool is_trimmed(const list_t *list, const notice_t *notice) {
    return notice->epoch <= list->epoch && notice->seq <= list->horizon;
}

static bool list_has(const list_t *list, const notice_t *notice) {
    uint8_t key[KEY_SIZE];
    if (is_trimmed(list, notice)) return true;
    if (list->count == 0) return false;
    memcpy(key, notice->warning_id, sizeof notice->warning_id);
    key[KEY_SIZE - 1] = notice->raised;
    return bsearch(key, list->keys, list->count, KEY_SIZE, key_compare) != NULL;
}

bool told_has(const told_t *self, const notice_t *notice) { return list_has(&self->shown, notice); }

bool told_rang(const told_t *self, const notice_t *notice) { return list_has(&self->kept, notice); }

static void list_add(list_t *list, const uint8_t key[KEY_SIZE]) {
    if (list->count == list->room) {
        list->room = list->room == 0 ? 256 : list->room * 2;
        list->keys = realloc(list->keys, list->room * KEY_SIZE);
        ASSERT(list->keys != NULL);
    }
    memcpy(list->keys[list->count++], key, KEY_SIZE);
}

/* Something that is no warning of ours is not history: where it is in the way the alarm says so. */
static void on_entry(void *owner, const char *id, text_t body) {
    told_t *self = owner;
    uint8_t key[KEY_SIZE];
    snprintf(self->last, sizeof self->last, "%s", id);
    self->shown.entries++;
    if (body_key(body, key)) list_add(&self->shown, key);
}

/* All entries of one gap, both ends included, page by page. */
static err_t gap_read(told_t *self, redis_t *redis, text_t stream, const char *from, const char *to, char why[REDIS_WHY]) {
    char next[REDIS_ID];
    uint32_t count = REDIS_PAGE;
    snprintf(next, sizeof next, "%s", from);
    while (count == REDIS_PAGE) {
        err_t err = redis_history(redis, stream, next, to, on_entry, self, &count, why);
        uint64_t epoch, seq;
        if (err != OK) return err;
        if (count == 0 || !told_id_parse(self->last, &epoch, &seq) || seq == UINT64_MAX) break;
        snprintf(next, sizeof next, "%" PRIu64 "-%" PRIu64, epoch, seq + 1);
    }
    return OK;
}

static uint64_t epoch_at(txn_t *txn, uint64_t seq, arena_t *arena) {
    event_t event;
    arena_reset(arena);
    return txn_event(txn, seq, arena, &event, NULL) ? event.epoch : 0;
}

/* The last event of the epoch that `first` belongs to; epochs only grow. */
static uint64_t epoch_end(txn_t *txn, uint64_t first, uint64_t head, arena_t *arena) {
    uint64_t epoch = epoch_at(txn, first, arena), low = first, high = head;
    while (low < high) {
        uint64_t middle = low + (high - low + 1) / 2;
        if (epoch_at(txn, middle, arena) == epoch)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

typedef struct {
    char from[REDIS_ID];
    char to[REDIS_ID];
} gap_t;

/* The gap behind the epoch that begins at *first; moves *first to the next one, to 0 where there is none. ERR_STORE: what is
 * sure does not stand there now. */
static err_t gap_find(store_t *store, head_t sure, uint64_t *first, gap_t *gap) {
    txn_t *txn = store_read(store);
    if (txn == NULL) return ERR_STORE;
    arena_t *arena = arena_new();
    uint64_t head = chunk_sure(txn, sure), last = *first > head ? head : epoch_end(txn, *first, head, arena);
    err_t err = head == 0 ? ERR_STORE : OK;
    if (last < head) {
        snprintf(gap->from, REDIS_ID, "%" PRIu64 "-%" PRIu64, epoch_at(txn, last, arena), last + 1);
        snprintf(gap->to, REDIS_ID, "%" PRIu64 "-%" PRIu64, epoch_at(txn, last + 1, arena), last);
    }
    *first = last < head ? last + 1 : 0;
    if (txn_error(txn) != OK) err = ERR_STORE;
    txn_abort(&txn);
    arena_destroy(&arena);
    return err;
}

static void told_begin(told_t *self) {
    self->shown.count = self->shown.entries = 0;
    self->shown.epoch = self->shown.horizon = 0;
    snprintf(self->last, sizeof self->last, "0-0");
}

static void told_end(told_t *self, const char *what) {
    if (self->shown.count == 0) return;
    qsort(self->shown.keys, self->shown.count, KEY_SIZE, key_compare);
    log_info(what, "warnings=%zu", self->shown.count);
}

err_t told_load(told_t *self, store_t *store, head_t sure, redis_t *redis, text_t stream, char why[REDIS_WHY]) {
    gap_t gap;
    uint64_t first = 1;
    told_begin(self);
    err_t err = gap_find(store, sure, &first, &gap);
    while (err == OK && first > 0) {
        err = gap_read(self, redis, stream, gap.from, gap.to, why);
        if (err == OK) err = gap_find(store, sure, &first, &gap);
    }
    told_end(self, "lost_epochs_told");
    return err;
}

static void on_first(void *owner, const char *id, text_t body) {
    list_t *list = owner;
    uint64_t epoch, number;
    (void)body;
    if (list->horizon > 0 || !told_id_parse(id, &epoch, &number)) return;
    list->epoch = epoch;
    list->horizon = number % VOLUME_ROOM;
}

err_t told_load_all(told_t *self, redis_t *redis, text_t stream, char why[REDIS_WHY]) {
    uint32_t count;
    told_begin(self);
    err_t err = gap_read(self, redis, stream, "0-1", told_end_id, why);
    if (err == OK && self->shown.entries >= LIMIT_REDIS_STREAM) /* what came before the first was told, and trimmed since */
        err = redis_history(redis, stream, "0-1", told_end_id, on_first, &self->shown, &count, why);
    told_end(self, "stream_read_again");
    return err;
}

bool told_ends_with(const told_t *self, const char *id) { return strcmp(self->last, id) == 0; }

/* --- the file: the id that a full stream began with, the keys, a hash of it all --- */

enum { HEAD_SIZE = 64 };

static err_t file_write(const char *file, const list_t *list) {
    buffer_t out = {0};
    char head[HEAD_SIZE] = "";
    uint8_t hash[HASH_SIZE];
    snprintf(head, sizeof head, "%" PRIu64 "-%" PRIu64, list->epoch, list->horizon);
    buffer_add(&out, head, sizeof head);
    if (list->count > 0) buffer_add(&out, list->keys, list->count * KEY_SIZE);
    hash_of((bytes_t){out.at, (uint32_t)out.size}, hash);
    buffer_add(&out, hash, sizeof hash);
    err_t err = home_write(file, (text_t){(const char *)out.at, (uint32_t)out.size}, 0600);
    buffer_destroy(&out);
    return err;
}

/* Both lists, each key once. Where that is more than a stream ever keeps, what it no longer shows is long past. */
static list_t list_both(const list_t *shown, const list_t *kept) {
    list_t both = {.epoch = shown->epoch, .horizon = shown->horizon};
    bool older = shown->horizon == 0 || kept->epoch > shown->epoch;
    if (older) both = (list_t){.epoch = kept->epoch, .horizon = kept->horizon};
    for (size_t index = 0; index < shown->count; index++) list_add(&both, shown->keys[index]);
    bool fits = shown->count + kept->count <= LIMIT_TOLD_KEPT;
    for (size_t index = 0; fits && index < kept->count; index++) {
        bool twice = shown->count > 0 && bsearch(kept->keys[index], shown->keys, shown->count, KEY_SIZE, key_compare) != NULL;
        if (!twice) list_add(&both, kept->keys[index]);
    }
    if (both.count > 0) qsort(both.keys, both.count, KEY_SIZE, key_compare);
    return both;
}

err_t told_keep(told_t *self, const char *file) {
    list_t both = list_both(&self->shown, &self->kept);
    err_t err = file_write(file, &both);
    free(err == OK ? self->kept.keys : both.keys);
    if (err == OK) self->kept = both;
    return err;
}

static bool file_list(text_t content, list_t *list) {
    uint8_t hash[HASH_SIZE];
    uint32_t size = content.size - HASH_SIZE;
    if (content.size < HEAD_SIZE + HASH_SIZE || (size - HEAD_SIZE) % KEY_SIZE != 0) return false;
    hash_of((bytes_t){(const uint8_t *)content.at, size}, hash);
    if (memcmp(hash, content.at + size, sizeof hash) != 0) return false;
    for (uint32_t at = HEAD_SIZE; at < size; at += KEY_SIZE) list_add(list, (const uint8_t *)content.at + at);
    return told_id_parse(content.at, &list->epoch, &list->horizon);
}

void told_recall(told_t *self, const char *file) {
    text_t content;
    arena_t *arena = arena_new();
    uint32_t most = HEAD_SIZE + LIMIT_TOLD_KEPT * KEY_SIZE + HASH_SIZE;
    err_t err = home_read(file, arena, most, &content);
    if (err == OK && !file_list(content, &self->kept)) {
        self->kept.count = 0;
        err = ERR_CORRUPT;
    }
    if (err != OK && err != ERR_MISSING) log_warn("told_unreadable", "file=%s err=%s", file, err_name(err));
    arena_destroy(&arena);
}
