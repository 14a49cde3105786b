/* dialect.h - what the public documents leave open about the broker's channel, each choice with its
 * reason in dialect.c. A correction touches that file alone.
 *
 * Numbers that are documented (commands, versions, markets, states) stand here or in tables.h.
 */
#ifndef UPSTREAM_BROKER_DIALECT_H
#define UPSTREAM_BROKER_DIALECT_H

#include "base/str.h"
#include "crypt/seal.h"

/* Documented. */
#define DIALECT_CLIENT_VERSION 1002
#define DIALECT_CLIENT_EX_VERSION 6208
#define DIALECT_NETWORK_WIRED 3
#define DIALECT_OS_NAME "Ubuntu"
#define DIALECT_CONNECT_NS (10 * NS_PER_S)      /* for each address */
#define DIALECT_LOOKUP_NS (3 * NS_PER_S)
#define DIALECT_ROUNDS 3                        /* of the race, before the first login */
#define DIALECT_PAUSE_MIN (3 * NS_PER_S)
#define DIALECT_PAUSE_MAX (60 * NS_PER_S)
#define DIALECT_BEATS_LOST 3                    /* in a row end the connection */
#define DIALECT_NOT_SERVED (-102)               /* of the extended head: not on this channel */

/* Not documented: see dialect.c. */
extern const int64_t dialect_timeout_ns;
extern const uint32_t dialect_keep_alive_s, dialect_redirects;
extern const uint8_t dialect_client_type, dialect_language;
extern const int32_t dialect_login_redirect;
extern const uint16_t dialect_order_list;       /* command: the orders of today */

/* Commands of the channel itself. */
struct dialect_kind {
    uint16_t login, heartbeat;          /* documented */
    uint16_t kick;                      /* push: the login has ended */
};
extern const struct dialect_kind dialect_platform, dialect_firm;

extern const struct seal_form dialect_seal;
/* The body travels in the clear even when there is a session key. */
bool dialect_in_clear(uint16_t command);
/* The public number of an order, made of the server's text for it. */
uint64_t dialect_order_number(futu_str id);

#endif
