/* `minning restore`: a backup becomes the ledger again, at a declared fork; what it does not need stays where it is. */
#include "services/minning/copies.h"

#include "proto/command.h"
#include "proto/receipt.h"
#include "services/plan/plan_home.h"
#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "services/vault/vault.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEW_DATA "data.new"
#define RESTORING "restoring" /* `up` refuses while it is there */
#define EPOCH_FILE "keys/epoch"

typedef struct {
    const char *from; /* the backup, absolute */
    copies_t copies;
    uint8_t operator_secret[SIGN_SECRET_SIZE];
    uint8_t signer_secret[SIGN_SECRET_SIZE];
    ledger_restored_t restored;
    uint64_t seq; /* entry of ledger_restored */
    bool vault_stays;
    bool evidence_stays;
    const char *aside; /* where the old stores went; NULL: there were none */
} restoring_t;

/* --- is anybody there? --- */

/* false: somebody holds it. A file that is not there is held by nobody. */
static bool is_free(const char *path) {
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) return true;
    bool free_now = flock(file, LOCK_EX | LOCK_NB) == 0;
    close(file);
    return free_now;
}

static int enter_home(cli_t *cli, int *lock) {
    cli->home = copies_path(cli, cli->args[1]);
    if (home_make(cli->home) != OK || chdir(cli->home) != 0)
        return cli_fail(cli, EX_CANTCREAT, "无法建立目录", "cannot make the folder", cli->args[1]);
    *lock = open("run/up.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool quiet = *lock >= 0 && flock(*lock, LOCK_EX | LOCK_NB) == 0;
    for (int copy = 0; copy < COPIES; copy++)
        quiet = quiet && is_free(arena_format(cli->arena, "data/%s/lock", copy_names[copy]).at);
    return quiet ? EXIT_WELL : cli_fail(cli, EX_TEMPFAIL, "正在运行，请先停机", "it is running: stop it first", cli->home);
}

/* --- a fresh copy of the copies --- */

/* Sealed files of a copy that is not wanted. */
static void remove_files(cli_t *cli, const char *path) {
    const char *name = arena_format(cli->arena, "%s/" COPY_FILES, path).at;
    DIR *folder = opendir(name);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder != NULL) closedir(folder);
    rmdir(name);
}

static const char *const position_files[] = {"published", "published.told"};
enum { POSITION_FILES = sizeof position_files / sizeof position_files[0] };

/* The store alone: what was told stays told, whatever it is derived from again. */
static void remove_store(cli_t *cli, const char *folder, int copy) {
    static const char *const files[] = {"data.mdb", "lock.mdb", "lock", "crashes"};
    const char *path = arena_format(cli->arena, "%s/%s", folder, copy_names[copy]).at;
    for (size_t index = 0; index < sizeof files / sizeof files[0]; index++)
        unlink(arena_format(cli->arena, "%s/%s", path, files[index]).at);
    if (copy == COPY_EVIDENCE) remove_files(cli, path);
    rmdir(path); /* if it is empty */
}

static void remove_copy(cli_t *cli, const char *folder, int copy) {
    for (size_t file = 0; file < POSITION_FILES; file++)
        unlink(arena_format(cli->arena, "%s/%s/%s", folder, copy_names[copy], position_files[file]).at);
    remove_store(cli, folder, copy);
}

static err_t bring_files(cli_t *cli, const restoring_t *self) {
    const char *from = arena_format(cli->arena, "%s/%s/" COPY_FILES, self->from, copy_names[COPY_EVIDENCE]).at;
    err_t err = copies_folder(cli, from, NEW_DATA "/evidence/" COPY_FILES);
    return err == OK ? home_sync_folder(NEW_DATA "/evidence/" COPY_FILES) : err == ERR_MISSING ? OK : err;
}

