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

/* A dry run. ERR_REFUSED: *refusal tells; anything else but OK: nobody answers. */
static err_t dry_run(sending_t *self, const report_t *report, verdict_t *verdict, refusal_t *refusal) {
    report_t checked = *report;
    *verdict = (verdict_t){0};
    *refusal = (refusal_t){0};
    bulk_submission_id(report, self->talk.secret, 0, self->book, checked.submission_id);
    err_t err = unit_check(self->talk.link, &checked, self->talk.timeout_ms, self->cli->arena, verdict, refusal);
    self->silent |= err != OK && err != ERR_REFUSED;
    return err;
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
    const bulk_report_t *one = &self->bulk.reports[at];
    outcome->faults.count = outcome->notes.count = 0;
    memcpy(outcome->submission_id, report->submission_id, sizeof outcome->submission_id);
    outcome->received = said->received;
    outcome->receipt = said->receipt;
    if (err == OK)
        outcome_take(one, &said->verdict, STATE_ACCEPTED, self->cli->arena, outcome);
    else if (err == ERR_REFUSED)
        outcome_refuse(one, said->refusal.reasons, said->refusal.reasons_count, self->cli->arena, outcome);
    else
        outcome->state = STATE_SILENT;
    self->silent |= outcome->state == STATE_SILENT;
}

/* The id follows from the content, so content that was refused before gives that refusal again for ever, although what stood in
 * its way may be gone: its period has opened, the month before it is in. Where a dry run now says so, it is sent under its next
 * id. */
static bool goes_on(sending_t *self, uint32_t at, report_t *report, uint32_t attempt) {
    bulk_outcome_t *outcome = &self->outcomes[at], now = {0};
    const bulk_report_t *one = &self->bulk.reports[at];
    verdict_t verdict;
    refusal_t refusal;
    if (outcome->state != STATE_REFUSED || !outcome->received || !outcome->receipt.duplicate) return false;
    err_t err = dry_run(self, &one->report, &verdict, &refusal);
    if (err == OK)
        outcome_take(one, &verdict, STATE_CHECKED, self->cli->arena, &now);
    else if (err == ERR_REFUSED)
        outcome_refuse(one, refusal.reasons, refusal.reasons_count, self->cli->arena, &now);
    else
        now.state = STATE_SILENT;
    bulk_submission_id(&one->report, self->talk.secret, attempt + 1, self->book, report->submission_id);
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

/* true: nothing stands in the way of any of them. */
static bool check_all(sending_t *self) {
    bulk_check_t check = bulk_check_begin(&self->bulk, self->outcomes, self->cli->arena);
    const report_t *report;
    while (!self->silent && (report = bulk_check_next(&check)) != NULL) {
        verdict_t verdict;
        refusal_t refusal;
        progress(self->cli, "校验", "checking", check.at, self->bulk.count);
        err_t err = dry_run(self, report, &verdict, &refusal);
        if (err == OK)
            bulk_check_take(&check, &verdict);
        else if (err == ERR_REFUSED)
            bulk_check_refuse(&check, refusal.reasons, refusal.reasons_count);
        else
            self->outcomes[check.at].state = STATE_SILENT;
    }
    progress(self->cli, "", "", self->bulk.count, self->bulk.count);
    return bulk_check_is_well(&check);
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
        self.outcomes = bulk_outcomes(&self.bulk, cli->arena);
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
