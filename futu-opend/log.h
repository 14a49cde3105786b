/* log.h - log lines on standard error.
 *
 * Text:    2026-11-24T17:30:00.123+08:00 WARN  message      in the zone of TZ
 * JSON:    {"timestamp":"...Z","level":"WARN","target":"futu","message":"..."}; the target of lines
 *          that are events of the audit trail is futu_audit.
 * A line is one write, so lines do not mix, and no line break or control character of a message
 * gets out as it is. The gateway never waits for a reader: a line for which a pipe or terminal has
 * no room is dropped; how many were is said as soon as there is room again.
 *
 * Threads: any; one at a time writes.
 */
#ifndef OPEND_LOG_H
#define OPEND_LOG_H

#include <stdbool.h>
#include <stddef.h>

/* FUTU_LOG_*, 0: silence. Call it once, after the time zone is set. */
void log_start(int level, bool json);
/* One line, whatever its level; a futu_log_fn. */
void log_line(int level, const char *message, void *arg);

#define LOG_LINE_MAX 16384
/* One line of either form with its line break, for log_start()'s sink and the tests; returns its
 * length. `out` has LOG_LINE_MAX bytes. */
size_t log_format(char *out, bool json, long long wall_ms, int level, const char *message);

#endif
