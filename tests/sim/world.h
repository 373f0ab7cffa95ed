/* The whole pipeline in one thread, on real LMDB and the real code of every stage, with a rehearsal ledger and no sockets. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "services/1-intake/intake.h"
#include "services/plan/plan.h"
#include "services/stage/stage.h"

enum { WORLD_VALIDATION, WORLD_AGGREGATION, WORLD_ALERTING, WORLD_NOTIFIER, WORLD_STAGES, WORLD_INTAKE = WORLD_STAGES };

typedef struct world world_t;

/* Founds a rehearsal ledger at `start_ms` in a temporary folder, with a key for every unit of the plan. */
world_t *world_new(const plan_t *plan, int64_t start_ms);
void world_destroy(world_t **self);
const planbook_t *world_book(const world_t *self);

/* What came back for one report: a refusal at intake (kind KIND_refusal), or a receipt and a verdict. Lists live in `arena`. */
typedef struct {
    bool refused;
    refusal_t refusal;
    receipt_t receipt;
    verdict_t verdict;
} world_answer_t;

/* Sends a report as `unit` through intake's gateway door, then lets every stage run until it is idle. Personal texts are
 * swapped for hashes as the vault does. */
world_answer_t world_report(world_t *self, text_t unit, const report_t *report, arena_t *arena);
/* The operator's commands. false: refused; the code is in *refusal. */
/* The same, and its verdict: for decisions that validation judges. */
bool world_command_judged(world_t *self, const message_t *type, const void *value, refusal_t *refusal, verdict_t *verdict,
                          arena_t *arena);
/* A unit's answer to a warning, through the gateway's door, with its verdict. */
world_answer_t world_decide(world_t *self, text_t unit, const warning_decide_t *decide, arena_t *arena);
/* Whatever a unit does beside reporting, alike. */
world_answer_t world_act(world_t *self, text_t unit, const message_t *type, const void *act, arena_t *arena);
bool world_advance(world_t *self, int64_t to_ms, refusal_t *refusal, arena_t *arena);
bool world_command(world_t *self, const message_t *type, const void *value, refusal_t *refusal, arena_t *arena);
/* Registers an officer with a key of its own, by the root key. Up to WORLD_OFFICERS. */
enum { WORLD_OFFICERS = 8 };
bool world_officer(world_t *self, text_t officer, office_t office, text_t unit, refusal_t *refusal, arena_t *arena);
/* A command signed by an officer; *seq: its entry. false: refused. */
bool world_command_as(world_t *self, text_t officer, const message_t *type, const void *value, uint64_t *seq, refusal_t *refusal,
                      arena_t *arena);
int64_t world_now_ms(const world_t *self);

/* Asks a stage, or the desk of intake; ASSERTs that it answers with `answer`. */
void world_ask(world_t *self, uint32_t stage, const message_t *ask, const void *question, const message_t *answer, void *value,
               arena_t *arena);
/* A dry run of a report, personal texts swapped as in world_report. */
verdict_t world_check(world_t *self, text_t unit, const report_t *report, arena_t *arena);
/* The next event after *seq that a stage writes and that is no control entry, if there is one; views live in arena. */
bool world_event(world_t *self, uint32_t stage, uint64_t *seq, event_t *event, arena_t *arena);

/* What a stage keeps; and a result of a delivery through the notifier's door. */
store_t *world_store(world_t *self, uint32_t stage);
uint64_t world_note(world_t *self, const message_t *type, const void *value, arena_t *arena);

/* Closes every store and opens it again: what a power cut leaves, everything committed. */
void world_restart(world_t *self);
/* Rebuilds every stage from its writer in a fresh folder and compares the dumps byte for byte. */
bool world_replays(world_t *self);

#endif
