/* rig.c - see rig.h. */
#include "rig.h"

#include <stdio.h>
#include <sys/uio.h>

#include "wire/sdkws.h"

/* 8 bytes at a time: connection id, key, IV, as the hub asks for them. */
static struct {
    uint64_t next_id;
    unsigned nth;
} rnd;

static void vector_random(void *p, size_t n)
{
    static const uint8_t key[] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF };
    static const uint8_t iv[] = { 0xFE, 0xDC, 0xBA, 0x98, 0x76, 0x54, 0x32, 0x10 };
    ck_assert_uint_eq(n, 8);
    if (rnd.nth == 0)
        memcpy(p, &(uint64_t){ rnd.next_id++ << 1 }, 8);
    else
        memcpy(p, rnd.nth == 1 ? key : iv, 8);
    if (rnd.nth)
        rnd.nth = rnd.nth == 1 ? 2 : 0;
}

static struct fake *of(struct upstream *u)
{
    return container_of(u, struct fake, up);
}

static void finish(struct upstream_request *rq, const char *hex)
{
    static uint8_t bytes[1 << 16];
    size_t n = unhex(hex, bytes, sizeof(bytes));
    rq->done(rq, bytes, n);
}

static void fake_request(struct upstream *u, struct upstream_request *rq)
{
    struct fake *f = of(u);
    f->requests++;
    if (f->at_once) {
        finish(rq, f->answer);
        return;
    }
    ck_assert_uint_lt(f->n_calls, RIG_CALLS);
    f->calls[f->n_calls++] = rq;
}

static void fake_cancel(struct upstream *u, struct upstream_request *rq)
{
    struct fake *f = of(u);
    for (uint32_t i = 0; i < f->n_calls; i++) {
        if (f->calls[i] != rq)
            continue;
        f->calls[i] = NULL;
        f->cancelled++;
        return;
    }
    ck_abort_msg("a request is cancelled that does not wait");
}

static void note(struct fake *f, char sign, const struct stream_key *key)
{
    char line[80];
    snprintf(line, sizeof(line), "%c%d.%s/%d/%d ", sign, key->market, key->code, key->sub_type,
             key->rehab);
    if (f->log.n + sizeof(line) < f->log.cap) {     /* fixed room: allocations may be failing */
        memcpy(f->log.p + f->log.n, line, strlen(line) + 1);
        f->log.n += strlen(line);
    }
}

void rig_opened(struct rig *r, futu_err err, const char *why)
{
    struct fake *f = &r->fake;
    ck_assert_uint_gt(f->n_opens, 0);
    struct upstream_open *o = f->opens[0];
    memmove(f->opens, f->opens + 1, --f->n_opens * sizeof(f->opens[0]));
    for (size_t i = 0; i < o->n && !err; i++)
        note(f, '+', &o->wants[i].key);
    o->done(o, err, why);
}

static void fake_open(struct upstream *u, struct upstream_open *o)
{
    struct fake *f = of(u);
    futu_err err = f->refuse;
    f->refuse = FUTU_OK;
    ck_assert_uint_lt(f->n_opens, ARRAY_LEN(f->opens));
    f->opens[f->n_opens++] = o;
    f->last_opts = o->wants[0].opts;
    if (!f->slow)
        rig_opened(container_of(f, struct rig, fake), err, err && f->why ? f->why : "");
}

static void fake_close(struct upstream *u, const struct stream_key *key)
{
    note(of(u), '-', key);
}

void rig_watched(struct rig *r, futu_err err, const char *why)
{
    struct fake *f = &r->fake;
    ck_assert_uint_gt(f->n_watches, 0);
    struct upstream_watch *w = f->watches[0];
    memmove(f->watches, f->watches + 1, --f->n_watches * sizeof(f->watches[0]));
    f->n_watched = 0;
    for (size_t i = 0; i < w->n && i < ARRAY_LEN(f->watched); i++)
        f->watched[f->n_watched++] = w->ids[i];
    w->done(w, err, why);
}

