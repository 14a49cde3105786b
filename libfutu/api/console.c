/* console.c - joins the console to a gateway and its login: the bodies of futu/console.h that need
 * the gateway. */
#include "surface/console.h"

#include "api/console.h"
#include "api/direct.h"
#include "api/opts.h"

static futu_err upstream_state(void *arg, char *why, size_t size)
{
    return futu_gateway_upstream_state(arg, why, size);
}

static void state(void *arg, struct console_login *out)
{
    direct_console(((futu_gateway *)arg)->direct, out);
}

static futu_err code(void *arg, const char *text)
{
    return direct_code(((futu_gateway *)arg)->direct, text);
}

static futu_err send_code(void *arg)
{
    return direct_send_code(((futu_gateway *)arg)->direct);
}

static futu_err again(void *arg, const struct secret *md5)
{
    struct direct *d = ((futu_gateway *)arg)->direct;
    return md5 ? direct_restart(d, md5) : direct_again(d);
}

futu_err console_make(futu_gateway *g, const futu_gateway_opts *o)
{
    static const struct console_login_ops login = { state, code, send_code, again };
    const struct console_opts c = {
        .hub = g->hub,
        .access = g->access,
        .clock = *loop_clock(o->loop),
        .timers = loop_timers(o->loop),
        .upstream_state = upstream_state,
        .login = g->direct ? &login : NULL,
        .arg = g,
        .shutdown = o->on_shutdown,
        .shutdown_arg = o->on_shutdown_arg,
    };
    return console_new(&g->console, &c);
}

futu_err futu_gateway_console(futu_gateway *g, futu_console **out, const futu_console_opts *opts)
{
    futu_console_opts o;
    *out = NULL;
    futu_err err = opts_copy(&o, sizeof(o), OPTS_END(futu_console_opts, arg), opts);
    return err ? err : console_open(g->console, out, &o);
}
