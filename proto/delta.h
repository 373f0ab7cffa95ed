/* Bytes told by what differs from bytes before them. Pure. */
#ifndef PROTO_DELTA_H
#define PROTO_DELTA_H

#include "proto/base.h"

/* Pieces, one behind the other: how many bytes of those before are kept, how many others follow, and these, which stand in the
 * place of as many; or, where they do not, of a number that is told too. What lies behind the last piece is kept. Numbers have
 * seven bits a byte, the low ones first, the top bit saying that more follow. */

/* Appends the pieces that make `now` of `before`; none where they are equal. */
void delta_tell(bytes_t before, bytes_t now, buffer_t *out);

/* Puts the pieces into a copy of `before` that lives in the arena: *now. NULL, or the code of what is wrong: `malformed`, they do
 * not fit; `too_long`, it would be more than `most` bytes. They may be anything. */
const char *delta_put(bytes_t before, bytes_t pieces, uint32_t most, arena_t *arena, bytes_t *now);

#endif
