/* Table → canonical msgpack and back. Canonical: maps with ascending integer tags, shortest integers, no floats, no nil;
 * a field that holds its zero value is not written. Equal values have equal bytes. */
#ifndef PROTO_WIRE_H
#define PROTO_WIRE_H

#include "proto/proto.h"

/* What is wrong with some bytes: a code of reasons.def and the path of the field, e.g. report.figures[2].amount. */
typedef struct {
    const char *code;       /* NULL: nothing */
    char path[LIMIT_NAME];
} fault_t;

/* Bounded look at untrusted bytes, without allocation: exactly one object, counts not above the bytes left, bounded depth,
 * no floats, no extensions, no trailing bytes. OK or ERR_BAD with fault->code. */
err_t wire_scan(bytes_t bytes, fault_t *fault);

/* As wire_scan, but stops behind the first object: its size comes back in *size. For arrays of messages in one frame. */
err_t wire_scan_first(bytes_t bytes, uint32_t *size, fault_t *fault);

/* Appends `value` (a struct of `type`) to `out`. The value must be valid: wire_check says so. */
void wire_encode(const message_t *type, const void *value, buffer_t *out);
/* The same for a value that nobody vouches for: every field is checked as it is written. ERR_BAD: fault tells, and what was
 * appended is of no use. */
err_t wire_encode_checked(const message_t *type, const void *value, buffer_t *out, fault_t *fault);

/* Reads one map into `value` (type->size bytes). Texts and bytes are views into `bytes`; lists live in `arena`.
 * Accepts canonical encodings only. ERR_BAD: fault tells code and path. */
err_t wire_decode(const message_t *type, bytes_t bytes, arena_t *arena, void *value, fault_t *fault);

/* The same, slower, of a value that names the same many ids again and again, as a large plan does: equal long lists of ids stand in
 * `arena` once (the last 16 of them are known again). */
err_t wire_decode_shared(const message_t *type, bytes_t bytes, arena_t *arena, void *value, fault_t *fault);

/* The same of bytes that nobody has scanned, in one look. false: there is doubt, and nothing is said: wire_scan and wire_decode
 * tell. */
bool wire_first(const message_t *type, bytes_t bytes, arena_t *arena, void *value);

/* The bytes of one field of a map that was scanned, without decoding it; `offset` as in the struct of `type`. Empty: the field is
 * not there. */
bytes_t wire_peek(const message_t *type, bytes_t map, size_t offset);
/* The same of a number; 0: not there. */
uint64_t wire_peek_u64(const message_t *type, bytes_t map, size_t offset);

/* An object within a value, and its canonical bytes: reading notes them, so that writing copies instead of packing anew. */
typedef struct {
    const void *object; /* where it lies within the value itself, not in a list */
    bytes_t bytes;      /* empty: they are not at hand */
} wire_known_t;

/* wire_decode of bytes that were checked as we wrote them and whose sum was found right just now: characters of texts and ids, and
 * days, are not looked at again. known->bytes become what known->object was read from; known may be NULL. */
err_t wire_decode_kept(const message_t *type, bytes_t bytes, arena_t *arena, void *value, wire_known_t *known, fault_t *fault);

/* Ranges, sizes, required fields, UTF-8, days, words of a value built by hand. */
err_t wire_check(const message_t *type, const void *value, fault_t *fault);

/* Bytes that the texts, bytes and lists of `value` take beside the struct itself, each from a multiple of eight on; 0 for what
 * points nowhere. */
size_t wire_room(const message_t *type, const void *value);
/* Copies the struct to `to` (type->size bytes) and everything it points to into `room` (wire_room bytes, aligned to 8). What is
 * empty points nowhere. */
void wire_copy(const message_t *type, const void *value, void *to, void *room);

/* An event of a stream, as stored and hashed: [kind, version, epoch, cause_seq, at_ms, body]. */
typedef struct {
    uint64_t seq;           /* in its stream; not part of the bytes */
    uint32_t kind;
    uint32_t version;
    uint64_t epoch;
    uint64_t cause_seq;     /* ledger entry it follows from; in stream 1 its own seq */
    int64_t at_ms;          /* received instant of that entry */
    bytes_t body;           /* encoded message */
    bytes_t raw;            /* the whole event */
} event_t;

