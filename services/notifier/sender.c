/* The sender's thread: asks the vault, plans, sends, tells the ledger; never waits for anybody but libcurl, and not long. */
#include "services/notifier/sender.h"

#include "services/notifier/courier.h"
#include "services/notifier/outbox.h"
#include "services/notifier/questions.h"
#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "services/stage/log.h"
#include "services/stage/watch.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum {
    PAUSE_MS = 250,      /* longest sleep */
    ASKING_MS = 5,       /* while an answer is on its way */
    LEAVE_MS = 300,      /* what is flying may still land */
    STUCK_MS = 60000,    /* a vault or a ledger that does not answer so long is told */
    SICK_MS = 600000,    /* a route that delivers nothing so long is told */
    NOTE_ROOM = 192
};

typedef struct {
    store_t *store;
    journal_t *journal;
    courier_t *courier;
    outbox_t *outbox;
    questions_t *questions;
    pthread_t thread;
    atomic_bool stop;
    uint64_t drained_at; /* the fold has to be here before anything is planned */
    uint64_t epoch; /* of the fold */
    uint64_t last_cause, last_epoch; /* of the fold, as of the turn before */
    bool head_taken, foreign;
    bool is_sure; /* what the fold has is known to follow from the ledger as it stands */
    uint64_t in_seq, cause_seq; /* of the fold, as of this turn */
    int64_t well_ms;     /* vault and ledger answered last */
    int64_t sick_ms;     /* a route delivers nothing since; 0: none */
    bool missed;          /* the last directory came before we were drained */
    uint64_t directories; /* that have come */
    uint64_t test_at;     /* a test waits for so many: it may be about what was kept a moment ago; 0: none waits */
    route_test_t test;    /* in test_arena */
    arena_t *test_arena;
    arena_t *arena;      /* of one turn */
    pthread_mutex_t lock; /* around what health shows, and what the loop says */
    head_t sure;
    outbox_state_t shown;
    uint64_t published;
    bool drained, stuck, sick;
    char note[NOTE_ROOM], sick_route[LIMIT_ID + 1];
} sender_t;

static instants_t instants(void) { return (instants_t){clock_wall_ms(), clock_steady_ms()}; }

/* --- one turn --- */

static void position_read(sender_t *self) {
    txn_t *txn = store_read(self->store);
    pthread_mutex_lock(&self->lock);
    self->is_sure = notifier_is_sure(txn, &self->sure);
    pthread_mutex_unlock(&self->lock);
    if (txn == NULL) return;
    self->in_seq = txn_fact(txn, "in_seq");
    self->cause_seq = txn_fact(txn, "cause_seq");
    self->epoch = notifier_mode(txn, self->arena).epoch;
    txn_abort(&txn);
}

/* Everything is folded that the ledger held when we started, or when the fold began to be derived anew. A fold that is ahead of
 * its ledger is of an epoch that a restore has lost: it will be told so, and begin again. And nobody hears what some stage before
 * us derived from a ledger that is lost. */
static bool is_drained(sender_t *self) {
    uint64_t head = 0, asked_at = 0;
    if (self->cause_seq < self->last_cause || self->epoch != self->last_epoch) { /* a small fold is there again in one commit */
        questions_head_void(self->questions);
        self->head_taken = false;
    }
    self->last_cause = self->cause_seq;
    self->last_epoch = self->epoch;
    if (!questions_head(self->questions, &head, &asked_at)) return false;
    if (!self->head_taken) self->foreign = asked_at > head;
    if (!self->head_taken) self->drained_at = head;
    self->head_taken = true;
    return self->is_sure && !self->foreign && self->cause_seq >= self->drained_at;
}

static void deliveries_take(sender_t *self) {
    uint64_t ticket;
    response_t response;
    while (courier_taken(self->courier, &ticket, &response)) {
        instants_t now = instants();
        if (!questions_tested(self->questions, ticket, &response, now.steady_ms))
            outbox_answered(self->outbox, (uint32_t)ticket, &response, &now);
    }
}

static void test_begin(sender_t *self) {
    instants_t now = instants();
    const route_test_t *test = &self->test;
    request_t request;
    channel_t channel;
    text_t code;
    if (outbox_test(self->outbox, test, &now, self->arena, &request, &channel, &code))
        courier_send(self->courier, questions_test_begun(self->questions, channel, now.steady_ms), &request);
    else
        questions_refuse_test(self->questions, code, text_equal(code, REASON_OF(unknown_route)) ? test->route : test->contact);
}