static void fake_watch(struct upstream *u, struct upstream_watch *w)
{
    struct fake *f = of(u);
    ck_assert_uint_lt(f->n_watches, ARRAY_LEN(f->watches));
    f->watches[f->n_watches++] = w;
    if (!f->slow)
        rig_watched(container_of(f, struct rig, fake), FUTU_OK, NULL);
}

static futu_err fake_info(struct upstream *u, struct arena *a, bool stale, Gateway_GetInfo_Hop *hop,
                          Gateway_GetInfo_S2C *out)
{
    (void)u;
    (void)a;
    (void)stale;
    (void)out;
    hop->upstream = STR("fake");
    return FUTU_OK;
}

static futu_err fake_current(struct upstream *u, const struct stream_key *key, struct buf *out)
{
    struct fake *f = of(u);
    uint8_t bytes[4096];
    (void)key;
    if (!f->current)
        return FUTU_EAGAIN;
    return buf_put(out, bytes, unhex(f->current, bytes, sizeof(bytes)));
}

static void fake_state(struct upstream *u, struct upstream_state *out)
{
    *out = of(u)->state;
}

static const struct upstream_ops fake_ops = {
    .request = fake_request, .cancel = fake_cancel, .open = fake_open,   .close = fake_close,
    .watch = fake_watch,     .current = fake_current, .state = fake_state, .info = fake_info,
};

futu_err rig_try(struct rig *r, const struct hub_opts *opts)
{
    static uint8_t log_room[1 << 20];
    struct hub_opts o = { .sub_quota = 0 };
    if (opts)
        o = *opts;
    memset(r, 0, sizeof(*r));
    rnd.next_id = RIG_FIRST_ID;
    rnd.nth = 0;
    r->time = (struct clock_fake){ 1000 * NS_PER_S, RIG_WALL };
    o.clock = clock_fake(&r->time);
    o.timers = &r->timers;
    o.random = vector_random;
    r->fake.up.ops = &fake_ops;
    r->fake.fail_at = -1;
    r->fake.log = (struct buf){ log_room, 0, sizeof(log_room), sizeof(log_room) };
    log_room[0] = 0;
    r->fake.state = (struct upstream_state){ true, true, 10000001, 1, 100, 100, "fake", 3000, 0 };
    futu_err err = hub_new(&r->hub, &o);
    if (err)
        return err;
    r->events = hub_events(r->hub);
    hub_set_upstream(r->hub, &r->fake.up);
    return FUTU_OK;
}

void rig_init(struct rig *r, const struct hub_opts *opts)
{
    ck_assert_int_eq(rig_try(r, opts), FUTU_OK);
}

void rig_free(struct rig *r)
{
    hub_free(r->hub);
    ck_assert(timers_next(&r->timers) == TIMER_NEVER);
}

void rig_turn(struct rig *r)
{
    timers_run(&r->timers, r->time.mono_ns);
    hub_flush(r->hub);
}

void rig_pass(struct rig *r, int64_t ns)
{
    rig_turn(r);
    while (ns > 0) {
        int64_t step = MIN(ns, NS_PER_S);
        clock_fake_advance(&r->time, step);
        rig_turn(r);
        ns -= step;
    }
}

static struct upstream_request *oldest(struct rig *r, uint32_t proto)
{
    struct fake *f = &r->fake;
    for (uint32_t i = 0; i < f->n_calls; i++) {
        struct upstream_request *rq = f->calls[i];
        if (!rq || rq->proto != proto)
            continue;
        f->calls[i] = NULL;
        return rq;
    }
    ck_abort_msg("no request %u waits upstream", proto);
    return NULL;
}

void rig_answer(struct rig *r, uint32_t proto, const char *hex)
{
    finish(oldest(r, proto), hex);
}

void rig_answer_one(struct rig *r, uint32_t at, const char *hex)
{
    struct upstream_request *rq = r->fake.calls[at];
    r->fake.calls[at] = NULL;
    finish(rq, hex);
}

