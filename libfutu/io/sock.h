/* sock.h - one outgoing TCP connection.
 *
 * Guard:   with FUTU_LOOPBACK_ONLY=1 in the environment whatever is not on this machine is refused
 *          before a name is looked up or a packet leaves: for tests and trials.
 * Names:   of their addresses up to SOCK_ADDRS are tried one after the other, IPv4 and IPv6 by
 *          turns: the next when one fails, or has not answered for SOCK_STEP_NS.
 * In:      what is appended to sock_out(); it leaves in one write per turn.
 * Out:     events, all from the loop, none from inside a call of this header.
 * Owns:    the socket and two buffers: one fills while the other is being written.
 * Limit:   the caller bounds what it appends (sock_queued()).
 * Errors:  FUTU_ENOMEM; by on_close: FUTU_EREFUSED, FUTU_ETIMEDOUT (connecting), FUTU_ENOTFOUND
 *          (host name), FUTU_ENOTCONN (the peer closed), FUTU_EIO.
 */
#ifndef IO_SOCK_H
#define IO_SOCK_H

#include "base/buf.h"
#include "io/loop.h"

struct sock;

struct sock_events {
    void (*on_connect)(void *arg);
    /* p is borrowed until return. */
    void (*on_data)(void *arg, const uint8_t *p, size_t n);
    /* The last event; the sock still wants its sock_close(). `why` is one line, borrowed. */
    void (*on_close)(void *arg, futu_err err, const char *why);
    void *arg;
};

#define SOCK_ADDRS 8
#define SOCK_STEP_NS (3 * NS_PER_S)

/* host: a numeric address, or a name to be looked up; copied. timeout covers both steps. */
futu_err sock_connect(struct sock **out, futu_loop *l, const char *host, uint32_t port,
                      int64_t timeout_ns, const struct sock_events *events);

/* The same with numeric addresses, tried as those of a name are; at most SOCK_ADDRS. FUTU_EINVAL:
 * one is not numeric, or there is none. */
futu_err sock_connect_any(struct sock **out, futu_loop *l, const char *const *hosts, size_t n,
                          uint32_t port, int64_t timeout_ns, const struct sock_events *events);

bool sock_allowed(const char *host);            /* by the guard above */
bool sock_looking(const struct sock *s);        /* the name is still being looked up */

/* Append here; bytes that are there before on_connect leave then. */
struct buf *sock_out(struct sock *s);
size_t sock_queued(const struct sock *s);       /* appended and not yet taken by the kernel */

/* Hands queued bytes to the kernel as far as it takes them at once, then closes. No event follows.
 * NULL is fine; allowed from inside an event. */
void sock_close(struct sock *s);

#endif
