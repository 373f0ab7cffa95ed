/* Passwords by argon2id, sessions and tokens by the hash of what the bearer holds; failures lock. */
#include "services/vault/logins.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "services/stage/log.h"

#define DEF_FILE "services/vault/vault.def"
#include "proto/declare.h"

enum { TABLE_LOGINS, TABLE_SESSIONS, TABLE_COUNT };

struct logins_store {
    store_t *store;
    pthread_mutex_t writing;           /* one write transaction at a time; never held while a password is hashed */
    char nobody[SECRET_HASH_SIZE];     /* a login that does not exist takes as long as one that does */
};

err_t logins_open(const char *path, logins_store_t **out) {
    static const table_t tables[TABLE_COUNT] = {[TABLE_LOGINS] = {"logins", vault_login_type},
                                                [TABLE_SESSIONS] = {"sessions", vault_session_type}};
    *out = NULL;
    logins_store_t *self = calloc(1, sizeof *self);
    if (self == NULL) return ERR_NOMEM;
    pthread_mutex_init(&self->writing, NULL);
    uint8_t nothing[16];
    crypto_random(nothing, sizeof nothing);
    secret_hash((text_t){(const char *)nothing, sizeof nothing}, self->nobody);
    err_t err = store_open(path, tables, TABLE_COUNT, &self->store);
    if (err != OK) logins_close(&self);
    *out = self;
    return err;
}

void logins_close(logins_store_t **self) {
    if (*self == NULL) return;
    if ((*self)->store != NULL) store_close(&(*self)->store);
    pthread_mutex_destroy(&(*self)->writing);
    free(*self);
    *self = NULL;
}

int64_t logins_lock_ms(uint64_t failures) {
    if (failures < LIMIT_LOGIN_FAILURES) return 0;
    int64_t lock_ms = LIMIT_LOGIN_LOCK_MS;
    for (uint64_t more = failures - LIMIT_LOGIN_FAILURES; more > 0 && lock_ms < LIMIT_LOGIN_LOCK_MOST_MS; more--) lock_ms *= 2;
    return lock_ms < LIMIT_LOGIN_LOCK_MOST_MS ? lock_ms : LIMIT_LOGIN_LOCK_MOST_MS;
}

/* --- one question --- */

typedef struct {
    logins_store_t *store;
    const packet_t *ask;
    int64_t wall_ms;
    arena_t *arena;
    buffer_t *out;
} question_t;

static void refuse(const question_t *self, text_t code, const char *path, text_t arg) {
    reason_t reason = {.code = code, .path = text_of(path), .args = &arg, .args_count = arg.size > 0};
    reason_tell(&reason, self->arena);
    refusal_t refusal = {.reasons = &reason, .reasons_count = 1};
    packet_encode(self->ask->request_id, refusal_type(), &refusal, self->out);
}

static const text_t nothing = {NULL, 0};

static void answer_busy(const question_t *self) {
    busy_t busy = {.retry_after_ms = LIMIT_BUSY_RETRY_MS};
    packet_encode(self->ask->request_id, busy_type(), &busy, self->out);
}

static bool body(const question_t *self, const message_t *type, void *value) {
    fault_t fault = {0};
    if (packet_body(self->ask, type, self->arena, value, &fault) == OK) return true;
    refuse(self, text_of(fault.code), fault.path, nothing);
    return false;
}

static store_key_t key_of_login(text_t login) {
    store_key_t key = key_new();
    key_add_text(&key, login);
    return key;
}

static store_key_t key_of_session(const uint8_t session[HASH_SIZE]) {
    store_key_t key = key_new();
    key_add_bytes(&key, session, HASH_SIZE);
    return key;
}

/* The write transaction; the mutex is held while it is open. */
static txn_t *begin(const question_t *self) {
    pthread_mutex_lock(&self->store->writing);
    txn_t *txn = store_write(self->store->store);
    if (txn == NULL) pthread_mutex_unlock(&self->store->writing);
    return txn;
}

static bool commit(const question_t *self, txn_t *txn) {
    err_t err = txn_commit(&txn);
    pthread_mutex_unlock(&self->store->writing);
    if (err != OK) log_error("logins_not_kept", "error=%s", err_name(err));
    return err == OK;
}

static void told(const question_t *self, const vault_session_t *session) {
    session_told_t answer = {
        .login = session->login, .until_ms = session->until_ms, .by_code = session->by_code, .token = session->token};
    packet_encode(self->ask->request_id, session_told_type(), &answer, self->out);
}

