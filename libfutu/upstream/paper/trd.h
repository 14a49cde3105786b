/* trd.h - the trade part of the paper upstream, private to the trd_*.c files.
 *
 * Life of an order:  trd_place.c checks and admits it (side, position, buying power) and gives it
 *          to the ledger; trd_market.c moves it between waiting, the exchange and its end;
 *          trd_trigger.c watches the prices of conditional ones; trd_push.c queues what clients
 *          must hear.
 * Pushes:  are queued as they happen and sent by trade_flush(), so never before the reply of the
 *          call that caused them. A queued push shows the order as it was then.
 * Fills:   come from inside exchange_run() and exchange_order_add(). They touch the order, its
 *          account and the queue, and remove nothing from a list, so a loop over open orders may
 *          add one.
 */
#ifndef UPSTREAM_PAPER_TRD_H
#define UPSTREAM_PAPER_TRD_H

#include "access/trade_pwd.h"
#include "crypt/secret.h"
#include "upstream/paper/account.h"
#include "upstream/paper/fees.h"
#include "upstream/paper/handlers.h"
#include "upstream/paper/ledger.h"

struct trade_event {
    struct order *order;
    struct fill *fill;          /* NULL: the order itself */
    struct order_state s;
};

struct trade {
    struct paper *p;
    struct exchange *x;
    struct account acc[ACCOUNTS];
    struct ledger ledger;
    int64_t started;            /* market time */
    struct trade_event *events;
    size_t n_events, cap_events;
    bool flushing, dirty;       /* dirty: some order's push has to be made again */
    struct arena scratch;       /* ticks of triggers */
    struct secret pwd_md5;      /* in hex */
    struct trade_pwd guard;
};

/* trd_push.c */
void trade_queue(struct trade *t, struct order *o, struct fill *f);
void trade_flush(struct trade *t);
void trade_after(struct paper *p, void *arg);   /* for call.after */
futu_err trd_order_out(struct arena *a, const struct order *o, const struct order_state *s,
                       Trd_Common_Order *out);
futu_err trd_fill_out(struct arena *a, const struct fill *f, Trd_Common_OrderFill *out);
Trd_Common_TrdHeader *trd_order_header(struct arena *a, const struct order *o);

/* trd_market.c */
struct why {
    char text[112];
};
/* Decides side and opening or closing, checks position and power, and sets both aside, for
 * `qty_left` at `px`. FUTU_EREFUSED with the reason; FUTU_ENOMEM; nothing changed then. */
futu_err trade_admit(struct trade *t, struct order *o, int64_t qty_left, int64_t px,
                     struct why *why);
void trade_hold(struct order *o, int64_t reserved, int64_t hold);   /* 0, 0: releases */
/* An admitted order goes to the exchange at o->x.px. FUTU_ENOMEM: it had no fill, and is where it
 * was. */
futu_err trade_submit(struct trade *t, struct order *o);
/* A waiting order's time has come: prices and admits it anew, then submits it or ends it with the
 * reason. FUTU_ENOMEM: it waits on. */
futu_err trade_begin(struct trade *t, struct order *o);
/* Out of the book, holds released, to its end by `ev`; `err`: text for lastErrMsg, may be NULL. */
void trade_end(struct trade *t, struct order *o, enum order_event ev, const char *err);
bool trade_cancel(struct trade *t, struct order *o);        /* false: its state does not allow it */
bool trade_step(struct trade *t, struct order *o, enum order_event ev);     /* event and push */
/* The price an order of this type goes to the exchange with now. FUTU_EREFUSED: nothing on the
 * other side for a market order, or an exact order would meet a better price. */
futu_err trade_price(struct trade *t, const struct order *o, int64_t *px, struct why *why);
void trade_fill_cb(struct client_order *x, int64_t px, int64_t qty, int64_t time, bool maker);
/* When an order placed now ends: `days` more than its trading day. */
int64_t trade_day_end(const struct trade *t, int32_t market, int64_t now, int32_t days);

/* trd_trigger.c */
void trade_triggers(struct trade *t);
futu_err trade_arm(struct trade *t, struct order *o);   /* starts watching from the last price */

/* trd_check.c: each answers the call when it fails. */
futu_err trd_account(struct paper *p, struct call *c, const Trd_Common_TrdHeader *h,
                     struct account **out);
futu_err trd_security(struct paper *p, struct call *c, const struct account *a,
                      const Trd_Common_TrdHeader *h, futu_str code, bool has_sec_market,
                      int32_t sec_market, const struct security **out);
struct px_in {
    const char *name;           /* of the parameter */
    bool has, adjust, has_limit;
    double value, limit;        /* limit: adjustSideAndLimit */
    bool up;                    /* which way without a limit */
};
/* A price on a step of the security, > 0. */
futu_err trd_px(struct call *c, const struct security *sec, const struct px_in *in, int64_t *px);
/* `whole`: this quantity goes even though it is an odd lot; 0: none does. */
futu_err trd_qty(struct call *c, const struct security *sec, double qty, int64_t whole,
                 int64_t *out);
/* A shares: all that is left may be sold though it is an odd lot. */
int64_t trd_odd_lot(const struct trade *t, const struct order *o);
struct trail_in {
    bool has_type, has_value, has_spread;
    int32_t type;
    double value, spread;
};
futu_err trd_trail(struct call *c, struct order *o, const struct trail_in *in);
futu_err trd_px_max(struct call *c, int64_t px, int64_t qty);   /* px * qty stays in range */

/* trd_list.c: the filter's parts that are about a security and an id; f may be NULL. */
bool trd_filter_sec(const Trd_Common_TrdFilterConditions *f, const struct security *sec,
                    int32_t trd_market);
bool trd_filter_id(const Trd_Common_TrdFilterConditions *f, uint64_t id);

/* The handlers. */
futu_err trd_get_acc_list(struct paper *p, struct call *c);
futu_err trd_unlock(struct paper *p, struct call *c);
futu_err trd_get_funds(struct paper *p, struct call *c);
futu_err trd_get_positions(struct paper *p, struct call *c);
futu_err trd_get_max_qtys(struct paper *p, struct call *c);
futu_err trd_get_margin_ratio(struct paper *p, struct call *c);
futu_err trd_place(struct paper *p, struct call *c);
futu_err trd_modify(struct paper *p, struct call *c);
futu_err trd_get_orders(struct paper *p, struct call *c);
futu_err trd_get_history_orders(struct paper *p, struct call *c);
futu_err trd_get_fills(struct paper *p, struct call *c);
futu_err trd_get_history_fills(struct paper *p, struct call *c);
futu_err trd_get_order_fee(struct paper *p, struct call *c);
futu_err trd_get_flow(struct paper *p, struct call *c);
futu_err trd_unsupported(struct paper *p, struct call *c);

#endif
