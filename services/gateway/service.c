/* The gateway as a process: home, lock, keys, loop, leave. */
#include <fcntl.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/crypto.h"
#include "services/door/door_process.h"
#include "services/gateway/gateway.h"
#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "services/stage/link.h"
#include "services/stage/log.h"
#include "services/stage/watch.h"
#include "services/unit/unit.h"

#define DEFAULT_ENDPOINT "tcp://127.0.0.1:7350"
#define LOCK_FILE "run/gateway.lock"

enum { LEAVE_MS = 1000 };

static void run(gateway_t *gateway) {
    bool told = false;
    watch_join("loop");
    while (gateway_step(gateway, INT32_MAX)) {
        if (!told && gateway_ready(gateway)) {
            told = true;
            log_info("ready", "endpoint=%s", gateway_endpoint(gateway));
        }
    }
    gateway_refuse_new(gateway);
    log_info("leaving", "pending=%u", gateway_pending(gateway));
    int64_t until_ms = clock_steady_ms() + LEAVE_MS;
    do gateway_step(gateway, 10);
    while (gateway_pending(gateway) > 0 && clock_steady_ms() < until_ms);
}

static int serve(void) {
    unit_key_t key;
    err_t err = unit_key_load("keys/gateway", &key);
    if (err != OK) {
        log_error("keys_unreadable", "file=keys/gateway error=%s", err_name(err));
        return EX_NOINPUT;
    }
    gateway_t *gateway = NULL;
    err = gateway_open(home_setting("gateway/endpoint", DEFAULT_ENDPOINT), key.public_text, key.secret_text, &gateway);
    explicit_bzero(&key, sizeof key);
    if (err != OK) {
        log_error("fatal", "cause=%s", err == ERR_REFUSED ? "door_would_stand_open" : err_name(err));
        return err == ERR_REFUSED ? EX_SOFTWARE : EX_OSERR;
    }
    watch_start(watch_setting());
    run(gateway);
    watch_leave();
    watch_stop();
    uint32_t unanswered = gateway_pending(gateway);
    gateway_close(&gateway);
    log_info("left", "unanswered=%u", unanswered);
    return EX_OK;
}

int gateway_main(int argc, char **argv) { return door_main("gateway", LOCK_FILE, argc, argv, serve); }
