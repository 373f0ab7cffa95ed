/* Sheets as rows. What nearly all standings and months are lies side by side in a fixed width: a sheet is written once a commit,
 * with a dozen of each, and to pack them field by field was a tenth of a report's work. */
#include "services/2-validation/validation_sheet_inner.h"

#include <endian.h>
#include <string.h>

static store_key_t key_sheet(const sheet_t *self) {
    store_key_t key = key_new();
    key_add_text(&key, self->task->id);
    key_add_text(&key, self->unit->id);
    return key;
}

enum { BRIEF_SIZE = 56, PLAIN_SIZE = 12 };

static uint8_t *number_lay(uint8_t *at, uint64_t number, size_t size) {
    uint64_t little = htole64(number);
    memcpy(at, &little, size);
    return at + size;
}

static const uint8_t *number_take(const uint8_t *at, uint64_t *number, size_t size) {
    uint64_t little = 0;
    memcpy(&little, at, size);
    *number = le64toh(little);
    return at + size;
}

static uint8_t *brief_lay(uint8_t *at, const brief_t *brief) {
    at = number_lay(number_lay(at, brief->period_from, 4), brief->revision, 4);
    at = number_lay(number_lay(at, brief->seq, 8), brief->newest_seq, 8);
    at = number_lay(number_lay(at, brief->first_valid_ms, 8), brief->received_ms, 8);
    memcpy(at, brief->body_hash, sizeof brief->body_hash);
    return at + sizeof brief->body_hash;
}

static validation_standing_t brief_take(const uint8_t *at) {
    validation_standing_t standing = {0};
    uint64_t period_from;
    at = number_take(number_take(at, &period_from, 4), &standing.revision, 4);
    at = number_take(number_take(at, &standing.seq, 8), &standing.newest_seq, 8);
    at = number_take(number_take(at, &standing.first_valid_ms, 8), &standing.received_ms, 8);
    standing.period_from = (uint32_t)period_from;
    memcpy(standing.body_hash, at, sizeof standing.body_hash);
    return standing;
}

static void standings_read(sheet_t *self, const validation_sheet_t *row) {
    uint32_t briefs = row->briefs.size / BRIEF_SIZE;
    for (uint32_t index = 0; index < briefs; index++) {
        validation_standing_t standing = brief_take(row->briefs.at + (size_t)index * BRIEF_SIZE);
        sheet_standing_set(self, &standing, index);
    }
    for (uint32_t index = 0; index < row->standings_count; index++) /* each where it belongs among them */
        sheet_standing_set(self, &row->standings[index], self->standings_count);
}

static month_t month_plain(const uint8_t *at) {
    month_t month = {0};
    uint64_t period_from;
    number_take(number_take(at, &period_from, 4), &month.amount, 8);
    month.period_from = (uint32_t)period_from;
    return month;
}

static void series_read(sheet_t *self, const validation_series_t *row, arena_t *scratch) {
    uint32_t plain = row->plain.size / PLAIN_SIZE, count = plain + row->months_count;
    month_t *months = arena_room(scratch, sizeof *months * count);
    month_more_t *more = arena_room(scratch, sizeof *more * row->months_count);
    for (uint32_t index = 0; index < plain; index++) months[index] = month_plain(row->plain.at + (size_t)index * PLAIN_SIZE);
    for (uint32_t index = 0; index < row->months_count; index++) {
        const validation_month_t *said = &row->months[index];
        more[index] = (month_more_t){.member = said->member, .opening = said->opening, .typed = said->typed};
        bool bare = said->member.size == 0 && !said->opening.given && !said->typed.given;
        months[plain + index] = (month_t){.amount = said->amount,
                                          .period_from = said->period_from,
                                          .carried = said->carried,
                                          .gone = said->gone,
                                          .more = bare ? NULL : &more[index]};
    }
    const months_t none = {0}, all = {.at = months, .count = count};
    sheet_series_put(self, sheet_series_add(self, row->indicator), &none, &all);
}

sheet_t *sheet_read(turn_t *turn, const validation_place_t *place, arena_t *arena) {
    validation_sheet_t row;
    sheet_t *self = ARENA_NEW(arena, sheet_t, 1);
    *self = (sheet_t){.unit = place->unit,
                      .task = place->task,
                      .place = sheet_place(place),
                      .arena = arena,
                      .plan = place->plan,
                      .bytes = sizeof *self};
    store_key_t key = key_sheet(self);
    if (!turn_get(turn, VALIDATION_SHEET, &key, &row)) return self;
    standings_read(self, &row);
    for (uint32_t index = 0; index < row.series_count; index++) series_read(self, &row.series[index], turn_arena(turn));
    return self;
}

static bool is_bare(const validation_history_t *history) {
    for (uint32_t index = 0; !history->bare && index < history->months_count; index++)
        if (!month_is_bare(&history->months[index])) return false;
    return true;
}

static validation_month_t month_row(const month_t *month) {
    return (validation_month_t){.period_from = month->period_from,
                                .carried = month->carried,
                                .gone = month->gone,
                                .member = month_member(month),
                                .amount = month->amount,
                                .opening = month_opening(month),
                                .typed = month_typed(month)};
}

/* Lists of it are laid in the arena. */
static validation_series_t series_row(const validation_history_t *history, arena_t *arena) {
    validation_series_t row = {.indicator = history->indicator};
    uint32_t count = history->months_count;
    if (is_bare(history)) {
        uint8_t *plain = arena_room(arena, (size_t)count * PLAIN_SIZE), *at = plain;
        for (uint32_t index = 0; index < count; index++)
            at = number_lay(number_lay(at, history->months[index].period_from, 4), history->months[index].amount, 8);
        row.plain = (bytes_t){plain, count * PLAIN_SIZE};
    } else {
        validation_month_t *months = arena_room(arena, sizeof *months * count);
        for (uint32_t index = 0; index < count; index++) months[index] = month_row(&history->months[index]);
        row.months = months;
        row.months_count = count;
    }
    return row;
}

void sheet_write(turn_t *turn, sheet_t *self, arena_t *arena) {
    uint8_t briefs[LIMIT_PERIODS * BRIEF_SIZE], *at = briefs;
    validation_series_t series[LIMIT_INDICATORS];
    validation_standing_t standings[LIMIT_PERIODS];
    validation_sheet_t row = {.standings = standings, .series = series};
    ASSERT(self->standings_count <= LIMIT_PERIODS && self->series_count <= LIMIT_INDICATORS); /* no amendment takes any away */
    for (uint32_t index = 0; index < self->standings_count; index++) {
        const brief_t *brief = &self->standings[index];
        if (brief->whole == NULL) at = brief_lay(at, brief);
        else standings[row.standings_count++] = *brief->whole;
    }
    row.briefs = (bytes_t){briefs, (uint32_t)(at - briefs)};
    for (uint32_t index = 0; index < self->series_count; index++)
        if (self->series[index].history.months_count > 0)
            series[row.series_count++] = series_row(&self->series[index].history, arena);
    store_key_t key = key_sheet(self);
    txn_put(turn_txn(turn), VALIDATION_SHEET, &key, &row);
    self->changed = false;
}
