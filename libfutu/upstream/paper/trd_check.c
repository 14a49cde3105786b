/* trd_check.c - checks that several trade handlers make of what a client sent.
 *
 * Each answers the call itself when it fails, so the caller only returns the error.
 * Tests: test/unit/upstream/paper/trd_place_test.c
 */
#include <math.h>
#include <stdio.h>

#include "upstream/paper/trd.h"

#define PX_LIMIT (INT64_C(10000000) * PX_ONE)
#define QTY_LIMIT INT64_C(1000000000)
#define AMOUNT_LIMIT INT64_C(100000000000000000)    /* of px * qty: 10^13 units of money */

futu_err trd_account(struct paper *p, struct call *c, const Trd_Common_TrdHeader *h,
                     struct account **out)
{
    struct account *a = NULL;
    for (size_t i = 0; i < ACCOUNTS && !a; i++) {
        if (p->trade->acc[i].def->id == h->accID)
            a = &p->trade->acc[i];
    }
    if (!a)
        return call_fail(c, "unknown account: header.accID %llu", (unsigned long long)h->accID);
    if (a->def->env != h->trdEnv)
        return call_fail(c, "header.trdEnv %d does not fit account %llu, which is %s", h->trdEnv,
                         (unsigned long long)h->accID,
                         account_sim(a) ? "simulated (0)" : "real (1)");
    if (!account_has_market(a, h->trdMarket))
        return call_fail(c, "header.trdMarket %d is not one of account %llu", h->trdMarket,
                         (unsigned long long)h->accID);
    *out = a;
    return FUTU_OK;
}

static const struct security *find_cn(const struct paper *p, futu_str code)
{
    const struct security *sec = exchange_find(p->exchange, MARKET_SH, code);
    const struct security *sz = exchange_find(p->exchange, MARKET_SZ, code);
    return sz && (!sec || sec->kind == KIND_INDEX) ? sz : sec;  /* 000001: an index in Shanghai */
}

static const struct security *find(const struct paper *p, const Trd_Common_TrdHeader *h,
                                   futu_str code, int32_t sec_market)
{
    if (sec_market)
        return exchange_find(p->exchange, market_of_sec_market(sec_market), code);
    switch (h->trdMarket) {
    case Trd_Common_TrdMarket_HK:
        return exchange_find(p->exchange, MARKET_HK, code);
    case Trd_Common_TrdMarket_US:
        return exchange_find(p->exchange, MARKET_US, code);
    default:
        return find_cn(p, code);
    }
}

futu_err trd_security(struct paper *p, struct call *c, const struct account *a,
                      const Trd_Common_TrdHeader *h, futu_str code, bool has_sec_market,
                      int32_t sec_market, const struct security **out)
{
    if (code.n == 0)
        return call_missing(c, "code");
    const struct security *sec = find(p, h, code, has_sec_market ? sec_market : 0);
    if (!sec)
        return call_unknown(c, code);
    if (sec->kind == KIND_INDEX)
        return call_fail(c, "%s.%s is an index, it can't be traded", market_prefix(sec->market),
                         sec->code);
    int32_t m = account_market(a, sec->market);
    bool cn = market_slot(sec->market) == 2;
    if (m == 0)
        return call_fail(c, "account %llu does not trade %s.%s", (unsigned long long)h->accID,
                         market_prefix(sec->market), sec->code);
    if (m != h->trdMarket && !(cn && h->trdMarket == Trd_Common_TrdMarket_CN))
        return call_fail(c, "header.trdMarket %d is not the market of %s.%s (%d)", h->trdMarket,
                         market_prefix(sec->market), sec->code, m);
    *out = sec;
    return FUTU_OK;
}

/* Digits that a price keeps: 4 decimals up to one dollar in the US, else 3. */
static int64_t to_px(const struct security *sec, double value)
{
    int64_t px = llround(value * (double)PX_ONE);
    if (sec->market == MARKET_US && px <= PX_ONE)
        return px;
    return (px + 5) / 10 * 10;
}

