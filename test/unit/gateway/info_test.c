/* info_test.c - Gateway_GetInfo: our own hop, the chain behind another gateway, and what is left of
 * it when that can't be asked. */
#include "rig.h"

#include <stdio.h>

#define BOOT UINT64_C(0xfedcba9876543210)

static struct rig r;
static struct peer a;
static struct upstream_ops ops;

static struct {
    bool far;                   /* the upstream knows a hop of its own kind */
    bool asked_stale;
    futu_err err;
} up;

static futu_err info(struct upstream *u, struct arena *mem, bool stale, Gateway_GetInfo_Hop *hop,
                     Gateway_GetInfo_S2C *out)
{
    (void)u;
    up.asked_stale = stale;
    hop->upstream = STR("there:11111");
    SET(hop, gaps, 3);
    if (up.far) {
        Gateway_GetInfo_Hop *far = &out->hopList[out->n_hopList++];
        far->name = STR("OpenD 10.2");
        far->upstream = STR("");
        SET(far, bootID, 0);
    }
    if (stale) {
        Qot_Common_Security *sec = ARENA_ARRAY(mem, Qot_Common_Security, 1);
        out->staleList = ARENA_ARRAY(mem, Gateway_GetInfo_Stale, 1);
        if (!sec || !out->staleList)
            return FUTU_ENOMEM;
        SET(sec, market, 1);
        sec->code = STR("00700");
        out->n_staleList = 1;
        out->staleList[0].security = sec;
        out->staleList[0].reason = STR("asleep");
        SET(&out->staleList[0], lastMs, 5);
    }
    return up.err;
}

static void setup(void)
{
    struct hub_opts o = { .boot_id = BOOT };
    memset(&up, 0, sizeof(up));
    rig_init(&r, &o);
    ops = *r.fake.up.ops;
    ops.info = info;
    r.fake.up.ops = &ops;
    peer_open(&a, &r, FUTU_WIRE_TCP);
    peer_init(&a, CIPHER_NONE, 0, false);
}

static void teardown(void)
{
    if (a.c)
        peer_close(&a);
    rig_free(&r);
}

static Gateway_GetInfo_S2C *reply(void)
{
    Gateway_GetInfo_Response *rsp = peer_reply(&a, 60001, 5);
    ck_assert_int_eq(rsp->retType, 0);
    ck_assert_ptr_nonnull(rsp->s2c);
    peer_nothing(&a);
    return rsp->s2c;
}

static void check_own(const Gateway_GetInfo_S2C *s)
{
    const Gateway_GetInfo_Hop *hop = &s->hopList[0];
    char name[64];
    snprintf(name, sizeof(name), "futu-opend %s", futu_version());
    ck_assert_str_eq(hop->name.p, name);
    ck_assert_uint_eq(hop->bootID, BOOT);
    ck_assert_int_eq(hop->startedMs, RIG_WALL / NS_PER_MS);
    ck_assert_str_eq(hop->upstream.p, "there:11111");
    ck_assert_uint_eq(hop->gaps, 3);
}

START_TEST(alone_a_gateway_is_one_hop)
{
    peer_send_hex(&a, 60001, 5, "0a00");
    Gateway_GetInfo_S2C *s = reply();
    ck_assert_uint_eq(s->n_hopList, 1);
    ck_assert_uint_eq(s->n_staleList, 0);
    ck_assert(!up.asked_stale);
    check_own(s);
    ck_assert_uint_eq(r.fake.requests, 0);
    up.far = true;
    peer_send_hex(&a, 60001, 5, "0a020801");
    s = reply();
    ck_assert_uint_eq(s->n_hopList, 2);
    ck_assert_str_eq(s->hopList[1].name.p, "OpenD 10.2");
    ck_assert_uint_eq(s->n_staleList, 1);
    ck_assert_str_eq(s->staleList[0].security->code.p, "00700");
}
END_TEST

START_TEST(without_a_boot_id_of_its_own_each_run_has_another)
{
    uint64_t ids[2];
    for (int i = 0; i < 2; i++) {
        teardown();
        rig_init(&r, NULL);
        peer_open(&a, &r, FUTU_WIRE_TCP);
        peer_init(&a, CIPHER_NONE, 0, false);
        peer_send_hex(&a, 60001, 5, "0a00");
        ids[i] = reply()->hopList[0].bootID;
        ck_assert_uint_ne(ids[i], 0);
    }
    ck_assert_uint_ne(ids[0], ids[1]);
}
END_TEST

START_TEST(it_is_answered_in_json_too)
{
    struct frame f;
    peer_send(&a, 60001, FRAME_JSON, 5, "{\"c2s\":{}}", 10);
    ck_assert(peer_next(&a, &f));
    ck_assert_uint_eq(f.fmt, FRAME_JSON);
    ck_assert_ptr_nonnull(memmem(f.body, f.len, "\"upstream\":\"there:11111\"", 24));
}
END_TEST

