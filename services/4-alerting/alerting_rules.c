/* The rules of reminding: ladders, circles of recipients, ids. */
#include "services/4-alerting/alerting_rules.h"

#include "proto/crypto.h"
#include "services/plan/calendar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_MINUTES = 1440, MINUTE_MS = 60000, LONGEST_REST_DAYS = 62, REPEAT_MARGIN_DAYS = 21 };

/* The hour of a ladder, kept inside working hours. */
static uint32_t ladder_minute(const plan_t *plan, const ladder_t *ladder) {
    uint64_t minute = ladder->at_minute;
    if (plan->day_ends <= plan->day_begins) return (uint32_t)minute;
    if (minute > plan->day_ends) minute = plan->day_ends;
    return (uint32_t)(minute < plan->day_begins ? plan->day_begins : minute);
}

/* May something be told at this instant: a working day, at or after the ladder's hour, before the office closes? */
static bool is_window(const plan_t *plan, const ladder_t *ladder, int64_t now_ms) {
    uint32_t minute = minute_of_instant(plan, now_ms);
    uint64_t ends = plan->day_ends > plan->day_begins ? plan->day_ends : DAY_MINUTES;
    return day_is_working(plan, day_of_instant(plan, now_ms)) && minute >= ladder_minute(plan, ladder) && minute <= ends;
}

int64_t next_office_hour(const plan_t *plan, const ladder_t *ladder, int64_t now_ms) {
    uint32_t hour = ladder_minute(plan, ladder);
    uint32_t day = day_of_instant(plan, now_ms);
    if (instant_of_day(plan, day, hour) <= now_ms) day = day_add(day, 1);
    for (int tries = 0; tries < LONGEST_REST_DAYS && !day_is_working(plan, day); tries++) day = day_add(day, 1);
    return instant_of_day(plan, day, hour);
}

int64_t working_days_later(const plan_t *plan, const ladder_t *ladder, uint32_t day, uint64_t days) {
    for (uint64_t left = days; left > 0;) {
        int rest = 0;
        do day = day_add(day, 1);
        while (rest++ < LONGEST_REST_DAYS && !day_is_working(plan, day));
        left--;
    }
    return instant_of_day(plan, day, ladder_minute(plan, ladder));
}

int64_t repeat_after_days(const ladder_t *ladder, uint32_t n) {
    int64_t every = (int64_t)ladder->repeat_days, most = (int64_t)ladder->repeat_most, count = (int64_t)n;
    if (every == 0 || n == 0) return 0;
    if (most <= every) return every * count;
    int64_t growing = most / every; /* so many steps are each longer than the one before */
    if (count <= growing) return every * count * (count + 1) / 2;
    return every * growing * (growing + 1) / 2 + most * (count - growing);
}

/* A search among rungs: the best one that is due, and the first that is to come. */
typedef struct {
    const plan_t *plan;
    const ladder_t *ladder;
    const past_t *past;
    uint32_t due_day;
    int64_t over_ms;       /* from here on the deadline is over, grace included */
    int64_t now_ms;
    int64_t best_ms;       /* 0: none is due */
    int64_t coming_ms;     /* 0: none is to come */
    rung_choice_t choice;
} search_t;

static void name_copy(char name[RUNG_NAME], text_t from) {
    memset(name, 0, RUNG_NAME);
    memcpy(name, from.at, from.size < RUNG_NAME ? from.size : RUNG_NAME - 1);
}

/* When a rung may sound: not within the grace, and not sooner after a quieter level than the plan leaves to answer it. */
static int64_t rung_may_sound(const search_t *search, const rung_t *rung) {
    const past_t *past = search->past;
    int64_t at_ms = rung_instant(search->plan, search->ladder, rung, search->due_day);
    if (rung->after && at_ms < search->over_ms) at_ms = search->over_ms; /* within the grace nobody is late */
    if (!rung->after || past->level < level_blue || rung->level <= past->level) return at_ms;
    uint64_t days = search->plan->escalate_days * (uint64_t)(rung->level - past->level);
    int64_t answered_ms =
        working_days_later(search->plan, search->ladder, day_of_instant(search->plan, past->level_ms), days);
    return at_ms < answered_ms ? answered_ms : at_ms;
}

