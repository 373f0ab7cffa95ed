/* A gateway with stand-ins for the services behind it, all in one process and one thread: each turn everybody takes a step. */
#ifndef TESTS_GATEWAY_WORLD_H
#define TESTS_GATEWAY_WORLD_H

#include <string.h>
#include <unistd.h>

#include "proto/chain.h"
#include "proto/crypto.h"
#include "services/gateway/gateway.h"
#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "services/stage/link.h"
#include "services/stage/log.h"
#include "services/unit/unit.h"
#include "tests/sim/temporary.h"

enum { WORLD_ROWS = 64, WORLD_PATIENCE_MS = 10000 };

typedef struct {
    char folder[256];
    unit_key_t server;
    gateway_t *gateway;
    server_t *intake, *vault, *validation, *verdicts, *evidence;
    arena_t *arena;       /* of what the units were answered */
    arena_t *turn;        /* of one packet */
    buffer_t out;
    /* intake */
    registry_key_t keys[WORLD_ROWS];
    char units[WORLD_ROWS][LIMIT_ID + 1];
    uint32_t key_count;
    uint64_t seq;         /* the ledger's head */
    uint64_t epoch;       /* and its epoch; 0: the first */
    uint8_t submissions[WORLD_ROWS][16];
    uint64_t submission_seqs[WORLD_ROWS];
    uint32_t submission_count;
    buffer_t seen;        /* every byte that reached intake or validation */
    uint32_t appends, notes, busy_first;
    text_t last_unit, last_note_code, last_note_unit; /* in arena */
    uint8_t note_hashes[WORLD_ROWS][32];
    bool hold_receipts, hold_verdicts, hold_registry;
    bool gather_receipts; /* until world_receipts_give */
    bool refuse_odd;      /* entries of odd numbers are refused, with two reasons */
    receipt_row_t rows[WORLD_ROWS];
    uint32_t row_count;
    peer_t held_peer;
    buffer_t held;
    /* vault, validation */
    uint32_t keeps, verdict_asks, checks;
    uint64_t asked_epoch; /* of the last of these */
    /* evidence */
    uint64_t evidence_bytes;
    text_t evidence_unit; /* in arena */
    /* stream 2 */
    buffer_t events[WORLD_ROWS];
    uint8_t hashes[WORLD_ROWS + 1][32];
    uint64_t event_count;
    uint64_t fetched_after; /* the reader has applied up to here */
    peer_t parked_peer;
    packet_t parked;
    fetch_t parked_fetch;
    bool is_parked;
    bool spoil; /* the next event changes on its way */
} world_t;

static inline void world_reply(world_t *w, server_t *server, const peer_t *peer, uint64_t id, const message_t *type,
                               const void *value) {
    buffer_clear(&w->out);
    packet_encode(id, type, value, &w->out);
    server_send(server, peer, (bytes_t){w->out.at, (uint32_t)w->out.size});
}

static inline uint64_t world_epoch(const world_t *w) { return w->epoch == 0 ? 1 : w->epoch; }

static inline void world_event(world_t *w, uint64_t cause, const message_t *type, const void *value) {
    event_t header = {.epoch = world_epoch(w), .cause_seq = cause, .at_ms = 1629878400000 + (int64_t)cause};
    buffer_t *event = &w->events[w->event_count];
    buffer_clear(event);
    event_encode(&header, type, value, event);
    bytes_t raw = {event->at, (uint32_t)event->size};
    hash_chain(CHAIN_QUICK, w->hashes[w->event_count], raw, w->hashes[w->event_count + 1]);
    w->event_count++;
}

/* --- stream 2 --- */
static inline bool world_batch(world_t *w) {
    const fetch_t *fetch = &w->parked_fetch;
    batch_t batch = {.stream = STREAM_VERDICTS, .state = batch_state_ok};
    batch.durable_head = batch.tail_head = w->event_count;
    buffer_t events = {0};
    bool after_is_ours = fetch->after <= w->event_count && memcmp(fetch->after_hash, w->hashes[fetch->after], 32) == 0;
    if (fetch->at_end) {
        batch.from = w->event_count + 1;
        memcpy(batch.last_hash, w->hashes[w->event_count], 32);
    } else if (fetch->after > w->event_count) batch.state = batch_state_behind;
    else if (!after_is_ours) batch.state = batch_state_diverged;
    else {
        w->fetched_after = fetch->after;
        if (fetch->after == w->event_count) return false;
        for (uint64_t index = fetch->after; index < w->event_count; index++)
            buffer_add(&events, w->events[index].at, w->events[index].size);
        batch.from = fetch->after + 1;
        batch.count = w->event_count - fetch->after;
        if (w->spoil) events.at[events.size - 1] ^= 1;
        w->spoil = false;
        batch.events = (bytes_t){events.at, (uint32_t)events.size};
        memcpy(batch.last_hash, w->hashes[w->event_count], 32);
    }
    world_reply(w, w->verdicts, &w->parked_peer, w->parked.request_id, batch_type(), &batch);
    buffer_destroy(&events);
    return true;
}

