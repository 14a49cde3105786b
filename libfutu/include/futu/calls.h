/* futu/calls.h - the calls that most programs need, with plain arguments.
 *
 * Every call has two forms. futu_x(c, ..., fn, arg) sends and returns; fn runs with the answer, as
 * futu_client_call() says. futu_x_sync(c, ..., &reply) runs the loop until the answer is there, as
 * futu_client_call_sync() says; the reply is the caller's to free. The answer is the protocol's own
 * Response struct, from futu_reply_msg(); each comment names it. For what a call leaves out, fill
 * the Request struct and use futu_client_call_msg().
 *
 *     futu_reply *r;
 *     if (futu_get_quotes_sync(c, codes, 1, &r) == FUTU_OK) {
 *         const Qot_GetBasicQot_Response *m = futu_reply_msg(r);
 *         printf("%f\n", m->s2c->basicQotList[0].curPrice);
 *     }
 *     futu_reply_free(r);
 *
 * Codes:   a security is text with its market in front: "HK.00700", "US.AAPL", "SH.600519".
 * Numbers: constants are those of futu/proto.h: Qot_Common_SubType_Ticker, Trd_Common_TrdSide_Buy.
 * Units:   prices and amounts in the currency of the security, quantities in shares or contracts,
 *          dates "yyyy-MM-dd" in the exchange's zone.
 * Memory:  arguments are copied; pointers need to be valid during the call only.
 * Errors:  FUTU_EFORMAT: a code without a market in front (see futu_client_error()), or an argument
 *          that a Request can't hold; FUTU_EINVAL: an argument is NULL or of an unknown kind;
 *          FUTU_ENOTCONN, FUTU_ELIMIT (too much unsent), FUTU_ENOMEM; for *_sync also FUTU_EBUSY,
 *          FUTU_ETIMEDOUT, FUTU_ECANCELED, and FUTU_EREFUSED: the gateway says no, in
 *          futu_reply_text().
 * Threads: the thread of the client's loop.
 */
#ifndef FUTU_CALLS_H
#define FUTU_CALLS_H

#include "futu/client.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- subscriptions; the client restores them when it has to connect anew ---- */

enum {
    FUTU_SUB_PUSH = 1,          /* push changes to on_push; without it the calls below may read */
    FUTU_SUB_NO_FIRST = 2,      /* do not push what is known now */
    FUTU_SUB_EXTENDED = 4,      /* US candles, trades, intraday line: also before and after hours */
    FUTU_SUB_DETAIL = 8,        /* HK order book with its single orders; needs the SF right */
};

/* Subscribes each of n codes to each of n_types Qot_Common_SubType. One quota per pair; all or
 * nothing. Qot_Sub_Response, whose s2c is empty. */
FUTU_API futu_err futu_subscribe(futu_client *c, const char *const *codes, size_t n,
                                 const int32_t *sub_types, size_t n_types, uint32_t flags,
                                 futu_reply_fn *fn, void *arg);
FUTU_API futu_err futu_subscribe_sync(futu_client *c, const char *const *codes, size_t n,
                                      const int32_t *sub_types, size_t n_types, uint32_t flags,
                                      futu_reply **out);

/* Gives the pairs back; refused within 60 s of subscribing. Qot_Sub_Response. */
FUTU_API futu_err futu_unsubscribe(futu_client *c, const char *const *codes, size_t n,
                                   const int32_t *sub_types, size_t n_types, futu_reply_fn *fn,
                                   void *arg);
FUTU_API futu_err futu_unsubscribe_sync(futu_client *c, const char *const *codes, size_t n,
                                        const int32_t *sub_types, size_t n_types, futu_reply **out);

/* Gives back everything of this connection; the same 60 s. Qot_Sub_Response. */
FUTU_API futu_err futu_unsubscribe_all(futu_client *c, futu_reply_fn *fn, void *arg);
FUTU_API futu_err futu_unsubscribe_all_sync(futu_client *c, futu_reply **out);

/* What is subscribed and how much quota is left. all_connections: of the whole gateway.
 * Qot_GetSubInfo_Response. */
FUTU_API futu_err futu_get_subscriptions(futu_client *c, bool all_connections, futu_reply_fn *fn,
                                         void *arg);
FUTU_API futu_err futu_get_subscriptions_sync(futu_client *c, bool all_connections,
                                              futu_reply **out);

/* ---- quotes of subscribed securities ---- */

/* Latest quotes; sub type Basic. Qot_GetBasicQot_Response. */
FUTU_API futu_err futu_get_quotes(futu_client *c, const char *const *codes, size_t n,
                                  futu_reply_fn *fn, void *arg);
FUTU_API futu_err futu_get_quotes_sync(futu_client *c, const char *const *codes, size_t n,
                                       futu_reply **out);

