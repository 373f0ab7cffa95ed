/* The link: a batch from another process, split into its events; and a unit's frame, split into its messages. */
#include "proto/delta.h"
#include "services/door/door_rules.h"
#include "services/stage/serve.h"
#include "tests/fuzz/fuzz.h"

static void walk(const batch_t *batch) {
    uint32_t at = 0, events = 0;
    uint64_t seq = 0;
    event_t event;
    err_t err = OK;
    while (batch_next(batch, &at, &seq, &event, &err)) {
        PROMISE(event.seq == seq && seq == batch->from + events, "event %u is said to be %llu", events,
                (unsigned long long)seq);
        PROMISE(event.raw.at >= batch->events.at && event.raw.at + event.raw.size <= batch->events.at + batch->events.size,
                "event %u lies outside the batch", events);
        events++;
    }
    PROMISE(events <= batch->count, "%u events where %llu were stated", events, (unsigned long long)batch->count);
    if (err == OK)
        PROMISE(events == batch->count && at == batch->events.size, "well, but %u of %u bytes", at, batch->events.size);
}

static void split(bytes_t frame) {
    bytes_t messages[LIMIT_EDGE_BATCH];
    fault_t fault = {0};
    uint32_t count = frame_messages(frame, messages, &fault), used = 0;
    PROMISE(count > 0 || fault.code != NULL, "a refusal without a code");
    PROMISE(count <= LIMIT_EDGE_BATCH, "%u messages", count);
    for (uint32_t index = 0; index < count; index++) {
        PROMISE(messages[index].at >= frame.at && messages[index].at + messages[index].size <= frame.at + frame.size,
                "message %u lies outside the frame", index);
        used += messages[index].size;
    }
    PROMISE(used <= frame.size, "%u bytes of messages in a frame of %u", used, frame.size);
}

/* Reading a packet in one look takes what scanning, opening and decoding takes, and as much of it. */
static void look(bytes_t bytes, const message_t *type, arena_t *arena) {
    packet_t first, packet;
    fault_t fault = {0};
    bool taken = packet_first(bytes, type, arena, &first, arena_take(arena, type->size), NULL);
    bool good = packet_decode(bytes, &packet, &fault) == OK &&
                packet_body(&packet, type, arena, arena_take(arena, type->size), &fault) == OK;
    PROMISE(taken == good, "one look says %d, decoding %d", taken, good);
    if (taken) PROMISE(first.raw.size == packet.raw.size, "%u bytes in one look of %u", first.raw.size, packet.raw.size);
}

/* Packets of a frame, one after the other as every receiver walks them. */
static void walk_packets(bytes_t frame, arena_t *arena) {
    uint32_t count = 0;
    packet_t packet;
    fault_t fault = {0};
    bytes_t rest = packets_of(frame, &count);
    look(rest, receipt_type(), arena);
    look(rest, receipts_type(), arena);
    look(rest, verdict_type(), arena);
    look(rest, verdicts_type(), arena);
    look(rest, append_ask_type(), arena);
    look(rest, report_submit_type(), arena);
    look(rest, reports_type(), arena);
    for (; count > 0 && packet_decode(rest, &packet, &fault) == OK; count--) {
        PROMISE(packet.raw.size <= rest.size, "a packet beyond the frame");
        rest = (bytes_t){rest.at + packet.raw.size, rest.size - packet.raw.size};
    }
}

/* Two parts of the input: what differs between them tells the one by the other; and the one as pieces of the other does no harm. */
static void differ(bytes_t input, arena_t *arena) {
    bytes_t before = {input.at, input.size / 2}, now = {input.at + before.size, input.size - before.size}, again;
    buffer_t pieces = {0};
    delta_tell(before, now, &pieces);
    const char *code = delta_put(before, (bytes_t){pieces.at, (uint32_t)pieces.size}, now.size, arena, &again);
    PROMISE(code == NULL && again.size == now.size && (now.size == 0 || memcmp(again.at, now.at, now.size) == 0),
            "%u bytes are not what they were: %s", now.size, code);
    buffer_destroy(&pieces);
    if (delta_put(before, now, UINT32_MAX, arena, &again) == NULL)
        PROMISE(again.size <= input.size, "%u bytes of %u", again.size, input.size);
}

FUZZ(batch) {
    walk_packets(input, arena);
    split(input);
    differ(input, arena);
    batch_t batch = {.state = batch_state_ok, .from = 1};
    fault_t fault = {0};
    packet_t packet;
    if (packet_decode(input, &packet, &fault) == OK && packet_body(&packet, batch_type(), arena, &batch, &fault) == OK)
        walk(&batch);
    batch = (batch_t){.state = batch_state_ok, .from = fuzz_byte(&input), .count = fuzz_byte(&input)};
    batch.events = input;
    walk(&batch);
}
