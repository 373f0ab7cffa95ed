/* What Redis shows as told, between epochs or at all, and what the file says was told. */
#include "services/4-alerting/told.h"

#include "proto/crypto.h"
#include "services/4-alerting/chunk.h"
#include "services/4-alerting/told_file.h"
#include "services/stage/log.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char told_end_id[] = "18446744073709551615-18446744073709551615";

struct told {
    char file[264];
    told_keys_t shown;   /* by Redis */
    size_t entries;      /* that were read for it, of others too */
    uint64_t epoch;      /* of the first that a full stream keeps: what it had before is gone, */
    uint64_t horizon;    /* up to this seq, if stream 4 is still the same */
    told_keys_t kept;    /* by the file, as far as it was read */
    size_t kept_passed;  /* of these */
    told_keys_t noted;   /* not in the file yet */
    uint64_t records;    /* in it */
    char last[REDIS_ID]; /* entry of the page at hand */
};

told_t *told_new(const char *file) {
    told_t *self = calloc(1, sizeof *self);
    ASSERT(self != NULL);
    snprintf(self->file, sizeof self->file, "%s", file);
    return self;
}

void told_destroy(told_t **self) {
    if (*self == NULL) return;
    told_keys_destroy(&(*self)->shown);
    told_keys_destroy(&(*self)->kept);
    told_keys_destroy(&(*self)->noted);
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

static bool body_key(text_t body, uint8_t key[TOLD_KEY]) {
    json_t *json = json_loadb(body.at == NULL ? "" : body.at, body.size, 0, NULL);
    const char *id = json_string_value(json_object_get(json, "id"));
    const char *state = json_string_value(json_object_get(json, "state"));
    bool raised = state != NULL && strcmp(state, "raised") == 0;
    bool good = id != NULL && state != NULL && (raised || strcmp(state, "resolved") == 0) && hex_read(text_of(id), key, 16);
    key[TOLD_KEY - 1] = raised;
    json_decref(json);
    return good;
}

bool told_is_warning(text_t body) {
    uint8_t key[TOLD_KEY];
    return body_key(body, key);
}

static bool is_full(const told_t *self) { return self->entries >= LIMIT_REDIS_STREAM; }

/* A full stream has lost what came first. The file knows what that was; without it, whatever had a lower number in that epoch. */
static bool is_trimmed(const told_t *self, const notice_t *notice, const uint8_t key[TOLD_KEY]) {
    if (self->kept.count > 0) return is_full(self) && told_keys_have(&self->kept, key);
    return notice->epoch <= self->epoch && notice->seq <= self->horizon;
}

bool told_has(const told_t *self, const notice_t *notice) {
    uint8_t key[TOLD_KEY];
    told_key_of(notice, key);
    return told_keys_have(&self->shown, key) || is_trimmed(self, notice, key);
}

bool told_rang(const told_t *self, const notice_t *notice) {
    uint8_t key[TOLD_KEY];
    told_key_of(notice, key);
    return told_keys_have(&self->kept, key);
}

/* Something that is no warning of ours is not history: where it is in the way the alarm says so. */
static void on_entry(void *owner, const char *id, text_t body) {
    told_t *self = owner;
    uint8_t key[TOLD_KEY];
    snprintf(self->last, sizeof self->last, "%s", id);
    self->entries++;
    if (body_key(body, key)) told_keys_add(&self->shown, key);
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
    self->shown.count = self->entries = 0;
    self->epoch = self->horizon = 0;
    snprintf(self->last, sizeof self->last, "0-0");
}

static void told_end(told_t *self, const char *what) {
    if (self->shown.count == 0) return;
    told_keys_sort(&self->shown);
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
    told_t *self = owner;
    uint64_t epoch, number;
    (void)body;
    if (self->horizon > 0 || !told_id_parse(id, &epoch, &number)) return;
    self->epoch = epoch;
    self->horizon = number % VOLUME_ROOM;
}

err_t told_load_all(told_t *self, redis_t *redis, text_t stream, char why[REDIS_WHY]) {
    uint32_t count;
    told_begin(self);
    err_t err = gap_read(self, redis, stream, "0-1", told_end_id, why);
    if (err == OK && is_full(self)) err = redis_history(redis, stream, "0-1", told_end_id, on_first, self, &count, why);
    told_end(self, "stream_read_again");
    return err;
}

bool told_ends_with(const told_t *self, const char *id) { return strcmp(self->last, id) == 0; }

/* --- the file --- */

err_t told_recall(told_t *self, uint64_t known) {
    self->kept.count = self->kept_passed = 0;
    err_t err = told_file_read(self->file, known, &self->kept, &self->records);
    told_keys_sort(&self->kept);
    return err == ERR_MISSING ? OK : err;
}

void told_note(told_t *self, const notice_t *notice) {
    uint8_t key[TOLD_KEY];
    told_key_of(notice, key);
    if (told_keys_have(&self->kept, key)) self->kept_passed++;
    else told_keys_add(&self->noted, key);
}

err_t told_keep(told_t *self) {
    if (self->noted.count == 0) return OK;
    err_t err = told_file_append(self->file, &self->noted, &self->records);
    if (err == OK) self->noted.count = 0;
    return err;
}

bool told_covered(const told_t *self, uint64_t *records) {
    bool covered = self->noted.count == 0 && self->kept_passed >= self->kept.count;
    if (covered) *records = self->records;
    return covered;
}

err_t told_keep_shown(told_t *self) {
    err_t err = told_keep(self);
    if (err == OK) err = told_recall(self, 0);
    for (size_t index = 0; err == OK && index < self->shown.count; index++)
        if (!told_keys_have(&self->kept, self->shown.keys[index])) told_keys_add(&self->noted, self->shown.keys[index]);
    if (err == OK && self->noted.count > 0) {
        err = told_keep(self);
        if (err == OK) err = told_recall(self, 0);
    }
    return err;
}
