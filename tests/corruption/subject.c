/* What subject.h promises. */
#include "tests/corruption/subject.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "services/2-validation/validation.h"

const char *const fate_names[FATES] = {"refused at the start",
                                       "found by the scan",
                                       "nothing that lives",
                                       "last commit taken back",
                                       "UNSEEN",
                                       "SPOILS A WRITE",
                                       "CRASHED",
                                       "HUNG"};
const char *const subject_names[SUBJECTS] = {"ledger", "stage", "vault"};

static void ledger_fill(bureau_t *office, intake_t *intake, uint32_t reports) {
    office_register(office, intake);
    ASSERT(office_commit(office, intake) == OK);
    for (uint32_t number = 0; number < reports; number++) {
        office_report(office, intake, number);
        if (number % 5 == 4) ASSERT(office_commit(office, intake) == OK);
    }
    ASSERT(office_commit(office, intake) == OK);
}

static void ledger_make(subject_t *self, const char *path, const char *stage_path) {
    intake_t *intake = NULL;
    stage_t *stage = NULL;
    ASSERT(office_found(self->office, path) == OK && office_open(self->office, path, &intake) == OK);
    ledger_fill(self->office, intake, 60);
    if (stage_path != NULL) {
        ASSERT(stage_open(validation_role(), stage_path, &stage) == OK);
        ASSERT(office_drain(stage, intake_store(intake), 2000) == OK);
        stage_close(&stage);
    }
    intake_close(&intake);
}

static void vault_make(subject_t *self) {
    vault_t *vault = NULL;
    ASSERT(vault_open(self->folder, office_vault_key, &vault) == OK);
    for (uint32_t person = 0; person < SUBJECT_PERSONS; person++) {
        office_keep(self->office, vault, person);
        if (person % 4 == 3) ASSERT(vault_commit(vault) == OK);
    }
    vault_close(&vault);
}

static void image_read(subject_t *self) {
    char path[OFFICE_PATH + 16];
    struct stat status;
    snprintf(path, sizeof path, "%s/data.mdb", self->folder);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ASSERT(fd >= 0 && fstat(fd, &status) == 0);
    self->size = (size_t)status.st_size;
    self->image = malloc(self->size);
    ASSERT(self->image != NULL && read(fd, self->image, self->size) == (ssize_t)self->size);
    close(fd);
}

static err_t digest_take(subject_t *self, digest_t *digest, intake_t *intake, stage_t *stage, vault_t *vault) {
    if (intake != NULL) *digest = office_ledger_digest(intake_store(intake));
    if (stage != NULL) *digest = office_stage_digest(stage_store(stage));
    if (vault != NULL) {
        *digest = (digest_t){.head = vault_count(vault)};
        for (uint32_t person = 0; person < SUBJECT_PERSONS; person++) {
            arena_reset(self->office->arena);
            if (office_kept(vault, person, self->office->arena)) digest->hash[person / 8] |= (uint8_t)(1 << person % 8);
        }
    }
    return digest->err;
}

/* What the service does at its start, and then everything is read. */
static fate_t open_and_read(subject_t *self, intake_t **intake, stage_t **stage, vault_t **vault) {
    head_t head;
    uint64_t serial = 0;
    err_t err = OK;
    if (self->which == SUBJECT_LEDGER) err = office_open(self->office, self->folder, intake);
    if (self->which == SUBJECT_STAGE) err = stage_open(validation_role(), self->folder, stage);
    if (self->which == SUBJECT_VAULT) err = vault_open(self->folder, office_vault_key, vault);
    if (err != OK) return SEEN_AT_START;
    if (*intake != NULL) err = store_verify(intake_store(*intake), &head);
    if (*stage != NULL) err = store_verify(stage_store(*stage), &head);
    if (*vault != NULL) {
        vault_close(vault);
        err = vault_verify(self->folder, &serial);
        if (err == OK) err = vault_open(self->folder, office_vault_key, vault);
    }
    return err == OK ? UNCHANGED : SEEN_BY_SCAN;
}

