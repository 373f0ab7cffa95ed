/* Answers to warnings and silences on their way into the ledger: authority and privacy here, whether they hold in validation. */
#include <string.h>

#include "services/1-intake/state.h"

static warning_decided_t decided_of(const warning_decide_t *decide, const uint8_t id[16], const actor_t *actor) {
    warning_decided_t decided = {.actor = *actor, .decision = decide->decision, .unit = decide->unit, .task = decide->task,
                                 .period = decide->period, .indicator = decide->indicator, .by = decide->by,
                                 .until_ms = decide->until_ms, .why = decide->why};
    memcpy(decided.id, id, sizeof decided.id);
    memcpy(decided.silence, decide->silence, sizeof decided.silence);
    return decided;
}

/* Nobody silences what his own unit hears, unless he supervises. */
static bool is_not_own(visit_t *visit, const warning_decide_t *decide) {
    const actor_t *actor = &visit->actor;
    bool own = actor->office == office_coordinator && decide->decision == warning_decision_silenced &&
               (decide->unit.size == 0 || text_equal(actor->unit, decide->unit));
    if (own) visit_refuse(visit, REASON_OF(own_unit), text_of("unit"), &actor->unit, 1);
    return !own;
}

/* To press for a report is the coordinator's and the supervisor's. */
static bool may_press(visit_t *visit, const warning_decide_t *decide) {
    office_t office = visit->actor.office;
    bool may = decide->decision != warning_decision_reminded || office == office_coordinator || office == office_supervisor;
    text_t args[] = {text_of(WORD_ZH(office, office)), text_of(WORD_EN(office, office))};
    if (!may) visit_refuse(visit, REASON_OF(office_missing), text_of("decision"), args, 2);
    return may;
}

/* Of a period: as long as that is open. Of all else: until the seal. */
static bool answer_is_open(visit_t *visit, const warning_decide_t *decide) {
    return decide->period.size > 0 ? period_is_open(visit, decide->period) : plan_is_unsealed(visit);
}

void on_warning_decide(visit_t *visit, const command_t *command, const packet_t *body) {
    warning_decide_t decide;
    if (!visit_body(visit, body, warning_decide_type(), &decide) || !answer_is_open(visit, &decide)) return;
    if (decide.decision == warning_decision_silenced && decide.why.size == 0) {
        visit_refuse(visit, REASON_OF(missing_field), text_of("why"), NULL, 0);
        return;
    }
    if (!remark_is_clean(visit, decide.why) || !is_not_own(visit, &decide) || !may_press(visit, &decide)) return;
    warning_decided_t decided = decided_of(&decide, command->command_id, &visit->actor);
    intake_t *self = visit->intake;
    command_obeyed(visit, command, group_append(self, warning_decided_type(), &decided, group_stamp(self)));
}

/* --- from a unit (acts.c) --- */

bool warning_answer_is_open(visit_t *visit, const void *act) { return answer_is_open(visit, act); }

bool warning_answer_holds(visit_t *visit, text_t unit, const void *act) {
    const warning_decide_t *decide = act;
    if (decide->decision != warning_decision_answered)
        visit_refuse(visit, REASON_OF(not_permitted), text_of("decision"), NULL, 0);
    else if (decide->unit.size > 0 && !text_equal(decide->unit, unit))
        visit_refuse(visit, REASON_OF(not_permitted), text_of("unit"), NULL, 0);
    else
        return true;
    return false;
}

uint64_t warning_answer_append(visit_t *visit, text_t unit, const void *act, int64_t stamp_ms) {
    const warning_decide_t *decide = act;
    warning_decided_t decided = decided_of(decide, decide->submission_id, &visit->actor);
    decided.unit = unit;
    return group_append(visit->intake, warning_decided_type(), &decided, stamp_ms);
}
