/* gateway.h - the inside of futu_gateway, for a client that is attached to it. */
#ifndef API_GATEWAY_H
#define API_GATEWAY_H

#include "gateway/hub.h"
#include "io/loop.h"
#include "io/store.h"

struct futu_gateway {
    futu_loop *loop;
    struct hub *hub;
    struct upstream *upstream;
    struct rsa_key *rsa;
    uint64_t boot_id;
    struct store *store;        /* of the journal; NULL: none */
    struct journal journal;
    char *upstream_host;
    uint32_t upstream_port;
    struct loop_hook hook;
    struct list attached;       /* links of clients in this process */
};

#endif
