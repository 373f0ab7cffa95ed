/* The ZAP handler, over its own socket: whatever frames come, only a registered key in force is let in, and each is answered.
 */
#include "services/gateway/zap.h"
#include "services/stage/link.h"
#include "tests/fuzz/fuzz.h"

#include <czmq.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t good[KEY_SIZE] = "a key of 32 bytes, as CURVE has", ended[KEY_SIZE] = "its successor, revoked since so.";

static keys_t *keys;
static zap_t *zap;
static zsock_t *requester;
static void *asker; /* its ZeroMQ half */

static void stop(void) {
    zsock_destroy(&requester);
    zap_close(&zap);
    keys_destroy(&keys);
}

static void start(void) {
    link_start();
    keys = keys_new();
    keys_register(keys, text_of("chengmen"), 1, good);
    keys_register(keys, text_of("chengmen"), 2, ended);
    keys_revoke(keys, text_of("chengmen"), 2);
    PROMISE(zap_open(&zap) == OK, "no handler");
    requester = zsock_new(ZMQ_REQ);
    asker = zsock_resolve(requester);
    PROMISE(zmq_connect(asker, ZAP_ENDPOINT) == 0, "no connection");
    atexit(stop);
}

/* The answer's parts as libzmq reads them: version, request id, status, text, user id, metadata. */
static void answer_check(bool may_pass) {
    char status[8] = "", user[128] = "", part[256];
    int count = 0, more = 1;
    size_t size = sizeof more;
    for (; more != 0; count++) {
        int got = zmq_recv(asker, part, sizeof part - 1, 0);
        PROMISE(got >= 0, "part %d is missing", count);
        part[got < (int)sizeof part ? got : 0] = '\0';
        if (count == 2) snprintf(status, sizeof status, "%.7s", part);
        if (count == 4) snprintf(user, sizeof user, "%.100s", part);
        zmq_getsockopt(asker, ZMQ_RCVMORE, &more, &size);
    }
    PROMISE(count == 6, "%d parts", count);
    bool passed = strcmp(status, "200") == 0;
    PROMISE(passed == may_pass, "status %s", status);
    PROMISE(passed == (strcmp(user, "chengmen#1") == 0), "user %s with status %s", user, status);
}

/* Parts: [count, then each of them]; what must hold to pass is written here a second time, from RFC 27. */
FUZZ(zap) {
    (void)arena;
    if (keys == NULL) start();
    bytes_t parts[16];
    uint32_t count = 1 + fuzz_byte(&input) % 16;
    for (uint32_t index = 0; index < count; index++) parts[index] = fuzz_part(&input);
    bool may_pass = count == 7 && text_is(fuzz_text(parts[0]), "1.0") && text_is(fuzz_text(parts[2]), "minning") &&
                    text_is(fuzz_text(parts[5]), "CURVE") && parts[6].size == KEY_SIZE &&
                    memcmp(parts[6].at, good, KEY_SIZE) == 0;
    for (uint32_t index = 0; index < count; index++)
        zmq_send(asker, parts[index].at, parts[index].size, index + 1 < count ? ZMQ_SNDMORE : 0);
    zap_step(zap, keys);
    answer_check(may_pass);
}
