/* `minning contact` and `minning route`: whom warnings reach outside, and how. All of it lies in the vault, none in the ledger. */
#include "services/minning/ask.h"
#include "services/minning/outside.h"

#include "services/stage/home.h"

#include <string.h>

enum { SECRET_FILE = 1024 };

static int ask_vault(cli_t *cli, const message_t *ask, const void *question, const message_t *answer, void *value) {
    refusal_t refusal = {0};
    link_start();
    err_t err = link_ask(HOME_VAULT_OPERATOR, ask, question, answer, value, &refusal, cli->arena, ASK_MS);
    for (uint32_t index = 0; index < refusal.reasons_count; index++) {
        reason_t *reason = ARENA_NEW(cli->arena, reason_t, 1);
        *reason = refusal.reasons[index];
        reason_tell(reason, cli->arena);
        refusal.reasons = reason; /* the vault gives one */
        refusal.reasons_count = 1;
    }
    return err == OK ? EXIT_WELL : cli_fail_err(cli, err, "vault", &refusal);
}

int outside_directory(cli_t *cli, directory_t *all) {
    contact_t *contacts = NULL;
    directory_t page;
    *all = (directory_t){0};
    do {
        directory_ask_t ask = {.after = all->contacts_count};
        int exit_code = ask_vault(cli, directory_ask_type(), &ask, directory_type(), &page);
        if (exit_code != EXIT_WELL) return exit_code;
        contact_t *more = ARENA_NEW(cli->arena, contact_t, all->contacts_count + page.contacts_count + 1);
        if (all->contacts_count > 0) memcpy(more, contacts, all->contacts_count * sizeof *more);
        if (page.contacts_count > 0) memcpy(more + all->contacts_count, page.contacts, page.contacts_count * sizeof *more);
        contacts = more;
        if (ask.after == 0) {
            all->routes = page.routes;
            all->routes_count = page.routes_count;
        }
        all->contacts = contacts;
        all->contacts_count += page.contacts_count;
        all->version = page.version;
    } while (page.more && page.contacts_count > 0 && all->contacts_count < LIMIT_CONTACTS);
    return EXIT_WELL;
}

/* "08:30-17:30" */
static bool hours_read(const char *text, uint64_t *from, uint64_t *until) {
    unsigned hour[2], minute[2];
    int size = 0;
    if (sscanf(text, "%2u:%2u-%2u:%2u%n", &hour[0], &minute[0], &hour[1], &minute[1], &size) != 4 || text[size] != '\0')
        return false;
    if (hour[0] > 23 || hour[1] > 24 || minute[0] > 59 || minute[1] > 59) return false;
    *from = hour[0] * 60 + minute[0];
    *until = hour[1] * 60 + minute[1];
    return *from < *until && *until <= 1440;
}

static int hours_option(cli_t *cli, uint64_t *from, uint64_t *until) {
    const char *typed = cli_option(cli, OPTION_hours);
    if (typed == NULL || hours_read(typed, from, until)) return EXIT_WELL;
    return cli_fail(cli, EX_USAGE, "时段写作 08:30-17:30", "hours are written 08:30-17:30", typed);
}

/* Older warnings are not for it: what counts is the ledger's clock, which in a rehearsal is not ours. */
static int since_ms(cli_t *cli, uint64_t *since) {
    health_t health;
    err_t err = ask_health(cli, "intake", 0, ASK_MS, &health);
    *since = err == OK ? health.now_ms : 0;
    return err == OK ? EXIT_WELL : cli_fail_err(cli, err, "intake", NULL);
}

static int tell_kept(cli_t *cli, const directory_done_t *done, const char *id) {
    if (cli->json)
        cli_print_json(message_to_json(directory_done_type(), done));
    else
        printf("%s: %s\n", id, done->changed ? cli_say(cli, "已存入保密库", "kept in the vault") : cli_say(cli, "没有此项", "there is none"));
    return done->changed ? EXIT_WELL : EX_DATAERR;
}

