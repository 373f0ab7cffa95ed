/* `minning evidence`: files behind the reports: sent, fetched, listed, held against the ledger, erased. */
#include "services/minning/ask.h"
#include "services/minning/evidence_files.h"
#include "services/minning/walk.h"

#include "proto/crypto.h"
#include "services/stage/home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHECK_MS = 60000, FETCH_SILENCE_MS = 120000, EXIT_DIFFERS = 1 };

static int hash_read(const cli_t *cli, const char *hex, uint8_t sha256[HASH_SIZE]) {
    if (hex_read(text_of(hex), sha256, HASH_SIZE)) return EXIT_WELL;
    return cli_fail(cli, EX_USAGE, "哈希应为 64 位十六进制", "a hash is 64 hexadecimal digits", hex);
}

static err_t ask_evidence(cli_t *cli, const message_t *ask, const void *question, const message_t *answer, void *value,
                          refusal_t *refusal) {
    link_start();
    return link_ask(HOME_EVIDENCE_OPERATOR, ask, question, answer, value, refusal, cli->arena, CHECK_MS);
}

/* --- send --- */

int verb_evidence_send(cli_t *cli) {
    talk_t talk = {0};
    evidence_files_t files = {0};
    int exit_code = EXIT_WELL;
    crypto_start();
    for (size_t index = 0; exit_code == EXIT_WELL && index < cli->arg_count; index++)
        exit_code = evidence_file_add(cli, &files, cli->args[index]);
    if (exit_code == EXIT_WELL) exit_code = talk_open(cli, &talk);
    if (exit_code == EXIT_WELL) exit_code = evidence_files_send(&talk, &files, NULL);
    unit_close(&talk.link);
    evidence_files_close(&files);
    return exit_code;
}

/* --- get --- */

typedef struct {
    cli_t *cli;
    int fd;
    const char *path; /* NULL: standard output */
    sha256_t hash;
} getting_t;

