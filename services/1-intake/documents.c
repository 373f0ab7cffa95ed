/* Documents that leave the house: announced for objections, then published under the next number; kept in parts, for ever. */
#include <string.h>

#include "services/1-intake/intake_rules.h"
#include "services/1-intake/state.h"
#include "services/plan/calendar.h"
#include "services/vault/privacy.h"

static store_key_t key_of_document(document_kind_t kind, text_t period) {
    store_key_t key = key_new();
    key_add_u64(&key, (uint64_t)kind);
    key_add_text(&key, period);
    return key;
}

static store_key_t key_of_piece(const uint8_t hash[HASH_SIZE], uint64_t index) {
    store_key_t key = key_new();
    key_add_bytes(&key, hash, HASH_SIZE);
    key_add_u64(&key, index);
    return key;
}

/* The pieces stay where they came in: in their entries. */
static bool piece_get(txn_t *txn, const uint8_t hash[HASH_SIZE], uint64_t index, arena_t *arena, document_part_t *part,
                      uint64_t *seq) {
    store_key_t key = key_of_piece(hash, index);
    intake_part_t row;
    event_t event;
    fault_t fault = {0};
    if (!txn_get(txn, TABLE_PIECES, &key, arena, &row)) return false;
    *seq = row.seq;
    return txn_event(txn, row.seq, arena, &event, NULL) && event_body(&event, document_part_type(), arena, part, &fault) == OK;
}

void on_document_part(visit_t *visit, const command_t *command, const packet_t *body) {
    intake_t *self = visit->intake;
    document_part_t part, kept;
    uint64_t seq = 0;
    if (!visit_body(visit, body, document_part_type(), &part)) return;
    if (!remark_is_clean(visit, (text_t){(const char *)part.bytes.at, part.bytes.size})) return; /* before the ink */
    bool same = piece_get(self->group, part.hash, part.index, self->arena, &kept, &seq) && kept.bytes.size == part.bytes.size &&
                memcmp(kept.bytes.at, part.bytes.at, part.bytes.size) == 0;
    if (!same) { /* otherwise an earlier try brought it */
        seq = group_append(self, document_part_type(), &part, group_stamp(self));
        store_key_t key = key_of_piece(part.hash, part.index);
        txn_put(self->group, TABLE_PIECES, &key, &(intake_part_t){.seq = seq});
    }
    command_obeyed(visit, command, seq);
}

/* What the operator's command says of a document, and what the parts before it make up. */
typedef struct {
    document_kind_t kind;
    text_t period;
    const uint8_t *hash;
    uint64_t size, parts, as_of, number;
} announced_t;

static bool edition_read(visit_t *visit, const announced_t *claim, edition_t *edition) {
    intake_t *self = visit->intake;
    uint8_t *bytes = arena_take(self->arena, (size_t)claim->size + 1);
    uint64_t size = 0, seq = 0;
    document_part_t part;
    for (uint64_t index = 0; index < claim->parts; index++) {
        bool there = piece_get(self->group, claim->hash, index, self->arena, &part, &seq);
        if (!there || size + part.bytes.size > claim->size) return false;
        memcpy(bytes + size, part.bytes.at, part.bytes.size);
        size += part.bytes.size;
    }
    bytes_t whole = {bytes, (uint32_t)size};
    uint8_t hash[HASH_SIZE];
    fault_t fault = {0};
    hash_of(whole, hash);
    return size == claim->size && memcmp(hash, claim->hash, sizeof hash) == 0 &&
           wire_decode(edition_type(), whole, self->arena, edition, &fault) == OK;
}

