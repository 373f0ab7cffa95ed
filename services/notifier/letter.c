/* Texts in Chinese, and one request builder a channel. */
#include "services/notifier/letter.h"

#include "proto/crypto.h"
#include "services/notifier/mail.h"
#include "services/plan/calendar.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum {
    SMS_BYTES = 600,
    WECOM_BYTES = 2048,
    ROBOT_BYTES = 18000,
    TEXT_BYTES = 1 << 20,
    HEAD_BYTES = 300,
    REST_BYTES = 64 /* numbers, and how many more there are */
};

/* Makers cut, or refuse, what is longer. */
static uint32_t most_bytes(channel_t channel) {
    switch (channel) {
    case channel_wecom: return WECOM_BYTES;
    case channel_dingtalk:
    case channel_feishu: return ROBOT_BYTES;
    case channel_sms: return SMS_BYTES;
    case channel_none:
    case channel_mail:
    case channel_webhook:
    case channel_sink: return TEXT_BYTES;
    }
    return TEXT_BYTES;
}

/* A short message says how many there are and as many of them as it has room for: it is one whatever it says. */
uint32_t letter_fits(channel_t channel, const letter_t *letter) {
    uint32_t most = most_bytes(channel), used = HEAD_BYTES, count = 0;
    if (channel == channel_sms) return letter->count;
    while (count < letter->count && (count == 0 || used + letter->lines[count].zh.size + 8 <= most))
        used += letter->lines[count++].zh.size + 8;
    return count;
}

/* 城门镇：预警 3 项（最高：橙），解除 1 项 */
static text_t summary(const letter_t *letter, arena_t *arena) {
    uint32_t raised = 0, resolved = 0;
    level_t top = level_none;
    text_t unit = letter->count > 0 ? letter->lines[0].unit_name : text_of("");
    for (uint32_t index = 0; index < letter->count; index++) {
        const line_t *line = &letter->lines[index];
        bool is_raised = line->part.state == notice_state_raised;
        raised += is_raised;
        resolved += !is_raised;
        if (is_raised && line->level > top) top = line->level;
        if (!text_equal(line->unit_name, unit)) unit = text_of("多个单位");
    }
    text_t out = arena_format(arena, TEXT_FORMAT "：", TEXT_ARGS(unit));
    if (raised > 0)
        out = arena_format(arena, TEXT_FORMAT "提醒预警 %u 项（最高：%s）", TEXT_ARGS(out), raised, WORD_ZH(level, top));
    if (resolved > 0)
        out = arena_format(arena, TEXT_FORMAT "%s解除 %u 项", TEXT_ARGS(out), raised > 0 ? "，" : "", resolved);
    return out;
}

text_t letter_subject(const letter_t *letter, arena_t *arena) {
    const char *mark = letter->rehearsal ? "【演练 rehearsal】" : "";
    if (letter->test) return arena_format(arena, "【闽宁协作】%s通道测试", mark);
    text_t what = summary(letter, arena);
    return arena_format(arena, "【闽宁协作】%s" TEXT_FORMAT, mark, TEXT_ARGS(what));
}

/* Never in the middle of a character. */
static text_t text_cut(text_t text, uint32_t size) {
    if (text.size <= size) return text;
    for (; size > 0 && ((uint8_t)text.at[size] & 0xc0) == 0x80; size--) {
    }
    return (text_t){text.at, size};
}

text_t letter_text(const letter_t *letter, uint32_t most, arena_t *arena) {
    text_t subject = letter_subject(letter, arena), id = hex_of(letter->id, 4, arena);
    text_t tail = arena_format(arena, "（系统自动发送，编号 " TEXT_FORMAT "%s）", TEXT_ARGS(id),
                               letter->rehearsal ? "；演练，无须处理" : "");
    text_t out = arena_format(arena, TEXT_FORMAT "\n", TEXT_ARGS(subject));
    if (letter->test) out = arena_format(arena, TEXT_FORMAT "这是一条测试消息，收到即说明通道可用，无须处理。\n", TEXT_ARGS(out));
    uint32_t index = 0;
    for (; index < letter->count; index++) {
        uint32_t taken = out.size + tail.size + REST_BYTES, room = most > taken ? most - taken : 0;
        text_t zh = letter->lines[index].zh;
        if (zh.size > room && index > 0) break;
        text_t cut = text_cut(zh, room);
        out = arena_format(arena, TEXT_FORMAT "%u. " TEXT_FORMAT "%s\n", TEXT_ARGS(out), index + 1, TEXT_ARGS(cut),
                           cut.size < zh.size ? "…" : "");
    }
    if (index < letter->count)
        out = arena_format(arena, TEXT_FORMAT "另有 %u 项，请登录系统查看。\n", TEXT_ARGS(out), letter->count - index);
    return arena_format(arena, TEXT_FORMAT TEXT_FORMAT, TEXT_ARGS(out), TEXT_ARGS(tail));
}

