/* Sheets at hand: found by their place in the plan, read from their rows at first use, rows again before a commit. */
#include "services/2-validation/validation_sheet_inner.h"

#include <stdlib.h>
#include <string.h>

enum {
    PERIODS_FIRST = 12, /* a new sheet has room for */
    ROW_GUESS = 2       /* a row takes about so many times less than its sheet */
};

/* --- one sheet --- */

/* Room for a list that begins with a line of the cache. */
static void *lined(sheet_t *self, size_t size) {
    enum { LINE = 64 };
    uint8_t *room = arena_room(self->arena, size + LINE);
    self->bytes += size + LINE;
    return room + (LINE - (uintptr_t)room % LINE) % LINE;
}

/* More room for a list: its elements move. */
static void *grown(sheet_t *self, const void *old, size_t size, uint32_t count, uint32_t *room, uint32_t least, uint32_t wanted) {
    if (*room == 0) *room = least == 0 ? 1 : least;
    while (*room < wanted) *room *= 2;
    void *list = lined(self, size * *room);
    if (count > 0) memcpy(list, old, size * count);
    return list;
}

/* A gap at `at` for one more element; the list may have moved. */
static void *opened(sheet_t *self, void *list, size_t size, uint32_t *count, uint32_t *room, uint32_t least, uint32_t at) {
    if (*count == *room) list = grown(self, list, size, *count, room, least, *count + 1);
    uint8_t *gap = (uint8_t *)list + at * size;
    memmove(gap + size, gap, (*count - at) * size);
    ++*count;
    return list;
}

static uint32_t periods_first(const sheet_t *self) {
    return self->plan->periods_count < PERIODS_FIRST ? self->plan->periods_count : PERIODS_FIRST;
}

/* Where the period's standing is, or belongs. `guess`: its place in the plan, which is that in the sheet too where nothing is
 * missing: then no other's line of the cache is touched. */
static uint32_t standing_place(const sheet_t *self, uint32_t period_from, uint32_t guess) {
    uint32_t low = 0, end = self->standings_count;
    if (guess < end && self->standings[guess].period_from == period_from) return guess;
    while (low < end) {
        uint32_t middle = (low + end) / 2;
        if (self->standings[middle].period_from < period_from) low = middle + 1;
        else end = middle;
    }
    return low;
}

static bool is_standing_of(const sheet_t *self, uint32_t at, uint32_t period_from) {
    return at < self->standings_count && self->standings[at].period_from == period_from;
}

static uint32_t series_place(const sheet_t *self, text_t indicator) {
    uint32_t at = 0;
    while (at < self->series_count && text_compare(self->series[at].history.indicator, indicator) < 0) at++;
    return at;
}

static bool is_series_of(const sheet_t *self, uint32_t at, text_t indicator) {
    return at < self->series_count && id_equal(self->series[at].history.indicator, indicator);
}

/* NULL: there are no months of it. */
static series_t *series_find(const sheet_t *self, text_t indicator) {
    for (uint32_t at = 0; at < self->series_count; at++)
        if (is_series_of(self, at, indicator)) return &self->series[at];
    return NULL;
}

static text_t text_kept(sheet_t *self, text_t text) {
    self->bytes += text.size;
    return arena_text(self->arena, text);
}

/* A member's id that lives as long as the sheet: the plan's own, if it is there. */
static text_t member_kept(sheet_t *self, text_t indicator, text_t member) {
    if (member.size == 0) return text_of(NULL);
    for (uint32_t index = 0; index < self->task->indicators_count; index++) {
        const indicator_t *one = &self->task->indicators[index];
        const member_t *found = text_equal(one->id, indicator) ? indicator_member(one, member) : NULL;
        if (found != NULL) return found->id;
    }
    return text_kept(self, member);
}

static const month_more_t *more_kept(sheet_t *self, text_t indicator, const month_more_t *more) {
    month_more_t *kept = arena_room(self->arena, sizeof *kept);
    *kept = *more;
    kept->member = member_kept(self, indicator, more->member);
    self->bytes += sizeof *kept;
    return kept;
}

