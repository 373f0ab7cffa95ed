/* A .def file becomes straight-line code: for each message functions that lay a value into memory, take it out again, and copy it
 * with what it points to, a line a field. Included by define.h, without an include guard. */

/* --- laying: what the fields of a known size take at most, and of the others what stands before the room is asked for --- */
#define MESSAGE(name, kind, version, doc) _Static_assert(3
#define U64(tag, name, min, max, doc) +TAG_ROOM + NUMBER_ROOM
#define MAYBE(tag, name, min, max, doc) +TAG_ROOM + NUMBER_ROOM
#define BOOL(tag, name, doc) +TAG_ROOM + 1
#define DAY(tag, name, need, doc) +TAG_ROOM + NUMBER_ROOM
#define WORD(tag, name, set, need, doc) +TAG_ROOM + 1
#define SLUG(tag, name, min, max, doc) +TAG_ROOM + HEAD_ROOM + (max)
#define TEXT(tag, name, min, max, doc) +TAG_ROOM + HEAD_ROOM
#define BYTES(tag, name, min, max, doc) +TAG_ROOM + HEAD_ROOM
#define FIXED(tag, name, length, need, doc) +TAG_ROOM + HEAD_ROOM + (length)
#define SLUGS(tag, name, min, max, doc) +TAG_ROOM + HEAD_ROOM + HEAD_ROOM + LIMIT_ID
#define TEXTS(tag, name, max, most, doc) +TAG_ROOM + HEAD_ROOM + HEAD_ROOM
#define DAYS(tag, name, max, doc) +TAG_ROOM + HEAD_ROOM + NUMBER_ROOM
#define OBJECT(tag, name, type, need, doc) +TAG_ROOM
#define LIST(tag, name, type, min, max, doc) +TAG_ROOM + HEAD_ROOM
#define END(name) <= SPARE_ROOM, "the fields of " #name " fit into what is always left");
#include DEF_FILE
#include "proto/undef.h"

/* --- laying: has an object anything in it? --- */
#define MESSAGE(name, kind, version, doc) bool wire_gives_##name(const name##_t *value) { return false
#define U64(tag, name, min, max, doc) || value->name != 0
#define MAYBE(tag, name, min, max, doc) || value->name.given
#define BOOL(tag, name, doc) || value->name
#define DAY(tag, name, need, doc) || value->name != 0
#define WORD(tag, name, set, need, doc) || value->name != 0
#define SLUG(tag, name, min, max, doc) || value->name.size > 0
#define TEXT(tag, name, min, max, doc) || value->name.size > 0
#define BYTES(tag, name, min, max, doc) || value->name.size > 0
#define FIXED(tag, name, length, need, doc) || !bytes_are_zero(value->name, length)
#define SLUGS(tag, name, min, max, doc) || value->name##_count > 0
#define TEXTS(tag, name, max, most, doc) || value->name##_count > 0
#define DAYS(tag, name, max, doc) || value->name##_count > 0
#define OBJECT(tag, name, type, need, doc) || wire_gives_##type(&value->name)
#define LIST(tag, name, type, min, max, doc) || value->name##_count > 0
#define END(name) ; }
#include DEF_FILE
#include "proto/undef.h"

/* --- laying: a field at a time --- */
#define MESSAGE(name, kind, version, doc)                                                                              \
    uint8_t *wire_lay_##name(laying_t *laying, uint8_t *at, const void *value_) {                                      \
        const name##_t *value = value_;                                                                                \
        uint8_t *head = at;                                                                                            \
        uint32_t count = 0;                                                                                            \
        if (!lay_fits(laying, at++, 0)) return NULL;
/* A field that is not given is not laid, and lacks where it is needed; a value that is not sound is for others to judge. */
#define LAY_(given, need, sound, laid)                                                                                 \
    if (!(given)) count += (need) ? LACKING : 0;                                                                       \
    else if (!(sound) || (at = (laid)) == NULL) return NULL;                                                           \
    else count++;
#define U64(tag, name, min, max, doc)                                                                                  \
    LAY_(value->name != 0, (min) > 0, is_within(value->name, min, max), lay_number(at, tag, value->name))
#define MAYBE(tag, name, min, max, doc)                                                                                \
    LAY_(value->name.given, false, value->name.value >= 0 && is_within((uint64_t)value->name.value, min, max),         \
         lay_number(at, tag, (uint64_t)value->name.value))