/* One at a time, each with a directory that was asked for after it came. */
static void tests_take(sender_t *self) {
    if (self->test_at > 0 && self->directories < self->test_at) return;
    if (self->test_at > 0 && courier_full(self->courier)) return;
    if (self->test_at > 0) test_begin(self);
    self->test_at = 0;
    arena_reset(self->test_arena);
    if (!questions_test(self->questions, self->test_arena, &self->test)) return;
    self->test_at = self->directories + 1 + questions_directory_void(self->questions);
}

/* Returns for how long nothing more can leave. */
static int64_t letters_send(sender_t *self) {
    int64_t wait_ms = 0;
    uint32_t slot;
    request_t request;
    while (!courier_full(self->courier)) {
        instants_t now = instants();
        if (!outbox_next(self->outbox, self->store, &now, self->arena, &slot, &request, &wait_ms)) return wait_ms;
        courier_send(self->courier, slot, &request);
        arena_reset(self->arena);
    }
    return PAUSE_MS;
}

static void notes_tell(sender_t *self, int64_t steady_ms) {
    const message_t *type;
    bytes_t body;
    uint64_t ticket, entry;
    while (questions_noted(self->questions, &ticket, &entry)) outbox_noted(self->outbox, ticket, entry);
    if (questions_note_again(self->questions, steady_ms)) outbox_untold(self->outbox);
    while (outbox_note(self->outbox, self->arena, &type, &body, &ticket))
        questions_note(self->questions, type, body, ticket, steady_ms);
}

/* The directory first, asked for once we have seen what is to be planned. */
static void plan(sender_t *self, int64_t steady_ms) {
    const directory_t *directory = NULL;
    uint64_t until = 0;
    if (self->missed && self->drained) questions_directory_void(self->questions);
    questions_directory_ask(self->questions, self->in_seq, outbox_version(self->outbox), steady_ms);
    if (!questions_directory(self->questions, &directory, &until)) return;
    if (directory != NULL) outbox_directory(self->outbox, directory);
    self->directories++;
    instants_t now = instants();
    self->missed = !self->drained;
    if (self->drained) outbox_plan(self->outbox, self->store, until, &now);
}

static void show(sender_t *self, int64_t steady_ms) {
    outbox_state_t state = outbox_state(self->outbox);
    bool pending = state.waiting + state.flying + state.notes > 0;
    if (questions_answered(self->questions) && state.notes == 0) self->well_ms = steady_ms;
    if (state.sick[0] == '\0') self->sick_ms = 0;
    else if (self->sick_ms == 0) self->sick_ms = steady_ms;
    pthread_mutex_lock(&self->lock);
    self->shown = state;
    if (!pending && self->drained) self->published = state.looked;
    self->stuck = steady_ms - self->well_ms > STUCK_MS;
    self->sick = self->sick_ms != 0 && steady_ms - self->sick_ms > SICK_MS;
    pthread_mutex_unlock(&self->lock);
}

static int64_t turn(sender_t *self) {
    arena_reset(self->arena);
    int64_t steady_ms = clock_steady_ms();
    position_read(self);
    questions_step(self->questions, self->cause_seq, steady_ms);
    self->drained = is_drained(self);
    deliveries_take(self);
    plan(self, steady_ms);
    tests_take(self);
    int64_t wait_ms = self->drained ? letters_send(self) : PAUSE_MS;
    notes_tell(self, steady_ms);
    show(self, steady_ms);
    int64_t most_ms = questions_open(self->questions) ? ASKING_MS : PAUSE_MS;
    return wait_ms < most_ms ? wait_ms : most_ms;
}

static void *run(void *argument) {
    sender_t *self = argument;
    watch_join("sender");
    while (!atomic_load(&self->stop)) {
        watch_beat();
        courier_wait(self->courier, turn(self));
    }
    int64_t until_ms = clock_steady_ms() + LEAVE_MS;
    while (courier_count(self->courier) > 0 && clock_steady_ms() < until_ms) { /* nothing new leaves; what lands is kept */
        courier_wait(self->courier, ASKING_MS);
        deliveries_take(self);
    }
    watch_leave();
    return NULL;
}

/* --- hooks --- */

static void on_committed(void *argument, stage_t *stage, uint64_t durable_head) {
    sender_t *self = argument;
    (void)durable_head; /* the thread reads the position from its own transaction */
    pthread_mutex_lock(&self->lock);
    self->sure = stage_sure(stage);
    pthread_mutex_unlock(&self->lock);
    courier_wake(self->courier);
}

