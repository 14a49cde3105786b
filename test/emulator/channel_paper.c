/* channel_paper.c - the paper exchange behind the emulator's channel side. */
#include "channel_state.h"

#include "codec/registry.h"
#include "upstream/paper/paper.h"

struct ask {
    struct upstream_request rq;
    struct emu *e;
    const struct proto_row *row;
    void *response;
    const char *why;
};

static void on_done(struct upstream_request *rq, const uint8_t *body, size_t len)
{
    struct ask *a = container_of(rq, struct ask, rq);
    void *response = arena_alloc(&a->e->arena, a->row->response->size);
    Trd_GetFunds_Response *head = response;         /* all begin alike but for s2c */
    if (!response || codec_decode(a->row->response, &a->e->arena, body, len, response, NULL, NULL))
        a->why = "out of memory";
    else if (head->retType != 0)
        a->why = head->retMsg.p ? head->retMsg.p : "refused";
    else
        a->response = response;
}

/* Every call that is made here the paper exchange answers before it returns. */
void *emu_ask_paper(struct emu *e, uint32_t proto, const void *request, const char **why)
{
    struct buf body = BUF_INIT;
    struct ask a = { .e = e, .row = proto_find(proto), .why = "the paper exchange is too slow" };
    if (codec_encode(a.row->request, request, &body, NULL) == FUTU_OK) {
        a.rq = (struct upstream_request){ .proto = proto, .conn_id = 1, .body = body.p,
                                          .len = body.n, .done = on_done };
        e->paper->ops->request(e->paper, &a.rq);
        if (!a.response)
            e->paper->ops->cancel(e->paper, &a.rq);
    }
    buf_free(&body);
    *why = a.why;
    return a.response;
}

static void on_push(void *arg, const struct upstream_push *p)
{
    struct emu *e = arg;
    if (!e->freeing)
        emu_quote_push(e, p);
}

static void on_trade(void *arg, uint64_t acc_id, uint32_t proto, const uint8_t *body, size_t len)
{
    struct emu *e = arg;
    if (!e->freeing)
        emu_trade_event(e, acc_id, proto, body, len);
}

static void on_notify(void *arg, uint32_t proto, const uint8_t *body, size_t len)
{
    (void)arg, (void)proto, (void)body, (void)len;
}

futu_err emu_paper_new(struct emu *e, char *why, size_t size)
{
    const struct paper_opts o = {
        .clock = e->o.paper_clock ? e->o.paper_clock : "always-open",
        .seed = e->o.seed,
        .sys = e->o.clock,
        .timers = e->o.timers,
        .events = { on_push, on_trade, on_notify, e },
    };
    return paper_new(&e->paper, &o, why, size);
}
