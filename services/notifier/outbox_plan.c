/* From what the fold has learnt to messages: each warning once for each address that is to hear it. */
#include "services/notifier/outbox_inner.h"

#include "proto/crypto.h"
#include "services/stage/log.h"
#include "services/stage/watch.h"
#include "services/vault/directory_rules.h"

#include <stdio.h>
#include <string.h>

enum { BEAT_EVERY = 1024 };

typedef struct {
    outbox_t *outbox;
    txn_t *txn;
    const instants_t *now;
    const notifier_told_t *told;
} look_t;

static void slug_copy(char out[LIMIT_ID + 1], text_t text) { snprintf(out, LIMIT_ID + 1, TEXT_FORMAT, TEXT_ARGS(text)); }

static part_t part_of(const notifier_told_t *told, const uint8_t outbox_id[16], uint64_t retried) {
    part_t part = {.retried = retried, .state = told->state, .level = told->warning.level, .seq = told->seq,
                   .digest = told->digest > 0};
    memcpy(part.outbox_id, outbox_id, sizeof part.outbox_id);
    memcpy(part.warning_id, told->warning.id, sizeof part.warning_id);
    if (told->state == notice_state_raised) memcpy(part.supersedes, told->warning.supersedes, sizeof part.supersedes);
    snprintf(part.rung, sizeof part.rung, TEXT_FORMAT, TEXT_ARGS(told->warning.rung));
    slug_copy(part.unit, told->warning.unit);
    return part;
}

/* Did the ledger hear what became of it? *sent: that it was delivered; *retried: the entry that asked for another try since. */
static bool has_result(look_t *look, notice_state_t state, const uint8_t outbox_id[16], bool *sent, uint64_t *retried) {
    store_key_t key = result_key(look->told->warning.id, state, outbox_id);
    notice_row_t row;
    bool there = txn_get(look->txn, NOTIFIER_RESULT, &key, look->outbox->arena, &row);
    *sent = there && row.sent;
    *retried = there ? row.retried : 0;
    return there && row.retried == 0;
}

/* A withdrawal is for those who heard the warning, or may have. */
static bool raised_was_heard(look_t *look, text_t route, const uint8_t ref[32]) {
    notifier_told_t raised = *look->told;
    uint8_t id[16];
    bool sent = false;
    uint64_t retried;
    raised.state = notice_state_raised;
    outbox_id_of(&raised, route, ref, id);
    if (has_result(look, notice_state_raised, id, &sent, &retried)) return sent;
    if (retried > 0) return false; /* what came of the first try is known */
    return journal_part(look->outbox->journal, id) != PART_UNKNOWN;
}

static bool same_address(const job_t *job, const route_t *route, const uint8_t ref[32]) {
    return job->state == JOB_WAITING && memcmp(job->ref, ref, sizeof job->ref) == 0 && text_is(route->id, job->route);
}

/* Of what is told about one thing only the last is still of use, also where the one before is about to be tried again. */
static void overtake(look_t *look, const route_t *route, const uint8_t ref[32], const part_t *part) {
    outbox_t *self = look->outbox;
    if (bytes_are_zero(part->supersedes, sizeof part->supersedes)) return;
    for (uint32_t at = 0; at < self->job_count; at++) {
        job_t *job = &self->jobs[at];
        if (!same_address(job, route, ref)) continue;
        for (uint32_t index = job->count; index-- > 0;) {
            part_t old = job->parts[index];
            bool overtaken = old.state == notice_state_raised && memcmp(old.warning_id, part->supersedes, 16) == 0;
            if (!overtaken || old.digest) continue; /* a digest is about more than that */
            part_remove(job, index);
            note_failed(self, job, &old, 1, notice_why_overtaken, NULL, look->now->wall_ms);
        }
    }
}

