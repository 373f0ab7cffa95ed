/* The benchmark's plan: every unit owes a sum of money for every task in every month of 2021. */
#include <stdarg.h>
#include <string.h>

#include "tests/bench/home.h"

static void add_line(buffer_t *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add_line(buffer_t *out, const char *format, ...) {
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    buffer_add(out, line, (size_t)size);
    buffer_add(out, "\n", 1);
}

static void add_tasks(buffer_t *out) {
    add_line(out, "tasks:");
    for (uint32_t task = 1; task <= TASKS; task++) {
        add_line(out, "  - id: t%03u\n    number: \"%u\"\n    name: 任务%03u\n    lead: [u001]\n    responsible: [all]", task,
                 task, task);
        add_line(out, "    from: 2021-01-01\n    due: 2021-12-31\n    indicators:");
        add_line(out,
                 "      - {id: sum%03u, name: 金额%03u, measure: money, contributors: [all], items: optional, required: true,",
                 task, task);
        add_line(out, "         target: {shape: sum, at_least: 3000万元}}");
    }
}

text_t plan_text(arena_t *arena) {
    buffer_t out = {0};
    add_line(&out,
             "plan: bench-2021\ntitle: 测量用计划\nfrom: 2021-01-01\nto: 2021-12-31\nutc_offset: +08:00\ncoordinator: u001");
    add_line(&out, "deadlines: {roll: none, grace_minutes: 0, cutoff: 24:00}");
    add_line(&out, "reporting: {cycle: month, first: 2021-01, last: 2021-12, due: 25}");
    add_line(&out, "calendar: {holidays: [2021-10-01..2021-10-07], workdays: [2021-10-09]}\nunits:");
    for (uint32_t unit = 1; unit <= UNITS; unit++) add_line(&out, "  - {id: u%03u, name: 单位%03u, kind: body}", unit, unit);
    add_line(&out, "groups:\n  - id: all\n    name: 各单位\n    units:");
    for (uint32_t unit = 1; unit <= UNITS; unit++) add_line(&out, "      - u%03u", unit);
    add_tasks(&out);
    add_line(&out, "ladders:\n  working_hours: 08:30-17:30\n  escalate_days: 3");
    add_line(&out, "  report: {at: 09:00, rungs: {T-1: remind, T+1: blue}, repeat_days: 7}");
    add_line(&out, "  target: {at: 09:00, rungs: {T-7: remind, T+1: orange}}");
    add_line(&out, "pace_points: 5\nkeys: {receipt: unique, contract: recur}");
    text_t text = arena_text(arena, (text_t){(const char *)out.at, (uint32_t)out.size});
    buffer_destroy(&out);
    return text;
}
