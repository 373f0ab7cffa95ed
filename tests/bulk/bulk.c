/* A file of many reports against a real system: sent, sent again, corrected, refused by its cells; then every total rebuilt
 * from the ledger, and planted differences found. usage: bulk BIN_FOLDER PLAN */
#include <iconv.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "services/3-aggregation/aggregation_state.h"
#include "services/stage/link.h"
#include "tests/sim/temporary.h"

static char bin[4096], folder[64], home[96], said[1 << 20];
static const char *scene = "";

static void leave(void) {
    char command[6000];
    if (home[0] == '\0') return;
    snprintf(command, sizeof command, "%s/minning --home %s down >/dev/null 2>&1; rm -rf %s", bin, home, folder);
    if (system(command) != 0) fprintf(stderr, "bulk: could not clean up %s\n", folder);
}

_Noreturn static void fail(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fprintf(stderr, "bulk: %s: ", scene);
    vfprintf(stderr, format, args);
    fprintf(stderr, "\n%s\n", said);
    va_end(args);
    exit(1);
}

/* Runs `minning …` with everything it prints in `said`; its exit code is what is expected. */
static void runs(int expected, const char *format, ...) {
    char words[1024], command[6000];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    snprintf(command, sizeof command, "cd %s && timeout 60 %s/minning --home %s --lang zh %s 2>&1", folder, bin, home, words);
    FILE *pipe = popen(command, "r");
    if (pipe == NULL) fail("cannot run");
    size_t size = fread(said, 1, sizeof said - 1, pipe);
    said[size] = '\0';
    int status = pclose(pipe);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != expected)
        fail("minning %s left with %d, not %d", words, WIFEXITED(status) ? WEXITSTATUS(status) : -1, expected);
}

static void says(const char *text) {
    if (strstr(said, text) == NULL) fail("“%s” is not said", text);
}

static void never_says(const char *text) {
    if (strstr(said, text) != NULL) fail("“%s” is said", text);
}

static void write_file(const char *name, const void *bytes, size_t size) {
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    if (file == NULL || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) fail("cannot write %s", path);
}

static void file(const char *name, const char *text) { write_file(name, text, strlen(text)); }

static void file_gb18030(const char *name, const char *text) {
    char out[8192], *to = out, *from = strdup(text), *start = from;
    size_t in_left = strlen(text), out_left = sizeof out;
    iconv_t convert = iconv_open("GB18030", "UTF-8");
    if (iconv(convert, &from, &in_left, &to, &out_left) != 0 || in_left != 0) fail("no GB18030");
    iconv_close(convert);
    free(start);
    write_file(name, out, sizeof out - out_left);
}

/* The number behind `key` in what was said, the nth time it stands there. */
static unsigned long number(const char *key, int nth) {
    const char *at = said;
    for (; nth > 0 && at != NULL; nth--) {
        at = strstr(at, key);
        if (at != NULL) at += strlen(key);
    }
    if (at == NULL) fail("no %s", key);
    return strtoul(at, NULL, 10);
}

static unsigned long told_by(const char *service, const char *what) {
    char key[64];
    snprintf(key, sizeof key, "\"%s\":{", service);
    const char *at = strstr(said, key);
    snprintf(key, sizeof key, "\"%s\":", what);
    if (at != NULL) at = strstr(at, key);
    if (at == NULL) fail("%s does not tell its %s", service, what);
    return strtoul(at + strlen(key), NULL, 10);
}

static unsigned long ledger_head(void) {
    runs(EX_OK, "status --json");
    return told_by("intake", "out_head");
}

/* Until aggregation has applied the whole ledger: a verdict is there before the totals are. */
static void settles(void) {
    for (int attempt = 0; attempt < 200; attempt++) {
        unsigned long head = ledger_head();
        if (told_by("aggregation", "cause_seq") >= head) return;
        link_wait(NULL, 0, 20);
    }
    fail("the stages do not follow");
}

/* --- the system --- */

