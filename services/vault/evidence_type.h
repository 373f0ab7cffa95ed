/* What a file is, by its content and never by its name; whatever is not on the list is refused. Pure. */
#ifndef VAULT_EVIDENCE_TYPE_H
#define VAULT_EVIDENCE_TYPE_H

#include "proto/wire.h"

/* A whole file, read a little at a time. */
typedef struct {
    void *self;
    bool (*read)(void *self, uint64_t offset, uint32_t size, uint8_t *into); /* false: it cannot be read there */
    uint64_t size;
} file_source_t;

/* The answer: a type, or the code of a reason and, for evidence_broken, what is odd. */
typedef struct {
    file_type_t type; /* none: refused */
    text_t code;
    const char *what;
} file_kind_t;

/* PDF, JPEG, PNG; documents of Office and WPS in their zipped form (only what lists itself soundly: no path tricks, no macros, no
 * bombs, not encrypted) and in the older compound form; text in UTF-8 or GB18030 without control characters. Reads each byte
 * of a text, of others a bounded part. */
file_kind_t file_kind_of(const file_source_t *source);

/* The parts, for evidence_type.c and its tests: a zipped document, a compound file, a text. */
file_kind_t file_kind_zipped(const file_source_t *source);
file_kind_t file_kind_compound(const file_source_t *source);
file_kind_t file_kind_text(const file_source_t *source);
file_kind_t file_kind_broken(const char *what);
bool file_read(const file_source_t *source, uint64_t offset, uint32_t size, uint8_t *into); /* false also beyond the end */

/* The usual extension, and whether a file of this type may carry that name's. */
const char *file_extension(file_type_t type);
bool file_extension_fits(file_type_t type, text_t name);
const char *file_media(file_type_t type); /* as HTTP says it */

#endif
