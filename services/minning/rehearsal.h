/* A year played by a scenario that a clerk can read: acts in the order of time, each with what is expected of it.
 *
 * Lines of a scenario (# begins a comment):
 *   每月 DAY HH:MM UNIT TASK WORDS…       every period: this unit's report for this task. UNIT may be 全体: all who owe the
 * task and have no line of their own. In WORDS {a|b|c} picks by period, {期} is the period's id, {月} its month, {单位} the
 * unit's id; all else as phrase.h says. 除 UNIT TASK PERIOD                    not this one: it is late (then it stands below)
 * or missing 时 2021-08-12 10:00                    the clock stands there for the acts that follow 报 UNIT TASK PERIOD WORDS…
 * => …        a report. 报#NAME: remembered under a name 试 UNIT TASK PERIOD WORDS… => …        a dry run 重发 NAME => … the
 * very same report again, same submission id 冒用 NAME WORDS… => …                  the same submission id with other content;
 * WORDS begin with the task 办结                                   the annual summary is out: every period closes
 * 封存 => …                              the last tenure is over: nothing more is taken
 * 经办退回 OFFICER UNIT TASK PERIOD REVISION 说 WHY => …, 经办通过 likewise, 延期 OFFICER UNIT TASK PERIOD DAY 说 WHY => …   an officer
 * decides, whose key lies in HOME/officers/. Expected:
 * 通过 (as where nothing stands), 重复 (taken before: the original receipt), 退回 CODE…, 拒收 CODE… (at the door). 期末 指标
 * INDICATOR [完成 AMOUNT] [状态 REACH] [报送 REPORTED] [在岗 TENURE] [灯 LAMP] 期末 单位 UNIT 按时 N 迟报 N 未报 N 期末 预警
 * TASK RUNG [UNIT] [解除]      such a warning was told (and withdrawn) Units by name or id. WORDS may hold a negative amount
 * (=-5万元): it is sent as it is. */
#ifndef MINNING_REHEARSAL_H
#define MINNING_REHEARSAL_H

#include "services/minning/cli.h"

enum { ACTS = 4096, FINALS = 128, ROUTINES = 512, EXPECT_CODES = 4 };

typedef enum { ACT_REPORT, ACT_CHECK, ACT_REPEAT, ACT_MISUSE, ACT_CLOSE, ACT_SEAL, ACT_RETURN, ACT_APPROVE, ACT_EXTEND } act_kind_t;
typedef enum { EXPECT_ACCEPTED, EXPECT_DUPLICATE, EXPECT_REFUSED, EXPECT_TURNED_AWAY } expect_t;

typedef struct {
    act_kind_t kind;
    int64_t at_ms;
    uint32_t order; /* among those of one instant */
    uint32_t line;  /* of the scenario */
    text_t name;    /* 报#NAME, or the name that is meant */
    text_t unit;    /* id; empty where the name tells */
    text_t phrase;  /* as phrase_read takes it, without minus signs */
    text_t negated; /* the indicator whose amount is negative; empty: none */
    expect_t expect;
    text_t codes[EXPECT_CODES];
    uint32_t code_count;
} act_t;

/* What must hold at the end: the words of one 期末 line. */
typedef struct {
    uint32_t line;
    text_t words;
} final_t;

typedef struct {
    act_t *acts; /* in the order of time */
    uint32_t act_count;
    final_t *finals;
    uint32_t final_count;
} scenario_t;

/* Reads a scenario. 0, or an exit after telling FILE:line: what is wrong. */
int scenario_read(cli_t *cli, const char *file, text_t text, scenario_t *out);

/* What the driver itself knows of what was accepted, to hold against what the system says. */
typedef struct {
    text_t unit, task, period;
    int64_t first_ms; /* received instant of the first accepted report */
    report_t report;  /* the newest accepted one */
    int64_t extended_ms; /* due by, where an extension was granted */
} taken_t;

typedef struct {
    cli_t *cli;
    const planbook_t *book;
    const scenario_t *scenario;
    taken_t *taken;
    uint32_t taken_count;
    uint64_t pace_ms; /* pause after each instant */
    uint32_t acts_done, accepted, refused, turned_away, repeated;
    uint32_t failures; /* expectations that did not hold */
} rehearsal_t;

/* Plays all acts in lockstep. 0, or an exit when the system does not answer. Failed expectations are counted and told. */
int rehearsal_play(rehearsal_t *self);
/* Prints the summary and holds it against the driver's own count and the 期末 lines. 0, or an exit. */
int rehearsal_summary(rehearsal_t *self);
/* What is known of one report; made where nothing was. */
taken_t *rehearsal_taken(rehearsal_t *self, text_t unit, text_t task, text_t period);
/* An officer's act. 0, or an exit when the system does not answer. */
int rehearsal_decide(rehearsal_t *self, const act_t *act);
void rehearsal_failed(rehearsal_t *self, uint32_t line, text_t what);

#endif