/* The message that is already waiting for this address; one that was tried before a crash keeps its own. */
static job_t *job_for(look_t *look, const route_t *route, const contact_t *contact, const part_t *part) {
    outbox_t *self = look->outbox;
    const uint8_t *ref = contact_ref(route, contact);
    uint8_t message_id[16];
    bool tried = journal_message(self->journal, part->outbox_id, message_id);
    for (uint32_t index = 0; index < self->job_count; index++) {
        job_t *job = &self->jobs[index];
        if (!same_address(job, route, ref) || job->count == LIMIT_NOTICE_PARTS || job->named != tried) continue;
        if (!tried || memcmp(job->id, message_id, sizeof message_id) == 0) return job;
    }
    job_t *job = job_new(self, route, contact);
    job->named = tried;
    if (tried) memcpy(job->id, message_id, sizeof job->id);
    if (tried && part->retried == 0) job->attempt = journal_attempts(self->journal, part->outbox_id); /* else it begins anew */
    return job;
}

/* On its way at this very moment: its answer is still to come. */
static bool is_flying(const outbox_t *self, const uint8_t outbox_id[16]) {
    for (uint32_t at = 0; self->state.flying > 0 && at < self->job_count; at++)
        for (uint32_t index = 0; self->jobs[at].state == JOB_FLYING && index < self->jobs[at].count; index++)
            if (memcmp(self->jobs[at].parts[index].outbox_id, outbox_id, 16) == 0) return true;
    return false;
}

static void consider(look_t *look, const route_t *route, const contact_t *contact) {
    outbox_t *self = look->outbox;
    const notifier_told_t *told = look->told;
    const uint8_t *ref = contact_ref(route, contact);
    uint8_t id[16];
    bool sent = false, raised = told->state == notice_state_raised;
    uint64_t retried;
    outbox_id_of(told, route->id, ref, id);
    if (!raised && !raised_was_heard(look, route->id, ref)) return;
    if (has_result(look, told->state, id, &sent, &retried) || journal_part(self->journal, id) == PART_SENT) return;
    if (is_flying(self, id) || note_tells(self, id)) return;
    part_t part = part_of(told, id, retried);
    bool old = retried == 0 && outbox_too_old(self, told); /* who asks for another try knows how old it is */
    bool withdrawn = raised && told->withdrawn_seq > 0 && told->digest == 0;
    if (old || withdrawn) {
        job_t stand_in = {.channel = route->channel};
        slug_copy(stand_in.route, route->id);
        memcpy(stand_in.ref, ref, sizeof stand_in.ref);
        note_failed(self, &stand_in, &part, 1, withdrawn ? notice_why_withdrawn : notice_why_too_old, NULL, look->now->wall_ms);
        return;
    }
    overtake(look, route, ref, &part);
    part_add(job_for(look, route, contact, &part), &part);
}

/* The first contact of this unit; they lie by unit. */
static uint32_t contact_first(const outbox_t *self, text_t unit) {
    uint32_t low = 0, high = self->contact_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (text_compare(self->contacts[middle].unit, unit) < 0) low = middle + 1;
        else high = middle;
    }
    return low;
}

static void plan_told(look_t *look) {
    outbox_t *self = look->outbox;
    text_t unit = look->told->warning.unit;
    uint8_t messenger[16];
    notifier_messenger(look->txn, look->told, self->arena, messenger);
    if (memcmp(messenger, look->told->warning.id, sizeof messenger) != 0) return; /* a digest tells it */
    for (uint32_t index = 0; index < self->route_count; index++) {
        const route_t *route = &self->routes[index];
        if (!route_takes(route, look->told)) continue;
        if (!channel_reaches_persons(route->channel)) {
            consider(look, route, NULL);
            continue;
        }
        for (uint32_t at = contact_first(self, unit); at < self->contact_count && text_equal(self->contacts[at].unit, unit); at++)
            if (contact_takes(&self->contacts[at], route->channel, look->told)) consider(look, route, &self->contacts[at]);
    }
}

