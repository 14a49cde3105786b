/* calls_trd.c - the account and order calls of futu/calls.h. */
#include "api/calls.h"
#include "api/opts.h"
#include "client/client.h"
#include "crypt/digest.h"
#include "crypt/secret.h"
#include "market/market.h"

enum { MAX_KEY = 64 };          /* bytes of an idempotencyKey */

static futu_err header(futu_client *c, const futu_account *acc, Trd_Common_TrdHeader *out)
{
    memset(out, 0, sizeof(*out));
    if (!acc)
        return call_refuse(c, FUTU_EINVAL, "the account is NULL");
    SET(out, trdEnv, acc->env);
    SET(out, accID, acc->id);
    SET(out, trdMarket, acc->market);
    return FUTU_OK;
}

/* ---- accounts ---- */

static futu_err call_get_accounts(futu_client *c, struct call_form form)
{
    Trd_GetAccList_C2S q = { 0 };
    const Trd_GetAccList_Request request = { .c2s = &q };
    SET(&q, userID, futu_client_user_id(c));
    SET(&q, trdCategory, Trd_Common_TrdCategory_Security);
    SET(&q, needGeneralSecAccount, true);
    return call_run(c, 2001, &request, form);
}
CALL_PLAIN(get_accounts)

static bool may_trade(const Trd_Common_TrdAcc *a, int32_t market)
{
    for (size_t i = 0; i < a->n_trdMarketAuthList; i++)
        if (a->trdMarketAuthList[i] == market)
            return true;
    return false;
}

futu_err futu_account_pick(const futu_reply *r, int32_t env, int32_t market, futu_account *out)
{
    const Trd_GetAccList_Response *m = r ? futu_reply_msg(r) : NULL;
    if (!m || r->row->id != 2001 || !m->s2c)
        return FUTU_EINVAL;
    for (size_t i = 0; i < m->s2c->n_accList; i++) {
        const Trd_Common_TrdAcc *a = &m->s2c->accList[i];
        if (a->trdEnv != env || !may_trade(a, market))
            continue;
        *out = (futu_account){ a->accID, env, market };
        return FUTU_OK;
    }
    return FUTU_ENOTFOUND;
}

/* Judged here because a gateway that does not know keys would not. */
static futu_err check_key(futu_client *c, const char *key)
{
    size_t n = key ? strlen(key) : 1;
    if (n >= 1 && n <= MAX_KEY)
        return FUTU_OK;
    return call_refuse(c, FUTU_EFORMAT, "the idempotency key has %zu bytes, not 1 to %d", n,
                       MAX_KEY);
}

/* The encoded request stays in the engine's scratch buffer until the next one: wiped. */
static futu_err send_unlock(futu_client *c, const futu_unlock *u, struct call_form form)
{
    uint8_t digest[16];
    char hex[33];
    Trd_UnlockTrade_C2S q = { .pwdMD5 = STR(""), .otp = str_c(u->otp),
                              .idempotencyKey = str_c(u->idempotency_key),
                              .accIDList = (uint64_t *)u->acc_ids,      /* only read */
                              .n_accIDList = u->n_acc_ids };
    const Trd_UnlockTrade_Request request = { .c2s = &q };
    SET(&q, unlock, !u->lock);
    if (u->firm)
        SET(&q, securityFirm, u->firm);
    if (!u->lock) {
        md5(u->password, strlen(u->password), digest);
        hex_lower(digest, sizeof(digest), hex);
        q.pwdMD5 = (futu_str){ hex, 32 };
    }
    futu_err err = call_run(c, 2005, &request, form);
    client_wipe_scratch(c);
    wipe(digest, sizeof(digest));
    wipe(hex, sizeof(hex));
    return err;
}

static futu_err call_unlock_accounts(futu_client *c, const futu_unlock *what,
                                     struct call_form form)
{
    futu_unlock u;
    if (opts_copy(&u, sizeof(u), OPTS_END(futu_unlock, lock), what))
        return call_refuse(c, FUTU_EINVAL, "the unlock is NULL or of another version");
    if (!u.lock && !u.password)
        return call_refuse(c, FUTU_EINVAL, "the password is NULL");
    if (u.n_acc_ids && !u.acc_ids)
        return call_refuse(c, FUTU_EINVAL, "acc_ids is NULL");
    futu_err err = check_key(c, u.idempotency_key);
    return err ? err : send_unlock(c, &u, form);
}
CALL(unlock_accounts, (const futu_unlock *what), (what))

