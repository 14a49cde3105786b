/* guard_rig.h - what the tests of trade writes share: one key with a caller, and orders of it. */
#ifndef TEST_UNIT_GATEWAY_GUARD_RIG_H
#define TEST_UNIT_GATEWAY_GUARD_RIG_H

#include "rails.h"

#define ALL "\"qot:read\",\"acc:read\",\"trade:real\",\"trade:simulate\",\"trade:unlock\""
#define REAL Trd_Common_TrdEnv_Real

static struct rails k;
static struct told t, u;
static futu_conn *c;
static bool all_orders;         /* what modify() changes */

static inline void start(const char *scopes, const char *more)
{
    rails_begin(&k);
    rails_key(&k, "key", scopes, more);
    rails_save(&k);
    rails_open(&k, NULL);
    rig_answer(&k.r, 2001, REFUSED);        /* the look-up of cards */
    c = rails_caller(&k, IFACE_GRPC, "key");
    memset(&t, 0, sizeof(t));
    memset(&u, 0, sizeof(u));
}

static inline void stop(void)
{
    told_free(&t);
    told_free(&u);
    rails_close(&k);
}

static inline void sent(uint32_t proto)
{
    rails_written(&k);
    ck_assert_uint_eq(rig_waiting(&k.r, proto), 1);
}

static inline void refused(enum deny d)
{
    ck_assert_uint_eq(t.times, 1);
    ck_assert_msg(t.deny == d, "deny %d, not %d: %s", (int)t.deny, (int)d, t.text);
    ck_assert_uint_eq(rig_waiting(&k.r, 2202) + rig_waiting(&k.r, 2205) + rig_waiting(&k.r, 2227),
                      0);
    ck_assert_uint_eq(trail_count(&k, "\"outcome\":\"request\""), 0);
}

static inline void placed_ok(const struct place *o)
{
    told_place(&t, c, o);
    sent(2202);
    rig_answer(&k.r, 2202, PLACED);
    ck_assert_msg(t.times == 1 && t.deny == DENY_NONE && t.ret == 0, "%s", t.text);
}

static inline void place_refused(const struct place *o, enum deny d)
{
    trail_clear(&k);
    told_place(&t, c, o);
    refused(d);
}

static inline void unlock_hub(void)
{
    Trd_UnlockTrade_C2S c2s = { .pwdMD5 = STR("0123456789abcdef0123456789abcdef") };
    Trd_UnlockTrade_Request rq = { &c2s };
    SET(&c2s, unlock, true);
    told_ask(&u, c, 2005, &rq);
    rails_written(&k);
    rig_answer(&k.r, 2005, HEX_OK);
    ck_assert_int_eq(u.ret, 0);
    trail_clear(&k);
}

static inline void modify(struct told *to, int32_t op, double qty, double price)
{
    static uint32_t serial;
    Common_PacketID id = { .connID = 0 };
    Trd_Common_TrdHeader header = { .trdEnv = 0 };
    Trd_ModifyOrder_C2S c2s = { .packetID = &id, .header = &header };
    Trd_ModifyOrder_Request rq = { &c2s };
    SET(&id, connID, hub_conn_id(c));
    SET(&id, serialNo, ++serial);
    SET(&header, trdEnv, 0);
    SET(&header, accID, 1001);
    SET(&header, trdMarket, 1);
    SET(&c2s, orderID, 5);
    SET(&c2s, modifyOrderOp, op);
    SET(&c2s, forAll, all_orders);
    if (qty != 0)
        SET(&c2s, qty, qty);
    if (price != 0)
        SET(&c2s, price, price);
    told_ask(to, c, 2205, &rq);
}

static inline void combo(struct told *to, double qty, double price)
{
    static uint32_t serial;
    Common_PacketID id = { .connID = 0 };
    Trd_Common_TrdHeader header = { .trdEnv = 0 };
    Trd_PlaceComboOrder_C2S c2s = { .packetID = &id, .header = &header };
    Trd_PlaceComboOrder_Request rq = { &c2s };
    SET(&id, connID, hub_conn_id(c));
    SET(&id, serialNo, ++serial);
    SET(&header, trdEnv, 0);
    SET(&header, accID, 1001);
    SET(&header, trdMarket, 1);
    SET(&c2s, qty, qty);
    SET(&c2s, orderType, 1);
    if (price != 0)
        SET(&c2s, price, price);
    told_ask(to, c, 2227, &rq);
}

#endif
