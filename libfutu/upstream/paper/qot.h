/* qot.h - the quote half of the paper upstream: state, and the builders that replies, first pushes
 * and pushes share, so that they agree. Private to the qot_* files and paper.c.
 *
 * Builders put everything into the arena and return FUTU_OK or FUTU_ENOMEM. Texts that live as long
 * as the exchange (codes, names) are borrowed. Prices leave as doubles of the currency unit.
 */
#ifndef UPSTREAM_PAPER_QOT_H
#define UPSTREAM_PAPER_QOT_H

#include "base/list.h"
#include "upstream/paper/handlers.h"

#define PAPER_SUB_QUOTA 2000
#define PAPER_KL_QUOTA 1000
#define KL_QUOTA_WINDOW_S (7 * 24 * 3600)
#define READ_MAX 1000               /* items of a k-line or ticker read */

/* One open push stream. */
struct stream {
    struct list node;               /* in watched.streams */
    struct stream_key key;
    int64_t last_seq;               /* of the newest tick sent */
    int64_t last_bar;               /* start of the newest bar sent */
    int64_t next_at;                /* monotonic; thinned streams keep still until then */
    unsigned pending;               /* CHANGED_* not sent yet */
    bool fresh;                     /* opened by the open() call that is running */
};

/* A security that streams or reminders look at. */
struct watched {
    const struct security *sec;
    struct list dirty;              /* in qot.dirty while something changed */
    struct list streams, reminders;
    unsigned changed;
};

struct kl_used {
    const struct security *sec;
    int64_t first;                  /* wall time of its first request in the window */
};

struct plate {
    char code[16];                  /* LIST10001 */
    int32_t market;                 /* 21 for both Chinese exchanges */
    int32_t set_type;               /* Qot_Common.PlateSetType */
    futu_str name;
    uint8_t by;                     /* enum plate_by */
};

/* The price range of all days before `date`. */
struct extremes {
    int64_t high, low;
    int32_t date;                   /* 0: not looked up yet */
};

#define WATCH_MAX 500               /* securities of a group */

struct watch_group {
    const char *name;
    size_t n;
    const struct security *list[WATCH_MAX];
};

struct qot {
    struct watched **watched;       /* by security index */
    size_t n_watched, n_streams, n_reminders;
    struct list dirty;
    struct kl_used *kl_used;        /* of the history k-line quota */
    size_t n_kl_used;
    struct plate *plates;
    size_t n_plates;
    struct extremes *extremes;      /* by security index */
    struct watch_group all, own;  /* every watched security; the one group that clients may edit */
    int64_t next_reminder_key;
};

futu_err qot_new(struct paper *p);      /* FUTU_ENOMEM; what is half made goes with qot_free() */
void qot_free(struct paper *p);         /* fine when p->qot is NULL */
bool qot_busy(const struct paper *p);   /* something is watched */
void qot_run(struct paper *p, int64_t now);     /* after exchange_run(): pushes what changed */

/* upstream_ops.open, .close and .current. */
futu_err qot_open(struct paper *p, const struct stream_want *wants, size_t n, char *why,
                  size_t why_size);
void qot_close(struct paper *p, const struct stream_key *key);
futu_err qot_current(struct paper *p, const struct stream_key *key, struct buf *out);

/* What a security's watched entry is; makes it and tells the exchange. NULL: memory is out. */
struct watched *qot_watch(struct paper *p, const struct security *s);
void qot_unwatch(struct paper *p, struct watched *w);   /* when nothing looks at it any more */

/* What a sub type listens to, and the protocol of its pushes. */
struct sub_row {
    int32_t sub_type;
    uint32_t proto;
    unsigned what;                  /* CHANGED_* */
    bool thin;                      /* push_interval_ms holds for it */
};
const struct sub_row *sub_row(int32_t sub_type);    /* NULL: no such sub type here */
/* As open() judges a stream: FUTU_ENOTFOUND, FUTU_ENOTSUP, with the text for the client. */
futu_err check_key(const struct paper *p, const struct stream_key *k, const struct security **s,
                   char *why, size_t size);
struct stream *find_stream(const struct watched *w, const struct stream_key *key);

/* qot_remind.c: looks at the reminders of a security after it changed; frees all of them. */
void reminders_check(struct paper *p, struct watched *w);
void reminders_free(struct paper *p);

/* qot_plate.c: derives the plates from the universe. */
futu_err plates_new(struct paper *p);
void plates_free(struct paper *p);
const struct plate *plate_find(const struct paper *p, const Qot_Common_Security *s);
bool plate_has(const struct plate *plate, const struct security *s);

/* qot_watch.c */
void watch_lists_new(struct paper *p);

