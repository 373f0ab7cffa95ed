/* Carries requests to the outside: SMTP and HTTP by libcurl, many at once; and into a maildir of this machine. Never waits
 * but in courier_wait. */
#ifndef NOTIFIER_COURIER_H
#define NOTIFIER_COURIER_H

#include "services/notifier/letter.h"

typedef struct courier courier_t;

typedef struct {
    const char *proxy;   /* of all routes that name none; "" none. The environment's is never used */
    const char *ca_file; /* certificates believed; NULL: the system's */
    int64_t timeout_ms;  /* of a whole delivery */
    const char *maildir; /* where a sink's files go: tmp, new, cur below it */
} courier_conf_t;

err_t courier_open(const courier_conf_t *conf, courier_t **out);
void courier_close(courier_t **self); /* what is under way is given up */

/* Begins; `ticket` comes back with the response. What cannot even begin comes back as a response too. */
void courier_send(courier_t *self, uint64_t ticket, const request_t *request);
/* The next that is over. The response's body lives until the next call. false: none yet. */
bool courier_taken(courier_t *self, uint64_t *ticket, response_t *response);
/* Waits until something may be over, somebody wakes it, or the time is up. */
void courier_wait(courier_t *self, int64_t timeout_ms);
void courier_wake(courier_t *self); /* from any thread */
uint32_t courier_count(const courier_t *self); /* under way */
bool courier_full(const courier_t *self);      /* then courier_send must not be called */

#endif
