/* Reads a stream: one outstanding fetch at a time. */
#include "services/stage/serve.h"

#include "services/stage/log.h"

#include <stdlib.h>
#include <string.h>

enum { BEHIND_PAUSE_MS = 100, SILENCE_MS = 2 * LIMIT_PARK_MS };

struct stream_reader {
    client_t *client;
    buffer_t out;
    uint64_t request_id; /* of the last fetch */
    bool outstanding;
    bool pause; /* the writer said BEHIND */
    int64_t asked_ms;
    int64_t not_before_ms;
};

err_t stream_reader_open(const char *endpoint, stream_reader_t **out) {
    *out = NULL;
    stream_reader_t *self = calloc(1, sizeof *self);
    if (self == NULL) return ERR_NOMEM;
    err_t err = client_connect(endpoint, &self->client);
    if (err != OK) stream_reader_close(&self);
    *out = self;
    return err;
}

void stream_reader_close(stream_reader_t **self) {
    if (*self == NULL) return;
    client_destroy(&(*self)->client);
    buffer_destroy(&(*self)->out);
    free(*self);
    *self = NULL;
}

void *stream_reader_handle(stream_reader_t *self) { return client_handle(self->client); }

void stream_reader_ask(stream_reader_t *self, const fetch_t *fetch, int64_t steady_ms) {
    if (self->pause) {
        self->not_before_ms = steady_ms + BEHIND_PAUSE_MS;
        self->pause = false;
    }
    if (steady_ms < self->not_before_ms) return;
    if (self->outstanding && steady_ms - self->asked_ms < SILENCE_MS) return;
    self->request_id++;
    buffer_clear(&self->out);
    packet_encode(self->request_id, fetch_type(), fetch, &self->out);
    self->outstanding = true;
    self->asked_ms = steady_ms;
    err_t err = client_send(self->client, (bytes_t){self->out.at, (uint32_t)self->out.size});
    if (err != OK) log_warn("fetch_unsent", "error=%s", err_name(err)); /* asked again after the silence */
}

void stream_reader_forget(stream_reader_t *self) {
    self->outstanding = false;
    self->request_id++;
}

bool stream_reader_take(stream_reader_t *self, arena_t *arena, batch_t *batch) {
    bytes_t frame;
    while (client_receive(self->client, &frame)) {
        packet_t packet;
        fault_t fault;
        err_t err = packet_decode(frame, &packet, &fault);
        if (err == OK && packet.request_id != self->request_id) continue; /* the answer to a fetch given up */
        if (err == OK) err = packet_body(&packet, batch_type(), arena, batch, &fault);
        if (err != OK) {
            log_warn("batch_malformed", "code=%s", fault.code);
            continue;
        }
        self->outstanding = false;
        self->pause = batch->state == batch_state_behind;
        return true;
    }
    return false;
}
