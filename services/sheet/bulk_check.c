/* Checks the reports of a table one by one, each as it stands, and where that is refused as it will stand behind the others. */
#include "services/sheet/bulk_check.h"

static const state_text_t states[STATES] = {[STATE_UNSENT] = {"unsent", "未报送", "not sent"},
                                            [STATE_BLANK] = {"blank", "未填写", "not filled in"},
                                            [STATE_FAULTY] = {"faulty", "× 单元格有误", "× cells are wrong"},
                                            [STATE_CHECKED] = {"checked", "● 可以报送", "● may be sent"},
                                            [STATE_STANDING] = {"standing", "● 此前已报", "● stands already"},
                                            [STATE_ACCEPTED] = {"accepted", "● 通过", "● valid"},
                                            [STATE_REFUSED] = {"refused", "■ 退回", "■ refused"},
                                            [STATE_SILENT] = {"silent", "▲ 未得结果", "▲ no verdict"}};

const state_text_t *bulk_state_text(bulk_state_t state) {
    ASSERT(state < STATES);
    return &states[state];
}

/* --- one outcome --- */

static void take_reasons(const bulk_report_t *report, const reason_t *reasons, uint32_t count, arena_t *arena,
                         fault_list_t *list) {
    for (uint32_t index = 0; index < count; index++) {
        reason_t reason = reasons[index];
        if (reason.zh.size == 0) reason_tell(&reason, arena);
        fault_keep(list, arena, bulk_spot(report, &reason), &reason);
    }
}

bool verdict_is_standing(const verdict_t *verdict) {
    return !verdict->accepted && verdict->reasons_count == 1 && text_is(verdict->reasons[0].code, "already_reported");
}

void outcome_take(const bulk_report_t *report, const verdict_t *verdict, bulk_state_t taken, arena_t *arena,
                  bulk_outcome_t *outcome) {
    outcome->faults.count = outcome->notes.count = 0;
    outcome->state = verdict->accepted ? taken : verdict_is_standing(verdict) ? STATE_STANDING : STATE_REFUSED;
    outcome->revision = verdict->revision;
    outcome->figures = verdict->figures;
    outcome->figures_count = verdict->figures_count;
    fault_list_t *list = verdict->accepted ? &outcome->notes : &outcome->faults;
    if (outcome->state != STATE_STANDING) take_reasons(report, verdict->reasons, verdict->reasons_count, arena, list);
}

void outcome_refuse(const bulk_report_t *report, const reason_t *reasons, uint32_t count, arena_t *arena,
                    bulk_outcome_t *outcome) {
    outcome->faults.count = outcome->notes.count = 0;
    outcome->state = STATE_REFUSED;
    take_reasons(report, reasons, count, arena, &outcome->faults);
}

static void keep_faults(bulk_outcome_t *outcome, bulk_faults_t faults, arena_t *arena) {
    outcome->faults.count = 0;
    for (uint32_t index = 0; index < faults.count; index++)
        fault_keep(&outcome->faults, arena, faults.at[index].spot, &faults.at[index].reason);
    outcome->state = STATE_FAULTY;
}

bulk_outcome_t *bulk_outcomes(const bulk_t *bulk, arena_t *arena) {
    bulk_outcome_t *outcomes = ARENA_NEW(arena, bulk_outcome_t, bulk->count + 1);
    for (uint32_t at = 0; at < bulk->count; at++) {
        const bulk_report_t *report = &bulk->reports[at];
        if (report->faults.count > 0)
            keep_faults(&outcomes[at], report->faults, arena);
        else
            outcomes[at].state = report->blank ? STATE_BLANK : STATE_UNSENT;
    }
    return outcomes;
}

/* --- the walk --- */

bulk_check_t bulk_check_begin(const bulk_t *bulk, bulk_outcome_t *outcomes, arena_t *arena) {
    bulk_faults_t *faults = ARENA_NEW(arena, bulk_faults_t, bulk->count + 1);
    const report_t *rehearsed = bulk_rehearsed(bulk, arena, faults);
    return (bulk_check_t){
        .bulk = bulk, .outcomes = outcomes, .rehearsed = rehearsed, .rehearsed_faults = faults, .arena = arena};
}

const report_t *bulk_check_next(bulk_check_t *self) {
    while (self->at < self->bulk->count && self->outcomes[self->at].state != STATE_UNSENT && !self->as_will) self->at++;
    if (self->at == self->bulk->count) return NULL;
    return self->as_will ? &self->rehearsed[self->at] : &self->bulk->reports[self->at].report;
}

