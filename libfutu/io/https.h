/* https.h - single HTTP/1.1 calls over https, or http where the address says so.
 *
 * In:      a request, complete. A call is one connection; nothing is tried again, no redirect is
 *          followed, no proxy is asked.
 * Out:     one answer or one failure, from the loop, never from inside a call of this header.
 * Stages:  a failure says how far it came: name look-up, TCP, TLS, HTTP. One time-out covers them.
 * Limits:  heads of 16 KiB and 100 lines, bodies of `max_body`; judged before memory is taken.
 * Secrets: what was sent and received is wiped with the call.
 * Threads: the loop's.
 * Tests:   test/unit/io/https_test.c, test/fuzz/fuzz_http_reply.c
 */
#ifndef IO_HTTPS_H
#define IO_HTTPS_H

#include "base/buf.h"
#include "io/loop.h"

#define HTTPS_TIMEOUT_NS (10 * NS_PER_S)
#define HTTPS_BODY_MAX (256u << 10)

struct https;               /* a client: whom it trusts */
struct https_call;

enum https_stage { HTTPS_DNS, HTTPS_TCP, HTTPS_TLS, HTTPS_HTTP };

struct https_header {
    const char *name, *value;
};

/* All borrowed during https_send(). */
struct https_request {
    const char *method;                 /* "GET", "POST" */
    futu_str url;                       /* "https://host:port", no query */
    futu_str target;                    /* appended to the path of the url: "/a/b?c=d" */
    const struct https_header *headers;
    size_t n_headers;
    futu_str body;                      /* p NULL: none */
    int64_t timeout_ns;                 /* 0: HTTPS_TIMEOUT_NS */
    size_t max_body;                    /* of the answer; 0: HTTPS_BODY_MAX */
};

struct https_reply {
    futu_err err;                       /* FUTU_OK: an answer came, whatever its status */
    enum https_stage stage;             /* of err */
    const char *why;                    /* of err, one line: "tls: certificate has expired" */
    int status;
    futu_str body;                      /* borrowed until return */
    const char *date;                   /* of the head, as it came; "" when it has none; borrowed */
};

/* After it the call is gone. It may send and cancel others, and free the client. */
typedef void https_done(void *arg, const struct https_reply *reply);

/* ca_file: PEM of trusted roots in place of the system's, NULL: these. They are read when the first
 * https address comes. Copied. FUTU_ENOMEM. */
futu_err https_new(struct https **out, futu_loop *l, const char *ca_file);
void https_free(struct https *h);       /* cancels what is under way; NULL is fine */

/* FUTU_EINVAL: no proper request; FUTU_ENOMEM. Then `done` does not run. */
futu_err https_send(struct https *h, struct https_call **out, const struct https_request *rq,
                    https_done *done, void *arg);
void https_cancel(struct https_call *c);        /* `done` will not run; NULL is fine */

const char *https_stage_name(enum https_stage s);       /* "dns" */

#endif
