/* relay.c - see relay.h: life, and what the gateway is told of the upstream.
 *
 * Tests:   test/unit/upstream/relay/relay_test.c
 */
#include <stdio.h>

#include "upstream/relay/state.h"

static void relay_state(struct upstream *u, struct upstream_state *out)
{
    struct relay *r = container_of(u, struct relay, base);
    const futu_client *c = r->lanes[LANE_QUOTE].c;
    bool qot = lane_up(&r->lanes[LANE_QUOTE]), trd = lane_up(&r->lanes[LANE_TRADE]);
    if (qot) {
        r->user_id = c->user_id;
        r->server_ver = c->server_ver;
    }
    *out = (struct upstream_state){
        .qot_logined = qot && !r->gap[LANE_QUOTE].open,
        .trd_logined = trd,
        .user_id = r->user_id,
        .user_attribution = c->attribution,
        /* Until it is known the upstream itself decides. */
        .sub_quota = r->remain_known ? (uint32_t)r->n_pairs + r->remain : 1000000,
        .name = r->name,
        .server_ver = r->server_ver,
    };
}

static void relay_free(struct upstream *u)
{
    struct relay *r = container_of(u, struct relay, base);
    r->freeing = true;
    timer_stop(r->o.timers, &r->look);
    for (int i = 0; i < LANES; i++)
        client_free(r->lanes[i].c);
    restore_free(r);
    orders_forget_all(r);
    streams_free(r);
    trade_forget(r);
    requests_free(r);
    cache_free(r->cache);
    buf_free(&r->global);
    buf_free(&r->text);
    buf_free(&r->body);
    arena_free(&r->arena);
    mem_free(r);
}

static const struct upstream_ops ops = {
    .request = request_up, .cancel = request_cancel, .open = stream_open, .close = stream_close,
    .watch = trade_watch, .current = stream_current, .state = relay_state, .info = relay_info,
    .free = relay_free,
};

static void init(struct relay *r, const struct relay_opts *o)
{
    r->base.ops = &ops;
    r->base.forwards = true;
    r->o = *o;
    r->arena.chunk = 16384;
    str_copy(r->name, sizeof(r->name), str_c(o->name));
    str_copy(r->secret, sizeof(r->secret), str_c(o->secret));
    list_init(&r->flying);
    list_init(&r->pool);
    list_init(&r->orders);
    list_init(&r->pair_list);
    list_init(&r->openings);
    list_init(&r->sticky);
    list_init(&r->watches);
    for (int i = 0; i < LANES; i++)
        list_init(&r->lanes[i].held);
}

futu_err relay_new(struct upstream **out, const struct relay_opts *o, char *why, size_t why_size)
{
    struct relay *r = mem_zalloc(sizeof(*r));
    *out = NULL;
    if (!r)
        return FUTU_ENOMEM;
    init(r, o);
    futu_err err = cache_new(&r->cache, o->cache_ns);
    for (int i = 0; i < LANES && !err; i++)
        err = lane_open(r, (enum lane_id)i);
    if (err) {
        if (why_size > 0 && (err == FUTU_EFORMAT || err == FUTU_EIO))
            snprintf(why, why_size, "--upstream-rsa-key: %s: %s", o->rsa_key,
                     err == FUTU_EFORMAT ? "not an RSA private key in PEM" : "it can't be read");
        relay_free(&r->base);
        return err;
    }
    watch_start(r);
    *out = &r->base;
    return FUTU_OK;
}

futu_err relay_health(const struct upstream *u, char *why, size_t why_size)
{
    const struct relay *r = container_of(u, const struct relay, base);
    bool known = true;
    for (int i = 0; i < LANES; i++) {
        const struct lane *k = &r->lanes[i];
        known = known && (lane_up(k) || k->tried);
        if (lane_up(k) || !k->tried)
            continue;
        snprintf(why, why_size, "upstream %s: %s", r->name, lane_error(k));
        return hopeless(k->why) ? k->why : FUTU_ENOTCONN;
    }
    if (known) {
        why[0] = '\0';
        return FUTU_OK;
    }
    snprintf(why, why_size, "upstream %s: it is being connected", r->name);
    return FUTU_EAGAIN;
}
