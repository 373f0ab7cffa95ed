/* Sockets: bounded, never waiting, one packet a frame. */
#include "services/stage/link.h"

#include "proto/crypto.h"
#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "services/stage/log.h"
#include "services/stage/watch.h"

#include <czmq.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>

enum {
    GIVEN_LEAST = 256 << 10, /* bytes; less is sooner copied than made anew */
    QUEUE_FRAMES = 4096, /* a peer's queue in either direction */
    LINGER_MS = 100,     /* answers already given may still leave when a socket closes */
    RECONNECT_MS = 10,
    RECONNECT_MAX_MS = 200,
    HANDLES = 31,
    FOLDER_ROOM = 256
};

static void *context;
static int signal_fd = -1;

/* libzmq draws routing ids from rand(), which CZMQ seeds with the time when it starts: let it start, then seed. */
static void context_start(void) {
    zsys_handler_set(NULL);
    zsys_init();
    context = zmq_ctx_new();
    ASSERT(context != NULL);
    zmq_ctx_set(context, ZMQ_BLOCKY, 0);
    unsigned int seed = 0;
    ssize_t got = getrandom(&seed, sizeof seed, 0);
    ASSERT(got == (ssize_t)sizeof seed);
    srandom(seed);
    signal(SIGPIPE, SIG_IGN);
}

void link_start(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, context_start);
}

void link_stop(void) {
    if (context != NULL) zmq_ctx_term(context);
    context = NULL;
}

/* Our own sockets know whether something may wait in them of which their descriptor gives no sign any more: since they last said
 * that there is nothing, something was sent or taken. Kept for the thread that made them. */
enum { KNOWN = 32 };
typedef struct {
    const void *socket; /* NULL: a free place */
    bool used;
} known_t;
static _Thread_local known_t known[KNOWN];

static known_t *known_find(const void *socket) {
    for (size_t index = 0; index < KNOWN; index++)
        if (known[index].socket == socket) return &known[index];
    return NULL;
}

static void known_add(const void *socket) {
    known_t *place = known_find(NULL);
    if (place != NULL) *place = (known_t){socket, true};
}

static void known_use(const void *socket, bool used) {
    known_t *place = known_find(socket);
    if (place != NULL) place->used = used;
}

static void known_forget(const void *socket) {
    known_t *place = known_find(socket);
    if (place != NULL) *place = (known_t){0};
}

void link_used(const void *handle, bool used) {
    if (known_find(handle) == NULL) known_add(handle);
    known_use(handle, used);
}

void link_gone(const void *handle) { known_forget(handle); }

struct server {
    void *socket;
    zmq_msg_t frame;
};

struct client {
    void *socket;
    zmq_msg_t frame;
    uint64_t next_id;
    buffer_t out;
};

static void option(void *socket, int name, int value) {
    int failed = zmq_setsockopt(socket, name, &value, sizeof value);
    ASSERT(failed == 0);
}

static void *socket_new(int type) {
    link_start();
    void *socket = zmq_socket(context, type);
    if (socket == NULL) return NULL;
    int64_t largest = LIMIT_FRAME;
    int failed = zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &largest, sizeof largest);
    ASSERT(failed == 0);
    option(socket, ZMQ_LINGER, LINGER_MS);
    option(socket, ZMQ_SNDHWM, QUEUE_FRAMES);
    option(socket, ZMQ_RCVHWM, QUEUE_FRAMES);
    known_add(socket);
    return socket;
}

static void socket_close(void *socket) {
    known_forget(socket);
    zmq_close(socket);
}

/* ipc://run/door-gateway/intake needs its folder. */
static err_t endpoint_folder(const char *endpoint) {
    static const char scheme[] = "ipc://";
    if (strncmp(endpoint, scheme, sizeof scheme - 1) != 0) return OK;
    char folder[FOLDER_ROOM];
    int size = snprintf(folder, sizeof folder, "%s", endpoint + sizeof scheme - 1);
    if (size < 0 || (size_t)size >= sizeof folder) return ERR_BAD;
    char *slash = strrchr(folder, '/');
    if (slash == NULL || slash == folder) return OK;
    *slash = '\0';
    return home_make_folder(folder);
}

