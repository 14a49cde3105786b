/* lists.c - orders and fills: today's and those of the past, as messages and through filters.
 *
 * The history comes in pages of PAGE rows, PAGES at most.
 * Tests:   test/unit/upstream/broker/order_test.c
 */
#include <stdio.h>

#include "upstream/broker/state.h"

#define PAGE 100
#define PAGES 50

static void no_memory(struct job *j)
{
    job_fail(j, RET_FAILED, "%s", futu_strerror(FUTU_ENOMEM));
}

/* ---- one row ---- */

/* The zone in which a row's times are told: that of its market. */
static int32_t zone_of(int32_t market)
{
    return market ? market : MARKET_HK;
}

static futu_str time_text(struct arena *a, int32_t market, uint64_t us)
{
    char text[24];
    market_time_text(zone_of(market), (int64_t)us * NS_PER_US, false, text);
    return str_dup(a, str_c(text));
}

static int32_t sec_market(int32_t market_code, futu_str code)
{
    return market_sec_market(bk_market_of_id(market_code, code));
}

/* Our own mark was made for us alone; see access/mark.h. */
static futu_str remark_out(const struct broker *b, futu_str remark)
{
    futu_str m = remark.p ? mark_in(remark) : STR_NULL;
    return m.p && mark_is_own(b->secret, m) ? mark_less(remark) : remark;
}

futu_err order_out(const struct broker *b, struct arena *a, const struct bk_order *o,
                   Trd_Common_Order *out)
{
    int32_t market = bk_market_of_id(o->market_code, o->symbol);
    SET(out, trdSide, o->side);
    SET(out, orderType, o->type);
    SET(out, orderStatus, bk_order_status(o->state));
    SET(out, orderID, dialect_order_number(o->order_id));
    out->orderIDEx = o->order_id.p ? o->order_id : STR("");
    out->code = o->symbol.p ? o->symbol : STR("");
    out->name = o->name.p ? o->name : STR("");
    SET(out, qty, dec_num(o->qty));
    SET(out, price, dec_num(o->price));
    out->createTime = time_text(a, market, o->created_us);
    out->updateTime = time_text(a, market, o->updated_us);
    SET(out, fillQty, dec_num(o->filled_qty));
    SET(out, fillAvgPrice, dec_num(o->filled_avg));
    out->lastErrMsg = o->err_text.p ? o->err_text : STR("");
    SET(out, secMarket, sec_market(o->market_code, o->symbol));
    SET(out, createTimestamp, (double)o->created_us / 1e6);
    SET(out, updateTimestamp, (double)o->updated_us / 1e6);
    out->remark = remark_out(b, o->remark);
    SET(out, timeInForce, o->time_in_force);
    SET(out, fillOutsideRTH, o->outside_rth);
    if (o->aux_price.p)
        SET(out, auxPrice, dec_num(o->aux_price));
    if (o->has_trail_type)
        SET(out, trailType, o->trail_type);
    if (o->trail_value.p)
        SET(out, trailValue, dec_num(o->trail_value));
    if (o->trail_spread.p)
        SET(out, trailSpread, dec_num(o->trail_spread));
    if (o->has_session)
        SET(out, session, o->session);
    SET(out, currency, o->currency);
    SET(out, trdMarket, bk_trd_market(o->trade_market));
    return out->createTime.p && out->updateTime.p ? FUTU_OK : FUTU_ENOMEM;
}

futu_err fill_out(struct arena *a, const struct bk_fill *f, Trd_Common_OrderFill *out)
{
    int32_t market = bk_market_of_id(f->market_code, f->symbol);
    SET(out, trdSide, f->side);
    SET(out, fillID, dialect_order_number(f->fill_id));
    out->fillIDEx = f->fill_id.p ? f->fill_id : STR("");
    SET(out, orderID, dialect_order_number(f->order_id));
    out->orderIDEx = f->order_id;
    out->code = f->symbol.p ? f->symbol : STR("");
    out->name = f->name.p ? f->name : STR("");
    SET(out, qty, dec_num(f->qty));
    SET(out, price, dec_num(f->price));
    out->createTime = time_text(a, market, f->time_us);
    if (f->has_counter_broker)
        SET(out, counterBrokerID, f->counter_broker);
    SET(out, secMarket, sec_market(f->market_code, f->symbol));
    SET(out, createTimestamp, (double)f->time_us / 1e6);
    SET(out, updateTimestamp, (double)f->time_us / 1e6);
    SET(out, status, f->cancelled   ? Trd_Common_OrderFillStatus_Cancelled
                     : f->corrected ? Trd_Common_OrderFillStatus_Changed
                                    : Trd_Common_OrderFillStatus_OK);
    SET(out, trdMarket, bk_trd_market(f->trade_market));
    return out->createTime.p ? FUTU_OK : FUTU_ENOMEM;
}

