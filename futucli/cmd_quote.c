/* cmd_quote.c - one-shot quote verbs. Those that read real-time data subscribe first. */
#include <string.h>

#include "live.h"
#include "rows.h"

static const struct col quote_cols[] = {
    { "CODE", "security", C_CODE, NULL, NULL },
    { "NAME", "name", C_TEXT, NULL, NULL },
    { "LAST", "curPrice", C_PRICE, NULL, NULL },
    { "CHANGE", "curPrice", C_CHANGE, "lastClosePrice", NULL },
    { "OPEN", "openPrice", C_PRICE, NULL, NULL },
    { "HIGH", "highPrice", C_PRICE, NULL, NULL },
    { "LOW", "lowPrice", C_PRICE, NULL, NULL },
    { "PREV", "lastClosePrice", C_PRICE, NULL, NULL },
    { "VOLUME", "volume", C_BIG, NULL, NULL },
    { "TURNOVER", "turnover", C_BIG, NULL, NULL },
    { "STEP", "priceSpread", C_PRICE, NULL, NULL },
    { "TIME", "updateTime", C_TEXT, NULL, NULL },
    { NULL, NULL, C_TEXT, NULL, NULL },
};
static const struct col snapshot_cols[] = {
    { "CODE", "basic.security", C_CODE, NULL, NULL },
    { "NAME", "basic.name", C_TEXT, NULL, NULL },
    { "LAST", "basic.curPrice", C_PRICE, NULL, NULL },
    { "CHANGE", "basic.curPrice", C_CHANGE, "basic.lastClosePrice", NULL },
    { "BID", "basic.bidPrice", C_PRICE, NULL, NULL },
    { "ASK", "basic.askPrice", C_PRICE, NULL, NULL },
    { "HIGH", "basic.highPrice", C_PRICE, NULL, NULL },
    { "LOW", "basic.lowPrice", C_PRICE, NULL, NULL },
    { "52W HIGH", "basic.highest52WeeksPrice", C_PRICE, NULL, NULL },
    { "52W LOW", "basic.lowest52WeeksPrice", C_PRICE, NULL, NULL },
    { "VOLUME", "basic.volume", C_BIG, NULL, NULL },
    { "LOT", "basic.lotSize", C_QTY, NULL, NULL },
    { NULL, NULL, C_TEXT, NULL, NULL },
};
static const struct col ticker_cols[] = {
    { "TIME", "time", C_TEXT, NULL, NULL },
    { "PRICE", "price", C_PRICE, NULL, NULL },
    { "VOLUME", "volume", C_QTY, NULL, NULL },
    { "TURNOVER", "turnover", C_MONEY, NULL, NULL },
    { "TAKER", "dir", C_NAME, NULL, names_dir },
    { "SEQUENCE", "sequence", C_TEXT, NULL, NULL },
    { NULL, NULL, C_TEXT, NULL, NULL },
};
static const struct col rt_cols[] = {
    { "TIME", "time", C_TEXT, NULL, NULL },
    { "PRICE", "price", C_PRICE, NULL, NULL },
    { "AVERAGE", "avgPrice", C_PRICE, NULL, NULL },
    { "VOLUME", "volume", C_QTY, NULL, NULL },
    { "TURNOVER", "turnover", C_MONEY, NULL, NULL },
    { NULL, NULL, C_TEXT, NULL, NULL },
};
static const struct col kline_cols[] = {
    { "TIME", "time", C_TEXT, NULL, NULL },
    { "OPEN", "openPrice", C_PRICE, NULL, NULL },
    { "HIGH", "highPrice", C_PRICE, NULL, NULL },
    { "LOW", "lowPrice", C_PRICE, NULL, NULL },
    { "CLOSE", "closePrice", C_PRICE, NULL, NULL },
    { "CHANGE", "closePrice", C_CHANGE, "lastClosePrice", NULL },
    { "VOLUME", "volume", C_BIG, NULL, NULL },
    { "TURNOVER", "turnover", C_BIG, NULL, NULL },
    { NULL, NULL, C_TEXT, NULL, NULL },
};
static const struct col static_cols[] = {
    { "CODE", "basic.security", C_CODE, NULL, NULL },
    { "NAME", "basic.name", C_TEXT, NULL, NULL },
    { "TYPE", "basic.secType", C_NAME, NULL, names_sec_type },
    { "LOT", "basic.lotSize", C_QTY, NULL, NULL },
    { "LISTED", "basic.listTime", C_TEXT, NULL, NULL },
    { NULL, NULL, C_TEXT, NULL, NULL },
};

