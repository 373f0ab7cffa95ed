/* A receipt proves that an entry was in the ledger: it carries a chain head signed by the ledger's signer. */
#ifndef PROTO_RECEIPT_H
#define PROTO_RECEIPT_H

#include "proto/crypto.h"
#include "proto/wire.h"

/* Signs receipt's {ledger_id, epoch, head_seq, head_hash}: one signature a commit group, shared by all of its receipts. */
void receipt_sign(const uint8_t signer_secret[SIGN_SECRET_SIZE], receipt_t *receipt);
/* Was the head signed by this signer, and does it lie at or behind the entry? */
bool receipt_verify(const receipt_t *receipt, const uint8_t signer_public[SIGN_PUBLIC_SIZE]);

/* One of many receipts, whole. */
receipt_t receipt_of_row(const receipts_t *shared, const receipt_row_t *row);
/* The same, all of it, into a place of the caller's: where each of thousands would be copied once more. */
void receipt_put(const receipts_t *shared, const receipt_row_t *row, receipt_t *receipt);

#endif
