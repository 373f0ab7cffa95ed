/* How everything is: what each service last said of itself, as JSON for the operator's page and as text for Prometheus. */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "services/console/state.h"
#include "services/stage/home.h"

enum { ASK_MS = 1000, SILENT_MS = 4000, OURSELVES = HEALTH_COUNT - 1 };

static const struct {
    const char *name;
    service_at_t at;
} watch_list[HEALTH_COUNT] = {{"vault", AT_VAULT},
                              {"intake", AT_INTAKE},
                              {"validation", AT_VALIDATION},
                              {"aggregation", AT_AGGREGATION},
                              {"alerting", AT_ALERTING},
                              {"notifier", AT_NOTIFIER},
                              {"gateway", AT_GATEWAY},
                              {"console", SERVICE_COUNT}};

void overview_open(console_t *self) {
    for (int index = 0; index < HEALTH_COUNT; index++)
        self->watched[index] = (watched_t){.name = watch_list[index].name, .at = watch_list[index].at};
}

static bool alive(const console_t *self, const watched_t *watched) {
    return watched->told_ms != 0 && self->now_ms - watched->told_ms < SILENT_MS;
}

/* --- ourselves --- */

static health_t own_health(const console_t *self, char note[LIMIT_NAME]) {
    front_counts_t counts = front_counts(self->front);
    snprintf(note, LIMIT_NAME, "port=%u connections=%u waiting=%u live=%u%s", (unsigned)front_port(self->front),
             (unsigned)counts.open, (unsigned)self->waiting_count, (unsigned)self->live_count,
             console_ready(self) ? "" : " plan or logins not loaded");
    return (health_t){.service = text_of("console"),
                      .pid = (uint64_t)getpid(),
                      .uptime_ms = (uint64_t)(self->now_ms - self->started_ms),
                      .in_stream = STREAM_TALLIES,
                      .in_applied = self->at.seq,
                      .in_head = self->durable_head,
                      .cause_seq = self->news_cause,
                      .now_ms = (uint64_t)self->ledger_ms,
                      .ok = console_ready(self) && self->joined,
                      .refused = self->refused,
                      .note = text_of(note)};
}

/* Our own desk: nobody waits here for a ledger entry, since we keep nothing of it. */
static void desk_step(console_t *self) {
    peer_t peer;
    bytes_t frame;
    packet_t packet;
    fault_t fault;
    char note[LIMIT_NAME];
    while (server_receive(self->desk, &peer, &frame)) {
        if (packet_decode(frame, &packet, &fault) != OK) continue;
        buffer_clear(&self->out);
        health_t health = own_health(self, note);
        reason_t reason = {.code = REASON_OF(not_permitted)};
        refusal_t refusal = {.reasons = &reason, .reasons_count = 1};
        if (packet.kind == KIND_health_ask) packet_encode(packet.request_id, health_type(), &health, &self->out);
        else packet_encode(packet.request_id, refusal_type(), &refusal, &self->out);
        server_send(self->desk, &peer, (bytes_t){self->out.at, (uint32_t)self->out.size});
    }
}

/* --- the others --- */

static void keep(console_t *self, watched_t *watched, const health_t *health) {
    watched->health = *health;
    watched->told_ms = self->now_ms;
    snprintf(watched->note, sizeof watched->note, TEXT_FORMAT, TEXT_ARGS(health->note));
    snprintf(watched->plan, sizeof watched->plan, TEXT_FORMAT, TEXT_ARGS(health->plan));
    watched->health.service = text_of(watched->name);
    watched->health.note = text_of(watched->note);
    watched->health.plan = text_of(watched->plan);
    snprintf(watched->sick, sizeof watched->sick, TEXT_FORMAT, TEXT_ARGS(health->outbox.sick));
    watched->health.outbox.sick = text_of(watched->sick);
    if (watched->at == AT_INTAKE && (int64_t)health->now_ms > self->ledger_ms) self->ledger_ms = (int64_t)health->now_ms;
}

bool overview_take(console_t *self, const packet_t *packet) {
    health_t health;
    fault_t fault;
    for (int index = 0; index < HEALTH_COUNT; index++) {
        watched_t *watched = &self->watched[index];
        if (watched->ask_id == 0 || watched->ask_id != packet->request_id) continue;
        arena_reset(self->arena);
        if (packet_body(packet, health_type(), self->arena, &health, &fault) == OK) keep(self, watched, &health);
        return true;
    }
    return false;
}

void overview_step(console_t *self) {
    char note[LIMIT_NAME];
    health_ask_t question = {0};
    desk_step(self);
    for (int index = 0; index < HEALTH_COUNT; index++) {
        watched_t *watched = &self->watched[index];
        if (self->now_ms - watched->asked_ms < ASK_MS && watched->asked_ms != 0) continue;
        watched->asked_ms = self->now_ms;
        if (index == OURSELVES) {
            health_t health = own_health(self, note);
            keep(self, watched, &health);
            continue;
        }
        watched->ask_id = ++self->next_id;
        tell(self, watched->at, watched->ask_id, health_ask_type(), &question);
    }
}

