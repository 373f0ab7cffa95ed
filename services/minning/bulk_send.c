/* Sends the reports of a CSV file, one after the other in the order of their periods; or checks them all first. */
#include "services/minning/bulk_send.h"

#include "proto/crypto.h"
#include "services/stage/clock.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

typedef struct {
    talk_t talk;
    cli_t *cli;
    const planbook_t *book;
    bulk_t bulk;
    const report_t *rehearsed; /* and what the file alone says against them */
    bulk_faults_t *rehearsed_faults;
    bulk_outcome_t *outcomes;
    bool silent; /* the gateway has stopped answering: nothing more is tried */
} sending_t;

bool bulk_is_table(const char *file) {
    size_t size = strlen(file);
    return size > 4 && strcasecmp(file + size - 4, ".csv") == 0;
}

/* --- progress --- */

/* On a terminal only, and gone when the summary comes. */
static void progress(const cli_t *cli, const char *zh, const char *en, uint32_t done, uint32_t count) {
    if (isatty(STDERR_FILENO) != 1 || cli->json) return;
    if (done == count)
        fprintf(stderr, "\r\033[K");
    else
        fprintf(stderr, "\r%s %u/%u", cli_say(cli, zh, en), done + 1, count);
    fflush(stderr);
}

/* --- one report --- */

static void take_reasons(sending_t *self, uint32_t at, const reason_t *reasons, uint32_t count, fault_list_t *list) {
    for (uint32_t index = 0; index < count; index++) {
        reason_t reason = reasons[index];
        if (reason.zh.size == 0) reason_tell(&reason, self->cli->arena);
        fault_keep(list, self->cli->arena, bulk_spot(&self->bulk.reports[at], &reason), &reason);
    }
}

static bool is_standing(const verdict_t *verdict) {
    return !verdict->accepted && verdict->reasons_count == 1 && text_is(verdict->reasons[0].code, "already_reported");
}

/* A dry run of `report`, for outcome `at`. */
static void check_one(sending_t *self, uint32_t at, const report_t *report) {
    bulk_outcome_t *outcome = &self->outcomes[at];
    report_t checked = *report;
    verdict_t verdict = {0};
    refusal_t refusal = {0};
    outcome->faults.count = outcome->notes.count = 0;
    bulk_submission_id(report, self->talk.secret, 0, self->book, checked.submission_id);
    err_t err = unit_check(self->talk.link, &checked, self->talk.timeout_ms, self->cli->arena, &verdict, &refusal);
    if (err == ERR_REFUSED) take_reasons(self, at, refusal.reasons, refusal.reasons_count, &outcome->faults);
    if (err != OK) {
        outcome->state = err == ERR_REFUSED ? STATE_REFUSED : STATE_SILENT;
        self->silent |= outcome->state == STATE_SILENT;
        return;
    }
    outcome->state = verdict.accepted ? STATE_CHECKED : is_standing(&verdict) ? STATE_STANDING : STATE_REFUSED;
    outcome->revision = verdict.revision;
    outcome->figures = verdict.figures;
    outcome->figures_count = verdict.figures_count;
    fault_list_t *list = verdict.accepted ? &outcome->notes : &outcome->faults;
    if (outcome->state != STATE_STANDING) take_reasons(self, at, verdict.reasons, verdict.reasons_count, list);
}

/* Was this id sent before? */
static bool is_known(sending_t *self, const report_t *report) {
    status_ask_t ask = {.task = report->task, .period = report->period};
    standing_told_t standing = {0};
    refusal_t refusal = {0};
    memcpy(ask.submission_id, report->submission_id, sizeof ask.submission_id);
    return unit_status(self->talk.link, &ask, self->talk.timeout_ms, self->cli->arena, &standing, &refusal) == OK &&
           standing.submissions_count > 0;
}

static void take_outcome(sending_t *self, uint32_t at, const report_t *report, err_t err, const unit_outcome_t *said) {
    bulk_outcome_t *outcome = &self->outcomes[at];
    outcome->faults.count = outcome->notes.count = 0;
    memcpy(outcome->submission_id, report->submission_id, sizeof outcome->submission_id);
    outcome->received = said->received;
    outcome->receipt = said->receipt;
    if (err == ERR_REFUSED) take_reasons(self, at, said->refusal.reasons, said->refusal.reasons_count, &outcome->faults);
    if (err != OK) {
        outcome->state = err == ERR_REFUSED ? STATE_REFUSED : STATE_SILENT;
        self->silent |= outcome->state == STATE_SILENT;
        return;
    }
    const verdict_t *verdict = &said->verdict;
    outcome->state = verdict->accepted ? STATE_ACCEPTED : is_standing(verdict) ? STATE_STANDING : STATE_REFUSED;
    outcome->revision = verdict->revision;
    fault_list_t *list = verdict->accepted ? &outcome->notes : &outcome->faults;
    if (outcome->state != STATE_STANDING) take_reasons(self, at, verdict->reasons, verdict->reasons_count, list);
}

