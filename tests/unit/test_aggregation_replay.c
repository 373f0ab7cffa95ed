/* Replacement equals recomputation; the same ledger gives the same bytes wherever batches end; agendas. */
#include "tests/unit/aggregation_world.h"

#include <malloc.h>

/* A generator of its own: the same tests run on every machine. */
static uint64_t dice(uint64_t *state, uint64_t sides) {
    *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (*state >> 33) % sides;
}

/* ---------- random revisions against a naive recomputation ---------- */

enum { TOWNS = 2, MONTHS = 5, ROUNDS = 400, ROWS = 4, PEOPLE = 12 };
static const char *const town_ids[TOWNS] = {"t-north", "t-south"};
static const char *const member_ids[TOWNS] = {"m-north", "m-south"};
static const char *const month_ids[MONTHS] = {"2021-08", "2021-09", "2021-10", "2021-11", "2021-12"};
static const uint32_t month_ends[MONTHS] = {20210831, 20210930, 20211031, 20211130, 20211231};

/* What one report said of one figure: kept whole, nothing added up. */
typedef struct {
    bool there;
    int64_t opening;
    int64_t amounts[ROWS];
    uint32_t days[ROWS];
} said_t;

typedef struct {
    uint64_t dice;
    uint32_t revisions[4][TOWNS][MONTHS];
    said_t raised[TOWNS][MONTHS];
    said_t town_fund[TOWNS][MONTHS];
    struct {
        uint32_t in_day[PEOPLE];
        uint32_t out_day[PEOPLE];
        uint64_t out_seq[PEOPLE];
    } staff[MONTHS];
    item_t items[PEOPLE];
} model_t;

/* Rolls a figure with up to ROWS - 1 rows and a rest without a row. */
static figure_t said_roll(model_t *model, said_t *said, uint32_t month, const char *indicator, const char *member,
                          uint64_t most) {
    *said = (said_t){.there = true, .opening = month == 0 ? (int64_t)dice(&model->dice, most / 4) : 0};
    uint32_t rows = (uint32_t)dice(&model->dice, ROWS);
    int64_t sum = 0;
    for (uint32_t row = 0; row < ROWS; row++) {
        bool rest = row == ROWS - 1;
        if (row >= rows && !rest) continue;
        said->amounts[row] = (int64_t)dice(&model->dice, most / ROWS);
        said->days[row] = rest ? month_ends[month] : month_ends[month] / 100 * 100 + 1 + (uint32_t)dice(&model->dice, 5);
        sum += said->amounts[row];
        model->items[row] =
            (item_t){.key_kind = key_kind_receipt, .fact_day = said->days[row], .amount = {true, said->amounts[row]}};
    }
    return (figure_t){.indicator = text_of(indicator),
                      .member = text_of(member),
                      .amount = {true, sum},
                      .items = model->items,
                      .items_count = rows,
                      .opening = {said->opening > 0, said->opening}};
}

typedef struct {
    int64_t total;
    int64_t opening;
    uint32_t crossed;
} recount_t;

/* The naive way: every day of the year, every row of every report that stands. */
static recount_t recount(said_t said[TOWNS][MONTHS], uint32_t first_town, uint32_t last_town, int64_t goal) {
    recount_t told = {0};
    for (uint32_t day = 20210101; day <= 20211231; day = day_add(day, 1)) {
        for (uint32_t town = first_town; town <= last_town; town++) {
            for (uint32_t month = 0; month < MONTHS; month++) {
                const said_t *one = &said[town][month];
                if (day == 20210101) told.opening += one->opening;
                if (day == 20210101) told.total += one->opening;
                for (uint32_t row = 0; row < ROWS; row++)
                    if (one->days[row] == day) told.total += one->amounts[row];
            }
        }
        if (told.crossed == 0 && told.total >= goal) told.crossed = day;
    }
    return told;
}

