/* flow.h - a login over HTTP, from what is saved or a password to a result for the channels; then
 * its renewal.
 *
 * Course:  a table of states and transitions (flow.c). What has no row there ends the login.
 * SMS:     it is sent as soon as the server asks for it, before anybody is asked for the code, and
 *          what is needed to use the code is on disk then: for 300 seconds a new process goes on
 *          from there without a login call and without another SMS.
 * Codes:   may come from anywhere, by flow_code(). After a wrong one the device id is replaced and
 *          the login starts over, twice at most, unless the code was the only one there is.
 * Restraint: a saved login that leads to an SMS is not followed by one with the password; after an
 *          answer that means "too often" nothing is sent for 60 seconds; renewals back off (60,
 *          120, 240, 600 s), and rest 10 minutes after 5 failures.
 * Disk:    device id and credentials are written before anybody is told of success.
 * Owns:    its result. The login is borrowed.
 * Blocks:  only where the login asks for the password (a keychain's dialog, the terminal).
 * Threads: the loop's. Events come from the loop or from inside a call of this header; they may
 *          call anything here but flow_free().
 * Tests:   test/unit/upstream/broker/flow_test.c, flow_renew_test.c, flow_again_test.c,
 *          login_flow_test.c (over HTTP)
 */
#ifndef UPSTREAM_BROKER_FLOW_H
#define UPSTREAM_BROKER_FLOW_H

#include "base/clock.h"
#include "base/timer.h"
#include "io/https.h"
#include "login/login.h"
#include "upstream/broker/auth.h"
#include "upstream/broker/auth_error.h"

struct flow;

/* What carries the calls: https.h, or a test's script. As https_send() and https_cancel(). */
struct flow_http {
    futu_err (*send)(void *arg, void **call, const struct https_request *rq, https_done *done,
                     void *done_arg);
    void (*cancel)(void *arg, void *call);
    void *arg;
};
struct flow_http flow_http_over(struct https *h);       /* borrowed */

enum flow_state {
    FLOW_IDLE,
    FLOW_RESUME,            /* the saved login is tried */
    FLOW_SALT,
    FLOW_PASSWORD,          /* a ticket made of the password is tried */
    FLOW_SEND_CODE,
    FLOW_WAIT_CODE,
    FLOW_CODE_SALT,         /* the salts, for the ticket that goes with the code */
    FLOW_CHECK_CODE,
    FLOW_WAIT_THIRD,
    FLOW_THIRD,
    FLOW_BROKERS,           /* the brokers' signatures are fetched, all at a time */
    FLOW_READY,
    FLOW_RENEW,             /* ready, and the saved login is being renewed */
    FLOW_FAILED,
    FLOW_STATES,
};
const char *flow_state_name(enum flow_state s);         /* "password-login" */

#define FLOW_WHY_MAX 640
#define FLOW_PAUSES 4

struct flow_failure {
    futu_err err;               /* FUTU_EAUTH: the server has refused */
    enum flow_state at;
    const char *stage;          /* "dns" "tcp" "tls" "http" "auth" "password" "code" "state" */
    int64_t code;               /* the server's; 0: none */
    int64_t until_s;            /* nothing is sent before, wall clock; 0: no limit */
    char why[FLOW_WHY_MAX];     /* one line that begins with the stage */
    char hint[AUTH_HINT_MAX];   /* what to do, lines separated by breaks; may be empty */
};

struct flow_ask {
    bool third;                 /* of a token or authenticator app, not of an SMS */
    bool sent;                  /* by this process, just now; false: it was, by the one before */
    bool again;                 /* a code before was wrong */
    const char *phone;          /* masked; "" when not known */
    int64_t until_s;            /* a later code is of no use; wall clock */
};

struct flow_events {
    void (*on_ask)(void *arg, const struct flow_ask *ask);
    void (*on_ready)(void *arg);                /* flow_result() is there */
    void (*on_failed)(void *arg, const struct flow_failure *f);
    /* FUTU_OK: the platform's part of the result is new. */
    void (*on_renewed)(void *arg, futu_err err, const char *why);
    void (*on_broker)(void *arg, int32_t id);   /* after flow_broker_again() */
    void *arg;
};

struct flow_opts {
    struct clock clock;
    struct timers *timers;
    struct flow_http http;
    struct login *login;
    struct flow_events events;
    bool renew_signature;       /* renew an hour before client_sig ends, too */
    int64_t pauses_ms[FLOW_PAUSES];     /* after renewals that failed; zeros: the usual ones */
};

futu_err flow_new(struct flow **out, const struct flow_opts *o);    /* FUTU_ENOMEM */
void flow_free(struct flow *f);                 /* NULL is fine */

/* From FLOW_IDLE or FLOW_FAILED; on_ready, on_ask or on_failed follow. */
void flow_start(struct flow *f);
/* Logs in anew with the password, whatever is saved; what was awaited, or done, is given up. */
void flow_restart(struct flow *f);
bool flow_may_restart(const struct flow *f);    /* no call of a login is under way */
/* Another SMS while the code of one is awaited; its own is then worthless. FUTU_ENOTFOUND: none is
 * awaited. */
futu_err flow_resend(struct flow *f);
/* While a code is awaited. `only`: there is no other where it comes from, so a wrong one is final.
 * FUTU_EINVAL: no 4 to 8 digits, nothing is sent; FUTU_ENOTFOUND: none is awaited. */
futu_err flow_code(struct flow *f, futu_str code, bool only);
/* Nobody will bring one: ends the login with `why`. */
void flow_no_code(struct flow *f, const char *why);

enum flow_state flow_state(const struct flow *f);
const struct flow_failure *flow_last_failure(const struct flow *f);     /* err FUTU_OK: none */
/* NULL before FLOW_READY. Changes with on_renewed and on_broker. */
const struct auth_result *flow_result(const struct flow *f);

/* Renews the saved login now. FUTU_EBUSY: one is under way; FUTU_ENOTCONN: not ready;
 * FUTU_EREFUSED: it is too early, by back-off or circuit. */
futu_err flow_renew(struct flow *f);
/* Fetches a broker's signature anew, with another code when the last was used up. FUTU_EBUSY,
 * FUTU_ENOTCONN, FUTU_ENOTFOUND (no such broker). */
futu_err flow_broker_again(struct flow *f, int32_t id);

struct flow_health {
    unsigned failures;          /* renewals in a row */
    uint64_t tries;
    int64_t next_s;             /* wall clock; 0: none is planned */
    int64_t circuit_s;          /* it is open until; 0: closed */
};
void flow_health(const struct flow *f, struct flow_health *out);

#endif
