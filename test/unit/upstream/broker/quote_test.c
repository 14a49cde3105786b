/* quote_test.c - streams and quote calls of the broker upstream. */
#include "broker_world.h"

struct opening {
    struct upstream_open o;
    struct stream_want wants[8];
    unsigned done;
    futu_err err;
    char why[300];
};

static void on_open(struct upstream_open *o, futu_err err, const char *why)
{
    struct opening *x = container_of(o, struct opening, o);
    x->done++;
    x->err = err;
    str_copy(x->why, sizeof(x->why), str_c(why));
}

static void want(struct opening *x, int32_t market, const char *code, int32_t sub_type)
{
    struct stream_want *w = &x->wants[x->o.n++];
    *w = (struct stream_want){ .key = { .market = market, .sub_type = sub_type } };
    str_copy(w->key.code, sizeof(w->key.code), str_c(code));
}

static void open_all(struct bw *w, struct opening *x)
{
    x->o.wants = x->wants;
    x->o.done = on_open;
    w->up->ops->open(w->up, &x->o);
    rig_pump(&w->rig);
}

static void open_three(struct bw *w)
{
    struct opening x = { .done = 0 };
    want(&x, MARKET_HK, "00700", 1);
    want(&x, MARKET_HK, "00700", 2);
    want(&x, MARKET_US, "AAPL", 4);
    open_all(w, &x);
    ck_assert_uint_eq(x.done, 1);
    ck_assert_msg(x.err == FUTU_OK, "%s", x.why);
}

static size_t pushes(const struct bw *w, uint32_t proto, const char *code)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n_events; i++)
        n += w->events[i].proto == proto && strcmp(w->events[i].key.code, code) == 0;
    return n;
}

START_TEST(streams_bring_quotes_books_and_ticks)
{
    struct bw w;
    bw_init(&w);
    open_three(&w);
    rig_pass(&w.rig, 20 * NS_PER_S);
    ck_assert_uint_gt(pushes(&w, 3005, "00700"), 2);
    ck_assert_uint_gt(pushes(&w, 3013, "00700"), 2);
    ck_assert_uint_gt(pushes(&w, 3011, "AAPL"), 2);
    const Qot_UpdateBasicQot_Response *b = bw_last(&w, 3005);
    const Qot_Common_BasicQot *q = &b->s2c->basicQotList[0];
    ck_assert_str_eq(q->security->code.p, "00700");
    ck_assert(q->curPrice > 0 && q->lastClosePrice > 0 && q->volume > 0);
    ck_assert(q->lowPrice <= q->curPrice && q->curPrice <= q->highPrice);
    ck_assert_uint_gt(q->name.n, 0);
    const Qot_UpdateOrderBook_Response *k = bw_last(&w, 3013);
    ck_assert_uint_gt(k->s2c->n_orderBookAskList, 3);
    ck_assert(k->s2c->orderBookAskList[0].price > k->s2c->orderBookBidList[0].price);
    const Qot_UpdateTicker_Response *t = bw_last(&w, 3011);
    ck_assert_uint_gt(t->s2c->n_tickerList, 0);
    ck_assert_int_gt(t->s2c->tickerList[0].sequence, 0);
    bw_free(&w);
}
END_TEST

START_TEST(packed_pushes_bring_the_same)
{
    struct bw w;
    bw_init(&w);
    emu_scene(w.rig.emu)->pack = true;
    open_three(&w);
    rig_pass(&w.rig, 10 * NS_PER_S);
    ck_assert_uint_gt(pushes(&w, 3005, "00700"), 2);
    bw_free(&w);
}
END_TEST

