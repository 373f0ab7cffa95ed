/* Which program wrote a derived store, and in which boot of the machine. What another version of the program wrote is derived anew:
 * nobody promises that its rows mean the same. What a process wrote into the page cache outlives it, whatever becomes of the
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
#define ANY_FORMAT "any" /* of a copy that somebody opened without its tables: nobody knows */
enum {
    STORE_FORMAT = 1, /* one more whenever the same rows and events come to lie otherwise, or to mean something else */
    FORMAT_BYTES = 8,
    STREAM_KINDS = 500, /* those of streams are below */
    BOOT_MOST = 128
};

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

/* --- the format --- */

/* A message as it lies on the disk: names, tags and shapes of its fields, of those of its parts too. */
static void message_add(const message_t *message, buffer_t *out) {
    char line[BOOT_MOST];
    for (size_t index = 0; index < message->field_count; index++) {
        const field_t *field = &message->fields[index];
        int size = snprintf(line, sizeof line, "%s.%s %u %u\n", message->name, field->name, field->tag, (unsigned)field->shape);
        buffer_add(out, line, (size_t)size);
        if (field->sub != NULL) message_add(field->sub(), out);
    }
}

static uint8_t streams[HASH_SIZE]; /* all that they carry */
static pthread_once_t streams_once = PTHREAD_ONCE_INIT;

static void streams_hash(void) {
    buffer_t out = {0};
    for (uint32_t kind = 1; kind < STREAM_KINDS; kind++)
        if (message_of_kind(kind) != NULL) message_add(message_of_kind(kind), &out);
    hash_of((bytes_t){out.at, (uint32_t)out.size}, streams);
    buffer_destroy(&out);
}

/* Of the rows that the store keeps, and of what streams carry. Empty where the tables are not told. */
static text_t format_now(const store_t *self, arena_t *arena) {
    uint8_t hash[HASH_SIZE];
    buffer_t out = {0};
    if (self->table_count == 0) return (text_t){0};
    pthread_once(&streams_once, streams_hash);
    buffer_add(&out, streams, sizeof streams);
    for (size_t table = 0; table < self->table_count; table++) {
        buffer_add(&out, self->tables[table].name, strlen(self->tables[table].name) + 1);
        message_add(self->tables[table].type(), &out);
    }
    hash_of((bytes_t){out.at, (uint32_t)out.size}, hash);
    buffer_destroy(&out);
    return arena_format(arena, "%d " TEXT_FORMAT, (int)STORE_FORMAT, TEXT_ARGS(hex_of(hash, FORMAT_BYTES, arena)));
}

static bool format_ours(const store_t *self, text_t wrote, text_t format, arena_t *arena) {
    text_t now = format_now(self, arena);
    return wrote.size == 0 || now.size == 0 || text_is(format, ANY_FORMAT) || text_equal(format, now);
}

err_t store_boot_check(store_t *self) {
    char path[PATH_MAX];
    arena_t *arena = arena_new();
    text_t wrote = line_of(file_of(self, "boot", path), arena), now = mark_now(self, arena);
    text_t format = line_of(file_of(self, "format", path), arena);
    bool whole = wrote.size == 0 || text_is(wrote, CLEAN) || text_equal(wrote, now);
    bool ours = format_ours(self, wrote, format, arena);
    arena_destroy(&arena);
    if (whole && ours) return OK;
    log_warn("store_dropped", "store=%s text=\"%s\" action=rebuild_from_ledger", self->path,
             ours ? "the machine went down while it was open, or it is a copy of an open one"
                  : "another version of the program wrote it");
    unlink(file_of(self, "data.mdb", path));
    unlink(file_of(self, "lock.mdb", path));
    return home_sync_folder(self->path);
}

static err_t boot_write(store_t *self, text_t line) {
    char path[PATH_MAX];
    return home_write(file_of(self, "boot", path), line, 0600);
}

static err_t format_write(store_t *self, arena_t *arena) {
    char path[PATH_MAX];
    text_t now = format_now(self, arena), is = line_of(file_of(self, "format", path), arena);
    if (now.size == 0) now = is.size > 0 ? is : text_of(ANY_FORMAT);
    return text_equal(now, is) ? OK : home_write(path, now, 0600);
}

err_t store_boot_begin(store_t *self) {
    arena_t *arena = arena_new();
    text_t mark = mark_now(self, arena);
    err_t err = format_write(self, arena);
    if (err == OK) err = boot_write(self, mark.size > 0 ? mark : text_of("unknown"));
    arena_destroy(&arena);
    return err;
}

void store_boot_end(store_t *self) {
    if (mdb_env_sync(self->env, 1) != 0 || boot_write(self, text_of(CLEAN)) != OK)
        log_warn("store_unsynced", "store=%s text=\"it outlives this process, not the machine\"", self->path);
}
