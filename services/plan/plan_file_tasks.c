/* Units, groups and tasks of a plan file. A unit may be named by its id or its name, a group wherever a list of units stands.
 */
#include <stdlib.h>
#include <string.h>

#include "services/plan/plan_file_read.h"

static const text_t nothing;

static const spec_t unit_specs[] = {
    {.key = "id", .required = true, .read = file_read_slug, .offset = offsetof(unit_t, id), .low = 1},
    {.key = "name", .required = true, .read = file_read_text, .offset = offsetof(unit_t, name), .low = 1, .high = LIMIT_NAME},
    {.key = "kind", .required = true, .read = file_read_word, .offset = offsetof(unit_t, kind), .words = unit_kind_words},
    {.key = "from", .read = file_read_day, .offset = offsetof(unit_t, from)},
    {.key = "to", .read = file_read_day, .offset = offsetof(unit_t, to)},
    {.key = "approval", .read = file_read_word, .offset = offsetof(unit_t, approval), .words = approval_words},
};

static int id_order(const void *a, const void *b) {
    return text_compare((*(const unit_t *const *)a)->id, (*(const unit_t *const *)b)->id);
}

static int name_order(const void *a, const void *b) {
    return text_compare((*(const unit_t *const *)a)->name, (*(const unit_t *const *)b)->name);
}

static int id_compare(const void *wanted, const void *unit) {
    return text_compare(*(const text_t *)wanted, (*(const unit_t *const *)unit)->id);
}

static int name_compare(const void *wanted, const void *unit) {
    return text_compare(*(const text_t *)wanted, (*(const unit_t *const *)unit)->name);
}

static void units_index(reader_t *self) {
    uint32_t count = self->plan->units_count;
    self->by_id = ARENA_NEW(self->arena, const unit_t *, count + 1);
    self->by_name = ARENA_NEW(self->arena, const unit_t *, count + 1);
    for (uint32_t index = 0; index < count; index++) self->by_id[index] = self->by_name[index] = &self->units[index];
    qsort(self->by_id, count, sizeof *self->by_id, id_order);
    qsort(self->by_name, count, sizeof *self->by_name, name_order);
}

void file_read_units(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out) {
    (void)spec;
    plan_t *plan = out;
    if (!file_list_expect(self, node, place, LIMIT_UNITS)) return;
    self->units = ARENA_NEW(self->arena, unit_t, node->count + 1);
    for (uint32_t index = 0; index < node->count; index++) {
        place_t here = {place, NULL, NULL, index};
        file_reader_mark(self, node->items[index], &here);
        file_map_read(self, node->items[index], &here, unit_specs, COUNT_OF(unit_specs), &self->units[index]);
    }
    plan->units = self->units;
    plan->units_count = node->count;
    units_index(self);
}

/* By id or, where only one unit has it, by name. */
static const unit_t *unit_named(const reader_t *self, text_t name, bool *ambiguous) {
    uint32_t count = self->plan->units_count;
    *ambiguous = false;
    const unit_t *const *found = count == 0 ? NULL : bsearch(&name, self->by_id, count, sizeof *found, id_compare);
    if (found != NULL) return *found;
    found = count == 0 ? NULL : bsearch(&name, self->by_name, count, sizeof *found, name_compare);
    if (found == NULL) return NULL;
    *ambiguous = (found > self->by_name && text_equal(found[-1]->name, name)) ||
                 (found + 1 < self->by_name + count && text_equal(found[1]->name, name));
    return *found;
}

static const group_t *group_named(const reader_t *self, text_t name) {
    for (uint32_t index = 0; index < self->groups_count; index++)
        if (text_equal(self->groups[index].id, name) || text_equal(self->groups[index].name, name)) return &self->groups[index];
    return NULL;
}

/* The unit a value names; NULL and told if there is none. */
static const unit_t *unit_of(reader_t *self, const node_t *node, const place_t *place) {
    bool ambiguous;
    const unit_t *unit = unit_named(self, node->text, &ambiguous);
    if (unit == NULL)
        file_reader_tell(self, node, place, "没有单位或分组 {1}", "there is no unit or group {1}", node->text, nothing);
    else if (ambiguous)
        file_reader_tell(self, node, place, "有几个单位都叫 {1}，请写编号", "several units are called {1}: use the id",
                         node->text, nothing);
    return ambiguous ? NULL : unit;
}