/* The newest `count` candles, at most 1000, oldest first. kl_type: Qot_Common_KLType, of a
 * subscribed sub type; rehab: Qot_Common_RehabType. Qot_GetKL_Response. */
FUTU_API futu_err futu_get_klines(futu_client *c, const char *code, int32_t kl_type, int32_t rehab,
                                  uint32_t count, futu_reply_fn *fn, void *arg);
FUTU_API futu_err futu_get_klines_sync(futu_client *c, const char *code, int32_t kl_type,
                                       int32_t rehab, uint32_t count, futu_reply **out);

/* The newest `count` trades, at most 1000, oldest first; sub type Ticker.
 * Qot_GetTicker_Response. */
FUTU_API futu_err futu_get_ticks(futu_client *c, const char *code, uint32_t count,
                                 futu_reply_fn *fn, void *arg);
FUTU_API futu_err futu_get_ticks_sync(futu_client *c, const char *code, uint32_t count,
                                      futu_reply **out);

/* The intraday line, one point a minute; sub type RT. Qot_GetRT_Response. */
FUTU_API futu_err futu_get_rt(futu_client *c, const char *code, futu_reply_fn *fn, void *arg);
FUTU_API futu_err futu_get_rt_sync(futu_client *c, const char *code, futu_reply **out);

/* `levels` of each side, best first; sub type OrderBook. Qot_GetOrderBook_Response. */
FUTU_API futu_err futu_get_order_book(futu_client *c, const char *code, uint32_t levels,
                                      futu_reply_fn *fn, void *arg);
FUTU_API futu_err futu_get_order_book_sync(futu_client *c, const char *code, uint32_t levels,
                                           futu_reply **out);

/* The broker queue, HK; sub type Broker. Qot_GetBroker_Response. */
FUTU_API futu_err futu_get_brokers(futu_client *c, const char *code, futu_reply_fn *fn, void *arg);
FUTU_API futu_err futu_get_brokers_sync(futu_client *c, const char *code, futu_reply **out);

/* ---- other quote calls ---- */

/* Snapshots of at most 400 codes, no subscription needed. 60 calls in 30 s.
 * Qot_GetSecuritySnapshot_Response. */
FUTU_API futu_err futu_get_snapshots(futu_client *c, const char *const *codes, size_t n,
                                     futu_reply_fn *fn, void *arg);
FUTU_API futu_err futu_get_snapshots_sync(futu_client *c, const char *const *codes, size_t n,
                                          futu_reply **out);

/* Names, lots, types of at most 200 codes. 10 calls in 30 s. Qot_GetStaticInfo_Response. */
FUTU_API futu_err futu_get_static_info(futu_client *c, const char *const *codes, size_t n,
                                       futu_reply_fn *fn, void *arg);
FUTU_API futu_err futu_get_static_info_sync(futu_client *c, const char *const *codes, size_t n,
                                            futu_reply **out);

/* One page of history from `begin` to `end` (both days included), oldest first. max: the most
 * candles of a page, 0: no limit. page_key: nextReqKey of the page before, with page_len bytes;
 * NULL: the first page. The last page has no nextReqKey. Uses one history quota per security.
 * Qot_RequestHistoryKL_Response. */
FUTU_API futu_err futu_request_history_klines(futu_client *c, const char *code, int32_t kl_type,
                                              int32_t rehab, const char *begin, const char *end,
                                              uint32_t max, const void *page_key, size_t page_len,
                                              futu_reply_fn *fn, void *arg);
FUTU_API futu_err futu_request_history_klines_sync(futu_client *c, const char *code,
                                                   int32_t kl_type, int32_t rehab,
                                                   const char *begin, const char *end, uint32_t max,
                                                   const void *page_key, size_t page_len,
                                                   futu_reply **out);

/* Trading days of a Qot_Common_TradeDateMarket from `begin` to `end`, both included.
 * Qot_RequestTradeDate_Response. */
FUTU_API futu_err futu_get_trading_days(futu_client *c, int32_t market, const char *begin,
                                        const char *end, futu_reply_fn *fn, void *arg);
FUTU_API futu_err futu_get_trading_days_sync(futu_client *c, int32_t market, const char *begin,
                                             const char *end, futu_reply **out);

/* State of the markets and of the gateway's links; time in UTC seconds. GetGlobalState_Response. */
FUTU_API futu_err futu_get_global_state(futu_client *c, futu_reply_fn *fn, void *arg);
FUTU_API futu_err futu_get_global_state_sync(futu_client *c, futu_reply **out);

/* ---- accounts ---- */

/* Which account a trade call is about, and in which of its markets. */
typedef struct futu_account {
    uint64_t id;                /* accID */
    int32_t env;                /* Trd_Common_TrdEnv_Simulate or _Real */
    int32_t market;             /* Trd_Common_TrdMarket; one of its trdMarketAuthList */
} futu_account;

