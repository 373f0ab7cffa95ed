/* Documents over HTTP: written down by the press, announced and published by the officer's session; intake decides whether they
 * are. */
#include <string.h>

#include "services/console/state.h"

static const text_t nothing = {NULL, 0};

/* --- reading --- */

/* Every byte but letters, digits, dot and hyphen as %XX: a file name in a header. */
static text_t percent(text_t text, arena_t *arena) {
    static const char digits[] = "0123456789ABCDEF";
    char *room = arena_take(arena, (size_t)text.size * 3 + 1);
    uint32_t size = 0;
    for (uint32_t index = 0; index < text.size; index++) {
        uint8_t byte = (uint8_t)text.at[index];
        bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
                     byte == '.' || byte == '-';
        if (plain)
            room[size++] = (char)byte;
        else
            room[size++] = '%', room[size++] = digits[byte >> 4], room[size++] = digits[byte & 15];
    }
    return (text_t){room, size};
}

/* A paper brings its own style, and nothing else: no script, nothing loaded. */
static void on_written(request_t *self, const packet_t *packet) {
    press_told_t told;
    if (!answer_is(self, packet, press_told_type(), &told)) return;
    bool paper = strncmp(told.media.at, "text/html", strlen("text/html")) == 0;
    if (paper)
        self->policy =
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
    const char *media = arena_text(self->arena, told.media).at;
    reply_bytes(self, 200, media, told.bytes.at, told.bytes.size, true);
    reply_header(self, "Cache-Control", "no-store");
    if (!bytes_are_zero(told.hash, HASH_SIZE)) reply_header(self, "X-Edition", hex_of(told.hash, HASH_SIZE, self->arena).at);
    if (told.name.size > 0)
        reply_header(self, "Content-Disposition",
                     arena_format(self->arena, "%s; filename*=UTF-8''" TEXT_FORMAT, paper ? "inline" : "attachment",
                                  TEXT_ARGS(percent(told.name, self->arena)))
                         .at);
}

void on_documents(request_t *self) {
    press_ask_t question = {.work = press_work_list};
    ask_checked(self, AT_PRESS, press_ask_type(), &question, on_written);
}

/* A word of the address. false: refused. */
static bool word_read(request_t *self, const char *name, const word_t *words, uint32_t otherwise, uint32_t *number) {
    text_t typed = request_parameter(self, name);
    *number = otherwise;
    if (typed.size == 0) return true;
    for (const word_t *word = words; word->name != NULL; word++)
        if (word->number != 0 && text_is(typed, word->name)) {
            *number = (uint32_t)word->number;
            return true;
        }
    reply_code(self, 400, REASON_OF(unknown_word), name, nothing);
    return false;
}

/* bulletin/2021-08, summary. false: refused. */
static bool kind_read(request_t *self, text_t kind, text_t period, press_ask_t *question) {
    bool bulletin = text_is(kind, "bulletin"),
         known = self->console->book != NULL && planbook_period(self->console->book, period) != NULL;
    question->kind = bulletin ? document_kind_bulletin : document_kind_summary;
    question->period = period;
    if (bulletin ? known : text_is(kind, "summary") && period.size == 0) return true;
    reply_code(self, 404, REASON_OF(no_such_page), "", nothing);
    return false;
}

static bool tail_read(request_t *self, press_ask_t *question) {
    const char *slash = self->tail.size == 0 ? NULL : memchr(self->tail.at, '/', self->tail.size);
    uint32_t size = slash == NULL ? self->tail.size : (uint32_t)(slash - self->tail.at);
    text_t period = slash == NULL ? nothing : (text_t){slash + 1, self->tail.size - size - 1};
    return kind_read(self, (text_t){self->tail.at, size}, period, question);
}

/* Drafts are the office's; what was announced or published is everybody's. */
void on_document(request_t *self) {
    press_ask_t question = {.work = press_work_document};
    uint32_t edition, form;
    if (!tail_read(self, &question) || !word_read(self, "edition", press_edition_words, press_edition_preview, &edition) ||
        !word_read(self, "form", press_form_words, press_form_html, &form))
        return;
    question.edition = (press_edition_t)edition;
    question.form = (press_form_t)form;
    bool draft = question.edition == press_edition_preview || question.edition == press_edition_issue;
    if (draft && !role_sees_all(self->who.role))
        reply_code(self, 403, REASON_OF(role_lacks), "edition", role_shown(self));
    else
        ask_checked(self, AT_PRESS, press_ask_type(), &question, on_written);
}

