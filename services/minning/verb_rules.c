/* `minning rules`: the rule book, printed from the tables that the services and the file reader run on. */
#include "services/minning/cli.h"
#include "services/sheet/bulk.h"

typedef struct {
    const char *code, *zh, *en;
} rule_t;

static const char *const layers_zh[] = {"报文", "入口", "硬规则", "软规则", "提示", "决定", "文件"};
static const char *const layers_en[] = {"frame", "door", "hard", "soft", "note", "decision", "file"};
enum { LAYER_FILE = 6 };

/* What a fault of this layer means for the one who reports. */
static const char *const meanings[][2] = {
    {"报文无法读取，什么也没有留存", "the frame cannot be read, nothing is kept"},
    {"入口拒收，只计次数，不留内容", "refused at the door: counted, never kept"},
    {"拒绝；更正后可再报", "refuses the report; correct it and send it again"},
    {"须书面说明，说明随报告留存；无说明则拒绝", "passes with a written explanation, which is kept; refused without"},
    {"随有效报告告知，不影响接收", "told with a report that is taken; refuses nothing"},
    {"决定不成立，原状不变", "a decision is not taken; what stood stands"},
    {"CSV 文件在发送之前发现", "found in a CSV file before anything is sent"}};

static void add_rule(cli_t *cli, sheet_t *sheet, const rule_t *rule, size_t layer) {
    if (cli->json) {
        json_t *json = json_object();
        json_object_set_new(json, "code", json_string(rule->code));
        json_object_set_new(json, "layer", json_string(layers_en[layer]));
        json_object_set_new(json, "zh", json_string(rule->zh));
        json_object_set_new(json, "en", json_string(rule->en));
        cli_print_json(json);
        return;
    }
    if (cli_option(cli, OPTION_markdown) != NULL) {
        printf("| `%s` | %s | %s |\n", rule->code, rule->zh, rule->en);
        return;
    }
    text_t cells[] = {text_of(rule->code), text_of(cli_say(cli, layers_zh[layer], layers_en[layer])),
                      text_of(cli_say(cli, rule->zh, rule->en))};
    sheet_add(sheet, cells, 3, NULL);
}

static void head_of_layer(const cli_t *cli, size_t layer) {
    if (cli->json || cli_option(cli, OPTION_markdown) == NULL) return;
    printf("\n## %s %s\n\n%s。%s.\n\n| code | 中文 | English |\n|---|---|---|\n", layers_zh[layer], layers_en[layer],
           meanings[layer][0], meanings[layer][1]);
}

int verb_rules(cli_t *cli) {
    size_t count, file_count;
    const reason_text_t *reasons = reason_all(&count);
    const file_reason_t *file_reasons = file_reason_all(&file_count);
    sheet_t sheet = {0};
    text_t head[] = {cli_word(cli, "代码", "code"), cli_word(cli, "层次", "layer"), cli_word(cli, "说明", "sentence")};
    sheet_add(&sheet, head, 3, NULL);
    bool markdown = !cli->json && cli_option(cli, OPTION_markdown) != NULL;
    if (markdown)
        printf(
            "# Rule book 规则手册\n\nPrinted by `minning rules --markdown`. Codes never change; {1} … {4} are the values told "
            "with a fault.\n");
    for (size_t layer = 0; layer < LAYER_FILE; layer++) {
        head_of_layer(cli, layer);
        for (size_t index = 0; index < count; index++)
            if ((size_t)reasons[index].layer == layer)
                add_rule(cli, &sheet, &(rule_t){reasons[index].code, reasons[index].zh, reasons[index].en}, layer);
    }
    head_of_layer(cli, LAYER_FILE);
    for (size_t index = 0; index < file_count; index++)
        add_rule(cli, &sheet, &(rule_t){file_reasons[index].code, file_reasons[index].zh, file_reasons[index].en}, LAYER_FILE);
    if (!cli->json && !markdown) sheet_print(cli, &sheet, stdout);
    sheet_destroy(&sheet);
    return EXIT_WELL;
}
