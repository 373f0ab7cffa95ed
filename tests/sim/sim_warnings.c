/* Stream 4 against the ledger: once an episode, never without cause, in time, withdrawn when it is no longer true. */
#include <string.h>

#include "tests/sim/sim_recount.h"

/* What stream 4 said, in order. */
typedef struct {
    bool raised;
    int64_t at_ms;
    warning_raised_t warning; /* of a withdrawal: its own fields that are the same */
} said_t;

/* One message to one recipient. */
typedef struct {
    int64_t at_ms;
    bundle_told_t told;
} message_told_t;

typedef struct {
    const recount_t *count;
    said_t *said;
    uint32_t said_count;
    message_told_t *messages;
    uint32_t message_count;
} speech_t;

/* Subjects of one unit about one indicator differ in what they are about. */
typedef enum { ABOUT_REPORT, ABOUT_TARGET, ABOUT_TENURE, ABOUT_PACE, ABOUT_RISK, ABOUT_CLAIM } about_t;

static about_t about_of(const warning_raised_t *warning) {
    if (warning->period.size > 0) return ABOUT_REPORT;
    if (warning->kind == warning_kind_tenure_broken) return ABOUT_TENURE;
    if (warning->kind == warning_kind_tenure_risk) return ABOUT_RISK;
    if (warning->kind == warning_kind_claim_contested) return ABOUT_CLAIM;
    return warning->kind == warning_kind_pace_slow ? ABOUT_PACE : ABOUT_TARGET;
}

static void speech_read(speech_t *speech) {
    sim_t *sim = speech->count->sim;
    txn_t *txn = store_read(stage_store(sim_fold_named(sim, "alerting")->stage));
    ASSERT(txn != NULL);
    uint64_t head = txn_head(txn).seq;
    speech->said = ARENA_NEW(sim->arena, said_t, head + 1);
    speech->messages = ARENA_NEW(sim->arena, message_told_t, head + 1);
    for (uint64_t seq = 1; seq <= head; seq++) {
        event_t event;
        fault_t fault;
        said_t *said = &speech->said[speech->said_count];
        bool there = txn_event(txn, seq, sim->arena, &event, NULL);
        ASSERT(there);
        if (event.kind == KIND_warning_raised) {
            err_t err = event_body(&event, warning_raised_type(), sim->arena, &said->warning, &fault);
            ASSERT(err == OK);
        } else if (event.kind == KIND_warning_resolved) {
            warning_resolved_t resolved;
            err_t err = event_body(&event, warning_resolved_type(), sim->arena, &resolved, &fault);
            ASSERT(err == OK);
            memcpy(said->warning.id, resolved.id, sizeof resolved.id);
            said->warning.episode = resolved.episode;
        } else if (event.kind == KIND_bundle_told) {
            message_told_t *message = &speech->messages[speech->message_count++];
            message->at_ms = event.at_ms;
            err_t err = event_body(&event, bundle_told_type(), sim->arena, &message->told, &fault);
            ASSERT(err == OK);
            continue;
        } else {
            continue;
        }
        said->raised = event.kind == KIND_warning_raised;
        said->at_ms = event.at_ms;
        speech->said_count++;
    }
    txn_abort(&txn);
}

/* An id is raised once, withdrawn at most once and only after it was raised. */
static void ids_check(const speech_t *speech) {
    sim_t *sim = speech->count->sim;
    for (uint32_t index = 0; index < speech->said_count; index++) {
        const said_t *said = &speech->said[index];
        uint32_t raised = 0, withdrawn = 0;
        for (uint32_t other = 0; other < index; other++) {
            if (memcmp(speech->said[other].warning.id, said->warning.id, sizeof said->warning.id) != 0) continue;
            raised += speech->said[other].raised;
            withdrawn += !speech->said[other].raised;
        }
        if (said->raised)
            SIM_HOLDS(sim, "warned_once_an_episode", raised == 0, "warning %u has an id that was raised", index);
        else
            SIM_HOLDS(sim, "withdrawn_once", raised == 1 && withdrawn == 0, "withdrawal %u", index);
    }
}

