/* What the files of the gateway share: its sockets, its memory, and the ways to answer. Included in this room only. */
#ifndef GATEWAY_STATE_H
#define GATEWAY_STATE_H

#include "proto/rows.h"
#include "services/gateway/early.h"
#include "services/gateway/edge.h"
#include "services/gateway/follow.h"
#include "services/gateway/gateway.h"
#include "services/door/door_rules.h"
#include "services/door/refs.h"
#include "services/stage/link.h"

enum { GATEWAY_PERSONAL = 1024 /* personal texts of one report: what one vault_keep takes */, GATEWAY_PARKED = 64 };

/* A question about our health that waits for a ledger entry. */
typedef struct {
    peer_t peer;
    uint64_t request_id;
    uint64_t at_least;
    int64_t until_ms; /* 0: a free place */
} parked_t;

struct gateway {
    zap_t *zap;
    edge_t *edge;
    follow_t *follow;
    client_t *intake;
    client_t *vault;
    client_t *evidence;
    client_t *validation;
    server_t *desk;
    pending_t *pending;
    early_t *early;
    refs_t *refs;
    arena_t *arena;   /* of the message at hand */
    buffer_t out;
    buffer_t asks;      /* append_asks on their way to intake in one frame, and whose they are */
    uint64_t asks_ids[LIMIT_PACKETS];
    uint32_t asks_count;
    buffer_t replies;   /* packets on their way to one unit in one frame, */
    uint32_t replies_count; /* so many, */
    uint32_t replies_answers; /* with so many answers, those of the rows among them: */
    buffer_t receipts;  /* rows that are no packet yet, encoded, */
    uint32_t receipts_count;
    receipts_t receipts_shared; /* and what they share; */
    rows_at_t receipts_at, verdicts_at; /* what the last of either said */
    buffer_t verdicts;  /* likewise, and they go behind the receipts */
    uint32_t verdicts_count;
    verdicts_t verdicts_shared;
    gateway_peer_t replies_peer;
    gateway_peer_t asker; /* of the conversation at hand */
    parked_t parked[GATEWAY_PARKED];
    int64_t started_ms;
    int64_t beat_ms; /* when the next sign of life is due */
    uint64_t beats;
    int64_t now_ms;   /* steady clock, read once a turn */
    uint64_t refused;
    uint64_t epoch; /* of the receipt that came last */
    bool leaving;
};

/* --- unit_talk.c: what units say --- */
void unit_message_take(gateway_t *self, const edge_message_t *message);
/* Who is answered: the peer, its own number, and whether it asked in an array, so that answers to it may wait for one another. */
typedef struct {
    const gateway_peer_t *peer;
    uint64_t request_id;
    bool many;
} answer_to_t;
/* Answers one message of a unit. */
void unit_answer(gateway_t *self, const answer_to_t *to, const message_t *type, const void *value);
void unit_answer_passed(gateway_t *self, const answer_to_t *to, const packet_t *packet); /* what another service said, as it is */
void unit_busy(gateway_t *self, const answer_to_t *to);
/* One of many receipts: with the others, if the unit sends arrays. Between receipts of other groups unit_receipts_end. */
void unit_receipt(gateway_t *self, const answer_to_t *to, const receipts_t *shared, const receipt_row_t *row);
void unit_verdict(gateway_t *self, const answer_to_t *to, const verdict_t *verdict); /* of a report: with others, likewise */
void unit_receipts_end(gateway_t *self);
void unit_answers_send(gateway_t *self); /* at the end of a turn: what waits for more */

/* --- inner_talk.c: what the services behind the door are asked and say --- */
/* Asks under the conversation's number. When it cannot be asked now, the unit is told busy and the conversation is over. */
void inner_ask(gateway_t *self, client_t *service, conversation_t *conversation, const message_t *type, const void *question,
               waits_for_t waits);
/* Appends a report whose personal texts are swapped, with the receipt that came with it. `encoded`: the report's own bytes, empty
 * if it is not as it came. */
void inner_append(gateway_t *self, conversation_t *conversation, const report_submit_t *submit, bytes_t encoded);
void inner_appends_send(gateway_t *self);                      /* at the end of a turn: all of them in one frame */
void inner_answers_take(gateway_t *self, client_t *service);   /* all that waits in its socket */
void inner_event(void *gateway, const event_t *event);         /* follow's sink: a verdict may be for somebody */
void inner_gap(void *gateway);                                 /* follow's sink: verdicts may have been missed; ask for them */
void conversations_expire(gateway_t *self, int64_t now_ms);    /* those that waited too long are told to ask again */

/* --- health.c --- */
void health_step(gateway_t *self, bool asked); /* asked: something has come to the desk */

#endif
