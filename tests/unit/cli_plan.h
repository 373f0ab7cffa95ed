/* A call of the command line that knows the shipped plan, for tests of what people write in files. */
#ifndef TESTS_CLI_PLAN_H
#define TESTS_CLI_PLAN_H

#include "services/minning/cli.h"

#include "proto/crypto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PLAN_FILE "deploy/plans/2021-cangshan.yaml" /* tests run from the top of the checkout */

static cli_t cli;

static int begin(void **state) {
    (void)state;
    cli_start(&cli);
    crypto_start();
    text_t yaml;
    plan_t plan;
    uint32_t count = 0;
    file_fault_t *faults = ARENA_NEW(cli.arena, file_fault_t, PLAN_FAULTS);
    if (cli_read_file(&cli, PLAN_FILE, LIMIT_PLAN_FILE, &yaml) != EXIT_WELL) return -1;
    if (plan_read(yaml, cli.arena, &plan, faults, &count) != OK) return -1;
    cli.book = planbook_new(&plan);
    return 0;
}

static int end(void **state) {
    (void)state;
    cli_end(&cli);
    return 0;
}

#endif
