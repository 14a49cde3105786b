/* closed.c - see closed.h. */
#include "gateway/closed.h"

#include "codec/splice.h"
#include "market/hint.h"

int32_t quote_market(const Trd_Common_TrdHeader *header, int32_t sec_market, futu_str code)
{
    static const int32_t all[] = { MARKET_HK, MARKET_US, MARKET_SG, MARKET_JP, MARKET_AU,
                                   MARKET_MY, MARKET_CA };
    int32_t m = sec_market ? market_of_sec_market(sec_market) : 0;
    if (m)
        return m;
    if (header->trdMarket == Trd_Common_TrdMarket_CN ||
        header->trdMarket == Trd_Common_TrdMarket_HKCC)
        return code.n > 0 && strchr("569", code.p[0]) ? MARKET_SH : MARKET_SZ;
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (market_trd_market(all[i]) == header->trdMarket)
            return all[i];
    return 0;
}

int32_t order_market(struct ask *a)
{
    if (!a->row || !a->row->write || !a->msg)
        return 0;
    Trd_Common_TrdHeader *const *header = c2s_field(a, "header");
    if (!header || !*header)
        return 0;
    if (a->proto != PROTO_TRD_PLACE_ORDER)
        return quote_market(*header, 0, STR_NULL);
    const Trd_PlaceOrder_C2S *c = ((const Trd_PlaceOrder_Request *)a->msg)->c2s;
    return quote_market(*header, c->has_secMarket ? c->secMarket : 0, c->code);
}

/* All records but the text, then the new text. */
static futu_err with_text(futu_str body, futu_str text, struct buf *out)
{
    struct pb_in in = pb_in_str(body);
    futu_err err = FUTU_OK;
    while (!err && in.p < in.end) {
        const uint8_t *p = in.p;
        struct pb_rec r;
        if (pb_next(&in, &r))
            return FUTU_EFORMAT;
        if (r.tag != TAG_TEXT)
            err = buf_put(out, p, (size_t)(in.p - p));
    }
    return err ? err : pb_append(out, TAG_TEXT, text.p, text.n);
}

void closed_hint(struct hub *h, int32_t market, futu_str *body)
{
    const uint8_t *p = (const uint8_t *)body->p;
    if (!market || body->n == 0 || response_ret(p, body->n) == RET_OK)
        return;
    futu_str text = response_text(p, body->n);
    if (!hint_generic(text))
        return;
    struct buf t = BUF_INIT, out = BUF_INIT;
    futu_err err = buf_put(&t, text.p, text.n);
    if (!err)
        err = hint_append(&t, market, clock_wall(&h->o.clock));
    if (!err && t.n > text.n && !with_text(*body, buf_str(&t), &out)) {
        h->body.n = 0;
        if (!buf_put(&h->body, out.p, out.n))
            *body = buf_str(&h->body);
    }
    buf_free(&t);
    buf_free(&out);
}
