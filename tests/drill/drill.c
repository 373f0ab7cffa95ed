/* The drill: a disk is lost between two backups. What the backup held is back, what it did not hold is sent again with its
 * receipt and keeps its instant, and nobody is warned twice. usage: drill BIN_FOLDER PLAN */
#include "tests/drill/system.h"

#include <dirent.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/receipt.h"
#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "tests/sim/pump.h"

enum { EARLY, PUNCTUAL, LATE, BUSY, SILENT, STREAMED = 4000 };

/* What a unit keeps: what it sent, and its receipt. */
typedef struct {
    report_t report;
    receipt_t receipt;
} sent_t;

static system_t the_system, *here = &the_system;
static const char *backup_folder;
static sent_t early, punctual, late, streamed[STREAMED];
static uint32_t streamed_count;
static uint64_t fork_seq; /* last entry of the backup */

static void say(const char *what) { printf("  %s\n", what); }

static sent_t send_new(uint32_t unit, report_t report) {
    unit_outcome_t outcome = system_send(here, unit, &report, NULL);
    MUST(here, outcome.received && outcome.judged && outcome.verdict.accepted && !outcome.receipt.duplicate);
    return (sent_t){report, outcome.receipt};
}

/* --- before --- */

/* One unit corrects its report again and again while the backup is taken: what is copied does not stand still. */
static void backup_while_reports_come(void) {
    backup_folder = system_file(here, "backup");
    const char *log = system_file(here, "backup.log");
    const char *words[] = {"minning", "--home", here->home, "--json", "backup", backup_folder, NULL};
    pid_t pid = system_start(here, words, log);
    for (int status = 0; kill(pid, 0) == 0 && streamed_count < STREAMED;) {
        report_t report = system_report(here, 100 + streamed_count);
        report.replaces = streamed_count;
        streamed[streamed_count++] = send_new(BUSY, report);
        if (waitpid(pid, &status, WNOHANG) != pid) continue;
        MUST(here, WIFEXITED(status) && WEXITSTATUS(status) == 0);
        return;
    }
    MUST(here, system_finish(pid) == 0);
}

static uint64_t backup_seq(void) {
    json_error_t error;
    const char *path = system_file(here, "backup/backup.json");
    json_t *json = json_load_file(path, 0, &error);
    uint64_t seq = (uint64_t)json_integer_value(json_object_get(json, "seq"));
    json_decref(json);
    MUST(here, seq > 0);
    return seq;
}

/* --- what Redis holds --- */

typedef struct {
    char key[48]; /* warning id and state */
    unsigned long long epoch;
} told_once_t;

static int told_compare(const void *a, const void *b) { return strcmp(a, b); }

/* Every state of every warning stands in the stream once. Counts entries by epoch. */
static void check_redis(uint32_t by_epoch[4]) {
    redisContext *redis = redisConnectUnix(HOME_REDIS);
    MUST(here, redis != NULL && redis->err == 0);
    redisReply *all = redisCommand(redis, "XRANGE minning:v1:cangshan-2021:warnings - +");
    MUST(here, all != NULL && all->type == REDIS_REPLY_ARRAY);
    told_once_t *told = calloc(all->elements + 1, sizeof *told);
    memset(by_epoch, 0, 4 * sizeof *by_epoch);
    for (size_t index = 0; index < all->elements; index++) {
        const redisReply *entry = all->element[index];
        json_error_t error;
        json_t *json = json_loads(entry->element[1]->element[1]->str, 0, &error);
        snprintf(told[index].key, sizeof told[index].key, "%s %s", json_string_value(json_object_get(json, "id")),
                 json_string_value(json_object_get(json, "state")));
        told[index].epoch = strtoull(entry->element[0]->str, NULL, 10);
        MUST(here, told[index].epoch < 4);
        by_epoch[told[index].epoch]++;
        json_decref(json);
    }
    qsort(told, all->elements, sizeof *told, told_compare);
    for (size_t index = 1; index < all->elements; index++) MUST(here, strcmp(told[index].key, told[index - 1].key) != 0);
    free(told);
    freeReplyObject(all);
    redisFree(redis);
}

/* --- what was mailed --- */

static void somebody_is_to_be_mailed(void) {
    MUST(here, RUN(here, "route", "add", "mail", "mail", "--url", "smtps://mail.example.org", "--sender", "m@example.org") == 0);
    for (uint32_t unit = 0; unit < SYSTEM_UNITS; unit++)
        MUST(here, RUN(here, "contact", "add", here->units[unit], here->units[unit], "--mail", "clerk@example.org") == 0);
}

