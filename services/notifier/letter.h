/* What goes out, and what the answer means, for every channel. Pure: the clock and the secret come in as values. */
#ifndef NOTIFIER_LETTER_H
#define NOTIFIER_LETTER_H

#include "proto/proto.h"

/* One warning in a message. */
typedef struct {
    notice_part_t part;
    level_t level;
    warning_kind_t kind;
    text_t unit_name;
    text_t task, period, indicator;
    uint64_t due_ms;
    uint64_t at_ms; /* decided */
    text_t zh, en;
} line_t;

/* A message to one address. */
typedef struct {
    uint8_t id[16];
    bool rehearsal;
    bool test;
    text_t plan; /* its id */
    text_t to_name;
    text_t to;   /* mail address or number; empty for a robot */
    const line_t *lines;
    uint32_t count;
    int64_t wall_ms; /* of this try */
    uint64_t offset_minutes;
} letter_t;

enum { REQUEST_HEADERS = 4 };
/* What the courier carries: texts end with a NUL. */
typedef struct {
    channel_t channel;
    text_t url;
    text_t body;
    text_t headers[REQUEST_HEADERS]; /* HTTP: whole lines */
    uint32_t header_count;
    text_t from, to; /* mail: addresses */
    text_t user, secret;
    text_t proxy;
    bool plain;
    text_t name; /* of the message, for a file */
} request_t;

/* What came back. */
typedef struct {
    uint32_t transport; /* 0, or libcurl's number of what went wrong */
    uint32_t status;    /* HTTP status, last SMTP reply */
    text_t body;        /* at most LIMIT_NOTICE_ANSWER */
} response_t;

typedef enum { ANSWER_DELIVERED, ANSWER_AGAIN, ANSWER_SLOWER, ANSWER_REFUSED } answer_t;
typedef struct {
    answer_t answer;
    uint64_t code;      /* SMTP reply, errcode, HTTP status */
    uint32_t transport;
    int64_t pause_ms;   /* ANSWER_SLOWER: the whole route rests so long */
    text_t said;        /* the other side's own words, cut; for people who test a route, never kept */
} verdict_of_answer_t;

/* How many of the lines fit into one message of this channel: 1 or more. */
uint32_t letter_fits(channel_t channel, const letter_t *letter);
text_t letter_subject(const letter_t *letter, arena_t *arena);
text_t letter_text(const letter_t *letter, uint32_t most, arena_t *arena); /* `most` bytes; a longer one is cut and says so */
/* Everything a channel needs; `sink`: as a file of the maildir, whatever the route's channel is. */
request_t letter_request(const route_t *route, const letter_t *letter, bool sink, arena_t *arena);
verdict_of_answer_t letter_verdict(channel_t channel, const response_t *response, arena_t *arena);

/* Signatures, as the makers describe them. */
text_t dingtalk_sign(text_t secret, int64_t ms, arena_t *arena);      /* base64, then URL-encoded */
text_t feishu_sign(text_t secret, int64_t seconds, arena_t *arena);   /* base64 */
text_t url_encoded(text_t text, arena_t *arena);

#endif
