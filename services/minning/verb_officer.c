/* `minning officer add`, `revoke`, `list`: who signs decisions, in which office. Keys lie under HOME/officers/. */
#include "services/minning/ask.h"

#include "proto/crypto.h"
#include "services/stage/home.h"

#include <string.h>
#include <unistd.h>

enum { KEY_FILE = 256 };

static int officers_of(cli_t *cli, const char *officer, officers_t *told) {
    officers_ask_t ask = {.officer = text_of(officer)};
    return ask_desk(cli, "intake", officers_ask_type(), &ask, officers_type(), told);
}

static const officer_row_t *officer_row(const officers_t *told, const char *officer) {
    for (uint32_t index = 0; index < told->rows_count; index++)
        if (text_is(told->rows[index].officer.officer, officer)) return &told->rows[index];
    return NULL;
}

/* By the name of the word, or in Chinese. */
static office_t office_named(const char *text) {
    for (const word_t *word = office_words; word->name != NULL; word++)
        if (word->number > office_root && (strcmp(word->name, text) == 0 || strcmp(word->zh, text) == 0))
            return (office_t)word->number;
    return office_none;
}

static int read_public(cli_t *cli, const char *file, uint8_t key[SIGN_PUBLIC_SIZE]) {
    text_t hex;
    int exit_code = cli_read_file(cli, file, KEY_FILE, &hex);
    if (exit_code != EXIT_WELL) return exit_code;
    while (hex.size > 0 && (hex.at[hex.size - 1] == '\n' || hex.at[hex.size - 1] == '\r')) hex.size--;
    return hex_read(hex, key, SIGN_PUBLIC_SIZE) ? EXIT_WELL : cli_fail(cli, EX_DATAERR, "不是公钥文件", "not a public key", file);
}

/* A key that is there already is used again: an earlier try may have ended before the ledger answered. */
static int make_key(cli_t *cli, const char *officer, uint8_t public_half[SIGN_PUBLIC_SIZE]) {
    const char *stem = arena_format(cli->arena, "officers/%s", officer).at;
    const char *secret_file = arena_format(cli->arena, "%s.key", stem).at;
    const char *public_file = arena_format(cli->arena, "%s.pub", stem).at;
    uint8_t secret[SIGN_SECRET_SIZE];
    text_t hex;
    if (home_make_folder("officers") != OK) return cli_fail(cli, EX_CANTCREAT, "无法建立目录", "cannot make the folder", "officers");
    if (access(secret_file, F_OK) == 0) {
        bool good = home_read(public_file, cli->arena, KEY_FILE, &hex) == OK && hex.size > 0 &&
                    hex_read((text_t){hex.at, hex.size - 1}, public_half, SIGN_PUBLIC_SIZE);
        return good ? EXIT_WELL : cli_fail(cli, EX_CANTCREAT, "已有密钥但缺公钥，不会覆盖", "there is a key without its public half", stem);
    }
    crypto_start();
    sign_keypair(public_half, secret);
    hex = hex_of(public_half, SIGN_PUBLIC_SIZE, cli->arena);
    err_t err = home_write(public_file, arena_format(cli->arena, TEXT_FORMAT "\n", TEXT_ARGS(hex)), 0644);
    hex = hex_of(secret, sizeof secret, cli->arena);
    if (err == OK) err = home_write(secret_file, arena_format(cli->arena, TEXT_FORMAT "\n", TEXT_ARGS(hex)), 0600);
    explicit_bzero(secret, sizeof secret);
    return err == OK ? EXIT_WELL : cli_fail(cli, EX_IOERR, "无法写入", "cannot write", stem);
}

/* The unit that --unit names; without it the plan's own coordinator or supervisor. */
static int unit_for(cli_t *cli, office_t office, text_t *unit) {
    const char *named = cli_option(cli, OPTION_unit);
    const planbook_t *book = cli_plan(cli);
    if (named != NULL) {
        *unit = cli_unit_named(cli, named);
        return unit->size > 0 ? EXIT_WELL : cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", named);
    }
    if (book != NULL && office == office_coordinator) *unit = planbook_plan(book)->coordinator;
    if (book != NULL && office == office_supervisor) *unit = planbook_plan(book)->supervisor;
    return EXIT_WELL;
}

