/* The outermost map of a plan file: the frame, the calendar, the ladders, the rules of keys. */
#include <stdlib.h>
#include <string.h>

#include "proto/wire.h"
#include "services/plan/calendar.h"
#include "services/plan/plan_file_read.h"

static const text_t nothing;

/* A rest day and the line it comes from. */
typedef struct {
    uint32_t day;
    const node_t *node;
    uint32_t index;
} dated_t;

static int dated_compare(const void *a, const void *b) {
    const dated_t *one = a, *other = b;
    if (one->day != other->day) return one->day < other->day ? -1 : 1;
    return one->index < other->index ? -1 : one->index > other->index;
}

/* 2021-10-01, or 2021-10-01..2021-10-07. */
static bool range_read(reader_t *self, const node_t *node, const place_t *place, uint32_t *from, uint32_t *to) {
    if (!file_value_expect(self, node, place)) return false;
    text_t text = node->text;
    bool range = text.size == 22 && memcmp(text.at + 10, "..", 2) == 0;
    bool good = file_day_read((text_t){text.at, range ? 10 : text.size}, from);
    *to = *from;
    if (range) good = good && file_day_read((text_t){text.at + 12, 10}, to);
    if (!good)
        file_reader_tell(self, node, place, "应写作 2021-10-01 或 2021-10-01..2021-10-07 的样子，不是 {1}",
                         "a day or a range like 2021-10-01..2021-10-07 belongs here, not {1}", text, nothing);
    else if (!day_exists(*from) || !day_exists(*to))
        file_reader_tell(self, node, place, "没有 {1} 这样的日期", "there is no such day: {1}", text, nothing), good = false;
    else if (*to < *from)
        file_reader_tell(self, node, place, "{1}：结束早于开始", "{1} ends before it begins", text, nothing), good = false;
    return good;
}

static uint32_t days_gather(reader_t *self, const node_t *node, const place_t *place, dated_t days[LIMIT_DAYS]) {
    uint32_t count = 0;
    for (uint32_t index = 0; index < node->count; index++) {
        place_t here = {place, NULL, NULL, index};
        uint32_t from = 0, to = 0;
        if (!range_read(self, node->items[index], &here, &from, &to)) continue;
        if (day_between(from, to) >= LIMIT_DAYS - (int64_t)count) {
            file_reader_tell(self, node->items[index], &here, "日期过多", "too many days", nothing, nothing);
            continue;
        }
        for (int64_t more = 0; more <= day_between(from, to); more++)
            days[count++] = (dated_t){day_add(from, more), node->items[index], index};
    }
    return count;
}

/* Listed in any order; the plan keeps them ascending. */
static void read_days(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out) {
    if (!file_list_expect(self, node, place, LIMIT_DAYS)) return;
    dated_t gathered[LIMIT_DAYS];
    uint32_t gathered_count = days_gather(self, node, place, gathered), count = 0;
    qsort(gathered, gathered_count, sizeof gathered[0], dated_compare);
    uint32_t *days = ARENA_NEW(self->arena, uint32_t, gathered_count + 1);
    for (uint32_t index = 0; index < gathered_count; index++) {
        const dated_t *at = &gathered[index];
        place_t here = {place, NULL, NULL, at->index}, canonical = {place, NULL, NULL, count};
        if (count > 0 && days[count - 1] == at->day) {
            file_reader_tell(self, at->node, &here, "{1} 重复列出", "{1} is listed twice",
                             arena_format(self->arena, "%u", at->day), nothing);
            continue;
        }
        file_reader_mark(self, at->node, &canonical);
        days[count++] = at->day;
    }
    memcpy(out, &days, sizeof days);
    memcpy((uint8_t *)out + (spec->count_offset - spec->offset), &count, sizeof count);
}

/* T-5, T-0, T+7. */
static bool rung_read(text_t name, rung_t *rung) {
    uint64_t days = 0;
    if (name.size < 3 || name.at[0] != 'T' || (name.at[1] != '-' && name.at[1] != '+')) return false;
    if (!file_digits_read((text_t){name.at + 2, name.size - 2}, &days) || days > 400) return false;
    *rung = (rung_t){.name = name, .after = name.at[1] == '+', .days = days};
    return !rung->after || days > 0;
}

