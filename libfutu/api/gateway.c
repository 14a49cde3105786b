/* gateway.c - futu_gateway and futu_conn: a hub, its upstream and the key, hung on a loop.
 *
 * Order:   the hub is made first (the upstream gets its event table), then the upstream; they go
 *          the other way round. The hub is flushed once per turn, before the loop sleeps.
 */
#include "api/gateway.h"

#include <stdio.h>

#include "api/attach.h"
#include "api/opts.h"
#include "base/mem.h"
#include "upstream/paper/paper.h"

static void on_turn(struct loop_hook *h)
{
    futu_gateway *g = container_of(h, futu_gateway, hook);
    hub_flush(g->hub);
    if (hub_pending(g->hub))
        loop_again(g->loop);
}

static futu_err refuse(char *why, size_t size, futu_err err, const char *text)
{
    if (why && size && text)
        snprintf(why, size, "%s", text);
    return err;
}

static const char *check(const futu_gateway_opts *o)
{
    if (!o->loop)
        return "a gateway needs a loop";
    if (o->upstream != FUTU_UPSTREAM_PAPER)
        return "a gateway needs an upstream: there is no default";
    if (o->push_proto_fmt > 1)
        return "push_proto_fmt is 0 (protobuf) or 1 (JSON)";
    if (o->websocket_key_md5 && strlen(o->websocket_key_md5) != 32)
        return "websocket_key_md5 is 32 hex digits";
    return NULL;
}

static futu_err load_key(futu_gateway *g, const char *path, char *why, size_t size)
{
    futu_err err = path ? rsa_key_load(&g->rsa, path) : FUTU_OK;
    if (err && why && size)
        snprintf(why, size, "%s: %s", path,
                 err == FUTU_EFORMAT ? "not an RSA private key in PEM" : futu_strerror(err));
    return err;
}

static futu_err make_hub(futu_gateway *g, const futu_gateway_opts *o)
{
    struct hub_opts h = {
        .clock = *loop_clock(o->loop),
        .timers = loop_timers(o->loop),
        .rsa = g->rsa,
        .websocket_key_md5 = o->websocket_key_md5,
        .frequency_limits_off = o->frequency_limits_off != 0,
        .push_proto_fmt = o->push_proto_fmt,
        .push_interval_ms = o->push_interval_ms,
        .keep_alive_s = o->keep_alive_s,
        .max_connections = o->max_connections,
        .sub_quota = o->sub_quota,
    };
    return hub_new(&g->hub, &h);
}

static futu_err make_upstream(futu_gateway *g, const futu_gateway_opts *o, char *why, size_t size)
{
    struct paper_opts p = {
        .clock = o->paper_clock,
        .seed = o->paper_seed,
        .trade_pwd = o->paper_trade_pwd,
        .push_interval_ms = o->push_interval_ms,
        .sys = loop_clock(o->loop),
        .timers = loop_timers(o->loop),
        .events = hub_events(g->hub),
    };
    futu_err err = paper_new(&g->upstream, &p, why, size);
    if (!err)
        hub_set_upstream(g->hub, g->upstream);
    return err;
}

futu_err futu_gateway_new(futu_gateway **out, const futu_gateway_opts *opts, char *why, size_t size)
{
    futu_gateway_opts o;
    *out = NULL;
    if (why && size)
        why[0] = '\0';
    futu_err err = opts_copy(&o, sizeof(o), OPTS_END(futu_gateway_opts, sub_quota), opts);
    if (err)
        return refuse(why, size, err, "the options are of another version");
    if (check(&o))
        return refuse(why, size, FUTU_EINVAL, check(&o));
    futu_gateway *g = mem_zalloc(sizeof(*g));
    if (!g)
        return refuse(why, size, FUTU_ENOMEM, futu_strerror(FUTU_ENOMEM));
    g->loop = o.loop;
    list_init(&g->attached);
    err = load_key(g, o.rsa_private_key, why, size);
    if (!err)
        err = make_hub(g, &o);
    if (!err)
        err = make_upstream(g, &o, why, size);
    if (err) {
        futu_gateway_free(g);
        return refuse(why, size, err, why && size && why[0] ? NULL : futu_strerror(err));
    }
    loop_hook_add(g->loop, &g->hook, on_turn);
    *out = g;
    return FUTU_OK;
}

void futu_gateway_free(futu_gateway *g)
{
    if (!g)
        return;
    loop_hook_remove(&g->hook);
    attach_drop_all(g);
    hub_free(g->hub);
    if (g->upstream)
        g->upstream->ops->free(g->upstream);
    rsa_key_free(g->rsa);
    mem_free(g);
}

futu_err futu_gateway_stats_get(const futu_gateway *g, futu_gateway_stats *out)
{
    return hub_stats_get(g->hub, out);
}

futu_err futu_conn_new(futu_gateway *g, futu_conn **out, const futu_conn_opts *opts)
{
    futu_conn_opts o;
    *out = NULL;
    futu_err err = opts_copy(&o, sizeof(o), OPTS_END(futu_conn_opts, arg), opts);
    return err ? err : hub_conn_new(g->hub, out, &o);
}

futu_err futu_conn_feed(futu_conn *c, const void *p, size_t n)
{
    return hub_conn_feed(c, p, n);
}

size_t futu_conn_output(futu_conn *c, struct iovec *iov, size_t max)
{
    return hub_conn_output(c, iov, max);
}

void futu_conn_sent(futu_conn *c, size_t n)
{
    hub_conn_sent(c, n);
}

size_t futu_conn_queued(const futu_conn *c)
{
    return hub_conn_queued(c);
}

bool futu_conn_at_boundary(const futu_conn *c)
{
    return hub_conn_at_boundary(c);
}

void futu_conn_free(futu_conn *c)
{
    hub_conn_free(c);
}
