/* channel_quote.c - quotes on the emulator's platform channel: securities by code, market states,
 * subscriptions and pushes, all from the paper exchange. */
#include "channel_state.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

struct emu_stock {
    struct list node;
    uint64_t id;
    Qot_Common_Security key;
    char code[SECURITY_CODE_MAX + 1];
    uint64_t open;                  /* bits that are open at the exchange */
};

#define BIT(b) (UINT64_C(1) << (b))
#define BITS_QUOTE (BIT(BIT_PRICE) | BIT(BIT_QUOTE_A) | BIT(BIT_QUOTE_B))

static const struct {
    uint64_t bits;
    int32_t sub_type;
} kinds[] = {
    { BITS_QUOTE, Qot_Common_SubType_Basic },
    { BIT(BIT_BOOK), Qot_Common_SubType_OrderBook },
    { BIT(BIT_TICKS), Qot_Common_SubType_Ticker },
};

static struct emu_stock *by_id(struct emu *e, uint64_t id)
{
    struct list *it, *tmp;
    list_each(it, tmp, &e->stocks) {
        struct emu_stock *s = list_entry(it, struct emu_stock, node);
        if (s->id == id)
            return s;
    }
    return NULL;
}

static struct emu_stock *by_key(struct emu *e, int32_t market, const char *code)
{
    struct list *it, *tmp;
    list_each(it, tmp, &e->stocks) {
        struct emu_stock *s = list_entry(it, struct emu_stock, node);
        if (s->key.market == market && strcmp(s->code, code) == 0)
            return s;
    }
    return NULL;
}

static void remember(struct emu *e, uint64_t id, const Qot_Common_Security *key)
{
    struct emu_stock *s = by_id(e, id) ? NULL : calloc(1, sizeof(*s));
    if (!s)
        return;
    s->id = id;
    s->key.market = key->market;
    s->key.has_market = true;
    str_copy(s->code, sizeof(s->code), key->code);
    s->key.code = str_c(s->code);
    list_push(&e->stocks, &s->node);
}

/* ---- 20106 ---- */

static bool split(futu_str symbol, Qot_Common_Security *out)
{
    static const int32_t markets[] = { 1, 11, 21, 22 };
    for (size_t i = 0; i < ARRAY_LEN(markets); i++) {
        const char *suffix = bk_suffix(markets[i]);
        size_t n = strlen(suffix) + 1;
        if (symbol.n <= n || symbol.p[symbol.n - n] != '.' ||
            memcmp(symbol.p + symbol.n - n + 1, suffix, n - 1) != 0)
            continue;
        SET(out, market, markets[i]);
        out->code = (futu_str){ symbol.p, symbol.n - n };
        return true;
    }
    return false;
}

static bool fill_security(struct emu_call *c, futu_str symbol, struct bk_sec *out)
{
    Qot_Common_Security sec = { 0 };
    Qot_GetStaticInfo_C2S c2s = { .n_securityList = 1, .securityList = &sec };
    const Qot_GetStaticInfo_Request q = { .c2s = &c2s };
    const char *why;
    Qot_GetStaticInfo_Response *r = split(symbol, &sec) ? emu_ask_paper(c->k->e, 3202, &q, &why)
                                                        : NULL;
    if (!r || !r->s2c || r->s2c->n_staticInfoList != 1)
        return false;
    const Qot_Common_SecurityStaticBasic *b = r->s2c->staticInfoList[0].basic;
    SET(out, stock_id, (uint64_t)b->id);
    out->symbol = symbol;
    out->name = b->name;
    SET(out, lot_size, b->lotSize);
    SET(out, sec_type, b->secType);
    SET(out, list_time, (int64_t)b->listTimestamp);
    SET(out, delisted, b->delisting);
    SET(out, market_code, bk_state_id(sec.market));
    remember(c->k->e, (uint64_t)b->id, b->security);
    return true;
}

static void on_securities(struct emu_call *c)
{
    struct bk_sec_req q;
    struct bk_sec_rsp r = { .err_msg = STR("") };
    SET(&r, ret_code, 0);
    if (codec_decode(&bk_sec_req_msg, c->a, c->body, c->n, &q, NULL, NULL))
        SET(&r, ret_code, -21101);
    else
        r.items = arena_array(c->a, q.n_symbols + 1, sizeof(*r.items));
    for (size_t i = 0; r.items && i < q.n_symbols; i++)
        r.n_items += fill_security(c, q.symbols[i], &r.items[r.n_items]);
    emu_reply(c->k, c->command, c->serial, &bk_sec_rsp_msg, &r);
}

