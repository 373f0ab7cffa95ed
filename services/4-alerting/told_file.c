/* Records of one length, each with its own check: what is torn or rotten is left out, and what follows is still read. */
#include "services/4-alerting/told_file.h"

#include "proto/crypto.h"
#include "services/stage/home.h"
#include "services/stage/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE_RECORDS = 4096, PAGE_SIZE = PAGE_RECORDS * TOLD_RECORD };

/* --- keys --- */

void told_keys_add(told_keys_t *self, const uint8_t key[TOLD_KEY]) {
    if (self->count == self->room) {
        self->room = self->room == 0 ? 64 : self->room + self->room / 2;
        self->keys = realloc(self->keys, self->room * TOLD_KEY);
        ASSERT(self->keys != NULL);
    }
    memcpy(self->keys[self->count++], key, TOLD_KEY);
}

static int key_compare(const void *a, const void *b) { return memcmp(a, b, TOLD_KEY); }

void told_keys_sort(told_keys_t *self) {
    size_t count = 0;
    if (self->count == 0) return;
    qsort(self->keys, self->count, TOLD_KEY, key_compare);
    for (size_t index = 1; index < self->count; index++)
        if (key_compare(self->keys[count], self->keys[index]) != 0 && ++count != index)
            memcpy(self->keys[count], self->keys[index], TOLD_KEY);
    self->count = count + 1;
}

bool told_keys_have(const told_keys_t *sorted, const uint8_t key[TOLD_KEY]) {
    return sorted->count > 0 && bsearch(key, sorted->keys, sorted->count, TOLD_KEY, key_compare) != NULL;
}

void told_keys_destroy(told_keys_t *self) {
    free(self->keys);
    *self = (told_keys_t){0};
}

void told_key_of(const notice_t *notice, uint8_t key[TOLD_KEY]) {
    memcpy(key, notice->warning_id, sizeof notice->warning_id);
    key[TOLD_KEY - 1] = notice->raised;
}

/* --- records --- */

static void record_make(const uint8_t key[TOLD_KEY], uint8_t record[TOLD_RECORD]) {
    uint8_t hash[HASH_SIZE];
    hash_of((bytes_t){key, TOLD_KEY}, hash);
    memcpy(record, key, TOLD_KEY);
    memcpy(record + TOLD_KEY, hash, TOLD_RECORD - TOLD_KEY);
}

static void records_add(buffer_t *out, const told_keys_t *keys) {
    for (size_t index = 0; index < keys->count; index++) {
        uint8_t record[TOLD_RECORD];
        record_make(keys->keys[index], record);
        buffer_add(out, record, sizeof record);
    }
}

/* Behind the last whole record: what a stopped machine left torn is written over. */
static err_t records_append(const char *file, const buffer_t *records, uint64_t *count) {
    struct stat status;
    int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return ERR_SYSTEM;
    bool good = fstat(fd, &status) == 0;
    uint64_t there = good ? (uint64_t)status.st_size / TOLD_RECORD : 0;
    bytes_t bytes = {records->at, (uint32_t)records->size};
    good = good && home_write_at(fd, bytes, there * TOLD_RECORD) == OK && fdatasync(fd) == 0;
    good = close(fd) == 0 && good;
    *count = there + records->size / TOLD_RECORD;
    if (!good) return ERR_SYSTEM;
    return there == 0 ? home_sync_name(file) : OK;
}

static err_t older_half_drop(const char *file) {
    told_keys_t keys = {0};
    buffer_t records = {0};
    uint64_t count = 0;
    err_t err = told_file_read(file, LIMIT_TOLD_KEPT / 2, &keys, &count);
    records_add(&records, &keys);
    if (err == OK) err = home_write(file, (text_t){(const char *)records.at, (uint32_t)records.size}, 0600);
    log_info("told_forgotten", "records=%llu err=%s", (unsigned long long)(count - keys.count), err_name(err));
    buffer_destroy(&records);
    told_keys_destroy(&keys);
    return err;
}

err_t told_file_append(const char *file, const told_keys_t *keys, uint64_t *count) {
    buffer_t records = {0};
    struct stat status;
    bool full = stat(file, &status) == 0 && (uint64_t)status.st_size / TOLD_RECORD + keys->count > LIMIT_TOLD_KEPT;
    err_t err = full ? older_half_drop(file) : OK;
    records_add(&records, keys);
    if (err == OK) err = records_append(file, &records, count);
    buffer_destroy(&records);
    return err;
}

static uint64_t page_keys(const uint8_t *page, uint64_t records, told_keys_t *keys) {
    uint64_t damaged = 0;
    for (uint64_t index = 0; index < records; index++) {
        uint8_t record[TOLD_RECORD];
        record_make(page + index * TOLD_RECORD, record);
        if (memcmp(record, page + index * TOLD_RECORD, sizeof record) == 0) told_keys_add(keys, record);
        else damaged++;
    }
    return damaged;
}

static err_t records_read(int fd, uint64_t known, told_keys_t *keys, uint64_t *count) {
    struct stat status;
    uint64_t damaged = 0;
    if (fstat(fd, &status) != 0) return ERR_SYSTEM;
    uint64_t records = *count = (uint64_t)status.st_size / TOLD_RECORD;
    uint8_t *page = malloc(PAGE_SIZE);
    ASSERT(page != NULL);
    bool good = true;
    for (uint64_t at = known > records ? 0 : known; good && at < records; at += PAGE_RECORDS) {
        uint32_t got = PAGE_SIZE;
        good = home_read_at(fd, page, &got, at * TOLD_RECORD);
        if (good) damaged += page_keys(page, got / TOLD_RECORD, keys);
    }
    free(page);
    if (damaged > 0) log_warn("told_damaged", "records=%llu", (unsigned long long)damaged);
    return good ? OK : ERR_SYSTEM;
}

err_t told_file_read(const char *file, uint64_t known, told_keys_t *keys, uint64_t *count) {
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    *count = 0;
    if (fd < 0) return errno == ENOENT ? ERR_MISSING : ERR_SYSTEM;
    err_t err = records_read(fd, known, keys, count);
    close(fd);
    return err;
}
