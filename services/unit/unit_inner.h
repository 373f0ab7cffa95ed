/* What the files of this room share: one question, asked until it is answered. Private to this room. */
#ifndef UNIT_UNIT_INNER_H
#define UNIT_UNIT_INNER_H

#include "services/unit/unit.h"

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

#endif
