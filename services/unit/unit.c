/* The unit's connection: one DEALER behind CURVE, packets out, typed answers in. */
#include "services/unit/unit.h"

#include <czmq.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "proto/receipt.h"
#include "proto/rows.h"
#include "proto/verdict.h"
#include "services/stage/clock.h"
#include "services/stage/link.h"
#include "services/unit/unit_inner.h"

enum {
    UNIT_QUEUE = 8192,
    UNIT_LINGER_MS = 500,
    MONITOR_LOOK_MS = 100, /* who polls without waiting need not know sooner: a look takes four system calls */
};

struct unit_link {
    zsock_t *socket;
    void *raw;             /* the same, for libzmq: CZMQ asks itself each time what it was given */
    zsock_t *monitor;
    zmq_msg_t frame;       /* received last; */
    bytes_t rest;          /* what of it was not given out yet, */
    uint32_t answers;      /* and how many packets that is; */
    receipts_t receipts;   /* of the last packet of many, or */
    verdicts_t verdicts;   /* these; what of them is a list lives in */
    arena_t *rows_arena;
    uint32_t rows_given;   /* so many of them given out, */
    rows_at_t rows_at;     /* the last of which said this */
    sent_table_t sent;     /* in arrays, and not judged */
    buffer_t out;
    gathered_t gathered;
    uint64_t last_id;
    unit_key_t key;
    char server_public[UNIT_KEY_TEXT + 1];
    char endpoint[256];
    bool refused;          /* the gateway turned the key away; */
    int64_t monitor_ms;    /* not looked at again before */
    uint32_t unread;       /* answers that could not be read, */
    fault_t unread_why;    /* and what was wrong with the last of them */
};

static void link_drop(unit_link_t *self) {
    if (self->socket != NULL) zmq_socket_monitor(zsock_resolve(self->socket), NULL, 0);
    zsock_destroy(&self->socket);
    zsock_destroy(&self->monitor);
}

static bool options_set(unit_link_t *self, void *socket) {
    int linger = UNIT_LINGER_MS, queue = UNIT_QUEUE, beat = LIMIT_HEARTBEAT_MS, quick = 50, slow = 1000;
    int64_t largest = LIMIT_FRAME;
    return zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, self->server_public, UNIT_KEY_TEXT) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, self->key.public_text, UNIT_KEY_TEXT) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, self->key.secret_text, UNIT_KEY_TEXT) == 0 &&
           zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger) == 0 &&
           zmq_setsockopt(socket, ZMQ_SNDHWM, &queue, sizeof queue) == 0 &&
           zmq_setsockopt(socket, ZMQ_RCVHWM, &queue, sizeof queue) == 0 &&
           zmq_setsockopt(socket, ZMQ_HEARTBEAT_IVL, &beat, sizeof beat) == 0 &&
           zmq_setsockopt(socket, ZMQ_RECONNECT_IVL, &quick, sizeof quick) == 0 &&
           zmq_setsockopt(socket, ZMQ_RECONNECT_IVL_MAX, &slow, sizeof slow) == 0 &&
           zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &largest, sizeof largest) == 0;
}

static err_t link_make(unit_link_t *self) {
    link_drop(self);
    self->refused = false;
    self->monitor_ms = 0;
    static atomic_uint made; /* another name each time: one is free again only some time after its socket is closed */
    char monitor[64];
    snprintf(monitor, sizeof monitor, "inproc://minning.unit.%u", atomic_fetch_add(&made, 1));
    self->socket = zsock_new(ZMQ_DEALER);
    self->monitor = zsock_new(ZMQ_PAIR);
    if (self->socket == NULL || self->monitor == NULL) return ERR_SYSTEM;
    void *socket = self->raw = zsock_resolve(self->socket);
    if (!options_set(self, socket)) return ERR_BAD;
    if (zmq_socket_monitor(socket, monitor, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) != 0) return ERR_SYSTEM;
    if (zmq_connect(zsock_resolve(self->monitor), monitor) != 0) return ERR_SYSTEM;
    return zmq_connect(socket, self->endpoint) == 0 ? OK : ERR_BAD;
}

