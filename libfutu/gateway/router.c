/* router.c - decides who answers a request, and whether it may be asked at all.
 *
 * In turn: begun? known id? readable, with values that are some? Then the gateway's own handler, or
 * the gates (own subscription, trading unlocked, replay, frequency) and the upstream. Every path
 * queues exactly one reply.
 * Tests:   test/unit/gateway/router_test.c
 */
#include "crypt/secret.h"
#include "gateway/call.h"
#include "gateway/guard.h"
#include "gateway/trace.h"
#include "gateway/values.h"

/* Which calls need a look into the decoded request: their handler or gate reads it. */
static const struct own {
    uint32_t proto;
    handler *fn;                /* answers; NULL: the upstream does */
} own[] = {
    { PROTO_INIT_CONNECT, on_second_init },
    { PROTO_KEEP_ALIVE, on_keep_alive },
    { PROTO_GET_DELAY_STATISTICS, on_delay_statistics },
    { PROTO_TRD_UNLOCK_TRADE, NULL },
    { PROTO_TRD_SUB_ACC_PUSH, on_sub_acc_push },
    { PROTO_QOT_SUB, on_sub },
    { PROTO_QOT_REG_QOT_PUSH, on_reg_push },
    { PROTO_QOT_GET_SUB_INFO, on_sub_info },
    { PROTO_QOT_GET_BASIC_QOT, NULL },
    { PROTO_QOT_GET_KL, NULL },
    { PROTO_QOT_GET_RT, NULL },
    { PROTO_QOT_GET_TICKER, NULL },
    { PROTO_QOT_GET_ORDER_BOOK, NULL },
    { PROTO_QOT_GET_BROKER, NULL },
    { PROTO_GATEWAY_INFO, on_gateway_info },
};

/* Served from a local history database that gateways no longer have; an old upstream still may. */
static const uint32_t gone[] = {
    PROTO_QOT_GET_HISTORY_KL, PROTO_QOT_GET_HISTORY_KL_POINTS, PROTO_QOT_GET_REHAB,
    PROTO_QOT_GET_TRADE_DATE,
};

static const struct own *find_own(uint32_t proto)
{
    for (size_t i = 0; i < ARRAY_LEN(own); i++)
        if (own[i].proto == proto)
            return &own[i];
    return NULL;
}

/* Another gateway may know what we don't: it gets such requests byte for byte. */
static bool forwarded(const struct hub *h, const struct proto_row *row)
{
    return h->up->forwards && (!row || !row->request) && (!row || row->kind == PROTO_REQUEST);
}

static bool known(const struct proto_row *row, bool forwards)
{
    if (!row || row->kind != PROTO_REQUEST || !row->request)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(gone) && !forwards; i++)
        if (gone[i] == row->id)
            return false;
    return true;
}

bool hub_knows(const struct hub *h, uint32_t proto)
{
    const struct proto_row *row = proto_find(proto);
    return forwarded(h, row) || known(row, h->up->forwards);
}

static futu_err to_protobuf(struct ask *a, const uint8_t *in, size_t n, struct codec_error *e)
{
    struct hub *h = a->c->hub;
    if (a->fmt != FRAME_JSON)
        return FUTU_OK;
    h->pb.n = 0;
    futu_err err = codec_from_json(a->row->request, (futu_str){ (const char *)in, n },
                                   CODEC_DECLARED, &h->pb, NULL, e);
    a->body = h->pb.p;
    a->len = h->pb.n;
    return err;
}

static futu_err decode(struct ask *a, struct codec_error *e)
{
    struct hub *h = a->c->hub;
    arena_reset(&h->arena);
    a->msg = arena_alloc(&h->arena, a->row->request->size);
    if (!a->msg)
        return FUTU_ENOMEM;
    return codec_decode(a->row->request, &h->arena, a->body, a->len, a->msg, NULL, e);
}

const void *c2s_field(struct ask *a, const char *name)
{
    const struct pb_field *c2s = codec_field(a->row->request, STR("c2s"));
    const struct pb_field *f = c2s ? codec_field(c2s->sub, str_c(name)) : NULL;
    if (!f)
        return NULL;
    const char *p = *(char *const *)((const char *)a->msg + c2s->off);
    return p + f->off;
}

static bool wants_struct(struct ask *a, const struct own *o)
{
    return o || a->row->write || guard_wants_struct(a) || a->row->freq_by == FREQ_ACCOUNT ||
           a->row->freq_when != FREQ_ALWAYS;
}

