/* orders.c - what calls about orders share, changing and cancelling orders, and how many could be
 * traded. place.c places them.
 *
 * Lost:    a change whose answer did not come may have been made: the failure says so, and nothing
 *          is sent again; the order's state tells.
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
int32_t order_sec_market(const Trd_Common_TrdHeader *h, bool has, int32_t given, futu_str code)
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

bool order_traded(struct job *j, int32_t sec_market, futu_str code, struct traded *out)
{
    if (j->header->trdMarket == Trd_Common_TrdMarket_Futures) {
        job_not_served(j, "orders of futures");
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

bool order_locked(struct job *j)
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

bool order_number_ok(struct job *j, const char *name, bool has, double v)
{
    if (!has || (isfinite(v) && v > 0 && v < 1e15))
        return true;
    job_fail(j, RET_FAILED, "%s: a number above 0 is expected", name);
    return false;
}

/* Of a request with a key it is made of that, so that a repeat is answered by the server's own
 * memory and does nothing twice; null without one. */
futu_str order_request_id(struct job *j)
{
    uint8_t digest[32];
    char text[65];
    if (!j->key[0])
        return STR_NULL;
    sha256(j->key, strlen(j->key), digest);
    hex_lower(digest, 16, text);
    return str_dup(&j->arena, str_c(text));
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
    struct bk_header *h = job_header(j, true, order_request_id(j));
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

static void on_listed(struct job *j, const struct channel_reply *r);

static void ask_list(struct job *j, futu_str page)
{
    struct bk_order_list_req *q = list_request(j);
    if (!q) {
        no_memory(j);
        return;
    }
    q->page = page;
    job_send(j, j->account->firm->c, dialect_order_list, &bk_order_list_req_msg, q, on_listed);
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
    if (!j->state && a->next_page.n && ++j->parts < 50)
        ask_list(j, a->next_page);
    else if (j->state && !order_locked(j))
        send_change(j, str_c(j->state));
    else if (!j->state)
        job_fail(j, RET_FAILED, "order %llu is not one of account %llu",
                 (unsigned long long)c->orderID, (unsigned long long)j->account->id);
}

/* The message that replaces an order has fields for these, with no name that is known. */
static const char *op_name(int32_t op, char out[40])
{
    static const char *const names[] = { [Trd_Common_ModifyOrderOp_Disable] = "disable",
                                         [Trd_Common_ModifyOrderOp_Enable] = "enable",
                                         [Trd_Common_ModifyOrderOp_Delete] = "delete" };
    const char *name = op >= 0 && (size_t)op < ARRAY_LEN(names) ? names[op] : NULL;
    snprintf(out, 40, "modifyOrderOp %d%s%s%s", op, name ? " (" : "", name ? name : "",
             name ? ")" : "");
    return out;
}

static bool modify_ok(struct job *j, const Trd_ModifyOrder_C2S *c)
{
    bool normal = c->modifyOrderOp == Trd_Common_ModifyOrderOp_Normal;
    char text[40];
    if (!normal && c->modifyOrderOp != Trd_Common_ModifyOrderOp_Cancel)
        job_not_served(j, op_name(c->modifyOrderOp, text));
    else if (normal && c->has_forAll && c->forAll)
        job_fail(j, RET_FAILED, "forAll: only with modifyOrderOp 2 (cancel)");
    else if (c->has_adjustPrice && c->adjustPrice)
        job_not_served(j, "adjustPrice");
    else if (normal && (c->has_trailType || c->has_trailValue || c->has_trailSpread))
        job_not_served(j, "changes of trailing stops");
    else
        return !normal || (order_number_ok(j, "qty", true, c->qty) &&
                           order_number_ok(j, "price", true, c->price) &&
                           order_number_ok(j, "auxPrice", c->has_auxPrice, c->auxPrice));
    return false;
}

void on_modify(struct job *j)
{
    const Trd_ModifyOrder_C2S *c = JOB_C2S(j, Trd_ModifyOrder);
    if (!job_account(j, c->header) || order_locked(j) || !modify_ok(j, c))
        return;
    if (c->has_forAll && c->forAll) {
        cancel_all(j);
        return;
    }
    if (c->orderIDEx.n) {
        send_change(j, c->orderIDEx);
        return;
    }
    j->state = (char *)(uintptr_t)order_text(j->b, c->orderID);
    if (j->state) {
        send_change(j, str_c(j->state));
        return;
    }
    ask_list(j, STR_NULL);
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
    struct traded what;
    if (!job_account(j, c->header))
        return;
    int32_t sec_market = order_sec_market(c->header, c->has_secMarket, c->secMarket, c->code);
    if (!order_traded(j, sec_market, c->code, &what))
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
