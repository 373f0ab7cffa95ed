/* The logins in force, loaded from intake page by page, anew whenever stream 3 passes on that one was granted or revoked. */
#include <stdlib.h>
#include <string.h>

#include "services/console/state.h"
#include "services/stage/log.h"

enum { ASK_AGAIN_MS = 1000, LOAD_AGAIN_MS = 5000 };

static void page_ask(console_t *self) {
    logins_ask_t question = {.after = self->loading_count};
    self->logins_ask_id = ++self->next_id;
    self->logins_again_ms = self->now_ms + ASK_AGAIN_MS;
    tell(self, AT_INTAKE, self->logins_ask_id, logins_ask_type(), &question);
}

static void load_begin(console_t *self) {
    if (self->loading_arena == NULL) self->loading_arena = arena_new();
    arena_reset(self->loading_arena);
    self->loading_count = 0;
    page_ask(self);
}

void registry_step(console_t *self) {
    if (self->now_ms >= self->logins_again_ms) load_begin(self);
}

void registry_stale(console_t *self) { load_begin(self); }

static void row_add(console_t *self, const login_row_t *row) {
    if (self->loading_count == self->logins_room) {
        self->logins_room = self->logins_room == 0 ? 256 : self->logins_room * 2;
        self->loading = realloc(self->loading, sizeof *self->loading * self->logins_room);
        self->logins = realloc(self->logins, sizeof *self->logins * self->logins_room);
        ASSERT(self->loading != NULL && self->logins != NULL);
    }
    login_row_t *kept = &self->loading[self->loading_count++];
    *kept = *row;
    kept->granted.login = arena_text(self->loading_arena, row->granted.login);
    kept->granted.unit = arena_text(self->loading_arena, row->granted.unit);
}

static void loaded(console_t *self) {
    login_row_t *rows = self->logins;
    arena_t *arena = self->logins_arena;
    if (!self->logins_loaded) log_info("logins_loaded", "count=%u", (unsigned)self->loading_count);
    self->logins = self->loading;
    self->logins_arena = self->loading_arena;
    self->logins_count = self->loading_count;
    self->loading = rows;
    self->loading_arena = arena;
    self->logins_loaded = true;
    self->logins_ask_id = 0;
    self->logins_again_ms = self->now_ms + LOAD_AGAIN_MS;
}

void registry_take(console_t *self, const packet_t *packet) {
    logins_t page;
    fault_t fault;
    if (packet->request_id != self->logins_ask_id || packet->kind != KIND_logins) return;
    arena_reset(self->arena);
    if (packet_body(packet, logins_type(), self->arena, &page, &fault) != OK) return;
    for (uint32_t index = 0; index < page.rows_count; index++) row_add(self, &page.rows[index]);
    if (page.more && page.rows_count > 0 && self->loading_count < LIMIT_KEYS) page_ask(self);
    else loaded(self);
}

/* The rows are in the order of their names, as intake keeps them. */
const login_row_t *registry_find(const console_t *self, text_t login) {
    uint32_t low = 0, high = self->logins_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = text_compare(self->logins[middle].granted.login, login);
        if (order == 0) {
            const login_row_t *row = &self->logins[middle];
            bool over = row->granted.until_ms != 0 && (int64_t)row->granted.until_ms < self->ledger_ms;
            return row->revoked_seq == 0 && !over ? row : NULL;
        }
        if (order < 0) low = middle + 1;
        else high = middle;
    }
    return NULL;
}

void registry_destroy(console_t *self) {
    free(self->logins);
    free(self->loading);
    arena_destroy(&self->logins_arena);
    arena_destroy(&self->loading_arena);
}
