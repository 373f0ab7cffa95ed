/* What the files of intake share: the open ledger, and one frame being taken. Private to this room. */
#ifndef INTAKE_STATE_H
#define INTAKE_STATE_H

#include "proto/crypto.h"
#include "services/1-intake/counts.h"
#include "services/1-intake/intake.h"
#include "services/1-intake/ledger_clock.h"
#include "services/1-intake/registry.h"
#include "services/plan/plan.h"

#define DEF_FILE "services/1-intake/intake.def"
#include "proto/declare.h"

enum {
    TABLE_SUBMISSIONS, TABLE_KEYS, TABLE_COMMANDS, TABLE_QUARANTINES, TABLE_FORKS, TABLE_PARTS, TABLE_LOGINS, TABLE_NOTICES,
    TABLE_OFFICERS, TABLE_PIECES, TABLE_DOCUMENTS, TABLE_OBJECTIONS, TABLE_COUNT
};
extern const table_t intake_tables[TABLE_COUNT];

#define FACT_PLAN "plan_seq"     /* entry that adopted the plan in force */
#define FACT_CLOSED "closed_seq" /* entry that closed the plan */
#define FACT_SEALED "sealed_seq" /* entry that sealed it */
#define FACT_BACKUP "backup_seq" /* a backup exists up to here */
#define FACT_OUTAGES "outages"   /* how many were declared */
#define FACT_VERIFIED "verified" /* the chain was verified up to here */

/* An advance_clock on its way: done in pieces of at most one group. */
typedef struct {
    bool active;
    uint64_t request_id;
    int64_t to_ms;
    uint8_t command_id[16];
    text_t officer; /* who asked; empty: the root key. As long as the ledger is open */
    uint8_t body_hash[HASH_SIZE];
} advance_t;

enum { DOOR_ROOM = 8 }; /* above every word of `door` */

/* What intake knows of a door. */
typedef struct {
    bool known;       /* it has given a sign of life in this ledger */
    int64_t heard_ms; /* the last one, by the ledger's clock */
    int64_t down_ms;  /* away since then, as the ledger says; 0: it is there */
} door_state_t;

/* Where an epoch began: what earlier epochs held behind `seq` is lost. */
typedef struct {
    uint64_t epoch;
    uint64_t seq;
} fork_t;

struct intake {
    store_t *store;
    char *path;
    txn_t *group;         /* NULL: none open */
    uint64_t group_count; /* entries in it */
    uint64_t tail_seq;    /* last entry appended, durable or not */
    bool busy;            /* decided when the group was opened: nothing is appended to it */
    err_t err;            /* after which nothing but leaving helps */
    head_t durable;
    uint64_t verified; /* a start verifies the chain from here */
    receipts_t shared;   /* what all receipts of the last group share */
    int64_t group_ms;    /* the instant of most entries of the open group */
    uint64_t reserve; /* BUSY when less is left */
    int64_t started_steady_ms;
    arena_t *arena;   /* of the frame at hand */
    arena_t *kept;    /* as long as the ledger is open */
    planbook_t *book; /* of the plan in force; an amendment puts another in its place */
    preparer_t preparer; /* of the thread that takes everything */
    text_t plan_id;   /* never changes: the desk's thread reads it */
    ledger_opened_t opened;
    uint64_t epoch; /* in force: of every entry that is appended */
    const fork_t *forks;
    uint32_t fork_count;
    bool restoring;      /* ledger_restored is taken, once */
    uint64_t backup_seq; /* a backup exists up to here */
    uint8_t seal_key[MAC_KEY_SIZE];
    int64_t closed_ms; /* plan_closed is in the ledger, since then; 0: it is not */
    bool is_sealed;    /* and so is plan_sealed */
    uint8_t signer_secret[SIGN_SECRET_SIZE];
    ledger_clock_t clock;
    intake_keys_t *keys;
    intake_officer_t *officers; /* LIMIT_OFFICERS of room; texts in `kept` */
    uint32_t officer_count;
    intake_counts_t *counts;
    door_state_t doors[DOOR_ROOM];
    advance_t advance;
};

