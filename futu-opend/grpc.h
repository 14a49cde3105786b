/* grpc.h - one stream of HTTP/2 as a call of the gateway. Internal to grpc.c and grpc_call.c.
 *
 * grpc.c has the connection: nghttp2's session, its bytes, its times. grpc_call.c has the streams:
 * headers to a call, bytes to messages, output and status to frames.
 */
#ifndef OPEND_GRPC_H
#define OPEND_GRPC_H

#include <nghttp2/nghttp2.h>

#include "grpc_wire.h"
#include "listener.h"

/* Headers that are read. */
enum grpc_field {
    GRPC_METHOD, GRPC_PATH, GRPC_CONTENT_TYPE, GRPC_ENCODING, GRPC_TIMEOUT, GRPC_AUTHORIZATION,
    GRPC_IDEMPOTENCY_KEY, GRPC_FIELDS
};

struct grpc_conn {
    struct stream stream;           /* first: the stream is this connection */
    struct listener *listener;
    nghttp2_session *h2;
    struct grpc_stream *streams, *ready;
    unsigned n_streams;
    size_t held;                    /* bytes of messages and answers that its streams keep */
    struct bytes flight;            /* what the socket works on */
    size_t flown, in_kernel;
    uint64_t since_ms, heard_ms, taken_ms, pinged_ms;   /* pinged_ms 0: no ping is out */
    bool greeted;                   /* the client's settings have come */
    bool leaving;                   /* GOAWAY is out: no new calls */
    char peer[80];
};

struct grpc_stream {
    struct grpc_conn *conn;
    int32_t id;
    struct grpc_stream *next, **link;   /* the connection's list */
    struct grpc_stream *next_ready;
    bool ready;                     /* in the list of those that flush() serves */
    struct bytes text;              /* of the fields, one behind the other */
    struct {
        size_t at, n;
        bool has;
    } field[GRPC_FIELDS];
    size_t head_size;
    struct grpc_in in;
    size_t held;                    /* its share of conn->held */
    futu_grpc_call *call;           /* NULL: none, or given up */
    bool opened;                    /* the headers are through */
    bool all_sent;                  /* the client has sent all */
    bool answering, ended, trailed; /* headers are out; status is known; trailers are out */
    int http_status, status;
    char why[GRPC_TEXT_MAX];
};

/* New stream of the connection; NULL: no memory. */
struct grpc_stream *grpc_stream_new(struct grpc_conn *c, int32_t id);
void grpc_stream_free(struct grpc_stream *st);
/* False: the headers are more than we take. */
bool grpc_header(struct grpc_stream *st, futu_str name, futu_str value);
void grpc_headers_done(struct grpc_stream *st);
void grpc_data(struct grpc_stream *st, const uint8_t *p, size_t n);
void grpc_all_sent(struct grpc_stream *st);
/* Ends a call that is under way. */
void grpc_give_up(struct grpc_stream *st, int status, const char *text);
/* Serves the streams that have something to say. */
void grpc_serve(struct grpc_conn *c);

#endif