/* The id follows from the content, so content that was refused before gives that refusal again for ever, although what stood in
 * its way may be gone: its period has opened, the month before it is in. Where a dry run now says so, it is sent under its next
 * id. */
static bool goes_on(sending_t *self, uint32_t at, report_t *report, uint32_t attempt) {
    bulk_outcome_t *outcome = &self->outcomes[at], before = *outcome;
    if (outcome->state != STATE_REFUSED || !outcome->received || !outcome->receipt.duplicate) return false;
    check_one(self, at, &self->bulk.reports[at].report);
    bulk_outcome_t now = *outcome;
    *outcome = before;
    bulk_submission_id(&self->bulk.reports[at].report, self->talk.secret, attempt + 1, self->book, report->submission_id);
    if (now.state == STATE_CHECKED || is_known(self, report)) return true;
    outcome->state = now.state;
    outcome->faults = now.faults; /* what is wrong with it now, not then */
    return false;
}

static void send_one(sending_t *self, uint32_t at) {
    report_t report = self->bulk.reports[at].report;
    bulk_submission_id(&report, self->talk.secret, 0, self->book, report.submission_id);
    for (uint32_t attempt = 0; attempt < LIMIT_BULK_ATTEMPTS; attempt++) {
        unit_outcome_t said = {0};
        err_t err = unit_report(self->talk.link, &report, clock_wall_ms(), self->talk.timeout_ms, self->cli->arena, &said);
        take_outcome(self, at, &report, err, &said);
        if (!goes_on(self, at, &report, attempt)) return;
    }
}

/* --- all of them --- */

static bool is_open(const bulk_outcome_t *outcome) {
    return outcome->state == STATE_UNSENT || outcome->state == STATE_CHECKED || outcome->state == STATE_STANDING;
}

static void keep_faults(sending_t *self, uint32_t at, bulk_faults_t faults) {
    fault_list_t *list = &self->outcomes[at].faults;
    list->count = 0;
    for (uint32_t index = 0; index < faults.count; index++)
        fault_keep(list, self->cli->arena, faults.at[index].spot, &faults.at[index].reason);
    self->outcomes[at].state = STATE_FAULTY;
}

/* What the cells alone tell. */
static void sort_out(sending_t *self) {
    for (uint32_t at = 0; at < self->bulk.count; at++) {
        const bulk_report_t *report = &self->bulk.reports[at];
        if (report->faults.count > 0)
            keep_faults(self, at, report->faults);
        else
            self->outcomes[at].state = report->blank ? STATE_BLANK : STATE_UNSENT;
    }
}

static bool is_rewritten(const report_t *report, const report_t *rehearsed) {
    for (uint32_t index = 0; index < report->figures_count; index++)
        if (report->figures[index].running.given != rehearsed->figures[index].running.given) return true;
    return false;
}

/* Is the report of the month that was skipped in this file, further up, and well? */
static bool is_filled_here(const sending_t *self, uint32_t at, text_t skipped) {
    for (uint32_t before = 0; before < at; before++) {
        const report_t *report = &self->bulk.reports[before].report;
        bool well = self->outcomes[before].state == STATE_CHECKED || self->outcomes[before].state == STATE_STANDING;
        if (well && text_equal(report->task, self->bulk.reports[at].report.task) && text_equal(report->period, skipped))
            return true;
    }
    return false;
}

/* A month that this very file reports is not skipped once the file is in. */
static void forgive_skipped(sending_t *self, uint32_t at) {
    bulk_outcome_t *outcome = &self->outcomes[at];
    uint32_t kept = 0;
    for (uint32_t index = 0; index < outcome->faults.count; index++) {
        const reason_t *reason = &outcome->faults.at[index].reason;
        bool filled = text_is(reason->code, "month_skipped") && reason->args_count == 1 &&
                      is_filled_here(self, at, reason->args[0]);
        if (!filled) outcome->faults.at[kept++] = outcome->faults.at[index];
    }
    if (kept < outcome->faults.count && kept == 0) outcome->state = STATE_CHECKED;
    outcome->faults.count = kept;
}

/* As it stands; and where that is refused, as it will stand once the reports before it in the file are in. */
static void check_report(sending_t *self, uint32_t at) {
    const report_t *report = &self->bulk.reports[at].report;
    check_one(self, at, report);
    bulk_faults_t own = self->rehearsed_faults[at]; /* each may be well alone, and two opening balances are one too many */
    bool twice = own.count > 0 && text_is(own.at[0].reason.code, "opening_twice");
    if (self->outcomes[at].state == STATE_CHECKED && twice) keep_faults(self, at, own);
    if (self->outcomes[at].state != STATE_REFUSED) return;
    if (self->rehearsed_faults[at].count > 0)
        keep_faults(self, at, self->rehearsed_faults[at]);
    else if (is_rewritten(report, &self->rehearsed[at]))
        check_one(self, at, &self->rehearsed[at]);
    if (self->outcomes[at].state == STATE_REFUSED) forgive_skipped(self, at);
}