err_t server_bind(const char *endpoint, server_t **out) {
    *out = NULL;
    err_t err = endpoint_folder(endpoint);
    if (err != OK) return err;
    server_t *self = calloc(1, sizeof *self);
    if (self == NULL) return ERR_NOMEM;
    zmq_msg_init(&self->frame);
    self->socket = socket_new(ZMQ_ROUTER);
    if (self->socket != NULL) {
        option(self->socket, ZMQ_ROUTER_MANDATORY, 1);
        option(self->socket, ZMQ_BACKLOG, LIMIT_BACKLOG);
    }
    if (self->socket == NULL || zmq_bind(self->socket, endpoint) != 0) {
        log_error("bind_failed", "endpoint=%s error=\"%s\"", endpoint, zmq_strerror(zmq_errno()));
        server_destroy(&self);
        return ERR_SYSTEM;
    }
    *out = self;
    return OK;
}

void server_destroy(server_t **self) {
    if (*self == NULL) return;
    zmq_msg_close(&(*self)->frame);
    if ((*self)->socket != NULL) socket_close((*self)->socket);
    free(*self);
    *self = NULL;
}

/* One part into `frame`. false: nothing there. */
static bool part_receive(void *socket, zmq_msg_t *frame) {
    int size;
    do size = zmq_msg_recv(frame, socket, ZMQ_DONTWAIT);
    while (size < 0 && zmq_errno() == EINTR);
    known_use(socket, size >= 0);
    return size >= 0;
}

/* Takes what is left of a message of too many parts. */
static void parts_drain(void *socket, zmq_msg_t *frame) {
    while (zmq_msg_more(frame) && part_receive(socket, frame)) {
    }
}

static bytes_t frame_bytes(zmq_msg_t *frame) { return (bytes_t){zmq_msg_data(frame), (uint32_t)zmq_msg_size(frame)}; }

bool server_receive(server_t *self, peer_t *peer, bytes_t *frame) {
    while (part_receive(self->socket, &self->frame)) {
        bytes_t id = frame_bytes(&self->frame);
        bool good = zmq_msg_more(&self->frame) && id.size <= sizeof peer->bytes;
        if (good) {
            memcpy(peer->bytes, id.at, id.size);
            peer->size = (uint8_t)id.size;
            good = part_receive(self->socket, &self->frame) && !zmq_msg_more(&self->frame);
        }
        if (good) {
            *frame = frame_bytes(&self->frame);
            return true;
        }
        parts_drain(self->socket, &self->frame);
    }
    return false;
}

static bool frame_send(void *socket, const void *at, size_t size, int flags) {
    known_use(socket, true);
    while (zmq_send(socket, at, size, flags | ZMQ_DONTWAIT) < 0)
        if (zmq_errno() != EINTR) return false;
    return true;
}

void server_send(server_t *self, const peer_t *peer, bytes_t frame) {
    if (!frame_send(self->socket, peer->bytes, peer->size, ZMQ_SNDMORE)) return; /* gone or full: it asks again */
    frame_send(self->socket, frame.at, frame.size, 0);
}

static void given_free(void *at, void *hint) {
    (void)hint;
    free(at);
}

void server_give(server_t *self, const peer_t *peer, buffer_t *frame) {
    if (frame->size < GIVEN_LEAST) {
        server_send(self, peer, (bytes_t){frame->at, (uint32_t)frame->size});
        return;
    }
    if (!frame_send(self->socket, peer->bytes, peer->size, ZMQ_SNDMORE)) return;
    zmq_msg_t given;
    int size = zmq_msg_init_data(&given, frame->at, frame->size, given_free, NULL);
    ASSERT(size == 0); /* memory alone can fail it */
    *frame = (buffer_t){0};
    do size = zmq_msg_send(&given, self->socket, ZMQ_DONTWAIT);
    while (size < 0 && zmq_errno() == EINTR);
    if (size < 0) zmq_msg_close(&given);
}

void *server_handle(server_t *self) { return self->socket; }

err_t client_connect(const char *endpoint, client_t **out) { return client_connect_all(&endpoint, 1, out); }

