/* Poison: an entry that crashes a stage, or makes it hang. Real processes, with a validation of its own that an ASSERT trips on
 * a marked report, or that never comes back from another: the stage stands still at the third time, says so everywhere, goes on
 * under a signed quarantine, and on replay too. usage: poison BIN_FOLDER PLAN; under the name minning-validation it is that
 * stage. */
#include "tests/drill/system.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "services/2-validation/validation.h"
#include "services/minning/copies.h"
#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "tests/sim/pump.h"
#include "tests/sim/temporary.h"

#define POISON "这一份有毒"
#define SPIN "这一份没完没了"
#define STAND "这一份一动不动"
enum { WELL, SICK, NEXT, SPINNING, STANDING };
enum { HANG_SECONDS = 1, HANG_PATIENCE_MS = 60000 };

/* --- the stage that trips --- */

static void spin(void) {
    static volatile bool for_ever = true;
    while (for_ever) {
    }
}

/* It waits for a lock that it holds itself. */
static void stand(void) {
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&mutex);
    pthread_mutex_lock(&mutex);
}

static void trip(turn_t *turn, const event_t *event) {
    report_received_t received;
    if (event->kind == KIND_report_received && turn_body(turn, event, report_received_type(), &received)) {
        ASSERT(!text_is(received.report.progress, POISON));
        if (text_is(received.report.progress, SPIN)) spin();
        if (text_is(received.report.progress, STAND)) stand();
    }
    validation_role()->apply(turn, event);
}

static const role_t *tripping_role(void) {
    static role_t role;
    role = *validation_role();
    role.apply = trip;
    return &role;
}

/* --- the system around it --- */

static system_t the_system, *here = &the_system;
static char bin_folder[64];

static void install(const char *from, const char *name) {
    char path[128], fresh[128];
    snprintf(path, sizeof path, "%s/%s", bin_folder, name);
    snprintf(fresh, sizeof fresh, "%s/%s.new", bin_folder, name);
    unlink(fresh);
    ASSERT(copies_file(from, fresh, 0700) == OK && rename(fresh, path) == 0);
}

/* The programs, with ours in the place of validation's. */
static void install_all(const char *bin) {
    snprintf(bin_folder, sizeof bin_folder, "%s/minning-poison-bin-XXXXXX", temporary_base());
    ASSERT(mkdtemp(bin_folder) != NULL);
    DIR *folder = opendir(bin);
    ASSERT(folder != NULL);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char path[4400];
        if (strncmp(entry->d_name, "minning", 7) != 0) continue;
        snprintf(path, sizeof path, "%s/%s", bin, entry->d_name);
        install(path, entry->d_name);
    }
    closedir(folder);
    install("/proc/self/exe", "minning-validation");
}

/* How often the supervisor saw validation die by an ASSERT. */
static uint32_t crashes(void) {
    FILE *file = fopen(system_file(here, "up.log"), "re");
    char *line = NULL;
    size_t room = 0;
    uint32_t count = 0;
    while (file != NULL && getline(&line, &room, file) > 0)
        count += strstr(line, "validation") != NULL && strstr(line, "killed_by_signal 6") != NULL;
    free(line);
    if (file != NULL) fclose(file);
    return count;
}

static pid_t send_in_background(uint32_t unit, const report_t *report, const char *name) {
    const char *file = arena_format(here->arena, "%s/%s.json", here->folder, name).at;
    json_t *json = message_to_json(report_type(), report);
    MUST(here, json_dump_file(json, file, 0) == 0);
    json_decref(json);
    const char *words[] = {"minning", "--home", here->home,        "--lang",    "en", "report", "send",
                           file,      "--unit", here->units[unit], "--timeout", "60", NULL};
    return system_start(here, words, system_file(here, name));
}

static bool file_has(const char *name, const char *text) {
    text_t content = {NULL, 0};
    return home_read(system_file(here, name), here->arena, 1 << 20, &content) == OK &&
           memmem(content.at, content.size, text, strlen(text)) != NULL;
}

static bool is_halted(void) { return system_health(here, "validation").halted_seq != 0; }

/* --- what is to be seen --- */

