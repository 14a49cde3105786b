/* messages.h - the messages of the broker's channel as C structs, one descriptor each.
 *
 * The descriptors say tag, type and name; they stand in dialect.c, since nearly all tags are not
 * public. The structs follow the layout of codec/codec.h, so that its coder does the work.
 * Names in comments are the server's. Prices and quantities of orders are decimal text; prices of
 * quotes are whole numbers of the units in tables.h.
 */
#ifndef UPSTREAM_BROKER_MESSAGES_H
#define UPSTREAM_BROKER_MESSAGES_H

#include "codec/codec.h"

/* ---- connection ---- */

struct bk_login_secret {                /* ReqEncryptData */
    uint32_t client_ver, client_ex_ver, client_type, language, net_type, host_port;
    uint64_t user_id;
    int32_t conn_identity;
    futu_str host_ip, os_name;
    bool has_client_ver, has_client_ex_ver, has_client_type, has_language, has_net_type,
        has_host_port, has_user_id, has_conn_identity;
};

struct bk_login_req {                   /* LoginReq */
    uint64_t user_id;
    futu_str client_sig, encrypt_data;
    bool has_user_id;
};

struct bk_login_rsp {                   /* LoginRsp */
    int32_t ret_type;
    uint32_t keep_alive, redirect_port;
    futu_str err_msg, session_key, redirect_ip;
    bool has_ret_type, has_keep_alive, has_redirect_port;
};

struct bk_ext_error {                   /* ErrorInfo */
    int32_t code;
    futu_str text;
    bool has_code;
};

struct bk_ext_head {                    /* FtnnExtendHead */
    struct bk_ext_error *err_info;
};

struct bk_conn_addr {
    futu_str ip;
    uint32_t port;
    bool has_port;
};

struct bk_conn_ip_req {                 /* ConnIpReq */
    int32_t conn_identify;
    bool has_conn_identify;
};

struct bk_conn_ip_rsp {                 /* ConnIpRsp */
    int32_t result_code;
    futu_str err_msg;
    size_t n_addrs;
    struct bk_conn_addr *addrs;
    bool has_result_code;
};

struct bk_firms_req {                   /* GetValidBrokerListReq */
    uint64_t user_id;
    bool has_user_id;
};

struct bk_firms_rsp {                   /* GetValidBrokerListRsp */
    int32_t result_code;
    futu_str err_msg;
    size_t n_broker_ids;
    int32_t *broker_ids;
    bool has_result_code;
};

/* ---- quotes ---- */

struct bk_sec_req {                     /* SecuritiesReq */
    size_t n_symbols;
    futu_str *symbols;                  /* CODE.SUFFIX */
};

struct bk_sec {                         /* OptionResultInfo */
    uint64_t stock_id;
    futu_str symbol, name;
    int32_t lot_size, sec_type, market_code;
    int64_t list_time;                  /* seconds at midnight of the market */
    bool delisted;
    bool has_stock_id, has_lot_size, has_sec_type, has_market_code, has_list_time, has_delisted;
};

struct bk_sec_rsp {
    int32_t ret_code;
    futu_str err_msg;
    size_t n_items;
    struct bk_sec *items;
    bool has_ret_code;
};

struct bk_states_req {
    int32_t market_id;
    bool has_market_id;
};

struct bk_market_state {
    int32_t market_id, state;
    bool has_market_id, has_state;
};

struct bk_states_rsp {
    int32_t ret_code;
    futu_str err_msg;
    size_t n_states;
    struct bk_market_state *states;
    bool has_ret_code;
};

struct bk_sub_item {
    uint64_t stock_id;
    size_t n_bits;
    int32_t *bits;
    bool has_stock_id;
};

struct bk_sub_req {
    size_t n_items;
    struct bk_sub_item *items;
    bool unsubscribe;
    bool has_unsubscribe;
};

struct bk_sub_rsp {
    int32_t ret_code;
    futu_str err_msg;
    bool has_ret_code;
};

struct bk_push_entry {
    uint64_t stock_id;
    int32_t bit;
    futu_str payload;
    bool has_stock_id, has_bit;
};

struct bk_push {
    size_t n_entries;
    struct bk_push_entry *entries;
};

