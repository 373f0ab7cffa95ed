/* `minning claims`, `minning credit`: what is claimed more than once, and the coordinator's decision on it. */
#include "services/minning/ask.h"
#include "services/minning/persons.h"
#include "services/minning/rows.h"

#include "services/plan/amount.h"
#include "services/plan/key_fold.h"

#include <string.h>

static int contests_ask(cli_t *cli, text_t indicator, bool open_only, claims_t *all) {
    contest_t *rows = NULL;
    claims_t page;
    *all = (claims_t){0};
    do {
        claims_ask_t ask = {.indicator = indicator, .open_only = open_only, .after = all->rows_count};
        page = (claims_t){0};
        int exit_code = ask_desk(cli, "validation", claims_ask_type(), &ask, claims_type(), &page);
        if (exit_code != EXIT_WELL) return exit_code;
        contest_t *more = ARENA_NEW(cli->arena, contest_t, all->rows_count + page.rows_count + 1);
        if (all->rows_count > 0) memcpy(more, rows, all->rows_count * sizeof *more);
        if (page.rows_count > 0) memcpy(more + all->rows_count, page.rows, page.rows_count * sizeof *more);
        rows = more;
        all->rows = rows;
        all->rows_count += page.rows_count;
        all->now_ms = page.now_ms;
    } while (page.more && page.rows_count > 0);
    return EXIT_WELL;
}

/* --- claims --- */

static text_t key_shown(cli_t *cli, const claim_t *claim) {
    if (claim->key_kind != key_kind_person) return claim->typed.size > 0 ? claim->typed : claim->key;
    person_ref_t ref;
    text_t name;
    memcpy(ref.hash, claim->person, sizeof ref.hash);
    persons_named(cli, &ref, 1, &name);
    return name;
}

static text_t amount_shown(cli_t *cli, const claim_t *claim) {
    const planbook_t *book = cli_plan(cli);
    const indicator_t *indicator = book == NULL ? NULL : planbook_indicator(book, claim->indicator);
    if (!claim->amount.given) return text_of("-");
    if (indicator != NULL && indicator->measure == measure_money) return amount_exact(claim->amount.value, cli->arena);
    return arena_format(cli->arena, "%lld", (long long)claim->amount.value);
}

static text_t state_shown(cli_t *cli, const contest_t *contest, const claim_t *claim) {
    if (claim->contested) return cli_word(cli, "○ 不计入", "○ does not count");
    if (contest->credit_seq == 0) return cli_word(cli, "● 先报，计入", "● first, counts");
    return cli_word(cli, "● 已认定", "● credited");
}

static void contest_add(cli_t *cli, sheet_t *sheet, const contest_t *contest) {
    text_t above = text_of(NULL); /* what another typed otherwise is shown, though it is one number */
    for (uint32_t index = 0; index < contest->claims_count; index++) {
        const claim_t *claim = &contest->claims[index];
        text_t key = key_shown(cli, claim);
        bool same = index > 0 && text_equal(key, above);
        above = key;
        text_t cells[] = {index == 0 ? claim->indicator : text_of(""),
                          index == 0 ? CLI_WORD_OF(cli, key_kind, claim->key_kind) : text_of(""),
                          same ? text_of("") : key,
                          cli_unit_name(cli, claim->unit),
                          claim->period,
                          claim->member,
                          amount_shown(cli, claim),
                          cli_when(cli, cli_offset(cli), (int64_t)claim->since_ms),
                          arena_format(cli->arena, "%lu", (unsigned long)claim->seq),
                          state_shown(cli, contest, claim)};
        sheet_add(sheet, cells, 10, contest->open ? colour_yellow : NULL);
    }
}

int verb_claims(cli_t *cli) {
    claims_t all;
    int exit_code = cli_enter(cli);
    text_t indicator = cli->arg_count > 0 ? text_of(cli->args[0]) : text_of(NULL);
    if (exit_code == EXIT_WELL) exit_code = contests_ask(cli, indicator, cli_option(cli, OPTION_all) == NULL, &all);
    if (exit_code != EXIT_WELL) return exit_code;
    sheet_t sheet = {.right = {[6] = true, [8] = true}};
    text_t head[] = {cli_word(cli, "指标", "indicator"), cli_word(cli, "类别", "kind"),  cli_word(cli, "编号", "key"),
                     cli_word(cli, "单位", "unit"),      cli_word(cli, "报送期", "period"), cli_word(cli, "分项", "member"),
                     cli_word(cli, "数额", "amount"),    cli_word(cli, "申报起始", "since"), cli_word(cli, "账目", "entry"),
                     cli_word(cli, "状态", "state")};
    sheet_add(&sheet, head, 10, NULL);
    for (uint32_t index = 0; index < all.rows_count; index++) {
        if (cli->json) cli_print_json(message_to_json(contest_type(), &all.rows[index]));
        else contest_add(cli, &sheet, &all.rows[index]);
    }
    if (!cli->json && all.rows_count == 0) printf("%s\n", cli_say(cli, "没有重复申报", "nothing is claimed twice"));
    if (!cli->json && all.rows_count > 0) sheet_print(cli, &sheet, stdout);
    sheet_destroy(&sheet);
    return EXIT_WELL;
}

