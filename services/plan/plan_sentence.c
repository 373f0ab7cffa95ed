/* Fills a fault's sentence; what a person typed is shown shortened and without control characters. */
#include "services/plan/plan_sentence.h"

enum { SHOWN_BYTES = 120 };

typedef struct {
    char *at;
    size_t room;
    size_t used;
} pen_t;

/* The longest prefix of `text` that fits into `size` bytes and ends with a whole character. */
static uint32_t whole_prefix(text_t text, size_t size) {
    if (text.size <= size) return text.size;
    uint32_t end = (uint32_t)size;
    while (end > 0 && ((uint8_t)text.at[end] & 0xc0) == 0x80) end--;
    return end;
}

static void pen_write(pen_t *pen, text_t text) {
    uint32_t size = whole_prefix(text, pen->room - 1 - pen->used);
    for (uint32_t index = 0; index < size; index++) {
        uint8_t byte = (uint8_t)text.at[index];
        pen->at[pen->used++] = byte < 0x20 || byte == 0x7f ? ' ' : text.at[index];
    }
}

static void pen_write_shown(pen_t *pen, text_t text) {
    uint32_t size = whole_prefix(text, SHOWN_BYTES);
    pen_write(pen, (text_t){text.at, size});
    if (size < text.size) pen_write(pen, text_of("…"));
}

void sentence_fill(char *out, size_t room, const char *sentence, text_t a, text_t b) {
    pen_t pen = {out, room, 0};
    for (const char *at = sentence; *at != '\0';) {
        const char *end = at;
        while (*end != '\0' && *end != '{') end++;
        pen_write(&pen, (text_t){at, (uint32_t)(end - at)});
        at = end;
        if (*at == '\0') break;
        bool slot = (at[1] == '1' || at[1] == '2') && at[2] == '}';
        if (slot)
            pen_write_shown(&pen, at[1] == '1' ? a : b);
        else
            pen_write(&pen, (text_t){at, 1});
        at += slot ? 3 : 1;
    }
    out[pen.used] = '\0';
}
