/* addr.h - at which addresses a channel may find its servers, in the order of preference: a forced
 * one alone while it holds; the guaranteed ones; on a reconnect the last good one and those learned
 * from the server (command 1321); what the name gives; the built-in pool.
 *
 * Two steps: what is known is tried first, and only when that fails the name is asked and the pool
 * added, so that a name server which does not answer costs its limit only when it is needed.
 * Limit:   ADDR_MAX each; what is more is dropped. No address stands twice in a list.
 * Threads: none.
 * Tests:   test/unit/upstream/broker/addr_test.c
 */
#ifndef UPSTREAM_BROKER_ADDR_H
#define UPSTREAM_BROKER_ADDR_H

#include "base/str.h"
#include "upstream/broker/net.h"

#define ADDR_MAX 32

struct addr_list {
    struct net_addr a[ADDR_MAX];
    size_t n;
};

struct addr_book {
    struct net_addr forced;
    int64_t forced_until;               /* wall ns; 0: none */
    struct addr_list guaranteed, learned;
    struct net_addr good;               /* that worked last; port 0: none yet */
    const char *name;                   /* to be looked up; NULL: none. Borrowed */
    uint16_t port;                      /* of what the name gives, and of the pool */
    const char *const *pool;            /* numeric, borrowed; ends with NULL; NULL: none */
};

/* False: it is there already, or the list is full, or it is no address. */
bool addr_add(struct addr_list *l, const char *host, uint16_t port);
/* Addresses that need no look-up. True: they are the only ones (a forced one). */
bool addr_known(const struct addr_book *b, int64_t wall, bool again, struct addr_list *out);
/* The rest: what a look-up found (n 0: nothing) and the pool, without those of `tried`. */
void addr_rest(const struct addr_book *b, const char (*found)[NET_HOST_MAX + 1], size_t n,
               const struct addr_list *tried, struct addr_list *out);
/* "HOST:PORT", "[V6]:PORT" or "HOST" with the port given; false: it is malformed. */
bool addr_read(futu_str text, uint16_t port, struct net_addr *out);
/* As it is read again. */
#define ADDR_TEXT (NET_HOST_MAX + 9)
const char *addr_text(const struct net_addr *a, char out[ADDR_TEXT]);

#endif
