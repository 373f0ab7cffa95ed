/* The whole system against real servers: every channel, what can go wrong there, and kill -9 in the middle. Nobody hears twice what
 * was recorded, nobody misses what was decided, everything is proven in the ledger. */
#include "tests/notify/outside.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "services/stage/clock.h"
#include "services/stage/home.h"

static system_t at;
static system_t *here = &at;
static outside_t out;
static const char *unit; /* who is warned */

enum { UNIT = 0, LIN_AND_CHEN = 2, ATTEMPTS = 4 };

static void say(const char *what) { printf("  %s\n", what); }

/* --- setting up --- */

static void settings_add(void) {
    text_t conf;
    MUST(here, home_read(HOME_CONF, here->arena, 65536, &conf) == OK);
    text_t more = arena_format(here->arena,
                               TEXT_FORMAT "\nnotifier\n    retry_ms = 30\n    attempts = %d\n    timeout_s = 2\n",
                               TEXT_ARGS(conf), ATTEMPTS);
    MUST(here, home_write(HOME_CONF, more, 0600) == OK);
}

static const char *secret_file(const char *name, const char *secret) {
    const char *file = system_file(here, name);
    MUST(here, home_write(file, arena_format(here->arena, "%s\n", secret), 0600) == OK);
    return file;
}

static const char *address(const char *path) {
    return arena_format(here->arena, "http://127.0.0.1:%d/%s", out.http_port, path).at;
}

static void route(const char *channel, const char *path, const char *secret) {
    const char *file = secret_file(channel, secret);
    MUST(here, RUN(here, "route", "add", channel, channel, "--url", address(path), "--secret", file, "--unit", unit,
                   "--plain", "--live") == 0);
}

static void routes_make(void) {
    const char *mail = arena_format(here->arena, "smtp://127.0.0.1:%d", out.mail_port).at;
    const char *password = secret_file("password", "pass-5");
    MUST(here, RUN(here, "route", "add", "letters", "mail", "--url", "http://mail.example.org", "--sender", "m@example.org") == 65);
    MUST(here, system_has(here, "bad_address"));
    MUST(here, RUN(here, "route", "add", "hook", "webhook", "--url", address("webhook")) == 65);
    MUST(here, system_has(here, "not_encrypted"));
    MUST(here, RUN(here, "route", "add", "mail", "mail", "--url", mail, "--sender", "minning@example.org", "--user", "clerk",
                   "--secret", password, "--unit", unit, "--plain", "--live") == 0);
    route("dingtalk", "dingtalk?access_token=t1", "SECdingtalk0001");
    route("feishu", "feishu", "feishu-secret-2");
    route("wecom", "wecom?key=k1", "");
    route("webhook", "webhook", "hook-secret-3");
    route("sms", "sms", "sms-token-4");
    MUST(here, RUN(here, "contact", "add", "lin", unit, "--name", "林某", "--mail", "lin@example.org", "--mobile",
                   "13800138000") == 0);
    MUST(here, RUN(here, "contact", "add", "chen", unit, "--mail", "chen@example.org") == 0);
    MUST(here, RUN(here, "route", "list") == 0 && !system_has(here, "t1") && !system_has(here, "SECding"));
}

static const char *const channels[] = {"mail", "dingtalk", "feishu", "wecom", "webhook", "sms"};
enum { CHANNELS = sizeof channels / sizeof channels[0] };

static size_t taken[CHANNELS]; /* messages at each, so far */

static void count_all(void) {
    for (size_t index = 0; index < CHANNELS; index++) taken[index] = outside_seen(&out, channels[index]);
}

static size_t index_of(const char *channel) {
    for (size_t index = 0; index < CHANNELS; index++)
        if (strcmp(channels[index], channel) == 0) return index;
    MUST(here, false);
    return 0;
}

static size_t fresh(const char *channel) { return outside_seen(&out, channel) - taken[index_of(channel)]; }

