/* http.h - one HTTP request to a gateway's REST port.
 *
 * Tests: test/rest/daemon.test.mjs
 */
#ifndef CLI_HTTP_H
#define CLI_HTTP_H

#include <stdbool.h>
#include <stddef.h>

struct http_reply {
    int status;
    char *body;             /* malloc'd, with a NUL behind it; the caller's */
};

/* `url` is http://HOST[:PORT]. An answer of any status is success. False: `why` holds one line. */
bool http_ask(const char *url, const char *method, const char *path, const char *key,
              unsigned timeout_ms, struct http_reply *out, char *why, size_t size);

#endif