struct bk_quote {                       /* bits 0, 1 and 5: each brings some of it */
    int64_t price, open, high, low, last_close, spread;     /* 1e-9 */
    int64_t volume, turnover;           /* turnover: 1e-3 */
    int64_t turnover_rate, amplitude;   /* 1e-5 of a percent */
    uint64_t time_ms;                   /* UTC */
    bool suspended;
    bool has_price, has_open, has_high, has_low, has_last_close, has_spread, has_volume,
        has_turnover, has_turnover_rate, has_amplitude, has_time_ms, has_suspended;
};

struct bk_level {
    int64_t price, volume;
    int32_t orders;
    bool has_price, has_volume, has_orders;
};

struct bk_book {                        /* bit 3; a list that is there is the whole side */
    size_t n_asks, n_bids;
    struct bk_level *asks, *bids;
    uint64_t time_ms;
    bool has_time_ms;
};

struct bk_tick {
    int64_t sequence, price, volume, turnover;
    uint64_t time_ms;
    int32_t dir, type;
    bool has_sequence, has_price, has_volume, has_turnover, has_time_ms, has_dir, has_type;
};

struct bk_ticks {                       /* bit 35 */
    size_t n_ticks;
    struct bk_tick *ticks;              /* oldest first */
};

/* ---- accounts ---- */

struct bk_header {                      /* MsgHeader */
    futu_str cipher, request_id;
    uint64_t customer_id, account;
    bool has_customer_id, has_account;
};

struct bk_accounts_req {
    uint64_t customer_id;
    bool has_customer_id;
};

struct bk_account {                     /* FTUsrTrdAcc */
    uint32_t number;                    /* inside the broker */
    int32_t market, state, type;
    futu_str card, uni_card;
    size_t n_markets;
    int32_t *markets;
    bool has_number, has_market, has_state, has_type;
};

struct bk_accounts_rsp {
    int32_t result_code;
    futu_str err_msg;
    size_t n_accounts;
    struct bk_account *accounts;
    bool has_result_code;
};

struct bk_pswd {
    uint64_t account;
    futu_str pswd;
    bool has_account;
};

struct bk_unlock_req {                  /* TradePswdAuth */
    struct bk_header *header;
    size_t n_pswds;
    struct bk_pswd *pswds;
};

struct bk_token_req {                   /* AuthTradeToken */
    struct bk_header *header;
    futu_str token, auth_pswd_sig;
    size_t n_pswds;
    struct bk_pswd *pswds;
};

struct bk_cipher {
    uint64_t account;
    futu_str cipher;
    bool has_account;
};

struct bk_unlock_rsp {
    int32_t result_code;
    futu_str err_msg, auth_pswd_sig;
    size_t n_ciphers;
    struct bk_cipher *ciphers;
    bool has_result_code;
};

/* ---- orders ---- */

struct bk_order_new_req {               /* OrderNewReq */
    struct bk_header *header;
    futu_str symbol, price, qty, aux_price, remark, exchange, trail_value, trail_spread,
        expire_date;
    int32_t side, type, time_in_force, session, security_type, exchange_code, trail_type;
    bool outside_rth;
    bool has_side, has_type, has_time_in_force, has_session, has_security_type,
        has_exchange_code, has_trail_type, has_outside_rth;
};

struct bk_order_replace_req {           /* OrderReplaceReq */
    struct bk_header *header;
    futu_str order_id, price, qty, aux_price;
};

struct bk_order_cancel_req {            /* OrderCancelReq */
    struct bk_header *header;
    futu_str order_id;
};

struct bk_order_rsp {                   /* OrderNewRsp and the answers of the other two */
    int32_t result_code;
    futu_str err_msg, order_id;
    bool has_result_code;
};

struct bk_order_list_req {              /* OrderListReq, HistoryOrderListReq */
    struct bk_header *header;
    uint64_t time_begin, time_end;      /* us, UTC */
    size_t n_market;
    int32_t *market;
    size_t n_security_type;
    int32_t *security_type;
    int32_t for_trigger, page_size;
    futu_str page;                      /* where the page before ended */
    bool has_time_begin, has_time_end, has_for_trigger, has_page_size;
};

