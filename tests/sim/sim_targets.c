/* Totals, and the verdicts of targets of the shapes sum and each, added up anew from what stands. */
#include <stdlib.h>

#include "tests/sim/sim_recount.h"

enum { FACTS = 1024 };

typedef struct {
    uint32_t day;
    int64_t amount;
} fact_t;

typedef struct {
    fact_t facts[FACTS];
    uint32_t count;
    int64_t total, opening, contested;
} heap_t;

/* Where a figure was reported. */
typedef struct {
    const recount_t *count;
    uint32_t unit, task, period, index;
} spot_t;

static int fact_order(const void *a, const void *b) {
    const fact_t *one = a, *other = b;
    return one->day < other->day ? -1 : one->day > other->day;
}

static void fact_add(heap_t *heap, uint32_t day, int64_t amount) {
    ASSERT(heap->count < FACTS);
    if (amount == 0) return;
    heap->facts[heap->count++] = (fact_t){day, amount};
    heap->total += amount;
}

static void figure_add(const spot_t *spot, const figure_t *figure, int64_t amount, heap_t *heap) {
    const plan_t *plan = &spot->count->sim->plan;
    const period_t *period = &plan->periods[spot->period];
    int64_t rest = amount;
    if (figure->opening.given) fact_add(heap, plan->from, figure->opening.value);
    if (figure->opening.given) heap->opening += figure->opening.value;
    for (uint32_t row = 0; row < figure->items_count; row++) {
        rest -= figure->items[row].amount.value;
        if (sim_counts(spot->count, spot->unit, spot->task, spot->period, spot->index, row))
            fact_add(heap, figure->items[row].fact_day, figure->items[row].amount.value);
        else
            heap->contested += figure->items[row].amount.value;
    }
    fact_add(heap, period->to, rest); /* without rows it counts on the last day of its period */
}

static void heap_fill(const recount_t *count, uint32_t task, text_t indicator, text_t member, heap_t *heap) {
    const plan_t *plan = &count->sim->plan;
    heap->count = 0;
    heap->total = heap->opening = heap->contested = 0;
    for (uint32_t unit = 0; unit < plan->units_count; unit++)
        for (uint32_t period = 0; period < plan->periods_count; period++) {
            const stand_t *stand = &count->stands[unit][task][period];
            for (uint32_t index = 0; stand->revision > 0 && index < stand->report.figures_count; index++) {
                const figure_t *figure = &stand->report.figures[index];
                if (!text_equal(figure->indicator, indicator) || !text_equal(figure->member, member)) continue;
                figure_add(&(spot_t){count, unit, task, period, index}, figure, stand->amounts[index], heap);
            }
        }
}

/* The day whose facts bring the goal. 0: none does. */
static uint32_t day_reached(heap_t *heap, int64_t goal) {
    int64_t sum = 0;
    qsort(heap->facts, heap->count, sizeof heap->facts[0], fact_order);
    for (uint32_t index = 0; index < heap->count; index++) {
        sum += heap->facts[index].amount;
        if (sum >= goal) return heap->facts[index].day;
    }
    return 0;
}

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* What is known of one target, added up over its members. */
typedef struct {
    int64_t done, opening, goal;
    uint32_t reached_day;
    bool reached;
} sum_t;

static sum_t target_sum(const recount_t *count, uint32_t task, const indicator_t *indicator) {
    static heap_t heap;
    bool each = indicator->target.shape == shape_each;
    uint32_t members = each ? indicator->members_count : 1;
    int64_t goal = (int64_t)indicator->target.goal;
    sum_t sum = {.goal = goal * members, .reached = true};
    for (uint32_t index = 0; index < members; index++) {
        heap_fill(count, task, indicator->id, each ? indicator->members[index].id : text_of(NULL), &heap);
        sum.done += each ? smaller(heap.total, goal) : heap.total;
        sum.opening += each ? smaller(heap.opening, goal) : heap.opening;
        uint32_t day = day_reached(&heap, goal);
        sum.reached = sum.reached && day != 0;
        if (day > sum.reached_day) sum.reached_day = day;
    }
    if (!sum.reached) sum.reached_day = 0;
    return sum;
}

static int64_t expected_by(const recount_t *count, const task_t *task, const indicator_t *indicator, const sum_t *sum) {
    uint32_t today = day_of_instant(&count->sim->plan, count->sealed_ms != 0 ? count->sealed_ms : count->now_ms);
    uint32_t due = indicator->target.due != 0 ? indicator->target.due : task->due;
    if (sum->opening >= sum->goal || today >= due) return sum->goal;
    if (today < task->from) return sum->opening;
    int64_t window = day_between(task->from, due) + 1, gone = day_between(task->from, today) + 1;
    return sum->opening + ((sum->goal - sum->opening) * gone + window - 1) / window;
}

