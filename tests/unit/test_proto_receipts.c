/* Many receipts or verdicts said together: the same as each said alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/receipt.h"
#include "proto/rows.h"
#include "proto/verdict.h"

static receipt_row_t row_numbered(uint32_t number) {
    receipt_row_t row = {.request_id = number * 1000, .seq = number, .received_ms = number % 2 * 77, .duplicate = number % 3 == 0};
    memset(row.submission_id, (int)number + 1, sizeof row.submission_id);
    memset(row.content_hash, (int)number + 2, sizeof row.content_hash);
    memset(row.seal, (int)number, sizeof row.seal);
    return row;
}

static receipts_t shared_make(void) {
    receipts_t shared = {.epoch = 3, .received_ms = 1629878400000, .head_seq = 9000, .backup_seq = 12};
    memset(shared.ledger_id, 5, sizeof shared.ledger_id);
    memset(shared.head_hash, 6, sizeof shared.head_hash);
    memset(shared.signature, 7, sizeof shared.signature);
    return shared;
}

static void rows_put_together_are_the_canonical_packet(void **state) {
    (void)state;
    static const uint32_t counts[] = {1, 2, 15, 16, 17, 255, LIMIT_PACKETS};
    for (size_t at = 0; at < sizeof counts / sizeof counts[0]; at++) {
        receipt_row_t rows[LIMIT_PACKETS];
        buffer_t encoded = {0}, together = {0}, whole = {0};
        receipts_t shared = shared_make();
        if (at % 2 == 1) shared.backup_seq = 0; /* a field less */
        for (uint32_t index = 0; index < counts[at]; index++) {
            rows[index] = row_numbered(index + 1);
            wire_encode(receipt_row_type(), &rows[index], &encoded);
        }
        buffer_add(&together, (const uint8_t *)"before", 6);
        packet_encode_rows(receipts_type(), &shared, (bytes_t){encoded.at, (uint32_t)encoded.size}, counts[at], &together);
        shared.rows = rows;
        shared.rows_count = counts[at];
        packet_encode(0, receipts_type(), &shared, &whole);
        assert_int_equal(together.size, whole.size + 6);
        assert_memory_equal(together.at + 6, whole.at, whole.size);
        buffer_destroy(&encoded);
        buffer_destroy(&together);
        buffer_destroy(&whole);
    }
}

static void a_row_with_what_all_share_is_a_receipt(void **state) {
    (void)state;
    uint8_t public_key[SIGN_PUBLIC_SIZE], secret[SIGN_SECRET_SIZE];
    sign_keypair(public_key, secret);
    receipts_t shared = shared_make();
    receipt_t head = {.epoch = shared.epoch, .head_seq = shared.head_seq};
    memcpy(head.ledger_id, shared.ledger_id, sizeof head.ledger_id);
    memcpy(head.head_hash, shared.head_hash, sizeof head.head_hash);
    receipt_sign(secret, &head);
    memcpy(shared.signature, head.signature, sizeof shared.signature);
    receipt_row_t row = row_numbered(4);
    receipt_t receipt = receipt_of_row(&shared, &row);
    assert_true(receipt_verify(&receipt, public_key));
    assert_int_equal(receipt.seq, 4);
    assert_int_equal(receipt.received_ms, 1629878400000);
    assert_int_equal(receipt.backup_seq, 12);
    assert_memory_equal(receipt.submission_id, row.submission_id, sizeof row.submission_id);
    assert_memory_equal(receipt.content_hash, row.content_hash, sizeof row.content_hash);
    assert_memory_equal(receipt.seal, row.seal, sizeof row.seal);
    row = row_numbered(3);
    receipt = receipt_of_row(&shared, &row);
    assert_int_equal(receipt.received_ms, 77); /* its own instant */
    assert_true(receipt.duplicate);
}

static void nothing_of_a_receipt_is_left_as_its_place_was(void **state) {
    (void)state;
    receipts_t shared = shared_make();
    receipt_row_t row = row_numbered(4);
    buffer_t bytes[2] = {0};
    for (int index = 0; index < 2; index++) {
        receipt_t place;
        memset(&place, index == 0 ? 0 : 0x5a, sizeof place);
        receipt_put(&shared, &row, &place);
        wire_encode(receipt_type(), &place, &bytes[index]);
    }
    assert_int_equal(bytes[0].size, bytes[1].size);
    assert_memory_equal(bytes[0].at, bytes[1].at, bytes[0].size);
    for (int index = 0; index < 2; index++) buffer_destroy(&bytes[index]);
}

static void a_verdicts_row_says_what_the_verdict_says_of_its_report(void **state) {
    (void)state;
    static const uint64_t instants[] = {0, 5, 1629878400000};
    reason_t reason = {.code = text_of("unknown_task")};
    for (size_t due = 0; due < 3; due++)
        for (size_t shared_due = 0; shared_due < 3; shared_due++)
            for (size_t received = 1; received < 3; received++) {
                verdicts_t shared = {.due_ms = instants[shared_due], .received_ms = 5};
                verdict_t said = {.seq = 9, .accepted = due == 1, .revision = 3, .due_ms = instants[due],
                                  .received_ms = instants[received], .reasons = &reason, .reasons_count = 1};
                verdict_row_t row = row_of_verdict(&shared, &said, UINT64_MAX), read;
                buffer_t bytes = {0};
                arena_t *arena = arena_new();
                fault_t fault;
                wire_encode(verdict_row_type(), &row, &bytes);
                bytes_t encoded = {bytes.at, (uint32_t)bytes.size};
                assert_int_equal(wire_decode(verdict_row_type(), encoded, arena, &read, &fault), OK);
                assert_true(read.request_id == UINT64_MAX);
                verdict_t told;
                verdict_put(&shared, &read, &told);
                assert_int_equal(told.seq, 9);
                assert_int_equal(told.accepted, said.accepted);
                assert_int_equal(told.revision, 3);
                assert_int_equal(told.due_ms, said.due_ms);
                assert_int_equal(told.received_ms, said.received_ms);
                assert_true(text_is(told.reasons[0].code, "unknown_task"));
                buffer_destroy(&bytes);
                arena_destroy(&arena);
            }
}

static void numbers_that_count_on_are_left_out_and_found_again(void **state) {
    (void)state;
    static const struct {
        uint64_t request_id, seq, said_request_id, said_seq;
    } rows[] = {{1, 40, 0, 40}, {2, 41, 0, 0},   {4, 42, 4, 0},
                {5, 44, 0, 44}, {5, 43, 5, 43}, {UINT64_MAX, 44, UINT64_MAX, 0}, {1, 1, 1, 1}};
    rows_at_t written = {0}, read = {0};
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        uint64_t request_id = rows[index].request_id, seq = rows[index].seq;
        row_shorten(&written, &request_id, &seq);
        assert_true(request_id == rows[index].said_request_id && seq == rows[index].said_seq);
        row_complete(&read, &request_id, &seq);
        assert_true(request_id == rows[index].request_id && seq == rows[index].seq);
    }
    assert_false(rows_can_tell(0));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_put_together_are_the_canonical_packet),
        cmocka_unit_test(a_row_with_what_all_share_is_a_receipt),
        cmocka_unit_test(numbers_that_count_on_are_left_out_and_found_again),
        cmocka_unit_test(nothing_of_a_receipt_is_left_as_its_place_was),
        cmocka_unit_test(a_verdicts_row_says_what_the_verdict_says_of_its_report),
    };
    crypto_start();
    return cmocka_run_group_tests_name("proto receipts", tests, NULL, NULL);
}
