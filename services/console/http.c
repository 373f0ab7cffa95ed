/* libmicrohttpd at work: one request into a request_t, one reply out of it; waiting is a suspended connection. */
#include <stdlib.h>
#include <string.h>

#include "services/console/state.h"
#include "services/stage/log.h"

enum { STOP_TURNS = 50, IDLE_SECONDS = 60 };

/* --- what is asked --- */

text_t request_header(const request_t *self, const char *name) {
    return text_of(MHD_lookup_connection_value(self->connection, MHD_HEADER_KIND, name));
}

text_t request_parameter(const request_t *self, const char *name) {
    return text_of(MHD_lookup_connection_value(self->connection, MHD_GET_ARGUMENT_KIND, name));
}

bool request_number(request_t *self, const char *name, uint64_t *number) {
    text_t text = request_parameter(self, name);
    *number = 0;
    bool good = text.size <= 18;
    for (uint32_t index = 0; good && index < text.size; index++) {
        good = text.at[index] >= '0' && text.at[index] <= '9';
        if (good) *number = *number * 10 + (uint64_t)(text.at[index] - '0');
    }
    if (!good) reply_code(self, 400, REASON_OF(wrong_type), name, (text_t){NULL, 0});
    return good;
}

json_t *request_json(request_t *self) {
    int line = 0;
    char what[160];
    json_t *json = json_read((text_t){(const char *)self->body.at, (uint32_t)self->body.size}, &line, what, sizeof what);
    if (json != NULL) return json;
    text_t where = arena_format(self->arena, "line %d: %s", line, what);
    reply_code(self, 400, REASON_OF(bad_json), where.at, (text_t){NULL, 0});
    return NULL;
}

text_t json_member_text(const json_t *json, const char *name, arena_t *arena) {
    const json_t *member = json_object_get(json, name);
    if (!json_is_string(member)) return (text_t){NULL, 0};
    return arena_text(arena, (text_t){json_string_value(member), (uint32_t)json_string_length(member)});
}

/* --- what is answered --- */

void waiting_add(request_t *self) {
    console_t *console = self->console;
    self->previous = NULL;
    self->next = console->waiting;
    if (console->waiting != NULL) console->waiting->previous = self;
    console->waiting = self;
    console->waiting_count++;
}

void waiting_remove(request_t *self) {
    console_t *console = self->console;
    if (self->previous != NULL) self->previous->next = self->next;
    else console->waiting = self->next;
    if (self->next != NULL) self->next->previous = self->previous;
    self->next = self->previous = NULL;
    console->waiting_count--;
}

void reply_header(request_t *self, const char *name, const char *value) {
    if (self->response != NULL) MHD_add_response_header(self->response, name, value);
}

#define POLICY_PAGE                                                                                                            \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; "  \
    "frame-ancestors 'none'; base-uri 'none'"
#define POLICY_FILE "sandbox; default-src 'none'; frame-ancestors 'none'"

/* One connection, one request: what follows on it was not looked at by the front. */
static void headers_add(request_t *self, const char *type, const char *policy) {
    static const char *const always[][2] = {{"Connection", "close"},
                                            {"X-Content-Type-Options", "nosniff"},
                                            {"X-Frame-Options", "DENY"},
                                            {"Referrer-Policy", "no-referrer"}};
    reply_header(self, "Content-Security-Policy", self->policy != NULL ? self->policy : policy);
    for (size_t index = 0; index < sizeof always / sizeof always[0]; index++)
        reply_header(self, always[index][0], always[index][1]);
    reply_header(self, "Content-Type", type);
}

void reply_ready(request_t *self) {
    if (!self->suspended) return;
    self->suspended = false;
    waiting_remove(self);
    MHD_resume_connection(self->connection);
}

void reply_bytes(request_t *self, unsigned status, const char *type, const void *bytes, size_t size, bool copy) {
    static char nothing[1];
    if (self->response != NULL) return; /* the first answer holds */
    union {
        const void *given;
        void *wanted;
    } body = {.given = size == 0 ? nothing : bytes};
    self->status = status;
    self->response = MHD_create_response_from_buffer(size, body.wanted, copy ? MHD_RESPMEM_MUST_COPY : MHD_RESPMEM_PERSISTENT);
    ASSERT(self->response != NULL); /* out of memory */
    headers_add(self, type, POLICY_PAGE);
    reply_ready(self);
}

