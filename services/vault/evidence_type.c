/* The first bytes decide who looks closer. */
#include "services/vault/evidence_type.h"

#include <string.h>
#include <strings.h>

enum { HEAD = 16, TAIL = 4096 };

bool file_read(const file_source_t *source, uint64_t offset, uint32_t size, uint8_t *into) {
    if (offset > source->size || size > source->size - offset) return false;
    return size == 0 || source->read(source->self, offset, size, into);
}

file_kind_t file_kind_broken(const char *what) { return (file_kind_t){.code = REASON_OF(evidence_broken), .what = what}; }

static file_kind_t plainly(file_type_t type) { return (file_kind_t){.type = type}; }

/* A PDF that was cut off proves nothing: its last lines say %%EOF. */
static file_kind_t pdf_kind(const file_source_t *source) {
    uint8_t tail[TAIL];
    uint32_t size = source->size < TAIL ? (uint32_t)source->size : TAIL;
    if (!file_read(source, source->size - size, size, tail)) return file_kind_broken("unreadable");
    return memmem(tail, size, "%%EOF", 5) == NULL ? file_kind_broken("%%EOF") : plainly(file_type_pdf);
}

static file_kind_t png_kind(const uint8_t *head) {
    return memcmp(head + 12, "IHDR", 4) == 0 ? plainly(file_type_png) : file_kind_broken("IHDR");
}

file_kind_t file_kind_of(const file_source_t *source) {
    uint8_t head[HEAD] = {0};
    uint32_t size = source->size < HEAD ? (uint32_t)source->size : HEAD;
    if (!file_read(source, 0, size, head)) return file_kind_broken("unreadable");
    if (memcmp(head, "%PDF-", 5) == 0) return pdf_kind(source);
    if (memcmp(head, "\xff\xd8\xff", 3) == 0) return plainly(file_type_jpeg);
    if (memcmp(head, "\x89PNG\r\n\x1a\n", 8) == 0) return png_kind(head);
    if (memcmp(head, "PK\x03\x04", 4) == 0) return file_kind_zipped(source);
    if (memcmp(head, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8) == 0) return file_kind_compound(source);
    return file_kind_text(source);
}

/* --- text --- */

/* Where a reading of bytes stands in both encodings; wrong once, wrong for good. */
typedef struct {
    bool utf8_wrong, gb_wrong;
    uint32_t utf8_left, utf8_first; /* bytes still to come, and the least that the next one may be, with the most above it */
    uint32_t utf8_most;
    uint32_t gb_place; /* 0: at a character's beginning */
} text_reading_t;

static void utf8_step(text_reading_t *self, uint8_t byte) {
    if (self->utf8_left > 0) {
        if (byte < self->utf8_first || byte > self->utf8_most) self->utf8_wrong = true;
        self->utf8_left--;
        self->utf8_first = 0x80;
        self->utf8_most = 0xbf;
        return;
    }
    if (byte < 0x80) return;
    if (byte < 0xc2 || byte > 0xf4) self->utf8_wrong = true;
    self->utf8_left = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    self->utf8_first = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
    self->utf8_most = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
}

static void gb_step(text_reading_t *self, uint8_t byte) {
    bool lead = byte >= 0x81 && byte <= 0xfe, digit = byte >= '0' && byte <= '9';
    switch (self->gb_place) {
    case 0: /* a character begins */
        if (byte >= 0x80 && !lead) self->gb_wrong = true;
        self->gb_place = byte >= 0x80;
        return;
    case 1: /* the second byte says whether there are two or four */
        if (!digit && (byte < 0x40 || byte == 0x7f || byte == 0xff)) self->gb_wrong = true;
        self->gb_place = digit ? 2 : 0;
        return;
    case 2:
        if (!lead) self->gb_wrong = true;
        self->gb_place = 3;
        return;
    default:
        if (!digit) self->gb_wrong = true;
        self->gb_place = 0;
    }
}

/* What a browser or a shell would run, or a program, is no plain text whatever it is called. */
static bool begins_as_text(const uint8_t *bytes, uint32_t size) {
    if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) bytes += 3, size -= 3;
    while (size > 0 && (*bytes == ' ' || *bytes == '\t' || *bytes == '\r' || *bytes == '\n')) bytes++, size--;
    bool runs = size >= 2 && (memcmp(bytes, "#!", 2) == 0 || memcmp(bytes, "MZ", 2) == 0);
    return size > 0 && bytes[0] != '<' && !runs;
}

file_kind_t file_kind_text(const file_source_t *source) {
    const file_kind_t refused = {.code = REASON_OF(evidence_type)};
    uint8_t block[TAIL];
    text_reading_t reading = {0};
    for (uint64_t at = 0; at < source->size;) {
        uint32_t size = source->size - at < TAIL ? (uint32_t)(source->size - at) : TAIL;
        if (!file_read(source, at, size, block)) return file_kind_broken("unreadable");
        if (at == 0 && !begins_as_text(block, size)) return refused;
        for (uint32_t index = 0; index < size; index++) {
            uint8_t byte = block[index];
            if (byte == 0x7f || (byte < 0x20 && byte != '\t' && byte != '\r' && byte != '\n')) return refused;
            utf8_step(&reading, byte);
            gb_step(&reading, byte);
        }
        if (reading.utf8_wrong && reading.gb_wrong) return refused;
        at += size;
    }
    bool utf8 = !reading.utf8_wrong && reading.utf8_left == 0, gb = !reading.gb_wrong && reading.gb_place == 0;
    return source->size > 0 && (utf8 || gb) ? plainly(file_type_text) : refused;
}

/* --- names --- */

static const struct {
    const char *media;
    const char *extensions[4];
} kinds[] = {
    [file_type_pdf] = {"application/pdf", {"pdf"}},
    [file_type_jpeg] = {"image/jpeg", {"jpg", "jpeg", "jpe"}},
    [file_type_png] = {"image/png", {"png"}},
    [file_type_docx] = {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", {"docx"}},
    [file_type_xlsx] = {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", {"xlsx"}},
    [file_type_pptx] = {"application/vnd.openxmlformats-officedocument.presentationml.presentation", {"pptx"}},
    [file_type_doc] = {"application/msword", {"doc", "wps"}},
    [file_type_xls] = {"application/vnd.ms-excel", {"xls", "et"}},
    [file_type_ppt] = {"application/vnd.ms-powerpoint", {"ppt", "dps"}},
    [file_type_text] = {"text/plain", {"txt", "csv"}},
};

static bool known(file_type_t type) { return type > file_type_none && (size_t)type < sizeof kinds / sizeof kinds[0]; }

const char *file_extension(file_type_t type) { return known(type) ? kinds[type].extensions[0] : "bin"; }
const char *file_media(file_type_t type) { return known(type) ? kinds[type].media : "application/octet-stream"; }

bool file_extension_fits(file_type_t type, text_t name) {
    for (size_t index = 0; known(type) && index < 4 && kinds[type].extensions[index] != NULL; index++) {
        const char *extension = kinds[type].extensions[index];
        size_t size = strlen(extension);
        if (name.size > size + 1 && name.at[name.size - size - 1] == '.' &&
            strncasecmp(name.at + name.size - size, extension, size) == 0)
            return true;
    }
    return false;
}
