/* The pure part of the door. */
#include "services/door/door_rules.h"

#include <string.h>

#include "services/vault/privacy.h"

static bool fault_set(fault_t *fault, const char *code) {
    *fault = (fault_t){.code = code};
    return false;
}

static bool elements_split(bytes_t rest, uint32_t count, bytes_t *messages, fault_t *fault) {
    for (uint32_t index = 0; index < count; index++) {
        uint32_t size = 0;
        if (wire_scan_first(rest, &size, fault) != OK) return false;
        messages[index] = (bytes_t){rest.at, size};
        rest = (bytes_t){rest.at + size, rest.size - size};
    }
    return rest.size == 0 || fault_set(fault, "malformed");
}

uint32_t frame_messages(bytes_t frame, bytes_t messages[LIMIT_EDGE_BATCH], fault_t *fault) {
    uint32_t count = 0;
    bytes_t rest = packets_of(frame, &count);
    if (count == 1 || count > LIMIT_EDGE_BATCH) {
        if (wire_scan(frame, fault) != OK) return 0;
        messages[0] = rest;
        return count == 1 || fault_set(fault, "too_many") ? 1 : 0;
    }
    return elements_split(rest, count, messages, fault) ? count : 0;
}

/* Walks the personal fields in their fixed order: figures, items, then the three names. */
typedef bool (*personal_visit_t)(void *self, const personal_t *personal, const char *name, uint32_t figure, uint32_t item);

static bool personal_walk(const report_t *report, personal_visit_t visit, void *self) {
    for (uint32_t figure = 0; figure < report->figures_count; figure++)
        for (uint32_t item = 0; item < report->figures[figure].items_count; item++)
            if (!visit(self, &report->figures[figure].items[item].person, NULL, figure, item)) return false;
    return visit(self, &report->prepared_by, "prepared_by", 0, 0) && visit(self, &report->reviewed_by, "reviewed_by", 0, 0) &&
           visit(self, &report->signed_by, "signed_by", 0, 0);
}

static bool is_nobody(const personal_t *person) { return person->text.size == 0 && !person_is_swapped(person); }

/* As most reports do: nothing to walk over. false: it may name somebody. */
static bool names_nobody(const report_t *report) {
    for (uint32_t figure = 0; figure < report->figures_count; figure++)
        if (report->figures[figure].items_count > 0) return false;
    return is_nobody(&report->prepared_by) && is_nobody(&report->reviewed_by) && is_nobody(&report->signed_by);
}

typedef struct {
    arena_t *arena;
    text_t path;
} given_t;

/* Only the vault makes hashes: a unit that could state one could be anybody. */
static bool visit_given(void *self, const personal_t *personal, const char *name, uint32_t figure, uint32_t item) {
    given_t *given = self;
    static const uint8_t nothing[32];
    bool clean = personal->key_id == 0 && memcmp(personal->hash, nothing, sizeof nothing) == 0 &&
                 memcmp(personal->commitment, nothing, sizeof nothing) == 0;
    if (clean) return true;
    given->path = name != NULL ? arena_format(given->arena, "report.%s", name)
                               : arena_format(given->arena, "report.figures[%u].items[%u].person", figure, item);
    return false;
}

uint32_t report_refusals(const report_t *report, reason_t *reasons, uint32_t room, arena_t *arena) {
    static const report_t nothing;
    return report_refusals_after(&nothing, report, reasons, room, arena);
}

uint32_t report_refusals_after(const report_t *clean, const report_t *report, reason_t *reasons, uint32_t room, arena_t *arena) {
    uint32_t count = privacy_refusals_after(clean, report, reasons, room, arena);
    given_t given = {.arena = arena};
    if (count < room && !names_nobody(report) && !personal_walk(report, visit_given, &given))
        reasons[count++] = (reason_t){.code = REASON_OF(not_permitted), .path = given.path};
    for (uint32_t index = 0; index < count; index++) reason_tell(&reasons[index], arena);
    return count;
}

