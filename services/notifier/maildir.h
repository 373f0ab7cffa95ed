/* A maildir: one file a message, whole or not there, under the message's own name. */
#ifndef NOTIFIER_MAILDIR_H
#define NOTIFIER_MAILDIR_H

#include "proto/base.h"

/* Durable when it returns OK. A message that is there already, read or not, is not delivered again. */
err_t maildir_put(const char *folder, text_t name, text_t content);

#endif
