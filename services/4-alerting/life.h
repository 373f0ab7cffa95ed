/* The life of a warning as one table of arrows; every change of state in alerting goes through life_next. Pure. */
#ifndef ALERTING_LIFE_H
#define ALERTING_LIFE_H

#include "proto/proto.h"

#define EVENT(name, zh, en) LIFE_##name,
#define ARROW(from, event, to, zh, en)
typedef enum {
#include "services/4-alerting/life.def"
    LIFE_EVENTS
} life_event_t;
#undef EVENT
#undef ARROW

/* May this happen in this state, and what is it then? life_none: it cannot. */
life_t life_next(life_t from, life_event_t event);
/* Was something told in this state that the recipient still believes? */
bool life_stands(life_t state);
/* The table and its diagram (Mermaid), as services/4-alerting/LIFE.md has it. */
void life_print(buffer_t *out);

#endif
