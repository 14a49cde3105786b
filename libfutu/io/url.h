/* url.h - an http or https address taken apart. Strict: no user, no query, no fragment, no blanks.
 *
 * Threads: none. Tests: test/unit/io/https_test.c, test/fuzz/fuzz_http_reply.c
 */
#ifndef IO_URL_H
#define IO_URL_H

#include "base/str.h"

struct url {
    bool tls;                   /* https */
    char host[254];             /* a name, or an address without brackets */
    uint32_t port;              /* 80 or 443 when the text has none */
    futu_str path;              /* of the text, "" or beginning with "/" */
};

/* NULL: taken apart; otherwise what is wrong, as one static line. */
const char *url_parse(struct url *u, futu_str text);

/* Whether the host names this machine: 127.0.0.0/8, ::1, localhost. */
bool url_is_loopback(const char *host);

#endif
