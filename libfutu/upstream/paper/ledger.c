/* ledger.c - orders and fills in memory; see ledger.h.
 *
 * Tests: test/unit/upstream/paper/ledger_test.c
 */
#include "upstream/paper/ledger.h"

#include <stdio.h>

#include "base/mem.h"
#include "futu/proto.h"

void ledger_free(struct ledger *l)
{
    for (size_t i = 0; i < l->n_orders; i++) {
        mem_free(l->orders[i]->spare);
        mem_free(l->orders[i]);
    }
    for (size_t i = 0; i < l->n_fills; i++)
        mem_free(l->fills[i]);
    mem_free(l->orders);
    mem_free(l->open);
    mem_free(l->fills);
    memset(l, 0, sizeof(*l));
}

static futu_err grow_orders(struct ledger *l)
{
    if (l->n_orders < l->cap_orders)
        return FUTU_OK;
    size_t cap = l->cap_orders ? l->cap_orders * 2 : 64;
    struct order **orders = mem_realloc(l->orders, cap * sizeof(struct order *));
    if (!orders)
        return FUTU_ENOMEM;
    l->orders = orders;
    struct order **open = mem_realloc(l->open, cap * sizeof(struct order *));
    if (!open)
        return FUTU_ENOMEM;
    l->open = open;
    l->cap_orders = cap;
    return FUTU_OK;
}

/* A slot for one more fill on top of those that every order without a fill may still take. */
static futu_err grow_fills(struct ledger *l, size_t more)
{
    if (l->n_fills + more <= l->cap_fills)
        return FUTU_OK;
    size_t cap = MAX(l->cap_fills * 2, l->n_fills + more + 64);
    struct fill **fills = mem_realloc(l->fills, cap * sizeof(struct fill *));
    if (!fills)
        return FUTU_ENOMEM;
    l->fills = fills;
    l->cap_fills = cap;
    return FUTU_OK;
}

futu_err ledger_add(struct ledger *l, struct order *o, int32_t date)
{
    if (l->n_orders >= LEDGER_MAX_ORDERS)
        return FUTU_ELIMIT;
    futu_err err = grow_orders(l);
    if (!err)
        err = grow_fills(l, l->n_open + 1);
    if (err)
        return err;
    o->spare = mem_zalloc(sizeof(*o->spare));
    if (!o->spare)
        return FUTU_ENOMEM;
    l->orders[l->n_orders++] = o;
    o->id = LEDGER_ORDER_BASE + l->n_orders;
    snprintf(o->id_ex, sizeof(o->id_ex), "P%08d-%06zu", (int)date, l->n_orders);
    l->open[l->n_open++] = o;
    return FUTU_OK;
}

void ledger_undo(struct ledger *l, struct order *o)
{
    assert(l->n_orders && l->orders[l->n_orders - 1] == o && !o->last_fill);
    for (size_t i = 0; i < l->n_open; i++) {
        if (l->open[i] == o)
            l->open[i] = l->open[--l->n_open];
    }
    l->n_orders--;
    mem_free(o->spare);
    mem_free(o);
}

struct order *ledger_order(const struct ledger *l, uint64_t id)
{
    if (id <= LEDGER_ORDER_BASE || id - LEDGER_ORDER_BASE > l->n_orders)
        return NULL;
    return l->orders[id - LEDGER_ORDER_BASE - 1];
}

struct order *ledger_order_ex(const struct ledger *l, futu_str id_ex)
{
    uint64_t n;
    if (id_ex.n < 11 || !str_to_u64((futu_str){ id_ex.p + 10, id_ex.n - 10 }, &n) || n == 0)
        return NULL;
    struct order *o = n <= l->n_orders ? l->orders[n - 1] : NULL;
    return o && str_is(id_ex, o->id_ex) ? o : NULL;
}

/* Which record takes a fill: a new one, the one kept for want of memory, or the last one. */
static struct fill *record(struct ledger *l, struct order *o)
{
    size_t keep = l->n_open + 1;
    struct fill *f = grow_fills(l, keep) == FUTU_OK ? mem_zalloc(sizeof(*f)) : NULL;
    if (!f && !o->last_fill) {
        f = o->spare;           /* its slot was taken when the order came */
        o->spare = NULL;
    }
    return f;
}

struct fill *ledger_fill(struct ledger *l, struct order *o, int64_t px, int64_t qty, int64_t fee,
                         int64_t time, int32_t date)
{
    struct fill *f = record(l, o);
    if (f) {
        f->id = LEDGER_FILL_BASE + ++l->next_fill;
        snprintf(f->id_ex, sizeof(f->id_ex), "F%08d-%06llu", (int)date,
                 (unsigned long long)l->next_fill);
        f->order = o;
        f->side = o->s.side;
        f->time = time;
        f->date = date;
        l->fills[l->n_fills++] = f;
        o->last_fill = f;
    } else {
        f = o->last_fill;
        f->status = Trd_Common_OrderFillStatus_Changed;
    }
    f->qty += qty;
    f->amount += px * qty;
    f->fee += fee;
    return f;
}

void ledger_sweep(struct ledger *l)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n_open; i++) {
        struct order *o = l->open[i];
        if (!order_final(o->s.status))
            l->open[n++] = o;
    }
    l->n_open = n;
}
