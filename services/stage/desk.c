/* The query desk: a thread that answers questions from read transactions while the stage folds on. */
#include "services/stage/serve.h"

#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "services/stage/log.h"
#include "services/stage/watch.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { RETRY_MS = 5, IDLE_MS = 1000, PARKED = 1024, ENDPOINT_ROOM = 96 };

/* A question that waits for its ledger entry; the frame is a copy. */
typedef struct {
    peer_t peer;
    uint8_t *frame;
    uint32_t size;
    int64_t until_ms;
} question_t;

struct desk {
    pthread_t thread;
    server_t *server;
    bool (*answer)(void *self, const packet_t *ask, buffer_t *out);
    void *self;
    int wake_fd;
    atomic_bool leave;
    buffer_t out;
    atomic_uint waiting; /* parked_count, for who nudges */
    uint32_t parked_count;
    question_t parked[PARKED];
};

static void reply_send(desk_t *self, const peer_t *peer) {
    if (self->out.size > 0) server_send(self->server, peer, (bytes_t){self->out.at, (uint32_t)self->out.size});
}

static void say_busy(desk_t *self, const peer_t *peer, uint64_t request_id) {
    busy_t busy = {.retry_after_ms = LIMIT_BUSY_RETRY_MS};
    buffer_clear(&self->out);
    packet_encode(request_id, busy_type(), &busy, &self->out);
    reply_send(self, peer);
}

static void say_malformed(desk_t *self, const peer_t *peer, const char *code) {
    reason_t reason = {.code = text_of(code)};
    refusal_t refusal = {.reasons = &reason, .reasons_count = 1};
    buffer_clear(&self->out);
    packet_encode(0, refusal_type(), &refusal, &self->out);
    reply_send(self, peer);
}

/* false: it must wait. */
static bool question_answer(desk_t *self, const peer_t *peer, bytes_t frame, bool over) {
    packet_t packet;
    fault_t fault;
    err_t err = packet_decode(frame, &packet, &fault);
    if (err == OK && packet.raw.size != frame.size) {
        err = ERR_BAD;
        fault.code = "malformed";
    }
    if (err != OK) {
        say_malformed(self, peer, fault.code);
        return true;
    }
    buffer_clear(&self->out);
    watch_beat();
    if (self->answer(self->self, &packet, &self->out))
        reply_send(self, peer);
    else if (over)
        say_busy(self, peer, packet.request_id);
    else
        return false;
    return true;
}

static void question_park(desk_t *self, const peer_t *peer, bytes_t frame, int64_t now_ms) {
    uint8_t *copy = self->parked_count == PARKED ? NULL : malloc(frame.size);
    if (copy == NULL) {
        question_answer(self, peer, frame, true);
        return;
    }
    memcpy(copy, frame.at, frame.size);
    self->parked[self->parked_count++] =
        (question_t){.peer = *peer, .frame = copy, .size = frame.size, .until_ms = now_ms + LIMIT_QUERY_PARK_MS};
}

static void parked_try(desk_t *self, int64_t now_ms) {
    uint32_t kept = 0;
    for (uint32_t index = 0; index < self->parked_count; index++) {
        question_t question = self->parked[index];
        if (question_answer(self, &question.peer, (bytes_t){question.frame, question.size}, now_ms >= question.until_ms))
            free(question.frame);
        else
            self->parked[kept++] = question;
    }
    self->parked_count = kept;
}

static void *desk_run(void *argument) {
    desk_t *self = argument;
    watch_join("desk");
    while (!atomic_load(&self->leave)) {
        link_wait_fd(server_handle(self->server), self->wake_fd, self->parked_count > 0 ? RETRY_MS : IDLE_MS);
        uint64_t nudges;
        ssize_t got = read(self->wake_fd, &nudges, sizeof nudges);
        (void)got; /* empty most of the time */
        int64_t now_ms = clock_steady_ms();
        parked_try(self, now_ms);
        peer_t peer;
        bytes_t frame;
        while (!atomic_load(&self->leave) && server_receive(self->server, &peer, &frame))
            if (!question_answer(self, &peer, frame, false)) question_park(self, &peer, frame, now_ms);
        atomic_store(&self->waiting, self->parked_count);
    }
    watch_leave();
    return NULL;
}

static void desk_free(desk_t *self) {
    server_destroy(&self->server);
    if (self->wake_fd >= 0) close(self->wake_fd);
    for (uint32_t index = 0; index < self->parked_count; index++) free(self->parked[index].frame);
    buffer_destroy(&self->out);
    free(self);
}

/* The socket is made here and handed to the thread before it runs: a full fence, as ZeroMQ asks for. */
err_t desk_start(const char *service, bool (*answer)(void *self, const packet_t *ask, buffer_t *out), void *self,
                 desk_t **out) {
    char endpoint[ENDPOINT_ROOM];
    *out = NULL;
    int size = snprintf(endpoint, sizeof endpoint, HOME_DESK_FORMAT, service);
    if (size < 0 || (size_t)size >= sizeof endpoint) return ERR_BAD;
    desk_t *desk = calloc(1, sizeof *desk);
    if (desk == NULL) return ERR_NOMEM;
    desk->answer = answer;
    desk->self = self;
    desk->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    err_t err = desk->wake_fd < 0 ? ERR_SYSTEM : server_bind(endpoint, &desk->server);
    if (err == OK && pthread_create(&desk->thread, NULL, desk_run, desk) != 0) err = ERR_SYSTEM;
    if (err != OK) {
        log_error("desk_not_started", "endpoint=%s error=%s", endpoint, err_name(err));
        desk_free(desk);
        return err;
    }
    *out = desk;
    return OK;
}

static void desk_wake(desk_t *self) {
    uint64_t one = 1;
    ssize_t written = write(self->wake_fd, &one, sizeof one);
    (void)written; /* a full counter wakes as well */
}

/* A question that is being parked just now is tried again after RETRY_MS in any case. */
void desk_nudge(desk_t *self) {
    if (atomic_load(&self->waiting) > 0) desk_wake(self);
}

void desk_stop(desk_t **self) {
    if (*self == NULL) return;
    atomic_store(&(*self)->leave, true);
    desk_wake(*self);
    pthread_join((*self)->thread, NULL);
    desk_free(*self);
    *self = NULL;
}
