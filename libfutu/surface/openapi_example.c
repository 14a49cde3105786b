/* openapi_example.c - bodies that work as they are against a paper exchange; see openapi_doc.h.
 *
 * The accounts are those that every paper exchange has. A test sends each of them.
 */
#include "surface/openapi_doc.h"

#define HK "\"acc_id\":9100001,\"trd_env\":0,\"trd_market\":1"
/* What simulated accounts do not answer; of a paper exchange this one is no more real. */
#define REAL "\"acc_id\":281756455983234,\"trd_env\":1,\"trd_market\":1"
#define TENCENT "\"security\":\"HK.00700\""
#define TENCENTS "\"security_list\":[\"HK.00700\"]"

static const struct {
    const char *path, *body;
} examples[] = {
    { "/api/accounts", "{}" },
    { "/api/broker", "{" TENCENT "}" },
    { "/api/cancel-all-order", "{" REAL "}" },
    { "/api/cancel-order", "{" HK ",\"order_id\":1}" },
    { "/api/capital-distribution", "{" TENCENT "}" },
    { "/api/capital-flow", "{" TENCENT ",\"period_type\":1}" },
    { "/api/code-change", "{}" },
    { "/api/flow-summary", "{" REAL ",\"clearing_date\":\"2026-01-05\"}" },
    { "/api/funds", "{" HK ",\"currency\":1}" },
    { "/api/future-info", "{\"security_list\":[\"HK.HSImain\"]}" },
    { "/api/history-kline", "{" TENCENT ",\"kl_type\":2,\"rehab_type\":1,"
                            "\"begin_time\":\"2026-01-05\",\"end_time\":\"2026-01-30\"}" },
    { "/api/history-kl-quota", "{\"b_get_detail\":true}" },
    { "/api/history-order-fills", "{" REAL ",\"filter_conditions\":{\"begin_time\":"
                                  "\"2026-01-05 00:00:00\","
                                  "\"end_time\":\"2026-01-30 00:00:00\"}}" },
    { "/api/history-orders", "{" HK ",\"filter_conditions\":{\"begin_time\":"
                             "\"2026-01-05 00:00:00\",\"end_time\":\"2026-01-30 00:00:00\"}}" },
    { "/api/holding-change", "{" TENCENT ",\"holder_category\":1}" },
    { "/api/ipo-list", "{\"market\":1}" },
    { "/api/kline", "{" TENCENT ",\"kl_type\":2,\"rehab_type\":1,\"req_num\":10}" },
    { "/api/margin-ratio", "{" REAL "," TENCENTS "}" },
    { "/api/market-state", "{" TENCENTS "}" },
    { "/api/max-trd-qtys", "{" HK ",\"order_type\":1,\"code\":\"HK.00700\",\"price\":300}" },
    { "/api/modify-order", "{" HK ",\"order_id\":1,\"modify_order_op\":1,\"qty\":100,"
                           "\"price\":300}" },
    { "/api/modify-user-security", "{\"group_name\":\"paper\",\"op\":1," TENCENTS "}" },
    { "/api/option-chain", "{\"owner\":\"HK.00700\",\"begin_time\":\"2026-01-05\","
                           "\"end_time\":\"2026-01-30\"}" },
    { "/api/option-expiration-date", "{\"owner\":\"HK.00700\"}" },
    { "/api/order", "{" HK ",\"trd_side\":1,\"order_type\":1,\"code\":\"HK.00700\",\"qty\":100,"
                    "\"price\":300}" },
    { "/api/orderbook", "{" TENCENT ",\"num\":10}" },
    { "/api/order-fee", "{" REAL ",\"order_id_ex_list\":[\"1\"]}" },
    { "/api/order-fills", "{" REAL "}" },
    { "/api/orders", "{" HK ",\"filter_conditions\":{\"code_list\":[\"HK.00700\"]}}" },
    { "/api/owner-plate", "{" TENCENTS "}" },
    { "/api/plate-security", "{\"plate\":\"HK.LIST01001\"}" },
    { "/api/plate-set", "{\"market\":1,\"plate_set_type\":0}" },
    { "/api/positions", "{" HK "}" },
    { "/api/price-reminder", "{" TENCENT "}" },
    { "/api/quote", "{" TENCENTS "}" },
    { "/api/reconfirm-order", "{" HK ",\"order_id\":1,\"reconfirm_reason\":1}" },
    { "/api/reference", "{" TENCENT ",\"reference_type\":1}" },
    { "/api/rehab", "{" TENCENT "}" },
    { "/api/rt", "{" TENCENT "}" },
    { "/api/set-price-reminder", "{" TENCENT ",\"op\":1,\"type\":1,\"freq\":1,\"value\":700}" },
    { "/api/snapshot", "{" TENCENTS "}" },
    { "/api/static-info", "{" TENCENTS "}" },
    { "/api/stock-filter", "{\"begin\":0,\"num\":10,\"market\":1}" },
    { "/api/sub-acc-push", "{\"acc_id_list\":[9100001]}" },
    { "/api/subscribe", "{" TENCENTS ",\"sub_type_list\":[1,2,4,5,6,14],"
                        "\"is_sub_or_un_sub\":true}" },
    { "/api/suspend", "{" TENCENTS ",\"begin_time\":\"2026-01-05\",\"end_time\":\"2026-01-30\"}" },
    { "/api/ticker", "{" TENCENT ",\"max_ret_num\":10}" },
    { "/api/trade-date", "{\"market\":1,\"begin_time\":\"2026-01-05\","
                         "\"end_time\":\"2026-01-30\"}" },
    { "/api/trading-days", "{\"market\":1,\"begin_time\":\"2026-01-05\","
                           "\"end_time\":\"2026-01-30\"}" },
    { "/api/unlock-trade", "{\"unlock\":true,\"pwd_md5\":\"7e3f660480ab1640de8024c200b5a4d3\"}" },
    { "/api/unsubscribe", "{\"security_list\":[\"HK.00005\"],\"sub_type_list\":[1]}" },
    { "/api/user-security", "{\"group_name\":\"paper\"}" },
    { "/api/user-security-group", "{\"group_type\":3}" },
    { "/api/warrant", "{\"owner\":\"HK.00700\",\"begin\":0,\"num\":10,\"sort_field\":1,"
                      "\"ascend\":true}" },
};

const char *openapi_example(const char *path)
{
    for (size_t i = 0; i < ARRAY_LEN(examples); i++)
        if (strcmp(examples[i].path, path) == 0)
            return examples[i].body;
    return NULL;
}

const char *openapi_example_path(size_t i)
{
    return i < ARRAY_LEN(examples) ? examples[i].path : NULL;
}
