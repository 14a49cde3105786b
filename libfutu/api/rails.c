/* rails.c - see rails.h. */
#include "api/rails.h"

#include <stdio.h>

#include "api/console.h"
#include "api/direct.h"
#include "api/opts.h"
#include "base/log.h"
#include "crypt/digest.h"
#include "futu/keys.h"
#include "io/trail.h"
#include "io/watch.h"
#include "surface/console.h"
#include "surface/grpc.h"
#include "surface/mcp_tools.h"
#include "surface/rest.h"

/* ---- keys ---- */

static futu_err add_files(futu_gateway *g, const futu_gateway_opts *o, char *why, size_t size)
{
    const struct {
        const char *path;
        uint32_t ifaces;
    } files[] = {
        { o->rest_keys_file, 1u << IFACE_REST | 1u << IFACE_MCP },
        { o->ws_keys_file, 1u << IFACE_WS },
        { o->grpc_keys_file, 1u << IFACE_GRPC },
    };
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        futu_err err = files[i].path
                           ? access_add_file(g->access, files[i].ifaces, files[i].path, why, size)
                           : FUTU_OK;
        if (err)
            return err;
    }
    return FUTU_OK;
}

static futu_err open_keys(futu_gateway *g, const futu_gateway_opts *o, char *why, size_t size)
{
    char machine[MACHINE_ID_MAX + 1];
    struct access_opts a = { .clock = *loop_clock(o->loop) };
    if (!o->rest_keys_file && !o->ws_keys_file && !o->grpc_keys_file)
        return FUTU_OK;
    if (futu_machine_id(machine, sizeof(machine)) == FUTU_OK)
        a.raw_machine_id = machine;
    futu_err err = access_new(&g->access, &a);
    return err ? err : add_files(g, o, why, size);
}

/* ---- the trail ---- */

static futu_err open_trail(futu_gateway *g, const futu_gateway_opts *o, char *why, size_t size)
{
    struct buf last = BUF_INIT;
    audit_init(&g->audit, loop_clock(o->loop));
    if (!o->audit_log)
        return FUTU_OK;
    futu_err err = trail_open(&g->trail, o->loop, o->audit_log, STR(AUDIT_HEAD),
                              clock_wall(loop_clock(o->loop)), &last, why, size);
    if (!err && last.n)
        audit_resume(&g->audit, buf_str(&last));
    buf_free(&last);
    if (!err) {
        g->audit.sink = trail_append;
        g->audit.arg = g->trail;
    }
    return err;
}

/* ---- daily values ---- */

/* Each order adds a line, of which the last of its key counts: the file begins anew when it has
 * grown. */
static futu_err read_daily(futu_gateway *g, const char *name, char *why, size_t size)
{
    struct buf text = BUF_INIT;
    size_t line = 0;
    futu_err err = store_read(g->daily, &text);
    if (!err)
        err = access_read_daily(g->access, buf_str(&text), &line);
    if (err == FUTU_EFORMAT)
        snprintf(why, size, "%s, line %zu: no daily values; move the file away to let every key "
                            "begin its day anew", name, line);
    text.n = 0;
    if (!err)
        err = access_write_all_daily(g->access, &text);
    if (!err)
        err = store_replace(g->daily, text.p, text.n);
    grown_from(&g->daily_file, text.n);
    buf_free(&text);
    return err;
}

/* Only once a key has such a cap: gateways without may share their state folder. */
static futu_err open_daily(futu_gateway *g, char *why, size_t size)
{
    char name[300];
    if (!g->state_dir || g->daily || !g->access || !access_has_daily(g->access))
        return FUTU_OK;
    gateway_file(g, "daily", name, sizeof(name));
    futu_err err = store_open(&g->daily, g->loop, g->state_dir, name, why, size);
    if (!err)
        err = read_daily(g, name, why, size);
    if (err) {
        store_close(g->daily);
        g->daily = NULL;
    }
    return err;
}

/* The sums are those that the last line was made of, or newer. */
static void write_daily_anew(futu_gateway *g)
{
    struct buf all = BUF_INIT;
    futu_err err = access_write_all_daily(g->access, &all);
    if (!err && all.n > 0)
        err = store_rewrite(g->daily, all.p, all.n);
    if (!err)
        grown_from(&g->daily_file, all.n);
    buf_free(&all);
}

