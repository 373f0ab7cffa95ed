/* Opens the environment behind its barrier, begins and ends transactions, reads and writes rows. */
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
    log_error("store_failed", "store=%s tried=%s error=%s code=%d text=\"%s\"", self->path, tried, err_name(err), code,
              mdb_strerror(code));
    return err;
}

void txn_wrong(txn_t *self, int code, const char *tried) { txn_fail(self, store_wrong(self->store, code, tried)); }

void txn_fail(txn_t *self, err_t err) {
    if (self->err == OK) self->err = err;
}

uint32_t txn_changes(const txn_t *self) { return self->changes; }

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

/* A file shorter than its last page would end in SIGBUS at the first touch. */
static err_t size_check(store_t *self) {
    MDB_envinfo info;
    MDB_stat stat;
    struct stat file;
    int fd = -1;
    int code = mdb_env_info(self->env, &info);
    if (code == 0) code = mdb_env_stat(self->env, &stat);
    if (code == 0) code = mdb_env_get_fd(self->env, &fd);
    if (code != 0) return store_wrong(self, code, "size_check");
    self->page_size = stat.ms_psize;
    if (fstat(fd, &file) != 0) return ERR_SYSTEM;
    uint64_t wanted = ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
    self->file_size = (uint64_t)file.st_size;
    if (self->file_size >= wanted) return OK;
    log_error("store_truncated", "store=%s size=%lld wanted=%llu", self->path, (long long)file.st_size,
              (unsigned long long)wanted);
    return ERR_CORRUPT;
}

void store_extend(store_t *self) {
    enum { CHUNK = 256 * 1024, CHUNKS = 4, LEAST = 2 * CHUNK };
    static const uint8_t zeros[CHUNK];
    MDB_envinfo info;
    int fd = -1;
    if (mdb_env_info(self->env, &info) != 0 || mdb_env_get_fd(self->env, &fd) != 0) return;
    uint64_t used = ((uint64_t)info.me_last_pgno + 1) * self->page_size;
    if (used < CHUNKS * CHUNK || self->file_size >= used + LEAST) return; /* a small store is not worth it */
    if (self->file_size < used) self->file_size = used; /* a commit that outran us */
    for (uint32_t chunk = 0; chunk < CHUNKS; chunk++) {
        if (pwrite(fd, zeros, CHUNK, (off_t)self->file_size) != CHUNK) return; /* a full disk says so at the commit */
        self->file_size += CHUNK;
    }
}

static err_t env_open(store_t *self) {
    int code = mdb_env_create(&self->env);
    if (code == 0) code = mdb_env_set_mapsize(self->env, LIMIT_STORE_SIZE);
    if (code == 0) code = mdb_env_set_maxdbs(self->env, STORE_TABLES + 2);
    if (code == 0) code = mdb_env_set_maxreaders(self->env, STORE_READERS);
    /* default sync flags: an ack stands on them. NOTLS: a read transaction beside the write transaction of the same thread */
    if (code == 0) code = mdb_env_open(self->env, self->path, MDB_NOTLS, 0600);
    if (code != 0) return store_wrong(self, code, "open");
    err_t err = size_check(self);
    if (err != OK) return err;
    code = mdb_env_sync(self->env, 1); /* what a killed process left in the page cache */
    int dead = 0;
    if (code == 0) code = mdb_reader_check(self->env, &dead);
    if (dead > 0) log_info("stale_readers_freed", "store=%s count=%d", self->path, dead);
    return code == 0 ? OK : store_wrong(self, code, "barrier");
}

static err_t tables_open(store_t *self) {
    MDB_txn *txn = NULL;
    int code = mdb_txn_begin(self->env, NULL, 0, &txn);
    if (code != 0) return store_wrong(self, code, "begin");
    code = mdb_dbi_open(txn, "~stream", MDB_CREATE, &self->stream);
    if (code == 0) code = mdb_dbi_open(txn, "~facts", MDB_CREATE, &self->facts);
    for (size_t table = 0; code == 0 && table < self->table_count; table++)
        code = mdb_dbi_open(txn, self->tables[table].name, MDB_CREATE, &self->dbis[table]);
    if (code != 0)
        mdb_txn_abort(txn);
    else
        code = mdb_txn_commit(txn);
    return code == 0 ? OK : store_wrong(self, code, "tables");
}

