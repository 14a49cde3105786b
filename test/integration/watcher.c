/* watcher.c - see watcher.h. */
#include "watcher.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY_STEP INT64_C(100000000)     /* a ticker's number: the day's date, times this, plus n */
#define GAP 60002

static int64_t utc_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

/* Room for one more of `size` bytes; capacities are powers of two. */
static void *grown(void *p, size_t n, size_t size)
{
    if (n & (n - 1))
        return p;
    p = realloc(p, (n ? 2 * n : 1) * size);
    ck_assert(p != NULL);
    return p;
}

static struct watched *find(const struct watcher *w, const Qot_Common_Security *s)
{
    return map_get(&w->by_code, s->code);
}

/* ---- pushes ---- */

static void note_tick(struct watched *s, const Qot_Common_Ticker *t)
{
    struct seen_tick tick = { .seq = t->sequence, .volume = t->volume, .at_ms = utc_ms(),
                              .price = t->price };
    if (s->n_ticks > 0 && tick.seq <= s->ticks[s->n_ticks - 1].seq) {
        s->backwards++;
        return;
    }
    s->ticks = grown(s->ticks, s->n_ticks, sizeof(tick));
    s->ticks[s->n_ticks++] = tick;
}

static void note_tickers(struct watcher *w, const Qot_UpdateTicker_S2C *m)
{
    struct watched *s = find(w, m->security);
    if (!s)
        return;
    s->pushes[Qot_Common_SubType_Ticker]++;
    for (size_t i = 0; i < m->n_tickerList; i++)
        note_tick(s, &m->tickerList[i]);
}

/* The last value of each candle, in the order of time. A subscription that begins as one closes
 * is pushed the new one first, then the closed one with it. */
static void note_bar(struct watched *s, const Qot_Common_KLine *k)
{
    struct seen_bar bar = { .time = k->timestamp, .close = k->closePrice, .volume = k->volume };
    size_t i = s->n_bars;
    while (i > 0 && s->bars[i - 1].time > bar.time)
        i--;
    if (i > 0 && s->bars[i - 1].time == bar.time) {
        s->bars[i - 1] = bar;
        return;
    }
    s->bars = grown(s->bars, s->n_bars, sizeof(bar));
    memmove(&s->bars[i + 1], &s->bars[i], (s->n_bars++ - i) * sizeof(bar));
    s->bars[i] = bar;
}

static void note_candles(struct watcher *w, const Qot_UpdateKL_S2C *m)
{
    struct watched *s = find(w, m->security);
    int type = m->klType == Qot_Common_KLType_1Min  ? Qot_Common_SubType_KL_1Min
               : m->klType == Qot_Common_KLType_Day ? Qot_Common_SubType_KL_Day
                                                    : 0;
    if (!s || !type)
        return;
    s->pushes[type]++;
    for (size_t i = 0; i < m->n_klList && type == Qot_Common_SubType_KL_1Min; i++)
        if (!m->klList[i].isBlank)
            note_bar(s, &m->klList[i]);
}

static void note_loss(struct watcher *w, const Gateway_UpdateGap_Lost *l)
{
    struct watched *s = find(w, l->security);
    struct seen_loss loss = { .after = l->sequenceAfter, .before = l->sequenceBefore,
                              .begin_ms = l->beginMs, .end_ms = l->endMs,
                              .tickers = l->tickersLost, .failed = l->error.p != NULL };
    ck_assert_int_le(l->beginMs, l->endMs);
    ck_assert(!l->tickersLost || l->has_sequenceAfter);
    if (loss.failed) {
        w->failed++;
        snprintf(w->last_error, sizeof(w->last_error), "%s", l->error.p);
    }
    if (!s)
        return;
    s->losses = grown(s->losses, s->n_losses, sizeof(loss));
    s->losses[s->n_losses++] = loss;
}

