/* Two groups: one is read while the other is with the ink. */
#include "services/1-intake/gather.h"

#include <stdlib.h>

#include "services/1-intake/counts.h"
#include "services/1-intake/ink.h"
#include "services/stage/clock.h"
#include "services/stage/log.h"

enum {
    COMMITS_LATELY = 8,
    ROOM = LIMIT_GROUP + LIMIT_PACKETS + 2, /* a turn ends above LIMIT_GROUP by less than a frame, an advance may be waited for */
};

/* What was read of a group, and what is answered. */
typedef struct {
    prepared_t *reports; /* plain ones that are not taken yet; `encoded.at` counts from the begin of */
    buffer_t bytes;      /* theirs */
    uint32_t report_count;
    asker_t *askers;     /* of the reports, then of what else is in it */
    uint32_t asker_count;
    buffer_t answers;  /* one for each asker, in their order */
    receipts_t shared; /* what its receipts share */
    bool durable;      /* and not answered yet */
} group_t;

struct gather {
    intake_t *intake;
    gather_out_t out;
    ink_t *ink;
    group_t groups[2];
    group_t *open;  /* being read */
    group_t *inked; /* with the ink, or the other one */
    err_t inked_err;
    bool mixed; /* the open group is the caller's thread's: something else than plain reports is in it */
    bool plain; /* as intake_is_plain said when the ink was last dry */
    preparer_t preparer;
    head_t head;
    asker_t advancing;   /* who waits for an advance that goes on over several groups */
    uint32_t last_group; /* answers in the last group */
    int64_t wall_ms;
    int64_t steady_ms;
    int64_t begun_us;  /* when the turn began */
    int64_t commit_us; /* what one takes lately */
    buffer_t now;
};

/* --- the ink: of this the first two run in its thread --- */

/* Prepared reports into the ledger's group: each asker's answer behind the one before. */
static void reports_take(intake_t *intake, group_t *group) {
    for (uint32_t index = 0; index < group->report_count; index++) {
        prepared_t report = group->reports[index];
        size_t before = group->answers.size;
        report.encoded.at = group->bytes.at + (uintptr_t)report.encoded.at;
        intake_take_prepared(intake, &report, &group->answers, &group->answers);
        group->askers[index].size = (uint32_t)(group->answers.size - before);
    }
    group->report_count = 0;
    buffer_clear(&group->bytes);
}

static err_t commit_timed(gather_t *self) {
    int64_t begun_us = clock_steady_us();
    err_t err = intake_commit(self->intake);
    self->commit_us += (clock_steady_us() - begun_us - self->commit_us) / COMMITS_LATELY;
    return err;
}

static void group_ink(void *argument) {
    gather_t *self = argument;
    reports_take(self->intake, self->inked);
    self->inked_err = commit_timed(self);
}

/* The group is durable: what is read of the ledger is read before the next group is with the ink. */
static void durable_note(gather_t *self, group_t *group) {
    self->head = intake_head(self->intake);
    self->plain = intake_is_plain(self->intake);
    self->last_group = group->asker_count;
    group->shared = intake_shared(self->intake);
    group->durable = true;
}

/* Of a group that is durable, if it is not done yet. */
static void answers_give(gather_t *self, group_t *group) {
    if (!group->durable) return;
    bytes_t answers = {group->answers.at, (uint32_t)group->answers.size};
    self->out.durable(self->out.self, group->askers, group->asker_count, answers, &group->shared);
    group->durable = false;
    group->asker_count = 0;
    buffer_clear(&group->answers);
}

/* Waits for the group that is with the ink. */
static err_t ink_dry(gather_t *self) {
    if (!ink_is_at_work(self->ink)) return OK;
    ink_wait(self->ink);
    if (self->inked_err == OK) durable_note(self, self->inked);
    return self->inked_err;
}

static void ink_begin(gather_t *self) {
    if (self->open->report_count == 0) return;
    group_t *other = self->inked;
    self->inked = self->open;
    self->open = other;
    ink_give(self->ink);
}