static int tell_done(const cli_t *cli, const command_done_t *done) {
    return ask_tell_done(cli, done, "已入账（第 %lu 条）\n", "in the ledger (entry %lu)\n");
}

int verb_officer_add(cli_t *cli) {
    const char *officer = cli->args[0];
    officer_registered_t entry = {.officer = text_of(officer), .office = office_named(cli->args[1])};
    officers_t told = {0};
    if (!cli_is_slug(officer)) return cli_fail(cli, EX_USAGE, "经办人编号不合规", "not an officer's id", officer);
    if (entry.office == office_none)
        return cli_fail(cli, EX_USAGE, "职责应为 operator coordinator supervisor auditor 之一",
                        "an office is operator, coordinator, supervisor or auditor", cli->args[1]);
    int exit_code = cli_enter(cli);
    if (exit_code == EXIT_WELL) exit_code = unit_for(cli, entry.office, &entry.unit);
    if (exit_code == EXIT_WELL) exit_code = officers_of(cli, officer, &told);
    const char *public_file = cli_option(cli, OPTION_public);
    if (exit_code == EXIT_WELL && public_file != NULL) exit_code = read_public(cli, public_file, entry.key);
    if (exit_code == EXIT_WELL && public_file == NULL) exit_code = make_key(cli, officer, entry.key);
    if (exit_code != EXIT_WELL) return exit_code;
    const officer_row_t *known = officer_row(&told, officer);
    entry.generation = known == NULL ? 1 : known->officer.generation + 1;
    entry.title = cli_slug(cli, OPTION_title);
    command_done_t done = {0};
    refusal_t refusal = {0};
    err_t err = ask_command(cli, officer_registered_type(), &entry, &done, &refusal);
    return err == OK ? tell_done(cli, &done) : cli_fail_err(cli, err, "intake", &refusal);
}

int verb_officer_revoke(cli_t *cli) {
    officers_t told = {0};
    int exit_code = cli_enter(cli);
    if (exit_code == EXIT_WELL) exit_code = officers_of(cli, cli->args[0], &told);
    if (exit_code != EXIT_WELL) return exit_code;
    const officer_row_t *known = officer_row(&told, cli->args[0]);
    if (known == NULL) return cli_fail(cli, EX_DATAERR, "没有这位经办人", "there is no such officer", cli->args[0]);
    officer_revoked_t entry = {
        .officer = known->officer.officer, .generation = known->officer.generation, .why = cli_slug(cli, OPTION_why)};
    command_done_t done = {0};
    refusal_t refusal = {0};
    err_t err = ask_command(cli, officer_revoked_type(), &entry, &done, &refusal);
    return err == OK ? tell_done(cli, &done) : cli_fail_err(cli, err, "intake", &refusal);
}

int verb_officer_list(cli_t *cli) {
    officers_t told = {0};
    int exit_code = cli_enter(cli);
    if (exit_code == EXIT_WELL) exit_code = officers_of(cli, NULL, &told);
    if (exit_code != EXIT_WELL) return exit_code;
    sheet_t sheet = {.right = {[4] = true}};
    text_t head[] = {cli_word(cli, "编号", "officer"), cli_word(cli, "职责", "office"), cli_word(cli, "单位", "unit"),
                     cli_word(cli, "职务", "post"), cli_word(cli, "代次", "generation"), cli_word(cli, "状态", "state")};
    sheet_add(&sheet, head, 6, NULL);
    for (uint32_t index = 0; index < told.rows_count; index++) {
        const officer_row_t *row = &told.rows[index];
        if (cli->json) cli_print_json(message_to_json(officer_row_type(), row));
        text_t cells[] = {row->officer.officer, CLI_WORD_OF(cli, office, row->officer.office),
                          row->officer.unit.size > 0 ? cli_unit_name(cli, row->officer.unit) : text_of("-"), row->officer.title,
                          arena_format(cli->arena, "%lu", (unsigned long)row->officer.generation),
                          text_of(row->revoked ? cli_say(cli, "已停用", "ended") : cli_say(cli, "有效", "in force"))};
        sheet_add(&sheet, cells, 6, row->revoked ? colour_grey : NULL);
    }
    if (!cli->json) sheet_print(cli, &sheet, stdout);
    sheet_destroy(&sheet);
    return EXIT_WELL;
}
