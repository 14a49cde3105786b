/* conf_pull.h - asks for the remote configuration, once at first and again when it says so.
 *
 * Time:    the answer is awaited FIRST_NS at most before the channels go on without it.
 * Failure: is said once and costs nothing: the addresses stay as they are, and it is asked for
 *          again after CONF_AGAIN_MIN_S.
 * Key:     without one nothing is ever sent, which is said once.
 * Threads: the loop's. Events come from the loop, or from inside conf_pull_start().
 * Tests:   test/unit/upstream/broker/conf_pull_test.c
 */
#ifndef UPSTREAM_BROKER_CONF_PULL_H
#define UPSTREAM_BROKER_CONF_PULL_H

#include "upstream/broker/dialect_conf.h"
#include "upstream/broker/dialect_auth.h"
#include "upstream/broker/flow.h"

struct conf_pull {
    /* Set by the owner. */
    struct clock clock;
    struct timers *timers;
    struct flow_http http;
    const struct auth_server *server;
    struct secret key;              /* "": nothing is asked for; wiped by conf_pull_stop() */
    void (*changed)(void *arg, const struct remote_conf *c);    /* borrowed until return */
    /* The channels may start: an answer was read, or none will be. */
    void (*first)(void *arg);
    void *arg;

    void *call;
    struct timer timer;
    int64_t ahead_s;
    bool begun, told;               /* told: first() has run */
    bool failed;                    /* and it was said */
};

#define CONF_FIRST_NS (3 * NS_PER_S)

/* "TEXT", or "hex:" and digits. FUTU_EINVAL: empty, too long, no hex; FUTU_ENOMEM. */
futu_err conf_key_read(struct secret *out, futu_str text);
/* ahead_s: the server's clock less this machine's, by which its codes are made. Later calls only
 * take that over. */
void conf_pull_start(struct conf_pull *p, int64_t ahead_s);
void conf_pull_stop(struct conf_pull *p);       /* a zeroed one is fine */

#endif