static void kept(const question_t *self, txn_t *txn, uint64_t sessions) {
    login_kept_t answer = {.sessions = sessions};
    if (commit(self, txn)) packet_encode(self->ask->request_id, login_kept_type(), &answer, self->out);
    else answer_busy(self);
}

/* --- sessions --- */

/* Ends sessions: those that are over, and all of `login` (unless it is empty) but `but` (NULL: none is spared). Returns how
 * many of that login ended. What is to go is gathered first: rows must not be written while they are walked. */
static uint64_t sessions_end(const question_t *self, txn_t *txn, text_t login, const uint8_t *but) {
    uint8_t(*gone)[HASH_SIZE] = arena_room(self->arena, (size_t)LIMIT_SESSIONS * HASH_SIZE);
    uint64_t count = 0, ended = 0;
    store_key_t all = key_new();
    scan_t scan = scan_begin(txn, TABLE_SESSIONS, &all, NULL);
    vault_session_t session;
    while (count < LIMIT_SESSIONS && scan_next(&scan, self->arena, &session)) {
        bool over = session.until_ms <= (uint64_t)self->wall_ms;
        bool spared = but != NULL && memcmp(scan.key.at, but, HASH_SIZE) == 0;
        bool meant = login.size > 0 && text_equal(session.login, login) && !spared;
        if (!over && !meant) continue;
        memcpy(gone[count++], scan.key.at, HASH_SIZE);
        if (meant && !over) ended++;
    }
    scan_end(&scan);
    for (uint64_t index = 0; index < count; index++) {
        store_key_t key = key_of_session(gone[index]);
        txn_delete(txn, TABLE_SESSIONS, &key);
    }
    return ended;
}

/* Makes room: the login's session that ends first goes when it has too many. false: too many in all. */
static bool session_room(const question_t *self, txn_t *txn, text_t login) {
    uint64_t all_count = 0, of_login = 0, first_ms = UINT64_MAX;
    uint8_t first[HASH_SIZE] = {0};
    store_key_t all = key_new();
    scan_t scan = scan_begin(txn, TABLE_SESSIONS, &all, NULL);
    vault_session_t session;
    while (scan_next(&scan, self->arena, &session)) {
        all_count++;
        if (session.token || !text_equal(session.login, login)) continue;
        of_login++;
        if (session.until_ms >= first_ms) continue;
        first_ms = session.until_ms;
        memcpy(first, scan.key.at, HASH_SIZE);
    }
    scan_end(&scan);
    store_key_t key = key_of_session(first);
    if (of_login >= LIMIT_LOGIN_SESSIONS) txn_delete(txn, TABLE_SESSIONS, &key);
    return all_count < LIMIT_SESSIONS;
}

static void on_session_ask(const question_t *self) {
    session_ask_t ask;
    if (!body(self, session_ask_type(), &ask)) return;
    txn_t *txn = store_read(self->store->store);
    vault_session_t session;
    store_key_t key = key_of_session(ask.session);
    bool there = txn != NULL && txn_get(txn, TABLE_SESSIONS, &key, self->arena, &session);
    if (txn == NULL) answer_busy(self);
    else if (there && session.until_ms > (uint64_t)self->wall_ms) told(self, &session);
    else refuse(self, REASON_OF(no_session), "", nothing);
    txn_abort(&txn);
}

static void on_session_end(const question_t *self) {
    session_end_t end;
    if (!body(self, session_end_type(), &end)) return;
    txn_t *txn = begin(self);
    if (txn == NULL) {
        answer_busy(self);
        return;
    }
    store_key_t key = key_of_session(end.session);
    txn_delete(txn, TABLE_SESSIONS, &key);
    kept(self, txn, 1);
}

/* --- logging in --- */

static bool login_read(const question_t *self, text_t login, vault_login_t *row) {
    txn_t *txn = store_read(self->store->store);
    store_key_t key = key_of_login(login);
    bool there = txn != NULL && txn_get(txn, TABLE_LOGINS, &key, self->arena, row);
    txn_abort(&txn);
    return there;
}

/* Counted by what stands now: others may have failed while this password was hashed. */
static void login_failed(const question_t *self, text_t login) {
    vault_login_t row;
    txn_t *txn = begin(self);
    if (txn == NULL) return;
    store_key_t key = key_of_login(login);
    if (txn_get(txn, TABLE_LOGINS, &key, self->arena, &row)) {
        row.failures++;
        row.locked_until_ms = (uint64_t)(self->wall_ms + logins_lock_ms(row.failures));
        txn_put(txn, TABLE_LOGINS, &key, &row);
    }
    commit(self, txn);
}