static void note_gap(struct watcher *w, const Gateway_UpdateGap_S2C *m)
{
    if (!str_is(m->link, "quote"))
        return;
    if (m->state == Gateway_UpdateGap_GapState_Began) {
        w->began++;
        w->last_began_ms = now_ms();
    } else {
        ck_assert_int_eq(m->state, Gateway_UpdateGap_GapState_Over);
        w->over++;
        w->last_over_ms = now_ms();
    }
    for (size_t i = 0; i < m->n_lostList; i++)
        note_loss(w, &m->lostList[i]);
}

static void note_quotes(struct watcher *w, const Qot_UpdateBasicQot_S2C *m)
{
    for (size_t i = 0; i < m->n_basicQotList; i++) {
        struct watched *s = find(w, m->basicQotList[i].security);
        if (s)
            s->pushes[Qot_Common_SubType_Basic]++;
    }
}

static void on_push(futu_client *c, uint32_t proto, const void *body, size_t len, const void *msg,
                    void *arg)
{
    struct watcher *w = arg;
    (void)c, (void)body, (void)len;
    if (proto == 3005)
        note_quotes(w, ((const Qot_UpdateBasicQot_Response *)msg)->s2c);
    else if (proto == 3007)
        note_candles(w, ((const Qot_UpdateKL_Response *)msg)->s2c);
    else if (proto == 3011)
        note_tickers(w, ((const Qot_UpdateTicker_Response *)msg)->s2c);
    else if (proto == GAP)
        note_gap(w, ((const Gateway_UpdateGap_Response *)msg)->s2c);
}

/* ---- life ---- */

void watcher_start(struct watcher *w, futu_loop *loop, int port)
{
    futu_client_opts o = FUTU_CLIENT_OPTS_INIT;
    signal(SIGPIPE, SIG_IGN);       /* libuv leaves it to the program */
    memset(w, 0, sizeof(*w));
    o.loop = loop;
    o.port = (uint32_t)port;
    o.timeout_ms = 30000 * SLOW;
    o.on_push = on_push;
    o.arg = w;
    ck_assert_int_eq(futu_client_new(&w->c, &o), FUTU_OK);
    futu_err err = futu_client_connect(w->c);
    ck_assert_msg(err == FUTU_OK, "%s", futu_client_error(w->c));
}

void watcher_subscribe(struct watcher *w, const char *const *codes, size_t n, const int32_t *types,
                       size_t n_types)
{
    futu_reply *r = NULL;
    ck_assert_uint_eq(w->n, 0);
    w->s = calloc(n, sizeof(*w->s));
    ck_assert(w->s != NULL);
    w->n = n;
    for (size_t i = 0; i < n; i++) {
        snprintf(w->s[i].code, sizeof(w->s[i].code), "%s", codes[i]);
        futu_str code = str_c(strchr(w->s[i].code, '.') + 1);
        ck_assert(map_get(&w->by_code, code) == NULL);
        ck_assert_int_eq(map_put(&w->by_code, code, &w->s[i]), FUTU_OK);
    }
    futu_err err = futu_subscribe_sync(w->c, codes, n, types, n_types, FUTU_SUB_PUSH, &r);
    ck_assert_msg(err == FUTU_OK, "subscribe: %s", futu_client_error(w->c));
    futu_reply_free(r);
}

void watcher_stop(struct watcher *w)
{
    futu_client_free(w->c);
    for (size_t i = 0; i < w->n; i++) {
        free(w->s[i].ticks);
        free(w->s[i].bars);
        free(w->s[i].losses);
    }
    free(w->s);
    map_free(&w->by_code);
}

void watcher_reset(struct watcher *w)
{
    for (size_t i = 0; i < w->n; i++)
        memset(w->s[i].pushes, 0, sizeof(w->s[i].pushes));
}

