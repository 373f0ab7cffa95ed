/* The sentences of warnings, in Chinese and English. Pure. */
#ifndef ALERTING_TEXT_H
#define ALERTING_TEXT_H

#include "services/4-alerting/alerting.h"

/* Fills warning->zh and ->en from its other fields, told at now_ms. `target`: the verdict for kinds about a target, or NULL. */
void warning_tell(const planbook_t *book, const target_changed_t *target, int64_t now_ms, arena_t *arena,
                  warning_raised_t *warning);
/* The withdrawal of `told`, complete; `moved`: because its deadline moved or it is no longer this unit's, not as done. */
warning_resolved_t withdrawal_of(const planbook_t *book, const warning_raised_t *told, bool moved, arena_t *arena);
/* Sentences of what was not told, of an answer, and of a recipient's whole message; each fills ->zh and ->en. */
void withheld_tell(const planbook_t *book, arena_t *arena, warning_withheld_t *withheld);
void acknowledged_tell(const planbook_t *book, arena_t *arena, warning_acknowledged_t *acknowledged);
void bundle_tell(const planbook_t *book, const alerting_round_t *row, arena_t *arena, bundle_told_t *bundle);

#endif