static inline void world_verdicts_step(world_t *w) {
    bytes_t frame;
    fault_t fault;
    peer_t peer;
    while (server_receive(w->verdicts, &peer, &frame)) {
        w->parked_peer = peer;
        w->is_parked = packet_decode(frame, &w->parked, &fault) == OK &&
                       packet_body(&w->parked, fetch_type(), w->turn, &w->parked_fetch, &fault) == OK;
    }
    if (w->is_parked && world_batch(w)) w->is_parked = false;
}

/* --- intake --- */
static inline void world_judge(world_t *w, uint64_t seq, const append_ask_t *ask) {
    if (w->refuse_odd && seq % 2 == 1) {
        const reason_t reasons[] = {{.code = REASON_OF(unknown_task), .path = text_of("report.task")},
                                    {.code = REASON_OF(unknown_period), .path = text_of("report.period")}};
        report_refused_t refused = {.unit = ask->unit, .task = ask->report.task, .period = ask->report.period, .reasons = reasons,
                                    .reasons_count = 2};
        memcpy(refused.submission_id, ask->report.submission_id, 16);
        world_event(w, seq, report_refused_type(), &refused);
        return;
    }
    report_accepted_t accepted = {.unit = ask->unit, .task = ask->report.task, .period = ask->report.period, .revision = 1};
    memcpy(accepted.submission_id, ask->report.submission_id, 16);
    world_event(w, seq, report_accepted_type(), &accepted);
}

static inline uint64_t world_entry(world_t *w, const append_ask_t *ask, bool *duplicate) {
    *duplicate = true;
    for (uint32_t index = 0; index < w->submission_count; index++)
        if (memcmp(w->submissions[index], ask->report.submission_id, 16) == 0) return w->submission_seqs[index];
    *duplicate = false;
    memcpy(w->submissions[w->submission_count], ask->report.submission_id, 16);
    w->submission_seqs[w->submission_count++] = ++w->seq;
    return w->seq;
}

static inline void world_append(world_t *w, const peer_t *peer, const packet_t *packet) {
    append_ask_t ask;
    fault_t fault;
    if (packet_body(packet, append_ask_type(), w->turn, &ask, &fault) != OK) return;
    w->appends++;
    w->last_unit = arena_text(w->arena, ask.unit);
    if (w->busy_first > 0) {
        w->busy_first--;
        busy_t busy = {.retry_after_ms = 1};
        world_reply(w, w->intake, peer, packet->request_id, busy_type(), &busy);
        return;
    }
    receipt_t receipt = {.epoch = world_epoch(w), .received_ms = 1629878400000, .ledger_id = {1}, .content_hash = {1}};
    memcpy(receipt.submission_id, ask.report.submission_id, 16);
    receipt.seq = world_entry(w, &ask, &receipt.duplicate);
    if (!receipt.duplicate && !w->hold_verdicts) world_judge(w, receipt.seq, &ask);
    if (!w->hold_receipts && !w->gather_receipts) {
        world_reply(w, w->intake, peer, packet->request_id, receipt_type(), &receipt);
        return;
    }
    w->held_peer = *peer;
    if (w->gather_receipts) {
        receipt_row_t row = {.request_id = packet->request_id, .seq = receipt.seq, .content_hash = {1}};
        row.duplicate = receipt.duplicate;
        memcpy(row.submission_id, receipt.submission_id, 16);
        w->rows[w->row_count++] = row;
    } else packet_encode(packet->request_id, receipt_type(), &receipt, &w->held);
}

/* As intake gives the receipts of a group: in one packet. */
static inline void world_receipts_give(world_t *w) {
    receipts_t receipts = {.ledger_id = {1}, .epoch = world_epoch(w), .received_ms = 1629878400000, .head_seq = w->seq};
    receipts.rows = w->rows;
    receipts.rows_count = w->row_count;
    world_reply(w, w->intake, &w->held_peer, 0, receipts_type(), &receipts);
    w->row_count = 0;
}

