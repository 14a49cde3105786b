/* fanout_test.c - one push in every form, slow readers, thinning, and memory that stands still. */
#include "rig.h"

#include <stdio.h>
#include <sys/uio.h>

#include "crypt/digest.h"
#include "wire/sdkws.h"

#define PUSH "0800120018002203aabbcc"
/* Qot_UpdateTicker: security and no ticks, so that it can be JSON too */
#define TICKS "080012001800220b0a09080112053030373030"

static struct rig r;

static void sub(struct peer *p, const char *codes, const int32_t *types)
{
    peer_sub(p, 10, &(struct sub_args){ codes, types, true, 1, 0, -1, false });
    peer_ok(p, 3001, 10);
}

static void ready(struct peer *p, int wire, int algo, uint8_t fmt, const int32_t *types)
{
    peer_open(p, &r, wire);
    peer_init(p, algo, fmt, false);
    sub(p, "00700", types);
}

/* A push of n bytes whose last four tell them apart. */
static void push_numbered(uint32_t proto, int32_t type, const char *code, size_t n, uint32_t number,
                          bool lossless)
{
    static uint8_t body[1 << 20];
    struct upstream_push p = { .proto = proto, .key = { .market = 1, .sub_type = type },
                               .body = body, .len = n, .made_ns = r.time.mono_ns,
                               .lossless = lossless };
    snprintf(p.key.code, sizeof(p.key.code), "%s", code);
    memset(body, 0, n);
    memcpy(body + n - 4, &number, 4);
    r.events.push(r.events.arg, &p);
}

static uint32_t number_of(const struct frame *f)
{
    uint32_t number;
    memcpy(&number, f->body + f->len - 4, 4);
    return number;
}

START_TEST(each_form_is_framed_once_and_right)
{
    enum { N = 7 };
    static const struct { int wire, algo; uint8_t fmt; } forms[N] = {
        { FUTU_WIRE_TCP, CIPHER_NONE, 0 },     { FUTU_WIRE_TCP, CIPHER_NONE, 1 },
        { FUTU_WIRE_TCP, CIPHER_AES_CBC, 0 },  { FUTU_WIRE_TCP, CIPHER_FTAES_ECB, 1 },
        { FUTU_WIRE_WS, CIPHER_NONE, 0 },      { FUTU_WIRE_WS, CIPHER_NONE, 1 },
        { FUTU_WIRE_WS, CIPHER_AES_CBC, 0 },
    };
    static const char json[] = "{\"retType\":0,\"retMsg\":\"\",\"errCode\":0,\"s2c\":{\"security\":"
                               "{\"market\":1,\"code\":\"00700\"},\"tickerList\":[]}}";
    static const char bare[] = "{\"retType\":0,\"retMsg\":\"\",\"errCode\":0,\"s2c\":{\"security\":"
                               "{\"market\":1,\"code\":\"00700\"}}}";
    struct peer p[2 * N];
    rig_init(&r, NULL);
    for (int i = 0; i < 2 * N; i++)
        ready(&p[i], forms[i % N].wire, forms[i % N].algo, forms[i % N].fmt, TYPES(4));
    rig_push(&r, 3011, 4, 0, TICKS, true);
    for (int i = 0; i < 2 * N; i++) {
        struct frame f;
        if (!forms[i % N].fmt) {
            peer_expect(&p[i], 3011, 0, 0, TICKS);
        } else {
            ck_assert(peer_next(&p[i], &f));
            ck_assert_uint_eq(f.proto, 3011);
            ck_assert_uint_eq(f.fmt, FRAME_JSON);
            ck_assert_uint_eq(f.serial, 0);
            ck_assert((f.len == strlen(json) && memcmp(f.body, json, f.len) == 0) ||
                      (f.len == strlen(bare) && memcmp(f.body, bare, f.len) == 0));
        }
        peer_nothing(&p[i]);
        peer_close(&p[i]);
    }
    rig_free(&r);
}
END_TEST

