/* One line a target, and one for a task that has none; below them one a planned measure of the task, in the words of the unit that
 * entered it. Numbers stand a second time in columns of their own, to be added up. */
#include "services/documents/ledger.h"

#include <string.h>

static const grid_column_t columns[] = {
    {.head = "序号", .width = 6, .centre = true},
    {.head = "帮扶事项", .width = 20},
    {.head = "帮扶计划（单位：万元）", .width = 22},
    {.head = "帮扶成效（单位：万元）", .width = 36},
    {.head = "完成率", .width = 9, .centre = true},
    {.head = "序时", .width = 9, .centre = true},
    {.head = "牵头单位", .width = 16},
    {.head = "责任单位", .width = 24},
    {.head = "时限", .width = 11, .centre = true},
    {.head = "佐证", .width = 14},
    {.head = "状态", .width = 16},
    {.head = "目标值", .width = 10, .number = true},
    {.head = "累计值", .width = 10, .number = true},
    {.head = "计量单位", .width = 9, .centre = true},
};
enum { LEDGER_COLUMNS = sizeof columns / sizeof columns[0] };

static text_t measure_word(const edition_target_t *target) {
    return target->measure == measure_money ? text_of("万元") : target->unit_word;
}

/* Money without its unit, which stands in the head; counts with theirs. */
static text_t amount_of(const edition_target_t *target, uint64_t value, arena_t *arena) {
    text_t shown = wording_cell(target->measure, value, arena);
    if (target->measure == measure_money) return shown;
    return arena_format(arena, TEXT_FORMAT TEXT_FORMAT, TEXT_ARGS(shown), TEXT_ARGS(target->unit_word));
}

/* --- planned measures --- */

static bool has_measures(const edition_t *edition, const edition_task_t *task) {
    for (uint32_t index = 0; index < edition->measures_count; index++)
        if (text_equal(edition->measures[index].task, task->id)) return true;
    return false;
}

static text_t measure_state_of(const edition_measure_t *measure, arena_t *arena) {
    static const char *const lamps[] = {"", "○ ", "▲ ", "■ ", "● ", "▲ ", ""};
    const char *lamp = lamps[measure->phase <= measure_phase_withdrawn ? measure->phase : 0];
    const char *word = WORD_ZH(measure_phase, measure->phase);
    bool late = measure->phase == measure_phase_overdue || measure->phase == measure_phase_late;
    if (!late) return arena_format(arena, "%s%s", lamp, word);
    return arena_format(arena, "%s%s%llu天", lamp, word, (unsigned long long)measure->days);
}

static text_t measure_result_of(const edition_measure_t *measure, arena_t *arena) {
    if (measure->done_day == 0) return text_of("尚未完成");
    return arena_format(arena, TEXT_FORMAT "完成。" TEXT_FORMAT, TEXT_ARGS(wording_iso_day(measure->done_day, arena)),
                        TEXT_ARGS(measure->result));
}

static void add_measure(const edition_t *edition, const edition_task_t *task, const edition_measure_t *measure, uint32_t number,
                        grid_t *grid) {
    arena_t *arena = grid->arena;
    text_t cells[LEDGER_COLUMNS] = {
        arena_format(arena, "%u", number),
        arena_format(arena, TEXT_FORMAT "、" TEXT_FORMAT "｜" TEXT_FORMAT, TEXT_ARGS(task->number), TEXT_ARGS(task->name),
                     TEXT_ARGS(measure->item)),
        measure->plan,
        measure_result_of(measure, arena),
        text_of(""),
        text_of(""),
        edition_unit_names(edition, task->lead, task->lead_count, arena),
        edition_unit_name(edition, measure->unit),
        wording_iso_day(measure->due, arena),
        arena_format(arena, "第%llu号措施", (unsigned long long)measure->number),
        measure_state_of(measure, arena)};
    grid_add(grid, cells);
}

/* --- targets --- */

static text_t goal_of(const edition_target_t *target, arena_t *arena) {
    if (target->goal == 0) return text_of("按实际开展，不设目标");
    const char *stretch = target->stretch ? "争取" : "";
    if (target->shape == shape_each)
        return arena_format(arena, "每个不少于" TEXT_FORMAT "，合计" TEXT_FORMAT,
                            TEXT_ARGS(amount_of(target, target->member_goal, arena)),
                            TEXT_ARGS(amount_of(target, target->goal, arena)));
    if (target->shape == shape_lasting)
        return arena_format(arena, "到位" TEXT_FORMAT "并持续在岗", TEXT_ARGS(amount_of(target, target->goal, arena)));
    return arena_format(arena, "%s不少于" TEXT_FORMAT, stretch, TEXT_ARGS(amount_of(target, target->goal, arena)));
}

/* The plan's own words; where no unit has said how it means to get there, the ledger says so. */
static text_t plan_of(const edition_t *edition, const edition_task_t *task, text_t words, arena_t *arena) {
    if (has_measures(edition, task)) return words;
    return arena_format(arena, TEXT_FORMAT "（未录入帮扶措施）", TEXT_ARGS(words));
}

/* What leads say of the task, behind the figures. */
static text_t words_of(const edition_t *edition, const edition_task_t *task, arena_t *arena) {
    text_t *said = ARENA_NEW(arena, text_t, edition->voices_count + 1);
    uint32_t count = 0;
    for (uint32_t index = 0; index < edition->voices_count; index++) {
        const edition_voice_t *voice = &edition->voices[index];
        if (voice->progress.size > 0 && text_equal(voice->task, task->id) &&
            text_find(task->lead, task->lead_count, voice->unit))
            said[count++] = voice->progress;
    }
    return wording_join(said, count, "；", arena);
}

