/* How revisions and obligations are kept: plain where they say one amount of one day, packed where they say more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "proto/wire.h"
#include "services/3-aggregation/aggregation_rules.h"

static int arena_setup(void **state) {
    *state = arena_new();
    return 0;
}

static int arena_teardown(void **state) {
    arena_t *arena = *state;
    arena_destroy(&arena);
    return 0;
}

static bytes_t packed(arena_t *arena, const message_t *type, const void *value) {
    buffer_t out = {0};
    wire_encode(type, value, &out);
    bytes_t bytes = arena_bytes(arena, (bytes_t){out.at, (uint32_t)out.size});
    buffer_destroy(&out);
    return bytes;
}

static bytes_t laid(arena_t *arena, const agg_plain_t *plain) {
    buffer_t out = {0};
    laid_lay(&(agg_laid_t){.seq = 9, .plain = *plain}, &out);
    bytes_t bytes = arena_bytes(arena, (bytes_t){out.at, (uint32_t)out.size});
    buffer_destroy(&out);
    return bytes;
}

static void assert_same(bytes_t a, bytes_t b) {
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.at, b.at, a.size);
}

/* A revision of one figure that was late, said 7 in time, and states anew what another had stated. */
static agg_revision_t one_figure(arena_t *arena) {
    agg_part_t *part = ARENA_NEW(arena, agg_part_t, 1);
    agg_share_t *share = ARENA_NEW(arena, agg_share_t, 1);
    *part = (agg_part_t){.day = 20210831, .amount = 9, .kept = 7, .cause_seq = 3, .received_ms = 1000};
    *share = (agg_share_t){.indicator = text_of("sales"), .amount = {true, 9}, .parts = part, .parts_count = 1, .counted = true};
    return (agg_revision_t){.seq = 5, .received_ms = 2000, .evidence = 2, .shares = share, .shares_count = 1};
}

static void assert_kept_plain(arena_t *arena, const agg_revision_t *revision) {
    agg_obligation_t row = {.standing = standing_reported, .timeliness = timeliness_late, .first_valid_ms = 500, .days_late = 2,
                            .revision = 4, .counting = *revision};
    agg_leaf_t leaf = {.period_from = 20210801, .obligation = {(const uint8_t *)"old", 3}};
    assert_true(obligation_fold(&row, &leaf));
    assert_int_equal(leaf.obligation.size, 0);
    assert_int_equal(leaf.period_from, 20210801);
    agg_obligation_t again = obligation_unfold(&leaf, arena);
    assert_same(packed(arena, agg_obligation_type(), &again), packed(arena, agg_obligation_type(), &row));
}

static void what_says_one_amount_of_one_day_is_kept_plain_and_comes_back_as_it_was(void **state) {
    arena_t *arena = *state;
    agg_revision_t revision = one_figure(arena), words = {.seq = 8, .received_ms = 3000}, none = {0};
    agg_share_t nil = {.indicator = text_of("sales"), .amount = {true, 0}};
    agg_share_t counted = {.indicator = text_of("fairs"), .amount = {true, 3}, .counted = true, .covered = true};
    assert_kept_plain(arena, &revision);
    assert_kept_plain(arena, &words);
    assert_kept_plain(arena, &none);
    revision.shares = &nil;
    assert_kept_plain(arena, &revision);
    revision.shares = &counted; /* not judged: it has no part */
    assert_kept_plain(arena, &revision);
}

static void a_revision_that_says_more_is_not_plain(void **state) {
    arena_t *arena = *state;
    agg_plain_t plain;
    agg_revision_t revision = one_figure(arena), other = revision;
    claim_t claim = {0};
    text_t code = text_of("outlier");
    other.claims = &claim, other.claims_count = 1;
    assert_false(revision_fold(&other, &plain));
    other = revision;
    other.explained = &code, other.explained_count = 1;
    assert_false(revision_fold(&other, &plain));
    agg_share_t two[2] = {revision.shares[0], revision.shares[0]};
    other = revision;
    other.shares = two, other.shares_count = 2;
    assert_false(revision_fold(&other, &plain));
}

