/* What the files of the outbox share: jobs, notes, the directory in memory. Private to this room. */
#ifndef NOTIFIER_OUTBOX_INNER_H
#define NOTIFIER_OUTBOX_INNER_H

#include "services/notifier/outbox.h"
#include "services/notifier/outbox_rules.h"

/* One warning on its way to one address. */
typedef struct {
    uint8_t outbox_id[16];
    uint8_t warning_id[16];
    notice_state_t state;
    level_t level;
    char rung[17];
    char unit[LIMIT_ID + 1];
    uint64_t seq; /* stream 4 */
    uint8_t supersedes[16]; /* the warning that it overtakes; zero: none */
    bool digest;
    uint64_t retried; /* entry that asked for another try; 0: it is the first */
} part_t;

typedef enum { JOB_FREE, JOB_WAITING, JOB_FLYING } job_state_t;

/* One message to one address. */
typedef struct {
    job_state_t state;
    bool named; /* it was tried, or is about to be: its id stays, whatever becomes of its parts */
    uint8_t id[16];
    char route[LIMIT_ID + 1];
    char contact[LIMIT_ID + 1]; /* "": the route itself */
    uint8_t ref[32];
    channel_t channel; /* of the last try */
    part_t *parts;
    uint32_t count, room;
    uint64_t attempt;
    int64_t not_before_ms; /* steady */
    uint64_t looked;       /* state.looked when its parts were looked through */
} job_t;

/* A result on its way to the ledger, and back from there: until the fold has it, nothing else says that its parts are at an end. */
typedef struct {
    const message_t *type;
    uint8_t *body;
    uint32_t size;
    uint64_t ticket;
    uint64_t seq; /* stream 4: of the first warning in it */
    bool told;
    uint64_t entry; /* of the ledger; 0: it does not say yet that it has it */
} note_t;

typedef struct {
    char id[LIMIT_ID + 1];
    rate_t rate;
} bucket_t;

struct outbox {
    outbox_conf_t conf;
    journal_t *journal;
    arena_t *directory_arena;
    const route_t *routes;
    uint32_t route_count;
    const contact_t *contacts; /* by unit */
    uint32_t contact_count;
    uint64_t version;
    bool known; /* a directory came */
    bucket_t buckets[LIMIT_ROUTES];
    planbook_t *book;
    notifier_mode_t mode;
    int64_t ledger_ms; /* the ledger's clock */
    uint64_t planned;  /* stream 4: looked at up to here */
    uint8_t planned_id[16];
    bool journal_told; /* what the ledger lacks of the journal is on its way */
    job_t *jobs;
    uint32_t job_count, job_room, cursor;
    note_t *notes;
    uint32_t note_count, note_room, note_open; /* open: the ledger does not have them yet */
    uint64_t next_ticket;
    outbox_state_t state;
    arena_t *arena; /* of one call */
};

/* outbox.c */
const route_t *outbox_route(const outbox_t *self, text_t id);
const contact_t *outbox_contact(const outbox_t *self, text_t id);
bool outbox_full(const outbox_t *self);
/* Raised so long ago that nobody is helped by it. A rehearsal lets weeks pass in one step: there nothing grows old. */
bool outbox_too_old(const outbox_t *self, const notifier_told_t *told);
void part_remove(job_t *job, uint32_t index);
void part_add(job_t *job, const part_t *part);
job_t *job_new(outbox_t *self, const route_t *route, const contact_t *contact);
void job_free(job_t *job);
bucket_t *outbox_bucket(outbox_t *self, text_t route);

/* outbox_notes.c */
void note_add(outbox_t *self, const message_t *type, const void *value, uint64_t seq);
/* These parts will not be sent by this job: noted, with why. The job may be a stand-in that only says to whom. */
void note_failed(outbox_t *self, const job_t *job, const part_t *parts, uint32_t count, notice_why_t why,
                 const verdict_of_answer_t *verdict, int64_t wall_ms);
void note_sent(outbox_t *self, const job_t *job, const verdict_of_answer_t *verdict, int64_t wall_ms);
notice_sent_t sent_of(const job_t *job, const notice_part_t *parts, uint64_t code, int64_t wall_ms);
notice_part_t *notice_parts(const part_t *parts, uint32_t count, arena_t *arena);
bool note_tells(const outbox_t *self, const uint8_t outbox_id[16]); /* its end is on its way */
void notes_drop(outbox_t *self, uint64_t until); /* those of entries up to here */

#endif
