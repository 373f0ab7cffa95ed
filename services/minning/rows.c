/* Pages of answers joined, and the table of targets. */
#include "services/minning/rows.h"

#include "services/plan/amount.h"

#include <string.h>

/* Appends `count` rows of `size` bytes to what is there; the old array stays in the arena. */
static void *joined(arena_t *arena, const void *rows, uint32_t had, const void *more, uint32_t count, size_t size) {
    uint8_t *all = arena_take(arena, size * ((size_t)had + count + 1));
    if (had > 0) memcpy(all, rows, size * had);
    if (count > 0) memcpy(all + size * had, more, size * count);
    return all;
}

int rows_obligations(cli_t *cli, obligations_ask_t *ask, obligations_t *answer) {
    obligations_t page = {0};
    *answer = (obligations_t){0};
    do {
        ask->after = page.next;
        page = (obligations_t){0};
        int exit_code = ask_desk(cli, "aggregation", obligations_ask_type(), ask, obligations_type(), &page);
        if (exit_code != EXIT_WELL) return exit_code;
        answer->rows = joined(cli->arena, answer->rows, answer->rows_count, page.rows, page.rows_count, sizeof *page.rows);
        answer->rows_count += page.rows_count;
    } while (page.more && page.rows_count > 0);
    answer->as_of = page.as_of;
    answer->now_ms = page.now_ms;
    return EXIT_WELL;
}

int rows_targets(cli_t *cli, targets_ask_t *ask, targets_t *answer) {
    targets_t page;
    *answer = (targets_t){0};
    do {
        page = (targets_t){0};
        ask->after = answer->rows_count;
        int exit_code = ask_desk(cli, "aggregation", targets_ask_type(), ask, targets_type(), &page);
        if (exit_code != EXIT_WELL) return exit_code;
        answer->rows = joined(cli->arena, answer->rows, answer->rows_count, page.rows, page.rows_count, sizeof *page.rows);
        answer->rows_count += page.rows_count;
    } while (page.more && page.rows_count > 0);
    answer->as_of = page.as_of;
    answer->now_ms = page.now_ms;
    return EXIT_WELL;
}

int rows_warnings(cli_t *cli, warnings_ask_t *ask, warnings_t *answer) {
    warnings_t page;
    *answer = (warnings_t){0};
    do {
        page = (warnings_t){0};
        ask->after = answer->rows_count > 0 ? answer->rows[answer->rows_count - 1].seq : 0;
        int exit_code = ask_desk(cli, "alerting", warnings_ask_type(), ask, warnings_type(), &page);
        if (exit_code != EXIT_WELL) return exit_code;
        answer->rows = joined(cli->arena, answer->rows, answer->rows_count, page.rows, page.rows_count, sizeof *page.rows);
        answer->rows_count += page.rows_count;
    } while (page.more && page.rows_count > 0);
    answer->as_of = page.as_of;
    return EXIT_WELL;
}

int rows_figures(cli_t *cli, figures_ask_t *ask, figures_t *answer) {
    figures_t page = {0};
    *answer = (figures_t){0};
    do {
        ask->after = page.next;
        page = (figures_t){0};
        int exit_code = ask_desk(cli, "aggregation", figures_ask_type(), ask, figures_type(), &page);
        if (exit_code != EXIT_WELL) return exit_code;
        answer->rows = joined(cli->arena, answer->rows, answer->rows_count, page.rows, page.rows_count, sizeof *page.rows);
        answer->rows_count += page.rows_count;
    } while (page.more && page.rows_count > 0);
    answer->as_of = page.as_of;
    answer->total = page.total;
    answer->reported = page.reported;
    return EXIT_WELL;
}

const char *lamp_shape(lamp_t lamp) {
    static const char *const shapes[] = {" ", "○", "●", "▲", "■"};
    return lamp <= lamp_red ? shapes[lamp] : "?";
}

const char *lamp_colour(lamp_t lamp) {
    const char *const colours[] = {NULL, colour_grey, colour_green, colour_yellow, colour_red};
    return lamp <= lamp_red ? colours[lamp] : NULL;
}

int64_t rate_tenths(uint64_t done, uint64_t goal) {
    if (goal == 0) return -1;
    return done > UINT64_MAX / 1000 ? (int64_t)(done / goal * 1000) : (int64_t)(done * 1000 / goal);
}

static text_t rate_text(cli_t *cli, uint64_t done, uint64_t goal) {
    int64_t tenths = rate_tenths(done, goal);
    return tenths < 0 ? text_of("-")
                      : arena_format(cli->arena, "%lld.%lld%%", (long long)(tenths / 10), (long long)(tenths % 10));
}

