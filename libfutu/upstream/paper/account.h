/* account.h - the paper accounts: who they are, their cash, positions and buying power.
 *
 * Accounts:  three simulated ones (HK, US, A shares) and one margin account that plays the real
 *            one.
 * Money:     int64, 1/10000 of the currency unit, indexed by Trd_Common.Currency.
 * Exchange:  fixed rates, fx_convert(); a paper account needs no currency market.
 * Margin:    long and short positions and open orders need half of their value as own equity, so
 *            the buying power is twice the equity less all of that. Nothing is lent at interest.
 * Not:       orders. An order puts its share into `frozen` and the pending_* of its position.
 */
#ifndef UPSTREAM_PAPER_ACCOUNT_H
#define UPSTREAM_PAPER_ACCOUNT_H

#include "upstream/paper/exchange.h"

#define CURRENCIES 10       /* Trd_Common.Currency 0..9; accounts hold 1 HKD, 2 USD, 3 CNH */
#define ACCOUNTS 4

struct account_def {
    uint64_t id;
    const char *card, *uni_card;
    int32_t env, type, sim_type, firm;      /* Trd_Common numbers; sim_type, firm 0: none */
    int32_t currency;                       /* of reports */
    uint8_t n_markets;
    int32_t markets[4];                     /* Trd_Common.TrdMarket, the main one first */
    bool margin;
    int64_t cash[4];                        /* at the start, whole currency units */
};
extern const struct account_def account_defs[ACCOUNTS];

struct position {
    const struct security *sec;
    uint64_t id;
    int32_t currency;
    int64_t qty;                /* negative: short */
    int64_t cost;               /* paid for qty; negative: received for a short one */
    int64_t realized;           /* profit of what was closed since it was last empty */
    int64_t pending_close;      /* quantity of admitted orders that reduce it */
    int64_t pending_buy, pending_short;     /* ... that enlarge it; never both */
    int32_t date;               /* market day of the figures below */
    int64_t buy_qty, buy_val, sell_qty, sell_val;
};

struct account {
    const struct account_def *def;
    int64_t cash[CURRENCIES], frozen[CURRENCIES];
    struct position **pos;      /* in order of first use */
    size_t n_pos, cap_pos;
};

struct account_value {          /* in one currency */
    int64_t cash, debt, frozen; /* debt: of the currencies below zero */
    int64_t long_mv, short_mv;  /* both >= 0 */
    int64_t unrealized, realized;
    int64_t mv[4];              /* by TrdMarket index of market_slot() */
    int64_t equity, power;
};

void account_init(struct account *a, const struct account_def *def);
void account_free(struct account *a);
bool account_sim(const struct account *a);
bool account_has_market(const struct account *a, int32_t trd_market);
/* The account's trade market for a security's market; A shares are 3 or, over Connect, 4. 0:
 * none. */
int32_t account_market(const struct account *a, int32_t qot_market);

/* or NULL */
struct position *account_position(const struct account *a, const struct security *sec);
futu_err account_position_make(struct account *a, const struct security *sec,
                               struct position **out);                  /* FUTU_ENOMEM */
/* Books a trade; `date`: the market day. The fee goes off the cash. */
void account_fill(struct account *a, struct position *p, bool buy, int64_t px, int64_t qty,
                  int64_t fee, int32_t date);
/* Sets today's figures back when the day has changed. */
void position_roll(struct position *p, int32_t date);
/* What could be sold (long) or bought back (short) now, >= 0. A shares bought today stay. */
int64_t position_closable(const struct position *p, int32_t date);

/* Whole account in `currency`, positions at the last price. FUTU_ENOMEM. */
futu_err account_value(const struct account *a, struct exchange *x, int32_t currency,
                       struct account_value *out);
/* What may still be put into positions, in `currency`; may be negative. FUTU_ENOMEM. */
futu_err account_power(const struct account *a, struct exchange *x, int32_t currency, int64_t *out);

int32_t currency_of(const struct security *sec);
const char *currency_name(int32_t currency);        /* NULL: none */
int64_t fx_convert(int64_t v, int32_t from, int32_t to);
int market_slot(int32_t qot_market);                /* HK 0, US 1, A shares 2 */

#endif
