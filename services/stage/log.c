/* Writes log lines: one write(2) a line, so that lines of several processes never mix. */
#include "services/stage/log.h"

#include "services/stage/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_ROOM = 2048, CHINA_SECONDS = 8 * 3600 };

typedef enum { LEVEL_INFO, LEVEL_WARN, LEVEL_ERROR, LEVEL_FATAL } level_t;

static char service_name[49] = "-"; /* LIMIT_ID and a NUL */

void log_start(const char *service) { snprintf(service_name, sizeof service_name, "%s", service); }

/* MINNING_LOG=debug|info|warn|error; errors are always written. */
static level_t level_wanted(void) {
    const char *wanted = getenv("MINNING_LOG");
    if (wanted == NULL) return LEVEL_INFO;
    if (strcmp(wanted, "warn") == 0) return LEVEL_WARN;
    return strcmp(wanted, "error") == 0 ? LEVEL_ERROR : LEVEL_INFO;
}

/* ts=2021-08-25T09:00:00.123+08:00, whatever the machine's time zone is. */
static size_t stamp_write(char *out, size_t room) {
    int64_t now_ms = clock_wall_ms();
    time_t seconds = (time_t)(now_ms / 1000) + CHINA_SECONDS;
    struct tm parts;
    gmtime_r(&seconds, &parts);
    char date[32];
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
    int size = snprintf(out, room, "ts=%s.%03d+08:00", date, (int)(now_ms % 1000));
    return size < 0 ? 0 : (size_t)size;
}

static void line_write(level_t level, const char *event, const char *format, va_list args) {
    static const char *const names[] = {"info", "warn", "error", "fatal"};
    if (level < level_wanted()) return;
    char line[LINE_ROOM];
    size_t used = stamp_write(line, sizeof line);
    int more = snprintf(line + used, sizeof line - used, " level=%s service=%s event=%s", names[level], service_name, event);
    if (more < 0) return;
    used += (size_t)more;
    if (format[0] != '\0' && used + 2 < sizeof line) {
        line[used++] = ' ';
        more = vsnprintf(line + used, sizeof line - used, format, args);
        if (more > 0) used += (size_t)more;
    }
    if (used > sizeof line - 1) used = sizeof line - 1; /* a longer line is cut */
    for (size_t index = 0; index < used; index++)
        if ((unsigned char)line[index] < 0x20 || line[index] == 0x7f) line[index] = ' '; /* one fact, one line */
    line[used++] = '\n';
    ssize_t written = write(STDERR_FILENO, line, used);
    (void)written; /* nowhere left to complain */
}

#define LINE(level)                                                                                                            \
    va_list args;                                                                                                              \
    va_start(args, format);                                                                                                    \
    line_write((level), event, format, args);                                                                                  \
    va_end(args)

void log_info(const char *event, const char *format, ...) { LINE(LEVEL_INFO); }

void log_warn(const char *event, const char *format, ...) { LINE(LEVEL_WARN); }

void log_error(const char *event, const char *format, ...) { LINE(LEVEL_ERROR); }

void log_fatal(const char *event, const char *format, ...) { LINE(LEVEL_FATAL); }