static futu_err call_unlock_trade(futu_client *c, const char *password, int32_t firm,
                                  struct call_form form)
{
    futu_unlock u = FUTU_UNLOCK_INIT;
    u.password = password;
    u.firm = firm;
    return call_unlock_accounts(c, &u, form);
}
CALL(unlock_trade, (const char *password, int32_t firm), (password, firm))

static futu_err call_lock_trade(futu_client *c, int32_t firm, struct call_form form)
{
    futu_unlock u = FUTU_UNLOCK_INIT;
    u.lock = 1;
    u.firm = firm;
    return call_unlock_accounts(c, &u, form);
}
CALL(lock_trade, (int32_t firm), (firm))

static futu_err call_sub_acc_push(futu_client *c, const uint64_t *ids, size_t n,
                                  struct call_form form)
{
    Trd_SubAccPush_C2S q = { .accIDList = (uint64_t *)ids, .n_accIDList = n };  /* only read */
    const Trd_SubAccPush_Request request = { .c2s = &q };
    return call_run(c, 2008, &request, form);
}
CALL(sub_acc_push, (const uint64_t *acc_ids, size_t n), (acc_ids, n))

static futu_err call_get_funds(futu_client *c, const futu_account *acc, int32_t currency,
                               bool refresh, struct call_form form)
{
    Trd_Common_TrdHeader h;
    Trd_GetFunds_C2S q = { .header = &h };
    const Trd_GetFunds_Request request = { .c2s = &q };
    futu_err err = header(c, acc, &h);
    SET(&q, refreshCache, refresh);
    if (currency)
        SET(&q, currency, currency);
    return err ? err : call_run(c, 2101, &request, form);
}
CALL(get_funds, (const futu_account *acc, int32_t currency, bool refresh), (acc, currency, refresh))

static futu_err call_get_positions(futu_client *c, const futu_account *acc, bool refresh,
                                   struct call_form form)
{
    Trd_Common_TrdHeader h;
    Trd_GetPositionList_C2S q = { .header = &h };
    const Trd_GetPositionList_Request request = { .c2s = &q };
    futu_err err = header(c, acc, &h);
    SET(&q, refreshCache, refresh);
    return err ? err : call_run(c, 2102, &request, form);
}
CALL(get_positions, (const futu_account *acc, bool refresh), (acc, refresh))

static futu_err call_get_max_qtys(futu_client *c, const futu_account *acc, const char *code,
                                  int32_t order_type, double price, struct call_form form)
{
    Trd_Common_TrdHeader h;
    Qot_Common_Security s;
    Trd_GetMaxTrdQtys_C2S q = { .header = &h };
    const Trd_GetMaxTrdQtys_Request request = { .c2s = &q };
    futu_err err = header(c, acc, &h);
    if (!err)
        err = read_code(c, code, &s);
    if (err)
        return err;
    q.code = s.code;
    SET(&q, secMarket, market_sec_market(s.market));
    SET(&q, orderType, order_type);
    SET(&q, price, price);
    return call_run(c, 2111, &request, form);
}
CALL(get_max_qtys, (const futu_account *acc, const char *code, int32_t order_type, double price),
     (acc, code, order_type, price))

/* ---- orders ---- */

static void fill_order(Trd_PlaceOrder_C2S *q, const futu_order *o)
{
    SET(q, trdSide, o->side);
    SET(q, orderType, o->type ? o->type : Trd_Common_OrderType_Normal);
    SET(q, qty, o->qty);
    SET(q, price, o->price);
    SET(q, adjustPrice, o->adjust_price != 0);
    SET(q, timeInForce, o->time_in_force);
    SET(q, fillOutsideRTH, o->outside_rth != 0);
    q->remark = str_c(o->remark);
    q->idempotencyKey = str_c(o->idempotency_key);
    if (o->aux_price != 0)
        SET(q, auxPrice, o->aux_price);
    if (o->session)
        SET(q, session, o->session);
    if (!o->trail_type)
        return;
    SET(q, trailType, o->trail_type);
    SET(q, trailValue, o->trail_value);
    SET(q, trailSpread, o->trail_spread);
}

