/* Which boot of the machine wrote a derived store. What a process wrote into the page cache outlives it, whatever becomes of the
 * process, but not the machine: then the store is what the disk happened to have of it, and is derived anew. */
#include "services/stage/store_inner.h"

#include "services/stage/home.h"
#include "services/stage/log.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CLEAN "clean"
enum { BOOT_MOST = 128 };

static const char *file_of(const store_t *self, const char *name, char path[PATH_MAX]) {
    int size = snprintf(path, PATH_MAX, "%s/%s", self->path, name);
    ASSERT(size > 0 && size < PATH_MAX);
    return path;
}

static text_t line_of(const char *path, arena_t *arena) {
    text_t text = {0};
    if (home_read(path, arena, BOOT_MOST, &text) != OK) return (text_t){0};
    while (text.size > 0 && text.at[text.size - 1] == '\n') text.size--;
    return text;
}

/* The boot, and which file on the disk: one that somebody copied while it was open is as torn as one that lost its machine.
 * Where the machine does not say, no boot is like another: empty. */
static text_t mark_now(const store_t *self, arena_t *arena) {
    char line[BOOT_MOST] = "", path[PATH_MAX];
    struct stat file;
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC); /* a file without a size */
    ssize_t size = fd < 0 ? 0 : read(fd, line, sizeof line - 1);
    if (fd >= 0) close(fd);
    if (size <= 0 || stat(file_of(self, "data.mdb", path), &file) != 0) return (text_t){0};
    line[strcspn(line, "\n")] = '\0';
    return arena_format(arena, "%s %llu", line, (unsigned long long)file.st_ino);
}

err_t store_boot_check(store_t *self) {
    char path[PATH_MAX];
    arena_t *arena = arena_new();
    text_t wrote = line_of(file_of(self, "boot", path), arena), now = mark_now(self, arena);
    bool whole = wrote.size == 0 || text_is(wrote, CLEAN) || text_equal(wrote, now);
    arena_destroy(&arena);
    if (whole) return OK;
    log_warn("store_dropped", "store=%s text=\"the machine went down while it was open, or it is a copy of an open one\" "
             "action=rebuild_from_ledger", self->path);
    unlink(file_of(self, "data.mdb", path));
    unlink(file_of(self, "lock.mdb", path));
    return home_sync_folder(self->path);
}

static err_t boot_write(store_t *self, text_t line) {
    char path[PATH_MAX];
    return home_write(file_of(self, "boot", path), line, 0600);
}

err_t store_boot_begin(store_t *self) {
    arena_t *arena = arena_new();
    text_t mark = mark_now(self, arena);
    err_t err = boot_write(self, mark.size > 0 ? mark : text_of("unknown"));
    arena_destroy(&arena);
    return err;
}

void store_boot_end(store_t *self) {
    if (mdb_env_sync(self->env, 1) != 0 || boot_write(self, text_of(CLEAN)) != OK)
        log_warn("store_unsynced", "store=%s text=\"it outlives this process, not the machine\"", self->path);
}
