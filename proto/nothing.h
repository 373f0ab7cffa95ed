/* For a pass over .def files that wants only MESSAGE: every field word becomes nothing. */
#include "proto/scalars.h"
#define SLUG(tag, name, min, max, doc)
#define TEXT(tag, name, min, max, doc)
#define BYTES(tag, name, min, max, doc)
#define SLUGS(tag, name, min, max, doc)
#define TEXTS(tag, name, max, size, doc)
#define DAYS(tag, name, max, doc)
#define OBJECT(tag, name, type, need, doc)
#define LIST(tag, name, type, min, max, doc)
#define END(name)