/* ---- filters ---- */

struct filter {
    const Trd_Common_TrdFilterConditions *c;    /* NULL: none */
    const int32_t *status;
    size_t n_status;
    int64_t from, to;                   /* us, UTC; 0: open */
};

static bool has_text(const futu_str *list, size_t n, futu_str s)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(list[i], s))
            return true;
    return n == 0;
}

static bool has_id(const uint64_t *list, size_t n, uint64_t id)
{
    for (size_t i = 0; i < n; i++)
        if (list[i] == id)
            return true;
    return n == 0;
}

static bool has_status(const struct filter *f, int32_t status)
{
    for (size_t i = 0; i < f->n_status; i++)
        if (f->status[i] == status)
            return true;
    return f->n_status == 0;
}

static bool passes(const struct filter *f, futu_str code, uint64_t id, futu_str order_id,
                   uint64_t us, int32_t market)
{
    const Trd_Common_TrdFilterConditions *c = f->c;
    if ((f->from && (int64_t)us < f->from) || (f->to && (int64_t)us > f->to))
        return false;
    return !c || (has_text(c->codeList, c->n_codeList, code) &&
                  has_id(c->idList, c->n_idList, id) &&
                  has_text(c->orderIDExList, c->n_orderIDExList, order_id) &&
                  (c->filterMarket == 0 || c->filterMarket == market));
}

static bool read_time(struct job *j, const char *name, futu_str text, int64_t *us)
{
    int32_t zone = j->header->trdMarket == Trd_Common_TrdMarket_US ? MARKET_US : MARKET_HK;
    int64_t ns;
    *us = 0;
    if (!text.n)
        return true;
    if (market_parse_time(zone, text, &ns)) {
        job_fail(j, RET_FAILED, "%s: yyyy-MM-dd HH:mm:ss is expected", name);
        return false;
    }
    *us = ns / NS_PER_US;
    return true;
}

static struct filter *filter_new(struct job *j, const Trd_Common_TrdFilterConditions *c,
                                 const int32_t *status, size_t n_status)
{
    struct filter *f = j->state = ARENA_NEW(&j->arena, struct filter);
    if (!f) {
        no_memory(j);
        return NULL;
    }
    *f = (struct filter){ .c = c, .status = status, .n_status = n_status };
    if (c && (!read_time(j, "beginTime", c->beginTime, &f->from) ||
              !read_time(j, "endTime", c->endTime, &f->to)))
        return NULL;
    return f;
}

/* ---- queries ---- */

struct bk_order_list_req *list_request(struct job *j)
{
    static int32_t types[] = { 1, 2, 4 };
    struct bk_order_list_req *q = ARENA_NEW(&j->arena, struct bk_order_list_req);
    if (!q)
        return NULL;
    q->header = job_header(j, false, STR_NULL);
    SET(q, for_trigger, 2);
    q->security_type = types;
    q->n_security_type = ARRAY_LEN(types);
    q->market = (int32_t *)(uintptr_t)j->account->markets;
    q->n_market = j->account->n_markets;
    return q->header ? q : NULL;
}

static void query(struct job *j, uint16_t command,
                  void (*then)(struct job *j, const struct channel_reply *r))
{
    const struct filter *f = j->state;
    struct bk_order_list_req *q = list_request(j);
    bool history = command == CMD_HISTORY_ORDERS || command == CMD_HISTORY_FILLS;
    if (!q) {
        no_memory(j);
        return;
    }
    if (history) {
        SET(q, time_begin, (uint64_t)MAX(f->from, 0));
        SET(q, time_end, (uint64_t)MAX(f->to, 0));
        SET(q, page_size, PAGE);
    }
    job_send(j, j->account->firm->c, command, &bk_order_list_req_msg, q, then);
}

