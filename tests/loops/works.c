/* Founding, opening, taking reports, folding, rebuilding, keeping texts, writing a small file. */
#include "tests/loops/works.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "services/2-validation/validation.h"
#include "services/stage/home.h"

enum { BEFORE = 12 /* reports in the ledger before the work */ };

static void path_in(const char *folder, const char *name, char path[OFFICE_PATH + 16]) {
    snprintf(path, OFFICE_PATH + 16, "%s/%s", folder, name);
}

static bool is_state(const bench_t *self, const digest_t *digest, uint32_t from) {
    for (uint32_t state = from; state < self->state_count; state++)
        if (digest_equal(&self->states[state], digest)) return true;
    return false;
}

static void state_add(bench_t *self, digest_t digest) {
    ASSERT(self->state_count < WORK_STATES && digest.err == OK);
    self->states[self->state_count++] = digest;
}

/* --- founding --- */
static void found_begin(bench_t *self) { ASSERT(mkdir(self->start, 0700) == 0); }

static err_t found_work(bench_t *self, void (*arm)(void)) {
    char path[OFFICE_PATH + 16];
    path_in(self->folder, "ledger", path);
    arm();
    err_t err = office_found(self->office, path);
    if (err == OK) self->told->commits = 1;
    return err;
}

static const char *found_look(bench_t *self) {
    char path[OFFICE_PATH + 16];
    intake_t *intake = NULL;
    path_in(self->folder, "ledger", path);
    if (self->told->commits == 0) {
        err_t err = office_found(self->office, path);
        if (err != OK && err != ERR_REFUSED) return "it cannot be founded any more";
    }
    if (office_open(self->office, path, &intake) != OK) return "what was founded does not open";
    bool whole = intake_head(intake).seq == 3;
    intake_close(&intake);
    return whole ? NULL : "the founding entries are not all there";
}

/* --- the ledger --- */
static void ledger_begin(bench_t *self) {
    char path[OFFICE_PATH + 16];
    intake_t *intake = NULL;
    ASSERT(mkdir(self->start, 0700) == 0);
    path_in(self->start, "ledger", path);
    ASSERT(office_found(self->office, path) == OK && office_open(self->office, path, &intake) == OK);
    office_register(self->office, intake);
    ASSERT(office_commit(self->office, intake) == OK);
    for (uint32_t number = 0; number < BEFORE; number++) {
        office_report(self->office, intake, number);
        if (number % 3 == 2) ASSERT(office_commit(self->office, intake) == OK);
    }
    state_add(self, office_ledger_digest(intake_store(intake)));
    intake_close(&intake);
}

static err_t open_work(bench_t *self, void (*arm)(void)) {
    char path[OFFICE_PATH + 16];
    intake_t *intake = NULL;
    path_in(self->folder, "ledger", path);
    arm();
    err_t err = office_open(self->office, path, &intake);
    intake_close(&intake);
    return err;
}

/* Acks so far reach the parent at once: from here on they are promises. */
static void acks_tell(bench_t *self) {
    uint32_t before = BEFORE;
    self->told->ack_count = self->office->ack_count - before;
    ASSERT(self->told->ack_count <= TOLD_ACKS);
    memcpy(self->told->acks, self->office->acks + before, self->told->ack_count * sizeof(ack_t));
}

static err_t groups_commit(bench_t *self, intake_t *intake) {
    err_t err = OK;
    for (uint32_t group = 0; err == OK && group < 2; group++) {
        for (uint32_t number = 0; number < 3 - group; number++)
            office_report(self->office, intake, BEFORE + group * 3 + number);
        err = office_commit(self->office, intake);
        acks_tell(self);
    }
    return err;
}

static err_t group_work(bench_t *self, void (*arm)(void)) {
    char path[OFFICE_PATH + 16];
    intake_t *intake = NULL;
    path_in(self->folder, "ledger", path);
    ASSERT(office_open(self->office, path, &intake) == OK);
    arm();
    err_t err = groups_commit(self, intake);
    intake_close(&intake);
    return err;
}

static const char *ledger_told(bench_t *self, intake_t *intake) {
    txn_t *txn = store_read(intake_store(intake));
    if (txn == NULL) return "the ledger cannot be read";
    uint64_t bad = 0;
    const char *wrong = txn_verify_chain(txn, 1, &bad) == OK ? NULL : "the chain is broken";
    for (uint32_t index = 0; wrong == NULL && index < BEFORE + self->told->ack_count; index++) {
        const ack_t *ack = index < BEFORE ? &self->office->acks[index] : &self->told->acks[index - BEFORE];
        if (!office_ack_holds(txn, ack, self->office->arena)) wrong = "an acked entry is not in the ledger";
    }
    txn_abort(&txn);
    return wrong;
}

