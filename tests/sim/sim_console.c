/* The console's door: logins that are granted and revoked, reports and commands under them, and who had the right. */
#include <string.h>

#include "proto/command.h"
#include "tests/sim/sim.h"

/* The clerk and the approver of each unit, then the office's people. */
enum { OFFICE_AT = SIM_UNITS * 2, WATCH_AT, AUDIT_AT };

static uint32_t clerk_of(uint32_t unit) { return unit * 2; }
static uint32_t approver_of(uint32_t unit) { return unit * 2 + 1; }

static text_t login_name(const sim_t *sim, uint32_t login) {
    (void)sim;
    static const char *const names[SIM_LOGINS] = {"u0.clerk", "u0.boss", "u1.clerk", "u1.boss", "u2.clerk",
                                                  "u2.boss",  "u3.clerk", "u3.boss", "u4.clerk", "u4.boss",
                                                  "u5.clerk", "u5.boss",  "office",  "watch",    "audit"};
    return text_of(names[login]);
}

static bool login_exists(const sim_t *sim, uint32_t login) { return login >= OFFICE_AT || login / 2 < sim->plan.units_count; }

static void grant_order(sim_t *sim, uint32_t login) {
    login_granted_t granted = {.login = login_name(sim, login)};
    bool units = login < OFFICE_AT;
    granted.role = login == OFFICE_AT  ? login_role_coordinator
                   : login == WATCH_AT ? login_role_supervisor
                   : login == AUDIT_AT ? login_role_auditor
                   : login % 2 == 0    ? login_role_clerk
                                       : login_role_approver;
    if (units) granted.unit = sim->plan.units[login / 2].id;
    if (login == WATCH_AT) granted.unit = sim->plan.units[sim->founders - 1].id; /* the plan names no supervisor */
    if (sim_chance(sim, 150)) granted.until_ms = (uint64_t)sim->true_ms + sim_draw(sim, 6 * 86400000);
    sim_order_new(sim, login_granted_type(), &granted);
    sim_trace(sim, "operator grants " TEXT_FORMAT, TEXT_ARGS(granted.login));
}

void sim_login_order(sim_t *sim) {
    while (sim->login_count < SIM_LOGINS && !login_exists(sim, sim->login_count)) sim->login_count++;
    if (sim->login_count < SIM_LOGINS) {
        grant_order(sim, sim->login_count++);
        return;
    }
    uint32_t login = (uint32_t)sim_draw(sim, SIM_LOGINS);
    if (!login_exists(sim, login)) return;
    if (sim_chance(sim, 400)) {
        grant_order(sim, login); /* again, or after it was revoked */
        return;
    }
    login_revoked_t revoked = {.login = login_name(sim, login), .why = text_of("调离")};
    sim_order_new(sim, login_revoked_type(), &revoked);
    sim_trace(sim, "operator revokes " TEXT_FORMAT, TEXT_ARGS(revoked.login));
}

/* Under whose login a report is sent: mostly somebody's who may. */
void sim_login_choose(sim_t *sim, submission_t *submission) {
    uint32_t unit = submission->unit, other = (uint32_t)sim_draw(sim, sim->plan.units_count);
    if (sim->login_count == 0 || !sim_chance(sim, 450)) return;
    uint64_t luck = sim_draw(sim, 100);
    submission->by_login = true;
    submission->drafter = SIM_LOGINS;
    submission->login = luck < 45 ? clerk_of(unit) : luck < 85 ? approver_of(unit) : luck < 95 ? clerk_of(other) : OFFICE_AT;
    if (submission->login == approver_of(unit) && sim_chance(sim, 800))
        submission->drafter = sim_chance(sim, 850) ? clerk_of(unit) : sim_chance(sim, 500) ? approver_of(unit) : clerk_of(other);
}

static void frame_send(sim_t *sim, uint64_t request_id, const message_t *type, const void *value) {
    buffer_t frame = {0};
    packet_encode(request_id, type, value, &frame);
    sim_send(sim, ACTOR_CONSOLE, ACTOR_INTAKE, (bytes_t){frame.at, (uint32_t)frame.size});
    buffer_destroy(&frame);
}

