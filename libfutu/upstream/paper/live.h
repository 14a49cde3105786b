/* live.h - one security that somebody looks at: today's order flow, book, ticks, minutes and
 * totals.
 *
 * A life is brought to a time by running all of the day's events up to it, in order; it comes out
 * the same however the way there is cut. A day goes through phases: before the open, trading,
 * breaks, done. At the end of a day the minutes are kept for a while, so that history shows what
 * was seen.
 *
 * Record:  the tick ring and the day's minutes, by far most of a life. A life without one has the
 *          quote and the book of now alone; it gets one by living the day again.
 * Memory:  the life and its record are blocks of fixed size; the kept days are extra, bounded, and
 *          do without when memory is out. live_advance() can't fail.
 */
#ifndef UPSTREAM_PAPER_LIVE_H
#define UPSTREAM_PAPER_LIVE_H

#include "base/list.h"
#include "upstream/paper/book.h"
#include "upstream/paper/fair.h"
#include "upstream/paper/synth.h"

#define LIVE_TICKS 1024         /* a power of two; the newest ones of today */
#define LIVE_KEPT 3             /* simulated days whose minutes are kept */
#define LIVE_MINUTES 8          /* a power of two; minutes whose close is known without a record */

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

struct record {
    struct tick_record ticks[LIVE_TICKS];
    struct minute_record minutes[];
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
    struct record *record;      /* or NULL */
    struct kept_day *kept[LIVE_KEPT];               /* newest first; only with a record */
    int64_t minute_close[LIVE_MINUTES];             /* of the last ones, by number */
    int64_t high52, low52;      /* of the year before today; 0: not asked for yet */
    unsigned changed;           /* CHANGED_*, not reported yet */
    uint32_t watchers;
    bool touched;               /* a client traded or had an order today: not to be made anew */
    struct list link;           /* among the active ones or the idle ones */
};

/* At the start of the trading day of `now`, without a record. NULL: no memory. */
struct live *live_new(const struct security *sec, uint64_t seed, bool always_open, int64_t now);
void live_free(struct live *l);
/* Gives it a record if it has none, for which it goes back to the start of its day; it must not be
 * touched. FUTU_ENOMEM leaves it as it was. */
futu_err live_record(struct live *l);
/* Lets the record and the kept days go. */
void live_forget(struct live *l);
size_t live_record_size(const struct live *l);  /* bytes of a record, without kept days */

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
/* The last price at the end of a minute of today, one of the last LIVE_MINUTES - 1 that have
 * begun. */
int64_t live_minute_close(const struct live *l, int32_t minute);
/* Bars of today so far or of a kept day; NULL: that date is neither, or there is no record. */
const struct minute_record *live_minutes(const struct live *l, int32_t date, int64_t *last_close);

#endif
