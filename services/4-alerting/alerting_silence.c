/* Silences are few: all of them are looked at for every warning that is about to sound. */
#include "services/4-alerting/alerting_silence.h"

#include <string.h>

static store_key_t silence_key(const uint8_t id[16]) {
    store_key_t key = key_new();
    key_add_bytes(&key, id, 16);
    return key;
}

const silence_row_t *silences_load(turn_t *turn, arena_t *arena, uint32_t *count) {
    silence_row_t *rows = ARENA_NEW(arena, silence_row_t, LIMIT_SILENCES);
    store_key_t all = key_new();
    *count = 0;
    scan_t scan = scan_begin(turn_txn(turn), ALERTING_SILENCES, &all, NULL);
    while (*count < LIMIT_SILENCES && scan_next(&scan, arena, &rows[*count])) (*count)++;
    scan_end(&scan);
    return rows;
}

static bool is_over(const silence_row_t *row, int64_t now_ms) { return (int64_t)row->silence.until_ms < now_ms; }

/* Those past their end make room. */
static void clear_out(turn_t *turn, const alerting_memory_t *memory) {
    for (uint32_t index = 0; index < memory->silence_count; index++) {
        if (!is_over(&memory->silences[index], turn_now_ms(turn))) continue;
        store_key_t key = silence_key(memory->silences[index].silence.id);
        turn_delete(turn, ALERTING_SILENCES, &key);
    }
    turn_forget(turn);
}

void silence_begin(turn_t *turn, const warning_decided_t *decided) {
    clear_out(turn, turn_memory(turn));
    const alerting_memory_t *memory = turn_memory(turn);
    if (memory == NULL || memory->silence_count == LIMIT_SILENCES) return; /* so many at once are no longer silences */
    silence_row_t row = {.silence = *decided, .seq = turn_cause(turn)};
    store_key_t key = silence_key(decided->id);
    turn_put(turn, ALERTING_SILENCES, &key, &row);
    turn_forget(turn);
}

void silence_end(turn_t *turn, const warning_decided_t *decided) {
    store_key_t key = silence_key(decided->silence);
    silence_row_t row;
    if (!turn_get(turn, ALERTING_SILENCES, &key, &row)) return;
    turn_delete(turn, ALERTING_SILENCES, &key);
    turn_forget(turn);
}

static bool matches(text_t wanted, text_t given) { return wanted.size == 0 || text_equal(wanted, given); }

static bool covers(const warning_decided_t *silence, const alerting_subject_t *subject) {
    return matches(silence->unit, subject->unit) && matches(silence->task, subject->task) &&
           matches(silence->period, subject->period) && matches(silence->indicator, subject->indicator);
}

uint64_t silence_until(turn_t *turn, const alerting_subject_t *subject) {
    const alerting_memory_t *memory = turn_memory(turn);
    uint64_t until_ms = 0;
    for (uint32_t index = 0; index < memory->silence_count; index++) {
        const silence_row_t *row = &memory->silences[index];
        if (is_over(row, turn_now_ms(turn)) || !covers(&row->silence, subject)) continue;
        if (row->silence.until_ms > until_ms) until_ms = row->silence.until_ms;
    }
    return until_ms;
}

void on_silences_ask(turn_t *turn, const packet_t *packet, reply_t *reply) {
    silences_ask_t ask;
    fault_t fault;
    if (packet_body(packet, silences_ask_type(), turn_arena(turn), &ask, &fault) != OK) return;
    if (turn_waits(turn, ask.at_least)) return;
    uint32_t count = 0, kept = 0;
    const silence_row_t *all = silences_load(turn, turn_arena(turn), &count);
    silence_row_t *rows = ARENA_NEW(turn_arena(turn), silence_row_t, LIMIT_SILENCES);
    for (uint32_t index = 0; index < count; index++)
        if (!is_over(&all[index], turn_now_ms(turn))) rows[kept++] = all[index];
    silences_t told = {.as_of = turn_cause(turn), .now_ms = (uint64_t)turn_now_ms(turn), .rows = rows, .rows_count = kept};
    reply_with(reply, silences_type(), &told);
}
