/* The plan file: YAML in, canonical plan out, every fault with its line and column. Only plan_file* know libyaml. */
#ifndef PLAN_PLAN_FILE_H
#define PLAN_PLAN_FILE_H

#include "services/plan/plan.h"

typedef struct {
    uint32_t line;          /* 1-based */
    uint32_t column;
    char path[LIMIT_NAME];  /* tasks[3].indicators[0].target.at_least */
    char zh[256];
    char en[256];
} file_fault_t;

enum { PLAN_FAULTS = 128 };

/* Reads the text of a plan file. OK: *plan is complete (lives in arena). ERR_BAD: the faults tell everything found. */
err_t plan_read(text_t yaml, arena_t *arena, plan_t *plan, file_fault_t faults[PLAN_FAULTS], uint32_t *fault_count);
/* Prints tasks, units, obligations a period and in all, every deadline with its resolved instant and rule. zh: in Chinese. */
void plan_print(const planbook_t *book, bool zh, buffer_t *out);

#endif
