/* Talks to outside.py by lines. */
#include "tests/notify/outside.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *line_read(outside_t *self) {
    static char *line;
    static size_t room;
    MUST(self->system, getline(&line, &room, self->from) > 0);
    return line;
}

void outside_begin(outside_t *self, system_t *system, const char *script) {
    int down[2], up[2];
    *self = (outside_t){.system = system};
    MUST(system, pipe(down) == 0 && pipe(up) == 0);
    fflush(stdout);
    self->pid = fork();
    if (self->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(down[0], STDIN_FILENO);
        dup2(up[1], STDOUT_FILENO);
        close(down[1]);
        close(up[0]);
        execl("/usr/bin/python3", "python3", script, (char *)NULL);
        _exit(127);
    }
    close(down[0]);
    close(up[1]);
    self->to = fdopen(down[1], "we");
    self->from = fdopen(up[0], "re");
    MUST(system, self->pid > 0 && self->to != NULL && self->from != NULL);
    MUST(system, sscanf(line_read(self), "%d %d %d", &self->mail_port, &self->http_port, &self->https_port) == 3);
}

void outside_end(outside_t *self) {
    int status;
    fclose(self->to);
    fclose(self->from);
    kill(self->pid, SIGKILL);
    waitpid(self->pid, &status, 0);
    json_decref(self->last);
}

static void command(outside_t *self, const char *word, const char *name, const char *rest) {
    json_error_t error;
    fprintf(self->to, "%s %s %s\n", word, name, rest);
    fflush(self->to);
    json_decref(self->last);
    self->last = json_loads(line_read(self), JSON_DECODE_ANY, &error);
    MUST(self->system, self->last != NULL);
}

void outside_plan(outside_t *self, const char *name, const char *steps) { command(self, "plan", name, steps); }

size_t outside_seen(outside_t *self, const char *name) {
    command(self, "seen", name, "");
    return json_array_size(self->last);
}

size_t outside_tries(outside_t *self, const char *name) {
    command(self, "tries", name, "");
    return json_array_size(self->last);
}

const json_t *outside_message(const outside_t *self, size_t index) { return json_array_get(self->last, index); }

const char *outside_text(const outside_t *self, size_t index, const char *member) {
    const json_t *message = outside_message(self, index);
    const char *text = json_string_value(member == NULL ? message : json_object_get(message, member));
    return text == NULL ? "" : text;
}
