/* Copies of stores and small files: made durable, read from end to end. */
#include "services/minning/copies.h"

#include "services/2-validation/validation.h"
#include "services/3-aggregation/aggregation.h"
#include "services/4-alerting/alerting.h"
#include "services/stage/home.h"
#include "services/vault/vault.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const copy_names[COPIES] = {"alerting", "aggregation", "validation", "intake", "vault", "evidence"};

static const char *path_in(arena_t *arena, const char *folder, int copy) {
    return arena_format(arena, "%s/%s", folder, copy_names[copy]).at;
}

/* Does the writer's copy hold what this one has applied? */
static err_t follows(const char *folder, int writer_copy, const head_t *in, arena_t *arena) {
    store_t *writer = NULL;
    bool derived = writer_copy < COPY_INTAKE; /* its chain is another, and its records with it */
    err_t err = (derived ? store_open_derived : store_open)(path_in(arena, folder, writer_copy), NULL, 0, &writer);
    txn_t *txn = err == OK ? store_read(writer) : NULL;
    if (err == OK && (txn == NULL || !txn_stands(txn, in->seq, in->hash))) err = ERR_CORRUPT;
    txn_abort(&txn);
    store_close(&writer);
    return err;
}

void copies_verify(const char *folder, const uint8_t *vault_key, copies_t *copies) {
    const role_t *roles[] = {
        [COPY_ALERTING] = alerting_role(), [COPY_AGGREGATION] = aggregation_role(), [COPY_VALIDATION] = validation_role()};
    arena_t *arena = arena_new();
    *copies = (copies_t){0};
    for (int copy = COPIES - 1; copy >= 0; copy--) {
        const char *path = path_in(arena, folder, copy);
        if (access(arena_format(arena, "%s/data.mdb", path).at, R_OK) != 0)
            copies->err[copy] = ERR_MISSING;
        else if (copy == COPY_VAULT)
            copies->err[copy] = vault_verify(path, &copies->vault_serial);
        else if (copy == COPY_EVIDENCE)
            copies->err[copy] = evidence_verify(path, vault_key, &copies->evidence);
        else if (copy == COPY_INTAKE)
            copies->err[copy] = intake_verify(path, &copies->out[copy], &copies->opened, &copies->epoch);
        else
            copies->err[copy] = stage_verify(roles[copy], path, &copies->in[copy], &copies->out[copy]);
        if (copy < COPY_INTAKE && copies->err[copy] == OK) {
            bool writer_is_well = copies->err[copy + 1] == OK;
            copies->err[copy] = writer_is_well ? follows(folder, copy + 1, &copies->in[copy], arena) : ERR_CORRUPT;
        }
    }
    arena_destroy(&arena);
}

const char *copies_path(const cli_t *cli, const char *named) {
    char link[64], start[PATH_MAX];
    if (named[0] == '/') return named;
    snprintf(link, sizeof link, "/proc/self/fd/%d", cli->start_dir);
    ssize_t size = readlink(link, start, sizeof start - 1);
    if (size <= 0) return named;
    start[size] = '\0';
    return arena_format(cli->arena, "%s/%s", start, named).at;
}

static err_t bytes_copy(int from, int to) {
    static uint8_t bytes[1 << 16];
    for (;;) {
        ssize_t got = read(from, bytes, sizeof bytes);
        if (got == 0) return fsync(to) == 0 ? OK : ERR_SYSTEM;
        if (got < 0 && errno != EINTR) return ERR_SYSTEM;
        for (ssize_t at = 0; at < got;) {
            ssize_t put = write(to, bytes + at, (size_t)(got - at));
            if (put < 0 && errno != EINTR) return ERR_SYSTEM;
            if (put > 0) at += put;
        }
    }
}

err_t copies_file(const char *from, const char *to, unsigned mode) {
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0) return errno == ENOENT ? ERR_MISSING : ERR_SYSTEM;
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
    err_t err = out < 0 ? ERR_SYSTEM : bytes_copy(in, out);
    if (out >= 0 && close(out) != 0 && err == OK) err = ERR_SYSTEM;
    close(in);
    return err;
}

err_t copies_folder(cli_t *cli, const char *from, const char *to) {
    DIR *folder = opendir(from);
    if (folder == NULL) return errno == ENOENT ? ERR_MISSING : ERR_SYSTEM;
    err_t err = home_make_folder(to);
    for (struct dirent *entry; err == OK && (entry = readdir(folder)) != NULL;) {
        const char *source = arena_format(cli->arena, "%s/%s", from, entry->d_name).at;
        const char *target = arena_format(cli->arena, "%s/%s", to, entry->d_name).at;
        struct stat status;
        size_t size = strlen(entry->d_name);
        bool secret = size > 4 && strcmp(entry->d_name + size - 4, ".key") == 0;
        if (lstat(source, &status) != 0 || !S_ISREG(status.st_mode) || access(target, F_OK) == 0) continue;
        err = copies_file(source, target, secret ? 0600 : 0644);
    }
    closedir(folder);
    return err;
}