START_TEST(plain_readers_share_the_bytes)
{
    struct peer a, b, c;
    struct iovec x[4], y[4], z[4];
    rig_init(&r, NULL);
    ready(&a, FUTU_WIRE_TCP, CIPHER_NONE, 0, TYPES(1));
    ready(&b, FUTU_WIRE_TCP, CIPHER_NONE, 0, TYPES(1));
    ready(&c, FUTU_WIRE_TCP, CIPHER_AES_CBC, 0, TYPES(1));
    rig_push(&r, 3005, 1, 0, PUSH, false);
    ck_assert_uint_eq(hub_conn_output(a.c, x, 4), 1);
    ck_assert_uint_eq(hub_conn_output(b.c, y, 4), 1);
    ck_assert_uint_eq(hub_conn_output(c.c, z, 4), 1);
    ck_assert_ptr_eq(x[0].iov_base, y[0].iov_base);
    ck_assert_ptr_ne(x[0].iov_base, z[0].iov_base);
    peer_close(&b);                             /* the bytes outlive one reader */
    ck_assert_uint_eq(x[0].iov_len, FRAME_HEAD + 11);
    ck_assert_mem_eq(x[0].iov_base, "FT\xbd\x0b", 4);
    peer_expect(&a, 3005, 0, 0, PUSH);
    peer_expect(&c, 3005, 0, 0, PUSH);
    peer_close(&a);
    peer_close(&c);
    rig_free(&r);
}
END_TEST

START_TEST(a_slow_reader_gets_the_newest_of_each_stream)
{
    enum { SIZE = 10000, MANY = 2000 };
    futu_gateway_stats st = { .size = sizeof(st) };
    struct peer a, quick;
    struct frame f;
    rig_init(&r, NULL);
    ready(&a, FUTU_WIRE_TCP, CIPHER_NONE, 0, TYPES(1, 2));
    sub(&a, "00005", TYPES(1));
    ready(&quick, FUTU_WIRE_TCP, CIPHER_NONE, 0, TYPES(1));
    for (uint32_t i = 0; i < MANY; i++) {
        push_numbered(3005, 1, "00700", SIZE, i, false);
        push_numbered(3005, 1, "00005", SIZE, i, false);
        if (i == MANY / 2)
            push_numbered(3013, 2, "00700", SIZE, i, false);
        ck_assert(peer_next(&quick, &f));
        ck_assert_uint_eq(number_of(&f), i);
        ck_assert_uint_lt(hub_conn_queued(a.c), (256 << 10) + 4 * SIZE);
    }
    uint32_t last = 0, n = 0, books = 0;
    while (peer_next(&a, &f)) {
        if (f.proto == 3013)
            books++;
        else
            last = number_of(&f);
        n++;
    }
    ck_assert_uint_eq(last, MANY - 1);
    ck_assert_uint_eq(books, 1);
    ck_assert_uint_lt(n, 40);
    ck_assert_int_eq(hub_stats_get(r.hub, &st), FUTU_OK);
    ck_assert_uint_eq(st.conflated + n, 2 * MANY + 1);
    ck_assert_uint_eq(st.cut_slow, 0);
    push_numbered(3005, 1, "00700", SIZE, 7777, false);     /* and it goes on as before */
    ck_assert(peer_next(&a, &f));
    ck_assert_uint_eq(number_of(&f), 7777);
    peer_close(&a);
    peer_close(&quick);
    rig_free(&r);
}
END_TEST

START_TEST(what_is_being_written_is_not_replaced)
{
    struct peer a;
    struct iovec iov[64];
    struct frame f;
    rig_init(&r, NULL);
    ready(&a, FUTU_WIRE_TCP, CIPHER_NONE, 0, TYPES(1));
    for (uint32_t i = 0; i < 10; i++)
        push_numbered(3005, 1, "00700", 60000, i, false);  /* 0 to 4 wait, the last replaced to 9 */
    size_t n = hub_conn_output(a.c, iov, 64);
    ck_assert_uint_eq(n, 5);
    ck_assert(hub_conn_at_boundary(a.c));
    for (uint32_t i = 10; i < 20; i++)
        push_numbered(3005, 1, "00700", 60000, i, false);
    for (size_t i = 0; i < n; i++) {
        uint32_t number;
        ck_assert_uint_eq(iov[i].iov_len, FRAME_HEAD + 60000);
        memcpy(&number, (uint8_t *)iov[i].iov_base + iov[i].iov_len - 4, 4);
        ck_assert_uint_eq(number, i < 4 ? i : 9);
    }
    hub_conn_sent(a.c, 100);                                /* part of the first */
    ck_assert(!hub_conn_at_boundary(a.c));
    ck_assert_uint_eq(hub_conn_output(a.c, iov, 64), 6);
    ck_assert_uint_eq(iov[0].iov_len, FRAME_HEAD + 60000 - 100);
    hub_conn_sent(a.c, iov[0].iov_len);
    ck_assert(hub_conn_at_boundary(a.c));
    static const uint32_t want[] = { 1, 2, 3, 9, 19 };
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        ck_assert(peer_next(&a, &f));
        ck_assert_uint_eq(number_of(&f), want[i]);
    }
    peer_nothing(&a);
    peer_close(&a);
    rig_free(&r);
}
END_TEST

