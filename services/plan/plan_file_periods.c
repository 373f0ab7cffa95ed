/* Reporting periods of a plan file: a cycle with first and last, or a table of dates, made into the plan's list. */
#include <string.h>

#include "services/plan/calendar.h"
#include "services/plan/plan_file_read.h"

static const text_t nothing;

/* What stands under `reporting`, before it is understood. */
typedef struct {
    cycle_t cycle;
    const node_t *first;
    const node_t *last;
    const node_t *due;
    const node_t *confirm_until;
    const period_t *periods;
    uint32_t periods_count;
} reporting_t;

static void read_node(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out) {
    (void)spec;
    if (file_value_expect(self, node, place)) memcpy(out, &node, sizeof node);
}

static const spec_t period_specs[] = {
    {.key = "id", .required = true, .read = file_read_slug, .offset = offsetof(period_t, id), .low = 1},
    {.key = "from", .required = true, .read = file_read_day, .offset = offsetof(period_t, from)},
    {.key = "to", .required = true, .read = file_read_day, .offset = offsetof(period_t, to)},
    {.key = "due", .required = true, .read = file_read_day, .offset = offsetof(period_t, due)},
    {.key = "confirmation", .read = file_read_bool, .offset = offsetof(period_t, confirmation)},
};

static const spec_t reporting_specs[] = {
    {.key = "cycle", .required = true, .read = file_read_word, .offset = offsetof(reporting_t, cycle), .words = cycle_words},
    {.key = "first", .canonical = "periods.first", .read = read_node, .offset = offsetof(reporting_t, first)},
    {.key = "last", .canonical = "periods.last", .read = read_node, .offset = offsetof(reporting_t, last)},
    {.key = "due", .canonical = "periods.due", .read = read_node, .offset = offsetof(reporting_t, due)},
    {.key = "confirm_until",
     .canonical = "periods.confirm_until",
     .read = read_node,
     .offset = offsetof(reporting_t, confirm_until)},
    {.key = "periods",
     .read = file_read_records,
     .offset = offsetof(reporting_t, periods),
     .count_offset = offsetof(reporting_t, periods_count),
     .low = 1,
     .high = LIMIT_PERIODS,
     .sub = period_specs,
     .sub_count = COUNT_OF(period_specs),
     .size = sizeof(period_t)},
};

/* How many months a period of the cycle has; 0: it is not made of months. */
static uint32_t cycle_months(cycle_t cycle) {
    return cycle == cycle_month ? 1 : cycle == cycle_quarter ? 3 : cycle == cycle_half_year ? 6 : 0;
}

static const char *cycle_example(cycle_t cycle) {
    return cycle == cycle_month       ? "2021-08"
           : cycle == cycle_quarter   ? "2021-Q3"
           : cycle == cycle_half_year ? "2021-H2"
                                      : "2021-W32";
}

/* ISO 8601: the first week holds 4 January; weeks are counted by their Mondays. */
static int64_t week_ordinal(uint32_t year, uint32_t week) {
    int64_t fourth = day_number(year * 10000 + 104), monday = fourth - (int64_t)day_weekday(year * 10000 + 104) + 1;
    return (monday + 3) / 7 + (int64_t)week - 1;
}

static uint32_t week_monday(int64_t ordinal) { return day_of_number(ordinal * 7 - 3); }

/* The year whose week it is: that of its Thursday. */
static uint32_t week_year(int64_t ordinal) { return day_add(week_monday(ordinal), 3) / 10000; }

