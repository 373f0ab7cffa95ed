/* How each event of a stream is tied to all before it. */
#ifndef PROTO_CHAIN_H
#define PROTO_CHAIN_H

#include "proto/crypto.h"
#include "proto/wire.h"

/* The next link, which is the chained hash at `event`. previous and out may be the same.
 * Quick: chain_quick of its bytes.
 * Sealed: SHA-256 of the hash before, of where a part of the event lies that stands by its own SHA-256 (place and size, four bytes
 * each, big endian; zeros: there is none), of that hash, and of the other bytes. The report in a report_received is such a part: it
 * was hashed when it came in. Place and size are hashed too, so that no two events have one link. */
void hash_chain(chain_t chain, const uint8_t previous[HASH_SIZE], bytes_t event, uint8_t out[HASH_SIZE]);
/* The same of the ledger's. `part_hash`: SHA-256 of the report, which has `part_size` bytes; NULL: nobody has hashed it, or it is
 * something else. */
void chain_sealed(const uint8_t previous[HASH_SIZE], bytes_t entry, const uint8_t *part_hash, uint32_t part_size,
                  uint8_t out[HASH_SIZE]);

#endif
