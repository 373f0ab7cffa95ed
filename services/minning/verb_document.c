/* `minning bulletin`, `minning summary`: looked at, announced for objections, published, and shown again for ever. */
#include "services/minning/collect.h"

#include "services/documents/issue.h"
#include "services/plan/amount.h"

#include <stdlib.h>
#include <string.h>

/* --- how a document is shown --- */

static int show(cli_t *cli, const edition_t *edition) {
    buffer_t out = {0};
    document_form_t form = cli_option(cli, OPTION_docx) != NULL ? FORM_DOCX : FORM_TEXT;
    if (cli_option(cli, OPTION_html) != NULL && form != FORM_DOCX) form = FORM_HTML;
    if (cli->json) form = FORM_JSON;
    err_t err = document_render(edition, form, cli->arena, &out);
    int exit_code = err == OK ? collect_write(cli, &out, form == FORM_DOCX)
                              : cli_fail(cli, EX_SOFTWARE, "无法生成文件", "cannot make the document", err_name(err));
    buffer_destroy(&out);
    return exit_code;
}

/* --- what the ledger has --- */

/* How many figures of what is out have changed since; 0 where nothing is out. */
static int count_errata(collect_t *self, const document_row_t *row, uint32_t *count) {
    edition_t then, now;
    erratum_t errata[ERRATA];
    const document_published_t *told = &row->published;
    *count = 0;
    if (row->published_seq == 0) return EXIT_WELL;
    err_t err = gather_kept(&self->gather, told->hash, told->size, told->parts, &then, NULL);
    if (err != OK) return collect_failed(self, err);
    self->gather.brief = true;
    int exit_code = collect_edition(self, row->kind, row->period, &now);
    self->gather.brief = false;
    if (exit_code == EXIT_WELL) *count = edition_errata(&then, &now, errata);
    return exit_code;
}

static void list_add(cli_t *cli, const document_row_t *row, uint32_t errata, sheet_t *sheet) {
    bool out = row->published_seq > 0;
    text_t cells[] = {row->period.size > 0 ? row->period : cli_word(cli, "全年", "the year"),
                      cli_when(cli, cli_offset(cli), (int64_t)row->announced_ms),
                      cli_due(cli, cli_offset(cli), row->open_until_ms),
                      out ? arena_format(cli->arena, "%lu", (unsigned long)row->published.number) : text_of("-"),
                      cli_when(cli, cli_offset(cli), (int64_t)row->published_ms),
                      arena_format(cli->arena, "%lu", (unsigned long)(out ? row->published_seq : row->announced_seq)),
                      arena_format(cli->arena, "%lu", (unsigned long)(out ? row->published.as_of : row->announced.as_of)),
                      errata == 0 ? text_of("-") : arena_format(cli->arena, cli_say(cli, "▲ %u 项", "▲ %u"), errata)};
    sheet_add(sheet, cells, 8, !out || errata > 0 ? colour_yellow : colour_green);
}

static void list_json(const document_row_t *row, uint32_t errata) {
    json_t *json = message_to_json(document_row_type(), row);
    json_object_set_new(json, "errata", json_integer(errata));
    cli_print_json(json);
}

static int list(collect_t *self, document_kind_t kind) {
    cli_t *cli = self->cli;
    documents_t documents;
    err_t err = gather_documents(&self->gather, kind, &documents);
    if (err != OK) return collect_failed(self, err);
    sheet_t sheet = {0};
    text_t head[] = {cli_word(cli, "报送期", "period"),       cli_word(cli, "公示", "announced"),
                     cli_word(cli, "公示期满", "open until"), cli_word(cli, "文号", "number"),
                     cli_word(cli, "印发", "published"),      cli_word(cli, "账目", "entry"),
                     cli_word(cli, "数据截至", "as of"),      cli_word(cli, "更正提示", "errata")};
    sheet_add(&sheet, head, 8, NULL);
    int exit_code = EXIT_WELL;
    for (uint32_t index = 0; exit_code == EXIT_WELL && index < documents.rows_count; index++) {
        uint32_t errata = 0;
        exit_code = count_errata(self, &documents.rows[index], &errata);
        if (cli->json)
            list_json(&documents.rows[index], errata);
        else
            list_add(cli, &documents.rows[index], errata, &sheet);
    }
    if (!cli->json && documents.rows_count == 0)
        printf("%s\n", cli_say(cli, "尚未公示或印发", "nothing was announced or published yet"));
    else if (!cli->json)
        sheet_print(cli, &sheet, stdout);
    sheet_destroy(&sheet);
    return exit_code;
}

static text_t amount_text(cli_t *cli, measure_t measure, maybe_t amount) {
    if (!amount.given) return text_of("–");
    return measure == measure_money ? amount_exact(amount.value, cli->arena)
                                    : arena_format(cli->arena, "%lld", (long long)amount.value);
}

