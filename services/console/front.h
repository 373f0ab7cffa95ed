/* The console's front: it accepts, looks at the whole head of a request before any library does, and hands the connection on.
 * One connection carries one request; each has an absolute deadline, however busy its peer keeps it. */
#ifndef CONSOLE_FRONT_H
#define CONSOLE_FRONT_H

#include <netinet/in.h>

#include "services/console/http_rules.h"

typedef struct front front_t;

/* Gets a connection whose head is good and still unread. It closes the descriptor, and says so by front_gone. */
typedef struct {
    void *self;
    bool (*take)(void *self, int fd, const struct sockaddr_in *address); /* false: not taken, the front closes it */
} front_sink_t;

/* Binds `address`:`port` (0: any free one). behind_proxy: one address is everybody's. ERR_SYSTEM: errno tells. */
err_t front_open(const char *address, uint16_t port, bool behind_proxy, front_sink_t sink, front_t **out);
void front_close(front_t **self); /* and with it every connection that was not handed on */
uint16_t front_port(const front_t *self);
int front_handle(const front_t *self); /* an epoll descriptor: readable when there is something to do */
void front_step(front_t *self, int64_t steady_ms);
void front_stop_accepting(front_t *self);

/* A connection that was handed on is about to be closed. */
void front_gone(front_t *self, int fd);
/* This one may live until then: a page that listens for news. */
void front_extend(front_t *self, int fd, int64_t until_ms);

typedef struct {
    uint32_t open;         /* connections now */
    uint64_t accepted;     /* since the start */
    uint64_t refused;      /* heads that were refused */
    uint64_t timed_out;    /* deadlines that passed */
    uint64_t turned_away;  /* too many at once */
} front_counts_t;
front_counts_t front_counts(const front_t *self);

#endif