void sim_console_report(sim_t *sim, const submission_t *submission, uint64_t request_id) {
    attested_append_t ask = {.unit = sim->plan.units[submission->unit].id,
                             .login = login_name(sim, submission->login),
                             .session = {1},
                             .report = submission->swapped};
    if (submission->carries) ask.receipt = submission->receipt;
    if (submission->drafter < SIM_LOGINS) ask.drafted_by = login_name(sim, submission->drafter);
    frame_send(sim, request_id, attested_append_type(), &ask);
}

/* The same command, under a login instead of a key: the office's people, and now and then somebody who has no office. */
void sim_console_choose(sim_t *sim, order_t *order) {
    if (sim->login_count < SIM_LOGINS || !sim_chance(sim, 400)) return;
    uint64_t luck = sim_draw(sim, 100);
    order->by_login = true;
    order->login = luck < 45 ? OFFICE_AT : luck < 85 ? WATCH_AT : luck < 93 ? AUDIT_AT : clerk_of(0);
}

void sim_console_command(sim_t *sim, const order_t *order, uint64_t request_id) {
    attested_command_t ask = {.login = login_name(sim, order->login), .session = {1}, .body = order->command.body};
    memcpy(ask.command_id, order->command.command_id, sizeof ask.command_id);
    frame_send(sim, request_id, attested_command_type(), &ask);
}

/* What a unit does beside reporting, under a login of it, or of another. */
void sim_console_act(sim_t *sim, uint32_t unit, bytes_t body) {
    uint32_t whose = sim_chance(sim, 850) ? unit : (uint32_t)sim_draw(sim, sim->plan.units_count);
    attested_act_t ask = {.unit = sim->plan.units[unit].id, .session = {1}, .body = body};
    ask.login = login_name(sim, sim_chance(sim, 600) ? clerk_of(whose) : approver_of(whose));
    frame_send(sim, 0, attested_act_type(), &ask);
}

/* An officer presses for a report, one that is owed or not, in or not. */
void sim_press_order(sim_t *sim) {
    const plan_t *plan = &sim->plan;
    warning_decide_t press = {.decision = warning_decision_reminded,
                              .unit = plan->units[sim_draw(sim, plan->units_count)].id,
                              .task = plan->tasks[sim_draw(sim, plan->tasks_count)].id,
                              .period = plan->periods[sim_draw(sim, plan->periods_count)].id};
    uint32_t times = sim_chance(sim, 400) ? 2 : 1; /* two officers who do not know of one another */
    while (times-- > 0) sim_order_as(sim, (uint32_t)sim_draw(sim, SIM_OFFICERS), warning_decide_type(), &press);
}

/* --- along the ledger: who had the right --- */

static sim_right_t *right_of(sim_rights_walk_t *walk, sim_t *sim, text_t login) {
    for (uint32_t index = 0; index < SIM_LOGINS; index++)
        if (text_equal(login, login_name(sim, index))) return &walk->logins[index];
    return NULL;
}

static bool in_force(const sim_right_t *right, int64_t at_ms) {
    return right != NULL && right->granted && !right->revoked && (right->until_ms == 0 || at_ms <= (int64_t)right->until_ms);
}

static uint32_t unit_at(const sim_t *sim, text_t id) {
    const unit_t *unit = planbook_unit(sim->book, id);
    return unit == NULL ? UINT32_MAX : planbook_unit_index(sim->book, unit);
}

static bool reports(const sim_right_t *right, uint32_t unit) {
    return (right->role == login_role_clerk || right->role == login_role_approver) && right->unit == unit;
}

/* "Nothing is appended without a login's right at that moment, none after revocation." */
static void walk_sent(sim_rights_walk_t *walk, sim_t *sim, const event_t *event, const report_received_t *received) {
    unsigned long long seq = (unsigned long long)event->seq;
    uint32_t unit = unit_at(sim, received->unit);
    const sim_right_t *right = right_of(walk, sim, received->login), *drafter = right_of(walk, sim, received->drafted_by);
    SIM_HOLDS(sim, "login_has_the_right", in_force(right, event->at_ms) && reports(right, unit),
              "entry %llu by " TEXT_FORMAT " for " TEXT_FORMAT, seq, TEXT_ARGS(received->login), TEXT_ARGS(received->unit));
    const task_t *task = planbook_task(sim->book, received->report.task);
    bool asked = task != NULL && plan_approval(&sim->plan, task, &sim->plan.units[unit]) != approval_none;
    bool drafted = received->drafted_by.size > 0;
    SIM_HOLDS(sim, "approved_by_another", !asked || (right->role == login_role_approver && drafted),
              "entry %llu by " TEXT_FORMAT, seq, TEXT_ARGS(received->login));
    SIM_HOLDS(sim, "approved_by_another",
              !drafted || (in_force(drafter, event->at_ms) && reports(drafter, unit) && drafter != right),
              "entry %llu, drafted by " TEXT_FORMAT, seq, TEXT_ARGS(received->drafted_by));
}