/* It was to sound on an earlier day, and nothing of the kind was told since. */
static void note_missed(search_t *search, const rung_t *rung, int64_t at_ms) {
    rung_choice_t *choice = &search->choice;
    bool earlier = day_of_instant(search->plan, at_ms) < day_of_instant(search->plan, search->now_ms);
    if (!earlier || at_ms <= search->past->since_ms || choice->missed_count == MISSED_SHOWN) return;
    name_copy(choice->missed[choice->missed_count++], rung->name);
}

static void consider(search_t *search, const rung_t *rung) {
    int64_t at_ms = rung_may_sound(search, rung);
    if (at_ms <= search->past->told_ms) return;
    if (at_ms > search->now_ms) {
        if (search->coming_ms == 0 || at_ms < search->coming_ms) search->coming_ms = at_ms;
        return;
    }
    note_missed(search, rung, at_ms);
    if (rung->after != (search->now_ms >= search->over_ms)) return;
    bool better = search->best_ms == 0 || rung->level > search->choice.level ||
                  (rung->level == search->choice.level && at_ms >= search->best_ms);
    if (!better) return;
    search->best_ms = at_ms;
    search->choice.level = rung->level;
    search->choice.after = rung->after;
    name_copy(search->choice.name, rung->name);
}

/* Behind the last rung: T+21, T+28, … Only those around now, and the first that is to come, can matter. */
static void consider_repeats(search_t *search) {
    const rung_t *last = &search->ladder->rungs[search->ladder->rungs_count - 1];
    if (search->ladder->repeat_days == 0 || !last->after) return;
    int64_t late_days = day_between(search->due_day, day_of_instant(search->plan, search->now_ms));
    int64_t days = 0;
    for (uint32_t turn = 1; days <= late_days + REPEAT_MARGIN_DAYS; turn++) {
        days = (int64_t)last->days + repeat_after_days(search->ladder, turn);
        if (days < late_days - REPEAT_MARGIN_DAYS - (int64_t)search->ladder->repeat_most) continue;
        char name[RUNG_NAME];
        snprintf(name, sizeof name, "T+%u", (uint32_t)days);
        rung_t rung = {.name = text_of(name), .after = true, .days = (uint64_t)days, .level = last->level};
        consider(search, &rung);
    }
}

/* The rung that sounds was not missed. */
static void forget_chosen(rung_choice_t *choice) {
    uint32_t kept = 0;
    for (uint32_t index = 0; index < choice->missed_count; index++) {
        if (choice->sound && strcmp(choice->missed[index], choice->name) == 0) continue;
        if (kept != index) memcpy(choice->missed[kept], choice->missed[index], RUNG_NAME);
        kept++;
    }
    choice->missed_count = kept;
}

rung_choice_t rung_choose(const plan_t *plan, const ladder_t *ladder, int64_t due_ms, const past_t *past, int64_t now_ms) {
    search_t search = {.plan = plan, .ladder = ladder, .past = past, .now_ms = now_ms};
    if (ladder->rungs_count == 0) return search.choice;
    search.due_day = day_of_instant(plan, due_ms);
    search.over_ms = due_ms + (int64_t)plan->grace_minutes * MINUTE_MS + 1;
    for (uint32_t index = 0; index < ladder->rungs_count; index++) consider(&search, &ladder->rungs[index]);
    consider_repeats(&search);
    if (search.best_ms == 0) {
        search.choice.at_ms = search.coming_ms;
        return search.choice;
    }
    bool told_today = past->told_ms > 0 && day_of_instant(plan, past->told_ms) == day_of_instant(plan, now_ms);
    search.choice.rung_ms = search.best_ms;
    search.choice.sound = is_window(plan, ladder, now_ms) && !told_today; /* one day, one rung */
    search.choice.at_ms = search.choice.sound ? now_ms : next_office_hour(plan, ladder, now_ms);
    forget_chosen(&search.choice);
    return search.choice;
}

