/* mcp_tools.c - the table of tools; see mcp_tools.h. */
#include "surface/mcp_tools.h"

#define REAL "\"trdEnv\":1"
/* Queries of mcp_raw.c. */
#define QUERY(name, proto, text) \
    { name, proto, MCP_ACCOUNT, MCP_RAW, 0, NULL, REAL, text }

static const struct mcp_tool tools[] = {
    { "futu_ping", PROTO_GET_GLOBAL_STATE, MCP_CORE, MCP_TIMED, 0, NULL, NULL,
      "Round trip to the gateway and on to its upstream, and how long it took." },
    { "futu_get_global_state", PROTO_GET_GLOBAL_STATE, MCP_CORE, 0, 0, NULL, NULL,
      "Server time, state of each market, and whether quotes and trading are logged in." },
    { "futu_get_user_info", PROTO_GET_USER_INFO, MCP_CORE, 0, 0, NULL, NULL,
      "The logged-in user, quote rights and quotas." },
    { "futu_get_delay_statistics", PROTO_GET_DELAY_STATISTICS, MCP_CORE, 0, 0, NULL, NULL,
      "Latency statistics of pushes, requests and orders." },
    { "futu_get_used_quota", PROTO_USED_QUOTA, MCP_CORE, 0, 0, NULL, NULL,
      "Used subscription and history quota." },
    { "futu_get_gateway_info", PROTO_GATEWAY_GET_INFO, MCP_CORE, 0, 0, NULL, NULL,
      "The gateway itself: its upstream, and whether it is up." },

    { "futu_subscribe", PROTO_QOT_SUB, MCP_SUBSCRIBE, MCP_CHANGES | MCP_SYMBOLS | MCP_KINDS, 0,
      "\"isSubOrUnSub\":true,\"isUnsubAll\":false", "\"isRegOrUnRegPush\":false",
      "Subscribe symbols to kinds of data so that they are kept up to date. Costs one quota unit "
      "for each symbol and kind. The quote tools subscribe by themselves; this is not needed "
      "before them. With push=true what changes comes as log messages of this session." },
    { "futu_unsubscribe", PROTO_QOT_SUB, MCP_SUBSCRIBE, MCP_CHANGES, 0,
      "\"isSubOrUnSub\":false,\"isRegOrUnRegPush\":false,\"isFirstPush\":false,"
      "\"extendedTime\":false,\"session\":0", NULL,
      "Undo subscriptions, at the earliest one minute after they were made." },
    { "futu_get_sub_info", PROTO_QOT_GET_SUB_INFO, MCP_SUBSCRIBE, 0, 0, NULL, NULL,
      "Current subscriptions and the quota that is left." },

    { "futu_get_quote", PROTO_QOT_GET_BASIC_QOT, MCP_QUOTE, MCP_FIRST | MCP_SYMBOLS, 1, NULL, NULL,
      "Live quote of one symbol such as HK.00700 or US.AAPL." },
    { "futu_get_snapshot", PROTO_QOT_GET_SECURITY_SNAPSHOT, MCP_QUOTE, MCP_SYMBOLS, 0, NULL, NULL,
      "Snapshots of up to 400 symbols: price, volume, best bid and ask, 52-week range, ratios." },
    { "futu_get_kline", PROTO_QOT_GET_KL, MCP_QUOTE, 0, -1, NULL, "\"rehabType\":1,\"reqNum\":100",
      "The latest candles of a symbol; by default 100, adjusted forward." },
    { "futu_get_orderbook", PROTO_QOT_GET_ORDER_BOOK, MCP_QUOTE, 0, 2, NULL, "\"num\":10",
      "Bids and asks of a symbol by level." },
    { "futu_get_ticker", PROTO_QOT_GET_TICKER, MCP_QUOTE, 0, 4, NULL, "\"maxRetNum\":100",
      "The latest trades of a symbol, one by one." },
    { "futu_get_rt", PROTO_QOT_GET_RT,
      MCP_QUOTE, 0, 5, NULL, NULL, "Today's line of a symbol by minute." },
    { "futu_get_static", PROTO_QOT_GET_STATIC_INFO, MCP_QUOTE, 0, 0, NULL, NULL,
      "Name, lot size and listing date of symbols, or of all of a market and kind." },
    { "futu_get_broker", PROTO_QOT_GET_BROKER, MCP_QUOTE, 0, 14, NULL, NULL,
      "Brokers queueing at the bid and the ask of a Hong Kong symbol." },
    { "futu_get_capital_flow", PROTO_QOT_GET_CAPITAL_FLOW,
      MCP_QUOTE, 0, 0, NULL, NULL, "Capital flow over time." },
    { "futu_get_capital_distribution", PROTO_QOT_GET_CAPITAL_DISTRIBUTION,
      MCP_QUOTE, 0, 0, NULL, NULL,
      "Today's capital in and out by size of order." },
    { "futu_get_market_state", PROTO_QOT_GET_MARKET_STATE, MCP_QUOTE, MCP_SYMBOLS, 0, NULL, NULL,
      "Whether the market of each symbol is open, closed or pausing." },
    { "futu_get_history_kline", PROTO_QOT_REQUEST_HISTORY_KL, MCP_QUOTE, MCP_PAGES, 0, NULL,
      "\"rehabType\":1,\"maxAckKLNum\":1000",
      "Candles between two days (yyyy-mm-dd). Costs history quota: one unit for each symbol in "
      "30 days. max_count, at most 5000, bounds how many come." },
    { "futu_get_history_kl_quota", PROTO_QOT_REQUEST_HISTORY_KL_QUOTA, MCP_QUOTE, 0, 0, NULL, NULL,
      "History quota used and left." },
    { "futu_get_rehab", PROTO_QOT_REQUEST_REHAB, MCP_QUOTE, 0, 0, NULL, NULL,
      "Factors that adjust prices for splits and dividends." },
    { "futu_get_trading_days", PROTO_QOT_REQUEST_TRADE_DATE, MCP_QUOTE, 0, 0, NULL, "\"market\":0",
      "Trading days of a market or symbol between two days." },
    { "futu_get_suspend", PROTO_QOT_GET_SUSPEND, MCP_QUOTE, MCP_SYMBOLS, 0, NULL, NULL,
      "Days on which symbols were suspended." },
    { "futu_get_code_change", PROTO_QOT_GET_CODE_CHANGE, MCP_QUOTE, 0, 0, NULL, NULL,
      "Changes of Hong Kong codes and temporary codes." },

    { "futu_list_plates", PROTO_QOT_GET_PLATE_SET, MCP_PLATE, 0, 0, NULL, "\"plateSetType\":0",
      "Plates (sectors, concepts, regions) of a market." },
    { "futu_plate_stocks", PROTO_QOT_GET_PLATE_SECURITY,
      MCP_PLATE, 0, 0, NULL, NULL, "Members of a plate." },
    { "futu_get_owner_plate", PROTO_QOT_GET_OWNER_PLATE, MCP_PLATE, MCP_SYMBOLS, 0, NULL, NULL,
      "Plates that symbols belong to." },
    { "futu_get_stock_filter", PROTO_QOT_STOCK_FILTER,
      MCP_PLATE, 0, 0, NULL, "\"begin\":0,\"num\":50",
      "Screen the stocks of a market by figures, indicators and patterns." },
    { "futu_get_ipo_list", PROTO_QOT_GET_IPO_LIST,
      MCP_PLATE, 0, 0, NULL, NULL, "Coming IPOs of a market." },

    { "futu_get_reference", PROTO_QOT_GET_REFERENCE, MCP_DERIVATIVE, 0, 0, NULL, NULL,
      "Warrants or futures related to a symbol." },
    { "futu_get_option_chain", PROTO_QOT_GET_OPTION_CHAIN, MCP_DERIVATIVE, 0, 0, NULL, NULL,
      "Options of an underlying, by expiry date between start and end, at most 30 days apart." },
    { "futu_get_option_expiration_date", PROTO_QOT_GET_OPTION_EXPIRATION_DATE,
      MCP_DERIVATIVE, 0, 0, NULL, NULL,
      "Expiry dates of the options of an underlying." },
    { "futu_get_warrant", PROTO_QOT_GET_WARRANT, MCP_DERIVATIVE, 0, 0, NULL,
      "\"begin\":0,\"num\":50,\"sortField\":5,\"ascend\":false",
      "Warrants, of one underlying or of all." },
    { "futu_get_future_info", PROTO_QOT_GET_FUTURE_INFO, MCP_DERIVATIVE, MCP_SYMBOLS, 0, NULL, NULL,
      "Contract size, last trading day and sessions of futures." },

    { "futu_get_user_security_group", PROTO_QOT_GET_USER_SECURITY_GROUP,
      MCP_WATCHLIST, 0, 0, NULL, "\"groupType\":3",
      "Names of the user's watchlists." },
    { "futu_get_user_security", PROTO_QOT_GET_USER_SECURITY,
      MCP_WATCHLIST, 0, 0, NULL, NULL, "Symbols of a watchlist." },
    { "futu_modify_user_security", PROTO_QOT_MODIFY_USER_SECURITY,
      MCP_WATCHLIST, MCP_CHANGES | MCP_DESTROYS, 0, NULL, NULL,
      "Add symbols to a watchlist or take them off." },
    { "futu_get_price_reminder", PROTO_QOT_GET_PRICE_REMINDER,
      MCP_WATCHLIST, 0, 0, NULL, NULL, "Price alerts." },
    { "futu_set_price_reminder", PROTO_QOT_SET_PRICE_REMINDER,
      MCP_WATCHLIST, MCP_CHANGES | MCP_DESTROYS, 0, NULL, NULL,
      "Add, change or remove price alerts of a symbol." },

    { "futu_list_accounts", PROTO_TRD_GET_ACC_LIST,
      MCP_ACCOUNT, 0, 0, "\"needGeneralSecAccount\":true", NULL,
      "Trading accounts: their acc_id, environment and markets. Call this first; the other account "
      "and trade tools need acc_id." },
    { "futu_get_funds", PROTO_TRD_GET_FUNDS,
      MCP_ACCOUNT, 0, 0, NULL, REAL, "Cash, assets and buying power." },
    { "futu_get_positions", PROTO_TRD_GET_POSITION_LIST,
      MCP_ACCOUNT, 0, 0, NULL, REAL, "Positions of an account." },
    { "futu_get_orders", PROTO_TRD_GET_ORDER_LIST,
      MCP_ACCOUNT, 0, 0, NULL, REAL, "Today's orders of an account." },
    { "futu_get_deals", PROTO_TRD_GET_ORDER_FILL_LIST,
      MCP_ACCOUNT, 0, 0, NULL, REAL, "Today's fills of an account." },
    { "futu_get_history_orders", PROTO_TRD_GET_HISTORY_ORDER_LIST,
      MCP_ACCOUNT, MCP_SPAN, 0, NULL, REAL,
      "Past orders between start and end; by default of the last 90 days." },
    { "futu_get_history_deals", PROTO_TRD_GET_HISTORY_ORDER_FILL_LIST,
      MCP_ACCOUNT, MCP_SPAN, 0, NULL, REAL,
      "Past fills between start and end; by default of the last 90 days." },
    { "futu_get_max_trd_qtys", PROTO_TRD_GET_MAX_TRD_QTYS, MCP_ACCOUNT, 0, 0, NULL, REAL,
      "Largest quantity that can be bought and sold of a symbol." },
    { "futu_get_margin_ratio", PROTO_TRD_GET_MARGIN_RATIO, MCP_ACCOUNT, MCP_SYMBOLS, 0, NULL, REAL,
      "Margin ratios and short selling data of symbols." },
    { "futu_get_order_fee", PROTO_TRD_GET_ORDER_FEE,
      MCP_ACCOUNT, 0, 0, NULL, REAL, "Fees of orders." },
    { "futu_get_cash_flow", PROTO_TRD_FLOW_SUMMARY,
      MCP_ACCOUNT, 0, 0, NULL, REAL, "Cash in and out on one day." },
    QUERY("futu_get_cash_log", PROTO_TRD_GET_CASH_LOG,
        "Cash records of an account. This and the next nine need a relay to a gateway that knows "
        "them."),
    QUERY("futu_get_cash_detail", PROTO_TRD_GET_CASH_DETAIL, "One cash record in full."),
    QUERY("futu_get_biz_group", PROTO_TRD_GET_BIZ_GROUP, "Categories of cash records."),
    QUERY("futu_get_margin_info", PROTO_TRD_GET_MARGIN_INFO, "Margin of an account."),
    QUERY("futu_get_account_flag", PROTO_TRD_GET_ACCOUNT_FLAG, "Compliance flags of an account."),
    QUERY("futu_get_bond_total_asset", PROTO_TRD_GET_BOND_TOTAL_ASSET, "Bonds held, in sum."),
    QUERY("futu_get_bond_single_asset", PROTO_TRD_GET_BOND_SINGLE_ASSET, "One bond that is held."),
    QUERY("futu_get_bond_position_list", PROTO_TRD_GET_BOND_POSITION_LIST, "Bond positions."),
    QUERY("futu_get_bond_answer_state", PROTO_TRD_GET_BOND_ANSWER_STATE,
        "Whether the bond questionnaire is still to be answered."),
    QUERY("futu_get_bond_trade_reminder", PROTO_TRD_GET_BOND_TRADE_REMINDER,
        "What is to be known before a bond is traded."),

    { "futu_place_order", PROTO_TRD_PLACE_ORDER,
      MCP_TRADE, MCP_CHANGES | MCP_DESTROYS | MCP_ORDER, 0, NULL, NULL,
      "Place an order. env is SIMULATE or REAL. For a real account the first call sends nothing: "
      "it answers with a preview and a confirm_token. Show the preview to the user; only when the "
      "user agrees, call again with the same arguments and that confirm_token." },
    { "futu_modify_order", PROTO_TRD_MODIFY_ORDER,
      MCP_TRADE, MCP_CHANGES | MCP_DESTROYS | MCP_ORDER, 0,
      "\"forAll\":false", NULL,
      "Change quantity and price of an order, or cancel, disable, enable or delete it. For a real "
      "account in two steps, see futu_place_order." },
    { "futu_cancel_order", PROTO_TRD_MODIFY_ORDER,
      MCP_TRADE, MCP_CHANGES | MCP_DESTROYS | MCP_ORDER, 0,
      "\"modifyOrderOp\":2,\"forAll\":false", NULL,
      "Cancel one order. For a real account in two steps, see futu_place_order." },
    { "futu_cancel_all_order", PROTO_TRD_MODIFY_ORDER,
      MCP_TRADE, MCP_CHANGES | MCP_DESTROYS | MCP_ORDER, 0,
      "\"modifyOrderOp\":2,\"forAll\":true,\"orderID\":0", NULL,
      "Cancel all orders of an account in a market. For a real account in two steps, see "
      "futu_place_order." },
    { "futu_reconfirm_order", PROTO_TRD_RECONFIRM_ORDER,
      MCP_TRADE, MCP_CHANGES | MCP_DESTROYS | MCP_ORDER, 0, NULL,
      NULL, "Confirm an order that the broker holds back until it is confirmed. For a real account "
      "in two steps, see futu_place_order." },
    { "futu_unlock_trade", PROTO_TRD_UNLOCK_TRADE,
      MCP_TRADE, MCP_CHANGES, 0, NULL, "\"unlock\":true",
      "Unlock trading of real accounts, or lock it with unlock=false. The password is the "
      "operator's: it is never an argument. One unlock lasts until it is locked." },

    { "futu_sub_acc_push", PROTO_TRD_SUB_ACC_PUSH, MCP_PUSH, MCP_CHANGES, 0, NULL, NULL,
      "Have the orders and fills of accounts sent to this session as log messages, as they happen. "
      "Without acc_ids: of every account that the API key may see." },
    { "futu_unsub_acc_push", PROTO_TRD_SUB_ACC_PUSH,
      MCP_PUSH, MCP_CHANGES | MCP_LEAVES, 0, NULL, NULL,
      "End that for some accounts, or without acc_ids for all." },
};

