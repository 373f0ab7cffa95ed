/* The bulletin 通报 of one period: overall, by pace, timeliness, problems, what comes next, annexes. */
#include "services/documents/documents.h"

#include "services/plan/amount.h"

#include <string.h>

/* --- 总体情况: what has changed since the last issue --- */

static void compose_changes(const edition_t *edition, paper_t *paper) {
    arena_t *arena = paper->arena;
    text_t better[LIMIT_INDICATORS], worse[LIMIT_INDICATORS];
    uint32_t up = 0, down = 0;
    if (edition->last_number == 0) return;
    for (uint32_t index = 0; index < edition->targets_count; index++) {
        const edition_target_t *target = &edition->targets[index];
        if (!target->before.given || target->lamp_before == target->lamp || target->goal == 0) continue;
        text_t change = arena_format(arena, TEXT_FORMAT "（" TEXT_FORMAT "转" TEXT_FORMAT "）", TEXT_ARGS(target->name),
                                     TEXT_ARGS(lamp_word(target->lamp_before)), TEXT_ARGS(lamp_word(target->lamp)));
        if (target->lamp < target->lamp_before && up < LIMIT_INDICATORS) better[up++] = change; /* green, yellow, red ascend */
        if (target->lamp > target->lamp_before && down < LIMIT_INDICATORS) worse[down++] = change;
    }
    text_t last = issue_number(edition, edition->last_number, arena);
    if (up + down == 0) {
        paper_format(paper, BLOCK_PARAGRAPH, "与上期（" TEXT_FORMAT "）相比，各项指标亮灯没有变化。", TEXT_ARGS(last));
        return;
    }
    text_t good =
        up == 0 ? text_of("")
                : arena_format(arena, "转好%u项：" TEXT_FORMAT "；", up, TEXT_ARGS(wording_join(better, up, "、", arena)));
    text_t bad =
        down == 0 ? text_of("")
                  : arena_format(arena, "转差%u项：" TEXT_FORMAT "；", down, TEXT_ARGS(wording_join(worse, down, "、", arena)));
    paper_format(paper, BLOCK_PARAGRAPH, "与上期（" TEXT_FORMAT "）相比，" TEXT_FORMAT TEXT_FORMAT "其余没有变化。",
                 TEXT_ARGS(last), TEXT_ARGS(good), TEXT_ARGS(bad));
}

/* A later correction touches what was published: the next issue says so. */
static void compose_corrections(const edition_t *edition, paper_t *paper) {
    enum { NAMED = 20 };
    arena_t *arena = paper->arena;
    text_t named[NAMED] = {0};
    for (uint32_t index = 0; index < edition->corrections_count && index < NAMED; index++) {
        const edition_correction_t *one = &edition->corrections[index];
        text_t then = amount_show(one->then.value, one->measure, one->unit_word, arena);
        text_t now = amount_show(one->now.value, one->measure, one->unit_word, arena);
        const char *between = one->member_name.size > 0 ? "·" : "";
        if (!one->then.given) then = text_of("未报");
        named[index] =
            arena_format(arena, TEXT_FORMAT TEXT_FORMAT "%s" TEXT_FORMAT "，" TEXT_FORMAT "%s" TEXT_FORMAT,
                         TEXT_ARGS(one->unit_name), TEXT_ARGS(one->name), between, TEXT_ARGS(one->member_name), TEXT_ARGS(then),
                         !one->now.given   ? "已撤下"
                         : one->then.given ? "更正为"
                                           : "补报为",
                         TEXT_ARGS(one->now.given ? now : text_of("")));
    }
    if (edition->corrections_count == 0) return;
    uint32_t told = edition->corrections_count < NAMED ? edition->corrections_count : NAMED;
    text_t more =
        told < edition->corrections_count ? arena_format(arena, "；另有%u项", edition->corrections_count - told) : text_of("");
    paper_format(paper, BLOCK_PARAGRAPH, "对上期通报的更正（%u项）：" TEXT_FORMAT TEXT_FORMAT "。", edition->corrections_count,
                 TEXT_ARGS(wording_join(named, told, "；", arena)), TEXT_ARGS(more));
}

/* --- 任务进展 --- */

