/* Mail, one thread each, at most as many as messages may fly. */
#include "services/notifier/courier_inner.h"

#include "services/stage/link.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { END_STEPS = 40, END_STEP_MS = 30 };

struct mail {
    CURL *easy;
    CURLM *wakes;
    struct curl_slist *recipients;
    char *body;
    size_t body_size, body_at;
    response_t response;
    atomic_bool over;
    atomic_int holders; /* the thread, and who began it */
};

static atomic_int threads;
static atomic_bool ending;

static void release(mail_t *self) {
    if (atomic_fetch_sub(&self->holders, 1) != 1) return;
    curl_slist_free_all(self->recipients);
    free(self->body);
    free(self);
}

static size_t on_upload(char *bytes, size_t size, size_t count, void *argument) {
    mail_t *self = argument;
    size_t room = size * count, left = self->body_size - self->body_at, take = left < room ? left : room;
    memcpy(bytes, self->body + self->body_at, take);
    self->body_at += take;
    return take;
}

/* Once a second at least. Not 0: give it up. */
static int on_progress(void *argument, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up) {
    (void)argument, (void)down_all, (void)down, (void)up_all, (void)up;
    return atomic_load(&ending);
}

static void *run(void *argument) {
    mail_t *self = argument;
    long status = 0;
    self->response.transport = (uint32_t)curl_easy_perform(self->easy);
    curl_easy_getinfo(self->easy, CURLINFO_RESPONSE_CODE, &status);
    self->response.status = status > 0 && status < 1000 ? (uint32_t)status : 0;
    atomic_store(&self->over, true);
    if (!atomic_load(&ending)) curl_multi_wakeup(self->wakes);
    curl_easy_cleanup(self->easy); /* says QUIT, and may wait for the reply: what counts is told already */
    release(self);
    atomic_fetch_sub(&threads, 1);
    return NULL;
}

static void options_mail(mail_t *self, const courier_options_t *options, const request_t *request) {
    CURL *easy = self->easy;
    courier_options(easy, options, request);
    self->recipients = curl_slist_append(NULL, request->to.at);
    CURL_OPTION(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)(options->timeout_ms / 1000 + 1));
    CURL_OPTION(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    CURL_OPTION(easy, CURLOPT_NOPROGRESS, 0L);
    CURL_OPTION(easy, CURLOPT_MAIL_FROM, request->from.at);
    CURL_OPTION(easy, CURLOPT_MAIL_RCPT, self->recipients);
    CURL_OPTION(easy, CURLOPT_USE_SSL, request->plain ? (long)CURLUSESSL_TRY : (long)CURLUSESSL_ALL);
    if (request->plain) CURL_OPTION(easy, CURLOPT_SSL_VERIFYPEER, 0L); /* encrypted where it can be: it need not be at all */
    if (request->plain) CURL_OPTION(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    if (request->user.size > 0) {
        CURL_OPTION(easy, CURLOPT_USERNAME, request->user.at);
        CURL_OPTION(easy, CURLOPT_PASSWORD, request->secret.at);
    }
    CURL_OPTION(easy, CURLOPT_READFUNCTION, on_upload);
    CURL_OPTION(easy, CURLOPT_READDATA, self);
    CURL_OPTION(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)self->body_size);
    CURL_OPTION(easy, CURLOPT_UPLOAD, 1L);
}

mail_t *mail_begin(const courier_options_t *options, const request_t *request, CURLM *wakes) {
    mail_t *self = calloc(1, sizeof *self);
    ASSERT(self != NULL);
    pthread_t thread;
    self->wakes = wakes;
    self->easy = curl_easy_init();
    self->body_size = request->body.size;
    self->body = malloc(self->body_size + 1);
    ASSERT(self->easy != NULL && self->body != NULL);
    memcpy(self->body, request->body.at, self->body_size);
    options_mail(self, options, request);
    atomic_init(&self->holders, 2);
    atomic_fetch_add(&threads, 1);
    if (pthread_create(&thread, NULL, run, self) == 0) {
        pthread_detach(thread);
        return self;
    }
    atomic_fetch_sub(&threads, 1);
    atomic_store(&self->holders, 1);
    self->response.transport = CURLE_OUT_OF_MEMORY;
    curl_easy_cleanup(self->easy);
    atomic_store(&self->over, true);
    return self;
}

bool mail_over(mail_t *self, response_t *response) {
    if (!atomic_load(&self->over)) return false;
    *response = self->response;
    return true;
}

void mail_leave(mail_t *self) { release(self); }

bool mail_threads_end(void) {
    atomic_store(&ending, true);
    for (int step = 0; atomic_load(&threads) > 0 && step < END_STEPS; step++) link_wait(NULL, 0, END_STEP_MS);
    return atomic_load(&threads) == 0;
}
