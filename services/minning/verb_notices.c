/* `minning notices`: proof of notification: decided, in the stream, sent, to whom, with which answer. */
#include "services/minning/ask.h"
#include "services/minning/outside.h"

#include "proto/crypto.h"

#include <string.h>

/* What was counted on the way. */
typedef struct {
    uint64_t warnings, reached;
    uint64_t sent[channel_sink + 1]; /* warnings delivered, by channel */
    uint64_t messages[channel_sink + 1];
    uint64_t unsent[notice_why_unreachable + 1];
    uint8_t (*seen)[16]; /* messages counted */
    uint32_t seen_count, seen_room;
    uint32_t last_seen;
} tally_t;

typedef struct {
    cli_t *cli;
    directory_t directory;
    sheet_t sheet;
    tally_t tally;
} telling_t;

/* One message may carry several warnings, which stand near one another: looked for from the newest backwards. */
static bool first_seen(telling_t *self, const uint8_t message[16]) {
    tally_t *tally = &self->tally;
    for (uint32_t index = tally->seen_count; index-- > 0;)
        if (memcmp(tally->seen[index], message, 16) == 0) return false;
    if (tally->seen_count == tally->seen_room) {
        tally->seen_room = tally->seen_room == 0 ? 256 : tally->seen_room * 2;
        uint8_t(*more)[16] = arena_take(self->cli->arena, (size_t)tally->seen_room * 16);
        if (tally->seen_count > 0) memcpy(more, tally->seen, (size_t)tally->seen_count * 16);
        tally->seen = more;
    }
    memcpy(tally->seen[tally->seen_count++], message, 16);
    return true;
}

static void count(telling_t *self, const notice_row_t *row) {
    if (!row->sent) {
        self->tally.unsent[row->why]++;
        return;
    }
    self->tally.sent[row->channel]++;
    if (first_seen(self, row->message)) self->tally.messages[row->channel]++;
}

/* Who it was, as long as the vault knows; an erased contact is a hash and nothing more. */
static text_t whom(telling_t *self, const notice_row_t *row) {
    for (uint32_t index = 0; index < self->directory.contacts_count; index++) {
        const contact_t *one = &self->directory.contacts[index];
        bool mail = memcmp(one->mail_ref, row->contact, 32) == 0, mobile = memcmp(one->mobile_ref, row->contact, 32) == 0;
        if (mail || mobile) return one->name.size > 0 ? one->name : one->id;
    }
    for (uint32_t index = 0; index < self->directory.routes_count; index++)
        if (memcmp(self->directory.routes[index].ref, row->contact, 32) == 0) return self->directory.routes[index].id;
    text_t hash = hex_of(row->contact, 4, self->cli->arena);
    return arena_format(self->cli->arena, "%s" TEXT_FORMAT, cli_say(self->cli, "已删除 ", "erased "), TEXT_ARGS(hash));
}

static text_t outcome(cli_t *cli, const notice_row_t *row) {
    if (row->sent)
        return arena_format(cli->arena, cli_say(cli, "已送达（第%lu次，应答 %lu）", "delivered (try %lu, answer %lu)"),
                            (unsigned long)row->attempt, (unsigned long)row->code);
    return arena_format(cli->arena, cli_say(cli, "未发：%s（%lu次，应答 %lu/%lu）", "not sent: %s (%lu tries, answer %lu/%lu)"),
                        cli_say(cli, WORD_ZH(notice_why, row->why), WORD_EN(notice_why, row->why)), (unsigned long)row->attempt,
                        (unsigned long)row->code, (unsigned long)row->transport);
}

static void add_row(telling_t *self, const notice_told_t *told, const notice_row_t *row) {
    cli_t *cli = self->cli;
    text_t nothing = cli_word(cli, "无送达记录", "no result");
    text_t cells[] = {arena_format(cli->arena, "%lu", (unsigned long)told->seq),
                      cli_when(cli, cli_offset(cli), (int64_t)told->at_ms),
                      CLI_WORD_OF(cli, notice_state, told->state),
                      told->rung,
                      cli_unit_name(cli, told->unit),
                      row == NULL ? text_of("-") : CLI_WORD_OF(cli, channel, row->channel),
                      row == NULL ? text_of("-") : whom(self, row),
                      row == NULL ? text_of("-") : cli_when(cli, cli_offset(cli), (int64_t)row->entry_ms),
                      row == NULL ? nothing : outcome(cli, row)};
    sheet_add(&self->sheet, cells, 9, row == NULL ? colour_grey : row->sent ? colour_green : colour_yellow);
}