static void town_reports(world_t *world, model_t *model, uint32_t round) {
    uint32_t town = (uint32_t)dice(&model->dice, TOWNS), month = (uint32_t)dice(&model->dice, MONTHS);
    bool fund = dice(&model->dice, 2) == 0;
    said_t *said = fund ? &model->raised[town][month] : &model->town_fund[town][month];
    figure_t figure = fund ? said_roll(model, said, month, "raised", "", 100 * (uint64_t)WAN)
                           : said_roll(model, said, month, "town-fund", member_ids[town], 6 * (uint64_t)WAN);
    bool empty = dice(&model->dice, 8) == 0;
    if (empty) *said = (said_t){0};
    uint32_t revision = ++model->revisions[fund][town][month];
    world_report(world, town_ids[town], fund ? "fund" : "pair", month_ids[month], revision, &figure, empty ? 0 : 1,
                 at(20211005, 9, 0) + (int64_t)round * 7200000);
}

static void town_targets_agree(world_t *world, model_t *model) {
    recount_t raised = recount(model->raised, 0, TOWNS - 1, 300 * (int64_t)WAN);
    target_changed_t target = world_target(world, "raised");
    assert_int_equal(target.done, raised.total);
    assert_int_equal(target.opening, raised.opening);
    assert_int_equal(target.reached_day, raised.crossed);
    int64_t goal = 10 * (int64_t)WAN, done = 0;
    uint32_t last = 0, missing = 0;
    for (uint32_t town = 0; town < TOWNS; town++) {
        recount_t member = recount(model->town_fund, town, town, goal);
        done += member.total < goal ? member.total : goal;
        missing += member.crossed == 0;
        if (member.crossed > last) last = member.crossed;
    }
    target = world_target(world, "town-fund");
    assert_int_equal(target.done, done);
    assert_int_equal(target.missing_count, missing);
    assert_int_equal(target.reached_day, missing > 0 ? 0 : last);
}

static void random_revisions_add_up_to_what_a_recomputation_says(void **state) {
    world_t *world = *state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        model_t *model = calloc(1, sizeof *model);
        model->dice = seed;
        world_close(world);
        world_open(world);
        world_adopt(world, at(20210720, 9, 0));
        for (uint32_t round = 0; round < ROUNDS; round++) {
            town_reports(world, model, round);
            if (round % 8 == 7) town_targets_agree(world, model);
        }
        free(model);
    }
}

/* ---------- random staff against a naive recomputation ---------- */

static void staff_reports(world_t *world, model_t *model, uint32_t round) {
    uint32_t month = (uint32_t)dice(&model->dice, MONTHS), count = 0;
    for (uint32_t who = 0; who < PEOPLE; who++) {
        bool there = dice(&model->dice, 3) > 0;
        uint32_t in_day = there ? day_add(20210815, (int64_t)dice(&model->dice, 20)) : 0;
        uint32_t out_day = there && dice(&model->dice, 6) == 0 ? day_add(20211101, (int64_t)dice(&model->dice, 150)) : 0;
        bool same = model->staff[month].in_day[who] == in_day && model->staff[month].out_day[who] == out_day;
        if (!same) model->staff[month].out_seq[who] = world->count + 1;
        model->staff[month].in_day[who] = in_day;
        model->staff[month].out_day[who] = out_day;
        if (!there) continue;
        model->items[count] = (item_t){.key_kind = key_kind_person, .fact_day = in_day, .out_day = out_day};
        model->items[count++].person.hash[0] = (uint8_t)(who + 1);
    }
    figure_t figure = {.indicator = text_of("teachers"), .amount = {true, count}, .items = model->items, .items_count = count};
    world_report(world, "bureau", "talent", month_ids[month], ++model->revisions[2][0][month], &figure, 1,
                 at(20211005, 9, 0) + (int64_t)round * 7200000);
}

