/* Streams: what may be subscribed, first pushes, pushes of each sub type, thinning, ticks without a
 * gap or a repeat, no allocation once warm. */
#include "harness.h"

static const int32_t sub_types[] = { 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
                                     20, 21 };

static int32_t kl_rehab(int32_t sub_type)
{
    bool plain = sub_type <= 5 || sub_type == 14;
    return plain ? 0 : 1;
}

static const futu_msg *push_message(int32_t sub_type)
{
    switch (sub_type) {
    case 1: return &Qot_UpdateBasicQot_Response_msg;
    case 2: return &Qot_UpdateOrderBook_Response_msg;
    case 4: return &Qot_UpdateTicker_Response_msg;
    case 5: return &Qot_UpdateRT_Response_msg;
    case 14: return &Qot_UpdateBroker_Response_msg;
    default: return &Qot_UpdateKL_Response_msg;
    }
}

struct opening {
    struct upstream_open open;
    futu_err err;
    char *why;
};

static void on_open(struct upstream_open *o, futu_err err, const char *why)
{
    struct opening *x = container_of(o, struct opening, open);
    x->err = err;
    if (x->why)
        str_copy(x->why, 128, str_c(why));
}

static futu_err sub(struct harness *h, const struct stream_key *k, size_t n, bool on, char *why)
{
    struct stream_want wants[64];
    struct opening x = { { wants, n, on_open, NULL }, FUTU_EAGAIN, why };
    ck_assert_uint_le(n, ARRAY_LEN(wants));
    for (size_t i = 0; i < n; i++)
        wants[i] = (struct stream_want){ .key = k[i] };
    if (on)
        h->up->ops->open(h->up, &x.open);
    for (size_t i = 0; i < n && !on; i++)
        h->up->ops->close(h->up, &k[i]);
    return on ? x.err : FUTU_OK;
}

static size_t pushes_of(const struct harness *h, int32_t sub_type)
{
    size_t n = 0;
    for (size_t i = 0; i < h->n_push; i++)
        n += h->push[i].key.sub_type == sub_type;
    return n;
}

START_TEST(each_sub_type_has_a_first_push_and_pushes)
{
    struct harness h;
    struct stream_key k[ARRAY_LEN(sub_types)];
    char why[128];
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    for (size_t i = 0; i < ARRAY_LEN(k); i++)
        k[i] = key(HK, "00700", sub_types[i], kl_rehab(sub_types[i]));
    ck_assert_int_eq(sub(&h, k, ARRAY_LEN(k), true, why), FUTU_OK);
    for (size_t i = 0; i < ARRAY_LEN(k); i++) {
        struct buf b = BUF_INIT;
        ck_assert_int_eq(h.up->ops->current(h.up, &k[i], &b), FUTU_OK);
        decode_with(&h, push_message(sub_types[i]), b.p, b.n);
        buf_free(&b);
    }
    ck_assert_uint_eq(h.n_push, 0);
    harness_run(&h, 5000);
    for (size_t i = 0; i < ARRAY_LEN(k); i++)
        ck_assert_msg(pushes_of(&h, sub_types[i]) > 0, "no push of sub type %d", (int)sub_types[i]);
    for (size_t i = 0; i < h.n_push; i++)
        ck_assert(h.push[i].lossless == (h.push[i].proto == 3011));
    ck_assert_int_eq(sub(&h, k, ARRAY_LEN(k), false, why), FUTU_OK);
    size_t n = h.n_push;
    harness_run(&h, 2000);
    ck_assert_uint_eq(h.n_push, n);
    ck_assert(timers_next(&h.timers) == TIMER_NEVER);
    harness_stop(&h);
}
END_TEST

