/* Faults of a plan file: the path in the file, the line, a sentence in both languages; and which line a plan's path is from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/plan/plan_file_read.h"
#include "services/plan/plan_sentence.h"

static size_t place_write(const place_t *place, bool canonical, char *out, size_t room) {
    if (place == NULL) return 0;
    size_t used = place_write(place->above, canonical, out, room);
    const char *name = canonical && place->canonical != NULL ? place->canonical : place->name;
    if (used + 1 >= room || (name != NULL && name[0] == '\0')) return used;
    int more = name == NULL ? snprintf(out + used, room - used, "[%u]", place->index)
                            : snprintf(out + used, room - used, "%s%s", used > 0 ? "." : "", name);
    return more < 0 || used + (size_t)more >= room ? room - 1 : used + (size_t)more;
}

static text_t place_text(reader_t *self, const place_t *place, bool canonical) {
    char path[LIMIT_NAME] = "";
    place_write(place, canonical, path, sizeof path);
    return arena_text(self->arena, text_of(path));
}

void file_reader_tell(reader_t *self, const node_t *node, const place_t *place, const char *zh, const char *en, text_t a,
                      text_t b) {
    if (self->count == PLAN_FAULTS) return;
    file_fault_t *fault = &self->faults[self->count];
    *fault = (file_fault_t){.line = node->line, .column = node->column};
    place_write(place, false, fault->path, sizeof fault->path);
    sentence_fill(fault->zh, sizeof fault->zh, zh, a, b);
    sentence_fill(fault->en, sizeof fault->en, en, a, b);
    self->canonical[self->count++] = place_text(self, place, true);
}

void file_reader_mark(reader_t *self, const node_t *node, const place_t *place) {
    mark_t *mark = ARENA_NEW(self->arena, mark_t, 1);
    *mark = (mark_t){
        self->marks, place_text(self, place, true), place_text(self, place, false), node->line, node->column, 0, 0};
    self->marks = mark;
}

void file_reader_mark_group(reader_t *self, const node_t *node, const place_t *list, uint32_t first, uint32_t count) {
    if (count == 0) return;
    file_reader_mark(self, node, list);
    self->marks->first = first;
    self->marks->count = count;
}

/* Is `above` the same path as `path`, or one that leads to it? */
static bool path_leads_to(text_t above, text_t path) {
    if (above.size > path.size || !text_equal(above, (text_t){path.at, above.size})) return false;
    return above.size == path.size || path.at[above.size] == '.' || path.at[above.size] == '[';
}

/* Does it say where `path` is from? One group of a list only if the path goes through one of its elements. */
static bool mark_leads_to(const mark_t *mark, text_t path) {
    if (!path_leads_to(mark->canonical, path)) return false;
    if (mark->count == 0) return true;
    uint32_t at = mark->canonical.size, index = 0;
    if (at == path.size || path.at[at] != '[') return false;
    for (at++; at < path.size && path.at[at] >= '0' && path.at[at] <= '9'; at++) index = index * 10 + (uint32_t)(path.at[at] - '0');
    return index >= mark->first && index - mark->first < mark->count;
}

/* The longer path says more exactly where, and of one list a group in it. */
static bool mark_is_closer(const mark_t *mark, const mark_t *than) {
    if (mark->canonical.size != than->canonical.size) return mark->canonical.size > than->canonical.size;
    return mark->count > 0 && than->count == 0;
}

static bool already_told(const reader_t *self, text_t path) {
    for (uint32_t index = 0; index < self->count; index++) {
        text_t told = self->canonical[index];
        if (told.size > 0 && (path_leads_to(told, path) || path_leads_to(path, told))) return true;
    }
    return false;
}

void file_reader_adopt(reader_t *self, const plan_fault_t *found) {
    text_t path = text_of(found->path);
    if (self->count == PLAN_FAULTS || already_told(self, path)) return;
    const mark_t *best = NULL;
    for (const mark_t *mark = self->marks; mark != NULL; mark = mark->next)
        if (mark_leads_to(mark, path) && (best == NULL || mark_is_closer(mark, best))) best = mark;
    file_fault_t *fault = &self->faults[self->count];
    *fault = (file_fault_t){.line = best == NULL ? 1 : best->line, .column = best == NULL ? 1 : best->column};
    uint32_t known = best == NULL ? 0 : best->canonical.size;
    snprintf(fault->path, sizeof fault->path, TEXT_FORMAT TEXT_FORMAT, TEXT_ARGS(best == NULL ? (text_t){0} : best->path),
             TEXT_ARGS(((text_t){path.at + known, path.size - known})));
    memcpy(fault->zh, found->what_zh, sizeof fault->zh);
    memcpy(fault->en, found->what, sizeof fault->en);
    self->count++; /* no canonical path: one such fault does not hide another */
}

static int fault_compare(const void *a, const void *b) {
    const file_fault_t *one = a, *other = b;
    if (one->line != other->line) return one->line < other->line ? -1 : 1;
    if (one->column != other->column) return one->column < other->column ? -1 : 1;
    int order = strcmp(one->path, other->path);
    return order != 0 ? order : strcmp(one->en, other->en);
}

void file_reader_sort(reader_t *self) {
    if (self->count > 0) qsort(self->faults, self->count, sizeof self->faults[0], fault_compare);
}
