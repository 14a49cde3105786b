/* universe_test.c - the built-in securities: complete, sorted, found, with true facts. */
#include "../../support.h"

#include "upstream/paper/universe.h"

static const struct security *find(int32_t market, const char *code)
{
    const struct security *s = universe_find(market, str_c(code));
    ck_assert_msg(s != NULL, "%s", code);
    return s;
}

START_TEST(every_row_is_sound)
{
    ck_assert_uint_ge(universe_count, 3000);
    for (size_t i = 0; i < universe_count; i++) {
        const struct security *s = &universe[i];
        ck_assert_uint_eq(s->index, i);
        ck_assert_ptr_eq(universe_find(s->market, str_c(s->code)), s);
        ck_assert_uint_gt(s->name.n, 0);
        ck_assert_uint_eq(strlen(s->name.p), s->name.n);
        ck_assert_int_gt(s->lot, 0);
        ck_assert_int_gt(s->qty_step, 0);
        ck_assert_int_ge(s->base_px, 900);
        ck_assert_msg(s->kind == KIND_INDEX || s->shares > 0, "%s", s->code);
        ck_assert(s->liquidity >= 'A' && s->liquidity <= 'C');
        ck_assert_uint_lt(s->id, UINT64_C(1) << 53);
        if (i == 0)
            continue;
        const struct security *b = s - 1;
        ck_assert(b->market < s->market ||
                  (b->market == s->market && strcmp(b->code, s->code) < 0));
    }
}
END_TEST

START_TEST(known_facts)
{
    const struct security *s = find(MARKET_HK, "00700");
    ck_assert(str_is(s->name, "TENCENT"));
    ck_assert_int_eq(s->lot, 100);
    ck_assert_int_eq(s->step_table, 1);
    ck_assert_str_eq(s->currency, "HKD");
    ck_assert_int_eq(s->liquidity, 'A');
    s = find(MARKET_HK, "02800");
    ck_assert_int_eq(s->sec_type, 4);
    ck_assert_int_eq(s->step_table, 5);
    ck_assert_int_eq(s->lot, 500);
    ck_assert_str_eq(find(MARKET_HK, "82822")->currency, "CNH");
    s = find(MARKET_US, "AAPL");
    ck_assert_int_eq(s->lot, 1);
    ck_assert(str_is(s->sector, "Information Technology"));
    ck_assert_uint_eq(strlen(s->industry.p), s->industry.n);
    s = find(MARKET_SH, "688981");
    ck_assert_int_eq(s->lot, 200);
    ck_assert_int_eq(s->qty_step, 1);
    ck_assert(str_is(find(MARKET_SZ, "300750")->board, "ChiNext"));
    ck_assert_ptr_null(find(MARKET_US, "SPY")->board.p);
    ck_assert_int_eq(find(MARKET_SZ, "300750")->lot, 100);
    ck_assert_int_eq(find(MARKET_US, ".DJI")->kind, KIND_INDEX);
    ck_assert_int_eq(find(MARKET_HK, "800000")->sec_type, 6);
    ck_assert(str_is(find(MARKET_SH, "000001")->name, "上证指数"));
    ck_assert(str_is(find(MARKET_SZ, "000001")->name, "平安银行"));
}
END_TEST

START_TEST(unknown_codes_are_not_found)
{
    ck_assert_ptr_null(universe_find(MARKET_HK, STR("0070")));
    ck_assert_ptr_null(universe_find(MARKET_HK, STR("007000")));
    ck_assert_ptr_null(universe_find(MARKET_HK, STR("AAPL")));
    ck_assert_ptr_null(universe_find(MARKET_US, STR("")));
    ck_assert_ptr_null(universe_find(0, STR("00700")));
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, every_row_is_sound);
    tcase_add_test(tc, known_facts);
    tcase_add_test(tc, unknown_codes_are_not_found);
}

int main(void)
{
    return run_tcase("universe", add);
}