static int id_compare(const void *a, const void *b) { return memcmp(a, b, 32); }

/* No notice stands in two mails of the maildir; how many there are. Whatever is under way has arrived. */
static uint32_t check_outbox(void) {
    static char ids[8192][32];
    uint32_t count = 0;
    system_settle(here);
    UNTIL(here, system_health(here, "notifier").published >= system_health(here, "alerting").out_head);
    DIR *folder = opendir("outbox/new");
    MUST(here, folder != NULL);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        text_t mail;
        if (entry->d_name[0] == '.') continue;
        MUST(here, home_read(arena_format(here->arena, "outbox/new/%s", entry->d_name).at, here->arena, 1 << 20, &mail) == OK);
        static const char mark[] = "X-Minning-Notice: ";
        for (const char *at = mail.at; (at = strstr(at, mark)) != NULL; at += sizeof mark) {
            MUST(here, count < sizeof ids / sizeof ids[0]);
            memcpy(ids[count++], at + sizeof mark - 1, 32);
        }
    }
    closedir(folder);
    qsort(ids, count, sizeof ids[0], id_compare);
    for (uint32_t index = 1; index < count; index++) MUST(here, memcmp(ids[index], ids[index - 1], 32) != 0);
    return count;
}

/* --- the disaster --- */

/* One stage's disk lives on, ahead of the backup. */
static void lose_the_disk(const char *survivor) {
    static const char *const gone[] = {"data/intake", "data/validation", "data/aggregation", "data/alerting",
                                       "data/vault",  "data/evidence"};
    MUST(here, rename(survivor, "survived") == 0);
    for (size_t index = 0; index < sizeof gone / sizeof gone[0]; index++) pump_remove(gone[index]);
}

static void put_back(const char *survivor) {
    pump_remove(survivor);
    MUST(here, rename("survived", survivor) == 0);
}

static void restored_as(uint64_t fork, uint64_t epoch) {
    char text[64];
    snprintf(text, sizeof text, "\"fork_seq\":%llu,", (unsigned long long)fork);
    MUST(here, system_has(here, text));
    snprintf(text, sizeof text, "\"epoch\":%llu,", (unsigned long long)epoch);
    MUST(here, system_has(here, text));
}

/* A unit's newest receipt says how much is known to be lost. */
static void restore_with_receipt(void) {
    const char *receipt = system_file(here, "late.receipt");
    char text[64];
    json_t *json = message_to_json(receipt_type(), &late.receipt);
    MUST(here, json_dump_file(json, receipt, 0) == 0);
    json_decref(json);
    MUST(here, RUN(here, "--json", "restore", backup_folder, here->home, "--receipt", receipt) == 0);
    restored_as(fork_seq, 2);
    snprintf(text, sizeof text, "\"last_head_seq\":%llu,", (unsigned long long)late.receipt.head_seq);
    MUST(here, system_has(here, text));
}

/* Nobody tells what was there; the home remembers which epochs there were. Of a stage whose copy has rotted the store is left out,
 * and what it had told comes back all the same. */
static void restore_alone(void) {
    MUST(here, truncate(arena_format(here->arena, "%s/alerting/data.mdb", backup_folder).at, 4096) == 0);
    MUST(here, RUN(here, "--json", "restore", backup_folder, here->home) == 0);
    MUST(here, access("data/alerting/data.mdb", F_OK) != 0 && access("data/alerting/published", R_OK) == 0);
    MUST(here, access("data/alerting/published.told", R_OK) == 0);
    restored_as(fork_seq, 3);
}

/* --- sent again --- */

/* A lost report gets a new entry and its old instant; one that the backup held is a duplicate, receipt or not. */
static void send_again(uint32_t unit, sent_t *sent, uint64_t fork, uint64_t epoch) {
    bool lost = sent->receipt.seq > fork;
    unit_outcome_t outcome = system_send(here, unit, &sent->report, &sent->receipt);
    MUST(here, outcome.received && outcome.judged && outcome.verdict.accepted);
    MUST(here, outcome.receipt.duplicate == !lost);
    MUST(here, (outcome.receipt.seq > fork) == lost);
    MUST(here, outcome.receipt.epoch == epoch);
    MUST(here, outcome.receipt.received_ms == sent->receipt.received_ms);
    MUST(here, outcome.verdict.received_ms == sent->receipt.received_ms);
    MUST(here, outcome.receipt.backup_seq == fork);
    unit_outcome_t again = system_send(here, unit, &sent->report, &sent->receipt);
    MUST(here, again.received && again.receipt.duplicate && again.receipt.seq == outcome.receipt.seq);
    sent->receipt = outcome.receipt;
}

