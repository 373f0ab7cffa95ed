/* The birth of a store's file: whole and durable before it has its name, so that no power cut leaves half of one. */
#include "services/stage/store_inner.h"

#include "services/stage/home.h"
#include "services/stage/log.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME "data.mdb"
#define FILE_BORN "data.mdb.new"

static bool path_make(const store_t *self, const char *name, char path[PATH_MAX]) {
    int size = snprintf(path, PATH_MAX, "%s/%s", self->path, name);
    return size > 0 && size < PATH_MAX;
}

/* An empty environment under the other name, on the disk before it is named. Whoever calls holds the lock. */
static err_t file_bear(const store_t *self, const char *born, const char *path) {
    MDB_env *env = NULL;
    unlink(born); /* of a birth that was cut short */
    int code = mdb_env_create(&env);
    if (code == 0) code = mdb_env_set_mapsize(env, LIMIT_STORE_SIZE);
    if (code == 0) code = mdb_env_open(env, born, MDB_NOSUBDIR | MDB_NOLOCK, 0600);
    if (code == 0) code = mdb_env_sync(env, 1);
    if (env != NULL) mdb_env_close(env);
    if (code == 0 && rename(born, path) != 0) code = errno;
    return code == 0 ? OK : store_wrong(self, code, "create");
}

err_t store_file_make(const store_t *self) {
    char path[PATH_MAX], born[PATH_MAX];
    struct stat file;
    if (!path_make(self, FILE_NAME, path) || !path_make(self, FILE_BORN, born)) return ERR_BAD;
    err_t err = OK;
    if (stat(path, &file) != 0) {
        err = errno == ENOENT ? file_bear(self, born, path) : ERR_SYSTEM;
    } else if (file.st_size == 0) { /* LMDB would take it for a new one */
        log_error("store_truncated", "store=%s size=0", self->path);
        err = ERR_CORRUPT;
    }
    if (err == OK) err = home_sync_folder(self->path);
    return err == OK ? home_sync_name(self->path) : err;
}
