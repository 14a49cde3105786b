/* gate.c - the gateway's side of peer.h: what it asks, and what comes up to it. */
#include "peer.h"

#include "crypt/digest.h"

static struct event *note(struct peer *p, struct events *e, uint32_t proto, const uint8_t *body,
                          size_t n)
{
    ck_assert_uint_lt(e->n, PEER_EVENTS);
    e->all[e->n] = (struct event){ .proto = proto, .body = peer_keep(p, body, n), .n = n };
    return &e->all[e->n++];
}

static void on_push(void *arg, const struct upstream_push *u)
{
    struct peer *p = arg;
    struct event *e = note(p, &p->pushes, u->proto, u->body, u->len);
    uint8_t digest[20];
    e->key = u->key;
    e->first = u->first;
    e->lossless = u->lossless;
    e->sha1 = u->sha1 != NULL;
    sha1(u->body, u->len, digest);
    ck_assert(!u->sha1 || memcmp(u->sha1, digest, 20) == 0);
    ck_assert_int_le(u->made_ns, p->time.mono_ns);
}

static void on_trade(void *arg, uint64_t account, uint32_t proto, const uint8_t *body, size_t n)
{
    struct peer *p = arg;
    note(p, &p->trades, proto, body, n)->account = account;
}

static void on_notify(void *arg, uint32_t proto, const uint8_t *body, size_t n)
{
    struct peer *p = arg;
    note(p, &p->notifies, proto, body, n);
}

struct upstream_events gate_events(struct peer *p)
{
    return (struct upstream_events){ on_push, on_trade, on_notify, p, NULL };
}

const struct event *event_last(const struct events *e)
{
    ck_assert_uint_gt(e->n, 0);
    return &e->all[e->n - 1];
}

void *event_msg(struct peer *p, const struct event *e)
{
    return peer_decode(p, proto_find(e->proto)->response, e->body, e->n);
}

static void on_done(struct upstream_request *rq, const uint8_t *body, size_t n)
{
    struct ask *a = container_of(rq, struct ask, rq);
    a->done++;
    a->ret = response_ret(body, n);
    str_copy(a->text, sizeof(a->text), response_text(body, n));
    a->body = peer_keep(a->p, body, a->n = n);
    if (!a->then)
        return;
    a->p->inside = true;
    a->then(a);
    a->p->inside = false;
}

void gate_ask(struct peer *p, struct ask *a, uint32_t proto, const void *body, size_t n)
{
    a->p = p;
    a->rq.proto = proto;
    a->rq.conn_id = 7;
    a->rq.body = peer_keep(p, body, n);
    a->rq.len = n;
    a->rq.done = on_done;
    p->up->ops->request(p->up, &a->rq);
    peer_pump(p);
}

void gate_ask_msg(struct peer *p, struct ask *a, uint32_t proto, const void *request)
{
    size_t n;
    const uint8_t *body = peer_encode(p, proto_find(proto)->request, request, &n);
    gate_ask(p, a, proto, body, n);
}

void gate_cancel(struct peer *p, struct ask *a)
{
    p->up->ops->cancel(p->up, &a->rq);
    peer_pump(p);
}

static void on_opened(struct upstream_open *o, futu_err err, const char *why)
{
    struct opened *x = container_of(o, struct opened, o);
    x->done++;
    x->err = err;
    str_copy(x->why, sizeof(x->why), str_c(why));
    if (!x->then)
        return;
    x->p->inside = true;
    x->then(x);
    x->p->inside = false;
}

void gate_want(struct opened *x, const char *code, int32_t sub_type, int rehab)
{
    ck_assert_uint_lt(x->o.n, ARRAY_LEN(x->wants));
    struct stream_key *k = &x->wants[x->o.n++].key;
    *k = (struct stream_key){ Qot_Common_QotMarket_HK_Security, sub_type, rehab, "" };
    str_copy(k->code, sizeof(k->code), str_c(code));
}

void gate_open(struct peer *p, struct opened *x)
{
    if (!x->o.wants)
        x->o.wants = x->wants;
    x->o.done = on_opened;
    x->p = p;
    p->up->ops->open(p->up, &x->o);
    peer_pump(p);
}

void gate_open_one(struct peer *p, struct opened *x, const char *code, int32_t sub_type, int rehab)
{
    gate_want(x, code, sub_type, rehab);
    gate_open(p, x);
}

void gate_close(struct peer *p, const char *code, int32_t sub_type, int rehab)
{
    struct opened x = { .done = 0 };
    gate_want(&x, code, sub_type, rehab);
    p->up->ops->close(p->up, &x.wants[0].key);
    peer_pump(p);
}

void gate_hold(struct peer *p, const char *code, int32_t sub_type, int rehab)
{
    struct opened x = { .done = 0 };
    gate_open_one(p, &x, code, sub_type, rehab);
    ck_assert_uint_eq(x.done, 1);
    ck_assert_msg(x.err == FUTU_OK, "%s: %s", futu_strerror(x.err), x.why);
}

static void on_watched(struct upstream_watch *w, futu_err err, const char *why)
{
    struct watched *x = container_of(w, struct watched, w);
    x->done++;
    x->err = err;
    str_copy(x->why, sizeof(x->why), str_c(why));
}

void gate_watch(struct peer *p, struct watched *x, const uint64_t *ids, size_t n)
{
    x->w = (struct upstream_watch){ .ids = ids, .n = n, .done = on_watched };
    p->up->ops->watch(p->up, &x->w);
    peer_pump(p);
}
