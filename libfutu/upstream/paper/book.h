/* book.h - a two-sided order book: price levels of the seeded participants, with the clients'
 * orders standing in them by price and time.
 *
 * Key:     within a side a price is kept as its key, px for bids and -px for asks, so that a larger
 *          key is a better price on both, and a bid and an ask cross when their keys add up to 0
 *          or more.
 * Levels:  worst first, best last; at most BOOK_MAX a side. Clients' orders worse than the worst
 *          level wait in the list alone, and come into a level when the book reaches down to them.
 * Errors:  none; nothing is allocated.
 */
#ifndef UPSTREAM_PAPER_BOOK_H
#define UPSTREAM_PAPER_BOOK_H

#include "upstream/paper/exchange.h"

#define BOOK_MAX 24
#define BOOK_MIN 12         /* fewer are filled up, more than BOOK_LEVELS */

enum { BID, ASK };

struct level {
    int64_t key, qty;       /* qty: of all, clients' included */
    int64_t client;         /* of which clients' */
    int32_t orders;
};

struct side {
    struct level lv[BOOK_MAX];
    int n;
    struct client_order *orders;        /* best first, then oldest first */
};

/* Told of every trade, before the clients in it are. */
typedef void book_trade_fn(void *arg, int64_t px, int64_t qty, bool buy);

struct book {
    struct side side[2];
    int64_t lot;
    int64_t time;           /* of the event at hand; given to on_fill */
    book_trade_fn *trade;
    void *arg;
};

static inline int64_t book_key(int side, int64_t px)
{
    return side == BID ? px : -px;
}

static inline const struct level *book_best(const struct book *b, int side)
{
    const struct side *s = &b->side[side];
    return s->n ? &s->lv[s->n - 1] : NULL;
}

/* Would an order of `side` with this key trade now? */
static inline bool book_crosses(const struct book *b, int side, int64_t key)
{
    const struct level *best = book_best(b, !side);
    return best && key + best->key >= 0;
}

/* The flow's order. It must not cross. Worse than the whole book: dropped, the far end is
 * book_fill()'s. */
void book_add(struct book *b, int side, int64_t key, int64_t qty);
/* A taker of `side` takes up to qty at keys that cross `key`; returns what is left. `taker` may be
 * NULL. */
int64_t book_take(struct book *b, int side, int64_t key, int64_t qty, struct client_order *taker);
/* The flow cancels about `orders` orders of level i (from the worst), never clients' orders. */
void book_cancel(struct book *b, int side, int i, int32_t orders);
/* A new worst level at `key`, or one of clients' orders when they stand between; false: book
 * full. */
bool book_extend(struct book *b, int side, int64_t key, int64_t qty, int32_t orders);
/* The worst level goes, unless a client's order stands in it. */
void book_drop_worst(struct book *b, int side);
/* Forgets all levels; clients' orders stay in their lists. */
void book_clear(struct book *b);

/* A client's order that does not cross goes into the list and, where the book reaches, into its
 * level. */
void book_rest(struct book *b, struct client_order *o);
void book_remove(struct book *b, struct client_order *o);
/* An auction fills all clients' orders of a side that are at least as good as the price. */
void book_auction(struct book *b, int side, int64_t px);

#endif
