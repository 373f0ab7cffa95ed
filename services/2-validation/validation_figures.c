/* A figure before the rules: whose it is, what it says, and whether that fits what stands. */
#include "services/2-validation/validation_judge.h"

#include <string.h>

static const indicator_t *indicator_in(const task_t *task, text_t id) {
    for (uint32_t index = 0; index < task->indicators_count; index++)
        if (id_equal(task->indicators[index].id, id)) return &task->indicators[index];
    return NULL;
}

/* Indicator and member are known, and this unit's to report. false: its values cannot be judged. */
static bool judge_figure_place(judge_t *self, exhibit_t *exhibit) {
    const figure_t *said = exhibit->said;
    const indicator_t *indicator = indicator_in(self->task, said->indicator);
    if (indicator == NULL) {
        FAULT_WITH(self, unknown_indicator, figure_path(self, exhibit->index, "indicator"), said->indicator, self->task->name);
        return false;
    }
    if (indicator->members_count > 0 && said->member.size == 0) {
        FAULT_WITH(self, member_missing, figure_path(self, exhibit->index, "member"), indicator->name);
        return false;
    }
    if (said->member.size > 0 && indicator_member(indicator, said->member) == NULL) {
        FAULT_WITH(self, unknown_member, figure_path(self, exhibit->index, "member"), said->member, indicator->name);
        return false;
    }
    exhibit->indicator = indicator;
    if (!planbook_contributes(self->given->place.book, self->task, indicator, said->member, self->unit))
        FAULT_WITH(self, not_your_figure, figure_path(self, exhibit->index, "indicator"), indicator->name, self->unit->name);
    if (!self->period->confirmation || indicator_lasts(indicator)) return true;
    /* the year's totals are closed by then, and no confirmation moves them */
    FAULT_WITH(self, only_confirmed, figure_path(self, exhibit->index, "indicator"), indicator->name, self->period->id);
    return false;
}

static void judge_repeat(judge_t *self, const exhibit_t *exhibits, uint32_t index) {
    const figure_t *figures = self->given->report->figures;
    for (uint32_t other = 0; other < index; other++) {
        if (!text_equal(figures[other].indicator, figures[index].indicator)) continue;
        if (!text_equal(figures[other].member, figures[index].member)) continue;
        FAULT(self, same_figure_twice, figure_path(self, exhibits[index].index, ""));
        return;
    }
}

/* Something is said, and not both nothing and something. false: there is no amount to go on with. */
static bool judge_presence(judge_t *self, const exhibit_t *exhibit) {
    const figure_t *said = exhibit->said;
    bool something = said->amount.given || said->running.given || said->items_count > 0;
    if (said->nil && something) FAULT(self, nil_with_amount, figure_path(self, exhibit->index, "nil"));
    else if (!said->nil && !something) FAULT(self, amount_missing, figure_path(self, exhibit->index, "amount"));
    else return !said->nil;
    return false;
}

static void judge_opening(judge_t *self, const exhibit_t *exhibit) {
    const indicator_t *indicator = exhibit->indicator;
    if (!exhibit->said->opening.given) return;
    if (indicator->opening && indicator->measure != measure_people && !exhibit->past.opening_taken) return;
    FAULT_WITH(self, opening_not_taken, figure_path(self, exhibit->index, "opening"), indicator->name);
}

static int64_t value_or_zero(maybe_t maybe) { return maybe.given ? maybe.value : 0; }

/* 累计 = 上期累计 + 本月. `amount` holds what else is known about the month, and gets it from the running total if nothing is. */
static bool judge_running(judge_t *self, const exhibit_t *exhibit, maybe_t *amount) {
    int64_t running = exhibit->said->running.value;
    int64_t previous = exhibit->past.before + value_or_zero(exhibit->said->opening);
    text_t path = figure_path(self, exhibit->index, "running");
    if (running < previous) {
        FAULT_WITH(self, running_falls, path, judge_shown(self, exhibit->indicator, running),
                   judge_shown(self, exhibit->indicator, previous));
        return false;
    }
    if (!amount->given) *amount = (maybe_t){true, running - previous};
    if (running - previous == amount->value) return true;
    FAULT_WITH(self, running_disagrees, path, judge_shown(self, exhibit->indicator, running),
               judge_shown(self, exhibit->indicator, previous), judge_shown(self, exhibit->indicator, amount->value));
    return false;
}