/* All securities accounts, real, simulated and universal ones. Futures accounts: by the Request
 * struct with its trdCategory. Trd_GetAccList_Response. */
FUTU_API futu_err futu_get_accounts(futu_client *c, futu_reply_fn *fn, void *arg);
FUTU_API futu_err futu_get_accounts_sync(futu_client *c, futu_reply **out);

/* The first account of `env` that may trade `market`, from an answer of futu_get_accounts().
 * FUTU_ENOTFOUND; FUTU_EINVAL: `r` is no such answer. */
FUTU_API futu_err futu_account_pick(const futu_reply *r, int32_t env, int32_t market,
                                    futu_account *out);

/* Unlocks the real accounts of the whole gateway; simulated ones need none. Only the MD5
 * of the password is sent and nothing of it is kept; the caller wipes `password`. firm:
 * Trd_Common_SecurityFirm, 0: all. 10 calls in 30 s. Trd_UnlockTrade_Response, of futu-opend with
 * what became of each account in s2c->accResultList. It is a success as soon as one account is
 * open; FUTU_EREFUSED has an s2c all the same when the brokers were asked. */
FUTU_API futu_err futu_unlock_trade(futu_client *c, const char *password, int32_t firm,
                                    futu_reply_fn *fn, void *arg);
FUTU_API futu_err futu_unlock_trade_sync(futu_client *c, const char *password, int32_t firm,
                                         futu_reply **out);

/* Locks them again. Trd_UnlockTrade_Response. */
FUTU_API futu_err futu_lock_trade(futu_client *c, int32_t firm, futu_reply_fn *fn, void *arg);
FUTU_API futu_err futu_lock_trade_sync(futu_client *c, int32_t firm, futu_reply **out);

/* Which accounts, and with what. Gateways other than futu-opend heed password, firm and lock
 * alone. */
typedef struct futu_unlock {
    size_t size;                /* from FUTU_UNLOCK_INIT; fields are only appended */
    const char *password;       /* NULL: none, with `lock` */
    const char *otp;            /* the one-time password, where a broker wants one (a result with
                                 * otpNeeded says so); NULL: none */
    /* 1 to 64 bytes of text: a repeat with the same key is answered with the first one's answer for
     * 90 s, if that was a complete success and nothing was locked since; NULL: none. */
    const char *idempotency_key;
    const uint64_t *acc_ids;    /* these alone; of accounts of other firms than `firm` none */
    size_t n_acc_ids;           /* 0: all, else at most 256 */
    int32_t firm;               /* Trd_Common_SecurityFirm; 0: of all */
    uint32_t lock;              /* 1: locks them */
} futu_unlock;
#define FUTU_UNLOCK_INIT FUTU_SIZED_INIT(futu_unlock)

/* As futu_unlock_trade() and futu_lock_trade(), of some accounts. FUTU_EFORMAT: also a key that is
 * empty or too long. Trd_UnlockTrade_Response. */
FUTU_API futu_err futu_unlock_accounts(futu_client *c, const futu_unlock *what, futu_reply_fn *fn,
                                       void *arg);
FUTU_API futu_err futu_unlock_accounts_sync(futu_client *c, const futu_unlock *what,
                                            futu_reply **out);

/* Order and fill pushes (2208, 2218) of these accounts, and of no others; n 0: of none. The client
 * restores it when it has to connect anew. Trd_SubAccPush_Response. */
FUTU_API futu_err futu_sub_acc_push(futu_client *c, const uint64_t *acc_ids, size_t n,
                                    futu_reply_fn *fn, void *arg);
FUTU_API futu_err futu_sub_acc_push_sync(futu_client *c, const uint64_t *acc_ids, size_t n,
                                         futu_reply **out);

/* Cash, buying power, market value. currency: Trd_Common_Currency of the sums, 0: the account's
 * own. refresh: ask the broker rather than the cache; 10 such calls in 30 s.
 * Trd_GetFunds_Response. */
FUTU_API futu_err futu_get_funds(futu_client *c, const futu_account *acc, int32_t currency,
                                 bool refresh, futu_reply_fn *fn, void *arg);
FUTU_API futu_err futu_get_funds_sync(futu_client *c, const futu_account *acc, int32_t currency,
                                      bool refresh, futu_reply **out);

/* Positions; refresh as above. Trd_GetPositionList_Response. */
FUTU_API futu_err futu_get_positions(futu_client *c, const futu_account *acc, bool refresh,
                                     futu_reply_fn *fn, void *arg);
FUTU_API futu_err futu_get_positions_sync(futu_client *c, const futu_account *acc, bool refresh,
                                          futu_reply **out);

/* How much of `code` could be bought and sold at `price`. order_type: Trd_Common_OrderType. 10
 * calls in 30 s. Trd_GetMaxTrdQtys_Response. */
