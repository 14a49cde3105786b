/* cache_test.c - answers of reference data: what is kept, for how long, and how much of it. */
#include "bodies.h"

#define LIFE (60 * NS_PER_S)

static struct peer p;
static struct cache *c;

static futu_str at(const struct buf *b)
{
    return b ? buf_str(b) : STR("");
}

static void put(uint32_t proto, const char *request, const char *body, int64_t now)
{
    cache_put(c, proto, str_c(request), (const uint8_t *)body, strlen(body), now);
}

START_TEST(an_answer_is_kept_for_its_time)
{
    ck_assert_int_eq(cache_new(&c, LIFE), FUTU_OK);
    put(3202, "rq", "answer", 1000);
    ck_assert(str_is(at(cache_find(c, 3202, STR("rq"), 1000 + LIFE - 1)), "answer"));
    ck_assert_ptr_null(cache_find(c, 3202, STR("rq"), 1000 + LIFE));
    ck_assert_ptr_null(cache_find(c, 3202, STR("rq"), 1000));   /* gone for good */
    cache_free(c);
}
END_TEST

START_TEST(the_key_is_protocol_and_request)
{
    ck_assert_int_eq(cache_new(&c, LIFE), FUTU_OK);
    put(3202, "rq", "one", 0);
    put(3204, "rq", "two", 0);
    put(3202, "", "three", 0);
    ck_assert(str_is(at(cache_find(c, 3202, STR("rq"), 1)), "one"));
    ck_assert(str_is(at(cache_find(c, 3204, STR("rq"), 1)), "two"));
    ck_assert(str_is(at(cache_find(c, 3202, STR(""), 1)), "three"));
    ck_assert_ptr_null(cache_find(c, 3202, STR("r"), 1));
    put(3202, "rq", "newer", 5);
    ck_assert(str_is(at(cache_find(c, 3202, STR("rq"), LIFE + 1)), "newer"));
    cache_clear(c);
    ck_assert_ptr_null(cache_find(c, 3202, STR("rq"), 6));
    cache_free(c);
    cache_free(NULL);
}
END_TEST

START_TEST(the_oldest_make_room)
{
    enum { BIG = 1 << 20 };
    uint8_t *body = mem_zalloc(5 * BIG);
    ck_assert_int_eq(cache_new(&c, LIFE), FUTU_OK);
    for (char i = 0; i < 20; i++)
        cache_put(c, 3202, (futu_str){ &i, 1 }, body, BIG, 0);
    ck_assert_ptr_null(cache_find(c, 3202, (futu_str){ "\x00", 1 }, 1));
    ck_assert_ptr_null(cache_find(c, 3202, (futu_str){ "\x04", 1 }, 1));
    ck_assert_ptr_nonnull(cache_find(c, 3202, (futu_str){ "\x05", 1 }, 1));
    ck_assert_ptr_nonnull(cache_find(c, 3202, (futu_str){ "\x13", 1 }, 1));
    cache_put(c, 3202, STR("huge"), body, 5 * BIG, 0);          /* would push out all others */
    ck_assert_ptr_null(cache_find(c, 3202, STR("huge"), 1));
    mem_free(body);
    cache_free(c);
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    for (long n = 0; test_alloc_fail_at(n); n++) {
        if (cache_new(&c, LIFE))
            continue;
        put(3202, "rq", "one", 0);
        put(3202, "rq", "two", 0);
        const struct buf *kept = cache_find(c, 3202, STR("rq"), 1);
        ck_assert(!kept || mem_failed() || str_is(buf_str(kept), "two"));
        cache_free(c);
    }
}
END_TEST

/* ---- in the relay ---- */

static void start(int64_t life)
{
    peer_prepare(&p);
    p.opts.cache_ns = life;
    ck_assert_int_eq(peer_make(&p), FUTU_OK);
    peer_pass(&p, 100 * NS_PER_MS);
}

START_TEST(a_second_question_costs_nothing)
{
    struct ask a[3] = { { .done = 0 } };
    start(LIFE);
    gate_ask(&p, &a[0], 3202, "\x0a\x00", 2);
    peer_ok(&p, peer_need(&p, 3202));
    gate_ask(&p, &a[1], 3202, "\x0a\x00", 2);
    ck_assert_uint_eq(a[1].done, 1);
    ck_assert_int_eq(a[1].ret, RET_OK);
    ck_assert_uint_eq(peer_count(&p, 3202), 1);
    peer_pass(&p, LIFE);
    gate_ask(&p, &a[2], 3202, "\x0a\x00", 2);
    ck_assert_uint_eq(a[2].done, 0);
    peer_free(&p);
}
END_TEST

START_TEST(a_failure_is_not_kept)
{
    struct ask a[2] = { { .done = 0 } };
    start(LIFE);
    gate_ask(&p, &a[0], 3202, "\x0a\x00", 2);
    peer_refuse(&p, peer_need(&p, 3202), "too frequent");
    ck_assert_str_eq(a[0].text, "too frequent");
    gate_ask(&p, &a[1], 3202, "\x0a\x00", 2);
    ck_assert_uint_eq(a[1].done, 0);
    peer_free(&p);
}
END_TEST

START_TEST(nothing_is_kept_unless_asked_and_never_prices)
{
    struct ask a[4] = { { .done = 0 } };
    start(0);
    gate_ask(&p, &a[0], 3202, "\x0a\x00", 2);
    peer_ok(&p, peer_need(&p, 3202));
    gate_ask(&p, &a[1], 3202, "\x0a\x00", 2);
    ck_assert_uint_eq(a[1].done, 0);
    peer_free(&p);
    start(LIFE);
    gate_ask(&p, &a[2], 3203, "\x0a\x00", 2);
    peer_ok(&p, peer_need(&p, 3203));
    gate_ask(&p, &a[3], 3203, "\x0a\x00", 2);
    ck_assert_uint_eq(a[3].done, 0);
    peer_free(&p);
}
END_TEST

START_TEST(another_process_upstream_empties_it)
{
    struct ask a[3] = { { .done = 0 } };
    peer_prepare(&p);
    p.opts.cache_ns = LIFE;
    p.boot_id = 1;
    ck_assert_int_eq(peer_make(&p), FUTU_OK);
    peer_pass(&p, 100 * NS_PER_MS);
    gate_ask(&p, &a[0], 3202, "\x0a\x00", 2);
    peer_ok(&p, peer_need(&p, 3202));
    peer_cut(&p, LANE_QUOTE);
    peer_pass(&p, NS_PER_S);
    gate_ask(&p, &a[1], 3202, "\x0a\x00", 2);
    ck_assert_uint_eq(a[1].done, 1);            /* the same process: it is kept */
    p.boot_id = 2;
    peer_cut(&p, LANE_QUOTE);
    peer_pass(&p, NS_PER_S);
    gate_ask(&p, &a[2], 3202, "\x0a\x00", 2);
    ck_assert_uint_eq(a[2].done, 0);
    peer_free(&p);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, an_answer_is_kept_for_its_time);
    tcase_add_test(tc, the_key_is_protocol_and_request);
    tcase_add_test(tc, the_oldest_make_room);
    tcase_add_test(tc, every_failed_allocation_is_clean);
    tcase_add_test(tc, a_second_question_costs_nothing);
    tcase_add_test(tc, a_failure_is_not_kept);
    tcase_add_test(tc, nothing_is_kept_unless_asked_and_never_prices);
    tcase_add_test(tc, another_process_upstream_empties_it);
}

int main(void)
{
    return run_tcase("cache", add);
}
