/* Opens what a power cut may have left, as the services do, and compares it with what was promised. */
#include "tests/power/reel.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/proto.h"
#include "services/2-validation/validation.h"
#include "services/stage/home.h"

void top_open(table_top_t *self, reel_t *reel, const char *folder) {
    char from[OFFICE_PATH + 16], to[OFFICE_PATH + 16];
    *self = (table_top_t){.reel = reel, .arena = arena_new()};
    snprintf(self->folder, sizeof self->folder, "%s", folder);
    ASSERT(mkdir(folder, 0700) == 0);
    for (uint32_t which = 0; which < REELS; which++) {
        snprintf(to, sizeof to, "%s/%s", folder, reel_names[which]);
        ASSERT(mkdir(to, 0700) == 0);
    }
    snprintf(from, sizeof from, "%s/ledger", reel->folder);
    snprintf(to, sizeof to, "%s/source", folder);
    office_copy(from, to);
    ASSERT(store_open(to, NULL, 0, &self->source) == OK);
}

void top_close(table_top_t *self) {
    store_close(&self->source);
    arena_destroy(&self->arena);
    office_remove(self->folder);
}

static void lay(const char *folder, const crash_t *crash) {
    char path[OFFICE_PATH + 32];
    snprintf(path, sizeof path, "%s/data.mdb%s", folder, crash->unborn ? "" : ".new");
    unlink(path);
    snprintf(path, sizeof path, "%s/data.mdb%s", folder, crash->unborn ? ".new" : "");
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ASSERT(fd >= 0);
    ASSERT(pwrite(fd, crash->image, crash->size, 0) == (ssize_t)crash->size && ftruncate(fd, (off_t)crash->size) == 0);
    close(fd);
}

/* Which of the states that may be there is it? UINT32_MAX: none. */
static uint32_t state_of(const reel_t *reel, uint32_t which, const crash_t *crash, const digest_t *digest) {
    for (uint32_t state = crash->may;; state--) {
        if (digest_equal(&reel->states[which][state].digest, digest)) return state;
        if (state <= crash->must) return UINT32_MAX;
    }
}

static const char *ledger_acks(table_top_t *self, intake_t *intake, uint32_t count) {
    txn_t *txn = store_read(intake_store(intake));
    if (txn == NULL) return "the ledger cannot be read";
    bool holds = true;
    for (uint32_t index = 0; holds && index < count; index++)
        holds = office_ack_holds(txn, &self->reel->office->acks[index], self->arena);
    txn_abort(&txn);
    return holds ? NULL : "an acked entry is not in the ledger";
}

/* Once more what was acked last, and something new: a duplicate and a receipt; then both are there after the next start. */
static const char *ledger_go_on(table_top_t *self, const char *path, uint32_t must, intake_t **intake) {
    bureau_t *office = self->reel->office;
    uint32_t acked = office->ack_count;
    uint64_t head = intake_head(*intake).seq;
    int64_t wall_ms = office->wall_ms;
    if (must < 2) return NULL; /* the keys are not in the ledger */
    office_report(office, *intake, 2000000 + acked);
    const char *wrong = office_commit(office, *intake) == OK && office->ack_count == acked + 1 ? NULL : "it does not go on";
    if (wrong == NULL && self->reel->states[REEL_LEDGER][must].ack_count > 0) {
        office_report(office, *intake, self->reel->variant * 1000); /* with the first number */
        bool duplicate = office_answered(&office->now, KIND_receipt) && office->later.size == 0;
        if (office_commit(office, *intake) != OK || !duplicate) wrong = "what was acked is not known as a duplicate";
    }
    intake_close(intake);
    if (wrong == NULL && (office_open(office, path, intake) != OK || intake_head(*intake).seq <= head)) wrong = "nor again";
    if (wrong == NULL) wrong = ledger_acks(self, *intake, self->reel->states[REEL_LEDGER][must].ack_count);
    office->ack_count = acked;
    office->wall_ms = wall_ms;
    return wrong;
}

