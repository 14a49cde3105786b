/* qot_remind.c - price reminders: set, list, and the push when one is met.
 *
 * A reminder is looked at when its security changes. "Always" fires each time its condition becomes
 * true anew; "once a day" at most once per trading date; "only once" switches itself off. Kept in
 * memory, gone with the program.
 *
 * Threads: the gateway's loop thread only.
 */
#include "upstream/paper/qot.h"

#include <math.h>
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"

#define PER_TYPE_MAX 10
#define NOTE_MAX 96
#define SESSIONS_MAX 8

struct reminder {
    struct list node;               /* in watched.reminders */
    int64_t key;
    int32_t type, freq, last_date;
    double value;
    bool enabled, was_met;
    char note[NOTE_MAX + 1];
    int32_t session[SESSIONS_MAX];
    size_t n_session;
};

static double change_since(struct paper *p, const struct security *s, const struct quote *q,
                           int32_t minutes)
{
    int64_t px;
    if (exchange_minutes_ago(p->exchange, s, minutes, &px))
        return 0;
    return percent((double)(q->last - px), (double)px);
}

/* The figure a type looks at, and whether it has to be at or above (up) the set value, or at or
 * below it. False when there is none now, as the ask price of an empty book. */
static bool figure(struct paper *p, const struct security *s, const struct quote *q, int32_t type,
                   double *out, bool *up)
{
    double day = percent((double)(q->last - q->last_close), (double)q->last_close);
    *up = true;
    switch (type) {
    case Qot_Common_PriceReminderType_PriceDown: *up = false; /* fall through */
    case Qot_Common_PriceReminderType_PriceUp: *out = px_double(q->last); return true;
    case Qot_Common_PriceReminderType_ChangeRateUp: *out = day; return true;
    case Qot_Common_PriceReminderType_ChangeRateDown: *out = -day; return true;
    case Qot_Common_PriceReminderType_5MinChangeRateUp:
        *out = change_since(p, s, q, 5);
        return true;
    case Qot_Common_PriceReminderType_5MinChangeRateDown:
        *out = -change_since(p, s, q, 5);
        return true;
    case Qot_Common_PriceReminderType_3MinChangeRateUp:
        *out = change_since(p, s, q, 3);
        return true;
    case Qot_Common_PriceReminderType_3MinChangeRateDown:
        *out = -change_since(p, s, q, 3);
        return true;
    case Qot_Common_PriceReminderType_VolumeUp: *out = (double)q->qty; return true;
    case Qot_Common_PriceReminderType_TurnoverUp: *out = q->turnover; return true;
    case Qot_Common_PriceReminderType_TurnoverRateUp:
        *out = percent((double)q->qty, (double)s->shares);
        return true;
    case Qot_Common_PriceReminderType_BidPriceUp: *out = px_double(q->bid); return q->bid > 0;
    case Qot_Common_PriceReminderType_AskPriceDown:
        *up = false;
        *out = px_double(q->ask);
        return q->ask > 0;
    case Qot_Common_PriceReminderType_BidVolUp: *out = (double)q->bid_qty; return true;
    case Qot_Common_PriceReminderType_AskVolUp: *out = (double)q->ask_qty; return true;
    default: return false;
    }
}

static bool is_down_rate(int32_t type)
{
    return type == Qot_Common_PriceReminderType_ChangeRateDown ||
           type == Qot_Common_PriceReminderType_5MinChangeRateDown ||
           type == Qot_Common_PriceReminderType_3MinChangeRateDown;
}

static int32_t reminder_status(const struct paper *p, const struct security *s)
{
    switch (exchange_market_state(p->exchange, s->market)) {
    case Qot_Common_QotMarketState_PreMarketBegin:
        return Qot_Common_PriceReminderMarketStatus_USPre;
    case Qot_Common_QotMarketState_AfterHoursBegin:
        return Qot_Common_PriceReminderMarketStatus_USAfter;
    default:
        return Qot_Common_PriceReminderMarketStatus_Open;
    }
}

static futu_err send_reminder(struct paper *p, const struct security *s, const struct quote *q,
                              const struct reminder *r, double now)
{
    Qot_UpdatePriceReminder_S2C *s2c = ARENA_NEW(&p->arena, Qot_UpdatePriceReminder_S2C);
    if (!s2c)
        return FUTU_ENOMEM;
    s2c->security = make_security(&p->arena, s);
    s2c->name = s->name;
    s2c->content = str_printf(&p->arena, "[paper] %s.%s " STR_FMT ": %.10g, set %.10g",
                              market_prefix(s->market), s->code, STR_ARG(s->name), now, r->value);
    s2c->note = str_c(r->note);
    SET(s2c, price, px_double(q->last));
    SET(s2c, changeRate, percent((double)(q->last - q->last_close), (double)q->last_close));
    SET(s2c, marketStatus, reminder_status(p, s));
    SET(s2c, key, r->key);
    SET(s2c, type, r->type);
    SET(s2c, setValue, r->value);
    SET(s2c, curValue, now);
    futu_err err = paper_encode_push(p, &Qot_UpdatePriceReminder_Response_msg, s2c);
    if (!err)
        p->events.notify(p->events.arg, 3019, p->out.p, p->out.n);
    return err;
}

