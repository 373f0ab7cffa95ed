/* The gateway about itself: keys, conversations, how far it has seen. */
#include <unistd.h>

#include "services/gateway/state.h"
#include "services/stage/clock.h"

static void answer(gateway_t *self, const peer_t *peer, uint64_t request_id, const message_t *type, const void *value) {
    buffer_clear(&self->out);
    packet_encode(request_id, type, value, &self->out);
    server_send(self->desk, peer, (bytes_t){self->out.at, (uint32_t)self->out.size});
}

static void health_tell(gateway_t *self, const peer_t *peer, uint64_t request_id) {
    const keys_t *keys = follow_keys(self->follow);
    health_t health = {
        .service = text_of("gateway"),
        .pid = (uint64_t)getpid(),
        .uptime_ms = (uint64_t)(self->now_ms - self->started_ms),
        .in_stream = STREAM_VERDICTS,
        .in_applied = follow_position(self->follow),
        .in_head = follow_head(self->follow),
        .cause_seq = follow_seen(self->follow),
        .now_ms = (uint64_t)follow_now_ms(self->follow),
        .refused = self->refused,
        .ok = gateway_ready(self) && follow_current(self->follow),
        .note = arena_format(self->arena, "keys=%u pending=%u refused=%llu links=%u cut=%llu%s",
                             keys == NULL ? 0 : (unsigned)keys_count(keys), (unsigned)pending_count(self->pending),
                             (unsigned long long)self->refused, (unsigned)edge_state(self->edge).links,
                             (unsigned long long)edge_state(self->edge).cut, keys == NULL ? " registry not loaded" : ""),
    };
    answer(self, peer, request_id, health_type(), &health);
}

static void refuse(gateway_t *self, const peer_t *peer, uint64_t request_id, text_t code) {
    reason_t reason = {.code = code};
    reason_tell(&reason, self->arena);
    refusal_t refusal = {.reasons = &reason, .reasons_count = 1};
    answer(self, peer, request_id, refusal_type(), &refusal);
}

/* false: there is no room left to wait in. */
static bool park(gateway_t *self, const peer_t *peer, uint64_t request_id, uint64_t at_least) {
    for (size_t index = 0; index < GATEWAY_PARKED; index++) {
        if (self->parked[index].until_ms != 0) continue;
        self->parked[index] = (parked_t){*peer, request_id, at_least, self->now_ms + LIMIT_QUERY_PARK_MS};
        return true;
    }
    return false;
}

static void on_health_ask(gateway_t *self, const peer_t *peer, const packet_t *packet) {
    health_ask_t ask;
    fault_t fault;
    if (packet_body(packet, health_ask_type(), self->arena, &ask, &fault) != OK) {
        refuse(self, peer, packet->request_id, text_of(fault.code));
        return;
    }
    bool seen = ask.at_least <= follow_seen(self->follow);
    if (seen || !park(self, peer, packet->request_id, ask.at_least)) health_tell(self, peer, packet->request_id);
}

void health_step(gateway_t *self, bool asked) {
    peer_t peer;
    bytes_t frame;
    packet_t packet;
    fault_t fault;
    arena_reset(self->arena);
    while (asked && server_receive(self->desk, &peer, &frame)) {
        if (packet_decode(frame, &packet, &fault) != OK)
            refuse(self, &peer, 0, text_of(fault.code));
        else if (packet.kind != KIND_health_ask)
            refuse(self, &peer, packet.request_id, REASON_OF(unknown_message));
        else
            on_health_ask(self, &peer, &packet);
    }
    for (size_t index = 0; index < GATEWAY_PARKED; index++) {
        parked_t *parked = &self->parked[index];
        if (parked->until_ms == 0) continue;
        if (parked->at_least > follow_seen(self->follow) && parked->until_ms > self->now_ms) continue;
        health_tell(self, &parked->peer, parked->request_id); /* its cause_seq says whether the entry was seen */
        parked->until_ms = 0;
    }
}