bool watcher_all_pushed(const struct watcher *w, const int32_t *types, size_t n_types,
                        char missing[64])
{
    for (size_t i = 0; i < w->n; i++) {
        for (size_t k = 0; k < n_types; k++) {
            if (w->s[i].pushes[types[k]] > 0)
                continue;
            if (missing)
                snprintf(missing, 64, "%s, sub type %d", w->s[i].code, (int)types[k]);
            return false;
        }
    }
    return true;
}

/* ---- judgement ---- */

/* By its numbers, of which the second may be unknown; an event without them (the gap could not be
 * closed) by its time. */
static bool told(const struct watched *s, const struct seen_tick *a, const struct seen_tick *b)
{
    for (size_t i = 0; i < s->n_losses; i++) {
        const struct seen_loss *l = &s->losses[i];
        if (l->tickers && l->after <= a->seq && l->before >= b->seq)
            return true;
        if (l->tickers && l->before == 0 && l->after == a->seq)
            return true;
        if (l->failed && l->begin_ms <= b->at_ms && l->end_ms >= a->at_ms)
            return true;
    }
    return false;
}

size_t watcher_check_tickers(const struct watcher *w)
{
    size_t missing = 0;
    for (size_t i = 0; i < w->n; i++) {
        const struct watched *s = &w->s[i];
        ck_assert_msg(s->backwards == 0, "%s: %zu tickers came twice or out of order", s->code,
                      s->backwards);
        for (size_t k = 1; k < s->n_ticks; k++) {
            const struct seen_tick *a = &s->ticks[k - 1], *b = &s->ticks[k];
            if (b->seq == a->seq + 1 || b->seq / DAY_STEP != a->seq / DAY_STEP)
                continue;
            ck_assert_msg(told(s, a, b), "%s: nothing tells of the tickers between %lld and %lld",
                          s->code, (long long)a->seq, (long long)b->seq);
            missing += (size_t)(b->seq - a->seq - 1);
        }
    }
    return missing;
}

static void compare_ticks(const struct watched *s, const struct watched *t)
{
    size_t k = 0, same = 0;
    for (size_t i = 0; i < s->n_ticks; i++) {
        while (k < t->n_ticks && t->ticks[k].seq < s->ticks[i].seq)
            k++;
        if (k == t->n_ticks)
            break;
        if (t->ticks[k].seq != s->ticks[i].seq)
            continue;
        ck_assert_msg(t->ticks[k].price == s->ticks[i].price &&
                      t->ticks[k].volume == s->ticks[i].volume, "%s: ticker %lld is another one",
                      s->code, (long long)s->ticks[i].seq);
        same++;
    }
    ck_assert_msg(same > 0, "%s: no ticker was seen by both", s->code);
}

void watcher_compare(const struct watcher *w, const struct watcher *truth)
{
    ck_assert_uint_eq(watcher_check_tickers(truth), 0);
    ck_assert_uint_eq(w->n, truth->n);
    for (size_t i = 0; i < w->n; i++)
        compare_ticks(&w->s[i], &truth->s[i]);
}

static const struct seen_bar *bar_at(const struct watched *s, double time)
{
    for (size_t i = 0; i < s->n_bars; i++)
        if (s->bars[i].time == time)
            return &s->bars[i];
    return NULL;
}

bool watcher_bars_agree(const struct watcher *w, const struct watcher *truth, size_t *n,
                        char why[128])
{
    *n = 0;
    for (size_t i = 0; i < w->n; i++) {
        const struct watched *s = &w->s[i], *t = &truth->s[i];
        for (size_t k = 1; k + 2 < t->n_bars; k++) {        /* the first one may be a part */
            const struct seen_bar *want = &t->bars[k], *got = bar_at(s, want->time);
            if (got && got->close == want->close && got->volume == want->volume) {
                ++*n;
                continue;
            }
            snprintf(why, 128, "%s: the candle of %.0f was last seen with volume %lld, it has %lld",
                     s->code, want->time, got ? (long long)got->volume : -1,
                     (long long)want->volume);
            return false;
        }
    }
    return true;
}