static void found(const char *plan) {
    static const char *const units[] = {"csh", "rsj", "jyj", "350104101", "gsl"};
    runs(EX_OK, "init %s --plan %s --rehearsal 2021-07-31 --endpoint auto", home, plan);
    runs(EX_OK, "up --wait");
    for (size_t index = 0; index < sizeof units / sizeof units[0]; index++) {
        runs(EX_OK, "key new %s", units[index]);
        runs(EX_OK, "unit add %s %s/units/%s.pub", units[index], home, units[index]);
    }
    runs(EX_OK, "clock advance 2021-09-10T10:00");
}

#define SHA "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9"
/* clang-format off */
#define HEAD "任务,报送期,指标,本月数（万元）,累计数(万元),期初累计(万元),无变化,凭证号,发生日期,金额(万元),进展,佐证文件,SHA-256,修订\r\n"
/* clang-format on */

static const char two_months[] = HEAD "社会帮扶,2021-09,募集资金,,112.5,,,,,,九月,九月.pdf," SHA ",\r\n"
                                      "社会帮扶,2021-08,募集资金,10,,100,,,,,八月,八月.pdf," SHA ",\r\n"
                                      "社会帮扶,2021-08,拨付隆德县资金,,,,,BK-1,2021/8/10,3,,,,\r\n"
                                      "社会帮扶,2021-08,拨付隆德县资金,,,,,BK-2,2021年8月12日,4万元,,,,\r\n"
                                      "社会帮扶,2021-09,拨付隆德县资金,,,,是,,,,,,,\r\n";

/* --- scenes --- */

static void a_template_says_what_is_owed(void) {
    scene = "a template says what is owed";
    runs(EX_OK, "report template csh --period 2021-08");
    says("\xef\xbb\xbf任务,报送期,修订,指标,分项,本月数(万元),累计数(万元),期初累计(万元),无变化,凭证号,发生日期,金额(万元)");
    says("社会帮扶,2021-08,,募集资金,,");
    says("社会帮扶,2021-08,,拨付隆德县资金,");
    runs(EX_OK, "report template 350104101 --period 2021-08");
    says("结对帮扶,2021-08,,村级结对帮扶资金,城门镇结对村2（待定）");
    never_says("建新镇");
}

static void an_untouched_template_sends_nothing(void) {
    scene = "an untouched template sends nothing";
    char command[6000];
    snprintf(command, sizeof command, "cd %s && %s/minning --home %s --lang zh report template csh > untouched.csv 2>/dev/null",
             folder, bin, home);
    if (system(command) != 0) fail("no template");
    unsigned long head = ledger_head();
    runs(EX_OK, "report send untouched.csv --unit csh");
    says("未填写 1");
    if (ledger_head() != head) fail("something was sent");
}

static void a_dry_run_keeps_nothing_and_a_file_is_sent_once(void) {
    scene = "a dry run keeps nothing, and a file counts once";
    file("two.csv", two_months);
    unsigned long head = ledger_head();
    runs(EX_OK, "report send two.csv --unit csh --check");
    says("可以报送 2"); /* September's running total builds on August of the same file */
    if (ledger_head() != head) fail("a dry run left something in the ledger");
    runs(EX_OK, "report send two.csv --unit csh --json");
    unsigned long first = number("\"seq\":", 1), second = number("\"seq\":", 2);
    if (second != first + 1) fail("two reports are not two entries");
    says("\"summary\":{\"accepted\":2,\"reports\":2,\"encoding\":\"UTF-8\"");
    head = ledger_head();
    file_gb18030("again.csv", two_months);
    runs(EX_OK, "report send again.csv --unit csh --json");
    says("\"encoding\":\"GB18030\"");
    if (number("\"seq\":", 1) != first || number("\"seq\":", 2) != second) fail("these are not the original receipts");
    runs(EX_OK, "report send two.csv --unit csh --check");
    says("此前已报 2");
    if (ledger_head() != head) fail("the same content came into the ledger again");
}

