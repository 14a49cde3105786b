/* calls_test.c - every call of futu/calls.h against a paper gateway, in both of its forms. */
#include "client/client.h"
#include "host.h"

static struct host host;
static futu_client *c;
static futu_account acc;

static const char *const codes[] = { "HK.00700", "US.AAPL" };

static void setup(void)
{
    futu_client_opts o = FUTU_CLIENT_OPTS_INIT;
    futu_reply *r;
    host_init(&host, NULL);
    o.gateway = host.gateway;
    ck_assert_int_eq(futu_client_new(&c, &o), FUTU_OK);
    ck_assert_int_eq(futu_client_connect(c), FUTU_OK);
    ck_assert_int_eq(futu_get_accounts_sync(c, &r), FUTU_OK);
    ck_assert_int_eq(futu_account_pick(r, Trd_Common_TrdEnv_Simulate, Trd_Common_TrdMarket_HK,
                                       &acc), FUTU_OK);
    futu_reply_free(r);
}

static void teardown(void)
{
    futu_client_free(c);
    host_free(&host);
}

static struct got {
    unsigned n;
    futu_err err;
    int32_t ret;
} got;

static void on_reply(futu_client *client, futu_err err, futu_reply *r, void *arg)
{
    ck_assert_ptr_eq(client, c);
    ck_assert_ptr_eq(arg, &got);
    got.n++;
    got.err = err;
    got.ret = r ? futu_reply_ret(r) : -1;
}

/* The form with a callback: it must be sent and answered with success. */
static void answered(futu_err sent)
{
    ck_assert_msg(sent == FUTU_OK, "%s", futu_client_error(c));
    host_until(&host, &got.n, got.n + 1);
    ck_assert_int_eq(got.err, FUTU_OK);
    ck_assert_int_eq(got.ret, 0);
}
#define FN on_reply, &got

/* The form that waits: its decoded Response. */
static const void *waited(futu_err err, futu_reply *const *r)
{
    ck_assert_msg(err == FUTU_OK, "%s", futu_client_error(c));
    ck_assert_ptr_nonnull(futu_reply_msg(*r));
    return futu_reply_msg(*r);
}
#define WAIT(type, r, call) const type *m = waited((call), &(r))

static void subscribe_all(void)
{
    static const int32_t types[] = { Qot_Common_SubType_Basic, Qot_Common_SubType_Ticker,
                                     Qot_Common_SubType_OrderBook, Qot_Common_SubType_RT,
                                     Qot_Common_SubType_KL_1Min, Qot_Common_SubType_Broker };
    futu_reply *r = NULL;
    waited(futu_subscribe_sync(c, codes, 1, types, ARRAY_LEN(types), FUTU_SUB_NO_FIRST, &r), &r);
    futu_reply_free(r);
}

START_TEST(subscriptions)
{
    static const int32_t types[] = { Qot_Common_SubType_Basic, Qot_Common_SubType_Ticker };
    futu_reply *r = NULL;
    answered(futu_subscribe(c, codes, 2, types, 2, FUTU_SUB_PUSH | FUTU_SUB_EXTENDED, FN));
    WAIT(Qot_GetSubInfo_Response, r, futu_get_subscriptions_sync(c, false, &r));
    ck_assert_int_eq(m->s2c->totalUsedQuota, 4);
    ck_assert_uint_eq(m->s2c->n_connSubInfoList, 1);
    futu_reply_free(r);
    answered(futu_get_subscriptions(c, true, FN));
    /* Within the first minute a subscription can't be given back: the call is refused. */
    ck_assert_int_eq(futu_unsubscribe_sync(c, codes, 1, types, 1, &r), FUTU_EREFUSED);
    futu_reply_free(r);
    ck_assert_int_eq(futu_unsubscribe_all_sync(c, &r), FUTU_EREFUSED);
    futu_reply_free(r);
    ck_assert_int_eq(futu_unsubscribe(c, codes, 1, types, 1, FN), FUTU_OK);
    ck_assert_int_eq(futu_unsubscribe_all(c, FN), FUTU_OK);
    host_until(&host, &got.n, got.n + 2);
    ck_assert_int_eq(got.ret, -1);
}
END_TEST

