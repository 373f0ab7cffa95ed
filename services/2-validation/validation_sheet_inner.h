/* What the files of sheets share: a sheet at hand, and its row. Included by validation_sheet*.c and validation_plain.c only. */
#ifndef VALIDATION_SHEET_INNER_H
#define VALIDATION_SHEET_INNER_H

#include "services/2-validation/validation_state.h"

/* What stands for one period, as nearly all of them are: thousands are at hand, and each has one line of the cache. */
typedef struct {
    uint32_t period_from, revision;
    uint64_t seq, newest_seq, first_valid_ms, received_ms;
    uint8_t body_hash[QUICK_SIZE];
    validation_standing_t *whole; /* where there is more to it: claims, a decision, an extension, a request; or NULL */
} brief_t;

/* The months of one figure, with room for more. */
typedef struct {
    validation_history_t history; /* its months are those below */
    month_t *months;
    uint32_t room;
} series_t;

struct sheet {
    const unit_t *unit;
    const task_t *task;
    size_t place; /* of both in the plan */
    arena_t *arena;
    brief_t *standings; /* ascending by period */
    series_t *series;   /* ascending by indicator */
    const plan_t *plan; /* its unit and task are in */
    uint32_t standings_count, standings_room;
    uint32_t series_count, series_room;
    size_t bytes;
    bool changed;
    bool plain_known;
    const indicator_t *plain; /* see validation_plain.c; NULL: none, or not known yet */
};

size_t sheet_place(const validation_place_t *place); /* of its unit and task in the plan */
/* What stands for one period takes the place of what stood. `guess`: its place in the plan. */
void sheet_standing_set(sheet_t *self, const validation_standing_t *standing, uint32_t guess);
series_t *sheet_series_add(sheet_t *self, text_t indicator); /* the one that is there, or a new one */
/* `fresh` in the place of `old`; what they point to is copied. */
void sheet_series_put(sheet_t *self, series_t *series, const months_t *old, const months_t *fresh);

/* What stands in it was changed in place. */
void sheet_touch(turn_t *turn, sheet_t *self);

/* --- validation_sheet_row.c --- */
sheet_t *sheet_read(turn_t *turn, const validation_place_t *place, arena_t *arena); /* a new one where there is no row */
void sheet_write(turn_t *turn, sheet_t *self, arena_t *scratch);

#endif
