/* plan_rig.h - what the tests of slow subscriptions share: three clients and an upstream that waits
 * to be told. */
#ifndef TEST_UNIT_GATEWAY_PLAN_RIG_H
#define TEST_UNIT_GATEWAY_PLAN_RIG_H

#include "rig.h"

#define PUSH "0800120018002203aabbcc"
#define FIRST "0800120018002203ddeeff"

static struct rig r;
static struct peer a, b, c;
static struct peer *const all[] = { &a, &b, &c };

static inline void setup_with(const struct hub_opts *o)
{
    rig_init(&r, o);
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        peer_open(all[i], &r, FUTU_WIRE_TCP);
        peer_init(all[i], CIPHER_NONE, 0, false);
    }
    r.fake.slow = true;
}

static inline void setup(void)
{
    setup_with(NULL);
}

static inline void teardown(void)
{
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (all[i]->c)
            peer_close(all[i]);
    rig_free(&r);
}

/* Lets time pass and keeps the clients alive. */
static inline void pass(int64_t ns)
{
    for (; ns > 0; ns -= 20 * NS_PER_S) {
        rig_pass(&r, MIN(ns, 20 * NS_PER_S));
        for (size_t i = 0; i < ARRAY_LEN(all); i++) {
            if (!all[i]->c)
                continue;
            peer_send_hex(all[i], 1004, 999, "0a0608c0b3b1ce06");
            peer_ok(all[i], 1004, 999);
        }
    }
}

static inline void sub(struct peer *p, const char *codes, const int32_t *types)
{
    peer_sub(p, 10, &(struct sub_args){ codes, types, true, 1, 0, -1, false });
}

/* K-lines, pushed as they were traded: a stream beside the base one. */
static inline void sub_rehab(struct peer *p, const char *codes, int rehab, int first)
{
    peer_sub(p, 10, &(struct sub_args){ codes, TYPES(6), true, 1, first, rehab, false });
}

static inline void expect_log(const char *want)
{
    ck_assert_str_eq((const char *)r.fake.log.p, want);
    r.fake.log.n = 0;
    r.fake.log.p[0] = 0;
}

static inline uint64_t quota_used(void)
{
    futu_gateway_stats st = { .size = sizeof(st) };
    ck_assert_int_eq(hub_stats_get(r.hub, &st), FUTU_OK);
    return st.quota_used;
}

/* A push of this stream reaches those of the bits (1 a, 2 b, 4 c) and nobody else. */
static inline void push_reaches(uint32_t proto, int32_t sub_type, int rehab, unsigned who)
{
    rig_push(&r, proto, sub_type, rehab, PUSH, false);
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (who >> i & 1)
            peer_expect(all[i], proto, 0, 0, PUSH);
        if (all[i]->c)
            peer_nothing(all[i]);
    }
}

#endif
