/* Conversations over ZeroMQ: one packet per frame. With the gateway the only room that knows CZMQ.
 * A server answers fetches and queries on a ROUTER; a client asks on a DEALER, one outstanding question by default. */
#ifndef STAGE_LINK_H
#define STAGE_LINK_H

#include "proto/wire.h"

/* A routing id, to answer later. */
typedef struct {
    uint8_t bytes[32];
    uint8_t size;
} peer_t;

void link_start(void);                       /* once per process: no CZMQ signal handling, linger, unpredictable routing ids */

/* At the end of a process whose sockets are all closed: answers already given may still leave (at most 100 ms). */
void link_stop(void);

typedef struct server server_t;
/* Binds a ROUTER with bounded frames. The caller holds its lock first: two binds of one ipc path both succeed. */
err_t server_bind(const char *endpoint, server_t **out);
void server_destroy(server_t **self);
/* Takes one frame without waiting. false: none. A message of more than one part is dropped. `frame` is valid until the next
 * call. */
bool server_receive(server_t *self, peer_t *peer, bytes_t *frame);
/* Sends one frame without waiting; a peer that is gone or full is forgotten (it asks again). */
void server_send(server_t *self, const peer_t *peer, bytes_t frame);
/* The same; what is large is not copied but goes as it is, and leaves an empty buffer. */
void server_give(server_t *self, const peer_t *peer, buffer_t *frame);
void *server_handle(server_t *self);         /* for link_wait */

typedef struct client client_t;
err_t client_connect(const char *endpoint, client_t **out);
/* One conversation with several servers that do the same: each question goes to the next one that is there. */
err_t client_connect_all(const char *const *endpoints, size_t count, client_t **out);
void client_destroy(client_t **self);
err_t client_send(client_t *self, bytes_t frame);
bool client_receive(client_t *self, bytes_t *frame);  /* without waiting */
void *client_handle(client_t *self);
/* Sends a question and waits for the answer with the same request id. Decodes it as `answer`. ERR_TIMEOUT, ERR_REFUSED
 * (a refusal or busy came; *refusal is filled if not NULL), ERR_BAD. */
err_t client_ask(client_t *self, const message_t *ask, const void *question, const message_t *answer, void *value,
                 refusal_t *refusal, arena_t *arena, int64_t timeout_ms);
/* The same with a connection of its own: for the CLI. */
err_t link_ask(const char *endpoint, const message_t *ask, const void *question, const message_t *answer, void *value,
               refusal_t *refusal, arena_t *arena, int64_t timeout_ms);

/* Waits until one of the handles has something to read, SIGTERM/SIGINT came, or the timeout is over. Returns a bit set: bit i
 * for handles[i]; LINK_STOP when the process is asked to leave. */
#define LINK_STOP (1u << 31)
uint32_t link_wait(void *const *handles, size_t count, int64_t timeout_ms);
/* The same with file descriptors behind the handles: bit count + i for fds[i]. */
uint32_t link_wait_with(void *const *handles, size_t count, const int *fds, size_t fd_count, int64_t timeout_ms);
/* Of a socket that was not made here, but is waited for above: `used`, something was sent or taken; else it just said that there is
 * nothing to take. Who tells both is not asked before each wait. Told by the thread that waits; gone: before it is closed. */
void link_used(const void *handle, bool used);
void link_gone(const void *handle);
/* Waits for one socket and one file descriptor, without looking at signals: for threads beside the main one. */
void link_wait_fd(void *handle, int fd, int64_t timeout_ms);
void link_watch_signals(void);               /* signalfd for SIGTERM and SIGINT; call before any thread is made */

#endif