/* --- the open group (group.c) --- */
/* Opens one if there is none. false: the store refused, intake->err is set. */
bool group_begin(intake_t *self);
/* Appends one entry with this stamp; returns its seq. A group must be open. */
uint64_t group_append(intake_t *self, const message_t *type, const void *value, int64_t at_ms);
/* `hash`: SHA-256 of known->bytes, if they are a report's and somebody knows it; NULL otherwise. */
uint64_t group_append_known(intake_t *self, const message_t *type, const void *value, const wire_known_t *known,
                            const uint8_t *hash, int64_t at_ms);
/* Appends what stands before an entry of now – the counts and the tick that are due – and returns the entry's stamp. */
int64_t group_stamp(intake_t *self);
void group_append_counts(intake_t *self);
void group_append_tick(intake_t *self, int64_t at_ms);
/* Is less left on the disk or in the store than the reserve? Any thread. */
bool space_is_low(const intake_t *self);

/* --- one frame being taken (visit.c) --- */
typedef struct {
    intake_t *intake;
    door_t door;
    bytes_t frame;
    packet_t packet;
    uint32_t unit;             /* position in the plan; UNIT_UNKNOWN until it is known */
    uint8_t submission_id[16]; /* zero until it is known */
    text_t login;              /* through the console: whose it is, and under which session */
    text_t drafted_by;         /* and which login drafted what it sends */
    uint8_t session[HASH_SIZE];
    actor_t actor;             /* of a command: who signed it, by which right */
    login_role_t role;         /* of a command of somebody who is logged in */
    buffer_t *now;
    buffer_t *later;
} visit_t;

/* Answers with a refusal and counts it. args: up to LIMIT_ARGS, NULL-terminated by count. */
void visit_refuse(visit_t *self, text_t code, text_t path, const text_t *args, uint32_t args_count);
void visit_refuse_all(visit_t *self, const reason_t *reasons, uint32_t count);
void visit_count(visit_t *self, text_t code); /* counts only */
void visit_busy(visit_t *self);
/* Of an entry that is durable: at once. Else with the others of its group, and what they share is said when it is. */
void visit_receipt(visit_t *self, text_t unit, const intake_submission_t *kept, bool duplicate);
/* Decodes the packet's body; on failure refuses, with the fault's code and path. */
bool visit_body(visit_t *self, const packet_t *packet, const message_t *type, void *value);
/* Where an answer about entry `seq` goes: to `later` while the entry is not durable. */
buffer_t *visit_buffer(const visit_t *self, uint64_t seq);

/* Shows the ledger's clock what the clocks say; logs when it stops or begins to believe the wall clock. */
void intake_read_clock(intake_t *self, int64_t wall_ms, int64_t steady_ms);

/* --- handlers, one a message --- */
void on_append_ask(visit_t *visit);
void on_attested_append(visit_t *visit);
void on_attested_command(visit_t *visit);
void on_refusals_note(visit_t *visit);
void on_command(visit_t *visit);
void on_registry_ask(visit_t *visit);
void on_door_beat(visit_t *visit);
void on_unit_act(visit_t *visit);     /* acts.c */
void on_attested_act(visit_t *visit);
void on_notice_sent(visit_t *visit);
void on_notice_failed(visit_t *visit);

/* --- the plan in force (adoption.c) --- */
/* Appends the plan a ledger begins with: its parts, if it needs them, and plan_adopted. Errors stick to the transaction. */
void adoption_found(txn_t *txn, const event_t *header, const plan_t *plan);
err_t adoption_load(intake_t *self, txn_t *txn); /* the plan and, by its units, the keys */
void on_plan_part(visit_t *visit, const command_t *command, const packet_t *body);
void on_plan_adopted(visit_t *visit, const command_t *command, const packet_t *body);

