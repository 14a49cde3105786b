/* orders.c - placing, changing and cancelling orders, and how many could be traded.
 *
 * Key:     an order's request id is made of its idempotency key, so that a repeat is answered by
 *          the server's own memory and places nothing twice. Without a key each request has a new
 *          id.
 * Lost:    an order whose answer did not come may have been placed: the failure says so, and
 *          nothing is sent again.
 * Tests:   test/unit/upstream/broker/order_test.c
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "crypt/digest.h"
#include "upstream/broker/state.h"

#define SEEN_MAX 65536

static void no_memory(struct job *j)
{
    job_fail(j, RET_FAILED, "%s", futu_strerror(FUTU_ENOMEM));
}

/* ---- numbers ---- */

double dec_num(futu_str s)
{
    return s.p ? strtod(s.p, NULL) : 0;         /* decoded text has a NUL behind it */
}

/* Nine decimals are more than any market has. */
futu_str dec_text(struct arena *a, double v)
{
    char text[360];
    int n = snprintf(text, sizeof(text), "%.9f", v);
    while (n > 1 && text[n - 1] == '0')
        n--;
    n -= text[n - 1] == '.';
    return str_dup(a, (futu_str){ text, (size_t)n });
}

/* ---- the server's text of an order ---- */

const char *order_text(const struct broker *b, uint64_t number)
{
    return map_get_u64(&b->orders, number);
}

futu_err order_note(struct broker *b, futu_str id)
{
    uint64_t number = dialect_order_number(id);
    if (!id.n || id.n > 64 || order_text(b, number) || b->orders.n >= SEEN_MAX)
        return FUTU_OK;
    char *text = mem_alloc(id.n + 1);
    if (!text)
        return FUTU_ENOMEM;
    str_copy(text, id.n + 1, id);
    futu_err err = map_put_u64(&b->orders, number, text);
    if (err)
        mem_free(text);
    return err;
}

void orders_free(struct broker *b)
{
    void *text;
    for (size_t i = 0; (text = map_next(&b->orders, &i)) != NULL;)
        mem_free(text);
    map_free(&b->orders);
}

/* ---- what is traded ---- */

struct what {
    int32_t security_type;
    struct bk_exchange exchange;
};

/* Root, six digits of the date, C or P, strike: TCH260330C450000. */
static bool is_option(futu_str code)
{
    size_t i = code.n, digits = 0;
    while (i && code.p[i - 1] >= '0' && code.p[i - 1] <= '9')
        i--, digits++;
    if (!digits || i < 8 || (code.p[i - 1] != 'C' && code.p[i - 1] != 'P'))
        return false;
    for (size_t k = i - 7; k < i - 1; k++)
        if (code.p[k] < '0' || code.p[k] > '9')
            return false;
    return true;
}

/* The security's market, given or by the header's; Shanghai's codes begin with 5, 6 or 9. */
static int32_t sec_market_of(const Trd_Common_TrdHeader *h, bool has, int32_t given, futu_str code)
{
    if (has && given)
        return given;
    if (h->trdMarket == Trd_Common_TrdMarket_CN || h->trdMarket == Trd_Common_TrdMarket_HKCC)
        return code.n && memchr("569", code.p[0], 3) ? 31 : 32;
    for (int32_t sec = 1; sec <= 81; sec++)
        if (market_of_sec_market(sec) && market_trd_market(market_of_sec_market(sec)) ==
                                             h->trdMarket)
            return sec;
    return 0;
}

static bool find_what(struct job *j, int32_t sec_market, futu_str code, struct what *out)
{
    if (j->header->trdMarket == Trd_Common_TrdMarket_Futures) {
        job_fail(j, RET_FAILED, "the broker upstream does not serve orders of futures yet");
        return false;
    }
    if (!bk_exchange_of(sec_market, &out->exchange)) {
        job_fail(j, RET_FAILED, "secMarket %d, trdMarket %d: no exchange is known for it",
                 sec_market, j->header->trdMarket);
        return false;
    }
    if (!code.n || code.n > SECURITY_CODE_MAX) {
        job_fail(j, RET_FAILED, "code: 1 to %d characters are expected", SECURITY_CODE_MAX);
        return false;
    }
    out->security_type = is_option(code) ? 2 : 1;
    return true;
}

