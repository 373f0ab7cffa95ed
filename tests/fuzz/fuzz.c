/* What fuzz.h promises. */
#include "tests/fuzz/fuzz.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/crypto.h"
#include "tests/sim/pump.h"
#include "tests/sim/temporary.h"

static char folder[64];

static void folder_remove(void) { pump_remove(folder); }

const char *fuzz_folder(void) {
    if (folder[0] != '\0') return folder;
    snprintf(folder, sizeof folder, "%s/minning-fuzz-XXXXXX", temporary_memory());
    if (mkdtemp(folder) == NULL) {
        perror(folder);
        exit(74);
    }
    atexit(folder_remove);
    return folder;
}

int fuzz_run(fuzz_target_t *target, const uint8_t *data, size_t size) {
    static bool started;
    static arena_t *arena;
    if (!started) {
        crypto_start();
        arena = arena_new();
        setenv("MINNING_LOG", "error", 0); /* a service that is told nonsense all day says so */
    }
    started = true;
    uint8_t *copy = malloc(size == 0 ? 1 : size);
    if (copy == NULL || size > UINT32_MAX) abort();
    if (size > 0) memcpy(copy, data, size);
    arena_reset(arena);
    target((bytes_t){copy, (uint32_t)size}, arena);
    free(copy);
    return 0;
}

_Noreturn void fuzz_broken(const char *condition, const char *file, int line, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s:%d: a promise is broken: %s: ", file, line, condition);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}

uint8_t fuzz_byte(bytes_t *input) {
    if (input->size == 0) return 0;
    uint8_t byte = input->at[0];
    *input = (bytes_t){input->at + 1, input->size - 1};
    return byte;
}

bytes_t fuzz_part(bytes_t *input) {
    uint32_t size = (uint32_t)fuzz_byte(input) << 8;
    size |= fuzz_byte(input);
    if (size > input->size) size = input->size;
    bytes_t part = {input->at, size};
    *input = (bytes_t){input->at + size, input->size - size};
    return part;
}

text_t fuzz_text(bytes_t input) {
    union {
        const uint8_t *bytes;
        const char *chars;
    } at = {.bytes = input.at};
    return (text_t){at.chars, input.size};
}

void fuzz_same_bytes(const message_t *type, const void *value, bytes_t bytes) {
    buffer_t again = {0};
    wire_encode(type, value, &again);
    bool same = again.size == bytes.size && (bytes.size == 0 || memcmp(again.at, bytes.at, bytes.size) == 0);
    PROMISE(same, "%s decodes from %u bytes and encodes to %zu", type->name, bytes.size, again.size);
    buffer_destroy(&again);
}