struct bk_order {
    futu_str order_id, symbol, name, price, qty, filled_qty, filled_avg, aux_price, remark,
        err_text, trail_value, trail_spread;
    int32_t side, type, state, time_in_force, session, market_code, trade_market, currency,
        trail_type;
    uint64_t created_us, updated_us;
    bool outside_rth;
    bool has_side, has_type, has_state, has_time_in_force, has_session, has_market_code,
        has_trade_market, has_currency, has_trail_type, has_created_us, has_updated_us,
        has_outside_rth;
};

struct bk_order_list_rsp {
    int32_t result_code;
    futu_str err_msg, next_page;
    size_t n_orders;
    struct bk_order *orders;
    bool has_result_code;
};

struct bk_fill {
    futu_str fill_id, order_id, symbol, name, price, qty;
    int32_t side, market_code, trade_market, counter_broker;
    uint64_t time_us;
    bool cancelled, corrected;
    bool has_side, has_market_code, has_trade_market, has_counter_broker, has_time_us,
        has_cancelled, has_corrected;
};

struct bk_fill_list_rsp {
    int32_t result_code;
    futu_str err_msg, next_page;
    size_t n_fills;
    struct bk_fill *fills;
    bool has_result_code;
};

struct bk_max_qty_req {                 /* MaxBuySellReq */
    struct bk_header *header;
    futu_str symbol, price, order_id, exchange;
    int32_t type, security_type, exchange_code;
    bool has_type, has_security_type, has_exchange_code;
};

struct bk_max_qty_rsp {
    int32_t result_code;
    futu_str err_msg, cash_buy, margin_buy, sell, short_sell, buy_back;
    bool has_result_code;
};

/* ---- what an account has, 3020 ---- */

struct bk_assets_req {                  /* AccountInfoReq */
    struct bk_header *header;
    int32_t currency;                   /* Trd_Common.Currency; absent: the account's */
    bool has_currency;
};

struct bk_cash {
    int32_t currency;
    futu_str cash, available, power;
    bool has_currency;
};

struct bk_funds {
    futu_str power, total, cash, market_val, frozen, debt, withdrawable, max_short, net_power,
        long_mv, short_mv;
    int32_t currency;
    size_t n_cash_list;
    struct bk_cash *cash_list;
    bool has_currency;
};

struct bk_position {
    uint64_t position_id;
    int32_t side, market_code, trade_market, currency;
    futu_str symbol, name, qty, can_sell, price, cost, value, profit, today_profit, today_value,
        today_buy_value, today_buy_qty, today_sell_value, today_sell_qty, unrealized, realized;
    bool has_position_id, has_side, has_market_code, has_trade_market, has_currency;
};

struct bk_assets_rsp {                  /* AccountInfoRsp */
    int32_t result_code;
    futu_str err_msg;
    struct bk_funds *funds;
    size_t n_positions;
    struct bk_position *positions;
    bool has_result_code;
};

struct bk_notify {                      /* NotifyMsg */
    int32_t type;
    uint64_t account;
    size_t n_order_ids;
    futu_str *order_ids;
    size_t n_fill_ids;
    futu_str *fill_ids;
    bool has_type, has_account;
};

/* Every message of above by its name here. */
#define BK_MESSAGES(X)                                                                             \
    X(login_secret) X(login_req) X(login_rsp) X(ext_error) X(ext_head) X(conn_addr) X(conn_ip_req) \
    X(conn_ip_rsp) X(firms_req) X(firms_rsp) X(sec_req) X(sec) X(sec_rsp) X(states_req)            \
    X(market_state) X(states_rsp) X(sub_item) X(sub_req) X(sub_rsp) X(push_entry) X(push)          \
    X(quote) X(level) X(book) X(tick) X(ticks) X(header) X(accounts_req) X(account)                \
    X(accounts_rsp) X(pswd) X(unlock_req) X(token_req) X(cipher) X(unlock_rsp) X(order_new_req)    \
    X(order_replace_req) X(order_cancel_req) X(order_rsp) X(order_list_req) X(order)               \
    X(order_list_rsp) X(fill) X(fill_list_rsp) X(max_qty_req) X(max_qty_rsp) X(assets_req)         \
    X(cash) X(funds) X(position) X(assets_rsp) X(notify)

#define BK_DECLARE(name) extern const futu_msg bk_##name##_msg;
BK_MESSAGES(BK_DECLARE)
#undef BK_DECLARE

#endif
