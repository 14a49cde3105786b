/* trade.c - what the gateway adds to trading: the guard of writes, and who gets an account's
 * pushes.
 *
 * Tests:   test/unit/gateway/trade_test.c
 */
#include "gateway/call.h"

/* The same write again: the first answer, or its answer when it comes. */
static void answer_repeat(const struct ask *a, const struct replay_entry *e)
{
    if (e->call)
        call_follow(a, e->call);
    else if (e->answer)
        reply_body(a, e->answer, e->n, 0);
    else
        reply_refuse(a, "packetID: this request was sent before and its answer is lost");
}

static bool fresh(const struct ask *a, const Common_PacketID *id, uint8_t digest[32])
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

bool gate_write(struct ask *a, uint8_t digest[32], uint32_t *serial)
{
    Common_PacketID *const *id = c2s_field(a, "packetID");
    Trd_Common_TrdHeader *const *header = c2s_field(a, "header");
    if (!id || !*id || !header || !*header) {
        reply_refuse(a, "缺少必要的参数: packetID, header");
        return false;
    }
    if ((*id)->connID != a->c->id) {
        reply_refuse(a, "packetID.connID: not the id of this connection");
        return false;
    }
    if (!fresh(a, *id, digest))
        return false;
    if ((*header)->trdEnv != Trd_Common_TrdEnv_Simulate && !a->c->hub->unlocked) {
        reply_refuse(a, "没有解锁交易，请先解锁交易");
        return false;
    }
    *serial = (*id)->serialNo;
    return true;
}

void on_sub_acc_push(struct ask *a)
{
    const Trd_SubAccPush_C2S *c2s = ((const Trd_SubAccPush_Request *)a->msg)->c2s;
    struct futu_conn *c = a->c;
    uint64_t *list = NULL;
    size_t n = c2s->n_accIDList;
    if (n > ACCOUNTS_PER_CONN) {
        reply_refuse(a, "accIDList: more than %d accounts", ACCOUNTS_PER_CONN);
        return;
    }
    if (n > 0) {
        list = mem_array(n, sizeof(*list));
        if (!list) {
            reply_refuse(a, "out of memory");
            return;
        }
        memcpy(list, c2s->accIDList, n * sizeof(*list));
    }
    mem_free(c->accounts);
    c->accounts = list;
    c->n_accounts = (uint32_t)n;
    list_remove(&c->trader);
    if (n > 0)
        list_push(&c->hub->traders, &c->trader);
    reply_empty(a);
}