/* Do the parts make up this very document, as of an entry that we have? Refuses otherwise. */
static bool claim_holds(visit_t *visit, const announced_t *claim) {
    intake_t *self = visit->intake;
    edition_t edition;
    if (!edition_read(visit, claim, &edition)) {
        visit_refuse(visit, REASON_OF(document_part_missing), text_of("hash"), NULL, 0);
        return false;
    }
    bool same = edition.kind == claim->kind && text_equal(edition.period, claim->period) && edition.as_of == claim->as_of &&
                edition.number == claim->number && text_equal(edition.plan, self->plan_id);
    if (!same || claim->as_of > self->tail_seq) {
        visit_refuse(visit, REASON_OF(out_of_range), text_of(same ? "as_of" : "hash"), NULL, 0);
        return false;
    }
    return true;
}

static bool period_is_known(visit_t *visit, document_kind_t kind, text_t period) {
    bool known = kind == document_kind_bulletin && planbook_period(visit->intake->book, period) != NULL;
    if (known || (kind == document_kind_summary && period.size == 0)) return true;
    visit_refuse(visit, REASON_OF(unknown_period), text_of("period"), &period, 1);
    return false;
}

text_t document_shown(const intake_t *self, document_kind_t kind, text_t period) {
    return arena_format(self->arena, "%s%s" TEXT_FORMAT, WORD_ZH(document_kind, kind), period.size > 0 ? " " : "",
                        TEXT_ARGS(period));
}

bool document_is_out(visit_t *visit, const intake_document_t *row, document_kind_t kind, text_t period) {
    if (row->published_seq == 0) return false;
    text_t args[] = {document_shown(visit->intake, kind, period),
                     arena_format(visit->intake->arena, "%llu", (unsigned long long)row->published_seq)};
    visit_refuse(visit, REASON_OF(document_known), text_of("period"), args, 2);
    return true;
}

bool document_row_get(txn_t *txn, document_kind_t kind, text_t period, arena_t *arena, intake_document_t *row) {
    store_key_t key = key_of_document(kind, period);
    return txn_get(txn, TABLE_DOCUMENTS, &key, arena, row);
}

void on_document_announced(visit_t *visit, const command_t *command, const packet_t *body) {
    intake_t *self = visit->intake;
    document_announced_t told;
    if (!visit_body(visit, body, document_announced_type(), &told) || !period_is_known(visit, told.kind, told.period)) return;
    announced_t claim = {told.kind, told.period, told.hash, told.size, told.parts, told.as_of, 0};
    store_key_t key = key_of_document(told.kind, told.period);
    intake_document_t row = {0};
    if (txn_get(self->group, TABLE_DOCUMENTS, &key, self->arena, &row) && document_is_out(visit, &row, told.kind, told.period))
        return;
    if (!claim_holds(visit, &claim)) return;
    int64_t at_ms = group_stamp(self);
    told.actor = visit->actor;
    row.announced_seq = group_append(self, document_announced_type(), &told, at_ms);
    row.announced_ms = (uint64_t)at_ms;
    row.open_until_ms = (uint64_t)working_hours_after(planbook_plan(self->book), at_ms, LIMIT_OBJECTION_HOURS);
    txn_put(self->group, TABLE_DOCUMENTS, &key, &row);
    command_obeyed(visit, command, row.announced_seq);
}

/* How many of a kind are out. */
static uint64_t published_count(const intake_t *self, document_kind_t kind) {
    uint64_t count = 0;
    store_key_t prefix = key_new();
    key_add_u64(&prefix, (uint64_t)kind);
    intake_document_t row;
    scan_t scan = scan_begin(self->group, TABLE_DOCUMENTS, &prefix, NULL);
    while (scan_next(&scan, self->arena, &row)) count += row.published_seq > 0;
    scan_end(&scan);
    return count;
}