static void a_figure_that_says_more_is_not_plain(void **state) {
    arena_t *arena = *state;
    agg_plain_t plain;
    agg_revision_t revision = one_figure(arena);
    agg_part_t part = revision.shares[0].parts[0], parts[2] = {part, part};
    agg_presence_t person = {0};
    agg_share_t share = revision.shares[0], more[8];
    for (uint32_t index = 0; index < 8; index++) more[index] = share;
    more[0].member = text_of("cm");
    more[1].opening = (maybe_t){true, 0};
    more[2].contested = 1;
    more[3].counted = false;
    more[4].amount.given = false;
    more[5].persons = &person, more[5].persons_count = 1;
    more[6].parts = parts, more[6].parts_count = 2;
    more[7].amount.value = 10; /* the part is not all of it */
    for (uint32_t index = 0; index < 8; index++) {
        revision.shares = &more[index];
        assert_false(revision_fold(&revision, &plain));
    }
    agg_part_t opening = part, contested = part;
    opening.opening = contested.contested = true;
    revision.shares = &share;
    share.parts = &opening;
    assert_false(revision_fold(&revision, &plain));
    share.parts = &contested;
    assert_false(revision_fold(&revision, &plain));
}

static void what_was_decided_or_prolonged_is_not_plain(void **state) {
    (void)state;
    agg_leaf_t leaf = {0};
    agg_obligation_t rows[] = {{.decided_seq = 1}, {.again_ms = 1}, {.counts = 1}, {.why = text_of("why")}, {.due_ms = 1},
                               {.due_seq = 1}};
    for (uint32_t index = 0; index < sizeof rows / sizeof rows[0]; index++) assert_false(obligation_fold(&rows[index], &leaf));
}

/* Plain and packed ones, one behind the other; of the plain ones the shortest and the longest there is. */
static const agg_leaf_t leaves[] = {
    {.period_from = 20210801, .standing = standing_due, .timeliness = timeliness_pending},
    {.period_from = 20210901, .obligation = {(const uint8_t *)"packed", 6}},
    {.period_from = 20211001,
     .standing = standing_reported,
     .timeliness = timeliness_late,
     .revision = UINT32_MAX,
     .days_late = 100000,
     .first_valid_ms = INT64_MAX,
     .counting = {.seq = INT64_MAX, .received_ms = INT64_MAX - 1,
                  .indicator = {"a-name-that-is-as-long-as-an-id-of-a-plan-may-be", LIMIT_ID},
                  .amount = INT64_MAX - 2, .day = 20211031, .covered = true, .evidence = UINT32_MAX,
                  .kept = 7, .stated_seq = 8, .stated_ms = INT64_MAX - 3}},
    {.period_from = 20211101, .standing = standing_reported, .timeliness = timeliness_late, .revision = 1, .days_late = 1,
     .first_valid_ms = 1, .counting = {.seq = 2, .received_ms = 3, .amount = 4, .day = 20211130, .kept = 5}},
    {.period_from = 20211201, .standing = standing_reported, .timeliness = timeliness_on_time, .revision = 1,
     .first_valid_ms = 1, .counting = {.seq = 2, .received_ms = 3, .amount = 4, .day = 20211231, .stated_ms = 6}},
};
enum { LEAVES = sizeof leaves / sizeof leaves[0] };

static void assert_plain_equal(const agg_plain_t *a, const agg_plain_t *b) {
    assert_int_equal(a->seq, b->seq);
    assert_int_equal(a->received_ms, b->received_ms);
    assert_true(text_equal(a->indicator, b->indicator));
    assert_int_equal(a->amount, b->amount);
    assert_int_equal(a->day, b->day);
    assert_int_equal(a->covered, b->covered);
    assert_int_equal(a->evidence, b->evidence);
    assert_int_equal(a->kept, b->kept);
    assert_int_equal(a->stated_seq, b->stated_seq);
    assert_int_equal(a->stated_ms, b->stated_ms);
}

