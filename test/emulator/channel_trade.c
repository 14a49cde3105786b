/* channel_trade.c - accounts, unlock and orders on the emulator's broker channels, from the
 * accounts of the paper exchange. */
#include "channel_state.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypt/random.h"
#include "market/market.h"

futu_str emu_dec(struct arena *a, double v)
{
    return str_printf(a, "%.10g", v);
}

double emu_num(futu_str s)
{
    return s.p ? strtod(s.p, NULL) : 0;         /* decoded text has a NUL behind it */
}

/* ---- accounts ---- */

struct emu_account *emu_account_of(struct emu_conn *k, uint64_t number)
{
    for (size_t i = 0; i < k->e->n_accounts; i++)
        if (k->e->accounts[i].broker_id == k->who->login.identity &&
            k->e->accounts[i].number == number)
            return &k->e->accounts[i];
    return NULL;
}

static void on_accounts(struct emu_call *c)
{
    struct bk_accounts_rsp r = { .err_msg = STR("") };
    struct bk_account out[EMU_ACCOUNTS] = { { 0 } };
    SET(&r, result_code, 0);
    r.accounts = out;
    for (size_t i = 0; i < c->k->e->n_accounts; i++) {
        struct emu_account *a = &c->k->e->accounts[i];
        struct bk_account *to = &out[r.n_accounts];
        if (a->broker_id != c->k->who->login.identity)
            continue;
        SET(to, number, a->number);
        SET(to, market, a->market);
        SET(to, state, 1);
        SET(to, type, Trd_Common_TrdAccType_Margin);
        to->card = to->uni_card = str_c(a->card);
        to->n_markets = 1;
        to->markets = &a->market;
        r.n_accounts++;
    }
    emu_reply(c->k, c->command, c->serial, &bk_accounts_rsp_msg, &r);
}

/* ---- unlock ---- */

static struct emu_cipher *cipher_of(struct emu_conn *k, uint64_t account, bool make)
{
    for (size_t i = 0; i < k->n_ciphers; i++)
        if (k->ciphers[i].account == account)
            return &k->ciphers[i];
    if (!make || k->n_ciphers == EMU_ACCOUNTS)
        return NULL;
    k->ciphers[k->n_ciphers].account = account;
    return &k->ciphers[k->n_ciphers++];
}

static void give_cipher(struct emu_conn *k, uint64_t account, struct bk_cipher *out)
{
    struct emu_cipher *x = cipher_of(k, account, true);
    random_bytes(x->value, sizeof(x->value));
    *out = (struct bk_cipher){ .cipher = { (const char *)x->value, sizeof(x->value) } };
    SET(out, account, account);
}

/* Every account whose password is right gets a cipher; one that may not fails all. */
static void unlock(struct emu_call *c, const struct bk_pswd *pswds, size_t n)
{
    struct bk_unlock_rsp r = { .err_msg = STR("") };
    struct bk_cipher out[EMU_ACCOUNTS];
    uint64_t good[EMU_ACCOUNTS];
    const char *want = c->k->e->scene.trade_pwd_md5;
    SET(&r, result_code, 0);
    r.ciphers = out;
    for (size_t i = 0; i < MIN(n, EMU_ACCOUNTS) && r.result_code == 0; i++) {
        const struct emu_account *a = emu_account_of(c->k, pswds[i].account);
        if (a && a->bad) {
            SET(&r, result_code, CODE_NO_PERMISSION);
            r.err_msg = STR("no permission for an account");
        } else if (want[0] && !str_is(pswds[i].pswd, want)) {
            SET(&r, result_code, -1);
            r.err_msg = STR("wrong trade password, 8 tries are left");
        } else if (a) {
            good[r.n_ciphers++] = a->number;
        }
    }
    if (r.result_code)
        r.n_ciphers = 0;
    for (size_t i = 0; i < r.n_ciphers; i++)
        give_cipher(c->k, good[i], &out[i]);
    emu_reply(c->k, c->command, c->serial, &bk_unlock_rsp_msg, &r);
}

