/* A vault of evidence in a folder of its own, spoken to as the doors do. */
#ifndef TESTS_EVIDENCE_WORLD_H
#define TESTS_EVIDENCE_WORLD_H

#include "services/stage/clock.h"
#include "services/vault/evidence.h"
#include "tests/unit/evidence_samples.h"
#include "tests/sim/temporary.h"

enum { PIECE = LIMIT_EVIDENCE_PIECE, DAY_MS = 86400000 };

typedef struct {
    char folder[64];
    evidence_settings_t settings;
    evidence_store_t *store;
    int64_t now_ms;
    arena_t *arena;
    buffer_t out;
    packet_t answer;
} world_t;

static const uint8_t hash_key[HASH_KEY_SIZE] = {1, 2, 3};
static const evidence_settings_t usual = {.file_most = 1 << 20, .report_most = 1 << 20, .unit_most = 2 << 20,
                                          .orphan_ms = 60LL * DAY_MS, .scan_ms = 5000};

static inline world_t world_with(evidence_settings_t settings) {
    world_t self = {.arena = arena_new(), .settings = settings, .now_ms = 1000LL * DAY_MS};
    crypto_start();
    temporary_folder(self.folder, sizeof self.folder);
    assert_int_equal(evidence_open(self.folder, hash_key, &self.settings, &self.store), OK);
    return self;
}

static inline world_t world_new(void) { return world_with(usual); }

static inline void world_reopen(world_t *self) {
    evidence_close(&self->store);
    assert_int_equal(evidence_open(self->folder, hash_key, &self->settings, &self->store), OK);
}

static inline void world_end(world_t *self) {
    evidence_close(&self->store);
    buffer_destroy(&self->out);
    arena_destroy(&self->arena);
    temporary_remove(self->folder);
}

static inline uint32_t ask_at(world_t *self, door_t door, const message_t *type, const void *value) {
    buffer_t frame = {0};
    fault_t fault;
    packet_encode(7, type, value, &frame);
    buffer_clear(&self->out);
    evidence_take(self->store, door, (bytes_t){frame.at, (uint32_t)frame.size}, self->now_ms, &self->out);
    buffer_destroy(&frame);
    assert_int_equal(packet_decode((bytes_t){self->out.at, (uint32_t)self->out.size}, &self->answer, &fault), OK);
    assert_int_equal(self->answer.request_id, 7);
    return self->answer.kind;
}

static inline void answer_read(world_t *self, const message_t *type, void *value) {
    fault_t fault;
    assert_int_equal(self->answer.kind, type->kind);
    assert_int_equal(packet_body(&self->answer, type, self->arena, value, &fault), OK);
}

static inline void refused_as(world_t *self, const char *code) {
    refusal_t refusal;
    answer_read(self, refusal_type(), &refusal);
    assert_true(text_is(refusal.reasons[0].code, code));
    assert_true(refusal.reasons[0].zh.size > 0);
}

static inline void sha256_of(const buffer_t *file, uint8_t sha256[HASH_SIZE]) {
    sha256_t hash;
    sha256_begin(&hash);
    sha256_add(&hash, (bytes_t){file->at, (uint32_t)file->size});
    sha256_end(&hash, sha256);
}

static inline evidence_offer_t offer_of(const char *unit, const buffer_t *file) {
    evidence_offer_t offer = {.unit = text_of(unit), .size = file->size};
    sha256_of(file, offer.sha256);
    return offer;
}

static inline void offer(world_t *self, const char *unit, const buffer_t *file) {
    evidence_offer_t wanted = offer_of(unit, file);
    ask_at(self, door_gateway, evidence_offer_type(), &wanted);
}

static inline void piece(world_t *self, const char *unit, const buffer_t *file, uint64_t from, uint32_t size) {
    evidence_piece_t next = {.unit = text_of(unit), .offset = from, .bytes = {file->at + from, size}};
    sha256_of(file, next.sha256);
    ask_at(self, door_gateway, evidence_piece_type(), &next);
}

/* Offers and sends all of it; the last answer stays. */
static inline void send_all(world_t *self, const char *unit, const buffer_t *file) {
    evidence_at_t at;
    offer(self, unit, file);
    if (self->answer.kind != KIND_evidence_at) return;
    answer_read(self, evidence_at_type(), &at);
    while (!at.kept && at.offset < file->size) {
        uint64_t left = file->size - at.offset;
        piece(self, unit, file, at.offset, left < PIECE ? (uint32_t)left : PIECE);
        if (self->answer.kind != KIND_evidence_at) return;
        answer_read(self, evidence_at_type(), &at);
    }
}

static inline evidence_at_t kept(world_t *self, const char *unit, const buffer_t *file) {
    evidence_at_t at;
    send_all(self, unit, file);
    answer_read(self, evidence_at_type(), &at);
    assert_true(at.kept);
    return at;
}

static inline uint32_t fetch(world_t *self, door_t door, const char *unit, const buffer_t *file, uint64_t from) {
    evidence_fetch_t wanted = {.unit = text_of(unit), .offset = from};
    sha256_of(file, wanted.sha256);
    return ask_at(self, door, evidence_fetch_type(), &wanted);
}

static inline evidence_checked_t checked(world_t *self, const buffer_t *file) {
    evidence_check_ask_t wanted = {0};
    evidence_checked_t told;
    sha256_of(file, wanted.sha256);
    ask_at(self, door_operator, evidence_check_ask_type(), &wanted);
    answer_read(self, evidence_checked_type(), &told);
    return told;
}

static inline void erase(world_t *self, const buffer_t *file) {
    evidence_erase_t what = {0};
    sha256_of(file, what.sha256);
    ask_at(self, door_operator, evidence_erase_type(), &what);
}

static inline const char *path_of(world_t *self, const char *folder, const buffer_t *file) {
    uint8_t sha256[HASH_SIZE];
    sha256_of(file, sha256);
    text_t name = hex_of(sha256, HASH_SIZE, self->arena);
    return arena_format(self->arena, "%s/%s/" TEXT_FORMAT, self->folder, folder, TEXT_ARGS(name)).at;
}

static inline buffer_t pdf(size_t size, int number) {
    buffer_t file = {0};
    sample_pdf(&file, size, number);
    return file;
}

#endif
