/* The friendlier JSON of a report → the strict one → the message. */
#include "services/plan/report_file.h"

#include "proto/crypto.h"
#include "services/plan/amount.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    const planbook_t *book;
    arena_t *arena;
    fault_t *fault;
    const char *why;
} ironing_t;

static measure_t measure_of(const ironing_t *self, json_t *figure, text_t text) {
    const char *id = json_string_value(json_object_get(figure, "indicator"));
    const indicator_t *indicator = self->book == NULL || id == NULL ? NULL : planbook_indicator(self->book, text_of(id));
    if (indicator != NULL) return indicator->measure;
    bool money = memmem(text.at, text.size, "元", 3) != NULL || memmem(text.at, text.size, "亿", 3) != NULL;
    return money ? measure_money : measure_count;
}

/* A text becomes an integer; an integer stays. `where` is the path of the holder. */
static err_t iron_amount(ironing_t *self, json_t *figure, json_t *holder, const char *where, const char *name) {
    json_t *json = json_object_get(holder, name);
    if (!json_is_string(json)) return OK;
    text_t text = {json_string_value(json), (uint32_t)json_string_length(json)};
    int64_t value = 0;
    self->why = amount_read(text, measure_of(self, figure, text), NULL, &value);
    if (self->why == NULL) {
        json_object_set_new(holder, name, json_integer(value));
        return OK;
    }
    self->fault->code = amount_reason_negative(self->why) ? "negative" : "wrong_type";
    snprintf(self->fault->path, sizeof self->fault->path, "%s.%s", where, name);
    return ERR_BAD;
}

/* "张三" → {"text": "张三"}. */
static void iron_person(json_t *holder, const char *name) {
    json_t *json = json_object_get(holder, name);
    if (!json_is_string(json)) return;
    json_t *person = json_object();
    json_object_set(person, "text", json);
    json_object_set_new(holder, name, person);
}

static err_t iron_figure(ironing_t *self, json_t *figure, size_t at) {
    static const char *const names[] = {"amount", "running", "opening"};
    char where[64];
    snprintf(where, sizeof where, "figures[%zu]", at);
    err_t err = OK;
    for (size_t index = 0; err == OK && index < 3; index++) err = iron_amount(self, figure, figure, where, names[index]);
    size_t item;
    json_t *row;
    json_array_foreach(json_object_get(figure, "items"), item, row) {
        if (err != OK) break;
        snprintf(where, sizeof where, "figures[%zu].items[%zu]", at, item);
        err = iron_amount(self, figure, row, where, "amount");
        iron_person(row, "person");
    }
    return err;
}

/* Hyphens out; a fresh id where there is none. */
static void iron_id(ironing_t *self, json_t *json, const uint8_t fresh_id[16]) {
    const char *typed = json_string_value(json_object_get(json, "submission_id"));
    if (typed == NULL) {
        if (json_object_get(json, "submission_id") == NULL)
            json_object_set_new(json, "submission_id", json_string(hex_of(fresh_id, 16, self->arena).at));
        return;
    }
    char plain[80];
    size_t used = 0;
    for (; *typed != '\0' && used + 1 < sizeof plain; typed++)
        if (*typed != '-') plain[used++] = *typed;
    plain[used] = '\0';
    json_object_set_new(json, "submission_id", json_string(plain));
}

err_t report_from_json(json_t *json, const planbook_t *book, const uint8_t fresh_id[16], arena_t *arena, report_t *report,
                       fault_t *fault, const char **why) {
    ironing_t self = {.book = book, .arena = arena, .fault = fault};
    *fault = (fault_t){0};
    err_t err = OK;
    if (json_is_object(json)) {
        iron_id(&self, json, fresh_id);
        iron_person(json, "prepared_by");
        iron_person(json, "reviewed_by");
        iron_person(json, "signed_by");
        size_t at;
        json_t *figure;
        json_array_foreach(json_object_get(json, "figures"), at, figure) {
            if (err == OK) err = iron_figure(&self, figure, at);
        }
    }
    if (why != NULL) *why = self.why;
    return err == OK ? message_from_json(report_type(), json, arena, report, fault) : err;
}
