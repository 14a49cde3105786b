/* http_reply.h - the bytes of one HTTP/1.1 answer in, its status and body out.
 *
 * In:      bytes in any split.
 * Strict:  llhttp's rules; a head over 16 KiB or 100 lines, a body over `max_body`, a length beside
 *          a transfer encoding: FUTU_EPROTO or FUTU_ELIMIT. Interim answers (1xx) are passed over.
 * Owns:    the body, which is wiped when it goes. Of the head it keeps the date alone.
 * Threads: none. Tests: test/unit/io/https_test.c, test/fuzz/fuzz_http_reply.c
 */
#ifndef IO_HTTP_REPLY_H
#define IO_HTTP_REPLY_H

#include <llhttp/llhttp.h>

#include "base/str.h"

#define HTTP_REPLY_HEAD_MAX (16u << 10)
#define HTTP_REPLY_LINES_MAX 100

struct http_reply {
    llhttp_t http;
    size_t head, lines, max_body;
    bool in_body, done;
    int status;
    uint8_t *body;
    size_t n, cap;
    futu_err err;
    const char *why;            /* static, one line */
    /* The line of the head that comes in: what of its name and, when that is "date", of its value
     * fits. */
    char name[8], date[32];
    size_t n_name, n_date;
};

void http_reply_init(struct http_reply *r, size_t max_body);
void http_reply_free(struct http_reply *r);
/* FUTU_EAGAIN: wants more; FUTU_OK: whole, what follows is ignored. FUTU_EPROTO, FUTU_ELIMIT,
 * FUTU_ENOMEM: r->why says it. */
futu_err http_reply_feed(struct http_reply *r, const void *p, size_t n);
/* The peer has closed. FUTU_OK only when that ends the answer properly. */
futu_err http_reply_end(struct http_reply *r);

#endif