const struct mcp_tool *mcp_tools(size_t *n)
{
    *n = ARRAY_LEN(tools);
    return tools;
}

const struct mcp_tool *mcp_tool(futu_str name)
{
    for (size_t i = 0; i < ARRAY_LEN(tools); i++)
        if (str_is(name, tools[i].name))
            return &tools[i];
    return NULL;
}

const char *mcp_nearest(futu_str name)
{
    const char *best = NULL;
    unsigned least = 6;
    for (size_t i = 0; i < ARRAY_LEN(tools) && name.n < 64; i++) {
        unsigned d = futu_word_distance(name, str_c(tools[i].name));
        if (d < least) {
            least = d;
            best = tools[i].name;
        }
    }
    return best;
}

bool mcp_groups(futu_str words, uint32_t *groups, futu_str *bad)
{
    static const char *const names[] = { "core", "subscribe", "quote", "plate", "derivative",
                                         "watchlist", "account", "trade", "push" };
    *groups = words.n == 0 ? MCP_ALL_GROUPS : 0;
    while (words.n > 0) {
        const char *comma = memchr(words.p, ',', words.n);
        futu_str word = { words.p, comma ? (size_t)(comma - words.p) : words.n };
        size_t i = 0;
        while (i < ARRAY_LEN(names) && !str_is(word, names[i]))
            i++;
        *bad = word;
        if (i == ARRAY_LEN(names))
            return false;
        *groups |= 1u << i;
        words.p += word.n + (comma != NULL);
        words.n -= word.n + (comma != NULL);
    }
    return true;
}
