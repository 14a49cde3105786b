/* trade_test.c - writes: the lock, the replay guard, per-account limits, time-outs; order
 * pushes. */
#include "rig.h"

#define ACC UINT64_C(281756457888247915)
#define PLACED                                                                                     \
    "080012001800221d 0a0d 0800 10abb4cdd888b38ff00318 01 1085 08 1a 07 46 41 31 32 33 34 35"

static struct rig r;
static struct peer a, b;

static void setup(void)
{
    rig_init(&r, NULL);
    peer_open(&a, &r, FUTU_WIRE_TCP);
    peer_open(&b, &r, FUTU_WIRE_TCP);
    peer_init(&a, CIPHER_NONE, 0, false);
    peer_init(&b, CIPHER_NONE, 0, true);
}

static void teardown(void)
{
    if (a.c)
        peer_close(&a);
    if (b.c)
        peer_close(&b);
    rig_free(&r);
}

struct order {
    uint64_t conn_id, acc;
    uint32_t number;
    int32_t env;
    double qty;
};

static void place(struct peer *p, uint32_t serial, const struct order *o)
{
    Common_PacketID id = { .connID = 0 };
    Trd_Common_TrdHeader header = { .trdEnv = 0 };
    Trd_PlaceOrder_C2S c2s = { .packetID = &id, .header = &header, .code = STR("00700") };
    Trd_PlaceOrder_Request rq = { &c2s };
    SET(&id, connID, o->conn_id ? o->conn_id : p->id);
    SET(&id, serialNo, o->number);
    SET(&header, trdEnv, o->env);
    SET(&header, accID, o->acc ? o->acc : ACC);
    SET(&header, trdMarket, 1);
    SET(&c2s, trdSide, 1);
    SET(&c2s, orderType, 1);
    SET(&c2s, qty, o->qty ? o->qty : 100);
    ck_assert_int_eq(peer_send_msg(p, serial, 2202, &rq), FUTU_OK);
}

static void unlock(struct peer *p, bool on, bool succeeds)
{
    peer_send_hex(p, 2005, 77, on ? "0a020801" : "0a020800");
    rig_answer(&r, 2005, succeeds ? HEX_EMPTY : "08ffffffffffffffffff01 1203 6e6f21 1800");
    struct frame f;
    ck_assert(peer_next(p, &f));
}

START_TEST(real_accounts_want_unlocking_by_anyone)
{
    place(&a, 1, &(struct order){ .number = 1, .env = 1 });
    peer_refused(&a, 2202, 1, -1, "没有解锁交易，请先解锁交易");
    place(&a, 2, &(struct order){ .number = 1, .env = 0 });     /* the refused one took no number */
    ck_assert_uint_eq(rig_waiting(&r, 2202), 1);
    rig_answer(&r, 2202, PLACED);
    peer_expect(&a, 2202, 0, 2, PLACED);
    unlock(&b, true, false);
    rig_pass(&r, NS_PER_S);
    place(&a, 3, &(struct order){ .number = 3, .env = 1 });
    peer_refused(&a, 2202, 3, -1, "没有解锁交易");
    unlock(&b, true, true);
    place(&a, 4, &(struct order){ .number = 4, .env = 1 });
    rig_answer(&r, 2202, PLACED);
    peer_expect(&a, 2202, 0, 4, PLACED);
    peer_close(&b);                                             /* it stays open without b */
    rig_pass(&r, NS_PER_S);
    place(&a, 5, &(struct order){ .number = 5, .env = 1 });
    rig_answer(&r, 2202, PLACED);
    peer_expect(&a, 2202, 0, 5, PLACED);
    unlock(&a, false, true);
    rig_pass(&r, NS_PER_S);
    place(&a, 6, &(struct order){ .number = 6, .env = 1 });
    peer_refused(&a, 2202, 6, -1, "没有解锁交易");
    ck_assert_uint_eq(r.fake.requests, 3 + 3);
}
END_TEST