void event_encode(const event_t *header, const message_t *type, const void *value, buffer_t *out);
/* known may be NULL. */
err_t event_encode_checked(const event_t *header, const message_t *type, const void *value, const wire_known_t *known,
                           buffer_t *out, fault_t *fault);
/* The same event under its own header, body unchanged: how control entries are passed on. */
void event_copy(const event_t *event, buffer_t *out);
/* Reads the event at the start of `bytes`; event->raw is what it took. seq is not set. ERR_BAD with fault. */
err_t event_decode(bytes_t bytes, event_t *event, fault_t *fault);
/* The same of bytes that are one event and no more, as a store or a batch has cut them: only the header is read. Whether the body
 * is whole is seen when it is decoded, or by the chain. */
err_t event_open(bytes_t whole, event_t *event, fault_t *fault);
/* Decodes the body as `type`; ERR_BAD if kind or version differ. */
err_t event_body(const event_t *event, const message_t *type, arena_t *arena, void *value, fault_t *fault);
/* The same, and known->bytes become what known->object was read from; empty if it is not there. */
err_t event_body_known(const event_t *event, const message_t *type, arena_t *arena, void *value, wire_known_t *known,
                       fault_t *fault);

/* The same of an event that its writer checked when he wrote it, its chain followed to it just now: as wire_decode_kept. */
err_t event_body_kept(const event_t *event, const message_t *type, arena_t *arena, void *value, wire_known_t *known,
                      fault_t *fault);

/* A message of a conversation: [kind, version, request_id, body]. */
typedef struct {
    uint32_t kind;
    uint32_t version;
    uint64_t request_id;    /* the asker's own number, given back in every answer */
    bytes_t body;
    bytes_t raw;            /* the whole packet */
} packet_t;

void packet_encode(uint64_t request_id, const message_t *type, const void *value, buffer_t *out);
void packet_encode_known(uint64_t request_id, const message_t *type, const void *value, const wire_known_t *known,
                         buffer_t *out);
/* The same packet under another number, body unchanged. */
void packet_copy(uint64_t request_id, const packet_t *packet, buffer_t *out);
/* Scans and reads the packet at the start of `bytes`; packet->raw is what it took. ERR_BAD with fault. */
err_t packet_decode(bytes_t bytes, packet_t *packet, fault_t *fault);
/* The same of bytes that a scan has found to be one packet and no more: only the header is read. */
err_t packet_open(bytes_t whole, packet_t *packet, fault_t *fault);
/* The packet at the start of `bytes` and its body in one look, if it is one of `type`; known may be NULL. false: it is something
 * else, or there is doubt, and nothing is said: packet_decode and packet_body tell. */
bool packet_first(bytes_t bytes, const message_t *type, arena_t *arena, packet_t *packet, void *value, wire_known_t *known);
err_t packet_body(const packet_t *packet, const message_t *type, arena_t *arena, void *value, fault_t *fault);
err_t packet_body_known(const packet_t *packet, const message_t *type, arena_t *arena, void *value, wire_known_t *known,
                        fault_t *fault); /* as event_body_known */

/* Appends the packet that packet_encode makes, under number 0, of `bare` with rows: the list that is its type's last field, and
 * empty in it. The rows as they were encoded, one behind the other, 1..LIMIT_PACKETS of them. The type has less than 16 fields. */
void packet_encode_rows(const message_t *type, const void *bare, bytes_t rows, uint32_t count, buffer_t *out);

/* Many packets in one frame, an array around them; one packet alone has none. begin, then append packets (packet_encode), then
 * end gives the frame to send. Who sends an array may be sent one. */
void packets_begin(buffer_t *frame);
bytes_t packets_end(buffer_t *frame, uint32_t count);
/* The packets of a frame, one behind the other, and how many the array says they are: 1 for a frame that is no array of
 * arrays. Looks at the heads alone, packet_decode reads the rest. */
bytes_t packets_of(bytes_t frame, uint32_t *count);

/* Is there such a day? yyyymmdd, 1970-2199. */
bool day_exists(uint32_t day);

#endif
