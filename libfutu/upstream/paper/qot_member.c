/* qot_member.c - the members of a plate, sorted by code or by a figure of their quotes.
 *
 * Sorting by a figure looks at every member: a big plate takes more than one loop turn.
 *
 * Threads: the gateway's loop thread only.
 */
#include "upstream/paper/qot.h"

#include <stdlib.h>

/* Sorted by a number, then by code. */
struct member {
    const struct security *sec;
    double key;
};

static int cmp_member(const void *pa, const void *pb)
{
    const struct member *a = pa, *b = pb;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return strcmp(a->sec->code, b->sec->code);
}

static bool sort_key(int32_t field, const struct quote *q, double *out)
{
    switch (field) {
    case Qot_Common_SortField_CurPrice:
        *out = (double)q->last;
        return true;
    case Qot_Common_SortField_PriceChangeVal:
        *out = (double)(q->last - q->last_close);
        return true;
    case Qot_Common_SortField_ChangeRate:
        *out = percent((double)(q->last - q->last_close), (double)q->last_close);
        return true;
    case Qot_Common_SortField_BidPrice:
        *out = (double)q->bid;
        return true;
    case Qot_Common_SortField_AskPrice:
        *out = (double)q->ask;
        return true;
    case Qot_Common_SortField_BidVol:
        *out = (double)q->bid_qty;
        return true;
    case Qot_Common_SortField_AskVol:
        *out = (double)q->ask_qty;
        return true;
    case Qot_Common_SortField_Volume:
        *out = (double)q->qty;
        return true;
    case Qot_Common_SortField_Turnover:
        *out = q->turnover;
        return true;
    case Qot_Common_SortField_Amplitude:
        *out = percent((double)(q->high - q->low), (double)q->last_close);
        return true;
    default:
        return false;
    }
}

static futu_err member_key(struct paper *p, struct call *c, int32_t field, struct member *m)
{
    struct quote quote;
    if (field == Qot_Common_SortField_Unknow || field == Qot_Common_SortField_Code)
        return FUTU_OK;
    futu_err err = exchange_quote(p->exchange, m->sec, &quote);
    if (err)
        return err;
    if (sort_key(field, &quote, &m->key))
        return FUTU_OK;
    return call_fail(c, "sortField: the paper exchange can't sort a plate by SortField %d",
                     (int)field);
}

/* What a call keeps from one loop turn to the next. */
struct walk {
    const struct plate *plate;
    size_t at, n;                   /* the next security to look at; members so far */
    struct member *members;
};

static futu_err begin(struct paper *p, struct call *c, struct walk *w)
{
    const Qot_GetPlateSecurity_C2S *q = CALL_C2S(c, Qot_GetPlateSecurity);
    w->plate = plate_find(p, q->plate);
    if (!w->plate)
        return call_unknown(c, q->plate->code);
    w->members = ARENA_ARRAY(c->arena, struct member, exchange_count(p->exchange));
    return w->members ? FUTU_OK : FUTU_ENOMEM;
}

static futu_err collect(struct paper *p, struct call *c, struct walk *w)
{
    const Qot_GetPlateSecurity_C2S *q = CALL_C2S(c, Qot_GetPlateSecurity);
    while (w->at < exchange_count(p->exchange)) {
        struct member *m = &w->members[w->n];
        m->sec = exchange_at(p->exchange, w->at++);
        if (!plate_has(w->plate, m->sec))
            continue;
        futu_err err = member_key(p, c, q->sortField, m);
        if (err)
            return err;
        w->n++;
        if (call_out_of_time(p, c))
            return FUTU_EAGAIN;
    }
    return FUTU_OK;
}

static futu_err put_list(struct call *c, struct walk *w)
{
    const Qot_GetPlateSecurity_C2S *q = CALL_C2S(c, Qot_GetPlateSecurity);
    Qot_GetPlateSecurity_S2C *s2c = CALL_S2C(c, Qot_GetPlateSecurity);
    if (!s2c)
        return FUTU_ENOMEM;
    qsort(w->members, w->n, sizeof(*w->members), cmp_member);
    s2c->staticInfoList = ARENA_ARRAY(c->arena, Qot_Common_SecurityStaticInfo, w->n);
    if (!s2c->staticInfoList)
        return FUTU_ENOMEM;
    bool ascend = !q->has_ascend || q->ascend;
    futu_err err = FUTU_OK;
    for (size_t i = 0; i < w->n && !err; i++)
        err = fill_static(c->arena, w->members[ascend ? i : w->n - 1 - i].sec,
                          &s2c->staticInfoList[s2c->n_staticInfoList++]);
    return err;
}

futu_err qot_plate_security(struct paper *p, struct call *c)
{
    struct walk *w = c->state;
    futu_err err = FUTU_OK;
    if (!w) {
        c->state = w = ARENA_NEW(c->arena, struct walk);
        if (!w)
            return FUTU_ENOMEM;
        err = begin(p, c, w);
    }
    if (!err)
        err = collect(p, c, w);
    return err ? err : put_list(c, w);
}