err_t store_open(const char *path, const table_t *tables, size_t table_count, store_t **out) {
    ASSERT(table_count <= STORE_TABLES);
    *out = NULL;
    crypto_start();
    err_t err = home_make_folder(path);
    if (err != OK) {
        log_error("store_folder_unmade", "store=%s error=\"%s\"", path, strerror(errno));
        return err;
    }
    store_t *self = calloc(1, sizeof *self);
    if (self == NULL) return ERR_NOMEM;
    self->lock_fd = -1;
    self->tables = tables;
    self->table_count = table_count;
    self->path = strdup(path);
    err = self->path == NULL ? ERR_NOMEM : lock_take(self);
    if (err == OK) err = store_file_make(self);
    if (err == OK) err = store_file_check(self, false);
    if (err == OK) err = env_open(self);
    if (err == OK) err = tables_open(self);
    if (err != OK) store_close(&self);
    *out = self;
    return err;
}

void store_close(store_t **self) {
    if (*self == NULL) return;
    ASSERT(!(*self)->writing);
    copy_destroy(&(*self)->copy);
    if ((*self)->env != NULL) mdb_env_close((*self)->env);
    if ((*self)->lock_fd >= 0) close((*self)->lock_fd); /* last: the lock goes with it */
    buffer_destroy(&(*self)->scratch);
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
    int code = mdb_txn_begin(store->env, NULL, writes ? 0 : MDB_RDONLY, &self->mdb);
    if (code == 0) return self;
    store_wrong(store, code, writes ? "begin_write" : "begin_read");
    free(self);
    return NULL;
}

txn_t *store_write(store_t *self) {
    ASSERT(!self->writing);
    txn_t *txn = txn_begin(self, true);
    self->writing = txn != NULL;
    return txn;
}

txn_t *store_read(store_t *self) { return txn_begin(self, false); }

err_t txn_commit(txn_t **self) {
    txn_t *txn = *self;
    ASSERT(txn->writes);
    err_t err = txn->err;
    if (err != OK) {
        mdb_txn_abort(txn->mdb);
    } else {
        int code = mdb_txn_commit(txn->mdb);
        if (code == 0) store_extend(txn->store);
        if (code != 0) err = store_wrong(txn->store, code, "commit");
    }
    txn->store->writing = false;
    free(txn);
    *self = NULL;
    return err;
}

void txn_abort(txn_t **self) {
    if (*self == NULL) return;
    mdb_txn_abort((*self)->mdb);
    if ((*self)->writes) (*self)->store->writing = false;
    free(*self);
    *self = NULL;
}

MDB_val key_value(const store_key_t *key) {
    static const uint8_t only[1] = {0};
    const uint8_t *at = key->size == 0 ? only : key->bytes;
    MDB_val value = {.mv_size = key->size == 0 ? 1 : key->size};
    memcpy(&value.mv_data, &at, sizeof at); /* LMDB's field is not const, LMDB does not write through it */
    return value;
}

static bytes_t bytes_of(MDB_val value) { return (bytes_t){value.mv_data, (uint32_t)value.mv_size}; }

bool record_open(txn_t *self, MDB_val key, MDB_val value, const char *where, bytes_t *content) {
    uint64_t sum = 0;
    bool whole = value.mv_size >= RECORD_HEAD;
    if (whole) {
        memcpy(&sum, value.mv_data, sizeof sum);
        *content = (bytes_t){(const uint8_t *)value.mv_data + RECORD_HEAD, (uint32_t)(value.mv_size - RECORD_HEAD)};
        whole = sum == checksum64(bytes_of(key), *content);
    }
    if (whole) return true;
    log_error("record_corrupt", "store=%s table=%s", self->store->path, where);
    txn_fail(self, ERR_CORRUPT);
    return false;
}

bool record_read(txn_t *self, size_t table, MDB_val key, MDB_val value, arena_t *arena, void *row) {
    const table_t *kept = &self->store->tables[table];
    bytes_t content;
    if (!record_open(self, key, value, kept->name, &content)) return false;
    fault_t fault;
    err_t err = wire_decode(kept->type(), arena_bytes(arena, content), arena, row, &fault);
    if (err == OK) return true;
    log_error("record_unreadable", "store=%s table=%s code=%s path=%s", self->store->path, kept->name, fault.code, fault.path);
    txn_fail(self, ERR_CORRUPT);
    return false;
}

