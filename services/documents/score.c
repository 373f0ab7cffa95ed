/* Counting for a score: reports by timeliness, targets by their rate, evidence, red lamps. */
#include "services/documents/score.h"

#include <string.h>

enum { WHOLE_RATE = 10000, HUNDRED = 10000 /* 100 points in hundredths */, NAMED = 12 };

text_t score_points(int64_t hundredths, arena_t *arena) {
    int64_t size = hundredths < 0 ? -hundredths : hundredths;
    return arena_format(arena, "%s%lld.%02lld", hundredths < 0 ? "-" : "", (long long)(size / 100), (long long)(size % 100));
}

/* 40, 0.5: points as the plan file writes them. */
static text_t points_plain(uint64_t hundredths, arena_t *arena) {
    if (hundredths % 100 == 0) return arena_format(arena, "%llu", (unsigned long long)(hundredths / 100));
    if (hundredths % 10 == 0)
        return arena_format(arena, "%llu.%llu", (unsigned long long)(hundredths / 100),
                            (unsigned long long)(hundredths / 10 % 10));
    return score_points((int64_t)hundredths, arena);
}

/* --- names of what was counted --- */

typedef struct {
    text_t names[NAMED + 1];
    uint32_t count, more;
} named_t;

static void named_add(named_t *self, text_t name) {
    if (self->count < NAMED)
        self->names[self->count++] = name;
    else
        self->more++;
}

static text_t named_text(named_t *self, arena_t *arena) {
    if (self->more > 0) self->names[self->count++] = arena_format(arena, "另%u项", self->more);
    return wording_join(self->names, self->count, "；", arena);
}

/* "2021-09 社会帮扶 迟3天" */
static text_t rows_text(const edition_t *edition, text_t unit, bool late, arena_t *arena) {
    named_t named = {0};
    for (uint32_t index = 0; index < edition->rows_count; index++) {
        const edition_row_t *row = &edition->rows[index];
        if (row->confirmation || row->standing == standing_lifted || !text_equal(row->unit, unit)) continue;
        const edition_task_t *task = edition_task_of(edition, row->task);
        text_t name = task == NULL ? row->task : task->name;
        if (late && row->timeliness == timeliness_late)
            named_add(&named, arena_format(arena, TEXT_FORMAT " " TEXT_FORMAT " 迟%llu天", TEXT_ARGS(row->period),
                                           TEXT_ARGS(name), (unsigned long long)row->days_late));
        if (!late && row_is_due(edition, row) && row->first_valid_ms == 0)
            named_add(&named,
                      arena_format(arena, TEXT_FORMAT " " TEXT_FORMAT " 未报", TEXT_ARGS(row->period), TEXT_ARGS(name)));
    }
    return named_text(&named, arena);
}

/* --- targets --- */

/* How far the target is for this share, in hundredths of a percent, cut off, 100 % at most: a member's own goal for `each`. */
static uint64_t share_rate(const edition_target_t *target, const edition_share_t *share) {
    uint64_t done = target->shape == shape_each ? share->total : target->done;
    uint64_t goal = target->shape == shape_each ? target->member_goal : target->goal;
    if (done >= goal) return WHOLE_RATE;
    return goal > UINT64_MAX / WHOLE_RATE ? done / (goal / WHOLE_RATE) : done * WHOLE_RATE / goal;
}

static bool target_counts(const edition_target_t *target) { return target->goal > 0 && !target->stretch; }

static void count_reach(const edition_t *edition, text_t unit, score_line_t *line, arena_t *arena) {
    named_t named = {0};
    for (uint32_t index = 0; index < edition->targets_count; index++) {
        const edition_target_t *target = &edition->targets[index];
        for (uint32_t at = 0; target_counts(target) && at < target->shares_count; at++) {
            const edition_share_t *share = &target->shares[at];
            if (!text_equal(share->unit, unit)) continue;
            uint64_t rate = share_rate(target, share);
            line->part += rate;
            line->whole += WHOLE_RATE;
            named_add(&named, arena_format(arena, TEXT_FORMAT "%s" TEXT_FORMAT " %llu.%02llu%%", TEXT_ARGS(target->name),
                                           share->member_name.size > 0 ? "·" : "", TEXT_ARGS(share->member_name),
                                           (unsigned long long)(rate / 100), (unsigned long long)(rate % 100)));
        }
    }
    line->why = named_text(&named, arena);
}

static void count_evidence(const edition_t *edition, text_t unit, score_line_t *line, arena_t *arena) {
    for (uint32_t index = 0; index < edition->targets_count; index++)
        for (uint32_t at = 0; at < edition->targets[index].shares_count; at++) {
            const edition_share_t *share = &edition->targets[index].shares[at];
            if (!text_equal(share->unit, unit)) continue;
            line->part += share->covered;
            line->whole += share->reports;
        }
    line->why =
        arena_format(arena, "%llu份数据，附佐证%llu份", (unsigned long long)line->whole, (unsigned long long)line->part);
}

