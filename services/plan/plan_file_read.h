/* What the files of the plan file reader share: the tree of the text, where we are in it, faults, readers. Not for other rooms.
 */
#ifndef PLAN_PLAN_FILE_READ_H
#define PLAN_PLAN_FILE_READ_H

#include "services/plan/plan_file.h"

/* The file as a tree that knows its lines. */
typedef enum { NODE_TEXT, NODE_LIST, NODE_MAP } node_kind_t;
typedef struct node node_t;
struct node {
    node_kind_t kind;
    text_t text;   /* NODE_TEXT */
    bool plain;    /* written without quotes */
    uint32_t line; /* 1-based */
    uint32_t column;
    const node_t *const *keys;  /* NODE_MAP */
    const node_t *const *items; /* NODE_LIST, NODE_MAP */
    uint32_t count;
};

/* Where we are, as a chain on the C stack. `canonical` is the name in the plan message where it differs from the file's
 * ("": this step has no counterpart); a step without a name is an element of a list. */
typedef struct place {
    const struct place *above;
    const char *name;
    const char *canonical;
    uint32_t index;
} place_t;

/* Which line a path of the plan message comes from. Of a list that names a group: which elements of it are that group's. */
typedef struct mark {
    struct mark *next;
    text_t canonical;
    text_t path;
    uint32_t line;
    uint32_t column;
    uint32_t first; /* of the group's elements */
    uint32_t count; /* of them; 0: the path itself */
} mark_t;

typedef struct {
    text_t id;
    text_t name;
    text_t *units; /* ids */
    uint32_t units_count;
} group_t;

/* A list of ids that was read, groups resolved. */
typedef struct {
    text_t *ids;
    uint32_t count;
} unit_list_t;
enum { SHARED_LISTS = 16, SHARED_LEAST = 64 }; /* so many of them are known again, if they are as long as that */

typedef struct {
    arena_t *arena;
    plan_t *plan;
    unit_t *units; /* plan->units, while they are being made */
    const unit_t **by_id; /* the same, in the order of their ids, and of their names */
    const unit_t **by_name;
    group_t *groups;
    uint32_t groups_count;
    unit_list_t lists[SHARED_LISTS]; /* the last long ones */
    uint32_t lists_count;            /* of all there were */
    const task_t *task; /* at hand */
    const indicator_t *indicator;
    mark_t *marks;
    file_fault_t *faults;
    text_t canonical[PLAN_FAULTS]; /* of each fault */
    uint32_t count;
} reader_t;

/* --- faults: plan_file_fault.c --- */
void file_reader_tell(reader_t *self, const node_t *node, const place_t *place, const char *zh, const char *en, text_t a,
                      text_t b);
void file_reader_mark(reader_t *self, const node_t *node, const place_t *place);
/* The node names a group, whose units became the elements first … first + count - 1 of `list`. */
void file_reader_mark_group(reader_t *self, const node_t *node, const place_t *list, uint32_t first, uint32_t count);
/* Takes over what plan_check found, unless the reader already told why. */
void file_reader_adopt(reader_t *self, const plan_fault_t *fault);
void file_reader_sort(reader_t *self);

/* --- maps and lists, driven by tables: plan_file_map.c --- */
typedef struct spec spec_t;
typedef void (*read_t)(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out);
struct spec {
    const char *key;
    const char *canonical; /* NULL: the same */
    bool required;
    read_t read;
    size_t offset;       /* in the struct that is being filled */
    size_t count_offset; /* of lists */
    uint64_t low;        /* of numbers; of texts: bytes; of lists: entries */
    uint64_t high;
    const word_t *words;
    const spec_t *sub; /* of records */
    size_t sub_count;
    size_t size; /* of one record */
};
/* Reads each key of `specs`, in the order of `specs`, into `out`; tells unknown, repeated and missing keys. */
void file_map_read(reader_t *self, const node_t *node, const place_t *place, const spec_t *specs, size_t count, void *out);
const node_t *file_map_find(const node_t *node, const char *key); /* NULL: not there */
bool file_list_expect(reader_t *self, const node_t *node, const place_t *place, uint64_t limit);
void file_read_object(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out);
void file_read_records(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out);
#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* --- single values: plan_file_values.c; what is wrong is told, *out then keeps its value --- */
bool file_value_expect(reader_t *self, const node_t *node, const place_t *place); /* one value, not a list, a map or nothing */
bool file_digits_read(text_t text, uint64_t *number);                             /* digits only, without leading zeros */
bool file_day_read(text_t text, uint32_t *day);      /* 2021-08-31; whether it exists is not asked */
bool file_clock_read(text_t text, uint64_t *minute); /* 09:00 … 24:00 */
void file_read_text(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out);
void file_read_slug(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out);
void file_read_number(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out);
void file_read_bool(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out);
void file_read_day(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out);
void file_read_word(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out);
void file_read_clock(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out);
void file_read_hours(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out);
void file_read_offset(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out);
void file_read_goal(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out);

/* --- units, groups, tasks: plan_file_tasks.c --- */
void file_read_units(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out);
void file_read_groups(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out);
void file_read_unit(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out);
void file_read_tasks(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out);

/* --- reporting: plan_file_periods.c --- */
void file_read_reporting(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out);

/* --- bulletins and scores: plan_file_documents.c --- */
enum { PLAN_DOCUMENT_SPECS = 2, PLAN_SCORE_SPECS = 5 };
extern const spec_t plan_document_specs[PLAN_DOCUMENT_SPECS];
extern const spec_t plan_score_specs[PLAN_SCORE_SPECS];

/* --- the whole: plan_file_plan.c --- */
void plan_of_node(reader_t *self, const node_t *root);

#endif