void file_read_unit(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out) {
    (void)spec;
    if (!file_value_expect(self, node, place)) return;
    const unit_t *unit = unit_of(self, node, place);
    if (unit != NULL) *(text_t *)out = unit->id;
}

/* Appends what one entry of a list stands for: a unit, or all units of a group. The plan's path is that of each unit. */
static void unit_append(reader_t *self, const node_t *node, const place_t *list, uint32_t index, text_t *ids, uint32_t *count) {
    place_t here = {list, NULL, NULL, index};
    if (!file_value_expect(self, node, &here)) return;
    const group_t *group = group_named(self, node->text);
    const unit_t *unit = group != NULL ? NULL : unit_of(self, node, &here);
    uint32_t more = group != NULL ? group->units_count : unit != NULL ? 1 : 0, first = *count;
    for (uint32_t each = 0; each < more && *count < LIMIT_UNITS; each++)
        ids[(*count)++] = group != NULL ? group->units[each] : unit->id;
    file_reader_mark_group(self, node, list, first, *count - first);
}

static bool ids_same(const text_t *one, const text_t *other, uint32_t count) {
    for (uint32_t index = 0; index < count; index++)
        if (!text_equal(one[index], other[index])) return false;
    return true;
}

/* Hundreds of tasks name the same groups: a long list that is as one of the last ones stands where that stands. */
static text_t *ids_kept(reader_t *self, const text_t *ids, uint32_t count) {
    bool shares = count >= SHARED_LEAST;
    for (uint32_t index = 0; shares && index < SHARED_LISTS; index++)
        if (self->lists[index].count == count && ids_same(self->lists[index].ids, ids, count)) return self->lists[index].ids;
    text_t *kept = ARENA_NEW(self->arena, text_t, count + 1);
    memcpy(kept, ids, sizeof ids[0] * count);
    if (shares) self->lists[self->lists_count++ % SHARED_LISTS] = (unit_list_t){kept, count};
    return kept;
}

/* A list of units and groups, or a single one. */
static void read_unit_list(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out) {
    text_t ids[LIMIT_UNITS];
    uint32_t count = 0;
    if (node->kind == NODE_TEXT)
        unit_append(self, node, place, 0, ids, &count);
    else if (!file_list_expect(self, node, place, LIMIT_UNITS))
        return;
    for (uint32_t index = 0; node->kind == NODE_LIST && index < node->count; index++)
        unit_append(self, node->items[index], place, index, ids, &count);
    if (node->kind == NODE_LIST && node->count == 0 && spec->low > 0)
        file_reader_tell(self, node, place, "列表不能为空", "the list must not be empty", nothing, nothing);
    text_t *kept = ids_kept(self, ids, count);
    memcpy(out, &kept, sizeof kept);
    memcpy((uint8_t *)out + (spec->count_offset - spec->offset), &count, sizeof count);
}

static const spec_t group_specs[] = {
    {.key = "id", .required = true, .read = file_read_slug, .offset = offsetof(group_t, id), .low = 1},
    {.key = "name", .required = true, .read = file_read_text, .offset = offsetof(group_t, name), .low = 1, .high = LIMIT_NAME},
    {.key = "units",
     .required = true,
     .read = read_unit_list,
     .offset = offsetof(group_t, units),
     .count_offset = offsetof(group_t, units_count),
     .low = 1},
};

/* A group's name must not be another's, or a list would not say whom it means. */
static void group_check(reader_t *self, const node_t *node, const place_t *place, const group_t *group, uint32_t before) {
    bool ambiguous;
    bool taken = unit_named(self, group->name, &ambiguous) != NULL || unit_named(self, group->id, &ambiguous) != NULL;
    for (uint32_t index = 0; index < before; index++) {
        const group_t *other = &self->groups[index];
        taken = taken || text_equal(other->id, group->id) || text_equal(other->name, group->name);
    }
    if (taken)
        file_reader_tell(self, node, place, "分组 {1} 的编号或名称已被单位或其他分组使用",
                         "the id or name of the group {1} is a unit's or another group's", group->name, nothing);
}

