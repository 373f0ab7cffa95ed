/* The pile of a report's revisions: what lies below the one that counts, and what of it had been reported by a deadline. */
#include "services/3-aggregation/aggregation_state.h"

#include "services/stage/log.h"

#include <string.h>

enum { SHELF_FULL = 2000 /* bytes: two of them fill a page of 4096 */ };

/* In the order in which they are laid down, all at the end of the table. */
static store_key_t below_key(uint64_t seq) {
    store_key_t key = key_new();
    key_add_u64(&key, seq);
    return key;
}

/* --- the shelf that goes on: the last one --- */

static void shelf_clear(shelf_t *self) {
    buffer_clear(&self->laid);
    self->first = 0;
    self->changed = false;
}

static shelf_t *shelf_of(turn_t *turn) {
    memory_t *memory = turn_memory(turn);
    shelf_t *self = &memory->shelf;
    if (self->known) return self;
    store_key_t all = key_new();
    agg_shelf_t row;
    shelf_clear(self);
    self->known = true;
    scan_t scan = scan_begin(turn_txn(turn), T_BELOW, &all, NULL);
    if (scan_last(&scan, turn_arena(turn), &row)) {
        uint32_t at = 0;
        self->first = key_next_u64(scan.key, &at);
        buffer_add(&self->laid, row.laid.at, row.laid.size);
    }
    scan_end(&scan);
    return self;
}

/* Its first `size` bytes. */
static void shelf_write(turn_t *turn, shelf_t *self, size_t size) {
    agg_shelf_t row = {.laid = {self->laid.at, (uint32_t)size}};
    store_key_t key = below_key(self->first);
    txn_put(turn_txn(turn), T_BELOW, &key, &row);
    self->changed = false;
}

void below_settle(turn_t *turn, memory_t *memory) {
    if (memory->shelf.changed) shelf_write(turn, &memory->shelf, memory->shelf.laid.size);
}

/* A shelf is closed by what it holds, never by a commit: so equal states have equal rows. */
static void shelf_add(turn_t *turn, const agg_laid_t *laid) {
    shelf_t *self = shelf_of(turn);
    size_t before = self->laid.size;
    laid_lay(laid, &self->laid);
    if (before > 0 && self->laid.size > SHELF_FULL) {
        if (self->changed) shelf_write(turn, self, before);
        self->laid.size -= before;
        memmove(self->laid.at, self->laid.at + before, self->laid.size);
        self->first = 0;
    }
    if (self->first == 0) self->first = laid->seq;
    self->changed = true;
}

/* --- what lies below --- */

static void shelf_broken(turn_t *turn, uint64_t seq) {
    log_error("shelf_unreadable", "seq=%llu", (unsigned long long)seq);
    txn_fail(turn_txn(turn), ERR_CORRUPT);
}

/* The shelf on which it would be; in the fold all of them are rows, once it is not on the last one. */
static bool shelf_read(turn_t *turn, uint64_t seq, agg_shelf_t *row, uint64_t *first) {
    store_key_t all = key_new(), from = below_key(seq);
    scan_t scan = scan_begin(turn_txn(turn), T_BELOW, &all, &from);
    bool there = scan_before(&scan, turn_arena(turn), row);
    uint32_t at = 0;
    if (there) *first = key_next_u64(scan.key, &at);
    scan_end(&scan);
    return there;
}

static bool laid_find(turn_t *turn, bytes_t laid, uint64_t seq, agg_laid_t *found) {
    uint32_t at = 0;
    while (laid_take(laid, &at, found))
        if (found->seq == seq) return true;
    if (at != laid.size) shelf_broken(turn, seq);
    return false;
}

/* Views that hold until another is laid down. */
static bool below_find(turn_t *turn, uint64_t seq, agg_laid_t *found) {
    const shelf_t *last = shelf_of(turn);
    agg_shelf_t row;
    uint64_t first;
    if (laid_find(turn, (bytes_t){last->laid.at, (uint32_t)last->laid.size}, seq, found)) return true;
    return shelf_read(turn, seq, &row, &first) && laid_find(turn, row.laid, seq, found);
}

