/* Runs every case on every system in turns, and prints the medians as a markdown table. usage: bench PROGRAMS */
#include "tests/bench/bench.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "proto/crypto.h"
#include "services/stage/link.h"

enum { CASES_MAX = 16, REPEAT_MAX = 9 };

char bench_programs[4096];
static char folder[256];

void bench_fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "bench: ");
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, " (left in %s)\n", folder);
    processes_kill();
    _exit(1);
}

const char *bench_option(const char *name, const char *fallback) {
    const char *value = getenv(name);
    return value == NULL || value[0] == '\0' ? fallback : value;
}

uint64_t bench_number(const char *name, uint64_t fallback) {
    const char *value = bench_option(name, NULL);
    return value == NULL ? fallback : strtoull(value, NULL, 10);
}

int64_t bench_now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static uint32_t read_cases(load_t *cases) {
    const char *at = bench_option("BENCH_CASES", "1x1 1x1024 16x64 64x1 64x64 64x1024");
    uint32_t count = 0;
    while (count < CASES_MAX) {
        while (*at == ' ') at++;
        if (*at == '\0') break;
        load_t *load = &cases[count++];
        *load = (load_t){.in_frame = 1, .until = UNTIL_VERDICT, .seconds = (int64_t)bench_number("BENCH_SECONDS", 3)};
        char *end;
        load->clients = (uint32_t)strtoul(at, &end, 10);
        if (*end == 'x') load->window = (uint32_t)strtoul(end + 1, &end, 10);
        if (*end == '/') load->in_frame = (uint32_t)strtoul(end + 1, &end, 10);
        bool good = load->clients >= 1 && load->clients <= UNITS && load->window >= 1 && load->window <= 1024;
        if (!good || load->in_frame < 1 || load->in_frame > LIMIT_EDGE_BATCH || load->in_frame > load->window)
            bench_fail("a case is CLIENTSxWINDOW or CLIENTSxWINDOW/IN_FRAME, at most %dx1024/%d", UNITS, LIMIT_EDGE_BATCH);
        at = end;
    }
    return count;
}

/* --- what was measured, case by case --- */

enum { MINNING, PLAIN, LUA, XADD, POSTGRES, LUA_POOLED, POSTGRES_POOLED, SYSTEMS };
static const system_t *const systems[SYSTEMS] = {&system_minning,    &system_minning_plain, &system_redis_lua,
                                                 &system_redis_xadd, &system_postgres,      &system_redis_pooled,
                                                 &system_postgres_pooled};
static bool chosen[SYSTEMS];
static void *open_systems[SYSTEMS];
static measured_t results[CASES_MAX][SYSTEMS][2][REPEAT_MAX]; /* [until] */
static uint32_t repeats;

typedef double (*value_of_t)(const measured_t *measured);
static double rate_of(const measured_t *m) { return (double)m->answered * 1e9 / (double)m->span_ns; }
static double applied_of(const measured_t *m) { return (double)m->total * 1e9 / (double)m->applied_ns; }
static double drain_of(const measured_t *m) { return (double)(m->applied_ns - m->total_ns) / 1e6; }
static double ack_middle_of(const measured_t *m) { return (double)histogram_at(&m->ack, 500) / 1e6; }
static double ack_high_of(const measured_t *m) { return (double)histogram_at(&m->ack, 990) / 1e6; }
static double whole_middle_of(const measured_t *m) { return (double)histogram_at(&m->whole, 500) / 1e6; }
static double whole_high_of(const measured_t *m) { return (double)histogram_at(&m->whole, 990) / 1e6; }
static double busy_of(const measured_t *m) { return (double)m->busy; }
static double client_of(const measured_t *m) { return (double)m->client_cpu_ns / 1e3 / (double)m->total; }

static int compare(const void *a, const void *b) {
    double one = *(const double *)a, other = *(const double *)b;
    return one < other ? -1 : one > other;
}

static double median(const measured_t *runs, value_of_t value_of) {
    double values[REPEAT_MAX];
    for (uint32_t index = 0; index < repeats; index++) values[index] = runs[index].total == 0 ? 0 : value_of(&runs[index]);
    qsort(values, repeats, sizeof values[0], compare);
    return values[repeats / 2];
}

/* --- tables --- */

static const char *case_name(const load_t *load, char room[40]) {
    int size = snprintf(room, 40, "%u×%u", load->clients, load->window);
    if (load->in_frame > 1) snprintf(room + size, 40 - (size_t)size, ", %u a frame", load->in_frame);
    return room;
}

