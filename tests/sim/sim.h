/* A simulated world: the real ledger, stages and publisher in one thread; clock, links, Redis, disk and all luck come from a
 * seed. */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "services/1-intake/gather.h"
#include "services/1-intake/ink.h"
#include "services/4-alerting/publisher.h"
#include "services/notifier/outbox.h"
#include "services/plan/calendar.h"
#include "services/plan/plan.h"
#include "services/stage/stage.h"
#include "services/vault/vault.h"

enum {
    SIM_UNITS = 6,
    SIM_TASKS = 4, /* the last comes by an amendment, if at all */
    SIM_PERIODS = 4,
    SIM_INDICATORS = 2, /* of one task */
    SIM_GENERATIONS = 4,
    SIM_SUBMISSIONS = 96,
    SIM_LETTERS = 512,
    SIM_ASKS = 4096,
    SIM_ACTORS = 16,
    SIM_PATH = 160,
    SIM_ERASED = 16,
    SIM_KINDS = 500, /* of events: what lies above are packets */
    ACTOR_INTAKE = 0, /* then the stages, in the order of sim_roles */
    SIM_LOGINS = SIM_UNITS * 2 + 3, /* a clerk and an approver of each unit, coordinator, supervisor, auditor */
    ACTOR_OUTSIDE = SIM_ACTORS - 4,
    ACTOR_CONSOLE = SIM_ACTORS - 3,
    ACTOR_DOOR = SIM_ACTORS - 2,
    ACTOR_OPERATOR = SIM_ACTORS - 1
};

typedef struct sim sim_t;

