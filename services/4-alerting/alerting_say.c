/* Sentences about pace and postings, about what was not told, and the one message of a recipient. */
#include "services/4-alerting/alerting_text.h"

#include "services/4-alerting/alerting_words.h"
#include "services/plan/calendar.h"
#include "services/plan/pace.h"

enum { DIGEST_HEAD = 700 }; /* bytes around the sentences of a digest: two names at most, and numbers */

void tell_pace(const planbook_t *book, const target_changed_t *target, int64_t now_ms, arena_t *arena,
               warning_raised_t *warning) {
    const indicator_t *indicator = planbook_indicator(book, warning->indicator);
    pace_told_t pace = pace_of(book, target, now_ms);
    text_t who = said_unit(book, warning->unit), task = said_task(book, warning->task);
    text_t name = said_indicator(book, warning->indicator);
    text_t done = said_amount(target->done, indicator, arena), goal = said_amount(target->goal, indicator, arena);
    text_t expected = said_amount(pace.expected, indicator, arena), needed = said_amount(pace.needed, indicator, arena);
    long long behind = pace.points < 0 ? (long long)-pace.points : 0;
    unsigned month = pace.day / 100 % 100, date = pace.day % 100;
    text_t tag = said_tag_zh(warning, arena);
    text_t rest = pace.periods_left == 0
                      ? text_of("已无剩余报送期")
                      : arena_format(arena, "余下%u期每期须完成" TEXT_FORMAT, pace.periods_left, TEXT_ARGS(needed));
    warning->zh = arena_format(arena, TEXT_FORMAT TEXT_FORMAT "：" TEXT_FORMAT "“" TEXT_FORMAT "”慢序时：截至%u月%u日应达" TEXT_FORMAT
                               "，实为" TEXT_FORMAT "（目标" TEXT_FORMAT "），落后%lld个百分点；" TEXT_FORMAT "。",
                               TEXT_ARGS(tag), TEXT_ARGS(who), TEXT_ARGS(task), TEXT_ARGS(name), month, date,
                               TEXT_ARGS(expected), TEXT_ARGS(done), TEXT_ARGS(goal), behind, TEXT_ARGS(rest));
    tag = said_tag_en(warning, arena);
    rest = pace.periods_left == 0
               ? text_of("no period is left")
               : arena_format(arena, TEXT_FORMAT " a period for the %u left", TEXT_ARGS(needed), pace.periods_left);
    warning->en = arena_format(arena, TEXT_FORMAT " " TEXT_FORMAT ": " TEXT_FORMAT ", \"" TEXT_FORMAT "\" is behind the pace: "
                               TEXT_FORMAT " expected by %04u-%02u-%02u, " TEXT_FORMAT " done of " TEXT_FORMAT
                               ", %lld points behind; needed: " TEXT_FORMAT ".",
                               TEXT_ARGS(tag), TEXT_ARGS(who), TEXT_ARGS(task), TEXT_ARGS(name), TEXT_ARGS(expected),
                               pace.day / 10000, month, date, TEXT_ARGS(done), TEXT_ARGS(goal), behind, TEXT_ARGS(rest));
}

void tell_risk(const planbook_t *book, const target_changed_t *target, arena_t *arena, warning_raised_t *warning) {
    const indicator_t *indicator = planbook_indicator(book, warning->indicator);
    text_t who = said_unit(book, warning->unit), task = said_task(book, warning->task);
    text_t name = said_indicator(book, warning->indicator), goal = said_amount(target->goal, indicator, arena);
    text_t tag = said_tag_zh(warning, arena);
    warning->zh = arena_format(arena, TEXT_FORMAT TEXT_FORMAT "：" TEXT_FORMAT "“" TEXT_FORMAT "”有人离岗，现仅余" TEXT_FORMAT
                               "，恰为目标，再有一人离岗即为中断。",
                               TEXT_ARGS(tag), TEXT_ARGS(who), TEXT_ARGS(task), TEXT_ARGS(name), TEXT_ARGS(goal));
    tag = said_tag_en(warning, arena);
    warning->en = arena_format(arena, TEXT_FORMAT " " TEXT_FORMAT ": " TEXT_FORMAT ", \"" TEXT_FORMAT "\": somebody left; "
                               TEXT_FORMAT " remain, exactly the goal; one more and the tenure is broken.",
                               TEXT_ARGS(tag), TEXT_ARGS(who), TEXT_ARGS(task), TEXT_ARGS(name), TEXT_ARGS(goal));
}

/* The subject of a record: a period's report, or an indicator. */
static text_t subject_said(const planbook_t *book, text_t period, text_t indicator) {
    return period.size > 0 ? period : said_indicator(book, indicator);
}