#define BOOL(tag, name, doc) LAY_(value->name, false, true, lay_true(at, tag))
#define DAY(tag, name, need, doc)                                                                                      \
    LAY_(value->name != 0, need, !laying->checks || day_exists(value->name), lay_number(at, tag, value->name))
#define WORD(tag, name, set, need, doc)                                                                                \
    LAY_(value->name != 0, need, is_word((uint32_t)value->name, set##_bits), lay_number(at, tag, value->name))
#define SLUG(tag, name, min, max, doc)                                                                                 \
    LAY_(value->name.size > 0, (min) > 0, is_within(value->name.size, min, max), lay_slug(laying, at, tag, value->name))
#define TEXT(tag, name, min, max, doc)                                                                                 \
    LAY_(value->name.size > 0, (min) > 0, is_within(value->name.size, min, max), lay_text(laying, at, tag, value->name))
#define BYTES(tag, name, min, max, doc)                                                                                \
    LAY_(value->name.size > 0, (min) > 0, is_within(value->name.size, min, max), lay_bytes(laying, at, tag, value->name))
#define FIXED(tag, name, length, need, doc)                                                                            \
    LAY_(!bytes_are_zero(value->name, length), need, true, lay_fixed(at, tag, value->name, length))
#define SLUGS(tag, name, min, max, doc)                                                                                \
    LAY_(value->name##_count > 0, (min) > 0, is_within(value->name##_count, min, max),                                 \
         lay_slugs(laying, at, tag, value->name, value->name##_count))
#define TEXTS(tag, name, max, most, doc)                                                                               \
    LAY_(value->name##_count > 0, false, is_within(value->name##_count, 0, max),                                       \
         lay_texts(laying, at, tag, value->name, value->name##_count, most))
#define DAYS(tag, name, max, doc)                                                                                      \
    LAY_(value->name##_count > 0, false, is_within(value->name##_count, 0, max),                                       \
         lay_days(laying, at, tag, value->name, value->name##_count))
#define OBJECT(tag, name, type, need, doc)                                                                             \
    LAY_(is_known(laying, &value->name) || wire_gives_##type(&value->name), need, true,                                \
         lay_object(laying, at, tag, &value->name, wire_lay_##type))
#define LIST(tag, name, type, min, max, doc)                                                                           \
    LAY_(value->name##_count > 0, (min) > 0, is_within(value->name##_count, min, max),                                 \
         lay_list(laying, at, tag, value->name, value->name##_count, sizeof *value->name, wire_lay_##type))
#define END(name)                                                                                                      \
    return lay_end(laying, head, at, count);                                                                           \
    }
#include DEF_FILE
#include "proto/undef.h"
#undef LAY_

/* --- taking: tags ascend, so one look at each field in turn finds them all --- */
#define MESSAGE(name, kind, version, doc)                                                                              \
    const uint8_t *wire_take_##name(const taking_t *taking, const uint8_t *begin, void *value_) {                      \
        name##_t *value = value_;                                                                                      \
        taken_t next = take_head(taking, begin);                                                                       \
        if (next.at == NULL) return NULL;                                                                              \
        uint32_t found = take_tag(taking, &next);
#define TAKE_(tag, need, taken)                                                                                        \
    _Static_assert((tag) < 0x80, "a tag is one byte");                                                                 \
    if (found == (tag)) {                                                                                              \
        if ((next.at = (taken)) == NULL) return NULL;                                                                  \
        found = take_tag(taking, &next);                                                                               \
    } else if (need) return NULL;
#define U64(tag, name, min, max, doc)                                                                                  \
    TAKE_(tag, (min) > 0, take_number(taking, next.at, &value->name, (min) > 0 ? (min) : 1, max))
#define MAYBE(tag, name, min, max, doc) TAKE_(tag, false, take_maybe(taking, next.at, &value->name, min, max))
#define BOOL(tag, name, doc) TAKE_(tag, false, take_true(taking, next.at, &value->name))
#define DAY(tag, name, need, doc) TAKE_(tag, need, take_day(taking, next.at, &value->name))
#define WORD(tag, name, set, need, doc) TAKE_(tag, need, take_word(taking, next.at, &value->name, set##_bits))
#define SLUG(tag, name, min, max, doc) TAKE_(tag, (min) > 0, take_slug(taking, next.at, &value->name, min, max))
#define TEXT(tag, name, min, max, doc) TAKE_(tag, (min) > 0, take_text(taking, next.at, &value->name, min, max))
#define BYTES(tag, name, min, max, doc) TAKE_(tag, (min) > 0, take_bytes(taking, next.at, &value->name, min, max))
#define FIXED(tag, name, length, need, doc) TAKE_(tag, need, take_fixed(taking, next.at, value->name, length))
#define SLUGS(tag, name, min, max, doc)                                                                                \
    TAKE_(tag, (min) > 0,                                                                                              \
          take_slugs(taking, take_count(taking, next.at, min, max), &value->name, &value->name##_count))
#define TEXTS(tag, name, max, most, doc)                                                                               \
    TAKE_(tag, false, take_texts(taking, take_count(taking, next.at, 0, max), &value->name, &value->name##_count, most))
#define DAYS(tag, name, max, doc)                                                                                      \
    TAKE_(tag, false, take_days(taking, take_count(taking, next.at, 0, max), &value->name, &value->name##_count))
#define OBJECT(tag, name, type, need, doc)                                                                             \
    TAKE_(tag, need, take_object(taking, next.at, &value->name, wire_take_##type))
#define LIST(tag, name, type, min, max, doc)                                                                           \
    TAKE_(tag, (min) > 0,                                                                                              \
          take_list(taking, take_count(taking, next.at, min, max), &value->name, &value->name##_count,                 \
                    sizeof *value->name, wire_take_##type))
#define END(name)                                                                                                      \
    return found == TAG_END ? next.at : NULL;                                                                          \
    }
#include DEF_FILE
#include "proto/undef.h"
#undef TAKE_

/* --- copying: only what points somewhere has a line --- */
#include "proto/scalars.h"
#define MESSAGE(name, kind, version, doc)                                                                              \
    size_t wire_room_##name(const void *value_) {                                                                      \
        const name##_t *value = value_;                                                                                \
        size_t room = 0;
#define SLUG(tag, name, min, max, doc) room += whole_words(value->name.size);
#define TEXT(tag, name, min, max, doc) room += whole_words(value->name.size);
#define BYTES(tag, name, min, max, doc) room += whole_words(value->name.size);
#define SLUGS(tag, name, min, max, doc) room += room_texts(value->name, value->name##_count);
#define TEXTS(tag, name, max, most, doc) room += room_texts(value->name, value->name##_count);
#define DAYS(tag, name, max, doc) room += whole_words(sizeof *value->name * value->name##_count);
#define OBJECT(tag, name, type, need, doc)                                                                             \
    if (POINTS_##type) room += wire_room_##type(&value->name);
#define LIST(tag, name, type, min, max, doc)                                                                           \
    room += room_list(value->name, value->name##_count, sizeof *value->name, POINTS_##type ? wire_room_##type : NULL);
#define END(name)                                                                                                      \
    (void)value;                                                                                                       \
    return room;                                                                                                       \
    }
#include DEF_FILE
#include "proto/undef.h"

#include "proto/scalars.h"
#define MESSAGE(name, kind, version, doc)                                                                              \
    uint8_t *wire_settle_##name(void *value_, uint8_t *room) {                                                         \
        name##_t *value = value_;
#define SLUG(tag, name, min, max, doc) room = settle_text(&value->name, room);
#define TEXT(tag, name, min, max, doc) room = settle_text(&value->name, room);
#define BYTES(tag, name, min, max, doc) room = settle_bytes(&value->name, room);
#define SLUGS(tag, name, min, max, doc) room = settle_texts(&value->name, value->name##_count, room);
#define TEXTS(tag, name, max, most, doc) room = settle_texts(&value->name, value->name##_count, room);
#define DAYS(tag, name, max, doc) room = settle_days(&value->name, value->name##_count, room);
#define OBJECT(tag, name, type, need, doc)                                                                             \
    if (POINTS_##type) room = wire_settle_##type(&value->name, room);
#define LIST(tag, name, type, min, max, doc)                                                                           \
    room = settle_list(value->name, value->name##_count, sizeof *value->name,                                          \
                       POINTS_##type ? wire_settle_##type : NULL, &value->name, room);
#define END(name)                                                                                                      \
    (void)value;                                                                                                       \
    return room;                                                                                                       \
    }
#include DEF_FILE
#include "proto/undef.h"