static const watched_t *watched_named(const console_t *self, service_at_t at) {
    for (int index = 0; index < HEALTH_COUNT; index++)
        if (self->watched[index].at == at) return &self->watched[index];
    return NULL;
}

/* --- what is told --- */

void on_services(request_t *self) {
    const console_t *console = self->console;
    json_t *rows = json_array(), *json = json_object();
    for (int index = 0; index < HEALTH_COUNT; index++) {
        const watched_t *watched = &console->watched[index];
        json_t *row = watched->told_ms == 0 ? json_object() : message_to_json(health_type(), &watched->health);
        json_object_set_new(row, "service", json_string(watched->name));
        json_object_set_new(row, "alive", json_boolean(alive(console, watched)));
        json_object_set_new(row, "ok", json_boolean(alive(console, watched) && watched->health.ok));
        json_array_append_new(rows, row);
    }
    json_object_set_new(json, "rows", rows);
    json_object_set_new(json, "now_ms", json_integer(console->ledger_ms));
    json_object_set_new(json, "wall_ms", json_integer(console->wall_ms));
    reply_json(self, 200, json);
}

static bool all_well(const console_t *self) {
    for (int index = 0; index < HEALTH_COUNT; index++)
        if (!alive(self, &self->watched[index]) || !self->watched[index].health.ok) return false;
    return console_ready(self);
}

/* Dead letters: no more of an address than its hash. */
static void on_dead_told(request_t *self, const packet_t *packet) {
    dead_letters_t answer;
    uint64_t after = 0;
    if (!answer_is(self, packet, dead_letters_type(), &answer)) return;
    json_t *json = message_to_json(dead_letters_type(), &answer);
    if (answer.rows_count == 0) json_object_set_new(json, "rows", json_array());
    if (answer.more && request_number(self, "after", &after))
        json_object_set_new(json, "next", json_integer((json_int_t)(after + answer.rows_count)));
    reply_json(self, 200, json);
}

void on_dead(request_t *self) {
    dead_ask_t question = {0};
    if (request_number(self, "after", &question.after) && request_number(self, "at_least", &question.at_least))
        ask_checked(self, AT_NOTIFIER, dead_ask_type(), &question, on_dead_told);
}

void on_healthz(request_t *self) { reply_bytes(self, 200, "text/plain; charset=utf-8", "ok\n", 3, true); }

void on_readyz(request_t *self) {
    bool well = all_well(self->console);
    const char *text = well ? "ready\n" : "not ready\n";
    reply_bytes(self, well ? 200 : 503, "text/plain; charset=utf-8", text, strlen(text), true);
}

typedef uint64_t measure_of_t(const health_t *health);
static uint64_t of_up(const health_t *health) { return health->ok; }
static uint64_t of_uptime(const health_t *health) { return health->uptime_ms / 1000; }
static uint64_t of_applied(const health_t *health) { return health->in_applied; }
static uint64_t of_lag(const health_t *health) {
    return health->in_head > health->in_applied ? health->in_head - health->in_applied : 0;
}
static uint64_t of_head(const health_t *health) { return health->out_head; }
static uint64_t of_cause(const health_t *health) { return health->cause_seq; }
static uint64_t of_used(const health_t *health) { return health->store_used; }
static uint64_t of_size(const health_t *health) { return health->store_size; }
static uint64_t of_refused(const health_t *health) { return health->refused; }
static uint64_t of_halted(const health_t *health) { return health->halted_seq; }

static const struct {
    const char *name;
    const char *type;
    const char *help;
    measure_of_t *of;
} measures[] = {
    {"minning_up", "gauge", "1: the service answers and nothing is wrong with it.", of_up},
    {"minning_uptime_seconds", "gauge", "Time since the service started.", of_uptime},
    {"minning_applied_position", "gauge", "Position in the stream the service reads, applied and committed.", of_applied},
    {"minning_lag_events", "gauge", "Events of that stream that are not applied yet.", of_lag},
    {"minning_written_position", "gauge", "Durable head of the stream the service writes.", of_head},
    {"minning_ledger_position", "gauge", "Ledger entry the service has applied up to.", of_cause},
    {"minning_store_used_bytes", "gauge", "Bytes used in the store.", of_used},
    {"minning_store_size_bytes", "gauge", "Bytes the store may grow to.", of_size},
    {"minning_refused_total", "counter", "Attempts that a door has turned away since it started.", of_refused},
    {"minning_halted_position", "gauge", "Event a stage stands still before; 0: it does not.", of_halted},
};

/* The notifier's outbox: counters begin anew with it. */
static uint64_t of_waiting(const health_t *health) { return health->outbox.waiting; }
static uint64_t of_flying(const health_t *health) { return health->outbox.flying; }
static uint64_t of_untold(const health_t *health) { return health->outbox.untold; }
static uint64_t of_dead(const health_t *health) { return health->outbox.dead; }
static uint64_t of_sent(const health_t *health) { return health->outbox.sent; }
static uint64_t of_withdrawn(const health_t *health) { return health->outbox.withdrawn; }
static uint64_t of_overtaken(const health_t *health) { return health->outbox.overtaken; }
static uint64_t of_too_old(const health_t *health) { return health->outbox.too_old; }
static uint64_t of_unwanted(const health_t *health) { return health->outbox.refused; }
static uint64_t of_given_up(const health_t *health) { return health->outbox.given_up; }
static uint64_t of_unreachable(const health_t *health) { return health->outbox.unreachable; }