void rig_answer_msg(struct rig *r, uint32_t proto, const void *response)
{
    struct upstream_request *rq = oldest(r, proto);
    struct buf b = BUF_INIT;
    ck_assert_int_eq(codec_encode(proto_find(proto)->response, response, &b, NULL), FUTU_OK);
    mem_fail_at(r->fake.fail_at);
    rq->done(rq, b.p, b.n);
    buf_free(&b);
}

uint32_t rig_waiting(const struct rig *r, uint32_t proto)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < r->fake.n_calls; i++)
        n += r->fake.calls[i] && r->fake.calls[i]->proto == proto;
    return n;
}

void rig_push(struct rig *r, uint32_t proto, int32_t sub_type, int rehab, const char *hex,
              bool lossless)
{
    static uint8_t bytes[1 << 16];
    struct upstream_push p = { .proto = proto, .key = { 1, sub_type, rehab, "00700" },
                               .body = bytes, .made_ns = r->time.mono_ns, .lossless = lossless };
    p.len = unhex(hex, bytes, sizeof(bytes));
    r->events.push(r->events.arg, &p);
}

static void on_output(futu_conn *c, void *arg)
{
    struct peer *p = arg;
    ck_assert_ptr_eq(c, p->c);
    p->outputs++;
}

static void on_close(futu_conn *c, futu_err err, const char *reason, void *arg)
{
    struct peer *p = arg;
    ck_assert_ptr_eq(c, p->c);
    p->closes++;
    p->closed = err;
    snprintf(p->reason, sizeof(p->reason), "%s", reason);
    if (!p->free_on_close)
        return;
    hub_conn_free(c);
    p->c = NULL;
}

void peer_open(struct peer *p, struct rig *r, int wire)
{
    peer_open_at(p, r, wire, false);
}

void peer_listen(struct peer *p, struct rig *r, futu_conn_opts *o)
{
    memset(p, 0, sizeof(*p));
    p->r = r;
    p->wire = o->wire;
    p->id = rnd.next_id;
    p->cipher.algo = CIPHER_NONE;
    o->peer = "test";
    o->on_output = on_output;
    o->on_close = on_close;
    o->arg = p;
}

void peer_open_at(struct peer *p, struct rig *r, int wire, bool no_trade)
{
    futu_conn_opts o = FUTU_CONN_OPTS_INIT;
    o.wire = wire;
    o.no_trade = no_trade;
    peer_listen(p, r, &o);
    ck_assert_int_eq(hub_conn_new(r->hub, &p->c, &o), FUTU_OK);
}

futu_err peer_open_as(struct peer *p, struct rig *r, const char *token)
{
    futu_conn_opts o = FUTU_CONN_OPTS_INIT;
    o.wire = FUTU_WIRE_WS;
    o.token = str_c(token);
    peer_listen(p, r, &o);
    return hub_conn_new(r->hub, &p->c, &o);
}

void peer_close(struct peer *p)
{
    hub_conn_free(p->c);
    p->c = NULL;
    buf_free(&p->in);
    arena_free(&p->arena);
}

futu_err peer_feed(struct peer *p, const void *bytes, size_t n)
{
    unsigned outputs = p->outputs, closes = p->closes;
    rnd.nth = rnd.nth == 0 ? 1 : rnd.nth;       /* what is asked for in here is a key */
    futu_err err = hub_conn_feed(p->c, bytes, n);
    rnd.nth = 0;
    ck_assert_uint_eq(p->outputs, outputs);     /* never from inside */
    ck_assert_uint_eq(p->closes, closes);
    return err;
}

futu_err peer_send(struct peer *p, uint32_t proto, uint8_t fmt, uint32_t serial, const void *body,
                   size_t n)
{
    struct buf out = BUF_INIT;
    futu_err err = frame_write(&out, proto, fmt, serial, body, n, &p->cipher);
    if (!err)
        err = peer_feed(p, out.p, out.n);
    buf_free(&out);
    return err;
}

