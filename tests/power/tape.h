/* A tape of what a process does to a store's data.mdb: every write and every sync, in order, with what was promised between. */
#ifndef POWER_TAPE_H
#define POWER_TAPE_H

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    TAPE_WRITE,   /* bytes to the page cache */
    TAPE_THROUGH, /* the same through a descriptor with O_DSYNC: durable when it returns */
    TAPE_SYNC,    /* fdatasync, fsync: all bytes so far are durable when it returns */
    TAPE_RENAME,  /* data.mdb.new, on tape from its first byte, became data.mdb */
    TAPE_NAME,    /* fsync of the folder: the file's name is durable */
    TAPE_BEGIN,   /* from here on state `state` may be found */
    TAPE_DONE     /* from here on nothing older than state `state` may be found */
} tape_kind_t;

typedef struct {
    tape_kind_t kind;
    uint32_t state;
    uint64_t offset;
    uint32_t size;
    uint8_t *bytes;
} tape_entry_t;

typedef struct {
    char file[256];   /* …/data.mdb */
    char born[256];   /* …/data.mdb.new, which it was first */
    char folder[256]; /* what holds it */
    bool mapped;      /* written by memory and never synced: what changed is seen by tape_look */
    tape_entry_t *entries;
    uint32_t count, room;
} tape_t;

/* Records into `tape` from now on; NULL: into none. `folder` must be absolute. */
void tape_begin(tape_t *tape, const char *folder);
void tape_end(void);
void tape_note(tape_kind_t kind, uint32_t state); /* TAPE_BEGIN or TAPE_DONE */
/* Of a mapped file: what differs from what is on tape becomes writes, page by page, whenever the kernel may have carried them. */
void tape_look(tape_t *tape);
void tape_destroy(tape_t *tape);

/* Flags that mdb_env_open gets on top, from now on: what the explorer must not like. */
extern unsigned tape_flags;
/* Forget every sync: no fdatasync, no O_DSYNC, nothing is ever durable but by luck. */
extern bool tape_deaf;

#endif
