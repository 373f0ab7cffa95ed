/* Messages waiting, on their way, answered: one job each. */
#include "services/notifier/outbox_inner.h"

#include "services/stage/log.h"
#include "services/vault/directory_rules.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

outbox_t *outbox_new(const outbox_conf_t *conf, journal_t *journal) {
    outbox_t *self = calloc(1, sizeof *self);
    ASSERT(self != NULL);
    self->conf = *conf;
    self->journal = journal;
    self->arena = arena_new();
    self->directory_arena = arena_new();
    return self;
}

void outbox_destroy(outbox_t **self_at) {
    outbox_t *self = *self_at;
    if (self == NULL) return;
    for (uint32_t index = 0; index < self->job_count; index++) free(self->jobs[index].parts);
    for (uint32_t index = 0; index < self->note_count; index++) free(self->notes[index].body);
    free(self->jobs);
    free(self->notes);
    planbook_destroy(&self->book);
    arena_destroy(&self->directory_arena);
    arena_destroy(&self->arena);
    free(self);
    *self_at = NULL;
}

/* --- the directory --- */

static int contact_compare(const void *a, const void *b) {
    const contact_t *one = a, *other = b;
    int by_unit = text_compare(one->unit, other->unit);
    return by_unit != 0 ? by_unit : text_compare(one->id, other->id);
}

static void contact_copy(contact_t *contact, arena_t *arena) {
    contact->id = arena_text(arena, contact->id);
    contact->unit = arena_text(arena, contact->unit);
    contact->name = arena_text(arena, contact->name);
    contact->mail = arena_text(arena, contact->mail);
    contact->mobile = arena_text(arena, contact->mobile);
}

static void route_copy(route_t *route, arena_t *arena) {
    text_t *const texts[] = {&route->id, &route->url, &route->secret, &route->user, &route->sender, &route->unit, &route->proxy};
    for (size_t index = 0; index < sizeof texts / sizeof texts[0]; index++) *texts[index] = arena_text(arena, *texts[index]);
}

/* A route's bucket is its own, whatever else changes; that of a route that is gone may be taken by a new one. */
bucket_t *outbox_bucket(outbox_t *self, text_t route) {
    bucket_t *spare = &self->buckets[0];
    for (uint32_t index = 0; index < LIMIT_ROUTES; index++) {
        bucket_t *bucket = &self->buckets[index];
        if (text_is(route, bucket->id)) return bucket;
        if (outbox_route(self, text_of(bucket->id)) == NULL) spare = bucket;
    }
    *spare = (bucket_t){0};
    snprintf(spare->id, sizeof spare->id, TEXT_FORMAT, TEXT_ARGS(route));
    return spare;
}

void outbox_directory(outbox_t *self, const directory_t *directory) {
    arena_reset(self->directory_arena);
    route_t *routes = ARENA_NEW(self->directory_arena, route_t, directory->routes_count + 1);
    contact_t *contacts = ARENA_NEW(self->directory_arena, contact_t, directory->contacts_count + 1);
    self->route_count = directory->routes_count < LIMIT_ROUTES ? directory->routes_count : LIMIT_ROUTES;
    self->contact_count = directory->contacts_count;
    for (uint32_t index = 0; index < self->route_count; index++) {
        routes[index] = directory->routes[index];
        route_copy(&routes[index], self->directory_arena);
    }
    for (uint32_t index = 0; index < self->contact_count; index++) {
        contacts[index] = directory->contacts[index];
        contact_copy(&contacts[index], self->directory_arena);
    }
    qsort(contacts, self->contact_count, sizeof *contacts, contact_compare);
    self->routes = routes;
    self->contacts = contacts;
    self->version = directory->version;
    self->known = true;
    for (uint32_t index = 0; index < self->route_count; index++) {
        rate_t *rate = &outbox_bucket(self, routes[index].id)->rate;
        rate_of(&routes[index], &rate->per_minute, &rate->per_second);
    }
}

uint64_t outbox_version(const outbox_t *self) { return self->version; }

const route_t *outbox_route(const outbox_t *self, text_t id) {
    for (uint32_t index = 0; index < self->route_count; index++)
        if (text_equal(self->routes[index].id, id)) return &self->routes[index];
    return NULL;
}

const contact_t *outbox_contact(const outbox_t *self, text_t id) {
    for (uint32_t index = 0; index < self->contact_count; index++)
        if (text_equal(self->contacts[index].id, id)) return &self->contacts[index];
    return NULL;
}

/* --- jobs --- */

bool outbox_full(const outbox_t *self) {
    return self->state.waiting >= LIMIT_NOTICE_JOBS || self->note_count >= LIMIT_NOTICE_JOBS;
}

