/* The system calls and the allocator, wrapped: this program's own symbols come before those of the C library. */
#undef _FORTIFY_SOURCE
#include "tests/loops/trouble.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

const char *const trouble_names[TROUBLE_KINDS] = {
    "EIO",       "EIO from then on",       "ENOSPC",      "ENOSPC from then on", "short write",
    "no memory", "no memory from then on", "kill before", "kill after"};

static bool armed, met;
static trouble_t kind;
static uint32_t left;

void trouble_arm(trouble_t which, uint32_t nth) {
    kind = which;
    left = nth;
    met = false;
    armed = true;
}

bool trouble_disarm(void) {
    armed = false;
    return met;
}

/* Is it this one? Counts, if this call is of the kind that counts. */
static bool strikes(bool counts, bool goes_on) {
    if (!armed || !counts) return false;
    if (met) return goes_on;
    if (--left > 0) return false;
    met = true;
    return true;
}

enum { READS = 1, NEEDS_ROOM = 2, CHANGES = 4 };

/* What this call must fail with; 0: nothing. */
static int fate(unsigned does) {
    switch (kind) {
    case TROUBLE_EIO: return strikes(true, false) ? EIO : 0;
    case TROUBLE_EIO_ON: return strikes(true, true) ? EIO : 0;
    case TROUBLE_ENOSPC: return strikes((does & NEEDS_ROOM) != 0, false) ? ENOSPC : 0;
    case TROUBLE_ENOSPC_ON: return strikes((does & NEEDS_ROOM) != 0, true) ? ENOSPC : 0;
    case TROUBLE_KILL_BEFORE:
        if (strikes((does & CHANGES) != 0, false)) raise(SIGKILL);
        return 0;
    case TROUBLE_KILL_AFTER:
    case TROUBLE_SHORT:
    case TROUBLE_NOMEM:
    case TROUBLE_NOMEM_ON:
    case TROUBLE_KINDS: break;
    }
    return 0;
}

static int after(unsigned does, long result) {
    if (kind == TROUBLE_KILL_AFTER && strikes((does & CHANGES) != 0, false)) raise(SIGKILL);
    return (int)result; /* no write of this test is near 2 GiB */
}

#define CALL(does, ...)                                                                                                        \
    do {                                                                                                                       \
        int failing = fate(does);                                                                                              \
        if (failing != 0) return errno = failing, -1;                                                                          \
        return after(does, syscall(__VA_ARGS__));                                                                              \
    } while (0)

static size_t size_taken(size_t size) { return kind == TROUBLE_SHORT && size > 1 && strikes(true, false) ? size / 2 : size; }

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset) {
    CALL(NEEDS_ROOM | CHANGES, SYS_pwrite64, fd, bytes, size_taken(size), offset);
}

ssize_t write(int fd, const void *bytes, size_t size) {
    if (fd <= STDERR_FILENO) return syscall(SYS_write, fd, bytes, size);
    CALL(NEEDS_ROOM | CHANGES, SYS_write, fd, bytes, size_taken(size));
}

/* A short one takes the first half of the parts, and half of the one behind. */
ssize_t writev(int fd, const struct iovec *parts, int count) {
    size_t size = 0;
    for (int index = 0; index < count; index++) size += parts[index].iov_len;
    if (size_taken(size) == size) CALL(NEEDS_ROOM | CHANGES, SYS_writev, fd, parts, count);
    ssize_t done = count < 2 ? 0 : syscall(SYS_writev, fd, parts, count / 2);
    ssize_t more = done < 0 ? -1 : syscall(SYS_write, fd, parts[count / 2].iov_base, parts[count / 2].iov_len / 2);
    return more < 0 ? -1 : done + more;
}

ssize_t pread(int fd, void *bytes, size_t size, off_t offset) { CALL(READS, SYS_pread64, fd, bytes, size, offset); }
int fdatasync(int fd) { CALL(NEEDS_ROOM | CHANGES, SYS_fdatasync, fd); }
int fsync(int fd) { CALL(NEEDS_ROOM | CHANGES, SYS_fsync, fd); }
int ftruncate(int fd, off_t size) { CALL(NEEDS_ROOM | CHANGES, SYS_ftruncate, fd, size); }
int posix_fallocate(int fd, off_t offset, off_t size) {
    int failing = fate(NEEDS_ROOM | CHANGES);
    if (failing != 0) return failing;
    return after(NEEDS_ROOM | CHANGES, syscall(SYS_fallocate, fd, 0, offset, size)) == 0 ? 0 : errno;
}
int msync(void *at, size_t size, int flags) { CALL(NEEDS_ROOM | CHANGES, SYS_msync, at, size, flags); }
int rename(const char *from, const char *to) { CALL(NEEDS_ROOM | CHANGES, SYS_rename, from, to); }
int mkdir(const char *path, mode_t mode) { CALL(NEEDS_ROOM | CHANGES, SYS_mkdir, path, mode); }
int flock(int fd, int operation) { CALL(READS, SYS_flock, fd, operation); }
off_t lseek(int fd, off_t offset, int whence) { CALL(READS, SYS_lseek, fd, offset, whence); }
int fstat(int fd, struct stat *status) { CALL(READS, SYS_fstat, fd, status); }
int __fxstat(int version, int fd, struct stat *status); /* the name that older libraries call it by */
int __fxstat(int version, int fd, struct stat *status) {
    (void)version;
    return fstat(fd, status);
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    CALL((flags & O_CREAT) != 0 ? NEEDS_ROOM | CHANGES : READS, SYS_openat, AT_FDCWD, path, flags, mode);
}

void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset) {
    int failing = fd >= 0 ? fate(READS) : 0;
    if (failing != 0) return errno = failing, MAP_FAILED;
    return (void *)syscall(SYS_mmap, at, size, protection, flags, fd, offset); /* NOLINT */
}

/* --- the allocator --- */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *at, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static bool is_out(void) {
    bool counts = kind == TROUBLE_NOMEM || kind == TROUBLE_NOMEM_ON;
    if (!strikes(counts, kind == TROUBLE_NOMEM_ON)) return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size) { return is_out() ? NULL : __libc_malloc(size); }
void *calloc(size_t count, size_t size) { return is_out() ? NULL : __libc_calloc(count, size); }
void *realloc(void *at, size_t size) { return is_out() ? NULL : __libc_realloc(at, size); }
int posix_memalign(void **out, size_t alignment, size_t size) {
    *out = is_out() ? NULL : __libc_memalign(alignment, size);
    return *out == NULL ? ENOMEM : 0;
}
