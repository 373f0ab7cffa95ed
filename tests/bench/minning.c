/* The load on a real home: clients of the unit library behind CURVE, each with a window of reports under way. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <zmq.h>

#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "services/stage/link.h"
#include "tests/bench/home.h"
#include "tests/bench/plain/plain.h"

/* Reports under way are found by their request number. In UNTIL_ACK, verdicts may lag behind so far, and no further: a door
 * holds LIMIT_PENDING conversations at most. */
enum { SLOTS = 2048, UNJUDGED = OBLIGATIONS - 8 };

typedef struct {
    job_t job;
    bool used, acked;
} slot_t;

/* What the door was too busy for; it goes again when the door said. */
typedef struct {
    slot_t slot;
    int64_t due_ns;
} retry_t;

typedef struct {
    unit_link_t *link;
    slot_t slots[SLOTS];
    uint32_t unacked, unjudged;
    bool ready; /* something may have come, or may be sent */
    owed_t owed;
    retry_t retries[SLOTS];
    uint32_t retry_first, retry_count;
} sender_t;

typedef struct {
    bench_home_t home;
    sender_t senders[UNITS];
    arena_t *arena;
    const load_t *load;
    measured_t *measured;
    timespan_t span;
    int64_t now_ns;
    uint64_t under_way;
    int poll_fd; /* of the sockets' descriptors: a look at all of them at every turn costs more than the work */
} bench_t;

/* --- reports --- */

static uint32_t room_of(const bench_t *self, const sender_t *sender) {
    const load_t *load = self->load;
    uint32_t most = LIMIT_PENDING / load->clients < UNJUDGED ? LIMIT_PENDING / load->clients : UNJUDGED;
    if (load->until == UNTIL_VERDICT && load->window < most) most = load->window;
    if (sender->unjudged >= most || sender->unacked >= load->window) return 0;
    uint32_t unjudged = most - sender->unjudged, unacked = load->window - sender->unacked;
    return unjudged < unacked ? unjudged : unacked;
}

static void send_slots(sender_t *sender, const slot_t *slots, uint32_t count) {
    report_t reports[LIMIT_EDGE_BATCH];
    job_parts_t parts[LIMIT_EDGE_BATCH];
    const report_t *list[LIMIT_EDGE_BATCH];
    for (uint32_t index = 0; index < count; index++) {
        job_report(&slots[index].job, &reports[index], &parts[index]);
        list[index] = &reports[index];
    }
    uint64_t first =
        count == 1 ? unit_gather_report(sender->link, &reports[0], 0) : unit_send_reports(sender->link, list, count, 0);
    if (first == 0) bench_fail("a report could not be sent");
    for (uint32_t index = 0; index < count; index++) {
        slot_t *slot = &sender->slots[(first + index) % SLOTS];
        if (slot->used) bench_fail("an answer is missing for too long");
        *slot = slots[index];
    }
}

static void send_new(bench_t *self, sender_t *sender, uint32_t count) {
    slot_t slots[LIMIT_EDGE_BATCH];
    for (uint32_t index = 0; index < count; index++)
        slots[index] = (slot_t){.job = job_next(&sender->owed, self->now_ns), .used = true};
    send_slots(sender, slots, count);
    sender->unacked += count;
    sender->unjudged += count;
    self->measured->total += count;
}

static void send_retries(bench_t *self, sender_t *sender) {
    while (sender->retry_count > 0 && sender->retries[sender->retry_first].due_ns <= self->now_ns) {
        send_slots(sender, &sender->retries[sender->retry_first].slot, 1);
        sender->retry_first = (sender->retry_first + 1) % SLOTS;
        sender->retry_count--;
    }
}

/* Of all that may be under way no more than a quarter leaves in one frame: the others are on their way while it is worked on. */
static void fill_window(bench_t *self, sender_t *sender) {
    const load_t *load = self->load;
    uint32_t quarter = load->clients * load->window / 4, gathered = 0;
    for (; room_of(self, sender) >= load->in_frame; gathered += load->in_frame) {
        if (gathered >= quarter && unit_flush(sender->link)) gathered = 0;
        send_new(self, sender, load->in_frame);
    }
}

/* --- its answers --- */

static void on_receipt(bench_t *self, sender_t *sender, slot_t *slot) {
    if (slot->acked) return;
    slot->acked = true;
    sender->unacked--;
    if (self->load->until == UNTIL_ACK) span_answered(&self->span, self->now_ns);
    if (!span_holds(&self->span, self->now_ns)) return;
    histogram_add(&self->measured->ack, self->now_ns - slot->job.sent_ns);
    if (self->load->until == UNTIL_ACK) self->measured->answered++;
}

static void on_verdict(bench_t *self, sender_t *sender, slot_t *slot, const verdict_t *verdict) {
    if (!verdict->accepted)
        bench_fail("a report was refused: " TEXT_FORMAT,
                   TEXT_ARGS(verdict->reasons_count > 0 ? verdict->reasons[0].code : verdict->task));
    if (!slot->acked) bench_fail("a verdict came before its receipt");
    slot->used = false;
    sender->unjudged--;
    if (self->load->until == UNTIL_VERDICT) span_answered(&self->span, self->now_ns);
    if (!span_holds(&self->span, self->now_ns)) return;
    histogram_add(&self->measured->whole, self->now_ns - slot->job.sent_ns);
    if (self->load->until == UNTIL_VERDICT) self->measured->answered++;
}

