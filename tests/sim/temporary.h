/* A folder for one test, gone when it is over. */
#ifndef TESTS_TEMPORARY_H
#define TESTS_TEMPORARY_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline int temporary_unlink(const char *path, const struct stat *status, int kind, struct FTW *where) {
    (void)status, (void)kind, (void)where;
    return remove(path);
}

/* Where such folders are made: tests/own-tmp sets both, and clears up behind a test that was killed. */
static inline const char *temporary_base(void) {
    const char *base = getenv("TMPDIR");
    return base == NULL ? "/tmp" : base;
}

static inline const char *temporary_memory(void) {
    const char *base = getenv("TMP_MEMORY");
    return base != NULL ? base : access("/dev/shm", W_OK) == 0 ? "/dev/shm" : temporary_base();
}

static inline void temporary_folder(char *folder, size_t room) {
    snprintf(folder, room, "%s/minning-XXXXXX", temporary_base());
    if (mkdtemp(folder) == NULL) abort();
}

static inline void temporary_remove(const char *folder) { nftw(folder, temporary_unlink, 8, FTW_DEPTH | FTW_PHYS); }

#endif
