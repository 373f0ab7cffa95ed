/* Plans that change in mid-year, between revisions, returns, extensions and absences: totals are those of the last plan,
 * whatever came before it, and wherever commits fell. */
#include "services/3-aggregation/aggregation_state.h"
#include "tests/unit/aggregation_world.h"

enum { TOWNS = 2, MONTHS = 5, TASKS = 3, ROUNDS = 500, ROWS = 3, PEOPLE = 10, STACK = ROUNDS, LAST_PLAN = 64, LEAST_PLAN };
static const char *const towns[TOWNS] = {"t-north", "t-south"}, *const members[TOWNS] = {"m-north", "m-south"};
static const char *const months[MONTHS] = {"2021-08", "2021-09", "2021-10", "2021-11", "2021-12"};
static const char *const tasks[TASKS] = {"fund", "pair", "talent"};

/* One way through the year; two worlds are led along the same, and differ in what stands below. */
typedef struct {
    uint64_t dice;
    int64_t now_ms;
    uint64_t adopted; /* plans so far */
    bool last_plan;   /* every amendment brings the plan that is the last */
    bool commits;     /* now and then, not at the end alone */
    struct {
        uint32_t newest, counting; /* revision; how many lie on the pile */
        uint32_t pile[STACK];
    } reports[TASKS][TOWNS][MONTHS];
} way_t;

static uint64_t dice(way_t *way, uint64_t sides) {
    way->dice = way->dice * 6364136223846793005ULL + 1442695040888963407ULL;
    return (way->dice >> 33) % sides;
}

/* The small plan with other goals, other due days of its targets, another deadline of a report, another order of its units. */
static plan_adopted_t plan_number(world_t *world, uint64_t number) {
    plan_adopted_t adopted = {.plan = aggregation_plan()};
    plan_t *plan = &adopted.plan;
    task_t *all = ARENA_NEW(world->arena, task_t, plan->tasks_count);
    memcpy(all, plan->tasks, sizeof *all * plan->tasks_count);
    for (uint32_t task = 0; task < plan->tasks_count; task++) {
        indicator_t *indicators = ARENA_NEW(world->arena, indicator_t, all[task].indicators_count);
        memcpy(indicators, all[task].indicators, sizeof *indicators * all[task].indicators_count);
        for (uint32_t index = 0; index < all[task].indicators_count; index++) {
            target_t *target = &indicators[index].target;
            bool lasting = target->shape == shape_lasting;
            if (lasting) target->due = number % 3 == 0 ? 20210831 : 20210820;
            else if (target->goal > 0) target->due = 20210815 + (uint32_t)(number * 7 % 4 * 100 + number * 5 % 13);
            if (lasting) target->months = number % 2 == 0 ? 6 : 3;
            if (target->goal > 0) target->goal = lasting ? 3 + number % 5 : target->goal / (1 + number % 7);
            if (target->goal > 0 && number == LEAST_PLAN) target->goal = 1;
        }
        all[task].indicators = indicators;
    }
    plan->tasks = all;
    period_t *periods = ARENA_NEW(world->arena, period_t, plan->periods_count);
    memcpy(periods, plan->periods, sizeof *periods * plan->periods_count);
    periods[1].due = number % 2 == 0 ? 20210925 : 20210922;
    plan->periods = periods;
    unit_t *units = ARENA_NEW(world->arena, unit_t, plan->units_count + 1);
    uint32_t first = number % 2; /* somebody new, before or behind the others */
    memcpy(units + first, plan->units, sizeof *units * plan->units_count);
    units[first == 1 ? 0 : plan->units_count] = (unit_t){.id = text_of("new"), .name = text_of("新设"), .kind = unit_kind_body};
    plan->units = units;
    plan->units_count++;
    return adopted;
}

static void amend(world_t *world, way_t *way) {
    plan_adopted_t adopted = plan_number(world, way->last_plan ? LAST_PLAN : way->adopted);
    way->adopted++;
    world_feed(world, plan_adopted_type(), &adopted, way->now_ms);
}

