/* The map of a derived store. LMDB writes into the pages of the file by memory, and the kernel carries them to the disk when it
 * likes: a page that many commits change is written once, no commit waits for a disk, and none holds pages of its own.
 * The map is as large as the file, and the file's blocks are taken before the map grows over them, so a full disk is an error
 * here and never a SIGBUS. It grows between two write transactions while nobody reads. Readers that come one after another, or
 * overlap, would leave it no such moment: for a few milliseconds it lets none begin until those that are there have ended. Where
 * one stays, as a backup does, nobody is held for its sake again; transactions are smaller, and wait at last. */
#include "services/stage/store_inner.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROOM_LEAST = 128 /* pages: more than one event changes */, WARM_STEP = 256 << 10, WARM_LEAST = 1 << 20 };
enum { READERS_WAIT = 20 /* ms */ };

err_t store_map_prepare(store_t *self) {
    char path[PATH_MAX];
    struct stat file;
    int size = snprintf(path, sizeof path, "%s/data.mdb", self->path);
    if (size < 0 || (size_t)size >= sizeof path) return ERR_BAD;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return ERR_SYSTEM;
    int code = fstat(fd, &file) == 0 ? 0 : errno;
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    self->file_size = ((uint64_t)file.st_size + page - 1) / page * page;
    if (self->file_size < store_map_step()) self->file_size = store_map_step();
    if (code == 0 && (uint64_t)file.st_size < self->file_size)
        code = posix_fallocate(fd, file.st_size, (off_t)self->file_size - file.st_size);
    close(fd);
    return code == 0 ? OK : store_wrong(self, code, "allocate");
}

/* Under the lock: does everybody who reads come to an end while nobody new begins? */
static bool readers_end(store_t *self) {
    if (self->map_readers == 0 || self->map_stayers > 0) return self->map_readers == 0;
    self->map_closed = true;
    for (int waited = 0; self->map_readers > 0 && waited < READERS_WAIT; waited++) {
        pthread_mutex_unlock(&self->map_lock);
        poll(NULL, 0, 1);
        pthread_mutex_lock(&self->map_lock);
    }
    self->map_closed = false;
    pthread_cond_broadcast(&self->map_opens);
    if (self->map_readers == 0) return true;
    self->map_turn++;
    self->map_stayers = self->map_readers;
    return false;
}

static void map_grow(store_t *self, uint64_t step) {
    int fd = -1;
    uint64_t wanted = self->file_size + step < LIMIT_STORE_SIZE ? self->file_size + step : LIMIT_STORE_SIZE;
    if (wanted <= self->file_size || mdb_env_get_fd(self->env, &fd) != 0) return;
    pthread_mutex_lock(&self->map_lock);
    self->map_stays = !readers_end(self);
    bool grown = !self->map_stays && posix_fallocate(fd, (off_t)self->file_size, (off_t)(wanted - self->file_size)) == 0 &&
                 mdb_env_set_mapsize(self->env, wanted) == 0;
    if (grown) self->file_size = wanted;
    pthread_mutex_unlock(&self->map_lock);
}

static uint64_t map_left(const store_t *self) {
    MDB_envinfo info;
    if (mdb_env_info(self->env, &info) != 0) return 0;
    uint64_t used = ((uint64_t)info.me_last_pgno + 1) * self->page_size;
    return used < self->file_size ? self->file_size - used : 0;
}

/* The pages that the next transaction will take, as many as the last one took and some more, are written with zeros, many at a
 * time: the kernel then has them in memory, with their blocks, when LMDB touches each for the first time. */
static void map_warm(store_t *self) {
    static const uint8_t zeros[WARM_STEP];
    MDB_envinfo info;
    int fd = -1;
    if (mdb_env_info(self->env, &info) != 0 || mdb_env_get_fd(self->env, &fd) != 0) return;
    uint64_t used = ((uint64_t)info.me_last_pgno + 1) * self->page_size, taken = used - self->map_used;
    uint64_t until = used + taken + taken / 4 + WARM_LEAST;
    if (self->map_used == 0) until = used + WARM_LEAST;
    if (until > self->file_size) until = self->file_size;
    self->map_used = used;
    if (self->map_warm < used) self->map_warm = used;
    while (self->map_warm < until) {
        uint64_t left = until - self->map_warm;
        ssize_t size = pwrite(fd, zeros, left < sizeof zeros ? left : sizeof zeros, (off_t)self->map_warm);
        if (size <= 0) return; /* then they are not warm, and that is all */
        self->map_warm += (uint64_t)size;
    }
}

/* As much again as a transaction was in want of, up to what the largest may take. */
void store_map_room(store_t *self) {
    uint64_t left = map_left(self), most = 2ULL * LIMIT_CHANGES * self->page_size;
    uint64_t step = store_map_step(), wanted = self->map_cramped ? 2 * left + step : step / 2;
    if (wanted > most) wanted = most;
    if (left < wanted) map_grow(self, (wanted - left + step - 1) / step * step);
    self->map_cramped = false;
    map_warm(self);
    left = map_left(self) / self->page_size;
    self->map_room = left / 2 < ROOM_LEAST ? ROOM_LEAST : (uint32_t)(left / 2);
}

map_room_t store_more_room(store_t *self) {
    if (!self->derived || self->writing) return ROOM_NONE;
    uint64_t before = self->file_size;
    self->map_stays = false;
    map_grow(self, self->file_size);
    if (self->file_size > before) return ROOM_MORE;
    return self->map_stays ? ROOM_LATER : ROOM_NONE;
}

uint64_t store_map_read(store_t *self) {
    if (!self->derived) return 0;
    pthread_mutex_lock(&self->map_lock);
    while (self->map_closed) pthread_cond_wait(&self->map_opens, &self->map_lock);
    self->map_readers++;
    uint64_t turn = self->map_turn;
    pthread_mutex_unlock(&self->map_lock);
    return turn;
}

void store_map_read_end(store_t *self, uint64_t turn) {
    if (!self->derived) return;
    pthread_mutex_lock(&self->map_lock);
    self->map_readers--;
    if (turn < self->map_turn) self->map_stayers--;
    pthread_mutex_unlock(&self->map_lock);
}