/* A map from rung to level, in the order of time. */
static void read_rungs(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out) {
    (void)spec;
    ladder_t *ladder = out;
    if (node->kind != NODE_MAP || node->count == 0 || node->count > LIMIT_RUNGS) {
        file_reader_tell(self, node, place, "此处应为“T-5: remind”这样的提醒表", "rungs like T-5: remind belong here", nothing,
                         nothing);
        return;
    }
    rung_t *rungs = ARENA_NEW(self->arena, rung_t, node->count + 1);
    spec_t level = {.words = level_words};
    for (uint32_t index = 0; index < node->count; index++) {
        place_t here = {place, NULL, NULL, index}, deeper = {&here, "level", NULL, 0};
        const node_t *key = node->keys[index];
        file_reader_mark(self, key, &here);
        if (key->kind != NODE_TEXT || !rung_read(key->text, &rungs[index])) {
            file_reader_tell(self, key, &here, "提醒应写作 T-5、T-0 或 T+7 的样子，不是 {1}",
                             "a rung is written like T-5, T-0 or T+7, not {1}", key->text, nothing);
            continue;
        }
        file_reader_mark(self, node->items[index], &deeper);
        file_read_word(self, node->items[index], &deeper, &level, &rungs[index].level);
    }
    ladder->rungs = rungs;
    ladder->rungs_count = node->count;
}

static const spec_t ladder_specs[] = {
    {.key = "at",
     .canonical = "at_minute",
     .required = true,
     .read = file_read_clock,
     .offset = offsetof(ladder_t, at_minute),
     .high = 1439},
    {.key = "rungs", .required = true, .read = read_rungs, .offset = 0},
    {.key = "repeat_days", .read = file_read_number, .offset = offsetof(ladder_t, repeat_days), .high = 400},
    {.key = "repeat_most", .read = file_read_number, .offset = offsetof(ladder_t, repeat_most), .high = 400},
};

static const spec_t ladders_specs[] = {
    {.key = "working_hours", .canonical = "day_ends", .required = true, .read = file_read_hours, .offset = 0},
    {.key = "escalate_days", .required = true, .read = file_read_number, .offset = offsetof(plan_t, escalate_days), .high = 60},
    {.key = "return_days", .read = file_read_number, .offset = offsetof(plan_t, return_days), .high = 60},
    {.key = "return_remind_days", .read = file_read_number, .offset = offsetof(plan_t, return_remind_days), .high = 60},
    {.key = "measure_days", .read = file_read_number, .offset = offsetof(plan_t, measure_days), .high = 366},
    {.key = "report",
     .canonical = "report_ladder",
     .required = true,
     .read = file_read_object,
     .offset = offsetof(plan_t, report_ladder),
     .sub = ladder_specs,
     .sub_count = COUNT_OF(ladder_specs)},
    {.key = "target",
     .canonical = "target_ladder",
     .required = true,
     .read = file_read_object,
     .offset = offsetof(plan_t, target_ladder),
     .sub = ladder_specs,
     .sub_count = COUNT_OF(ladder_specs)},
};

static const spec_t calendar_specs[] = {
    {.key = "holidays",
     .required = true,
     .read = read_days,
     .offset = offsetof(plan_t, holidays),
     .count_offset = offsetof(plan_t, holidays_count)},
    {.key = "workdays",
     .required = true,
     .read = read_days,
     .offset = offsetof(plan_t, workdays),
     .count_offset = offsetof(plan_t, workdays_count)},
};

static const spec_t deadline_specs[] = {
    {.key = "roll", .required = true, .read = file_read_word, .offset = offsetof(plan_t, roll), .words = roll_words},
    {.key = "grace_minutes", .read = file_read_number, .offset = offsetof(plan_t, grace_minutes), .high = 100000},
    {.key = "cutoff",
     .canonical = "cutoff_minute",
     .read = file_read_clock,
     .offset = offsetof(plan_t, cutoff_minute),
     .high = 1440},
};