/* An order whose header comes twice: with `env` as place() wrote it, then with `last`. */
static size_t two_headers(uint8_t *out, int32_t env, int32_t last)
{
    size_t n = unhex("0a00 0a0c 088180f09d99ddbf92611063 1206 0800 1001 1801 1801 2001 2a0178"
                     " 310000000000005940 1206 0800 1001 1801", out, 128);
    out[1] = (uint8_t)(n - 2);
    out[2 + 14 + 3] = (uint8_t)env;
    out[n - 5] = (uint8_t)last;
    return n;
}

START_TEST(a_header_twice_does_not_slip_past_the_lock)
{
    Trd_PlaceOrder_Request rq;
    struct arena mem = ARENA_INIT;
    uint8_t bytes[128];
    int32_t last = _i;
    size_t n = two_headers(bytes, !last, last);
    /* what whoever is behind the hub reads from the same bytes decides */
    ck_assert_int_eq(codec_decode(&Trd_PlaceOrder_Request_msg, &mem, bytes, n, &rq, NULL, NULL),
                     FUTU_OK);
    ck_assert_uint_eq(rq.c2s->packetID->connID, a.id);
    ck_assert_int_eq(rq.c2s->header->trdEnv, last);
    peer_send(&a, 2202, 0, 9, bytes, n);
    if (last == 0)
        peer_nothing(&a);
    else
        peer_refused(&a, 2202, 9, -1, "没有解锁交易");
    ck_assert_uint_eq(rig_waiting(&r, 2202), last == 0);
    arena_free(&mem);
}
END_TEST

START_TEST(a_repeat_gets_the_first_answer)
{
    place(&a, 1, &(struct order){ .number = 0 });
    place(&a, 2, &(struct order){ .number = 0 });       /* before the answer */
    ck_assert_uint_eq(rig_waiting(&r, 2202), 1);
    rig_answer(&r, 2202, PLACED);
    peer_expect(&a, 2202, 0, 1, PLACED);
    peer_expect(&a, 2202, 0, 2, PLACED);
    place(&a, 3, &(struct order){ .number = 0 });       /* and behind it */
    peer_expect(&a, 2202, 0, 3, PLACED);
    ck_assert_uint_eq(r.fake.requests, 1);
    place(&a, 4, &(struct order){ .number = 0, .qty = 200 });
    peer_refused(&a, 2202, 4, -1, "used for another request");
    place(&a, 5, &(struct order){ .number = 9, .conn_id = b.id });
    peer_refused(&a, 2202, 5, -1, "not the id of this connection");
    place(&b, 6, &(struct order){ .number = 0, .acc = 5 });     /* b counts for itself */
    rig_answer(&r, 2202, PLACED);
    peer_expect(&b, 2202, 0, 6, PLACED);
}
END_TEST

START_TEST(a_failed_answer_is_an_answer_too)
{
    static const char no[] = "08ffffffffffffffffff01 1203 6e6f21 1800";
    place(&a, 1, &(struct order){ .number = 5 });
    rig_answer(&r, 2202, no);
    peer_expect(&a, 2202, 0, 1, no);
    place(&a, 2, &(struct order){ .number = 5 });
    peer_expect(&a, 2202, 0, 2, no);
    ck_assert_uint_eq(r.fake.requests, 1);
}
END_TEST