/* Everything that was decided has its result in the ledger, and the notifier has heard of that. */
static bool is_quiet(void) {
    health_t notifier = system_health(here, "notifier"), intake = system_health(here, "intake");
    return notifier.published == notifier.in_applied && notifier.cause_seq == intake.out_head;
}

static void quiet(void) {
    system_settle(here);
    UNTIL(here, is_quiet());
}

/* --- the proof, as the notifier tells it --- */

static notices_t notices(void) {
    notices_ask_t ask = {.unit = text_of(unit)};
    notices_t told = {0};
    MUST(here, link_ask("ipc://run/notifier.desk", notices_ask_type(), &ask, notices_type(), &told, NULL, here->arena, 5000) == OK);
    return told;
}

/* The newest results by this channel; how many of them there are. */
static uint32_t results(const char *channel, const char *rung, notice_row_t rows[64]) {
    notices_t all = notices();
    uint32_t count = 0;
    for (uint32_t row = 0; row < all.rows_count; row++) {
        if (!text_is(all.rows[row].rung, rung)) continue;
        for (uint32_t index = 0; index < all.rows[row].results_count && count < 64; index++)
            if (text_is(all.rows[row].results[index].route, channel)) rows[count++] = all.rows[row].results[index];
    }
    return count;
}

/* Every warning of this rung has this outcome by this channel. */
static void proven(const char *channel, const char *rung, bool sent, uint64_t attempt, uint64_t code) {
    notice_row_t rows[64];
    uint32_t count = results(channel, rung, rows);
    MUST(here, count > 0);
    for (uint32_t index = 0; index < count; index++) {
        bool as_told = rows[index].sent == sent && rows[index].attempt == attempt && rows[index].code == code;
        if (!as_told)
            fprintf(stderr, "%s %s: sent=%d attempt=%lu code=%lu why=%d transport=%lu\n", channel, rung, rows[index].sent,
                    (unsigned long)rows[index].attempt, (unsigned long)rows[index].code, (int)rows[index].why,
                    (unsigned long)rows[index].transport);
        MUST(here, as_told);
    }
}

/* --- the acts --- */

static void every_route_can_be_tested(void) {
    MUST(here, RUN(here, "notify", "test", "mail", "lin") == 0 && system_has(here, "delivered"));
    MUST(here, RUN(here, "notify", "test", "mail") == 65 && system_has(here, "unknown_contact"));
    MUST(here, RUN(here, "notify", "test", "nowhere") == 65 && system_has(here, "unknown_route"));
    for (size_t index = 1; index < CHANNELS; index++)
        MUST(here, RUN(here, "notify", "test", channels[index], "lin") == 0);
    for (size_t index = 0; index < CHANNELS; index++) MUST(here, outside_seen(&out, channels[index]) == 1);
    outside_plan(&out, "dingtalk", "errcode310000 ok");
    MUST(here, RUN(here, "notify", "test", "dingtalk") == 69 && system_has(here, "310000"));
    const char *wrong = secret_file("wrong", "another secret");
    MUST(here, RUN(here, "route", "add", "bad", "feishu", "--url", address("feishu"), "--secret", wrong, "--plain",
                   "--live", "--unit", unit) == 0);
    MUST(here, RUN(here, "notify", "test", "bad") == 69 && system_has(here, "19021")); /* the check checks */
    MUST(here, RUN(here, "route", "erase", "bad") == 0);
    MUST(here, notices().rows_count == 0); /* tests are nobody's record */
    say("every route tested; wrong signatures are refused by the independent check");
}