static void staff_agrees(world_t *world, model_t *model) {
    uint32_t by_due = 0, by_due_stay = 0, all = 0, all_stay = 0;
    for (uint32_t who = 0; who < PEOPLE; who++) {
        uint32_t in_day = 0, out_day = 0;
        uint64_t out_seq = 0;
        for (uint32_t month = 0; month < MONTHS; month++) {
            uint32_t in = model->staff[month].in_day[who], out = model->staff[month].out_day[who];
            if (in != 0 && (in_day == 0 || in < in_day)) in_day = in;
            if (out != 0 && model->staff[month].out_seq[who] > out_seq) {
                out_seq = model->staff[month].out_seq[who];
                out_day = out;
            }
        }
        if (in_day == 0) continue;
        bool stays = out_day == 0 || out_day >= 20220228;
        all++;
        all_stay += stays;
        by_due += in_day <= 20210831;
        by_due_stay += in_day <= 20210831 && stays;
    }
    target_changed_t target = world_target(world, "teachers");
    bool met = by_due >= 7;
    assert_int_equal(target.reach == reach_met, met);
    assert_int_equal(target.reach == reach_met_after_due, !met && all >= 7);
    assert_int_equal(target.done, met ? by_due_stay : all_stay);
    if (met) assert_int_equal(target.tenure, by_due_stay >= 7 ? tenure_holding : tenure_broken);
}

static void random_staff_is_what_a_recomputation_says(void **state) {
    world_t *world = *state;
    model_t *model = calloc(1, sizeof *model);
    model->dice = 11;
    for (uint32_t round = 0; round < ROUNDS / 2; round++) {
        staff_reports(world, model, round);
        if (round % 5 == 4) staff_agrees(world, model);
    }
    free(model);
}

/* ---------- the same bytes ---------- */

static void year_write(world_t *world, bool apply_each) {
    model_t *model = calloc(1, sizeof *model);
    model->dice = 5;
    int64_t now_ms = at(20210801, 0, 0);
    for (uint32_t hour = 0; hour < 160 * 24; hour += 6, now_ms += 6 * 3600000) {
        clock_ticked_t tick = {(uint64_t)now_ms};
        world_write(world, clock_ticked_type(), &tick, now_ms);
        uint32_t town = (uint32_t)dice(&model->dice, TOWNS), month = (uint32_t)dice(&model->dice, MONTHS);
        said_t said;
        figure_t figure = said_roll(model, &said, month, "raised", "", 100 * (uint64_t)WAN);
        report_accepted_t report = {.unit = text_of(town_ids[town]),
                                    .task = text_of("fund"),
                                    .period = text_of(month_ids[month]),
                                    .revision = ++model->revisions[0][town][month],
                                    .figures = &figure,
                                    .figures_count = 1};
        report.submission_id[0] = 1;
        if (dice(&model->dice, 4) == 0) world_write(world, report_accepted_type(), &report, now_ms + 1);
        if (apply_each) world_apply(world);
        if (apply_each && dice(&(uint64_t){hour}, 3) == 0) assert_int_equal(stage_commit(world->stage), OK);
    }
    world_apply(world);
    free(model);
}

static void the_same_ledger_gives_the_same_bytes_wherever_batches_end(void **state) {
    world_t *world = *state, *other;
    world_setup((void **)&other);
    year_write(world, true);
    year_write(other, false);
    assert_int_equal(world->count, other->count);
    text_t one = world_dump(world), two = world_dump(other);
    assert_true(one.size > 10000);
    assert_true(text_equal(one, two));
    world_teardown((void **)&other);
}

static void a_stage_that_was_rolled_back_tells_the_same(void **state) {
    world_t *world = *state, *other;
    world_setup((void **)&other);
    figure_t figure = amount_of("raised", "", 7);
    for (world_t *each = world;; each = other) {
        assert_int_equal(stage_commit(each->stage), OK);
        world_tick(each, at(20210801, 0, 0));
        world_report(each, "t-north", "fund", "2021-08", 1, &figure, 1, at(20210810, 9, 0));
        if (each == other) break;
    }
    stage_rollback(world->stage);
    world->fed = 1; /* the plan was committed */
    event_t first;
    fault_t fault;
    assert_int_equal(event_decode((bytes_t){world->raw.at, (uint32_t)world->raw.size}, &first, &fault), OK);
    world->fed_bytes = first.raw.size;
    world_apply(world);
    assert_true(text_equal(world_dump(world), world_dump(other)));
    world_teardown((void **)&other);
}

