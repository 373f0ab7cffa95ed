/* Claims, the simple way: every key that counts once is looked for among everything that stands, and the rest of them left out. */
#include "services/minning/verify_inner.h"

#include <stdlib.h>
#include <string.h>

typedef struct verify_claim verify_claim_t;
typedef struct verify_credit verify_credit_t;

/* A claim and whose it is. */
typedef struct {
    const verify_report_t *report;
    verify_figure_t *figure;
    verify_claim_t *claim;
} row_t;

/* --- taking them off a report --- */

/* Characters by their bytes: those that begin so and end in first…last become `to`, with steps each one more. 0: nothing. */
static const struct {
    char begin[3];
    uint8_t first, last;
    char to;
    bool steps;
} alike[] = {
    {"\xc2", 0x85, 0x85, 0, false},         {"\xc2", 0xa0, 0xa0, 0, false},         {"\xc2", 0xad, 0xad, 0, false},
    {"\xe1\x9a", 0x80, 0x80, 0, false},     {"\xe2\x80", 0x80, 0x8f, 0, false},     {"\xe2\x80", 0xa8, 0xaf, 0, false},
    {"\xe2\x81", 0x9f, 0xa4, 0, false},     {"\xe3\x80", 0x80, 0x80, 0, false},     {"\xef\xbb", 0xbf, 0xbf, 0, false},
    {"\xe2\x80", 0x90, 0x95, '-', false},   {"\xe2\x88", 0x92, 0x92, '-', false},   {"\xef\xb9", 0xa3, 0xa3, '-', false},
    {"\xe3\x80", 0x88, 0x89, '(', true},    {"\xe3\x80", 0x8a, 0x8b, '(', true},    {"\xe3\x80", 0x8c, 0x8d, '(', true},
    {"\xe3\x80", 0x8e, 0x8f, '(', true},    {"\xe3\x80", 0x90, 0x91, '(', true},    {"\xe3\x80", 0x94, 0x95, '(', true},
    {"\xe3\x80", 0x96, 0x97, '(', true},    {"\xef\xb9", 0x99, 0x9a, '(', true},    {"\xef\xb9", 0x9b, 0x9c, '(', true},
    {"\xef\xb9", 0x9d, 0x9e, '(', true},    {"\xef\xbc", 0x81, 0xbf, 0x21, true},   {"\xef\xbd", 0x80, 0x9e, 0x60, true},
};

/* The ASCII character that stands at `at`, in whatever form; *more: bytes it takes, 0 where it is not one of them. */
static char plain_at(text_t text, uint32_t at, uint32_t *more) {
    for (size_t index = 0; index < sizeof alike / sizeof alike[0]; index++) {
        uint32_t size = (uint32_t)strlen(alike[index].begin);
        if (at + size >= text.size || memcmp(text.at + at, alike[index].begin, size) != 0) continue;
        uint8_t last = (uint8_t)text.at[at + size];
        if (last < alike[index].first || last > alike[index].last) continue;
        *more = size + 1;
        return (char)(alike[index].to + (alike[index].steps ? last - alike[index].first : 0));
    }
    *more = (uint8_t)text.at[at] < 0x80;
    return text.at[at];
}

/* "Keys that differ only in case, width or blanks are one receipt." */
static uint32_t key_alike(text_t text, uint8_t key[LIMIT_KEY_TEXT]) {
    uint32_t size = 0;
    for (uint32_t at = 0, more; at < text.size; at += more) {
        char plain = plain_at(text, at, &more);
        if (more == 0) { /* a byte of a character that is only itself */
            key[size++] = (uint8_t)text.at[at];
            more = 1;
        } else if (plain > ' ') {
            if (plain >= 'a' && plain <= 'z') plain = (char)(plain - 'a' + 'A');
            key[size++] = (uint8_t)(plain == '[' || plain == '{' ? '(' : plain == ']' || plain == '}' ? ')' : plain);
        }
    }
    return size;
}

static void key_set(uint8_t key[LIMIT_KEY_TEXT], uint32_t *size, key_kind_t kind, text_t text, const uint8_t person[32]) {
    memset(key, 0, LIMIT_KEY_TEXT);
    if (kind == key_kind_person) memcpy(key, person, 32);
    *size = kind == key_kind_person ? 32 : key_alike(text, key);
}

static bool same_key(const verify_claim_t *a, const verify_claim_t *b) {
    return a->kind == b->kind && a->size == b->size && memcmp(a->key, b->key, a->size) == 0;
}

static const verify_claim_t *claim_in(const verify_report_t *report, const verify_figure_t *like, const verify_claim_t *claim) {
    for (uint32_t index = 0; report != NULL && index < report->figure_count; index++) {
        const verify_figure_t *figure = &report->figures[index];
        bool same = figure->indicator == like->indicator && (like->people || figure->member == like->member);
        for (uint32_t one = 0; same && one < figure->claim_count; one++)
            if (same_key(&figure->claims[one], claim)) return &figure->claims[one];
    }
    return NULL;
}

