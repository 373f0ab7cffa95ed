/* What office.h promises. */
#include "tests/power/office.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/command.h"
#include "proto/content.h"
#include "proto/receipt.h"
#include "services/1-intake/state.h"
#include "services/2-validation/validation.h"
#include "tests/sim/pump.h"
#include "tests/unit/validation_plan.h"
#include "tests/sim/temporary.h"

const uint8_t office_vault_key[HASH_KEY_SIZE] = {1, 2, 3};
static const char *const towns[] = {"350104100", "350104101"};

bureau_t *office_new(void) {
    crypto_start();
    bureau_t *self = calloc(1, sizeof *self);
    ASSERT(self != NULL);
    self->arena = arena_new();
    self->opened = (ledger_opened_t){.epoch = 1, .clock_mode = clock_mode_real, .ledger_id = {7}};
    sign_keypair(self->opened.operator_key, self->operator_secret);
    sign_keypair(self->opened.signer_key, self->signer_secret);
    plan_t plan = validation_plan();
    self->wall_ms = instant_of_day(&plan, 20210901, 600);
    return self;
}

void office_destroy(bureau_t **self) {
    if (*self == NULL) return;
    buffer_destroy(&(*self)->now);
    buffer_destroy(&(*self)->later);
    arena_destroy(&(*self)->arena);
    free(*self);
    *self = NULL;
}

err_t office_found(bureau_t *self, const char *path) {
    plan_t plan = validation_plan();
    return intake_found(path, &self->opened, &plan, 1, self->wall_ms - 1000);
}

err_t office_open(bureau_t *self, const char *path, intake_t **out) { return intake_open(path, self->signer_secret, out); }

static void take(bureau_t *self, intake_t *intake, door_t door, const buffer_t *frame) {
    intake_take(intake, door, (bytes_t){frame->at, (uint32_t)frame->size}, self->wall_ms, self->wall_ms, &self->now,
                &self->later);
}

void office_register(bureau_t *self, intake_t *intake) {
    for (uint8_t town = 0; town < 2; town++) {
        key_registered_t key = {.unit = text_of(towns[town]), .generation = 1};
        uint8_t command_id[16] = {town + 1};
        buffer_t frame = {0};
        memset(key.key, town + 0x11, sizeof key.key);
        command_sign(++self->request_id, command_id, self->opened.ledger_id, key_registered_type(), &key, self->operator_secret,
                     &frame);
        take(self, intake, door_operator, &frame);
        buffer_destroy(&frame);
    }
}

void office_report(bureau_t *self, intake_t *intake, uint32_t number) {
    static const char *const periods[] = {"2021-08", "2021-09", "2021-10", "2021-11"};
    report_t report = report_of(0, T("fund"), text_of(periods[number / 2 % 4]), 0);
    figure_t figure = {.indicator = T("raised"), .amount = GIVEN(YUAN(1000 + (int64_t)number))};
    report.figures = &figure;
    report.figures_count = 1;
    for (uint32_t index = 0; index < 4; index++) report.submission_id[index] = (uint8_t)(number >> (24 - 8 * index));
    report.submission_id[15] = 1;
    append_ask_t ask = {.unit = text_of(towns[number % 2]), .key_generation = 1, .report = report};
    buffer_t frame = {0};
    self->wall_ms += 10000;
    packet_encode(++self->request_id, append_ask_type(), &ask, &frame);
    take(self, intake, door_gateway, &frame);
    buffer_destroy(&frame);
}

static void acks_gather(bureau_t *self, const buffer_t *answers) {
    for (size_t at = 0; at < answers->size;) {
        packet_t packet;
        receipt_t receipt;
        fault_t fault;
        arena_reset(self->arena);
        bytes_t rest = {answers->at + at, (uint32_t)(answers->size - at)};
        ASSERT(packet_decode(rest, &packet, &fault) == OK);
        at += packet.raw.size;
        if (packet.kind != KIND_receipt) continue;
        ASSERT(packet_body(&packet, receipt_type(), self->arena, &receipt, &fault) == OK);
        ASSERT(self->ack_count < OFFICE_ACKS);
        ack_t *ack = &self->acks[self->ack_count++];
        ack->seq = receipt.seq;
        memcpy(ack->submission_id, receipt.submission_id, sizeof ack->submission_id);
        memcpy(ack->content_hash, receipt.content_hash, sizeof ack->content_hash);
    }
}

err_t office_commit(bureau_t *self, intake_t *intake) {
    err_t err = intake_commit(intake);
    if (err == OK) {
        intake_finish(intake, &self->later);
        acks_gather(self, &self->now); /* of what was durable before */
        acks_gather(self, &self->later);
    }
    buffer_clear(&self->now);
    buffer_clear(&self->later);
    return err;
}

bool office_answered(const buffer_t *buffer, uint32_t kind) {
    packet_t packet = {0};
    fault_t fault;
    for (size_t at = 0; at < buffer->size; at += packet.raw.size)
        ASSERT(packet_decode((bytes_t){buffer->at + at, (uint32_t)(buffer->size - at)}, &packet, &fault) == OK);
    return packet.kind == kind;
}

err_t office_step(stage_t *stage, store_t *ledger, uint32_t max_bytes, bool *more) {
    arena_t *arena = arena_new();
    fetch_t fetch = stage_fetch(stage);
    batch_t batch = {0};
    fetch.max_bytes = max_bytes;
    txn_t *txn = store_read(ledger);
    err_t err = txn == NULL ? ERR_STORE : OK;
    *more = false;
    if (txn != NULL) {
        *more = stream_serve(txn, STREAM_ENTRIES, txn_head(txn), &fetch, arena, &batch) && batch.count > 0;
        err = txn_error(txn);
        txn_abort(&txn);
    }
    if (err == OK && *more) err = batch.state == batch_state_ok ? stage_step(stage, &batch) : ERR_CORRUPT;
    arena_destroy(&arena);
    return err;
}

