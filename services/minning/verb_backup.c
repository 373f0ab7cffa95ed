/* `minning backup`: a copy of every store of the running system, read from end to end, and noted in the ledger. */
#include "services/minning/ask.h"
#include "services/minning/copies.h"

#include "proto/crypto.h"
#include "services/plan/plan_home.h"
#include "services/stage/clock.h"
#include "services/stage/home.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_SECONDS = 3600, LOOK_MS = 20 };

typedef struct {
    const char *folder; /* absolute */
    int64_t at_ms;
    int64_t until_ms;
    uint64_t bytes;
    copies_t copies;
} backup_t;

/* A folder of its own for every backup: nothing is ever written over. */
static int make_folder(cli_t *cli, backup_t *backup) {
    backup->folder = copies_path(cli, cli->args[0]);
    if (mkdir(backup->folder, 0700) == 0) return EXIT_WELL;
    bool there = errno == EEXIST;
    return cli_fail(cli, EX_CANTCREAT, there ? "目录已存在，备份须存入新目录" : "无法建立目录",
                    there ? "the folder is there already; a backup wants a new one" : "cannot make the folder", cli->args[0]);
}

/* Asks one service to copy its store, until it says that this is done. */
static int copy_store(cli_t *cli, backup_t *backup, int copy) {
    backup_ask_t ask = {.folder = arena_format(cli->arena, "%s/%s", backup->folder, copy_names[copy])};
    backup_told_t told = {0};
    do {
        int exit_code = ask_desk(cli, copy_names[copy], backup_ask_type(), &ask, backup_told_type(), &told);
        if (exit_code != EXIT_WELL) return exit_code;
        if (told.state == copy_state_failed) {
            text_t why = arena_format(cli->arena, "%s: " TEXT_FORMAT, copy_names[copy], TEXT_ARGS(told.why));
            return cli_fail(cli, EX_IOERR, "复制失败", "the copy failed", why.at);
        }
        if (told.state == copy_state_running) poll(NULL, 0, LOOK_MS);
    } while (told.state == copy_state_running && clock_steady_ms() < backup->until_ms);
    if (told.state == copy_state_running)
        return cli_fail(cli, EX_TEMPFAIL, "没有在时限内完成", "it did not come to its end in time", copy_names[copy]);
    backup->bytes += told.bytes;
    return EXIT_WELL;
}

/* How far Redis has been told lies before the copy of what there is to tell: after a restore nothing before it rings again. */
static err_t copy_position(cli_t *cli, const backup_t *backup) {
    static const char *const files[] = {"published", "published.told"}; /* what the first leans on comes after it */
    const char *folder = arena_format(cli->arena, "%s/%s", backup->folder, copy_names[COPY_ALERTING]).at;
    err_t err = home_make_folder(folder);
    for (size_t file = 0; err == OK && file < sizeof files / sizeof files[0]; file++) {
        const char *from = arena_format(cli->arena, "data/alerting/%s", files[file]).at;
        err = copies_file(from, arena_format(cli->arena, "%s/%s", folder, files[file]).at, 0600);
        if (err == ERR_MISSING) err = OK;
    }
    return err;
}

/* After the store that lists them: none of them is ever written again. What was erased meanwhile is gone, and is to be. */
static err_t copy_files(cli_t *cli, const backup_t *backup) {
    const char *to = arena_format(cli->arena, "%s/%s/" COPY_FILES, backup->folder, copy_names[COPY_EVIDENCE]).at;
    err_t err = copies_folder(cli, "data/evidence/" COPY_FILES, to);
    return err == OK ? home_sync_folder(to) : err == ERR_MISSING ? OK : err;
}

static int copy_everything(cli_t *cli, backup_t *backup) {
    err_t err = copy_position(cli, backup);
    int exit_code = EXIT_WELL;
    for (int copy = 0; err == OK && exit_code == EXIT_WELL && copy < COPIES; copy++) exit_code = copy_store(cli, backup, copy);
    if (exit_code != EXIT_WELL) return exit_code;
    bool keys = cli_option(cli, OPTION_no_keys) == NULL;
    err = copy_files(cli, backup);
    if (err == OK && keys) err = copies_folder(cli, "keys", arena_format(cli->arena, "%s/keys", backup->folder).at);
    if (err == OK && keys) err = copies_folder(cli, "officers", arena_format(cli->arena, "%s/officers", backup->folder).at);
    if (err == OK) err = copies_file(HOME_CONF, arena_format(cli->arena, "%s/" HOME_CONF, backup->folder).at, 0600);
    if (err == OK) err = copies_file(PLAN_HOME_FILE, arena_format(cli->arena, "%s/" PLAN_HOME_FILE, backup->folder).at, 0644);
    if (err == OK) err = copies_file(PLAN_HOME_BYTES, arena_format(cli->arena, "%s/" PLAN_HOME_BYTES, backup->folder).at, 0644);
    if (err == ERR_MISSING) err = OK;
    return err == OK ? EXIT_WELL : cli_fail(cli, EX_IOERR, "无法写入备份", "cannot write the backup", err_name(err));
}

