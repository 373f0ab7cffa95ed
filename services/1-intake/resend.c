/* A report that a restore lost comes again with its receipt, and keeps its instant. Only what this ledger itself once said
 * counts. */
#include <endian.h>
#include <stddef.h>
#include <string.h>

#include "proto/receipt.h"
#include "services/1-intake/state.h"

/* The chain head in a receipt is signed for everybody to check; it does not cover the entry's own instant. The seal does: a
 * hash under a key that only this ledger has. */
void seal_key_make(const uint8_t signer_secret[SIGN_SECRET_SIZE], const uint8_t ledger_id[16], uint8_t key[MAC_KEY_SIZE]) {
    uint8_t purpose[] = "minning: seal of receipts of ledger ................";
    uint8_t hash[HASH_SIZE];
    memcpy(purpose + sizeof purpose - 1 - 16, ledger_id, 16);
    hash_keyed(signer_secret, (bytes_t){purpose, sizeof purpose}, hash);
    memcpy(key, hash, MAC_KEY_SIZE);
    explicit_bzero(hash, sizeof hash);
}

typedef struct {
    uint64_t numbers[3];
    uint8_t content_hash[HASH_SIZE];
    char unit[LIMIT_ID];
} seal_text_t;

void receipt_seal(const intake_t *self, text_t unit, const sealed_t *sealed, uint8_t seal[MAC_SIZE]) {
    seal_text_t text = {.numbers = {htobe64(sealed->epoch), htobe64(sealed->seq), htobe64(sealed->received_ms)}};
    ASSERT(unit.size <= sizeof text.unit);
    memcpy(text.content_hash, sealed->content_hash, sizeof text.content_hash);
    memcpy(text.unit, unit.at, unit.size);
    mac_of(self->seal_key, (bytes_t){(const uint8_t *)&text, (uint32_t)(offsetof(seal_text_t, unit) + unit.size)}, seal);
}

/* Without telling by its time how many bytes agree. */
static bool seals_equal(const uint8_t a[MAC_SIZE], const uint8_t b[MAC_SIZE]) {
    uint8_t differs = 0;
    for (size_t index = 0; index < MAC_SIZE; index++) differs |= (uint8_t)(a[index] ^ b[index]);
    return differs == 0;
}

/* The field that keeps the receipt from being taken; NULL: none. The signature last: it is the one that costs. */
static const char *receipt_fault(intake_t *self, const append_ask_t *ask, const uint8_t content_hash[HASH_SIZE]) {
    const receipt_t *receipt = &ask->receipt;
    uint8_t seal[MAC_SIZE];
    if (memcmp(receipt->ledger_id, self->opened.ledger_id, sizeof receipt->ledger_id) != 0) return "ledger_id";
    if (memcmp(receipt->submission_id, ask->report.submission_id, sizeof receipt->submission_id) != 0) return "submission_id";
    if (memcmp(receipt->content_hash, content_hash, HASH_SIZE) != 0) return "content_hash";
    if (receipt->epoch >= self->epoch) return "epoch";                  /* nothing of this epoch is lost */
    if (receipt->seq <= fork_since(self, receipt->epoch)) return "seq"; /* that entry is here, and it is something else */
    receipt_seal(self, ask->unit, &(sealed_t){receipt->epoch, receipt->seq, receipt->received_ms, content_hash}, seal);
    if (!seals_equal(seal, receipt->seal)) return "seal";
    return receipt_verify(receipt, self->opened.signer_key) ? NULL : "signature";
}

bool receipt_holds(visit_t *visit, const append_ask_t *ask, const uint8_t content_hash[HASH_SIZE]) {
    const char *field = ask->receipt.seq == 0 ? NULL : receipt_fault(visit->intake, ask, content_hash);
    if (field == NULL) return true;
    text_t arg = text_of(field);
    visit_refuse(visit, REASON_OF(receipt_invalid), arena_format(visit->intake->arena, "receipt.%s", field), &arg, 1);
    return false;
}
