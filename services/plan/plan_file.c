/* The one file that knows libyaml: YAML text → a tree with lines; then the reader, then plan_check. */
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "services/plan/plan_check.h"
#include "services/plan/plan_file_read.h"

enum { DEPTH_MAX = 16 }; /* a plan nests six deep */

typedef struct {
    reader_t *reader;
    yaml_document_t *document;
    bool *seen; /* by node: an alias would come back to one */
} loader_t;

static const text_t nothing;

static void tell_at(reader_t *reader, size_t line, size_t column, const char *zh, const char *en, text_t a) {
    node_t node = {.line = (uint32_t)line + 1, .column = (uint32_t)column + 1};
    file_reader_tell(reader, &node, NULL, zh, en, a, nothing);
}

static node_t *node_build(loader_t *self, int index, uint32_t depth);

static void list_build(loader_t *self, const yaml_node_t *from, node_t *node, uint32_t depth) {
    const yaml_node_item_t *first = from->data.sequence.items.start, *end = from->data.sequence.items.top;
    const node_t **items = ARENA_NEW(self->reader->arena, const node_t *, end - first + 1);
    for (const yaml_node_item_t *item = first; item < end; item++) items[node->count++] = node_build(self, *item, depth + 1);
    node->items = items;
}

static void map_build(loader_t *self, const yaml_node_t *from, node_t *node, uint32_t depth) {
    const yaml_node_pair_t *first = from->data.mapping.pairs.start, *end = from->data.mapping.pairs.top;
    const node_t **keys = ARENA_NEW(self->reader->arena, const node_t *, end - first + 1);
    const node_t **items = ARENA_NEW(self->reader->arena, const node_t *, end - first + 1);
    for (const yaml_node_pair_t *pair = first; pair < end; pair++, node->count++) {
        keys[node->count] = node_build(self, pair->key, depth + 1);
        items[node->count] = node_build(self, pair->value, depth + 1);
    }
    node->keys = keys;
    node->items = items;
}

static node_t *node_build(loader_t *self, int index, uint32_t depth) {
    node_t *node = ARENA_NEW(self->reader->arena, node_t, 1);
    const yaml_node_t *from = yaml_document_get_node(self->document, index);
    *node = (node_t){
        .kind = NODE_TEXT, .line = (uint32_t)from->start_mark.line + 1, .column = (uint32_t)from->start_mark.column + 1};
    if (self->seen[index]) {
        file_reader_tell(self->reader, node, NULL, "计划文件不使用 YAML 锚点和别名",
                         "a plan file takes no YAML anchors and aliases", nothing, nothing);
        return node;
    }
    self->seen[index] = true;
    if (depth > DEPTH_MAX) {
        file_reader_tell(self->reader, node, NULL, "嵌套层次过深", "nested too deeply", nothing, nothing);
        return node;
    }
    if (from->type == YAML_SEQUENCE_NODE) {
        node->kind = NODE_LIST;
        list_build(self, from, node, depth);
    } else if (from->type == YAML_MAPPING_NODE) {
        node->kind = NODE_MAP;
        map_build(self, from, node, depth);
    } else {
        node->plain = from->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        text_t text = {(const char *)from->data.scalar.value, (uint32_t)from->data.scalar.length};
        node->text = arena_text(self->reader->arena, text);
    }
    return node;
}

/* libyaml counts bytes in front of what it could not decode; people count lines. */
static void tell_undecodable(reader_t *reader, const yaml_parser_t *parser, text_t yaml) {
    size_t line = 0, column = 0;
    for (size_t at = 0; at < parser->problem_offset && at < yaml.size; at++) {
        bool begins = ((uint8_t)yaml.at[at] & 0xc0) != 0x80;
        if (yaml.at[at] == '\n')
            line++, column = 0;
        else if (begins)
            column++;
    }
    tell_at(reader, line, column, "文件不是 UTF-8 文本：{1}", "the file is not UTF-8 text: {1}", text_of(parser->problem));
}

static void tell_problem(reader_t *reader, const yaml_parser_t *parser, text_t yaml) {
    if (parser->error == YAML_READER_ERROR) {
        tell_undecodable(reader, parser, yaml);
        return;
    }
    tell_at(reader, parser->problem_mark.line, parser->problem_mark.column, "YAML 语法错误：{1}", "not YAML: {1}",
            text_of(parser->problem));
}

static const node_t *document_build(reader_t *reader, yaml_document_t *document) {
    if (yaml_document_get_root_node(document) == NULL) {
        tell_at(reader, 0, 0, "文件是空的", "the file is empty", nothing);
        return NULL;
    }
    size_t count = (size_t)(document->nodes.top - document->nodes.start);
    loader_t loader = {reader, document, ARENA_NEW(reader->arena, bool, count + 1)};
    return node_build(&loader, 1, 0);
}

/* One document only: a second one would be silently ignored. */
static void end_expect(reader_t *reader, yaml_parser_t *parser, text_t yaml) {
    yaml_document_t document;
    if (!yaml_parser_load(parser, &document)) {
        tell_problem(reader, parser, yaml);
        return;
    }
    if (yaml_document_get_root_node(&document) != NULL)
        tell_at(reader, document.start_mark.line, document.start_mark.column, "一个文件只能有一份计划",
                "one file holds one plan", nothing);
    yaml_document_delete(&document);
}

static const node_t *tree_of(reader_t *reader, text_t yaml) {
    yaml_parser_t parser;
    yaml_document_t document;
    if (!yaml_parser_initialize(&parser)) return NULL;
    yaml_parser_set_input_string(&parser, (const unsigned char *)(yaml.at == NULL ? "" : yaml.at), yaml.size);
    const node_t *root = NULL;
    if (!yaml_parser_load(&parser, &document)) {
        tell_problem(reader, &parser, yaml);
    } else {
        root = document_build(reader, &document);
        yaml_document_delete(&document);
        if (root != NULL) end_expect(reader, &parser, yaml);
    }
    yaml_parser_delete(&parser);
    return root;
}

err_t plan_read(text_t yaml, arena_t *arena, plan_t *plan, file_fault_t faults[PLAN_FAULTS], uint32_t *fault_count) {
    *plan = (plan_t){0};
    reader_t *reader = ARENA_NEW(arena, reader_t, 1);
    reader->arena = arena;
    reader->plan = plan;
    reader->faults = faults;
    const node_t *root = NULL;
    if (yaml.size > LIMIT_PLAN_FILE)
        tell_at(reader, 0, 0, "文件过大", "the file is too large", nothing);
    else
        root = tree_of(reader, yaml);
    if (root != NULL) {
        plan_of_node(reader, root);
        plan_fault_t *found = ARENA_NEW(arena, plan_fault_t, PLAN_FAULTS);
        uint32_t count = reader->count > 0 ? plan_check_sense(plan, found, PLAN_FAULTS) : plan_check(plan, found, PLAN_FAULTS);
        for (uint32_t index = 0; index < count && index < PLAN_FAULTS; index++) file_reader_adopt(reader, &found[index]);
    }
    file_reader_sort(reader);
    *fault_count = reader->count;
    return root != NULL && reader->count == 0 ? OK : ERR_BAD;
}
