/* Files that somebody sends as evidence: known by content or refused with a code, in bounded reading, the same each time; and what
 * the vault says to frames about them. */
#include "services/vault/evidence_type.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

enum { READS = 1 << 16 };

typedef struct {
    bytes_t bytes;
    uint64_t reads, most;
} file_t;

static bool file_part(void *self, uint64_t offset, uint32_t size, uint8_t *into) {
    file_t *file = self;
    PROMISE(offset + size <= file->bytes.size, "read %u at %llu of %u", size, (unsigned long long)offset, file->bytes.size);
    file->reads++;
    memcpy(into, file->bytes.at + offset, size);
    return true;
}

static bool failing_part(void *self, uint64_t offset, uint32_t size, uint8_t *into) {
    file_t *file = self;
    return file->reads++ < file->most && offset + size <= file->bytes.size && (memcpy(into, file->bytes.at + offset, size), true);
}

FUZZ(evidence) {
    (void)arena;
    file_t file = {.bytes = input};
    file_kind_t kind = file_kind_of(&(file_source_t){&file, file_part, input.size});
    PROMISE((kind.type == file_type_none) == (kind.code.size > 0), "type %d and a code of %u", (int)kind.type, kind.code.size);
    PROMISE(kind.type == file_type_none || kind.what == NULL, "taken, and odd");
    PROMISE(kind.type != file_type_none || reason_find(kind.code) != NULL, "a code that nobody knows");
    PROMISE(file.reads <= READS + input.size / 1024, "%llu reads of %u bytes", (unsigned long long)file.reads, input.size);
    PROMISE(strchr(file_media(kind.type), '/') != NULL && file_extension(kind.type)[0] != '\0', "no media type");
    uint64_t reads = file.reads;
    for (uint64_t most = 0; most < reads && most < 64; most++) { /* a disk that fails at any of them */
        file_t failing = {.bytes = input, .most = most};
        file_kind_t then = file_kind_of(&(file_source_t){&failing, failing_part, input.size});
        PROMISE(then.type == file_type_none || then.type == kind.type, "another type from a disk that fails");
    }
}