static void is_refused(uint32_t unit, const report_t *report, const receipt_t *receipt, const char *path) {
    unit_outcome_t outcome = system_send(here, unit, report, receipt);
    MUST(here, outcome.refused && text_is(outcome.refusal.reasons[0].code, "receipt_invalid"));
    MUST(here, text_is(outcome.refusal.reasons[0].path, path));
}

/* Nobody gets an instant that the ledger did not give him. */
static void forgeries_are_refused(void) {
    receipt_t forged = late.receipt;
    forged.received_ms -= 3 * 86400000;
    is_refused(LATE, &late.report, &forged, "receipt.seal");
    is_refused(SILENT, &late.report, &late.receipt, "receipt.seal"); /* another unit's */
    report_t other = late.report;
    uuid7_new(clock_wall_ms(), other.submission_id);
    is_refused(LATE, &other, &late.receipt, "receipt.submission_id");
    forged = late.receipt;
    forged.signature[7] ^= 1;
    is_refused(LATE, &late.report, &forged, "receipt.signature");
    forged = late.receipt;
    forged.epoch = 2;
    is_refused(LATE, &late.report, &forged, "receipt.epoch");
}

/* By the command line, from a file, as a clerk would. */
static void send_again_by_hand(void) {
    const char *file = system_file(here, "punctual.json"), *receipt = system_file(here, "punctual.receipt");
    const char *kept = system_file(here, "punctual.new");
    json_t *report = message_to_json(report_type(), &punctual.report),
           *old = message_to_json(receipt_type(), &punctual.receipt);
    MUST(here, json_dump_file(report, file, 0) == 0 && json_dump_file(old, receipt, 0) == 0);
    MUST(here,
         RUN(here, "report", "send", file, "--unit", here->units[PUNCTUAL], "--receipt", receipt, "--save-receipt", kept) == 0);
    MUST(here, RUN(here, "report", "status", "consumption", "2021-08", "--unit", here->units[PUNCTUAL]) == 0);
    MUST(here, system_has(here, "revision 1 stands; first valid report received 2021-08-24 10:00"));
    json_error_t error;
    json_t *json = json_load_file(kept, 0, &error);
    MUST(here, json_integer_value(json_object_get(json, "received_ms")) == (json_int_t)punctual.receipt.received_ms);
    MUST(here, json_integer_value(json_object_get(json, "epoch")) == 2);
    json_decref(json);
    json_decref(report);
    json_decref(old);
}

typedef struct {
    obligation_changed_t early, punctual, late;
    uint64_t sales;
} standing_figures_t;

static standing_figures_t figures_now(void) {
    return (standing_figures_t){system_obligation(here, EARLY), system_obligation(here, PUNCTUAL),
                                system_obligation(here, LATE), system_sales(here)};
}

static void same_obligation(const obligation_changed_t *was, const obligation_changed_t *is) {
    MUST(here, is->standing == was->standing && is->timeliness == was->timeliness && is->days_late == was->days_late);
    MUST(here, is->first_valid_ms == was->first_valid_ms && is->revision == was->revision);
}

static void same_figures(const standing_figures_t *was, const standing_figures_t *is) {
    same_obligation(&was->early, &is->early);
    same_obligation(&was->punctual, &is->punctual);
    same_obligation(&was->late, &is->late);
    MUST(here, is->sales == was->sales);
}

/* --- busy --- */

static void set_reserve(const char *mib) {
    arena_t *arena = here->arena;
    text_t conf;
    MUST(here, home_read(HOME_CONF, arena, 65536, &conf) == OK);
    const char *begin = conf.at, *ours = memmem(conf.at, conf.size, "\nintake\n", 8);
    text_t kept = {begin, ours == NULL ? conf.size : (uint32_t)(ours - begin)};
    MUST(here,
         home_write(HOME_CONF, arena_format(arena, TEXT_FORMAT "\nintake\n    reserve_mib = \"%s\"\n", TEXT_ARGS(kept), mib),
                    0600) == OK);
    uint64_t pid = system_health(here, "intake").pid;
    system_kill(here, "intake");
    UNTIL(here, system_health(here, "intake").pid != pid);
}