bool txn_get(txn_t *self, size_t table, const store_key_t *key, arena_t *arena, void *row) {
    if (self->err != OK) return false;
    ASSERT(table < self->store->table_count);
    MDB_val name = key_value(key);
    MDB_val value;
    int code = mdb_get(self->mdb, self->store->dbis[table], &name, &value);
    if (code == MDB_NOTFOUND) return false;
    if (code != 0) return txn_wrong(self, code, "get"), false;
    return record_read(self, table, name, value, arena, row);
}

void txn_value_wrong(txn_t *self, const message_t *type, const char *where, const fault_t *fault) {
    log_error("value_invalid", "store=%s where=%s message=%s code=%s path=%s", self->store->path, where, type->name, fault->code,
              fault->path);
    txn_fail(self, ERR_BAD);
}

/* Seals the record in scratch (its head still zero) and puts it. */
static void record_put(txn_t *self, MDB_dbi dbi, MDB_val key) {
    buffer_t *record = &self->store->scratch;
    uint64_t sum = checksum64(bytes_of(key), (bytes_t){record->at + RECORD_HEAD, (uint32_t)(record->size - RECORD_HEAD)});
    memcpy(record->at, &sum, sizeof sum);
    MDB_val value = {.mv_size = record->size, .mv_data = record->at};
    int code = mdb_put(self->mdb, dbi, &key, &value, 0);
    self->changes += 1 + (uint32_t)(record->size / 4096);
    if (code != 0) txn_wrong(self, code, "put");
}

static buffer_t *record_begin(txn_t *self) {
    static const uint8_t head[RECORD_HEAD];
    ASSERT(self->writes);
    buffer_clear(&self->store->scratch);
    buffer_add(&self->store->scratch, head, sizeof head);
    return &self->store->scratch;
}

void txn_put(txn_t *self, size_t table, const store_key_t *key, const void *row) {
    if (self->err != OK) return;
    ASSERT(table < self->store->table_count);
    const table_t *kept = &self->store->tables[table];
    buffer_t *record = record_begin(self);
    fault_t fault;
    if (wire_encode_checked(kept->type(), row, record, &fault) == OK) record_put(self, self->store->dbis[table], key_value(key));
    else txn_value_wrong(self, kept->type(), kept->name, &fault);
}

void txn_delete(txn_t *self, size_t table, const store_key_t *key) {
    if (self->err != OK) return;
    ASSERT(self->writes && table < self->store->table_count);
    MDB_val name = key_value(key);
    int code = mdb_del(self->mdb, self->store->dbis[table], &name, NULL);
    self->changes++;
    if (code != 0 && code != MDB_NOTFOUND) txn_wrong(self, code, "delete");
}

void txn_clear(txn_t *self, size_t table) {
    if (self->err != OK) return;
    ASSERT(self->writes && table < self->store->table_count);
    int code = mdb_drop(self->mdb, self->store->dbis[table], 0);
    if (code != 0) txn_wrong(self, code, "clear");
}

static MDB_val fact_key(const char *name) {
    MDB_val key = {.mv_size = strlen(name)};
    memcpy(&key.mv_data, &name, sizeof name);
    return key;
}

bool txn_fact_bytes(txn_t *self, const char *name, uint8_t *out, size_t size) {
    memset(out, 0, size);
    if (self->err != OK) return false;
    MDB_val key = fact_key(name), value;
    int code = mdb_get(self->mdb, self->store->facts, &key, &value);
    if (code == MDB_NOTFOUND) return false;
    if (code != 0) return txn_wrong(self, code, "fact"), false;
    bytes_t content;
    if (!record_open(self, key, value, "~facts", &content)) return false;
    if (content.size != size) return txn_fail(self, ERR_CORRUPT), false;
    memcpy(out, content.at, size);
    return true;
}

void txn_fact_bytes_put(txn_t *self, const char *name, const uint8_t *bytes, size_t size) {
    if (self->err != OK) return;
    buffer_add(record_begin(self), bytes, size);
    record_put(self, self->store->facts, fact_key(name));
}

uint64_t txn_fact(txn_t *self, const char *name) {
    uint8_t bytes[8];
    uint64_t number = 0;
    txn_fact_bytes(self, name, bytes, sizeof bytes);
    for (size_t index = 0; index < sizeof bytes; index++) number = number << 8 | bytes[index];
    return number;
}

void txn_fact_put(txn_t *self, const char *name, uint64_t value) {
    store_key_t number = key_new();
    key_add_u64(&number, value);
    txn_fact_bytes_put(self, name, number.bytes, number.size);
}