static void a_changed_file_is_a_correction(void) {
    scene = "a changed file is a correction";
    file("changed.csv", HEAD "社会帮扶,2021-08,募集资金,11,,100,,,,,八月更正,八月.pdf," SHA ",\r\n"
                             "社会帮扶,2021-08,拨付隆德县资金,,,,,BK-1,2021-08-10,7,,,,\r\n");
    runs(EX_DATAERR, "report send changed.csv --unit csh");
    says("superseded");
    file("changed.csv", HEAD "社会帮扶,2021-08,募集资金,11,,100,,,,,八月更正,八月.pdf," SHA ",1\r\n"
                             "社会帮扶,2021-08,拨付隆德县资金,,,,,BK-1,2021-08-10,7,,,,1\r\n");
    runs(EX_OK, "report send changed.csv --unit csh");
    says("● 通过     2"); /* revision 2 */
    settles();
    runs(EX_OK, "history raised --unit csh");
    says("100000.00元   110000.00元");
    says("当时所填 1125000.00元 已不符"); /* September was typed as a running total */
    says("修订为第 2 版  八月更正");
    runs(EX_OK, "figures raised");
    says("佐证 2/2 份报告（100.0%）");
}

static void faults_are_told_by_their_cells(void) {
    scene = "faults are told by their cells, and the others are sent";
    file("faults.csv", HEAD "社会帮扶,2021-08,募集资金,约3万元,,,,,,,,,,\r\n"
                            "社会帮扶,2021-09,募集资金,3,,,,,,,九月,,,\r\n");
    unsigned long head = ledger_head();
    runs(EX_DATAERR, "report send faults.csv --unit gsl --atomic");
    says("D2 本月数（万元）  bad_amount");
    says("C3 指标  no_evidence");
    says("如属实，在“情况说明”列写 no_evidence");
    if (ledger_head() != head) fail("--atomic sent something");
    runs(EX_DATAERR, "report send faults.csv --unit gsl");
    if (ledger_head() != head + 1) fail("one of the two is sent");
    file("mixed.csv", HEAD "社会帮扶,2021-08,募集资金,约3万元,,,,,,,,,,\r\n"
                           "社会帮扶,2021-09,募集资金,3,,,,,,,九月,票.pdf," SHA ",\r\n");
    runs(EX_DATAERR, "report send mixed.csv --unit gsl");
    says("× 单元格有误 1");
    says("● 通过 1");
    file("bad.csv", "任务,报送期,颜色\r\nlabor,2021-08,红\r\n");
    runs(EX_DATAERR, "report send bad.csv --unit gsl");
    says("C1 颜色  column_unknown");
    runs(EX_NOINPUT, "report send nowhere.csv --unit gsl");
}

/* August stands; September and October of this file follow it, and each alone would skip a month. */
static void a_month_that_the_file_itself_reports_is_not_skipped(void) {
    scene = "a month that the file itself reports is not skipped";
    file("three.csv", HEAD "社会帮扶,2021-08,募集资金,3,,,,,,,八月,票.pdf," SHA ",\r\n"
                           "社会帮扶,2021-09,募集资金,4,,,,,,,九月,票.pdf," SHA ",1\r\n"
                           "社会帮扶,2021-10,募集资金,,12.5,,,,,,十月,票.pdf," SHA ",\r\n");
    runs(EX_OK, "report send three.csv --unit gsl --check");
    says("可以报送 3");
    says("募集资金  本月 40000.00元");
    runs(EX_OK, "report send three.csv --unit gsl --atomic");
    says("● 通过 3");
    settles();
    runs(EX_OK, "report status donation 2021-10 --unit gsl");
    says("本月 55000.00元  累计 125000.00元");
    file("august.csv", HEAD "社会帮扶,2021-08,募集资金,2.5,,,,,,,八月更正,票.pdf," SHA ",1\r\n");
    runs(EX_OK, "report send august.csv --unit gsl");
    settles();
    runs(EX_OK, "report status donation 2021-10 --unit gsl");
    says("累计 120000.00元  ▲ 当时所填累计 125000.00元 已不符");
    runs(EX_OK, "history raised --unit gsl");
    says("↳ 累计  ▲ 当时所填 125000.00元 已不符");
    says("八月更正");
    file("jump.csv", HEAD "结对帮扶,2021-10,镇级结对帮扶资金,12,,,,,,,,,,\r\n");
    runs(EX_DATAERR, "report send jump.csv --unit gsl");
    says("not_your_task");
}

