/* A small world around alerting: a plan, a stage in a temporary folder, events told to it, its warnings as a transcript. */
#ifndef ALERTING_WORLD_H
#define ALERTING_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "proto/chain.h"
#include "proto/crypto.h"
#include "services/4-alerting/alerting.h"
#include "services/4-alerting/alerting_rules.h"
#include "services/plan/calendar.h"
#include "tests/sim/temporary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ID(text) {(text), sizeof(text) - 1}
#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof(array)[0]))

static const text_t all_units[] = {ID("gongshanglian"), ID("cishan")};
static const text_t swj[] = {ID("shangwu")}, nyncj[] = {ID("nongye")}, cishan[] = {ID("cishan")};
static const text_t talent_leads[] = {ID("renshe")}, talent_units[] = {ID("jiaoyu")};

static const unit_t units[] = {
    {.id = ID("nongye"), .name = ID("区农业农村局"), .kind = unit_kind_body},
    {.id = ID("shangwu"), .name = ID("区商务局"), .kind = unit_kind_body},
    {.id = ID("cishan"), .name = ID("区慈善总会"), .kind = unit_kind_body},
    {.id = ID("gongshanglian"), .name = ID("区工商联"), .kind = unit_kind_body},
    {.id = ID("renshe"), .name = ID("区人社局"), .kind = unit_kind_body},
    {.id = ID("jiaoyu"), .name = ID("区教育局"), .kind = unit_kind_body},
};
static const indicator_t sales[] = {{.id = ID("sales"), .name = ID("销售额"), .measure = measure_money, .unit_word = ID("元"),
                                     .contributors = swj, .contributors_count = 1,
                                     .target = {.shape = shape_sum, .goal = 300000000000, .due = 20211231}}};
static const indicator_t funds[] = {
    {.id = ID("transferred"), .name = ID("拨付隆德资金"), .measure = measure_money, .unit_word = ID("元"),
     .contributors = cishan, .contributors_count = 1,
     .target = {.shape = shape_sum, .goal = 300000000, .due = 20211031, .by_fact = true}}};
static const indicator_t talent[] = {
    {.id = ID("teachers"), .name = ID("支教教师"), .measure = measure_people, .unit_word = ID("名"),
     .contributors = talent_units, .contributors_count = 1,
     .target = {.shape = shape_lasting, .goal = 7, .due = 20210831, .months = 6}}};
static const task_t tasks[] = {
    {.id = ID("consumption"), .number = ID("四"), .name = ID("消费帮扶"), .lead = nyncj, .lead_count = 1, .responsible = swj,
     .responsible_count = 1, .from = 20210801, .due = 20211231, .indicators = sales, .indicators_count = 1},
    {.id = ID("society"), .number = ID("六"), .name = ID("社会帮扶"), .lead = all_units, .lead_count = 2, .from = 20210801,
     .due = 20211031, .indicators = funds, .indicators_count = 1},
    {.id = ID("talent"), .number = ID("七"), .name = ID("专技人才"), .lead = talent_leads, .lead_count = 1,
     .responsible = talent_units, .responsible_count = 1, .from = 20210801, .due = 20210831, .indicators = talent,
     .indicators_count = 1},
};
static const period_t periods[] = {
    {.id = ID("2021-08"), .from = 20210801, .to = 20210831, .due = 20210825},
    {.id = ID("2021-09"), .from = 20210901, .to = 20210930, .due = 20210925},
    {.id = ID("2021-10"), .from = 20211001, .to = 20211031, .due = 20211025},
    {.id = ID("2022-01"), .from = 20220101, .to = 20220131, .due = 20220125, .confirmation = true},
    {.id = ID("2022-02"), .from = 20220201, .to = 20220228, .due = 20220225, .confirmation = true},
};
static const rung_t report_rungs[] = {
    {ID("T-5"), false, 5, level_remind}, {ID("T-1"), false, 1, level_remind}, {ID("T-0"), false, 0, level_remind},
    {ID("T+1"), true, 1, level_blue},    {ID("T+3"), true, 3, level_blue},    {ID("T+7"), true, 7, level_orange},
    {ID("T+14"), true, 14, level_red},
};
static const rung_t target_rungs[] = {
    {ID("T-30"), false, 30, level_remind}, {ID("T-14"), false, 14, level_remind}, {ID("T-7"), false, 7, level_blue},
    {ID("T-3"), false, 3, level_orange},   {ID("T-1"), false, 1, level_orange},   {ID("T-0"), false, 0, level_red},
    {ID("T+1"), true, 1, level_red},
};
static const uint32_t holidays[] = {20210919, 20210920, 20210921, 20211001, 20211002, 20211003,
                                    20211004, 20211005, 20211006, 20211007};
