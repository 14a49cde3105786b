/* subs.c - see subs.h: the store. What clients ask of it is in qot.c.
 *
 * Owns:    everything below struct subs, reached from the map of securities.
 * Errors:  making may fail and then leaves empty pairs, which pair_settle() removes; ending can't.
 * Threads: none.
 * Tests:   test/unit/gateway/qot_test.c
 */
#include "gateway/subs.h"

#include "gateway/state.h"

static const char *const names[SUB_TYPES] = {
    [1] = "Basic",     [2] = "OrderBook", [4] = "Ticker",    [5] = "RT",        [6] = "KL_Day",
    [7] = "KL_5Min",   [8] = "KL_15Min",  [9] = "KL_30Min",  [10] = "KL_60Min", [11] = "KL_1Min",
    [12] = "KL_Week",  [13] = "KL_Month", [14] = "Broker",   [15] = "KL_Qurater",
    [16] = "KL_Year",  [17] = "KL_3Min",  [18] = "KL_10Min", [19] = "KL_120Min",
    [20] = "KL_180Min", [21] = "KL_240Min", [22] = "OrderBook_Odd",
};

bool sub_type_known(int32_t t)
{
    return t > 0 && t < SUB_TYPES && names[t];
}

const char *sub_type_name(int32_t t)
{
    return sub_type_known(t) ? names[t] : "?";
}

static futu_str sec_key(char out[sizeof(int32_t) + SECURITY_CODE_MAX], int32_t market,
                        futu_str code)
{
    if (code.n == 0 || code.n > SECURITY_CODE_MAX || memchr(code.p, '\0', code.n))
        return STR_NULL;
    memcpy(out, &market, sizeof(market));
    memcpy(out + sizeof(market), code.p, code.n);
    return (futu_str){ out, sizeof(market) + code.n };
}

struct pair *subs_find_pair(const struct subs *s, int32_t market, futu_str code, int32_t sub_type)
{
    char room[sizeof(int32_t) + SECURITY_CODE_MAX];
    futu_str key = sec_key(room, market, code);
    const struct sec *sec = key.p ? map_get(&s->secs, key) : NULL;
    return sec && sub_type_known(sub_type) ? sec->pairs[sub_type] : NULL;
}

struct stream *subs_find(const struct subs *s, const struct stream_key *key)
{
    struct pair *p = subs_find_pair(s, key->market, str_c(key->code), key->sub_type);
    return p && key->rehab >= 0 && key->rehab < REHABS ? p->streams[key->rehab] : NULL;
}

static futu_err sec_make(struct hub *h, int32_t market, futu_str code, struct sec **out)
{
    char room[sizeof(int32_t) + SECURITY_CODE_MAX];
    futu_str key = sec_key(room, market, code);
    if (!key.p)
        return FUTU_EINVAL;
    *out = map_get(&h->subs.secs, key);
    if (*out)
        return FUTU_OK;
    struct sec *s = mem_zalloc(sizeof(*s));
    if (!s)
        return FUTU_ENOMEM;
    s->market = market;
    s->key_len = key.n;
    memcpy(s->key, key.p, key.n);
    str_copy(s->code, sizeof(s->code), code);
    if (map_put(&h->subs.secs, (futu_str){ s->key, s->key_len }, s)) {
        mem_free(s);
        return FUTU_ENOMEM;
    }
    *out = s;
    return FUTU_OK;
}

static void sec_settle(struct hub *h, struct sec *s)
{
    if (s->n_pairs > 0)
        return;
    map_del(&h->subs.secs, (futu_str){ s->key, s->key_len });
    mem_free(s);
}

futu_err subs_pair(struct hub *h, int32_t market, futu_str code, int32_t sub_type,
                   struct pair **out)
{
    struct sec *sec;
    futu_err err = sec_make(h, market, code, &sec);
    if (err)
        return err;
    *out = sec->pairs[sub_type];
    if (*out)
        return FUTU_OK;
    struct pair *p = mem_zalloc(sizeof(*p));
    if (!p) {
        sec_settle(h, sec);
        return FUTU_ENOMEM;
    }
    p->sec = sec;
    p->sub_type = sub_type;
    list_init(&p->subs);
    sec->pairs[sub_type] = p;
    sec->n_pairs++;
    *out = p;
    return FUTU_OK;
}

static void on_thin(struct timer *t, int64_t now);

futu_err pair_stream(struct hub *h, struct pair *p, int rehab, struct stream **out)
{
    *out = p->streams[rehab];
    if (*out)
        return FUTU_OK;
    struct stream *st = mem_zalloc(sizeof(*st));
    if (!st)
        return FUTU_ENOMEM;
    st->key = (struct stream_key){ p->sec->market, p->sub_type, rehab, "" };
    memcpy(st->key.code, p->sec->code, sizeof(st->key.code));
    st->pair = p;
    st->hub = h;
    st->timer.fn = on_thin;
    p->streams[rehab] = *out = st;
    return FUTU_OK;
}

/* The time of a push that was held back has come. */
static void on_thin(struct timer *t, int64_t now)
{
    struct stream *st = container_of(t, struct stream, timer);
    struct upstream_push p = { .proto = st->proto, .key = st->key, .body = st->body.p,
                               .len = st->body.n, .made_ns = st->made_ns };
    struct hub *h = st->hub;
    (void)now;
    st->held = false;
    st->next_at = hub_now(h) + h->o.push_interval_ms * NS_PER_MS;
    fanout_deliver(h, st, &p);
}

static void stream_free(struct hub *h, struct pair *p, int rehab)
{
    struct stream *st = p->streams[rehab];
    timer_stop(h->o.timers, &st->timer);
    buf_free(&st->body);
    mem_free(st->regs);
    mem_free(st);
    p->streams[rehab] = NULL;
}