/* --- a command that was obeyed (commands.c, upkeep.c) --- */
text_t due_told(const intake_t *self, uint64_t due_ms);    /* of a deadline: 2021-09-25 24:00 */
text_t instant_shown(const intake_t *self, int64_t at_ms); /* 2021-09-26 09:00, in the plan's local time */
void command_obeyed(visit_t *visit, const command_t *command, uint64_t seq);
bool remark_is_clean(visit_t *visit, text_t why);
void on_backup_taken(visit_t *visit, const command_t *command, const packet_t *body);
void on_quarantined(visit_t *visit, const command_t *command, const packet_t *body);
void on_notice_retried(visit_t *visit, const command_t *command, const packet_t *body); /* notices.c */
void on_ledger_restored(visit_t *visit, const command_t *command, const packet_t *body);
void on_claim_credit(visit_t *visit, const command_t *command, const packet_t *body); /* credits.c */
void forks_add(intake_t *self, const ledger_restored_t *restored);
/* The last entry of `epoch` that no later restore has lost; UINT64_MAX: all of them are here. */
uint64_t fork_since(const intake_t *self, uint64_t epoch);

/* --- who may act through the console (logins.c) --- */
void on_login_granted(visit_t *visit, const command_t *command, const packet_t *body);
void on_login_revoked(visit_t *visit, const command_t *command, const packet_t *body);
/* May this login report for this unit, as of the entry that would be appended now? Refuses otherwise. A group is open after. */
bool login_holds(visit_t *visit, text_t login, text_t unit);
/* Where the plan asks for approval: is it sent by an approver who did not draft it, and was it drafted by a login in force of the
 * same unit? A program and the unit's own key are the unit: who approves there is its own affair, the report names who did. */
bool approval_holds(visit_t *visit, const attested_append_t *attested);
/* Fills visit->actor with the office in which this login acts, as of now. Refuses otherwise. A group is open after. */
bool login_acts(visit_t *visit, text_t login);
bool role_refuse(visit_t *visit, login_role_t role, const char *path); /* false, always */
/* Answers of the desk: logins_ask, entry_ask. */
void answer_logins(const intake_t *self, const packet_t *ask, arena_t *arena, buffer_t *out);
void answer_entry(const intake_t *self, const packet_t *ask, arena_t *arena, buffer_t *out);
void desk_busy(const packet_t *ask, buffer_t *out);
void desk_refuse(const packet_t *ask, text_t code, const char *path, buffer_t *out);
/* --- officers (officers.c) --- */
err_t officers_load(intake_t *self, txn_t *txn);
const intake_officer_t *officer_find(const intake_t *self, text_t officer); /* ended or not; NULL: never registered */
/* Fills visit->actor by the registry as of here. Refuses what nobody in force has signed. */
bool actor_holds(visit_t *visit, const command_t *command);
void on_officer_registered(visit_t *visit, const command_t *command, const packet_t *body);
void on_officer_revoked(visit_t *visit, const command_t *command, const packet_t *body);
void on_officers_ask(const intake_t *self, const packet_t *ask, arena_t *arena, buffer_t *out); /* from the desk's thread */

/* --- documents that leave the house (documents.c) --- */
void on_document_part(visit_t *visit, const command_t *command, const packet_t *body);
void on_document_announced(visit_t *visit, const command_t *command, const packet_t *body);
void on_document_published(visit_t *visit, const command_t *command, const packet_t *body);
/* For the desk, from any transaction. */
bool document_part_find(txn_t *txn, const document_part_ask_t *ask, arena_t *arena, document_part_t *part);
void documents_list(txn_t *txn, const documents_ask_t *ask, arena_t *arena, documents_t *told);
bool document_row_get(txn_t *txn, document_kind_t kind, text_t period, arena_t *arena, intake_document_t *row);
text_t document_shown(const intake_t *self, document_kind_t kind, text_t period); /* 通报 2021-08, for sentences */
bool document_is_out(visit_t *visit, const intake_document_t *row, document_kind_t kind, text_t period); /* true: refused */

