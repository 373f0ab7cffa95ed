/* Opens the environment behind its barrier, begins and ends transactions. */
#include "services/stage/store_inner.h"

#include "proto/crypto.h"
#include "services/stage/home.h"
#include "services/stage/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Less than this free on the disk and an EIO is a full disk: LMDB reports a short write so. */
#define DISK_FULL_BYTES (1ULL << 20)

enum { PAGE_FILLED = 3072 /* of the bytes of a page, by events one behind the other */ };

static uint64_t disk_free(const store_t *self) {
    struct statvfs disk;
    return statvfs(self->path, &disk) == 0 ? (uint64_t)disk.f_bavail * disk.f_frsize : 0;
}

static err_t error_of(const store_t *self, int code) {
    switch (code) {
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return ERR_FULL;
    case EIO: return disk_free(self) < DISK_FULL_BYTES ? ERR_FULL : ERR_STORE;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH: return ERR_CORRUPT;
    case ENOMEM: return ERR_NOMEM;
    default: return ERR_STORE;
    }
}

err_t store_wrong(const store_t *self, int code, const char *tried) {
    err_t err = error_of(self, code);
    if (code == MDB_MAP_FULL && self->derived) { /* it grows, and what was applied is applied again */
        log_info("store_map_full", "store=%s tried=%s bytes=%llu", self->path, tried, (unsigned long long)self->file_size);
        return err;
    }
    log_error("store_failed", "store=%s tried=%s error=%s code=%d text=\"%s\"", self->path, tried, err_name(err), code,
              mdb_strerror(code));
    return err;
}

void txn_wrong(txn_t *self, int code, const char *tried) { txn_fail(self, store_wrong(self->store, code, tried)); }

void txn_fail(txn_t *self, err_t err) {
    if (self->err == OK) self->err = err;
}

bool txn_is_full(txn_t *self) {
    ASSERT(self->writes);
    if (self->store->rows != NULL && rows_are_many(self->store->rows)) return true;
    uint32_t changes = self->changes + (uint32_t)(self->appended / PAGE_FILLED);
    if (changes >= (self->store->derived ? LIMIT_CHANGES : LIMIT_CHANGES_HELD)) return true;
    if (!self->store->derived || changes < self->store->map_room) return false;
    self->store->map_cramped = true;
    return true;
}

err_t txn_error(const txn_t *self) { return self->err; }

/* The lock comes before everything: whoever does not get it has touched nothing. */
static err_t lock_take(store_t *self) {
    char file[PATH_MAX];
    int size = snprintf(file, sizeof file, "%s/lock", self->path);
    if (size < 0 || (size_t)size >= sizeof file) return ERR_BAD;
    self->lock_fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (self->lock_fd < 0) {
        log_error("lock_unopened", "file=%s error=\"%s\"", file, strerror(errno));
        return ERR_SYSTEM;
    }
    while (flock(self->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK) return ERR_SYSTEM;
        log_error("locked", "file=%s text=\"another instance is running\"", file);
        return ERR_LOCKED;
    }
    return OK;
}

/* A file shorter than its last page would end in SIGBUS at the first touch. store_file_check has found that nothing uses what is
 * missing: a commit took pages at the end and gave them back before they were written. */
static err_t size_check(store_t *self) {
    MDB_envinfo info;
    MDB_stat stat;
    struct stat file;
    static const uint8_t zero;
    int fd = -1;
    int code = mdb_env_info(self->env, &info);
    if (code == 0) code = mdb_env_stat(self->env, &stat);
    if (code == 0) code = mdb_env_get_fd(self->env, &fd);
    if (code != 0) return store_wrong(self, code, "size_check");
    if (fstat(fd, &file) != 0) return ERR_SYSTEM;
    uint64_t wanted = ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
    self->file_size = (uint64_t)file.st_size;
    if (self->file_size >= wanted) return OK;
    log_warn("store_extended", "store=%s size=%lld wanted=%llu", self->path, (long long)file.st_size,
             (unsigned long long)wanted);
    if (pwrite(fd, &zero, sizeof zero, (off_t)(wanted - 1)) != sizeof zero) return ERR_STORE;
    self->file_size = wanted;
    return OK;
}

