/* Privacy before the ink: finds ID-card and mobile numbers in free text. Pure. */
#ifndef VAULT_PRIVACY_H
#define VAULT_PRIVACY_H

#include "proto/proto.h"

/* NULL, or the reason code (id_number, mobile_number) of the first number found in `text`. ID: 17 digits and a GB 11643 check
 * digit, 15-digit old form with a valid date; mobile: 11 digits beginning 13-19, also with blanks, hyphens, +86, full-width
 * digits; never inside a longer run of digits (an invoice number is not a mobile number). */
const char *privacy_finding(text_t text);
/* Looks at every free text of a report; appends one reason per finding, up to `room`. Returns how many. */
uint32_t privacy_refusals(const report_t *report, reason_t *reasons, uint32_t room, arena_t *arena);
/* Does any personal field still hold text (or, at the edge, already hold a hash)? Path of the first, or an empty text. */
text_t privacy_unswapped(const report_t *report, arena_t *arena);

#endif
