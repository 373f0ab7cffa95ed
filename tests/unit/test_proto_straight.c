/* The codec's two ways, straight-line code and the field table: whatever comes, they agree, and what is sound goes straight. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "proto/wire_inner.h"
#include "tests/unit/golden.h"

static arena_t *arena, *read; /* of a value under test, and of what is read in between */
static size_t tried;

static bytes_t view(const buffer_t *buffer) { return (bytes_t){buffer->at, (uint32_t)buffer->size}; }

static void expect_same(const buffer_t *a, const buffer_t *b) {
    assert_int_equal(a->size, b->size);
    assert_memory_equal(a->at, b->at, a->size);
}

/* --- reading --- */

static void reads_alike(const message_t *type, bytes_t bytes) {
    arena_reset(read);
    void *straight = arena_take(read, type->size), *table = arena_take(read, type->size);
    fault_t fault;
    bool taken = wire_decode_straight(type, bytes, read, straight, NULL, true);
    assert_int_equal(taken, wire_decode_by_table(type, bytes, read, table, &fault) == OK);
    tried++;
    if (!taken) return;
    assert_true(wire_decode_straight(type, bytes, read, straight, NULL, false));
    buffer_t a = {0}, b = {0};
    wire_encode_by_table(type, straight, NULL, &a, NULL);
    wire_encode_by_table(type, table, NULL, &b, NULL);
    expect_same(&a, &b);
    assert_int_equal(a.size, bytes.size); /* one encoding a value */
    buffer_destroy(&a);
    buffer_destroy(&b);
}

/* The longest vectors repeat what the others have. */
enum { LONGEST = 1500 };

static void reads_changed_bytes_alike(const message_t *type, uint8_t *bytes, uint32_t size) {
    for (uint32_t at = 0; at < size && size <= LONGEST; at++) {
        uint8_t before = bytes[at];
        const uint8_t others[] = {before ^ 1, (uint8_t)(before + 1), (uint8_t)(before - 1), (uint8_t)(before + 16), before ^ 0x80,
                                  0, 0x80, 0xc4, 0xd9, 0xff};
        for (size_t index = 0; index < sizeof others; index++) {
            bytes[at] = others[index];
            reads_alike(type, (bytes_t){bytes, size});
        }
        bytes[at] = before;
    }
}

static void reads_cut_bytes_alike(const message_t *type, uint8_t *bytes, uint32_t size) {
    for (uint32_t less = 0; less < size && size <= LONGEST; less++) {
        uint8_t *copy = test_malloc(less + 1); /* cmocka guards what lies behind it */
        memcpy(copy, bytes, less);
        copy[less] = 0x01;
        reads_alike(type, (bytes_t){copy, less});
        reads_alike(type, (bytes_t){copy, less + 1});
        test_free(copy);
    }
    reads_alike(type, (bytes_t){NULL, 0});
}

/* `less` bytes at `at` replaced by others. */
static void reads_spliced_alike(const message_t *type, bytes_t bytes, uint32_t at, uint32_t less, bytes_t more) {
    uint32_t size = bytes.size - less + more.size;
    uint8_t *copy = test_malloc(size);
    memcpy(copy, bytes.at, at);
    memcpy(copy + at, more.at, more.size);
    memcpy(copy + at + more.size, bytes.at + at + less, bytes.size - at - less);
    reads_alike(type, (bytes_t){copy, size});
    test_free(copy);
}

/* A head in the next longer form: the same value, and never canonical. */
static bytes_t longer_head(uint8_t head, uint8_t out[5]) {
    memset(out, 0, 5);
    out[0] = head <= 0x7f ? 0xcc : head <= 0x8f ? 0xde : head <= 0x9f ? 0xdc : head <= 0xbf ? 0xd9 : head + 1;
    if (head <= 0x7f) return out[1] = head, (bytes_t){out, 2};
    if (head <= 0x9f) return out[2] = head & 0x0f, (bytes_t){out, 3};
    if (head <= 0xbf) return out[1] = head & 0x1f, (bytes_t){out, 2};
    switch (head) {
    case 0xc4:
    case 0xcc:
    case 0xd9: return (bytes_t){out, 2};
    case 0xc5:
    case 0xcd:
    case 0xda:
    case 0xdc:
    case 0xde: return (bytes_t){out, 3};
    case 0xce: return (bytes_t){out, 5};
    default: return (bytes_t){out, 0};
    }
}

static void reads_longer_heads_alike(const message_t *type, uint8_t *bytes, uint32_t size) {
    uint8_t longer[5];
    for (uint32_t at = 0; at < size && size <= LONGEST; at++)
        reads_spliced_alike(type, (bytes_t){bytes, size}, at, 1, longer_head(bytes[at], longer));
}