/* --- JSON --- */

static void add(json_t *object, const char *name, text_t text) {
    json_object_set_new(object, name, json_stringn(text.at == NULL ? "" : text.at, text.size));
}

/* Takes the reference. */
static text_t json_text(json_t *json, arena_t *arena) {
    char *line = json_dumps(json, JSON_COMPACT);
    ASSERT(line != NULL);
    text_t text = arena_text(arena, text_of(line));
    free(line);
    json_decref(json);
    return text;
}

/* {"msgtype": "text", "text": {"content": …}}: 企业微信 and 钉钉 */
static text_t robot_body(const letter_t *letter, channel_t channel, arena_t *arena) {
    json_t *json = json_object(), *text = json_object();
    add(text, "content", letter_text(letter, most_bytes(channel), arena));
    json_object_set_new(json, "msgtype", json_string("text"));
    json_object_set_new(json, "text", text);
    return json_text(json, arena);
}

static text_t feishu_body(const letter_t *letter, text_t secret, arena_t *arena) {
    json_t *json = json_object(), *text = json_object();
    int64_t seconds = letter->wall_ms / 1000;
    add(text, "text", letter_text(letter, ROBOT_BYTES, arena));
    if (secret.size > 0) {
        add(json, "timestamp", arena_format(arena, "%lld", (long long)seconds));
        add(json, "sign", feishu_sign(secret, seconds, arena));
    }
    json_object_set_new(json, "msg_type", json_string("text"));
    json_object_set_new(json, "content", text);
    return json_text(json, arena);
}

static text_t sms_body(const letter_t *letter, arena_t *arena) {
    json_t *json = json_object();
    add(json, "id", hex_of(letter->id, 16, arena));
    add(json, "mobile", letter->to);
    add(json, "text", letter_text(letter, SMS_BYTES, arena));
    json_object_set_new(json, "rehearsal", json_boolean(letter->rehearsal));
    return json_text(json, arena);
}

/* 2021-08-25T09:00:00.000Z */
static text_t instant_utc(int64_t at_ms, arena_t *arena) {
    plan_t utc = {.offset_minutes = 0};
    uint32_t day = day_of_instant(&utc, at_ms), minute = minute_of_instant(&utc, at_ms);
    return arena_format(arena, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", day / 10000, day / 100 % 100, day % 100, minute / 60,
                        minute % 60, (unsigned)(at_ms / 1000 % 60), (unsigned)(at_ms % 1000));
}

static json_t *notice_json(const line_t *line, arena_t *arena) {
    json_t *json = json_object();
    add(json, "id", hex_of(line->part.outbox_id, 16, arena));
    add(json, "warning", hex_of(line->part.warning_id, 16, arena));
    json_object_set_new(json, "state", json_string(WORD_NAME(notice_state, line->part.state)));
    json_object_set_new(json, "kind", json_string(WORD_NAME(warning_kind, line->kind)));
    json_object_set_new(json, "level", json_string(WORD_NAME(level, line->level)));
    add(json, "rung", line->part.rung);
    add(json, "unit", line->part.unit);
    add(json, "task", line->task);
    add(json, "period", line->period);
    add(json, "indicator", line->indicator);
    add(json, "due", instant_utc((int64_t)line->due_ms, arena));
    add(json, "decided", instant_utc((int64_t)line->at_ms, arena));
    add(json, "zh", line->zh);
    add(json, "en", line->en);
    return json;
}

/* CloudEvents 1.0, structured mode. */
static text_t webhook_body(const letter_t *letter, arena_t *arena) {
    json_t *json = json_object(), *data = json_object(), *notices = json_array();
    for (uint32_t index = 0; index < letter->count; index++)
        json_array_append_new(notices, notice_json(&letter->lines[index], arena));
    json_object_set_new(json, "specversion", json_string("1.0"));
    add(json, "id", hex_of(letter->id, 16, arena));
    add(json, "source", arena_format(arena, "urn:minning:" TEXT_FORMAT, TEXT_ARGS(letter->plan)));
    json_object_set_new(json, "type", json_string(letter->test ? "minning.test.v1" : "minning.notices.v1"));
    add(json, "time", instant_utc(letter->wall_ms, arena));
    json_object_set_new(json, "datacontenttype", json_string("application/json"));
    json_object_set_new(data, "rehearsal", json_boolean(letter->rehearsal));
    add(data, "subject", letter_subject(letter, arena));
    json_object_set_new(data, "notices", notices);
    json_object_set_new(json, "data", data);
    return json_text(json, arena);
}

/* --- signatures --- */