static uint32_t rows_roll(way_t *way, item_t *items, uint32_t month, int64_t *sum) {
    uint32_t count = (uint32_t)dice(way, ROWS + 1);
    for (uint32_t row = 0; row < count; row++) {
        int64_t amount = (int64_t)dice(way, 40 * (uint64_t)WAN);
        items[row] = (item_t){.key_kind = key_kind_receipt,
                              .fact_day = 20210801 + month * 100 + (uint32_t)dice(way, 4),
                              .amount = {true, amount}};
        *sum += amount;
    }
    return count;
}

static uint32_t staff_roll(way_t *way, item_t *items, uint32_t month) {
    uint32_t count = 0;
    for (uint32_t who = 0; who < PEOPLE; who++) {
        if (dice(way, 3) == 0) continue;
        items[count] = (item_t){.key_kind = key_kind_person, .fact_day = 20210810 + (uint32_t)dice(way, 20)};
        if (dice(way, 6) == 0) items[count].out_day = 20211101 + month + (uint32_t)dice(way, 20);
        items[count++].person.hash[0] = (uint8_t)(who + 1);
    }
    return count;
}

static void report(world_t *world, way_t *way, uint32_t task, uint32_t town, uint32_t month) {
    item_t items[PEOPLE + ROWS] = {{0}};
    int64_t sum = (int64_t)dice(way, 3) * WAN;
    uint32_t count = task == 2 ? staff_roll(way, items, month) : rows_roll(way, items, month, &sum);
    static const char *const indicators[TASKS] = {"raised", "town-fund", "teachers"};
    figure_t figure = {.indicator = text_of(indicators[task]),
                       .member = text_of(task == 1 ? members[town] : NULL),
                       .amount = {true, task == 2 ? count : sum},
                       .items = items,
                       .items_count = count};
    if (task < 2 && month == 0) figure.opening = (maybe_t){true, (int64_t)dice(way, 9) * WAN};
    bool words = dice(way, 7) == 0;
    uint32_t revision = ++way->reports[task][town][month].newest;
    way->reports[task][town][month].pile[way->reports[task][town][month].counting++] = revision;
    world_report(world, task == 2 ? "bureau" : towns[town], tasks[task], months[month], revision, &figure, words ? 0 : 1,
                 way->now_ms);
}

static void give_back(world_t *world, way_t *way, uint32_t task, uint32_t town, uint32_t month) {
    uint32_t *counting = &way->reports[task][town][month].counting, *pile = way->reports[task][town][month].pile;
    if (*counting == 0) return;
    report_returned_t returned = {.command_id = {1},
                                  .unit = text_of(task == 2 ? "bureau" : towns[town]),
                                  .task = text_of(tasks[task]),
                                  .period = text_of(months[month]),
                                  .revision = pile[*counting - 1],
                                  .why = text_of("与台账不符"),
                                  .again_ms = (uint64_t)way->now_ms + 3 * 86400000,
                                  .office = office_coordinator};
    --*counting;
    returned.counts = *counting == 0 ? 0 : pile[*counting - 1];
    world_feed(world, report_returned_type(), &returned, way->now_ms);
}

static void extend(world_t *world, way_t *way, uint32_t town, uint32_t month) {
    extension_granted_t granted = {.command_id = {2},
                                   .unit = text_of(towns[town]),
                                   .task = text_of("fund"),
                                   .period = text_of(months[month]),
                                   .due_ms = (uint64_t)way->now_ms + 5 * 86400000,
                                   .office = office_coordinator};
    world_feed(world, extension_granted_type(), &granted, way->now_ms);
}

static void be_away(world_t *world, way_t *way) {
    outage_counted_t counted = {
        .command_id = {3}, .from_ms = (uint64_t)way->now_ms - 7200000, .to_ms = (uint64_t)way->now_ms - 3600000};
    world_feed(world, outage_counted_type(), &counted, way->now_ms);
}

/* The lines of a dump that begin so, one after the other. */
static text_t lines_of(world_t *world, text_t all, const char *begin) {
    char *out = arena_take(world->arena, all.size + 1);
    uint32_t size = 0;
    for (uint32_t at = 0, end; at < all.size; at = end + 1) {
        const char *stop = memchr(all.at + at, '\n', all.size - at);
        end = stop == NULL ? all.size : (uint32_t)(stop - all.at);
        if (end - at < strlen(begin) || memcmp(all.at + at, begin, strlen(begin)) != 0) continue;
        memcpy(out + size, all.at + at, end - at);
        size += end - at;
        out[size++] = '\n';
    }
    return (text_t){out, size};
}