void store_extend(store_t *self) {
    enum { CHUNK = 256 * 1024, CHUNKS = 4, LEAST = 2 * CHUNK };
    static const uint8_t zeros[CHUNK];
    MDB_envinfo info;
    int fd = -1;
    if (mdb_env_info(self->env, &info) != 0 || mdb_env_get_fd(self->env, &fd) != 0) return;
    uint64_t used = ((uint64_t)info.me_last_pgno + 1) * self->page_size, took = used - self->file_used;
    self->file_used = used;
    if (used < CHUNKS * CHUNK || self->file_size >= used + LEAST) return; /* a small store is not worth it */
    if (took >= CHUNK) return; /* nor is a large commit: its own pages written twice cost more than the size flushed with them */
    if (self->file_size < used) self->file_size = used; /* a commit that outran us */
    for (uint32_t chunk = 0; chunk < CHUNKS; chunk++) {
        if (pwrite(fd, zeros, CHUNK, (off_t)self->file_size) != CHUNK) return; /* a full disk says so at the commit */
        self->file_size += CHUNK;
    }
}

/* Default sync flags: an ack stands on them. What is derived is written into the map instead, and nobody waits for the disk: see
 * store_map.c. NOTLS: a read transaction beside the write transaction of the same thread. */
static unsigned env_flags(const store_t *self) {
    return MDB_NOTLS | (self->derived ? MDB_WRITEMAP | MDB_NOSYNC | MDB_NORDAHEAD : 0);
}

static err_t env_open(store_t *self) {
    int code = mdb_env_create(&self->env);
    if (code == 0) code = mdb_env_set_mapsize(self->env, self->derived ? self->file_size : LIMIT_STORE_SIZE);
    if (code == 0) code = mdb_env_set_maxdbs(self->env, STORE_TABLES + 2);
    if (code == 0) code = mdb_env_set_maxreaders(self->env, STORE_READERS);
    if (code == 0) code = mdb_env_open(self->env, self->path, env_flags(self), 0600);
    MDB_stat stat;
    if (code == 0) code = mdb_env_stat(self->env, &stat);
    if (code != 0) return store_wrong(self, code, "open");
    self->page_size = stat.ms_psize;
    err_t err = self->derived ? OK : size_check(self);
    if (err != OK) return err;
    if (!self->derived) code = mdb_env_sync(self->env, 1); /* what a killed process left in the page cache */
    int dead = 0;
    if (code == 0) code = mdb_reader_check(self->env, &dead);
    if (dead > 0) log_info("stale_readers_freed", "store=%s count=%d", self->path, dead);
    return code == 0 ? OK : store_wrong(self, code, "barrier");
}

static err_t tables_open(store_t *self) {
    MDB_txn *txn = NULL;
    int code = mdb_txn_begin(self->env, NULL, 0, &txn);
    if (code != 0) return store_wrong(self, code, "begin");
    code = mdb_dbi_open(txn, store_stream_name(self), MDB_CREATE, &self->stream);
    if (code == 0) code = mdb_dbi_open(txn, "~facts", MDB_CREATE, &self->facts);
    for (size_t table = 0; code == 0 && table < self->table_count; table++)
        code = mdb_dbi_open(txn, self->tables[table].name, MDB_CREATE, &self->dbis[table]);
    if (code != 0)
        mdb_txn_abort(txn);
    else
        code = mdb_txn_commit(txn);
    return code == 0 ? OK : store_wrong(self, code, "tables");
}

err_t store_reopen(store_t *self) {
    err_t err = env_open(self);
    return err == OK ? tables_open(self) : err;
}

static store_t *store_new(const char *path, const table_t *tables, size_t table_count, bool derived) {
    store_t *self = calloc(1, sizeof *self);
    if (self == NULL) return NULL;
    self->lock_fd = -1;
    self->tables = tables;
    self->table_count = table_count;
    self->derived = derived;
    self->chain = derived ? CHAIN_QUICK : CHAIN_SEALED;
    self->record_head = derived ? QUICK_SIZE : 0;
    self->event_head = derived ? SIZE_SIZE : SIZE_SIZE + LINK_SIZE;
    if (derived) self->rows = rows_new();
    pthread_mutex_init(&self->map_lock, NULL);
    pthread_cond_init(&self->map_opens, NULL);
    self->path = strdup(path);
    return self;
}

