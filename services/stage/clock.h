/* The only file that reads a clock. Rules never do: they see the stamps of entries. */
#ifndef STAGE_CLOCK_H
#define STAGE_CLOCK_H

#include <stdint.h>

int64_t clock_wall_ms(void);   /* ms since 1970 UTC */
int64_t clock_steady_ms(void); /* ms since boot, sleep included: never steps */
int64_t clock_steady_us(void); /* the same, finer */

#endif
