/* The pile of a report's revisions: what lies below the one that counts, and what of it had been reported by a deadline. */
#include "services/3-aggregation/aggregation_state.h"

enum {
    SHELF_FULL = 1960, /* bytes: two of them fill a page of 4096 */
    LAID_HEAD = 16,    /* what a revision takes there beside its own, at the most */
    LAID_PLAIN = 56,   /* what a plain one takes beside its indicator; */
    LAID_STATED = 32   /* and if part of it was stated before */
};

/* In the order in which they are laid down, all at the end of the table. */
static store_key_t below_key(uint64_t seq) {
    store_key_t key = key_new();
    key_add_u64(&key, seq);
    return key;
}

/* --- the shelf that goes on: the last one --- */

static uint32_t laid_size(const agg_laid_t *laid) {
    const agg_plain_t *plain = &laid->plain;
    if (laid->revision.size > 0) return LAID_HEAD + laid->revision.size;
    bool stated = plain->kept != 0 || plain->stated_seq != 0 || plain->stated_ms != 0;
    return LAID_PLAIN + plain->indicator.size + (stated ? LAID_STATED : 0);
}

static void shelf_lay(shelf_t *self, const agg_laid_t *laid) {
    agg_laid_t *own = &self->laid[self->laid_count++];
    *own = *laid;
    own->revision = arena_bytes(self->arena, laid->revision);
    own->plain.indicator = arena_text(self->arena, laid->plain.indicator);
    self->size += laid_size(laid);
}

static void shelf_clear(shelf_t *self) {
    arena_reset(self->arena);
    self->laid_count = self->size = 0;
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
        for (uint32_t index = 0; index < row.laid_count; index++) shelf_lay(self, &row.laid[index]);
    }
    scan_end(&scan);
    return self;
}

static void shelf_write(turn_t *turn, shelf_t *self) {
    agg_shelf_t row = {.laid = self->laid, .laid_count = self->laid_count};
    store_key_t key = below_key(self->first);
    txn_put(turn_txn(turn), T_BELOW, &key, &row);
    self->changed = false;
}

void below_settle(turn_t *turn, memory_t *memory) {
    if (memory->shelf.changed) shelf_write(turn, &memory->shelf);
}

/* A shelf is closed by what it holds, never by a commit: so equal states have equal rows. */
static bool shelf_is_full(const shelf_t *self, uint32_t size) {
    return self->laid_count == LIMIT_LAID || (self->laid_count > 0 && self->size + size > SHELF_FULL);
}

static void shelf_add(turn_t *turn, const agg_laid_t *laid) {
    shelf_t *self = shelf_of(turn);
    if (shelf_is_full(self, laid_size(laid))) {
        if (self->changed) shelf_write(turn, self);
        shelf_clear(self);
    }
    if (self->first == 0) self->first = laid->seq;
    shelf_lay(self, laid);
    self->changed = true;
}

/* --- what lies below --- */

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

static const agg_laid_t *laid_find(const agg_laid_t *laid, uint32_t count, uint64_t seq) {
    for (uint32_t index = 0; index < count; index++)
        if (laid[index].seq == seq) return &laid[index];
    return NULL;
}

/* Views that hold until another is laid down. */
static bool below_find(turn_t *turn, uint64_t seq, agg_laid_t *found) {
    shelf_t *last = shelf_of(turn);
    const agg_laid_t *laid = laid_find(last->laid, last->laid_count, seq);
    agg_shelf_t row;
    uint64_t first;
    if (laid == NULL && shelf_read(turn, seq, &row, &first)) laid = laid_find(row.laid, row.laid_count, seq);
    if (laid != NULL) *found = *laid;
    return laid != NULL;
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
    if (shelf_of(turn)->changed) shelf_write(turn, &memory->shelf);
    if (!shelf_read(turn, seq, &row, &first)) return;
    agg_laid_t laid[LIMIT_LAID];
    agg_shelf_t left = {.laid = laid};
    for (uint32_t index = 0; index < row.laid_count; index++)
        if (row.laid[index].seq != seq) laid[left.laid_count++] = row.laid[index];
    store_key_t key = below_key(first);
    if (left.laid_count > 0) turn_put(turn, T_BELOW, &key, &left);
    else turn_delete(turn, T_BELOW, &key);
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