/* Since when it stands: said before and said again is one claim; of a person in post every month of the unit is. */
static uint64_t since_of(const verify_t *self, const verify_report_t *report, const verify_report_t *old,
                         const verify_figure_t *figure, const verify_claim_t *claim, uint64_t seq) {
    const verify_claim_t *before = claim_in(old, figure, claim);
    uint32_t periods = figure->people ? planbook_plan(self->book)->periods_count : 0;
    for (uint32_t period = 0; before == NULL && period < periods; period++)
        before = claim_in(verify_standing(self, report->unit, report->task, period), figure, claim);
    return before != NULL ? before->since_seq : seq;
}

void verify_claims_of(const verify_t *self, const verify_report_t *report, const verify_report_t *old, const figure_t *said,
                      verify_figure_t *figure) {
    const plan_t *plan = planbook_plan(self->book);
    for (uint32_t index = 0; index < said->items_count; index++) {
        const item_t *item = &said->items[index];
        if (!key_kind_is_unique(plan, item->key_kind)) continue;
        if (figure->claims == NULL) figure->claims = verify_grown(NULL, said->items_count, sizeof *figure->claims);
        verify_claim_t *claim = &figure->claims[figure->claim_count++];
        *claim = (verify_claim_t){.kind = item->key_kind, .item = index};
        key_set(claim->key, &claim->size, item->key_kind, item->key, item->person.hash);
        claim->since_seq = since_of(self, report, old, figure, claim, report->cause_seq);
    }
}

/* What the returned revision had dropped is claimed from now on. */
void verify_claims_again(const verify_t *self, const verify_report_t *report, uint64_t seq) {
    for (uint32_t index = 0; index < report->below->figure_count; index++) {
        verify_figure_t *figure = &report->below->figures[index];
        for (uint32_t one = 0; one < figure->claim_count; one++)
            figure->claims[one].since_seq = since_of(self, report, report, figure, &figure->claims[one], seq);
    }
}

/* --- who counts --- */

static text_t unit_id(const verify_t *self, const row_t *row) { return planbook_plan(self->book)->units[row->report->unit].id; }

static text_t period_id(const verify_t *self, const row_t *row) {
    return row->figure->people ? text_of("") : planbook_plan(self->book)->periods[row->report->period].id;
}

static const indicator_t *indicator_of(const verify_t *self, const row_t *row) {
    return &planbook_plan(self->book)->tasks[row->report->task].indicators[row->figure->indicator];
}

static text_t member_id(const verify_t *self, const row_t *row) {
    bool none = row->figure->people || row->figure->member == 0;
    return none ? text_of("") : indicator_of(self, row)->members[row->figure->member - 1].id;
}

static int claimant_compare(const verify_t *self, const row_t *a, const row_t *b) {
    int order = text_compare(unit_id(self, a), unit_id(self, b));
    if (order == 0) order = text_compare(period_id(self, a), period_id(self, b));
    return order != 0 ? order : text_compare(member_id(self, a), member_id(self, b));
}

static int row_compare(const void *left, const void *right) {
    const row_t *a = left, *b = right;
    if (a->report->task != b->report->task) return a->report->task < b->report->task ? -1 : 1;
    if (a->figure->indicator != b->figure->indicator) return a->figure->indicator < b->figure->indicator ? -1 : 1;
    if (a->claim->kind != b->claim->kind) return a->claim->kind < b->claim->kind ? -1 : 1;
    if (a->claim->size != b->claim->size) return a->claim->size < b->claim->size ? -1 : 1;
    return memcmp(a->claim->key, b->claim->key, a->claim->size);
}

static bool is_credited(const verify_t *self, const verify_credit_t *credit, const row_t *row) {
    return text_is(indicator_of(self, row)->id, credit->indicator) && row->claim->kind == credit->key.kind &&
           same_key(row->claim, &credit->key) && text_is(unit_id(self, row), credit->unit) &&
           text_is(period_id(self, row), credit->period) && text_is(member_id(self, row), credit->member);
}

static bool any_credits(const verify_t *self, const row_t *row) {
    for (uint32_t index = 0; index < self->credit_count; index++)
        if (is_credited(self, &self->credits[index], row)) return true;
    return false;
}

/* Of the claims of one key the one that counts. */
static const row_t *holder_of(const verify_t *self, const row_t *rows, uint32_t count) {
    const row_t *holder = &rows[0];
    for (uint32_t index = 0; index < count; index++) {
        if (any_credits(self, &rows[index])) return &rows[index];
        uint64_t since = rows[index].claim->since_seq;
        bool first = since < holder->claim->since_seq ||
                     (since == holder->claim->since_seq && claimant_compare(self, &rows[index], holder) < 0);
        if (first) holder = &rows[index];
    }
    return holder;
}