static void settle_if(world_t *world, bool each) {
    if (each) assert_int_equal(stage_commit(world->stage), OK);
}

/* All that makes the memory be loaded anew, with figures before and behind it. */
static void upheaval_write(world_t *world, bool commit_each) {
    figure_t figure = amount_of("raised", "", 7);
    world_report(world, "t-north", "fund", "2021-08", 1, &figure, 1, at(20210810, 9, 0));
    settle_if(world, commit_each);
    world_adopt(world, at(20210811, 9, 0));
    settle_if(world, commit_each);
    figure.amount.value = 11;
    world_report(world, "t-south", "fund", "2021-08", 1, &figure, 1, at(20210812, 9, 0));
    settle_if(world, commit_each);
    outage_counted_t away = {.command_id = {3}, .from_ms = (uint64_t)at(20210825, 9, 0), .to_ms = (uint64_t)at(20210825, 10, 0)};
    world_feed(world, outage_counted_type(), &away, at(20210825, 11, 0));
    settle_if(world, commit_each);
    figure.amount.value = 5;
    world_report(world, "t-north", "fund", "2021-08", 2, &figure, 1, at(20210827, 9, 0));
    settle_if(world, commit_each);
    world_feed(world, plan_closed_type(), &(plan_closed_t){.why = text_of("年度办结")}, at(20220110, 9, 0));
    settle_if(world, commit_each);
    world_report(world, "t-south", "fund", "2021-09", 1, &figure, 1, at(20220111, 9, 0));
}

static void what_is_at_hand_is_kept_whatever_makes_the_plan_be_read_anew(void **state) {
    world_t *world = *state, *other;
    world_setup((void **)&other);
    upheaval_write(world, false);
    upheaval_write(other, true);
    figures_t figures;
    world_ask(world, figures_ask_type(), &(figures_ask_t){.indicator = text_of("raised")}, figures_type(), &figures);
    assert_int_equal(figures.total.value, 5 + 11 + 5);
    assert_int_equal(world_target(world, "raised").reach, reach_not_met);
    assert_true(text_equal(world_dump(world), world_dump(other)));
    world_teardown((void **)&other);
}

/* ---------- a large plan ---------- */

enum { MANY_UNITS = 3000, MANY_TASKS = 12 };

static plan_t large_plan(arena_t *arena) {
    plan_t plan = aggregation_plan();
    text_t *ids = ARENA_NEW(arena, text_t, MANY_UNITS);
    unit_t *units = ARENA_NEW(arena, unit_t, MANY_UNITS);
    task_t *tasks = ARENA_NEW(arena, task_t, MANY_TASKS);
    indicator_t *indicators = ARENA_NEW(arena, indicator_t, MANY_TASKS);
    for (uint32_t unit = 0; unit < MANY_UNITS; unit++) {
        ids[unit] = arena_format(arena, "u%04u", unit);
        units[unit] = (unit_t){.id = ids[unit], .name = ids[unit], .kind = unit_kind_town};
    }
    for (uint32_t task = 0; task < MANY_TASKS; task++) {
        indicators[task] = plan.tasks[0].indicators[0];
        indicators[task].id = arena_format(arena, "i%02u", task);
        indicators[task].contributors = ids;
        indicators[task].contributors_count = MANY_UNITS;
        tasks[task] = plan.tasks[0];
        tasks[task].id = arena_format(arena, "task-%02u", task);
        tasks[task].lead = ids;
        tasks[task].responsible = ids;
        tasks[task].responsible_count = MANY_UNITS;
        tasks[task].indicators = &indicators[task];
        tasks[task].indicators_count = 1;
    }
    plan.units = units;
    plan.units_count = MANY_UNITS;
    plan.tasks = tasks;
    plan.tasks_count = MANY_TASKS;
    plan.coordinator = ids[0];
    return plan;
}

/* Comes `a` before `b` in the order of (task, unit)? Their ids have the same number of digits each. */
static bool comes_before(const obligation_changed_t *a, const obligation_changed_t *b) {
    int order = text_compare(a->task, b->task);
    return order < 0 || (order == 0 && text_compare(a->unit, b->unit) < 0);
}

