/* dialect.c - the choices that the public documents leave open, each with its reason. Nothing here
 * is proven against the broker's servers; the rest of the channel does not depend on any of it.
 *
 * To fill in a tag that has become known: change the number in the message's table and put the row
 * at its place, tags ascending (dialect_test.c looks).
 *
 * Tests:   test/unit/upstream/broker/dialect_test.c
 */
#include "upstream/broker/dialect.h"

#include "base/bytes.h"
#include "crypt/digest.h"
#include "upstream/broker/messages.h"

/* ---- the channel ---- */

/* No value is told. The clients of the broker call each other's requests late after about this. */
const int64_t dialect_timeout_ns = 10 * NS_PER_S;
/* When the server names no interval: 28 and 30 have been seen. */
const uint32_t dialect_keep_alive_s = 30;
/* That there is a limit is told, not which; a chain of servers is hardly longer. */
const uint32_t dialect_redirects = 5;
/* Neither numbering is told. 0 for both: "not said" in every numbering there may be. */
const uint8_t dialect_client_type = 0;
const uint8_t dialect_language = 0;
/* LoginRsp has a state "redirect" beside success (0); its number is not told. A wrong guess makes a
 * redirect a refusal, after which the next address is tried. */
const int32_t dialect_login_redirect = 1;

/* The query of the present orders has a message (OrderListReq) but no number that is told. 4709
 * stands free before the fills of the day (4710) and the two histories. */
const uint16_t dialect_order_list = 4709;

/* The frame that ends a login is not told: 6004 and 1004 stand between the heartbeat and nothing
 * that is known. When the guess is wrong the server will close, and the channel comes back. */
const struct dialect_kind dialect_platform = { .login = 6001, .heartbeat = 6003, .kick = 6004 };
const struct dialect_kind dialect_firm = { .login = 1001, .heartbeat = 1003, .kick = 1004 };

/* "AES-CBC-MD5": where the IV comes from and where MD5 enters is not told. No IV travels in any
 * message that is known, so it is fixed, and zeros are what a fixed one mostly is. MD5 is in the
 * name of the cipher, not in the making of its key, which is used as it is: it guards the data. */
const struct seal_form dialect_seal = { .iv = { 0 }, .digest = true };

/* Told are: the logins (they carry a sealed part of their own), quote commands as a kind, and 18012
 * by number. Heartbeats have no body. All else is taken as sealed: a wrong guess shows at once, as
 * a body that nobody can open. */
bool dialect_in_clear(uint16_t command)
{
    static const uint16_t clear[] = { 1001, 1003, 1004, 6001, 6003, 6004, 6211, 6212, 6311, 6365,
                                      6503, 6736, 6822, 6823, 18012, 20106 };
    for (size_t i = 0; i < ARRAY_LEN(clear); i++)
        if (clear[i] == command)
            return true;
    return false;
}

/* A 64-bit hash of the text, which one is not told. Any that does not collide serves here: clients
 * are given the number by this gateway and the text beside it. The upper bit stays free, since some
 * languages have no unsigned numbers. */
uint64_t dialect_order_number(futu_str id)
{
    uint8_t digest[32];
    sha256(id.p, id.n, digest);
    return get_be64(digest) >> 1;
}

/* ---- messages: tag, type, name ---- */

