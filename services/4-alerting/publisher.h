/* The publisher: a thread that carries committed warnings of stream 4 to Redis, at least once, and mends the stream there. */
#ifndef ALERTING_PUBLISHER_H
#define ALERTING_PUBLISHER_H

#include "services/4-alerting/redis.h"
#include "services/stage/stage.h"

typedef struct publisher publisher_t;

/* Starts the thread. `store` is alerting's; `file` keeps the position that was published. Both outlive the thread. */
err_t publisher_start(store_t *store, const redis_place_t *place, const char *file, publisher_t **out);
/* Stream 4 may go out up to here (stage_sure); from any thread. Before it is called nothing does. */
void publisher_allow(publisher_t *self, head_t sure);
void publisher_ring(publisher_t *self);                   /* something was committed; from any thread */
/* Fills in the position and what is wrong; the note lives until the next call. From one thread. */
void publisher_show(publisher_t *self, health_t *health);
void publisher_stop(publisher_t **self);                  /* within the time of one Redis command */

/* The same without a thread, for who drives it: one round, everything that is committed; false: try again after a pause.
 * publisher_destroy keeps nothing, as a crash would. */
publisher_t *publisher_new(store_t *store, const redis_place_t *place, const char *file);
bool publisher_work(publisher_t *self);
void publisher_destroy(publisher_t **self);

/* For stage_main_hooked: the place of Redis comes from minning.conf (redis/socket, or redis/host, redis/port;
 * redis/password). */
int publisher_begin(stage_t *stage, stage_hooks_t *hooks);
void publisher_end(stage_hooks_t *hooks);

#endif
