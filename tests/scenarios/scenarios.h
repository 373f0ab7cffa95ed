/* A scenario as it is played: its world, its output so far, who is watched. */
#ifndef SCENARIOS_SCENARIOS_H
#define SCENARIOS_SCENARIOS_H

#include <stdarg.h>

#include "proto/crypto.h"
#include "tests/sim/world.h"

enum { SCENE_WATCHED = 8, SCENE_KEPT = 64 };

/* The last report of a unit, to be sent once more. */
typedef struct {
    char unit[LIMIT_ID + 1];
    char line[1024];
    uint8_t submission_id[16];
} scene_report_t;

typedef struct scene_outside scene_outside_t;

typedef struct {
    scene_outside_t *outside; /* NULL: nobody is told anything outside */
    arena_t *arena; /* void after each command */
    buffer_t out;
    world_t *world;
    planbook_t *book;
    plan_t plan;
    char watched[SCENE_WATCHED][LIMIT_ID + 1];
    uint32_t watched_count;
    uint64_t warning_seq, verdict_seq;
    bool others; /* 关注 … 全部: what they are told about others' reports is shown one by one */
    scene_report_t kept[SCENE_KEPT];
    uint32_t kept_count;
} scene_t;

/* Adds one indented line to the transcript. */
void scene_say(scene_t *self, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* 通报 公示 印发 重看 PERIOD (documents.c) */
void scene_bulletin(scene_t *self, text_t rest);
void scene_announce(scene_t *self, text_t rest);
void scene_object(scene_t *self, text_t rest);
void scene_object_answer(scene_t *self, text_t rest);
void scene_publish(scene_t *self, text_t rest);
void scene_again(scene_t *self, text_t rest);
/* Plays one command, without its "> ". What is wrong with it is said in the transcript. */
void scene_play(scene_t *self, text_t command);
text_t scene_when(const scene_t *self, int64_t at_ms);
text_t scene_due(const scene_t *self, uint64_t due_ms); /* of a deadline: see due_shown */
void scene_reasons(scene_t *self, const char *what, const reason_t *reasons, uint32_t count);

/* --- the outside (outside.c) --- */
void scene_contact(scene_t *self, text_t rest);
void scene_route(scene_t *self, text_t rest);
void scene_post(scene_t *self, text_t rest);
void scene_proof(scene_t *self, text_t rest);
void scene_dead(scene_t *self, text_t rest);
void scene_retry(scene_t *self, text_t rest);
void scene_deliver(scene_t *self);
void scene_outside_end(scene_t *self);

/* --- about claims (claims.c) --- */
void scene_claims(scene_t *self, text_t rest);
void scene_credit(scene_t *self, text_t rest);
void scene_figures(scene_t *self, text_t rest);

/* One event of stream 4, where it is for somebody who is watched. Answers, silences, doors. (warnings.c) */
void scene_warning(scene_t *self, const event_t *event);
void scene_answer(scene_t *self, text_t unit, text_t rest);
void scene_silence(scene_t *self, text_t rest);
void scene_press(scene_t *self, text_t officer, text_t rest);
void scene_follows(scene_t *self, text_t rest);
void scene_door_down(scene_t *self, text_t rest);
void scene_door_up(scene_t *self, text_t rest);

/* --- requests for more time (requests.c) --- */
void scene_request(scene_t *self, text_t unit, text_t rest);
void scene_requests(scene_t *self, text_t rest);

/* --- planned measures (measures.c) --- */
void scene_measure(scene_t *self, text_t unit, text_t rest);
void scene_measures(scene_t *self, text_t rest);
void scene_measure_history(scene_t *self, text_t rest);

/* --- what figures come to (totals.c) --- */
void scene_explanations(scene_t *self, const reason_t *reasons, uint32_t count);
void scene_standing_figures(scene_t *self, const figure_standing_t *figures, uint32_t count);
void scene_restated(scene_t *self); /* later running totals that the last report moved */
void scene_standing(scene_t *self, text_t rest);
void scene_history(scene_t *self, text_t rest);
void scene_strict(scene_t *self, text_t rest);
void scene_approval(scene_t *self, text_t rest);

#endif