futu_err peer_send_hex(struct peer *p, uint32_t proto, uint32_t serial, const char *hex)
{
    uint8_t bytes[4096];
    size_t n = unhex(hex, bytes, sizeof(bytes));
    return peer_send(p, proto, FRAME_PROTOBUF, serial, bytes, n);
}

futu_err peer_send_msg(struct peer *p, uint32_t serial, uint32_t proto, const void *request)
{
    struct buf body = BUF_INIT;
    futu_err err = codec_encode(proto_find(proto)->request, request, &body, NULL);
    if (!err)
        err = peer_send(p, proto, FRAME_PROTOBUF, serial, body.p, body.n);
    buf_free(&body);
    return err;
}

void peer_init(struct peer *p, int algo, uint8_t push_fmt, bool notify)
{
    InitConnect_C2S c2s = { .clientID = STR("test") };
    InitConnect_Request rq = { &c2s };
    SET(&c2s, clientVer, 300);
    SET(&c2s, packetEncAlgo, algo);
    SET(&c2s, pushProtoFmt, push_fmt);
    SET(&c2s, recvNotify, notify);
    ck_assert_int_eq(peer_send_msg(p, 1, 1001, &rq), FUTU_OK);
    InitConnect_Response *rsp = peer_reply(p, 1001, 1);
    ck_assert_int_eq(rsp->retType, 0);
    ck_assert_uint_eq(rsp->s2c->connID, p->id);
    ck_assert_int_eq(cipher_init(&p->cipher, algo, (const uint8_t *)RIG_KEY,
                                 (const uint8_t *)RIG_IV), FUTU_OK);
}

void peer_take(struct peer *p)
{
    struct iovec iov[7];
    size_t n;
    hub_flush(p->r->hub);
    if (p->at == p->in.n)
        p->at = p->in.n = 0;
    while (p->c && !p->stalled && (n = hub_conn_output(p->c, iov, ARRAY_LEN(iov))) > 0) {
        size_t all = 0;
        for (size_t i = 0; i < n; i++) {
            ck_assert_int_eq(buf_put(&p->in, iov[i].iov_base, iov[i].iov_len), FUTU_OK);
            all += iov[i].iov_len;
        }
        hub_conn_sent(p->c, all);
    }
}

/* Strips the head of one WebSocket message; the rest of it is a whole frame. */
static void skip_ws_head(struct peer *p)
{
    const uint8_t *b = p->in.p + p->at;
    ck_assert_uint_eq(b[0], 0x82);
    ck_assert_uint_lt(b[1], 128);
    p->at += b[1] < 126 ? 2 : b[1] == 126 ? 4 : 10;
}

bool peer_next(struct peer *p, struct frame *f)
{
    static struct buf plain;
    peer_take(p);
    if (p->at == p->in.n)
        return false;
    if (p->wire == FUTU_WIRE_WS)
        skip_ws_head(p);
    ck_assert_uint_ge(p->in.n - p->at, FRAME_HEAD);
    ck_assert_int_eq(frame_head_read(p->in.p + p->at, f), FUTU_OK);
    p->at += FRAME_HEAD;
    ck_assert_uint_ge(p->in.n - p->at, f->len);
    f->body = p->in.p + p->at;
    p->at += f->len;
    const uint8_t *body = f->body;
    size_t n = f->len;
    if (p->cipher.algo != CIPHER_NONE) {
        plain.n = 0;
        ck_assert_int_eq(cipher_decrypt(&p->cipher, f->body, f->len, &plain), FUTU_OK);
        body = plain.p;
        n = plain.n;
    }
    ck_assert_int_eq(frame_sha1_check(f, body, n), FRAME_SHA1_PLAIN);
    f->body = body;
    f->len = (uint32_t)n;
    return true;
}

void peer_expect(struct peer *p, uint32_t proto, uint8_t fmt, uint32_t serial, const char *hex)
{
    static uint8_t want[1 << 16];
    struct frame f;
    size_t n = unhex(hex, want, sizeof(want));
    ck_assert_msg(peer_next(p, &f), "no frame, %u expected", proto);
    ck_assert_uint_eq(f.proto, proto);
    ck_assert_uint_eq(f.fmt, fmt);
    ck_assert_uint_eq(f.serial, serial);
    ck_assert_uint_eq(f.len, n);
    ck_assert_mem_eq(f.body, want, n);
}

