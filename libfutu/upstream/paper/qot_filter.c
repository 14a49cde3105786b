/* qot_filter.c - the stock filter: conditions on figures that the exchange itself can derive.
 *
 * A condition on company reports, patterns or indicators is refused by name. A condition narrows
 * the result only when it says isNoFilter false; else it merely adds its figure to the answer.
 *
 * Threads: the gateway's loop thread only.
 */
#include "upstream/paper/qot.h"

#include <stdlib.h>

#define PAGE_MAX 200
#define FILTERS_MAX 50
#define DAYS_MAX 250

struct filter {
    int32_t field, days;            /* days 0: a base filter */
    double min, max;
    bool has_min, has_max, narrows;
    int32_t sort;                   /* Qot_StockFilter.SortDir */
};

struct filters {
    size_t n, sort_by;              /* sort_by: index, n: by code */
    unsigned want;                  /* FACT_* */
    struct filter list[FILTERS_MAX];
};

struct hit {
    const struct security *sec;
    double *value;                  /* one per filter */
    double key;
};

/* What a call keeps from one loop turn to the next: a whole market takes more than one. */
struct walk {
    struct filters filters;
    const struct plate *plate;
    size_t at;                      /* the next security to judge */
    struct hit *hits;
    size_t n;
};

static const struct {
    int32_t field;
    const char *name;
} unknown_fields[] = {
    { Qot_StockFilter_StockField_PeAnnual, "PeAnnual" },
    { Qot_StockFilter_StockField_PeTTM, "PeTTM" },
    { Qot_StockFilter_StockField_PbRate, "PbRate" },
    { Qot_StockFilter_StockField_PSTTM, "PSTTM" },
    { Qot_StockFilter_StockField_PCFTTM, "PCFTTM" },
};

static futu_err check_base_field(struct call *c, int32_t field)
{
    for (size_t i = 0; i < ARRAY_LEN(unknown_fields); i++)
        if (unknown_fields[i].field == field)
            return call_fail(c, "baseFilterList: the paper exchange has no company reports for %s",
                             unknown_fields[i].name);
    if (field < Qot_StockFilter_StockField_StockCode ||
        field > Qot_StockFilter_StockField_FloatMarketVal)
        return call_fail(c, "baseFilterList: there is no StockField %d", (int)field);
    return FUTU_OK;
}

static futu_err check_kinds(struct call *c, const Qot_StockFilter_C2S *q)
{
    if (q->n_financialFilterList > 0)
        return call_fail(c, "financialFilterList: the paper exchange has no company reports");
    if (q->n_patternFilterList > 0)
        return call_fail(c, "patternFilterList: the paper exchange has no pattern filters");
    if (q->n_customIndicatorFilterList > 0)
        return call_fail(c,
                         "customIndicatorFilterList: the paper exchange has no indicator filters");
    if (q->n_baseFilterList + q->n_accumulateFilterList > FILTERS_MAX)
        return call_fail(c, "more than %d filters", FILTERS_MAX);
    if (q->begin < 0 || q->num < 1 || q->num > PAGE_MAX)
        return call_fail(c, "begin, num: a page starts at 0 or later and has 1 to %d rows",
                         PAGE_MAX);
    return FUTU_OK;
}

static unsigned fact_of(int32_t field)
{
    switch (field) {
    case Qot_StockFilter_StockField_VolumeRatio:
        return FACT_VOLUME_RATIO;
    case Qot_StockFilter_StockField_BidAskRatio:
        return FACT_BID_ASK_RATIO;
    case Qot_StockFilter_StockField_ChangeRate5min:
        return FACT_5MIN;
    case Qot_StockFilter_StockField_CurPriceToHighest52WeeksRatio:
    case Qot_StockFilter_StockField_CurPriceToLowest52WeeksRatio:
    case Qot_StockFilter_StockField_HighPriceToHighest52WeeksRatio:
    case Qot_StockFilter_StockField_LowPriceToLowest52WeeksRatio:
        return FACT_YEAR;
    default:
        return 0;
    }
}

/* Base and accumulate filters have the same members but for `days`. */
#define READ_FILTER(f, src, n_days)                                                                \
    *(f) = (struct filter){ .field = (src)->fieldName, .days = (n_days),                           \
                            .min = (src)->filterMin, .max = (src)->filterMax,                      \
                            .has_min = (src)->has_filterMin, .has_max = (src)->has_filterMax,      \
                            .narrows = (src)->has_isNoFilter && !(src)->isNoFilter,                \
                            .sort = (src)->sortDir }