static void on_unlock(struct emu_call *c)
{
    struct bk_unlock_req q;
    struct bk_unlock_rsp r = { .err_msg = STR("one-time password needed"),
                               .auth_pswd_sig = STR("signature of this unlock") };
    if (codec_decode(&bk_unlock_req_msg, c->a, c->body, c->n, &q, NULL, NULL))
        return;
    const struct emu_scene *s = &c->k->e->scene;
    if (!s->otp[0] || (s->otp_broker && s->otp_broker != c->k->who->login.identity)) {
        unlock(c, q.pswds, q.n_pswds);
        return;
    }
    SET(&r, result_code, CODE_OTP);
    emu_reply(c->k, c->command, c->serial, &bk_unlock_rsp_msg, &r);
}

static void on_token(struct emu_call *c)
{
    struct bk_token_req q;
    struct bk_unlock_rsp r = { .err_msg = STR("wrong one-time password") };
    if (codec_decode(&bk_token_req_msg, c->a, c->body, c->n, &q, NULL, NULL))
        return;
    if (str_is(q.token, c->k->e->scene.otp) &&
        str_is(q.auth_pswd_sig, "signature of this unlock")) {
        unlock(c, q.pswds, q.n_pswds);
        return;
    }
    SET(&r, result_code, -2);
    emu_reply(c->k, c->command, c->serial, &bk_unlock_rsp_msg, &r);
}

/* ---- orders ---- */

Trd_Common_TrdHeader emu_header_of(const struct emu_account *a, int32_t market)
{
    Trd_Common_TrdHeader h = { 0 };
    SET(&h, trdEnv, a->paper_env);
    SET(&h, accID, a->paper_id);
    SET(&h, trdMarket, market);
    return h;
}

static Common_PacketID packet(struct emu *e)
{
    Common_PacketID id = { 0 };
    SET(&id, connID, 1);
    SET(&id, serialNo, ++e->paper_serial);
    return id;
}

void emu_answer_order(struct emu_call *c, int32_t code, const char *why, futu_str id)
{
    struct bk_order_rsp r = { .err_msg = str_c(why), .order_id = id };
    SET(&r, result_code, code);
    emu_reply(c->k, c->command, c->serial, &bk_order_rsp_msg, &r);
}

/* The account that a write names, when its cipher is this connection's; else it is refused. */
static struct emu_account *unlocked(struct emu_call *c, const struct bk_header *h)
{
    struct emu_account *a = h ? emu_account_of(c->k, h->account) : NULL;
    const struct emu_cipher *x = a ? cipher_of(c->k, a->number, false) : NULL;
    if (x && h->cipher.n == sizeof(x->value) &&
        memcmp(h->cipher.p, x->value, sizeof(x->value)) == 0)
        return a;
    emu_answer_order(c, 5, a ? "the account is locked" : "unknown account", STR_NULL);
    return NULL;
}

static bool repeated(struct emu_call *c, futu_str id)
{
    struct emu *e = c->k->e;
    for (size_t i = 0; id.n && i < MIN(e->n_repeats, EMU_REPEATS); i++)
        if (str_is(id, e->repeats[i].id)) {
            emu_answer_order(c, 0, "", str_c(e->repeats[i].order_id));
            return true;
        }
    return false;
}

static void fill_place(const struct bk_order_new_req *q, Trd_PlaceOrder_C2S *c2s)
{
    SET(c2s, trdSide, q->side);
    SET(c2s, orderType, q->type);
    c2s->code = q->symbol;
    SET(c2s, qty, emu_num(q->qty));
    if (q->price.p)
        SET(c2s, price, emu_num(q->price));
    if (q->aux_price.p)
        SET(c2s, auxPrice, emu_num(q->aux_price));
    c2s->remark = q->remark;
    if (q->has_time_in_force)
        SET(c2s, timeInForce, q->time_in_force);
    if (q->has_outside_rth)
        SET(c2s, fillOutsideRTH, q->outside_rth);
    if (q->has_session)
        SET(c2s, session, q->session);
}

int32_t emu_sec_market_of(int32_t exchange_code)
{
    static const int32_t all[] = { 1, 2, 31, 32, 41, 51, 61, 71, 81 };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        struct bk_exchange x;
        if (bk_exchange_of(all[i], &x) && x.code == exchange_code)
            return all[i];
    }
    return 0;
}