/* What a bare model of this chain reached beside the better peer, on a machine like these; 0: not measured. */
static double model_ratio(const load_t *load) {
    static const struct {
        uint32_t clients, window;
        double ratio;
    } model[] = {{1, 1, 0.4}, {1, 1024, 5.0}, {16, 64, 2.5}, {64, 1, 0.6}, {64, 64, 3.7}, {64, 1024, 7.3}};
    for (size_t index = 0; index < sizeof model / sizeof model[0]; index++)
        if (model[index].clients == load->clients && model[index].window == load->window) return model[index].ratio;
    return 0;
}

static void print_number(double value) {
    if (value > 0)
        printf(" %.0f |", value);
    else
        printf(" – |");
}

static void print_ratio(double value, double to) {
    if (value > 0 && to > 0)
        printf(" %.2f |", value / to);
    else
        printf(" – |");
}

static void print_rates(const load_t *cases, uint32_t count) {
    char room[40];
    printf("\nWhole job: durable, once, validated, verdict back; reports a second. `applied`: from the first report until "
           "aggregation "
           "and alerting have committed the last.\n\n"
           "| clients × window | minning | applied | without CURVE | Redis Lua | PostgreSQL | Redis XADD "
           "| minning / better of Lua and PostgreSQL | applied / better | of the model's ratio |\n"
           "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n");
    for (uint32_t index = 0; index < count; index++) {
        measured_t(*of)[2][REPEAT_MAX] = results[index];
        double own = median(of[MINNING][UNTIL_VERDICT], rate_of), applied = median(of[MINNING][UNTIL_VERDICT], applied_of);
        double lua = median(of[LUA][UNTIL_VERDICT], rate_of), postgres = median(of[POSTGRES][UNTIL_VERDICT], rate_of);
        double better = lua > postgres ? lua : postgres;
        printf("| %s |", case_name(&cases[index], room));
        print_number(own);
        print_number(applied);
        print_number(median(of[PLAIN][UNTIL_VERDICT], rate_of));
        print_number(lua);
        print_number(postgres);
        print_number(median(of[XADD][UNTIL_VERDICT], rate_of));
        print_ratio(own, better);
        print_ratio(applied, better);
        print_ratio(own, better * model_ratio(&cases[index]));
        printf("\n");
    }
}

/* An expert's peers: nobody has a connection of his own, everything that is there goes together. */
static void print_pooled(const load_t *cases, uint32_t count) {
    char room[40];
    printf("\nThe peers behind a pool: few connections that all clients share, in one process with them, and batches of all that "
           "has gathered. (With us, and above, each client has its own.)\n\n"
           "| clients × window | minning | applied | Redis Lua, pooled | PostgreSQL, pooled | minning / better | applied / better "
           "|\n|---|--:|--:|--:|--:|--:|--:|\n");
    for (uint32_t index = 0; index < count; index++) {
        measured_t(*of)[2][REPEAT_MAX] = results[index];
        double own = median(of[MINNING][UNTIL_VERDICT], rate_of), applied = median(of[MINNING][UNTIL_VERDICT], applied_of);
        double lua = median(of[LUA_POOLED][UNTIL_VERDICT], rate_of);
        double postgres = median(of[POSTGRES_POOLED][UNTIL_VERDICT], rate_of), better = lua > postgres ? lua : postgres;
        printf("| %s |", case_name(&cases[index], room));
        print_number(own);
        print_number(applied);
        print_number(lua);
        print_number(postgres);
        print_ratio(own, better);
        print_ratio(applied, better);
        printf("\n");
    }
}

static void print_latency(const measured_t *runs, value_of_t middle, value_of_t high) {
    if (median(runs, rate_of) > 0)
        printf(" %.2f / %.2f |", median(runs, middle), median(runs, high));
    else
        printf(" – |");
}

static void print_latencies(const load_t *cases, uint32_t count) {
    char room[40];
    printf("\nLatency p50 / p99, ms. `lag`: from the last verdict until the last stage has committed, ms. `busy`: how often "
           "the door "
           "said so.\n\n"
           "| clients × window | minning ack | minning whole | lag | busy | Redis Lua | PostgreSQL | Redis XADD |\n"
           "|---|--:|--:|--:|--:|--:|--:|--:|\n");
    for (uint32_t index = 0; index < count; index++) {
        measured_t(*of)[2][REPEAT_MAX] = results[index];
        printf("| %s |", case_name(&cases[index], room));
        print_latency(of[MINNING][UNTIL_VERDICT], ack_middle_of, ack_high_of);
        print_latency(of[MINNING][UNTIL_VERDICT], whole_middle_of, whole_high_of);
        printf(" %.0f | %.0f |", median(of[MINNING][UNTIL_VERDICT], drain_of), median(of[MINNING][UNTIL_VERDICT], busy_of));
        for (uint32_t system = LUA; system <= POSTGRES; system += POSTGRES - LUA)
            print_latency(of[system][UNTIL_VERDICT], whole_middle_of, whole_high_of);
        print_latency(of[XADD][UNTIL_VERDICT], whole_middle_of, whole_high_of);
        printf("\n");
    }
}

