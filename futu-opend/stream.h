/* stream.h - one accepted connection: bytes in, gathered bytes out, TLS in between when asked.
 *
 * The stream pulls its output: the owner says stream_kick() when there is some, and hands out
 * pieces that stay valid until it is told that they were sent. One write is under way at a time.
 *
 * Threads: the loop's. Errors end the stream; the owner learns it through on_end.
 */
#ifndef OPEND_STREAM_H
#define OPEND_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>
#include <uv.h>

#include "turns.h"

struct stream;
struct tls_server;
struct tls;

struct stream_ops {
    /* Bytes arrived. False: the peer broke the rules; the stream drains and closes. */
    bool (*on_data)(struct stream *s, const uint8_t *p, size_t n);
    size_t (*output)(struct stream *s, struct iovec *iov, size_t max);
    void (*sent)(struct stream *s, size_t n);
    /* The handle is closed, nothing refers to it any more: free the owner. Runs exactly once. */
    void (*on_end)(struct stream *s);
    /* The peer sends no more but may still read. NULL: the stream closes. */
    void (*on_eof)(struct stream *s);
};

struct stream {
    uv_tcp_t tcp;
    uv_write_t wr;
    uv_shutdown_t shutdown;
    const struct stream_ops *ops;
    struct tls *tls;            /* NULL: plain */
    struct turns *turns;        /* for the costly steps of its handshake */
    struct turn turn;
    uint64_t since_ms;          /* uv_now() of its beginning */
    size_t writing;             /* plain bytes under way, or 1 with TLS; 0: idle */
    bool closing, draining;
    bool linger;                /* set by the owner before it drains: see stream_drain() */
    bool shut;                  /* lingering: our side is closed */
    uint64_t drain_until;       /* uv_now() ms; meant while draining */
    struct stream *next, **link;        /* the listener's list */
    struct stream *later, **later_link; /* its list of those that listener_later() named */
    unsigned *count;            /* of open streams; NULL: none counts this one */
};

/* Accepts from `server`. `turns` goes with `tls`; NULL: plain. False: the connection is gone
 * already, or memory is out; on_end will run. */
bool stream_accept(struct stream *s, uv_stream_t *server, const struct stream_ops *ops,
                   struct tls_server *tls, struct turns *turns);
/* The peer keeps the TLS handshake waiting for more than ten seconds. */
bool stream_stalls(const struct stream *s, uint64_t now_ms);
void stream_kick(struct stream *s);
/* Closes at once; the output that is left is dropped. */
void stream_close(struct stream *s);
/* Stops and resumes reading; what was read already still arrives. */
void stream_pause(struct stream *s);
void stream_resume(struct stream *s);
/* Closes when the output is written, or after five seconds. With `linger`, what the peer still
 * sends is read and dropped meanwhile: closing with unread bytes would take our last words from
 * it. */
void stream_drain(struct stream *s);
/* "127.0.0.1:50000" of the peer. */
void stream_peer(const struct stream *s, char *out, size_t size);

#endif