ladder_t returned_ladder(const plan_t *plan, int64_t returned_ms, int64_t due_ms, arena_t *arena) {
    const ladder_t *usual = &plan->report_ladder;
    rung_t *rungs = ARENA_NEW(arena, rung_t, usual->rungs_count + 2);
    ladder_t ladder = {.rungs = rungs, .repeat_days = usual->repeat_days, .at_minute = usual->at_minute};
    int64_t days = day_between(return_remind_day(plan, returned_ms), day_of_instant(plan, due_ms));
    if (days > 0)
        rungs[ladder.rungs_count++] = (rung_t){
            .name = arena_format(arena, "T-%u", (uint32_t)days), .days = (uint64_t)days, .level = level_remind};
    rungs[ladder.rungs_count++] = (rung_t){.name = text_of("T-0"), .level = level_remind};
    for (uint32_t index = 0; index < usual->rungs_count; index++)
        if (usual->rungs[index].after) rungs[ladder.rungs_count++] = usual->rungs[index];
    return ladder;
}

static int recipient_order(const void *left, const void *right) {
    const recipient_t *a = left, *b = right;
    int order = text_compare(a->unit, b->unit);
    return order != 0 ? order : (int)a->role - (int)b->role; /* owner before lead before coordinator */
}

static bool is_there(const planbook_t *book, text_t id, uint32_t day) {
    const unit_t *unit = planbook_unit(book, id);
    return unit == NULL || unit_is_there(unit, day);
}

recipient_t *target_recipients(const planbook_t *book, const task_t *task, uint32_t due_day, const text_t *owing,
                               uint32_t owing_count, arena_t *arena, uint32_t *count) {
    recipient_t *all = ARENA_NEW(arena, recipient_t, owing_count + task->lead_count + 1);
    uint32_t used = 0;
    for (uint32_t index = 0; index < owing_count; index++)
        if (is_there(book, owing[index], due_day)) all[used++] = (recipient_t){owing[index], addressee_owner};
    for (uint32_t index = 0; index < task->lead_count; index++)
        if (is_there(book, task->lead[index], due_day)) all[used++] = (recipient_t){task->lead[index], addressee_lead};
    all[used++] = (recipient_t){planbook_plan(book)->coordinator, addressee_coordinator};
    qsort(all, used, sizeof all[0], recipient_order);
    *count = 0;
    for (uint32_t index = 0; index < used; index++)
        if (*count == 0 || !text_equal(all[*count - 1].unit, all[index].unit)) all[(*count)++] = all[index];
    return all;
}

recipient_t *report_above(const planbook_t *book, const task_t *task, text_t owner, level_t level, arena_t *arena,
                          uint32_t *count) {
    const plan_t *plan = planbook_plan(book);
    recipient_t *all = ARENA_NEW(arena, recipient_t, LIMIT_ABOVE);
    uint32_t used = 0;
    *count = 0;
    if (level < level_orange) return all;
    for (uint32_t index = 0; task != NULL && index < task->lead_count && used < LIMIT_ABOVE - 2; index++)
        all[used++] = (recipient_t){task->lead[index], addressee_lead};
    all[used++] = (recipient_t){plan->coordinator, addressee_coordinator};
    if (level >= level_red && plan->supervisor.size > 0) all[used++] = (recipient_t){plan->supervisor, addressee_supervisor};
    qsort(all, used, sizeof all[0], recipient_order);
    for (uint32_t index = 0; index < used; index++) {
        bool same = *count > 0 && text_equal(all[*count - 1].unit, all[index].unit);
        if (!same && !text_equal(all[index].unit, owner)) all[(*count)++] = all[index];
    }
    return all;
}

