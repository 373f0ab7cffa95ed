/* What every document has: its head and its end, its bytes, its counts, and what has changed since it went out. */
#include "services/documents/documents.h"

#include "proto/wire.h"
#include "services/plan/width.h"

#include <string.h>

enum { TITLE_WIDTH = 40 }; /* 20 characters of 2号 in 156 mm */

paper_t document_compose(const edition_t *edition, arena_t *arena) {
    paper_t paper = paper_new(arena);
    paper.made_ms = (int64_t)edition->now_ms;
    paper.author = edition_unit_name(edition, edition->coordinator);
    if (edition->kind == document_kind_summary)
        summary_compose(edition, &paper);
    else
        bulletin_compose(edition, &paper);
    return paper;
}

void edition_bytes(const edition_t *edition, buffer_t *out) { wire_encode(edition_type(), edition, out); }

err_t edition_of_bytes(bytes_t bytes, arena_t *arena, edition_t *edition) {
    fault_t fault = {0};
    return wire_decode(edition_type(), bytes, arena, edition, &fault);
}

text_t issue_number(const edition_t *edition, uint64_t number, arena_t *arena) {
    text_t shown = number == 0 ? text_of("×") : arena_format(arena, "%llu", (unsigned long long)number);
    text_t mark = edition->kind == document_kind_summary ? text_of(WORD_ZH(document_kind, edition->kind)) : edition->mark;
    return arena_format(arena, TEXT_FORMAT "〔%u〕" TEXT_FORMAT "号", TEXT_ARGS(mark), edition->to / 10000, TEXT_ARGS(shown));
}

/* --- counts --- */

bool row_is_due(const edition_t *edition, const edition_row_t *row) {
    return row->first_valid_ms > 0 || row->due_ms < edition->now_ms;
}

punctual_t edition_punctual(const edition_t *edition, text_t unit) {
    punctual_t all = {0};
    for (uint32_t index = 0; index < edition->rows_count; index++) {
        const edition_row_t *row = &edition->rows[index];
        if (row->confirmation || row->standing == standing_lifted) continue;
        if (unit.size > 0 && !text_equal(row->unit, unit)) continue;
        if (!row_is_due(edition, row)) {
            all.not_due++;
            continue;
        }
        all.owed++;
        all.on_time += row->timeliness == timeliness_on_time;
        all.late += row->timeliness == timeliness_late;
        all.returned += row->standing == standing_returned;
    }
    all.missing = all.owed - all.on_time - all.late;
    return all;
}

/* --- head and end --- */

/* 回行时词意完整: a title that one line of 20 characters does not hold is parted behind the book title it begins with. */
static text_t title_parted(text_t title, arena_t *arena) {
    static const char end[] = "》";
    const char *at = title.size == 0 ? NULL : memmem(title.at, title.size, end, strlen(end));
    if (text_width(title) <= TITLE_WIDTH || at == NULL) return title;
    uint32_t first = (uint32_t)(at - title.at) + (uint32_t)strlen(end);
    if (first == title.size) return title;
    return arena_format(arena, TEXT_FORMAT "\n" TEXT_FORMAT, TEXT_ARGS(((text_t){title.at, first})),
                        TEXT_ARGS(((text_t){title.at + first, title.size - first})));
}

void compose_head(const edition_t *edition, paper_t *paper, text_t title) {
    arena_t *arena = paper->arena;
    paper->title = title;
    if (edition->rehearsal) paper_add(paper, BLOCK_PREVIEW, text_of("演练文件：由演练账本生成，不作为工作依据。"));
    if (edition->number == 0)
        paper_format(paper, BLOCK_PREVIEW, "征求意见稿，尚未印发。数据截至" TEXT_FORMAT "（账本第%llu条）。%s",
                     TEXT_ARGS(wording_instant(edition, (int64_t)edition->now_ms, arena)), (unsigned long long)edition->as_of,
                     edition->later ? "累计数已含其后各期报送的数据。" : "");
    text_t name = edition->masthead.size > 0 ? edition->masthead : edition_unit_name(edition, edition->coordinator);
    paper_add(paper, BLOCK_MASTHEAD, name);
    paper_add(paper, BLOCK_NUMBER, issue_number(edition, edition->number, arena));
    paper_add(paper, BLOCK_TITLE, title_parted(title, arena));
    paper_add(paper, BLOCK_ADDRESSEE, text_of("各有关单位："));
}

