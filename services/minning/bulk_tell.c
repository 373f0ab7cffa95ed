/* The summary of a file of reports: what became of each, and every fault by the cell that a spreadsheet shows. */
#include "services/minning/bulk_send.h"

#include "proto/crypto.h"

static const char *state_colour(bulk_state_t state) {
    if (state == STATE_REFUSED || state == STATE_FAULTY) return colour_red;
    if (state == STATE_SILENT || state == STATE_UNSENT) return colour_yellow;
    return state == STATE_BLANK ? colour_grey : NULL;
}

static void print_table(cli_t *cli, const bulk_t *bulk, const bulk_outcome_t *outcomes) {
    sheet_t sheet = {.right = {[4] = true, [5] = true}};
    text_t head[] = {cli_word(cli, "行", "rows"),      cli_word(cli, "任务", "task"),     cli_word(cli, "报送期", "period"),
                     cli_word(cli, "结果", "outcome"), cli_word(cli, "版次", "revision"), cli_word(cli, "账目", "entry"),
                     cli_word(cli, "收到", "received")};
    sheet_add(&sheet, head, 7, NULL);
    for (uint32_t at = 0; at < bulk->count; at++) {
        const bulk_report_t *report = &bulk->reports[at];
        const bulk_outcome_t *outcome = &outcomes[at];
        const state_text_t *state = bulk_state_text(outcome->state);
        text_t word = text_of(cli_say(cli, state->zh, state->en));
        if (outcome->received && outcome->receipt.duplicate)
            word =
                arena_format(cli->arena, TEXT_FORMAT "%s", TEXT_ARGS(word), cli_say(cli, "（原回执）", " (original receipt)"));
        bool known = report->report.task.size > 0;
        text_t cells[] = {
            bulk_rows_text(report, cli->arena),
            known ? cli_task_name(cli, report->report.task) : report->task_typed,
            known ? report->report.period : report->period_typed,
            word,
            outcome->revision > 0 ? arena_format(cli->arena, "%lu", (unsigned long)outcome->revision) : text_of(""),
            outcome->received ? arena_format(cli->arena, "%lu", (unsigned long)outcome->receipt.seq) : text_of(""),
            outcome->received ? cli_when(cli, cli_offset(cli), (int64_t)outcome->receipt.received_ms) : text_of("")};
        sheet_add(&sheet, cells, 7, state_colour(outcome->state));
    }
    sheet_print(cli, &sheet, stdout);
    sheet_destroy(&sheet);
}

/* F7  累计数(万元)  running_disagrees  sentence */
static void print_fault(cli_t *cli, const bulk_t *bulk, const bulk_fault_t *fault) {
    const reason_t *reason = &fault->reason;
    text_t cell = csv_spot_name(fault->spot, cli->arena), header = bulk_header(bulk, fault->spot);
    printf("  " TEXT_FORMAT "%s" TEXT_FORMAT "  " TEXT_FORMAT "  " TEXT_FORMAT, TEXT_ARGS(cell), header.size > 0 ? " " : "",
           TEXT_ARGS(header), TEXT_ARGS(reason->code), TEXT_ARGS(cli->zh ? reason->zh : reason->en));
    if (reason->soft)
        printf(
            cli_say(cli, "（如属实，在“%s”列写 " TEXT_FORMAT "：说明）", " (if it is so, write in “%s”: " TEXT_FORMAT ": why)"),
            column_name(COLUMN_explanation, cli->zh), TEXT_ARGS(reason->code));
    putchar('\n');
}

/* A soft fault that passed, with the words that let it pass. */
static void print_note(cli_t *cli, const bulk_t *bulk, const bulk_fault_t *note) {
    text_t cell = csv_spot_name(note->spot, cli->arena), header = bulk_header(bulk, note->spot);
    printf("  " TEXT_FORMAT " " TEXT_FORMAT "  " TEXT_FORMAT "  %s" TEXT_FORMAT "\n", TEXT_ARGS(cell), TEXT_ARGS(header),
           TEXT_ARGS(note->reason.code), cli_say(cli, "已说明：", "explained: "), TEXT_ARGS(note->reason.explanation));
}

/* What a dry run read, in full: a bare 12.5 below 万元 is 125000.00元. */
static void print_figures(cli_t *cli, const bulk_report_t *report, const bulk_outcome_t *outcome) {
    printf("  " TEXT_FORMAT "  " TEXT_FORMAT "  " TEXT_FORMAT "\n", TEXT_ARGS(bulk_rows_text(report, cli->arena)),
           TEXT_ARGS(cli_task_name(cli, report->report.task)), TEXT_ARGS(report->report.period));
    cli_print_figures(cli, outcome->figures, outcome->figures_count);
}

static json_t *json_text(text_t text) { return json_stringn(text.size > 0 ? text.at : "", text.size); }

static json_t *json_faults(cli_t *cli, const bulk_t *bulk, const bulk_fault_t *faults, uint32_t count) {
    json_t *list = json_array();
    for (uint32_t index = 0; index < count; index++) {
        const bulk_fault_t *fault = &faults[index];
        json_t *json = json_object();
        json_object_set_new(json, "cell", json_text(csv_spot_name(fault->spot, cli->arena)));
        json_object_set_new(json, "row", json_integer(fault->spot.row));
        json_object_set_new(json, "column", json_text(csv_column_name(fault->spot.column, cli->arena)));
        json_object_set_new(json, "header", json_text(bulk_header(bulk, fault->spot)));
        json_object_set_new(json, "code", json_text(fault->reason.code));
        json_object_set_new(json, "path", json_text(fault->reason.path));
        json_object_set_new(json, "soft", json_boolean(fault->reason.soft));
        json_object_set_new(json, "zh", json_text(fault->reason.zh));
        json_object_set_new(json, "en", json_text(fault->reason.en));
        json_array_append_new(list, json);
    }
    return list;
}