series_t *sheet_series_add(sheet_t *self, text_t indicator) {
    series_t *found = series_find(self, indicator);
    if (found != NULL) return found;
    uint32_t at = series_place(self, indicator);
    self->series = opened(self, self->series, sizeof *self->series, &self->series_count, &self->series_room,
                          self->task->indicators_count, at);
    self->series[at] = (series_t){.history = {.indicator = text_kept(self, indicator), .bare = true}};
    return &self->series[at];
}

/* More room, and in it a gap of `count` months in the place of those that are old; the others go with it. */
static month_t *months_opened(sheet_t *self, series_t *series, const months_t *old, uint32_t count) {
    uint32_t behind = old->begin + old->count, later = series->history.months_count - behind;
    uint32_t all = series->history.months_count - old->count + count;
    if (all > series->room)
        series->months = grown(self, series->months, sizeof *series->months, series->history.months_count, &series->room,
                               periods_first(self), all);
    month_t *gap = series->months + old->begin;
    if (count != old->count && later > 0) memmove(gap + count, gap + old->count, later * sizeof *gap);
    series->history.months = series->months;
    series->history.months_count = all;
    return gap;
}

/* `fresh` in the place of `old`, with members that live as long as the sheet. */
void sheet_series_put(sheet_t *self, series_t *series, const months_t *old, const months_t *fresh) {
    if (fresh->count == 0 && series->history.months_count == 0) return;
    bool replaces = old->count == fresh->count; /* as mostly: one month the place of one */
    month_t *months = replaces ? series->months + old->begin : months_opened(self, series, old, fresh->count);
    for (uint32_t index = 0; index < fresh->count; index++) {
        months[index] = fresh->at[index];
        if (!month_is_bare(&months[index])) series->history.bare = false;
        if (months[index].more != NULL) months[index].more = more_kept(self, series->history.indicator, months[index].more);
    }
}

static bool is_brief(const validation_standing_t *standing) {
    return (standing->claims | standing->decided_ms | standing->decided_seq | standing->counts | standing->counts_seq |
            standing->due_ms | standing->due_seq | standing->request_seq) == 0 &&
           standing->decision == decision_none;
}

static void standing_whole(const brief_t *brief, validation_standing_t *standing) {
    if (brief->whole != NULL) {
        *standing = *brief->whole;
        return;
    }
    *standing = (validation_standing_t){.period_from = brief->period_from,
                                        .revision = brief->revision,
                                        .seq = brief->seq,
                                        .first_valid_ms = brief->first_valid_ms,
                                        .received_ms = brief->received_ms,
                                        .newest_seq = brief->newest_seq};
    memcpy(standing->body_hash, brief->body_hash, sizeof standing->body_hash);
}

void sheet_standing_set(sheet_t *self, const validation_standing_t *standing, uint32_t guess) {
    uint32_t at = standing_place(self, standing->period_from, guess);
    bool there = is_standing_of(self, at, standing->period_from);
    if (!there)
        self->standings = opened(self, self->standings, sizeof *self->standings, &self->standings_count, &self->standings_room,
                                 periods_first(self), at);
    bool brief_now = is_brief(standing); /* also one that was more: a row goes by what it says, not by what was at hand before */
    validation_standing_t *whole = there && !brief_now ? self->standings[at].whole : NULL;
    if (whole == NULL && !brief_now) {
        whole = arena_room(self->arena, sizeof *whole);
        self->bytes += sizeof *whole;
    }
    if (whole != NULL) *whole = *standing;
    brief_t *brief = &self->standings[at];
    *brief = (brief_t){.period_from = standing->period_from,
                       .revision = (uint32_t)standing->revision,
                       .seq = standing->seq,
                       .newest_seq = standing->newest_seq,
                       .first_valid_ms = standing->first_valid_ms,
                       .received_ms = standing->received_ms,
                       .whole = whole};
    memcpy(brief->body_hash, standing->body_hash, sizeof brief->body_hash);
}

size_t sheet_place(const validation_place_t *place) {
    return (size_t)(place->task - place->plan->tasks) * place->plan->units_count + (size_t)(place->unit - place->plan->units);
}

/* NULL: there is none. */
static const brief_t *brief_of(const sheet_t *self, const period_t *period) {
    if (self == NULL || period == NULL) return NULL;
    uint32_t at = standing_place(self, period->from, (uint32_t)(period - self->plan->periods));
    return is_standing_of(self, at, period->from) ? &self->standings[at] : NULL;
}

