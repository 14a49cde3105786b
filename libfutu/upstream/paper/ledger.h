/* ledger.h - where orders and fills of the paper accounts are kept.
 *
 * In memory, for the life of the program; nothing outside ledger.c knows how. An order's and a
 * fill's address does not change. Cash flow is read off the fills and the starting cash.
 *
 * Memory:  ledger_add() takes all that a first fill may need, so a fill is never lost: when memory
 *          is out, further fills of the order are added to its last one.
 * Ids:     deterministic, counted from fixed bases, unique in the process.
 */
#ifndef UPSTREAM_PAPER_LEDGER_H
#define UPSTREAM_PAPER_LEDGER_H

#include "upstream/paper/order.h"

#define LEDGER_ORDER_BASE UINT64_C(700000000000)
#define LEDGER_FILL_BASE UINT64_C(900000000000)
#define LEDGER_MAX_ORDERS 1000000u

struct fill {
    uint64_t id;
    char id_ex[24];
    struct order *order;
    int32_t side;
    int64_t qty, amount, fee;   /* amount: sum of px * qty */
    int64_t time;
    int32_t status;             /* Trd_Common.OrderFillStatus */
    int32_t date;               /* market day, yyyymmdd */
    bool dirty;                 /* its push could not be sent yet */
};

struct ledger {
    struct order **orders;
    size_t n_orders, cap_orders;
    struct fill **fills;
    size_t n_fills, cap_fills;
    struct order **open;        /* not final; as large as `orders`, so that adding can't fail */
    size_t n_open;
    uint64_t next_fill;
};

void ledger_free(struct ledger *l);     /* takes orders out of nothing: stop the exchange first */

/* Takes over the order, which then has its ids. FUTU_ENOMEM; FUTU_ELIMIT: the ledger is full. */
futu_err ledger_add(struct ledger *l, struct order *o, int32_t date);
/* Takes back the newest order, which must have no fills; frees it. */
void ledger_undo(struct ledger *l, struct order *o);
struct order *ledger_order(const struct ledger *l, uint64_t id);        /* NULL: none such */
struct order *ledger_order_ex(const struct ledger *l, futu_str id_ex);
/* Never fails; the fill may be an older one of the order that was enlarged. */
struct fill *ledger_fill(struct ledger *l, struct order *o, int64_t px, int64_t qty, int64_t fee,
                         int64_t time, int32_t date);
/* Drops what is final from the open orders; not while someone walks them. */
void ledger_sweep(struct ledger *l);

#endif