static void unit_join(reader_t *self, text_t id, text_t group) {
    bool ambiguous;
    const unit_t *named = unit_named(self, id, &ambiguous);
    if (named == NULL || named->groups_count == LIMIT_GROUPS || text_find(named->groups, named->groups_count, group)) return;
    unit_t *unit = &self->units[named - self->plan->units];
    text_t *groups = ARENA_NEW(self->arena, text_t, unit->groups_count + 1);
    if (unit->groups_count > 0) memcpy(groups, unit->groups, sizeof groups[0] * unit->groups_count);
    groups[unit->groups_count++] = group;
    unit->groups = groups;
}

void file_read_groups(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out) {
    (void)spec;
    (void)out;
    if (!file_list_expect(self, node, place, LIMIT_GROUPS)) return;
    self->groups = ARENA_NEW(self->arena, group_t, node->count + 1);
    for (uint32_t index = 0; index < node->count; index++) {
        place_t here = {place, NULL, NULL, index};
        group_t *group = &self->groups[index];
        file_map_read(self, node->items[index], &here, group_specs, COUNT_OF(group_specs), group);
        group_check(self, node->items[index], &here, group, index);
    }
    self->groups_count = node->count;
    for (uint32_t index = 0; index < self->groups_count; index++)
        for (uint32_t each = 0; each < self->groups[index].units_count; each++)
            unit_join(self, self->groups[index].units[each], self->groups[index].id);
}

static const spec_t target_specs[] = {
    {.key = "shape", .required = true, .read = file_read_word, .offset = offsetof(target_t, shape), .words = shape_words},
    {.key = "at_least", .canonical = "goal", .required = true, .read = file_read_goal, .offset = offsetof(target_t, goal)},
    {.key = "due", .read = file_read_day, .offset = offsetof(target_t, due)},
    {.key = "stretch", .read = file_read_bool, .offset = offsetof(target_t, stretch)},
    {.key = "months", .read = file_read_number, .offset = offsetof(target_t, months), .low = 1, .high = 120},
    {.key = "by_fact", .read = file_read_bool, .offset = offsetof(target_t, by_fact)},
};

static void read_target(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out) {
    (void)spec;
    target_t *target = out;
    file_map_read(self, node, place, target_specs, COUNT_OF(target_specs), target);
    if (target->due == 0 && target->shape != shape_none) target->due = self->task->due;
}

static const spec_t member_specs[] = {
    {.key = "id", .required = true, .read = file_read_slug, .offset = offsetof(member_t, id), .low = 1},
    {.key = "name", .required = true, .read = file_read_text, .offset = offsetof(member_t, name), .low = 1, .high = LIMIT_NAME},
    {.key = "contributors",
     .required = true,
     .read = read_unit_list,
     .offset = offsetof(member_t, contributors),
     .count_offset = offsetof(member_t, contributors_count),
     .low = 1},
};

static const spec_t indicator_specs[] = {
    {.key = "id", .required = true, .read = file_read_slug, .offset = offsetof(indicator_t, id), .low = 1},
    {.key = "name",
     .required = true,
     .read = file_read_text,
     .offset = offsetof(indicator_t, name),
     .low = 1,
     .high = LIMIT_NAME},
    {.key = "measure",
     .required = true,
     .read = file_read_word,
     .offset = offsetof(indicator_t, measure),
     .words = measure_words},
    {.key = "unit",
     .canonical = "unit_word",
     .read = file_read_text,
     .offset = offsetof(indicator_t, unit_word),
     .low = 1,
     .high = 16},
    {.key = "contributors",
     .read = read_unit_list,
     .offset = offsetof(indicator_t, contributors),
     .count_offset = offsetof(indicator_t, contributors_count),
     .low = 1},
    {.key = "members",
     .read = file_read_records,
     .offset = offsetof(indicator_t, members),
     .count_offset = offsetof(indicator_t, members_count),
     .low = 1,
     .high = LIMIT_MEMBERS,
     .sub = member_specs,
     .sub_count = COUNT_OF(member_specs),
     .size = sizeof(member_t)},
    {.key = "subset_of", .read = file_read_slug, .offset = offsetof(indicator_t, subset_of), .low = 1},
    {.key = "items", .read = file_read_word, .offset = offsetof(indicator_t, items), .words = need_words},
    {.key = "key",
     .canonical = "key_kind",
     .read = file_read_word,
     .offset = offsetof(indicator_t, key_kind),
     .words = key_kind_words},
    {.key = "opening", .read = file_read_bool, .offset = offsetof(indicator_t, opening)},
    {.key = "required", .read = file_read_bool, .offset = offsetof(indicator_t, required)},
    {.key = "steady", .read = file_read_bool, .offset = offsetof(indicator_t, steady)},
    {.key = "target", .read = read_target, .offset = offsetof(indicator_t, target)},
};

