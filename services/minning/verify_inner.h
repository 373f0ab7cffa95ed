/* Inside the second opinion: what it keeps of the ledger. */
#ifndef MINNING_VERIFY_INNER_H
#define MINNING_VERIFY_INNER_H

#include "services/minning/verify.h"

#include "proto/plan_parts.h"
#include "services/plan/calendar.h"

struct verify {
    planbook_t *book;
    verify_report_t *reports; /* in the order of their first acceptance */
    uint32_t count, room;
    uint32_t *places; /* open addressing: 1 + index into reports */
    uint32_t place_count;
    int64_t now_ms, pass_ms; /* of the last entry; of the last entry that lets time pass */
    int64_t sealed_ms; /* 0: it is not */
    bool closed;
    uint32_t plans; /* adopted so far */
    struct verify_piece {
        plan_part_t part;
        uint8_t *bytes;
    } * parts; /* of plans that came in pieces */
    uint32_t part_count;
    struct verify_credit { /* decisions in force */
        char indicator[LIMIT_ID + 1], unit[LIMIT_ID + 1], period[LIMIT_ID + 1], member[LIMIT_ID + 1];
        struct verify_claim key;
    } * credits;
    uint32_t credit_count;
    bool settled;    /* contested is worked out */
    struct verify_extension {
        char unit[LIMIT_ID + 1], task[LIMIT_ID + 1], period[LIMIT_ID + 1];
        int64_t due_ms, at_ms;
        uint64_t seq;
    } * extensions; /* the last one of each report counts */
    uint32_t extension_count;
    struct verify_outage {
        int64_t from_ms, to_ms, at_ms;
        uint64_t seq;
        char (*units)[LIMIT_ID + 1];
        uint32_t unit_count; /* 0: everybody */
    } * outages;
    uint32_t outage_count;
    uint8_t *spared; /* a bit a (unit, task, period): came to owe it when it was past already; NULL: nobody */
};

/* When it is due, all told; which entry moved that last, and when it was looked at beside the passing of time. */
deadline_t verify_deadline(const verify_t *self, uint32_t unit, uint32_t task, uint32_t period, uint64_t *seq, int64_t *looked_ms);
const char *verify_take_extension(verify_t *self, const event_t *entry, arena_t *arena);
const char *verify_take_outage(verify_t *self, const event_t *entry, arena_t *arena);
/* What an amendment makes owed when it is past is owed all the same by whom more time was given before, as long as he has it. */
void verify_extensions_hold(verify_t *self, int64_t at_ms);
void verify_deadlines_free(verify_t *self);

/* --- persons (verify_persons.c) --- */
int64_t verify_people(const verify_t *self, uint32_t task, uint32_t indicator, uint32_t due_day); /* in place on the due day */
/* What of a lasting target follows from its persons; not its reach. */
void verify_lasting(const verify_t *self, uint32_t task, uint32_t indicator, const target_t *target, uint32_t due_day,
                    verify_target_t *said);

void *verify_grown(void *old, size_t count, size_t size); /* realloc that cannot fail */
/* --- claims (verify_claims.c) --- */
/* Fills figure->claims from what the report says. `old`: the revision before, or NULL. */
void verify_claims_of(const verify_t *self, const verify_report_t *report, const verify_report_t *old, const figure_t *said,
                      verify_figure_t *figure);
void verify_claims_again(const verify_t *self, const verify_report_t *report, uint64_t seq); /* report->below comes back */
bool verify_credits_touch(const verify_t *self, const verify_report_t *old); /* does it claim what was decided on? */
void verify_credits_lapse(verify_t *self); /* of claims that stand no more, or alone */
const char *verify_credit(verify_t *self, const event_t *entry, arena_t *arena);

/* From now on the unit owes this report, also if it came into the plan when that was past. */
void verify_owe(verify_t *self, uint32_t unit, uint32_t task, uint32_t period);

#endif
