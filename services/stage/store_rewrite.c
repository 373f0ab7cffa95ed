/* Writes a store anew with only what it holds: what was deleted lies in pages nobody uses, and in the gaps of pages in use. */
#include "services/stage/store_inner.h"

#include "services/stage/home.h"
#include "services/stage/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* All rows of one table, in their order. */
static int table_copy(MDB_txn *from, MDB_txn *to, const char *name) {
    MDB_dbi source, target;
    MDB_cursor *reader = NULL, *writer = NULL;
    MDB_val key, value;
    int code = mdb_dbi_open(from, name, 0, &source);
    if (code == 0) code = mdb_dbi_open(to, name, MDB_CREATE, &target);
    if (code == 0) code = mdb_cursor_open(from, source, &reader);
    if (code == 0) code = mdb_cursor_open(to, target, &writer);
    while (code == 0 && (code = mdb_cursor_get(reader, &key, &value, MDB_NEXT)) == 0)
        code = mdb_cursor_put(writer, &key, &value, MDB_APPEND);
    if (reader != NULL) mdb_cursor_close(reader);
    if (writer != NULL) mdb_cursor_close(writer);
    return code == MDB_NOTFOUND ? 0 : code;
}

/* Every table that there is, also those that an older program made. */
static int tables_copy(MDB_txn *from, MDB_txn *to) {
    MDB_dbi all;
    MDB_cursor *names = NULL;
    MDB_val key, value;
    char name[256];
    int code = mdb_dbi_open(from, NULL, 0, &all);
    if (code == 0) code = mdb_cursor_open(from, all, &names);
    while (code == 0 && (code = mdb_cursor_get(names, &key, &value, MDB_NEXT)) == 0) {
        if (key.mv_size >= sizeof name) code = MDB_BAD_VALSIZE;
        else {
            memcpy(name, key.mv_data, key.mv_size);
            name[key.mv_size] = '\0';
            code = table_copy(from, to, name);
        }
    }
    if (names != NULL) mdb_cursor_close(names);
    return code == MDB_NOTFOUND ? 0 : code;
}

/* The new file, whole and on the disk. */
static int file_write(store_t *self, const char *folder) {
    MDB_env *env = NULL;
    MDB_txn *from = NULL, *to = NULL;
    int code = mdb_env_create(&env);
    if (code == 0) code = mdb_env_set_mapsize(env, LIMIT_STORE_SIZE);
    if (code == 0) code = mdb_env_set_maxdbs(env, STORE_TABLES + 2);
    if (code == 0) code = mdb_env_open(env, folder, 0, 0600);
    if (code == 0) code = mdb_txn_begin(self->env, NULL, MDB_RDONLY, &from);
    if (code == 0) code = mdb_txn_begin(env, NULL, 0, &to);
    if (code == 0) code = tables_copy(from, to);
    if (code == 0) {
        code = mdb_txn_commit(to); /* flushed: the default flags */
        to = NULL;
    }
    if (to != NULL) mdb_txn_abort(to);
    if (from != NULL) mdb_txn_abort(from);
    if (env != NULL) mdb_env_close(env);
    return code;
}

/* What the old file held is overwritten where it lies, as far as the file system lets us. */
static void file_blank(int file) {
    enum { CHUNK = 64 * 1024 };
    static const uint8_t zeros[CHUNK];
    struct stat status;
    if (fstat(file, &status) != 0) return;
    for (off_t at = 0; at < status.st_size; at += CHUNK)
        if (pwrite(file, zeros, CHUNK, at) != CHUNK) break;
    if (fsync(file) != 0) log_warn("store_not_blanked", "error=\"%s\"", strerror(errno));
}

static bool folder_sync(const char *folder) {
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) close(fd);
    return synced;
}

err_t store_rewrite(store_t *self) {
    char folder[PATH_MAX], fresh[PATH_MAX + 16], lock[PATH_MAX + 16], old[PATH_MAX];
    ASSERT(!self->writing && !self->derived);
    copy_destroy(&self->copy); /* a copy under way would carry on what is to go */
    snprintf(folder, sizeof folder, "%s/rewritten", self->path);
    snprintf(fresh, sizeof fresh, "%s/data.mdb", folder);
    snprintf(lock, sizeof lock, "%s/lock.mdb", folder);
    snprintf(old, sizeof old, "%s/data.mdb", self->path);
    unlink(fresh); /* half of one that a crash left */
    err_t err = home_make_folder(folder);
    int code = err == OK ? file_write(self, folder) : 0;
    if (code != 0 || err != OK) { /* a full disk, most likely: the store goes on as it is */
        log_warn("store_not_rewritten", "store=%s error=\"%s\"", self->path, code != 0 ? mdb_strerror(code) : err_name(err));
        unlink(fresh);
        unlink(lock);
        rmdir(folder);
        return ERR_FULL;
    }
    int file = open(old, O_RDWR | O_CLOEXEC);
    mdb_env_close(self->env);
    self->env = NULL;
    if (rename(fresh, old) != 0 || !folder_sync(self->path)) err = ERR_STORE;
    if (file >= 0 && err == OK) file_blank(file);
    if (file >= 0) close(file);
    unlink(lock);
    rmdir(folder);
    log_info("store_rewritten", "store=%s error=%s", self->path, err_name(err));
    return err == OK ? store_reopen(self) : err;
}
