/* What the files of this room share: one question, asked until it is answered. Private to this room. */
#ifndef UNIT_UNIT_INNER_H
#define UNIT_UNIT_INNER_H

#include "services/unit/unit.h"

/* --- unit_gathered.c --- */

/* Reports that leave in one frame. Zeros are none. */
typedef struct {
    uint32_t count;
    uint32_t size;       /* of all of them, each as a whole */
    reports_t shared;    /* number of the first, and when it was put in */
    buffer_t rows;       /* encoded */
    buffer_t last, next; /* bytes of the report that was put in last; room for those of another */
    buffer_t pieces;
} gathered_t;
void gathered_put(gathered_t *self, uint64_t request_id, const report_t *report, int64_t client_ms); /* numbers count on */
bytes_t gathered_frame(const gathered_t *self, buffer_t *out); /* one report or more; they stay gathered */
void gathered_forget(gathered_t *self);                        /* all of them; keeps the memory, for others */
void gathered_destroy(gathered_t *self);

typedef struct {
    const message_t *type;
    const void *value;
    uint32_t wanted;   /* kind of the answer */
    int64_t resend_ms; /* asked again after so long without one; a large message on a slow line takes its time */
} unit_question_t;
/* OK; ERR_REFUSED: *refusal tells; ERR_TIMEOUT. */
err_t unit_ask(unit_link_t *self, const unit_question_t *what, int64_t timeout_ms, arena_t *arena, unit_answer_t *answer,
               refusal_t *refusal);

uint64_t unit_send_one(unit_link_t *self, const message_t *type, const void *value); /* its request id; 0: the queue is full */
uint64_t unit_last_id(const unit_link_t *self);                                      /* of what was sent last */

/* --- unit_sent.c --- */

/* A report that left in an array, by the number of its answers. */
typedef struct {
    uint64_t request_id; /* 0: a free place */
    uint8_t submission_id[16];
} sent_t;

/* Those that are not judged yet. Zeros are an empty one. */
typedef struct {
    sent_t *at;
    uint32_t room;
} sent_table_t;
void sent_keep(sent_table_t *self, uint64_t request_id, const uint8_t submission_id[16]); /* numbers ascend */
/* Writes nothing where it is not known: never kept, over, or one of more than a door holds. */
void sent_find(const sent_table_t *self, uint64_t request_id, uint8_t submission_id[16]);
void sent_end(sent_table_t *self, uint64_t request_id); /* its last answer is there */
void sent_forget(sent_table_t *self);                   /* all of them; gives the memory back */

#endif
