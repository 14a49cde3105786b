/* flight.c - orders that the server has accepted and that no list has shown yet.
 *
 * A list that is asked for right after an order may miss it: for TELL_NS it is told in the answer
 * as it was sent. Each LOOK_NS the account's orders are read, since the notice that should have
 * come may have been lost; after LOST_NS nothing more is expected.
 * Tests:   test/unit/upstream/broker/place_test.c
 */
#include "base/log.h"
#include "base/mem.h"
#include "upstream/broker/state.h"

#define TELL_NS (30 * NS_PER_S)
#define LOOK_NS (30 * NS_PER_S)
#define LOST_NS (300 * NS_PER_S)
#define FLIGHTS_MAX 1024

struct flight {
    struct list node;
    struct account *a;
    int64_t at;
    struct bk_order o;
    struct arena arena;                 /* of its texts */
};

static void flight_free(struct flight *f)
{
    list_remove(&f->node);
    arena_free(&f->arena);
    mem_free(f);
}

static bool copy_texts(struct flight *f)
{
    futu_str *all[] = { &f->o.order_id, &f->o.symbol, &f->o.name, &f->o.price, &f->o.qty,
                        &f->o.aux_price, &f->o.remark, &f->o.trail_value, &f->o.trail_spread };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (!all[i]->p)
            continue;
        *all[i] = str_dup(&f->arena, *all[i]);
        if (!all[i]->p)
            return false;
    }
    return true;
}

static bool is_full(const struct broker *b)
{
    size_t n = 0;
    for (const struct list *it = b->flights.next; it != &b->flights; it = it->next)
        n++;
    return n >= FLIGHTS_MAX;
}

void flight_add(struct account *a, const struct bk_order *o)
{
    struct broker *b = a->firm->b;
    struct flight *f = is_full(b) ? NULL : mem_zalloc(sizeof(*f));
    if (!f)
        return;
    f->a = a;
    f->at = broker_now(b);
    f->o = *o;
    list_push(&b->flights, &f->node);
    if (!copy_texts(f)) {
        flight_free(f);
        return;
    }
    if (!b->flown.armed)
        timer_set(b->o.timers, &b->flown, f->at + LOOK_NS);
}

void flight_seen(struct broker *b, futu_str order_id)
{
    struct list *it, *tmp;
    list_each(it, tmp, &b->flights) {
        struct flight *f = list_entry(it, struct flight, node);
        if (str_eq(f->o.order_id, order_id))
            flight_free(f);
    }
}

futu_err flight_each(const struct account *a, futu_err (*fn)(void *arg, const struct bk_order *o),
                     void *arg)
{
    const struct broker *b = a->firm->b;
    futu_err err = FUTU_OK;
    for (const struct list *it = b->flights.next; it != &b->flights && !err; it = it->next) {
        const struct flight *f = list_entry(it, struct flight, node);
        if (f->a == a && broker_now(b) - f->at < TELL_NS)
            err = fn(arg, &f->o);
    }
    return err;
}

void flight_look(struct timer *t, int64_t now)
{
    struct broker *b = container_of(t, struct broker, flown);
    struct list *it, *tmp;
    list_each(it, tmp, &b->flights) {
        struct flight *f = list_entry(it, struct flight, node);
        if (now - f->at < LOST_NS) {
            if (channel_state(f->a->firm->c) == CHANNEL_UP)
                notice_look(f->a);
            continue;
        }
        log_warn("%s: order " STR_FMT " was accepted, and no list has shown it for %d s: it is "
                 "looked for no more", f->a->firm->name, STR_ARG(f->o.order_id),
                 (int)(LOST_NS / NS_PER_S));
        flight_free(f);
    }
    if (!list_empty(&b->flights))
        timer_set(b->o.timers, t, now + LOOK_NS);
}

void flights_free(struct broker *b)
{
    while (!list_empty(&b->flights))
        flight_free(list_entry(b->flights.next, struct flight, node));
}
