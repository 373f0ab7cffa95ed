/* Reads what is committed, posts it, remembers how far it came. */
#include "services/4-alerting/publisher_inner.h"

#include "services/4-alerting/alerting.h"
#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "services/stage/log.h"
#include "services/stage/watch.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { FIRST_PAUSE_MS = 20, AWAY_TOLERATED_MS = 60000, KEEP_EVERY = 4096 };

/* --- what the query thread sees --- */

void publisher_place_show(publisher_t *self, const position_t *at) {
    pthread_mutex_lock(&self->lock);
    self->now.at = *at;
    pthread_mutex_unlock(&self->lock);
}

void publisher_alarm(publisher_t *self, const char *what) {
    pthread_mutex_lock(&self->lock);
    bool fresh = strcmp(self->alarm, what) != 0;
    snprintf(self->alarm, sizeof self->alarm, "%s", what);
    pthread_mutex_unlock(&self->lock);
    if (!fresh) return;
    if (what[0] != '\0') log_error("redis_stream_alarm", "what=\"%s\"", what);
    else log_info("redis_stream_alarm_over", "newest=%s", self->now.newest);
}

void publisher_show(publisher_t *self, health_t *health) {
    pthread_mutex_lock(&self->lock);
    health->published = self->now.at.seq;
    int64_t away_ms = self->away_since_ms == 0 ? 0 : clock_steady_ms() - self->away_since_ms;
    bool away = self->away_since_ms != 0, alarmed = self->alarm[0] != '\0';
    if (alarmed) snprintf(self->note, sizeof self->note, "%s", self->alarm);
    else if (away)
        snprintf(self->note, sizeof self->note, "redis away for %lld s: %.120s", (long long)(away_ms / 1000), self->why);
    pthread_mutex_unlock(&self->lock);
    if (alarmed || away_ms >= AWAY_TOLERATED_MS) health->ok = false;
    if (alarmed || away) health->note = text_of(self->note);
}

/* --- the position --- */

static void position_load(publisher_t *self) {
    self->kept = self->now = published_read(self->file, self->arena);
}

bool publisher_told_keep(publisher_t *self, err_t err) {
    char alarm[LIMIT_NAME];
    snprintf(alarm, sizeof alarm, "what was told cannot be kept: %s", err_name(err));
    if (err != OK) publisher_alarm(self, alarm);
    return err == OK;
}

/* The file may lag: what is posted again is found to be there already. */
bool publisher_place_keep(publisher_t *self) {
    const published_t *now = &self->now, *kept = &self->kept;
    if (!publisher_told_keep(self, told_keep(self->told))) return false;
    (void)told_covered(self->told, &self->now.records);
    bool same = now->at.seq == kept->at.seq && memcmp(now->at.hash, kept->at.hash, sizeof kept->at.hash) == 0;
    same = same && now->told_all == kept->told_all && now->numbering.volume == kept->numbering.volume;
    if (same && strcmp(now->newest, kept->newest) == 0) return true;
    err_t err = published_write(self->file, now, self->arena);
    if (err == OK) self->kept = *now;
    else log_warn("published_unwritten", "file=%s err=%s", self->file, err_name(err));
    return true;
}

/* Is what we told up to the position what stands there? AHEAD too where nobody has said yet that stream 4 follows from the
 * ledger: what Redis should hold is not known then. */
static look_t look(publisher_t *self) {
    txn_t *txn = store_read(self->store);
    if (txn == NULL) return LOOK_AHEAD;
    arena_reset(self->arena);
    uint64_t sure = chunk_sure(txn, self->turn);
    look_t seen = sure == 0 ? LOOK_AHEAD : position_look(txn, sure, &self->now.at, self->arena);
    txn_abort(&txn);
    return seen;
}

/* --- Redis there and away --- */

static void went_away(publisher_t *self, const char *why) {
    redis_close(&self->redis);
    pthread_mutex_lock(&self->lock);
    bool fresh = self->away_since_ms == 0;
    if (fresh) self->away_since_ms = clock_steady_ms();
    snprintf(self->why, sizeof self->why, "%s", why);
    pthread_mutex_unlock(&self->lock);
    if (fresh) log_warn("redis_away", "why=\"%s\" published=%llu", why, (unsigned long long)self->now.at.seq);
}

void publisher_back(publisher_t *self) {
    pthread_mutex_lock(&self->lock);
    bool was_away = self->away_since_ms != 0;
    self->away_since_ms = 0;
    pthread_mutex_unlock(&self->lock);
    if (was_away) log_info("redis_back", "published=%llu", (unsigned long long)self->now.at.seq);
}

/* A lost connection is closed; an answer that is an error (loading, out of memory, no stream) is an absence too: try again. */
bool publisher_heard(publisher_t *self, err_t err, const char *why) {
    if (err != OK) went_away(self, why);
    return err == OK;
}

