/* Evidence as a part of the process: a desk for each door, and one thread that does what is due without being asked. */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "services/stage/log.h"
#include "services/stage/serve.h"
#include "services/stage/watch.h"
#include "services/vault/evidence_inner.h"

enum { DESKS = 4, BUSY_MS = 20, IDLE_MS = 1000, SWEEP_FIRST_MS = 60000, SWEEP_MS = 3600000, SWEEP_LEAVE_MS = 600000 };

typedef struct {
    evidence_service_t *service;
    door_t door; /* none: backups and health */
    desk_t *desk;
} door_desk_t;

struct evidence_service {
    pthread_mutex_t lock; /* one at a time in the store; a scanner works beside it */
    evidence_store_t *store;
    evidence_settings_t settings;
    door_desk_t desks[DESKS];
    pthread_t driver;
    bool driven;
    int wake_fd;
    atomic_bool leave;
    int64_t sweep_ms; /* steady: when to look for orphans */
};

static void take(evidence_service_t *self, door_t door, const packet_t *ask, buffer_t *out) {
    pthread_mutex_lock(&self->lock);
    if (door != door_none) evidence_take(self->store, door, ask->raw, clock_wall_ms(), out);
    else store_copy_answer(self->store->store, ask, out);
    pthread_mutex_unlock(&self->lock);
}

static bool answer(void *desk, const packet_t *ask, buffer_t *out) {
    const door_desk_t *self = desk;
    if (self->door == door_none && ask->kind != KIND_backup_ask) {
        reason_t reason = {.code = REASON_OF(not_permitted)};
        refusal_t refusal = {.reasons = &reason, .reasons_count = 1};
        packet_encode(ask->request_id, refusal_type(), &refusal, out);
        return true;
    }
    take(self->service, self->door, ask, out);
    return true;
}

static bool waits(evidence_service_t *self, int64_t wait_ms) {
    struct pollfd wake = {.fd = self->wake_fd, .events = POLLIN};
    watch_wait();
    poll(&wake, 1, (int)wait_ms);
    watch_beat();
    return !atomic_load(&self->leave);
}

/* --- orphans: the ledger looked through, in small turns --- */

typedef enum { LOOK_GOES_ON, LOOK_REACHED, LOOK_FAILED } look_t;

static look_t batch_take(evidence_service_t *self, const batch_t *batch) {
    if (batch->state == batch_state_diverged) evidence_position_forget(self->store);
    if (batch->state != batch_state_ok || !evidence_entries_take(self->store, batch)) return LOOK_FAILED;
    return evidence_position(self->store).seq >= batch->durable_head ? LOOK_REACHED : LOOK_GOES_ON;
}

static look_t look_on(evidence_service_t *self, stream_reader_t *reader, arena_t *arena) {
    fetch_t fetch = {.stream = STREAM_ENTRIES, .reader = text_of("evidence")};
    batch_t batch;
    look_t look = LOOK_GOES_ON;
    pthread_mutex_lock(&self->lock);
    head_t at = evidence_position(self->store);
    pthread_mutex_unlock(&self->lock);
    fetch.after = fetch.ack = at.seq;
    memcpy(fetch.after_hash, at.hash, sizeof fetch.after_hash);
    stream_reader_ask(reader, &fetch, clock_steady_ms());
    link_wait_fd(stream_reader_handle(reader), self->wake_fd, BUSY_MS);
    arena_reset(arena);
    if (!stream_reader_take(reader, arena, &batch)) return LOOK_GOES_ON;
    pthread_mutex_lock(&self->lock);
    look = batch_take(self, &batch);
    pthread_mutex_unlock(&self->lock);
    return look;
}

/* Nothing is collected unless the whole ledger was seen. A fetch at its very end is parked, and answered when it grows or after a
 * second, so that it ends here in any case. */
static void sweep(evidence_service_t *self) {
    stream_reader_t *reader = NULL;
    arena_t *arena = arena_new();
    int64_t until_ms = clock_steady_ms() + SWEEP_LEAVE_MS;
    look_t look = stream_reader_open(HOME_ENTRIES, &reader) == OK ? LOOK_GOES_ON : LOOK_FAILED;
    while (look == LOOK_GOES_ON && !atomic_load(&self->leave) && clock_steady_ms() < until_ms) {
        watch_beat();
        look = look_on(self, reader, arena);
    }
    if (look == LOOK_REACHED) {
        pthread_mutex_lock(&self->lock);
        while (evidence_sweep(self->store, clock_wall_ms()) > 0) watch_beat();
        pthread_mutex_unlock(&self->lock);
    } else if (!atomic_load(&self->leave)) {
        log_warn("evidence_not_swept", "why=\"the ledger was not seen to its end\"");
    }
    if (reader != NULL) stream_reader_close(&reader);
    arena_destroy(&arena);
}

static void sweep_step(evidence_service_t *self) {
    if (clock_steady_ms() < self->sweep_ms) return;
    self->sweep_ms = clock_steady_ms() + SWEEP_MS;
    pthread_mutex_lock(&self->lock);
    bool wanted = evidence_sweep_wanted(self->store, clock_wall_ms());
    pthread_mutex_unlock(&self->lock);
    if (wanted) sweep(self);
}

static void *drive(void *service) {
    evidence_service_t *self = service;
    bool busy = false;
    watch_join("evidence");
    while (waits(self, busy ? BUSY_MS : IDLE_MS)) {
        pthread_mutex_lock(&self->lock);
        busy = evidence_step(self->store, clock_wall_ms());
        pthread_mutex_unlock(&self->lock);
        sweep_step(self);
    }
    watch_leave();
    return NULL;
}

err_t evidence_service_start(const uint8_t hash_key[HASH_KEY_SIZE], evidence_service_t **out) {
    static const struct {
        const char *name;
        door_t door;
    } desks[DESKS] = {{"door-gateway/evidence", door_gateway}, {"door-console/evidence", door_console},
                      {"door-operator/evidence", door_operator}, {"evidence", door_none}};
    *out = NULL;
    evidence_service_t *self = calloc(1, sizeof *self);
    if (self == NULL) return ERR_NOMEM;
    *out = self;
    pthread_mutex_init(&self->lock, NULL);
    self->settings = evidence_settings();
    self->sweep_ms = clock_steady_ms() + SWEEP_FIRST_MS;
    self->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    err_t err = self->wake_fd < 0 ? ERR_SYSTEM : evidence_open("data/evidence", hash_key, &self->settings, &self->store);
    for (size_t index = 0; err == OK && index < DESKS; index++) {
        self->desks[index] = (door_desk_t){.service = self, .door = desks[index].door};
        err = desk_start(desks[index].name, answer, &self->desks[index], &self->desks[index].desk);
    }
    if (err == OK && pthread_create(&self->driver, NULL, drive, self) != 0) err = ERR_SYSTEM;
    self->driven = err == OK;
    return err;
}

void evidence_service_stop(evidence_service_t **owner) {
    evidence_service_t *self = *owner;
    if (self == NULL) return;
    uint64_t one = 1;
    atomic_store(&self->leave, true);
    ssize_t written = self->wake_fd < 0 ? 0 : write(self->wake_fd, &one, sizeof one);
    (void)written; /* a full counter wakes as well */
    if (self->driven) pthread_join(self->driver, NULL);
    for (size_t index = 0; index < DESKS; index++) desk_stop(&self->desks[index].desk);
    evidence_close(&self->store);
    if (self->wake_fd >= 0) close(self->wake_fd);
    pthread_mutex_destroy(&self->lock);
    free(self);
    *owner = NULL;
}