static const uint32_t workdays[] = {20210918, 20210926, 20211009};

static const plan_t world_plan = {
    .id = ID("test-2021"), .title = ID("测试要点"), .from = 20210101, .to = 20211231, .coordinator = ID("nongye"),
    .offset_minutes = 480, .roll = roll_none, .cycle = cycle_month, .periods = periods, .periods_count = COUNT(periods),
    .units = units, .units_count = COUNT(units), .tasks = tasks, .tasks_count = COUNT(tasks),
    .holidays = holidays, .holidays_count = COUNT(holidays), .workdays = workdays, .workdays_count = COUNT(workdays),
    .report_ladder = {.rungs = report_rungs, .rungs_count = COUNT(report_rungs), .repeat_days = 7, .at_minute = 540},
    .target_ladder = {.rungs = target_rungs, .rungs_count = COUNT(target_rungs), .repeat_days = 7, .at_minute = 540},
    .pace_points = 5, .day_begins = 510, .day_ends = 1050, .escalate_days = 3,
};

/* Local time of the plan → instant. */
static inline int64_t at(uint32_t day, uint32_t hour, uint32_t minute) {
    return instant_of_day(&world_plan, day, hour * 60 + minute);
}

/* 24:00 of a day: its last millisecond. */
static inline uint64_t end_of(uint32_t day) { return (uint64_t)instant_of_day(&world_plan, day, 1440) - 1; }

typedef struct {
    char folder[64];
    stage_t *stage;
    arena_t *arena;
    buffer_t pending;        /* events of the next batch */
    uint64_t pending_count;
    uint64_t seq;            /* last event made, in stream 3 */
    uint64_t cause;
    uint8_t hash[32];
    int64_t now_ms;
    uint64_t shown;          /* stream 4: in the transcript up to here */
    bool no_pace;            /* what is said of the pace is left out of the transcript */
    uint64_t batch_events;   /* a batch ends after so many; 0: when the test says so */
} world_t;

static inline void world_flush(world_t *self) {
    if (self->pending_count == 0) return;
    batch_t batch = {.stream = STREAM_TALLIES, .state = batch_state_ok, .rooted = true, .from = self->seq - self->pending_count + 1,
                     .count = self->pending_count, .durable_head = self->seq, .tail_head = self->seq,
                     .events = {self->pending.at, (uint32_t)self->pending.size}};
    memcpy(batch.last_hash, self->hash, sizeof batch.last_hash);
    do {
        assert_int_equal(stage_step(self->stage, &batch), OK);
        assert_int_equal(stage_commit(self->stage), OK);
    } while (stage_pending(self->stage) || stage_fetch(self->stage).after < self->seq); /* more than one transaction takes */
    buffer_clear(&self->pending);
    self->pending_count = 0;
}

static inline void world_tell(world_t *self, const message_t *type, const void *value, int64_t at_ms) {
    size_t before = self->pending.size;
    event_t header = {.epoch = 1, .cause_seq = ++self->cause, .at_ms = at_ms};
    event_encode(&header, type, value, &self->pending);
    hash_chain(CHAIN_QUICK, self->hash, (bytes_t){self->pending.at + before, (uint32_t)(self->pending.size - before)}, self->hash);
    self->seq++;
    self->pending_count++;
    self->now_ms = at_ms;
    if (self->batch_events > 0 && self->pending_count >= self->batch_events) world_flush(self);
}

static inline void world_tick(world_t *self, int64_t at_ms) {
    clock_ticked_t tick = {.at_ms = (uint64_t)at_ms};
    world_tell(self, clock_ticked_type(), &tick, at_ms);
}

