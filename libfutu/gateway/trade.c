/* trade.c - what the gateway adds to trading: the guard of writes.
 *
 * Tests:   test/unit/gateway/trade_test.c
 */
#include <stdio.h>

#include "gateway/guard.h"
#include "gateway/orders.h"

/* The same write again: the first answer, or its answer when it comes. */
static void answer_repeat(struct ask *a, const struct replay_entry *e)
{
    if (a->guarded)
        a->guarded->repeat = true;
    if (e->call)
        call_follow(a, e->call);
    else if (e->answer)
        reply_body(a, e->answer, e->n, 0);
    else
        reply_refuse(a, "packetID: this request was sent before and its answer is lost");
}

static bool fresh(struct ask *a, const Common_PacketID *id, uint8_t digest[32])
{
    struct replay_entry *e;
    replay_digest(a->proto, a->body, a->len, digest);
    switch (replay_look(&a->c->replay, id->serialNo, digest, &e)) {
    case REPLAY_NEW:
        return true;
    case REPLAY_REPEAT:
        answer_repeat(a, e);
        return false;
    case REPLAY_OTHER_BODY:
        reply_refuse(a, "packetID.serialNo: %u has been used for another request", id->serialNo);
        return false;
    default:
        reply_refuse(a, "packetID.serialNo: %u is below the last %d ones", id->serialNo,
                     REPLAY_WINDOW);
        return false;
    }
}

/* Trading of a real account that is locked. */
static bool refused_as_locked(struct ask *a, const Trd_Common_TrdHeader *header)
{
    enum { NOT_UNLOCKED = -401 };
    const struct hub *h = a->c->hub;
    char text[300];
    if (header->trdEnv == Trd_Common_TrdEnv_Simulate || unlock_is_open(h, header->accID))
        return false;
    const char *why = unlock_why(h, header->accID);
    snprintf(text, sizeof(text),
             "没有解锁交易，请先解锁交易 (unlock needed: account %llu is locked%s%s)",
             (unsigned long long)header->accID, *why ? ": " : "", why);
    reply_failure(a, RET_FAILED, NOT_UNLOCKED, text);
    return true;
}

bool gate_write(struct ask *a, struct write *w)
{
    Common_PacketID *const *id = c2s_field(a, "packetID");
    Trd_Common_TrdHeader *const *header = c2s_field(a, "header");
    *w = (struct write){ .order = NULL };
    if (!id || !*id || !header || !*header) {
        reply_refuse(a, "缺少必要的参数: packetID, header");
        return false;
    }
    w->own = (*id)->connID == a->c->id;
    w->serial = (*id)->serialNo;
    if (w->own && !fresh(a, *id, w->digest))
        return false;
    if (refused_as_locked(a, *header))
        return false;
    enum orders_verdict v = orders_look(a, *id, w->own, &w->order);
    w->resume = v == ORDERS_RESUME;
    return v != ORDERS_ANSWERED;
}
