/* The client's side of the gateway: a unit's keys, its encrypted connection, its reports and what is answered. */
#ifndef UNIT_UNIT_H
#define UNIT_UNIT_H

#include "proto/wire.h"

enum { UNIT_KEY_TEXT = 40, UNIT_KEY_RAW = 32 };

/* A CURVE pair as text: Z85, 40 characters and a NUL. */
typedef struct {
    char public_text[UNIT_KEY_TEXT + 1];
    char secret_text[UNIT_KEY_TEXT + 1];
} unit_key_t;

/* A fresh pair from the kernel's randomness. ERR_SYSTEM if this libzmq has no CURVE. */
err_t unit_key_new(unit_key_t *out);
/* The files `<stem>.pub` (mode 0644) and `<stem>.key` (mode 0600), each one line of Z85. Store never overwrites: ERR_LOCKED if
 * one of them exists; ERR_SYSTEM otherwise. Load: ERR_MISSING: there is no secret half (without
 * the public one it does: that follows from it); ERR_BAD if they are no pair of keys. */
err_t unit_key_store(const char *stem, const unit_key_t *key);
err_t unit_key_load(const char *stem, unit_key_t *out);
/* Reads a `.pub` file alone, e.g. keys/gateway.pub or what the operator registers. ERR_MISSING, ERR_BAD. */
err_t unit_public_load(const char *path, char text[UNIT_KEY_TEXT + 1]);
/* Z85 text to the 32 bytes that key_registered carries, and back. false: not 40 characters of Z85. */
bool unit_key_raw(const char *text, uint8_t raw[UNIT_KEY_RAW]);
void unit_key_text(const uint8_t raw[UNIT_KEY_RAW], char text[UNIT_KEY_TEXT + 1]);

/* A submission id: UUIDv7, ordered in time; ids made by one thread within one millisecond ascend too. `ms` since 1970 UTC. */
void uuid7_new(int64_t ms, uint8_t out[16]);

/* A connection. It is made and kept up in the background: opening succeeds while the gateway is away.
 * `endpoint` e.g. "tcp://127.0.0.1:7350"; `server_public` Z85 of keys/gateway.pub. */
typedef struct unit_link unit_link_t;
err_t unit_open(const char *endpoint, const char *server_public, const unit_key_t *key, unit_link_t **out);
void unit_close(unit_link_t **self);
void *unit_handle(unit_link_t *self);                /* for link_wait, to follow many links at once */

/* Sends one message without waiting for an answer; the number comes back in every answer to it. 0: it could not be sent now
 * (the gateway is away and the queue is full). */
uint64_t unit_send_report(unit_link_t *self, const report_t *report, int64_t client_ms);
uint64_t unit_send_check(unit_link_t *self, const report_t *report);
uint64_t unit_send_status(unit_link_t *self, const status_ask_t *ask);
/* Puts a report into the frame that leaves with unit_flush, or when it is full: who has many under way saves most of what a
 * message costs. The number of its answers; 0: the frame is full and cannot leave now. */
uint64_t unit_gather_report(unit_link_t *self, const report_t *report, int64_t client_ms);
bool unit_flush(unit_link_t *self); /* false: it cannot leave now; it is kept */
/* Many reports in one frame (1..LIMIT_EDGE_BATCH): ids are consecutive, the first is returned. 0 as above. */
uint64_t unit_send_reports(unit_link_t *self, const report_t *const *reports, uint32_t count, int64_t client_ms);
bool unit_send_raw(unit_link_t *self, bytes_t frame); /* bytes as they are: tests and fuzzing */

/* One answer. `kind` (KIND_receipt, KIND_verdict, KIND_refusal, KIND_busy, KIND_standing_told, KIND_measures, KIND_evidence_at,
 * KIND_evidence_told) says which member holds. */
typedef struct {
    uint64_t request_id; /* 0: the gateway could not read one */
    uint32_t kind;
    union {
        receipt_t receipt;
        verdict_t verdict;
        refusal_t refusal;
        busy_t busy;
        standing_told_t standing;
        measures_t measures;
        evidence_at_t evidence_at;
        evidence_told_t evidence;
    };
} unit_answer_t;

/* Waits at most `timeout_ms` (0: not at all) for the next answer; texts and lists live in `arena`. false: none came. The verdict on
 * a report that was sent in an array may leave unit, task and period empty: request_id says which report it is. */
bool unit_poll(unit_link_t *self, int64_t timeout_ms, arena_t *arena, unit_answer_t *answer);

