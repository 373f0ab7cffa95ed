/* 总体情况, and what is said of one target: the sentences that bulletin and summary share. */
#include "services/documents/documents.h"

#include <string.h>

static text_t person_sentence(const edition_t *edition, const edition_target_t *target, arena_t *arena) {
    text_t done = wording_amount(target, target->done, arena), goal = wording_amount(target, target->goal, arena);
    text_t reached = target->reached_day == 0 ? text_of("")
                                              : arena_format(arena, "，于" TEXT_FORMAT "达到目标",
                                                             TEXT_ARGS(wording_day(target->reached_day, arena)));
    const char *tenure = target->tenure == tenure_holding  ? "，在岗持续中"
                         : target->tenure == tenure_kept   ? "，在岗已满期"
                         : target->tenure == tenure_broken ? "，在岗已中断"
                                                           : "";
    (void)edition;
    return arena_format(arena, "到位在岗" TEXT_FORMAT "，目标" TEXT_FORMAT TEXT_FORMAT "%s。", TEXT_ARGS(done), TEXT_ARGS(goal),
                        TEXT_ARGS(reached), tenure);
}

static text_t pace_sentence(const edition_target_t *target, arena_t *arena) {
    int64_t apart = pace_points_tenths(target), size = apart < 0 ? -apart : apart;
    text_t expected = wording_tenths(tenths_of(target->expected, target->goal), arena);
    if (apart == 0) return arena_format(arena, "序时为" TEXT_FORMAT "，与序时持平", TEXT_ARGS(expected));
    return arena_format(arena, "序时为" TEXT_FORMAT "，%s序时%lld.%lld个百分点", TEXT_ARGS(expected),
                        apart > 0 ? "快于" : "慢于", (long long)(size / 10), (long long)(size % 10));
}

static text_t sum_sentence(const edition_target_t *target, arena_t *arena) {
    text_t done = wording_amount(target, target->done, arena);
    if (target->goal == 0) return arena_format(arena, "累计" TEXT_FORMAT "。", TEXT_ARGS(done));
    text_t opening = target->opening == 0 ? text_of("")
                                          : arena_format(arena, "（含期初累计" TEXT_FORMAT "）",
                                                         TEXT_ARGS(wording_amount(target, target->opening, arena)));
    return arena_format(arena, "累计" TEXT_FORMAT TEXT_FORMAT "，为目标" TEXT_FORMAT "的" TEXT_FORMAT "，" TEXT_FORMAT "。",
                        TEXT_ARGS(done), TEXT_ARGS(opening), TEXT_ARGS(wording_amount(target, target->goal, arena)),
                        TEXT_ARGS(wording_tenths(tenths_of(target->done, target->goal), arena)),
                        TEXT_ARGS(pace_sentence(target, arena)));
}

/* "比上期通报增加56.00万元，由黄灯转为绿灯。" A correction may have taken something away. */
static text_t since_sentence(const edition_target_t *target, arena_t *arena) {
    uint64_t before = (uint64_t)target->before.value,
             apart = target->done > before ? target->done - before : before - target->done;
    text_t moved = {0}, lamp = {0};
    if (!target->before.given) return moved;
    if (apart > 0)
        moved = arena_format(arena, "比上期通报%s" TEXT_FORMAT, target->done > before ? "增加" : "减少",
                             TEXT_ARGS(wording_amount(target, apart, arena)));
    if (target->lamp_before != target->lamp && target->goal > 0)
        lamp = arena_format(arena, "%s由" TEXT_FORMAT "转为" TEXT_FORMAT, apart > 0 ? "，" : "比上期通报",
                            TEXT_ARGS(lamp_word(target->lamp_before)), TEXT_ARGS(lamp_word(target->lamp)));
    if (moved.size + lamp.size == 0) return moved;
    return arena_format(arena, TEXT_FORMAT TEXT_FORMAT "。", TEXT_ARGS(moved), TEXT_ARGS(lamp));
}

static text_t change_sentence(const edition_t *edition, const edition_target_t *target, arena_t *arena) {
    text_t month = {0}, since = {0};
    if (edition->kind == document_kind_bulletin) since = since_sentence(target, arena);
    if (target->month.given && edition->period.size > 0)
        month = target->month.value == 0
                    ? text_of("本期无变化。")
                    : arena_format(arena, "本期新增" TEXT_FORMAT "。",
                                   TEXT_ARGS(wording_amount(target, (uint64_t)target->month.value, arena)));
    return arena_format(arena, TEXT_FORMAT TEXT_FORMAT, TEXT_ARGS(month), TEXT_ARGS(since));
}

