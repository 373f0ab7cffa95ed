/* A report in one line, as scenarios and the rehearsal write it, e.g.
 *     donation 2021-11 transferred=[BK-1@2021-10-29:300万元] raised=20万元+期初180万元 佐证 说 已拨付到隆德县
 * task, period, then words in any order:
 *     修订N               replaces revision N
 *     INDICATOR=VALUE     or INDICATOR/MEMBER=VALUE; VALUE is
 *         无变化          nil
 *         AMOUNT          the month's amount, as people type them; counts with or without their word
 *         累计AMOUNT      running total; AMOUNT+期初AMOUNT: with an opening balance
 *         [ROW,ROW]       rows: KEY@DAY:AMOUNT, or for people NAME@DAY or NAME@DAY..LAST_DAY; 合同号 and the other kinds of key
 *                         may stand in front of KEY; a day may be left out
 *         空              nothing at all; A&B: several of these, whether they agree or not
 *     佐证                with an evidence file
 *     属实CODE            a written explanation of the soft fault CODE; 属实CODE=TEXT in these words
 *     由NAME              the name of who prepared it; 审NAME of who reviewed it, 签NAME of who is responsible
 *     说 …                the rest of the line is progress in words */
#ifndef MINNING_PHRASE_H
#define MINNING_PHRASE_H

#include "services/plan/plan.h"

/* Reads a line into *report (no submission id); everything lives in `arena` or views `line`. NULL, or what is wrong with it. An
 * unknown task or indicator is not wrong here: validation is to say so. */
const char *phrase_read(const planbook_t *book, text_t line, arena_t *arena, report_t *report);

/* Takes the next word of `line` off: up to a blank, brackets kept together. Empty at the end. */
text_t phrase_word(text_t *line);
/* "2021-10-29" → 20211029, "2021-10-29T09:00" or "2021-10-29 09:00" → instant too. false: neither. */
bool phrase_day(text_t word, uint32_t *day);
bool phrase_instant(const plan_t *plan, text_t word, int64_t *at_ms);

#endif
