/* The straight way of plain reports beside the way of all others: two stages read one ledger, and say and keep the same bytes. */
#include "services/2-validation/validation_state.h"
#include "tests/unit/validation_ledger.h"

enum { WORLDS = 30, STEPS = 240, UNITS = 2, TASKS = 4, PERIODS = 6 };

static const text_t units[UNITS] = {S("350104100"), S("350104101")};
static const text_t tasks[TASKS] = {S("sales"), S("visits"), S("fund"), S("named")};
static const text_t indicators[TASKS] = {S("sold"), S("visited"), S("raised"), S("known")};
static const text_t periods[PERIODS] = {S("2021-08"), S("2021-09"), S("2021-10"), S("2021-11"), S("2022-01"), S("2021-12")};

/* What went each way, over all worlds. */
static uint64_t taken_plainly, taken_otherwise;

static void apply_plainly(turn_t *turn, const event_t *event) {
    report_received_t received;
    wire_known_t read = {.object = &received.report};
    if (event->kind == KIND_report_received) {
        plan_trim(turn);
        bool plain = turn_body_known(turn, event, report_received_type(), &received, &read);
        plain = plain && plain_take(turn, &received, read.bytes);
        taken_plainly += plain;
        taken_otherwise += !plain;
        if (plain) return;
    }
    validation_apply_thoroughly(turn, event);
}

typedef struct {
    ledger_t *ledger;
    role_t plain_role, thorough_role;
    stage_t *plain, *thorough;
    char folders[2][256];
    uint64_t state;
    uint64_t revisions[UNITS][TASKS][PERIODS]; /* what the sender believes to stand */
    int64_t last[UNITS][TASKS];
    uint32_t number;
    int64_t now_ms;
} world_t;

static uint64_t draw(world_t *self, uint64_t below) {
    self->state ^= self->state << 13;
    self->state ^= self->state >> 7;
    self->state ^= self->state << 17;
    return self->state % below;
}
static bool rarely(world_t *self, uint64_t once_in) { return draw(self, once_in) == 0; }

/* Money and a count that both towns say alone, and one with names. */
static plan_t plan_of_world(arena_t *arena) {
    static const text_t towns[] = {S("350104100"), S("350104101")};
    static const indicator_t sold[] = {{.id = S("sold"), .name = S("销售额"), .measure = measure_money, .unit_word = S("元"),
                                        .contributors = towns, .contributors_count = 2, .items = need_optional,
                                        .key_kind = key_kind_receipt, .opening = true, .required = true}};
    static const indicator_t visited[] = {{.id = S("visited"), .name = S("走访"), .measure = measure_count, .unit_word = S("次"),
                                           .contributors = towns, .contributors_count = 2, .items = need_none}};
    static const indicator_t known[] = {{.id = S("known"), .name = S("知晓"), .measure = measure_count, .unit_word = S("次"),
                                         .contributors = towns, .contributors_count = 2, .items = need_none}};
    plan_t plan = validation_plan();
    task_t *all = ARENA_NEW(arena, task_t, plan.tasks_count + 3);
    memcpy(all, plan.tasks, plan.tasks_count * sizeof *all);
    const indicator_t *only[] = {sold, visited, known};
    const text_t ids[] = {S("sales"), S("visits"), S("named")};
    for (uint32_t index = 0; index < 3; index++) {
        task_t *task = &all[plan.tasks_count++];
        *task = all[1];
        task->id = ids[index];
        task->indicators = only[index];
        task->approval = index == 2 ? approval_reviewed : approval_none;
    }
    plan.tasks = all;
    return plan;
}

static role_t role_applying(void (*apply)(turn_t *, const event_t *)) {
    role_t role = *validation_role();
    role.apply = apply;
    return role;
}

static void world_open(world_t *self) {
    assert_int_equal(stage_open(&self->plain_role, self->folders[0], &self->plain), OK);
    assert_int_equal(stage_open(&self->thorough_role, self->folders[1], &self->thorough), OK);
}

static void world_close(world_t *self) {
    stage_close(&self->plain);
    stage_close(&self->thorough);
}

static void feed_one(ledger_t *ledger, stage_t *stage, bool commits) {
    ledger->stage = stage;
    batch_t batch = {.stream = STREAM_ENTRIES, .state = batch_state_ok, .from = ledger->fed + 1,
                     .count = ledger->seq - ledger->fed, .durable_head = ledger->seq, .tail_head = ledger->seq,
                     .events = {ledger->waiting.at, (uint32_t)ledger->waiting.size}};
    memcpy(batch.last_hash, ledger->hash, sizeof batch.last_hash);
    do {
        assert_int_equal(stage_step(stage, &batch), OK);
        if (commits || stage_is_full(stage)) assert_int_equal(stage_commit(stage), OK);
    } while (stage_fetch(stage).after < ledger->seq);
}

