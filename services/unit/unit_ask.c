/* Questions that wait: sent again after silence, until the answer that ends them has come or the time is over. */
#include <zmq.h>

#include "services/stage/clock.h"
#include "services/unit/unit_inner.h"

enum {
    RESEND_MS = 3000,       /* no answer for so long: the same submission id again */
    REFUSED_PAUSE_MS = 200, /* libzmq does not come back after a refused handshake; a key may be registered any moment */
    REFUSED_MS = 3000       /* but not for ever */
};

/* A question that is asked again until its answer is there. */
typedef struct {
    const message_t *type;
    const void *value;
    uint32_t wanted;         /* kind of the answer that ends it */
    int64_t until_ms;
    int64_t refused_until_ms; /* 0: not turned away yet */
    int64_t resend_ms;        /* after so long without an answer; 0: RESEND_MS */
} question_t;

static refusal_t refusal_unknown_key(arena_t *arena) {
    reason_t *reason = ARENA_NEW(arena, reason_t, 1);
    reason->code = REASON_OF(unknown_key);
    reason_tell(reason, arena);
    return (refusal_t){.reasons = reason, .reasons_count = 1};
}

/* The handshake failed. true: try again; false: it failed for so long that the key is not known there. */
static bool handshake_again(unit_link_t *self, question_t *question) {
    int64_t now_ms = clock_steady_ms();
    if (question->refused_until_ms == 0) question->refused_until_ms = now_ms + REFUSED_MS;
    if (now_ms >= question->refused_until_ms || now_ms >= question->until_ms) return false;
    zmq_poll(NULL, 0, REFUSED_PAUSE_MS);
    return unit_reconnect(self) == OK;
}

/* Takes answers to the sendings `first`..`last_id` until one ends the question or `until_ms` has come. */
static err_t answers_take(unit_link_t *self, const question_t *question, uint64_t first, int64_t until_ms, arena_t *arena,
                          unit_outcome_t *outcome, unit_answer_t *answer) {
    while (true) {
        int64_t left_ms = until_ms - clock_steady_ms();
        if (!unit_poll(self, left_ms > 0 ? left_ms : 0, arena, answer)) return ERR_TIMEOUT;
        if (answer->request_id < first || answer->request_id > unit_last_id(self)) continue;
        if (answer->kind == KIND_receipt) {
            outcome->busy = false;
            outcome->received = true;
            outcome->receipt = answer->receipt;
        }
        if (answer->kind == KIND_refusal) {
            outcome->refused = true;
            outcome->refusal = answer->refusal;
            return ERR_REFUSED;
        }
        if (answer->kind == KIND_busy) {
            int64_t pause_ms = (int64_t)answer->busy.retry_after_ms, rest_ms = question->until_ms - clock_steady_ms();
            outcome->busy = true;
            outcome->retry_after_ms = answer->busy.retry_after_ms;
            zmq_poll(NULL, 0, pause_ms < rest_ms ? pause_ms : rest_ms > 0 ? rest_ms : 0); /* not earlier than it was asked for */
            return ERR_TIMEOUT;
        }
        if (answer->kind == question->wanted) return OK;
    }
}

static err_t ask_until(unit_link_t *self, question_t *question, arena_t *arena, unit_outcome_t *outcome,
                       unit_answer_t *answer) {
    uint64_t first = unit_last_id(self) + 1;
    fault_t why;
    uint32_t before = unit_unread(self, &why);
    *outcome = (unit_outcome_t){0};
    while (true) {
        int64_t now_ms = clock_steady_ms();
        int64_t again_ms = now_ms + (question->resend_ms > 0 ? question->resend_ms : RESEND_MS);
        int64_t round_ms = again_ms < question->until_ms ? again_ms : question->until_ms;
        unit_send_one(self, question->type, question->value); /* a full queue is silence, and silence is asked again */
        err_t err = answers_take(self, question, first, round_ms, arena, outcome, answer);
        if (err != ERR_TIMEOUT) return err;
        if (unit_unread(self, &why) != before) return ERR_BAD; /* the next one would be no better */
        bool given_up = unit_refused(self) && !handshake_again(self, question);
        bool over = clock_steady_ms() >= question->until_ms;
        if (given_up || (over && question->refused_until_ms != 0 && !outcome->received)) {
            outcome->refused = true;
            outcome->refusal = refusal_unknown_key(arena);
            return ERR_REFUSED;
        }
        if (over) return ERR_TIMEOUT;
    }
}

err_t unit_report(unit_link_t *self, const report_t *report, int64_t client_ms, int64_t timeout_ms, arena_t *arena,
                  unit_outcome_t *outcome) {
    return unit_report_with_receipt(self, report, NULL, client_ms, timeout_ms, arena, outcome);
}

err_t unit_report_with_receipt(unit_link_t *self, const report_t *report, const receipt_t *receipt, int64_t client_ms,
                               int64_t timeout_ms, arena_t *arena, unit_outcome_t *outcome) {
    report_submit_t submit = {.report = *report, .client_ms = client_ms > 0 ? (uint64_t)client_ms : 0};
    if (receipt != NULL) submit.receipt = *receipt;
    return unit_act(self, report_submit_type(), &submit, timeout_ms, arena, outcome);
}

err_t unit_act(unit_link_t *self, const message_t *type, const void *act, int64_t timeout_ms, arena_t *arena,
               unit_outcome_t *outcome) {
    question_t question = {type, act, KIND_verdict, clock_steady_ms() + timeout_ms, 0, 0};
    unit_answer_t answer;
    err_t err = ask_until(self, &question, arena, outcome, &answer);
    if (err != OK) return err;
    outcome->judged = true;
    outcome->verdict = answer.verdict;
    return OK;
}

err_t unit_measures(unit_link_t *self, const measures_ask_t *ask, int64_t timeout_ms, arena_t *arena, measures_t *measures,
                    refusal_t *refusal) {
    unit_question_t question = {.type = measures_ask_type(), .value = ask, .wanted = KIND_measures};
    unit_answer_t answer;
    err_t err = unit_ask(self, &question, timeout_ms, arena, &answer, refusal);
    if (err == OK) *measures = answer.measures;
    return err;
}

err_t unit_check(unit_link_t *self, const report_t *report, int64_t timeout_ms, arena_t *arena, verdict_t *verdict,
                 refusal_t *refusal) {
    report_check_t check = {.report = *report};
    unit_question_t question = {.type = report_check_type(), .value = &check, .wanted = KIND_verdict};
    unit_answer_t answer;
    err_t err = unit_ask(self, &question, timeout_ms, arena, &answer, refusal);
    if (err == OK) *verdict = answer.verdict;
    return err;
}

err_t unit_status(unit_link_t *self, const status_ask_t *ask, int64_t timeout_ms, arena_t *arena, standing_told_t *standing,
                  refusal_t *refusal) {
    unit_question_t question = {.type = status_ask_type(), .value = ask, .wanted = KIND_standing_told};
    unit_answer_t answer;
    err_t err = unit_ask(self, &question, timeout_ms, arena, &answer, refusal);
    if (err == OK) *standing = answer.standing;
    return err;
}

err_t unit_ask(unit_link_t *self, const unit_question_t *what, int64_t timeout_ms, arena_t *arena, unit_answer_t *answer,
               refusal_t *refusal) {
    question_t question = {what->type, what->value, what->wanted, clock_steady_ms() + timeout_ms, 0, what->resend_ms};
    unit_outcome_t outcome;
    err_t err = ask_until(self, &question, arena, &outcome, answer);
    if (err == ERR_REFUSED) *refusal = outcome.refusal;
    return err;
}
