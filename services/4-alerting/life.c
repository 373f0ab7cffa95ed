/* The table of arrows, and how it is drawn. */
#include "services/4-alerting/life.h"

typedef struct {
    life_t from;
    life_event_t event;
    life_t to;
    const char *zh;
    const char *en;
} arrow_t;

#define EVENT(name, zh, en)
#define ARROW(from, event, to, zh, en) {life_##from, LIFE_##event, life_##to, zh, en},
static const arrow_t arrows[] = {
#include "services/4-alerting/life.def"
};
#undef EVENT
#undef ARROW

#define EVENT(name, zh, en) {#name, zh, en},
#define ARROW(from, event, to, zh, en)
static const char *const events[][3] = {
#include "services/4-alerting/life.def"
};
#undef EVENT
#undef ARROW

enum { ARROWS = sizeof arrows / sizeof arrows[0] };

life_t life_next(life_t from, life_event_t event) {
    for (uint32_t index = 0; index < ARROWS; index++)
        if (arrows[index].from == from && arrows[index].event == event) return arrows[index].to;
    return life_none;
}

bool life_stands(life_t state) {
    switch (state) {
    case life_raised:
    case life_repeated:
    case life_escalated:
    case life_acknowledged: return true;
    case life_none:
    case life_waiting:
    case life_silenced:
    case life_superseded:
    case life_resolved:
    case life_stale: return false;
    }
    return false;
}

static void say(buffer_t *out, text_t line) { buffer_add(out, line.at, line.size); }

#define SAY(...) say(out, arena_format(arena, __VA_ARGS__))

void life_print(buffer_t *out) {
    arena_t *arena = arena_new();
    SAY("# The life of a warning 预警的一生\n\n");
    SAY("Printed by `minning life` from `life.def`; do not edit. An episode (轮次) is one walk from 未提醒 to 已解除.\n\n");
    SAY("```mermaid\nstateDiagram-v2\n    [*] --> waiting\n");
    for (uint32_t index = 0; index < ARROWS; index++)
        SAY("    %s --> %s : %s\n", WORD_NAME(life, arrows[index].from), WORD_NAME(life, arrows[index].to),
            events[arrows[index].event][1]);
    SAY("    superseded --> [*]\n    stale --> [*]\n```\n\n");
    SAY("| state | | event | | becomes | | what is done | |\n|---|---|---|---|---|---|---|---|\n");
    for (uint32_t index = 0; index < ARROWS; index++) {
        const arrow_t *arrow = &arrows[index];
        SAY("| %s | %s | %s | %s | %s | %s | %s | %s |\n", WORD_NAME(life, arrow->from), WORD_ZH(life, arrow->from),
            events[arrow->event][2], events[arrow->event][1], WORD_NAME(life, arrow->to), WORD_ZH(life, arrow->to), arrow->en,
            arrow->zh);
    }
    arena_destroy(&arena);
}
