/* qot_build.c - messages of the quote protocols from what the exchange says.
 *
 * One builder per message, used by reads, first pushes and pushes alike. Optional fields that SDKs
 * read without a test are always filled; what the paper exchange does not know (earnings and what
 * is derived from them) is 0.
 *
 * Threads: the gateway's loop thread only.
 */
#include "upstream/paper/qot.h"

Qot_Common_Security *make_security(struct arena *a, const struct security *s)
{
    Qot_Common_Security *out = ARENA_NEW(a, Qot_Common_Security);
    if (out) {
        SET(out, market, s->market);
        out->code = str_c(s->code);
    }
    return out;
}

double percent(double part, double whole)
{
    return whole != 0 ? part / whole * 100.0 : 0.0;
}

futu_err fill_basic_qot(struct paper *p, struct arena *a, const struct security *s,
                        Qot_Common_BasicQot *out)
{
    struct quote q;
    futu_err err = exchange_quote(p->exchange, s, &q);
    if (err)
        return err;
    out->security = make_security(a, s);
    out->name = s->name;
    out->listTime = paper_date_text(a, s->list_date);
    out->updateTime = paper_time_text(a, s->market, q.time);
    if (!out->security || !out->listTime.p || !out->updateTime.p)
        return FUTU_ENOMEM;
    SET(out, isSuspended, false);
    SET(out, priceSpread, px_double(market_step(s->step_table, q.last)));
    SET(out, highPrice, px_double(q.high));
    SET(out, openPrice, px_double(q.open));
    SET(out, lowPrice, px_double(q.low));
    SET(out, curPrice, px_double(q.last));
    SET(out, lastClosePrice, px_double(q.last_close));
    SET(out, volume, q.qty);
    SET(out, turnover, q.turnover);
    SET(out, turnoverRate, percent((double)q.qty, (double)s->shares));
    SET(out, amplitude, percent((double)(q.high - q.low), (double)q.last_close));
    SET(out, darkStatus, Qot_Common_DarkStatus_None);
    SET(out, secStatus, Qot_Common_SecurityStatus_Normal);
    SET(out, listTimestamp, paper_timestamp(paper_date_instant(s->market, s->list_date)));
    SET(out, updateTimestamp, paper_timestamp(q.time));
    SET(out, hpVolume, (double)q.qty);
    return FUTU_OK;
}

static futu_err fill_kline(struct arena *a, const struct security *s, int64_t label,
                           const struct bar *b, Qot_Common_KLine *k)
{
    k->time = paper_time_text(a, s->market, label);
    if (!k->time.p)
        return FUTU_ENOMEM;
    /* A minute without a trade repeats the last price: it has content, so it is not blank. */
    SET(k, isBlank, false);
    SET(k, highPrice, px_double(b->high));
    SET(k, openPrice, px_double(b->open));
    SET(k, lowPrice, px_double(b->low));
    SET(k, closePrice, px_double(b->close));
    SET(k, lastClosePrice, px_double(b->last_close));
    SET(k, volume, b->qty);
    SET(k, turnover, b->turnover);
    SET(k, turnoverRate, s->shares ? (double)b->qty / (double)s->shares : 0.0);    /* a fraction */
    SET(k, pe, 0.0);
    SET(k, changeRate, percent((double)(b->close - b->last_close), (double)b->last_close));
    SET(k, timestamp, paper_timestamp(label));
    SET(k, hpVolume, (double)b->qty);
    return FUTU_OK;
}

/* Leaves only what a history request asked for. */
static void mask_kline(Qot_Common_KLine *k, int64_t fields)
{
    k->has_highPrice = fields & Qot_Common_KLFields_High;
    k->has_openPrice = fields & Qot_Common_KLFields_Open;
    k->has_lowPrice = fields & Qot_Common_KLFields_Low;
    k->has_closePrice = fields & Qot_Common_KLFields_Close;
    k->has_lastClosePrice = fields & Qot_Common_KLFields_LastClose;
    k->has_volume = k->has_hpVolume = fields & Qot_Common_KLFields_Volume;
    k->has_turnover = fields & Qot_Common_KLFields_Turnover;
    k->has_turnoverRate = fields & Qot_Common_KLFields_TurnoverRate;
    k->has_pe = fields & Qot_Common_KLFields_PE;
    k->has_changeRate = fields & Qot_Common_KLFields_ChangeRate;
}