static void atomic_sends_all_when_all_are_well(void) {
    scene = "--atomic sends all when all are well";
    file("all.csv", "任务,报送期,指标,本月数(数量),人员,到岗日期,进展\n"
                    "劳务输转,2021-08,转移就业人数,120,,,八月\n劳务输转,2021-08,其中脱贫人口,30,,,\n"
                    "劳务输转,2021-09,转移就业人数,50,,,九月\n劳务输转,2021-09,其中脱贫人口,10,,,\n"
                    "专技人才,2021-08,,,,,八月选派完成\n");
    runs(EX_OK, "report send all.csv --unit rsj --atomic");
    says("● 通过 3");
    file("people.csv", "任务,报送期,指标,人员,到岗日期,离岗日期\n专技人才,2021-08,选派教师,王老师,2021-08-20,\n专技人才,2021-"
                       "08,选派教师,李老师,2021-08-21,\n"
                       "专技人才,2021-09,选派教师,李老师,2021-08-21,2021-08-25\n");
    runs(EX_OK, "report send people.csv --unit jyj --atomic");
    file("towns.csv",
         "任务,报送期,指标,分项,本月数(万元),无变化,情况说明\n"
         "结对帮扶,2021-08,镇级结对帮扶资金,城门镇,12,,no_evidence：随后补送\n结对帮扶,2021-08,village-fund,village-1,5,,\n"
         "结对帮扶,2021-08,village-fund,village-2,,是,\n");
    runs(EX_OK, "report send towns.csv --unit 350104101");
}

static void what_came_too_early_is_taken_when_its_time_has_come(void) {
    scene = "what came too early is taken when its time has come";
    file("early.csv",
         "任务,报送期,指标,本月数(数量),进展\n劳务输转,2021-10,转移就业人数,50,十月\n劳务输转,2021-10,其中脱贫人口,10,\n");
    runs(EX_DATAERR, "report send early.csv --unit rsj");
    says("B2 报送期  period_not_open");
    unsigned long head = ledger_head();
    runs(EX_DATAERR, "report send early.csv --unit rsj");
    if (ledger_head() != head) fail("a refusal that still holds was sent again");
    runs(EX_OK, "clock advance 2021-10-10T10:00");
    runs(EX_OK, "report send early.csv --unit rsj --json");
    unsigned long seq = number("\"seq\":", 1);
    runs(EX_OK, "report send early.csv --unit rsj --json");
    if (number("\"seq\":", 1) != seq) fail("this is not the original receipt");
}

static void what_is_missing_is_named_to_the_field(void) {
    scene = "what is missing is named to the field";
    settles();
    runs(EX_OK, "missing --unit 350104101 --period 2021-09");
    says("村级结对帮扶资金 / 城门镇结对村2（待定）");
    says("宁夏特色产品销售额");
    runs(EX_OK, "missing --unit 350104101 --period 2021-08");
    never_says("结对帮扶资金");
    runs(EX_OK, "obligations 城门镇 --period 2021-08");
    says("结对帮扶  已报");
    says("城门镇：3 份");
    runs(EX_OK, "rules --markdown");
    says("| `no_evidence` |");
    says("| `column_unknown` |");
    runs(EX_OK, "report template csh --period 2021-10");
    says("2.5万元,113.5万元"); /* last month, and all in all */
}

/* --- totals --- */

static void totals_equal_the_ledger(void) {
    scene = "totals equal the ledger";
    runs(EX_OK, "verify totals");
    says("0 处不一致");
    printf("  %s", strrchr(said, '\n') > said ? strstr(said, "由账本前") : "");
}