uint32_t act_refusals(const message_t *type, const void *act, reason_t *reasons, uint32_t room, arena_t *arena) {
    uint32_t count = privacy_findings(type, act, reasons, room, arena);
    for (uint32_t index = 0; index < count; index++) reason_tell(&reasons[index], arena);
    return count;
}

const uint8_t *act_id(const message_t *type, const void *act) {
    ASSERT(type->fields[0].shape == FIELD_FIXED && type->fields[0].high == 16);
    return (const uint8_t *)act + type->fields[0].offset;
}

typedef struct {
    text_t *texts;
    uint32_t room;
    uint32_t count;
} texts_t;

static bool visit_text(void *self, const personal_t *personal, const char *name, uint32_t figure, uint32_t item) {
    texts_t *texts = self;
    (void)name, (void)figure, (void)item;
    if (personal->text.size == 0) return true;
    if (texts->count < texts->room) texts->texts[texts->count] = personal->text;
    texts->count++;
    return true;
}

uint32_t personal_texts(const report_t *report, text_t *texts, uint32_t room) {
    texts_t all = {texts, room, 0};
    if (names_nobody(report)) return 0;
    personal_walk(report, visit_text, &all);
    return all.count;
}

typedef struct {
    const personal_t *refs;
    uint32_t count;
    uint32_t next;
} swap_t;

static void swap_one(swap_t *swap, personal_t *personal) {
    if (personal->text.size == 0) return;
    ASSERT(swap->next < swap->count);
    *personal = swap->refs[swap->next++];
    personal->text = (text_t){NULL, 0};
}

void personal_swap(report_t *report, const personal_t *refs, uint32_t count, arena_t *arena) {
    swap_t swap = {refs, count, 0};
    figure_t *figures = ARENA_NEW(arena, figure_t, report->figures_count);
    for (uint32_t index = 0; index < report->figures_count; index++) {
        figures[index] = report->figures[index];
        uint32_t items_count = figures[index].items_count;
        item_t *items = ARENA_NEW(arena, item_t, items_count);
        for (uint32_t item = 0; item < items_count; item++) {
            items[item] = report->figures[index].items[item];
            swap_one(&swap, &items[item].person);
        }
        figures[index].items = items;
    }
    report->figures = figures;
    swap_one(&swap, &report->prepared_by);
    swap_one(&swap, &report->reviewed_by);
    swap_one(&swap, &report->signed_by);
    ASSERT(swap.next == count);
}

/* The one value a wire reason's sentence may show. */
static text_t fault_value(const char *code, const packet_t *packet, arena_t *arena) {
    if (strcmp(code, "unknown_message") == 0) return arena_format(arena, "%u", packet == NULL ? 0 : packet->kind);
    if (strcmp(code, "unknown_version") == 0) return arena_format(arena, "%u", packet == NULL ? 0 : packet->version);
    if (strcmp(code, "oversize") == 0) return arena_format(arena, "%d", LIMIT_EDGE_FRAME);
    return (text_t){NULL, 0};
}

reason_t reason_of_fault(const fault_t *fault, const packet_t *packet, arena_t *arena) {
    reason_t reason = {.code = text_of(fault->code), .path = arena_text(arena, text_of(fault->path))};
    text_t value = fault_value(fault->code, packet, arena);
    if (value.size > 0) {
        text_t *args = ARENA_NEW(arena, text_t, 1);
        *args = value;
        reason.args = args;
        reason.args_count = 1;
    }
    reason_tell(&reason, arena);
    return reason;
}

const reason_t *reasons_told(const reason_t *reasons, uint32_t count, arena_t *arena) {
    reason_t *told = ARENA_NEW(arena, reason_t, count);
    for (uint32_t index = 0; index < count; index++) {
        told[index] = reasons[index];
        reason_tell(&told[index], arena);
    }
    return told;
}
