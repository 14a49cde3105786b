/* cancel_all.c - all open orders of an account are cancelled: they are read from its list, then
 * cancelled one by one, since no message that does it at once is known.
 *
 * Success is told when each of them was taken for cancellation; of any other end the text says how
 * many were.
 * Tests:   test/unit/upstream/broker/cancel_all_test.c
 */
#include <stdio.h>

#include "upstream/broker/state.h"

#define SWEEP_MAX 2000
#define PAGES 50

struct sweep {
    futu_str ids[SWEEP_MAX];
    size_t n, at, taken, pages;
    char refusal[160];                  /* the last */
};

static void no_memory(struct job *j)
{
    job_fail(j, RET_FAILED, "%s", futu_strerror(FUTU_ENOMEM));
}

/* One that can still be filled, or be sent. */
static bool is_open(const struct bk_order *o)
{
    switch (bk_order_status(o->state)) {
    case Trd_Common_OrderStatus_WaitingSubmit:
    case Trd_Common_OrderStatus_Submitting:
    case Trd_Common_OrderStatus_Submitted:
    case Trd_Common_OrderStatus_Filled_Part:
    case Trd_Common_OrderStatus_Disabled:
        return true;
    default:
        return false;
    }
}

static void finish(struct job *j)
{
    const struct sweep *s = j->state;
    Trd_ModifyOrder_S2C *s2c = JOB_S2C(j, Trd_ModifyOrder);
    if (s->taken < s->n) {
        job_fail(j, RET_FAILED, "%zu of %zu orders were not cancelled; the last because %s",
                 s->n - s->taken, s->n, s->refusal);
    } else if (!s2c) {
        no_memory(j);
    } else {
        s2c->header = (Trd_Common_TrdHeader *)(uintptr_t)j->header;
        SET(s2c, orderID, 0);
        job_ok(j);
    }
}

static void next(struct job *j);

static void on_cancelled(struct job *j, const struct channel_reply *r)
{
    struct sweep *s = j->state;
    const struct bk_order_rsp *a = job_decode(j, r, &bk_order_rsp_msg);
    if (!a)
        return;
    bool taken = a->has_result_code && a->result_code == 0;
    s->taken += taken;
    if (!taken)
        snprintf(s->refusal, sizeof(s->refusal), "the broker refuses with code %d%s" STR_FMT,
                 a->result_code, a->err_msg.n ? ": " : "", (int)MIN(a->err_msg.n, 100),
                 a->err_msg.p ? a->err_msg.p : "");
    next(j);
}

static void next(struct job *j)
{
    struct sweep *s = j->state;
    struct bk_order_cancel_req q = { .header = NULL };
    bool locked = s->at && !j->account->cipher.n;       /* meanwhile */
    if (locked)
        snprintf(s->refusal, sizeof(s->refusal), "the account was locked meanwhile");
    if (locked || s->at == s->n) {
        finish(j);
        return;
    }
    q.header = job_header(j, true, STR_NULL);
    q.order_id = s->ids[s->at++];
    if (q.header)
        job_send(j, j->account->firm->c, CMD_ORDER_CANCEL, &bk_order_cancel_req_msg, &q,
                 on_cancelled);
    else
        no_memory(j);
}

static void on_list(struct job *j, const struct channel_reply *r);

static void ask(struct job *j, futu_str page)
{
    struct bk_order_list_req *q = list_request(j);
    if (!q) {
        no_memory(j);
        return;
    }
    q->page = page;
    job_send(j, j->account->firm->c, dialect_order_list, &bk_order_list_req_msg, q, on_list);
}

static void on_list(struct job *j, const struct channel_reply *r)
{
    const Trd_ModifyOrder_C2S *c = JOB_C2S(j, Trd_ModifyOrder);
    struct sweep *s = j->state;
    const struct bk_order_list_rsp *a = job_decode(j, r, &bk_order_list_rsp_msg);
    if (!a || !job_server_ok(j, a->has_result_code, a->result_code, a->err_msg))
        return;
    for (size_t i = 0; i < a->n_orders && s->n < SWEEP_MAX; i++) {
        const struct bk_order *o = &a->orders[i];
        bool here = !c->has_trdMarket || !c->trdMarket ||
                    c->trdMarket == bk_trd_market(o->trade_market);
        if (here && is_open(o) && o->order_id.n)
            s->ids[s->n++] = o->order_id;
    }
    if (a->next_page.n && ++s->pages < PAGES)
        ask(j, a->next_page);
    else
        next(j);
}

void cancel_all(struct job *j)
{
    j->state = ARENA_NEW(&j->arena, struct sweep);
    if (j->state)
        ask(j, STR_NULL);
    else
        no_memory(j);
}
