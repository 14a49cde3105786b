/* alive.c - KeepAlive: a sign of life at 0.8 of the announced interval, and the end of a peer that
 * shows none itself. Every received byte counts as life; an answer to the sign is owed, so a peer
 * is given up after three intervals of silence.
 */
#include "client/client.h"

enum { DEFAULT_S = 10, MAX_S = 3600 };

static void on_answer(futu_client *c, futu_err err, futu_reply *r, void *arg)
{
    (void)r;
    (void)arg;                      /* its bytes were the sign of life */
    if (!err)
        c->latency = MAX(client_now(c) - c->alive_sent, 1);
}

static void on_due(struct timer *t, int64_t now)
{
    futu_client *c = container_of(t, futu_client, alive);
    if (now - c->last_rx >= c->alive_limit) {
        client_lose(c, FUTU_ETIMEDOUT, "the gateway has been silent for %lld s",
                    (long long)((now - c->last_rx) / NS_PER_S));
        return;
    }
    KeepAlive_C2S c2s = { 0 };
    const KeepAlive_Request request = { .c2s = &c2s };
    SET(&c2s, time, clock_wall(&c->o.clock) / NS_PER_S);
    timer_set(c->o.timers, t, now + c->alive_every);
    c->alive_sent = now;
    futu_err err = client_send_msg(c, PROTO_KEEP_ALIVE, &request, on_answer, NULL);
    if (err)
        client_lose(c, err, "KeepAlive: %s", futu_strerror(err));
}

void client_alive_start(futu_client *c, int32_t interval_s)
{
    int64_t interval = NS_PER_S * (interval_s > 0 ? MIN(interval_s, MAX_S) : DEFAULT_S);
    c->alive_every = interval * 8 / 10;
    c->alive_limit = interval * 3;
    if (c->o.dead_after > 0) {
        c->alive_limit = MIN(c->alive_limit, c->o.dead_after);
        c->alive_every = MIN(c->alive_every, c->alive_limit / 3);
    }
    c->alive.fn = on_due;
    /* Who passes bytes on wants to know the latency at once. */
    timer_set(c->o.timers, &c->alive, client_now(c) + (c->o.raw ? 0 : c->alive_every));
}

void client_alive_stop(futu_client *c)
{
    timer_stop(c->o.timers, &c->alive);
}