/* Who cannot show a certificate that we believe gets nothing; neither does a relay that will not encrypt. */
static void nothing_leaves_unencrypted_or_to_a_stranger(const char *certificate) {
    text_t conf;
    const char *url = arena_format(here->arena, "https://127.0.0.1:%d/webhook", out.https_port).at;
    const char *secret = secret_file("hook", "hook-secret-3");
    const char *mail = arena_format(here->arena, "smtp://127.0.0.1:%d", out.mail_port).at;
    size_t before = outside_tries(&out, "webhook"), mails = outside_tries(&out, "mail");
    MUST(here, RUN(here, "route", "add", "safe", "webhook", "--url", url, "--secret", secret, "--live", "--unit", unit) == 0);
    MUST(here, RUN(here, "notify", "test", "safe") == 69 && system_has(here, "transport 60"));
    MUST(here, RUN(here, "route", "add", "relay", "mail", "--url", mail, "--sender", "m@example.org", "--live",
                   "--unit", unit) == 0);
    MUST(here, RUN(here, "notify", "test", "relay", "lin") == 69 && system_has(here, "transport 64"));
    MUST(here, outside_tries(&out, "webhook") == before && outside_tries(&out, "mail") == mails);
    MUST(here, home_read(HOME_CONF, here->arena, 65536, &conf) == OK);
    text_t more = arena_format(here->arena, TEXT_FORMAT "    ca_file = \"%s\"\n", TEXT_ARGS(conf), certificate);
    MUST(here, home_write(HOME_CONF, more, 0600) == OK);
    uint64_t pid = system_health(here, "notifier").pid;
    system_kill(here, "notifier");
    UNTIL(here, system_health(here, "notifier").pid != pid);
    UNTIL(here, RUN(here, "notify", "test", "safe") == 0);
    MUST(here, outside_tries(&out, "webhook") == before + 1);
    MUST(here, RUN(here, "route", "erase", "safe") == 0 && RUN(here, "route", "erase", "relay") == 0);
    say("an unknown certificate and a relay without TLS get nothing; a certificate that is named is believed");
}

static void one_moment_is_one_message_on_every_channel(void) {
    count_all();
    system_advance(here, "2021-08-20T09:30");
    quiet();
    uint32_t warnings = notices().rows_count;
    MUST(here, warnings > 1); /* the unit owes several reports */
    MUST(here, fresh("mail") == LIN_AND_CHEN);
    for (size_t index = 1; index < CHANNELS; index++) MUST(here, fresh(channels[index]) == 1);
    MUST(here, outside_seen(&out, "mail") > 0);
    const json_t *mail = outside_message(&out, taken[0]);
    MUST(here, json_array_size(json_object_get(mail, "notices")) == warnings);
    MUST(here, json_array_size(json_object_get(mail, "defects")) == 0 && json_is_true(json_object_get(mail, "rehearsal")));
    MUST(here, strstr(outside_text(&out, taken[0], "subject"), "演练") != NULL);
    MUST(here, strstr(outside_text(&out, taken[0], "text"), "2. ") != NULL);
    MUST(here, outside_seen(&out, "webhook") > 0);
    const json_t *data = json_object_get(outside_message(&out, taken[index_of("webhook")]), "data");
    MUST(here, json_array_size(json_object_get(data, "notices")) == warnings && json_is_true(json_object_get(data, "rehearsal")));
    proven("mail", "T-5", true, 1, 250);
    for (size_t index = 1; index < CHANNELS; index++) proven(channels[index], "T-5", true, 1, 200);
    MUST(here, RUN(here, "notices", "--unit", unit) == 0);
    MUST(here, system_has(here, "delivered (try 1, answer 250)") && system_has(here, "林某"));
    printf("  %u warnings of one moment: one message on each of %d channels, proven\n", warnings, CHANNELS);
}

static void what_fails_is_tried_again_or_given_up(void) {
    count_all();
    outside_plan(&out, "mail", "grey cut full ok ok ok ok ok");
    outside_plan(&out, "dingtalk", "half page status500 ok");
    outside_plan(&out, "feishu", "hang ok");
    outside_plan(&out, "wecom", "errcode-1 moved ok");
    outside_plan(&out, "sms", "status422 ok");
    outside_plan(&out, "webhook", "status503");
    system_advance(here, "2021-08-24T09:30");
    quiet();
    MUST(here, fresh("mail") == LIN_AND_CHEN);
    MUST(here, fresh("dingtalk") == 1 && fresh("feishu") == 1 && fresh("wecom") == 1);
    MUST(here, fresh("sms") == 0 && fresh("webhook") == 0);
    proven("dingtalk", "T-1", true, 4, 200);
    proven("feishu", "T-1", true, 2, 200);
    proven("wecom", "T-1", true, 3, 200);
    proven("sms", "T-1", false, 1, 422);      /* the content is refused: final */
    proven("webhook", "T-1", false, ATTEMPTS, 503); /* a dead letter */
    MUST(here, RUN(here, "notices", "--unit", unit, "--count") == 0 && system_has(here, "given up"));
    outside_plan(&out, "mail", "nobody ok");
    outside_plan(&out, "webhook", "ok");
    say("greylisting, cut lines, half answers, login pages, 500s, time-outs, redirects, refusals: tried again, or told as dead");
}

