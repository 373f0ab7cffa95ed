/* The system calls by which LMDB writes, wrapped: this program's own symbols come before those of the C library. */
#undef _FORTIFY_SOURCE
#include "tests/power/tape.h"

#include "tests/power/shelf.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

unsigned tape_flags;
bool tape_deaf;
static tape_t *running;

void tape_begin(tape_t *tape, const char *folder) {
    if (tape->file[0] == '\0') {
        snprintf(tape->folder, sizeof tape->folder, "%s", folder);
        snprintf(tape->file, sizeof tape->file, "%s/data.mdb", folder);
        snprintf(tape->born, sizeof tape->born, "%s/data.mdb.new", folder);
    }
    running = tape;
}

void tape_end(void) { running = NULL; }

static tape_entry_t *entry_new(tape_kind_t kind) {
    if (running->count == running->room) {
        running->room = running->room == 0 ? 256 : running->room * 2;
        running->entries = realloc(running->entries, running->room * sizeof *running->entries);
        if (running->entries == NULL) abort();
    }
    tape_entry_t *entry = &running->entries[running->count++];
    *entry = (tape_entry_t){.kind = kind};
    return entry;
}

void tape_note(tape_kind_t kind, uint32_t state) {
    if (running != NULL) entry_new(kind)->state = state;
}

/* What the tape says the file holds. */
static uint8_t *tape_replay(const tape_t *tape, size_t size) {
    uint8_t *bytes = calloc(1, size + 1);
    if (bytes == NULL) abort();
    for (uint32_t index = 0; index < tape->count; index++) {
        const tape_entry_t *entry = &tape->entries[index];
        if ((entry->kind == TAPE_WRITE || entry->kind == TAPE_THROUGH) && entry->offset + entry->size <= size)
            memcpy(bytes + entry->offset, entry->bytes, entry->size);
    }
    return bytes;
}

void tape_look(tape_t *tape) {
    enum { PAGE = 4096 };
    struct stat status;
    int fd = open(tape->file, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0) abort();
    size_t size = (size_t)status.st_size / PAGE * PAGE;
    uint8_t *before = tape_replay(tape, size), *page = malloc(PAGE);
    if (page == NULL) abort();
    running = tape;
    for (size_t at = 0; at < size; at += PAGE) {
        if (pread(fd, page, PAGE, (off_t)at) != PAGE) abort();
        if (memcmp(before + at, page, PAGE) == 0) continue;
        tape_entry_t *entry = entry_new(TAPE_WRITE);
        *entry = (tape_entry_t){.kind = TAPE_WRITE, .offset = at, .size = PAGE, .bytes = malloc(PAGE)};
        if (entry->bytes == NULL) abort();
        memcpy(entry->bytes, page, PAGE);
    }
    free(before);
    free(page);
    close(fd);
}

void tape_destroy(tape_t *tape) {
    for (uint32_t index = 0; index < tape->count; index++) free(tape->entries[index].bytes);
    free(tape->entries);
    *tape = (tape_t){0};
}

/* Does this descriptor stand for `path`? */
static bool is(int fd, const char *path) {
    char link[64], target[256];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, target, sizeof target);
    return size > 0 && strlen(path) == (size_t)size && memcmp(target, path, (size_t)size) == 0;
}

static bool is_taped(int fd) { return running != NULL && (is(fd, running->file) || is(fd, running->born)); }

static void record(int fd, const struct iovec *parts, int count, int64_t offset) {
    size_t size = 0;
    for (int index = 0; index < count; index++) size += parts[index].iov_len;
    int flags = fcntl(fd, F_GETFL);
    tape_entry_t *entry = entry_new((flags & O_DSYNC) != 0 && !tape_deaf ? TAPE_THROUGH : TAPE_WRITE);
    entry->offset = (uint64_t)offset;
    entry->size = (uint32_t)size;
    entry->bytes = malloc(size);
    if (entry->bytes == NULL) abort();
    size = 0;
    for (int index = 0; index < count; index++) {
        memcpy(entry->bytes + size, parts[index].iov_base, parts[index].iov_len);
        size += parts[index].iov_len;
    }
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset) {
    struct iovec part = {.iov_len = size};
    memcpy(&part.iov_base, &bytes, sizeof bytes);
    if (is_taped(fd)) record(fd, &part, 1, offset);
    shelf_heard_write(fd, &part, 1, offset);
    return syscall(SYS_pwrite64, fd, bytes, size, offset);
}

ssize_t write(int fd, const void *bytes, size_t size) {
    struct iovec part = {.iov_len = size};
    memcpy(&part.iov_base, &bytes, sizeof bytes);
    if (is_taped(fd)) record(fd, &part, 1, syscall(SYS_lseek, fd, 0, SEEK_CUR));
    shelf_heard_write(fd, &part, 1, syscall(SYS_lseek, fd, 0, SEEK_CUR));
    return syscall(SYS_write, fd, bytes, size);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    if (is_taped(fd)) record(fd, parts, count, syscall(SYS_lseek, fd, 0, SEEK_CUR));
    shelf_heard_write(fd, parts, count, syscall(SYS_lseek, fd, 0, SEEK_CUR));
    return syscall(SYS_writev, fd, parts, count);
}

static void record_sync(int fd) {
    shelf_heard_sync(fd);
    if (running == NULL) return;
    if (!tape_deaf && is_taped(fd)) entry_new(TAPE_SYNC);
    if (is(fd, running->folder)) entry_new(TAPE_NAME);
}

int fdatasync(int fd) {
    record_sync(fd);
    return (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd) {
    record_sync(fd);
    return (int)syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to) {
    bool born = running != NULL && strcmp(from, running->born) == 0 && strcmp(to, running->file) == 0;
    int failed = (int)syscall(SYS_rename, from, to);
    if (born && failed == 0) entry_new(TAPE_RENAME);
    if (failed == 0) shelf_heard_rename(from, to);
    return failed;
}

int unlink(const char *path) {
    int failed = (int)syscall(SYS_unlink, path);
    if (failed == 0) shelf_heard_unlink(-1, path);
    return failed;
}

int unlinkat(int folder, const char *path, int flags) {
    int failed = (int)syscall(SYS_unlinkat, folder, path, flags);
    if (failed == 0) shelf_heard_unlink(folder, path);
    return failed;
}

/* What the tape cannot hold must not happen unseen. */
static void unheard(const char *call) {
    fprintf(stderr, "power: the store calls %s, which the tape does not know\n", call);
    abort();
}

int ftruncate(int fd, off_t size) {
    if (is_taped(fd) && !running->mapped) unheard("ftruncate");
    return (int)syscall(SYS_ftruncate, fd, size);
}

int msync(void *at, size_t size, int flags) {
    if (running != NULL && !running->mapped) unheard("msync");
    return (int)syscall(SYS_msync, at, size, flags);
}

void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset) {
    bool writes = fd >= 0 && (protection & PROT_WRITE) != 0 && (flags & MAP_SHARED) != 0;
    if (writes && is_taped(fd) && !running->mapped) unheard("mmap for writing");
    return (void *)syscall(SYS_mmap, at, size, protection, flags, fd, offset); /* NOLINT */
}

int mdb_env_open(MDB_env *env, const char *path, unsigned flags, mdb_mode_t mode) {
    static int (*real)(MDB_env *, const char *, unsigned, mdb_mode_t);
    if (real == NULL) {
        void *found = dlsym(RTLD_NEXT, "mdb_env_open");
        memcpy(&real, &found, sizeof real);
    }
    return real(env, path, flags | tape_flags, mode);
}
