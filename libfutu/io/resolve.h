/* resolve.h - the numeric addresses of a host's name, from the system's resolver on another thread.
 *
 * Out:     one done() from the loop, unless it was cancelled; IPv4 and IPv6 by turns, so that who
 *          tries the first few tries both.
 * Limit:   RESOLVE_MAX addresses. The owner keeps the time.
 * Errors:  by done(): FUTU_ENOTFOUND, FUTU_EIO, FUTU_ENOMEM.
 * Threads: the loop's.
 * Tests:   test/unit/io/resolve_test.c
 */
#ifndef IO_RESOLVE_H
#define IO_RESOLVE_H

#include "io/loop.h"

#define RESOLVE_MAX 16
#define RESOLVE_ADDR 64

struct resolving;
typedef void resolve_done(void *arg, futu_err err, const char (*found)[RESOLVE_ADDR], size_t n);

/* FUTU_ENOMEM, FUTU_EIO, FUTU_EREFUSED (see the guard of sock.h): done() will not run. */
futu_err resolve_name(struct resolving **out, futu_loop *l, const char *name, resolve_done *done,
                      void *arg);
/* Not after done(). NULL is fine. */
void resolve_cancel(struct resolving *r);

/* What a look-up has found, in that order. IPv4 is first: a gateway listens on 127.0.0.1 unless it
 * is told otherwise, and a name such as localhost often gives ::1 ahead of it. */
struct addrinfo;
struct sockaddr;
size_t resolve_mix(const struct addrinfo *all, const struct sockaddr **out, size_t max);

#endif
