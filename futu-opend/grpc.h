/* grpc.h - the gRPC port without its sockets: HTTP/2 by nghttp2, streams as calls of the gateway.
 *
 * In:      bytes to grpc_receive(); the time by grpc_conn.now_ms, which the owner keeps.
 * Out:     bytes of grpc_send(), as many as the client's windows let go; later() says that there
 *          are some. What can't go yet waits in the calls.
 * Limits:  1000 streams at a time, 65536 in the process; 16 KiB of headers; FUTU_GRPC_MESSAGE_MAX
 *          for a message; 32 MiB for all that the streams of a connection keep, 256 MiB in the
 *          process; calls given up, and what brings no call on, as grpc_calm.h says: a client
 *          that goes beyond it gets GOAWAY.
 * Time:    10 s for the client's settings, 20 s for the answer to a ping, which a client hears
 *          after 60 s of silence; 5 minutes without a call; 2 minutes for the next bytes of a
 *          request, 60 s for the next bytes of an answer to be taken.
 * Files:   grpc.c is the listener. grpc_session.c has the connection, grpc_call.c from headers to
 *          messages, grpc_answer.c from output and status to frames.
 * Threads: the loop's.
 * Tests:   test/integration/grpc_test.c, test/integration/grpc_attack_test.c, test/grpc/,
 *          test/fuzz/fuzz_grpc_h2.c
 */
#ifndef OPEND_GRPC_H
#define OPEND_GRPC_H

#include <nghttp2/nghttp2.h>

#include "grpc_calm.h"
#include "grpc_scan.h"
#include "grpc_wire.h"

/* Headers that are read. */
enum grpc_field {
    GRPC_METHOD, GRPC_PATH, GRPC_CONTENT_TYPE, GRPC_ENCODING, GRPC_ACCEPT_ENCODING, GRPC_TIMEOUT,
    GRPC_AUTHORIZATION, GRPC_IDEMPOTENCY_KEY, GRPC_FIELDS
};

/* The block of headers that is being read; blocks do not mix. */
struct grpc_block {
    struct bytes text;              /* of the fields, one behind the other */
    struct {
        size_t at, n;
        bool has;
    } field[GRPC_FIELDS];
    size_t size;                    /* as HTTP/2 counts */
};

/* Of all connections of the process. */
struct grpc_sums {
    size_t held;
    unsigned streams;
};

struct grpc_conn {
    /* The owner's, set before grpc_conn_open(). */
    futu_gateway *gateway;
    struct grpc_sums *sums;
    void (*later)(struct grpc_conn *c);
    char peer[80];
    uint64_t max_age_ms;            /* then no new calls; 0: never */
    uint64_t now_ms;                /* kept up to date by the owner */

    nghttp2_session *h2;
    struct grpc_stream *streams, *ready;
    unsigned n_streams;
    struct grpc_block block;
    size_t held;                    /* bytes of messages and answers that its streams keep */
    struct grpc_calm calm;
    struct grpc_scan scan;
    struct bytes *out;              /* of grpc_send() while it runs, and how much it may have */
    size_t out_max;
    uint64_t born_ms, since_ms, heard_ms, pinged_ms;     /* pinged_ms 0: no ping is out */
    bool greeted;                   /* the client's settings have come */
    bool leaving;                   /* GOAWAY is out: no new calls */
    /* It broke a limit: the session is not used any more, one GOAWAY is all that is left to say. */
    bool condemned, sentenced;
    uint32_t code;
    const char *why;
    int32_t last_id;                /* of the client's streams */
};

struct grpc_stream {
    struct grpc_conn *conn;
    int32_t id;
    struct grpc_stream *next, **link;               /* the connection's list */
    /* Those that grpc_serve() serves; link_ready NULL: it is none of them. */
    struct grpc_stream *next_ready, **link_ready;
    struct grpc_in in;
    size_t held;                    /* its share of conn->held */
    uint64_t moved_ms;              /* bytes came, or were taken */
    futu_grpc_call *call;           /* NULL: none, or given up */
    bool opened;                    /* the headers are through */
    bool all_sent;                  /* the client has sent all */
    bool answering, ended, trailed; /* headers are out; status is known; trailers are out */
    bool reset;                     /* it is being reset */
    bool takes_gzip, wants_gzip;    /* the client can read it; it writes so itself */
    struct bytes packed;            /* the answer as gzip, in place of the call's output */
    size_t packed_at;
    int http_status, status;
    char why[GRPC_TEXT_MAX];
};

/* ---- grpc_session.c ---- */

/* False: no memory. grpc_conn_close() in either case. */
bool grpc_conn_open(struct grpc_conn *c);
void grpc_conn_close(struct grpc_conn *c);
/* False: the client broke the protocol or a limit; grpc_send() tells it why, and that is all. */
bool grpc_receive(struct grpc_conn *c, const uint8_t *p, size_t n);
/* Appends frames until `out` has `max` bytes or nothing can go. False: no memory. */
bool grpc_send(struct grpc_conn *c, struct bytes *out, size_t max);
/* Once a second. False: the client is gone. */
bool grpc_tick(struct grpc_conn *c);
/* The gateway will end: the client should begin no new call. */
void grpc_notice(struct grpc_conn *c);
/* No new calls; those under way end in their own time. */
void grpc_leave(struct grpc_conn *c);
/* The gateway ends: the same, and so do those under way. */
void grpc_farewell(struct grpc_conn *c);
/* Nothing is read any more, and once grpc_send() has nothing it can be closed. */
bool grpc_over(const struct grpc_conn *c);
/* Ends the connection with this code; `why` is static. */
void grpc_condemn(struct grpc_conn *c, uint32_t code, const char *why);

/* ---- grpc_call.c ---- */

/* New stream of the connection; NULL: no memory. */
struct grpc_stream *grpc_stream_new(struct grpc_conn *c, int32_t id);
void grpc_stream_free(struct grpc_stream *st);
/* A block of headers: it begins, its fields (false: no memory), it ends. */
void grpc_block_begin(struct grpc_conn *c);
bool grpc_header(struct grpc_conn *c, futu_str name, futu_str value);
void grpc_headers_done(struct grpc_stream *st);
void grpc_data(struct grpc_stream *st, const uint8_t *p, size_t n);
void grpc_all_sent(struct grpc_stream *st);
/* Ends a call that is under way. */
void grpc_give_up(struct grpc_stream *st, int status, const char *text);
/* Counts anew what the stream keeps. */
void grpc_hold(struct grpc_stream *st);
/* The connection or the process keeps more than it should. */
bool grpc_glutted(const struct grpc_conn *c);

/* ---- grpc_answer.c ---- */

/* Serves the streams that have something to say. False: no memory. */
bool grpc_serve(struct grpc_conn *c);
/* For nghttp2: a DATA frame into c->out. */
int grpc_send_data(nghttp2_session *h2, nghttp2_frame *f, const uint8_t *head, size_t n,
                   nghttp2_data_source *source, void *arg);
/* What waits for the client too long. */
void grpc_stream_tick(struct grpc_stream *st);

#endif
