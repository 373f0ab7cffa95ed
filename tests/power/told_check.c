/* What the publisher told, under power cuts: what was told and kept never rings again, whatever becomes of Redis and stream 4. */
#include "tests/power/shelf.h"

#include <inttypes.h>

#include "tests/unit/alerting_world.h"
#include "tests/unit/redis_model.h"

#include "services/4-alerting/publisher.h"
#include "services/4-alerting/told_file.h"
#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "tests/power/office.h"

enum { STATES = 2048, WARNINGS = MODEL_ENTRIES, DAYS = 92, SHOWN = 4, TRIES = 8, PATH = OFFICE_PATH + 64 };

/* Of the warnings in their order: so many stand in Redis, have rung, and are promised never to ring again. */
typedef struct {
    uint32_t stand, rung, kept;
} promise_t;

typedef struct {
    world_t *world; /* what was told follows from it */
    world_t *other; /* the same warnings under later numbers */
    publisher_t *publisher;
    shelf_t *shelf;
    promise_t states[STATES];
    uint32_t state_count;
    promise_t now;
    uint8_t keys[WARNINGS][TOLD_KEY]; /* in their order */
    model_entry_t entries[WARNINGS];
    uint32_t count;
    uint64_t seed;
    uint32_t again[WARNINGS]; /* rung behind the cut */
    bool recording, known;    /* known: only such as are in `keys` were told */
} work_t;

static void key_of(text_t body, uint8_t key[TOLD_KEY]) {
    static const char id[] = "\"id\":\"", raised[] = "\"state\":\"raised\"";
    const char *found = memmem(body.at, body.size, id, sizeof id - 1);
    bool read = found != NULL && hex_read((text_t){found + sizeof id - 1, 32}, key, 16);
    ASSERT(read);
    key[TOLD_KEY - 1] = memmem(body.at, body.size, raised, sizeof raised - 1) != NULL;
}

/* Its place in the order; `count`: none of ours. */
static uint32_t order_of(const work_t *self, const uint8_t key[TOLD_KEY]) {
    uint32_t index = 0;
    while (index < self->count && memcmp(self->keys[index], key, TOLD_KEY) != 0) index++;
    return index;
}

static void state_note(work_t *self, bool done) {
    ASSERT(self->state_count + 1 < STATES);
    self->states[++self->state_count] = self->now;
    shelf_note(self->shelf, self->state_count, false);
    if (done) shelf_note(self->shelf, self->state_count, true);
}

static void on_added(void *owner, text_t body, bool ring) {
    work_t *self = owner;
    uint8_t key[TOLD_KEY];
    key_of(body, key);
    uint32_t index = order_of(self, key);
    if (!self->recording) {
        self->known &= index < self->count;
        if (ring && index < self->count) self->again[index]++;
        return;
    }
    if (index == self->count) {
        ASSERT(ring && self->count < WARNINGS);
        self->entries[self->count] = model.entries[model.count - 1];
        memcpy(self->keys[self->count++], key, TOLD_KEY);
    }
    self->now.stand = model.count;
    self->now.rung = self->count;
    state_note(self, false);
}

static void publisher_again(work_t *self, world_t *world, const char *folder) {
    char file[PATH];
    redis_place_t place = {.socket = "model"};
    snprintf(file, sizeof file, "%s/published", folder);
    publisher_destroy(&self->publisher); /* as kill -9 would */
    self->publisher = publisher_new(stage_store(world->stage), &place, file);
    publisher_allow(self->publisher, stage_sure(world->stage));
}

static bool work_done(work_t *self) {
    for (int tries = 0; tries < TRIES; tries++)
        if (publisher_work(self->publisher)) return true;
    return false;
}

/* --- the work --- */

/* One day of the autumn: three units owe three reports each; two send them, late, the third never does. */
static void day_pass(world_t *world, uint32_t day, uint64_t seed) {
    static const char *const owing[] = {"shangwu", "nongye", "renshe"};
    static const uint32_t dues[] = {20210825, 20210925, 20211025};
    int64_t morning_ms = at(20210815, 9, 0) + (int64_t)day * 86400000;
    for (uint32_t unit = 0; unit < COUNT(owing); unit++)
        for (uint32_t due = 0; due < COUNT(dues); due++) {
            if (day == 0) world_obligation(world, owing[unit], dues[due], standing_not_due, morning_ms - 60000);
            if (unit < 2 && day == 30 * due + 9 * unit + seed % 7 + 11)
                world_obligation(world, owing[unit], dues[due], standing_reported, morning_ms);
        }
    world_tick(world, morning_ms);
    world_flush(world);
}

