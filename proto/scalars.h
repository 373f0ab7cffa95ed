/* For a pass over .def files that asks what points somewhere: numbers and the like become nothing. */
#define U64(tag, name, min, max, doc)
#define MAYBE(tag, name, min, max, doc)
#define BOOL(tag, name, doc)
#define DAY(tag, name, need, doc)
#define WORD(tag, name, set, need, doc)
#define FIXED(tag, name, length, need, doc)