/* Lets time pass with a tick an hour, on the hour, up to and including `to_ms`. */
static inline void world_pass(world_t *self, int64_t to_ms) {
    const int64_t hour_ms = 3600000;
    for (int64_t next = (self->now_ms / hour_ms + 1) * hour_ms; next <= to_ms; next += hour_ms) world_tick(self, next);
    self->now_ms = to_ms;
}

static inline void world_open(world_t *self, const char *folder) {
    snprintf(self->folder, sizeof self->folder, "%s", folder);
    assert_int_equal(stage_open(alerting_role(), self->folder, &self->stage), OK);
}

/* A rehearsal or a real ledger with the plan, begun at at_ms. */
static inline world_t *world_new_of(const plan_t *plan, clock_mode_t mode, int64_t at_ms) {
    crypto_start();
    world_t *self = calloc(1, sizeof *self);
    char folder[sizeof self->folder];
    temporary_folder(folder, sizeof folder);
    self->arena = arena_new();
    world_open(self, folder);
    ledger_opened_t opened = {.ledger_id = {1}, .epoch = 1, .clock_mode = mode, .operator_key = {1}, .signer_key = {1}};
    plan_adopted_t adopted = {.plan = *plan};
    world_tell(self, ledger_opened_type(), &opened, at_ms);
    world_tell(self, plan_adopted_type(), &adopted, at_ms);
    return self;
}

static inline world_t *world_new(int64_t at_ms) { return world_new_of(&world_plan, clock_mode_real, at_ms); }

static inline void world_destroy(world_t *self) {
    stage_close(&self->stage);
    temporary_remove(self->folder);
    buffer_destroy(&self->pending);
    arena_destroy(&self->arena);
    free(self);
}

static inline void world_obligation(world_t *self, const char *unit, uint32_t due_day, standing_t standing, int64_t at_ms) {
    static const text_t lacks[] = {ID("sales")};
    char period[24];
    snprintf(period, sizeof period, "%04u-%02u", due_day / 10000, due_day / 100 % 100);
    obligation_changed_t told = {.unit = text_of(unit), .task = text_of("consumption"), .period = text_of(period),
                                 .standing = standing, .timeliness = timeliness_pending, .due_ms = end_of(due_day),
                                 .missing = lacks, .missing_count = report_is_owed(standing) ? 1 : 0};
    if (standing == standing_returned) { /* three working days on */
        told.again_ms = (uint64_t)return_deadline(&world_plan, at_ms).due_ms;
        told.why = text_of("与台账不符");
    }
    world_tell(self, obligation_changed_type(), &told, at_ms);
}

/* The transfer to Longde: owed by 区慈善总会 while it is not met. */
static inline void world_transfer(world_t *self, reach_t reach, uint64_t done, int64_t at_ms) {
    bool owed = reach == reach_not_yet || reach == reach_past_due_unknown;
    target_changed_t told = {.task = text_of("society"), .indicator = text_of("transferred"), .reach = reach,
                             .lamp = lamp_yellow, .done = done, .goal = 300000000, .due_ms = end_of(20211031),
                             .owing = cishan, .owing_count = owed ? 1 : 0};
    world_tell(self, target_changed_type(), &told, at_ms);
}

/* The seven teachers, due 08-31. */
static inline void world_teachers(world_t *self, reach_t reach, tenure_t tenure, int64_t at_ms) {
    target_changed_t told = {.task = text_of("talent"), .indicator = text_of("teachers"), .reach = reach, .tenure = tenure,
                             .lamp = lamp_green, .done = 7, .goal = 7, .due_ms = end_of(20210831)};
    world_tell(self, target_changed_type(), &told, at_ms);
}