/* 2021-08, 2021-Q3, 2021-H2, 2021-W32 → the period's number in an endless row. */
static bool ordinal_read(cycle_t cycle, text_t text, int64_t *ordinal) {
    const char *letter = cycle == cycle_month ? "" : cycle == cycle_quarter ? "Q" : cycle == cycle_half_year ? "H" : "W";
    size_t prefix = strlen(letter), digits = cycle == cycle_month || cycle == cycle_week ? 2 : 1;
    uint64_t year, number = 0;
    if (text.size != 5 + prefix + digits || text.at[4] != '-' || memcmp(text.at + 5, letter, prefix) != 0) return false;
    if (!file_digits_read((text_t){text.at, 4}, &year) || year < 1970 || year > 2198) return false;
    for (size_t at = 5 + prefix; at < text.size; at++) {
        if (text.at[at] < '0' || text.at[at] > '9') return false;
        number = number * 10 + (uint64_t)(text.at[at] - '0');
    }
    if (number == 0) return false;
    if (cycle == cycle_week) {
        *ordinal = week_ordinal((uint32_t)year, (uint32_t)number);
        return number <= 53 && week_year(*ordinal) == year;
    }
    uint64_t of_year = 12 / cycle_months(cycle);
    *ordinal = (int64_t)(year * of_year + number - 1);
    return number <= of_year;
}

static period_t period_of(reader_t *self, cycle_t cycle, int64_t ordinal) {
    period_t period = {0};
    if (cycle == cycle_week) {
        period.from = week_monday(ordinal);
        period.to = day_add(period.from, 6);
        uint32_t year = week_year(ordinal);
        period.id = arena_format(self->arena, "%u-W%02u", year, (uint32_t)(ordinal - week_ordinal(year, 1)) + 1);
        return period;
    }
    uint32_t months = cycle_months(cycle), of_year = 12 / months;
    uint32_t year = (uint32_t)ordinal / of_year, index = (uint32_t)ordinal % of_year;
    period.from = year * 10000 + (index * months + 1) * 100 + 1;
    period.to = day_add(day_add_months(period.from, months), -1);
    if (cycle == cycle_month)
        period.id = arena_format(self->arena, "%u-%02u", year, index + 1);
    else
        period.id = arena_format(self->arena, "%u-%s%u", year, cycle == cycle_quarter ? "Q" : "H", index + 1);
    return period;
}

/* `due`: a date of the period's last month, a weekday of its week, or so many days from its end. */
typedef struct {
    bool from_end;
    int64_t days;
} due_rule_t;

static bool due_read(cycle_t cycle, text_t text, due_rule_t *rule) {
    uint64_t number = 0;
    if (text.size >= 3 && memcmp(text.at, "end", 3) == 0) {
        text_t rest = {text.at + 4, text.size < 4 ? 0 : text.size - 4};
        if (text.size > 3 && ((text.at[3] != '+' && text.at[3] != '-') || !file_digits_read(rest, &number) || number > 366))
            return false;
        *rule = (due_rule_t){true, text.size > 3 && text.at[3] == '-' ? -(int64_t)number : (int64_t)number};
        return true;
    }
    if (!file_digits_read(text, &number) || number < 1 || number > (cycle == cycle_week ? 7 : 31)) return false;
    *rule = (due_rule_t){false, (int64_t)number};
    return true;
}

static uint32_t due_of(cycle_t cycle, const period_t *period, const due_rule_t *rule) {
    if (rule->from_end) return day_add(period->to, rule->days);
    if (cycle == cycle_week) return day_add(period->from, rule->days - 1);
    uint32_t date = (uint32_t)rule->days, length = period->to % 100;
    return period->to - length + (date < length ? date : length);
}

static bool ordinal_expect(reader_t *self, const place_t *place, const char *key, const char *canonical, cycle_t cycle,
                           const node_t *node, int64_t *ordinal) {
    place_t here = {place, key, canonical, 0};
    if (ordinal_read(cycle, node->text, ordinal)) return true;
    file_reader_tell(self, node, &here, "报送期应写作 {2} 的样子，不是 {1}", "a period is written like {2}, not {1}",
                     node->text, text_of(cycle_example(cycle)));
    return false;
}

static void periods_make(reader_t *self, const reporting_t *reporting, const due_rule_t *rule, int64_t first, int64_t last,
                         int64_t confirm) {
    plan_t *plan = self->plan;
    period_t *periods = ARENA_NEW(self->arena, period_t, (size_t)(confirm - first + 1));
    for (int64_t ordinal = first; ordinal <= confirm; ordinal++) {
        period_t *period = &periods[ordinal - first];
        *period = period_of(self, reporting->cycle, ordinal);
        period->due = due_of(reporting->cycle, period, rule);
        period->confirmation = ordinal > last;
    }
    plan->periods = periods;
    plan->periods_count = (uint32_t)(confirm - first + 1);
}