/* K-line periods. */
bool kl_type_valid(int32_t kl_type);
int32_t period_minutes(int32_t kl_type);                /* 0: a day or longer */
int32_t kl_of_sub_type(int32_t sub_type);           /* 0: the sub type is no k-line */
/* The time a bar is named by: the end of a minute bar, midnight of the first day of a longer
 * one. */
int64_t bar_label(int32_t kl_type, const struct bar *b);

/* Builders. `fields`: a bit set of Qot_Common.KLFields, 0: all. `push_type`:
 * Qot_Common.PushDataType. */
Qot_Common_Security *make_security(struct arena *a, const struct security *s);
futu_err fill_basic_qot(struct paper *p, struct arena *a, const struct security *s,
                        Qot_Common_BasicQot *out);
futu_err make_klines(struct arena *a, const struct security *s, int32_t kl_type, int64_t fields,
                     const struct bar *bars, size_t n, Qot_Common_KLine **out);
futu_err make_ticks(struct paper *p, struct arena *a, const struct security *s, int32_t push_type,
                    const struct tick *ticks, size_t n, Qot_Common_Ticker **out);
/* Minutes that start in [from, now]; the average price is the day's up to each minute. */
futu_err make_rt(struct paper *p, struct arena *a, const struct security *s, int64_t from,
                 Qot_Common_TimeShare **out, size_t *n, int64_t *last_start);
struct book_lists {
    Qot_Common_OrderBook *ask, *bid;
    size_t n_ask, n_bid;
};
futu_err make_book(struct paper *p, struct arena *a, const struct security *s, size_t levels,
                   struct book_lists *out);
futu_err make_brokers(struct paper *p, struct arena *a, const struct security *s, bool ask,
                      Qot_Common_Broker **out, size_t *n);
futu_err fill_static(struct arena *a, const struct security *s, Qot_Common_SecurityStaticInfo *out);

/* What snapshots and filters say of a security, derived once; what has a FACT only if wanted. */
enum {
    FACT_5MIN = 1, FACT_VOLUME_RATIO = 2, FACT_BID_ASK_RATIO = 4, FACT_YEAR = 8, FACT_ALL = 15
};
struct facts {
    const struct security *sec;
    struct quote q;
    int64_t high52, low52;          /* of the last year */
    int64_t px_5min;                /* five minutes ago */
    /* all but the first in percent */
    double volume_ratio, bid_ask_ratio, amplitude, turnover_rate;
    double market_value;            /* currency units */
};
futu_err facts_read(struct paper *p, struct arena *a, const struct security *s, unsigned want,
                    struct facts *f);

/* Percent of a whole; 0 when the whole is 0. */
double percent(double part, double whole);
/* Midnight of the trading day that the security's quote is of. */
int64_t day_start(const struct paper *p, const struct security *s);

/* Handler helpers. Looks up c2s.securityList; fails the call when it is empty, longer than `max` or
 * holds an unknown code. *out is in the arena. */
futu_err call_securities(struct paper *p, struct call *c, const Qot_Common_Security *list, size_t n,
                         size_t max, const struct security ***out);
/* The one security of a request; fails the call when it is unknown. */
futu_err call_security(struct paper *p, struct call *c, const Qot_Common_Security *s,
                       const struct security **out);
/* A time field; a bare date as an end means the end of that day. Fails the call on bad text. */
futu_err call_time(struct call *c, int32_t market, const char *name, futu_str text, bool is_end,
                   int64_t *out);

futu_err check_rehab(struct call *c, int32_t rehab);
futu_err call_market(struct call *c, int32_t market);    /* one that the paper exchange has */

/* Quota in use: history k-lines (securities in the window), pairs of security and sub type. */
size_t history_quota_used(struct paper *p);
size_t streams_quota(const struct paper *p);

/* Handlers, by file. */
typedef futu_err qot_fn(struct paper *p, struct call *c);
qot_fn qot_global_state, qot_user_info, qot_verification, qot_test_cmd, qot_used_quota;
qot_fn qot_get_basic, qot_get_kl, qot_get_rt, qot_get_ticker, qot_get_book, qot_get_broker;
qot_fn qot_history_kl, qot_history_quota, qot_rehab, qot_trade_date;
qot_fn qot_suspend, qot_static_info, qot_reference, qot_holding_change, qot_code_change,
    qot_ipo_list;
qot_fn qot_future_info, qot_market_state;
qot_fn qot_snapshot;
qot_fn qot_plate_set, qot_plate_security, qot_owner_plate;
qot_fn qot_capital_flow, qot_capital_distribution;
qot_fn qot_user_security, qot_modify_user_security, qot_user_security_group;
qot_fn qot_stock_filter;
qot_fn qot_set_reminder, qot_get_reminder;

#endif
