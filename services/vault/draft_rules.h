/* What may become of a draft, as pure rules on values: the reason code, or the empty text. */
#ifndef VAULT_DRAFT_RULES_H
#define VAULT_DRAFT_RULES_H

#include "proto/proto.h"

/* May the draft that is there now (version 0: none) become what is put? */
text_t draft_refusal(const draft_row_t *now, const draft_put_t *put, const char **path);
/* The draft as it is after it; its version is not set. Texts and bytes are views into `now` and `put`. */
draft_row_t draft_after(const draft_row_t *now, const draft_put_t *put);

#endif
