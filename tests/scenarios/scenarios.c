/* Plays scenario files in a simulated world and compares what happens with what they say. usage: scenarios [--update] FILE…
 * A file is commands (lines that begin with "> "), what each must answer (the indented lines below it) and remarks (#). */
#include "tests/scenarios/scenarios.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/minning/phrase.h"
#include "services/plan/plan_file.h"
#include "services/stage/home.h"

static void scene_reset(scene_t *self) {
    scene_outside_end(self);
    if (self->world != NULL) world_destroy(&self->world);
    if (self->book != NULL) planbook_destroy(&self->book);
    self->watched_count = 0;
    self->warning_seq = self->verdict_seq = 0;
}

void scene_say(scene_t *self, const char *format, ...) {
    va_list arguments;
    char line[4096];
    va_start(arguments, format);
    int size = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (size >= (int)sizeof line) size = (int)sizeof line - 1;
    buffer_add(&self->out, "  ", 2);
    buffer_add(&self->out, line, (size_t)size);
    buffer_add(&self->out, "\n", 1);
}

static void play_line(scene_t *self, text_t line) {
    buffer_add(&self->out, line.at, line.size);
    buffer_add(&self->out, "\n", 1);
    if (line.size < 2 || line.at[0] != '>') return;
    line = (text_t){line.at + 1, line.size - 1};
    scene_play(self, line);
    arena_reset(self->arena);
}

static bool next_line(text_t *rest, text_t *line) {
    if (rest->size == 0) return false;
    const char *end = memchr(rest->at, '\n', rest->size);
    uint32_t size = end == NULL ? rest->size : (uint32_t)(end - rest->at);
    *line = (text_t){rest->at, size};
    uint32_t taken = end == NULL ? size : size + 1;
    *rest = (text_t){rest->at + taken, rest->size - taken};
    return true;
}

/* What is indented is an answer: it is made anew. */
static void play_file(scene_t *self, text_t script) {
    for (text_t line; next_line(&script, &line);)
        if (line.size < 2 || memcmp(line.at, "  ", 2) != 0) play_line(self, line);
}

static void tell_difference(const char *path, text_t meant, text_t came) {
    text_t wanted = {0}, got = {0};
    for (uint32_t number = 1;; number++) {
        bool more_wanted = next_line(&meant, &wanted), more_got = next_line(&came, &got);
        if (!more_wanted && !more_got) return;
        if (more_wanted && more_got && text_equal(wanted, got)) continue;
        printf("%s:%u\n  wanted: " TEXT_FORMAT "\n  came:   " TEXT_FORMAT "\n", path, number,
               TEXT_ARGS(more_wanted ? wanted : text_of("(end)")), TEXT_ARGS(more_got ? got : text_of("(end)")));
        return;
    }
}

static bool play(scene_t *self, const char *path, bool update) {
    arena_t *arena = arena_new();
    text_t script = {0};
    bool good = home_read(path, arena, 1 << 20, &script) == OK;
    buffer_clear(&self->out);
    if (good)
        play_file(self, script);
    else
        printf("%s: cannot be read\n", path);
    if (good && self->world != NULL && !world_replays(self->world)) {
        printf("%s: the stages replayed over the ledger differ\n", path);
        good = false;
    }
    text_t came = {(const char *)self->out.at, (uint32_t)self->out.size};
    if (good && !text_equal(script, came)) {
        if (update)
            good = home_write(path, came, 0644) == OK;
        else {
            tell_difference(path, script, came);
            good = false;
        }
    }
    scene_reset(self);
    arena_destroy(&arena);
    return good;
}

int main(int argc, char **argv) {
    scene_t scene = {.arena = arena_new()};
    bool update = argc > 1 && strcmp(argv[1], "--update") == 0;
    uint32_t passed = 0, failed = 0;
    crypto_start();
    for (int index = update ? 2 : 1; index < argc; index++) {
        if (play(&scene, argv[index], update))
            passed++;
        else
            failed++;
    }
    buffer_destroy(&scene.out);
    arena_destroy(&scene.arena);
    printf("scenarios: %u passed, %u failed\n", passed, failed);
    return passed > 0 && failed == 0 ? 0 : 1;
}
