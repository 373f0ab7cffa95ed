/* What an answer means: 200 is not delivery. */
#include "services/notifier/letter.h"

#include <jansson.h>
#include <string.h>

enum { MINUTE_MS = 60000, DINGTALK_REST_MS = 10 * MINUTE_MS };

static text_t words_of(text_t said, arena_t *arena) {
    char *out = arena_take(arena, LIMIT_NAME + 1);
    uint32_t size = 0;
    for (uint32_t index = 0; index < said.size && size + 4 < LIMIT_NAME; index++) {
        char byte = said.at[index];
        out[size++] = byte > ' ' && byte < 0x7f ? byte : ' ';
    }
    return (text_t){out, size};
}

/* errcode (企业微信, 钉钉, SMS adapters), code or StatusCode (飞书). false: there is none. */
static bool code_read(text_t body, int64_t *code) {
    static const char *const names[] = {"errcode", "code", "StatusCode"};
    json_t *json = json_loadb(body.at == NULL ? "" : body.at, body.size, JSON_REJECT_DUPLICATES, NULL);
    bool found = false;
    for (size_t index = 0; !found && index < sizeof names / sizeof names[0]; index++) {
        json_t *number = json_object_get(json, names[index]);
        found = json_is_integer(number);
        if (found) *code = json_integer_value(number);
    }
    json_decref(json);
    return found;
}

/* "Too fast", in the makers' numbers: how long the robot then rests. 0: something else. */
static int64_t rest_of(channel_t channel, int64_t code) {
    if (channel == channel_dingtalk && (code == 130101 || code == 410100)) return DINGTALK_REST_MS;
    if (channel == channel_wecom && (code == 45009 || code == 45033)) return MINUTE_MS;
    if (channel == channel_feishu && (code == 11232 || code == 9499 || code == 99991400)) return MINUTE_MS;
    return 0;
}

/* Negative ones (企业微信's -1, "busy") as 32 bits. */
static uint64_t code_shown(int64_t code) { return code < 0 || code > UINT32_MAX ? (uint64_t)(uint32_t)code : (uint64_t)code; }

/* What is in the body counts where the channel promises one; a generic hook promises none, but may refuse by errcode. */
static verdict_of_answer_t body_verdict(channel_t channel, const response_t *response, verdict_of_answer_t verdict) {
    int64_t code = 0;
    bool promised = channel != channel_webhook;
    if (!code_read(response->body, &code)) {
        verdict.answer = promised ? ANSWER_AGAIN : ANSWER_DELIVERED; /* half an answer, or a portal's page: nobody has it */
        return verdict;
    }
    verdict.code = code == 0 ? response->status : code_shown(code);
    verdict.pause_ms = rest_of(channel, code);
    verdict.answer = code == 0 ? ANSWER_DELIVERED : verdict.pause_ms > 0 ? ANSWER_SLOWER : ANSWER_AGAIN;
    return verdict;
}

static verdict_of_answer_t http_verdict(channel_t channel, const response_t *response, verdict_of_answer_t verdict) {
    uint32_t status = response->status;
    bool content = channel == channel_sms || channel == channel_webhook; /* a robot's 4xx is about the robot: it may be mended */
    if (response->transport != 0) return verdict;
    if (status >= 200 && status < 300) return body_verdict(channel, response, verdict);
    if (channel == channel_sms && status == 409) { /* the adapter has this id already */
        verdict.answer = ANSWER_DELIVERED;
        return verdict;
    }
    if (status == 429) {
        verdict.answer = ANSWER_SLOWER;
        verdict.pause_ms = MINUTE_MS;
    } else if (content && status >= 400 && status < 500 && status != 401 && status != 403 && status != 404 && status != 408)
        verdict.answer = ANSWER_REFUSED;
    return verdict;
}

/* 550-559: this mailbox, this message, never. Other fives (no login, no TLS) are about the relay, and may be mended. */
static verdict_of_answer_t mail_verdict(const response_t *response, verdict_of_answer_t verdict) {
    if (response->transport == 0) verdict.answer = ANSWER_DELIVERED;
    else if (response->status >= 550 && response->status <= 559) verdict.answer = ANSWER_REFUSED;
    else if (response->status < 400) verdict.code = 0; /* the reply to an earlier step */
    return verdict;
}

verdict_of_answer_t letter_verdict(channel_t channel, const response_t *response, arena_t *arena) {
    verdict_of_answer_t verdict = {.answer = ANSWER_AGAIN, .code = response->status, .transport = response->transport,
                                   .said = words_of(response->body, arena)};
    if (channel == channel_sink) {
        if (response->transport == 0) verdict.answer = ANSWER_DELIVERED;
        return verdict;
    }
    if (channel == channel_mail) return mail_verdict(response, verdict);
    verdict = http_verdict(channel, response, verdict);
    if (verdict.transport != 0 && verdict.code < 400) verdict.code = 0; /* the rest of it never came */
    return verdict;
}