static bytes_t leaves_laid(arena_t *arena) {
    buffer_t out = {0};
    for (uint32_t index = 0; index < LEAVES; index++) leaf_lay(&leaves[index], &out);
    bytes_t row = arena_bytes(arena, (bytes_t){out.at, (uint32_t)out.size});
    buffer_destroy(&out);
    return row;
}

static void what_a_dossier_holds_comes_back_from_its_row_as_it_was(void **state) {
    bytes_t row = leaves_laid(*state);
    agg_leaf_t leaf;
    uint32_t at = 0;
    for (uint32_t index = 0; index < LEAVES; index++) {
        assert_true(leaf_take(row, &at, &leaf));
        assert_int_equal(leaf.period_from, leaves[index].period_from);
        assert_int_equal(leaf.standing, leaves[index].standing);
        assert_int_equal(leaf.timeliness, leaves[index].timeliness);
        assert_int_equal(leaf.revision, leaves[index].revision);
        assert_int_equal(leaf.days_late, leaves[index].days_late);
        assert_int_equal(leaf.first_valid_ms, leaves[index].first_valid_ms);
        assert_same(leaf.obligation, leaves[index].obligation);
        assert_plain_equal(&leaf.counting, &leaves[index].counting);
    }
    assert_false(leaf_take(row, &at, &leaf));
    assert_int_equal(at, row.size);
}

static void what_a_shelf_holds_comes_back_from_its_row_as_it_was(void **state) {
    (void)state;
    buffer_t out = {0};
    agg_laid_t laid, plain = {.seq = 5, .plain = leaves[2].counting}, packed = {.seq = 6, .revision = leaves[1].obligation};
    laid_lay(&plain, &out);
    laid_lay(&packed, &out);
    bytes_t row = {out.at, (uint32_t)out.size};
    uint32_t at = 0;
    assert_true(laid_take(row, &at, &laid));
    assert_int_equal(laid.seq, 5);
    assert_int_equal(laid.revision.size, 0);
    assert_plain_equal(&laid.plain, &plain.plain);
    assert_true(laid_take(row, &at, &laid));
    assert_int_equal(laid.seq, 6);
    assert_same(laid.revision, packed.revision);
    assert_false(laid_take(row, &at, &laid));
    assert_int_equal(at, row.size);
    buffer_destroy(&out);
}

static uint32_t leaves_whole(bytes_t row, uint32_t *count) {
    agg_leaf_t leaf;
    uint32_t at = 0;
    for (*count = 0; leaf_take(row, &at, &leaf);) ++*count;
    return at;
}

static void a_row_that_is_cut_short_ends_before_what_it_was_cut_in(void **state) {
    bytes_t row = leaves_laid(*state);
    uint32_t count, end = 0, whole = 0;
    for (uint32_t size = 0; size <= row.size; size++) {
        bytes_t cut = arena_bytes(*state, (bytes_t){row.at, size}); /* of its own: an address sanitizer sees who reads on */
        uint32_t at = leaves_whole(cut, &count);
        assert_true(at <= size && (at == size || count == whole));
        if (at == size && size > 0) {
            whole++;
            end = at;
        }
        assert_int_equal(at, end);
    }
    assert_int_equal(whole, LEAVES);
}

static void a_row_that_says_what_nobody_lays_is_not_taken(void **state) {
    agg_leaf_t leaf = leaves[2];
    buffer_t out = {0};
    leaf_lay(&leaf, &out);
    bytes_t row = arena_bytes(*state, (bytes_t){out.at, (uint32_t)out.size});
    enum { KEPT = 4, STANDING = 5, TIMELINESS = 6, FLAGS = 23 + 32, INDICATOR = 23 + 33 };
    const uint32_t places[] = {KEPT, STANDING, TIMELINESS, FLAGS, INDICATOR};
    for (uint32_t index = 0; index < sizeof places / sizeof places[0]; index++) {
        uint32_t at = 0;
        memcpy(out.at, row.at, row.size);
        assert_true(leaf_take((bytes_t){out.at, row.size}, &at, &leaf));
        out.at[places[index]] = 0xff;
        at = 0;
        assert_false(leaf_take((bytes_t){out.at, row.size}, &at, &leaf));
        assert_int_equal(at, 0);
    }
    buffer_destroy(&out);
}