static err_t store_begin(const char *path, const table_t *tables, size_t table_count, bool derived, store_t **out) {
    ASSERT(table_count <= STORE_TABLES);
    *out = NULL;
    crypto_start();
    err_t err = home_make_folder(path);
    if (err != OK) {
        log_error("store_folder_unmade", "store=%s error=\"%s\"", path, strerror(errno));
        return err;
    }
    store_t *self = store_new(path, tables, table_count, derived);
    if (self == NULL) return ERR_NOMEM;
    err = self->path == NULL ? ERR_NOMEM : lock_take(self);
    if (err == OK && derived) err = store_boot_check(self);
    if (err == OK) err = store_file_make(self);
    if (err == OK) err = store_file_check(self, false);
    if (err == OK && derived) err = store_map_prepare(self);
    if (err == OK) err = env_open(self);
    if (err == OK && derived) err = store_boot_begin(self);
    if (err == OK) err = tables_open(self);
    if (err != OK) store_close(&self);
    *out = self;
    return err;
}

err_t store_open(const char *path, const table_t *tables, size_t table_count, store_t **out) {
    return store_begin(path, tables, table_count, false, out);
}

err_t store_open_derived(const char *path, const table_t *tables, size_t table_count, store_t **out) {
    return store_begin(path, tables, table_count, true, out);
}

void store_close(store_t **self) {
    if (*self == NULL) return;
    ASSERT(!(*self)->writing);
    copy_destroy(&(*self)->copy);
    if ((*self)->env != NULL && (*self)->derived) store_boot_end(*self);
    if ((*self)->env != NULL) mdb_env_close((*self)->env);
    pthread_cond_destroy(&(*self)->map_opens);
    pthread_mutex_destroy(&(*self)->map_lock);
    if ((*self)->lock_fd >= 0) close((*self)->lock_fd); /* last: the lock goes with it */
    buffer_destroy(&(*self)->scratch);
    buffer_destroy(&(*self)->group);
    rows_destroy(&(*self)->rows);
    free((*self)->path);
    free(*self);
    *self = NULL;
}

void store_usage(store_t *self, uint64_t *used, uint64_t *size) {
    MDB_envinfo info;
    MDB_stat stat;
    *used = *size = 0;
    if (mdb_env_info(self->env, &info) != 0 || mdb_env_stat(self->env, &stat) != 0) return;
    *used = ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
    uint64_t left = disk_free(self);
    uint64_t by_disk = *used + (left > LIMIT_STORE_RESERVE ? left - LIMIT_STORE_RESERVE : 0);
    uint64_t by_map = LIMIT_STORE_SIZE - LIMIT_STORE_RESERVE;
    *size = by_disk < by_map ? by_disk : by_map;
}

static txn_t *txn_begin(store_t *store, bool writes) {
    txn_t *self = calloc(1, sizeof *self);
    if (self == NULL) return NULL;
    self->store = store;
    self->writes = writes;
    if (!writes) self->map_turn = store_map_read(store);
    int code = mdb_txn_begin(store->env, NULL, writes ? 0 : MDB_RDONLY, &self->mdb);
    if (code == 0) return self;
    if (!writes) store_map_read_end(store, self->map_turn);
    store_wrong(store, code, writes ? "begin_write" : "begin_read");
    free(self);
    return NULL;
}

txn_t *store_write(store_t *self) {
    ASSERT(!self->writing);
    if (self->derived) store_map_room(self);
    txn_t *txn = txn_begin(self, true);
    self->writing = txn != NULL;
    return txn;
}

txn_t *store_read(store_t *self) { return txn_begin(self, false); }

/* What was read of a transaction that is not committed says nothing about the store. */
static void rows_end(store_t *self, bool committed) {
    if (self->rows == NULL) return;
    if (committed) rows_settle(self->rows);
    else rows_forget(self->rows);
}

err_t txn_commit(txn_t **self) {
    txn_t *txn = *self;
    ASSERT(txn->writes);
    bundle_settle(txn);
    if (txn->store->rows != NULL) txn_rows_put(txn, ROWS_ALL);
    err_t err = txn->err;
    if (err != OK) {
        mdb_txn_abort(txn->mdb);
    } else {
        int code = mdb_txn_commit(txn->mdb);
        if (code == 0 && !txn->store->derived) store_extend(txn->store);
        if (code != 0) err = store_wrong(txn->store, code, "commit");
    }
    rows_end(txn->store, err == OK);
    txn->store->writing = false;
    free(txn);
    *self = NULL;
    return err;
}

void txn_abort(txn_t **self) {
    if (*self == NULL) return;
    mdb_txn_abort((*self)->mdb);
    if ((*self)->writes) {
        rows_end((*self)->store, false);
        (*self)->store->writing = false;
    } else {
        store_map_read_end((*self)->store, (*self)->map_turn);
    }
    free(*self);
    *self = NULL;
}
