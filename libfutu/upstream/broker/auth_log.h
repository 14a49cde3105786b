/* auth_log.h - requests and answers of the login for the debug log, without their secrets.
 *
 * In:      JSON or a query, as it travels; anything else is told by its length alone.
 * Out:     the same text, each sensitive value as <REDACTED len=N>; account, device id, uid and
 *          times stay readable. What a log line holds is cut at 2 KiB.
 * Tests:   test/unit/upstream/broker/auth_answer_test.c, test/fuzz/fuzz_auth_answer.c
 */
#ifndef UPSTREAM_BROKER_AUTH_LOG_H
#define UPSTREAM_BROKER_AUTH_LOG_H

#include "base/buf.h"

/* Whether a member or parameter of that name is kept out of logs. */
bool auth_log_sensitive(futu_str name);
/* FUTU_ENOMEM. */
futu_err auth_log_redact(futu_str text, struct buf *out);
/* Says "login: HEAD: TEXT" at level debug. */
void auth_log_debug(const char *head, futu_str text);

#endif
