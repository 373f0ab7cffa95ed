/* A zipped document by its own list: what it holds, and that the list is sound. Nothing is ever unpacked here. */
#include <string.h>
#include <strings.h>

#include "services/vault/evidence_type.h"

enum {
    END_SIZE = 22,
    END_REACH = END_SIZE + 65535, /* the end record with the longest comment */
    ROW_SIZE = 46,
    LOCAL_SIZE = 30,
    NAME_ROOM = 256,
    STORED = 0,
    DEFLATED = 8,
    RATIO = 200,
    RATIO_FROM = 64 << 20 /* below this nobody minds how well something was packed */
};

static uint32_t u16(const uint8_t *at) { return (uint32_t)at[0] | (uint32_t)at[1] << 8; }
static uint32_t u32(const uint8_t *at) { return u16(at) | u16(at + 2) << 16; }

typedef struct {
    uint64_t from, size; /* of the list */
    uint32_t entries;
} list_t;

typedef struct {
    uint32_t types, documents, workbooks, slides; /* names that say what it is */
    bool macros;
    uint64_t unpacked;
} found_t;

/* The end record: the last bytes of the file, right behind the list. NULL, or what is odd. */
static const char *list_find(const file_source_t *source, list_t *list) {
    static _Thread_local uint8_t tail[END_REACH];
    uint32_t size = source->size < END_REACH ? (uint32_t)source->size : END_REACH;
    if (size < END_SIZE || !file_read(source, source->size - size, size, tail)) return "zip end";
    for (uint32_t at = size - END_SIZE + 1; at-- > 0;) {
        const uint8_t *end = tail + at;
        if (memcmp(end, "PK\x05\x06", 4) != 0 || at + END_SIZE + u16(end + 20) != size) continue;
        *list = (list_t){.from = u32(end + 16), .size = u32(end + 12), .entries = u16(end + 10)};
        bool split = u16(end + 4) != 0 || u16(end + 6) != 0 || u16(end + 8) != list->entries;
        if (split || list->entries == 0 || list->entries > LIMIT_EVIDENCE_ENTRIES) return "zip entries";
        if (list->size > LIMIT_EVIDENCE_DIRECTORY || list->from + list->size != source->size - size + at) return "zip list";
        return NULL;
    }
    return "zip end";
}

/* A name that some unpacker would follow out of its folder. */
static bool name_is_odd(text_t name) {
    if (name.size == 0 || name.at[0] == '/') return true;
    for (uint32_t at = 0; at < name.size; at++) {
        uint8_t byte = (uint8_t)name.at[at];
        if (byte < 0x20 || byte == 0x7f || byte == '\\' || byte == ':') return true;
        bool begins = at == 0 || name.at[at - 1] == '/';
        if (begins && byte == '.' && at + 1 < name.size && name.at[at + 1] == '.' &&
            (at + 2 == name.size || name.at[at + 2] == '/'))
            return true;
    }
    return false;
}

static bool name_is(text_t name, const char *wanted) {
    return name.size == strlen(wanted) && strncasecmp(name.at, wanted, name.size) == 0;
}

static bool name_ends(text_t name, const char *wanted) {
    size_t size = strlen(wanted);
    return name.size >= size && strncasecmp(name.at + name.size - size, wanted, size) == 0;
}

static void name_take(found_t *found, text_t name) {
    found->types += name_is(name, "[Content_Types].xml");
    found->documents += name_is(name, "word/document.xml");
    found->workbooks += name_is(name, "xl/workbook.xml");
    found->slides += name_is(name, "ppt/presentation.xml");
    if (name_ends(name, "vbaProject.bin") || name_ends(name, "vbaData.xml")) found->macros = true;
}

/* One row of the list, and the place that it names. NULL, or what is odd; *at moves behind it. */
static const char *row_take(const file_source_t *source, const list_t *list, uint64_t *at, found_t *found) {
    uint8_t row[ROW_SIZE], local[LOCAL_SIZE];
    char name[NAME_ROOM];
    uint64_t end = list->from + list->size;
    if (end - *at < ROW_SIZE || !file_read(source, *at, ROW_SIZE, row) || memcmp(row, "PK\x01\x02", 4) != 0) return "zip row";
    uint32_t size = u16(row + 28), method = u16(row + 10);
    uint64_t whole = ROW_SIZE + (uint64_t)size + u16(row + 30) + u16(row + 32);
    if (size > NAME_ROOM || whole > end - *at) return "zip name";
    if ((u16(row + 8) & 1) != 0) return "encrypted";
    if (method != STORED && method != DEFLATED) return "zip method";
    if (!file_read(source, *at + ROW_SIZE, size, (uint8_t *)name)) return "unreadable";
    text_t said = {name, size};
    if (name_is_odd(said)) return "zip name";
    uint32_t packed = u32(row + 20), place = u32(row + 42);
    if ((uint64_t)place + LOCAL_SIZE + packed > list->from) return "zip place";
    if (!file_read(source, place, LOCAL_SIZE, local) || memcmp(local, "PK\x03\x04", 4) != 0 || u16(local + 26) != size)
        return "zip place";
    char there[NAME_ROOM];
    if (!file_read(source, (uint64_t)place + LOCAL_SIZE, size, (uint8_t *)there) || memcmp(name, there, size) != 0)
        return "zip name"; /* two names for one content: readers would differ */
    found->unpacked += u32(row + 24);
    name_take(found, said);
    *at += whole;
    return NULL;
}

static file_kind_t kind_of(const found_t *found, uint64_t size) {
    bool bomb = found->unpacked > LIMIT_EVIDENCE_UNPACKED || (found->unpacked > RATIO_FROM && found->unpacked / RATIO > size);
    if (bomb) return file_kind_broken("unpacks too large");
    if (found->macros) return (file_kind_t){.code = REASON_OF(evidence_macros)};
    uint32_t said = found->documents + found->workbooks + found->slides;
    if (found->types == 0 || said == 0) return (file_kind_t){.code = REASON_OF(evidence_type)}; /* an archive, not a document */
    if (found->types > 1 || said > 1) return file_kind_broken("zip twice");
    file_type_t type = found->documents ? file_type_docx : found->workbooks ? file_type_xlsx : file_type_pptx;
    return (file_kind_t){.type = type};
}

file_kind_t file_kind_zipped(const file_source_t *source) {
    list_t list = {0};
    found_t found = {0};
    const char *odd = list_find(source, &list);
    uint64_t at = list.from;
    for (uint32_t index = 0; odd == NULL && index < list.entries; index++) odd = row_take(source, &list, &at, &found);
    if (odd == NULL && at != list.from + list.size) odd = "zip list";
    return odd != NULL ? file_kind_broken(odd) : kind_of(&found, source->size);
}