/* true: nothing stands in the way of any of them. */
static bool check_all(sending_t *self) {
    bool well = true;
    self->rehearsed_faults = ARENA_NEW(self->cli->arena, bulk_faults_t, self->bulk.count + 1);
    self->rehearsed = bulk_rehearsed(&self->bulk, self->cli->arena, self->rehearsed_faults);
    for (uint32_t at = 0; at < self->bulk.count; at++) {
        progress(self->cli, "校验", "checking", at, self->bulk.count);
        bulk_outcome_t *outcome = &self->outcomes[at];
        if (outcome->state == STATE_UNSENT && !self->silent) check_report(self, at);
        well &= outcome->state == STATE_CHECKED || outcome->state == STATE_STANDING || outcome->state == STATE_BLANK;
    }
    progress(self->cli, "", "", self->bulk.count, self->bulk.count);
    return well;
}

static void send_all(sending_t *self) {
    for (uint32_t at = 0; at < self->bulk.count; at++) {
        progress(self->cli, "报送", "sending", at, self->bulk.count);
        if (is_open(&self->outcomes[at]) && !self->silent) send_one(self, at);
    }
    progress(self->cli, "", "", self->bulk.count, self->bulk.count);
}

static int exit_of(const sending_t *self) {
    int exit_code = EXIT_WELL;
    for (uint32_t at = 0; at < self->bulk.count; at++) {
        bulk_state_t state = self->outcomes[at].state;
        if (state == STATE_REFUSED || state == STATE_FAULTY) return EX_DATAERR;
        if (state == STATE_SILENT) exit_code = EX_TEMPFAIL;
    }
    return exit_code;
}

/* Who sends: --unit, or the name of the key file. */
static text_t sender(const cli_t *cli, const planbook_t *book) {
    const char *named = cli_option(cli, OPTION_unit), *key = cli_option(cli, OPTION_key);
    const plan_t *plan = planbook_plan(book);
    text_t wanted = text_of(named);
    if (named == NULL && key != NULL) {
        const char *slash = strrchr(key, '/'), *from = slash == NULL ? key : slash + 1;
        size_t size = strlen(from);
        wanted = (text_t){from, (uint32_t)(size > 4 ? size - 4 : 0)};
    }
    for (uint32_t index = 0; index < plan->units_count; index++)
        if (text_equal(plan->units[index].id, wanted) || text_equal(plan->units[index].name, wanted))
            return plan->units[index].id;
    return text_of("");
}

static int read_table(sending_t *self) {
    cli_t *cli = self->cli;
    text_t file;
    int exit_code = cli_read_file(cli, cli->args[0], LIMIT_CSV_FILE, &file);
    if (exit_code == EXIT_WELL) exit_code = talk_open(cli, &self->talk);
    if (exit_code == EXIT_WELL) self->book = talk_plan(cli, &exit_code);
    if (exit_code != EXIT_WELL) return exit_code;
    if (self->book == NULL) return cli_fail(cli, EX_USAGE, "须用 --plan 指定计划文件", "name the plan file", "--plan FILE");
    self->bulk = bulk_read((bytes_t){(const uint8_t *)file.at, file.size}, self->book, sender(cli, self->book), cli->arena);
    return self->bulk.faults.count > 0 ? bulk_tell_file(cli, &self->bulk) : EXIT_WELL;
}

int bulk_verb(cli_t *cli, bool check) {
    sending_t self = {.cli = cli};
    bool atomic = cli_option(cli, OPTION_atomic) != NULL;
    crypto_start();
    int exit_code = read_table(&self);
    if (exit_code == EXIT_WELL) {
        self.outcomes = ARENA_NEW(cli->arena, bulk_outcome_t, self.bulk.count + 1);
        sort_out(&self);
        bool well = check || atomic ? check_all(&self) : true;
        if (!check && (well || !atomic)) send_all(&self);
        for (uint32_t at = 0; at < self.bulk.count && !check && !well && atomic; at++)
            if (is_open(&self.outcomes[at])) self.outcomes[at].state = STATE_UNSENT;
        bulk_tell(cli, &self.bulk, self.outcomes, check);
        exit_code = exit_of(&self);
    }
    unit_close(&self.talk.link);
    memset(self.talk.secret, 0, sizeof self.talk.secret);
    return exit_code;
}
