/* `minning dictionary`: every message, word and reason, printed from the tables that the program itself runs on. */
#include "services/4-alerting/life.h"
#include "services/minning/cli.h"

static const char *const shapes[] = {"number", "number or nothing", "yes/no", "day",  "word",    "identifier", "text", "bytes",
                                     "bytes",  "identifiers",       "texts",  "days", "message", "list"};

static void print_range(const field_t *field) {
    unsigned long low = (unsigned long)field->low, high = (unsigned long)field->high;
    switch (field->shape) {
    case FIELD_U64:
    case FIELD_MAYBE: printf("%lu … %lu", low, high); break;
    case FIELD_SLUG:
    case FIELD_TEXT:
    case FIELD_BYTES: printf("%lu … %lu bytes", low, high); break;
    case FIELD_FIXED: printf("%lu bytes%s", high, low == REQUIRED ? ", required" : ""); break;
    case FIELD_SLUGS:
    case FIELD_LIST: printf("%lu … %lu of them", low, high); break;
    case FIELD_TEXTS: printf("at most %lu of %lu bytes", high, low); break;
    case FIELD_DAYS: printf("at most %lu", high); break;
    case FIELD_BOOL: break;
    case FIELD_DAY:
    case FIELD_WORD:
    case FIELD_OBJECT: printf("%s", low == REQUIRED ? "required" : "optional"); break;
    }
}

static void print_type(const field_t *field) {
    printf("%s", shapes[field->shape]);
    if (field->sub != NULL) printf(" `%s`", field->sub()->name);
    if (field->words == NULL) return;
    printf(":");
    for (const word_t *word = field->words; word->name != NULL; word++)
        if (word->number != 0 || word->zh[0] != '\0')
            printf(" `%s` %u %s%s", word->name, word->number, word->zh, word[1].name != NULL ? "," : "");
}

static void print_message(const message_t *type) {
    printf("\n### %s\n\n%s", type->name, type->doc);
    if (type->kind != 0) printf("\n\nKind %u, version %u.", type->kind, type->version);
    printf("\n\n| tag | field | type | range | meaning |\n|---|---|---|---|---|\n");
    for (size_t index = 0; index < type->field_count; index++) {
        const field_t *field = &type->fields[index];
        printf("| %u | %s | ", field->tag, field->name);
        print_type(field);
        printf(" | ");
        print_range(field);
        printf(" | %s |\n", field->doc);
    }
}

static void print_reasons(void) {
    static const char *const layers[] = {"frame", "door", "validation, hard", "validation, soft", "note", "decision"};
    size_t count;
    const reason_text_t *reasons = reason_all(&count);
    printf("\n## Reasons\n\nWhy something is refused. Codes never change; {1} … {4} are the values told with it.\n\n"
           "| code | where | 中文 | English |\n|---|---|---|---|\n");
    for (size_t index = 0; index < count; index++)
        printf("| %s | %s | %s | %s |\n", reasons[index].code, layers[reasons[index].layer], reasons[index].zh,
               reasons[index].en);
}

int verb_dictionary(cli_t *cli) {
    size_t count;
    const message_t *const *all = message_all(&count);
    if (cli->json) return cli_fail(cli, EX_USAGE, "字典只有 Markdown 格式", "the dictionary is Markdown only", NULL);
    printf("# Data dictionary 数据字典\n\nPrinted by `minning dictionary` from the declarations in proto/*.def. On the wire a "
           "message is a msgpack map "
           "from tag to value, tags ascending, zero values left out; in JSON the field names stand instead.\n\n## Messages\n");
    for (size_t index = 0; index < count; index++) print_message(all[index]);
    print_reasons();
    return EXIT_WELL;
}

int verb_life(cli_t *cli) {
    if (cli->json) return cli_fail(cli, EX_USAGE, "只有 Markdown 格式", "it is Markdown only", NULL);
    buffer_t out = {0};
    life_print(&out);
    fwrite(out.at, 1, out.size, stdout);
    buffer_destroy(&out);
    return EXIT_WELL;
}