static bool is_too_large(judge_t *self, const exhibit_t *exhibit, maybe_t value, const char *field) {
    if (!value.given || value.value <= LIMIT_TOTAL) return false;
    FAULT(self, too_large, figure_path(self, exhibit->index, field));
    return true;
}

/* The month's amount from amount, items and running total, where they agree. false: it is not known. */
static bool judge_amount(judge_t *self, const exhibit_t *exhibit, int64_t *month) {
    const figure_t *said = exhibit->said;
    bool large = is_too_large(self, exhibit, said->amount, "amount");
    large |= is_too_large(self, exhibit, said->running, "running");
    large |= is_too_large(self, exhibit, said->opening, "opening");
    maybe_t amount = said->amount;
    int64_t sum = 0;
    bool sound = !large;
    if (said->items_count > 0) {
        bool summed = judge_items_sum(self, exhibit, &sum);
        sound &= summed;
        if (sound && amount.given && sum != amount.value) {
            FAULT_WITH(self, items_disagree, figure_path(self, exhibit->index, "amount"),
                       judge_shown(self, exhibit->indicator, sum), judge_shown(self, exhibit->indicator, amount.value));
            sound = false;
        }
        if (!amount.given) amount = (maybe_t){true, sum};
    }
    if (sound && said->running.given) sound = judge_running(self, exhibit, &amount);
    if (!sound) return false;
    /* the unit's total over the whole plan stays small enough for all units' totals to be added up later */
    if (exhibit->past.others + value_or_zero(said->opening) + amount.value > LIMIT_TOTAL) {
        FAULT(self, too_large, figure_path(self, exhibit->index, "amount"));
        return false;
    }
    *month = amount.value;
    return true;
}

/* People: the rows are the figure. A number beside them counts them. */
static void judge_people(judge_t *self, exhibit_t *exhibit) {
    const figure_t *said = exhibit->said;
    if (said->items_count == 0) {
        FAULT_WITH(self, items_missing, figure_path(self, exhibit->index, "items"), exhibit->indicator->name);
        return;
    }
    const maybe_t *numbers[] = {&said->amount, &said->running};
    for (uint32_t index = 0; index < 2; index++)
        if (numbers[index]->given && numbers[index]->value != (int64_t)said->items_count)
            FAULT_WITH(self, items_disagree, figure_path(self, exhibit->index, index == 0 ? "amount" : "running"),
                       judge_shown(self, exhibit->indicator, said->items_count),
                       judge_shown(self, exhibit->indicator, numbers[index]->value));
    item_t *items = ARENA_NEW(self->arena, item_t, said->items_count);
    for (uint32_t index = 0; index < said->items_count; index++) {
        items[index] = said->items[index];
        items[index].amount = (maybe_t){false, 0};
    }
    exhibit->norm->running = (maybe_t){false, 0}; /* of people a count, not a sum */
    exhibit->norm->items = items;
    exhibit->known = true;
    if (plan_thresholds(self->plan).evidence_always) judge_evidence(self, exhibit);
}

static void judge_sum(judge_t *self, exhibit_t *exhibit) {
    const indicator_t *indicator = exhibit->indicator;
    int64_t amount = 0;
    if (!judge_amount(self, exhibit, &amount)) return;
    exhibit->norm->amount = (maybe_t){true, amount};
    exhibit->known = true;
    if (amount > 0 && exhibit->said->items_count == 0) {
        if (indicator_needs_items(indicator))
            FAULT_WITH(self, items_missing, figure_path(self, exhibit->index, "items"), indicator->name);
    }
    judge_soft(self, exhibit, amount);
}

