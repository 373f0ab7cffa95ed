/* Amounts as people type them, exact to the fen or refused. Pure. */
#ifndef PLAN_AMOUNT_H
#define PLAN_AMOUNT_H

#include "proto/proto.h"

/* Reads "3000万元", "0.3亿", "12,345.67元", full-width digits → fen (measure_money) or a whole number (count, people: "300名").
 * NULL and *value set, or the English reason why not: words like 约, a bare number where `bare_word` is NULL, more than fen,
 * overflow. bare_word: the unit a bare number has in that column ("万元"), or NULL: a bare money amount is refused. */
const char *amount_read(text_t text, measure_t measure, const char *bare_word, int64_t *value);
/* The same reason in Chinese. */
const char *amount_reason_zh(const char *reason);
/* Is it that the amount is negative? */
bool amount_reason_negative(const char *reason);
/* 万元 with two decimals up to 1亿, 亿元 with four above; counts with their unit word. Rounded half up, for people only. */
text_t amount_show(int64_t value, measure_t measure, text_t unit_word, arena_t *arena);
/* The exact figure: 12345.67元. */
text_t amount_exact(int64_t fen, arena_t *arena);

#endif