/* Both take what waits; each commits when it likes, for the bytes do not hang on that. */
static void world_feed(world_t *self, bool commits) {
    feed_one(self->ledger, self->plain, commits || rarely(self, 3));
    feed_one(self->ledger, self->thorough, commits || rarely(self, 3));
    buffer_clear(&self->ledger->waiting);
    self->ledger->fed = self->ledger->seq;
}

static void assert_same(world_t *self, uint64_t seed) {
    assert_int_equal(stage_commit(self->plain), OK);
    assert_int_equal(stage_commit(self->thorough), OK);
    if (!store_equals(stage_store(self->plain), stage_store(self->thorough))) fail_msg("seed %llu", (unsigned long long)seed);
}

/* An amount near those before, mostly; sometimes what a rule looks at. */
static int64_t amount_drawn(world_t *self, uint32_t unit, uint32_t task) {
    static const int64_t odd[] = {0, 1, LIMIT_TOTAL, LIMIT_TOTAL - YUAN(1), LIMIT_TOTAL + 1, INT64_MAX, YUAN(5), YUAN(6000),
                                  YUAN(1000000)};
    int64_t amount = rarely(self, 12) ? odd[draw(self, COUNT(odd))] : YUAN(100) + (int64_t)draw(self, 8) * YUAN(1);
    if (rarely(self, 10)) amount = self->last[unit][task];
    return self->last[unit][task] = amount;
}

/* What makes a figure or its report one of those that are not plain. */
static void report_trouble(world_t *self, report_t *report, figure_t *figure, uint32_t task) {
    static const item_t row = {.key_kind = key_kind_contract, .key = S("C-1"), .fact_day = 20210805, .amount = {true, YUAN(100)}};
    static const explanation_t why[] = {{.code = S("outlier"), .text = S("大额到账")}, {.code = S("same_as_before"), .text = S("按月")}};
    switch (draw(self, 11)) {
    case 0:
        figure->running = GIVEN(YUAN(100) * (int64_t)(1 + draw(self, 5)));
        figure->amount.given = rarely(self, 4); /* or the month is what it makes of what stands */
        return;
    case 1: figure->opening = GIVEN(YUAN(7)); return;
    case 2: figure->nil = true; return;
    case 3: figure->nil = true; figure->amount.given = false; return;
    case 4: figure->member = T("village-1"); return;
    case 5: figure->items = &row; figure->items_count = 1; return;
    case 6: report->evidence_count = 0; return;
    case 7: report->explanations = why; report->explanations_count = 2; return;
    case 8: figure->indicator = indicators[(task + 1) % TASKS]; return;
    case 9: report->figures_count = 0; report->progress = T("无"); return;
    default: figure[1] = figure[0]; report->figures_count = 2; return;
    }
}

static void world_report(world_t *self) {
    uint32_t unit = (uint32_t)draw(self, UNITS), task = rarely(self, 5) ? (uint32_t)draw(self, TASKS) : (uint32_t)draw(self, 2);
    uint32_t period = rarely(self, 8) ? (uint32_t)draw(self, PERIODS) : (uint32_t)draw(self, 3);
    figure_t *figures = ARENA_NEW(self->ledger->arena, figure_t, 2);
    figures[0] = (figure_t){.indicator = indicators[task], .amount = GIVEN(amount_drawn(self, unit, task))};
    uint64_t replaces = rarely(self, 15) ? draw(self, 4) : self->revisions[unit][task][period];
    report_t report = report_of((uint8_t)++self->number, tasks[task], periods[period], replaces);
    memcpy(report.submission_id + 1, &self->number, sizeof self->number);
    report.figures = figures;
    report.figures_count = 1;
    if (rarely(self, 2)) report.progress = arena_format(self->ledger->arena, "%u", (unsigned)draw(self, 1000000));
    if (rarely(self, 6)) report_trouble(self, &report, figures, task);
    report_received_t received = {.report = report, .unit = units[unit], .door = door_gateway, .key_generation = 1};
    if (rarely(self, 20)) received.original_received_ms = (uint64_t)at_ten(self->ledger, 20210901 + (uint32_t)draw(self, 28));
    ledger_append(self->ledger, report_received_type(), &received, self->now_ms);
}

static void world_decide(world_t *self) {
    uint32_t unit = (uint32_t)draw(self, UNITS), task = (uint32_t)draw(self, 2), period = (uint32_t)draw(self, 4);
    report_decided_t decided = {.command_id = {(uint8_t)++self->number}, .decision = decision_returned, .unit = units[unit],
                                .task = tasks[task], .period = periods[period], .why = T("w"),
                                .revision = self->revisions[unit][task][period],
                                .actor = {.office = office_coordinator, .credential = credential_signature, .door = door_operator}};
    if (decided.revision == 0) return;
    if (rarely(self, 4)) decided.decision = decision_approved;
    ledger_append(self->ledger, report_decided_type(), &decided, self->now_ms);
}

