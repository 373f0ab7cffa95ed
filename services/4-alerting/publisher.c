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
#define PUBLISHED_FILE "data/alerting/published"

struct publisher {
    store_t *store;
    redis_place_t place;
    char file[256];
    int bell;
    pthread_t thread;
    atomic_bool stop;

    pthread_mutex_t lock;        /* guards what others read and say */
    head_t sure;                 /* stream 4 may go out up to here */
    uint64_t published;
    int64_t away_since_ms;       /* steady clock; 0: Redis is there */
    char why[REDIS_WHY];
    char alarm[LIMIT_NAME];      /* "" none */
    char note[LIMIT_NAME];       /* the query thread's own copy */

    redis_t *redis;              /* the thread's own from here */
    arena_t *arena;              /* one chunk */
    arena_t *plan_arena;
    notice_plan_t plan;          /* plan.plan empty: not adopted yet */
    text_t stream;
    told_t *told;                /* by epochs that a restore has lost */
    char expected[REDIS_ID];     /* id that has to be the newest in Redis */
    position_t kept;             /* what the file says */
    uint64_t epoch;              /* that the position was counted in */
    int64_t pause_ms;            /* until the next attempt; 0: nothing to try again */
};

/* --- what the query thread sees --- */

static void show_position(publisher_t *self, uint64_t seq) {
    pthread_mutex_lock(&self->lock);
    self->published = seq;
    pthread_mutex_unlock(&self->lock);
}

static void alarm_set(publisher_t *self, const char *what) {
    pthread_mutex_lock(&self->lock);
    bool fresh = strcmp(self->alarm, what) != 0;
    snprintf(self->alarm, sizeof self->alarm, "%s", what);
    pthread_mutex_unlock(&self->lock);
    if (!fresh) return;
    if (what[0] != '\0') log_error("redis_stream_alarm", "what=\"%s\"", what);
    else log_info("redis_stream_alarm_over", "expected=%s", self->expected);
}

void publisher_show(publisher_t *self, health_t *health) {
    pthread_mutex_lock(&self->lock);
    health->published = self->published;
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
    self->kept = position_read(self->file, self->arena);
    self->published = self->kept.seq;
    self->epoch = self->kept.epoch;
}

/* The file may lag: what is posted again is found to be there already. */
static void position_keep(publisher_t *self) {
    position_t now = {self->published, self->epoch};
    if (self->kept.seq == now.seq && self->kept.epoch == now.epoch) return;
    err_t err = position_write(self->file, now, self->arena);
    if (err == OK) self->kept = now;
    else log_warn("published_unwritten", "file=%s err=%s", self->file, err_name(err));
}

/* A restore may have taken back what was published: from the fork on it is another stream. */
static void position_follow(publisher_t *self) {
    position_t now = position_now(self->store, (position_t){self->published, self->epoch});
    if (now.seq != self->published) show_position(self, now.seq);
    self->epoch = now.epoch;
}

static head_t allowed(publisher_t *self) {
    pthread_mutex_lock(&self->lock);
    head_t sure = self->sure;
    pthread_mutex_unlock(&self->lock);
    return sure;
}

/* What Redis should hold is not known: stream 4 is being derived again, or nobody has said yet that it follows from the ledger. */
static bool is_unsure(publisher_t *self) {
    txn_t *txn = store_read(self->store);
    if (txn == NULL) return true;
    uint64_t sure = chunk_sure(txn, allowed(self));
    txn_abort(&txn);
    if (sure == 0) return true;
    position_follow(self);
    return sure < self->published;
}

/* --- Redis there and away --- */

static void went_away(publisher_t *self, const char *why) {
    redis_close(&self->redis);
    pthread_mutex_lock(&self->lock);
    bool fresh = self->away_since_ms == 0;
    if (fresh) self->away_since_ms = clock_steady_ms();
    snprintf(self->why, sizeof self->why, "%s", why);
    pthread_mutex_unlock(&self->lock);
    if (fresh) log_warn("redis_away", "why=\"%s\" published=%llu", why, (unsigned long long)self->published);
}

static void came_back(publisher_t *self) {
    pthread_mutex_lock(&self->lock);
    bool was_away = self->away_since_ms != 0;
    self->away_since_ms = 0;
    pthread_mutex_unlock(&self->lock);
    if (was_away) log_info("redis_back", "published=%llu", (unsigned long long)self->published);
}

/* A lost connection is closed; an answer that is an error (loading, out of memory, no stream) is an absence too: try again. */
static bool redis_said(publisher_t *self, err_t err, const char *why) {
    if (err != OK) went_away(self, why);
    return err == OK;
}

/* --- reading stream 4 --- */

