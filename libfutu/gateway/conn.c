/* conn.c - one connection: bytes in, whole requests to the router; queued frames out.
 *
 * In:      a TCP stream of FTAPI frames, or WebSocket messages: each one message of the SDK's
 *          ft-v1.0 protocol or whole FTAPI frames; the first message decides which.
 * Errors:  bad input ends the connection by the return value of hub_conn_feed(); what is decided
 *          otherwise, by on_close in the next hub_flush().
 * Limit:   bodies of FRAME_MAX_BODY, checked before memory is taken.
 * Threads: the loop's.
 * Tests:   test/unit/gateway/conn_test.c, test/fuzz/fuzz_gateway.c
 */
#include <stdarg.h>
#include <stdio.h>

#include "gateway/call.h"
#include "gateway/guard.h"
#include "gateway/pend.h"
#include "wire/sdkws.h"

void conn_die(struct futu_conn *c, futu_err err, const char *fmt, ...)
{
    va_list ap;
    if (c->ended)
        return;
    c->ended = c->closing = true;
    c->why = err;
    va_start(ap, fmt);
    vsnprintf(c->reason, sizeof(c->reason), fmt, ap);
    va_end(ap);
    list_push(&c->hub->dying, &c->dying);
}

static bool opts_ok(const futu_conn_opts *o)
{
    return o->size >= offsetof(futu_conn_opts, arg) + sizeof(o->arg) &&
           (unsigned)o->wire <= WIRE_CALL;
}

/* 1 to 2^63 - 1, never twice in a run as far as chance can promise. */
static uint64_t fresh_id(struct hub *h)
{
    uint64_t id = 0;
    while (id >> 1 == 0)
        h->o.random(&id, sizeof(id));
    return id >> 1;
}

static void init_fields(struct futu_conn *c, struct hub *h)
{
    static const uint8_t kinds[] = { KIND_TCP, KIND_NONE, KIND_EVENTS, KIND_CALL };
    c->hub = h;
    c->id = fresh_id(h);
    c->kind = kinds[c->o.wire];
    c->iface = c->o.wire == FUTU_WIRE_TCP ? IFACE_TCP : IFACE_WS;
    c->ready = c->kind == KIND_CALL || c->kind == KIND_EVENTS;
    c->last_rx = hub_now(h);
    framer_init(&c->framer, FRAME_MAX_BODY);
    outq_init(&c->out);
    list_init(&c->dirty);
    list_init(&c->dying);
    list_init(&c->trader);
    list_init(&c->calls);
    list_init(&c->pends);
    list_init(&c->subs);
    list_init(&c->asked);
    list_init(&c->viewers);
    list_init(&c->viewer);
    list_push(&h->conns, &c->link);
    h->n_conns++;
    h->metrics.total_connections++;
    session_watch(c);
}

/* Who is there, when the WebSocket port has keys. FUTU_EAUTH, FUTU_EREFUSED. */
static futu_err identify(struct hub *h, const futu_conn_opts *o, struct api_key **key)
{
    *key = NULL;
    if (o->wire != FUTU_WIRE_WS || !h->o.access || !access_has_keys(h->o.access, IFACE_WS))
        return FUTU_OK;
    enum deny d = access_open(h->o.access, IFACE_WS, o->token, key);
    if (d == DENY_NONE && !access_scope(*key, SCOPE_QOT_READ))
        d = DENY_SCOPE;
    struct audit_event e = { .iface = IFACE_WS, .endpoint = "handshake", .peer = o->peer,
                             .key_id = *key ? (*key)->rules->id
                                            : d == DENY_MISSING ? "<missing>" : "<invalid>",
                             .outcome = d ? OUTCOME_REJECT : OUTCOME_ALLOW,
                             .reason = d ? deny_text(d) : NULL, .scope = d ? NULL : "qot:read" };
    hub_audit(h, &e, d);
    if (d == DENY_NONE)
        return FUTU_OK;
    return deny_status(d) == 401 ? FUTU_EAUTH : FUTU_EREFUSED;
}

futu_err hub_conn_new(struct hub *h, futu_conn **out, const futu_conn_opts *opts)
{
    *out = NULL;
    if (!opts_ok(opts) || !h->up)
        return FUTU_EINVAL;
    if (h->n_conns >= h->o.max_connections) {
        h->metrics.rejected_connections++;
        return FUTU_ELIMIT;
    }
    struct api_key *key;
    futu_err err = identify(h, opts, &key);
    if (err)
        return err;
    struct futu_conn *c = mem_zalloc(sizeof(*c));
    if (!c)
        return FUTU_ENOMEM;
    c->peer = mem_strdup(opts->peer ? opts->peer : "-");
    if (!c->peer) {
        mem_free(c);
        return FUTU_ENOMEM;
    }
    c->o = *opts;
    c->o.peer = c->peer;
    c->o.token = STR_NULL;
    c->key = key;
    init_fields(c, h);
    caller_key_watch(h, key);
    *out = c;
    return FUTU_OK;
}

