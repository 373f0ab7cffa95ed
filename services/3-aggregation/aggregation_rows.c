/* What dossiers and shelves hold, as it lies in their rows: one behind the other, numbers in a fixed width, little endian. Of a
 * dossier a commit writes a dozen obligations, and each report lays one revision down: packed field by field both were a tenth of
 * its work. */
#include "services/3-aggregation/aggregation_rules.h"

#include <endian.h>
#include <string.h>

enum { KEPT_PACKED, KEPT_PLAIN };             /* what follows */
enum { PLAIN_COVERED = 1, PLAIN_STATED = 2 }; /* flags of a plain revision: kept, stated_seq and stated_ms stand behind it */
enum { /* bytes, at the most */
    HEAD_MOST = 8 + 1 + 4, /* whose it is, what follows, and how much where it is packed */
    PLAIN_MOST = 4 * 8 + 2 + LIMIT_ID + 3 * 8,
    OBLIGATION_MOST = 2 + 2 * 8 /* a plain one, before its revision */
};

/* ---------- laying ---------- */

static uint8_t *number_lay(uint8_t *at, uint64_t number, size_t size) {
    uint64_t little = htole64(number);
    memcpy(at, &little, size);
    return at + size;
}

static uint8_t *bytes_lay(uint8_t *at, bytes_t bytes) {
    if (bytes.size > 0) memcpy(at, bytes.at, bytes.size);
    return at + bytes.size;
}

static uint8_t *packed_lay(uint8_t *at, bytes_t packed) { return bytes_lay(number_lay(at, packed.size, 4), packed); }

static uint8_t *plain_lay(uint8_t *at, const agg_plain_t *plain) {
    bool stated = (plain->kept | plain->stated_seq | plain->stated_ms) != 0;
    ASSERT(plain->indicator.size <= LIMIT_ID);
    at = number_lay(number_lay(at, plain->seq, 8), plain->received_ms, 8);
    at = number_lay(number_lay(at, plain->amount, 8), plain->evidence, 4);
    at = number_lay(at, plain->day, 4);
    at = number_lay(at, (plain->covered ? PLAIN_COVERED : 0) | (stated ? PLAIN_STATED : 0), 1);
    at = number_lay(at, plain->indicator.size, 1);
    at = bytes_lay(at, (bytes_t){(const uint8_t *)plain->indicator.at, plain->indicator.size});
    if (!stated) return at;
    return number_lay(number_lay(number_lay(at, plain->kept, 8), plain->stated_seq, 8), plain->stated_ms, 8);
}

void leaf_lay(const agg_leaf_t *leaf, buffer_t *out) {
    bool plain = leaf->obligation.size == 0;
    uint8_t *at = buffer_room(out, HEAD_MOST + OBLIGATION_MOST + PLAIN_MOST + leaf->obligation.size);
    at = number_lay(number_lay(at, leaf->period_from, 4), plain ? KEPT_PLAIN : KEPT_PACKED, 1);
    if (plain) {
        at = number_lay(number_lay(at, leaf->standing, 1), leaf->timeliness, 1);
        at = number_lay(number_lay(at, leaf->revision, 4), leaf->days_late, 4);
        at = plain_lay(number_lay(at, leaf->first_valid_ms, 8), &leaf->counting);
    } else {
        at = packed_lay(at, leaf->obligation);
    }
    out->size = (size_t)(at - out->at);
}

void laid_lay(const agg_laid_t *laid, buffer_t *out) {
    bool plain = laid->revision.size == 0;
    uint8_t *at = buffer_room(out, HEAD_MOST + PLAIN_MOST + laid->revision.size);
    at = number_lay(number_lay(at, laid->seq, 8), plain ? KEPT_PLAIN : KEPT_PACKED, 1);
    at = plain ? plain_lay(at, &laid->plain) : packed_lay(at, laid->revision);
    out->size = (size_t)(at - out->at);
}

/* ---------- taking ---------- */

typedef struct {
    bytes_t row;
    uint32_t at;
    bool broken;
} unread_t;

static bytes_t bytes_take(unread_t *self, uint64_t size) {
    bytes_t bytes = {self->row.at + self->at, (uint32_t)size};
    if (size > self->row.size - self->at) self->broken = true;
    if (self->broken) return (bytes_t){NULL, 0};
    self->at += bytes.size;
    return bytes;
}

static uint64_t number_take(unread_t *self, uint32_t size) {
    uint64_t little = 0;
    bytes_t bytes = bytes_take(self, size);
    if (bytes.size > 0) memcpy(&little, bytes.at, bytes.size);
    return le64toh(little);
}

static bytes_t packed_take(unread_t *self) {
    bytes_t packed = bytes_take(self, number_take(self, 4));
    if (packed.size == 0) self->broken = true;
    return packed;
}

static agg_plain_t plain_take(unread_t *self) {
    agg_plain_t plain = {.seq = number_take(self, 8)};
    plain.received_ms = number_take(self, 8);
    plain.amount = number_take(self, 8);
    plain.evidence = (uint32_t)number_take(self, 4);
    plain.day = (uint32_t)number_take(self, 4);
    uint64_t flags = number_take(self, 1);
    bytes_t indicator = bytes_take(self, number_take(self, 1));
    plain.indicator = (text_t){(const char *)indicator.at, indicator.size};
    plain.covered = (flags & PLAIN_COVERED) != 0;
    if (flags > (PLAIN_COVERED | PLAIN_STATED) || indicator.size > LIMIT_ID) self->broken = true;
    if ((flags & PLAIN_STATED) == 0) return plain;
    plain.kept = number_take(self, 8);
    plain.stated_seq = number_take(self, 8);
    plain.stated_ms = number_take(self, 8);
    return plain;
}

/* true: it is plain. */
static bool kept_take(unread_t *self) {
    uint64_t kept = number_take(self, 1);
    if (kept != KEPT_PLAIN && kept != KEPT_PACKED) self->broken = true;
    return kept == KEPT_PLAIN;
}

static void obligation_take(unread_t *self, agg_leaf_t *leaf) {
    uint64_t standing = number_take(self, 1), timeliness = number_take(self, 1);
    if (word_find(standing_words, (uint32_t)standing) == NULL || word_find(timeliness_words, (uint32_t)timeliness) == NULL)
        self->broken = true;
    leaf->standing = (standing_t)standing;
    leaf->timeliness = (timeliness_t)timeliness;
    leaf->revision = (uint32_t)number_take(self, 4);
    leaf->days_late = (uint32_t)number_take(self, 4);
    leaf->first_valid_ms = number_take(self, 8);
    leaf->counting = plain_take(self);
}

static bool taken(const unread_t *self, uint32_t *at) {
    if (!self->broken) *at = self->at;
    return !self->broken;
}

bool leaf_take(bytes_t row, uint32_t *at, agg_leaf_t *leaf) {
    unread_t from = {.row = row, .at = *at};
    *leaf = (agg_leaf_t){.period_from = (uint32_t)number_take(&from, 4)};
    if (kept_take(&from)) obligation_take(&from, leaf);
    else leaf->obligation = packed_take(&from);
    return taken(&from, at);
}

bool laid_take(bytes_t row, uint32_t *at, agg_laid_t *laid) {
    unread_t from = {.row = row, .at = *at};
    *laid = (agg_laid_t){.seq = number_take(&from, 8)};
    if (kept_take(&from)) laid->plain = plain_take(&from);
    else laid->revision = packed_take(&from);
    return taken(&from, at);
}
