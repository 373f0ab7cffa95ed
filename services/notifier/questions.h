/* What the sender asks and is asked over ZeroMQ: the vault for the directory, intake for its head and to take results, and the
 * operator's tests of routes. Never waits. */
#ifndef NOTIFIER_QUESTIONS_H
#define NOTIFIER_QUESTIONS_H

#include "services/notifier/letter.h"
#include "services/stage/link.h"

typedef struct questions questions_t;
err_t questions_open_all(questions_t **out);
void questions_close(questions_t **self);

/* Asks what is to be asked, takes what was answered. `cause_seq`: how far the fold is. */
void questions_step(questions_t *self, uint64_t cause_seq, int64_t steady_ms);
bool questions_open(const questions_t *self);              /* an answer is on its way, soon */
bool questions_answered(const questions_t *self);          /* vault and intake have answered what they were asked last */

/* The ledger's head as of our start, or of the last questions_head_void. *asked_at: how far the fold was when it
 * was asked: no further than the head, unless its ledger is another one. false: not told yet. */
bool questions_head(const questions_t *self, uint64_t *head, uint64_t *asked_at);
void questions_head_void(questions_t *self); /* ask anew */

/* Asks for the directory if stream 4 has come to `in_seq` since it was asked last, or a second has passed. */
void questions_directory_ask(questions_t *self, uint64_t in_seq, uint64_t known, int64_t steady_ms);
/* An answer came: *until is the in_seq that was asked with; *directory NULL: the known version stands. Valid until the next
 * step. false: none came. */
bool questions_directory(questions_t *self, const directory_t **directory, uint64_t *until);
/* Ask again, whatever was answered. 1 if an answer to an older question is still on its way, otherwise 0. */
uint32_t questions_directory_void(questions_t *self);

/* Results: told under their ticket; noted once intake says so. */
void questions_note(questions_t *self, const message_t *type, bytes_t body, uint64_t ticket, int64_t steady_ms);
bool questions_noted(questions_t *self, uint64_t *ticket, uint64_t *entry);
bool questions_note_again(questions_t *self, int64_t steady_ms); /* answers are overdue: tell all again */

/* Tests: the next one asked for; then either refused, or begun, which gives the courier's ticket. */
bool questions_test(questions_t *self, arena_t *arena, route_test_t *test);
void questions_refuse_test(questions_t *self, text_t code, text_t arg);
uint64_t questions_test_begun(questions_t *self, channel_t channel, int64_t steady_ms);
/* Is this a test's ticket? Then it is answered. */
bool questions_tested(questions_t *self, uint64_t ticket, const response_t *response, int64_t steady_ms);

#endif
