/* Is this the head of a request that everybody reads alike? Strict, before any library sees it. Pure. */
#ifndef CONSOLE_HTTP_RULES_H
#define CONSOLE_HTTP_RULES_H

#include "proto/base.h"
#include "proto/limits.h"

/* What the head says of itself. */
typedef struct {
    bool get;                /* otherwise a POST */
    uint32_t size;           /* of the head, with its empty line */
    bool upload;             /* of a file: its body may be larger, and takes its time */
    uint64_t content_length; /* 0: no body */
} http_head_t;

/* 0: not all of it is there yet. 200: good, *head is filled. Otherwise the status of the refusal: 400 malformed or ambiguous,
 * 405 another method, 411 a body without length, 413 too large a body, 414 too long a target, 431 too large a head or too many
 * fields, 501 Transfer-Encoding, 505 another version. Refused are, of what lenient parsers let pass: two Content-Length or a
 * list of them, any Transfer-Encoding, folded fields, a blank before the colon, no Host or two, NUL and every other control
 * character, line ends without CR, an empty line in front, repeated fields that say who asks. */
unsigned http_head_check(bytes_t bytes, http_head_t *head);

#endif
