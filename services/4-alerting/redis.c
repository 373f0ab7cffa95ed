/* hiredis, kept in one file: connect, two scripts, every reply checked. */
#include "services/4-alerting/redis.h"

#include "services/stage/watch.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

struct redis {
    redisContext *context;
};

/* The newest entry: its id, its body. */
static const char newest_script[] =
    "local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]\n"
    "if not newest then return {'0-0', ''} end\n"
    "local body = ''\n"
    "for i = 1, #newest[2], 2 do if newest[2][i] == 'json' then body = newest[2][i + 1] end end\n"
    "return {newest[1], body}\n";

/* KEYS: stream. ARGV: id, body, unit, channel, expected newest id or '', '1' to ring, how many entries to keep.
 * An id that is there with our body is a repeat. An id that is not there and not above the last one ever given cannot be
 * added: it was trimmed if the full stream begins behind it, else somebody else wrote here. */
static const char post_script[] =
    "local stream, id, body, unit, channel, expected, ring, room =\n"
    "  KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], tonumber(ARGV[7])\n"
    "local function parts(text)\n"
    "  local a, b = string.match(text, '^(%d+)-(%d+)$')\n"
    "  return tonumber(a), tonumber(b)\n"
    "end\n"
    "local function below(x, y)\n"
    "  local xa, xb = parts(x)\n"
    "  local ya, yb = parts(y)\n"
    "  return xa < ya or (xa == ya and xb < yb)\n"
    "end\n"
    "local same = redis.call('XRANGE', stream, id, id)[1]\n"
    "if same then\n"
    "  for i = 1, #same[2], 2 do if same[2][i] == 'json' and same[2][i + 1] == body then return 'there' end end\n"
    "  return 'blocked'\n"
    "end\n"
    "local newest = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]\n"
    "if expected ~= '' and expected ~= (newest and newest[1] or '0-0') then return 'differs' end\n"
    "if redis.call('EXISTS', stream) == 1 then\n"
    "  local info, top = redis.call('XINFO', 'STREAM', stream), '0-0'\n"
    "  for i = 1, #info, 2 do if info[i] == 'last-generated-id' then top = info[i + 1] end end\n"
    "  if not below(top, id) then\n"
    "    local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]\n"
    "    if first and below(id, first[1]) and redis.call('XLEN', stream) >= room then return 'trimmed' end\n"
    "    return 'blocked'\n"
    "  end\n"
    "end\n"
    "redis.call('XADD', stream, 'MAXLEN', '~', room, id, 'json', body, 'unit', unit)\n"
    "if ring == '1' then redis.call('PUBLISH', channel, body) end\n"
    "return 'added'\n";

static void say(char why[REDIS_WHY], const char *what) { snprintf(why, REDIS_WHY, "%s", what); }

/* Sends one command. NULL reply: the connection is lost. An error reply: refused. */
static err_t ask(redis_t *self, int count, const text_t *words, redisReply **reply, char why[REDIS_WHY]) {
    const char *at[16];
    size_t sizes[16];
    ASSERT(count <= 16);
    for (int index = 0; index < count; index++) {
        at[index] = words[index].at == NULL ? "" : words[index].at;
        sizes[index] = words[index].size;
    }
    watch_beat(); /* each command has a time limit of its own */
    *reply = redisCommandArgv(self->context, count, at, sizes);
    if (*reply == NULL) {
        say(why, self->context->errstr);
        return ERR_SYSTEM;
    }
    if ((*reply)->type != REDIS_REPLY_ERROR) return OK;
    say(why, (*reply)->str);
    freeReplyObject(*reply);
    *reply = NULL;
    return ERR_REFUSED;
}

static err_t greet(redis_t *self, const redis_place_t *place, char why[REDIS_WHY]) {
    redisReply *reply = NULL;
    text_t auth[] = {text_of("AUTH"), text_of(place->password)};
    if (place->password != NULL && place->password[0] != '\0') {
        if (ask(self, 2, auth, &reply, why) != OK) return ERR_SYSTEM;
        freeReplyObject(reply);
    }
    text_t name[] = {text_of("CLIENT"), text_of("SETNAME"), text_of("minning-alerting")};
    if (ask(self, 3, name, &reply, why) != OK) return ERR_SYSTEM;
    freeReplyObject(reply);
    return OK;
}

