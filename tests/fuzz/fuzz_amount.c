/* Amounts as people type them. What is read is shown exactly and read again as the same number. */
#include "services/plan/amount.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static const char *const bare_words[] = {NULL, "", "万元", "元", "名"};

static void shown_reads_back(int64_t value, measure_t measure, arena_t *arena) {
    int64_t again = -1;
    bool money = measure == measure_money;
    text_t exact = money ? amount_exact(value, arena) : arena_format(arena, "%lld", (long long)value);
    const char *why = amount_read(exact, measure, money ? NULL : "", &again);
    PROMISE(why == NULL && again == value, "%lld shows as " TEXT_FORMAT " and reads %lld (%s)", (long long)value,
            TEXT_ARGS(exact), (long long)again, why == NULL ? "well" : why);
    if (!money) return;
    text_t shown = amount_show(value, measure, text_of("元"), arena);
    bool rounded = value < 10000000000 ? value % 10000 != 0 : value % 1000000 != 0;
    why = amount_read(shown, measure, NULL, &again);
    PROMISE(why == NULL, "%lld shows as " TEXT_FORMAT ": %s", (long long)value, TEXT_ARGS(shown), why == NULL ? "" : why);
    if (!rounded)
        PROMISE(again == value, TEXT_FORMAT " reads %lld, not %lld", TEXT_ARGS(shown), (long long)again, (long long)value);
}

FUZZ(amount) {
    uint8_t choice = fuzz_byte(&input);
    measure_t measure = (measure_t)(measure_money + choice % 3);
    const char *bare = bare_words[(choice / 3) % (sizeof bare_words / sizeof bare_words[0])];
    static const int64_t untouched = -77;
    int64_t value = untouched;
    const char *why = amount_read(fuzz_text(input), measure, bare, &value);
    if (why != NULL) {
        PROMISE(value == untouched, "refused, and yet it says %lld", (long long)value);
        PROMISE(amount_reason_zh(why) != NULL && amount_reason_zh(why)[0] != '\0', "no Chinese for: %s", why);
        return;
    }
    PROMISE(value >= 0, "it reads %lld", (long long)value);
    if (value < INT64_MAX / 1000) shown_reads_back(value, measure, arena);
}
