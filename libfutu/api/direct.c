/* direct.c - see direct.h. */
#include "api/direct.h"

#include <stdio.h>

#include "api/opts.h"
#include "base/mem.h"
#include "crypt/random.h"
#include "futu/login.h"
#include "io/https.h"
#include "upstream/broker/net_io.h"
#include "upstream/broker/session.h"

struct direct {
    futu_gateway *gateway;
    struct login login;
    struct https *https;
    struct session *session;
    struct net net;
    struct upstream *upstream;
    char *servers;
    bool renew_signature;
    void (*on_code)(const futu_login_ask *ask, void *arg);
    void *arg;
};

static void on_ask(void *arg, const struct flow_ask *ask)
{
    struct direct *d = arg;
    const futu_login_ask a = {
        .size = sizeof(a), .phone = ask->phone, .until_s = ask->until_s,
        .token = ask->third, .sent = ask->sent, .again = ask->again,
    };
    if (d->on_code)
        d->on_code(&a, d->arg);
}

static futu_err open_parts(struct direct *d, const futu_gateway_opts *o, const futu_login_opts *l,
                           char *why, size_t size)
{
    futu_err err = login_open(&d->login, l, &terminal_system, why, size);
    if (err)
        return err;
    err = https_new(&d->https, o->loop, l->auth_ca);
    if (!err && o->conn_servers && !(d->servers = mem_strdup(o->conn_servers)))
        err = FUTU_ENOMEM;
    const struct session_opts s = {
        .clock = *loop_clock(o->loop), .timers = loop_timers(o->loop),
        .http = flow_http_over(d->https), .login = &d->login,
        .renew_signature = o->renew_signature != 0, .on_ask = on_ask, .arg = d,
    };
    return err ? err : session_new(&d->session, &s);
}

futu_err direct_open(struct direct **out, const futu_gateway_opts *o, futu_gateway *g, char *why,
                     size_t size)
{
    futu_login_opts l = { 0 };
    *out = NULL;
    if (opts_copy(&l, sizeof(l), OPTS_END(futu_login_opts, setup_only), o->login)) {
        snprintf(why, size, "futu_login_opts is not set up");
        return FUTU_EINVAL;
    }
    l.setup_only = 0;
    l.state_dir = l.state_dir ? l.state_dir : o->state_dir;
    struct direct *d = *out = mem_zalloc(sizeof(*d));
    if (!d)
        return FUTU_ENOMEM;
    d->gateway = g;
    d->on_code = o->on_login_code;
    d->arg = o->on_login_code_arg;
    d->net = net_io(o->loop);
    d->login.state = (struct state)STATE_NULL;
    futu_err err = open_parts(d, o, &l, why, size);
    if (err) {
        direct_free(d);
        *out = NULL;
    }
    return err;
}

/* "IDENTITY=HOST:PORT[,...][;...]" */
static bool read_servers(struct broker_opts *b, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, ";");
        if (!broker_read_addrs(b, (futu_str){ text, n }))
            return false;
        text += n + (text[n] == ';');
    }
    b->only_addrs = true;
    return true;
}

futu_err direct_upstream(struct direct *d, struct upstream_events events, struct upstream **out,
                         char *why, size_t size)
{
    futu_loop *loop = d->gateway->loop;
    struct broker_opts b = {
        .clock = *loop_clock(loop), .timers = loop_timers(loop), .net = &d->net, .events = events,
        .renewer = session_renewer(d->session), .random = random_bytes,
    };
    if (d->servers && !read_servers(&b, d->servers)) {
        snprintf(why, size, "--conn-servers: IDENTITY=HOST:PORT[,HOST:PORT][;IDENTITY=...], such "
                            "as 1=127.0.0.1:9595;1001=127.0.0.1:9596");
        return FUTU_EINVAL;
    }
    futu_err err = broker_new(out, &b);
    d->upstream = *out;
    return err;
}

void direct_start(struct direct *d)
{
    session_start(d->session, d->upstream);
}

void direct_free(struct direct *d)
{
    if (!d)
        return;
    session_free(d->session);
    https_free(d->https);
    login_close(&d->login);
    mem_free(d->servers);
    mem_free(d);
}

const char *direct_account_hash(const struct direct *d)
{
    return d->login.account.hash;
}

futu_err direct_state(const struct direct *d, char *why, size_t size)
{
    return session_health(d->session, why, size);
}

futu_err direct_code(struct direct *d, const char *code, bool only)
{
    return session_code(d->session, str_c(code), only);
}

void direct_again(struct direct *d)
{
    session_again(d->session);
}