static void count_red(const edition_t *edition, text_t unit, score_line_t *line, arena_t *arena) {
    named_t named = {0};
    for (uint32_t index = 0; index < edition->targets_count; index++) {
        const edition_target_t *target = &edition->targets[index];
        bool own = false; /* red because of this unit: for `each`, a member of its own that is below its goal */
        for (uint32_t at = 0; at < target->shares_count; at++)
            own = own || (text_equal(target->shares[at].unit, unit) &&
                          (target->shape != shape_each || share_rate(target, &target->shares[at]) < WHOLE_RATE));
        if (!own || target->lamp != lamp_red) continue;
        line->part++;
        named_add(&named, target->name);
    }
    line->why = named_text(&named, arena);
}

/* --- lines --- */

static void share_sum(score_line_t *line, arena_t *arena) {
    uint64_t points = line->rule->points;
    line->applies = line->whole > 0;
    if (!line->applies) {
        line->sum = text_of("不适用");
        return;
    }
    line->points = (int64_t)((points * line->part * 2 + line->whole) / (line->whole * 2));
    text_t full = points_plain(points, arena), gained = score_points(line->points, arena);
    if (line->rule->basis == score_basis_reach)
        line->sum = arena_format(arena, TEXT_FORMAT " × %llu.%02llu%% ÷ %llu = " TEXT_FORMAT, TEXT_ARGS(full),
                                 (unsigned long long)(line->part / 100), (unsigned long long)(line->part % 100),
                                 (unsigned long long)(line->whole / WHOLE_RATE), TEXT_ARGS(gained));
    else
        line->sum = arena_format(arena, TEXT_FORMAT " × %llu ÷ %llu = " TEXT_FORMAT, TEXT_ARGS(full),
                                 (unsigned long long)line->part, (unsigned long long)line->whole, TEXT_ARGS(gained));
}

static void cost_sum(score_line_t *line, arena_t *arena) {
    uint64_t lost = line->rule->points * line->part, limit = line->rule->limit;
    bool cut = limit > 0 && lost > limit;
    line->applies = true;
    line->costs = true;
    line->points = -(int64_t)(cut ? limit : lost);
    text_t each = points_plain(line->rule->points, arena), gained = score_points(line->points, arena);
    line->sum = arena_format(arena, "-" TEXT_FORMAT " × %llu%s = " TEXT_FORMAT, TEXT_ARGS(each), (unsigned long long)line->part,
                             cut ? "（达上限）" : "", TEXT_ARGS(gained));
}

static score_line_t line_of(const edition_t *edition, text_t unit, const score_rule_t *rule, const punctual_t *counts,
                            arena_t *arena) {
    score_line_t line = {.rule = rule};
    switch (rule->basis) {
    case score_basis_on_time:
        line.part = counts->on_time;
        line.whole = counts->owed;
        line.why = rows_text(edition, unit, true, arena);
        share_sum(&line, arena);
        break;
    case score_basis_reported:
        line.part = counts->on_time + counts->late;
        line.whole = counts->owed;
        line.why = rows_text(edition, unit, false, arena);
        share_sum(&line, arena);
        break;
    case score_basis_reach:
        count_reach(edition, unit, &line, arena);
        share_sum(&line, arena);
        break;
    case score_basis_evidence:
        count_evidence(edition, unit, &line, arena);
        share_sum(&line, arena);
        break;
    case score_basis_late:
        line.part = counts->late;
        line.why = rows_text(edition, unit, true, arena);
        cost_sum(&line, arena);
        break;
    case score_basis_missing:
        line.part = counts->missing;
        line.why = rows_text(edition, unit, false, arena);
        cost_sum(&line, arena);
        break;
    case score_basis_red:
        count_red(edition, unit, &line, arena);
        cost_sum(&line, arena);
        break;
    case score_basis_none: break;
    }
    return line;
}

score_t score_of(const edition_t *edition, text_t unit, arena_t *arena) {
    score_t score = {.unit = unit};
    punctual_t counts = edition_punctual(edition, unit);
    for (uint32_t index = 0; index < edition->score_count && score.count < LIMIT_SCORE_RULES; index++) {
        score_line_t line = line_of(edition, unit, &edition->score[index], &counts, arena);
        if (line.costs)
            score.lost -= line.points;
        else if (line.applies) {
            score.gained += line.points;
            score.possible += (int64_t)line.rule->points;
        }
        score.lines[score.count++] = line;
    }
    score.scored = score.possible > 0;
    if (!score.scored) return score;
    score.total = (score.gained * HUNDRED * 2 + score.possible) / (score.possible * 2) - score.lost;
    if (score.total < 0) score.total = 0;
    return score;
}

text_t score_sum(const score_t *score, arena_t *arena) {
    if (!score->scored) return text_of("尚无应报事项，不计分");
    return arena_format(arena, "100 × " TEXT_FORMAT " ÷ " TEXT_FORMAT " − " TEXT_FORMAT " = " TEXT_FORMAT,
                        TEXT_ARGS(score_points(score->gained, arena)), TEXT_ARGS(score_points(score->possible, arena)),
                        TEXT_ARGS(score_points(score->lost, arena)), TEXT_ARGS(score_points(score->total, arena)));
}