int verb_contact_add(cli_t *cli) {
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    contact_t contact = {.id = text_of(cli->args[0]), .unit = cli_unit_named(cli, cli->args[1]),
                         .name = cli_slug(cli, OPTION_name), .mail = cli_slug(cli, OPTION_mail),
                         .mobile = cli_slug(cli, OPTION_mobile), .working_days = cli_option(cli, OPTION_workdays) != NULL,
                         .boss = cli_option(cli, OPTION_boss) != NULL};
    if (contact.unit.size == 0) return cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", cli->args[1]);
    exit_code = hours_option(cli, &contact.from_minute, &contact.until_minute);
    if (exit_code == EXIT_WELL) exit_code = since_ms(cli, &contact.since_ms);
    fault_t fault = {0};
    if (exit_code == EXIT_WELL && wire_check(contact_type(), &contact, &fault) != OK)
        return cli_fail(cli, EX_USAGE, "内容不合规", "not well-formed", arena_format(cli->arena, "%s: %s", fault.path, fault.code).at);
    directory_done_t done = {0};
    if (exit_code == EXIT_WELL) exit_code = ask_vault(cli, contact_type(), &contact, directory_done_type(), &done);
    return exit_code == EXIT_WELL ? tell_kept(cli, &done, cli->args[0]) : exit_code;
}

static text_t hours_text(cli_t *cli, uint64_t from, uint64_t until, bool working_days) {
    const char *days = working_days ? cli_say(cli, "工作日 ", "working days ") : "";
    if (until == 0) return arena_format(cli->arena, "%s%s", days, cli_say(cli, "全天", "any hour"));
    return arena_format(cli->arena, "%s%02u:%02u-%02u:%02u", days, (unsigned)from / 60, (unsigned)from % 60,
                        (unsigned)until / 60, (unsigned)until % 60);
}

int verb_contact_list(cli_t *cli) {
    directory_t all;
    int exit_code = cli_enter(cli);
    if (exit_code == EXIT_WELL) exit_code = outside_directory(cli, &all);
    if (exit_code != EXIT_WELL) return exit_code;
    sheet_t sheet = {0};
    text_t head[] = {cli_word(cli, "编号", "id"),   cli_word(cli, "单位", "unit"),    cli_word(cli, "称呼", "name"),
                     cli_word(cli, "邮箱", "mail"), cli_word(cli, "手机", "mobile"), cli_word(cli, "时段", "hours")};
    sheet_add(&sheet, head, 6, NULL);
    for (uint32_t index = 0; index < all.contacts_count; index++) {
        const contact_t *one = &all.contacts[index];
        text_t cells[] = {one->id, cli_unit_name(cli, one->unit), one->name, one->mail, one->mobile,
                          hours_text(cli, one->from_minute, one->until_minute, one->working_days)};
        if (cli->json) cli_print_json(message_to_json(contact_type(), one));
        else sheet_add(&sheet, cells, 6, NULL);
    }
    if (!cli->json) sheet_print(cli, &sheet, stdout);
    sheet_destroy(&sheet);
    return EXIT_WELL;
}

static int erase(cli_t *cli, directory_erase_t what) {
    directory_done_t done = {0};
    int exit_code = cli_enter(cli);
    if (exit_code == EXIT_WELL) exit_code = ask_vault(cli, directory_erase_type(), &what, directory_done_type(), &done);
    if (exit_code != EXIT_WELL) return exit_code;
    if (!done.changed) return cli_fail(cli, EX_DATAERR, "没有此项", "there is none", cli->args[0]);
    if (cli->json) cli_print_json(message_to_json(directory_done_type(), &done));
    else printf("%s: %s\n", cli->args[0], cli_say(cli, "已删除", "erased"));
    return EXIT_WELL;
}

