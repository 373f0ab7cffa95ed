/* What the press gathers: editions as of one entry of the ledger, kept as long as somebody may come back for the very same one.
 */
#include "services/console/press.h"

#include <stdlib.h>
#include <string.h>

#include "services/console/book.h"
#include "services/stage/clock.h"
#include "services/stage/serve.h"

enum { DESKS = 4, PLACES = 8, ASK_MS = 6000, WORK_MS = 9000 };
static const char *const endpoints[DESKS] = {[DESK_INTAKE] = "ipc://run/intake.desk",
                                             [DESK_VALIDATION] = "ipc://run/validation.desk",
                                             [DESK_AGGREGATION] = "ipc://run/aggregation.desk",
                                             [DESK_ALERTING] = "ipc://run/alerting.desk"};

/* An edition that was gathered, as long as its place is not needed. */
typedef struct {
    arena_t *arena; /* NULL: free */
    edition_t edition;
    frozen_t frozen;
    press_edition_t which;
    uint64_t head; /* the ledger's when it was gathered; 0: the ledger itself holds it */
    uint64_t used;
} place_t;

struct press {
    desk_t *desk;
    client_t *clients[DESKS]; /* made by the main thread, used by the desk's alone */
    gather_t gather;
    arena_t *arena;   /* of the question at hand */
    int64_t until_ms; /* so long it may take */
    text_t refused;   /* what a desk has refused with; empty: none has */
    planbook_t *book;
    int64_t plan_stamp;
    bool mode_known, rehearsal;
    place_t places[PLACES];
    uint64_t turn;
    buffer_t bytes;
    buffer_t list; /* as of list_head; 0: there is none */
    uint64_t list_head;
};

/* --- asking the services --- */

static err_t ask(void *self, gather_desk_t desk, const message_t *type, const void *question, const message_t *answer,
                 void *value) {
    press_t *press = self;
    int64_t left_ms = press->until_ms - clock_steady_ms();
    if (left_ms <= 0) return ERR_TIMEOUT;
    refusal_t refusal = {0};
    err_t err = client_ask(press->clients[desk], type, question, answer, value, &refusal, press->gather.arena,
                           left_ms < ASK_MS ? left_ms : ASK_MS);
    if (err == ERR_REFUSED && refusal.reasons_count > 0) press->refused = arena_text(press->arena, refusal.reasons[0].code);
    return err;
}

static err_t head_read(press_t *self, uint64_t *head) {
    health_ask_t question = {0};
    health_t health = {0};
    err_t err = ask(self, DESK_INTAKE, health_ask_type(), &question, health_type(), &health);
    *head = health.out_head;
    return err;
}

/* Everything that is asked from now on lives in `arena`. */
static err_t begin(press_t *self, arena_t *arena) {
    self->gather = (gather_t){.self = self, .ask = ask, .arena = arena};
    planbook_t *newer = book_read(&self->plan_stamp);
    if (newer != NULL) {
        planbook_destroy(&self->book);
        self->book = newer;
    }
    if (self->book == NULL) return ERR_MISSING;
    self->gather.book = self->book;
    self->gather.rehearsal = self->rehearsal;
    if (self->mode_known) return OK;
    err_t err = gather_clock(&self->gather);
    self->mode_known = err == OK;
    self->rehearsal = self->gather.rehearsal;
    return err;
}

/* --- editions that are kept --- */

static void place_free(place_t *place) {
    frozen_destroy(&place->frozen);
    arena_destroy(&place->arena);
    *place = (place_t){0};
}

/* The one that was used longest ago makes room. */
static place_t *place_new(press_t *self) {
    place_t *oldest = &self->places[0];
    for (int index = 1; index < PLACES; index++)
        if (self->places[index].used < oldest->used) oldest = &self->places[index];
    place_free(oldest);
    *oldest = (place_t){.arena = arena_new(), .used = ++self->turn};
    return oldest;
}

static place_t *place_of_hash(press_t *self, const uint8_t hash[HASH_SIZE]) {
    for (int index = 0; index < PLACES; index++)
        if (self->places[index].arena != NULL && memcmp(self->places[index].frozen.hash, hash, HASH_SIZE) == 0) {
            self->places[index].used = ++self->turn;
            return &self->places[index];
        }
    return NULL;
}

static place_t *place_of(press_t *self, document_kind_t kind, text_t period, press_edition_t which, uint64_t head) {
    for (int index = 0; index < PLACES; index++) {
        place_t *place = &self->places[index];
        bool same = place->arena != NULL && place->head == head && place->which == which && place->edition.kind == kind &&
                    text_equal(place->edition.period, period);
        if (same) place->used = ++self->turn;
        if (same) return place;
    }
    return NULL;
}