/* --- rebuilt? --- */

static void forget(outbox_t *self) {
    log_warn("planned_again", "planned=%llu", (unsigned long long)self->planned);
    for (uint32_t index = 0; index < self->job_count; index++) {
        if (self->jobs[index].state != JOB_WAITING) continue;
        job_free(&self->jobs[index]);
        self->state.waiting--;
    }
    self->planned = 0;
    self->journal_told = false;
}

/* A fold that was dropped and derived anew may number its warnings otherwise. Whatever is planned twice has the same id. */
static bool was_rebuilt(outbox_t *self, txn_t *txn, const notifier_mode_t *mode) {
    notifier_told_t last;
    store_key_t key = told_key(self->planned);
    if (self->planned == 0) return false;
    if (mode->epoch != self->mode.epoch || mode->retries != self->mode.retries) return true;
    return !txn_get(txn, NOTIFIER_TOLD, &key, self->arena, &last) || memcmp(last.warning.id, self->planned_id, 16) != 0;
}

static void mode_take(outbox_t *self, txn_t *txn) {
    notifier_mode_t mode = notifier_mode(txn, self->arena);
    if (mode.epoch != self->mode.epoch) notes_drop(self, UINT64_MAX); /* what the ledger had it may have lost */
    else notes_drop(self, txn_fact(txn, "cause_seq"));
    if (was_rebuilt(self, txn, &mode)) forget(self);
    if (self->book == NULL || mode.plans != self->mode.plans) {
        planbook_destroy(&self->book);
        self->book = notifier_book(txn);
        memory_give_back();
    }
    self->mode = mode;
    self->state.dead_in_all = mode.dead;
    self->ledger_ms = (int64_t)txn_fact(txn, "now_ms");
}

/* What this machine has sent and the ledger does not know: a crash came between, or a restore took it away. */
static void journal_tell(outbox_t *self, txn_t *txn) {
    uint64_t at = 0, count = 0;
    notice_sent_t sent;
    arena_t *arena = arena_new();
    while (journal_next(self->journal, &at, arena, &sent)) {
        store_key_t key = message_key(sent.id);
        notifier_place_t place;
        if (!txn_get(txn, NOTIFIER_MESSAGE, &key, arena, &place)) {
            note_add(self, notice_sent_type(), &sent, 0);
            count++;
        }
        arena_reset(arena);
    }
    arena_destroy(&arena);
    self->journal_told = true;
    if (count > 0) log_warn("sent_but_not_in_the_ledger", "messages=%llu action=note", (unsigned long long)count);
}

void outbox_plan(outbox_t *self, store_t *store, uint64_t until, const instants_t *now) {
    if (!self->known) return;
    txn_t *txn = store_read(store);
    if (txn == NULL) return;
    arena_reset(self->arena);
    mode_take(self, txn);
    if (!self->journal_told) journal_tell(self, txn);
    uint64_t whole = txn_fact(txn, "cause_seq"); /* of a later entry not everything may be here yet */
    notifier_told_t told;
    store_key_t all = key_new(), from = told_key(self->planned + 1);
    scan_t scan = scan_begin(txn, NOTIFIER_TOLD, &all, &from);
    arena_t *row = arena_new();
    bool more = true;
    while (!outbox_full(self) && (more = scan_next(&scan, row, &told)) && told.cause_seq <= whole && told.seq <= until) {
        look_t look = {self, txn, now, &told};
        plan_told(&look);
        self->planned = told.seq;
        memcpy(self->planned_id, told.warning.id, sizeof self->planned_id);
        arena_reset(row);
        arena_reset(self->arena); /* after a rebuild all that was ever told is looked at in one go */
        if (told.seq % BEAT_EVERY == 0) watch_beat();
    }
    scan_end(&scan);
    self->state.looked = more ? self->planned : until;
    arena_destroy(&row);
    txn_abort(&txn);
}
