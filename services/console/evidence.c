/* Evidence files by HTTP: through to the vault and back, piece by piece; none of them is ever whole in memory. Which unit a file is
 * of, and who may read whose, is decided here by the session's login, as for every other page. */
#include <stdio.h>
#include <string.h>

#include "services/console/state.h"
#include "services/vault/evidence_type.h"

enum { PIECE = LIMIT_EVIDENCE_PIECE, NAME_ROOM = 180 };

/* A file on its way, in either direction; the piece at hand is in request->body. */
typedef struct {
    evidence_offer_t offer; /* what is sent; size */
    uint64_t have;          /* the vault has so much; or: where the piece at hand begins */
    evidence_fetch_t fetch; /* what is fetched */
    bool failed;
} moving_t;

static const text_t nothing = {NULL, 0};

static bool hash_given(request_t *self, text_t hex, uint8_t sha256[HASH_SIZE]) {
    if (hex_read(hex, sha256, HASH_SIZE)) return true;
    reply_code(self, 422, REASON_OF(wrong_type), "sha256", nothing);
    return false;
}

static void ask_evidence(request_t *self, const message_t *type, const void *question,
                         void (*on)(request_t *self, const packet_t *packet)) {
    self->until_ms = self->console->now_ms + LIMIT_HTTP_FILE_ANSWER_MS; /* each piece its own; the whole has the front's */
    ask(self, AT_EVIDENCE, type, question, on);
}

static void lives_longer(request_t *self, uint64_t bytes) {
    int64_t ms = LIMIT_HTTP_REQUEST_MS + (int64_t)(bytes / LIMIT_HTTP_SLOWEST);
    front_extend(self->console->front, self->fd, self->console->now_ms + ms);
}

static void reply_at(request_t *self, const evidence_at_t *at) {
    json_t *json = message_to_json(evidence_at_type(), at);
    json_object_set_new(json, "offset", json_integer((json_int_t)at->offset)); /* also where it is 0 */
    json_object_set_new(json, "kept", json_boolean(at->kept));
    reply_json(self, at->kept || at->offset == 0 ? 200 : 202, json);
}

static void refuse_offset(request_t *self, uint64_t offset) {
    text_t where = arena_format(self->arena, "%llu", (unsigned long long)offset);
    reply_code(self, 409, REASON_OF(evidence_piece), "offset", where);
}

/* --- offered --- */

static void on_offer_told(request_t *self, const packet_t *packet) {
    evidence_at_t at;
    if (answer_is(self, packet, evidence_at_type(), &at)) reply_at(self, &at);
}

/* How far is the vault with this file? A page asks before it sends, after a line broke, and while a scanner looks. */
void on_evidence_offer(request_t *self) {
    evidence_offer_t offer = {0};
    fault_t fault = {0};
    json_t *json = request_json(self);
    if (json == NULL) return;
    err_t err = message_from_json(evidence_offer_type(), json, self->arena, &offer, &fault);
    json_decref(json);
    if (err != OK) {
        reply_code(self, 422, text_of(fault.code), fault.path, nothing);
        return;
    }
    offer.unit = text_of(self->who.unit);
    ask_evidence(self, evidence_offer_type(), &offer, on_offer_told);
}

/* --- sent --- */

static void on_piece_told(request_t *self, const packet_t *packet) {
    moving_t *moving = self->own;
    evidence_at_t at;
    if (!answer_is(self, packet, evidence_at_type(), &at)) return;
    uint64_t then = moving->have + self->body.size;
    buffer_clear(&self->body);
    if (at.kept || at.offset == moving->offer.size) reply_at(self, &at);
    else if (at.offset != then) /* another connection of this unit sends the same file */
        refuse_offset(self, at.offset);
    else {
        moving->have = at.offset;
        reply_ready(self); /* the next piece may come in */
    }
}

/* Some bytes of the body; what is not taken now comes again. */
void evidence_take_body(request_t *self, const char *data, size_t *size) {
    moving_t *moving = self->own;
    uint64_t left = moving->offer.size - moving->have;
    size_t wanted = (size_t)(left < PIECE ? left : PIECE) - self->body.size;
    size_t part = wanted < *size ? wanted : *size;
    buffer_add(&self->body, data, part);
    *size -= part;
    if (part < wanted) return;
    evidence_piece_t piece = {.unit = moving->offer.unit, .offset = moving->have};
    piece.bytes = (bytes_t){self->body.at, (uint32_t)self->body.size};
    memcpy(piece.sha256, moving->offer.sha256, HASH_SIZE);
    ask_evidence(self, evidence_piece_type(), &piece, on_piece_told);
}

static void on_send_offered(request_t *self, const packet_t *packet) {
    moving_t *moving = self->own;
    evidence_at_t at;
    if (!answer_is(self, packet, evidence_at_type(), &at)) return;
    if (at.kept) reply_at(self, &at);
    else if (at.offset != moving->have)
        refuse_offset(self, at.offset);
    else {
        self->taking = true;
        reply_ready(self); /* the body may come in */
    }
}

/* Its head is here and says who asks; nothing of its body was read yet. What is refused from here on is told after the body, since
 * a browser that is still sending would not hear it. */
