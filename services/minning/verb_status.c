/* `minning status`, `clock show`, `clock advance`: how every service is, and what time the ledger thinks it is. */
#include "services/minning/ask.h"
#include "services/minning/cli.h"

static text_t position(cli_t *cli, uint64_t stream, uint64_t seq) {
    if (stream == 0) return text_of("-");
    return arena_format(cli->arena, "%s %lu", stream_name((stream_t)stream), (unsigned long)seq);
}

static text_t store_use(cli_t *cli, const health_t *health) {
    if (health->store_size == 0) return text_of("-");
    return arena_format(cli->arena, "%.1f MiB / %.1f GiB", (double)health->store_used / 1048576.0,
                        (double)health->store_size / 1073741824.0);
}

static void add_service(cli_t *cli, sheet_t *sheet, const char *name, const health_t *health, bool alive) {
    if (!alive) {
        text_t cells[] = {text_of(name), cli_word(cli, "× 无应答", "× silent"),
                          text_of("-"),  text_of("-"),
                          text_of("-"),  text_of("-"),
                          text_of("-"),  text_of("-"),
                          text_of("")};
        sheet_add(sheet, cells, 9, colour_red);
        return;
    }
    uint64_t lag = health->in_head > health->in_applied ? health->in_head - health->in_applied : 0;
    text_t note = health->note;
    if (health->published > 0 && health->out_stream != STREAM_NONE)
        note = arena_format(cli->arena, "Redis %lu" TEXT_FORMAT TEXT_FORMAT, (unsigned long)health->published,
                            TEXT_ARGS(text_of(note.size > 0 ? "; " : "")), TEXT_ARGS(note));
    text_t cells[] = {text_of(name),
                      text_of(health->ok ? cli_say(cli, "● 正常", "● well") : cli_say(cli, "■ 异常", "■ not well")),
                      arena_format(cli->arena, "%lu", (unsigned long)health->pid),
                      arena_format(cli->arena, "%lu s", (unsigned long)(health->uptime_ms / 1000)),
                      position(cli, health->in_stream, health->in_applied),
                      arena_format(cli->arena, "%lu", (unsigned long)lag),
                      position(cli, health->out_stream, health->out_head),
                      store_use(cli, health),
                      note};
    sheet_add(sheet, cells, 9, health->ok ? NULL : colour_red);
}

int verb_status(cli_t *cli) {
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    sheet_t sheet = {.right = {[2] = true, [3] = true, [5] = true}};
    text_t head[] = {
        cli_word(cli, "服务", "service"),       cli_word(cli, "状态", "state"),      text_of("pid"),
        cli_word(cli, "运行", "uptime"),        cli_word(cli, "读至", "read up to"), cli_word(cli, "滞后", "lag"),
        cli_word(cli, "写至", "written up to"), cli_word(cli, "存储", "store"),      cli_word(cli, "备注", "note")};
    sheet_add(&sheet, head, 9, NULL);
    json_t *json = json_object();
    bool well = true;
    for (size_t index = 0; index < SERVICES; index++) {
        health_t health = {0};
        bool alive = ask_health(cli, ask_services[index], 0, ASK_HEALTH_MS, &health) == OK;
        well &= alive && health.ok;
        json_object_set_new(json, ask_services[index], alive ? message_to_json(health_type(), &health) : json_null());
        add_service(cli, &sheet, ask_services[index], &health, alive);
    }
    if (cli->json)
        cli_print_json(json);
    else {
        sheet_print(cli, &sheet, stdout);
        json_decref(json);
    }
    sheet_destroy(&sheet);
    return well ? EXIT_WELL : EX_UNAVAILABLE;
}

int verb_clock_show(cli_t *cli) {
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    health_ask_t ask = {0};
    health_t health = {0};
    exit_code = ask_desk(cli, "intake", health_ask_type(), &ask, health_type(), &health);
    if (exit_code != EXIT_WELL) return exit_code;
    if (cli->json) {
        json_t *json = json_object();
        json_object_set_new(json, "now_ms", json_integer((json_int_t)health.now_ms));
        json_object_set_new(json, "seq", json_integer((json_int_t)health.out_head));
        cli_print_json(json);
    } else
        printf(TEXT_FORMAT "\n", TEXT_ARGS(cli_when(cli, cli_offset(cli), (int64_t)health.now_ms)));
    return EXIT_WELL;
}

int verb_clock_advance(cli_t *cli) {
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    int64_t to_ms = 0;
    if (!cli_instant(cli->args[0], cli_offset(cli), &to_ms))
        return cli_fail(cli, EX_USAGE, "时刻应写作 2021-07-31 或 2021-08-20T09:00",
                        "an instant is 2021-07-31 or 2021-08-20T09:00", cli->args[0]);
    uint64_t seconds = 60;
    if (cli_option(cli, OPTION_timeout) != NULL && !cli_number(cli_option(cli, OPTION_timeout), &seconds))
        return cli_fail(cli, EX_USAGE, "秒数应为整数", "seconds are a whole number", cli_option(cli, OPTION_timeout));
    advance_clock_t advance = {.to_ms = (uint64_t)to_ms};
    command_done_t done = {0};
    refusal_t refusal = {0};
    err_t err = ask_command(cli, advance_clock_type(), &advance, &done, &refusal);
    if (err != OK) return cli_fail_err(cli, err, "intake", &refusal);
    if (cli_option(cli, OPTION_no_wait) == NULL && ask_settled(cli, done.seq, (int64_t)seconds * 1000) != OK)
        return cli_fail(cli, EX_TEMPFAIL, "时钟已拨动，但后续环节尚未跟上",
                        "time has passed, but the later stages have not caught up", NULL);
    if (cli->json)
        cli_print_json(message_to_json(command_done_type(), &done));
    else
        printf(TEXT_FORMAT "\n", TEXT_ARGS(cli_when(cli, cli_offset(cli), (int64_t)done.now_ms)));
    return EXIT_WELL;
}
