/* What strangers find in Redis and were rung for, against stream 4. */
#include <string.h>

#include "services/4-alerting/notice.h"
#include "services/4-alerting/told.h"
#include "tests/sim/sim.h"

enum { ID_SIZE = 32 /* hex digits */ };

/* What a reader tells repeats by: the warning's id and its state. Views into the body. */
typedef struct {
    const char *id;
    bool raised;
} mark_t;

static mark_t mark_of(const sim_t *sim, text_t body) {
    static const char before[] = "\"id\":\"", raised[] = "\"state\":\"raised\"";
    const char *id = memmem(body.at, body.size, before, sizeof before - 1);
    SIM_HOLDS(sim, "redis_is_stream_4", id != NULL, "a body without an id");
    return (mark_t){id + sizeof before - 1, memmem(body.at, body.size, raised, sizeof raised - 1) != NULL};
}

static bool marks_equal(mark_t a, mark_t b) { return a.raised == b.raised && memcmp(a.id, b.id, ID_SIZE) == 0; }

/* The marks of all that lies in Redis, and of all that was rung. */
typedef struct {
    sim_t *sim;
    mark_t *entries;
    mark_t *rings;
    mark_t *told; /* of stream 4 as it is now */
    uint32_t told_count;
} marks_t;

bool sim_same_warning(text_t body, text_t other) { return marks_equal(mark_of(sim_now, body), mark_of(sim_now, other)); }

static mark_t *marks_of(sim_t *sim, const redis_entry_t *entries, uint32_t count) {
    mark_t *marks = ARENA_NEW(sim->arena, mark_t, count + 1);
    for (uint32_t index = 0; index < count; index++) marks[index] = mark_of(sim, entries[index].body);
    return marks;
}

/* How often a reader would have been woken for it, whatever its number was in which epoch. */
static uint32_t rings_of(const marks_t *marks, mark_t mark) {
    uint32_t count = 0;
    for (uint32_t index = 0; index < marks->sim->redis.ring_count; index++) count += marks_equal(marks->rings[index], mark);
    return count;
}

/* By an epoch that is lost, or before stream 4 was derived otherwise. */
static bool told_elsewhere(const sim_t *sim, const redis_entry_t *entry) { return sim->requarantined || entry->epoch < sim->epoch; }

/* It stands there under its own number, or was told under another. */
static bool stands_there(const marks_t *marks, const event_t *event, text_t body, mark_t mark) {
    const sim_t *sim = marks->sim;
    for (uint32_t index = 0; index < sim->redis.count; index++) {
        const redis_entry_t *entry = &sim->redis.entries[index];
        bool numbered = entry->seq % VOLUME_ROOM == event->seq && entry->epoch >= event->epoch;
        if (numbered && text_equal(entry->body, body)) return true;
        if (told_elsewhere(sim, entry) && marks_equal(marks->entries[index], mark)) return true;
    }
    return false;
}

static bool renumbered(const sim_t *sim) { return sim->requarantined || sim->epoch > 1; }

static void warning_check(const marks_t *marks, const event_t *event, const notice_t *notice, uint32_t index) {
    const sim_t *sim = marks->sim;
    const sim_redis_t *redis = &sim->redis;
    mark_t mark = mark_of(sim, notice->body);
    unsigned long long seq = event->seq;
    SIM_HOLDS(sim, "redis_is_stream_4", stands_there(marks, event, notice->body, mark), "warning %llu is not in Redis", seq);
    bool in_place = index < redis->count && redis->entries[index].seq == event->seq;
    SIM_HOLDS(sim, "redis_is_stream_4", renumbered(sim) || in_place, "warning %llu is not in its place", seq);
    uint32_t rings = rings_of(marks, mark);
    SIM_HOLDS(sim, "rung_once", rings >= 1 && rings <= 1 + redis->losses, "warning %llu was published %u times, %u losses", seq,
              rings, redis->losses);
}