err_t unit_open(const char *endpoint, const char *server_public, const unit_key_t *key, unit_link_t **out) {
    link_start(); /* or CZMQ takes SIGINT and SIGTERM for itself */
    unit_link_t *self = calloc(1, sizeof *self);
    if (self == NULL) return ERR_NOMEM;
    zmq_msg_init(&self->frame);
    self->rows_arena = arena_new();
    self->key = *key;
    bool fits = strlen(endpoint) < sizeof self->endpoint && strlen(server_public) == UNIT_KEY_TEXT;
    if (fits) memcpy(self->endpoint, endpoint, strlen(endpoint) + 1);
    if (fits) memcpy(self->server_public, server_public, UNIT_KEY_TEXT + 1);
    err_t err = fits ? link_make(self) : ERR_BAD;
    if (err != OK) unit_close(&self);
    else *out = self;
    return err;
}

void unit_close(unit_link_t **self) {
    if (*self == NULL) return;
    link_drop(*self);
    zmq_msg_close(&(*self)->frame);
    buffer_destroy(&(*self)->out);
    gathered_destroy(&(*self)->gathered);
    arena_destroy(&(*self)->rows_arena);
    sent_forget(&(*self)->sent);
    free(*self);
    *self = NULL;
}

void *unit_handle(unit_link_t *self) { return self->raw; }

bool unit_send_raw(unit_link_t *self, bytes_t frame) {
    return zmq_send(self->raw, frame.at, frame.size, ZMQ_DONTWAIT) >= 0;
}

uint64_t unit_send_one(unit_link_t *self, const message_t *type, const void *value) {
    buffer_clear(&self->out);
    packet_encode(self->last_id + 1, type, value, &self->out);
    if (!unit_send_raw(self, (bytes_t){self->out.at, (uint32_t)self->out.size})) return 0;
    return ++self->last_id;
}

uint64_t unit_send_report(unit_link_t *self, const report_t *report, int64_t client_ms) {
    report_submit_t submit = {.report = *report, .client_ms = client_ms > 0 ? (uint64_t)client_ms : 0};
    return unit_send_one(self, report_submit_type(), &submit);
}

uint64_t unit_send_check(unit_link_t *self, const report_t *report) {
    report_check_t check = {.report = *report};
    return unit_send_one(self, report_check_type(), &check);
}

uint64_t unit_send_status(unit_link_t *self, const status_ask_t *ask) { return unit_send_one(self, status_ask_type(), ask); }

/* Puts a report under the next number behind others. */
static uint64_t report_put(unit_link_t *self, const report_t *report, int64_t client_ms) {
    gathered_put(&self->gathered, ++self->last_id, report, client_ms);
    sent_keep(&self->sent, self->last_id, report->submission_id);
    return self->last_id;
}

uint64_t unit_gather_report(unit_link_t *self, const report_t *report, int64_t client_ms) {
    enum { ENOUGH = LIMIT_EDGE_FRAME / 2 }; /* a frame of gathered reports is not let grow far above this */
    bool full = self->gathered.count == LIMIT_EDGE_BATCH || self->gathered.size >= ENOUGH;
    if (full && !unit_flush(self)) return 0;
    return report_put(self, report, client_ms);
}

bool unit_flush(unit_link_t *self) {
    if (self->gathered.count == 0) return true;
    if (!unit_send_raw(self, gathered_frame(&self->gathered, &self->out))) return false; /* it may still grow */
    gathered_forget(&self->gathered);
    return true;
}

uint64_t unit_send_reports(unit_link_t *self, const report_t *const *reports, uint32_t count, int64_t client_ms) {
    if (count == 0 || count > LIMIT_EDGE_BATCH || !unit_flush(self)) return 0;
    uint64_t before = self->last_id;
    for (uint32_t index = 0; index < count; index++) report_put(self, reports[index], client_ms);
    if (unit_flush(self)) return before + 1;
    gathered_forget(&self->gathered);
    self->last_id = before;
    return 0;
}

static bool unread(unit_link_t *self, const fault_t *fault) {
    self->unread++;
    self->unread_why = *fault;
    return false;
}

/* Texts and lists are views into a copy of the packet that lives in the arena. false: it is no answer of ours, or cannot be read,
 * which is noted. */