static chunk_t *read_on(publisher_t *self, uint64_t after, uint64_t last) {
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

/* The id of the last warning up to `seq`, "0-0" if there is none: what has to be the newest in Redis. */
static void expected_find(publisher_t *self, uint64_t seq) {
    arena_reset(self->arena);
    snprintf(self->expected, sizeof self->expected, "0-0");
    txn_t *txn = store_read(self->store);
    if (txn == NULL) return;
    uint64_t head = txn_head(txn).seq;
    for (uint64_t at = seq < head ? seq : head; at > 0; at--) {
        event_t event;
        if (at % CHUNK_EVENTS == 0) arena_reset(self->arena);
        if (!txn_event(txn, at, self->arena, &event, NULL)) break;
        notice_t notice;
        event.seq = at;
        if (!notice_is_due(event.kind) || !notice_read(&self->plan, &event, self->arena, &notice)) continue;
        if (told_has(self->told, &notice)) continue; /* it stands there under the id of a lost epoch */
        snprintf(self->expected, sizeof self->expected, "%llu-%llu", (unsigned long long)event.epoch, (unsigned long long)at);
        break;
    }
    txn_abort(&txn);
    if (told_id_before(self->expected, told_newest(self->told)))
        snprintf(self->expected, sizeof self->expected, "%s", told_newest(self->told));
}

/* Is the newest entry in Redis ours? What stream 4 holds under that id must be there byte for byte. An id that it does not hold,
 * or whose seq it holds for another epoch, is a warning that a restore has lost or that is being derived again. */
static bool is_ours(publisher_t *self, const redis_newest_t *newest) {
    uint64_t epoch = 0, seq = 0;
    if (strcmp(newest->id, "0-0") == 0) return true;
    if (!told_id_parse(newest->id, &epoch, &seq) || !told_is_warning(newest->body)) return false;
    txn_t *txn = store_read(self->store);
    if (txn == NULL) return false;
    event_t event;
    notice_t notice;
    bool ours = true;
    if (seq > 0 && txn_event(txn, seq, self->arena, &event, NULL) && event.epoch == epoch) {
        event.seq = seq;
        ours = notice_read(&self->plan, &event, self->arena, &notice) && text_equal(notice.body, newest->body);
    }
    txn_abort(&txn);
    return ours;
}

/* --- mending --- */

static redis_post_t post_of(const publisher_t *self, const notice_t *notice) {
    return (redis_post_t){.stream = self->stream, .channel = notice->channel, .id = notice->id, .body = notice->body,
                          .unit = notice->unit};
}

/* Puts everything that was published before back into the stream, without ringing. false: Redis went away. */
static bool restore(publisher_t *self, uint64_t *added, uint64_t *blocked) {
    uint64_t until = self->published;
    for (uint64_t after = 0; after < until && !atomic_load(&self->stop);) {
        chunk_t *chunk = read_on(self, after, until);
        for (uint32_t index = 0; index < chunk->count; index++) {
            redis_post_t post = post_of(self, &chunk->notices[index]);
            if (told_has(self->told, &chunk->notices[index])) continue;
            char why[REDIS_WHY];
            post_t outcome;
            if (!redis_said(self, redis_post(self->redis, &post, &outcome, why), why)) return false;
            *added += outcome == POST_ADDED;
            *blocked += outcome == POST_BLOCKED;
        }
        if (chunk->last == after) break; /* the store is shorter than what was published: it is being rebuilt */
        after = chunk->last;
    }
    return true;
}

/* What lost epochs told; after a FLUSHALL it is gone, and then nothing is kept back for its sake. */
static bool told_again(publisher_t *self) {
    char why[REDIS_WHY];
    return redis_said(self, told_load(self->told, self->store, self->redis, self->stream, why), why);
}

/* The stream is not what it should be: mends what can be mended, raises the alarm for the rest. false: Redis went away. */
static bool reconcile(publisher_t *self) {
    uint64_t added = 0, blocked = 0;
    redis_newest_t newest;
    char why[REDIS_WHY], alarm[LIMIT_NAME] = "";
    if (!told_again(self) || !restore(self, &added, &blocked)) return false;
    arena_reset(self->arena);
    if (!redis_said(self, redis_newest(self->redis, self->stream, self->arena, &newest, why), why)) return false;
    if (!is_ours(self, &newest)) snprintf(alarm, sizeof alarm, "redis stream holds a foreign entry %s", newest.id);
    else if (blocked > 0)
        snprintf(alarm, sizeof alarm, "redis stream lacks %llu warnings that cannot be put back", (unsigned long long)blocked);
    snprintf(self->expected, sizeof self->expected, "%s", newest.id);
    if (added > 0) log_info("redis_reconciled", "restored=%llu newest=%s", (unsigned long long)added, newest.id);
    alarm_set(self, alarm);
    return true;
}

/* One cheap look: is the newest entry the one that should be? While there is an alarm everything is looked at again. */
static bool check(publisher_t *self) {
    redis_newest_t newest;
    char why[REDIS_WHY];
    if (!redis_said(self, redis_newest(self->redis, self->stream, self->arena, &newest, why), why)) return false;
    if (self->alarm[0] == '\0' && strcmp(newest.id, self->expected) == 0 && is_ours(self, &newest)) return true;
    return reconcile(self);
}

/* A connection that was checked. */
static bool connected(publisher_t *self) {
    if (self->redis != NULL) return true;
    char why[REDIS_WHY];
    if (!redis_said(self, redis_open(&self->place, &self->redis, why), why)) return false;
    if (!told_again(self)) return false;
    expected_find(self, self->published);
    if (!check(self)) return false;
    came_back(self);
    return true;
}

/* --- delivering --- */

typedef enum { DELIVERED, DIFFERENT, HELD, AWAY } delivery_t;

static delivery_t deliver(publisher_t *self, const notice_t *notice) {
    if (told_has(self->told, notice)) {
        log_info("told_by_a_lost_epoch", "id=%s", notice->id);
        show_position(self, notice->seq);
        return DELIVERED;
    }
    redis_post_t post = post_of(self, notice);
    post.expected = self->expected;
    post.ring = true;
    char why[REDIS_WHY];
    post_t outcome;
    if (!redis_said(self, redis_post(self->redis, &post, &outcome, why), why)) return AWAY;
    switch (outcome) {
    case POST_ADDED: snprintf(self->expected, sizeof self->expected, "%s", notice->id); break;
    case POST_THERE:
    case POST_TRIMMED: break;
    case POST_DIFFERS: return DIFFERENT;
    case POST_BLOCKED: return HELD;
    }
    show_position(self, notice->seq);
    return DELIVERED;
}

static void hold(publisher_t *self, const char *id) {
    char alarm[LIMIT_NAME];
    if (self->alarm[0] != '\0') return; /* reconcile said why */
    snprintf(alarm, sizeof alarm, "redis stream does not take warning %s", id);
    alarm_set(self, alarm);
}

/* Delivers one chunk. true: it is done, go on; false: try again later. */
static bool deliver_chunk(publisher_t *self, chunk_t *chunk) {
    for (uint32_t index = 0; index < chunk->count; index++) {
        delivery_t delivery = deliver(self, &chunk->notices[index]);
        if (delivery == DELIVERED) continue;
        if (delivery == HELD) hold(self, chunk->notices[index].id);
        if (delivery == DIFFERENT) return reconcile(self); /* the arena is void: the rest is read again */
        return false;
    }
    show_position(self, chunk->last);
    return true;
}

/* Everything that is committed. true: done; false: try again after a pause. */
static bool work(publisher_t *self) {
    if (!plan_known(self)) return true;
    bool ticked = false;
    if (is_unsure(self)) return true; /* rung again as it grows */
    if (!connected(self)) return false;
    while (!atomic_load(&self->stop)) {
        chunk_t *chunk = read_on(self, self->published, 0);
        ticked |= chunk->ticked | chunk->forked;
        bool forked = chunk->forked;
        if (chunk->last == self->published) break;
        bool told = chunk->count > 0;
        if (!deliver_chunk(self, chunk)) {
            position_keep(self);
            return false;
        }
        if (told || self->published - self->kept.seq >= KEEP_EVERY) position_keep(self);
        if (forked && !told_again(self)) return false;
    }
    return !ticked || check(self);
}

/* Ticks and other control entries are nothing to Redis: without it the position still passes them. */
static void pass_quietly(publisher_t *self) {
    for (;;) {
        chunk_t *chunk = read_on(self, self->published, 0);
        uint64_t passed = chunk->count > 0 ? chunk->notices[0].seq - 1 : chunk->last;
        if (passed == self->published) return;
        show_position(self, passed);
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

/* --- hooks --- */

static void on_committed(void *self, stage_t *stage, uint64_t durable_head) {
    (void)durable_head; /* the thread reads the head from its own transaction */
    publisher_allow(self, stage_sure(stage));
    publisher_ring(self);
}

static void on_health(void *self, health_t *health) { publisher_show(self, health); }

static int port_of(const char *setting) {
    long port = strtol(setting, NULL, 10);
    return port > 0 && port < 65536 ? (int)port : 6379;
}

int publisher_begin(stage_t *stage, stage_hooks_t *hooks) {
    const char *host = home_setting("redis/host", NULL);
    redis_place_t place = {.socket = host == NULL ? home_setting("redis/socket", HOME_REDIS) : NULL, .host = host,
                           .port = port_of(home_setting("redis/port", "6379")),
                           .password = home_setting("redis/password", NULL)};
    publisher_t *self = NULL;
    err_t err = publisher_start(stage_store(stage), &place, PUBLISHED_FILE, &self);
    if (err != OK) {
        log_error("publisher_not_started", "err=%s", err_name(err));
        return 1;
    }
    *hooks = (stage_hooks_t){.self = self, .committed = on_committed, .health = on_health};
    return 0;
}

void publisher_end(stage_hooks_t *hooks) {
    publisher_t *self = hooks->self;
    publisher_stop(&self);
    hooks->self = NULL;
}