/* false: Redis went away. */
bool publisher_newest(publisher_t *self, redis_newest_t *newest) {
    char why[REDIS_WHY];
    return publisher_heard(self, redis_newest(self->redis, self->stream, self->arena, newest, why), why);
}

/* --- reading stream 4 --- */

chunk_t *publisher_read(publisher_t *self, const position_t *after, uint64_t last) {
    return chunk_read(self->store, &self->plan, self->turn, after, last, self->arena);
}

/* Once the plan is in the store, names are known. */
static bool plan_known(publisher_t *self) {
    if (self->plan.plan.size > 0) return true;
    store_key_t key = key_new();
    key_add_text(&key, text_of("only"));
    txn_t *txn = store_read(self->store);
    if (txn == NULL) return false;
    alerting_mode_t mode;
    if (txn_get(txn, ALERTING_MODE, &key, self->plan_arena, &mode))
        self->plan = (notice_plan_t){mode.plan, mode.coordinator, mode.offset_minutes};
    txn_abort(&txn);
    if (self->plan.plan.size > 0) self->stream = notice_stream(&self->plan, self->plan_arena);
    return self->plan.plan.size > 0;
}

/* --- one warning --- */

/* `expected`: the entry that has to be the newest; NULL: whatever stands there. *added: it was not there, and is under `id`. */
delivery_t publisher_post(publisher_t *self, const notice_t *notice, const char *expected, char id[REDIS_ID], bool *added) {
    char why[REDIS_WHY];
    for (int tries = 0;; tries++) {
        if (told_has(self->told, notice)) return TOLD_BEFORE;
        told_id(self->now.numbering, notice->epoch, notice->seq, id);
        bool ring = expected != NULL && !told_rang(self->told, notice);
        redis_post_t post = {.stream = self->stream, .channel = notice->channel, .id = id, .body = notice->body,
                             .unit = notice->unit, .expected = expected, .ring = ring};
        post_t outcome;
        if (!publisher_heard(self, redis_post(self->redis, &post, &outcome, why), why)) return AWAY;
        *added = outcome == POST_ADDED;
        if (outcome == POST_DIFFERS) return DIFFERENT;
        if (outcome != POST_BLOCKED) return DELIVERED;
        bool again = tries < 2 && publisher_number_again(self);
        if (!again) return self->redis == NULL ? AWAY : HELD;
    }
}

/* --- delivering --- */

static delivery_t deliver(publisher_t *self, const notice_t *notice, const position_t *at) {
    char id[REDIS_ID];
    bool added = false;
    delivery_t delivery = publisher_post(self, notice, self->now.newest, id, &added);
    if (added) memcpy(self->now.newest, id, sizeof id);
    if (delivery != DELIVERED && delivery != TOLD_BEFORE) return delivery;
    told_note(self->told, notice);
    publisher_place_show(self, at);
    return delivery;
}

static void hold(publisher_t *self, const notice_t *notice) {
    char alarm[LIMIT_NAME];
    if (self->alarm[0] != '\0') return; /* reconcile said why */
    snprintf(alarm, sizeof alarm, "redis stream does not take warning %llu", (unsigned long long)notice->seq);
    publisher_alarm(self, alarm);
}

/* Delivers one chunk. true: it is done, go on; false: try again later. */
static bool deliver_chunk(publisher_t *self, chunk_t *chunk) {
    delivery_t delivery = DELIVERED;
    uint32_t index = 0, before = 0;
    for (; index < chunk->count; index++) {
        delivery = deliver(self, &chunk->notices[index], &chunk->at[index]);
        if (delivery != DELIVERED && delivery != TOLD_BEFORE) break;
        before += delivery == TOLD_BEFORE;
    }
    if (before > 0) log_info("told_before", "warnings=%u upto=%llu", before, (unsigned long long)self->now.at.seq);
    if (index == chunk->count) {
        publisher_place_show(self, &chunk->last);
        return true;
    }
    if (delivery == HELD) hold(self, &chunk->notices[index]);
    return delivery == DIFFERENT && publisher_reconcile(self); /* the arena is void: the rest is read again */
}

/* Everything that is committed. true: done; false: try again after a pause. */
static bool work(publisher_t *self) {
    if (!plan_known(self)) return true;
    bool ticked = false;
    look_t seen = look(self);
    if (seen == LOOK_AHEAD) return true; /* rung again as it grows */
    if (!publisher_told_keep(self, told_keep(self->told))) return false; /* before one more rings */
    if (!publisher_connect(self, seen == LOOK_OTHER)) return false;
    while (!atomic_load(&self->stop)) {
        position_t after = self->now.at;
        chunk_t *chunk = publisher_read(self, &after, 0);
        ticked |= chunk->ticked | chunk->forked;
        bool forked = chunk->forked, told = chunk->count > 0;
        if (chunk->last.seq == after.seq) break;
        if (!deliver_chunk(self, chunk)) {
            (void)publisher_place_keep(self);
            return false;
        }
        bool keeps = told || self->now.at.seq - self->kept.at.seq >= KEEP_EVERY;
        if (keeps && !publisher_place_keep(self)) return false;
        if (forked && !publisher_told_again(self)) return false;
    }
    return !ticked || publisher_check(self);
}