bool outbox_too_old(const outbox_t *self, const notifier_told_t *told) {
    return !self->mode.rehearsal && self->ledger_ms - (int64_t)told->at_ms > self->conf.age_ms;
}

void part_add(job_t *job, const part_t *part) {
    if (job->count == job->room) {
        job->room = job->room == 0 ? 4 : job->room * 2;
        job->parts = realloc(job->parts, job->room * sizeof *job->parts);
        ASSERT(job->parts != NULL);
    }
    job->parts[job->count++] = *part;
}

void part_remove(job_t *job, uint32_t index) {
    job->count--;
    memmove(&job->parts[index], &job->parts[index + 1], (job->count - index) * sizeof *job->parts);
}

void job_free(job_t *job) {
    free(job->parts);
    *job = (job_t){.state = JOB_FREE};
}

/* Void pointers to other jobs: the array may move. */
job_t *job_new(outbox_t *self, const route_t *route, const contact_t *contact) {
    uint32_t at = 0;
    while (at < self->job_count && self->jobs[at].state != JOB_FREE) at++;
    if (at == self->job_room) {
        self->job_room = self->job_room == 0 ? 64 : self->job_room * 2;
        self->jobs = realloc(self->jobs, self->job_room * sizeof *self->jobs);
        ASSERT(self->jobs != NULL);
    }
    if (at == self->job_count) self->job_count++;
    job_t *job = &self->jobs[at];
    *job = (job_t){.state = JOB_WAITING, .channel = route->channel};
    snprintf(job->route, sizeof job->route, TEXT_FORMAT, TEXT_ARGS(route->id));
    if (contact != NULL) snprintf(job->contact, sizeof job->contact, TEXT_FORMAT, TEXT_ARGS(contact->id));
    memcpy(job->ref, contact_ref(route, contact), sizeof job->ref);
    self->state.waiting++;
    return job;
}

/* --- what leaves --- */

/* One job being made ready. */
typedef struct {
    outbox_t *outbox;
    txn_t *txn;
    const instants_t *now;
    arena_t *arena;
    job_t *job;
    const route_t *route;
    const contact_t *contact;
    bool sink;
} leaving_t;

/* Whoever was erased is written to no more, and neither is an address that was another's when it was planned. */
static bool address_holds(leaving_t *self) {
    const job_t *job = self->job;
    self->route = outbox_route(self->outbox, text_of(job->route));
    self->contact = job->contact[0] == '\0' ? NULL : outbox_contact(self->outbox, text_of(job->contact));
    if (self->route == NULL || (job->contact[0] != '\0' && self->contact == NULL)) return false;
    return memcmp(contact_ref(self->route, self->contact), job->ref, sizeof job->ref) == 0;
}

/* What was withdrawn meanwhile, or has waited too long, is not sent. */
static void parts_prune(leaving_t *self) {
    job_t *job = self->job;
    outbox_t *outbox = self->outbox;
    for (uint32_t index = job->count; index-- > 0;) {
        part_t part = job->parts[index];
        store_key_t key = told_key(part.seq);
        notifier_told_t told;
        bool there = txn_get(self->txn, NOTIFIER_TOLD, &key, self->arena, &told) &&
                     memcmp(told.warning.id, part.warning_id, sizeof part.warning_id) == 0;
        bool withdrawn = !there || (part.state == notice_state_raised && told.withdrawn_seq > 0 && !part.digest);
        if (!withdrawn && (part.retried > 0 || !outbox_too_old(outbox, &told))) continue;
        part_remove(job, index);
        note_failed(outbox, job, &part, 1, withdrawn ? notice_why_withdrawn : notice_why_too_old, NULL, self->now->wall_ms);
    }
}

static level_t job_level(const job_t *job) {
    level_t top = level_none;
    for (uint32_t index = 0; index < job->count; index++)
        if (job->parts[index].level > top) top = job->parts[index].level;
    return top;
}

static line_t *lines_of(leaving_t *self) {
    job_t *job = self->job;
    line_t *lines = ARENA_NEW(self->arena, line_t, job->count);
    notice_part_t *parts = notice_parts(job->parts, job->count, self->arena);
    for (uint32_t index = 0; index < job->count; index++) {
        store_key_t key = told_key(job->parts[index].seq);
        notifier_told_t told = {0};
        if (!txn_get(self->txn, NOTIFIER_TOLD, &key, self->arena, &told)) continue; /* an error stuck: nothing leaves */
        const unit_t *unit = self->outbox->book == NULL ? NULL : planbook_unit(self->outbox->book, told.warning.unit);
        lines[index] = (line_t){.part = parts[index], .level = told.warning.level, .kind = told.warning.kind,
                                .unit_name = unit == NULL ? told.warning.unit : arena_text(self->arena, unit->name),
                                .task = told.warning.task, .period = told.warning.period,
                                .indicator = told.warning.indicator, .due_ms = told.warning.due_ms, .at_ms = told.at_ms,
                                .zh = told.warning.zh, .en = told.warning.en};
    }
    return lines;
}