static void check_one(struct paper *p, const struct security *s, const struct quote *q,
                      struct reminder *r)
{
    double now;
    bool up;
    if (!r->enabled || !figure(p, s, q, r->type, &now, &up))
        return;
    double limit = is_down_rate(r->type) ? fabs(r->value) : r->value;
    bool met = up ? now >= limit : now <= limit;
    bool fire = met && !r->was_met;
    int32_t date = market_date(s->market, exchange_now(p->exchange));
    r->was_met = met;
    if (!fire || (r->freq == Qot_Common_PriceReminderFreq_OnceADay && r->last_date == date))
        return;
    r->last_date = date;
    if (r->freq == Qot_Common_PriceReminderFreq_OnlyOnce)
        r->enabled = false;
    if (send_reminder(p, s, q, r, is_down_rate(r->type) ? -now : now) != FUTU_OK)
        log_error("paper: no memory for a price reminder push");
}

void reminders_check(struct paper *p, struct watched *w)
{
    struct list *it, *tmp;
    struct quote q;
    if (list_empty(&w->reminders) || exchange_quote(p->exchange, w->sec, &q) != FUTU_OK)
        return;
    list_each(it, tmp, &w->reminders) {
        arena_reset(&p->arena);
        check_one(p, w->sec, &q, list_entry(it, struct reminder, node));
    }
}

static struct reminder *find(struct watched *w, int64_t key)
{
    struct list *it, *tmp;
    if (w)
        list_each(it, tmp, &w->reminders)
            if (list_entry(it, struct reminder, node)->key == key)
                return list_entry(it, struct reminder, node);
    return NULL;
}

static void remove_reminder(struct paper *p, struct reminder *r)
{
    list_remove(&r->node);
    mem_free(r);
    p->qot->n_reminders--;
}

static void remove_all(struct paper *p, struct watched *w)
{
    while (!list_empty(&w->reminders))
        remove_reminder(p, list_entry(w->reminders.next, struct reminder, node));
}

void reminders_free(struct paper *p)
{
    for (size_t i = 0; i < p->qot->n_watched; i++)
        if (p->qot->watched[i])
            remove_all(p, p->qot->watched[i]);
}

static size_t count_type(const struct watched *w, int32_t type)
{
    size_t n = 0;
    struct list *it, *tmp;
    list_each(it, tmp, &w->reminders)
        n += list_entry(it, struct reminder, node)->type == type;
    return n;
}

/* What add and modify must bring. */
static futu_err check_setting(struct call *c, const Qot_SetPriceReminder_C2S *q)
{
    if (!q->has_type)
        return call_missing(c, "type");
    if (!q->has_freq)
        return call_missing(c, "freq");
    if (!q->has_value)
        return call_missing(c, "value");
    if (q->type < Qot_Common_PriceReminderType_PriceUp ||
        q->type > Qot_Common_PriceReminderType_3MinChangeRateDown)
        return call_fail(c, "type: %d is not in 1..15", (int)q->type);
    if (q->freq < Qot_Common_PriceReminderFreq_Always ||
        q->freq > Qot_Common_PriceReminderFreq_OnlyOnce)
        return call_fail(c, "freq: %d is not in 1..3", (int)q->freq);
    if (!isfinite(q->value))
        return call_fail(c, "value: not a number");
    if (q->note.n > NOTE_MAX)
        return call_fail(c, "note: longer than %d bytes", NOTE_MAX);
    if (q->n_reminderSessionList > SESSIONS_MAX)
        return call_fail(c, "reminderSessionList: more than %d", SESSIONS_MAX);
    return FUTU_OK;
}

static void apply(struct reminder *r, const Qot_SetPriceReminder_C2S *q)
{
    r->type = q->type;
    r->freq = q->freq;
    r->value = q->value;
    r->enabled = true;
    r->was_met = false;
    r->last_date = 0;
    str_copy(r->note, sizeof(r->note), q->note.p ? q->note : STR(""));
    r->n_session = q->n_reminderSessionList;
    for (size_t i = 0; i < r->n_session; i++)
        r->session[i] = q->reminderSessionList[i];
}

static futu_err add_reminder(struct paper *p, struct call *c, const struct security *s,
                             const Qot_SetPriceReminder_C2S *q, int64_t *key)
{
    futu_err err = check_setting(c, q);
    if (err)
        return err;
    struct watched *w = qot_watch(p, s);
    if (!w)
        return FUTU_ENOMEM;
    if (count_type(w, q->type) >= PER_TYPE_MAX)
        return call_fail(c, "type: %s has %d reminders of this type already", s->code,
                         PER_TYPE_MAX);
    struct reminder *r = mem_zalloc(sizeof(*r));
    if (!r) {
        qot_unwatch(p, w);
        return FUTU_ENOMEM;
    }
    apply(r, q);
    r->key = *key = p->qot->next_reminder_key++;
    list_push(&w->reminders, &r->node);
    p->qot->n_reminders++;
    w->changed |= CHANGED_QUOTE;    /* it may be met already */
    if (list_empty(&w->dirty))
        list_push(&p->qot->dirty, &w->dirty);
    return FUTU_OK;
}