static text_t need_sentence(const edition_t *edition, const edition_target_t *target, arena_t *arena) {
    text_t behind = {0}, need = wording_need(edition, target, arena);
    if (target->behind_count > 0 && !target_is_met(target))
        behind = arena_format(arena, "尚未达到每个" TEXT_FORMAT "的有：" TEXT_FORMAT "。",
                              TEXT_ARGS(wording_amount(target, target->member_goal, arena)),
                              TEXT_ARGS(wording_join(target->behind, target->behind_count, "、", arena)));
    if (need.size > 0) need = arena_format(arena, TEXT_FORMAT "。", TEXT_ARGS(need));
    return arena_format(arena, TEXT_FORMAT TEXT_FORMAT, TEXT_ARGS(behind), TEXT_ARGS(need));
}

/* "Rules look at reported figures, totals at credited ones": where they differ, it is said. */
static text_t contested_sentence(const edition_target_t *target, arena_t *arena) {
    if (target->contested == 0) return text_of("");
    return arena_format(arena, "另有" TEXT_FORMAT "为重复申报，未计入。",
                        TEXT_ARGS(wording_amount(target, target->contested, arena)));
}

static text_t verdict_sentence(const edition_t *edition, const edition_target_t *target, arena_t *arena) {
    if (target->goal == 0) return text_of("");
    bool open = target->reach == reach_not_yet && target->due_ms >= edition->now_ms;
    const char *word = target->tenure == tenure_broken ? "按期到位但未持续满期"
                       : open                          ? "未到时限"
                                                       : WORD_ZH(reach, target->reach);
    const char *late = target->reported == reported_late ? "（事实在时限之内，报送迟于时限）" : "";
    const char *stretch = target->stretch ? "，属争取目标，不作逾期处理" : "";
    return arena_format(arena, "%s%s%s，亮" TEXT_FORMAT "。", word, late, stretch, TEXT_ARGS(lamp_word(target->lamp)));
}

text_t target_sentence(const edition_t *edition, const edition_target_t *target, arena_t *arena) {
    text_t what = target->shape == shape_lasting ? person_sentence(edition, target, arena) : sum_sentence(target, arena);
    text_t change = change_sentence(edition, target, arena), need = need_sentence(edition, target, arena);
    text_t verdict = verdict_sentence(edition, target, arena);
    text_t contested = contested_sentence(target, arena);
    return arena_format(arena, TEXT_FORMAT TEXT_FORMAT TEXT_FORMAT TEXT_FORMAT TEXT_FORMAT, TEXT_ARGS(what),
                        TEXT_ARGS(contested), TEXT_ARGS(change), TEXT_ARGS(verdict), TEXT_ARGS(need));
}

/* --- the whole --- */

typedef struct {
    uint32_t judged, met, late_met, broken, pace[4], lamps[5], stretch, counted;
} groups_t;

static groups_t groups_of(const edition_t *edition) {
    groups_t groups = {0};
    for (uint32_t index = 0; index < edition->targets_count; index++) {
        const edition_target_t *target = &edition->targets[index];
        if (target->goal == 0) {
            groups.counted++;
            continue;
        }
        groups.judged++;
        groups.stretch += target->stretch;
        bool broken = target->tenure == tenure_broken;
        groups.broken += broken;
        groups.met += !broken && target->reach == reach_met;
        groups.late_met += !broken && target->reach == reach_met_after_due;
        groups.pace[tempo_of(edition, target)]++;
        groups.lamps[target->lamp <= lamp_red ? target->lamp : 0]++;
    }
    return groups;
}