int verb_contact_erase(cli_t *cli) { return erase(cli, (directory_erase_t){.contact = text_of(cli->args[0])}); }
int verb_route_erase(cli_t *cli) { return erase(cli, (directory_erase_t){.route = text_of(cli->args[0])}); }

/* --- routes --- */

/* "20", "100/5": a minute, and a second. */
static int rate_option(cli_t *cli, route_t *route) {
    const char *typed = cli_option(cli, OPTION_rate);
    unsigned minute = 0, second = 0;
    int size = 0;
    if (typed == NULL) return EXIT_WELL;
    bool both = sscanf(typed, "%4u/%4u%n", &minute, &second, &size) == 2 && typed[size] == '\0';
    if (!both) second = 0;
    if (!both && (sscanf(typed, "%4u%n", &minute, &size) != 1 || typed[size] != '\0'))
        return cli_fail(cli, EX_USAGE, "速率写作 20 或 100/5（每分钟/每秒）", "a rate is 20 or 100/5, a minute and a second", typed);
    route->per_minute = minute;
    route->per_second = second;
    return EXIT_WELL;
}

static int level_option(cli_t *cli, option_t option, level_t *level) {
    const char *typed = cli_option(cli, option);
    if (typed == NULL) return EXIT_WELL;
    const word_t *word = word_named(level_words, text_of(typed));
    for (const word_t *at = level_words; word == NULL && at->name != NULL; at++)
        if (at->number > 0 && strcmp(at->zh, typed) == 0) word = at;
    if (word == NULL) return cli_fail(cli, EX_USAGE, "级别：remind blue orange red", "a level is remind blue orange red", typed);
    *level = (level_t)word->number;
    return EXIT_WELL;
}

static int secret_option(cli_t *cli, route_t *route) {
    const char *file = cli_option(cli, OPTION_secret);
    if (file == NULL) return EXIT_WELL;
    int exit_code = cli_read_file(cli, file, SECRET_FILE, &route->secret);
    while (route->secret.size > 0 && strchr("\r\n", route->secret.at[route->secret.size - 1]) != NULL) route->secret.size--;
    return exit_code;
}

int verb_route_add(cli_t *cli) {
    int exit_code = cli_enter(cli);
    const word_t *channel = word_named(channel_words, text_of(cli->args[1]));
    if (exit_code != EXIT_WELL) return exit_code;
    if (channel == NULL || channel->number == 0)
        return cli_fail(cli, EX_USAGE, "通道类型：mail wecom dingtalk feishu sms webhook sink",
                        "a channel is mail wecom dingtalk feishu sms webhook sink", cli->args[1]);
    route_t route = {.id = text_of(cli->args[0]), .channel = (channel_t)channel->number, .url = cli_slug(cli, OPTION_url),
                     .user = cli_slug(cli, OPTION_user), .sender = cli_slug(cli, OPTION_sender),
                     .proxy = cli_slug(cli, OPTION_proxy), .working_days = cli_option(cli, OPTION_workdays) != NULL,
                     .live = cli_option(cli, OPTION_live) != NULL, .plain = cli_option(cli, OPTION_plain) != NULL};
    if (cli_option(cli, OPTION_unit) != NULL) {
        route.unit = cli_unit_named(cli, cli_option(cli, OPTION_unit));
        if (route.unit.size == 0)
            return cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", cli_option(cli, OPTION_unit));
    }
    exit_code = hours_option(cli, &route.from_minute, &route.until_minute);
    if (exit_code == EXIT_WELL) exit_code = rate_option(cli, &route);
    if (exit_code == EXIT_WELL) exit_code = level_option(cli, OPTION_level, &route.least);
    if (exit_code == EXIT_WELL) exit_code = level_option(cli, OPTION_urgent, &route.urgent);
    if (exit_code == EXIT_WELL) exit_code = secret_option(cli, &route);
    if (exit_code == EXIT_WELL) exit_code = since_ms(cli, &route.since_ms);
    fault_t fault = {0};
    if (exit_code == EXIT_WELL && wire_check(route_type(), &route, &fault) != OK)
        return cli_fail(cli, EX_USAGE, "内容不合规", "not well-formed", arena_format(cli->arena, "%s: %s", fault.path, fault.code).at);
    directory_done_t done = {0};
    if (exit_code == EXIT_WELL) exit_code = ask_vault(cli, route_type(), &route, directory_done_type(), &done);
    return exit_code == EXIT_WELL ? tell_kept(cli, &done, cli->args[0]) : exit_code;
}