void on_evidence_send(request_t *self) {
    moving_t *moving = ARENA_NEW(self->arena, moving_t, 1);
    text_t length = request_header(self, "Content-Length"), id = request_parameter(self, "submission_id");
    self->own = moving;
    if (self->console->uploads >= LIMIT_HTTP_UPLOADS) { /* of those who may: nobody else takes a place */
        reply_busy(self);
        return;
    }
    self->console->uploads++;
    self->drains = true;
    if (!request_number(self, "offset", &moving->have)) return;
    if (!hash_given(self, request_parameter(self, "sha256"), moving->offer.sha256)) return;
    if (id.size > 0 && !hex_read(id, moving->offer.submission_id, sizeof moving->offer.submission_id)) {
        reply_code(self, 422, REASON_OF(wrong_type), "submission_id", nothing);
        return;
    }
    uint64_t size = 0;
    for (uint32_t index = 0; index < length.size; index++) size = size * 10 + (uint64_t)(length.at[index] - '0'); /* only digits */
    moving->offer.size = moving->have + size;
    moving->offer.unit = text_of(self->who.unit);
    if (size == 0) {
        reply_code(self, 422, REASON_OF(missing_field), "", nothing);
        return;
    }
    lives_longer(self, size);
    ask_evidence(self, evidence_offer_type(), &moving->offer, on_send_offered);
}

/* --- fetched --- */

/* The answer has begun: all that can be told now is that it ends too early. */
static void fetch_failed(request_t *self) {
    moving_t *moving = self->own;
    moving->failed = true;
    reply_ready(self);
}

static bool part_take(request_t *self, const packet_t *packet, evidence_told_t *told) {
    moving_t *moving = self->own;
    fault_t fault;
    arena_t *turn = self->console->arena;
    arena_reset(turn);
    bool good = packet->kind == KIND_evidence_told && packet_body(packet, evidence_told_type(), turn, told, &fault) == OK &&
                told->offset == moving->fetch.offset;
    if (!good) return false;
    buffer_clear(&self->body);
    buffer_add(&self->body, told->bytes.at, told->bytes.size);
    moving->have = told->offset;
    return true;
}

static void on_part(request_t *self, const packet_t *packet) {
    evidence_told_t told;
    if (part_take(self, packet, &told) && told.bytes.size > 0) reply_ready(self);
    else fetch_failed(self);
}

static ssize_t part_read(void *request, uint64_t position, char *out, size_t room) {
    request_t *self = request;
    moving_t *moving = self->own;
    if (moving->failed || self->console->leaving) return MHD_CONTENT_READER_END_WITH_ERROR;
    if (position >= moving->have && position - moving->have < self->body.size) {
        size_t from = (size_t)(position - moving->have), part = self->body.size - from < room ? self->body.size - from : room;
        memcpy(out, self->body.at + from, part);
        return (ssize_t)part;
    }
    moving->fetch.offset = position;
    ask_evidence(self, evidence_fetch_type(), &moving->fetch, on_part);
    request_wait(self);
    return 0;
}

/* The name that the report gave, with an extension of what it is: no name makes a program of it. */
static const char *disposition_of(request_t *self, file_type_t type) {
    text_t name = request_parameter(self, "name");
    char shown[3 * NAME_ROOM + 1];
    size_t size = 0;
    if (name.size > NAME_ROOM) name.size = 0;
    for (uint32_t index = 0; index < name.size; index++)
        size += (size_t)snprintf(shown + size, sizeof shown - size, "%%%02X", (unsigned)(uint8_t)name.at[index]);
    shown[size] = '\0';
    const char *dot = file_extension_fits(type, name) ? "" : ".", *extension = dot[0] == '\0' ? "" : file_extension(type);
    text_t plain = {self->tail.at, 16};
    if (name.size == 0)
        return arena_format(self->arena, "attachment; filename=\"" TEXT_FORMAT ".%s\"", TEXT_ARGS(plain), file_extension(type)).at;
    return arena_format(self->arena, "attachment; filename=\"" TEXT_FORMAT ".%s\"; filename*=UTF-8''%s%s%s", TEXT_ARGS(plain),
                        file_extension(type), shown, dot, extension)
        .at;
}

static void on_first_part(request_t *self, const packet_t *packet) {
    evidence_told_t told;
    if (!part_take(self, packet, &told)) {
        (void)answer_is(self, packet, evidence_told_type(), &told); /* tells why */
        return;
    }
    self->on_late = fetch_failed;
    lives_longer(self, told.size);
    reply_stream(self, file_media(told.type), told.size, part_read);
    reply_header(self, "Content-Disposition", disposition_of(self, told.type));
    reply_header(self, "X-Evidence-Scan", WORD_NAME(file_scan, told.scan));
}

/* A unit's own; coordinator, supervisor and auditor read everybody's. Who runs the machines has no business with the papers. */
void on_evidence_get(request_t *self) {
    moving_t *moving = ARENA_NEW(self->arena, moving_t, 1);
    self->own = moving;
    if (self->who.role == login_role_operator) {
        reply_code(self, 403, REASON_OF(role_lacks), "", role_shown(self));
        return;
    }
    if (!hash_given(self, self->tail, moving->fetch.sha256)) return;
    if (!role_sees_all(self->who.role)) moving->fetch.unit = text_of(self->who.unit);
    if (!role_sees_all(self->who.role) && moving->fetch.unit.size == 0)
        reply_code(self, 404, REASON_OF(evidence_missing), "", nothing);
    else
        ask_evidence(self, evidence_fetch_type(), &moving->fetch, on_first_part);
}