static text_t state_text(cli_t *cli, const target_changed_t *row) {
    text_t parts[3] = {CLI_WORD_OF(cli, reach, row->reach), CLI_WORD_OF(cli, reported, row->reported),
                       CLI_WORD_OF(cli, tenure, row->tenure)};
    text_t all = {0};
    for (size_t index = 0; index < 3; index++) {
        if (parts[index].size == 0) continue;
        all = arena_format(cli->arena, TEXT_FORMAT "%s" TEXT_FORMAT, TEXT_ARGS(all),
                           all.size > 0 ? cli_say(cli, "，", ", ") : "", TEXT_ARGS(parts[index]));
    }
    if (row->stretch) all = arena_format(cli->arena, TEXT_FORMAT "%s", TEXT_ARGS(all), cli_say(cli, "（争取）", " (stretch)"));
    return all;
}

static void add_target(cli_t *cli, sheet_t *sheet, const target_changed_t *row) {
    const planbook_t *book = cli_plan(cli);
    const indicator_t *indicator = book == NULL ? NULL : planbook_indicator(book, row->indicator);
    const task_t *task = book == NULL ? NULL : planbook_task(book, row->task);
    measure_t measure = indicator == NULL ? measure_count : indicator->measure;
    text_t unit_word = indicator == NULL ? text_of("") : indicator->unit_word;
    text_t cells[] = {task == NULL ? row->task : task->number,
                      indicator == NULL ? row->indicator : indicator->name,
                      amount_show((int64_t)row->done, measure, unit_word, cli->arena),
                      row->goal == 0 ? text_of("-") : amount_show((int64_t)row->goal, measure, unit_word, cli->arena),
                      rate_text(cli, row->done, row->goal),
                      row->figures == 0
                          ? text_of("-")
                          : arena_format(cli->arena, "%lu/%lu", (unsigned long)row->covered, (unsigned long)row->figures),
                      row->goal == 0 ? text_of("-") : rate_text(cli, row->expected, row->goal),
                      row->due_ms == 0 ? text_of("-") : (text_t){cli_due(cli, cli_offset(cli), row->due_ms).at, 10},
                      arena_format(cli->arena, "%s %s", lamp_shape(row->lamp),
                                   cli_say(cli, WORD_ZH(lamp, row->lamp), WORD_EN(lamp, row->lamp))),
                      state_text(cli, row)};
    sheet_add(sheet, cells, 10, lamp_colour(row->lamp));
}

void rows_print_targets(cli_t *cli, const targets_t *targets, FILE *out) {
    sheet_t sheet = {.right = {[2] = true, [3] = true, [4] = true, [5] = true, [6] = true}};
    text_t head[] = {cli_word(cli, "任务", "task"), cli_word(cli, "指标", "indicator"), cli_word(cli, "完成", "done"),
                     cli_word(cli, "目标", "goal"), cli_word(cli, "完成率", "rate"),    cli_word(cli, "佐证", "evidence"),
                     cli_word(cli, "序时", "pace"), cli_word(cli, "时限", "due"),       cli_word(cli, "灯", "lamp"),
                     cli_word(cli, "状态", "state")};
    sheet_add(&sheet, head, 10, NULL);
    for (uint32_t index = 0; index < targets->rows_count; index++) add_target(cli, &sheet, &targets->rows[index]);
    sheet_print(cli, &sheet, out);
    sheet_destroy(&sheet);
}

text_t rows_due(cli_t *cli, const obligation_changed_t *row) {
    uint64_t due_ms = row->again_ms > 0 ? row->again_ms : row->due_ms,
             seq = row->again_ms > 0 ? row->decided_seq : row->due_seq;
    text_t due = cli_due(cli, cli_offset(cli), due_ms);
    if (seq == 0) return due;
    return arena_format(cli->arena, cli_say(cli, TEXT_FORMAT "（第%lu条）", TEXT_FORMAT " (entry %lu)"), TEXT_ARGS(due),
                        (unsigned long)seq);
}

text_t rows_lateness(cli_t *cli, const obligation_changed_t *row) {
    text_t word = CLI_WORD_OF(cli, timeliness, row->timeliness);
    if (row->days_late == 0) return word;
    return arena_format(cli->arena, cli_say(cli, TEXT_FORMAT " %lu 天", TEXT_FORMAT ", %lu days"), TEXT_ARGS(word),
                        (unsigned long)row->days_late);
}

text_t rows_missing(cli_t *cli, const obligation_changed_t *row) {
    const planbook_t *book = cli_plan(cli);
    text_t all = text_of("");
    for (uint32_t index = 0; index < row->missing_count; index++) {
        const indicator_t *indicator = book == NULL ? NULL : planbook_indicator(book, row->missing[index]);
        text_t name = indicator != NULL ? indicator->name : row->missing[index];
        if (text_is(name, "progress")) name = cli_word(cli, "进展文字", "progress in words");
        all = arena_format(cli->arena, TEXT_FORMAT "%s" TEXT_FORMAT, TEXT_ARGS(all), index > 0 ? cli_say(cli, "、", ", ") : "",
                           TEXT_ARGS(name));
    }
    return all;
}
