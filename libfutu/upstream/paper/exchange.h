/* exchange.h - the paper exchange itself: one deterministic event stream per security.
 *
 * A security's events of a trading day (orders, cancels and trades of seeded participants) depend
 * on seed, code, day and the clients' own orders alone, not on who looks or when: a security
 * nobody has looked at costs nothing, and is brought up to date when it is first asked for. Quote,
 * book, ticks, time-share, bars, broker queue and snapshot are all derived from these events and
 * agree.
 *
 * Prices:  int64, 1/10000 of the currency unit ("px"). Quantities: int64 shares. Times: ns of
 *          market time since 1970 UTC; market time is the paper clock's (real, always open,
 *          accelerated).
 * Threads: none; single owner.
 */
#ifndef UPSTREAM_PAPER_EXCHANGE_H
#define UPSTREAM_PAPER_EXCHANGE_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "market/market.h"

#define PX_ONE INT64_C(10000)
#define BOOK_LEVELS 10

struct exchange;

enum security_kind { KIND_STOCK, KIND_ETF, KIND_REIT, KIND_INDEX };

/* Facts that do not change while the program runs. */
struct security {
    int32_t market;             /* Qot_Common.QotMarket: 1 HK, 11 US, 21 SH, 22 SZ */
    int32_t sec_type;  /* Qot_Common.SecurityType: 3 stock, 4 fund (ETF), 6 index, 1 bond ... */
    uint8_t kind;               /* enum security_kind */
    uint8_t step_table;         /* price step rule, see market_step() */
    char code[16];
    char currency[4];           /* HKD, USD, CNH */
    futu_str name;              /* UTF-8, NUL behind */
    /* What plates are made of; NUL behind, p NULL: the list has none. */
    futu_str board;             /* HK: "Main", "GEM", "L&I"; mainland: "Main", "ChiNext", "STAR" */
    futu_str sector, industry;  /* US: GICS */
    uint64_t id;  /* the broker's number of the security: unique, stable, below 2^53 */
    int64_t lot;                /* smallest order */
    int64_t qty_step;           /* larger orders are lot + n * qty_step (STAR: 200, then any) */
    int64_t base_px;            /* what prices wander around */
    int64_t shares;             /* issued; 0 for indices */
    int32_t list_date;          /* yyyymmdd, 0 unknown */
    bool short_sell;
    char liquidity;             /* 'A' busiest, 'B', 'C' */
    uint32_t index;             /* position in the universe */
};

struct px_level {
    int64_t px, qty;
    int32_t orders;
};

struct tick {
    int64_t seq;                /* rises by at least 1 within a security */
    int64_t time;
    int64_t px, qty;
    int64_t turnover;           /* px * qty: 1/10000 of the currency unit */
    int8_t dir;  /* Qot_Common.TickerDirection: 1 bid (buyer took), 2 ask, 3 auction */
};

struct bar {
    /* Start and end of the period. Minute bars: of trading time, never across a break. Day bars and
     * longer ones: midnight of the first trading day in it, and midnight after the last one. */
    int64_t time, end;
    int64_t open, high, low, close, last_close;
    int64_t qty;
    double turnover;            /* currency units */
    bool blank;                 /* no trade in it; prices repeat the last close */
};

struct quote {
    int64_t last, open, high, low, last_close;
    int64_t qty;                /* traded today */
    double turnover;            /* currency units */
    int64_t time;               /* of the last trade, or of the day's start when none */
    int64_t bid, ask, bid_qty, ask_qty;
    int64_t trades;
};

struct exchange_opts {
    const char *clock;
    uint64_t seed;
    const struct clock *sys;    /* borrowed */
};

futu_err exchange_new(struct exchange **out, const struct exchange_opts *o, char *why, size_t size);
void exchange_free(struct exchange *x);

int64_t exchange_now(const struct exchange *x);         /* market time */
/* Real (monotonic) ns from now until market time `at`; 0 when it is past. */
int64_t exchange_until(const struct exchange *x, int64_t at);
bool exchange_always_open(const struct exchange *x);
/* The session phase of a QotMarket now, as Qot_Common.QotMarketState number. */
int32_t exchange_market_state(const struct exchange *x, int32_t market);
bool exchange_is_trading(const struct exchange *x, int32_t market);     /* orders match now */
/* As the functions of market.h, but true to the clock: always open means every day, all day. */
bool exchange_is_trading_day(const struct exchange *x, int32_t market, int32_t date);
size_t exchange_sessions(const struct exchange *x, int32_t market, int32_t date,
                         struct session out[3]);
/* The day that quotes are of: the newest trading day whose pre-opening (30 minutes before the first
 * session) has begun. */
int32_t exchange_trading_date(const struct exchange *x, int32_t market);

/* The universe. */
size_t exchange_count(const struct exchange *x);
const struct security *exchange_at(const struct exchange *x, size_t i);
const struct security *exchange_find(const struct exchange *x, int32_t market, futu_str code);

/* Each brings the security up to market time first, save that one with resting client orders moves
 * in exchange_run() and exchange_order_add() alone (so that fills come from nowhere else).
 * A watched one begins a new day in exchange_run() alone, after the last ticks of the old one have
 * been reported.
 * FUTU_ENOMEM only. Indices have a quote, ticks and bars, no book. */
