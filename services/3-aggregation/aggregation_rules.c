/* Timeliness, parts, tenure, verdicts: see the domain's rules quoted at each function. */
#include "services/3-aggregation/aggregation_rules.h"

#include "proto/crypto.h"

#include <string.h>

#define DEF_FILE "services/3-aggregation/aggregation.def"
#include "proto/define.h"

uint64_t wide_shown(wide_t value) {
    if (value < 0) return 0;
    return value > (wide_t)INT64_MAX ? (uint64_t)INT64_MAX : (uint64_t)value;
}

static wide_t wide_smaller(wide_t a, wide_t b) { return a < b ? a : b; }

/* "On time = received instant ≤ due instant", inclusive; grace counts as on time. */
bool deadline_is_past(const deadline_t *deadline, int64_t now_ms) { return now_ms > deadline->due_ms + deadline->grace_ms; }

punctuality_t report_punctuality(const plan_t *plan, const deadline_t *deadline, int64_t received_ms) {
    if (!deadline_is_past(deadline, received_ms)) return (punctuality_t){timeliness_on_time, 0};
    return (punctuality_t){timeliness_late, deadline_days_late(plan, deadline, received_ms)};
}

/* ---------- parts of a figure ---------- */

/* By day, of one day the opening first, then what counts, then what does not. */
static int part_order(const agg_part_t *part, const agg_part_t *like) {
    if (part->day != like->day) return part->day < like->day ? -1 : 1;
    if (part->opening != like->opening) return (int)like->opening - (int)part->opening;
    return (int)part->contested - (int)like->contested;
}

/* The part like this one, made in its place, with nothing in it, where there is none. */
static agg_part_t *part_place(agg_part_t *parts, uint32_t *count, const agg_part_t *like) {
    uint32_t place = *count;
    while (place > 0 && part_order(&parts[place - 1], like) > 0) place--;
    if (place > 0 && part_order(&parts[place - 1], like) == 0) return &parts[place - 1];
    memmove(&parts[place + 1], &parts[place], sizeof *parts * (*count - place));
    parts[place] = (agg_part_t){.day = like->day, .opening = like->opening, .contested = like->contested};
    (*count)++;
    return &parts[place];
}

/* Adds the amount of `part` to the part like it. */
static void part_add(agg_part_t *parts, uint32_t *count, agg_part_t part) {
    part_place(parts, count, &part)->amount += part.amount;
}

static const agg_part_t *part_like(const agg_share_t *share, const agg_part_t *like) {
    for (uint32_t index = 0; share != NULL && index < share->parts_count; index++)
        if (part_order(&share->parts[index], like) == 0) return &share->parts[index];
    return NULL;
}

/* What the revision before said of that day; whether it counted then is another matter. */
static const agg_part_t *part_find(const agg_share_t *share, const agg_part_t *like) {
    agg_part_t other = *like;
    other.contested = !like->contested;
    const agg_part_t *found = part_like(share, like);
    return found != NULL ? found : part_like(share, &other);
}

uint64_t part_timely(const agg_part_t *part, int64_t received_ms, int64_t timely_until_ms) {
    return received_ms <= timely_until_ms ? part->amount : part->kept;
}

uint64_t part_cause(const agg_revision_t *revision, const agg_part_t *part) {
    return part->cause_seq != 0 ? part->cause_seq : revision->seq;
}

uint64_t part_instant(const agg_revision_t *revision, const agg_part_t *part) {
    return part->received_ms != 0 ? part->received_ms : revision->received_ms;
}

static bool source_is_timely(const source_t *source) { return source->received_ms <= source->timely_until_ms; }

static bool same_day(const agg_part_t *a, const agg_part_t *b) { return a->day == b->day && a->opening == b->opening; }

uint64_t day_said(const agg_share_t *share, const agg_part_t *like) {
    uint64_t sum = 0;
    for (uint32_t index = 0; share != NULL && index < share->parts_count; index++)
        if (same_day(&share->parts[index], like)) sum += share->parts[index].amount;
    return sum;
}

/* What of that had been said in time. */
static uint64_t day_timely(const agg_share_t *share, const agg_part_t *like, const source_t *source) {
    uint64_t sum = 0;
    for (uint32_t index = 0; share != NULL && index < share->parts_count; index++)
        if (same_day(&share->parts[index], like))
            sum += part_timely(&share->parts[index], source->old_received_ms, source->timely_until_ms);
    return sum;
}

uint64_t day_keep(const agg_part_t *parts, uint32_t index, uint64_t timely) {
    const agg_part_t *part = &parts[index];
    if (index > 0 && same_day(&parts[index - 1], part)) timely -= parts[index - 1].kept;
    return timely < part->amount ? timely : part->amount;
}

