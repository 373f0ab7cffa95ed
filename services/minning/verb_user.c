/* `minning user add|list|revoke`, `token new|revoke`: who may act through the console. The right goes into the ledger by a
 * signed command, the secret into the vault, and nowhere else. */
#include "services/minning/ask.h"
#include "services/minning/cli.h"

#include "proto/crypto.h"
#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "services/stage/link.h"

#include <string.h>

#define VAULT_DESK "ipc://run/door-operator/vault.desk"

enum { DAY_MS = 86400000, CODE_DAYS = 7, TOKEN_DAYS = 365, MOST_DAYS = 3660 };
enum { CODE_LETTERS = 16, TOKEN_SIZE = 32, SECRET_FILE = 256 };

static int vault_do(cli_t *cli, const message_t *type, const void *value, login_kept_t *kept) {
    refusal_t refusal = {0};
    err_t err = link_ask(VAULT_DESK, type, value, login_kept_type(), kept, &refusal, cli->arena, ASK_MS);
    return err == OK ? EXIT_WELL : cli_fail_err(cli, err, "vault", &refusal);
}

static int ledger_do(cli_t *cli, const message_t *type, const void *value, command_done_t *done) {
    refusal_t refusal = {0};
    err_t err = ask_command(cli, type, value, done, &refusal);
    return err == OK ? EXIT_WELL : cli_fail_err(cli, err, "intake", &refusal);
}

static int days_of(cli_t *cli, uint64_t fallback, int64_t *until_ms) {
    uint64_t days = fallback;
    const char *given = cli_option(cli, OPTION_days);
    if (given != NULL && (!cli_number(given, &days) || days == 0 || days > MOST_DAYS))
        return cli_fail(cli, EX_USAGE, "天数应为 1 至 3660", "days are 1 to 3660", given);
    *until_ms = clock_wall_ms() + (int64_t)days * DAY_MS;
    return EXIT_WELL;
}

static int role_of(cli_t *cli, login_role_t *role) {
    const char *name = cli_option(cli, OPTION_role);
    const word_t *word = word_named(login_role_words, text_of(name == NULL ? "clerk" : name));
    if (word == NULL || word->number == login_role_none || word->number == login_role_program)
        return cli_fail(cli, EX_USAGE, "角色应为 clerk approver coordinator supervisor operator auditor",
                        "a role is one of clerk approver coordinator supervisor operator auditor", name);
    *role = (login_role_t)word->number;
    return EXIT_WELL;
}

/* Letters that nobody confuses, 80 random bits: XXXX-XXXX-XXXX-XXXX. */
static text_t code_new(cli_t *cli) {
    static const char letters[] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    uint8_t bytes[CODE_LETTERS];
    char code[CODE_LETTERS + CODE_LETTERS / 4];
    size_t used = 0;
    crypto_random(bytes, sizeof bytes);
    for (size_t index = 0; index < CODE_LETTERS; index++) {
        if (index > 0 && index % 4 == 0) code[used++] = '-';
        code[used++] = letters[bytes[index] % 32];
    }
    return arena_text(cli->arena, (text_t){code, (uint32_t)used});
}

/* The password of the file that is named, or a fresh one-time code. */
static int secret_of(cli_t *cli, login_keep_t *keep) {
    const char *file = cli_option(cli, OPTION_secret);
    int64_t until_ms = 0;
    if (file == NULL) {
        int exit_code = days_of(cli, CODE_DAYS, &until_ms);
        keep->secret = code_new(cli);
        keep->code_until_ms = (uint64_t)until_ms;
        return exit_code;
    }
    int exit_code = cli_read_file(cli, file, SECRET_FILE, &keep->secret);
    while (keep->secret.size > 0 && (uint8_t)keep->secret.at[keep->secret.size - 1] < ' ') keep->secret.size--;
    return exit_code;
}

static int unit_of(cli_t *cli, text_t *unit) {
    const char *named = cli_option(cli, OPTION_unit);
    if (named == NULL) return EXIT_WELL;
    *unit = cli_unit_named(cli, named);
    return unit->size > 0 ? EXIT_WELL : cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", named);
}

static int tell_user(cli_t *cli, const login_granted_t *granted, const login_keep_t *keep, uint64_t seq) {
    bool code = keep->code_until_ms != 0;
    if (cli->json) {
        json_t *json = message_to_json(login_granted_type(), granted);
        json_object_set_new(json, "seq", json_integer((json_int_t)seq));
        if (code) json_object_set_new(json, "code", json_stringn(keep->secret.at, keep->secret.size));
        cli_print_json(json);
        return EXIT_WELL;
    }
    printf(cli_say(cli, "已入账（第 %lu 条）\n", "in the ledger (entry %lu)\n"), (unsigned long)seq);
    if (!code) return EXIT_WELL;
    text_t until = cli_when(cli, cli_offset(cli), (int64_t)keep->code_until_ms);
    printf(cli_say(cli, "一次性登录码（只显示这一次，%.*s 前有效）：%.*s\n", "one-time code (shown once, good until %.*s): %.*s\n"),
           TEXT_ARGS(until), TEXT_ARGS(keep->secret));
    return EXIT_WELL;
}

