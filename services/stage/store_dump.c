/* The logical dump of a store: one line of text a row, in the order of keys; equal states have equal dumps. And are two stores
 * equal? */
#include "services/stage/store_inner.h"

#include "proto/crypto.h"
#include "proto/json.h"
#include "services/stage/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void value_print(FILE *out, const message_t *type, const void *value) {
    json_t *json = message_to_json(type, value);
    char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    fprintf(out, "%s\n", text == NULL ? "?" : text);
    free(text);
    json_decref(json);
}

/* Keys hold texts and numbers: what is printable as it is, the rest as \xNN. */
static void key_print(FILE *out, bytes_t key) {
    for (uint32_t index = 0; index < key.size; index++) {
        if (key.at[index] > 0x20 && key.at[index] < 0x7f && key.at[index] != '\\')
            fputc(key.at[index], out);
        else
            fprintf(out, "\\x%02x", key.at[index]);
    }
}

static void table_print(FILE *out, txn_t *txn, size_t table, arena_t *arena) {
    const table_t *kept = &txn->store->tables[table];
    scan_t scan = scan_begin(txn, table, NULL, NULL);
    while (true) {
        arena_reset(arena);
        void *row = arena_take(arena, kept->type()->size);
        if (!scan_next(&scan, arena, row)) break;
        fprintf(out, "row %s ", kept->name);
        key_print(out, scan.key);
        fputc(' ', out);
        value_print(out, kept->type(), row);
    }
    scan_end(&scan);
}

static void event_print(FILE *out, const event_t *event, const uint8_t hash[32], arena_t *arena) {
    const message_t *type = message_of_kind(event->kind);
    fault_t fault;
    fprintf(out,
            "event %" PRIu64 " kind=%s version=%u epoch=%" PRIu64 " cause=%" PRIu64 " at_ms=%" PRId64 " hash=" TEXT_FORMAT " ",
            event->seq, type == NULL ? "?" : type->name, event->version, event->epoch, event->cause_seq, event->at_ms,
            TEXT_ARGS(hex_of(hash, HASH_SIZE, arena)));
    void *value = type == NULL ? NULL : arena_take(arena, type->size);
    if (type != NULL && event_body(event, type, arena, value, &fault) == OK)
        value_print(out, type, value);
    else
        fprintf(out, "" TEXT_FORMAT "\n", TEXT_ARGS(hex_of(event->body.at, event->body.size, arena)));
}

static void stream_print(FILE *out, txn_t *txn, arena_t *arena) {
    uint64_t head = txn_head(txn).seq;
    for (uint64_t seq = 1; seq <= head; seq++) {
        event_t event;
        uint8_t hash[HASH_SIZE];
        arena_reset(arena);
        if (!txn_event(txn, seq, arena, &event, hash)) break;
        event_print(out, &event, hash, arena);
    }
}

static void facts_print(FILE *out, txn_t *txn, arena_t *arena) {
    uint8_t hash[HASH_SIZE];
    arena_reset(arena);
    txn_fact_bytes(txn, "in_hash", hash, sizeof hash);
    fprintf(out, "fact in_seq %" PRIu64 "\nfact in_hash " TEXT_FORMAT "\n", txn_fact(txn, "in_seq"),
            TEXT_ARGS(hex_of(hash, sizeof hash, arena)));
}

err_t store_dump(store_t *self, const char *file) {
    FILE *out = fopen(file, "we");
    if (out == NULL) {
        log_error("dump_unopened", "file=%s error=\"%s\"", file, strerror(errno));
        return ERR_SYSTEM;
    }
    txn_t *txn = store_read(self);
    err_t err = txn == NULL ? ERR_STORE : OK;
    if (txn != NULL) {
        arena_t *arena = arena_new();
        for (size_t table = 0; table < self->table_count; table++) table_print(out, txn, table, arena);
        stream_print(out, txn, arena);
        facts_print(out, txn, arena);
        err = txn_error(txn);
        arena_destroy(&arena);
        txn_abort(&txn);
    }
    bool written = ferror(out) == 0;
    if (fclose(out) != 0 || !written) return ERR_SYSTEM;
    return err;
}

static bool records_equal(txn_t *one, MDB_dbi of_one, txn_t *other, MDB_dbi of_other) {
    MDB_cursor *a = NULL, *b = NULL;
    MDB_val key_a, key_b, a_value, b_value;
    int end_a = mdb_cursor_open(one->mdb, of_one, &a), end_b = mdb_cursor_open(other->mdb, of_other, &b);
    bool equal = end_a == 0 && end_b == 0;
    while (equal) {
        end_a = mdb_cursor_get(a, &key_a, &a_value, MDB_NEXT);
        end_b = mdb_cursor_get(b, &key_b, &b_value, MDB_NEXT);
        if (end_a != 0 || end_b != 0) break;
        equal = key_a.mv_size == key_b.mv_size && memcmp(key_a.mv_data, key_b.mv_data, key_a.mv_size) == 0 &&
                a_value.mv_size == b_value.mv_size && memcmp(a_value.mv_data, b_value.mv_data, a_value.mv_size) == 0;
    }
    if (a != NULL) mdb_cursor_close(a);
    if (b != NULL) mdb_cursor_close(b);
    return equal && end_a == MDB_NOTFOUND && end_b == MDB_NOTFOUND;
}

static bool places_equal(txn_t *one, txn_t *other) {
    uint8_t a[HASH_SIZE], b[HASH_SIZE];
    txn_fact_bytes(one, "in_hash", a, sizeof a);
    txn_fact_bytes(other, "in_hash", b, sizeof b);
    return memcmp(a, b, sizeof a) == 0 && txn_fact(one, "in_seq") == txn_fact(other, "in_seq");
}

bool store_equals(store_t *self, store_t *other) {
    txn_t *one = store_read(self), *two = store_read(other);
    bool equal = one != NULL && two != NULL && self->table_count == other->table_count && places_equal(one, two) &&
                 records_equal(one, self->stream, two, other->stream);
    for (size_t table = 0; equal && table < self->table_count; table++)
        equal = records_equal(one, self->dbis[table], two, other->dbis[table]);
    equal = equal && txn_error(one) == OK && txn_error(two) == OK;
    txn_abort(&one);
    txn_abort(&two);
    return equal;
}
