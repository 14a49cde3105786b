/* session.h - a direct login for as long as a gateway runs: the login over HTTP, what is done when it
 * fails, and the renewals that the channels ask for.
 *
 * Failure: of the network: tried again after 5, 10, 30, 60, 120, 240, then 600 s. What the server
 *          has refused is not tried again by itself; session_again() does, also for an operator.
 * Owns:    the flow. Login and upstream are borrowed.
 * Threads: the gateway's loop thread.
 * Tests:   test/unit/upstream/broker/session_test.c
 */
#ifndef UPSTREAM_BROKER_SESSION_H
#define UPSTREAM_BROKER_SESSION_H

#include "upstream/broker/broker.h"
#include "upstream/broker/flow.h"

struct session;

struct session_opts {
    struct clock clock;
    struct timers *timers;
    struct flow_http http;
    struct login *login;
    bool renew_signature;
    /* A code is wanted; it may come from inside, by session_code(). NULL: it comes by itself. */
    void (*on_ask)(void *arg, const struct flow_ask *ask);
    void *arg;
};

futu_err session_new(struct session **out, const struct session_opts *o);   /* FUTU_ENOMEM */
void session_free(struct session *s);           /* after the upstream; NULL is fine */
/* What the upstream renews its logins with, to be given to broker_new(). */
struct broker_renewer session_renewer(struct session *s);
/* Begins to log in; the upstream gets each login. */
void session_start(struct session *s, struct upstream *u);
/* As flow_code(). */
futu_err session_code(struct session *s, futu_str code, bool only);
/* Logs in anew when the login has failed, renews it when it has not; the channels try again. */
void session_again(struct session *s);
/* As futu_gateway_upstream_state(). */
futu_err session_health(const struct session *s, char *why, size_t size);
const struct flow *session_flow(const struct session *s);

#endif
