/* The codec: what it takes, what it refuses and where, and that every table is well formed. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/crypto.h"
#include "proto/wire.h"

static bytes_t view(const buffer_t *buffer) { return (bytes_t){buffer->at, (uint32_t)buffer->size}; }

#define BYTES_OF(literal) ((bytes_t){(const uint8_t *)(literal), sizeof(literal) - 1})

static void expect_scan(bytes_t bytes, const char *code) {
    fault_t fault = {0};
    err_t err = wire_scan(bytes, &fault);
    if (code == NULL) {
        assert_int_equal(err, OK);
        return;
    }
    assert_int_equal(err, ERR_BAD);
    assert_string_equal(fault.code, code);
}

static void a_count_above_the_bytes_left_is_refused_without_reserving_anything(void **state) {
    (void)state;
    expect_scan(BYTES_OF("\xdd\xff\xff\xff\xff"), "malformed");
    expect_scan(BYTES_OF("\xdf\x7f\xff\xff\xff\x01\x02"), "malformed");
    expect_scan(BYTES_OF("\xc6\xff\xff\xff\xff\x00"), "malformed");
    expect_scan(BYTES_OF("\xdb\x00\x00\x00\x05"
                         "abcd"),
                "malformed");
    expect_scan(BYTES_OF("\xcd\x01"), "malformed");
    expect_scan((bytes_t){NULL, 0}, "malformed");
}

static void trailing_bytes_are_refused(void **state) {
    (void)state;
    expect_scan(BYTES_OF("\x01"), NULL);
    expect_scan(BYTES_OF("\x01\x02"), "malformed");
    expect_scan(BYTES_OF("\x80\x80"), "malformed");
}

static void nesting_beyond_the_limit_is_refused(void **state) {
    (void)state;
    uint8_t bytes[64];
    memset(bytes, 0x91, sizeof bytes);
    bytes[LIMIT_DEPTH] = 0x01;
    expect_scan((bytes_t){bytes, LIMIT_DEPTH + 1}, NULL);
    bytes[LIMIT_DEPTH] = 0x91;
    bytes[LIMIT_DEPTH + 1] = 0x01;
    expect_scan((bytes_t){bytes, LIMIT_DEPTH + 2}, "too_deep");
}

static void floats_nil_and_extensions_are_refused(void **state) {
    (void)state;
    expect_scan(BYTES_OF("\xca\x00\x00\x00\x00"), "wrong_type");
    expect_scan(BYTES_OF("\xcb\x00\x00\x00\x00\x00\x00\x00\x00"), "wrong_type");
    expect_scan(BYTES_OF("\xc0"), "wrong_type");
    expect_scan(BYTES_OF("\xd4\x01\x00"), "wrong_type");
    expect_scan(BYTES_OF("\xc1"), "wrong_type");
}

/* Decodes as `type`; wants `code` at `path`, or success where code is NULL. */
static void expect_decode(const message_t *type, bytes_t bytes, const char *code, const char *path) {
    arena_t *arena = arena_new();
    fault_t fault = {0};
    err_t err = wire_decode(type, bytes, arena, arena_take(arena, type->size), &fault);
    if (code == NULL)
        assert_int_equal(err, OK);
    else {
        assert_int_equal(err, ERR_BAD);
        assert_string_equal(fault.code, code);
        assert_string_equal(fault.path, path);
    }
    arena_destroy(&arena);
}

static void an_integer_that_is_not_shortest_is_refused(void **state) {
    (void)state;
    const message_t *tick = clock_ticked_type();
    expect_decode(tick, BYTES_OF("\x81\x01\x7f"), NULL, NULL);
    expect_decode(tick, BYTES_OF("\x81\x01\xcc\x7f"), "not_canonical", "at_ms");
    expect_decode(tick, BYTES_OF("\x81\x01\xcc\x80"), NULL, NULL);
    expect_decode(tick, BYTES_OF("\x81\x01\xcd\x00\xff"), "not_canonical", "at_ms");
    expect_decode(tick, BYTES_OF("\x81\x01\xcd\x01\x00"), NULL, NULL);
    expect_decode(tick, BYTES_OF("\x81\x01\xce\x00\x00\xff\xff"), "not_canonical", "at_ms");
    expect_decode(tick, BYTES_OF("\x81\x01\xce\x00\x01\x00\x00"), NULL, NULL);
    expect_decode(tick, BYTES_OF("\x81\x01\xcf\x00\x00\x00\x00\xff\xff\xff\xff"), "not_canonical", "at_ms");
    expect_decode(tick, BYTES_OF("\x81\x01\xcf\x00\x00\x00\x01\x00\x00\x00\x00"), NULL, NULL);
    expect_decode(tick, BYTES_OF("\x81\xcc\x01\x7f"), "not_canonical", "");
    expect_decode(tick, BYTES_OF("\x81\x01\xd0\x7f"), "not_canonical", "at_ms");
}

