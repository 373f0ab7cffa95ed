/* Files packed into one: the container of DOCX. Stored, not compressed, and dated 1980: equal parts give equal bytes. */
#ifndef DOCUMENTS_ZIP_H
#define DOCUMENTS_ZIP_H

#include "proto/base.h"

typedef struct {
    const char *name;
    bytes_t bytes;
} zip_part_t;
/* Appends the archive to `out`, the parts in their order. OK, ERR_NOMEM, ERR_SYSTEM. */
err_t zip_pack(const zip_part_t *parts, uint32_t count, buffer_t *out);

#endif
