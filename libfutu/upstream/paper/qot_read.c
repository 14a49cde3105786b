/* qot_read.c - the real-time reads: quote, k-lines, time-share, ticks, order book, broker queue.
 *
 * The gateway has checked that the asker is subscribed.
 *
 * Threads: the gateway's loop thread only.
 */
#include "upstream/paper/qot.h"

#define READ_QUOTES_MAX 2000

futu_err qot_get_basic(struct paper *p, struct call *c)
{
    const Qot_GetBasicQot_C2S *q = CALL_C2S(c, Qot_GetBasicQot);
    Qot_GetBasicQot_S2C *s2c = CALL_S2C(c, Qot_GetBasicQot);
    const struct security **secs;
    if (!s2c)
        return FUTU_ENOMEM;
    futu_err err =
        call_securities(p, c, q->securityList, q->n_securityList, READ_QUOTES_MAX, &secs);
    if (err)
        return err;
    s2c->basicQotList = ARENA_ARRAY(c->arena, Qot_Common_BasicQot, q->n_securityList);
    if (!s2c->basicQotList)
        return FUTU_ENOMEM;
    for (size_t i = 0; i < q->n_securityList && !err; i++)
        err = fill_basic_qot(p, c->arena, secs[i], &s2c->basicQotList[s2c->n_basicQotList++]);
    return err;
}

static futu_err check_count(struct call *c, const char *name, int32_t n)
{
    if (n >= 1 && n <= READ_MAX)
        return FUTU_OK;
    return call_fail(c, "%s: %d is not in 1..%d", name, (int)n, READ_MAX);
}

futu_err qot_get_kl(struct paper *p, struct call *c)
{
    const Qot_GetKL_C2S *q = CALL_C2S(c, Qot_GetKL);
    Qot_GetKL_S2C *s2c = CALL_S2C(c, Qot_GetKL);
    const struct security *s;
    const struct bar *bars;
    if (!s2c)
        return FUTU_ENOMEM;
    futu_err err = call_security(p, c, q->security, &s);
    if (err)
        return err;
    if (!kl_type_valid(q->klType))
        return call_fail(c, "klType: %d is not a k-line type", (int)q->klType);
    err = check_rehab(c, q->rehabType);
    if (!err)
        err = check_count(c, "reqNum", q->reqNum);
    if (!err)
        err = exchange_bars(p->exchange, s, q->klType, 0, exchange_now(p->exchange),
                            (size_t)q->reqNum, true, c->arena, &bars, &s2c->n_klList);
    if (!err)
        err = make_klines(c->arena, s, q->klType, 0, bars, s2c->n_klList, &s2c->klList);
    s2c->name = s->name;
    s2c->security = make_security(c->arena, s);
    return err;
}

futu_err qot_get_rt(struct paper *p, struct call *c)
{
    const Qot_GetRT_C2S *q = CALL_C2S(c, Qot_GetRT);
    Qot_GetRT_S2C *s2c = CALL_S2C(c, Qot_GetRT);
    const struct security *s;
    if (!s2c)
        return FUTU_ENOMEM;
    futu_err err = call_security(p, c, q->security, &s);
    if (err)
        return err;
    s2c->name = s->name;
    s2c->security = make_security(c->arena, s);
    return make_rt(p, c->arena, s, 0, &s2c->rtList, &s2c->n_rtList, NULL);
}

futu_err qot_get_ticker(struct paper *p, struct call *c)
{
    const Qot_GetTicker_C2S *q = CALL_C2S(c, Qot_GetTicker);
    Qot_GetTicker_S2C *s2c = CALL_S2C(c, Qot_GetTicker);
    const struct security *s;
    const struct tick *ticks;
    if (!s2c)
        return FUTU_ENOMEM;
    futu_err err = call_security(p, c, q->security, &s);
    if (!err)
        err = check_count(c, "maxRetNum", q->maxRetNum);
    if (err)
        return err;
    err = exchange_ticks(p->exchange, s, 0, (size_t)q->maxRetNum, c->arena, &ticks,
                         &s2c->n_tickerList);
    if (!err)
        err = make_ticks(p, c->arena, s, Qot_Common_PushDataType_Realtime, ticks,
                         s2c->n_tickerList, &s2c->tickerList);
    s2c->name = s->name;
    s2c->security = make_security(c->arena, s);
    return err;
}

/* Each side is received when the book last changed, which is now: the exchange has just run. */
static futu_err book_reply(struct paper *p, struct call *c, const struct security *s, int32_t num)
{
    Qot_GetOrderBook_S2C *s2c = CALL_S2C(c, Qot_GetOrderBook);
    struct book_lists l;
    if (!s2c)
        return FUTU_ENOMEM;
    futu_err err = make_book(p, c->arena, s, (size_t)num, &l);
    if (err)
        return err;
    int64_t now = exchange_now(p->exchange);
    s2c->security = make_security(c->arena, s);
    s2c->name = s->name;
    s2c->orderBookAskList = l.ask;
    s2c->n_orderBookAskList = l.n_ask;
    s2c->orderBookBidList = l.bid;
    s2c->n_orderBookBidList = l.n_bid;
    s2c->svrRecvTimeBid = s2c->svrRecvTimeAsk = paper_millis_text(c->arena, s->market, now);
    SET(s2c, svrRecvTimeBidTimestamp, paper_timestamp(now));
    SET(s2c, svrRecvTimeAskTimestamp, paper_timestamp(now));
    SET(s2c, orderBookType, Qot_Common_OrderBookType_Normal);
    return FUTU_OK;
}

futu_err qot_get_book(struct paper *p, struct call *c)
{
    const Qot_GetOrderBook_C2S *q = CALL_C2S(c, Qot_GetOrderBook);
    const struct security *s;
    futu_err err = call_security(p, c, q->security, &s);
    if (err)
        return err;
    if (s->kind == KIND_INDEX)
        return call_fail(c, "Qot_GetOrderBook: %s is an index, it has no order book", s->code);
    if (q->has_orderBookType && q->orderBookType != Qot_Common_OrderBookType_Normal)
        return call_fail(c, "Qot_GetOrderBook: the paper exchange has no odd lot book");
    err = check_count(c, "num", q->num);
    return err ? err : book_reply(p, c, s, q->num);
}

futu_err qot_get_broker(struct paper *p, struct call *c)
{
    const Qot_GetBroker_C2S *q = CALL_C2S(c, Qot_GetBroker);
    Qot_GetBroker_S2C *s2c = CALL_S2C(c, Qot_GetBroker);
    const struct security *s;
    if (!s2c)
        return FUTU_ENOMEM;
    futu_err err = call_security(p, c, q->security, &s);
    if (err)
        return err;
    if (s->market != MARKET_HK || s->kind == KIND_INDEX)
        return call_fail(c, "Qot_GetBroker: %s has no broker queue, only shares in Hong Kong have",
                         s->code);
    s2c->name = s->name;
    s2c->security = make_security(c->arena, s);
    err = make_brokers(p, c->arena, s, true, &s2c->brokerAskList, &s2c->n_brokerAskList);
    if (!err)
        err = make_brokers(p, c->arena, s, false, &s2c->brokerBidList, &s2c->n_brokerBidList);
    return err;
}