static void on_new(struct emu_call *c)
{
    struct bk_order_new_req q;
    Trd_PlaceOrder_C2S c2s = { 0 };
    const char *why;
    if (codec_decode(&bk_order_new_req_msg, c->a, c->body, c->n, &q, NULL, NULL))
        return;
    struct emu_scene *scene = &c->k->e->scene;
    if (emu_happens(&scene->lose_before)) {
        emu_close(c->k);
        return;
    }
    struct emu_account *a = unlocked(c, q.header);
    if (!a || repeated(c, q.header->request_id))
        return;
    int32_t sec_market = emu_sec_market_of(q.exchange_code);
    int32_t market = market_of_sec_market(sec_market);
    Common_PacketID id = packet(c->k->e);
    Trd_Common_TrdHeader h = emu_header_of(a, market_trd_market(market));
    fill_place(&q, &c2s);
    c2s.packetID = &id;
    c2s.header = &h;
    SET(&c2s, secMarket, sec_market);
    const Trd_PlaceOrder_Request rq = { .c2s = &c2s };
    Trd_PlaceOrder_Response *r = emu_ask_paper(c->k->e, 2202, &rq, &why);
    if (!r) {
        emu_answer_order(c, 2, why, STR_NULL);
        return;
    }
    struct emu_repeat *keep = &c->k->e->repeats[c->k->e->n_repeats++ % EMU_REPEATS];
    str_copy(keep->id, sizeof(keep->id), q.header->request_id);
    str_copy(keep->order_id, sizeof(keep->order_id), r->s2c->orderIDEx);
    if (emu_happens(&scene->lose_answer))
        return;
    if (emu_happens(&scene->lose_after))
        emu_close(c->k);
    else
        emu_answer_order(c, 0, "", r->s2c->orderIDEx);
}

/* qty and price of the order as it is; NULL: there is none. */
static const Trd_Common_Order *order_of(struct emu *e, const struct emu_account *a, futu_str id)
{
    Trd_Common_TrdHeader h = emu_header_of(a, a->market);
    Trd_GetOrderList_C2S c2s = { .header = &h };
    const Trd_GetOrderList_Request q = { .c2s = &c2s };
    const char *why;
    Trd_GetOrderList_Response *r = emu_ask_paper(e, 2201, &q, &why);
    for (size_t i = 0; r && i < r->s2c->n_orderList; i++)
        if (str_eq(r->s2c->orderList[i].orderIDEx, id))
            return &r->s2c->orderList[i];
    return NULL;
}

static void modify(struct emu_call *c, const struct bk_order_replace_req *q, int32_t op)
{
    struct emu_account *a = unlocked(c, q->header);
    const Trd_Common_Order *o = a ? order_of(c->k->e, a, q->order_id) : NULL;
    const char *why;
    if (!a)
        return;
    if (!o) {
        emu_answer_order(c, 10003, "no such order", STR_NULL);
        return;
    }
    Common_PacketID id = packet(c->k->e);
    Trd_Common_TrdHeader h = emu_header_of(a, o->trdMarket);
    Trd_ModifyOrder_C2S c2s = { .packetID = &id, .header = &h };
    SET(&c2s, orderID, o->orderID);
    SET(&c2s, modifyOrderOp, op);
    SET(&c2s, qty, q->qty.p ? emu_num(q->qty) : o->qty);
    SET(&c2s, price, q->price.p ? emu_num(q->price) : o->price);
    if (q->aux_price.p)
        SET(&c2s, auxPrice, emu_num(q->aux_price));
    const Trd_ModifyOrder_Request rq = { .c2s = &c2s };
    void *r = emu_ask_paper(c->k->e, 2205, &rq, &why);
    emu_answer_order(c, r ? 0 : 10003, r ? "" : why, q->order_id);
}

static void on_replace(struct emu_call *c)
{
    struct bk_order_replace_req q;
    if (!codec_decode(&bk_order_replace_req_msg, c->a, c->body, c->n, &q, NULL, NULL))
        modify(c, &q, Trd_Common_ModifyOrderOp_Normal);
}

static void on_cancel(struct emu_call *c)
{
    struct bk_order_cancel_req q;
    if (codec_decode(&bk_order_cancel_req_msg, c->a, c->body, c->n, &q, NULL, NULL) ||
        emu_happens(&c->k->e->scene.mute_cancels))
        return;
    const struct bk_order_replace_req as = { .header = q.header, .order_id = q.order_id };
    modify(c, &as, Trd_Common_ModifyOrderOp_Cancel);
}