/* How far Redis had been told, and what: who loses that on the way tells it again. */
static err_t bring_position(cli_t *cli, const char *from, const char *to) {
    err_t err = OK;
    for (size_t file = 0; err == OK && file < POSITION_FILES; file++) {
        err = copies_file(arena_format(cli->arena, "%s/%s", from, position_files[file]).at,
                          arena_format(cli->arena, "%s/%s", to, position_files[file]).at, 0600);
        if (err == ERR_MISSING) err = OK;
    }
    return err;
}

static int bring_copies(cli_t *cli, restoring_t *self) {
    for (int copy = 0; copy < COPIES; copy++) {
        remove_copy(cli, NEW_DATA, copy); /* of a restore that did not come to its end */
        const char *from = arena_format(cli->arena, "%s/%s", self->from, copy_names[copy]).at;
        const char *to = arena_format(cli->arena, NEW_DATA "/%s", copy_names[copy]).at;
        err_t err = home_make_folder(to);
        if (err == OK) err = bring_position(cli, from, to);
        if (err == OK)
            err = copies_file(arena_format(cli->arena, "%s/data.mdb", from).at, arena_format(cli->arena, "%s/data.mdb", to).at,
                              0600);
        if (err != OK && (err != ERR_MISSING || copy >= COPY_INTAKE))
            return cli_fail(cli, err == ERR_MISSING ? EX_NOINPUT : EX_IOERR, "读不到备份", "cannot read the backup", from);
    }
    if (bring_files(cli, self) != OK) return cli_fail(cli, EX_IOERR, "读不到备份", "cannot read the backup", "evidence");
    return EXIT_WELL;
}

/* The ledger and the vault must be whole. A derived copy that is not is left out: it is rebuilt. */
static int check_copies(cli_t *cli, restoring_t *self) {
    copies_verify(NEW_DATA, NULL, &self->copies);
    for (int copy = 0; copy < COPIES; copy++) {
        err_t err = self->copies.err[copy];
        if (err == OK) continue;
        text_t why = arena_format(cli->arena, "%s: %s", copy_names[copy], err_name(err));
        if (copy >= COPY_INTAKE) return cli_fail(cli, EX_DATAERR, "备份未通过核验", "the backup does not read back", why.at);
        remove_store(cli, NEW_DATA, copy);
        cli_fail(cli, EXIT_WELL, "该环节将由账本重建", "left out, to be rebuilt from the ledger", why.at);
    }
    return EXIT_WELL;
}

/* --- keys and settings --- */

static int bring_keys(cli_t *cli, restoring_t *self) {
    err_t err = copies_folder(cli, arena_format(cli->arena, "%s/keys", self->from).at, "keys");
    if (err != OK && err != ERR_MISSING) return cli_fail(cli, EX_IOERR, "无法写入", "cannot write", "keys");
    err = copies_folder(cli, arena_format(cli->arena, "%s/officers", self->from).at, "officers");
    if (err != OK && err != ERR_MISSING) return cli_fail(cli, EX_IOERR, "无法写入", "cannot write", "officers");
    if (access(HOME_CONF, F_OK) != 0) copies_file(arena_format(cli->arena, "%s/" HOME_CONF, self->from).at, HOME_CONF, 0600);
    if (access(PLAN_HOME_FILE, F_OK) != 0) { /* its bytes first; without them it is read as it is */
        copies_file(arena_format(cli->arena, "%s/" PLAN_HOME_BYTES, self->from).at, PLAN_HOME_BYTES, 0644);
        copies_file(arena_format(cli->arena, "%s/" PLAN_HOME_FILE, self->from).at, PLAN_HOME_FILE, 0644);
    }
    err = home_read_key("keys/operator.key", self->operator_secret, SIGN_SECRET_SIZE);
    if (err == OK) err = home_read_key("keys/signer.key", self->signer_secret, SIGN_SECRET_SIZE);
    if (err != OK)
        return cli_fail(cli, EX_NOINPUT, "缺少密钥 keys/operator.key、keys/signer.key",
                        "keys/operator.key and keys/signer.key are needed", err_name(err));
    const ledger_opened_t *opened = &self->copies.opened; /* an Ed25519 secret ends with its public half */
    bool ours = memcmp(self->operator_secret + SIGN_PUBLIC_SIZE, opened->operator_key, SIGN_PUBLIC_SIZE) == 0 &&
                memcmp(self->signer_secret + SIGN_PUBLIC_SIZE, opened->signer_key, SIGN_PUBLIC_SIZE) == 0;
    return ours ? EXIT_WELL : cli_fail(cli, EX_CONFIG, "密钥不属于这本账", "the keys are not those of this ledger", cli->home);
}