/* Figures that were corrected, or came in, since the document went out: on stderr, beside the document. */
static int tell_errata(collect_t *self, const edition_t *then) {
    cli_t *cli = self->cli;
    edition_t now;
    erratum_t errata[ERRATA];
    self->gather.brief = true;
    int exit_code = collect_edition(self, then->kind, then->period, &now);
    self->gather.brief = false;
    if (exit_code != EXIT_WELL) return exit_code;
    uint32_t count = edition_errata(then, &now, errata);
    if (count == 0) return EXIT_WELL;
    fprintf(stderr,
            cli_say(cli, "更正提示：印发以来有 %u 项数据变动，所示仍为印发时的内容。\n",
                    "erratum: %u figures have changed since it was published; what is shown is what went out.\n"),
            count);
    for (uint32_t index = 0; index < count && index < ERRATA; index++) {
        const erratum_t *one = &errata[index];
        fprintf(stderr,
                cli_say(cli, "  %.*s %.*s %.*s 本期 %.*s → %.*s，累计 %.*s → %.*s\n",
                        "  %.*s %.*s %.*s month %.*s -> %.*s, in all %.*s -> %.*s\n"),
                TEXT_ARGS(one->indicator), TEXT_ARGS(one->unit), TEXT_ARGS(one->member),
                TEXT_ARGS(amount_text(cli, one->measure, one->month_then)),
                TEXT_ARGS(amount_text(cli, one->measure, one->month_now)),
                TEXT_ARGS(amount_text(cli, one->measure, (maybe_t){true, (int64_t)one->total_then})),
                TEXT_ARGS(amount_text(cli, one->measure, (maybe_t){true, (int64_t)one->total_now})));
    }
    return EXIT_WELL;
}

/* Are the bytes the ones that went out? A newer layout may put the same edition differently. */
static void tell_layout(collect_t *self, const document_published_t *published, const edition_t *edition) {
    if (!publication_is_same(published, edition, self->cli->arena))
        fprintf(stderr, "%s\n",
                cli_say(self->cli, "提示：数据与印发时相同，但本程序的版式已不同，字节与印发件不一致。",
                        "note: the data is what was published, but this program lays it out differently: the bytes differ."));
}

static int show_kept(collect_t *self, document_kind_t kind, text_t period, bool published) {
    cli_t *cli = self->cli;
    documents_t documents;
    edition_t edition;
    err_t err = gather_documents(&self->gather, kind, &documents);
    if (err != OK) return collect_failed(self, err);
    const document_row_t *row = documents_find(&documents, kind, period);
    err = gather_row(&self->gather, row, published, &edition);
    if (err == ERR_MISSING)
        return cli_fail(cli, EX_NOINPUT, published ? "尚未印发" : "尚未公示",
                        published ? "it is not published" : "it was not announced",
                        period.size > 0 ? arena_text(cli->arena, period).at : NULL);
    if (err != OK) return collect_failed(self, err);
    int exit_code = show(cli, &edition);
    if (exit_code != EXIT_WELL || !published) return exit_code;
    tell_layout(self, &row->published, &edition);
    return tell_errata(self, &edition);
}

/* The period that was typed; for a summary there is none. */
static int period_of(collect_t *self, document_kind_t kind, text_t *period) {
    *period = (text_t){0};
    if (kind == document_kind_summary) return EXIT_WELL;
    *period = text_of(self->cli->args[0]);
    if (planbook_period(self->gather.book, *period) != NULL) return EXIT_WELL;
    return cli_fail(self->cli, EX_DATAERR, "计划中没有这个报送期", "the plan has no such period", self->cli->args[0]);
}

static int document(cli_t *cli, document_kind_t kind) {
    collect_t self;
    text_t period;
    edition_t edition;
    int exit_code = collect_begin(&self, cli);
    if (exit_code != EXIT_WELL) return exit_code;
    if (kind == document_kind_bulletin && cli->arg_count == 0) return list(&self, kind);
    exit_code = period_of(&self, kind, &period);
    if (exit_code != EXIT_WELL) return exit_code;
    bool published = cli_option(cli, OPTION_published) != NULL;
    if (published || cli_option(cli, OPTION_announced) != NULL) return show_kept(&self, kind, period, published);
    exit_code = collect_edition(&self, kind, period, &edition);
    return exit_code == EXIT_WELL ? show(cli, &edition) : exit_code;
}

/* --- into the ledger --- */

/* As the officer that --as names; by the root key where nobody is named. */
static int sign(cli_t *cli, const message_t *type, const void *value, command_done_t *done) {
    refusal_t refusal = {0};
    if (cli_option(cli, OPTION_as) != NULL) return ask_command_as(cli, type, value, done);
    err_t err = ask_command(cli, type, value, done, &refusal);
    return err == OK ? EXIT_WELL : cli_fail_err(cli, err, "intake", &refusal);
}