static inline void world_registry(world_t *w, const peer_t *peer, const packet_t *packet) {
    registry_ask_t ask;
    fault_t fault;
    if (packet_body(packet, registry_ask_type(), w->turn, &ask, &fault) != OK) return;
    registry_t page = {.as_of = w->seq, .ledger_id = {1}}; /* one key a page: the door must ask on */
    if (ask.after < w->key_count) {
        page.keys = &w->keys[ask.after];
        page.keys_count = 1;
        page.more = ask.after + 1 < w->key_count;
    }
    world_reply(w, w->intake, peer, packet->request_id, registry_type(), &page);
}

static inline void world_note(world_t *w, const packet_t *packet) {
    refusals_note_t note;
    fault_t fault;
    if (packet_body(packet, refusals_note_type(), w->turn, &note, &fault) != OK) return;
    memcpy(w->note_hashes[w->notes++ % WORLD_ROWS], note.frame_hash, sizeof note.frame_hash);
    w->last_note_code = arena_text(w->arena, note.code);
    w->last_note_unit = arena_text(w->arena, note.unit);
}

/* --- vault and validation --- */
static inline void world_keep(world_t *w, const peer_t *peer, const packet_t *packet) {
    vault_keep_t keep;
    fault_t fault;
    if (packet_body(packet, vault_keep_type(), w->turn, &keep, &fault) != OK) return;
    w->keeps++;
    personal_t *refs = ARENA_NEW(w->turn, personal_t, keep.texts_count);
    for (uint32_t index = 0; index < keep.texts_count; index++) {
        refs[index].key_id = 1;
        hash_of((bytes_t){(const uint8_t *)keep.texts[index].at, keep.texts[index].size}, refs[index].hash);
        memset(refs[index].commitment, 7, 32);
    }
    vault_kept_t kept = {.refs = refs, .refs_count = keep.texts_count};
    world_reply(w, w->vault, peer, packet->request_id, vault_kept_type(), &kept);
}

static inline void world_evidence(world_t *w, const peer_t *peer, const packet_t *packet) {
    fault_t fault;
    evidence_offer_t offer;
    evidence_piece_t piece;
    evidence_at_t at = {.sha256 = {1}};
    if (packet_body(packet, evidence_offer_type(), w->turn, &offer, &fault) == OK) {
        w->evidence_unit = arena_text(w->arena, offer.unit);
        at.offset = w->evidence_bytes;
    } else if (packet_body(packet, evidence_piece_type(), w->turn, &piece, &fault) == OK) {
        w->evidence_bytes = at.offset = piece.offset + piece.bytes.size;
        at.kept = true, at.type = file_type_pdf;
    }
    world_reply(w, w->evidence, peer, packet->request_id, evidence_at_type(), &at);
}

static inline void world_validation(world_t *w, const peer_t *peer, const packet_t *packet) {
    fault_t fault;
    verdict_ask_t ask;
    check_ask_t check;
    standing_ask_t standing;
    if (packet_body(packet, verdict_ask_type(), w->turn, &ask, &fault) == OK) {
        w->verdict_asks++;
        w->asked_epoch = ask.epoch;
        verdict_t verdict = {.submission_id = {9}, .accepted = true, .revision = 1, .seq = ask.seq};
        world_reply(w, w->validation, peer, packet->request_id, verdict_type(), &verdict);
    } else if (packet_body(packet, check_ask_type(), w->turn, &check, &fault) == OK) {
        w->checks++;
        reason_t reason = {.code = REASON_OF(no_evidence), .path = text_of("figures[0]")};
        verdict_t verdict = {.dry_run = true, .unit = check.unit, .reasons = &reason, .reasons_count = 1};
        memcpy(verdict.submission_id, check.report.submission_id, 16);
        world_reply(w, w->validation, peer, packet->request_id, verdict_type(), &verdict);
    } else if (packet_body(packet, standing_ask_type(), w->turn, &standing, &fault) == OK) {
        standing_told_t told = {.unit = standing.unit, .task = standing.task, .period = standing.period, .revision = 2};
        world_reply(w, w->validation, peer, packet->request_id, standing_told_type(), &told);
    }
}