static void cycle_expand(reader_t *self, const place_t *place, const reporting_t *reporting) {
    int64_t first = 0, last = 0, confirm = 0;
    due_rule_t rule = {0};
    bool good = ordinal_expect(self, place, "first", "periods.first", reporting->cycle, reporting->first, &first);
    good = ordinal_expect(self, place, "last", "periods.last", reporting->cycle, reporting->last, &last) && good;
    if (reporting->confirm_until != NULL)
        good = ordinal_expect(self, place, "confirm_until", "periods.confirm_until", reporting->cycle, reporting->confirm_until,
                              &confirm) &&
               good;
    place_t due = {place, "due", "periods.due", 0}, end = {place, "last", "periods.last", 0};
    place_t until = {place, "confirm_until", "periods.confirm_until", 0};
    if (!due_read(reporting->cycle, reporting->due->text, &rule)) {
        file_reader_tell(self, reporting->due, &due, "截止日应为日期数（周报为 1 至 7）或 end+5 的样子，不是 {1}",
                         "due is a date of the month (a weekday, 1 to 7) or like end+5, not {1}", reporting->due->text,
                         nothing);
        good = false;
    }
    if (!good) return;
    if (last < first) {
        file_reader_tell(self, reporting->last, &end, "最后一期早于第一期", "the last period lies before the first", nothing,
                         nothing);
    } else if (reporting->confirm_until != NULL && confirm <= last) {
        file_reader_tell(self, reporting->confirm_until, &until, "确认期应晚于最后一期",
                         "confirmation must go on after the last period", nothing, nothing);
    } else {
        int64_t until_ordinal = reporting->confirm_until == NULL ? last : confirm;
        if (until_ordinal - first + 1 > LIMIT_PERIODS)
            file_reader_tell(self, reporting->last, &end, "报送期过多", "too many periods", nothing, nothing);
        else
            periods_make(self, reporting, &rule, first, last, until_ordinal);
    }
}

/* Keys that the cycle needs and those that it does not take. */
static bool keys_fit(reader_t *self, const node_t *node, const place_t *place, bool dates) {
    bool good = true;
    for (size_t index = 1; index < COUNT_OF(reporting_specs); index++) {
        const char *key = reporting_specs[index].key;
        const node_t *given = file_map_find(node, key);
        bool of_dates = strcmp(key, "periods") == 0, optional = strcmp(key, "confirm_until") == 0;
        place_t here = {place, key, reporting_specs[index].canonical, 0};
        if (given == NULL && of_dates == dates && !optional) {
            file_reader_tell(self, node, &here, "缺少 {1}", "the key {1} is missing", text_of(key), nothing);
            good = false;
        } else if (given != NULL && of_dates != dates) {
            file_reader_tell(self, given, &here, "此报送周期不用 {1}", "this cycle takes no {1}", text_of(key), nothing);
            good = false;
        }
    }
    return good;
}

void file_read_reporting(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out) {
    (void)spec;
    plan_t *plan = out;
    reporting_t reporting = {0};
    place_t periods = {place, "", "periods", 0};
    file_reader_mark(self, node, &periods);
    file_map_read(self, node, place, reporting_specs, COUNT_OF(reporting_specs), &reporting);
    plan->cycle = reporting.cycle;
    if (node->kind != NODE_MAP || reporting.cycle == cycle_none) return;
    bool dates = reporting.cycle == cycle_dates;
    if (!keys_fit(self, node, place, dates)) return;
    if (dates) {
        plan->periods = reporting.periods;
        plan->periods_count = reporting.periods_count;
    } else if (reporting.first != NULL && reporting.last != NULL && reporting.due != NULL) {
        cycle_expand(self, place, &reporting);
    }
}