static bool is_rewritten(const report_t *report, const report_t *rehearsed) {
    for (uint32_t index = 0; index < report->figures_count; index++)
        if (report->figures[index].running.given != rehearsed->figures[index].running.given) return true;
    return false;
}

/* Is the report of the month that was skipped in this file, further up, and well? */
static bool is_filled_here(const bulk_check_t *self, text_t skipped) {
    text_t task = self->bulk->reports[self->at].report.task;
    for (uint32_t before = 0; before < self->at; before++) {
        const report_t *report = &self->bulk->reports[before].report;
        bool well = self->outcomes[before].state == STATE_CHECKED || self->outcomes[before].state == STATE_STANDING;
        if (well && text_equal(report->task, task) && text_equal(report->period, skipped)) return true;
    }
    return false;
}

/* A month that this very file reports is not skipped once the file is in. */
static void forgive_skipped(const bulk_check_t *self, bulk_outcome_t *outcome) {
    uint32_t kept = 0;
    for (uint32_t index = 0; index < outcome->faults.count; index++) {
        const reason_t *reason = &outcome->faults.at[index].reason;
        bool filled =
            text_is(reason->code, "month_skipped") && reason->args_count == 1 && is_filled_here(self, reason->args[0]);
        if (!filled) outcome->faults.at[kept++] = outcome->faults.at[index];
    }
    if (kept < outcome->faults.count && kept == 0) outcome->state = STATE_CHECKED;
    outcome->faults.count = kept;
}

/* An answer is in: what the file alone says against the report counts too, and whether it will stand behind the others. */
static void go_on(bulk_check_t *self) {
    bulk_outcome_t *outcome = &self->outcomes[self->at];
    bulk_faults_t own =
        self->rehearsed_faults[self->at]; /* each may be well alone, and two opening balances are one too many */
    bool twice = own.count > 0 && text_is(own.at[0].reason.code, "opening_twice"), rehearsed = self->as_will;
    self->as_will = false;
    if (!rehearsed && outcome->state == STATE_CHECKED && twice) keep_faults(outcome, own, self->arena);
    if (outcome->state == STATE_REFUSED && !rehearsed) {
        if (own.count > 0)
            keep_faults(outcome, own, self->arena);
        else
            self->as_will = is_rewritten(&self->bulk->reports[self->at].report, &self->rehearsed[self->at]);
    }
    if (self->as_will) return;
    if (outcome->state == STATE_REFUSED) forgive_skipped(self, outcome);
    self->at++;
}

void bulk_check_take(bulk_check_t *self, const verdict_t *verdict) {
    outcome_take(&self->bulk->reports[self->at], verdict, STATE_CHECKED, self->arena, &self->outcomes[self->at]);
    go_on(self);
}

void bulk_check_refuse(bulk_check_t *self, const reason_t *reasons, uint32_t count) {
    outcome_refuse(&self->bulk->reports[self->at], reasons, count, self->arena, &self->outcomes[self->at]);
    go_on(self);
}

bool bulk_check_is_well(const bulk_check_t *self) {
    for (uint32_t at = 0; at < self->bulk->count; at++) {
        bulk_state_t state = self->outcomes[at].state;
        if (state != STATE_CHECKED && state != STATE_STANDING && state != STATE_BLANK) return false;
    }
    return true;
}

/* --- told --- */

text_t bulk_rows_text(const bulk_report_t *report, arena_t *arena) {
    text_t text = text_of("");
    for (uint32_t index = 0; index < report->rows_count;) {
        uint32_t last = index;
        while (last + 1 < report->rows_count && report->rows[last + 1] == report->rows[last] + 1) last++;
        const char *comma = text.size > 0 ? "," : "";
        text = last == index ? arena_format(arena, TEXT_FORMAT "%s%u", TEXT_ARGS(text), comma, report->rows[index])
                             : arena_format(arena, TEXT_FORMAT "%s%u-%u", TEXT_ARGS(text), comma, report->rows[index],
                                            report->rows[last]);
        index = last + 1;
        if (text.size > 40) return arena_format(arena, TEXT_FORMAT "…", TEXT_ARGS(text));
    }
    return text;
}

text_t bulk_header(const bulk_t *bulk, spot_t spot) {
    return spot.column > 0 && spot.column <= bulk->header_count ? cell_trimmed(bulk->header[spot.column - 1]) : text_of("");
}
