/* Maps and lists of a plan file, driven by tables: unknown, repeated and missing keys are told, wherever they stand. */
#include <string.h>

#include "services/plan/plan_file_read.h"

static const text_t nothing;

const node_t *file_map_find(const node_t *node, const char *key) {
    for (uint32_t index = 0; index < node->count; index++)
        if (node->keys[index]->kind == NODE_TEXT && text_is(node->keys[index]->text, key)) return node->items[index];
    return NULL;
}

enum { NEAR_MAX = 32, KEYS_MAX = 256 };

/* Levenshtein distance of two short words; far away where one is long. */
static uint32_t distance(text_t a, text_t b) {
    uint32_t row[NEAR_MAX + 1];
    if (a.size > NEAR_MAX || b.size > NEAR_MAX) return NEAR_MAX;
    for (uint32_t column = 0; column <= b.size; column++) row[column] = column;
    for (uint32_t line = 1; line <= a.size; line++) {
        uint32_t corner = row[0];
        row[0] = line;
        for (uint32_t column = 1; column <= b.size; column++) {
            uint32_t change = corner + (a.at[line - 1] != b.at[column - 1]);
            uint32_t insert = row[column - 1] + 1, drop = row[column] + 1;
            corner = row[column];
            row[column] = change < insert ? change : insert;
            if (drop < row[column]) row[column] = drop;
        }
    }
    return row[b.size];
}

static void tell_unknown(reader_t *self, const node_t *key, const place_t *place, const spec_t *specs, size_t count) {
    const char *best = NULL;
    uint32_t nearest = 3;
    for (size_t index = 0; index < count; index++) {
        uint32_t here = distance(key->text, text_of(specs[index].key));
        if (here < nearest) nearest = here, best = specs[index].key;
    }
    if (best != NULL)
        file_reader_tell(self, key, place, "不认识的键 {1}，是否应为 {2}？", "unknown key {1}: did you mean {2}?", key->text,
                         text_of(best));
    else
        file_reader_tell(self, key, place, "不认识的键 {1}", "unknown key {1}", key->text, nothing);
}

/* Keys that are not in the table, and keys that stand twice. */
static void keys_check(reader_t *self, const node_t *node, const place_t *place, const spec_t *specs, size_t count) {
    for (uint32_t index = 0; index < node->count; index++) {
        const node_t *key = node->keys[index];
        const spec_t *spec = NULL;
        for (size_t at = 0; key->kind == NODE_TEXT && spec == NULL && at < count; at++)
            if (text_is(key->text, specs[at].key)) spec = &specs[at];
        place_t here = {place, spec == NULL ? "?" : spec->key, spec == NULL ? NULL : spec->canonical, 0};
        if (spec == NULL) {
            tell_unknown(self, key, &here, specs, count);
            continue;
        }
        bool again = false;
        for (uint32_t before = 0; before < index; before++)
            again = again || (node->keys[before]->kind == NODE_TEXT && text_equal(node->keys[before]->text, key->text));
        if (again) file_reader_tell(self, key, &here, "键 {1} 重复", "the key {1} stands twice", key->text, nothing);
    }
}

void file_map_read(reader_t *self, const node_t *node, const place_t *place, const spec_t *specs, size_t count, void *out) {
    if (node->kind != NODE_MAP) {
        file_reader_tell(self, node, place, "此处应为“键: 值”的一组内容", "a map of keys and values belongs here", nothing,
                         nothing);
        return;
    }
    if (node->count > KEYS_MAX) {
        file_reader_tell(self, node, place, "键过多", "too many keys", nothing, nothing);
        return;
    }
    keys_check(self, node, place, specs, count);
    for (size_t index = 0; index < count; index++) {
        const spec_t *spec = &specs[index];
        place_t here = {place, spec->key, spec->canonical, 0};
        const node_t *value = file_map_find(node, spec->key);
        if (value == NULL) {
            if (spec->required)
                file_reader_tell(self, node, &here, "缺少 {1}", "the key {1} is missing", text_of(spec->key), nothing);
            continue;
        }
        file_reader_mark(self, value, &here);
        spec->read(self, value, &here, spec, (uint8_t *)out + spec->offset);
    }
}

bool file_list_expect(reader_t *self, const node_t *node, const place_t *place, uint64_t limit) {
    if (node->kind != NODE_LIST) {
        file_reader_tell(self, node, place, "此处应为列表", "a list belongs here", nothing, nothing);
        return false;
    }
    if (node->count > limit) {
        file_reader_tell(self, node, place, "列表过长，最多 {1} 项", "the list is too long: at most {1}",
                         arena_format(self->arena, "%llu", (unsigned long long)limit), nothing);
        return false;
    }
    return true;
}

void file_read_object(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out) {
    file_map_read(self, node, place, spec->sub, spec->sub_count, out);
}

/* A list of maps into an array of structs; `out` is the pointer, the count stands count_offset − offset behind it. */
void file_read_records(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out) {
    if (!file_list_expect(self, node, place, spec->high)) return;
    if (node->count == 0 && spec->low > 0)
        file_reader_tell(self, node, place, "列表不能为空", "the list must not be empty", nothing, nothing);
    uint8_t *records = arena_take(self->arena, spec->size * (node->count + 1));
    for (uint32_t index = 0; index < node->count; index++) {
        place_t here = {place, NULL, NULL, index};
        file_reader_mark(self, node->items[index], &here);
        file_map_read(self, node->items[index], &here, spec->sub, spec->sub_count, records + spec->size * index);
    }
    memcpy(out, &records, sizeof records);
    memcpy((uint8_t *)out + (spec->count_offset - spec->offset), &node->count, sizeof node->count);
}
