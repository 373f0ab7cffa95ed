/* The rows below a figure: kinds, keys, days, repeats, sums, credit codes. */
#include "services/2-validation/validation_judge.h"

#include "proto/crypto.h"
#include "services/plan/key_fold.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

bool uscc_is_valid(text_t code) {
    static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY"; /* GB 32100-2015, 5.3: without I O S V Z */
    enum { SIZE = 18, RADIX = 31 };
    if (code.size != SIZE) return false;
    uint32_t sum = 0, weight = 1;
    for (uint32_t index = 0; index < SIZE; index++) {
        const char *found = code.at[index] == '\0' ? NULL : strchr(alphabet, code.at[index]);
        if (found == NULL) return false;
        uint32_t value = (uint32_t)(found - alphabet);
        if (index == SIZE - 1) return value == (RADIX - sum % RADIX) % RADIX;
        sum += value * weight;
        weight = weight * 3 % RADIX;
    }
    return false;
}

/* A row and where it stood; order: what makes two rows the same, then the position. */
typedef struct {
    const item_t *item;
    text_t key;      /* as it is compared */
    uint32_t index;
    bool unique;     /* one row a key; otherwise the same key recurs on another day or with another amount */
} row_t;

static int number_compare(uint64_t a, uint64_t b) { return a < b ? -1 : a > b; }

static int row_compare_same(const row_t *a, const row_t *b) {
    int order = number_compare(a->item->key_kind, b->item->key_kind);
    if (order != 0) return order;
    if (a->item->key_kind == key_kind_person) return memcmp(a->item->person.hash, b->item->person.hash, HASH_SIZE);
    order = text_compare(a->key, b->key);
    if (order != 0 || a->unique) return order;
    order = number_compare(a->item->fact_day, b->item->fact_day);
    return order != 0 ? order : number_compare((uint64_t)a->item->amount.value, (uint64_t)b->item->amount.value);
}

static int row_compare(const void *a, const void *b) {
    const row_t *left = a, *right = b;
    int order = row_compare_same(left, right);
    return order != 0 ? order : number_compare(left->index, right->index);
}

static bool item_has_key(const item_t *item, text_t key) {
    return item->key_kind == key_kind_person ? !bytes_are_zero(item->person.hash, HASH_SIZE) : key.size > 0;
}

/* For every row 1 + the index of an earlier row that it repeats, 0 for none. */
static uint32_t *repeats_of(judge_t *self, const figure_t *figure) {
    uint32_t *repeats = ARENA_NEW(self->arena, uint32_t, figure->items_count);
    row_t *rows = ARENA_NEW(self->arena, row_t, figure->items_count);
    uint32_t count = 0;
    for (uint32_t index = 0; index < figure->items_count; index++) {
        const item_t *item = &figure->items[index];
        text_t key = key_folded(item->key, self->arena);
        if (!item_has_key(item, key)) continue;
        bool unique = item->key_kind == key_kind_person || key_kind_is_unique(self->plan, item->key_kind);
        rows[count++] = (row_t){item, key, index, unique};
    }
    if (count > 1) qsort(rows, count, sizeof rows[0], row_compare);
    for (uint32_t index = 1; index < count; index++)
        if (row_compare_same(&rows[index - 1], &rows[index]) == 0) repeats[rows[index].index] = 1 + rows[index - 1].index;
    return repeats;
}

static key_kind_t key_kind_wanted(const indicator_t *indicator) {
    return indicator->measure == measure_people ? key_kind_person : indicator->key_kind;
}

static void judge_key(judge_t *self, const exhibit_t *exhibit, uint32_t index) {
    const item_t *item = &exhibit->said->items[index];
    bool person = item->key_kind == key_kind_person;
    text_t key = key_folded(item->key, self->arena);
    key_kind_t wanted = key_kind_wanted(exhibit->indicator);
    if (wanted != key_kind_none && item->key_kind != wanted)
        FAULT_WITH(self, item_kind_wrong, item_path(self, exhibit->index, index, "key_kind"), exhibit->indicator->name,
                   text_of(WORD_ZH(key_kind, wanted)));
    if (!item_has_key(item, key)) FAULT(self, item_key_missing, item_path(self, exhibit->index, index, person ? "person" : "key"));
    else if (item->key_kind == key_kind_uscc && !uscc_is_valid(key))
        FAULT(self, bad_uscc, item_path(self, exhibit->index, index, "key"));
}

static uint32_t last_day(const plan_t *plan) {
    uint32_t last = plan->to;
    for (uint32_t index = 0; index < plan->periods_count; index++)
        if (plan->periods[index].to > last) last = plan->periods[index].to;
    return last;
}

/* A last day that is still to come is a plan, and a plan is for the whole term. One that is past is a fact, and always taken: it
 * breaks the tenure, and aggregation says so. */
