/* A message as mail (RFC 5322): subject and plain text in UTF-8, a Message-ID that repeats carry again. Pure. */
#ifndef NOTIFIER_MAIL_H
#define NOTIFIER_MAIL_H

#include "services/notifier/letter.h"

/* Lines end with CR LF. `channel` is the one it would have taken, for a file in the sink. */
text_t mail_of(const route_t *route, const letter_t *letter, arena_t *arena);
text_t mail_word(text_t text, arena_t *arena);                                /* RFC 2047, folded */
text_t mail_date(int64_t wall_ms, uint64_t offset_minutes, arena_t *arena);   /* Sat, 25 Sep 2021 09:00:00 +0800 */

#endif
