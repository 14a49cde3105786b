/* flow.c - see flow.h: the table of states, and what happens on entering one.
 *
 * A step is an event in a state; what has no row fails the login. flow_go() is the last thing that
 * a function does, since entering a state may lead to the next.
 */
#include "upstream/broker/flow_in.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"

#define CODE_MIN 4

static const struct {
    enum flow_state in;
    enum flow_event on;
    enum flow_state to;
} steps[] = {
    { FLOW_IDLE, FE_NOTHING, FLOW_SALT },
    { FLOW_IDLE, FE_SAVED, FLOW_RESUME },
    { FLOW_IDLE, FE_PENDING, FLOW_SEND_CODE },
    { FLOW_IDLE, FE_PENDING_CODE, FLOW_WAIT_CODE },
    { FLOW_RESUME, FE_OK, FLOW_BROKERS },
    { FLOW_RESUME, FE_SETUP_DONE, FLOW_READY },
    { FLOW_RESUME, FE_VERIFY, FLOW_SEND_CODE },     /* never a password first: see error 15 */
    { FLOW_RESUME, FE_THIRD, FLOW_WAIT_THIRD },
    { FLOW_RESUME, FE_REFUSED, FLOW_SALT },
    { FLOW_SALT, FE_OK, FLOW_PASSWORD },
    { FLOW_SALT, FE_SWITCH, FLOW_SALT },
    { FLOW_PASSWORD, FE_OK, FLOW_BROKERS },
    { FLOW_PASSWORD, FE_SETUP_DONE, FLOW_READY },
    { FLOW_PASSWORD, FE_VERIFY, FLOW_SEND_CODE },
    { FLOW_PASSWORD, FE_THIRD, FLOW_WAIT_THIRD },
    { FLOW_SEND_CODE, FE_OK, FLOW_WAIT_CODE },
    { FLOW_WAIT_CODE, FE_CODE, FLOW_CHECK_CODE },
    { FLOW_WAIT_CODE, FE_CODE_NO_SALT, FLOW_CODE_SALT },
    { FLOW_WAIT_CODE, FE_RESEND, FLOW_SEND_CODE },
    { FLOW_CODE_SALT, FE_OK, FLOW_CHECK_CODE },
    { FLOW_CODE_SALT, FE_SWITCH, FLOW_CODE_SALT },
    { FLOW_CHECK_CODE, FE_OK, FLOW_BROKERS },
    { FLOW_CHECK_CODE, FE_SETUP_DONE, FLOW_READY },
    { FLOW_CHECK_CODE, FE_WRONG, FLOW_SALT },       /* with another device id */
    { FLOW_CHECK_CODE, FE_THIRD, FLOW_WAIT_THIRD },
    { FLOW_WAIT_THIRD, FE_CODE, FLOW_THIRD },
    { FLOW_THIRD, FE_OK, FLOW_BROKERS },
    { FLOW_THIRD, FE_SETUP_DONE, FLOW_READY },
    { FLOW_THIRD, FE_VERIFY, FLOW_SEND_CODE },
    { FLOW_BROKERS, FE_OK, FLOW_READY },
    { FLOW_READY, FE_RENEW, FLOW_RENEW },
    { FLOW_RENEW, FE_OK, FLOW_READY },
    { FLOW_RENEW, FE_VERIFY, FLOW_READY },          /* while running nobody is asked for a code */
    { FLOW_RENEW, FE_THIRD, FLOW_READY },
    { FLOW_RENEW, FE_REFUSED, FLOW_READY },
    { FLOW_RENEW, FE_FINAL, FLOW_READY },
};

static void enter_resume(struct flow *f)
{
    flow_send(f, AUTH_LOGIN);
}

static void enter_salt(struct flow *f)
{
    f->uid = 0;             /* the salts are asked for without it, and so must the ticket be */
    flow_send(f, AUTH_SALT);
}

static void enter_password(struct flow *f)
{
    enum flow_event e = dialect_rand_key(&f->rand_key)
                            ? flow_fail(f, FUTU_ENOMEM, "auth", "%s", futu_strerror(FUTU_ENOMEM))
                            : flow_make_ticket(f);
    if (e == FE_OK)
        flow_send(f, AUTH_LOGIN);
    else
        flow_go(f, e);
}

static void enter_send_code(struct flow *f)
{
    flow_send(f, AUTH_SEND_CODE);
}

static void ask(struct flow *f, bool third, int64_t until_s)
{
    const struct flow_ask a = { third, f->sms_sent, f->asked_again, f->phone, until_s };
    int64_t left = MAX(until_s - flow_now(f), 1);
    f->until_s = until_s;
    timer_set(f->o.timers, &f->wait, clock_mono(&f->o.clock) + left * NS_PER_S);
    f->o.events.on_ask(f->o.events.arg, &a);
}

