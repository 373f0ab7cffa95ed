/* `minning quarantine`, `retry`: what to do about a stage that stands before an event it has crashed on. */
#include "services/minning/ask.h"
#include "services/minning/cli.h"

#include "proto/crypto.h"
#include "services/stage/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { WAIT_MS = 10000, LOOK_MS = 50 };

static bool is_stage(const char *name) {
    static const char *const stages[] = {"validation", "aggregation", "alerting"};
    for (size_t index = 0; index < sizeof stages / sizeof stages[0]; index++)
        if (strcmp(name, stages[index]) == 0) return true;
    return false;
}

static int no_stage(const cli_t *cli) {
    return cli_fail(cli, EX_USAGE, "只有 validation aggregation alerting", "a stage is validation, aggregation or alerting",
                    cli->args[0]);
}

/* The hash comes from the stage that stands there: what is quarantined is what it has crashed on, not what is meant. */
static int find_hash(cli_t *cli, quarantined_t *entry) {
    const char *given = cli_option(cli, OPTION_hash);
    if (given != NULL && !hex_read(text_of(given), entry->hash, sizeof entry->hash))
        return cli_fail(cli, EX_USAGE, "链哈希为 64 位十六进制", "a chained hash is 64 hex digits", given);
    if (given != NULL) return EXIT_WELL;
    health_ask_t ask = {0};
    health_t health = {0};
    int exit_code = ask_desk(cli, cli->args[0], health_ask_type(), &ask, health_type(), &health);
    if (exit_code != EXIT_WELL) return exit_code;
    text_t where = arena_format(cli->arena, "%lu", (unsigned long)health.halted_seq);
    if (health.halted_seq != entry->seq)
        return cli_fail(cli, EX_DATAERR, "该环节没有停在这一条", "the stage does not stand before that event; it is halted at",
                        where.at);
    memcpy(entry->hash, health.halted_hash, sizeof entry->hash);
    return EXIT_WELL;
}

/* Until the stage has left that event behind. */
static int wait_until_past(cli_t *cli, uint64_t seq) {
    int64_t until = clock_steady_ms() + WAIT_MS;
    do {
        health_t health = {0};
        err_t err = ask_health(cli, cli->args[0], 0, ASK_HEALTH_MS, &health);
        if (err == OK && health.halted_seq == 0 && health.in_applied >= seq) return EXIT_WELL;
        poll(NULL, 0, LOOK_MS);
    } while (clock_steady_ms() < until);
    return cli_fail(cli, EX_TEMPFAIL, "已入账，但该环节尚未继续", "it is in the ledger, but the stage has not gone on yet",
                    cli->args[0]);
}

int verb_quarantine(cli_t *cli) {
    quarantined_t entry = {.stage = text_of(cli->args[0]), .why = text_of(cli_option(cli, OPTION_why))};
    if (!is_stage(cli->args[0])) return no_stage(cli);
    if (!cli_number(cli->args[1], &entry.seq) || entry.seq == 0)
        return cli_fail(cli, EX_USAGE, "应为条目编号", "the number of an event", cli->args[1]);
    int exit_code = cli_enter(cli);
    if (exit_code == EXIT_WELL) exit_code = find_hash(cli, &entry);
    if (exit_code != EXIT_WELL) return exit_code;
    command_done_t done = {0};
    refusal_t refusal = {0};
    err_t err = ask_command(cli, quarantined_type(), &entry, &done, &refusal);
    if (err != OK) return cli_fail_err(cli, err, "intake", &refusal);
    exit_code = wait_until_past(cli, entry.seq);
    ask_tell_done(cli, &done, "已隔离，记入账本第 %lu 条\n", "set aside, noted as entry %lu\n");
    return exit_code;
}

/* Forgets how often it crashed and lets the supervisor start it anew. */
int verb_retry(cli_t *cli) {
    health_ask_t ask = {0};
    health_t health = {0};
    if (!is_stage(cli->args[0])) return no_stage(cli);
    int exit_code = cli_enter(cli);
    if (exit_code == EXIT_WELL) exit_code = ask_desk(cli, cli->args[0], health_ask_type(), &ask, health_type(), &health);
    if (exit_code != EXIT_WELL) return exit_code;
    if (health.halted_seq == 0) return cli_fail(cli, EX_DATAERR, "该环节没有停下", "the stage is not halted", cli->args[0]);
    if (unlink(arena_format(cli->arena, "data/%s/crashes", cli->args[0]).at) != 0 && errno != ENOENT)
        return cli_fail(cli, EX_NOPERM, "无法删除崩溃计数", "cannot forget the crashes", strerror(errno));
    if (kill((pid_t)health.pid, SIGTERM) != 0)
        return cli_fail(cli, EX_NOPERM, "无法通知该进程", "cannot tell the process", strerror(errno));
    return EXIT_WELL;
}
