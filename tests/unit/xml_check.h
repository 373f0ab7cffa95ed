/* Is a text well-formed XML, as far as documents need it: tags nest, attributes are quoted, & and < stand only where they may. */
#ifndef TESTS_XML_CHECK_H
#define TESTS_XML_CHECK_H

#include "proto/base.h"

#include <string.h>

enum { XML_DEPTH = 64 };

static inline bool xml_name_char(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == ':' ||
           byte == '-' || byte == '_' || byte == '.';
}

static inline bool xml_entity(text_t text, uint32_t at) {
    static const char *const known[] = {"&lt;", "&gt;", "&amp;", "&quot;", "&apos;", "&#"};
    for (size_t index = 0; index < sizeof known / sizeof known[0]; index++) {
        size_t size = strlen(known[index]);
        if (text.size - at >= size && memcmp(text.at + at, known[index], size) == 0) return true;
    }
    return false;
}

/* Where the tag that begins at `at` ends (behind '>'); 0: it is broken. */
static inline uint32_t xml_tag_end(text_t text, uint32_t at) {
    char quote = 0;
    for (at++; at < text.size; at++) {
        char byte = text.at[at];
        if (quote != 0) {
            if (byte == '<' || (byte == '&' && !xml_entity(text, at))) return 0;
            if (byte == quote) quote = 0;
        } else if (byte == '"' || byte == '\'')
            quote = byte;
        else if (byte == '<')
            return 0;
        else if (byte == '>')
            return at + 1;
    }
    return 0;
}

static inline bool xml_is_well_formed(text_t text) {
    text_t open[XML_DEPTH];
    uint32_t depth = 0, roots = 0;
    for (uint32_t at = 0; at < text.size;) {
        char byte = text.at[at];
        if (byte != '<') {
            if ((uint8_t)byte < 0x20 && byte != '\n' && byte != '\t' && byte != '\r') return false;
            if (byte == '&' && !xml_entity(text, at)) return false;
            at++;
            continue;
        }
        uint32_t end = xml_tag_end(text, at);
        if (end == 0) return false;
        bool closing = text.at[at + 1] == '/', special = text.at[at + 1] == '?' || text.at[at + 1] == '!';
        uint32_t from = at + 1 + closing, to = from;
        while (to < end && xml_name_char(text.at[to])) to++;
        text_t name = {text.at + from, to - from};
        bool empty = text.at[end - 2] == '/';
        if (!special && closing) {
            if (depth == 0 || !text_equal(open[depth - 1], name)) return false;
            depth--;
        } else if (!special) {
            if (depth == 0) roots++;
            if (depth == XML_DEPTH || name.size == 0) return false;
            if (!empty) open[depth++] = name;
        }
        at = end;
    }
    return depth == 0 && roots == 1;
}

#endif