static inline void world_step(world_t *w) {
    peer_t peer;
    bytes_t frame;
    packet_t packet;
    fault_t fault;
    arena_reset(w->turn);
    gateway_step(w->gateway, 1);
    while (server_receive(w->intake, &peer, &frame)) {
        uint32_t count = 0;
        buffer_add(&w->seen, frame.at, frame.size);
        for (bytes_t rest = packets_of(frame, &count); count > 0 && packet_decode(rest, &packet, &fault) == OK; count--) {
            rest = (bytes_t){rest.at + packet.raw.size, rest.size - packet.raw.size};
            if (packet.kind == KIND_append_ask) world_append(w, &peer, &packet);
            if (packet.kind == KIND_registry_ask && !w->hold_registry) world_registry(w, &peer, &packet);
            if (packet.kind == KIND_refusals_note) world_note(w, &packet);
        }
    }
    while (server_receive(w->vault, &peer, &frame))
        if (packet_decode(frame, &packet, &fault) == OK) world_keep(w, &peer, &packet);
    while (server_receive(w->validation, &peer, &frame)) {
        buffer_add(&w->seen, frame.at, frame.size);
        if (packet_decode(frame, &packet, &fault) == OK) world_validation(w, &peer, &packet);
    }
    while (server_receive(w->evidence, &peer, &frame))
        if (packet_decode(frame, &packet, &fault) == OK) world_evidence(w, &peer, &packet);
    world_verdicts_step(w);
}

/* Steps until `condition` holds; false when patience ends first. */
#define WORLD_UNTIL(w, condition)                                                                                      \
    do {                                                                                                               \
        int64_t until_ms_ = clock_steady_ms() + WORLD_PATIENCE_MS;                                                     \
        bool came_ = false;                                                                                            \
        while (!(came_ = (condition)) && clock_steady_ms() < until_ms_) world_step(w);                                 \
        assert_true(came_);                                                                                            \
    } while (0)

/* The next answer to `link`, with its texts in the world's arena. */
static inline bool world_answer(world_t *w, unit_link_t *link, unit_answer_t *answer) {
    int64_t until_ms = clock_steady_ms() + WORLD_PATIENCE_MS;
    while (clock_steady_ms() < until_ms) {
        world_step(w);
        if (unit_poll(link, 0, w->arena, answer)) return true;
    }
    return false;
}

/* Registers a key in the registry that a door loads; `announce`: by an entry on stream 2 instead. */
static inline void world_register(world_t *w, const char *unit, uint64_t generation, const unit_key_t *key, bool announce) {
    registry_key_t *row = &w->keys[w->key_count];
    snprintf(w->units[w->key_count], sizeof w->units[0], "%s", unit);
    *row = (registry_key_t){.unit = text_of(w->units[w->key_count++]), .generation = generation};
    unit_key_raw(key->public_text, row->key);
    w->seq++;
    if (!announce) return;
    key_registered_t entry = {.unit = row->unit, .generation = generation};
    memcpy(entry.key, row->key, sizeof entry.key);
    world_event(w, w->seq, key_registered_type(), &entry);
}

static inline void world_revoke(world_t *w, const char *unit, uint64_t generation) {
    key_revoked_t entry = {.unit = text_of(unit), .generation = generation};
    world_event(w, ++w->seq, key_revoked_type(), &entry);
}

static inline world_t *world_make(void) {
    world_t *w = calloc(1, sizeof *w);
    crypto_start();
    log_start("test");
    link_start();
    temporary_folder(w->folder, sizeof w->folder);
    if (home_make(w->folder) != OK || chdir(w->folder) != 0 || unit_key_new(&w->server) != OK) abort();
    w->arena = arena_new();
    w->turn = arena_new();
    if (server_bind(HOME_DOOR_GATEWAY, &w->intake) != OK || server_bind(HOME_VAULT, &w->vault) != OK ||
        server_bind(HOME_EVIDENCE_GATEWAY, &w->evidence) != OK ||
        server_bind("ipc://run/validation.desk", &w->validation) != OK || server_bind(HOME_VERDICTS, &w->verdicts) != OK ||
        gateway_open("tcp://127.0.0.1:*", w->server.public_text, w->server.secret_text, &w->gateway) != OK)
        abort();
    return w;
}

static inline void world_destroy(world_t **owner) {
    world_t *w = *owner;
    gateway_close(&w->gateway);
    server_destroy(&w->intake);
    server_destroy(&w->vault);
    server_destroy(&w->validation);
    server_destroy(&w->evidence);
    server_destroy(&w->verdicts);
    arena_destroy(&w->arena);
    arena_destroy(&w->turn);
    for (size_t index = 0; index < WORLD_ROWS; index++) buffer_destroy(&w->events[index]);
    buffer_destroy(&w->out);
    buffer_destroy(&w->seen);
    buffer_destroy(&w->held);
    if (chdir("/") != 0) abort();
    temporary_remove(w->folder);
    free(w);
    *owner = NULL;
}

#endif