static bool withdrawn_between(const speech_t *speech, uint32_t at, uint32_t until) {
    for (uint32_t index = at + 1; index < until; index++)
        if (!speech->said[index].raised && memcmp(speech->said[index].warning.id, speech->said[at].warning.id, 16) == 0)
            return true;
    return false;
}

static bool withdrawn_after(const speech_t *speech, uint32_t at) { return withdrawn_between(speech, at, speech->said_count); }

static bool same_key(const claim_t *a, const claim_t *b) {
    return a->key_kind == b->key_kind && text_equal(a->key, b->key) && memcmp(a->person, b->person, sizeof a->person) == 0;
}

static bool same_place(const warning_raised_t *a, const warning_raised_t *b) {
    return text_equal(a->task, b->task) && text_equal(a->period, b->period) && text_equal(a->indicator, b->indicator) &&
           about_of(a) == about_of(b) && same_key(&a->claim, &b->claim);
}

/* Told to the same about the same. */
static bool same_subject(const warning_raised_t *a, const warning_raised_t *b) {
    bool same_owner = a->period.size == 0 || text_equal(a->owner, b->owner); /* of a target it is whoever still owes */
    return text_equal(a->unit, b->unit) && same_owner && same_place(a, b);
}

/* Nothing was told to the same about the same since: what a later rung overtook is not withdrawn by itself. */
static bool is_last(const speech_t *speech, uint32_t at) {
    for (uint32_t later = at + 1; later < speech->said_count; later++)
        if (speech->said[later].raised && same_subject(&speech->said[later].warning, &speech->said[at].warning)) return false;
    return true;
}

/* Whose report it is about: leads and the office hear of another's, and not in every episode. */
static text_t whose_report(const warning_raised_t *warning) { return warning->owner.size > 0 ? warning->owner : warning->unit; }

/* The episode of what is raised: one more than the last one if that was withdrawn, the same if it still stands. */
static void episodes_check(const speech_t *speech) {
    for (uint32_t index = 0; index < speech->said_count; index++) {
        const warning_raised_t *warning = &speech->said[index].warning;
        if (!speech->said[index].raised || warning->period.size == 0) continue;
        for (uint32_t other = index; other > 0; other--) {
            const said_t *before = &speech->said[other - 1];
            bool same = text_equal(whose_report(&before->warning), whose_report(warning)) && same_place(&before->warning, warning);
            if (!before->raised || !same) continue;
            uint64_t anew = withdrawn_between(speech, other - 1, index);
            SIM_HOLDS(speech->count->sim, "episodes_follow", warning->episode == before->warning.episode + anew, "warning %u",
                      index);
            break;
        }
    }
}

/* The last warning about something that has been reported, or met, does not stand any more. */
static void standing_check(const speech_t *speech, const char *invariant, const char *what, bool over, text_t owner,
                           text_t task, text_t period, text_t indicator) {
    if (!over) return;
    for (uint32_t index = 0; index < speech->said_count; index++) {
        const said_t *said = &speech->said[index];
        const warning_raised_t *warning = &said->warning;
        if (!said->raised || !text_equal(warning->task, task) || !text_equal(warning->period, period)) continue;
        if (!text_equal(warning->indicator, indicator) || about_of(warning) == ABOUT_TENURE) continue;
        if (about_of(warning) == ABOUT_RISK || about_of(warning) == ABOUT_CLAIM) continue; /* they go by other things */
        if (period.size > 0 && !text_equal(whose_report(warning), owner)) continue;
        bool stands = is_last(speech, index) && !withdrawn_after(speech, index);
        SIM_HOLDS(speech->count->sim, invariant, !stands, "warning %u about %s still stands",
                  index, what);
    }
}

/* --- reports: told when they are owed, at the latest at the first tick of an office hour behind a rung --- */

static bool is_office_hour(const plan_t *plan, const ladder_t *ladder, int64_t at_ms) {
    uint32_t minute = minute_of_instant(plan, at_ms);
    uint64_t begins = ladder->at_minute < plan->day_begins ? plan->day_begins : ladder->at_minute;
    return day_is_working(plan, day_of_instant(plan, at_ms)) && minute >= begins && minute <= plan->day_ends;
}

