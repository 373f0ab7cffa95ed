/* Accept, peek, check, hand on; and end whoever takes too long. */
#include "services/console/front.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "services/stage/log.h"

enum { EVENTS = 64, ACCEPTS = 64, BACKLOG = 512, SWEEP_MS = 250 };

typedef enum { PLACE_FREE, PLACE_HEAD, PLACE_HANDED } place_state_t;

typedef struct {
    int fd;
    place_state_t state;
    struct sockaddr_in address;
    int64_t until_ms;
} place_t;

struct front {
    int listener;
    int poller;
    uint16_t port;
    bool behind_proxy;
    front_sink_t sink;
    int64_t now_ms;
    int64_t sweep_ms;
    front_counts_t counts;
    place_t places[LIMIT_HTTP_CONNECTIONS];
};

static err_t watch(front_t *self, int fd, uint64_t data, uint32_t events) {
    struct epoll_event event = {.events = events, .data.u64 = data};
    return epoll_ctl(self->poller, EPOLL_CTL_ADD, fd, &event) == 0 ? OK : ERR_SYSTEM;
}

static err_t listen_at(front_t *self, const char *address, uint16_t port) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr *any = (struct sockaddr *)(void *)&at;
    socklen_t size = sizeof at;
    int one = 1;
    if (inet_pton(AF_INET, address, &at.sin_addr) != 1) return ERR_BAD;
    self->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (self->listener < 0 || setsockopt(self->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        bind(self->listener, any, size) != 0 || listen(self->listener, BACKLOG) != 0 ||
        getsockname(self->listener, any, &size) != 0)
        return ERR_SYSTEM;
    self->port = ntohs(at.sin_port);
    return watch(self, self->listener, LIMIT_HTTP_CONNECTIONS, EPOLLIN);
}

err_t front_open(const char *address, uint16_t port, bool behind_proxy, front_sink_t sink, front_t **out) {
    *out = NULL;
    front_t *self = calloc(1, sizeof *self);
    if (self == NULL) return ERR_NOMEM;
    self->listener = -1;
    self->sink = sink;
    self->behind_proxy = behind_proxy;
    self->poller = epoll_create1(EPOLL_CLOEXEC);
    err_t err = self->poller < 0 ? ERR_SYSTEM : listen_at(self, address, port);
    if (err != OK) front_close(&self);
    *out = self;
    return err;
}

static void place_close(front_t *self, place_t *place) {
    close(place->fd);
    place->state = PLACE_FREE;
    self->counts.open--;
}

void front_close(front_t **owner) {
    front_t *self = *owner;
    if (self == NULL) return;
    int why = errno;
    for (size_t index = 0; index < LIMIT_HTTP_CONNECTIONS; index++)
        if (self->places[index].state == PLACE_HEAD) place_close(self, &self->places[index]);
    if (self->listener >= 0) close(self->listener);
    if (self->poller >= 0) close(self->poller);
    free(self);
    *owner = NULL;
    errno = why;
}

void front_stop_accepting(front_t *self) {
    if (self->listener >= 0) close(self->listener);
    self->listener = -1;
}

uint16_t front_port(const front_t *self) { return self->port; }
int front_handle(const front_t *self) { return self->poller; }
front_counts_t front_counts(const front_t *self) { return self->counts; }

static place_t *place_of(front_t *self, int fd) {
    for (size_t index = 0; index < LIMIT_HTTP_CONNECTIONS; index++)
        if (self->places[index].state == PLACE_HANDED && self->places[index].fd == fd) return &self->places[index];
    return NULL;
}

void front_gone(front_t *self, int fd) {
    place_t *place = place_of(self, fd);
    if (place == NULL) return;
    place->state = PLACE_FREE;
    self->counts.open--;
}

void front_extend(front_t *self, int fd, int64_t until_ms) {
    place_t *place = place_of(self, fd);
    if (place != NULL) place->until_ms = until_ms;
}