/* kill -9 while the server has the mail and we have no answer. */
static void a_crash_before_the_answer_sends_the_same_message_again(void) {
    count_all();
    outside_plan(&out, "mail", "silent");
    MUST(here, RUN(here, "clock", "advance", "2021-08-25T09:30", "--no-wait") == 0);
    UNTIL(here, fresh("mail") >= LIN_AND_CHEN);
    outside_plan(&out, "mail", "ok");
    system_kill(here, "notifier");
    UNTIL(here, fresh("mail") >= 2 * LIN_AND_CHEN);
    quiet();
    MUST(here, fresh("mail") == 2 * LIN_AND_CHEN);
    for (size_t first = taken[0]; first < taken[0] + LIN_AND_CHEN; first++) {
        const char *id = outside_text(&out, first, "id");
        size_t same = 0;
        for (size_t index = taken[0]; index < taken[0] + 2 * LIN_AND_CHEN; index++)
            same += strcmp(outside_text(&out, index, "id"), id) == 0;
        MUST(here, same == 2);
    }
    say("kill -9 before the answer: sent again, under the same Message-ID");
}

/* The result is known here, and the ledger does not hear of it. */
static void a_crash_before_the_record_sends_nothing_again(void) {
    pid_t intake = (pid_t)system_health(here, "intake").pid, notifier = (pid_t)system_health(here, "notifier").pid;
    count_all();
    kill(notifier, SIGSTOP);
    system_advance(here, "2021-08-26T09:30");
    kill(intake, SIGSTOP);
    kill(notifier, SIGCONT);
    UNTIL(here, fresh("mail") >= LIN_AND_CHEN && fresh("dingtalk") >= 1 && fresh("webhook") >= 1);
    link_wait(NULL, 0, 100); /* the answers come back */
    kill(notifier, SIGKILL);
    kill(intake, SIGKILL); /* and with it what lay unread in its socket */
    quiet();
    MUST(here, fresh("mail") == LIN_AND_CHEN);
    MUST(here, fresh("dingtalk") == 1 && fresh("webhook") == 1 && fresh("sms") == 1);
    MUST(here, system_log_has(here, "notifier", "event=sent_but_not_in_the_ledger"));
    notice_row_t rows[64];
    MUST(here, results("mail", "T+1", rows) > 0 && rows[0].sent);
    say("kill -9 between the answer and the record: recorded, not sent again");
}

static void a_rebuild_mails_nobody(void) {
    count_all();
    system_disconnect(here);
    system_down(here);
    MUST(here, rename("data/notifier", "data/notifier.gone") == 0);
    system_up(here, true);
    quiet();
    for (size_t index = 0; index < CHANNELS; index++) MUST(here, fresh(channels[index]) == 0);
    system_down(here);
    MUST(here, rename("data/notifier", "data/notifier.gone-2") == 0 && rename("data/notices", "data/notices.gone") == 0);
    system_up(here, true);
    quiet();
    for (size_t index = 0; index < CHANNELS; index++) MUST(here, fresh(channels[index]) == 0);
    say("rebuilt from the ledger, with and without its journal: nobody hears anything twice");
}