START_TEST(k_line_pushes_carry_their_type_and_rehab)
{
    struct harness h;
    char why[128];
    struct stream_key k[] = { key(HK, "00700", 11, 0), key(HK, "00700", 11, 1) };
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    ck_assert_int_eq(sub(&h, k, 2, true, why), FUTU_OK);
    harness_run(&h, 3000);
    bool seen[2] = { false, false };
    for (size_t i = 0; i < h.n_push; i++) {
        const Qot_UpdateKL_S2C *s = ((Qot_UpdateKL_Response *)h.push[i].response)->s2c;
        ck_assert_int_eq(s->rehabType, h.push[i].key.rehab);
        ck_assert_int_eq(s->klType, 1);
        seen[s->rehabType] = true;
    }
    ck_assert(seen[0] && seen[1]);
    UsedQuota_C2S q = { 0 };
    UsedQuota_Response *r = ASK(&h, 1010, UsedQuota, &q);
    assert_ok(r);
    ck_assert_int_eq(r->s2c->usedSubQuota, 1);
    harness_stop(&h);
}
END_TEST

START_TEST(a_bar_that_closed_is_sent_once_more)
{
    struct harness h;
    char why[128];
    struct stream_key k = key(HK, "00700", 11, 0);
    harness_start(&h, NULL, WEDNESDAY_10_HK + 30 * NS_PER_S, 0);
    ck_assert_int_eq(sub(&h, &k, 1, true, why), FUTU_OK);
    harness_run(&h, 60000);
    bool closed = false;
    for (size_t i = 0; i < h.n_push; i++) {
        const Qot_UpdateKL_S2C *s = ((Qot_UpdateKL_Response *)h.push[i].response)->s2c;
        for (size_t n = 1; n < s->n_klList; n++)
            ck_assert_double_gt(s->klList[n].timestamp, s->klList[n - 1].timestamp);
        closed |= s->n_klList == 2 && strcmp(s->klList[0].time.p, "2025-03-12 10:01:00") == 0 &&
                  strcmp(s->klList[1].time.p, "2025-03-12 10:02:00") == 0;
    }
    ck_assert(closed);
    harness_stop(&h);
}
END_TEST

static int64_t last_seq_of(struct harness *h, const struct stream_key *k)
{
    struct buf b = BUF_INIT;
    ck_assert_int_eq(h->up->ops->current(h->up, k, &b), FUTU_OK);
    Qot_UpdateTicker_Response *r = decode_with(h, &Qot_UpdateTicker_Response_msg, b.p, b.n);
    buf_free(&b);
    ck_assert_int_eq(r->s2c->tickerList[0].pushDataType, Qot_Common_PushDataType_Cache);
    return r->s2c->tickerList[r->s2c->n_tickerList - 1].sequence;
}

START_TEST(ticks_come_gathered_without_gap_or_repeat)
{
    struct harness h;
    char why[128];
    struct stream_key k = key(HK, "00700", 4, 0);
    Qot_Common_Security s = sec(HK, "00700");
    Qot_GetTicker_C2S q = { .security = &s };
    SET(&q, maxRetNum, 1000);
    harness_start(&h, NULL, WEDNESDAY_10_HK, 500);
    ck_assert_int_eq(sub(&h, &k, 1, true, why), FUTU_OK);
    harness_run(&h, 500);
    h.n_push = 0;
    int64_t first = last_seq_of(&h, &k);
    harness_run(&h, 20000);
    Qot_GetTicker_Response *r = ASK(&h, 3010, Qot_GetTicker, &q);
    assert_ok(r);
    size_t at = 0, n = r->s2c->n_tickerList;
    while (at < n && r->s2c->tickerList[at].sequence <= first)
        at++;
    ck_assert_uint_gt(at, 0);
    ck_assert_uint_gt(h.n_push, 0);
    for (size_t i = 0; i < h.n_push; i++) {
        const Qot_UpdateTicker_S2C *p = ((Qot_UpdateTicker_Response *)h.push[i].response)->s2c;
        for (size_t j = 0; j < p->n_tickerList; j++, at++) {
            ck_assert_uint_lt(at, n);
            ck_assert_int_eq(p->tickerList[j].sequence, r->s2c->tickerList[at].sequence);
            ck_assert_double_eq(p->tickerList[j].price, r->s2c->tickerList[at].price);
            ck_assert_int_eq(p->tickerList[j].pushDataType, Qot_Common_PushDataType_Realtime);
            ck_assert(p->tickerList[j].has_recvTime);
        }
    }
    /* What the reads brought up since the last slice is not pushed yet; nothing else is missing. */
    harness_run(&h, 50);
    ck_assert_uint_ge(at + 50, n);
    harness_stop(&h);
}
END_TEST

