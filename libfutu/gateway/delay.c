/* delay.c - see delay.h.
 *
 * Threads: none.
 * Tests:   test/unit/gateway/delay_test.c
 */
#include "gateway/delay.h"

#include "base/mem.h"
#include "gateway/histo.h"

enum { LEG_MADE_RECEIVED, LEG_RECEIVED_SENT, LEG_MADE_SENT };

futu_err delay_init(struct delay *d)
{
    size_t n;
    proto_rows(&n);
    *d = (struct delay){ .n_orders = 0 };
    d->replies = mem_array(n, sizeof(*d->replies));
    return d->replies ? FUTU_OK : FUTU_ENOMEM;
}

void delay_free(struct delay *d)
{
    for (size_t k = 0; k < DELAY_KINDS; k++)
        for (size_t leg = 0; leg < 3; leg++)
            mem_free(d->push[k][leg]);
    mem_free(d->replies);
    mem_free(d->orders);
    *d = (struct delay){ .n_orders = 0 };
}

uint32_t delay_of_sub_type(int32_t sub_type)
{
    switch (sub_type) {
    case Qot_Common_SubType_Basic:
        return DELAY_PRICE;
    case Qot_Common_SubType_Ticker:
        return DELAY_TICKER;
    case Qot_Common_SubType_OrderBook:
        return DELAY_BOOK;
    case Qot_Common_SubType_Broker:
        return DELAY_BROKER;
    default:
        return DELAY_NONE;
    }
}

struct out_mark delay_mark(const struct proto_row *row, int64_t at, int64_t net_ns)
{
    size_t n;
    return (struct out_mark){ at, row ? DELAY_REPLY + (uint32_t)(row - proto_rows(&n)) : DELAY_NONE,
                              (uint32_t)MIN(net_ns / NS_PER_US, UINT32_MAX) };
}

void delay_push_received(struct delay *d, uint32_t stat, int64_t made, int64_t received)
{
    if (stat == DELAY_NONE)
        return;
    struct histo **h = d->push[stat - DELAY_PRICE];
    for (size_t leg = 0; leg < 3; leg++) {
        if (!h[leg])
            h[leg] = mem_zalloc(sizeof(*h[leg]));
        if (!h[leg])
            return;
    }
    histo_add(h[LEG_MADE_RECEIVED], received - made);
}

static void push_sent(struct histo **h, const struct out_mark *m, int64_t now)
{
    if (!h[LEG_MADE_SENT])
        return;
    histo_add(h[LEG_RECEIVED_SENT], now - m->at);
    histo_add(h[LEG_MADE_SENT], now - m->at + m->aux_us * NS_PER_US);
}

void delay_sent(struct delay *d, const struct out_mark *m, int64_t now)
{
    if (m->stat == DELAY_NONE)
        return;
    if (m->stat < DELAY_REPLY) {
        push_sent(d->push[m->stat - DELAY_PRICE], m, now);
        return;
    }
    struct reply_stat *r = &d->replies[m->stat - DELAY_REPLY];
    r->count++;
    r->total_ns += now - m->at;
    r->net_ns += m->aux_us * NS_PER_US;
    r->local = m->aux_us == 0;
}

void delay_order_placed(struct delay *d, futu_str id, int64_t total_ns, int64_t net_ns,
                        int64_t now)
{
    if (!d->orders)
        d->orders = mem_array(DELAY_ORDERS, sizeof(*d->orders));
    if (!d->orders || !id.p)
        return;
    struct order_stat *o = &d->orders[d->next_order];
    *o = (struct order_stat){ .total_ns = total_ns, .net_ns = net_ns, .replied_at = now,
                              .update_ns = -1 };
    str_copy(o->id, sizeof(o->id), id);
    d->next_order = (d->next_order + 1) % DELAY_ORDERS;
    d->n_orders = MIN(d->n_orders + 1, DELAY_ORDERS);
}

void delay_order_pushed(struct delay *d, futu_str id, int64_t now)
{
    for (uint32_t i = 0; i < d->n_orders; i++) {
        struct order_stat *o = &d->orders[i];
        if (o->update_ns < 0 && str_is(id, o->id))
            o->update_ns = now - o->replied_at;
    }
}
