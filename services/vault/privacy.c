/* Numbers of persons in free text, found without allocation: digits are read through blanks, hyphens and full-width forms. */
#include "services/vault/privacy.h"

#include <string.h>

#include "proto/wire.h"

/* What one code point means here: a digit or Latin letter as ASCII, ' ' where a number may be split, 0 anything else. */
enum { NOTHING = 0, SPLIT = ' ', SPLITS = 3, ID_SIZE = 18, OLD_ID_SIZE = 15, MOBILE_SIZE = 11 };

/* 0 for what is cut off, or written in more bytes than it needs: no text of ours holds that, and no digit hides in it. */
static uint32_t code_point(text_t text, uint32_t *at) {
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    uint8_t first = (uint8_t)text.at[*at];
    uint32_t more = first < 0xc0 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3, size = more;
    uint32_t point = more == 0 ? first : first & (0x3fu >> more);
    (*at)++;
    for (; more > 0 && *at < text.size && ((uint8_t)text.at[*at] & 0xc0) == 0x80; more--, (*at)++)
        point = point << 6 | ((uint8_t)text.at[*at] & 0x3f);
    return point < least[size] ? 0 : point;
}

static bool point_splits(uint32_t point) {
    static const uint32_t splits[] = {' ', '-', '_', 0xa0, 0xad, 0x2212, 0x3000, 0x2060, 0xfeff, 0xfe63, 0xff0d};
    for (size_t index = 0; index < sizeof splits / sizeof splits[0]; index++)
        if (splits[index] == point) return true;
    return point >= 0x2000 && point <= 0x2015; /* blanks of every width, joiners that nobody sees, hyphens, dashes */
}

static char point_symbol(uint32_t point) {
    if (point >= 0xff01 && point <= 0xff5e && point != 0xff0d) point -= 0xfee0; /* full-width → ASCII */
    bool plain = (point >= '0' && point <= '9') || (point >= 'A' && point <= 'Z') || (point >= 'a' && point <= 'z');
    if (plain) return (char)point;
    return point_splits(point) ? SPLIT : NOTHING;
}

static char symbol_next(text_t text, uint32_t *at) { return *at >= text.size ? NOTHING : point_symbol(code_point(text, at)); }

static bool is_digit(char symbol) { return symbol >= '0' && symbol <= '9'; }
static bool is_plain(char symbol) { return symbol != NOTHING && symbol != SPLIT; }

static uint32_t number_of(const char *digits, uint32_t count) {
    uint32_t number = 0;
    for (uint32_t index = 0; index < count; index++) number = number * 10 + (uint32_t)(digits[index] - '0');
    return number;
}

