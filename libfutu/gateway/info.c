/* info.c - Gateway_GetInfo: the chain of gateways, ours first.
 *
 * Behind another gateway the request goes up and its answer becomes the rest of the chain. An
 * upstream that does not know the protocol, or can't be reached, still leaves us our own hop.
 * Tests:   test/unit/gateway/info_test.c
 */
#include "gateway/call.h"
#include "gateway/patch.h"

/* Ours, with what the upstream knows of itself; the rest of `s2c` is filled in by the caller. */
static futu_err own_hop(struct hub *h, struct arena *a, bool stale, Gateway_GetInfo_Hop *hop,
                        Gateway_GetInfo_S2C *s2c)
{
    hop->name = str_printf(a, "futu-opend %s", futu_version());
    if (!hop->name.p)
        return FUTU_ENOMEM;
    SET(hop, bootID, h->o.boot_id);
    SET(hop, startedMs, h->started_ms);
    return h->up->ops->info(h->up, a, stale, hop, s2c);
}

/* What is behind us, as the upstream tells it, and at the least that there is one. */
static futu_err add_chain(struct arena *a, const Gateway_GetInfo_S2C *up, Gateway_GetInfo_S2C *s2c)
{
    size_t n = s2c->n_hopList, more = up ? up->n_hopList : 0;
    Gateway_GetInfo_Hop *list = ARENA_ARRAY(a, Gateway_GetInfo_Hop, n + more);
    if (!list)
        return FUTU_ENOMEM;
    memcpy(list, s2c->hopList, sizeof(*list));
    for (size_t i = 0; i < more; i++)
        list[1 + i] = up->hopList[i];
    /* What our upstream knows of its own kind comes last, when it could not be asked. */
    for (size_t i = 1; i < n && !more; i++)
        list[i] = s2c->hopList[i];
    s2c->n_hopList = more ? 1 + more : n;
    s2c->hopList = list;
    return FUTU_OK;
}

futu_err info_make(struct hub *h, struct arena *a, bool stale, const Gateway_GetInfo_S2C *up,
                   Gateway_GetInfo_S2C *s2c)
{
    *s2c = (Gateway_GetInfo_S2C){ .n_hopList = 1 };
    s2c->hopList = ARENA_ARRAY(a, Gateway_GetInfo_Hop, 2);
    if (!s2c->hopList)
        return FUTU_ENOMEM;
    futu_err err = own_hop(h, a, stale, s2c->hopList, s2c);
    return err ? err : add_chain(a, up, s2c);
}

void on_gateway_info(struct ask *a)
{
    struct hub *h = a->c->hub;
    const Gateway_GetInfo_Request *rq = a->msg;
    Gateway_GetInfo_S2C s2c;
    Gateway_GetInfo_Response rsp = { .retMsg = STR(""), .s2c = &s2c };
    if (h->up->forwards) {
        call_start(a, NULL);
        return;
    }
    SET(&rsp, retType, RET_OK);
    SET(&rsp, errCode, 0);
    if (info_make(h, &h->arena, rq->c2s->stale, NULL, &s2c))
        reply_refuse(a, "out of memory");
    else
        reply_msg(a, &rsp);
}
