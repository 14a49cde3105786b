/* push.c - pushes of the upstream: whose they are, what is remembered of them.
 *
 * A push is read as far as its security, and goes up as the bytes that came, with the digest that
 * they came with. Quotes of several securities in one push are parted.
 * Tests:   test/unit/upstream/relay/push_test.c
 */
#include "upstream/relay/state.h"
#include "upstream/sub_type.h"

#define AFTER_REFILL (3 * NS_PER_S)

enum { LIVE = 1 };                      /* Ticker.pushDataType */

futu_err push_begin(struct buf *out, size_t *s2c)
{
    static const uint8_t success[] = { 0x08, 0, 0x12, 0, 0x18, 0 };
    futu_err err = buf_put(out, success, sizeof(success));
    return err ? err : pb_open(out, TAG_S2C, s2c);
}

bool body_s2c(const uint8_t *body, size_t n, futu_str *s2c)
{
    struct pb_rec r;
    if (!pb_first((futu_str){ (const char *)body, n }, TAG_S2C, &r) || r.wire != PB_WIRE_BYTES)
        return false;
    *s2c = (futu_str){ (const char *)r.p, r.n };
    return true;
}

static bool read_security(futu_str m, uint32_t tag, int32_t *market, futu_str *code)
{
    struct pb_rec r, v;
    if (!pb_first(m, tag, &r) || r.wire != PB_WIRE_BYTES)
        return false;
    futu_str sec = { (const char *)r.p, r.n };
    if (!pb_first(sec, 1, &v))
        return false;
    *market = (int32_t)v.v;
    if (!pb_first(sec, 2, &v) || v.wire != PB_WIRE_BYTES)
        return false;
    *code = (futu_str){ (const char *)v.p, v.n };
    return true;
}

static int32_t number(futu_str m, uint32_t tag)
{
    struct pb_rec v;
    return pb_first(m, tag, &v) && v.wire == PB_WIRE_VARINT ? (int32_t)v.v : 0;
}

int64_t ticker_sequence(const struct pb_rec *ticker)
{
    struct pb_rec v;
    return pb_first((futu_str){ (const char *)ticker->p, ticker->n }, 2, &v) ? (int64_t)v.v : 0;
}

/* ---- what is remembered ---- */

static void tail_add(struct stream *st, const uint8_t *start, const uint8_t *end)
{
    if (buf_put(&st->tail, start, (size_t)(end - start)))
        return;
    st->n_tail++;
    while (st->n_tail > TAIL_TICKS) {
        struct pb_in in = { st->tail.p, st->tail.p + st->tail.n };
        struct pb_rec r;
        if (pb_next(&in, &r))
            break;
        buf_consume(&st->tail, (size_t)(in.p - st->tail.p));
        st->n_tail--;
    }
}

static void note_ticks(struct stream *st, futu_str s2c)
{
    struct pb_in in = pb_in_str(s2c);
    while (in.p < in.end) {
        const uint8_t *start = in.p;
        struct pb_rec r;
        if (pb_next(&in, &r))
            return;
        if (r.tag != 2 || r.wire != PB_WIRE_BYTES)
            continue;
        int64_t sequence = ticker_sequence(&r);
        if (sequence > st->sequence)
            tail_add(st, start, in.p);
        st->sequence = MAX(st->sequence, sequence);
    }
}

/* The time of the last element of a list: where a refill begins. */
static void note_bar(struct stream *st, futu_str s2c, uint32_t list)
{
    struct pb_in in = pb_in_str(s2c);
    struct pb_rec r, t;
    while (in.p < in.end && !pb_next(&in, &r))
        if (r.tag == list && r.wire == PB_WIRE_BYTES &&
            pb_first((futu_str){ (const char *)r.p, r.n }, 1, &t) && t.wire == PB_WIRE_BYTES)
            str_copy(st->bar, sizeof(st->bar), (futu_str){ (const char *)t.p, t.n });
}

