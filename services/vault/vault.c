/* Keeping, recalling and erasing personal texts, several requests to one commit. */
#include "services/vault/vault_inner.h"

#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "services/stage/clock.h"
#include "services/stage/log.h"

#define DEF_FILE "services/vault/vault.def"
#include "proto/define.h"

enum { KEY_ID = 1 };
static const table_t tables[VAULT_TABLES] = {
    [VAULT_PERSONS] = {"persons", vault_person_type},
    [VAULT_CONTACTS] = {"contacts", contact_type},
    [VAULT_ROUTES] = {"routes", route_type},
    [VAULT_DRAFTS] = {"drafts", vault_draft_type},
};
#define FACT_SERIAL "serial"
#define FACT_ERASED "erased" /* somebody was erased, and the file is not rewritten yet */

err_t vault_open(const char *path, const uint8_t hash_key[HASH_KEY_SIZE], vault_t **out) {
    *out = NULL;
    vault_t *self = calloc(1, sizeof *self);
    if (self == NULL) return ERR_NOMEM;
    (void)message_of_kind(0); /* fills its table before there is a second thread */
    self->path = strdup(path);
    self->arena = arena_new();
    self->reserve = LIMIT_STORE_RESERVE;
    self->started_steady_ms = clock_steady_ms();
    memcpy(self->hash_key, hash_key, sizeof self->hash_key);
    err_t err = store_open(path, tables, VAULT_TABLES, &self->store);
    txn_t *txn = err == OK ? store_read(self->store) : NULL;
    self->rewrites = txn != NULL && txn_fact(txn, FACT_ERASED) != 0;
    txn_abort(&txn);
    if (err == OK) err = vault_rewrite(self);
    if (err != OK) vault_close(&self);
    *out = self;
    return err;
}

void vault_note_erased(vault_t *self) {
    txn_fact_put(self->group, FACT_ERASED, 1);
    self->rewrites = true;
}

bool vault_wants_rewrite(const vault_t *self) { return self->rewrites && self->group == NULL && self->err == OK; }

err_t vault_rewrite(vault_t *self) {
    if (!self->rewrites) return OK;
    err_t err = store_rewrite(self->store);
    self->rewrites = false;
    if (err == ERR_FULL) return OK; /* there was no room: at the next erasure, or the next opening */
    txn_t *txn = err == OK ? store_write(self->store) : NULL;
    if (txn != NULL) txn_fact_put(txn, FACT_ERASED, 0);
    if (err == OK) err = txn == NULL ? ERR_STORE : txn_commit(&txn);
    if (err != OK) self->err = err;
    return err;
}

void vault_close(vault_t **self_at) {
    vault_t *self = *self_at;
    if (self == NULL) return;
    if (self->group != NULL) txn_abort(&self->group);
    if (self->store != NULL) store_close(&self->store);
    arena_destroy(&self->arena);
    free(self->path);
    explicit_bzero(self->hash_key, sizeof self->hash_key);
    free(self);
    *self_at = NULL;
}

void vault_keep_free(vault_t *self, uint64_t reserve) { self->reserve = reserve; }
bool vault_has_group(const vault_t *self) { return self->group != NULL || self->err != OK; }

bool vault_space_is_low(const vault_t *self) {
    struct statvfs disk;
    uint64_t used = 0, size = 0;
    store_usage(self->store, &used, &size);
    if (used >= size || statvfs(self->path, &disk) != 0) return true;
    return (uint64_t)disk.f_bavail * disk.f_frsize < self->reserve;
}

bool vault_group_begin(vault_t *self) {
    if (self->group == NULL && self->err == OK) {
        self->group = store_write(self->store);
        self->group_count = 0;
        if (self->group == NULL) self->err = ERR_STORE;
    }
    return self->group != NULL;
}

err_t vault_commit(vault_t *self) {
    if (self->err != OK || self->group == NULL) return self->err;
    if (self->group_count > 0) {
        self->err = txn_commit(&self->group);
    } else {
        self->err = txn_error(self->group);
        txn_abort(&self->group);
    }
    return self->err;
}

store_key_t vault_person_key(const uint8_t hash[HASH_SIZE]) {
    store_key_t key = key_new();
    key_add_bytes(&key, hash, HASH_SIZE);
    return key;
}

static personal_t reference_of(const vault_person_t *person, const uint8_t hash[HASH_SIZE]) {
    uint8_t salted[sizeof person->salt + LIMIT_NAME];
    memcpy(salted, person->salt, sizeof person->salt);
    memcpy(salted + sizeof person->salt, person->text.at, person->text.size);
    personal_t reference = {.key_id = person->key_id};
    memcpy(reference.hash, hash, HASH_SIZE);
    hash_of((bytes_t){salted, (uint32_t)sizeof person->salt + person->text.size}, reference.commitment);
    explicit_bzero(salted, sizeof salted);
    return reference;
}

static vault_person_t person_keep(vault_t *self, const store_key_t *key, text_t text) {
    vault_person_t person = {.text = text, .key_id = KEY_ID, .serial = txn_fact(self->group, FACT_SERIAL) + 1};
    do crypto_random(person.salt, sizeof person.salt);
    while (bytes_are_zero(person.salt, sizeof person.salt)); /* zero is "missing" in the codec */
    txn_put(self->group, VAULT_PERSONS, key, &person);
    txn_fact_put(self->group, FACT_SERIAL, person.serial);
    self->group_count++;
    return person;
}