/* As of now: a preview, the same with the number that it would get, or the whole year. */
static err_t gathered(press_t *self, document_kind_t kind, text_t period, press_edition_t which, place_t **out) {
    uint64_t head = 0;
    documents_t documents = {0};
    err_t err = begin(self, self->arena);
    if (err == OK && period.size > 0 && planbook_period(self->book, period) == NULL) err = ERR_MISSING;
    if (err == OK) err = head_read(self, &head);
    if (err != OK) return err;
    *out = place_of(self, kind, period, which, head);
    if (*out != NULL) return OK;
    place_t *place = place_new(self);
    err = begin(self, place->arena);
    if (err == OK) err = gather_edition(&self->gather, kind, arena_text(place->arena, period), head, &place->edition);
    if (err == OK && which == press_edition_issue) err = gather_documents(&self->gather, kind, &documents);
    if (err == OK && which == press_edition_issue) place->edition.number = documents_next_number(&documents, kind);
    if (err == OK) err = edition_freeze(&place->edition, &place->frozen);
    place->which = which;
    place->head = head;
    if (err == OK)
        *out = place;
    else
        place_free(place);
    return err;
}

/* As the ledger has it. ERR_MISSING: it was not announced, or is not published. */
static err_t kept(press_t *self, document_kind_t kind, text_t period, bool published, place_t **out) {
    documents_t documents;
    err_t err = begin(self, self->arena);
    if (err == OK) err = gather_documents(&self->gather, kind, &documents);
    if (err != OK) return err;
    const document_row_t *row = documents_find(&documents, kind, period);
    if (row == NULL || (published ? row->published_seq : row->announced_seq) == 0) return ERR_MISSING;
    const uint8_t *hash = published ? row->published.hash : row->announced.hash;
    *out = place_of_hash(self, hash);
    if (*out != NULL) return OK;
    place_t *place = place_new(self);
    self->gather.arena = place->arena;
    err = gather_row(&self->gather, row, published, &place->edition);
    if (err == OK) err = edition_freeze(&place->edition, &place->frozen);
    place->which = published ? press_edition_published : press_edition_announced;
    if (err == OK)
        *out = place;
    else
        place_free(place);
    return err;
}

/* --- the questions --- */

static void refuse(const packet_t *question, text_t code, const char *path, text_t arg, buffer_t *out) {
    reason_t reason = {.code = code, .path = text_of(path), .args = &arg, .args_count = arg.size > 0};
    refusal_t refusal = {.reasons = &reason, .reasons_count = 1};
    packet_encode(question->request_id, refusal_type(), &refusal, out);
}

static void fail(press_t *self, const packet_t *question, err_t err, buffer_t *out) {
    busy_t busy = {.retry_after_ms = LIMIT_BUSY_RETRY_MS};
    if (err == ERR_REFUSED && self->refused.size > 0 && !text_equal(self->refused, REASON_OF(busy)))
        refuse(question, self->refused, "", (text_t){0}, out);
    else if (err == ERR_MISSING)
        refuse(question, REASON_OF(not_there), "edition", (text_t){0}, out);
    else if (err == ERR_BAD)
        refuse(question, REASON_OF(oversize), "", arena_format(self->arena, "%d", LIMIT_DOCUMENT), out);
    else
        packet_encode(question->request_id, busy_type(), &busy, out);
}

static err_t place_asked(press_t *self, const press_ask_t *question, place_t **place) {
    switch (question->edition) {
    case press_edition_announced: return kept(self, question->kind, question->period, false, place);
    case press_edition_published: return kept(self, question->kind, question->period, true, place);
    case press_edition_issue: return gathered(self, question->kind, question->period, press_edition_issue, place);
    case press_edition_preview:
    case press_edition_none: break;
    }
    return gathered(self, question->kind, question->period, press_edition_preview, place);
}

static void written(press_t *self, const packet_t *packet, const press_ask_t *question, const place_t *place, buffer_t *out) {
    press_told_t told = {.as_of = place->edition.as_of};
    memcpy(told.hash, place->frozen.hash, sizeof told.hash);
    buffer_clear(&self->bytes);
    err_t err = press_write(question, &place->edition, self->arena, &told, &self->bytes);
    if (err == OK && self->bytes.size > LIMIT_ENTRY) err = ERR_BAD;
    told.bytes = (bytes_t){self->bytes.at, (uint32_t)self->bytes.size};
    if (err == OK)
        packet_encode(packet->request_id, press_told_type(), &told, out);
    else
        fail(self, packet, err, out);
}