/* Ticks and other control entries are nothing to Redis: without it the position still passes them. */
static void pass_quietly(publisher_t *self) {
    while (!publisher_is_ahead(self) && look(self) == LOOK_SAME) {
        position_t after = self->now.at;
        chunk_t *chunk = publisher_read(self, &after, 0);
        bool told = chunk->count > 0;
        uint64_t first = told ? chunk->notices[0].seq : 0;
        if (first > after.seq + 1) chunk = publisher_read(self, &after, first - 1);
        else if (told || chunk->last.seq == after.seq) return;
        publisher_place_show(self, &chunk->last);
    }
}

bool publisher_work(publisher_t *self) {
    pthread_mutex_lock(&self->lock);
    self->turn = self->sure;
    pthread_mutex_unlock(&self->lock);
    bool done = work(self);
    if (!done && self->redis == NULL) pass_quietly(self);
    return done;
}

static void *run(void *argument) {
    publisher_t *self = argument;
    struct pollfd bell = {.fd = self->bell, .events = POLLIN};
    watch_join("publisher");
    while (!atomic_load(&self->stop)) {
        uint64_t rings;
        watch_beat();
        bool done = publisher_work(self);
        self->pause_ms = done ? 0 : self->pause_ms == 0 ? FIRST_PAUSE_MS : self->pause_ms * 2;
        if (self->pause_ms > LIMIT_REDIS_RETRY_MS) self->pause_ms = LIMIT_REDIS_RETRY_MS;
        watch_wait();
        bool rung = poll(&bell, 1, done ? -1 : (int)self->pause_ms) > 0;
        if (rung && read(self->bell, &rings, sizeof rings) < 0 && errno != EAGAIN)
            log_warn("publisher_bell", "errno=%d", errno);
    }
    watch_leave();
    (void)publisher_place_keep(self);
    return NULL;
}

publisher_t *publisher_new(store_t *store, const redis_place_t *place, const char *file) {
    char told_file[sizeof ((publisher_t *)NULL)->file + sizeof ".told"];
    publisher_t *self = calloc(1, sizeof *self);
    ASSERT(self != NULL);
    self->store = store;
    self->place = *place;
    snprintf(self->file, sizeof self->file, "%s", file);
    snprintf(told_file, sizeof told_file, "%s.told", file);
    self->told = told_new(told_file);
    self->arena = arena_new();
    self->plan_arena = arena_new();
    self->bell = -1;
    pthread_mutex_init(&self->lock, NULL);
    position_load(self);
    err_t err = told_recall(self->told, self->now.told_all ? 0 : self->now.records);
    if (err != OK) log_warn("told_unreadable", "file=%s err=%s", told_file, err_name(err));
    return self;
}

void publisher_destroy(publisher_t **self_at) {
    publisher_t *self = *self_at;
    if (self == NULL) return;
    redis_close(&self->redis);
    if (self->bell >= 0) close(self->bell);
    pthread_mutex_destroy(&self->lock);
    told_destroy(&self->told);
    arena_destroy(&self->arena);
    arena_destroy(&self->plan_arena);
    free(self);
    *self_at = NULL;
}

err_t publisher_start(store_t *store, const redis_place_t *place, const char *file, publisher_t **out) {
    signal(SIGPIPE, SIG_IGN); /* a Redis that leaves must not take us with it */
    *out = publisher_new(store, place, file);
    (*out)->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if ((*out)->bell >= 0 && pthread_create(&(*out)->thread, NULL, run, *out) == 0) return OK;
    publisher_destroy(out);
    return ERR_SYSTEM;
}

void publisher_allow(publisher_t *self, head_t sure) {
    pthread_mutex_lock(&self->lock);
    self->sure = sure;
    pthread_mutex_unlock(&self->lock);
}

void publisher_ring(publisher_t *self) {
    uint64_t one = 1;
    if (write(self->bell, &one, sizeof one) < 0 && errno != EAGAIN) log_warn("publisher_bell", "errno=%d", errno);
}

void publisher_stop(publisher_t **self) {
    if (*self == NULL) return;
    atomic_store(&(*self)->stop, true);
    publisher_ring(*self);
    pthread_join((*self)->thread, NULL);
    publisher_destroy(self);
}
