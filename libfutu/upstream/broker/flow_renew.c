/* flow_renew.c - when the saved login is renewed while the gateway runs, and how failures are met.
 *
 * Due:     CRED_TICKET_EARLY_S before the ticket ends; with `renew_signature` also an hour before
 *          client_sig does.
 * Failure: 60, 120, 240, then 600 s; after 5 in a row nothing for 10 minutes. A ticket that has
 *          ended can't be mended while running: that takes a start with the password.
 */
#include "upstream/broker/flow_in.h"

#include "base/log.h"

#define SIGNATURE_EARLY_S 3600
#define CIRCUIT_FAILURES 5
#define CIRCUIT_S 600

static const int64_t back_off_s[FLOW_PAUSES] = { 60, 120, 240, 600 };

static int64_t pause_s(const struct flow *f, unsigned failures)
{
    size_t i = MIN(failures, FLOW_PAUSES - 1);
    return f->o.pauses_ms[0] ? (f->o.pauses_ms[i] + 999) / 1000 : back_off_s[i];
}

/* When it is due by the ends of what is renewed; 0: never. */
static int64_t due(const struct flow *f)
{
    const struct cred *c = &f->o.login->cred;
    int64_t left = cred_ticket_left(c, flow_now(f)), sig = f->result.client_sig_until_s, at = 0;
    if (c->tgtgt.n && left != INT64_MAX)
        at = flow_now(f) + left - CRED_TICKET_EARLY_S;
    if (f->o.renew_signature && sig && (!at || sig - SIGNATURE_EARLY_S < at))
        at = sig - SIGNATURE_EARLY_S;
    return at;
}

static void plan(struct flow *f, int64_t at_s)
{
    int64_t wait = MAX(at_s - flow_now(f), 1);
    f->next_s = at_s;
    timer_set(f->o.timers, &f->renew, clock_mono(&f->o.clock) + wait * NS_PER_S);
}

/* With --setup-only nothing runs on. */
void flow_plan_renewal(struct flow *f)
{
    int64_t at = f->o.login->setup_only ? 0 : due(f);
    f->next_s = 0;
    if (at)
        plan(f, MAX(MAX(at, f->not_before_s), MAX(f->quiet_s, flow_now(f) + back_off_s[0])));
}

void flow_on_renew_timer(struct timer *t, int64_t now)
{
    struct flow *f = container_of(t, struct flow, renew);
    (void)now;
    if (flow_renew(f) && f->ready)
        flow_plan_renewal(f);
}

/* Uid and ticket are those of the file; the key in use is the one that was saved with them. */
futu_err flow_renew(struct flow *f)
{
    const struct cred *c = &f->o.login->cred;
    int64_t now = flow_now(f);
    if (!f->ready || (f->state != FLOW_READY && f->state != FLOW_RENEW))
        return FUTU_ENOTCONN;
    if (f->state == FLOW_RENEW)
        return FUTU_EBUSY;
    if (now < f->not_before_s || now < f->limited_s || !cred_can_resume(c, now))
        return FUTU_EREFUSED;
    futu_err err = secret_set(&f->ticket, c->tgtgt.p, c->tgtgt.n);
    if (err)
        return err;
    timer_stop(f->o.timers, &f->renew);
    f->tries++;
    flow_go(f, FE_RENEW);
    return FUTU_OK;
}

static void failed(struct flow *f)
{
    char why[320];
    int64_t pause = pause_s(f, f->failures), now = flow_now(f);
    f->failures++;
    if (f->failures % CIRCUIT_FAILURES == 0) {
        f->circuit_s = now + CIRCUIT_S;
        pause = CIRCUIT_S;
    }
    f->not_before_s = now + pause;
    log_warn("login: the saved login could not be renewed, attempt %u, again in %lld s: %s",
             f->failures, (long long)pause, f->failure.why);
    if (cred_ticket_warning(&f->o.login->cred, now, why, sizeof(why)))
        log_warn("login: %s", why);
}

void flow_renewed(struct flow *f, bool fine)
{
    if (!fine) {
        failed(f);
        return;
    }
    f->failures = 0;
    f->not_before_s = f->circuit_s = 0;
    f->failure = (struct flow_failure){ 0 };
    f->quiet_s = flow_now(f) + SIGNATURE_EARLY_S;
    log_info("login: refresh completed: the saved login was renewed");
}

void flow_health(const struct flow *f, struct flow_health *out)
{
    int64_t now = flow_now(f);
    *out = (struct flow_health){ f->failures, f->tries, f->ready ? f->next_s : 0,
                                 f->circuit_s > now ? f->circuit_s : 0 };
}
