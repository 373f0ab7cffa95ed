/* One fact a line on stderr: `ts=… level=… service=… event=… key=value`. No secrets, no personal text. */
#ifndef STAGE_LOG_H
#define STAGE_LOG_H

void log_start(const char *service);      /* the name every line carries */
/* `event` is a slug; `format` gives `key=value` pairs, values quoted by the caller where they may hold blanks; "" for none. */
void log_info(const char *event, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_warn(const char *event, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_fatal(const char *event, const char *format, ...) __attribute__((format(printf, 2, 3))); /* somebody has to come */
void log_error(const char *event, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