/* --- the fork --- */

static int read_receipt(cli_t *cli, const restoring_t *self, receipt_t *receipt) {
    const char *file = cli_option(cli, OPTION_receipt);
    int exit_code = cli_read_receipt(cli, file, receipt);
    if (exit_code != EXIT_WELL) return exit_code;
    if (memcmp(receipt->ledger_id, self->copies.opened.ledger_id, sizeof receipt->ledger_id) == 0 &&
        receipt_verify(receipt, self->copies.opened.signer_key))
        return EXIT_WELL;
    return cli_fail(cli, EX_DATAERR, "不是本账本的有效回执", "not a receipt of this ledger", file);
}

static void at_least(uint64_t *number, uint64_t other) {
    if (*number < other) *number = other;
}

/* SEQ:HASH */
static bool last_head_read(cli_t *cli, const char *text, ledger_restored_t *restored) {
    const char *colon = strchr(text, ':');
    if (colon == NULL) return false;
    const char *seq = arena_text(cli->arena, (text_t){text, (uint32_t)(colon - text)}).at;
    return cli_number(seq, &restored->last_head_seq) &&
           hex_read(text_of(colon + 1), restored->last_head_hash, sizeof restored->last_head_hash);
}

/* A number that no earlier life of this ledger has used: above the backup's, the receipt's, the last restore's in this home,
 * and that of the ledger that is being replaced, if it still says. */
static int choose_epoch(cli_t *cli, restoring_t *self, uint64_t seen) {
    text_t kept;
    copies_t old = {0};
    uint64_t number = 0;
    at_least(&seen, self->copies.epoch);
    if (home_read(EPOCH_FILE, cli->arena, 32, &kept) == OK) at_least(&seen, strtoull(kept.at, NULL, 10));
    if (access("data/intake/data.mdb", R_OK) == 0 &&
        intake_verify("data/intake", &old.out[COPY_INTAKE], &old.opened, &old.epoch) == OK)
        at_least(&seen, old.epoch);
    const char *wanted = cli_option(cli, OPTION_epoch);
    if (wanted != NULL && (!cli_number(wanted, &number) || number <= seen || number > UINT32_MAX))
        return cli_fail(cli, EX_USAGE, "纪元编号须大于用过的", "an epoch's number is above all that were used", wanted);
    self->restored.epoch = wanted != NULL ? number : seen + 1;
    return EXIT_WELL;
}

static int describe_fork(cli_t *cli, restoring_t *self) {
    const head_t *head = &self->copies.out[COPY_INTAKE];
    receipt_t receipt = {0};
    self->restored.fork_seq = head->seq;
    memcpy(self->restored.fork_hash, head->hash, sizeof self->restored.fork_hash);
    const char *last = cli_option(cli, OPTION_last_head);
    if (last != NULL && !last_head_read(cli, last, &self->restored))
        return cli_fail(cli, EX_USAGE, "应写作 编号:链哈希", "written as SEQ:HASH", last);
    if (cli_option(cli, OPTION_receipt) != NULL) {
        int exit_code = read_receipt(cli, self, &receipt);
        if (exit_code != EXIT_WELL) return exit_code;
        self->restored.last_head_seq = receipt.head_seq;
        memcpy(self->restored.last_head_hash, receipt.head_hash, sizeof receipt.head_hash);
    }
    return choose_epoch(cli, self, receipt.epoch);
}

