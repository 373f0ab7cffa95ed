/* `minning plan check`, `plan show`, `plan amend`, `plan close`, `plan seal`. */
#include "services/minning/ask.h"
#include "services/minning/cli.h"
#include "services/minning/rows.h"

#include "proto/plan_parts.h"
#include "services/plan/plan_home.h"
#include "services/stage/home.h"

#include <string.h>

/* FILE:line:col: sentence, as compilers say it, so that editors can follow. */
int cli_print_faults(const cli_t *cli, const char *file, const file_fault_t *faults, uint32_t count) {
    for (uint32_t index = 0; index < count; index++) {
        const file_fault_t *fault = &faults[index];
        if (!cli->json) {
            fprintf(stderr, "%s:%u:%u: %s\n", file, fault->line, fault->column, cli_say(cli, fault->zh, fault->en));
            continue;
        }
        json_t *json = json_object();
        json_object_set_new(json, "file", json_string(file));
        json_object_set_new(json, "line", json_integer(fault->line));
        json_object_set_new(json, "column", json_integer(fault->column));
        json_object_set_new(json, "path", json_string(fault->path));
        json_object_set_new(json, "zh", json_string(fault->zh));
        json_object_set_new(json, "en", json_string(fault->en));
        cli_print_json(json);
    }
    return EX_DATAERR;
}

static int read_plan(cli_t *cli, const char *file, text_t yaml, planbook_t **book) {
    plan_t plan;
    uint32_t count = 0;
    file_fault_t *faults = ARENA_NEW(cli->arena, file_fault_t, PLAN_FAULTS);
    if (plan_read(yaml, cli->arena, &plan, faults, &count) != OK) return cli_print_faults(cli, file, faults, count);
    *book = planbook_new(&plan);
    return EXIT_WELL;
}

static uint32_t obligations_in_all(const planbook_t *book) {
    const plan_t *plan = planbook_plan(book);
    uint32_t all = 0;
    for (uint32_t index = 0; index < plan->periods_count; index++)
        if (!plan->periods[index].confirmation) all += planbook_obligation_count(book, &plan->periods[index]);
    return all;
}

int verb_plan_check(cli_t *cli) {
    text_t yaml;
    planbook_t *book = NULL;
    int exit_code = cli_read_file(cli, cli->args[0], LIMIT_PLAN_FILE, &yaml);
    if (exit_code == EXIT_WELL) exit_code = read_plan(cli, cli->args[0], yaml, &book);
    if (exit_code != EXIT_WELL) return exit_code;
    const plan_t *plan = planbook_plan(book);
    if (!cli->json)
        printf(cli_say(cli, "%s：无误。" TEXT_FORMAT "，%u 项任务，%u 个单位，%u 项报送义务\n",
                       "%s: well. " TEXT_FORMAT ", %u tasks, %u units, %u obligations\n"),
               cli->args[0], TEXT_ARGS(plan->id), plan->tasks_count, plan->units_count, obligations_in_all(book));
    planbook_destroy(&book);
    return EXIT_WELL;
}

int verb_plan_show(cli_t *cli) {
    text_t yaml;
    planbook_t *book = NULL;
    const char *file = cli->arg_count > 0 ? cli->args[0] : "plan.yaml";
    int exit_code = cli->arg_count > 0 ? cli_read_file(cli, file, LIMIT_PLAN_FILE, &yaml) : cli_enter(cli);
    if (exit_code == EXIT_WELL && cli->arg_count == 0 && home_read(file, cli->arena, LIMIT_PLAN_FILE, &yaml) != OK)
        exit_code = cli_fail(cli, EX_NOINPUT, "此账本没有计划文件", "this home keeps no plan file", file);
    if (exit_code == EXIT_WELL) exit_code = read_plan(cli, file, yaml, &book);
    if (exit_code != EXIT_WELL) return exit_code;
    if (cli->json)
        cli_print_json(message_to_json(plan_type(), planbook_plan(book)));
    else {
        buffer_t out = {0};
        plan_print(book, cli->zh, &out);
        fwrite(out.at, 1, out.size, stdout);
        buffer_destroy(&out);
    }
    planbook_destroy(&book);
    return EXIT_WELL;
}