validation_standing_t sheet_standing(const sheet_t *self, const period_t *period) {
    validation_standing_t standing = {0};
    const brief_t *brief = brief_of(self, period);
    if (brief != NULL) standing_whole(brief, &standing);
    return standing;
}

uint64_t sheet_revision(const sheet_t *self, const period_t *period) {
    const brief_t *brief = brief_of(self, period);
    return brief == NULL ? 0 : brief->revision;
}

validation_history_t sheet_history(const sheet_t *self, text_t indicator) {
    validation_history_t history = {0};
    const series_t *series = series_find(self, indicator);
    if (series == NULL) return history;
    history = series->history;
    history.place = (uint32_t)(series - self->series) + 1;
    return history;
}

/* --- all of them --- */

static sheets_t *sheets_of(turn_t *turn) { return &((validation_memory_t *)turn_memory(turn))->sheets; }

/* Only what is touched of it becomes memory: a plan of thousands of units has a million places. */
static void places_take(sheets_t *self) {
    self->places = calloc(self->places_count + 1, sizeof *self->places);
    ASSERT(self->places != NULL);
}

static size_t changed_words(const sheets_t *self) { return self->places_count / 64 + 1; }

void sheets_begin(turn_t *turn, sheets_t *self, const plan_t *plan) {
    store_key_t all = key_new();
    validation_standing_t stray;
    *self = (sheets_t){.arena = arena_new(), .scratch = arena_new()};
    self->places_count = (size_t)plan->tasks_count * plan->units_count;
    places_take(self);
    self->changed = calloc(changed_words(self), sizeof *self->changed);
    ASSERT(self->changed != NULL);
    scan_t scan = scan_begin(turn_txn(turn), VALIDATION_STRAY, &all, NULL);
    self->strays = scan_next(&scan, turn_arena(turn), &stray);
    scan_end(&scan);
}

void sheets_destroy(sheets_t *self) {
    arena_destroy(&self->arena);
    arena_destroy(&self->scratch);
    free(self->places);
    free(self->changed);
}

sheet_t *sheet_of(turn_t *turn, const validation_place_t *place) {
    if (place->unit == NULL || place->task == NULL) return NULL;
    if (turn_event(turn) == NULL) return sheet_read(turn, place, turn_arena(turn)); /* a query has its own snapshot */
    sheets_t *self = sheets_of(turn);
    sheet_t *newest = self->newest;
    if (newest != NULL && newest->unit == place->unit && newest->task == place->task) return newest;
    sheet_t **sheet = &self->places[sheet_place(place)];
    if (*sheet == NULL) {
        *sheet = sheet_read(turn, place, self->arena);
        self->bytes += (*sheet)->bytes;
    }
    return self->newest = *sheet;
}

/* It will be written with the next commit: its page counts from now on. */
static void sheet_note(turn_t *turn, sheet_t *sheet, size_t before) {
    sheets_t *self = sheets_of(turn);
    self->bytes += sheet->bytes - before;
    if (sheet->changed) return;
    sheet->changed = true;
    self->changed[sheet->place / 64] |= UINT64_C(1) << sheet->place % 64;
    self->changed_count++;
    txn_promise(turn_txn(turn), VALIDATION_SHEET, (uint32_t)(sheet->bytes / ROW_GUESS));
}

/* `before`: its bytes until now. */
static inline void sheet_change(turn_t *turn, sheet_t *sheet, size_t before) {
    if (!sheet->changed || sheet->bytes != before) sheet_note(turn, sheet, before);
}

void sheet_touch(turn_t *turn, sheet_t *self) { sheet_change(turn, self, self->bytes); }

/* Those that changed, in the plan's order: that of the rows, or nearly, so that neighbours share a page. */
static sheet_t **sheets_changed(sheets_t *self, arena_t *arena) {
    sheet_t **sheets = arena_room(arena, self->changed_count * sizeof *sheets);
    uint32_t count = 0;
    for (size_t word = 0; word < changed_words(self); word++)
        for (uint64_t bits = self->changed[word]; bits != 0; bits &= bits - 1)
            sheets[count++] = self->places[word * 64 + (size_t)__builtin_ctzll(bits)];
    return sheets;
}

