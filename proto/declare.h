/* A .def file becomes structs: `#define DEF_FILE "x.def"`, then include this. Deliberately without an include guard. */
#define MESSAGE(name, kind, version, doc) typedef struct name {
#define U64(tag, name, min, max, doc) uint64_t name;
#define MAYBE(tag, name, min, max, doc) maybe_t name;
#define BOOL(tag, name, doc) bool name;
#define DAY(tag, name, need, doc) uint32_t name;
#define WORD(tag, name, set, need, doc) set##_t name;
#define SLUG(tag, name, min, max, doc) text_t name;
#define TEXT(tag, name, min, max, doc) text_t name;
#define BYTES(tag, name, min, max, doc) bytes_t name;
#define FIXED(tag, name, length, need, doc) uint8_t name[length];
#define SLUGS(tag, name, min, max, doc)                                                                                \
    const text_t *name;                                                                                                \
    uint32_t name##_count;
#define TEXTS(tag, name, max, size, doc)                                                                               \
    const text_t *name;                                                                                                \
    uint32_t name##_count;
#define DAYS(tag, name, max, doc)                                                                                      \
    const uint32_t *name;                                                                                              \
    uint32_t name##_count;
#define OBJECT(tag, name, type, need, doc) type##_t name;
#define LIST(tag, name, type, min, max, doc)                                                                           \
    const type##_t *name;                                                                                              \
    uint32_t name##_count;
#define END(name)                                                                                                      \
    }                                                                                                                  \
    name##_t;                                                                                                          \
    const message_t *name##_type(void);                                                                                \
    bool wire_gives_##name(const name##_t *value);                                                                     \
    lay_message_t wire_lay_##name;                                                                                     \
    take_message_t wire_take_##name;                                                                                   \
    room_message_t wire_room_##name;                                                                                   \
    settle_message_t wire_settle_##name;
#include DEF_FILE
#include "proto/undef.h"
/* Does a value of it point anywhere? POINTS_item is 1. */
#include "proto/scalars.h"
#define MESSAGE(name, kind, version, doc) enum { POINTS_##name = 0
#define SLUG(tag, name, min, max, doc) || 1
#define TEXT(tag, name, min, max, doc) || 1
#define BYTES(tag, name, min, max, doc) || 1
#define SLUGS(tag, name, min, max, doc) || 1
#define TEXTS(tag, name, max, size, doc) || 1
#define DAYS(tag, name, max, doc) || 1
#define OBJECT(tag, name, type, need, doc) || POINTS_##type
#define LIST(tag, name, type, min, max, doc) || 1
#define END(name) };
#include DEF_FILE
#include "proto/undef.h"
#undef DEF_FILE