/* The upstream answers with a chain of n gateways, each with a stale security of its own. */
static void chain(size_t n)
{
    Qot_Common_Security sec = { .code = STR("00005") };
    Gateway_GetInfo_Stale stale = { .security = &sec, .reason = STR("theirs") };
    Gateway_GetInfo_Hop hops[4] = { { .bootID = 0 } };
    Gateway_GetInfo_S2C s2c = { .n_hopList = n, .hopList = hops, .n_staleList = 1,
                                .staleList = &stale };
    Gateway_GetInfo_Response rsp = { .retMsg = STR(""), .s2c = &s2c };
    struct buf b = BUF_INIT;
    char hex[2048] = "";
    SET(&rsp, retType, 0);
    SET(&sec, market, 1);
    SET(&stale, lastMs, 0);
    for (size_t i = 0; i < n; i++) {
        hops[i].name = i ? STR("next") : STR("first");
        hops[i].upstream = STR("further");
        SET(&hops[i], bootID, 100 + i);
    }
    ck_assert_int_eq(codec_encode(&Gateway_GetInfo_Response_msg, &rsp, &b, NULL), FUTU_OK);
    for (size_t i = 0; i < b.n; i++)
        snprintf(hex + 2 * i, sizeof(hex) - 2 * i, "%02x", b.p[i]);
    buf_free(&b);
    rig_answer(&r, 60001, hex);
}

START_TEST(behind_a_gateway_its_chain_follows_ours)
{
    r.fake.up.forwards = true;
    up.far = _i > 0;            /* what our upstream guessed of it gives way */
    for (size_t n = 1; n <= 3; n++) {
        peer_send_hex(&a, 60001, 5, "0a020801");
        ck_assert_uint_eq(rig_waiting(&r, 60001), 1);
        peer_nothing(&a);
        chain(n);
        Gateway_GetInfo_S2C *s = reply();
        ck_assert_uint_eq(s->n_hopList, 1 + n);
        check_own(s);
        for (size_t i = 0; i < n; i++) {
            ck_assert_uint_eq(s->hopList[1 + i].bootID, 100 + i);
            ck_assert_str_eq(s->hopList[1 + i].name.p, i ? "next" : "first");
        }
        ck_assert_uint_eq(s->n_staleList, 1);
        ck_assert_str_eq(s->staleList[0].reason.p, "asleep");      /* of the one that was asked */
    }
}
END_TEST

static const char *const failures[] = {
    "08ffffffffffffffffff01 1203 6e6f21 1800", "089cffffffffffffffff01 1200 1800", "", "ff",
    "0800120018002203 0a0100", HEX_OK,
};

START_TEST(an_upstream_that_fails_leaves_what_we_know)
{
    r.fake.up.forwards = true;
    for (int far = 0; far < 2; far++) {
        up.far = far;
        peer_send_hex(&a, 60001, 5, "0a00");
        rig_answer(&r, 60001, failures[_i]);
        Gateway_GetInfo_S2C *s = reply();
        ck_assert_uint_eq(s->n_hopList, far ? 2 : 1);
        check_own(s);
        ck_assert(!far || str_is(s->hopList[1].name, "OpenD 10.2"));
    }
}
END_TEST

START_TEST(an_upstream_that_is_silent_is_not_waited_for)
{
    r.fake.up.forwards = true;
    peer_send_hex(&a, 60001, 5, "0a00");
    rig_pass(&r, 10 * NS_PER_S);
    peer_refused(&a, 60001, 5, -100, "业务处理超时没返回");
    peer_send_hex(&a, 60001, 5, "0a00");
    peer_close(&a);
    ck_assert_uint_eq(r.fake.cancelled, 2);
}
END_TEST

START_TEST(an_upstream_without_memory)
{
    up.err = FUTU_ENOMEM;
    peer_send_hex(&a, 60001, 5, "0a00");
    peer_refused(&a, 60001, 5, -1, "out of memory");
    r.fake.up.forwards = true;
    peer_send_hex(&a, 60001, 5, "0a00");
    rig_answer(&r, 60001, HEX_EMPTY);
    peer_expect(&a, 60001, 0, 5, HEX_EMPTY);        /* as it came */
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    static uint8_t room[256];
    struct buf out = { room, 0, sizeof(room), sizeof(room) };
    long n = 0;
    bool failed;
    ck_assert_int_eq(frame_write(&out, 60001, 0, 5, (const uint8_t *)"\x0a\x02\x08\x01", 4, NULL),
                     FUTU_OK);
    do {
        struct frame f;
        teardown();
        setup();
        up.far = true;
        r.fake.up.forwards = _i;
        mem_fail_at(n++);
        hub_conn_feed(a.c, out.p, out.n);
        if (r.fake.n_calls > 0)
            rig_answer(&r, 60001, "0800 2215 0a13 0805 1209 6120676174657761 79 1a04 68657265");
        failed = mem_failed();
        mem_fail_at(-1);
        ck_assert(peer_next(&a, &f) || a.closes == 1);
        peer_nothing(&a);
    } while (failed);
    ck_assert_int_gt(n, _i ? 3 : 1);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, alone_a_gateway_is_one_hop);
    tcase_add_test(tc, without_a_boot_id_of_its_own_each_run_has_another);
    tcase_add_test(tc, it_is_answered_in_json_too);
    tcase_add_loop_test(tc, behind_a_gateway_its_chain_follows_ours, 0, 2);
    tcase_add_loop_test(tc, an_upstream_that_fails_leaves_what_we_know, 0, ARRAY_LEN(failures));
    tcase_add_test(tc, an_upstream_that_is_silent_is_not_waited_for);
    tcase_add_test(tc, an_upstream_without_memory);
    tcase_add_loop_test(tc, every_failed_allocation_is_clean, 0, 2);
}

int main(void)
{
    return run_tcase("info", add);
}