START_TEST(ticks_are_told_once_each_and_in_order)
{
    struct bw w;
    int64_t last = 0;
    bw_init(&w);
    open_three(&w);
    rig_pass(&w.rig, 20 * NS_PER_S);
    emu_drop(w.rig.emu, 1);             /* the server tells the newest again after a login */
    rig_pass(&w.rig, 20 * NS_PER_S);
    for (size_t i = 0; i < w.n_events; i++) {
        Qot_UpdateTicker_Response r;
        if (w.events[i].proto != 3011)
            continue;
        ck_assert_int_eq(codec_decode(&Qot_UpdateTicker_Response_msg, &w.arena,
                                      w.events[i].body.p, w.events[i].body.n, &r, NULL, NULL),
                         FUTU_OK);
        for (size_t k = 0; k < r.s2c->n_tickerList; k++) {
            ck_assert_int_gt(r.s2c->tickerList[k].sequence, last);
            last = r.s2c->tickerList[k].sequence;
        }
    }
    ck_assert_int_gt(last, 0);
    bw_free(&w);
}
END_TEST

START_TEST(order_books_are_subscribed_in_requests_of_their_own_for_each_market)
{
    struct bw w;
    struct opening x = { .done = 0 };
    bw_init(&w);
    want(&x, MARKET_HK, "00700", 1);
    want(&x, MARKET_US, "AAPL", 2);
    want(&x, MARKET_HK, "00005", 2);
    want(&x, MARKET_HK, "00005", 4);
    want(&x, MARKET_US, "MSFT", 2);
    open_all(&w, &x);
    ck_assert_msg(x.err == FUTU_OK, "%s", x.why);
    ck_assert_uint_eq(emu_asked(w.rig.emu, CMD_SUB), 3);
    ck_assert_uint_eq(emu_asked(w.rig.emu, CMD_SECURITIES), 1);
    bw_free(&w);
}
END_TEST

START_TEST(an_unknown_security_opens_nothing)
{
    struct bw w;
    struct opening x = { .done = 0 };
    bw_init(&w);
    want(&x, MARKET_HK, "00700", 1);
    want(&x, MARKET_HK, "99999", 1);
    open_all(&w, &x);
    ck_assert_int_eq(x.err, FUTU_ENOTFOUND);
    ck_assert_str_eq(x.why, "未知股票 99999");
    ck_assert_uint_eq(emu_asked(w.rig.emu, CMD_SUB), 0);
    ck_assert_uint_eq(quote_streams(w.b), 0);
    struct opening y = { .done = 0 };
    want(&y, 9999, "X", 1);
    open_all(&w, &y);
    ck_assert_int_eq(y.err, FUTU_ENOTFOUND);
    bw_free(&w);
}
END_TEST

START_TEST(sub_types_that_are_not_served_are_named)
{
    struct bw w;
    struct opening x = { .done = 0 };
    bw_init(&w);
    want(&x, MARKET_HK, "00700", 6);
    open_all(&w, &x);
    ck_assert_int_eq(x.err, FUTU_ENOTSUP);
    ck_assert_str_eq(x.why, "not supported over the direct login: sub type 6; only 1 (basic), 2 "
                            "(order book) and 4 (ticker)");
    bw_free(&w);
}
END_TEST

START_TEST(a_closed_stream_brings_nothing_more)
{
    struct bw w;
    bw_init(&w);
    open_three(&w);
    rig_pass(&w.rig, 5 * NS_PER_S);
    const struct stream_key key = { .market = MARKET_HK, .sub_type = 1, .code = "00700" };
    w.up->ops->close(w.up, &key);
    rig_pump(&w.rig);
    size_t before = pushes(&w, 3005, "00700"), books = pushes(&w, 3013, "00700");
    rig_pass(&w.rig, 10 * NS_PER_S);
    ck_assert_uint_eq(pushes(&w, 3005, "00700"), before);
    ck_assert_uint_gt(pushes(&w, 3013, "00700"), books);
    ck_assert_uint_eq(quote_streams(w.b), 2);
    bw_free(&w);
}
END_TEST

START_TEST(after_a_loss_all_streams_are_subscribed_again)
{
    struct bw w;
    bw_init(&w);
    open_three(&w);
    rig_pass(&w.rig, 5 * NS_PER_S);
    unsigned before = emu_asked(w.rig.emu, CMD_SUB);
    emu_drop(w.rig.emu, 1);
    rig_pass(&w.rig, 3 * NS_PER_S);
    ck_assert_uint_eq(emu_asked(w.rig.emu, CMD_SUB), before + 3);
    size_t quotes = pushes(&w, 3005, "00700");
    rig_pass(&w.rig, 10 * NS_PER_S);
    ck_assert_uint_gt(pushes(&w, 3005, "00700"), quotes);
    bw_free(&w);
}
END_TEST