static void on_busy(bench_t *self, sender_t *sender, slot_t *slot, const busy_t *busy) {
    retry_t *retry = &sender->retries[(sender->retry_first + sender->retry_count++) % SLOTS];
    *retry = (retry_t){*slot, self->now_ns + (int64_t)busy->retry_after_ms * 1000000};
    slot->used = false;
    self->measured->busy++;
}

/* true: there may be more, of which no descriptor tells. */
static bool take_answers(bench_t *self, sender_t *sender) {
    enum { MOST = 4096 };
    unit_answer_t answer;
    uint32_t count = 0;
    while (count < MOST && unit_poll(sender->link, 0, self->arena, &answer)) {
        if (count++ % 64 == 0) self->now_ns = bench_now_ns();
        slot_t *slot = &sender->slots[answer.request_id % SLOTS];
        if (!slot->used) bench_fail("an answer to nothing");
        if (answer.kind == KIND_receipt)
            on_receipt(self, sender, slot);
        else if (answer.kind == KIND_verdict)
            on_verdict(self, sender, slot, &answer.verdict);
        else if (answer.kind == KIND_refusal)
            bench_fail("refused at the door: " TEXT_FORMAT, TEXT_ARGS(answer.refusal.reasons[0].code));
        else
            on_busy(self, sender, slot, &answer.busy);
        if (count % 256 == 0) arena_reset(self->arena);
    }
    arena_reset(self->arena);
    if (unit_refused(sender->link)) bench_fail("a key was turned away");
    return count == MOST;
}

/* --- a case --- */

static bool has_come(const sender_t *sender) {
    int events = 0;
    size_t size = sizeof events;
    zmq_getsockopt(unit_handle(sender->link), ZMQ_EVENTS, &events, &size); /* also takes the signal off the descriptor */
    return (events & ZMQ_POLLIN) != 0;
}

static void sender_turn(bench_t *self, sender_t *sender, bool sending) {
    uint32_t before = sender->unjudged;
    bool more = take_answers(self, sender);
    uint32_t left_over = sender->unjudged;
    bool again = sender->retry_count > 0;
    self->now_ns = bench_now_ns();
    send_retries(self, sender);
    /* what the door was too busy for goes first: nothing may overtake an earlier revision of the same report */
    if (sending && sender->retry_count == 0) fill_window(self, sender);
    bool left = unit_flush(sender->link);
    self->under_way += sender->unjudged - (uint64_t)before;
    /* Else its descriptor tells, unless sending took the sign from it. */
    sender->ready = more || !left || sender->retry_count > 0 || ((again || sender->unjudged > left_over) && has_come(sender));
}

static void senders_wait(bench_t *self, int timeout_ms) {
    struct epoll_event events[UNITS];
    int count = epoll_wait(self->poll_fd, events, UNITS, timeout_ms);
    for (int index = 0; index < count; index++) {
        sender_t *sender = &self->senders[events[index].data.u32];
        if (events[index].data.u32 < self->load->clients) sender->ready = true;
        else has_come(sender); /* it has no part in this case, and nothing comes; but its descriptor would signal for ever */
    }
}

/* One turn over the clients that have something to do. Returns how many reports are under way. */
static uint64_t turn(bench_t *self, bool sending) {
    bool busy = false;
    for (uint32_t index = 0; index < self->load->clients; index++) {
        if (!self->senders[index].ready) continue;
        sender_turn(self, &self->senders[index], sending);
        busy |= self->senders[index].ready;
    }
    senders_wait(self, busy || self->under_way == 0 ? 0 : 20);
    self->now_ns = bench_now_ns();
    return self->under_way;
}

static void drain_answers(bench_t *self) {
    int64_t until_ns = self->now_ns + 60 * 1000000000LL;
    while (turn(self, false) > 0)
        if (self->now_ns > until_ns) bench_fail("answers are missing a minute after the last report");
}

static void wait_applied(uint64_t head, int64_t until_ms) {
    while (!home_applied(head)) {
        if (clock_steady_ms() > until_ms) bench_fail("the stages do not drain");
        zmq_poll(NULL, 0, 1);
    }
}

static void bench_run(void *context, const load_t *load, measured_t *measured) {
    bench_t *self = context;
    self->load = load;
    self->measured = measured;
    if (chdir(self->home.folder) != 0) bench_fail("the home is gone");
    processes_add_children(&measured->processes, self->home.up);
    uint64_t head = home_ledger_head();
    self->span = span_begin(load, measured);
    self->now_ns = self->span.begun_ns;
    for (uint32_t index = 0; index < load->clients; index++) self->senders[index].ready = true;
    while (!span_is_over(&self->span, self->now_ns)) turn(self, true);
    drain_answers(self);
    span_end(&self->span, measured);
    if (home_ledger_head() != head + measured->total) bench_fail("the ledger does not hold each report once");
    wait_applied(head + measured->total, clock_steady_ms() + 600000);
    measured->applied_ns = bench_now_ns() - self->span.begun_ns;
    processes_end(&measured->processes);
}