int verb_user_add(cli_t *cli) {
    login_granted_t granted = {.login = text_of(cli->args[0])};
    login_keep_t keep = {.login = granted.login};
    command_done_t done = {0};
    login_kept_t kept = {0};
    crypto_start();
    int exit_code = secret_of(cli, &keep); /* relative to where the caller stands */
    if (exit_code == EXIT_WELL) exit_code = cli_enter(cli);
    if (exit_code == EXIT_WELL) exit_code = role_of(cli, &granted.role);
    if (exit_code == EXIT_WELL) exit_code = unit_of(cli, &granted.unit);
    if (exit_code == EXIT_WELL) exit_code = ledger_do(cli, login_granted_type(), &granted, &done);
    if (exit_code == EXIT_WELL) exit_code = vault_do(cli, login_keep_type(), &keep, &kept);
    return exit_code == EXIT_WELL ? tell_user(cli, &granted, &keep, done.seq) : exit_code;
}

int verb_user_revoke(cli_t *cli) {
    login_revoked_t revoked = {.login = text_of(cli->args[0]), .why = text_of("minning user revoke")};
    login_drop_t drop = {.login = revoked.login};
    command_done_t done = {0};
    login_kept_t kept = {0};
    if (cli_option(cli, OPTION_why) != NULL) revoked.why = text_of(cli_option(cli, OPTION_why));
    int exit_code = cli_enter(cli);
    if (exit_code == EXIT_WELL) exit_code = ledger_do(cli, login_revoked_type(), &revoked, &done);
    if (exit_code == EXIT_WELL) exit_code = vault_do(cli, login_drop_type(), &drop, &kept);
    if (exit_code != EXIT_WELL) return exit_code;
    return ask_tell_done(cli, &done, "已吊销（第 %lu 条）\n", "revoked (entry %lu)\n");
}

static void add_login(cli_t *cli, sheet_t *sheet, const login_row_t *row) {
    if (cli->json) {
        cli_print_json(message_to_json(login_row_type(), row));
        return;
    }
    const login_granted_t *granted = &row->granted;
    text_t cells[] = {granted->login, CLI_WORD_OF(cli, login_role, granted->role),
                      granted->unit.size > 0 ? cli_unit_name(cli, granted->unit) : text_of("-"),
                      arena_format(cli->arena, "%lu", (unsigned long)row->granted_seq),
                      row->revoked_seq == 0 ? cli_word(cli, "有效", "in force") : cli_word(cli, "已吊销", "revoked")};
    sheet_add(sheet, cells, 5, row->revoked_seq == 0 ? NULL : colour_grey);
}

int verb_user_list(cli_t *cli) {
    sheet_t sheet = {.right = {[3] = true}};
    logins_t page = {0};
    uint64_t had = 0;
    int exit_code = cli_enter(cli);
    text_t head[] = {cli_word(cli, "登录名", "login"), cli_word(cli, "角色", "role"), cli_word(cli, "单位", "unit"),
                     cli_word(cli, "条目", "entry"), cli_word(cli, "状态", "state")};
    sheet_add(&sheet, head, 5, NULL);
    do {
        logins_ask_t ask = {.after = had};
        if (exit_code == EXIT_WELL) exit_code = ask_desk(cli, "intake", logins_ask_type(), &ask, logins_type(), &page);
        for (uint32_t index = 0; exit_code == EXIT_WELL && index < page.rows_count; index++)
            add_login(cli, &sheet, &page.rows[index]);
        had += page.rows_count;
    } while (exit_code == EXIT_WELL && page.more && page.rows_count > 0);
    if (exit_code == EXIT_WELL && !cli->json) sheet_print(cli, &sheet, stdout);
    sheet_destroy(&sheet);
    return exit_code;
}

/* 256 random bits, told once; only their hash is kept. Its id is a login of the ledger like any other. */
int verb_token_new(cli_t *cli) {
    uint8_t token[TOKEN_SIZE], id[4];
    int64_t until_ms = 0;
    int exit_code = cli_enter(cli);
    if (exit_code == EXIT_WELL) exit_code = days_of(cli, TOKEN_DAYS, &until_ms);
    if (exit_code != EXIT_WELL) return exit_code;
    text_t unit = cli_unit_named(cli, cli->args[0]);
    if (unit.size == 0) return cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", cli->args[0]);
    crypto_start();
    crypto_random(token, sizeof token);
    crypto_random(id, sizeof id);
    login_granted_t granted = {.role = login_role_program, .unit = unit};
    text_t number = hex_of(id, sizeof id, cli->arena), name = arena_text(cli->arena, unit);
    granted.login = arena_format(cli->arena, "token-%.32s-%s", name.at, number.at);
    text_t shown = hex_of(token, sizeof token, cli->arena);
    token_keep_t keep = {.login = granted.login, .until_ms = (uint64_t)until_ms};
    hash_of((bytes_t){(const uint8_t *)shown.at, shown.size}, keep.token);
    command_done_t done = {0};
    login_kept_t kept = {0};
    exit_code = ledger_do(cli, login_granted_type(), &granted, &done);
    if (exit_code == EXIT_WELL) exit_code = vault_do(cli, token_keep_type(), &keep, &kept);
    if (exit_code != EXIT_WELL) return exit_code;
    if (cli->json) {
        json_t *json = message_to_json(login_granted_type(), &granted);
        json_object_set_new(json, "token", json_stringn(shown.at, shown.size));
        cli_print_json(json);
        return EXIT_WELL;
    }
    text_t until = cli_when(cli, cli_offset(cli), until_ms);
    printf(cli_say(cli, "编号 %.*s，%.*s 前有效\n令牌（只显示这一次）：%.*s\n", "id %.*s, good until %.*s\ntoken (shown once): %.*s\n"),
           TEXT_ARGS(granted.login), TEXT_ARGS(until), TEXT_ARGS(shown));
    return EXIT_WELL;
}
