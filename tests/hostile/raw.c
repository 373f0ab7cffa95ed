/* What raw.h promises. */
#include "tests/hostile/raw.h"

#include <stdlib.h>

#include "services/stage/clock.h"

uint32_t raw_answer(zmtp_t *link, uint32_t kind, uint8_t *room, packet_t *packet, int64_t timeout_ms) {
    int64_t until_ms = clock_steady_ms() + timeout_ms;
    while (true) {
        int64_t left_ms = until_ms - clock_steady_ms();
        int64_t size = zmtp_receive(link, room, RAW_ROOM, left_ms > 0 ? left_ms : 0);
        fault_t fault;
        if (size < 0) return 0;
        if (packet_decode((bytes_t){room, (uint32_t)size}, packet, &fault) != OK) continue;
        if (kind == 0 || packet->kind == kind) return packet->kind;
    }
}

const char *raw_refusal_code(const packet_t *packet, arena_t *arena) {
    refusal_t refusal;
    fault_t fault;
    bool good = packet->kind == KIND_refusal && packet_body(packet, refusal_type(), arena, &refusal, &fault) == OK;
    return good ? arena_text(arena, refusal.reasons[0].code).at : "";
}

uint32_t raw_report(hostile_t *self, zmtp_t *link, const char *unit) {
    arena_t *arena = arena_new();
    buffer_t frame = {0};
    uint8_t *room = arena_take(arena, RAW_ROOM);
    report_submit_t submit = {.report = hostile_report(arena, 0)};
    packet_t packet = {0};
    packet_encode(7, report_submit_type(), &submit, &frame);
    uint32_t kind = zmtp_send(link, frame.at, frame.size, false) ? raw_answer(link, 0, room, &packet, WELL_MS) : 0;
    receipt_t receipt;
    fault_t fault;
    if (kind == KIND_receipt && packet_body(&packet, receipt_type(), arena, &receipt, &fault) == OK) {
        hostile_ack(self, &receipt, unit);
        raw_answer(link, KIND_verdict, room, &packet, WELL_MS);
    }
    buffer_destroy(&frame);
    arena_destroy(&arena);
    return kind;
}

bool raw_enter(hostile_t *self, uint32_t hog, zmtp_t *link) {
    if (!zmtp_connect(link, self->port)) return false;
    if (zmtp_curve(link, self->server_public, &self->keys[hog], NULL)) return true;
    zmtp_close(link);
    return false;
}
