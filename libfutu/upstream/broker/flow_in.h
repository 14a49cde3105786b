/* flow_in.h - the inside of flow.h, for the files that make it up. */
#ifndef UPSTREAM_BROKER_FLOW_IN_H
#define UPSTREAM_BROKER_FLOW_IN_H

#include "upstream/broker/auth_answer.h"
#include "upstream/broker/auth_call.h"
#include "upstream/broker/dialect.h"
#include "upstream/broker/flow.h"

#define FLOW_ROTATIONS 2

enum flow_event {
    FE_NOTHING,             /* is saved */
    FE_SAVED,               /* a login is */
    FE_PENDING,             /* a verification waits for its SMS */
    FE_PENDING_CODE,        /* the SMS was sent, by the process before */
    FE_OK,
    FE_SWITCH,              /* the account belongs to the other standard server */
    FE_VERIFY, FE_WRONG, FE_THIRD,
    FE_REFUSED,             /* not for good: a password may do */
    FE_FINAL,
    FE_CODE,                /* came, from the user */
    FE_CODE_NO_SALT,        /* as well, and the salts are not known */
    FE_LATE,                /* it did not come in time */
    FE_RESEND,              /* another SMS is wanted */
    FE_RENEW,
    FE_SETUP_DONE,          /* saved, and nothing more is wanted */
    FE_EVENTS,
};

/* One broker's exchange of a code for its signature. */
struct flow_broker {
    struct flow *flow;
    void *call;
    bool busy, again;       /* again: asked for after the login */
    bool pulled;            /* its code was renewed in this round */
    struct secret code;     /* empty: used up */
    int64_t code_until_s;
};

struct flow {
    struct flow_opts o;
    enum flow_state state;
    void *call;
    struct timer wait, renew;
    struct flow_failure failure;
    /* Of this attempt. */
    uint64_t uid;
    uint8_t attribution;
    bool salted, switched, code_only, asked_again, sms_sent;
    unsigned rotations;
    struct secret salt, salt32, rand_key, ticket, third_sig, code;
    char phone[32];
    int64_t until_s;            /* a code that comes later is of no use */
    int64_t limited_s;          /* nothing is sent before */
    /* Of success. */
    bool ready;
    struct auth_result result;
    struct flow_broker broker[AUTH_BROKERS_MAX];
    /* Of renewals. */
    unsigned failures;
    uint64_t tries;
    int64_t not_before_s, circuit_s, next_s;
    int64_t quiet_s;            /* none is planned before: the last one went well */
};

/* flow.c */
void flow_go(struct flow *f, enum flow_event e);
int64_t flow_now(const struct flow *f);         /* wall clock, seconds */
/* Notes the failure; the event that follows it is returned. */
enum flow_event flow_fail(struct flow *f, futu_err err, const char *stage, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

/* flow_call.c: what the states send, and what answers mean. */
void flow_send(struct flow *f, enum auth_call call);
enum flow_event flow_refused(struct flow *f, const struct auth_answer *a);
/* Sends one call to `url`; done() gets the answer. Notes a failure. */
futu_err flow_post(struct flow *f, void **at, const char *url, enum auth_call call,
                   const struct auth_values *v, https_done *done, void *arg);
/* The answer of any call: FUTU_OK, perhaps with an error code in it; else a noted failure. */
futu_err flow_read(struct flow *f, const char *what, const struct https_reply *r,
                   struct auth_answer *a);
void flow_values(const struct flow *f, struct auth_values *v);

/* flow_accept.c: what is kept of answers. They return the event that follows. */
enum flow_event flow_accept(struct flow *f, struct auth_answer *a);
/* The server wants an SMS code: what the code will need is written. */
void flow_keep_verify(struct flow *f, struct auth_answer *a);
enum flow_event flow_make_ticket(struct flow *f);
/* Sealed with the login's key, as base64. FUTU_EFORMAT. */
futu_err flow_unseal(const struct secret *key, const struct secret *text, struct secret *out);

/* flow_broker.c */
void flow_brokers_begin(struct flow *f);
void flow_brokers_take(struct flow *f, struct auth_answer *a);  /* the codes of a login's answer */
void flow_brokers_stop(struct flow *f);

/* flow_renew.c */
void flow_plan_renewal(struct flow *f);
void flow_renewed(struct flow *f, bool fine);
void flow_on_renew_timer(struct timer *t, int64_t now);

#endif
