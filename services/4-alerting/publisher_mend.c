/* Where Redis does not hold what it should, or stream 4 is not what was told: finds out what was told, puts it back, goes on. */
#include "services/4-alerting/publisher_inner.h"

#include "services/stage/log.h"

#include <stdio.h>
#include <string.h>

enum { RESTORE_TRIES = 4 };

/* --- what was told, and under which number --- */

/* What was told under other numbers; after a FLUSHALL it is gone, and then nothing is kept back for its sake. */
bool publisher_told_again(publisher_t *self) {
    char why[REDIS_WHY];
    err_t err = self->now.told_all ? told_load_all(self->told, self->redis, self->stream, why)
                                   : told_load(self->told, self->store, self->turn, self->redis, self->stream, why);
    if (err == ERR_STORE) return false; /* derived anew by now */
    return publisher_heard(self, err, why);
}

/* From now on what Redis shows as told was told. It is kept before the place goes by it: Redis may lose it any time. */
static bool told_by_redis(publisher_t *self) {
    char why[REDIS_WHY];
    if (!publisher_heard(self, told_load_all(self->told, self->redis, self->stream, why), why)) return false;
    if (!publisher_told_keep(self, told_keep_shown(self->told))) return false;
    self->now.told_all = true;
    return true;
}

/* A number is past, or taken: perhaps it was told under another. If not, what is new goes on in a volume behind what is there. */
bool publisher_number_again(publisher_t *self) {
    redis_newest_t newest;
    if (!self->now.told_all) return told_by_redis(self);
    if (!publisher_newest(self, &newest) || !told_is_warning(newest.body)) return false;
    if (!told_volume_behind(newest.id, &self->now.numbering)) return false;
    log_warn("redis_volume", "newest=%s volume=%llu", newest.id, (unsigned long long)self->now.numbering.volume);
    return true;
}

static entry_t entry_look(publisher_t *self, const redis_newest_t *entry, uint64_t *seq) {
    return chunk_entry(self->store, &self->plan, self->turn, self->now.numbering, entry, seq, self->arena);
}

/* What we put there must be there byte for byte: ENTRY_FOREIGN where it is not. */
static entry_t newest_look(publisher_t *self, const redis_newest_t *newest) {
    uint64_t seq = 0;
    if (strcmp(newest->id, "0-0") == 0) return ENTRY_SAME;
    entry_t seen = entry_look(self, newest, &seq);
    return seen == ENTRY_OTHER && seq <= self->now.at.seq ? ENTRY_FOREIGN : seen;
}

/* --- mending --- */

/* Puts everything that was published before back into the stream, without ringing. false: Redis went away, or the store is
 * shorter than what was published: it is being derived anew, and who took this for all would never put back the rest. */
static bool restore(publisher_t *self, uint64_t *restored, uint64_t *blocked) {
    position_t after = {0};
    while (after.seq < self->now.at.seq && !atomic_load(&self->stop)) {
        chunk_t *chunk = publisher_read(self, &after, self->now.at.seq);
        for (uint32_t index = 0; index < chunk->count; index++) {
            char id[REDIS_ID];
            bool added = false;
            delivery_t delivery = publisher_post(self, &chunk->notices[index], NULL, id, &added);
            if (delivery == AWAY) return false;
            *restored += added;
            *blocked += delivery == HELD;
        }
        if (chunk->last.seq == after.seq) return false;
        after = chunk->last;
    }
    return true;
}

/* Until all of it was seen to stand there at one time: between two looks Redis may have lost what the first one saw. */
static bool restore_all(publisher_t *self, uint64_t *restored, uint64_t *blocked, redis_newest_t *newest) {
    for (int tries = 0; tries < RESTORE_TRIES; tries++) {
        redis_newest_t before;
        uint64_t fresh = 0;
        *blocked = 0;
        if (!publisher_newest(self, &before) || !publisher_told_again(self) || !restore(self, &fresh, blocked)) return false;
        arena_reset(self->arena);
        if (!publisher_newest(self, newest)) return false;
        *restored += fresh;
        if (fresh == 0 && strcmp(before.id, newest->id) == 0) return true;
    }
    return false;
}

/* The stream is not what it should be: mends what can be mended, raises the alarm for the rest. false: Redis went away, or stream 4
 * is being derived anew. */
bool publisher_reconcile(publisher_t *self) {
    uint64_t restored = 0, blocked = 0;
    redis_newest_t newest;
    char alarm[LIMIT_NAME] = "";
    if (!restore_all(self, &restored, &blocked, &newest)) return false;
    entry_t seen = newest_look(self, &newest);
    if (seen == ENTRY_UNSURE) return false;
    if (seen == ENTRY_FOREIGN) snprintf(alarm, sizeof alarm, "redis stream holds a foreign entry %s", newest.id);
    else if (blocked > 0)
        snprintf(alarm, sizeof alarm, "redis stream lacks %llu warnings that cannot be put back", (unsigned long long)blocked);
    snprintf(self->now.newest, sizeof self->now.newest, "%s", newest.id);
    if (restored > 0) log_info("redis_reconciled", "restored=%llu newest=%s", (unsigned long long)restored, newest.id);
    publisher_alarm(self, alarm);
    return true;
}