static world_t *world_of(uint32_t ticks_before) {
    world_t *world = world_new(at(20210801, 0, 0));
    for (uint32_t minute = 0; minute < ticks_before; minute++) world_tick(world, at(20210801, 0, 1 + minute));
    return world;
}

/* Redis is emptied now and then, answers are lost, the publisher is killed. */
static void day_work(work_t *self, const char *folder, uint64_t draw) {
    if (draw % 11 == 3) {
        model.count = self->now.stand = 0;
        state_note(self, false);
    }
    if (draw % 7 == 2) {
        model.answers_left = 2 + (uint32_t)(draw / 7 % 5);
        model.last_is_lost = true;
        (void)publisher_work(self->publisher);
        model.answers_left = UINT32_MAX;
        model.last_is_lost = false;
    }
    if (draw % 5 == 1) publisher_again(self, self->world, folder);
    publisher_allow(self->publisher, stage_sure(self->world->stage));
    bool done = work_done(self);
    ASSERT(done);
    self->now.kept = self->count;
    state_note(self, true);
}

static void work_record(work_t *self, const char *folder) {
    model = (redis_t){.answers_left = UINT32_MAX, .arena = arena_new(), .owner = self, .added = on_added};
    self->world = world_of(0);
    self->other = world_of(5);
    self->recording = true;
    self->shelf = shelf_begin(folder);
    publisher_again(self, self->world, folder);
    for (uint32_t day = 0; day < DAYS; day++) {
        day_pass(self->world, day, self->seed);
        day_pass(self->other, day, self->seed);
        day_work(self, folder, self->seed * 31 + day * 17);
    }
    shelf_end();
    self->recording = false;
}

/* --- a state --- */

/* What becomes of the rest: Redis kept what it had, lost its end, or all; the place goes; stream 4 is derived otherwise. */
typedef struct {
    uint32_t stand;
    bool no_place, otherwise;
} fate_t;

static fate_t fate_of(const work_t *self, const shelf_crash_t *crash) {
    uint32_t stood = self->states[crash->may].stand, draw = (uint32_t)self->seed + crash->point * 7 + crash->sample;
    return (fate_t){draw % 3 == 0 ? stood : draw % 3 == 1 ? 0 : stood - stood / 3, draw / 3 % 2 == 1, draw / 6 % 3 == 1};
}

/* Each whole record that was promised, and nothing that was never told. */
static const char *file_check(const work_t *self, const char *file, uint32_t kept) {
    told_keys_t keys = {0};
    uint64_t records = 0;
    const char *wrong = NULL;
    err_t err = told_file_read(file, 0, &keys, &records);
    if (err != OK && (err != ERR_MISSING || kept > 0)) wrong = "the file of what was told is not there, or cannot be read";
    told_keys_sort(&keys);
    for (size_t index = 0; wrong == NULL && index < keys.count; index++)
        if (order_of(self, keys.keys[index]) == self->count) wrong = "a torn record is read as something that was told";
    for (uint32_t index = 0; wrong == NULL && index < kept; index++)
        if (!told_keys_have(&keys, self->keys[index])) wrong = "what was told and kept is not in the file";
    told_keys_destroy(&keys);
    return wrong;
}

static const char rings_again[] = "a warning rings again that was told and kept, or stood in Redis";

static const char *rings_check(const work_t *self, const promise_t *must, const promise_t *may, uint32_t stand) {
    for (uint32_t index = 0; index < self->count; index++) {
        bool before = index < may->rung, may_again = index >= must->kept && index >= stand;
        if (!before && self->again[index] == 0) return "a warning never rings";
        if (self->again[index] > 1) return "a warning rings twice behind the cut";
        if (before && self->again[index] > 0 && !may_again) return rings_again;
    }
    return NULL;
}

/* Each warning stands there once. */
static const char *redis_check(const work_t *self) {
    bool stands[WARNINGS] = {false};
    for (uint32_t entry = 0; entry < model.count; entry++) {
        uint8_t key[TOLD_KEY];
        key_of(model.entries[entry].body, key);
        uint32_t index = order_of(self, key);
        if (index == self->count || stands[index]) return "Redis holds a warning twice, or one that is none";
        stands[index] = true;
    }
    return model.count < self->count ? "Redis lacks a warning" : NULL;
}

