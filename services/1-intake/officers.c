/* Officers: who signs commands, in which office. Registered by the root key, known here as of the last entry appended. */
#include <string.h>

#include "proto/command.h"
#include "services/1-intake/intake_rules.h"
#include "services/1-intake/state.h"

static store_key_t key_of_officer(text_t officer) {
    store_key_t key = key_new();
    key_add_text(&key, officer);
    return key;
}

static intake_officer_t *officer_at(const intake_t *self, text_t officer) {
    for (uint32_t index = 0; index < self->officer_count; index++)
        if (text_equal(self->officers[index].officer.officer, officer)) return &self->officers[index];
    return NULL;
}

const intake_officer_t *officer_find(const intake_t *self, text_t officer) { return officer_at(self, officer); }

/* Replaces what is known of the officer. Its texts are copied: they outlive the frame. */
static void officer_know(intake_t *self, const intake_officer_t *row) {
    intake_officer_t *place = officer_at(self, row->officer.officer);
    if (place == NULL) place = &self->officers[self->officer_count++];
    *place = *row;
    place->officer.officer = arena_text(self->kept, row->officer.officer);
    place->officer.unit = arena_text(self->kept, row->officer.unit);
    place->officer.title = arena_text(self->kept, row->officer.title);
}

err_t officers_load(intake_t *self, txn_t *txn) {
    self->officers = ARENA_NEW(self->kept, intake_officer_t, LIMIT_OFFICERS);
    store_key_t all = key_new();
    scan_t scan = scan_begin(txn, TABLE_OFFICERS, &all, NULL);
    intake_officer_t row;
    while (self->officer_count < LIMIT_OFFICERS && scan_next(&scan, self->arena, &row)) officer_know(self, &row);
    scan_end(&scan);
    return txn_error(txn);
}

/* --- who signed a command --- */

static bool actor_of_root(visit_t *visit, const command_t *command) {
    visit->actor = (actor_t){.office = office_root, .credential = credential_signature, .door = visit->door};
    return command_verify(command, visit->intake->opened.operator_key);
}

static bool actor_of_officer(visit_t *visit, const command_t *command, const intake_officer_t *row) {
    visit->actor = (actor_t){.officer = row->officer.officer,
                             .office = row->officer.office,
                             .unit = row->officer.unit,
                             .generation = row->officer.generation,
                             .credential = credential_signature,
                             .door = visit->door};
    return command_verify(command, row->officer.key);
}

bool actor_holds(visit_t *visit, const command_t *command) {
    const intake_officer_t *row = command->officer.size == 0 ? NULL : officer_at(visit->intake, command->officer);
    if (command->officer.size > 0 && (row == NULL || row->revoked_seq != 0)) {
        visit_refuse(visit, REASON_OF(unknown_officer), text_of("officer"), &command->officer, 1);
        return false;
    }
    if (row == NULL ? actor_of_root(visit, command) : actor_of_officer(visit, command, row)) return true;
    visit_refuse(visit, REASON_OF(bad_signature), text_of("signature"), NULL, 0);
    return false;
}

/* --- registering and ending --- */

/* One key, one officer: otherwise nobody could say who signed. */
static bool key_is_free(visit_t *visit, const officer_registered_t *entry) {
    intake_t *self = visit->intake;
    text_t holder = text_of(memcmp(entry->key, self->opened.operator_key, sizeof entry->key) == 0 ? "root" : NULL);
    for (uint32_t index = 0; holder.size == 0 && index < self->officer_count; index++)
        if (memcmp(entry->key, self->officers[index].officer.key, sizeof entry->key) == 0)
            holder = self->officers[index].officer.officer;
    if (holder.size == 0) return true;
    visit_refuse(visit, REASON_OF(key_taken), text_of("key"), &holder, 1);
    return false;
}