START_TEST(an_opening_that_a_loss_meets_fails)
{
    struct bw w;
    struct opening x = { .done = 0 };
    bw_init(&w);
    emu_scene(w.rig.emu)->mute_calls = 1;
    want(&x, MARKET_HK, "00700", 1);
    open_all(&w, &x);
    ck_assert_uint_eq(x.done, 0);
    emu_drop(w.rig.emu, 1);
    rig_pump(&w.rig);
    ck_assert_uint_eq(x.done, 1);
    ck_assert_int_eq(x.err, FUTU_ENOTCONN);
    struct opening y = { .done = 0 };
    want(&y, MARKET_HK, "00700", 1);
    open_all(&w, &y);
    ck_assert_int_eq(y.err, FUTU_ENOTCONN);
    ck_assert_str_eq(y.why, "platform is not connected (waiting: connection: closed by the peer)");
    bw_free(&w);
}
END_TEST

START_TEST(quotes_that_stay_away_for_a_minute_are_subscribed_again)
{
    struct bw w;
    bw_init(&w);
    open_three(&w);
    rig_pass(&w.rig, 5 * NS_PER_S);
    unsigned before = emu_asked(w.rig.emu, CMD_SUB);
    emu_scene(w.rig.emu)->no_quotes = true;
    rig_pass(&w.rig, 60 * NS_PER_S);
    ck_assert_uint_eq(emu_asked(w.rig.emu, CMD_SUB), before);
    rig_pass(&w.rig, 35 * NS_PER_S);
    ck_assert_uint_eq(emu_asked(w.rig.emu, CMD_SUB), before + 3);
    bw_free(&w);
}
END_TEST

START_TEST(the_present_value_is_there_once_something_has_come)
{
    struct bw w;
    struct buf out = BUF_INIT;
    const struct stream_key key = { .market = MARKET_HK, .sub_type = 1, .code = "00700" };
    bw_init(&w);
    ck_assert_int_eq(w.up->ops->current(w.up, &key, &out), FUTU_EAGAIN);
    open_three(&w);
    rig_pass(&w.rig, 5 * NS_PER_S);
    for (int32_t sub = 1; sub <= 4; sub *= 2) {
        struct stream_key k = { .market = sub == 4 ? MARKET_US : MARKET_HK, .sub_type = sub };
        str_copy(k.code, sizeof(k.code), str_c(sub == 4 ? "AAPL" : "00700"));
        out.n = 0;
        ck_assert_int_eq(w.up->ops->current(w.up, &k, &out), FUTU_OK);
        ck_assert_uint_gt(out.n, 20);
    }
    buf_free(&out);
    bw_free(&w);
}
END_TEST

static const struct bw_head *ask_basic(struct bw *w, const char *code)
{
    Qot_Common_Security sec = { .market = MARKET_HK, .has_market = true, .code = str_c(code) };
    Qot_GetBasicQot_C2S c2s = { .n_securityList = 1, .securityList = &sec };
    const Qot_GetBasicQot_Request q = { .c2s = &c2s };
    return bw_call(w, 3004, &q);
}

