/* Files in the caller's folder, hashed as they lie there, and sent before the report that names them. */
#include "services/minning/evidence_files.h"

#include "proto/crypto.h"
#include "services/stage/home.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SILENCE_MS = 120000, PART = 65536 };

/* The last part of a path, as people know the file. */
static text_t name_of(cli_t *cli, const char *path) {
    const char *slash = strrchr(path, '/');
    return arena_text(cli->arena, text_of(slash == NULL ? path : slash + 1));
}

static bool file_hash(evidence_file_t *file) {
    static uint8_t part[PART];
    sha256_t hash;
    uint64_t size = 0;
    uint32_t got = sizeof part;
    bool read = true;
    sha256_begin(&hash);
    for (; read && got == sizeof part; size += got) {
        read = home_read_at(file->fd, part, &got, size);
        sha256_add(&hash, (bytes_t){part, got});
    }
    sha256_end(&hash, file->sha256);
    return read && size == file->size;
}

int evidence_file_add(cli_t *cli, evidence_files_t *self, const char *path) {
    struct stat status;
    if (self->count == LIMIT_EVIDENCE) return cli_fail(cli, EX_DATAERR, "佐证文件太多", "too many evidence files", path);
    evidence_file_t file = {.path = path, .fd = openat(cli->start_dir, path, O_RDONLY | O_CLOEXEC), .name = name_of(cli, path)};
    if (file.fd < 0) return cli_fail(cli, EX_NOINPUT, "打不开文件", "cannot open the file", path);
    self->files[self->count++] = file;
    if (fstat(file.fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0)
        return cli_fail(cli, EX_DATAERR, "不是普通文件，或为空", "not a regular file, or empty", path);
    evidence_file_t *kept = &self->files[self->count - 1];
    kept->size = (uint64_t)status.st_size;
    if (kept->size > LIMIT_EVIDENCE_FILE) {
        text_t why = arena_format(cli->arena, "%s: %llu MiB", path, (unsigned long long)(LIMIT_EVIDENCE_FILE >> 20));
        return cli_fail(cli, EX_DATAERR, "佐证文件过大，上限", "the evidence file is too large, at most", why.at);
    }
    return file_hash(kept) ? EXIT_WELL : cli_fail(cli, EX_IOERR, "读文件出错", "cannot read the file", path);
}

static void row_fill(cli_t *cli, json_t *row, const evidence_file_t *file) {
    json_object_set_new(row, "sha256", json_string(hex_of(file->sha256, sizeof file->sha256, cli->arena).at));
    if (json_object_get(row, "name") == NULL) json_object_set_new(row, "name", json_stringn(file->name.at, file->name.size));
}

static int option_read(cli_t *cli, json_t *rows, evidence_files_t *self) {
    const char *named = cli_option(cli, OPTION_evidence);
    int exit_code = EXIT_WELL;
    while (exit_code == EXIT_WELL && named != NULL && *named != '\0') {
        size_t size = strcspn(named, ",");
        const char *path = arena_text(cli->arena, (text_t){named, (uint32_t)size}).at;
        named += size + (named[size] == ',');
        if (size == 0) continue;
        exit_code = evidence_file_add(cli, self, path);
        if (exit_code != EXIT_WELL) return exit_code;
        json_t *row = json_object();
        row_fill(cli, row, &self->files[self->count - 1]);
        json_array_append_new(rows, row);
    }
    return exit_code;
}

int evidence_files_read(cli_t *cli, json_t *report, evidence_files_t *self) {
    json_t *rows = json_object_get(report, "evidence"), *row;
    size_t index;
    if (!json_is_object(report) || (rows != NULL && !json_is_array(rows))) return EXIT_WELL; /* told by whoever reads the report */
    json_array_foreach(rows, index, row) {
        const char *path = json_string_value(json_object_get(row, "file"));
        if (path == NULL) continue;
        path = arena_text(cli->arena, text_of(path)).at;
        int exit_code = evidence_file_add(cli, self, path);
        if (exit_code != EXIT_WELL) return exit_code;
        row_fill(cli, row, &self->files[self->count - 1]);
        json_object_del(row, "file");
    }
    if (cli_option(cli, OPTION_evidence) == NULL) return EXIT_WELL;
    if (rows == NULL) json_object_set_new(report, "evidence", rows = json_array());
    return option_read(cli, rows, self);
}

/* --- sending --- */

typedef struct {
    cli_t *cli;
    const evidence_file_t *file;
    bool told;
} source_t;

static bool source_read(void *source, uint64_t offset, uint32_t size, uint8_t *into) {
    const source_t *self = source;
    uint32_t got = size;
    return home_read_at(self->file->fd, into, &got, offset) && got == size;
}

/* On a terminal alone: a file takes minutes on a slow line. */
static void source_told(void *source, uint64_t offset, uint64_t size) {
    source_t *self = source;
    if (!isatty(STDERR_FILENO)) return;
    self->told = true;
    fprintf(stderr, "\r" TEXT_FORMAT "  %3llu%% ", TEXT_ARGS(self->file->name), (unsigned long long)(offset * 100 / size));
}

static void print_sent(cli_t *cli, const evidence_file_t *file, const evidence_at_t *at) {
    text_t hash = hex_of(file->sha256, sizeof file->sha256, cli->arena);
    if (cli->json) return;
    printf(cli_say(cli, "佐证  " TEXT_FORMAT "  " TEXT_FORMAT "  %s  " TEXT_FORMAT "\n",
                   "evidence  " TEXT_FORMAT "  " TEXT_FORMAT "  %s  " TEXT_FORMAT "\n"),
           TEXT_ARGS(file->name), TEXT_ARGS(CLI_WORD_OF(cli, file_type, at->type)),
           cli_say(cli, WORD_ZH(file_scan, at->scan), WORD_EN(file_scan, at->scan)), TEXT_ARGS(hash));
}

int evidence_files_send(talk_t *talk, const evidence_files_t *self, const uint8_t *submission_id) {
    cli_t *cli = talk->cli;
    for (uint32_t index = 0; index < self->count; index++) {
        const evidence_file_t *file = &self->files[index];
        source_t source = {.cli = cli, .file = file};
        unit_source_t from = {&source, source_read, source_told};
        evidence_at_t at = {0};
        refusal_t refusal = {0};
        err_t err = unit_evidence_send(talk->link, file->sha256, file->size, submission_id, &from, SILENCE_MS, cli->arena, &at,
                                       &refusal);
        if (source.told) fputs("\r\033[K", stderr);
        if (err == ERR_SYSTEM) return cli_fail(cli, EX_IOERR, "读文件出错", "cannot read the file", file->path);
        if (err == ERR_TIMEOUT)
            return cli_fail(cli, EX_TEMPFAIL, "佐证文件没有传完，再执行一次即可续传",
                            "the file is not there yet: the same command again goes on", file->path);
        if (err != OK) return cli_fail_err(cli, err, file->path, &refusal);
        print_sent(cli, file, &at);
    }
    return EXIT_WELL;
}

void evidence_files_close(evidence_files_t *self) {
    for (uint32_t index = 0; index < self->count; index++) close(self->files[index].fd);
    self->count = 0;
}
