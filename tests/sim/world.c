/* What world.h promises. */
#include "tests/sim/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/command.h"
#include "services/2-validation/validation.h"
#include "services/3-aggregation/aggregation.h"
#include "services/4-alerting/alerting.h"
#include "services/notifier/notifier.h"
#include "tests/sim/pump.h"
#include "tests/sim/temporary.h"

struct world {
    char folder[64];
    planbook_t *book;
    uint8_t operator_secret[SIGN_SECRET_SIZE], signer_secret[SIGN_SECRET_SIZE];
    ledger_opened_t opened;
    intake_t *intake;
    stage_t *stages[WORLD_STAGES];
    struct {
        char name[LIMIT_ID + 1];
        uint8_t secret[SIGN_SECRET_SIZE];
    } officers[WORLD_OFFICERS];
    uint32_t officer_count;
    uint64_t request_id;
    bool supervised; /* the officer who silences is registered */
    uint32_t replays;
};

static const role_t *role_of(uint32_t stage) {
    static const role_t *(*const roles[WORLD_STAGES])(void) = {validation_role, aggregation_role, alerting_role, notifier_role};
    return roles[stage]();
}

static void path_of(const world_t *self, const char *name, char *path, size_t room) {
    snprintf(path, room, "%s/%s", self->folder, name);
}

static void open_all(world_t *self) {
    char path[128];
    path_of(self, "intake", path, sizeof path);
    ASSERT(intake_open(path, self->signer_secret, &self->intake) == OK);
    for (uint32_t stage = 0; stage < WORLD_STAGES; stage++) {
        path_of(self, role_of(stage)->name, path, sizeof path);
        ASSERT(stage_open(role_of(stage), path, &self->stages[stage]) == OK);
    }
}

static void close_all(world_t *self) {
    for (uint32_t stage = 0; stage < WORLD_STAGES; stage++) stage_close(&self->stages[stage]);
    intake_close(&self->intake);
}

static store_t *writer_of(world_t *self, uint32_t stage) {
    return stage == 0 ? intake_store(self->intake) : stage_store(self->stages[stage - 1]);
}

static void settle(world_t *self) {
    for (uint32_t stage = 0; stage < WORLD_STAGES; stage++)
        ASSERT(pump_from_store(self->stages[stage], writer_of(self, stage), role_of(stage)->reads, 0) == OK);
}

world_t *world_new(const plan_t *plan, int64_t start_ms) {
    world_t *self = calloc(1, sizeof *self);
    ASSERT(self != NULL);
    temporary_folder(self->folder, sizeof self->folder);
    self->book = planbook_new(plan);
    self->opened = (ledger_opened_t){.epoch = 1, .clock_mode = clock_mode_rehearsal};
    crypto_random(self->opened.ledger_id, sizeof self->opened.ledger_id);
    sign_keypair(self->opened.operator_key, self->operator_secret);
    sign_keypair(self->opened.signer_key, self->signer_secret);
    char path[128];
    path_of(self, "intake", path, sizeof path);
    ASSERT(intake_found(path, &self->opened, plan, 1, start_ms) == OK);
    open_all(self);
    arena_t *arena = arena_new();
    for (uint32_t index = 0; index < plan->units_count; index++) {
        key_registered_t key = {.unit = plan->units[index].id, .generation = 1};
        refusal_t refusal;
        crypto_random(key.key, sizeof key.key);
        ASSERT(world_command(self, key_registered_type(), &key, &refusal, arena));
    }
    arena_destroy(&arena);
    return self;
}

void world_destroy(world_t **self) {
    if (*self == NULL) return;
    close_all(*self);
    temporary_remove((*self)->folder);
    planbook_destroy(&(*self)->book);
    free(*self);
    *self = NULL;
}

const planbook_t *world_book(const world_t *self) { return self->book; }

int64_t world_now_ms(const world_t *self) { return intake_now_ms(self->intake); }

/* One packet to a door, committed; the one packet that came back. */
static packet_t converse(world_t *self, door_t door, const message_t *type, const void *value, arena_t *arena) {
    buffer_t frame = {0}, now = {0}, later = {0};
    packet_encode(++self->request_id, type, value, &frame);
    int64_t clock = intake_now_ms(self->intake);
    intake_take(self->intake, door, (bytes_t){frame.at, (uint32_t)frame.size}, clock, clock, &now, &later);
    while (intake_has_group(self->intake)) {
        ASSERT(intake_commit(self->intake) == OK);
        intake_finish(self->intake, &later);
        if (intake_pending(self->intake)) intake_continue(self->intake, &later); /* a long advance takes several groups */
    }
    ASSERT((now.size > 0) != (later.size > 0));
    const buffer_t *said = now.size > 0 ? &now : &later;
    text_t copy = arena_text(arena, (text_t){(const char *)said->at, (uint32_t)said->size});
    packet_t packet;
    fault_t fault;
    ASSERT(packet_decode((bytes_t){(const uint8_t *)copy.at, copy.size}, &packet, &fault) == OK);
    ASSERT(packet.request_id == self->request_id);
    buffer_destroy(&frame);
    buffer_destroy(&now);
    buffer_destroy(&later);
    settle(self);
    return packet;
}

