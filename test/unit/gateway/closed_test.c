/* closed_test.c - the hint behind an order that failed for no stated cause while its market is
 * closed. */
#include "gateway/closed.h"

#include <stdio.h>

#include "codec/splice.h"
#include "rig.h"

#define SUNDAY (INT64_C(1775358000) * NS_PER_S)     /* 2026-04-05 03:00 UTC */
#define OPEN_HK (INT64_C(1776049200) * NS_PER_S)    /* 2026-04-13 03:00 UTC, Monday, 11:00 HKT */

static struct rig r;
static struct peer a;

static void setup(void)
{
    rig_init(&r, NULL);
    peer_open(&a, &r, FUTU_WIRE_TCP);
    peer_init(&a, CIPHER_NONE, 0, false);
}

static void teardown(void)
{
    peer_close(&a);
    rig_free(&r);
}

static void place(uint32_t serial, int32_t trd_market, int32_t sec_market, const char *code)
{
    Common_PacketID id = { .connID = 0 };
    Trd_Common_TrdHeader header = { .trdEnv = 0 };
    Trd_PlaceOrder_C2S c2s = { .packetID = &id, .header = &header, .code = str_c(code) };
    Trd_PlaceOrder_Request rq = { &c2s };
    SET(&id, connID, a.id);
    SET(&id, serialNo, serial);
    SET(&header, trdEnv, 0);
    SET(&header, accID, 7);
    SET(&header, trdMarket, trd_market);
    SET(&c2s, trdSide, 1);
    SET(&c2s, orderType, 1);
    SET(&c2s, qty, 100);
    if (sec_market)
        SET(&c2s, secMarket, sec_market);
    ck_assert_int_eq(peer_send_msg(&a, serial, 2202, &rq), FUTU_OK);
}

/* Answers with a failure of this text. */
static void answer_failure(uint32_t proto, const char *text)
{
    struct buf b = BUF_INIT;
    char hex[2048];
    ck_assert_int_eq(codec_failure(&b, RET_FAILED, 3, str_c(text)), FUTU_OK);
    ck_assert_uint_lt(2 * b.n, sizeof(hex));
    for (size_t i = 0; i < b.n; i++)
        snprintf(hex + 2 * i, 3, "%02x", b.p[i]);
    rig_answer(&r, proto, hex);
    buf_free(&b);
}

static const char *told(void)
{
    static char text[2048];
    struct frame f;
    ck_assert(peer_next(&a, &f));
    ck_assert_int_eq(response_ret(f.body, f.len), RET_FAILED);
    ck_assert(str_copy(text, sizeof(text), response_text(f.body, f.len)));
    return text;
}

START_TEST(a_generic_failure_on_a_closed_day_gets_the_hint)
{
    r.time.wall_ns = SUNDAY;
    place(1, 1, 0, "00700");
    answer_failure(2202, "please retry later");
    const char *text = told();
    ck_assert_ptr_eq(strstr(text, "please retry later"), text);
    ck_assert_ptr_nonnull(strstr(text, "【hint】"));
    ck_assert_ptr_nonnull(strstr(text, "HKT"));
}
END_TEST

START_TEST(an_open_market_a_precise_error_and_success_get_none)
{
    r.time.wall_ns = OPEN_HK;
    place(1, 1, 0, "00700");
    answer_failure(2202, "please retry later");
    ck_assert_str_eq(told(), "please retry later");
    r.time.wall_ns = SUNDAY;
    rig_pass(&r, NS_PER_S);             /* two orders must not come too close */
    place(2, 1, 0, "00700");
    answer_failure(2202, "insufficient buying power");
    ck_assert_str_eq(told(), "insufficient buying power");
    rig_pass(&r, NS_PER_S);
    place(3, 1, 0, "00700");
    rig_answer(&r, 2202, HEX_OK);
    peer_expect(&a, 2202, 0, 3, HEX_OK);
}
END_TEST

START_TEST(the_security_decides_and_in_china_its_code)
{
    r.time.wall_ns = OPEN_HK;           /* New York sleeps */
    place(1, 1, 2, "AAPL");
    answer_failure(2202, "timeout");
    ck_assert_ptr_nonnull(strstr(told(), "【hint】"));
    Trd_Common_TrdHeader h = { .trdMarket = Trd_Common_TrdMarket_HKCC };
    ck_assert_int_eq(quote_market(&h, 0, STR("600519")), 21);
    ck_assert_int_eq(quote_market(&h, 0, STR("000001")), 22);
    h.trdMarket = Trd_Common_TrdMarket_Crypto;
    ck_assert_int_eq(quote_market(&h, 0, STR("BTC")), 0);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_generic_failure_on_a_closed_day_gets_the_hint);
    tcase_add_test(tc, an_open_market_a_precise_error_and_success_get_none);
    tcase_add_test(tc, the_security_decides_and_in_china_its_code);
}

int main(void)
{
    return run_tcase("closed", add);
}