static void take(telling_t *self, const notice_told_t *told) {
    bool reached = false;
    self->tally.warnings++;
    for (uint32_t index = 0; index < told->results_count; index++) {
        reached = told->results[index].sent || reached;
        count(self, &told->results[index]);
        if (!self->cli->json) add_row(self, told, &told->results[index]);
    }
    self->tally.reached += reached;
    if (self->cli->json) cli_print_json(message_to_json(notice_told_type(), told));
    else if (told->results_count == 0) add_row(self, told, NULL);
}

/* 共 226 项：送达 200 项；邮件 180 条（200 项） … 未发：未发先解除 12 */
static void print_tally(telling_t *self) {
    cli_t *cli = self->cli;
    tally_t *tally = &self->tally;
    printf(cli_say(cli, "预警与解除 %lu 项，送达 %lu 项", "%lu warnings and withdrawals, %lu delivered"),
           (unsigned long)tally->warnings, (unsigned long)tally->reached);
    for (uint32_t channel = channel_mail; channel <= channel_sink; channel++)
        if (tally->sent[channel] > 0)
            printf(cli_say(cli, "；%s %lu 条（%lu 项次）", "; %s: %lu messages (%lu notices)"),
                   cli_say(cli, WORD_ZH(channel, channel), WORD_EN(channel, channel)), (unsigned long)tally->messages[channel],
                   (unsigned long)tally->sent[channel]);
    for (uint32_t why = notice_why_withdrawn; why <= notice_why_unreachable; why++)
        if (tally->unsent[why] > 0)
            printf(cli_say(cli, "；未发 %s %lu 项次", "; not sent, %s: %lu"),
                   cli_say(cli, WORD_ZH(notice_why, why), WORD_EN(notice_why, why)), (unsigned long)tally->unsent[why]);
    putchar('\n');
}

static int all_pages(telling_t *self, notices_ask_t *ask) {
    notices_t page;
    do {
        page = (notices_t){0};
        int exit_code = ask_desk(self->cli, "notifier", notices_ask_type(), ask, notices_type(), &page);
        if (exit_code != EXIT_WELL) return exit_code;
        for (uint32_t index = 0; index < page.rows_count; index++) take(self, &page.rows[index]);
        ask->after = page.last;
    } while (page.more);
    return EXIT_WELL;
}

int verb_notices(cli_t *cli) {
    telling_t self = {.cli = cli};
    notices_ask_t ask = {.silent_only = cli_option(cli, OPTION_silent) != NULL};
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    if (cli_option(cli, OPTION_unit) != NULL) {
        ask.unit = cli_unit_named(cli, cli_option(cli, OPTION_unit));
        if (ask.unit.size == 0)
            return cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", cli_option(cli, OPTION_unit));
    }
    if (cli_option(cli, OPTION_warning) != NULL && !hex_read(cli_slug(cli, OPTION_warning), ask.warning_id, sizeof ask.warning_id))
        return cli_fail(cli, EX_USAGE, "预警编号是 32 位十六进制", "a warning's id is 32 hex digits", cli_option(cli, OPTION_warning));
    exit_code = outside_directory(cli, &self.directory);
    text_t head[] = {text_of("#"), cli_word(cli, "决定", "decided"), cli_word(cli, "状态", "state"), cli_word(cli, "梯次", "rung"),
                     cli_word(cli, "对象", "to"), cli_word(cli, "通道", "channel"), cli_word(cli, "接收人", "whom"),
                     cli_word(cli, "入账", "recorded"), cli_word(cli, "结果", "result")};
    sheet_add(&self.sheet, head, 9, NULL);
    if (exit_code == EXIT_WELL) exit_code = all_pages(&self, &ask);
    if (exit_code == EXIT_WELL && !cli->json) {
        if (cli_option(cli, OPTION_count) == NULL) sheet_print(cli, &self.sheet, stdout);
        print_tally(&self);
    }
    sheet_destroy(&self.sheet);
    return exit_code;
}

/* --- dead letters --- */

static void dead_add(telling_t *self, const dead_row_t *row) {
    cli_t *cli = self->cli;
    text_t cells[] = {hex_of(row->result.message, sizeof row->result.message, cli->arena),
                      cli_unit_name(cli, row->unit),
                      row->rung,
                      CLI_WORD_OF(cli, notice_state, row->state),
                      row->result.route,
                      whom(self, &row->result),
                      cli_when(cli, cli_offset(cli), (int64_t)row->result.entry_ms),
                      outcome(cli, &row->result)};
    sheet_add(&self->sheet, cells, 8, colour_red);
}