START_TEST(reads_of_many)
{
    futu_reply *r = NULL;
    subscribe_all();
    {
        WAIT(Qot_GetBasicQot_Response, r, futu_get_quotes_sync(c, codes, 1, &r));
        ck_assert_str_eq(m->s2c->basicQotList[0].security->code.p, "00700");
        futu_reply_free(r);
    }
    {
        WAIT(Qot_GetSecuritySnapshot_Response, r, futu_get_snapshots_sync(c, codes, 2, &r));
        ck_assert_uint_eq(m->s2c->n_snapshotList, 2);
        futu_reply_free(r);
    }
    {
        WAIT(Qot_GetStaticInfo_Response, r, futu_get_static_info_sync(c, codes, 2, &r));
        ck_assert_int_eq(m->s2c->staticInfoList[0].basic->lotSize, 100);
        futu_reply_free(r);
    }
    answered(futu_get_quotes(c, codes, 1, FN));
    answered(futu_get_snapshots(c, codes, 2, FN));
    answered(futu_get_static_info(c, codes, 2, FN));
}
END_TEST

START_TEST(reads_of_one)
{
    futu_reply *r = NULL;
    subscribe_all();
    {
        WAIT(Qot_GetKL_Response, r,
             futu_get_klines_sync(c, codes[0], Qot_Common_KLType_1Min, 0, 3, &r));
        ck_assert_uint_eq(m->s2c->n_klList, 3);
        futu_reply_free(r);
    }
    {
        WAIT(Qot_GetTicker_Response, r, futu_get_ticks_sync(c, codes[0], 2, &r));
        ck_assert_uint_le(m->s2c->n_tickerList, 2);
        futu_reply_free(r);
    }
    {
        WAIT(Qot_GetOrderBook_Response, r, futu_get_order_book_sync(c, codes[0], 4, &r));
        ck_assert_uint_eq(m->s2c->n_orderBookAskList, 4);
        futu_reply_free(r);
    }
    waited(futu_get_rt_sync(c, codes[0], &r), &r);
    futu_reply_free(r);
    waited(futu_get_brokers_sync(c, codes[0], &r), &r);
    futu_reply_free(r);
    answered(futu_get_klines(c, codes[0], Qot_Common_KLType_1Min, 0, 3, FN));
    answered(futu_get_ticks(c, codes[0], 2, FN));
    answered(futu_get_order_book(c, codes[0], 4, FN));
    answered(futu_get_rt(c, codes[0], FN));
    answered(futu_get_brokers(c, codes[0], FN));
}
END_TEST

START_TEST(history_by_pages)
{
    futu_reply *r = NULL, *next = NULL;
    const char *first = "2024-01-02", *last = "2024-01-31";
    WAIT(Qot_RequestHistoryKL_Response, r,
         futu_request_history_klines_sync(c, codes[0], Qot_Common_KLType_Day, 0, first, last, 5,
                                          NULL, 0, &r));
    ck_assert_uint_eq(m->s2c->n_klList, 5);
    ck_assert_ptr_nonnull(m->s2c->nextReqKey.p);
    const Qot_RequestHistoryKL_Response *n =
        waited(futu_request_history_klines_sync(c, codes[0], Qot_Common_KLType_Day, 0, first, last,
                                                5, m->s2c->nextReqKey.p, m->s2c->nextReqKey.n,
                                                &next), &next);
    ck_assert_int_gt(strcmp(n->s2c->klList[0].time.p, m->s2c->klList[4].time.p), 0);
    futu_reply_free(next);
    futu_reply_free(r);
    answered(futu_request_history_klines(c, codes[0], Qot_Common_KLType_Day, 0, first, last, 0,
                                         NULL, 0, FN));
}
END_TEST