static futu_err call_place_order(futu_client *c, const futu_account *acc, const futu_order *order,
                                 struct call_form form)
{
    Trd_Common_TrdHeader h;
    Qot_Common_Security s;
    futu_order o;
    Trd_PlaceOrder_C2S q = { .header = &h };
    const Trd_PlaceOrder_Request request = { .c2s = &q };
    if (opts_copy(&o, sizeof(o), OPTS_END(futu_order, reserved), order))
        return call_refuse(c, FUTU_EINVAL, "the order is NULL or of another version");
    futu_err err = header(c, acc, &h);
    if (!err)
        err = read_code(c, o.code, &s);
    if (!err)
        err = check_key(c, o.idempotency_key);
    if (err)
        return err;
    q.code = s.code;
    SET(&q, secMarket, market_sec_market(s.market));
    fill_order(&q, &o);
    return call_run(c, 2202, &request, form);
}
CALL(place_order, (const futu_account *acc, const futu_order *order), (acc, order))

/* order_id_ex NULL: all. */
static futu_err run_modify(futu_client *c, const futu_account *acc, const char *order_id_ex,
                           Trd_ModifyOrder_C2S *q, struct call_form form)
{
    Trd_Common_TrdHeader h;
    const Trd_ModifyOrder_Request request = { .c2s = q };
    futu_err err = header(c, acc, &h);
    if (err)
        return err;
    q->header = &h;
    q->orderIDEx = str_c(order_id_ex);
    SET(q, orderID, 0);
    if (!order_id_ex) {
        SET(q, forAll, true);
        SET(q, trdMarket, acc->market);
    }
    return call_run(c, 2205, &request, form);
}

static futu_err call_modify_order(futu_client *c, const futu_account *acc, const char *order_id_ex,
                                  double qty, double price, struct call_form form)
{
    Trd_ModifyOrder_C2S q = { 0 };
    if (!order_id_ex)
        return call_refuse(c, FUTU_EINVAL, "the order's id is NULL");
    SET(&q, modifyOrderOp, Trd_Common_ModifyOrderOp_Normal);
    SET(&q, qty, qty);
    SET(&q, price, price);
    return run_modify(c, acc, order_id_ex, &q, form);
}
CALL(modify_order, (const futu_account *acc, const char *order_id_ex, double qty, double price),
     (acc, order_id_ex, qty, price))

static futu_err call_cancel_order(futu_client *c, const futu_account *acc, const char *order_id_ex,
                                  struct call_form form)
{
    Trd_ModifyOrder_C2S q = { 0 };
    SET(&q, modifyOrderOp, Trd_Common_ModifyOrderOp_Cancel);
    return run_modify(c, acc, order_id_ex, &q, form);
}
CALL(cancel_order, (const futu_account *acc, const char *order_id_ex), (acc, order_id_ex))

/* ---- lists ---- */

static void filter_by_order(Trd_Common_TrdFilterConditions *f, futu_str *id,
                            const char *order_id_ex)
{
    *id = str_c(order_id_ex);
    f->orderIDExList = id;
    f->n_orderIDExList = order_id_ex ? 1 : 0;
}

static futu_err call_get_orders(futu_client *c, const futu_account *acc, const char *order_id_ex,
                                bool refresh, struct call_form form)
{
    Trd_Common_TrdHeader h;
    Trd_Common_TrdFilterConditions f = { 0 };
    futu_str id;
    Trd_GetOrderList_C2S q = { .header = &h, .filterConditions = &f };
    const Trd_GetOrderList_Request request = { .c2s = &q };
    futu_err err = header(c, acc, &h);
    filter_by_order(&f, &id, order_id_ex);
    SET(&q, refreshCache, refresh);
    return err ? err : call_run(c, 2201, &request, form);
}
CALL(get_orders, (const futu_account *acc, const char *order_id_ex, bool refresh),
     (acc, order_id_ex, refresh))

static futu_err call_get_fills(futu_client *c, const futu_account *acc, const char *order_id_ex,
                               bool refresh, struct call_form form)
{
    Trd_Common_TrdHeader h;
    Trd_Common_TrdFilterConditions f = { 0 };
    futu_str id;
    Trd_GetOrderFillList_C2S q = { .header = &h, .filterConditions = &f };
    const Trd_GetOrderFillList_Request request = { .c2s = &q };
    futu_err err = header(c, acc, &h);
    filter_by_order(&f, &id, order_id_ex);
    SET(&q, refreshCache, refresh);
    return err ? err : call_run(c, 2211, &request, form);
}
CALL(get_fills, (const futu_account *acc, const char *order_id_ex, bool refresh),
     (acc, order_id_ex, refresh))
