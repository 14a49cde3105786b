/* delay_report.c - the answer of GetDelayStatistics from what delay.c has counted.
 *
 * Units:   milliseconds and percent, as the protocol has them.
 */
#include <stdio.h>

#include "gateway/delay.h"
#include "gateway/histo.h"

#define MAX_CLASSES 1000
#define MS(ns) ((float)((double)(ns) / 1e6))

typedef GetDelayStatistics_S2C report;

/* Upper bounds in ms, -1 for infinity: the request's, or the usual ones. */
struct bounds {
    size_t n;
    const int32_t *upper;
};

static bool default_bounds(struct bounds *b, struct arena *a)
{
    int32_t *up = ARENA_ARRAY(a, int32_t, 54);
    if (!up)
        return false;
    for (int32_t i = 0; i < 50; i++)
        up[i] = 2 * (i + 1);
    up[50] = 500;
    up[51] = 1000;
    up[52] = 2000;
    up[53] = -1;
    *b = (struct bounds){ 54, up };
    return true;
}

static bool bounds_ok(const int32_t *up, size_t n)
{
    int32_t last = 0;
    for (size_t i = 0; i < n; i++) {
        bool infinity = up[i] == -1 && i + 1 == n;
        if (!infinity && (up[i] < last || (i > 0 && up[i] == last)))
            return false;
        last = up[i];
    }
    return n <= MAX_CLASSES;
}

static bool items(const struct histo *h, const struct bounds *b, struct arena *a,
                  GetDelayStatistics_DelayStatistics *out)
{
    int32_t from = 0;
    double sum = 0;
    out->itemList = ARENA_ARRAY(a, GetDelayStatistics_DelayStatisticsItem, MAX(b->n, 1));
    if (!out->itemList)
        return false;
    for (size_t i = 0; i < b->n; i++) {
        if (b->upper[i] == 0)       /* a leading 0 only says where the first class begins */
            continue;
        GetDelayStatistics_DelayStatisticsItem *it = &out->itemList[out->n_itemList++];
        double n = (double)histo_between(h, from, b->upper[i]);
        sum += n;
        SET(it, begin, from);
        SET(it, end, b->upper[i]);
        SET(it, count, (int32_t)MIN(n, INT32_MAX));
        SET(it, proportion, (float)(100 * n / (double)h->count));
        SET(it, cumulativeRatio, (float)(100 * sum / (double)h->count));
        from = b->upper[i];
    }
    return true;
}

/* The legs a stage is made of; see delay.h for what is not known. */
static int leg_of_stage(int32_t stage)
{
    switch (stage) {
    case GetDelayStatistics_QotPushStage_SS2CR:
        return 0;
    case GetDelayStatistics_QotPushStage_CR2CS:
        return 1;
    case GetDelayStatistics_QotPushStage_SS2CS:
    case GetDelayStatistics_QotPushStage_SR2CS:
        return 2;
    default:
        return -1;
    }
}

static bool add_pushes(const struct delay *d, const GetDelayStatistics_C2S *rq,
                       const struct bounds *b, struct arena *a, report *out)
{
    int32_t stage = rq->has_qotPushStage ? rq->qotPushStage : GetDelayStatistics_QotPushStage_SR2CS;
    int leg = leg_of_stage(stage);
    out->qotPushStatisticsList = ARENA_ARRAY(a, GetDelayStatistics_DelayStatistics, DELAY_KINDS);
    if (!out->qotPushStatisticsList)
        return false;
    for (int32_t k = 0; k < DELAY_KINDS && leg >= 0; k++) {
        const struct histo *h = d->push[k][leg];
        if (!h || h->count == 0)
            continue;
        GetDelayStatistics_DelayStatistics *s =
            &out->qotPushStatisticsList[out->n_qotPushStatisticsList++];
        SET(s, qotPushType, k + 1);
        SET(s, delayAvg, MS((double)h->sum_ns / (double)h->count));
        SET(s, count, (int32_t)MIN(h->count, INT32_MAX));
        if (!items(h, b, a, s))
            return false;
    }
    return true;
}

static bool add_replies(const struct delay *d, struct arena *a, report *out)
{
    size_t n;
    const struct proto_row *rows = proto_rows(&n);
    out->reqReplyStatisticsList = ARENA_ARRAY(a, GetDelayStatistics_ReqReplyStatisticsItem, n);
    if (!out->reqReplyStatisticsList)
        return false;
    for (size_t i = 0; i < n; i++) {
        const struct reply_stat *r = &d->replies[i];
        if (r->count == 0)
            continue;
        GetDelayStatistics_ReqReplyStatisticsItem *s =
            &out->reqReplyStatisticsList[out->n_reqReplyStatisticsList++];
        double count = (double)r->count;
        SET(s, protoID, (int32_t)rows[i].id);
        SET(s, count, (int32_t)MIN(r->count, INT32_MAX));
        SET(s, totalCostAvg, MS((double)r->total_ns / count));
        SET(s, openDCostAvg, MS((double)(r->total_ns - r->net_ns) / count));
        SET(s, netDelayAvg, MS((double)r->net_ns / count));
        SET(s, isLocalReply, r->local);
    }
    return true;
}

static bool add_orders(const struct delay *d, struct arena *a, report *out)
{
    out->placeOrderStatisticsList =
        ARENA_ARRAY(a, GetDelayStatistics_PlaceOrderStatisticsItem, MAX(d->n_orders, 1));
    if (!out->placeOrderStatisticsList)
        return false;
    for (uint32_t i = 0; i < d->n_orders; i++) {
        uint32_t at = (d->next_order + DELAY_ORDERS - d->n_orders + i) % DELAY_ORDERS;
        const struct order_stat *o = &d->orders[at];
        GetDelayStatistics_PlaceOrderStatisticsItem *s = &out->placeOrderStatisticsList[i];
        s->orderID = str_c(o->id);
        SET(s, totalCost, MS(o->total_ns));
        SET(s, openDCost, MS(o->total_ns - o->net_ns));
        SET(s, netDelay, MS(o->net_ns));
        SET(s, updateCost, MS(MAX(o->update_ns, 0)));
    }
    out->n_placeOrderStatisticsList = d->n_orders;
    return true;
}

static bool wants(const GetDelayStatistics_C2S *rq, int32_t type)
{
    for (size_t i = 0; i < rq->n_typeList; i++)
        if (rq->typeList[i] == type)
            return true;
    return rq->n_typeList == 0;
}

GetDelayStatistics_S2C *delay_report(const struct delay *d, const GetDelayStatistics_C2S *rq,
                                     struct arena *a, char *why, size_t why_size)
{
    struct bounds b = { rq->n_segmentList, rq->segmentList };
    report *out = ARENA_NEW(a, report);
    why[0] = '\0';
    if (!bounds_ok(b.upper, b.n)) {
        snprintf(why, why_size, "c2s.segmentList: at most %d rising numbers are expected, -1 only "
                 "as the last", MAX_CLASSES);
        return NULL;
    }
    if (!out || (b.n == 0 && !default_bounds(&b, a)))
        return NULL;
    if (wants(rq, GetDelayStatistics_DelayStatisticsType_QotPush) &&
        !add_pushes(d, rq, &b, a, out))
        return NULL;
    if (wants(rq, GetDelayStatistics_DelayStatisticsType_ReqReply) && !add_replies(d, a, out))
        return NULL;
    if (wants(rq, GetDelayStatistics_DelayStatisticsType_PlaceOrder) && !add_orders(d, a, out))
        return NULL;
    return out;
}