void *peer_reply(struct peer *p, uint32_t proto, uint32_t serial)
{
    const struct proto_row *row = proto_find(proto);
    const futu_msg *m = row && row->response ? row->response : &KeepAlive_Response_msg;
    struct codec_error e = { "", "" };
    struct frame f;
    ck_assert_msg(peer_next(p, &f), "no frame, %u expected", proto);
    ck_assert_uint_eq(f.proto, proto);
    ck_assert_uint_eq(f.serial, serial);
    ck_assert_uint_eq(f.fmt, FRAME_PROTOBUF);
    arena_reset(&p->arena);
    void *msg = arena_alloc(&p->arena, m->size);
    futu_err err = codec_decode(m, &p->arena, f.body, f.len, msg, NULL, &e);
    ck_assert_msg(err == FUTU_OK, "%u: %s: %s", proto, e.path, e.what);
    return msg;
}

void peer_refused(struct peer *p, uint32_t proto, uint32_t serial, int32_t ret, const char *part)
{
    KeepAlive_Response *rsp = peer_reply(p, proto, serial);     /* the shared envelope */
    ck_assert_int_eq(rsp->retType, ret);
    ck_assert_msg(rsp->retMsg.p && strstr(rsp->retMsg.p, part), "\"%s\" is not in \"%s\"", part,
                  rsp->retMsg.p ? rsp->retMsg.p : "");
}

void peer_ok(struct peer *p, uint32_t proto, uint32_t serial)
{
    struct frame f;
    char text[256] = "";
    ck_assert_msg(peer_next(p, &f), "no frame, %u expected", proto);
    ck_assert_uint_eq(f.proto, proto);
    ck_assert_uint_eq(f.serial, serial);
    if (f.len > 13 && f.body[1] != 0)
        snprintf(text, sizeof(text), "%.*s", (int)MIN(f.len - 13, 200u), f.body + 13);
    ck_assert_msg(f.len >= 2 && f.body[0] == 8 && f.body[1] == 0, "%u failed: %s", proto, text);
}

void peer_nothing(struct peer *p)
{
    struct frame f;
    if (peer_next(p, &f))
        ck_abort_msg("frame %u is not expected", f.proto);
}

static size_t split_codes(char *codes, Qot_Common_Security *out)
{
    size_t n = 0;
    char *rest = NULL;
    for (char *s = strtok_r(codes, " ", &rest); s; s = strtok_r(NULL, " ", &rest)) {
        SET(&out[n], market, 1);
        out[n++].code = str_c(s);
    }
    return n;
}

void peer_sub(struct peer *p, uint32_t serial, const struct sub_args *a)
{
    Qot_Common_Security secs[16] = { { 0 } };
    char codes[256];
    int32_t types[64];
    Qot_Sub_C2S c2s = { .securityList = secs, .subTypeList = types };
    Qot_Sub_Request rq = { &c2s };
    snprintf(codes, sizeof(codes), "%s", a->codes ? a->codes : "");
    c2s.n_securityList = split_codes(codes, secs);
    for (const int32_t *t = a->types; t && *t != -1; t++)
        types[c2s.n_subTypeList++] = *t;
    SET(&c2s, isSubOrUnSub, a->on);
    if (a->push >= 0)
        SET(&c2s, isRegOrUnRegPush, a->push == 1);
    if (a->first >= 0)
        SET(&c2s, isFirstPush, a->first == 1);
    if (a->all)
        SET(&c2s, isUnsubAll, true);
    if (a->rehab >= 0) {
        c2s.n_regPushRehabTypeList = 1;
        c2s.regPushRehabTypeList = (int32_t *)&a->rehab;
    }
    ck_assert_int_eq(peer_send_msg(p, serial, 3001, &rq), FUTU_OK);
}
