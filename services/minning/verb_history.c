/* `minning history INDICATOR`: how a figure came to be what it is: who, when, from what, to what, why, and the total after it.
 */
#include "services/minning/cli.h"
#include "services/minning/walk.h"

#include "proto/verdict.h"
#include "services/plan/amount.h"

#include <stdlib.h>
#include <string.h>

/* One movement, as stream 3 tells it; revision from stream 2, words from stream 1. */
typedef struct {
    total_changed_t moved;
    maybe_t before;
    uint64_t cause_seq, revision; /* that counts by it; 0: another report's claim began to count, or ceased */
    bool returned;
    int64_t at_ms;
    text_t explained, why;
} change_t;

/* Running totals of later months that a change moved. */
typedef struct {
    restated_total_t row;
    text_t unit, period;
    uint64_t cause_seq;
} moved_t;

typedef struct {
    cli_t *cli;
    text_t indicator, unit;
    change_t *changes; /* ascending by cause_seq */
    size_t count, room;
    moved_t *moved; /* ascending by cause_seq */
    size_t moved_count, moved_room;
} past_t;

static change_t *change_of(past_t *self, uint64_t cause_seq, size_t *from) {
    size_t low = 0, high = self->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (self->changes[middle].cause_seq < cause_seq)
            low = middle + 1;
        else
            high = middle;
    }
    *from = low;
    return low < self->count && self->changes[low].cause_seq == cause_seq ? &self->changes[low] : NULL;
}

/* The next of the changes at hand that the report itself made: by the same entry claims of others may count otherwise. */
static change_t *own_next(past_t *self, size_t *at, uint64_t cause_seq, text_t unit, text_t period) {
    while (*at < self->count && self->changes[*at].cause_seq == cause_seq) {
        change_t *change = &self->changes[(*at)++];
        if (text_equal(change->moved.unit, unit) && text_equal(change->moved.period, period)) return change;
    }
    return NULL;
}

/* The amount that stood for the same unit, period and member. */
static maybe_t amount_before(const past_t *self, const total_changed_t *moved) {
    for (size_t index = self->count; index-- > 0;) {
        const total_changed_t *one = &self->changes[index].moved;
        if (text_equal(one->unit, moved->unit) && text_equal(one->period, moved->period) &&
            text_equal(one->member, moved->member))
            return one->amount;
    }
    return (maybe_t){0};
}

static void on_total_changed(past_t *self, const event_t *event, arena_t *arena) {
    total_changed_t moved;
    fault_t fault;
    if (event->kind != KIND_total_changed || event_body(event, total_changed_type(), arena, &moved, &fault) != OK) return;
    if (!text_equal(moved.indicator, self->indicator)) return;
    if (self->unit.size > 0 && !text_equal(moved.unit, self->unit)) return;
    if (self->count == self->room) {
        self->room = self->room == 0 ? 64 : self->room * 2;
        change_t *more = realloc(self->changes, self->room * sizeof *more);
        ASSERT(more != NULL);
        self->changes = more;
    }
    moved.indicator = self->indicator;
    moved.member = arena_text(self->cli->arena, moved.member);
    moved.unit = arena_text(self->cli->arena, moved.unit);
    moved.period = arena_text(self->cli->arena, moved.period);
    maybe_t before = amount_before(self, &moved);
    self->changes[self->count++] =
        (change_t){.moved = moved, .before = before, .cause_seq = event->cause_seq, .at_ms = event->at_ms};
}

static void on_restated(past_t *self, const event_t *event, arena_t *arena) {
    restated_told_t told;
    if (!restated_of_event(event, arena, &told)) return;
    if (self->unit.size > 0 && !text_equal(told.unit, self->unit)) return;
    for (uint32_t index = 0; index < told.rows_count; index++) {
        moved_t moved = {.row = told.rows[index], .cause_seq = event->cause_seq};
        if (!text_equal(moved.row.indicator, self->indicator)) continue;
        if (self->moved_count == self->moved_room) {
            self->moved_room = self->moved_room == 0 ? 64 : self->moved_room * 2;
            moved_t *more = realloc(self->moved, self->moved_room * sizeof *more);
            ASSERT(more != NULL);
            self->moved = more;
        }
        void *room = arena_take(self->cli->arena, wire_room(restated_total_type(), &told.rows[index]));
        wire_copy(restated_total_type(), &told.rows[index], &moved.row, room);
        moved.unit = arena_text(self->cli->arena, told.unit);
        moved.period = arena_text(self->cli->arena, told.period);
        self->moved[self->moved_count++] = moved;
    }
}