static void every_kind_of_fault_names_its_code_and_path(void **state) {
    (void)state;
    const message_t *note = refusals_note_type();
    expect_decode(note,
                  BYTES_OF("\x81\x02\xa3"
                           "abc"),
                  NULL, NULL);
    expect_decode(note, BYTES_OF("\x80"), "missing_field", "code");
    expect_decode(note,
                  BYTES_OF("\x81\x01\xa1"
                           "u"),
                  "missing_field", "code");
    expect_decode(note, BYTES_OF("\x81\x02\x05"), "wrong_type", "code");
    expect_decode(note,
                  BYTES_OF("\x81\x02\xa3"
                           "a c"),
                  "bad_slug", "code");
    expect_decode(note,
                  BYTES_OF("\x82\x02\xa1"
                           "a\x09\x01"),
                  "unknown_field", "");
    expect_decode(note,
                  BYTES_OF("\x82\x02\xa1"
                           "a\x01\xa1"
                           "u"),
                  "not_canonical", "");
    expect_decode(note,
                  BYTES_OF("\x82\x02\xa1"
                           "a\x02\xa1"
                           "u"),
                  "not_canonical", "");
    expect_decode(note,
                  BYTES_OF("\x82\x02\xa1"
                           "a\x03\xc4\x01\x00"),
                  "too_long", "frame_hash");
    expect_decode(note, BYTES_OF("\x93\x01\x02\x03"), "wrong_type", "");
    expect_decode(note,
                  BYTES_OF("\x82\x01\xa0\x02\xa1"
                           "a"),
                  "not_canonical", "unit");
}