/* --- objections to them (objections.c) --- */
void on_objection_raise(visit_t *visit, const command_t *command, const packet_t *body);
void on_objection_answer(visit_t *visit, const command_t *command, const packet_t *body);
/* Has each objection to the document its answer? Refuses otherwise. */
bool objections_are_answered(visit_t *visit, document_kind_t kind, text_t period);
void objections_list(txn_t *txn, const objections_ask_t *ask, arena_t *arena, objections_t *told);

/* --- decisions on warnings (warnings.c) --- */
void on_warning_decide(visit_t *visit, const command_t *command, const packet_t *body);
bool warning_answer_is_open(visit_t *visit, const void *act);
/* A unit answers for itself, and does nothing else here. Refuses otherwise. `act` is a warning_decide. */
bool warning_answer_holds(visit_t *visit, text_t unit, const void *act);
uint64_t warning_answer_append(visit_t *visit, text_t unit, const void *act, int64_t stamp_ms);

/* --- doors and their absences (doors.c) --- */
void doors_load(intake_t *self, txn_t *txn);
/* Has a door fallen silent? Then doors_note says so in the open group. */
bool doors_are_silent(const intake_t *self);
void doors_note(intake_t *self);
void on_door_down(visit_t *visit, const command_t *command, const packet_t *body);
void on_door_up(visit_t *visit, const command_t *command, const packet_t *body);

/* --- decisions (decisions.c) --- */
void on_report_decide(visit_t *visit, const command_t *command, const packet_t *body);
void on_extension_decide(visit_t *visit, const command_t *command, const packet_t *body);
void on_outage_declare(visit_t *visit, const command_t *command, const packet_t *body);
void on_report_enter(visit_t *visit, const command_t *command, const packet_t *body);
void on_unit_bound(visit_t *visit, const command_t *command, const packet_t *body); /* adoption.c */
/* The unit is of the plan, and not the officer's own unless the officer supervises (decisions.c). Refuses otherwise. */
bool unit_may_be_decided(visit_t *visit, text_t unit);
/* Neither closed nor sealed. The others also hold behind the close: what confirms a posting does, until the seal. Each refuses. */
bool plan_is_open(visit_t *visit);
bool plan_is_open_for(visit_t *visit, bool confirms);
bool plan_is_unsealed(visit_t *visit);
bool period_is_open(visit_t *visit, text_t id);
/* A report whose sender may send it (append.c). */
void report_take(visit_t *visit, const append_ask_t *ask, bytes_t bytes);

/* --- receipts that come back (resend.c) --- */
void seal_key_make(const uint8_t signer_secret[SIGN_SECRET_SIZE], const uint8_t ledger_id[16], uint8_t key[MAC_KEY_SIZE]);
/* What the seal of a receipt ties together, with the unit; which submission it is stands in its content. */
typedef struct {
    uint64_t epoch, seq, received_ms;
    const uint8_t *content_hash;
} sealed_t;
void receipt_seal(const intake_t *self, text_t unit, const sealed_t *sealed, uint8_t seal[MAC_SIZE]);
/* Is the receipt that came with the report, if there is one, ours and lost? Refuses otherwise. */
bool receipt_holds(visit_t *visit, const append_ask_t *ask, const uint8_t content_hash[HASH_SIZE]);

/* Position of a unit in the plan; UNIT_UNKNOWN if the plan has none of that name. */
uint32_t unit_position(const intake_t *self, text_t unit);
store_key_t key_of_unit_generation(text_t unit, uint64_t generation);
/* The next piece of the advance under way into the open group; when it has arrived the answer goes to `later`. */
void advance_step(intake_t *self, buffer_t *later);

#endif
