/* client.c - see client.h: the phases of a connection. */
#include "client/client.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"

#define PAUSE_MIN (200 * NS_PER_MS)
#define PAUSE_MAX (5 * NS_PER_S)
/* A connection that lasted less counts as a failed attempt: a peer that drops everyone at once is
 * not to be called in a circle. */
#define LASTING (5 * NS_PER_S)

int64_t client_now(const futu_client *c)
{
    return clock_mono(&c->o.clock);
}

static void say(futu_client *c, int state, futu_err err)
{
    if (c->o.on_state)
        c->o.on_state(c, state, err, c->o.arg);
}

static void set_error(futu_client *c, const char *fmt, va_list ap)
{
    vsnprintf(c->error, sizeof(c->error), fmt, ap);
}

futu_err client_fail(futu_client *c, futu_err err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    set_error(c, fmt, ap);
    va_end(ap);
    return err;
}

/* Ends the connection, not the client. What the last callback was given stays valid: the buffers
 * are emptied by open_link(). */
static void hang_up(futu_client *c)
{
    c->epoch++;
    c->conn_id = c->user_id = 0;
    c->server_ver = 0;
    c->restoring = 0;
    client_alive_stop(c);
    c->o.link->ops->close(c->o.link);
}

/* 0 at first, then anything between the least pause and a bound that doubles. */
static int64_t pause_ns(const futu_client *c)
{
    if (c->attempts == 0)
        return 0;
    int64_t bound = MIN(PAUSE_MAX, 2 * PAUSE_MIN << MIN(c->attempts - 1, 8u));
    return PAUSE_MIN + (int64_t)(c->o.random() % (uint64_t)(bound - PAUSE_MIN));
}

void client_drop(futu_client *c, futu_err err)
{
    /* Who passes bytes on tells of a loss in its own words. */
    if (c->o.raw)
        log_debug("%s: connection lost: %s", c->client_id, c->error);
    else
        log_info("client: connection lost: %s", c->error);
    c->lost_in = c->phase;
    bool lasted = c->phase == PHASE_READY && client_now(c) - c->ready_at >= LASTING;
    if (lasted)
        c->attempts = 0;
    hang_up(c);
    if (c->o.no_reconnect || err == FUTU_ECANCELED) {
        client_stop(c, err);
        return;
    }
    c->phase = PHASE_WAIT;
    timer_set(c->o.timers, &c->retry, client_now(c) + pause_ns(c));
    uint32_t epoch = c->epoch;
    client_end_calls(c, FUTU_ENOTCONN);
    if (c->epoch == epoch && c->phase == PHASE_WAIT)
        say(c, FUTU_STATE_LOST, err);
}

void client_lose(futu_client *c, futu_err err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    set_error(c, fmt, ap);
    va_end(ap);
    client_drop(c, err);
}

static void open_link(futu_client *c)
{
    framer_free(&c->framer);
    framer_init(&c->framer, FRAME_MAX_BODY);
    cipher_wipe(&c->cipher);
    c->cipher.algo = CIPHER_NONE;
    c->phase = PHASE_LINKING;
    c->epoch++;
    c->attempts++;
    uint32_t epoch = c->epoch;
    say(c, FUTU_STATE_CONNECTING, FUTU_OK);
    if (c->epoch != epoch || c->phase != PHASE_LINKING)
        return;                 /* stopped in the callback */
    futu_err err = c->o.link->ops->open(c->o.link, c->o.timeout);
    if (err)
        client_lose(c, err, "connecting: %s", futu_strerror(err));
}

static void on_retry(struct timer *t, int64_t now)
{
    (void)now;
    open_link(container_of(t, futu_client, retry));
}

static void on_up(void *arg)
{
    futu_client *c = arg;
    c->phase = PHASE_INIT;
    c->last_rx = client_now(c);
    futu_err err = client_init_send(c);
    if (err)
        client_lose(c, err, "InitConnect: %s", futu_strerror(err));
}

static void on_data(void *arg, const uint8_t *p, size_t n)
{
    client_receive(arg, p, n);
}

static void on_down(void *arg, futu_err err, const char *why)
{
    client_lose(arg, err, "%s", why);
}

/* ---- after InitConnect ---- */

static void be_ready(futu_client *c)
{
    c->phase = PHASE_READY;
    c->ready_at = client_now(c);
    say(c, FUTU_STATE_READY, c->restore_err);
}

