/* The command line: options, verbs, exits, and how things are shown to people. One verb is one function of a cli_t. */
#ifndef MINNING_CLI_H
#define MINNING_CLI_H

#include "proto/json.h"
#include "services/plan/plan_file.h"

#include <stdio.h>
#include <sysexits.h>

enum { EXIT_WELL = 0, CLI_ARGS = 128 };

#define OPTION(name, argument, zh, en) OPTION_##name,
typedef enum {
#include "services/minning/options.def"
    OPTION_COUNT
} option_t;
#undef OPTION

typedef struct verb verb_t;

/* One call of the program. */
typedef struct cli {
    const char *home; /* as given; absolute after cli_home */
    bool json;
    bool zh;
    bool colour;
    arena_t *arena;
    const char *values[OPTION_COUNT]; /* "" for a flag that is set; NULL: not given */
    const char *args[CLI_ARGS];       /* what stands behind the verb */
    size_t arg_count;
    int start_dir; /* where the caller stood: file names are relative to it */
    const verb_t *verb;
    bool entered;     /* we stand in the home */
    planbook_t *book; /* what cli_plan found; the cli_t owns it */
} cli_t;

struct verb {
    const char *words;    /* "plan check" */
    const char *synopsis; /* "FILE" */
    const char *options;  /* names from options.def, blank between them, beyond home json lang help */
    size_t least;
    size_t most;
    int (*run)(cli_t *cli); /* an exit of sysexits.h */
    const char *zh;
    const char *en;
};
extern const verb_t cli_verbs[]; /* ends with words == NULL */

/* Parses the line. 0: cli->verb is to be run. Otherwise the exit to leave with (help was printed, or what is wrong). */
int cli_parse(cli_t *cli, int argc, char **argv, int *exit_code);
int cli_main(int argc, char **argv);
void cli_start(cli_t *cli); /* language, colour, arena: from the environment */
void cli_end(cli_t *cli);

static inline const char *cli_option(const cli_t *cli, option_t option) { return cli->values[option]; }
static inline text_t cli_slug(const cli_t *cli, option_t option) { return text_of(cli->values[option]); }
static inline const char *cli_say(const cli_t *cli, const char *zh, const char *en) { return cli->zh ? zh : en; }
static inline text_t cli_word(const cli_t *cli, const char *zh, const char *en) { return text_of(cli_say(cli, zh, en)); }
/* A word of a closed vocabulary, in the language of the caller. */
#define CLI_WORD_OF(cli, set, value) cli_word((cli), WORD_ZH(set, (value)), WORD_EN(set, (value)))

/* "minning: sentence: detail" on stderr. Returns `exit_code`. */
int cli_fail(const cli_t *cli, int exit_code, const char *zh, const char *en, const char *detail);
/* What err_t of a conversation means for the caller, and its exit: 69 nobody answers, 65 refused, 70 otherwise. */
int cli_fail_err(const cli_t *cli, err_t err, const char *whom, const refusal_t *refusal);
/* The exit for an error, without a word. */
int cli_exit_of(err_t err);

/* Makes cli->home absolute and enters it. 0, or an exit. */
int cli_enter(cli_t *cli);
/* Reads a file as the caller named it ("-": standard input), at most `limit` bytes. 0, or an exit. */
int cli_read_file(const cli_t *cli, const char *path, uint32_t limit, text_t *content);
/* A receipt as --save-receipt or --json left it: the object itself, or {"receipt": …}. */
int cli_read_receipt(const cli_t *cli, const char *path, receipt_t *receipt);
/* A whole number without sign. false: it is none. */
bool cli_number(const char *text, uint64_t *number);
/* An id that goes into a file name and into the ledger: letters, digits, dot, hyphen, underscore; no dot in front. */
bool cli_is_slug(const char *text);
/* "2021-07-31", "2021-07-31T09:00", "2021-07-31T09:00:30" in local time → ms since 1970 UTC. */
bool cli_instant(const char *text, int64_t offset_minutes, int64_t *at_ms);
/* "2021-08-25 23:59" local. */
text_t cli_when(const cli_t *cli, int64_t offset_minutes, int64_t at_ms);
text_t cli_due(const cli_t *cli, int64_t offset_minutes, uint64_t due_ms); /* "2021-08-25 24:00", of a deadline: see due_shown */

/* --- tables for people --- */
enum { COLUMNS = 10 };
typedef struct {
    text_t cells[COLUMNS];
    const char *colour; /* of the whole row; NULL: none */
} row_t;
typedef struct {
    row_t *rows;
    size_t count;
    size_t room;
    size_t columns;
    bool right[COLUMNS]; /* aligned to the right */
} sheet_t;
void sheet_add(sheet_t *sheet, const text_t *cells, size_t columns, const char *colour);
void sheet_print(const cli_t *cli, const sheet_t *sheet, FILE *out); /* the first row is the head */
void sheet_destroy(sheet_t *sheet);
extern const char *const colour_red, *const colour_yellow, *const colour_green, *const colour_grey;

void cli_print_json(json_t *json); /* one line on stdout; takes the reference */
/* An amount in full, never rounded: 12345.67元, 35名; – where there is none. `indicator` may be NULL. */
text_t cli_amount(const cli_t *cli, const indicator_t *indicator, maybe_t amount);
/* One reason: code, path, sentence, and the explanation with which it passed; `indent` blanks in front. */
void cli_print_reason(const cli_t *cli, const reason_t *reason, unsigned indent, FILE *out);

/* Month and running total of each figure, in full: who typed the one sees the other; and what was typed and no longer agrees. */
void cli_print_figures(cli_t *cli, const figure_standing_t *figures, uint32_t count);

