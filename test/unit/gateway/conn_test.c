/* conn_test.c - bytes in any split, bad bytes, both kinds of WebSocket message, limits, the end;
 * every failed allocation of a session; the same input gives the same output. */
#include "rig.h"

#include <stdio.h>

#include "vectors.h"
#include "wire/sdkws.h"

static struct rig r;

static void add_frame(struct buf *out, uint32_t proto, uint8_t fmt, uint32_t serial,
                      const char *hex)
{
    uint8_t body[512];
    size_t n = unhex(hex, body, sizeof(body));
    ck_assert_int_eq(frame_write(out, proto, fmt, serial, body, n, NULL), FUTU_OK);
}

/* InitConnect, Qot_Sub with push, KeepAlive, an unknown id, Qot_GetSubInfo, a JSON KeepAlive. */
static void session_bytes(struct buf *out)
{
    static const char json[] = "{\"c2s\":{\"time\":5}}";
    add_frame(out, 1001, 0, 1,
              "0a2408ac02120850794e6f726d616c180120ffffffffffffffffff0128003206507974"
              "686f6e");
    add_frame(out, 3001, 0, 2, "0a150a0908011205303037303010011002180120013001");
    add_frame(out, 1004, 0, 3, "0a0608c0b3b1ce06");
    add_frame(out, 1012, 0, 4, "");
    add_frame(out, 3003, 0, 5, "0a020801");
    ck_assert_int_eq(frame_write(out, 1004, 1, 6, json, strlen(json), NULL), FUTU_OK);
}

/* All output of a session fed in pieces of `step` bytes. */
static void play(const struct buf *in, size_t step, struct buf *out)
{
    struct peer p;
    rig_init(&r, NULL);
    r.fake.current = HEX_EMPTY;
    peer_open(&p, &r, FUTU_WIRE_TCP);
    for (size_t at = 0; at < in->n; at += step)
        ck_assert_int_eq(peer_feed(&p, in->p + at, MIN(step, in->n - at)), FUTU_OK);
    peer_take(&p);
    ck_assert_int_eq(buf_put(out, p.in.p, p.in.n), FUTU_OK);
    ck_assert_uint_eq(p.outputs, 1);
    peer_close(&p);
    rig_free(&r);
}

START_TEST(any_split_gives_the_same_answers)
{
    struct buf in = BUF_INIT, want = BUF_INIT, got = BUF_INIT;
    session_bytes(&in);
    play(&in, in.n, &want);
    ck_assert_uint_gt(want.n, 8 * FRAME_HEAD);      /* six replies and two first pushes */
    for (size_t step = 1; step < 120; step++) {
        got.n = 0;
        play(&in, step, &got);
        ck_assert_uint_eq(got.n, want.n);
        ck_assert_mem_eq(got.p, want.p, want.n);
    }
    buf_free(&in);
    buf_free(&want);
    buf_free(&got);
}
END_TEST

START_TEST(garbage_ends_only_its_own_connection)
{
    static const struct { const char *bytes; size_t n; } bad[] = {
        { "GET / HTTP/1.1\r\n\r\n", 18 }, { "\0", 1 }, { "F\0", 2 }, { "\x16\x03\x01\x02\x00", 5 },
        { "FU", 2 },
    };
    struct peer good;
    rig_init(&r, NULL);
    peer_open(&good, &r, FUTU_WIRE_TCP);
    peer_init(&good, CIPHER_NONE, 0, false);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct peer p;
        peer_open(&p, &r, FUTU_WIRE_TCP);
        ck_assert_int_eq(peer_feed(&p, bad[i].bytes, bad[i].n), FUTU_EPROTO);
        ck_assert_int_eq(peer_feed(&p, "FT", 2), FUTU_EPROTO);      /* it stays ended */
        peer_nothing(&p);
        ck_assert_uint_eq(p.closes, 0);             /* the return value has said it */
        peer_close(&p);
    }
    peer_send_hex(&good, 1004, 2, "0a0608c0b3b1ce06");
    peer_ok(&good, 1004, 2);
    peer_close(&good);
    rig_free(&r);
}
END_TEST

