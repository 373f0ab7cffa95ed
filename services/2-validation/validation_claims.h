/* Claims: whose row counts where several name one key that counts once. Kept beside what stands, told with every verdict.
 *
 * Claimant: (unit, period, member); of a person in post the unit, whatever its months. The claim that is credited counts; without
 * a decision, or when the credited one is withdrawn, the one that stands longest (since_seq, then unit, period, member). */
#ifndef VALIDATION_CLAIMS_H
#define VALIDATION_CLAIMS_H

#include "services/2-validation/validation.h"
#include "services/2-validation/validation_rules.h"

/* Whose report, and what has to be told of claims when it stands. */
typedef struct {
    text_t unit, task, period;
    const claim_t *told; /* its own rows that do not count, then claims of others that count from now on */
    uint32_t told_count;
    dispute_t *disputes; /* keys that came to be disputed by it, or are no longer */
    uint32_t disputes_count;
} claims_place_t;

/* The rows of these figures whose keys count once, as claims of (place), in order. NULL and 0: none, and nothing was read. */
const claim_t *claims_of(turn_t *turn, const claims_place_t *place, const figure_t *figures, uint32_t count, int64_t received_ms,
                         uint32_t *claims_count);
/* Puts the claims of one revision in the place of those of another; place->told says what follows. */
void claims_replace(turn_t *turn, claims_place_t *place, const claim_t *old, uint32_t old_count, const claim_t *claims,
                    uint32_t count);
/* Keeps what a revision claims, and what it claimed. */
void claims_keep(turn_t *turn, const claims_place_t *place, uint64_t revision, const claim_t *claims, uint32_t count);
const claim_t *claims_kept(turn_t *turn, const claims_place_t *place, uint64_t revision, uint32_t *count);

/* --- between validation_claims.c and validation_contests.c --- */
int claimant_order(const claim_t *a, const claim_t *b);   /* by unit, period, member */
store_key_t claim_what_key(const claim_t *claim);         /* (indicator, kind, key) */
claim_t claim_of_key(bytes_t key, arena_t *arena);        /* what a row's key names: its claimant too, where it goes on so far */
void claim_fill(claim_t *claim, const validation_claim_t *row);
bool claim_read(turn_t *turn, claim_t *claim);            /* fills it from its row. false: it does not stand */
/* Whose claim of the key counts; claimants 0: nobody claims it. */
validation_contest_t contest_of(turn_t *turn, const claim_t *what);
claim_t contest_holder(const claim_t *what, const validation_contest_t *contest); /* whose claim counts */
void contest_hold(validation_contest_t *contest, const claim_t *holder);

/* --- what is said of them (validation_contests.c) --- */
/* What the sender is told of rows of these figures that do not count, added to the reasons; of claims not kept (a dry run) what
 * would be. */
void claims_note(turn_t *turn, const figure_t *figures, const claim_t *claims, uint32_t count, const reason_t **reasons,
                 uint32_t *reasons_count);
void claims_foresee(turn_t *turn, const figure_t *figures, const claim_t *claims, uint32_t count, const reason_t **reasons,
                    uint32_t *reasons_count);

/* Where the dispute of a key is another than before: adds it to the list. Emits a list, in as many events as it takes. */
void dispute_note(turn_t *turn, claims_place_t *place, const claim_t *what, const validation_contest_t *before,
                  const validation_contest_t *after, text_t rival);
void disputes_tell(turn_t *turn, const claims_place_t *place);

void on_claim_credited(turn_t *turn, const event_t *event);
void answer_claims(turn_t *turn, const packet_t *packet, reply_t *reply);

#endif