/* One cheap look: is the newest entry the one that should be? While there is an alarm everything is looked at again. */
bool publisher_check(publisher_t *self) {
    redis_newest_t newest;
    if (!publisher_newest(self, &newest)) return false;
    if (self->alarm[0] == '\0' && strcmp(newest.id, self->now.newest) == 0 && newest_look(self, &newest) != ENTRY_FOREIGN)
        return true;
    return publisher_reconcile(self);
}

/* What was told is not what stands in stream 4 now: it was derived otherwise, by another program or another quarantine, or a
 * restore lies between. All is gone through once more: what Redis shows as told stays told, what it has lost and the file says was
 * told is put back, the rest is told, in a new volume. */
static bool start_over(publisher_t *self) {
    redis_newest_t newest;
    if (!publisher_newest(self, &newest) || !told_by_redis(self)) return false;
    if (!told_ends_with(self->told, newest.id)) return false; /* lost between the two */
    txn_t *txn = store_read(self->store);
    if (txn == NULL) return false;
    uint64_t sure = chunk_sure(txn, self->turn);
    bool forked = position_of(txn, sure, self->arena).epoch > self->now.at.epoch;
    err_t err = txn_error(txn);
    txn_abort(&txn);
    if (err != OK || sure == 0) return false;
    log_warn("told_otherwise", "seq=%llu newest=%s forked=%s", (unsigned long long)self->now.at.seq, newest.id,
             forked ? "yes" : "no");
    if (!forked) self->now.numbering = (numbering_t){self->now.at.epoch, self->now.numbering.volume + 1};
    publisher_place_show(self, &(position_t){0});
    return publisher_place_keep(self);
}

/* We do not know where we were: what Redis shows as told was told. Under its number stream 4 may tell something else by now. */
static bool start_anew(publisher_t *self) {
    redis_newest_t newest;
    uint64_t seq;
    if (!publisher_newest(self, &newest)) return false;
    bool any = strcmp(newest.id, "0-0") != 0;
    entry_t seen = any ? entry_look(self, &newest, &seq) : ENTRY_SAME;
    if (seen == ENTRY_UNSURE) return false;
    if (any && !(told_by_redis(self) && told_ends_with(self->told, newest.id))) return false;
    if (seen == ENTRY_OTHER) (void)told_volume_behind(newest.id, &self->now.numbering);
    self->now.told_all = any;
    return publisher_place_keep(self);
}

static void on_later(void *owner, const char *id, text_t body) {
    publisher_t *self = owner;
    redis_newest_t entry = {.body = body};
    uint64_t seq = 0;
    snprintf(entry.id, sizeof entry.id, "%s", id);
    if (strcmp(id, self->known) == 0 || !told_is_warning(body)) return;
    self->otherwise |= entry_look(self, &entry, &seq) != ENTRY_SAME;
}

/* What lies behind our place was told, and the machine stopped, or its answer was lost. Where stream 4 tells something else
 * there by now, it was derived otherwise behind our place, and numbers do not say what was told. */
static bool later_read(publisher_t *self) {
    char why[REDIS_WHY];
    uint32_t count = 0;
    (void)published_known(&self->now, self->known);
    self->otherwise = false;
    err_t err = redis_history(self->redis, self->stream, self->known, told_end_id, on_later, self, &count, why);
    if (!publisher_heard(self, err, why)) return false;
    self->otherwise |= count == REDIS_PAGE; /* more than was looked at */
    return !self->otherwise || told_by_redis(self);
}

/* It was told, but our place did not come so far: it may move yet, and is compared each time. */
bool publisher_is_ahead(publisher_t *self) {
    return !self->now.told_all && self->alarm[0] == '\0' && !published_known(&self->now, self->known);
}

/* What was told is known, and Redis holds it. */
static bool settled(publisher_t *self, bool unsure, bool other) {
    if (other && !start_over(self)) return false;
    if (unsure && !self->now.told_all && !later_read(self)) return false;
    if (unsure && self->now.told_all && self->now.numbering.volume == 0 && !start_anew(self)) return false;
    return publisher_told_again(self) && publisher_check(self);
}

bool publisher_connect(publisher_t *self, bool other) {
    bool fresh = self->redis == NULL, unsure = fresh || publisher_is_ahead(self);
    char why[REDIS_WHY];
    if (!unsure && !other) return true;
    if (fresh && !publisher_heard(self, redis_open(&self->place, &self->redis, why), why)) return false;
    bool good = settled(self, unsure, other);
    if (!good) redis_close(&self->redis); /* looked at from the beginning again */
    if (good && fresh) publisher_back(self);
    return good;
}
