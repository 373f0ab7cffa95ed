/* The score 考核计分 of a unit by the rules in the plan: every line with the numbers it was made of, so that anybody can do the
 * sum again. Pure. */
#ifndef DOCUMENTS_SCORE_H
#define DOCUMENTS_SCORE_H

#include "services/documents/documents.h"

/* One rule applied. Points are hundredths. A share gains points × part ÷ whole, half rounded up; a case costs points, up to the
 * rule's limit. What has nothing to count (whole 0) does not apply, and its full marks count for nobody. */
typedef struct {
    const score_rule_t *rule;
    bool applies;
    bool costs;
    uint64_t part;
    uint64_t whole; /* 0 for what costs */
    int64_t points; /* gained, or lost as a negative number */
    text_t sum;     /* "40 × 9 ÷ 10 = 36.00" */
    text_t why;     /* what was counted: reports, targets */
} score_line_t;

/* total = 100 × gained ÷ possible (half rounded up) − lost, at least 0. */
typedef struct {
    text_t unit;
    score_line_t lines[LIMIT_SCORE_RULES];
    uint32_t count;
    int64_t gained;
    int64_t possible;
    int64_t lost;
    int64_t total;
    bool scored; /* something applied */
} score_t;
/* From an edition of the whole year. */
score_t score_of(const edition_t *edition, text_t unit, arena_t *arena);
text_t score_points(int64_t hundredths, arena_t *arena); /* 36.00, -0.50 */
text_t score_sum(const score_t *score, arena_t *arena);  /* "100 × 96.00 ÷ 100.00 − 0.50 = 95.50" */

#endif
