/* Makes the nth system call or allocation of this process fail, once or from then on, or kills the process there. */
#ifndef LOOPS_TROUBLE_H
#define LOOPS_TROUBLE_H

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    TROUBLE_EIO,       /* the nth call that reads, writes, syncs, opens, maps or locks a file */
    TROUBLE_EIO_ON,    /* that and all that follow: the disk is dead */
    TROUBLE_ENOSPC,    /* the nth call that needs room on the disk */
    TROUBLE_ENOSPC_ON, /* that and all that follow: the disk is full */
    TROUBLE_SHORT,     /* the nth write takes half of its bytes and says so */
    TROUBLE_NOMEM,     /* the nth malloc, calloc, realloc, posix_memalign */
    TROUBLE_NOMEM_ON,
    TROUBLE_KILL_BEFORE, /* SIGKILL in front of the nth call that changes the disk */
    TROUBLE_KILL_AFTER,
    TROUBLE_KINDS
} trouble_t;
extern const char *const trouble_names[TROUBLE_KINDS];

void trouble_arm(trouble_t kind, uint32_t nth); /* nth: from 1 */
/* Nothing fails any more. true: something did. */
bool trouble_disarm(void);

#endif
