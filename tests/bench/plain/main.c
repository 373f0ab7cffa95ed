/* A gateway without CURVE, for the benchmark alone: the product's own code, with three of its functions replaced by the linker.
 * The product has no switch for this, and its self-test, which would refuse to serve here, is one of the three. */
#include <czmq.h>

#include "services/gateway/edge.h"
#include "services/gateway/gateway.h"
#include "services/gateway/zap.h"
#include "tests/bench/plain/plain.h"

err_t __wrap_edge_self_test(const char *endpoint, zap_t *zap, const char *public_text, const char *secret_text);
void __wrap_zap_step(zap_t *self, const keys_t *keys);

err_t __wrap_edge_self_test(const char *endpoint, zap_t *zap, const char *public_text, const char *secret_text) {
    (void)endpoint, (void)zap, (void)public_text, (void)secret_text;
    return OK;
}

/* The registry decides as ever; only the proof that the key is the peer's own is missing. */
static void answer_one(void *socket, zmsg_t *asked, const keys_t *keys) {
    zframe_t *parts[8] = {0};
    uint32_t count = 0;
    for (zframe_t *part = zmsg_first(asked); part != NULL && count < 8; part = zmsg_next(asked)) parts[count++] = part;
    if (count < 7) return;
    zap_request_t request = {.version = text_of("1.0"),
                             .domain = text_of(ZAP_DOMAIN),
                             .mechanism = text_of("CURVE"),
                             .credential = {zframe_data(parts[6]), (uint32_t)zframe_size(parts[6])},
                             .credential_count = 1};
    zap_answer_t answer = zap_decide(keys, &request);
    zmsg_t *told = zmsg_new();
    zmsg_addstr(told, "1.0");
    zmsg_addmem(told, zframe_data(parts[1]), zframe_size(parts[1]));
    zmsg_addstr(told, answer.status);
    zmsg_addstr(told, answer.text);
    zmsg_addstr(told, answer.user_id);
    zmsg_addmem(told, "", 0);
    zmsg_send(&told, socket);
}

void __wrap_zap_step(zap_t *self, const keys_t *keys) {
    void *socket = zap_handle(self);
    zmq_pollitem_t item = {socket, 0, ZMQ_POLLIN, 0};
    while (zmq_poll(&item, 1, 0) > 0) {
        zmsg_t *asked = zmsg_recv(socket);
        if (asked == NULL) return;
        answer_one(socket, asked, keys);
        zmsg_destroy(&asked);
    }
}

int main(int argc, char **argv) {
    plain_links = true;
    return gateway_main(argc, argv);
}