/* --- luck (sim_luck.c) --- */
uint64_t sim_draw(sim_t *sim, uint64_t below); /* 0 … below-1 */
bool sim_chance(sim_t *sim, uint32_t per_mille);
void sim_luck_of_crypto(sim_t *sim); /* from here on libsodium's random bytes come from the seed too */
void sim_trace(sim_t *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* An invariant does not hold: says so with seed and step, and ends the process. */
_Noreturn void sim_fail(const sim_t *sim, const char *invariant, const char *format, ...) __attribute__((format(printf, 3, 4)));
#define SIM_HOLDS(sim, invariant, condition, ...)                                                                              \
    do {                                                                                                                       \
        if (!(condition)) sim_fail((sim), (invariant), __VA_ARGS__);                                                           \
    } while (0)

/* --- links (sim_links.c): whole frames on their way --- */
typedef struct {
    uint8_t *bytes;
    uint32_t size;
    uint32_t from, to;
} sim_letter_t;
void sim_send(sim_t *sim, uint32_t from, uint32_t to, bytes_t frame); /* dropped, if the world is full or so minded */
bool sim_deliver(sim_t *sim, uint32_t index);                         /* false: its addressee cannot take it now */
void sim_letters_clear(sim_t *sim);

/* --- who asks intake and validation for what --- */
typedef enum { ASK_REPORT, ASK_COMMAND } ask_kind_t;
typedef struct {
    ask_kind_t kind;
    uint32_t index; /* of the submission or the command */
    uint64_t life, first, last; /* of intake, and where it came among all that came in it: once, or repeated by its link */
} ask_t;

/* One report of one sender under one id. Another content under the same id is another submission. */
typedef struct {
    uint8_t id[16];
    uint8_t content_hash[32];
    uint32_t unit, task, period;
    uint64_t generation; /* of the key it is sent with */
    bool by_login;       /* through the console instead: under which login; who drafted it, SIM_LOGINS: nobody else */
    uint32_t login, drafter;
    report_t report;     /* with personal text */
    report_t swapped;    /* as the door passes it on */
    bool is_swapped;
    bool refused; /* for good */
    bool acked;
    uint64_t seq, received_ms;
    bool judged, accepted;
    uint64_t revision;
    uint8_t verdict_hash[32]; /* of the verdict's bytes, where it was heard in stream 2 */
    bool heard;
    receipt_t receipt;         /* as it was last acked */
    bool carries;              /* a restore lost it; it is sent again with its receipt */
    uint64_t lost_received_ms; /* the instant that it keeps then */
} submission_t;

enum { SIM_ORDERS = 256 };

/* A signed command of the operator, sent until it is answered. */
typedef struct {
    bytes_t frame; /* without a request id of its own: encoded anew each time */
    command_t command;
    uint32_t unit; /* whose key */
    uint64_t generation;
    bool registers, revokes, closes;
    bool by_login; /* through the console instead, under this login */
    uint32_t login;
    bool done, refused;
} order_t;

enum { SIM_OFFICERS = 2 }; /* a coordinator of the first unit, a supervisor of the last */

/* A fetch that waits at a writer. */
typedef struct {
    bool waits;
    uint64_t request_id;
    fetch_t fetch;
    uint64_t since; /* step */
} parked_t;

typedef struct {
    intake_t *intake; /* NULL: down */
    gather_t *gather;
    ink_t *ink;
    bool turns;         /* a turn has begun */
    bool filled;        /* a commit of this life found the disk full */
    uint32_t heard;     /* frames of this turn */
    buffer_t later;     /* answers of a group that is durable, whole */
    uint32_t askers[LIMIT_GROUP + LIMIT_PACKETS];
    uint32_t asker_count;
    bool unsent;        /* they are not out yet */
    uint64_t receipted, arrived; /* the last entry that had its receipt in this life, and the last report of these to come */
    uint64_t arrivals, lives;
    parked_t parked[SIM_ACTORS];
    int64_t bound_ms; /* where this life's stamps began, when the steady clock said opened_ms; 0: not yet */
    int64_t opened_ms;
    bool has_backup;
} ledger_t;

typedef struct {
    const role_t *role;
    stage_t *stage;  /* NULL: down */
    uint32_t writer; /* actor it reads from */
    uint64_t request_id;
    bool outstanding;
    uint64_t asked; /* step */
    arena_t *arena; /* of the held batch */
    batch_t held;
    bool holds; /* some of the batch at hand waits */
    bool ahead; /* what was asked for last follows that batch */
    uint32_t strange;
    bool open; /* a transaction may be open */
    parked_t parked[SIM_ACTORS];
    uint64_t ever_durable; /* greatest durable head it ever had */
    bool quarantines_told; /* in this life */
    bool has_backup;
} fold_t;

/* The door in front of units: who waits for what is in memory only; verdicts come from the tail of stream 2. */
typedef struct {
    uint64_t request_id; /* of the fetch */
    bool outstanding, joined;
    uint64_t asked;
    uint64_t after;
    uint8_t hash[32];
} watcher_t;

/* What a stranger would find in Redis, and what was rung. */
typedef struct {
    uint64_t epoch, seq;
    uint64_t ledger_epoch; /* of the ledger, when it came */
    bool unheard;          /* rung, but nothing that the publisher has says so: the answer was lost, or its files */
    text_t body;
} redis_entry_t;
typedef struct {
    redis_entry_t *entries;
    uint32_t count, room;
    uint64_t top_epoch, top_seq;
    redis_entry_t *rings; /* a PUBLISH each */
    uint32_t ring_count, ring_room;
    bool away;
    bool lose_reply;     /* the next post is done, but its answer is lost */
    uint32_t dies_after; /* calls until it goes away; 0: it stays */
    uint32_t losses;     /* times it lost data */
    uint32_t backed_up;  /* rings that the files of the publisher say by heart in their last backup */
    arena_t *arena;
} sim_redis_t;

/* One notice to one address, by its outbox id; a message under way. */
typedef struct {
    uint8_t id[16], name[QUICK_SIZE];
    uint64_t ledger_epoch; /* when it left last */
    bool left, delivered;
} sim_notice_t;
enum { SIM_NOTICES = 4096, SIM_FLIGHTS = 6 };
typedef struct {
    uint32_t slot, count, notices[LIMIT_NOTICE_PARTS];
} sim_flight_t;
typedef struct {
    outbox_t *outbox; /* NULL: down, as the notifier's fold is */
    journal_t *journal;
    uint64_t life, noted, in_seq, drained_at, last_cause, last_epoch;
    bool head_taken, foreign, drained;
    int64_t steady_ms;
    uint32_t bad_luck;  /* so many deliveries go wrong */
    uint32_t once_more; /* so many times dead letters are tried again at the end */
    sim_flight_t flights[SIM_FLIGHTS];
    uint32_t flight_count;
    sim_notice_t notices[SIM_NOTICES];
    uint32_t notice_count;
} sim_outside_t;

struct sim {
    uint64_t seed, luck, crypto_luck;
    uint64_t step;
    bool traces, calm; /* calm: no faults any more, everything arrives */
    bool beats; /* the door beats to intake: its silences are entries; in a rehearsal: absences are ordered */
    bool rehearsal, people, forks;
    bool forked; /* stages were left as they were when the ledger was restored: they find out for themselves */
    uint64_t epoch;
    uint64_t fork_seqs[8]; /* by epoch - 2 */
    uint32_t faults;       /* mask of the kinds that this world knows */
    char folder[SIM_PATH];
    arena_t *arena;  /* as long as the world */
    arena_t *moment; /* as long as one step */
    plan_t plan;
    planbook_t *book;
    ledger_opened_t opened;
    uint8_t operator_secret[SIGN_SECRET_SIZE], signer_secret[SIGN_SECRET_SIZE], vault_key[HASH_KEY_SIZE];
    bool confirms;  /* the plan has periods in which postings are confirmed */
    int64_t true_ms, wall_offset_ms, end_ms;
    sim_letter_t letters[SIM_LETTERS];
    uint32_t letter_count;
    ask_t asks[SIM_ASKS]; /* by request id - 1 */
    uint64_t ask_count;
    submission_t submissions[SIM_SUBMISSIONS];
    uint32_t submission_count;
    order_t orders[SIM_ORDERS];
    uint32_t order_count;
    uint8_t officer_secrets[SIM_OFFICERS][SIGN_SECRET_SIZE];
    uint64_t officer_generations[SIM_OFFICERS];
    uint64_t backed_up;  /* the ledger was copied up to here */
    uint32_t amendments;
    uint32_t founders; /* units of the first plan */
    bool requarantined;  /* some stage may skip what it had applied */
    uint32_t officer_count; /* ordered so far */
    uint32_t login_count;
    uint64_t known_revision[SIM_UNITS][SIM_TASKS][SIM_PERIODS];
    uint64_t newest_generation[SIM_UNITS]; /* as the door believes */
    uint64_t announced_seq[SIM_PERIODS]; /* of bulletins, by the period's number, and the last objection, as officers know them */
    uint64_t objected_seq;
    uint64_t published_count; /* as the office knows */
    uint32_t bulletin;        /* period of the one that it works on */
    ledger_t ledger;
    fold_t folds[SIM_ACTORS];
    uint32_t fold_count;
    watcher_t watcher;
    vault_t *vault;
    uint8_t erased[SIM_ERASED][HASH_SIZE]; /* whom the vault was told to forget; who reports again is kept again */
    bool erased_again[SIM_ERASED]; /* kept once more since */
    uint32_t erased_count;
    publisher_t *publisher;
    sim_redis_t redis;
    sim_outside_t outside;
    bool commit_fails; /* the next one does */
    uint64_t starts, crashes, commits, events;
    uint64_t *seen;  /* events by kind, of all worlds of a worker */
    uint64_t digest; /* of all that happened: the same seed gives the same */
};
extern sim_t *sim_now; /* the world that is running: for the model of Redis and for who dies */

/* --- the plan and what is reported (sim_plan.c, sim_reports.c) --- */
void sim_plan_make(sim_t *sim);
task_t sim_task_make(sim_t *sim, uint32_t number);
void sim_report_new(sim_t *sim); /* adds a submission, right or wrong */
int64_t sim_wall_ms(const sim_t *sim);

/* --- the ledger (sim_ledger.c) --- */
void sim_ledger_found(sim_t *sim);
void sim_ledger_open(sim_t *sim);
void sim_ledger_crash(sim_t *sim);
bool sim_ledger_take(sim_t *sim, uint32_t from, bytes_t frame); /* false: not now */
bool sim_ledger_work(sim_t *sim);                               /* one piece; false: nothing to do */
bool sim_ledger_is_quiet(const sim_t *sim); /* up, and nothing that was taken is on its way to the disk */
void sim_ledger_stop(sim_t *sim);           /* on SIGTERM */
void sim_ledger_fills(sim_t *sim);          /* its disk, for the commit at hand, if the world is so minded */
bool sim_ink_work(sim_t *sim);              /* sim_ink.c: writes the group that it was given; false: none */
void sim_ledger_second(sim_t *sim);                             /* a second instance tries */

/* --- stages (sim_folds.c) --- */
void sim_folds_make(sim_t *sim); /* from the table of roles */
void sim_fold_open(sim_t *sim, uint32_t actor);
void sim_fold_crash(sim_t *sim, uint32_t actor);
bool sim_fold_take(sim_t *sim, uint32_t actor, uint32_t from, bytes_t frame);
bool sim_fold_work(sim_t *sim, uint32_t actor);
void sim_fold_second(sim_t *sim, uint32_t actor);
bool sim_fold_idle(sim_t *sim, uint32_t actor);
fold_t *sim_fold_of(sim_t *sim, uint32_t actor);
fold_t *sim_fold_named(sim_t *sim, const char *name);
uint32_t sim_actor_of(const sim_t *sim, const fold_t *fold);
store_t *sim_writer_store(sim_t *sim, const fold_t *fold); /* NULL: down */
void sim_path_of(const sim_t *sim, const char *name, char path[SIM_PATH]);
void sim_remove(const char *folder);             /* a store's folder and the files in it */
bool sim_copy(const char *from, const char *to); /* data.mdb of one folder into another */
bool sim_copy_file(const char *from, const char *to);
/* One commit with the disk full from some point on, if the world is so minded. */
void sim_disk_fills(sim_t *sim, const char *folder);
void sim_disk_clears(void);

/* --- doors and senders (sim_door.c) --- */
void sim_door_take(sim_t *sim, uint32_t from, bytes_t frame);
bool sim_door_work(sim_t *sim);
void sim_door_crash(sim_t *sim);
void sim_sender_send(sim_t *sim, uint32_t submission);
void sim_act(sim_t *sim); /* a unit does something beside reporting (sim_acts.c) */
bool sim_request_choose(sim_t *sim, extension_decide_t *decide); /* false: nobody asks for more time; guess */
void sim_acked(sim_t *sim, uint32_t submission, const receipt_t *receipt); /* a receipt has left the ledger */
order_t *sim_order_new(sim_t *sim, const message_t *type, const void *value); /* NULL: there are enough */
order_t *sim_order_as(sim_t *sim, uint32_t officer, const message_t *type, const void *value);
void sim_operator_order(sim_t *sim);                                       /* a new command */
bool sim_founders_have_keys(const sim_t *sim); /* the units of the first plan */
bool sim_newcomer_waits(sim_t *sim);           /* one that an amendment brought has no key, and somebody remembers it */
void sim_operator_credit(sim_t *sim);                                      /* a decision on what is claimed twice */
void sim_officer_order(sim_t *sim);  /* the next officer is registered */
void sim_extension_order(sim_t *sim);
void sim_outage_order(sim_t *sim);
void sim_decision_order(sim_t *sim); /* an officer decides on a report, mostly one that is there */
void sim_operator_advance(sim_t *sim, int64_t to_ms);
void sim_operator_send(sim_t *sim, uint32_t order);
bool sim_operator_busy(const sim_t *sim);
void sim_swap(sim_t *sim, submission_t *submission);

/* --- people outside (sim_outside.c) --- */
bool sim_outside_work(sim_t *sim);
void sim_outside_take(sim_t *sim, bytes_t frame);
void sim_outside_crash(sim_t *sim);
bool sim_outside_idle(sim_t *sim);
bool sim_retry_order(sim_t *sim); /* false: none is dead */
bool sim_contact_exists(const sim_t *sim, uint32_t unit);
void sim_contact_ref(uint32_t unit, uint8_t ref[32]);

/* --- the console's door (sim_console.c) --- */
void sim_login_order(sim_t *sim); /* the next login is granted; then they are revoked and granted again */
void sim_login_choose(sim_t *sim, submission_t *submission); /* some reports come under a login */
void sim_console_choose(sim_t *sim, order_t *order); /* so do some commands */
void sim_console_report(sim_t *sim, const submission_t *submission, uint64_t request_id);
void sim_console_command(sim_t *sim, const order_t *order, uint64_t request_id);
void sim_console_act(sim_t *sim, uint32_t unit, bytes_t body);
void sim_press_order(sim_t *sim);
/* What a walk along the ledger remembers of rights, all zero at its beginning. */
typedef struct {
    bool granted, revoked;
    login_role_t role;
    uint32_t unit;
    uint64_t until_ms;
} sim_right_t;
typedef struct {
    sim_right_t logins[SIM_LOGINS];
    uint64_t officers[SIM_OFFICERS];
} sim_rights_walk_t;
void sim_rights_walk(sim_rights_walk_t *walk, sim_t *sim, const event_t *event);

/* --- the plan amended (sim_amend.c) --- */
void sim_plan_amend_order(sim_t *sim);
void sim_plan_in_force(sim_t *sim);
uint32_t sim_period_now(const plan_t *plan, const plan_t *old, uint32_t period); /* its place in the amended plan */
void sim_plan_take(sim_t *sim, txn_t *ledger, uint64_t seq); /* plan_adopted: from then on by this one */

/* --- what the house does for itself (sim_upkeep.c) --- */
void sim_upkeep_order(sim_t *sim);
void sim_backup_check(sim_t *sim, const receipt_t *receipt);
text_t sim_officer_name(uint32_t officer);
/* `in_force`: of each officer which key, 0: none; of a walk along the ledger. */
void sim_officers_walk(uint64_t in_force[SIM_OFFICERS], sim_t *sim, const event_t *event, const actor_t *actor);
void sim_quarantines_check(sim_t *sim);
bool sim_quarantines_take(sim_t *sim, fold_t *fold, stage_t *stage);
bool sim_quarantines_wanted(const fold_t *fold);

/* --- documents that leave the house (sim_documents.c) --- */
void sim_operator_document(sim_t *sim);
/* What a walk along the ledger remembers of them, all zero at its beginning. */
typedef struct {
    uint8_t parts[SIM_ORDERS][HASH_SIZE];
    uint32_t part_count;
    int64_t announced_ms[SIM_PERIODS];
    bool published[SIM_PERIODS];
    uint64_t numbers;
    uint64_t announced_seq[SIM_PERIODS];
    struct {
        uint64_t seq;
        uint32_t period;
        bool answered;
    } objections[SIM_ORDERS];
    uint32_t objection_count;
} sim_documents_walk_t;
/* An officer learns which entry his command became. */
void sim_documents_answered(sim_t *sim, const order_t *order, uint64_t seq);
void sim_documents_walk(sim_documents_walk_t *walk, sim_t *sim, const event_t *event);

/* --- the publisher's files (sim_published.c) --- */
void sim_published_clear(const sim_t *sim);
void sim_published_forget(sim_t *sim, bool told); /* the place is gone; and what was told with it? */
bool sim_published_lag(const sim_t *sim, bool back); /* false: there is none */
void sim_published_backup(sim_t *sim);
void sim_published_restore(sim_t *sim);

/* --- luck and time (sim_run.c, sim_faults.c) --- */
void sim_world_run(sim_t *sim);
void sim_fault(sim_t *sim);
void sim_restore(sim_t *sim); /* a backup of the ledger is taken, or put back (sim_restore.c) */
void sim_heal(sim_t *sim);

/* --- what has to hold (sim_check.c, sim_recount.c) --- */
void sim_check_all(sim_t *sim);
void sim_recount(sim_t *sim);
void sim_check_redis(sim_t *sim); /* sim_check_redis.c */
bool sim_same_warning(text_t body, text_t other); /* as a reader tells repeats: by id and state */
void sim_recount_notices(sim_t *sim); /* sim_notices.c */
void sim_seen_count(sim_t *sim); /* sim_seen.c */
/* Tells what no world did, or each kind with how often. False: something is missing. */
bool sim_seen_tell(const uint64_t seen[SIM_KINDS], bool all);

#endif
