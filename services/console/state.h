/* What the files of the console share: its sockets, one request, and the ways to ask and to answer. This room only. */
#ifndef CONSOLE_STATE_H
#define CONSOLE_STATE_H

#include <jansson.h>
#include <microhttpd.h>

#include "proto/crypto.h"
#include "proto/json.h"
#include "services/console/console.h"
#include "services/console/front.h"
#include "services/console/press.h"
#include "services/door/refs.h"
#include "services/plan/plan.h"
#include "services/stage/serve.h"

/* --- who asks --- */
enum { COOKIE_SIZE = 64 };
typedef struct {
    char login[LIMIT_ID + 1];
    char unit[LIMIT_ID + 1]; /* empty: of no unit */
    login_role_t role;
    uint8_t session[HASH_SIZE]; /* hash of the cookie or token */
    char csrf[COOKIE_SIZE + 1]; /* empty for a token: its bearer is no browser */
    bool by_code;
    bool token;
} who_t;

/* Who may use a route. */
typedef enum {
    ACCESS_OPEN,     /* anybody */
    ACCESS_SESSION,  /* whoever has a session, also one that a one-time code began */
    ACCESS_ANY,      /* whoever is logged in */
    ACCESS_DECIDES,  /* who decides on reports: coordinator, supervisor */
    ACCESS_REPORTS,  /* who reports for a unit */
    ACCESS_ALL_UNITS /* who sees every unit: coordinator, supervisor, operator, auditor */
} access_t;

typedef struct request request_t;
typedef struct {
    bool get;
    const char *path; /* ends with '/': what follows is request->tail */
    access_t access;
    void (*on)(request_t *request);
} http_route_t;

/* --- one request --- */
struct request {
    console_t *console;
    struct MHD_Connection *connection;
    int fd;
    const http_route_t *route;
    text_t path;
    text_t tail;
    arena_t *arena; /* its own: it lives as long as the request */
    buffer_t body;
    bool too_large;
    bool begun;     /* handed to its route */
    bool head_done; /* a body that is streamed: its head was answered for, the body may come */
    bool taking;    /* the body goes on to a service, piece by piece */
    bool drains;    /* the answer waits until the body is over: whoever is sending does not listen */
    bool suspended; /* waits for a service, with its connection */
    uint64_t id;    /* of the question asked; 0: none */
    int64_t until_ms;
    void (*on_answer)(request_t *self, const packet_t *packet);
    void (*then)(request_t *self);    /* once it is known who asks */
    void (*on_late)(request_t *self); /* instead of `busy` when no answer comes in time; NULL: busy */
    who_t who;
    void *own;      /* of the handler */
    unsigned status;
    struct MHD_Response *response; /* NULL: not answered yet */
    const char *policy; /* of the content, in place of that of our pages; static */
    bool live;      /* a page that listens for news: news.c has it */
    uint64_t live_told;
    int64_t live_beat_ms;
    request_t *next, *previous; /* all that wait for a service, or listen */
};

/* --- services behind --- */
typedef enum {
    AT_INTAKE_DOOR,
    AT_INTAKE,
    AT_VALIDATION,
    AT_AGGREGATION,
    AT_ALERTING,
    AT_VAULT_DOOR,
    AT_DRAFTS,
    AT_VAULT,
    AT_GATEWAY,
    AT_NOTIFIER,
    AT_LOGINS,
    AT_SESSIONS,
    AT_EVIDENCE,

    AT_PRESS,
    SERVICE_COUNT
} service_at_t;

enum { HEALTH_COUNT = 8, SESSION_PLACES = 4096, TRY_PLACES = 256 };

/* What a service last said of itself. */
typedef struct {
    const char *name;
    service_at_t at; /* SERVICE_COUNT: ourselves */
    uint64_t ask_id;
    int64_t asked_ms;
    int64_t told_ms; /* steady; 0: never */
    health_t health;
    char plan[LIMIT_ID + 1];
    char note[LIMIT_NAME + 1];
    char sick[LIMIT_ID + 1];
} watched_t;

/* A session that the vault has lately vouched for. */
typedef struct {
    uint8_t session[HASH_SIZE];
    char login[LIMIT_ID + 1];
    bool by_code;
    bool token;
    int64_t until_ms; /* steady; 0: free */
} session_place_t;

typedef struct {
    char address[48];
    int64_t minute;
    uint32_t tries;
} try_place_t;

