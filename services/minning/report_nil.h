/* "Nothing changed" 无变化, said explicitly of every figure that a unit owes. */
#ifndef MINNING_REPORT_NIL_H
#define MINNING_REPORT_NIL_H

#include "services/plan/plan.h"

/* Fills figures and words; its id and what it replaces are the caller's. NULL, or what is wrong. */
const char *report_nil(const planbook_t *book, text_t unit, text_t task, text_t period, arena_t *arena, report_t *report);

#endif