START_TEST(days_and_state)
{
    futu_reply *r = NULL;
    int32_t market = Qot_Common_TradeDateMarket_HK;
    {
        WAIT(Qot_RequestTradeDate_Response, r,
             futu_get_trading_days_sync(c, market, "2024-12-20", "2024-12-31", &r));
        ck_assert_uint_eq(m->s2c->n_tradeDateList, 12);     /* always open: every day */
        futu_reply_free(r);
    }
    {
        WAIT(GetGlobalState_Response, r, futu_get_global_state_sync(c, &r));
        ck_assert(m->s2c->trdLogined);
        futu_reply_free(r);
    }
    answered(futu_get_trading_days(c, market, "2024-12-20", "2024-12-31", FN));
    answered(futu_get_global_state(c, FN));
}
END_TEST

START_TEST(accounts)
{
    futu_reply *r = NULL;
    futu_account a;
    answered(futu_get_accounts(c, FN));
    answered(futu_sub_acc_push(c, &acc.id, 1, FN));
    waited(futu_sub_acc_push_sync(c, NULL, 0, &r), &r);
    futu_reply_free(r);
    {
        WAIT(Trd_GetFunds_Response, r, futu_get_funds_sync(c, &acc, 0, false, &r));
        ck_assert_double_gt(m->s2c->funds->power, 0);
        ck_assert_uint_eq(m->s2c->header->accID, acc.id);
        futu_reply_free(r);
    }
    answered(futu_get_funds(c, &acc, Trd_Common_Currency_USD, true, FN));
    waited(futu_get_positions_sync(c, &acc, true, &r), &r);
    futu_reply_free(r);
    answered(futu_get_positions(c, &acc, false, FN));
    {
        WAIT(Trd_GetMaxTrdQtys_Response, r,
             futu_get_max_qtys_sync(c, &acc, codes[0], Trd_Common_OrderType_Normal, 100, &r));
        ck_assert_double_gt(m->s2c->maxTrdQtys->maxCashBuy, 0);
        futu_reply_free(r);
    }
    answered(futu_get_max_qtys(c, &acc, codes[0], Trd_Common_OrderType_Normal, 100, FN));
    ck_assert_int_eq(futu_account_pick(NULL, 0, 1, &a), FUTU_EINVAL);
    ck_assert_int_eq(futu_get_global_state_sync(c, &r), FUTU_OK);
    ck_assert_int_eq(futu_account_pick(r, 0, 1, &a), FUTU_EINVAL);
    futu_reply_free(r);
    ck_assert_int_eq(futu_get_accounts_sync(c, &r), FUTU_OK);
    ck_assert_int_eq(futu_account_pick(r, 0, 9999, &a), FUTU_ENOTFOUND);
    futu_reply_free(r);
}
END_TEST

START_TEST(unlocking)
{
    futu_reply *r = NULL;
    waited(futu_unlock_trade_sync(c, "paper", 0, &r), &r);
    futu_reply_free(r);
    ck_assert_int_eq(futu_unlock_trade_sync(c, "wrong", 0, &r), FUTU_EREFUSED);
    futu_reply_free(r);
    answered(futu_unlock_trade(c, "paper", 0, FN));
    answered(futu_lock_trade(c, 0, FN));
    waited(futu_lock_trade_sync(c, 0, &r), &r);
    futu_reply_free(r);
    ck_assert_int_eq(futu_unlock_trade_sync(c, NULL, 0, &r), FUTU_EINVAL);
}
END_TEST

