/* A thread beside the main one that does one piece of work at a time: here a group is written and made durable while the next is
 * read. What the work touches is the thread's from ink_give until ink_wait has come back. */
#ifndef INTAKE_INK_H
#define INTAKE_INK_H

#include <stdbool.h>

typedef struct ink ink_t;

/* NULL: there is no memory, no descriptor or no thread. */
ink_t *ink_start(void (*work)(void *self), void *self);
/* Begins the work. It must not be at work. */
void ink_give(ink_t *self);
bool ink_is_at_work(const ink_t *self); /* given, and not waited for */
bool ink_is_done(const ink_t *self);    /* at work, and ink_wait would come back at once */
/* Comes back when the work is done; at once where nothing was given. */
void ink_wait(ink_t *self);
int ink_sign(const ink_t *self); /* a descriptor that can be read when the work is done; only ink_wait reads it */
/* Waits for the work, then ends the thread. */
void ink_stop(ink_t **self);

#endif
