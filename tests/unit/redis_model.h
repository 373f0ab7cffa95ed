/* Redis as far as the publisher knows it, behind redis.h, in the place of redis.c: its answers can be cut off, and something can
 * happen between two of them. */
#ifndef REDIS_MODEL_H
#define REDIS_MODEL_H

#include "services/4-alerting/redis.h"
#include "services/4-alerting/told.h"

#include <stdio.h>
#include <string.h>

enum { MODEL_ENTRIES = 256 };

typedef struct {
    uint64_t epoch;
    uint64_t number;
    text_t body; /* in the arena */
} model_entry_t;

struct redis {
    model_entry_t entries[MODEL_ENTRIES];
    uint32_t count;
    uint32_t full;             /* so many more stand before them, from 1-1001 on, with the body of the first */
    uint32_t rings;
    uint32_t answers_left;     /* UINT32_MAX: it stays */
    bool last_is_lost;         /* what it is asked last is done, and not answered */
    void (*between)(void *);   /* once, behind the answer that comes after so many others */
    uint32_t others;
    void (*added)(void *, text_t body, bool ring); /* seen as it comes to stand there */
    void *owner;
    arena_t *arena;
};
static struct redis model;

static inline err_t model_answer(redis_t *self, char why[REDIS_WHY]) {
    snprintf(why, REDIS_WHY, "away");
    if (self->answers_left == 0) return ERR_SYSTEM;
    if (self->answers_left != UINT32_MAX) self->answers_left--;
    return OK;
}

static inline void model_between(redis_t *self) {
    void (*between)(void *) = self->between;
    if (between == NULL || self->others-- > 0) return;
    self->between = NULL;
    between(self->owner);
}

err_t redis_open(const redis_place_t *place, redis_t **out, char why[REDIS_WHY]) {
    (void)place;
    err_t err = model_answer(&model, why);
    *out = err == OK ? &model : NULL;
    return err;
}

void redis_close(redis_t **self) { *self = NULL; }

static inline void model_id(const model_entry_t *entry, char id[REDIS_ID]) {
    told_id((numbering_t){0}, entry->epoch, entry->number, id);
}

static inline bool model_below(const model_entry_t *one, const model_entry_t *other) {
    return one->epoch < other->epoch || (one->epoch == other->epoch && one->number < other->number);
}

static inline model_entry_t model_at(const redis_t *self, uint32_t index) {
    if (index >= self->full) return self->entries[index - self->full];
    return (model_entry_t){1, 1001 + index, self->entries[0].body};
}

static inline model_entry_t model_last(const redis_t *self) {
    uint32_t count = self->full + self->count;
    return count == 0 ? (model_entry_t){0} : model_at(self, count - 1);
}

err_t redis_newest(redis_t *self, text_t stream, arena_t *arena, redis_newest_t *newest, char why[REDIS_WHY]) {
    (void)stream;
    if (model_answer(self, why) != OK) return ERR_SYSTEM;
    model_entry_t last = model_last(self);
    model_id(&last, newest->id);
    newest->body = arena_text(arena, last.body);
    model_between(self);
    return OK;
}

err_t redis_history(redis_t *self, text_t stream, const char *from, const char *to,
                    void (*each)(void *owner, const char *id, text_t body), void *owner, uint32_t *count, char why[REDIS_WHY]) {
    (void)stream;
    if (model_answer(self, why) != OK) return ERR_SYSTEM;
    model_entry_t first = {0}, last = {0};
    char id[REDIS_ID];
    *count = 0;
    assert_true(told_id_parse(from, &first.epoch, &first.number) && told_id_parse(to, &last.epoch, &last.number));
    bool within = first.epoch == 1 && first.number > 1001 && first.number - 1001 <= self->full;
    for (uint32_t index = within ? (uint32_t)(first.number - 1001) : 0; index < self->full + self->count; index++) {
        model_entry_t entry = model_at(self, index);
        if (*count == REDIS_PAGE || model_below(&last, &entry)) break;
        if (model_below(&entry, &first)) continue;
        model_id(&entry, id);
        each(owner, id, entry.body);
        ++*count;
    }
    model_between(self);
    return OK;
}

static inline post_t model_post(redis_t *self, const redis_post_t *post, const model_entry_t *entry) {
    model_entry_t newest = model_last(self);
    char id[REDIS_ID];
    for (uint32_t index = 0; index < self->count; index++)
        if (self->entries[index].epoch == entry->epoch && self->entries[index].number == entry->number)
            return text_equal(self->entries[index].body, entry->body) ? POST_THERE : POST_BLOCKED;
    model_id(&newest, id);
    if (post->expected != NULL && strcmp(post->expected, id) != 0) return POST_DIFFERS;
    if (!model_below(&newest, entry)) return POST_BLOCKED;
    assert_true(self->count < MODEL_ENTRIES);
    self->entries[self->count] = *entry;
    self->entries[self->count++].body = arena_text(self->arena, post->body);
    self->rings += post->ring;
    if (self->added != NULL) self->added(self->owner, post->body, post->ring);
    return POST_ADDED;
}

err_t redis_post(redis_t *self, const redis_post_t *post, post_t *outcome, char why[REDIS_WHY]) {
    model_entry_t entry = {.body = post->body};
    assert_true(told_id_parse(post->id, &entry.epoch, &entry.number));
    if (model_answer(self, why) != OK) return ERR_SYSTEM;
    *outcome = model_post(self, post, &entry);
    model_between(self);
    return self->answers_left == 0 && self->last_is_lost ? ERR_SYSTEM : OK;
}

#endif
