/* mcp_result.c - see mcp_result.h. The JSON is the codec's own, walked by the descriptor. */
#include "surface/mcp_result.h"

#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "codec/json_name.h"
#include "codec/splice.h"
#include "market/market.h"

#define EXACT ((int64_t)1 << 53)        /* integers above this are not exact in a double */

static const struct place {
    int32_t market, trd_market;
    const char *name, *currency, *zone;
} places[] = {
    { MARKET_HK, 1, "HK", "HKD", "Asia/Hong_Kong" },
    { MARKET_US, 2, "US", "USD", "America/New_York" },
    { MARKET_SH, 3, "SH", "CNY", "Asia/Shanghai" },
    { MARKET_SZ, 4, "SZ", "CNY", "Asia/Shanghai" },
    { MARKET_SG, 6, "SG", "SGD", "Asia/Singapore" },
    { MARKET_JP, 15, "JP", "JPY", "Asia/Tokyo" },
    { MARKET_AU, 8, "AU", "AUD", "Australia/Sydney" },
    { MARKET_MY, 111, "MY", "MYR", "Asia/Kuala_Lumpur" },
    { MARKET_CA, 112, "CA", "CAD", "America/Toronto" },
};

const char *mcp_currency(int32_t trd_market)
{
    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        if (places[i].trd_market == trd_market)
            return places[i].currency;
    return NULL;
}

struct walk {
    struct doc d;
    size_t rows;                /* of a list */
    uint32_t places;            /* bits of `places` that were seen */
    const char *cut;            /* list that was cut */
    size_t cut_from;
    bool more;                  /* the upstream has further rows */
};

static void put(struct walk *w, futu_str s)
{
    if (!w->d.err)
        w->d.err = buf_put(w->d.out, s.p, s.n);
}

static bool to_int(futu_str s, int64_t *out)
{
    uint64_t u;
    bool minus = s.n > 0 && s.p[0] == '-';
    if (minus)
        s = (futu_str){ s.p + 1, s.n - 1 };
    if (!str_to_u64(s, &u))
        return false;
    *out = u > INT64_MAX ? INT64_MAX : minus ? -(int64_t)u : (int64_t)u;
    return true;
}

static void saw(struct walk *w, int32_t market, int32_t trd_market)
{
    for (uint32_t i = 0; i < ARRAY_LEN(places); i++)
        if (places[i].market == market || (trd_market && places[i].trd_market == trd_market))
            w->places |= 1u << i;
}

static void put_symbol(struct walk *w, int32_t market, futu_str quoted)
{
    doc_put(&w->d, "\"");
    doc_put(&w->d, market_prefix(market));
    doc_put(&w->d, ".");
    put(w, (futu_str){ quoted.p + 1, quoted.n - 1 });       /* with its closing quote */
    saw(w, market, 0);
}

static void value(struct walk *w, const struct pb_field *f, futu_str v);

/* {"market":1,"code":"00700"} -> "HK.00700" */
static void security(struct walk *w, futu_str v)
{
    int64_t market;
    futu_str code = mcp_member(v, "code");
    if (to_int(mcp_member(v, "market"), &market) && market_prefix((int32_t)market) &&
        mcp_is_string(code))
        put_symbol(w, (int32_t)market, code);
    else
        put(w, v);
}

static void beside(struct walk *w, const futu_msg *m, const struct pb_field *f, futu_str v)
{
    char name[96];
    const struct proto_field_doc *doc = proto_field_doc(m, f);
    bool id = f->n_snake >= 2 && memcmp(f->snake + f->n_snake - 2, "id", 2) == 0;
    int64_t n;
    if (f->label == PB_REPEATED || !to_int(v, &n))
        return;
    if ((f->type == PB_UINT64 || f->type == PB_INT64) && (id || n > EXACT || n < -EXACT)) {
        snprintf(name, sizeof(name), "%s_str", f->snake);
        doc_key(&w->d, name);
        doc_put(&w->d, "\"");
        put(w, v);
        doc_put(&w->d, "\"");
    }
    for (size_t i = 0; doc && doc->numbers && i < doc->numbers->n; i++)
        if (doc->numbers->values[i].number == n) {
            snprintf(name, sizeof(name), "%s_name", f->snake);
            doc_member(&w->d, name, doc->numbers->values[i].name);
            break;
        }
    if (strcmp(f->name, "trdMarket") == 0)
        saw(w, 0, (int32_t)n);
}