/* ---- 6823 ---- */

static void on_states(struct emu_call *c)
{
    GetGlobalState_C2S c2s = { .has_userID = true };
    const GetGlobalState_Request q = { .c2s = &c2s };
    const char *why;
    GetGlobalState_Response *r = emu_ask_paper(c->k->e, 1002, &q, &why);
    struct bk_market_state states[8] = { 0 };
    struct bk_states_rsp out = { .err_msg = STR(""), .states = states };
    struct bk_states_req asked;
    static const int32_t ids[8] = { 1, 10, 30, 31, 110, 60, 160, 185 };
    if (codec_decode(&bk_states_req_msg, c->a, c->body, c->n, &asked, NULL, NULL))
        return;
    SET(&out, ret_code, r ? 0 : 2);
    GetGlobalState_S2C none = { 0 };
    const GetGlobalState_S2C *s = r ? r->s2c : &none;
    const int32_t values[8] = { s->marketHK, s->marketUS, s->marketSH, s->marketSZ,
                                s->marketHKFuture, s->marketUSFuture, s->marketSGFuture,
                                s->marketJPFuture };
    /* Asked for Hong Kong it leaves futures out. */
    for (size_t i = 0; r && i < (asked.market_id == 1 ? 4 : ARRAY_LEN(ids)); i++) {
        SET(&states[i], market_id, ids[i]);
        SET(&states[i], state, values[i]);
        out.n_states++;
    }
    emu_reply(c->k, c->command, c->serial, &bk_states_rsp_msg, &out);
}

/* ---- 6211 ---- */

static struct emu_sub *sub_of(struct emu_conn *k, uint64_t id, bool make)
{
    for (size_t i = 0; i < k->n_subs; i++)
        if (k->subs[i].stock_id == id)
            return &k->subs[i];
    if (!make)
        return NULL;
    if (k->n_subs == k->cap_subs) {
        size_t cap = k->cap_subs ? 2 * k->cap_subs : 16;
        struct emu_sub *p = mem_realloc(k->subs, cap * sizeof(*p));
        if (!p)
            return NULL;
        k->subs = p;
        k->cap_subs = cap;
    }
    k->subs[k->n_subs] = (struct emu_sub){ .stock_id = id };
    return &k->subs[k->n_subs++];
}

static void on_open(struct upstream_open *o, futu_err err, const char *why)
{
    (void)why;
    *(futu_err *)o->upstream_data = err;
}

static struct stream_key key_of(const struct emu_stock *s, int32_t sub_type)
{
    struct stream_key key = { .market = s->key.market, .sub_type = sub_type };
    str_copy(key.code, sizeof(key.code), s->key.code);
    return key;
}

/* What any connection wants of the stock is open at the exchange, and nothing else. */
static void settle(struct emu *e, struct emu_stock *s)
{
    uint64_t wanted = 0;
    struct list *it, *tmp;
    list_each(it, tmp, &e->conns) {
        const struct emu_sub *sub = sub_of(list_entry(it, struct emu_conn, node), s->id, false);
        wanted |= sub ? sub->bits : 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct stream_want want = { .key = key_of(s, kinds[i].sub_type) };
        futu_err err = FUTU_OK;
        struct upstream_open o = { .wants = &want, .n = 1, .done = on_open };
        o.upstream_data = &err;
        if ((wanted & kinds[i].bits) && !(s->open & kinds[i].bits))
            e->paper->ops->open(e->paper, &o);
        else if (!(wanted & kinds[i].bits) && (s->open & kinds[i].bits))
            e->paper->ops->close(e->paper, &want.key);
        s->open = (s->open & ~kinds[i].bits) | (wanted && !err ? wanted & kinds[i].bits : 0);
    }
}

static void push_to(struct emu_conn *only, struct emu *e, const struct upstream_push *p);

