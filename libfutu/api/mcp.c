/* mcp.c - futu_mcp: an engine with one session, on a gateway. */
#include "futu/mcp.h"

#include "api/gateway.h"
#include "api/opts.h"
#include "base/mem.h"
#include "base/shbuf.h"
#include "surface/mcp.h"

struct futu_mcp {
    struct mcp *engine;
    struct mcp_session *session;
    void (*on_text)(futu_str text, void *arg);
    void (*on_push)(void *arg);
    void *arg;
};

static void on_out(enum mcp_out kind, futu_str text, void *arg)
{
    futu_mcp *m = arg;
    if (kind == MCP_NOTE || kind == MCP_ANSWER || kind == MCP_BAD)
        m->on_text(text, m->arg);
}

static void on_push(void *arg)
{
    futu_mcp *m = arg;
    if (m->on_push)
        m->on_push(m->arg);
    else
        while (futu_mcp_take(m)) { }
}

futu_err futu_mcp_new(futu_gateway *g, futu_mcp **out, const futu_mcp_opts *opts)
{
    futu_mcp_opts o;
    *out = NULL;
    futu_err err = opts_copy(&o, sizeof(o), OPTS_END(futu_mcp_opts, arg), opts);
    if (err || !o.on_text)
        return err ? err : FUTU_EINVAL;
    struct mcp_opts e = { .hub = g->hub, .access = g->access, .clock = *loop_clock(g->loop),
                          .timers = loop_timers(g->loop), .groups = g->mcp_groups,
                          .direct = g->mcp_direct, .short_list = g->mcp_short,
                          .open_scopes = g->mcp_open_scopes,
                          .api_key = o.api_key,
                          .trade_pwd_md5 = g->mcp_pwd.n ? (const char *)g->mcp_pwd.p : NULL };
    futu_mcp *m = mem_zalloc(sizeof(*m));
    if (!m)
        return FUTU_ENOMEM;
    m->on_text = o.on_text;
    m->on_push = o.on_push;
    m->arg = o.arg;
    err = mcp_new(&m->engine, &e);
    if (!err)
        err = mcp_session_new(m->engine, &m->session, o.peer);
    if (err) {
        futu_mcp_free(m);
        return err;
    }
    mcp_session_hear(m->session, &(struct mcp_ears){ .on_push = on_push, .arg = m });
    *out = m;
    return FUTU_OK;
}

void futu_mcp_feed(futu_mcp *m, futu_str text)
{
    mcp_session_text(m->session, text, STR_NULL, on_out, m);
}

bool futu_mcp_take(futu_mcp *m)
{
    struct shbuf *b = mcp_session_take(m->session);
    if (!b)
        return false;
    m->on_text((futu_str){ (const char *)b->p, b->n }, m->arg);
    shbuf_unref(b);
    return true;
}

bool futu_mcp_busy(const futu_mcp *m)
{
    return mcp_session_busy(m->session);
}

void futu_mcp_free(futu_mcp *m)
{
    if (!m)
        return;
    mcp_free(m->engine);
    mem_free(m);
}
