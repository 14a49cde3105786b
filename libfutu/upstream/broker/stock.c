/* stock.c - the securities that the broker upstream knows: the server's numbers for public codes.
 *
 * Several who ask for the same code at once send it each; the second answer changes nothing.
 * Tests:   test/unit/upstream/broker/quote_test.c
 */
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "upstream/broker/state.h"

static void put_key(char *out, size_t size, int32_t market, futu_str code)
{
    snprintf(out, size, "%d." STR_FMT, market, (int)MIN(code.n, SECURITY_CODE_MAX), code.p);
}

struct stock *stock_find(const struct broker *b, int32_t market, futu_str code)
{
    char key[SECURITY_CODE_MAX + 16];
    if (!code.n || code.n > SECURITY_CODE_MAX)
        return NULL;
    put_key(key, sizeof(key), market, code);
    return map_get(&b->by_key, str_c(key));
}

struct stock *stock_by_id(const struct broker *b, uint64_t id)
{
    return map_get_u64(&b->by_id, id);
}

static void stock_free(struct stock *s)
{
    list_remove(&s->node);
    mem_free(s->ticks);
    mem_free(s->asks);
    mem_free(s);
}

void stocks_free(struct broker *b)
{
    map_free(&b->by_key);
    map_free(&b->by_id);
    while (!list_empty(&b->stocks))
        stock_free(list_entry(b->stocks.next, struct stock, node));
}

static futu_err add(struct broker *b, const struct bk_sec *from, int32_t market, futu_str code)
{
    struct stock *s = stock_find(b, market, code);
    if (s || !from->stock_id || stock_by_id(b, from->stock_id))
        return FUTU_OK;
    if (b->by_key.n >= STOCKS_MAX)
        return FUTU_ELIMIT;
    s = mem_zalloc(sizeof(*s));
    if (!s)
        return FUTU_ENOMEM;
    list_push(&b->stocks, &s->node);
    s->id = from->stock_id;
    s->market = market;
    s->market_id = from->market_code;
    s->lot_size = from->lot_size;
    s->sec_type = from->sec_type;
    s->list_time = from->list_time;
    s->delisted = from->delisted;
    str_copy(s->code, sizeof(s->code), code);
    str_copy(s->name, sizeof(s->name), from->name);
    put_key(s->key, sizeof(s->key), market, code);
    futu_err err = map_put(&b->by_key, str_c(s->key), s);
    if (!err)
        err = map_put_u64(&b->by_id, s->id, s);
    if (err) {
        map_del(&b->by_key, str_c(s->key));
        stock_free(s);
    }
    return err;
}

/* The code in front of the last dot, and the market that its suffix names; 0: none. */
static int32_t split(futu_str symbol, futu_str *code)
{
    static const int32_t markets[] = { MARKET_HK, MARKET_US, MARKET_SH, MARKET_SZ, MARKET_SG,
                                       MARKET_JP, MARKET_AU, MARKET_MY, MARKET_CA };
    for (size_t i = 0; i < ARRAY_LEN(markets); i++) {
        const char *suffix = bk_suffix(markets[i]);
        size_t n = strlen(suffix);
        if (symbol.n < n + 2 || symbol.p[symbol.n - n - 1] != '.' ||
            memcmp(symbol.p + symbol.n - n, suffix, n) != 0)
            continue;
        *code = (futu_str){ symbol.p, symbol.n - n - 1 };
        return markets[i];
    }
    return 0;
}

/* ---- asking ---- */

static const Qot_Common_Security *first_unknown(const struct resolve *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (!stock_find(r->b, r->secs[i].market, r->secs[i].code))
            return &r->secs[i];
    return NULL;
}

static void finish(struct resolve *r, futu_err err, const char *why)
{
    list_remove(&r->node);
    r->waiting = false;
    r->done(r, err, why);
}

static futu_err take_all(struct broker *b, const struct bk_sec_rsp *s)
{
    futu_err err = FUTU_OK;
    for (size_t i = 0; i < s->n_items && !err; i++) {
        futu_str code = STR_NULL;
        int32_t market = split(s->items[i].symbol, &code);
        if (market && code.n <= SECURITY_CODE_MAX)
            err = add(b, &s->items[i], market, code);
    }
    return err;
}

static void judge(struct resolve *r, futu_err err)
{
    char why[120] = "";
    const Qot_Common_Security *bad = err ? NULL : first_unknown(r);
    if (bad) {
        err = FUTU_ENOTFOUND;
        snprintf(why, sizeof(why), "未知股票 " STR_FMT, (int)MIN(bad->code.n, 40), bad->code.p);
    }
    finish(r, err, err && !why[0] ? futu_strerror(err) : why);
}

static void on_reply(struct channel_ask *q, const struct channel_reply *p)
{
    struct resolve *r = container_of(q, struct resolve, ask);
    struct arena a = ARENA_INIT;
    struct bk_sec_rsp s;
    if (p->err) {
        finish(r, p->err, p->why);
        return;
    }
    futu_err err = codec_decode(&bk_sec_rsp_msg, &a, p->body, p->n, &s, NULL, NULL);
    if (!err && s.ret_code != 0)
        err = FUTU_EREFUSED;
    if (!err)
        err = take_all(r->b, &s);
    arena_free(&a);
    judge(r, err);
}

/* One request for all that is not known: the gateway bounds what a client may name at once. */
static void ask(struct resolve *r)
{
    struct bk_sec_req q = { .n_symbols = 0 };
    struct arena a = ARENA_INIT;
    struct buf body = BUF_INIT;
    char text[CHANNEL_WHY + 80];
    futu_err err = FUTU_OK;
    q.symbols = arena_array(&a, r->n, sizeof(*q.symbols));
    for (size_t i = 0; q.symbols && i < r->n && !err; i++) {
        const Qot_Common_Security *sec = &r->secs[i];
        const char *suffix = bk_suffix(sec->market);
        if (!suffix || stock_find(r->b, sec->market, sec->code))
            continue;
        futu_str *to = &q.symbols[q.n_symbols++];
        *to = str_printf(&a, STR_FMT ".%s", (int)MIN(sec->code.n, SECURITY_CODE_MAX), sec->code.p,
                         suffix);
        err = to->p ? FUTU_OK : FUTU_ENOMEM;
    }
    if (!q.symbols)
        err = FUTU_ENOMEM;
    if (!err)
        err = codec_encode(&bk_sec_req_msg, &q, &body, NULL);
    r->ask.command = CMD_SECURITIES;
    r->ask.done = on_reply;
    if (!err && q.n_symbols == 0)
        err = FUTU_ENOTFOUND;           /* of no market that is known */
    if (!err)
        err = channel_send(r->b->platform, &r->ask, body.p, body.n);
    buf_free(&body);
    arena_free(&a);
    if (err == FUTU_ENOTFOUND)
        judge(r, FUTU_OK);
    else if (err)
        finish(r, err, err == FUTU_ENOTCONN ? channel_down(r->b->platform, text)
                                            : futu_strerror(err));
}

void resolve_start(struct resolve *r, struct broker *b, const Qot_Common_Security *secs, size_t n,
                   void (*done)(struct resolve *r, futu_err err, const char *why))
{
    r->b = b;
    r->secs = secs;
    r->n = n;
    r->done = done;
    r->waiting = true;
    list_push(&b->resolves, &r->node);
    if (first_unknown(r))
        ask(r);
    else
        finish(r, FUTU_OK, "");
}

void resolve_stop(struct resolve *r)
{
    if (!r->waiting)
        return;
    r->waiting = false;
    list_remove(&r->node);
    channel_cancel(&r->ask);
}