void withheld_tell(const planbook_t *book, arena_t *arena, warning_withheld_t *withheld) {
    text_t rungs = text_of("");
    for (uint32_t index = 0; index < withheld->rungs_count; index++)
        rungs = arena_format(arena, TEXT_FORMAT "%s" TEXT_FORMAT, TEXT_ARGS(rungs), index > 0 ? " " : "",
                             TEXT_ARGS(withheld->rungs[index]));
    text_t who = said_unit(book, withheld->unit), task = said_task(book, withheld->task);
    text_t what = subject_said(book, withheld->period, withheld->indicator);
    const char *drill_zh = withheld->rehearsal ? "【演练】" : "", *drill_en = withheld->rehearsal ? "[Rehearsal] " : "";
    withheld->zh = arena_format(arena, "%s【未发】" TEXT_FORMAT "：" TEXT_FORMAT " " TEXT_FORMAT " " TEXT_FORMAT "（%s），只记录。",
                                drill_zh, TEXT_ARGS(who), TEXT_ARGS(task), TEXT_ARGS(what), TEXT_ARGS(rungs),
                                WORD_ZH(withheld, withheld->cause));
    withheld->en = arena_format(arena, "%s[Not sent] " TEXT_FORMAT ": " TEXT_FORMAT ", " TEXT_FORMAT ", " TEXT_FORMAT
                                " (%s); recorded only.", drill_en, TEXT_ARGS(who), TEXT_ARGS(task), TEXT_ARGS(what),
                                TEXT_ARGS(rungs), WORD_EN(withheld, withheld->cause));
}

void acknowledged_tell(const planbook_t *book, arena_t *arena, warning_acknowledged_t *acknowledged) {
    text_t who = said_unit(book, acknowledged->unit), task = said_task(book, acknowledged->task);
    text_t what = subject_said(book, acknowledged->period, acknowledged->indicator);
    uint32_t by = acknowledged->by;
    acknowledged->zh = arena_format(arena, "%s【认领】" TEXT_FORMAT "：" TEXT_FORMAT " " TEXT_FORMAT "，承诺于%u年%u月%u日前办结，其间不再提醒。",
                                    acknowledged->rehearsal ? "【演练】" : "", TEXT_ARGS(who), TEXT_ARGS(task),
                                    TEXT_ARGS(what), by / 10000, by / 100 % 100, by % 100);
    acknowledged->en = arena_format(arena, "%s[Acknowledged] " TEXT_FORMAT ": " TEXT_FORMAT ", " TEXT_FORMAT
                                    ", promised by %04u-%02u-%02u; no reminders until then.",
                                    acknowledged->rehearsal ? "[Rehearsal] " : "", TEXT_ARGS(who), TEXT_ARGS(task),
                                    TEXT_ARGS(what), by / 10000, by / 100 % 100, by % 100);
}

/* 红1 橙3 蓝20 提醒0, without the zeros. */
static text_t counts_said(const alerting_round_t *row, bool zh, arena_t *arena) {
    const struct {
        level_t level;
        uint64_t count;
    } all[] = {{level_red, row->red}, {level_orange, row->orange}, {level_blue, row->blue}, {level_remind, row->remind}};
    text_t out = text_of("");
    for (size_t index = 0; index < sizeof all / sizeof all[0]; index++) {
        if (all[index].count == 0) continue;
        const char *word = zh ? WORD_ZH(level, all[index].level) : WORD_EN(level, all[index].level);
        out = arena_format(arena, zh ? TEXT_FORMAT "%s%s%llu项" : TEXT_FORMAT "%s%s %llu", TEXT_ARGS(out),
                           out.size > 0 ? zh ? "、" : ", " : "", word, (unsigned long long)all[index].count);
    }
    return out;
}

static text_t digest_said(const planbook_t *book, const alerting_round_t *row, const bundle_told_t *bundle, bool zh,
                          arena_t *arena) {
    text_t who = said_unit(book, bundle->unit), counts = counts_said(row, zh, arena);
    unsigned long long count = row->count, reports = row->reports;
    text_t top = zh ? row->top_zh : row->top_en;
    if (top.size + DIGEST_HEAD > LIMIT_TEXT) top = text_of("…");
    const char *drill = !bundle->rehearsal ? "" : zh ? "【演练】" : "[Rehearsal] ";
    if (zh)
        return arena_format(arena, "%s【汇总】" TEXT_FORMAT "：共%llu项提醒（" TEXT_FORMAT "），其中报送%llu项、任务%llu项。最重的：\n" TEXT_FORMAT
                            "\n全部见系统。", drill, TEXT_ARGS(who), count, TEXT_ARGS(counts), reports, count - reports,
                            TEXT_ARGS(top));
    return arena_format(arena, "%s[Digest] " TEXT_FORMAT ": %llu in all (" TEXT_FORMAT "), %llu about reports, %llu about targets."
                        " The loudest:\n" TEXT_FORMAT "\nAll of them are in the system.", drill, TEXT_ARGS(who), count,
                        TEXT_ARGS(counts), reports, count - reports, TEXT_ARGS(top));
}

/* The sentences, a line each; those for which there was no room are counted. */
static text_t list_said(text_t lines, uint64_t count, bool zh, arena_t *arena) {
    uint64_t shown = 1;
    for (uint32_t index = 0; index < lines.size; index++) shown += lines.at[index] == '\n';
    if (shown >= count) return lines;
    return arena_format(arena, zh ? TEXT_FORMAT "\n另有%llu项，见系统。" : TEXT_FORMAT "\n%llu more are in the system.",
                        TEXT_ARGS(lines), (unsigned long long)(count - shown));
}

void bundle_tell(const planbook_t *book, const alerting_round_t *row, arena_t *arena, bundle_told_t *bundle) {
    bundle->zh = bundle->digest ? digest_said(book, row, bundle, true, arena) : list_said(row->zh, row->count, true, arena);
    bundle->en = bundle->digest ? digest_said(book, row, bundle, false, arena) : list_said(row->en, row->count, false, arena);
}
