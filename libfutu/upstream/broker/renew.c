/* renew.c - logins that are made anew over HTTP, one at a time for each channel.
 *
 * Brokers: at once, when the login is over or refused.
 * Platform: at once when its login is over by the clock, or there is none. A refusal may also mean
 *          a limit or risk control, which a renewal would make worse: it waits for the watchdog,
 *          which looks every 30 s; with `renew_reactive` it comes after REFUSALS in a row instead,
 *          once until a login works again.
 * Pauses:  60, 120, 240, then 600 s between attempts, or those of the owner; after FAILURES that
 *          failed in a row nothing for CIRCUIT_NS.
 * Tests:   test/unit/upstream/broker/renew_test.c
 */
#include <stdio.h>

#include "base/log.h"
#include "upstream/broker/state.h"

#define REFUSALS 3
#define FAILURES 5
#define CIRCUIT_NS (600 * NS_PER_S)
#define TICKS_TOLD 10                   /* of the watchdog: a line every five minutes */

static void on_done(struct broker_renew *q, futu_err err, const char *why,
                    const struct auth_result *now)
{
    struct renewal *r = container_of(q, struct renewal, q);
    struct broker *b = r->b;
    r->busy = false;
    snprintf(r->why, sizeof(r->why), "%s", err ? why : "");
    if (err) {
        if (++r->failures % FAILURES == 0)
            r->next = MAX(r->next, broker_now(b) + CIRCUIT_NS);
        log_warn("%s: the login can't be renewed: %s", channel_name(r->c), why);
        return;
    }
    r->failures = 0;
    err = firms_login(b, now);
    if (err)
        log_error("%s: %s", channel_name(r->c), futu_strerror(err));
}

void renewal_init(struct renewal *r, struct broker *b, struct channel *c, int32_t broker_id)
{
    *r = (struct renewal){ .q = { .broker_id = broker_id, .done = on_done }, .b = b, .c = c };
}

static int64_t pause_of(const struct renewal *r)
{
    static const int64_t usual[RENEW_PAUSES] = { 60000, 120000, 240000, 600000 };
    const int64_t *ms = r->b->o.renew_pauses_ms;
    return (ms[0] ? ms : usual)[MIN(r->tries, RENEW_PAUSES - 1)] * NS_PER_MS;
}

void renewal_ask(struct renewal *r)
{
    const struct broker_renewer *by = &r->b->o.renewer;
    int64_t now = broker_now(r->b);
    if (!by->renew || r->busy || (r->tries && now < r->next))
        return;
    r->next = now + pause_of(r);
    r->tries++;
    r->busy = true;
    by->renew(by->arg, &r->q);
}

void renewal_refused(struct renewal *r, int32_t code)
{
    r->refusals++;
    if (!code || (r->b->o.renew_reactive && r->refusals == REFUSALS))
        renewal_ask(r);
}

void renewal_watch(struct renewal *r)
{
    if (r->ticks++ % TICKS_TOLD == 0)   /* so that silence can be told from death */
        log_info("%s: the login is watched: %s, %u refused, %u renewals failed",
                 channel_name(r->c), channel_state_name(channel_state(r->c)), r->refusals,
                 r->failures);
    if (channel_state(r->c) != CHANNEL_UP && r->refusals)
        renewal_ask(r);
}

void renewal_worked(struct renewal *r)
{
    r->tries = r->refusals = r->failures = 0;
    r->why[0] = '\0';
}

void renewal_stop(struct renewal *r)
{
    if (r->busy)
        r->b->o.renewer.cancel(r->b->o.renewer.arg, &r->q);
    r->busy = false;
}

bool broker_read_pauses(int64_t out[RENEW_PAUSES], futu_str text)
{
    for (size_t i = 0; i < RENEW_PAUSES; i++) {
        const char *end = text.n ? memchr(text.p, ',', text.n) : NULL;
        futu_str one = { text.p, end ? (size_t)(end - text.p) : text.n };
        uint64_t v;
        if (!str_to_u64(one, &v) || v == 0 || v > 86400000 || !end != (i == RENEW_PAUSES - 1))
            return false;
        out[i] = (int64_t)v;
        text = (futu_str){ text.p + one.n + 1, end ? text.n - one.n - 1 : 0 };
    }
    return true;
}