static void note(struct stream *st, uint32_t proto, const uint8_t *body, size_t n)
{
    futu_str s2c;
    st->last_ns = st->pair->r->rx_ns;
    st->proto = proto;
    st->last.n = 0;
    if (buf_put(&st->last, body, n) || !body_s2c(body, n, &s2c))
        return;
    if (proto == P_TICKER_PUSH)
        note_ticks(st, s2c);
    else if (proto == 3007)
        note_bar(st, s2c, 4);
    else if (proto == 3009)
        note_bar(st, s2c, 2);
}

void push_deliver(struct relay *r, struct stream *st, uint32_t proto, const uint8_t *body, size_t n,
                  const uint8_t *sha1, bool first)
{
    struct upstream_push p = { .proto = proto, .body = body, .len = n, .sha1 = sha1,
                               .lossless = proto == P_TICKER_PUSH, .first = first };
    const struct pair *pair = st->pair;
    p.key = (struct stream_key){ pair->key.market, pair->key.sub_type, st->rehab, "" };
    memcpy(p.key.code, pair->key.code, sizeof(p.key.code));
    note(st, proto, body, n);
    p.made_ns = st->last_ns;
    if (st->wanted)
        r->o.events.push(r->o.events.arg, &p);
}

/* ---- what a push is ---- */

/* A ticker says by itself whether it happened now. */
static bool is_live(uint32_t proto, futu_str s2c)
{
    struct pb_rec r;
    if (proto != P_TICKER_PUSH || !pb_first(s2c, 2, &r) || r.wire != PB_WIRE_BYTES)
        return false;
    return number((futu_str){ (const char *)r.p, r.n }, 10) == LIVE;
}

static int64_t last_sequence(futu_str s2c)
{
    struct pb_in in = pb_in_str(s2c);
    struct pb_rec r;
    int64_t last = 0;
    while (in.p < in.end && !pb_next(&in, &r))
        if (r.tag == 2 && r.wire == PB_WIRE_BYTES)
            last = MAX(last, ticker_sequence(&r));
    return last;
}

/* A cached value that nobody waits for; or trades that the refill knew before they were pushed.
 * Later a lower sequence is a new count. */
static bool is_repeat(const struct stream *st, bool live, futu_str s2c)
{
    bool refilled = st->pair->r->rx_ns - st->refilled_ns < AFTER_REFILL;
    return last_sequence(s2c) <= st->sequence && (!live || refilled);
}

/* Some of the trades have come already: the push without them. False: none has, it can go as it
 * is. */
static bool cut_repeats(const struct stream *st, futu_str s2c, struct buf *out)
{
    struct pb_in in = pb_in_str(s2c);
    struct pb_rec t;
    size_t at, cut = 0;
    out->n = 0;
    if (last_sequence(s2c) <= st->sequence || push_begin(out, &at))
        return false;
    while (in.p < in.end) {
        const uint8_t *start = in.p;
        if (pb_next(&in, &t))
            return false;
        bool old = t.tag == 2 && t.wire == PB_WIRE_BYTES && ticker_sequence(&t) <= st->sequence;
        cut += old;
        if (!old && buf_put(out, start, (size_t)(in.p - start)))
            return false;
    }
    return cut > 0 && !pb_close(out, at);
}

static void deliver(struct relay *r, struct stream *st, uint32_t proto, const uint8_t *body,
                    size_t n, const uint8_t *sha1, futu_str s2c)
{
    bool live = is_live(proto, s2c);
    bool first = st->first_due && r->rx_ns < st->first_until && !live;
    if (st->refilling)
        return;                         /* the refill has it, or is newer */
    if (proto == P_TICKER_PUSH && !first && st->sequence) {
        if (is_repeat(st, live, s2c))
            return;
        if (cut_repeats(st, s2c, &r->text)) {
            body = r->text.p;
            n = r->text.n;
            sha1 = NULL;
        }
    }
    st->first_due = false;
    push_deliver(r, st, proto, body, n, sha1, first);
}

static void take_one(struct relay *r, uint32_t proto, int32_t sub_type, int rehab, uint32_t tag,
                     const uint8_t *body, size_t n, const uint8_t *sha1, futu_str s2c)
{
    int32_t market;
    futu_str code;
    if (!read_security(s2c, tag, &market, &code))
        return;
    struct stream *st = stream_find(r, market, code, sub_type, rehab);
    if (st)
        deliver(r, st, proto, body, n, sha1, s2c);
}

