/* Headers and body of a mail; nothing of anybody's text ever reaches a header unencoded. */
#include "services/notifier/mail.h"

#include "proto/crypto.h"
#include "services/plan/calendar.h"

#include <string.h>

enum { WORD_BYTES = 39 /* 52 letters of base64, "Subject: " and what stands around make a line of at most 76 */, LINE_BYTES = 57 };

/* Never cuts a character in two: an encoded word is decoded by itself. */
static uint32_t word_end(text_t text, uint32_t from) {
    uint32_t end = from + WORD_BYTES < text.size ? from + WORD_BYTES : text.size;
    while (end < text.size && ((uint8_t)text.at[end] & 0xc0) == 0x80) end--;
    return end;
}

text_t mail_word(text_t text, arena_t *arena) {
    text_t out = text_of("");
    for (uint32_t from = 0, end; from < text.size; from = end) {
        end = word_end(text, from);
        text_t word = base64_of((const uint8_t *)text.at + from, end - from, arena);
        out = arena_format(arena, TEXT_FORMAT "%s=?UTF-8?B?" TEXT_FORMAT "?=", TEXT_ARGS(out), from > 0 ? "\r\n " : "",
                           TEXT_ARGS(word));
    }
    return out;
}

text_t mail_date(int64_t wall_ms, uint64_t offset_minutes, arena_t *arena) {
    static const char *const days[] = {"", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const months[] = {"",    "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    plan_t local = {.offset_minutes = offset_minutes};
    uint32_t day = day_of_instant(&local, wall_ms), minute = minute_of_instant(&local, wall_ms);
    return arena_format(arena, "%s, %02u %s %04u %02u:%02u:%02u +%02u%02u", days[day_weekday(day)], day % 100,
                        months[day / 100 % 100], day / 10000, minute / 60, minute % 60, (unsigned)(wall_ms / 1000 % 60),
                        (unsigned)offset_minutes / 60, (unsigned)offset_minutes % 60);
}

static text_t body_lines(text_t text, arena_t *arena) {
    buffer_t out = {0};
    for (uint32_t at = 0; at < text.size; at += LINE_BYTES) {
        uint32_t size = text.size - at < LINE_BYTES ? text.size - at : LINE_BYTES;
        text_t line = base64_of((const uint8_t *)text.at + at, size, arena);
        buffer_add(&out, line.at, line.size);
        buffer_add(&out, "\r\n", 2);
    }
    text_t lines = arena_text(arena, (text_t){(const char *)out.at, (uint32_t)out.size});
    buffer_destroy(&out);
    return lines;
}

/* One id a warning, so that whoever gets a message that has shrunk between two tries still knows what it has had. */
static text_t notice_ids(const letter_t *letter, arena_t *arena) {
    text_t out = text_of("");
    for (uint32_t index = 0; index < letter->count; index++) {
        text_t id = hex_of(letter->lines[index].part.outbox_id, 16, arena);
        out = arena_format(arena, TEXT_FORMAT "X-Minning-Notice: " TEXT_FORMAT "\r\n", TEXT_ARGS(out), TEXT_ARGS(id));
    }
    return out;
}

text_t mail_of(const route_t *route, const letter_t *letter, arena_t *arena) {
    text_t id = hex_of(letter->id, sizeof letter->id, arena);
    text_t from = route->sender.size > 0 ? route->sender : text_of("minning@localhost");
    text_t to = letter->to.size > 0 ? letter->to : arena_format(arena, TEXT_FORMAT "@localhost", TEXT_ARGS(route->id));
    const char *host = memchr(from.at, '@', from.size);
    text_t domain = host == NULL ? text_of("localhost") : (text_t){host + 1, (uint32_t)(from.at + from.size - host - 1)};
    text_t subject = mail_word(letter_subject(letter, arena), arena);
    text_t name = mail_word(letter->to_name, arena);
    text_t body = body_lines(letter_text(letter, 1 << 20, arena), arena);
    text_t date = mail_date(letter->wall_ms, letter->offset_minutes, arena);
    return arena_format(arena,
                        "From: =?UTF-8?B?6Ze95a6B5Y2P5L2c?= <" TEXT_FORMAT ">\r\n" /* 闽宁协作 */
                        "To: " TEXT_FORMAT "%s<" TEXT_FORMAT ">\r\n"
                        "Subject: " TEXT_FORMAT "\r\n"
                        "Date: " TEXT_FORMAT "\r\n"
                        "Message-ID: <" TEXT_FORMAT "@" TEXT_FORMAT ">\r\n"
                        "Auto-Submitted: auto-generated\r\n"
                        "X-Minning-Channel: %s\r\n"
                        "%s" TEXT_FORMAT "MIME-Version: 1.0\r\n"
                        "Content-Type: text/plain; charset=UTF-8\r\n"
                        "Content-Transfer-Encoding: base64\r\n"
                        "\r\n" TEXT_FORMAT,
                        TEXT_ARGS(from), TEXT_ARGS(name), name.size > 0 ? " " : "", TEXT_ARGS(to), TEXT_ARGS(subject),
                        TEXT_ARGS(date), TEXT_ARGS(id), TEXT_ARGS(domain), WORD_NAME(channel, route->channel),
                        letter->rehearsal ? "X-Minning-Rehearsal: yes\r\n" : "", TEXT_ARGS(notice_ids(letter, arena)),
                        TEXT_ARGS(body));
}