/* A few bytes that fit into any socket's buffer; what the peer makes of them is its own affair. */
static void refuse(front_t *self, place_t *place, unsigned status) {
    static const struct {
        unsigned status;
        const char *reason;
    } reasons[] = {{400, "Bad Request"},       {405, "Method Not Allowed"}, {411, "Length Required"},
                   {413, "Content Too Large"}, {414, "URI Too Long"},       {431, "Request Header Fields Too Large"},
                   {501, "Not Implemented"},   {503, "Service Unavailable"}, {505, "HTTP Version Not Supported"}};
    const char *reason = "Bad Request";
    for (size_t index = 0; index < sizeof reasons / sizeof reasons[0]; index++)
        if (reasons[index].status == status) reason = reasons[index].reason;
    char answer[256];
    static const char format[] =
        "HTTP/1.1 %u %s\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n%s\n";
    int size = snprintf(answer, sizeof answer, format, status, reason, strlen(reason) + 1, reason);
    ssize_t sent = send(place->fd, answer, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)sent;
    shutdown(place->fd, SHUT_WR);
    for (int turn = 0; turn < 4 && recv(place->fd, answer, sizeof answer, MSG_DONTWAIT) > 0; turn++) {
    } /* unread bytes would make the kernel reset the connection, and the answer with it */
    self->counts.refused++;
    place_close(self, place);
}

/* The whole head is peeked at each time something comes: it is small, and a slow peer pays with its deadline. */
static void look(front_t *self, place_t *place) {
    uint8_t bytes[LIMIT_HTTP_HEAD + 1];
    ssize_t got = recv(place->fd, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        place_close(self, place);
        return;
    }
    http_head_t head;
    unsigned status = http_head_check((bytes_t){bytes, (uint32_t)got}, &head);
    if (status == 0) return;
    if (status != 200) {
        refuse(self, place, status);
        return;
    }
    epoll_ctl(self->poller, EPOLL_CTL_DEL, place->fd, NULL);
    place->state = PLACE_HANDED;
    place->until_ms = self->now_ms + LIMIT_HTTP_REQUEST_MS;
    if (self->sink.take(self->sink.self, place->fd, &place->address)) return;
    place->state = PLACE_HEAD;
    refuse(self, place, 503);
}

/* A free place for one more from this address; NULL: there are too many. */
static place_t *place_for(front_t *self, const struct sockaddr_in *address) {
    uint32_t same = 0;
    place_t *free_place = NULL;
    for (size_t index = 0; index < LIMIT_HTTP_CONNECTIONS; index++) {
        place_t *place = &self->places[index];
        if (place->state == PLACE_FREE) free_place = place;
        else same += place->address.sin_addr.s_addr == address->sin_addr.s_addr;
    }
    return same < LIMIT_HTTP_OF_ADDRESS || self->behind_proxy ? free_place : NULL;
}

static void accept_all(front_t *self) {
    for (int turn = 0; turn < ACCEPTS && self->listener >= 0; turn++) {
        struct sockaddr_in address;
        socklen_t size = sizeof address;
        int fd = accept4(self->listener, (struct sockaddr *)(void *)&address, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) return;
        place_t *place = place_for(self, &address);
        self->counts.accepted++;
        if (place == NULL) {
            self->counts.turned_away++;
            close(fd);
            continue;
        }
        *place = (place_t){.fd = fd, .state = PLACE_HEAD, .address = address, .until_ms = self->now_ms + LIMIT_HTTP_HEAD_MS};
        self->counts.open++;
        if (watch(self, fd, (uint64_t)(place - self->places), EPOLLIN | EPOLLRDHUP | EPOLLET) != OK) place_close(self, place);
    }
}

/* A connection that was handed on is not ours to close: shut down, its owner sees the end and closes it. */
static void sweep(front_t *self) {
    if (self->now_ms < self->sweep_ms) return;
    self->sweep_ms = self->now_ms + SWEEP_MS;
    for (size_t index = 0; index < LIMIT_HTTP_CONNECTIONS; index++) {
        place_t *place = &self->places[index];
        if (place->state == PLACE_FREE || place->until_ms > self->now_ms) continue;
        self->counts.timed_out++;
        if (place->state == PLACE_HEAD) {
            place_close(self, place);
            continue;
        }
        shutdown(place->fd, SHUT_RDWR);
        place->until_ms = self->now_ms + LIMIT_HTTP_REQUEST_MS;
    }
}

void front_step(front_t *self, int64_t steady_ms) {
    struct epoll_event events[EVENTS];
    self->now_ms = steady_ms;
    int count = epoll_wait(self->poller, events, EVENTS, 0);
    for (int index = 0; index < count; index++) {
        uint64_t at = events[index].data.u64;
        if (at == LIMIT_HTTP_CONNECTIONS) accept_all(self);
        else if (self->places[at].state == PLACE_HEAD) look(self, &self->places[at]);
    }
    sweep(self);
}
