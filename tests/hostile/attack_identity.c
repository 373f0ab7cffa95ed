/* Those who do not belong, and those who belong and say that they are somebody else. */
#include <stdio.h>
#include <string.h>

#include "services/stage/clock.h"
#include "services/stage/link.h"
#include "tests/hostile/raw.h"

enum { TURNED_AWAY_MS = 20000 /* a handshake that goes nowhere is ended after 5 s */ };

/* A whole handshake of the NULL mechanism with the metadata that CURVE's ZAP would have given, then a report. */
static void without_curve(hostile_t *self) {
    zmtp_t link;
    uint8_t metadata[256];
    char user[64];
    snprintf(user, sizeof user, "%s#1", self->unit);
    const zmtp_property_t forged[] = {{"Socket-Type", "DEALER"}, {"Identity", "x"}, {"User-Id", user}, {NULL, NULL}};
    size_t size = zmtp_metadata(forged, metadata, sizeof metadata);
    bool greeted = zmtp_connect(&link, self->port) && zmtp_greet(&link, "NULL");
    zmtp_command(&link, "READY", metadata, size);
    zmtp_write(&link, "\x00\x03\x94\x01\x01", 5);
    bool ended = zmtp_ended(&link, TURNED_AWAY_MS);
    zmtp_close(&link);
    hostile_say(self, ended, "no CURVE", "NULL with a forged User-Id (greeted=%d): ended=%d", greeted, ended);
}

static void with_plain(hostile_t *self) {
    zmtp_t link;
    zmtp_connect(&link, self->port);
    zmtp_greet(&link, "PLAIN");
    zmtp_command(&link, "HELLO",
                 "\x05"
                 "admin"
                 "\x05"
                 "admin",
                 12);
    bool ended = zmtp_ended(&link, TURNED_AWAY_MS);
    zmtp_close(&link);
    hostile_say(self, ended, "PLAIN", "ended=%d", ended);
}

static void with_wrong_keys(hostile_t *self) {
    zmtp_t link;
    unit_key_t other;
    unit_key_new(&other);
    zmtp_connect(&link, self->port);
    bool fooled = zmtp_curve(&link, other.public_text, &self->keys[0], NULL);
    zmtp_close(&link);
    zmtp_connect(&link, self->port);
    bool stranger = zmtp_curve(&link, self->server_public, &other, NULL);
    zmtp_close(&link);
    unit_key_t stolen = self->keys[0]; /* a public half without its secret */
    memcpy(stolen.secret_text, other.secret_text, sizeof stolen.secret_text);
    zmtp_connect(&link, self->port);
    bool half = zmtp_curve(&link, self->server_public, &stolen, NULL);
    zmtp_close(&link);
    hostile_say(self, !fooled && !stranger && !half, "wrong keys",
                "wrong server key in=%d, unknown key in=%d, public half in=%d", fooled, stranger, half);
}

/* What a registered unit may write into its own handshake never makes it another one: the ledger is looked up at the end. */
static void forged_metadata(hostile_t *self) {
    char user[64];
    static char large[1200];
    snprintf(user, sizeof user, "%s#1", self->unit);
    memset(large, 'x', sizeof large - 1);
    const zmtp_property_t tries[][5] = {
        {{"Socket-Type", "DEALER"}, {"User-Id", user}, {NULL, NULL}},
        {{"User-Id", user}, {"Socket-Type", "DEALER"}, {"User-Id", user}, {"user-id", user}, {NULL, NULL}},
        {{"Socket-Type", "DEALER"}, {"User-Id", ""}, {NULL, NULL}},
        {{"Socket-Type", "DEALER"}, {"Identity", user}, {NULL, NULL}},
        {{"Socket-Type", "REQ"}, {"X-User-Id", user}, {"__fd", "1"}, {NULL, NULL}},
        {{"Socket-Type", "ROUTER"}, {NULL, NULL}},
        {{"Socket-Type", "DEALER"}, {"X-Large", large}, {NULL, NULL}},
        {{"Socket-Type", "SUB"}, {NULL, NULL}},
        {{"Identity", "y"}, {NULL, NULL}},
    };
    uint32_t entered = 0, receipts = 0, count = sizeof tries / sizeof tries[0];
    for (uint32_t index = 0; index < count; index++) {
        zmtp_t link;
        if (zmtp_connect(&link, self->port) && zmtp_curve(&link, self->server_public, &self->keys[0], tries[index])) {
            entered++;
            receipts += raw_report(self, &link, self->hogs[0]) == KIND_receipt;
        }
        zmtp_close(&link);
    }
    hostile_say(self, receipts >= 5 && entered <= count - 1, "forged metadata",
                "%u of %u handshakes, %u receipts, all as the key's own unit", entered, count, receipts);
}

