/* A live store whose bits are turned: how it was made, how it is opened and read to the end, what it said when it was whole. */
#ifndef CORRUPTION_SUBJECT_H
#define CORRUPTION_SUBJECT_H

#include "tests/power/office.h"

enum { SUBJECT_LEDGER, SUBJECT_STAGE, SUBJECT_VAULT, SUBJECTS };
enum { SUBJECT_PERSONS = 48 };

typedef enum {
    SEEN_AT_START,  /* the service does not start */
    SEEN_BY_SCAN,   /* reading everything finds it */
    UNCHANGED,      /* everything reads as before: nothing that lives was hit */
    TAKEN_BACK,     /* the newest commit is gone: see takes_back */
    UNSEEN,         /* something reads otherwise, and nobody said so */
    SPOILS_A_WRITE, /* everything reads as before, but the next write goes wrong */
    CRASHED,        /* a signal */
    HUNG,
    FATES
} fate_t;
extern const char *const fate_names[FATES];

typedef struct {
    uint32_t which;
    bureau_t *office;
    char folder[OFFICE_PATH]; /* of the store */
    uint8_t *image;           /* data.mdb as it was */
    size_t size;
    digest_t digest;
} subject_t;

extern const char *const subject_names[SUBJECTS];

subject_t *subject_new(uint32_t which, const char *folder);
void subject_destroy(subject_t **self);
/* One bit of the file nobody can miss: bit 1 of the newest meta's own number. Without it the meta looks like one whose write
 * failed, when LMDB puts the older number back, and that must be let in. */
bool subject_takes_back(const subject_t *self, size_t at, uint8_t flip);
/* Opens what lies in the folder, reads all, compares. writes: goes on with it too. Never returns CRASHED or HUNG. */
fate_t subject_look(subject_t *self, bool writes);
/* data.mdb as it was, but `size` bytes of it, and with the byte at `at` changed by `flip`. */
void subject_lay(const subject_t *self, size_t size, size_t at, uint8_t flip);

#endif