futu_err exchange_quote(struct exchange *x, const struct security *s, struct quote *out);
/* Highest and lowest price of the last year, today included. */
futu_err exchange_year(struct exchange *x, const struct security *s, int64_t *high, int64_t *low);
/* Highest and lowest price of all days before the one that quotes are of. */
futu_err exchange_extremes(struct exchange *x, const struct security *s, int64_t *high,
                           int64_t *low);
/* The last price at the end of the minute of trading `minutes` (at most 6) before the running one,
 * or of today's first minute; before the open the last close. */
futu_err exchange_minutes_ago(struct exchange *x, const struct security *s, int32_t minutes,
                              int64_t *px);
/* Best first; returns how many levels (0..BOOK_LEVELS) through n_bid and n_ask. */
futu_err exchange_book(struct exchange *x, const struct security *s, struct px_level *bid,
                       size_t *n_bid, struct px_level *ask, size_t *n_ask);
/* The newest `max` of today's ticks, oldest first, in the arena. `after_seq`: only later ones. */
futu_err exchange_ticks(struct exchange *x, const struct security *s, int64_t after_seq, size_t max,
                        struct arena *a, const struct tick **out, size_t *n);
/* Bars of a Qot_Common.KLType whose start lies in [from, to], oldest first. At most `max`: the
 * first ones when `newest` is false, else the last ones; more than BARS_MAX counts as BARS_MAX.
 * Minute bars end in the running minute. History begins in 2000. An unknown kl_type has no bars. */
#define BARS_MAX 5000
futu_err exchange_bars(struct exchange *x, const struct security *s, int32_t kl_type, int64_t from,
                       int64_t to, size_t max, bool newest, struct arena *a, const struct bar **out,
                       size_t *n);
/* Money of today's trades by size: in when a buyer took, out when a seller did; auctions are
 * neither. Classes by the turnover of the trade in the security's currency: super from 1,000,000,
 * big from 200,000, mid from 40,000. */
enum { MONEY_SUPER, MONEY_BIG, MONEY_MID, MONEY_SMALL, MONEY_CLASSES };
struct money {
    int64_t in[MONEY_CLASSES], out[MONEY_CLASSES];  /* 1/10000 of the currency unit */
};
futu_err exchange_money(struct exchange *x, const struct security *s, struct money *out);
/* In less out of each minute of today up to the running one, whole currency units. */
struct money_minute {
    int64_t end;
    int32_t net[MONEY_CLASSES];
};
futu_err exchange_money_minutes(struct exchange *x, const struct security *s, struct arena *a,
                                const struct money_minute **out, size_t *n);
/* HK broker queue: broker ids at each of the best levels, derived from the book. */
struct queue_broker {
    int32_t id, pos;            /* pos: level from 1 */
    const char *name;
};
futu_err exchange_brokers(struct exchange *x, const struct security *s, bool ask, struct arena *a,
                          const struct queue_broker **out, size_t *n);

/* Watching: each security that is watched is brought up to date by exchange_run(), which the owner
 * calls from a timer; on_event then says what changed since the last time. Counted. */
enum { CHANGED_QUOTE = 1, CHANGED_BOOK = 2, CHANGED_TICKS = 4, CHANGED_BARS = 8 };
struct exchange_events {
    void (*changed)(void *arg, const struct security *s, unsigned what);
    void *arg;
};
void exchange_set_events(struct exchange *x, const struct exchange_events *ev);
futu_err exchange_watch(struct exchange *x, const struct security *s);
void exchange_unwatch(struct exchange *x, const struct security *s);
/* Works for at most budget_ns of real time (0: no bound); false when something is still behind. */
bool exchange_run(struct exchange *x, int64_t budget_ns);

/* Orders of the gateway's accounts. They stand in the same book, by price and time, and trade with
 * the seeded participants and with each other. A security with an order is watched by itself. */
struct client_order {
    const struct security *sec;     /* set by the caller, as the fields to left */
    bool buy, market;  /* market: takes what the book has, the rest is left to the caller */
    int64_t px;
    int64_t left;                   /* quantity not filled yet; lowered by fills */
    void *owner;
    /* Runs from exchange_order_add() and exchange_run(); it may add or cancel other orders only
     * after it has returned. `maker`: the order stood in the book. */
    void (*on_fill)(struct client_order *o, int64_t px, int64_t qty, int64_t time, bool maker);
    struct client_order *next, *prev;   /* the exchange's own */
    int64_t ahead;                      /* quantity in front of it at its price */
    uint64_t seq;
    bool resting;                       /* in the book, or waiting for the next session */
    bool waiting;                       /* the latter */
};
/* Trades at once against the book as far as the price allows; the rest stands in the book (limit)
 * or is left unfilled (market; `resting` stays false). While the market is closed a limit order
 * waits in the book for the next session. FUTU_ENOMEM. */
futu_err exchange_order_add(struct exchange *x, struct client_order *o);
/* Takes it out of the book; fine when it is not in. */
void exchange_order_remove(struct exchange *x, struct client_order *o);

#endif