/* All pages of an answer of one period: full ones but the last, each going on where the one before it ended. How many rows. */
static uint32_t pages_told(world_t *world, obligations_ask_t question) {
    uint32_t count = 0;
    obligation_changed_t last = {0};
    obligations_t page;
    do {
        page = world_obligations(world, question);
        for (uint32_t index = 0; index < page.rows_count; index++) {
            assert_true(count + index == 0 || comes_before(&last, &page.rows[index]));
            last = page.rows[index];
        }
        assert_int_equal(page.more, page.next > question.after);
        if (page.more) assert_int_equal(page.rows_count, LIMIT_ROWS);
        question.after = page.next;
        count += page.rows_count;
    } while (page.more);
    assert_int_equal(page.next, 0);
    return count;
}

static void a_large_plan_opens_and_falls_overdue_by_agenda(void **state) {
    world_t *world = *state;
    world_close(world);
    world_open(world);
    plan_adopted_t adopted = {.plan = large_plan(world->arena)};
    world_feed(world, plan_adopted_type(), &adopted, at(20210720, 9, 0));
    assert_int_equal(world_told(world, target_changed_type(), NULL), MANY_TASKS);
    world_tick(world, at(20210801, 0, 0));
    assert_int_equal(world_told(world, obligation_changed_type(), NULL), MANY_UNITS * MANY_TASKS);
    figure_t figure = amount_of("i00", "", WAN);
    world_report(world, "u0007", "task-00", "2021-08", 1, &figure, 1, at(20210810, 9, 0));
    world_listen(world);
    world_tick(world, at(20210826, 0, 0));
    obligation_changed_t last;
    assert_int_equal(world_told(world, obligation_changed_type(), &last), MANY_UNITS * MANY_TASKS - 1);
    assert_int_equal(last.standing, standing_overdue);
    assert_true(text_is(last.unit, "u2999"));
    obligations_ask_t question = {.period = text_of("2021-08"), .open_only = true};
    assert_int_equal(world_obligations(world, question).rows_count, LIMIT_ROWS);
    assert_true(world_obligations(world, question).more);
    assert_int_equal(pages_told(world, question), MANY_UNITS * MANY_TASKS - 1);
    question.open_only = false;
    assert_int_equal(pages_told(world, question), MANY_UNITS * MANY_TASKS);
    question = (obligations_ask_t){.unit = text_of("u2999"), .period = text_of("2021-08")};
    assert_int_equal(pages_told(world, question), MANY_TASKS);
    question.unit = text_of("u3000"); /* the plan has none such */
    assert_int_equal(pages_told(world, question), 0);
}

/* Every question goes through all rows of the plan: what lies in them beside must not pile up. */
static void what_is_owed_is_told_without_holding_what_was_reported(void **state) {
    enum { SAID = 2000, KEPT = 256 * 1024 };
    world_t *world = *state;
    world_close(world);
    world_open(world);
    plan_adopted_t adopted = {.plan = large_plan(world->arena)};
    world_feed(world, plan_adopted_type(), &adopted, at(20210720, 9, 0));
    figure_t figure = amount_of("i00", "", WAN);
    for (uint32_t unit = 0; unit < SAID; unit++)
        world_report(world, arena_format(world->arena, "u%04u", unit).at, "task-00", "2021-08", 1, &figure, 1,
                     at(20210810, 9, 0) + unit);
    obligations_ask_t question = {.task = text_of("task-00"), .period = text_of("2021-08"), .open_only = true};
    world_obligations(world, (obligations_ask_t){.task = question.task, .period = question.period, .unit = text_of("u0000")});
    size_t before = mallinfo2().uordblks;
    obligations_t told = world_obligations(world, question);
    assert_int_equal(told.rows_count, 0); /* those that are left are not due yet */
    assert_true(mallinfo2().uordblks < before + KEPT);
}