/* "None for its own unit by an officer." */
static void walk_actor(sim_rights_walk_t *walk, sim_t *sim, const event_t *event, const actor_t *actor, text_t unit, bool decides) {
    unsigned long long seq = (unsigned long long)event->seq;
    if (decides)
        SIM_HOLDS(sim, "nobody_decides_on_his_own", actor->office != office_coordinator || !text_equal(actor->unit, unit),
                  "entry %llu by " TEXT_FORMAT, seq, TEXT_ARGS(actor->officer));
    sim_officers_walk(walk->officers, sim, event, actor);
    if (actor->credential != credential_session) return;
    const sim_right_t *right = right_of(walk, sim, actor->officer);
    bool good = in_force(right, event->at_ms) && actor->door == door_console;
    if (good && actor->office == office_none) good = reports(right, unit_at(sim, unit));
    if (good && actor->office == office_coordinator) good = right->role == login_role_coordinator;
    if (good && actor->office == office_supervisor) good = right->role == login_role_supervisor;
    good = good && actor->office != office_operator && actor->office != office_root;
    SIM_HOLDS(sim, "login_has_the_right", good, "entry %llu by " TEXT_FORMAT, seq, TEXT_ARGS(actor->officer));
}

static void walk_login(sim_rights_walk_t *walk, sim_t *sim, const event_t *event) {
    login_granted_t granted;
    login_revoked_t revoked;
    fault_t fault;
    sim_right_t *right;
    if (event_body(event, login_granted_type(), sim->moment, &granted, &fault) == OK) {
        right = right_of(walk, sim, granted.login);
        if (right != NULL)
            *right = (sim_right_t){
                .granted = true, .role = granted.role, .unit = unit_at(sim, granted.unit), .until_ms = granted.until_ms};
    } else if (event_body(event, login_revoked_type(), sim->moment, &revoked, &fault) == OK) {
        right = right_of(walk, sim, revoked.login);
        if (right != NULL) right->revoked = true;
    }
}

void sim_rights_walk(sim_rights_walk_t *walk, sim_t *sim, const event_t *event) {
    report_received_t received;
    report_decided_t decided;
    extension_decided_t extension;
    claim_credited_t credited;
    warning_decided_t warning;
    measure_entered_t measure;
    extension_requested_t request;
    fault_t fault;
    if (event->kind == KIND_officer_registered || event->kind == KIND_officer_revoked)
        sim_officers_walk(walk->officers, sim, event, NULL);
    if (event->kind == KIND_login_granted || event->kind == KIND_login_revoked) walk_login(walk, sim, event);
    if (event_body(event, report_received_type(), sim->moment, &received, &fault) == OK && received.door == door_console)
        walk_sent(walk, sim, event, &received);
    if (event_body(event, report_decided_type(), sim->moment, &decided, &fault) == OK)
        walk_actor(walk, sim, event, &decided.actor, decided.unit, true);
    if (event_body(event, extension_decided_type(), sim->moment, &extension, &fault) == OK)
        walk_actor(walk, sim, event, &extension.actor, extension.unit, true);
    if (event_body(event, claim_credited_type(), sim->moment, &credited, &fault) == OK)
        walk_actor(walk, sim, event, &credited.actor, credited.unit, true);
    if (event_body(event, warning_decided_type(), sim->moment, &warning, &fault) == OK)
        walk_actor(walk, sim, event, &warning.actor, warning.unit, false);
    if (event_body(event, measure_entered_type(), sim->moment, &measure, &fault) == OK)
        walk_actor(walk, sim, event, &measure.actor, measure.unit, false);
    if (event_body(event, extension_requested_type(), sim->moment, &request, &fault) == OK)
        walk_actor(walk, sim, event, &request.actor, request.unit, false);
}