static void unit_word_complete(reader_t *self, const node_t *node, const place_t *place, indicator_t *indicator) {
    place_t here = {place, "unit", "unit_word", 0};
    const node_t *given = node->kind == NODE_MAP ? file_map_find(node, "unit") : NULL;
    if (indicator->measure == measure_money) {
        if (given != NULL && indicator->unit_word.size > 0 && !text_is(indicator->unit_word, "元"))
            file_reader_tell(self, given, &here, "金额一律以元计，不写 {1}", "money is kept in 元, not in {1}",
                             indicator->unit_word, nothing);
        indicator->unit_word = text_of("元");
    } else if (given == NULL && indicator->measure != measure_none) {
        file_reader_tell(self, node, &here, "缺少 {1}", "the key {1} is missing", text_of("unit"), nothing);
    }
}

static void read_indicators(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out) {
    (void)spec;
    task_t *task = out;
    if (!file_list_expect(self, node, place, LIMIT_INDICATORS)) return;
    indicator_t *indicators = ARENA_NEW(self->arena, indicator_t, node->count + 1);
    for (uint32_t index = 0; index < node->count; index++) {
        place_t here = {place, NULL, NULL, index};
        self->indicator = &indicators[index];
        file_reader_mark(self, node->items[index], &here);
        file_map_read(self, node->items[index], &here, indicator_specs, COUNT_OF(indicator_specs), &indicators[index]);
        unit_word_complete(self, node->items[index], &here, &indicators[index]);
    }
    self->indicator = NULL;
    task->indicators = indicators;
    task->indicators_count = node->count;
}

static const spec_t task_specs[] = {
    {.key = "id", .required = true, .read = file_read_slug, .offset = offsetof(task_t, id), .low = 1},
    {.key = "number", .required = true, .read = file_read_text, .offset = offsetof(task_t, number), .low = 1, .high = 16},
    {.key = "name", .required = true, .read = file_read_text, .offset = offsetof(task_t, name), .low = 1, .high = LIMIT_NAME},
    {.key = "lead",
     .required = true,
     .read = read_unit_list,
     .offset = offsetof(task_t, lead),
     .count_offset = offsetof(task_t, lead_count),
     .low = 1},
    {.key = "responsible",
     .read = read_unit_list,
     .offset = offsetof(task_t, responsible),
     .count_offset = offsetof(task_t, responsible_count)},
    {.key = "from", .required = true, .read = file_read_day, .offset = offsetof(task_t, from)},
    {.key = "due", .required = true, .read = file_read_day, .offset = offsetof(task_t, due)},
    {.key = "approval", .read = file_read_word, .offset = offsetof(task_t, approval), .words = approval_words},
    {.key = "indicators", .read = read_indicators, .offset = 0},
};

void file_read_tasks(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out) {
    (void)spec;
    plan_t *plan = out;
    if (!file_list_expect(self, node, place, LIMIT_TASKS)) return;
    task_t *tasks = ARENA_NEW(self->arena, task_t, node->count + 1);
    for (uint32_t index = 0; index < node->count; index++) {
        place_t here = {place, NULL, NULL, index};
        self->task = &tasks[index];
        file_reader_mark(self, node->items[index], &here);
        file_map_read(self, node->items[index], &here, task_specs, COUNT_OF(task_specs), &tasks[index]);
    }
    self->task = NULL;
    plan->tasks = tasks;
    plan->tasks_count = node->count;
}
