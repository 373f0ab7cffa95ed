/* Persons told and erased, for the operator alone: the door that parses network bytes can do neither. */
#include <string.h>

#include "services/vault/vault_inner.h"

static bool body_read(vault_t *self, const packet_t *packet, const message_t *type, void *value, buffer_t *now) {
    fault_t fault = {0};
    if (packet_body(packet, type, self->arena, value, &fault) == OK) return true;
    vault_refuse(packet, text_of(fault.code), fault.path, now);
    return false;
}

/* What is not there (any more) is told as such: to erase twice is no mistake. */
static void on_person_erase(vault_t *self, const packet_t *packet, buffer_t *now, buffer_t *later) {
    person_erase_t what;
    person_erased_t erased = {0};
    vault_person_t person;
    if (!body_read(self, packet, person_erase_type(), &what, now)) return;
    bool named = what.text.size > 0;
    if (named == !bytes_are_zero(what.hash, sizeof what.hash)) { /* one of the two */
        vault_refuse(packet, REASON_OF(missing_field), "text", now);
        return;
    }
    if (!vault_group_begin(self)) return;
    memcpy(erased.hash, what.hash, sizeof erased.hash);
    if (named) hash_keyed(self->hash_key, (bytes_t){(const uint8_t *)what.text.at, what.text.size}, erased.hash);
    store_key_t key = vault_person_key(erased.hash);
    erased.erased = txn_get(self->group, VAULT_PERSONS, &key, self->arena, &person);
    if (erased.erased) vault_erase(self, erased.hash);
    packet_encode(packet->request_id, person_erased_type(), &erased, self->group_count > 0 ? later : now);
}

static void on_persons_ask(vault_t *self, const packet_t *packet, buffer_t *now) {
    persons_ask_t ask;
    if (!body_read(self, packet, persons_ask_type(), &ask, now) || !vault_group_begin(self)) return;
    person_text_t *texts = ARENA_NEW(self->arena, person_text_t, ask.refs_count);
    for (uint32_t index = 0; index < ask.refs_count; index++) {
        store_key_t key = vault_person_key(ask.refs[index].hash);
        vault_person_t person;
        if (txn_get(self->group, VAULT_PERSONS, &key, self->arena, &person)) texts[index].text = person.text;
    }
    persons_told_t told = {.texts = texts, .texts_count = ask.refs_count};
    packet_encode(packet->request_id, persons_told_type(), &told, now);
}

bool persons_take(vault_t *self, door_t door, const packet_t *packet, buffer_t *now, buffer_t *later) {
    if (door != door_operator) return false;
    if (packet->kind == KIND_person_erase) on_person_erase(self, packet, now, later);
    else if (packet->kind == KIND_persons_ask) on_persons_ask(self, packet, now);
    else return false;
    return true;
}