START_TEST(a_body_over_10_mib_is_refused_by_its_header)
{
    uint8_t head[FRAME_HEAD];
    const uint8_t zero[20] = { 0 };
    struct peer p;
    rig_init(&r, NULL);
    peer_open(&p, &r, FUTU_WIRE_TCP);
    peer_init(&p, CIPHER_NONE, 0, false);
    frame_head_write(head, 1004, 0, 2, 50u << 20, zero);
    mem_fail_at(0);                                 /* nothing may be allocated for it */
    ck_assert_int_eq(peer_feed(&p, head, sizeof(head)), FUTU_EPROTO);
    ck_assert(!mem_failed());
    mem_fail_at(-1);
    peer_close(&p);
    rig_free(&r);
}
END_TEST

START_TEST(garbage_after_good_frames_leaves_their_replies)
{
    struct buf in = BUF_INIT;
    struct peer p;
    rig_init(&r, NULL);
    peer_open(&p, &r, FUTU_WIRE_TCP);
    add_frame(&in, 1001, 0, 1, "0a0608ac02120174");
    add_frame(&in, 1004, 0, 2, "0a020801");
    buf_puts(&in, "rubbish");
    ck_assert_int_eq(peer_feed(&p, in.p, in.n), FUTU_EPROTO);
    peer_ok(&p, 1001, 1);
    peer_ok(&p, 1004, 2);
    peer_close(&p);
    buf_free(&in);
    rig_free(&r);
}
END_TEST

START_TEST(websocket_messages_of_both_kinds)
{
    struct buf in = BUF_INIT;
    struct peer ft, sdk, bad;
    uint8_t m[64];
    rig_init(&r, NULL);
    peer_open(&ft, &r, FUTU_WIRE_WS);
    add_frame(&in, 1001, 0, 1, "0a0608ac02120174");
    add_frame(&in, 1004, 0, 2, "0a020801");
    ck_assert_int_eq(peer_feed(&ft, in.p, in.n), FUTU_OK);      /* two frames in one message */
    peer_ok(&ft, 1001, 1);
    peer_ok(&ft, 1004, 2);
    sdkws_write_request(m, 1004, 5);
    ck_assert_int_eq(peer_feed(&ft, m, 20), FUTU_EPROTO);       /* the kind does not change */
    peer_open(&sdk, &r, FUTU_WIRE_WS);
    sdkws_write_request(m, SDKWS_INIT, 2);
    ck_assert_int_eq(peer_feed(&sdk, m, 20), FUTU_OK);
    ck_assert_int_eq(peer_feed(&sdk, in.p, in.n), FUTU_EPROTO);
    static const size_t cuts[] = { 0, 7, 8, 19, 43, 50 };
    for (size_t i = 0; i < ARRAY_LEN(cuts); i++) {  /* parts of a frame, or of a header */
        peer_open(&bad, &r, FUTU_WIRE_WS);
        ck_assert_int_eq(peer_feed(&bad, in.p, cuts[i]), FUTU_EPROTO);
        peer_close(&bad);
        if (cuts[i] >= 20)
            continue;
        peer_open(&bad, &r, FUTU_WIRE_WS);
        ck_assert_int_eq(peer_feed(&bad, m, cuts[i]), FUTU_EPROTO);
        peer_close(&bad);
    }
    peer_close(&ft);
    peer_close(&sdk);
    buf_free(&in);
    rig_free(&r);
}
END_TEST

START_TEST(no_more_than_max_connections)
{
    struct hub_opts o = { .max_connections = 3 };
    futu_conn_opts co = FUTU_CONN_OPTS_INIT;
    futu_conn *extra;
    struct peer p[3];
    rig_init(&r, &o);
    for (int i = 0; i < 3; i++)
        peer_open(&p[i], &r, FUTU_WIRE_TCP);
    ck_assert_int_eq(hub_conn_new(r.hub, &extra, &co), FUTU_ELIMIT);
    ck_assert_ptr_null(extra);
    peer_close(&p[1]);
    peer_open(&p[1], &r, FUTU_WIRE_TCP);
    co.wire = 7;
    ck_assert_int_eq(hub_conn_new(r.hub, &extra, &co), FUTU_EINVAL);
    for (int i = 0; i < 3; i++)
        peer_close(&p[i]);
    rig_free(&r);
}
END_TEST

