/* The rules of the ledger's doors. */
#include "services/1-intake/intake_rules.h"

text_t kind_refusal(door_t door, uint32_t kind) {
    if (message_of_kind(kind) == NULL) return REASON_OF(unknown_message);
    bool from_units = door == door_gateway || door == door_console;
    bool permitted = kind == KIND_registry_ask || (from_units && kind == KIND_refusals_note) ||
                     (door == door_gateway && kind == KIND_append_ask) ||
                     (door == door_console && kind == KIND_attested_append) ||
                     (door == door_operator && kind == KIND_command) ||
                     (door == door_notifier && (kind == KIND_notice_sent || kind == KIND_notice_failed));
    return permitted ? text_of(NULL) : REASON_OF(not_permitted);
}

text_t command_kind_refusal(uint32_t kind) {
    if (message_of_kind(kind) == NULL) return REASON_OF(unknown_message);
    bool known = kind == KIND_key_registered || kind == KIND_key_revoked || kind == KIND_plan_closed ||
                 kind == KIND_plan_part || kind == KIND_plan_adopted ||
                 kind == KIND_login_granted || kind == KIND_login_revoked ||
                 kind == KIND_backup_taken || kind == KIND_quarantined || kind == KIND_ledger_restored ||
                 kind == KIND_advance_clock;
    return known ? text_of(NULL) : REASON_OF(not_permitted);
}

text_t generation_refusal(uint64_t generation, uint64_t newest) {
    return generation == newest + 1 ? text_of(NULL) : REASON_OF(stale_key);
}

text_t advance_refusal(clock_mode_t mode, int64_t now_ms, uint64_t to_ms) {
    if (mode != clock_mode_rehearsal) return REASON_OF(not_rehearsal);
    if (to_ms < (uint64_t)now_ms) return REASON_OF(time_backwards);
    return to_ms - (uint64_t)now_ms > (uint64_t)LIMIT_ADVANCE_MS ? REASON_OF(out_of_range) : text_of(NULL);
}
