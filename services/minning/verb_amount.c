/* `minning amount`: how a text is read, exactly, or why it is not; as money, or else as a count. */
#include "services/minning/cli.h"

#include "services/plan/amount.h"

typedef struct {
    measure_t measure; /* measure_none: neither */
    int64_t value;
    const char *why; /* if neither; English */
} reading_t;

/* `column`: the unit that a bare number has there, or NULL. A column of money takes no counts, and the reverse. */
static reading_t reading_of(text_t text, const char *column) {
    reading_t money = {.measure = measure_money}, count = {.measure = measure_count};
    money.why = amount_read(text, measure_money, column, &money.value);
    if (money.why == NULL) return money;
    count.why = amount_read(text, measure_count, column, &count.value);
    int64_t bare = 0;
    bool only_digits = column == NULL && amount_read(text, measure_money, "元", &bare) == NULL;
    if (count.why == NULL && !only_digits) return count; /* a number alone is neither */
    return (reading_t){.why = money.why};
}

static void json_reading(const char *text, const reading_t *reading, text_t exact, text_t shown) {
    json_t *json = json_object();
    json_object_set_new(json, "text", json_string(text));
    if (reading->measure == measure_none) {
        json_object_set_new(json, "zh", json_string(amount_reason_zh(reading->why)));
        json_object_set_new(json, "en", json_string(reading->why));
    } else {
        json_object_set_new(json, "measure", json_string(WORD_NAME(measure, reading->measure)));
        json_object_set_new(json, reading->measure == measure_money ? "fen" : "count", json_integer(reading->value));
        json_object_set_new(json, "exact", json_stringn(exact.at, exact.size));
        if (shown.size > 0) json_object_set_new(json, "shown", json_stringn(shown.at, shown.size));
    }
    cli_print_json(json);
}

static void print_reading(const cli_t *cli, const char *text, const reading_t *reading, text_t exact, text_t shown) {
    if (reading->measure == measure_none)
        printf("× %s  %s\n", text, cli_say(cli, amount_reason_zh(reading->why), reading->why));
    else if (reading->measure == measure_money)
        printf("● %s = " TEXT_FORMAT "  (" TEXT_FORMAT ", %lld fen)\n", text, TEXT_ARGS(exact), TEXT_ARGS(shown),
               (long long)reading->value);
    else
        printf("● %s = " TEXT_FORMAT "  (%s)\n", text, TEXT_ARGS(exact), cli_say(cli, "数量", "a count"));
}

int verb_amount(cli_t *cli) {
    int exit_code = EXIT_WELL;
    for (size_t index = 0; index < cli->arg_count; index++) {
        text_t text = text_of(cli->args[index]), shown = {0};
        reading_t reading = reading_of(text, cli_option(cli, OPTION_column));
        bool money = reading.measure == measure_money;
        text_t exact =
            money ? amount_exact(reading.value, cli->arena) : arena_format(cli->arena, "%lld", (long long)reading.value);
        if (money) shown = amount_show(reading.value, measure_money, text_of("元"), cli->arena);
        if (reading.measure == measure_none) exit_code = EX_DATAERR;
        if (cli->json)
            json_reading(cli->args[index], &reading, exact, shown);
        else
            print_reading(cli, cli->args[index], &reading, exact, shown);
    }
    return exit_code;
}