/* The gateway turned this key away (not registered, revoked); libzmq does not try again by itself. unit_poll returns early then,
 * and what was sent may be lost: unit_reconnect, then send again. The blocking calls below do all that themselves, for three
 * seconds, and then answer ERR_REFUSED with unknown_key. */
bool unit_refused(const unit_link_t *self);
err_t unit_reconnect(unit_link_t *self);
/* How many answers could not be read so far, as of a gateway of another version, and what was wrong with the last one. unit_poll
 * returns early then, once; the blocking calls return ERR_BAD: what was sent may be in the ledger. */
uint32_t unit_unread(const unit_link_t *self, fault_t *why);

/* What became of a report. */
typedef struct {
    bool received; /* `receipt` holds: it is durable */
    bool judged;   /* `verdict` holds */
    bool refused;  /* `refusal` holds: nothing was kept */
    bool busy;     /* the last word was "not now": nothing was kept, try again after retry_after_ms */
    uint64_t retry_after_ms;
    receipt_t receipt;
    verdict_t verdict;
    refusal_t refusal;
} unit_outcome_t;

/* Sends a report and waits for receipt and verdict. On silence or busy it sends the same submission id again, which gives the
 * same receipt and verdict. OK: both are there (verdict.accepted says what they say). ERR_REFUSED: refused at the door or at
 * intake. ERR_TIMEOUT: nothing more came; outcome->received tells whether it is durable. */
err_t unit_report(unit_link_t *self, const report_t *report, int64_t client_ms, int64_t timeout_ms, arena_t *arena,
                  unit_outcome_t *outcome);
/* The same report again, with its receipt, after a restore has lost it: the ledger gives it a new entry and the old instant. A
 * report that is still there is answered as ever; a receipt that the ledger does not know as its own, or that no restore has lost,
 * is refused (receipt_invalid). receipt may be NULL. */
err_t unit_report_with_receipt(unit_link_t *self, const report_t *report, const receipt_t *receipt, int64_t client_ms,
                               int64_t timeout_ms, arena_t *arena, unit_outcome_t *outcome);
/* What a unit does beside reporting (a warning_decide, a measure_enter; its submission_id set), waiting for receipt and verdict as
 * unit_report does. */
err_t unit_act(unit_link_t *self, const message_t *type, const void *act, int64_t timeout_ms, arena_t *arena,
               unit_outcome_t *outcome);
/* The unit's own measures, page by page. ERR_REFUSED: *refusal tells; ERR_TIMEOUT. */
err_t unit_measures(unit_link_t *self, const measures_ask_t *ask, int64_t timeout_ms, arena_t *arena, measures_t *measures,
                    refusal_t *refusal);
/* A dry run. ERR_REFUSED: *refusal tells; ERR_TIMEOUT. */
err_t unit_check(unit_link_t *self, const report_t *report, int64_t timeout_ms, arena_t *arena, verdict_t *verdict,
                 refusal_t *refusal);
/* What stands. ERR_REFUSED: *refusal tells; ERR_TIMEOUT. */
err_t unit_status(unit_link_t *self, const status_ask_t *ask, int64_t timeout_ms, arena_t *arena, standing_told_t *standing,
                  refusal_t *refusal);

/* --- evidence files: unit_evidence.c --- */

/* Where the bytes come from, and where they go. */
typedef struct {
    void *self;
    bool (*read)(void *self, uint64_t offset, uint32_t size, uint8_t *into);
    void (*told)(void *self, uint64_t offset, uint64_t size); /* so much is there; NULL: nobody wants to know */
} unit_source_t;
typedef struct {
    void *self;
    bool (*write)(void *self, const evidence_told_t *part);
} unit_sink_t;

/* Sends a file in pieces, from where the vault has it, and waits until it is kept; what is kept already costs one question.
 * `submission_id`: the report that it is for, or NULL. OK: *at tells type and scan. ERR_REFUSED: *refusal tells. ERR_TIMEOUT: no
 * answer for `silence_ms`; the same call again goes on. ERR_SYSTEM: the source could not be read. */
err_t unit_evidence_send(unit_link_t *self, const uint8_t sha256[32], uint64_t size, const uint8_t *submission_id,
                         const unit_source_t *source, int64_t silence_ms, arena_t *arena, evidence_at_t *at, refusal_t *refusal);
/* Fetches a file of this unit, piece by piece, in order. ERR_SYSTEM: the sink refused. */
err_t unit_evidence_fetch(unit_link_t *self, const uint8_t sha256[32], const unit_sink_t *sink, int64_t silence_ms, arena_t *arena,
                          refusal_t *refusal);

#endif
