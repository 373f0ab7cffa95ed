/* What the tests of services/plan share: plans read from files and from text. */
#ifndef TESTS_PLAN_FIXTURE_H
#define TESTS_PLAN_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/plan/plan_file.h"

#define PLAN_2021 "deploy/plans/2021-cangshan.yaml"
#define PLAN_2023 "tests/unit/data/2023-minhou.yaml"

typedef struct {
    arena_t *arena;
    text_t yaml;
    plan_t plan;
    file_fault_t faults[PLAN_FAULTS];
    uint32_t count;
    err_t err;
    planbook_t *book; /* NULL where there are faults */
} fixture_t;

static inline fixture_t *fixture_of_text(text_t yaml) {
    fixture_t *self = calloc(1, sizeof *self);
    assert_non_null(self);
    self->arena = arena_new();
    self->yaml = arena_text(self->arena, yaml);
    self->err = plan_read(self->yaml, self->arena, &self->plan, self->faults, &self->count);
    if (self->err == OK) self->book = planbook_new(&self->plan);
    return self;
}

static inline text_t fixture_file(const char *path, arena_t *arena) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) fail_msg("cannot open %s: run the tests from the top folder", path);
    char *bytes = arena_take(arena, LIMIT_PLAN_FILE);
    size_t size = fread(bytes, 1, LIMIT_PLAN_FILE, file);
    fclose(file);
    return (text_t){bytes, (uint32_t)size};
}

static inline void fixture_free(fixture_t *self) {
    planbook_destroy(&self->book);
    arena_destroy(&self->arena);
    free(self);
}

static inline fixture_t *fixture_of_file(const char *path) {
    arena_t *arena = arena_new();
    fixture_t *self = fixture_of_text(fixture_file(path, arena));
    arena_destroy(&arena);
    return self;
}

/* The 2021 plan as it would be, had somebody written `after` for the first `before`. */
static inline fixture_t *fixture_edited(const char *path, const char *before, const char *after) {
    arena_t *arena = arena_new();
    text_t text = fixture_file(path, arena);
    const char *at = strstr(text.at, before);
    if (at == NULL) fail_msg("the plan does not hold: %s", before);
    const char *behind = at + strlen(before);
    text_t tail = {behind, text.size - (uint32_t)(behind - text.at)};
    fixture_t *self =
        fixture_of_text(arena_format(arena, "%.*s%s" TEXT_FORMAT, (int)(at - text.at), text.at, after, TEXT_ARGS(tail)));
    arena_destroy(&arena);
    return self;
}

/* Is there a fault with this path whose English sentence holds `words`? */
static inline const file_fault_t *fixture_fault(const fixture_t *self, const char *path, const char *words) {
    for (uint32_t index = 0; index < self->count; index++)
        if (strcmp(self->faults[index].path, path) == 0 && strstr(self->faults[index].en, words) != NULL)
            return &self->faults[index];
    return NULL;
}

static inline void fixture_tell(const fixture_t *self) {
    for (uint32_t index = 0; index < self->count; index++)
        print_message("%u:%u %s: %s\n", self->faults[index].line, self->faults[index].column, self->faults[index].path,
                      self->faults[index].en);
}

#endif
