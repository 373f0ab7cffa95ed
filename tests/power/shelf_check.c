/* Evidence files under power cuts: what was acknowledged is there, whole; what was not is whole or not there at all. */
#include "tests/power/shelf.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/wire.h"
#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "services/vault/evidence.h"
#include "tests/power/office.h"
#include "tests/unit/evidence_samples.h"

enum { FILES = 24, STATES = 96, SHOWN = 4 };
static const evidence_settings_t settings = {
    .file_most = 1 << 20, .report_most = 4 << 20, .unit_most = 16 << 20, .orphan_ms = 60LL * 86400000, .scan_ms = 5000};
static const char unit[] = "350104100";

/* What the vault promised in a state: files by number, a bit each. */
typedef struct {
    uint64_t kept, erased;
} promise_t;

typedef struct {
    shelf_t *shelf;
    promise_t states[STATES];
    uint32_t state_count;
    uint64_t seed;
    buffer_t files[FILES];
    uint8_t hashes[FILES][HASH_SIZE];
    buffer_t out;
    arena_t *arena;
    packet_t answer;
} work_t;

static void ask(work_t *self, evidence_store_t *store, door_t door, const message_t *type, const void *value) {
    buffer_t frame = {0};
    fault_t fault;
    arena_reset(self->arena);
    packet_encode(1, type, value, &frame);
    buffer_clear(&self->out);
    evidence_take(store, door, (bytes_t){frame.at, (uint32_t)frame.size}, 1000LL * 86400000, &self->out);
    buffer_destroy(&frame);
    err_t err = packet_decode((bytes_t){self->out.at, (uint32_t)self->out.size}, &self->answer, &fault);
    ASSERT(err == OK);
}

static bool is_kept(work_t *self) {
    evidence_at_t at;
    fault_t fault;
    bool read = self->answer.kind == KIND_evidence_at;
    read = read && packet_body(&self->answer, evidence_at_type(), self->arena, &at, &fault) == OK;
    return read && at.kept;
}

/* All of it, or `pieces` of it. true: it is said to be kept. */
static bool upload(work_t *self, evidence_store_t *store, uint32_t number, uint32_t pieces) {
    const buffer_t *file = &self->files[number];
    evidence_offer_t offer = {.unit = text_of(unit), .size = file->size};
    memcpy(offer.sha256, self->hashes[number], HASH_SIZE);
    ask(self, store, door_gateway, evidence_offer_type(), &offer);
    for (size_t at = 0; at < file->size && pieces > 0 && self->answer.kind == KIND_evidence_at && !is_kept(self); pieces--) {
        uint32_t size = file->size - at < LIMIT_EVIDENCE_PIECE ? (uint32_t)(file->size - at) : LIMIT_EVIDENCE_PIECE;
        evidence_piece_t piece = {.unit = text_of(unit), .offset = at, .bytes = {file->at + at, size}};
        memcpy(piece.sha256, self->hashes[number], HASH_SIZE);
        ask(self, store, door_gateway, evidence_piece_type(), &piece);
        at += size;
    }
    return is_kept(self);
}

static void files_make(work_t *self) {
    for (uint32_t number = 0; number < FILES; number++) {
        sha256_t hash;
        size_t size = number % 8 == 5 ? LIMIT_EVIDENCE_PIECE + 5000 : 200 + (size_t)(number * 977 + self->seed * 131) % 7000;
        sample_pdf(&self->files[number], size, (int)(number + 100 * (self->seed % 1000)));
        sha256_begin(&hash);
        sha256_add(&hash, (bytes_t){self->files[number].at, (uint32_t)self->files[number].size});
        sha256_end(&hash, self->hashes[number]);
    }
}

static void state_done(work_t *self, promise_t now) {
    self->states[self->state_count] = now;
    shelf_note(self->shelf, self->state_count, true);
}

static void state_begin(work_t *self) {
    ASSERT(self->state_count + 1 < STATES);
    shelf_note(self->shelf, ++self->state_count, false);
}