static int64_t number_in(const char *line, const char *field) {
    const char *stop = strchr(line, '\n'), *found = strstr(line, field);
    return found == NULL || found > stop ? 0 : strtoll(found + strlen(field), NULL, 10);
}

static bytes_t bytes_taken(world_t *world, buffer_t *out) {
    bytes_t bytes = arena_bytes(world->arena, (bytes_t){out->at, (uint32_t)out->size});
    buffer_destroy(out);
    return bytes;
}

/* Without what a part keeps: below another revision it is by the plan of then, and found anew when it counts again. */
static void revision_add(world_t *world, const agg_laid_t *laid, buffer_t *out) {
    agg_revision_t revision;
    fault_t fault;
    if (laid->revision.size == 0) revision = revision_unfold(&laid->plain, world->arena);
    else assert_int_equal(wire_decode(agg_revision_type(), laid->revision, world->arena, &revision, &fault), OK);
    agg_share_t *shares = ARENA_NEW(world->arena, agg_share_t, revision.shares_count + 1);
    for (uint32_t index = 0; index < revision.shares_count; index++) {
        shares[index] = revision.shares[index];
        agg_part_t *parts = ARENA_NEW(world->arena, agg_part_t, shares[index].parts_count + 1);
        for (uint32_t part = 0; part < shares[index].parts_count; part++) {
            parts[part] = shares[index].parts[part];
            parts[part].kept = 0;
        }
        shares[index].parts = parts;
    }
    revision.shares = shares;
    buffer_add(out, &laid->seq, sizeof laid->seq);
    wire_encode(agg_revision_type(), &revision, out);
}

/* All that lies below, in the order in which it was laid down. */
static bytes_t below_of(world_t *world) {
    buffer_t out = {0};
    store_key_t all = key_new();
    agg_shelf_t shelf;
    agg_laid_t laid;
    txn_t *txn = store_read(stage_store(world->stage));
    scan_t scan = scan_begin(txn, T_BELOW, &all, NULL);
    while (scan_next(&scan, world->arena, &shelf))
        for (uint32_t at = 0; laid_take(shelf.laid, &at, &laid);) revision_add(world, &laid, &out);
    scan_end(&scan);
    txn_abort(&txn);
    return bytes_taken(world, &out);
}

/* What counts, report by report: the timeliness of a report stays what it was when it came, whatever plan follows. */
static bytes_t counting_of(world_t *world) {
    buffer_t out = {0};
    store_key_t all = key_new();
    agg_dossier_t dossier;
    agg_leaf_t leaf;
    agg_obligation_t owed;
    fault_t fault;
    txn_t *txn = store_read(stage_store(world->stage));
    scan_t scan = scan_begin(txn, T_DOSSIERS, &all, NULL);
    while (scan_next(&scan, world->arena, &dossier)) {
        for (uint32_t at = 0; leaf_take(dossier.leaves, &at, &leaf);) {
            if (leaf.obligation.size == 0) owed = obligation_unfold(&leaf, world->arena);
            else assert_int_equal(wire_decode(agg_obligation_type(), leaf.obligation, world->arena, &owed, &fault), OK);
            if (owed.counting.seq == 0) continue;
            buffer_add(&out, scan.key.at, scan.key.size);
            buffer_add(&out, &leaf.period_from, sizeof leaf.period_from);
            wire_encode(agg_revision_type(), &owed.counting, &out);
        }
    }
    scan_end(&scan);
    txn_abort(&txn);
    return bytes_taken(world, &out);
}

/* The days of a pile bring what it holds. */
static void assert_days_add_up(world_t *world, text_t dump, const char *pile) {
    int64_t total = 0, sum = 0;
    const char *line = lines_of(world, dump, arena_format(world->arena, "row days %s", pile).at).at;
    for (; *line != '\0'; line = strchr(line, '\n') + 1) sum += number_in(line, "\"amount\":");
    line = lines_of(world, dump, arena_format(world->arena, "row tallies %s", pile).at).at;
    if (*line != '\0') total = number_in(line, "\"total\":");
    assert_int_equal(sum, total);
}

