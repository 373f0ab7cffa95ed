/* Many lives of an outbox, out of a seed: crashes at any moment, answers lost, servers failing, warnings withdrawn,
 * the fold rebuilt. Whatever happens, nobody hears again what the ledger knows to be sent, and nothing is forgotten. */
#include "tests/unit/outbox_world.h"

#include <jansson.h>

#include "services/notifier/outbox_rules.h"

enum { LIVES = 30, STEPS = 120, PEOPLE = 3, NUMBERS = 200, FLIGHTS = 16 };

typedef struct {
    world_t world;
    uint64_t luck;
    uint8_t number; /* of the last warning */
    bool withdrawn[NUMBERS];
    uint32_t flying[FLIGHTS];
    uint32_t flying_count;
    /* by outbox id, as hex: what left, and what the ledger knows */
    json_t *left;     /* id → message that it left in */
    json_t *recorded; /* id → true: the ledger knows that it was sent */
    json_t *closed;   /* id → true: the ledger knows that it will not be */
} lives_t;

static uint64_t draw(lives_t *self, uint64_t below) {
    self->luck ^= self->luck << 13, self->luck ^= self->luck >> 7, self->luck ^= self->luck << 17;
    return self->luck % below;
}

static void people_known(lives_t *self) {
    route_t route = mail_route();
    contact_t people[PEOPLE];
    for (uint32_t index = 0; index < PEOPLE; index++)
        people[index] = person((uint8_t)(index + 1), arena_format(self->world.arena, "p%u", index).at);
    directory(&self->world, &route, 1, people, PEOPLE);
}

/* What the message carries, held against what is known of each notice in it. */
static void leaves(lives_t *self, const request_t *request) {
    static const char mark[] = "X-Minning-Notice: ";
    for (const char *at = request->body.at; (at = strstr(at, mark)) != NULL; at++) {
        const char *id = arena_format(self->world.arena, "%.32s", at + sizeof mark - 1).at;
        const char *before = json_string_value(json_object_get(self->left, id));
        assert_null(json_object_get(self->recorded, id)); /* the ledger knew: nobody is told again */
        assert_null(json_object_get(self->closed, id));
        if (before != NULL) assert_string_equal(before, request->name.at); /* again, then: under the same id */
        json_object_set_new(self->left, id, json_string(request->name.at));
    }
}

static void record(lives_t *self, const notice_part_t *parts, uint32_t count, json_t *where) {
    for (uint32_t index = 0; index < count; index++) {
        text_t id = hex_of(parts[index].outbox_id, 16, self->world.arena);
        json_object_set_new(where, id.at, json_true());
    }
}

/* One result reaches the ledger. false: there is none. */
static bool record_one(lives_t *self) {
    notice_sent_t sent = {0};
    notice_failed_t failed = {0};
    uint32_t kind = note(&self->world, &sent, &failed);
    if (kind == KIND_notice_sent) {
        record(self, sent.parts, sent.parts_count, self->recorded);
        for (uint32_t index = 0; index < sent.parts_count; index++) { /* what is sent was sent */
            text_t id = hex_of(sent.parts[index].outbox_id, 16, self->world.arena);
            assert_non_null(json_object_get(self->left, id.at));
        }
    }
    if (kind == KIND_notice_failed) record(self, failed.parts, failed.parts_count, self->closed);
    return kind != 0;
}

static void warn(lives_t *self) {
    static const char *const tasks[] = {"sales", "donation", "pairing", "labor"};
    if (self->number + 1 >= NUMBERS) return;
    warning_raised_t raised = warning(++self->number, "chengmen");
    raised.task = text_of(tasks[draw(self, 4)]);
    if (self->number > 1 && draw(self, 3) == 0) memset(raised.supersedes, self->number - 1, sizeof raised.supersedes);
    emit(&self->world, warning_raised_type(), &raised);
}

static void withdraw_one(lives_t *self) {
    if (self->number == 0) return;
    uint8_t number = (uint8_t)(1 + draw(self, self->number));
    if (self->withdrawn[number]) return;
    self->withdrawn[number] = true;
    resolve(&self->world, number, "chengmen");
}