static futu_err read_filters(struct call *c, const Qot_StockFilter_C2S *q, struct filters *out)
{
    futu_err err = check_kinds(c, q);
    out->n = 0;
    for (size_t i = 0; i < q->n_baseFilterList && !err; i++) {
        err = check_base_field(c, q->baseFilterList[i].fieldName);
        out->want |= fact_of(q->baseFilterList[i].fieldName);
        if (!err)
            READ_FILTER(&out->list[out->n++], &q->baseFilterList[i], 0);
    }
    for (size_t i = 0; i < q->n_accumulateFilterList && !err; i++) {
        const Qot_StockFilter_AccumulateFilter *a = &q->accumulateFilterList[i];
        if (a->fieldName < 1 || a->fieldName > Qot_StockFilter_AccumulateField_TurnoverRate)
            err = call_fail(c, "accumulateFilterList: there is no AccumulateField %d",
                            (int)a->fieldName);
        else if (a->days < 1 || a->days > DAYS_MAX)
            err = call_fail(c, "accumulateFilterList: days must be in 1..%d", DAYS_MAX);
        else
            READ_FILTER(&out->list[out->n++], a, a->days);
    }
    out->sort_by = out->n;
    for (size_t i = 0; i < out->n && out->sort_by == out->n; i++)
        if (out->list[i].sort != Qot_StockFilter_SortDir_No)
            out->sort_by = i;
    return err;
}

static futu_err year_begin_rate(struct paper *p, struct arena *a, const struct facts *f,
                                double *out)
{
    const struct bar *bars;
    size_t n;
    futu_err err = exchange_bars(p->exchange, f->sec, Qot_Common_KLType_Year, 0,
                                 exchange_now(p->exchange), 1, true, a, &bars, &n);
    if (err || n == 0)
        return err;
    *out = percent((double)(f->q.last - bars[0].last_close), (double)bars[0].last_close);
    return FUTU_OK;
}

static double against(int64_t px, int64_t mark)
{
    return percent((double)(px - mark), (double)mark);
}

static futu_err base_value(struct paper *p, struct arena *a, const struct facts *f, int32_t field,
                           double *out)
{
    const struct quote *q = &f->q;
    switch (field) {
    case Qot_StockFilter_StockField_CurPrice: *out = px_double(q->last); break;
    case Qot_StockFilter_StockField_CurPriceToHighest52WeeksRatio:
        *out = against(q->last, f->high52);
        break;
    case Qot_StockFilter_StockField_CurPriceToLowest52WeeksRatio:
        *out = against(q->last, f->low52);
        break;
    case Qot_StockFilter_StockField_HighPriceToHighest52WeeksRatio:
        *out = against(q->high, f->high52);
        break;
    case Qot_StockFilter_StockField_LowPriceToLowest52WeeksRatio:
        *out = against(q->low, f->low52);
        break;
    case Qot_StockFilter_StockField_VolumeRatio: *out = f->volume_ratio; break;
    case Qot_StockFilter_StockField_BidAskRatio: *out = f->bid_ask_ratio; break;
    case Qot_StockFilter_StockField_LotPrice:
        *out = px_double(q->last) * (double)f->sec->lot;
        break;
    case Qot_StockFilter_StockField_MarketVal:
    case Qot_StockFilter_StockField_FloatMarketVal: *out = f->market_value; break;
    case Qot_StockFilter_StockField_TotalShare:
    case Qot_StockFilter_StockField_FloatShare: *out = (double)f->sec->shares; break;
    case Qot_StockFilter_StockField_ChangeRate5min: *out = against(q->last, f->px_5min); break;
    case Qot_StockFilter_StockField_ChangeRateBeginYear: return year_begin_rate(p, a, f, out);
    default: *out = 0; break;       /* code and name are no numbers: they come with each row */
    }
    return FUTU_OK;
}

static futu_err accumulate_value(struct paper *p, struct arena *a, const struct facts *f,
                                 const struct filter *fl, double *out)
{
    const struct bar *b;
    size_t n;
    double qty = 0, turnover = 0;
    futu_err err = exchange_bars(p->exchange, f->sec, Qot_Common_KLType_Day, 0,
                                 exchange_now(p->exchange), (size_t)fl->days, true, a, &b, &n);
    if (err || n == 0)
        return err;
    int64_t high = b[0].high, low = b[0].low, base = b[0].last_close;
    for (size_t i = 0; i < n; i++) {
        high = MAX(high, b[i].high);
        low = MIN(low, b[i].low);
        qty += (double)b[i].qty;
        turnover += b[i].turnover;
    }
    switch (fl->field) {
    case Qot_StockFilter_AccumulateField_ChangeRate: *out = against(b[n - 1].close, base); break;
    case Qot_StockFilter_AccumulateField_Amplitude:
        *out = percent((double)(high - low), (double)base);
        break;
    case Qot_StockFilter_AccumulateField_Volume: *out = qty; break;
    case Qot_StockFilter_AccumulateField_Turnover: *out = turnover; break;
    default: *out = percent(qty, (double)f->sec->shares); break;
    }
    return FUTU_OK;
}

