/* host.h - a paper gateway in this process, with a listener on loopback that a client can dial and
 * a test can cut. Gateway, listener and client share one loop. */
#ifndef TEST_UNIT_API_HOST_H
#define TEST_UNIT_API_HOST_H

#include "../support.h"
#include "base/list.h"
#include "futu/futu.h"

struct host {
    futu_loop *loop;
    futu_gateway *gateway;
    struct uv_tcp_s *server;
    struct list peers;
    unsigned accepted, port;
};

#define HOST_KEY "test/data/rsa1024.pem"

void host_init(struct host *h, const char *rsa_key);
void host_free(struct host *h);
void host_listen(struct host *h);               /* on h->port, 0: any free one */
void host_close(struct host *h);                /* the port, and every connection */
void host_cut(struct host *h);                  /* every connection */
/* Runs the loop until *n is at least `want`; fails the test after 20 s. */
void host_until(struct host *h, const unsigned *n, unsigned want);

#endif