/* The villages get their names, a village its higher goal, and a unit comes to owe a task whose August is past. */
static void an_amended_plan_is_rebuilt_too(const char *plan) {
    char command[9000];
    scene = "an amended plan is rebuilt too";
    snprintf(command, sizeof command,
             "sed -e 's/responsible: \\[区人社局, 区财政局\\]/responsible: [区人社局, 区财政局, 区总工会]/' "
             "-e 's/城门镇结对村1（待定）/红旗村/' -e 's/at_least: 5万元/at_least: 4万元/' %s > %s/amended.yaml",
             plan, folder);
    if (system(command) != 0) fail("no amended plan");
    runs(EX_OK, "plan amend amended.yaml");
    runs(EX_OK, "clock advance 2021-10-11T10:00");
    runs(EX_OK, "verify totals");
    says("红旗村");
    says("0 处不一致");
    runs(EX_OK, "missing --unit zgh --period 2021-08");
    never_says("劳务输转"); /* what was past when it came in, it does not owe */
    runs(EX_OK, "missing --unit zgh --period 2021-09");
}

/* Does any file below the vault's folder hold the text, be it in a page that nobody uses? */
static bool vault_holds(const char *text) {
    char command[9000];
    snprintf(command, sizeof command, "grep -rqaF '%s' %s/data/vault", text, home);
    return system(command) == 0;
}

/* "What is erased there leaves every proof intact": the name goes out of the file, the count and the tenure stay. */
static void a_person_is_erased_and_nothing_that_was_counted_changes(void) {
    scene = "a person is erased and nothing that was counted changes";
    file("talent.csv", "任务,报送期,指标,姓名,发生日期,进展\n"
                       "talent,2021-09,doctors,郑支医,2021-08-05,两名医生在岗\n"
                       "talent,2021-09,doctors,何援宁,2021-08-16,\n");
    runs(EX_OK, "key new wjj");
    runs(EX_OK, "unit add wjj home/units/wjj.pub");
    runs(EX_OK, "report send talent.csv --unit wjj");
    settles();
    runs(EX_OK, "figures doctors");
    says("郑支医");
    says("何援宁");
    if (!vault_holds("郑支医")) fail("the name was never in the vault");
    runs(EX_OK, "verify totals --json");
    unsigned long checked = number("\"checked\":", 1);
    runs(EX_OK, "person erase 郑支医");
    says("已删除");
    if (vault_holds("郑支医")) fail("the name is still in the vault's file");
    if (!vault_holds("何援宁")) fail("another name is gone too");
    runs(EX_OK, "figures doctors");
    never_says("郑支医");
    says("已删除");
    says("何援宁");
    runs(EX_OK, "verify totals --json");
    if (number("\"checked\":", 1) != checked || number("\"differences\":", 1) != 0) fail("what was counted has changed");
    runs(EX_OK, "progress");
    says("选派医生");
    runs(EX_DATAERR, "person erase 郑支医");
    says("保密库中没有此人");
    runs(EX_OK, "down");
    if (vault_holds("郑支医")) fail("the name came back with the end");
    runs(EX_OK, "up --wait");
    runs(EX_OK, "verify totals");
    says("0 处不一致");
    runs(EX_OK, "status");
    says("vault");
}

static store_t *open_aggregation(void) {
    char path[200];
    store_t *store = NULL;
    snprintf(path, sizeof path, "%s/data/aggregation", home);
    if (store_open_derived(path, aggregation_tables, T_COUNT, &store) != OK) fail("aggregation's store does not open");
    return store;
}

static void plant_total(txn_t *txn, arena_t *arena) {
    store_key_t key = key_new();
    key_add_text(&key, text_of("sales"));
    key_add_text(&key, text_of(""));
    agg_tally_t tally = {0};
    txn_get(txn, T_TALLIES, &key, arena, &tally);
    tally.total += 1; /* a single fen */
    txn_put(txn, T_TALLIES, &key, &tally);
}