START_TEST(reads_are_answered_from_what_has_come_and_never_from_before_a_loss)
{
    struct bw w;
    bw_init(&w);
    ck_assert_str_eq(bw_msg(ask_basic(&w, "00700")), "no such data of 00700 has come yet");
    open_three(&w);
    rig_pass(&w.rig, 5 * NS_PER_S);
    const Qot_GetBasicQot_Response *r = (const void *)ask_basic(&w, "00700");
    ck_assert_int_eq(r->retType, RET_OK);
    const Qot_UpdateBasicQot_Response *p = bw_last(&w, 3005);
    ck_assert(r->s2c->basicQotList[0].curPrice == p->s2c->basicQotList[0].curPrice);

    Qot_Common_Security sec = { .market = MARKET_HK, .has_market = true, .code = STR("00700") };
    Qot_GetOrderBook_C2S b2s = { .security = &sec };
    SET(&b2s, num, 3);
    const Qot_GetOrderBook_Request bq = { .c2s = &b2s };
    const Qot_GetOrderBook_Response *b = bw_call(&w, 3012, &bq);
    ck_assert_int_eq(b->retType, RET_OK);
    ck_assert_uint_eq(b->s2c->n_orderBookAskList, 3);

    Qot_Common_Security us = { .market = MARKET_US, .has_market = true, .code = STR("AAPL") };
    Qot_GetTicker_C2S t2s = { .security = &us };
    SET(&t2s, maxRetNum, 2);
    const Qot_GetTicker_Request tq = { .c2s = &t2s };
    const Qot_GetTicker_Response *t = bw_call(&w, 3010, &tq);
    ck_assert_int_eq(t->retType, RET_OK);
    ck_assert_uint_eq(t->s2c->n_tickerList, 2);
    SET(&t2s, maxRetNum, 1001);
    ck_assert_str_eq(bw_msg(bw_call(&w, 3010, &tq)), "maxRetNum: 1001 is not in 1..1000");

    emu_drop(w.rig.emu, 1);
    rig_pump(&w.rig);
    const struct bw_head *lost = ask_basic(&w, "00700");
    ck_assert_int_eq(bw_ret(lost), RET_DISCONNECTED);
    bw_free(&w);
}
END_TEST

/* A price of the security, as the server pushes it. */
static void come(struct bw *w, const char *code)
{
    struct bk_quote q = { 0 };
    struct bk_push_entry e = { .has_bit = true, .bit = BIT_PRICE };
    const struct bk_push p = { .n_entries = 1, .entries = &e };
    struct buf payload = BUF_INIT, body = BUF_INIT;
    SET(&q, price, 300);
    SET(&q, last_close, 299);
    ck_assert_int_eq(codec_encode(&bk_quote_msg, &q, &payload, NULL), FUTU_OK);
    SET(&e, stock_id, stock_find(w->b, MARKET_HK, str_c(code))->id);
    e.payload = buf_str(&payload);
    ck_assert_int_eq(codec_encode(&bk_push_msg, &p, &body, NULL), FUTU_OK);
    quote_push(w->b, body.p, body.n);
    buf_free(&payload);
    buf_free(&body);
}

START_TEST(a_read_right_after_its_subscription_waits_for_the_first_data)
{
    struct bw w;
    struct bw_ask a;
    struct opening x = { .done = 0 };
    Qot_Common_Security sec = { .market = MARKET_HK, .has_market = true, .code = STR("00700") };
    Qot_GetBasicQot_C2S c2s = { .n_securityList = 1, .securityList = &sec };
    const Qot_GetBasicQot_Request q = { .c2s = &c2s };
    for (int comes = 0; comes < 2; comes++) {
        bw_init(&w);
        emu_scene(w.rig.emu)->no_quotes = true;
        x = (struct opening){ .done = 0 };
        want(&x, MARKET_HK, "00700", 1);
        open_all(&w, &x);
        bw_send(&w, &a, 3004, &q);
        rig_pass(&w.rig, 29 * NS_PER_S / 10);
        ck_assert_uint_eq(a.done, 0);
        if (comes)
            come(&w, "00700");
        else
            rig_pass(&w.rig, NS_PER_S / 5);
        const struct bw_head *r = bw_answer(&w, &a);
        ck_assert_int_eq(bw_ret(r), comes ? RET_OK : RET_FAILED);
        if (!comes)
            ck_assert_str_eq(bw_msg(r), "no such data of 00700 has come yet");
        bw_free(&w);
    }
    /* A loss ends the wait, and so does the end of the upstream. */
    bw_init(&w);
    emu_scene(w.rig.emu)->no_quotes = true;
    x = (struct opening){ .done = 0 };
    want(&x, MARKET_HK, "00700", 1);
    open_all(&w, &x);
    bw_send(&w, &a, 3004, &q);
    emu_kick(w.rig.emu, 1);
    rig_pump(&w.rig);
    ck_assert_int_eq(bw_ret(bw_answer(&w, &a)), RET_DISCONNECTED);
    bw_free(&w);
}
END_TEST

