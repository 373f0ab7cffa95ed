/* What the files of validation share while they look into its store: keys, and the running totals around a report. */
#ifndef VALIDATION_STATE_H
#define VALIDATION_STATE_H

#include "services/2-validation/validation.h"
#include "services/2-validation/validation_rules.h"
#include "services/2-validation/validation_sheet.h"
#include "services/plan/absence.h"

/* The period first: a month's reports then fall together, however many years and units there are. */
static inline store_key_t key_report(text_t unit, text_t task, text_t period) {
    store_key_t key = key_new();
    key_add_text(&key, period);
    key_add_text(&key, task);
    key_add_text(&key, unit);
    return key;
}

/* The key of a table with one row. */
static inline store_key_t key_single(void) {
    store_key_t key = key_new();
    key_add_u64(&key, 0);
    return key;
}

static inline store_key_t key_seq(uint64_t seq) {
    store_key_t key = key_new();
    key_add_u64(&key, seq);
    return key;
}

/* --- memory: what is derived from the store at its first use (validation_memory.c) --- */
typedef struct {
    arena_t *arena;
    planbook_t *book;    /* the plan in force */
    deadline_t *deadlines; /* of its periods, by the plan */
    thresholds_t thresholds; /* of the plan's soft rules */
    absences_t absences; /* of ours */
    validation_issues_t issues; /* bulletins that are out */
    validation_place_t newest; /* what was looked up last */
    sheets_t sheets;
} validation_memory_t;
void *validation_memory_load(turn_t *turn); /* NULL: no plan is adopted yet */
void validation_memory_destroy(void **memory);
void validation_memory_settle(turn_t *turn, void *memory);
void plan_trim(turn_t *turn);   /* between two events */
void plan_forget(turn_t *turn); /* what it was derived from changes: settled, loaded anew on next use */
const planbook_t *plan_book(turn_t *turn); /* NULL: none yet */
/* Where the plan has them. */
validation_place_t place_meant(turn_t *turn, text_t unit, text_t task, text_t period);
deadline_t planned_deadline(turn_t *turn, const period_t *period); /* by the plan's own rule; a period of plan_book */
/* When the report is due, by the rule that aggregation uses too. 0: the plan has no such period. */
uint64_t due_of(turn_t *turn, const validation_standing_t *standing, text_t unit, text_t period_id);
uint64_t due_in(turn_t *turn, const validation_standing_t *standing, text_t unit, const period_t *period); /* NULL: none */
void on_plan_part_kept(turn_t *turn, const event_t *event);
void on_plan_kept(turn_t *turn, const event_t *event);
void on_outage_declared(turn_t *turn, const event_t *event);

/* --- the straight way of most reports (validation_plain.c) --- */
/* Judges, keeps and tells it, if it is plain. false: nothing was changed, and it goes the way of all others. `encoded`: the report
 * as it was read. */
bool plain_take(turn_t *turn, const report_received_t *received, bytes_t encoded);
/* As the role's own, but for it no report is plain: the tests hold one against the other. */
void validation_apply_thoroughly(turn_t *turn, const event_t *event);

/* --- decisions (validation_decisions.c) --- */
void on_report_decided(turn_t *turn, const event_t *event);
void on_extension_decided(turn_t *turn, const event_t *event);
/* One reason with copies of its args; 1. */
uint32_t decision_reason(reason_t *reason, text_t code, const char *path, arena_t *arena, const text_t *args, uint32_t count);
/* What both kinds of decision say alike. */
#define DECISION_ROW(said)                                                                                                     \
    ((decision_row_t){.decision = (said)->decision,                                                                            \
                      .unit = (said)->unit,                                                                                    \
                      .task = (said)->task,                                                                                    \
                      .period = (said)->period,                                                                                \
                      .why = (said)->why,                                                                                      \
                      .officer = (said)->actor.officer,                                                                        \
                      .office = (said)->actor.office})
/* Is all of it in the plan; is it owed too? Reasons into DECISION_REASONS of room; returns how many. */
uint32_t decision_place_judge(const planbook_t *book, text_t unit, text_t task, text_t period, reason_t *reasons, arena_t *arena);
uint32_t decision_owed_judge(const planbook_t *book, text_t unit, text_t task, text_t period, reason_t *reasons, arena_t *arena);
/* Keeps what came of a decision, and emits decision_refused where it has reasons. */
void decision_end(turn_t *turn, const decision_row_t *row, const uint8_t command_id[16]);
/* What was said of the decision that entry `seq` holds. false: it holds none. */
bool decision_verdict(turn_t *turn, uint64_t seq, verdict_t *verdict);
void answer_decisions(turn_t *turn, const packet_t *packet, reply_t *reply);
/* What was decided on the newest valid revision, into the answer about what stands. */
void standing_tell_decision(turn_t *turn, const validation_standing_t *standing, standing_told_t *told);

/* --- answers, silences, reminders (validation_follow.c) --- */
void on_warning_decided(turn_t *turn, const event_t *event);
void answer_follows(turn_t *turn, const packet_t *packet, reply_t *reply);
/* --- bulletins that are out (validation_issues.c) --- */
void on_bulletin_out(turn_t *turn, const event_t *event);
/* A valid report that changes what one of them shows is told so: adds to what is explained. */
void issues_note(turn_t *turn, const validation_case_t *given, validation_ruling_t *ruling);

/* --- requests for more time (validation_requests.c) --- */
void on_extension_requested(turn_t *turn, const event_t *event);
request_row_t request_newest(turn_t *turn, const validation_standing_t *standing); /* seq 0: there is none */
/* The decision that entry at hand holds is its answer. */
void request_answer(turn_t *turn, const request_row_t *request, const decision_row_t *decision);
void answer_requests(turn_t *turn, const packet_t *packet, reply_t *reply);
/* The newest request and what became of it, into the answer about what stands. */
void standing_tell_request(turn_t *turn, const validation_standing_t *standing, standing_told_t *told);

/* --- planned measures (validation_measures.c) --- */
void on_measure_entered(turn_t *turn, const event_t *event);
void answer_measures(turn_t *turn, const packet_t *packet, reply_t *reply);
void answer_measure_history(turn_t *turn, const packet_t *packet, reply_t *reply);

/* Figures whose later running totals a report moved. */
typedef struct {
    restated_total_t *rows;
    uint32_t count;
} restated_t;

/* What a report of this place says that counts from now on. */
typedef struct {
    const validation_place_t *place;
    const figure_t *figures; /* with the month's amounts */
    const figure_t *said;    /* as they were typed */
    uint32_t count;
    bool back;               /* it is an older one that counts again */
} stated_t;
/* Its months of one figure take the place of those that were known; adds whose later running totals that moved. */
void history_exchange(turn_t *turn, sheet_t *sheet, const stated_t *stated, text_t indicator, restated_t *restated);

/* The period before, if it is owed and not reported although an earlier one is: a month was skipped. Who has not reported at all
 * yet skips nothing: it is late, or came to owe the task in mid-year. */
text_t period_skipped(const validation_place_t *place, const sheet_t *sheet);

/* What the figures of a report that passes would come to: who typed the month sees the running total, and the reverse. */
const figure_standing_t *figures_after(turn_t *turn, const validation_case_t *given, const validation_ruling_t *ruling,
                                       uint32_t *count);
/* Answers history_ask. */
void answer_history(turn_t *turn, const packet_t *packet, reply_t *reply);

/* What the figures that stand for (unit, task, period) come to. */
const figure_standing_t *figures_standing(turn_t *turn, const standing_ask_t *ask, uint32_t *count);

#endif
