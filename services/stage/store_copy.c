/* Copies a live store into a folder, in a thread of its own, and reads a store from end to end. */
#include "services/stage/store_inner.h"

#include "proto/crypto.h"
#include "services/stage/home.h"
#include "services/stage/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct copy {
    store_t *store;
    pthread_t thread;
    char folder[PATH_MAX];
    pthread_mutex_t lock; /* guards what follows */
    copy_state_t state;
    uint64_t bytes;
    char why[LIMIT_NAME];
    int file; /* -1: not open */
    bool leave;
};

static void copy_end(copy_t *self, copy_state_t state, uint64_t bytes, const char *tried, const char *why) {
    pthread_mutex_lock(&self->lock);
    self->state = state;
    self->bytes = bytes;
    if (why != NULL) snprintf(self->why, sizeof self->why, "%s: %s", tried, why);
    pthread_mutex_unlock(&self->lock);
    if (state == copy_state_done)
        log_info("store_copied", "store=%s folder=\"%s\" bytes=%llu", self->store->path, self->folder,
                 (unsigned long long)bytes);
    else
        log_error("store_not_copied", "store=%s folder=\"%s\" tried=%s error=\"%s\"", self->store->path, self->folder, tried,
                  why == NULL ? "" : why);
}

static bool folder_sync(const char *folder) {
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) close(fd);
    return synced;
}

/* Compacted: free pages may still hold what was erased, and a copy must not carry that further. A store that lost pages cannot
 * be compacted: then page by page. */
static int env_copy(copy_t *self, int file) {
    int code = mdb_env_copyfd2(self->store->env, file, MDB_CP_COMPACT);
    if (code != MDB_INCOMPATIBLE) return code;
    if (ftruncate(file, 0) != 0 || lseek(file, 0, SEEK_SET) != 0) return errno;
    return mdb_env_copyfd2(self->store->env, file, 0);
}

static int copy_file(copy_t *self) {
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/data.mdb", self->folder);
    int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) return copy_end(self, copy_state_failed, 0, "create", strerror(errno)), -1;
    pthread_mutex_lock(&self->lock);
    self->file = file;
    pthread_mutex_unlock(&self->lock);
    struct stat status = {0};
    uint64_t turn = store_map_read(self->store);
    int code = env_copy(self, file);
    store_map_read_end(self->store, turn);
    bool kept = code == 0 && fstat(file, &status) == 0 && fsync(file) == 0 && folder_sync(self->folder);
    pthread_mutex_lock(&self->lock);
    self->file = -1;
    kept = kept && !self->leave;
    pthread_mutex_unlock(&self->lock);
    close(file);
    if (kept) return copy_end(self, copy_state_done, (uint64_t)status.st_size, NULL, NULL), 0;
    unlink(path);
    copy_end(self, copy_state_failed, 0, "copy", code != 0 ? mdb_strerror(code) : strerror(errno));
    return -1;
}

static void *copy_run(void *argument) {
    copy_t *self = argument;
    if (home_make_folder(self->folder) != OK)
        copy_end(self, copy_state_failed, 0, "folder", strerror(errno));
    else
        copy_file(self);
    return NULL;
}

static void copy_begin(store_t *store, const char *folder) {
    copy_t *self = calloc(1, sizeof *self);
    ASSERT(self != NULL);
    self->store = store;
    self->state = copy_state_running;
    self->file = -1;
    snprintf(self->folder, sizeof self->folder, "%s", folder);
    pthread_mutex_init(&self->lock, NULL);
    store->copy = self;
    if (pthread_create(&self->thread, NULL, copy_run, self) == 0) return;
    pthread_mutex_destroy(&self->lock);
    free(self);
    store->copy = NULL;
}

/* A copy that is under way is given up: from now on it writes to a device that is full. */
void copy_destroy(copy_t **self_at) {
    copy_t *self = *self_at;
    if (self == NULL) return;
    int full = open("/dev/full", O_RDWR | O_CLOEXEC);
    pthread_mutex_lock(&self->lock);
    self->leave = true;
    if (self->file >= 0 && full >= 0) dup3(full, self->file, O_CLOEXEC);
    pthread_mutex_unlock(&self->lock);
    pthread_join(self->thread, NULL);
    if (full >= 0) close(full);
    pthread_mutex_destroy(&self->lock);
    free(self);
    *self_at = NULL;
}

