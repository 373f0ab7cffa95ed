/* What the files of the publisher share. Included by publisher*.c only. */
#ifndef ALERTING_PUBLISHER_INNER_H
#define ALERTING_PUBLISHER_INNER_H

#include "services/4-alerting/chunk.h"
#include "services/4-alerting/position.h"
#include "services/4-alerting/publisher.h"
#include "services/4-alerting/told.h"

#include <pthread.h>
#include <stdatomic.h>

struct publisher {
    store_t *store;
    redis_place_t place;
    char file[256];
    int bell;
    pthread_t thread;
    atomic_bool stop;

    pthread_mutex_t lock;  /* guards what others read and say */
    head_t sure;           /* stream 4 may go out up to here */
    published_t now;       /* where we are */
    int64_t away_since_ms; /* steady clock; 0: Redis is there */
    char why[REDIS_WHY];
    char alarm[LIMIT_NAME]; /* "" none */
    char note[LIMIT_NAME];  /* the query thread's own copy */

    redis_t *redis; /* the thread's own from here */
    head_t turn;    /* `sure` of this round: who is told and what was told are compared with one stream */
    arena_t *arena; /* one chunk */
    arena_t *plan_arena;
    notice_plan_t plan; /* plan.plan empty: not adopted yet */
    text_t stream;
    told_t *told;         /* so far, and under other numbers than stream 4 would give them */
    published_t kept;     /* what the file says */
    char known[REDIS_ID]; /* up to this entry of Redis the place says what was told */
    bool otherwise;       /* what lies behind it is not what stream 4 tells */
    int64_t pause_ms;     /* until the next attempt; 0: nothing to try again */
};

/* publisher.c: where we are, Redis there and away, one warning */
void publisher_place_show(publisher_t *self, const position_t *at);
/* Behind what was told up to there; that file may lag too. false: what was told cannot be kept, and an alarm says so. */
bool publisher_place_keep(publisher_t *self);
bool publisher_told_keep(publisher_t *self, err_t err); /* the same of what was told alone; `err`: of trying to */
void publisher_alarm(publisher_t *self, const char *what);
bool publisher_heard(publisher_t *self, err_t err, const char *why); /* false: Redis went away */
bool publisher_newest(publisher_t *self, redis_newest_t *newest);    /* false: the same */
void publisher_back(publisher_t *self);
chunk_t *publisher_read(publisher_t *self, const position_t *after, uint64_t last);

typedef enum { DELIVERED, TOLD_BEFORE, DIFFERENT, HELD, AWAY } delivery_t;
/* `expected`: the entry that has to be the newest; NULL: whatever stands there, and nobody is rung. *added: it was not there, and
 * is under `id`. */
delivery_t publisher_post(publisher_t *self, const notice_t *notice, const char *expected, char id[REDIS_ID], bool *added);

/* publisher_mend.c: what was told, where numbers do not say so; a stream in Redis that is not as it should be */
bool publisher_told_again(publisher_t *self);   /* reads what was told under other numbers */
bool publisher_number_again(publisher_t *self); /* a number is past, or taken. true: try again */
bool publisher_reconcile(publisher_t *self);
bool publisher_check(publisher_t *self);
bool publisher_is_ahead(publisher_t *self);
/* A connection that was checked. `other`: what was told is not what stands. */
bool publisher_connect(publisher_t *self, bool other);

#endif