/* The declared discontinuity: an entry like any other, by the operator's signature, appended by intake's own code. */
static err_t declare(restoring_t *self, arena_t *arena) {
    intake_t *intake = NULL;
    buffer_t frame = {0}, now = {0}, later = {0};
    uint8_t command_id[16];
    crypto_random(command_id, sizeof command_id);
    command_sign(1, command_id, self->copies.opened.ledger_id, ledger_restored_type(), &self->restored, self->operator_secret,
                 &frame);
    err_t err = intake_open(NEW_DATA "/intake", self->signer_secret, &intake);
    if (err == OK) {
        intake_allow_restore(intake);
        intake_take(intake, door_operator, (bytes_t){frame.at, (uint32_t)frame.size}, clock_wall_ms(), clock_steady_ms(), &now,
                    &later);
        err = intake_commit(intake);
    }
    packet_t packet;
    command_done_t done;
    fault_t fault;
    if (err == OK && (later.size == 0 || packet_decode((bytes_t){later.at, (uint32_t)later.size}, &packet, &fault) != OK ||
                      packet_body(&packet, command_done_type(), arena, &done, &fault) != OK))
        err = ERR_REFUSED;
    if (err == OK) self->seq = done.seq;
    intake_close(&intake);
    buffer_destroy(&frame);
    buffer_destroy(&now);
    buffer_destroy(&later);
    return err;
}

/* --- the exchange --- */

/* A vault that outlived the ledger knows more than the backup's, erasures included. */
static bool vault_outlived(const restoring_t *self) {
    uint64_t serial = 0;
    return access("data/vault/data.mdb", R_OK) == 0 && vault_verify("data/vault", &serial) == OK &&
           serial >= self->copies.vault_serial;
}

/* So does its evidence, with the files that came since. */
static bool evidence_outlived(const restoring_t *self) {
    evidence_found_t found = {0};
    return access("data/evidence/data.mdb", R_OK) == 0 && evidence_verify("data/evidence", NULL, &found) == OK &&
           found.serial >= self->copies.evidence.serial;
}

static const char *free_name(cli_t *cli) {
    for (int number = 1;; number++) {
        const char *name = arena_format(cli->arena, "data.lost-%d", number).at;
        if (access(name, F_OK) != 0) return name;
    }
}

static err_t exchange_one(cli_t *cli, restoring_t *self, int copy) {
    const char *old = arena_format(cli->arena, "data/%s", copy_names[copy]).at;
    const char *new = arena_format(cli->arena, NEW_DATA "/%s", copy_names[copy]).at;
    if (access(old, F_OK) == 0) {
        if (self->aside == NULL) self->aside = free_name(cli);
        const char *aside = arena_format(cli->arena, "%s/%s", self->aside, copy_names[copy]).at;
        if (home_make_folder(self->aside) != OK || rename(old, aside) != 0) return ERR_SYSTEM;
    }
    return access(new, F_OK) != 0 || rename(new, old) == 0 ? OK : ERR_SYSTEM;
}