static backup_told_t copy_tell(store_t *store, const char *folder) {
    copy_t *copy = store->copy;
    backup_told_t told = {.state = copy_state_failed};
    if (copy == NULL) return told.why = text_of("no thread"), told;
    pthread_mutex_lock(&copy->lock);
    bool same = strcmp(copy->folder, folder) == 0;
    if (same) told = (backup_told_t){.state = copy->state, .bytes = copy->bytes, .why = text_of(copy->why)};
    pthread_mutex_unlock(&copy->lock);
    if (!same) told.why = text_of("another copy is under way");
    return told;
}

void store_copy_answer(store_t *self, const packet_t *ask, buffer_t *out) {
    arena_t *arena = arena_new();
    backup_ask_t question;
    fault_t fault;
    if (packet_body(ask, backup_ask_type(), arena, &question, &fault) != OK || question.folder.at[0] != '/' ||
        question.folder.size >= PATH_MAX - 16) {
        reason_t reason = {.code = REASON_OF(out_of_range), .path = text_of("folder")};
        refusal_t refusal = {.reasons = &reason, .reasons_count = 1};
        packet_encode(ask->request_id, refusal_type(), &refusal, out);
    } else {
        const char *folder = arena_text(arena, question.folder).at;
        bool over = self->copy != NULL && copy_tell(self, self->copy->folder).state != copy_state_running;
        if (over && strcmp(self->copy->folder, folder) != 0) copy_destroy(&self->copy);
        if (self->copy == NULL) copy_begin(self, folder);
        backup_told_t told = copy_tell(self, folder);
        packet_encode(ask->request_id, backup_told_type(), &told, out);
    }
    arena_destroy(&arena);
}

/* --- reading everything --- */

static void table_read(txn_t *txn, size_t table, arena_t *arena) {
    scan_t scan = scan_begin(txn, table, NULL, NULL);
    do arena_reset(arena);
    while (scan_next(&scan, arena, arena_take(arena, txn->store->tables[table].type()->size)));
    scan_end(&scan);
}

static void facts_read(txn_t *txn) {
    MDB_cursor *cursor = NULL;
    MDB_val key, value;
    bytes_t content;
    int code = mdb_cursor_open(txn->mdb, txn->store->facts, &cursor);
    while (code == 0 && txn->err == OK && (code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0)
        record_open(txn, key, value, "~facts", &content);
    if (code != 0 && code != MDB_NOTFOUND) txn_wrong(txn, code, "facts");
    if (cursor != NULL) mdb_cursor_close(cursor);
}

static bool event_reads(txn_t *txn, uint64_t seq, arena_t *arena) {
    event_t event;
    fault_t fault = {0};
    arena_reset(arena);
    if (!txn_event(txn, seq, arena, &event, NULL)) return false;
    const message_t *type = message_of_kind(event.kind);
    if (type != NULL && event_body(&event, type, arena, arena_take(arena, type->size), &fault) == OK) return true;
    log_error("event_unreadable", "store=%s seq=%llu kind=%u code=%s", txn->store->path, (unsigned long long)seq, event.kind,
              fault.code == NULL ? "unknown_message" : fault.code);
    return false;
}

err_t store_verify(store_t *self, head_t *head) {
    *head = (head_t){0};
    err_t err = store_file_check(self, true); /* a damaged page may end whoever reads it through LMDB */
    if (err != OK) return err;
    txn_t *txn = store_read(self);
    if (txn == NULL) return ERR_STORE;
    arena_t *arena = arena_new();
    uint64_t bad = 0;
    *head = txn_head(txn);
    err = head->seq == 0 ? OK : txn_verify_chain(txn, 1, &bad);
    span_t span = err == OK ? (span_t){0} : txn_span(txn, bad);
    if (err != OK)
        log_error("chain_broken", "store=%s first=%llu last=%llu", self->path, (unsigned long long)span.first,
                  (unsigned long long)span.last);
    for (uint64_t seq = 1; err == OK && seq <= head->seq; seq++)
        if (!event_reads(txn, seq, arena)) err = ERR_CORRUPT;
    for (size_t table = 0; table < self->table_count; table++) table_read(txn, table, arena);
    facts_read(txn);
    if (err == OK) err = txn_error(txn);
    arena_destroy(&arena);
    txn_abort(&txn);
    return err;
}
