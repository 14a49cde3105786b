/* web.h - a small HTTP/1.1 server for the broker's side in tests: one request, one answer, close.
 *
 * In:      requests of at most 64 KiB with a Content-Length or no body.
 * Out:     whole requests; each is answered once, now or later, or never.
 * Threads: the loop's.
 */
#ifndef EMULATOR_WEB_H
#define EMULATOR_WEB_H

#include "base/buf.h"

#include <uv.h>

struct tls_server;
struct web;
struct web_conn;

struct web_request {
    struct web_conn *conn;
    futu_str method, path, query, head, body;   /* borrowed until return */
};

typedef void web_fn(void *arg, const struct web_request *rq);

/* 127.0.0.1 alone; port 0: the system chooses. tls NULL: plain; borrowed. NULL: `why` says it. */
struct web *web_start(uv_loop_t *loop, int port, struct tls_server *tls, web_fn *fn, void *arg,
                      char *why, size_t size);
int web_port(const struct web *w);
unsigned web_requests(const struct web *w);         /* that came so far */
/* After it `w` goes by itself when the loop has had its turn. */
void web_stop(struct web *w);

/* delay_ms: when it leaves. The connection may have gone meanwhile. */
void web_answer(struct web_conn *c, int status, futu_str body, uint64_t delay_ms);
/* Bytes as they are, then the end of the connection. A request that nobody answers waits until the
 * client goes. */
void web_raw(struct web_conn *c, futu_str bytes);
void web_hang_up(struct web_conn *c);

/* The value of a header line, without blanks around it; p NULL: there is none. */
futu_str web_header(const struct web_request *rq, const char *name);

#endif