/* --- credit --- */

/* What is typed as the key of a person is the name that `claims` shows. */
static bool claim_is_meant(cli_t *cli, const claim_t *claim, text_t key, text_t unit, text_t period, text_t member) {
    return text_equal(claim->unit, unit) && (period.size == 0 || text_equal(claim->period, period)) &&
           (member.size == 0 || text_equal(claim->member, member)) &&
           (claim->key_kind == key_kind_person ? text_equal(key_shown(cli, claim), key)
                                               : text_equal(claim->key, key_folded(key, cli->arena)));
}

static int claim_find(cli_t *cli, const claims_t *all, text_t unit, claim_credit_t *credit) {
    text_t key = text_of(cli->args[1]), period = cli_slug(cli, OPTION_period), member = cli_slug(cli, OPTION_member);
    uint32_t found = 0;
    for (uint32_t index = 0; index < all->rows_count; index++)
        for (uint32_t one = 0; one < all->rows[index].claims_count; one++) {
            const claim_t *claim = &all->rows[index].claims[one];
            if (!claim_is_meant(cli, claim, key, unit, period, member)) continue;
            found++;
            *credit = (claim_credit_t){.indicator = claim->indicator,
                                       .key_kind = claim->key_kind,
                                       .key = claim->key,
                                       .unit = claim->unit,
                                       .period = claim->period,
                                       .member = claim->member,
                                       .seq = claim->seq};
            memcpy(credit->person, claim->person, sizeof credit->person);
        }
    if (found == 0)
        return cli_fail(cli, EX_DATAERR, "没有这样的重复申报（见 minning claims）",
                        "no such claim is disputed (see minning claims)", NULL);
    if (found > 1)
        return cli_fail(cli, EX_DATAERR, "不止一条，请用 --period、--member 指明", "several match: name --period, --member", NULL);
    return EXIT_WELL;
}

static int credit_tell(cli_t *cli, uint64_t seq) {
    verdict_ask_t ask = {.seq = seq};
    verdict_t verdict;
    int exit_code = ask_desk(cli, "validation", verdict_ask_type(), &ask, verdict_type(), &verdict);
    if (exit_code != EXIT_WELL) return exit_code;
    if (cli->json) {
        cli_print_json(message_to_json(verdict_type(), &verdict));
        return verdict.accepted ? EXIT_WELL : EX_DATAERR;
    }
    if (verdict.accepted) printf(cli_say(cli, "已认定（第 %lu 条）\n", "credited (entry %lu)\n"), (unsigned long)seq);
    else printf(cli_say(cli, "认定不成立（第 %lu 条）\n", "not credited (entry %lu)\n"), (unsigned long)seq);
    for (uint32_t index = 0; index < verdict.reasons_count; index++) {
        reason_t reason = verdict.reasons[index];
        reason_tell(&reason, cli->arena);
        cli_print_reason(cli, &reason, 2, stdout);
    }
    return verdict.accepted ? EXIT_WELL : EX_DATAERR;
}

int verb_credit(cli_t *cli) {
    claims_t all;
    claim_credit_t credit = {0};
    command_done_t done = {0};
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    const char *why = cli_option(cli, OPTION_why);
    if (why == NULL) return cli_fail(cli, EX_USAGE, "须用 --why 写明理由", "--why states the reason", NULL);
    text_t unit = cli_unit_named(cli, cli->args[2]);
    if (unit.size == 0) return cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", cli->args[2]);
    exit_code = contests_ask(cli, text_of(cli->args[0]), false, &all);
    if (exit_code == EXIT_WELL) exit_code = claim_find(cli, &all, unit, &credit);
    credit.why = text_of(why);
    if (exit_code == EXIT_WELL) exit_code = ask_command_as(cli, claim_credit_type(), &credit, &done);
    return exit_code == EXIT_WELL ? credit_tell(cli, done.seq) : exit_code;
}
