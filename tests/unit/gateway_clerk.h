/* A clerk with a registered key at the world's door: the fixture of the gateway's tests. */
#ifndef TESTS_GATEWAY_CLERK_H
#define TESTS_GATEWAY_CLERK_H

#include "tests/unit/gateway_world.h"

static unit_key_t clerk;
static unit_link_t *clerk_link;

static inline int world_start(void **state) {
    world_t *w = world_make();
    assert_int_equal(unit_key_new(&clerk), OK);
    world_register(w, "gaishan", 1, &(unit_key_t){.public_text = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"}, false);
    world_register(w, "chengmen", 1, &clerk, false);
    WORLD_UNTIL(w, gateway_ready(w->gateway));
    assert_int_equal(unit_open(gateway_endpoint(w->gateway), w->server.public_text, &clerk, &clerk_link), OK);
    *state = w;
    return 0;
}

static inline int world_start_unloaded(void **state) {
    world_t *w = world_make();
    assert_int_equal(unit_key_new(&clerk), OK);
    world_register(w, "chengmen", 1, &clerk, false);
    w->hold_registry = true;
    assert_int_equal(unit_open(gateway_endpoint(w->gateway), w->server.public_text, &clerk, &clerk_link), OK);
    *state = w;
    return 0;
}

static inline int world_end(void **state) {
    unit_close(&clerk_link);
    world_destroy((world_t **)state);
    return 0;
}

static const personal_t writer = {.text = {"陈志强", 9}};

static inline report_t report_make(void) {
    report_t report = {.task = text_of("pairing"), .period = text_of("2021-08"), .progress = text_of("拨付10万元")};
    report.prepared_by = report.reviewed_by = report.signed_by = writer;
    uuid7_new(1629878400000, report.submission_id);
    return report;
}

static inline bool world_saw(const world_t *w, const char *text) {
    return w->seen.size > 0 && memmem(w->seen.at, w->seen.size, text, strlen(text)) != NULL;
}

static inline unit_answer_t next(world_t *w, uint32_t kind) {
    unit_answer_t answer = {0};
    assert_true(world_answer(w, clerk_link, &answer));
    assert_int_equal(answer.kind, kind);
    return answer;
}

static inline void refused_next(world_t *w, const char *code) {
    uint32_t notes = w->notes;
    unit_answer_t answer = next(w, KIND_refusal);
    assert_true(text_is(answer.refusal.reasons[0].code, code));
    assert_true(answer.refusal.reasons[0].zh.size > 0 && answer.refusal.reasons[0].en.size > 0);
    WORLD_UNTIL(w, w->notes == notes + 1);
    assert_true(text_is(w->last_note_code, code));
}

/* The door is well: a report goes through. */
static inline void report_passes(world_t *w) {
    report_t report = report_make();
    uint64_t id = unit_send_report(clerk_link, &report, 0);
    assert_int_equal(next(w, KIND_receipt).request_id, id);
    unit_answer_t verdict = next(w, KIND_verdict);
    assert_int_equal(verdict.request_id, id);
    assert_true(verdict.verdict.accepted);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_start, world_end)

#endif