/* Is the login still what its secret was compared with? It may have been locked, its code used, its password changed meanwhile. */
static bool login_stands(const question_t *self, txn_t *txn, const store_key_t *key, vault_login_t *row) {
    vault_login_t now;
    bool same = txn_get(txn, TABLE_LOGINS, key, self->arena, &now) && text_equal(now.secret, row->secret) &&
                now.code_until_ms == row->code_until_ms && now.locked_until_ms <= (uint64_t)self->wall_ms;
    if (same) *row = now;
    return same;
}

/* A one-time code is at its end with its first use; until a password is set nothing else opens the login. */
static void login_good(const question_t *self, const login_try_t *try, vault_login_t row) {
    bool by_code = row.code_until_ms != 0;
    vault_session_t session = {.login = try->login, .by_code = by_code};
    session.until_ms = (uint64_t)(self->wall_ms + (by_code ? LIMIT_CODE_SESSION_MS : LIMIT_SESSION_MS));
    store_key_t login_key = key_of_login(try->login), session_key = key_of_session(try->session);
    txn_t *txn = begin(self);
    bool room = txn != NULL, stands = room && login_stands(self, txn, &login_key, &row);
    if (stands) {
        if (by_code) row.code_until_ms = 1;
        row.failures = row.locked_until_ms = 0;
        sessions_end(self, txn, nothing, NULL);
        room = session_room(self, txn, try->login);
        txn_put(txn, TABLE_LOGINS, &login_key, &row);
        if (room) txn_put(txn, TABLE_SESSIONS, &session_key, &session);
    }
    if (txn != NULL && !commit(self, txn)) room = false;
    if (!room) answer_busy(self);
    else if (stands) told(self, &session);
    else refuse(self, REASON_OF(login_failed), "login", nothing);
}

static void on_login_try(const question_t *self) {
    login_try_t try;
    if (!body(self, login_try_type(), &try)) return;
    vault_login_t row = {0};
    bool there = login_read(self, try.login, &row);
    if (there && row.locked_until_ms > (uint64_t)self->wall_ms) {
        uint64_t seconds = (row.locked_until_ms - (uint64_t)self->wall_ms + 999) / 1000;
        refuse(self, REASON_OF(locked_out), "login", arena_format(self->arena, "%llu", (unsigned long long)seconds));
        return;
    }
    bool live = there && (row.code_until_ms == 0 || row.code_until_ms > (uint64_t)self->wall_ms);
    char hash[SECRET_HASH_SIZE] = {0};
    if (there) memcpy(hash, row.secret.at, row.secret.size < sizeof hash ? row.secret.size : sizeof hash - 1);
    bool right = secret_matches(there ? hash : self->store->nobody, try.secret);
    if (live && right) {
        login_good(self, &try, row);
        return;
    }
    if (there) login_failed(self, try.login);
    refuse(self, REASON_OF(login_failed), "login", nothing);
}

/* --- secrets --- */

static uint32_t characters(text_t text) {
    uint32_t count = 0;
    for (uint32_t index = 0; index < text.size; index++) count += ((uint8_t)text.at[index] & 0xc0) != 0x80;
    return count;
}

static bool secret_is_weak(text_t secret, text_t login) {
    return characters(secret) < LIMIT_SECRET_CHARACTERS || text_equal(secret, login);
}

static void secret_put(txn_t *txn, text_t login, const char *hash, uint64_t code_until_ms) {
    vault_login_t row = {.secret = text_of(hash), .code_until_ms = code_until_ms};
    store_key_t key = key_of_login(login);
    txn_put(txn, TABLE_LOGINS, &key, &row);
}

static bool session_read(const question_t *self, const uint8_t hash[HASH_SIZE], vault_session_t *session) {
    txn_t *txn = store_read(self->store->store);
    store_key_t key = key_of_session(hash);
    bool there = txn != NULL && txn_get(txn, TABLE_SESSIONS, &key, self->arena, session);
    txn_abort(&txn);
    return there && !session->token && session->until_ms > (uint64_t)self->wall_ms;
}

/* May this session set a new secret? One that a code began may; any other has to know the old one. Refuses otherwise. */
static bool change_may(const question_t *self, const secret_change_t *change, const vault_session_t *session) {
    vault_login_t row;
    if (secret_is_weak(change->new_secret, session->login)) {
        refuse(self, REASON_OF(weak_secret), "new", nothing);
        return false;
    }
    if (session->by_code) return true;
    char hash[SECRET_HASH_SIZE] = {0};
    bool there = login_read(self, session->login, &row) && row.locked_until_ms <= (uint64_t)self->wall_ms;
    if (there) memcpy(hash, row.secret.at, row.secret.size < sizeof hash ? row.secret.size : sizeof hash - 1);
    if (there && change->old_secret.size > 0 && secret_matches(hash, change->old_secret)) return true;
    if (there) login_failed(self, session->login);
    refuse(self, REASON_OF(login_failed), "old", nothing);
    return false;
}

