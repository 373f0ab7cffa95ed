/* The sections `documents` and `score` of a plan file: how bulletins are headed, how a unit's score is made up. */
#include "services/plan/plan_file_read.h"

static const text_t nothing;

/* 40, 2.5, 0.25: points, to the hundredth. */
static bool points_read(text_t text, uint64_t *hundredths) {
    uint32_t dot = 0;
    uint64_t whole = 0, part = 0;
    while (dot < text.size && text.at[dot] != '.') dot++;
    if (!file_digits_read((text_t){text.at, dot}, &whole) || whole > 1000) return false;
    uint32_t places = dot == text.size ? 0 : text.size - dot - 1;
    if ((dot < text.size && places == 0) || places > 2) return false;
    for (uint32_t index = dot + 1; index < text.size; index++) {
        if (text.at[index] < '0' || text.at[index] > '9') return false;
        part = part * 10 + (uint64_t)(text.at[index] - '0');
    }
    *hundredths = whole * 100 + (places == 1 ? part * 10 : part);
    return true;
}

static void read_points(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out) {
    if (!file_value_expect(self, node, place)) return;
    uint64_t hundredths = 0;
    if (points_read(node->text, &hundredths) && hundredths >= spec->low && hundredths <= spec->high)
        *(uint64_t *)out = hundredths;
    else
        file_reader_tell(self, node, place, "此处应为分值，如 40 或 2.5，不是 {1}",
                         "points like 40 or 2.5 belong here, not {1}", node->text, nothing);
}

const spec_t plan_document_specs[PLAN_DOCUMENT_SPECS] = {
    {.key = "masthead", .read = file_read_text, .offset = offsetof(plan_t, masthead), .low = 1, .high = LIMIT_NAME},
    {.key = "mark", .read = file_read_text, .offset = offsetof(plan_t, mark), .low = 1, .high = LIMIT_NAME},
};

const spec_t plan_score_specs[PLAN_SCORE_SPECS] = {
    {.key = "id", .required = true, .read = file_read_slug, .offset = offsetof(score_rule_t, id), .low = 1},
    {.key = "name",
     .required = true,
     .read = file_read_text,
     .offset = offsetof(score_rule_t, name),
     .low = 1,
     .high = LIMIT_NAME},
    {.key = "basis",
     .required = true,
     .read = file_read_word,
     .offset = offsetof(score_rule_t, basis),
     .words = score_basis_words},
    {.key = "points",
     .required = true,
     .read = read_points,
     .offset = offsetof(score_rule_t, points),
     .low = 1,
     .high = 100000},
    {.key = "limit", .read = read_points, .offset = offsetof(score_rule_t, limit), .low = 0, .high = 100000},
};