bool below_get(turn_t *turn, uint64_t seq, agg_revision_t *below) {
    arena_t *arena = turn_arena(turn);
    agg_laid_t laid;
    fault_t fault;
    *below = (agg_revision_t){0};
    if (seq == 0 || !below_find(turn, seq, &laid)) return false;
    if (laid.revision.size == 0) {
        laid.plain.indicator = arena_text(arena, laid.plain.indicator);
        *below = revision_unfold(&laid.plain, arena);
        return true;
    }
    if (wire_decode_kept(agg_revision_type(), arena_bytes(arena, laid.revision), arena, below, NULL, &fault) == OK) return true;
    obligation_broken(turn, "revision_unreadable", &fault, ERR_CORRUPT);
    return false;
}

void below_put(turn_t *turn, uint64_t seq, const agg_revision_t *below, const wire_known_t *known) {
    agg_laid_t laid = {.seq = seq};
    fault_t fault;
    buffer_t packed = {0};
    bool whole = revision_fold(below, &laid.plain);
    if (!whole && known != NULL && known->object == below && known->bytes.size > 0) {
        laid.revision = known->bytes;
        whole = true;
    }
    if (!whole && wire_encode_checked(agg_revision_type(), below, &packed, &fault) == OK) {
        laid.revision = (bytes_t){packed.at, (uint32_t)packed.size};
        whole = true;
    }
    if (whole) shelf_add(turn, &laid);
    else obligation_broken(turn, "revision_invalid", &fault, ERR_BAD);
    buffer_destroy(&packed);
}

void below_put_plain(turn_t *turn, uint64_t seq, const agg_plain_t *below) {
    shelf_add(turn, &(agg_laid_t){.seq = seq, .plain = *below});
}

/* The rest of its shelf is written anew; an empty one goes, and the last is then another. */
void below_delete(turn_t *turn, uint64_t seq) {
    memory_t *memory = turn_memory(turn);
    agg_shelf_t row;
    uint64_t first;
    (void)shelf_of(turn);
    below_settle(turn, memory);
    if (!shelf_read(turn, seq, &row, &first)) return;
    agg_laid_t laid;
    buffer_t left = {0};
    uint32_t at = 0;
    while (laid_take(row.laid, &at, &laid))
        if (laid.seq != seq) laid_lay(&laid, &left);
    if (at != row.laid.size) shelf_broken(turn, seq);
    store_key_t key = below_key(first);
    if (left.size > 0) turn_put(turn, T_BELOW, &key, &(agg_shelf_t){.laid = {left.at, (uint32_t)left.size}});
    else turn_delete(turn, T_BELOW, &key);
    buffer_destroy(&left);
    memory->shelf.known = false;
}

/* --- deadlines that move --- */

/* What a late revision's share says of the part's day, as far as it had been reported by the deadline and stands since: the least
 * that was said of that day from the newest revision on that came in time. */
static uint64_t day_kept(turn_t *turn, const agg_revision_t *revision, const agg_share_t *share, const agg_part_t *part,
                         uint64_t due_ms) {
    uint64_t least = day_said(share, part), seq = revision->seq;
    for (uint32_t looked = 0; looked < LIMIT_REVISIONS_BACK; looked++) {
        agg_revision_t below;
        if (!below_get(turn, seq, &below)) return 0;
        uint64_t said = day_said(share_find(&below, share->indicator, share->member), part);
        if (said < least) least = said;
        if (least == 0 || below.received_ms <= due_ms) return least;
        seq = below.seq;
    }
    return 0;
}

static void share_retime(turn_t *turn, const watch_t *watch, const agg_revision_t *revision, agg_share_t *share, bool *changed) {
    uint64_t due_ms = (uint64_t)watch->aim.due_ms;
    agg_part_t *parts = ARENA_NEW(turn_arena(turn), agg_part_t, share->parts_count + 1);
    for (uint32_t index = 0; index < share->parts_count; index++) {
        agg_part_t *part = &parts[index];
        *part = share->parts[index];
        bool late = revision->received_ms > due_ms;
        part->kept = late ? day_keep(parts, index, day_kept(turn, revision, share, part, due_ms)) : 0;
        *changed = *changed || part->kept != share->parts[index].kept;
    }
    share->parts = parts;
}

bool revision_retime(turn_t *turn, const watch_t *watch, agg_revision_t *revision) {
    agg_share_t *shares = ARENA_NEW(turn_arena(turn), agg_share_t, revision->shares_count + 1);
    bool changed = false;
    for (uint32_t index = 0; index < revision->shares_count; index++) {
        shares[index] = revision->shares[index];
        if (text_equal(shares[index].indicator, watch->indicator->id))
            share_retime(turn, watch, revision, &shares[index], &changed);
    }
    revision->shares = shares;
    return changed;
}
