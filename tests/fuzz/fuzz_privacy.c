/* Numbers of persons in free text: found wherever they stand between lines, and never in what has no digits. */
#include "services/vault/privacy.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static bool known(const char *code) {
    return code == NULL || strcmp(code, "id_number") == 0 || strcmp(code, "mobile_number") == 0;
}

static bool has_digits(bytes_t input) {
    uint32_t count = 0;
    for (uint32_t at = 0; at < input.size; at++) count += (input.at[at] >= '0' && input.at[at] <= '9') || input.at[at] >= 0x80;
    return count >= 11;
}

FUZZ(privacy) {
    const char *code = privacy_finding(fuzz_text(input));
    PROMISE(known(code), "an unknown code: %s", code);
    PROMISE(code == NULL || has_digits(input), "%s where there are no digits", code);
    text_t between = arena_format(arena, "甲：\n" TEXT_FORMAT "\n乙。", TEXT_ARGS(fuzz_text(input)));
    bool whole = memchr(input.at, '\0', input.size) == NULL; /* the format ends there */
    const char *again = whole ? privacy_finding(between) : code;
    PROMISE((code == NULL) == (again == NULL), "alone %s, between lines %s", code == NULL ? "none" : code,
            again == NULL ? "none" : again);
    report_t report = {.progress = fuzz_text(input)};
    reason_t reasons[4];
    uint32_t count = privacy_refusals(&report, reasons, 4, arena);
    PROMISE((count > 0) == (code != NULL), "a report of this text has %u findings", count);
}
