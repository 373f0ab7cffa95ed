/* `minning init`: a home with its keys and settings, and a ledger that has adopted a plan. */
#include "services/minning/cli.h"

#include "proto/crypto.h"
#include "services/1-intake/intake.h"
#include "services/plan/plan_home.h"
#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "services/unit/unit.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_ENDPOINT "tcp://127.0.0.1:7350"

/* What is to be founded. */
typedef struct {
    text_t yaml;
    plan_t plan;
    ledger_opened_t opened;
    int64_t at_ms;
    const char *endpoint;
} founding_t;

static int read_plan(cli_t *cli, founding_t *founding) {
    const char *file = cli_option(cli, OPTION_plan);
    if (file == NULL) return cli_fail(cli, EX_USAGE, "须用 --plan 指定计划文件", "name the plan file", "--plan FILE");
    int exit_code = cli_read_file(cli, file, LIMIT_PLAN_FILE, &founding->yaml);
    if (exit_code != EXIT_WELL) return exit_code;
    file_fault_t *faults = ARENA_NEW(cli->arena, file_fault_t, PLAN_FAULTS);
    uint32_t count = 0;
    if (plan_read(founding->yaml, cli->arena, &founding->plan, faults, &count) == OK) return EXIT_WELL;
    return cli_print_faults(cli, file, faults, count);
}

/* A port nobody listens on now. Between here and the gateway's bind somebody may take it: the gateway then says so. */
static const char *free_endpoint(cli_t *cli) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr *any = (struct sockaddr *)(void *)&address;
    socklen_t size = sizeof address;
    int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool found = probe >= 0 && bind(probe, any, size) == 0 && getsockname(probe, any, &size) == 0;
    if (probe >= 0) close(probe);
    return found ? arena_format(cli->arena, "tcp://127.0.0.1:%u", ntohs(address.sin_port)).at : DEFAULT_ENDPOINT;
}

/* The endpoint goes into a quoted setting and into ZeroMQ: no quotes, blanks or line ends. */
static bool endpoint_is_plain(const char *endpoint) {
    bool known = strncmp(endpoint, "tcp://", 6) == 0 || strncmp(endpoint, "ipc://", 6) == 0;
    for (const char *at = endpoint; known && *at != '\0'; at++)
        if (*at <= ' ' || *at == '"' || *at == '\\' || *at == 0x7f) return false;
    return known && strlen(endpoint) < 200;
}

static int choose_clock_and_door(cli_t *cli, founding_t *founding) {
    const char *instant = cli_option(cli, OPTION_rehearsal);
    founding->opened.clock_mode = instant != NULL ? clock_mode_rehearsal : clock_mode_real;
    founding->at_ms = clock_wall_ms();
    if (instant != NULL && !cli_instant(instant, (int64_t)founding->plan.offset_minutes, &founding->at_ms))
        return cli_fail(cli, EX_USAGE, "时刻应写作 2021-07-31 或 2021-08-20T09:00",
                        "an instant is 2021-07-31 or 2021-08-20T09:00", instant);
    const char *endpoint = cli_option(cli, OPTION_endpoint);
    founding->endpoint = endpoint == NULL ? DEFAULT_ENDPOINT : strcmp(endpoint, "auto") == 0 ? free_endpoint(cli) : endpoint;
    if (!endpoint_is_plain(founding->endpoint))
        return cli_fail(cli, EX_USAGE, "地址应以 tcp:// 或 ipc:// 开头", "an address begins with tcp:// or ipc://",
                        founding->endpoint);
    return EXIT_WELL;
}

static err_t write_hex(cli_t *cli, const char *path, const uint8_t *bytes, size_t size, unsigned mode) {
    text_t hex = hex_of(bytes, size, cli->arena);
    return home_write(path, arena_format(cli->arena, TEXT_FORMAT "\n", TEXT_ARGS(hex)), mode);
}

static err_t make_keys(cli_t *cli, founding_t *founding) {
    uint8_t operator_secret[SIGN_SECRET_SIZE], signer_secret[SIGN_SECRET_SIZE], vault[HASH_KEY_SIZE];
    crypto_start();
    crypto_random(founding->opened.ledger_id, sizeof founding->opened.ledger_id);
    founding->opened.epoch = 1;
    sign_keypair(founding->opened.operator_key, operator_secret);
    sign_keypair(founding->opened.signer_key, signer_secret);
    crypto_random(vault, sizeof vault);
    unit_key_t gateway;
    err_t err = write_hex(cli, "keys/operator.key", operator_secret, sizeof operator_secret, 0600);
    if (err == OK) err = write_hex(cli, "keys/operator.pub", founding->opened.operator_key, SIGN_PUBLIC_SIZE, 0644);
    if (err == OK) err = write_hex(cli, "keys/signer.key", signer_secret, sizeof signer_secret, 0600);
    if (err == OK) err = write_hex(cli, "keys/signer.pub", founding->opened.signer_key, SIGN_PUBLIC_SIZE, 0644);
    if (err == OK) err = write_hex(cli, "keys/vault.key", vault, sizeof vault, 0600);
    if (err == OK) err = write_hex(cli, "keys/ledger.id", founding->opened.ledger_id, 16, 0644);
    if (err == OK) err = unit_key_new(&gateway);
    if (err != OK) return err;
    err = unit_key_store("keys/gateway", &gateway);
    return err;
}

