/* dialect_conf.h - the remote configuration: at which servers a platform or broker is to be
 * dialled, from the JSON of POST /v2/conf/select_all.
 *
 * In:      text of a peer. Told are the member conf_info with guaranteed_ip_for_conn (for each
 *          identity), forced_ip_for_conn (ip, port, expire_ts) and limit_time, and that values may
 *          be null, or JSON once more as the text of a string. How they are put together is not:
 *          what is taken for it stands at the readers in dialect_conf.c. Other members are skipped.
 * Out:     numeric addresses alone: a name that came this way is never looked up.
 * Limits:  CONF_TEXT_MAX of text, CONF_INNER_MAX of JSON in a string, CONF_IDENTITIES; ADDR_MAX
 *          addresses each, what is more is dropped.
 * Errors:  FUTU_EFORMAT with a `why` that names the member; *out is then empty.
 * Threads: none; no state.
 * Tests:   test/unit/upstream/broker/dialect_conf_test.c, test/fuzz/fuzz_conf.c
 */
#ifndef UPSTREAM_BROKER_DIALECT_CONF_H
#define UPSTREAM_BROKER_DIALECT_CONF_H

#include "upstream/broker/addr.h"

#define CONF_TEXT_MAX (256u << 10)
#define CONF_INNER_MAX 8192
#define CONF_IDENTITIES 24
/* Told: the next refresh is never sooner or later. */
#define CONF_AGAIN_MIN_S 300
#define CONF_AGAIN_MAX_S 7200

struct conf_addrs {
    int32_t identity;           /* 0: of the platform, whichever is the user's */
    struct addr_list guaranteed;
    struct net_addr forced;     /* port 0: none */
    int64_t forced_until_s;     /* the server's clock */
};

struct remote_conf {
    struct conf_addrs at[CONF_IDENTITIES];
    size_t n;
    int64_t again_s;            /* seconds until it is to be asked for again */
};

futu_err conf_parse(struct remote_conf *out, futu_str text, char *why, size_t size);
/* NULL: it says nothing about that one. */
const struct conf_addrs *conf_of(const struct remote_conf *c, int32_t identity);

#endif