/* Two connections that claim one routing id, and one that claims an id of libzmq's own making. */
static void same_identity(hostile_t *self) {
    static const zmtp_property_t twin[] = {{"Socket-Type", "DEALER"}, {"Identity", "twin"}, {NULL, NULL}};
    zmtp_t links[2];
    uint32_t answered = 0;
    for (int index = 0; index < 2; index++) {
        zmtp_connect(&links[index], self->port);
        zmtp_curve(&links[index], self->server_public, &self->keys[index], twin);
    }
    answered += raw_report(self, &links[0], self->hogs[0]) == KIND_receipt;
    zmtp_send(&links[1], "?", 1, false);
    uint8_t byte[64];
    bool second = zmtp_receive(&links[1], byte, sizeof byte, 300) >= 0;
    for (int index = 0; index < 2; index++) zmtp_close(&links[index]);
    hostile_say(self, answered == 1 && !second, "one id twice", "the first is answered=%u, the second=%d", answered, second);
}

void attack_identity(hostile_t *self) {
    without_curve(self);
    with_plain(self);
    with_wrong_keys(self);
    forged_metadata(self);
    same_identity(self);
}

void attack_revoked(hostile_t *self) {
    uint32_t hog = HOGS - 1, before = 0, after = 0;
    zmtp_t link, again;
    arena_t *arena = arena_new();
    uint8_t *room = arena_take(arena, RAW_ROOM);
    packet_t packet = {0};
    const char *code = "";
    if (raw_enter(self, hog, &link)) before = raw_report(self, &link, self->hogs[hog]);
    char unit[64];
    snprintf(unit, sizeof unit, "%s", self->hogs[hog]);
    int revoked = hostile_minning(self, (char *[]){(char[]){"key"}, (char[]){"revoke"}, unit, NULL});
    int64_t begun_ms = clock_steady_ms();
    do { /* intake turns the key away at once; the door itself when it hears of it by stream 2, behind all that went before */
        after = raw_report(self, &link, self->hogs[hog]);
        zmtp_send(&link, "\x94\xcd\x02\x5a\x01\x07\x80", 7, false);
        if (raw_answer(&link, KIND_refusal, room, &packet, WELL_MS) != 0) code = raw_refusal_code(&packet, arena);
    } while (strcmp(code, "unknown_key") != 0 && clock_steady_ms() - begun_ms < WELL_MS);
    int64_t took_ms = clock_steady_ms() - begun_ms;
    bool reconnected = raw_enter(self, hog, &again);
    if (reconnected) zmtp_close(&again);
    zmtp_close(&link);
    bool turned_away = revoked == 0 && after == KIND_refusal && strcmp(code, "unknown_key") == 0 && !reconnected;
    hostile_say(self, before == KIND_receipt && turned_away, "revoked in flight",
                "the open connection is answered %s after %lld ms, a new one enters=%d", code, (long long)took_ms, reconnected);
    arena_destroy(&arena);
}

void attack_replay(hostile_t *self) {
    zmtp_t link, other;
    arena_t *arena = arena_new();
    uint8_t *room = arena_take(arena, RAW_ROOM);
    buffer_t frame = {0};
    packet_t packet = {0};
    receipt_t first = {0}, second = {0};
    fault_t fault;
    report_submit_t submit = {.report = hostile_report(arena, 0)};
    packet_encode(9, report_submit_type(), &submit, &frame);
    zmtp_connect(&link, self->port);
    link.record = true;
    zmtp_curve(&link, self->server_public, &self->keys[0], NULL);
    zmtp_send(&link, frame.at, frame.size, false);
    if (raw_answer(&link, KIND_receipt, room, &packet, WELL_MS) != 0)
        packet_body(&packet, receipt_type(), arena, &first, &fault);
    hostile_ack(self, &first, self->hogs[0]);
    zmtp_connect(&other, self->port); /* the very bytes that an eavesdropper saw */
    bool written = zmtp_write(&other, link.said.at, link.said.size), ended = zmtp_ended(&other, TURNED_AWAY_MS);
    zmtp_close(&other);
    raw_enter(self, 1, &other); /* the same report under another key: then it is that unit's own, and an entry of its own */
    zmtp_send(&other, frame.at, frame.size, false);
    if (raw_answer(&other, KIND_receipt, room, &packet, WELL_MS) != 0)
        packet_body(&packet, receipt_type(), arena, &second, &fault);
    hostile_ack(self, &second, self->hogs[1]);
    zmtp_close(&other);
    zmtp_close(&link);
    hostile_say(self, ended && first.seq != 0 && second.seq != 0 && first.seq != second.seq && !second.duplicate, "replay",
                "recorded bytes sent again (written=%d) ended=%d; another's report becomes entry %llu beside %llu", written,
                ended, (unsigned long long)second.seq, (unsigned long long)first.seq);
    buffer_destroy(&frame);
    arena_destroy(&arena);
}