/* The same reports once more: a ledger that lost none of them says duplicate, one that lost some takes them. */
static const char *ledger_again(bench_t *self, intake_t *intake) {
    uint64_t head = intake_head(intake).seq, entries = 0;
    if (groups_commit(self, intake) != OK) return "it does not go on";
    if (self->office->ack_count != BEFORE + 5) return "a report sent again gets no receipt";
    for (uint32_t index = 1; index < self->office->ack_count; index++)
        if (self->office->acks[index].seq <= self->office->acks[index - 1].seq) return "two acks share one entry";
    entries = intake_head(intake).seq - head;
    return entries > 6 ? "a report is in the ledger twice" : ledger_told(self, intake);
}

static const char *ledger_look(bench_t *self) {
    char path[OFFICE_PATH + 16];
    intake_t *intake = NULL;
    path_in(self->folder, "ledger", path);
    if (office_open(self->office, path, &intake) != OK) return "the ledger does not open";
    const char *wrong = ledger_told(self, intake);
    digest_t digest = office_ledger_digest(intake_store(intake));
    uint32_t from = self->told->ack_count == 0 ? 0 : self->told->ack_count <= 3 ? 1 : 2;
    if (wrong == NULL && !is_state(self, &digest, from)) wrong = "the ledger is in no state between two commits";
    if (wrong == NULL && self->state_count > 1) wrong = ledger_again(self, intake);
    digest = office_ledger_digest(intake_store(intake));
    if (wrong == NULL && !digest_equal(&digest, &self->states[self->state_count - 1])) wrong = "it ends elsewhere";
    intake_close(&intake);
    return wrong;
}

/* --- what the work leaves, state by state, on a copy without trouble --- */
static void groups_begin(bench_t *self) {
    char path[OFFICE_PATH + 16];
    intake_t *intake = NULL;
    ledger_begin(self);
    office_copy(self->start, self->folder);
    path_in(self->folder, "ledger", path);
    bureau_t before = *self->office;
    ASSERT(office_open(self->office, path, &intake) == OK);
    for (uint32_t group = 0; group < 2; group++) {
        for (uint32_t number = 0; number < 3 - group; number++)
            office_report(self->office, intake, BEFORE + group * 3 + number);
        ASSERT(office_commit(self->office, intake) == OK);
        state_add(self, office_ledger_digest(intake_store(intake)));
    }
    intake_close(&intake);
    self->office->ack_count = before.ack_count;
    self->office->wall_ms = before.wall_ms;
}

/* --- the stage --- */
static err_t stage_both(bench_t *self, const char *folder, store_t **ledger, stage_t **stage) {
    char path[OFFICE_PATH + 16];
    (void)self;
    path_in(folder, "ledger", path);
    err_t err = store_open(path, NULL, 0, ledger);
    path_in(folder, "stage", path);
    return err == OK ? stage_open(validation_role(), path, stage) : err;
}

static err_t stage_fold(bench_t *self, stage_t *stage, store_t *ledger, bool notes) {
    err_t err = OK;
    bool more = true;
    while (err == OK && more) {
        err = office_step(stage, ledger, 1200, &more);
        if (err == OK) err = stage_commit(stage);
        if (err == OK) self->told->commits++;
        if (err == OK && notes) state_add(self, office_stage_digest(stage_store(stage)));
    }
    return err;
}

static err_t stage_redo(bench_t *self, stage_t *stage, store_t *ledger, bool notes) {
    err_t err = stage_drop(stage);
    if (err == OK) self->told->commits++;
    if (err == OK && notes) state_add(self, office_stage_digest(stage_store(stage)));
    return err == OK ? stage_fold(self, stage, ledger, notes) : err;
}

static void stage_begin(bench_t *self, bool folded) {
    store_t *ledger = NULL;
    stage_t *stage = NULL;
    ledger_begin(self);
    self->state_count = 0;
    ASSERT(stage_both(self, self->start, &ledger, &stage) == OK);
    if (folded) ASSERT(stage_fold(self, stage, ledger, false) == OK);
    stage_close(&stage);
    store_close(&ledger);
    office_copy(self->start, self->folder);
    ASSERT(stage_both(self, self->folder, &ledger, &stage) == OK);
    state_add(self, office_stage_digest(stage_store(stage)));
    ASSERT((folded ? stage_redo : stage_fold)(self, stage, ledger, true) == OK);
    stage_close(&stage);
    store_close(&ledger);
}

static void fold_begin(bench_t *self) { stage_begin(self, false); }
static void rebuild_begin(bench_t *self) { stage_begin(self, true); }

static err_t stage_work(bench_t *self, void (*arm)(void), bool folded) {
    store_t *ledger = NULL;
    stage_t *stage = NULL;
    self->told->commits = 0;
    ASSERT(stage_both(self, self->folder, &ledger, &stage) == OK);
    arm();
    err_t err = (folded ? stage_redo : stage_fold)(self, stage, ledger, false);
    stage_close(&stage);
    store_close(&ledger);
    return err;
}