static letter_t letter_of(const outbox_t *outbox, const route_t *route, const contact_t *contact, const instants_t *now) {
    letter_t letter = {.rehearsal = outbox->mode.rehearsal, .wall_ms = now->wall_ms, .offset_minutes = 480};
    if (outbox->book != NULL) {
        letter.plan = planbook_plan(outbox->book)->id;
        letter.offset_minutes = planbook_plan(outbox->book)->offset_minutes;
    }
    if (contact != NULL) letter.to_name = contact->name;
    if (contact != NULL) letter.to = route->channel == channel_sms ? contact->mobile : contact->mail;
    return letter;
}

/* What does not fit goes into a message of its own, before either has a name. */
static void split(leaving_t *self, uint32_t fits) {
    uint32_t at = (uint32_t)(self->job - self->outbox->jobs);
    job_t *rest = job_new(self->outbox, self->route, self->contact);
    self->job = &self->outbox->jobs[at];
    for (uint32_t index = fits; index < self->job->count; index++) part_add(rest, &self->job->parts[index]);
    self->job->count = fits;
}

static void name_it(job_t *job, arena_t *arena) {
    if (job->named) return;
    uint8_t(*ids)[16] = arena_take(arena, (size_t)job->count * 16);
    for (uint32_t index = 0; index < job->count; index++) memcpy(ids[index], job->parts[index].outbox_id, 16);
    message_id_of("message", (const uint8_t(*)[16])ids, job->count, job->id);
    job->named = true;
}

/* false: the journal refuses; without it nothing leaves. */
static bool depart(leaving_t *self, request_t *request) {
    outbox_t *outbox = self->outbox;
    letter_t letter = letter_of(outbox, self->route, self->contact, self->now);
    letter.lines = lines_of(self);
    letter.count = self->job->count;
    uint32_t fits = letter_fits(self->route->channel, &letter);
    if (fits < letter.count && !self->job->named) {
        split(self, fits);
        letter.count = fits;
    }
    job_t *job = self->job;
    name_it(job, self->arena);
    memcpy(letter.id, job->id, sizeof letter.id);
    *request = letter_request(self->route, &letter, self->sink, self->arena);
    job->channel = request->channel;
    job->attempt++;
    notice_sent_t trying = sent_of(job, notice_parts(job->parts, job->count, self->arena), 0, self->now->wall_ms);
    if (txn_error(self->txn) != OK || journal_try(outbox->journal, &trying) != OK) {
        outbox->state.broken = true;
        return false;
    }
    rate_spend(&outbox_bucket(outbox, self->route->id)->rate, self->now->steady_ms);
    job->state = JOB_FLYING;
    outbox->state.waiting--;
    outbox->state.flying++;
    return true;
}

static void soonest(int64_t *wait_ms, int64_t wait) {
    if (wait < *wait_ms) *wait_ms = wait;
}

/* Do rate and hours let it go? */
static bool is_ripe(leaving_t *self, int64_t *wait_ms) {
    outbox_t *outbox = self->outbox;
    self->sink = self->route->channel == channel_sink || (outbox->mode.rehearsal && !self->route->live);
    int64_t rate_ms = self->sink ? 0 : rate_wait(&outbox_bucket(outbox, self->route->id)->rate, self->now->steady_ms);
    const plan_t *plan = outbox->book == NULL ? NULL : planbook_plan(outbox->book);
    if (rate_ms > 0) soonest(wait_ms, rate_ms);
    return rate_ms == 0 && hours_wait(plan, self->route, self->contact, job_level(self->job), outbox->ledger_ms) == 0;
}

/* May it leave now? It may also have come to its end. What has to wait is looked through again only when the fold has moved:
 * many messages may wait for a long time. */
static bool job_ready(leaving_t *self, int64_t *wait_ms) {
    job_t *job = self->job;
    outbox_t *outbox = self->outbox;
    bool ripe = false;
    if (job->not_before_ms > self->now->steady_ms) {
        soonest(wait_ms, job->not_before_ms - self->now->steady_ms);
        return false;
    }
    if (!address_holds(self)) {
        note_failed(outbox, job, job->parts, job->count, notice_why_unreachable, NULL, self->now->wall_ms);
        job->count = 0;
    } else if (job->attempt >= outbox->conf.attempts) { /* all of them before a restart */
        note_failed(outbox, job, job->parts, job->count, notice_why_given_up, NULL, self->now->wall_ms);
        job->count = 0;
    } else {
        ripe = is_ripe(self, wait_ms);
        if (ripe || job->looked != outbox->state.looked) parts_prune(self);
        job->looked = outbox->state.looked;
    }
    if (job->count > 0) return ripe;
    job_free(job);
    outbox->state.waiting--;
    return false;
}

