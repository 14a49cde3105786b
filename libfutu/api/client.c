/* client.c - futu_client: the engine of client/ on a loop, and calls that wait.
 *
 * A waiting call runs the loop until its callback has come; it always comes, since each call has a
 * time limit.
 */
#include "client/client.h"

#include "api/attach.h"
#include "api/opts.h"
#include "base/mem.h"
#include "client/link_sock.h"
#include "crypt/random.h"

enum { DEFAULT_PORT = 11111, DEFAULT_TIMEOUT_MS = 10000 };

/* Ends a futu_client_connect() that waits, then tells the user. */
static void on_state(futu_client *c, int state, futu_err err, void *arg)
{
    if (state != FUTU_STATE_CONNECTING) {
        c->settled = true;
        c->settled_err = state == FUTU_STATE_READY ? FUTU_OK : err ? err : FUTU_ECANCELED;
    }
    if (c->user_on_state)
        c->user_on_state(c, state, err, arg);
}

static void on_turn(struct loop_hook *h)
{
    futu_client *c = container_of(h, futu_client, hook);
    if (atomic_load_explicit(&c->stop_asked, memory_order_relaxed) &&
        atomic_exchange(&c->stop_asked, false))
        client_stop(c, FUTU_OK);
}

static bool good(const futu_client_opts *o)
{
    bool same_loop = !o->gateway || !o->loop || o->gateway->loop == o->loop;
    return same_loop && o->port <= 65535 && o->encryption >= FUTU_ENC_NONE &&
           o->encryption <= FUTU_ENC_AES_CBC &&
           (o->format == FUTU_FMT_PROTOBUF || o->format == FUTU_FMT_JSON);
}

static futu_err make_link(struct link **out, futu_loop *l, const futu_client_opts *o)
{
    if (o->gateway)
        return attach_new(out, o->gateway);
    return link_sock_new(out, l, o->host ? o->host : "127.0.0.1", o->port ? o->port : DEFAULT_PORT);
}

static futu_err make_client(futu_client **out, futu_loop *l, const futu_client_opts *o)
{
    struct client_opts e = {
        .clock = *loop_clock(l),
        .timers = loop_timers(l),
        .algo = o->encryption,
        .format = o->format,
        .timeout = (o->timeout_ms ? o->timeout_ms : DEFAULT_TIMEOUT_MS) * NS_PER_MS,
        .client_id = o->client_id ? o->client_id : "libfutu",
        .no_notify = o->no_notify != 0,
        .no_reconnect = o->no_reconnect != 0,
        .on_state = on_state,
        .on_push = o->on_push,
        .arg = o->arg,
        .random = random_u64,
    };
    futu_err err = o->rsa_key ? rsa_key_load(&e.rsa, o->rsa_key) : FUTU_OK;
    if (!err)
        err = make_link(&e.link, l, o);
    if (!err)
        return client_new(out, &e);
    rsa_key_free(e.rsa);
    return err;
}

futu_err futu_client_new(futu_client **out, const futu_client_opts *opts)
{
    futu_client_opts o;
    *out = NULL;
    futu_err err = opts_copy(&o, sizeof(o), OPTS_END(futu_client_opts, arg), opts);
    if (err || !good(&o))
        return err ? err : FUTU_EINVAL;
    futu_loop *loop = o.loop ? o.loop : o.gateway ? o.gateway->loop : NULL;
    bool own = !loop;
    if (own)
        err = futu_loop_new(&loop);
    if (!err)
        err = make_client(out, loop, &o);
    if (err) {
        if (own)
            futu_loop_free(loop);
        return err;
    }
    futu_client *c = *out;
    c->loop = loop;
    c->owns_loop = own;
    c->user_on_state = o.on_state;
    loop_hook_add(loop, &c->hook, on_turn);
    return FUTU_OK;
}

void futu_client_free(futu_client *c)
{
    if (!c)
        return;
    futu_loop *own = c->owns_loop ? c->loop : NULL;
    loop_hook_remove(&c->hook);
    client_free(c);
    futu_loop_free(own);
}

futu_err futu_client_start(futu_client *c)
{
    return client_start(c);
}

void futu_client_stop(futu_client *c)
{
    atomic_store(&c->stop_asked, true);
    loop_wake(c->loop);
}

futu_err futu_client_connect(futu_client *c)
{
    if (loop_running(c->loop))
        return FUTU_EBUSY;
    if (c->phase == PHASE_READY)
        return FUTU_OK;
    client_start(c);            /* FUTU_EEXIST: it is on its way already */
    c->settled = false;
    futu_err err = loop_run_until(c->loop, &c->settled);
    return err ? err : c->settled_err;
}

futu_loop *futu_client_loop(futu_client *c)
{
    return c->loop;
}

uint64_t futu_client_conn_id(const futu_client *c)
{
    return c->conn_id;
}

uint64_t futu_client_user_id(const futu_client *c)
{
    return c->user_id;
}

int futu_client_server_ver(const futu_client *c)
{
    return c->server_ver;
}

const char *futu_client_error(const futu_client *c)
{
    return c->error;
}

/* ---- calls ---- */

futu_err futu_client_call(futu_client *c, uint32_t proto, const void *body, size_t len,
                          futu_reply_fn *fn, void *arg)
{
    return client_call(c, proto, body, len, fn, arg);
}

futu_err futu_client_call_json(futu_client *c, const char *name, const char *json,
                               futu_reply_fn *fn, void *arg)
{
    return client_call_json(c, name, json, fn, arg);
}

futu_err futu_client_call_msg(futu_client *c, uint32_t proto, const void *request,
                              futu_reply_fn *fn, void *arg)
{
    return client_call_msg(c, proto, request, fn, arg);
}

struct wait {
    bool done;
    futu_err err;
    futu_reply *reply;
};

static void on_done(futu_client *c, futu_err err, futu_reply *r, void *arg)
{
    struct wait *w = arg;
    (void)c;
    w->err = err;
    w->reply = r ? client_keep(r) : NULL;
    w->done = true;
}

/* `sent`: how the request went out. */
static futu_err finish(futu_client *c, futu_err sent, struct wait *w, futu_reply **out)
{
    if (sent)
        return sent;
    futu_err err = loop_run_until(c->loop, &w->done);
    assert(!err);               /* the call's time limit keeps the loop alive */
    if (!err)
        err = w->err;
    *out = w->reply;
    if (!err && futu_reply_ret(w->reply) != 0)
        err = client_fail(c, FUTU_EREFUSED, "%s", futu_reply_text(w->reply));
    return err;
}

futu_err futu_client_call_sync(futu_client *c, uint32_t proto, const void *body, size_t len,
                               futu_reply **out)
{
    struct wait w = { 0 };
    *out = NULL;
    if (loop_running(c->loop))
        return FUTU_EBUSY;
    return finish(c, client_call(c, proto, body, len, on_done, &w), &w, out);
}

futu_err futu_client_call_json_sync(futu_client *c, const char *name, const char *json,
                                    futu_reply **out)
{
    struct wait w = { 0 };
    *out = NULL;
    if (loop_running(c->loop))
        return FUTU_EBUSY;
    return finish(c, client_call_json(c, name, json, on_done, &w), &w, out);
}

futu_err futu_client_call_msg_sync(futu_client *c, uint32_t proto, const void *request,
                                   futu_reply **out)
{
    struct wait w = { 0 };
    *out = NULL;
    if (loop_running(c->loop))
        return FUTU_EBUSY;
    return finish(c, client_call_msg(c, proto, request, on_done, &w), &w, out);
}
