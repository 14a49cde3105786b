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
    { path, ROUTE_CALL, METHOD_GET | METHOD_POST, false, false, scopes, id, preset, false, summary }
/* Changes something that is neither an order nor an account. */
#define POST(path, id, scopes, preset, summary) \
    { path, ROUTE_CALL, METHOD_POST, false, false, scopes, id, preset, false, summary }
#define CLOSED(path, id, scopes, preset, summary) \
    { path, ROUTE_CALL, METHOD_POST, false, true, scopes, id, preset, false, summary }

/* Its preset is what the path means. */
#define FIXED(path, closed, id, scopes, preset, summary) \
    { path, ROUTE_CALL, METHOD_POST, false, closed, scopes, id, preset, true, summary }

static const struct route table[] = {       /* by path */
    READ("/api/account-flag", 22705, ACC, NULL, "Compliance flags of an account"),
    READ("/api/accounts", 2001, ACC, NULL, "Trading accounts"),
    { "/api/admin/reload", ROUTE_RELOAD, METHOD_POST, false, true, SCOPE_ADMIN, 0, NULL, false,
      "Read the key files again and lock trading" },
    { "/api/admin/shutdown", ROUTE_SHUTDOWN, METHOD_POST, false, true, SCOPE_ADMIN, 0, NULL, false,
      "Stop the daemon" },
    { "/api/admin/status", ROUTE_STATUS, GET, false, true, SCOPE_ADMIN, 0, NULL, false,
      "State of the daemon" },
    READ("/api/biz-group", 22703, ACC, NULL, "Categories of cash records"),
    READ("/api/bond-answer-state", 22709, ACC, NULL,
      "Whether the bond questionnaire is still to be answered"),
    READ("/api/bond-position-list", 22708, ACC, NULL, "Bond positions"),
    READ("/api/bond-single-asset", 22707, ACC, NULL, "Holding of one bond"),
    READ("/api/bond-total-asset", 22706, ACC, NULL, "Total bond holdings"),
    READ("/api/bond-trade-reminder", 22710, ACC, NULL, "Reminder before a bond is traded"),
    READ("/api/broker", 3014, QOT, NULL, "Broker queue of a subscribed security"),
    FIXED("/api/cancel-all-order", true, 2205, TRADE,
      "\"modifyOrderOp\":2,\"forAll\":true,\"orderID\":0",
      "Cancel all orders of an account"),
    FIXED("/api/cancel-order", true, 2205, TRADE, "\"modifyOrderOp\":2,\"forAll\":false",
      "Cancel an order"),
    READ("/api/capital-distribution", 3212, QOT, NULL, "Capital distribution of a security"),
    READ("/api/capital-flow", 3211, QOT, NULL, "Capital flow of a security"),
    READ("/api/cash-detail", 22702, ACC, NULL, "One cash record"),
    READ("/api/cash-log", 22701, ACC, NULL, "Cash records of an account"),
    READ("/api/code-change", 3216, QOT, NULL, "Changed and temporary codes, Hong Kong"),
    READ("/api/delay-statistics", 1007, QOT, NULL, "How long pushes and replies take"),
    READ("/api/flow-summary", 2226, ACC, NULL, "Cash flow of a day"),
    READ("/api/funds", 2101, ACC, NULL, "Funds of an account"),
    READ("/api/future-info", 3218, QOT, NULL, "Contract data of futures"),
    READ("/api/gateway-info", 60001, QOT, NULL, "Version, upstream and abilities of this gateway"),
    READ("/api/global-state", 1002, QOT, NULL, "State of the gateway and its markets"),
    READ("/api/history-kl-quota", 3104, QOT, NULL, "Use of the quota of candle history"),
    READ("/api/history-kline", 3103, QOT, NULL, "Candles of the past"),
    READ("/api/history-order-fills", 2222, ACC, NULL, "Fills of the past"),
    READ("/api/history-orders", 2221, ACC, NULL, "Orders of the past"),
    READ("/api/holding-change", 3208, QOT, NULL, "Changes in large holdings"),
    READ("/api/ipo-list", 3217, QOT, NULL, "New listings of a market"),
    READ("/api/kline", 3006, QOT, NULL, "Latest candles of a subscribed security"),
    READ("/api/margin-info", 22704, ACC, NULL, "Margin of an account"),
    READ("/api/margin-ratio", 2223, ACC, NULL, "Margin and short-selling data of securities"),
    READ("/api/market-state", 3223, QOT, NULL, "Market state of securities"),
    READ("/api/max-trd-qtys", 2111, ACC, NULL, "Largest quantities that can be traded now"),
    CLOSED("/api/modify-order", 2205, TRADE, NULL,
      "Change, cancel, disable, enable or delete an order"),
    POST("/api/modify-user-security", 3214, QOT, NULL, "Change a watch list"),
    { "/api/openapi.json", ROUTE_OPENAPI, GET, false, false, 0, 0, NULL, false, "This document" },
    READ("/api/option-chain", 3209, QOT, NULL, "Option chain of an underlying"),
    READ("/api/option-expiration-date", 3224, QOT, NULL,
      "Expiration dates of options on an underlying"),
    CLOSED("/api/order", 2202, TRADE, NULL, "Place an order"),
    READ("/api/order-fee", 2225, ACC, NULL, "Fees of orders"),
    READ("/api/order-fills", 2211, ACC, NULL, "Fills of the day"),
    READ("/api/orderbook", 3012, QOT, NULL, "Order book of a subscribed security"),
    READ("/api/orders", 2201, ACC, NULL, "Orders of the day and open orders"),
    READ("/api/owner-plate", 3207, QOT, NULL, "Plates a security belongs to"),
    { "/api/ping", ROUTE_PING, GET, false, false, 0, 0, NULL, false, "Health and version" },
    READ("/api/plate-security", 3205, QOT, NULL, "Securities of a plate"),
    READ("/api/plate-set", 3204, QOT, NULL, "Plates of a market"),
    READ("/api/positions", 2102, ACC, NULL, "Positions of an account"),
    READ("/api/price-reminder", 3221, QOT, NULL, "Price reminders"),
    { "/api/push-subscriber-info", ROUTE_PUSH_INFO, GET, false, false, QOT, 0, NULL, false,
      "Health of the stream of pushes" },
    READ("/api/query-subscription", 3003, QOT, "\"isReqAllConn\":true",
      "Subscriptions of all connections"),
    READ("/api/quote", 3004, QOT, NULL, "Quotes of subscribed securities"),
    READ("/api/quote-rights", 1005, QOT, "\"flag\":4", "The quote rights"),
    CLOSED("/api/reconfirm-order", 2237, TRADE, NULL, "Confirm an order that was held back"),
    READ("/api/reference", 3206, QOT, NULL, "Securities related to one"),
    READ("/api/rehab", 3105, QOT, NULL, "Adjustment factors of a security"),
    READ("/api/rt", 3008, QOT, NULL, "Time shares of a subscribed security"),
    POST("/api/set-price-reminder", 3220, QOT, NULL, "Set, change or delete price reminders"),
    READ("/api/snapshot", 3203, QOT, NULL, "Snapshots of securities, without subscription"),
    READ("/api/static-info", 3202, QOT, NULL, "Static data of securities"),
    READ("/api/stock-filter", 3215, QOT, NULL, "Search for stocks by conditions"),
    CLOSED("/api/sub-acc-push", 2008, ACC, NULL,
      "Choose the accounts whose orders and fills are pushed"),
    READ("/api/sub-info", 3003, QOT, NULL, "Subscriptions of REST callers"),
    POST("/api/subscribe", 3001, QOT, "\"isSubOrUnSub\":true,\"isRegOrUnRegPush\":true",
      "Subscribe securities to quotes"),
    READ("/api/suspend", 3201, QOT, NULL, "Suspended days of securities"),
    READ("/api/ticker", 3010, QOT, NULL, "Latest trades of a subscribed security"),
    READ("/api/trade-date", 3219, QOT, NULL, "Trading days, as /api/trading-days"),
    READ("/api/trading-days", 3219, QOT, NULL, "Trading days of a market or security"),
    CLOSED("/api/unlock-trade", 2005, SCOPE_TRADE_UNLOCK, NULL, "Unlock or lock trading"),
    FIXED("/api/unsubscribe", false, 3001, QOT, "\"isSubOrUnSub\":false",
      "Unsubscribe securities from quotes"),
    READ("/api/used-quota", 1010, QOT, NULL, "Used quota of subscriptions and candle history"),
    READ("/api/user-info", 1005, QOT, NULL, "The logged-in user and the quote rights"),
    READ("/api/user-security", 3213, QOT, NULL, "Securities of a watch list"),
    READ("/api/user-security-group", 3222, QOT, NULL, "Watch lists"),
    READ("/api/warrant", 3210, QOT, NULL, "Search for warrants"),
    { "/health", ROUTE_HEALTH, GET, true, false, 0, 0, NULL, false, "Whether the process runs" },
    { "/metrics", ROUTE_METRICS, GET, false, false, SCOPE_METRICS_READ, 0, NULL, false,
      "Counters in the text format of Prometheus" },
    { "/readyz", ROUTE_READY, GET, true, false, 0, 0, NULL, false,
      "Whether the gateway can answer calls" },
    { "/ws", ROUTE_WS, METHOD_GET, false, false, QOT, 0, NULL, false,
      "Stream of pushes, a WebSocket" },
};

/* Requests that change something without being marked as a write; for aliases. */
static const uint32_t changing[] = { 1006, 1008, 1009, 2005, 2008, 3001, 3002, 3214, 3220, 3309,
                                     3455 };

static const struct route mcp = { "/mcp", ROUTE_MCP, METHOD_GET | METHOD_POST | METHOD_DELETE,
                                  false, false, 0, 0, NULL, false, "Model Context Protocol" };

enum { INIT_CONNECT = 1001, SUB_ACC_PUSH = 2008 };

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
    return row && row->kind == PROTO_REQUEST && row->id != INIT_CONNECT;
}

const struct route *route_find(futu_str path, struct route *room)
{
    const struct route *found = path.n ? listed(path) : NULL;
    if (found || str_is(path, mcp.path))
        return found ? found : &mcp;
    const struct proto_row *row = alias(path);
    if (!callable(row))
        return NULL;
    *room = (struct route){
        .path = row->rest ? row->rest : row->name,
        .kind = ROUTE_CALL,
        .methods = changes(row) ? METHOD_POST : METHOD_GET | METHOD_POST,
        .closed = row->write || row->id == SUB_ACC_PUSH ||
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
