/* The console: HTTP in, pages out. It holds no disk and no authority: the vault says who somebody is, the ledger what he may do. */
#ifndef CONSOLE_CONSOLE_H
#define CONSOLE_CONSOLE_H

#include "proto/wire.h"

typedef struct console console_t;

/* How it is to be reached; read from the settings of the home. */
typedef struct {
    const char *address; /* IPv4 to bind */
    uint16_t port;       /* 0: any free one */
    int64_t answer_ms;   /* the services behind have so long; 0: LIMIT_HTTP_ANSWER_MS */
    bool behind_proxy;   /* X-Forwarded-For and -Proto are believed: nobody else reaches the port */
} console_door_t;

/* Binds in the current home folder. ERR_SYSTEM: errno tells. */
err_t console_open(const console_door_t *door, console_t **out);
/* Answers what waits, then closes. No connection is left suspended when the HTTP library stops. */
void console_close(console_t **self);
/* One turn: waits at most `timeout_ms`, then does all that can be done without waiting. false: asked to leave. */
bool console_step(console_t *self, int64_t timeout_ms);
uint16_t console_port(const console_t *self);
bool console_ready(const console_t *self); /* plan and logins are loaded */
uint32_t console_waiting(const console_t *self); /* requests without an answer yet */
void console_refuse_new(console_t *self);

/* The service: argv[1] is the home. Returns an exit code of sysexits.h. */
int console_main(int argc, char **argv);

#endif
