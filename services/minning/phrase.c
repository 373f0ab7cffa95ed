/* What phrase.h promises: a small strict reader, one word after the other. */
#include "services/minning/phrase.h"

#include <string.h>

#include "proto/crypto.h"
#include "proto/wire.h"
#include "services/plan/amount.h"
#include "services/plan/calendar.h"

text_t phrase_word(text_t *line) {
    while (line->size > 0 && line->at[0] == ' ') *line = (text_t){line->at + 1, line->size - 1};
    uint32_t size = 0, depth = 0;
    while (size < line->size && (depth > 0 || line->at[size] != ' ')) {
        depth += line->at[size] == '[';
        depth -= line->at[size] == ']' && depth > 0;
        size++;
    }
    text_t word = {line->at, size};
    *line = (text_t){line->at + size, line->size - size};
    return word;
}

/* Takes everything before `mark` off `text`; all of it if there is no mark. */
static text_t cut(text_t *text, const char *mark, bool *found) {
    size_t size = strlen(mark);
    for (uint32_t at = 0; at + size <= text->size; at++) {
        if (memcmp(text->at + at, mark, size) != 0) continue;
        text_t head = {text->at, at};
        *text = (text_t){text->at + at + size, text->size - at - (uint32_t)size};
        return *found = true, head;
    }
    text_t whole = *text;
    *text = (text_t){NULL, 0};
    return *found = false, whole;
}

static bool starts(text_t *text, const char *mark) {
    size_t size = strlen(mark);
    if (text->size < size || memcmp(text->at, mark, size) != 0) return false;
    *text = (text_t){text->at + size, text->size - (uint32_t)size};
    return true;
}

static bool digits(text_t text, uint32_t *number) {
    *number = 0;
    for (uint32_t at = 0; at < text.size; at++) {
        if (text.at[at] < '0' || text.at[at] > '9' || *number > 100000000) return false;
        *number = *number * 10 + (uint32_t)(text.at[at] - '0');
    }
    return text.size > 0;
}

bool phrase_day(text_t word, uint32_t *day) {
    uint32_t year, month, date;
    if (word.size != 10 || word.at[4] != '-' || word.at[7] != '-') return false;
    if (!digits((text_t){word.at, 4}, &year) || !digits((text_t){word.at + 5, 2}, &month)) return false;
    if (!digits((text_t){word.at + 8, 2}, &date)) return false;
    *day = year * 10000 + month * 100 + date;
    return day_exists(*day);
}

bool phrase_instant(const plan_t *plan, text_t word, int64_t *at_ms) {
    uint32_t day, hour = 0, minute = 0;
    if (word.size != 10 && word.size != 16) return false;
    if (!phrase_day((text_t){word.at, 10}, &day)) return false;
    if (word.size == 16) {
        if ((word.at[10] != 'T' && word.at[10] != ' ') || word.at[13] != ':') return false;
        if (!digits((text_t){word.at + 11, 2}, &hour) || !digits((text_t){word.at + 14, 2}, &minute)) return false;
        if (hour > 24 || minute > 59 || hour * 60 + minute > 1440) return false;
    }
    *at_ms = instant_of_day(plan, day, hour * 60 + minute);
    return true;
}

static const char *read_amount(text_t text, const indicator_t *indicator, maybe_t *out) {
    measure_t measure = indicator == NULL ? measure_money : indicator->measure;
    out->given = true;
    return amount_read(text, measure, measure == measure_money ? NULL : "", &out->value);
}

/* What the row's key names: what stands in front of it says so, else the indicator. */
static key_kind_t key_kind_of(text_t *key, const indicator_t *indicator) {
    for (const word_t *word = key_kind_words; word->name != NULL; word++)
        if (word->number != key_kind_none && starts(key, word->zh)) return (key_kind_t)word->number;
    if (indicator != NULL && indicator->measure == measure_people) return key_kind_person;
    return indicator == NULL || indicator->key_kind == key_kind_none ? key_kind_receipt : indicator->key_kind;
}

/* KEY@DAY:AMOUNT, NAME@DAY, NAME@DAY..LAST_DAY */
static const char *read_row(text_t text, const indicator_t *indicator, item_t *item) {
    bool found, amount, last;
    text_t key = cut(&text, "@", &found);
    item->key_kind = key_kind_of(&key, indicator);
    if (item->key_kind == key_kind_person)
        item->person.text = key;
    else
        item->key = key;
    text_t days = cut(&text, ":", &amount), day = cut(&days, "..", &last);
    if (day.size > 0 && !phrase_day(day, &item->fact_day)) return "a row's day is YYYY-MM-DD";
    if (last && !phrase_day(days, &item->out_day)) return "a person's last day is YYYY-MM-DD";
    if (!amount) return item->key_kind == key_kind_person ? NULL : "a row is KEY@DAY:AMOUNT";
    return read_amount(text, indicator, &item->amount);
}

