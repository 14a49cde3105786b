/* refill.c - what a stream's pushes missed while there was no connection, fetched and pushed.
 *
 * Tickers: all after the last one that came, by sequence, as far back as the upstream tells
 *          (1,000); what lies before that is lost and is named in the gap event.
 * K-lines, time-share: from the last element that came on, that one again.
 * Others:  the first push of the new subscription tells the present value.
 * Live pushes of the stream are dropped until its refill is here: they are in it.
 * Tests:   test/unit/upstream/relay/restore_test.c
 */
#include "upstream/relay/state.h"
#include "upstream/sub_type.h"

#define MOST 1000
#define TRIES 2

struct refill {
    struct relay *r;
    struct pair_key key;                /* the pair may go meanwhile */
    int rehab, tries;
    int32_t num;                        /* k-lines that are asked for */
    void (*done)(void *arg);
    void *arg;
};

static bool ask(struct relay *r, struct stream *st, struct refill *f);

static struct stream *find(const struct refill *f)
{
    struct pair *p = pair_find(f->r, &f->key);
    return p ? p->streams[f->rehab] : NULL;
}

/* What is kept of the reply's list. */
struct pick {
    struct stream *st;
    uint32_t from, to;                  /* tag of the list in the reply, in the push */
    int64_t first, last;                /* sequences of all that came */
    size_t n, kept;
};

static bool keep(struct pick *k, const struct pb_rec *r)
{
    futu_str m = { (const char *)r->p, r->n };
    struct pb_rec t;
    if (k->st->pair->key.sub_type == Qot_Common_SubType_Ticker) {
        int64_t sequence = ticker_sequence(r);
        k->first = k->n ? MIN(k->first, sequence) : sequence;
        k->last = k->n ? MAX(k->last, sequence) : sequence;
        k->n++;
        return sequence > k->st->sequence;
    }
    k->n++;
    if (!pb_first(m, 1, &t) || t.wire != PB_WIRE_BYTES)
        return false;
    size_t n = MIN(t.n, strlen(k->st->bar));
    int d = memcmp(t.p, k->st->bar, n);
    return d >= 0;
}

/* A ticker says that it was fetched; other elements stay as they are. */
static futu_err put_element(const struct pick *k, const struct pb_rec *r, struct buf *out)
{
    enum { TYPE = 10, FETCHED = 2 };
    const int32_t fetched = FETCHED;
    uint8_t mark[PB_MAX_SCALAR];
    const struct pb_edit edit = {
        TYPE, mark, (size_t)(pb_put_scalar(mark, TYPE, PB_INT32, &fetched) - mark)
    };
    size_t before = out->n;
    futu_err err = pb_append(out, k->to, r->p, r->n);
    if (err || k->st->pair->key.sub_type != Qot_Common_SubType_Ticker)
        return err;
    struct buf one = BUF_INIT;
    err = buf_put(&one, out->p + before, out->n - before);
    out->n = before;
    if (!err)
        err = pb_splice(one.p, one.n, k->to, &edit, 1, out);
    buf_free(&one);
    return err;
}

/* The reply's S2C as that of the push: the list under its other tag, the rest as it is. */
static futu_err put_s2c(struct pick *k, futu_str s2c, struct buf *out)
{
    struct pb_in in = pb_in_str(s2c);
    bool kline = sub_type_kline(k->st->pair->key.sub_type);
    int32_t rehab = k->st->rehab, kl = kl_type_of_sub_type(k->st->pair->key.sub_type);
    uint8_t room[2 * PB_MAX_SCALAR];
    futu_err err = FUTU_OK;
    if (kline) {
        uint8_t *p = pb_put_scalar(room, 1, PB_INT32, &rehab);
        err = buf_put(out, room, (size_t)(pb_put_scalar(p, 2, PB_INT32, &kl) - room));
    }
    while (in.p < in.end && !err) {
        const uint8_t *start = in.p;
        struct pb_rec r;
        if (pb_next(&in, &r))
            return FUTU_EFORMAT;
        if (r.tag == k->from && r.wire == PB_WIRE_BYTES) {
            if (!keep(k, &r))
                continue;
            k->kept++;
            err = put_element(k, &r, out);
        } else if (kline && r.wire == PB_WIRE_BYTES) {
            /* security 1 and name 3 of Qot_GetKL are 3 and 5 of Qot_UpdateKL */
            err = pb_append(out, r.tag + 2, r.p, r.n);
        } else {
            err = buf_put(out, start, (size_t)(in.p - start));
        }
    }
    return err;
}

/* Whether tickers are missing between the last one and what could be fetched. */
static void judge(struct pick *k)
{
    struct stream *st = k->st;
    if (st->pair->key.sub_type != Qot_Common_SubType_Ticker || st->sequence == 0 || k->n == 0)
        return;
    if (k->last < st->sequence) {       /* the upstream counts anew */
        st->lost = true;
        st->after = st->sequence;
        st->before = 0;
        st->sequence = k->last;
    } else if (k->first > st->sequence + 1 && k->n >= MOST) {
        st->lost = true;
        st->after = st->sequence;
        st->before = k->first;
    }
}