static bool locked(struct job *j)
{
    const struct account *a = j->account;
    if (a->cipher.n)
        return false;
    if (j->rq)
        j->rq->unsent = true;
    job_fail(j, RET_FAILED, "没有解锁交易，请先解锁交易 (account %llu is locked%s%s)",
             (unsigned long long)a->id, a->locked_why[0] ? ": " : "", a->locked_why);
    return true;
}

/* A number that an order can have; 0 is not one. */
static bool number_ok(struct job *j, const char *name, bool has, double v)
{
    if (!has || (isfinite(v) && v > 0 && v < 1e15))
        return true;
    job_fail(j, RET_FAILED, "%s: a number above 0 is expected", name);
    return false;
}

/* ---- place ---- */

static futu_str request_id(struct job *j)
{
    uint8_t digest[32];
    char text[65];
    if (!j->key[0])
        return STR_NULL;
    sha256(j->key, strlen(j->key), digest);
    hex_lower(digest, 16, text);
    return str_dup(&j->arena, str_c(text));
}

static void on_placed(struct job *j, const struct channel_reply *r)
{
    const struct bk_order_rsp *a = job_decode(j, r, &bk_order_rsp_msg);
    if (!a || !job_server_ok(j, a->has_result_code, a->result_code, a->err_msg))
        return;
    Trd_PlaceOrder_S2C *s2c = JOB_S2C(j, Trd_PlaceOrder);
    if (!a->order_id.n) {
        job_fail(j, RET_TIMEOUT, "the broker took the order and named no id for it");
        return;
    }
    order_note(j->b, a->order_id);
    if (!s2c) {
        no_memory(j);
        return;
    }
    s2c->header = (Trd_Common_TrdHeader *)(uintptr_t)j->header;
    SET(s2c, orderID, dialect_order_number(a->order_id));
    s2c->orderIDEx = a->order_id;
    job_ok(j);
}

/* What the request asks for and no message of the server carries, as far as it is known. */
static const char *not_carried(const Trd_PlaceOrder_C2S *c)
{
    if (c->has_adjustPrice && c->adjustPrice)
        return "adjustPrice";
    if (c->has_positionID)
        return "positionID";
    if (c->has_amount)
        return "amount";
    return c->has_predSide ? "predSide" : NULL;
}

static bool fill_new(struct job *j, const Trd_PlaceOrder_C2S *c, struct bk_order_new_req *q)
{
    struct arena *a = &j->arena;
    q->symbol = c->code;
    SET(q, side, c->trdSide);
    SET(q, type, c->orderType);
    q->qty = dec_text(a, c->qty);
    q->price = c->has_price && c->price != 0 ? dec_text(a, c->price) : STR("0");
    if (c->has_auxPrice)
        q->aux_price = dec_text(a, c->auxPrice);
    q->remark = c->remark;
    SET(q, time_in_force, c->timeInForce);
    SET(q, outside_rth, c->fillOutsideRTH);
    if (c->has_session)
        SET(q, session, c->session);
    if (c->has_trailType)
        SET(q, trail_type, c->trailType);
    if (c->has_trailValue)
        q->trail_value = dec_text(a, c->trailValue);
    if (c->has_trailSpread)
        q->trail_spread = dec_text(a, c->trailSpread);
    q->expire_date = c->expireTime;
    q->header = job_header(j, true, request_id(j));
    return q->header && q->qty.p && q->price.p && (!c->has_auxPrice || q->aux_price.p) &&
           (!c->has_trailValue || q->trail_value.p) && (!c->has_trailSpread || q->trail_spread.p);
}

static bool place_ok(struct job *j, const Trd_PlaceOrder_C2S *c)
{
    const char *field = not_carried(c);
    if (field) {
        job_fail(j, RET_FAILED, "the broker upstream does not serve %s yet", field);
        return false;
    }
    return number_ok(j, "qty", true, c->qty) &&
           number_ok(j, "price", c->has_price && c->price != 0, c->price) &&
           number_ok(j, "auxPrice", c->has_auxPrice, c->auxPrice);
}