static futu_err edit_reminder(struct paper *p, struct call *c, struct watched *w,
                              const Qot_SetPriceReminder_C2S *q)
{
    if (!q->has_key)
        return call_missing(c, "key");
    struct reminder *r = find(w, q->key);
    if (!r)
        return call_fail(c, "key: there is no reminder %lld", (long long)q->key);
    futu_err err = FUTU_OK;
    switch (q->op) {
    case Qot_SetPriceReminder_SetPriceReminderOp_Del:
        remove_reminder(p, r);
        qot_unwatch(p, w);
        return FUTU_OK;
    case Qot_SetPriceReminder_SetPriceReminderOp_Modify:
        err = check_setting(c, q);
        if (!err)
            apply(r, q);
        return err;
    default:
        r->enabled = q->op == Qot_SetPriceReminder_SetPriceReminderOp_Enable;
        r->was_met = false;
        return FUTU_OK;
    }
}

futu_err qot_set_reminder(struct paper *p, struct call *c)
{
    const Qot_SetPriceReminder_C2S *q = CALL_C2S(c, Qot_SetPriceReminder);
    Qot_SetPriceReminder_S2C *s2c = CALL_S2C(c, Qot_SetPriceReminder);
    const struct security *s;
    int64_t key = q->key;
    if (!s2c)
        return FUTU_ENOMEM;
    futu_err err = call_security(p, c, q->security, &s);
    if (err)
        return err;
    struct watched *w = p->qot->watched[s->index];
    if (q->op == Qot_SetPriceReminder_SetPriceReminderOp_Add) {
        err = add_reminder(p, c, s, q, &key);
        paper_wake(p);
    } else if (q->op == Qot_SetPriceReminder_SetPriceReminderOp_DelAll) {
        key = 0;
        if (w) {
            remove_all(p, w);
            qot_unwatch(p, w);
        }
    } else if (q->op > 0 && q->op < Qot_SetPriceReminder_SetPriceReminderOp_DelAll) {
        err = edit_reminder(p, c, w, q);
    } else {
        err = call_fail(c, "op: %d is not in 1..6", (int)q->op);
    }
    SET(s2c, key, key);
    return err;
}

static futu_err fill_item(struct arena *a, const struct reminder *r,
                          Qot_GetPriceReminder_PriceReminderItem *out)
{
    SET(out, key, r->key);
    SET(out, type, r->type);
    SET(out, value, r->value);
    SET(out, freq, r->freq);
    SET(out, isEnable, r->enabled);
    out->note = str_dup(a, str_c(r->note));
    out->n_reminderSessionList = r->n_session;
    out->reminderSessionList = ARENA_ARRAY(a, int32_t, r->n_session);
    if (!out->note.p || !out->reminderSessionList)
        return FUTU_ENOMEM;
    memcpy(out->reminderSessionList, r->session, r->n_session * sizeof(r->session[0]));
    return FUTU_OK;
}

static futu_err fill_reminders(struct arena *a, const struct watched *w,
                               Qot_GetPriceReminder_PriceReminder *out)
{
    size_t n = 0;
    struct list *it, *tmp;
    futu_err err = FUTU_OK;
    list_each(it, tmp, &w->reminders)
        n++;
    out->security = make_security(a, w->sec);
    out->name = w->sec->name;
    out->itemList = ARENA_ARRAY(a, Qot_GetPriceReminder_PriceReminderItem, n);
    if (!out->security || !out->itemList)
        return FUTU_ENOMEM;
    list_each(it, tmp, &w->reminders) {
        err =
            fill_item(a, list_entry(it, struct reminder, node), &out->itemList[out->n_itemList++]);
        if (err)
            return err;
    }
    return FUTU_OK;
}

futu_err qot_get_reminder(struct paper *p, struct call *c)
{
    const Qot_GetPriceReminder_C2S *q = CALL_C2S(c, Qot_GetPriceReminder);
    Qot_GetPriceReminder_S2C *s2c = CALL_S2C(c, Qot_GetPriceReminder);
    const struct security *only = NULL;
    if (!s2c)
        return FUTU_ENOMEM;
    futu_err err = FUTU_OK;
    if (q->security)
        err = call_security(p, c, q->security, &only);
    else if (!q->has_market)
        err = call_missing(c, "security");
    s2c->priceReminderList = ARENA_ARRAY(c->arena, Qot_GetPriceReminder_PriceReminder,
                                         p->qot->n_reminders);
    if (!s2c->priceReminderList)
        return FUTU_ENOMEM;
    for (size_t i = 0; i < p->qot->n_watched && !err; i++) {
        const struct watched *w = p->qot->watched[i];
        if (w && !list_empty(&w->reminders) &&
            (only ? w->sec == only : w->sec->market == q->market))
            err = fill_reminders(c->arena, w, &s2c->priceReminderList[s2c->n_priceReminderList++]);
    }
    return err;
}