static void compose_target(const edition_t *edition, const edition_target_t *target, uint32_t number, paper_t *paper) {
    arena_t *arena = paper->arena;
    const edition_task_t *task = edition_task_of(edition, target->task);
    paper_format(paper, BLOCK_HEADING_3, "%u." TEXT_FORMAT "（任务" TEXT_FORMAT "，" TEXT_FORMAT "%s）", number,
                 TEXT_ARGS(target->name), TEXT_ARGS(task->number), TEXT_ARGS(task->name), target->stretch ? "，争取" : "");
    paper_format(paper, BLOCK_PARAGRAPH, TEXT_FORMAT "牵头单位：" TEXT_FORMAT "。",
                 TEXT_ARGS(target_sentence(edition, target, arena)),
                 TEXT_ARGS(edition_unit_names(edition, task->lead, task->lead_count, arena)));
}

static void compose_pace(const edition_t *edition, tempo_t pace, uint32_t *section, paper_t *paper) {
    uint32_t count = 0, number = 0;
    for (uint32_t index = 0; index < edition->targets_count; index++)
        count += tempo_of(edition, &edition->targets[index]) == pace;
    if (count == 0 && pace == TEMPO_NONE) return;
    ++*section;
    const char *title = pace == TEMPO_NONE ? "只统计、不设目标的事项" : pace_word(pace);
    paper_format(paper, BLOCK_HEADING_2, "（" TEXT_FORMAT "）%s（%u项）", TEXT_ARGS(wording_ordinal(*section, paper->arena)),
                 title, count);
    if (count == 0) paper_add(paper, BLOCK_PARAGRAPH, text_of("无。"));
    for (uint32_t index = 0; index < edition->targets_count; index++) {
        const edition_target_t *target = &edition->targets[index];
        if (tempo_of(edition, target) == pace && edition_task_of(edition, target->task) != NULL)
            compose_target(edition, target, ++number, paper);
    }
}

static void compose_progress(const edition_t *edition, paper_t *paper) {
    uint32_t section = 0;
    paper_add(paper, BLOCK_HEADING_1, text_of("二、任务进展"));
    paper_format(
        paper, BLOCK_PARAGRAPH,
        "以完成率与序时进度相比，快%llu个百分点以上为超序时，上下%llu个百分点以内为按序时，慢%llu个百分点以上为慢序时。",
        (unsigned long long)edition->pace_points, (unsigned long long)edition->pace_points,
        (unsigned long long)edition->pace_points);
    compose_pace(edition, TEMPO_AHEAD, &section, paper);
    compose_pace(edition, TEMPO_EVEN, &section, paper);
    compose_pace(edition, TEMPO_BEHIND, &section, paper);
    compose_pace(edition, TEMPO_NONE, &section, paper);
}

/* --- 报送情况 --- */

/* "上渡街道（社会帮扶，迟3天）、…" of all rows that are late, or of all that are missing. */
static text_t rows_named(const edition_t *edition, bool late, arena_t *arena) {
    enum { ENOUGH = 60 };
    text_t names[ENOUGH] = {0};
    uint32_t count = 0, more = 0;
    for (uint32_t index = 0; index < edition->rows_count; index++) {
        const edition_row_t *row = &edition->rows[index];
        bool is_late = row->timeliness == timeliness_late, is_missing = row_is_due(edition, row) && row->first_valid_ms == 0;
        if (row->confirmation || row->standing == standing_lifted || !(late ? is_late : is_missing)) continue;
        if (count == ENOUGH) {
            more++;
            continue;
        }
        const edition_task_t *task = edition_task_of(edition, row->task);
        text_t unit = edition_unit_name(edition, row->unit), name = task == NULL ? row->task : task->name;
        names[count++] = late ? arena_format(arena, TEXT_FORMAT "（" TEXT_FORMAT "，迟%llu天）", TEXT_ARGS(unit),
                                             TEXT_ARGS(name), (unsigned long long)row->days_late)
                              : arena_format(arena, TEXT_FORMAT "（" TEXT_FORMAT "）", TEXT_ARGS(unit), TEXT_ARGS(name));
    }
    text_t all = wording_join(names, count, "、", arena);
    return more == 0 ? all : arena_format(arena, TEXT_FORMAT "等，另有%u份见附件3", TEXT_ARGS(all), more);
}