/* A robot's key stands behind the question mark: it is not shown. */
static text_t url_shown(cli_t *cli, text_t url) {
    const char *mark = url.size == 0 ? NULL : memchr(url.at, '?', url.size);
    if (mark == NULL) return url;
    return arena_format(cli->arena, "%.*s?***", (int)(mark - url.at), url.at);
}

int verb_route_list(cli_t *cli) {
    directory_t all;
    int exit_code = cli_enter(cli);
    if (exit_code == EXIT_WELL) exit_code = outside_directory(cli, &all);
    if (exit_code != EXIT_WELL) return exit_code;
    sheet_t sheet = {0};
    text_t head[] = {cli_word(cli, "编号", "id"),       cli_word(cli, "通道", "channel"), cli_word(cli, "地址", "address"),
                     cli_word(cli, "单位", "unit"),     cli_word(cli, "级别起", "from level"), cli_word(cli, "时段", "hours"),
                     cli_word(cli, "演练", "rehearsal")};
    sheet_add(&sheet, head, 7, NULL);
    for (uint32_t index = 0; index < all.routes_count; index++) {
        route_t one = all.routes[index];
        one.url = url_shown(cli, one.url);
        text_t cells[] = {one.id, CLI_WORD_OF(cli, channel, one.channel), one.url,
                          one.unit.size == 0 ? cli_word(cli, "全部", "all") : cli_unit_name(cli, one.unit),
                          one.least == level_none ? cli_word(cli, "全部", "all") : CLI_WORD_OF(cli, level, one.least),
                          hours_text(cli, one.from_minute, one.until_minute, one.working_days),
                          one.live ? cli_word(cli, "照发", "live") : cli_word(cli, "入本机邮箱目录", "into the maildir")};
        if (cli->json) cli_print_json(message_to_json(route_type(), &one));
        else sheet_add(&sheet, cells, 7, NULL);
    }
    if (!cli->json) sheet_print(cli, &sheet, stdout);
    sheet_destroy(&sheet);
    return EXIT_WELL;
}

int verb_notify_test(cli_t *cli) {
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    route_test_t test = {.route = text_of(cli->args[0]), .contact = text_of(cli->arg_count > 1 ? cli->args[1] : NULL)};
    route_tested_t tested = {0};
    refusal_t refusal = {0};
    link_start();
    err_t err = link_ask(HOME_NOTIFIER_OPERATOR, route_test_type(), &test, route_tested_type(), &tested, &refusal, cli->arena,
                         OUTSIDE_TEST_MS);
    if (err != OK) return cli_fail_err(cli, err, "notifier", &refusal);
    if (cli->json)
        cli_print_json(message_to_json(route_tested_type(), &tested));
    else
        printf(cli_say(cli, "%s（应答 %lu，传输 %lu，%lu 毫秒）" TEXT_FORMAT "\n",
                       "%s (answer %lu, transport %lu, %lu ms) " TEXT_FORMAT "\n"),
               tested.delivered ? cli_say(cli, "已送达", "delivered") : cli_say(cli, "未送达", "not delivered"),
               (unsigned long)tested.code, (unsigned long)tested.transport, (unsigned long)tested.took_ms, TEXT_ARGS(tested.said));
    return tested.delivered ? EXIT_WELL : EX_UNAVAILABLE;
}