/* What figure_parts and the rest make of it. */
static agg_plain_t by_parts(arena_t *arena, const figure_t *figure, source_t source, const agg_plain_t *old, bool dated) {
    agg_revision_t before = revision_unfold(old, arena);
    agg_share_t share = {.indicator = figure->indicator, .amount = figure->amount, .counted = figure->amount.value > 0};
    source.old_seq = old->seq;
    source.old_received_ms = (int64_t)old->received_ms;
    share.covered = share.counted;
    if (dated) figure_parts(figure, &source, before.shares, NULL, arena, &share);
    agg_revision_t revision = {.seq = source.cause_seq, .received_ms = (uint64_t)source.received_ms, .evidence = 1,
                               .shares = &share, .shares_count = 1};
    agg_plain_t plain;
    assert_true(revision_fold(&revision, &plain));
    return plain;
}

/* Amounts, deadlines between all instants, what was kept, stated before or not, of another day: every way a revision can go. */
static void a_plain_revision_is_what_shares_and_parts_would_make_of_it(void **state) {
    arena_t *arena = *state;
    for (uint32_t way = 0; way < 4 * 4 * 3 * 4 * 2 * 2 * 2; way++) {
        uint32_t rest = way, amount = rest % 4, before = (rest /= 4) % 4, due = (rest /= 4) % 3, kept = (rest /= 3) % 4;
        bool stated = (rest /= 4) % 2 != 0, dated = (rest /= 2) % 2 != 0, moved = (rest / 2) % 2 != 0;
        agg_plain_t old = {.seq = 5, .received_ms = 2000, .indicator = text_of("sales"), .amount = before};
        if (before == 3) old = (agg_plain_t){0}; /* the first report */
        else if (dated && before > 0) {
            old.day = moved ? 20210815 : 20210831;
            old.kept = kept < before ? kept : before;
            old.stated_seq = stated ? 3 : 0;
            old.stated_ms = stated ? 1500 : 0;
        }
        figure_t figure = {.indicator = text_of("sales"), .amount = {true, amount}};
        source_t source = {.cause_seq = 9, .received_ms = 3000, .timely_until_ms = 1800 + 600 * due, .period_to = 20210831};
        agg_plain_t plain = plain_revision(&figure, &source, &old, 1, dated), parts = by_parts(arena, &figure, source, &old, dated);
        assert_same(laid(arena, &plain), laid(arena, &parts));
    }
}

static void a_figure_with_rows_or_a_member_or_an_opening_balance_is_not_plain(void **state) {
    (void)state;
    item_t item = {0};
    figure_t plain = {.amount = {true, 0}}, figures[] = {plain, plain, plain, plain};
    figures[0].items = &item, figures[0].items_count = 1;
    figures[1].member = text_of("cm");
    figures[2].opening = (maybe_t){true, 0};
    figures[3].amount.given = false;
    assert_true(figure_is_plain(&plain));
    for (uint32_t index = 0; index < 4; index++) assert_false(figure_is_plain(&figures[index]));
}

#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, arena_setup, arena_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_ARENA(what_says_one_amount_of_one_day_is_kept_plain_and_comes_back_as_it_was),
        WITH_ARENA(a_revision_that_says_more_is_not_plain),
        WITH_ARENA(a_figure_that_says_more_is_not_plain),
        WITH_ARENA(a_plain_revision_is_what_shares_and_parts_would_make_of_it),
        WITH_ARENA(what_a_dossier_holds_comes_back_from_its_row_as_it_was),
        cmocka_unit_test(what_a_shelf_holds_comes_back_from_its_row_as_it_was),
        WITH_ARENA(a_row_that_is_cut_short_ends_before_what_it_was_cut_in),
        WITH_ARENA(a_row_that_says_what_nobody_lays_is_not_taken),
        cmocka_unit_test(a_figure_with_rows_or_a_member_or_an_opening_balance_is_not_plain),
        cmocka_unit_test(what_was_decided_or_prolonged_is_not_plain),
    };
    return cmocka_run_group_tests_name("aggregation plain", tests, NULL, NULL);
}
