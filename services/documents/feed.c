/* The only file that knows libical. */
#include "services/documents/feed.h"

#include "services/plan/calendar.h"

#include <libical/ical.h>
#include <string.h>

static struct icaltimetype date_of(uint32_t day) {
    struct icaltimetype date = icaltime_null_date();
    date.year = (int)(day / 10000);
    date.month = (int)(day / 100 % 100);
    date.day = (int)(day % 100);
    return date;
}

/* DTSTAMP is demanded; it is the ledger's instant, no clock's. */
static struct icaltimetype stamp_of(const edition_t *edition) {
    struct icaltimetype stamp = icaltime_null_time();
    int64_t seconds = (int64_t)edition->now_ms / 1000;
    uint32_t day = day_of_number(seconds / 86400), second = (uint32_t)(seconds % 86400);
    stamp = date_of(day);
    stamp.is_date = 0;
    stamp.hour = (int)(second / 3600);
    stamp.minute = (int)(second / 60 % 60);
    stamp.second = (int)(second % 60);
    stamp.zone = icaltimezone_get_utc_timezone();
    return stamp;
}

typedef struct {
    text_t uid;
    text_t summary;
    text_t detail;
    int64_t due_ms;
} deadline_event_t;

static void event_add(icalcomponent *calendar, const edition_t *edition, const deadline_event_t *event) {
    uint32_t day = wording_day_of(edition, event->due_ms);
    icalcomponent *component = icalcomponent_new_vevent();
    icalcomponent_add_property(component, icalproperty_new_uid(event->uid.at));
    icalcomponent_add_property(component, icalproperty_new_dtstamp(stamp_of(edition)));
    icalcomponent_add_property(component, icalproperty_new_dtstart(date_of(day)));
    icalcomponent_add_property(component, icalproperty_new_dtend(date_of(day_add(day, 1)))); /* exclusive */
    icalcomponent_add_property(component, icalproperty_new_summary(event->summary.at));
    icalcomponent_add_property(component, icalproperty_new_description(event->detail.at));
    icalcomponent_add_property(component, icalproperty_new_transp(ICAL_TRANSP_TRANSPARENT));
    icalcomponent_add_component(calendar, component);
}

/* Several tasks of one unit fall due together: one event, its tasks in the description. Rows come by period. */
static void add_reports(icalcomponent *calendar, const edition_t *edition, text_t unit, arena_t *arena) {
    text_t tasks[LIMIT_TASKS];
    for (uint32_t index = 0; index < edition->rows_count;) {
        uint32_t count = 0, at = index;
        const edition_row_t *first = &edition->rows[index];
        for (; at < edition->rows_count && text_equal(edition->rows[at].period, first->period); at++) {
            const edition_row_t *row = &edition->rows[at];
            const edition_task_t *task = edition_task_of(edition, row->task);
            bool again = count > 0 && task != NULL && text_equal(tasks[count - 1], task->name);
            if (task == NULL || again || count == LIMIT_TASKS || row->standing == standing_lifted) continue;
            if (unit.size > 0 && !text_equal(row->unit, unit)) continue;
            tasks[count++] = task->name;
            if (count == 1) first = row;
        }
        text_t names = wording_join(tasks, count, "、", arena), due = wording_deadline(edition, (int64_t)first->due_ms, arena);
        text_t who = unit.size > 0 ? unit : text_of("all");
        deadline_event_t event = {
            .uid = arena_format(arena, TEXT_FORMAT "." TEXT_FORMAT ".report." TEXT_FORMAT "@minning", TEXT_ARGS(edition->plan),
                                TEXT_ARGS(who), TEXT_ARGS(first->period)),
            .summary = arena_format(arena, "报送截止：" TEXT_FORMAT "（%u项任务）", TEXT_ARGS(first->period), count),
            .detail = arena_format(arena, TEXT_FORMAT "前报送，含当时。任务：" TEXT_FORMAT, TEXT_ARGS(due), TEXT_ARGS(names)),
            .due_ms = (int64_t)first->due_ms};
        if (count > 0) event_add(calendar, edition, &event);
        index = at;
    }
}

static bool concerns(const edition_t *edition, const edition_target_t *target, text_t unit) {
    const edition_task_t *task = edition_task_of(edition, target->task);
    if (unit.size == 0 || (task != NULL && text_find(task->lead, task->lead_count, unit))) return true;
    for (uint32_t index = 0; index < target->shares_count; index++)
        if (text_equal(target->shares[index].unit, unit)) return true;
    return false;
}

static void add_targets(icalcomponent *calendar, const edition_t *edition, text_t unit, arena_t *arena) {
    for (uint32_t index = 0; index < edition->targets_count; index++) {
        const edition_target_t *target = &edition->targets[index];
        if (target->goal == 0 || target->due_ms == 0 || !concerns(edition, target, unit)) continue;
        text_t goal = wording_amount(target, target->goal, arena),
               due = wording_deadline(edition, (int64_t)target->due_ms, arena);
        deadline_event_t event = {.uid = arena_format(arena, TEXT_FORMAT ".target." TEXT_FORMAT "@minning",
                                                      TEXT_ARGS(edition->plan), TEXT_ARGS(target->indicator)),
                                  .summary =
                                      arena_format(arena, "任务时限：" TEXT_FORMAT "（目标" TEXT_FORMAT "%s）",
                                                   TEXT_ARGS(target->name), TEXT_ARGS(goal), target->stretch ? "，争取" : ""),
                                  .detail = arena_format(arena, TEXT_FORMAT "前完成，以事实发生之日为准。", TEXT_ARGS(due)),
                                  .due_ms = (int64_t)target->due_ms};
        event_add(calendar, edition, &event);
    }
}

void feed_calendar(const edition_t *edition, text_t unit, arena_t *arena, buffer_t *out) {
    text_t who = unit.size > 0 ? edition_unit_name(edition, unit) : text_of("全部单位");
    text_t name = arena_format(arena, TEXT_FORMAT "（" TEXT_FORMAT "）", TEXT_ARGS(edition->title), TEXT_ARGS(who));
    icalcomponent *calendar = icalcomponent_new(ICAL_VCALENDAR_COMPONENT);
    icalcomponent_add_property(calendar, icalproperty_new_version("2.0"));
    icalcomponent_add_property(calendar, icalproperty_new_prodid("-//minning//deadlines//ZH"));
    icalcomponent_add_property(calendar, icalproperty_new_calscale("GREGORIAN"));
    icalcomponent_add_property(calendar, icalproperty_new_method(ICAL_METHOD_PUBLISH));
    icalproperty *title = icalproperty_new_x(name.at);
    icalproperty_set_x_name(title, "X-WR-CALNAME");
    icalcomponent_add_property(calendar, title);
    add_reports(calendar, edition, unit, arena);
    add_targets(calendar, edition, unit, arena);
    char *text = icalcomponent_as_ical_string_r(calendar);
    ASSERT(text != NULL);
    buffer_add(out, text, strlen(text));
    icalmemory_free_buffer(text);
    icalcomponent_free(calendar);
}
