/* log.h - the log on standard error: lines of text in local time, or JSON lines (--json-log).
 *
 * Threads: any; a line is one write.
 */
#ifndef OPEND_LOG_H
#define OPEND_LOG_H

/* Both are a futu_log_fn. */
void log_text(int level, const char *line, void *arg);
/* {"timestamp":"...Z","level":"INFO","target":"futu_opend","message":"..."} */
void log_json(int level, const char *line, void *arg);

#endif