START_TEST(numbers_may_swap_and_leave_gaps_but_not_come_back)
{
    struct hub_opts o = { .frequency_limits_off = true };
    static const uint32_t firsts[] = { 500, 400, 100000, 450 };
    teardown();
    rig_init(&r, &o);
    peer_open(&a, &r, FUTU_WIRE_TCP);
    peer_init(&a, CIPHER_NONE, 0, false);
    memset(&b, 0, sizeof(b));
    r.fake.at_once = true;
    r.fake.answer = HEX_OK;
    for (size_t i = 0; i < ARRAY_LEN(firsts); i++) {
        place(&a, 1, &(struct order){ .number = firsts[i] });
        peer_expect(&a, 2202, 0, 1, HEX_OK);
    }
    for (uint32_t i = 0; i < 1022; i++) {               /* 400 and 450 leave the window */
        place(&a, 2, &(struct order){ .number = 1000 + i });
        peer_expect(&a, 2202, 0, 2, HEX_OK);
    }
    ck_assert_uint_eq(r.fake.requests, 4 + 1022);
    for (uint32_t n = 399; n <= 451; n++) {
        place(&a, 3, &(struct order){ .number = n, .qty = n == 450 ? 0 : 1 });
        peer_refused(&a, 2202, 3, -1, "below the last 1024");
    }
    ck_assert_uint_eq(r.fake.requests, 4 + 1022);
    place(&a, 4, &(struct order){ .number = 999 });     /* never seen, and not below all */
    peer_expect(&a, 2202, 0, 4, HEX_OK);
}
END_TEST

START_TEST(a_write_without_answer_is_unknown_and_told_later)
{
    place(&a, 1, &(struct order){ .number = 1 });
    rig_pass(&r, 10 * NS_PER_S);
    peer_refused(&a, 2202, 1, -100, "业务处理超时没返回，结果未知");
    ck_assert_uint_eq(r.fake.cancelled, 0);
    place(&a, 2, &(struct order){ .number = 1 });
    peer_nothing(&a);
    ck_assert_uint_eq(r.fake.requests, 1);              /* surely not sent twice */
    rig_answer(&r, 2202, PLACED);
    peer_expect(&a, 2202, 0, 2, PLACED);
    peer_nothing(&a);                                   /* the first ask has had its answer */
    place(&a, 3, &(struct order){ .number = 1 });
    peer_expect(&a, 2202, 0, 3, PLACED);
}
END_TEST

START_TEST(a_waiting_repeat_has_its_own_time_limit)
{
    place(&a, 1, &(struct order){ .number = 1 });
    rig_pass(&r, 6 * NS_PER_S);
    place(&a, 2, &(struct order){ .number = 1 });
    rig_pass(&r, 4 * NS_PER_S);
    peer_refused(&a, 2202, 1, -100, "结果未知");
    peer_nothing(&a);
    rig_pass(&r, 6 * NS_PER_S);
    peer_refused(&a, 2202, 2, -100, "结果未知");
    place(&a, 3, &(struct order){ .number = 1 });
    peer_close(&a);                                     /* with leader and repeat under way */
    ck_assert_uint_eq(r.fake.cancelled, 1);
}
END_TEST

START_TEST(orders_count_per_account)
{
    r.fake.at_once = true;
    r.fake.answer = HEX_OK;
    for (uint32_t i = 0; i < 15; i++) {
        place(&a, i, &(struct order){ .number = i });
        peer_expect(&a, 2202, 0, i, HEX_OK);
        clock_fake_advance(&r.time, 20 * NS_PER_MS);
    }
    place(&a, 20, &(struct order){ .number = 20 });
    peer_refused(&a, 2202, 20, -1, "下单频率太高，请求失败，每30秒最多15次。");
    place(&b, 21, &(struct order){ .number = 21 });     /* another connection, the same account */
    peer_refused(&b, 2202, 21, -1, "下单频率太高");
    place(&a, 22, &(struct order){ .number = 22, .acc = ACC + 1 });
    peer_expect(&a, 2202, 0, 22, HEX_OK);
    place(&a, 23, &(struct order){ .number = 23, .acc = ACC + 1 });
    peer_refused(&a, 2202, 23, -1, "20毫秒");
    clock_fake_advance(&r.time, 20 * NS_PER_MS);
    place(&a, 24, &(struct order){ .number = 23, .acc = ACC + 1 });
    peer_expect(&a, 2202, 0, 24, HEX_OK);
    place(&a, 25, &(struct order){ .number = 23, .acc = ACC + 1 });     /* a repeat costs nothing */
    peer_expect(&a, 2202, 0, 25, HEX_OK);
}
END_TEST