static inline void line_of(world_t *self, const event_t *event, buffer_t *out) {
    fault_t fault;
    warning_raised_t raised;
    warning_resolved_t resolved;
    uint32_t day = day_of_instant(&world_plan, event->at_ms), minute = minute_of_instant(&world_plan, event->at_ms);
    text_t line;
    if (event->kind == KIND_warning_raised) {
        assert_int_equal(event_body(event, warning_raised_type(), self->arena, &raised, &fault), OK);
        line = arena_format(self->arena, "%02u-%02u %02u:%02u %s " TEXT_FORMAT " %s " TEXT_FORMAT " as %s e%u\n",
                            day / 100 % 100, day % 100, minute / 60, minute % 60, WORD_NAME(warning_kind, raised.kind),
                            TEXT_ARGS(raised.rung),
                            WORD_NAME(level, raised.level), TEXT_ARGS(raised.unit), WORD_NAME(addressee, raised.addressee),
                            (unsigned)raised.episode);
    } else if (event->kind == KIND_warning_withheld) {
        warning_withheld_t withheld;
        assert_int_equal(event_body(event, warning_withheld_type(), self->arena, &withheld, &fault), OK);
        line = arena_format(self->arena, "%02u-%02u %02u:%02u withheld %s", day / 100 % 100, day % 100, minute / 60, minute % 60,
                            WORD_NAME(withheld, withheld.cause));
        for (uint32_t index = 0; index < withheld.rungs_count; index++)
            line = arena_format(self->arena, TEXT_FORMAT " " TEXT_FORMAT, TEXT_ARGS(line), TEXT_ARGS(withheld.rungs[index]));
        line = arena_format(self->arena, TEXT_FORMAT " " TEXT_FORMAT " e%u\n", TEXT_ARGS(line), TEXT_ARGS(withheld.unit),
                            (unsigned)withheld.episode);
    } else if (event->kind == KIND_warning_acknowledged) {
        warning_acknowledged_t told;
        assert_int_equal(event_body(event, warning_acknowledged_type(), self->arena, &told, &fault), OK);
        line = arena_format(self->arena, "%02u-%02u %02u:%02u acknowledged by %u " TEXT_FORMAT " e%u\n", day / 100 % 100, day % 100,
                            minute / 60, minute % 60, told.by, TEXT_ARGS(told.unit), (unsigned)told.episode);
    } else if (event->kind == KIND_bundle_told) {
        return; /* looked at by its own tests */
    } else {
        assert_int_equal(event_body(event, warning_resolved_type(), self->arena, &resolved, &fault), OK);
        line = arena_format(self->arena, "%02u-%02u %02u:%02u withdrawn " TEXT_FORMAT " " TEXT_FORMAT " e%u\n", day / 100 % 100,
                            day % 100, minute / 60, minute % 60, TEXT_ARGS(resolved.rung), TEXT_ARGS(resolved.unit),
                            (unsigned)resolved.episode);
    }
    buffer_add(out, line.at, line.size);
}

/* What was told since the last look, a line a warning. */
static inline const char *world_told(world_t *self) {
    world_flush(self);
    buffer_t out = {0};
    txn_t *txn = store_read(stage_store(self->stage));
    assert_non_null(txn);
    uint64_t head = txn_head(txn).seq;
    for (uint64_t seq = self->shown + 1; seq <= head; seq++) {
        event_t event;
        assert_true(txn_event(txn, seq, self->arena, &event, NULL));
        size_t before = out.size;
        if (!kind_is_control(event.kind)) line_of(self, &event, &out);
        text_t line = arena_text(self->arena, (text_t){(const char *)out.at + before, (uint32_t)(out.size - before)});
        if (self->no_pace && line.size > 0 && strstr(line.at, " pace-") != NULL) out.size = before;
    }
    txn_abort(&txn);
    self->shown = head;
    text_t text = arena_text(self->arena, (text_t){(const char *)out.at, (uint32_t)out.size});
    buffer_destroy(&out);
    return text.at == NULL ? "" : text.at;
}

/* The last warning of the stream. */
static inline warning_raised_t world_last(world_t *self) {
    world_flush(self);
    warning_raised_t found = {0};
    fault_t fault;
    txn_t *txn = store_read(stage_store(self->stage));
    for (uint64_t seq = txn_head(txn).seq; seq > 0 && found.episode == 0; seq--) {
        event_t event;
        assert_true(txn_event(txn, seq, self->arena, &event, NULL));
        if (event.kind == KIND_warning_raised)
            assert_int_equal(event_body(&event, warning_raised_type(), self->arena, &found, &fault), OK);
    }
    txn_abort(&txn);
    return found;
}

#endif