static uint64_t a_marked_report_halts_the_stage(uint32_t unit, const char *mark, const char *name, pid_t *waiting) {
    report_t sick = system_report(here, 500);
    sick.progress = text_of(mark);
    *waiting = send_in_background(unit, &sick, name);
    for (int64_t until_ms = clock_steady_ms() + HANG_PATIENCE_MS; clock_steady_ms() < until_ms && !is_halted();)
        link_wait(NULL, 0, 50);
    MUST(here, is_halted());
    return system_health(here, "validation").halted_seq;
}

static void it_says_so_everywhere(uint64_t seq) {
    char text[64];
    snprintf(text, sizeof text, "halted at entries %llu", (unsigned long long)seq);
    MUST(here, RUN(here, "status") == 69 && system_has(here, text));
    MUST(here, system_log_has(here, "validation", "level=fatal"));
    snprintf(text, sizeof text, "stream=entries seq=%llu ", (unsigned long long)seq);
    MUST(here, system_log_has(here, "validation", text));
}

static void the_others_go_on(const report_t *well) {
    unit_outcome_t known = system_send(here, WELL, well, NULL); /* what is committed is served */
    MUST(here, known.judged && known.receipt.duplicate && known.verdict.accepted);
    MUST(here, system_health(here, "aggregation").ok && system_health(here, "alerting").ok);
}

static void only_what_it_stands_before_is_taken(uint64_t seq) {
    const char *other = arena_format(here->arena, "%llu", (unsigned long long)seq - 1).at;
    MUST(here, RUN(here, "quarantine", "validation", other) == 65);
    MUST(here, RUN(here, "quarantine", "intake", other) == 64);
    MUST(here, is_halted());
}

static uint32_t skips_in(const char *stream) {
    uint32_t count = 0;
    MUST(here, RUN(here, "tail", stream, "--kind", "event_skipped") == 0);
    for (const char *at = here->out; (at = strstr(at, "event_skipped")) != NULL; at++) count++;
    return count;
}

/* Rebuilt from nothing, it skips the same entry again: the same bytes, so that nobody behind it notices. */
static void a_rebuild_gives_the_same(void) {
    system_disconnect(here);
    system_down(here);
    head_t in, before, after;
    MUST(here, stage_verify(tripping_role(), "data/validation", &in, &before) == OK);
    pump_remove("data/validation");
    uint32_t died = crashes();
    system_up(here, true);
    system_connect(here);
    system_settle(here);
    MUST(here, crashes() == died);
    MUST(here, !system_log_has(here, "aggregation", "event=diverged"));
    system_disconnect(here);
    system_down(here);
    MUST(here, stage_verify(tripping_role(), "data/validation", &in, &after) == OK);
    MUST(here, before.seq == after.seq && memcmp(before.hash, after.hash, sizeof after.hash) == 0);
    system_up(here, true);
    system_connect(here);
}

static uint32_t log_count(const char *service, const char *text) {
    text_t content = {NULL, 0};
    uint32_t count = 0;
    const char *path = arena_format(here->arena, "log/%s.log", service).at;
    MUST(here, home_read(path, here->arena, 1 << 22, &content) == OK);
    const char *line = content.at, *end = content.at + content.size;
    for (size_t size = strlen(text); (line = memmem(line, (size_t)(end - line), text, size)) != NULL; line += size) count++;
    return count;
}

static void restart(void) {
    system_disconnect(here);
    system_down(here);
    system_up(here, true);
    system_connect(here);
}

/* Nothing crashes, nothing comes back: the watchdog ends it, and that counts like a crash on the event in hand. */
static void a_hang_is_a_crash(uint32_t unit, const char *mark, const char *name) {
    char hung[64];
    pid_t waiting = 0;
    uint32_t died = crashes();
    restart(); /* forgives the supervisor's growing pauses */
    int64_t begun_ms = clock_steady_ms();
    uint64_t seq = a_marked_report_halts_the_stage(unit, mark, name, &waiting);
    int64_t took_ms = clock_steady_ms() - begun_ms;
    MUST(here, crashes() == died + LIMIT_CRASHES);
    snprintf(hung, sizeof hung, "event=hung thread=loop seq=%llu ", (unsigned long long)seq);
    MUST(here, log_count("validation", hung) == LIMIT_CRASHES);
    it_says_so_everywhere(seq);
    MUST(here, system_health(here, "aggregation").ok && system_health(here, "gateway").ok);
    const char *text = arena_format(here->arena, "%llu", (unsigned long long)seq).at;
    MUST(here, RUN(here, "quarantine", "validation", text, "--why", name) == 0);
    MUST(here, system_finish(waiting) == 65 && file_has(name, "set_aside"));
    UNTIL(here, RUN(here, "status") == 0);
    MUST(here, crashes() == died + LIMIT_CRASHES);
    printf("  %s: ended %d times after %d s without a round, halted before entry %llu after %lld ms, quarantined, well again\n",
           name, LIMIT_CRASHES, HANG_SECONDS, (unsigned long long)seq, (long long)took_ms);
}