void pair_settle(struct hub *h, struct pair *p)
{
    bool held = !list_empty(&p->subs);
    bool left = held || p->pins > 0;
    for (int r = 0; r < REHABS; r++) {
        struct stream *st = p->streams[r];
        if (!st)
            continue;
        bool needed = st->n > 0 || st->opening || (held && r == base_rehab(p->sub_type));
        if (st->open && !needed)
            h->up->ops->close(h->up, &st->key);
        if (needed)
            left = true;
        else
            stream_free(h, p, r);
    }
    if (left)
        return;
    struct sec *sec = p->sec;
    sec->pairs[p->sub_type] = NULL;
    sec->n_pairs--;
    mem_free(p);
    sec_settle(h, sec);
}

static void on_expire(struct timer *t, int64_t now)
{
    struct sub *s = container_of(t, struct sub, expire);
    (void)now;
    sub_free(s->hub, s);
}

struct sub *sub_of(const struct futu_conn *c, const struct pair *p)
{
    return map_get_u64(&c->sub_of_pair, (uintptr_t)p);
}

futu_err sub_new(struct futu_conn *c, struct pair *p, struct sub **out)
{
    struct sub *s = mem_zalloc(sizeof(*s));
    c->hub->version++;
    if (!s)
        return FUTU_ENOMEM;
    if (map_put_u64(&c->sub_of_pair, (uintptr_t)p, s)) {
        mem_free(s);
        return FUTU_ENOMEM;
    }
    s->hub = c->hub;
    s->pair = p;
    s->c = c;
    s->since = c->hub->now;
    s->expire.fn = on_expire;
    for (int r = 0; r < REHABS; r++)
        s->reg_at[r] = REG_NONE;
    c->hub->subs.n_pairs += list_empty(&p->subs);
    c->hub->subs.n_subs++;
    c->n_subs++;
    list_push(&p->subs, &s->in_pair);
    list_push(&c->subs, &s->in_conn);
    *out = s;
    return FUTU_OK;
}

static void leave_conn(struct sub *s)
{
    for (int r = 0; r < REHABS; r++)
        if (s->reg_at[r] != REG_NONE)
            reg_remove(s->pair->streams[r], s);
    if (!s->c)
        return;
    map_del_u64(&s->c->sub_of_pair, (uintptr_t)s->pair);
    list_remove(&s->in_conn);
    s->c->n_subs--;
    s->c = NULL;
}

void sub_free(struct hub *h, struct sub *s)
{
    struct pair *p = s->pair;
    h->version++;
    leave_conn(s);
    timer_stop(h->o.timers, &s->expire);
    list_remove(&s->in_pair);
    if (p->orphan == s)
        p->orphan = NULL;
    h->subs.n_subs--;
    h->subs.n_pairs -= list_empty(&p->subs);
    mem_free(s);
    pair_settle(h, p);
}

void sub_orphan(struct hub *h, struct sub *s)
{
    h->version++;
    if (h->now - s->since >= SUB_LEAST_NS) {
        sub_free(h, s);
        return;
    }
    struct pair *p = s->pair;
    struct sub *old = p->orphan;
    leave_conn(s);
    timer_set(h->o.timers, &s->expire, s->since + SUB_LEAST_NS);
    p->orphan = s;
    if (old && old->since > s->since) {
        p->orphan = old;
        old = s;
    }
    if (old)
        sub_free(h, old);
    else
        pair_settle(h, p);
}

futu_err reg_reserve(struct stream *st)
{
    if (st->n < st->cap)
        return FUTU_OK;
    uint32_t cap = st->cap ? st->cap * 2 : 4;
    struct reg *more = mem_realloc(st->regs, cap * sizeof(*more));
    if (!more)
        return FUTU_ENOMEM;
    st->regs = more;
    st->cap = cap;
    return FUTU_OK;
}

void reg_add(struct stream *st, struct sub *s)
{
    uint32_t *at = &s->reg_at[st->key.rehab];
    if (*at != REG_NONE)
        return;
    assert(st->n < st->cap);
    *at = st->n++;
    st->regs[*at] = (struct reg){ s->c, s, OUTQ_NONE, false };
}

void reg_remove(struct stream *st, struct sub *s)
{
    uint32_t *at = &s->reg_at[st->key.rehab];
    if (*at == REG_NONE)
        return;
    struct reg *last = &st->regs[--st->n];
    st->regs[*at] = *last;
    last->sub->reg_at[st->key.rehab] = *at;
    *at = REG_NONE;
}

uint32_t subs_quota(const struct hub *h)
{
    struct upstream_state st = { .sub_quota = 0 };
    if (h->o.sub_quota)
        return h->o.sub_quota;
    h->up->ops->state(h->up, &st);
    return st.sub_quota;
}

static void free_pair(struct hub *h, struct pair *p)
{
    struct list *it, *tmp;
    list_each(it, tmp, &p->subs) {
        struct sub *s = list_entry(it, struct sub, in_pair);
        timer_stop(h->o.timers, &s->expire);
        mem_free(s);
    }
    for (int r = 0; r < REHABS; r++)
        if (p->streams[r])
            stream_free(h, p, r);
    mem_free(p);
}

/* After the last connection: what orphans still hold. The upstream goes too, nothing is closed. */
void subs_free(struct hub *h)
{
    struct sec *s;
    for (size_t i = 0; (s = map_next(&h->subs.secs, &i)) != NULL;) {
        for (int t = 0; t < SUB_TYPES; t++)
            if (s->pairs[t])
                free_pair(h, s->pairs[t]);
        mem_free(s);
    }
    map_free(&h->subs.secs);
}
