/* Who may act through the console: granted and revoked by signed commands, looked at where a report is appended. */
#include <string.h>

#include "services/1-intake/state.h"
#include "services/vault/privacy.h"

static store_key_t key_of_login(text_t login) {
    store_key_t key = key_new();
    key_add_text(&key, login);
    return key;
}

static bool role_has_unit(login_role_t role) {
    return role == login_role_clerk || role == login_role_approver || role == login_role_program;
}

/* Roles that report belong to a unit of the plan; the coordinator's people may belong to theirs; the others to none. */
static bool grant_is_whole(visit_t *visit, const login_granted_t *granted) {
    bool known = granted->unit.size > 0 && unit_position(visit->intake, granted->unit) != UNIT_UNKNOWN;
    if (known || (granted->unit.size == 0 && !role_has_unit(granted->role))) return true;
    if (granted->unit.size > 0) visit_refuse(visit, REASON_OF(unknown_unit), text_of("unit"), &granted->unit, 1);
    else visit_refuse(visit, REASON_OF(missing_field), text_of("unit"), NULL, 0);
    return false;
}

/* People like to be called by their mobile number; a ledger forgets nothing. */
static bool name_is_clean(visit_t *visit, text_t login) {
    const char *finding = privacy_finding(login);
    if (finding != NULL) visit_refuse(visit, text_of(finding), text_of("login"), NULL, 0);
    return finding == NULL;
}

void on_login_granted(visit_t *visit, const command_t *command, const packet_t *body) {
    intake_t *self = visit->intake;
    login_granted_t granted;
    if (!visit_body(visit, body, login_granted_type(), &granted) || !name_is_clean(visit, granted.login) ||
        !grant_is_whole(visit, &granted))
        return;
    login_row_t row = {.granted = granted};
    row.granted_seq = group_append(self, login_granted_type(), &granted, group_stamp(self));
    store_key_t key = key_of_login(granted.login);
    txn_put(self->group, TABLE_LOGINS, &key, &row);
    command_obeyed(visit, command, row.granted_seq);
}

void on_login_revoked(visit_t *visit, const command_t *command, const packet_t *body) {
    intake_t *self = visit->intake;
    login_revoked_t revoked;
    if (!visit_body(visit, body, login_revoked_type(), &revoked) || !remark_is_clean(visit, revoked.why)) return;
    login_row_t row;
    store_key_t key = key_of_login(revoked.login);
    if (!txn_get(self->group, TABLE_LOGINS, &key, self->arena, &row) || row.revoked_seq != 0) {
        visit_refuse(visit, REASON_OF(login_revoked), text_of("login"), NULL, 0);
        return;
    }
    row.revoked_seq = group_append(self, login_revoked_type(), &revoked, group_stamp(self));
    txn_put(self->group, TABLE_LOGINS, &key, &row);
    command_obeyed(visit, command, row.revoked_seq);
}

/* Is the login in force as of the entry that would be appended now? Refuses otherwise. A group is open after. */
static bool login_read(visit_t *visit, text_t login, login_row_t *row) {
    intake_t *self = visit->intake;
    store_key_t key = key_of_login(login);
    if (!group_begin(self)) return false;
    bool known = txn_get(self->group, TABLE_LOGINS, &key, self->arena, row) && row->revoked_seq == 0;
    bool over = known && row->granted.until_ms != 0 && (uint64_t)ledger_clock_stamp(&self->clock) > row->granted.until_ms;
    if (known && !over) return true;
    visit_refuse(visit, REASON_OF(login_revoked), text_of("login"), NULL, 0);
    return false;
}

bool role_refuse(visit_t *visit, login_role_t role, const char *path) {
    text_t shown = arena_format(visit->intake->arena, "%s %s", WORD_ZH(login_role, role), WORD_NAME(login_role, role));
    visit_refuse(visit, REASON_OF(role_lacks), text_of(path), &shown, 1);
    return false;
}

bool login_holds(visit_t *visit, text_t login, text_t unit) {
    login_row_t row;
    if (!login_read(visit, login, &row)) return false;
    if (role_has_unit(row.granted.role) && text_equal(row.granted.unit, unit) && visit->unit != UNIT_UNKNOWN) return true;
    return role_refuse(visit, row.granted.role, "unit");
}

/* In force, of this unit, and one who drafts? */
static bool drafter_is_known(visit_t *visit, text_t login, text_t unit) {
    intake_t *self = visit->intake;
    store_key_t key = key_of_login(login);
    login_row_t row;
    if (!txn_get(self->group, TABLE_LOGINS, &key, self->arena, &row) || row.revoked_seq != 0) return false;
    if (row.granted.until_ms != 0 && (uint64_t)ledger_clock_stamp(&self->clock) > row.granted.until_ms) return false;
    bool drafts = row.granted.role == login_role_clerk || row.granted.role == login_role_approver;
    return drafts && text_equal(row.granted.unit, unit);
}