/* Thousands are written one behind the other, and no cache holds them all: the lines of the one after next, then the lists of the
 * next come while one is written. */
static void sheet_await(sheet_t *const *sheets, uint32_t left) {
    if (left > 2) __builtin_prefetch(sheets[2]);
    if (left < 2) return;
    const sheet_t *next = sheets[1];
    lines_fetch(next->standings, next->standings_count * sizeof *next->standings);
    lines_fetch(next->series, next->series_count * sizeof *next->series);
}

void sheets_settle(turn_t *turn, sheets_t *self) {
    uint32_t count = self->changed_count;
    if (count == 0) return;
    sheet_t **sheets = sheets_changed(self, turn_arena(turn));
    for (uint32_t index = 0; index < count; index++) {
        sheet_await(sheets + index, count - index);
        arena_reset(self->scratch);
        sheet_write(turn, sheets[index], self->scratch);
    }
    memset(self->changed, 0, changed_words(self) * sizeof *self->changed);
    self->changed_count = 0;
}

void sheets_trim(turn_t *turn, sheets_t *self) {
    if (self->bytes < LIMIT_SHEETS_AT_HAND) return;
    sheets_settle(turn, self);
    free(self->places);
    places_take(self);
    self->bytes = 0;
    self->newest = NULL;
    arena_reset(self->arena);
}

/* --- standings --- */

void sheet_months_put(turn_t *turn, sheet_t *self, validation_history_t *history, text_t indicator, const months_t *old,
                      const months_t *fresh) {
    size_t before = self->bytes;
    series_t *series = history->place > 0 ? &self->series[history->place - 1] : sheet_series_add(self, indicator);
    sheet_series_put(self, series, old, fresh);
    sheet_change(turn, self, before);
    *history = series->history;
}

static void sheet_standing_put(turn_t *turn, sheet_t *self, const period_t *period, const validation_standing_t *standing) {
    size_t before = self->bytes;
    sheet_standing_set(self, standing, (uint32_t)(period - self->plan->periods));
    sheet_change(turn, self, before);
}

/* Are there strays? Only the fold remembers that there are none. */
static bool has_strays(turn_t *turn) {
    return turn_event(turn) == NULL || plan_book(turn) == NULL || sheets_of(turn)->strays;
}

void standing_of(turn_t *turn, const sheet_t *sheet, const validation_place_t *place, text_t unit, text_t task, text_t period,
                 validation_standing_t *standing) {
    const brief_t *brief = brief_of(sheet, place->period);
    if (brief != NULL) {
        standing_whole(brief, standing);
        return;
    }
    *standing = (validation_standing_t){0};
    if (!has_strays(turn)) return;
    store_key_t key = key_report(unit, task, period);
    if (!turn_get(turn, VALIDATION_STRAY, &key, standing)) *standing = (validation_standing_t){0};
}

/* What the plan lacked when it came may be in it by now. */
void standing_keep(turn_t *turn, sheet_t *sheet, const validation_place_t *place, text_t unit, text_t task, text_t period,
                   validation_standing_t *standing) {
    bool known = sheet != NULL && place->period != NULL;
    bool came = known && brief_of(sheet, place->period) == NULL && has_strays(turn);
    standing->period_from = known ? place->period->from : 0;
    if (known) sheet_standing_put(turn, sheet, place->period, standing);
    if (known && !came) return;
    store_key_t key = key_report(unit, task, period);
    if (came) {
        turn_delete(turn, VALIDATION_STRAY, &key);
        return;
    }
    turn_put(turn, VALIDATION_STRAY, &key, standing);
    if (plan_book(turn) != NULL) sheets_of(turn)->strays = true;
}

validation_standing_t standing_get(turn_t *turn, text_t unit, text_t task, text_t period) {
    validation_place_t place = place_meant(turn, unit, task, period);
    validation_standing_t standing;
    standing_of(turn, sheet_of(turn, &place), &place, unit, task, period, &standing);
    return standing;
}

void standing_put(turn_t *turn, text_t unit, text_t task, text_t period, const validation_standing_t *standing) {
    validation_place_t place = place_meant(turn, unit, task, period);
    validation_standing_t row = *standing;
    standing_keep(turn, sheet_of(turn, &place), &place, unit, task, period, &row);
}
