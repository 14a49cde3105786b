/* fake_gateway.h - what a listener calls of the library, so that a test decides when and how a
 * request is answered. Stands in for libfutu's functions of the same names.
 *
 * Targets: "/hold..." waits for fake_answer(); "/stream" is a stream of fake_put() and fake_over();
 *          "/big" is answered with fake_big bytes; "/none" with
 * 204; any other at once with "METHOD target[ body]". The WebSocket of "/no" is refused with 401.
 */
#ifndef TEST_UNIT_OPEND_FAKE_GATEWAY_H
#define TEST_UNIT_OPEND_FAKE_GATEWAY_H

#include <futu/http.h>

#define FAKE_HELD 256

struct fake_gateway {
    unsigned requests, held, abandoned, conns;
    struct futu_http_call *calls[FAKE_HELD];    /* of the held ones, in order; NULL: over */
    size_t big;
    futu_err refuse;            /* of the next futu_conn_new() */
    char token[600];            /* that it was given; "-": none */
    char messages[256];         /* what the WebSocket brought, each behind a '|' */
    futu_conn *conn;            /* the last one */
    size_t taken;               /* bytes of streams */
    bool streams;               /* the last request may be answered by one */
};

extern struct fake_gateway fake;

void fake_reset(void);
void fake_answer(unsigned i, const char *text);         /* of the i-th held request */
void fake_put(unsigned i, size_t n);    /* a piece of n letters for the stream of a held request */
void fake_over(unsigned i);
void fake_send(const char *frame, size_t n);            /* output of fake.conn */
void fake_end(futu_err err, const char *reason);        /* its on_close */

#endif