void compose_tail(const edition_t *edition, paper_t *paper) {
    arena_t *arena = paper->arena;
    text_t name = edition->masthead.size > 0 ? edition->masthead : edition_unit_name(edition, edition->coordinator);
    text_t day = wording_day(wording_day_of(edition, (int64_t)edition->now_ms), arena);
    paper_add(paper, BLOCK_SIGNATURE, name);
    paper_add(paper, BLOCK_DATE, day);
}

static void compose_colophon(const edition_t *edition, paper_t *paper) {
    text_t name = edition->masthead.size > 0 ? edition->masthead : edition_unit_name(edition, edition->coordinator);
    text_t day = wording_day(wording_day_of(edition, (int64_t)edition->now_ms), paper->arena);
    text_t copy = edition_unit_name(edition, edition->supervisor);
    paper_format(paper, BLOCK_COLOPHON, "%s" TEXT_FORMAT "%s" TEXT_FORMAT "\t" TEXT_FORMAT "印发",
                 copy.size > 0 ? "抄送：" : "", TEXT_ARGS(copy), copy.size > 0 ? "。\n" : "", TEXT_ARGS(name), TEXT_ARGS(day));
}

void compose_annexes(const edition_t *edition, paper_t *paper) {
    static const struct {
        const char *title;
        void (*compose)(const edition_t *edition, paper_t *paper);
    } annexes[] = {{"任务进展一览表", compose_targets_table},
                   {"单位报送情况统计表", compose_units_table},
                   {"报送及时性明细表", compose_rows_table},
                   {"各单位数据明细表", compose_shares_table}};
    for (uint32_t index = 0; index < sizeof annexes / sizeof annexes[0]; index++) {
        paper_format(paper, BLOCK_ANNEX, "附件%u", index + 1);
        paper_add(paper, BLOCK_ANNEX_TITLE, text_of(annexes[index].title));
        annexes[index].compose(edition, paper);
    }
    compose_colophon(edition, paper);
}

/* --- what has changed since --- */

static const edition_share_t *share_of(const edition_target_t *target, const edition_share_t *wanted) {
    for (uint32_t index = 0; target != NULL && index < target->shares_count; index++)
        if (text_equal(target->shares[index].unit, wanted->unit) && text_equal(target->shares[index].member, wanted->member))
            return &target->shares[index];
    return NULL;
}

static const edition_target_t *target_of(const edition_t *edition, text_t indicator) {
    for (uint32_t index = 0; index < edition->targets_count; index++)
        if (text_equal(edition->targets[index].indicator, indicator)) return &edition->targets[index];
    return NULL;
}

typedef struct {
    const edition_t *names;
    erratum_t *errata;
    uint32_t count;
} errata_t;

static void erratum_add(errata_t *self, const edition_target_t *target, const edition_share_t *then,
                        const edition_share_t *now) {
    static const edition_share_t none;
    const edition_share_t *either = now != NULL ? now : then;
    if (then == NULL) then = &none;
    if (now == NULL) now = &none;
    bool same = then->month.given == now->month.given && then->month.value == now->month.value && then->total == now->total;
    if (same) return;
    if (self->count < ERRATA)
        self->errata[self->count] = (erratum_t){.indicator = target->name,
                                                .unit_word = target->unit_word,
                                                .unit = edition_unit_name(self->names, either->unit),
                                                .member = either->member_name,
                                                .measure = target->measure,
                                                .month_then = then->month,
                                                .month_now = now->month,
                                                .total_then = then->total,
                                                .total_now = now->total};
    self->count++;
}

uint32_t edition_errata(const edition_t *then, const edition_t *now, erratum_t errata[ERRATA]) {
    errata_t self = {.names = now, .errata = errata};
    for (uint32_t index = 0; index < now->targets_count; index++) {
        const edition_target_t *target = &now->targets[index], *old = target_of(then, target->indicator);
        for (uint32_t share = 0; share < target->shares_count; share++)
            erratum_add(&self, target, share_of(old, &target->shares[share]), &target->shares[share]);
        for (uint32_t share = 0; old != NULL && share < old->shares_count; share++)
            if (share_of(target, &old->shares[share]) == NULL) erratum_add(&self, target, &old->shares[share], NULL);
    }
    return self.count;
}
