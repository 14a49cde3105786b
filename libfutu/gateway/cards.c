/* cards.c - the accounts of the upstream, for keys that are limited to cards.
 *
 * Asked when there are keys: once the hub has its upstream, and after each reload of the keys;
 * again every RETRY_NS until it has answered. Until then a key with cards alone may see no account.
 * Tests:   test/unit/gateway/guard_test.c
 */
#include "gateway/state.h"

#define RETRY_NS (5 * NS_PER_S)

struct cards {
    struct hub *hub;
    struct upstream_request rq;
    struct buf body;
    struct timer timer;
    bool asking;
    size_t n;                   /* accounts of the last answer */
};

static void ask(struct cards *k);

static void on_time(struct timer *t, int64_t now)
{
    struct cards *k = container_of(t, struct cards, timer);
    (void)now;
    ask(k);
}

static bool resolve(struct hub *h, const uint8_t *body, size_t len)
{
    Trd_GetAccList_Response rsp;
    arena_reset(&h->events);
    if (codec_decode(&Trd_GetAccList_Response_msg, &h->events, body, len, &rsp, NULL, NULL) ||
        rsp.retType != RET_OK || !rsp.s2c)
        return false;
    size_t n = rsp.s2c->n_accList;
    struct access_card *cards = ARENA_ARRAY(&h->events, struct access_card, n + 1);
    if (!cards)
        return false;
    for (size_t i = 0; i < n; i++) {
        const Trd_Common_TrdAcc *a = &rsp.s2c->accList[i];
        cards[i] = (struct access_card){ a->accID, a->cardNum, a->uniCardNum };
    }
    h->cards->n = n;
    return access_resolve_cards(h->o.access, cards, n) == FUTU_OK;
}

size_t cards_count(const struct hub *h)
{
    return h->cards ? h->cards->n : 0;
}

static void on_list(struct upstream_request *rq, const uint8_t *body, size_t len)
{
    struct cards *k = container_of(rq, struct cards, rq);
    k->asking = false;
    if (!len || !resolve(k->hub, body, len))
        timer_set(k->hub->o.timers, &k->timer, hub_now(k->hub) + RETRY_NS);
}

static futu_err encode(struct buf *out)
{
    Trd_GetAccList_C2S c2s = { .has_userID = true };
    Trd_GetAccList_Request rq = { .c2s = &c2s };
    SET(&c2s, needGeneralSecAccount, true);
    return codec_encode(&Trd_GetAccList_Request_msg, &rq, out, NULL);
}

static void ask(struct cards *k)
{
    struct hub *h = k->hub;
    if (k->asking || !h->up)
        return;
    k->asking = true;
    k->rq = (struct upstream_request){ .proto = PROTO_TRD_GET_ACC_LIST, .body = k->body.p,
                                       .len = k->body.n, .done = on_list,
                                       .fmt = FRAME_PROTOBUF };
    h->up->ops->request(h->up, &k->rq);
}

void cards_refresh(struct hub *h)
{
    if (!h->o.access || access_n_keys(h->o.access) == 0)
        return;
    if (!h->cards) {
        h->cards = mem_zalloc(sizeof(*h->cards));
        if (!h->cards || encode(&h->cards->body)) {
            log_error("accounts of cards: out of memory; keys that are limited to cards see none");
            if (h->cards)
                buf_free(&h->cards->body);
            mem_free(h->cards);
            h->cards = NULL;
            return;
        }
        h->cards->hub = h;
        h->cards->timer.fn = on_time;
    }
    ask(h->cards);
}

void cards_free(struct hub *h)
{
    struct cards *k = h->cards;
    if (!k)
        return;
    timer_stop(h->o.timers, &k->timer);
    if (k->asking)
        h->up->ops->cancel(h->up, &k->rq);
    buf_free(&k->body);
    mem_free(k);
    h->cards = NULL;
}