static void on_health(void *argument, health_t *health) {
    sender_t *self = argument;
    pthread_mutex_lock(&self->lock);
    const outbox_state_t *shown = &self->shown;
    health->published = self->published;
    const char *wrong = shown->broken ? " the journal cannot be written: nothing leaves"
                        : self->stuck ? " vault or ledger do not answer"
                        : self->sick  ? " delivers nothing: "
                                      : "";
    snprintf(self->note, sizeof self->note,
             "waiting=%" PRIu64 " flying=%" PRIu64 " sent=%" PRIu64 " unsent=%" PRIu64 " dead=%" PRIu64 " untold=%" PRIu64 "%s%s%s",
             shown->waiting, shown->flying, shown->sent, shown->failed, shown->dead, shown->notes,
             self->drained ? "" : " drains", wrong, self->sick ? shown->sick : "");
    health->outbox = (outbox_told_t){.waiting = shown->waiting, .flying = shown->flying, .untold = shown->notes,
                                     .sent = shown->sent, .withdrawn = shown->failed_by[notice_why_withdrawn],
                                     .overtaken = shown->failed_by[notice_why_overtaken],
                                     .too_old = shown->failed_by[notice_why_too_old],
                                     .refused = shown->failed_by[notice_why_refused],
                                     .given_up = shown->failed_by[notice_why_given_up],
                                     .unreachable = shown->failed_by[notice_why_unreachable], .dead = shown->dead_in_all};
    snprintf(self->sick_route, sizeof self->sick_route, "%s", shown->sick);
    health->outbox.sick = text_of(self->sick_route);
    if (health->ok) health->note = text_of(self->note);
    if (wrong[0] != '\0') health->ok = false;
    pthread_mutex_unlock(&self->lock);
}

static void sender_destroy(sender_t *self) {
    questions_close(&self->questions);
    outbox_destroy(&self->outbox);
    courier_close(&self->courier);
    journal_close(&self->journal);
    arena_destroy(&self->arena);
    arena_destroy(&self->test_arena);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

static int64_t number_setting(const char *name, int64_t fallback, int64_t most) {
    const char *setting = home_setting(name, NULL);
    char *end = NULL;
    if (setting == NULL) return fallback;
    long long number = strtoll(setting, &end, 10);
    if (*end == '\0' && number > 0 && number <= most) return number;
    log_warn("setting_unusable", "setting=%s value=\"%s\"", name, setting);
    return fallback;
}

static err_t sender_open(sender_t *self) {
    courier_conf_t courier = {.proxy = home_setting("notifier/proxy", NULL), .ca_file = home_setting("notifier/ca_file", NULL),
                              .timeout_ms = number_setting("notifier/timeout_s", 20, 600) * 1000,
                              .maildir = home_setting("notifier/maildir", "outbox")};
    outbox_conf_t conf = {.retry_ms = number_setting("notifier/retry_ms", 5000, 600000),
                          .attempts = (uint64_t)number_setting("notifier/attempts", LIMIT_NOTICE_ATTEMPTS, LIMIT_NOTICE_ATTEMPTS),
                          .age_ms = number_setting("notifier/max_age_hours", LIMIT_NOTICE_AGE_MS / 3600000, 24 * 366) * 3600000};
    err_t err = home_make_folder(JOURNAL_FOLDER);
    if (err == OK) err = journal_open(JOURNAL_FILE, &self->journal);
    if (err != OK) log_error("journal_unusable", "file=%s error=%s", JOURNAL_FILE, err_name(err));
    if (err == OK) err = courier_open(&courier, &self->courier);
    if (err == OK) err = questions_open_all(&self->questions);
    if (err == OK) self->outbox = outbox_new(&conf, self->journal);
    return err;
}

int sender_begin(stage_t *stage, stage_hooks_t *hooks) {
    sender_t *self = calloc(1, sizeof *self);
    if (self == NULL) return EX_OSERR;
    self->store = stage_store(stage);
    self->arena = arena_new();
    self->test_arena = arena_new();
    self->well_ms = clock_steady_ms();
    pthread_mutex_init(&self->lock, NULL);
    err_t err = sender_open(self);
    if (err == OK && pthread_create(&self->thread, NULL, run, self) != 0) err = ERR_SYSTEM;
    if (err != OK) {
        log_error("sender_not_started", "error=%s", err_name(err));
        sender_destroy(self);
        return err == ERR_CORRUPT || err == ERR_FULL ? EX_IOERR : EX_OSERR;
    }
    *hooks = (stage_hooks_t){.self = self, .committed = on_committed, .health = on_health};
    return EX_OK;
}

void sender_end(stage_hooks_t *hooks) {
    sender_t *self = hooks->self;
    if (self == NULL) return;
    atomic_store(&self->stop, true);
    courier_wake(self->courier);
    pthread_join(self->thread, NULL);
    sender_destroy(self);
    hooks->self = NULL;
}
