/* book_test.c - price-time priority, queue places, partial fills, a book that stays sound. */
#include "market_time.h"

#include "upstream/paper/book.h"
#include "upstream/paper/rng.h"

#define PX(cents) ((cents)*100)

struct fixture {
    struct book book;
    int64_t traded, last_px;
    int trades;
};

static struct fixture fx;

struct test_order {
    struct client_order o;
    int64_t filled, worst, best;
    int fills, makes;
    int *turn, at;              /* order of the first fills */
};

static void on_trade(void *arg, int64_t px, int64_t qty, bool buy)
{
    struct fixture *f = arg;
    (void)buy;
    MUST(qty > 0);
    f->traded += qty;
    f->last_px = px;
    f->trades++;
}

static void on_fill(struct client_order *o, int64_t px, int64_t qty, int64_t time, bool maker)
{
    struct test_order *t = (struct test_order *)o;
    MUST(time == 77);
    MUST(qty > 0 && o->left >= 0);
    MUST(o->market || (o->buy ? px <= o->px : px >= o->px));
    if (t->fills++ == 0 && t->turn)
        t->at = (*t->turn)++;
    t->filled += qty;
    t->makes += maker;
    t->worst = px;
}

static struct book *start(void)
{
    memset(&fx, 0, sizeof(fx));
    fx.book = (struct book){ .lot = 100, .time = 77, .trade = on_trade, .arg = &fx };
    for (int i = 0; i < 12; i++) {
        ck_assert(book_extend(&fx.book, BID, PX(1000 - i), 1000, 2));
        ck_assert(book_extend(&fx.book, ASK, -PX(1001 + i), 1000, 2));
    }
    return &fx.book;
}

static struct test_order *order(struct test_order *t, bool buy, int64_t px, int64_t qty)
{
    *t = (struct test_order){ .o = { .buy = buy, .px = px, .left = qty, .on_fill = on_fill } };
    return t;
}

static const struct level *level(const struct book *b, int side, int64_t px)
{
    for (int i = 0; i < b->side[side].n; i++)
        if (b->side[side].lv[i].key == book_key(side, px))
            return &b->side[side].lv[i];
    return NULL;
}

START_TEST(the_flow_before_a_client_is_served_first)
{
    struct book *b = start();
    struct test_order t;
    book_rest(b, &order(&t, true, PX(1000), 300)->o);
    ck_assert_int_eq(t.o.ahead, 1000);
    ck_assert_int_eq(level(b, BID, PX(1000))->qty, 1300);
    ck_assert_int_eq(book_take(b, ASK, -PX(1000), 900, NULL), 0);
    ck_assert_int_eq(t.fills, 0);
    ck_assert_int_eq(t.o.ahead, 100);
    book_add(b, BID, PX(1000), 500);            /* comes behind the client */
    ck_assert_int_eq(book_take(b, ASK, -PX(1000), 200, NULL), 0);
    ck_assert_int_eq(t.filled, 100);
    ck_assert_int_eq(t.o.left, 200);
    ck_assert_int_eq(book_take(b, ASK, -PX(1000), 250, NULL), 0);
    ck_assert_int_eq(t.filled, 300);
    ck_assert(!t.o.resting);
    ck_assert_int_eq(t.makes, 2);
    ck_assert_int_eq(level(b, BID, PX(1000))->qty, 450);
    ck_assert_int_eq(level(b, BID, PX(1000))->client, 0);
    ck_assert_int_eq(fx.traded, 1350);
}
END_TEST

START_TEST(clients_are_served_by_price_then_time)
{
    struct book *b = start();
    struct test_order t[4];
    int turn = 1;
    book_rest(b, &order(&t[0], false, PX(1002), 100)->o);
    book_rest(b, &order(&t[1], false, PX(1001), 100)->o);
    book_rest(b, &order(&t[2], false, PX(1002), 100)->o);
    book_rest(b, &order(&t[3], false, PX(1001), 100)->o);
    for (int i = 0; i < 4; i++)
        t[i].turn = &turn;
    ck_assert_int_eq(book_take(b, BID, PX(1002), 100000, NULL), 100000 - 2400);
    ck_assert_int_eq(t[1].at, 1);
    ck_assert_int_eq(t[3].at, 2);
    ck_assert_int_eq(t[0].at, 3);
    ck_assert_int_eq(t[2].at, 4);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(t[i].filled, 100);
    ck_assert_ptr_null(b->side[ASK].orders);
    ck_assert_int_eq(book_best(b, ASK)->key, -PX(1003));
}
END_TEST