START_TEST(static_data_and_market_states_need_no_subscription)
{
    struct bw w;
    bw_init(&w);
    Qot_Common_Security secs[2] = { { .market = MARKET_HK, .has_market = true,
                                      .code = STR("00700") },
                                    { .market = MARKET_US, .has_market = true,
                                      .code = STR("AAPL") } };
    Qot_GetStaticInfo_C2S c2s = { .n_securityList = 2, .securityList = secs };
    const Qot_GetStaticInfo_Request q = { .c2s = &c2s };
    const Qot_GetStaticInfo_Response *r = bw_call(&w, 3202, &q);
    ck_assert_int_eq(r->retType, RET_OK);
    ck_assert_uint_eq(r->s2c->n_staticInfoList, 2);
    ck_assert_str_eq(r->s2c->staticInfoList[0].basic->security->code.p, "00700");
    ck_assert_int_eq(r->s2c->staticInfoList[0].basic->lotSize, 100);
    Qot_GetMarketState_C2S m2s = { .n_securityList = 2, .securityList = secs };
    const Qot_GetMarketState_Request mq = { .c2s = &m2s };
    const Qot_GetMarketState_Response *m = bw_call(&w, 3223, &mq);
    ck_assert_int_eq(m->retType, RET_OK);
    ck_assert_int_ne(m->s2c->marketInfoList[0].marketState, 0);
    ck_assert_uint_eq(emu_asked(w.rig.emu, CMD_SECURITIES), 1);
    secs[1].code = STR("NOSUCH");
    ck_assert_str_eq(bw_msg(bw_call(&w, 3202, &q)), "未知股票 NOSUCH");
    c2s.n_securityList = 0;
    ck_assert_str_eq(bw_msg(bw_call(&w, 3202, &q)),
                     "not supported over the direct login: Qot_GetStaticInfo of a whole market; "
                     "only of securityList");
    bw_free(&w);
}
END_TEST

static bool quotes_with(long fail_at)
{
    struct bw w;
    struct opening x = { .done = 0 };
    bw_init(&w);
    want(&x, MARKET_HK, "00700", 1);
    want(&x, MARKET_HK, "00700", 2);
    want(&x, MARKET_US, "AAPL", 4);
    mem_fail_at(fail_at);
    open_all(&w, &x);
    rig_pass(&w.rig, 12 * NS_PER_S);
    bool failed = mem_failed();
    mem_fail_at(-1);
    ck_assert_uint_eq(x.done, 1);
    ck_assert(failed || x.err == FUTU_OK);
    bw_free(&w);
    return !failed;
}

START_TEST(every_failed_allocation_is_clean)
{
    for (long n = 0; n < 400 && !quotes_with(n); n += 1 + n / 64)
        ;
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, streams_bring_quotes_books_and_ticks);
    tcase_add_test(tc, packed_pushes_bring_the_same);
    tcase_add_test(tc, ticks_are_told_once_each_and_in_order);
    tcase_add_test(tc, order_books_are_subscribed_in_requests_of_their_own_for_each_market);
    tcase_add_test(tc, an_unknown_security_opens_nothing);
    tcase_add_test(tc, sub_types_that_are_not_served_are_named);
    tcase_add_test(tc, a_closed_stream_brings_nothing_more);
    tcase_add_test(tc, after_a_loss_all_streams_are_subscribed_again);
    tcase_add_test(tc, an_opening_that_a_loss_meets_fails);
    tcase_add_test(tc, quotes_that_stay_away_for_a_minute_are_subscribed_again);
    tcase_add_test(tc, the_present_value_is_there_once_something_has_come);
    tcase_add_test(tc, reads_are_answered_from_what_has_come_and_never_from_before_a_loss);
    tcase_add_test(tc, a_read_right_after_its_subscription_waits_for_the_first_data);
    tcase_add_test(tc, static_data_and_market_states_need_no_subscription);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("broker quotes", add);
}
