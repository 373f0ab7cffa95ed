/* The links of a chain: what is hashed of an event, and in which order. */
#include "proto/chain.h"

#include <endian.h>
#include <string.h>

enum { BEFORE_REPORT = 2 /* in a body: the head of its map, the tag */ };

/* Where the report lies in an entry that holds one; its size, if it is not 0, is known. Nothing else has a part of its own. */
static bytes_t part_of(bytes_t entry, uint32_t size) {
    event_t event;
    fault_t fault;
    bytes_t none = {entry.at, 0};
    if (event_open(entry, &event, &fault) != OK || event.kind != KIND_report_received || event.body.size <= BEFORE_REPORT)
        return none;
    bytes_t part = {event.body.at + BEFORE_REPORT, event.body.size - BEFORE_REPORT};
    if (size > 0) part.size = size;
    else if (wire_scan_first(part, &part.size, &fault) != OK) return none;
    return part;
}

enum { AT_ONCE = 512 /* bytes: around a report stand fewer, and one piece is hashed at half the price of five */ };

void chain_sealed(const uint8_t previous[HASH_SIZE], bytes_t entry, const uint8_t *part_hash, uint32_t part_size,
                  uint8_t out[HASH_SIZE]) {
    bytes_t part = part_of(entry, part_hash == NULL ? 0 : part_size);
    uint32_t begin = (uint32_t)(part.at - entry.at), end = begin + part.size;
    uint32_t place[] = {htobe32(begin), htobe32(part.size)};
    uint8_t text[AT_ONCE], *at = text;
    at = (uint8_t *)memcpy(at, previous, HASH_SIZE) + HASH_SIZE;
    at = (uint8_t *)memcpy(at, place, sizeof place) + sizeof place;
    if (part.size > 0 && part_hash == NULL) hash_of(part, at);
    else if (part.size > 0) memcpy(at, part_hash, HASH_SIZE);
    if (part.size > 0) at += HASH_SIZE;
    bytes_t rest = {entry.at + end, entry.size - end};
    if (begin + rest.size <= AT_ONCE - 3 * HASH_SIZE) {
        memcpy(at, entry.at, begin);
        memcpy(at + begin, rest.at, rest.size);
        hash_of((bytes_t){text, (uint32_t)(at - text) + begin + rest.size}, out);
        return;
    }
    sha256_t state;
    sha256_begin(&state);
    sha256_add(&state, (bytes_t){text, (uint32_t)(at - text)});
    sha256_add(&state, (bytes_t){entry.at, begin});
    sha256_add(&state, rest);
    sha256_end(&state, out);
}

void hash_chain(chain_t chain, const uint8_t previous[HASH_SIZE], bytes_t event, uint8_t out[HASH_SIZE]) {
    if (chain == CHAIN_SEALED) chain_sealed(previous, event, NULL, 0, out);
    else chain_quick(previous, event, out);
}
