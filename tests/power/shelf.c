/* Folder on tape: every file an inode, every name an entry of its folder; a name and the bytes behind it are durable apart. */
#undef _FORTIFY_SOURCE
#include "tests/power/shelf.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/power/explore.h"

enum { FILES = 256, NAME = 160, PENDING = 2048, FOLDERS = 4 };
static const char *const folders[FOLDERS] = {"", "coming/", "files/", "quarantine/"};

typedef enum { SHELF_WRITE, SHELF_THROUGH, SHELF_SYNC, SHELF_ENTER, SHELF_LEAVE, SHELF_NAMES, SHELF_BEGIN, SHELF_DONE } kind_t;
typedef struct {
    kind_t kind;
    uint32_t file;   /* inode; of SHELF_NAMES: which folder; of a note: the state */
    char name[NAME]; /* below the shelf's folder */
    uint64_t offset;
    uint32_t size;
    uint8_t *bytes;
} entry_t;

typedef struct {
    char name[NAME];
    uint32_t file;
} name_t;

/* One moment: who is called what, and what the files hold. */
typedef struct {
    name_t names[FILES];
    uint32_t name_count;
    uint8_t *bytes[FILES];
    size_t size[FILES], room[FILES];
} moment_t;

struct shelf {
    char folder[256];
    moment_t at_first;
    name_t names[FILES]; /* now */
    uint32_t name_count, file_count;
    entry_t *entries;
    uint32_t count, room;
    uint64_t writes;
};

bool shelf_deaf_to_bytes, shelf_deaf_to_rows, shelf_deaf_to_names;
const char *shelf_deaf_to;
static shelf_t *running;

static bool is_deaf(const char *name) {
    if (shelf_deaf_to != NULL && strcmp(name, shelf_deaf_to) == 0) return true;
    return strcmp(name, "data.mdb") == 0 ? shelf_deaf_to_rows : shelf_deaf_to_bytes;
}

static void *grown(void *at, size_t size) {
    void *more = realloc(at, size);
    if (more == NULL) abort();
    return more;
}

/* --- recording --- */

static uint32_t name_find(const name_t *names, uint32_t count, const char *name) {
    uint32_t at = 0;
    while (at < count && strcmp(names[at].name, name) != 0) at++;
    return at;
}

static void name_add(name_t *names, uint32_t *count, const char *name, uint32_t file) {
    uint32_t at = name_find(names, *count, name);
    if (at == FILES) abort();
    if (at == *count) snprintf(names[(*count)++].name, NAME, "%s", name);
    names[at].file = file;
}

static void name_drop(name_t *names, uint32_t *count, const char *name) {
    uint32_t at = name_find(names, *count, name);
    if (at < *count) names[at] = names[--*count];
}

static entry_t *entry_new(shelf_t *self, kind_t kind) {
    if (self->count == self->room) {
        self->room = self->room == 0 ? 256 : self->room * 2;
        self->entries = grown(self->entries, self->room * sizeof *self->entries);
    }
    entry_t *entry = &self->entries[self->count++];
    *entry = (entry_t){.kind = kind};
    return entry;
}

/* The name below the shelf's folder; NULL: it lies elsewhere, or is a lock. */
static const char *name_of(const char *path) {
    size_t size = running == NULL ? 0 : strlen(running->folder);
    if (size == 0 || strncmp(path, running->folder, size) != 0 || path[size] != '/') return NULL;
    const char *name = path + size + 1;
    return strcmp(name, "lock.mdb") == 0 || strcmp(name, "lock") == 0 || strlen(name) >= NAME ? NULL : name;
}

static const char *name_of_descriptor(int fd, char room[512]) {
    char link[64];
    if (running == NULL) return NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, room, 511);
    if (size <= 0) return NULL;
    room[size] = '\0';
    return name_of(room);
}

/* A file that is written to for the first time has just been made. */
static uint32_t file_of(const char *name) {
    uint32_t at = name_find(running->names, running->name_count, name);
    if (at < running->name_count) return running->names[at].file;
    entry_t *entry = entry_new(running, SHELF_ENTER);
    snprintf(entry->name, NAME, "%s", name);
    entry->file = running->file_count++;
    if (running->file_count > FILES) abort();
    name_add(running->names, &running->name_count, name, entry->file);
    return entry->file;
}