/* What the unit itself was told about one report before or at an instant. */
typedef struct {
    int64_t told_ms; /* last; 0: never */
    uint64_t episode;
    level_t level; /* the loudest of the last episode: another one leaves its own time to answer */
    int64_t level_ms;
} heard_t;

static heard_t heard_at(const speech_t *speech, text_t unit, text_t task, text_t period, int64_t due_ms, int64_t at_ms) {
    heard_t heard = {0};
    for (uint32_t index = 0; index < speech->said_count; index++) {
        const said_t *said = &speech->said[index];
        if (!said->raised || said->at_ms > at_ms || said->warning.owner.size > 0 || said->warning.period.size == 0) continue;
        if (said->warning.kind == warning_kind_report_returned) continue; /* looked at by itself */
        if (said->warning.pressed_by.size > 0) continue; /* the ladder goes on as if nothing had been said */
        if (said->warning.due_ms != (uint64_t)due_ms) continue;            /* of a deadline that was moved since */
        if (!text_equal(said->warning.unit, unit) || !text_equal(said->warning.task, task) ||
            !text_equal(said->warning.period, period))
            continue;
        if (said->warning.episode > heard.episode) heard = (heard_t){.episode = said->warning.episode};
        heard.told_ms = said->at_ms;
        if (said->warning.level <= heard.level) continue;
        heard.level = said->warning.level;
        heard.level_ms = said->at_ms;
    }
    return heard;
}

/* Has there been time enough to answer the level that was heard, before this one? */
static bool is_answerable(const plan_t *plan, const heard_t *heard, level_t level, int64_t at_ms) {
    if (heard->level < level_blue || level <= heard->level) return true;
    int64_t days = working_days_between(plan, day_of_instant(plan, heard->level_ms), day_of_instant(plan, at_ms));
    return days >= (int64_t)plan->escalate_days * (int64_t)(level - heard->level);
}

/* The newest rung that has come by `at_ms`, and that may sound after what was heard; 0: none has. */
static int64_t rung_come(const plan_t *plan, const deadline_t *deadline, const heard_t *heard, int64_t at_ms) {
    const ladder_t *ladder = &plan->report_ladder;
    int64_t over_ms = deadline->due_ms + deadline->grace_ms + 1, come_ms = 0;
    for (uint32_t index = 0; index < ladder->rungs_count; index++) {
        const rung_t *rung = &ladder->rungs[index];
        int64_t rung_ms = rung_instant(plan, ladder, rung, deadline->day);
        if (rung->after && rung_ms < over_ms) rung_ms = over_ms;
        if (rung->after && !is_answerable(plan, heard, rung->level, at_ms)) continue;
        if (rung->after == (at_ms >= over_ms) && rung_ms <= at_ms && rung_ms > come_ms) come_ms = rung_ms;
    }
    return come_ms;
}

/* Was the door away at any time from `from_ms` to `to_ms`? By the entries that said so. */
static bool is_away(const recount_t *count, int64_t from_ms, int64_t to_ms) {
    for (uint64_t index = 0; index < count->gone_count; index += 2) {
        bool back = index + 1 < count->gone_count;
        if (count->gone[index] <= to_ms && (!back || count->gone[index + 1] >= from_ms)) return true;
    }
    return false;
}

/* The very instant of an entry about a door: a tick may stand before it or behind it. */
static bool is_edge(const recount_t *count, int64_t at_ms) {
    for (uint64_t index = 0; index < count->gone_count; index++)
        if (count->gone[index] == at_ms) return true;
    return false;
}

/* --- escalation, one day one rung, one person one message --- */

