/* The console as a process: home, lock, port, loop, leave. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/crypto.h"
#include "services/console/console.h"
#include "services/door/door_process.h"
#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "services/stage/link.h"
#include "services/stage/log.h"
#include "services/stage/watch.h"

#define LOCK_FILE "run/console.lock"
#define ADDRESS_FILE "run/console.url" /* where it listens, for people and scripts */

enum { LEAVE_MS = 1000 };

/* console/address, console/port (0: any free one), console/behind_proxy in the settings. */
static bool door_read(console_door_t *door) {
    const char *port = home_setting("console/port", "0");
    char *end = NULL;
    unsigned long number = strtoul(port, &end, 10);
    *door = (console_door_t){.address = home_setting("console/address", "127.0.0.1"),
                             .port = (uint16_t)number,
                             .behind_proxy = strcmp(home_setting("console/behind_proxy", "0"), "0") != 0};
    if (*end == '\0' && number <= UINT16_MAX) return true;
    log_error("setting_unusable", "setting=console/port value=\"%s\"", port);
    return false;
}

static void run(console_t *console) {
    bool told = false;
    watch_join("loop");
    while (console_step(console, INT32_MAX)) {
        if (told || !console_ready(console)) continue;
        told = true;
        log_info("ready", "port=%u", (unsigned)console_port(console));
    }
    console_refuse_new(console);
    log_info("leaving", "waiting=%u", (unsigned)console_waiting(console));
    int64_t until_ms = clock_steady_ms() + LEAVE_MS;
    do console_step(console, 10);
    while (console_waiting(console) > 0 && clock_steady_ms() < until_ms);
}

/* Where any port will do, the one of before comes first: after a crash the pages are where people left them. 0: none. */
static uint16_t port_before(void) {
    arena_t *arena = arena_new();
    text_t url;
    unsigned long number = 0;
    if (home_read(ADDRESS_FILE, arena, 128, &url) == OK) {
        const char *colon = memrchr(url.at, ':', url.size);
        if (colon != NULL) number = strtoul(colon + 1, NULL, 10);
    }
    arena_destroy(&arena);
    return number <= UINT16_MAX ? (uint16_t)number : 0;
}

static err_t door_open(const console_door_t *door, console_t **console) {
    console_door_t again = *door;
    again.port = port_before();
    if (door->port == 0 && again.port != 0 && console_open(&again, console) == OK) return OK;
    return console_open(door, console);
}

static int serve(void) {
    console_door_t door;
    console_t *console = NULL;
    if (!door_read(&door)) return EX_CONFIG;
    err_t err = door_open(&door, &console);
    if (err != OK) {
        log_error("fatal", "cause=%s", err_name(err));
        return EX_OSERR;
    }
    char url[128];
    snprintf(url, sizeof url, "http://%s:%u/\n", door.address, (unsigned)console_port(console));
    log_info("bound", "url=%.*s", (int)strlen(url) - 1, url);
    if (home_write(ADDRESS_FILE, text_of(url), 0600) != OK) log_warn("address_not_written", "file=%s", ADDRESS_FILE);
    watch_start(watch_setting());
    run(console);
    watch_leave();
    watch_stop();
    unlink(ADDRESS_FILE);
    console_close(&console);
    log_info("left", "code=0");
    return EX_OK;
}

int console_main(int argc, char **argv) { return door_main("console", LOCK_FILE, argc, argv, serve); }
