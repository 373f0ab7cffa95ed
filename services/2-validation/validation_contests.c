/* Keys that more than one claims: what senders are told of them, what the coordinator decides, what may be asked. */
#include "services/2-validation/validation_claims.h"
#include "services/2-validation/validation_state.h"

#include "services/plan/key_fold.h"

#include <string.h>

/* --- what the sender is told --- */

static text_t unit_name(turn_t *turn, text_t id) {
    const planbook_t *book = plan_book(turn);
    const unit_t *unit = book == NULL ? NULL : planbook_unit(book, id);
    return unit == NULL ? id : unit->name;
}

static void note(turn_t *turn, const figure_t *figures, const claim_t *claim, const validation_contest_t *contest,
                 reason_t *reason) {
    text_t typed = figures[claim->figure].items[claim->item].key;
    arena_t *arena = turn_arena(turn);
    text_t *args = ARENA_NEW(arena, text_t, 3);
    args[0] = claim->key.size > 0 ? typed : text_of(WORD_ZH(key_kind, claim->key_kind));
    args[1] = unit_name(turn, contest->unit);
    args[2] = contest->period.size > 0 ? contest->period : text_of("–");
    text_t path = arena_format(arena, "figures[%llu].items[%llu].%s", (unsigned long long)claim->figure,
                               (unsigned long long)claim->item, claim->key_kind == key_kind_person ? "person" : "key");
    *reason = (reason_t){.code = REASON_OF(claimed_first), .path = path, .args = args, .args_count = 3};
}

/* Room for more behind the reasons that there are. */
static reason_t *reasons_grown(turn_t *turn, const reason_t *reasons, uint32_t count) {
    reason_t *grown = ARENA_NEW(turn_arena(turn), reason_t, LIMIT_REASONS);
    if (count > 0) memcpy(grown, reasons, count * sizeof *grown);
    return grown;
}

void claims_note(turn_t *turn, const figure_t *figures, const claim_t *claims, uint32_t count, const reason_t **reasons,
                 uint32_t *reasons_count) {
    reason_t *grown = NULL;
    for (uint32_t index = 0; index < count && *reasons_count < LIMIT_REASONS; index++) {
        if (!claims[index].contested) continue;
        if (grown == NULL) grown = reasons_grown(turn, *reasons, *reasons_count);
        validation_contest_t contest = contest_of(turn, &claims[index]);
        note(turn, figures, &claims[index], &contest, &grown[(*reasons_count)++]);
        *reasons = grown;
    }
}

void claims_foresee(turn_t *turn, const figure_t *figures, const claim_t *claims, uint32_t count, const reason_t **reasons,
                    uint32_t *reasons_count) {
    reason_t *grown = NULL;
    for (uint32_t index = 0; index < count && *reasons_count < LIMIT_REASONS; index++) {
        validation_contest_t contest = contest_of(turn, &claims[index]);
        claim_t holder = contest_holder(&claims[index], &contest);
        if (contest.claimants == 0 || claimant_order(&holder, &claims[index]) == 0) continue;
        if (grown == NULL) grown = reasons_grown(turn, *reasons, *reasons_count);
        note(turn, figures, &claims[index], &contest, &grown[(*reasons_count)++]);
        *reasons = grown;
    }
}

/* --- what alerting is told --- */

static bool is_disputed(const validation_contest_t *contest) { return contest->claimants >= 2 && contest->open; }

static bool same_holder(const validation_contest_t *a, const validation_contest_t *b) {
    return text_equal(a->unit, b->unit) && text_equal(a->period, b->period) && text_equal(a->member, b->member);
}

void dispute_note(turn_t *turn, claims_place_t *place, const claim_t *what, const validation_contest_t *before,
                  const validation_contest_t *after, text_t rival) {
    bool was = is_disputed(before), is = is_disputed(after);
    if (!was && !is) return;
    if (was == is && same_holder(before, after)) return; /* one more, or one less: who was told knows already */
    dispute_t *row = &place->disputes[place->disputes_count++];
    *row = (dispute_t){.claim = contest_holder(what, after->claimants > 0 ? after : before),
                       .task = place->task,
                       .claimants = after->claimants,
                       .open = is,
                       .rival = rival};
    (void)claim_read(turn, &row->claim);
    row->claim.figure = row->claim.item = 0; /* those of the row that changed it */
}

