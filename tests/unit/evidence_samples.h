/* Small files of every kind that evidence may be, and some that it may not. */
#ifndef TESTS_EVIDENCE_SAMPLES_H
#define TESTS_EVIDENCE_SAMPLES_H

#include <string.h>

#include "services/vault/evidence_type.h"

static inline bool sample_read(void *self, uint64_t offset, uint32_t size, uint8_t *into) {
    const buffer_t *bytes = self;
    if (offset > bytes->size || size > bytes->size - offset) return false;
    if (size > 0) memcpy(into, bytes->at + offset, size);
    return true;
}

static inline file_kind_t sample_kind(buffer_t *bytes) {
    return file_kind_of(&(file_source_t){bytes, sample_read, bytes->size});
}

static inline void sample_put(buffer_t *out, const char *text) { buffer_add(out, text, strlen(text)); }

static inline void sample_number(buffer_t *out, uint32_t number, int bytes) {
    for (int index = 0; index < bytes; index++) {
        uint8_t byte = (uint8_t)(number >> (8 * index));
        buffer_add(out, &byte, 1);
    }
}

/* A zip of stored, empty files; `unpacked` is what each says it unpacks to. */
static inline void sample_zip(buffer_t *out, const char *const *names, uint32_t count, uint32_t unpacked) {
    buffer_t list = {0};
    for (uint32_t index = 0; index < count; index++) {
        uint32_t place = (uint32_t)out->size, size = (uint32_t)strlen(names[index]);
        sample_put(out, "PK\x03\x04");
        sample_number(out, 20, 2); /* version, then flags, method, time, date, crc */
        for (int zero = 0; zero < 5; zero++) sample_number(out, 0, zero < 4 ? 2 : 4);
        sample_number(out, 0, 4);
        sample_number(out, unpacked, 4);
        sample_number(out, size, 2);
        sample_number(out, 0, 2);
        sample_put(out, names[index]);
        buffer_add(&list, "PK\x01\x02", 4);
        sample_number(&list, 20, 2);
        sample_number(&list, 20, 2);
        for (int zero = 0; zero < 5; zero++) sample_number(&list, 0, zero < 4 ? 2 : 4);
        sample_number(&list, 0, 4);
        sample_number(&list, unpacked, 4);
        sample_number(&list, size, 2);
        for (int zero = 0; zero < 4; zero++) sample_number(&list, 0, 2); /* extra, comment, disk, attributes */
        sample_number(&list, 0, 4);
        sample_number(&list, place, 4);
        sample_put(&list, names[index]);
    }
    uint32_t from = (uint32_t)out->size;
    buffer_add(out, list.at, list.size);
    sample_put(out, "PK\x05\x06");
    sample_number(out, 0, 4);
    sample_number(out, count, 2);
    sample_number(out, count, 2);
    sample_number(out, (uint32_t)list.size, 4);
    sample_number(out, from, 4);
    sample_number(out, 0, 2);
    buffer_destroy(&list);
}

static inline void sample_row(uint8_t *row, const char *name, uint8_t kind, uint32_t left, uint32_t right, uint32_t child) {
    uint32_t size = (uint32_t)strlen(name), links[] = {left, right, child};
    for (uint32_t index = 0; index < size; index++) row[2 * index] = (uint8_t)name[index];
    row[64] = (uint8_t)(2 * (size + 1));
    row[66] = kind;
    for (uint32_t link = 0; link < 3; link++)
        for (uint32_t byte = 0; byte < 4; byte++) row[68 + 4 * link + byte] = (uint8_t)(links[link] >> (8 * byte));
}

/* A compound file: head, table of chains in sector 0, directory in sector 1 with `name` below the root, `inside` in a storage. */
static inline void sample_compound(buffer_t *out, const char *name, const char *inside) {
    static const uint32_t none = 0xffffffffu;
    uint8_t head[512] = {0}, table[512], rows[512] = {0};
    memcpy(head, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8);
    head[30] = 9;
    head[44] = 1;
    head[48] = 1; /* the directory */
    memset(head + 68, 0xff, 4);
    head[68] = 0xfe;
    memset(head + 76, 0xff, sizeof head - 76);
    memset(head + 76, 0, 4);
    memset(table, 0xff, sizeof table);
    table[0] = 0xfd; /* itself */
    table[4] = 0xfe; /* the directory ends there */
    sample_row(rows, "Root Entry", 5, none, none, 1);
    sample_row(rows + 128, name, 2, none, 2, none);
    sample_row(rows + 256, "ObjectPool", 1, none, none, 3);
    sample_row(rows + 384, inside, 2, none, none, none);
    buffer_add(out, head, sizeof head);
    buffer_add(out, table, sizeof table);
    buffer_add(out, rows, sizeof rows);
}

/* A PDF of about `size` bytes, different for each `number`. */
static inline void sample_pdf(buffer_t *out, size_t size, int number) {
    char line[64];
    int length = snprintf(line, sizeof line, "%%PDF-1.4\n%% receipt %d\n", number);
    buffer_add(out, line, (size_t)length);
    for (uint32_t at = 0; out->size + 6 < size; at++) {
        uint8_t byte = (uint8_t)(at * 31 + (at >> 8) * 7 + (uint32_t)number);
        buffer_add(out, &byte, 1);
    }
    sample_put(out, "%%EOF\n");
}

#endif