/* Freezes it and brings its parts into the ledger. The owner destroys `frozen` whatever is returned. */
static int send_parts(cli_t *cli, const edition_t *edition, frozen_t *frozen) {
    if (edition_freeze(edition, frozen) != OK) return cli_fail(cli, EX_DATAERR, "文件过大", "the document is too large", NULL);
    for (uint64_t index = 0; index < frozen->parts; index++) {
        document_part_t part = frozen_part(frozen, index);
        command_done_t done = {0};
        int exit_code = sign(cli, document_part_type(), &part, &done);
        if (exit_code != EXIT_WELL) return exit_code;
    }
    return EXIT_WELL;
}

static int announce(cli_t *cli, document_kind_t kind) {
    collect_t self;
    edition_t edition;
    text_t period = {0};
    frozen_t frozen = {0};
    int exit_code = collect_begin(&self, cli);
    if (exit_code == EXIT_WELL) exit_code = period_of(&self, kind, &period);
    if (exit_code == EXIT_WELL) exit_code = collect_edition(&self, kind, period, &edition);
    if (exit_code != EXIT_WELL) return exit_code;
    exit_code = send_parts(cli, &edition, &frozen);
    document_announced_t told = announcement_of(&edition, &frozen);
    frozen_destroy(&frozen);
    command_done_t done = {0};
    if (exit_code == EXIT_WELL) exit_code = sign(cli, document_announced_type(), &told, &done);
    if (exit_code != EXIT_WELL) return exit_code;
    if (cli->json)
        cli_print_json(message_to_json(command_done_type(), &done));
    else
        printf(
            cli_say(cli, "已公示征求意见（第 %lu 条），数据截至第 %lu 条；%d 小时（节假日不计）后方可印发\n",
                    "announced for objections (entry %lu), as of entry %lu; to be published after %d hours of working days\n"),
            (unsigned long)done.seq, (unsigned long)edition.as_of, LIMIT_OBJECTION_HOURS);
    return EXIT_WELL;
}

/* Has anything come in since it was announced? People who saw the announcement want to know. */
static void tell_since_announced(collect_t *self, const document_row_t *row, const edition_t *edition) {
    edition_t announced;
    erratum_t errata[ERRATA];
    if (gather_row(&self->gather, row, false, &announced) != OK) return;
    uint32_t count = edition_errata(&announced, edition, errata);
    if (count > 0)
        printf(cli_say(self->cli, "公示以来有 %u 项数据变动，已计入印发件\n",
                       "%u figures have changed since the announcement; they are in\n"),
               count);
}

static int publish(cli_t *cli, document_kind_t kind) {
    collect_t self;
    edition_t edition;
    documents_t documents = {0};
    text_t period = {0};
    frozen_t frozen = {0};
    document_published_t told;
    int exit_code = collect_begin(&self, cli);
    if (exit_code == EXIT_WELL) exit_code = period_of(&self, kind, &period);
    if (exit_code == EXIT_WELL) exit_code = collect_edition(&self, kind, period, &edition);
    if (exit_code != EXIT_WELL) return exit_code;
    err_t err = gather_documents(&self.gather, kind, &documents);
    if (err != OK) return collect_failed(&self, err);
    edition.number = documents_next_number(&documents, kind);
    exit_code = send_parts(cli, &edition, &frozen);
    if (exit_code == EXIT_WELL) err = publication_of(&edition, &frozen, cli->arena, &told);
    frozen_destroy(&frozen);
    if (err != OK) return cli_fail(cli, EX_SOFTWARE, "无法生成文件", "cannot make the document", err_name(err));
    if (exit_code != EXIT_WELL) return exit_code;
    command_done_t done = {0};
    exit_code = sign(cli, document_published_type(), &told, &done);
    if (exit_code != EXIT_WELL) return exit_code;
    if (cli->json) {
        cli_print_json(message_to_json(command_done_type(), &done));
        return EXIT_WELL;
    }
    tell_since_announced(&self, documents_find(&documents, kind, period), &edition);
    printf(cli_say(cli, "已印发 " TEXT_FORMAT "（第 %lu 条），数据截至第 %lu 条\n",
                   "published " TEXT_FORMAT " (entry %lu), as of entry %lu\n"),
           TEXT_ARGS(issue_number(&edition, edition.number, cli->arena)), (unsigned long)done.seq,
           (unsigned long)edition.as_of);
    return EXIT_WELL;
}

int verb_bulletin(cli_t *cli) { return document(cli, document_kind_bulletin); }
int verb_bulletin_announce(cli_t *cli) { return announce(cli, document_kind_bulletin); }
int verb_bulletin_publish(cli_t *cli) { return publish(cli, document_kind_bulletin); }
int verb_summary(cli_t *cli) { return document(cli, document_kind_summary); }
int verb_summary_announce(cli_t *cli) { return announce(cli, document_kind_summary); }
int verb_summary_publish(cli_t *cli) { return publish(cli, document_kind_summary); }
