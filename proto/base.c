/* Text, arena, buffer, errors: what base.h promises. */
#include "proto/base.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void base_assert_failed(const char *condition, const char *file, int line) {
    fprintf(stderr, "level=fatal event=assert_failed condition=\"%s\" at=%s:%d\n", condition, file, line);
    abort();
}

const char *err_name(err_t err) {
    switch (err) {
    case OK: return "ok";
    case ERR_SYSTEM: return "system";
    case ERR_STORE: return "store";
    case ERR_CORRUPT: return "corrupt";
    case ERR_LOCKED: return "locked";
    case ERR_FULL: return "full";
    case ERR_MISSING: return "missing";
    case ERR_BAD: return "bad";
    case ERR_TIMEOUT: return "timeout";
    case ERR_REFUSED: return "refused";
    case ERR_NOMEM: return "nomem";
    }
    return "unknown";
}

int text_compare(text_t a, text_t b) {
    uint32_t common = a.size < b.size ? a.size : b.size;
    int order = common == 0 ? 0 : memcmp(a.at, b.at, common);
    if (order != 0) return order;
    return a.size < b.size ? -1 : a.size > b.size;
}

/* Ids differ in their last byte more often than in their first, and lists may hold thousands. */
bool text_find(const text_t *texts, uint32_t count, text_t wanted) {
    for (uint32_t index = 0; index < count; index++) {
        if (texts[index].size != wanted.size) continue;
        if (wanted.size == 0 || (texts[index].at[wanted.size - 1] == wanted.at[wanted.size - 1] &&
                                 memcmp(texts[index].at, wanted.at, wanted.size) == 0))
            return true;
    }
    return false;
}

static void *memory_or_die(void *memory) {
    if (memory == NULL) {
        fputs("level=fatal event=out_of_memory\n", stderr);
        abort();
    }
    return memory;
}

void memory_give_back(void) {
    enum { KEPT = 4 << 20 };
    malloc_trim(KEPT);
}

enum { ARENA_BLOCK = 64 * 1024, ARENA_KEPT = 8 * 1024 * 1024 };

typedef struct arena_block {
    struct arena_block *next;
    size_t room;
    _Alignas(16) uint8_t bytes[];
} block_t;

static block_t *block_new(size_t room) {
    block_t *block = memory_or_die(malloc(sizeof *block + room));
    *block = (block_t){.next = NULL, .room = room};
    return block;
}

static void block_enter(arena_t *self, block_t *block) {
    self->now = block;
    self->at = block->bytes;
    self->end = block->bytes + block->room;
}

arena_t *arena_new(void) {
    arena_t *self = memory_or_die(calloc(1, sizeof *self));
    self->first = block_new(ARENA_BLOCK);
    self->held = ARENA_BLOCK;
    block_enter(self, self->first);
    return self;
}

void arena_destroy(arena_t **self) {
    if (*self == NULL) return;
    for (block_t *block = (*self)->first, *next; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
    free(*self);
    *self = NULL;
}

/* What one unusual day has taken goes back. */
static void blocks_free(arena_t *self) {
    size_t kept = 0;
    for (block_t *block = self->first; block != NULL; block = block->next) {
        kept += block->room;
        while (block->next != NULL && kept + block->next->room > ARENA_KEPT) {
            block_t *next = block->next;
            block->next = next->next;
            free(next);
        }
    }
    self->held = kept;
}

void arena_reset(arena_t *self) {
    if (self->held > ARENA_KEPT) blocks_free(self); /* else none is looked at: a look at each costs more than most messages */
    block_enter(self, self->first);
}

void *arena_more(arena_t *self, size_t size) {
    while ((size_t)(self->end - self->at) < size) {
        block_t *next = self->now->next;
        if (next == NULL || next->room < size) {
            block_t *fresh = block_new(size > ARENA_BLOCK ? size : ARENA_BLOCK);
            fresh->next = next == NULL ? NULL : next->next;
            self->now->next = fresh;
            self->held += fresh->room - (next == NULL ? 0 : next->room);
            free(next); /* void since the last reset, and too small: kept, requests of ever other sizes would pile blocks up */
        }
        block_enter(self, self->now->next);
    }
    return arena_room(self, size);
}

bytes_t arena_bytes(arena_t *self, bytes_t bytes) {
    uint8_t *copy = arena_room(self, bytes.size);
    if (bytes.size > 0) memcpy(copy, bytes.at, bytes.size);
    return (bytes_t){copy, bytes.size};
}

text_t arena_text(arena_t *self, text_t text) {
    char *copy = arena_room(self, (size_t)text.size + 1);
    if (text.size > 0) memcpy(copy, text.at, text.size);
    copy[text.size] = '\0';
    return (text_t){copy, text.size};
}

text_t arena_format(arena_t *self, const char *format, ...) {
    va_list measure;
    va_start(measure, format);
    va_list print;
    va_copy(print, measure);
    int size = vsnprintf(NULL, 0, format, measure);
    va_end(measure);
    ASSERT(size >= 0);
    char *at = arena_take(self, (size_t)size + 1);
    vsnprintf(at, (size_t)size + 1, format, print);
    va_end(print);
    return (text_t){at, (uint32_t)size};
}

uint8_t *buffer_grown(buffer_t *self, size_t size) {
    size_t room = self->room < 512 ? 512 : self->room;
    while (room - self->size < size) room *= 2;
    self->at = memory_or_die(realloc(self->at, room));
    self->room = room;
    return self->at + self->size;
}

void buffer_clear(buffer_t *self) { self->size = 0; }

void buffer_destroy(buffer_t *self) {
    free(self->at);
    *self = (buffer_t){0};
}