/* Every fault of a plan file as FILE:line:col: sentence. Returns EX_DATAERR. */
int cli_print_faults(const cli_t *cli, const char *file, const file_fault_t *faults, uint32_t count);

/* --- the adopted plan, as init kept it in HOME/plan.yaml --- */
/* NULL: no home was entered, or it keeps no plan. Lives as long as the cli_t. */
const planbook_t *cli_plan(cli_t *cli);
int64_t cli_offset(cli_t *cli);              /* minutes east of UTC; 480 without a plan */
text_t cli_unit_name(cli_t *cli, text_t id); /* the id itself where the plan has no such unit */
text_t cli_task_name(cli_t *cli, text_t id);
/* The unit that is meant by an id, or else by a name: an id comes first. An empty text if there is none. */
text_t cli_unit_named(cli_t *cli, const char *text);
/* The same of an indicator; NULL: there is none, or no plan. And of a task: what was typed where the plan has none of that name. */
const indicator_t *cli_indicator_named(cli_t *cli, const char *text);
text_t cli_task_named(cli_t *cli, const char *text);

/* --- the verbs --- */
int verb_init(cli_t *cli);
int verb_up(cli_t *cli);
int verb_down(cli_t *cli);
int verb_status(cli_t *cli);
int verb_plan_check(cli_t *cli);
int verb_plan_show(cli_t *cli);
int verb_deadline(cli_t *cli);
int verb_amount(cli_t *cli);
int verb_dictionary(cli_t *cli);
int verb_key_new(cli_t *cli);
int verb_key_revoke(cli_t *cli);
int verb_unit_add(cli_t *cli);
int verb_unit_list(cli_t *cli);
int verb_user_add(cli_t *cli);
int verb_user_list(cli_t *cli);
int verb_user_revoke(cli_t *cli);
int verb_token_new(cli_t *cli);
int verb_report_return(cli_t *cli);
int verb_report_approve(cli_t *cli);
int verb_decisions(cli_t *cli);
int verb_measure_add(cli_t *cli);
int verb_measure_change(cli_t *cli);
int verb_measure_done(cli_t *cli);
int verb_measure_withdraw(cli_t *cli);
int verb_measure_list(cli_t *cli);
int verb_measure_history(cli_t *cli);
int verb_report_enter(cli_t *cli);
int verb_report_nil(cli_t *cli);
int verb_extension_grant(cli_t *cli);
int verb_extension_deny(cli_t *cli);
int verb_extension_request(cli_t *cli);
int verb_extension_list(cli_t *cli);
int verb_outage_declare(cli_t *cli);
int verb_unit_valid(cli_t *cli);
int verb_officer_add(cli_t *cli);
int verb_officer_revoke(cli_t *cli);
int verb_officer_list(cli_t *cli);
int verb_report_send(cli_t *cli);
int verb_report_check(cli_t *cli);
int verb_report_status(cli_t *cli);
int verb_report_template(cli_t *cli);
int verb_late(cli_t *cli);
int verb_missing(cli_t *cli);
int verb_obligations(cli_t *cli);
int verb_history(cli_t *cli);
int verb_verify_totals(cli_t *cli);
int verb_life(cli_t *cli);
int verb_rules(cli_t *cli);
int verb_progress(cli_t *cli);
int verb_warnings(cli_t *cli);
int verb_warnings_proof(cli_t *cli);
int verb_warning_ack(cli_t *cli);
int verb_remind(cli_t *cli);
int verb_follows(cli_t *cli);
int verb_warning_silence(cli_t *cli);
int verb_warning_unsilence(cli_t *cli);
int verb_warning_silences(cli_t *cli);
int verb_figures(cli_t *cli);
int verb_claims(cli_t *cli);
int verb_credit(cli_t *cli);
int verb_person_erase(cli_t *cli);
int verb_evidence_send(cli_t *cli);
int verb_evidence_get(cli_t *cli);
int verb_evidence_list(cli_t *cli);
int verb_evidence_check(cli_t *cli);
int verb_evidence_erase(cli_t *cli);
int verb_contact_add(cli_t *cli);
int verb_contact_list(cli_t *cli);
int verb_contact_erase(cli_t *cli);
int verb_route_add(cli_t *cli);
int verb_route_list(cli_t *cli);
int verb_route_erase(cli_t *cli);
int verb_notify_test(cli_t *cli);
int verb_notices(cli_t *cli);
int verb_notices_dead(cli_t *cli);
int verb_notices_retry(cli_t *cli);
int verb_bulletin(cli_t *cli);
int verb_bulletin_announce(cli_t *cli);
int verb_bulletin_publish(cli_t *cli);
int verb_objections(cli_t *cli);
int verb_object(cli_t *cli);
int verb_objection_answer(cli_t *cli);
int verb_ledger(cli_t *cli);
int verb_score(cli_t *cli);
int verb_calendar(cli_t *cli);
int verb_summary(cli_t *cli);
int verb_summary_announce(cli_t *cli);
int verb_summary_publish(cli_t *cli);
int verb_tail(cli_t *cli);
int verb_clock_advance(cli_t *cli);
int verb_clock_show(cli_t *cli);
int verb_door_down(cli_t *cli);
int verb_door_up(cli_t *cli);
int verb_plan_amend(cli_t *cli);
int verb_plan_close(cli_t *cli);
int verb_plan_seal(cli_t *cli);
int verb_rehearse(cli_t *cli);
int verb_backup(cli_t *cli);
int verb_restore(cli_t *cli);
int verb_quarantine(cli_t *cli);
int verb_retry(cli_t *cli);

#endif