void disputes_tell(turn_t *turn, const claims_place_t *place) {
    for (uint32_t from = 0; from < place->disputes_count; from += LIMIT_DISPUTES) {
        uint32_t left = place->disputes_count - from;
        claims_disputed_t told = {.rows = place->disputes + from, .rows_count = left < LIMIT_DISPUTES ? left : LIMIT_DISPUTES};
        turn_emit(turn, claims_disputed_type(), &told);
    }
}

/* --- the coordinator decides --- */

static claim_t claim_credited_of(const claim_credited_t *credited, arena_t *arena) {
    claim_t claim = {.indicator = credited->indicator,
                     .key_kind = credited->key_kind,
                     .key = key_folded(credited->key, arena),
                     .unit = credited->unit,
                     .period = credited->period,
                     .member = credited->member};
    memcpy(claim.person, credited->person, sizeof claim.person);
    return claim;
}

static text_t task_id(turn_t *turn, text_t indicator_id) {
    const planbook_t *book = plan_book(turn);
    const indicator_t *indicator = book == NULL ? NULL : planbook_indicator(book, indicator_id);
    return indicator == NULL ? text_of(NULL) : planbook_task_of(book, indicator)->id;
}

static void credit_refuse(turn_t *turn, const claim_credited_t *credited, text_t code, text_t arg) {
    reason_t reason = {.code = code, .path = text_of("claim"), .args = &arg, .args_count = arg.size > 0};
    credit_refused_t refused = {.indicator = credited->indicator,
                                .unit = credited->unit,
                                .task = task_id(turn, credited->indicator),
                                .period = credited->period,
                                .reasons = &reason,
                                .reasons_count = 1};
    memcpy(refused.command_id, credited->command_id, sizeof refused.command_id);
    turn_emit(turn, credit_refused_type(), &refused);
}

static void credit_take(turn_t *turn, const claim_credited_t *credited, const claim_t *claim, validation_contest_t *contest) {
    claim_t told[2] = {contest_holder(claim, contest), *claim};
    bool moves = claimant_order(&told[0], claim) != 0;
    told[0].contested = true;
    if (moves) moves = claim_read(turn, &told[0]);
    validation_contest_t before = *contest;
    told[0].typed = told[1].typed = text_of(NULL);
    contest_hold(contest, claim);
    contest->open = false;
    contest->credit_seq = turn_cause(turn);
    contest->credit_ms = (uint64_t)turn_now_ms(turn);
    contest->why = credited->why;
    store_key_t key = claim_what_key(claim);
    turn_put(turn, VALIDATION_CONTEST, &key, contest);
    turn_put(turn, VALIDATION_DISPUTE, &key, &(validation_dispute_t){0});
    credit_taken_t taken = {.claim = told[1],
                            .why = credited->why,
                            .claims = told,
                            .claims_count = moves ? 2 : 0,
                            .task = task_id(turn, claim->indicator)};
    memcpy(taken.command_id, credited->command_id, sizeof taken.command_id);
    turn_emit(turn, credit_taken_type(), &taken);
    dispute_t row;
    claims_place_t place = {.task = taken.task, .disputes = &row};
    dispute_note(turn, &place, claim, &before, contest, text_of(NULL));
    disputes_tell(turn, &place);
}

/* The coordinator reports too: what its own unit claims is not for it to decide, whoever is to have it. */
static bool is_partial(turn_t *turn, const claim_credited_t *credited, const claim_t *what) {
    if (credited->actor.office != office_coordinator) return false;
    store_key_t prefix = claim_what_key(what);
    key_add_text(&prefix, credited->actor.unit);
    validation_claim_t row;
    scan_t scan = scan_begin(turn_txn(turn), VALIDATION_CLAIM, &prefix, NULL);
    bool claims = scan_next(&scan, turn_arena(turn), &row);
    scan_end(&scan);
    return claims;
}