/* The symbol beside a trade code. */
static void trade_symbol(struct walk *w, const futu_msg *m, futu_str object)
{
    int64_t sec;
    futu_str code = mcp_member(object, "code");
    if (!codec_field(m, STR("secMarket")) || !mcp_is_string(code) ||
        !to_int(mcp_member(object, "sec_market"), &sec))
        return;
    int32_t market = market_of_sec_market((int32_t)sec);
    if (!market_prefix(market))
        return;
    doc_key(&w->d, "symbol");
    put_symbol(w, market, code);
}

static void members(struct walk *w, const futu_msg *m, futu_str v)
{
    struct json_lex lx;
    char tmp[128];
    futu_str name, item;
    size_t hint = 0;
    if (!mcp_enter(&lx, v, '{'))
        return;
    while (!w->d.err && mcp_next_member(&lx, tmp, &name, &item)) {
        size_t i = json_field(m, CODEC_REST, name, hint);
        if (i == m->n_fields)
            continue;
        const struct pb_field *f = &m->fields[i];
        hint = i + 1;
        doc_key(&w->d, f->sub == &Qot_Common_Security_msg && strcmp(f->snake, "security") == 0
                           ? "symbol" : f->snake);
        value(w, f, item);
        beside(w, m, f, item);
    }
    trade_symbol(w, m, v);
}

static void one(struct walk *w, const struct pb_field *f, futu_str v)
{
    if (f->type != PB_MESSAGE) {
        put(w, v);
    } else if (f->sub == &Qot_Common_Security_msg) {
        security(w, v);
    } else {
        doc_put(&w->d, "{");
        members(w, f->sub, v);
        doc_put(&w->d, "}");
    }
}

static void value(struct walk *w, const struct pb_field *f, futu_str v)
{
    struct json_lex lx;
    futu_str item;
    size_t n = 0;
    if (f->label != PB_REPEATED) {
        one(w, f, v);
        return;
    }
    doc_put(&w->d, "[");
    if (mcp_enter(&lx, v, '['))
        while (!w->d.err && mcp_next_element(&lx, &item)) {
            if (n++ >= w->rows)
                continue;
            doc_comma(&w->d);
            one(w, f, item);
        }
    doc_put(&w->d, "]");
    if (n > w->rows) {
        w->cut = f->snake;
        w->cut_from = n;
    }
}

/* ---- the readable lines ---- */

static futu_err zone_line(struct buf *out, const struct place *p, int64_t now)
{
    int32_t off = zone_offset(p->market, now), abs = off < 0 ? -off : off;
    return buf_printf(out, "%s: prices in %s, times in %s (UTC%c%02d:%02d).\n", p->name,
                      p->currency, p->zone, off < 0 ? '-' : '+', (int)(abs / 3600),
                      (int)(abs / 60 % 60));
}

static futu_err put_lines(const struct mcp_result *r, const struct walk *w, struct buf *out)
{
    char time[RFC3339_SIZE];
    futu_err err = FUTU_OK;
    rfc3339_ms(r->now_ns, time);
    if (r->paper)
        err = buf_puts(out, "Paper exchange: prices, accounts and orders are simulated.\n");
    for (uint32_t i = 0; !err && i < ARRAY_LEN(places); i++)
        if (w->places & 1u << i)
            err = zone_line(out, &places[i], r->now_ns);
    if (!err && w->cut)
        err = buf_printf(out, "%s: %zu of %zu rows are shown.\n", w->cut, w->rows, w->cut_from);
    return err ? err : buf_printf(out, "Answered at %s.", time);
}

