/* Every golden vector, one after the other: the message, and its bytes in a block of exactly their size. */
#ifndef UNIT_GOLDEN_H
#define UNIT_GOLDEN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/crypto.h"
#include "proto/wire.h"

static inline const message_t *golden_type(const char *name) {
    size_t count;
    const message_t *const *all = message_all(&count);
    for (size_t index = 0; index < count; index++)
        if (strcmp(all[index]->name, name) == 0) return all[index];
    return NULL;
}

/* How many there were. `visit` may change the bytes. */
static inline size_t golden_each(void (*visit)(const message_t *type, uint8_t *bytes, uint32_t size)) {
    FILE *file = fopen("tests/vectors/golden.txt", "r");
    assert_non_null(file);
    char *line = NULL;
    size_t room = 0, visited = 0;
    for (; getline(&line, &room, file) > 0; visited++) {
        char *rest = line, *name = strsep(&rest, "\t"), *variant = strsep(&rest, "\t"), *hex = strsep(&rest, "\t");
        const message_t *type = golden_type(name);
        assert_true(type != NULL && variant != NULL && hex != NULL);
        uint32_t size = (uint32_t)strlen(hex) / 2;
        uint8_t *bytes = test_malloc(size); /* cmocka guards what lies behind it */
        assert_true(hex_read(text_of(hex), bytes, size));
        visit(type, bytes, size);
        test_free(bytes);
    }
    free(line);
    fclose(file);
    return visited;
}

#endif
