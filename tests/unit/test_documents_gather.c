/* Gathering an edition from desks that move while they are asked: one ledger entry for everything, or none at all. */
#include "tests/unit/document_fixture.h"

#include "proto/wire.h"
#include "services/documents/gather.h"
#include "services/plan/plan_file.h"

/* Desks that answer out of these numbers: every question of aggregation is answered as of `as_of`, which grows by `grows` after
 * each of the first `moves` questions. */
typedef struct {
    arena_t *arena;
    planbook_t *book;
    uint64_t as_of;
    uint64_t grows;
    uint32_t moves;
    uint32_t asked;
    uint64_t least;    /* the highest at_least that was asked for */
    err_t fails;       /* what intake answers, unless OK */
    int64_t contested; /* of the second row */
    bool skip_page;    /* the last page of obligations says that there is more, and has nothing */
} desks_t;

static uint64_t moment(desks_t *self, uint64_t at_least) {
    if (at_least > self->least) self->least = at_least;
    if (self->asked++ < self->moves) self->as_of += self->grows;
    return self->as_of;
}

static void answer_targets(desks_t *self, const targets_ask_t *ask, targets_t *told) {
    target_changed_t *row = ARENA_NEW(self->arena, target_changed_t, 1);
    *row = (target_changed_t){.task = text_of("consumption"),
                              .indicator = text_of("sales"),
                              .lamp = lamp_green,
                              .done = 100,
                              .goal = 1000,
                              .contested = (uint64_t)self->contested,
                              .due_ms = INT64_MAX};
    *told =
        (targets_t){.as_of = moment(self, ask->at_least), .now_ms = 1632800000000, .rows = row, .rows_count = ask->after == 0};
}

static void answer_obligations(desks_t *self, const obligations_ask_t *ask, obligations_t *told) {
    *told = (obligations_t){.as_of = moment(self, ask->at_least), .more = self->skip_page && ask->after == 0};
}

/* Two reports of one town, one of them with an opening balance; a third came in a later month. */
static void answer_figures(desks_t *self, const figures_ask_t *ask, figures_t *told) {
    proof_row_t *rows = ARENA_NEW(self->arena, proof_row_t, 4);
    text_t unit = text_of("350104100");
    rows[0] = (proof_row_t){
        .cause_seq = 5, .unit = unit, .period = text_of("2021-08"), .fact_day = 20210101, .amount = {true, 70}, .evidence = 1};
    rows[1] = (proof_row_t){.cause_seq = 5, .unit = unit, .period = text_of("2021-08"), .amount = {true, 10}, .evidence = 1};
    rows[2] = (proof_row_t){.cause_seq = 9, .unit = unit, .period = text_of("2021-09"), .amount = {true, 20}};
    rows[3] = (proof_row_t){.cause_seq = 11, .unit = unit, .period = text_of("2021-10"), .amount = {true, 40}};
    if (self->contested > 0) rows[2].reported = (maybe_t){true, 20 + self->contested};
    *told = (figures_t){.as_of = moment(self, ask->at_least), .rows = rows, .rows_count = 4};
}

/* One of the period that was answered at once, one that came later than the edition, one of another period. */
static void answer_objections(desks_t *self, const objections_ask_t *ask, objections_t *told) {
    objection_row_t *rows = ARENA_NEW(self->arena, objection_row_t, 3);
    objection_raised_t raised = {.kind = ask->kind, .period = text_of("2021-09"), .unit = text_of("350104100")};
    *told = (objections_t){.rows = rows, .rows_count = ask->after == 0 ? 3 : 0};
    for (uint32_t index = 0; index < 3; index++) rows[index] = (objection_row_t){.seq = 50, .raised = raised};
    rows[0].answered_seq = 51;
    rows[0].answered.ruling = objection_ruling_upheld;
    rows[1].seq = self->as_of + 1;
    rows[2].raised.period = text_of("2021-08");
}

static measure_row_t measure_of(uint64_t number, uint64_t seq, const char *plan, measure_state_t state) {
    return (measure_row_t){.unit = text_of("350104100"), .revision = 1, .seq = seq,
                           .measure = {.task = text_of("consumption"), .number = number, .state = state, .due = 20210930,
                                       .item = text_of("展销"), .plan = text_of(plan)}};
}

/* The first was changed and the third entered after the edition's entry; the second was withdrawn before it. */
static void answer_measures(desks_t *self, const measures_ask_t *ask, measures_t *told) {
    measure_told_t *rows = ARENA_NEW(self->arena, measure_told_t, 3);
    rows[0].row = measure_of(1, self->as_of + 2, "后来改的", measure_state_planned);
    rows[1].row = measure_of(2, 40, "撤销的", measure_state_withdrawn);
    rows[2].row = measure_of(3, self->as_of + 1, "后来录的", measure_state_planned);
    *told = (measures_t){.as_of = self->as_of + 5, .rows = rows, .rows_count = ask->after == 0 ? 3 : 0};
}

