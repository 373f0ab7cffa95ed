/* A warning as strangers read it: the JSON of the Redis contract (proto/asyncapi.yaml). Pure. */
#ifndef ALERTING_NOTICE_H
#define ALERTING_NOTICE_H

#include "proto/wire.h"

/* What of the plan the contract shows. */
typedef struct {
    text_t plan;             /* id */
    text_t coordinator;
    uint64_t offset_minutes; /* of local time, east of UTC */
} notice_plan_t;

/* One event of stream 4 for Redis; texts live in the arena, `channel` ends with a NUL. */
typedef struct {
    uint64_t seq;
    uint64_t epoch;
    uint8_t warning_id[16];
    bool raised;             /* withdrawn otherwise */
    text_t unit;             /* recipient */
    text_t channel;          /* minning:v1:<plan>:<unit>, or :coordinator */
    text_t body;             /* JSON, one line */
} notice_t;

text_t notice_stream(const notice_plan_t *plan, arena_t *arena); /* minning:v1:<plan>:warnings */
bool notice_is_due(uint32_t kind);                               /* is this kind of event for Redis? */
/* false: the body does not decode, which our own stream never is. */
bool notice_read(const notice_plan_t *plan, const event_t *event, arena_t *arena, notice_t *notice);

#endif
