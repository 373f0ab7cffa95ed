/* Persons in post, worked out from what stands: who was in place by the due day, who stays, and what that makes of a tenure. */
#include "services/minning/verify_inner.h"

#include <stdlib.h>
#include <string.h>

/* One person, merged over all reports that name him: came first, left last. */
typedef struct {
    uint8_t hash[32];
    uint32_t in_day, out_day;
    uint64_t out_seq;
} post_t;

typedef struct {
    post_t *at;
    uint32_t count, room;
} posts_t;

static post_t *post_of(posts_t *posts, const uint8_t hash[32]) {
    for (uint32_t index = 0; index < posts->count; index++)
        if (memcmp(posts->at[index].hash, hash, 32) == 0) return &posts->at[index];
    if (posts->count == posts->room) {
        posts->room = posts->room == 0 ? 64 : posts->room * 2;
        posts->at = verify_grown(posts->at, posts->room, sizeof *posts->at);
    }
    post_t *post = &posts->at[posts->count++];
    *post = (post_t){0};
    memcpy(post->hash, hash, 32);
    return post;
}

static void posts_add(posts_t *posts, const struct verify_person *person) {
    if (person->contested) return; /* another unit's */
    post_t *post = post_of(posts, person->hash);
    if (person->in_day != 0 && (post->in_day == 0 || person->in_day < post->in_day)) post->in_day = person->in_day;
    if (person->out_day == 0 || person->since_seq < post->out_seq) return;
    if (person->since_seq > post->out_seq || person->out_day > post->out_day) post->out_day = person->out_day;
    post->out_seq = person->since_seq;
}

static posts_t posts_of(const verify_t *self, uint32_t task, uint32_t indicator) {
    posts_t posts = {0};
    for (uint32_t at = 0; at < self->count; at++)
        for (uint32_t index = 0; self->reports[at].task == task && index < self->reports[at].figure_count; index++) {
            const verify_figure_t *figure = &self->reports[at].figures[index];
            for (uint32_t one = 0; figure->indicator == indicator && one < figure->person_count; one++)
                posts_add(&posts, &figure->persons[one]);
        }
    return posts;
}

/* On that day, or later: he had not left before it. */
static bool was_there(const post_t *post, uint32_t day) {
    return post->in_day != 0 && (post->out_day == 0 || post->out_day >= day);
}

int64_t verify_people(const verify_t *self, uint32_t task, uint32_t indicator, uint32_t due_day) {
    posts_t posts = posts_of(self, task, indicator);
    int64_t total = 0;
    for (uint32_t index = 0; index < posts.count; index++) total += was_there(&posts.at[index], due_day);
    free(posts.at);
    return total;
}

/* Of those who came by `by_day` and were there on the due day, how many are there to the last day of the term. */
static uint64_t staying(const posts_t *posts, uint32_t by_day, uint32_t due_day, uint32_t last_day) {
    uint64_t count = 0;
    for (uint32_t index = 0; index < posts->count; index++) {
        const post_t *post = &posts->at[index];
        count += post->in_day <= by_day && was_there(post, due_day) && was_there(post, last_day);
    }
    return count;
}

/* The day on which as many were in post as are wanted; 0: there never was one. */
static uint32_t day_reached(const posts_t *posts, uint32_t due_day, uint64_t goal) {
    uint32_t reached = 0;
    for (uint32_t index = 0; index < posts->count; index++) {
        const post_t *post = &posts->at[index];
        uint64_t there = 0;
        for (uint32_t other = 0; other < posts->count; other++)
            there += was_there(&posts->at[other], due_day) && posts->at[other].in_day <= post->in_day;
        if (was_there(post, due_day) && there >= goal && (reached == 0 || post->in_day < reached)) reached = post->in_day;
    }
    return reached;
}

void verify_lasting(const verify_t *self, uint32_t task, uint32_t indicator, const target_t *target, uint32_t due_day,
                    verify_target_t *said) {
    posts_t posts = posts_of(self, task, indicator);
    uint32_t term = day_add_months(due_day, (uint32_t)target->months);
    said->goal = target->goal;
    said->reached_day = day_reached(&posts, due_day, target->goal);
    bool in_time = said->reached_day != 0 && said->reached_day <= due_day;
    said->done = staying(&posts, in_time ? due_day : UINT32_MAX, due_day, term);
    said->tenure = tenure_none;
    if (said->reached_day != 0 && target->months > 0) {
        uint32_t base = in_time ? due_day : said->reached_day, last = day_add_months(base, (uint32_t)target->months);
        int64_t now_ms = self->sealed_ms != 0 ? self->sealed_ms : self->now_ms;
        bool over = day_of_instant(planbook_plan(self->book), now_ms) > last;
        bool broken = staying(&posts, base, due_day, last) < target->goal; /* who came later mends nothing */
        said->tenure = broken ? tenure_broken : over ? tenure_kept : tenure_holding;
    }
    free(posts.at);
}
