/* The sender: a thread beside the fold that carries messages out and their results into the ledger. */
#ifndef NOTIFIER_SENDER_H
#define NOTIFIER_SENDER_H

#include "services/stage/stage.h"

/* For stage_main_hooked. Settings: notifier/proxy, ca_file, timeout_s, retry_ms, attempts, max_age_hours, maildir. */
int sender_begin(stage_t *stage, stage_hooks_t *hooks);
void sender_end(stage_hooks_t *hooks);

#endif
