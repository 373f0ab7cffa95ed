/* Opens, tells, schedules and withdraws; every change of a subject and of its place in the agenda is made here. */
#include "services/4-alerting/alerting_subject.h"

#include "services/4-alerting/alerting_rules.h"
#include "services/4-alerting/alerting_text.h"

#include <string.h>

store_key_t subject_prefix(subject_t what, text_t indicator) {
    store_key_t key = key_new();
    key_add_u64(&key, what);
    key_add_text(&key, indicator);
    return key;
}

store_key_t subject_key(const alerting_subject_t *subject) {
    bool report = subject->what == SUBJECT_REPORT;
    store_key_t key = subject_prefix((subject_t)subject->what, report ? subject->task : subject->indicator);
    if (report) key_add_text(&key, subject->period);
    key_add_text(&key, subject->unit);
    return key;
}

static store_key_t told_key(uint64_t seq) {
    store_key_t key = key_new();
    key_add_u64(&key, seq);
    return key;
}

static void agenda_put(turn_t *turn, uint64_t at_ms, const store_key_t *subject, bool present) {
    if (at_ms == 0) return;
    store_key_t key = key_new();
    key_add_u64(&key, at_ms);
    key_add_bytes(&key, subject->bytes, subject->size);
    alerting_mark_t mark = {.mark = 1};
    if (present) turn_put(turn, ALERTING_AGENDA, &key, &mark);
    else turn_delete(turn, ALERTING_AGENDA, &key);
}

/* Stores the subject with its next instant; the old place in the agenda goes. */
static void subject_keep(turn_t *turn, alerting_subject_t *subject, uint64_t next_ms) {
    store_key_t key = subject_key(subject);
    if (subject->next_ms != next_ms) {
        agenda_put(turn, subject->next_ms, &key, false);
        agenda_put(turn, next_ms, &key, true);
        subject->next_ms = next_ms;
    }
    turn_put(turn, ALERTING_SUBJECT, &key, subject);
}

/* What was told stays readable; it only no longer stands. */
static void told_settle(turn_t *turn, uint64_t seq) {
    store_key_t key = told_key(seq);
    warning_row_t row;
    if (seq == 0 || !turn_get(turn, ALERTING_TOLD, &key, &row)) return;
    row.resolved = true;
    turn_put(turn, ALERTING_TOLD, &key, &row);
}

/* Emits the warning and keeps it for queries; *standing is its place in stream 4, what stood there is superseded. */
static void warning_emit(turn_t *turn, const warning_raised_t *warning, uint64_t *standing) {
    turn_emit(turn, warning_raised_type(), warning);
    told_settle(turn, *standing);
    warning_row_t row = {.seq = txn_head(turn_txn(turn)).seq, .at_ms = (uint64_t)turn_now_ms(turn), .warning = *warning};
    if (row.seq == 0) return; /* the store failed: the error sticks, the batch is rolled back */
    *standing = row.seq;
    store_key_t key = told_key(row.seq), by_unit = key_new();
    turn_put(turn, ALERTING_TOLD, &key, &row);
    key_add_text(&by_unit, warning->unit);
    key_add_u64(&by_unit, row.seq);
    alerting_mark_t mark = {.mark = 1};
    turn_put(turn, ALERTING_TOLD_TO, &by_unit, &mark);
}

static warning_kind_t kind_of(const alerting_subject_t *subject, bool after) {
    if (subject->what == SUBJECT_TENURE) return warning_kind_tenure_broken;
    if (subject->what == SUBJECT_TARGET) return after ? warning_kind_target_overdue : warning_kind_target_due;
    return after ? warning_kind_report_overdue : warning_kind_report_due;
}

static const target_changed_t *target_of(turn_t *turn, const alerting_subject_t *subject) {
    if (subject->what == SUBJECT_REPORT) return NULL;
    store_key_t key = key_new();
    key_add_text(&key, subject->indicator);
    alerting_target_t *kept = ARENA_NEW(turn_arena(turn), alerting_target_t, 1);
    kept->target.task = subject->task;
    kept->target.indicator = subject->indicator;
    turn_get(turn, ALERTING_TARGET, &key, kept);
    return &kept->target;
}