/* Subscribes without pushes, as the real-time reads want. Takes the list's copy. */
static int subscribe(struct cli *c, const cJSON *securities, int sub_type)
{
    cJSON *s2c, *c2s = cJSON_CreateObject();
    cJSON_AddItemToObject(c2s, "securityList", cJSON_Duplicate(securities, true));
    cJSON_AddItemToObject(c2s, "subTypeList", cJSON_CreateIntArray(&sub_type, 1));
    cJSON_AddBoolToObject(c2s, "isSubOrUnSub", true);
    cJSON_AddBoolToObject(c2s, "isRegOrUnRegPush", false);
    int code = cli_call(c, "Qot_Sub", c2s, &s2c);
    cJSON_Delete(s2c);
    return code;
}

/* One call whose answer has one list to show. */
static int show(struct cli *c, const char *proto, cJSON *c2s, const char *list,
                const struct col *cols)
{
    cJSON *s2c;
    int code = cli_call(c, proto, c2s, &s2c);
    if (code)
        return code;
    rows_print(c, member(s2c, list), cols, "nothing to show");
    cJSON_Delete(s2c);
    return CLI_OK;
}

static int run_list(struct cli *c, const struct args *a, int sub_type, const char *proto,
                    const char *list, const struct col *cols)
{
    cJSON *c2s, *securities = parse_securities(a);
    if (!securities)
        return CLI_USAGE;
    int code = sub_type ? subscribe(c, securities, sub_type) : CLI_OK;
    if (code) {
        cJSON_Delete(securities);
        return code;
    }
    c2s = cJSON_CreateObject();
    cJSON_AddItemToObject(c2s, "securityList", securities);
    return show(c, proto, c2s, list, cols);
}

static int run_quote(struct cli *c, const struct args *a)
{
    return run_list(c, a, 1, "Qot_GetBasicQot", "basicQotList", quote_cols);
}

static int run_snapshot(struct cli *c, const struct args *a)
{
    return run_list(c, a, 0, "Qot_GetSecuritySnapshot", "snapshotList", snapshot_cols);
}

static int run_static(struct cli *c, const struct args *a)
{
    return run_list(c, a, 0, "Qot_GetStaticInfo", "staticInfoList", static_cols);
}

/* {"security": ...} after subscribing to it; *code tells why when it is NULL. */
static cJSON *real_time(struct cli *c, const struct args *a, int sub_type, int *code)
{
    cJSON *c2s = NULL, *securities = parse_securities(a);
    *code = CLI_USAGE;
    if (!securities)
        return NULL;
    *code = subscribe(c, securities, sub_type);
    if (*code == CLI_OK) {
        c2s = cJSON_CreateObject();
        cJSON_AddItemToObject(c2s, "security", cJSON_DetachItemFromArray(securities, 0));
    }
    cJSON_Delete(securities);
    return c2s;
}

static bool count_arg(const struct args *a, double most, double *out)
{
    if (!arg_number(a, "count", out))
        return false;
    if (*out >= 1 && *out <= most)
        return true;
    usage_error("--count: 1 to %.0f", most);
    return false;
}

static const struct cmd_opt ticker_opts[] = {
    { "count", "N", "20", "newest trades, up to 1000" },
    { NULL, NULL, NULL, NULL },
};

static int run_ticker(struct cli *c, const struct args *a)
{
    double count;
    int code;
    if (!count_arg(a, 1000, &count))
        return CLI_USAGE;
    cJSON *c2s = real_time(c, a, 4, &code);
    if (!c2s)
        return code;
    cJSON_AddNumberToObject(c2s, "maxRetNum", count);
    return show(c, "Qot_GetTicker", c2s, "tickerList", ticker_cols);
}

static int run_rt(struct cli *c, const struct args *a)
{
    int code;
    cJSON *c2s = real_time(c, a, 5, &code);
    return c2s ? show(c, "Qot_GetRT", c2s, "rtList", rt_cols) : code;
}

static const struct cmd_opt book_opts[] = {
    { "depth", "N", "10", "levels a side" },
    { NULL, NULL, NULL, NULL },
};