/* Whatever became of numbers: nobody finds the same twice in the mailbox. */
static void entries_once(const marks_t *marks) {
    const sim_redis_t *redis = &marks->sim->redis;
    for (uint32_t index = 0; index < redis->count; index++)
        for (uint32_t other = 0; other < index; other++)
            SIM_HOLDS(marks->sim, "told_once", !marks_equal(marks->entries[index], marks->entries[other]), "%llu-%llu stands twice",
                      (unsigned long long)redis->entries[index].epoch, (unsigned long long)redis->entries[index].seq);
}

/* Is the entry a warning of stream 4, or history of an epoch that is over? */
static void entry_check(sim_t *sim, txn_t *txn, const redis_entry_t *entry) {
    event_t event;
    if (told_elsewhere(sim, entry)) return;
    bool there = txn_event(txn, entry->seq % VOLUME_ROOM, sim->moment, &event, NULL) && event.epoch <= entry->epoch;
    SIM_HOLDS(sim, "redis_is_stream_4", there, "Redis holds %llu-%llu, which stream 4 does not",
              (unsigned long long)entry->epoch, (unsigned long long)entry->seq);
}

/* Who was rung since the ledger is what it is was told something that follows from it: never what a stage had derived from a
 * ledger that is lost, and would be derived no more. */
static void rings_check(const marks_t *marks) {
    const sim_t *sim = marks->sim;
    for (uint32_t ring = 0; ring < sim->redis.ring_count; ring++) {
        const redis_entry_t *rung = &sim->redis.rings[ring];
        bool follows = rung->ledger_epoch < sim->epoch;
        for (uint32_t index = 0; !follows && index < marks->told_count; index++)
            follows = marks_equal(marks->told[index], marks->rings[ring]);
        SIM_HOLDS(sim, "told_follows_from_the_ledger", follows, "%llu-%llu was rung", (unsigned long long)rung->epoch,
                  (unsigned long long)rung->seq);
    }
}

/* Without a restore the stream holds exactly the warnings of stream 4, in order; with one, each under its own number or told by
 * an epoch that is over. Each (id, state) was rung at least once, and more often only if Redis lost it: once more a loss. */
void sim_check_redis(sim_t *sim) {
    notice_plan_t plan = {.plan = sim->plan.id, .coordinator = sim->plan.coordinator, .offset_minutes = 480};
    txn_t *txn = store_read(stage_store(sim_fold_named(sim, "alerting")->stage));
    ASSERT(txn != NULL);
    marks_t marks = {sim, marks_of(sim, sim->redis.entries, sim->redis.count),
                     marks_of(sim, sim->redis.rings, sim->redis.ring_count),
                     ARENA_NEW(sim->arena, mark_t, txn_head(txn).seq + 1), 0};
    uint32_t index = 0;
    for (uint64_t seq = 1; seq <= txn_head(txn).seq; seq++) {
        event_t event;
        notice_t notice;
        arena_reset(sim->moment);
        SIM_HOLDS(sim, "stream_is_readable", txn_event(txn, seq, sim->moment, &event, NULL), "warning %llu",
                  (unsigned long long)seq);
        if (event.kind != KIND_warning_raised && event.kind != KIND_warning_resolved) continue;
        bool read = notice_read(&plan, &event, sim->moment, &notice);
        SIM_HOLDS(sim, "redis_is_stream_4", read, "warning %llu cannot be shown", (unsigned long long)seq);
        warning_check(&marks, &event, &notice, index++);
        marks.told[marks.told_count++] = mark_of(sim, arena_text(sim->arena, notice.body));
    }
    rings_check(&marks);
    entries_once(&marks);
    SIM_HOLDS(sim, "redis_is_stream_4", renumbered(sim) || index == sim->redis.count, "%u warnings, %u entries in Redis", index,
              sim->redis.count);
    for (uint32_t at = 0; at < sim->redis.count; at++) {
        arena_reset(sim->moment);
        entry_check(sim, txn, &sim->redis.entries[at]);
    }
    txn_abort(&txn);
}