static bool officer_may_be_registered(visit_t *visit, const officer_registered_t *entry) {
    intake_t *self = visit->intake;
    const intake_officer_t *known = officer_at(self, entry->officer);
    text_t code = officer_refusal(entry->office, entry->unit);
    if (code.size > 0) {
        visit_refuse(visit, code, text_of(entry->unit.size == 0 ? "unit" : "office"), NULL, 0);
        return false;
    }
    if (entry->unit.size > 0 && unit_position(self, entry->unit) == UNIT_UNKNOWN) {
        visit_refuse(visit, REASON_OF(unknown_unit), text_of("unit"), &entry->unit, 1);
        return false;
    }
    uint64_t newest = known == NULL ? 0 : known->officer.generation;
    code = generation_refusal(entry->generation, newest);
    if (code.size > 0) {
        text_t args[] = {arena_format(self->arena, "%llu", (unsigned long long)entry->generation),
                         arena_format(self->arena, "%llu", (unsigned long long)newest + 1)};
        visit_refuse(visit, code, text_of("generation"), args, 2);
        return false;
    }
    if (known != NULL || self->officer_count < LIMIT_OFFICERS) return key_is_free(visit, entry);
    visit_refuse(visit, REASON_OF(too_many), text_of("officer"), NULL, 0);
    return false;
}

void on_officer_registered(visit_t *visit, const command_t *command, const packet_t *body) {
    intake_t *self = visit->intake;
    intake_officer_t row = {0};
    if (!visit_body(visit, body, officer_registered_type(), &row.officer) || !remark_is_clean(visit, row.officer.title)) return;
    if (!officer_may_be_registered(visit, &row.officer)) return;
    row.registered_seq = group_append(self, officer_registered_type(), &row.officer, group_stamp(self));
    store_key_t key = key_of_officer(row.officer.officer);
    txn_put(self->group, TABLE_OFFICERS, &key, &row);
    officer_know(self, &row);
    command_obeyed(visit, command, row.registered_seq);
}

void on_officer_revoked(visit_t *visit, const command_t *command, const packet_t *body) {
    intake_t *self = visit->intake;
    officer_revoked_t entry;
    if (!visit_body(visit, body, officer_revoked_type(), &entry) || !remark_is_clean(visit, entry.why)) return;
    intake_officer_t *row = officer_at(self, entry.officer);
    if (row == NULL || row->revoked_seq != 0 || row->officer.generation != entry.generation) {
        visit_refuse(visit, REASON_OF(unknown_officer), text_of("officer"), &entry.officer, 1);
        return;
    }
    row->revoked_seq = group_append(self, officer_revoked_type(), &entry, group_stamp(self));
    store_key_t key = key_of_officer(entry.officer);
    txn_put(self->group, TABLE_OFFICERS, &key, row);
    command_obeyed(visit, command, row->revoked_seq);
}

/* --- told --- */

void on_officers_ask(const intake_t *self, const packet_t *ask, arena_t *arena, buffer_t *out) {
    officers_ask_t question = {0};
    fault_t fault;
    if (packet_body(ask, officers_ask_type(), arena, &question, &fault) != OK) question.officer = text_of(NULL);
    txn_t *txn = store_read(self->store);
    officer_row_t *rows = ARENA_NEW(arena, officer_row_t, LIMIT_OFFICERS);
    officers_t told = {.rows = rows};
    if (txn != NULL) {
        told.as_of = txn_head(txn).seq;
        store_key_t prefix = question.officer.size > 0 ? key_of_officer(question.officer) : key_new();
        scan_t scan = scan_begin(txn, TABLE_OFFICERS, &prefix, NULL);
        intake_officer_t row;
        while (told.rows_count < LIMIT_OFFICERS && scan_next(&scan, arena, &row)) {
            uint64_t seq = row.revoked_seq != 0 ? row.revoked_seq : row.registered_seq;
            rows[told.rows_count++] = (officer_row_t){.officer = row.officer, .revoked = row.revoked_seq != 0, .seq = seq};
        }
        scan_end(&scan);
    }
    if (txn != NULL && txn_error(txn) == OK)
        packet_encode(ask->request_id, officers_type(), &told, out);
    else
        packet_encode(ask->request_id, busy_type(), &(busy_t){.retry_after_ms = LIMIT_BUSY_RETRY_MS}, out);
    txn_abort(&txn);
}