void hub_conn_free(futu_conn *c)
{
    if (!c)
        return;
    struct hub *h = c->hub;
    hub_now(h);
    guard_conn_gone(c);
    while (!list_empty(&c->calls))
        call_leave(list_entry(c->calls.next, struct call, link));
    pend_conn_gone(c);
    caller_gone(c);
    while (!list_empty(&c->subs))
        sub_orphan(h, list_entry(c->subs.next, struct sub, in_conn));
    timer_stop(h->o.timers, &c->timer);
    list_remove(&c->link);
    list_remove(&c->dirty);
    list_remove(&c->dying);
    list_remove(&c->trader);
    list_remove(&c->viewer);
    h->n_conns--;
    h->metrics.total_disconnections++;
    map_free(&c->sub_of_pair);
    map_free(&c->places);
    replay_free(&c->replay);
    outq_free(&c->out);
    framer_free(&c->framer);
    if (c->cipher)
        cipher_wipe(c->cipher);
    mem_free(c->cipher);
    mem_free(c->accounts);
    mem_free(c->peer);
    mem_free(c);
}

static futu_err undecryptable(struct ask *a)
{
    reply_refuse(a, "the body can't be decrypted");
    conn_die(a->c, FUTU_EPROTO, "a body that can't be decrypted");
    return FUTU_OK;
}

static futu_err on_frame(struct futu_conn *c, const struct frame *f)
{
    struct hub *h = c->hub;
    futu_str plain = { (const char *)f->body, f->len };
    struct ask a = { .c = c, .row = proto_find(f->proto), .proto = f->proto, .serial = f->serial,
                     .fmt = f->fmt == FRAME_JSON ? FRAME_JSON : FRAME_PROTOBUF, .at = h->now };
    if (f->proto == PROTO_INIT_CONNECT && !c->ready)
        return session_init(c, f);
    if (c->cipher) {
        h->plain.n = 0;
        futu_err err = cipher_decrypt(c->cipher, f->body, f->len, &h->plain);
        if (err == FUTU_EFORMAT)
            return undecryptable(&a);
        if (err)
            return err;
        plain = buf_str(&h->plain);
    }
    enum frame_sha1 sum = frame_sha1_check(f, (const uint8_t *)plain.p, plain.n);
    if (sum == FRAME_SHA1_WIRE)
        log_debug("%s: %u: the digest is of the encrypted body", c->peer, f->proto);
    if (sum == FRAME_SHA1_BAD)
        reply_refuse(&a, "The packet body SHA1 signature is incorrect");
    else if (f->fmt > FRAME_JSON)
        reply_refuse(&a, "unknown body format %u: 0 is protobuf, 1 is JSON", f->fmt);
    else
        route(&a, (const uint8_t *)plain.p, plain.n);
    return FUTU_OK;
}

static futu_err feed_frames(struct futu_conn *c, const uint8_t *p, size_t n)
{
    while (n > 0 && !c->ended) {
        struct frame f;
        size_t used;
        futu_err err = framer_feed(&c->framer, p, n, &used, &f);
        if (err == FUTU_EAGAIN)
            return FUTU_OK;
        if (err == FUTU_OK)
            err = on_frame(c, &f);
        if (err)
            return err;
        p += used;
        n -= used;
    }
    return FUTU_OK;
}

static futu_err feed_sdk(struct futu_conn *c, const uint8_t *p, size_t n)
{
    struct sdkws m;
    if (n > SDKWS_REQUEST_HEAD + FRAME_MAX_BODY || sdkws_read_request(p, n, &m))
        return FUTU_EPROTO;
    struct ask a = { .c = c, .row = proto_find(m.command), .proto = m.command, .serial = m.section,
                     .fmt = FRAME_PROTOBUF, .at = c->hub->now, .body = m.body, .len = m.len };
    if (m.command == SDKWS_INIT)
        session_init_websocket(c, &a);
    else
        route(&a, m.body, m.len);
    return FUTU_OK;
}

/* A message holds whole frames: no rest may stay behind. */
static futu_err feed_message(struct futu_conn *c, const uint8_t *p, size_t n)
{
    bool sdk = sdkws_is(p, n);
    if (c->kind == KIND_NONE)
        c->kind = sdk ? KIND_WS_SDK : KIND_WS_FT;
    if (sdk != (c->kind == KIND_WS_SDK))
        return FUTU_EPROTO;
    if (sdk)
        return feed_sdk(c, p, n);
    futu_err err = n < FRAME_HEAD ? FUTU_EPROTO : feed_frames(c, p, n);
    return err == FUTU_OK && !c->ended && framer_partial(&c->framer) ? FUTU_EPROTO : err;
}

futu_err hub_conn_feed(futu_conn *c, const void *p, size_t n)
{
    if (c->ended)
        return c->closing ? FUTU_OK : FUTU_EPROTO;
    c->last_rx = hub_now(c->hub);
    if (c->kind == KIND_EVENTS) {
        c->events.on_text(c, (futu_str){ p, n }, c->events.arg);
        return FUTU_OK;
    }
    futu_err err = c->kind == KIND_TCP ? feed_frames(c, p, n) : feed_message(c, p, n);
    if (err) {
        c->ended = true;
        log_debug("%s: %s", c->peer, futu_strerror(err));
    }
    return err;
}

size_t hub_conn_output(futu_conn *c, struct iovec *iov, size_t max)
{
    return outq_output(&c->out, iov, max);
}

static void written(const struct out_entry *e, void *arg)
{
    struct hub *h = arg;
    delay_sent(&h->delay, &e->mark, h->now);
}

void hub_conn_sent(futu_conn *c, size_t n)
{
    struct hub *h = c->hub;
    hub_now(h);
    outq_sent(&c->out, MIN(n, c->out.bytes), written, h);
}

size_t hub_conn_queued(const futu_conn *c)
{
    return c->out.bytes;
}

bool hub_conn_at_boundary(const futu_conn *c)
{
    return outq_at_boundary(&c->out);
}
