/* The units' door behind its sockets: frames of units with and without a key, answers of the services behind it, verdicts of
 * stream 2, in any order. What reaches intake, vault and validation is always a whole packet of ours. */
#include <msgpack.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define assert_true(condition) ASSERT(condition)
#include "services/gateway/state.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/gateway_world.h"

enum { MOST_OPS = 24 };

static world_t *world;
static char top[4096];
static peer_t peers[3]; /* the gateway, as intake, validation and vault see it */

static void stop(void) {
    world_destroy(&world);
    if (chdir(top) != 0) abort();
}

static server_t *server_of(uint32_t service) {
    return service == 0 ? world->intake : service == 1 ? world->validation : world->vault;
}

static client_t *client_of(uint32_t service) {
    gateway_t *gateway = world->gateway;
    return service == 0 ? gateway->intake : service == 1 ? gateway->validation : gateway->vault;
}

static void packet_check(const packet_t *packet) {
    fault_t fault = {0};
    const message_t *type = message_of_kind(packet->kind);
    arena_reset(world->turn);
    void *value = type == NULL ? NULL : arena_take(world->turn, type->size);
    PROMISE(value != NULL && packet_body(packet, type, world->turn, value, &fault) == OK, "kind %u: %s at %s", packet->kind,
            fault.code, fault.path);
}

/* Everything the gateway has said to a service. */
static void drain(uint32_t service) {
    peer_t peer;
    bytes_t frame;
    while (server_receive(server_of(service), &peer, &frame)) {
        uint32_t count = 0;
        bytes_t rest = packets_of(frame, &count);
        PROMISE(count > 0, "a frame without a packet");
        for (; count > 0; count--) {
            packet_t packet;
            fault_t fault = {0};
            PROMISE(packet_decode(rest, &packet, &fault) == OK, "no packet: %s", fault.code);
            packet_check(&packet);
            rest = (bytes_t){rest.at + packet.raw.size, rest.size - packet.raw.size};
        }
        PROMISE(rest.size == 0, "%u bytes behind the last packet", rest.size);
        peers[service] = peer;
    }
}

enum { HELLO_SIZE = 7 }; /* of a fetch that says nothing: no beat is so short */

static void start(void) {
    if (getcwd(top, sizeof top) == NULL) abort();
    world = world_make();
    unit_key_t key = {.public_text = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"};
    world_register(world, "chengmen", 1, &key, false);
    WORLD_UNTIL(world, gateway_ready(world->gateway));
    for (uint32_t service = 0; service < 3; service++) { /* so that each knows where answers go */
        client_send(client_of(service), (bytes_t){(const uint8_t *)"\x94\xcd\x01\xf4\x01\x01\x80", HELLO_SIZE});
        void *handle = server_handle(server_of(service));
        bytes_t frame = {NULL, 0};
        bool come = false; /* a beat may come before it */
        for (int tries = 0; tries < 20 && !come; tries++) {
            link_wait(&handle, 1, 2000);
            while (server_receive(server_of(service), &peers[service], &frame)) come |= frame.size == HELLO_SIZE;
        }
        PROMISE(come, "service %u does not hear the gateway", service);
    }
    atexit(stop);
}

static int buffer_write(void *buffer, const char *bytes, size_t size) {
    buffer_add(buffer, bytes, size);
    return 0;
}

/* The input's packet as an answer to the newest conversation; a service may say what it likes. */
static void answer(uint32_t service, bytes_t part) {
    packet_t packet;
    fault_t fault;
    gateway_t *gateway = world->gateway;
    conversation_t *newest = pending_oldest(gateway->pending);
    for (conversation_t *next = newest; next != NULL; next = pending_newer(gateway->pending, next)) newest = next;
    if (newest == NULL || packet_decode(part, &packet, &fault) != OK) return;
    buffer_t frame = {0};
    msgpack_packer packer;
    msgpack_packer_init(&packer, &frame, buffer_write);
    msgpack_pack_array(&packer, 4);
    msgpack_pack_uint64(&packer, packet.kind);
    msgpack_pack_uint64(&packer, packet.version);
    msgpack_pack_uint64(&packer, newest->id);
    buffer_add(&frame, packet.body.at, packet.body.size);
    server_send(server_of(service), &peers[service], (bytes_t){frame.at, (uint32_t)frame.size});
    void *handle = client_handle(client_of(service));
    link_wait(&handle, 1, 2000);
    inner_answers_take(gateway, client_of(service));
    buffer_destroy(&frame);
}

static void told(bytes_t part) {
    event_t event;
    fault_t fault;
    if (event_decode(part, &event, &fault) != OK) return;
    conversation_t *oldest = pending_oldest(world->gateway->pending);
    if (oldest != NULL && oldest->seq != 0) event.cause_seq = oldest->seq;
    inner_event(world->gateway, &event);
}

static void said(const char *user_id, uint32_t parts, bytes_t frame) {
    edge_message_t message = {
        .peer = {.bytes = "nobody is there", .size = 15}, .frame = frame, .parts = parts, .user_id = user_id};
    uint64_t refused = world->gateway->refused;
    uint32_t pending = gateway_pending(world->gateway);
    unit_message_take(world->gateway, &message);
    bool known = user_id != NULL && strcmp(user_id, "chengmen#1") == 0;
    if (!known) PROMISE(gateway_pending(world->gateway) == pending && world->gateway->refused > refused, "heard without a key");
}

/* Ops: [which, part]: 0-5 a unit's frame (1: unknown, 2: no key, 3: two parts), 6-8 an answer, 9 an event of stream 2. */
FUZZ(gateway) {
    (void)arena;
    if (world == NULL) start();
    world->gateway->now_ms = 1;
    for (uint32_t ops = 0; input.size > 0 && ops < MOST_OPS; ops++) {
        uint8_t op = fuzz_byte(&input) % 10;
        bytes_t part = fuzz_part(&input);
        if (op < 6)
            said(op == 1 ? "chengmen#2" : op == 2 ? NULL : "chengmen#1", op == 3 ? 2 : 1, part);
        else if (op < 9)
            answer(op - 6u, part);
        else
            told(part);
    }
    inner_appends_send(world->gateway);
    conversations_expire(world->gateway, INT64_MAX);
    unit_answers_send(world->gateway);
    PROMISE(gateway_pending(world->gateway) == 0, "conversations are left over");
    for (uint32_t service = 0; service < 3; service++) drain(service);
    refs_destroy(&world->gateway->refs); /* what one input taught must not be known to the next */
    world->gateway->refs = refs_new(1000);
}