FUTU_API futu_err futu_get_max_qtys(futu_client *c, const futu_account *acc, const char *code,
                                    int32_t order_type, double price, futu_reply_fn *fn, void *arg);
FUTU_API futu_err futu_get_max_qtys_sync(futu_client *c, const futu_account *acc, const char *code,
                                         int32_t order_type, double price, futu_reply **out);

/* ---- orders ---- */

typedef struct futu_order {
    size_t size;                /* from FUTU_ORDER_INIT; fields are only appended */
    const char *code;
    int32_t side;               /* Trd_Common_TrdSide_Buy or _Sell; selling may open a short */
    int32_t type;               /* Trd_Common_OrderType; 0: Normal, a limit order */
    double qty;
    double price;               /* limit; 0 where the type has none */
    double aux_price;           /* trigger, of the types that have one; else 0 */
    int32_t time_in_force;      /* Trd_Common_TimeInForce; 0: day */
    int32_t session;            /* Common_Session, US; 0: none named */
    int32_t trail_type;         /* Trd_Common_TrailType; 0: no trailing stop */
    uint32_t outside_rth;       /* 1: may fill before and after hours */
    double trail_value, trail_spread;
    const char *remark;  /* at most 64 bytes of UTF-8, comes back with the order; NULL: none */
    uint32_t adjust_price;      /* 1: round a price that is off the price steps */
    uint32_t reserved;          /* 0 */
    /* 1 to 64 bytes of text, not beginning with #, that name this order alone; NULL: none. For a
     * day a repeat with the same key is answered with the first one's answer and places nothing.
     * Gateways other than futu-opend ignore it. */
    const char *idempotency_key;
} futu_order;
#define FUTU_ORDER_INIT FUTU_SIZED_INIT(futu_order)

/* Places an order; a real account must be unlocked. The answer says that it was taken over, with
 * orderIDEx as its name; what becomes of it is pushed. After FUTU_ENOTCONN from fn, FUTU_ETIMEDOUT
 * or an answer with retType RetType_TimeOut it may have arrived: repeat it with the same
 * idempotency_key, or without one look for it (remark) before placing it again. FUTU_EFORMAT: also
 * a key that is empty or too long. 15 calls in 30 s per account, 20 ms apart.
 * Trd_PlaceOrder_Response. */
FUTU_API futu_err futu_place_order(futu_client *c, const futu_account *acc, const futu_order *order,
                                   futu_reply_fn *fn, void *arg);
FUTU_API futu_err futu_place_order_sync(futu_client *c, const futu_account *acc,
                                        const futu_order *order, futu_reply **out);

/* Changes quantity and price: qty is the new total, filled part included. order_id_ex: orderIDEx.
 * 20 calls in 30 s per account, 40 ms apart, together with cancelling. Trd_ModifyOrder_Response. */
FUTU_API futu_err futu_modify_order(futu_client *c, const futu_account *acc,
                                    const char *order_id_ex, double qty, double price,
                                    futu_reply_fn *fn, void *arg);
FUTU_API futu_err futu_modify_order_sync(futu_client *c, const futu_account *acc,
                                         const char *order_id_ex, double qty, double price,
                                         futu_reply **out);

/* Cancels what is not filled. order_id_ex NULL: of all orders of the account in acc->market; not
 * for simulated accounts. Trd_ModifyOrder_Response. */
FUTU_API futu_err futu_cancel_order(futu_client *c, const futu_account *acc,
                                    const char *order_id_ex, futu_reply_fn *fn, void *arg);
FUTU_API futu_err futu_cancel_order_sync(futu_client *c, const futu_account *acc,
                                         const char *order_id_ex, futu_reply **out);

/* Orders of the day in acc->market; order_id_ex: that one only, NULL: all. refresh: ask the broker
 * rather than the cache; 10 such calls in 30 s. Trd_GetOrderList_Response. */
FUTU_API futu_err futu_get_orders(futu_client *c, const futu_account *acc, const char *order_id_ex,
                                  bool refresh, futu_reply_fn *fn, void *arg);
FUTU_API futu_err futu_get_orders_sync(futu_client *c, const futu_account *acc,
                                       const char *order_id_ex, bool refresh, futu_reply **out);

/* Fills of the day, in the same way; not for simulated accounts. Trd_GetOrderFillList_Response. */
FUTU_API futu_err futu_get_fills(futu_client *c, const futu_account *acc, const char *order_id_ex,
                                 bool refresh, futu_reply_fn *fn, void *arg);
FUTU_API futu_err futu_get_fills_sync(futu_client *c, const futu_account *acc,
                                      const char *order_id_ex, bool refresh, futu_reply **out);

#ifdef __cplusplus
}
#endif

#endif
