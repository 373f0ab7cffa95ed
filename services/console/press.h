/* The press: a thread beside the loop that gathers documents and writes them down; it is asked like any other service behind. */
#ifndef CONSOLE_PRESS_H
#define CONSOLE_PRESS_H

#include "services/documents/gather.h"
#include "services/documents/issue.h"

#define PRESS_ENDPOINT "ipc://run/press.desk"

/* In the current home folder; press_ask in proto/papers.def says what may be asked. It stops after the question at hand. */
typedef struct press press_t;
err_t press_open(press_t **out);
void press_close(press_t **self);

/* --- what its two files share: press.c gathers and keeps, press_write.c writes down --- */

/* Fills `told` but for the bytes, which it appends to `out`. ERR_NOMEM, ERR_SYSTEM: a library refused. */
err_t press_write(const press_ask_t *ask, const edition_t *edition, arena_t *arena, press_told_t *told, buffer_t *out);
/* As JSON: the documents of the ledger, with what has changed of each that is out, and the objections to it counted.
 * `head`: figures as of at least this entry. */
err_t press_list(const gather_t *from, uint64_t head, buffer_t *out);

#endif
