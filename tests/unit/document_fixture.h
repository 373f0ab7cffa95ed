/* The September of a rehearsal, kept as JSON: the edition from which the golden documents are made. */
#ifndef TESTS_DOCUMENT_FIXTURE_H
#define TESTS_DOCUMENT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/json.h"
#include "services/documents/documents.h"
#include "services/stage/home.h"

static inline edition_t fixture_edition(arena_t *arena) {
    text_t text;
    int line = 0;
    char what[128];
    edition_t edition;
    fault_t fault = {0};
    assert_int_equal(home_read("tests/unit/data/edition-2021-09.json", arena, LIMIT_DOCUMENT, &text), OK);
    json_t *json = json_read(text, &line, what, sizeof what);
    assert_non_null(json);
    assert_int_equal(message_from_json(edition_type(), json, arena, &edition, &fault), OK);
    json_decref(json);
    return edition;
}

/* Is it what the file holds? With UPDATE_GOLDEN set the file is written instead: then read it. */
static inline void assert_golden(const char *path, const buffer_t *bytes, arena_t *arena) {
    text_t golden;
    text_t made = {(const char *)bytes->at, (uint32_t)bytes->size};
    if (getenv("UPDATE_GOLDEN") != NULL) assert_int_equal(home_write(path, made, 0644), OK);
    assert_int_equal(home_read(path, arena, LIMIT_DOCUMENT, &golden), OK);
    uint32_t same = 0;
    while (same < golden.size && same < made.size && golden.at[same] == made.at[same]) same++;
    if (same < golden.size || same < made.size)
        print_error("%s differs at byte %u: ...%.*s\n", path, same, (int)(made.size - same < 80 ? made.size - same : 80),
                    made.at + same);
    assert_int_equal(golden.size, made.size);
    assert_int_equal(same, made.size);
}

#endif
