/* What the values of a field may be: ranges, sizes, characters, days, words. Asked by the writer and by the reader. */
#include "proto/wire_inner.h"

#include <stdio.h>
#include <string.h>

static size_t path_write(const path_t *path, char *out, size_t room) {
    if (path == NULL) return 0;
    size_t used = path_write(path->above, out, room);
    if (used + 1 >= room) return used;
    int more = path->name == NULL ? snprintf(out + used, room - used, "[%u]", path->index)
                                  : snprintf(out + used, room - used, "%s%s", used > 0 ? "." : "", path->name);
    return more < 0 || used + (size_t)more >= room ? room - 1 : used + (size_t)more;
}

err_t wire_wrong(fault_t *fault, const path_t *path, const char *code) {
    fault->code = code;
    fault->path[0] = '\0';
    path_write(path, fault->path, sizeof fault->path);
    return ERR_BAD;
}

/* Eight plain characters at once: none below 0x20, none above 0x7e. */
static bool eight_are_plain(uint64_t word) {
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones * 0x80;
    uint64_t below = (word - ones * 0x20) & ~word,
             above = word + ones; /* exact where no high bit is set, as the third part says */
    return ((below | above | word) & highs) == 0;
}

/* Bytes of the well-formed character at `at` (RFC 3629), at least one byte is left; 0: it is not, or a control character. */
static uint32_t character_size(const uint8_t *at, uint64_t left) {
    uint8_t first = at[0];
    if (first < 0x80) return (first >= 0x20 && first != 0x7f) || first == '\n' || first == '\t';
    uint32_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || size > left) return 0;
    for (uint32_t next = 1; next < size; next++)
        if ((at[next] & 0xc0) != 0x80) return 0;
    if ((first == 0xe0 && at[1] < 0xa0) || (first == 0xed && at[1] > 0x9f)) return 0;
    if ((first == 0xf0 && at[1] < 0x90) || (first == 0xf4 && at[1] > 0x8f)) return 0;
    return first == 0xc2 && at[1] < 0xa0 ? 0 : size;
}

/* Two characters of three bytes each at once, as Chinese texts are made of: leads e1 to ef but ed, for which any two bytes that
 * continue them will do. The last two of the eight bytes do not count. */
static bool two_are_wide(uint64_t word) {
    static const uint8_t lead[8] = {1, 0, 0, 1}, follow[8] = {0, 1, 1, 0, 1, 1};
    const uint64_t leads = word_at(lead), follows = word_at(follow), halves = word & leads * 0x0f;
    uint64_t other = (word & (leads * 0xf0 + follows * 0xc0)) ^ (leads * 0xe0 + follows * 0x80);
    /* a lower half of the lead that is not zero carries into the upper one */
    uint64_t not_e0 = halves + leads * 0x0f, not_ed = (halves ^ leads * 0x0d) + leads * 0x0f;
    return (other | (~(not_e0 & not_ed) & leads * 0x10)) == 0;
}

/* Five of them, in sixteen bytes of which the last does not count. */
static bool five_are_wide(const uint8_t *at) {
    typedef uint8_t sixteen_t __attribute__((vector_size(16)));
    typedef uint64_t pair_t __attribute__((vector_size(16)));
    const sixteen_t looked_at = {0xf0, 0xc0, 0xc0, 0xf0, 0xc0, 0xc0, 0xf0, 0xc0, 0xc0, 0xf0, 0xc0, 0xc0, 0xf0, 0xc0, 0xc0, 0};
    const sixteen_t wanted = {0xe0, 0x80, 0x80, 0xe0, 0x80, 0x80, 0xe0, 0x80, 0x80, 0xe0, 0x80, 0x80, 0xe0, 0x80, 0x80, 0};
    sixteen_t bytes;
    memcpy(&bytes, at, sizeof bytes);
    /* an e0 or ed in the last byte is a doubt too many, which costs little */
    pair_t other = (pair_t)((bytes & looked_at) ^ wanted) | (pair_t)(bytes == 0xe0) | (pair_t)(bytes == 0xed);
    return (other[0] | other[1]) == 0;
}

bool text_is_clean(const uint8_t *at, uint64_t size) {
    for (uint64_t index = 0, left; index < size;) {
        left = size - index;
        uint32_t more = 0;
        if (at[index] < 0x80) more = left >= 8 && eight_are_plain(word_at(at + index)) ? 8 : 0;
        else if (left >= 16 && five_are_wide(at + index)) more = 15;
        else if (left >= 8 && two_are_wide(word_at(at + index))) more = 6;
        if (more == 0) more = character_size(at + index, left);
        if (more == 0) return false;
        index += more;
    }
    return true;
}

