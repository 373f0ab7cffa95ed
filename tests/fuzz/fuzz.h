/* What every fuzz target shares: its declaration, its scratch memory, and the way to say that a promise was broken. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include "proto/wire.h"

/* FUZZ(name) { … data, size … } is one target. Under clang it is libFuzzer's entry; without, replay.c calls it by its name.
 * Both must give the same run for the same bytes, so no target keeps state from one input to the next that an input can see. */
#ifdef FUZZ_LIBFUZZER
#define FUZZ(name)                                                                                                             \
    void fuzz_##name(bytes_t input, arena_t *arena);                                                                           \
    int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);                                                              \
    int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) { return fuzz_run(fuzz_##name, data, size); }                 \
    void fuzz_##name(bytes_t input, arena_t *arena)
#else
#define FUZZ(name)                                                                                                             \
    void fuzz_##name(bytes_t input, arena_t *arena);                                                                           \
    void fuzz_##name(bytes_t input, arena_t *arena)
#endif

typedef void fuzz_target_t(bytes_t input, arena_t *arena);

/* One input: a copy of exactly its size, so that a read beyond it is seen, and a fresh arena. */
int fuzz_run(fuzz_target_t *target, const uint8_t *data, size_t size);

/* A promise beyond "it does not crash". */
#define PROMISE(condition, ...) ((condition) ? (void)0 : fuzz_broken(#condition, __FILE__, __LINE__, __VA_ARGS__))
_Noreturn void fuzz_broken(const char *condition, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Takes parts off the front of an input. */
uint8_t fuzz_byte(bytes_t *input); /* 0 at the end */
bytes_t fuzz_part(bytes_t *input); /* two bytes of size, then at most that many */
text_t fuzz_text(bytes_t input);

/* The bytes of `value` again: what was decoded must encode to what it was decoded from. */
void fuzz_same_bytes(const message_t *type, const void *value, bytes_t bytes);

/* A folder of this process on memory, made on first use, removed at exit. */
const char *fuzz_folder(void);

#endif