/* A part that was said alike before bears the report and the instant that it bore. */
static void part_date(agg_part_t *part, const source_t *source, const agg_part_t *old) {
    if (old == NULL || old->amount != part->amount) return;
    part->cause_seq = old->cause_seq != 0 ? old->cause_seq : source->old_seq;
    part->received_ms = old->received_ms != 0 ? old->received_ms : (uint64_t)source->old_received_ms;
}

/* "A later correction never changes it": what was said in time and still stands was said in time. */
static void parts_date(agg_part_t *parts, uint32_t count, const source_t *source, const agg_share_t *old) {
    for (uint32_t index = 0; index < count; index++) {
        agg_part_t *part = &parts[index];
        if (!source_is_timely(source)) part->kept = day_keep(parts, index, day_timely(old, part, source));
        part_date(part, source, part_find(old, part));
    }
}

/* A row without an amount (a person, a fair) stands for one, as long as the figure has something left to stand for. */
static uint64_t row_amount(const item_t *item, uint64_t rest) {
    uint64_t amount = item->amount.given ? (uint64_t)item->amount.value : 1;
    return amount < rest ? amount : rest;
}

void figure_parts(const figure_t *figure, const source_t *source, const agg_share_t *old, contested_t contested, arena_t *arena,
                  agg_share_t *share) {
    agg_part_t *parts = ARENA_NEW(arena, agg_part_t, 2 * figure->items_count + 2);
    uint32_t count = 0;
    uint64_t rest = figure->amount.given ? (uint64_t)figure->amount.value : 0;
    if (figure->opening.given && figure->opening.value > 0)
        part_add(parts, &count,
                 (agg_part_t){.day = source->plan_from, .opening = true, .amount = (uint64_t)figure->opening.value});
    for (uint32_t index = 0; index < figure->items_count && rest > 0; index++) {
        const item_t *item = &figure->items[index];
        agg_part_t part = {.day = item->fact_day != 0 ? item->fact_day : source->period_to,
                           .amount = row_amount(item, rest),
                           .contested = contested != NULL && contested[index]};
        if (part.amount == 0) continue;
        part_add(parts, &count, part);
        rest -= part.amount;
    }
    agg_part_t last = {.day = source->period_to, .amount = rest};
    if (rest > 0 && count == 0) parts[count++] = last; /* as nearly always */
    else if (rest > 0) part_add(parts, &count, last);
    parts_date(parts, count, source, old);
    share->parts = parts;
    share->parts_count = count;
}

/* What is kept moves with the amount, as far as the claim was received in time. */
static void kept_move(agg_part_t *from, agg_part_t *to, uint64_t amount, bool in_time) {
    uint64_t timely = in_time ? amount : 0, late = from->amount - from->kept;
    if (timely > from->kept) timely = from->kept;
    if (amount - timely > late) timely = amount - late;
    from->kept -= timely;
    to->kept += timely;
}

/* Moves an amount from one part of a day to the other. */
static void part_move(agg_part_t *from, agg_part_t *to, uint64_t amount, const claim_t *claim, const source_t *source) {
    bool fresh = to->amount == 0;
    if (!source_is_timely(source)) kept_move(from, to, amount, (int64_t)claim->since_ms <= source->timely_until_ms);
    from->amount -= amount;
    to->amount += amount;
    if (!fresh && (to->cause_seq == 0 || to->cause_seq >= claim->seq)) return;
    to->cause_seq = claim->seq;
    to->received_ms = claim->since_ms;
}

void share_settle(agg_share_t *share, const claim_t *claim, const source_t *source, arena_t *arena) {
    uint64_t amount = claim->amount.given ? (uint64_t)claim->amount.value : 1;
    if (claim->contested) share->contested += amount;
    else share->contested -= amount < share->contested ? amount : share->contested;
    agg_part_t from = {.day = claim->fact_day, .contested = !claim->contested}, to = from;
    to.contested = claim->contested;
    const agg_part_t *there = part_like(share, &from);
    if (there == NULL || amount == 0) return; /* not judged: there are no days */
    agg_part_t *parts = ARENA_NEW(arena, agg_part_t, share->parts_count + 1);
    memcpy(parts, share->parts, sizeof *parts * share->parts_count);
    uint32_t count = share->parts_count;
    if (amount > there->amount) amount = there->amount;
    part_place(parts, &count, &to);
    part_move(part_place(parts, &count, &from), part_place(parts, &count, &to), amount, claim, source);
    agg_part_t *left = part_place(parts, &count, &from);
    if (left->amount == 0) {
        memmove(left, left + 1, sizeof *parts * (size_t)(&parts[count] - (left + 1)));
        count--;
    }
    share->parts = parts;
    share->parts_count = count;
}

