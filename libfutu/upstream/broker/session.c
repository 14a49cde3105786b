/* session.c - see session.h. */
#include "upstream/broker/session.h"

#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"

#define WAITING_MAX (AUTH_BROKERS_MAX + 1)

/* A channel that wants its login renewed. */
struct waiting {
    struct broker_renew *q;     /* NULL: free */
    bool over;
    futu_err err;
    char why[AUTH_WHY_MAX];
};

struct session {
    struct session_opts o;
    struct flow *flow;
    struct upstream *u;
    struct timer retry, tell;
    unsigned tries;
    char why[FLOW_WHY_MAX];     /* of the login, while it is not there */
    struct waiting waiting[WAITING_MAX];
};

/* ---- renewals ---- */

static void set_over(struct session *s, int32_t broker_id, futu_err err, const char *why)
{
    bool any = false;
    for (size_t i = 0; i < WAITING_MAX; i++) {
        struct waiting *w = &s->waiting[i];
        if (!w->q || w->over || w->q->broker_id != broker_id)
            continue;
        w->over = any = true;
        w->err = err;
        str_copy(w->why, sizeof(w->why), str_c(why));
    }
    if (any)
        timer_set(s->o.timers, &s->tell, clock_mono(&s->o.clock));
}

/* A channel must not hear of it from inside its own question. */
static void on_tell(struct timer *t, int64_t now)
{
    struct session *s = container_of(t, struct session, tell);
    (void)now;
    for (size_t i = 0; i < WAITING_MAX; i++) {
        struct waiting w = s->waiting[i];
        if (!w.q || !w.over)
            continue;
        s->waiting[i].q = NULL;
        w.q->done(w.q, w.err, w.why, flow_result(s->flow));
    }
}

static bool is_waiting(const struct session *s, int32_t broker_id)
{
    for (size_t i = 0; i < WAITING_MAX; i++)
        if (s->waiting[i].q && s->waiting[i].q->broker_id == broker_id)
            return true;
    return false;
}

static void renew(void *arg, struct broker_renew *q)
{
    struct session *s = arg;
    size_t i = 0;
    while (i < WAITING_MAX - 1 && s->waiting[i].q)
        i++;
    s->waiting[i] = (struct waiting){ .q = q };
    futu_err err = q->broker_id ? flow_broker_again(s->flow, q->broker_id) : flow_renew(s->flow);
    if (err && err != FUTU_EBUSY)
        set_over(s, q->broker_id, err,
                 err == FUTU_EREFUSED ? "a renewal has failed a short while ago, or there is no "
                                        "saved login"
                                      : futu_strerror(err));
}

static void cancel(void *arg, struct broker_renew *q)
{
    struct session *s = arg;
    for (size_t i = 0; i < WAITING_MAX; i++)
        if (s->waiting[i].q == q)
            s->waiting[i].q = NULL;
}

struct broker_renewer session_renewer(struct session *s)
{
    return (struct broker_renewer){ renew, cancel, s };
}

/* ---- the login ---- */

static void hand_over(struct session *s)
{
    futu_err err = broker_login(s->u, flow_result(s->flow));
    if (err)
        log_error("login: %s", futu_strerror(err));
}

static void on_ready(void *arg)
{
    struct session *s = arg;
    s->tries = 0;
    s->why[0] = '\0';
    hand_over(s);
}

static void on_renewed(void *arg, futu_err err, const char *why)
{
    struct session *s = arg;
    if (is_waiting(s, 0))
        set_over(s, 0, err, why);
    else if (!err)
        hand_over(s);
}

static void on_broker(void *arg, int32_t id)
{
    struct session *s = arg;
    const struct auth_result *r = flow_result(s->flow);
    for (size_t i = 0; r && i < r->n_brokers; i++)
        if (r->broker[i].broker_id == id)
            set_over(s, id, r->broker[i].err, r->broker[i].why);
}