void reply_stream(request_t *self, const char *type, uint64_t size, MHD_ContentReaderCallback reader) {
    enum { BLOCK = 16384 };
    self->status = 200;
    self->response = MHD_create_response_from_callback(size, BLOCK, reader, self, NULL);
    ASSERT(self->response != NULL); /* out of memory */
    headers_add(self, type, POLICY_FILE);
    reply_header(self, "Cache-Control", "no-store");
    reply_ready(self);
}

void reply_json(request_t *self, unsigned status, json_t *json) {
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    ASSERT(text != NULL);
    if (self->response == NULL) {
        size_t size = strlen(text);
        reply_bytes(self, status, "application/json; charset=utf-8", text, size, true);
        reply_header(self, "Cache-Control", "no-store");
    }
    free(text);
}

void reply_reasons(request_t *self, unsigned status, const reason_t *reasons, uint32_t count) {
    json_t *list = json_array(), *json = json_object();
    for (uint32_t index = 0; index < count; index++) {
        reason_t reason = reasons[index];
        if (reason.zh.size == 0) reason_tell(&reason, self->arena);
        json_array_append_new(list, message_to_json(reason_type(), &reason));
    }
    json_object_set_new(json, "errors", list);
    reply_json(self, status, json);
}

void reply_code(request_t *self, unsigned status, text_t code, const char *path, text_t arg) {
    reason_t reason = {.code = code, .path = text_of(path), .args = &arg, .args_count = arg.size > 0};
    reply_reasons(self, status, &reason, 1);
}

void reply_busy(request_t *self) {
    if (self->response != NULL) return;
    reply_code(self, 503, REASON_OF(busy), "", (text_t){NULL, 0});
    reply_header(self, "Retry-After", "1");
}

/* --- the library's calls --- */

static request_t *request_new(console_t *console, struct MHD_Connection *connection, const char *url, const char *method) {
    request_t *self = calloc(1, sizeof *self);
    if (self == NULL) return NULL;
    self->console = console;
    self->connection = connection;
    self->arena = arena_new();
    self->path = arena_text(self->arena, text_of(url));
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    self->fd = info == NULL ? -1 : info->connect_fd;
    bool other_method = false;
    self->route = route_find(method, self->path.at, &other_method);
    if (self->route == NULL)
        reply_code(self, other_method ? 405 : 404, REASON_OF(no_such_page), "", (text_t){NULL, 0});
    else if (self->route->path[strlen(self->route->path) - 1] == '/')
        self->tail = text_of(self->path.at + strlen(self->route->path));
    return self;
}

static void body_take(request_t *self, const char *data, size_t size) {
    if (self->body.size + size > LIMIT_HTTP_BODY) self->too_large = true;
    if (!self->too_large) buffer_add(&self->body, data, size);
}

void request_wait(request_t *self) {
    self->suspended = true;
    waiting_add(self);
    MHD_suspend_connection(self->connection);
}

static enum MHD_Result reply_queue(request_t *self) {
    self->console->answered[self->status / 100 % 6]++;
    enum MHD_Result queued = MHD_queue_response(self->connection, self->status, self->response);
    MHD_destroy_response(self->response);
    return queued;
}

/* --- a body that is not gathered but goes on, piece by piece --- */

static bool streams(const request_t *self) { return self->route != NULL && self->route->on == on_evidence_send; }

/* Its head is here: who asks is found out before a byte of the body is read. */
static enum MHD_Result stream_begin(request_t *self) {
    self->begun = true;
    request_begin(self);
    if (self->response != NULL) return reply_queue(self);
    request_wait(self);
    return MHD_YES;
}

/* After each wait the library calls again: once more for the head, then with bytes, then, when there are none left, for the
 * answer. */
static enum MHD_Result stream_go_on(request_t *self, const char *data, size_t *size) {
    bool head = !self->head_done;
    self->head_done = true;
    if (*size > 0 && self->response != NULL) {
        *size = 0; /* it was refused; whoever sends it hears so at its end */
    } else if (*size > 0) {
        evidence_take_body(self, data, size);
        if (self->id != 0 && self->response == NULL) request_wait(self);
    } else if (self->response != NULL && !(head && self->drains)) {
        return reply_queue(self);
    } else if (!head) {
        return MHD_NO;
    }
    return MHD_YES;
}

