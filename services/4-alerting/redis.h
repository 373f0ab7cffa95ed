/* One connection to Redis and the one call that puts a warning there. The file behind it is the only one that knows hiredis. */
#ifndef ALERTING_REDIS_H
#define ALERTING_REDIS_H

#include "proto/proto.h"

/* Where Redis is: a Unix socket, or host and port where socket is NULL. password may be NULL. */
typedef struct {
    const char *socket;
    const char *host;
    int port;
    const char *password;
} redis_place_t;

typedef struct redis redis_t;
enum { REDIS_ID = 48, REDIS_WHY = 160 };

/* Connects, sets timeouts, authenticates, names the connection. ERR_SYSTEM with `why`: nobody there, or refused. */
err_t redis_open(const redis_place_t *place, redis_t **out, char why[REDIS_WHY]);
void redis_close(redis_t **self);

/* What stands in one place of the stream: the id of its newest entry ("0-0": empty) and that entry's body. */
typedef struct {
    char id[REDIS_ID];
    text_t body;
} redis_newest_t;
/* ERR_SYSTEM: the connection is lost, close it. ERR_REFUSED: Redis answered with an error (in `why`): the key is no stream… */
err_t redis_newest(redis_t *self, text_t stream, arena_t *arena, redis_newest_t *newest, char why[REDIS_WHY]);

/* One page, at most REDIS_PAGE entries with ids from `from` to `to`, both included, oldest first: `each` sees id and body.
 * *count: how many there were. Errors as redis_newest. */
enum { REDIS_PAGE = 512 };
err_t redis_history(redis_t *self, text_t stream, const char *from, const char *to,
                    void (*each)(void *owner, const char *id, text_t body), void *owner, uint32_t *count, char why[REDIS_WHY]);

typedef struct {
    text_t stream;
    text_t channel;
    const char *id;          /* "<epoch>-<seq>" */
    text_t body;
    text_t unit;
    const char *expected;    /* id that has to be the newest; NULL: whatever stands there */
    bool ring;               /* PUBLISH, if it was not there yet */
} redis_post_t;

typedef enum {
    POST_ADDED,              /* it is there now */
    POST_THERE,              /* it was there already, with our body */
    POST_TRIMMED,            /* older than what the full stream keeps */
    POST_DIFFERS,            /* the newest entry is not the expected one: nothing was done */
    POST_BLOCKED             /* another body under its id, or greater ids without it: it cannot be put there */
} post_t;
/* One Lua call: XADD and, only if that was new, PUBLISH. Errors as redis_newest. */
err_t redis_post(redis_t *self, const redis_post_t *post, post_t *outcome, char why[REDIS_WHY]);

#endif