text_t url_encoded(text_t text, arena_t *arena) {
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
    static const char digits[] = "0123456789ABCDEF";
    char *out = arena_take(arena, (size_t)text.size * 3 + 1);
    uint32_t size = 0;
    for (uint32_t index = 0; index < text.size; index++) {
        uint8_t byte = (uint8_t)text.at[index];
        if (byte != 0 && strchr(plain, byte) != NULL) {
            out[size++] = (char)byte;
            continue;
        }
        out[size++] = '%';
        out[size++] = digits[byte >> 4];
        out[size++] = digits[byte & 15];
    }
    return (text_t){out, size};
}

/* 钉钉: the secret is the key, "ms\nsecret" is the text. */
text_t dingtalk_sign(text_t secret, int64_t ms, arena_t *arena) {
    uint8_t mac[HASH_SIZE];
    text_t text = arena_format(arena, "%lld\n" TEXT_FORMAT, (long long)ms, TEXT_ARGS(secret));
    hmac_sha256(secret, text, mac);
    return url_encoded(base64_of(mac, sizeof mac, arena), arena);
}

/* 飞书: "seconds\nsecret" is the key, the text is empty. */
text_t feishu_sign(text_t secret, int64_t seconds, arena_t *arena) {
    uint8_t mac[HASH_SIZE];
    text_t key = arena_format(arena, "%lld\n" TEXT_FORMAT, (long long)seconds, TEXT_ARGS(secret));
    hmac_sha256(key, text_of(NULL), mac);
    return base64_of(mac, sizeof mac, arena);
}

/* --- requests --- */

static void header(request_t *request, text_t line) {
    ASSERT(request->header_count < REQUEST_HEADERS);
    request->headers[request->header_count++] = line;
}

static void sign_dingtalk(request_t *request, const route_t *route, const letter_t *letter, arena_t *arena) {
    const char *joint = memchr(route->url.at, '?', route->url.size) == NULL ? "?" : "&";
    text_t sign = dingtalk_sign(route->secret, letter->wall_ms, arena);
    request->url = arena_format(arena, TEXT_FORMAT "%stimestamp=%lld&sign=" TEXT_FORMAT, TEXT_ARGS(route->url), joint,
                                (long long)letter->wall_ms, TEXT_ARGS(sign));
}

/* Who has the secret can tell that the body is ours. */
static void sign_webhook(request_t *request, const route_t *route, arena_t *arena) {
    uint8_t mac[HASH_SIZE];
    hmac_sha256(route->secret, request->body, mac);
    text_t hex = hex_of(mac, sizeof mac, arena);
    header(request, arena_format(arena, "X-Minning-Signature: sha256=" TEXT_FORMAT, TEXT_ARGS(hex)));
}

static void request_http(request_t *request, const route_t *route, const letter_t *letter, arena_t *arena) {
    bool hook = route->channel == channel_webhook;
    header(request, text_of(hook ? "Content-Type: application/cloudevents+json; charset=utf-8"
                                 : "Content-Type: application/json; charset=utf-8"));
    switch (route->channel) {
    case channel_wecom: request->body = robot_body(letter, channel_wecom, arena); break;
    case channel_dingtalk:
        request->body = robot_body(letter, channel_dingtalk, arena);
        if (route->secret.size > 0) sign_dingtalk(request, route, letter, arena);
        break;
    case channel_feishu: request->body = feishu_body(letter, route->secret, arena); break;
    case channel_sms:
        request->body = sms_body(letter, arena);
        if (route->secret.size > 0)
            header(request, arena_format(arena, "Authorization: Bearer " TEXT_FORMAT, TEXT_ARGS(route->secret)));
        break;
    case channel_webhook:
        request->body = webhook_body(letter, arena);
        if (route->secret.size > 0) sign_webhook(request, route, arena);
        break;
    case channel_none:
    case channel_mail:
    case channel_sink: break;
    }
}

request_t letter_request(const route_t *route, const letter_t *letter, bool sink, arena_t *arena) {
    request_t request = {.channel = sink ? channel_sink : route->channel, .url = arena_text(arena, route->url),
                         .proxy = arena_text(arena, route->proxy), .plain = route->plain,
                         .name = hex_of(letter->id, sizeof letter->id, arena)};
    if (sink || route->channel == channel_sink) {
        request.body = mail_of(route, letter, arena);
    } else if (route->channel == channel_mail) {
        request.body = mail_of(route, letter, arena);
        request.from = arena_format(arena, "<" TEXT_FORMAT ">", TEXT_ARGS(route->sender));
        request.to = arena_format(arena, "<" TEXT_FORMAT ">", TEXT_ARGS(letter->to));
        request.user = arena_text(arena, route->user);
        request.secret = arena_text(arena, route->secret);
    } else {
        request_http(&request, route, letter, arena);
    }
    return request;
}
