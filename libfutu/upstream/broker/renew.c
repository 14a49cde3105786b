/* renew.c - logins that are made anew over HTTP, one at a time for each channel.
 *
 * Tests:   test/unit/upstream/broker/broker_test.c
 */
#include <stdio.h>

#include "base/log.h"
#include "upstream/broker/state.h"

static void on_done(struct broker_renew *q, futu_err err, const char *why,
                    const struct auth_result *now)
{
    struct renewal *r = container_of(q, struct renewal, q);
    struct broker *b = r->b;
    r->busy = false;
    snprintf(r->why, sizeof(r->why), "%s", err ? why : "");
    if (err) {
        log_warn("%s: the login can't be renewed: %s", channel_name(r->c), why);
        return;
    }
    err = firms_login(b, now);
    if (err)
        log_error("%s: %s", channel_name(r->c), futu_strerror(err));
}

void renewal_init(struct renewal *r, struct broker *b, struct channel *c, int32_t broker_id)
{
    *r = (struct renewal){ .q = { .broker_id = broker_id, .done = on_done }, .b = b, .c = c };
}

void renewal_ask(struct renewal *r)
{
    static const int64_t pauses[] = { 60, 120, 240, 600 };
    const struct broker_renewer *by = &r->b->o.renewer;
    int64_t now = broker_now(r->b);
    if (!by->renew || r->busy || (r->tries && now < r->next))
        return;
    r->next = now + pauses[MIN(r->tries, ARRAY_LEN(pauses) - 1)] * NS_PER_S;
    r->tries++;
    r->busy = true;
    by->renew(by->arg, &r->q);
}

void renewal_worked(struct renewal *r)
{
    r->tries = 0;
    r->why[0] = '\0';
}

void renewal_stop(struct renewal *r)
{
    if (r->busy)
        r->b->o.renewer.cancel(r->b->o.renewer.arg, &r->q);
    r->busy = false;
}