/* ---- pushes ---- */

#define ORDER_PUSH "080012001800 2204 0a020800"

static void trade(uint64_t acc, uint32_t proto)
{
    uint8_t bytes[64];
    size_t n = unhex(ORDER_PUSH, bytes, sizeof(bytes));
    r.events.trade(r.events.arg, acc, proto, bytes, n);
}

static void sub_acc(struct peer *p, size_t n, const uint64_t *list)
{
    Trd_SubAccPush_C2S c2s = { .n_accIDList = n, .accIDList = (uint64_t *)list };
    Trd_SubAccPush_Request rq = { &c2s };
    peer_send_msg(p, 8, 2008, &rq);
}

START_TEST(order_pushes_go_to_who_named_the_account)
{
    static const uint64_t both[] = { 1, 2 }, second[] = { 2 };
    static uint64_t many[257];
    sub_acc(&a, 2, both);
    peer_expect(&a, 2008, 0, 8, HEX_EMPTY);
    sub_acc(&b, 1, second);
    peer_expect(&b, 2008, 0, 8, HEX_EMPTY);
    trade(1, 2208);
    trade(2, 2218);
    trade(3, 2208);
    peer_expect(&a, 2208, 0, 0, ORDER_PUSH);
    peer_expect(&a, 2218, 0, 0, ORDER_PUSH);
    peer_nothing(&a);
    peer_expect(&b, 2218, 0, 0, ORDER_PUSH);
    peer_nothing(&b);
    sub_acc(&a, 1, second);                             /* replaces */
    peer_ok(&a, 2008, 8);
    trade(1, 2208);
    peer_nothing(&a);
    sub_acc(&a, 257, many);                             /* refused: the list stays */
    peer_refused(&a, 2008, 8, -1, "256");
    trade(2, 2208);
    peer_expect(&a, 2208, 0, 0, ORDER_PUSH);
    sub_acc(&a, 0, NULL);
    peer_ok(&a, 2008, 8);
    trade(2, 2208);
    peer_nothing(&a);
    peer_close(&b);
    trade(2, 2208);
}
END_TEST

START_TEST(notices_go_to_those_who_asked)
{
    static const uint8_t body[] = { 8, 0, 18, 0, 24, 0, 34, 2, 8, 0 };
    r.events.notify(r.events.arg, 1003, body, sizeof(body));
    peer_nothing(&a);
    peer_expect(&b, 1003, 0, 0, "08001200180022020800");
    r.events.notify(r.events.arg, 3019, body, sizeof(body));
    peer_expect(&a, 3019, 0, 0, "08001200180022020800");
    peer_expect(&b, 3019, 0, 0, "08001200180022020800");
    struct peer c;
    peer_open(&c, &r, FUTU_WIRE_TCP);                   /* not initialised: nothing for it */
    r.events.notify(r.events.arg, 3019, body, sizeof(body));
    peer_nothing(&c);
    peer_close(&c);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, real_accounts_want_unlocking_by_anyone);
    tcase_add_loop_test(tc, a_header_twice_does_not_slip_past_the_lock, 0, 2);
    tcase_add_test(tc, a_repeat_gets_the_first_answer);
    tcase_add_test(tc, a_failed_answer_is_an_answer_too);
    tcase_add_test(tc, numbers_may_swap_and_leave_gaps_but_not_come_back);
    tcase_add_test(tc, a_write_without_answer_is_unknown_and_told_later);
    tcase_add_test(tc, a_waiting_repeat_has_its_own_time_limit);
    tcase_add_test(tc, orders_count_per_account);
    tcase_add_test(tc, order_pushes_go_to_who_named_the_account);
    tcase_add_test(tc, notices_go_to_those_who_asked);
}

int main(void)
{
    return run_tcase("trade", add);
}
