/* log.h - one sink for lines; the caller of futu_set_log() decides where they go.
 *
 * Never a secret in an argument. Log once, where an error is handled.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/base.h"

extern int log_level;       /* read by the macros only */

void log_write(int level, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define LOG_AT(level, ...) ((level) <= log_level ? log_write(level, __VA_ARGS__) : (void)0)
#define log_error(...) LOG_AT(FUTU_LOG_ERROR, __VA_ARGS__)
#define log_warn(...) LOG_AT(FUTU_LOG_WARN, __VA_ARGS__)
#define log_info(...) LOG_AT(FUTU_LOG_INFO, __VA_ARGS__)
#define log_debug(...) LOG_AT(FUTU_LOG_DEBUG, __VA_ARGS__)
#define log_trace(...) LOG_AT(FUTU_LOG_TRACE, __VA_ARGS__)

#endif
