/* Who asks: a cookie or a token, vouched for by the vault; its role from the ledger's registry. Logging in and out. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "services/console/state.h"

enum { KNOWN_MS = 10000, CODE_SECONDS = LIMIT_CODE_SESSION_MS / 1000, SESSION_SECONDS = LIMIT_SESSION_MS / 1000 };
#define COOKIE_NAME "minning_session"

static const text_t nothing = {NULL, 0};

bool role_sees_all(login_role_t role) {
    return role == login_role_coordinator || role == login_role_supervisor || role == login_role_operator ||
           role == login_role_auditor;
}

bool role_decides(login_role_t role) { return role == login_role_coordinator || role == login_role_supervisor; }

bool role_reports(login_role_t role) {
    return role == login_role_clerk || role == login_role_approver || role == login_role_program;
}

/* --- what the vault has lately said --- */

static session_place_t *place_of(console_t *self, const uint8_t session[HASH_SIZE]) {
    uint32_t place;
    memcpy(&place, session, sizeof place);
    return &self->sessions[place % SESSION_PLACES];
}

void sessions_forget(console_t *self) { memset(self->sessions, 0, sizeof *self->sessions * SESSION_PLACES); }

static void text_put(char *out, size_t room, text_t text) { snprintf(out, room, TEXT_FORMAT, TEXT_ARGS(text)); }

static void session_know(console_t *self, const uint8_t session[HASH_SIZE], const session_told_t *told) {
    session_place_t *place = place_of(self, session);
    *place = (session_place_t){.by_code = told->by_code, .token = told->token, .until_ms = self->now_ms + KNOWN_MS};
    memcpy(place->session, session, HASH_SIZE);
    text_put(place->login, sizeof place->login, told->login);
}

/* --- who --- */

static bool is_hex(text_t text) {
    for (uint32_t index = 0; index < text.size; index++)
        if (strchr("0123456789abcdef", text.at[index]) == NULL || text.at[index] == '\0') return false;
    return text.size == COOKIE_SIZE;
}

/* The cookie, or the bearer's token. false: neither is there, or it does not look like one of ours. */
static bool credential_read(const request_t *self, text_t *credential, bool *token) {
    text_t header = request_header(self, "Authorization");
    *token = header.size > 7 && memcmp(header.at, "Bearer ", 7) == 0;
    if (*token) *credential = (text_t){header.at + 7, header.size - 7};
    else *credential = text_of(MHD_lookup_connection_value(self->connection, MHD_COOKIE_KIND, COOKIE_NAME));
    return is_hex(*credential);
}

/* What only a page that may read our answers knows: a hash that the cookie alone leads to. */
static void csrf_make(text_t cookie, char out[COOKIE_SIZE + 1], arena_t *arena) {
    uint8_t hash[HASH_SIZE];
    text_t bound = arena_format(arena, "csrf:" TEXT_FORMAT, TEXT_ARGS(cookie));
    hash_of((bytes_t){(const uint8_t *)bound.at, bound.size}, hash);
    text_put(out, COOKIE_SIZE + 1, hex_of(hash, sizeof hash, arena));
}

static bool who_fill(request_t *self, text_t login, bool by_code, bool token) {
    const login_row_t *row = registry_find(self->console, login);
    if (row == NULL) {
        reply_code(self, 401, REASON_OF(login_revoked), "", nothing);
        return false;
    }
    text_put(self->who.login, sizeof self->who.login, login);
    text_put(self->who.unit, sizeof self->who.unit, row->granted.unit);
    self->who.role = row->granted.role;
    self->who.by_code = by_code;
    self->who.token = token;
    if (token) self->who.csrf[0] = '\0';
    return true;
}

static void on_session_told(request_t *self, const packet_t *packet) {
    session_told_t told;
    fault_t fault;
    if (packet->kind == KIND_refusal) {
        reply_code(self, 401, REASON_OF(no_session), "", nothing);
        return;
    }
    if (packet->kind != KIND_session_told || packet_body(packet, session_told_type(), self->arena, &told, &fault) != OK) {
        reply_busy(self);
        return;
    }
    session_know(self->console, self->who.session, &told);
    if (who_fill(self, told.login, told.by_code, told.token)) self->then(self);
}

