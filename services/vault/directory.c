/* Contacts and routes: kept, told, erased. They may be erased without a trace: the ledger knows keyed hashes only. */
#include <string.h>

#include "services/vault/directory_rules.h"
#include "services/vault/vault_inner.h"

#define FACT_DIRECTORY "directory" /* version: grows with every change */

static store_key_t key_of_id(text_t id) {
    store_key_t key = key_new();
    key_add_text(&key, id);
    return key;
}

static bool body_read(vault_t *self, const packet_t *packet, const message_t *type, void *value, buffer_t *now) {
    fault_t fault = {0};
    if (packet_body(packet, type, self->arena, value, &fault) == OK) return true;
    vault_refuse(packet, text_of(fault.code), fault.path, now);
    return false;
}

/* The kind of address is part of what is hashed: a number is not a mail address that happens to look like it. */
static void reference(const vault_t *self, const char *what, text_t address, uint8_t ref[32]) {
    text_t named = arena_format(self->arena, "%s:" TEXT_FORMAT, what, TEXT_ARGS(address));
    hash_keyed(self->hash_key, (bytes_t){(const uint8_t *)named.at, named.size}, ref);
}

static uint64_t changed(vault_t *self) {
    uint64_t version = txn_fact(self->group, FACT_DIRECTORY) + 1;
    txn_fact_put(self->group, FACT_DIRECTORY, version);
    self->group_count++;
    return version;
}

static void done(const packet_t *packet, uint64_t version, bool what_changed, buffer_t *out) {
    directory_done_t answer = {.version = version, .changed = what_changed};
    packet_encode(packet->request_id, directory_done_type(), &answer, out);
}

/* Is there room for one more row of this table, unless it replaces one? */
static bool room_for(vault_t *self, size_t table, const store_key_t *key, void *row, uint32_t most) {
    uint32_t count = 0;
    store_key_t all = key_new();
    if (txn_get(self->group, table, key, self->arena, row)) return true;
    scan_t scan = scan_begin(self->group, table, &all, NULL);
    while (count < most && scan_next(&scan, self->arena, row)) count++;
    scan_end(&scan);
    return count < most;
}

static void keep(vault_t *self, const packet_t *packet, size_t table, text_t id, const void *value, void *old, uint32_t most,
                 buffer_t *now, buffer_t *later) {
    store_key_t key = key_of_id(id);
    if (!room_for(self, table, &key, old, most)) {
        vault_refuse(packet, REASON_OF(too_many), "id", now);
        return;
    }
    txn_put(self->group, table, &key, value);
    done(packet, changed(self), true, later);
}

/* false: the store or the disk does not let us; the asker has been told. */
static bool may_write(vault_t *self, const packet_t *packet, buffer_t *now) {
    if (!vault_group_begin(self)) return false;
    if (self->group_count > 0 || !vault_space_is_low(self)) return true;
    vault_say_busy(packet->request_id, now);
    return false;
}

static void on_contact(vault_t *self, const packet_t *packet, buffer_t *now, buffer_t *later) {
    contact_t contact, old;
    const char *path = "";
    if (!body_read(self, packet, contact_type(), &contact, now)) return;
    text_t code = contact_refusal(&contact, &path);
    if (code.size > 0) {
        vault_refuse(packet, code, path, now);
        return;
    }
    if (contact.mail.size > 0) reference(self, "mail", contact.mail, contact.mail_ref);
    if (contact.mobile.size > 0) reference(self, "mobile", contact.mobile, contact.mobile_ref);
    if (may_write(self, packet, now))
        keep(self, packet, VAULT_CONTACTS, contact.id, &contact, &old, LIMIT_CONTACTS, now, later);
}

static void on_route(vault_t *self, const packet_t *packet, buffer_t *now, buffer_t *later) {
    route_t route, old;
    const char *path = "";
    if (!body_read(self, packet, route_type(), &route, now)) return;
    text_t code = route_refusal(&route, &path);
    if (code.size > 0) {
        vault_refuse(packet, code, path, now);
        return;
    }
    reference(self, "route", arena_format(self->arena, TEXT_FORMAT " " TEXT_FORMAT, TEXT_ARGS(route.id), TEXT_ARGS(route.url)),
              route.ref);
    if (may_write(self, packet, now))
        keep(self, packet, VAULT_ROUTES, route.id, &route, &old, LIMIT_ROUTES, now, later);
}

