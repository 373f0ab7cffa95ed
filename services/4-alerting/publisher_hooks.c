/* The publisher as a part of the service: where Redis is, who rings, who asks. */
#include "services/4-alerting/publisher.h"

#include "services/stage/home.h"
#include "services/stage/log.h"

#include <stdlib.h>

#define PUBLISHED_FILE "data/alerting/published"

static void on_committed(void *self, stage_t *stage, uint64_t durable_head) {
    (void)durable_head; /* the thread reads the head from its own transaction */
    publisher_allow(self, stage_sure(stage));
    publisher_ring(self);
}

static void on_health(void *self, health_t *health) { publisher_show(self, health); }

static int port_of(const char *setting) {
    long port = strtol(setting, NULL, 10);
    return port > 0 && port < 65536 ? (int)port : 6379;
}

int publisher_begin(stage_t *stage, stage_hooks_t *hooks) {
    const char *host = home_setting("redis/host", NULL);
    redis_place_t place = {.socket = host == NULL ? home_setting("redis/socket", HOME_REDIS) : NULL, .host = host,
                           .port = port_of(home_setting("redis/port", "6379")),
                           .password = home_setting("redis/password", NULL)};
    publisher_t *self = NULL;
    err_t err = publisher_start(stage_store(stage), &place, PUBLISHED_FILE, &self);
    if (err != OK) {
        log_error("publisher_not_started", "err=%s", err_name(err));
        return 1;
    }
    *hooks = (stage_hooks_t){.self = self, .committed = on_committed, .health = on_health};
    return 0;
}

void publisher_end(stage_hooks_t *hooks) {
    publisher_t *self = hooks->self;
    publisher_stop(&self);
    hooks->self = NULL;
}