void who_find(request_t *self, void (*then)(request_t *self)) {
    text_t credential;
    bool token;
    if (!credential_read(self, &credential, &token)) {
        reply_code(self, 401, REASON_OF(no_session), "", nothing);
        return;
    }
    hash_of((bytes_t){(const uint8_t *)credential.at, credential.size}, self->who.session);
    csrf_make(credential, self->who.csrf, self->arena);
    const session_place_t *known = place_of(self->console, self->who.session);
    if (known->until_ms > self->console->now_ms && memcmp(known->session, self->who.session, HASH_SIZE) == 0) {
        if (who_fill(self, text_of(known->login), known->by_code, known->token)) then(self);
        return;
    }
    self->then = then;
    session_ask_t question;
    memcpy(question.session, self->who.session, HASH_SIZE);
    ask(self, AT_SESSIONS, session_ask_type(), &question, on_session_told);
}

/* --- logging in --- */

/* Whose address counts: behind a proxy the last one it has written down. */
static void address_of(const request_t *self, char out[48]) {
    out[0] = '\0';
    if (self->console->door.behind_proxy) {
        text_t chain = request_header(self, "X-Forwarded-For");
        const char *comma = chain.size > 0 ? memrchr(chain.at, ',', chain.size) : NULL;
        text_t last = comma == NULL ? chain : text_of(comma + 1);
        while (last.size > 0 && last.at[0] == ' ') last = (text_t){last.at + 1, last.size - 1};
        text_put(out, 48, last);
        return;
    }
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(self->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info == NULL || info->client_addr == NULL || info->client_addr->sa_family != AF_INET) return;
    const struct sockaddr_in *address = (const struct sockaddr_in *)(const void *)info->client_addr;
    inet_ntop(AF_INET, &address->sin_addr, out, 48);
}

/* A minute's attempts of one address; two addresses that meet in one place share it. */
static bool try_may(request_t *self) {
    char address[48];
    uint8_t hash[HASH_SIZE];
    address_of(self, address);
    hash_of((bytes_t){(const uint8_t *)address, (uint32_t)strlen(address)}, hash);
    try_place_t *place = &self->console->tries[hash[0] % TRY_PLACES];
    int64_t minute = self->console->now_ms / 60000;
    if (place->minute != minute) place->tries = 0;
    place->minute = minute;
    return ++place->tries <= LIMIT_LOGIN_TRIES;
}

static json_t *me_json(const request_t *self) {
    json_t *json = json_object();
    json_object_set_new(json, "login", json_string(self->who.login));
    json_object_set_new(json, "role", json_string(WORD_NAME(login_role, self->who.role)));
    json_object_set_new(json, "role_zh", json_string(WORD_ZH(login_role, self->who.role)));
    json_object_set_new(json, "role_en", json_string(WORD_EN(login_role, self->who.role)));
    if (self->who.unit[0] != '\0') json_object_set_new(json, "unit", json_string(self->who.unit));
    if (self->who.csrf[0] != '\0') json_object_set_new(json, "csrf", json_string(self->who.csrf));
    json_object_set_new(json, "by_code", json_boolean(self->who.by_code));
    json_object_set_new(json, "reports", json_boolean(role_reports(self->who.role)));
    json_object_set_new(json, "decides", json_boolean(role_decides(self->who.role)));
    json_object_set_new(json, "all_units", json_boolean(role_sees_all(self->who.role)));
    json_object_set_new(json, "now_ms", json_integer(self->console->ledger_ms));
    return json;
}

void on_me(request_t *self) { reply_json(self, 200, me_json(self)); }

