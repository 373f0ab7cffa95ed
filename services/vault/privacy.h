/* Privacy before the ink: finds ID-card and mobile numbers in free text. Pure. */
#ifndef VAULT_PRIVACY_H
#define VAULT_PRIVACY_H

#include "proto/proto.h"

/* NULL, or the reason code (id_number, mobile_number) of the first number found in `text`. ID: 17 digits and a GB 11643 check
 * digit, 15-digit old form with a valid date; mobile: 11 digits beginning 13-19, also with blanks, hyphens, +86, full-width
 * digits; never inside a longer run of digits (an invoice number is not a mobile number). */
const char *privacy_finding(text_t text);
/* Looks at every free text of a report, and for ID-card numbers also at the items' keys; writes one reason per text with a
 * finding, up to `room`. Returns how many it wrote. Paths begin inside the report: explanations[0].text. */
uint32_t privacy_refusals(const report_t *report, reason_t *reasons, uint32_t room, arena_t *arena);
/* The same behind another report, in which nothing was found: a text that stood there too is not looked at again. */
uint32_t privacy_refusals_after(const report_t *clean, const report_t *report, reason_t *reasons, uint32_t room, arena_t *arena);
/* The same for any other message that a unit sends: every free text in it and in its parts. Paths begin inside the message. */
uint32_t privacy_findings(const message_t *type, const void *value, reason_t *reasons, uint32_t room, arena_t *arena);
/* Behind the door: does any personal field still hold text, or a reference that is not whole? Path of the first, or an empty
 * text. */
text_t privacy_unswapped(const report_t *report, arena_t *arena);
/* Is any of it what only the vault may write? */
bool person_is_swapped(const personal_t *person);
/* At the edge: does any personal field already hold a reference, which only the vault may write? Path of the first, or empty.
 */
text_t privacy_swapped(const report_t *report, arena_t *arena);

#endif