/* Of a report what it lacks; of a target the members below their goal, or the indicator itself. */
static void missing_fill(const alerting_subject_t *subject, const target_changed_t *target, warning_raised_t *warning) {
    warning->missing = target == NULL ? subject->missing : target->missing;
    warning->missing_count = target == NULL ? subject->missing_count : target->missing_count;
    if (target == NULL || (target->missing_count > 0 && subject->what == SUBJECT_TARGET)) return;
    warning->missing = &subject->indicator;
    warning->missing_count = 1;
}

/* Tells the subject with this rung: its unit, and of a late report from orange on the coordinator too. */
static void subject_tell(turn_t *turn, alerting_subject_t *subject, const rung_choice_t *choice) {
    const alerting_memory_t *memory = turn_memory(turn);
    const plan_t *plan = planbook_plan(memory->book);
    const target_changed_t *target = target_of(turn, subject);
    warning_raised_t warning = {.episode = subject->episode, .kind = kind_of(subject, choice->after),
                                .rung = text_of(choice->name), .level = choice->level, .unit = subject->unit,
                                .addressee = subject->role, .task = subject->task, .period = subject->period,
                                .indicator = subject->indicator, .due_ms = subject->due_ms, .rehearsal = memory->rehearsal};
    missing_fill(subject, target, &warning);
    bool to_other = target != NULL && subject->role != addressee_owner && target->owing_count == 1;
    if (to_other) warning.owner = target->owing[0];
    warning_tell(memory->book, target, turn_now_ms(turn), turn_arena(turn), &warning);
    warning_sign(plan->id, &warning);
    warning_emit(turn, &warning, &subject->own_seq);
    bool above = target == NULL && choice->level >= level_orange && !text_equal(plan->coordinator, subject->unit);
    if (above) {
        warning.owner = subject->unit;
        warning.unit = plan->coordinator;
        warning.addressee = addressee_coordinator;
        warning_tell(memory->book, NULL, turn_now_ms(turn), turn_arena(turn), &warning);
        warning_sign(plan->id, &warning);
        warning_emit(turn, &warning, &subject->above_seq);
    }
    subject->raised = true;
    subject->told_ms = (uint64_t)turn_now_ms(turn);
}

static rung_choice_t subject_choice(turn_t *turn, const alerting_subject_t *subject) {
    const alerting_memory_t *memory = turn_memory(turn);
    const plan_t *plan = planbook_plan(memory->book);
    const ladder_t *ladder = subject->what == SUBJECT_REPORT ? &plan->report_ladder : &plan->target_ladder;
    return rung_choose(plan, ladder, (int64_t)subject->due_ms, (int64_t)subject->told_ms, turn_now_ms(turn));
}

/* A tenure has no ladder: it is told the moment it breaks. */
static void tenure_tell(turn_t *turn, alerting_subject_t *subject) {
    rung_choice_t broken = {.sound = true, .name = "broken", .level = level_red, .after = true};
    subject_tell(turn, subject, &broken);
    subject_keep(turn, subject, 0);
}

static bool same_missing(const alerting_subject_t *left, const alerting_subject_t *right) {
    if (left->missing_count != right->missing_count) return false;
    for (uint32_t index = 0; index < left->missing_count; index++)
        if (!text_equal(left->missing[index], right->missing[index])) return false;
    return true;
}

static void withdraw(turn_t *turn, uint64_t *standing, bool moved) {
    const alerting_memory_t *memory = turn_memory(turn);
    store_key_t key = told_key(*standing);
    warning_row_t row;
    if (*standing == 0 || !turn_get(turn, ALERTING_TOLD, &key, &row)) return;
    warning_resolved_t resolved = withdrawal_of(memory->book, &row.warning, moved, turn_arena(turn));
    turn_emit(turn, warning_resolved_type(), &resolved);
    told_settle(turn, *standing);
    *standing = 0;
}

