/* A unit's evidence files through the gateway: sent from where they were left, fetched piece by piece. */
#include <stdlib.h>
#include <string.h>

#include "services/stage/link.h"
#include "services/unit/unit_inner.h"

/* A piece needs as long as the line does: at 4 KiB a second half a minute. It is not lost on a connection that stands. */
enum { PIECE_RESEND_MS = 45000, LOOK_MS = 300, BEGINS = 8 };

typedef struct {
    unit_link_t *link;
    const unit_source_t *source;
    int64_t silence_ms;
    arena_t *arena; /* of one question */
    uint8_t *bytes;
    evidence_offer_t offer;
} sending_t;

static err_t offer_ask(sending_t *self, evidence_at_t *at, refusal_t *refusal) {
    unit_question_t question = {evidence_offer_type(), &self->offer, KIND_evidence_at, 0};
    unit_answer_t answer;
    err_t err = unit_ask(self->link, &question, self->silence_ms, self->arena, &answer, refusal);
    if (err == OK) *at = answer.evidence_at;
    return err;
}

static err_t piece_send(sending_t *self, evidence_at_t *at, refusal_t *refusal) {
    uint64_t left = self->offer.size - at->offset;
    uint32_t size = left < LIMIT_EVIDENCE_PIECE ? (uint32_t)left : LIMIT_EVIDENCE_PIECE;
    if (!self->source->read(self->source->self, at->offset, size, self->bytes)) return ERR_SYSTEM;
    evidence_piece_t piece = {.offset = at->offset, .bytes = {self->bytes, size}};
    memcpy(piece.sha256, self->offer.sha256, sizeof piece.sha256);
    unit_question_t question = {evidence_piece_type(), &piece, KIND_evidence_at, PIECE_RESEND_MS};
    unit_answer_t answer;
    err_t err = unit_ask(self->link, &question, self->silence_ms, self->arena, &answer, refusal);
    if (err == OK) *at = answer.evidence_at;
    return err;
}

/* The vault came back without what was half there, or another connection of ours has moved on. */
static bool begins_anew(err_t err, const refusal_t *refusal) {
    return err == ERR_REFUSED && refusal->reasons_count > 0 &&
           (text_is(refusal->reasons[0].code, "evidence_unknown") || text_is(refusal->reasons[0].code, "evidence_piece"));
}

static err_t send_on(sending_t *self, evidence_at_t *at, refusal_t *refusal) {
    int begins = 0;
    err_t err = offer_ask(self, at, refusal);
    while (err == OK && !at->kept) {
        if (self->source->told != NULL) self->source->told(self->source->self, at->offset, self->offer.size);
        arena_reset(self->arena);
        if (at->offset >= self->offer.size) { /* a scanner looks at it */
            void *none[1] = {unit_handle(self->link)};
            link_wait(none, 1, LOOK_MS);
            err = offer_ask(self, at, refusal);
        } else {
            err = piece_send(self, at, refusal);
        }
        if (begins_anew(err, refusal) && begins++ < BEGINS) err = offer_ask(self, at, refusal);
    }
    return err;
}

/* The refusal lies in the arena of one question; it is wanted longer. */
static void refusal_keep(refusal_t *refusal, arena_t *arena) {
    buffer_t bytes = {0};
    packet_t packet;
    fault_t fault;
    packet_encode(1, refusal_type(), refusal, &bytes);
    bytes_t copy = arena_bytes(arena, (bytes_t){bytes.at, (uint32_t)bytes.size});
    buffer_destroy(&bytes);
    bool same = packet_decode(copy, &packet, &fault) == OK && packet_body(&packet, refusal_type(), arena, refusal, &fault) == OK;
    ASSERT(same); /* we wrote it */
}

err_t unit_evidence_send(unit_link_t *self, const uint8_t sha256[32], uint64_t size, const uint8_t *submission_id,
                         const unit_source_t *source, int64_t silence_ms, arena_t *arena, evidence_at_t *at, refusal_t *refusal) {
    sending_t sending = {.link = self, .source = source, .silence_ms = silence_ms, .arena = arena_new(), .offer = {.size = size}};
    sending.bytes = malloc(LIMIT_EVIDENCE_PIECE);
    memcpy(sending.offer.sha256, sha256, sizeof sending.offer.sha256);
    if (submission_id != NULL) memcpy(sending.offer.submission_id, submission_id, sizeof sending.offer.submission_id);
    err_t err = sending.bytes == NULL ? ERR_NOMEM : send_on(&sending, at, refusal);
    if (err == ERR_REFUSED) refusal_keep(refusal, arena);
    free(sending.bytes);
    arena_destroy(&sending.arena);
    return err;
}

err_t unit_evidence_fetch(unit_link_t *self, const uint8_t sha256[32], const unit_sink_t *sink, int64_t silence_ms, arena_t *arena,
                          refusal_t *refusal) {
    evidence_fetch_t fetch = {0};
    arena_t *turn = arena_new();
    unit_answer_t answer = {.evidence = {.size = 1}};
    err_t err = OK;
    memcpy(fetch.sha256, sha256, sizeof fetch.sha256);
    while (err == OK && fetch.offset < answer.evidence.size) {
        arena_reset(turn);
        unit_question_t question = {evidence_fetch_type(), &fetch, KIND_evidence_told, PIECE_RESEND_MS};
        err = unit_ask(self, &question, silence_ms, turn, &answer, refusal);
        if (err != OK || answer.evidence.offset != fetch.offset) continue; /* an answer to an earlier one */
        if (answer.evidence.bytes.size == 0) err = ERR_BAD;
        else if (!sink->write(sink->self, &answer.evidence)) err = ERR_SYSTEM;
        fetch.offset += answer.evidence.bytes.size;
    }
    if (err == ERR_REFUSED) refusal_keep(refusal, arena);
    arena_destroy(&turn);
    return err;
}