err_t redis_open(const redis_place_t *place, redis_t **out, char why[REDIS_WHY]) {
    struct timeval limit = {LIMIT_REDIS_TIMEOUT_MS / 1000, LIMIT_REDIS_TIMEOUT_MS % 1000 * 1000};
    redis_t *self = calloc(1, sizeof *self);
    ASSERT(self != NULL);
    self->context = place->socket != NULL ? redisConnectUnixWithTimeout(place->socket, limit)
                                          : redisConnectWithTimeout(place->host, place->port, limit);
    err_t err = ERR_SYSTEM;
    if (self->context == NULL) say(why, "out of memory");
    else if (self->context->err != 0) say(why, self->context->errstr);
    else if (redisSetTimeout(self->context, limit) != REDIS_OK) say(why, "no timeout could be set");
    else err = greet(self, place, why);
    if (err != OK) redis_close(&self);
    *out = self;
    return err;
}

void redis_close(redis_t **self) {
    if (*self == NULL) return;
    if ((*self)->context != NULL) redisFree((*self)->context);
    free(*self);
    *self = NULL;
}

static bool reply_is_text(const redisReply *reply) {
    return reply != NULL && (reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS);
}

err_t redis_newest(redis_t *self, text_t stream, arena_t *arena, redis_newest_t *newest, char why[REDIS_WHY]) {
    redisReply *reply = NULL;
    text_t words[] = {text_of("EVAL"), text_of(newest_script), text_of("1"), stream};
    err_t err = ask(self, 4, words, &reply, why);
    if (err != OK) return err;
    bool good = reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 && reply_is_text(reply->element[0]) &&
                reply_is_text(reply->element[1]) && reply->element[0]->len < REDIS_ID;
    if (good) {
        snprintf(newest->id, sizeof newest->id, "%s", reply->element[0]->str);
        newest->body = arena_text(arena, (text_t){reply->element[1]->str, (uint32_t)reply->element[1]->len});
    } else {
        say(why, "an answer of another shape");
    }
    freeReplyObject(reply);
    return good ? OK : ERR_REFUSED;
}

/* The value of field `json` among the fields of one entry; empty if it has none. */
static text_t entry_body(const redisReply *fields) {
    for (size_t index = 0; fields->type == REDIS_REPLY_ARRAY && index + 1 < fields->elements; index += 2) {
        const redisReply *name = fields->element[index], *value = fields->element[index + 1];
        if (reply_is_text(name) && strcmp(name->str, "json") == 0 && reply_is_text(value))
            return (text_t){value->str, (uint32_t)value->len};
    }
    return (text_t){NULL, 0};
}

err_t redis_history(redis_t *self, text_t stream, const char *from, const char *to,
                    void (*each)(void *owner, const char *id, text_t body), void *owner, uint32_t *count, char why[REDIS_WHY]) {
    char page[16];
    snprintf(page, sizeof page, "%d", REDIS_PAGE);
    text_t words[] = {text_of("XRANGE"), stream, text_of(from), text_of(to), text_of("COUNT"), text_of(page)};
    redisReply *reply = NULL;
    err_t err = ask(self, 6, words, &reply, why);
    if (err != OK) return err;
    *count = reply->type == REDIS_REPLY_ARRAY ? (uint32_t)reply->elements : 0;
    for (uint32_t index = 0; index < *count; index++) {
        const redisReply *entry = reply->element[index];
        if (entry->type == REDIS_REPLY_ARRAY && entry->elements == 2 && reply_is_text(entry->element[0]))
            each(owner, entry->element[0]->str, entry_body(entry->element[1]));
    }
    freeReplyObject(reply);
    return OK;
}

err_t redis_post(redis_t *self, const redis_post_t *post, post_t *outcome, char why[REDIS_WHY]) {
    static const char *const names[] = {"added", "there", "trimmed", "differs", "blocked"};
    char room[24];
    snprintf(room, sizeof room, "%d", LIMIT_REDIS_STREAM);
    text_t words[] = {text_of("EVAL"), text_of(post_script), text_of("1"), post->stream, text_of(post->id), post->body,
                      post->unit, post->channel, text_of(post->expected), text_of(post->ring ? "1" : "0"), text_of(room)};
    redisReply *reply = NULL;
    err_t err = ask(self, 11, words, &reply, why);
    if (err != OK) return err;
    err = ERR_REFUSED;
    say(why, "an answer of another shape");
    for (size_t index = 0; index < sizeof names / sizeof names[0]; index++) {
        if (!reply_is_text(reply) || strcmp(reply->str, names[index]) != 0) continue;
        *outcome = (post_t)index;
        err = OK;
    }
    freeReplyObject(reply);
    return err;
}