void on_claim_credited(turn_t *turn, const event_t *event) {
    claim_credited_t credited;
    if (!turn_body(turn, event, claim_credited_type(), &credited)) return;
    claim_t claim = claim_credited_of(&credited, turn_arena(turn));
    validation_contest_t contest = contest_of(turn, &claim);
    claim_t holder = contest_holder(&claim, &contest);
    bool holds = claimant_order(&holder, &claim) == 0;
    if (!claim_read(turn, &claim)) {
        text_t who = arena_format(turn_arena(turn), TEXT_FORMAT " " TEXT_FORMAT, TEXT_ARGS(claim.unit), TEXT_ARGS(claim.period));
        credit_refuse(turn, &credited, REASON_OF(claim_missing), who);
    } else if (contest.claimants < 2) {
        credit_refuse(turn, &credited, REASON_OF(claim_undisputed), text_of(NULL));
    } else if (claim.seq != credited.seq) {
        text_t seq = arena_format(turn_arena(turn), "%llu", (unsigned long long)claim.seq);
        credit_refuse(turn, &credited, REASON_OF(claim_moved), seq);
    } else if (is_partial(turn, &credited, &claim)) {
        credit_refuse(turn, &credited, REASON_OF(own_unit), unit_name(turn, credited.actor.unit));
    } else if (holds && contest.credit_seq != 0 && !contest.open) {
        credit_refuse(turn, &credited, REASON_OF(credit_stands), text_of(NULL));
    } else {
        credit_take(turn, &credited, &claim, &contest);
    }
}

/* --- queries --- */

/* The one that counts first, then the oldest; what has no room is counted only. */
static void claimant_insert(claim_t *claims, uint32_t *count, const claim_t *claim, bool counts) {
    uint32_t place = *count < LIMIT_CLAIMANTS ? (*count)++ : LIMIT_CLAIMANTS - 1;
    if (*count == LIMIT_CLAIMANTS && place == LIMIT_CLAIMANTS - 1 && claims[place].unit.size > 0 && !counts &&
        claims[place].since_seq <= claim->since_seq)
        return;
    for (; place > 0; place--) {
        const claim_t *other = &claims[place - 1];
        if (!counts && (!other->contested || other->since_seq <= claim->since_seq)) break;
        claims[place] = *other;
    }
    claims[place] = *claim;
    claims[place].contested = !counts;
}

static contest_t contest_told(turn_t *turn, bytes_t key) {
    claim_t what = claim_of_key(key, turn_arena(turn));
    validation_contest_t row = contest_of(turn, &what);
    claim_t holder = contest_holder(&what, &row);
    contest_t contest = {.claimants = row.claimants,
                         .open = row.open,
                         .credit_seq = row.credit_seq,
                         .credit_ms = row.credit_ms,
                         .why = row.why};
    claim_t *claims = ARENA_NEW(turn_arena(turn), claim_t, LIMIT_CLAIMANTS);
    store_key_t prefix = claim_what_key(&what);
    validation_claim_t claim_row;
    scan_t scan = scan_begin(turn_txn(turn), VALIDATION_CLAIM, &prefix, NULL);
    while (scan_next(&scan, turn_arena(turn), &claim_row)) {
        claim_t claim = claim_of_key(scan.key, turn_arena(turn));
        claim_fill(&claim, &claim_row);
        claimant_insert(claims, &contest.claims_count, &claim, claimant_order(&claim, &holder) == 0);
    }
    scan_end(&scan);
    contest.claims = claims;
    return contest;
}

void answer_claims(turn_t *turn, const packet_t *packet, reply_t *reply) {
    enum { CLAIM_SIZE = 512, ROOM = LIMIT_BATCH / CLAIM_SIZE };
    claims_ask_t ask;
    fault_t fault;
    if (packet_body(packet, claims_ask_type(), turn_arena(turn), &ask, &fault) != OK) return;
    if (turn_waits(turn, ask.at_least)) return;
    claims_t told = {.as_of = turn_cause(turn), .now_ms = (uint64_t)turn_now_ms(turn)};
    contest_t *rows = ARENA_NEW(turn_arena(turn), contest_t, LIMIT_ROWS);
    store_key_t prefix = key_new();
    if (ask.indicator.size > 0) key_add_text(&prefix, ask.indicator);
    validation_dispute_t row;
    uint64_t skip = ask.after;
    uint32_t claims = 0;
    scan_t scan = scan_begin(turn_txn(turn), VALIDATION_DISPUTE, &prefix, NULL);
    while (!told.more && scan_next(&scan, turn_arena(turn), &row)) {
        if (ask.open_only && !row.open) continue;
        if (skip > 0) {
            skip--;
            continue;
        }
        told.more = told.rows_count == LIMIT_ROWS || claims > ROOM;
        if (told.more) break;
        rows[told.rows_count] = contest_told(turn, scan.key);
        claims += rows[told.rows_count++].claims_count;
    }
    scan_end(&scan);
    told.rows = rows;
    reply_with(reply, claims_type(), &told);
}
