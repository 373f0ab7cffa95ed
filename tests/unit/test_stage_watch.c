/* A thread that hangs ends its process by SIGABRT; one that works, waits or has left does not. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "services/stage/clock.h"
#include "services/stage/link.h"
#include "services/stage/watch.h"
#include "tests/sim/temporary.h"

enum { HANG_MS = 400, LONGER_MS = 1000 }; /* a busy machine may keep a thread from its round for a while */

static bool hangs_after(watch_seen_t *seen, uint64_t round, bool waits, uint32_t looks) {
    bool hangs = false;
    for (uint32_t look = 0; look < looks; look++) hangs = watch_look(seen, round, waits);
    return hangs;
}

static void the_same_round_seen_again_and_again_is_a_hang(void **state) {
    (void)state;
    watch_seen_t seen = {0};
    assert_false(hangs_after(&seen, 7, false, WATCH_LOOKS)); /* the first of them saw it begin */
    assert_true(watch_look(&seen, 7, false));
}

static void who_goes_round_does_not_hang(void **state) {
    (void)state;
    watch_seen_t seen = {0};
    for (uint64_t round = 1; round < 10 * WATCH_LOOKS; round++) assert_false(hangs_after(&seen, round, false, WATCH_LOOKS));
}

static void who_waits_does_not_hang(void **state) {
    (void)state;
    watch_seen_t seen = {0};
    assert_false(hangs_after(&seen, 8, true, 100 * WATCH_LOOKS));
    assert_false(hangs_after(&seen, 9, false, WATCH_LOOKS)); /* and what it did before is forgotten */
}

/* --- real threads, each in a process of its own --- */

static int status_of(void (*run)(void)) {
    int status = 0;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        if (freopen("child.log", "we", stderr) == NULL) _exit(74);
        watch_start(HANG_MS);
        run();
        watch_stop();
        _exit(0);
    }
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
    return status;
}

static bool log_has(const char *text) {
    char log[4096];
    FILE *file = fopen("child.log", "re");
    size_t size = file == NULL ? 0 : fread(log, 1, sizeof log - 1, file);
    if (file != NULL) fclose(file);
    log[size] = '\0';
    return strstr(log, text) != NULL;
}

static void spin(void) {
    static volatile bool for_ever = true;
    watch_join("loop");
    watch_hold(42);
    while (for_ever) {
    }
}

static void stand(void) {
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    watch_join("loop");
    pthread_mutex_lock(&mutex);
    pthread_mutex_lock(&mutex);
}

static void *answer(void *argument) {
    (void)argument;
    watch_join("desk");
    for (int64_t until_ms = clock_steady_ms() + 60000; clock_steady_ms() < until_ms;) {
    }
    return NULL;
}

static void another_thread_spins(void) {
    pthread_t thread;
    watch_join("loop");
    if (pthread_create(&thread, NULL, answer, NULL) != 0) return;
    while (true) link_wait(NULL, 0, 5);
}

static void work(void) {
    watch_join("loop");
    for (int64_t until_ms = clock_steady_ms() + LONGER_MS; clock_steady_ms() < until_ms;) watch_hold(1);
    watch_leave();
}

static void wait_longer(void) {
    watch_join("loop");
    link_wait(NULL, 0, LONGER_MS);
    watch_leave();
}

static void leave(void) {
    watch_join("loop");
    watch_leave();
    for (int64_t until_ms = clock_steady_ms() + LONGER_MS; clock_steady_ms() < until_ms;) watch_beat();
    watch_join("loop"); /* there is room for it again */
    watch_leave();
}

static bool died_of(int status, int signal_number) { return WIFSIGNALED(status) && WTERMSIG(status) == signal_number; }
static bool ended_well(int status) { return WIFEXITED(status) && WEXITSTATUS(status) == 0; }

static void a_loop_that_spins_is_ended_and_the_log_names_the_event(void **state) {
    (void)state;
    assert_true(died_of(status_of(spin), SIGABRT));
    assert_true(log_has("level=fatal") && log_has("event=hung thread=loop seq=42"));
}

static void a_loop_that_waits_for_itself_is_ended(void **state) {
    (void)state;
    assert_true(died_of(status_of(stand), SIGABRT));
}

static void a_question_without_end_ends_the_process_though_its_loop_goes_on(void **state) {
    (void)state;
    assert_true(died_of(status_of(another_thread_spins), SIGABRT));
    assert_true(log_has("thread=desk"));
}

static void a_loop_that_works_longer_than_that_in_many_rounds_is_left_alone(void **state) {
    (void)state;
    assert_true(ended_well(status_of(work)));
}

static void a_loop_that_waits_longer_than_that_is_left_alone(void **state) {
    (void)state;
    assert_true(ended_well(status_of(wait_longer)));
}

static void a_thread_that_left_is_left_alone(void **state) {
    (void)state;
    assert_true(ended_well(status_of(leave)));
}

static char folder[256];

static int enter(void **state) {
    (void)state;
    temporary_folder(folder, sizeof folder);
    return chdir(folder);
}

static int leave_folder(void **state) {
    (void)state;
    temporary_remove(folder);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_round_seen_again_and_again_is_a_hang),
        cmocka_unit_test(who_goes_round_does_not_hang),
        cmocka_unit_test(who_waits_does_not_hang),
        cmocka_unit_test(a_loop_that_spins_is_ended_and_the_log_names_the_event),
        cmocka_unit_test(a_loop_that_waits_for_itself_is_ended),
        cmocka_unit_test(a_question_without_end_ends_the_process_though_its_loop_goes_on),
        cmocka_unit_test(a_loop_that_works_longer_than_that_in_many_rounds_is_left_alone),
        cmocka_unit_test(a_loop_that_waits_longer_than_that_is_left_alone),
        cmocka_unit_test(a_thread_that_left_is_left_alone),
    };
    return cmocka_run_group_tests(tests, enter, leave_folder);
}