static enum MHD_Result on_access(void *console, struct MHD_Connection *connection, const char *url, const char *method,
                                 const char *version, const char *data, size_t *data_size, void **slot) {
    (void)version;
    request_t *self = *slot;
    if (self == NULL) {
        *slot = self = request_new(console, connection, url, method);
        if (self == NULL) return MHD_NO;
        return streams(self) ? stream_begin(self) : MHD_YES;
    }
    if (streams(self)) return stream_go_on(self, data, data_size);
    if (*data_size > 0) {
        body_take(self, data, *data_size);
        *data_size = 0;
        return MHD_YES;
    }
    if (!self->begun && self->response == NULL) {
        self->begun = true;
        if (self->too_large) reply_code(self, 413, REASON_OF(oversize), "", arena_format(self->arena, "%d", LIMIT_HTTP_BODY));
        else request_begin(self);
        if (self->response == NULL) {
            request_wait(self);
            return MHD_YES;
        }
    }
    return self->response == NULL ? MHD_NO : reply_queue(self);
}

static void on_completed(void *console, struct MHD_Connection *connection, void **slot, enum MHD_RequestTerminationCode code) {
    (void)console, (void)connection, (void)code;
    request_t *self = *slot;
    if (self == NULL) return;
    if (self->live) news_gone(self);
    if (self->suspended) waiting_remove(self);
    if (self->drains) self->console->uploads--;
    buffer_destroy(&self->body);
    arena_destroy(&self->arena);
    free(self);
    *slot = NULL;
}

static void on_connection(void *console, struct MHD_Connection *connection, void **slot, enum MHD_ConnectionNotificationCode code) {
    console_t *self = console;
    (void)slot;
    if (code != MHD_CONNECTION_NOTIFY_CLOSED || self->front == NULL) return;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (info != NULL) front_gone(self->front, info->connect_fd);
}

static void on_log(void *console, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));
static void on_log(void *console, const char *format, va_list arguments) {
    char line[256];
    (void)console;
    vsnprintf(line, sizeof line, format, arguments);
    line[strcspn(line, "\r\n")] = '\0';
    log_warn("http", "said=\"%s\"", line);
}

static bool connection_take(void *console, int fd, const struct sockaddr_in *address) {
    console_t *self = console;
    return MHD_add_connection(self->daemon, fd, (const struct sockaddr *)(const void *)address, sizeof *address) == MHD_YES;
}

err_t http_open(console_t *self) {
    self->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_access, self,
        MHD_OPTION_EXTERNAL_LOGGER, on_log, self, MHD_OPTION_NOTIFY_COMPLETED, on_completed, self, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, self, MHD_OPTION_CONNECTION_LIMIT, (unsigned)LIMIT_HTTP_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)(4 * LIMIT_HTTP_HEAD), MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_END);
    if (self->daemon == NULL) return ERR_SYSTEM;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(self->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    self->daemon_fd = info == NULL ? -1 : info->epoll_fd;
    if (self->daemon_fd < 0) return ERR_SYSTEM;
    front_sink_t sink = {self, connection_take};
    return front_open(self->door.address, self->door.port, self->door.behind_proxy, sink, &self->front);
}

void http_step(console_t *self) { MHD_run(self->daemon); }

/* What the library has read ahead is not announced by its descriptor. */
int64_t http_wait_ms(const console_t *self, int64_t most_ms) {
    MHD_UNSIGNED_LONG_LONG ms = 0;
    bool told = MHD_get_timeout(self->daemon, &ms) == MHD_YES;
    return told && ms < (MHD_UNSIGNED_LONG_LONG)most_ms ? (int64_t)ms : most_ms;
}

/* The library aborts when it is stopped while a connection is suspended: every one is answered first, and let out. */
void http_close(console_t *self) {
    if (self->daemon == NULL) return;
    news_end(self);
    for (request_t *at; (at = self->waiting) != NULL;) {
        reply_busy(at);
        reply_ready(at); /* also one whose answer has begun: its reader sees that we leave */
    }
    for (int turn = 0; turn < STOP_TURNS; turn++) MHD_run(self->daemon);
    ASSERT(self->waiting == NULL);
    MHD_stop_daemon(self->daemon);
    self->daemon = NULL;
}
