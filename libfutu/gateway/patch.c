/* patch.c - see patch.h. An answer that can't be read is passed on as it is. */
#include "gateway/patch.h"

#include "codec/splice.h"

typedef void patch_fn(struct call *k, futu_str *body, int64_t net_ns);

static bool decode(struct hub *h, const futu_msg *m, futu_str body, void *out)
{
    arena_reset(&h->events);
    return codec_decode(m, &h->events, body.p, body.n, out, NULL, NULL) == FUTU_OK;
}

static void replace(struct hub *h, const futu_msg *m, const void *rsp, futu_str *body)
{
    h->body.n = 0;
    if (codec_encode(m, rsp, &h->body, NULL) == FUTU_OK)
        *body = buf_str(&h->body);
}

/* Two numbers are ours; whatever else is there stays as it is, also what we do not know. */
static void global_state(struct call *k, futu_str *body, int64_t net_ns)
{
    enum { SERVER_VER = 8, CONN_ID = 16, S2C = 4 };
    struct hub *h = k->hub;
    uint8_t id[PB_MAX_SCALAR], ver[PB_MAX_SCALAR];
    int32_t version = hub_server_ver(h);
    (void)net_ns;
    if (!k->ask.c)
        return;
    const struct pb_edit edits[] = {
        { CONN_ID, id, (size_t)(pb_put_scalar(id, CONN_ID, PB_UINT64, &k->ask.c->id) - id) },
        { SERVER_VER, ver, (size_t)(pb_put_scalar(ver, SERVER_VER, PB_INT32, &version) - ver) },
    };
    h->body.n = 0;
    if (pb_splice((const uint8_t *)body->p, body->n, S2C, edits, 2, &h->body) == FUTU_OK)
        *body = buf_str(&h->body);
}

/* An upstream without this protocol still leaves us our own half of the answer. */
static void used_quota(struct call *k, futu_str *body, int64_t net_ns)
{
    struct hub *h = k->hub;
    UsedQuota_Response rsp;
    UsedQuota_S2C s2c = { .usedSubQuota = 0 };
    (void)net_ns;
    if (!decode(h, &UsedQuota_Response_msg, *body, &rsp))
        return;
    if (!rsp.s2c || rsp.retType != RET_OK)
        rsp.s2c = &s2c;
    SET(&rsp, retType, RET_OK);
    SET(&rsp, errCode, 0);
    rsp.retMsg = STR("");
    SET(rsp.s2c, usedSubQuota, (int32_t)h->subs.n_pairs);
    replace(h, &UsedQuota_Response_msg, &rsp, body);
}

static void unlock_trade(struct call *k, futu_str *body, int64_t net_ns)
{
    (void)net_ns;
    unlock_answered(k, body);
    arena_wipe(&k->hub->events);        /* the request's digest was read there */
}

static void account_list(struct call *k, futu_str *body, int64_t net_ns)
{
    (void)net_ns;
    unlock_learn(k->hub, *body);
}

static void place_order(struct call *k, futu_str *body, int64_t net_ns)
{
    struct hub *h = k->hub;
    Trd_PlaceOrder_Response rsp;
    if (!decode(h, &Trd_PlaceOrder_Response_msg, *body, &rsp) || rsp.retType != RET_OK || !rsp.s2c)
        return;
    delay_order_placed(&h->delay, rsp.s2c->orderIDEx, h->now - k->ask.at, net_ns, h->now);
}

/* The upstream's chain behind ours; a failure of it leaves ours alone. */
static void gateway_info(struct call *k, futu_str *body, int64_t net_ns)
{
    struct hub *h = k->hub;
    Gateway_GetInfo_Response rsp;
    Gateway_GetInfo_S2C s2c;
    (void)net_ns;
    bool ok = decode(h, &Gateway_GetInfo_Response_msg, *body, &rsp) && rsp.retType == RET_OK;
    if (info_make(h, &h->events, k->flag, ok ? rsp.s2c : NULL, &s2c))
        return;
    rsp = (Gateway_GetInfo_Response){ .retMsg = STR(""), .s2c = &s2c };
    SET(&rsp, retType, RET_OK);
    SET(&rsp, errCode, 0);
    replace(h, &Gateway_GetInfo_Response_msg, &rsp, body);
}

static const struct {
    uint32_t proto;
    patch_fn *fn;
} patches[] = {
    { PROTO_GET_GLOBAL_STATE, global_state },
    { PROTO_USED_QUOTA, used_quota },
    { PROTO_TRD_UNLOCK_TRADE, unlock_trade },
    { PROTO_TRD_GET_ACC_LIST, account_list },
    { PROTO_TRD_PLACE_ORDER, place_order },
    { PROTO_GATEWAY_INFO, gateway_info },
};

void patch_reply(struct call *k, futu_str *body, int64_t net_ns)
{
    for (size_t i = 0; i < ARRAY_LEN(patches); i++)
        if (patches[i].proto == k->ask.proto)
            patches[i].fn(k, body, net_ns);
}

bool patch_flag(struct ask *a)
{
    const void *m = a->msg;
    return a->proto == PROTO_GATEWAY_INFO && ((const Gateway_GetInfo_Request *)m)->c2s->stale;
}

void patch_order_pushed(struct hub *h, const uint8_t *body, size_t len)
{
    Trd_UpdateOrder_Response rsp;
    if (h->delay.n_orders == 0)
        return;
    if (decode(h, &Trd_UpdateOrder_Response_msg, (futu_str){ (const char *)body, len }, &rsp) &&
        rsp.s2c && rsp.s2c->order)
        delay_order_pushed(&h->delay, rsp.s2c->order->orderIDEx, hub_now(h));
}