void shelf_heard_write(int fd, const struct iovec *parts, int count, int64_t offset) {
    char room[512];
    const char *name = name_of_descriptor(fd, room);
    if (name == NULL) return;
    uint32_t file = file_of(name);
    bool through = (fcntl(fd, F_GETFL) & O_DSYNC) != 0 && !is_deaf(name);
    entry_t *entry = entry_new(running, through ? SHELF_THROUGH : SHELF_WRITE);
    entry->file = file;
    entry->offset = (uint64_t)offset;
    for (int index = 0; index < count; index++) {
        entry->bytes = grown(entry->bytes, entry->size + parts[index].iov_len + 1);
        memcpy(entry->bytes + entry->size, parts[index].iov_base, parts[index].iov_len);
        entry->size += (uint32_t)parts[index].iov_len;
    }
    running->writes++;
}

static uint32_t folder_of(const char *name) {
    uint32_t found = 0;
    for (uint32_t index = 1; index < FOLDERS; index++)
        if (strncmp(name, folders[index], strlen(folders[index])) == 0) found = index;
    return found;
}

void shelf_heard_sync(int fd) {
    char room[512];
    const char *name = name_of_descriptor(fd, room);
    struct stat status;
    if (running != NULL && fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
        bool top = strcmp(room, running->folder) == 0;
        if (name == NULL && !top) return;
        char with_slash[NAME + 1];
        snprintf(with_slash, sizeof with_slash, "%.*s/", NAME - 1, top ? "" : name);
        if (!shelf_deaf_to_names) entry_new(running, SHELF_NAMES)->file = top ? 0 : folder_of(with_slash);
        return;
    }
    if (name == NULL || is_deaf(name)) return;
    uint32_t file = file_of(name);
    entry_new(running, SHELF_SYNC)->file = file;
}

static void leave(const char *name) {
    uint32_t at = name_find(running->names, running->name_count, name);
    if (at == running->name_count) return;
    entry_t *entry = entry_new(running, SHELF_LEAVE);
    snprintf(entry->name, NAME, "%s", name);
    entry->file = running->names[at].file;
    name_drop(running->names, &running->name_count, name);
}

void shelf_heard_rename(const char *from, const char *to) {
    const char *old = name_of(from), *new = name_of(to);
    if (old == NULL || new == NULL) return;
    uint32_t file = file_of(old);
    entry_t *entry = entry_new(running, SHELF_ENTER);
    snprintf(entry->name, NAME, "%s", new);
    entry->file = file;
    leave(old);
    name_add(running->names, &running->name_count, new, file);
}

void shelf_heard_unlink(int folder, const char *path) {
    char room[512], whole[1024];
    const char *name = NULL;
    if (running == NULL) return;
    if (path[0] == '/')
        name = name_of(path);
    else if (folder >= 0) {
        const char *below = name_of_descriptor(folder, room);
        snprintf(whole, sizeof whole, "%s/%s/%s", running->folder, below == NULL ? "" : below, path);
        name = below == NULL ? NULL : name_of(whole);
    }
    if (name != NULL) leave(name);
}

void shelf_note(shelf_t *self, uint32_t state, bool done) { entry_new(self, done ? SHELF_DONE : SHELF_BEGIN)->file = state; }

uint64_t shelf_writes(const shelf_t *self) { return self->writes; }

static void file_load(shelf_t *self, const char *name) {
    char path[1024];
    struct stat status;
    snprintf(path, sizeof path, "%s/%s", self->folder, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0) abort();
    uint32_t file = self->file_count++;
    size_t size = (size_t)status.st_size;
    self->at_first.bytes[file] = grown(NULL, size + 1);
    if (pread(fd, self->at_first.bytes[file], size, 0) != (ssize_t)size) abort();
    self->at_first.size[file] = self->at_first.room[file] = size;
    close(fd);
    name_add(self->names, &self->name_count, name, file);
}