/* Of one subject in one episode: a louder level leaves working days to answer the one before; a day brings one rung. */
static void escalation_check(const speech_t *speech, uint32_t at) {
    const plan_t *plan = &speech->count->sim->plan;
    const said_t *said = &speech->said[at];
    heard_t heard = {0};
    if (said->warning.pressed_by.size > 0) return; /* an officer's word is no rung */
    bool after = said->warning.kind == warning_kind_report_overdue || said->warning.kind == warning_kind_target_overdue;
    uint32_t today = day_of_instant(plan, said->at_ms), rungs = 0;
    for (uint32_t index = 0; index < at; index++) {
        const said_t *before = &speech->said[index];
        if (!before->raised || before->warning.episode != said->warning.episode) continue;
        if (before->warning.pressed_by.size > 0) continue;
        if (!same_subject(&before->warning, &said->warning)) continue;
        rungs += day_of_instant(plan, before->at_ms) == today;
        if (before->warning.level <= heard.level) continue;
        heard.level = before->warning.level;
        heard.level_ms = before->at_ms;
    }
    bool blames = said->warning.kind == warning_kind_report_overdue || said->warning.kind == warning_kind_pace_slow;
    bool away = blames && is_away(speech->count, said->at_ms, said->at_ms) && !is_edge(speech->count, said->at_ms);
    SIM_HOLDS(speech->count->sim, "nobody_is_blamed_for_a_door", !away, "warning %u was told while the door was away", at);
    SIM_HOLDS(speech->count->sim, "one_day_one_rung", rungs == 0, "warning %u is the second of its day", at);
    SIM_HOLDS(speech->count->sim, "time_to_answer", !after || is_answerable(plan, &heard, said->warning.level, said->at_ms),
              "warning %u is louder than what there was time to answer", at);
}

/* Pressed for once a day, and never by a machine: each one has its entry of that instant, by whom it names. */
static void press_check(const speech_t *speech, uint32_t at) {
    sim_t *sim = speech->count->sim;
    const said_t *said = &speech->said[at];
    uint32_t today = day_of_instant(&sim->plan, said->at_ms);
    for (uint32_t index = 0; index < at; index++) {
        const said_t *before = &speech->said[index];
        bool same = before->raised && before->warning.pressed_by.size > 0 && same_subject(&before->warning, &said->warning);
        SIM_HOLDS(sim, "pressed_once_a_day", !same || day_of_instant(&sim->plan, before->at_ms) != today, "warning %u", at);
    }
    bool ordered = false;
    for (uint64_t index = 0; index < speech->count->press_count; index++) {
        const press_t *press = &speech->count->presses[index];
        ordered |= press->at_ms == said->at_ms && text_equal(press->officer, said->warning.pressed_by) &&
                   text_equal(press->unit, said->warning.unit) && text_equal(press->period, said->warning.period);
    }
    SIM_HOLDS(sim, "pressed_by_somebody", ordered && said->warning.owner.size == 0, "warning %u", at);
}

/* Every warning is in one message to its recipient at its instant, and no message tells anything else. */
static void messages_check(const speech_t *speech) {
    sim_t *sim = speech->count->sim;
    uint64_t bundled = 0, raised = 0;
    for (uint32_t index = 0; index < speech->message_count; index++) {
        const message_told_t *message = &speech->messages[index];
        uint64_t count = 0;
        for (uint32_t at = 0; at < speech->said_count; at++) {
            const said_t *said = &speech->said[at];
            if (!said->raised || memcmp(said->warning.bundle, message->told.id, sizeof message->told.id) != 0) continue;
            count++;
            SIM_HOLDS(sim, "told_to_whom_it_is_for", text_equal(said->warning.unit, message->told.unit), "warning %u", at);
            SIM_HOLDS(sim, "told_at_once", said->at_ms == message->at_ms, "warning %u", at);
        }
        SIM_HOLDS(sim, "one_message", count == message->told.count, "message %u tells %llu of %llu", index,
                  (unsigned long long)message->told.count, (unsigned long long)count);
        SIM_HOLDS(sim, "a_digest_above_twenty", message->told.digest == (count > LIMIT_BUNDLE), "message %u", index);
        bundled += count;
    }
    for (uint32_t at = 0; at < speech->said_count; at++) {
        raised += speech->said[at].raised;
        if (speech->said[at].raised) escalation_check(speech, at);
        if (speech->said[at].raised && speech->said[at].warning.pressed_by.size > 0) press_check(speech, at);
    }
    SIM_HOLDS(sim, "every_warning_is_in_a_message", bundled == raised, "%llu of %llu", (unsigned long long)bundled,
              (unsigned long long)raised);
}