const bool slug_characters[256] = {
    ['-'] = true, ['.'] = true, ['_'] = true, ['0'] = true, ['1'] = true, ['2'] = true, ['3'] = true, ['4'] = true,
    ['5'] = true, ['6'] = true, ['7'] = true, ['8'] = true, ['9'] = true, ['A'] = true, ['B'] = true, ['C'] = true,
    ['D'] = true, ['E'] = true, ['F'] = true, ['G'] = true, ['H'] = true, ['I'] = true, ['J'] = true, ['K'] = true,
    ['L'] = true, ['M'] = true, ['N'] = true, ['O'] = true, ['P'] = true, ['Q'] = true, ['R'] = true, ['S'] = true,
    ['T'] = true, ['U'] = true, ['V'] = true, ['W'] = true, ['X'] = true, ['Y'] = true, ['Z'] = true, ['a'] = true,
    ['b'] = true, ['c'] = true, ['d'] = true, ['e'] = true, ['f'] = true, ['g'] = true, ['h'] = true, ['i'] = true,
    ['j'] = true, ['k'] = true, ['l'] = true, ['m'] = true, ['n'] = true, ['o'] = true, ['p'] = true, ['q'] = true,
    ['r'] = true, ['s'] = true, ['t'] = true, ['u'] = true, ['v'] = true, ['w'] = true, ['x'] = true, ['y'] = true,
    ['z'] = true};

bool slug_is_clean(const uint8_t *at, uint64_t size) { return are_of_slug(at, size); }

bool day_exists(uint32_t day) {
    static const uint32_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    uint32_t year = day / 10000, month = day / 100 % 100, date = day % 100;
    if (year < 1970 || year > 2199 || month < 1 || month > 12 || date < 1) return false;
    if (date <= 28) return true; /* in any month */
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return date <= lengths[month - 1] + (month == 2 && leap);
}

const char *number_wrong(const field_t *field, uint64_t number) {
    if (field->shape == FIELD_DAY || field->shape == FIELD_DAYS)
        return number <= UINT32_MAX && day_exists((uint32_t)number) ? NULL : "bad_day";
    if (field->shape == FIELD_WORD)
        return number <= UINT32_MAX && word_find(field->words, (uint32_t)number) != NULL ? NULL : "unknown_word";
    return number < field->low || number > field->high ? "out_of_range" : NULL;
}

const char *negative_wrong(const field_t *field) { return field->low <= INT64_MAX ? "negative" : "out_of_range"; }

const char *text_wrong(const field_t *field, const uint8_t *at, uint64_t size) {
    bool slug = field->shape == FIELD_SLUG || field->shape == FIELD_SLUGS;
    uint64_t low = field->shape == FIELD_SLUGS || field->shape == FIELD_TEXTS ? 1 : field->low;
    uint64_t high = field->shape == FIELD_SLUGS ? LIMIT_ID : field->shape == FIELD_TEXTS ? field->low : field->high;
    if (size < low || size > high) return "too_long";
    if (slug) return slug_is_clean(at, size) ? NULL : "bad_slug";
    return text_is_clean(at, size) ? NULL : "not_text";
}

const char *bytes_wrong(const field_t *field, uint64_t size) {
    return size < field->low || size > field->high ? "too_long" : NULL;
}

const char *count_wrong(const field_t *field, uint64_t count) {
    uint64_t low = field->shape == FIELD_SLUGS || field->shape == FIELD_LIST ? field->low : 0;
    return count < low || count > field->high ? "too_many" : NULL;
}

bool field_is_required(const field_t *field) {
    switch (field->shape) {
    case FIELD_U64:
    case FIELD_SLUG:
    case FIELD_TEXT:
    case FIELD_BYTES:
    case FIELD_SLUGS:
    case FIELD_LIST: return field->low > 0;
    case FIELD_DAY:
    case FIELD_WORD:
    case FIELD_FIXED:
    case FIELD_OBJECT: return field->low == REQUIRED;
    case FIELD_MAYBE:
    case FIELD_BOOL:
    case FIELD_TEXTS:
    case FIELD_DAYS: return false;
    }
    return false;
}
