/* The number of a receipt or a contract as it is compared: one number, however it was typed. Pure. */
#ifndef PLAN_KEY_FOLD_H
#define PLAN_KEY_FOLD_H

#include "proto/base.h"

/* Without blanks, in half width, in capitals; every kind of bracket is ( or ), every dash is -. All other characters stay as they
 * are; nothing goes by a locale. Never longer than `typed`, empty if nothing but blanks was typed; a view of it where it is folded
 * already. `typed` is UTF-8. */
text_t key_folded(text_t typed, arena_t *arena);

#endif
