/* link.h - what carries a client's bytes: a socket, a gateway in this process, a test.
 *
 * A link is opened and closed many times in its life. Events come from the loop, never from inside
 * an operation; after close() none comes until it is opened again.
 */
#ifndef CLIENT_LINK_H
#define CLIENT_LINK_H

#include "base/buf.h"

struct link;

struct link_events {
    void (*up)(void *arg);
    /* p is borrowed until return. */
    void (*data)(void *arg, const uint8_t *p, size_t n);
    /* It went down by itself, or never came up; `why` is one line, borrowed. */
    void (*down)(void *arg, futu_err err, const char *why);
    void *arg;
};

struct link_ops {
    /* up or down follows. An error is as good as down: FUTU_ECANCELED says that there will never be
     * another peer. */
    futu_err (*open)(struct link *k, int64_t timeout_ns);
    /* Append here; it leaves at the end of the turn. Valid while it is open. */
    struct buf *(*out)(struct link *k);
    void (*close)(struct link *k);      /* fine when it is not open, and from inside an event */
    void (*free)(struct link *k);       /* closes too */
};

struct link {
    const struct link_ops *ops;
    struct link_events events;          /* set by the client engine */
};

/* The most that may wait to be sent; a request beyond it is FUTU_ELIMIT. */
#define LINK_MAX_OUT (64u << 20)

#endif
