/* `minning door down|up DOOR`: in a rehearsal absences of doors are commands; a real ledger finds them out by itself. */
#include "services/minning/ask.h"
#include "services/minning/cli.h"

static int door_of(cli_t *cli, door_t *door) {
    const word_t *word = word_named(door_words, text_of(cli->args[0]));
    *door = word == NULL ? door_none : (door_t)word->number;
    if (*door == door_gateway || *door == door_console) return cli_enter(cli);
    return cli_fail(cli, EX_USAGE, "入口为 gateway 或 console", "a door is gateway or console", cli->args[0]);
}

static int tell(cli_t *cli, const message_t *type, const void *value) {
    command_done_t done = {0};
    refusal_t refusal = {0};
    err_t err = ask_command(cli, type, value, &done, &refusal);
    if (err != OK) return cli_fail_err(cli, err, "intake", &refusal);
    return ask_tell_done(cli, &done, "已记入账本第 %lu 条\n", "noted as entry %lu\n");
}

int verb_door_down(cli_t *cli) {
    door_down_t down = {0};
    int exit_code = door_of(cli, &down.door);
    return exit_code == EXIT_WELL ? tell(cli, door_down_type(), &down) : exit_code;
}

int verb_door_up(cli_t *cli) {
    door_up_t up = {0};
    int exit_code = door_of(cli, &up.door);
    return exit_code == EXIT_WELL ? tell(cli, door_up_type(), &up) : exit_code;
}