/* code: explanation, of the soft faults that passed. */
static text_t explained_text(cli_t *cli, const report_accepted_t *accepted) {
    text_t all = text_of("");
    for (uint32_t index = 0; index < accepted->explained_count; index++) {
        const reason_t *reason = &accepted->explained[index];
        if (reason->explanation.size == 0) continue;
        all = arena_format(cli->arena, TEXT_FORMAT "%s" TEXT_FORMAT ": " TEXT_FORMAT, TEXT_ARGS(all), all.size > 0 ? "; " : "",
                           TEXT_ARGS(reason->code), TEXT_ARGS(reason->explanation));
    }
    return all;
}

static void on_accepted(past_t *self, const event_t *event, size_t at, arena_t *arena) {
    report_accepted_t accepted;
    fault_t fault;
    change_t *change;
    if (event_body(event, report_accepted_type(), arena, &accepted, &fault) != OK) return;
    text_t explained = explained_text(self->cli, &accepted);
    while ((change = own_next(self, &at, event->cause_seq, accepted.unit, accepted.period)) != NULL) {
        change->revision = accepted.revision;
        change->explained = explained;
    }
}

static void on_returned(past_t *self, const event_t *event, size_t at, arena_t *arena) {
    report_returned_t returned;
    fault_t fault;
    change_t *change;
    if (event_body(event, report_returned_type(), arena, &returned, &fault) != OK) return;
    text_t why = arena_text(self->cli->arena, returned.why);
    while ((change = own_next(self, &at, event->cause_seq, returned.unit, returned.period)) != NULL) {
        change->returned = true;
        change->revision = returned.counts;
        change->why = why;
    }
}

static void on_verdict(past_t *self, const event_t *event, arena_t *arena) {
    size_t at;
    on_restated(self, event, arena);
    if (change_of(self, event->cause_seq, &at) == NULL) return;
    if (event->kind == KIND_report_accepted) on_accepted(self, event, at, arena);
    if (event->kind == KIND_report_returned) on_returned(self, event, at, arena);
}

/* Why, in the unit's own words: what it says of its progress. */
static void on_entry(past_t *self, const event_t *event, arena_t *arena) {
    report_received_t received;
    fault_t fault;
    size_t at;
    if (event->kind != KIND_report_received || change_of(self, event->cause_seq, &at) == NULL) return;
    if (event_body(event, report_received_type(), arena, &received, &fault) != OK) return;
    text_t why = arena_text(self->cli->arena, received.report.progress);
    change_t *change;
    while ((change = own_next(self, &at, event->cause_seq, received.unit, received.report.period)) != NULL) change->why = why;
}

static int read_stream(past_t *self, stream_t stream, void (*on)(past_t *, const event_t *, arena_t *), uint64_t until) {
    walk_t *walk = NULL;
    bool there = true;
    int exit_code = walk_open(self->cli, stream, &walk);
    while (exit_code == EXIT_WELL && there) {
        event_t event;
        exit_code = walk_next(walk, until, &event, &there);
        if (exit_code == EXIT_WELL && there) on(self, &event, walk_arena(walk));
    }
    walk_close(&walk);
    return exit_code;
}

/* --- telling --- */

static text_t shown(cli_t *cli, const indicator_t *indicator, maybe_t amount) {
    if (!amount.given) return text_of("–");
    if (indicator != NULL && indicator->measure == measure_money) return amount_exact(amount.value, cli->arena);
    return arena_format(cli->arena, "%lld", (long long)amount.value);
}

static text_t member_name(const indicator_t *indicator, text_t id) {
    const member_t *member = indicator == NULL ? NULL : indicator_member(indicator, id);
    return member == NULL ? id : member->name;
}

static text_t one_line(cli_t *cli, text_t text) {
    enum { ENOUGH = 90 };
    uint32_t size = 0;
    while (size < text.size && text.at[size] != '\n') size++;
    if (size <= ENOUGH) return (text_t){text.at, size};
    for (size = ENOUGH; size > 0 && ((uint8_t)text.at[size] & 0xC0) == 0x80;) size--;
    return arena_format(cli->arena, TEXT_FORMAT "…", TEXT_ARGS(((text_t){text.at, size})));
}