START_TEST(unlocking_of_some_accounts)
{
    futu_unlock u = FUTU_UNLOCK_INIT;
    futu_account real;
    futu_reply *r = NULL;
    ck_assert_int_eq(futu_get_accounts_sync(c, &r), FUTU_OK);
    ck_assert_int_eq(futu_account_pick(r, Trd_Common_TrdEnv_Real, Trd_Common_TrdMarket_HK, &real),
                     FUTU_OK);
    futu_reply_free(r);
    const uint64_t ids[] = { real.id, 77 };
    u.password = "paper";
    u.otp = "123456";                   /* which paper does not look at */
    u.acc_ids = ids;
    u.n_acc_ids = 2;
    u.firm = Trd_Common_SecurityFirm_FutuSecurities;
    {
        WAIT(Trd_UnlockTrade_Response, r, futu_unlock_accounts_sync(c, &u, &r));
        ck_assert_uint_eq(m->s2c->n_accResultList, 2);
        ck_assert_uint_eq(m->s2c->accResultList[0].accID, real.id);
        ck_assert(m->s2c->accResultList[0].success && !m->s2c->accResultList[1].success);
        futu_reply_free(r);
    }
    u.n_acc_ids = 1;
    u.idempotency_key = "k";
    answered(futu_unlock_accounts(c, &u, FN));
    u.password = "wrong";
    ck_assert_int_eq(futu_unlock_accounts_sync(c, &u, &r), FUTU_EREFUSED);
    ck_assert_ptr_nonnull(strstr(futu_reply_text(r), "has been used for another request"));
    futu_reply_free(r);
    u.password = NULL;
    ck_assert_int_eq(futu_unlock_accounts_sync(c, &u, &r), FUTU_EINVAL);
    u.lock = 1;
    answered(futu_unlock_accounts(c, &u, FN));
    u.idempotency_key = "";
    ck_assert_int_eq(futu_unlock_accounts(c, &u, FN), FUTU_EFORMAT);
    u.idempotency_key = NULL;
    u.acc_ids = NULL;
    ck_assert_int_eq(futu_unlock_accounts(c, &u, FN), FUTU_EINVAL);
    u.size = 8;
    ck_assert_int_eq(futu_unlock_accounts(c, &u, FN), FUTU_EINVAL);
    ck_assert_int_eq(futu_unlock_accounts(c, NULL, FN), FUTU_EINVAL);
}
END_TEST

/* Far from the market, so that it stays. */
static futu_order far_order(void)
{
    futu_order o = FUTU_ORDER_INIT;
    o.code = codes[0];
    o.side = Trd_Common_TrdSide_Buy;
    o.qty = 200;
    o.price = 50;
    o.remark = "far";
    return o;
}

static int32_t status_of(const char *id, double *qty, double *price)
{
    futu_reply *r = NULL;
    WAIT(Trd_GetOrderList_Response, r, futu_get_orders_sync(c, &acc, id, true, &r));
    ck_assert_uint_eq(m->s2c->n_orderList, 1);
    const Trd_Common_Order *o = &m->s2c->orderList[0];
    ck_assert_str_eq(o->remark.p, "far");
    *qty = o->qty;
    *price = o->price;
    int32_t status = o->orderStatus;
    futu_reply_free(r);
    return status;
}

/* The exchange takes a moment of its own time to accept and to cancel. */
static void until_status(const char *id, int32_t want)
{
    double qty, price;
    int32_t status = -2;
    for (int i = 0; i < 2000 && status != want; i++) {
        futu_loop_poll(host.loop, 10);
        status = status_of(id, &qty, &price);
    }
    ck_assert_int_eq(status, want);
}

START_TEST(an_order_from_placing_to_cancelling)
{
    futu_order o = far_order();
    futu_reply *r = NULL;
    char id[64];
    double qty, price;
    WAIT(Trd_PlaceOrder_Response, r, futu_place_order_sync(c, &acc, &o, &r));
    ck_assert(str_copy(id, sizeof(id), m->s2c->orderIDEx));
    futu_reply_free(r);
    until_status(id, Trd_Common_OrderStatus_Submitted);
    waited(futu_modify_order_sync(c, &acc, id, 100, 51, &r), &r);
    futu_reply_free(r);
    until_status(id, Trd_Common_OrderStatus_Submitted);
    status_of(id, &qty, &price);
    ck_assert_double_eq_tol(qty, 100, 1e-9);
    ck_assert_double_eq_tol(price, 51, 1e-9);
    answered(futu_modify_order(c, &acc, id, 300, 52, FN));
    until_status(id, Trd_Common_OrderStatus_Submitted);
    waited(futu_cancel_order_sync(c, &acc, id, &r), &r);
    futu_reply_free(r);
    until_status(id, Trd_Common_OrderStatus_Cancelled_All);
    answered(futu_place_order(c, &acc, &o, FN));
    answered(futu_get_orders(c, &acc, NULL, false, FN));
    ck_assert_int_eq(futu_cancel_order_sync(c, &acc, "nothing", &r), FUTU_EREFUSED);
    futu_reply_free(r);
    ck_assert_int_eq(futu_get_fills_sync(c, &acc, NULL, false, &r), FUTU_EREFUSED); /* simulated */
    futu_reply_free(r);
}
END_TEST