static int verify(cli_t *cli, backup_t *backup) {
    uint8_t vault_key[HASH_KEY_SIZE];
    bool key = home_read_key("keys/vault.key", vault_key, sizeof vault_key) == OK;
    copies_verify(backup->folder, key ? vault_key : NULL, &backup->copies);
    explicit_bzero(vault_key, sizeof vault_key);
    if (backup->copies.evidence.damaged > 0) backup->copies.err[COPY_EVIDENCE] = ERR_CORRUPT;
    backup->bytes += backup->copies.evidence.bytes;
    for (int copy = 0; copy < COPIES; copy++) {
        const char *folder = arena_format(cli->arena, "%s/%s", backup->folder, copy_names[copy]).at;
        unlink(arena_format(cli->arena, "%s/lock", folder).at);
        unlink(arena_format(cli->arena, "%s/lock.mdb", folder).at);
        if (backup->copies.err[copy] == OK) continue;
        text_t why = arena_format(cli->arena, "%s: %s", copy_names[copy], err_name(backup->copies.err[copy]));
        return cli_fail(cli, EX_IOERR, "备份未通过核验，不可使用", "the copy does not read back: do not use it", why.at);
    }
    return EXIT_WELL;
}

/* For people; a restore believes the stores alone. */
static json_t *manifest(cli_t *cli, const backup_t *backup) {
    const head_t *head = &backup->copies.out[COPY_INTAKE];
    json_t *json = json_object();
    json_object_set_new(json, "folder", json_string(backup->folder));
    json_object_set_new(json, "ledger_id", json_string(hex_of(backup->copies.opened.ledger_id, 16, cli->arena).at));
    json_object_set_new(json, "epoch", json_integer((json_int_t)backup->copies.epoch));
    json_object_set_new(json, "seq", json_integer((json_int_t)head->seq));
    json_object_set_new(json, "head_hash", json_string(hex_of(head->hash, sizeof head->hash, cli->arena).at));
    json_object_set_new(json, "at_ms", json_integer((json_int_t)backup->at_ms));
    json_object_set_new(json, "bytes", json_integer((json_int_t)backup->bytes));
    json_object_set_new(json, "evidence", json_integer((json_int_t)backup->copies.evidence.files));
    json_object_set_new(json, "evidence_absent", json_integer((json_int_t)backup->copies.evidence.absent));
    json_object_set_new(json, "keys", json_boolean(cli_option(cli, OPTION_no_keys) == NULL));
    return json;
}

static int note(cli_t *cli, backup_t *backup, command_done_t *done) {
    json_t *json = manifest(cli, backup);
    char *line = json_dumps(json, JSON_INDENT(2));
    text_t text = arena_format(cli->arena, "%s\n", line);
    free(line);
    json_decref(json);
    if (home_write(arena_format(cli->arena, "%s/backup.json", backup->folder).at, text, 0600) != OK)
        return cli_fail(cli, EX_IOERR, "无法写入备份", "cannot write the backup", "backup.json");
    backup_taken_t taken = {.seq = backup->copies.out[COPY_INTAKE].seq, .at_ms = (uint64_t)backup->at_ms};
    memcpy(taken.head_hash, backup->copies.out[COPY_INTAKE].hash, sizeof taken.head_hash);
    refusal_t refusal = {0};
    err_t err = ask_command(cli, backup_taken_type(), &taken, done, &refusal);
    return err == OK ? EXIT_WELL : cli_fail_err(cli, err, "intake", &refusal);
}

int verb_backup(cli_t *cli) {
    backup_t backup = {.at_ms = clock_wall_ms()};
    command_done_t done = {0};
    uint64_t seconds = COPY_SECONDS;
    if (cli_option(cli, OPTION_timeout) != NULL && !cli_number(cli_option(cli, OPTION_timeout), &seconds))
        return cli_fail(cli, EX_USAGE, "秒数应为整数", "seconds are a whole number", cli_option(cli, OPTION_timeout));
    backup.until_ms = clock_steady_ms() + (int64_t)seconds * 1000;
    int exit_code = cli_enter(cli);
    if (exit_code == EXIT_WELL) exit_code = make_folder(cli, &backup);
    if (exit_code == EXIT_WELL) exit_code = copy_everything(cli, &backup);
    if (exit_code == EXIT_WELL) exit_code = verify(cli, &backup);
    if (exit_code == EXIT_WELL) exit_code = note(cli, &backup, &done);
    if (exit_code != EXIT_WELL) return exit_code;
    if (cli->json)
        cli_print_json(manifest(cli, &backup));
    else
        printf(cli_say(cli, "已备份至第 %lu 条（%.1f MiB，已逐条核验），记入账本第 %lu 条\n%s\n",
                       "backed up to entry %lu (%.1f MiB, read from end to end), noted as entry %lu\n%s\n"),
               (unsigned long)backup.copies.out[COPY_INTAKE].seq, (double)backup.bytes / 1048576.0, (unsigned long)done.seq,
               backup.folder);
    if (!cli->json && backup.copies.evidence.absent > 0)
        printf(cli_say(cli, "其中 %lu 个佐证文件在库中缺失，请用 minning evidence check 查看\n",
                       "%lu evidence files are missing from the vault itself: see minning evidence check\n"),
               (unsigned long)backup.copies.evidence.absent);
    return EXIT_WELL;
}