static void assert_all_days_add_up(world_t *world) {
    static const char *const piles[] = {"raised\\x00\\x00", "town-fund\\x00m-north\\x00", "town-fund\\x00m-south\\x00",
                                        "teachers\\x00\\x00"};
    text_t dump = world_dump(world);
    for (uint32_t pile = 0; pile < COUNT(piles); pile++) assert_days_add_up(world, dump, piles[pile]);
}

static void year_lead(world_t *world, uint64_t seed, bool last_plan, bool commits) {
    way_t *way = calloc(1, sizeof *way);
    *way = (way_t){.dice = seed, .now_ms = at(20210801, 1, 0), .last_plan = last_plan, .commits = commits};
    for (uint32_t round = 0; round < ROUNDS; round++, way->now_ms += 7 * 3600000) {
        uint32_t task = (uint32_t)dice(way, TASKS), town = task == 2 ? 0 : (uint32_t)dice(way, TOWNS);
        uint32_t month = (uint32_t)dice(way, MONTHS), what = (uint32_t)dice(way, 20);
        if (what < 9)
            report(world, way, task, town, month);
        else if (what < 14)
            give_back(world, way, task, town, month);
        else if (what == 14)
            extend(world, way, town, month);
        else if (what == 15)
            be_away(world, way);
        else if (what < 18)
            amend(world, way);
        else
            world_tick(world, way->now_ms);
        if (way->commits && round % 3 == 0) assert_int_equal(stage_commit(world->stage), OK);
        if (way->commits && round % 50 == 0) assert_all_days_add_up(world);
    }
    plan_adopted_t least = plan_number(world, LEAST_PLAN), last = plan_number(world, LAST_PLAN);
    world_feed(world, plan_adopted_type(), &least, way->now_ms);
    world_feed(world, plan_adopted_type(), &last, way->now_ms);
    free(way);
}

static void assert_same_bytes(bytes_t one, bytes_t other) {
    assert_true(one.size > 100);
    assert_int_equal(one.size, other.size);
    assert_memory_equal(one.at, other.at, one.size);
}

static void assert_same_rows(world_t *one, world_t *two) {
    static const char *const tables[] = {"row days ", "row spots ", "row persons ", "row tallies ", "row targets "};
    text_t first = world_dump(one), second = world_dump(two);
    for (uint32_t table = 0; table < COUNT(tables); table++) {
        text_t left = lines_of(one, first, tables[table]), right = lines_of(two, second, tables[table]);
        assert_true(left.size > 100);
        assert_string_equal(left.at, right.at);
    }
    assert_same_bytes(below_of(one), below_of(two));
    assert_same_bytes(counting_of(one), counting_of(two));
}

enum { SEEDS = 3 };

/* The same year in two worlds: in the first as it comes, in the second with the last plan from the beginning, or without
 * commits on its way. */
static void years_agree(void **state, bool last_plan, bool commits, void (*same)(world_t *one, world_t *two)) {
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        world_t *one = *state, *two;
        world_close(one);
        world_open(one);
        world_adopt(one, at(20210720, 9, 0));
        world_setup((void **)&two);
        year_lead(one, seed, false, true);
        year_lead(two, seed, last_plan, commits);
        same(one, two);
        world_teardown((void **)&two);
    }
}

static void assert_same_dumps(world_t *one, world_t *two) { assert_true(text_equal(world_dump(one), world_dump(two))); }

static void what_counts_is_what_the_last_plan_makes_of_it(void **state) { years_agree(state, true, true, assert_same_rows); }

static void plans_that_change_leave_the_same_bytes_wherever_commits_fall(void **state) {
    years_agree(state, false, false, assert_same_dumps);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(what_counts_is_what_the_last_plan_makes_of_it),
        IN_A_WORLD(plans_that_change_leave_the_same_bytes_wherever_commits_fall),
    };
    return cmocka_run_group_tests_name("aggregation upheaval", tests, NULL, NULL);
}
