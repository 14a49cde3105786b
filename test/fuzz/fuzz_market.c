/* fuzz_market.c - codes, times and prices as clients write them: what is accepted comes back the
 * same when it is written again.
 */
#include "market/market.h"

static const int32_t markets[] = { MARKET_HK, MARKET_US, MARKET_SH, MARKET_SZ, MARKET_SG,
                                   MARKET_JP, MARKET_AU, MARKET_MY, MARKET_CA };

static void check_time(int32_t market, futu_str text)
{
    char again[24];
    int64_t t, t2;
    if (market_parse_time(market, text, &t) != FUTU_OK)
        return;
    market_time_text(market, t, true, again);
    assert(market_parse_time(market, str_c(again), &t2) == FUTU_OK);
    /* The hour that summer time skips is read as the one behind it; that one is stable. */
    assert(t2 == t || zone_offset(market, t2) != zone_offset(market, t));
    assert(market_state(market, t) >= 0);
}

static void check_px(uint8_t table, int64_t px)
{
    int64_t down = market_round_px(table, px, false), up = market_round_px(table, px, true);
    int64_t near = market_nearest_px(table, px);
    assert(down <= px && px <= up && up - down <= market_step(table, up));
    assert(near == down || near == up);
    assert(market_grid_px(table, market_grid(table, px)) == down);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    futu_str text = { (const char *)data, size }, code;
    int32_t market;
    if (market_parse_code(text, &market, &code) == FUTU_OK) {
        assert(code.n > 0 && code.p + code.n == text.p + text.n);
        assert(market_prefix(market) && market_of_sec_market(market_sec_market(market)) == market);
    }
    for (size_t i = 0; i < ARRAY_LEN(markets); i++)
        check_time(markets[i], text);
    if (size >= 5) {
        uint32_t px;
        memcpy(&px, data + 1, sizeof(px));
        check_px(data[0], (int64_t)px + 1);
    }
    return 0;
}
