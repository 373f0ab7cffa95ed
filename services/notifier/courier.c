/* libcurl's multi interface for HTTP: one easy handle a delivery; threads of courier_mail.c for mail; files for the sink. */
#include "services/notifier/courier.h"

#include "services/notifier/courier_inner.h"
#include "services/notifier/maildir.h"
#include "services/stage/watch.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = LIMIT_NOTICE_FLYING + 8 /* and tests */ };

/* One delivery under way, or over and not yet taken. */
typedef struct {
    bool used, over;
    uint64_t ticket;
    CURL *easy;
    struct curl_slist *headers;
    char *body; /* a copy: curl reads it while it sends */
    mail_t *mail;
    buffer_t answer;
    response_t response;
} trip_t;

struct courier {
    CURLM *multi;
    char *maildir;
    courier_options_t options;
    trip_t trips[MOST];
    uint32_t count;
    buffer_t given; /* the body that the last courier_taken gave away */
};

err_t courier_open(const courier_conf_t *conf, courier_t **out) {
    *out = NULL;
    courier_t *self = calloc(1, sizeof *self);
    if (self == NULL) return ERR_NOMEM;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == 0) self->multi = curl_multi_init();
    self->options.proxy = strdup(conf->proxy == NULL ? "" : conf->proxy);
    self->options.ca_file = conf->ca_file == NULL ? NULL : strdup(conf->ca_file);
    self->options.timeout_ms = conf->timeout_ms;
    self->maildir = strdup(conf->maildir);
    *out = self;
    if (self->multi != NULL && self->options.proxy != NULL && self->maildir != NULL) return OK;
    courier_close(out);
    return ERR_NOMEM;
}

static void trip_end(courier_t *self, trip_t *trip) {
    if (trip->easy != NULL) {
        curl_multi_remove_handle(self->multi, trip->easy);
        curl_easy_cleanup(trip->easy);
    }
    if (trip->mail != NULL) mail_leave(trip->mail);
    curl_slist_free_all(trip->headers);
    free(trip->body);
    buffer_destroy(&trip->answer);
    *trip = (trip_t){0};
    self->count--;
}

void courier_close(courier_t **self_at) {
    courier_t *self = *self_at;
    if (self == NULL) return;
    for (size_t index = 0; index < MOST; index++)
        if (self->trips[index].used) trip_end(self, &self->trips[index]);
    bool alone = mail_threads_end();
    if (self->multi != NULL && alone) curl_multi_cleanup(self->multi); /* a mail that hangs may still wake it */
    if (alone) curl_global_cleanup();
    buffer_destroy(&self->given);
    free(self->options.proxy);
    free(self->options.ca_file);
    free(self->maildir);
    free(self);
    *self_at = NULL;
}

uint32_t courier_count(const courier_t *self) { return self->count; }
bool courier_full(const courier_t *self) { return self->count == MOST; }

/* --- curl calls back --- */

/* What is beyond the bound is read and dropped: it cannot be an answer that we understand. */
static size_t on_answer(char *bytes, size_t size, size_t count, void *argument) {
    trip_t *trip = argument;
    size_t got = size * count, room = LIMIT_NOTICE_ANSWER - trip->answer.size;
    buffer_add(&trip->answer, bytes, got < room ? got : room);
    return got;
}

/* --- requests --- */

