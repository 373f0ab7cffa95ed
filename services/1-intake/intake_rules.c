/* The rules of the ledger's doors. */
#include "services/1-intake/intake_rules.h"

text_t kind_refusal(door_t door, uint32_t kind) {
    if (message_of_kind(kind) == NULL) return REASON_OF(unknown_message);
    bool from_units = door == door_gateway || door == door_console;
    bool permitted = kind == KIND_registry_ask || (from_units && (kind == KIND_refusals_note || kind == KIND_door_beat)) ||
                     (door == door_gateway && (kind == KIND_append_ask || kind == KIND_unit_act)) ||
                     (door == door_console && (kind == KIND_attested_append || kind == KIND_attested_act ||
                                                kind == KIND_attested_command)) ||
                     (door == door_operator && kind == KIND_command) ||
                     (door == door_notifier && (kind == KIND_notice_sent || kind == KIND_notice_failed));
    return permitted ? text_of(NULL) : REASON_OF(not_permitted);
}

#define BIT(office) (1u << office_##office)

/* Which offices may have a command obeyed. Technical upkeep is the operators', decisions on reports are not; who may register
 * officers is the root key alone. */
static const struct {
    uint32_t kind;
    uint32_t offices;
} commands[] = {
    {KIND_officer_registered, BIT(root)},
    {KIND_officer_revoked, BIT(root)},
    {KIND_plan_part, BIT(root)},
    {KIND_plan_adopted, BIT(root)},
    {KIND_plan_closed, BIT(root)},
    {KIND_plan_sealed, BIT(root)},
    {KIND_ledger_restored, BIT(root)},
    {KIND_key_registered, BIT(root) | BIT(operator)},
    {KIND_key_revoked, BIT(root) | BIT(operator)},
    {KIND_login_granted, BIT(root) | BIT(operator)},
    {KIND_login_revoked, BIT(root) | BIT(operator)},
    {KIND_backup_taken, BIT(root) | BIT(operator)},
    {KIND_quarantined, BIT(root) | BIT(operator)},
    {KIND_notice_retried, BIT(root) | BIT(operator)},
    {KIND_report_decide, BIT(coordinator) | BIT(supervisor)},
    {KIND_extension_decide, BIT(coordinator) | BIT(supervisor)},
    {KIND_report_enter, BIT(coordinator)},
    {KIND_unit_bound, BIT(root) | BIT(coordinator) | BIT(supervisor)},
    {KIND_outage_declare, BIT(root) | BIT(operator)},
    {KIND_warning_decide, BIT(operator) | BIT(coordinator) | BIT(supervisor)},
    {KIND_advance_clock, BIT(root) | BIT(operator)},
    {KIND_document_part, BIT(root) | BIT(coordinator) | BIT(supervisor)},
    {KIND_document_announced, BIT(root) | BIT(coordinator) | BIT(supervisor)},
    {KIND_document_published, BIT(root) | BIT(coordinator) | BIT(supervisor)},
    {KIND_objection_raise, BIT(none) | BIT(coordinator) | BIT(supervisor)}, /* none: the unit itself, logged in */
    {KIND_objection_answer, BIT(coordinator) | BIT(supervisor)},
    {KIND_claim_credit, BIT(coordinator) | BIT(supervisor)},
    {KIND_door_down, BIT(root) | BIT(operator)},
    {KIND_door_up, BIT(root) | BIT(operator)},
};

/* 0: no command holds this kind. */
static uint32_t offices_for(uint32_t kind) {
    for (size_t index = 0; index < sizeof commands / sizeof commands[0]; index++)
        if (commands[index].kind == kind) return commands[index].offices;
    return 0;
}

text_t command_kind_refusal(uint32_t kind) {
    if (message_of_kind(kind) == NULL) return REASON_OF(unknown_message);
    return offices_for(kind) == 0 ? REASON_OF(not_permitted) : text_of(NULL);
}

text_t office_refusal(uint32_t kind, office_t office) {
    return (offices_for(kind) & 1u << office) != 0 ? text_of(NULL) : REASON_OF(office_missing);
}

text_t own_unit_refusal(office_t office, text_t own, text_t unit) {
    return office != office_supervisor && text_equal(own, unit) ? REASON_OF(own_unit) : text_of(NULL);
}

text_t officer_refusal(office_t office, text_t unit) {
    /* there is one root key: the opening entry names it */
    if (office == office_none || office == office_root) return REASON_OF(unknown_word);
    bool bound = office == office_coordinator || office == office_supervisor;
    return bound && unit.size == 0 ? REASON_OF(officer_unit_missing) : text_of(NULL);
}

text_t generation_refusal(uint64_t generation, uint64_t newest) {
    return generation == newest + 1 ? text_of(NULL) : REASON_OF(stale_key);
}

text_t advance_refusal(clock_mode_t mode, int64_t now_ms, uint64_t to_ms) {
    if (mode != clock_mode_rehearsal) return REASON_OF(not_rehearsal);
    if (to_ms < (uint64_t)now_ms) return REASON_OF(time_backwards);
    return to_ms - (uint64_t)now_ms > (uint64_t)LIMIT_ADVANCE_MS ? REASON_OF(out_of_range) : text_of(NULL);
}

bool door_is_away(int64_t heard_ms, int64_t now_ms) { return now_ms - heard_ms > LIMIT_DOOR_SILENT_MS; }

text_t door_refusal(clock_mode_t mode, door_t door) {
    if (mode != clock_mode_rehearsal) return REASON_OF(not_rehearsal);
    return door == door_gateway || door == door_console ? text_of(NULL) : REASON_OF(unknown_word);
}