/* Held by the hours of duty; then the reason goes away. */
static void what_is_withdrawn_while_it_waits_is_not_sent(void) {
    system_connect(here);
    count_all();
    MUST(here, RUN(here, "contact", "add", "chen", unit, "--mail", "chen@example.org", "--hours", "10:00-11:00") == 0);
    system_advance(here, "2021-08-28T09:30"); /* a Saturday */
    system_advance(here, "2021-08-30T09:30"); /* T+3 was moved to Monday, or stands before it */
    UNTIL(here, fresh("mail") >= 1);
    size_t before = fresh("mail");
    report_t report = system_report(here, 1000000);
    unit_outcome_t outcome = system_send(here, UNIT, &report, NULL);
    MUST(here, outcome.received && outcome.verdict.accepted);
    system_settle(here);
    system_advance(here, "2021-08-30T10:30");
    quiet();
    notices_t all = notices();
    uint32_t withdrawn = 0, to_chen_late = 0;
    for (uint32_t row = 0; row < all.rows_count; row++)
        for (uint32_t index = 0; index < all.rows[row].results_count; index++)
            withdrawn += all.rows[row].results[index].why == notice_why_withdrawn;
    MUST(here, withdrawn == 1); /* the report that came: to chen, who had not heard of it */
    MUST(here, outside_seen(&out, "mail") > 0);
    for (size_t index = taken[0] + before; index < outside_seen(&out, "mail"); index++)
        to_chen_late += strstr(outside_text(&out, index, "to"), "chen") != NULL;
    MUST(here, to_chen_late >= 1); /* what still stands, at ten */
    say("held until ten: what was withdrawn by then is recorded and not sent, what stands is");
}

static void a_robot_is_not_told_faster_than_its_route_allows(void) {
    const char *file = secret_file("dingtalk", "SECdingtalk0001");
    MUST(here, RUN(here, "route", "add", "slow", "dingtalk", "--url", address("dingtalk?access_token=t1"), "--secret",
                   file, "--plain", "--live", "--rate", "2") == 0);
    size_t before = outside_tries(&out, "dingtalk");
    MUST(here, RUN(here, "route", "erase", "dingtalk") == 0);
    for (int day = 1; day <= 8; day++)
        MUST(here, RUN(here, "clock", "advance", arena_format(here->arena, "2021-09-%02dT09:30", day).at, "--no-wait") == 0);
    system_settle(here);
    UNTIL(here, outside_tries(&out, "dingtalk") - before == 2);
    link_wait(NULL, 0, 300);
    MUST(here, outside_tries(&out, "dingtalk") - before == 2);
    MUST(here, strstr(system_health(here, "notifier").note.at, "waiting=0") == NULL);
    say("two a minute are two a minute; the rest waits");
}

int main(int argc, char **argv) {
    char script[4096], certificate[4096];
    if (argc != 4) return fprintf(stderr, "usage: notify BIN_FOLDER PLAN OUTSIDE.py\n"), 64;
    setvbuf(stdout, NULL, _IOLBF, 0);
    int64_t begun_ms = clock_steady_ms();
    if (realpath(argv[3], script) == NULL) return 66;
    snprintf(certificate, sizeof certificate, "%.*s.crt", (int)(strlen(script) - 3), script);
    system_begin(here, "notify", argv[1], argv[2], "2021-08-20T08:00");
    unit = here->units[UNIT];
    outside_begin(&out, here, script);
    settings_add();
    system_up(here, true);
    system_register(here);
    routes_make();
    every_route_can_be_tested();
    nothing_leaves_unencrypted_or_to_a_stranger(certificate);
    one_moment_is_one_message_on_every_channel();
    what_fails_is_tried_again_or_given_up();
    a_crash_before_the_answer_sends_the_same_message_again();
    a_crash_before_the_record_sends_nothing_again();
    a_rebuild_mails_nobody();
    what_is_withdrawn_while_it_waits_is_not_sent();
    a_robot_is_not_told_faster_than_its_route_allows();
    system_disconnect(here);
    system_down(here);
    system_replays(here);
    say("every stage equals its replay over the ledger with all these results in it");
    outside_end(&out);
    system_end(here);
    printf("notify: 1 passed, 0 failed (%lld ms)\n", (long long)(clock_steady_ms() - begun_ms));
    return 0;
}
