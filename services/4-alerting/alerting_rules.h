/* When a rung sounds, who is told, and the id of a warning. Pure: values in, values out. */
#ifndef ALERTING_RULES_H
#define ALERTING_RULES_H

#include "services/plan/plan.h"

/* What happens next to a subject that was told last at told_ms (0: never). */
typedef struct {
    bool sound;          /* now: tell it with the rung below */
    int64_t at_ms;       /* else: look again at this instant, later than now; 0: never again */
    char name[17];       /* of the rung: "T-5" */
    level_t level;
    bool after;          /* after the deadline */
} rung_choice_t;

/* The rung that sounds at now_ms, or when to look again. Of several rungs that are due only the most severe that still holds
 * sounds (T-n no longer holds once the deadline is over, T+n not before); where they are equal, the latest. What is due outside
 * working hours waits for the ladder's hour of the next working day. After the last rung it repeats every repeat_days. */
rung_choice_t rung_choose(const plan_t *plan, const ladder_t *ladder, int64_t due_ms, int64_t told_ms, int64_t now_ms);

/* One who is told about a target, in the most specific role. */
typedef struct {
    text_t unit;
    addressee_t role;
} recipient_t;

/* Owing units as owners, the task's leads, the coordinator; each once, ascending by unit. Lives in arena; *count is set. */
recipient_t *target_recipients(const planbook_t *book, const task_t *task, const text_t *owing, uint32_t owing_count,
                               arena_t *arena, uint32_t *count);
const recipient_t *recipient_find(const recipient_t *recipients, uint32_t count, text_t unit);
/* Everybody whose figure counts for the indicator, by itself or by one of its members; each once. */
text_t *indicator_contributors(const indicator_t *indicator, arena_t *arena, uint32_t *count);

/* Is a report still owed in this standing? */
bool report_is_owed(standing_t standing);
/* What a target's verdict asks of us. */
typedef enum { TARGET_SILENT, TARGET_OPEN, TARGET_STOPPED } target_call_t;
/* OPEN: climb the ladder. SILENT: withdraw what stands (met, stretch, without goal). STOPPED: not met at the close; what was
 * told stays told, and nothing more is said. */
target_call_t target_call(const target_changed_t *target);

/* First 16 bytes of BLAKE2b over plan, kind, subject, recipient, due instant, rung, episode: fills warning->id. */
void warning_sign(text_t plan, warning_raised_t *warning);

#endif
