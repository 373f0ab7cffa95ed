/* Questions and answers until everything is as of one entry; then what was announced and published before. */
#include "services/documents/gather.h"

#include "proto/wire.h"
#include "services/documents/gather_inner.h"
#include "services/plan/calendar.h"

#include <string.h>

enum { GATHER_TRIES = 40, PAGES = GATHER_PAGES };

void *gather_joined(arena_t *arena, const void *rows, uint32_t had, const void *more, uint32_t count, size_t size) {
    uint8_t *all = arena_take(arena, size * ((size_t)had + count + 1));
    if (had > 0) memcpy(all, rows, size * had);
    if (count > 0) memcpy(all + size * had, more, size * count);
    return all;
}

/* ERR_TIMEOUT: an answer is of a later entry than the first; as_of says of which. */
static err_t moved(gathering_t *self, uint64_t as_of) {
    if (self->as_of == 0) self->as_of = as_of;
    if (as_of == self->as_of) return OK;
    self->as_of = as_of > self->as_of ? as_of : self->as_of;
    self->moved = true;
    return ERR_TIMEOUT;
}

static err_t gather_targets(gathering_t *self) {
    const gather_t *from = self->from;
    targets_t page = {.more = true};
    self->targets = (targets_t){0};
    for (uint32_t pages = 0; page.more && pages < PAGES; pages++) {
        targets_ask_t ask = {.at_least = self->at_least, .after = self->targets.rows_count};
        page = (targets_t){0};
        err_t err = from->ask(from->self, DESK_AGGREGATION, targets_ask_type(), &ask, targets_type(), &page);
        if (err == OK) err = moved(self, page.as_of);
        if (err != OK) return err;
        self->targets.rows =
            gather_joined(from->arena, self->targets.rows, self->targets.rows_count, page.rows, page.rows_count, sizeof *page.rows);
        self->targets.rows_count += page.rows_count;
        self->targets.now_ms = page.now_ms;
        if (page.rows_count == 0) break;
    }
    return OK;
}

static err_t gather_obligations(gathering_t *self) {
    const gather_t *from = self->from;
    obligations_t page = {.more = true};
    self->obligations = (obligations_t){0};
    for (uint32_t pages = 0; page.more && pages < PAGES; pages++) {
        obligations_ask_t ask = {.at_least = self->at_least, .period = self->period, .after = page.next};
        page = (obligations_t){0};
        err_t err = from->ask(from->self, DESK_AGGREGATION, obligations_ask_type(), &ask, obligations_type(), &page);
        if (err == OK) err = moved(self, page.as_of);
        if (err != OK) return err;
        self->obligations.rows = gather_joined(from->arena, self->obligations.rows, self->obligations.rows_count, page.rows,
                                        page.rows_count, sizeof *page.rows);
        self->obligations.rows_count += page.rows_count;
        if (page.rows_count == 0) break;
    }
    return OK;
}

static err_t gather_figures(gathering_t *self, text_t indicator, figures_t *all) {
    const gather_t *from = self->from;
    figures_t page = {.more = true};
    *all = (figures_t){0};
    for (uint32_t pages = 0; page.more && pages < PAGES; pages++) {
        figures_ask_t ask = {.at_least = self->at_least, .indicator = indicator, .after = page.next};
        page = (figures_t){0};
        err_t err = from->ask(from->self, DESK_AGGREGATION, figures_ask_type(), &ask, figures_type(), &page);
        if (err == OK) err = moved(self, page.as_of);
        if (err != OK) return err;
        all->rows = gather_joined(from->arena, all->rows, all->rows_count, page.rows, page.rows_count, sizeof *page.rows);
        all->rows_count += page.rows_count;
        if (page.rows_count == 0) break;
    }
    return OK;
}

static err_t gather_aggregation(gathering_t *self) {
    err_t err = gather_targets(self);
    if (err == OK) err = gather_obligations(self);
    self->figures = ARENA_NEW(self->from->arena, figures_t, self->targets.rows_count + 1);
    for (uint32_t index = 0; err == OK && index < self->targets.rows_count; index++)
        err = gather_figures(self, self->targets.rows[index].indicator, &self->figures[index]);
    return err;
}

