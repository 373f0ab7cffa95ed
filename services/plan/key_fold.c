/* Numbers of receipts and contracts, folded: one office types 仓慈〔2021〕9号, the other 仓慈[2021] ９号. */
#include "services/plan/key_fold.h"

#include <string.h>

/* One character of valid UTF-8; *at moves behind it. */
static uint32_t next_char(text_t text, uint32_t *at) {
    uint8_t lead = (uint8_t)text.at[(*at)++];
    uint32_t more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    uint32_t code = more == 0 ? lead : lead & (0x3fu >> more);
    for (; more > 0 && *at < text.size; more--) code = code << 6 | ((uint8_t)text.at[(*at)++] & 0x3fu);
    return code;
}

/* Unicode's blanks, and what has no width: a copy out of a document brings them along. */
static bool is_blank(uint32_t code) {
    return code <= 0x20 || code == 0x85 || code == 0xa0 || code == 0xad || code == 0x1680 || (code >= 0x2000 && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202f) || (code >= 0x205f && code <= 0x2064) || code == 0x3000 || code == 0xfeff;
}

/* Brackets come in pairs of neighbours, opening first: 〈〉《》「」『』【】〔〕〖〗, and those of half width apart. */
static char bracket_of(uint32_t code) {
    if ((code >= 0x3008 && code <= 0x3011) || (code >= 0x3014 && code <= 0x3017)) return code % 2 == 0 ? '(' : ')';
    if (code >= 0xfe59 && code <= 0xfe5e) return code % 2 == 1 ? '(' : ')'; /* the small ones */
    if (code == '[' || code == '{') return '(';
    return code == ']' || code == '}' ? ')' : '\0';
}

static bool is_dash(uint32_t code) { return (code >= 0x2010 && code <= 0x2015) || code == 0x2212 || code == 0xfe63; }

/* What the character counts as: itself, another, or 0 for nothing. */
static uint32_t char_folded(uint32_t code) {
    if (code >= 0xff01 && code <= 0xff5e) code -= 0xff01 - '!'; /* full width: the same characters, moved */
    if (code >= 'a' && code <= 'z') return code - 'a' + 'A';
    if (is_blank(code)) return 0;
    if (is_dash(code)) return '-';
    char bracket = bracket_of(code);
    return bracket != '\0' ? (uint32_t)bracket : code;
}

static bool is_folded(text_t typed) {
    for (uint32_t at = 0; at < typed.size;) {
        uint32_t code = next_char(typed, &at);
        if (char_folded(code) != code) return false;
    }
    return true;
}

text_t key_folded(text_t typed, arena_t *arena) {
    if (is_folded(typed)) return typed;
    char *out = arena_room(arena, typed.size);
    uint32_t size = 0;
    for (uint32_t at = 0; at < typed.size;) {
        uint32_t from = at, code = next_char(typed, &at), folded = char_folded(code);
        if (folded == 0) continue;
        if (folded == code) {
            memcpy(out + size, typed.at + from, at - from);
            size += at - from;
        } else {
            out[size++] = (char)folded; /* whatever is folded is folded to ASCII */
        }
    }
    return (text_t){out, size};
}