static login_role_t role_of(visit_t *visit, text_t login) {
    store_key_t key = key_of_login(login);
    login_row_t row;
    return txn_get(visit->intake->group, TABLE_LOGINS, &key, visit->intake->arena, &row) ? row.granted.role : login_role_none;
}

bool approval_holds(visit_t *visit, const attested_append_t *attested) {
    const planbook_t *book = visit->intake->book;
    const task_t *task = planbook_task(book, attested->report.task);
    const unit_t *unit = planbook_unit(book, attested->unit);
    login_role_t role = role_of(visit, attested->login);
    text_t by = attested->drafted_by;
    bool asked = task != NULL && unit != NULL && plan_approval(planbook_plan(book), task, unit) != approval_none;
    if (by.size == 0 && (!asked || role == login_role_program)) return true;
    if (role == login_role_clerk) {
        visit_refuse(visit, REASON_OF(approval_needed), text_of(NULL), NULL, 0);
        return false;
    }
    if (by.size > 0 && !text_equal(by, attested->login) && drafter_is_known(visit, by, attested->unit)) return true;
    visit_refuse(visit, REASON_OF(drafter_missing), text_of("drafted_by"), &attested->login, 1);
    return false;
}

/* The coordinator's people and the supervisor's act for the unit that the plan names, unless the grant names another; a unit's
 * own people in no office, for their unit. What an operator commands is signed with a key, never clicked. */
bool login_acts(visit_t *visit, text_t login) {
    const plan_t *plan = planbook_plan(visit->intake->book);
    login_row_t row;
    if (!login_read(visit, login, &row)) return false;
    bool coordinator = row.granted.role == login_role_coordinator, supervisor = row.granted.role == login_role_supervisor;
    bool of_unit = row.granted.role == login_role_clerk || row.granted.role == login_role_approver;
    if (!coordinator && !supervisor && !of_unit) return role_refuse(visit, row.granted.role, "login");
    text_t unit = row.granted.unit.size > 0 ? row.granted.unit : coordinator ? plan->coordinator : plan->supervisor;
    visit->role = row.granted.role;
    visit->actor = (actor_t){.officer = row.granted.login,
                             .office = coordinator ? office_coordinator : supervisor ? office_supervisor : office_none,
                             .unit = unit,
                             .credential = credential_session,
                             .door = visit->door};
    return true;
}

static void logins_page(txn_t *txn, uint64_t after, arena_t *arena, logins_t *page) {
    login_row_t *rows = ARENA_NEW(arena, login_row_t, LIMIT_ROWS);
    *page = (logins_t){.as_of = txn_head(txn).seq, .rows = rows};
    store_key_t all = key_new();
    scan_t scan = scan_begin(txn, TABLE_LOGINS, &all, NULL);
    login_row_t row;
    for (uint64_t index = 0; !page->more && scan_next(&scan, arena, &row); index++) {
        if (index < after) continue;
        page->more = page->rows_count == LIMIT_ROWS;
        if (!page->more) rows[page->rows_count++] = row;
    }
    scan_end(&scan);
}

void answer_logins(const intake_t *self, const packet_t *ask, arena_t *arena, buffer_t *out) {
    logins_ask_t question;
    fault_t fault = {0};
    if (packet_body(ask, logins_ask_type(), arena, &question, &fault) != OK) {
        desk_refuse(ask, text_of(fault.code), fault.path, out);
        return;
    }
    txn_t *txn = store_read(self->store);
    logins_t page = {0};
    if (txn != NULL) logins_page(txn, question.after, arena, &page);
    if (txn != NULL && txn_error(txn) == OK)
        packet_encode(ask->request_id, logins_type(), &page, out);
    else
        desk_busy(ask, out);
    txn_abort(&txn);
}

void answer_entry(const intake_t *self, const packet_t *ask, arena_t *arena, buffer_t *out) {
    entry_ask_t question;
    fault_t fault = {0};
    if (packet_body(ask, entry_ask_type(), arena, &question, &fault) != OK) {
        desk_refuse(ask, text_of(fault.code), fault.path, out);
        return;
    }
    txn_t *txn = store_read(self->store);
    event_t event;
    entry_told_t told = {.seq = question.seq};
    if (txn != NULL) told.head_seq = txn_head(txn).seq;
    if (txn == NULL)
        desk_busy(ask, out);
    else if (question.seq > told.head_seq)
        desk_refuse(ask, REASON_OF(out_of_range), "seq", out);
    else if (txn_event(txn, question.seq, arena, &event, told.chain) && txn_hash(txn, question.seq - 1, told.previous)) {
        told.event = event.raw;
        packet_encode(ask->request_id, entry_told_type(), &told, out);
    } else
        desk_busy(ask, out);
    txn_abort(&txn);
}
