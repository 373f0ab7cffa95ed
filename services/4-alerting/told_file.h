/* What was told, by (warning id, state), in the order of telling: a file that only grows, and lists of such keys in memory. */
#ifndef ALERTING_TOLD_FILE_H
#define ALERTING_TOLD_FILE_H

#include "services/4-alerting/notice.h"

enum { TOLD_KEY = 17 /* warning id, 1 raised or 0 withdrawn */, TOLD_RECORD = 24 /* a key and the beginning of its hash */ };

typedef struct {
    uint8_t (*keys)[TOLD_KEY];
    size_t count;
    size_t room;
} told_keys_t;
void told_keys_add(told_keys_t *self, const uint8_t key[TOLD_KEY]);
void told_keys_sort(told_keys_t *self); /* each once from then on */
bool told_keys_have(const told_keys_t *sorted, const uint8_t key[TOLD_KEY]);
void told_keys_destroy(told_keys_t *self);
void told_key_of(const notice_t *notice, uint8_t key[TOLD_KEY]);

/* Appends durably. *count: so many records stand there then. Of more than LIMIT_TOLD_KEPT the older half goes. */
err_t told_file_append(const char *file, const told_keys_t *keys, uint64_t *count);
/* Adds the keys behind the first `known` records; all of them where there are fewer. A torn or damaged record is left out, and none
 * but that. *count: so many records stand there. ERR_MISSING: no file. */
err_t told_file_read(const char *file, uint64_t known, told_keys_t *keys, uint64_t *count);

#endif
