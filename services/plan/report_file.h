/* A report as people write it in a file: amounts as typed, names as plain text. Turned into the message that is sent. */
#ifndef PLAN_REPORT_FILE_H
#define PLAN_REPORT_FILE_H

#include "proto/json.h"
#include "services/plan/plan.h"

/* The friendlier form, beyond what message_from_json takes:
 *   "amount", "running", "opening": an integer (fen, or units) or a text as amount_read takes it ("300万元", "90名")
 *   "person", "prepared_by", "reviewed_by", "signed_by": a plain text
 *   "submission_id": may be left out: `fresh_id` is taken then; may carry hyphens
 * `book` tells the measure of an indicator; NULL: a text that speaks of 元 or 亿 is money, anything else a count.
 * OK; ERR_BAD: fault tells code and path, *why (if not NULL) an English remark from amount_read or NULL. */
err_t report_from_json(json_t *json, const planbook_t *book, const uint8_t fresh_id[16], arena_t *arena, report_t *report,
                       fault_t *fault, const char **why);

#endif
