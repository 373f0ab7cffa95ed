/* Intake: the ledger. The only place where anything enters; everything else is a function of what is appended here. */
#ifndef INTAKE_INTAKE_H
#define INTAKE_INTAKE_H

#include "services/stage/serve.h"

typedef struct intake intake_t;

/* Founds a ledger in an empty folder: ledger_opened, plan_adopted, rules_activated, stamped `at_ms`. For `minning init`. */
err_t intake_found(const char *path, const ledger_opened_t *opened, const plan_t *plan, uint64_t rules_version, int64_t at_ms);

/* Reads a ledger that no service has open, from end to end; tells its head, its first entry, its epoch. ERR_CORRUPT, ERR_LOCKED. */
err_t intake_verify(const char *path, head_t *head, ledger_opened_t *opened, uint64_t *epoch);
/* Lets the next command be ledger_restored: for `minning restore`, on a ledger that no service has open. */
void intake_allow_restore(intake_t *self);
uint64_t intake_epoch(const intake_t *self);

/* Opens the ledger: barrier, chain verified, registry and clock loaded. signer_secret signs chain heads. */
err_t intake_open(const char *path, const uint8_t signer_secret[64], intake_t **out);
void intake_close(intake_t **self);
/* Before a clean stop: all is committed, the next start need not verify it again. A backup reads everything. */
err_t intake_rest(intake_t *self);

/* A report that came by the gateway, plain and well: read, looked at and hashed, which is all that needs nothing of the ledger. */
typedef struct {
    uint64_t request_id;
    uint64_t key_generation;
    uint32_t unit; /* its position in the plan */
    bool bare;     /* it holds no commitments: content_hash is that of its bytes */
    uint8_t submission_id[16];
    uint8_t content_hash[32];
    bytes_t encoded; /* the report's own bytes, where they were read */
} prepared_t;
/* Who reads them: the arena of the one at hand, and the unit of the one before (UNIT_UNKNOWN: none). */
typedef struct {
    arena_t *arena;
    uint32_t unit_before;
} preparer_t;
/* Reads the report at the start of `bytes`; *took bytes. false: it is something else, or not plain, or in doubt: intake_take_next
 * tells. Looks at the plan and the keys alone, so a thread may do so while another one takes prepared reports and commits them. */
bool intake_prepare(const intake_t *self, preparer_t *preparer, door_t door, bytes_t bytes, prepared_t *report, uint32_t *took);
/* Would a prepared report be taken as it is: the plan is open, and no tick has to stand before it? */
bool intake_is_plain(const intake_t *self);
/* As intake_take, at the instant of the reading before. */
void intake_take_prepared(intake_t *self, const prepared_t *report, buffer_t *now, buffer_t *later);

/* Takes one frame from a door into the open group (begun if there is none), at wall clock `wall_ms`. What there is to answer is
 * appended to `now` (refusals, duplicates that are durable, queries: may be sent at once) or to `later` (receipts: after
 * intake_commit only), as one packet. Never waits, never fails on input. */
void intake_take(intake_t *self, door_t door, bytes_t frame, int64_t wall_ms, int64_t steady_ms, buffer_t *now,
                 buffer_t *later);
/* The same for the packet at the start of `bytes`, which hold more behind it. Returns what it took; all that cannot be read is
 * refused as one. */
uint32_t intake_take_next(intake_t *self, door_t door, bytes_t bytes, int64_t wall_ms, int64_t steady_ms, buffer_t *now,
                          buffer_t *later);
/* Appends the ticks and refusal counts that are due at `wall_ms` (real clock mode). */
void intake_tick(intake_t *self, int64_t wall_ms, int64_t steady_ms);
/* Makes the group durable; then, and only then, what stands in `later` may leave: receipts stand there without what the group
 * shares. OK, or an error after which the process must leave. */
err_t intake_commit(intake_t *self);
receipts_t intake_shared(const intake_t *self); /* what the receipts of the last group share */
bool intake_is_receipt(bytes_t answer);         /* of one answer as it was put there */
void intake_complete(const receipts_t *shared, bytes_t answer, buffer_t *out); /* appends it as a packet, whole */
/* Receipts as they were put there, one behind the other, as one packet: for who sends arrays. count 1..LIMIT_PACKETS. */
void intake_complete_many(const receipts_t *shared, bytes_t receipts, uint32_t count, buffer_t *out);
void intake_finish(intake_t *self, buffer_t *later); /* any number of answers, each a packet, in their place */
/* An advance_clock longer than LIMIT_GROUP ticks goes on over several groups: while pending, call intake_continue, commit and
 * finish again; the asker's command_done comes out of the last `later`. */
bool intake_pending(const intake_t *self);
void intake_continue(intake_t *self, buffer_t *later);
bool intake_has_group(const intake_t *self);
head_t intake_head(const intake_t *self);    /* durable */
int64_t intake_now_ms(const intake_t *self); /* the ledger's clock */
store_t *intake_store(intake_t *self);
void intake_keep_free(intake_t *self, uint64_t reserve); /* bytes; LIMIT_STORE_RESERVE unless told: BUSY when less is left */
bool intake_serve(intake_t *self, const fetch_t *fetch, arena_t *arena, batch_t *batch);
bool intake_answer(intake_t *self, const packet_t *ask, buffer_t *out); /* health_ask, registry_ask; from the desk's thread */

/* The service: opens the ledger of argv[1], binds its doors, leaves on SIGTERM. Returns an exit code of sysexits.h. */
int intake_main(int argc, char **argv);

#endif