static bool row_delete(vault_t *self, size_t table, text_t id, void *row) {
    store_key_t key = key_of_id(id);
    if (id.size == 0 || !txn_get(self->group, table, &key, self->arena, row)) return false;
    txn_delete(self->group, table, &key);
    return true;
}

static void on_erase(vault_t *self, const packet_t *packet, buffer_t *now, buffer_t *later) {
    directory_erase_t erase;
    contact_t contact;
    route_t route;
    if (!body_read(self, packet, directory_erase_type(), &erase, now) || !vault_group_begin(self)) return;
    bool gone = row_delete(self, VAULT_CONTACTS, erase.contact, &contact);
    gone = row_delete(self, VAULT_ROUTES, erase.route, &route) || gone;
    if (gone) vault_note_erased(self);
    if (gone)
        done(packet, changed(self), true, later);
    else
        done(packet, txn_fact(self->group, FACT_DIRECTORY), false, self->group_count > 0 ? later : now);
}

static void page_routes(vault_t *self, txn_t *txn, bool secrets, directory_t *page) {
    route_t *routes = ARENA_NEW(self->arena, route_t, LIMIT_ROUTES);
    store_key_t all = key_new();
    scan_t scan = scan_begin(txn, VAULT_ROUTES, &all, NULL);
    while (page->routes_count < LIMIT_ROUTES && scan_next(&scan, self->arena, &routes[page->routes_count])) {
        if (!secrets) routes[page->routes_count].secret = text_of(routes[page->routes_count].secret.size > 0 ? "***" : NULL);
        page->routes_count++;
    }
    scan_end(&scan);
    page->routes = routes;
}

static void page_contacts(vault_t *self, txn_t *txn, uint64_t after, directory_t *page) {
    contact_t *contacts = ARENA_NEW(self->arena, contact_t, LIMIT_ROWS), row;
    store_key_t all = key_new();
    scan_t scan = scan_begin(txn, VAULT_CONTACTS, &all, NULL);
    for (uint64_t index = 0; scan_next(&scan, self->arena, &row); index++) {
        if (index < after) continue;
        page->more = page->contacts_count == LIMIT_ROWS;
        if (page->more) break;
        contacts[page->contacts_count++] = row;
    }
    scan_end(&scan);
    page->contacts = contacts;
}

/* From a snapshot: what is told is durable. Both lists come from the same one, and so does the version. */
static void on_ask(vault_t *self, bool secrets, const packet_t *packet, buffer_t *now) {
    directory_ask_t ask;
    if (!body_read(self, packet, directory_ask_type(), &ask, now)) return;
    txn_t *txn = store_read(self->store);
    if (txn == NULL) {
        vault_say_busy(packet->request_id, now);
        return;
    }
    directory_t page = {.version = txn_fact(txn, FACT_DIRECTORY)};
    bool known = ask.known > 0 && ask.known == page.version && ask.after == 0;
    if (!known && ask.after == 0) page_routes(self, txn, secrets, &page);
    if (!known) page_contacts(self, txn, ask.after, &page);
    bool well = txn_error(txn) == OK;
    txn_abort(&txn);
    if (well) packet_encode(packet->request_id, directory_type(), &page, now);
    else vault_say_busy(packet->request_id, now);
}

bool directory_take(vault_t *self, door_t door, const packet_t *packet, buffer_t *now, buffer_t *later) {
    bool operator_asks = door == door_operator, asks = packet->kind == KIND_directory_ask;
    if (!operator_asks && !(door == door_notifier && asks)) return false;
    switch (packet->kind) {
    case KIND_contact: on_contact(self, packet, now, later); return true;
    case KIND_route: on_route(self, packet, now, later); return true;
    case KIND_directory_erase: on_erase(self, packet, now, later); return true;
    case KIND_directory_ask: on_ask(self, !operator_asks, packet, now); return true;
    default: return false;
    }
}