/* Less is free than is to stay free: the unit is told when to come again, does, and once there is room its report is in. */
static void a_full_disk_is_told_to_the_client(void) {
    report_t report = system_report(here, 7000);
    unit_outcome_t outcome = {0};
    set_reserve("99999999");
    UNTIL(here, system_health(here, "intake").note.size > 0);
    int64_t begun_ms = clock_steady_ms();
    err_t err = unit_report(here->links[SILENT], &report, clock_wall_ms(), 1800, here->arena, &outcome);
    MUST(here, err == ERR_TIMEOUT && outcome.busy && !outcome.received && outcome.retry_after_ms == LIMIT_BUSY_RETRY_MS);
    MUST(here, clock_steady_ms() - begun_ms < 3000);
    const char *file = system_file(here, "busy.json"), *log = system_file(here, "waiting.log");
    json_t *json = message_to_json(report_type(), &report);
    MUST(here, json_dump_file(json, file, 0) == 0);
    json_decref(json);
    MUST(here, RUN(here, "report", "send", file, "--unit", here->units[SILENT], "--timeout", "1") == 75);
    MUST(here, system_has(here, "nothing was kept: again after: 500 ms"));
    MUST(here, RUN(here, "status") != 0 && system_has(here, "BUSY"));
    const char *words[] = {"minning", "--home", here->home, "report", "send", file, "--unit", here->units[SILENT], NULL};
    pid_t waiting = system_start(here, words, log);
    set_reserve("64");
    MUST(here, system_finish(waiting) == 0); /* it came again by itself */
    unit_outcome_t known = system_send(here, SILENT, &report, NULL);
    MUST(here, known.received && known.receipt.duplicate);
}

/* --- evidence --- */

/* A file of a unit: one that lies in the backup, one that came after it. */
static const char *evidence_send(const char *name, int filling) {
    const char *file = system_file(here, name), *hash;
    FILE *out = fopen(file, "w");
    MUST(here, out != NULL);
    fputs("%PDF-1.4\n", out);
    for (int index = 0; index < 300000; index++) fputc((index * 31 + filling) % 251, out);
    fputs("\n%%EOF\n", out);
    MUST(here, fclose(out) == 0);
    MUST(here, RUN(here, "evidence", "send", file, "--unit", here->units[EARLY]) == 0);
    hash = strrchr(here->out, ' ');
    MUST(here, hash != NULL && strlen(hash) >= 65);
    return arena_text(here->arena, (text_t){hash + 1, 64}).at;
}

static const char *evidence_backed, *evidence_lost;

/* What the backup held is back, byte for byte; what came after is not there, and is taken again. */
static void evidence_came_back(void) {
    const char *back = system_file(here, "back.pdf");
    unlink(back);
    MUST(here, RUN(here, "evidence", "get", evidence_backed, "-o", back, "--unit", here->units[EARLY]) == 0);
    unlink(back);
    MUST(here, RUN(here, "evidence", "get", evidence_lost, "-o", back, "--unit", here->units[EARLY]) == 65);
    MUST(here, strcmp(evidence_send("after.pdf", 2), evidence_lost) == 0);
    say("evidence: what the backup held is back, what it did not hold is taken again");
}

/* --- the whole --- */

static void life_before(void) {
    system_up(here, true);
    system_register(here);
    somebody_is_to_be_mailed();
    early = send_new(EARLY, system_report(here, 1000000));
    MUST(here, early.receipt.backup_seq == 0);
    system_advance(here, "2021-08-20T10:00"); /* five days before: the first reminders */
    evidence_backed = evidence_send("before.pdf", 1);
    backup_while_reports_come();
    evidence_lost = evidence_send("after.pdf", 2);
    uint64_t seq = backup_seq();
    MUST(here, streamed[0].receipt.seq <= streamed[streamed_count - 1].receipt.seq && streamed_count > 1);
    report_t one_more = system_report(here, 99);
    one_more.replaces = streamed_count;
    streamed[streamed_count++] = send_new(BUSY, one_more);
    MUST(here, streamed[streamed_count - 1].receipt.backup_seq == seq);
    MUST(here, RUN(here, "backup", backup_folder) == 73); /* never over another */
    system_advance(here, "2021-08-24T10:00");
    punctual = send_new(PUNCTUAL, system_report(here, 2000000));
    system_advance(here, "2021-08-26T10:00");
    late = send_new(LATE, system_report(here, 3000000));
    system_settle(here);
}

/* What there was when the disk was lost. */
static uint32_t told_before[4], mailed_before;
static standing_figures_t figures;