static void judge_term(judge_t *self, const exhibit_t *exhibit, uint32_t index) {
    const item_t *item = &exhibit->said->items[index];
    uint64_t months = exhibit->indicator->target.months;
    if (!indicator_lasts(exhibit->indicator) || item->out_day <= self->received_day || item->fact_day == 0) return;
    if (item->out_day < item->fact_day || item->out_day >= day_add_months(item->fact_day, (uint32_t)months)) return;
    FAULT_WITH(self, term_short, item_path(self, exhibit->index, index, "out_day"), judge_day(self, item->fact_day),
               judge_day(self, item->out_day), arena_format(self->arena, "%" PRIu64, months));
}

/* A person is counted, not paid for; a receipt has no last day in post. */
static void judge_measure(judge_t *self, const exhibit_t *exhibit, uint32_t index) {
    const item_t *item = &exhibit->said->items[index];
    const indicator_t *indicator = exhibit->indicator;
    bool people = indicator->measure == measure_people;
    if (people && item->amount.given)
        FAULT_WITH(self, wrong_measure, item_path(self, exhibit->index, index, "amount"), indicator->name, indicator->unit_word,
                   text_of("金额"), text_of("an amount"));
    if (!people && item->out_day != 0)
        FAULT_WITH(self, wrong_measure, item_path(self, exhibit->index, index, "out_day"), indicator->name,
                   indicator->unit_word, text_of("离岗日期"), text_of("a last day in post"));
}

static void judge_days(judge_t *self, const exhibit_t *exhibit, uint32_t index) {
    const item_t *item = &exhibit->said->items[index];
    const plan_t *plan = self->plan;
    bool lasts = indicator_lasts(exhibit->indicator);
    /* who is to stay may be in post before the plan begins, and a successor comes until the last confirmation */
    uint32_t until = lasts ? last_day(plan) : plan->to;
    text_t path = item_path(self, exhibit->index, index, "fact_day");
    if (item->fact_day == 0) FAULT(self, fact_day_missing, path);
    else if (item->fact_day > until || (item->fact_day < plan->from && !lasts))
        FAULT_WITH(self, fact_day_outside, path, judge_day(self, item->fact_day), judge_day(self, plan->from),
                   judge_day(self, until));
    if (item->fact_day > self->received_day)
        FAULT_WITH(self, fact_day_future, path, judge_day(self, item->fact_day), judge_day(self, self->received_day));
    if (item->out_day == 0 || exhibit->indicator->measure != measure_people) return;
    path = item_path(self, exhibit->index, index, "out_day");
    judge_term(self, exhibit, index);
    if (item->out_day < item->fact_day) FAULT(self, out_before_in, path);
    else if (item->out_day > last_day(plan))
        FAULT_WITH(self, fact_day_outside, path, judge_day(self, item->out_day), judge_day(self, plan->from),
                   judge_day(self, last_day(plan)));
}

void judge_claim_count(judge_t *self) {
    const report_t *report = self->given->report;
    uint32_t count = 0;
    for (uint32_t figure = 0; figure < report->figures_count; figure++)
        for (uint32_t index = 0; index < report->figures[figure].items_count; index++)
            count += key_kind_is_unique(self->plan, report->figures[figure].items[index].key_kind);
    if (count > LIMIT_CLAIMS) FAULT(self, too_many, text_of("figures"));
}

void judge_items(judge_t *self, const exhibit_t *exhibit) {
    const figure_t *said = exhibit->said;
    if (exhibit->indicator->items == need_none && !indicator_needs_items(exhibit->indicator)) {
        FAULT_WITH(self, items_not_taken, figure_path(self, exhibit->index, "items"), exhibit->indicator->name);
        return;
    }
    self->received_day = day_of_instant(self->plan, self->given->received_ms);
    const uint32_t *repeats = repeats_of(self, said);
    for (uint32_t index = 0; index < said->items_count && !judge_is_full(self); index++) {
        judge_key(self, exhibit, index);
        judge_measure(self, exhibit, index);
        judge_days(self, exhibit, index);
        if (repeats[index] != 0)
            FAULT_WITH(self, item_twice, item_path(self, exhibit->index, index, ""),
                       item_path(self, exhibit->index, repeats[index] - 1, ""));
    }
}

bool judge_items_sum(judge_t *self, const exhibit_t *exhibit, int64_t *sum) {
    const figure_t *said = exhibit->said;
    bool sound = true;
    *sum = 0;
    for (uint32_t index = 0; index < said->items_count && !judge_is_full(self); index++) {
        const item_t *item = &said->items[index];
        if (!item->amount.given) {
            FAULT(self, amount_missing, item_path(self, exhibit->index, index, "amount"));
            sound = false;
        } else if (sound && (item->amount.value > LIMIT_TOTAL || __builtin_add_overflow(*sum, item->amount.value, sum) ||
                             *sum > LIMIT_TOTAL)) {
            FAULT(self, too_large, item_path(self, exhibit->index, index, "amount"));
            sound = false;
        }
    }
    return sound;
}
