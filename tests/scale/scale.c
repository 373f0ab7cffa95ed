/* How the system bears size: `scale plan`, `scale stages`, `scale growth`; each prints rows of figures, and fails where a bound
 * breaks. */
#include "tests/scale/scale.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t scale_refused(store_t *verdicts) {
    enum { NEWEST = 10000 };
    uint32_t refused = 0;
    txn_t *txn = store_read(verdicts);
    uint64_t head = txn_head(txn).seq;
    arena_t *arena = arena_new();
    for (uint64_t seq = head > NEWEST ? head - NEWEST + 1 : 1; seq <= head; seq++) {
        event_t event;
        report_refused_t told;
        fault_t fault;
        arena_reset(arena);
        if (!txn_event(txn, seq, arena, &event, NULL) || event.kind != KIND_report_refused) continue;
        if (refused++ == 0 && event_body(&event, report_refused_type(), arena, &told, &fault) == OK)
            fprintf(stderr, "scale: entry %llu is refused: " TEXT_FORMAT " " TEXT_FORMAT "\n",
                    (unsigned long long)event.cause_seq, TEXT_ARGS(told.reasons[0].code), TEXT_ARGS(told.reasons[0].path));
    }
    arena_destroy(&arena);
    txn_abort(&txn);
    return refused;
}

int scale_plan(int argc, char **argv) {
    size_of_plan_t size = {3000, 200, 2, 12, false, 0};
    uint32_t *const numbers[] = {&size.units, &size.tasks, &size.indicators, &size.groups};
    for (int index = 0; index < argc && index < 4; index++) *numbers[index] = (uint32_t)strtoul(argv[index], NULL, 10);
    for (int index = 4; index < argc; index++) {
        if (strcmp(argv[index], "explicit") == 0) size.explicit_lists = true;
        if (strcmp(argv[index], "amended") == 0) size.amendment = 1;
    }
    buffer_t out = {0};
    plan_generate(&size, &out);
    fwrite(out.at, 1, out.size, stdout);
    buffer_destroy(&out);
    return 0;
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "plan") == 0) return scale_plan(argc - 2, argv + 2);
    if (argc > 1 && strcmp(argv[1], "amend") == 0) return scale_amend(argc - 2, argv + 2);
    if (argc > 1 && strcmp(argv[1], "growth") == 0) return scale_growth(argc - 2, argv + 2);
    if (argc > 1 && strcmp(argv[1], "stages") == 0) return scale_stages(argc - 2, argv + 2);
    if (argc > 1 && strcmp(argv[1], "watch") == 0) return scale_watch(argc - 2, argv + 2);
    fprintf(stderr, "usage: scale plan [UNITS TASKS INDICATORS GROUPS [explicit] [amended]]\n"
                    "       scale stages [UNITS TASKS INDICATORS GROUPS] | amend [PLANFILE] | growth [ENTRIES [STAGED]]\n"
                    "       scale watch HOME\n");
    return 64;
}
