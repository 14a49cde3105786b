/* tables_test.c - documented numbers, row by row. */
#include "upstream/broker/tables.h"

#include "market/market.h"
#include "support.h"

START_TEST(market_ids_lead_to_their_public_market)
{
    static const struct {
        int32_t id;
        const char *code;
        int32_t market;
    } rows[] = {
        { 1, "00700", MARKET_HK },    { 8, "HSI", MARKET_HK },     { 10, "AAPL", MARKET_US },
        { 29, "X", MARKET_US },       { 30, "600519", MARKET_SH }, { 40, "000001", MARKET_SZ },
        { 31, "688981", MARKET_SH },  { 35, "300750", MARKET_SZ }, { 30, "510300", MARKET_SH },
        { 41, "X", MARKET_US },       { 91, "NQ", MARKET_US },     { 114, "HSI", MARKET_HK },
        { 160, "CN", MARKET_SG },     { 185, "NK", MARKET_JP },    { 574, "HSI", MARKET_HK },
        { 0, "X", 0 },                { 124, "X", 0 },             { 360, "BTC", 0 },
        { -1, "X", 0 },               { 100000, "X", 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        ck_assert_msg(bk_market_of_id(rows[i].id, str_c(rows[i].code)) == rows[i].market, "%d %s",
                      rows[i].id, rows[i].code);
    ck_assert_int_eq(bk_market_of_id(30, STR_NULL), MARKET_SZ);
}
END_TEST

START_TEST(firms_and_platforms_are_those_that_are_documented)
{
    static const int32_t ids[] = { 1001, 1007, 1008, 1009, 1019, 1017, 1012 };
    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        ck_assert_int_eq(bk_firm(ids[i])->security_firm, (int)i + 1);
    ck_assert_ptr_null(bk_firm(1022));
    ck_assert_ptr_null(bk_firm(1));
    for (int32_t a = 1; a <= 6; a++)
        ck_assert_ptr_nonnull(bk_platform(a)->name);
    ck_assert_str_eq(bk_platform(6)->name, "hkconn.futunn.com");
    ck_assert_str_eq(bk_platform(6)->pool[5], "134.175.255.64");
    ck_assert_ptr_null(bk_platform(6)->pool[6]);
    ck_assert_ptr_null(bk_platform(0));
    ck_assert_ptr_null(bk_platform(7));
}
END_TEST

START_TEST(states_of_orders_are_translated_and_others_unknown)
{
    static const int32_t rows[][2] = { { 1, 2 }, { 2, 5 }, { 3, 10 }, { 4, 11 }, { 5, 15 },
                                       { 6, 21 }, { 7, 14 }, { 101, 22 }, { 102, 1 },
                                       { 103, 24 }, { 104, 23 }, { 0, -1 }, { 8, -1 } };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        ck_assert_int_eq(bk_order_status(rows[i][0]), rows[i][1]);
}
END_TEST

START_TEST(exchanges_and_suffixes_of_the_markets)
{
    struct bk_exchange x;
    ck_assert(bk_exchange_of(1, &x) && x.code == 1);
    ck_assert_str_eq(x.text, "SEHK");
    ck_assert(bk_exchange_of(2, &x) && x.code == 11);
    ck_assert(bk_exchange_of(31, &x) && x.code == 21);
    ck_assert(bk_exchange_of(32, &x) && x.code == 22);
    ck_assert(bk_exchange_of(51, &x) && x.code == 41 && !x.text);
    ck_assert(!bk_exchange_of(0, &x) && !bk_exchange_of(91, &x));
    ck_assert_str_eq(bk_suffix(MARKET_US), "US");
    ck_assert_ptr_null(bk_suffix(91));
}
END_TEST

START_TEST(fund_markets_of_accounts_are_the_public_ones)
{
    ck_assert_int_eq(bk_trd_market(13), 113);
    ck_assert_int_eq(bk_trd_market(23), 123);
    ck_assert_int_eq(bk_trd_market(24), 124);
    ck_assert_int_eq(bk_trd_market(1), 1);
    ck_assert_uint_eq(BK_ACC_ID(1001, 1, 7), (UINT64_C(1001) << 48) + (UINT64_C(1) << 32) + 7);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, market_ids_lead_to_their_public_market);
    tcase_add_test(tc, firms_and_platforms_are_those_that_are_documented);
    tcase_add_test(tc, states_of_orders_are_translated_and_others_unknown);
    tcase_add_test(tc, exchanges_and_suffixes_of_the_markets);
    tcase_add_test(tc, fund_markets_of_accounts_are_the_public_ones);
}

int main(void)
{
    return run_tcase("broker tables", add);
}