err_t office_drain(stage_t *stage, store_t *ledger, uint32_t max_bytes) {
    err_t err = OK;
    bool more = true;
    while (err == OK && more) {
        err = office_step(stage, ledger, max_bytes, &more);
        if (err == OK) err = stage_commit(stage);
    }
    return err;
}

text_t office_person(uint32_t number, char room[LIMIT_NAME]) {
    int size = snprintf(room, LIMIT_NAME, "林某%u", number);
    return (text_t){room, (uint32_t)size};
}

void office_keep(bureau_t *self, vault_t *vault, uint32_t number) {
    char room[LIMIT_NAME];
    text_t text = office_person(number, room);
    vault_keep_t keep = {.texts = &text, .texts_count = 1};
    buffer_t frame = {0};
    packet_encode(++self->request_id, vault_keep_type(), &keep, &frame);
    vault_take(vault, (bytes_t){frame.at, (uint32_t)frame.size}, &self->now, &self->later);
    buffer_destroy(&frame);
}

bool office_kept(vault_t *vault, uint32_t number, arena_t *arena) {
    char room[LIMIT_NAME];
    uint8_t hash[HASH_SIZE];
    text_t text = office_person(number, room), found = {0};
    hash_keyed(office_vault_key, (bytes_t){(const uint8_t *)text.at, text.size}, hash);
    return vault_text(vault, hash, arena, &found) && text_equal(text, found);
}

static void digest_row(buffer_t *all, bytes_t key, const message_t *type, const void *row) {
    buffer_add(all, key.at, key.size);
    wire_encode(type, row, all);
}

static digest_t digest_of(store_t *store, const table_t *tables, size_t count, const char *const *facts) {
    digest_t digest = {0};
    txn_t *txn = store_read(store);
    if (txn == NULL) return (digest_t){.err = ERR_STORE};
    arena_t *arena = arena_new();
    buffer_t all = {0};
    for (size_t table = 0; table < count; table++) {
        scan_t scan = scan_begin(txn, table, NULL, NULL);
        while (true) {
            arena_reset(arena);
            void *row = arena_take(arena, tables[table].type()->size);
            if (!scan_next(&scan, arena, row)) break;
            digest_row(&all, scan.key, tables[table].type(), row);
        }
        scan_end(&scan);
    }
    for (; *facts != NULL; facts++) {
        uint64_t value = txn_fact(txn, *facts);
        buffer_add(&all, &value, sizeof value);
    }
    head_t head = txn_head(txn);
    buffer_add(&all, head.hash, sizeof head.hash);
    digest.head = head.seq;
    digest.err = txn_error(txn);
    hash_of((bytes_t){all.at, (uint32_t)all.size}, digest.hash);
    buffer_destroy(&all);
    arena_destroy(&arena);
    txn_abort(&txn);
    return digest;
}

digest_t office_ledger_digest(store_t *store) {
    return digest_of(store, intake_tables, TABLE_COUNT, (const char *const[]){FACT_PLAN, FACT_CLOSED, FACT_VERIFIED, NULL});
}

digest_t office_stage_digest(store_t *store) {
    static const char *const facts[] = {"in_seq", "cause_seq", "now_ms", "agenda_seq", "agenda_step", "verified_upto", NULL};
    const role_t *role = validation_role();
    return digest_of(store, role->tables, role->table_count, facts);
}

bool digest_equal(const digest_t *a, const digest_t *b) {
    return a->err == OK && b->err == OK && a->head == b->head && memcmp(a->hash, b->hash, HASH_SIZE) == 0;
}

bool office_ack_holds(txn_t *txn, const ack_t *ack, arena_t *arena) {
    event_t event;
    report_received_t received;
    fault_t fault;
    arena_reset(arena);
    bool read = txn_event(txn, ack->seq, arena, &event, NULL) &&
                event_body(&event, report_received_type(), arena, &received, &fault) == OK;
    if (read) received_content_hash(&received, arena, received.content_hash);
    return read && memcmp(received.content_hash, ack->content_hash, HASH_SIZE) == 0 &&
           memcmp(received.report.submission_id, ack->submission_id, sizeof ack->submission_id) == 0;
}

static void copy_file(const char *from, const char *to, mode_t mode) {
    int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode & 0777);
    ASSERT(in >= 0 && out >= 0);
    while (true) {
        char bytes[65536];
        ssize_t got = read(in, bytes, sizeof bytes);
        ASSERT(got >= 0);
        if (got == 0) break;
        ASSERT(write(out, bytes, (size_t)got) == got);
    }
    close(in);
    close(out);
}

static void copy_folder(const char *from, const char *to) {
    DIR *folder = opendir(from);
    ASSERT(folder != NULL && mkdir(to, 0700) == 0);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char one[OFFICE_PATH + 300], other[OFFICE_PATH + 300];
        struct stat status;
        if (entry->d_name[0] == '.') continue;
        snprintf(one, sizeof one, "%s/%s", from, entry->d_name);
        snprintf(other, sizeof other, "%s/%s", to, entry->d_name);
        ASSERT(stat(one, &status) == 0);
        if (S_ISDIR(status.st_mode))
            copy_folder(one, other);
        else
            copy_file(one, other, status.st_mode);
    }
    closedir(folder);
}

void office_copy(const char *from, const char *to) {
    pump_remove(to);
    copy_folder(from, to);
}

void office_remove(const char *folder) { pump_remove(folder); }

void office_folder(char *folder, size_t room) {
    snprintf(folder, room, "%s/minning-XXXXXX", temporary_memory());
    ASSERT(mkdtemp(folder) != NULL);
}