static size_t count(futu_str s2c, uint32_t tag)
{
    struct pb_in in = pb_in_str(s2c);
    struct pb_rec r;
    size_t n = 0;
    while (in.p < in.end && !pb_next(&in, &r))
        n += r.tag == tag && r.wire == PB_WIRE_BYTES;
    return n;
}

/* One quote out of many, as a push of its own. */
static void part(struct relay *r, const struct pb_rec *quote, const uint8_t *start,
                 const uint8_t *end)
{
    futu_str q = { (const char *)quote->p, quote->n }, code;
    struct buf *b = &r->text;
    int32_t market;
    size_t at;
    b->n = 0;
    if (!read_security(q, 1, &market, &code))
        return;
    struct stream *st = stream_find(r, market, code, Qot_Common_SubType_Basic, 0);
    if (!st || push_begin(b, &at) || buf_put(b, start, (size_t)(end - start)) || pb_close(b, at))
        return;
    deliver(r, st, 3005, b->p, b->n, NULL, STR(""));
}

static void take_quotes(struct relay *r, const uint8_t *body, size_t n, const uint8_t *sha1,
                        futu_str s2c)
{
    struct pb_in in = pb_in_str(s2c);
    size_t quotes = count(s2c, 1);
    struct pb_rec q;
    while (in.p < in.end) {
        const uint8_t *start = in.p;
        if (pb_next(&in, &q))
            return;
        if (q.tag != 1 || q.wire != PB_WIRE_BYTES)
            continue;
        if (quotes == 1)
            take_one(r, 3005, Qot_Common_SubType_Basic, 0, 1, body, n, sha1,
                     (futu_str){ (const char *)q.p, q.n });
        else
            part(r, &q, start, in.p);
    }
}

static void take_stream(struct relay *r, uint32_t proto, const uint8_t *body, size_t n,
                        const uint8_t *sha1)
{
    futu_str s2c;
    if (!body_s2c(body, n, &s2c))
        return;
    switch (proto) {
    case 3005:
        take_quotes(r, body, n, sha1, s2c);
        break;
    case 3007:
        take_one(r, proto, sub_type_of_kl_type(number(s2c, 2)), number(s2c, 1), 3, body, n, sha1,
                 s2c);
        break;
    case 3009:
        take_one(r, proto, Qot_Common_SubType_RT, 0, 1, body, n, sha1, s2c);
        break;
    case 3011:
        take_one(r, proto, Qot_Common_SubType_Ticker, 0, 1, body, n, sha1, s2c);
        break;
    case 3013:
        take_one(r, proto, number(s2c, 9) == Qot_Common_OrderBookType_Odd
                               ? Qot_Common_SubType_OrderBook_Odd
                               : Qot_Common_SubType_OrderBook,
                 0, 1, body, n, sha1, s2c);
        break;
    default:
        take_one(r, proto, Qot_Common_SubType_Broker, 0, 1, body, n, sha1, s2c);
        break;
    }
}

void push_take(struct relay *r, const struct frame *f, const uint8_t *body, size_t n)
{
    if (f->fmt != FRAME_PROTOBUF)
        return;                         /* we asked for protobuf */
    switch (f->proto) {
    case 3005:
    case 3007:
    case 3009:
    case 3011:
    case 3013:
    case 3015:
        /* The digest is of these bytes unless the sender hashed what it had encrypted. */
        take_stream(r, f->proto, body, n, f->body == body ? f->sha1 : NULL);
        break;
    case P_ORDER_PUSH:
    case P_FILL_PUSH:
        trade_push(r, f->proto, body, n);
        break;
    case PROTO_GAP:
        if (gap_passing(r, body, n))
            r->o.events.notify(r->o.events.arg, f->proto, body, n);
        break;
    default:
        r->o.events.notify(r->o.events.arg, f->proto, body, n);
        break;
    }
}
