/* What was sent in arrays and is not judged yet: answers to it do not repeat its submission id. */
#include <stdlib.h>
#include <string.h>

#include "services/unit/unit_inner.h"

enum { ROOM_FIRST = 64, ROOM_MOST = 2 * LIMIT_PENDING }; /* powers of two; more than a door holds for all units */

static sent_t *place_of(const sent_table_t *self, uint64_t request_id) { return &self->at[request_id % self->room]; }

/* Each place of the old room has two of its own in one of twice the size. false: there is no more. */
static bool grow(sent_table_t *self) {
    sent_table_t fresh = {.room = self->room == 0 ? ROOM_FIRST : 2 * self->room};
    fresh.at = self->room == ROOM_MOST ? NULL : calloc(fresh.room, sizeof *fresh.at);
    if (fresh.at == NULL) return false;
    for (uint32_t index = 0; index < self->room; index++)
        if (self->at[index].request_id != 0) *place_of(&fresh, self->at[index].request_id) = self->at[index];
    free(self->at);
    *self = fresh;
    return true;
}

static bool is_taken(const sent_table_t *self, uint64_t request_id) {
    const sent_t *place = place_of(self, request_id);
    return place->request_id != 0 && place->request_id != request_id;
}

void sent_keep(sent_table_t *self, uint64_t request_id, const uint8_t submission_id[16]) {
    while ((self->room == 0 || is_taken(self, request_id)) && grow(self)) {
    }
    if (self->room == 0) return;
    sent_t *place = place_of(self, request_id); /* at worst that of one sent long ago, which is then not known */
    place->request_id = request_id;
    memcpy(place->submission_id, submission_id, sizeof place->submission_id);
}

void sent_find(const sent_table_t *self, uint64_t request_id, uint8_t submission_id[16]) {
    if (self->room == 0 || request_id == 0) return;
    const sent_t *place = place_of(self, request_id);
    if (place->request_id == request_id) memcpy(submission_id, place->submission_id, sizeof place->submission_id);
}

void sent_end(sent_table_t *self, uint64_t request_id) {
    if (self->room > 0 && place_of(self, request_id)->request_id == request_id) place_of(self, request_id)->request_id = 0;
}

void sent_forget(sent_table_t *self) {
    free(self->at);
    *self = (sent_table_t){0};
}
