/* The gateway: the door of the units. Encrypted conversations in, receipts and verdicts out; it holds no disk. */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include "proto/wire.h"

typedef struct gateway gateway_t;

/* Binds `endpoint` with the keys (Z85), the ZAP handler and every bound, in the current home folder. Runs the self-test: an
 * unknown key and a connection without CURVE must both be refused. ERR_REFUSED: one of them got through, do not serve.
 * ERR_SYSTEM: a socket cannot be bound. Units are let in only once the registry is loaded (gateway_step does it). */
err_t gateway_open(const char *endpoint, const char *public_text, const char *secret_text, gateway_t **out);
void gateway_close(gateway_t **self);

/* One turn: waits at most `timeout_ms` for anything to happen, then does all that can be done without waiting.
 * false: the process was asked to leave. */
bool gateway_step(gateway_t *self, int64_t timeout_ms);

bool gateway_ready(const gateway_t *self);          /* the registry is loaded, units are let in */
uint32_t gateway_pending(const gateway_t *self);    /* conversations that wait for an answer */
const char *gateway_endpoint(const gateway_t *self); /* as bound: the port is known even where 0 or * was asked for */
void gateway_refuse_new(gateway_t *self);           /* from now on a new message is answered busy: the process is leaving */

/* The service: lock, keys and endpoint of the home argv[1], loop, leaves on SIGTERM. An exit code of sysexits.h: 75 another
 * instance runs, 70 the self-test failed. */
int gateway_main(int argc, char **argv);

#endif