#define ROW(M, TAG, TYPE, LABEL, F, HAS, SUB)                                                      \
    { TAG, TYPE, LABEL, offsetof(struct bk_##M, F), HAS, sizeof(#F) - 1, sizeof(#F) - 1,           \
      sizeof(#F) - 1, #F, #F, #F, SUB, NULL }
#define NUM(M, TAG, TYPE, F)                                                                       \
    ROW(M, TAG, PB_##TYPE, PB_OPTIONAL, F, offsetof(struct bk_##M, has_##F), NULL)
#define NUMS(M, TAG, TYPE, F)                                                                      \
    ROW(M, TAG, PB_##TYPE, PB_REPEATED, F, offsetof(struct bk_##M, n_##F), NULL)
#define TEXT(M, TAG, F) ROW(M, TAG, PB_STRING, PB_OPTIONAL, F, 0, NULL)
#define BYTES(M, TAG, F) ROW(M, TAG, PB_BYTES, PB_OPTIONAL, F, 0, NULL)
#define TEXTS(M, TAG, F)                                                                           \
    ROW(M, TAG, PB_STRING, PB_REPEATED, F, offsetof(struct bk_##M, n_##F), NULL)
#define SUB(M, TAG, F, OF) ROW(M, TAG, PB_MESSAGE, PB_OPTIONAL, F, 0, &bk_##OF##_msg)
#define SUBS(M, TAG, F, OF)                                                                        \
    ROW(M, TAG, PB_MESSAGE, PB_REPEATED, F, offsetof(struct bk_##M, n_##F), &bk_##OF##_msg)

/* Told: 7, 8, 9, 10 and 12, and that 1 to 6 are basic data, among them extended version and network
 * type. 10 (client_feature) has unknown content and 11 is unknown: neither is sent. */
static const struct pb_field login_secret[] = {
    NUM(login_secret, 1, UINT32, client_ver),
    NUM(login_secret, 2, UINT32, client_ex_ver),
    NUM(login_secret, 3, UINT32, client_type),
    NUM(login_secret, 4, UINT32, language),
    NUM(login_secret, 5, UINT32, net_type),
    NUM(login_secret, 6, UINT64, user_id),
    TEXT(login_secret, 7, host_ip),             /* text or number is open; text names both kinds */
    NUM(login_secret, 8, INT32, conn_identity),
    NUM(login_secret, 9, UINT32, host_port),
    TEXT(login_secret, 12, os_name),
};

/* From here on a message's fields are numbered in the order in which the documents name them, with
 * what every reply of that server begins with, a code and its text, ahead; tags that are told are
 * marked. */
static const struct pb_field login_req[] = {
    NUM(login_req, 1, UINT64, user_id),
    BYTES(login_req, 2, client_sig),
    BYTES(login_req, 3, encrypt_data),
};

static const struct pb_field login_rsp[] = {
    NUM(login_rsp, 1, INT32, ret_type),
    TEXT(login_rsp, 2, err_msg),
    BYTES(login_rsp, 3, session_key),
    NUM(login_rsp, 4, UINT32, keep_alive),
    TEXT(login_rsp, 5, redirect_ip),
    NUM(login_rsp, 6, UINT32, redirect_port),
};

static const struct pb_field ext_error[] = {
    NUM(ext_error, 1, INT32, code),
    TEXT(ext_error, 2, text),
};

static const struct pb_field ext_head[] = {
    SUB(ext_head, 5, err_info, ext_error),      /* told */
};

static const struct pb_field conn_addr[] = {
    TEXT(conn_addr, 1, ip),
    NUM(conn_addr, 2, UINT32, port),
};

static const struct pb_field conn_ip_req[] = {
    NUM(conn_ip_req, 1, INT32, conn_identify),
};

static const struct pb_field conn_ip_rsp[] = {
    NUM(conn_ip_rsp, 1, INT32, result_code),
    TEXT(conn_ip_rsp, 2, err_msg),
    SUBS(conn_ip_rsp, 3, addrs, conn_addr),
};

static const struct pb_field firms_req[] = {
    NUM(firms_req, 1, UINT64, user_id),
};

static const struct pb_field firms_rsp[] = {
    NUM(firms_rsp, 1, INT32, result_code),
    TEXT(firms_rsp, 2, err_msg),
    NUMS(firms_rsp, 3, INT32, broker_ids),
};

static const struct pb_field sec_req[] = {
    TEXTS(sec_req, 1, symbols),
};

static const struct pb_field sec[] = {
    NUM(sec, 1, UINT64, stock_id),
    TEXT(sec, 2, symbol),
    TEXT(sec, 3, name),
    NUM(sec, 4, INT32, lot_size),
    NUM(sec, 5, INT32, sec_type),
    NUM(sec, 6, INT64, list_time),
    NUM(sec, 7, BOOL, delisted),
    NUM(sec, 18, INT32, market_code),           /* told */
};

static const struct pb_field sec_rsp[] = {
    NUM(sec_rsp, 1, INT32, ret_code),
    TEXT(sec_rsp, 2, err_msg),
    SUBS(sec_rsp, 3, items, sec),
};

static const struct pb_field states_req[] = {
    NUM(states_req, 1, INT32, market_id),
};

static const struct pb_field market_state[] = {
    NUM(market_state, 1, INT32, market_id),
    NUM(market_state, 2, INT32, state),
};

static const struct pb_field states_rsp[] = {
    NUM(states_rsp, 1, INT32, ret_code),
    TEXT(states_rsp, 2, err_msg),
    SUBS(states_rsp, 3, states, market_state),
};

/* Whether a request is the whole new set or a difference is not told. That order books go in
 * requests of their own is: such a request can't be the whole set of a security's bits. */
static const struct pb_field sub_item[] = {
    NUM(sub_item, 1, UINT64, stock_id),
    NUMS(sub_item, 2, INT32, bits),
};

static const struct pb_field sub_req[] = {
    SUBS(sub_req, 1, items, sub_item),
    NUM(sub_req, 2, BOOL, unsubscribe),
};

static const struct pb_field sub_rsp[] = {
    NUM(sub_rsp, 1, INT32, ret_code),
    TEXT(sub_rsp, 2, err_msg),
};

static const struct pb_field push_entry[] = {
    NUM(push_entry, 1, UINT64, stock_id),
    NUM(push_entry, 2, INT32, bit),
    BYTES(push_entry, 3, payload),
};

static const struct pb_field push[] = {
    SUBS(push, 1, entries, push_entry),
};

/* One table for the three bits of a quote, since it is open which of them holds what. */
static const struct pb_field quote[] = {
    NUM(quote, 1, INT64, price),
    NUM(quote, 2, INT64, open),
    NUM(quote, 3, INT64, high),
    NUM(quote, 4, INT64, low),
    NUM(quote, 5, INT64, last_close),
    NUM(quote, 6, INT64, volume),
    NUM(quote, 7, INT64, turnover),
    NUM(quote, 8, UINT64, time_ms),
    NUM(quote, 9, INT64, turnover_rate),
    NUM(quote, 10, INT64, amplitude),
    NUM(quote, 11, BOOL, suspended),
    NUM(quote, 12, INT64, spread),
};

static const struct pb_field level[] = {
    NUM(level, 1, INT64, price),
    NUM(level, 2, INT64, volume),
    NUM(level, 3, INT32, orders),
};

static const struct pb_field book[] = {
    SUBS(book, 1, asks, level),
    SUBS(book, 2, bids, level),
    NUM(book, 3, UINT64, time_ms),
};

static const struct pb_field tick[] = {
    NUM(tick, 1, INT64, sequence),
    NUM(tick, 2, UINT64, time_ms),
    NUM(tick, 3, INT64, price),
    NUM(tick, 4, INT64, volume),
    NUM(tick, 5, INT64, turnover),
    NUM(tick, 6, INT32, dir),
    NUM(tick, 7, INT32, type),
};

static const struct pb_field ticks[] = {
    SUBS(ticks, 1, ticks, tick),
};

static const struct pb_field header[] = {
    BYTES(header, 1, cipher),
    TEXT(header, 2, request_id),
    NUM(header, 3, UINT64, customer_id),
    NUM(header, 4, UINT64, account),
};

static const struct pb_field accounts_req[] = {
    NUM(accounts_req, 1, UINT64, customer_id),
};

static const struct pb_field account[] = {
    NUM(account, 1, UINT32, number),
    NUM(account, 2, INT32, market),
    NUM(account, 3, INT32, state),
    NUM(account, 4, INT32, type),
    TEXT(account, 5, card),
    TEXT(account, 6, uni_card),
    NUMS(account, 7, INT32, markets),
};

static const struct pb_field accounts_rsp[] = {
    NUM(accounts_rsp, 1, INT32, result_code),
    TEXT(accounts_rsp, 2, err_msg),
    SUBS(accounts_rsp, 3, accounts, account),
};

static const struct pb_field pswd[] = {
    NUM(pswd, 1, UINT64, account),
    TEXT(pswd, 2, pswd),                        /* MD5 of the password in hex, as it is told */
};

static const struct pb_field unlock_req[] = {
    SUB(unlock_req, 1, header, header),
    SUBS(unlock_req, 2, pswds, pswd),
};

static const struct pb_field token_req[] = {
    SUB(token_req, 1, header, header),
    TEXT(token_req, 2, token),
    BYTES(token_req, 3, auth_pswd_sig),
    SUBS(token_req, 4, pswds, pswd),
};

static const struct pb_field cipher[] = {
    NUM(cipher, 1, UINT64, account),
    BYTES(cipher, 2, cipher),
};

static const struct pb_field unlock_rsp[] = {
    NUM(unlock_rsp, 1, INT32, result_code),
    TEXT(unlock_rsp, 2, err_msg),
    SUBS(unlock_rsp, 3, ciphers, cipher),
    BYTES(unlock_rsp, 4, auth_pswd_sig),
};

static const struct pb_field order_new_req[] = {
    SUB(order_new_req, 1, header, header),
    TEXT(order_new_req, 2, symbol),
    NUM(order_new_req, 3, INT32, side),
    NUM(order_new_req, 4, INT32, type),
    TEXT(order_new_req, 5, price),
    TEXT(order_new_req, 6, qty),
    TEXT(order_new_req, 7, aux_price),
    TEXT(order_new_req, 8, remark),
    NUM(order_new_req, 9, INT32, time_in_force),
    NUM(order_new_req, 10, BOOL, outside_rth),
    NUM(order_new_req, 11, INT32, security_type),       /* told */
    NUM(order_new_req, 12, INT32, session),
    NUM(order_new_req, 13, INT32, trail_type),
    TEXT(order_new_req, 14, trail_value),
    TEXT(order_new_req, 15, trail_spread),
    TEXT(order_new_req, 16, expire_date),
    NUM(order_new_req, 18, INT32, exchange_code),       /* told */
    TEXT(order_new_req, 26, exchange),                  /* told */
};

/* Told: 6 to 9 and more are in use, for what is not. */
static const struct pb_field order_replace_req[] = {
    SUB(order_replace_req, 1, header, header),
    TEXT(order_replace_req, 2, order_id),
    TEXT(order_replace_req, 3, price),
    TEXT(order_replace_req, 4, qty),
    TEXT(order_replace_req, 5, aux_price),
};

static const struct pb_field order_cancel_req[] = {
    SUB(order_cancel_req, 1, header, header),
    TEXT(order_cancel_req, 2, order_id),
};

static const struct pb_field order_rsp[] = {
    NUM(order_rsp, 1, INT32, result_code),
    TEXT(order_rsp, 2, err_msg),
    TEXT(order_rsp, 3, order_id),
};

static const struct pb_field order_list_req[] = {
    SUB(order_list_req, 1, header, header),
    NUM(order_list_req, 2, INT32, for_trigger),
    NUMS(order_list_req, 3, INT32, security_type),
    NUM(order_list_req, 4, UINT64, time_begin),
    NUM(order_list_req, 5, UINT64, time_end),
    NUMS(order_list_req, 6, INT32, market),
    NUM(order_list_req, 7, INT32, page_size),
    TEXT(order_list_req, 8, page),
};

static const struct pb_field order[] = {
    TEXT(order, 1, order_id),
    TEXT(order, 2, symbol),
    TEXT(order, 3, name),
    NUM(order, 4, INT32, side),
    NUM(order, 5, INT32, type),
    NUM(order, 6, INT32, state),
    TEXT(order, 7, price),
    TEXT(order, 8, qty),
    TEXT(order, 9, filled_qty),
    TEXT(order, 10, filled_avg),
    TEXT(order, 11, aux_price),
    TEXT(order, 12, remark),
    TEXT(order, 13, err_text),
    NUM(order, 14, INT32, time_in_force),
    NUM(order, 15, BOOL, outside_rth),
    NUM(order, 16, INT32, session),
    NUM(order, 17, INT32, market_code),
    NUM(order, 18, INT32, trade_market),
    NUM(order, 19, INT32, currency),
    NUM(order, 20, UINT64, created_us),
    NUM(order, 21, UINT64, updated_us),
    NUM(order, 22, INT32, trail_type),
    TEXT(order, 23, trail_value),
    TEXT(order, 24, trail_spread),
};

static const struct pb_field order_list_rsp[] = {
    NUM(order_list_rsp, 1, INT32, result_code),
    TEXT(order_list_rsp, 2, err_msg),
    SUBS(order_list_rsp, 3, orders, order),
    TEXT(order_list_rsp, 4, next_page),
};

static const struct pb_field fill[] = {
    TEXT(fill, 1, fill_id),
    TEXT(fill, 2, order_id),
    TEXT(fill, 3, symbol),
    TEXT(fill, 4, name),
    NUM(fill, 5, INT32, side),
    TEXT(fill, 6, price),
    TEXT(fill, 7, qty),
    NUM(fill, 8, UINT64, time_us),
    NUM(fill, 9, BOOL, cancelled),
    NUM(fill, 10, BOOL, corrected),
    NUM(fill, 11, INT32, market_code),
    NUM(fill, 12, INT32, trade_market),
    NUM(fill, 13, INT32, counter_broker),
};

static const struct pb_field fill_list_rsp[] = {
    NUM(fill_list_rsp, 1, INT32, result_code),
    TEXT(fill_list_rsp, 2, err_msg),
    SUBS(fill_list_rsp, 3, fills, fill),
    TEXT(fill_list_rsp, 4, next_page),
};

/* Told: 7 to 10 and 14 are in use, for what is not. */
static const struct pb_field max_qty_req[] = {
    SUB(max_qty_req, 1, header, header),
    TEXT(max_qty_req, 2, symbol),
    NUM(max_qty_req, 3, INT32, type),
    TEXT(max_qty_req, 4, price),
    TEXT(max_qty_req, 5, order_id),
    NUM(max_qty_req, 6, INT32, security_type),
    NUM(max_qty_req, 11, INT32, exchange_code),
    TEXT(max_qty_req, 12, exchange),
};

static const struct pb_field max_qty_rsp[] = {
    NUM(max_qty_rsp, 1, INT32, result_code),
    TEXT(max_qty_rsp, 2, err_msg),
    TEXT(max_qty_rsp, 3, cash_buy),
    TEXT(max_qty_rsp, 4, margin_buy),
    TEXT(max_qty_rsp, 5, sell),
    TEXT(max_qty_rsp, 6, short_sell),
    TEXT(max_qty_rsp, 7, buy_back),
};

static const struct pb_field assets_req[] = {
    SUB(assets_req, 1, header, header),
    NUM(assets_req, 2, INT32, currency),
};

static const struct pb_field cash[] = {
    NUM(cash, 1, INT32, currency),
    TEXT(cash, 2, cash),
    TEXT(cash, 3, available),
    TEXT(cash, 4, power),
};

static const struct pb_field funds[] = {
    NUM(funds, 1, INT32, currency),
    TEXT(funds, 2, power),
    TEXT(funds, 3, total),
    TEXT(funds, 4, cash),
    TEXT(funds, 5, market_val),
    TEXT(funds, 6, frozen),
    TEXT(funds, 7, debt),
    TEXT(funds, 8, withdrawable),
    TEXT(funds, 9, max_short),
    TEXT(funds, 10, net_power),
    TEXT(funds, 11, long_mv),
    TEXT(funds, 12, short_mv),
    SUBS(funds, 13, cash_list, cash),
};

static const struct pb_field position[] = {
    NUM(position, 1, UINT64, position_id),
    NUM(position, 2, INT32, side),
    TEXT(position, 3, symbol),
    TEXT(position, 4, name),
    TEXT(position, 5, qty),
    TEXT(position, 6, can_sell),
    TEXT(position, 7, price),
    TEXT(position, 8, cost),
    TEXT(position, 9, value),
    TEXT(position, 10, profit),
    NUM(position, 11, INT32, market_code),
    NUM(position, 12, INT32, trade_market),
    NUM(position, 13, INT32, currency),
    TEXT(position, 14, today_profit),
    TEXT(position, 15, today_value),
    TEXT(position, 16, today_buy_value),
    TEXT(position, 17, today_buy_qty),
    TEXT(position, 18, today_sell_value),
    TEXT(position, 19, today_sell_qty),
    TEXT(position, 20, unrealized),
    TEXT(position, 21, realized),
};

static const struct pb_field assets_rsp[] = {
    NUM(assets_rsp, 1, INT32, result_code),
    TEXT(assets_rsp, 2, err_msg),
    SUB(assets_rsp, 3, funds, funds),
    SUBS(assets_rsp, 4, positions, position),
};

static const struct pb_field notify[] = {
    NUM(notify, 1, INT32, type),
    NUM(notify, 2, UINT64, account),
    TEXTS(notify, 3, order_ids),
    TEXTS(notify, 4, fill_ids),
};

#define MESSAGE(name)                                                                              \
    const futu_msg bk_##name##_msg = { "broker." #name, name, ARRAY_LEN(name),                     \
                                       sizeof(struct bk_##name), false, { { 0 } }, NULL };
BK_MESSAGES(MESSAGE)
