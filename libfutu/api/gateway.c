/* gateway.c - futu_gateway and futu_conn: a hub, its upstream and the key, hung on a loop.
 *
 * Order:   the hub is made first (the upstream gets its event table), then the upstream; they go
 *          the other way round. The hub is flushed once per turn, before the loop sleeps.
 */
#include "api/gateway.h"

#include <stdio.h>

#include "api/attach.h"
#include "api/direct.h"
#include "api/opts.h"
#include "api/rails.h"
#include "base/mem.h"
#include "client/link_sock.h"
#include "crypt/digest.h"
#include "crypt/random.h"
#include "surface/mcp_tools.h"
#include "upstream/broker/broker.h"
#include "upstream/paper/paper.h"
#include "upstream/relay/relay.h"

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
    uint32_t groups;
    futu_str bad;
    if (!o->loop)
        return "a gateway needs a loop";
    if (o->upstream < FUTU_UPSTREAM_PAPER || o->upstream > FUTU_UPSTREAM_BROKER)
        return "a gateway needs an upstream: there is no default";
    if (o->upstream == FUTU_UPSTREAM_BROKER && (!o->login || !o->login->account))
        return "a direct login needs login, with an account";
    if (o->upstream == FUTU_UPSTREAM_RELAY &&
        (!o->upstream_host || !o->upstream_host[0] || strlen(o->upstream_host) > 253 ||
         o->upstream_port < 1 || o->upstream_port > 65535))
        return "a relay needs upstream_host and upstream_port";
    if (o->allowed_origins && strlen(o->allowed_origins) > 4096)
        return "allowed_origins is at most 4096 bytes";
    if (o->push_proto_fmt > 1)
        return "push_proto_fmt is 0 (protobuf) or 1 (JSON)";
    if (o->mcp_tools && !mcp_groups(str_c(o->mcp_tools), &groups, &bad))
        return "mcp_tools is a list of core, subscribe, quote, plate, derivative, watchlist, "
               "account, trade, push";
    if (o->mcp_open_trading > FUTU_MCP_REAL)
        return "mcp_open_trading is 0, FUTU_MCP_SIMULATE or FUTU_MCP_REAL";
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

static futu_err append(void *arg, const void *p, size_t n, void (*done)(void *arg, futu_err err),
                       void *done_arg)
{
    return store_append(arg, p, n, done, done_arg);
}

static futu_err rewrite(void *arg, const void *p, size_t n)
{
    return store_rewrite(arg, p, n);
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
        .journal = &g->journal,
        .boot_id = g->boot_id,
        .mcp_open_scopes = g->mcp_open_scopes,
    };
    if (g->store)
        h.store = (struct hub_store){ append, g->store, rewrite };
    h.daily = rails_daily(g);
    h.access = g->access;
    h.audit = g->access || g->trail ? &g->audit : NULL;
    return hub_new(&g->hub, &h);
}

static futu_err make_paper(futu_gateway *g, const futu_gateway_opts *o, char *why, size_t size)
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
    return paper_new(&g->upstream, &p, why, size);
}

static futu_err make_link(struct link **out, void *arg)
{
    futu_gateway *g = arg;
    return link_sock_new(out, g->loop, g->upstream_host, g->upstream_port);
}

static futu_err make_relay(futu_gateway *g, const futu_gateway_opts *o, char *why, size_t size)
{
    char name[280];
    snprintf(name, sizeof(name), "%s:%u", g->upstream_host, g->upstream_port);
    struct relay_opts r = {
        .clock = *loop_clock(o->loop),
        .timers = loop_timers(o->loop),
        .events = hub_events(g->hub),
        .name = name,
        .make_link = make_link,
        .link_arg = g,
        .rsa_key = o->upstream_rsa_key,
        .cache_ns = (int64_t)o->upstream_cache_s * NS_PER_S,
        .boot_id = g->boot_id,
        .secret = g->journal.secret,
        .random = random_u64,
    };
    return relay_new(&g->upstream, &r, why, size);
}

static futu_err make_direct(futu_gateway *g, const futu_gateway_opts *o, char *why, size_t size)
{
    const struct direct_opts d = {
        .loop = g->loop,
        .login = o->login,
        .addrs = o->broker_addrs,
        .events = hub_events(g->hub),
        .boot_id = g->boot_id,
        .secret = g->journal.secret,
    };
    return direct_new(&g->direct, &g->upstream, &d, why, size);
}

static futu_err make_upstream(futu_gateway *g, const futu_gateway_opts *o, char *why, size_t size)
{
    static futu_err (*const make[])(futu_gateway *g, const futu_gateway_opts *o, char *why,
                                    size_t size) = {
        [FUTU_UPSTREAM_PAPER] = make_paper,
        [FUTU_UPSTREAM_RELAY] = make_relay,
        [FUTU_UPSTREAM_BROKER] = make_direct,
    };
    futu_err err = make[o->upstream](g, o, why, size);
    if (!err)
        hub_set_upstream(g->hub, g->upstream);
    return err;
}

/* ---- the order journal ---- */