/* Of a history: the next page, with the rows so far in the response. False: this was the last. */
static bool next_page(struct job *j, futu_str page,
                      void (*then)(struct job *j, const struct channel_reply *r))
{
    const struct filter *f = j->state;
    if (!page.n || ++j->parts >= PAGES)
        return false;
    struct bk_order_list_req *q = list_request(j);
    if (!q) {
        no_memory(j);
        return true;
    }
    SET(q, time_begin, (uint64_t)MAX(f->from, 0));
    SET(q, time_end, (uint64_t)MAX(f->to, 0));
    SET(q, page_size, PAGE);
    q->page = page;
    job_send(j, j->account->firm->c, j->ask.command, &bk_order_list_req_msg, q, then);
    return true;
}

/* ---- orders ---- */

/* The two Responses with orders are alike but for their names, and so are those with fills. */
#define ALIKE(a, b, field)                                                                         \
    _Static_assert(sizeof(a) == sizeof(b) && offsetof(a, field) == offsetof(b, field), #field)
ALIKE(Trd_GetOrderList_S2C, Trd_GetHistoryOrderList_S2C, orderList);
ALIKE(Trd_GetOrderFillList_S2C, Trd_GetHistoryOrderFillList_S2C, orderFillList);
ALIKE(Trd_GetOrderList_Response, Trd_GetHistoryOrderList_Response, s2c);
ALIKE(Trd_GetOrderFillList_Response, Trd_GetHistoryOrderFillList_Response, s2c);

static Trd_GetOrderList_S2C *orders_s2c(struct job *j)
{
    Trd_GetOrderList_Response *r = j->response;
    if (!r->s2c)
        r->s2c = ARENA_NEW(&j->arena, Trd_GetOrderList_S2C);
    if (r->s2c)
        r->s2c->header = (Trd_Common_TrdHeader *)(uintptr_t)j->header;
    return r->s2c;
}

/* There is room for it in the list. */
static futu_err add_order(struct job *j, Trd_GetOrderList_S2C *s2c, const struct bk_order *o)
{
    const struct filter *f = j->state;
    Trd_Common_Order *out = &s2c->orderList[s2c->n_orderList];
    futu_err err = order_note(j->b, o->order_id);
    if (!err)
        err = order_out(j->b, &j->arena, o, out);
    if (err)
        return err;
    if (passes(f, out->code, out->orderID, out->orderIDEx, o->created_us, out->trdMarket) &&
        has_status(f, out->orderStatus))
        s2c->n_orderList++;
    else
        memset(out, 0, sizeof(*out));
    return FUTU_OK;
}

static futu_err add_orders(struct job *j, const struct bk_order_list_rsp *a)
{
    Trd_GetOrderList_S2C *s2c = orders_s2c(j);
    Trd_Common_Order *all =
        s2c ? ARENA_ARRAY(&j->arena, Trd_Common_Order, s2c->n_orderList + a->n_orders + 1) : NULL;
    if (!all)
        return FUTU_ENOMEM;
    if (s2c->n_orderList)
        memcpy(all, s2c->orderList, s2c->n_orderList * sizeof(*all));
    s2c->orderList = all;
    for (size_t i = 0; i < a->n_orders; i++) {
        const struct bk_order *o = &a->orders[i];
        flight_seen(j->b, o->order_id);
        futu_err err = add_order(j, s2c, o);
        if (err)
            return err;
    }
    return FUTU_OK;
}

static futu_err count_flight(void *arg, const struct bk_order *o)
{
    (void)o;
    ++*(size_t *)arg;
    return FUTU_OK;
}

static futu_err add_flight(void *arg, const struct bk_order *o)
{
    struct job *j = arg;
    return add_order(j, orders_s2c(j), o);
}

/* A list that is asked for right after an order may miss it. */
static futu_err add_flights(struct job *j)
{
    Trd_GetOrderList_S2C *s2c = orders_s2c(j);
    size_t n = 0;
    flight_each(j->account, count_flight, &n);
    if (n == 0)
        return FUTU_OK;
    Trd_Common_Order *all =
        s2c ? ARENA_ARRAY(&j->arena, Trd_Common_Order, s2c->n_orderList + n + 1) : NULL;
    if (!all)
        return FUTU_ENOMEM;
    if (s2c->n_orderList)
        memcpy(all, s2c->orderList, s2c->n_orderList * sizeof(*all));
    s2c->orderList = all;
    return flight_each(j->account, add_flight, j);
}

static void on_orders(struct job *j, const struct channel_reply *r)
{
    const struct bk_order_list_rsp *a = job_decode(j, r, &bk_order_list_rsp_msg);
    if (!a || !job_server_ok(j, a->has_result_code, a->result_code, a->err_msg))
        return;
    bool today = j->ask.command == dialect_order_list;
    if (add_orders(j, a))
        no_memory(j);
    else if (next_page(j, a->next_page, on_orders))
        return;
    else if (today && add_flights(j))
        no_memory(j);
    else
        job_ok(j);
}

void on_order_list(struct job *j)
{
    const Trd_GetOrderList_C2S *c = JOB_C2S(j, Trd_GetOrderList);
    if (job_account(j, c->header) &&
        filter_new(j, c->filterConditions, c->filterStatusList, c->n_filterStatusList))
        query(j, dialect_order_list, on_orders);
}

static bool times_given(struct job *j, const struct filter *f)
{
    if (f->from && f->to)
        return true;
    job_fail(j, RET_FAILED, "filterConditions: beginTime and endTime are needed");
    return false;
}

void on_history_orders(struct job *j)
{
    const Trd_GetHistoryOrderList_C2S *c = JOB_C2S(j, Trd_GetHistoryOrderList);
    const struct filter *f;
    if (!job_account(j, c->header))
        return;
    f = filter_new(j, c->filterConditions, c->filterStatusList, c->n_filterStatusList);
    if (f && times_given(j, f))
        query(j, CMD_HISTORY_ORDERS, on_orders);
}

/* ---- fills ---- */

static Trd_GetOrderFillList_S2C *fills_s2c(struct job *j)
{
    Trd_GetOrderFillList_Response *r = j->response;
    if (!r->s2c)
        r->s2c = ARENA_NEW(&j->arena, Trd_GetOrderFillList_S2C);
    if (r->s2c)
        r->s2c->header = (Trd_Common_TrdHeader *)(uintptr_t)j->header;
    return r->s2c;
}

static futu_err add_fills(struct job *j, const struct bk_fill_list_rsp *a)
{
    const struct filter *f = j->state;
    Trd_GetOrderFillList_S2C *s2c = fills_s2c(j);
    Trd_Common_OrderFill *all =
        s2c ? ARENA_ARRAY(&j->arena, Trd_Common_OrderFill, s2c->n_orderFillList + a->n_fills + 1)
            : NULL;
    if (!all)
        return FUTU_ENOMEM;
    if (s2c->n_orderFillList)
        memcpy(all, s2c->orderFillList, s2c->n_orderFillList * sizeof(*all));
    s2c->orderFillList = all;
    for (size_t i = 0; i < a->n_fills; i++) {
        Trd_Common_OrderFill *out = &all[s2c->n_orderFillList];
        if (fill_out(&j->arena, &a->fills[i], out))
            return FUTU_ENOMEM;
        if (passes(f, out->code, out->fillID, a->fills[i].order_id, a->fills[i].time_us,
                   out->trdMarket))
            s2c->n_orderFillList++;
        else
            memset(out, 0, sizeof(*out));
    }
    return FUTU_OK;
}

/* Told: 1007 answers the fills of a day without any with a general failure, 1001 with an empty
 * list. Where an order has been filled it is a failure all the same. */
bool fills_none(const struct account *a, int32_t code)
{
    return a->firm->broker_id == 1007 && code == CODE_GENERAL && !a->traded;
}

static void on_fills(struct job *j, const struct channel_reply *r)
{
    struct bk_fill_list_rsp *a = job_decode(j, r, &bk_fill_list_rsp_msg);
    if (a && j->ask.command == CMD_FILLS && fills_none(j->account, a->result_code))
        *a = (struct bk_fill_list_rsp){ .has_result_code = true };
    if (!a || !job_server_ok(j, a->has_result_code, a->result_code, a->err_msg))
        return;
    if (add_fills(j, a))
        no_memory(j);
    else if (!next_page(j, a->next_page, on_fills))
        job_ok(j);
}

void on_fill_list(struct job *j)
{
    const Trd_GetOrderFillList_C2S *c = JOB_C2S(j, Trd_GetOrderFillList);
    if (job_account(j, c->header) && filter_new(j, c->filterConditions, NULL, 0))
        query(j, CMD_FILLS, on_fills);
}

void on_history_fills(struct job *j)
{
    const Trd_GetHistoryOrderFillList_C2S *c = JOB_C2S(j, Trd_GetHistoryOrderFillList);
    const struct filter *f;
    if (!job_account(j, c->header))
        return;
    f = filter_new(j, c->filterConditions, NULL, 0);
    if (f && times_given(j, f))
        query(j, CMD_HISTORY_FILLS, on_fills);
}
