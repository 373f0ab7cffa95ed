/* The parts that sentences are made of: names, instants, tags; shared by alerting_text.c and alerting_say.c. */
#ifndef ALERTING_WORDS_H
#define ALERTING_WORDS_H

#include "services/plan/plan.h"

text_t said_unit(const planbook_t *book, text_t id); /* the id itself where the plan has no such unit; likewise below */
text_t said_task(const planbook_t *book, text_t id);
text_t said_indicator(const planbook_t *book, text_t id);
text_t said_due_zh(const plan_t *plan, uint64_t due_ms, arena_t *arena);
text_t said_due_en(const plan_t *plan, uint64_t due_ms, arena_t *arena);
text_t said_tag_zh(const warning_raised_t *warning, arena_t *arena); /* 【演练】【橙色预警】 */
text_t said_tag_en(const warning_raised_t *warning, arena_t *arena);
text_t said_amount(uint64_t value, const indicator_t *indicator, arena_t *arena);

/* The kinds that alerting_text.c hands on. */
void tell_pace(const planbook_t *book, const target_changed_t *target, int64_t now_ms, arena_t *arena, warning_raised_t *warning);
void tell_risk(const planbook_t *book, const target_changed_t *target, arena_t *arena, warning_raised_t *warning);

#endif