/* Who owes a report no more hears nothing of it, until he owes it again; what was said before does not stand. */
static void quiets_check(const speech_t *speech) {
    const recount_t *count = speech->count;
    const plan_t *plan = &count->sim->plan;
    for (uint32_t index = 0; index < count->quiet_count; index++) {
        const quiet_t *quiet = &count->quiets[index];
        text_t unit = plan->units[quiet->unit].id, task = plan->tasks[quiet->task].id, period = plan->periods[quiet->period].id;
        for (uint32_t at = 0; at < speech->said_count; at++) {
            const said_t *said = &speech->said[at];
            bool about = said->raised && text_equal(whose_report(&said->warning), unit) && text_equal(said->warning.task, task) &&
                         text_equal(said->warning.period, period);
            SIM_HOLDS(count->sim, "who_is_gone_hears_nothing",
                      !about || said->at_ms <= quiet->from_ms || said->at_ms >= quiet->to_ms,
                      "warning %u about u%u t%u p%u at %lld, not owed from %lld to %lld", at, quiet->unit, quiet->task,
                      quiet->period, (long long)said->at_ms, (long long)quiet->from_ms, (long long)quiet->to_ms);
        }
        standing_check(speech, "lifted_is_withdrawn", "it", quiet->to_ms == INT64_MAX, unit, task, period, text_of(NULL));
    }
}

/* Who has a report to do again was told so, with the day by which, and that still stands. */
static void return_told(const speech_t *speech, uint32_t unit, uint32_t task, uint32_t period) {
    const plan_t *plan = &speech->count->sim->plan;
    const stand_t *stand = &speech->count->stands[unit][task][period];
    bool told = false, again = stand->decision == decision_returned && sim_owes(plan, unit, task, period);
    for (uint32_t index = 0; index < speech->said_count && again; index++) {
        const warning_raised_t *warning = &speech->said[index].warning;
        if (!speech->said[index].raised || warning->kind != warning_kind_report_returned || warning->owner.size > 0) continue;
        if (!text_equal(warning->unit, plan->units[unit].id) || !text_equal(warning->task, plan->tasks[task].id)) continue;
        bool of_it = text_equal(warning->period, plan->periods[period].id);
        if (of_it) told = warning->due_ms == stand->again_ms && !withdrawn_after(speech, index);
    }
    SIM_HOLDS(speech->count->sim, "a_return_is_told", told == again, "u%u t%u p%u", unit, task,
              period);
}

/* The answer that is in force for a report at an instant, in the episode it was given in; NULL: none. The last one counts. */
static const promise_t *promise_at(const recount_t *count, uint32_t unit, uint32_t task, uint32_t period, int64_t at_ms) {
    const promise_t *found = NULL;
    for (uint64_t index = 0; index < count->promise_count; index++) {
        const promise_t *promise = &count->promises[index];
        if (promise->unit != unit || promise->task != task || promise->period != period || promise->at_ms >= at_ms) continue;
        found = promise;
    }
    return found != NULL && found->until_ms >= at_ms && found->over_ms > at_ms ? found : NULL;
}

/* Whoever has answered for a report is left alone up to the end of the promised day, or of the episode. */
static void promises_check(const speech_t *speech, uint32_t unit, uint32_t task, uint32_t period) {
    const plan_t *plan = &speech->count->sim->plan;
    for (uint32_t index = 0; index < speech->said_count; index++) {
        const said_t *said = &speech->said[index];
        const warning_raised_t *warning = &said->warning;
        if (!said->raised || warning->owner.size > 0 || !text_equal(warning->unit, plan->units[unit].id)) continue;
        if (!text_equal(warning->task, plan->tasks[task].id) || !text_equal(warning->period, plan->periods[period].id)) continue;
        if (warning->pressed_by.size > 0) continue; /* an officer may ask all the same */
        const promise_t *promise = promise_at(speech->count, unit, task, period, said->at_ms);
        SIM_HOLDS(speech->count->sim, "who_has_promised_is_left_alone", promise == NULL || !promise->open,
                  "u%u t%u p%u was told at %lld", unit, task, period, (long long)said->at_ms);
    }
}