/* Files come, one of them twice, one stays half; now and then one is forgotten. */
static void work_record(work_t *self, const char *folder) {
    evidence_store_t *store = NULL;
    promise_t now = {0};
    err_t err = evidence_open(folder, office_vault_key, &settings, &store);
    ASSERT(err == OK);
    evidence_close(&store);
    self->shelf = shelf_begin(folder);
    err = evidence_open(folder, office_vault_key, &settings, &store);
    ASSERT(err == OK);
    for (uint32_t number = 0; number < FILES; number++) {
        state_begin(self);
        if (number % 8 == 5) (void)upload(self, store, number, 1); /* begun, then offered anew */
        bool kept = upload(self, store, number, UINT32_MAX);
        ASSERT(kept || number % 8 == 5);
        if (kept) now.kept |= UINT64_C(1) << number;
        state_done(self, now);
        if (number % 5 != 4) continue;
        uint32_t old = number - 2;
        evidence_erase_t erase = {0};
        memcpy(erase.sha256, self->hashes[old], HASH_SIZE);
        state_begin(self);
        ask(self, store, door_operator, evidence_erase_type(), &erase);
        ASSERT(self->answer.kind == KIND_evidence_erased);
        now.kept &= ~(UINT64_C(1) << old);
        now.erased |= UINT64_C(1) << old;
        state_done(self, now);
    }
    evidence_close(&store);
    shelf_end();
}

/* --- a state --- */

/* The bytes as they are told to their unit; an empty buffer: they are not. */
static bool is_served(work_t *self, evidence_store_t *store, uint32_t number, const char **wrong) {
    const buffer_t *file = &self->files[number];
    for (uint64_t at = 0; at < file->size; at += LIMIT_EVIDENCE_PIECE) {
        evidence_fetch_t fetch = {.unit = text_of(unit), .offset = at};
        evidence_told_t told;
        refusal_t refusal;
        fault_t fault;
        memcpy(fetch.sha256, self->hashes[number], HASH_SIZE);
        ask(self, store, door_gateway, evidence_fetch_type(), &fetch);
        if (packet_body(&self->answer, evidence_told_type(), self->arena, &told, &fault) == OK) {
            bool same = told.size == file->size && memcmp(told.bytes.at, file->at + at, told.bytes.size) == 0;
            if (!same) *wrong = "a torn file is served";
            if (!same) return false;
            continue;
        }
        bool read = packet_body(&self->answer, refusal_type(), self->arena, &refusal, &fault) == OK;
        bool damaged = read && text_is(refusal.reasons[0].code, "evidence_damaged");
        if (!read || damaged) *wrong = "a file is kept whose bytes are damaged";
        return false;
    }
    return true;
}

/* One after the other as they were promised: of an older state all, of the newest that may be there each at its will. */
static const char *files_check(work_t *self, evidence_store_t *store, const shelf_crash_t *crash) {
    const promise_t *must = &self->states[crash->must], *may = &self->states[crash->may];
    const char *wrong = NULL;
    for (uint32_t number = 0; wrong == NULL && number < FILES; number++) {
        uint64_t bit = UINT64_C(1) << number;
        bool served = is_served(self, store, number, &wrong), newer = ((must->kept ^ may->kept) & bit) != 0;
        if (wrong != NULL || newer) continue;
        if (served != ((must->kept & bit) != 0)) wrong = served ? "what was erased is served" : "an acknowledged file is not there";
    }
    return wrong;
}

/* Sent again it is kept, and kept for good. */
static const char *work_on(work_t *self, evidence_store_t **store, const char *folder, const shelf_crash_t *crash) {
    evidence_found_t found;
    uint32_t number = crash->point % FILES;
    bool erased = ((self->states[crash->may].erased >> number) & 1) != 0;
    bool kept = upload(self, *store, number, UINT32_MAX);
    const char *wrong = kept || erased ? NULL : "it does not go on";
    evidence_close(store);
    if (wrong == NULL && evidence_verify(folder, office_vault_key, &found) != OK) wrong = "it is not whole";
    if (wrong == NULL && found.absent + found.damaged > 0) wrong = "it lacks a file, or has a damaged one";
    if (wrong == NULL && evidence_open(folder, office_vault_key, &settings, store) != OK) wrong = "nor does it open again";
    const char *torn = NULL;
    if (wrong == NULL && kept && !is_served(self, *store, number, &torn)) wrong = "what was sent again is not there";
    return wrong;
}