static void cookie_set(request_t *self, const char *value, int seconds) {
    bool secure = self->console->door.behind_proxy && text_is(request_header(self, "X-Forwarded-Proto"), "https");
    reply_header(self, "Set-Cookie",
                 arena_format(self->arena, COOKIE_NAME "=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%d%s", value, seconds,
                              secure ? "; Secure" : "").at);
}

static void on_login_told(request_t *self, const packet_t *packet) {
    session_told_t told;
    if (packet->kind == KIND_refusal) self->console->refused++;
    if (!answer_is(self, packet, session_told_type(), &told)) return;
    const char *cookie = self->own;
    ASSERT(cookie != NULL);
    session_know(self->console, self->who.session, &told);
    csrf_make(text_of(cookie), self->who.csrf, self->arena);
    if (!who_fill(self, told.login, told.by_code, false)) return;
    reply_json(self, 200, me_json(self));
    cookie_set(self, cookie, told.by_code ? (int)CODE_SECONDS : (int)SESSION_SECONDS);
}

void on_login(request_t *self) {
    if (!try_may(self)) {
        reply_code(self, 429, REASON_OF(too_many_tries), "", nothing);
        return;
    }
    json_t *json = request_json(self);
    if (json == NULL) return;
    login_try_t try = {.login = json_member_text(json, "login", self->arena)};
    try.secret = json_member_text(json, "secret", self->arena);
    json_decref(json);
    uint8_t cookie[HASH_SIZE];
    crypto_random(cookie, sizeof cookie);
    text_t shown = hex_of(cookie, sizeof cookie, self->arena);
    hash_of((bytes_t){(const uint8_t *)shown.at, shown.size}, try.session);
    memcpy(self->who.session, try.session, HASH_SIZE);
    fault_t fault = {0};
    if (wire_check(login_try_type(), &try, &fault) != OK) {
        reply_code(self, 401, REASON_OF(login_failed), "login", nothing);
        return;
    }
    char *kept = arena_room(self->arena, COOKIE_SIZE + 1);
    text_put(kept, COOKIE_SIZE + 1, shown);
    self->own = kept;
    self->until_ms = self->console->now_ms + LIMIT_HTTP_LOGIN_MS;
    ask(self, AT_LOGINS, login_try_type(), &try, on_login_told);
}

static void on_logged_out(request_t *self, const packet_t *packet) {
    login_kept_t kept;
    if (!answer_is(self, packet, login_kept_type(), &kept)) return;
    reply_json(self, 200, json_object());
    cookie_set(self, "", 0);
}

void on_logout(request_t *self) {
    session_end_t end;
    memcpy(end.session, self->who.session, HASH_SIZE);
    memset(place_of(self->console, self->who.session), 0, sizeof(session_place_t));
    ask(self, AT_SESSIONS, session_end_type(), &end, on_logged_out);
}

static void on_password_kept(request_t *self, const packet_t *packet) {
    login_kept_t kept;
    if (!answer_is(self, packet, login_kept_type(), &kept)) return;
    sessions_forget(self->console); /* the login's other sessions have ended */
    self->who.by_code = false;
    json_t *json = me_json(self);
    json_object_set_new(json, "ended", json_integer((json_int_t)kept.sessions));
    reply_json(self, 200, json);
    text_t cookie = text_of(MHD_lookup_connection_value(self->connection, MHD_COOKIE_KIND, COOKIE_NAME));
    cookie_set(self, arena_text(self->arena, cookie).at, (int)SESSION_SECONDS);
}

void on_password(request_t *self) {
    json_t *json = request_json(self);
    if (json == NULL) return;
    secret_change_t change = {.old_secret = json_member_text(json, "old", self->arena),
                              .new_secret = json_member_text(json, "new", self->arena)};
    json_decref(json);
    memcpy(change.session, self->who.session, HASH_SIZE);
    fault_t fault = {0};
    if (self->who.token || wire_check(secret_change_type(), &change, &fault) != OK)
        reply_code(self, 400, REASON_OF(weak_secret), "new", nothing);
    else
        ask(self, AT_LOGINS, secret_change_type(), &change, on_password_kept);
}
