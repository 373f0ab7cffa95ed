/* What a contact and a route must be, as pure rules on values: the reason code, or the empty text; *path names the field. */
#ifndef VAULT_DIRECTORY_RULES_H
#define VAULT_DIRECTORY_RULES_H

#include "proto/proto.h"

text_t contact_refusal(const contact_t *contact, const char **path);
text_t route_refusal(const route_t *route, const char **path);

/* Printable ASCII without blanks, quotes, brackets and commas, one @ with something on both sides. */
bool mail_address_holds(text_t mail);
bool mobile_holds(text_t mobile);        /* 11 digits, 13-19 in front; +86 may stand before them */
/* Both 0, or from < until. */
bool hours_hold(uint64_t from_minute, uint64_t until_minute);
bool channel_is_robot(channel_t channel); /* a group's robot: it is its own contact */
bool channel_reaches_persons(channel_t channel);

#endif