static const char *state_check(work_t *self, const char *folder, const shelf_crash_t *crash) {
    evidence_store_t *store = NULL;
    if (evidence_open(folder, office_vault_key, &settings, &store) != OK) return "the store of evidence does not open";
    const char *wrong = files_check(self, store, crash);
    if (wrong == NULL && (crash->point + crash->sample) % 8 == 0) wrong = work_on(self, &store, folder, crash);
    evidence_close(&store);
    return wrong;
}

/* --- ways --- */

typedef struct {
    const char *name;
    bool deaf_to_bytes, deaf_to_rows, deaf_to_names, sound;
} way_t;
static const way_t ways[] = {{"evidence, as shipped", false, false, false, true},
                             {"evidence, bytes not synced", true, false, false, false},
                             {"evidence, rows not synced", false, true, false, false},
                             {"evidence, names not synced", false, false, true, false}};

static void work_destroy(work_t *self) {
    shelf_destroy(&self->shelf);
    for (uint32_t number = 0; number < FILES; number++) buffer_destroy(&self->files[number]);
    buffer_destroy(&self->out);
    arena_destroy(&self->arena);
}

/* One piece of work and its states. */
static void slice(const way_t *way, uint64_t wanted, uint64_t seed, uint64_t *states, uint64_t *violations, uint64_t *writes) {
    work_t work = {.seed = seed, .arena = arena_new()};
    char base[OFFICE_PATH], recorded[OFFICE_PATH + 16], laid[OFFICE_PATH + 16];
    office_folder(base, sizeof base);
    snprintf(recorded, sizeof recorded, "%s/recorded", base);
    snprintf(laid, sizeof laid, "%s/laid", base);
    ASSERT(home_make_folder(recorded) == OK);
    files_make(&work);
    shelf_deaf_to_bytes = way->deaf_to_bytes;
    shelf_deaf_to_rows = way->deaf_to_rows;
    shelf_deaf_to_names = way->deaf_to_names;
    work_record(&work, recorded);
    shelf_deaf_to_bytes = shelf_deaf_to_rows = shelf_deaf_to_names = false;
    *writes += shelf_writes(work.shelf);
    shelf_walk_t *walk = shelf_walk_new(work.shelf, (uint32_t)(wanted / (shelf_writes(work.shelf) + 1) + 4), seed);
    shelf_crash_t crash;
    while (shelf_next(walk, &crash)) {
        shelf_lay(walk, laid);
        const char *wrong = state_check(&work, laid, &crash);
        ++*states;
        if (wrong == NULL) continue;
        if (++*violations <= SHOWN)
            printf("  %s: evidence: %s (seed %" PRIu64 ", point %u, sample %u; promised %u, possible %u)\n",
                   way->sound ? "VIOLATION" : "found", wrong, seed, crash.point, crash.sample, crash.must, crash.may);
    }
    shelf_walk_destroy(&walk);
    work_destroy(&work);
    office_remove(base);
}

bool evidence_power(uint64_t wanted, uint64_t seed, uint32_t *passed, uint32_t *failed) {
    enum { SLICE = 20000, CONTROL = 500 };
    bool all = true;
    for (size_t index = 0; index < sizeof ways / sizeof ways[0]; index++) {
        const way_t *way = &ways[index];
        uint64_t states = 0, violations = 0, writes = 0, most = way->sound ? wanted : CONTROL;
        int64_t begun_ms = clock_steady_ms();
        for (uint64_t turn = 0; states < most && (violations == 0 || !way->sound); turn++)
            slice(way, most - states < SLICE ? most - states : SLICE, seed + turn, &states, &violations, &writes);
        bool good = way->sound ? violations == 0 : violations > 0;
        printf("power: %s: %" PRIu64 " crash states of %" PRIu64 " writes, %" PRIu64 " violations (%s), %" PRId64 " s\n", way->name,
               states, writes, violations, good ? way->sound ? "none may be" : "some must be" : "WRONG",
               (clock_steady_ms() - begun_ms) / 1000);
        *passed += good;
        *failed += !good;
        all &= good;
    }
    return all;
}
