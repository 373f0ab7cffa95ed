/* One person, one message: warnings of one instant are gathered by recipient and told when the instant is worked off. */
#include "services/4-alerting/alerting_round.h"

#include "services/4-alerting/alerting_tell.h"
#include "services/4-alerting/alerting_text.h"

#include <string.h>

enum { TOP_SHOWN = 5, ROOM_LEFT = 400 }; /* bytes kept free for the head and the last line of a message */

static store_key_t round_key(text_t unit) {
    store_key_t key = key_new();
    key_add_text(&key, unit);
    return key;
}

/* One more line, if there is room. */
static text_t with_line(text_t lines, text_t line, arena_t *arena) {
    if (lines.size == 0) return line;
    if (lines.size + line.size + ROOM_LEFT > LIMIT_TEXT) return lines;
    return arena_format(arena, TEXT_FORMAT "\n" TEXT_FORMAT, TEXT_ARGS(lines), TEXT_ARGS(line));
}

static void count_level(alerting_round_t *row, level_t level) {
    switch (level) {
    case level_none:
    case level_remind: row->remind++; break;
    case level_blue: row->blue++; break;
    case level_orange: row->orange++; break;
    case level_red: row->red++; break;
    }
}

/* The loudest few, for the case that it becomes a digest. */
static void take_top(alerting_round_t *row, const warning_raised_t *warning, arena_t *arena) {
    if (warning->level < row->level || (warning->level == row->level && row->top == TOP_SHOWN)) return;
    if (warning->level > row->level) {
        row->top = 0;
        row->top_zh = row->top_en = text_of("");
    }
    row->top++;
    row->top_zh = with_line(row->top_zh, warning->zh, arena);
    row->top_en = with_line(row->top_en, warning->en, arena);
}

void round_join(turn_t *turn, warning_raised_t *warning) {
    arena_t *arena = turn_arena(turn);
    store_key_t key = round_key(warning->unit);
    alerting_round_t row;
    if (!turn_get(turn, ALERTING_ROUND, &key, &row)) {
        row = (alerting_round_t){0};
        memcpy(row.bundle, warning->id, sizeof row.bundle);
    }
    memcpy(warning->bundle, row.bundle, sizeof warning->bundle);
    if (row.count < LIMIT_BUNDLE) {
        warning_id_t *ids = ARENA_NEW(arena, warning_id_t, LIMIT_BUNDLE);
        if (row.ids_count > 0) memcpy(ids, row.ids, row.ids_count * sizeof *ids);
        memcpy(ids[row.ids_count++].id, warning->id, sizeof ids->id);
        row.ids = ids;
        row.zh = with_line(row.zh, warning->zh, arena);
        row.en = with_line(row.en, warning->en, arena);
    } else {
        row.zh = row.en = text_of(""); /* a digest: they are not read again */
    }
    take_top(&row, warning, arena);
    row.count++;
    row.boss |= warning->boss;
    if (warning->level > row.level) row.level = warning->level;
    count_level(&row, warning->level);
    row.reports += warning->period.size > 0;
    turn_put(turn, ALERTING_ROUND, &key, &row);
}

static void bundle_emit(turn_t *turn, text_t unit, const alerting_round_t *row) {
    const alerting_memory_t *memory = turn_memory(turn);
    bundle_told_t bundle = {.unit = unit, .count = row->count, .digest = row->count > LIMIT_BUNDLE, .level = row->level,
                            .boss = row->boss, .ids = row->ids, .ids_count = row->ids_count, .rehearsal = memory->rehearsal};
    memcpy(bundle.id, row->bundle, sizeof bundle.id);
    bundle_tell(memory->book, row, turn_arena(turn), &bundle);
    turn_emit(turn, bundle_told_type(), &bundle);
}

bool round_close(turn_t *turn) {
    arena_t *arena = turn_arena(turn);
    store_key_t all = key_new();
    text_t *units = NULL;
    alerting_round_t row;
    uint32_t count = 0;
    scan_t scan = scan_begin(turn_txn(turn), ALERTING_ROUND, &all, NULL);
    while (count < LIMIT_AGENDA_STEP && scan_next(&scan, arena, &row)) {
        uint32_t at = 0;
        if (units == NULL) units = ARENA_NEW(arena, text_t, LIMIT_AGENDA_STEP);
        units[count++] = arena_text(arena, key_next_text(scan.key, &at));
    }
    scan_end(&scan);
    for (uint32_t index = 0; index < count; index++) {
        store_key_t key = round_key(units[index]);
        if (!turn_get(turn, ALERTING_ROUND, &key, &row)) continue;
        bundle_emit(turn, units[index], &row);
        turn_delete(turn, ALERTING_ROUND, &key);
    }
    return count == LIMIT_AGENDA_STEP;
}