static text_t what_happened(cli_t *cli, const change_t *change) {
    const char *what = cli_say(cli, "修订为第 %lu 版", "revision %lu");
    if (change->revision == 1) what = cli_say(cli, "首报", "first report");
    if (change->revision == 0) what = cli_say(cli, "重复申报另行认定", "claimed more than once: another counts now");
    if (change->returned) what = cli_say(cli, "退回，第 %lu 版重新计入", "returned, revision %lu counts again");
    if (change->returned && change->revision == 0) what = cli_say(cli, "退回", "returned");
    return arena_format(cli->arena, what, (unsigned long)change->revision);
}

static void print_change(cli_t *cli, sheet_t *sheet, const indicator_t *indicator, const change_t *change) {
    const total_changed_t *moved = &change->moved;
    text_t why = what_happened(cli, change);
    if (change->explained.size > 0)
        why = arena_format(cli->arena, TEXT_FORMAT "  %s" TEXT_FORMAT, TEXT_ARGS(why), cli_say(cli, "说明 ", "explained "),
                           TEXT_ARGS(one_line(cli, change->explained)));
    if (change->why.size > 0)
        why = arena_format(cli->arena, TEXT_FORMAT "  " TEXT_FORMAT, TEXT_ARGS(why), TEXT_ARGS(one_line(cli, change->why)));
    text_t cells[] = {cli_when(cli, cli_offset(cli), change->at_ms),
                      cli_unit_name(cli, moved->unit),
                      moved->period,
                      member_name(indicator, moved->member),
                      shown(cli, indicator, change->before),
                      shown(cli, indicator, moved->amount),
                      shown(cli, indicator, moved->total),
                      arena_format(cli->arena, "%lu", (unsigned long)change->cause_seq),
                      why};
    sheet_add(sheet, cells, 9, change->revision == 1 && !change->returned ? NULL : colour_yellow);
}

static void json_change(cli_t *cli, const change_t *change) {
    json_t *json = message_to_json(total_changed_type(), &change->moved);
    (void)cli;
    if (change->before.given) json_object_set_new(json, "before", json_integer(change->before.value));
    json_object_set_new(json, "at_ms", json_integer(change->at_ms));
    json_object_set_new(json, "cause_seq", json_integer((json_int_t)change->cause_seq));
    json_object_set_new(json, "revision", json_integer((json_int_t)change->revision));
    if (change->returned) json_object_set_new(json, "returned", json_true());
    json_object_set_new(json, "explained",
                        json_stringn(change->explained.size > 0 ? change->explained.at : "", change->explained.size));
    json_object_set_new(json, "why", json_stringn(change->why.size > 0 ? change->why.at : "", change->why.size));
    cli_print_json(json);
}

/* A running total that was typed, of a month whose own is another now, or the same again. */
static void tell_typed(cli_t *cli, sheet_t *sheet, const indicator_t *indicator, const restated_total_t *row,
                       const restated_typed_t *typed) {
    bool stale = typed->typed != typed->after;
    text_t none = text_of(""), was = cli_amount(cli, indicator, (maybe_t){true, (int64_t)typed->typed});
    text_t note = arena_format(cli->arena,
                               stale ? cli_say(cli, "↳ 累计  ▲ 当时所填 " TEXT_FORMAT " 已不符", "↳ running total  ▲ typed as " TEXT_FORMAT)
                                     : cli_say(cli, "↳ 累计，与当时所填 " TEXT_FORMAT " 相符", "↳ running total, as typed: " TEXT_FORMAT),
                               TEXT_ARGS(was));
    text_t cells[] = {none, none, typed->period, member_name(indicator, row->member),
                      none, cli_amount(cli, indicator, (maybe_t){true, (int64_t)typed->after}),
                      none, none, note};
    sheet_add(sheet, cells, 9, stale ? colour_yellow : colour_grey);
}