/* Every letter that is dead now. 0, or an exit after telling. */
static int dead_walk(cli_t *cli, void (*each)(void *self, const dead_row_t *row), void *self) {
    dead_ask_t ask = {0};
    dead_letters_t page;
    int exit_code = EXIT_WELL;
    do {
        page = (dead_letters_t){0};
        exit_code = ask_desk(cli, "notifier", dead_ask_type(), &ask, dead_letters_type(), &page);
        for (uint32_t index = 0; exit_code == EXIT_WELL && index < page.rows_count; index++) each(self, &page.rows[index]);
        ask.after += page.rows_count;
    } while (exit_code == EXIT_WELL && page.more && page.rows_count > 0);
    return exit_code;
}

static void dead_tell(void *self, const dead_row_t *row) {
    telling_t *telling = self;
    telling->tally.warnings++;
    if (telling->cli->json) cli_print_json(message_to_json(dead_row_type(), row));
    else dead_add(telling, row);
}

/* `minning notices dead`: what was given up, refused or has nobody to go to, and why. */
int verb_notices_dead(cli_t *cli) {
    telling_t self = {.cli = cli};
    int exit_code = cli_enter(cli);
    if (exit_code == EXIT_WELL) exit_code = outside_directory(cli, &self.directory);
    text_t head[] = {cli_word(cli, "编号", "id"), cli_word(cli, "对象", "to"), cli_word(cli, "梯次", "rung"),
                     cli_word(cli, "状态", "state"), cli_word(cli, "通道", "route"), cli_word(cli, "接收人", "whom"),
                     cli_word(cli, "入账", "recorded"), cli_word(cli, "原因", "why")};
    sheet_add(&self.sheet, head, 8, NULL);
    if (exit_code == EXIT_WELL) exit_code = dead_walk(cli, dead_tell, &self);
    bool none = self.tally.warnings == 0, prints = exit_code == EXIT_WELL && !cli->json;
    if (prints && none) printf("%s\n", cli_say(cli, "没有死信", "no letter is dead"));
    if (prints && !none) sheet_print(cli, &self.sheet, stdout);
    sheet_destroy(&self.sheet);
    return exit_code;
}

typedef struct {
    const notice_retried_t *retried;
    uint64_t count;
} meant_t;

static void meant_count(void *self, const dead_row_t *row) {
    meant_t *meant = self;
    const notice_retried_t *retried = meant->retried;
    bool all = bytes_are_zero(retried->message, sizeof retried->message);
    bool this_one = all || memcmp(retried->message, row->result.message, sizeof retried->message) == 0;
    meant->count += this_one && (retried->route.size == 0 || text_equal(retried->route, row->result.route));
}

/* `minning notices retry [ID]`: signed by the root key, or by an operator. */
int verb_notices_retry(cli_t *cli) {
    notice_retried_t retried = {.route = cli_slug(cli, OPTION_route)};
    command_done_t done = {0};
    refusal_t refusal = {0};
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    if (cli->arg_count > 0 && !hex_read(text_of(cli->args[0]), retried.message, sizeof retried.message))
        return cli_fail(cli, EX_USAGE, "编号为 32 位十六进制（见 minning notices dead）", "32 hex digits (see minning notices dead)",
                        cli->args[0]);
    meant_t meant = {.retried = &retried};
    exit_code = dead_walk(cli, meant_count, &meant);
    if (exit_code != EXIT_WELL) return exit_code;
    if (meant.count == 0)
        return cli_fail(cli, EX_DATAERR, "没有这样的死信，没有可再发的（见 minning notices dead）",
                        "no such letter is dead, nothing to try again (see minning notices dead)",
                        cli->arg_count > 0 ? cli->args[0] : NULL);
    if (cli_option(cli, OPTION_as) != NULL) {
        exit_code = ask_command_as(cli, notice_retried_type(), &retried, &done);
        if (exit_code != EXIT_WELL) return exit_code;
    } else {
        err_t err = ask_command(cli, notice_retried_type(), &retried, &done, &refusal);
        if (err != OK) return cli_fail_err(cli, err, "intake", &refusal);
    }
    if (cli->json) cli_print_json(message_to_json(command_done_type(), &done));
    else printf(cli_say(cli, "%lu 条将再次发送（账本第 %lu 条）\n", "%lu to be tried again (entry %lu)\n"), (unsigned long)meant.count,
                (unsigned long)done.seq);
    return EXIT_WELL;
}
