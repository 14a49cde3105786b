/* guard_random_test.c - one key on three surfaces, with orders, answers, prices, disks and time in
 * any order: what the key is held to holds at every moment. */
#include "rails.h"

#include <stdio.h>

#define DAILY 10000.0
#define PER_ORDER 4000.0
#define RATE 7
#define PRICE 10.0
#define TOLDS 48
#define STEPS 6000

static struct rails k;
static struct told tolds[TOLDS];
static struct peer ws;
static uint64_t seed;

/* What the upstream has been sent. */
static struct sent {
    char key[ORDER_KEY_MAX + 1];
    double value;
    int64_t day;
    bool counts;                /* it was not refused */
} sents[RIG_CALLS];
static uint32_t n_seen;         /* calls of the rig that have been looked at */
static int64_t requests[RIG_CALLS];
static size_t n_requests;
static unsigned n_sent, n_denied[DENIES], n_repeats, n_timeouts;

static uint32_t rnd(uint32_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

static int64_t today(void)
{
    return k.r.time.wall_ns / (86400 * NS_PER_S);
}

/* ---- what must hold ---- */

static void check_lists(const Trd_PlaceOrder_C2S *c)
{
    ck_assert_int_eq(c->header->trdEnv, 0);
    ck_assert_uint_eq(c->header->accID, 1001);
    ck_assert_int_eq(c->header->trdMarket, Trd_Common_TrdMarket_HK);
    ck_assert(!c->has_secMarket || c->secMarket == Trd_Common_TrdSecMarket_HK);
    ck_assert_int_eq(c->trdSide, Trd_Common_TrdSide_Buy);
    ck_assert(str_is(c->code, "00700") || str_is(c->code, "00005"));
}

static double value_of(const Trd_PlaceOrder_C2S *c)
{
    double price = c->orderType == Trd_Common_OrderType_Market ? PRICE : c->price;
    return c->qty * price;
}

/* An order of the same key that was sent before, and not refused since. */
static bool sent_before(const struct sent *s)
{
    for (const struct sent *o = sents; o < s; o++)
        if (s->key[0] && o->counts && strcmp(o->key, s->key) == 0)
            return true;
    return false;
}

static void take_in(uint32_t i)
{
    const struct upstream_request *rq = k.r.fake.calls[i];
    struct arena mem = ARENA_INIT;
    Trd_PlaceOrder_Request order;
    if (!rq || rq->proto != 2202)
        return;
    ck_assert_int_eq(codec_decode(&Trd_PlaceOrder_Request_msg, &mem, rq->body, rq->len, &order,
                                  NULL, NULL), FUTU_OK);
    check_lists(order.c2s);
    struct sent *s = &sents[i];
    s->value = value_of(order.c2s);
    s->day = today();
    snprintf(s->key, sizeof(s->key), "%s", rq->key);
    ck_assert_double_le(s->value, PER_ORDER);
    s->counts = !sent_before(s);
    n_sent++;
    arena_free(&mem);
}

static void check_day(void)
{
    double sum = 0;
    for (uint32_t i = 0; i < n_seen; i++)
        if (sents[i].counts && sents[i].day == today())
            sum += sents[i].value;
    ck_assert_double_le(sum, DAILY);
}

/* The rate counts when an order passes, which is when its intent is written down. */
static void check_rate(void)
{
    size_t within = 0, fresh = trail_count(&k, "\"outcome\":\"request\"");
    trail_clear(&k);
    while (fresh-- > 0)
        requests[n_requests++] = k.r.time.mono_ns;
    for (size_t i = n_requests; i > 0 && requests[i - 1] > k.r.time.mono_ns - 60 * NS_PER_S; i--)
        within++;
    ck_assert_uint_le(within, RATE);
}

static void check_all(void)
{
    for (; n_seen < k.r.fake.n_calls; n_seen++)
        take_in(n_seen);
    check_day();
    check_rate();
}

/* ---- what happens ---- */

static void note_told(struct told *t)
{
    ck_assert_uint_eq(t->times, 1);
    n_denied[t->deny]++;
    n_repeats += t->repeat;
    n_timeouts += t->deny == DENY_NONE && t->ret == RET_TIMEOUT;
    t->call.done = NULL;
}

static struct told *free_told(void)
{
    for (size_t i = 0; i < TOLDS; i++)
        if (tolds[i].call.done && tolds[i].times > 0)
            note_told(&tolds[i]);
    struct told *t = &tolds[rnd(TOLDS)];
    return t->call.done ? NULL : t;
}

static struct place any_order(char word[16])
{
    static const char *const codes[] = { "00700", "00700", "00005", "00001" };
    struct place o = { .code = codes[rnd(4)], .acc_id = 1001 + (rnd(12) == 0),
                       .env = rnd(15) == 0, .market = 1 + (rnd(12) == 0),
                       .sec_market = (int32_t)rnd(12) / 10, .side = 1 + (rnd(12) == 0),
                       .qty = 50 * (1 + rnd(9)), .price = 1 + rnd(12) };
    if (rnd(3) == 0)
        o.type = Trd_Common_OrderType_Market;
    if (rnd(3) == 0) {              /* the same word is the same order, mostly */
        unsigned n = rnd(6);
        snprintf(word, 16, "word %u", n);
        o = (struct place){ .code = "00700", .qty = 100 + 50 * n, .price = 3 + (rnd(10) == 0),
                            .word = word };
    }
    return o;
}

static void send_ws(const struct place *o)
{
    uint8_t bytes[512];
    size_t n = place_bytes(ws.id, o, bytes);
    ck_assert_int_eq(peer_send(&ws, 2202, 0, rnd(1000) + 2, bytes, n), FUTU_OK);
}

static void order(void)
{
    char word[16];
    struct place o = any_order(word);
    uint32_t where = rnd(3);
    struct told *t = free_told();
    if (where == 0)
        send_ws(&o);
    else if (t)
        told_place(t, rails_caller(&k, where == 1 ? IFACE_REST : IFACE_GRPC, "key"), &o);
}

static void answer_order(void)
{
    static const char *const answers[] = { PLACED, PLACED, PLACED, REFUSED, REFUSED, TIMED_OUT };
    uint32_t from = rnd(k.r.fake.n_calls + 1);
    for (uint32_t i = from; i < k.r.fake.n_calls; i++) {
        struct upstream_request *rq = k.r.fake.calls[i];
        if (!rq || rq->proto != 2202)
            continue;
        const char *hex = answers[rnd(ARRAY_LEN(answers))];
        if (strcmp(hex, REFUSED) == 0)
            sents[i].counts = false;
        rig_answer_one(&k.r, i, hex);
        return;
    }
}

static void answer_price(void)
{
    if (rig_waiting(&k.r, 3203) == 0)
        return;
    if (rnd(6) == 0)
        rig_answer(&k.r, 3203, REFUSED);
    else
        rails_price(&k, PRICE);
}

static void write_some(struct disk *d)
{
    while (d->n > 0 && rnd(10))
        disk_end(d, rnd(50) == 0 ? FUTU_EIO : FUTU_OK);
}

static void reopen(void)
{
    if (rnd(8))
        return;
    peer_close(&ws);
    ck_assert_int_eq(peer_open_as(&ws, &k.r, "token-key"), FUTU_OK);
    peer_init(&ws, CIPHER_NONE, 0, false);
}

static void step(void)
{
    switch (rnd(12)) {
    case 0:
    case 1:
    case 2:
        order();
        break;
    case 3:
    case 4:
        answer_order();
        break;
    case 5:
        answer_price();
        break;
    case 6:
    case 7:
        write_some(&k.trail);
        break;
    case 8:
        write_some(&k.daily);
        break;
    case 9:
        peer_take(&ws);
        reopen();
        break;
    default:
        if (rnd(25) == 0)           /* hours at once */
            clock_fake_advance(&k.r.time, (int64_t)rnd(30) * 3600 * NS_PER_S);
        rig_pass(&k.r, (int64_t)rnd(rnd(30) ? 1500 : 100000) * NS_PER_MS);
    }
}

static void run_seed(uint64_t n)
{
    seed = n * 7919 + 1;
    memset(tolds, 0, sizeof(tolds));
    memset(sents, 0, sizeof(sents));
    n_seen = 0;
    n_requests = 0;
    rails_begin(&k);
    rails_key(&k, "key", "\"qot:read\",\"trade:simulate\"",
              ",\"max_daily_value\":10000,\"max_order_value\":4000,\"max_orders_per_minute\":7,"
              "\"allowed_markets\":[\"HK\"],\"allowed_symbols\":[\"HK.00700\",\"HK.00005\"],"
              "\"allowed_trd_sides\":[\"BUY\"],\"allowed_acc_ids\":[1001]");
    rails_save(&k);
    rails_open(&k, NULL);
    ck_assert_int_eq(peer_open_as(&ws, &k.r, "token-key"), FUTU_OK);
    peer_init(&ws, CIPHER_NONE, 0, false);
    for (int i = 0; i < STEPS && k.r.fake.n_calls < RIG_CALLS - 8; i++) {
        step();
        check_all();
    }
    rails_written(&k);
    rig_pass(&k.r, 60 * NS_PER_S);              /* by now all are answered */
    for (size_t i = 0; i < TOLDS; i++) {
        ck_assert(!tolds[i].call.done || tolds[i].times == 1);
        told_free(&tolds[i]);
    }
    peer_close(&ws);
    rails_close(&k);
}

START_TEST(no_order_of_things_passes_a_limit)
{
    run_seed((uint64_t)_i + 1);
    /* All of it has happened, or the test says nothing. */
    ck_assert_uint_gt(n_sent, 50);
    ck_assert_uint_gt(n_repeats, 5);
    ck_assert_uint_gt(n_timeouts, 0);
    static const enum deny kinds[] = { DENY_NONE, DENY_SCOPE, DENY_ACCOUNT, DENY_MARKET,
                                       DENY_SYMBOL, DENY_SIDE, DENY_PER_ORDER, DENY_RATE,
                                       DENY_DAILY };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        ck_assert_msg(n_denied[kinds[i]] > 0, "none was refused by %d", (int)kinds[i]);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, no_order_of_things_passes_a_limit, 0, 12);
}

int main(void)
{
    return run_tcase("guard_random", add);
}
