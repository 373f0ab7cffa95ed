/* A model of Redis behind redis.h: the linker takes it in the place of redis.c, so that the real publisher talks to it. */
#include "services/4-alerting/redis.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/crypto.h"
#include "tests/sim/sim.h"

struct redis {
    sim_redis_t *model;
};

static struct redis only;

static bool answers(sim_redis_t *model, char why[REDIS_WHY]) {
    if (model->dies_after > 0 && --model->dies_after == 0) model->away = true;
    if (model->away) snprintf(why, REDIS_WHY, "away");
    return !model->away;
}

err_t redis_open(const redis_place_t *place, redis_t **out, char why[REDIS_WHY]) {
    (void)place;
    only.model = &sim_now->redis;
    *out = answers(only.model, why) ? &only : NULL;
    return *out == NULL ? ERR_SYSTEM : OK;
}

void redis_close(redis_t **self) { *self = NULL; }

static const redis_entry_t *newest_of(const sim_redis_t *model) {
    return model->count == 0 ? NULL : &model->entries[model->count - 1];
}

static void id_of(const redis_entry_t *entry, char id[REDIS_ID]) {
    snprintf(id, REDIS_ID, "%llu-%llu", entry == NULL ? 0 : (unsigned long long)entry->epoch,
             entry == NULL ? 0 : (unsigned long long)entry->seq);
}

err_t redis_newest(redis_t *self, text_t stream, arena_t *arena, redis_newest_t *newest, char why[REDIS_WHY]) {
    (void)stream;
    if (!answers(self->model, why)) return ERR_SYSTEM;
    const redis_entry_t *entry = newest_of(self->model);
    id_of(entry, newest->id);
    newest->body = entry == NULL ? text_of("") : arena_text(arena, entry->body);
    return OK;
}

static bool id_read(const char *id, uint64_t *epoch, uint64_t *seq) {
    unsigned long long first = 0, second = 0;
    bool good = sscanf(id, "%llu-%llu", &first, &second) == 2;
    *epoch = first;
    *seq = second;
    return good;
}

static bool is_before(uint64_t epoch, uint64_t seq, uint64_t other_epoch, uint64_t other_seq) {
    return epoch < other_epoch || (epoch == other_epoch && seq < other_seq);
}

/* XRANGE, a page of it. */
err_t redis_history(redis_t *self, text_t stream, const char *from, const char *to,
                    void (*each)(void *owner, const char *id, text_t body), void *owner, uint32_t *count, char why[REDIS_WHY]) {
    (void)stream;
    sim_redis_t *model = self->model;
    uint64_t epoch, seq, last_epoch, last_seq;
    if (!answers(model, why)) return ERR_SYSTEM;
    bool read = id_read(from, &epoch, &seq) && id_read(to, &last_epoch, &last_seq);
    ASSERT(read);
    *count = 0;
    for (uint32_t index = 0; index < model->count && *count < REDIS_PAGE; index++) {
        const redis_entry_t *entry = &model->entries[index];
        if (is_before(entry->epoch, entry->seq, epoch, seq) || is_before(last_epoch, last_seq, entry->epoch, entry->seq))
            continue;
        char id[REDIS_ID];
        id_of(entry, id);
        each(owner, id, entry->body);
        ++*count;
    }
    return OK;
}

static void entry_add(redis_entry_t **entries, uint32_t *count, uint32_t *room, const redis_entry_t *entry) {
    if (*count == *room) {
        *room = *room == 0 ? 64 : *room * 2;
        *entries = realloc(*entries, sizeof **entries * *room);
        ASSERT(*entries != NULL);
    }
    (*entries)[(*count)++] = *entry;
}

static const redis_entry_t *entry_find(const sim_redis_t *model, uint64_t epoch, uint64_t seq) {
    for (uint32_t index = model->count; index > 0; index--)
        if (model->entries[index - 1].epoch == epoch && model->entries[index - 1].seq == seq) return &model->entries[index - 1];
    return NULL;
}

/* A second ring is for what the publisher cannot know to have rung, whatever became of Redis, of numbers and of stream 4. */
static void ring_check(const sim_redis_t *model, const redis_entry_t *entry) {
    for (uint32_t index = 0; index < model->ring_count; index++) {
        const redis_entry_t *rung = &model->rings[index];
        SIM_HOLDS(sim_now, "rung_once", rung->unheard || !sim_same_warning(rung->body, entry->body),
                  "%llu-%llu, although %llu-%llu rang and that was known", (unsigned long long)entry->epoch,
                  (unsigned long long)entry->seq, (unsigned long long)rung->epoch, (unsigned long long)rung->seq);
    }
}

/* As the Lua script of redis.c: XADD and, only if that was new, PUBLISH; all of it or nothing. */
static post_t post_do(sim_redis_t *model, const redis_post_t *post, const redis_entry_t *entry) {
    const redis_entry_t *same = entry_find(model, entry->epoch, entry->seq);
    if (same != NULL) return text_equal(same->body, entry->body) ? POST_THERE : POST_BLOCKED;
    char newest[REDIS_ID];
    id_of(newest_of(model), newest);
    if (post->expected != NULL && strcmp(post->expected, newest) != 0) return POST_DIFFERS;
    if (!is_before(model->top_epoch, model->top_seq, entry->epoch, entry->seq)) return POST_BLOCKED;
    model->top_epoch = entry->epoch;
    model->top_seq = entry->seq;
    entry_add(&model->entries, &model->count, &model->room, entry);
    if (post->ring) ring_check(model, entry);
    if (post->ring) entry_add(&model->rings, &model->ring_count, &model->ring_room, entry);
    return POST_ADDED;
}

err_t redis_post(redis_t *self, const redis_post_t *post, post_t *outcome, char why[REDIS_WHY]) {
    sim_redis_t *model = self->model;
    redis_entry_t entry = {.body = arena_text(model->arena, post->body), .ledger_epoch = sim_now->epoch};
    if (!answers(model, why)) return ERR_SYSTEM;
    bool read = id_read(post->id, &entry.epoch, &entry.seq);
    ASSERT(read);
    *outcome = post_do(model, post, &entry);
    sim_trace(sim_now, "redis %s %s: %u", post->ring ? "post" : "restore", post->id, (unsigned)*outcome);
    if (!model->lose_reply) return OK;
    model->lose_reply = false;
    if (*outcome == POST_ADDED && post->ring) model->rings[model->ring_count - 1].unheard = true;
    snprintf(why, REDIS_WHY, "connection lost before the answer");
    return ERR_SYSTEM;
}