static void take(struct stream *st, const uint8_t *body, size_t n)
{
    struct relay *r = st->pair->r;
    bool kline = sub_type_kline(st->pair->key.sub_type);
    struct pick k = { .st = st, .from = 2, .to = kline ? 4 : 2 };
    uint32_t proto = push_proto(st->pair->key.sub_type);
    struct buf *b = &r->text;
    futu_str s2c;
    size_t at;
    b->n = 0;
    if (!body_s2c(body, n, &s2c) || push_begin(b, &at) || put_s2c(&k, s2c, b) || pb_close(b, at))
        return;
    judge(&k);
    r->rx_ns = relay_now(r);
    if (k.kept > 0)
        push_deliver(r, st, proto, b->p, b->n, NULL, false);
}

/* K-lines: whether the first one is no later than the last that came. The clock of the exchange may
 * run faster than ours. */
static bool reaches_back(const struct stream *st, const uint8_t *body, size_t n)
{
    struct pb_rec r, t;
    if (!pb_inner(body, n, TAG_S2C, 2, &r) || r.wire != PB_WIRE_BYTES ||
        !pb_first((futu_str){ (const char *)r.p, r.n }, 1, &t) || t.wire != PB_WIRE_BYTES)
        return true;                    /* there are none */
    return memcmp(t.p, st->bar, MIN(t.n, strlen(st->bar))) <= 0;
}

static void on_reply(futu_client *c, futu_err err, uint8_t fmt, const uint8_t *body, size_t n,
                     void *arg)
{
    struct refill f = *(struct refill *)arg;
    (void)c, (void)fmt;
    if (f.r->freeing) {
        mem_free(arg);
        return;
    }
    bool ok = !err && response_ret(body, n) == RET_OK;
    struct stream *st = find(&f);
    /* An upstream that has just lost its own upstream has the data a little later. */
    if (st && !ok && ((struct refill *)arg)->tries++ < TRIES && ask(f.r, st, arg))
        return;
    if (st && ok && f.num && f.num < MOST && !reaches_back(st, body, n)) {
        ((struct refill *)arg)->num = MOST;
        if (ask(f.r, st, arg))
            return;
    }
    mem_free(arg);
    if (st && err != FUTU_ENOTCONN) {
        st->refilling = false;
        st->refilled_ns = relay_now(f.r);
        if (ok) {
            take(st, body, n);
        } else if (st->pair->key.sub_type == Qot_Common_SubType_Ticker) {
            st->lost = true;
            st->after = st->sequence;
            st->before = 0;
        }
    }
    f.done(f.arg);
}

/* How many bars may have been missed, the last known one included. */
static int32_t bars_missed(const struct stream *st)
{
    static const int16_t minutes[] = { 0, 1, 1440, 10080, 32767, 32767, 5, 15, 30, 60, 3, 32767,
                                       10, 120, 180, 240 };
    int32_t kl = kl_type_of_sub_type(st->pair->key.sub_type);
    int64_t away = (relay_now(st->pair->r) - st->last_ns) / NS_PER_MS;
    bool known = kl > 0 && kl < (int32_t)ARRAY_LEN(minutes);
    int64_t period = INT64_C(60000) * (known ? minutes[kl] : 1);
    return (int32_t)CLAMP(away / period + 2, 2, MOST);
}

static bool ask(struct relay *r, struct stream *st, struct refill *f)
{
    const struct pair *p = st->pair;
    struct lane *k = &r->lanes[LANE_QUOTE];
    Qot_Common_Security sec = { .code = str_c(p->key.code) };
    SET(&sec, market, p->key.market);
    if (p->key.sub_type == Qot_Common_SubType_Ticker) {
        Qot_GetTicker_C2S c2s = { .security = &sec };
        const Qot_GetTicker_Request rq = { .c2s = &c2s };
        SET(&c2s, maxRetNum, MOST);
        return lane_ask(k, 3010, &rq, on_reply, f);
    }
    if (p->key.sub_type == Qot_Common_SubType_RT) {
        Qot_GetRT_C2S c2s = { .security = &sec };
        const Qot_GetRT_Request rq = { .c2s = &c2s };
        return lane_ask(k, 3008, &rq, on_reply, f);
    }
    Qot_GetKL_C2S c2s = { .security = &sec };
    const Qot_GetKL_Request rq = { .c2s = &c2s };
    SET(&c2s, rehabType, st->rehab);
    SET(&c2s, klType, kl_type_of_sub_type(p->key.sub_type));
    f->num = f->num ? f->num : bars_missed(st);
    SET(&c2s, reqNum, f->num);
    return lane_ask(k, 3006, &rq, on_reply, f);
}

bool refill_wanted(const struct stream *st)
{
    int32_t t = st->pair->key.sub_type;
    bool lists = t == Qot_Common_SubType_Ticker || t == Qot_Common_SubType_RT || sub_type_kline(t);
    return lists && st->last_ns;
}

void refill(struct relay *r, struct stream *st, void (*done)(void *arg), void *arg)
{
    struct refill *f = refill_wanted(st) ? mem_zalloc(sizeof(*f)) : NULL;
    if (!f) {
        st->refilling = false;
        done(arg);
        return;
    }
    *f = (struct refill){ .r = r, .rehab = st->rehab, .done = done, .arg = arg };
    f->key = st->pair->key;
    st->refilling = true;
    st->first_due = false;
    if (ask(r, st, f))
        return;
    st->refilling = false;
    mem_free(f);
    done(arg);
}