/* The report's leaf is packed anew as `plant` leaves it. */
static void plant_in(txn_t *txn, arena_t *arena, const char *task, const char *unit, uint32_t period_from,
                     void (*plant)(agg_obligation_t *row, arena_t *arena)) {
    store_key_t key = key_new();
    key_add_text(&key, text_of(task));
    key_add_text(&key, text_of(unit));
    agg_dossier_t dossier;
    agg_leaf_t leaf;
    agg_obligation_t row;
    fault_t fault;
    buffer_t packed = {0}, leaves = {0};
    uint32_t at = 0;
    bool found = false;
    if (!txn_get(txn, T_DOSSIERS, &key, arena, &dossier)) fail("no such dossier");
    while (leaf_take(dossier.leaves, &at, &leaf)) {
        if (leaf.period_from == period_from) {
            if (leaf.obligation.size == 0) row = obligation_unfold(&leaf, arena);
            else if (wire_decode(agg_obligation_type(), leaf.obligation, arena, &row, &fault) != OK) fail("it cannot be read");
            plant(&row, arena);
            wire_encode(agg_obligation_type(), &row, &packed);
            leaf = (agg_leaf_t){.period_from = period_from, .obligation = {packed.at, (uint32_t)packed.size}};
            found = true;
        }
        leaf_lay(&leaf, &leaves);
    }
    if (!found) fail("no such obligation");
    dossier.leaves = (bytes_t){leaves.at, (uint32_t)leaves.size};
    txn_put(txn, T_DOSSIERS, &key, &dossier);
    buffer_destroy(&packed);
    buffer_destroy(&leaves);
}

static void be_late(agg_obligation_t *row, arena_t *arena) {
    (void)arena;
    row->timeliness = timeliness_late;
    row->days_late = 1;
}

static void lose_one(agg_obligation_t *row, arena_t *arena) {
    if (row->counting.seq == 0) fail("no such report");
    agg_share_t *shares = ARENA_NEW(arena, agg_share_t, row->counting.shares_count);
    memcpy(shares, row->counting.shares, sizeof *shares * row->counting.shares_count);
    shares[0].amount.value--;
    row->counting.shares = shares;
}

static void plant_timeliness(txn_t *txn, arena_t *arena) { plant_in(txn, arena, "donation", "csh", 20210901, be_late); }

static void plant_figure(txn_t *txn, arena_t *arena) { plant_in(txn, arena, "labor", "rsj", 20210801, lose_one); }

static void planted_differences_are_found(void) {
    static void (*const plants[])(txn_t *, arena_t *) = {plant_total, plant_timeliness, plant_figure};
    static const char *const found_by[][2] = {
        {"合计  ", "sales"}, {"及时性", "csh donation 2021-09"}, {"一行数据", "rsj 2021-08"}};
    scene = "planted differences are found";
    arena_t *arena = arena_new();
    runs(EX_OK, "down");
    store_t *store = open_aggregation();
    txn_t *txn = store_write(store);
    for (size_t index = 0; index < 3; index++) plants[index](txn, arena);
    if (txn_commit(&txn) != OK) fail("cannot plant");
    store_close(&store);
    runs(EX_OK, "up --wait");
    runs(1, "verify totals");
    for (size_t index = 0; index < 3; index++) {
        says(found_by[index][0]);
        says(found_by[index][1]);
    }
    never_says(" 0 处不一致");
    runs(1, "verify totals --json");
    says("\"what\":\"timeliness\"");
    arena_destroy(&arena);
}

int main(int argc, char **argv) {
    if (argc != 3 || realpath(argv[1], bin) == NULL) return EX_USAGE;
    char plan[4096];
    if (realpath(argv[2], plan) == NULL) return EX_NOINPUT;
    snprintf(folder, sizeof folder, "%s/minning-bulk-XXXXXX", temporary_base());
    if (mkdtemp(folder) == NULL) return EX_CANTCREAT;
    snprintf(home, sizeof home, "%s/home", folder);
    atexit(leave);
    found(plan);
    a_template_says_what_is_owed();
    an_untouched_template_sends_nothing();
    a_dry_run_keeps_nothing_and_a_file_is_sent_once();
    a_changed_file_is_a_correction();
    faults_are_told_by_their_cells();
    atomic_sends_all_when_all_are_well();
    what_came_too_early_is_taken_when_its_time_has_come();
    a_month_that_the_file_itself_reports_is_not_skipped();
    what_is_missing_is_named_to_the_field();
    totals_equal_the_ledger();
    a_person_is_erased_and_nothing_that_was_counted_changes();
    an_amended_plan_is_rebuilt_too(plan);
    planted_differences_are_found();
    printf("bulk: every scene went as told\n");
    return 0;
}
