/* order.c - the state table and the order types; see order.h.
 *
 * Tests: test/unit/upstream/paper/order_test.c
 */
#include "upstream/paper/order.h"

#include "futu/proto.h"

#define ST(name) Trd_Common_OrderStatus_##name

enum { ANY, EMPTY, PARTLY };    /* which orders a row is for: fills or none */

struct transition {
    int8_t from, event, fills, to;
};

static const struct transition table[] = {
    { ST(Unsubmitted), EV_ENABLE, ANY, ST(WaitingSubmit) },
    { ST(Unsubmitted), EV_RELEASE, ANY, ST(Submitting) },
    { ST(Unsubmitted), EV_REFUSE, ANY, ST(Failed) },

    { ST(WaitingSubmit), EV_RELEASE, ANY, ST(Submitting) },
    { ST(WaitingSubmit), EV_CANCEL, EMPTY, ST(Cancelled_All) },
    { ST(WaitingSubmit), EV_CANCEL, PARTLY, ST(Cancelled_Part) },
    { ST(WaitingSubmit), EV_EXPIRE, EMPTY, ST(Cancelled_All) },
    { ST(WaitingSubmit), EV_EXPIRE, PARTLY, ST(Cancelled_Part) },
    { ST(WaitingSubmit), EV_DISABLE, ANY, ST(Disabled) },
    { ST(WaitingSubmit), EV_SUBMIT_FAIL, EMPTY, ST(SubmitFailed) },
    { ST(WaitingSubmit), EV_REFUSE, EMPTY, ST(Failed) },

    { ST(Submitting), EV_SUBMIT_FAIL, EMPTY, ST(SubmitFailed) },
    { ST(Submitting), EV_REFUSE, EMPTY, ST(Failed) },
    { ST(Submitting), EV_TIMEOUT, ANY, ST(TimeOut) },
    { ST(Submitting), EV_ACCEPT, EMPTY, ST(Submitted) },
    { ST(Submitting), EV_ACCEPT_PART, PARTLY, ST(Filled_Part) },
    { ST(Submitting), EV_FILL_PART, ANY, ST(Filled_Part) },
    { ST(Submitting), EV_FILL_ALL, ANY, ST(Filled_All) },
    { ST(Submitting), EV_EXPIRE, EMPTY, ST(Cancelled_All) },
    { ST(Submitting), EV_EXPIRE, PARTLY, ST(Cancelled_Part) },

    { ST(TimeOut), EV_ACCEPT, EMPTY, ST(Submitted) },
    { ST(TimeOut), EV_FILL_PART, ANY, ST(Filled_Part) },
    { ST(TimeOut), EV_FILL_ALL, ANY, ST(Filled_All) },
    { ST(TimeOut), EV_EXPIRE, EMPTY, ST(Cancelled_All) },
    { ST(TimeOut), EV_REFUSE, EMPTY, ST(Failed) },

    { ST(Submitted), EV_FILL_PART, ANY, ST(Filled_Part) },
    { ST(Submitted), EV_FILL_ALL, ANY, ST(Filled_All) },
    { ST(Submitted), EV_CANCEL, EMPTY, ST(Cancelling_All) },
    { ST(Submitted), EV_EXPIRE, EMPTY, ST(Cancelled_All) },
    { ST(Submitted), EV_DISABLE, ANY, ST(Disabled) },

    { ST(Filled_Part), EV_FILL_PART, ANY, ST(Filled_Part) },
    { ST(Filled_Part), EV_FILL_ALL, ANY, ST(Filled_All) },
    { ST(Filled_Part), EV_CANCEL, PARTLY, ST(Cancelling_Part) },
    { ST(Filled_Part), EV_EXPIRE, PARTLY, ST(Cancelled_Part) },
    { ST(Filled_Part), EV_DISABLE, ANY, ST(Disabled) },
    { ST(Filled_Part), EV_REVERSE, ANY, ST(FillCancelled) },

    { ST(Cancelling_All), EV_CANCELLED, EMPTY, ST(Cancelled_All) },
    { ST(Cancelling_All), EV_CANCEL_FAILED, EMPTY, ST(Submitted) },
    { ST(Cancelling_All), EV_FILL_PART, ANY, ST(Filled_Part) },
    { ST(Cancelling_All), EV_FILL_ALL, ANY, ST(Filled_All) },
    { ST(Cancelling_Part), EV_CANCELLED, PARTLY, ST(Cancelled_Part) },
    { ST(Cancelling_Part), EV_CANCEL_FAILED, PARTLY, ST(Filled_Part) },
    { ST(Cancelling_Part), EV_FILL_PART, ANY, ST(Filled_Part) },
    { ST(Cancelling_Part), EV_FILL_ALL, ANY, ST(Filled_All) },

    { ST(Disabled), EV_ENABLE, ANY, ST(WaitingSubmit) },
    { ST(Disabled), EV_RELEASE, ANY, ST(Submitting) },
    { ST(Disabled), EV_DELETE, EMPTY, ST(Deleted) },
    { ST(SubmitFailed), EV_DELETE, EMPTY, ST(Deleted) },
    { ST(Cancelled_All), EV_DELETE, EMPTY, ST(Deleted) },
    { ST(Failed), EV_DELETE, EMPTY, ST(Deleted) },
    { ST(Filled_All), EV_REVERSE, ANY, ST(FillCancelled) },
};

