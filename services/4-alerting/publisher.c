/* Reads what is committed, posts it, remembers how far it came; where the stream in Redis is not as it should be, mends it. */
#include "services/4-alerting/publisher.h"

#include "services/4-alerting/alerting.h"
#include "services/4-alerting/chunk.h"
#include "services/4-alerting/position.h"
#include "services/4-alerting/told.h"
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

struct publisher {
    store_t *store;
    redis_place_t place;
    char file[256];
    int bell;
    pthread_t thread;
    atomic_bool stop;

    pthread_mutex_t lock;        /* guards what others read and say */
    head_t sure;                 /* stream 4 may go out up to here */
    published_t now;             /* where we are */
    int64_t away_since_ms;       /* steady clock; 0: Redis is there */
    char why[REDIS_WHY];
    char alarm[LIMIT_NAME];      /* "" none */
    char note[LIMIT_NAME];       /* the query thread's own copy */

    redis_t *redis;              /* the thread's own from here */
    arena_t *arena;              /* one chunk */
    arena_t *plan_arena;
    notice_plan_t plan;          /* plan.plan empty: not adopted yet */
    text_t stream;
    told_t *told;                /* under other numbers than stream 4 would give them */
    published_t kept;            /* what the file says */
    char known[REDIS_ID];        /* up to this entry of Redis the place says what was told */
    int64_t pause_ms;            /* until the next attempt; 0: nothing to try again */
};

/* --- what the query thread sees --- */

static void show_position(publisher_t *self, const position_t *at) {
    pthread_mutex_lock(&self->lock);
    self->now.at = *at;
    pthread_mutex_unlock(&self->lock);
}

