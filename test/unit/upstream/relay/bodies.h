/* bodies.h - messages that the tests of the relay push, answer and send: quotes, tickers, k-lines,
 * minutes, orders. */
#ifndef TEST_UNIT_UPSTREAM_RELAY_BODIES_H
#define TEST_UNIT_UPSTREAM_RELAY_BODIES_H

#include "peer.h"

enum { BASIC = Qot_Common_SubType_Basic, BOOK = Qot_Common_SubType_OrderBook,
       TICKER = Qot_Common_SubType_Ticker, RT = Qot_Common_SubType_RT,
       DAY = Qot_Common_SubType_KL_Day, MINUTE = Qot_Common_SubType_KL_1Min };

/* ---- quotes ---- */
void push_quote(struct peer *p, const char *code, double price);
void push_quotes(struct peer *p, const char *const *codes, size_t n, double price);
void answer_quote(struct peer *p, struct asked *a, const char *code, double price);
/* Tickers first .. first + n - 1, pushed as of `type` (pushDataType; 1 live). */
void push_ticks(struct peer *p, const char *code, int64_t first, size_t n, int32_t type);
void answer_ticks(struct peer *p, struct asked *a, const char *code, int64_t first, size_t n);
/* Days or minutes first .. first + n - 1: their times are "2026-01-01 00:NN:00". */
void push_bars(struct peer *p, const char *code, int32_t kl_type, int rehab, int first, size_t n);
void answer_bars(struct peer *p, struct asked *a, const char *code, int first, size_t n);
void push_minutes(struct peer *p, const char *code, int first, size_t n);
void answer_minutes(struct peer *p, struct asked *a, const char *code, int first, size_t n);

/* ---- trade ---- */
#define ACCOUNT UINT64_C(281474976710657)

struct order_in {
    uint64_t id;
    const char *remark;             /* NULL: none */
    double qty, price, changed;     /* UTC seconds, 0: not told */
    const char *code;               /* NULL: 00700 */
    int32_t side;                   /* 0: buy */
};
void answer_orders(struct peer *p, struct asked *a, const struct order_in *list, size_t n);
void push_order(struct peer *p, enum lane_id lane, const struct order_in *o);
void answer_fills(struct peer *p, struct asked *a, const uint64_t *ids, const double *changed,
                  size_t n);
void push_fill(struct peer *p, uint64_t id);
/* One account of environment `env` with the market HK. */
void answer_accounts(struct peer *p, struct asked *a, uint64_t id, int32_t env);
void answer_placed(struct peer *p, struct asked *a, uint64_t id);
/* Buys 100 of 00700 at 300 for ACCOUNT; key and remark may be NULL. */
void gate_place(struct peer *p, struct ask *a, const char *key, const char *remark);
void gate_modify(struct peer *p, struct ask *a);
/* The remark and the key that went up with a Trd_PlaceOrder; "" when absent. */
futu_str sent_remark(const struct asked *a);
futu_str sent_key(const struct asked *a);

/* ---- what came up ---- */
/* How many gap events came; the n-th of them, decoded. */
unsigned gap_count(const struct peer *p);
const Gateway_UpdateGap_S2C *gap_event(struct peer *p, unsigned nth);
/* Sequences of the tickers in a push event, blank separated: "3 4 5". */
const char *ticks_of(struct peer *p, const struct event *e);

#endif
