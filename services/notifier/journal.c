/* Records behind one another: [size, kind, checksum, body]; and a table in memory of what is known of each part. */
#include "services/notifier/journal.h"

#include "proto/crypto.h"
#include "services/stage/home.h"
#include "services/stage/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RECORD_MOST = 65536, SLOTS_FIRST = 1024 };

typedef struct {
    uint32_t size;
    uint32_t kind;
    uint64_t checksum;
} record_t;

typedef struct {
    uint8_t outbox_id[16];
    uint8_t message_id[16];
    uint32_t attempts;
    part_known_t known; /* PART_UNKNOWN: a free slot */
} slot_t;

struct journal {
    int file;
    uint64_t size;
    slot_t *slots; /* open addressing; their number is a power of two */
    uint64_t slot_count;
    uint64_t used;
    err_t err;
};

/* --- the table --- */

/* Ids are hashes: their first bytes are as good as any. */
static slot_t *slot_of(slot_t *slots, uint64_t count, const uint8_t outbox_id[16]) {
    uint64_t at;
    memcpy(&at, outbox_id, sizeof at);
    for (at &= count - 1; slots[at].known != PART_UNKNOWN; at = (at + 1) & (count - 1))
        if (memcmp(slots[at].outbox_id, outbox_id, 16) == 0) break;
    return &slots[at];
}

static void table_grow(journal_t *self) {
    uint64_t count = self->slot_count * 2;
    slot_t *slots = calloc(count, sizeof *slots);
    ASSERT(slots != NULL);
    for (uint64_t index = 0; index < self->slot_count; index++)
        if (self->slots[index].known != PART_UNKNOWN) *slot_of(slots, count, self->slots[index].outbox_id) = self->slots[index];
    free(self->slots);
    self->slots = slots;
    self->slot_count = count;
}

/* Sent is sent: whatever is learnt later. */
static void know(journal_t *self, const notice_part_t *part, const uint8_t message_id[16], part_known_t known) {
    if (self->used * 2 >= self->slot_count) table_grow(self);
    slot_t *slot = slot_of(self->slots, self->slot_count, part->outbox_id);
    if (slot->known == PART_UNKNOWN) self->used++;
    if (known == PART_TRIED) slot->attempts++;
    memcpy(slot->outbox_id, part->outbox_id, 16);
    memcpy(slot->message_id, message_id, 16);
    if (slot->known != PART_SENT) slot->known = known;
}

static const slot_t *slot_find(const journal_t *self, const uint8_t outbox_id[16]) {
    return slot_of(self->slots, self->slot_count, outbox_id);
}

part_known_t journal_part(const journal_t *self, const uint8_t outbox_id[16]) { return slot_find(self, outbox_id)->known; }

bool journal_message(const journal_t *self, const uint8_t outbox_id[16], uint8_t message_id[16]) {
    const slot_t *slot = slot_find(self, outbox_id);
    if (slot->known != PART_TRIED) return false;
    memcpy(message_id, slot->message_id, 16);
    return true;
}

uint64_t journal_attempts(const journal_t *self, const uint8_t outbox_id[16]) { return slot_find(self, outbox_id)->attempts; }

/* --- reading --- */

static uint64_t sum_of(uint32_t kind, bytes_t body) { return checksum64((bytes_t){(const uint8_t *)&kind, sizeof kind}, body); }

/* The record at *at; moves on. false: there is no whole one. */
static bool record_read(const journal_t *self, uint64_t *at, uint32_t *kind, arena_t *arena, bytes_t *body) {
    record_t record;
    if (self->size - *at < sizeof record || pread(self->file, &record, sizeof record, (off_t)*at) != (ssize_t)sizeof record)
        return false;
    if (record.size > RECORD_MOST || self->size - *at - sizeof record < record.size) return false;
    uint8_t *bytes = arena_room(arena, record.size + 1);
    if (pread(self->file, bytes, record.size, (off_t)(*at + sizeof record)) != (ssize_t)record.size) return false;
    *body = (bytes_t){bytes, record.size};
    *kind = record.kind;
    if (record.checksum != sum_of(record.kind, *body)) return false;
    *at += sizeof record + record.size;
    return true;
}

static bool record_learn(journal_t *self, uint32_t kind, bytes_t body, arena_t *arena) {
    fault_t fault;
    notice_sent_t sent;
    if (wire_decode(notice_sent_type(), body, arena, &sent, &fault) != OK) return false;
    for (uint32_t index = 0; index < sent.parts_count; index++)
        know(self, &sent.parts[index], sent.id, kind == JOURNAL_SENT ? PART_SENT : PART_TRIED);
    return true;
}

