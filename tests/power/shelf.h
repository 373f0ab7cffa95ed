/* A folder on tape, with files that come and go: writes, syncs, names, each durable for itself; what a cut may leave of it. */
#ifndef POWER_SHELF_H
#define POWER_SHELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

typedef struct shelf shelf_t;
/* Records what happens below `folder` (absolute) from now on. What lies there already is durable. */
shelf_t *shelf_begin(const char *folder);
void shelf_end(void);
void shelf_destroy(shelf_t **self);
/* From here on state `state` may be found; done: nothing older may. */
void shelf_note(shelf_t *self, uint32_t state, bool done);
uint64_t shelf_writes(const shelf_t *self);

/* What must be found out: syncs of evidence, of the store's rows, or of folders, that do nothing. */
extern bool shelf_deaf_to_bytes, shelf_deaf_to_rows, shelf_deaf_to_names;
extern const char *shelf_deaf_to; /* the file of this name alone; NULL: none */

/* Walks the states: after each call of shelf_next lay one with shelf_lay. At most `samples` a point. */
typedef struct {
    uint32_t point, sample, must, may;
} shelf_crash_t;
typedef struct shelf_walk shelf_walk_t;
shelf_walk_t *shelf_walk_new(const shelf_t *shelf, uint32_t samples, uint64_t seed);
bool shelf_next(shelf_walk_t *self, shelf_crash_t *crash);
void shelf_lay(shelf_walk_t *self, const char *folder); /* a folder of its own: what lay there goes */
void shelf_walk_destroy(shelf_walk_t **self);

/* For tape.c, which has the system calls. */
void shelf_heard_write(int fd, const struct iovec *parts, int count, int64_t offset);
void shelf_heard_sync(int fd);
void shelf_heard_rename(const char *from, const char *to);
void shelf_heard_unlink(int folder, const char *path);

/* The work on evidence files, and whether a state is one of those that may be. Both print what they find. */
bool evidence_power(uint64_t states, uint64_t seed, uint32_t *passed, uint32_t *failed);
/* The same of what the publisher told, and how far it came. */
bool told_power(uint64_t states, uint64_t seed, uint32_t *passed, uint32_t *failed);

#endif