struct console {
    console_door_t door;
    struct MHD_Daemon *daemon;
    int daemon_fd;
    front_t *front;
    client_t *services[SERVICE_COUNT];
    press_t *press;
    server_t *desk;
    stream_reader_t *reader;
    refs_t *refs;
    arena_t *arena; /* of the turn */
    buffer_t out;
    request_t *waiting;
    uint32_t waiting_count;
    uint64_t next_id;
    int64_t started_ms, now_ms, wall_ms;
    int64_t beat_ms; /* when the next sign of life is due */
    uint64_t beats;
    bool leaving;
    /* the plan, as the home keeps it (book.c) */
    planbook_t *book;
    buffer_t plan_json;
    int64_t plan_stamp;
    int64_t plan_look_ms;
    /* who may act (registry.c) */
    login_row_t *logins;
    uint32_t logins_count, loading_count, logins_room;
    login_row_t *loading;
    arena_t *logins_arena, *loading_arena;
    uint64_t logins_ask_id;
    int64_t logins_again_ms;
    bool logins_loaded;
    session_place_t *sessions;
    try_place_t tries[TRY_PLACES];
    /* news (news.c) */
    head_t at; /* the last event taken */
    bool joined;
    int64_t join_ms;
    uint64_t news;       /* grows with each event of stream 3 */
    uint64_t news_cause; /* ledger entry of the newest */
    int64_t news_told_ms;
    uint64_t durable_head;
    int64_t ledger_ms;
    uint32_t live_count;
    uint32_t uploads; /* files on their way in */
    /* figures about itself (overview.c) */
    watched_t watched[HEALTH_COUNT];
    uint64_t answered[6]; /* by the first digit of the status */
    uint64_t refused;     /* reports that may not pass, logins that failed */
    uint64_t reports;
};

/* --- talk.c: asking --- */
err_t talk_open(console_t *self);
void talk_close(console_t *self);
/* Asks; `on` gets the answer, of whatever kind. When nobody can be asked the request is answered busy. */
void ask(request_t *self, service_at_t service, const message_t *type, const void *question,
         void (*on)(request_t *self, const packet_t *packet));
/* A message that nobody answers. */
void tell(console_t *self, service_at_t service, uint64_t id, const message_t *type, const void *value);
void answers_take(console_t *self);
void requests_expire(console_t *self, int64_t now_ms); /* those that waited too long are told to ask again */
/* The usual answers to a question: is this it? false: a refusal or busy was passed on to the asker. */
bool answer_is(request_t *self, const packet_t *packet, const message_t *type, void *value);

/* --- http.c: answering --- */
err_t http_open(console_t *self);
void http_close(console_t *self);
void http_step(console_t *self);
int64_t http_wait_ms(const console_t *self, int64_t most_ms); /* how long the loop may wait */
void reply_bytes(request_t *self, unsigned status, const char *type, const void *bytes, size_t size, bool copy);
/* A file of that many bytes, read as it leaves; nothing in it runs, wherever it is opened. */
void reply_stream(request_t *self, const char *type, uint64_t size, MHD_ContentReaderCallback reader);
void request_wait(request_t *self); /* for a service, with its connection */
void reply_json(request_t *self, unsigned status, json_t *json); /* takes the reference */
void reply_reasons(request_t *self, unsigned status, const reason_t *reasons, uint32_t count);
void reply_code(request_t *self, unsigned status, text_t code, const char *path, text_t arg);
void reply_busy(request_t *self);
void reply_header(request_t *self, const char *name, const char *value); /* after a reply, before it leaves */
void reply_ready(request_t *self); /* the response is made: it may leave */
text_t request_header(const request_t *self, const char *name);
text_t request_parameter(const request_t *self, const char *name); /* empty: not there */
bool request_number(request_t *self, const char *name, uint64_t *number); /* false: refused; missing is 0 */
/* The body as one JSON object without keys that stand twice. NULL: refused. The caller owns it. */
json_t *request_json(request_t *self);
text_t json_member_text(const json_t *json, const char *name, arena_t *arena);
void waiting_add(request_t *self);
void waiting_remove(request_t *self);

/* --- route.c --- */
const http_route_t *route_find(const char *method, const char *path, bool *other_method);
void request_begin(request_t *self);

/* --- session.c --- */
void who_find(request_t *self, void (*then)(request_t *self)); /* fills request->who, or refuses */
text_t role_shown(const request_t *self); /* 填报人 clerk: in sentences of both languages */
bool role_sees_all(login_role_t role);
bool role_reports(login_role_t role);
bool role_decides(login_role_t role);
void sessions_forget(console_t *self);
void on_login(request_t *self);
void on_logout(request_t *self);
void on_me(request_t *self);
void on_password(request_t *self);

