/* Forgets the words of the .def files, so that the next pass may give them another meaning. */
#undef MESSAGE
#undef U64
#undef MAYBE
#undef BOOL
#undef DAY
#undef WORD
#undef SLUG
#undef TEXT
#undef BYTES
#undef FIXED
#undef SLUGS
#undef TEXTS
#undef DAYS
#undef OBJECT
#undef LIST
#undef END