static void subject_end(turn_t *turn, alerting_subject_t *subject, bool withdrawn, bool moved) {
    bool standing = subject->own_seq != 0 || subject->above_seq != 0;
    if (!subject->open && !(withdrawn && standing)) return;
    if (withdrawn) {
        withdraw(turn, &subject->own_seq, moved);
        withdraw(turn, &subject->above_seq, moved);
    }
    subject->open = false;
    subject_keep(turn, subject, 0);
}

void subject_open(turn_t *turn, const alerting_subject_t *wanted) {
    store_key_t key = subject_key(wanted);
    alerting_subject_t old = {0}, fresh = *wanted;
    bool known = turn_get(turn, ALERTING_SUBJECT, &key, &old);
    bool same = known && old.open && old.due_ms == wanted->due_ms;
    if (same && old.role == wanted->role && same_missing(&old, wanted)) return;
    if (same) {
        old.role = wanted->role;
        old.missing = wanted->missing;
        old.missing_count = wanted->missing_count;
        subject_keep(turn, &old, old.next_ms);
        return;
    }
    if (known && old.open) subject_end(turn, &old, true, true);
    fresh.open = true;
    fresh.episode = !known ? 1 : old.raised ? old.episode + 1 : old.episode;
    fresh.raised = false;
    fresh.told_ms = fresh.next_ms = 0;
    fresh.own_seq = known ? old.own_seq : 0; /* a stopped target's warning may still stand */
    fresh.above_seq = known ? old.above_seq : 0;
    if (fresh.what == SUBJECT_TENURE) {
        tenure_tell(turn, &fresh);
        return;
    }
    rung_choice_t choice = subject_choice(turn, &fresh);
    subject_keep(turn, &fresh, (uint64_t)choice.at_ms);
}

void subject_close(turn_t *turn, const alerting_subject_t *wanted, bool withdrawn, bool moved) {
    store_key_t key = subject_key(wanted);
    alerting_subject_t subject;
    if (turn_get(turn, ALERTING_SUBJECT, &key, &subject)) subject_end(turn, &subject, withdrawn, moved);
}

/* One subject whose time has come: it sounds, or it is found to have to wait. Its next instant lies after now. */
static void subject_look(turn_t *turn, const store_key_t *key) {
    alerting_subject_t subject;
    if (!turn_get(turn, ALERTING_SUBJECT, key, &subject)) return;
    rung_choice_t choice = subject_choice(turn, &subject);
    if (choice.sound) {
        subject_tell(turn, &subject, &choice);
        choice = subject_choice(turn, &subject);
        ASSERT(!choice.sound);
    }
    subject_keep(turn, &subject, (uint64_t)choice.at_ms);
}

bool subject_sound_due(turn_t *turn) {
    store_key_t *due = NULL; /* at most ticks nothing is due, and the room for a whole step costs more than the look */
    uint32_t count = 0;
    store_key_t all = key_new();
    scan_t scan = scan_begin(turn_txn(turn), ALERTING_AGENDA, &all, NULL);
    alerting_mark_t mark;
    while (count < LIMIT_AGENDA_STEP && scan_next(&scan, turn_arena(turn), &mark)) {
        uint32_t at = 0;
        if (key_next_u64(scan.key, &at) > (uint64_t)turn_now_ms(turn)) break;
        if (due == NULL) due = ARENA_NEW(turn_arena(turn), store_key_t, LIMIT_AGENDA_STEP);
        due[count] = key_new();
        key_add_bytes(&due[count++], scan.key.at + at, scan.key.size - at);
    }
    scan_end(&scan);
    for (uint32_t index = 0; index < count; index++) subject_look(turn, &due[index]);
    return count == LIMIT_AGENDA_STEP;
}