static void answer_measure_history(desks_t *self, const measure_history_ask_t *ask, measure_history_t *told) {
    measure_row_t *rows = ARENA_NEW(self->arena, measure_row_t, 2);
    rows[0] = measure_of(ask->number, self->as_of + 2, "后来改的", measure_state_planned);
    rows[1] = measure_of(ask->number, self->as_of, "当时的", measure_state_planned);
    *told = (measure_history_t){.rows = rows, .rows_count = ask->number == 1 ? 2 : 1};
}

static err_t ask(void *self, gather_desk_t desk, const message_t *type, const void *question, const message_t *answer,
                 void *value) {
    desks_t *desks = self;
    (void)answer;
    if (desk == DESK_INTAKE && desks->fails != OK) return desks->fails;
    if (type->kind == KIND_targets_ask) answer_targets(desks, question, value);
    if (type->kind == KIND_obligations_ask) answer_obligations(desks, question, value);
    if (type->kind == KIND_figures_ask) answer_figures(desks, question, value);
    if (type->kind == KIND_documents_ask) *(documents_t *)value = (documents_t){0};
    if (type->kind == KIND_objections_ask) answer_objections(desks, question, value);
    if (type->kind == KIND_measures_ask) answer_measures(desks, question, value);
    if (type->kind == KIND_measure_history_ask) answer_measure_history(desks, question, value);
    if (type->kind == KIND_warnings_ask) *(warnings_t *)value = (warnings_t){0};
    return OK;
}

static desks_t desks_new(void) {
    desks_t desks = {.arena = arena_new(), .as_of = 100};
    text_t yaml;
    plan_t plan;
    static file_fault_t faults[PLAN_FAULTS];
    uint32_t count = 0;
    assert_int_equal(home_read("deploy/plans/2021-cangshan.yaml", desks.arena, LIMIT_PLAN_FILE, &yaml), OK);
    assert_int_equal(plan_read(yaml, desks.arena, &plan, faults, &count), OK);
    desks.book = planbook_new(&plan);
    return desks;
}

static void desks_end(desks_t *self) {
    planbook_destroy(&self->book);
    arena_destroy(&self->arena);
}

static gather_t gather_of(desks_t *self) {
    return (gather_t){.self = self, .ask = ask, .arena = self->arena, .book = self->book};
}

static void a_ledger_that_stands_still_is_asked_once(void **state) {
    (void)state;
    desks_t desks = desks_new();
    gather_t from = gather_of(&desks);
    edition_t edition;
    assert_int_equal(gather_edition(&from, document_kind_bulletin, text_of("2021-09"), 90, &edition), OK);
    assert_int_equal(edition.as_of, 100);
    assert_int_equal(desks.least, 90);
    assert_int_equal(desks.asked, 3);
    desks_end(&desks);
}

static void what_moved_in_between_is_asked_again_from_the_later_entry(void **state) {
    (void)state;
    desks_t desks = desks_new();
    gather_t from = gather_of(&desks);
    edition_t edition;
    desks.grows = 7;
    desks.moves = 2; /* an entry came between the first and the second answer */
    assert_int_equal(gather_edition(&from, document_kind_bulletin, text_of("2021-09"), 0, &edition), OK);
    assert_int_equal(edition.as_of, 114);
    assert_int_equal(desks.least, 114);
    desks_end(&desks);
}

static void a_ledger_that_never_stands_still_gives_no_edition(void **state) {
    (void)state;
    desks_t desks = desks_new();
    gather_t from = gather_of(&desks);
    edition_t edition;
    desks.grows = 1;
    desks.moves = UINT32_MAX;
    assert_int_equal(gather_edition(&from, document_kind_bulletin, text_of("2021-09"), 0, &edition), ERR_TIMEOUT);
    desks_end(&desks);
}

static void a_page_without_rows_ends_the_asking(void **state) {
    (void)state;
    desks_t desks = desks_new();
    gather_t from = gather_of(&desks);
    edition_t edition;
    desks.skip_page = true; /* would be asked 4,096 times */
    assert_int_equal(gather_edition(&from, document_kind_bulletin, text_of("2021-09"), 0, &edition), OK);
    assert_true(desks.asked < 10);
    desks_end(&desks);
}

static void a_ledger_shows_measures_as_they_stood_at_its_own_entry(void **state) {
    (void)state;
    desks_t desks = desks_new();
    gather_t from = gather_of(&desks);
    edition_t edition;
    assert_int_equal(gather_edition(&from, document_kind_summary, text_of(""), 0, &edition), OK);
    assert_int_equal(edition.measures_count, 0); /* only where they are asked for: no bulletin grows by them */
    from.measures = true;
    assert_int_equal(gather_edition(&from, document_kind_summary, text_of(""), 0, &edition), OK);
    assert_int_equal(edition.measures_count, 1);
    assert_true(text_is(edition.measures[0].plan, "当时的"));
    assert_int_equal(edition.measures[0].phase, measure_phase_near); /* 2021-09-28, due on the 30th */
    assert_int_equal(edition.measures[0].days, 2);
    desks_end(&desks);
}