shelf_t *shelf_begin(const char *folder) {
    shelf_t *self = calloc(1, sizeof *self);
    if (self == NULL) abort();
    snprintf(self->folder, sizeof self->folder, "%s", folder);
    running = self;
    for (uint32_t index = 0; index < FOLDERS; index++) {
        char path[1024], name[NAME * 2];
        snprintf(path, sizeof path, "%s/%s", folder, folders[index]);
        DIR *open_folder = opendir(path);
        for (struct dirent *entry; open_folder != NULL && (entry = readdir(open_folder)) != NULL;) {
            snprintf(path, sizeof path, "%s/%s%.100s", folder, folders[index], entry->d_name);
            snprintf(name, sizeof name, "%s%.100s", folders[index], entry->d_name);
            struct stat status;
            if (stat(path, &status) == 0 && S_ISREG(status.st_mode) && name_of(path) != NULL) file_load(self, name);
        }
        if (open_folder != NULL) closedir(open_folder);
    }
    memcpy(self->at_first.names, self->names, sizeof self->names);
    self->at_first.name_count = self->name_count;
    return self;
}

void shelf_end(void) { running = NULL; }

void shelf_destroy(shelf_t **self) {
    if (*self == NULL) return;
    for (uint32_t index = 0; index < (*self)->count; index++) free((*self)->entries[index].bytes);
    for (uint32_t index = 0; index < FILES; index++) free((*self)->at_first.bytes[index]);
    free((*self)->entries);
    free(*self);
    *self = NULL;
}

/* --- the states --- */

struct shelf_walk {
    const shelf_t *shelf;
    uint64_t seed;
    uint32_t samples, point, sample, must, may;
    moment_t durable, image;
    uint32_t pending[PENDING];
    uint32_t pending_count;
};

static void bytes_put(moment_t *moment, uint32_t file, uint64_t offset, const uint8_t *bytes, size_t size) {
    size_t end = offset + size;
    if (end > moment->room[file]) {
        moment->bytes[file] = grown(moment->bytes[file], end * 2);
        memset(moment->bytes[file] + moment->room[file], 0, end * 2 - moment->room[file]);
        moment->room[file] = end * 2;
    }
    if (size > 0) memcpy(moment->bytes[file] + offset, bytes, size);
    if (end > moment->size[file]) moment->size[file] = end;
}

static void moment_copy(moment_t *to, const moment_t *from, uint32_t files) {
    memcpy(to->names, from->names, sizeof to->names);
    to->name_count = from->name_count;
    for (uint32_t file = 0; file < files; file++) {
        to->size[file] = 0;
        bytes_put(to, file, 0, from->bytes[file], from->size[file]);
    }
}

static void moment_free(moment_t *moment) {
    for (uint32_t file = 0; file < FILES; file++) free(moment->bytes[file]);
}