START_TEST(a_taker_walks_the_levels_up_to_its_price)
{
    struct book *b = start();
    struct test_order t;
    order(&t, true, PX(1003), 5000);
    ck_assert_int_eq(book_take(b, BID, PX(1003), t.o.left, &t.o), 2000);
    ck_assert_int_eq(t.filled, 3000);
    ck_assert_int_eq(t.fills, 3);
    ck_assert_int_eq(t.worst, PX(1003));
    ck_assert_int_eq(t.o.left, 2000);
    book_rest(b, &t.o);
    ck_assert_int_eq(book_best(b, BID)->key, PX(1003));
    ck_assert_int_eq(book_best(b, BID)->client, 2000);
    ck_assert(!book_crosses(b, BID, PX(1003)));
    ck_assert(book_crosses(b, ASK, -PX(1003)));
}
END_TEST

START_TEST(clients_trade_with_each_other)
{
    struct book *b = start();
    struct test_order a, c;
    ck_assert_int_eq(book_take(b, BID, PX(1001), 1000, NULL), 0);
    book_rest(b, &order(&a, false, PX(1001), 700)->o);
    order(&c, true, PX(1001), 1000);
    ck_assert_int_eq(book_take(b, BID, PX(1001), 1000, &c.o), 300);
    ck_assert_int_eq(a.filled, 700);
    ck_assert_int_eq(c.filled, 700);
    ck_assert_int_eq(a.makes, 1);
    ck_assert_int_eq(c.makes, 0);
}
END_TEST

START_TEST(a_removed_order_lets_the_next_ones_move_up)
{
    struct book *b = start();
    struct test_order t[3];
    for (int i = 0; i < 3; i++)
        book_rest(b, &order(&t[i], true, PX(1000), 200)->o);
    ck_assert_int_eq(t[2].o.ahead, 1400);
    book_remove(b, &t[1].o);
    ck_assert(!t[1].o.resting);
    ck_assert_int_eq(t[2].o.ahead, 1200);
    ck_assert_int_eq(level(b, BID, PX(1000))->qty, 1400);
    book_remove(b, &t[0].o);
    book_remove(b, &t[2].o);
    ck_assert_int_eq(level(b, BID, PX(1000))->qty, 1000);
    ck_assert_ptr_null(b->side[BID].orders);
    /* A level of its own goes with its last order. */
    ck_assert_int_eq(book_take(b, BID, PX(1001), 1000, NULL), 0);
    book_rest(b, &order(&t[0], true, PX(1001), 200)->o);
    ck_assert_int_eq(book_best(b, BID)->key, PX(1001));
    book_remove(b, &t[0].o);
    ck_assert_int_eq(book_best(b, BID)->key, PX(1000));
}
END_TEST

START_TEST(orders_beyond_the_book_come_in_when_it_gets_there)
{
    struct book *b = start();
    struct test_order t[3];
    book_rest(b, &order(&t[0], true, PX(900), 200)->o);
    book_rest(b, &order(&t[1], true, PX(900), 300)->o);
    book_rest(b, &order(&t[2], true, PX(950), 100)->o);
    ck_assert_ptr_null(level(b, BID, PX(900)));
    ck_assert(t[0].o.resting && t[2].o.resting);
    ck_assert(book_extend(b, BID, PX(895), 1000, 1));   /* 950 stands between */
    ck_assert_int_eq(b->side[BID].lv[0].key, PX(950));
    ck_assert_int_eq(b->side[BID].lv[0].qty, 100);
    ck_assert(book_extend(b, BID, PX(895), 1000, 1));
    ck_assert_int_eq(b->side[BID].lv[0].key, PX(900));
    ck_assert_int_eq(b->side[BID].lv[0].qty, 500);
    ck_assert_int_eq(t[0].o.ahead, 0);
    ck_assert_int_eq(t[1].o.ahead, 200);
    ck_assert(book_extend(b, BID, PX(895), 1000, 1));
    ck_assert_int_eq(b->side[BID].lv[0].key, PX(895));
    ck_assert_int_eq(b->side[BID].lv[0].client, 0);
}
END_TEST

START_TEST(cancels_leave_clients_alone)
{
    struct book *b = start();
    struct test_order t;
    book_rest(b, &order(&t, true, PX(1000), 300)->o);
    book_add(b, BID, PX(1000), 1000);
    int top = b->side[BID].n - 1;
    for (int i = 0; i < 40; i++)
        book_cancel(b, BID, top, 1);
    ck_assert_int_eq(level(b, BID, PX(1000))->qty, 300);
    ck_assert_int_eq(t.o.ahead, 0);
    book_cancel(b, BID, top - 1, 99);
    ck_assert_ptr_null(level(b, BID, PX(999)));
    ck_assert_int_eq(book_take(b, ASK, -PX(1000), 300, NULL), 0);
    ck_assert_int_eq(t.filled, 300);
}
END_TEST