static void what_a_desk_refuses_is_given_back(void **state) {
    (void)state;
    desks_t desks = desks_new();
    gather_t from = gather_of(&desks);
    edition_t edition;
    desks.fails = ERR_REFUSED;
    assert_int_equal(gather_edition(&from, document_kind_bulletin, text_of("2021-09"), 0, &edition), ERR_REFUSED);
    from.brief = true; /* asks aggregation alone */
    assert_int_equal(gather_edition(&from, document_kind_bulletin, text_of("2021-09"), 0, &edition), OK);
    desks_end(&desks);
}

static void a_share_holds_the_month_apart_from_openings_and_leaves_later_months_out(void **state) {
    (void)state;
    desks_t desks = desks_new();
    gather_t from = gather_of(&desks);
    edition_t edition;
    assert_int_equal(gather_edition(&from, document_kind_bulletin, text_of("2021-09"), 0, &edition), OK);
    const edition_target_t *sales = &edition.targets[0];
    assert_int_equal(sales->shares_count, 22); /* everybody who may contribute, in the order of the plan */
    const edition_share_t *town = NULL;
    for (uint32_t index = 0; index < sales->shares_count; index++)
        if (text_is(sales->shares[index].unit, "350104100")) town = &sales->shares[index];
    assert_non_null(town);
    assert_int_equal(town->month.value, 20);
    assert_int_equal(town->total, 100); /* 70 + 10 + 20 */
    assert_int_equal(town->reports, 2);
    assert_int_equal(town->covered, 1);
    assert_true(edition.later);
    assert_int_equal(sales->left, 3); /* October, November, December */
    desks_end(&desks);
}

static void what_another_claimed_first_is_told_apart_from_what_counts(void **state) {
    (void)state;
    desks_t desks = desks_new();
    gather_t from = gather_of(&desks);
    edition_t edition;
    desks.contested = 7;
    assert_int_equal(gather_edition(&from, document_kind_bulletin, text_of("2021-09"), 0, &edition), OK);
    const edition_target_t *sales = &edition.targets[0];
    assert_int_equal(sales->contested, 7);
    uint64_t contested = 0;
    for (uint32_t index = 0; index < sales->shares_count; index++) contested += sales->shares[index].contested;
    assert_int_equal(contested, 7);
    text_t said = target_sentence(&edition, sales, desks.arena);
    assert_non_null(memmem(said.at, said.size, "为重复申报，未计入", strlen("为重复申报，未计入")));
    desks_end(&desks);
}

static void an_edition_that_was_gathered_can_be_kept_and_read_again(void **state) {
    (void)state;
    desks_t desks = desks_new();
    gather_t from = gather_of(&desks);
    edition_t edition, again;
    buffer_t bytes = {0}, twice = {0};
    fault_t fault = {0};
    assert_int_equal(gather_edition(&from, document_kind_bulletin, text_of("2021-09"), 0, &edition), OK);
    assert_int_equal(wire_check(edition_type(), &edition, &fault), OK);
    edition_bytes(&edition, &bytes);
    assert_int_equal(edition_of_bytes((bytes_t){bytes.at, (uint32_t)bytes.size}, desks.arena, &again), OK);
    edition_bytes(&again, &twice);
    assert_int_equal(bytes.size, twice.size);
    assert_memory_equal(bytes.at, twice.at, bytes.size);
    buffer_destroy(&bytes);
    buffer_destroy(&twice);
    desks_end(&desks);
}

static void an_edition_counts_the_objections_to_itself_as_of_its_own_entry(void **state) {
    (void)state;
    desks_t desks = desks_new();
    gather_t from = gather_of(&desks);
    edition_t edition;
    buffer_t text = {0};
    assert_int_equal(gather_edition(&from, document_kind_bulletin, text_of("2021-09"), 0, &edition), OK);
    assert_int_equal(edition.objections_count, 1);
    assert_int_equal(edition.objections[0].answered_seq, 51);
    assert_int_equal(edition.objections[0].ruling, objection_ruling_upheld);
    paper_t paper = document_compose(&edition, desks.arena);
    paper_text(&paper, &text);
    assert_non_null(memmem(text.at, text.size, "公示期间收到异议1件，采纳1件、不采纳0件。", strlen("公示期间收到异议1件，采纳1件、不采纳0件。")));
    buffer_destroy(&text);
    desks_end(&desks);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ledger_that_stands_still_is_asked_once),
        cmocka_unit_test(what_moved_in_between_is_asked_again_from_the_later_entry),
        cmocka_unit_test(a_ledger_that_never_stands_still_gives_no_edition),
        cmocka_unit_test(a_page_without_rows_ends_the_asking),
        cmocka_unit_test(a_ledger_shows_measures_as_they_stood_at_its_own_entry),
        cmocka_unit_test(what_a_desk_refuses_is_given_back),
        cmocka_unit_test(a_share_holds_the_month_apart_from_openings_and_leaves_later_months_out),
        cmocka_unit_test(what_another_claimed_first_is_told_apart_from_what_counts),
        cmocka_unit_test(an_edition_that_was_gathered_can_be_kept_and_read_again),
        cmocka_unit_test(an_edition_counts_the_objections_to_itself_as_of_its_own_entry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
