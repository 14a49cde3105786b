/* mcp_preview.c - real orders in two steps: what was shown, and the token that lets it go. */
#include <stdio.h>

#include "codec/splice.h"
#include "crypt/digest.h"
#include "crypt/random.h"
#include "surface/mcp_result.h"
#include "surface/mcp_state.h"

bool mcp_is_real(const struct proto_row *row, futu_str pb)
{
    struct body_shape s;
    struct pb_rec head, env;
    body_shape(row, &s);
    return s.outer_head &&
           pb_inner((const uint8_t *)pb.p, pb.n, s.outer->tag, s.outer_head->tag, &head) &&
           pb_first((futu_str){ (const char *)head.p, head.n }, 1, &env) &&
           env.v != Trd_Common_TrdEnv_Simulate;
}

const char *mcp_preview(struct mcp *m, const struct api_key *key, const struct mcp_tool *tool,
                        futu_str pb)
{
    struct preview *v = &m->previews[m->next_preview++ % PREVIEWS];     /* the oldest goes */
    uint8_t raw[PREVIEW_TOKEN / 2];
    random_bytes(raw, sizeof(raw));
    hex_lower(raw, sizeof(raw), v->token);
    v->key = key;
    v->tool = tool;
    v->until = clock_mono(&m->o.clock) + PREVIEW_NS;
    sha256(pb.p, pb.n, v->hash);
    return v->token;
}

static struct preview *find(struct mcp *m, futu_str token)
{
    struct preview *found = NULL;
    for (size_t i = 0; i < PREVIEWS && token.n == PREVIEW_TOKEN; i++)
        if (equal_ct(m->previews[i].token, token.p, PREVIEW_TOKEN))
            found = &m->previews[i];
    return found;
}

const char *mcp_confirm(struct mcp *m, futu_str token, const struct api_key *key,
                        const struct mcp_tool *tool, futu_str pb)
{
    uint8_t hash[32];
    struct preview *v = find(m, token);
    if (!v || v->key != key)            /* somebody else's is as good as none */
        return "confirm_token: no such preview, or it was used; call without it for a new one";
    struct preview was = *v;
    wipe(v, sizeof(*v));                /* for one use, whatever comes of it */
    sha256(pb.p, pb.n, hash);
    if (clock_mono(&m->o.clock) > was.until)
        return "confirm_token: the preview is older than 60 seconds; call without it for a new one";
    if (was.tool != tool || !equal_ct(was.hash, hash, sizeof(hash)))
        return "confirm_token: the preview was of other arguments; call without it for a new one";
    return NULL;
}

/* ---- the order in words ---- */

static const char *name_of(const futu_msg *m, const char *field, int32_t n)
{
    const struct pb_field *f = codec_field(m, str_c(field));
    const struct proto_field_doc *doc = f ? proto_field_doc(m, f) : NULL;
    for (size_t i = 0; doc && doc->numbers && i < doc->numbers->n; i++)
        if (doc->numbers->values[i].number == n)
            return doc->numbers->values[i].name;
    return "?";
}

static futu_err put_account(struct buf *out, const Trd_Common_TrdHeader *h)
{
    return buf_printf(out, ", account %llu (%s)", (unsigned long long)h->accID,
                      name_of(&Trd_Common_TrdHeader_msg, "trdEnv", h->trdEnv));
}

static futu_err put_place(struct buf *out, const Trd_PlaceOrder_C2S *o)
{
    const char *currency = mcp_currency(o->header->trdMarket);
    const char *market = name_of(&Trd_Common_TrdHeader_msg, "trdMarket", o->header->trdMarket);
    futu_err err = buf_printf(
        out, "%s %.10g of " STR_FMT " (market %s), order type %s",
        name_of(&Trd_PlaceOrder_C2S_msg, "trdSide", o->trdSide), o->qty, STR_ARG(o->code), market,
        name_of(&Trd_PlaceOrder_C2S_msg, "orderType", o->orderType));
    if (!err && o->has_price)
        err = buf_printf(out, ", price %.10g %s, value %.10g %s", o->price,
                         currency ? currency : "", o->price * o->qty, currency ? currency : "");
    if (!err && o->has_auxPrice)
        err = buf_printf(out, ", trigger %.10g", o->auxPrice);
    if (!err)
        err = buf_printf(out, ", valid %s", name_of(&Trd_PlaceOrder_C2S_msg, "timeInForce",
                                                    o->has_timeInForce ? o->timeInForce : 0));
    return err ? err : put_account(out, o->header);
}

static futu_err put_modify(struct buf *out, const Trd_ModifyOrder_C2S *o)
{
    const char *op = name_of(&Trd_ModifyOrder_C2S_msg, "modifyOrderOp", o->modifyOrderOp);
    futu_err err;
    if (o->has_forAll && o->forAll)
        err = buf_printf(out, "%s all orders", op);
    else if (o->orderIDEx.p)
        err = buf_printf(out, "%s order " STR_FMT, op, STR_ARG(o->orderIDEx));
    else
        err = buf_printf(out, "%s order %llu", op, (unsigned long long)o->orderID);
    if (!err && o->has_qty)
        err = buf_printf(out, ", quantity %.10g", o->qty);
    if (!err && o->has_price)
        err = buf_printf(out, ", price %.10g", o->price);
    return err ? err : put_account(out, o->header);
}

static futu_err put_words(const struct proto_row *row, const void *request, struct buf *out)
{
    if (row->id == PROTO_TRD_PLACE_ORDER)
        return put_place(out, ((const Trd_PlaceOrder_Request *)request)->c2s);
    if (row->id == PROTO_TRD_MODIFY_ORDER)
        return put_modify(out, ((const Trd_ModifyOrder_Request *)request)->c2s);
    const Trd_ReconfirmOrder_C2S *o = ((const Trd_ReconfirmOrder_Request *)request)->c2s;
    futu_err err = buf_printf(out, "Confirm order %llu", (unsigned long long)o->orderID);
    return err ? err : put_account(out, o->header);
}

futu_err mcp_preview_text(const struct proto_row *row, futu_str pb, struct buf *json,
                          struct buf *text)
{
    struct arena a = { .first = NULL };
    struct body_shape s;
    struct pb_rec c2s;
    body_shape(row, &s);
    void *rq = arena_alloc(&a, row->request->size);
    futu_err err = rq ? codec_decode(row->request, &a, pb.p, pb.n, rq, NULL, NULL) : FUTU_ENOMEM;
    if (!err)
        err = put_words(row, rq, text);
    if (!err && !pb_first(pb, s.outer->tag, &c2s))
        err = FUTU_EFORMAT;
    if (!err)
        err = codec_to_json(s.c2s, c2s.p, c2s.n, CODEC_SNAKE, json, NULL, NULL);
    arena_free(&a);
    return err;
}
