/* Records what the services do to their stores. */
#include "tests/power/reel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/2-validation/validation.h"

const char *const reel_names[REELS] = {"ledger", "stage", "vault"};

static void path_of(const reel_t *self, uint32_t which, char path[OFFICE_PATH + 16]) {
    snprintf(path, OFFICE_PATH + 16, "%s/%s", self->folder, reel_names[which]);
}

static void roll(reel_t *self, uint32_t which) {
    char path[OFFICE_PATH + 16];
    self->tapes[which].mapped = which == REEL_STAGE;
    path_of(self, which, path);
    tape_begin(&self->tapes[which], path);
}

static uint32_t state_begin(reel_t *self, uint32_t which) {
    uint32_t state = ++self->state_count[which];
    ASSERT(state < STATES_MOST);
    tape_note(TAPE_BEGIN, state);
    return state;
}

static void ledger_state(reel_t *self, uint32_t state, store_t *store) {
    tape_note(TAPE_DONE, state);
    tape_end();
    self->states[REEL_LEDGER][state] =
        (reel_state_t){.digest = office_ledger_digest(store), .ack_count = self->office->ack_count};
}

static void stage_state(reel_t *self, uint32_t state, store_t *store) {
    tape_look(&self->tapes[REEL_STAGE]);
    tape_note(TAPE_DONE, state);
    tape_end();
    self->states[REEL_STAGE][state] = (reel_state_t){.digest = office_stage_digest(store)};
}

static intake_t *ledger_begin(reel_t *self) {
    char path[OFFICE_PATH + 16];
    intake_t *intake = NULL;
    path_of(self, REEL_LEDGER, path);
    roll(self, REEL_LEDGER);
    uint32_t founded = state_begin(self, REEL_LEDGER);
    ASSERT(office_found(self->office, path) == OK);
    tape_note(TAPE_DONE, founded);
    ASSERT(office_open(self->office, path, &intake) == OK);
    ledger_state(self, founded, intake_store(intake));
    roll(self, REEL_LEDGER);
    uint32_t registered = state_begin(self, REEL_LEDGER);
    office_register(self->office, intake);
    ASSERT(office_commit(self->office, intake) == OK);
    ledger_state(self, registered, intake_store(intake));
    return intake;
}

static void ledger_group(reel_t *self, intake_t *intake, uint32_t group, uint32_t *number) {
    roll(self, REEL_LEDGER);
    uint32_t state = state_begin(self, REEL_LEDGER);
    for (uint32_t count = 1 + (group * 7 + self->variant) % 5; count > 0; count--)
        office_report(self->office, intake, (*number)++);
    ASSERT(office_commit(self->office, intake) == OK);
    ledger_state(self, state, intake_store(intake));
}

static void stage_group(reel_t *self, stage_t *stage, intake_t *intake, uint32_t group) {
    bool more = true;
    if (group % 12 == 11) { /* all is forgotten, and derived anew */
        roll(self, REEL_STAGE);
        uint32_t state = state_begin(self, REEL_STAGE);
        ASSERT(stage_drop(stage) == OK);
        stage_state(self, state, stage_store(stage));
    }
    while (more) {
        roll(self, REEL_STAGE);
        uint32_t state = state_begin(self, REEL_STAGE);
        for (uint32_t step = 0; more && step < 1 + (group + self->variant) % 3; step++)
            ASSERT(office_step(stage, intake_store(intake), 2000, &more) == OK);
        ASSERT(stage_commit(stage) == OK);
        stage_state(self, state, stage_store(stage));
    }
}

static void vault_group(reel_t *self, vault_t *vault, uint32_t group, uint64_t *kept) {
    uint32_t from = (group + self->variant % PERSONS) * 2 % PERSONS;
    roll(self, REEL_VAULT);
    uint32_t state = state_begin(self, REEL_VAULT);
    for (uint32_t person = from; person < from + 2; person++) {
        office_keep(self->office, vault, person);
        *kept |= UINT64_C(1) << person;
    }
    if (group % 5 == 4) {
        char room[LIMIT_NAME];
        uint8_t hash[HASH_SIZE];
        uint32_t person = (from + PERSONS - 3) % PERSONS;
        text_t text = office_person(person, room);
        hash_keyed(office_vault_key, (bytes_t){(const uint8_t *)text.at, text.size}, hash);
        vault_erase(vault, hash);
        *kept &= ~(UINT64_C(1) << person);
    }
    ASSERT(vault_commit(vault) == OK);
    tape_note(TAPE_DONE, state);
    tape_end();
    buffer_clear(&self->office->now);
    buffer_clear(&self->office->later);
    self->states[REEL_VAULT][state] = (reel_state_t){.kept = *kept, .vault_count = vault_count(vault)};
}

reel_t *reel_record(const char *folder, uint32_t groups, uint64_t seed) {
    reel_t *self = calloc(1, sizeof *self);
    ASSERT(self != NULL);
    self->variant = (uint32_t)(seed % 1000);
    snprintf(self->folder, sizeof self->folder, "%s", folder);
    self->office = office_new();
    char path[OFFICE_PATH + 16];
    stage_t *stage = NULL;
    vault_t *vault = NULL;
    uint64_t kept = 0;
    uint32_t number = self->variant * 1000; /* other reports, of other sizes, in other groups */
    intake_t *intake = ledger_begin(self);
    path_of(self, REEL_STAGE, path);
    roll(self, REEL_STAGE);
    ASSERT(stage_open(validation_role(), path, &stage) == OK);
    tape_look(&self->tapes[REEL_STAGE]);
    tape_end();
    path_of(self, REEL_VAULT, path);
    roll(self, REEL_VAULT);
    ASSERT(vault_open(path, office_vault_key, &vault) == OK);
    tape_end();
    self->states[REEL_STAGE][0].digest = office_stage_digest(stage_store(stage));
    for (uint32_t group = 0; group < groups; group++) {
        ledger_group(self, intake, group, &number);
        if (group % 2 == 1) stage_group(self, stage, intake, group);
        if (group % 2 == 0) vault_group(self, vault, group / 2, &kept);
    }
    ASSERT(office_drain(stage, intake_store(intake), 0) == OK);
    stage_close(&stage);
    vault_close(&vault);
    intake_close(&intake);
    return self;
}

void reel_destroy(reel_t **self) {
    if (*self == NULL) return;
    for (uint32_t which = 0; which < REELS; which++) tape_destroy(&(*self)->tapes[which]);
    office_destroy(&(*self)->office);
    free(*self);
    *self = NULL;
}