static const spec_t region_specs[] = {
    {.key = "code",
     .canonical = "region",
     .required = true,
     .read = file_read_slug,
     .offset = offsetof(plan_t, region),
     .low = 1},
    {.key = "name",
     .canonical = "region_name",
     .required = true,
     .read = file_read_text,
     .offset = offsetof(plan_t, region_name),
     .low = 1,
     .high = LIMIT_NAME},
};

static const spec_t partner_specs[] = {
    {.key = "code",
     .canonical = "partner",
     .required = true,
     .read = file_read_slug,
     .offset = offsetof(plan_t, partner),
     .low = 1},
    {.key = "name",
     .canonical = "partner_name",
     .required = true,
     .read = file_read_text,
     .offset = offsetof(plan_t, partner_name),
     .low = 1,
     .high = LIMIT_NAME},
};

static const word_t unique_words[] = {
    {"recur", 0, "可重复", "may recur"}, {"unique", 1, "唯一", "one claim only"}, {NULL, 0, NULL, NULL}};

/* receipt: unique, contract: recur. */
static void read_keys(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out) {
    (void)spec;
    plan_t *plan = out;
    if (node->kind != NODE_MAP || node->count > 8) {
        file_reader_tell(self, node, place, "此处应为“receipt: unique”这样的规则", "rules like receipt: unique belong here",
                         nothing, nothing);
        return;
    }
    key_rule_t *rules = ARENA_NEW(self->arena, key_rule_t, node->count + 1);
    spec_t kinds = {.words = key_kind_words}, unique = {.words = unique_words};
    for (uint32_t index = 0; index < node->count; index++) {
        place_t here = {place, NULL, NULL, index};
        uint32_t answer = 0;
        file_reader_mark(self, node->keys[index], &here);
        file_read_word(self, node->keys[index], &here, &kinds, &rules[index].kind);
        file_read_word(self, node->items[index], &here, &unique, &answer);
        rules[index].unique = answer == 1;
    }
    plan->key_rules = rules;
    plan->key_rules_count = node->count;
}

static text_t soft_codes(arena_t *arena) {
    size_t count;
    const reason_text_t *all = reason_all(&count);
    text_t codes = {0};
    for (size_t index = 0; index < count; index++)
        if (all[index].layer == REASON_soft)
            codes = arena_format(arena, TEXT_FORMAT "%s%s", TEXT_ARGS(codes), codes.size > 0 ? " " : "", all[index].code);
    return codes;
}

/* outlier: hard, no_evidence: 不查. */
static void read_soft_rules(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out) {
    (void)spec;
    plan_t *plan = out;
    if (node->kind != NODE_MAP || node->count > LIMIT_SOFT_RULES) {
        file_reader_tell(self, node, place, "此处应为“outlier: soft”这样的规则", "rules like outlier: soft belong here",
                         nothing, nothing);
        return;
    }
    soft_rule_t *rules = ARENA_NEW(self->arena, soft_rule_t, node->count + 1);
    spec_t strictness = {.words = strictness_words};
    for (uint32_t index = 0; index < node->count; index++) {
        place_t here = {place, NULL, NULL, index};
        const node_t *key = node->keys[index];
        file_reader_mark(self, key, &here);
        if (key->kind != NODE_TEXT || !soft_rule_exists(key->text)) {
            file_reader_tell(self, key, &here, "没有软规则 {1}；软规则有：{2}", "there is no soft rule {1}; there are: {2}",
                             key->text, soft_codes(self->arena));
            continue;
        }
        rules[index].code = key->text;
        file_read_word(self, node->items[index], &here, &strictness, &rules[index].strictness);
    }
    plan->soft_rules = rules;
    plan->soft_rules_count = node->count;
}

static const spec_t threshold_specs[] = {
    {.key = "outlier_times",
     .read = file_read_number,
     .offset = offsetof(thresholds_t, outlier_times),
     .low = 2,
     .high = 1000000},
    {.key = "outlier_months",
     .read = file_read_number,
     .offset = offsetof(thresholds_t, outlier_months),
     .low = 1,
     .high = LIMIT_PERIODS},
    {.key = "same_months",
     .read = file_read_number,
     .offset = offsetof(thresholds_t, same_months),
     .low = 2,
     .high = LIMIT_PERIODS},
    {.key = "factor_low", .read = file_read_number, .offset = offsetof(thresholds_t, factor_low), .low = 2, .high = 1000000},
    {.key = "factor_high", .read = file_read_number, .offset = offsetof(thresholds_t, factor_high), .low = 2, .high = 1000000},
    {.key = "evidence_always", .read = file_read_bool, .offset = offsetof(thresholds_t, evidence_always)},
};