static void land_one(lives_t *self, bool well) {
    if (self->flying_count == 0) return;
    uint32_t at = (uint32_t)draw(self, self->flying_count), slot = self->flying[at];
    self->flying[at] = self->flying[--self->flying_count];
    uint64_t how = well ? 0 : draw(self, 10);
    answered(&self->world, slot, how < 6 ? 0 : how < 9 ? 28 : 55, how < 6 ? 250 : how < 9 ? 0 : 450);
}

static void depart_one(lives_t *self) {
    uint32_t slot;
    request_t request;
    if (self->flying_count == FLIGHTS || !next(&self->world, &slot, &request)) return;
    leaves(self, &request);
    self->flying[self->flying_count++] = slot;
}

static void crash(lives_t *self, bool rebuild) {
    self->flying_count = 0;
    outbox_down(&self->world);
    if (rebuild) temporary_remove(path_of(&self->world, "notifier"));
    outbox_up(&self->world);
    people_known(self);
    fold(&self->world); /* drained, before anything is planned */
}

static void one_step(lives_t *self) {
    uint64_t what = draw(self, 100);
    if (what < 18) warn(self);
    else if (what < 24) withdraw_one(self);
    else if (what < 40) plan(&self->world);
    else if (what < 60) depart_one(self);
    else if (what < 78) land_one(self, false);
    else if (what < 88) record_one(self);
    else if (what < 95) self->world.now.steady_ms += (int64_t)draw(self, 5000);
    else if (what < 97) crash(self, false);
    else if (what < 98) crash(self, true);
    else tick(&self->world, self->world.at_ms + 60000);
}

/* Everybody is well again: all that was decided comes to its end. */
static void calm(lives_t *self) {
    tick(&self->world, self->world.at_ms + 60000);
    for (uint32_t round = 0; round < 200; round++) {
        plan(&self->world);
        for (uint32_t count = 0; count < 8; count++) depart_one(self);
        while (self->flying_count > 0) land_one(self, true);
        while (record_one(self)) {
        }
        self->world.now.steady_ms += 20000;
    }
    outbox_state_t state = outbox_state(self->world.outbox);
    assert_int_equal(state.waiting + state.flying + state.notes, 0);
}

/* Each warning was told each person, or the ledger says why not. */
static void nothing_is_forgotten(lives_t *self) {
    for (uint8_t number = 1; number <= self->number; number++)
        for (uint8_t who = 1; who <= PEOPLE; who++) {
            notifier_told_t told = {.state = notice_state_raised, .warning = warning(number, "chengmen")};
            uint8_t ref[32], id[16];
            memset(ref, who, sizeof ref);
            outbox_id_of(&told, text_of("office"), ref, id);
            text_t hex = hex_of(id, 16, self->world.arena);
            bool sent = json_object_get(self->recorded, hex.at) != NULL, closed = json_object_get(self->closed, hex.at) != NULL;
            assert_true(sent || closed);
            if (closed && !sent) /* only what was withdrawn, overtaken, or dead */
                assert_true(self->withdrawn[number] || number < self->number || json_object_get(self->left, hex.at) != NULL);
        }
}

static void whatever_happens_nobody_hears_twice_what_is_recorded_and_nothing_is_forgotten(void **state) {
    (void)state;
    setenv("MINNING_LOG", "error", 1);
    for (uint64_t seed = 1; seed <= LIVES; seed++) {
        lives_t self = {.world = world_new(false), .luck = seed * UINT64_C(0x9e3779b97f4a7c15), .left = json_object(),
                        .recorded = json_object(), .closed = json_object()};
        people_known(&self);
        for (uint32_t step = 0; step < STEPS; step++) one_step(&self);
        calm(&self);
        nothing_is_forgotten(&self);
        json_decref(self.left);
        json_decref(self.recorded);
        json_decref(self.closed);
        world_end(&self.world);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_happens_nobody_hears_twice_what_is_recorded_and_nothing_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
