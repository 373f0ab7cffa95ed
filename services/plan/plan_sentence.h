/* Sentences with {1} and {2} filled in, cut at a whole character. Pure. */
#ifndef PLAN_PLAN_SENTENCE_H
#define PLAN_PLAN_SENTENCE_H

#include "proto/base.h"

/* Writes `sentence` into `out` (room bytes, NUL included), {1} and {2} replaced by a and b, each shown at most 120 bytes long.
 */
void sentence_fill(char *out, size_t room, const char *sentence, text_t a, text_t b);

#endif
