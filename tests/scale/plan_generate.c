/* A plan of any size, as the YAML a county would write: units in twelve groups, tasks that name groups, indicators of all
 * shapes. */
#include "tests/scale/scale.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { GROUPS = 12, LINE = 512 };

static void say(buffer_t *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(buffer_t *out, const char *format, ...) {
    char line[LINE];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    ASSERT(size > 0 && (size_t)size < sizeof line);
    buffer_add(out, line, (size_t)size);
}

static void say_frame(buffer_t *out, const size_of_plan_t *size) {
    say(out, "plan: large-2021\ntitle: 大计划（%u 个单位，%u 项任务）\n", size->units, size->tasks);
    say(out, "region: {code: 350100, name: 某市}\npartner: {code: 640400, name: 某市}\n");
    say(out, "from: 2021-01-01\nto: 2021-12-31\nutc_offset: +08:00\ncoordinator: u0\nsupervisor: u1\n");
    say(out, "deadlines: {roll: forward, grace_minutes: 0, cutoff: 24:00}\n");
    say(out, "reporting: {cycle: month, first: 2021-08, last: 2021-12, due: %u, confirm_until: 2022-02}\n",
        size->amendment > 0 ? 27U : 25U);
    say(out, "calendar:\n  holidays: [2021-10-01..2021-10-07]\n  workdays: [2021-09-26, 2021-10-09]\n");
    say(out, "pace_points: 5\nkeys: {receipt: unique, person: unique, contract: recur, uscc: recur}\n");
    say(out, "ladders:\n  working_hours: 08:30-17:30\n  escalate_days: 3\n");
    for (uint32_t ladder = 0; ladder < 2; ladder++)
        say(out, "  %s: {at: 09:00, rungs: {T-5: remind, T-0: remind, T+1: blue, T+7: orange, T+14: red}, repeat_days: 7}\n",
            ladder == 0 ? "report" : "target");
}

/* Units 0 and 1 coordinate; the others stand in one group each, in turn. */
static void say_units(buffer_t *out, const size_of_plan_t *size) {
    static const char *const kinds[] = {"body", "town", "street"};
    say(out, "units:\n");
    for (uint32_t unit = 0; unit < size->units; unit++)
        say(out, "  - {id: u%u, name: 单位%05u, kind: %s}\n", unit, unit, kinds[unit % 3]);
    if (size->amendment > 0) say(out, "  - {id: late, name: 新增单位, kind: town, from: 2021-10-01}\n");
    say(out, "groups:\n");
    for (uint32_t group = 0; group < GROUPS; group++) {
        say(out, "  - id: g%u\n    name: 第%u组\n    units: [u%u", group, group, group);
        for (uint32_t unit = group + GROUPS; unit < size->units; unit += GROUPS) say(out, ", u%u", unit);
        say(out, "]\n");
    }
}

static void say_members(buffer_t *out, const size_of_plan_t *size, uint32_t task) {
    bool open = false;
    say(out, "[");
    for (uint32_t place = 0; place < size->groups && place < GROUPS; place++) {
        uint32_t group = (task + place) % GROUPS;
        for (uint32_t unit = group; size->explicit_lists && unit < size->units; unit += GROUPS, open = true)
            say(out, "%su%u", open ? ", " : "", unit);
        if (!size->explicit_lists) say(out, "%sg%u", place > 0 ? ", " : "", group);
    }
    if (size->amendment > 0 && task == 0) say(out, ", late");
    say(out, "]");
}

static void say_indicator(buffer_t *out, const size_of_plan_t *size, uint32_t task, uint32_t index) {
    say(out,
        "      - id: i%u-%u\n        name: 指标%u-%u\n        measure: money\n        opening: true\n        required: true\n"
        "        items: optional\n        contributors: ",
        task, index, task, index);
    say_members(out, size, task);
    say(out, "\n        target: {shape: sum, at_least: %u万元}\n", size->amendment > 0 ? 20000U : 10000U);
}

static void say_tasks(buffer_t *out, const size_of_plan_t *size) {
    say(out, "tasks:\n");
    for (uint32_t task = 0; task < size->tasks; task++) {
        say(out, "  - id: t%u\n    number: \"%u\"\n    name: 任务%u\n    lead: [u%u]\n    responsible: ", task, task, task,
            task % GROUPS);
        say_members(out, size, task);
        say(out, "\n    from: 2021-08-01\n    due: 2021-12-31\n");
        if (size->indicators > 0) say(out, "    indicators:\n");
        for (uint32_t index = 0; index < size->indicators; index++) say_indicator(out, size, task, index);
    }
}

void plan_generate(const size_of_plan_t *size, buffer_t *out) {
    say_frame(out, size);
    say_units(out, size);
    say_tasks(out, size);
}

plan_t plan_generated(const size_of_plan_t *size, arena_t *arena) {
    buffer_t yaml = {0};
    plan_t plan;
    uint32_t count = 0;
    file_fault_t *faults = ARENA_NEW(arena, file_fault_t, PLAN_FAULTS);
    plan_generate(size, &yaml);
    err_t err = plan_read((text_t){(const char *)yaml.at, (uint32_t)yaml.size}, arena, &plan, faults, &count);
    buffer_destroy(&yaml);
    if (err == OK) return plan;
    for (uint32_t index = 0; index < count; index++)
        fprintf(stderr, "%u:%u: %s: %s\n", faults[index].line, faults[index].column, faults[index].path, faults[index].en);
    exit(1);
}
