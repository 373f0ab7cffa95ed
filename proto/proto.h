/* What flows: every message declared in a .def file, as a struct and as a table of its fields. */
#ifndef PROTO_PROTO_H
#define PROTO_PROTO_H

#include "proto/base.h"
#include "proto/crypto.h"
#include "proto/limits.h"

enum { OPTIONAL = 0, REQUIRED = 1 };

typedef enum { STREAM_NONE, STREAM_ENTRIES, STREAM_VERDICTS, STREAM_TALLIES, STREAM_WARNINGS } stream_t;
const char *stream_name(stream_t stream);          /* "entries" … ; "none" */
stream_t stream_named(text_t name);                /* STREAM_NONE if there is no such stream */
/* The ledger's is sealed, what is derived from it is chained quickly. */
static inline chain_t stream_chain(stream_t stream) { return stream == STREAM_ENTRIES ? CHAIN_SEALED : CHAIN_QUICK; }

/* One word of a closed vocabulary. The arrays end with a word whose name is NULL. */
typedef struct {
    const char *name;
    uint32_t number;
    const char *zh;
    const char *en;
} word_t;

#define SET(set) typedef enum {
#define WORD_IN(set, word, number, zh, en) set##_##word = (number),
#define SET_END(set)                                                                                                   \
    }                                                                                                                  \
    set##_t;                                                                                                           \
    extern const word_t set##_words[];
#include "proto/words.def"
#undef SET
#undef WORD_IN
#undef SET_END

const word_t *word_find(const word_t *words, uint32_t number); /* NULL if there is none */
const word_t *word_named(const word_t *words, text_t name);    /* by name; NULL if there is none */
#define WORD_NAME(set, value) (word_find(set##_words, (uint32_t)(value))->name)
#define WORD_ZH(set, value) (word_find(set##_words, (uint32_t)(value))->zh)
#define WORD_EN(set, value) (word_find(set##_words, (uint32_t)(value))->en)

typedef enum {
    FIELD_U64, FIELD_MAYBE, FIELD_BOOL, FIELD_DAY, FIELD_WORD, FIELD_SLUG, FIELD_TEXT, FIELD_BYTES,
    FIELD_FIXED, FIELD_SLUGS, FIELD_TEXTS, FIELD_DAYS, FIELD_OBJECT, FIELD_LIST
} field_shape_t;

typedef struct message message_t;

/* The straight-line code of a message: writes `value` at `at`, reads one of what stands there; gives the place behind it, or NULL
 * for any doubt. See wire_straight.h. */
typedef struct laying laying_t;
typedef struct taking taking_t;
typedef uint8_t *lay_message_t(laying_t *laying, uint8_t *at, const void *value);
typedef const uint8_t *take_message_t(const taking_t *taking, const uint8_t *at, void *value);
/* Its copy: bytes beside the struct; and what the struct points to put there, which gives the room that is left. */
typedef size_t room_message_t(const void *value);
typedef uint8_t *settle_message_t(void *value, uint8_t *room);

/* One field. low/high: U64 and MAYBE values; sizes in bytes of SLUG, TEXT, BYTES; counts of SLUGS and LIST;
 * TEXTS: size of one and count; DAY, WORD, FIXED, OBJECT: low is `need`, FIXED: high is the length; DAYS: high is the count. */
typedef struct {
    const char *name;
    const char *doc;
    uint32_t tag;
    field_shape_t shape;
    size_t offset;
    size_t count_offset;
    uint64_t low;
    uint64_t high;
    const word_t *words;
    const message_t *(*sub)(void);
} field_t;

struct message {
    const char *name;
    const char *doc;
    uint32_t kind;     /* 0: only a part of others */
    uint32_t version;
    size_t size;       /* of the struct */
    const field_t *fields;
    size_t field_count;
    lay_message_t *lay;   /* straight-line code, used by wire_*.c */
    take_message_t *take;
    room_message_t *room; /* both NULL for what points nowhere */
    settle_message_t *settle;
};

#define DEF_FILE "proto/objects.def"
#include "proto/declare.h"
#define DEF_FILE "proto/plan.def"
#include "proto/declare.h"
#define DEF_FILE "proto/documents.def"
#include "proto/declare.h"
#define DEF_FILE "proto/control.def"
#include "proto/declare.h"
#define DEF_FILE "proto/1-entries.def"
#include "proto/declare.h"
#define DEF_FILE "proto/2-verdicts.def"
#include "proto/declare.h"
#define DEF_FILE "proto/3-tallies.def"
#include "proto/declare.h"
#define DEF_FILE "proto/4-warnings.def"
#include "proto/declare.h"
#define DEF_FILE "proto/link.def"
#include "proto/declare.h"
#define DEF_FILE "proto/receipts.def"
#include "proto/declare.h"
#define DEF_FILE "proto/edge.def"
#include "proto/declare.h"
#define DEF_FILE "proto/many.def"
#include "proto/declare.h"
#define DEF_FILE "proto/outbox.def"
#include "proto/declare.h"
#define DEF_FILE "proto/queries.def"
#include "proto/declare.h"
#define DEF_FILE "proto/requests.def"
#include "proto/declare.h"
#define DEF_FILE "proto/papers.def"
#include "proto/declare.h"

/* Kind of every message that has one: KIND_report_received is 100. */
enum {
#define MESSAGE(name, kind, version, doc) KIND_##name = (kind),
#include "proto/nothing.h"
#include "proto/all.def"
#include "proto/undef.h"
};

const message_t *message_of_kind(uint32_t kind);     /* NULL if there is none */
const message_t *const *message_all(size_t *count);  /* every message and part, in the order of the .def files */
bool kind_is_control(uint32_t kind);                 /* passed on by every stage */

/* Why something is refused. */
typedef enum { REASON_wire, REASON_door, REASON_hard, REASON_soft, REASON_note, REASON_decision } reason_layer_t;
typedef struct {
    const char *code;
    reason_layer_t layer;
    const char *zh;
    const char *en;
} reason_text_t;
const reason_text_t *reason_find(text_t code);            /* NULL if there is none */
const reason_text_t *reason_all(size_t *count);
void reason_tell(reason_t *reason, arena_t *arena);       /* fills zh and en from code and args */

/* REASON_OF(code): the code as text, checked by the compiler against reasons.def. */
#define REASON(code, layer, zh, en) REASON_IS_##code,
enum {
#include "proto/reasons.def"
};
#undef REASON
#define REASON_OF(code_) (reason_find_by(REASON_IS_##code_))
text_t reason_find_by(int index);

#endif