START_TEST(ticks_are_never_left_out_the_reader_is_cut)
{
    futu_gateway_stats st = { .size = sizeof(st) };
    struct peer a;
    struct frame f;
    uint32_t pushed = 0, n = 0;
    rig_init(&r, NULL);
    ready(&a, FUTU_WIRE_TCP, CIPHER_NONE, 0, TYPES(4));
    a.stalled = true;
    while (a.closes == 0) {
        push_numbered(3011, 4, "00700", 50000, pushed++, true);
        hub_flush(r.hub);
        ck_assert_uint_lt(pushed, 1000);
    }
    ck_assert_int_eq(a.closed, FUTU_ELIMIT);
    ck_assert_ptr_nonnull(strstr(a.reason, "too slowly"));
    ck_assert_uint_eq(a.closes, 1);
    ck_assert_uint_lt(hub_conn_queued(a.c), (8u << 20) + 100000);
    a.stalled = false;
    while (peer_next(&a, &f))                       /* all that had been queued, without a gap */
        ck_assert_uint_eq(number_of(&f), n++);
    ck_assert_uint_gt(n, 8000000 / 50100);
    ck_assert_int_eq(hub_stats_get(r.hub, &st), FUTU_OK);
    ck_assert_uint_eq(st.cut_slow, 1);
    ck_assert_uint_eq(st.conflated, 0);
    peer_close(&a);
    rig_free(&r);
}
END_TEST

START_TEST(an_unread_order_push_cuts_rather_than_is_lost)
{
    static uint8_t body[60000] = { 8, 0 };
    static const char named[] = "0a020807";
    struct peer a;
    uint32_t n = 0;
    rig_init(&r, NULL);
    peer_open(&a, &r, FUTU_WIRE_TCP);
    peer_init(&a, CIPHER_NONE, 0, false);
    peer_send_hex(&a, 2008, 2, named);
    peer_ok(&a, 2008, 2);
    a.free_on_close = true;                         /* the owner frees it from inside on_close */
    for (; a.c && n < 1000; n++) {
        r.events.trade(r.events.arg, 7, 2208, body, sizeof(body));
        hub_flush(r.hub);
    }
    ck_assert_ptr_null(a.c);
    ck_assert_int_eq(a.closed, FUTU_ELIMIT);
    ck_assert_uint_gt(n, 100);
    r.events.trade(r.events.arg, 7, 2208, body, sizeof(body));
    peer_close(&a);
    rig_free(&r);
}
END_TEST

START_TEST(keep_alive_does_not_wait_behind_pushes)
{
    struct peer a;
    struct iovec iov[2];
    struct frame f;
    rig_init(&r, NULL);
    ready(&a, FUTU_WIRE_TCP, CIPHER_NONE, 0, TYPES(1));
    for (uint32_t i = 0; i < 5; i++)
        push_numbered(3005, 1, "00700", 1000, i, false);
    ck_assert_uint_eq(hub_conn_output(a.c, iov, 2), 2);
    hub_conn_sent(a.c, 10);                         /* the first push has begun */
    ck_assert_uint_eq(hub_conn_output(a.c, iov, 2), 2);
    peer_send_hex(&a, 1004, 9, "0a020801");         /* behind what is out: pushes 0 and 1 */
    peer_send_hex(&a, 1004, 10, "0a020801");
    hub_conn_sent(a.c, iov[0].iov_len + iov[1].iov_len);
    peer_ok(&a, 1004, 9);
    peer_ok(&a, 1004, 10);
    for (uint32_t i = 2; i < 5; i++) {
        ck_assert(peer_next(&a, &f));
        ck_assert_uint_eq(number_of(&f), i);
    }
    peer_nothing(&a);
    peer_close(&a);
    rig_free(&r);
}
END_TEST

START_TEST(asking_without_reading_ends_in_a_cut)
{
    struct peer a;
    uint32_t n = 0;
    uint8_t bytes[128];
    struct buf one = { bytes, 0, sizeof(bytes), sizeof(bytes) };
    rig_init(&r, NULL);
    ready(&a, FUTU_WIRE_TCP, CIPHER_NONE, 0, TYPES(4));
    frame_write(&one, 1004, 0, 9, "\x0a\x02\x08\x01", 4, NULL);
    for (; a.closes == 0 && n < 400000; n++) {      /* nothing else, and behind ticks */
        if (n % 3 == 0)
            push_numbered(3011, 4, "00700", 10, n, true);
        peer_feed(&a, one.p, one.n);
        hub_flush(r.hub);
    }
    ck_assert_int_eq(a.closed, FUTU_ELIMIT);
    ck_assert_uint_lt(n, 200000);
    peer_close(&a);
    rig_free(&r);
}
END_TEST