static void packet_read(const packet_t *packet, const message_t *type, arena_t *arena, void *value) {
    fault_t fault;
    ASSERT(packet_body(packet, type, arena, value, &fault) == OK);
}

bool world_command(world_t *self, const message_t *type, const void *value, refusal_t *refusal, arena_t *arena) {
    uint8_t command_id[16];
    crypto_random(command_id, sizeof command_id);
    command_t command = command_make(command_id, self->opened.ledger_id, type, value, self->operator_secret, arena);
    packet_t packet = converse(self, door_operator, command_type(), &command, arena);
    if (packet.kind == KIND_command_done) return true;
    packet_read(&packet, refusal_type(), arena, refusal);
    return false;
}

bool world_officer(world_t *self, text_t officer, office_t office, text_t unit, refusal_t *refusal, arena_t *arena) {
    officer_registered_t entry = {.officer = officer, .office = office, .unit = unit, .generation = 1};
    ASSERT(self->officer_count < WORLD_OFFICERS);
    sign_keypair(entry.key, self->officers[self->officer_count].secret);
    if (!world_command(self, officer_registered_type(), &entry, refusal, arena)) return false;
    snprintf(self->officers[self->officer_count++].name, LIMIT_ID + 1, TEXT_FORMAT, TEXT_ARGS(officer));
    return true;
}

bool world_command_as(world_t *self, text_t officer, const message_t *type, const void *value, uint64_t *seq, refusal_t *refusal,
                      arena_t *arena) {
    uint8_t command_id[16];
    uint32_t at = 0;
    while (at < self->officer_count && !text_is(officer, self->officers[at].name)) at++;
    const uint8_t *secret = at < self->officer_count ? self->officers[at].secret : self->operator_secret; /* a stranger's */
    crypto_random(command_id, sizeof command_id);
    command_t command = command_make_as(officer, command_id, self->opened.ledger_id, type, value, secret, arena);
    packet_t packet = converse(self, door_operator, command_type(), &command, arena);
    command_done_t done;
    if (packet.kind == KIND_command_done) packet_read(&packet, command_done_type(), arena, &done);
    else packet_read(&packet, refusal_type(), arena, refusal);
    if (packet.kind == KIND_command_done) *seq = done.seq;
    return packet.kind == KIND_command_done;
}

static void verdict_read(world_t *self, uint64_t seq, verdict_t *verdict, arena_t *arena) {
    verdict_ask_t question = {.seq = seq};
    world_ask(self, WORLD_VALIDATION, verdict_ask_type(), &question, verdict_type(), verdict, arena);
}

bool world_command_judged(world_t *self, const message_t *type, const void *value, refusal_t *refusal, verdict_t *verdict,
                          arena_t *arena) {
    text_t officer = text_of("duban-silences");
    uint64_t seq = 0;
    if (!self->supervised)
        self->supervised =
            world_officer(self, officer, office_supervisor, planbook_plan(self->book)->coordinator, refusal, arena);
    if (!world_command_as(self, officer, type, value, &seq, refusal, arena)) return false;
    verdict_read(self, seq, verdict, arena);
    return true;
}

world_answer_t world_act(world_t *self, text_t unit, const message_t *type, const void *act, arena_t *arena) {
    world_answer_t answer = {0};
    buffer_t body = {0};
    packet_encode(0, type, act, &body);
    unit_act_t ask = {.unit = unit, .key_generation = 1, .body = {body.at, (uint32_t)body.size}};
    packet_t packet = converse(self, door_gateway, unit_act_type(), &ask, arena);
    buffer_destroy(&body);
    if (packet.kind == KIND_refusal) {
        answer.refused = true;
        packet_read(&packet, refusal_type(), arena, &answer.refusal);
        return answer;
    }
    packet_read(&packet, receipt_type(), arena, &answer.receipt);
    verdict_read(self, answer.receipt.seq, &answer.verdict, arena);
    return answer;
}

world_answer_t world_decide(world_t *self, text_t unit, const warning_decide_t *decide, arena_t *arena) {
    return world_act(self, unit, warning_decide_type(), decide, arena);
}

bool world_advance(world_t *self, int64_t to_ms, refusal_t *refusal, arena_t *arena) {
    advance_clock_t advance = {.to_ms = (uint64_t)to_ms};
    return world_command(self, advance_clock_type(), &advance, refusal, arena);
}

static personal_t swapped(const personal_t *person) {
    personal_t out = {0};
    if (person->text.size == 0) return out;
    out.key_id = 1;
    hash_of((bytes_t){(const uint8_t *)person->text.at, person->text.size}, out.hash);
    crypto_random(out.commitment, sizeof out.commitment);
    return out;
}