/* How often units were told of it, up to the instant that everything else is as of. */
static err_t gather_warnings(gathering_t *self, edition_t *edition) {
    const gather_t *from = self->from;
    int64_t begin_ms = instant_of_day(planbook_plan(from->book), edition->from, 0);
    warnings_t page = {.more = true};
    uint64_t after = 0;
    for (uint32_t pages = 0; page.more && pages < PAGES; pages++) {
        warnings_ask_t ask = {.at_least = self->as_of, .after = after};
        page = (warnings_t){0};
        err_t err = from->ask(from->self, DESK_ALERTING, warnings_ask_type(), &ask, warnings_type(), &page);
        if (err != OK) return err;
        for (uint32_t index = 0; index < page.rows_count; index++) {
            const warning_row_t *row = &page.rows[index];
            after = row->seq;
            if ((int64_t)row->at_ms < begin_ms || row->at_ms > edition->now_ms) continue;
            if (row->warning.level == level_remind)
                edition->reminders++;
            else
                edition->warnings++;
        }
        if (page.rows_count == 0) break;
    }
    return OK;
}

/* --- what is in the ledger already --- */

err_t gather_documents(const gather_t *from, document_kind_t kind, documents_t *documents) {
    documents_t page = {.more = true};
    *documents = (documents_t){0};
    for (uint32_t pages = 0; page.more && pages < PAGES; pages++) {
        documents_ask_t ask = {.kind = kind, .after = documents->rows_count};
        page = (documents_t){0};
        err_t err = from->ask(from->self, DESK_INTAKE, documents_ask_type(), &ask, documents_type(), &page);
        if (err != OK) return err;
        documents->rows =
            gather_joined(from->arena, documents->rows, documents->rows_count, page.rows, page.rows_count, sizeof *page.rows);
        documents->rows_count += page.rows_count;
        documents->as_of = page.as_of;
        if (page.rows_count == 0) break;
    }
    return OK;
}

const document_row_t *documents_find(const documents_t *documents, document_kind_t kind, text_t period) {
    for (uint32_t index = 0; index < documents->rows_count; index++)
        if (documents->rows[index].kind == kind && text_equal(documents->rows[index].period, period))
            return &documents->rows[index];
    return NULL;
}

uint64_t documents_next_number(const documents_t *documents, document_kind_t kind) {
    uint64_t next = 1;
    for (uint32_t index = 0; index < documents->rows_count; index++)
        next += documents->rows[index].kind == kind && documents->rows[index].published_seq > 0;
    return next;
}

err_t gather_kept(const gather_t *from, const uint8_t hash[HASH_SIZE], uint64_t size, uint64_t parts, edition_t *edition,
                  bytes_t *bytes) {
    if (size > LIMIT_DOCUMENT) return ERR_CORRUPT;
    uint8_t *room = arena_take(from->arena, (size_t)size + 1), found[HASH_SIZE];
    uint64_t had = 0;
    for (uint64_t index = 0; index < parts; index++) {
        document_part_ask_t ask = {.index = index};
        document_part_t part = {0};
        memcpy(ask.hash, hash, sizeof ask.hash);
        err_t err = from->ask(from->self, DESK_INTAKE, document_part_ask_type(), &ask, document_part_type(), &part);
        if (err != OK) return err;
        if (had + part.bytes.size > size) return ERR_CORRUPT;
        memcpy(room + had, part.bytes.at, part.bytes.size);
        had += part.bytes.size;
    }
    bytes_t whole = {room, (uint32_t)had};
    hash_of(whole, found);
    if (had != size || memcmp(found, hash, sizeof found) != 0) return ERR_CORRUPT;
    if (bytes != NULL) *bytes = whole;
    return edition_of_bytes(whole, from->arena, edition) == OK ? OK : ERR_CORRUPT;
}

