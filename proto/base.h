/* The ground everybody stands on: text, arena, buffer, errors, ASSERT. Knows no message and no domain word. */
#ifndef PROTO_BASE_H
#define PROTO_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* We are wrong: always compiled in, no side effects inside. Input never reaches one. */
#define ASSERT(condition) ((condition) ? (void)0 : base_assert_failed(#condition, __FILE__, __LINE__))
_Noreturn void base_assert_failed(const char *condition, const char *file, int line);

/* The world refuses. 0 is well; everything else has a name (err_name). */
typedef enum {
    OK = 0,
    ERR_SYSTEM,   /* the kernel said no; errno tells */
    ERR_STORE,    /* LMDB said no */
    ERR_CORRUPT,  /* a record does not carry what was written */
    ERR_LOCKED,   /* another instance holds the lock */
    ERR_FULL,     /* disk or map is full */
    ERR_MISSING,  /* not there */
    ERR_BAD,      /* input that does not parse; a fault tells where */
    ERR_TIMEOUT,  /* nobody answered */
    ERR_REFUSED,  /* the peer refuses; its reasons tell */
    ERR_NOMEM
} err_t;
const char *err_name(err_t err);

/* A view of UTF-8 bytes, not terminated, owned by somebody else. {NULL, 0} is the empty text. */
typedef struct {
    const char *at;
    uint32_t size;
} text_t;

/* A view of any bytes. */
typedef struct {
    const uint8_t *at;
    uint32_t size;
} bytes_t;

/* Where a view ends; of the empty one from nowhere: nowhere. */
static inline const uint8_t *bytes_end(bytes_t bytes) { return bytes.size == 0 ? bytes.at : bytes.at + bytes.size; }

/* A number that may be missing: missing, 0 and any other value are three different things. */
typedef struct {
    bool given;
    int64_t value;
} maybe_t;

#define TEXT_FORMAT "%.*s"
#define TEXT_ARGS(text) (int)(text).size, (text).at == NULL ? "" : (text).at

/* View of a C string; NULL gives the empty text. Here, so that of a literal nothing is counted. */
static inline text_t text_of(const char *terminated) {
    return terminated == NULL ? (text_t){NULL, 0} : (text_t){terminated, (uint32_t)strlen(terminated)};
}
static inline bool text_equal(text_t a, text_t b) { return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0); }
static inline bool text_is(text_t text, const char *terminated) { return text_equal(text, text_of(terminated)); }
int text_compare(text_t a, text_t b);                /* bytewise, as memcmp; <0, 0, >0 */
bool text_find(const text_t *texts, uint32_t count, text_t wanted); /* is `wanted` among them? */

/* Eight bytes as a number, in the machine's own order: to look at them at once. */
static inline uint64_t word_at(const void *at) {
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static inline uint32_t half_word_at(const void *at) {
    uint32_t half;
    memcpy(&half, at, sizeof half);
    return half;
}

/* text_equal for ids, which are short: two words that overlap are all of one. */
static inline bool id_equal(text_t a, text_t b) {
    if (a.size != b.size) return false;
    if (a.size < 4 || a.size > 16) return text_equal(a, b);
    const char *a_end = a.at + a.size, *b_end = b.at + b.size;
    if (a.size < 8) return half_word_at(a.at) == half_word_at(b.at) && half_word_at(a_end - 4) == half_word_at(b_end - 4);
    return word_at(a.at) == word_at(b.at) && word_at(a_end - 8) == word_at(b_end - 8);
}

/* An id, a hash, a signature that is not there is all zero. */
static inline bool bytes_are_zero(const uint8_t *bytes, size_t size) {
    if (size == 16) return (word_at(bytes) | word_at(bytes + 8)) == 0;
    if (size == 32) return (word_at(bytes) | word_at(bytes + 8) | word_at(bytes + 16) | word_at(bytes + 24)) == 0;
    for (; size >= 8; bytes += 8, size -= 8)
        if (word_at(bytes) != 0) return false;
    for (; size > 0; bytes++, size--)
        if (*bytes != 0) return false;
    return true;
}

/* Memory that is given back all at once. Running out ends the process: one transaction a batch makes that loss-free. */
typedef struct {
    struct arena_block *first, *now;
    uint8_t *at, *end; /* what is left of the block at hand */
    size_t held;       /* by all blocks together */
} arena_t;
arena_t *arena_new(void);
void arena_destroy(arena_t **self);
void arena_reset(arena_t *self);                     /* everything taken so far is void; the blocks are kept */
void *arena_more(arena_t *self, size_t size);        /* arena_room, where the block at hand is too small */
/* Aligned to 16, not zeroed: for what is overwritten at once. */
static inline void *arena_room(arena_t *self, size_t size) {
    size_t need = (size + 15) & ~(size_t)15;
    if ((size_t)(self->end - self->at) < need) return arena_more(self, need);
    void *memory = self->at;
    self->at += need;
    return memory;
}
static inline void *arena_take(arena_t *self, size_t size) { return memset(arena_room(self, size), 0, size); } /* zeroed */
bytes_t arena_bytes(arena_t *self, bytes_t bytes);   /* a copy */
text_t arena_text(arena_t *self, text_t text);       /* a copy, with a NUL behind it that does not count */
text_t arena_format(arena_t *self, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* After something rare and large: what was freed goes back to the machine, but for some of it that malloc keeps. */
void memory_give_back(void);
#define ARENA_NEW(arena, type, count) ((type *)arena_take((arena), sizeof(type) * (size_t)(count)))

/* What is going to be read is asked of memory all at once; changes nothing, also where there is nothing (NULL). */
static inline void lines_fetch(const void *at, size_t size) {
    enum { LINE = 64 };
    for (size_t place = 0; place < size; place += LINE) __builtin_prefetch((const void *)((uintptr_t)at + place));
}

/* Growing bytes. */
typedef struct {
    uint8_t *at;
    size_t size;
    size_t room;
} buffer_t;
uint8_t *buffer_grown(buffer_t *self, size_t size);
/* Where the next `size` bytes may be written; the caller then counts them in. Void at the next call. */
static inline uint8_t *buffer_room(buffer_t *self, size_t size) {
    return self->room - self->size >= size ? self->at + self->size : buffer_grown(self, size);
}
static inline void buffer_add(buffer_t *self, const void *bytes, size_t size) {
    if (size == 0) return;
    memcpy(buffer_room(self, size), bytes, size);
    self->size += size;
}
void buffer_clear(buffer_t *self);                   /* size 0, keeps the room */
void buffer_destroy(buffer_t *self);

#endif