/* The report as the door passes it on: no personal text. */
static report_t report_swapped(const report_t *report, arena_t *arena) {
    report_t out = *report;
    out.prepared_by = swapped(&report->prepared_by);
    out.reviewed_by = swapped(&report->reviewed_by);
    out.signed_by = swapped(&report->signed_by);
    figure_t *figures = ARENA_NEW(arena, figure_t, report->figures_count);
    for (uint32_t index = 0; index < report->figures_count; index++) {
        figures[index] = report->figures[index];
        item_t *items = ARENA_NEW(arena, item_t, figures[index].items_count);
        for (uint32_t row = 0; row < figures[index].items_count; row++) {
            items[row] = figures[index].items[row];
            items[row].person = swapped(&items[row].person);
        }
        figures[index].items = items;
    }
    out.figures = figures;
    return out;
}

world_answer_t world_report(world_t *self, text_t unit, const report_t *report, arena_t *arena) {
    world_answer_t answer = {0};
    append_ask_t ask = {.unit = unit, .key_generation = 1, .report = report_swapped(report, arena)};
    packet_t packet = converse(self, door_gateway, append_ask_type(), &ask, arena);
    if (packet.kind == KIND_refusal) {
        answer.refused = true;
        packet_read(&packet, refusal_type(), arena, &answer.refusal);
        return answer;
    }
    packet_read(&packet, receipt_type(), arena, &answer.receipt);
    verdict_ask_t question = {.seq = answer.receipt.seq};
    world_ask(self, WORLD_VALIDATION, verdict_ask_type(), &question, verdict_type(), &answer.verdict, arena);
    return answer;
}

void world_ask(world_t *self, uint32_t stage, const message_t *ask, const void *question, const message_t *answer, void *value,
               arena_t *arena) {
    buffer_t frame = {0}, out = {0};
    packet_t packet;
    fault_t fault;
    packet_encode(++self->request_id, ask, question, &frame);
    ASSERT(packet_decode((bytes_t){frame.at, (uint32_t)frame.size}, &packet, &fault) == OK);
    bool answered = stage == WORLD_INTAKE ? intake_answer(self->intake, &packet, &out)
                                          : stage_answer(self->stages[stage], &packet, &out);
    ASSERT(answered);
    text_t copy = arena_text(arena, (text_t){(const char *)out.at, (uint32_t)out.size});
    ASSERT(packet_decode((bytes_t){(const uint8_t *)copy.at, copy.size}, &packet, &fault) == OK);
    packet_read(&packet, answer, arena, value);
    buffer_destroy(&frame);
    buffer_destroy(&out);
}

verdict_t world_check(world_t *self, text_t unit, const report_t *report, arena_t *arena) {
    check_ask_t ask = {.unit = unit, .report = report_swapped(report, arena)};
    verdict_t verdict;
    world_ask(self, WORLD_VALIDATION, check_ask_type(), &ask, verdict_type(), &verdict, arena);
    return verdict;
}

bool world_event(world_t *self, uint32_t stage, uint64_t *seq, event_t *event, arena_t *arena) {
    txn_t *txn = store_read(stage_store(self->stages[stage]));
    ASSERT(txn != NULL);
    bool found = false;
    while (!found && *seq < txn_head(txn).seq) {
        ASSERT(txn_event(txn, ++*seq, arena, event, NULL));
        found = !kind_is_control(event->kind);
    }
    txn_abort(&txn);
    return found;
}

store_t *world_store(world_t *self, uint32_t stage) { return stage_store(self->stages[stage]); }

uint64_t world_note(world_t *self, const message_t *type, const void *value, arena_t *arena) {
    packet_t packet = converse(self, door_notifier, type, value, arena);
    notice_noted_t noted = {0};
    fault_t fault;
    ASSERT(packet.kind == KIND_notice_noted);
    err_t err = packet_body(&packet, notice_noted_type(), arena, &noted, &fault);
    ASSERT(err == OK);
    return noted.seq;
}

void world_restart(world_t *self) {
    close_all(self);
    open_all(self);
    settle(self);
}

bool world_replays(world_t *self) {
    bool equal = true;
    char folder[80], one[128], other[128];
    stage_t *replayed[WORLD_STAGES] = {0};
    snprintf(folder, sizeof folder, "%s/replay%u", self->folder, self->replays++);
    for (uint32_t stage = 0; stage < WORLD_STAGES; stage++) {
        store_t *writer = stage == 0 ? intake_store(self->intake) : stage_store(replayed[stage - 1]);
        ASSERT(pump_replay(role_of(stage), folder, writer, role_of(stage)->reads, &replayed[stage]) == OK);
        snprintf(one, sizeof one, "%s/%s.before", self->folder, role_of(stage)->name);
        snprintf(other, sizeof other, "%s/%s.replayed", self->folder, role_of(stage)->name);
        ASSERT(stage_dump(self->stages[stage], one) == OK && stage_dump(replayed[stage], other) == OK);
        equal = pump_files_equal(one, other) && equal;
    }
    for (uint32_t stage = 0; stage < WORLD_STAGES; stage++) stage_close(&replayed[stage]);
    return equal;
}
