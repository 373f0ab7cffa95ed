/* What the CLI asks running services: their desks, the ledger's doors. Inside a home. */
#ifndef MINNING_ASK_H
#define MINNING_ASK_H

#include "services/minning/cli.h"
#include "services/stage/link.h"

enum {
    ASK_MS = 6000,
    ASK_HEALTH_MS = 500,
    ASK_COMMAND_MS = 30000,
    ASK_COMMAND_TRY_MS = 3000,
    ASK_NOTIFIER_MS = 1500,
    SERVICES = 8
};
extern const char *const ask_services[SERVICES]; /* every service that has a desk, in the order of the flow */

/* A question to the desk of `service`. On an error it has been told; the exit is returned, 0 otherwise. */
int ask_desk(cli_t *cli, const char *service, const message_t *ask, const void *question, const message_t *answer, void *value);
err_t ask_health(cli_t *cli, const char *service, uint64_t at_least, int64_t timeout_ms, health_t *health);
bool ask_all_well(cli_t *cli);

/* Signs `value` with keys/operator.key and gives it to intake. OK, or as client_ask. */
err_t ask_command(cli_t *cli, const message_t *type, const void *value, command_done_t *done, refusal_t *refusal);
#define ASK_OFFICER "coordinator" /* who signs a decision unless --as names another */
/* The same, signed by the officer that --as names, with HOME/officers/OFFICER.key. 0, or an exit after telling. */
int ask_command_as(cli_t *cli, const message_t *type, const void *value, command_done_t *done);
int ask_receipt_as(cli_t *cli, const message_t *type, const void *value, receipt_t *receipt); /* where that is the answer */
/* The same, signed by this officer, without telling anybody. */
err_t ask_command_by(cli_t *cli, text_t officer, const message_t *type, const void *value, command_done_t *done,
                     refusal_t *refusal);
/* What a command came to: the object, or the sentence with the entry's number in place of its %lu. EXIT_WELL. */
int ask_tell_done(const cli_t *cli, const command_done_t *done, const char *zh, const char *en);
/* Waits until alerting has applied ledger entry `seq` and Redis holds what followed from it, and gives the notifier a moment to
 * send it. OK or ERR_TIMEOUT. */
err_t ask_settled(cli_t *cli, uint64_t seq, int64_t timeout_ms);
/* The whole registry, pages joined. 0, or an exit after telling. */
int ask_registry(cli_t *cli, registry_t *registry);

#endif