static err_t fold_work(bench_t *self, void (*arm)(void)) { return stage_work(self, arm, false); }
static err_t rebuild_work(bench_t *self, void (*arm)(void)) { return stage_work(self, arm, true); }

static const char *stage_look(bench_t *self) {
    store_t *ledger = NULL;
    stage_t *stage = NULL;
    const char *wrong = NULL;
    if (stage_both(self, self->folder, &ledger, &stage) != OK)
        wrong = "the stage does not open";
    else {
        digest_t digest = office_stage_digest(stage_store(stage));
        uint32_t from = self->told->commits < self->state_count ? self->told->commits : self->state_count - 1;
        if (!is_state(self, &digest, from)) wrong = "the stage is in no state between two commits";
        if (wrong == NULL && stage_fold(self, stage, ledger, false) != OK) wrong = "the stage does not go on";
        digest = office_stage_digest(stage_store(stage));
        if (wrong == NULL && !digest_equal(&digest, &self->states[self->state_count - 1])) wrong = "it ends elsewhere";
    }
    stage_close(&stage);
    store_close(&ledger);
    return wrong;
}

/* --- the vault --- */
static void vault_begin(bench_t *self) {
    char path[OFFICE_PATH + 16];
    vault_t *vault = NULL;
    ASSERT(mkdir(self->start, 0700) == 0);
    path_in(self->start, "vault", path);
    ASSERT(vault_open(path, office_vault_key, &vault) == OK);
    vault_close(&vault);
}

static err_t keep_work(bench_t *self, void (*arm)(void)) {
    char path[OFFICE_PATH + 16];
    vault_t *vault = NULL;
    path_in(self->folder, "vault", path);
    ASSERT(vault_open(path, office_vault_key, &vault) == OK);
    arm();
    err_t err = OK;
    for (uint32_t group = 0; err == OK && group < 2; group++) {
        for (uint32_t person = group * 4; person < group * 4 + 4; person++) office_keep(self->office, vault, person);
        err = vault_commit(vault);
        if (err == OK) self->told->persons = group * 4 + 4;
    }
    vault_close(&vault);
    return err;
}

static const char *vault_look(bench_t *self) {
    char path[OFFICE_PATH + 16];
    vault_t *vault = NULL;
    uint32_t there = 0;
    path_in(self->folder, "vault", path);
    if (vault_open(path, office_vault_key, &vault) != OK) return "the vault does not open";
    while (there < TOLD_PERSONS && office_kept(vault, there, self->office->arena)) there++;
    const char *wrong = there < self->told->persons ? "a text that was kept is gone" : there % 4 != 0 ? "half a commit" : NULL;
    for (uint32_t person = 0; person < TOLD_PERSONS; person++) office_keep(self->office, vault, person);
    if (wrong == NULL && vault_commit(vault) != OK) wrong = "the vault does not go on";
    for (uint32_t person = 0; wrong == NULL && person < TOLD_PERSONS; person++)
        if (!office_kept(vault, person, self->office->arena)) wrong = "a text is not kept";
    if (wrong == NULL && vault_count(vault) != TOLD_PERSONS) wrong = "a text is kept twice";
    vault_close(&vault);
    return wrong;
}

/* --- a small file --- */
static void file_begin(bench_t *self) {
    char path[OFFICE_PATH + 16];
    ASSERT(mkdir(self->start, 0700) == 0);
    path_in(self->start, "file", path);
    ASSERT(home_write(path, text_of("the old content"), 0600) == OK);
}

static err_t file_work(bench_t *self, void (*arm)(void)) {
    char path[OFFICE_PATH + 16];
    path_in(self->folder, "file", path);
    arm();
    err_t err = home_write(path, text_of("the new content, which is longer"), 0600);
    if (err == OK) self->told->commits = 1;
    return err;
}

static const char *file_look(bench_t *self) {
    char path[OFFICE_PATH + 16];
    text_t content = {0};
    path_in(self->folder, "file", path);
    if (home_read(path, self->office->arena, 4096, &content) != OK) return "the file does not read";
    bool old = text_is(content, "the old content"), new = text_is(content, "the new content, which is longer");
    if (!old && !new) return "the file is neither the old nor the new one";
    if (old && self->told->commits > 0) return "the new file is gone";
    return home_write(path, text_of("again"), 0600) == OK ? NULL : "it cannot be written any more";
}

const work_t works[] = {{"found a ledger", found_begin, found_work, found_look},
                        {"open it", ledger_begin, open_work, ledger_look},
                        {"take, commit and finish two groups", groups_begin, group_work, ledger_look},
                        {"fold a stage", fold_begin, fold_work, stage_look},
                        {"rebuild a stage", rebuild_begin, rebuild_work, stage_look},
                        {"keep texts in the vault", vault_begin, keep_work, vault_look},
                        {"write a small file", file_begin, file_work, file_look}};
const size_t work_count = sizeof works / sizeof works[0];
