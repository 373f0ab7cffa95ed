/* Reads the clocks; nobody else does. */
#include "services/stage/clock.h"

#include "proto/base.h"

#include <time.h>

static int64_t clock_read_us(clockid_t id) {
    struct timespec now;
    int failed = clock_gettime(id, &now);
    ASSERT(failed == 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_wall_ms(void) { return clock_read_us(CLOCK_REALTIME) / 1000; }

int64_t clock_steady_ms(void) { return clock_steady_us() / 1000; }

int64_t clock_steady_us(void) { return clock_read_us(CLOCK_BOOTTIME); }
