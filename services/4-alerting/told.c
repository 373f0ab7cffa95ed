/* A sorted list of (warning id, state), read out of the gaps between epochs. */
#include "services/4-alerting/told.h"

#include "proto/crypto.h"
#include "services/stage/log.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_SIZE = 17 /* warning id, 1 raised or 0 withdrawn */ };

const char told_end_id[] = "18446744073709551615-18446744073709551615";

struct told {
    uint8_t (*keys)[KEY_SIZE]; /* sorted once they are all there */
    size_t count;
    size_t room;
    uint64_t horizon;    /* the full stream keeps nothing up to this seq */
    char last[REDIS_ID]; /* of the page at hand */
};

told_t *told_new(void) {
    told_t *self = calloc(1, sizeof *self);
    ASSERT(self != NULL);
    return self;
}

void told_destroy(told_t **self) {
    if (*self == NULL) return;
    free((*self)->keys);
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

bool told_has(const told_t *self, const notice_t *notice) {
    uint8_t key[KEY_SIZE];
    if (notice->seq <= self->horizon) return true;
    if (self->count == 0) return false;
    memcpy(key, notice->warning_id, sizeof notice->warning_id);
    key[KEY_SIZE - 1] = notice->raised;
    return bsearch(key, self->keys, self->count, KEY_SIZE, key_compare) != NULL;
}

/* Something that is no warning of ours is not history: where it is in the way the alarm says so. */
static void on_entry(void *owner, const char *id, text_t body) {
    told_t *self = owner;
    uint8_t key[KEY_SIZE];
    snprintf(self->last, sizeof self->last, "%s", id);
    if (!body_key(body, key)) return;
    if (self->count == self->room) {
        self->room = self->room == 0 ? 256 : self->room * 2;
        self->keys = realloc(self->keys, self->room * KEY_SIZE);
        ASSERT(self->keys != NULL);
    }
    memcpy(self->keys[self->count++], key, KEY_SIZE);
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

/* The gap behind the epoch that begins at *first; moves *first to the next one. false: there is none. */
static bool gap_find(store_t *store, uint64_t *first, char from[REDIS_ID], char to[REDIS_ID]) {
    txn_t *txn = store_read(store);
    if (txn == NULL) return false;
    arena_t *arena = arena_new();
    uint64_t head = txn_head(txn).seq, last = *first > head ? head : epoch_end(txn, *first, head, arena);
    bool found = *first <= head && last < head;
    if (found) {
        snprintf(from, REDIS_ID, "%" PRIu64 "-%" PRIu64, epoch_at(txn, last, arena), last + 1);
        snprintf(to, REDIS_ID, "%" PRIu64 "-%" PRIu64, epoch_at(txn, last + 1, arena), last);
        *first = last + 1;
    }
    found = found && txn_error(txn) == OK;
    txn_abort(&txn);
    arena_destroy(&arena);
    return found;
}

static void told_begin(told_t *self) {
    self->count = 0;
    self->horizon = 0;
}

static void told_end(told_t *self, const char *what) {
    if (self->count == 0) return;
    qsort(self->keys, self->count, KEY_SIZE, key_compare);
    log_info(what, "warnings=%zu", self->count);
}

err_t told_load(told_t *self, store_t *store, redis_t *redis, text_t stream, char why[REDIS_WHY]) {
    char from[REDIS_ID], to[REDIS_ID];
    err_t err = OK;
    told_begin(self);
    for (uint64_t first = 1; err == OK && gap_find(store, &first, from, to);) err = gap_read(self, redis, stream, from, to, why);
    told_end(self, "lost_epochs_told");
    return err;
}

static void on_first(void *owner, const char *id, text_t body) {
    told_t *self = owner;
    uint64_t epoch, number;
    (void)body;
    if (told_id_parse(id, &epoch, &number) && self->horizon == 0) self->horizon = number % VOLUME_ROOM;
}

err_t told_load_all(told_t *self, redis_t *redis, text_t stream, char why[REDIS_WHY]) {
    uint32_t count;
    told_begin(self);
    err_t err = gap_read(self, redis, stream, "0-1", told_end_id, why);
    if (err == OK && self->count >= LIMIT_REDIS_STREAM) /* what came before the first was told, and trimmed since */
        err = redis_history(redis, stream, "0-1", told_end_id, on_first, self, &count, why);
    told_end(self, "stream_read_again");
    return err;
}