static const char *ledger_check(table_top_t *self, const char *path, const crash_t *crash, bool go_on) {
    intake_t *intake = NULL;
    err_t err = office_open(self->reel->office, path, &intake);
    if (err != OK) { /* before it is founded there is nothing to open, and that is said */
        self->refused += crash->must == 0 && err == ERR_MISSING;
        return crash->must == 0 && err == ERR_MISSING ? NULL : "the ledger does not open";
    }
    const char *wrong = ledger_acks(self, intake, self->reel->states[REEL_LEDGER][crash->must].ack_count);
    uint64_t bad = 0;
    txn_t *txn = store_read(intake_store(intake));
    if (wrong == NULL && (txn == NULL || txn_verify_chain(txn, 1, &bad) != OK)) wrong = "the chain is broken";
    if (txn != NULL) txn_abort(&txn);
    digest_t digest = office_ledger_digest(intake_store(intake));
    if (wrong == NULL && state_of(self->reel, REEL_LEDGER, crash, &digest) == UINT32_MAX)
        wrong = "the ledger is in no state that it ever was in";
    if (wrong == NULL && go_on) wrong = ledger_go_on(self, path, crash->must, &intake);
    intake_close(&intake);
    return wrong;
}

/* Under which boot it was written. No such file: it was closed by a version that flushed. */
static void boot_lay(const table_top_t *self, const char *folder) {
    char path[OFFICE_PATH + 32];
    snprintf(path, sizeof path, "%s/boot", folder);
    if (self->same_boot) unlink(path);
    else ASSERT(home_write(path, text_of("00000000-0000-4000-8000-000000000000"), 0600) == OK);
}

/* Whatever the disk kept of it, it begins anew and ends the same. */
static const char *stage_check(table_top_t *self, const char *path, const crash_t *crash, bool go_on) {
    const reel_state_t *states = self->reel->states[REEL_STAGE];
    stage_t *stage = NULL;
    boot_lay(self, path);
    if (stage_open(validation_role(), path, &stage) != OK) return "the stage does not open";
    digest_t digest = office_stage_digest(stage_store(stage));
    bool known = self->same_boot ? state_of(self->reel, REEL_STAGE, crash, &digest) != UINT32_MAX
                                 : digest_equal(&digest, &states[0].digest);
    const char *wrong = known ? NULL : "the stage is in no state that it ever was in";
    if (wrong == NULL && go_on) {
        uint32_t last = self->reel->state_count[REEL_STAGE];
        if (office_drain(stage, self->source, 0) != OK) wrong = "the stage does not go on";
        digest = office_stage_digest(stage_store(stage));
        if (wrong == NULL && !digest_equal(&digest, &states[last].digest)) wrong = "the stage ends elsewhere";
    }
    stage_close(&stage);
    return wrong;
}

static bool vault_is_in(table_top_t *self, vault_t *vault, const reel_state_t *state) {
    if (vault_count(vault) != state->vault_count) return false;
    for (uint32_t person = 0; person < PERSONS; person++) {
        arena_reset(self->arena);
        if (office_kept(vault, person, self->arena) != ((state->kept >> person & 1) != 0)) return false;
    }
    return true;
}

static const char *vault_check(table_top_t *self, const char *path, const crash_t *crash, bool go_on) {
    vault_t *vault = NULL;
    if (vault_open(path, office_vault_key, &vault) != OK) return "the vault does not open";
    bool known = false;
    for (uint32_t state = crash->must; !known && state <= crash->may; state++)
        known = vault_is_in(self, vault, &self->reel->states[REEL_VAULT][state]);
    const char *wrong = known ? NULL : "the vault is in no state that it ever was in";
    if (wrong == NULL && go_on) {
        office_keep(self->reel->office, vault, 999);
        if (vault_commit(vault) != OK) wrong = "the vault does not go on";
        vault_close(&vault);
        if (wrong == NULL && vault_open(path, office_vault_key, &vault) != OK) wrong = "nor does it open again";
        if (wrong == NULL && !office_kept(vault, 999, self->arena)) wrong = "what was kept is not there";
        buffer_clear(&self->reel->office->now);
        buffer_clear(&self->reel->office->later);
    }
    vault_close(&vault);
    return wrong;
}

const char *top_check(table_top_t *self, uint32_t which, const crash_t *crash, bool go_on) {
    char path[OFFICE_PATH + 16];
    snprintf(path, sizeof path, "%s/%s", self->folder, reel_names[which]);
    arena_reset(self->arena);
    lay(path, crash);
    self->went_on += go_on;
    if (which == REEL_LEDGER) return ledger_check(self, path, crash, go_on);
    return which == REEL_STAGE ? stage_check(self, path, crash, go_on) : vault_check(self, path, crash, go_on);
}
