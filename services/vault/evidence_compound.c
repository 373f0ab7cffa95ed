/* A compound file (OLE2: doc, xls, ppt, wps, et, dps) by the streams at its root. Bounded: whatever its chains say. */
#include <stdlib.h>
#include <string.h>

#include "services/vault/evidence_type.h"

enum {
    HEAD_SIZE = 512,
    IN_HEAD = 109, /* places of the table that the head itself holds */
    ROW_SIZE = 128,
    NAME_BYTES = 64,
    HOPS = 1024
};
static const uint32_t LAST_SECTOR = 0xfffffff9u; /* above: free, end of chain, table */
static const uint32_t NO_ROW = 0xffffffffu;

typedef struct {
    const file_source_t *source;
    uint8_t head[HEAD_SIZE];
    uint32_t sector; /* its size: 512 or 4096 */
    uint8_t *rows;   /* the directory, row_count of them */
    uint32_t row_count;
} compound_t;

static uint32_t u16(const uint8_t *at) { return (uint32_t)at[0] | (uint32_t)at[1] << 8; }
static uint32_t u32(const uint8_t *at) { return u16(at) | u16(at + 2) << 16; }

static bool word_read(const compound_t *self, uint32_t sector, uint32_t index, uint32_t *word) {
    uint8_t bytes[4];
    if (sector > LAST_SECTOR) return false;
    if (!file_read(self->source, ((uint64_t)sector + 1) * self->sector + (uint64_t)index * 4, 4, bytes)) return false;
    *word = u32(bytes);
    return true;
}

/* Which sector holds this part of the table of chains. */
static bool table_sector(const compound_t *self, uint32_t part, uint32_t *sector) {
    if (part < IN_HEAD) {
        *sector = u32(self->head + 76 + 4 * part);
        return true;
    }
    uint32_t each = self->sector / 4 - 1, hops = (part - IN_HEAD) / each, at = u32(self->head + 68);
    if (hops > HOPS) return false;
    for (uint32_t hop = 0; hop < hops; hop++)
        if (!word_read(self, at, each, &at)) return false;
    return word_read(self, at, (part - IN_HEAD) % each, sector);
}

static bool chain_next(const compound_t *self, uint32_t sector, uint32_t *next) {
    uint32_t each = self->sector / 4, table = 0;
    return table_sector(self, sector / each, &table) && word_read(self, table, sector % each, next);
}

/* NULL, or what is odd. */
static const char *directory_read(compound_t *self) {
    uint32_t shift = u16(self->head + 30), each;
    if (shift != 9 && shift != 12) return "sectors";
    self->sector = 1u << shift;
    each = self->sector / ROW_SIZE;
    self->rows = calloc(LIMIT_EVIDENCE_ENTRIES, ROW_SIZE);
    if (self->rows == NULL) return "memory";
    for (uint32_t at = u32(self->head + 48); at <= LAST_SECTOR;) {
        if (self->row_count + each > LIMIT_EVIDENCE_ENTRIES) return "directory";
        uint64_t offset = ((uint64_t)at + 1) * self->sector;
        if (!file_read(self->source, offset, self->sector, self->rows + (size_t)self->row_count * ROW_SIZE)) return "directory";
        self->row_count += each;
        if (!chain_next(self, at, &at)) return "directory";
    }
    return self->row_count == 0 ? "directory" : NULL;
}

static bool row_is(const uint8_t *row, const char *name) {
    size_t size = strlen(name);
    if (row[66] == 0 || u16(row + NAME_BYTES) != 2 * (size + 1)) return false;
    for (size_t index = 0; index < size; index++)
        if (row[2 * index] != (uint8_t)name[index] || row[2 * index + 1] != 0) return false;
    return true;
}

static bool anywhere(const compound_t *self, const char *name) {
    for (uint32_t index = 0; index < self->row_count; index++)
        if (row_is(self->rows + (size_t)index * ROW_SIZE, name)) return true;
    return false;
}

/* A document inside another one has such streams too: what stands at the root decides. */
static file_type_t type_at_root(compound_t *self) {
    static const struct {
        const char *name;
        file_type_t type;
    } streams[] = {{"WordDocument", file_type_doc}, {"Workbook", file_type_xls}, {"Book", file_type_xls},
                   {"PowerPoint Document", file_type_ppt}};
    uint32_t waiting[64], depth = 0;
    waiting[depth++] = u32(self->rows + 76);
    for (uint32_t steps = 0; depth > 0 && steps < LIMIT_EVIDENCE_ENTRIES; steps++) {
        uint32_t index = waiting[--depth];
        if (index == NO_ROW || index >= self->row_count) continue;
        uint8_t *row = self->rows + (size_t)index * ROW_SIZE;
        for (size_t name = 0; name < sizeof streams / sizeof streams[0]; name++)
            if (row_is(row, streams[name].name)) return streams[name].type;
        for (int side = 0; side < 2 && depth < 64; side++) waiting[depth++] = u32(row + 68 + 4 * side);
        memset(row + 68, 0xff, 8); /* a row that leads to itself leads nowhere */
    }
    return file_type_none;
}

file_kind_t file_kind_compound(const file_source_t *source) {
    compound_t self = {.source = source};
    file_kind_t kind = {.code = REASON_OF(evidence_type)};
    const char *odd = file_read(source, 0, HEAD_SIZE, self.head) ? directory_read(&self) : "head";
    if (odd != NULL) kind = file_kind_broken(odd);
    else if (anywhere(&self, "EncryptedPackage")) kind = file_kind_broken("encrypted");
    else if (anywhere(&self, "_VBA_PROJECT") || anywhere(&self, "_VBA_PROJECT_CUR") || anywhere(&self, "Macros"))
        kind = (file_kind_t){.code = REASON_OF(evidence_macros)};
    else if ((kind.type = type_at_root(&self)) != file_type_none)
        kind.code = (text_t){NULL, 0};
    free(self.rows);
    return kind;
}