/* Announced, the window over, the number the next one? Refuses otherwise. */
static bool may_be_published(visit_t *visit, const document_published_t *told, const intake_document_t *row, int64_t now_ms) {
    intake_t *self = visit->intake;
    text_t shown = document_shown(self, told->kind, told->period);
    if (document_is_out(visit, row, told->kind, told->period)) return false;
    if (row->announced_seq == 0) {
        visit_refuse(visit, REASON_OF(document_unannounced), text_of("period"), &shown, 1);
        return false;
    }
    if (now_ms < (int64_t)row->open_until_ms) {
        text_t until = due_told(self, row->open_until_ms);
        visit_refuse(visit, REASON_OF(objections_open), text_of("period"), &until, 1);
        return false;
    }
    if (!objections_are_answered(visit, told->kind, told->period)) return false;
    uint64_t next = published_count(self, told->kind) + 1;
    if (told->number == next) return true;
    text_t args[] = {arena_format(self->arena, "%llu", (unsigned long long)told->number),
                     arena_format(self->arena, "%llu", (unsigned long long)next)};
    visit_refuse(visit, REASON_OF(document_number), text_of("number"), args, 2);
    return false;
}

void on_document_published(visit_t *visit, const command_t *command, const packet_t *body) {
    intake_t *self = visit->intake;
    document_published_t told;
    if (!visit_body(visit, body, document_published_type(), &told) || !period_is_known(visit, told.kind, told.period)) return;
    announced_t claim = {told.kind, told.period, told.hash, told.size, told.parts, told.as_of, told.number};
    store_key_t key = key_of_document(told.kind, told.period);
    intake_document_t row = {0};
    (void)txn_get(self->group, TABLE_DOCUMENTS, &key, self->arena, &row); /* not there: not announced */
    int64_t at_ms = group_stamp(self);
    if (!may_be_published(visit, &told, &row, at_ms) || !claim_holds(visit, &claim)) return;
    told.actor = visit->actor;
    row.published_seq = group_append(self, document_published_type(), &told, at_ms);
    row.published_ms = (uint64_t)at_ms;
    txn_put(self->group, TABLE_DOCUMENTS, &key, &row);
    command_obeyed(visit, command, row.published_seq);
}

/* --- the desk --- */

bool document_part_find(txn_t *txn, const document_part_ask_t *ask, arena_t *arena, document_part_t *part) {
    uint64_t seq = 0;
    return piece_get(txn, ask->hash, ask->index, arena, part, &seq);
}

static void document_fill(txn_t *txn, const intake_document_t *kept, arena_t *arena, document_row_t *row) {
    event_t event;
    fault_t fault = {0};
    row->announced_seq = kept->announced_seq;
    row->announced_ms = kept->announced_ms;
    row->open_until_ms = kept->open_until_ms;
    row->published_seq = kept->published_seq;
    row->published_ms = kept->published_ms;
    if (kept->announced_seq > 0 && txn_event(txn, kept->announced_seq, arena, &event, NULL))
        (void)event_body(&event, document_announced_type(), arena, &row->announced, &fault);
    if (kept->published_seq > 0 && txn_event(txn, kept->published_seq, arena, &event, NULL))
        (void)event_body(&event, document_published_type(), arena, &row->published, &fault);
}

void documents_list(txn_t *txn, const documents_ask_t *ask, arena_t *arena, documents_t *told) {
    document_row_t *rows = ARENA_NEW(arena, document_row_t, LIMIT_ROWS);
    *told = (documents_t){.as_of = txn_head(txn).seq, .rows = rows};
    store_key_t all = key_new();
    if (ask->kind != document_kind_none) key_add_u64(&all, (uint64_t)ask->kind);
    scan_t scan = scan_begin(txn, TABLE_DOCUMENTS, &all, NULL);
    intake_document_t kept;
    for (uint64_t index = 0; !told->more && scan_next(&scan, arena, &kept); index++) {
        if (index < ask->after) continue;
        told->more = told->rows_count == LIMIT_ROWS;
        if (told->more) break;
        document_row_t *row = &rows[told->rows_count++];
        uint32_t at = 0;
        *row = (document_row_t){.kind = (document_kind_t)key_next_u64(scan.key, &at)};
        row->period = arena_text(arena, key_next_text(scan.key, &at));
        document_fill(txn, &kept, arena, row);
    }
    scan_end(&scan);
}