static uint64_t mix(uint64_t x) { /* splitmix64 */
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static bool is_name(const entry_t *entry) { return entry->kind == SHELF_ENTER || entry->kind == SHELF_LEAVE; }

static void apply(moment_t *moment, const entry_t *entry) {
    if (entry->kind == SHELF_ENTER) {
        name_add(moment->names, &moment->name_count, entry->name, entry->file);
        bytes_put(moment, entry->file, 0, NULL, 0);
    } else if (entry->kind == SHELF_LEAVE)
        name_drop(moment->names, &moment->name_count, entry->name);
    else
        bytes_put(moment, entry->file, entry->offset, entry->bytes, entry->size);
}

/* What a sync makes durable: the bytes of one file, or the names of one folder; in the order in which they came. */
static void durable_take(shelf_walk_t *self, bool names, uint32_t which) {
    uint32_t left = 0;
    for (uint32_t index = 0; index < self->pending_count; index++) {
        const entry_t *entry = &self->shelf->entries[self->pending[index]];
        bool mine = is_name(entry) ? names && folder_of(entry->name) == which : !names && entry->file == which;
        if (mine) apply(&self->durable, entry);
        else self->pending[left++] = self->pending[index];
    }
    self->pending_count = left;
}

static void point_step(shelf_walk_t *self) {
    const entry_t *entry = &self->shelf->entries[self->point];
    switch (entry->kind) {
    case SHELF_SYNC: durable_take(self, false, entry->file); break;
    case SHELF_NAMES: durable_take(self, true, entry->file); break;
    case SHELF_THROUGH: apply(&self->durable, entry); break;
    case SHELF_BEGIN: self->may = entry->file; break;
    case SHELF_DONE: self->must = entry->file; break;
    case SHELF_WRITE:
    case SHELF_ENTER:
    case SHELF_LEAVE:
        if (self->pending_count == PENDING) abort();
        self->pending[self->pending_count++] = self->point;
        break;
    }
    self->point++;
    self->sample = 0;
}

/* Everything, nothing, all but one, one alone; then by chance, sector by sector or write by write. */
static bool is_kept(const shelf_walk_t *self, uint32_t index, uint64_t sector) {
    uint32_t sample = self->sample, count = self->pending_count;
    if (sample == 0) return true;
    if (sample == 1) return false;
    if (sample < 2 + count) return index != sample - 2;
    if (sample < 2 + 2 * count) return index == sample - 2 - count;
    uint64_t draw = mix(self->seed ^ mix((uint64_t)self->point << 32 | sample)), grain = draw % 3 == 0 ? 0 : sector + 1;
    return mix(draw ^ mix((uint64_t)index << 40 ^ grain)) % 256 < (draw >> 8) % 256;
}

static void image_make(shelf_walk_t *self) {
    moment_copy(&self->image, &self->durable, self->shelf->file_count);
    for (uint32_t index = 0; index < self->pending_count; index++) {
        const entry_t *entry = &self->shelf->entries[self->pending[index]];
        if (is_name(entry)) {
            if (is_kept(self, index, 0)) apply(&self->image, entry);
            continue;
        }
        for (uint64_t from = entry->offset, end = entry->offset + entry->size; from < end;) {
            uint64_t next = (from / SECTOR + 1) * SECTOR < end ? (from / SECTOR + 1) * SECTOR : end;
            if (is_kept(self, index, from / SECTOR))
                bytes_put(&self->image, entry->file, from, entry->bytes + (from - entry->offset), next - from);
            from = next;
        }
    }
}

shelf_walk_t *shelf_walk_new(const shelf_t *shelf, uint32_t samples, uint64_t seed) {
    shelf_walk_t *self = calloc(1, sizeof *self);
    if (self == NULL) abort();
    self->shelf = shelf;
    self->samples = samples;
    self->seed = seed;
    moment_copy(&self->durable, &shelf->at_first, shelf->file_count);
    return self;
}

bool shelf_next(shelf_walk_t *self, shelf_crash_t *crash) {
    uint32_t most = self->pending_count == 0 ? 1 : self->samples;
    if (self->sample >= most) {
        if (self->point == self->shelf->count) return false;
        point_step(self);
    }
    image_make(self);
    *crash = (shelf_crash_t){self->point, self->sample++, self->must, self->may};
    return true;
}

void shelf_lay(shelf_walk_t *self, const char *folder) {
    for (uint32_t index = 0; index < FOLDERS; index++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", folder, folders[index]);
        if (mkdir(path, 0700) == 0) continue;
        DIR *open_folder = opendir(path);
        for (struct dirent *entry; open_folder != NULL && (entry = readdir(open_folder)) != NULL;)
            if (entry->d_name[0] != '.') (void)unlinkat(dirfd(open_folder), entry->d_name, 0);
        if (open_folder != NULL) closedir(open_folder);
    }
    for (uint32_t index = 0; index < self->image.name_count; index++) {
        char path[1024];
        const name_t *name = &self->image.names[index];
        snprintf(path, sizeof path, "%s/%s", folder, name->name);
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        ssize_t size = (ssize_t)self->image.size[name->file];
        if (fd < 0 || pwrite(fd, self->image.bytes[name->file], (size_t)size, 0) != size) abort();
        close(fd);
    }
}

void shelf_walk_destroy(shelf_walk_t **self) {
    if (*self == NULL) return;
    moment_free(&(*self)->durable);
    moment_free(&(*self)->image);
    free(*self);
    *self = NULL;
}