static int run_orderbook(struct cli *c, const struct args *a)
{
    double depth;
    int code;
    cJSON *s2c;
    if (!arg_number(a, "depth", &depth))
        return CLI_USAGE;
    cJSON *c2s = real_time(c, a, 2, &code);
    if (!c2s)
        return code;
    cJSON_AddNumberToObject(c2s, "num", depth);
    code = cli_call(c, "Qot_GetOrderBook", c2s, &s2c);
    if (code)
        return code;
    if (!json_printed(c, s2c))
        book_print(c, s2c, (int)depth);
    cJSON_Delete(s2c);
    return CLI_OK;
}

static const struct cmd_opt kline_opts[] = {
    { "type", "PERIOD", "day",
      "1m 3m 5m 10m 15m 30m 60m 120m 180m 240m day week month quarter year" },
    { "count", "N", "20", "newest candles, up to 1000" },
    { "begin", "DATE", NULL, "yyyy-MM-dd: candles from then on, from history" },
    { "end", "DATE", NULL, "yyyy-MM-dd: candles up to then, from history" },
    { NULL, NULL, NULL, NULL },
};

static int sub_type_of(int kl_type)
{
    static const int pairs[][2] = { { 1, 11 }, { 2, 6 }, { 3, 12 }, { 4, 13 }, { 5, 16 }, { 6, 7 },
                                    { 7, 8 }, { 8, 9 }, { 9, 10 }, { 10, 17 }, { 11, 15 },
                                    { 12, 18 }, { 13, 19 }, { 14, 20 }, { 15, 21 } };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (pairs[i][0] == kl_type)
            return pairs[i][1];
    return 0;
}

static int run_history(struct cli *c, const struct args *a, int kl_type, double count)
{
    cJSON *c2s = cJSON_CreateObject(), *security = parse_security(a->words[0]);
    if (!security) {
        cJSON_Delete(c2s);
        return CLI_USAGE;
    }
    cJSON_AddItemToObject(c2s, "security", security);
    cJSON_AddNumberToObject(c2s, "rehabType", 1);
    cJSON_AddNumberToObject(c2s, "klType", kl_type);
    cJSON_AddStringToObject(c2s, "beginTime", arg(a, "begin") ? arg(a, "begin") : "2000-01-01");
    cJSON_AddStringToObject(c2s, "endTime", arg(a, "end") ? arg(a, "end") : "2099-12-31");
    cJSON_AddNumberToObject(c2s, "maxAckKLNum", count);
    return show(c, "Qot_RequestHistoryKL", c2s, "klList", kline_cols);
}

static int run_kline(struct cli *c, const struct args *a)
{
    double count;
    int kl_type, code;
    char choices[200];
    if (!count_arg(a, 1000, &count))
        return CLI_USAGE;
    if (!name_number(names_kl_type, arg(a, "type"), &kl_type))
        return usage_error("--type: one of %s",
                           name_choices(names_kl_type, choices, sizeof(choices)));
    if (arg(a, "begin") || arg(a, "end"))
        return run_history(c, a, kl_type, count);
    cJSON *c2s = real_time(c, a, sub_type_of(kl_type), &code);
    if (!c2s)
        return code;
    cJSON_AddNumberToObject(c2s, "rehabType", 1);
    cJSON_AddNumberToObject(c2s, "klType", kl_type);
    cJSON_AddNumberToObject(c2s, "reqNum", count);
    return show(c, "Qot_GetKL", c2s, "klList", kline_cols);
}

const struct cmd cmds_quote[] = {
    { "quote", run_quote, 1, 50, "CODE...", "the last price of each code", NULL, "Quotes" },
    { "snapshot", run_snapshot, 1, 60, "CODE...",
      "quote, book top and figures, without subscribing", NULL, NULL },
    { "orderbook", run_orderbook, 1, 1, "CODE", "both sides of the book", book_opts, NULL },
    { "ticker", run_ticker, 1, 1, "CODE", "the newest trades", ticker_opts, NULL },
    { "rt", run_rt, 1, 1, "CODE", "today's price minute by minute", NULL, NULL },
    { "kline", run_kline, 1, 1, "CODE", "candles of any period", kline_opts, NULL },
    { "static", run_static, 1, 60, "CODE...", "name, lot and kind of each code", NULL, NULL },
    { "sub", run_sub, 1, 60, "CODE...", "subscribe and watch live; redrawn on a terminal", sub_opts,
      NULL },
    { NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