static void on_work(press_t *self, const packet_t *packet, const press_ask_t *question, buffer_t *out) {
    place_t *place = NULL;
    bool document = question->work == press_work_document;
    err_t err = document ? place_asked(self, question, &place)
                         : gathered(self, document_kind_summary, question->period, press_edition_preview, &place);
    if (err == OK)
        written(self, packet, question, place, out);
    else
        fail(self, packet, err, out);
}

static void on_list(press_t *self, const packet_t *packet, buffer_t *out) {
    press_told_t told = {.media = text_of("application/json; charset=utf-8")};
    err_t err = begin(self, self->arena);
    if (err == OK) err = head_read(self, &told.as_of);
    if (err == OK && self->list_head != told.as_of) {
        buffer_clear(&self->list);
        err = press_list(&self->gather, told.as_of, &self->list);
        self->list_head = err == OK ? told.as_of : 0;
    }
    told.bytes = (bytes_t){self->list.at, (uint32_t)self->list.size};
    if (err == OK)
        packet_encode(packet->request_id, press_told_type(), &told, out);
    else
        fail(self, packet, err, out);
}

/* What was looked at, and nothing else, is announced or published. */
static void on_freeze(press_t *self, const packet_t *packet, const press_ask_t *question, buffer_t *out) {
    const place_t *place = place_of_hash(self, question->hash);
    bool same = place != NULL && place->edition.kind == question->kind && text_equal(place->edition.period, question->period) &&
                place->which == question->edition;
    if (!same) {
        refuse(packet, REASON_OF(edition_gone), "hash", (text_t){0}, out);
        return;
    }
    press_frozen_t told = {.parts = place->frozen.parts, .number = place->edition.number};
    memcpy(told.hash, place->frozen.hash, sizeof told.hash);
    document_announced_t announced = announcement_of(&place->edition, &place->frozen);
    document_published_t published;
    err_t err = OK;
    buffer_clear(&self->bytes);
    if (place->which == press_edition_issue) {
        err = publication_of(&place->edition, &place->frozen, self->arena, &published);
        if (err == OK) packet_encode(0, document_published_type(), &published, &self->bytes);
    } else
        packet_encode(0, document_announced_type(), &announced, &self->bytes);
    told.body = (bytes_t){self->bytes.at, (uint32_t)self->bytes.size};
    if (err == OK)
        packet_encode(packet->request_id, press_frozen_type(), &told, out);
    else
        fail(self, packet, err, out);
}

static void on_part(press_t *self, const packet_t *packet, const press_ask_t *question, buffer_t *out) {
    const place_t *place = place_of_hash(self, question->hash);
    if (place == NULL || question->index >= place->frozen.parts) {
        refuse(packet, REASON_OF(edition_gone), "hash", (text_t){0}, out);
        return;
    }
    document_part_t part = frozen_part(&place->frozen, question->index);
    packet_encode(packet->request_id, document_part_type(), &part, out);
}

/* On the desk's thread. A question takes as long as the services behind need, at most WORK_MS; the others wait. */
static bool answer(void *self, const packet_t *packet, buffer_t *out) {
    press_t *press = self;
    press_ask_t question;
    fault_t fault = {0};
    arena_reset(press->arena);
    press->until_ms = clock_steady_ms() + WORK_MS;
    press->refused = (text_t){0};
    if (packet_body(packet, press_ask_type(), press->arena, &question, &fault) != OK) {
        refuse(packet, text_of(fault.code), fault.path, (text_t){0}, out);
        return true;
    }
    switch (question.work) {
    case press_work_list: on_list(press, packet, out); break;
    case press_work_freeze: on_freeze(press, packet, &question, out); break;
    case press_work_part: on_part(press, packet, &question, out); break;
    case press_work_document:
    case press_work_ledger:
    case press_work_score:
    case press_work_calendar: on_work(press, packet, &question, out); break;
    case press_work_none: break;
    }
    return true;
}

err_t press_open(press_t **out) {
    press_t *self = calloc(1, sizeof *self);
    *out = self;
    if (self == NULL) return ERR_NOMEM;
    self->arena = arena_new();
    err_t err = OK;
    for (int desk = 0; err == OK && desk < DESKS; desk++) err = client_connect(endpoints[desk], &self->clients[desk]);
    return err == OK ? desk_start("press", answer, self, &self->desk) : err;
}

void press_close(press_t **owner) {
    press_t *self = *owner;
    if (self == NULL) return;
    desk_stop(&self->desk);
    for (int desk = 0; desk < DESKS; desk++) client_destroy(&self->clients[desk]);
    for (int index = 0; index < PLACES; index++) place_free(&self->places[index]);
    planbook_destroy(&self->book);
    arena_destroy(&self->arena);
    buffer_destroy(&self->bytes);
    buffer_destroy(&self->list);
    free(self);
    *owner = NULL;
}