static void enter_wait_code(struct flow *f)
{
    const struct cred *c = &f->o.login->cred;
    ask(f, false, MIN(c->device_verify_sig_s, c->device_code_sig_s) + CRED_VERIFY_S);
}

static void enter_code_salt(struct flow *f)
{
    flow_send(f, AUTH_SALT);
}

static void enter_check_code(struct flow *f)
{
    enum flow_event e = flow_make_ticket(f);
    if (e == FE_OK)
        flow_send(f, AUTH_CHECK_CODE);
    else
        flow_go(f, e);
}

static void enter_wait_third(struct flow *f)
{
    ask(f, true, flow_now(f) + CRED_VERIFY_S);
}

static void enter_third(struct flow *f)
{
    flow_send(f, AUTH_THIRD);
}

static void enter_ready(struct flow *f)
{
    bool first = !f->ready;
    f->ready = true;
    secret_wipe(&f->salt);
    secret_wipe(&f->salt32);
    secret_wipe(&f->code);
    secret_wipe(&f->third_sig);
    f->salted = false;
    flow_plan_renewal(f);
    if (first)
        f->o.events.on_ready(f->o.events.arg);
}

static void enter_renew(struct flow *f)
{
    flow_send(f, AUTH_LOGIN);
}

static void enter_failed(struct flow *f)
{
    log_error("login: %s", f->failure.why);
    f->o.events.on_failed(f->o.events.arg, &f->failure);
}

static const struct {
    const char *name;
    void (*enter)(struct flow *f);
} states[FLOW_STATES] = {
    [FLOW_IDLE] = { "idle", NULL },
    [FLOW_RESUME] = { "saved-login", enter_resume },
    [FLOW_SALT] = { "salt", enter_salt },
    [FLOW_PASSWORD] = { "password-login", enter_password },
    [FLOW_SEND_CODE] = { "sms-request", enter_send_code },
    [FLOW_WAIT_CODE] = { "waiting-for-sms-code", enter_wait_code },
    [FLOW_CODE_SALT] = { "salt", enter_code_salt },
    [FLOW_CHECK_CODE] = { "sms-code", enter_check_code },
    [FLOW_WAIT_THIRD] = { "waiting-for-token-code", enter_wait_third },
    [FLOW_THIRD] = { "token-code", enter_third },
    [FLOW_BROKERS] = { "broker-auth", flow_brokers_begin },
    [FLOW_READY] = { "ready", enter_ready },
    [FLOW_RENEW] = { "renewal", enter_renew },
    [FLOW_FAILED] = { "failed", enter_failed },
};

const char *flow_state_name(enum flow_state s)
{
    return s < FLOW_STATES ? states[s].name : "?";
}

static enum flow_state next_state(enum flow_state in, enum flow_event e)
{
    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        if (steps[i].in == in && steps[i].on == e)
            return steps[i].to;
    return FLOW_FAILED;
}

void flow_go(struct flow *f, enum flow_event e)
{
    enum flow_state from = f->state, to = next_state(from, e);
    timer_stop(f->o.timers, &f->wait);
    log_debug("login: %s -> %s", flow_state_name(from), flow_state_name(to));
    f->state = to;
    if (from == FLOW_RENEW)
        flow_renewed(f, e == FE_OK);
    if (states[to].enter)
        states[to].enter(f);
    if (from == FLOW_RENEW)
        f->o.events.on_renewed(f->o.events.arg, e == FE_OK ? FUTU_OK : f->failure.err,
                               f->failure.why);
}

int64_t flow_now(const struct flow *f)
{
    return clock_wall(&f->o.clock) / NS_PER_S;
}

enum flow_event flow_fail(struct flow *f, futu_err err, const char *stage, const char *fmt, ...)
{
    char text[FLOW_WHY_MAX - 16];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    f->failure = (struct flow_failure){ .err = err, .at = f->state, .stage = stage };
    snprintf(f->failure.why, sizeof(f->failure.why), "%s: %s", stage, text);
    return FE_FINAL;
}

/* ---- from outside ---- */

static void too_late(struct flow *f)
{
    flow_fail(f, FUTU_ETIMEDOUT, "code", "no code came in time; the next start asks for a new one");
    flow_go(f, FE_LATE);
}

static void on_wait_over(struct timer *t, int64_t now)
{
    (void)now;
    too_late(container_of(t, struct flow, wait));
}

futu_err flow_new(struct flow **out, const struct flow_opts *o)
{
    *out = mem_zalloc(sizeof(**out));
    if (!*out)
        return FUTU_ENOMEM;
    struct flow *f = *out;
    f->o = *o;
    f->wait.fn = on_wait_over;
    f->renew.fn = flow_on_renew_timer;
    for (size_t i = 0; i < AUTH_BROKERS_MAX; i++)
        f->broker[i].flow = f;
    return FUTU_OK;
}