static void on_secret_change(const question_t *self) {
    secret_change_t change;
    vault_session_t session;
    if (!body(self, secret_change_type(), &change)) return;
    if (!session_read(self, change.session, &session)) {
        refuse(self, REASON_OF(no_session), "", nothing);
        return;
    }
    if (!change_may(self, &change, &session)) return;
    char hash[SECRET_HASH_SIZE];
    secret_hash(change.new_secret, hash);
    txn_t *txn = begin(self);
    if (txn == NULL) {
        answer_busy(self);
        return;
    }
    secret_put(txn, session.login, hash, 0);
    uint64_t ended = sessions_end(self, txn, session.login, change.session);
    session.by_code = false;
    session.until_ms = (uint64_t)(self->wall_ms + LIMIT_SESSION_MS);
    store_key_t key = key_of_session(change.session);
    txn_put(txn, TABLE_SESSIONS, &key, &session);
    kept(self, txn, ended);
}

/* --- the operator --- */

static void on_login_keep(const question_t *self) {
    login_keep_t keep;
    if (!body(self, login_keep_type(), &keep)) return;
    if (secret_is_weak(keep.secret, keep.login)) {
        refuse(self, REASON_OF(weak_secret), "secret", nothing);
        return;
    }
    char hash[SECRET_HASH_SIZE];
    secret_hash(keep.secret, hash);
    txn_t *txn = begin(self);
    if (txn == NULL) {
        answer_busy(self);
        return;
    }
    secret_put(txn, keep.login, hash, keep.code_until_ms);
    kept(self, txn, sessions_end(self, txn, keep.login, NULL));
}

static void on_token_keep(const question_t *self) {
    token_keep_t keep;
    if (!body(self, token_keep_type(), &keep)) return;
    txn_t *txn = begin(self);
    if (txn == NULL) {
        answer_busy(self);
        return;
    }
    uint64_t ended = sessions_end(self, txn, keep.login, NULL);
    bool room = session_room(self, txn, keep.login);
    vault_session_t session = {.login = keep.login, .until_ms = keep.until_ms, .token = true};
    store_key_t key = key_of_session(keep.token);
    if (room) txn_put(txn, TABLE_SESSIONS, &key, &session);
    if (room) kept(self, txn, ended);
    else if (commit(self, txn)) answer_busy(self);
}

static void on_login_drop(const question_t *self) {
    login_drop_t drop;
    if (!body(self, login_drop_type(), &drop)) return;
    txn_t *txn = begin(self);
    if (txn == NULL) {
        answer_busy(self);
        return;
    }
    store_key_t key = key_of_login(drop.login);
    txn_delete(txn, TABLE_LOGINS, &key);
    kept(self, txn, sessions_end(self, txn, drop.login, NULL));
}

/* --- the doors --- */

static const struct {
    logins_door_t door;
    uint32_t kind;
    void (*on)(const question_t *self);
} doors[] = {
    {LOGINS_CONSOLE, KIND_login_try, on_login_try},         {LOGINS_CONSOLE, KIND_secret_change, on_secret_change},
    {LOGINS_SESSIONS, KIND_session_ask, on_session_ask},    {LOGINS_SESSIONS, KIND_session_end, on_session_end},
    {LOGINS_OPERATOR, KIND_login_keep, on_login_keep},      {LOGINS_OPERATOR, KIND_token_keep, on_token_keep},
    {LOGINS_OPERATOR, KIND_login_drop, on_login_drop},
};

void logins_answer(logins_store_t *self, logins_door_t door, const packet_t *ask, int64_t wall_ms, buffer_t *out) {
    arena_t *arena = arena_new();
    question_t question = {.store = self, .ask = ask, .wall_ms = wall_ms, .arena = arena, .out = out};
    size_t index = 0, count = sizeof doors / sizeof doors[0];
    while (index < count && (doors[index].door != door || doors[index].kind != ask->kind)) index++;
    if (index < count) doors[index].on(&question);
    else refuse(&question, message_of_kind(ask->kind) == NULL ? REASON_OF(unknown_message) : REASON_OF(not_permitted), "", nothing);
    arena_destroy(&arena);
}
