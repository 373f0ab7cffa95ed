/* The outbox: what is to be told outside, message by message, from planned to recorded. Never waits, knows no socket: who drives
 * it carries letters out and answers in, and results to the ledger. */
#ifndef NOTIFIER_OUTBOX_H
#define NOTIFIER_OUTBOX_H

#include "services/notifier/journal.h"
#include "services/notifier/letter.h"
#include "services/notifier/notifier.h"

typedef struct outbox outbox_t;

typedef struct {
    int64_t retry_ms;  /* pause after the first try that failed; three times as long each time */
    uint64_t attempts; /* then it is a dead letter */
    int64_t age_ms;    /* what is older is recorded, not sent */
} outbox_conf_t;

typedef struct {
    int64_t wall_ms;
    int64_t steady_ms;
} instants_t;

outbox_t *outbox_new(const outbox_conf_t *conf, journal_t *journal);
void outbox_destroy(outbox_t **self);

/* Contacts and routes as the vault tells them, all pages; copied. */
void outbox_directory(outbox_t *self, const directory_t *directory);
uint64_t outbox_version(const outbox_t *self); /* of the directory that is known */

/* Looks at what the fold has learnt since, up to `until` in stream 4: `store` is the notifier's. Only once the ledger is drained
 * (the caller knows), and with a directory asked for after `until` was there, or a contact that is older than a warning might
 * miss it. Planned again from the start when the fold was rebuilt. */
void outbox_plan(outbox_t *self, store_t *store, uint64_t until, const instants_t *now);

/* The next message that may leave now: *slot names it until outbox_answered. false: none; *wait_ms says for how long at least
 * (INT64_MAX: until something happens). The request lives in `arena`. After a journal that fails there is none any more. */
bool outbox_next(outbox_t *self, store_t *store, const instants_t *now, arena_t *arena, uint32_t *slot, request_t *request,
                 int64_t *wait_ms);
void outbox_answered(outbox_t *self, uint32_t slot, const response_t *response, const instants_t *now);

/* A message that only tests a route, outside of all this. false: no such route or contact; *code says which. */
bool outbox_test(outbox_t *self, const route_test_t *test, const instants_t *now, arena_t *arena, request_t *request,
                 channel_t *channel, text_t *code);

/* The next result for the ledger: type and value live in `arena`; *ticket comes back in outbox_noted. It is told again when
 * outbox_untold was called for it. */
bool outbox_note(outbox_t *self, arena_t *arena, const message_t **type, bytes_t *body, uint64_t *ticket);
void outbox_noted(outbox_t *self, uint64_t ticket, uint64_t entry); /* the ledger has it, there */
void outbox_untold(outbox_t *self); /* those that were not answered are told again */

enum { NOTICE_WHYS = notice_why_unreachable + 1 };

typedef struct {
    uint64_t waiting;  /* messages not yet sent */
    uint64_t flying;
    uint64_t notes;    /* results that the ledger does not have yet */
    uint64_t sent;     /* messages, since start */
    uint64_t failed;   /* warnings that will not be sent, since start; by why: */
    uint64_t dead;     /* given up or refused */
    uint64_t failed_by[NOTICE_WHYS]; /* by why */
    uint64_t dead_in_all; /* by the ledger */
    uint64_t looked;   /* stream 4: looked at up to here */
    bool broken;       /* the journal cannot be written: nothing leaves */
    char sick[LIMIT_ID + 1]; /* a route whose last message was not delivered; "" none */
} outbox_state_t;
outbox_state_t outbox_state(const outbox_t *self);

#endif