static const struct place *place_of(int32_t market)
{
    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        if (places[i].market == market)
            return &places[i];
    return NULL;
}

static futu_err quote_line(struct buf *text, const Qot_Common_BasicQot *q, double rate)
{
    const struct place *p = q->security ? place_of(q->security->market) : NULL;
    if (!p)
        return FUTU_OK;
    return buf_printf(text, "%s." STR_FMT ": %.10g %s, %+.2f%% on the last close, at " STR_FMT
                      " exchange time.\n", market_prefix(p->market),
                      STR_ARG(q->security->code), q->curPrice, p->currency, rate,
                      STR_ARG(q->updateTime));
}

/* Members of a quote under the documented names, and what a reader would reckon. */
static futu_err quote(struct walk *w, futu_str pb, struct buf *text)
{
    struct arena a = { .first = NULL };
    Qot_Common_BasicQot q;
    char more[96];
    futu_err err = codec_decode(&Qot_Common_BasicQot_msg, &a, pb.p, pb.n, &q, NULL, NULL);
    if (!err && isfinite(q.curPrice) && isfinite(q.lastClosePrice) && q.lastClosePrice > 0) {
        double rate = (q.curPrice / q.lastClosePrice - 1) * 100;
        snprintf(more, sizeof(more), ",\"last_close\":%.10g,\"change_rate\":%.4f",
                 q.lastClosePrice, rate);
        doc_put(&w->d, more);
        err = quote_line(text, &q, rate);
    }
    arena_free(&a);
    return err;
}

static futu_err write_message(struct walk *w, const futu_msg *m, futu_str pb)
{
    static const uint8_t none[1];
    struct buf plain = BUF_INIT;
    futu_err err = codec_to_json(m, pb.p ? (const void *)pb.p : none, pb.n, CODEC_REST, &plain,
                                 NULL, NULL);
    if (!err)
        members(w, m, buf_str(&plain));
    buf_free(&plain);
    return err ? err : w->d.err;
}

static void put_cut(struct walk *w)
{
    char note[160];
    if (w->more && !w->cut)
        doc_member(&w->d, "truncated", "there are further rows; ask from the last time on");
    if (!w->cut)
        return;
    snprintf(note, sizeof(note), "%s: %zu of %zu rows", w->cut, w->rows, w->cut_from);
    doc_member(&w->d, "truncated", note);
}

/* `pb` is s2c, or the first row of its list. */
static futu_err write_all(struct walk *w, const futu_msg *m, futu_str pb, bool row,
                          struct buf *text)
{
    struct pb_rec first;
    futu_err err;
    doc_put(&w->d, "{");
    if (row && pb.n > 0 && pb_first(pb, m->fields[0].tag, &first)) {
        m = m->fields[0].sub;
        pb = (futu_str){ (const char *)first.p, first.n };
    }
    err = write_message(w, m, pb);
    if (!err && m == &Qot_Common_BasicQot_msg)
        err = quote(w, pb, text);
    put_cut(w);
    doc_put(&w->d, "}");
    return err ? err : w->d.err;
}

futu_err mcp_result(const struct mcp_result *r, struct buf *json, struct buf *text)
{
    const futu_msg *m = r->row->response;
    const struct pb_field *f = codec_field(m, STR("s2c"));
    struct walk w = { .d = { .out = json },
                      .rows = r->rows ? r->rows : MCP_ROWS, .more = r->more };
    struct buf sum = BUF_INIT;
    futu_str pb = { (const char *)r->pb, r->n };
    futu_err err = codec_check(m, r->pb, r->n, NULL, NULL);
    if (!err && f) {
        err = pb_gather(r->pb, r->n, f->tag, &sum);     /* pages are parts of one message */
        pb = buf_str(&sum);
        m = f->sub;
    }
    if (!err)
        err = write_all(&w, m, pb, r->tool->flags & MCP_FIRST, text);
    if (!err)
        err = put_lines(r, &w, text);
    buf_free(&sum);
    return err;
}
