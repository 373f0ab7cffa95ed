/* Evidence files that a command line names: opened, hashed, written into the report, sent to the vault through the gateway. */
#ifndef MINNING_EVIDENCE_FILES_H
#define MINNING_EVIDENCE_FILES_H

#include "services/minning/report_talk.h"

typedef struct {
    const char *path; /* as named */
    int fd;
    uint64_t size;
    uint8_t sha256[32];
    text_t name;
} evidence_file_t;

typedef struct evidence_files {
    evidence_file_t files[LIMIT_EVIDENCE];
    uint32_t count;
} evidence_files_t;

/* Opens and hashes one. 0, or an exit after telling. */
int evidence_file_add(cli_t *cli, evidence_files_t *self, const char *path);
/* Those that the report names by {"file": PATH} and those of --evidence PATH,PATH: `name` and `sha256` come into the report in
 * their place. 0, or an exit. */
int evidence_files_read(cli_t *cli, json_t *report, evidence_files_t *self);
/* Sends all that the vault does not have. 0, or an exit: then the report is not to be sent. */
int evidence_files_send(talk_t *talk, const evidence_files_t *self, const uint8_t *submission_id);
void evidence_files_close(evidence_files_t *self);

#endif