void courier_options(CURL *easy, const courier_options_t *options, const request_t *request) {
    CURL_OPTION(easy, CURLOPT_URL, request->url.at);
    CURL_OPTION(easy, CURLOPT_PROTOCOLS_STR, request->channel == channel_mail ? "smtp,smtps" : "http,https");
    CURL_OPTION(easy, CURLOPT_NOSIGNAL, 1L);
    CURL_OPTION(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)options->timeout_ms);
    CURL_OPTION(easy, CURLOPT_TIMEOUT_MS, (long)options->timeout_ms);
    CURL_OPTION(easy, CURLOPT_PROXY, request->proxy.size > 0 ? request->proxy.at : options->proxy); /* "": not the environment's */
    CURL_OPTION(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    CURL_OPTION(easy, CURLOPT_FOLLOWLOCATION, 0L);
    CURL_OPTION(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    CURL_OPTION(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    CURL_OPTION(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (options->ca_file != NULL) CURL_OPTION(easy, CURLOPT_CAINFO, options->ca_file);
    CURL_OPTION(easy, CURLOPT_USERAGENT, "minning/1");
}

static void options_http(trip_t *trip, const request_t *request, arena_t *arena) {
    CURL *easy = trip->easy;
    for (uint32_t index = 0; index < request->header_count; index++)
        trip->headers = curl_slist_append(trip->headers, arena_text(arena, request->headers[index]).at);
    trip->headers = curl_slist_append(trip->headers, "Expect:"); /* no second round for a small body */
    CURL_OPTION(easy, CURLOPT_WRITEFUNCTION, on_answer);
    CURL_OPTION(easy, CURLOPT_WRITEDATA, trip);
    CURL_OPTION(easy, CURLOPT_PRIVATE, trip);
    CURL_OPTION(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.size);
    CURL_OPTION(easy, CURLOPT_POSTFIELDS, trip->body);
    CURL_OPTION(easy, CURLOPT_HTTPHEADER, trip->headers);
}

static void http_begin(courier_t *self, trip_t *trip, const request_t *request) {
    arena_t *arena = arena_new();
    trip->easy = curl_easy_init();
    trip->body = malloc((size_t)request->body.size + 1);
    ASSERT(trip->easy != NULL && trip->body != NULL);
    memcpy(trip->body, request->body.at, request->body.size);
    courier_options(trip->easy, &self->options, request);
    options_http(trip, request, arena);
    arena_destroy(&arena);
    if (curl_multi_add_handle(self->multi, trip->easy) == CURLM_OK) return;
    trip->over = true;
    trip->response.transport = CURLE_FAILED_INIT;
}

/* --- trips --- */

static trip_t *trip_new(courier_t *self, uint64_t ticket) {
    for (size_t index = 0; index < MOST; index++) {
        if (self->trips[index].used) continue;
        self->trips[index] = (trip_t){.used = true, .ticket = ticket};
        self->count++;
        return &self->trips[index];
    }
    return NULL;
}

static void over(trip_t *trip, uint32_t transport, uint32_t status) {
    trip->over = true;
    trip->response = (response_t){.transport = transport, .status = status};
}

void courier_send(courier_t *self, uint64_t ticket, const request_t *request) {
    trip_t *trip = trip_new(self, ticket);
    ASSERT(trip != NULL); /* who asks for more has not looked at courier_full */
    if (request->channel == channel_sink)
        over(trip, maildir_put(self->maildir, request->name, request->body) == OK ? 0 : CURLE_WRITE_ERROR, 0);
    else if (request->channel == channel_mail)
        trip->mail = mail_begin(&self->options, request, self->multi);
    else
        http_begin(self, trip, request);
}

static void collect(courier_t *self) {
    int left = 0;
    for (CURLMsg *message; (message = curl_multi_info_read(self->multi, &left)) != NULL;) {
        trip_t *trip = NULL;
        long status = 0;
        if (message->msg != CURLMSG_DONE) continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&trip);
        curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
        over(trip, (uint32_t)message->data.result, status > 0 && status < 1000 ? (uint32_t)status : 0);
    }
    for (size_t index = 0; index < MOST; index++) {
        trip_t *trip = &self->trips[index];
        if (trip->mail != NULL && !trip->over) trip->over = mail_over(trip->mail, &trip->response);
    }
}

bool courier_taken(courier_t *self, uint64_t *ticket, response_t *response) {
    int running = 0;
    curl_multi_perform(self->multi, &running);
    collect(self);
    for (size_t index = 0; index < MOST; index++) {
        trip_t *trip = &self->trips[index];
        if (!trip->used || !trip->over) continue;
        buffer_clear(&self->given);
        buffer_add(&self->given, trip->answer.at, trip->answer.size);
        *ticket = trip->ticket;
        *response = trip->response;
        response->body = (text_t){(const char *)self->given.at, (uint32_t)self->given.size};
        trip_end(self, trip);
        return true;
    }
    return false;
}

void courier_wait(courier_t *self, int64_t timeout_ms) {
    collect(self);
    for (size_t index = 0; index < MOST; index++)
        if (self->trips[index].used && self->trips[index].over) return;
    watch_wait();
    curl_multi_poll(self->multi, NULL, 0, (int)timeout_ms, NULL);
}

void courier_wake(courier_t *self) { curl_multi_wakeup(self->multi); }