static void compose_groups(const edition_t *edition, paper_t *paper) {
    groups_t groups = groups_of(edition);
    arena_t *arena = paper->arena;
    text_t stretch = groups.stretch == 0 ? text_of("") : arena_format(arena, "（其中争取目标%u项）", groups.stretch);
    text_t counted = groups.counted == 0 ? text_of("") : arena_format(arena, "，另有%u项只统计、不设目标", groups.counted);
    text_t late = groups.late_met == 0 ? text_of("") : arena_format(arena, "、逾期完成%u项", groups.late_met);
    text_t broken = groups.broken == 0 ? text_of("") : arena_format(arena, "、到位后中断%u项", groups.broken);
    paper_format(paper, BLOCK_PARAGRAPH,
                 "工作要点共%u项任务，设目标的指标%u项" TEXT_FORMAT TEXT_FORMAT
                 "。截至%s，已按期完成%u项" TEXT_FORMAT TEXT_FORMAT
                 "；按进度分，超序时%u项、按序时%u项、慢序时%u项；按亮灯分，绿灯%u项、黄灯%u项、红灯%u项。",
                 edition->tasks_count, groups.judged, TEXT_ARGS(stretch), TEXT_ARGS(counted),
                 wording_instant(edition, (int64_t)edition->now_ms, arena).at, groups.met, TEXT_ARGS(late), TEXT_ARGS(broken),
                 groups.pace[TEMPO_AHEAD], groups.pace[TEMPO_EVEN], groups.pace[TEMPO_BEHIND], groups.lamps[lamp_green],
                 groups.lamps[lamp_yellow], groups.lamps[lamp_red]);
}

/* "教育/卫健's confirmations stand beside the 260". */
static void compose_confirmations(const edition_t *edition, paper_t *paper) {
    punctual_t beside = {0};
    for (uint32_t index = 0; index < edition->rows_count; index++) {
        const edition_row_t *row = &edition->rows[index];
        if (!row->confirmation || row->standing == standing_lifted) continue;
        beside.owed++;
        beside.on_time += row->timeliness == timeliness_on_time;
        beside.late += row->timeliness == timeliness_late;
        beside.not_due += !row_is_due(edition, row);
    }
    if (beside.owed == 0 || edition->period.size > 0) return;
    beside.missing = beside.owed - beside.on_time - beside.late - beside.not_due;
    paper_format(paper, BLOCK_PARAGRAPH,
                 "另有在岗确认%u份，不计入上列份数：已报%u份，其中按时%u份、迟报%u份；未报%u份，未到时限%u份。", beside.owed,
                 beside.on_time + beside.late, beside.on_time, beside.late, beside.missing, beside.not_due);
}

static void compose_punctual(const edition_t *edition, paper_t *paper) {
    punctual_t all = edition_punctual(edition, (text_t){0});
    arena_t *arena = paper->arena;
    if (all.owed == 0) {
        paper_format(paper, BLOCK_PARAGRAPH, "应报%u份，均未到报送时限。", all.not_due);
        return;
    }
    text_t not_due = all.not_due == 0 ? text_of("") : arena_format(arena, "，另有%u份未到时限", all.not_due);
    paper_format(paper, BLOCK_PARAGRAPH,
                 "%s应报%u份，已报%u份，其中按时%u份、迟报%u份；未报%u份" TEXT_FORMAT "。按时率" TEXT_FORMAT
                 "，报送率" TEXT_FORMAT "。",
                 edition->period.size > 0 ? "本期" : "全年", all.owed, all.on_time + all.late, all.on_time, all.late,
                 all.missing, TEXT_ARGS(not_due), TEXT_ARGS(wording_tenths(tenths_of(all.on_time, all.owed), arena)),
                 TEXT_ARGS(wording_tenths(tenths_of(all.on_time + all.late, all.owed), arena)));
    paper_format(paper, BLOCK_PARAGRAPH, "%s系统共发出提醒%llu条、预警（蓝、橙、红）%llu条。",
                 edition->period.size > 0 ? "本期开始以来，" : "", (unsigned long long)edition->reminders,
                 (unsigned long long)edition->warnings);
}

/* What was said against the draft; word by word it stands in the ledger. */
static void compose_objections(const edition_t *edition, paper_t *paper) {
    uint32_t count = edition->objections_count, rulings[] = {0, 0, 0};
    for (uint32_t index = 0; index < count; index++) rulings[edition->objections[index].ruling]++;
    text_t open = rulings[objection_ruling_none] == 0
                      ? text_of("")
                      : arena_format(paper->arena, "，待答复%u件", rulings[objection_ruling_none]);
    if (count > 0)
        paper_format(paper, BLOCK_PARAGRAPH, "公示期间收到异议%u件，采纳%u件、不采纳%u件" TEXT_FORMAT "。", count,
                     rulings[objection_ruling_upheld], rulings[objection_ruling_dismissed], TEXT_ARGS(open));
}

void compose_overview(const edition_t *edition, paper_t *paper) {
    paper_add(paper, BLOCK_HEADING_1, text_of("一、总体情况"));
    compose_groups(edition, paper);
    compose_punctual(edition, paper);
    compose_confirmations(edition, paper);
    compose_objections(edition, paper);
}