/* A crash leaves at most the last record torn; what is torn was acted on by nobody. */
static err_t read_all(journal_t *self) {
    arena_t *arena = arena_new();
    uint64_t at = 0;
    uint32_t kind = 0;
    bytes_t body;
    bool good = true;
    while (good && record_read(self, &at, &kind, arena, &body)) {
        good = record_learn(self, kind, body, arena);
        arena_reset(arena);
    }
    arena_destroy(&arena);
    if (at == self->size && good) return OK;
    log_warn("journal_cut", "file=%s at=%llu of=%llu", JOURNAL_FILE, (unsigned long long)at, (unsigned long long)self->size);
    if (self->size - at > RECORD_MOST + sizeof(record_t)) return ERR_CORRUPT; /* no single append was so long */
    self->size = at;
    return ftruncate(self->file, (off_t)at) == 0 && fsync(self->file) == 0 ? OK : ERR_SYSTEM;
}

err_t journal_open(const char *path, journal_t **out) {
    *out = NULL;
    struct stat status;
    journal_t *self = calloc(1, sizeof *self);
    if (self == NULL) return ERR_NOMEM;
    self->slot_count = SLOTS_FIRST;
    self->slots = calloc(self->slot_count, sizeof *self->slots);
    ASSERT(self->slots != NULL);
    self->file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    err_t err = self->file < 0 || fstat(self->file, &status) != 0 ? ERR_SYSTEM : home_sync_name(path);
    if (err == OK) {
        self->size = (uint64_t)status.st_size;
        err = self->size > LIMIT_NOTICE_JOURNAL ? ERR_FULL : read_all(self);
    }
    if (err != OK) journal_close(&self);
    *out = self;
    return err;
}

void journal_close(journal_t **self) {
    if (*self == NULL) return;
    if ((*self)->file >= 0) close((*self)->file);
    free((*self)->slots);
    free(*self);
    *self = NULL;
}

/* --- writing --- */

static err_t write_whole(journal_t *self, const buffer_t *bytes) {
    size_t at = 0;
    while (at < bytes->size) {
        ssize_t put = write(self->file, bytes->at + at, bytes->size - at);
        if (put < 0 && errno != EINTR) break;
        if (put > 0) at += (size_t)put;
    }
    if (at == bytes->size && fdatasync(self->file) == 0) {
        self->size += at;
        return OK;
    }
    log_error("journal_failed", "file=%s error=\"%s\"", JOURNAL_FILE, strerror(errno));
    if (ftruncate(self->file, (off_t)self->size) != 0) log_error("journal_torn", "file=%s", JOURNAL_FILE);
    return ERR_SYSTEM;
}

static err_t append(journal_t *self, uint32_t kind, const message_t *type, const void *value) {
    if (self->err != OK) return self->err;
    buffer_t body = {0}, bytes = {0};
    wire_encode(type, value, &body);
    bytes_t view = {body.at, (uint32_t)body.size};
    record_t record = {.size = view.size, .kind = kind, .checksum = sum_of(kind, view)};
    buffer_add(&bytes, &record, sizeof record);
    buffer_add(&bytes, body.at, body.size);
    ASSERT(view.size <= RECORD_MOST);
    self->err = self->size + bytes.size > LIMIT_NOTICE_JOURNAL ? ERR_FULL : write_whole(self, &bytes);
    buffer_destroy(&body);
    buffer_destroy(&bytes);
    return self->err;
}

err_t journal_try(journal_t *self, const notice_sent_t *message) {
    err_t err = append(self, JOURNAL_TRY, notice_sent_type(), message);
    for (uint32_t index = 0; err == OK && index < message->parts_count; index++)
        know(self, &message->parts[index], message->id, PART_TRIED);
    return err;
}

err_t journal_sent(journal_t *self, const notice_sent_t *sent) {
    for (uint32_t index = 0; index < sent->parts_count; index++) know(self, &sent->parts[index], sent->id, PART_SENT);
    return append(self, JOURNAL_SENT, notice_sent_type(), sent);
}

bool journal_next(journal_t *self, uint64_t *at, arena_t *arena, notice_sent_t *sent) {
    uint32_t kind = 0;
    bytes_t body;
    fault_t fault;
    while (record_read(self, at, &kind, arena, &body))
        if (kind == JOURNAL_SENT) return wire_decode(notice_sent_type(), body, arena, sent, &fault) == OK;
    return false;
}

uint64_t journal_size(const journal_t *self) { return self->size; }