static void print_acks(const load_t *cases, uint32_t count) {
    char room[40];
    printf("\nDurable ack alone: the window is freed by the receipt.\n\n| clients × window | minning | p50 / p99 ms | plain "
           "|\n|---|--:|--:|--:|\n");
    for (uint32_t index = 0; index < count; index++) {
        measured_t *of = results[index][MINNING][UNTIL_ACK];
        printf("| %s | %.0f | %.2f / %.2f | %.0f |\n", case_name(&cases[index], room), median(of, rate_of),
               median(of, ack_middle_of), median(of, ack_high_of), median(results[index][PLAIN][UNTIL_ACK], rate_of));
    }
}

static void print_processes(const load_t *cases, uint32_t count) {
    char room[40];
    printf("\nCPU µs a report (in brackets private memory, MB), last run. The client is this program: one thread, and libzmq's "
           "own."
           "\n\n| clients × window | system | all | client | processes |\n|---|---|--:|--:|---|\n");
    for (uint32_t index = 0; index < count; index++)
        for (uint32_t system = 0; system < SYSTEMS; system++) {
            const measured_t *last = &results[index][system][UNTIL_VERDICT][repeats - 1];
            if (last->total == 0) continue;
            double all = client_of(last);
            for (uint32_t one = 0; one < last->processes.count; one++)
                all += (double)last->processes.at[one].cpu_ns / 1e3 / (double)last->total;
            printf("| %s | %s | %.1f | %.2f |", case_name(&cases[index], room), systems[system]->name, all, client_of(last));
            for (uint32_t one = 0; one < last->processes.count; one++) {
                const process_t *process = &last->processes.at[one];
                double cpu = (double)process->cpu_ns / 1e3 / (double)last->total;
                printf(" %s %.2f (%" PRId64 ")", process->name, cpu, process->private_kb / 1024);
            }
            printf(" |\n");
        }
}

static void print_circumstances(void) {
    char date[40], commit[64] = "unknown", log[300];
    time_t now = time(NULL);
    struct tm parts;
    strftime(date, sizeof date, "%Y-%m-%d %H:%M UTC", gmtime_r(&now, &parts));
    snprintf(log, sizeof log, "%s/commit", folder);
    bool known = process_run(log, (char *[]){"git", "describe", "--always", "--dirty", NULL}) == 0;
    FILE *file = fopen(log, "r");
    if (!known || file == NULL || fgets(commit, sizeof commit, file) == NULL) snprintf(commit, sizeof commit, "unknown");
    if (file != NULL) fclose(file);
    commit[strcspn(commit, "\n")] = '\0';
    double load[1] = {0};
    getloadavg(load, 1);
    printf("bench: %ld cores, load %.1f before, %s, commit %s; %d units × %d tasks × %d periods", sysconf(_SC_NPROCESSORS_ONLN),
           load[0], date, commit, UNITS, TASKS, PERIODS);
    if (repeats > 0) printf("; medians of %u × %" PRIu64 " s a case", repeats, bench_number("BENCH_SECONDS", 3));
    printf("\n");
}

/* --- runs --- */

static void choose_systems(void) {
    bool peers = bench_number("BENCH_PEERS", 1) != 0;
    for (uint32_t index = 0; index < SYSTEMS; index++) chosen[index] = peers;
    chosen[MINNING] = bench_number("BENCH_MINNING", 1) != 0;
    chosen[PLAIN] = bench_number("BENCH_PLAIN", 0) != 0;
    if (bench_number("BENCH_POOLED", 1) == 0) chosen[LUA_POOLED] = chosen[POSTGRES_POOLED] = false;
    if (bench_number("BENCH_EACH", 1) == 0) chosen[LUA] = chosen[POSTGRES] = chosen[XADD] = false;
}

static void run_one(const load_t *cases, uint32_t at, uint32_t system, until_t until, uint32_t repeat) {
    measured_t *measured = &results[at][system][until][repeat];
    load_t load = cases[at];
    char room[40];
    load.until = until;
    systems[system]->run(open_systems[system], &load, measured);
    if (measured->answered == 0) bench_fail("%s answered nothing within the measured span", systems[system]->name);
    fprintf(stderr, "%-10s %-20s %-7s %9.0f/s  applied %9.0f/s  p50 %8.2f ms  p99 %8.2f ms  busy %" PRIu64 "\n",
            systems[system]->name, case_name(&load, room), until == UNTIL_ACK ? "ack" : "whole", rate_of(measured),
            applied_of(measured), until == UNTIL_ACK ? ack_middle_of(measured) : whole_middle_of(measured),
            until == UNTIL_ACK ? ack_high_of(measured) : whole_high_of(measured), measured->busy);
}

