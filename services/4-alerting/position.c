/* Position files, and what a fork does to a position. */
#include "services/4-alerting/position.h"

#include "services/stage/home.h"
#include "services/stage/log.h"

#include <stdlib.h>

enum { ROOM = 64 };

position_t position_read(const char *file, arena_t *arena) {
    text_t content = text_of("");
    position_t position = {0};
    err_t err = home_read(file, arena, ROOM, &content);
    if (err != OK && err != ERR_MISSING) log_warn("published_unreadable", "file=%s err=%s", file, err_name(err));
    if (err != OK) return position;
    char *rest = NULL;
    position.seq = strtoull(arena_text(arena, content).at, &rest, 10);
    position.epoch = strtoull(rest, NULL, 10);
    if (position.epoch == 0) position.epoch = 1; /* older files have the seq alone */
    return position;
}

err_t position_write(const char *file, position_t position, arena_t *arena) {
    text_t line = arena_format(arena, "%llu %llu\n", (unsigned long long)position.seq, (unsigned long long)position.epoch);
    return home_write(file, line, 0600);
}

static uint64_t epoch_at(txn_t *txn, uint64_t seq, arena_t *arena) {
    event_t event;
    arena_reset(arena);
    return seq > 0 && txn_event(txn, seq, arena, &event, NULL) ? event.epoch : 0;
}

/* The first event of an epoch above `epoch`; there is one. */
static uint64_t first_above(txn_t *txn, uint64_t epoch, uint64_t head, arena_t *arena) {
    uint64_t low = 1, high = head;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (epoch_at(txn, middle, arena) > epoch)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

position_t position_now(store_t *store, position_t position) {
    txn_t *txn = store_read(store);
    if (txn == NULL) return position;
    arena_t *arena = arena_new();
    uint64_t head = txn_head(txn).seq, epoch = epoch_at(txn, head, arena);
    if (epoch > position.epoch) {
        uint64_t fork = position.epoch == 0 ? 1 : first_above(txn, position.epoch, head, arena);
        if (position.seq >= fork) {
            log_warn("published_behind_a_fork", "seq=%llu fork=%llu epoch=%llu", (unsigned long long)position.seq,
                     (unsigned long long)fork - 1, (unsigned long long)epoch);
            position.seq = fork - 1;
        }
        position.epoch = epoch;
    }
    txn_abort(&txn);
    arena_destroy(&arena);
    return position;
}