void on_place(struct job *j)
{
    const Trd_PlaceOrder_C2S *c = JOB_C2S(j, Trd_PlaceOrder);
    struct bk_order_new_req q = { 0 };
    struct what what;
    if (j->rq->resumed) {
        job_fail(j, RET_TIMEOUT, "this order may have been sent before the gateway was started; "
                 "whether it was placed is not known: see the list of orders");
        return;
    }
    if (!job_account(j, c->header) || locked(j) || !place_ok(j, c))
        return;
    int32_t sec_market = sec_market_of(c->header, c->has_secMarket, c->secMarket, c->code);
    if (!find_what(j, sec_market, c->code, &what))
        return;
    SET(&q, security_type, what.security_type);
    SET(&q, exchange_code, what.exchange.code);
    q.exchange = str_c(what.exchange.text);
    if (fill_new(j, c, &q))
        job_send(j, j->account->firm->c, CMD_ORDER_NEW, &bk_order_new_req_msg, &q, on_placed);
    else
        no_memory(j);
}

/* ---- change and cancel ---- */

static void on_modified(struct job *j, const struct channel_reply *r)
{
    const Trd_ModifyOrder_C2S *c = JOB_C2S(j, Trd_ModifyOrder);
    const struct bk_order_rsp *a = job_decode(j, r, &bk_order_rsp_msg);
    if (!a || !job_server_ok(j, a->has_result_code, a->result_code, a->err_msg))
        return;
    Trd_ModifyOrder_S2C *s2c = JOB_S2C(j, Trd_ModifyOrder);
    if (!s2c) {
        no_memory(j);
        return;
    }
    futu_str id = j->state ? str_c(j->state) : c->orderIDEx;
    s2c->header = (Trd_Common_TrdHeader *)(uintptr_t)j->header;
    SET(s2c, orderID, dialect_order_number(id));
    s2c->orderIDEx = id;
    job_ok(j);
}

static void send_change(struct job *j, futu_str id)
{
    const Trd_ModifyOrder_C2S *c = JOB_C2S(j, Trd_ModifyOrder);
    struct bk_header *h = job_header(j, true, request_id(j));
    struct channel *to = j->account->firm->c;
    if (!h) {
        no_memory(j);
        return;
    }
    if (c->modifyOrderOp == Trd_Common_ModifyOrderOp_Cancel) {
        const struct bk_order_cancel_req q = { .header = h, .order_id = id };
        job_send(j, to, CMD_ORDER_CANCEL, &bk_order_cancel_req_msg, &q, on_modified);
        return;
    }
    struct bk_order_replace_req q = { .header = h, .order_id = id };
    q.qty = dec_text(&j->arena, c->qty);
    q.price = dec_text(&j->arena, c->price);
    if (c->has_auxPrice)
        q.aux_price = dec_text(&j->arena, c->auxPrice);
    if (q.qty.p && q.price.p && (!c->has_auxPrice || q.aux_price.p))
        job_send(j, to, CMD_ORDER_REPLACE, &bk_order_replace_req_msg, &q, on_modified);
    else
        no_memory(j);
}

/* An order of another session: the list names it, if it is there. */
static void on_listed(struct job *j, const struct channel_reply *r)
{
    const Trd_ModifyOrder_C2S *c = JOB_C2S(j, Trd_ModifyOrder);
    const struct bk_order_list_rsp *a = job_decode(j, r, &bk_order_list_rsp_msg);
    if (!a || !job_server_ok(j, a->has_result_code, a->result_code, a->err_msg))
        return;
    for (size_t i = 0; i < a->n_orders; i++)
        order_note(j->b, a->orders[i].order_id);
    j->state = (char *)(uintptr_t)order_text(j->b, c->orderID);
    if (j->state && !locked(j))
        send_change(j, str_c(j->state));
    else if (!j->state)
        job_fail(j, RET_FAILED, "order %llu is not one of account %llu",
                 (unsigned long long)c->orderID, (unsigned long long)j->account->id);
}