/* All that was read before stands in the ledger, durable or in the open group: something else may be taken. An error stays with the
 * ledger, whose next commit tells it. */
static void settle(gather_t *self) {
    if (self->mixed) return;
    self->mixed = true;
    if (ink_dry(self) != OK) return;
    answers_give(self, self->inked);
    reports_take(self->intake, self->open);
}

/* --- what comes --- */

static void asker_put(gather_t *self, const asker_t *asker, size_t size) {
    asker_t *waits = &self->open->askers[self->open->asker_count++];
    *waits = *asker;
    waits->size = (uint32_t)size;
}

/* Is there an answer for it now, behind the first `before` bytes? */
static void asker_add(gather_t *self, const asker_t *asker, size_t before) {
    if (self->open->answers.size > before) asker_put(self, asker, self->open->answers.size - before);
}

/* A plain report, put behind the others. Returns what it took; 0: it is something else. */
static uint32_t report_read(gather_t *self, door_t door, const asker_t *asker, bytes_t bytes) {
    group_t *open = self->open;
    prepared_t *report = &open->reports[open->report_count];
    uint32_t took = 0;
    if (self->mixed || !self->plain) return 0;
    if (!intake_prepare(self->intake, &self->preparer, door, bytes, report, &took)) return 0;
    if (!asker->many && took != bytes.size) return 0;
    size_t at = open->bytes.size;
    buffer_add(&open->bytes, report->encoded.at, report->encoded.size);
    report->encoded.at = (const uint8_t *)(uintptr_t)at;
    open->report_count++;
    asker_put(self, asker, 0);
    return took;
}

/* Anything, by this thread. Returns what it took. */
static uint32_t packet_take(gather_t *self, door_t door, const asker_t *asker, bytes_t bytes) {
    settle(self);
    bool pending = intake_pending(self->intake);
    buffer_t *later = &self->open->answers;
    size_t before = later->size;
    uint32_t took = bytes.size;
    buffer_clear(&self->now);
    if (asker->many)
        took = intake_take_next(self->intake, door, bytes, self->wall_ms, self->steady_ms, &self->now, later);
    else
        intake_take(self->intake, door, bytes, self->wall_ms, self->steady_ms, &self->now, later);
    if (self->now.size > 0) self->out.now(self->out.self, asker, (bytes_t){self->now.at, (uint32_t)self->now.size});
    asker_add(self, asker, before);
    if (!pending && intake_pending(self->intake)) self->advancing = *asker;
    return took;
}

void gather_frame(gather_t *self, door_t door, asker_t *asker, bytes_t frame) {
    uint32_t count = 0;
    bytes_t rest = packets_of(frame, &count);
    asker->many = count > 1;
    if (count > LIMIT_PACKETS) count = LIMIT_PACKETS;
    for (; count > 0 && rest.size > 0; count--) {
        uint32_t took = report_read(self, door, asker, rest);
        if (took == 0) took = packet_take(self, door, asker, rest);
        rest = (bytes_t){rest.at + took, rest.size - took};
    }
    if (rest.size > 0) log_warn("frame_overfull", "left=%u", rest.size); /* no door of ours sends it: nobody waits for an answer */
}

/* --- a turn --- */

bool gather_is_full(const gather_t *self) {
    return self->open->asker_count >= LIMIT_GROUP || self->open->bytes.size >= LIMIT_BATCH;
}

/* Has this turn been going on for longer than a commit will take, or than so small a part of that? */
static bool gathered_for(const gather_t *self, int64_t commits_part) {
    return (clock_steady_us() - self->begun_us) * commits_part > self->commit_us;
}

/* While the ink is at work it pays to go on until it is dry. Else a group that took as long to read as its commit will take has
 * paid for it, and the stages behind begin with it while the next is read. */
bool gather_enough(const gather_t *self) {
    return gather_is_full(self) || (ink_is_at_work(self->ink) ? ink_is_done(self->ink) : gathered_for(self, 1));
}