/* What one attempt leaves behind, but for the time before which nothing is sent. */
static void clear(struct flow *f)
{
    struct secret *all[] = { &f->salt, &f->salt32, &f->rand_key, &f->ticket, &f->third_sig,
                             &f->code };
    flow_brokers_stop(f);
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        secret_wipe(all[i]);
    auth_result_free(&f->result);
    f->uid = 0;
    f->attribution = 0;
    f->rotations = 0;
    f->salted = f->switched = f->code_only = f->asked_again = f->sms_sent = f->ready = false;
    f->phone[0] = '\0';
    f->failure = (struct flow_failure){ 0 };
}

void flow_free(struct flow *f)
{
    if (!f)
        return;
    timer_stop(f->o.timers, &f->wait);
    timer_stop(f->o.timers, &f->renew);
    if (f->call)
        f->o.http.cancel(f->o.http.arg, f->call);
    clear(f);
    mem_free(f);
}

/* What waits on disk is gone on with: its keys belong together. */
static enum flow_event take_saved(struct flow *f)
{
    const struct login *l = f->o.login;
    const struct cred *c = &l->cred;
    int64_t now = flow_now(f);
    bool pending = l->has_cred && cred_verify_fresh(c, now);
    if (!pending && !(l->has_cred && cred_can_resume(c, now)))
        return FE_NOTHING;
    f->uid = c->uid;
    f->attribution = c->attribution;
    if (secret_set(&f->rand_key, c->rand_key.p, c->rand_key.n) ||
        (!pending && secret_set(&f->ticket, c->tgtgt.p, c->tgtgt.n)))
        return flow_fail(f, FUTU_ENOMEM, "auth", "%s", futu_strerror(FUTU_ENOMEM));
    if (!pending)
        return FE_SAVED;
    return cred_code_fresh(c, now) ? FE_PENDING_CODE : FE_PENDING;
}

static void say_limit(struct flow *f)
{
    char until[RFC3339_SIZE];
    rfc3339_ms(f->limited_s * NS_PER_S, until);
    flow_fail(f, FUTU_ELIMIT, "auth", "rate limited until %s", until);
    f->failure.until_s = f->limited_s;
}

static void begin(struct flow *f, enum flow_event (*first)(struct flow *f))
{
    clear(f);
    f->state = FLOW_IDLE;
    if (flow_now(f) < f->limited_s) {
        say_limit(f);
        flow_go(f, FE_FINAL);
        return;
    }
    flow_go(f, first(f));
}

void flow_start(struct flow *f)
{
    if (f->state == FLOW_IDLE || f->state == FLOW_FAILED)
        begin(f, take_saved);
}

bool flow_may_restart(const struct flow *f)
{
    return f->state == FLOW_IDLE || f->state == FLOW_FAILED || f->state == FLOW_READY ||
           f->state == FLOW_WAIT_CODE || f->state == FLOW_WAIT_THIRD;
}

static enum flow_event take_nothing(struct flow *f)
{
    (void)f;
    return FE_NOTHING;
}

void flow_restart(struct flow *f)
{
    if (!flow_may_restart(f))
        return;
    timer_stop(f->o.timers, &f->renew);
    timer_stop(f->o.timers, &f->wait);
    begin(f, take_nothing);
}

futu_err flow_resend(struct flow *f)
{
    if (f->state != FLOW_WAIT_CODE)
        return FUTU_ENOTFOUND;
    flow_go(f, FE_RESEND);
    return FUTU_OK;
}

static bool is_code(futu_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n >= CODE_MIN && s.n <= 8;
}

futu_err flow_code(struct flow *f, futu_str code, bool only)
{
    if (f->state != FLOW_WAIT_CODE && f->state != FLOW_WAIT_THIRD)
        return FUTU_ENOTFOUND;
    if (!is_code(code))
        return FUTU_EINVAL;
    if (flow_now(f) > f->until_s) {     /* who asked kept the loop from saying so */
        too_late(f);
        return FUTU_OK;
    }
    futu_err err = secret_set(&f->code, code.p, code.n);
    if (err)
        return err;
    f->code_only = only;
    flow_go(f, f->state == FLOW_WAIT_CODE && !f->salted ? FE_CODE_NO_SALT : FE_CODE);
    return FUTU_OK;
}

void flow_no_code(struct flow *f, const char *why)
{
    if (f->state != FLOW_WAIT_CODE && f->state != FLOW_WAIT_THIRD)
        return;
    flow_fail(f, FUTU_ECANCELED, "code", "%s", why);
    flow_go(f, FE_LATE);
}

enum flow_state flow_state(const struct flow *f)
{
    return f->state;
}

const struct flow_failure *flow_last_failure(const struct flow *f)
{
    return &f->failure;
}

const struct auth_result *flow_result(const struct flow *f)
{
    return f->ready ? &f->result : NULL;
}