/* "Owing is empty once a target is met"; else who contributes, of `each` to a member that is below, and is there when it is due. */
static void owing_compare(const recount_t *count, uint32_t task, const indicator_t *indicator, const target_changed_t *row) {
    const plan_t *plan = &count->sim->plan;
    uint32_t due = indicator->target.due != 0 ? indicator->target.due : plan->tasks[task].due, owing = 0;
    bool each = indicator->target.shape == shape_each;
    static heap_t heap;
    for (uint32_t unit = 0; unit < plan->units_count; unit++) {
        text_t id = plan->units[unit].id;
        bool owes = !each && indicator_any_contributed_by(indicator, id);
        for (uint32_t index = 0; each && index < indicator->members_count; index++) {
            heap_fill(count, task, indicator->id, indicator->members[index].id, &heap);
            bool below = day_reached(&heap, (int64_t)indicator->target.goal) == 0;
            owes |= below && indicator_contributed_by(indicator, indicator->members[index].id, id);
        }
        owes = owes && row->reached_day == 0 && sim_is_there(plan, unit, due);
        SIM_HOLDS(count->sim, "owing_is_recounted", owes == text_find(row->owing, row->owing_count, id),
                  TEXT_FORMAT " of u%u: told %u, counted %u", TEXT_ARGS(indicator->id), unit, !owes, owes);
        owing += owes;
    }
    SIM_HOLDS(count->sim, "owing_is_recounted", owing == row->owing_count, TEXT_FORMAT ": %u", TEXT_ARGS(indicator->id), owing);
}

static void target_compare(const recount_t *count, uint32_t task, const indicator_t *indicator, const target_changed_t *row) {
    sim_t *sim = count->sim;
    const plan_t *plan = &sim->plan;
    const target_t *target = &indicator->target;
    sum_t sum = target_sum(count, task, indicator);
    deadline_t deadline = deadline_resolve(plan, target->due != 0 ? target->due : plan->tasks[task].due);
    bool past = count->now_ms > deadline.due_ms + deadline.grace_ms;
    reach_t reach = sum.reached             ? sum.reached_day <= deadline.day ? reach_met : reach_met_after_due
                    : target->stretch       ? reach_not_yet
                    : count->closed_ms != 0 ? reach_not_met
                    : past                  ? reach_past_due_unknown
                                            : reach_not_yet;
    bool on_pace = sum.done >= expected_by(count, &plan->tasks[task], indicator, &sum);
    lamp_t lamp = reach == reach_met             ? lamp_green
                  : reach == reach_met_after_due ? lamp_yellow
                  : reach != reach_not_yet       ? lamp_red
                  : on_pace                      ? lamp_green
                                                 : lamp_yellow;
    SIM_HOLDS(sim, "targets_are_recounted",
              row->done == (uint64_t)sum.done && row->goal == (uint64_t)sum.goal && row->opening == (uint64_t)sum.opening &&
                  row->reached_day == sum.reached_day && row->reach == reach && row->lamp == lamp,
              TEXT_FORMAT ": told done %llu reach %u lamp %u on %u, counted %lld %u %u on %u", TEXT_ARGS(indicator->id),
              (unsigned long long)row->done, (unsigned)row->reach, (unsigned)row->lamp, row->reached_day, (long long)sum.done,
              (unsigned)reach, (unsigned)lamp, sum.reached_day);
    owing_compare(count, task, indicator, row);
}

static void total_compare(const recount_t *count, uint32_t task, const indicator_t *indicator, text_t member) {
    static heap_t heap;
    figures_t figures;
    figures_ask_t question = {.indicator = indicator->id, .member = member};
    heap_fill(count, task, indicator->id, member, &heap);
    sim_ask(count->sim, "aggregation", figures_ask_type(), &question, figures_type(), &figures);
    int64_t reported = heap.contested > 0 ? heap.total + heap.contested : 0;
    SIM_HOLDS(count->sim, "totals_are_recounted",
              figures.total.given && figures.total.value == heap.total && figures.reported.value == reported,
              TEXT_FORMAT " " TEXT_FORMAT ": told %lld, counted %lld", TEXT_ARGS(indicator->id), TEXT_ARGS(member),
              (long long)figures.total.value, (long long)heap.total);
}

static void indicator_compare(const recount_t *count, uint32_t task, const indicator_t *indicator, const targets_t *told) {
    bool people = indicator->measure == measure_people;
    if (!people && indicator->members_count == 0) total_compare(count, task, indicator, text_of(NULL));
    for (uint32_t index = 0; !people && index < indicator->members_count; index++)
        total_compare(count, task, indicator, indicator->members[index].id);
    if (indicator->target.shape == shape_none) return;
    for (uint32_t index = 0; index < told->rows_count; index++) {
        if (!text_equal(told->rows[index].indicator, indicator->id)) continue;
        (people ? sim_recount_persons : target_compare)(count, task, indicator, &told->rows[index]);
        return;
    }
    sim_fail(count->sim, "targets_are_recounted", "no row for " TEXT_FORMAT, TEXT_ARGS(indicator->id));
}

void sim_recount_targets(const recount_t *count) {
    sim_t *sim = count->sim;
    targets_t told;
    arena_reset(sim->moment);
    sim_ask(sim, "aggregation", targets_ask_type(), &(targets_ask_t){0}, targets_type(), &told);
    for (uint32_t task = 0; task < sim->plan.tasks_count; task++)
        for (uint32_t index = 0; index < sim->plan.tasks[task].indicators_count; index++)
            indicator_compare(count, task, &sim->plan.tasks[task].indicators[index], &told);
}
