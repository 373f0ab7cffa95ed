/* Heads of requests: what is good stays good however it arrives, and holds nothing that two readers would read in two ways. */
#include "services/console/http_rules.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>
#include <strings.h>

static uint32_t named(bytes_t head, const char *name) {
    uint32_t count = 0;
    size_t size = strlen(name);
    for (uint32_t at = 0; at + size + 2 < head.size; at++) {
        const char *field = (const char *)head.at + at + 1;
        count += head.at[at] == '\n' && strncasecmp(field, name, size) == 0 && field[size] == ':';
    }
    return count;
}

FUZZ(http) {
    (void)arena;
    http_head_t head, again;
    unsigned status = http_head_check(input, &head);
    if (status != 200) return;
    bytes_t whole = {input.at, head.size};
    PROMISE(head.size <= input.size && memcmp(input.at + head.size - 4, "\r\n\r\n", 4) == 0, "a head of %u bytes", head.size);
    PROMISE(memchr(whole.at, '\0', whole.size) == NULL, "NUL in a head of %u bytes", head.size);
    PROMISE(named(whole, "content-length") <= 1 && named(whole, "host") <= 1, "repeated fields");
    PROMISE(named(whole, "transfer-encoding") == 0, "Transfer-Encoding");
    uint64_t most = head.upload ? LIMIT_EVIDENCE_FILE : LIMIT_HTTP_BODY;
    PROMISE(head.content_length <= most && !(head.upload && head.get), "%llu", (unsigned long long)head.content_length);
    PROMISE(http_head_check(whole, &again) == 200, "another verdict without the body");
    PROMISE(again.content_length == head.content_length, "another length without the body");
    for (uint32_t size = 0; size < head.size; size++)
        PROMISE(http_head_check((bytes_t){input.at, size}, &again) == 0, "refused after %u of %u bytes", size, head.size);
}
