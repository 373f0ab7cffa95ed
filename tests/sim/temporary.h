/* A folder for one test, gone when it is over. */
#ifndef TESTS_TEMPORARY_H
#define TESTS_TEMPORARY_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

static inline int temporary_unlink(const char *path, const struct stat *status, int kind, struct FTW *where) {
    (void)status, (void)kind, (void)where;
    return remove(path);
}

static inline void temporary_folder(char *folder, size_t room) {
    const char *base = getenv("TMPDIR");
    snprintf(folder, room, "%s/minning-XXXXXX", base == NULL ? "/tmp" : base);
    if (mkdtemp(folder) == NULL) abort();
}

static inline void temporary_remove(const char *folder) { nftw(folder, temporary_unlink, 8, FTW_DEPTH | FTW_PHYS); }

#endif
