/* The annexes: targets, units, obligations, figures; each a table whose head is repeated on every page. */
#include "services/documents/documents.h"

#include <string.h>

static text_t lamp_shown(lamp_t lamp) {
    static const char *const shown[] = {"", "○ 灰", "● 绿", "▲ 黄", "■ 红"};
    return text_of(lamp <= lamp_red ? shown[lamp] : "");
}

static text_t number_text(arena_t *arena, uint64_t number) { return arena_format(arena, "%llu", (unsigned long long)number); }

static text_t state_of(const edition_target_t *target, arena_t *arena) {
    const char *words[] = {WORD_ZH(reach, target->reach), WORD_ZH(reported, target->reported), WORD_ZH(tenure, target->tenure)};
    if (target->reported == reported_in_time) words[1] = "";
    if (target->reported == reported_late) words[1] = "迟报";
    text_t all = {0};
    for (size_t index = 0; index < 3; index++)
        if (words[index][0] != '\0')
            all = arena_format(arena, TEXT_FORMAT "%s%s", TEXT_ARGS(all), all.size > 0 ? "，" : "", words[index]);
    if (target->goal == 0) return text_of("只统计");
    return all;
}

static text_t indicator_name(const edition_target_t *target, arena_t *arena) {
    if (target->measure == measure_money)
        return arena_format(arena, TEXT_FORMAT "%s", TEXT_ARGS(target->name), target->stretch ? "（争取）" : "");
    return arena_format(arena, TEXT_FORMAT "（" TEXT_FORMAT "）%s", TEXT_ARGS(target->name), TEXT_ARGS(target->unit_word),
                        target->stretch ? "（争取）" : "");
}

/* A summary speaks of no period of its own: there the column of it is left out. */
static void row_without(paper_t *paper, text_t *cells, uint32_t columns, uint32_t left_out, bool strong) {
    memmove(cells + left_out, cells + left_out + 1, (columns - left_out - 1) * sizeof *cells);
    paper_row(paper, cells, strong);
}

void compose_targets_table(const edition_t *edition, paper_t *paper) {
    static const table_shape_t one = {.heads = {"任务", "指标", "目标", "累计", "本期", "完成率", "序时", "时限", "灯", "状态"},
                                      .shares = {6, 20, 15, 15, 13, 13, 13, 18, 10, 17},
                                      .columns = 10,
                                      .right = 0x7C,
                                      .centre = 0x181};
    static const table_shape_t year = {.heads = {"任务", "指标", "目标", "累计", "完成率", "序时", "时限", "灯", "状态"},
                                       .shares = {6, 26, 16, 16, 13, 13, 19, 11, 20},
                                       .columns = 9,
                                       .right = 0x3C,
                                       .centre = 0xC1};
    enum { COLUMN_MONTH = 4 };
    arena_t *arena = paper->arena;
    bool all = edition->period.size == 0;
    paper_add(
        paper, BLOCK_NOTE,
        text_of("金额单位：万元。灯：● 绿 完成或不慢于序时；▲ 黄 慢于序时，或逾期后完成；■ 红 逾期未完成；○ 灰 不设目标。"));
    paper_table(paper, all ? &year : &one);
    for (uint32_t index = 0; index < edition->targets_count; index++) {
        const edition_target_t *target = &edition->targets[index];
        const edition_task_t *task = edition_task_of(edition, target->task);
        bool goal = target->goal > 0;
        text_t cells[] = {task == NULL ? target->task : task->number,
                          indicator_name(target, arena),
                          goal ? wording_cell(target->measure, target->goal, arena) : text_of("-"),
                          wording_cell(target->measure, target->done, arena),
                          target->month.given ? wording_cell(target->measure, (uint64_t)target->month.value, arena)
                                              : text_of("-"),
                          wording_tenths(tenths_of(target->done, target->goal), arena),
                          wording_tenths(tenths_of(target->expected, target->goal), arena),
                          goal ? wording_iso_day(wording_day_of(edition, (int64_t)target->due_ms), arena) : text_of("-"),
                          lamp_shown(target->lamp),
                          state_of(target, arena)};
        if (all)
            row_without(paper, cells, one.columns, COLUMN_MONTH, false);
        else
            paper_row(paper, cells, false);
    }
}