/* While a group is small beside its commit and not half of the last one, the same senders are likely to be on their way: one flush
 * for all of them. */
bool gather_may_grow(const gather_t *self) {
    uint32_t count = self->open->asker_count;
    return !ink_is_at_work(self->ink) && count > 1 && 2 * count < self->last_group && !gathered_for(self, 4);
}

/* Between two groups, whenever the ink is dry: what the next one holds is of this instant, and a tick that is due stands before
 * it. */
static void clock_show(gather_t *self) {
    intake_tick(self->intake, self->wall_ms, self->steady_ms);
    self->plain = intake_is_plain(self->intake);
    if (intake_has_group(self->intake)) settle(self);
}

/* The ink is dry: it goes on with what was read meanwhile before the answers of the group before leave. */
static err_t ink_turn(gather_t *self) {
    err_t err = ink_dry(self);
    if (err != OK) return err;
    clock_show(self);
    group_t *durable = self->inked;
    if (!self->mixed) ink_begin(self);
    answers_give(self, durable);
    return OK;
}

err_t gather_begin(gather_t *self, int64_t wall_ms, int64_t steady_ms) {
    self->wall_ms = wall_ms;
    self->steady_ms = steady_ms;
    self->begun_us = clock_steady_us();
    bool turns = !ink_is_at_work(self->ink) || ink_is_done(self->ink) || gather_is_full(self);
    return turns ? ink_turn(self) : OK;
}

static void advance_on(gather_t *self) {
    if (!intake_pending(self->intake)) return;
    settle(self);
    size_t before = self->open->answers.size;
    intake_continue(self->intake, &self->open->answers);
    asker_add(self, &self->advancing, before);
}

/* Ends a group of the caller's thread. */
static err_t mixed_end(gather_t *self) {
    self->mixed = false;
    if (!intake_has_group(self->intake)) return OK;
    err_t err = commit_timed(self);
    if (err != OK) return err;
    durable_note(self, self->open);
    answers_give(self, self->open);
    return OK;
}

err_t gather_end(gather_t *self) {
    err_t err = OK;
    advance_on(self);
    if (ink_is_done(self->ink)) err = ink_turn(self);
    if (err == OK && self->mixed) return mixed_end(self);
    if (err == OK && !ink_is_at_work(self->ink)) ink_begin(self);
    return err;
}

err_t gather_rest(gather_t *self) {
    settle(self);
    return mixed_end(self);
}

int gather_sign(const gather_t *self) { return ink_sign(self->ink); }
head_t gather_head(const gather_t *self) { return self->head; }

/* --- its life --- */

static bool group_open(group_t *self) {
    self->askers = calloc(ROOM, sizeof *self->askers);
    self->reports = calloc(ROOM, sizeof *self->reports);
    return self->askers != NULL && self->reports != NULL;
}

static void group_close(group_t *self) {
    free(self->askers);
    free(self->reports);
    buffer_destroy(&self->bytes);
    buffer_destroy(&self->answers);
}

err_t gather_open(intake_t *intake, gather_out_t out, gather_t **out_gather) {
    gather_t *self = calloc(1, sizeof *self);
    if (self == NULL) return ERR_NOMEM;
    *self = (gather_t){.intake = intake, .out = out, .open = &self->groups[0], .inked = &self->groups[1]};
    self->preparer = (preparer_t){arena_new(), UNIT_UNKNOWN};
    self->head = intake_head(intake);
    err_t err = group_open(self->open) && group_open(self->inked) ? OK : ERR_NOMEM;
    if (err == OK && (self->ink = ink_start(group_ink, self)) == NULL) err = ERR_SYSTEM;
    if (err != OK) gather_close(&self);
    *out_gather = self;
    return err;
}

void gather_close(gather_t **owner) {
    gather_t *self = *owner;
    if (self == NULL) return;
    ink_stop(&self->ink);
    group_close(self->open);
    group_close(self->inked);
    arena_destroy(&self->preparer.arena);
    buffer_destroy(&self->now);
    free(self);
    *owner = NULL;
}
