/* mcp_result.c - see mcp_result.h. The JSON is the codec's own, walked by the descriptor. */
#include "surface/mcp_result.h"

#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "codec/json_name.h"
#include "codec/splice.h"
#include "market/hint.h"
#include "market/market.h"

#define EXACT ((int64_t)1 << 53)        /* integers above this are not exact in a double */

struct walk {
    struct doc d;
    size_t rows, bytes;         /* of a list; bytes 0: no bound */
    uint32_t places;            /* bits of the places that were seen */
    const struct mcp_market *at; /* of the object at hand; NULL: not known */
    const char *cut;            /* list that was cut */
    size_t cut_to, cut_from;
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

static int32_t number(futu_str object, const char *name)
{
    int64_t n;
    return to_int(mcp_member(object, name), &n) && n == (int32_t)n ? (int32_t)n : 0;
}

/* ---- where ---- */

static void saw(struct walk *w, const struct mcp_market *p)
{
    for (uint32_t i = 0; p && mcp_market(i); i++)
        if (mcp_market(i) == p)
            w->places |= 1u << i;
}

/* The place of an object by what it says of itself: NULL: nothing. */
static const struct mcp_market *place_in(const futu_msg *m, futu_str object)
{
    const struct mcp_market *p = NULL;
    if (codec_field(m, STR("security")))
        p = mcp_market_of(number(mcp_member(object, "security"), "market"), 0);
    if (!p && codec_field(m, STR("secMarket")))
        p = mcp_market_of(market_of_sec_market(number(object, "sec_market")), 0);
    if (!p && codec_field(m, STR("trdMarket")))
        p = mcp_market_of(0, number(object, "trd_market"));
    if (!p && codec_field(m, STR("header")))
        p = mcp_market_of(0, number(mcp_member(object, "header"), "trd_market"));
    return p;
}

static futu_str unquoted(futu_str s)
{
    return s.n >= 2 ? (futu_str){ s.p + 1, s.n - 2 } : STR("");
}

/* What the prices beside a symbol are in, unless the message says it itself. */
static void put_currency(struct walk *w, const futu_msg *m, int32_t market, futu_str quoted_code)
{
    const char *currency = mcp_currency_of(mcp_market_of(market, 0), unquoted(quoted_code));
    if (currency && !codec_field(m, STR("currency")))
        doc_member(&w->d, "currency", currency);
}

static void put_symbol(struct walk *w, int32_t market, futu_str quoted)
{
    doc_put(&w->d, "\"");
    doc_put(&w->d, market_prefix(market));
    doc_put(&w->d, ".");
    put(w, (futu_str){ quoted.p + 1, quoted.n - 1 });       /* with its closing quote */
    saw(w, mcp_market_of(market, 0));
}

/* {"market":1,"code":"00700"} -> "HK.00700" */
static void security(struct walk *w, futu_str v)
{
    int32_t market = number(v, "market");
    futu_str code = mcp_member(v, "code");
    if (market_prefix(market) && mcp_is_string(code)) {
        put_symbol(w, market, code);
        return;
    }
    char text[16];              /* of a market that has no prefix: its number stands for it */
    snprintf(text, sizeof(text), "\"%d.", (int)market);
    doc_put(&w->d, text);
    put(w, mcp_is_string(code) ? (futu_str){ code.p + 1, code.n - 1 } : STR("\""));
}

/* ---- values ---- */

static void value(struct walk *w, const struct pb_field *f, futu_str v);

static bool is_real(const struct pb_field *f)
{
    return f->type == PB_FLOAT || f->type == PB_DOUBLE;
}

static bool is_long(const struct pb_field *f)
{
    return f->type == PB_UINT64 || f->type == PB_INT64;
}

static bool is_id(const struct pb_field *f)
{
    return f->n_snake >= 2 && memcmp(f->snake + f->n_snake - 2, "id", 2) == 0;
}

static void beside(struct walk *w, const futu_msg *m, const struct pb_field *f, futu_str v)
{
    char name[96];
    const struct proto_field_doc *doc = proto_field_doc(m, f);
    int64_t n;
    if (f->label == PB_REPEATED || !to_int(v, &n))
        return;
    if (is_long(f) && (is_id(f) || n > EXACT || n < -EXACT)) {
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
}

/* The symbol beside a trade code. */
static void trade_symbol(struct walk *w, const futu_msg *m, futu_str object)
{
    futu_str code = mcp_member(object, "code");
    if (!codec_field(m, STR("secMarket")) || !mcp_is_string(code))
        return;
    int32_t market = market_of_sec_market(number(object, "sec_market"));
    if (!market_prefix(market))
        return;
    doc_key(&w->d, "symbol");
    put_symbol(w, market, code);
    put_currency(w, m, market, code);
}

static void member(struct walk *w, const futu_msg *m, const struct pb_field *f, futu_str v)
{
    bool symbol = f->sub == &Qot_Common_Security_msg && strcmp(f->snake, "security") == 0;
    if (is_real(f) && f->label != PB_REPEATED && mcp_is_string(v))
        return;                 /* "NaN": there is no such number */
    doc_key(&w->d, symbol ? "symbol" : f->snake);
    value(w, f, v);
    beside(w, m, f, v);
    if (symbol)
        put_currency(w, m, number(v, "market"), mcp_member(v, "code"));
}

static void members(struct walk *w, const futu_msg *m, futu_str v)
{
    struct json_lex lx;
    char tmp[128];
    futu_str name, item;
    size_t hint = 0;
    const struct mcp_market *up = w->at, *own = place_in(m, v);
    if (!mcp_enter(&lx, v, '{'))
        return;
    w->at = own ? own : up;
    saw(w, own);
    while (!w->d.err && mcp_next_member(&lx, tmp, &name, &item)) {
        size_t i = json_field(m, CODEC_REST, name, hint);
        if (i == m->n_fields)
            continue;
        hint = i + 1;
        member(w, m, &m->fields[i], item);
    }
    trade_symbol(w, m, v);
    w->at = up;
}

static void text(struct walk *w, futu_str v)
{
    char time[40];
    if (!w->at || !mcp_is_string(v) || !mcp_time(w->at, unquoted(v), time)) {
        put(w, v);
        return;
    }
    doc_put(&w->d, "\"");
    doc_put(&w->d, time);
    doc_put(&w->d, "\"");
}

static void one(struct walk *w, const struct pb_field *f, futu_str v)
{
    if (f->type == PB_STRING) {
        text(w, v);
    } else if (is_real(f) && mcp_is_string(v)) {
        doc_put(&w->d, "null");
    } else if (f->type != PB_MESSAGE) {
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
    size_t n = 0, shown = 0;
    if (f->label != PB_REPEATED) {
        one(w, f, v);
        return;
    }
    doc_put(&w->d, "[");
    if (mcp_enter(&lx, v, '['))
        while (!w->d.err && mcp_next_element(&lx, &item)) {
            n++;
            if (shown >= w->rows || (w->bytes && w->d.out->n > w->bytes))
                continue;
            shown++;
            doc_comma(&w->d);
            one(w, f, item);
        }
    doc_put(&w->d, "]");
    if (n > shown) {
        w->cut = f->snake;
        w->cut_to = shown;
        w->cut_from = n;
    }
}

/* ---- what is added to the whole ---- */

static futu_err zone_line(struct buf *out, const struct mcp_market *p, const struct mcp_result *r)
{
    char offset[8];
    mcp_offset(p, r->now_ns, offset);
    futu_err err = buf_printf(out, "%s: prices in %s, times in %s (UTC%s).\n", p->name,
                              p->currency, p->zone, offset);
    return err || r->own_hours ? err : hint_closed(out, p->market, r->now_ns);
}

static futu_err put_lines(const struct mcp_result *r, const struct walk *w, struct buf *out)
{
    char time[RFC3339_SIZE];
    futu_err err = FUTU_OK;
    rfc3339_ms(r->now_ns, time);
    if (r->paper)
        err = buf_puts(out, "Paper exchange: prices, accounts and orders are simulated.\n");
    for (uint32_t i = 0; !err && mcp_market(i); i++)
        if (w->places & 1u << i)
            err = zone_line(out, mcp_market(i), r);
    if (!err && w->cut)
        err = buf_printf(out, "%s: %zu of %zu rows are shown.\n", w->cut, w->cut_to, w->cut_from);
    return err ? err : buf_printf(out, "Answered at %s.", time);
}

static void put_market(struct walk *w, const struct mcp_market *p, const struct mcp_result *r)
{
    char offset[8], time[40], text[24];
    int64_t next = market_next_open(p->market, r->now_ns);
    doc_comma(&w->d);
    doc_put(&w->d, "{");
    doc_member(&w->d, "market", p->name);
    doc_member(&w->d, "currency", p->currency);
    doc_member(&w->d, "time_zone", p->zone);
    mcp_offset(p, r->now_ns, offset);
    doc_member(&w->d, "utc_offset", offset);
    if (!r->own_hours) {
        bool open = hint_open(p->market, r->now_ns);
        doc_key(&w->d, "open");
        doc_put(&w->d, open ? "true" : "false");
        market_time_text(p->market, next, false, text);
        if (!open && next && mcp_time(p, str_c(text), time))
            doc_member(&w->d, "next_open", time);
    }
    doc_put(&w->d, "}");
}

static void put_tail(struct walk *w, const struct mcp_result *r)
{
    char note[160];
    if (r->tool->flags & MCP_ORDER) {
        doc_key(&w->d, "sent");
        doc_put(&w->d, "true");
    }
    if (w->places) {
        doc_key(&w->d, "markets");
        doc_put(&w->d, "[");
        for (uint32_t i = 0; mcp_market(i); i++)
            if (w->places & 1u << i)
                put_market(w, mcp_market(i), r);
        doc_put(&w->d, "]");
    }
    if (r->paper) {
        doc_key(&w->d, "paper");
        doc_put(&w->d, "true");
    }
    if (w->more && !w->cut)
        doc_member(&w->d, "truncated", "there are further rows; ask from the last time on");
    if (!w->cut)
        return;
    snprintf(note, sizeof(note), "%s: %zu of %zu rows", w->cut, w->cut_to, w->cut_from);
    doc_member(&w->d, "truncated", note);
}

static futu_err quote_line(struct buf *out, const Qot_Common_BasicQot *q, double rate)
{
    const struct mcp_market *p = q->security ? mcp_market_of(q->security->market, 0) : NULL;
    const char *currency = p ? mcp_currency_of(p, q->security->code) : NULL;
    if (!p)
        return FUTU_OK;
    return buf_printf(out, "%s." STR_FMT ": %.10g%s%s, %+.2f%% on the last close, at " STR_FMT
                      " exchange time.\n", market_prefix(p->market),
                      STR_ARG(q->security->code), q->curPrice, currency ? " " : "",
                      currency ? currency : "", rate, STR_ARG(q->updateTime));
}

/* Members of a quote under the documented names, and what a reader would reckon. */
static futu_err quote(struct walk *w, futu_str pb, struct buf *out)
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
        err = quote_line(out, &q, rate);
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

/* Of a ping the time at the other end, and how far away that is. */
static futu_err round_trip(struct walk *w, futu_str pb, const struct mcp_result *r)
{
    struct arena a = { .first = NULL };
    GetGlobalState_S2C s;
    char text[160];
    futu_err err = codec_decode(&GetGlobalState_S2C_msg, &a, pb.p, pb.n, &s, NULL, NULL);
    if (!err) {
        snprintf(text, sizeof(text), "\"time\":%lld,\"round_trip_ms\":%.3f,\"qot_logined\":%s,"
                 "\"trd_logined\":%s", (long long)s.time, (double)r->took_ns / 1e6,
                 s.qotLogined ? "true" : "false", s.trdLogined ? "true" : "false");
        doc_put(&w->d, text);
    }
    arena_free(&a);
    return err ? err : w->d.err;
}

/* `pb` is s2c, or the first row of its list. */
static futu_err write_all(struct walk *w, const futu_msg *m, futu_str pb,
                          const struct mcp_result *r, struct buf *out)
{
    struct pb_rec first;
    futu_err err;
    if (r->tool->flags & MCP_TIMED)
        return round_trip(w, pb, r);
    if (r->tool->flags & MCP_FIRST && pb.n > 0 && pb_first(pb, m->fields[0].tag, &first)) {
        m = m->fields[0].sub;
        pb = (futu_str){ (const char *)first.p, first.n };
    }
    err = write_message(w, m, pb);
    if (!err && m == &Qot_Common_BasicQot_msg)
        err = quote(w, pb, out);
    return err;
}

static futu_err write_reply(struct walk *w, const struct mcp_result *r, struct buf *out)
{
    const futu_msg *m = r->row->response;
    const struct pb_field *f = codec_field(m, STR("s2c"));
    struct buf sum = BUF_INIT;
    futu_str pb = r->reply;
    futu_err err = codec_check(m, pb.p, pb.n, NULL, NULL);
    if (!err && f) {
        err = pb_gather((const uint8_t *)pb.p, pb.n, f->tag, &sum);     /* pages are its parts */
        pb = buf_str(&sum);
        m = f->sub;
    }
    if (!err)
        err = write_all(w, m, pb, r, out);
    buf_free(&sum);
    return err;
}

futu_err mcp_result(const struct mcp_result *r, struct buf *json, struct buf *out)
{
    struct walk w = { .d = { .out = json }, .rows = r->rows ? r->rows : MCP_ROWS,
                      .bytes = r->rows ? 0 : json->n + MCP_BYTES, .more = r->more,
                      .at = mcp_market_of(r->market, 0) };
    futu_err err = FUTU_OK;
    saw(&w, w.at);
    if (r->tool->flags & MCP_RAW) {
        put(&w, (futu_str){ r->reply.p, r->reply.n - 1 });      /* its bracket comes last */
    } else {
        doc_put(&w.d, "{");
        err = write_reply(&w, r, out);
    }
    if (!err && !r->bare)
        put_tail(&w, r);
    doc_put(&w.d, "}");
    err = err ? err : w.d.err;
    return err || r->bare ? err : put_lines(r, &w, out);
}