void vault_say_busy(uint64_t request_id, buffer_t *now) {
    busy_t busy = {.retry_after_ms = LIMIT_BUSY_RETRY_MS};
    packet_encode(request_id, busy_type(), &busy, now);
}

void vault_refuse(const packet_t *packet, text_t code, const char *path, buffer_t *now) {
    reason_t reason = {.code = code, .path = text_of(path)};
    refusal_t refusal = {.reasons = &reason, .reasons_count = 1};
    packet_encode(packet->request_id, refusal_type(), &refusal, now);
}

/* All references, or how many were found before one was unknown and may not be kept. */
static uint32_t references_take(vault_t *self, const vault_keep_t *keep, bool may_keep, personal_t *references) {
    for (uint32_t index = 0; index < keep->texts_count; index++) {
        text_t text = keep->texts[index];
        uint8_t hash[HASH_SIZE];
        hash_keyed(self->hash_key, (bytes_t){(const uint8_t *)text.at, text.size}, hash);
        store_key_t key = vault_person_key(hash);
        vault_person_t person;
        bool known = txn_get(self->group, VAULT_PERSONS, &key, self->arena, &person);
        if (!known && !may_keep) return index;
        if (!known) person = person_keep(self, &key, text);
        references[index] = reference_of(&person, hash);
    }
    return keep->texts_count;
}

static void on_vault_keep(vault_t *self, const packet_t *packet, buffer_t *now, buffer_t *later) {
    vault_keep_t keep;
    fault_t fault = {0};
    if (packet_body(packet, vault_keep_type(), self->arena, &keep, &fault) != OK) {
        vault_refuse(packet, text_of(fault.code), fault.path, now);
        return;
    }
    if (!vault_group_begin(self)) return;
    personal_t *references = ARENA_NEW(self->arena, personal_t, keep.texts_count + 1);
    bool may_keep = self->group_count > 0 || !vault_space_is_low(self);
    if (references_take(self, &keep, may_keep, references) < keep.texts_count) {
        vault_say_busy(packet->request_id, now);
        return;
    }
    vault_kept_t kept = {.refs = references, .refs_count = keep.texts_count};
    packet_encode(packet->request_id, vault_kept_type(), &kept, self->group_count > 0 ? later : now);
}

void vault_take(vault_t *self, bytes_t frame, buffer_t *now, buffer_t *later) {
    vault_take_at(self, door_gateway, frame, now, later);
}

void vault_take_at(vault_t *self, door_t door, bytes_t frame, buffer_t *now, buffer_t *later) {
    arena_reset(self->arena);
    packet_t packet;
    fault_t fault = {0};
    if (packet_decode(frame, &packet, &fault) != OK)
        vault_refuse(&packet, text_of(fault.code), fault.path, now);
    else if (packet.raw.size != frame.size)
        vault_refuse(&packet, REASON_OF(malformed), "", now);
    else if (packet.kind == KIND_vault_keep && (door == door_gateway || door == door_operator))
        on_vault_keep(self, &packet, now, later);
    else if (message_of_kind(packet.kind) == NULL)
        vault_refuse(&packet, REASON_OF(unknown_message), "", now);
    else if (!persons_take(self, door, &packet, now, later) && !directory_take(self, door, &packet, now, later) &&
             !drafts_take(self, door, &packet, now, later))
        vault_refuse(&packet, REASON_OF(not_permitted), "", now);
}

bool vault_text(vault_t *self, const uint8_t hash[HASH_SIZE], arena_t *arena, text_t *text) {
    txn_t *txn = store_read(self->store);
    if (txn == NULL) return false;
    store_key_t key = vault_person_key(hash);
    vault_person_t person;
    bool known = txn_get(txn, VAULT_PERSONS, &key, arena, &person);
    if (known) *text = arena_text(arena, person.text);
    txn_abort(&txn);
    return known;
}

void vault_erase(vault_t *self, const uint8_t hash[HASH_SIZE]) {
    if (!vault_group_begin(self)) return;
    store_key_t key = vault_person_key(hash);
    txn_delete(self->group, VAULT_PERSONS, &key);
    vault_note_erased(self);
    self->group_count++;
}

err_t vault_verify(const char *path, uint64_t *serial) {
    store_t *store = NULL;
    head_t head;
    err_t err = store_open(path, tables, VAULT_TABLES, &store);
    if (err == OK) err = store_verify(store, &head);
    txn_t *txn = err == OK ? store_read(store) : NULL;
    *serial = txn == NULL ? 0 : txn_fact(txn, FACT_SERIAL);
    txn_abort(&txn);
    store_close(&store);
    return err;
}

uint64_t vault_count(vault_t *self) {
    txn_t *txn = store_read(self->store);
    if (txn == NULL) return 0;
    uint64_t count = txn_fact(txn, FACT_SERIAL);
    txn_abort(&txn);
    return count;
}

bool vault_answer(vault_t *self, const packet_t *ask, buffer_t *out) {
    if (ask->kind == KIND_backup_ask) {
        store_copy_answer(self->store, ask, out);
        return true;
    }
    if (ask->kind != KIND_health_ask) {
        vault_refuse(ask, REASON_OF(not_permitted), "", out);
        return true;
    }
    bool low = vault_space_is_low(self);
    health_t health = {.service = text_of("vault"), .pid = (uint64_t)getpid(), .ok = !low};
    health.uptime_ms = (uint64_t)(clock_steady_ms() - self->started_steady_ms);
    if (low) health.note = text_of("storage is nearly full: nothing new is kept");
    store_usage(self->store, &health.store_used, &health.store_size);
    packet_encode(ask->request_id, health_type(), &health, out);
    return true;
}