/* GB 11643: Σ digit × weight mod 11 gives the check digit; the seventh to fourteenth digit are a day of birth. */
static bool is_id(const char digits[17], char check) {
    static const uint32_t weights[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    uint32_t sum = 0;
    for (uint32_t index = 0; index < 17; index++) sum += weights[index] * (uint32_t)(digits[index] - '0');
    char wanted = "10X98765432"[sum % 11];
    uint32_t born = number_of(digits + 6, 8);
    if (born < 18000101) return false;
    if (born < 19700101) born += born < 18700101 ? 2000000 : 1000000; /* day_exists begins in 1970; the twin year will do */
    return (check == 'x' ? 'X' : check) == wanted && day_exists(born);
}

/* The form before 1999 has no check digit: a known province and a day of birth must do. */
static bool is_old_id(const char digits[OLD_ID_SIZE]) {
    static const uint8_t provinces[] = {11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42,
                                        43, 44, 45, 46, 50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82};
    return memchr(provinces, (int)number_of(digits, 2), sizeof provinces) != NULL &&
           day_exists(20000000 + number_of(digits + 6, 6)); /* 2000 and 1900 differ in one day of February only */
}

/* A number being read, from the beginning of a run of digits. */
typedef struct {
    char digits[ID_SIZE + 1];
    uint32_t count;
    uint32_t first_run; /* digits of its first and last unsplit run */
    uint32_t last_run;
    bool split;
    bool touched; /* a Latin letter stands directly before or behind it */
} number_t;

static bool is_mobile(const number_t *number) {
    const char *digits = number->digits;
    uint32_t count = number->count;
    if (number->split && (number->first_run < 3 || number->last_run < 3)) return false; /* days and small counts in a row */
    if (count == MOBILE_SIZE + 2 && memcmp(digits, "86", 2) == 0)
        digits += 2, count -= 2;
    else if (count == MOBILE_SIZE + 4 && memcmp(digits, "0086", 4) == 0)
        digits += 4, count -= 4;
    return count == MOBILE_SIZE && digits[0] == '1' && digits[1] >= '3';
}

/* What is the number, at the end of a run of digits? `at` stands behind `symbol`, which follows it. */
static const char *number_finding(const number_t *number, char symbol, text_t text, uint32_t at) {
    const char *found = NULL;
    if (number->count == ID_SIZE && is_id(number->digits, number->digits[17])) found = "id_number";
    bool x = symbol == 'X' || symbol == 'x';
    if (number->count == ID_SIZE - 1 && x && !is_plain(symbol_next(text, &at)) && is_id(number->digits, symbol))
        found = "id_number";
    bool lonely = !number->split && !number->touched && !is_plain(symbol);
    if (number->count == OLD_ID_SIZE && lonely && is_old_id(number->digits)) found = "id_number";
    return found == NULL && is_mobile(number) ? "mobile_number" : found;
}

/* Skips what may stand inside a number; the symbol behind it comes back. */
static char split_skip(text_t text, uint32_t *at, char symbol) {
    for (uint32_t skipped = 0; symbol == SPLIT && skipped < SPLITS; skipped++) symbol = symbol_next(text, at);
    return symbol;
}

/* Reads on from a run's first digit, run by run, as long as it may still become a number of a person. */
static const char *run_finding(text_t text, uint32_t at, char symbol, char before) {
    number_t number = {.touched = is_plain(before)};
    while (true) {
        uint32_t run = 0;
        for (; is_digit(symbol); symbol = symbol_next(text, &at), run++) {
            if (number.count == ID_SIZE) return NULL; /* too long to be one */
            number.digits[number.count++] = symbol;
        }
        if (number.first_run == 0) number.first_run = run;
        number.last_run = run;
        const char *found = number_finding(&number, symbol, text, at);
        if (found != NULL) return found;
        if (symbol != SPLIT) return NULL;
        symbol = split_skip(text, &at, symbol);
        if (!is_digit(symbol)) return number_finding(&number, symbol == 'X' || symbol == 'x' ? symbol : NOTHING, text, at);
        number.split = true;
    }
}

/* Does a credit code (GB 32100: 18 digits and capitals in a row, the second to eighth digits) begin here? Its digits are
 * nobody's number. Returns the offset behind it, or 0. */
static uint32_t credit_code_end(text_t text, uint32_t at) {
    uint32_t count = 0, letters = 0, end = at;
    for (char symbol = symbol_next(text, &at); is_plain(symbol); symbol = symbol_next(text, &at), count++) {
        if (!is_digit(symbol) && (symbol > 'Z' || (count > 0 && count < 8) || count >= ID_SIZE)) return 0;
        letters += !is_digit(symbol) && count + 1 < ID_SIZE; /* an ID number may end with X */
        end = at;
    }
    return count == ID_SIZE && letters > 0 ? end : 0;
}

/* A digit is one of ASCII, or begins with the byte that all full-width forms begin with. */
static uint32_t begins_digit(char byte) { return (uint32_t)is_digit(byte) | (uint32_t)((uint8_t)byte == 0xef); }

enum { STRETCH = 16 /* bytes that a compiler counts side by side */ };

/* Of a stretch from its byte `from` on. */
static uint32_t digits_of(const char *at, uint32_t from) {
    uint8_t count = 0;
    for (uint32_t index = 0; index < STRETCH; index++)
        count = (uint8_t)(count + (begins_digit(at[index]) & (uint32_t)(index >= from)));
    return count;
}

/* Most texts hold too few for a number. The last stretch lies over the one before. */
static bool digits_suffice(text_t text) {
    uint32_t count = 0, at = 0;
    if (text.size < MOBILE_SIZE) return false;
    if (text.size < STRETCH) {
        for (; at < text.size; at++) count += begins_digit(text.at[at]);
        return count >= MOBILE_SIZE;
    }
    for (; text.size - at >= STRETCH; at += STRETCH) count += digits_of(text.at + at, 0);
    if (at < text.size) count += digits_of(text.at + text.size - STRETCH, STRETCH - (text.size - at));
    return count >= MOBILE_SIZE;
}

const char *privacy_finding(text_t text) {
    if (!digits_suffice(text)) return NULL;
    char before = NOTHING;
    for (uint32_t at = 0; at < text.size;) {
        uint32_t start = at;
        char symbol = symbol_next(text, &at);
        uint32_t code_end = is_plain(symbol) && !is_plain(before) ? credit_code_end(text, start) : 0;
        if (code_end > 0) {
            at = code_end;
            before = 'A';
            continue;
        }
        const char *found = is_digit(symbol) && !is_digit(before) ? run_finding(text, at, symbol, before) : NULL;
        if (found != NULL) return found;
        before = symbol;
    }
    return NULL;
}

typedef struct {
    reason_t *reasons;
    uint32_t room;
    uint32_t count;
} findings_t;

static void finding_add(findings_t *self, const char *code, text_t path) {
    if (code == NULL || self->count == self->room) return;
    self->reasons[self->count++] = (reason_t){.code = text_of(code), .path = path};
}

static void figure_look(findings_t *self, const figure_t *figure, uint32_t position, arena_t *arena) {
    for (uint32_t index = 0; index < figure->items_count; index++) {
        const char *code = privacy_finding(figure->items[index].key);
        if (code == NULL || !text_is(text_of(code), "id_number")) continue; /* a receipt may look like a mobile number */
        finding_add(self, code, arena_format(arena, "figures[%u].items[%u].key", position, index));
    }
}

/* What is found in a text, if it is not one in which nothing was found before. */
static const char *finding_after(text_t clean, text_t text) { return text_equal(clean, text) ? NULL : privacy_finding(text); }

static text_t evidence_name(const report_t *report, uint32_t index) {
    return index < report->evidence_count ? report->evidence[index].name : (text_t){NULL, 0};
}

uint32_t privacy_refusals(const report_t *report, reason_t *reasons, uint32_t room, arena_t *arena) {
    static const report_t nothing;
    return privacy_refusals_after(&nothing, report, reasons, room, arena);
}

uint32_t privacy_refusals_after(const report_t *clean, const report_t *report, reason_t *reasons, uint32_t room, arena_t *arena) {
    findings_t findings = {reasons, room, 0};
    for (uint32_t index = 0; index < report->figures_count; index++)
        figure_look(&findings, &report->figures[index], index, arena);
    finding_add(&findings, finding_after(clean->progress, report->progress), text_of("progress"));
    finding_add(&findings, finding_after(clean->problems, report->problems), text_of("problems"));
    finding_add(&findings, finding_after(clean->next_step, report->next_step), text_of("next_step"));
    for (uint32_t index = 0; index < report->evidence_count; index++) {
        const char *code = finding_after(evidence_name(clean, index), report->evidence[index].name);
        if (code != NULL) finding_add(&findings, code, arena_format(arena, "evidence[%u].name", index));
    }
    for (uint32_t index = 0; index < report->explanations_count; index++) {
        const char *code = privacy_finding(report->explanations[index].text);
        if (code != NULL) finding_add(&findings, code, arena_format(arena, "explanations[%u].text", index));
    }
    return findings.count;
}

static void message_look(findings_t *self, const message_t *type, const uint8_t *value, const char *prefix, arena_t *arena) {
    for (size_t index = 0; index < type->field_count; index++) {
        const field_t *field = &type->fields[index];
        text_t path = arena_format(arena, "%s%s", prefix, field->name);
        const void *at = value + field->offset;
        if (field->shape == FIELD_TEXT) finding_add(self, privacy_finding(*(const text_t *)at), path);
        if (field->shape == FIELD_OBJECT)
            message_look(self, field->sub(), at, arena_format(arena, TEXT_FORMAT ".", TEXT_ARGS(path)).at, arena);
    }
}

uint32_t privacy_findings(const message_t *type, const void *value, reason_t *reasons, uint32_t room, arena_t *arena) {
    findings_t findings = {reasons, room, 0};
    message_look(&findings, type, value, "", arena);
    return findings.count;
}

bool person_is_swapped(const personal_t *person) {
    return person->key_id != 0 || !bytes_are_zero(person->hash, sizeof person->hash) ||
           !bytes_are_zero(person->commitment, sizeof person->commitment);
}

/* Neither empty nor a whole reference of the vault. */
static bool person_is_unswapped(const personal_t *person) {
    bool whole = person->key_id != 0 && !bytes_are_zero(person->hash, sizeof person->hash) &&
                 !bytes_are_zero(person->commitment, sizeof person->commitment);
    return person->text.size > 0 || (person_is_swapped(person) && !whole);
}

static text_t person_find(const report_t *report, bool (*wrong)(const personal_t *), arena_t *arena) {
    if (wrong(&report->prepared_by)) return text_of("prepared_by");
    if (wrong(&report->reviewed_by)) return text_of("reviewed_by");
    if (wrong(&report->signed_by)) return text_of("signed_by");
    for (uint32_t figure = 0; figure < report->figures_count; figure++)
        for (uint32_t item = 0; item < report->figures[figure].items_count; item++)
            if (wrong(&report->figures[figure].items[item].person))
                return arena_format(arena, "figures[%u].items[%u].person", figure, item);
    return text_of(NULL);
}

text_t privacy_unswapped(const report_t *report, arena_t *arena) { return person_find(report, person_is_unswapped, arena); }
text_t privacy_swapped(const report_t *report, arena_t *arena) { return person_find(report, person_is_swapped, arena); }