enum { LOOK_AGAIN_MS = 3600000 }; /* who is muted is looked at again within the hour */

static void report_told(const speech_t *speech, uint32_t unit, uint32_t task, uint32_t period) {
    const recount_t *count = speech->count;
    const plan_t *plan = &count->sim->plan;
    const stand_t *stand = &count->stands[unit][task][period];
    text_t unit_id = plan->units[unit].id, task_id = plan->tasks[task].id, period_id = plan->periods[period].id;
    uint64_t due_seq;
    int64_t moved_ms;
    deadline_t deadline = sim_deadline(count, unit, task, period, &due_seq, &moved_ms);
    int64_t opens_ms = instant_of_day(plan, plan->periods[period].from, 0);
    if (moved_ms > opens_ms) opens_ms = moved_ms; /* from then on by this deadline */
    int64_t until_ms = stand->revision > 0 ? stand->since_ms : INT64_MAX;
    bool owes = sim_owes(plan, unit, task, period);
    bool spared = count->spared[unit][task][period] || !owes; /* whoever reports it all the same was not asked to */
    for (uint64_t index = 0; !spared && index < count->tick_count; index++) {
        int64_t at_ms = count->ticks[index];
        int64_t ends_ms = plan->periods[period].confirmation ? count->sealed_ms : count->closed_ms;
        bool closed = ends_ms != 0 && at_ms >= ends_ms;
        if (at_ms < opens_ms || at_ms >= until_ms || closed || !is_office_hour(plan, &plan->report_ladder, at_ms)) continue;
        heard_t heard = heard_at(speech, unit_id, task_id, period_id, deadline.due_ms, at_ms - 1), now = {0};
        int64_t rung_ms = rung_come(plan, &deadline, &heard, at_ms);
        bool heard_today = heard.told_ms > 0 && day_of_instant(plan, heard.told_ms) == day_of_instant(plan, at_ms);
        if (promise_at(count, unit, task, period, at_ms) != NULL) continue;
        bool muted = at_ms > deadline.due_ms && is_away(count, at_ms - LOOK_AGAIN_MS, at_ms);
        if (rung_ms == 0 || heard_today || muted) continue;
        now = heard_at(speech, unit_id, task_id, period_id, deadline.due_ms, at_ms);
        SIM_HOLDS(count->sim, "who_owes_is_told", now.told_ms >= rung_ms, "u%u t%u p%u at %lld: a rung of %lld, told at %lld", unit,
                  task, period, (long long)at_ms, (long long)rung_ms, (long long)now.told_ms);
    }
    promises_check(speech, unit, task, period);
    int64_t last_ms = heard_at(speech, unit_id, task_id, period_id, deadline.due_ms, INT64_MAX).told_ms;
    bool open = last_ms == 0 || last_ms >= opens_ms || due_seq != 0 || count->since_ms[unit][task][period] != 0;
    SIM_HOLDS(count->sim, "nobody_is_told_without_cause", last_ms <= until_ms && open,
              "u%u t%u p%u was told at %lld", unit, task, period, (long long)last_ms);
    bool over = stand->revision > 0 && (stand->decision != decision_returned || !owes);
    standing_check(speech, "reported_is_withdrawn", "a report that came", over, unit_id, task_id, period_id, text_of(NULL));
}

/* --- keys that several claim --- */

typedef struct {
    const speech_t *speech;
    bool due; /* since the last entry that may have changed a claim an office hour has come */
    bool *explained; /* of what was said: it is known to be true */
} claims_told_t;

/* The one who counts, and the coordinator: each has heard of it, and that stands. Nobody else. */
static void dispute_told(void *self_, const claim_t *key, text_t holder) {
    claims_told_t *self = self_;
    const speech_t *speech = self->speech;
    sim_t *sim = speech->count->sim;
    bool heard[2] = {false, false};
    const text_t who[2] = {holder, sim->plan.coordinator};
    for (uint32_t index = 0; index < speech->said_count; index++) {
        const warning_raised_t *warning = &speech->said[index].warning;
        bool about = speech->said[index].raised && about_of(warning) == ABOUT_CLAIM && same_key(&warning->claim, key) &&
                     text_equal(warning->indicator, key->indicator) && !withdrawn_after(speech, index);
        for (uint32_t one = 0; about && one < 2; one++) {
            if (!text_equal(warning->unit, who[one])) continue;
            heard[one] = self->explained[index] = true;
        }
    }
    SIM_HOLDS(sim, "a_contest_is_told", (heard[0] && heard[1]) || !self->due, TEXT_FORMAT " of " TEXT_FORMAT " counts for "
              TEXT_FORMAT, TEXT_ARGS(key->key), TEXT_ARGS(key->indicator), TEXT_ARGS(holder));
}

