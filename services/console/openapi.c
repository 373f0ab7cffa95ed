/* The description of the HTTP edge: paths are written by hand, schemas come from the field tables that also read and write. */
#include <stdlib.h>
#include <string.h>

#include "services/console/state.h"

static const message_t *(*const described[])(void) = {
    report_type, verdict_type, receipt_type, reason_type, obligations_type, targets_type, figures_type,
    standing_told_type, warnings_type, health_type, claims_type, decisions_type, plan_type, report_received_type,
    follows_type, history_type, figure_change_type, evidence_offer_type, evidence_at_type, measures_type,
    measure_history_type, measure_enter_type, requests_type, dead_letters_type, document_row_type, objections_type,
    edition_type, objection_raise_type, objection_answer_type};

static json_t *reference_to(const message_t *type) {
    return json_pack("{s:s++}", "$ref", "#/components/schemas/", type->name, "");
}

static json_t *integer_of(const field_t *field) {
    return json_pack("{s:s,s:I,s:I}", "type", "integer", "minimum", (json_int_t)field->low, "maximum", (json_int_t)field->high);
}

static json_t *text_schema(const field_t *field, size_t least, size_t most) {
    (void)field;
    return json_pack("{s:s,s:I,s:I}", "type", "string", "minLength", (json_int_t)least, "maxLength", (json_int_t)most);
}

static json_t *word_schema(const field_t *field) {
    json_t *names = json_array();
    for (const word_t *word = field->words; word->name != NULL; word++)
        if (word->number != 0) json_array_append_new(names, json_string(word->name));
    return json_pack("{s:s,s:o}", "type", "string", "enum", names);
}

static json_t *list_of(json_t *items) { return json_pack("{s:s,s:o}", "type", "array", "items", items); }

static json_t *field_schema(const field_t *field) {
    switch (field->shape) {
    case FIELD_U64:
    case FIELD_MAYBE: return integer_of(field);
    case FIELD_BOOL: return json_pack("{s:s}", "type", "boolean");
    case FIELD_DAY: return json_pack("{s:s,s:s}", "type", "string", "format", "date");
    case FIELD_WORD: return word_schema(field);
    case FIELD_SLUG:
    case FIELD_TEXT: return text_schema(field, 0, field->high);
    case FIELD_BYTES: return text_schema(field, 0, field->high * 2);
    case FIELD_FIXED: return text_schema(field, field->high * 2, field->high * 2);
    case FIELD_SLUGS:
    case FIELD_TEXTS: return list_of(json_pack("{s:s}", "type", "string"));
    case FIELD_DAYS: return list_of(json_pack("{s:s,s:s}", "type", "string", "format", "date"));
    case FIELD_OBJECT: return reference_to(field->sub());
    case FIELD_LIST: return list_of(reference_to(field->sub()));
    }
    return json_object();
}

/* A field that holds its zero value is left out of an answer: none is `required`. */
static void message_describe(const message_t *type, json_t *schemas) {
    if (json_object_get(schemas, type->name) != NULL) return;
    json_t *properties = json_object();
    json_object_set_new(schemas, type->name,
                        json_pack("{s:s,s:s,s:o}", "type", "object", "description", type->doc, "properties", properties));
    for (size_t index = 0; index < type->field_count; index++) {
        const field_t *field = &type->fields[index];
        json_t *schema = field_schema(field);
        if (json_object_get(schema, "$ref") == NULL) json_object_set_new(schema, "description", json_string(field->doc));
        json_object_set_new(properties, field->name, schema);
        if (field->shape == FIELD_OBJECT || field->shape == FIELD_LIST) message_describe(field->sub(), schemas);
    }
}

void on_openapi(request_t *self) {
    text_t paths = page_text("/openapi.json");
    json_error_t error;
    json_t *json = json_loadb(paths.at, paths.size, JSON_REJECT_DUPLICATES, &error);
    ASSERT(json != NULL); /* we carry it */
    json_t *schemas = json_object_get(json_object_get(json, "components"), "schemas");
    for (size_t index = 0; index < sizeof described / sizeof described[0]; index++)
        message_describe(described[index](), schemas);
    reply_json(self, 200, json);
}
