/* `minning key new`, `key revoke`, `unit add`, `unit list`: who may report, and with which key. */
#include "services/minning/ask.h"
#include "services/minning/cli.h"

#include "services/unit/unit.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Needs no ledger: a unit makes its key on its own machine, and only the public half travels. */
int verb_key_new(cli_t *cli) {
    const char *unit = cli->args[0], *dir = cli_option(cli, OPTION_dir);
    if (dir != NULL && fchdir(cli->start_dir) != 0)
        return cli_fail(cli, EX_NOINPUT, "打不开目录", "cannot open the folder", dir);
    if (dir == NULL) {
        int exit_code = cli_enter(cli);
        if (exit_code != EXIT_WELL) return exit_code;
        text_t id = cli_unit_named(cli, unit);
        if (id.size == 0) return cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", unit);
        unit = arena_text(cli->arena, id).at;
        dir = "units";
        mkdir(dir, 0700);
    }
    if (!cli_is_slug(unit)) return cli_fail(cli, EX_DATAERR, "单位编号不合规", "not a unit's id", unit);
    unit_key_t key;
    const char *stem = arena_format(cli->arena, "%s/%s", dir, unit).at;
    err_t err = unit_key_new(&key);
    if (err == OK) err = unit_key_store(stem, &key);
    if (err == ERR_LOCKED)
        return cli_fail(cli, EX_CANTCREAT, "已有密钥，不会覆盖", "there is a key already; it is left as it is", stem);
    if (err != OK) return cli_fail(cli, EX_IOERR, "无法写入", "cannot write", stem);
    printf("%s.pub\n%s.key\n", stem, stem);
    memset(&key, 0, sizeof key);
    return EXIT_WELL;
}

static uint64_t last_generation(const registry_t *registry, text_t unit, bool living) {
    uint64_t last = 0;
    for (uint32_t index = 0; index < registry->keys_count; index++) {
        const registry_key_t *key = &registry->keys[index];
        if (text_equal(key->unit, unit) && key->generation > last && !(living && key->revoked)) last = key->generation;
    }
    return last;
}

static int tell_done(const cli_t *cli, const command_done_t *done) {
    return ask_tell_done(cli, done, "已入账（第 %lu 条）\n", "in the ledger (entry %lu)\n");
}

int verb_unit_add(cli_t *cli) {
    text_t line;
    int exit_code = cli_read_file(cli, cli->args[1], 256, &line);
    if (exit_code == EXIT_WELL) exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    text_t unit = cli_unit_named(cli, cli->args[0]);
    if (unit.size == 0) return cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", cli->args[0]);
    while (line.size > 0 && (line.at[line.size - 1] == '\n' || line.at[line.size - 1] == '\r')) line.size--;
    key_registered_t entry = {.unit = unit};
    if (line.size != UNIT_KEY_TEXT || !unit_key_raw(arena_text(cli->arena, line).at, entry.key))
        return cli_fail(cli, EX_DATAERR, "不是公钥文件", "not a public key", cli->args[1]);
    registry_t registry = {0};
    exit_code = ask_registry(cli, &registry);
    if (exit_code != EXIT_WELL) return exit_code;
    entry.generation = last_generation(&registry, unit, false) + 1;
    command_done_t done = {0};
    refusal_t refusal = {0};
    err_t err = ask_command(cli, key_registered_type(), &entry, &done, &refusal);
    return err == OK ? tell_done(cli, &done) : cli_fail_err(cli, err, "intake", &refusal);
}

int verb_key_revoke(cli_t *cli) {
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    text_t unit = cli_unit_named(cli, cli->args[0]);
    registry_t registry = {0};
    exit_code = ask_registry(cli, &registry);
    if (exit_code != EXIT_WELL) return exit_code;
    key_revoked_t entry = {
        .unit = unit, .generation = last_generation(&registry, unit, true), .why = text_of("minning key revoke")};
    const char *wanted = cli_option(cli, OPTION_generation);
    if (wanted != NULL && !cli_number(wanted, &entry.generation))
        return cli_fail(cli, EX_USAGE, "代次应为整数", "a generation is a number", wanted);
    if (entry.generation == 0) return cli_fail(cli, EX_DATAERR, "没有可吊销的密钥", "there is no key to revoke", cli->args[0]);
    command_done_t done = {0};
    refusal_t refusal = {0};
    err_t err = ask_command(cli, key_revoked_type(), &entry, &done, &refusal);
    return err == OK ? tell_done(cli, &done) : cli_fail_err(cli, err, "intake", &refusal);
}

static void add_unit(cli_t *cli, sheet_t *sheet, const unit_t *unit, const registry_t *registry) {
    uint64_t last = last_generation(registry, unit->id, false), living = last_generation(registry, unit->id, true);
    text_t state = text_of(last == 0     ? cli_say(cli, "未登记", "no key")
                           : living == 0 ? cli_say(cli, "已吊销", "revoked")
                                         : cli_say(cli, "有效", "in force"));
    if (cli->json) {
        json_t *json = json_object();
        json_object_set_new(json, "unit", json_stringn(unit->id.at, unit->id.size));
        json_object_set_new(json, "name", json_stringn(unit->name.at, unit->name.size));
        json_object_set_new(json, "generation", json_integer((json_int_t)last));
        json_object_set_new(json, "state", json_string(last == 0 ? "none" : living == 0 ? "revoked" : "in_force"));
        cli_print_json(json);
        return;
    }
    text_t cells[] = {unit->id, unit->name, CLI_WORD_OF(cli, unit_kind, unit->kind),
                      last == 0 ? text_of("-") : arena_format(cli->arena, "%lu", (unsigned long)last), state};
    sheet_add(sheet, cells, 5, last == 0 ? colour_grey : living == 0 ? colour_red : NULL);
}

int verb_unit_list(cli_t *cli) {
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    registry_t registry = {0};
    exit_code = ask_registry(cli, &registry);
    if (exit_code != EXIT_WELL) return exit_code;
    const planbook_t *book = cli_plan(cli);
    if (book == NULL) return cli_fail(cli, EX_NOINPUT, "此账本没有计划文件", "this home keeps no plan file", "plan.yaml");
    sheet_t sheet = {.right = {[3] = true}};
    text_t head[] = {cli_word(cli, "编号", "unit"), cli_word(cli, "名称", "name"), cli_word(cli, "类别", "kind"),
                     cli_word(cli, "代次", "generation"), cli_word(cli, "密钥", "key")};
    sheet_add(&sheet, head, 5, NULL);
    const plan_t *plan = planbook_plan(book);
    for (uint32_t index = 0; index < plan->units_count; index++) add_unit(cli, &sheet, &plan->units[index], &registry);
    if (!cli->json) sheet_print(cli, &sheet, stdout);
    sheet_destroy(&sheet);
    return EXIT_WELL;
}
