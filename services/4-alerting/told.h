/* What lost epochs have told: after a restore the stream in Redis holds warnings that stream 4 no longer knows. They are
 * history: they stay, and nothing that they told is told again. */
#ifndef ALERTING_TOLD_H
#define ALERTING_TOLD_H

#include "services/4-alerting/notice.h"
#include "services/4-alerting/redis.h"
#include "services/stage/store.h"

typedef struct told told_t;
told_t *told_new(void);
void told_destroy(told_t **self);
/* Reads what lies in Redis between the epochs of stream 4 as `store` has it. Errors as redis_newest. */
err_t told_load(told_t *self, store_t *store, redis_t *redis, text_t stream, char why[REDIS_WHY]);
/* Did a lost epoch tell this very state of this very warning? */
bool told_has(const told_t *self, const notice_t *notice);
const char *told_newest(const told_t *self); /* id of the newest lost entry; "0-0" if there is none */
/* Is this the body of a warning, as we write it? */
bool told_is_warning(text_t body);
/* "<epoch>-<seq>" as numbers. */
bool told_id_parse(const char *id, uint64_t *epoch, uint64_t *seq);
/* Is id a before id b? */
bool told_id_before(const char *a, const char *b);

#endif
