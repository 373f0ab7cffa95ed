/* Receipts: what is signed, and by whom. */
#include "proto/receipt.h"

#include <string.h>

enum { HEAD_SIZE = 16 + 8 + 8 + HASH_SIZE };

static void big_endian(uint64_t number, uint8_t out[8]) {
    for (int index = 7; index >= 0; index--, number >>= 8) out[index] = (uint8_t)number;
}

static void head_bytes(const receipt_t *receipt, uint8_t out[HEAD_SIZE]) {
    memcpy(out, receipt->ledger_id, 16);
    big_endian(receipt->epoch, out + 16);
    big_endian(receipt->head_seq, out + 24);
    memcpy(out + 32, receipt->head_hash, HASH_SIZE);
}

void receipt_sign(const uint8_t signer_secret[SIGN_SECRET_SIZE], receipt_t *receipt) {
    uint8_t head[HEAD_SIZE];
    head_bytes(receipt, head);
    sign_bytes(signer_secret, (bytes_t){head, HEAD_SIZE}, receipt->signature);
}

bool receipt_verify(const receipt_t *receipt, const uint8_t signer_public[SIGN_PUBLIC_SIZE]) {
    uint8_t head[HEAD_SIZE];
    head_bytes(receipt, head);
    return receipt->seq > 0 && receipt->seq <= receipt->head_seq &&
           sign_verify(signer_public, (bytes_t){head, HEAD_SIZE}, receipt->signature);
}

void receipt_put(const receipts_t *shared, const receipt_row_t *row, receipt_t *receipt) {
    memcpy(receipt->submission_id, row->submission_id, sizeof receipt->submission_id);
    memcpy(receipt->ledger_id, shared->ledger_id, sizeof receipt->ledger_id);
    receipt->epoch = shared->epoch;
    receipt->seq = row->seq;
    receipt->received_ms = row->received_ms != 0 ? row->received_ms : shared->received_ms;
    memcpy(receipt->content_hash, row->content_hash, sizeof receipt->content_hash);
    receipt->duplicate = row->duplicate;
    memcpy(receipt->seal, row->seal, sizeof receipt->seal);
    receipt->head_seq = shared->head_seq;
    memcpy(receipt->head_hash, shared->head_hash, sizeof receipt->head_hash);
    memcpy(receipt->signature, shared->signature, sizeof receipt->signature);
    receipt->backup_seq = shared->backup_seq;
}

receipt_t receipt_of_row(const receipts_t *shared, const receipt_row_t *row) {
    receipt_t receipt;
    receipt_put(shared, row, &receipt);
    return receipt;
}
