/* Credit codes, GB 32100: one character changed in a valid code is always seen. */
#include "services/2-validation/validation_rules.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

FUZZ(uscc) {
    static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    (void)arena;
    text_t code = fuzz_text(input);
    if (!uscc_is_valid(code)) return;
    PROMISE(code.size == 18, "a code of %u characters", code.size);
    char changed[18];
    for (size_t at = 0; at < sizeof changed; at++)
        for (const char *other = alphabet; *other != '\0'; other++) {
            memcpy(changed, code.at, sizeof changed);
            if (changed[at] == *other) continue;
            changed[at] = *other;
            PROMISE(!uscc_is_valid((text_t){changed, 18}), "%.18s and %.18s are both valid", code.at, changed);
        }
}