static void values_out_of_their_range_are_refused_with_the_path_of_the_field(void **state) {
    (void)state;
    expect_decode(clock_ticked_type(), BYTES_OF("\x81\x01\xff"), "negative", "at_ms");
    expect_decode(clock_ticked_type(), BYTES_OF("\x81\x01\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), "out_of_range", "at_ms");
    expect_decode(figure_type(),
                  BYTES_OF("\x82\x01\xa1"
                           "i\x04\xff"),
                  "negative", "amount");
    expect_decode(figure_type(),
                  BYTES_OF("\x82\x01\xa1"
                           "i\x04\x00"),
                  NULL, NULL);
    expect_decode(figure_type(),
                  BYTES_OF("\x82\x01\xa1"
                           "i\x03\xc2"),
                  "not_canonical", "nil");
    expect_decode(figure_type(),
                  BYTES_OF("\x82\x01\xa1"
                           "i\x07\x91\x81\x01\x63"),
                  "unknown_word", "items[0].key_kind");
    expect_decode(figure_type(),
                  BYTES_OF("\x82\x01\xa1"
                           "i\x07\x92\x81\x01\x01\x82\x01\x01\x04\xce\x01\x34\x62\x4b"),
                  "bad_day", "items[1].fact_day");
    expect_decode(plan_closed_type(), BYTES_OF("\x81\x01\xa2\xc3\x28"), "not_text", "why");
    expect_decode(plan_closed_type(), BYTES_OF("\x81\x01\xa1\x07"), "not_text", "why");
    expect_decode(plan_closed_type(), BYTES_OF("\x81\x01\xa3\xed\xa0\x80"), "not_text", "why");
    expect_decode(plan_closed_type(), BYTES_OF("\x81\x01\xa6\xe9\x97\xbd\xe5\xae\x81"), NULL, NULL);
}

static void missing_zero_and_nil_are_three_different_values(void **state) {
    (void)state;
    buffer_t missing = {0}, zero = {0}, nothing = {0};
    figure_t figure = {.indicator = text_of("sales")};
    wire_encode(figure_type(), &figure, &missing);
    figure.amount = (maybe_t){true, 0};
    wire_encode(figure_type(), &figure, &zero);
    figure.nil = true;
    wire_encode(figure_type(), &figure, &nothing);
    assert_true(missing.size < zero.size && zero.size < nothing.size);
    buffer_destroy(&missing);
    buffer_destroy(&zero);
    buffer_destroy(&nothing);
}

static void an_event_carries_its_header_and_is_passed_on_unchanged(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    buffer_t bytes = {0}, copy = {0};
    fault_t fault = {0};
    event_t event = {0}, header = {.epoch = 2, .cause_seq = 700, .at_ms = 1635436800000};
    clock_ticked_t back, tick = {.at_ms = 1635436800000};
    event_encode(&header, clock_ticked_type(), &tick, &bytes);
    buffer_add(&bytes, "\x01", 1);
    assert_int_equal(event_decode(view(&bytes), &event, &fault), OK);
    assert_int_equal(event.kind, KIND_clock_ticked);
    assert_int_equal(event.epoch, 2);
    assert_int_equal(event.cause_seq, 700);
    assert_int_equal(event.at_ms, 1635436800000);
    assert_int_equal(event.raw.size, bytes.size - 1);
    assert_int_equal(event_body(&event, clock_ticked_type(), arena, &back, &fault), OK);
    assert_int_equal(back.at_ms, tick.at_ms);
    event_copy(&event, &copy);
    assert_int_equal(copy.size, event.raw.size);
    assert_memory_equal(copy.at, event.raw.at, copy.size);
    assert_int_equal(event_body(&event, plan_closed_type(), arena, &back, &fault), ERR_BAD);
    assert_string_equal(fault.code, "unknown_message");
    buffer_destroy(&bytes);
    buffer_destroy(&copy);
    arena_destroy(&arena);
}

/* Every golden vector with every single byte changed in three ways: either refused, or taken and written again as it was. */
static void changed_bytes_are_refused_or_mean_another_value(void **state) {
    (void)state;
    FILE *file = fopen("tests/vectors/golden.txt", "r");
    assert_non_null(file);
    char *line = NULL;
    size_t room = 0, tried = 0;
    arena_t *arena = arena_new();
    while (getline(&line, &room, file) > 0) {
        char *rest = line, *name = strsep(&rest, "\t"), *variant = strsep(&rest, "\t"), *hex = strsep(&rest, "\t");
        const message_t *type = NULL;
        size_t count;
        const message_t *const *all = message_all(&count);
        for (size_t index = 0; index < count; index++)
            if (strcmp(all[index]->name, name) == 0) type = all[index];
        assert_non_null(type);
        assert_non_null(variant);
        uint32_t size = (uint32_t)strlen(hex) / 2;
        if (size > 600) continue;
        uint8_t *bytes = malloc(size);
        assert_true(hex_read(text_of(hex), bytes, size));
        for (uint32_t at = 0; at < size; at++)
            for (uint32_t change = 0; change < 3; change++) {
                uint8_t before = bytes[at];
                bytes[at] = change == 0 ? before ^ 1 : change == 1 ? (uint8_t)(before + 16) : 0xff;
                fault_t fault = {0};
                buffer_t again = {0};
                void *value = arena_take(arena, type->size);
                bytes_t changed = {bytes, size};
                if (wire_scan(changed, &fault) == OK && wire_decode(type, changed, arena, value, &fault) == OK) {
                    wire_encode(type, value, &again);
                    assert_int_equal(again.size, size);
                    assert_memory_equal(again.at, bytes, size);
                } else
                    assert_non_null(fault.code);
                assert_true(fault.code == NULL || reason_find(text_of(fault.code)) != NULL);
                buffer_destroy(&again);
                arena_reset(arena);
                bytes[at] = before;
                tried++;
            }
        free(bytes);
    }
    free(line);
    assert_true(tried > 10000);
    arena_destroy(&arena);
    fclose(file);
}

static void every_table_has_ascending_tags_and_every_kind_is_its_own(void **state) {
    (void)state;
    size_t count;
    const message_t *const *all = message_all(&count);
    for (size_t index = 0; index < count; index++) {
        for (size_t field = 1; field < all[index]->field_count; field++)
            assert_true(all[index]->fields[field].tag > all[index]->fields[field - 1].tag);
        for (size_t other = 0; other < index; other++)
            assert_false(all[index]->kind != 0 && all[index]->kind == all[other]->kind);
        assert_true(all[index]->kind == 0 || message_of_kind(all[index]->kind) == all[index]);
    }
    assert_null(message_of_kind(0));
    assert_null(message_of_kind(999999));
}

static void a_reason_is_told_with_its_values_in_both_languages(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    text_t args[] = {text_of("sales"), text_of("czj")};
    reason_t reason = {.code = REASON_OF(not_your_figure), .args = args, .args_count = 2};
    reason_tell(&reason, arena);
    assert_true(text_is(reason.en, "The figure of sales is not czj's to report; report progress in words."));
    assert_true(text_is(reason.zh, "指标 sales 的数据不由 czj 填报；请只写进展文字。"));
    assert_false(reason.soft);
    arena_destroy(&arena);
}

static size_t memory_held(void) {
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/* What one hostile sender did: each message a little larger in all its lists than the one before. */
static void an_arena_holds_what_the_largest_use_needed_not_the_sum_of_all(void **state) {
    (void)state;
    enum { LISTS = 16, SMALLEST = 70000, MESSAGES = 400, STEP = 160 };
    size_t before = memory_held();
    arena_t *arena = arena_new();
    for (size_t message = 0; message < MESSAGES; message++) {
        arena_reset(arena);
        for (size_t list = 0; list < LISTS; list++) arena_take(arena, SMALLEST + message * STEP);
    }
    assert_true(memory_held() - before < 2 * (size_t)LISTS * (SMALLEST + MESSAGES * STEP));
    arena_destroy(&arena);
}

static void an_arena_gives_back_what_one_unusual_message_took(void **state) {
    (void)state;
    enum { BLOCK = 100000, BLOCKS = 400, KEPT = 8 << 20 };
    size_t before = memory_held();
    arena_t *arena = arena_new();
    for (size_t block = 0; block < BLOCKS; block++) arena_take(arena, BLOCK);
    arena_reset(arena);
    assert_true(memory_held() - before < KEPT + 2 * BLOCK);
    for (size_t block = 0; block < KEPT / BLOCK / 2; block++) arena_take(arena, BLOCK);
    assert_true(memory_held() - before < KEPT + 2 * BLOCK); /* of what was kept */
    arena_destroy(&arena);
}

static void codes_of_reasons_are_their_own(void **state) {
    (void)state;
    size_t count;
    const reason_text_t *all = reason_all(&count);
    for (size_t index = 0; index < count; index++) {
        assert_ptr_equal(reason_find(text_of(all[index].code)), &all[index]);
        assert_true(strlen(all[index].zh) > 0 && strlen(all[index].en) > 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_count_above_the_bytes_left_is_refused_without_reserving_anything),
        cmocka_unit_test(trailing_bytes_are_refused),
        cmocka_unit_test(nesting_beyond_the_limit_is_refused),
        cmocka_unit_test(floats_nil_and_extensions_are_refused),
        cmocka_unit_test(an_integer_that_is_not_shortest_is_refused),
        cmocka_unit_test(every_kind_of_fault_names_its_code_and_path),
        cmocka_unit_test(values_out_of_their_range_are_refused_with_the_path_of_the_field),
        cmocka_unit_test(missing_zero_and_nil_are_three_different_values),
        cmocka_unit_test(an_event_carries_its_header_and_is_passed_on_unchanged),
        cmocka_unit_test(changed_bytes_are_refused_or_mean_another_value),
        cmocka_unit_test(every_table_has_ascending_tags_and_every_kind_is_its_own),
        cmocka_unit_test(a_reason_is_told_with_its_values_in_both_languages),
        cmocka_unit_test(codes_of_reasons_are_their_own),
        cmocka_unit_test(an_arena_holds_what_the_largest_use_needed_not_the_sum_of_all),
        cmocka_unit_test(an_arena_gives_back_what_one_unusual_message_took),
    };
    crypto_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