/* What one command does not hold goes before it in parts; they are in force only when the last command closes them. */
static err_t plan_send(cli_t *cli, const plan_t *plan, command_done_t *done, refusal_t *refusal) {
    plan_parts_t parts;
    fault_t fault;
    err_t err = plan_parts_make(plan, LIMIT_PLAN_PART, &parts, &fault);
    for (uint32_t index = 0; err == OK && index < parts.adopted.parts; index++) {
        plan_part_t part = plan_parts_at(&parts, index);
        err = ask_command(cli, plan_part_type(), &part, done, refusal);
    }
    if (err == OK) err = ask_command(cli, plan_adopted_type(), &parts.adopted, done, refusal);
    plan_parts_destroy(&parts);
    return err;
}

int verb_plan_amend(cli_t *cli) {
    text_t yaml;
    planbook_t *book = NULL;
    int exit_code = cli_read_file(cli, cli->args[0], LIMIT_PLAN_FILE, &yaml);
    if (exit_code == EXIT_WELL) exit_code = read_plan(cli, cli->args[0], yaml, &book);
    if (exit_code == EXIT_WELL) exit_code = cli_enter(cli);
    command_done_t done = {0};
    refusal_t refusal = {0};
    err_t err = exit_code == EXIT_WELL ? plan_send(cli, planbook_plan(book), &done, &refusal) : OK;
    err_t kept = OK;
    if (exit_code == EXIT_WELL && err == OK) /* for people and for names; the ledger has its own */
        kept = plan_home_write(yaml, planbook_plan(book));
    planbook_destroy(&book);
    if (exit_code != EXIT_WELL) return exit_code;
    if (err != OK) return cli_fail_err(cli, err, "intake", &refusal);
    if (kept != OK)
        return cli_fail(cli, EX_IOERR, "计划已修订，但 plan.yaml 未能写入", "amended, but plan.yaml is not written", err_name(kept));
    return ask_tell_done(cli, &done, "计划已修订（第 %lu 条）\n", "the plan is amended (entry %lu)\n");
}

static int plan_end(cli_t *cli, const message_t *type, const void *value, const char *zh, const char *en) {
    command_done_t done = {0};
    refusal_t refusal = {0};
    err_t err = ask_command(cli, type, value, &done, &refusal);
    if (err != OK) return cli_fail_err(cli, err, "intake", &refusal);
    return ask_tell_done(cli, &done, zh, en);
}

int verb_plan_close(cli_t *cli) {
    int exit_code = cli_enter(cli);
    plan_closed_t closed = {.why = text_of("annual summary published")};
    if (exit_code != EXIT_WELL) return exit_code;
    return plan_end(cli, plan_closed_type(), &closed, "已办结（第 %lu 条）\n", "closed (entry %lu)\n");
}

/* Met late, a target holds longer than the plan's confirmations go on: intake cannot know, so it is looked at here. */
static int tenures_are_over(cli_t *cli) {
    targets_ask_t ask = {0};
    targets_t targets;
    int exit_code = rows_targets(cli, &ask, &targets);
    for (uint32_t index = 0; exit_code == EXIT_WELL && index < targets.rows_count; index++)
        if (targets.rows[index].tenure == tenure_holding)
            return cli_fail(cli, EX_TEMPFAIL, "在岗期未满，暂不封存", "a tenure still holds: not sealed before it ends",
                            arena_text(cli->arena, targets.rows[index].indicator).at);
    return exit_code;
}

/* What nobody confirmed stays missing for ever: said, and no reason to wait. */
static int unconfirmed_tell(cli_t *cli) {
    obligations_ask_t ask = {.open_only = true};
    obligations_t owed;
    uint32_t count = 0;
    int exit_code = rows_obligations(cli, &ask, &owed);
    for (uint32_t index = 0; exit_code == EXIT_WELL && index < owed.rows_count; index++) {
        const planbook_t *book = cli_plan(cli);
        const period_t *period = book == NULL ? NULL : planbook_period(book, owed.rows[index].period);
        count += period != NULL && period->confirmation;
    }
    if (count > 0)
        fprintf(stderr, cli_say(cli, "注意：%u 份在岗确认未报\n", "note: %u confirmations were never reported\n"), count);
    return exit_code;
}

int verb_plan_seal(cli_t *cli) {
    int exit_code = cli_enter(cli);
    if (exit_code == EXIT_WELL) exit_code = tenures_are_over(cli);
    if (exit_code == EXIT_WELL) exit_code = unconfirmed_tell(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    plan_sealed_t sealed = {.why = text_of("the last tenure is over")};
    return plan_end(cli, plan_sealed_type(), &sealed, "已封存（第 %lu 条）\n", "sealed (entry %lu)\n");
}
