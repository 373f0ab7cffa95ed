/* How documents put things: days, instants, numbers, rates, pace. Pure. */
#ifndef DOCUMENTS_WORDING_H
#define DOCUMENTS_WORDING_H

#include "proto/proto.h"

text_t wording_day(uint32_t day, arena_t *arena);                                /* 2021年9月25日 */
text_t wording_iso_day(uint32_t day, arena_t *arena);                            /* 2021-09-25 */
uint32_t wording_day_of(const edition_t *edition, int64_t at_ms);                /* local day, yyyymmdd */
text_t wording_instant(const edition_t *edition, int64_t at_ms, arena_t *arena); /* 2021年9月26日9时30分 */
/* A deadline names the hour at which it is over: 2021年9月25日24时. */
text_t wording_deadline(const edition_t *edition, int64_t due_ms, arena_t *arena);
text_t wording_stamp(const edition_t *edition, int64_t at_ms, arena_t *arena); /* 09-25 23:30, for tables */
text_t wording_due(const edition_t *edition, int64_t due_ms, arena_t *arena);  /* 09-25 24:00, for tables */
text_t wording_ordinal(uint32_t number, arena_t *arena);                       /* 一 … 九十九; digits beyond */
text_t wording_period(const edition_t *edition, arena_t *arena);               /* 2021年9月份; otherwise the period's id */
/* Tenths of a percent as "41.1%"; "-" below 0. */
text_t wording_tenths(int64_t tenths, arena_t *arena);
int64_t tenths_of(uint64_t part, uint64_t whole); /* cut off; -1 where the whole is 0 */
text_t wording_amount(const edition_target_t *target, uint64_t value, arena_t *arena);
/* Fen as 万元 with two decimals, no unit: for tables whose head shows it. Counts as they are. */
text_t wording_cell(measure_t measure, uint64_t value, arena_t *arena);
uint64_t wording_rounded(measure_t measure, uint64_t value); /* what wording_cell shows, in hundredths of 万元 */
text_t wording_join(const text_t *texts, uint32_t count, const char *between, arena_t *arena);

/* 超序时, 按序时, 慢序时: more than so many points ahead, within, behind. */
typedef enum { TEMPO_NONE, TEMPO_AHEAD, TEMPO_EVEN, TEMPO_BEHIND } tempo_t;
tempo_t tempo_of(const edition_t *edition, const edition_target_t *target);
const char *pace_word(tempo_t pace);
/* Points in tenths by which it is ahead (or behind, negative). */
int64_t pace_points_tenths(const edition_target_t *target);
bool target_is_met(const edition_target_t *target);
/* What each period left has to bring, rounded up to the digit shown; 0: nothing is missing, or no period is left. */
uint64_t run_rate(const edition_target_t *target);
/* "其后3个月每月还需412.00万元"; "时限前还需1个" where there is less to do than there are periods; empty: nothing to say. */
text_t wording_need(const edition_t *edition, const edition_target_t *target, arena_t *arena);
text_t lamp_word(lamp_t lamp); /* 绿灯 */

/* Names as they stand in the edition; the id itself where there is none. */
text_t edition_unit_name(const edition_t *edition, text_t unit);
const edition_task_t *edition_task_of(const edition_t *edition, text_t task);
text_t edition_unit_names(const edition_t *edition, const text_t *units, uint32_t count, arena_t *arena);

#endif
