/* The tables behind proto.h: words, reasons, messages. */
#include "proto/proto.h"

#include <string.h>

const char *stream_name(stream_t stream) {
    static const char *const names[] = {"none", "entries", "verdicts", "tallies", "warnings"};
    return stream <= STREAM_WARNINGS ? names[stream] : "none";
}

stream_t stream_named(text_t name) {
    for (stream_t stream = STREAM_ENTRIES; stream <= STREAM_WARNINGS; stream++)
        if (text_is(name, stream_name(stream))) return stream;
    return STREAM_NONE;
}

#define SET(set) const word_t set##_words[] = {
#define WORD_IN(set, word, number, zh, en) {#word, (number), (zh), (en)},
#define SET_END(set)                                                                                                   \
    { NULL, 0, NULL, NULL }                                                                                            \
    }                                                                                                                  \
    ;
#include "proto/words.def"
#undef SET
#undef WORD_IN
#undef SET_END

const word_t *word_find(const word_t *words, uint32_t number) {
    for (; words->name != NULL; words++)
        if (words->number == number) return words;
    return NULL;
}

const word_t *word_named(const word_t *words, text_t name) {
    for (; words->name != NULL; words++)
        if (text_is(name, words->name)) return words;
    return NULL;
}

#define DEF_FILE "proto/all.def"
#include "proto/define.h"

const message_t *const *message_all(size_t *count) {
    static const message_t *all[512];
    static size_t filled;
    if (filled == 0) {
        size_t next = 0;
#define MESSAGE(name, kind, version, doc) all[next++] = name##_type();
#include "proto/nothing.h"
#include "proto/all.def"
#include "proto/undef.h"
        ASSERT(next < sizeof all / sizeof all[0]);
        filled = next;
    }
    *count = filled;
    return all;
}

const message_t *message_of_kind(uint32_t kind) {
    static const message_t *by_kind[1000];
    if (by_kind[KIND_ledger_opened] == NULL) {
        size_t count;
        const message_t *const *all = message_all(&count);
        for (size_t index = 0; index < count; index++)
            if (all[index]->kind != 0) by_kind[all[index]->kind] = all[index];
    }
    return kind > 0 && kind < sizeof by_kind / sizeof by_kind[0] ? by_kind[kind] : NULL;
}

bool kind_is_control(uint32_t kind) { return kind > 0 && kind < 100; }

#define REASON(code, layer, zh, en) {#code, REASON_##layer, (zh), (en)},
static const reason_text_t reasons[] = {
#include "proto/reasons.def"
};
#undef REASON
enum { REASON_COUNT = sizeof reasons / sizeof reasons[0] };

const reason_text_t *reason_all(size_t *count) {
    *count = REASON_COUNT;
    return reasons;
}

const reason_text_t *reason_find(text_t code) {
    for (size_t index = 0; index < REASON_COUNT; index++)
        if (text_is(code, reasons[index].code)) return &reasons[index];
    return NULL;
}

text_t reason_find_by(int index) {
    ASSERT(index >= 0 && index < REASON_COUNT);
    return text_of(reasons[index].code);
}

static text_t sentence_filled(const char *sentence, const reason_t *reason, arena_t *arena) {
    size_t size = strlen(sentence) + 1;
    for (uint32_t index = 0; index < reason->args_count; index++) size += 2 * (size_t)reason->args[index].size;
    char *out = arena_take(arena, size * 2);
    uint32_t used = 0;
    for (const char *at = sentence; *at != '\0'; at++) {
        bool slot = at[0] == '{' && at[1] >= '1' && at[1] <= '4' && at[2] == '}';
        if (!slot) {
            out[used++] = *at;
            continue;
        }
        uint32_t index = (uint32_t)(at[1] - '1');
        text_t arg = index < reason->args_count ? reason->args[index] : text_of("?");
        if (used + arg.size < size * 2) {
            if (arg.size > 0) memcpy(out + used, arg.at, arg.size);
            used += arg.size;
        }
        at += 2;
    }
    return (text_t){out, used};
}

void reason_tell(reason_t *reason, arena_t *arena) {
    const reason_text_t *text = reason_find(reason->code);
    if (text == NULL) return;
    reason->soft = text->layer == REASON_soft;
    reason->zh = sentence_filled(text->zh, reason, arena);
    reason->en = sentence_filled(text->en, reason, arena);
}
