/* A report without what is not its content, encoded canonically and hashed. */
#include "proto/content.h"

#include <string.h>

#include "proto/wire.h"

static void commitment_clear(personal_t *person) { memset(person->commitment, 0, sizeof person->commitment); }

/* Lists of a decoded report are shared and const: a figure that names persons gets its own rows. */
static const item_t *items_bare(const figure_t *figure, arena_t *arena) {
    if (figure->items_count == 0) return NULL;
    item_t *items = ARENA_NEW(arena, item_t, figure->items_count);
    memcpy(items, figure->items, sizeof *items * figure->items_count);
    for (uint32_t index = 0; index < figure->items_count; index++) commitment_clear(&items[index].person);
    return items;
}

static report_t report_bare(const report_t *report, arena_t *arena) {
    report_t bare = *report;
    figure_t *figures = ARENA_NEW(arena, figure_t, report->figures_count);
    for (uint32_t index = 0; index < report->figures_count; index++) {
        figures[index] = report->figures[index];
        figures[index].items = items_bare(&report->figures[index], arena);
    }
    bare.figures = figures;
    commitment_clear(&bare.prepared_by);
    commitment_clear(&bare.reviewed_by);
    commitment_clear(&bare.signed_by);
    return bare;
}

static bool is_committed(const personal_t *person) { return !bytes_are_zero(person->commitment, sizeof person->commitment); }

static bool has_commitments(const report_t *report) {
    for (uint32_t figure = 0; figure < report->figures_count; figure++)
        for (uint32_t item = 0; item < report->figures[figure].items_count; item++)
            if (is_committed(&report->figures[figure].items[item].person)) return true;
    return is_committed(&report->prepared_by) || is_committed(&report->reviewed_by) || is_committed(&report->signed_by);
}

bool report_content_hash(const report_t *report, bytes_t encoded, arena_t *arena, uint8_t out[HASH_SIZE]) {
    if (encoded.size > 0 && !has_commitments(report)) return hash_of(encoded, out), true;
    report_t bare = report_bare(report, arena);
    buffer_t bytes = {0};
    wire_encode(report_type(), &bare, &bytes);
    hash_of((bytes_t){bytes.at, (uint32_t)bytes.size}, out);
    buffer_destroy(&bytes);
    return false;
}

void received_content_hash(const report_received_t *received, arena_t *arena, uint8_t out[HASH_SIZE]) {
    if (bytes_are_zero(received->content_hash, sizeof received->content_hash))
        report_content_hash(&received->report, (bytes_t){NULL, 0}, arena, out);
    else
        memmove(out, received->content_hash, HASH_SIZE);
}

/* What follows the period and `replaces`, which is not written where it is 0: tag and shortest number. `period`: a view into
 * `encoded`, as every text that was read is. */
static bytes_t body_behind(bytes_t encoded, bytes_t period, uint64_t replaces) {
    const uint8_t *from = period.at + period.size, *end = encoded.at + encoded.size;
    if (replaces != 0) from += replaces < 0x80 ? 2 : replaces <= UINT8_MAX ? 3 : replaces <= UINT16_MAX ? 4 : 6;
    ASSERT(from > encoded.at && from <= end);
    return (bytes_t){from, (uint32_t)(end - from)};
}

void report_body_hash(const report_t *report, bytes_t encoded, arena_t *arena, uint8_t out[QUICK_SIZE]) {
    bytes_t period = {(const uint8_t *)report->period.at, report->period.size};
    if (encoded.size > 0 && !has_commitments(report)) {
        hash_quick(body_behind(encoded, period, report->replaces), out);
        return;
    }
    report_t bare = report_bare(report, arena);
    buffer_t written = {0};
    wire_encode(report_type(), &bare, &written);
    bytes_t bytes = {written.at, (uint32_t)written.size};
    hash_quick(body_behind(bytes, wire_peek(report_type(), bytes, offsetof(report_t, period)), report->replaces), out);
    buffer_destroy(&written);
}