START_TEST(the_end_of_the_gateway_closes_all)
{
    struct peer p[3];
    rig_init(&r, NULL);
    for (int i = 0; i < 3; i++) {
        peer_open(&p[i], &r, FUTU_WIRE_TCP);
        peer_init(&p[i], CIPHER_NONE, 0, false);
        peer_sub(&p[i], 2, &(struct sub_args){ "00700", TYPES(1), true, 1, 0, -1, false });
        peer_send_hex(&p[i], 1005, 3, "0a00");
        p[i].free_on_close = i == 1;
    }
    hub_free(r.hub);
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_eq(p[i].closes, 1);
        ck_assert_int_eq(p[i].closed, FUTU_ECANCELED);
        buf_free(&p[i].in);
        arena_free(&p[i].arena);
    }
    ck_assert_uint_eq(r.fake.cancelled, 3);
    ck_assert(timers_next(&r.timers) == TIMER_NEVER);
    hub_free(NULL);
    hub_conn_free(NULL);
}
END_TEST

START_TEST(bad_options)
{
    struct hub_opts o = { .websocket_key_md5 = "e10adc3949ba59abbe56e057f20f883" };
    struct hub *h;
    struct timers t = { 0 };
    ck_assert_int_eq(rig_try(&r, &o), FUTU_EINVAL);
    o.websocket_key_md5 = "g10adc3949ba59abbe56e057f20f883e";
    ck_assert_int_eq(rig_try(&r, &o), FUTU_EINVAL);
    o = (struct hub_opts){ .push_proto_fmt = 2 };
    ck_assert_int_eq(rig_try(&r, &o), FUTU_EINVAL);
    o = (struct hub_opts){ .clock = clock_system };
    ck_assert_int_eq(hub_new(&h, &o), FUTU_EINVAL);
    o.timers = &t;
    ck_assert_int_eq(hub_new(&h, &o), FUTU_OK);
    hub_free(h);
}
END_TEST

START_TEST(many_at_once)
{
    enum { N = 3000 };
    static futu_conn *c[N];
    futu_conn_opts o = FUTU_CONN_OPTS_INIT;
    struct buf in = BUF_INIT;
    rig_init(&r, NULL);
    session_bytes(&in);
    for (int i = 0; i < N; i++) {
        ck_assert_int_eq(hub_conn_new(r.hub, &c[i], &o), FUTU_OK);
        hub_conn_feed(c[i], in.p, FRAME_HEAD + 38);
        hub_flush(r.hub);
        hub_conn_sent(c[i], hub_conn_queued(c[i]));
    }
    for (int i = 0; i < N; i += 2)
        hub_conn_free(c[i]);
    for (int i = 1; i < N; i += 2)
        hub_conn_free(c[i]);
    buf_free(&in);
    rig_free(&r);
}
END_TEST

/* ---- every allocation of a session fails in turn ---- */

static const struct {
    uint32_t proto;
    const char *hex, *json;
} steps[] = {
    { 3001, "0a1b 0a0908011205303037303010011004 1006 1801 2001 2801 2802 3001", NULL },
    { 3001, NULL, "{\"c2s\":{\"securityList\":[{\"market\":1,\"code\":\"00005\"}],\"subTypeList\":"
                  "[1,2,6],\"isSubOrUnSub\":true,\"isRegOrUnRegPush\":true}}" },
    { 3002, "0a0f 0a09080112053030373030 1001 2001", NULL },
    { 3003, "0a020801", NULL },
    { 1004, "0a020801", NULL },
    { 1007, "0a00", NULL },
    { 2008, "0a0408010802", NULL },
    { 3004, "0a0b 0a09080112053030373030", NULL },
    { 1002, "0a020800", NULL },
    { 1010, NULL, "{\"c2s\":{}}" },
    { 2005, "0a020801", NULL },
    { 2202, "0a26 0a0c 088180f09d99ddbf92611063 1206 0801 1001 1801 1801 2001 2a0178"
            " 310000000000005940", NULL },
    { 2202, "0a26 0a0c 088180f09d99ddbf92611063 1206 0801 1001 1801 1801 2001 2a0178"
            " 310000000000005940", NULL },
    { 3203, "0a0b 0a09080112053030373030", NULL },
    { 77, "", NULL },
};