err_t client_connect_all(const char *const *endpoints, size_t count, client_t **out) {
    *out = NULL;
    client_t *self = calloc(1, sizeof *self);
    if (self == NULL) return ERR_NOMEM;
    zmq_msg_init(&self->frame);
    self->socket = socket_new(ZMQ_DEALER);
    if (self->socket != NULL) {
        option(self->socket, ZMQ_RECONNECT_IVL, RECONNECT_MS);
        option(self->socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS);
        if (count > 1) option(self->socket, ZMQ_IMMEDIATE, 1); /* nothing is queued for one that is away */
    }
    for (size_t index = 0; index < count; index++) {
        if (self->socket != NULL && zmq_connect(self->socket, endpoints[index]) == 0) continue;
        log_error("connect_failed", "endpoint=%s error=\"%s\"", endpoints[index], zmq_strerror(zmq_errno()));
        client_destroy(&self);
        return ERR_SYSTEM;
    }
    *out = self;
    return OK;
}

void client_destroy(client_t **self) {
    if (*self == NULL) return;
    zmq_msg_close(&(*self)->frame);
    if ((*self)->socket != NULL) {
        option((*self)->socket, ZMQ_LINGER, 0); /* a question nobody waits for any more */
        socket_close((*self)->socket);
    }
    buffer_destroy(&(*self)->out);
    free(*self);
    *self = NULL;
}

err_t client_send(client_t *self, bytes_t frame) {
    if (frame_send(self->socket, frame.at, frame.size, 0)) return OK;
    return zmq_errno() == EAGAIN ? ERR_TIMEOUT : ERR_SYSTEM;
}

bool client_receive(client_t *self, bytes_t *frame) {
    while (part_receive(self->socket, &self->frame)) {
        if (!zmq_msg_more(&self->frame)) {
            *frame = frame_bytes(&self->frame);
            return true;
        }
        parts_drain(self->socket, &self->frame);
    }
    return false;
}

void *client_handle(client_t *self) { return self->socket; }

static void refusal_of_busy(refusal_t *refusal, arena_t *arena) {
    reason_t *reason = ARENA_NEW(arena, reason_t, 1);
    reason->code = text_of("busy");
    reason_tell(reason, arena);
    *refusal = (refusal_t){.reasons = reason, .reasons_count = 1};
}

static err_t answer_read(const packet_t *packet, const message_t *answer, void *value, refusal_t *refusal, arena_t *arena) {
    fault_t fault;
    if (packet->kind == answer->kind) return packet_body(packet, answer, arena, value, &fault);
    if (packet->kind != KIND_refusal && packet->kind != KIND_busy) return ERR_BAD;
    if (refusal == NULL) return ERR_REFUSED;
    *refusal = (refusal_t){0};
    if (packet->kind == KIND_busy)
        refusal_of_busy(refusal, arena);
    else if (packet_body(packet, refusal_type(), arena, refusal, &fault) != OK)
        return ERR_BAD;
    return ERR_REFUSED;
}

err_t client_ask(client_t *self, const message_t *ask, const void *question, const message_t *answer, void *value,
                 refusal_t *refusal, arena_t *arena, int64_t timeout_ms) {
    uint64_t id = ++self->next_id;
    buffer_clear(&self->out);
    packet_encode(id, ask, question, &self->out);
    err_t err = client_send(self, (bytes_t){self->out.at, (uint32_t)self->out.size});
    if (err != OK) return err;
    int64_t deadline = clock_steady_ms() + timeout_ms;
    while (true) {
        bytes_t frame;
        while (client_receive(self, &frame)) {
            packet_t packet;
            fault_t fault;
            if (packet_decode(arena_bytes(arena, frame), &packet, &fault) != OK) return ERR_BAD;
            if (packet.request_id == id) return answer_read(&packet, answer, value, refusal, arena);
        }
        int64_t left = deadline - clock_steady_ms();
        if (left <= 0) return ERR_TIMEOUT;
        zmq_pollitem_t item = {.socket = self->socket, .events = ZMQ_POLLIN};
        zmq_poll(&item, 1, (long)left); /* interrupted: the loop looks again */
    }
}

