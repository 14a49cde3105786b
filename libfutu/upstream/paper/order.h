/* order.h - one order of a paper account and the table that says how its state may change.
 *
 * Prices and money are int64, 1/10000 of the currency unit. States are Trd_Common.OrderStatus
 * numbers; nothing but order_event() changes one, and only along a row of its table.
 */
#ifndef UPSTREAM_PAPER_ORDER_H
#define UPSTREAM_PAPER_ORDER_H

#include "upstream/paper/exchange.h"

struct account;
struct position;
struct fill;

enum order_event {
    EV_RELEASE,         /* goes to the market: the session has begun, or the trigger was met */
    EV_ACCEPT,          /* the market has it */
    EV_ACCEPT_PART,     /* likewise, an order that had fills before it was taken out */
    EV_FILL_PART,
    EV_FILL_ALL,
    EV_CANCEL,          /* asked for */
    EV_CANCELLED,       /* done */
    EV_CANCEL_FAILED,
    EV_EXPIRE,          /* end of the day, or of its time in force; rest of an immediate order */
    EV_SUBMIT_FAIL,
    EV_REFUSE,
    EV_TIMEOUT,
    EV_DISABLE,
    EV_ENABLE,          /* into waiting; EV_RELEASE follows when the market is open */
    EV_DELETE,
    EV_REVERSE,         /* the exchange reversed the fill */
    EV_COUNT
};

enum { STATUS_ILLEGAL = -2 };

/* The state that event leads to from a state; STATUS_ILLEGAL: not allowed. `filled`: has fills. */
int32_t order_next(int32_t status, enum order_event ev, bool filled);
bool order_final(int32_t status);       /* changes only into 23 or 24 */
bool order_may_change(int32_t status);  /* cancel and modify are allowed */
bool order_in_market(int32_t status);   /* 2, 5, 10: may fill */

/* What order types need and where they go. */
enum {
    OT_PRICE = 1,       /* needs price */
    OT_AUX = 2,         /* needs auxPrice */
    OT_TRAIL = 4,       /* needs trailType and trailValue */
    OT_SPREAD = 8,      /* needs trailSpread */
    OT_HK = 16,         /* Hong Kong only */
    OT_AUCTION = 32,    /* in an auction phase only */
    OT_MARKET = 64,     /* takes what the book has, then ends */
    OT_NOW = 128,       /* limit whose rest is cancelled at once */
    OT_ALL = 256,       /* all at once or nothing */
    OT_SIM = 512,       /* simulated accounts have it too */
    OT_TRIGGER = 1024,  /* waits for a price */
    OT_EXACT = 2048,    /* never at another price than its own */
};
struct order_type {
    int32_t type;       /* Trd_Common.OrderType */
    const char *name;
    unsigned flags;
};
const struct order_type *order_type(int32_t type);      /* NULL: unknown or not offered here */

enum order_wait { WAIT_NONE, WAIT_OPEN, WAIT_TRIGGER };

/* What pushes show and what changes: copied when an event is queued. */
struct order_state {
    int32_t status, side;
    int64_t qty, px, aux_px;
    int64_t trail_value, trail_spread;  /* value: px, or percent x 10000 for trail type 1 */
    int32_t trail_type;
    int64_t filled, amount;             /* amount: sum of px * qty of the fills */
    int64_t updated;
    char err[112];
};

struct order {
    struct client_order x;              /* owner: struct trade; in the book while x.resting */
    uint64_t id;
    char id_ex[24];
    struct account *acc;
    struct position *pos;
    const struct order_type *type;
    int32_t tif, session, trd_market;
    bool outside_rth;
    int64_t created, expires;
    char remark[65];
    struct order_state s;

    enum order_wait wait;
    bool admitted;                      /* side decided, quantity and money set aside */
    bool closing;                       /* reduces a position */
    int64_t reserved;                   /* quantity counted in the position's pending_* */
    int64_t hold;                       /* money counted in the account's frozen */
    int64_t fee;                        /* charged so far */
    int64_t last_seq, extreme_px;       /* of a trigger: ticks seen, best price since */
    bool dirty;  /* a push was lost for want of memory; send the newest state */
    struct fill *last_fill, *spare;     /* spare: taken when memory is out */
};

/* Applies an event; false when the table has no such row, then nothing changed. */
bool order_event(struct order *o, enum order_event ev, int64_t now);
static inline int64_t order_left(const struct order *o)
{
    return o->s.qty - o->s.filled;
}
int64_t order_avg_px(const struct order_state *s);      /* 0 without a fill */

#endif
