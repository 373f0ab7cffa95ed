/* Evidence and names that a report leaves to the one before it. */
#include "services/gateway/before.h"

#include <stddef.h>
#include <string.h>

#include "services/vault/privacy.h"

void before_keep(before_t *self, const report_t *report, bytes_t encoded, arena_t *arena) {
    report_t *kept = arena_room(arena, sizeof *kept); /* the door swaps names in the other */
    *kept = *report;
    *self = (before_t){.report = kept, .encoded = encoded, .given = self->given};
}

void before_forget(before_t *self) { *self = (before_t){.given = self->given}; }

static bool is_stated(const personal_t *person) {
    return person->text.size > 0 || person_is_swapped(person);
}

static bool states_own(const report_t *report) {
    return report->evidence_count > 0 || is_stated(&report->prepared_by) || is_stated(&report->reviewed_by) ||
           is_stated(&report->signed_by);
}

static void evidence_look(before_t *self) {
    if (!self->looked && self->encoded.size > 0)
        self->evidence = wire_peek(report_type(), self->encoded, offsetof(report_t, evidence));
    self->looked = true;
}

/* The bytes of a report that says nothing behind its evidence, with those of the report before it, which says nothing behind it
 * either: the field at its end, whose tag takes one byte, and one field more in the head, which counts less than fifteen. */
static bytes_t spliced(const before_t *self, bytes_t encoded, arena_t *arena) {
    bytes_t field = {self->evidence.at - 1, self->evidence.size + 1};
    uint8_t *whole = arena_room(arena, encoded.size + field.size);
    memcpy(whole, encoded.at, encoded.size);
    memcpy(whole + encoded.size, field.at, field.size);
    whole[0]++;
    return (bytes_t){whole, encoded.size + field.size};
}

static bool ends_at(bytes_t part, bytes_t whole) { return part.size > 0 && part.at + part.size == whole.at + whole.size; }

static bool fault_at(fault_t *fault, const char *code) {
    *fault = (fault_t){.code = code, .path = "as_before"};
    return false;
}

bool before_take(before_t *self, report_t *report, bytes_t *encoded, arena_t *arena, fault_t *fault) {
    if (self->report == NULL) return fault_at(fault, "missing_field");
    if (states_own(report)) return fault_at(fault, "not_canonical");
    evidence_look(self);
    self->given += self->evidence.size;
    if (self->given > LIMIT_EDGE_FRAME) return fault_at(fault, "too_long");
    report->evidence = self->report->evidence;
    report->evidence_count = self->report->evidence_count;
    report->prepared_by = self->report->prepared_by;
    report->reviewed_by = self->report->reviewed_by;
    report->signed_by = self->report->signed_by;
    bool at_end = ends_at(self->evidence, self->encoded) && encoded->size > 0 && report->explanations_count == 0;
    *encoded = at_end ? spliced(self, *encoded, arena) : (bytes_t){NULL, 0};
    return true;
}