err_t link_ask(const char *endpoint, const message_t *ask, const void *question, const message_t *answer, void *value,
               refusal_t *refusal, arena_t *arena, int64_t timeout_ms) {
    client_t *client = NULL;
    err_t err = client_connect(endpoint, &client);
    if (err == OK) err = client_ask(client, ask, question, answer, value, refusal, arena, timeout_ms);
    client_destroy(&client);
    return err;
}

void link_watch_signals(void) {
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    int failed = pthread_sigmask(SIG_BLOCK, &wanted, NULL);
    ASSERT(failed == 0);
    if (signal_fd < 0) signal_fd = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
    ASSERT(signal_fd >= 0);
}

/* Once asked to leave, always asked to leave: the signal is left unread. */
uint32_t link_wait(void *const *handles, size_t count, int64_t timeout_ms) {
    return link_wait_with(handles, count, NULL, 0, timeout_ms);
}

static int socket_fd(void *socket) {
    int fd = -1;
    size_t size = sizeof fd;
    int failed = zmq_getsockopt(socket, ZMQ_FD, &fd, &size);
    ASSERT(failed == 0);
    return fd;
}

/* Bits of the sockets that have something to read. Two system calls a socket: after a wait only those are asked that gave a sign
 * (polled not NULL), before it those that were used since they last said no, and others' than ours. */
static uint32_t sockets_ready(void *const *handles, size_t count, const struct pollfd *polled) {
    uint32_t ready = 0;
    for (size_t index = 0; index < count; index++) {
        int events = 0;
        size_t size = sizeof events;
        known_t *own = known_find(handles[index]);
        if (polled != NULL ? polled[index].revents == 0 : own != NULL && !own->used) continue;
        bool come = zmq_getsockopt(handles[index], ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN) != 0;
        if (come) ready |= 1u << index;
        if (own != NULL) own->used = come;
    }
    return ready;
}

/* The same of descriptors, that is of those polled from `first` on. */
static uint32_t fds_ready(const struct pollfd *polled, size_t first, size_t end) {
    uint32_t ready = 0;
    for (size_t index = first; index < end; index++)
        if ((polled[index].revents & POLLIN) != 0) ready |= 1u << index;
    return ready;
}

/* A sign that nothing came of, e.g. a connection that was made, is waited on from. */
static uint32_t ready_wait(void *const *handles, size_t count, struct pollfd *polled, size_t all, size_t watched,
                           int64_t timeout_ms) {
    int64_t until_ms = clock_steady_ms() + timeout_ms, left_ms = timeout_ms;
    uint32_t ready = sockets_ready(handles, count, NULL);
    do {
        int found = poll(polled, watched, ready != 0 ? 0 : (int)left_ms);
        if (found <= 0) break;
        ready |= sockets_ready(handles, count, polled) | fds_ready(polled, count, all);
        if (watched > all && (polled[all].revents & POLLIN) != 0) ready |= LINK_STOP;
        left_ms = until_ms - clock_steady_ms();
    } while (ready == 0 && left_ms > 0);
    return ready;
}

uint32_t link_wait_with(void *const *handles, size_t count, const int *fds, size_t fd_count, int64_t timeout_ms) {
    size_t all = count + fd_count;
    ASSERT(all < HANDLES && timeout_ms >= 0 && timeout_ms <= INT32_MAX);
    struct pollfd polled[HANDLES + 1];
    for (size_t index = 0; index < all; index++)
        polled[index] = (struct pollfd){.fd = index < count ? socket_fd(handles[index]) : fds[index - count], .events = POLLIN};
    size_t watched = all;
    if (signal_fd >= 0) polled[watched++] = (struct pollfd){.fd = signal_fd, .events = POLLIN};
    watch_wait();
    uint32_t ready = ready_wait(handles, count, polled, all, watched, timeout_ms);
    watch_beat();
    return ready;
}

void link_wait_fd(void *handle, int fd, int64_t timeout_ms) {
    zmq_pollitem_t items[] = {{.socket = handle, .events = ZMQ_POLLIN}, {.fd = fd, .events = ZMQ_POLLIN}};
    watch_wait();
    zmq_poll(items, 2, (long)timeout_ms); /* interrupted: the caller looks at everything anyway */
    watch_beat();
}