static int recipient_match(const void *unit, const void *recipient) {
    return text_compare(*(const text_t *)unit, ((const recipient_t *)recipient)->unit);
}

const recipient_t *recipient_find(const recipient_t *recipients, uint32_t count, text_t unit) {
    return count == 0 ? NULL : bsearch(&unit, recipients, count, sizeof recipients[0], recipient_match);
}

static int text_order(const void *left, const void *right) {
    return text_compare(*(const text_t *)left, *(const text_t *)right);
}

text_t *indicator_contributors(const indicator_t *indicator, arena_t *arena, uint32_t *count) {
    size_t room = indicator->contributors_count;
    for (uint32_t index = 0; index < indicator->members_count; index++) room += indicator->members[index].contributors_count;
    text_t *all = ARENA_NEW(arena, text_t, room + 1);
    uint32_t used = 0;
    for (uint32_t index = 0; index < indicator->contributors_count; index++) all[used++] = indicator->contributors[index];
    for (uint32_t index = 0; index < indicator->members_count; index++) {
        const member_t *member = &indicator->members[index];
        for (uint32_t each = 0; each < member->contributors_count; each++) all[used++] = member->contributors[each];
    }
    qsort(all, used, sizeof all[0], text_order);
    *count = 0;
    for (uint32_t index = 0; index < used; index++)
        if (*count == 0 || !text_equal(all[*count - 1], all[index])) all[(*count)++] = all[index];
    return all;
}

bool report_is_owed(standing_t standing) {
    switch (standing) {
    case standing_not_due:
    case standing_due:
    case standing_overdue:
    case standing_returned: return true;
    case standing_none:
    case standing_reported:
    case standing_approved:
    case standing_lifted: return false;
    }
    return false;
}

target_call_t target_call(const target_changed_t *target) {
    if (target->stretch || target->goal == 0 || target->due_ms == 0) return TARGET_SILENT;
    switch (target->reach) {
    case reach_not_yet:
    case reach_past_due_unknown: return TARGET_OPEN;
    case reach_not_met: return TARGET_STOPPED;
    case reach_none:
    case reach_met:
    case reach_met_after_due: return TARGET_SILENT;
    }
    return TARGET_SILENT;
}

static void add_text(buffer_t *out, text_t text) {
    buffer_add(out, text.at == NULL ? "" : text.at, text.size);
    buffer_add(out, "", 1); /* a slug holds no 0 byte: no two lists of texts give the same bytes */
}

static void add_number(buffer_t *out, uint64_t number) {
    for (int shift = 56; shift >= 0; shift -= 8) {
        uint8_t byte = (uint8_t)(number >> shift);
        buffer_add(out, &byte, 1);
    }
}

void warning_sign(text_t plan, int64_t rung_ms, warning_raised_t *warning) {
    bool of_report = warning->period.size > 0;
    text_t subject = !of_report ? text_of("") : warning->owner.size > 0 ? warning->owner : warning->unit;
    buffer_t bytes = {0};
    add_text(&bytes, plan);
    add_number(&bytes, warning->kind);
    add_text(&bytes, warning->task);
    add_text(&bytes, warning->period);
    add_text(&bytes, warning->indicator);
    add_text(&bytes, subject);
    add_text(&bytes, warning->unit);
    add_number(&bytes, warning->due_ms);
    add_text(&bytes, warning->rung);
    add_number(&bytes, warning->episode);
    if (warning->kind == warning_kind_pace_slow) add_number(&bytes, (uint64_t)rung_ms);
    if (warning->kind == warning_kind_claim_contested) {
        add_number(&bytes, warning->claim.key_kind);
        add_text(&bytes, warning->claim.key);
        buffer_add(&bytes, warning->claim.person, sizeof warning->claim.person);
    }
    uint8_t hash[HASH_SIZE];
    hash_of((bytes_t){bytes.at, (uint32_t)bytes.size}, hash);
    memcpy(warning->id, hash, sizeof warning->id);
    buffer_destroy(&bytes);
}