futu_err make_klines(struct arena *a, const struct security *s, int32_t kl_type, int64_t fields,
                     const struct bar *bars, size_t n, Qot_Common_KLine **out)
{
    *out = ARENA_ARRAY(a, Qot_Common_KLine, n);
    if (!*out)
        return FUTU_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        Qot_Common_KLine *k = *out + i;
        futu_err err = fill_kline(a, s, bar_label(kl_type, &bars[i]), &bars[i], k);
        if (err)
            return err;
        if (fields)
            mask_kline(k, fields);
    }
    return FUTU_OK;
}

futu_err make_ticks(struct paper *p, struct arena *a, const struct security *s, int32_t push_type,
                    const struct tick *ticks, size_t n, Qot_Common_Ticker **out)
{
    double received = paper_timestamp(clock_wall(p->sys));
    *out = ARENA_ARRAY(a, Qot_Common_Ticker, n);
    if (!*out)
        return FUTU_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        Qot_Common_Ticker *t = *out + i;
        t->time = paper_millis_text(a, s->market, ticks[i].time);
        if (!t->time.p)
            return FUTU_ENOMEM;
        SET(t, sequence, ticks[i].seq);
        SET(t, dir, ticks[i].dir);
        SET(t, price, px_double(ticks[i].px));
        SET(t, volume, ticks[i].qty);
        SET(t, turnover, px_double(ticks[i].turnover));
        SET(t, recvTime, received);
        SET(t, type, Qot_Common_TickerType_Automatch);
        SET(t, typeSign, 0);
        SET(t, pushDataType, push_type);
        SET(t, timestamp, paper_timestamp(ticks[i].time));
        SET(t, hpVolume, (double)ticks[i].qty);
    }
    return FUTU_OK;
}

static futu_err fill_levels(struct arena *a, const struct px_level *l, size_t n,
                            Qot_Common_OrderBook **out)
{
    *out = ARENA_ARRAY(a, Qot_Common_OrderBook, n);
    if (!*out)
        return FUTU_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        Qot_Common_OrderBook *b = *out + i;
        SET(b, price, px_double(l[i].px));
        SET(b, volume, l[i].qty);
        SET(b, orederCount, l[i].orders);
        SET(b, hpVolume, (double)l[i].qty);
    }
    return FUTU_OK;
}

futu_err make_book(struct paper *p, struct arena *a, const struct security *s, size_t levels,
                   struct book_lists *out)
{
    struct px_level bid[BOOK_LEVELS], ask[BOOK_LEVELS];
    futu_err err = exchange_book(p->exchange, s, bid, &out->n_bid, ask, &out->n_ask);
    if (err)
        return err;
    out->n_bid = MIN(out->n_bid, levels);
    out->n_ask = MIN(out->n_ask, levels);
    err = fill_levels(a, bid, out->n_bid, &out->bid);
    if (!err)
        err = fill_levels(a, ask, out->n_ask, &out->ask);
    return err;
}

futu_err make_brokers(struct paper *p, struct arena *a, const struct security *s, bool ask,
                      Qot_Common_Broker **out, size_t *n)
{
    const struct queue_broker *q;
    futu_err err = exchange_brokers(p->exchange, s, ask, a, &q, n);
    if (err)
        return err;
    *out = ARENA_ARRAY(a, Qot_Common_Broker, *n);
    if (!*out)
        return FUTU_ENOMEM;
    for (size_t i = 0; i < *n; i++) {
        Qot_Common_Broker *b = *out + i;
        SET(b, id, q[i].id);
        b->name = str_c(q[i].name);
        SET(b, pos, q[i].pos);
    }
    return FUTU_OK;
}

