/* Questions to running services and signed commands to the ledger. */
#include "services/minning/ask.h"

#include "proto/command.h"
#include "services/stage/clock.h"
#include "services/stage/home.h"

#include <poll.h>
#include <string.h>

const char *const ask_services[SERVICES] = {"vault",    "intake",   "validation", "aggregation",
                                            "alerting", "notifier", "gateway",    "console"};

static void start_once(void) {
    static bool started;
    if (!started) link_start();
    started = true;
}

static const char *desk_of(cli_t *cli, const char *service) { return arena_format(cli->arena, HOME_DESK_FORMAT, service).at; }

int ask_desk(cli_t *cli, const char *service, const message_t *ask, const void *question, const message_t *answer,
             void *value) {
    start_once();
    refusal_t refusal = {0};
    err_t err = link_ask(desk_of(cli, service), ask, question, answer, value, &refusal, cli->arena, ASK_MS);
    return err == OK ? EXIT_WELL : cli_fail_err(cli, err, service, &refusal);
}

err_t ask_health(cli_t *cli, const char *service, uint64_t at_least, int64_t timeout_ms, health_t *health) {
    start_once();
    health_ask_t ask = {.at_least = at_least};
    return link_ask(desk_of(cli, service), health_ask_type(), &ask, health_type(), health, NULL, cli->arena, timeout_ms);
}

bool ask_all_well(cli_t *cli) {
    for (size_t index = 0; index < SERVICES; index++) {
        health_t health = {0};
        if (ask_health(cli, ask_services[index], 0, ASK_HEALTH_MS, &health) != OK || !health.ok) return false;
    }
    return true;
}

int ask_tell_done(const cli_t *cli, const command_done_t *done, const char *zh, const char *en) {
    if (cli->json) cli_print_json(message_to_json(command_done_type(), done));
    else printf(cli_say(cli, zh, en), (unsigned long)done->seq);
    return EXIT_WELL;
}

/* Intake may die and come back in between: the same command id again gives the same answer. */
static err_t command_give(cli_t *cli, const command_t *command, const message_t *answer, void *done, refusal_t *refusal) {
    int64_t until = clock_steady_ms() + ASK_COMMAND_MS;
    err_t err;
    do {
        err = link_ask(HOME_DOOR_OPERATOR, command_type(), command, answer, done, refusal, cli->arena, ASK_COMMAND_TRY_MS);
    } while (err == ERR_TIMEOUT && clock_steady_ms() < until);
    return err;
}

static err_t command_ask(cli_t *cli, const char *key_file, text_t officer, const message_t *type, const void *value,
                         const message_t *answer, void *done, refusal_t *refusal) {
    start_once();
    crypto_start();
    uint8_t secret[SIGN_SECRET_SIZE], ledger_id[16], command_id[16];
    err_t err = home_read_key(key_file, secret, sizeof secret);
    if (err == OK) err = home_read_key("keys/ledger.id", ledger_id, sizeof ledger_id);
    if (err != OK) return err;
    crypto_random(command_id, sizeof command_id);
    command_t command = command_make_as(officer, command_id, ledger_id, type, value, secret, cli->arena);
    explicit_bzero(secret, sizeof secret);
    return command_give(cli, &command, answer, done, refusal);
}

err_t ask_command(cli_t *cli, const message_t *type, const void *value, command_done_t *done, refusal_t *refusal) {
    return command_ask(cli, "keys/operator.key", text_of(NULL), type, value, command_done_type(), done, refusal);
}

err_t ask_command_by(cli_t *cli, text_t officer, const message_t *type, const void *value, command_done_t *done,
                     refusal_t *refusal) {
    const char *file = arena_format(cli->arena, "officers/" TEXT_FORMAT ".key", TEXT_ARGS(officer)).at;
    return command_ask(cli, file, officer, type, value, command_done_type(), done, refusal);
}

static int answer_as(cli_t *cli, const message_t *type, const void *value, const message_t *answer, void *done) {
    const char *officer = cli_option(cli, OPTION_as);
    if (officer == NULL) officer = ASK_OFFICER;
    if (!cli_is_slug(officer)) return cli_fail(cli, EX_USAGE, "经办人编号不合规", "not an officer's id", officer);
    const char *file = arena_format(cli->arena, "officers/%s.key", officer).at;
    refusal_t refusal = {0};
    err_t err = command_ask(cli, file, text_of(officer), type, value, answer, done, &refusal);
    if (err == OK) return EXIT_WELL;
    if (err == ERR_MISSING || err == ERR_SYSTEM)
        return cli_fail(cli, EX_NOINPUT, "读不到经办人密钥（先 minning officer add，或用 --as 指明）",
                        "cannot read the officer's key (minning officer add makes one; --as names another)", file);
    if (err == ERR_REFUSED && cli->json) {
        cli_print_json(message_to_json(refusal_type(), &refusal));
        return EX_DATAERR;
    }
    return cli_fail_err(cli, err, "intake", &refusal);
}

int ask_command_as(cli_t *cli, const message_t *type, const void *value, command_done_t *done) {
    return answer_as(cli, type, value, command_done_type(), done);
}

int ask_receipt_as(cli_t *cli, const message_t *type, const void *value, receipt_t *receipt) {
    return answer_as(cli, type, value, receipt_type(), receipt);
}

/* What was decided has gone out, or waits for an hour or for somebody else: for that no clock stands still for long. */
static void notifier_settle(cli_t *cli, uint64_t warnings) {
    int64_t until = clock_steady_ms() + ASK_NOTIFIER_MS;
    health_t health = {0};
    while (clock_steady_ms() < until) {
        if (ask_health(cli, "notifier", 0, ASK_HEALTH_MS, &health) != OK) return;
        if (health.in_applied >= warnings && health.published >= warnings) return;
        poll(NULL, 0, 5);
    }
}

err_t ask_settled(cli_t *cli, uint64_t seq, int64_t timeout_ms) {
    int64_t until = clock_steady_ms() + timeout_ms;
    for (int64_t left = timeout_ms; left > 0; left = until - clock_steady_ms()) {
        health_t health = {0};
        err_t err = ask_health(cli, "alerting", seq, left < ASK_MS ? left : ASK_MS, &health);
        if (err == OK && health.cause_seq >= seq && health.published >= health.out_head) {
            notifier_settle(cli, health.out_head);
            return OK;
        }
        poll(NULL, 0, 5);
    }
    return ERR_TIMEOUT;
}

int ask_registry(cli_t *cli, registry_t *registry) {
    registry_key_t *keys = NULL;
    uint32_t count = 0;
    registry_t page;
    do {
        registry_ask_t ask = {.after = count};
        page = (registry_t){0};
        int exit_code = ask_desk(cli, "intake", registry_ask_type(), &ask, registry_type(), &page);
        if (exit_code != EXIT_WELL) return exit_code;
        registry_key_t *more = ARENA_NEW(cli->arena, registry_key_t, count + page.keys_count + 1);
        if (count > 0) memcpy(more, keys, count * sizeof *keys);
        if (page.keys_count > 0) memcpy(more + count, page.keys, page.keys_count * sizeof *keys);
        keys = more;
        count += page.keys_count;
    } while (page.more && page.keys_count > 0 && count < LIMIT_KEYS);
    *registry = page;
    registry->keys = keys;
    registry->keys_count = count;
    return EXIT_WELL;
}