/* ---------- persons ---------- */

static agg_presence_t *presence_place(agg_presence_t *persons, uint32_t *count, const uint8_t hash[32]) {
    uint32_t place = *count;
    while (place > 0 && memcmp(persons[place - 1].person, hash, 32) > 0) place--;
    if (place > 0 && memcmp(persons[place - 1].person, hash, 32) == 0) return &persons[place - 1];
    memmove(&persons[place + 1], &persons[place], sizeof *persons * (*count - place));
    (*count)++;
    persons[place] = (agg_presence_t){0};
    memcpy(persons[place].person, hash, 32);
    return &persons[place];
}

static void presence_date(agg_presence_t *row, const source_t *source, const agg_share_t *old) {
    row->cause_seq = source->cause_seq;
    row->received_ms = (uint64_t)source->received_ms;
    for (uint32_t index = 0; old != NULL && index < old->persons_count; index++) {
        const agg_presence_t *before = &old->persons[index];
        if (memcmp(before->person, row->person, 32) != 0) continue;
        if (before->fact_day == row->fact_day) row->received_ms = before->received_ms;
        if (before->fact_day == row->fact_day && before->out_day == row->out_day) row->cause_seq = before->cause_seq;
    }
}

void figure_persons(const figure_t *figure, const source_t *source, const agg_share_t *old, contested_t contested,
                    arena_t *arena, agg_share_t *share) {
    agg_presence_t *persons = ARENA_NEW(arena, agg_presence_t, figure->items_count + 1);
    uint32_t count = 0;
    for (uint32_t index = 0; index < figure->items_count; index++) {
        const item_t *item = &figure->items[index];
        if (bytes_are_zero(item->person.hash, sizeof item->person.hash)) continue;
        agg_presence_t *row = presence_place(persons, &count, item->person.hash);
        if (item->fact_day != 0 && (row->fact_day == 0 || item->fact_day < row->fact_day)) row->fact_day = item->fact_day;
        if (item->out_day != 0) row->out_day = item->out_day;
        row->contested = contested != NULL && contested[index];
    }
    for (uint32_t index = 0; index < count; index++) presence_date(&persons[index], source, old);
    share->persons = persons;
    share->persons_count = count;
}

bool share_settle_person(agg_share_t *share, const claim_t *claim, arena_t *arena) {
    for (uint32_t index = 0; index < share->persons_count; index++) {
        if (memcmp(share->persons[index].person, claim->person, 32) != 0) continue;
        if (share->persons[index].contested == claim->contested) return false;
        agg_presence_t *persons = ARENA_NEW(arena, agg_presence_t, share->persons_count);
        memcpy(persons, share->persons, sizeof *persons * share->persons_count);
        persons[index].contested = claim->contested;
        share->persons = persons;
        return true;
    }
    return false;
}

void person_merge(tenure_of_t *known, const agg_presence_t *row) {
    if (row->fact_day != 0) {
        bool first = known->in_day == 0 || (int64_t)row->received_ms < known->received_ms ||
                     ((int64_t)row->received_ms == known->received_ms && row->cause_seq < known->cause_seq);
        if (first) {
            known->received_ms = (int64_t)row->received_ms;
            known->cause_seq = row->cause_seq;
        }
        if (known->in_day == 0 || row->fact_day < known->in_day) known->in_day = row->fact_day;
    }
    if (row->out_day != 0 && row->cause_seq >= known->out_seq) {
        /* two rows of one report cannot differ; the larger day decides so that the order of calls does not matter */
        bool newer = row->cause_seq > known->out_seq || row->out_day > known->out_day;
        if (newer) known->out_day = row->out_day;
        known->out_seq = row->cause_seq;
    }
}

bool person_counts(const tenure_of_t *person, uint32_t due_day) {
    return person->in_day != 0 && (person->out_day == 0 || person->out_day >= due_day);
}

bool person_stays(const tenure_of_t *person, uint32_t due_day, uint32_t term_last) {
    return person_counts(person, due_day) && (person->out_day == 0 || person->out_day >= term_last);
}

uint32_t term_last_day(uint32_t first_due_day, uint32_t months) { return day_add_months(first_due_day, months); }

/* ---------- verdicts ---------- */

/* "Expected progress (序时) runs on each task's own window"; the day counts in full. A lasting target is due at once. */
stride_t pace_on(const aim_t *aim, uint32_t day) {
    static const stride_t nothing = {0, 1}, all = {1, 1};
    if (aim->shape == shape_none) return nothing;
    if (aim->shape == shape_lasting) return day >= aim->due_day ? all : nothing;
    if (day >= aim->due) return all;
    if (day < aim->from) return nothing;
    stride_t pace = nothing;
    pace_expected(aim->from, aim->due, day, &pace.part, &pace.of);
    if (pace.part <= 0 || pace.of <= 0) return nothing;
    return pace.part >= pace.of ? all : pace;
}

