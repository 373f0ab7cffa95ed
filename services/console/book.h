/* The plan as the home keeps it, for the loop and for the press, each with a copy of its own. */
#ifndef CONSOLE_BOOK_H
#define CONSOLE_BOOK_H

#include "services/plan/plan.h"

/* A new copy if the file is another than at *stamp (0: never read), which it updates. NULL: it is the same, or unreadable, which is
 * logged. The caller destroys it. */
planbook_t *book_read(int64_t *stamp);

#endif