START_TEST(quotes_and_books_are_thinned_ticks_are_not)
{
    struct harness h;
    char why[128];
    struct stream_key k[] = { key(HK, "00700", 1, 0), key(HK, "00700", 2, 0),
                              key(HK, "00700", 14, 0) };
    size_t n[2];
    for (int round = 0; round < 2; round++) {
        harness_start(&h, NULL, WEDNESDAY_10_HK, round ? 1000 : 0);
        ck_assert_int_eq(sub(&h, k, 3, true, why), FUTU_OK);
        harness_run(&h, 10000);
        n[round] = h.n_push;
        if (round)
            for (size_t i = 0; i < ARRAY_LEN(k); i++)
                ck_assert_uint_le(pushes_of(&h, k[i].sub_type), 11);
        harness_stop(&h);
    }
    ck_assert_uint_gt(n[0], n[1]);
}
END_TEST

START_TEST(a_thinned_push_comes_in_the_end)
{
    struct harness h;
    char why[128];
    struct stream_key k = key(HK, "00700", 1, 0);
    harness_start(&h, NULL, WEDNESDAY_10_HK, 400);
    ck_assert_int_eq(sub(&h, &k, 1, true, why), FUTU_OK);
    harness_run(&h, 5000);
    ck_assert_uint_gt(h.n_push, 5);
    harness_stop(&h);
}
END_TEST

START_TEST(refused_subscriptions_change_nothing)
{
    static const struct {
        struct stream_key k;
        futu_err err;
        const char *why;
    } rows[] = {
        { { HK, 1, 0, "99999" }, FUTU_ENOTFOUND, "未知股票 99999" },
        { { 41, 1, 0, "7203" }, FUTU_ENOTFOUND, "未知股票 7203" },
        { { HK, 2, 0, "800000" }, FUTU_ENOTSUP, "OrderBook" },
        { { HK, 14, 0, "800000" }, FUTU_ENOTSUP, "Broker" },
        { { US, 14, 0, "AAPL" }, FUTU_ENOTSUP, "Broker" },
        { { HK, 22, 0, "00700" }, FUTU_ENOTSUP, "odd lot" },
        { { HK, 3, 0, "00700" }, FUTU_ENOTSUP, "SubType 3" },
    };
    struct harness h;
    char why[128];
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct stream_key k[] = { key(HK, "00005", 1, 0), rows[i].k };
        struct buf b = BUF_INIT;
        ck_assert_int_eq(sub(&h, k, 2, true, why), rows[i].err);
        ck_assert_msg(strstr(why, rows[i].why), "%s", why);
        ck_assert_int_eq(h.up->ops->current(h.up, &rows[i].k, &b), rows[i].err);
        ck_assert_uint_eq(b.n, 0);
    }
    harness_run(&h, 3000);
    ck_assert_uint_eq(h.n_push, 0);
    harness_stop(&h);
}
END_TEST

START_TEST(failed_allocations_open_nothing)
{
    char why[128];
    struct stream_key k[] = { key(HK, "00700", 1, 0), key(HK, "00005", 4, 0),
                              key(HK, "00005", 11, 1) };
    futu_err err = FUTU_ENOMEM;
    for (long n = 0; err; n++) {
        struct harness h;
        harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
        mem_fail_at(n);
        err = sub(&h, k, 3, true, why);
        mem_fail_at(-1);
        ck_assert(err == FUTU_OK || err == FUTU_ENOMEM);
        harness_run(&h, 2000);
        ck_assert(err == FUTU_OK ? h.n_push > 0 : h.n_push == 0);
        harness_stop(&h);
        ck_assert_int_lt(n, 200);
    }
}
END_TEST