/* What the last issue said of its own period, beside what the same answers say of it now. */
static void corrections_make(gathering_t *self, const edition_t *last, edition_t *edition) {
    gathering_t then = *self;
    edition_t now;
    erratum_t *errata = ARENA_NEW(self->from->arena, erratum_t, ERRATA);
    edition_correction_t *list = ARENA_NEW(self->from->arena, edition_correction_t, LIMIT_EDITION_CORRECTIONS);
    then.period = last->period;
    if (planbook_period(self->from->book, last->period) == NULL) return; /* amended away */
    gathered_edition(&then, document_kind_bulletin, &now);
    uint32_t count = edition_errata(last, &now, errata);
    for (uint32_t index = 0; index < count && index < ERRATA; index++) {
        const erratum_t *one = &errata[index];
        if (one->month_then.given == one->month_now.given && one->month_then.value == one->month_now.value)
            continue; /* an earlier month's correction moved its total */
        list[edition->corrections_count++] = (edition_correction_t){.name = one->indicator,
                                                                    .measure = one->measure,
                                                                    .unit_word = one->unit_word,
                                                                    .unit_name = one->unit,
                                                                    .member_name = one->member,
                                                                    .then = one->month_then,
                                                                    .now = one->month_now};
    }
    edition->corrections = list;
}

err_t gather_row(const gather_t *from, const document_row_t *row, bool published, edition_t *edition) {
    if (row == NULL || (published ? row->published_seq : row->announced_seq) == 0) return ERR_MISSING;
    const document_announced_t *shown = &row->announced;
    if (!published) return gather_kept(from, shown->hash, shown->size, shown->parts, edition, NULL);
    return gather_kept(from, row->published.hash, row->published.size, row->published.parts, edition, NULL);
}

/* Figures of the last bulletin that is out, beside today's: what has changed since. */
static err_t gather_last_issue(gathering_t *self, edition_t *edition, edition_target_t *targets) {
    documents_t documents;
    edition_t last;
    const document_row_t *newest = NULL;
    err_t err = gather_documents(self->from, document_kind_bulletin, &documents);
    if (err != OK || edition->kind != document_kind_bulletin) return err;
    for (uint32_t index = 0; index < documents.rows_count; index++) {
        const document_row_t *row = &documents.rows[index];
        if (row->published_seq > 0 && (newest == NULL || row->published.number > newest->published.number)) newest = row;
    }
    if (newest == NULL) return OK;
    err = gather_row(self->from, newest, true, &last);
    if (err != OK) return err;
    edition->last_number = newest->published.number;
    corrections_make(self, &last, edition);
    for (uint32_t index = 0; index < edition->targets_count; index++)
        for (uint32_t other = 0; other < last.targets_count; other++) {
            if (!text_equal(last.targets[other].indicator, targets[index].indicator)) continue;
            targets[index].before = (maybe_t){true, (int64_t)last.targets[other].done};
            targets[index].lamp_before = last.targets[other].lamp;
        }
    return OK;
}

err_t gather_clock(gather_t *from) {
    entry_ask_t question = {.seq = 1};
    entry_told_t told = {0};
    event_t event;
    ledger_opened_t opened;
    fault_t fault;
    err_t err = from->ask(from->self, DESK_INTAKE, entry_ask_type(), &question, entry_told_type(), &told);
    if (err != OK) return err;
    bool good = event_decode(told.event, &event, &fault) == OK &&
                event_body(&event, ledger_opened_type(), from->arena, &opened, &fault) == OK;
    from->rehearsal = good && opened.clock_mode == clock_mode_rehearsal;
    return good ? OK : ERR_CORRUPT;
}

err_t gather_edition(const gather_t *from, document_kind_t kind, text_t period, uint64_t at_least, edition_t *edition) {
    gathering_t self = {.from = from, .period = period, .at_least = at_least};
    err_t err = ERR_TIMEOUT;
    for (uint32_t tries = 0; err == ERR_TIMEOUT && tries < GATHER_TRIES; tries++) {
        uint64_t reached = self.as_of;
        self.as_of = 0;
        self.moved = false;
        if (reached > self.at_least) self.at_least = reached;
        err = gather_aggregation(&self);
        if (err == ERR_TIMEOUT && !self.moved) return err; /* nobody answered */
    }
    if (err != OK) return err;
    edition_target_t *targets = gathered_edition(&self, kind, edition);
    edition->rehearsal = from->rehearsal;
    if (from->measures) err = gather_measures(&self, edition);
    if (from->brief || err != OK) return err;
    err = gather_last_issue(&self, edition, targets);
    if (err == OK) err = gather_edition_objections(&self, edition);
    if (err == OK) err = gather_voices(&self, edition);
    if (err == OK) err = gather_warnings(&self, edition);
    return err;
}
