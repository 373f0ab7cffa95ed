/* `minning person erase`: a person out of the vault. The ledger keeps a keyed hash and goes on to count by it. */
#include "services/minning/ask.h"
#include "services/minning/persons.h"

#include "proto/crypto.h"
#include "services/stage/home.h"

#include <string.h>

enum { ASK_AT_ONCE = 512, SHORT_HASH = 4 };

static text_t hash_text(cli_t *cli, const uint8_t *hash, size_t size) {
    char *hex = arena_take(cli->arena, size * 2 + 1);
    for (size_t index = 0; index < size; index++) snprintf(hex + index * 2, 3, "%02x", hash[index]);
    return text_of(hex);
}

static err_t ask_vault(cli_t *cli, const message_t *ask, const void *question, const message_t *answer, void *value,
                       refusal_t *refusal) {
    link_start();
    return link_ask(HOME_VAULT_OPERATOR, ask, question, answer, value, refusal, cli->arena, ASK_MS);
}

void persons_named(cli_t *cli, const person_ref_t *refs, uint32_t count, text_t *names) {
    bool answers = true;
    for (uint32_t from = 0; from < count; from += ASK_AT_ONCE) {
        persons_ask_t ask = {.refs = refs + from, .refs_count = count - from < ASK_AT_ONCE ? count - from : ASK_AT_ONCE};
        persons_told_t told = {0};
        refusal_t refusal = {0};
        answers = answers && ask_vault(cli, persons_ask_type(), &ask, persons_told_type(), &told, &refusal) == OK &&
                  told.texts_count == ask.refs_count;
        for (uint32_t index = 0; index < ask.refs_count; index++) {
            text_t name = answers ? told.texts[index].text : hash_text(cli, refs[from + index].hash, SHORT_HASH);
            names[from + index] = name.size > 0 ? name : cli_word(cli, "已删除", "erased");
        }
    }
}

int verb_person_erase(cli_t *cli) {
    const char *hex = cli_option(cli, OPTION_hash);
    person_erase_t what = {.text = cli->arg_count > 0 ? text_of(cli->args[0]) : text_of(NULL)};
    person_erased_t erased = {0};
    refusal_t refusal = {0};
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    if ((hex != NULL) == (what.text.size > 0))
        return cli_fail(cli, EX_USAGE, "写姓名，或用 --hash 写其哈希", "a name, or its hash by --hash", NULL);
    if (hex != NULL && !hex_read(text_of(hex), what.hash, sizeof what.hash))
        return cli_fail(cli, EX_USAGE, "哈希应为 64 位十六进制", "a hash is 64 hexadecimal digits", hex);
    err_t err = ask_vault(cli, person_erase_type(), &what, person_erased_type(), &erased, &refusal);
    if (err != OK) return cli_fail_err(cli, err, "vault", &refusal);
    if (cli->json)
        cli_print_json(message_to_json(person_erased_type(), &erased));
    else
        printf("%s %s\n", erased.erased ? cli_say(cli, "已删除", "erased") : cli_say(cli, "保密库中没有此人", "the vault has none such"),
               hash_text(cli, erased.hash, sizeof erased.hash).at);
    return erased.erased ? EXIT_WELL : EX_DATAERR;
}