START_TEST(thinned_to_the_newest_per_interval)
{
    struct hub_opts o = { .push_interval_ms = 500 };
    struct peer a;
    struct frame f;
    rig_init(&r, &o);
    ready(&a, FUTU_WIRE_TCP, CIPHER_NONE, 0, TYPES(1, 5));
    for (uint32_t i = 0; i < 4; i++) {              /* at 0, 100, 200, 300 ms */
        push_numbered(3005, 1, "00700", 100, i, false);
        push_numbered(3009, 5, "00700", 100, i, false);     /* never thinned */
        rig_pass(&r, 100 * NS_PER_MS);
    }
    static const uint32_t first[] = { 0, 0, 1, 2, 3 };
    for (size_t i = 0; i < ARRAY_LEN(first); i++) {
        ck_assert(peer_next(&a, &f));
        ck_assert_uint_eq(number_of(&f), first[i]);
    }
    peer_nothing(&a);
    rig_pass(&r, 99 * NS_PER_MS);
    peer_nothing(&a);
    rig_pass(&r, 1 * NS_PER_MS);
    ck_assert(peer_next(&a, &f));
    ck_assert_uint_eq(number_of(&f), 3);
    rig_pass(&r, 2000 * NS_PER_MS);
    peer_nothing(&a);
    push_numbered(3005, 1, "00700", 100, 9, false);
    ck_assert(peer_next(&a, &f));
    push_numbered(3005, 1, "00700", 100, 10, false);
    peer_close(&a);                                 /* with one held back */
    rig_pass(&r, 70 * NS_PER_S);
    rig_free(&r);
}
END_TEST

/* ---- steady state ---- */

static size_t allocations;

static void *count_alloc(size_t n)
{
    allocations++;
    return malloc(n);
}

static void *count_realloc(void *p, size_t n)
{
    allocations++;
    return realloc(p, n);
}

static const futu_allocator counting = { count_alloc, count_realloc, free };

/* Takes what waits, as a listener does, without a copy. */
static void drain(struct peer *p)
{
    struct iovec iov[16];
    size_t n;
    while ((n = hub_conn_output(p->c, iov, 16)) > 0) {
        size_t all = 0;
        for (size_t k = 0; k < n; k++)
            all += iov[k].iov_len;
        hub_conn_sent(p->c, all);
    }
}

START_TEST(a_steady_flow_allocates_nothing)
{
    enum { N = 20 };
    struct peer p[N];
    struct buf rq[N] = { BUF_INIT };
    futu_set_allocator(&counting);
    rig_init(&r, NULL);
    for (int i = 0; i < N; i++) {
        bool aes = i % 5 == 0;
        ready(&p[i], i % 2 ? FUTU_WIRE_WS : FUTU_WIRE_TCP, aes ? CIPHER_AES_CBC : CIPHER_NONE,
              i % 3 == 0, TYPES(4));
        frame_write(&rq[i], 1005, 0, 3, "\x0a\x00", 2, &p[i].cipher);
    }
    r.fake.at_once = true;
    r.fake.answer = HEX_OK;
    for (int round = 0; round < 50; round++) {
        if (round == 10)
            allocations = 0;
        for (int k = 0; k < 3; k++)
            rig_push(&r, 3011, 4, 0, TICKS, true);
        for (int i = 0; i < N; i++) {
            ck_assert_int_eq(peer_feed(&p[i], rq[i].p, rq[i].n), FUTU_OK);
            drain(&p[i]);
        }
        hub_flush(r.hub);
    }
    ck_assert_uint_eq(r.fake.requests, 50 * N);
    ck_assert_uint_eq(allocations, 0);
    for (int i = 0; i < N; i++) {
        peer_close(&p[i]);
        buf_free(&rq[i]);
    }
    rig_free(&r);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, each_form_is_framed_once_and_right);
    tcase_add_test(tc, plain_readers_share_the_bytes);
    tcase_add_test(tc, a_slow_reader_gets_the_newest_of_each_stream);
    tcase_add_test(tc, what_is_being_written_is_not_replaced);
    tcase_add_test(tc, ticks_are_never_left_out_the_reader_is_cut);
    tcase_add_test(tc, an_unread_order_push_cuts_rather_than_is_lost);
    tcase_add_test(tc, keep_alive_does_not_wait_behind_pushes);
    tcase_add_test(tc, asking_without_reading_ends_in_a_cut);
    tcase_add_test(tc, thinned_to_the_newest_per_interval);
    tcase_add_test(tc, a_steady_flow_allocates_nothing);
}

int main(void)
{
    return run_tcase("fanout", add);
}
