/* Linked with --wrap=zmq_setsockopt: CURVE's options become PLAIN's, with the public key as the user's name. */
#include "tests/bench/plain/plain.h"

#include <string.h>
#include <zmq.h>

#include "services/unit/unit.h"

int __real_zmq_setsockopt(void *socket, int option, const void *value, size_t size);

bool plain_links;

int __wrap_zmq_setsockopt(void *socket, int option, const void *value, size_t size) {
    if (!plain_links) return __real_zmq_setsockopt(socket, option, value, size);
    char text[UNIT_KEY_TEXT + 1] = {0};
    uint8_t raw[UNIT_KEY_RAW];
    switch (option) {
    case ZMQ_CURVE_SERVER: return __real_zmq_setsockopt(socket, ZMQ_PLAIN_SERVER, value, size);
    case ZMQ_CURVE_SERVERKEY: return 0;
    case ZMQ_CURVE_SECRETKEY: return 0;
    case ZMQ_CURVE_PUBLICKEY:
        memcpy(text, value, size < UNIT_KEY_TEXT ? size : UNIT_KEY_TEXT);
        if (!unit_key_raw(text, raw)) return -1;
        if (__real_zmq_setsockopt(socket, ZMQ_PLAIN_PASSWORD, "none", 4) != 0) return -1;
        return __real_zmq_setsockopt(socket, ZMQ_PLAIN_USERNAME, raw, sizeof raw);
    default: return __real_zmq_setsockopt(socket, option, value, size);
    }
}
