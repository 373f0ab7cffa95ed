/* The ledger's doors: frames of any content at each of them, commands with the operator's own signature, commits in between.
 * Each frame has at most one answer, each answer is a packet, and the ledger that comes out is whole. */
#include <stdio.h>
#include <string.h>

#include "proto/command.h"
#include "services/1-intake/intake.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_plans.h"
#include "tests/sim/pump.h"

enum { MOST_FRAMES = 32, OP_COMMIT = 0xff, OP_COMMAND = 0xf0, START_MS = 1627866000 };

static ledger_opened_t opened;
static uint8_t operator_secret[SIGN_SECRET_SIZE], signer_secret[SIGN_SECRET_SIZE];
static const char *path;

static intake_t *found(void) {
    static char room[128];
    if (path == NULL) {
        snprintf(room, sizeof room, "%s/intake", fuzz_folder());
        path = room;
        opened = (ledger_opened_t){.ledger_id = {1}, .epoch = 1, .clock_mode = clock_mode_rehearsal};
        sign_keypair(opened.operator_key, operator_secret);
        sign_keypair(opened.signer_key, signer_secret);
    }
    intake_t *intake = NULL;
    const plan_t *plan = planbook_plan(fuzz_book());
    PROMISE(intake_found(path, &opened, plan, 1, (int64_t)START_MS * 1000) == OK, "no ledger in %s", path);
    PROMISE(intake_open(path, signer_secret, &intake) == OK, "the ledger does not open");
    return intake;
}

/* Whole packets, and what is to become a receipt. */
static uint32_t packets(const buffer_t *answers) {
    uint32_t count = 0;
    for (size_t at = 0; at < answers->size; count++) {
        uint32_t size = 0;
        fault_t fault = {0};
        bytes_t rest = {answers->at + at, (uint32_t)(answers->size - at)};
        PROMISE(wire_scan_first(rest, &size, &fault) == OK, "an answer that cannot be read: %s", fault.code);
        packet_t packet;
        bool receipt = intake_is_receipt((bytes_t){rest.at, size});
        PROMISE(receipt || packet_decode(rest, &packet, &fault) == OK, "an answer that is no packet: %s", fault.code);
        at += size;
    }
    return count;
}

/* As the service takes it: packet by packet where it is an array of them. */
static void take(intake_t *intake, door_t door, bytes_t frame, buffer_t *later) {
    buffer_t now = {0};
    uint32_t before = packets(later), count = 0, taken = 0;
    int64_t clock = intake_now_ms(intake);
    bytes_t all = packets_of(frame, &count);
    if (count > LIMIT_PACKETS) count = LIMIT_PACKETS;
    if (count <= 1) intake_take(intake, door, all, clock, clock, &now, later), taken = 1;
    for (; count > 1 && taken < count && all.size > 0; taken++) {
        uint32_t took = intake_take_next(intake, door, all, clock, clock, &now, later);
        all = (bytes_t){all.at + took, all.size - took};
    }
    uint32_t answers = packets(&now) + packets(later) - before;
    PROMISE(taken <= count && answers <= taken, "%u answers to %u packets of %u", answers, taken, count);
    buffer_destroy(&now);
}

/* A packet of the input's, signed as the operator signs. */
static void take_command(intake_t *intake, bytes_t body, buffer_t *later) {
    command_t command = {.body = body};
    buffer_t frame = {0}, content = {0};
    uint8_t id[HASH_SIZE];
    if (body.size == 0 || body.size > LIMIT_EDGE_FRAME) return;
    hash_of(body, id);
    memcpy(command.command_id, id, sizeof command.command_id);
    memcpy(command.ledger_id, opened.ledger_id, sizeof command.ledger_id);
    buffer_add(&content, command.command_id, sizeof command.command_id);
    buffer_add(&content, command.ledger_id, sizeof command.ledger_id);
    buffer_add(&content, body.at, body.size);
    sign_bytes(operator_secret, (bytes_t){content.at, (uint32_t)content.size}, command.signature);
    packet_encode(7, command_type(), &command, &frame);
    take(intake, door_operator, (bytes_t){frame.at, (uint32_t)frame.size}, later);
    buffer_destroy(&content);
    buffer_destroy(&frame);
}

/* A commit lets the answers go; a long advance of the clock takes several, of which two are enough here. */
static void commit(intake_t *intake, buffer_t *later) {
    for (int groups = 0; groups < 2 && intake_has_group(intake); groups++) {
        uint32_t before = packets(later);
        PROMISE(intake_commit(intake) == OK, "the commit fails");
        intake_finish(intake, later);
        PROMISE(packets(later) == before, "finishing made %u answers of %u", packets(later), before);
        if (intake_pending(intake)) intake_continue(intake, later);
    }
    buffer_clear(later);
}

static void registered(intake_t *intake, buffer_t *later) {
    static const char *const units[] = {"csh", "gsl"};
    for (uint8_t index = 0; index < 2; index++) {
        buffer_t body = {0};
        key_registered_t key = {.unit = text_of(units[index]), .generation = 1, .key = {(uint8_t)(1 + index)}};
        packet_encode(0, key_registered_type(), &key, &body);
        take_command(intake, (bytes_t){body.at, (uint32_t)body.size}, later);
        buffer_destroy(&body);
    }
}

static void ledger_check(intake_t *intake) {
    txn_t *txn = store_read(intake_store(intake));
    uint64_t bad = 0;
    PROMISE(txn != NULL && txn_verify_chain(txn, 1, &bad) == OK, "the chain breaks at %llu", (unsigned long long)bad);
    PROMISE(txn_head(txn).seq >= 5, "only %llu entries", (unsigned long long)txn_head(txn).seq);
    txn_abort(&txn);
}

/* Then it opens again, as after a crash, and knows the same head. */
static void reopened(intake_t **intake) {
    head_t head = intake_head(*intake);
    intake_close(intake);
    PROMISE(intake_open(path, signer_secret, intake) == OK, "the ledger does not open again");
    PROMISE(intake_head(*intake).seq == head.seq, "another head after a restart");
}

/* Ops: [which, part]: OP_COMMIT; OP_COMMAND: the part is signed; otherwise the door that the part comes in by. */
FUZZ(intake) {
    (void)arena;
    buffer_t later = {0};
    intake_t *intake = found();
    registered(intake, &later);
    commit(intake, &later);
    for (uint32_t frames = 0; input.size > 0 && frames < MOST_FRAMES; frames++) {
        uint8_t op = fuzz_byte(&input);
        if (op == OP_COMMIT) {
            commit(intake, &later);
            continue;
        }
        bytes_t part = fuzz_part(&input);
        if (op == OP_COMMAND)
            take_command(intake, part, &later);
        else
            take(intake, (door_t)(door_gateway + op % 3), part, &later);
    }
    commit(intake, &later);
    ledger_check(intake);
    reopened(&intake);
    intake_close(&intake);
    pump_remove(path);
    buffer_destroy(&later);
}
