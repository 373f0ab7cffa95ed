/* What zmtp.h promises. */
#include "tests/hostile/zmtp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "services/stage/clock.h"

enum {
    FLAG_LONG = 2,
    FLAG_COMMAND = 4,
    GREETING = 64,
    NONCE = crypto_box_NONCEBYTES,
    MAC = crypto_box_MACBYTES,
    LARGEST = 1 << 20
};

bool zmtp_connect(zmtp_t *self, int port) {
    *self = (zmtp_t){.descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = ZMTP_PATIENCE_MS / 1000};
    int one = 1;
    if (self->descriptor < 0) return false;
    setsockopt(self->descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    setsockopt(self->descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(self->descriptor, (struct sockaddr *)(void *)&address, sizeof address) == 0) return true;
    zmtp_close(self);
    return false;
}

void zmtp_close(zmtp_t *self) {
    if (self->descriptor >= 0) close(self->descriptor);
    self->descriptor = -1;
    buffer_destroy(&self->said);
}

void zmtp_quiet(zmtp_t *self) {
    struct linger reset = {.l_onoff = 1};
    if (self->descriptor >= 0) setsockopt(self->descriptor, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    zmtp_close(self);
}

bool zmtp_write(zmtp_t *self, const void *bytes, size_t size) {
    if (self->record) buffer_add(&self->said, bytes, size);
    for (const uint8_t *at = bytes; size > 0;) {
        ssize_t sent = send(self->descriptor, at, size, MSG_NOSIGNAL);
        if (sent <= 0) return false;
        at += sent;
        size -= (size_t)sent;
    }
    return true;
}

static bool wait_readable(zmtp_t *self, int64_t timeout_ms) {
    struct pollfd poller = {.fd = self->descriptor, .events = POLLIN};
    return poll(&poller, 1, (int)timeout_ms) > 0;
}

bool zmtp_ended(zmtp_t *self, int64_t timeout_ms) {
    int64_t until_ms = clock_steady_ms() + timeout_ms;
    uint8_t room[4096];
    while (true) {
        int64_t left_ms = until_ms - clock_steady_ms();
        if (!wait_readable(self, left_ms > 0 ? left_ms : 0)) return false;
        ssize_t got = recv(self->descriptor, room, sizeof room, 0);
        if (got <= 0) return true;
    }
}

static bool read_all(zmtp_t *self, void *bytes, size_t size, int64_t timeout_ms) {
    int64_t until_ms = clock_steady_ms() + timeout_ms;
    for (uint8_t *at = bytes; size > 0;) {
        int64_t left_ms = until_ms - clock_steady_ms();
        if (!wait_readable(self, left_ms > 0 ? left_ms : 0)) return false;
        ssize_t got = recv(self->descriptor, at, size, 0);
        if (got <= 0) return false;
        at += got;
        size -= (size_t)got;
    }
    return true;
}

bool zmtp_greet(zmtp_t *self, const char *mechanism) {
    uint8_t greeting[GREETING] = {0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1};
    memcpy(greeting + 12, mechanism, strnlen(mechanism, 20));
    return zmtp_write(self, greeting, sizeof greeting) && read_all(self, greeting, sizeof greeting, ZMTP_PATIENCE_MS);
}

static bool frame_write(zmtp_t *self, uint8_t flags, const uint8_t *body, size_t size) {
    buffer_t frame = {0};
    uint8_t head[9] = {flags, (uint8_t)size};
    size_t head_size = 2;
    if (size > UINT8_MAX) {
        head[0] = flags | FLAG_LONG;
        for (int index = 0; index < 8; index++) head[1 + index] = (uint8_t)((uint64_t)size >> (8 * (7 - index)));
        head_size = 9;
    }
    buffer_add(&frame, head, head_size);
    buffer_add(&frame, body, size);
    bool well = zmtp_write(self, frame.at, frame.size);
    buffer_destroy(&frame);
    return well;
}

/* One frame into `body` of `room` bytes. Its size, or -1. */
static int64_t frame_read(zmtp_t *self, uint8_t *flags, uint8_t *body, size_t room, int64_t timeout_ms) {
    uint8_t bytes[8];
    uint64_t size = 0;
    if (!read_all(self, flags, 1, timeout_ms)) return -1;
    size_t width = (*flags & FLAG_LONG) != 0 ? 8 : 1;
    if (!read_all(self, bytes, width, ZMTP_PATIENCE_MS)) return -1;
    for (size_t index = 0; index < width; index++) size = size << 8 | bytes[index];
    if (size > room || !read_all(self, body, size, ZMTP_PATIENCE_MS)) return -1;
    return (int64_t)size;
}

bool zmtp_command(zmtp_t *self, const char *name, const void *body, size_t size) {
    buffer_t command = {0};
    uint8_t length = (uint8_t)strlen(name);
    buffer_add(&command, &length, 1);
    buffer_add(&command, name, length);
    buffer_add(&command, body, size);
    bool well = frame_write(self, FLAG_COMMAND, command.at, command.size);
    buffer_destroy(&command);
    return well;
}

size_t zmtp_metadata(const zmtp_property_t *properties, uint8_t *out, size_t room) {
    size_t used = 0;
    for (; properties->name != NULL; properties++) {
        size_t name = strlen(properties->name), value = strlen(properties->value);
        if (used + 5 + name + value > room) return used;
        out[used++] = (uint8_t)name;
        memcpy(out + used, properties->name, name);
        used += name;
        for (int index = 0; index < 4; index++) out[used++] = (uint8_t)(value >> (8 * (3 - index)));
        memcpy(out + used, properties->value, value);
        used += value;
    }
    return used;
}

/* 16 bytes of name and 8 that count, or 8 and 16. */
static void nonce_short(zmtp_t *self, const char *name, uint8_t nonce[NONCE]) {
    memcpy(nonce, name, 16);
    self->nonce++;
    for (int index = 0; index < 8; index++) nonce[16 + index] = (uint8_t)(self->nonce >> (8 * (7 - index)));
}

static bool hello(zmtp_t *self, const uint8_t server[32]) {
    uint8_t body[194] = {1, 0}, nonce[NONCE];
    static const uint8_t zeros[64];
    nonce_short(self, "CurveZMQHELLO---", nonce);
    memcpy(body + 74, self->short_public, 32);
    memcpy(body + 106, nonce + 16, 8);
    if (crypto_box_easy(body + 114, zeros, sizeof zeros, nonce, server, self->short_secret) != 0) return false;
    return zmtp_command(self, "HELLO", body, sizeof body);
}

static bool welcome(zmtp_t *self, const uint8_t server[32], uint8_t cookie[96]) {
    uint8_t flags, frame[1024], nonce[NONCE], plain[128];
    int64_t size = frame_read(self, &flags, frame, sizeof frame, ZMTP_PATIENCE_MS);
    if (size != 168 || memcmp(frame, "\x07WELCOME", 8) != 0) return false;
    memcpy(nonce, "WELCOME-", 8);
    memcpy(nonce + 8, frame + 8, 16);
    if (crypto_box_open_easy(plain, frame + 24, 144, nonce, server, self->short_secret) != 0) return false;
    memcpy(self->server_short, plain, 32);
    memcpy(cookie, plain + 32, 96);
    return crypto_box_beforenm(self->shared, self->server_short, self->short_secret) == 0;
}

static bool initiate(zmtp_t *self, const uint8_t server[32], const uint8_t public_key[32], const uint8_t secret_key[32],
                     const uint8_t cookie[96], const zmtp_property_t *properties) {
    uint8_t body[2048], plain[1536], vouch[64], nonce[NONCE];
    memcpy(plain, public_key, 32);
    memcpy(nonce, "VOUCH---", 8);
    randombytes_buf(nonce + 8, 16);
    memcpy(plain + 32, nonce + 8, 16);
    memcpy(vouch, self->short_public, 32);
    memcpy(vouch + 32, server, 32);
    if (crypto_box_easy(plain + 48, vouch, sizeof vouch, nonce, self->server_short, secret_key) != 0) return false;
    size_t size = 128 + zmtp_metadata(properties, plain + 128, sizeof plain - 128);
    nonce_short(self, "CurveZMQINITIATE", nonce);
    memcpy(body, cookie, 96);
    memcpy(body + 96, nonce + 16, 8);
    if (crypto_box_easy_afternm(body + 104, plain, size, nonce, self->shared) != 0) return false;
    return zmtp_command(self, "INITIATE", body, 104 + size + MAC);
}

bool zmtp_curve(zmtp_t *self, const char *server_public, const unit_key_t *key, const zmtp_property_t *properties) {
    static const zmtp_property_t dealer[] = {{"Socket-Type", "DEALER"}, {NULL, NULL}};
    uint8_t server[32], public_key[32], secret_key[32], cookie[96], flags, frame[1024];
    if (!unit_key_raw(server_public, server) || !unit_key_raw(key->public_text, public_key) ||
        !unit_key_raw(key->secret_text, secret_key))
        return false;
    crypto_box_keypair(self->short_public, self->short_secret);
    if (!zmtp_greet(self, "CURVE") || !hello(self, server) || !welcome(self, server, cookie)) return false;
    if (!initiate(self, server, public_key, secret_key, cookie, properties == NULL ? dealer : properties)) return false;
    int64_t size = frame_read(self, &flags, frame, sizeof frame, ZMTP_PATIENCE_MS);
    return size > 6 && memcmp(frame, "\x05READY", 6) == 0;
}

bool zmtp_send(zmtp_t *self, const void *bytes, size_t size, bool more) {
    uint8_t nonce[NONCE];
    uint8_t *plain = malloc(size + 1), *body = malloc(size + 1 + 16 + MAC);
    if (plain == NULL || body == NULL) abort();
    plain[0] = more ? 1 : 0;
    memcpy(plain + 1, bytes, size);
    nonce_short(self, "CurveZMQMESSAGEC", nonce);
    memcpy(body, "\x07MESSAGE", 8);
    memcpy(body + 8, nonce + 16, 8);
    bool well = crypto_box_easy_afternm(body + 16, plain, size + 1, nonce, self->shared) == 0 &&
                frame_write(self, 0, body, 16 + size + 1 + MAC);
    free(plain);
    free(body);
    return well;
}

/* Heartbeats come in between; they are not answered. */
int64_t zmtp_receive(zmtp_t *self, uint8_t *room, size_t size, int64_t timeout_ms) {
    uint8_t *frame = malloc(LARGEST), *plain = malloc(LARGEST), flags, nonce[NONCE];
    if (frame == NULL || plain == NULL) abort();
    int64_t got, result = -1;
    while (result < 0 && (got = frame_read(self, &flags, frame, LARGEST, timeout_ms)) >= 0) {
        if (got < 16 + MAC + 1 || memcmp(frame, "\x07MESSAGE", 8) != 0) continue;
        memcpy(nonce, "CurveZMQMESSAGES", 16);
        memcpy(nonce + 16, frame + 8, 8);
        if (crypto_box_open_easy_afternm(plain, frame + 16, (size_t)got - 16, nonce, self->shared) != 0) break;
        size_t content = (size_t)got - 16 - MAC - 1;
        if ((plain[0] & FLAG_COMMAND) != 0) continue;
        if (content <= size)
            memcpy(room, plain + 1, content), result = (int64_t)content;
        else
            break;
    }
    free(frame);
    free(plain);
    return result;
}