/* Fills the hit's figures; *keep false when a condition is not met. */
static futu_err judge(struct paper *p, struct arena *a, const struct filters *fs, struct hit *h,
                      bool *keep)
{
    struct facts f;
    futu_err err = facts_read(p, a, h->sec, fs->want, &f);
    h->value = ARENA_ARRAY(a, double, fs->n);
    if (!h->value)
        return FUTU_ENOMEM;
    *keep = true;
    for (size_t i = 0; i < fs->n && *keep && !err; i++) {
        const struct filter *fl = &fs->list[i];
        err = fl->days ? accumulate_value(p, a, &f, fl, &h->value[i])
                       : base_value(p, a, &f, fl->field, &h->value[i]);
        double v = h->value[i];
        *keep = !fl->narrows || ((!fl->has_min || v >= fl->min) && (!fl->has_max || v <= fl->max));
    }
    if (fs->sort_by < fs->n)
        h->key = fs->list[fs->sort_by].sort == Qot_StockFilter_SortDir_Descend
                     ? -h->value[fs->sort_by]
                     : h->value[fs->sort_by];
    return err;
}

static int cmp_hit(const void *pa, const void *pb)
{
    const struct hit *a = pa, *b = pb;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return strcmp(a->sec->code, b->sec->code);
}

static bool candidate(const struct security *s, int32_t market, const struct plate *plate)
{
    bool cn = market == MARKET_SH || market == MARKET_SZ;
    bool here = cn ? s->market == MARKET_SH || s->market == MARKET_SZ : s->market == market;
    return here && s->kind != KIND_INDEX && (!plate || plate_has(plate, s));
}

static futu_err fill_hit(struct arena *a, const struct filters *fs, const struct hit *h,
                         Qot_StockFilter_StockData *d)
{
    d->security = make_security(a, h->sec);
    d->name = h->sec->name;
    d->baseDataList = ARENA_ARRAY(a, Qot_StockFilter_BaseData, fs->n);
    d->accumulateDataList = ARENA_ARRAY(a, Qot_StockFilter_AccumulateData, fs->n);
    if (!d->security || !d->baseDataList || !d->accumulateDataList)
        return FUTU_ENOMEM;
    for (size_t i = 0; i < fs->n; i++) {
        const struct filter *fl = &fs->list[i];
        if (fl->days) {
            Qot_StockFilter_AccumulateData *x = &d->accumulateDataList[d->n_accumulateDataList++];
            SET(x, fieldName, fl->field);
            SET(x, value, h->value[i]);
            SET(x, days, fl->days);
        } else if (fl->field > Qot_StockFilter_StockField_StockName) {
            Qot_StockFilter_BaseData *x = &d->baseDataList[d->n_baseDataList++];
            SET(x, fieldName, fl->field);
            SET(x, value, h->value[i]);
        }
    }
    return FUTU_OK;
}

static futu_err begin(struct paper *p, struct call *c, struct walk *w)
{
    const Qot_StockFilter_C2S *q = CALL_C2S(c, Qot_StockFilter);
    futu_err err = call_market(c, q->market);
    if (!err)
        err = read_filters(c, q, &w->filters);
    if (err)
        return err;
    if (q->plate && !(w->plate = plate_find(p, q->plate)))
        return call_unknown(c, q->plate->code);
    w->hits = ARENA_ARRAY(c->arena, struct hit, exchange_count(p->exchange) + 1);
    return w->hits ? FUTU_OK : FUTU_ENOMEM;
}

static futu_err collect(struct paper *p, struct call *c, struct walk *w)
{
    const Qot_StockFilter_C2S *q = CALL_C2S(c, Qot_StockFilter);
    while (w->at < exchange_count(p->exchange)) {
        struct hit *h = &w->hits[w->n];
        bool keep = false;
        h->sec = exchange_at(p->exchange, w->at++);
        if (!candidate(h->sec, q->market, w->plate))
            continue;
        futu_err err = judge(p, c->arena, &w->filters, h, &keep);
        if (err)
            return err;
        w->n += keep;
        if (call_out_of_time(p, c))
            return FUTU_EAGAIN;
    }
    return FUTU_OK;
}

static futu_err put_page(struct call *c, struct walk *w)
{
    const Qot_StockFilter_C2S *q = CALL_C2S(c, Qot_StockFilter);
    Qot_StockFilter_S2C *s2c = CALL_S2C(c, Qot_StockFilter);
    if (!s2c)
        return FUTU_ENOMEM;
    qsort(w->hits, w->n, sizeof(*w->hits), cmp_hit);
    size_t from = MIN((size_t)q->begin, w->n), rows = MIN((size_t)q->num, w->n - from);
    SET(s2c, lastPage, from + rows == w->n);
    SET(s2c, allCount, (int32_t)w->n);
    s2c->dataList = ARENA_ARRAY(c->arena, Qot_StockFilter_StockData, rows);
    if (!s2c->dataList)
        return FUTU_ENOMEM;
    futu_err err = FUTU_OK;
    for (size_t i = 0; i < rows && !err; i++)
        err = fill_hit(c->arena, &w->filters, &w->hits[from + i],
                       &s2c->dataList[s2c->n_dataList++]);
    return err;
}

futu_err qot_stock_filter(struct paper *p, struct call *c)
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
    return err ? err : put_page(c, w);
}