static void compose_reports(const edition_t *edition, paper_t *paper) {
    arena_t *arena = paper->arena;
    text_t late = rows_named(edition, true, arena), missing = rows_named(edition, false, arena);
    uint32_t clean = 0, owing = 0;
    for (uint32_t index = 0; index < edition->units_count; index++) {
        punctual_t counts = edition_punctual(edition, edition->units[index].id);
        owing += counts.owed > 0;
        clean += counts.owed > 0 && counts.on_time == counts.owed;
    }
    paper_add(paper, BLOCK_HEADING_1, text_of("三、报送情况"));
    paper_format(paper, BLOCK_PARAGRAPH, "本期报送截止时间为" TEXT_FORMAT "，含当时。应报单位%u个，全部按时报送的%u个。",
                 TEXT_ARGS(wording_deadline(edition, (int64_t)edition->due_ms, arena)), owing, clean);
    if (late.size > 0) paper_format(paper, BLOCK_PARAGRAPH, "迟报：" TEXT_FORMAT "。", TEXT_ARGS(late));
    if (missing.size > 0) paper_format(paper, BLOCK_PARAGRAPH, "未报：" TEXT_FORMAT "。", TEXT_ARGS(missing));
    paper_add(paper, BLOCK_PARAGRAPH,
              text_of("是否按时以首次有效报告收到的时刻为准，此后更正不改变该结果。各单位情况见附件2，逐份情况见附件3。"));
}

/* --- 存在问题 --- */

static uint32_t compose_slow(const edition_t *edition, paper_t *paper) {
    text_t names[LIMIT_INDICATORS];
    uint32_t count = 0;
    for (uint32_t index = 0; index < edition->targets_count && count < LIMIT_INDICATORS; index++) {
        const edition_target_t *target = &edition->targets[index];
        if (target->goal == 0 || target->stretch || (target->lamp != lamp_yellow && target->lamp != lamp_red)) continue;
        names[count++] = arena_format(paper->arena, TEXT_FORMAT "（" TEXT_FORMAT "，%s）", TEXT_ARGS(target->name),
                                      TEXT_ARGS(lamp_word(target->lamp)),
                                      target->tenure == tenure_broken ? "在岗中断" : WORD_ZH(reach, target->reach));
    }
    if (count > 0)
        paper_format(paper, BLOCK_PARAGRAPH, "一是部分指标进度偏慢或未按期完成：" TEXT_FORMAT "。",
                     TEXT_ARGS(wording_join(names, count, "、", paper->arena)));
    return count;
}

static void compose_voices(const edition_t *edition, paper_t *paper) {
    uint32_t number = 0;
    for (uint32_t index = 0; index < edition->voices_count; index++) {
        const edition_voice_t *voice = &edition->voices[index];
        if (voice->problems.size == 0) continue;
        if (number == 0) paper_add(paper, BLOCK_PARAGRAPH, text_of("各单位在报告中反映的问题（原文）："));
        const edition_task_t *task = edition_task_of(edition, voice->task);
        paper_format(paper, BLOCK_PARAGRAPH, "（%u）" TEXT_FORMAT "（" TEXT_FORMAT "）：" TEXT_FORMAT, ++number,
                     TEXT_ARGS(edition_unit_name(edition, voice->unit)), TEXT_ARGS(task == NULL ? voice->task : task->name),
                     TEXT_ARGS(voice->problems));
    }
}

static void compose_problems(const edition_t *edition, paper_t *paper) {
    static const char *const firsts[] = {"一", "二", "三"};
    punctual_t all = edition_punctual(edition, (text_t){0});
    paper_add(paper, BLOCK_HEADING_1, text_of("四、存在问题"));
    uint32_t said = compose_slow(edition, paper) > 0;
    text_t late = all.late == 0 ? text_of("") : arena_format(paper->arena, "，迟报%u份", all.late);
    text_t missing = all.missing == 0 ? text_of("") : arena_format(paper->arena, "，未报%u份", all.missing);
    if (all.late + all.missing > 0)
        paper_format(paper, BLOCK_PARAGRAPH, "%s是部分单位报送不及时" TEXT_FORMAT TEXT_FORMAT "。", firsts[said++],
                     TEXT_ARGS(late), TEXT_ARGS(missing));
    if (all.returned > 0)
        paper_format(paper, BLOCK_PARAGRAPH, "%s是部分报告被退回，尚待更正：%u份。", firsts[said++], all.returned);
    if (said == 0) paper_add(paper, BLOCK_PARAGRAPH, text_of("本期各项指标均不慢于序时，报告均按时收到。"));
    compose_voices(edition, paper);
}

