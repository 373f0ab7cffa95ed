/* Who hears what, when, under which id, as functions of values. */
#include "services/notifier/outbox_rules.h"

#include "proto/crypto.h"
#include "services/plan/calendar.h"
#include "services/vault/directory_rules.h"

#include <string.h>

enum { LOOK_AHEAD_DAYS = 40, /* the longest holidays are shorter */
       DAY_MINUTES = 1440, MINUTE_MS = 60000 };

bool route_takes(const route_t *route, const notifier_told_t *told) {
    bool unit = route->unit.size == 0 || text_equal(route->unit, told->warning.unit);
    return unit && told->warning.level >= route->least && told->at_ms >= route->since_ms;
}

bool contact_takes(const contact_t *contact, channel_t channel, const notifier_told_t *told) {
    text_t address = channel == channel_sms ? contact->mobile : contact->mail;
    bool theirs = !contact->boss || told->warning.boss; /* a leader hears what stays late */
    return address.size > 0 && theirs && text_equal(contact->unit, told->warning.unit) && told->at_ms >= contact->since_ms;
}

const uint8_t *contact_ref(const route_t *route, const contact_t *contact) {
    if (contact == NULL) return route->ref;
    return route->channel == channel_sms ? contact->mobile_ref : contact->mail_ref;
}

static void short_hash(const buffer_t *bytes, uint8_t id[16]) {
    uint8_t hash[HASH_SIZE];
    hash_of((bytes_t){bytes->at, (uint32_t)bytes->size}, hash);
    memcpy(id, hash, 16);
}

static void add_text(buffer_t *bytes, text_t text) {
    buffer_add(bytes, text.at, text.size);
    buffer_add(bytes, "", 1); /* the NUL: no slug holds one */
}

void outbox_id_of(const notifier_told_t *told, text_t route, const uint8_t ref[32], uint8_t id[16]) {
    buffer_t bytes = {0};
    uint8_t state = (uint8_t)told->state;
    buffer_add(&bytes, told->warning.id, sizeof told->warning.id);
    buffer_add(&bytes, &state, 1);
    add_text(&bytes, told->warning.rung);
    add_text(&bytes, route);
    buffer_add(&bytes, ref, 32);
    short_hash(&bytes, id);
    buffer_destroy(&bytes);
}

void message_id_of(const char *what, const uint8_t (*outbox_ids)[16], uint32_t count, uint8_t id[16]) {
    buffer_t bytes = {0};
    add_text(&bytes, text_of(what));
    buffer_add(&bytes, outbox_ids, (size_t)count * 16);
    short_hash(&bytes, id);
    buffer_destroy(&bytes);
}

/* --- hours --- */

typedef struct {
    uint64_t from, until; /* minutes of the day */
    bool working_days;
} hours_t;

static hours_t hours_of(uint64_t from, uint64_t until, bool working_days) {
    return (hours_t){from, until == 0 ? DAY_MINUTES : until, working_days};
}

static hours_t hours_common(const route_t *route, const contact_t *contact) {
    hours_t ours = hours_of(route->from_minute, route->until_minute, route->working_days);
    if (contact == NULL) return ours;
    hours_t theirs = hours_of(contact->from_minute, contact->until_minute, contact->working_days);
    hours_t both = {ours.from > theirs.from ? ours.from : theirs.from, ours.until < theirs.until ? ours.until : theirs.until,
                    ours.working_days || theirs.working_days};
    return both.from < both.until ? both : theirs;
}

int64_t hours_wait(const plan_t *plan, const route_t *route, const contact_t *contact, level_t level, int64_t now_ms) {
    if (plan == NULL || (route->urgent != level_none && level >= route->urgent)) return 0;
    hours_t hours = hours_common(route, contact);
    uint32_t day = day_of_instant(plan, now_ms);
    for (int ahead = 0; ahead < LOOK_AHEAD_DAYS; ahead++, day = day_add(day, 1)) {
        if (hours.working_days && !day_is_working(plan, day)) continue;
        int64_t begin_ms = instant_of_day(plan, day, 0) + (int64_t)hours.from * MINUTE_MS;
        int64_t end_ms = instant_of_day(plan, day, 0) + (int64_t)hours.until * MINUTE_MS;
        if (now_ms >= end_ms) continue;
        return begin_ms > now_ms ? begin_ms - now_ms : 0;
    }
    return 0; /* a calendar without a working day: better told than never */
}

/* --- tries --- */

int64_t backoff_ms(uint64_t attempt, int64_t base_ms, const uint8_t id[16]) {
    uint32_t luck;
    int64_t pause_ms = base_ms;
    memcpy(&luck, id, sizeof luck);
    luck ^= (uint32_t)attempt * UINT32_C(2654435761);
    for (uint64_t index = 1; index < attempt && index < LIMIT_NOTICE_ATTEMPTS; index++) pause_ms *= 3;
    return pause_ms * 3 / 4 + pause_ms / 2 * (int64_t)(luck % 1024) / 1024;
}

/* What the makers of the robots allow; a maker's limit that is exceeded shuts a robot for minutes. */
void rate_of(const route_t *route, uint32_t *per_minute, uint32_t *per_second) {
    *per_minute = (uint32_t)route->per_minute;
    *per_second = (uint32_t)route->per_second;
    bool twenty = route->channel == channel_dingtalk || route->channel == channel_wecom;
    if (*per_minute == 0 && twenty) *per_minute = 20;
    if (*per_minute == 0 && route->channel == channel_feishu) *per_minute = 100;
    if (*per_second == 0 && route->channel == channel_feishu) *per_second = 5;
}