static text_t moved_note(cli_t *cli, const restated_total_t *row) {
    if (row->months == 0) return cli_word(cli, "↳ 累计", "↳ running total");
    return arena_format(cli->arena,
                        cli_say(cli, "↳ 累计重述，以后 %lu 期同增减（" TEXT_FORMAT "–" TEXT_FORMAT "）",
                                "↳ running total restated, and %lu later by as much (" TEXT_FORMAT "–" TEXT_FORMAT ")"),
                        (unsigned long)row->months, TEXT_ARGS(row->first), TEXT_ARGS(row->last));
}

/* Below a change: the later months that it moved. */
static void tell_moved(const past_t *self, sheet_t *sheet, const indicator_t *indicator, uint64_t cause_seq) {
    cli_t *cli = self->cli;
    for (size_t index = 0; index < self->moved_count; index++) {
        const restated_total_t *row = &self->moved[index].row;
        if (self->moved[index].cause_seq != cause_seq) continue;
        if (cli->json) {
            json_t *json = message_to_json(restated_total_type(), row);
            json_object_set_new(json, "cause_seq", json_integer((json_int_t)cause_seq));
            cli_print_json(json);
            continue;
        }
        text_t none = text_of("");
        text_t cells[] = {none,
                          none,
                          self->moved[index].period,
                          member_name(indicator, row->member),
                          cli_amount(cli, indicator, (maybe_t){true, (int64_t)row->before}),
                          cli_amount(cli, indicator, (maybe_t){true, (int64_t)row->after}),
                          none,
                          none,
                          moved_note(cli, row)};
        sheet_add(sheet, cells, 9, colour_grey);
        for (uint32_t typed = 0; typed < row->typed_count; typed++) tell_typed(cli, sheet, indicator, row, &row->typed[typed]);
    }
}

static void tell(past_t *self, const indicator_t *indicator) {
    cli_t *cli = self->cli;
    sheet_t sheet = {.right = {[4] = true, [5] = true, [6] = true, [7] = true}};
    text_t head[] = {cli_word(cli, "收到", "received"), cli_word(cli, "单位", "unit"),  cli_word(cli, "报送期", "period"),
                     cli_word(cli, "分项", "member"),   cli_word(cli, "原为", "old"),   cli_word(cli, "改为", "new"),
                     cli_word(cli, "合计", "total"),    cli_word(cli, "账目", "entry"), cli_word(cli, "缘由", "why")};
    sheet_add(&sheet, head, 9, NULL);
    for (size_t index = 0; index < self->count; index++) {
        if (cli->json)
            json_change(cli, &self->changes[index]);
        else
            print_change(cli, &sheet, indicator, &self->changes[index]);
        bool last = index + 1 == self->count || self->changes[index + 1].cause_seq != self->changes[index].cause_seq;
        if (last) tell_moved(self, &sheet, indicator, self->changes[index].cause_seq);
    }
    if (!cli->json && self->count == 0) printf("%s\n", cli_say(cli, "尚无数据", "nothing was reported yet"));
    if (!cli->json && self->count > 0) sheet_print(cli, &sheet, stdout);
    sheet_destroy(&sheet);
}

int verb_history(cli_t *cli) {
    past_t self = {.cli = cli, .indicator = text_of(cli->args[0])};
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    const planbook_t *book = cli_plan(cli);
    const indicator_t *indicator = cli_indicator_named(cli, cli->args[0]);
    if (book != NULL && indicator == NULL)
        return cli_fail(cli, EX_DATAERR, "计划中没有这个指标", "the plan has no such indicator", cli->args[0]);
    if (indicator != NULL) self.indicator = indicator->id;
    const char *typed = cli_option(cli, OPTION_unit);
    if (typed != NULL) self.unit = cli_unit_named(cli, typed);
    if (typed != NULL && self.unit.size == 0)
        return cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", typed);
    exit_code = read_stream(&self, STREAM_TALLIES, on_total_changed, 0);
    uint64_t last = self.count > 0 ? self.changes[self.count - 1].cause_seq : 0;
    if (exit_code == EXIT_WELL && last > 0) exit_code = read_stream(&self, STREAM_VERDICTS, on_verdict, last);
    if (exit_code == EXIT_WELL && last > 0) exit_code = read_stream(&self, STREAM_ENTRIES, on_entry, last);
    if (exit_code == EXIT_WELL) tell(&self, indicator);
    free(self.changes);
    free(self.moved);
    return exit_code;
}
