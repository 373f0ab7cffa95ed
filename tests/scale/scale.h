/* What the instruments of scale share: a plan of any size, a ledger filled by the hundred thousand, figures printed as rows. */
#ifndef SCALE_SCALE_H
#define SCALE_SCALE_H

#include "services/plan/plan_file.h"
#include "services/stage/store.h"

/* How large a plan is. */
typedef struct {
    uint32_t units;
    uint32_t tasks;
    uint32_t indicators; /* of each task */
    uint32_t groups;     /* of the twelve that exist: how many each task names; 12: every unit owes every task */
    bool explicit_lists; /* unit by unit instead of by groups: the largest file and the largest entry */
    uint32_t amendment;  /* 0: as founded; 1: goals raised, days moved, a unit more */
} size_of_plan_t;

/* Writes such a plan as YAML. */
void plan_generate(const size_of_plan_t *size, buffer_t *out);
/* Reads it back by the product's own reader; ends the program if that finds a fault. */
plan_t plan_generated(const size_of_plan_t *size, arena_t *arena);

/* Verbs: each returns an exit code. */
int scale_plan(int argc, char **argv);   /* write a plan */
int scale_amend(int argc, char **argv);  /* a plan amended in mid-year */
int scale_stages(int argc, char **argv); /* a large plan through every stage */
int scale_growth(int argc, char **argv); /* a ledger that grows */
int scale_watch(int argc, char **argv);  /* the memory of a system's services, until it is told to stop */

/* Private memory of this process, KiB, but for the maps of its stores, and its resident set with them. */
typedef struct {
    uint64_t private_kib;
    uint64_t resident_kib;
} memory_use_t;
memory_use_t memory_use(void);
/* From now on a thread looks at it every 10 ms; the most private memory that it has seen, KiB. */
void memory_follow(void);
uint64_t memory_most_kib(void);

/* Reports refused among the newest 10,000 events of validation's stream: a figure taken of refusals would be no figure. */
uint32_t scale_refused(store_t *verdicts);

#endif