/* --- registry.c --- */
void registry_step(console_t *self);
void registry_take(console_t *self, const packet_t *packet);
void registry_stale(console_t *self);
const login_row_t *registry_find(const console_t *self, text_t login); /* in force; NULL: none */
void registry_destroy(console_t *self);

/* --- book.c --- */
void book_step(console_t *self);
void book_stale(console_t *self);
void on_plan(request_t *self);

/* --- read.c --- */
void on_obligations(request_t *self);
void on_late(request_t *self);
void on_progress(request_t *self);
void on_figures(request_t *self);
void on_standing(request_t *self);
void on_warnings(request_t *self);
void on_entry(request_t *self);
void on_amount(request_t *self);

/* A question built from parameters that nobody vouches for: checked, then asked. */
void ask_checked(request_t *self, service_at_t service, const message_t *type, const void *question,
                 void (*on)(request_t *self, const packet_t *packet));
/* The unit that is asked for; of those who see one unit only, theirs. */
text_t unit_asked(request_t *self);

/* --- decide.c --- */
void on_decide(request_t *self);
void on_decisions(request_t *self);
void on_claims(request_t *self);

/* --- follow.c --- */
/* What a unit does beside reporting, as `type`, from the page's words, whose reference it takes: to intake, and back to the page
 * what comes of it (act.c). */
void act_take(request_t *self, json_t *json, const message_t *type);
void on_warning_answer(request_t *self);
void on_follows(request_t *self);
void on_extensions(request_t *self); /* extensions.c */
void on_extension_request(request_t *self);
void on_measures(request_t *self); /* measures.c */
void on_measure_enter(request_t *self);
void on_measure_history(request_t *self);

/* --- changes.c --- */
void on_history(request_t *self);

/* --- drafts.c --- */
void on_drafts(request_t *self);
void on_draft_put(request_t *self);
void on_draft_drop(request_t *self);
void on_draft_send(request_t *self);

/* The page's own id of a command, so that a lost answer can be asked for again; taken out of `json`. false: refused. */
bool command_id_read(request_t *self, json_t *json, uint8_t id[16]);
/* A command of who is logged in, on its way to intake, which decides whether it is obeyed. `body`: a packet. */
void command_give(request_t *self, const uint8_t command_id[16], bytes_t body, void (*on)(request_t *self, const packet_t *packet));

/* --- documents.c, objections.c --- */
void on_documents(request_t *self);
void on_document(request_t *self);
void on_document_act(request_t *self);
void on_ledger(request_t *self);
void on_score(request_t *self);
void on_calendar(request_t *self);
void on_objections(request_t *self);
void on_objection(request_t *self);
void on_objection_answered(request_t *self);

/* --- report.c --- */
/* How a report comes to be sent: by itself, or as the draft of another login; what is to be done once it stands. */
typedef struct {
    text_t drafted_by;                                     /* empty: by itself */
    void (*accepted)(request_t *self, const void *what);   /* NULL: nothing */
    const void *what;
} report_way_t;
/* Sends the report that the JSON holds, and answers; takes the reference. NULL: it was refused already. */
void report_send(request_t *self, json_t *json, report_way_t way);
enum { PERSONAL_TEXTS = 1024 }; /* personal texts of one report: what one vault_keep takes */
void fresh_id(const console_t *console, uint8_t id[16]);
void refusal_note(request_t *self, text_t code); /* counted by intake; the text never leaves */
void on_check(request_t *self);
void on_submit(request_t *self);

/* --- sheet.c --- */
void on_sheet_check(request_t *self);
void on_sheet_template(request_t *self);

/* --- evidence.c --- */
void on_evidence_offer(request_t *self);
void on_evidence_send(request_t *self);
void on_evidence_get(request_t *self);
void evidence_take_body(request_t *self, const char *data, size_t *size); /* *size: what it left */

/* --- news.c --- */
err_t news_open(console_t *self);
void news_close(console_t *self);
void news_step(console_t *self);
void on_events(request_t *self);
void news_gone(request_t *self);
void news_end(console_t *self); /* all pages that listen are let go */

/* --- overview.c --- */
void overview_open(console_t *self);
void overview_step(console_t *self);
bool overview_take(console_t *self, const packet_t *packet); /* false: not an answer to ours */
void on_healthz(request_t *self);
void on_readyz(request_t *self);
void on_metrics(request_t *self);
void on_services(request_t *self);
void on_dead(request_t *self);

/* --- pages.c --- */
void on_page(request_t *self);
text_t page_text(const char *path); /* one of pages.def */

/* --- openapi.c --- */
void on_openapi(request_t *self);

#endif