/* JSON is checked by its conversion, what is decoded by that; the rest is checked here. */
static bool read_request(struct ask *a, const struct own *o, const uint8_t *in, size_t n)
{
    struct codec_error e = { "", "" };
    char text[400];
    a->body = in;
    a->len = n;
    if (!a->row || !a->row->request)
        return true;
    futu_err err = to_protobuf(a, in, n, &e);
    if (!err && wants_struct(a, o))
        err = decode(a, &e);
    else if (!err && a->fmt != FRAME_JSON)
        err = codec_check(a->row->request, a->body, a->len, NULL, &e);
    if (err == FUTU_ENOMEM)
        reply_refuse(a, "out of memory");
    else if (err)
        reply_refuse(a, "解析protobuf协议失败: %s", codec_error_text(&e, text, sizeof(text)));
    else
        trace_request(a);
    return err == FUTU_OK;
}

static bool counts(struct ask *a)
{
    const bool *refresh;
    const futu_str *key;
    switch (a->row->freq_when) {
    case FREQ_REFRESH:
        refresh = c2s_field(a, "refreshCache");
        return refresh && *refresh;
    case FREQ_FIRST_PAGE:
        key = c2s_field(a, "nextReqKey");
        return !key || key->n == 0;
    default:
        return true;
    }
}

static uint64_t account_of(struct ask *a)
{
    Trd_Common_TrdHeader *const *header = c2s_field(a, "header");
    return header ? (*header)->accID : 0;
}

static bool within_limits(struct ask *a)
{
    struct hub *h = a->c->hub;
    struct limits_no no = { .retry_s = 0 };
    uint64_t account = a->row->freq_by == FREQ_ACCOUNT ? account_of(a) : 0;
    if (h->o.frequency_limits_off || a->row->freq_by == FREQ_NONE || !counts(a))
        return true;
    futu_err err = limits_take(&h->limits, a->row, account, h->now, &no);
    a->retry_s = no.retry_s;
    if (err)
        reply_refuse(a, "%s", err == FUTU_ENOMEM ? "out of memory" : no.text);
    return err == FUTU_OK;
}

/* The number of a write is taken only when the write really goes up; that of a repeat under
 * another connection's packetID is none of ours. */
static void send_write(struct ask *a)
{
    struct write w;
    struct replay_entry *e = NULL;
    if (!gate_write(a, &w))
        return;
    if (!within_limits(a)) {
        if (w.order && !w.resume)
            journal_drop(a->c->hub->journal, w.order);
        return;
    }
    if (w.own)
        e = replay_add(&a->c->replay, w.serial, w.digest);
    if (w.own && !e) {
        if (w.order && !w.resume)
            journal_drop(a->c->hub->journal, w.order);
        reply_refuse(a, "out of memory");
    } else if (w.order) {
        call_start_order(a, e, w.order, w.resume);
    } else {
        call_start(a, e);
    }
}

static void send_unlock(struct ask *a)
{
    if (unlock_may_go(a) && within_limits(a))
        call_start(a, NULL);
}

static void ask_upstream(struct ask *a)
{
    if (a->c->n_calls >= CALLS_PER_CONN * (a->c->kind == KIND_CALL ? 64 : 1))
        reply_refuse(a, "more than %d calls are under way on this connection", CALLS_PER_CONN);
    else if (!a->row || !a->row->request)
        call_start(a, NULL);
    else if (a->row->write || a->proto == PROTO_TRD_UNLOCK_TRADE)
        guard_write(a, a->row->write ? send_write : send_unlock);
    else if (gate_real_time_read(a) && within_limits(a))
        call_start(a, NULL);
}

/* Ids that nobody knows may be trade calls too. */
static bool is_trade(const struct proto_row *row)
{
    return !row || strncmp(row->name, "Trd_", 4) == 0;
}

static void serve(struct ask *a, const uint8_t *in, size_t n)
{
    const struct own *o = find_own(a->proto);
    a->c->hub->requests++;
    if (!a->c->ready)
        reply_refuse(a, "not initialised: InitConnect comes first");
    else if (!hub_knows(a->c->hub, a->proto))
        reply_refuse(a, "未知的协议ID");
    else if (a->c->o.no_trade && is_trade(a->row))
        reply_refuse(a,
                     "this port listens beyond loopback without encryption: no trade calls; give "
                     "the gateway an RSA key (FTAPI) or a certificate (WebSocket)");
    else if (!guard_admit(a) || !read_request(a, o, in, n) || !values_ok(a) || !guard_read(a))
        return;
    else if (o && o->fn)
        o->fn(a);
    else
        ask_upstream(a);
}

void forget_password(struct hub *h)
{
    arena_wipe(&h->arena);
    if (h->pb.p)
        wipe(h->pb.p, h->pb.cap);
    h->pb.n = 0;
}

void route(struct ask *a, const uint8_t *in, size_t n)
{
    struct hub *h = a->c->hub;
    const bool unlock = a->proto == PROTO_TRD_UNLOCK_TRADE;
    serve(a, in, n);
    if (unlock)
        forget_password(h);
}
