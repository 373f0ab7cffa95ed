/* Results on their way to the ledger: kept until it says that it has them. */
#include "services/notifier/outbox_inner.h"

#include <stdlib.h>
#include <string.h>

enum { NOTES_AT_ONCE = 64 };

void note_add(outbox_t *self, const message_t *type, const void *value, uint64_t seq) {
    buffer_t body = {0};
    wire_encode(type, value, &body);
    if (self->note_count == self->note_room) {
        self->note_room = self->note_room == 0 ? 64 : self->note_room * 2;
        self->notes = realloc(self->notes, self->note_room * sizeof *self->notes);
        ASSERT(self->notes != NULL);
    }
    self->notes[self->note_count++] = (note_t){.type = type, .body = body.at, .size = (uint32_t)body.size,
                                               .ticket = ++self->next_ticket, .seq = seq};
    self->note_open++;
}

/* An id is a hash: its bytes stand nowhere by chance. */
bool note_tells(const outbox_t *self, const uint8_t outbox_id[16]) {
    for (uint32_t index = 0; index < self->note_count; index++)
        if (memmem(self->notes[index].body, self->notes[index].size, outbox_id, 16) != NULL) return true;
    return false;
}

void notes_drop(outbox_t *self, uint64_t until) {
    uint32_t left = 0;
    for (uint32_t index = 0; index < self->note_count; index++) {
        note_t note = self->notes[index];
        if (note.entry == 0 || note.entry > until) self->notes[left++] = note;
        else free(note.body);
    }
    self->note_count = left;
}

notice_part_t *notice_parts(const part_t *parts, uint32_t count, arena_t *arena) {
    notice_part_t *out = ARENA_NEW(arena, notice_part_t, count);
    for (uint32_t index = 0; index < count; index++) {
        out[index] = (notice_part_t){.state = parts[index].state, .rung = text_of(parts[index].rung),
                                     .unit = text_of(parts[index].unit)};
        memcpy(out[index].outbox_id, parts[index].outbox_id, 16);
        memcpy(out[index].warning_id, parts[index].warning_id, 16);
    }
    return out;
}

void note_failed(outbox_t *self, const job_t *job, const part_t *parts, uint32_t count, notice_why_t why,
                 const verdict_of_answer_t *verdict, int64_t wall_ms) {
    if (count == 0) return;
    notice_failed_t failed = {.route = text_of(job->route), .channel = job->channel, .attempt = job->attempt, .why = why,
                              .failed_ms = (uint64_t)wall_ms, .parts = notice_parts(parts, count, self->arena),
                              .parts_count = count};
    uint8_t(*ids)[16] = arena_take(self->arena, (size_t)count * 16);
    for (uint32_t index = 0; index < count; index++) memcpy(ids[index], parts[index].outbox_id, 16);
    text_t what = text_of(WORD_NAME(notice_why, why)); /* each time it is tried anew its end is another result */
    if (parts[0].retried > 0)
        what = arena_format(self->arena, TEXT_FORMAT "@%llu", TEXT_ARGS(what), (unsigned long long)parts[0].retried);
    message_id_of(what.at, (const uint8_t(*)[16])ids, count, failed.id);
    memcpy(failed.contact, job->ref, sizeof failed.contact);
    if (verdict != NULL) {
        failed.code = verdict->code;
        failed.transport = verdict->transport;
    }
    note_add(self, notice_failed_type(), &failed, parts[0].seq);
    self->state.failed += count;
    self->state.failed_by[why] += count;
    if (why == notice_why_refused || why == notice_why_given_up) self->state.dead += count;
}

notice_sent_t sent_of(const job_t *job, const notice_part_t *parts, uint64_t code, int64_t wall_ms) {
    notice_sent_t sent = {.route = text_of(job->route), .channel = job->channel, .attempt = job->attempt, .code = code,
                          .sent_ms = (uint64_t)wall_ms, .parts = parts, .parts_count = job->count};
    memcpy(sent.id, job->id, sizeof sent.id);
    memcpy(sent.contact, job->ref, sizeof sent.contact);
    return sent;
}

void note_sent(outbox_t *self, const job_t *job, const verdict_of_answer_t *verdict, int64_t wall_ms) {
    notice_sent_t sent = sent_of(job, notice_parts(job->parts, job->count, self->arena), verdict->code, wall_ms);
    if (journal_sent(self->journal, &sent) != OK) self->state.broken = true;
    note_add(self, notice_sent_type(), &sent, job->parts[0].seq);
    self->state.sent++;
}

/* The oldest first, a few at once. */
bool outbox_note(outbox_t *self, arena_t *arena, const message_t **type, bytes_t *body, uint64_t *ticket) {
    uint32_t open = 0;
    for (uint32_t index = 0; index < self->note_count && open < NOTES_AT_ONCE; index++) {
        note_t *note = &self->notes[index];
        open += note->entry == 0;
        if (note->told) continue;
        note->told = true;
        *type = note->type;
        *body = arena_bytes(arena, (bytes_t){note->body, note->size});
        *ticket = note->ticket;
        return true;
    }
    return false;
}

void outbox_noted(outbox_t *self, uint64_t ticket, uint64_t entry) {
    for (uint32_t index = 0; index < self->note_count; index++) {
        note_t *note = &self->notes[index];
        if (note->ticket != ticket || note->entry != 0) continue;
        note->told = true;
        note->entry = entry;
        self->note_open--;
        return;
    }
}

void outbox_untold(outbox_t *self) {
    for (uint32_t index = 0; index < self->note_count; index++)
        if (self->notes[index].entry == 0) self->notes[index].told = false;
}
