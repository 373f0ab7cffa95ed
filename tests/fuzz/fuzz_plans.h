/* The plan that the targets share: the one that ships, read once from its file. */
#ifndef FUZZ_PLANS_H
#define FUZZ_PLANS_H

#include "services/plan/plan.h"

/* Run from the top of the checkout. Lives until the process ends. */
const planbook_t *fuzz_book(void);

#endif