START_TEST(an_auction_fills_whoever_agrees)
{
    struct book *b = start();
    struct test_order t[3];
    book_rest(b, &order(&t[0], true, PX(1000), 300)->o);
    book_rest(b, &order(&t[1], true, PX(998), 300)->o);
    book_rest(b, &order(&t[2], true, PX(800), 300)->o);
    book_auction(b, BID, PX(998));
    ck_assert_int_eq(t[0].filled, 300);
    ck_assert_int_eq(t[0].worst, PX(998));
    ck_assert_int_eq(t[1].filled, 300);
    ck_assert_int_eq(t[2].filled, 0);
    ck_assert(t[2].o.resting);
}
END_TEST

/* What must hold of any book after any event. */
static void check_book(const struct book *b)
{
    for (int side = BID; side <= ASK; side++) {
        const struct side *s = &b->side[side];
        const struct client_order *o = s->orders;
        while (o && s->n > 0 && book_key(side, o->px) > s->lv[s->n - 1].key)
            ck_abort_msg("an order is better than the best level");
        for (int i = s->n - 1; i >= 0; i--) {
            int64_t client = 0, ahead = -1;
            MUST(i == 0 || s->lv[i - 1].key < s->lv[i].key);
            MUST(s->lv[i].qty > 0 && s->lv[i].orders > 0);
            for (; o && book_key(side, o->px) == s->lv[i].key; o = o->next) {
                MUST(o->resting && o->left > 0);
                MUST(o->ahead >= client && o->ahead > ahead);
                MUST(o->ahead + o->left <= s->lv[i].qty);
                MUST(!o->next || o->next->prev == o);
                ahead = o->ahead;
                client += o->left;
            }
            MUST(client == s->lv[i].client && client <= s->lv[i].qty);
            MUST(!o || i == 0 || book_key(side, o->px) <= s->lv[i - 1].key);
        }
    }
    const struct level *bid = book_best(b, BID), *ask = book_best(b, ASK);
    MUST(!bid || !ask || bid->key + ask->key < 0);
}

static void client_event(struct book *b, struct test_order *t, uint64_t r)
{
    bool buy = r & 1;
    int64_t px = PX(1000 + (int64_t)(r >> 1 & 31) - 16), qty = 50 + (int64_t)(r >> 6 & 1023);
    if (t->o.resting) {
        book_remove(b, &t->o);
        return;
    }
    order(t, buy, px, qty);
    book_take(b, buy ? BID : ASK, book_key(!buy, px), qty, &t->o);
    MUST(t->o.left == qty - t->filled);
    if (t->o.left > 0)
        book_rest(b, &t->o);
}

START_TEST(any_mix_of_events_leaves_a_sound_book)
{
    static struct test_order t[64];
    struct book *b = start();
    memset(t, 0, sizeof(t));
    for (uint64_t i = 0; i < 200000; i++) {
        uint64_t r = rng_at(9, i);
        int side = r >> 8 & 1;
        int64_t px = PX(1000 + (int64_t)(r >> 9 & 31) - 16), key = book_key(side, px);
        switch (r >> 60) {
        case 0: case 1: case 2:
            client_event(b, &t[r >> 40 & 63], r >> 10);
            break;
        case 3: case 4: case 5: case 6:
            book_take(b, side, key, 1 + (int64_t)(r >> 20 & 2047), NULL);
            break;
        case 7: case 8:
            if (b->side[side].n)
                book_cancel(b, side, (int)(r >> 20 & 63) % b->side[side].n,
                            1 + (int32_t)(r >> 30 & 3));
            break;
        case 9:
            book_drop_worst(b, side);
            break;
        default:
            if (!book_crosses(b, side, key))
                book_add(b, side, key, 100 * (1 + (int64_t)(r >> 20 & 15)));
        }
        check_book(b);
    }
    ck_assert_int_gt(fx.trades, 10000);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, the_flow_before_a_client_is_served_first);
    tcase_add_test(tc, clients_are_served_by_price_then_time);
    tcase_add_test(tc, a_taker_walks_the_levels_up_to_its_price);
    tcase_add_test(tc, clients_trade_with_each_other);
    tcase_add_test(tc, a_removed_order_lets_the_next_ones_move_up);
    tcase_add_test(tc, orders_beyond_the_book_come_in_when_it_gets_there);
    tcase_add_test(tc, cancels_leave_clients_alone);
    tcase_add_test(tc, an_auction_fills_whoever_agrees);
    tcase_add_test(tc, any_mix_of_events_leaves_a_sound_book);
}

int main(void)
{
    return run_tcase("book", add);
}
