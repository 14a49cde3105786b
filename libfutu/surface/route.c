/* route.c - see route.h.
 *
 * The table is searched by halves. A test holds it against the registry: a path that is there and
 * missing here, or with other scopes, fails.
 */
#include "surface/route.h"

#define GET (METHOD_GET | METHOD_HEAD)
#define QOT SCOPE_QOT_READ
#define ACC SCOPE_ACC_READ
#define TRADE (SCOPE_TRADE_SIMULATE | SCOPE_TRADE_REAL)
#define READ(path, id, scopes, preset, summary) \
    { path, ROUTE_CALL, METHOD_GET | METHOD_POST, false, false, scopes, PROTO_##id, preset, false, \
      summary }
/* Changes something that is neither an order nor an account. */
#define POST(path, id, scopes, preset, summary) \
    { path, ROUTE_CALL, METHOD_POST, false, false, scopes, PROTO_##id, preset, false, summary }
#define CLOSED(path, id, scopes, preset, summary) \
    { path, ROUTE_CALL, METHOD_POST, false, true, scopes, PROTO_##id, preset, false, summary }

/* Its preset is what the path means. */
#define FIXED(path, closed, id, scopes, preset, summary) \
    { path, ROUTE_CALL, METHOD_POST, false, closed, scopes, PROTO_##id, preset, true, summary }

static const struct route table[] = {       /* by path */
    READ("/api/account-flag", TRD_GET_ACCOUNT_FLAG, ACC, NULL, "Compliance flags of an account"),
    READ("/api/accounts", TRD_GET_ACC_LIST, ACC, NULL, "Trading accounts"),
    { "/api/admin/reload", ROUTE_RELOAD, METHOD_POST, false, true, SCOPE_ADMIN, 0, NULL, false,
      "Read the key files again and lock trading" },
    { "/api/admin/relogin", ROUTE_RELOGIN, METHOD_POST, false, true, SCOPE_ADMIN, 0, NULL, false,
      "Log in again at the broker, and connect what is not" },
    { "/api/admin/shutdown", ROUTE_SHUTDOWN, METHOD_POST, false, true, SCOPE_ADMIN, 0, NULL, false,
      "Stop the daemon" },
    { "/api/admin/status", ROUTE_STATUS, GET, false, true, SCOPE_ADMIN, 0, NULL, false,
      "State of the daemon" },
    { "/api/admin/verify-code", ROUTE_VERIFY_CODE, METHOD_POST, false, true, SCOPE_ADMIN, 0, NULL,
      false, "Bring the code that a login waits for: {\"verify_code\":\"123456\"}" },
    READ("/api/biz-group", TRD_GET_BIZ_GROUP, ACC, NULL, "Categories of cash records"),
    READ("/api/bond-answer-state", TRD_GET_BOND_ANSWER_STATE, ACC, NULL,
      "Whether the bond questionnaire is still to be answered"),
    READ("/api/bond-position-list", TRD_GET_BOND_POSITION_LIST, ACC, NULL, "Bond positions"),
    READ("/api/bond-single-asset", TRD_GET_BOND_SINGLE_ASSET, ACC, NULL, "Holding of one bond"),
    READ("/api/bond-total-asset", TRD_GET_BOND_TOTAL_ASSET, ACC, NULL, "Total bond holdings"),
    READ("/api/bond-trade-reminder", TRD_GET_BOND_TRADE_REMINDER, ACC, NULL,
      "Reminder before a bond is traded"),
    READ("/api/broker", QOT_GET_BROKER, QOT, NULL, "Broker queue of a subscribed security"),
    FIXED("/api/cancel-all-order", true, TRD_MODIFY_ORDER, TRADE,
      "\"modifyOrderOp\":2,\"forAll\":true,\"orderID\":0",
      "Cancel all orders of an account"),
    FIXED("/api/cancel-order", true, TRD_MODIFY_ORDER, TRADE,
      "\"modifyOrderOp\":2,\"forAll\":false",
      "Cancel an order"),
    READ("/api/capital-distribution", QOT_GET_CAPITAL_DISTRIBUTION, QOT, NULL,
      "Capital distribution of a security"),
    READ("/api/capital-flow", QOT_GET_CAPITAL_FLOW, QOT, NULL, "Capital flow of a security"),
    READ("/api/cash-detail", TRD_GET_CASH_DETAIL, ACC, NULL, "One cash record"),
    READ("/api/cash-log", TRD_GET_CASH_LOG, ACC, NULL, "Cash records of an account"),
    READ("/api/code-change", QOT_GET_CODE_CHANGE, QOT, NULL,
      "Changed and temporary codes, Hong Kong"),
    READ("/api/delay-statistics", GET_DELAY_STATISTICS, QOT, NULL,
      "How long pushes and replies take"),
    READ("/api/flow-summary", TRD_FLOW_SUMMARY, ACC, NULL, "Cash flow of a day"),
    READ("/api/funds", TRD_GET_FUNDS, ACC, NULL, "Funds of an account"),
    READ("/api/future-info", QOT_GET_FUTURE_INFO, QOT, NULL, "Contract data of futures"),
    READ("/api/gateway-info", GATEWAY_GET_INFO, QOT, NULL,
      "Version, upstream and abilities of this gateway"),
    READ("/api/global-state", GET_GLOBAL_STATE, QOT, NULL, "State of the gateway and its markets"),
    READ("/api/history-kl-quota", QOT_REQUEST_HISTORY_KL_QUOTA, QOT, NULL,
      "Use of the quota of candle history"),
    READ("/api/history-kline", QOT_REQUEST_HISTORY_KL, QOT, NULL, "Candles of the past"),
    READ("/api/history-order-fills", TRD_GET_HISTORY_ORDER_FILL_LIST, ACC, NULL,
      "Fills of the past"),
    READ("/api/history-orders", TRD_GET_HISTORY_ORDER_LIST, ACC, NULL, "Orders of the past"),
    READ("/api/holding-change", QOT_GET_HOLDING_CHANGE_LIST, QOT, NULL,
      "Changes in large holdings"),
    READ("/api/ipo-list", QOT_GET_IPO_LIST, QOT, NULL, "New listings of a market"),
    READ("/api/kline", QOT_GET_KL, QOT, NULL, "Latest candles of a subscribed security"),
    READ("/api/margin-info", TRD_GET_MARGIN_INFO, ACC, NULL, "Margin of an account"),
    READ("/api/margin-ratio", TRD_GET_MARGIN_RATIO, ACC, NULL,
      "Margin and short-selling data of securities"),
    READ("/api/market-state", QOT_GET_MARKET_STATE, QOT, NULL, "Market state of securities"),
    READ("/api/max-trd-qtys", TRD_GET_MAX_TRD_QTYS, ACC, NULL,
      "Largest quantities that can be traded now"),
    CLOSED("/api/modify-order", TRD_MODIFY_ORDER, TRADE, NULL,
      "Change, cancel, disable, enable or delete an order"),
    POST("/api/modify-user-security", QOT_MODIFY_USER_SECURITY, QOT, NULL, "Change a watch list"),
    { "/api/openapi.json", ROUTE_OPENAPI, GET, false, false, 0, 0, NULL, false, "This document" },
    READ("/api/option-chain", QOT_GET_OPTION_CHAIN, QOT, NULL, "Option chain of an underlying"),
    READ("/api/option-expiration-date", QOT_GET_OPTION_EXPIRATION_DATE, QOT, NULL,
      "Expiration dates of options on an underlying"),
    CLOSED("/api/order", TRD_PLACE_ORDER, TRADE, NULL, "Place an order"),
    READ("/api/order-fee", TRD_GET_ORDER_FEE, ACC, NULL, "Fees of orders"),
    READ("/api/order-fills", TRD_GET_ORDER_FILL_LIST, ACC, NULL, "Fills of the day"),
    READ("/api/orderbook", QOT_GET_ORDER_BOOK, QOT, NULL, "Order book of a subscribed security"),
    READ("/api/orders", TRD_GET_ORDER_LIST, ACC, NULL, "Orders of the day and open orders"),
    READ("/api/owner-plate", QOT_GET_OWNER_PLATE, QOT, NULL, "Plates a security belongs to"),
    { "/api/ping", ROUTE_PING, GET, false, false, 0, 0, NULL, false, "Health and version" },
    READ("/api/plate-security", QOT_GET_PLATE_SECURITY, QOT, NULL, "Securities of a plate"),
    READ("/api/plate-set", QOT_GET_PLATE_SET, QOT, NULL, "Plates of a market"),
    READ("/api/positions", TRD_GET_POSITION_LIST, ACC, NULL, "Positions of an account"),
    READ("/api/price-reminder", QOT_GET_PRICE_REMINDER, QOT, NULL, "Price reminders"),
    { "/api/push-subscriber-info", ROUTE_PUSH_INFO, GET, false, false, QOT, 0, NULL, false,
      "Health of the stream of pushes" },
    READ("/api/query-subscription", QOT_GET_SUB_INFO, QOT, "\"isReqAllConn\":true",
      "Subscriptions of all connections"),
    READ("/api/quote", QOT_GET_BASIC_QOT, QOT, NULL, "Quotes of subscribed securities"),
    READ("/api/quote-rights", GET_USER_INFO, QOT, "\"flag\":4", "The quote rights"),
    CLOSED("/api/reconfirm-order", TRD_RECONFIRM_ORDER, TRADE, NULL,
      "Confirm an order that was held back"),
    READ("/api/reference", QOT_GET_REFERENCE, QOT, NULL, "Securities related to one"),
    READ("/api/rehab", QOT_REQUEST_REHAB, QOT, NULL, "Adjustment factors of a security"),
    READ("/api/rt", QOT_GET_RT, QOT, NULL, "Time shares of a subscribed security"),
    POST("/api/set-price-reminder", QOT_SET_PRICE_REMINDER, QOT, NULL,
      "Set, change or delete price reminders"),
    READ("/api/snapshot", QOT_GET_SECURITY_SNAPSHOT, QOT, NULL,
      "Snapshots of securities, without subscription"),
    READ("/api/static-info", QOT_GET_STATIC_INFO, QOT, NULL, "Static data of securities"),
    READ("/api/stock-filter", QOT_STOCK_FILTER, QOT, NULL, "Search for stocks by conditions"),
    CLOSED("/api/sub-acc-push", TRD_SUB_ACC_PUSH, ACC, NULL,
      "Choose the accounts whose orders and fills are pushed"),
    READ("/api/sub-info", QOT_GET_SUB_INFO, QOT, NULL, "Subscriptions of REST callers"),
    POST("/api/subscribe", QOT_SUB, QOT, "\"isSubOrUnSub\":true,\"isRegOrUnRegPush\":true",
      "Subscribe securities to quotes"),
    READ("/api/suspend", QOT_GET_SUSPEND, QOT, NULL, "Suspended days of securities"),
    READ("/api/ticker", QOT_GET_TICKER, QOT, NULL, "Latest trades of a subscribed security"),
    READ("/api/trade-date", QOT_REQUEST_TRADE_DATE, QOT, NULL,
      "Trading days, as /api/trading-days"),
    READ("/api/trading-days", QOT_REQUEST_TRADE_DATE, QOT, NULL,
      "Trading days of a market or security"),
    CLOSED("/api/unlock-trade", TRD_UNLOCK_TRADE, SCOPE_TRADE_UNLOCK, NULL,
      "Unlock or lock trading"),
    FIXED("/api/unsubscribe", false, QOT_SUB, QOT, "\"isSubOrUnSub\":false",
      "Unsubscribe securities from quotes"),
    READ("/api/used-quota", USED_QUOTA, QOT, NULL,
      "Used quota of subscriptions and candle history"),
    READ("/api/user-info", GET_USER_INFO, QOT, NULL, "The logged-in user and the quote rights"),
    READ("/api/user-security", QOT_GET_USER_SECURITY, QOT, NULL, "Securities of a watch list"),
    READ("/api/user-security-group", QOT_GET_USER_SECURITY_GROUP, QOT, NULL, "Watch lists"),
    READ("/api/warrant", QOT_GET_WARRANT, QOT, NULL, "Search for warrants"),
    { "/health", ROUTE_HEALTH, GET, true, false, 0, 0, NULL, false, "Whether the process runs" },
    { "/metrics", ROUTE_METRICS, GET, false, false, SCOPE_METRICS_READ, 0, NULL, false,
      "Counters in the text format of Prometheus" },
    { "/readyz", ROUTE_READY, GET, true, false, 0, 0, NULL, false,
      "Whether the gateway can answer calls" },
    { "/ws", ROUTE_WS, METHOD_GET, false, false, QOT, 0, NULL, false,
      "Stream of pushes, a WebSocket" },
};

/* Requests that change something without being marked as a write; for aliases. */
static const uint32_t changing[] = {
    PROTO_VERIFICATION, PROTO_TEST_CMD, PROTO_INIT_QUANT_MODE, PROTO_TRD_UNLOCK_TRADE,
    PROTO_TRD_SUB_ACC_PUSH, PROTO_QOT_SUB, PROTO_QOT_REG_QOT_PUSH, PROTO_QOT_MODIFY_USER_SECURITY,
    PROTO_QOT_SET_PRICE_REMINDER, PROTO_QOT_SET_OPTION_EVENT_ALERT, PROTO_QOT_SUB_EVENT_CONTRACT,
};

static const struct route unlisted[] = {
    { "/mcp", ROUTE_MCP, METHOD_GET | METHOD_POST | METHOD_DELETE, false, false, 0, 0, NULL, false,
      "Model Context Protocol" },
    { "/mcp/sse", ROUTE_MCP_SSE, METHOD_GET | METHOD_POST, false, false, 0, 0, NULL, false,
      "Model Context Protocol, revision 2024-11-05" },
    { "/sse", ROUTE_MCP_SSE, METHOD_GET | METHOD_POST, false, false, 0, 0, NULL, false,
      "Model Context Protocol, revision 2024-11-05" },
};

const struct route *routes(size_t *n)
{
    *n = ARRAY_LEN(table);
    return table;
}

static int compare(futu_str path, const char *row)
{
    size_t n = strlen(row);
    int d = memcmp(path.p, row, MIN(path.n, n));
    return d ? d : (path.n > n) - (path.n < n);
}

static const struct route *listed(futu_str path)
{
    size_t lo = 0, hi = ARRAY_LEN(table);
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int d = compare(path, table[mid].path);
        if (d == 0)
            return &table[mid];
        if (d > 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

static bool starts(futu_str *s, const char *head)
{
    size_t n = strlen(head);
    if (s->n < n || memcmp(s->p, head, n) != 0)
        return false;
    s->p += n;
    s->n -= n;
    return true;
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Whether `snake` is "get_us_pre_market_rank" of "GetUSPreMarketRank": a word starts at a capital
 * behind a small letter, and at the last capital of a run. */
static bool is_snake_of(futu_str snake, const char *name)
{
    size_t k = 0;
    for (size_t i = 0; name[i]; i++) {
        bool up = is_upper(name[i]);
        bool word = i && up &&
                    (is_lower(name[i - 1]) || (is_upper(name[i - 1]) && is_lower(name[i + 1])));
        if (word && (k == snake.n || snake.p[k++] != '_'))
            return false;
        if (k == snake.n || snake.p[k++] != (up ? (char)(name[i] - 'A' + 'a') : name[i]))
            return false;
    }
    return k == snake.n;
}

/* The row whose name is `prefix` and then the snake name in other letters. */
static const struct proto_row *by_snake(const char *prefix, futu_str snake)
{
    char name[64];
    size_t n = strlen(prefix);
    memcpy(name, prefix, n);
    for (size_t i = 0; i < snake.n; i++) {
        if (snake.p[i] == '_')
            continue;
        if (n == sizeof(name))
            return NULL;
        name[n++] = snake.p[i];
    }
    const struct proto_row *row = proto_by_name((futu_str){ name, n });
    return row && is_snake_of(snake, row->name + strlen(prefix)) ? row : NULL;
}

static const struct proto_row *alias(futu_str path)
{
    if (starts(&path, "/api/call/"))
        return proto_by_name(path);
    if (starts(&path, "/api/trd/")) {
        starts(&path, "trd_");
        return by_snake("Trd_", path);
    }
    if (!starts(&path, "/api/qot/"))
        return NULL;
    const struct proto_row *row = by_snake("", path);       /* a system call */
    if (row)
        return row;
    starts(&path, "qot_");
    return by_snake("Qot_", path);
}

static bool changes(const struct proto_row *row)
{
    for (size_t i = 0; i < ARRAY_LEN(changing); i++)
        if (changing[i] == row->id)
            return true;
    return row->write;
}

/* The connection of REST callers is the listener's own: none of them starts it anew. */
static bool callable(const struct proto_row *row)
{
    return row && row->kind == PROTO_REQUEST && row->id != PROTO_INIT_CONNECT;
}

const struct route *route_find(futu_str path, struct route *room)
{
    const struct route *found = path.n ? listed(path) : NULL;
    for (size_t i = 0; !found && i < ARRAY_LEN(unlisted); i++)
        if (str_is(path, unlisted[i].path))
            found = &unlisted[i];
    if (found)
        return found;
    const struct proto_row *row = alias(path);
    if (!callable(row))
        return NULL;
    *room = (struct route){
        .path = row->rest ? row->rest : row->name,
        .kind = ROUTE_CALL,
        .methods = changes(row) ? METHOD_POST : METHOD_GET | METHOD_POST,
        .closed = row->write || row->id == PROTO_TRD_SUB_ACC_PUSH ||
                  (row->scopes & (SCOPE_TRADE_UNLOCK | SCOPE_ADMIN)),
        .scopes = row->scopes ? row->scopes : QOT,      /* as the listed system routes */
        .proto = row->id,
        .summary = row->name,
    };
    return room;
}

const char *route_nearest(futu_str path)
{
    const char *best = NULL;
    starts(&path, "/api/");
    unsigned least = (unsigned)MIN((path.n + 1) / 2, 4u);
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        futu_str word = str_c(table[i].path);
        starts(&word, "/api/");
        unsigned d = futu_word_distance(path, word);
        if (d < least) {
            least = d;
            best = table[i].path;
        }
    }
    return best;
}
