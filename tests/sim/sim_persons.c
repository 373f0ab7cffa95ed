/* Persons in post counted once more: who was in place on the due day, who stays, what that makes of a target and its tenure. */
#include <string.h>

#include "tests/sim/sim_recount.h"

typedef struct {
    const uint8_t *hash;
    uint32_t in_day, out_day;
    uint64_t out_seq; /* the entry that said last when he leaves */
} posting_t;
enum { POSTS = 64 };

static void post_add(posting_t *posts, uint32_t *count, const item_t *item, uint64_t seq) {
    uint32_t at = 0;
    while (at < *count && memcmp(posts[at].hash, item->person.hash, HASH_SIZE) != 0) at++;
    if (at == *count) {
        ASSERT(*count < POSTS);
        posts[(*count)++] = (posting_t){.hash = item->person.hash, .in_day = item->fact_day};
    }
    posting_t *post = &posts[at];
    if (item->fact_day < post->in_day) post->in_day = item->fact_day;
    if (item->out_day == 0 || seq < post->out_seq) return;
    post->out_day = item->out_day;
    post->out_seq = seq;
}

/* Everybody whom a report that counts names, but for rows that do not count since another unit claimed him first. */
static uint32_t posts_fill(const recount_t *count, uint32_t task, text_t indicator, posting_t *posts) {
    const plan_t *plan = &count->sim->plan;
    uint32_t posts_count = 0;
    for (uint32_t unit = 0; unit < plan->units_count; unit++)
        for (uint32_t period = 0; period < plan->periods_count; period++) {
            const stand_t *stand = &count->stands[unit][task][period];
            for (uint32_t index = 0; index < stand->report.figures_count; index++) {
                const figure_t *figure = &stand->report.figures[index];
                if (!text_equal(figure->indicator, indicator)) continue;
                for (uint32_t row = 0; row < figure->items_count; row++)
                    if (sim_counts(count, unit, task, period, index, row))
                        post_add(posts, &posts_count, &figure->items[row], stand->said_seq[index][row]);
            }
        }
    return posts_count;
}

static bool is_there(const posting_t *post, uint32_t day) { return post->out_day == 0 || post->out_day >= day; }

/* Who came by `by`, was there on the due day, and is there on `last`. */
static uint64_t staying(const posting_t *posts, uint32_t count, uint32_t by, uint32_t due, uint32_t last) {
    uint64_t stays = 0;
    for (uint32_t index = 0; index < count; index++)
        stays += posts[index].in_day <= by && is_there(&posts[index], due) && is_there(&posts[index], last);
    return stays;
}

/* The day on which as many were in post as are wanted; 0: there never was one. */
static uint32_t day_reached(const posting_t *posts, uint32_t count, uint32_t due, uint64_t goal) {
    uint32_t reached = 0;
    for (uint32_t index = 0; index < count; index++) {
        uint32_t day = posts[index].in_day;
        bool enough = is_there(&posts[index], due) && staying(posts, count, day, due, due) >= goal;
        if (enough && (reached == 0 || day < reached)) reached = day;
    }
    return reached;
}

void sim_recount_persons(const recount_t *count, uint32_t task, const indicator_t *indicator, const target_changed_t *row) {
    sim_t *sim = count->sim;
    const plan_t *plan = &sim->plan;
    const target_t *target = &indicator->target;
    posting_t posts[POSTS];
    uint32_t posts_count = posts_fill(count, task, indicator->id, posts), months = (uint32_t)target->months;
    deadline_t deadline = deadline_resolve(plan, target->due != 0 ? target->due : plan->tasks[task].due);
    uint32_t due = deadline.day, reached = day_reached(posts, posts_count, due, target->goal);
    bool in_time = reached != 0 && reached <= due, past = count->now_ms > deadline.due_ms + deadline.grace_ms;
    uint64_t done = staying(posts, posts_count, in_time ? due : UINT32_MAX, due, day_add_months(due, months));
    reach_t reach = in_time                 ? reach_met
                    : reached != 0          ? reach_met_after_due
                    : count->closed_ms != 0 ? reach_not_met
                    : past                  ? reach_past_due_unknown
                                            : reach_not_yet;
    uint32_t base = in_time ? due : reached, last = reached == 0 ? 0 : day_add_months(base, months);
    uint32_t today = day_of_instant(plan, count->sealed_ms != 0 ? count->sealed_ms : count->now_ms);
    bool broken = reached != 0 && staying(posts, posts_count, base, due, last) < target->goal; /* a successor mends nothing */
    tenure_t tenure = reached == 0 ? tenure_none : broken ? tenure_broken : today > last ? tenure_kept : tenure_holding;
    SIM_HOLDS(sim, "persons_are_recounted",
              row->done == done && row->goal == target->goal && row->reached_day == reached && row->reach == reach &&
                  row->tenure == tenure,
              TEXT_FORMAT ": told done %llu reach %u tenure %u on %u, counted %llu %u %u on %u", TEXT_ARGS(indicator->id),
              (unsigned long long)row->done, (unsigned)row->reach, (unsigned)row->tenure, row->reached_day,
              (unsigned long long)done, (unsigned)reach, (unsigned)tenure, reached);
    figures_t figures;
    sim_ask(sim, "aggregation", figures_ask_type(), &(figures_ask_t){.indicator = indicator->id}, figures_type(), &figures);
    int64_t in_place = (int64_t)staying(posts, posts_count, UINT32_MAX, due, due);
    SIM_HOLDS(sim, "persons_are_recounted", figures.total.given && figures.total.value == in_place,
              TEXT_FORMAT ": told %lld, counted %lld", TEXT_ARGS(indicator->id), (long long)figures.total.value,
              (long long)in_place);
}