static bool answer_read(unit_link_t *self, const packet_t *original, arena_t *arena, unit_answer_t *answer) {
    packet_t packet = *original;
    fault_t fault;
    err_t err;
    packet.body = arena_bytes(arena, original->body);
    answer->request_id = packet.request_id;
    answer->kind = packet.kind;
    switch (packet.kind) {
    case KIND_receipt: err = packet_body(&packet, receipt_type(), arena, &answer->receipt, &fault); break;
    case KIND_verdict: err = packet_body(&packet, verdict_type(), arena, &answer->verdict, &fault); break;
    case KIND_refusal: err = packet_body(&packet, refusal_type(), arena, &answer->refusal, &fault); break;
    case KIND_busy: err = packet_body(&packet, busy_type(), arena, &answer->busy, &fault); break;
    case KIND_standing_told: err = packet_body(&packet, standing_told_type(), arena, &answer->standing, &fault); break;
    case KIND_measures: err = packet_body(&packet, measures_type(), arena, &answer->measures, &fault); break;
    case KIND_evidence_at: err = packet_body(&packet, evidence_at_type(), arena, &answer->evidence_at, &fault); break;
    case KIND_evidence_told: err = packet_body(&packet, evidence_told_type(), arena, &answer->evidence, &fault); break;
    default: return false;
    }
    return err == OK || unread(self, &fault);
}

/* Almost every answer is a receipt or a verdict: read in one look, not scanned first. false: it is something else. */
static bool answer_take(bytes_t rest, arena_t *arena, packet_t *packet, unit_answer_t *answer) {
    verdict_t verdict;
    if (!packet_first(rest, receipt_type(), arena, packet, &answer->receipt, NULL)) {
        if (!packet_first(rest, verdict_type(), arena, packet, &verdict, NULL)) return false;
        wire_copy(verdict_type(), &verdict, &answer->verdict, arena_room(arena, wire_room(verdict_type(), &verdict)));
    }
    answer->request_id = packet->request_id;
    answer->kind = packet->kind;
    return true;
}

static void rows_begin(unit_link_t *self) {
    arena_reset(self->rows_arena);
    self->rows_given = self->receipts.rows_count = self->verdicts.rows_count = 0;
    self->rows_at = (rows_at_t){0};
}

/* Many receipts or verdicts, in one look. false: it is something else, or there is doubt. */
static bool rows_take(unit_link_t *self, packet_t *packet) {
    receipts_t receipts;
    verdicts_t verdicts;
    rows_begin(self);
    if (packet_first(self->rest, verdicts_type(), self->rows_arena, packet, &verdicts, NULL)) self->verdicts = verdicts;
    else if (packet_first(self->rest, receipts_type(), self->rows_arena, packet, &receipts, NULL)) self->receipts = receipts;
    else return false;
    return true;
}

static bool is_of_many(const packet_t *packet) { return packet->kind == KIND_receipts || packet->kind == KIND_verdicts; }

/* Where there was doubt: the general reader takes them, or says what is wrong. */
static bool rows_read(unit_link_t *self, const packet_t *packet) {
    receipts_t receipts;
    verdicts_t verdicts;
    fault_t fault;
    rows_begin(self);
    bool given = packet->kind == KIND_verdicts;
    err_t err = given ? packet_body(packet, verdicts_type(), self->rows_arena, &verdicts, &fault)
                      : packet_body(packet, receipts_type(), self->rows_arena, &receipts, &fault);
    if (err != OK) return unread(self, &fault);
    if (given) self->verdicts = verdicts;
    else self->receipts = receipts;
    return true;
}

/* The reasons' texts are in the frame, which the next one takes the place of. */
static void verdict_give(unit_link_t *self, verdict_row_t row, arena_t *arena, unit_answer_t *answer) {
    row_complete(&self->rows_at, &row.request_id, &row.seq);
    answer->request_id = row.request_id;
    answer->kind = KIND_verdict;
    verdict_put(&self->verdicts, &row, &answer->verdict);
    sent_find(&self->sent, row.request_id, answer->verdict.submission_id);
    if (row.reasons_count == 0) return;
    verdict_t verdict = answer->verdict;
    wire_copy(verdict_type(), &verdict, &answer->verdict, arena_room(arena, wire_room(verdict_type(), &verdict)));
}