/* The request stays in the engine's buffer until the next one. */
static bool sent_key(const char *key)
{
    uint8_t field[3 + 64] = { 0xa2, 0x38, (uint8_t)strlen(key) };      /* tag 900, a text */
    memcpy(field + 3, key, strlen(key));
    return memmem(c->request.p, c->request.n, field, 3 + strlen(key)) != NULL;
}

START_TEST(an_order_with_an_idempotency_key)
{
    futu_order o = far_order();
    futu_reply *r = NULL;
    char key[66];
    memset(key, 'k', sizeof(key));
    key[65] = '\0';
    o.idempotency_key = key;
    ck_assert_int_eq(futu_place_order(c, &acc, &o, FN), FUTU_EFORMAT);
    ck_assert_ptr_nonnull(strstr(futu_client_error(c), "65 bytes"));
    o.idempotency_key = "";
    ck_assert_int_eq(futu_place_order_sync(c, &acc, &o, &r), FUTU_EFORMAT);
    key[64] = '\0';
    o.idempotency_key = key;
    waited(futu_place_order_sync(c, &acc, &o, &r), &r);
    ck_assert(sent_key(key));
    futu_reply_free(r);
    o.idempotency_key = NULL;
    waited(futu_place_order_sync(c, &acc, &o, &r), &r);
    ck_assert(!sent_key(key));
    futu_reply_free(r);
}
END_TEST

START_TEST(a_repeat_with_the_key_places_nothing)
{
    futu_order o = far_order();
    futu_reply *r = NULL, *again = NULL;
    o.idempotency_key = "one";
    WAIT(Trd_PlaceOrder_Response, r, futu_place_order_sync(c, &acc, &o, &r));
    const Trd_PlaceOrder_Response *n = waited(futu_place_order_sync(c, &acc, &o, &again), &again);
    ck_assert_str_eq(n->s2c->orderIDEx.p, m->s2c->orderIDEx.p);
    futu_reply_free(again);
    futu_reply_free(r);
    o.qty = 300;
    ck_assert_int_eq(futu_place_order_sync(c, &acc, &o, &r), FUTU_EREFUSED);
    futu_reply_free(r);
    o.idempotency_key = "another";
    answered(futu_place_order(c, &acc, &o, FN));
    const Trd_GetOrderList_Response *all =
        waited(futu_get_orders_sync(c, &acc, NULL, false, &r), &r);
    ck_assert_uint_eq(all->s2c->n_orderList, 2);
    futu_reply_free(r);
}
END_TEST

/* A program built before the key was there: its struct ends earlier, and what lies behind is not
 * read. */
START_TEST(an_order_of_the_first_version)
{
    futu_order o = far_order();
    futu_reply *r = NULL;
    o.size = offsetof(futu_order, idempotency_key);
    o.idempotency_key = (const char *)1;
    waited(futu_place_order_sync(c, &acc, &o, &r), &r);
    futu_reply_free(r);
    o.size--;
    ck_assert_int_eq(futu_place_order(c, &acc, &o, FN), FUTU_EINVAL);
}
END_TEST

START_TEST(a_real_account)
{
    futu_order o = far_order();
    futu_account real;
    futu_reply *r = NULL;
    ck_assert_int_eq(futu_get_accounts_sync(c, &r), FUTU_OK);
    ck_assert_int_eq(futu_account_pick(r, Trd_Common_TrdEnv_Real, Trd_Common_TrdMarket_HK, &real),
                     FUTU_OK);
    futu_reply_free(r);
    ck_assert_int_eq(futu_place_order_sync(c, &real, &o, &r), FUTU_EREFUSED);   /* locked */
    futu_reply_free(r);
    answered(futu_unlock_trade(c, "paper", 0, FN));
    answered(futu_place_order(c, &real, &o, FN));
    answered(futu_get_fills(c, &real, NULL, false, FN));
    answered(futu_cancel_order(c, &real, NULL, FN));        /* all of them */
}
END_TEST