static void json_report(cli_t *cli, const bulk_t *bulk, const bulk_report_t *report, const bulk_outcome_t *outcome) {
    json_t *json = json_object(), *rows = json_array();
    for (uint32_t index = 0; index < report->rows_count; index++)
        json_array_append_new(rows, json_integer(report->rows[index]));
    bool known = report->report.task.size > 0;
    json_object_set_new(json, "rows", rows);
    json_object_set_new(json, "task", json_text(known ? report->report.task : report->task_typed));
    json_object_set_new(json, "period", json_text(known ? report->report.period : report->period_typed));
    json_object_set_new(json, "state", json_string(bulk_state_text(outcome->state)->name));
    if (outcome->revision > 0) json_object_set_new(json, "revision", json_integer((json_int_t)outcome->revision));
    if (outcome->received) {
        json_object_set_new(json, "submission_id", json_text(hex_of(outcome->submission_id, 16, cli->arena)));
        json_object_set_new(json, "receipt", message_to_json(receipt_type(), &outcome->receipt));
    }
    json_object_set_new(json, "faults", json_faults(cli, bulk, outcome->faults.at, outcome->faults.count));
    json_t *figures = json_array();
    for (uint32_t index = 0; index < outcome->figures_count; index++)
        json_array_append_new(figures, message_to_json(figure_standing_type(), &outcome->figures[index]));
    if (outcome->figures_count > 0)
        json_object_set_new(json, "figures", figures);
    else
        json_decref(figures);
    if (outcome->notes.count > 0)
        json_object_set_new(json, "explained", json_faults(cli, bulk, outcome->notes.at, outcome->notes.count));
    cli_print_json(json);
}

static void tell_counts(cli_t *cli, const bulk_t *bulk, const bulk_outcome_t *outcomes, bool check) {
    uint32_t counts[STATES] = {0};
    for (uint32_t at = 0; at < bulk->count; at++) counts[outcomes[at].state]++;
    if (cli->json) {
        json_t *json = json_object(), *inner = json_object();
        for (size_t index = 0; index < STATES; index++)
            if (counts[index] > 0)
                json_object_set_new(inner, bulk_state_text((bulk_state_t)index)->name, json_integer(counts[index]));
        json_object_set_new(inner, "reports", json_integer(bulk->count));
        json_object_set_new(inner, "encoding", json_string(bulk->encoding));
        json_object_set_new(inner, "check", json_boolean(check));
        json_object_set_new(json, "summary", inner);
        cli_print_json(json);
        return;
    }
    printf(cli_say(cli, "%s%u 份报告（%s）：", "%s%u reports (%s):"),
           check ? cli_say(cli, "试报，未留存。", "Dry run, nothing kept. ") : "", bulk->count, bulk->encoding);
    const char *between = " ";
    for (size_t index = 0; index < STATES; index++) {
        if (counts[index] == 0) continue;
        const state_text_t *state = bulk_state_text((bulk_state_t)index);
        printf("%s%s %u", between, cli_say(cli, state->zh, state->en), counts[index]);
        between = cli_say(cli, "，", ", ");
    }
    putchar('\n');
    if (counts[STATE_SILENT] > 0)
        printf("%s\n", cli_say(cli, "有报告未得结果：请原样再执行一次，同一文件不会重复计数。",
                               "Some have no verdict: run the very same command again, a file never counts twice."));
}

void bulk_tell(cli_t *cli, const bulk_t *bulk, const bulk_outcome_t *outcomes, bool check) {
    if (!cli->json) print_table(cli, bulk, outcomes);
    for (uint32_t at = 0; at < bulk->count; at++) {
        if (cli->json) {
            json_report(cli, bulk, &bulk->reports[at], &outcomes[at]);
            continue;
        }
        for (uint32_t index = 0; index < outcomes[at].faults.count; index++)
            print_fault(cli, bulk, &outcomes[at].faults.at[index]);
        for (uint32_t index = 0; index < outcomes[at].notes.count; index++)
            print_note(cli, bulk, &outcomes[at].notes.at[index]);
        if (check && outcomes[at].figures_count > 0) print_figures(cli, &bulk->reports[at], &outcomes[at]);
    }
    tell_counts(cli, bulk, outcomes, check);
}

int bulk_tell_file(cli_t *cli, const bulk_t *bulk) {
    if (cli->json) {
        json_t *json = json_object();
        json_object_set_new(json, "faults", json_faults(cli, bulk, bulk->faults.at, bulk->faults.count));
        cli_print_json(json);
        return EX_DATAERR;
    }
    printf("%s\n", cli_say(cli, "文件有误，一份也未报送：", "The file is wrong, nothing was sent:"));
    for (uint32_t index = 0; index < bulk->faults.count; index++) print_fault(cli, bulk, &bulk->faults.at[index]);
    return EX_DATAERR;
}
