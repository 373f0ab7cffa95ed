/* What this machine knows to have sent, beside the ledger: it is written before the ledger is told, and it outlives a restore
 * of the ledger. What was not sent is not in it: that follows anew from what the ledger then says. A file of records, each with
 * its checksum; a torn tail is cut off. */
#ifndef NOTIFIER_JOURNAL_H
#define NOTIFIER_JOURNAL_H

#include "proto/wire.h"

#define JOURNAL_FOLDER "data/notices"
#define JOURNAL_FILE JOURNAL_FOLDER "/journal"

typedef enum {
    JOURNAL_TRY = 1,  /* this message is on its way: notice_sent without an answer */
    JOURNAL_SENT = 2, /* notice_sent */
} journal_kind_t;

/* What is known of one warning on one way. */
typedef enum { PART_UNKNOWN, PART_TRIED, PART_SENT } part_known_t;

typedef struct journal journal_t;
/* Opens or makes the file and reads all of it. ERR_SYSTEM, ERR_CORRUPT (a record in the middle), ERR_FULL. */
err_t journal_open(const char *path, journal_t **out);
void journal_close(journal_t **self);

/* Appends durably. After an error nothing more is appended: the caller must not send. */
err_t journal_try(journal_t *self, const notice_sent_t *message);
err_t journal_sent(journal_t *self, const notice_sent_t *sent);

part_known_t journal_part(const journal_t *self, const uint8_t outbox_id[16]);
/* The message that this part was tried in, while no result of it is known; false: none. */
bool journal_message(const journal_t *self, const uint8_t outbox_id[16], uint8_t message_id[16]);
uint64_t journal_attempts(const journal_t *self, const uint8_t outbox_id[16]);

/* Every notice_sent, in the order of writing: *at starts at 0. Lists and views live in arena. */
bool journal_next(journal_t *self, uint64_t *at, arena_t *arena, notice_sent_t *sent);
uint64_t journal_size(const journal_t *self);

#endif