static const char *read_rows(text_t text, const indicator_t *indicator, arena_t *arena, figure_t *figure) {
    item_t *items = ARENA_NEW(arena, item_t, LIMIT_ITEMS);
    for (bool more = true; more && figure->items_count < LIMIT_ITEMS;) {
        text_t row = cut(&text, ",", &more);
        const char *wrong = read_row(row, indicator, &items[figure->items_count++]);
        if (wrong != NULL) return wrong;
    }
    figure->items = items;
    return NULL;
}

/* One of the things that a value may say. */
static const char *read_saying(text_t value, const indicator_t *indicator, arena_t *arena, figure_t *figure) {
    bool found;
    if (text_is(value, "空")) return NULL;
    if (text_is(value, "无变化")) return figure->nil = true, NULL;
    if (value.size >= 2 && value.at[0] == '[')
        return read_rows((text_t){value.at + 1, value.size - 2}, indicator, arena, figure);
    text_t amount = cut(&value, "+期初", &found);
    const char *wrong = found ? read_amount(value, indicator, &figure->opening) : NULL;
    if (wrong != NULL) return wrong;
    bool running = starts(&amount, "累计");
    return read_amount(amount, indicator, running ? &figure->running : &figure->amount);
}

static const char *read_value(text_t value, const indicator_t *indicator, arena_t *arena, figure_t *figure) {
    const char *wrong = NULL;
    for (bool more = true; more && wrong == NULL;) {
        text_t saying = cut(&value, "&", &more);
        wrong = read_saying(saying, indicator, arena, figure);
    }
    return wrong;
}

static const char *read_figure(const planbook_t *book, text_t name, text_t value, arena_t *arena, figure_t *figure) {
    bool found;
    text_t indicator_id = cut(&name, "/", &found);
    *figure = (figure_t){.indicator = indicator_id, .member = name};
    return read_value(value, planbook_indicator(book, indicator_id), arena, figure);
}

typedef struct {
    const planbook_t *book;
    arena_t *arena;
    report_t *report;
    figure_t *figures;
    explanation_t *explanations;
} phrase_t;

static const char *take_word(phrase_t *self, text_t word) {
    report_t *report = self->report;
    if (starts(&word, "修订")) {
        uint32_t number;
        if (!digits(word, &number)) return "修订 wants the number of a revision";
        return report->replaces = number, NULL;
    }
    if (text_is(word, "佐证")) {
        evidence_t *evidence = ARENA_NEW(self->arena, evidence_t, 1);
        evidence->name = text_of("佐证材料.pdf");
        hash_of((bytes_t){(const uint8_t *)word.at, word.size}, evidence->sha256);
        report->evidence = evidence;
        return report->evidence_count = 1, NULL;
    }
    if (starts(&word, "属实")) {
        if (report->explanations_count == LIMIT_REASONS) return "too many explanations";
        bool worded;
        text_t code = cut(&word, "=", &worded);
        self->explanations[report->explanations_count++] =
            (explanation_t){.code = code, .text = worded && word.size > 0 ? word : text_of("情况属实")};
        return NULL;
    }
    if (starts(&word, "由")) return report->prepared_by.text = word, NULL;
    if (starts(&word, "审")) return report->reviewed_by.text = word, NULL;
    if (starts(&word, "签")) return report->signed_by.text = word, NULL;
    bool found;
    text_t value = word, name = cut(&value, "=", &found);
    if (!found) return "a word is neither INDICATOR=VALUE nor 修订N, 佐证, 属实CODE, 由NAME, 审NAME, 签NAME, 说";
    if (report->figures_count == LIMIT_FIGURES) return "too many figures";
    return read_figure(self->book, name, value, self->arena, &self->figures[report->figures_count++]);
}

const char *phrase_read(const planbook_t *book, text_t line, arena_t *arena, report_t *report) {
    *report = (report_t){0};
    phrase_t phrase = {book, arena, report, ARENA_NEW(arena, figure_t, LIMIT_FIGURES),
                       ARENA_NEW(arena, explanation_t, LIMIT_REASONS)};
    report->figures = phrase.figures;
    report->explanations = phrase.explanations;
    report->task = phrase_word(&line);
    report->period = phrase_word(&line);
    if (report->task.size == 0 || report->period.size == 0) return "a report begins with its task and its period";
    for (text_t word = phrase_word(&line); word.size > 0; word = phrase_word(&line)) {
        if (text_is(word, "说")) {
            while (line.size > 0 && line.at[0] == ' ') line = (text_t){line.at + 1, line.size - 1};
            report->progress = line;
            break;
        }
        const char *wrong = take_word(&phrase, word);
        if (wrong != NULL) return wrong;
    }
    return NULL;
}