static void claims_told(const speech_t *speech) {
    const recount_t *count = speech->count;
    sim_t *sim = count->sim;
    claims_told_t told = {.speech = speech, .explained = ARENA_NEW(sim->arena, bool, speech->said_count + 1)};
    for (uint64_t index = 0; index < count->tick_count && !told.due; index++) {
        int64_t at_ms = count->ticks[index];
        bool closed = count->closed_ms != 0 && at_ms >= count->closed_ms;
        told.due = at_ms > count->claims_ms && !closed && is_office_hour(&sim->plan, &sim->plan.target_ladder, at_ms);
    }
    sim_each_dispute(count, dispute_told, &told);
    for (uint32_t index = 0; index < speech->said_count; index++) {
        const said_t *said = &speech->said[index];
        if (!said->raised || about_of(&said->warning) != ABOUT_CLAIM || told.explained[index]) continue;
        SIM_HOLDS(sim, "a_contest_that_is_over_is_withdrawn", withdrawn_after(speech, index), "warning %u about " TEXT_FORMAT,
                  index, TEXT_ARGS(said->warning.claim.key));
    }
}

/* Nobody is told of a target that is due when he is not there, but the coordinator: what was said to him does not stand. */
static void absent_check(const speech_t *speech) {
    sim_t *sim = speech->count->sim;
    for (uint32_t index = 0; index < speech->said_count; index++) {
        const warning_raised_t *warning = &speech->said[index].warning;
        about_t about = about_of(warning);
        if (!speech->said[index].raised || about == ABOUT_REPORT || about == ABOUT_CLAIM) continue;
        const indicator_t *indicator = planbook_indicator(sim->book, warning->indicator);
        uint32_t unit = planbook_unit_index(sim->book, planbook_unit(sim->book, warning->unit));
        uint32_t due = indicator->target.due != 0 ? indicator->target.due : planbook_task(sim->book, warning->task)->due;
        bool there = sim_is_there(&sim->plan, unit, due) || text_equal(sim->plan.coordinator, warning->unit);
        bool over = there || !is_last(speech, index) || withdrawn_after(speech, index);
        SIM_HOLDS(sim, "who_is_gone_has_no_target", over, "warning %u to u%u", index, unit);
    }
}

void sim_recount_warnings(const recount_t *count) {
    sim_t *sim = count->sim;
    const plan_t *plan = &sim->plan;
    speech_t speech = {.count = count};
    speech_read(&speech);
    ids_check(&speech);
    episodes_check(&speech);
    messages_check(&speech);
    quiets_check(&speech);
    absent_check(&speech);
    claims_told(&speech);
    for (uint32_t unit = 0; unit < plan->units_count; unit++)
        for (uint32_t task = 0; task < plan->tasks_count; task++)
            for (uint32_t period = 0; period < plan->periods_count; period++)
                if (sim_is_owed(count, unit, task, period)) {
                    report_told(&speech, unit, task, period);
                    return_told(&speech, unit, task, period);
                }
    targets_t told;
    arena_reset(sim->moment);
    sim_ask(sim, "aggregation", targets_ask_type(), &(targets_ask_t){0}, targets_type(), &told);
    for (uint32_t index = 0; index < told.rows_count; index++) {
        const target_changed_t *row = &told.rows[index];
        bool met = row->reach == reach_met || row->reach == reach_met_after_due;
        standing_check(&speech, "met_is_withdrawn", "a target that is met", met, text_of(NULL), row->task, text_of(NULL),
                       row->indicator);
    }
}
