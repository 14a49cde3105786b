/* qot_util.c - periods of k-lines, trading days, and the checks that many quote handlers begin
 * with.
 *
 * Threads: the gateway's loop thread only.
 */
#include "upstream/paper/qot.h"

static const struct {
    int32_t sub_type, kl_type, minutes;     /* minutes 0: a day or longer */
} periods[] = {
    { Qot_Common_SubType_KL_1Min, Qot_Common_KLType_1Min, 1 },
    { Qot_Common_SubType_KL_3Min, Qot_Common_KLType_3Min, 3 },
    { Qot_Common_SubType_KL_5Min, Qot_Common_KLType_5Min, 5 },
    { Qot_Common_SubType_KL_10Min, Qot_Common_KLType_10Min, 10 },
    { Qot_Common_SubType_KL_15Min, Qot_Common_KLType_15Min, 15 },
    { Qot_Common_SubType_KL_30Min, Qot_Common_KLType_30Min, 30 },
    { Qot_Common_SubType_KL_60Min, Qot_Common_KLType_60Min, 60 },
    { Qot_Common_SubType_KL_120Min, Qot_Common_KLType_120Min, 120 },
    { Qot_Common_SubType_KL_180Min, Qot_Common_KLType_180Min, 180 },
    { Qot_Common_SubType_KL_240Min, Qot_Common_KLType_240Min, 240 },
    { Qot_Common_SubType_KL_Day, Qot_Common_KLType_Day, 0 },
    { Qot_Common_SubType_KL_Week, Qot_Common_KLType_Week, 0 },
    { Qot_Common_SubType_KL_Month, Qot_Common_KLType_Month, 0 },
    { Qot_Common_SubType_KL_Qurater, Qot_Common_KLType_Quarter, 0 },
    { Qot_Common_SubType_KL_Year, Qot_Common_KLType_Year, 0 },
};

int32_t kl_of_sub_type(int32_t sub_type)
{
    for (size_t i = 0; i < ARRAY_LEN(periods); i++)
        if (periods[i].sub_type == sub_type)
            return periods[i].kl_type;
    return 0;
}

bool kl_type_valid(int32_t kl_type)
{
    for (size_t i = 0; i < ARRAY_LEN(periods); i++)
        if (periods[i].kl_type == kl_type)
            return true;
    return false;
}

int32_t period_minutes(int32_t kl_type)
{
    for (size_t i = 0; i < ARRAY_LEN(periods); i++)
        if (periods[i].kl_type == kl_type)
            return periods[i].minutes;
    return 0;
}

int64_t bar_label(int32_t kl_type, const struct bar *b)
{
    return period_minutes(kl_type) ? b->end : b->time;
}

int64_t day_start(const struct paper *p, const struct security *s)
{
    return paper_date_instant(s->market, exchange_trading_date(p->exchange, s->market));
}

futu_err call_security(struct paper *p, struct call *c, const Qot_Common_Security *s,
                       const struct security **out)
{
    *out = paper_find(p, s);
    return *out ? FUTU_OK : call_unknown(c, s->code);
}

futu_err call_securities(struct paper *p, struct call *c, const Qot_Common_Security *list, size_t n,
                         size_t max, const struct security ***out)
{
    if (n == 0)
        return call_missing(c, "securityList");
    if (n > max)
        return call_fail(c, "securityList: %zu securities, at most %zu", n, max);
    *out = ARENA_ARRAY(c->arena, const struct security *, n);
    if (!*out)
        return FUTU_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        futu_err err = call_security(p, c, &list[i], *out + i);
        if (err)
            return err;
    }
    return FUTU_OK;
}

futu_err call_time(struct call *c, int32_t market, const char *name, futu_str text, bool is_end,
                   int64_t *out)
{
    if (!text.p || text.n == 0)
        return call_missing(c, name);
    /* Nanoseconds end in 2262; what is meant by such a date is "without an end". */
    if (text.n >= 10 && text.p[4] == '-' && strncmp(text.p, "2200", 4) >= 0)
        text = STR("2200-01-01");
    if (market_parse_time(market, text, out) != FUTU_OK)
        return call_fail(c, "%s: \"" STR_FMT "\" is not yyyy-MM-dd or yyyy-MM-dd HH:mm:ss", name,
                         (int)MIN(text.n, 40), text.p);
    if (is_end && text.n == 10 && *out < INT64_MAX - 24 * 3600 * NS_PER_S)
        *out += 24 * 3600 * NS_PER_S - 1;
    return FUTU_OK;
}
