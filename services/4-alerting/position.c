/* Position files, and what becomes of a position in a stream that was derived again. */
#include "services/4-alerting/position.h"

#include "proto/crypto.h"
#include "services/stage/home.h"
#include "services/stage/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ROOM = 256, HASH_DIGITS = 64 };

static bool line_read(const char *line, published_t *out) {
    char hash[HASH_DIGITS + 1] = "";
    published_t read = {0};
    int told_all = 0;
    int fields = sscanf(line, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %64s %" SCNu64 " %" SCNu64 " %d %" SCNu64 " %47s", &read.at.seq,
                        &read.at.epoch, &read.at.cause, hash, &read.numbering.epoch, &read.numbering.volume, &told_all,
                        &read.records, read.newest);
    read.told_all = told_all != 0;
    if (fields != 9 || !hex_read(text_of(hash), read.at.hash, sizeof read.at.hash)) return false;
    *out = read;
    return true;
}

published_t published_read(const char *file, arena_t *arena) {
    text_t content = text_of("");
    published_t published = {.told_all = true, .newest = "0-0"};
    err_t err = home_read(file, arena, ROOM, &content);
    bool good = err == OK && line_read(arena_text(arena, content).at, &published);
    if (!good && err != ERR_MISSING) log_warn("published_unreadable", "file=%s err=%s", file, err_name(err == OK ? ERR_BAD : err));
    return published;
}

err_t published_write(const char *file, const published_t *published, arena_t *arena) {
    const position_t *at = &published->at;
    text_t hash = hex_of(at->hash, sizeof at->hash, arena);
    text_t line = arena_format(arena, "%" PRIu64 " %" PRIu64 " %" PRIu64 " " TEXT_FORMAT " %" PRIu64 " %" PRIu64 " %d %" PRIu64
                               " %s\n", at->seq, at->epoch, at->cause, TEXT_ARGS(hash), published->numbering.epoch,
                               published->numbering.volume, published->told_all, published->records, published->newest);
    return home_write(file, line, 0600);
}

static bool is_later(const char *id, const char *than) {
    uint64_t epoch, number, than_epoch, than_number;
    if (!told_id_parse(id, &epoch, &number) || !told_id_parse(than, &than_epoch, &than_number)) return false;
    return epoch > than_epoch || (epoch == than_epoch && number > than_number);
}

bool published_known(const published_t *published, char id[REDIS_ID]) {
    told_id(published->numbering, published->at.epoch, published->at.seq, id);
    bool ahead = is_later(published->newest, id);
    if (!ahead) memcpy(id, published->newest, sizeof published->newest);
    return !ahead;
}

position_t position_of(txn_t *txn, uint64_t seq, arena_t *arena) {
    position_t position = {.seq = seq};
    event_t event;
    if (seq == 0 || !txn_event(txn, seq, arena, &event, position.hash)) return (position_t){0};
    position.epoch = event.epoch;
    position.cause = event.cause_seq;
    return position;
}

/* Shorter, and yet of a later epoch or a later entry of the ledger than the position: it never comes there. */
static bool has_passed(const position_t *end, const position_t *position) {
    return end->epoch > position->epoch || end->cause > position->cause;
}

look_t position_look(txn_t *txn, uint64_t sure, const position_t *position, arena_t *arena) {
    if (position->seq <= sure) return txn_stands(txn, position->seq, position->hash) ? LOOK_SAME : LOOK_OTHER;
    position_t end = position_of(txn, sure, arena);
    return has_passed(&end, position) ? LOOK_OTHER : LOOK_AHEAD;
}