static const struct {
    uint16_t command;
    void (*fn)(struct emu_call *c);
} calls[] = {
    { CMD_ACCOUNTS, on_accounts },
    { CMD_UNLOCK, on_unlock },
    { CMD_TOKEN, on_token },
    { CMD_ORDER_NEW, on_new },
    { CMD_ORDER_REPLACE, on_replace },
    { CMD_ORDER_CANCEL, on_cancel },
    { CMD_FILLS, emu_fills },
    { CMD_HISTORY_ORDERS, emu_history_orders },
    { CMD_HISTORY_FILLS, emu_history_fills },
    { CMD_ASSETS, emu_assets },
    { CMD_MAX_QTY, emu_max_qty },
};

bool emu_trade(struct emu_call *c)
{
    if (c->command == dialect_order_list) {
        emu_order_list(c);
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(calls); i++)
        if (calls[i].command == c->command) {
            calls[i].fn(c);
            return true;
        }
    return false;
}

unsigned emu_orders(struct emu *e, int32_t broker_id)
{
    const char *why;
    unsigned n = 0;
    arena_reset(&e->arena);
    for (size_t i = 0; i < e->n_accounts; i++) {
        const struct emu_account *a = &e->accounts[i];
        Trd_Common_TrdHeader h = emu_header_of(a, a->market);
        Trd_GetOrderList_C2S c2s = { .header = &h };
        const Trd_GetOrderList_Request q = { .c2s = &c2s };
        Trd_GetOrderList_Response *r =
            a->broker_id == broker_id ? emu_ask_paper(e, 2201, &q, &why) : NULL;
        for (size_t k = 0; r && k < r->s2c->n_orderList; k++)
            n += emu_of_market(a, r->s2c->orderList[k].trdMarket);
    }
    return n;
}

void emu_cancel_all(struct emu *e, int32_t broker_id)
{
    const char *why;
    arena_reset(&e->arena);
    for (size_t i = 0; i < e->n_accounts; i++) {
        if (e->accounts[i].broker_id != broker_id)
            continue;
        Common_PacketID id = packet(e);
        Trd_Common_TrdHeader h = emu_header_of(&e->accounts[i], e->accounts[i].market);
        Trd_ModifyOrder_C2S c2s = { .packetID = &id, .header = &h };
        SET(&c2s, orderID, 0);
        SET(&c2s, modifyOrderOp, Trd_Common_ModifyOrderOp_Cancel);
        SET(&c2s, forAll, true);
        SET(&c2s, trdMarket, e->accounts[i].market);
        const Trd_ModifyOrder_Request q = { .c2s = &c2s };
        emu_ask_paper(e, 2205, &q, &why);
    }
}

/* ---- notices ---- */

void emu_trade_event(struct emu *e, uint64_t acc_id, uint32_t proto, const uint8_t *body,
                     size_t n)
{
    struct arena a = ARENA_INIT;
    struct list *it, *tmp;
    struct bk_notify note = { .n_order_ids = 1 };
    futu_str id = STR_NULL;
    int32_t market = 0;
    Trd_UpdateOrder_Response o;
    Trd_UpdateOrderFill_Response f;
    if (proto == 2208 &&
        !codec_decode(&Trd_UpdateOrder_Response_msg, &a, body, n, &o, NULL, NULL)) {
        id = o.s2c->order->orderIDEx;
        market = o.s2c->header->trdMarket;
    }
    if (proto == 2218 &&
        !codec_decode(&Trd_UpdateOrderFill_Response_msg, &a, body, n, &f, NULL, NULL)) {
        id = f.s2c->orderFill->orderIDEx;
        market = f.s2c->header->trdMarket;
    }
    note.order_ids = &id;
    SET(&note, type, proto == 2208 ? NOTIFY_ORDERS_A : NOTIFY_ORDERS_B);
    list_each(it, tmp, &e->conns) {
        struct emu_conn *k = list_entry(it, struct emu_conn, node);
        for (size_t i = 0; k->who && id.n && i < e->n_accounts; i++) {
            if (e->accounts[i].paper_id != acc_id ||
                e->accounts[i].broker_id != k->who->login.identity ||
                !emu_of_market(&e->accounts[i], market))
                continue;
            SET(&note, account, e->accounts[i].number);
            emu_push(k, CMD_ORDERS_PUSH, &bk_notify_msg, &note);
        }
    }
    arena_free(&a);
}
