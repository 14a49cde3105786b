/* fees_test.c - the fee schedule, item by item, and that parts never cost more than the whole. */
#include "upstream/paper/fees.h"

#include "../../support.h"

static const struct security hk = { .market = MARKET_HK, .kind = KIND_STOCK };
static const struct security hk_etf = { .market = MARKET_HK, .kind = KIND_ETF };
static const struct security us = { .market = MARKET_US, .kind = KIND_STOCK };
static const struct security sz = { .market = MARKET_SZ, .kind = KIND_STOCK };

static int64_t item(const struct fees *f, const char *title)
{
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(f->item[i].title, title) == 0)
            return f->item[i].value;
    return -1;
}

START_TEST(hong_kong)
{
    struct fees f;
    fees_of(&hk, true, 100, 50000 * PX_ONE, &f);    /* 100 shares at 500 */
    ck_assert_int_eq(item(&f, "Commission"), 15 * PX_ONE);
    ck_assert_int_eq(item(&f, "Platform Fee"), 15 * PX_ONE);
    ck_assert_int_eq(item(&f, "Stamp Duty"), 50 * PX_ONE);
    ck_assert_int_eq(item(&f, "Trading Fee"), 28300);       /* 2.825 up to 2.83 */
    ck_assert_int_eq(item(&f, "SFC Transaction Levy"), 13500);
    ck_assert_int_eq(item(&f, "AFRC Transaction Levy"), 800);
    ck_assert_int_eq(item(&f, "Settlement Fee"), 21000);
    int64_t sum = 0;
    for (size_t i = 0; i < f.n; i++)
        sum += f.item[i].value;
    ck_assert_int_eq(f.total, sum);
    fees_of(&hk_etf, true, 100, 50000 * PX_ONE, &f);
    ck_assert_int_eq(item(&f, "Stamp Duty"), -1);
    fees_of(&hk, true, 100, 100 * PX_ONE + 1, &f);          /* minimum; whole dollars of duty */
    ck_assert_int_eq(item(&f, "Commission"), 3 * PX_ONE);
    ck_assert_int_eq(item(&f, "Stamp Duty"), PX_ONE);
}
END_TEST

START_TEST(us_sells_pay_more)
{
    struct fees buy, sell;
    fees_of(&us, true, 1000, 200000 * PX_ONE, &buy);
    fees_of(&us, false, 1000, 200000 * PX_ONE, &sell);
    ck_assert_int_eq(item(&buy, "Commission"), 49000);
    ck_assert_int_eq(item(&buy, "Platform Fee"), 50000);
    ck_assert_int_eq(item(&buy, "SEC Fee"), -1);
    ck_assert_int_eq(item(&sell, "SEC Fee"), 55600);
    ck_assert_int_eq(item(&sell, "Trading Activity Fee"), 1700);
    ck_assert_int_gt(sell.total, buy.total);
    fees_of(&us, false, 1000000, 200000 * PX_ONE, &sell);
    ck_assert_int_eq(item(&sell, "Trading Activity Fee"), 83000);   /* its maximum */
}
END_TEST

START_TEST(mainland_duty_is_on_sells)
{
    struct fees buy, sell;
    fees_of(&sz, true, 100, 1000 * PX_ONE, &buy);
    fees_of(&sz, false, 100, 1000 * PX_ONE, &sell);
    ck_assert_int_eq(item(&buy, "Stamp Duty"), -1);
    ck_assert_int_eq(item(&sell, "Stamp Duty"), 5000);
}
END_TEST

START_TEST(nothing_traded_costs_nothing)
{
    struct fees f;
    fees_of(&hk, true, 0, 0, &f);
    ck_assert_int_eq(f.total, 0);
    ck_assert_uint_eq(f.n, 0);
}
END_TEST

START_TEST(more_traded_never_costs_less)
{
    const struct security *secs[] = { &hk, &hk_etf, &us, &sz };
    for (size_t s = 0; s < ARRAY_LEN(secs); s++) {
        int64_t last = 0;
        for (int64_t qty = 100; qty <= 20000; qty += 100) {
            struct fees f;
            fees_of(secs[s], qty % 200 == 0, qty, qty * 12345, &f);
            if (qty % 200)
                continue;
            ck_assert_int_ge(f.total, last);
            last = f.total;
        }
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, hong_kong);
    tcase_add_test(tc, us_sells_pay_more);
    tcase_add_test(tc, mainland_duty_is_on_sells);
    tcase_add_test(tc, nothing_traded_costs_nothing);
    tcase_add_test(tc, more_traded_never_costs_less);
}

int main(void)
{
    return run_tcase("fees", add);
}
