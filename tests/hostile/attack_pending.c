/* One unit asks for more than anybody can answer at the moment: it is told busy, the others keep their place. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "services/stage/clock.h"
#include "services/stage/link.h"
#include "tests/hostile/raw.h"

enum { IN_FRAME = 64, FRAMES = LIMIT_PENDING / IN_FRAME * 15 / 16 }; /* above what one unit may hold: four fifths */

typedef struct {
    uint32_t receipts, busy, verdicts, others;
} heard_t;

static void hear(hostile_t *self, unit_link_t *link, int64_t timeout_ms, heard_t *heard, arena_t *arena) {
    unit_answer_t answer;
    while (unit_poll(link, timeout_ms, arena, &answer)) {
        if (answer.kind == KIND_receipt)
            heard->receipts++, hostile_ack(self, &answer.receipt, self->hogs[0]);
        else if (answer.kind == KIND_busy)
            heard->busy++;
        else if (answer.kind == KIND_verdict)
            heard->verdicts++;
        else
            heard->others++;
        arena_reset(arena);
    }
}

static bool send_frame(unit_link_t *link, arena_t *arena) {
    const report_t *reports[IN_FRAME];
    for (uint32_t index = 0; index < IN_FRAME; index++) {
        report_t *report = ARENA_NEW(arena, report_t, 1);
        *report = hostile_report(arena, 0);
        reports[index] = report;
    }
    return unit_send_reports(link, reports, IN_FRAME, 0) != 0;
}

/* With validation standing still no verdict comes, and every conversation stays open until it does. */
void attack_pending(hostile_t *self) {
    unit_link_t *link = NULL;
    arena_t *arena = arena_new();
    heard_t heard = {0};
    uint64_t links = 0, cut = 0, pending = 0;
    pid_t validation = hostile_service(self, "validation");
    if (unit_open(self->endpoint, self->server_public, &self->keys[0], &link) != OK) return;
    kill(validation, SIGSTOP);
    uint32_t sent = 0;
    for (uint32_t frame = 0; frame < FRAMES; frame++) {
        for (int attempt = 0; attempt < 100 && !send_frame(link, arena); attempt++) hear(self, link, 10, &heard, arena);
        sent += IN_FRAME;
        hear(self, link, 0, &heard, arena);
    }
    for (int64_t until_ms = clock_steady_ms() + 2 * WELL_MS; heard.receipts + heard.busy < sent && clock_steady_ms() < until_ms;)
        hear(self, link, 100, &heard, arena);
    hostile_health(&links, &cut, &pending);
    uint32_t receipts = heard.receipts, busy = heard.busy;
    unit_outcome_t other = {0};
    unit_link_t *other_link = NULL;
    report_t report = hostile_report(arena, 0);
    if (unit_open(self->endpoint, self->server_public, &self->keys[1], &other_link) == OK)
        unit_report(other_link, &report, 0, 4000, arena, &other); /* the receipt only: there is nobody who judges */
    if (other.received) hostile_ack(self, &other.receipt, self->hogs[1]);
    kill(validation, SIGCONT);
    for (int64_t until_ms = clock_steady_ms() + 2 * WELL_MS; heard.verdicts < receipts && clock_steady_ms() < until_ms;)
        hear(self, link, 100, &heard, arena);
    unit_close(&link);
    if (other_link != NULL) unit_close(&other_link);
    bool bounded = pending <= LIMIT_PENDING && receipts + busy == sent && busy > 0;
    hostile_say(
        self, bounded && other.received, "pending",
        "%u reports of one unit: %u receipts, %u busy, %llu pending; another unit's receipt meanwhile=%d; then %u verdicts",
        sent, receipts, busy, (unsigned long long)pending, other.received, heard.verdicts);
    arena_destroy(&arena);
}