static futu_err read_journal(futu_gateway *g, const char *name, char *why, size_t size)
{
    struct buf text = BUF_INIT;
    size_t line;
    futu_err err = store_read(g->store, &text);
    if (!err)
        err = journal_read(&g->journal, buf_str(&text), &line);
    if (err == FUTU_EFORMAT)
        snprintf(why, size,
                 "state: %s, line %zu: not an order journal; move it away to begin a new one, but "
                 "then orders that are under way are forgotten",
                 name, line);
    text.n = 0;
    if (!err) {
        journal_expire(&g->journal, clock_wall(loop_clock(g->loop)) / NS_PER_MS);
        err = journal_write_all(&g->journal, &text);
    }
    if (!err)
        err = store_replace(g->store, text.p, text.n);
    grown_from(&g->journal.file, text.n);
    buf_free(&text);
    return err;
}

void gateway_file(const futu_gateway *g, const char *what, char *out, size_t size)
{
    const char *tail = strcmp(what, "orders") == 0 ? "journal" : "log";
    if (g->account)
        snprintf(out, size, "%s-broker-%s.%s", what, g->account, tail);
    else if (g->upstream_host)
        snprintf(out, size, "%s-%s_%u.%s", what, g->upstream_host, g->upstream_port, tail);
    else
        snprintf(out, size, "%s-paper.%s", what, tail);
    for (char *p = out; *p; p++)
        if (*p == '/' || *p == ':')
            *p = '_';
}

/* One journal for each upstream: orders of one mean nothing to another. */
static futu_err open_journal(futu_gateway *g, const futu_gateway_opts *o, char *why, size_t size)
{
    char secret[JOURNAL_SECRET + 1], name[300];
    uint8_t raw[JOURNAL_SECRET / 2];
    random_bytes(raw, sizeof(raw));
    hex_lower(raw, sizeof(raw), secret);
    journal_init(&g->journal, secret);
    if (o->upstream == FUTU_UPSTREAM_PAPER || !o->state_dir)
        return FUTU_OK;         /* the paper exchange's orders end with the process too */
    gateway_file(g, "orders", name, sizeof(name));
    futu_err err = store_open(&g->store, g->loop, o->state_dir, name, why, size);
    return err ? err : read_journal(g, name, why, size);
}

static uint32_t mcp_scopes(uint32_t open_trading)
{
    if (open_trading == FUTU_MCP_REAL)
        return SCOPE_TRADE_SIMULATE | SCOPE_TRADE_REAL | SCOPE_TRADE_UNLOCK;
    return open_trading == FUTU_MCP_SIMULATE ? SCOPE_TRADE_SIMULATE : 0;
}

static futu_err copy_upstream(futu_gateway *g, const futu_gateway_opts *o)
{
    g->boot_id = random_u64() >> 1;
    g->state_dir = o->state_dir ? mem_strdup(o->state_dir) : NULL;
    if (o->state_dir && !g->state_dir)
        return FUTU_ENOMEM;
    if (o->upstream == FUTU_UPSTREAM_PAPER)
        return FUTU_OK;
    if (o->upstream == FUTU_UPSTREAM_BROKER) {
        g->account = mem_strdup(o->login->account);
        return g->account ? FUTU_OK : FUTU_ENOMEM;
    }
    g->upstream_port = o->upstream_port;
    g->upstream_host = mem_strdup(o->upstream_host);
    return g->upstream_host ? FUTU_OK : FUTU_ENOMEM;
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
    g->mcp_open_scopes = mcp_scopes(o.mcp_open_trading);
    list_init(&g->attached);
    journal_init(&g->journal, "00000000000000000000000000000000");
    err = load_key(g, o.rsa_private_key, why, size);
    if (!err)
        err = copy_upstream(g, &o);
    if (!err)
        err = rails_open(g, &o, why, size);
    if (!err)
        err = open_journal(g, &o, why, size);
    if (!err)
        err = make_hub(g, &o);
    if (!err)
        err = make_upstream(g, &o, why, size);
    if (!err)
        err = rails_start(g, &o);
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
    rails_stop(g);
    hub_free(g->hub);
    direct_stop(g->direct);
    if (g->upstream)
        g->upstream->ops->free(g->upstream);
    direct_free(g->direct);
    store_close(g->store);
    rails_close(g);
    journal_free(&g->journal);
    rsa_key_free(g->rsa);
    mem_free(g->upstream_host);
    mem_free(g->account);
    mem_free(g->state_dir);
    mem_free(g);
}

futu_err futu_gateway_upstream_state(const futu_gateway *g, char *why, size_t why_size)
{
    if (why_size > 0)
        why[0] = '\0';
    if (g->direct) {
        futu_err err = direct_state(g->direct, NULL, why, why_size);
        return err ? err : broker_health(g->upstream, why, why_size);
    }
    return g->upstream->forwards ? relay_health(g->upstream, why, why_size) : FUTU_OK;
}

futu_err futu_gateway_login(const futu_gateway *g, futu_login_report *report, char *why,
                            size_t why_size)
{
    if (why_size > 0)
        why[0] = '\0';
    if (report && report->size < sizeof(*report))
        return FUTU_EINVAL;
    return g->direct ? direct_state(g->direct, report, why, why_size) : FUTU_ENOTSUP;
}

futu_err futu_gateway_login_code(futu_gateway *g, const char *code)
{
    if (!g->direct)
        return FUTU_ENOTSUP;
    return code ? direct_code(g->direct, code) : FUTU_EINVAL;
}

futu_err futu_gateway_relogin(futu_gateway *g)
{
    return g->direct ? direct_again(g->direct) : FUTU_ENOTSUP;
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
    if (!err && (unsigned)o.wire > FUTU_WIRE_WS)
        err = FUTU_EINVAL;
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
