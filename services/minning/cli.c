/* Options and verbs: parsing, help, and the common answers to what goes wrong. */
#include "services/minning/cli.h"

#include "services/stage/home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    const char *name;
    const char *argument;
    const char *zh;
    const char *en;
} option_text_t;

#define OPTION(name, argument, zh, en) {#name, argument, zh, en},
static const option_text_t options[] = {
#include "services/minning/options.def"
};
#undef OPTION

/* --- start and end --- */

static bool locale_is_chinese(void) {
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t index = 0; index < sizeof names / sizeof names[0]; index++) {
        const char *value = getenv(names[index]);
        if (value != NULL && value[0] != '\0') return strncmp(value, "zh", 2) == 0;
    }
    return false;
}

void cli_start(cli_t *cli) {
    *cli = (cli_t){.arena = arena_new(), .zh = locale_is_chinese(), .start_dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    const char *no_colour = getenv("NO_COLOR");
    cli->colour = isatty(STDOUT_FILENO) == 1 && (no_colour == NULL || no_colour[0] == '\0');
    const char *home = getenv("MINNING_HOME");
    const char *user = getenv("HOME");
    if (home != NULL && home[0] != '\0')
        cli->home = home;
    else
        cli->home = arena_format(cli->arena, "%s/.minning", user != NULL ? user : ".").at;
}

void cli_end(cli_t *cli) {
    if (cli->start_dir >= 0) close(cli->start_dir);
    planbook_destroy(&cli->book);
    arena_destroy(&cli->arena);
}

/* --- help --- */

/* "no_wait" is typed --no-wait. */
static bool option_is(const char *name, const char *typed, size_t size) {
    if (strlen(name) != size) return false;
    for (size_t index = 0; index < size; index++)
        if (name[index] != (typed[index] == '-' ? '_' : typed[index])) return false;
    return true;
}

static bool word_in(const char *list, const char *word) {
    size_t size = strlen(word);
    for (const char *at = list; at != NULL && *at != '\0';) {
        size_t length = strcspn(at, " ");
        if (length == size && memcmp(at, word, size) == 0) return true;
        at += length;
        at += strspn(at, " ");
    }
    return false;
}

static void print_option(const cli_t *cli, const option_text_t *option) {
    char name[64];
    snprintf(name, sizeof name, "--%s%s%s", option->name, option->argument != NULL ? " " : "",
             option->argument != NULL ? option->argument : "");
    for (char *at = name; *at != '\0' && *at != ' '; at++)
        if (*at == '_') *at = '-';
    printf("  %-22s %s\n", name, cli_say(cli, option->zh, option->en));
}

static const char *verb_line(const cli_t *cli, const verb_t *verb) {
    return arena_format(cli->arena, "%s%s%s", verb->words, verb->synopsis[0] == '\0' ? "" : " ", verb->synopsis).at;
}

static void help_verb(const cli_t *cli, const verb_t *verb) {
    printf("minning %s\n  %s\n\n%s\n", verb_line(cli, verb), cli_say(cli, verb->zh, verb->en), cli_say(cli, "选项：", "Options:"));
    for (size_t index = 0; index < OPTION_COUNT; index++)
        if (index <= OPTION_help || word_in(verb->options, options[index].name)) print_option(cli, &options[index]);
}

static bool verb_begins(const verb_t *verb, const char *word) {
    size_t first = strcspn(verb->words, " ");
    return strlen(word) == first && memcmp(word, verb->words, first) == 0;
}

/* The verbs that begin with this word; NULL: all. How many. */
static size_t help_verbs(const cli_t *cli, const char *word) {
    size_t count = 0;
    for (const verb_t *verb = cli_verbs; verb->words != NULL; verb++) {
        if (word != NULL && !verb_begins(verb, word)) continue;
        printf("  %-28s %s\n", verb_line(cli, verb), cli_say(cli, verb->zh, verb->en));
        count++;
    }
    return count;
}

static void help_all(const cli_t *cli) {
    printf("%s\n\n", cli_say(cli, "闽宁协作年度工作要点的报送、校验、汇总与预警。用法：minning 命令 [选项]",
                             "Reports, verdicts, totals and warnings of a work plan. Usage: minning VERB [OPTIONS]"));
    help_verbs(cli, NULL);
    printf("\n%s\n", cli_say(cli, "通用选项：", "Common options:"));
    for (size_t index = 0; index <= OPTION_help; index++) print_option(cli, &options[index]);
    printf("\n%s\n", cli_say(cli, "退出码：0 成功，64 用法，65 内容被拒，66 无输入，69 服务不可用，75 请重试，76 答复读不懂。",
                             "Exit: 0 well, 64 usage, 65 refused, 66 no input, 69 unavailable, 75 again, 76 unreadable answer."));
}

/* --- parsing --- */

static const verb_t *verb_of(const cli_t *cli, size_t *words) {
    const verb_t *found = NULL;
    for (const verb_t *verb = cli_verbs; verb->words != NULL; verb++) {
        size_t first = strcspn(verb->words, " ");
        if (cli->arg_count < 1 || !verb_begins(verb, cli->args[0])) continue;
        if (verb->words[first] == '\0')
            *words = 1;
        else if (cli->arg_count > 1 && strcmp(cli->args[1], verb->words + first + 1) == 0)
            *words = 2;
        else
            continue;
        found = verb;
    }
    return found;
}

/* What was taken for a verb: two words where the first begins some, and then which there are. */
static const char *verb_typed(const cli_t *cli) {
    text_t known = text_of("");
    for (const verb_t *verb = cli_verbs; verb->words != NULL; verb++) {
        size_t first = strcspn(verb->words, " ");
        if (!verb_begins(verb, cli->args[0]) || verb->words[first] == '\0') continue;
        known = arena_format(cli->arena, TEXT_FORMAT " %s", TEXT_ARGS(known), verb->words + first + 1);
    }
    if (known.size == 0) return cli->args[0];
    return arena_format(cli->arena, cli_say(cli, "%s %s（%s 之后可用" TEXT_FORMAT "）", "%s %s (%s takes" TEXT_FORMAT ")"),
                        cli->args[0], cli->arg_count > 1 ? cli->args[1] : "", cli->args[0], TEXT_ARGS(known))
        .at;
}

static int usage(const cli_t *cli, const char *zh, const char *en, const char *detail, int *exit_code) {
    *exit_code = cli_fail(cli, EX_USAGE, zh, en, detail);
    fprintf(stderr, cli_say(cli, "试试 minning%s%s --help\n", "Try minning%s%s --help\n"), cli->verb == NULL ? "" : " ",
            cli->verb == NULL ? "" : cli->verb->words);
    return 1;
}

/* Takes the option at argv[*at], and its argument. */
static int take_option(cli_t *cli, int argc, char **argv, int *at, int *exit_code) {
    const char *typed = argv[*at] + 2;
    if (strcmp(argv[*at], "-h") == 0) typed = "help";
    if (strcmp(argv[*at], "-o") == 0) typed = "output";
    size_t size = strcspn(typed, "=");
    for (size_t index = 0; index < OPTION_COUNT; index++) {
        if (!option_is(options[index].name, typed, size)) continue;
        if (options[index].argument == NULL) {
            if (typed[size] == '=') return usage(cli, "此选项不带参数", "the option takes no argument", argv[*at], exit_code);
            cli->values[index] = "";
            return 0;
        }
        if (typed[size] == '=')
            cli->values[index] = typed + size + 1;
        else if (*at + 1 < argc)
            cli->values[index] = argv[++*at];
        else
            return usage(cli, "此选项缺少参数", "the option wants an argument", argv[*at], exit_code);
        return 0;
    }
    return usage(cli, "没有这个选项", "no such option", argv[*at], exit_code);
}

static int take_common(cli_t *cli, int *exit_code) {
    const char *lang = cli_option(cli, OPTION_lang);
    if (lang != NULL && strcmp(lang, "zh") != 0 && strcmp(lang, "en") != 0)
        return usage(cli, "语言只有 zh 和 en", "languages are zh and en", lang, exit_code);
    if (lang != NULL) cli->zh = strcmp(lang, "zh") == 0;
    if (cli_option(cli, OPTION_home) != NULL) cli->home = cli_option(cli, OPTION_home);
    cli->json = cli_option(cli, OPTION_json) != NULL;
    return 0;
}

/* "minning help report send" asks what "minning report send --help" does. */
static bool take_help(cli_t *cli) {
    if (cli->arg_count > 0 && strcmp(cli->args[0], "help") == 0) {
        cli->values[OPTION_help] = "";
        cli->arg_count--;
        memmove(cli->args, cli->args + 1, cli->arg_count * sizeof cli->args[0]);
    }
    return cli_option(cli, OPTION_help) != NULL;
}

static int check_verb(cli_t *cli, size_t words, int *exit_code) {
    const verb_t *verb = cli->verb;
    if (cli_option(cli, OPTION_help) != NULL) {
        help_verb(cli, verb);
        *exit_code = EXIT_WELL;
        return 1;
    }
    cli->arg_count -= words;
    memmove(cli->args, cli->args + words, cli->arg_count * sizeof cli->args[0]);
    if (cli->arg_count < verb->least || cli->arg_count > verb->most)
        return usage(cli, "参数个数不对", "wrong number of arguments",
                     verb_line(cli, verb), exit_code);
    for (size_t index = OPTION_help + 1; index < OPTION_COUNT; index++)
        if (cli->values[index] != NULL && !word_in(verb->options, options[index].name))
            return usage(cli, "此命令没有这个选项", "this verb has no such option", options[index].name, exit_code);
    return 0;
}

int cli_parse(cli_t *cli, int argc, char **argv, int *exit_code) {
    bool plain = false;
    for (int at = 1; at < argc; at++) {
        bool option = !plain && (strncmp(argv[at], "--", 2) == 0 || strcmp(argv[at], "-h") == 0 || strcmp(argv[at], "-o") == 0);
        if (option && argv[at][2] == '\0' && argv[at][1] == '-')
            plain = true;
        else if (option) {
            if (take_option(cli, argc, argv, &at, exit_code) != 0) return 1;
        } else if (cli->arg_count == CLI_ARGS)
            return usage(cli, "参数过多", "too many arguments", argv[at], exit_code);
        else
            cli->args[cli->arg_count++] = argv[at];
    }
    if (take_common(cli, exit_code) != 0) return 1;
    bool helped = take_help(cli);
    size_t words = 0;
    cli->verb = verb_of(cli, &words);
    if (cli->verb != NULL) return check_verb(cli, words, exit_code);
    if (cli->arg_count == 1 && help_verbs(cli, cli->args[0]) > 0) {
        *exit_code = helped ? EXIT_WELL : EX_USAGE;
        return 1;
    }
    if (cli->arg_count > 0) return usage(cli, "没有这个命令", "no such verb", verb_typed(cli), exit_code);
    help_all(cli);
    *exit_code = helped ? EXIT_WELL : EX_USAGE;
    return 1;
}

int cli_main(int argc, char **argv) {
    cli_t cli;
    cli_start(&cli);
    int exit_code = EXIT_WELL;
    if (cli_parse(&cli, argc, argv, &exit_code) == 0) exit_code = cli.verb->run(&cli);
    if (fflush(stdout) != 0 && exit_code == EXIT_WELL) exit_code = EX_IOERR;
    cli_end(&cli);
    return exit_code;
}

/* --- what goes wrong --- */

int cli_fail(const cli_t *cli, int exit_code, const char *zh, const char *en, const char *detail) {
    fflush(stdout);
    fprintf(stderr, "minning: %s%s%s\n", cli_say(cli, zh, en), detail != NULL ? cli_say(cli, "：", ": ") : "",
            detail != NULL ? detail : "");
    return exit_code;
}

int cli_exit_of(err_t err) {
    switch (err) {
    case OK: return EXIT_WELL;
    case ERR_TIMEOUT:
    case ERR_MISSING: return EX_UNAVAILABLE;
    case ERR_REFUSED:
    case ERR_BAD: return EX_DATAERR;
    case ERR_LOCKED: return EX_TEMPFAIL;
    case ERR_SYSTEM:
    case ERR_STORE:
    case ERR_CORRUPT:
    case ERR_FULL:
    case ERR_NOMEM: return EX_SOFTWARE;
    }
    return EX_SOFTWARE;
}

int cli_fail_err(const cli_t *cli, err_t err, const char *whom, const refusal_t *refusal) {
    if (err == ERR_TIMEOUT)
        return cli_fail(cli, EX_UNAVAILABLE, "服务没有应答（是否已 minning up？）", "no answer (is it up?)", whom);
    if (err == ERR_REFUSED && refusal != NULL && refusal->reasons_count == 0)
        return cli_fail(cli, EX_TEMPFAIL, "服务繁忙，请稍后再试", "busy, try again later", whom);
    if (err == ERR_BAD)
        return cli_fail(cli, EX_PROTOCOL, "对方的答复无法读取：程序版本不同？", "the answer cannot be read: is the other side another version?",
                        whom);
    if (err != ERR_REFUSED || refusal == NULL) return cli_fail(cli, cli_exit_of(err), "出错", "error", err_name(err));
    cli_fail(cli, EX_DATAERR, "被拒绝", "refused", whom);
    for (uint32_t index = 0; index < refusal->reasons_count; index++)
        cli_print_reason(cli, &refusal->reasons[index], 2, stderr);
    return EX_DATAERR;
}

/* --- files and homes --- */

int cli_enter(cli_t *cli) {
    char *real = realpath(cli->home, NULL);
    if (real == NULL)
        return cli_fail(cli, EX_NOINPUT, "没有这个目录（先 minning init）", "no such home (minning init makes one)", cli->home);
    cli->home = arena_text(cli->arena, text_of(real)).at;
    free(real);
    if (home_enter(cli->home) != OK)
        return cli_fail(cli, EX_NOINPUT, "此目录不是 minning init 建立的", "not a home made by minning init", cli->home);
    cli->entered = true;
    return EXIT_WELL;
}

int cli_read_file(const cli_t *cli, const char *path, uint32_t limit, text_t *content) {
    int file = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : openat(cli->start_dir, path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return cli_fail(cli, EX_NOINPUT, "打不开文件", "cannot open the file", path);
    buffer_t bytes = {0};
    char part[16384];
    ssize_t got;
    while ((got = read(file, part, sizeof part)) > 0 && bytes.size <= limit) buffer_add(&bytes, part, (size_t)got);
    close(file);
    int exit_code = EXIT_WELL;
    if (got < 0)
        exit_code = cli_fail(cli, EX_IOERR, "读文件出错", "cannot read the file", path);
    else if (bytes.size > limit)
        exit_code = cli_fail(cli, EX_DATAERR, "文件过大", "the file is too large", path);
    else
        *content = arena_text(cli->arena, (text_t){(const char *)bytes.at, (uint32_t)bytes.size});
    buffer_destroy(&bytes);
    return exit_code;
}

int cli_read_receipt(const cli_t *cli, const char *path, receipt_t *receipt) {
    text_t text;
    int line = 0;
    char what[256];
    fault_t fault;
    int exit_code = cli_read_file(cli, path, LIMIT_EDGE_FRAME, &text);
    if (exit_code != EXIT_WELL) return exit_code;
    json_t *json = json_read(text, &line, what, sizeof what), *inner = json_object_get(json, "receipt");
    bool good =
        json != NULL && message_from_json(receipt_type(), inner == NULL ? json : inner, cli->arena, receipt, &fault) == OK;
    json_decref(json);
    return good ? EXIT_WELL : cli_fail(cli, EX_DATAERR, "不是回执文件", "not a receipt", path);
}

bool cli_number(const char *text, uint64_t *number) {
    char *end = NULL;
    if (text == NULL || text[0] < '0' || text[0] > '9') return false;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0';
}

bool cli_is_slug(const char *text) {
    size_t size = strlen(text);
    return size > 0 && size <= LIMIT_ID && text[0] != '.' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == size;
}