/* --- 下一步 --- */

static void compose_next(const edition_t *edition, paper_t *paper) {
    arena_t *arena = paper->arena;
    punctual_t all = edition_punctual(edition, (text_t){0});
    text_t needs[LIMIT_INDICATORS];
    uint32_t count = 0, number = 0;
    paper_add(paper, BLOCK_HEADING_1, text_of("五、下一步工作要求"));
    for (uint32_t index = 0; index < edition->targets_count && count < LIMIT_INDICATORS; index++) {
        const edition_target_t *target = &edition->targets[index];
        text_t need = wording_need(edition, target, arena);
        if (need.size == 0 || target->stretch || tempo_of(edition, target) != TEMPO_BEHIND) continue;
        needs[count++] = arena_format(arena, TEXT_FORMAT TEXT_FORMAT, TEXT_ARGS(target->name), TEXT_ARGS(need));
    }
    if (count > 0)
        paper_format(paper, BLOCK_PARAGRAPH, "（%s）加快慢序时指标。" TEXT_FORMAT "。请牵头单位会同责任单位逐项安排。",
                     wording_ordinal(++number, arena).at, TEXT_ARGS(wording_join(needs, count, "；", arena)));
    if (all.missing > 0)
        paper_format(paper, BLOCK_PARAGRAPH, "（%s）补齐未报事项。请未报单位尽快补报；补报仍予收取，按迟报计。",
                     wording_ordinal(++number, arena).at);
    if (edition->next_due_ms > 0)
        paper_format(paper, BLOCK_PARAGRAPH, "（%s）按时报送下期进展。下期报送截止时间为" TEXT_FORMAT "，请提前准备佐证材料。",
                     wording_ordinal(++number, arena).at,
                     TEXT_ARGS(wording_deadline(edition, (int64_t)edition->next_due_ms, arena)));
    if (edition->number == 0)
        paper_format(paper, BLOCK_PARAGRAPH,
                     "（%s）对本稿数据有异议的，请自公示之时起%u小时内（节假日不计）向" TEXT_FORMAT "提出，逾期即行印发。",
                     wording_ordinal(++number, arena).at, (unsigned)LIMIT_OBJECTION_HOURS,
                     TEXT_ARGS(edition_unit_name(edition, edition->coordinator)));
    if (number == 0) paper_add(paper, BLOCK_PARAGRAPH, text_of("请各单位对照目标，做好年度总结和资料归档。"));
}

void bulletin_compose(const edition_t *edition, paper_t *paper) {
    arena_t *arena = paper->arena;
    text_t period = wording_period(edition, arena);
    compose_head(edition, paper,
                 arena_format(arena, "关于《" TEXT_FORMAT "》" TEXT_FORMAT "落实情况的通报", TEXT_ARGS(edition->title),
                              TEXT_ARGS(period)));
    paper_format(paper, BLOCK_PARAGRAPH,
                 "根据《" TEXT_FORMAT "》关于定期报送进展的要求，现将" TEXT_FORMAT
                 "任务落实和报送情况通报如下。数据截至" TEXT_FORMAT "。",
                 TEXT_ARGS(edition->title), TEXT_ARGS(period),
                 TEXT_ARGS(wording_instant(edition, (int64_t)edition->now_ms, arena)));
    compose_overview(edition, paper);
    compose_changes(edition, paper);
    compose_corrections(edition, paper);
    compose_progress(edition, paper);
    compose_reports(edition, paper);
    compose_problems(edition, paper);
    compose_next(edition, paper);
    paper_add(paper, BLOCK_ANNEXES, text_of("附件：1.任务进展一览表"));
    paper_add(paper, BLOCK_ANNEXES, text_of("　　　2.单位报送情况统计表"));
    paper_add(paper, BLOCK_ANNEXES, text_of("　　　3.报送及时性明细表"));
    paper_add(paper, BLOCK_ANNEXES, text_of("　　　4.各单位数据明细表"));
    compose_tail(edition, paper);
    compose_annexes(edition, paper);
}