void on_ledger(request_t *self) {
    press_ask_t question = {.work = press_work_ledger, .period = request_parameter(self, "period")};
    uint32_t form;
    if (!word_read(self, "form", press_form_words, press_form_json, &form)) return;
    question.form = (press_form_t)form;
    ask_checked(self, AT_PRESS, press_ask_type(), &question, on_written);
}

void on_score(request_t *self) {
    press_ask_t question = {.work = press_work_score, .unit = unit_asked(self)};
    ask_checked(self, AT_PRESS, press_ask_type(), &question, on_written);
}

void on_calendar(request_t *self) {
    press_ask_t question = {.work = press_work_calendar, .unit = unit_asked(self)};
    ask_checked(self, AT_PRESS, press_ask_type(), &question, on_written);
}

/* --- announcing, publishing --- */

/* A document on its way into the ledger: its parts, then the command. */
typedef struct {
    uint8_t command_id[16];
    press_frozen_t frozen; /* its body is in the request's arena */
    uint64_t index;
} sending_t;

static void part_ask(request_t *self);

static void on_entered(request_t *self, const packet_t *packet) {
    const sending_t *sending = self->own;
    command_done_t done;
    if (!answer_is(self, packet, command_done_type(), &done)) return;
    json_t *json = json_object();
    json_object_set_new(json, "seq", json_integer((json_int_t)done.seq));
    json_object_set_new(json, "duplicate", json_boolean(done.duplicate));
    json_object_set_new(json, "number", json_integer((json_int_t)sending->frozen.number));
    reply_json(self, 200, json);
}

static void on_part_entered(request_t *self, const packet_t *packet) {
    sending_t *sending = self->own;
    command_done_t done;
    if (!answer_is(self, packet, command_done_type(), &done)) return;
    sending->index++;
    part_ask(self);
}

static void on_part_cut(request_t *self, const packet_t *packet) {
    document_part_t part;
    uint8_t id[16];
    buffer_t body = {0};
    if (!answer_is(self, packet, document_part_type(), &part)) return;
    crypto_random(id, sizeof id); /* sent again it is the same part: intake keeps it once */
    packet_encode(0, document_part_type(), &part, &body);
    command_give(self, id, (bytes_t){body.at, (uint32_t)body.size}, on_part_entered);
    buffer_destroy(&body);
}

static void part_ask(request_t *self) {
    const sending_t *sending = self->own;
    press_ask_t question = {.work = press_work_part, .index = sending->index};
    memcpy(question.hash, sending->frozen.hash, sizeof question.hash);
    if (sending->index < sending->frozen.parts)
        ask(self, AT_PRESS, press_ask_type(), &question, on_part_cut);
    else
        command_give(self, sending->command_id, sending->frozen.body, on_entered);
}

static void on_frozen(request_t *self, const packet_t *packet) {
    sending_t *sending = self->own;
    if (!answer_is(self, packet, press_frozen_type(), &sending->frozen)) return;
    sending->frozen.body = arena_bytes(self->arena, sending->frozen.body); /* the frame is gone with the next one */
    part_ask(self);
}

/* {action: announce | publish, kind, period, hash: of the edition that was looked at, command_id}. */
void on_document_act(request_t *self) {
    json_t *json = request_json(self);
    if (json == NULL) return;
    press_ask_t question = {.work = press_work_freeze};
    sending_t *sending = ARENA_NEW(self->arena, sending_t, 1);
    text_t action = json_member_text(json, "action", self->arena), hash = json_member_text(json, "hash", self->arena);
    text_t kind = json_member_text(json, "kind", self->arena), period = json_member_text(json, "period", self->arena);
    bool named = command_id_read(self, json, sending->command_id);
    json_decref(json);
    self->own = sending;
    question.edition = text_is(action, "publish") ? press_edition_issue : press_edition_preview;
    if (!named || !kind_read(self, kind, period, &question)) return;
    if (!text_is(action, "publish") && !text_is(action, "announce"))
        reply_code(self, 422, REASON_OF(unknown_word), "action", nothing);
    else if (!hex_read(hash, question.hash, sizeof question.hash))
        reply_code(self, 422, REASON_OF(wrong_type), "hash", nothing);
    else
        ask_checked(self, AT_PRESS, press_ask_type(), &question, on_frozen);
}