static bool is_network(const struct flow_failure *f)
{
    static const char *const stages[] = { "dns", "tcp", "tls", "http" };
    for (size_t i = 0; i < ARRAY_LEN(stages); i++)
        if (strcmp(stages[i], f->stage) == 0)
            return true;
    return false;
}

static void log_lines(const char *text)
{
    for (const char *p = text; *p;) {
        size_t n = strcspn(p, "\n");
        log_error("login: %.*s", (int)n, p);
        p += n + (p[n] == '\n');
    }
}

static void on_failed(void *arg, const struct flow_failure *f)
{
    static const int64_t pauses[] = { 5, 10, 30, 60, 120, 240, 600 };
    struct session *s = arg;
    str_copy(s->why, sizeof(s->why), str_c(f->why));
    log_lines(f->hint);
    if (!is_network(f)) {
        log_error("login: it is not tried again by itself; until then the gateway is offline");
        return;
    }
    int64_t pause = pauses[MIN(s->tries, ARRAY_LEN(pauses) - 1)];
    s->tries++;
    log_warn("login: tried again in %lld s", (long long)pause);
    timer_set(s->o.timers, &s->retry, clock_mono(&s->o.clock) + pause * NS_PER_S);
}

static void on_retry(struct timer *t, int64_t now)
{
    struct session *s = container_of(t, struct session, retry);
    (void)now;
    flow_start(s->flow);
}

static void on_ask(void *arg, const struct flow_ask *ask)
{
    struct session *s = arg;
    snprintf(s->why, sizeof(s->why), "the login waits for the code of %s%s",
             ask->third ? "a token" : ask->phone[0] ? "the SMS to " : "the SMS", ask->phone);
    if (s->o.on_ask)
        s->o.on_ask(s->o.arg, ask);
}

futu_err session_new(struct session **out, const struct session_opts *o)
{
    struct session *s = *out = mem_zalloc(sizeof(*s));
    if (!s)
        return FUTU_ENOMEM;
    s->o = *o;
    s->retry.fn = on_retry;
    s->tell.fn = on_tell;
    const struct flow_opts f = {
        .clock = o->clock, .timers = o->timers, .http = o->http, .login = o->login,
        .events = { on_ask, on_ready, on_failed, on_renewed, on_broker, s },
        .renew_signature = o->renew_signature,
    };
    futu_err err = flow_new(&s->flow, &f);
    if (err) {
        mem_free(s);
        *out = NULL;
    }
    return err;
}

void session_free(struct session *s)
{
    if (!s)
        return;
    timer_stop(s->o.timers, &s->retry);
    timer_stop(s->o.timers, &s->tell);
    flow_free(s->flow);
    mem_free(s);
}

void session_start(struct session *s, struct upstream *u)
{
    s->u = u;
    flow_start(s->flow);
}

futu_err session_code(struct session *s, futu_str code, bool only)
{
    return flow_code(s->flow, code, only);
}

void session_again(struct session *s)
{
    timer_stop(s->o.timers, &s->retry);
    if (flow_state(s->flow) == FLOW_FAILED)
        flow_start(s->flow);
    else if (flow_renew(s->flow))
        log_info("login: no renewal now: it was renewed or tried a short while ago");
    broker_relogin(s->u);
}

futu_err session_health(const struct session *s, char *why, size_t size)
{
    enum flow_state at = flow_state(s->flow);
    if (flow_result(s->flow))
        return broker_health(s->u, why, size);
    bool waits = at == FLOW_FAILED || at == FLOW_WAIT_CODE || at == FLOW_WAIT_THIRD;
    snprintf(why, size, "%s%s", at == FLOW_FAILED ? "offline: login: " : "",
             waits ? s->why : "logging in");
    return waits ? FUTU_ENOTCONN : FUTU_EAGAIN;
}

const struct flow *session_flow(const struct session *s)
{
    return s->flow;
}