static err_t write_settings(cli_t *cli, const founding_t *founding) {
    static const char format[] =
        "#   Settings of this home, in ZPL: four blanks of indent, names in ASCII. Read when a service starts.\n"
        "ledger\n    plan = \"" TEXT_FORMAT "\"\n    clock = \"%s\"\n"
        "gateway\n    endpoint = \"%s\"\n"
        "console\n    port = \"%s\"\n"
        "redis\n    external = 0\n";
    const char *endpoint = cli_option(cli, OPTION_endpoint);
    bool any = endpoint != NULL && strcmp(endpoint, "auto") == 0;
    return home_write(HOME_CONF,
                      arena_format(cli->arena, format, TEXT_ARGS(founding->plan.id),
                                   WORD_NAME(clock_mode, founding->opened.clock_mode), founding->endpoint, any ? "0" : "7351"),
                      0600);
}

/* In the home's folder. What was half made by an earlier try is refused, never mended: nobody knows what it is. */
static int found(cli_t *cli, founding_t *founding) {
    bool taken =
        access(HOME_CONF, F_OK) == 0 || access("data/intake/data.mdb", F_OK) == 0 || access("keys/operator.key", F_OK) == 0;
    if (taken)
        return cli_fail(cli, EX_CANTCREAT, "此处已有账本，不会覆盖", "there is a ledger here already; it is left as it is",
                        cli->home);
    err_t err = make_keys(cli, founding);
    if (err == OK) err = plan_home_write(founding->yaml, &founding->plan);
    if (err == OK) err = intake_found("data/intake", &founding->opened, &founding->plan, 1, founding->at_ms);
    if (err == OK) err = write_settings(cli, founding);
    if (err != OK) return cli_fail(cli, cli_exit_of(err), "建立账本出错", "cannot found the ledger", err_name(err));
    return EXIT_WELL;
}

static void tell_founded(cli_t *cli, const founding_t *founding) {
    text_t id = hex_of(founding->opened.ledger_id, 16, cli->arena);
    text_t when = cli_when(cli, (int64_t)founding->plan.offset_minutes, founding->at_ms);
    if (cli->json) {
        json_t *json = json_object();
        json_object_set_new(json, "home", json_string(cli->home));
        json_object_set_new(json, "ledger_id", json_string(id.at));
        json_object_set_new(json, "plan", json_stringn(founding->plan.id.at, founding->plan.id.size));
        json_object_set_new(json, "clock", json_string(WORD_NAME(clock_mode, founding->opened.clock_mode)));
        json_object_set_new(json, "endpoint", json_string(founding->endpoint));
        cli_print_json(json);
        return;
    }
    printf(cli_say(cli,
                   "账本 " TEXT_FORMAT " 已建立于 %s（%s，" TEXT_FORMAT "）\n计划 " TEXT_FORMAT "：" TEXT_FORMAT "\n网关 %s\n",
                   "ledger " TEXT_FORMAT " founded in %s (%s, " TEXT_FORMAT ")\nplan " TEXT_FORMAT ": " TEXT_FORMAT
                   "\ngateway %s\n"),
           TEXT_ARGS(id), cli->home,
           cli_say(cli, WORD_ZH(clock_mode, founding->opened.clock_mode), WORD_EN(clock_mode, founding->opened.clock_mode)),
           TEXT_ARGS(when), TEXT_ARGS(founding->plan.id), TEXT_ARGS(founding->plan.title), founding->endpoint);
}

int verb_init(cli_t *cli) {
    founding_t founding = {0};
    if (cli->arg_count > 0) cli->home = cli->args[0];
    int exit_code = read_plan(cli, &founding);
    if (exit_code == EXIT_WELL) exit_code = choose_clock_and_door(cli, &founding);
    if (exit_code != EXIT_WELL) return exit_code;
    umask(0077);
    err_t err = home_make(cli->home);
    if (err != OK || chdir(cli->home) != 0)
        return cli_fail(cli, EX_CANTCREAT, "无法建立目录", "cannot make the folder", cli->home);
    char *real = realpath(".", NULL);
    if (real != NULL) cli->home = arena_text(cli->arena, text_of(real)).at;
    free(real);
    exit_code = found(cli, &founding);
    if (exit_code == EXIT_WELL) tell_founded(cli, &founding);
    return exit_code;
}