static futu_err append(void *arg, const void *p, size_t n, void (*done)(void *arg, futu_err err),
                       void *done_arg)
{
    futu_gateway *g = arg;
    futu_err err = store_append(g->daily, p, n, done, done_arg);
    if (err)
        return err;
    if (grown_by(&g->daily_file, n))
        write_daily_anew(g);
    return FUTU_OK;
}

struct hub_store rails_daily(futu_gateway *g)
{
    return (struct hub_store){ .append = g->daily ? append : NULL, .arg = g };
}

/* The first key with a daily cap may come with a reload; by then the new keys are in force. */
static void reopen_daily(futu_gateway *g)
{
    char why[400] = "";
    futu_err err = open_daily(g, why, sizeof(why));
    if (err)
        log_error("what keys use of their day is not kept on disk: %s",
                  why[0] ? why : futu_strerror(err));
    hub_set_daily(g->hub, rails_daily(g));
}

/* ---- reload ---- */

static void on_change(void *arg)
{
    char why[400];
    if (futu_gateway_reload(arg, why, sizeof(why)))
        log_error("the keys stay as they were: %s", why);
}

static futu_err watch_files(futu_gateway *g)
{
    const char *path;
    futu_err err = g->access ? watch_new(&g->watch, g->loop, on_change, g) : FUTU_OK;
    for (size_t i = 0; g->access && !err && (path = access_path(g->access, i)) != NULL; i++)
        err = watch_add(g->watch, path);
    return err;
}

futu_err futu_gateway_reload(futu_gateway *g, char *why, size_t size)
{
    char room[400];
    if (!why || size == 0) {
        why = room;
        size = sizeof(room);
    }
    why[0] = '\0';
    if (g->trail)
        trail_reopen(g->trail);
    if (!g->access) {
        snprintf(why, size, "there is no keys file");
        return FUTU_ENOTFOUND;
    }
    futu_err err = access_reload(g->access, why, size);
    if (err)
        return err;
    reopen_daily(g);
    hub_keys_changed(g->hub);
    console_keys_changed(g->console);
    log_info("%zu API keys are in force", access_n_keys(g->access));
    return FUTU_OK;
}

/* ---- REST, gRPC and the console ---- */

static futu_err upstream_state(void *arg, char *why, size_t size)
{
    return futu_gateway_upstream_state(arg, why, size);
}

static futu_err reload(void *arg, char *why, size_t size)
{
    return futu_gateway_reload(arg, why, size);
}

static futu_err set_mcp(futu_gateway *g, const futu_gateway_opts *o)
{
    uint8_t raw[16];
    char hex[2 * sizeof(raw) + 1];
    futu_str bad;
    g->mcp_direct = o->mcp_direct_orders != 0;
    g->mcp_short = o->mcp_no_output_schemas != 0;
    if (o->mcp_tools && !mcp_groups(str_c(o->mcp_tools), &g->mcp_groups, &bad))
        return FUTU_EINVAL;         /* it was judged before, with a text */
    if (!o->mcp_trade_pwd || !o->mcp_trade_pwd[0])
        return FUTU_OK;
    md5(o->mcp_trade_pwd, strlen(o->mcp_trade_pwd), raw);
    hex_lower(raw, sizeof(raw), hex);
    futu_err err = secret_set(&g->mcp_pwd, hex, sizeof(hex) - 1);
    wipe(hex, sizeof(hex));
    return err;
}

static futu_err login_code(void *arg, const char *code)
{
    return futu_gateway_login_code(arg, code);
}

static futu_err relogin(void *arg)
{
    return futu_gateway_relogin(arg);
}

static futu_err brokers(void *arg, struct buf *out)
{
    const futu_gateway *g = arg;
    return g->direct ? direct_brokers(g->direct, out) : FUTU_OK;
}

static void renewals(void *arg, struct rest_renewals *out)
{
    *out = (struct rest_renewals){ 0 };
    if (((futu_gateway *)arg)->direct)
        direct_renewals(((futu_gateway *)arg)->direct, out);
}

