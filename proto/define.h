/* A .def file becomes field tables and straight-line code: `#define DEF_FILE "x.def"`, then include this. Deliberately without an
 * include guard. */
#include "proto/wire_straight.h"

#include "proto/straight.h"
#define MESSAGE(name, kind, version, doc)                                                                              \
    const message_t *name##_type(void) {                                                                               \
        typedef name##_t self_t;                                                                                       \
        enum { kind_ = (kind), version_ = (version) };                                                                 \
        static const char doc_[] = doc;                                                                                \
        static const field_t fields_[] = {
#define FIELD_(tag, name, shape, low, high, set, sub, doc)                                                             \
    {#name, doc, (tag), FIELD_##shape, offsetof(self_t, name), 0, (uint64_t)(low), (uint64_t)(high), (set), (sub)},
#define LIST_(tag, name, shape, low, high, set, sub, doc)                                                              \
    {#name, doc, (tag), FIELD_##shape, offsetof(self_t, name), offsetof(self_t, name##_count), (uint64_t)(low),        \
     (uint64_t)(high), (set), (sub)},
#define U64(tag, name, min, max, doc) FIELD_(tag, name, U64, min, max, NULL, NULL, doc)
#define MAYBE(tag, name, min, max, doc) FIELD_(tag, name, MAYBE, min, max, NULL, NULL, doc)
#define BOOL(tag, name, doc) FIELD_(tag, name, BOOL, 0, 1, NULL, NULL, doc)
#define DAY(tag, name, need, doc) FIELD_(tag, name, DAY, need, 0, NULL, NULL, doc)
#define WORD(tag, name, set, need, doc) FIELD_(tag, name, WORD, need, 0, set##_words, NULL, doc)
#define SLUG(tag, name, min, max, doc) FIELD_(tag, name, SLUG, min, max, NULL, NULL, doc)
#define TEXT(tag, name, min, max, doc) FIELD_(tag, name, TEXT, min, max, NULL, NULL, doc)
#define BYTES(tag, name, min, max, doc) FIELD_(tag, name, BYTES, min, max, NULL, NULL, doc)
#define FIXED(tag, name, length, need, doc) FIELD_(tag, name, FIXED, need, length, NULL, NULL, doc)
#define SLUGS(tag, name, min, max, doc) LIST_(tag, name, SLUGS, min, max, NULL, NULL, doc)
#define TEXTS(tag, name, max, size, doc) LIST_(tag, name, TEXTS, size, max, NULL, NULL, doc)
#define DAYS(tag, name, max, doc) LIST_(tag, name, DAYS, 0, max, NULL, NULL, doc)
#define OBJECT(tag, name, type, need, doc) FIELD_(tag, name, OBJECT, need, 0, NULL, type##_type, doc)
#define LIST(tag, name, type, min, max, doc) LIST_(tag, name, LIST, min, max, NULL, type##_type, doc)
#define END(name_)                                                                                                     \
    }                                                                                                                  \
    ;                                                                                                                  \
    static const message_t type_ = {#name_, doc_, kind_, version_, sizeof(self_t), fields_,                            \
                                    sizeof fields_ / sizeof fields_[0], wire_lay_##name_, wire_take_##name_,           \
                                    POINTS_##name_ ? wire_room_##name_ : NULL,                                         \
                                    POINTS_##name_ ? wire_settle_##name_ : NULL};                                      \
    return &type_;                                                                                                     \
    }
#include DEF_FILE
#include "proto/undef.h"
#undef FIELD_
#undef LIST_
#undef DEF_FILE
