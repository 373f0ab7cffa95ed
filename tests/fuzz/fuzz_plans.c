/* What fuzz_plans.h promises. */
#include "tests/fuzz/fuzz_plans.h"

#include <stdio.h>
#include <stdlib.h>

#include "services/plan/plan_file.h"
#include "services/stage/home.h"

static planbook_t *book;
static void forget(void) { planbook_destroy(&book); }

const planbook_t *fuzz_book(void) {
    if (book != NULL) return book;
    arena_t *arena = arena_new();
    static file_fault_t faults[PLAN_FAULTS];
    uint32_t count = 0;
    text_t yaml;
    plan_t plan;
    if (home_read("deploy/plans/2021-cangshan.yaml", arena, LIMIT_PLAN_FILE, &yaml) != OK ||
        plan_read(yaml, arena, &plan, faults, &count) != OK) {
        fprintf(stderr, "fuzz: run me from the top of the checkout\n");
        exit(66);
    }
    book = planbook_new(&plan);
    arena_destroy(&arena);
    atexit(forget);
    return book;
}