int32_t order_next(int32_t status, enum order_event ev, bool filled)
{
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        const struct transition *t = &table[i];
        if (t->from == status && t->event == (int8_t)ev &&
            (t->fills == ANY || t->fills == (filled ? PARTLY : EMPTY)))
            return t->to;
    }
    return STATUS_ILLEGAL;
}

bool order_final(int32_t status)
{
    switch (status) {
    case ST(SubmitFailed):
    case ST(Filled_All):
    case ST(Cancelled_Part):
    case ST(Cancelled_All):
    case ST(Failed):
    case ST(Deleted):
    case ST(FillCancelled):
        return true;
    default:
        return false;
    }
}

bool order_may_change(int32_t status)
{
    return status == ST(WaitingSubmit) || status == ST(Submitted) || status == ST(Filled_Part);
}

bool order_in_market(int32_t status)
{
    return status == ST(Submitting) || status == ST(Submitted) || status == ST(Filled_Part);
}

bool order_event(struct order *o, enum order_event ev, int64_t now)
{
    int32_t to = order_next(o->s.status, ev, o->s.filled > 0);
    if (to == STATUS_ILLEGAL)
        return false;
    o->s.status = to;
    o->s.updated = now;
    return true;
}

int64_t order_avg_px(const struct order_state *s)
{
    return s->filled ? (s->amount + s->filled / 2) / s->filled : 0;
}

static const struct order_type types[] = {
    { Trd_Common_OrderType_Normal, "Normal", OT_PRICE | OT_SIM },
    { Trd_Common_OrderType_Market, "Market", OT_MARKET | OT_SIM },
    { Trd_Common_OrderType_AbsoluteLimit, "AbsoluteLimit", OT_PRICE | OT_HK | OT_EXACT },
    { Trd_Common_OrderType_Auction, "Auction", OT_HK | OT_AUCTION | OT_MARKET },
    { Trd_Common_OrderType_AuctionLimit, "AuctionLimit", OT_PRICE | OT_HK | OT_AUCTION },
    { Trd_Common_OrderType_SpecialLimit, "SpecialLimit", OT_PRICE | OT_HK | OT_NOW },
    { Trd_Common_OrderType_SpecialLimit_All, "SpecialLimit_All",
      OT_PRICE | OT_HK | OT_NOW | OT_ALL },
    { Trd_Common_OrderType_Stop, "Stop", OT_AUX | OT_TRIGGER | OT_MARKET },
    { Trd_Common_OrderType_StopLimit, "StopLimit", OT_AUX | OT_PRICE | OT_TRIGGER },
    { Trd_Common_OrderType_MarketifTouched, "MarketifTouched", OT_AUX | OT_TRIGGER | OT_MARKET },
    { Trd_Common_OrderType_LimitifTouched, "LimitifTouched", OT_AUX | OT_PRICE | OT_TRIGGER },
    { Trd_Common_OrderType_TrailingStop, "TrailingStop", OT_TRAIL | OT_TRIGGER | OT_MARKET },
    { Trd_Common_OrderType_TrailingStopLimit, "TrailingStopLimit",
      OT_TRAIL | OT_SPREAD | OT_TRIGGER },
};

const struct order_type *order_type(int32_t type)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (types[i].type == type)
            return &types[i];
    }
    return NULL;
}
