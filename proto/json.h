/* Message ↔ JSON by the field table: for people, scripts and files; nothing on the wire or in a store is JSON. */
#ifndef PROTO_JSON_H
#define PROTO_JSON_H

#include "proto/wire.h"

#include <jansson.h>

/* An object with the message's field names. Zero fields are left out; words by name, hashes and bytes as hex, days as
 * "2021-10-29", amounts and numbers as integers. The caller owns the result (json_decref). */
json_t *message_to_json(const message_t *type, const void *value);

/* The same way back, strictly: unknown keys, wrong types, negative numbers and doubles are faults; then wire_check. Texts and
 * lists live in `arena`. OK, or ERR_BAD with the reason code and the path of the field. Keys that stand twice are refused
 * where the JSON is read: json_read does so. */
err_t message_from_json(const message_t *type, const json_t *json, arena_t *arena, void *value, fault_t *fault);

/* Reads one JSON object, no duplicate keys. NULL: *line and `what` (of `room` bytes) tell. The caller owns the result. */
json_t *json_read(text_t text, int *line, char *what, size_t room);

/* "2021-10-29" ↔ 20211029.
 * json_day_show writes 10 characters; json_day_read takes "2021-10-29" only, false if there is no such day. */
text_t json_day_show(uint32_t day, arena_t *arena);
bool json_day_read(text_t text, uint32_t *day);

#endif