START_TEST(bad_arguments_are_named)
{
    static const char *const bad[] = { "00700", "XX.1", "HK.", ".00700", "" };
    static const int32_t type = Qot_Common_SubType_Basic;
    const char *one = "HK.00700";
    futu_order o = far_order();
    futu_reply *r;
    unsigned before = got.n;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        ck_assert_int_eq(futu_get_rt(c, bad[i], FN), FUTU_EFORMAT);
        ck_assert_ptr_nonnull(strstr(futu_client_error(c), "HK.00700"));
        ck_assert_int_eq(futu_get_quotes_sync(c, &bad[i], 1, &r), FUTU_EFORMAT);
        ck_assert_ptr_null(r);
        ck_assert_int_eq(futu_get_max_qtys(c, &acc, bad[i], 1, 1, FN), FUTU_EFORMAT);
    }
    ck_assert_int_eq(futu_get_rt(c, NULL, FN), FUTU_EINVAL);
    ck_assert_int_eq(futu_get_rt(c, one, NULL, NULL), FUTU_EINVAL);
    ck_assert_int_eq(futu_get_quotes(c, NULL, 1, FN), FUTU_EINVAL);
    ck_assert_int_eq(futu_get_funds(c, NULL, 0, false, FN), FUTU_EINVAL);
    ck_assert_int_eq(futu_subscribe(c, &one, 1, &type, 1, 64, FN), FUTU_EINVAL);
    ck_assert_int_eq(futu_modify_order(c, &acc, NULL, 1, 1, FN), FUTU_EINVAL);
    ck_assert_int_eq(futu_place_order(c, &acc, NULL, FN), FUTU_EINVAL);
    o.size = 8;
    ck_assert_int_eq(futu_place_order(c, &acc, &o, FN), FUTU_EINVAL);
    ck_assert_int_eq(futu_get_trading_days(c, 1, NULL, "2024-01-01", FN), FUTU_EFORMAT);
    futu_loop_poll(host.loop, 0);
    ck_assert_uint_eq(got.n, before);
}
END_TEST

/* A call that fails leaves nothing behind, and its callback does not run. */
START_TEST(every_failed_allocation_is_clean)
{
    static const int32_t type = Qot_Common_SubType_Basic;
    futu_order o = far_order();
    unsigned before = got.n;
    for (int what = 0; what < 4; what++)
        for (long n = 0; test_alloc_fail_at(n); n++) {
            futu_err err = what == 0   ? futu_subscribe(c, codes, 2, &type, 1, 0, FN)
                           : what == 1 ? futu_get_snapshots(c, codes, 2, FN)
                           : what == 2 ? futu_place_order(c, &acc, &o, FN)
                                       : futu_unlock_trade(c, "paper", 0, FN);
            ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
        }
    mem_fail_at(-1);
    host_until(&host, &got.n, before + 4);      /* those that went out */
    ck_assert_uint_eq(got.n, before + 4);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, subscriptions);
    tcase_add_test(tc, reads_of_many);
    tcase_add_test(tc, reads_of_one);
    tcase_add_test(tc, history_by_pages);
    tcase_add_test(tc, days_and_state);
    tcase_add_test(tc, accounts);
    tcase_add_test(tc, unlocking);
    tcase_add_test(tc, unlocking_of_some_accounts);
    tcase_add_test(tc, an_order_from_placing_to_cancelling);
    tcase_add_test(tc, an_order_with_an_idempotency_key);
    tcase_add_test(tc, a_repeat_with_the_key_places_nothing);
    tcase_add_test(tc, an_order_of_the_first_version);
    tcase_add_test(tc, a_real_account);
    tcase_add_test(tc, bad_arguments_are_named);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("calls", add);
}
