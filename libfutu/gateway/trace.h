/* trace.h - what passes the hub, as JSON with its secrets masked, when the log is at trace level:
 * requests, replies and pushes, but not the handshake.
 *
 * Threads: the hub's.
 * Tests:   test/unit/gateway/trace_test.c
 */
#ifndef GATEWAY_TRACE_H
#define GATEWAY_TRACE_H

#include "base/log.h"
#include "gateway/state.h"

#define TRACE_MAX 1536          /* bytes of a body that are shown */

/* `m` describes protobuf; NULL: the body is JSON text, or of an unknown kind. */
void trace_write(const char *what, const struct futu_conn *c, uint32_t proto, uint64_t serial,
                 uint8_t fmt, const futu_msg *m, const uint8_t *body, size_t len);

/* A request that could be read. */
static inline void trace_request(const struct ask *a)
{
    if (log_level >= FUTU_LOG_TRACE)
        trace_write("request", a->c, a->proto, a->serial, FRAME_PROTOBUF,
                    a->row ? a->row->request : NULL, a->body, a->len);
}

static inline void trace_reply(const struct ask *a, uint8_t fmt, const uint8_t *body, size_t len)
{
    if (log_level >= FUTU_LOG_TRACE)
        trace_write("reply", a->c, a->proto, a->serial, fmt, a->row ? a->row->response : NULL, body,
                    len);
}

/* A push as it is framed: once for all connections of a form. */
static inline void trace_push(const struct futu_conn *c, uint32_t proto, uint8_t fmt,
                              const uint8_t *body, size_t len)
{
    const struct proto_row *row = log_level >= FUTU_LOG_TRACE ? proto_find(proto) : NULL;
    if (row)
        trace_write("push", c, proto, 0, fmt, row->response, body, len);
}

#endif