static err_t write_more(subject_t *self, intake_t *intake, stage_t *stage, vault_t *vault) {
    if (intake != NULL) {
        for (uint32_t number = 500; number < 520; number++) office_report(self->office, intake, number);
        return office_commit(self->office, intake);
    }
    if (stage != NULL) return stage_drop(stage);
    for (uint32_t person = 500; person < 520; person++) office_keep(self->office, vault, person);
    buffer_clear(&self->office->later);
    return vault_commit(vault);
}

static void all_close(intake_t **intake, stage_t **stage, vault_t **vault) {
    intake_close(intake);
    stage_close(stage);
    vault_close(vault);
}

static fate_t write_and_look(subject_t *self, intake_t **intake, stage_t **stage, vault_t **vault) {
    uint32_t acks = self->office->ack_count;
    int64_t wall_ms = self->office->wall_ms;
    err_t err = write_more(self, *intake, *stage, *vault);
    self->office->ack_count = acks;
    self->office->wall_ms = wall_ms;
    all_close(intake, stage, vault);
    return err != OK || open_and_read(self, intake, stage, vault) != UNCHANGED ? SPOILS_A_WRITE : UNCHANGED;
}

fate_t subject_look(subject_t *self, bool writes) {
    intake_t *intake = NULL;
    stage_t *stage = NULL;
    vault_t *vault = NULL;
    digest_t digest = {0};
    fate_t fate = open_and_read(self, &intake, &stage, &vault);
    if (fate == UNCHANGED && digest_take(self, &digest, intake, stage, vault) != OK) fate = SEEN_BY_SCAN;
    if (fate == UNCHANGED && !digest_equal(&digest, &self->digest)) fate = UNSEEN;
    if (fate == UNCHANGED && writes) fate = write_and_look(self, &intake, &stage, &vault);
    all_close(&intake, &stage, &vault);
    return fate;
}

bool subject_takes_back(const subject_t *self, size_t at, uint8_t flip) {
    enum { NUMBER = 144, SECOND = 4096 + NUMBER };
    size_t newest = self->image[NUMBER] > self->image[SECOND] ? NUMBER : SECOND; /* both are small here */
    return at == newest && flip == 2 && (self->image[at] & 2) != 0;
}

subject_t *subject_new(uint32_t which, const char *folder) {
    char other[OFFICE_PATH];
    subject_t *self = calloc(1, sizeof *self);
    ASSERT(self != NULL);
    self->which = which;
    self->office = office_new();
    snprintf(self->folder, sizeof self->folder, "%.200s/%s", folder, subject_names[which]);
    snprintf(other, sizeof other, "%.200s/source", folder);
    if (which == SUBJECT_LEDGER) ledger_make(self, self->folder, NULL);
    if (which == SUBJECT_STAGE) ledger_make(self, other, self->folder);
    if (which == SUBJECT_VAULT) vault_make(self);
    image_read(self);
    intake_t *intake = NULL;
    stage_t *stage = NULL;
    vault_t *vault = NULL;
    ASSERT(open_and_read(self, &intake, &stage, &vault) == UNCHANGED);
    ASSERT(digest_take(self, &self->digest, intake, stage, vault) == OK);
    all_close(&intake, &stage, &vault);
    return self;
}

void subject_destroy(subject_t **self) {
    if (*self == NULL) return;
    office_destroy(&(*self)->office);
    free((*self)->image);
    free(*self);
    *self = NULL;
}

void subject_lay(const subject_t *self, size_t size, size_t at, uint8_t flip) {
    char path[OFFICE_PATH + 16];
    snprintf(path, sizeof path, "%s/data.mdb", self->folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ASSERT(fd >= 0 && pwrite(fd, self->image, size, 0) == (ssize_t)size && ftruncate(fd, (off_t)size) == 0);
    uint8_t turned = at < size ? self->image[at] ^ flip : 0;
    if (at < size && flip != 0) ASSERT(pwrite(fd, &turned, 1, (off_t)at) == 1);
    close(fd);
}
