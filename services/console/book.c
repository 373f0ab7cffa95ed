/* The plan in force, as the home keeps it for people: names, tasks, indicators, deadlines of the periods. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "services/console/book.h"
#include "services/console/state.h"
#include "services/plan/calendar.h"
#include "services/plan/plan_home.h"
#include "services/sheet/bulk.h"
#include "services/stage/log.h"

enum { LOOK_MS = 1000 };

static void due_add(const plan_t *plan, uint32_t day, json_t *json) {
    deadline_t deadline = deadline_resolve(plan, day);
    json_object_set_new(json, "due_ms", json_integer(deadline.due_ms));
    json_object_set_new(json, "rule_zh", json_string(deadline.rule_zh));
    json_object_set_new(json, "rule_en", json_string(deadline.rule_en));
}

/* The closed vocabularies as they stand in words.def: {set: {name: [zh, en]}}. */
static json_t *words_json(void) {
    static const struct {
        const char *name;
        const word_t *words;
    } sets[] = {
#define SET(set) {#set, set##_words},
#define WORD_IN(set, word, number, zh, en)
#define SET_END(set)
#include "proto/words.def"
#undef SET
#undef WORD_IN
#undef SET_END
    };
    json_t *json = json_object();
    for (size_t index = 0; index < sizeof sets / sizeof sets[0]; index++) {
        json_t *set = json_object();
        for (const word_t *word = sets[index].words; word->name != NULL; word++)
            json_object_set_new(set, word->name, json_pack("[ss]", word->zh, word->en));
        json_object_set_new(json, sets[index].name, set);
    }
    return json;
}

/* The columns of a file of reports: rows pasted into the form are told by the same heads. */
static json_t *columns_json(void) {
    json_t *list = json_array();
    for (uint32_t at = 0; at < COLUMN_COUNT; at++) {
        column_t column = (column_t)at;
        json_array_append_new(list,
                              json_pack("{s:s,s:s,s:s,s:s}", "name", column_symbol(column), "zh", column_name(column, true),
                                        "en", column_name(column, false), "others", column_others(column)));
    }
    return list;
}

static void json_add(buffer_t *out, json_t *json) {
    char *text = json_dumps(json, JSON_COMPACT);
    ASSERT(text != NULL);
    buffer_add(out, text, strlen(text));
    free(text);
    json_decref(json);
}

static void tasks_add(const plan_t *plan, buffer_t *out) {
    for (uint32_t index = 0; index < plan->tasks_count; index++) {
        json_t *json = message_to_json(task_type(), &plan->tasks[index]);
        due_add(plan, plan->tasks[index].due, json);
        if (index > 0) buffer_add(out, ",", 1);
        json_add(out, json);
    }
}

/* What the pages need beyond the plan itself: the resolved instants, the words, the columns of sheets. Task by task: a large plan
 * names units a million times, and as values of jansson all of them would take a hundred megabytes. */
static void plan_json(const plan_t *plan, buffer_t *out) {
    plan_t frame = *plan;
    frame.tasks_count = 0;
    json_t *json = message_to_json(plan_type(), &frame), *periods = json_object_get(json, "periods");
    for (uint32_t index = 0; index < plan->periods_count; index++)
        due_add(plan, plan->periods[index].due, json_array_get(periods, index));
    json_object_set_new(json, "words", words_json());
    json_object_set_new(json, "columns", columns_json());
    json_object_del(json, "tasks");
    json_add(out, json);
    out->size--; /* the object goes on */
    buffer_add(out, ",\"tasks\":[", 10);
    tasks_add(plan, out);
    buffer_add(out, "]}", 2);
}

static void book_take(console_t *self, planbook_t *book) {
    const plan_t *plan = planbook_plan(book);
    planbook_destroy(&self->book);
    self->book = book;
    buffer_clear(&self->plan_json);
    plan_json(plan, &self->plan_json);
    log_info("plan_loaded", "plan=" TEXT_FORMAT " units=%u tasks=%u", TEXT_ARGS(plan->id), (unsigned)plan->units_count,
             (unsigned)plan->tasks_count);
}

static planbook_t *book_load(void) {
    arena_t *arena = arena_new();
    plan_t plan;
    file_fault_t *faults = ARENA_NEW(arena, file_fault_t, PLAN_FAULTS);
    uint32_t count = 0;
    err_t err = plan_home_read(arena, &plan, faults, &count);
    planbook_t *book = err == OK ? planbook_new(&plan) : NULL;
    if (err != OK) log_error("plan_unreadable", "file=%s error=%s faults=%u", PLAN_HOME_FILE, err_name(err), (unsigned)count);
    arena_destroy(&arena);
    memory_give_back();
    return book;
}

/* Whoever amends the plan writes the file after the ledger has it: looked at again and again, read when it is another. */
planbook_t *book_read(int64_t *stamp) {
    struct stat status;
    if (stat(PLAN_HOME_FILE, &status) != 0) return NULL;
    int64_t found = (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec + (int64_t)status.st_ino;
    if (found == *stamp) return NULL;
    *stamp = found;
    return book_load();
}

void book_stale(console_t *self) { self->plan_look_ms = 0; }

void book_step(console_t *self) {
    if (self->now_ms < self->plan_look_ms) return;
    self->plan_look_ms = self->now_ms + LOOK_MS;
    planbook_t *newer = book_read(&self->plan_stamp);
    if (newer != NULL) book_take(self, newer);
}

void on_plan(request_t *self) {
    const buffer_t *json = &self->console->plan_json;
    if (json->size == 0) {
        reply_busy(self);
        return;
    }
    reply_bytes(self, 200, "application/json; charset=utf-8", json->at, json->size, true);
    reply_header(self, "Cache-Control", "no-store");
}