void judge_figure(judge_t *self, exhibit_t *exhibits, uint32_t index) {
    exhibit_t *exhibit = &exhibits[index];
    const figure_t *said = &self->given->report->figures[index];
    *exhibit = (exhibit_t){.index = index, .said = said, .norm = exhibit->norm};
    *exhibit->norm = *said;
    exhibit->norm->amount = (maybe_t){false, 0}; /* a running total stays as it was typed: it may come back by a return */
    judge_repeat(self, exhibits, index);
    if (!judge_figure_place(self, exhibit)) return;
    exhibit->history = &self->given->histories[index];
    exhibit->past = validation_past(exhibit->history, said->member, self->period->from);
    judge_opening(self, exhibit);
    bool people = exhibit->indicator->measure == measure_people;
    if (judge_presence(self, exhibit)) {
        if (said->items_count > 0) judge_items(self, exhibit);
        if (people) judge_people(self, exhibit);
        else judge_sum(self, exhibit);
    } else if (said->nil && !people) {
        exhibit->norm->amount = (maybe_t){true, 0};
        exhibit->known = true;
        if (is_too_large(self, exhibit, said->opening, "opening")) return;
        if (exhibit->past.others + value_or_zero(said->opening) > LIMIT_TOTAL)
            FAULT(self, too_large, figure_path(self, exhibit->index, "opening"));
    }
}

static const exhibit_t *exhibit_of(const exhibit_t *exhibits, uint32_t count, text_t indicator, text_t member) {
    for (uint32_t index = 0; index < count; index++) {
        const figure_t *said = exhibits[index].said;
        if (!exhibits[index].known || !text_equal(said->member, member)) continue;
        if (text_equal(said->indicator, indicator)) return &exhibits[index];
    }
    return NULL;
}

static int64_t month_of(const exhibit_t *exhibit) {
    return exhibit->indicator->measure == measure_people ? (int64_t)exhibit->said->items_count : exhibit->norm->amount.value;
}

/* A part that is more than nothing stands beside its total, or nobody can see that it is a part. */
static void judge_whole_missing(judge_t *self, const exhibit_t *part) {
    const report_t *report = self->given->report;
    const indicator_t *whole = indicator_in(self->task, part->indicator->subset_of);
    if (whole == NULL || !indicator_contributed_by(whole, part->said->member, self->unit->id)) return;
    if (month_of(part) == 0 && value_or_zero(part->norm->opening) == 0) return;
    for (uint32_t index = 0; index < report->figures_count; index++) /* there, and wrong: that is told already */
        if (text_equal(report->figures[index].indicator, whole->id) &&
            text_equal(report->figures[index].member, part->said->member))
            return;
    FAULT_WITH(self, whole_missing, figure_path(self, part->index, ""), judge_shown(self, part->indicator, month_of(part)),
               whole->name);
}

void judge_subsets(judge_t *self, const exhibit_t *exhibits, uint32_t count) {
    for (uint32_t index = 0; index < count; index++) {
        const exhibit_t *part = &exhibits[index];
        if (!part->known || part->indicator->subset_of.size == 0) continue;
        const exhibit_t *whole = exhibit_of(exhibits, count, part->indicator->subset_of, part->said->member);
        if (whole == NULL) {
            judge_whole_missing(self, part);
            continue;
        }
        int64_t of_part = month_of(part), of_whole = month_of(whole);
        if (of_part <= of_whole) { /* the month holds; so must the month and the balance before it */
            of_part += value_or_zero(part->norm->opening);
            of_whole += value_or_zero(whole->norm->opening);
        }
        if (of_part <= of_whole) continue;
        FAULT_WITH(self, subset_exceeds, figure_path(self, part->index, "amount"), judge_shown(self, part->indicator, of_part),
                   judge_shown(self, whole->indicator, of_whole), whole->indicator->name);
    }
}
