/* A unit's CURVE pair: made, written to two files, read back; and submission ids. */
#include "services/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "proto/crypto.h"

enum { PATH_SIZE = 4096 };

err_t unit_key_new(unit_key_t *out) {
    return zmq_curve_keypair(out->public_text, out->secret_text) == 0 ? OK : ERR_SYSTEM;
}

bool unit_key_raw(const char *text, uint8_t raw[UNIT_KEY_RAW]) {
    return strlen(text) == UNIT_KEY_TEXT && zmq_z85_decode(raw, text) != NULL;
}

void unit_key_text(const uint8_t raw[UNIT_KEY_RAW], char text[UNIT_KEY_TEXT + 1]) {
    zmq_z85_encode(text, raw, UNIT_KEY_RAW);
}

static bool path_make(const char *stem, const char *ending, char path[PATH_SIZE]) {
    int size = snprintf(path, PATH_SIZE, "%s%s", stem, ending);
    return size > 0 && size < PATH_SIZE;
}

/* A new file only, durable before we say so: a key that is registered and then lost locks its unit out. */
static err_t key_write(const char *path, const char *text, mode_t mode) {
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (file < 0) return errno == EEXIST ? ERR_LOCKED : ERR_SYSTEM;
    char line[UNIT_KEY_TEXT + 1];
    memcpy(line, text, UNIT_KEY_TEXT);
    line[UNIT_KEY_TEXT] = '\n';
    bool well = write(file, line, sizeof line) == (ssize_t)sizeof line && fsync(file) == 0;
    well = close(file) == 0 && well;
    if (!well) unlink(path);
    return well ? OK : ERR_SYSTEM;
}

err_t unit_key_store(const char *stem, const unit_key_t *key) {
    char secret[PATH_SIZE], public[PATH_SIZE];
    if (!path_make(stem, ".key", secret) || !path_make(stem, ".pub", public)) return ERR_SYSTEM;
    if (access(public, F_OK) == 0) return ERR_LOCKED;
    err_t err = key_write(secret, key->secret_text, 0600);
    if (err != OK) return err;
    err = key_write(public, key->public_text, 0644);
    if (err != OK) unlink(secret);
    return err;
}

err_t unit_public_load(const char *path, char text[UNIT_KEY_TEXT + 1]) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return ERR_MISSING;
    char line[UNIT_KEY_TEXT + 8];
    ssize_t size = read(file, line, sizeof line);
    close(file);
    while (size > UNIT_KEY_TEXT && (line[size - 1] == '\n' || line[size - 1] == '\r')) size--;
    if (size != UNIT_KEY_TEXT) return ERR_BAD;
    memcpy(text, line, UNIT_KEY_TEXT);
    text[UNIT_KEY_TEXT] = '\0';
    uint8_t raw[UNIT_KEY_RAW];
    return unit_key_raw(text, raw) ? OK : ERR_BAD;
}

err_t unit_key_load(const char *stem, unit_key_t *out) {
    char secret[PATH_SIZE], public[PATH_SIZE], derived[UNIT_KEY_TEXT + 1];
    if (!path_make(stem, ".key", secret) || !path_make(stem, ".pub", public)) return ERR_MISSING;
    err_t err = unit_public_load(secret, out->secret_text); /* the same form: 40 characters of Z85 */
    if (err != OK) return err;
    if (zmq_curve_public(derived, out->secret_text) != 0) return ERR_BAD;
    err = unit_public_load(public, out->public_text);
    if (err == ERR_MISSING) { /* the secret half was carried here alone: the other follows from it */
        memcpy(out->public_text, derived, sizeof derived);
        return OK;
    }
    return err == OK && strcmp(derived, out->public_text) != 0 ? ERR_BAD : err;
}

/* What the ids of one millisecond share is drawn once; a process that is a copy of another draws its own. */
static _Thread_local int64_t last_ms = -1;

static void last_forget(void) { last_ms = -1; }

static void forks_watch(void) {
    int failed = pthread_atfork(NULL, NULL, last_forget);
    ASSERT(failed == 0);
}

void uuid7_new(int64_t ms, uint8_t out[16]) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    static _Thread_local uint32_t within; /* counts inside one millisecond: 12 bits, RFC 9562 method 1 */
    static _Thread_local int64_t borrowed;
    static _Thread_local uint8_t drawn[16];
    if (ms != last_ms) {
        pthread_once(&once, forks_watch);
        crypto_random(drawn, sizeof drawn);
        last_ms = ms;
        borrowed = 0;
        within = (uint32_t)(drawn[6] & 0x07) << 8 | drawn[7]; /* leaves at least half of the room for successors */
    } else if (++within > 0xfff) {
        within = 0;
        borrowed++;
    }
    memcpy(out + 8, drawn + 8, sizeof drawn - 8);
    uint64_t stamp = (uint64_t)(ms + borrowed);
    for (int index = 0; index < 6; index++) out[index] = (uint8_t)(stamp >> (8 * (5 - index)));
    out[6] = (uint8_t)(0x70 | within >> 8);
    out[7] = (uint8_t)within;
    out[8] = (uint8_t)(0x80 | (out[8] & 0x3f));
}
