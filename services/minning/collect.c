/* The desks of this home as the gatherer asks them, and where documents go. */
#include "services/minning/collect.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char *const desks[] = {"intake", "validation", "aggregation", "alerting"};

static err_t ask(void *self, gather_desk_t desk, const message_t *type, const void *question, const message_t *answer,
                 void *value) {
    collect_t *collect = self;
    collect->exit_code = ask_desk(collect->cli, desks[desk], type, question, answer, value);
    return collect->exit_code == EXIT_WELL ? OK : ERR_REFUSED;
}

int collect_failed(collect_t *self, err_t err) {
    if (self->exit_code != EXIT_WELL) return self->exit_code; /* told where it was asked */
    if (err == ERR_TIMEOUT)
        return cli_fail(self->cli, EX_TEMPFAIL, "账本变动太快，请稍后再试", "the ledger moves too fast: try again later", NULL);
    return cli_fail(self->cli, EX_SOFTWARE, "文件数据有误", "the document's data is wrong", err_name(err));
}

int collect_begin(collect_t *self, cli_t *cli) {
    *self = (collect_t){.cli = cli};
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    self->gather = (gather_t){.self = self, .ask = ask, .arena = cli->arena, .book = cli_plan(cli)};
    if (self->gather.book == NULL)
        return cli_fail(cli, EX_NOINPUT, "此账本没有计划文件", "this home keeps no plan file", "plan.yaml");
    err_t err = gather_clock(&self->gather);
    return err == OK ? EXIT_WELL : collect_failed(self, err);
}

int collect_edition(collect_t *self, document_kind_t kind, text_t period, edition_t *edition) {
    health_t health = {0};
    err_t err = ask_health(self->cli, "intake", 0, ASK_MS, &health);
    if (err != OK) return cli_fail_err(self->cli, err, "intake", NULL);
    err = gather_edition(&self->gather, kind, period, health.out_head, edition);
    return err == OK ? EXIT_WELL : collect_failed(self, err);
}

int collect_write(cli_t *cli, const buffer_t *bytes, bool binary) {
    const char *path = cli_option(cli, OPTION_output);
    bool to_file = path != NULL && strcmp(path, "-") != 0;
    if (binary && !to_file && isatty(STDOUT_FILENO) == 1)
        return cli_fail(cli, EX_USAGE, "此格式请用 -o 存入文件", "write this format to a file", "-o FILE");
    int file = to_file ? openat(cli->start_dir, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : dup(STDOUT_FILENO);
    if (file < 0) return cli_fail(cli, EX_CANTCREAT, "无法写入文件", "cannot write the file", path);
    fflush(stdout);
    size_t done = 0;
    while (done < bytes->size) {
        ssize_t put = write(file, bytes->at + done, bytes->size - done);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) break;
        done += (size_t)put;
    }
    bool good = done == bytes->size && (!to_file || fsync(file) == 0);
    if (close(file) != 0) good = false;
    return good ? EXIT_WELL : cli_fail(cli, EX_IOERR, "无法写入文件", "cannot write the file", path);
}