/* Allocates nothing itself. */
static void feed_step(struct peer *p, uint32_t proto, const char *hex, const char *json)
{
    static uint8_t room[1024];
    uint8_t bytes[256];
    struct buf out = { room, 0, sizeof(room), sizeof(room) };
    size_t n = json ? 0 : unhex(hex, bytes, sizeof(bytes));
    ck_assert_int_eq(frame_write(&out, proto, json != NULL, 5, json ? (const uint8_t *)json : bytes,
                                 json ? strlen(json) : n, &p->cipher), FUTU_OK);
    peer_feed(p, out.p, out.n);
}

static void take(struct peer *p)
{
    hub_conn_sent(p->c, hub_conn_queued(p->c));
}

/* After the step in which it failed memory is back: what comes then must work. */
static bool failed_in_step(bool *failed)
{
    bool now = mem_failed();
    if (now)
        mem_fail_at(-1);
    *failed = *failed || now;
    return now;
}

static void events(struct rig *x)
{
    static const uint8_t body[] = { 8, 0 };
    rig_push(x, 3005, 1, 0, "0800", false);
    x->events.trade(x->events.arg, 1, 2208, body, sizeof(body));
    x->events.notify(x->events.arg, 1003, body, sizeof(body));
}

static bool begin(struct rig *x, struct peer *p, int algo)
{
    futu_conn_opts o = FUTU_CONN_OPTS_INIT;
    if (rig_try(x, NULL))
        return false;
    memset(p, 0, sizeof(*p));
    x->fake.at_once = true;
    x->fake.answer = "0800120018002202 0a00";
    x->fake.current = HEX_EMPTY;
    p->r = x;
    p->cipher.algo = CIPHER_NONE;
    return hub_conn_new(x->hub, &p->c, &o) == FUTU_OK &&
           (feed_step(p, 1001,
                      algo == CIPHER_NONE ? "0a13 08ac02 120174 1801 20ffffffffffffffffff01"
                                          : "0a0a 08ac02 120174 1801 2002",
                      NULL),
            true);
}

static bool life(int algo)
{
    struct rig x;
    struct peer p;
    bool failed = false;
    x.hub = NULL;
    p.c = NULL;
    bool on = begin(&x, &p, algo);
    if (!failed_in_step(&failed) && on) {
        take(&p);
        cipher_init(&p.cipher, algo, (const uint8_t *)RIG_KEY, (const uint8_t *)RIG_IV);
        for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
            feed_step(&p, steps[i].proto, steps[i].hex, steps[i].json);
            events(&x);
            failed_in_step(&failed);
            hub_flush(x.hub);
            take(&p);
        }
    }
    if (p.c)
        hub_conn_free(p.c);
    hub_free(x.hub);
    return failed;
}

START_TEST(every_failed_allocation_is_clean)
{
    long n = 0;
    bool failed;
    do {
        mem_fail_at(n++);
        failed = life(_i ? CIPHER_AES_CBC : CIPHER_NONE);
        mem_fail_at(-1);
    } while (failed);
    ck_assert_int_gt(n, 60);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, any_split_gives_the_same_answers);
    tcase_add_test(tc, garbage_ends_only_its_own_connection);
    tcase_add_test(tc, a_body_over_10_mib_is_refused_by_its_header);
    tcase_add_test(tc, garbage_after_good_frames_leaves_their_replies);
    tcase_add_test(tc, websocket_messages_of_both_kinds);
    tcase_add_test(tc, no_more_than_max_connections);
    tcase_add_test(tc, the_end_of_the_gateway_closes_all);
    tcase_add_test(tc, bad_options);
    tcase_add_test(tc, many_at_once);
    tcase_add_loop_test(tc, every_failed_allocation_is_clean, 0, 2);
}

int main(void)
{
    return run_tcase("conn", add);
}