/* Two rows a unit, an opening balance and a month, but one of the first: so that a page ends within a unit. */
static void figures_of_thousands_are_told_page_by_page_each_row_once(void **state) {
    enum { SAID = 1600 };
    world_t *world = *state;
    world_close(world);
    world_open(world);
    plan_adopted_t adopted = {.plan = large_plan(world->arena)};
    world_feed(world, plan_adopted_type(), &adopted, at(20210720, 9, 0));
    for (uint32_t unit = 0; unit < SAID; unit++) {
        figure_t figure = amount_of("i00", "", unit + 1);
        if (unit > 0) figure.opening = (maybe_t){true, WAN};
        world_report(world, arena_format(world->arena, "u%04u", unit).at, "task-00", "2021-08", 1, &figure, 1,
                     at(20210810, 9, 0) + unit);
    }
    figures_ask_t question = {.indicator = text_of("i00")};
    figures_t told;
    uint64_t sum = 0, rows = 0;
    do {
        world_ask(world, figures_ask_type(), &question, figures_type(), &told);
        assert_int_equal(told.total.value, (uint64_t)WAN * (SAID - 1) + SAID * (SAID + 1) / 2);
        for (uint32_t index = 0; index < told.rows_count; index++, rows++) {
            text_t unit = arena_format(world->arena, "u%04u", (uint32_t)((rows + 1) / 2));
            assert_true(text_equal(told.rows[index].unit, unit));
            sum += (uint64_t)told.rows[index].amount.value;
        }
        assert_int_equal(told.more, told.next > question.after);
        question.after = told.next;
    } while (told.more);
    assert_int_equal(rows, 2 * SAID - 1);
    assert_int_equal(sum, told.total.value);
    const uint64_t wrong[] = {1, 5ULL << 32 | 7, (uint64_t)MANY_UNITS << 32 | 1, (uint64_t)(MANY_UNITS + 1) << 32, INT64_MAX};
    const uint32_t left[] = {0, LIMIT_ROWS, 0, 0, 0}; /* no place of the plan: none; past its unit's rows: the next unit's */
    for (size_t index = 0; index < sizeof wrong / sizeof wrong[0]; index++) {
        question.after = wrong[index];
        world_ask(world, figures_ask_type(), &question, figures_type(), &told);
        assert_int_equal(told.rows_count, left[index]);
    }
}

static void where_thousands_contribute_a_mere_movement_is_told_with_the_day(void **state) {
    world_t *world = *state;
    world_close(world);
    world_open(world);
    plan_adopted_t adopted = {.plan = large_plan(world->arena)};
    world_feed(world, plan_adopted_type(), &adopted, at(20210720, 9, 0));
    figure_t figure = amount_of("i00", "", WAN);
    world_listen(world);
    world_report(world, "u0007", "task-00", "2021-08", 1, &figure, 1, at(20210720, 10, 0));
    uint64_t before = world->told;
    assert_int_equal(world_told(world, target_changed_type(), NULL), 0);
    world->told = before;
    assert_int_equal(world_told(world, total_changed_type(), NULL), 1);
    assert_int_equal(world_target(world, "i00").done, WAN);
    world_tick(world, at(20210721, 0, 0));
    target_changed_t target;
    assert_int_equal(world_told(world, target_changed_type(), &target), 1);
    assert_int_equal(target.done, WAN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(random_revisions_add_up_to_what_a_recomputation_says),
        IN_A_WORLD(random_staff_is_what_a_recomputation_says),
        IN_A_WORLD(the_same_ledger_gives_the_same_bytes_wherever_batches_end),
        IN_A_WORLD(a_stage_that_was_rolled_back_tells_the_same),
        IN_A_WORLD(what_is_at_hand_is_kept_whatever_makes_the_plan_be_read_anew),
        IN_A_WORLD(a_large_plan_opens_and_falls_overdue_by_agenda),
        IN_A_WORLD(what_is_owed_is_told_without_holding_what_was_reported),
        IN_A_WORLD(figures_of_thousands_are_told_page_by_page_each_row_once),
        IN_A_WORLD(where_thousands_contribute_a_mere_movement_is_told_with_the_day),
    };
    return cmocka_run_group_tests_name("aggregation replay", tests, NULL, NULL);
}