static void world_control(world_t *self) {
    uint64_t now = (uint64_t)self->now_ms;
    outage_declared_t outage = {.command_id = {(uint8_t)++self->number}, .from_ms = now - 7200000, .to_ms = now - 60000,
                                .actor = {.office = office_coordinator, .credential = credential_signature, .door = door_operator}};
    extension_decided_t extension = {.command_id = {(uint8_t)++self->number}, .decision = decision_extended, .until = 20211230,
                                     .unit = units[draw(self, UNITS)], .task = tasks[draw(self, 2)],
                                     .period = periods[draw(self, 4)], .why = T("w"), .actor = outage.actor};
    document_published_t bulletin = {.kind = document_kind_bulletin, .period = periods[draw(self, 4)], .number = 1, .layout = 1,
                                     .size = 1, .parts = 1, .as_of = 1, .hash = {1}, .html_hash = {1}, .docx_hash = {2}};
    switch (draw(self, 4)) {
    case 0: ledger_append(self->ledger, outage_declared_type(), &outage, self->now_ms); return;
    case 1: ledger_append(self->ledger, extension_decided_type(), &extension, self->now_ms); return;
    case 2: ledger_append(self->ledger, document_published_type(), &bulletin, self->now_ms); return;
    default: break;
    }
    plan_t plan = plan_of_world(self->ledger->arena);
    plan.thresholds.outlier_times = 2 + draw(self, 9);
    unit_t *shorter = ARENA_NEW(self->ledger->arena, unit_t, plan.units_count);
    memcpy(shorter, plan.units, plan.units_count * sizeof *shorter);
    shorter[1].to = rarely(self, 2) ? 20210930 : 0; /* and owes nothing of later periods */
    plan.units = shorter;
    if (rarely(self, 4)) plan.approval = approval_reviewed;
    ledger_append(self->ledger, plan_adopted_type(), &(plan_adopted_t){.plan = plan}, self->now_ms);
}

/* What the senders believe of what stands: they ask, now and then. */
static void world_ask(world_t *self) {
    for (uint32_t unit = 0; unit < UNITS; unit++)
        for (uint32_t task = 0; task < TASKS; task++)
            for (uint32_t period = 0; period < PERIODS; period++) {
                standing_told_t told;
                standing_ask_t ask = {.unit = units[unit], .task = tasks[task], .period = periods[period]};
                ledger_ask(self->ledger, standing_ask_type(), &ask, standing_told_type(), &told);
                self->revisions[unit][task][period] = told.revision;
            }
}

static void world_run(world_t *self, uint64_t seed) {
    for (uint32_t step = 0; step < STEPS; step++) {
        self->now_ms += (int64_t)draw(self, 86400000u);
        if (rarely(self, 50)) world_control(self);
        else if (rarely(self, 20)) world_decide(self);
        else world_report(self);
        bool commits = rarely(self, 2);
        if (!rarely(self, 3)) world_feed(self, commits);
        if (commits && self->ledger->fed == self->ledger->seq) world_ask(self);
        if (!rarely(self, 30)) continue;
        assert_same(self, seed);
        world_close(self);
        world_open(self);
    }
    world_feed(self, true);
    assert_same(self, seed);
}

static void world_found(world_t *self, ledger_t *ledger, uint64_t seed) {
    *self = (world_t){.ledger = ledger, .state = 0x9E3779B97F4A7C15u * seed, .plain_role = role_applying(apply_plainly),
                      .thorough_role = role_applying(validation_apply_thoroughly)};
    for (uint32_t index = 0; index < 2; index++) {
        snprintf(self->folders[index], sizeof self->folders[index], "%s/minning-XXXXXX", temporary_memory());
        assert_non_null(mkdtemp(self->folders[index]));
    }
    world_open(self);
    self->now_ms = at_ten(ledger, 20210801);
    plan_t plan = plan_of_world(ledger->arena);
    ledger_opened_t opened = {.ledger_id = {1}, .epoch = 1, .clock_mode = clock_mode_rehearsal,
                              .operator_key = {2}, .signer_key = {3}};
    ledger_append(ledger, ledger_opened_type(), &opened, self->now_ms);
    ledger_append(ledger, plan_adopted_type(), &(plan_adopted_t){.plan = plan}, self->now_ms);
    ledger_append(ledger, rules_activated_type(), &(rules_activated_t){.version = 1}, self->now_ms);
    world_feed(self, true);
}

static void a_plain_report_says_and_keeps_the_same_either_way(void **state) {
    (void)state;
    crypto_start();
    for (uint64_t seed = 1; seed <= WORLDS; seed++) {
        ledger_t ledger = {.arena = arena_new(), .plan = validation_plan()};
        world_t world;
        world_found(&world, &ledger, seed);
        world_run(&world, seed);
        world_close(&world);
        for (uint32_t index = 0; index < 2; index++) temporary_remove(world.folders[index]);
        buffer_destroy(&ledger.waiting);
        arena_destroy(&ledger.arena);
    }
    print_message("%llu plainly, %llu otherwise\n", (unsigned long long)taken_plainly, (unsigned long long)taken_otherwise);
    assert_true(taken_plainly > WORLDS * STEPS / 8 && taken_otherwise > WORLDS * STEPS / 4); /* both ways were gone */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_report_says_and_keeps_the_same_either_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
