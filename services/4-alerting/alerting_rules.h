/* When a rung sounds, who is told, and the id of a warning. Pure: values in, values out. */
#ifndef ALERTING_RULES_H
#define ALERTING_RULES_H

#include "services/plan/plan.h"

/* What was told of a subject in this episode. */
typedef struct {
    int64_t told_ms;     /* last; every rung up to here is done with; 0: never */
    level_t level;       /* the loudest so far */
    int64_t level_ms;    /* when that level was told first */
    int64_t since_ms;    /* rungs up to here were not missed: there was nobody to tell, or it rested */
} past_t;

enum { MISSED_SHOWN = 16, RUNG_NAME = 17 };

/* What happens next to a subject. */
typedef struct {
    bool sound;          /* now: tell it with the rung below */
    int64_t at_ms;       /* else: look again at this instant, later than now; 0: never again */
    int64_t rung_ms;     /* when the rung was to sound */
    char name[RUNG_NAME]; /* of the rung: "T-5" */
    level_t level;
    bool after;          /* after the deadline */
    uint32_t missed_count; /* rungs of earlier days that were not told and are past their use */
    char missed[MISSED_SHOWN][RUNG_NAME];
    text_t pressed_by; /* no rung at all: an officer presses for it; who */
    text_t why;        /* and what is written with it */
} rung_choice_t;

/* The rung that sounds at now_ms, or when to look again. Of several rungs that are due only the most severe that still holds
 * sounds (T-n no longer holds once the deadline is over, T+n not before); where they are equal, the latest. What is due outside
 * working hours, or after something was told that day, waits for the ladder's hour of the next working day. After the deadline a
 * louder level than the one that was told comes no sooner than escalate_days working days after it, for each step 蓝 → 橙 → 红;
 * the first telling of an episode is as loud as it has to be. After the last rung it repeats every repeat_days, or in growing
 * steps. */
rung_choice_t rung_choose(const plan_t *plan, const ladder_t *ladder, int64_t due_ms, const past_t *past, int64_t now_ms);
/* The n-th repeat comes so many days after the last rung; n from 1. 0: there is none. */
int64_t repeat_after_days(const ladder_t *ladder, uint32_t n);
/* The hour of the ladder, `days` working days after `day`. */
int64_t working_days_later(const plan_t *plan, const ladder_t *ladder, uint32_t day, uint64_t days);
/* The ladder's hour of the first working day that is still to come. */
int64_t next_office_hour(const plan_t *plan, const ladder_t *ladder, int64_t now_ms);

/* The ladder of a returned report: reminded after so many working days and on the day itself, then as any overdue report. Lives in
 * arena. */
ladder_t returned_ladder(const plan_t *plan, int64_t returned_ms, int64_t due_ms, arena_t *arena);

/* One who is told about a target, in the most specific role. */
typedef struct {
    text_t unit;
    addressee_t role;
} recipient_t;

/* Owing units as owners, the task's leads, the coordinator; each once, ascending by unit. Who is not there on the day that the
 * target is due owes nothing then and leads nobody. Lives in arena; *count is set. */
recipient_t *target_recipients(const planbook_t *book, const task_t *task, uint32_t due_day, const text_t *owing,
                               uint32_t owing_count, arena_t *arena, uint32_t *count);
/* Who hears of a late report beside its owner: from orange on the task's leads and the coordinator, at red the supervisor too (the
 * boss hears only if it stays late). At most LIMIT_ABOVE, ascending by unit, each once in the most specific role. */
recipient_t *report_above(const planbook_t *book, const task_t *task, text_t owner, level_t level, arena_t *arena, uint32_t *count);
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

/* First 16 bytes of SHA-256 over plan, kind, subject, recipient, due instant, rung, episode: fills warning->id. Of the pace
 * also over the instant of the look: an amendment may move a reporting day behind it, and then there is another. */
void warning_sign(text_t plan, int64_t rung_ms, warning_raised_t *warning);

#endif