static void row_settle(const row_t *row, bool contested) {
    verify_figure_t *figure = row->figure;
    for (uint32_t index = 0; index < figure->part_count; index++)
        if (figure->parts[index].item == row->claim->item + 1) {
            figure->parts[index].contested = contested;
            if (contested) figure->contested += figure->parts[index].amount;
        }
    for (uint32_t index = 0; index < figure->person_count; index++)
        if (figure->persons[index].item == row->claim->item + 1) figure->persons[index].contested = contested;
}

static uint32_t rows_of(const verify_t *self, row_t **rows) {
    uint32_t count = 0, room = 0;
    *rows = NULL;
    for (uint32_t at = 0; at < self->count; at++)
        for (uint32_t index = 0; index < self->reports[at].figure_count; index++) {
            verify_figure_t *figure = &self->reports[at].figures[index];
            figure->contested = 0;
            if (count + figure->claim_count > room) {
                room = (count + figure->claim_count) * 2;
                *rows = verify_grown(*rows, room, sizeof **rows);
            }
            for (uint32_t one = 0; one < figure->claim_count; one++)
                (*rows)[count++] = (row_t){&self->reports[at], figure, &figure->claims[one]};
        }
    if (count > 1) qsort(*rows, count, sizeof **rows, row_compare);
    return count;
}

void verify_settle(verify_t *self) {
    if (self->settled) return;
    row_t *rows;
    uint32_t count = rows_of(self, &rows), end = 0;
    for (uint32_t at = 0; at < count; at = end) {
        for (end = at + 1; end < count && row_compare(&rows[at], &rows[end]) == 0;) end++;
        const row_t *holder = holder_of(self, &rows[at], end - at);
        for (uint32_t index = at; index < end; index++)
            row_settle(&rows[index], claimant_compare(self, &rows[index], holder) != 0);
    }
    free(rows);
    self->settled = true;
}

/* --- decisions --- */

/* Does what is credited stand, and somebody else's claim of the same key beside it? */
static bool credit_holds(const verify_t *self, const verify_credit_t *credit) {
    const row_t *credited = NULL;
    row_t *rows;
    bool other = false;
    uint32_t count = rows_of(self, &rows);
    for (uint32_t index = 0; index < count && credited == NULL; index++)
        if (is_credited(self, credit, &rows[index])) credited = &rows[index];
    for (uint32_t index = 0; credited != NULL && index < count; index++)
        other |= row_compare(credited, &rows[index]) == 0 && claimant_compare(self, credited, &rows[index]) != 0;
    bool holds = credited != NULL && other;
    free(rows);
    return holds;
}

bool verify_credits_touch(const verify_t *self, const verify_report_t *old) {
    for (uint32_t index = 0; index < old->figure_count; index++)
        for (uint32_t one = 0; one < old->figures[index].claim_count; one++)
            for (uint32_t credit = 0; credit < self->credit_count; credit++)
                if (same_key(&old->figures[index].claims[one], &self->credits[credit].key)) return true;
    return false;
}

void verify_credits_lapse(verify_t *self) {
    uint32_t kept = 0;
    for (uint32_t index = 0; index < self->credit_count; index++)
        if (credit_holds(self, &self->credits[index])) self->credits[kept++] = self->credits[index];
    self->credit_count = kept;
    self->settled = false;
}

static void id_copy(char out[LIMIT_ID + 1], text_t id) {
    memset(out, 0, LIMIT_ID + 1);
    if (id.size > 0) memcpy(out, id.at, id.size <= LIMIT_ID ? id.size : LIMIT_ID);
}

const char *verify_credit(verify_t *self, const event_t *entry, arena_t *arena) {
    claim_credited_t said;
    fault_t fault;
    if (event_body(entry, claim_credited_type(), arena, &said, &fault) != OK) return "a decision about claims does not decode";
    verify_credit_t credit = {.key = {.kind = said.key_kind}};
    key_set(credit.key.key, &credit.key.size, said.key_kind, said.key, said.person);
    id_copy(credit.indicator, said.indicator);
    id_copy(credit.unit, said.unit);
    id_copy(credit.period, said.period);
    id_copy(credit.member, said.member);
    self->settled = false;
    uint32_t place = 0;
    while (place < self->credit_count && (strcmp(self->credits[place].indicator, credit.indicator) != 0 ||
                                          !same_key(&self->credits[place].key, &credit.key)))
        place++;
    if (place == self->credit_count) self->credits = verify_grown(self->credits, ++self->credit_count, sizeof *self->credits);
    self->credits[place] = credit;
    return credit_holds(self, &credit) ? NULL : "a claim was credited that nobody disputes, or that does not stand";
}
