/* `minning bulletin objections|object|answer`: what units say against an announced bulletin, and what they are told. */
#include "services/minning/collect.h"

#include <stdlib.h>
#include <string.h>

static text_t answer_shown(cli_t *cli, const objection_row_t *row) {
    if (row->answered_seq == 0) return cli_word(cli, "待答复", "no answer yet");
    objection_ruling_t ruling = row->answered.ruling;
    text_t word = cli_word(cli, WORD_ZH(objection_ruling, ruling), WORD_EN(objection_ruling, ruling));
    return arena_format(cli->arena, TEXT_FORMAT "：" TEXT_FORMAT, TEXT_ARGS(word), TEXT_ARGS(row->answered.why));
}

static text_t about_shown(cli_t *cli, const collect_t *self, text_t id) {
    const indicator_t *indicator = id.size == 0 ? NULL : planbook_indicator(self->gather.book, id);
    (void)cli;
    return indicator == NULL ? text_of("-") : indicator->name;
}

int verb_objections(cli_t *cli) {
    collect_t self;
    objections_t all;
    int exit_code = collect_begin(&self, cli);
    if (exit_code != EXIT_WELL) return exit_code;
    const char *unit = cli_option(cli, OPTION_unit);
    text_t period = cli->arg_count > 0 ? text_of(cli->args[0]) : (text_t){0};
    text_t of = unit == NULL ? (text_t){0} : cli_unit_named(cli, unit);
    if (unit != NULL && of.size == 0) return cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", unit);
    err_t err = gather_objections(&self.gather, document_kind_bulletin, period, of, &all);
    if (err != OK) return collect_failed(&self, err);
    sheet_t sheet = {0};
    text_t head[] = {cli_word(cli, "账目", "entry"), cli_word(cli, "报送期", "period"), cli_word(cli, "单位", "unit"),
                     cli_word(cli, "时间", "when"),  cli_word(cli, "针对", "about"),    cli_word(cli, "异议", "objection"),
                     cli_word(cli, "答复", "answer")};
    sheet_add(&sheet, head, 7, NULL);
    for (uint32_t index = 0; index < all.rows_count; index++) {
        const objection_row_t *row = &all.rows[index];
        if (cli->json) cli_print_json(message_to_json(objection_row_type(), row));
        text_t cells[] = {arena_format(cli->arena, "%lu", (unsigned long)row->seq),
                          row->raised.period,
                          cli_unit_name(cli, row->raised.unit),
                          cli_when(cli, cli_offset(cli), (int64_t)row->at_ms),
                          about_shown(cli, &self, row->raised.indicator),
                          row->raised.why,
                          answer_shown(cli, row)};
        sheet_add(&sheet, cells, 7, row->answered_seq == 0 ? colour_yellow : NULL);
    }
    if (!cli->json && all.rows_count > 0) sheet_print(cli, &sheet, stdout);
    if (!cli->json && all.rows_count == 0) printf("%s\n", cli_say(cli, "没有异议", "nobody has objected"));
    sheet_destroy(&sheet);
    return EXIT_WELL;
}

static int told(cli_t *cli, const message_t *type, const void *value, const char *zh, const char *en) {
    command_done_t done = {0};
    int exit_code = ask_command_as(cli, type, value, &done);
    if (exit_code != EXIT_WELL) return exit_code;
    if (cli->json)
        cli_print_json(message_to_json(command_done_type(), &done));
    else
        printf(cli_say(cli, "%s（第 %lu 条）\n", "%s (entry %lu)\n"), cli_say(cli, zh, en), (unsigned long)done.seq);
    return EXIT_WELL;
}

int verb_object(cli_t *cli) {
    collect_t self;
    documents_t documents;
    int exit_code = collect_begin(&self, cli);
    if (exit_code != EXIT_WELL) return exit_code;
    const char *unit = cli_option(cli, OPTION_unit);
    objection_raise_t raise = {.kind = document_kind_bulletin,
                               .period = text_of(cli->args[0]),
                               .unit = unit == NULL ? (text_t){0} : cli_unit_named(cli, unit),
                               .indicator = cli_slug(cli, OPTION_indicator),
                               .why = text_of(cli_option(cli, OPTION_why))};
    if (raise.unit.size == 0) return cli_fail(cli, EX_USAGE, "须写 --unit 单位", "--unit is wanted", unit);
    if (raise.why.size == 0) return cli_fail(cli, EX_USAGE, "须写 --why 理由", "--why is wanted", NULL);
    err_t err = gather_documents(&self.gather, raise.kind, &documents);
    if (err != OK) return collect_failed(&self, err);
    const document_row_t *row = documents_find(&documents, raise.kind, raise.period);
    raise.announced_seq = row == NULL || row->announced_seq == 0 ? 1 : row->announced_seq; /* 1: intake says that it is not */
    return told(cli, objection_raise_type(), &raise, "异议已登记", "the objection is entered");
}

int verb_objection_answer(cli_t *cli) {
    objection_answer_t answer = {.why = text_of(cli_option(cli, OPTION_why))};
    char *end = NULL;
    answer.objection_seq = strtoull(cli->args[0], &end, 10);
    if (*end != '\0' || answer.objection_seq == 0)
        return cli_fail(cli, EX_USAGE, "条号为数字", "an entry is a number", cli->args[0]);
    for (const word_t *word = objection_ruling_words; word->name != NULL; word++)
        if (word->number != 0 && (strcmp(word->name, cli->args[1]) == 0 || strcmp(word->zh, cli->args[1]) == 0))
            answer.ruling = (objection_ruling_t)word->number;
    if (answer.ruling == objection_ruling_none)
        return cli_fail(cli, EX_USAGE, "答复为 upheld（采纳）或 dismissed（不采纳）", "upheld or dismissed", cli->args[1]);
    if (answer.why.size == 0) return cli_fail(cli, EX_USAGE, "须写 --why 答复内容", "--why is wanted", NULL);
    int exit_code = cli_enter(cli);
    return exit_code == EXIT_WELL ? told(cli, objection_answer_type(), &answer, "已答复", "answered") : exit_code;
}