/* "… from that balance to the target." */
wide_t expected_progress(const aim_t *aim, wide_t goal, wide_t opening, stride_t pace) {
    if (aim->shape == shape_none) return 0;
    if (pace.part == pace.of) return goal;
    if (aim->shape == shape_lasting) return 0;
    if (opening >= goal) return goal;
    wide_t way = (goal - opening) * pace.part + pace.of - 1;
    bool small = way <= INT64_MAX; /* 128 bits are divided by a function */
    return opening + (small ? (wide_t)((int64_t)way / pace.of) : way / pace.of);
}

/* The arrows of the column "reach": what is known of the goal and of the calendar decides, nothing else.
 *     not yet ──due──▶ past due, unknown ──close──▶ not met
 *        │                 │
 *        └──fact by due────┴──▶ met          fact after due ──▶ met after due */
static reach_t reach_of(const aim_t *aim, uint32_t reached_day, moment_t now) {
    if (reached_day != 0) return reached_day <= aim->due_day ? reach_met : reach_met_after_due;
    if (aim->stretch) return reach_not_yet;
    if (now.closed) return reach_not_met;
    return now.ms > aim->due_ms ? reach_past_due_unknown : reach_not_yet;
}

static tenure_t tenure_of(const aim_t *aim, const judgement_t *verdict, const stay_t *stay, moment_t now) {
    if (aim->shape != shape_lasting || aim->months == 0 || verdict->reached_day == 0) return tenure_none;
    bool by_due = verdict->reach == reach_met;
    uint64_t left = by_due ? stay->by_due : stay->by_crossing;
    if (left < aim->goal) return tenure_broken; /* a successor who came later does not mend it */
    uint32_t term_last = term_last_day(by_due ? aim->due_day : verdict->reached_day, aim->months);
    return now.day > term_last ? tenure_kept : tenure_holding;
}

/* "green met or at least at 序时; yellow below it, or done late; red past due and not met; grey no target; stretch never red"
 */
static lamp_t lamp_of(const aim_t *aim, const judgement_t *verdict) {
    if (verdict->tenure == tenure_broken) return aim->stretch ? lamp_yellow : lamp_red;
    switch (verdict->reach) {
    case reach_none: return lamp_grey;
    case reach_met: return lamp_green;
    case reach_met_after_due: return lamp_yellow;
    case reach_past_due_unknown:
    case reach_not_met: return lamp_red;
    case reach_not_yet: break;
    }
    return verdict->done >= verdict->expected ? lamp_green : lamp_yellow;
}

/* Sums up the piles: for `each` capped, "what one town has too much helps no other". Returns whether all crossed in time. */
static bool piles_sum(const aim_t *aim, const pile_t *piles, uint32_t count, judgement_t *verdict) {
    bool each = aim->shape == shape_each, all = count > 0, timely = true;
    for (uint32_t index = 0; index < count; index++) {
        wide_t goal = (wide_t)aim->goal;
        verdict->done += each ? wide_smaller(piles[index].total, goal) : piles[index].total;
        verdict->opening += each ? wide_smaller(piles[index].opening, goal) : piles[index].opening;
        all = all && piles[index].crossed != 0;
        timely = timely && piles[index].timely >= goal;
        if (piles[index].crossed > verdict->reached_day) verdict->reached_day = piles[index].crossed;
    }
    if (!all) verdict->reached_day = 0;
    return timely;
}

judgement_t target_judgement(const aim_t *aim, const pile_t *piles, uint32_t count, const stay_t *stay, moment_t now,
                             stride_t pace) {
    judgement_t verdict = {.reach = reach_none, .lamp = lamp_grey};
    bool timely = piles_sum(aim, piles, count, &verdict);
    if (aim->shape == shape_none || aim->goal == 0) {
        verdict.reached_day = 0;
        return verdict;
    }
    verdict.goal = (wide_t)aim->goal * (aim->shape == shape_each ? (wide_t)count : 1);
    verdict.reach = reach_of(aim, verdict.reached_day, now);
    if (verdict.reached_day != 0) verdict.reported = timely ? reported_in_time : reported_late;
    if (aim->shape == shape_lasting) verdict.done = (wide_t)(verdict.reach == reach_met ? stay->by_due : stay->all);
    verdict.tenure = tenure_of(aim, &verdict, stay, now);
    verdict.expected = expected_progress(aim, verdict.goal, verdict.opening, pace);
    verdict.lamp = lamp_of(aim, &verdict);
    return verdict;
}
