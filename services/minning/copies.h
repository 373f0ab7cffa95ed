/* What backup and restore share: which stores there are, how their copies are read, and small files copied durably. */
#ifndef MINNING_COPIES_H
#define MINNING_COPIES_H

#include "services/1-intake/intake.h"
#include "services/minning/cli.h"
#include "services/vault/evidence.h"

/* In reverse order of the flow, so that no copy is ahead of its writer's; the vault last, with its evidence: whatever the ledger's
 * copy refers to was kept there before. */
enum { COPY_ALERTING, COPY_AGGREGATION, COPY_VALIDATION, COPY_INTAKE, COPY_VAULT, COPY_EVIDENCE, COPIES };
#define COPY_FILES "files" /* the folder of sealed files beside the store of evidence */
extern const char *const copy_names[COPIES];

/* What reading a set of copies from end to end has found. */
typedef struct {
    err_t err[COPIES];
    head_t in[COPIES];  /* derived stages: up to where they follow their writer */
    head_t out[COPIES]; /* head of the stream it writes */
    ledger_opened_t opened;
    uint64_t epoch;
    uint64_t vault_serial;
    evidence_found_t evidence;
} copies_t;
/* Reads <folder>/<name>/data.mdb of each. A derived copy that does not follow its writer's has ERR_CORRUPT. Evidence files are read
 * too where vault_key is not NULL. */
void copies_verify(const char *folder, const uint8_t *vault_key, copies_t *copies);

/* A folder as the caller named it, absolute; links are not followed. */
const char *copies_path(const cli_t *cli, const char *named);
/* Copies one file durably, whatever its size; ERR_MISSING if there is none. */
err_t copies_file(const char *from, const char *to, unsigned mode);
/* Copies the files of one folder: `.key` files get mode 0600, others 0644. Those that `to` has already stay as they are. */
err_t copies_folder(cli_t *cli, const char *from, const char *to);

#endif
