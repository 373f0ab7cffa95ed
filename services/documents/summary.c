/* The annual summary 年度总结: every task with all its targets, what units did, reports of the whole year. */
#include "services/documents/documents.h"

#include <string.h>

static void compose_voices(const edition_t *edition, const edition_task_t *task, paper_t *paper) {
    arena_t *arena = paper->arena;
    text_t *said = ARENA_NEW(arena, text_t, edition->voices_count + 1);
    uint32_t count = 0;
    for (uint32_t index = 0; index < edition->voices_count; index++) {
        const edition_voice_t *voice = &edition->voices[index];
        if (!text_equal(voice->task, task->id) || voice->progress.size == 0) continue;
        if (!text_find(task->lead, task->lead_count, voice->unit)) continue;
        said[count++] = arena_format(arena, TEXT_FORMAT "：" TEXT_FORMAT, TEXT_ARGS(edition_unit_name(edition, voice->unit)),
                                     TEXT_ARGS(voice->progress));
    }
    if (count > 0)
        paper_format(paper, BLOCK_PARAGRAPH, "牵头单位最近一期报告称：" TEXT_FORMAT "。",
                     TEXT_ARGS(wording_join(said, count, "；", arena)));
}

static void compose_task(const edition_t *edition, const edition_task_t *task, uint32_t section, paper_t *paper) {
    arena_t *arena = paper->arena;
    uint32_t number = 0;
    paper_format(paper, BLOCK_HEADING_2, "（" TEXT_FORMAT "）" TEXT_FORMAT, TEXT_ARGS(wording_ordinal(section, arena)),
                 TEXT_ARGS(task->name));
    text_t responsible =
        task->responsible_count == 0
            ? text_of("")
            : arena_format(arena, "；责任单位：" TEXT_FORMAT,
                           TEXT_ARGS(edition_unit_names(edition, task->responsible, task->responsible_count, arena)));
    paper_format(paper, BLOCK_PARAGRAPH, "牵头单位：" TEXT_FORMAT TEXT_FORMAT "。",
                 TEXT_ARGS(edition_unit_names(edition, task->lead, task->lead_count, arena)), TEXT_ARGS(responsible));
    for (uint32_t index = 0; index < edition->targets_count; index++) {
        const edition_target_t *target = &edition->targets[index];
        if (!text_equal(target->task, task->id)) continue;
        paper_format(paper, BLOCK_PARAGRAPH, "%u." TEXT_FORMAT "%s：" TEXT_FORMAT, ++number, TEXT_ARGS(target->name),
                     target->stretch ? "（争取）" : "", TEXT_ARGS(target_sentence(edition, target, arena)));
    }
    if (number == 0) paper_add(paper, BLOCK_PARAGRAPH, text_of("本任务以文字报送进展。"));
    compose_voices(edition, task, paper);
}

/* Which targets were not reached, or lost again what they had. */
static void compose_open(const edition_t *edition, paper_t *paper) {
    arena_t *arena = paper->arena;
    punctual_t all = edition_punctual(edition, (text_t){0});
    uint32_t number = 0;
    for (uint32_t index = 0; index < edition->targets_count; index++) {
        const edition_target_t *target = &edition->targets[index];
        bool broken = target->tenure == tenure_broken;
        if (target->goal == 0 || target->stretch || (target_is_met(target) && !broken)) continue;
        paper_format(paper, BLOCK_PARAGRAPH, "%u." TEXT_FORMAT "：%s，完成" TEXT_FORMAT "，目标" TEXT_FORMAT "。", ++number,
                     TEXT_ARGS(target->name), broken ? "到位后在岗中断" : WORD_ZH(reach, target->reach),
                     TEXT_ARGS(wording_amount(target, target->done, arena)),
                     TEXT_ARGS(wording_amount(target, target->goal, arena)));
    }
    if (all.late + all.missing > 0)
        paper_format(paper, BLOCK_PARAGRAPH, "%u.报送：全年迟报%u份、未报%u份，详见附件2、附件3。", ++number, all.late,
                     all.missing);
    if (number == 0) paper_add(paper, BLOCK_PARAGRAPH, text_of("各项目标均已完成，各期报告均已按时收到。"));
}

void summary_compose(const edition_t *edition, paper_t *paper) {
    arena_t *arena = paper->arena;
    compose_head(
        edition, paper,
        arena_format(arena, "关于《" TEXT_FORMAT "》%u年度落实情况的总结", TEXT_ARGS(edition->title), edition->to / 10000));
    text_t partner = edition->partner_name.size == 0
                         ? text_of("")
                         : arena_format(arena, TEXT_FORMAT "对" TEXT_FORMAT "协作工作，", TEXT_ARGS(edition->region_name),
                                        TEXT_ARGS(edition->partner_name));
    paper_format(paper, BLOCK_PARAGRAPH,
                 "现将" TEXT_FORMAT "《" TEXT_FORMAT "》全年落实情况总结如下。数据截至" TEXT_FORMAT "。", TEXT_ARGS(partner),
                 TEXT_ARGS(edition->title), TEXT_ARGS(wording_instant(edition, (int64_t)edition->now_ms, arena)));
    compose_overview(edition, paper);
    paper_add(paper, BLOCK_HEADING_1, text_of("二、各项任务完成情况"));
    for (uint32_t index = 0; index < edition->tasks_count; index++)
        compose_task(edition, &edition->tasks[index], index + 1, paper);
    paper_add(paper, BLOCK_HEADING_1, text_of("三、未完成事项和报送问题"));
    compose_open(edition, paper);
    paper_add(paper, BLOCK_ANNEXES, text_of("附件：1.任务进展一览表"));
    paper_add(paper, BLOCK_ANNEXES, text_of("　　　2.单位报送情况统计表"));
    paper_add(paper, BLOCK_ANNEXES, text_of("　　　3.报送及时性明细表"));
    paper_add(paper, BLOCK_ANNEXES, text_of("　　　4.各单位数据明细表"));
    compose_tail(edition, paper);
    compose_annexes(edition, paper);
}
