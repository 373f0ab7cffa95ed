/* What every system is given to do: the same reports, in the same order. */
#include <string.h>
#include <unistd.h>

#include "services/stage/clock.h"
#include "services/unit/unit.h"
#include "tests/bench/bench.h"

enum { NAME_ROOM = 24, WARM_MS = 500 };
static char units[UNITS][NAME_ROOM], tasks[TASKS][NAME_ROOM], indicators[TASKS][NAME_ROOM], periods[PERIODS][NAME_ROOM];

static text_t name_of(char *room, const char *format, uint32_t index) {
    if (room[0] == '\0') snprintf(room, NAME_ROOM, format, index + 1);
    return text_of(room);
}

text_t name_unit(uint32_t unit) { return name_of(units[unit], "u%03u", unit); }
text_t name_task(uint32_t task) { return name_of(tasks[task], "t%03u", task); }
text_t name_indicator(uint32_t task) { return name_of(indicators[task], "sum%03u", task); }
text_t name_period(uint32_t period) { return name_of(periods[period], "2021-%02u", period); }

/* A sender looks at its clock once for all that leaves at once: a look takes longer than to make the id. */
static int64_t wall_ms_at(int64_t now_ns) {
    static _Thread_local int64_t ahead_ms;
    if (ahead_ms == 0) ahead_ms = clock_wall_ms() - bench_now_ns() / 1000000;
    return ahead_ms + now_ns / 1000000;
}

job_t job_next(owed_t *owed, int64_t now_ns) {
    job_t job = {.sent_ns = now_ns, .obligation = owed->next};
    owed->next = (owed->next + 1) % OBLIGATIONS;
    job.revision = owed->revisions[job.obligation]++;
    uuid7_new(wall_ms_at(now_ns), job.submission_id);
    return job;
}

/* No two months and no two revisions alike, and none far from the others: nothing that wants an explanation. */
static int64_t amount_of(uint32_t obligation, uint32_t revision) {
    return 1000000 + ((int64_t)obligation * 104729 + (int64_t)revision * 7919) % 400000;
}

int64_t owed_total(const owed_t *owed, uint32_t task) {
    int64_t sum = 0;
    for (uint32_t period = 0; period < PERIODS; period++) {
        uint32_t obligation = task * PERIODS + period, revisions = owed->revisions[obligation];
        if (revisions > 0) sum += amount_of(obligation, revisions - 1);
    }
    return sum;
}

/* Of a hash no byte follows from that of another scan, nor from an id: splitmix64 spreads what differs between two ids over all. */
static void scan_hash(const uint8_t submission_id[16], uint8_t out[32]) {
    uint64_t state = word_at(submission_id) ^ word_at(submission_id + 8);
    for (uint32_t index = 0; index < 4; index++) {
        uint64_t word = state += UINT64_C(0x9e3779b97f4a7c15);
        word = (word ^ word >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        word = (word ^ word >> 27) * UINT64_C(0x94d049bb133111eb);
        word ^= word >> 31;
        memcpy(out + 8 * index, &word, sizeof word);
    }
}

/* No two reports of a frame say the same. */
static text_t words_of(const job_t *job, char *room) {
    static const char begin[] = "按计划推进，产销对接第", end[] = "场。";
    static const char digits[10][4] = {"〇", "一", "二", "三", "四", "五", "六", "七", "八", "九"};
    enum { BEGIN = sizeof begin - 1, DIGITS = 5, DIGIT = 3, END = sizeof end - 1 };
    uint32_t number = job->obligation * 7919 + job->revision * 104729;
    memcpy(room, begin, BEGIN);
    for (uint32_t place = DIGITS; place-- > 0; number /= 10) memcpy(room + BEGIN + DIGIT * place, digits[number % 10], DIGIT);
    memcpy(room + BEGIN + DIGIT * DIGITS, end, END);
    return (text_t){room, BEGIN + DIGIT * DIGITS + END};
}

void job_report(const job_t *job, report_t *report, job_parts_t *parts) {
    uint32_t task = job->obligation / PERIODS, period = job->obligation % PERIODS;
    parts->figure = (figure_t){.indicator = name_indicator(task), .amount = {true, amount_of(job->obligation, job->revision)}};
    parts->scan = (evidence_t){.name = {"scan.pdf", 8}, .kind = {"scan", 4}};
    scan_hash(job->submission_id, parts->scan.sha256);
    *report = (report_t){.task = name_task(task),
                         .period = name_period(period),
                         .replaces = job->revision,
                         .figures = &parts->figure,
                         .figures_count = 1,
                         .progress = words_of(job, parts->words),
                         .evidence = &parts->scan,
                         .evidence_count = 1};
    memcpy(report->submission_id, job->submission_id, sizeof report->submission_id);
}

timespan_t span_begin(const load_t *load, measured_t *measured) {
    timespan_t self = {.begun_ns = bench_now_ns(), .client_before_ns = process_cpu_ns(getpid())};
    self.length_ns = measured->span_ns = load->seconds * 1000000000LL;
    self.from_ns = self.to_ns = INT64_MAX;
    self.reports = load->reports;
    self.sent = &measured->total;
    self.warm_answers = (uint64_t)load->clients * load->window;
    return self;
}

bool span_holds(const timespan_t *self, int64_t now_ns) { return now_ns >= self->from_ns && now_ns < self->to_ns; }

bool span_is_over(const timespan_t *self, int64_t now_ns) {
    return self->reports > 0 ? *self->sent >= self->reports : now_ns >= self->to_ns;
}

void span_answered(timespan_t *self, int64_t now_ns) {
    if (self->warm_answers > 0) self->warm_answers--;
    if (self->from_ns != INT64_MAX || self->warm_answers > 0 || now_ns < self->begun_ns + WARM_MS * 1000000LL) return;
    self->from_ns = now_ns;
    self->to_ns = now_ns + self->length_ns;
}

void span_end(const timespan_t *self, measured_t *measured) {
    measured->total_ns = measured->applied_ns = bench_now_ns() - self->begun_ns;
    measured->client_cpu_ns = process_cpu_ns(getpid()) - self->client_before_ns;
}
