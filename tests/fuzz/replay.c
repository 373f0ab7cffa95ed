/* Every committed input again, through every target, built by the ordinary compiler with its sanitizers.
 * usage: fuzz CORPUS_FOLDER [TARGET [FILE…]] */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "services/stage/clock.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_plans.h"

#define TARGETS(X)                                                                                                             \
    X(amount) X(batch) X(bulk) X(event) X(evidence) X(fold) X(gateway) X(http) X(intake) X(json) X(phrase) X(plan) X(privacy)  \
    X(report_file) X(scan) X(uscc) X(wire) X(zap)

#define DECLARED(name) fuzz_target_t fuzz_##name;
TARGETS(DECLARED)
#define ROW(name) {#name, fuzz_##name},
static const struct {
    const char *name;
    fuzz_target_t *target;
} targets[] = {TARGETS(ROW)};

enum { LARGEST = 4 * 1024 * 1024 };

static void replay_file(fuzz_target_t *target, const char *path) {
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(LARGEST);
    if (file == NULL || bytes == NULL) {
        perror(path);
        exit(66);
    }
    size_t size = fread(bytes, 1, LARGEST, file);
    fclose(file);
    fuzz_run(target, bytes, size);
    free(bytes);
}

/* In the order of their names, so that two runs are the same. */
static int replay_folder(fuzz_target_t *target, const char *folder, bool count_only) {
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, alphasort), inputs = 0;
    for (int index = 0; index < count; index++) {
        char path[PATH_MAX + 512];
        snprintf(path, sizeof path, "%s/%s", folder, entries[index]->d_name);
        bool hidden = entries[index]->d_name[0] == '.';
        if (!hidden && !count_only) replay_file(target, path);
        inputs += !hidden;
        free(entries[index]);
    }
    free(entries);
    return inputs;
}

/* Each target in a process of its own: they hold sockets and stores, and one may stand in a folder of its own. */
static bool replay_apart(size_t index, const char *folder, int files, char **file) {
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        for (int at = 0; at < files; at++) replay_file(targets[index].target, file[at]);
        if (files == 0) replay_folder(targets[index].target, folder, false);
        exit(0);
    }
    int status = 0;
    bool waited = pid > 0 && waitpid(pid, &status, 0) == pid;
    bool well = waited && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!well) fprintf(stderr, "fuzz: %s is broken: status %d\n", targets[index].name, status);
    return well;
}

int main(int argc, char **argv) {
    if (argc < 2) return fprintf(stderr, "usage: fuzz CORPUS_FOLDER [TARGET [FILE...]]\n"), 64;
    int failed = 0, inputs = 0, parsers = 0;
    int64_t begun_ms = clock_steady_ms();
    (void)fuzz_book(); /* while we stand at the top of the checkout */
    for (size_t index = 0; index < sizeof targets / sizeof targets[0]; index++) {
        if (argc > 2 && strcmp(argv[2], targets[index].name) != 0) continue;
        char folder[PATH_MAX], path[PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", argv[1], targets[index].name);
        int files = argc > 3 ? argc - 3 : 0;
        int here = files > 0 ? files : realpath(path, folder) == NULL ? 0 : replay_folder(NULL, folder, true);
        if (here == 0) fprintf(stderr, "fuzz: %s has no corpus\n", path);
        failed += here == 0 || !replay_apart(index, folder, files, argv + 3);
        inputs += here;
        parsers++;
    }
    printf("fuzz: %d parsers, %d inputs replayed in %lld ms, %d failed\n", parsers, inputs,
           (long long)(clock_steady_ms() - begun_ms), failed);
    return failed == 0 && inputs > 0 ? 0 : 1;
}
