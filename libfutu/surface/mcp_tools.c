/* mcp_tools.c - the table of tools; see mcp_tools.h. */
#include "surface/mcp_tools.h"

#define REAL "\"trdEnv\":1"
/* Queries of mcp_raw.c. */
#define QUERY(name, proto, text) \
    { name, proto, MCP_ACCOUNT, MCP_RAW, 0, NULL, REAL, text }

static const struct mcp_tool tools[] = {
    { "futu_ping", 1002, MCP_CORE, MCP_TIMED, 0, NULL, NULL,
      "Round trip to the gateway and on to its upstream, and how long it took." },
    { "futu_get_global_state", 1002, MCP_CORE, 0, 0, NULL, NULL,
      "Server time, state of each market, and whether quotes and trading are logged in." },
    { "futu_get_user_info", 1005, MCP_CORE, 0, 0, NULL, NULL,
      "The logged-in user, quote rights and quotas." },
    { "futu_get_delay_statistics", 1007, MCP_CORE, 0, 0, NULL, NULL,
      "Latency statistics of pushes, requests and orders." },
    { "futu_get_used_quota", 1010, MCP_CORE, 0, 0, NULL, NULL,
      "Used subscription and history quota." },
    { "futu_get_gateway_info", 60001, MCP_CORE, 0, 0, NULL, NULL,
      "The gateway itself: its upstream, and whether it is up." },

    { "futu_subscribe", 3001, MCP_SUBSCRIBE, MCP_CHANGES | MCP_SYMBOLS | MCP_KINDS, 0,
      "\"isSubOrUnSub\":true,\"isUnsubAll\":false", "\"isRegOrUnRegPush\":false",
      "Subscribe symbols to kinds of data so that they are kept up to date. Costs one quota unit "
      "for each symbol and kind. The quote tools subscribe by themselves; this is not needed "
      "before them. With push=true what changes comes as log messages of this session." },
    { "futu_unsubscribe", 3001, MCP_SUBSCRIBE, MCP_CHANGES, 0,
      "\"isSubOrUnSub\":false,\"isRegOrUnRegPush\":false,\"isFirstPush\":false,"
      "\"extendedTime\":false,\"session\":0", NULL,
      "Undo subscriptions, at the earliest one minute after they were made." },
    { "futu_get_sub_info", 3003, MCP_SUBSCRIBE, 0, 0, NULL, NULL,
      "Current subscriptions and the quota that is left." },

    { "futu_get_quote", 3004, MCP_QUOTE, MCP_FIRST | MCP_SYMBOLS, 1, NULL, NULL,
      "Live quote of one symbol such as HK.00700 or US.AAPL." },
    { "futu_get_snapshot", 3203, MCP_QUOTE, MCP_SYMBOLS, 0, NULL, NULL,
      "Snapshots of up to 400 symbols: price, volume, best bid and ask, 52-week range, ratios." },
    { "futu_get_kline", 3006, MCP_QUOTE, 0, -1, NULL, "\"rehabType\":1,\"reqNum\":100",
      "The latest candles of a symbol; by default 100, adjusted forward." },
    { "futu_get_orderbook", 3012, MCP_QUOTE, 0, 2, NULL, "\"num\":10",
      "Bids and asks of a symbol by level." },
    { "futu_get_ticker", 3010, MCP_QUOTE, 0, 4, NULL, "\"maxRetNum\":100",
      "The latest trades of a symbol, one by one." },
    { "futu_get_rt", 3008, MCP_QUOTE, 0, 5, NULL, NULL, "Today's line of a symbol by minute." },
    { "futu_get_static", 3202, MCP_QUOTE, 0, 0, NULL, NULL,
      "Name, lot size and listing date of symbols, or of all of a market and kind." },
    { "futu_get_broker", 3014, MCP_QUOTE, 0, 14, NULL, NULL,
      "Brokers queueing at the bid and the ask of a Hong Kong symbol." },
    { "futu_get_capital_flow", 3211, MCP_QUOTE, 0, 0, NULL, NULL, "Capital flow over time." },
    { "futu_get_capital_distribution", 3212, MCP_QUOTE, 0, 0, NULL, NULL,
      "Today's capital in and out by size of order." },
    { "futu_get_market_state", 3223, MCP_QUOTE, MCP_SYMBOLS, 0, NULL, NULL,
      "Whether the market of each symbol is open, closed or pausing." },
    { "futu_get_history_kline", 3103, MCP_QUOTE, MCP_PAGES, 0, NULL,
      "\"rehabType\":1,\"maxAckKLNum\":1000",
      "Candles between two days (yyyy-mm-dd). Costs history quota: one unit for each symbol in "
      "30 days. max_count, at most 5000, bounds how many come." },
    { "futu_get_history_kl_quota", 3104, MCP_QUOTE, 0, 0, NULL, NULL,
      "History quota used and left." },
    { "futu_get_rehab", 3105, MCP_QUOTE, 0, 0, NULL, NULL,
      "Factors that adjust prices for splits and dividends." },
    { "futu_get_trading_days", 3219, MCP_QUOTE, 0, 0, NULL, "\"market\":0",
      "Trading days of a market or symbol between two days." },
    { "futu_get_suspend", 3201, MCP_QUOTE, MCP_SYMBOLS, 0, NULL, NULL,
      "Days on which symbols were suspended." },
    { "futu_get_code_change", 3216, MCP_QUOTE, 0, 0, NULL, NULL,
      "Changes of Hong Kong codes and temporary codes." },

    { "futu_list_plates", 3204, MCP_PLATE, 0, 0, NULL, "\"plateSetType\":0",
      "Plates (sectors, concepts, regions) of a market." },
    { "futu_plate_stocks", 3205, MCP_PLATE, 0, 0, NULL, NULL, "Members of a plate." },
    { "futu_get_owner_plate", 3207, MCP_PLATE, MCP_SYMBOLS, 0, NULL, NULL,
      "Plates that symbols belong to." },
    { "futu_get_stock_filter", 3215, MCP_PLATE, 0, 0, NULL, "\"begin\":0,\"num\":50",
      "Screen the stocks of a market by figures, indicators and patterns." },
    { "futu_get_ipo_list", 3217, MCP_PLATE, 0, 0, NULL, NULL, "Coming IPOs of a market." },

    { "futu_get_reference", 3206, MCP_DERIVATIVE, 0, 0, NULL, NULL,
      "Warrants or futures related to a symbol." },
    { "futu_get_option_chain", 3209, MCP_DERIVATIVE, 0, 0, NULL, NULL,
      "Options of an underlying, by expiry date between start and end, at most 30 days apart." },
    { "futu_get_option_expiration_date", 3224, MCP_DERIVATIVE, 0, 0, NULL, NULL,
      "Expiry dates of the options of an underlying." },
    { "futu_get_warrant", 3210, MCP_DERIVATIVE, 0, 0, NULL,
      "\"begin\":0,\"num\":50,\"sortField\":5,\"ascend\":false",
      "Warrants, of one underlying or of all." },
    { "futu_get_future_info", 3218, MCP_DERIVATIVE, MCP_SYMBOLS, 0, NULL, NULL,
      "Contract size, last trading day and sessions of futures." },

    { "futu_get_user_security_group", 3222, MCP_WATCHLIST, 0, 0, NULL, "\"groupType\":3",
      "Names of the user's watchlists." },
    { "futu_get_user_security", 3213, MCP_WATCHLIST, 0, 0, NULL, NULL, "Symbols of a watchlist." },
    { "futu_modify_user_security", 3214, MCP_WATCHLIST, MCP_CHANGES | MCP_DESTROYS, 0, NULL, NULL,
      "Add symbols to a watchlist or take them off." },
    { "futu_get_price_reminder", 3221, MCP_WATCHLIST, 0, 0, NULL, NULL, "Price alerts." },
    { "futu_set_price_reminder", 3220, MCP_WATCHLIST, MCP_CHANGES | MCP_DESTROYS, 0, NULL, NULL,
      "Add, change or remove price alerts of a symbol." },

    { "futu_list_accounts", 2001, MCP_ACCOUNT, 0, 0, "\"needGeneralSecAccount\":true", NULL,
      "Trading accounts: their acc_id, environment and markets. Call this first; the other account "
      "and trade tools need acc_id." },
    { "futu_get_funds", 2101, MCP_ACCOUNT, 0, 0, NULL, REAL, "Cash, assets and buying power." },
    { "futu_get_positions", 2102, MCP_ACCOUNT, 0, 0, NULL, REAL, "Positions of an account." },
    { "futu_get_orders", 2201, MCP_ACCOUNT, 0, 0, NULL, REAL, "Today's orders of an account." },
    { "futu_get_deals", 2211, MCP_ACCOUNT, 0, 0, NULL, REAL, "Today's fills of an account." },
    { "futu_get_history_orders", 2221, MCP_ACCOUNT, MCP_SPAN, 0, NULL, REAL,
      "Past orders between start and end; by default of the last 90 days." },
    { "futu_get_history_deals", 2222, MCP_ACCOUNT, MCP_SPAN, 0, NULL, REAL,
      "Past fills between start and end; by default of the last 90 days." },
    { "futu_get_max_trd_qtys", 2111, MCP_ACCOUNT, 0, 0, NULL, REAL,
      "Largest quantity that can be bought and sold of a symbol." },
    { "futu_get_margin_ratio", 2223, MCP_ACCOUNT, MCP_SYMBOLS, 0, NULL, REAL,
      "Margin ratios and short selling data of symbols." },
    { "futu_get_order_fee", 2225, MCP_ACCOUNT, 0, 0, NULL, REAL, "Fees of orders." },
    { "futu_get_cash_flow", 2226, MCP_ACCOUNT, 0, 0, NULL, REAL, "Cash in and out on one day." },
    QUERY("futu_get_cash_log", 22701,
        "Cash records of an account. This and the next nine need a relay to a gateway that knows "
        "them."),
    QUERY("futu_get_cash_detail", 22702, "One cash record in full."),
    QUERY("futu_get_biz_group", 22703, "Categories of cash records."),
    QUERY("futu_get_margin_info", 22704, "Margin of an account."),
    QUERY("futu_get_account_flag", 22705, "Compliance flags of an account."),
    QUERY("futu_get_bond_total_asset", 22706, "Bonds held, in sum."),
    QUERY("futu_get_bond_single_asset", 22707, "One bond that is held."),
    QUERY("futu_get_bond_position_list", 22708, "Bond positions."),
    QUERY("futu_get_bond_answer_state", 22709,
        "Whether the bond questionnaire is still to be answered."),
    QUERY("futu_get_bond_trade_reminder", 22710,
        "What is to be known before a bond is traded."),

    { "futu_place_order", 2202, MCP_TRADE, MCP_CHANGES | MCP_DESTROYS | MCP_ORDER, 0, NULL, NULL,
      "Place an order. env is SIMULATE or REAL. For a real account the first call sends nothing: "
      "it answers with a preview and a confirm_token. Show the preview to the user; only when the "
      "user agrees, call again with the same arguments and that confirm_token." },
    { "futu_modify_order", 2205, MCP_TRADE, MCP_CHANGES | MCP_DESTROYS | MCP_ORDER, 0,
      "\"forAll\":false", NULL,
      "Change quantity and price of an order, or cancel, disable, enable or delete it. For a real "
      "account in two steps, see futu_place_order." },
    { "futu_cancel_order", 2205, MCP_TRADE, MCP_CHANGES | MCP_DESTROYS | MCP_ORDER, 0,
      "\"modifyOrderOp\":2,\"forAll\":false", NULL,
      "Cancel one order. For a real account in two steps, see futu_place_order." },
    { "futu_cancel_all_order", 2205, MCP_TRADE, MCP_CHANGES | MCP_DESTROYS | MCP_ORDER, 0,
      "\"modifyOrderOp\":2,\"forAll\":true,\"orderID\":0", NULL,
      "Cancel all orders of an account in a market. For a real account in two steps, see "
      "futu_place_order." },
    { "futu_reconfirm_order", 2237, MCP_TRADE, MCP_CHANGES | MCP_DESTROYS | MCP_ORDER, 0, NULL,
      NULL, "Confirm an order that the broker holds back until it is confirmed. For a real account "
      "in two steps, see futu_place_order." },
    { "futu_unlock_trade", 2005, MCP_TRADE, MCP_CHANGES, 0, NULL, "\"unlock\":true",
      "Unlock trading of real accounts, or lock it with unlock=false. The password is the "
      "operator's: it is never an argument. One unlock lasts until it is locked." },

    { "futu_sub_acc_push", 2008, MCP_PUSH, MCP_CHANGES, 0, NULL, NULL,
      "Have the orders and fills of accounts sent to this session as log messages, as they happen. "
      "Without acc_ids: of every account that the API key may see." },
    { "futu_unsub_acc_push", 2008, MCP_PUSH, MCP_CHANGES | MCP_LEAVES, 0, NULL, NULL,
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