static text_t result_of(const edition_t *edition, const edition_task_t *task, const edition_target_t *target, arena_t *arena) {
    text_t done = amount_of(target, target->done, arena), words = words_of(edition, task, arena), month = {0}, behind = {0};
    if (target->month.given && edition->period.size > 0)
        month = arena_format(arena, "，本期" TEXT_FORMAT, TEXT_ARGS(amount_of(target, (uint64_t)target->month.value, arena)));
    if (target->behind_count > 0 && !target_is_met(target))
        behind = arena_format(arena, "；未达标：" TEXT_FORMAT,
                              TEXT_ARGS(wording_join(target->behind, target->behind_count, "、", arena)));
    return arena_format(arena, "累计" TEXT_FORMAT TEXT_FORMAT TEXT_FORMAT "。" TEXT_FORMAT, TEXT_ARGS(done), TEXT_ARGS(month),
                        TEXT_ARGS(behind), TEXT_ARGS(words));
}

static text_t evidence_of(const edition_target_t *target, arena_t *arena) {
    uint64_t reports = 0, covered = 0;
    for (uint32_t index = 0; index < target->shares_count; index++) {
        reports += target->shares[index].reports;
        covered += target->shares[index].covered;
    }
    if (reports == 0) return text_of("尚无报告");
    return arena_format(arena, "%llu份报告中%llu份有佐证", (unsigned long long)reports, (unsigned long long)covered);
}

static text_t state_of(const edition_target_t *target, arena_t *arena) {
    static const char *const lamps[] = {"", "○ 灰", "● 绿", "▲ 黄", "■ 红"};
    const char *word = target->goal == 0                 ? "只统计"
                       : target->tenure == tenure_broken ? "在岗中断"
                                                         : WORD_ZH(reach, target->reach);
    const char *late = target->reported == reported_late ? "，迟报" : "";
    return arena_format(arena, "%s %s%s", lamps[target->lamp <= lamp_red ? target->lamp : 0], word, late);
}

static void add_target(const edition_t *edition, const edition_task_t *task, const edition_target_t *target, uint32_t number,
                       grid_t *grid) {
    arena_t *arena = grid->arena;
    bool goal = target->goal > 0;
    text_t cells[LEDGER_COLUMNS] = {
        arena_format(arena, "%u", number),
        arena_format(arena, TEXT_FORMAT "、" TEXT_FORMAT "：" TEXT_FORMAT, TEXT_ARGS(task->number), TEXT_ARGS(task->name),
                     TEXT_ARGS(target->name)),
        plan_of(edition, task, goal_of(target, arena), arena),
        result_of(edition, task, target, arena),
        goal ? wording_tenths(tenths_of(target->done, target->goal), arena) : text_of(""),
        goal ? wording_tenths(tenths_of(target->expected, target->goal), arena) : text_of(""),
        edition_unit_names(edition, task->lead, task->lead_count, arena),
        edition_unit_names(edition, task->responsible, task->responsible_count, arena),
        wording_iso_day(wording_day_of(edition, (int64_t)(goal && target->due_ms > 0 ? target->due_ms : task->due_ms)), arena),
        evidence_of(target, arena),
        state_of(target, arena),
        goal ? wording_cell(target->measure, target->goal, arena) : text_of(""),
        wording_cell(target->measure, target->done, arena),
        measure_word(target)};
    grid_add(grid, cells);
}

static void add_task(const edition_t *edition, const edition_task_t *task, uint32_t number, grid_t *grid) {
    arena_t *arena = grid->arena;
    text_t cells[LEDGER_COLUMNS] = {
        arena_format(arena, "%u", number),
        arena_format(arena, TEXT_FORMAT "、" TEXT_FORMAT, TEXT_ARGS(task->number), TEXT_ARGS(task->name)),
        plan_of(edition, task, text_of("以文字报送进展"), arena),
        words_of(edition, task, arena),
        text_of(""),
        text_of(""),
        edition_unit_names(edition, task->lead, task->lead_count, arena),
        edition_unit_names(edition, task->responsible, task->responsible_count, arena),
        wording_iso_day(wording_day_of(edition, (int64_t)task->due_ms), arena)};
    grid_add(grid, cells);
}

grid_t ledger_grid(const edition_t *edition, arena_t *arena) {
    text_t until = wording_instant(edition, (int64_t)edition->now_ms, arena);
    grid_t grid = {.arena = arena,
                   .name = text_of("台账"),
                   .title = arena_format(arena, "《" TEXT_FORMAT "》帮扶台账", TEXT_ARGS(edition->title)),
                   .note =
                       arena_format(arena, "%s单位：万元　数据截至" TEXT_FORMAT "（账本第%llu条）",
                                    edition->rehearsal ? "演练　" : "", TEXT_ARGS(until), (unsigned long long)edition->as_of),
                   .author = edition_unit_name(edition, edition->coordinator),
                   .made_ms = (int64_t)edition->now_ms,
                   .columns = columns,
                   .column_count = LEDGER_COLUMNS};
    uint32_t number = 0;
    for (uint32_t index = 0; index < edition->tasks_count; index++) {
        const edition_task_t *task = &edition->tasks[index];
        uint32_t before = number;
        for (uint32_t target = 0; target < edition->targets_count; target++)
            if (text_equal(edition->targets[target].task, task->id))
                add_target(edition, task, &edition->targets[target], ++number, &grid);
        if (number == before) add_task(edition, task, ++number, &grid);
        for (uint32_t measure = 0; measure < edition->measures_count; measure++)
            if (text_equal(edition->measures[measure].task, task->id))
                add_measure(edition, task, &edition->measures[measure], ++number, &grid);
    }
    return grid;
}
