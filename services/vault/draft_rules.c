/* The arrows of a draft: written, handed over, given back, written again. */
#include "services/vault/draft_rules.h"

#include "proto/base.h"

/* Rows are states, columns what they become: a draft is given back only while it is handed over. */
static const bool arrows[4][4] = {
    [draft_state_none] = {[draft_state_kept] = true, [draft_state_handed] = true},
    [draft_state_kept] = {[draft_state_kept] = true, [draft_state_handed] = true},
    [draft_state_handed] = {[draft_state_kept] = true, [draft_state_handed] = true, [draft_state_back] = true},
    [draft_state_back] = {[draft_state_kept] = true, [draft_state_handed] = true},
};

text_t draft_refusal(const draft_row_t *now, const draft_put_t *put, const char **path) {
    bool there = now->version > 0;
    *path = "version";
    if (!there && put->version > 0) return REASON_OF(draft_gone);
    if (there && put->version != now->version) return REASON_OF(draft_changed);
    *path = "state";
    if (!arrows[there ? now->state : draft_state_none][put->state]) return REASON_OF(draft_step);
    *path = "body";
    if (!there && put->body.size == 0) return REASON_OF(missing_field);
    if (put->state == draft_state_back && put->body.size > 0) return REASON_OF(draft_step); /* who gives back writes nothing */
    *path = "why";
    return put->state == draft_state_back && put->why.size == 0 ? REASON_OF(missing_field) : text_of(NULL);
}

draft_row_t draft_after(const draft_row_t *now, const draft_put_t *put) {
    draft_row_t after = *now;
    after.unit = put->unit;
    after.task = put->task;
    after.period = put->period;
    after.state = put->state;
    if (put->state == draft_state_back) {
        after.back_by = put->login;
        after.back_ms = put->at_ms;
        after.why = put->why;
        return after;
    }
    after.login = put->login; /* who writes it, or hands it over, answers for it */
    if (put->body.size > 0) {
        after.body = put->body;
        after.replaces = put->replaces;
        after.kept_ms = put->at_ms;
    }
    if (put->state != draft_state_handed) return after;
    after.handed_ms = put->at_ms;
    after.back_by = after.why = text_of(NULL); /* it was answered */
    after.back_ms = 0;
    return after;
}
