/* live.h - one security that somebody looks at: today's order flow, book, ticks, minutes and
 * totals.
 *
 * A life is brought to a time by running all of the day's events up to it, in order; it comes out
 * the same however the way there is cut. A day goes through phases: before the open, trading,
 * breaks, done. At the end of a day the minutes are kept for a while, so that history shows what
 * was seen.
 *
 * Memory:  one block with the tick ring, one with the day's minutes, both of fixed size; the kept
 *          days are extra, bounded, and do without when memory is out. live_advance() can't fail.
 */
#ifndef UPSTREAM_PAPER_LIVE_H
#define UPSTREAM_PAPER_LIVE_H

#include "base/list.h"
#include "upstream/paper/book.h"
#include "upstream/paper/fair.h"
#include "upstream/paper/synth.h"

#define LIVE_TICKS 1024         /* a power of two; the newest ones of today */
#define LIVE_KEPT 3             /* simulated days whose minutes are kept */

/* Prices as differences to the day's last_close. */
struct tick_record {
    int64_t qty;
    int32_t px;
    uint32_t ms_dir;            /* ms since the day's start << 2 | direction */
};

struct minute_record {
    int64_t qty, turnover;      /* turnover in px * shares */
    int32_t open, high, low, close;
    int32_t net[MONEY_CLASSES]; /* bought less sold, currency units; they sum to the day's money */
};

struct kept_day {
    int32_t date, minutes;
    int64_t last_close;
    struct minute_record m[];
};

struct totals {
    int64_t last, open, high, low;      /* open 0: no trade yet */
    int64_t qty, turnover, trades, time;
    struct money money;
};

enum phase { PHASE_PRE, PHASE_TRADE, PHASE_BREAK, PHASE_DONE };

struct flow {
    uint64_t events, fills;     /* numbers drawn so far, for events and for filled-up levels */
    int32_t minute;             /* the running minute, its start, the fair value at both its ends */
    int64_t minute_from;
    double value[2];
    double gap;                 /* usual distance of two levels, px */
    double near;                /* least distance of an order from the fair value, px */
    int64_t mean_ms;            /* between two events in this minute */
};

struct live {
    struct fair fair;
    struct day day;
    struct shape shape;
    enum phase phase;
    size_t session;             /* the running or coming one */
    int64_t next;               /* time of the next event; INT64_MAX: none today */
    struct flow flow;
    struct book book;
    /* come in at the next open, by next, oldest first */
    struct client_order *waiting, *waiting_last;
    uint64_t orders_seen;
    struct totals sum;
    struct tick_record ticks[LIVE_TICKS];
    struct minute_record *minutes;
    struct kept_day *kept[LIVE_KEPT];               /* newest first */
    int64_t high52, low52;      /* of the year before today; 0: not asked for yet */
    unsigned changed;           /* CHANGED_*, not reported yet */
    uint32_t watchers;
    bool touched;               /* a client traded or had an order today: not to be made anew */
    struct list link;           /* among the active ones or the idle ones */
};

/* At the start of the trading day of `now`. NULL: no memory. */
struct live *live_new(const struct security *sec, uint64_t seed, bool always_open, int64_t now);
void live_free(struct live *l);
size_t live_size(const struct live *l);         /* bytes, without kept days */

/* Runs events up to and including `now`, at most about max_events; false: more are due. */
bool live_advance(struct live *l, int64_t now, int64_t max_events);
/* The day is over, and its last changes must be reported to the watchers before the next one
 * begins, which forgets its ticks. The reporter clears `changed` and advances again. */
bool live_waits(const struct live *l, int64_t now);
/* Time of the next event, or of the next day's start. */
int64_t live_next(const struct live *l);
bool live_has_orders(const struct live *l);

/* The life must be up to `now`. */
void live_order_add(struct live *l, struct client_order *o, int64_t now);
void live_order_remove(struct live *l, struct client_order *o);

/* For flow.c: moves the minute along, and puts a trade of now into ticks, minutes and totals. */
void live_set_time(struct live *l, int64_t t);
void live_print(struct live *l, int64_t px, int64_t qty, int dir);
/* Bars of today so far or of a kept day; NULL: that date is neither. */
const struct minute_record *live_minutes(const struct live *l, int32_t date, int64_t *last_close);

#endif