bool outbox_next(outbox_t *self, store_t *store, const instants_t *now, arena_t *arena, uint32_t *slot, request_t *request,
                 int64_t *wait_ms) {
    *wait_ms = INT64_MAX;
    if (!self->known || self->state.broken || self->state.waiting == 0 || self->state.flying >= LIMIT_NOTICE_FLYING) return false;
    txn_t *txn = store_read(store);
    if (txn == NULL) return false;
    bool found = false;
    arena_reset(self->arena);
    for (uint32_t step = 0; !found && !self->state.broken && step < self->job_count; step++) {
        self->cursor = (self->cursor + 1) % self->job_count;
        leaving_t leaving = {.outbox = self, .txn = txn, .now = now, .arena = arena, .job = &self->jobs[self->cursor]};
        if (leaving.job->state != JOB_WAITING || !job_ready(&leaving, wait_ms)) continue;
        found = depart(&leaving, request);
        *slot = self->cursor;
    }
    txn_abort(&txn);
    return found;
}

/* --- what comes back --- */

static void settle(outbox_t *self, job_t *job, const verdict_of_answer_t *verdict, const instants_t *now) {
    bool last = job->attempt >= self->conf.attempts;
    int64_t pause_ms = backoff_ms(job->attempt, self->conf.retry_ms, job->id);
    bool refused = verdict->answer == ANSWER_REFUSED;
    if (verdict->answer == ANSWER_SLOWER)
        rate_close(&outbox_bucket(self, text_of(job->route))->rate, now->steady_ms + verdict->pause_ms);
    if (verdict->answer == ANSWER_DELIVERED)
        note_sent(self, job, verdict, now->wall_ms);
    else if (refused || last)
        note_failed(self, job, job->parts, job->count, refused ? notice_why_refused : notice_why_given_up, verdict, now->wall_ms);
    else {
        job->state = JOB_WAITING;
        job->not_before_ms = now->steady_ms + (pause_ms > verdict->pause_ms ? pause_ms : verdict->pause_ms);
        self->state.waiting++;
        return;
    }
    job_free(job);
}

void outbox_answered(outbox_t *self, uint32_t slot, const response_t *response, const instants_t *now) {
    ASSERT(slot < self->job_count && self->jobs[slot].state == JOB_FLYING);
    job_t *job = &self->jobs[slot];
    arena_reset(self->arena);
    verdict_of_answer_t verdict = letter_verdict(job->channel, response, self->arena);
    bool well = verdict.answer == ANSWER_DELIVERED;
    self->state.flying--;
    if (well && text_is(text_of(job->route), self->state.sick)) self->state.sick[0] = '\0';
    if (!well) snprintf(self->state.sick, sizeof self->state.sick, "%s", job->route);
    if (!well)
        log_warn("not_delivered", "route=%s channel=%s attempt=%" PRIu64 " code=%" PRIu64 " transport=%u", job->route,
                 WORD_NAME(channel, job->channel), job->attempt, verdict.code, verdict.transport);
    settle(self, job, &verdict, now);
}

bool outbox_test(outbox_t *self, const route_test_t *test, const instants_t *now, arena_t *arena, request_t *request,
                 channel_t *channel, text_t *code) {
    const route_t *route = outbox_route(self, test->route);
    const contact_t *contact = test->contact.size == 0 ? NULL : outbox_contact(self, test->contact);
    *code = REASON_OF(unknown_route);
    if (route == NULL) return false;
    letter_t letter = letter_of(self, route, contact, now);
    *code = REASON_OF(unknown_contact);
    if (channel_reaches_persons(route->channel) && letter.to.size == 0) return false;
    letter.test = true;
    uint8_t ids[1][16];
    memset(ids, 0, sizeof ids);
    memcpy(ids[0], &now->wall_ms, sizeof now->wall_ms); /* each test is a message of its own */
    message_id_of("test", (const uint8_t(*)[16])ids, 1, letter.id);
    *request = letter_request(route, &letter, route->channel == channel_sink || (self->mode.rehearsal && !route->live), arena);
    *channel = request->channel;
    return true;
}

outbox_state_t outbox_state(const outbox_t *self) {
    outbox_state_t state = self->state;
    state.notes = self->note_open;
    return state;
}