/* One after the other, never at the same time; what the one before left in memory is on the disk before the next begins, whose
 * flushes would wait behind it, and the memory that it will take has been touched. So an idle system costs nothing. */
static void run_all(const load_t *cases, uint32_t count) {
    bool acks = bench_number("BENCH_ACK", 1) != 0;
    for (uint32_t repeat = 0; repeat < repeats; repeat++)
        for (uint32_t at = 0; at < count; at++)
            for (uint32_t system = 0; system < SYSTEMS; system++) {
                if (!chosen[system]) continue;
                sync();
                memory_wake((uint64_t)cases[at].seconds << 30); /* no system writes a gigabyte a second */
                run_one(cases, at, system, UNTIL_VERDICT, repeat);
                if (acks && (system == MINNING || system == PLAIN)) run_one(cases, at, system, UNTIL_ACK, repeat);
            }
}

/* All systems lie side by side: better no measurement than a full disk under everybody. */
static void room_check(uint64_t preload) {
    static const uint64_t bytes[SYSTEMS] = {1600, 1600, 600, 250, 1100, 600, 1100}; /* a report, as measured at a million */
    struct statvfs disk;
    uint64_t wanted = 0;
    for (uint32_t index = 0; index < SYSTEMS; index++) wanted += chosen[index] ? bytes[index] * preload : 0;
    uint64_t room = statvfs(folder, &disk) == 0 ? (uint64_t)disk.f_bavail * disk.f_frsize : 0;
    fprintf(stderr, "preload: about %.1f GB of disk wanted, %.1f there\n", (double)wanted / 1e9, (double)room / 1e9);
    if (wanted + (10ULL << 30) <= room) return;
    folder_remove(folder);
    bench_fail("too little room: BENCH_POOLED=0 or BENCH_EACH=0 leaves some peers out");
}

static void measure(const load_t *cases, uint32_t count, uint64_t preload) {
    memset(results, 0, sizeof results);
    if (preload > 0) room_check(preload);
    for (uint32_t index = 0; index < SYSTEMS; index++) {
        char place[300];
        snprintf(place, sizeof place, "%s/%u", folder, index);
        if (!chosen[index]) continue;
        int64_t begun_ns = bench_now_ns();
        open_systems[index] = systems[index]->open(place, preload);
        double seconds = (double)(bench_now_ns() - begun_ns) / 1e9;
        double gigabytes = (double)folder_size(place) / 1e9;
        fprintf(stderr, "%-10s ready after %.1f s, %.2f GB on disk\n", systems[index]->name, seconds, gigabytes);
    }
    run_all(cases, count);
    for (uint32_t index = 0; index < SYSTEMS; index++)
        if (chosen[index]) systems[index]->check(open_systems[index]), systems[index]->close(&open_systems[index]);
    printf("\nWith %" PRIu64 " reports there before.\n", preload);
    print_rates(cases, count);
    if (chosen[POSTGRES_POOLED]) print_pooled(cases, count);
    print_latencies(cases, count);
    if (bench_number("BENCH_ACK", 1) != 0) print_acks(cases, count);
    print_processes(cases, count);
}

static void measure_all(void) {
    load_t cases[CASES_MAX];
    uint32_t count = read_cases(cases);
    repeats = (uint32_t)bench_number("BENCH_REPEAT", 3);
    if (repeats < 1 || repeats > REPEAT_MAX) bench_fail("BENCH_REPEAT is 1 to %d", REPEAT_MAX);
    choose_systems();
    print_circumstances();
    for (const char *at = bench_option("BENCH_PRELOAD", "0"); *at != '\0';) {
        char *end;
        measure(cases, count, strtoull(at, &end, 10));
        at = end + strspn(end, " ");
    }
}

int main(int argc, char **argv) {
    bool stages = argc == 3 && strcmp(argv[1], "stages") == 0;
    if (argc != 2 && !stages) return fprintf(stderr, "usage: bench PROGRAMS | bench stages PROGRAMS\n"), 64;
    if (realpath(argv[argc - 1], bench_programs) == NULL) bench_fail("no folder %s", argv[argc - 1]);
    setvbuf(stdout, NULL, _IOLBF, 0);
    crypto_start();
    link_start();
    snprintf(folder, sizeof folder, "%s/minning-bench-XXXXXX", bench_option("BENCH_FOLDER", "/tmp"));
    if (mkdtemp(folder) == NULL || chmod(folder, 0711) != 0) bench_fail("no temporary folder");
    char home[300];
    snprintf(home, sizeof home, "%s/home", folder);
    if (stages) {
        print_circumstances();
        stages_main(home);
    } else {
        measure_all();
    }
    folder_remove(folder);
    return 0;
}