/* "社会帮扶迟3天；消费帮扶未报" */
static text_t unit_remark(const edition_t *edition, text_t unit, arena_t *arena) {
    enum { ENOUGH = 8 };
    text_t parts[ENOUGH + 1];
    uint32_t count = 0, more = 0;
    for (uint32_t index = 0; index < edition->rows_count; index++) {
        const edition_row_t *row = &edition->rows[index];
        bool late = row->timeliness == timeliness_late, missing = row_is_due(edition, row) && row->first_valid_ms == 0;
        if (row->confirmation || !text_equal(row->unit, unit) || (!late && !missing)) continue;
        const edition_task_t *task = edition_task_of(edition, row->task);
        text_t name = task == NULL ? row->task : task->name, when = {0};
        if (edition->period.size == 0) when = arena_format(arena, TEXT_FORMAT " ", TEXT_ARGS(row->period));
        if (count == ENOUGH)
            more++;
        else if (late)
            parts[count++] = arena_format(arena, TEXT_FORMAT TEXT_FORMAT "迟%llu天", TEXT_ARGS(when), TEXT_ARGS(name),
                                          (unsigned long long)row->days_late);
        else
            parts[count++] = arena_format(arena, TEXT_FORMAT TEXT_FORMAT "未报", TEXT_ARGS(when), TEXT_ARGS(name));
    }
    if (more > 0) parts[count++] = arena_format(arena, "另%u份", more);
    return wording_join(parts, count, "；", arena);
}

static void units_row(paper_t *paper, text_t number, text_t name, punctual_t counts, text_t remark, bool strong) {
    arena_t *arena = paper->arena;
    text_t cells[] = {number,
                      name,
                      number_text(arena, counts.owed),
                      number_text(arena, counts.on_time),
                      number_text(arena, counts.late),
                      number_text(arena, counts.missing),
                      wording_tenths(tenths_of(counts.on_time, counts.owed), arena),
                      remark};
    paper_row(paper, cells, strong);
}

void compose_units_table(const edition_t *edition, paper_t *paper) {
    static const table_shape_t shape = {.heads = {"序号", "单位", "应报", "按时", "迟报", "未报", "按时率", "说明"},
                                        .shares = {7, 25, 8, 8, 8, 8, 11, 28},
                                        .columns = 8,
                                        .right = 0x7C,
                                        .centre = 0x1};
    arena_t *arena = paper->arena;
    uint32_t number = 0;
    paper_table(paper, &shape);
    for (uint32_t index = 0; index < edition->units_count; index++) {
        const edition_unit_t *unit = &edition->units[index];
        punctual_t counts = edition_punctual(edition, unit->id);
        if (counts.owed + counts.not_due == 0) continue;
        units_row(paper, number_text(arena, ++number), unit->name, counts, unit_remark(edition, unit->id, arena), false);
    }
    units_row(paper, text_of(""), text_of("合计"), edition_punctual(edition, (text_t){0}), text_of(""), true);
}

static text_t row_result(const edition_t *edition, const edition_row_t *row, arena_t *arena) {
    if (row->standing == standing_lifted) return text_of("免报");
    if (row->timeliness == timeliness_on_time) return text_of(row->standing == standing_returned ? "按时，退回" : "按时");
    if (row->timeliness == timeliness_late)
        return arena_format(arena, "迟报%llu天%s", (unsigned long long)row->days_late,
                            row->standing == standing_returned ? "，退回" : "");
    return text_of(row_is_due(edition, row) ? "未报" : "未到期");
}

/* A bulletin speaks of one period, a summary of all: only there the period has a column. */
void compose_rows_table(const edition_t *edition, paper_t *paper) {
    static const table_shape_t year = {.heads = {"序号", "报送期", "任务", "单位", "时限", "收到", "版次", "结果"},
                                       .shares = {8, 12, 18, 24, 17, 17, 8, 16},
                                       .columns = 8,
                                       .right = 0x40,
                                       .centre = 0x33};
    static const table_shape_t one = {.heads = {"序号", "任务", "单位", "时限", "收到", "版次", "结果"},
                                      .shares = {8, 20, 30, 18, 18, 9, 17},
                                      .columns = 7,
                                      .right = 0x20,
                                      .centre = 0x19};
    arena_t *arena = paper->arena;
    bool all = edition->period.size == 0;
    paper_table(paper, all ? &year : &one);
    for (uint32_t index = 0; index < edition->rows_count; index++) {
        const edition_row_t *row = &edition->rows[index];
        const edition_task_t *task = edition_task_of(edition, row->task);
        text_t name = row->task;
        if (task != NULL)
            name = arena_format(arena, TEXT_FORMAT " " TEXT_FORMAT, TEXT_ARGS(task->number), TEXT_ARGS(task->name));
        text_t cells[] = {number_text(arena, index + 1),
                          row->period,
                          name,
                          edition_unit_name(edition, row->unit),
                          wording_due(edition, (int64_t)row->due_ms, arena),
                          row->first_valid_ms == 0 ? text_of("-") : wording_stamp(edition, (int64_t)row->first_valid_ms, arena),
                          row->revision == 0 ? text_of("-") : number_text(arena, row->revision),
                          row_result(edition, row, arena)};
        if (!all) cells[1] = cells[0];
        paper_row(paper, all ? cells : cells + 1, row->timeliness != timeliness_on_time && row_is_due(edition, row));
    }
}

