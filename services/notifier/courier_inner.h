/* What the files of the courier share. The only room that knows libcurl. */
#ifndef NOTIFIER_COURIER_INNER_H
#define NOTIFIER_COURIER_INNER_H

#include "services/notifier/letter.h"

#include <curl/curl.h>

typedef struct {
    char *proxy, *ca_file;
    int64_t timeout_ms;
} courier_options_t;

/* An option that libcurl does not know is a fault of ours; running out of memory ends the process. */
#define CURL_OPTION(easy, option, value)                                                                                       \
    do {                                                                                                                       \
        CURLcode failed_ = curl_easy_setopt((easy), (option), (value));                                                        \
        ASSERT(failed_ == CURLE_OK);                                                                                           \
    } while (0)

/* Address, times, TLS, proxy. */
void courier_options(CURL *easy, const courier_options_t *options, const request_t *request);

/* One mail, in a thread of its own: libcurl waits for an SMTP server's last reply, and for the one to QUIT, without coming back,
 * in its multi interface too; a server that is silent there must not keep robots waiting. */
typedef struct mail mail_t;
mail_t *mail_begin(const courier_options_t *options, const request_t *request, CURLM *wakes);
bool mail_over(mail_t *self, response_t *response); /* false: under way */
void mail_leave(mail_t *self);                      /* nobody is interested any more; frees itself */
/* All of them are to end. false: one still hangs after a second. */
bool mail_threads_end(void);

#endif
