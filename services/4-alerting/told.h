/* What was told under other numbers: after a restore the stream in Redis holds warnings of lost epochs, and where stream 4 was
 * derived otherwise, of what it was before. They are history: they stay, and nothing that they told is told again. */
#ifndef ALERTING_TOLD_H
#define ALERTING_TOLD_H

#include "services/4-alerting/notice.h"
#include "services/4-alerting/redis.h"
#include "services/stage/store.h"

/* How entries are numbered: "<epoch>-<seq>" of the event. A warning whose number lies before what is there already, or is taken
 * by what was derived otherwise, opens a volume: events of that epoch and before go on as "<epoch>-<volume * 10^12 + seq>". */
typedef struct {
    uint64_t epoch;
    uint64_t volume; /* 0: none was opened */
} numbering_t;
#define VOLUME_ROOM UINT64_C(1000000000000)

typedef struct told told_t;
/* `file`: what was told so far, whatever becomes of Redis and of numbers. */
told_t *told_new(const char *file);
void told_destroy(told_t **self);
/* Reads what lies in Redis between the epochs of stream 4 as `store` has it. Errors as redis_newest; ERR_STORE: what is `sure`
 * does not stand there now. */
err_t told_load(told_t *self, store_t *store, head_t sure, redis_t *redis, text_t stream, char why[REDIS_WHY]);
/* Reads all that lies in Redis: where numbers do not say what was told. */
err_t told_load_all(told_t *self, redis_t *redis, text_t stream, char why[REDIS_WHY]);
/* Was this the last entry that was read? Redis may lose them meanwhile. */
bool told_ends_with(const told_t *self, const char *id);
/* Was this very state of this very warning told, by what was read of Redis? It stands there, or stood there before the stream was
 * full. */
bool told_has(const told_t *self, const notice_t *notice);
/* Does the file say so, as far as it was read? Then it may be put back, and does not ring. */
bool told_rang(const told_t *self, const notice_t *notice);
/* The place passes it: told, or known to be. It is in the file before the file of the place says so. */
void told_note(told_t *self, const notice_t *notice);
err_t told_keep(told_t *self);
/* Keeps what was read of Redis: it may lose it before all is gone through once more. Reads all of the file. */
err_t told_keep_shown(told_t *self);
/* Reads the file but for its first `known` records: the place lies behind them. */
err_t told_recall(told_t *self, uint64_t known);
/* Has the place passed all that was read of the file, and all that came since? *records: so many does it have then. */
bool told_covered(const told_t *self, uint64_t *records);
/* Is this the body of a warning, as we write it? */
bool told_is_warning(text_t body);
void told_id(numbering_t numbering, uint64_t epoch, uint64_t seq, char id[REDIS_ID]);
extern const char told_end_id[]; /* behind every id */
/* The volume behind this entry's. false: its id is none of ours, and nothing changes. */
bool told_volume_behind(const char *id, numbering_t *numbering);
/* The two halves of an id as numbers. */
bool told_id_parse(const char *id, uint64_t *epoch, uint64_t *number);

#endif