/* What is not in the figures because another unit claimed the same before. */
static void note_contested(const edition_t *edition, const edition_target_t *target, paper_t *paper) {
    for (uint32_t index = 0; index < target->shares_count; index++) {
        const edition_share_t *share = &target->shares[index];
        if (share->contested == 0) continue;
        paper_format(paper, BLOCK_NOTE, "注：" TEXT_FORMAT "所报" TEXT_FORMAT "中，" TEXT_FORMAT "与他单位重复申报，未计入。",
                     TEXT_ARGS(edition_unit_name(edition, share->unit)), TEXT_ARGS(target->name),
                     TEXT_ARGS(wording_amount(target, share->contested, paper->arena)));
    }
}

/* Where the rounded parts do not add up to the rounded total, it is said. */
static void note_rounding(const edition_target_t *target, uint64_t parts, uint64_t total, paper_t *paper) {
    uint64_t whole = wording_rounded(target->measure, total);
    if (target->measure != measure_money || parts == whole) return;
    uint64_t apart = parts > whole ? parts - whole : whole - parts;
    paper_format(paper, BLOCK_NOTE,
                 "注：" TEXT_FORMAT
                 "各分项四舍五入后之和为%llu.%02llu万元，合计按实数计算为%llu.%02llu万元，相差%llu.%02llu万元系四舍五入所致。",
                 TEXT_ARGS(target->name), (unsigned long long)(parts / 100), (unsigned long long)(parts % 100),
                 (unsigned long long)(whole / 100), (unsigned long long)(whole % 100), (unsigned long long)(apart / 100),
                 (unsigned long long)(apart % 100));
}

static void shares_row(const edition_t *edition, paper_t *paper, text_t *cells, bool strong) {
    enum { COLUMN_MONTH = 2, COLUMNS = 5 };
    if (edition->period.size == 0)
        row_without(paper, cells, COLUMNS, COLUMN_MONTH, strong);
    else
        paper_row(paper, cells, strong);
}

static void shares_of(const edition_t *edition, const edition_target_t *target, paper_t *paper) {
    arena_t *arena = paper->arena;
    uint64_t month = 0, total = 0;
    for (uint32_t index = 0; index < target->shares_count; index++) {
        const edition_share_t *share = &target->shares[index];
        month += (uint64_t)share->month.value;
        total += share->total;
        text_t name = edition_unit_name(edition, share->unit);
        if (share->member_name.size >= name.size && memcmp(share->member_name.at, name.at, name.size) == 0)
            name = share->member_name; /* it says whose it is */
        else if (share->member.size > 0)
            name = arena_format(arena, TEXT_FORMAT "（" TEXT_FORMAT "）", TEXT_ARGS(name), TEXT_ARGS(share->member_name));
        text_t cells[] = {
            index == 0 ? indicator_name(target, arena) : text_of(""), name,
            share->month.given ? wording_cell(target->measure, (uint64_t)share->month.value, arena) : text_of("-"),
            wording_cell(target->measure, share->total, arena),
            arena_format(arena, "%llu/%llu", (unsigned long long)share->covered, (unsigned long long)share->reports)};
        shares_row(edition, paper, cells, false);
    }
    if (target->shares_count == 1) return;
    text_t cells[] = {text_of(""), text_of("合计"), wording_cell(target->measure, month, arena),
                      wording_cell(target->measure, total, arena), text_of("")};
    shares_row(edition, paper, cells, true);
}

void compose_shares_table(const edition_t *edition, paper_t *paper) {
    static const table_shape_t one = {.heads = {"指标", "单位（分项）", "本期", "累计", "佐证/报告"},
                                      .shares = {26, 36, 13, 14, 14},
                                      .columns = 5,
                                      .right = 0x0C,
                                      .centre = 0x10};
    static const table_shape_t year = {.heads = {"指标", "单位（分项）", "累计", "佐证/报告"},
                                       .shares = {28, 42, 18, 16},
                                       .columns = 4,
                                       .right = 0x04,
                                       .centre = 0x08};
    bool all = edition->period.size == 0;
    paper_add(paper, BLOCK_NOTE,
              text_of(all ? "金额单位：万元。累计含期初累计。"
                          : "金额单位：万元。累计含期初累计。“-”为本期未报该项数据，0为明确填报无变化或零。"));
    paper_table(paper, all ? &year : &one);
    for (uint32_t index = 0; index < edition->targets_count; index++)
        if (edition->targets[index].shares_count > 0) shares_of(edition, &edition->targets[index], paper);
    for (uint32_t index = 0; index < edition->targets_count; index++) {
        const edition_target_t *target = &edition->targets[index];
        uint64_t parts = 0, total = 0;
        for (uint32_t share = 0; share < target->shares_count; share++) {
            parts += wording_rounded(target->measure, target->shares[share].total);
            total += target->shares[share].total;
        }
        note_contested(edition, target, paper);
        note_rounding(target, parts, total, paper);
    }
}