static void the_first_life(void) {
    life_before();
    figures = figures_now();
    fork_seq = backup_seq();
    check_redis(told_before);
    mailed_before = check_outbox();
    MUST(here, mailed_before > 0);
    printf("  backup at entry %llu, %u reports while it was taken; ledger of %llu, %u warnings in Redis\n",
           (unsigned long long)fork_seq, streamed_count, (unsigned long long)late.receipt.head_seq, told_before[1]);
    MUST(here, figures.late.days_late == 1 && figures.punctual.timeliness == timeliness_on_time);
    MUST(here, RUN(here, "restore", backup_folder, here->home) == 75); /* not while it runs */
    system_disconnect(here);
    system_down(here);
}

static void the_days_pass_again(void) {
    uint32_t told[4];
    lose_the_disk("data/aggregation");
    restore_with_receipt();
    put_back("data/aggregation");
    system_up(here, true);
    UNTIL(here, system_log_has(here, "aggregation", "event=diverged")); /* a stage of the lost epoch notices, and rebuilds */
    UNTIL(here, RUN(here, "status") == 0);
    system_settle(here);
    say("restored, up, every service well");
    system_connect(here);
    evidence_came_back();
    system_advance(here, "2021-08-26T10:00"); /* reminders are due again */
    check_redis(told);
    MUST(here, told[1] == told_before[1]); /* what was told stays told, and is not told again */
    MUST(here, system_log_has(here, "alerting", "event=told_before"));
    MUST(here, !system_log_has(here, "alerting", "redis_stream_alarm"));
    uint32_t mailed = check_outbox();
    MUST(here, mailed >= mailed_before && system_log_has(here, "notifier", "event=sent_but_not_in_the_ledger"));
    printf("  the days passed again: %u warnings of the lost epoch kept, %u new, none twice\n", told[1], told[2]);
    printf("  nor mailed twice: %u notices before the disaster, %u now\n", mailed_before, mailed);
}

static void what_was_lost_is_sent_again(void) {
    uint32_t lost = 0, told[4];
    forgeries_are_refused();
    send_again_by_hand();
    send_again(EARLY, &early, fork_seq, 2);
    send_again(LATE, &late, fork_seq, 2);
    for (uint32_t index = 0; index < streamed_count; index++) {
        lost += streamed[index].receipt.seq > fork_seq;
        send_again(BUSY, &streamed[index], fork_seq, 2);
    }
    standing_figures_t again = figures_now();
    same_figures(&figures, &again);
    check_redis(told);
    printf("  sent again with receipts: %u lost, %u held by the backup; instants, timeliness and totals as before\n", lost + 2,
           streamed_count - lost + 1);
}

/* From the same backup: the second life's numbers are not used again. */
static void lost_a_second_time(void) {
    uint32_t told[4];
    lose_the_disk("data/alerting");
    restore_alone();
    put_back("data/alerting"); /* it believes that it has told more than there now is */
    system_up(here, true);
    system_settle(here);
    system_connect(here);
    send_again(EARLY, &early, fork_seq, 3);
    send_again(LATE, &late, fork_seq, 3);
    MUST(here, system_obligation(here, LATE).first_valid_ms == figures.late.first_valid_ms);
    system_advance(here, "2021-09-01T10:00");
    system_settle(here);
    check_redis(told);
    MUST(here, told[1] == told_before[1] && told[3] > 0);
    MUST(here, !system_log_has(here, "alerting", "redis_stream_alarm"));
    check_outbox();
    say("lost and restored a second time: epoch 3, the instant is still the first one");
}

int main(int argc, char **argv) {
    if (argc != 3) return fprintf(stderr, "usage: drill BIN_FOLDER PLAN\n"), 64;
    setvbuf(stdout, NULL, _IOLBF, 0);
    int64_t begun_ms = clock_steady_ms();
    system_begin(here, "drill", argv[1], argv[2], "2021-08-20T08:00");
    the_first_life();
    the_days_pass_again();
    what_was_lost_is_sent_again();
    a_full_disk_is_told_to_the_client();
    say("BUSY reached the client, which came again");
    check_outbox(); /* a result that was told busy is told again: it must not come in while the stages leave one by one */
    system_settle(here);
    system_disconnect(here);
    system_down(here);
    system_replays(here);
    say("every stage equals its replay over the restored ledger");
    lost_a_second_time();
    system_end(here);
    printf("drill: 1 passed, 0 failed (%lld ms)\n", (long long)(clock_steady_ms() - begun_ms));
    return 0;
}