static void on_restored(futu_client *c, futu_err err, futu_reply *r, void *arg)
{
    (void)arg;
    if (err == FUTU_ENOTCONN || err == FUTU_ECANCELED)
        return;                 /* the connection went meanwhile */
    if (!err && futu_reply_ret(r) != RET_OK)
        err = FUTU_EREFUSED;
    if (err) {
        c->restore_err = client_fail(c, err, "a subscription could not be restored: %s",
                                     r ? futu_reply_text(r) : futu_strerror(err));
        log_warn("client: %s", c->error);
    }
    if (--c->restoring == 0 && c->phase == PHASE_RESTORE)
        be_ready(c);
}

static futu_err send_restore(void *arg, uint32_t proto, const void *request)
{
    futu_client *c = arg;
    futu_err err = client_send_msg(c, proto, request, on_restored, NULL);
    if (!err)
        c->restoring++;
    return err;
}

void client_init_done(futu_client *c)
{
    c->phase = PHASE_RESTORE;
    c->restore_err = FUTU_OK;
    c->restoring = 0;
    if (c->o.raw) {
        be_ready(c);
        return;
    }
    futu_err err = resub_replay(&c->resub, send_restore, c);
    if (err)
        client_lose(c, err, "restoring subscriptions: %s", futu_strerror(err));
    else if (c->restoring == 0)
        be_ready(c);
}

/* ---- life ---- */

static bool good(const struct client_opts *o)
{
    return o->timers && o->link && o->timeout > 0 && o->client_id &&
           (o->format == FRAME_PROTOBUF || o->format == FRAME_JSON) && o->algo >= CIPHER_NONE &&
           o->algo <= CIPHER_AES_CBC;
}

futu_err client_new(futu_client **out, const struct client_opts *o)
{
    futu_err err = good(o) ? FUTU_OK : FUTU_EINVAL;
    futu_client *c = *out = err ? NULL : mem_zalloc(sizeof(*c));
    if (!c) {
        if (o->link)
            o->link->ops->free(o->link);
        rsa_key_free(o->rsa);
        return err ? err : FUTU_ENOMEM;
    }
    c->o = *o;
    if (!str_copy(c->client_id, sizeof(c->client_id), str_c(o->client_id)))
        log_warn("client: client_id is cut after %zu bytes", sizeof(c->client_id) - 1);
    c->o.client_id = c->client_id;
    c->o.link->events = (struct link_events){ on_up, on_data, on_down, c };
    c->retry.fn = on_retry;
    c->push_arena.chunk = 16384;
    c->push_body.max = 4 * FRAME_MAX_BODY;
    c->json.max = FRAME_MAX_BODY;
    c->cipher.algo = CIPHER_NONE;
    list_init(&c->pending);
    list_init(&c->pool);
    resub_init(&c->resub);
    return FUTU_OK;
}

futu_err client_start(futu_client *c)
{
    if (c->phase != PHASE_IDLE && c->phase != PHASE_STOPPED)
        return FUTU_EEXIST;
    c->attempts = 0;
    c->phase = PHASE_WAIT;
    timer_set(c->o.timers, &c->retry, client_now(c));
    return FUTU_OK;
}

void client_stop(futu_client *c, futu_err err)
{
    if (c->phase == PHASE_STOPPED)
        return;
    timer_stop(c->o.timers, &c->retry);
    hang_up(c);
    c->phase = PHASE_STOPPED;
    client_end_calls(c, err == FUTU_OK || err == FUTU_ECANCELED ? FUTU_ECANCELED : FUTU_ENOTCONN);
    if (c->phase == PHASE_STOPPED)
        say(c, FUTU_STATE_STOPPED, err);
}

void client_free(futu_client *c)
{
    if (!c)
        return;
    timer_stop(c->o.timers, &c->retry);
    c->phase = PHASE_STOPPED;
    hang_up(c);
    client_end_calls(c, FUTU_ECANCELED);
    timer_stop(c->o.timers, &c->retry);         /* a callback may have started it again */
    c->o.link->ops->free(c->o.link);
    rsa_key_free(c->o.rsa);
    client_free_calls(c);
    resub_free(&c->resub);
    framer_free(&c->framer);
    cipher_wipe(&c->cipher);
    buf_free(&c->plain);
    buf_free(&c->push_body);
    buf_free(&c->request);
    buf_free(&c->json);
    arena_free(&c->push_arena);
    mem_free(c);
}