static futu_err make_rest(futu_gateway *g, const futu_gateway_opts *o)
{
    futu_err err = set_mcp(g, o);
    if (err)
        return err;
    struct rest_opts r = {
        .hub = g->hub,
        .access = g->access,
        .clock = *loop_clock(o->loop),
        .timers = loop_timers(o->loop),
        .allowed_origins = o->allowed_origins,
        .metrics_public = o->metrics_public != 0,
        .upstream_state = upstream_state,
        .reload = reload,
        .shutdown = o->on_shutdown,
        .login_code = o->login ? login_code : NULL,
        .relogin = o->login ? relogin : NULL,
        .renewals = o->login ? renewals : NULL,
        .brokers = brokers,
        .arg = g,
        .shutdown_arg = o->on_shutdown_arg,
        .mcp_groups = g->mcp_groups,
        .mcp_direct = g->mcp_direct,
        .mcp_short = g->mcp_short,
        .mcp_open_scopes = g->mcp_open_scopes,
        .mcp_trade_pwd_md5 = g->mcp_pwd.n ? (const char *)g->mcp_pwd.p : NULL,
    };
    return rest_new(&g->rest, &r);
}

static futu_err make_grpc(futu_gateway *g, const futu_gateway_opts *o)
{
    struct grpc_opts r = { .hub = g->hub, .access = g->access, .clock = *loop_clock(o->loop),
                           .timers = loop_timers(o->loop) };
    return grpc_new(&g->grpc, &r);
}

/* ---- in order ---- */

futu_err rails_open(futu_gateway *g, const futu_gateway_opts *o, char *why, size_t size)
{
    futu_err err = open_keys(g, o, why, size);
    if (!err)
        err = open_trail(g, o, why, size);
    return err ? err : open_daily(g, why, size);
}

futu_err rails_start(futu_gateway *g, const futu_gateway_opts *o)
{
    futu_err err = make_rest(g, o);
    if (!err)
        err = make_grpc(g, o);
    if (!err)
        err = console_make(g, o);
    return err ? err : watch_files(g);
}

void rails_stop(futu_gateway *g)
{
    watch_free(g->watch);
    console_free(g->console);
    grpc_free(g->grpc);
    rest_free(g->rest);
    g->console = NULL;
    g->grpc = NULL;
    g->watch = NULL;
    g->rest = NULL;
}

void rails_close(futu_gateway *g)
{
    secret_wipe(&g->mcp_pwd);
    store_close(g->daily);
    trail_close(g->trail);
    audit_free(&g->audit);
    access_free(g->access);
}

/* ---- the public calls ---- */

static futu_err copy_request(futu_http_request *out, const futu_http_request *rq)
{
    return opts_copy(out, sizeof(*out), OPTS_END(futu_http_request, peer), rq);
}

futu_err futu_gateway_http(futu_gateway *g, const futu_http_request *rq, futu_http_done_fn *done,
                           void *arg, futu_http_call **out)
{
    futu_http_request r;
    *out = NULL;
    futu_err err = copy_request(&r, rq);
    return err ? err : rest_request(g->rest, &r, done, arg, out);
}

void futu_http_abandon(futu_http_call *call)
{
    rest_abandon(call);
}

futu_err futu_http_more(futu_http_call *call, futu_str *piece)
{
    return rest_more(call, piece);
}

void futu_http_leave(futu_http_call *call)
{
    rest_leave(call);
}

futu_err futu_gateway_http_upgrade(futu_gateway *g, const futu_http_request *rq,
                                   const futu_conn_opts *o, futu_conn **out,
                                   futu_http_done_fn *done, void *arg)
{
    futu_http_request r;
    futu_conn_opts c;
    *out = NULL;
    futu_err err = copy_request(&r, rq);
    if (!err)
        err = opts_copy(&c, sizeof(c), OPTS_END(futu_conn_opts, arg), o);
    return err ? err : rest_upgrade(g->rest, &r, &c, out, done, arg);
}

futu_err futu_gateway_grpc(futu_gateway *g, const futu_grpc_request *rq, futu_grpc_call **out)
{
    futu_grpc_request r;
    *out = NULL;
    futu_err err = opts_copy(&r, sizeof(r), OPTS_END(futu_grpc_request, arg), rq);
    return err ? err : grpc_open(g->grpc, &r, out);
}

void futu_grpc_message(futu_grpc_call *call, const void *p, size_t n)
{
    grpc_message(call, p, n);
}

void futu_grpc_half_close(futu_grpc_call *call)
{
    grpc_half_close(call);
}

size_t futu_grpc_output(futu_grpc_call *call, struct iovec *iov, size_t max)
{
    return grpc_output(call, iov, max);
}

size_t futu_grpc_waiting(const futu_grpc_call *call)
{
    return grpc_waiting(call);
}

void futu_grpc_sent(futu_grpc_call *call, size_t n)
{
    grpc_sent(call, n);
}

void futu_grpc_free(futu_grpc_call *call)
{
    grpc_call_free(call);
}