static void receipt_give(unit_link_t *self, receipt_row_t row, unit_answer_t *answer) {
    row_complete(&self->rows_at, &row.request_id, &row.seq);
    sent_find(&self->sent, row.request_id, row.submission_id);
    answer->request_id = row.request_id;
    answer->kind = KIND_receipt;
    receipt_put(&self->receipts, &row, &answer->receipt);
}

/* false: all are given out. */
static bool row_next(unit_link_t *self, arena_t *arena, unit_answer_t *answer) {
    if (self->rows_given < self->verdicts.rows_count) {
        verdict_give(self, self->verdicts.rows[self->rows_given++], arena, answer);
        return true;
    }
    if (self->rows_given >= self->receipts.rows_count) return false;
    receipt_give(self, self->receipts.rows[self->rows_given++], answer);
    return true;
}

/* Takes the next packet of the frame at hand: an answer, or many. What is no answer of ours is passed over. false: there is none,
 * or the rest cannot be read. */
static bool packet_next(unit_link_t *self, arena_t *arena, unit_answer_t *answer) {
    packet_t packet;
    fault_t fault;
    while (self->answers > 0) {
        bool many = false, taken = answer_take(self->rest, arena, &packet, answer) || (many = rows_take(self, &packet));
        if (!taken && packet_decode(self->rest, &packet, &fault) != OK) {
            unread(self, &fault);
            break;
        }
        if (!taken && is_of_many(&packet)) many = taken = rows_read(self, &packet);
        self->answers--;
        self->rest = (bytes_t){self->rest.at + packet.raw.size, self->rest.size - packet.raw.size};
        if (many ? row_next(self, arena, answer) : taken || answer_read(self, &packet, arena, answer)) return true;
    }
    self->answers = 0;
    return false;
}

/* The next row of the many at hand, the next answer of the frame at hand, then of the next frame. */
static bool answer_next(unit_link_t *self, arena_t *arena, unit_answer_t *answer) {
    while (!row_next(self, arena, answer) && !packet_next(self, arena, answer)) {
        if (zmq_msg_recv(&self->frame, self->raw, ZMQ_DONTWAIT) < 0) return false;
        self->rest = packets_of((bytes_t){zmq_msg_data(&self->frame), (uint32_t)zmq_msg_size(&self->frame)}, &self->answers);
    }
    if (answer->kind != KIND_receipt) sent_end(&self->sent, answer->request_id);
    return true;
}

static void monitor_drain(unit_link_t *self, int64_t now_ms) {
    if (now_ms < self->monitor_ms) return;
    self->monitor_ms = now_ms + MONITOR_LOOK_MS;
    void *monitor = zsock_resolve(self->monitor);
    uint8_t part[256];
    while (zmq_recv(monitor, part, sizeof part, ZMQ_DONTWAIT) >= 0) self->refused = true; /* the only event we watch */
}

bool unit_poll(unit_link_t *self, int64_t timeout_ms, arena_t *arena, unit_answer_t *answer) {
    uint32_t before = self->unread;
    if (answer_next(self, arena, answer)) return true; /* without a look at the clock: many come in one frame */
    int64_t now_ms = clock_steady_ms(), until_ms = now_ms + timeout_ms;
    do {
        monitor_drain(self, now_ms);
        if (now_ms >= until_ms || self->refused || self->unread != before) return false;
        zmq_pollitem_t items[] = {{self->raw, 0, ZMQ_POLLIN, 0}, {zsock_resolve(self->monitor), 0, ZMQ_POLLIN, 0}};
        zmq_poll(items, 2, until_ms - now_ms);
        if (items[1].revents != 0) self->monitor_ms = 0;
        now_ms = clock_steady_ms();
    } while (!answer_next(self, arena, answer));
    return true;
}

bool unit_refused(const unit_link_t *self) { return self->refused; }

uint64_t unit_last_id(const unit_link_t *self) { return self->last_id; }

uint32_t unit_unread(const unit_link_t *self, fault_t *why) {
    *why = self->unread_why;
    return self->unread;
}

err_t unit_reconnect(unit_link_t *self) { return link_make(self); }
