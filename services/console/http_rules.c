/* The head of a request, byte by byte. RFC 9112 where it is strict; stricter where it lets two readers differ. */
#include "services/console/http_rules.h"

#include <string.h>
#include <strings.h>

enum { GOOD = 200, MORE = 0, CONTENT_DIGITS = 9 };

/* Fields of which a second one would leave it to the reader which one holds. */
static const char *const single[] = {"host", "content-length", "content-type", "authorization", "cookie", "x-csrf-token",
                                     "expect", "connection", "x-forwarded-for", "x-forwarded-proto"};
enum { SINGLES = sizeof single / sizeof single[0], HOST = 0, CONTENT_LENGTH = 1 };

typedef struct {
    text_t rest; /* what follows; ends behind the last field's CRLF */
    bool seen[SINGLES];
    bool has_length;
    bool version_11;
    http_head_t *head;
} reader_t;

static bool is_token(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           (byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte) != NULL);
}

/* Takes the line up to the next CRLF. false: a CR or LF stands alone in it. */
static bool line_take(reader_t *self, text_t *line) {
    const char *end = memmem(self->rest.at, self->rest.size, "\r\n", 2);
    if (end == NULL) return false;
    *line = (text_t){self->rest.at, (uint32_t)(end - self->rest.at)};
    self->rest = (text_t){end + 2, self->rest.size - line->size - 2};
    return memchr(line->at, '\r', line->size) == NULL && memchr(line->at, '\n', line->size) == NULL;
}

static text_t until(text_t *rest, char end) {
    const char *at = memchr(rest->at, end, rest->size);
    text_t part = {rest->at, at == NULL ? rest->size : (uint32_t)(at - rest->at)};
    uint32_t took = part.size + (at != NULL);
    *rest = (text_t){rest->at + took, rest->size - took};
    return part;
}

static unsigned target_check(text_t target) {
    if (target.size > LIMIT_HTTP_TARGET) return 414;
    if (target.size == 0 || target.at[0] != '/') return 400;
    for (uint32_t index = 0; index < target.size; index++)
        if (target.at[index] <= ' ' || target.at[index] > '~' || target.at[index] == '#') return 400;
    return memmem(target.at, target.size, "%00", 3) == NULL ? GOOD : 400;
}

static unsigned request_line_check(reader_t *self, text_t line) {
    text_t method = until(&line, ' '), target = until(&line, ' '), version = line;
    if (method.size == 0) return 400;
    for (uint32_t index = 0; index < method.size; index++)
        if (!is_token(method.at[index])) return 400;
    self->version_11 = text_is(version, "HTTP/1.1");
    if (!self->version_11 && !text_is(version, "HTTP/1.0"))
        return version.size == 8 && memcmp(version.at, "HTTP/", 5) == 0 ? 505 : 400;
    self->head->get = text_is(method, "GET");
    if (!self->head->get && !text_is(method, "POST")) return 405;
    self->head->upload = !self->head->get && text_is(until(&(text_t){target.at, target.size}, '?'), "/api/v1/evidence");
    return target_check(target);
}

static unsigned length_check(reader_t *self, text_t value) {
    uint64_t length = 0;
    if (value.size == 0) return 400;
    for (uint32_t index = 0; index < value.size; index++)
        if (value.at[index] < '0' || value.at[index] > '9') return 400;
    if (value.size > CONTENT_DIGITS) return 413;
    for (uint32_t index = 0; index < value.size; index++) length = length * 10 + (uint64_t)(value.at[index] - '0');
    self->has_length = true;
    self->head->content_length = length;
    return length <= (self->head->upload ? LIMIT_EVIDENCE_FILE : LIMIT_HTTP_BODY) ? GOOD : 413;
}

static text_t trimmed(text_t value) {
    while (value.size > 0 && (value.at[0] == ' ' || value.at[0] == '\t')) value = (text_t){value.at + 1, value.size - 1};
    while (value.size > 0 && (value.at[value.size - 1] == ' ' || value.at[value.size - 1] == '\t')) value.size--;
    return value;
}

static bool named(text_t name, const char *lower) {
    return name.size == strlen(lower) && strncasecmp(name.at, lower, name.size) == 0;
}

static unsigned single_check(reader_t *self, text_t name, text_t value) {
    for (size_t index = 0; index < SINGLES; index++) {
        if (!named(name, single[index])) continue;
        if (self->seen[index]) return 400;
        self->seen[index] = true;
        if (index == HOST) return value.size > 0 && memchr(value.at, ',', value.size) == NULL ? GOOD : 400;
        return index == CONTENT_LENGTH ? length_check(self, value) : GOOD;
    }
    return GOOD;
}

static unsigned field_check(reader_t *self, text_t line) {
    const char *colon = memchr(line.at, ':', line.size);
    if (colon == NULL || colon == line.at) return 400;
    text_t name = {line.at, (uint32_t)(colon - line.at)};
    text_t value = {colon + 1, line.size - name.size - 1};
    for (uint32_t index = 0; index < name.size; index++)
        if (!is_token(name.at[index])) return 400; /* a blank before the colon, and one at the line's start: a folded field */
    for (uint32_t index = 0; index < value.size; index++) {
        uint8_t byte = (uint8_t)value.at[index];
        if ((byte < ' ' && byte != '\t') || byte == 0x7f) return 400;
    }
    if (named(name, "transfer-encoding")) return 501;
    return single_check(self, name, trimmed(value));
}

static unsigned whole_check(const reader_t *self) {
    if (self->version_11 && !self->seen[HOST]) return 400;
    if (self->head->get) return self->head->content_length == 0 ? GOOD : 400;
    return self->has_length ? GOOD : 411;
}

/* Where the head ends, or 0. What can no longer become a good head is not waited for. */
static uint32_t head_end(bytes_t bytes, unsigned *status) {
    const char *end = memmem(bytes.at, bytes.size, "\r\n\r\n", 4);
    *status = MORE;
    if (end != NULL) return (uint32_t)(end - (const char *)bytes.at) + 4;
    if (bytes.size >= LIMIT_HTTP_HEAD) *status = 431;
    else if (bytes.size > 0 && !is_token((char)bytes.at[0])) *status = 400; /* an empty line, or no HTTP at all: TLS */
    else if (memchr(bytes.at, '\0', bytes.size) != NULL) *status = 400;
    return 0;
}

unsigned http_head_check(bytes_t bytes, http_head_t *head) {
    *head = (http_head_t){0};
    unsigned status = MORE;
    uint32_t size = head_end(bytes, &status);
    if (size == 0) return status;
    if (size > LIMIT_HTTP_HEAD) return 431;
    head->size = size;
    reader_t self = {.rest = {(const char *)bytes.at, size - 2}, .head = head};
    text_t line;
    if (!line_take(&self, &line)) return 400;
    status = request_line_check(&self, line);
    for (uint32_t fields = 0; status == GOOD && self.rest.size > 0; fields++) {
        if (fields == LIMIT_HTTP_FIELDS) return 431;
        status = line_take(&self, &line) ? field_check(&self, line) : 400;
    }
    return status == GOOD ? whole_check(&self) : status;
}