static futu_err fill_minute(struct arena *a, const struct security *s, const struct bar *b,
                            double avg, Qot_Common_TimeShare *t)
{
    int64_t label = bar_label(Qot_Common_KLType_1Min, b);
    struct civil c = market_civil(s->market, label);
    t->time = paper_time_text(a, s->market, label);
    if (!t->time.p)
        return FUTU_ENOMEM;
    SET(t, minute, c.hour * 60 + c.minute);
    SET(t, isBlank, false);
    SET(t, price, px_double(b->close));
    SET(t, avgPrice, avg);
    SET(t, volume, b->qty);
    SET(t, turnover, b->turnover);
    SET(t, timestamp, paper_timestamp(label));
    SET(t, hpVolume, (double)b->qty);
    return FUTU_OK;
}

/* The day's average price up to each bar, found backwards from the day's totals, so that a push of
 * one minute and a read of the whole day agree without summing the day each time. */
static void running_averages(const struct quote *q, const struct bar *bars, size_t n, double *avg)
{
    double turnover = q->turnover;
    int64_t qty = q->qty;
    for (size_t i = n; i-- > 0;) {
        avg[i] = qty > 0 ? turnover / (double)qty : px_double(bars[i].close);
        turnover -= bars[i].turnover;
        qty -= bars[i].qty;
    }
}

futu_err make_rt(struct paper *p, struct arena *a, const struct security *s, int64_t from,
                 Qot_Common_TimeShare **out, size_t *n, int64_t *last_start)
{
    const struct bar *bars;
    struct quote q;
    int64_t start = MAX(from, day_start(p, s));
    futu_err err = exchange_quote(p->exchange, s, &q);
    if (!err)
        err = exchange_bars(p->exchange, s, Qot_Common_KLType_1Min, start,
                            exchange_now(p->exchange), 24 * 60, true, a, &bars, n);
    if (err)
        return err;
    double *avg = ARENA_ARRAY(a, double, *n);
    *out = ARENA_ARRAY(a, Qot_Common_TimeShare, *n);
    if (!avg || !*out)
        return FUTU_ENOMEM;
    running_averages(&q, bars, *n, avg);
    for (size_t i = 0; i < *n && !err; i++) {
        SET(*out + i, lastClosePrice, px_double(q.last_close));
        err = fill_minute(a, s, &bars[i], avg[i], *out + i);
    }
    if (*n > 0 && last_start)
        *last_start = bars[*n - 1].time;
    return err;
}

static int32_t exchange_type(const struct security *s)
{
    switch (s->market) {
    case MARKET_HK:
        return str_is(s->board, "GEM") ? Qot_Common_ExchType_HK_GEMBoard
                                       : Qot_Common_ExchType_HK_MainBoard;
    case MARKET_SH:
        return strncmp(s->code, "688", 3) == 0 ? Qot_Common_ExchType_CN_STIB
                                               : Qot_Common_ExchType_CN_SH;
    case MARKET_SZ:
        return Qot_Common_ExchType_CN_SZ;
    default:
        return Qot_Common_ExchType_Unknown;     /* the list does not tell NYSE from Nasdaq */
    }
}

futu_err fill_static(struct arena *a, const struct security *s, Qot_Common_SecurityStaticInfo *out)
{
    Qot_Common_SecurityStaticBasic *b = out->basic = ARENA_NEW(a, Qot_Common_SecurityStaticBasic);
    if (!b)
        return FUTU_ENOMEM;
    b->security = make_security(a, s);
    b->listTime = paper_date_text(a, s->list_date);
    if (!b->security || !b->listTime.p)
        return FUTU_ENOMEM;
    b->name = s->name;
    SET(b, id, (int64_t)s->id);
    SET(b, lotSize, (int32_t)s->lot);
    SET(b, secType, s->sec_type);
    SET(b, delisting, false);
    SET(b, listTimestamp, paper_timestamp(paper_date_instant(s->market, s->list_date)));
    SET(b, exchType, exchange_type(s));
    return FUTU_OK;
}