static futu_err off_step(struct call *c, int64_t step)
{
    char text[32];
    snprintf(text, sizeof(text), "%.4f", px_double(step));
    size_t n = strlen(text);
    while (n && text[n - 1] == '0')
        text[--n] = '\0';
    return call_fail(c, "此产品最小单位为 %s，请调整至最小单位的整数倍后再提交", text);
}

futu_err trd_px(struct call *c, const struct security *sec, const struct px_in *in, int64_t *px)
{
    if (!in->has)
        return call_missing(c, in->name);
    if (!isfinite(in->value) || in->value <= 0 || in->value * (double)PX_ONE > (double)PX_LIMIT)
        return call_fail(c, "%s %g is not above 0 and at most %lld", in->name, in->value,
                         (long long)(PX_LIMIT / PX_ONE));
    int64_t given = to_px(sec, in->value), step = market_step(sec->step_table, given);
    *px = given;
    if (given > 0 && step > 0 && given % step == 0)
        return FUTU_OK;
    if (!in->adjust || given <= 0)
        return off_step(c, step);
    bool limited = in->has_limit && in->limit != 0;
    *px = market_round_px(sec->step_table, given, limited ? in->limit > 0 : in->up);
    double change = fabs((double)(*px - given)) / (double)given;
    if (*px <= 0 || (limited && change > fabs(in->limit)))
        return off_step(c, step);
    return FUTU_OK;
}

futu_err trd_qty(struct call *c, const struct security *sec, double qty, int64_t whole,
                 int64_t *out)
{
    if (!isfinite(qty) || qty <= 0 || qty > (double)QTY_LIMIT || qty != floor(qty))
        return call_fail(c, "qty %g is not a whole number from 1 to %lld", qty,
                         (long long)QTY_LIMIT);
    *out = (int64_t)qty;
    bool odd = *out < sec->lot || (*out - sec->lot) % sec->qty_step;
    if (odd && *out != whole)
        return call_fail(c, "qty %lld is not a multiple of the lot of %s.%s (%lld)",
                         (long long)*out, market_prefix(sec->market), sec->code,
                         (long long)sec->lot);
    return FUTU_OK;
}

int64_t trd_odd_lot(const struct trade *t, const struct order *o)
{
    int32_t market = o->x.sec->market;
    if (market_slot(market) != 2 || o->x.buy || o->pos->qty <= 0)
        return 0;
    return position_closable(o->pos, market_date(market, exchange_now(t->x))) + o->reserved;
}

futu_err trd_px_max(struct call *c, int64_t px, int64_t qty)
{
    if (px > AMOUNT_LIMIT / qty)
        return call_fail(c, "price times qty is above %lld", (long long)(AMOUNT_LIMIT / PX_ONE));
    return FUTU_OK;
}

static bool in_range(double v, double lo, double hi)
{
    return isfinite(v) && v > lo && v < hi;
}

futu_err trd_trail(struct call *c, struct order *o, const struct trail_in *in)
{
    bool ratio = in->type == Trd_Common_TrailType_Ratio;
    double max = ratio ? 100 : (double)(PX_LIMIT / PX_ONE);
    if (!in->has_type)
        return call_missing(c, "trailType");
    if (!in->has_value)
        return call_missing(c, "trailValue");
    if (!ratio && in->type != Trd_Common_TrailType_Amount)
        return call_fail(c, "trailType %d is not 1 (ratio) or 2 (amount)", in->type);
    if (!in_range(in->value, 0, max))
        return call_fail(c, "trailValue %g is not above 0 and below %g", in->value, max);
    if (o->type->flags & OT_SPREAD) {
        if (!in->has_spread)
            return call_missing(c, "trailSpread");
        if (!in_range(in->spread, -1e-9, (double)(PX_LIMIT / PX_ONE)))
            return call_fail(c, "trailSpread %g is not 0 or more", in->spread);
        o->s.trail_spread = llround(in->spread * (double)PX_ONE);
    }
    o->s.trail_type = in->type;
    o->s.trail_value = MAX(llround(in->value * (double)PX_ONE), 1);
    return FUTU_OK;
}
