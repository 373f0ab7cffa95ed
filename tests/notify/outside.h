/* The outside, as a process of its own in another language: servers that take mail and posts, check what can be checked, fail
 * as they are told to, and say what they took. */
#ifndef NOTIFY_OUTSIDE_H
#define NOTIFY_OUTSIDE_H

#include "tests/drill/system.h"

#include <jansson.h>

typedef struct {
    system_t *system;
    pid_t pid;
    FILE *to, *from;
    int mail_port, http_port, https_port;
    json_t *last; /* the last answer */
} outside_t;

void outside_begin(outside_t *self, system_t *system, const char *script);
void outside_end(outside_t *self);
/* What the next deliveries to `name` meet: steps with blanks between them, the last again and again. */
void outside_plan(outside_t *self, const char *name, const char *steps);
/* How many messages `name` has taken; they are in self->last. */
size_t outside_seen(outside_t *self, const char *name);
size_t outside_tries(outside_t *self, const char *name);
/* The message at `index` that outside_seen has told, as JSON; or its member. */
const json_t *outside_message(const outside_t *self, size_t index);
const char *outside_text(const outside_t *self, size_t index, const char *member);

#endif