static const char *state_check(work_t *self, const char *folder, const shelf_crash_t *crash) {
    char place[PATH], file[PATH];
    fate_t fate = fate_of(self, crash);
    const promise_t *must = &self->states[crash->must], *may = &self->states[crash->may];
    health_t health = {.ok = true};
    snprintf(place, sizeof place, "%s/published", folder);
    snprintf(file, sizeof file, "%s/published.told", folder);
    const char *torn = file_check(self, file, must->kept);
    if (fate.no_place) unlink(place);
    arena_reset(model.arena);
    for (uint32_t index = 0; index < fate.stand; index++) model.entries[index] = self->entries[index];
    model.count = fate.stand;
    memset(self->again, 0, sizeof self->again);
    self->known = true;
    publisher_again(self, fate.otherwise ? self->other : self->world, folder);
    bool done = work_done(self);
    publisher_show(self->publisher, &health);
    const char *wrong = !done || !health.ok ? "it does not come to rest" : !self->known ? "something else is told" : NULL;
    if (wrong == NULL) wrong = rings_check(self, must, may, fate.stand);
    if (wrong == NULL) wrong = redis_check(self);
    if (wrong == NULL) wrong = torn;
    return wrong != NULL ? wrong : file_check(self, file, self->count);
}

/* --- ways --- */

typedef struct {
    const char *name, *deaf_to;
    bool deaf_to_names, sound;
} way_t;
static const way_t ways[] = {{"what was told, as shipped", NULL, false, true},
                             {"what was told, not synced", "published.told", false, false},
                             {"what was told, names not synced", NULL, true, false}};

static void entries_keep(work_t *self) { /* the model's arena is used anew in each state */
    for (uint32_t index = 0; index < self->count; index++)
        self->entries[index].body = arena_text(self->world->arena, self->entries[index].body);
}

static void work_destroy(work_t *self) {
    publisher_destroy(&self->publisher);
    shelf_destroy(&self->shelf);
    world_destroy(self->world);
    world_destroy(self->other);
    arena_destroy(&model.arena);
    free(self);
}

typedef struct {
    uint64_t states, violations, again /* of these: one rings again */, writes;
} sum_t;

/* One piece of work and its states. */
static void slice(const way_t *way, uint64_t wanted, uint64_t seed, sum_t *sum) {
    work_t *work = calloc(1, sizeof *work);
    char base[OFFICE_PATH], recorded[OFFICE_PATH + 16], laid[OFFICE_PATH + 16];
    ASSERT(work != NULL);
    work->seed = seed;
    office_folder(base, sizeof base);
    snprintf(recorded, sizeof recorded, "%s/recorded", base);
    snprintf(laid, sizeof laid, "%s/laid", base);
    ASSERT(home_make_folder(recorded) == OK && home_make_folder(laid) == OK);
    shelf_deaf_to = way->deaf_to;
    shelf_deaf_to_names = way->deaf_to_names;
    work_record(work, recorded);
    shelf_deaf_to = NULL;
    shelf_deaf_to_names = false;
    entries_keep(work);
    sum->writes += shelf_writes(work->shelf);
    shelf_walk_t *walk = shelf_walk_new(work->shelf, (uint32_t)(wanted / (4 * shelf_writes(work->shelf) + 1) + 3), seed);
    shelf_crash_t crash;
    while (shelf_next(walk, &crash)) {
        shelf_lay(walk, laid);
        const char *wrong = state_check(work, laid, &crash);
        sum->states++;
        sum->again += wrong == rings_again;
        if (wrong == NULL || ++sum->violations > SHOWN) continue;
        printf("  %s: told: %s (seed %" PRIu64 ", point %u, sample %u; promised %u, possible %u)\n",
               way->sound ? "VIOLATION" : "found", wrong, seed, crash.point, crash.sample, crash.must, crash.may);
    }
    shelf_walk_destroy(&walk);
    work_destroy(work);
    office_remove(base);
}

bool told_power(uint64_t wanted, uint64_t seed, uint32_t *passed, uint32_t *failed) {
    enum { SLICE = 20000, CONTROL = 300 };
    bool all = true;
    for (size_t index = 0; index < sizeof ways / sizeof ways[0]; index++) {
        const way_t *way = &ways[index];
        uint64_t most = way->sound ? wanted : CONTROL;
        sum_t sum = {0};
        int64_t begun_ms = clock_steady_ms();
        for (uint64_t turn = 0; sum.states < most && (sum.violations == 0 || !way->sound); turn++)
            slice(way, most - sum.states < SLICE ? most - sum.states : SLICE, seed + turn, &sum);
        bool good = way->sound ? sum.violations == 0 : sum.again > 0;
        printf("power: %s: %" PRIu64 " crash states of %" PRIu64 " writes, %" PRIu64 " violations, in %" PRIu64
               " somebody is rung again (%s), %" PRId64 " s\n", way->name, sum.states, sum.writes, sum.violations, sum.again,
               good ? way->sound ? "none may be" : "some must be" : "WRONG", (clock_steady_ms() - begun_ms) / 1000);
        *passed += good;
        *failed += !good;
        all &= good;
    }
    return all;
}