/* In the order in which one needs the other: units before groups before whatever names them. */
static const spec_t plan_specs[] = {
    {.key = "plan", .canonical = "id", .required = true, .read = file_read_slug, .offset = offsetof(plan_t, id), .low = 1},
    {.key = "title", .required = true, .read = file_read_text, .offset = offsetof(plan_t, title), .low = 1, .high = LIMIT_NAME},
    {.key = "region",
     .canonical = "",
     .read = file_read_object,
     .offset = 0,
     .sub = region_specs,
     .sub_count = COUNT_OF(region_specs)},
    {.key = "partner",
     .canonical = "",
     .read = file_read_object,
     .offset = 0,
     .sub = partner_specs,
     .sub_count = COUNT_OF(partner_specs)},
    {.key = "from", .required = true, .read = file_read_day, .offset = offsetof(plan_t, from)},
    {.key = "to", .required = true, .read = file_read_day, .offset = offsetof(plan_t, to)},
    {.key = "utc_offset",
     .canonical = "offset_minutes",
     .required = true,
     .read = file_read_offset,
     .offset = offsetof(plan_t, offset_minutes),
     .high = 840},
    {.key = "units", .required = true, .read = file_read_units, .offset = 0},
    {.key = "groups", .read = file_read_groups, .offset = 0},
    {.key = "coordinator", .required = true, .read = file_read_unit, .offset = offsetof(plan_t, coordinator)},
    {.key = "supervisor", .read = file_read_unit, .offset = offsetof(plan_t, supervisor)},
    {.key = "deadlines",
     .canonical = "",
     .required = true,
     .read = file_read_object,
     .offset = 0,
     .sub = deadline_specs,
     .sub_count = COUNT_OF(deadline_specs)},
    {.key = "reporting", .canonical = "", .required = true, .read = file_read_reporting, .offset = 0},
    {.key = "calendar",
     .canonical = "",
     .required = true,
     .read = file_read_object,
     .offset = 0,
     .sub = calendar_specs,
     .sub_count = COUNT_OF(calendar_specs)},
    {.key = "tasks", .required = true, .read = file_read_tasks, .offset = 0},
    {.key = "ladders",
     .canonical = "",
     .required = true,
     .read = file_read_object,
     .offset = 0,
     .sub = ladders_specs,
     .sub_count = COUNT_OF(ladders_specs)},
    {.key = "pace_points", .required = true, .read = file_read_number, .offset = offsetof(plan_t, pace_points), .high = 100},
    {.key = "approval", .read = file_read_word, .offset = offsetof(plan_t, approval), .words = approval_words},
    {.key = "keys", .canonical = "key_rules", .read = read_keys, .offset = 0},
    {.key = "soft_rules", .read = read_soft_rules, .offset = 0},
    {.key = "thresholds",
     .read = file_read_object,
     .offset = offsetof(plan_t, thresholds),
     .sub = threshold_specs,
     .sub_count = COUNT_OF(threshold_specs)},
    {.key = "documents",
     .canonical = "",
     .read = file_read_object,
     .offset = 0,
     .sub = plan_document_specs,
     .sub_count = PLAN_DOCUMENT_SPECS},
    {.key = "score",
     .read = file_read_records,
     .offset = offsetof(plan_t, score),
     .count_offset = offsetof(plan_t, score_count),
     .high = LIMIT_SCORE_RULES,
     .sub = plan_score_specs,
     .sub_count = PLAN_SCORE_SPECS,
     .size = sizeof(score_rule_t)},
};

void plan_of_node(reader_t *self, const node_t *root) {
    file_map_read(self, root, NULL, plan_specs, COUNT_OF(plan_specs), self->plan);
}