static int getting_open(cli_t *cli, getting_t *self) {
    *self = (getting_t){.cli = cli, .fd = STDOUT_FILENO, .path = cli_option(cli, OPTION_output)};
    sha256_begin(&self->hash);
    if (self->path == NULL && isatty(STDOUT_FILENO))
        return cli_fail(cli, EX_USAGE, "请用 -o FILE 指定存到哪里", "say where to put it: -o FILE", NULL);
    if (self->path != NULL) self->fd = openat(cli->start_dir, self->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (self->fd >= 0) return EXIT_WELL;
    return cli_fail(cli, EX_CANTCREAT, "无法写入（已存在？）", "cannot write (is it there already?)", self->path);
}

static bool part_write(void *getting, const evidence_told_t *part) {
    getting_t *self = getting;
    sha256_add(&self->hash, part->bytes);
    for (uint32_t at = 0; at < part->bytes.size;) {
        ssize_t put = write(self->fd, part->bytes.at + at, part->bytes.size - at);
        if (put < 0 && errno != EINTR) return false;
        if (put > 0) at += (uint32_t)put;
    }
    return true;
}

static err_t get_as_operator(getting_t *self, const uint8_t sha256[HASH_SIZE], refusal_t *refusal) {
    evidence_fetch_t fetch = {0};
    evidence_told_t told = {.size = 1};
    err_t err = OK;
    memcpy(fetch.sha256, sha256, HASH_SIZE);
    while (err == OK && fetch.offset < told.size) {
        err = ask_evidence(self->cli, evidence_fetch_type(), &fetch, evidence_told_type(), &told, refusal);
        if (err == OK && told.bytes.size == 0) err = ERR_BAD;
        if (err == OK && !part_write(self, &told)) err = ERR_SYSTEM;
        fetch.offset += told.bytes.size;
    }
    return err;
}

static int get_as_unit(getting_t *self, const uint8_t sha256[HASH_SIZE], err_t *err, refusal_t *refusal) {
    talk_t talk = {0};
    unit_sink_t sink = {self, part_write};
    int exit_code = talk_open(self->cli, &talk);
    if (exit_code == EXIT_WELL) *err = unit_evidence_fetch(talk.link, sha256, &sink, FETCH_SILENCE_MS, self->cli->arena, refusal);
    unit_close(&talk.link);
    return exit_code;
}

int verb_evidence_get(cli_t *cli) {
    uint8_t sha256[HASH_SIZE], got[HASH_SIZE];
    getting_t getting;
    refusal_t refusal = {0};
    err_t err = OK;
    crypto_start();
    bool unit = cli_option(cli, OPTION_unit) != NULL || cli_option(cli, OPTION_key) != NULL;
    int exit_code = hash_read(cli, cli->args[0], sha256);
    if (exit_code == EXIT_WELL && !unit) exit_code = cli_enter(cli);
    if (exit_code == EXIT_WELL) exit_code = getting_open(cli, &getting);
    if (exit_code != EXIT_WELL) return exit_code;
    if (unit) exit_code = get_as_unit(&getting, sha256, &err, &refusal);
    else err = get_as_operator(&getting, sha256, &refusal);
    sha256_end(&getting.hash, got);
    if (exit_code == EXIT_WELL && err == ERR_SYSTEM)
        exit_code = cli_fail(cli, EX_IOERR, "写文件出错", "cannot write the file", getting.path);
    else if (exit_code == EXIT_WELL && err != OK) exit_code = cli_fail_err(cli, err, "vault", &refusal);
    else if (exit_code == EXIT_WELL && memcmp(sha256, got, HASH_SIZE) != 0)
        exit_code = cli_fail(cli, EX_DATAERR, "取回的内容与哈希不符", "what came does not have that hash", cli->args[0]);
    if (getting.path != NULL && (close(getting.fd) != 0 || exit_code != EXIT_WELL)) unlinkat(cli->start_dir, getting.path, 0);
    return exit_code;
}

/* --- list --- */

static void print_row(cli_t *cli, const evidence_row_t *row) {
    if (cli->json) {
        cli_print_json(message_to_json(evidence_row_type(), row));
        return;
    }
    const char *state = row->erased_ms > 0 ? cli_say(cli, "已删除", "erased")
                                           : cli_say(cli, WORD_ZH(file_scan, row->scan), WORD_EN(file_scan, row->scan));
    text_t hash = hex_of(row->sha256, HASH_SIZE, cli->arena);
    printf(TEXT_FORMAT "  " TEXT_FORMAT "  %8llu KiB  " TEXT_FORMAT "  %s\n", TEXT_ARGS(hash),
           TEXT_ARGS(cli_unit_name(cli, row->unit)), (unsigned long long)((row->size + 1023) / 1024),
           TEXT_ARGS(CLI_WORD_OF(cli, file_type, row->type)), state);
}

int verb_evidence_list(cli_t *cli) {
    evidence_list_ask_t ask = {0};
    evidence_list_t list = {.more = true};
    refusal_t refusal = {0};
    int exit_code = cli_enter(cli);
    if (exit_code == EXIT_WELL && cli_option(cli, OPTION_unit) != NULL) {
        ask.unit = cli_unit_named(cli, cli_option(cli, OPTION_unit));
        if (ask.unit.size == 0)
            return cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", cli_option(cli, OPTION_unit));
    }
    while (exit_code == EXIT_WELL && list.more) {
        err_t err = ask_evidence(cli, evidence_list_ask_type(), &ask, evidence_list_type(), &list, &refusal);
        if (err != OK) return cli_fail_err(cli, err, "vault", &refusal);
        for (uint32_t index = 0; index < list.rows_count; index++) print_row(cli, &list.rows[index]);
        if (list.rows_count == 0) break;
        ask.after_unit = list.rows[list.rows_count - 1].unit;
        memcpy(ask.after, list.rows[list.rows_count - 1].sha256, HASH_SIZE);
    }
    return exit_code;
}

/* --- check --- */

/* One file that the ledger names, and the first entry that does. */
typedef struct {
    uint8_t sha256[HASH_SIZE];
    text_t unit, task, period, name;
    uint64_t seq;
} named_t;

typedef struct {
    named_t *rows;
    size_t count, room;
    uint64_t whole, missing, damaged, erased;
} checking_t;

static void named_add(cli_t *cli, checking_t *self, const report_received_t *entry, const uint8_t sha256[HASH_SIZE], text_t name,
                      uint64_t seq) {
    if (bytes_are_zero(sha256, HASH_SIZE)) return;
    if (self->count == self->room) {
        self->room = self->room == 0 ? 256 : self->room * 2;
        self->rows = realloc(self->rows, self->room * sizeof *self->rows);
        ASSERT(self->rows != NULL);
    }
    named_t *row = &self->rows[self->count++];
    *row = (named_t){.unit = arena_text(cli->arena, entry->unit), .task = arena_text(cli->arena, entry->report.task), .seq = seq};
    row->period = arena_text(cli->arena, entry->report.period);
    row->name = arena_text(cli->arena, name);
    memcpy(row->sha256, sha256, HASH_SIZE);
}

static void entry_look(cli_t *cli, checking_t *self, const event_t *event, arena_t *arena) {
    report_received_t entry;
    fault_t fault;
    if (event->kind != KIND_report_received || event_body(event, report_received_type(), arena, &entry, &fault) != OK) return;
    const report_t *report = &entry.report;
    for (uint32_t index = 0; index < report->evidence_count; index++)
        named_add(cli, self, &entry, report->evidence[index].sha256, report->evidence[index].name, event->seq);
    for (uint32_t figure = 0; figure < report->figures_count; figure++)
        for (uint32_t item = 0; item < report->figures[figure].items_count; item++)
            named_add(cli, self, &entry, report->figures[figure].items[item].evidence, (text_t){NULL, 0}, event->seq);
}

/* By hash, then by entry: the first that names it tells of it. */
static int named_compare(const void *a, const void *b) {
    const named_t *left = a, *right = b;
    int by_hash = memcmp(left->sha256, right->sha256, HASH_SIZE);
    return by_hash != 0 ? by_hash : left->seq < right->seq ? -1 : left->seq > right->seq;
}

static void print_named(cli_t *cli, const named_t *row, const char *word, const evidence_checked_t *told) {
    text_t hash = hex_of(row->sha256, HASH_SIZE, cli->arena);
    if (cli->json) {
        json_t *json = message_to_json(evidence_checked_type(), told);
        json_object_set_new(json, "seq", json_integer((json_int_t)row->seq));
        json_object_set_new(json, "unit", json_stringn(row->unit.at, row->unit.size));
        json_object_set_new(json, "name", json_stringn(row->name.at == NULL ? "" : row->name.at, row->name.size));
        cli_print_json(json);
        return;
    }
    printf("%s  " TEXT_FORMAT "  " TEXT_FORMAT "  " TEXT_FORMAT "  " TEXT_FORMAT "  ", word,
           TEXT_ARGS(cli_unit_name(cli, row->unit)), TEXT_ARGS(cli_task_name(cli, row->task)), TEXT_ARGS(row->period),
           TEXT_ARGS(row->name));
    printf(cli_say(cli, "第 %llu 条  " TEXT_FORMAT "\n", "entry %llu  " TEXT_FORMAT "\n"), (unsigned long long)row->seq,
           TEXT_ARGS(hash));
}

static int named_check(cli_t *cli, checking_t *self, const named_t *row) {
    evidence_check_ask_t ask = {0};
    evidence_checked_t told = {0};
    refusal_t refusal = {0};
    memcpy(ask.sha256, row->sha256, HASH_SIZE);
    err_t err = ask_evidence(cli, evidence_check_ask_type(), &ask, evidence_checked_type(), &told, &refusal);
    if (err != OK) return cli_fail_err(cli, err, "vault", &refusal);
    const char *word = NULL;
    if (told.erased_ms > 0) self->erased++, word = cli_say(cli, "已删除", "erased");
    else if (!told.there) self->missing++, word = cli_say(cli, "缺失", "missing");
    else if (!told.whole) self->damaged++, word = cli_say(cli, "损坏", "damaged");
    else self->whole++;
    if (word != NULL || cli->json) print_named(cli, row, word, &told);
    return EXIT_WELL;
}

static int ledger_walk(cli_t *cli, checking_t *self) {
    walk_t *walk = NULL;
    event_t event;
    bool there = true;
    int exit_code = walk_open(cli, STREAM_ENTRIES, &walk);
    while (exit_code == EXIT_WELL && there) {
        exit_code = walk_next(walk, 0, &event, &there);
        if (exit_code == EXIT_WELL && there) entry_look(cli, self, &event, walk_arena(walk));
    }
    walk_close(&walk);
    return exit_code;
}

int verb_evidence_check(cli_t *cli) {
    checking_t checking = {0};
    int exit_code = cli_enter(cli);
    if (exit_code == EXIT_WELL) exit_code = ledger_walk(cli, &checking);
    if (checking.count > 0) qsort(checking.rows, checking.count, sizeof *checking.rows, named_compare);
    for (size_t index = 0; exit_code == EXIT_WELL && index < checking.count; index++)
        if (index == 0 || memcmp(checking.rows[index].sha256, checking.rows[index - 1].sha256, HASH_SIZE) != 0)
            exit_code = named_check(cli, &checking, &checking.rows[index]);
    free(checking.rows);
    if (exit_code != EXIT_WELL) return exit_code;
    if (!cli->json)
        printf(cli_say(cli, "账本所列佐证：%llu 个完好，%llu 个缺失，%llu 个损坏，%llu 个已依规定删除\n",
                       "evidence that the ledger names: %llu whole, %llu missing, %llu damaged, %llu erased on purpose\n"),
               (unsigned long long)checking.whole, (unsigned long long)checking.missing, (unsigned long long)checking.damaged,
               (unsigned long long)checking.erased);
    return checking.missing + checking.damaged > 0 ? EXIT_DIFFERS : EXIT_WELL;
}

/* --- erase --- */

int verb_evidence_erase(cli_t *cli) {
    evidence_erase_t what = {0};
    evidence_erased_t erased = {0};
    refusal_t refusal = {0};
    int exit_code = hash_read(cli, cli->args[0], what.sha256);
    if (exit_code == EXIT_WELL) exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    err_t err = ask_evidence(cli, evidence_erase_type(), &what, evidence_erased_type(), &erased, &refusal);
    if (err != OK) return cli_fail_err(cli, err, "vault", &refusal);
    if (cli->json)
        cli_print_json(message_to_json(evidence_erased_type(), &erased));
    else
        printf("%s %s\n",
               erased.erased ? cli_say(cli, "已删除", "erased") : cli_say(cli, "没有这个文件", "there is no such file"),
               cli->args[0]);
    return erased.erased ? EXIT_WELL : EX_DATAERR;
}