static bool modify_ok(struct job *j, const Trd_ModifyOrder_C2S *c)
{
    bool normal = c->modifyOrderOp == Trd_Common_ModifyOrderOp_Normal;
    if (!normal && c->modifyOrderOp != Trd_Common_ModifyOrderOp_Cancel)
        job_fail(j, RET_FAILED, "the broker upstream does not serve modifyOrderOp %d yet, only 1 "
                 "(normal) and 2 (cancel)", c->modifyOrderOp);
    else if (c->has_forAll && c->forAll)
        job_fail(j, RET_FAILED, "the broker upstream does not serve forAll yet");
    else if (c->has_adjustPrice && c->adjustPrice)
        job_fail(j, RET_FAILED, "the broker upstream does not serve adjustPrice yet");
    else if (normal && (c->has_trailType || c->has_trailValue || c->has_trailSpread))
        job_fail(j, RET_FAILED, "the broker upstream does not serve changes of trailing stops "
                 "yet");
    else
        return !normal || (number_ok(j, "qty", true, c->qty) &&
                           number_ok(j, "price", true, c->price) &&
                           number_ok(j, "auxPrice", c->has_auxPrice, c->auxPrice));
    return false;
}

void on_modify(struct job *j)
{
    const Trd_ModifyOrder_C2S *c = JOB_C2S(j, Trd_ModifyOrder);
    if (!job_account(j, c->header) || locked(j) || !modify_ok(j, c))
        return;
    if (c->orderIDEx.n) {
        send_change(j, c->orderIDEx);
        return;
    }
    j->state = (char *)(uintptr_t)order_text(j->b, c->orderID);
    if (j->state) {
        send_change(j, str_c(j->state));
        return;
    }
    const struct bk_order_list_req *q = list_request(j);
    if (q)
        job_send(j, j->account->firm->c, dialect_order_list, &bk_order_list_req_msg, q, on_listed);
    else
        no_memory(j);
}

/* ---- how many ---- */

static void on_max(struct job *j, const struct channel_reply *r)
{
    const struct bk_max_qty_rsp *a = job_decode(j, r, &bk_max_qty_rsp_msg);
    if (!a || !job_server_ok(j, a->has_result_code, a->result_code, a->err_msg))
        return;
    Trd_GetMaxTrdQtys_S2C *s2c = JOB_S2C(j, Trd_GetMaxTrdQtys);
    Trd_Common_MaxTrdQtys *out = ARENA_NEW(&j->arena, Trd_Common_MaxTrdQtys);
    if (!s2c || !out) {
        no_memory(j);
        return;
    }
    s2c->header = (Trd_Common_TrdHeader *)(uintptr_t)j->header;
    s2c->maxTrdQtys = out;
    SET(out, maxCashBuy, dec_num(a->cash_buy));
    SET(out, maxPositionSell, dec_num(a->sell));
    if (a->margin_buy.p)
        SET(out, maxCashAndMarginBuy, dec_num(a->margin_buy));
    if (a->short_sell.p)
        SET(out, maxSellShort, dec_num(a->short_sell));
    if (a->buy_back.p)
        SET(out, maxBuyBack, dec_num(a->buy_back));
    job_ok(j);
}

void on_max_qty(struct job *j)
{
    const Trd_GetMaxTrdQtys_C2S *c = JOB_C2S(j, Trd_GetMaxTrdQtys);
    struct bk_max_qty_req q = { .symbol = c->code, .order_id = c->orderIDEx };
    struct what what;
    if (!job_account(j, c->header))
        return;
    int32_t sec_market = sec_market_of(c->header, c->has_secMarket, c->secMarket, c->code);
    if (!find_what(j, sec_market, c->code, &what))
        return;
    if (c->has_orderID && c->orderID && !c->orderIDEx.n)
        q.order_id = str_c(order_text(j->b, c->orderID));
    q.header = job_header(j, false, STR_NULL);
    q.price = dec_text(&j->arena, c->price);
    SET(&q, type, c->orderType);
    SET(&q, security_type, what.security_type);
    SET(&q, exchange_code, what.exchange.code);
    q.exchange = str_c(what.exchange.text);
    if (q.header && q.price.p)
        job_send(j, j->account->firm->c, CMD_MAX_QTY, &bk_max_qty_req_msg, &q, on_max);
    else
        no_memory(j);
}