/* Redis' own folder stays: its stream is the history of who was warned, also of what is lost now. */
static int exchange(cli_t *cli, restoring_t *self) {
    text_t epoch = arena_format(cli->arena, "%lu\n", (unsigned long)self->restored.epoch);
    self->vault_stays = vault_outlived(self);
    self->evidence_stays = evidence_outlived(self);
    err_t err = home_write(EPOCH_FILE, epoch, 0644);
    if (err == OK) err = home_write(RESTORING, epoch, 0600);
    for (int copy = 0; err == OK && copy < COPIES; copy++)
        if (!(copy == COPY_VAULT && self->vault_stays) && !(copy == COPY_EVIDENCE && self->evidence_stays))
            err = exchange_one(cli, self, copy);
    if (err != OK) return cli_fail(cli, EX_IOERR, "恢复没有完成", "the restore did not come to its end", strerror(errno));
    if (self->vault_stays) remove_copy(cli, NEW_DATA, COPY_VAULT);
    if (self->evidence_stays) remove_copy(cli, NEW_DATA, COPY_EVIDENCE);
    rmdir(NEW_DATA);
    int folder = open("data", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool durable = folder >= 0 && fsync(folder) == 0 && unlink(RESTORING) == 0;
    if (folder >= 0) close(folder);
    return durable ? EXIT_WELL
                   : cli_fail(cli, EX_IOERR, "恢复没有完成", "the restore did not come to its end", strerror(errno));
}

/* What the ledger names may be missing or unreadable now: told at once, and by name with `evidence check`. */
static void tell_evidence(cli_t *cli) {
    uint8_t key[HASH_KEY_SIZE];
    evidence_found_t found = {0};
    bool known = home_read_key("keys/vault.key", key, sizeof key) == OK;
    err_t err = evidence_verify("data/evidence", known ? key : NULL, &found);
    explicit_bzero(key, sizeof key);
    if (err == OK && found.absent + found.damaged == 0) return;
    text_t why = arena_format(cli->arena, "%lu/%lu", (unsigned long)(found.absent + found.damaged), (unsigned long)found.files);
    cli_fail(cli, EXIT_WELL, "有佐证文件缺失或损坏，请用 minning evidence check 查看并请单位重传",
             "evidence files are missing or damaged: see minning evidence check, and have the units send them again", why.at);
}

static void tell(cli_t *cli, const restoring_t *self) {
    const ledger_restored_t *restored = &self->restored;
    if (cli->json) {
        json_t *json = message_to_json(ledger_restored_type(), restored);
        json_object_set_new(json, "seq", json_integer((json_int_t)self->seq));
        json_object_set_new(json, "vault", json_string(self->vault_stays ? "kept" : "restored"));
        if (self->aside != NULL) json_object_set_new(json, "aside", json_string(self->aside));
        cli_print_json(json);
        return;
    }
    printf(cli_say(cli, "账本已恢复到第 %lu 条，第 %lu 纪元由第 %lu 条开始\n",
                   "the ledger is back at entry %lu; epoch %lu begins with entry %lu\n"),
           (unsigned long)restored->fork_seq, (unsigned long)restored->epoch, (unsigned long)self->seq);
    if (restored->last_head_seq > restored->fork_seq)
        printf(cli_say(cli, "已知丢失 %lu 条，请各单位凭回执补报\n",
                       "%lu entries are known to be lost: let the units send them again with their receipts\n"),
               (unsigned long)(restored->last_head_seq - restored->fork_seq));
    if (self->vault_stays) printf("%s\n", cli_say(cli, "保密库完好，保留现有的", "the vault outlived it and stays as it is"));
    if (!self->vault_stays)
        printf("%s\n", cli_say(cli, "保密库来自备份：此后删除过的内容须重新删除",
                               "the vault is the backup's: what was erased since must be erased again"));
    if (self->aside != NULL) printf(cli_say(cli, "原有数据移至 %s\n", "what was there lies in %s\n"), self->aside);
}

int verb_restore(cli_t *cli) {
    restoring_t self = {.from = copies_path(cli, cli->args[0])};
    int lock = -1;
    crypto_start();
    umask(0077);
    int exit_code = enter_home(cli, &lock);
    if (exit_code == EXIT_WELL) exit_code = bring_copies(cli, &self);
    if (exit_code == EXIT_WELL) exit_code = check_copies(cli, &self);
    if (exit_code == EXIT_WELL) exit_code = bring_keys(cli, &self);
    if (exit_code == EXIT_WELL) exit_code = describe_fork(cli, &self);
    if (exit_code == EXIT_WELL) {
        err_t err = declare(&self, cli->arena);
        if (err != OK)
            exit_code = cli_fail(cli, cli_exit_of(err), "无法声明分叉", "the fork cannot be declared", err_name(err));
    }
    if (exit_code == EXIT_WELL) exit_code = exchange(cli, &self);
    if (exit_code == EXIT_WELL) tell(cli, &self);
    if (exit_code == EXIT_WELL) tell_evidence(cli);
    explicit_bzero(self.operator_secret, sizeof self.operator_secret);
    explicit_bzero(self.signer_secret, sizeof self.signer_secret);
    if (lock >= 0) close(lock);
    return exit_code;
}
