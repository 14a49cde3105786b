/* unlock_rig.h - Trd_UnlockTrade and orders of real accounts against a hub. */
#ifndef TEST_UNIT_GATEWAY_UNLOCK_RIG_H
#define TEST_UNIT_GATEWAY_UNLOCK_RIG_H

#include "rig.h"

#define HEX_NO "08ffffffffffffffffff01 1203 6e6f21 1800"

struct want {
    bool lock;
    int32_t firm;
    uint64_t ids[8];            /* ends with 0 */
    size_t n;                   /* 0: as many as there are before the 0 */
    const char *key, *password;
};

static inline void ur_ask(struct peer *p, uint32_t serial, const struct want *w)
{
    Trd_UnlockTrade_C2S c2s = { .idempotencyKey = str_c(w->key),
                                .accIDList = (uint64_t *)w->ids, .n_accIDList = w->n };
    const Trd_UnlockTrade_Request rq = { .c2s = &c2s };
    while (!w->n && w->ids[c2s.n_accIDList])
        c2s.n_accIDList++;
    c2s.pwdMD5 = str_c(w->password ? w->password : "0123456789abcdef0123456789abcdef");
    SET(&c2s, unlock, !w->lock);
    if (w->firm)
        SET(&c2s, securityFirm, w->firm);
    ck_assert_int_eq(peer_send_msg(p, serial, 2005, &rq), FUTU_OK);
}

struct result {
    uint64_t id;
    bool success;
    int32_t firm;
    const char *why;
};

/* The answer to the call in this place, with these results; they end with an id of 0. */
static inline void ur_answer(struct rig *r, uint32_t at, int32_t ret, const char *text,
                             const struct result *all)
{
    struct upstream_request *rq = r->fake.calls[at];
    struct buf b = BUF_INIT;
    Trd_UnlockTrade_AccResult out[8];
    Trd_UnlockTrade_S2C s2c = { .accResultList = out };
    Trd_UnlockTrade_Response rsp = { .retMsg = str_c(text), .s2c = &s2c };
    memset(out, 0, sizeof(out));
    for (; all->id; all++) {
        Trd_UnlockTrade_AccResult *o = &out[s2c.n_accResultList++];
        SET(o, accID, all->id);
        SET(o, success, all->success);
        SET(o, securityFirm, all->firm);
        o->errorMsg = str_c(all->why);
    }
    SET(&rsp, retType, ret);
    SET(&rsp, errCode, 0);
    ck_assert_int_eq(codec_encode(&Trd_UnlockTrade_Response_msg, &rsp, &b, NULL), FUTU_OK);
    r->fake.calls[at] = NULL;
    mem_fail_at(r->fake.fail_at);
    rq->done(rq, b.p, b.n);
    buf_free(&b);
}

/* Of the oldest unlock that waits. */
static inline void ur_results(struct rig *r, int32_t ret, const char *text,
                              const struct result *all)
{
    uint32_t at = 0;
    while (!r->fake.calls[at] || r->fake.calls[at]->proto != 2005)
        at++;
    ur_answer(r, at, ret, text, all);
}

static uint32_t ur_number;          /* of the last order */

/* An order of the real account goes up; what it is told then is left to the peer. */
static inline bool ur_goes_up(struct peer *p, uint64_t acc)
{
    Common_PacketID id = { .connID = 0 };
    Trd_Common_TrdHeader header = { .trdEnv = 0 };
    Trd_PlaceOrder_C2S c2s = { .packetID = &id, .header = &header, .code = STR("00700") };
    Trd_PlaceOrder_Request rq = { &c2s };
    SET(&id, connID, p->id);
    SET(&id, serialNo, ++ur_number);
    SET(&header, trdEnv, 1);
    SET(&header, accID, acc);
    SET(&header, trdMarket, 1);
    SET(&c2s, trdSide, 1);
    SET(&c2s, orderType, 1);
    SET(&c2s, qty, 100);
    ck_assert_int_eq(peer_send_msg(p, ur_number, 2202, &rq), FUTU_OK);
    bool up = rig_waiting(p->r, 2202) == 1;
    if (up)
        rig_answer(p->r, 2202, HEX_OK);
    return up;
}

/* The same, with its answer taken. */
static inline bool ur_open(struct peer *p, uint64_t acc)
{
    struct frame f;
    bool up = ur_goes_up(p, acc);
    ck_assert(peer_next(p, &f));
    return up;
}

/* The account list is asked for; the firm of an account is its number's first digit. */
static inline void ur_accounts(struct rig *r, struct peer *p, const uint64_t *ids, size_t n)
{
    Trd_Common_TrdAcc list[8];
    Trd_GetAccList_C2S c2s = { .has_userID = true };
    const Trd_GetAccList_Request rq = { .c2s = &c2s };
    Trd_GetAccList_S2C s2c = { .accList = list, .n_accList = n };
    Trd_GetAccList_Response rsp = { .retMsg = STR(""), .s2c = &s2c };
    memset(list, 0, sizeof(list));
    for (size_t i = 0; i < n; i++) {
        SET(&list[i], trdEnv, 1);
        SET(&list[i], accID, ids[i]);
        SET(&list[i], securityFirm, (int32_t)(ids[i] / 10));
    }
    SET(&rsp, retType, 0);
    SET(&rsp, errCode, 0);
    ck_assert_int_eq(peer_send_msg(p, 1, 2001, &rq), FUTU_OK);
    rig_answer_msg(r, 2001, &rsp);
    peer_ok(p, 2001, 1);
}

static inline void ur_begin(struct rig *r, struct peer *p, bool forwards)
{
    const struct hub_opts o = { .frequency_limits_off = true };
    rig_init(r, &o);
    r->fake.up.forwards = forwards;
    peer_open(p, r, FUTU_WIRE_TCP);
    peer_init(p, CIPHER_NONE, 0, true);
}

static inline void ur_end(struct rig *r, struct peer *p)
{
    if (p->c)
        peer_close(p);
    rig_free(r);
}

#endif