/* --- open and close --- */

/* Straight into the ledger, in the largest groups; the stages follow when they are up. */
static void preload_ledger(bench_t *self, uint64_t count) {
    buffer_t frame = {0}, now = {0}, later = {0};
    intake_t *intake = NULL;
    int64_t begun_ns = bench_now_ns();
    home_open_ledger(&intake);
    for (uint64_t index = 0; index < count; index++) {
        uint32_t unit = (uint32_t)(index % UNITS);
        job_t job = job_next(&self->senders[unit].owed, bench_now_ns());
        job_parts_t parts;
        append_ask_t ask = {.unit = name_unit(unit), .key_generation = 1};
        job_report(&job, &ask.report, &parts);
        buffer_clear(&frame);
        packet_encode(index + 1, append_ask_type(), &ask, &frame);
        intake_take(intake, door_gateway, (bytes_t){frame.at, (uint32_t)frame.size}, clock_wall_ms(), clock_steady_ms(), &now,
                    &later);
        if (now.size > 0) bench_fail("the ledger refused a report");
        if (index % LIMIT_GROUP != LIMIT_GROUP - 1 && index + 1 < count) continue;
        if (intake_commit(intake) != OK) bench_fail("the ledger did not commit");
        buffer_clear(&later);
    }
    intake_close(&intake);
    double seconds = (double)(bench_now_ns() - begun_ns) / 1e9;
    printf("preload: %" PRIu64 " reports into the ledger in %.1f s, %.0f a second\n", count, seconds, (double)count / seconds);
    buffer_destroy(&frame);
    buffer_destroy(&now);
    buffer_destroy(&later);
}

static bench_t *open_home(const char *folder, uint64_t preload, bool plain) {
    bench_t *self = calloc(1, sizeof *self);
    if (self == NULL) bench_fail("no memory");
    self->arena = arena_new();
    self->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    home_found(&self->home, folder, plain);
    if (preload > 0) preload_ledger(self, preload);
    int64_t begun_ns = bench_now_ns();
    home_up(&self->home);
    wait_applied(home_ledger_head(), clock_steady_ms() + 7200000);
    double seconds = (double)(bench_now_ns() - begun_ns) / 1e9;
    if (preload > 0)
        printf("rebuild: every stage has applied %" PRIu64 " reports %.1f s after the start, %.0f a second\n", preload, seconds,
               (double)preload / seconds);
    plain_links = plain;
    for (uint32_t unit = 0; unit < UNITS; unit++) {
        sender_t *sender = &self->senders[unit];
        if (unit_open(self->home.endpoint, self->home.gateway_public, &self->home.keys[unit], &sender->link) != OK)
            bench_fail("no connection");
        int fd = -1;
        size_t size = sizeof fd;
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = unit};
        if (zmq_getsockopt(unit_handle(sender->link), ZMQ_FD, &fd, &size) != 0 ||
            epoll_ctl(self->poll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
            bench_fail("no descriptor");
    }
    plain_links = false;
    return self;
}

static void *open_curve(const char *folder, uint64_t preload) { return open_home(folder, preload, false); }
static void *open_plain(const char *folder, uint64_t preload) { return open_home(folder, preload, true); }

static void bench_check(void *context) {
    const bench_t *self = context;
    char desk[64];
    client_t *aggregation = NULL;
    snprintf(desk, sizeof desk, HOME_DESK_FORMAT, "aggregation");
    if (chdir(self->home.folder) != 0 || client_connect(desk, &aggregation) != OK) bench_fail("no aggregation");
    for (uint32_t task = 0; task < TASKS; task++) {
        int64_t expected = 0;
        for (uint32_t unit = 0; unit < UNITS; unit++) expected += owed_total(&self->senders[unit].owed, task);
        targets_ask_t ask = {.task = name_task(task)};
        targets_t told;
        err_t err = client_ask(aggregation, targets_ask_type(), &ask, targets_type(), &told, NULL, self->arena, 10000);
        if (err != OK || told.rows_count != 1) bench_fail("aggregation does not tell a total: %s", err_name(err));
        if ((int64_t)told.rows[0].done != expected) bench_fail("a total of " TEXT_FORMAT " is wrong", TEXT_ARGS(ask.task));
        arena_reset(self->arena);
    }
    client_destroy(&aggregation);
}

static void bench_close(void **context) {
    bench_t *self = *context;
    for (uint32_t unit = 0; unit < UNITS; unit++) unit_close(&self->senders[unit].link);
    close(self->poll_fd);
    home_down(&self->home);
    arena_destroy(&self->arena);
    home_remove(&self->home);
    free(self);
    *context = NULL;
}

const system_t system_minning = {"minning", open_curve, bench_run, bench_check, bench_close};
const system_t system_minning_plain = {"minning plain", open_plain, bench_run, bench_check, bench_close};