static void alarm_set(publisher_t *self, const char *what) {
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

/* The file may lag: what is posted again is found to be there already. */
static void position_keep(publisher_t *self) {
    const published_t *now = &self->now, *kept = &self->kept;
    bool same = now->at.seq == kept->at.seq && memcmp(now->at.hash, kept->at.hash, sizeof kept->at.hash) == 0;
    same = same && now->told_all == kept->told_all && now->numbering.volume == kept->numbering.volume;
    if (same && strcmp(now->newest, kept->newest) == 0) return;
    err_t err = published_write(self->file, now, self->arena);
    if (err == OK) self->kept = *now;
    else log_warn("published_unwritten", "file=%s err=%s", self->file, err_name(err));
}

static head_t allowed(publisher_t *self) {
    pthread_mutex_lock(&self->lock);
    head_t sure = self->sure;
    pthread_mutex_unlock(&self->lock);
    return sure;
}

/* Is what we told up to the position what stands there? AHEAD too where nobody has said yet that stream 4 follows from the ledger:
 * what Redis should hold is not known then. */
static look_t look(publisher_t *self) {
    txn_t *txn = store_read(self->store);
    if (txn == NULL) return LOOK_AHEAD;
    arena_reset(self->arena);
    uint64_t sure = chunk_sure(txn, allowed(self));
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

static void came_back(publisher_t *self) {
    pthread_mutex_lock(&self->lock);
    bool was_away = self->away_since_ms != 0;
    self->away_since_ms = 0;
    pthread_mutex_unlock(&self->lock);
    if (was_away) log_info("redis_back", "published=%llu", (unsigned long long)self->now.at.seq);
}

/* A lost connection is closed; an answer that is an error (loading, out of memory, no stream) is an absence too: try again. */
static bool redis_said(publisher_t *self, err_t err, const char *why) {
    if (err != OK) went_away(self, why);
    return err == OK;
}

/* false: Redis went away. */
static bool newest_read(publisher_t *self, redis_newest_t *newest) {
    char why[REDIS_WHY];
    return redis_said(self, redis_newest(self->redis, self->stream, self->arena, newest, why), why);
}

/* --- reading stream 4 --- */

static chunk_t *read_on(publisher_t *self, const position_t *after, uint64_t last) {
    return chunk_read(self->store, &self->plan, allowed(self), after, last, self->arena);
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

static entry_t entry_look(publisher_t *self, const redis_newest_t *entry, uint64_t *seq) {
    return chunk_entry(self->store, &self->plan, allowed(self), self->now.numbering, entry, seq, self->arena);
}

/* What we put there must be there byte for byte. */
static bool is_ours(publisher_t *self, const redis_newest_t *newest) {
    uint64_t seq = 0;
    if (strcmp(newest->id, "0-0") == 0) return true;
    entry_t seen = entry_look(self, newest, &seq);
    return seen != ENTRY_FOREIGN && (seen != ENTRY_OTHER || seq > self->now.at.seq);
}

/* --- one warning --- */

/* What was told under other numbers; after a FLUSHALL it is gone, and then nothing is kept back for its sake. */
static bool told_again(publisher_t *self) {
    char why[REDIS_WHY];
    err_t err = self->now.told_all ? told_load_all(self->told, self->redis, self->stream, why)
                               : told_load(self->told, self->store, self->redis, self->stream, why);
    return redis_said(self, err, why);
}

/* A number is past, or taken: perhaps it was told under another. If not, what is new goes on in a volume behind what is there. */
static bool number_again(publisher_t *self) {
    redis_newest_t newest;
    if (!self->now.told_all) {
        self->now.told_all = true;
        return told_again(self);
    }
    if (!newest_read(self, &newest) || !told_is_warning(newest.body)) return false;
    if (!told_volume_behind(newest.id, &self->now.numbering)) return false;
    log_warn("redis_volume", "newest=%s volume=%llu", newest.id, (unsigned long long)self->now.numbering.volume);
    return true;
}

typedef enum { DELIVERED, TOLD_BEFORE, DIFFERENT, HELD, AWAY } delivery_t;

/* `expected`: the entry that has to be the newest; NULL: whatever stands there. *added: it was not there, and is under `id`. */
static delivery_t post(publisher_t *self, const notice_t *notice, const char *expected, char id[REDIS_ID], bool *added) {
    char why[REDIS_WHY];
    for (int tries = 0;; tries++) {
        if (told_has(self->told, notice)) return TOLD_BEFORE;
        told_id(self->now.numbering, notice->epoch, notice->seq, id);
        redis_post_t post = {.stream = self->stream, .channel = notice->channel, .id = id, .body = notice->body,
                             .unit = notice->unit, .expected = expected, .ring = expected != NULL};
        post_t outcome;
        if (!redis_said(self, redis_post(self->redis, &post, &outcome, why), why)) return AWAY;
        *added = outcome == POST_ADDED;
        if (outcome == POST_DIFFERS) return DIFFERENT;
        if (outcome != POST_BLOCKED) return DELIVERED;
        bool again = tries < 2 && number_again(self);
        if (!again) return self->redis == NULL ? AWAY : HELD;
    }
}

/* --- mending --- */

/* Puts everything that was published before back into the stream, without ringing. false: Redis went away. */
static bool restore(publisher_t *self, uint64_t *restored, uint64_t *blocked) {
    position_t after = {0};
    while (after.seq < self->now.at.seq && !atomic_load(&self->stop)) {
        chunk_t *chunk = read_on(self, &after, self->now.at.seq);
        for (uint32_t index = 0; index < chunk->count; index++) {
            char id[REDIS_ID];
            bool added = false;
            delivery_t delivery = post(self, &chunk->notices[index], NULL, id, &added);
            if (delivery == AWAY) return false;
            *restored += added;
            *blocked += delivery == HELD;
        }
        if (chunk->last.seq == after.seq) break; /* the store is shorter than what was published: it is being rebuilt */
        after = chunk->last;
    }
    return true;
}

/* The stream is not what it should be: mends what can be mended, raises the alarm for the rest. false: Redis went away. */
static bool reconcile(publisher_t *self) {
    uint64_t restored = 0, blocked = 0;
    redis_newest_t newest;
    char alarm[LIMIT_NAME] = "";
    if (!told_again(self) || !restore(self, &restored, &blocked)) return false;
    arena_reset(self->arena);
    if (!newest_read(self, &newest)) return false;
    if (!is_ours(self, &newest)) snprintf(alarm, sizeof alarm, "redis stream holds a foreign entry %s", newest.id);
    else if (blocked > 0)
        snprintf(alarm, sizeof alarm, "redis stream lacks %llu warnings that cannot be put back", (unsigned long long)blocked);
    snprintf(self->now.newest, sizeof self->now.newest, "%s", newest.id);
    if (restored > 0) log_info("redis_reconciled", "restored=%llu newest=%s", (unsigned long long)restored, newest.id);
    alarm_set(self, alarm);
    return true;
}

/* One cheap look: is the newest entry the one that should be? While there is an alarm everything is looked at again. */
static bool check(publisher_t *self) {
    redis_newest_t newest;
    if (!newest_read(self, &newest)) return false;
    if (self->alarm[0] == '\0' && strcmp(newest.id, self->now.newest) == 0 && is_ours(self, &newest)) return true;
    return reconcile(self);
}

/* What was told is not what stands in stream 4 now: it was derived otherwise, by another program or another quarantine, or a
 * restore lies between. All is gone through once more: what Redis shows as told stays told, what it does not is told, in a new
 * volume. Where Redis has lost something it cannot say what was told: then all of that is put back, and nothing rings. */
static bool start_over(publisher_t *self) {
    redis_newest_t newest;
    if (!newest_read(self, &newest)) return false;
    bool intact = published_holds(&self->now, newest.id, newest.body); /* its body goes with the arena */
    txn_t *txn = store_read(self->store);
    if (txn == NULL) return false;
    uint64_t sure = chunk_sure(txn, allowed(self));
    position_t back = position_back(txn, sure, &self->now.at, self->arena);
    bool forked = position_of(txn, sure, self->arena).epoch > self->now.at.epoch;
    err_t err = txn_error(txn);
    txn_abort(&txn);
    if (err != OK || sure == 0) return false;
    log_warn("told_otherwise", "seq=%llu newest=%s forked=%s", (unsigned long long)self->now.at.seq, newest.id,
             forked ? "yes" : "no");
    if (!forked) self->now.numbering = (numbering_t){self->now.at.epoch, self->now.numbering.volume + 1};
    show_position(self, intact ? &(position_t){0} : &back);
    self->now.told_all = true;
    position_keep(self);
    return true;
}

/* We do not know where we were: what Redis shows as told was told. Under its number stream 4 may tell something else by now. */
static bool start_anew(publisher_t *self) {
    redis_newest_t newest;
    uint64_t seq;
    if (!newest_read(self, &newest)) return false;
    self->now.told_all = strcmp(newest.id, "0-0") != 0;
    if (self->now.told_all && entry_look(self, &newest, &seq) == ENTRY_OTHER)
        (void)told_volume_behind(newest.id, &self->now.numbering);
    position_keep(self);
    return true;
}

static void on_later(void *owner, const char *id, text_t body) {
    publisher_t *self = owner;
    redis_newest_t entry = {.body = body};
    uint64_t seq = 0;
    snprintf(entry.id, sizeof entry.id, "%s", id);
    if (strcmp(id, self->known) == 0 || !told_is_warning(body)) return;
    self->now.told_all |= entry_look(self, &entry, &seq) != ENTRY_SAME;
}

/* What lies behind our place was told, and the machine stopped, or its answer was lost. Where stream 4 tells something else
 * there by now, it was derived otherwise behind our place, and numbers do not say what was told. */
static bool later_read(publisher_t *self) {
    char why[REDIS_WHY];
    uint32_t count = 0;
    (void)published_known(&self->now, self->known);
    err_t err = redis_history(self->redis, self->stream, self->known, told_end_id, on_later, self, &count, why);
    self->now.told_all |= count == REDIS_PAGE; /* more than was looked at */
    return redis_said(self, err, why);
}

/* It was told, but our place did not come so far: it may move yet, and is compared each time. */
static bool newest_ahead(publisher_t *self) {
    return !self->now.told_all && self->alarm[0] == '\0' && !published_known(&self->now, self->known);
}

/* A connection that was checked. */
static bool connected(publisher_t *self, bool other) {
    bool fresh = self->redis == NULL, unsure = fresh || newest_ahead(self);
    char why[REDIS_WHY];
    if (!unsure && !other) return true;
    if (fresh && !redis_said(self, redis_open(&self->place, &self->redis, why), why)) return false;
    if (other && !start_over(self)) return false;
    if (unsure && !self->now.told_all && !later_read(self)) return false;
    if (unsure && self->now.told_all && self->now.numbering.volume == 0 && !start_anew(self)) return false;
    if (!told_again(self) || !check(self)) return false;
    if (fresh) came_back(self);
    return true;
}

/* --- delivering --- */

static delivery_t deliver(publisher_t *self, const notice_t *notice, const position_t *at) {
    char id[REDIS_ID];
    bool added = false;
    delivery_t delivery = post(self, notice, self->now.newest, id, &added);
    if (added) memcpy(self->now.newest, id, sizeof id);
    if (delivery == DELIVERED || delivery == TOLD_BEFORE) show_position(self, at);
    return delivery;
}

static void hold(publisher_t *self, const notice_t *notice) {
    char alarm[LIMIT_NAME];
    if (self->alarm[0] != '\0') return; /* reconcile said why */
    snprintf(alarm, sizeof alarm, "redis stream does not take warning %llu", (unsigned long long)notice->seq);
    alarm_set(self, alarm);
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
        show_position(self, &chunk->last);
        return true;
    }
    if (delivery == HELD) hold(self, &chunk->notices[index]);
    return delivery == DIFFERENT && reconcile(self); /* the arena is void: the rest is read again */
}

/* Everything that is committed. true: done; false: try again after a pause. */
static bool work(publisher_t *self) {
    if (!plan_known(self)) return true;
    bool ticked = false;
    look_t seen = look(self);
    if (seen == LOOK_AHEAD) return true; /* rung again as it grows */
    if (!connected(self, seen == LOOK_OTHER)) return false;
    while (!atomic_load(&self->stop)) {
        position_t after = self->now.at;
        chunk_t *chunk = read_on(self, &after, 0);
        ticked |= chunk->ticked | chunk->forked;
        bool forked = chunk->forked, told = chunk->count > 0;
        if (chunk->last.seq == after.seq) break;
        if (!deliver_chunk(self, chunk)) {
            position_keep(self);
            return false;
        }
        if (told || self->now.at.seq - self->kept.at.seq >= KEEP_EVERY) position_keep(self);
        if (forked && !told_again(self)) return false;
    }
    return !ticked || check(self);
}

/* Ticks and other control entries are nothing to Redis: without it the position still passes them. */
static void pass_quietly(publisher_t *self) {
    while (!newest_ahead(self) && look(self) == LOOK_SAME) {
        position_t after = self->now.at;
        chunk_t *chunk = read_on(self, &after, 0);
        bool told = chunk->count > 0;
        if (told && chunk->notices[0].seq > after.seq + 1) chunk = read_on(self, &after, chunk->notices[0].seq - 1);
        else if (told || chunk->last.seq == after.seq) return;
        show_position(self, &chunk->last);
    }
}

bool publisher_work(publisher_t *self) {
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
    position_keep(self);
    return NULL;
}

publisher_t *publisher_new(store_t *store, const redis_place_t *place, const char *file) {
    publisher_t *self = calloc(1, sizeof *self);
    ASSERT(self != NULL);
    self->store = store;
    self->place = *place;
    snprintf(self->file, sizeof self->file, "%s", file);
    self->told = told_new();
    self->arena = arena_new();
    self->plan_arena = arena_new();
    self->bell = -1;
    pthread_mutex_init(&self->lock, NULL);
    position_load(self);
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
