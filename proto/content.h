/* What a report says, as a hash: the same content twice is the same report, whoever carries it and whenever. */
#ifndef PROTO_CONTENT_H
#define PROTO_CONTENT_H

#include "proto/crypto.h"
#include "proto/proto.h"

/* SHA-256 of the canonical report without its salted commitments, which differ from one keeping to the next. `encoded`: the
 * report as it was read, empty if that is not at hand. true: it is the hash of `encoded`. */
bool report_content_hash(const report_t *report, bytes_t encoded, arena_t *arena, uint8_t out[HASH_SIZE]);
/* The same of a report in the ledger, whose entry says it only where it is not that of the report's bytes. `out` may be there. */
void received_content_hash(const report_received_t *received, arena_t *arena, uint8_t out[HASH_SIZE]);
/* Of what a report for a task and a period says, whatever its id and what it replaces: the fields behind those, again without
 * commitments. `encoded`: the bytes that `report` views, empty if they are not at hand. A quick hash: who makes two of his own
 * reports meet in it is told of one of them that it was reported already. */
void report_body_hash(const report_t *report, bytes_t encoded, arena_t *arena, uint8_t out[QUICK_SIZE]);

#endif