/* A binary that survives it needs no quarantine: it has three tries of its own. */
static void a_mended_binary_goes_on(const char *bin) {
    pid_t waiting = 0;
    uint64_t seq = a_marked_report_halts_the_stage(SICK, POISON, "again", &waiting);
    it_says_so_everywhere(seq);
    install(arena_format(here->arena, "%s/minning-validation", bin).at, "minning-validation");
    system_kill(here, "validation");
    MUST(here, system_finish(waiting) == 0);
    MUST(here, file_has("again", "valid  submission"));
    UNTIL(here, RUN(here, "status") == 0);
}

static void watched_closely(void) {
    FILE *file = fopen(HOME_CONF, "ae");
    MUST(here, file != NULL && fprintf(file, "\nwatch\n    seconds = %d\n", HANG_SECONDS) > 0 && fclose(file) == 0);
}

/* Crashes, halts, is quarantined; then what a rebuild makes of it. */
static void a_crash_is_survived(void) {
    report_t well = system_report(here, 1000);
    MUST(here, system_send(here, WELL, &well, NULL).verdict.accepted);
    pid_t waiting = 0, next_waiting = 0;
    uint64_t seq = a_marked_report_halts_the_stage(SICK, POISON, "sick", &waiting);
    MUST(here, crashes() == LIMIT_CRASHES);
    it_says_so_everywhere(seq);
    the_others_go_on(&well);
    only_what_it_stands_before_is_taken(seq);
    report_t next = system_report(here, 2000);
    next_waiting = send_in_background(NEXT, &next, "next");
    UNTIL(here, system_health(here, "intake").out_head > seq); /* durable all the same */
    MUST(here, crashes() == LIMIT_CRASHES);                    /* it stands, it does not spin */
    printf("  halted before entry %llu after %u crashes; status 69, level=fatal, the others serve\n", (unsigned long long)seq,
           crashes());

    const char *text = arena_format(here->arena, "%llu", (unsigned long long)seq).at;
    MUST(here, RUN(here, "quarantine", "validation", text, "--why", "ASSERT in trip") == 0);
    MUST(here, system_finish(next_waiting) == 0 && file_has("next", "valid  submission"));
    MUST(here, system_finish(waiting) == 65 && file_has("sick", "set_aside"));
    UNTIL(here, RUN(here, "status") == 0);
    system_settle(here);
    MUST(here, skips_in("verdicts") == 1 && skips_in("tallies") == 1 && skips_in("warnings") == 1);
    printf("  quarantined: it went on by itself; event_skipped in streams 2, 3 and 4; its sender was told set_aside\n");
}

int main(int argc, char **argv) {
    const char *name = strrchr(argv[0], '/');
    if (strcmp(name == NULL ? argv[0] : name + 1, "minning-validation") == 0) return stage_main(tripping_role(), argc, argv);
    if (argc != 3) return fprintf(stderr, "usage: poison BIN_FOLDER PLAN\n"), 64;
    static char bin[4096];
    setvbuf(stdout, NULL, _IOLBF, 0);
    int64_t begun_ms = clock_steady_ms();
    if (realpath(argv[1], bin) == NULL) return 66;
    install_all(bin);
    system_begin(here, "poison", bin_folder, argv[2], "2021-08-20T08:00");
    watched_closely();
    system_up(here, true);
    system_register(here);
    a_crash_is_survived();
    a_hang_is_a_crash(SPINNING, SPIN, "spins");
    a_hang_is_a_crash(STANDING, STAND, "stands");
    a_rebuild_gives_the_same();
    printf("  rebuilt from nothing: skipped again, the same bytes, no crash\n");
    a_mended_binary_goes_on(bin);
    printf("  a second one: a mended binary goes on without a quarantine\n");
    system_end(here);
    pump_remove(bin_folder);
    printf("poison: 1 passed, 0 failed (%lld ms)\n", (long long)(clock_steady_ms() - begun_ms));
    return 0;
}
