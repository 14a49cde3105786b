/* mcp_account.c - whose account a call is about when it does not say acc_id: the one with the card,
 * or the only one of that environment and market.
 *
 * The accounts are asked for with the caller's key, whose limits so hold for what is found.
 * Tests:   test/unit/surface/mcp_tool_test.c
 */
#include <stdio.h>

#include "codec/splice.h"
#include "surface/mcp_state.h"

enum { HEAD_ENV = 1, HEAD_ACC = 2, HEAD_MARKET = 3 };

/* What is known of the account. */
struct wanted {
    int32_t env, market;        /* market 0: not said */
    uint64_t id;                /* 0: not said */
    const char *card;           /* "": not said */
};

struct found {
    uint64_t id;
    size_t n;
    char ids[160];
};

futu_err mcp_set_account(const struct proto_row *row, uint64_t id, struct buf *pb)
{
    struct body_shape s;
    struct arena a = { .first = NULL };
    body_shape(row, &s);
    void *rq = arena_alloc(&a, row->request->size);
    futu_err err = rq ? codec_decode(row->request, &a, pb->p, pb->n, rq, NULL, NULL)
                      : FUTU_ENOMEM;
    if (!err) {
        char *body = *(char *const *)((char *)rq + s.outer->off);
        Trd_Common_TrdHeader *header = *(Trd_Common_TrdHeader *const *)(body + s.outer_head->off);
        header->accID = id;
        pb->n = 0;
        err = codec_encode(row->request, rq, pb, NULL);
    }
    arena_free(&a);
    return err;
}

/* ---- which one ---- */

static bool has_market(const Trd_Common_TrdAcc *a, int32_t market)
{
    bool has = market == 0;
    for (size_t i = 0; i < a->n_trdMarketAuthList; i++)
        has |= a->trdMarketAuthList[i] == market;
    return has;
}

static bool fits(const struct wanted *w, const Trd_Common_TrdAcc *a)
{
    if (w->id && a->accID != w->id)
        return false;
    if (w->card[0])
        return access_card_is(a->cardNum, str_c(w->card)) ||
               access_card_is(a->uniCardNum, str_c(w->card));
    return a->trdEnv == w->env && has_market(a, w->market);
}

static void look(const struct wanted *w, const Trd_GetAccList_S2C *s2c, struct found *f)
{
    size_t at = 0;
    *f = (struct found){ .n = 0 };
    for (size_t i = 0; i < s2c->n_accList; i++) {
        const Trd_Common_TrdAcc *a = &s2c->accList[i];
        if (!a->accID || !fits(w, a))
            continue;
        f->id = a->accID;
        f->n++;
        if (at < sizeof(f->ids))
            at += (size_t)snprintf(f->ids + at, sizeof(f->ids) - at, "%s%llu", at ? ", " : "",
                                   (unsigned long long)a->accID);
    }
}

static struct wanted wanted(const struct mcp_call *k)
{
    return (struct wanted){ k->env, k->market, k->acc_id, k->args.card };
}

static void none_fits(struct mcp_call *k, const struct found *f)
{
    if (k->args.card[0] && f->n)
        mcp_call_fail(k, "card_num: several accounts have it (%s); give acc_id", f->ids);
    else if (k->args.card[0])
        mcp_call_fail(k, "card_num: no %s has it; futu_list_accounts lists them",
                      k->acc_id ? "account of this acc_id" : "account");
    else if (f->n)
        mcp_call_fail(k, "acc_id: required, since several accounts fit: %s", f->ids);
    else
        mcp_call_fail(k, "acc_id: no account of this env and market; futu_list_accounts lists "
                         "them");
}

static void on_accounts(struct hub_call *c, const struct hub_reply *h)
{
    struct mcp_call *k = container_of(c, struct mcp_call, call);
    struct arena a = { .first = NULL };
    Trd_GetAccList_Response rsp;
    struct found f = { .n = 0 };
    struct wanted w = wanted(k);
    if (h && h->deny == DENY_SCOPE) {
        mcp_call_fail(k, "acc_id: required: this API key may not list accounts");
        return;
    }
    if (!mcp_call_well(k, h))
        return;
    if (codec_decode(&Trd_GetAccList_Response_msg, &a, h->body, h->len, &rsp, NULL, NULL) ==
            FUTU_OK && rsp.s2c)
        look(&w, rsp.s2c, &f);
    arena_free(&a);
    if (f.n != 1) {
        none_fits(k, &f);
        return;
    }
    k->account = f.id;
    mcp_call_next(k, k->tool->flags & MCP_RAW ? mcp_raw : mcp_call_go);
}

/* ---- what is known ---- */

/* The environment and market that the arguments come to. */
static futu_err read_header(struct mcp_call *k, struct body_error *e)
{
    struct body_extra extra;
    struct body_shape s;
    struct pb_rec head, r;
    struct buf *pb = &k->m->pb;
    if (k->tool->flags & MCP_RAW) {
        k->env = mcp_raw_env(buf_str(&k->body));
        return FUTU_OK;
    }
    futu_err err = mcp_call_request(k, 0, 0, pb, &extra, e);
    body_shape(k->row, &s);
    if (err || !pb_inner(pb->p, pb->n, s.outer->tag, s.outer_head->tag, &head))
        return err ? err : FUTU_EFORMAT;
    futu_str h = { (const char *)head.p, head.n };
    k->env = pb_first(h, HEAD_ENV, &r) ? (int32_t)r.v : 0;
    k->acc_id = pb_first(h, HEAD_ACC, &r) ? r.v : 0;
    k->market = pb_first(h, HEAD_MARKET, &r) ? (int32_t)r.v : 0;
    return FUTU_OK;
}

void mcp_account_find(struct mcp_call *k)
{
    Trd_GetAccList_C2S c2s = { .has_userID = true };
    Trd_GetAccList_Request rq = { .c2s = &c2s };
    struct body_error e = { "", "" };
    struct buf *pb = &k->m->pb;
    SET(&c2s, needGeneralSecAccount, true);
    futu_err err = read_header(k, &e);
    if (!err) {
        pb->n = 0;
        err = codec_encode(&Trd_GetAccList_Request_msg, &rq, pb, NULL);
    }
    if (err)
        mcp_call_fail(k, "%s", e.text[0] ? e.text : futu_strerror(err));
    else
        mcp_call_ask(k, PROTO_TRD_GET_ACC_LIST, buf_str(pb), on_accounts);
}