START_TEST(indices_push_quotes_ticks_and_bars)
{
    struct harness h;
    char why[128];
    struct stream_key k[] = { key(HK, "800000", 1, 0), key(HK, "800000", 4, 0),
                              key(HK, "800000", 5, 0), key(HK, "800000", 11, 0) };
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    ck_assert_int_eq(sub(&h, k, 4, true, why), FUTU_OK);
    harness_run(&h, 20000);
    for (size_t i = 0; i < ARRAY_LEN(k); i++)
        ck_assert_uint_gt(pushes_of(&h, k[i].sub_type), 0);
    harness_stop(&h);
}
END_TEST

static size_t allocations;

static void *counting_alloc(size_t n)
{
    allocations++;
    return malloc(n);
}

static void *counting_realloc(void *p, size_t n)
{
    allocations++;
    return realloc(p, n);
}

START_TEST(a_warm_push_allocates_nothing)
{
    static const futu_allocator counting = { counting_alloc, counting_realloc, free };
    struct harness h;
    char why[128];
    struct stream_key k[] = { key(HK, "00700", 1, 0), key(HK, "00700", 2, 0),
                              key(HK, "00700", 14, 0) };
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    h.keep = false;
    ck_assert_int_eq(sub(&h, k, 3, true, why), FUTU_OK);
    harness_run(&h, 5000);
    size_t before = h.n_push;
    futu_set_allocator(&counting);
    harness_run(&h, 20000);
    futu_set_allocator(NULL);
    ck_assert_uint_gt(h.n_push - before, 50);
    ck_assert_uint_eq(allocations, 0);
    harness_stop(&h);
}
END_TEST

START_TEST(the_same_seed_and_clock_push_the_same_bytes)
{
    uint64_t sum[2] = { 0, 0 };
    for (int round = 0; round < 2; round++) {
        struct harness h;
        char why[128];
        struct stream_key k = key(HK, "00700", 4, 0);
        harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
        ck_assert_int_eq(sub(&h, &k, 1, true, why), FUTU_OK);
        harness_run(&h, 5000);
        for (size_t i = 0; i < h.n_push; i++) {
            const Qot_UpdateTicker_S2C *s = ((Qot_UpdateTicker_Response *)h.push[i].response)->s2c;
            for (size_t j = 0; j < s->n_tickerList; j++)
                sum[round] = sum[round] * 31 + (uint64_t)s->tickerList[j].sequence +
                             (uint64_t)(s->tickerList[j].price * 10000) +
                             (uint64_t)s->tickerList[j].volume;
        }
        harness_stop(&h);
    }
    ck_assert_uint_eq(sum[0], sum[1]);
    ck_assert_uint_ne(sum[0], 0);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, each_sub_type_has_a_first_push_and_pushes);
    tcase_add_test(tc, k_line_pushes_carry_their_type_and_rehab);
    tcase_add_test(tc, a_bar_that_closed_is_sent_once_more);
    tcase_add_test(tc, ticks_come_gathered_without_gap_or_repeat);
    tcase_add_test(tc, quotes_and_books_are_thinned_ticks_are_not);
    tcase_add_test(tc, a_thinned_push_comes_in_the_end);
    tcase_add_test(tc, refused_subscriptions_change_nothing);
    tcase_add_test(tc, failed_allocations_open_nothing);
    tcase_add_test(tc, indices_push_quotes_ticks_and_bars);
    tcase_add_test(tc, a_warm_push_allocates_nothing);
    tcase_add_test(tc, the_same_seed_and_clock_push_the_same_bytes);
}

int main(void)
{
    return run_tcase("paper pushes", add);
}