/* What is known already is pushed at once. */
static void push_first(struct emu_conn *k, struct emu_stock *s, uint64_t bits)
{
    static const uint32_t protos[] = { 3005, 3013, 3011 };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct upstream_push p = { .proto = protos[i], .key = key_of(s, kinds[i].sub_type) };
        struct buf body = BUF_INIT;
        if ((bits & kinds[i].bits) &&
            k->e->paper->ops->current(k->e->paper, &p.key, &body) == FUTU_OK) {
            p.body = body.p, p.len = body.n;
            push_to(k, k->e, &p);
        }
        buf_free(&body);
    }
}

static int32_t subscribe(struct emu_call *c, const struct bk_sub_item *item, bool off)
{
    struct emu_stock *s = by_id(c->k->e, item->stock_id);
    struct emu_sub *sub = s ? sub_of(c->k, s->id, true) : NULL;
    if (!sub)
        return 2;
    uint64_t bits = 0;
    for (size_t i = 0; i < item->n_bits; i++)
        if (item->bits[i] >= 0 && item->bits[i] < 64)
            bits |= BIT(item->bits[i]);
    sub->bits = off ? sub->bits & ~bits : sub->bits | bits;
    settle(c->k->e, s);
    return 0;
}

static void on_subscribe(struct emu_call *c)
{
    struct bk_sub_req q;
    struct bk_sub_rsp r = { .err_msg = STR("") };
    SET(&r, ret_code, 0);
    if (codec_decode(&bk_sub_req_msg, c->a, c->body, c->n, &q, NULL, NULL)) {
        q.n_items = 0;
        SET(&r, ret_code, -21101);
    }
    for (size_t i = 0; i < q.n_items && r.ret_code == 0; i++)
        SET(&r, ret_code, subscribe(c, &q.items[i], q.unsubscribe));
    if (r.ret_code)
        r.err_msg = STR("unknown security");
    emu_reply(c->k, c->command, c->serial, &bk_sub_rsp_msg, &r);
    for (size_t i = 0; i < q.n_items && r.ret_code == 0 && !q.unsubscribe; i++) {
        struct emu_sub *sub = sub_of(c->k, q.items[i].stock_id, false);
        if (sub && sub->bits)
            push_first(c->k, by_id(c->k->e, sub->stock_id), sub->bits);
    }
}

void emu_quote_gone(struct emu_conn *k)
{
    size_t n = k->n_subs;
    k->n_subs = 0;
    for (size_t i = 0; i < n && !k->e->freeing; i++) {
        struct emu_stock *s = by_id(k->e, k->subs[i].stock_id);
        if (s)
            settle(k->e, s);
    }
}

void emu_quote_free(struct emu *e)
{
    while (!list_empty(&e->stocks)) {
        struct emu_stock *s = list_entry(e->stocks.next, struct emu_stock, node);
        list_remove(&s->node);
        free(s);
    }
}

bool emu_quote(struct emu_call *c)
{
    switch (c->command) {
    case CMD_SECURITIES:
        on_securities(c);
        return true;
    case CMD_STATES:
        on_states(c);
        return true;
    case CMD_SUB:
        on_subscribe(c);
        return true;
    default:
        return false;
    }
}

/* ---- 6212 ---- */

static int64_t px(double v)
{
    return llround(v * UNIT_PRICE);
}

static void send_entry(struct emu_conn *k, uint64_t id, int32_t bit, const futu_msg *m,
                       const void *payload)
{
    struct buf body = BUF_INIT;
    if (codec_encode(m, payload, &body, NULL) == FUTU_OK) {
        struct bk_push_entry entry = { .payload = buf_str(&body) };
        const struct bk_push push = { .n_entries = 1, .entries = &entry };
        SET(&entry, stock_id, id);
        SET(&entry, bit, bit);
        emu_push(k, CMD_QUOTE_PUSH, &bk_push_msg, &push);
    }
    buf_free(&body);
}

static void send_quote(struct emu_conn *k, uint64_t id, const Qot_Common_BasicQot *b)
{
    struct bk_quote price = { 0 }, day = { 0 }, rest = { 0 };
    SET(&price, price, px(b->curPrice));
    SET(&price, time_ms, (uint64_t)llround(b->updateTimestamp * 1000));
    SET(&day, open, px(b->openPrice));
    SET(&day, high, px(b->highPrice));
    SET(&day, low, px(b->lowPrice));
    SET(&day, last_close, px(b->lastClosePrice));
    SET(&rest, volume, b->volume);
    SET(&rest, turnover, llround(b->turnover * UNIT_TURNOVER));
    SET(&rest, turnover_rate, llround(b->turnoverRate * UNIT_RATE));
    SET(&rest, amplitude, llround(b->amplitude * UNIT_RATE));
    SET(&rest, suspended, b->isSuspended);
    SET(&rest, spread, px(b->priceSpread));
    send_entry(k, id, BIT_QUOTE_A, &bk_quote_msg, &day);
    send_entry(k, id, BIT_QUOTE_B, &bk_quote_msg, &rest);
    send_entry(k, id, BIT_PRICE, &bk_quote_msg, &price);
}

