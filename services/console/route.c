/* Which handler a request belongs to, and whether who asks may. */
#include <string.h>

#include "services/console/state.h"

#define GET true
#define POST false
#define ROUTE(method, path, access, handler) {method, path, ACCESS_##access, handler},
static const http_route_t routes[] = {
#include "services/console/routes.def"
};
#undef ROUTE
#undef GET
#undef POST

static bool path_fits(const http_route_t *route, const char *path) {
    size_t size = strlen(route->path);
    return route->path[size - 1] == '/' ? strncmp(path, route->path, size) == 0 : strcmp(path, route->path) == 0;
}

const http_route_t *route_find(const char *method, const char *path, bool *other_method) {
    bool get = strcmp(method, "GET") == 0;
    for (size_t index = 0; index < sizeof routes / sizeof routes[0]; index++) {
        bool page = routes[index].on == on_page;
        if (!path_fits(&routes[index], path) || (page && strncmp(path, "/api/", 5) == 0)) continue;
        if (routes[index].get == get) return &routes[index];
        *other_method = true;
    }
    return NULL;
}

text_t role_shown(const request_t *self) {
    return arena_format(self->arena, "%s %s", WORD_ZH(login_role, self->who.role), WORD_NAME(login_role, self->who.role));
}

static bool access_holds(const who_t *who, access_t access) {
    switch (access) {
    case ACCESS_OPEN:
    case ACCESS_SESSION: return true;
    case ACCESS_ANY: return !who->by_code;
    case ACCESS_DECIDES: return !who->by_code && role_decides(who->role);
    case ACCESS_REPORTS: return !who->by_code && role_reports(who->role);
    case ACCESS_ALL_UNITS: return !who->by_code && role_sees_all(who->role);
    }
    return false;
}

/* A browser sends its cookie wherever it is told to; only our own page knows the other half. */
static bool csrf_holds(const request_t *self) {
    if (self->route->get || self->who.token) return true;
    text_t given = request_header(self, "X-CSRF-Token");
    return given.size == COOKIE_SIZE && bytes_are_equal((const uint8_t *)given.at, (const uint8_t *)self->who.csrf, COOKIE_SIZE);
}

static void on_who(request_t *self) {
    text_t role = role_shown(self);
    if (self->route->access != ACCESS_SESSION && self->who.by_code)
        reply_code(self, 403, REASON_OF(code_used), "", (text_t){NULL, 0});
    else if (!access_holds(&self->who, self->route->access))
        reply_code(self, 403, REASON_OF(role_lacks), "", role);
    else if (!csrf_holds(self))
        reply_code(self, 403, REASON_OF(csrf_missing), "", (text_t){NULL, 0});
    else
        self->route->on(self);
}

void request_begin(request_t *self) {
    if (self->console->leaving) reply_busy(self);
    else if (self->route->access == ACCESS_OPEN) self->route->on(self);
    else who_find(self, on_who);
}