/* Each object replaced by others: zeros, what is empty, numbers at the edge of a width, a day with a bit too many. */
static void reads_other_objects_alike(const message_t *type, uint8_t *bytes, uint32_t size) {
    static const uint8_t others[][34] = {
        {0x00}, {0x80}, {0x90}, {0xa0}, {0xc2}, {0xc3}, {0xc4, 0x00}, {0xc4, 0x10}, {0xc4, 0x20}, {0xc4, 0x01, 0x07}, {0xcc, 0x80},
        {0xcd, 0x01, 0x00}, {0xce, 0x00, 0x00, 0xff, 0xff}, {0xce, 0x00, 0x01, 0x00, 0x00}, {0xce, 0x01, 0x34, 0x64, 0x79},
        {0xd0, 0xdf}, {0xff}, {0xcf, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}, {0xcf, 0, 0, 0, 1, 0x01, 0x34, 0x64, 0x79},
        {0xcf, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, {0xcf, 0x80}, {0x91, 0x01}, {0x81, 0x01}};
    fault_t fault;
    for (uint32_t at = 0; at < size && size <= LONGEST / 3; at++) {
        uint32_t less = 0, more = 0;
        if (wire_scan_first((bytes_t){bytes + at, size - at}, &less, &fault) != OK) continue;
        for (size_t index = 0; index < sizeof others / sizeof others[0]; index++) {
            if (wire_scan_first((bytes_t){others[index], sizeof others[index]}, &more, &fault) == OK)
                reads_spliced_alike(type, (bytes_t){bytes, size}, at, less, (bytes_t){others[index], more});
        }
    }
}

static void any_head_of_a_longer_form_is_judged_alike(void **state) {
    (void)state;
    tried = 0;
    golden_each(reads_longer_heads_alike);
    assert_true(tried > 50000);
}

static void any_object_in_the_place_of_another_is_judged_alike(void **state) {
    (void)state;
    tried = 0;
    golden_each(reads_other_objects_alike);
    assert_true(tried > 500000);
}

static void any_changed_byte_is_judged_alike(void **state) {
    (void)state;
    tried = 0;
    golden_each(reads_changed_bytes_alike);
    assert_true(tried > 500000);
}

static void any_cut_and_any_byte_too_many_is_judged_alike(void **state) {
    (void)state;
    tried = 0;
    golden_each(reads_cut_bytes_alike);
    assert_true(tried > 100000);
}

/* --- writing --- */

static const message_t *root;
static const void *root_value;

static void writes_alike(void) {
    buffer_t straight = {0}, table = {0};
    fault_t fault;
    wire_encode_by_table(root, root_value, NULL, &table, NULL);
    if (wire_encode_straight(root, root_value, NULL, false, &straight)) expect_same(&straight, &table);
    buffer_clear(&straight);
    reads_alike(root, view(&table)); /* whatever it is */
    buffer_clear(&table);
    bool sound = wire_encode_by_table(root, root_value, NULL, &table, &fault) == OK;
    assert_int_equal(wire_encode_straight(root, root_value, NULL, true, &straight), sound);
    if (sound) expect_same(&straight, &table);
    buffer_destroy(&straight);
    buffer_destroy(&table);
    tried++;
}

static void disturb_number(const field_t *field, uint64_t *number) {
    const uint64_t before = *number,
                   others[] = {0, 1, field->low - 1, field->low, field->high, field->high + 1, INT64_MAX, UINT64_MAX};
    for (size_t index = 0; index < sizeof others / sizeof others[0]; index++) {
        *number = others[index];
        writes_alike();
    }
    *number = before;
}

static void disturb_maybe(const field_t *field, maybe_t *maybe) {
    const maybe_t before = *maybe, others[] = {{false, 0}, {false, 7}, {true, 0}, {true, -1}, {true, INT64_MIN},
                                               {true, (int64_t)field->low}, {true, (int64_t)field->high},
                                               {true, (int64_t)(field->high + 1)}};
    for (size_t index = 0; index < sizeof others / sizeof others[0]; index++) {
        *maybe = others[index];
        writes_alike();
    }
    *maybe = before;
}

/* Days and words. */
static void disturb_small(uint32_t *number) {
    static const uint32_t others[] = {0,  1,  2,  3,  4,  5,    6,        7,        8,        9,        10,       11,
                                      12, 13, 63, 64, 65, 1000, 19691231, 19700101, 20210229, 20240229, 20211301, UINT32_MAX};
    const uint32_t before = *number;
    for (size_t index = 0; index < sizeof others / sizeof others[0]; index++) {
        *number = others[index];
        writes_alike();
    }
    *number = before;
}

enum { LONG_TEXT = 8192 };
static char letters[LONG_TEXT];

static void disturb_text(const field_t *field, text_t *text) {
    const text_t before = *text,
                 others[] = {{NULL, 0}, {"x", 1}, {"A-b.c_9", 7}, {"a/b", 3}, {"a b", 3}, {"\x7f", 1}, {"\n\t", 2}, {"\0", 1},
                             {"\xe5\xae\x81\xe5\xa4\x8f", 6}, {"\xe5\xae", 2}, {"\xe0\x80\x80", 3}, {"\xed\xa0\x80", 3},
                             {"\xc2\x80", 2}, {"\xc3\xa9", 2}, {"\xf0\x9f\x98\x80", 4}, {"\xf4\x90\x80\x80", 4},
                             {letters, (uint32_t)field->low}, {letters, (uint32_t)field->low + 1}, {letters, (uint32_t)field->high},
                             {letters, (uint32_t)field->high + 1}, {letters, 48}, {letters, 49}};
    for (size_t index = 0; index < sizeof others / sizeof others[0]; index++) {
        *text = others[index];
        if (text->size <= LONG_TEXT) writes_alike();
    }
    *text = before;
}

static void disturb_bytes(const field_t *field, bytes_t *bytes) {
    const bytes_t before = *bytes;
    const uint64_t sizes[] = {0, 1, field->low, field->high, field->high + 1, 255, 256};
    for (size_t index = 0; index < sizeof sizes / sizeof sizes[0]; index++) {
        *bytes = (bytes_t){(const uint8_t *)letters, (uint32_t)sizes[index]};
        if (sizes[index] <= LONG_TEXT) writes_alike();
    }
    *bytes = before;
}

static void disturb_fixed(uint8_t *at, size_t size) {
    uint8_t *before = arena_take(arena, size);
    memcpy(before, at, size);
    memset(at, 0, size);
    writes_alike();
    for (size_t index = 0; index < size; index++) {
        at[index] = 0x80;
        writes_alike();
        at[index] = 0;
    }
    memcpy(at, before, size);
}

static void disturb(const message_t *type, uint8_t *value);

static void disturb_element(const field_t *field, uint8_t *element) {
    if (field->shape == FIELD_LIST) disturb(field->sub(), element);
    else if (field->shape == FIELD_DAYS) disturb_small((uint32_t *)(void *)element);
    else disturb_text(field, (text_t *)(void *)element);
}

/* Fewer than there are, none, more than may be; then what the first one says. */
static void disturb_list(const field_t *field, uint8_t *value) {
    size_t size = field->shape == FIELD_LIST ? field->sub()->size : field->shape == FIELD_DAYS ? sizeof(uint32_t) : sizeof(text_t);
    uint32_t *count = (uint32_t *)(void *)(value + field->count_offset), before = *count;
    uint8_t *first;
    memcpy(&first, value + field->offset, sizeof first);
    for (*count = 0; *count < before; ++*count) writes_alike();
    uint64_t most = field->high + 1;
    if (before > 0 && most <= 600) {
        uint8_t *many = arena_take(arena, size * most);
        for (uint64_t index = 0; index < most; index++) memcpy(many + size * index, first, size);
        memcpy(value + field->offset, &many, sizeof many);
        for (*count = (uint32_t)most - 1; *count <= most; ++*count) writes_alike();
        memcpy(value + field->offset, &first, sizeof first);
    }
    *count = before;
    if (before > 0) disturb_element(field, first);
}

static void disturb_object(const field_t *field, uint8_t *object) {
    size_t size = field->sub()->size;
    disturb(field->sub(), object);
    uint8_t *before = arena_take(arena, size);
    memcpy(before, object, size);
    memset(object, 0, size);
    writes_alike();
    disturb(field->sub(), object); /* one field alone: others that are needed lack */
    memcpy(object, before, size);
}

static void disturb_field(const field_t *field, uint8_t *value) {
    void *at = value + field->offset;
    switch (field->shape) {
    case FIELD_U64: disturb_number(field, at); return;
    case FIELD_MAYBE: disturb_maybe(field, at); return;
    case FIELD_BOOL:
        *(bool *)at = !*(bool *)at;
        writes_alike();
        *(bool *)at = !*(bool *)at;
        return;
    case FIELD_DAY:
    case FIELD_WORD: disturb_small(at); return;
    case FIELD_SLUG:
    case FIELD_TEXT: disturb_text(field, at); return;
    case FIELD_BYTES: disturb_bytes(field, at); return;
    case FIELD_FIXED: disturb_fixed(at, field->high); return;
    case FIELD_OBJECT: disturb_object(field, at); return;
    case FIELD_SLUGS:
    case FIELD_TEXTS:
    case FIELD_DAYS:
    case FIELD_LIST: disturb_list(field, value); return;
    }
}

static void disturb(const message_t *type, uint8_t *value) {
    for (size_t index = 0; index < type->field_count; index++) disturb_field(&type->fields[index], value);
}

static void writes_disturbed_values_alike(const message_t *type, uint8_t *bytes, uint32_t size) {
    fault_t fault;
    if (size > LONGEST) return;
    uint8_t *value = arena_take(arena, type->size);
    assert_int_equal(wire_decode_by_table(type, (bytes_t){bytes, size}, arena, value, &fault), OK);
    root = type;
    root_value = value;
    disturb(type, value);
    buffer_t again = {0};
    wire_encode_by_table(type, value, NULL, &again, NULL);
    assert_memory_equal(again.at, bytes, size); /* everything was put back */
    buffer_destroy(&again);
    arena_reset(arena);
}

static void any_disturbed_value_is_judged_and_written_alike(void **state) {
    (void)state;
    memset(letters, 'x', sizeof letters);
    tried = 0;
    golden_each(writes_disturbed_values_alike);
    assert_true(tried > 50000);
}

/* --- no detour --- */

static void goes_straight(const message_t *type, uint8_t *bytes, uint32_t size) {
    void *value = arena_take(arena, type->size);
    assert_true(wire_decode_straight(type, (bytes_t){bytes, size}, arena, value, NULL, true));
    for (int checks = 0; checks < 2; checks++) {
        buffer_t out = {0};
        assert_true(wire_encode_straight(type, value, NULL, checks == 1, &out));
        assert_int_equal(out.size, size);
        assert_memory_equal(out.at, bytes, size);
        buffer_destroy(&out);
    }
    arena_reset(arena);
}

static void every_sound_message_goes_straight(void **state) {
    (void)state;
    assert_true(golden_each(goes_straight) > 400);
}

static void a_message_larger_than_the_room_is_written_when_there_is_more(void **state) {
    (void)state;
    memset(letters, 'x', sizeof letters);
    report_t report = {.submission_id = {1}, .task = {"t", 1}, .period = {"p", 1}, .progress = {letters, 6000},
                       .problems = {letters, 6000}};
    buffer_t straight = {0}, table = {0};
    assert_true(wire_encode_straight(report_type(), &report, NULL, true, &straight));
    wire_encode_by_table(report_type(), &report, NULL, &table, NULL);
    expect_same(&straight, &table);
    report_t back;
    assert_true(wire_decode_straight(report_type(), view(&straight), arena, &back, NULL, true));
    buffer_destroy(&straight);
    buffer_destroy(&table);
}

/* Behind bytes of any number: the room that a buffer has left is another each time, and ends within any field. */
static void any_room_that_is_left_gives_the_same_bytes(void **state) {
    (void)state;
    enum { MEMBERS = 40, FARTHEST = 4200 };
    memset(letters, 'x', sizeof letters);
    figure_t figures[MEMBERS];
    for (size_t index = 0; index < MEMBERS; index++)
        figures[index] = (figure_t){.indicator = {letters, 48}, .member = {letters, 31}, .amount = {true, INT64_MAX}};
    report_t report = {.submission_id = {1}, .task = {letters, 48}, .period = {"p", 1}, .replaces = 70000, .figures = figures,
                       .figures_count = MEMBERS, .progress = {letters, 300}, .signed_by = {.hash = {1}, .commitment = {2}}};
    buffer_t table = {0};
    wire_encode_by_table(report_type(), &report, NULL, &table, NULL);
    for (size_t before = 0; before < FARTHEST; before++) {
        buffer_t out = {0};
        buffer_add(&out, letters, before);
        assert_true(wire_encode_straight(report_type(), &report, NULL, true, &out));
        assert_int_equal(out.size, before + table.size);
        assert_memory_equal(out.at + before, table.at, table.size);
        buffer_destroy(&out);
    }
    buffer_destroy(&table);
}

static int arena_begin(void **state) {
    (void)state;
    arena = arena_new();
    read = arena_new();
    return 0;
}

static int arena_end(void **state) {
    (void)state;
    arena_destroy(&arena);
    arena_destroy(&read);
    return 0;
}

int main(void) {
    crypto_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_head_of_a_longer_form_is_judged_alike),
        cmocka_unit_test(any_object_in_the_place_of_another_is_judged_alike),
        cmocka_unit_test(any_changed_byte_is_judged_alike),
        cmocka_unit_test(any_cut_and_any_byte_too_many_is_judged_alike),
        cmocka_unit_test(any_disturbed_value_is_judged_and_written_alike),
        cmocka_unit_test(every_sound_message_goes_straight),
        cmocka_unit_test(a_message_larger_than_the_room_is_written_when_there_is_more),
        cmocka_unit_test(any_room_that_is_left_gives_the_same_bytes),
    };
    return cmocka_run_group_tests_name("straight", tests, arena_begin, arena_end);
}