static struct bk_level *levels(struct arena *a, const Qot_Common_OrderBook *from, size_t n)
{
    struct bk_level *to = arena_array(a, n + 1, sizeof(*to));
    for (size_t i = 0; to && i < n; i++) {
        SET(&to[i], price, px(from[i].price));
        SET(&to[i], volume, from[i].volume);
        SET(&to[i], orders, from[i].orederCount);
    }
    return to;
}

static void send_book(struct emu_conn *k, struct arena *a, uint64_t id,
                      const Qot_UpdateOrderBook_S2C *s)
{
    struct bk_book b = { .n_asks = s->n_orderBookAskList, .n_bids = s->n_orderBookBidList };
    b.asks = levels(a, s->orderBookAskList, b.n_asks);
    b.bids = levels(a, s->orderBookBidList, b.n_bids);
    SET(&b, time_ms, (uint64_t)llround(s->svrRecvTimeBidTimestamp * 1000));
    if (b.asks && b.bids)
        send_entry(k, id, BIT_BOOK, &bk_book_msg, &b);
}

static void send_ticks(struct emu_conn *k, struct arena *a, uint64_t id,
                       const Qot_UpdateTicker_S2C *s)
{
    struct bk_ticks t = { .n_ticks = s->n_tickerList };
    t.ticks = arena_array(a, t.n_ticks + 1, sizeof(*t.ticks));
    for (size_t i = 0; t.ticks && i < t.n_ticks; i++) {
        const Qot_Common_Ticker *from = &s->tickerList[i];
        struct bk_tick *to = &t.ticks[i];
        SET(to, sequence, from->sequence);
        SET(to, time_ms, (uint64_t)llround(from->timestamp * 1000));
        SET(to, price, px(from->price));
        SET(to, volume, from->volume);
        SET(to, turnover, llround(from->turnover * UNIT_TURNOVER));
        SET(to, dir, from->dir);
        SET(to, type, from->type);
    }
    if (t.ticks)
        send_entry(k, id, BIT_TICKS, &bk_ticks_msg, &t);
}

static void send_push(struct emu_conn *k, struct arena *a, uint64_t id, uint32_t proto,
                      const void *response)
{
    const Qot_UpdateBasicQot_Response *basic = response;
    if (proto == 3005 && basic->s2c->n_basicQotList)
        send_quote(k, id, &basic->s2c->basicQotList[0]);
    else if (proto == 3013)
        send_book(k, a, id, ((const Qot_UpdateOrderBook_Response *)response)->s2c);
    else if (proto == 3011)
        send_ticks(k, a, id, ((const Qot_UpdateTicker_Response *)response)->s2c);
}

static uint64_t bits_of(int32_t sub_type)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (kinds[i].sub_type == sub_type)
            return kinds[i].bits;
    return 0;
}

static void push_to(struct emu_conn *only, struct emu *e, const struct upstream_push *p)
{
    struct arena a = ARENA_INIT;
    struct emu_stock *s = e->scene.no_quotes ? NULL : by_key(e, p->key.market, p->key.code);
    const struct proto_row *row = proto_find(p->proto);
    void *response = s && row ? arena_alloc(&a, row->response->size) : NULL;
    if (response &&
        codec_decode(row->response, &a, p->body, p->len, response, NULL, NULL) == FUTU_OK) {
        struct list *it, *tmp;
        list_each(it, tmp, &e->conns) {
            struct emu_conn *k = list_entry(it, struct emu_conn, node);
            const struct emu_sub *sub = sub_of(k, s->id, false);
            if ((!only || k == only) && sub && (sub->bits & bits_of(p->key.sub_type)))
                send_push(k, &a, s->id, p->proto, response);
        }
    }
    arena_free(&a);
}

void emu_quote_push(struct emu *e, const struct upstream_push *p)
{
    push_to(NULL, e, p);
}