static const struct {
    const char *name;
    const char *help;
    measure_of_t *of;
} letters[] = {
    {"minning_notices_waiting", "Messages that wait to be sent.", of_waiting},
    {"minning_notices_flying", "Messages on their way.", of_flying},
    {"minning_notices_untold", "Results that the ledger does not have yet.", of_untold},
    {"minning_notices_dead", "Dead letters: not delivered, and nobody has tried them again.", of_dead},
};

static const struct {
    const char *how;
    measure_of_t *of;
} ends[] = {{"sent", of_sent},        {"withdrawn", of_withdrawn}, {"overtaken", of_overtaken},    {"too_old", of_too_old},
            {"refused", of_unwanted}, {"given_up", of_given_up},   {"unreachable", of_unreachable}};

static void line(buffer_t *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void line(buffer_t *out, const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (size > 0 && (size_t)size < sizeof text) buffer_add(out, text, (size_t)size);
}

static void head(buffer_t *out, const char *name, const char *type, const char *help) {
    line(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void single(buffer_t *out, const char *name, const char *type, const char *help, uint64_t value) {
    head(out, name, type, help);
    line(out, "%s %llu\n", name, (unsigned long long)value);
}

static void services_tell(const console_t *self, buffer_t *out) {
    for (size_t which = 0; which < sizeof measures / sizeof measures[0]; which++) {
        head(out, measures[which].name, measures[which].type, measures[which].help);
        for (int index = 0; index < HEALTH_COUNT; index++) {
            const watched_t *watched = &self->watched[index];
            bool told = alive(self, watched);
            if (!told && which > 0) continue; /* a silent service has no figures, but it is down */
            line(out, "%s{service=\"%s\"} %llu\n", measures[which].name, watched->name,
                 told ? (unsigned long long)measures[which].of(&watched->health) : 0ULL);
        }
    }
}

static void outbox_tell(const watched_t *notifier, buffer_t *out) {
    for (size_t which = 0; which < sizeof letters / sizeof letters[0]; which++)
        single(out, letters[which].name, "gauge", letters[which].help, letters[which].of(&notifier->health));
    head(out, "minning_notices_total", "counter", "Messages by how they ended, since the notifier started.");
    for (size_t which = 0; which < sizeof ends / sizeof ends[0]; which++)
        line(out, "minning_notices_total{how=\"%s\"} %llu\n", ends[which].how,
             (unsigned long long)ends[which].of(&notifier->health));
}

static void console_tell(const console_t *self, buffer_t *out) {
    front_counts_t counts = front_counts(self->front);
    head(out, "minning_http_answers_total", "counter", "Answers by the first digit of their status.");
    for (int digit = 2; digit < 6; digit++)
        line(out, "minning_http_answers_total{class=\"%dxx\"} %llu\n", digit, (unsigned long long)self->answered[digit]);
    single(out, "minning_http_connections", "gauge", "Connections that are open.", counts.open);
    single(out, "minning_http_accepted_total", "counter", "Connections accepted.", counts.accepted);
    single(out, "minning_http_refused_heads_total", "counter", "Requests whose head was malformed or ambiguous.", counts.refused);
    single(out, "minning_http_timed_out_total", "counter", "Connections ended because their time was over.", counts.timed_out);
    single(out, "minning_http_turned_away_total", "counter", "Connections closed because there were too many.", counts.turned_away);
    single(out, "minning_http_waiting", "gauge", "Requests that wait for a service, and pages that listen.", self->waiting_count);
    single(out, "minning_http_reports_total", "counter", "Reports received through the console.", self->reports);
    uint64_t seconds = (uint64_t)self->ledger_ms / 1000;
    single(out, "minning_ledger_clock_seconds", "gauge", "The ledger's clock, seconds since 1970 UTC.", seconds);
}

void on_metrics(request_t *self) {
    const console_t *console = self->console;
    buffer_t out = {0};
    services_tell(console, &out);
    const watched_t *alerting = watched_named(console, AT_ALERTING);
    uint64_t published = alerting->health.published, head_seq = alerting->health.out_head;
    single(&out, "minning_redis_published_position", "gauge", "Stream 4 is in Redis up to here.", published);
    single(&out, "minning_redis_lag_events", "gauge", "Events of stream 4 that Redis does not hold yet.",
           head_seq > published ? head_seq - published : 0);
    const watched_t *notifier = watched_named(console, AT_NOTIFIER);
    if (alive(console, notifier)) outbox_tell(notifier, &out);
    console_tell(console, &out);
    reply_bytes(self, 200, "text/plain; version=0.0.4; charset=utf-8", out.at, out.size, true);
    buffer_destroy(&out);
}
