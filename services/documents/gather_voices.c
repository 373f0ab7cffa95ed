/* What units said in their own words: the standing report of each obligation, read from its ledger entry. */
#include "services/documents/gather_inner.h"

#include "proto/wire.h"

#include <string.h>

/* At most LIMIT_VOICE bytes of it, ending with a whole character, and an ellipsis where something is left out. */
static text_t quoted(text_t text, arena_t *arena) {
    static const char dots[] = "……";
    if (text.size <= LIMIT_VOICE) return arena_text(arena, text);
    uint32_t size = LIMIT_VOICE - (uint32_t)strlen(dots);
    while (size > 0 && ((uint8_t)text.at[size] & 0xC0) == 0x80) size--;
    return arena_format(arena, TEXT_FORMAT "%s", TEXT_ARGS(((text_t){text.at, size})), dots);
}

/* The entry that stood for a row as of the edition's entry; 0: there is none, or validation has forgotten it. */
static err_t standing_seq(gathering_t *self, const edition_row_t *row, uint64_t *seq) {
    const gather_t *from = self->from;
    standing_ask_t ask = {.unit = row->unit, .task = row->task, .period = row->period, .at_least = self->as_of};
    standing_told_t told = {0};
    *seq = 0;
    err_t err = from->ask(from->self, DESK_VALIDATION, standing_ask_type(), &ask, standing_told_type(), &told);
    if (err != OK) return err;
    if (told.seq <= self->as_of) *seq = told.seq;
    for (uint32_t index = 0; *seq == 0 && index < told.submissions_count; index++) /* newest first: one came since */
        if (told.submissions[index].accepted && told.submissions[index].seq <= self->as_of) *seq = told.submissions[index].seq;
    return OK;
}

static err_t report_at(gathering_t *self, uint64_t seq, report_received_t *received) {
    const gather_t *from = self->from;
    entry_ask_t ask = {.seq = seq};
    entry_told_t told = {0};
    event_t event;
    fault_t fault = {0};
    err_t err = from->ask(from->self, DESK_INTAKE, entry_ask_type(), &ask, entry_told_type(), &told);
    if (err != OK) return err;
    bool good = event_decode(told.event, &event, &fault) == OK && event.kind == KIND_report_received &&
                event_body(&event, report_received_type(), from->arena, received, &fault) == OK;
    return good ? OK : ERR_CORRUPT;
}

/* A summary quotes the newest period of which there is a report; a bulletin its own. Rows come in the order of periods. */
static text_t quoted_period(const edition_t *edition) {
    for (uint32_t index = edition->rows_count; index-- > 0;)
        if (edition->rows[index].revision > 0 && !edition->rows[index].confirmation) return edition->rows[index].period;
    return edition->period;
}

err_t gather_voices(gathering_t *self, edition_t *edition) {
    arena_t *arena = self->from->arena;
    edition_voice_t *voices = ARENA_NEW(arena, edition_voice_t, LIMIT_EDITION_VOICES);
    edition->voices = voices;
    text_t period = quoted_period(edition);
    for (uint32_t index = 0; index < edition->rows_count && edition->voices_count < LIMIT_EDITION_VOICES; index++) {
        const edition_row_t *row = &edition->rows[index];
        uint64_t seq = 0;
        report_received_t received = {0};
        bool withdrawn = row->standing == standing_returned; /* its newest words do not stand */
        if (row->revision == 0 || withdrawn || !text_equal(row->period, period)) continue;
        err_t err = standing_seq(self, row, &seq);
        if (err == OK && seq > 0) err = report_at(self, seq, &received);
        if (err != OK) return err;
        const report_t *said = &received.report;
        if (seq == 0 || said->problems.size + said->next_step.size + said->progress.size == 0) continue;
        voices[edition->voices_count++] = (edition_voice_t){.unit = row->unit,
                                                            .task = row->task,
                                                            .problems = quoted(said->problems, arena),
                                                            .next_step = quoted(said->next_step, arena),
                                                            .progress = quoted(said->progress, arena),
                                                            .seq = seq};
    }
    return OK;
}
