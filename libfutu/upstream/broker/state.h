/* state.h - the inside of the broker upstream. */
#ifndef UPSTREAM_BROKER_STATE_H
#define UPSTREAM_BROKER_STATE_H

#include "access/mark.h"
#include "access/trade_pwd.h"
#include "base/map.h"
#include "crypt/secret.h"
#include "market/market.h"
#include "upstream/broker/broker.h"
#include "upstream/broker/messages.h"
#include "upstream/broker/tables.h"

#define FIRM_ACCOUNTS 32
#define ACCOUNT_MARKETS 16
#define STOCK_NAME 96
#define TICKS_KEPT 1000
#define BOOK_LEVELS 60
#define STOCKS_MAX 50000
#define MARKET_STATES 256
#define STATE_ASKS 5

struct broker;
struct firm;
struct job;

/* A login being made anew. */
struct renewal {
    struct broker_renew q;
    struct broker *b;
    struct channel *c;
    bool busy;
    unsigned tries;                     /* since the last login that worked */
    unsigned refusals, failures;        /* likewise; failures: of renewals */
    unsigned ticks;                     /* of the watchdog */
    int64_t next;
    char why[AUTH_WHY_MAX];             /* why the last one failed; "" */
};

/* A time without data; it began at begin_ms, UTC. */
struct gap {
    bool open;
    int64_t begin_ms;
};

/* ---- accounts ---- */

/* An order or fill as it was last told, to see what a notice is about. */
struct known {
    uint8_t digest[16];
    char key[];                         /* 'o' or 'f', and the server's id */
};

struct account {
    uint64_t id;                        /* of the public protocol */
    uint32_t number;
    int32_t state, type;
    char card[32], uni_card[32];
    int32_t markets[ACCOUNT_MARKETS];   /* TrdMarket */
    size_t n_markets;
    struct firm *firm;
    struct secret cipher;               /* empty: locked */
    uint64_t lock_round;                /* of the last lock that was asked for */
    char locked_why[CHANNEL_WHY];       /* why the last unlock failed; "" */
    /* Notices: what is known, and the queries under way. */
    struct map known;
    bool base;                          /* all was read once: what differs now has changed */
    bool traded;                        /* an order that was read last has been filled */
    struct notice *notice;              /* of the first notice on */
};

/* One broker. */
struct firm {
    struct list node;
    struct broker *b;
    int32_t broker_id;
    const struct bk_firm *info;
    uint64_t customer_id;
    char name[48];
    struct addr_book book;
    struct channel *c;
    struct account *accounts;           /* FIRM_ACCOUNTS */
    size_t n_accounts;
    bool known;                         /* the list has been read */
    char err[AUTH_WHY_MAX];             /* why it has no login; "" */
    struct channel_ask list_ask;
    struct renewal renewal;
    struct gap gap;
    struct trade_pwd guard;
    unsigned asking;                    /* trade passwords that are under way */
    struct list unlocks;                /* and parts of unlocks that wait for these; unlock.c */
};

/* ---- securities ---- */

enum stock_kind { KIND_BASIC, KIND_BOOK, KIND_TICKS, KINDS };

struct stock {
    struct list node;
    uint64_t id;                        /* of the server */
    int32_t market, market_id, lot_size, sec_type;
    int64_t list_time;
    bool delisted;
    char code[SECURITY_CODE_MAX + 1], name[STOCK_NAME], key[SECURITY_CODE_MAX + 16];
    bool wanted[KINDS];                 /* streams that are open */
    /* What pushes have brought. */
    struct bk_quote quote;
    struct bk_level *asks, *bids;       /* BOOK_LEVELS each, made with the first book */
    size_t n_asks, n_bids;
    bool has_book;
    uint64_t book_ms;
    struct bk_tick *ticks;              /* a ring of TICKS_KEPT, made with the first */
    size_t n_ticks, ticks_at;
    int64_t last_seq;                   /* of ticks; a new day may begin anew */
    uint64_t last_tick_ms;
    int64_t last_ms[KINDS];             /* UTC, of the last push */
    struct {
        uint8_t digest[16];
        int64_t at;
    } seen[KINDS + 2];                  /* by bit: equal pushes within 5 s are one */
};

/* Securities that must be known before something goes on; owned by whoever asks. */
struct resolve {
    struct list node;
    struct broker *b;
    void (*done)(struct resolve *r, futu_err err, const char *why);
    const Qot_Common_Security *secs;    /* borrowed until done() */
    size_t n;
    bool waiting;
    struct channel_ask ask;
};

struct broker {
    struct upstream base;
    struct broker_opts o;
    struct auth_result auth;
    bool has_auth;
    char name[64];
    struct channel *platform;
    struct addr_book book;
    struct remote_conf *conf;           /* NULL: none was told */
    char platform_name[32];
    struct renewal renewal;
    bool freeing;

    struct list firms, jobs, stocks, openings, resolves, waits, flights;
    struct map by_key, by_id;           /* stocks */
    struct map orders;                  /* the public number to the server's text of an order */
    struct arena arena;                 /* of one push or reply */
    struct buf body, text;

    /* What the platform has told. */
    struct {
        int32_t id, state;
    } states[MARKET_STATES];
    size_t n_states;
    struct state_ask {
        struct channel_ask ask;
        struct broker *b;
    } states_asks[STATE_ASKS];
    struct channel_ask addrs_ask, firms_ask;
    struct timer look;                  /* market states; silence of the quotes */
    struct timer waited;                /* of the reads that wait for first data */
    struct timer flown;                 /* of the flights */
    char secret[JOURNAL_SECRET + 1];    /* of marks in remarks */
    int64_t born;
    int64_t last_push, resub_at;
    unsigned unread;                    /* quote pushes in a row */
    bool tripped;                       /* there were too many of them */
    uint64_t boot;                      /* of request ids */
    uint64_t requests;
    struct gap gap;                     /* of quotes */
    uint64_t gap_seq;
    bool told, told_qot, told_trd;      /* the states that clients were told last */

    uint64_t lock_round;                /* locks that were asked for */
};

static inline int64_t broker_now(const struct broker *b)
{
    return clock_mono(&b->o.clock);
}

/* ---- call.c: requests ---- */

/* One request under way. A handler ends it with job_ok() or job_fail(), now or from `then`. */
struct job {
    struct list node;
    struct broker *b;
    struct upstream_request *rq;        /* NULL: the asker is gone */
    char key[ORDER_KEY_MAX + 1];        /* of the request */
    const struct proto_row *row;
    const void *request;                /* decoded */
    void *response;                     /* zeroed, for job_ok() */
    struct arena arena;
    struct channel_ask ask;
    void (*then)(struct job *j, const struct channel_reply *r);
    struct resolve resolve;
    struct account *account;            /* of the request's header */
    const Trd_Common_TrdHeader *header;
    void *state;                        /* the handler's, from the arena */
    size_t parts;                       /* answers that are out, of a handler with several */
    struct list wait;                   /* in broker->waits: `again` runs when something has come */
    void (*again)(struct job *j);
    int64_t wait_until;                 /* 0: it has not waited */
    void (*drop)(struct job *j);        /* before it goes; NULL: nothing to do */
    /* In place of a failure when nobody knows whether the server has done it; NULL: a failure. */
    void (*lost)(struct job *j, const char *why);
};

struct row {
    uint32_t proto;
    void (*fn)(struct job *j);
};
extern const struct row broker_rows[];
extern const size_t broker_rows_n;

void call_request(struct broker *b, struct upstream_request *rq);
void broker_call_cancel(struct broker *b, struct upstream_request *rq);
void call_free_all(struct broker *b);

void job_ok(struct job *j);
/* The same with text for the client beside the success. */
void job_ok_text(struct job *j, futu_str text);
void job_fail(struct job *j, int32_t ret_type, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* A failure that has an S2C all the same. */
void job_fail_told(struct job *j, int32_t ret_type, futu_str text);
/* By the channel's failure. */
void job_fail_reply(struct job *j, const struct channel_reply *r);
/* The end of a request that asks for what no message is known for, by its name. */
#define NOT_SERVED "not supported over the direct login: "
void job_not_served(struct job *j, const char *what);
/* What the server's own code says; false: it is a refusal and the job has ended. */
bool job_server_ok(struct job *j, bool has, int32_t code, futu_str text);
/* Sends one of the server's messages for q->done(). As channel_send(). */
futu_err job_ask(struct channel_ask *q, struct channel *c, uint16_t command, const futu_msg *m,
                 const void *msg);
/* The same for the job; `then` follows, or the job ends with a failure. */
void job_send(struct job *j, struct channel *c, uint16_t command, const futu_msg *m,
              const void *msg, void (*then)(struct job *j, const struct channel_reply *r));
/* The reply as a struct from the job's arena; NULL: the job has ended. */
void *job_decode(struct job *j, const struct channel_reply *r, const futu_msg *m);
/* "broker 1001 is not connected (waiting: ...)". */
const char *channel_down(const struct channel *c, char out[CHANNEL_WHY + 80]);

#define JOB_C2S(j, p) (((const p##_Request *)(j)->request)->c2s)
#define JOB_S2C(j, p)                                                                              \
    (((p##_Response *)(j)->response)->s2c = arena_alloc(&(j)->arena, sizeof(p##_S2C)))

/* ---- broker.c ---- */

futu_err login_take(struct broker *b, const struct auth_result *auth);

/* ---- renew.c ---- */

void renewal_init(struct renewal *r, struct broker *b, struct channel *c, int32_t broker_id);
void renewal_ask(struct renewal *r);    /* now, when the pause is over */
/* The platform's login was refused with the code; 0: it is over, or was never there. */
void renewal_refused(struct renewal *r, int32_t code);
void renewal_watch(struct renewal *r);  /* every 30 s */
void renewal_worked(struct renewal *r); /* the channel is up */
void renewal_stop(struct renewal *r);

/* ---- firm.c ---- */

futu_err firms_login(struct broker *b, const struct auth_result *auth);
void firms_keep(struct broker *b, const int32_t *ids, size_t n);
void firm_free(struct firm *f);
struct account *account_by_id(struct broker *b, uint64_t id);
struct account *account_of_firm(struct firm *f, uint64_t number);
void account_lock(struct account *a);
size_t accounts_unlocked(const struct firm *f);
/* The account that the request names, its firm connected; NULL: the job has ended. */
struct account *job_account(struct job *j, const Trd_Common_TrdHeader *h);
/* Fills a message's header; NULL: out of memory. */
struct bk_header *job_header(struct job *j, bool cipher, futu_str request_id);
void on_acc_list(struct job *j);
void book_override(const struct broker *b, int32_t identity, struct addr_book *book);

/* ---- unlock.c ---- */

void on_unlock(struct job *j);

/* ---- stock.c ---- */

struct stock *stock_find(const struct broker *b, int32_t market, futu_str code);
struct stock *stock_by_id(const struct broker *b, uint64_t id);
/* done() comes once all are known, perhaps from inside: FUTU_ENOTFOUND (why names it). */
void resolve_start(struct resolve *r, struct broker *b, const Qot_Common_Security *secs, size_t n,
                   void (*done)(struct resolve *r, futu_err err, const char *why));
void resolve_stop(struct resolve *r);
void stocks_free(struct broker *b);

/* ---- quote.c: streams; quote_push.c: what comes on them ---- */

enum stock_kind kind_of_sub(int32_t sub_type);      /* KINDS: not served */
void quote_open(struct broker *b, struct upstream_open *o);
void quote_close(struct broker *b, const struct stream_key *key);
futu_err quote_current(struct broker *b, const struct stream_key *key, struct buf *out);
void quote_up(struct broker *b);        /* the platform is back: everything is subscribed again */
void quote_down(struct broker *b, const char *why);
void quote_look(struct broker *b, int64_t now);
size_t quote_streams(const struct broker *b);
void quote_free(struct broker *b);
void quote_push(struct broker *b, const uint8_t *body, size_t n);
futu_err fill_basic(const struct stock *s, struct arena *a, Qot_Common_BasicQot *out);
futu_err fill_book(const struct stock *s, struct arena *a, size_t most, Qot_GetOrderBook_S2C *out);
futu_err fill_ticks(const struct stock *s, struct arena *a, size_t most, int32_t kind,
                    Qot_UpdateTicker_S2C *out);
Qot_Common_Security *stock_security(const struct stock *s, struct arena *a);
/* Appends the Response of a push with retType 0. */
futu_err put_push(const futu_msg *response, struct arena *a, void *s2c, struct buf *out);

/* ---- states.c: Qot_Common.QotMarketState, by what the platform has told last; 0: nothing ---- */

void states_ask(struct broker *b);
void states_forget(struct broker *b);
int32_t market_state_of(const struct broker *b, int32_t qot_market);
int32_t futures_state_of(const struct broker *b, int32_t from, int32_t to);    /* market ids */
int32_t stock_state_of(const struct broker *b, const struct stock *s);

/* ---- read.c ---- */

void on_global_state(struct job *j);
void on_user_info(struct job *j);
void on_basic(struct job *j);
void on_book(struct job *j);
void on_ticker(struct job *j);
void on_static(struct job *j);
void on_market_state(struct job *j);
/* Reads that wait look again; with `late` those whose time is over fail. */
void reads_again(struct broker *b);
void reads_late(struct timer *t, int64_t now);

/* ---- orders.c, place.c, lists.c, assets.c ---- */

void on_place(struct job *j);
void on_modify(struct job *j);
void on_max_qty(struct job *j);
void on_order_list(struct job *j);
void on_fill_list(struct job *j);
void on_history_orders(struct job *j);
void on_history_fills(struct job *j);
void on_funds(struct job *j);
void on_positions(struct job *j);
futu_err order_out(const struct broker *b, struct arena *a, const struct bk_order *o,
                   Trd_Common_Order *out);
futu_err fill_out(struct arena *a, const struct bk_fill *f, Trd_Common_OrderFill *out);
/* The server's text for an order's public number, as far as it was seen; NULL: it was not. */
const char *order_text(const struct broker *b, uint64_t number);
futu_err order_note(struct broker *b, futu_str id);
void orders_free(struct broker *b);
/* What is traded, as a message to the server says it. */
struct traded {
    int32_t security_type;
    struct bk_exchange exchange;
};
/* False: it is not served, and the job has ended. */
bool order_traded(struct job *j, int32_t sec_market, futu_str code, struct traded *out);
int32_t order_sec_market(const Trd_Common_TrdHeader *h, bool has, int32_t given, futu_str code);
/* True: it is, and the job has ended. */
bool order_locked(struct job *j);
/* A number that an order can have; 0 is not one. False: the job has ended. */
bool order_number_ok(struct job *j, const char *name, bool has, double v);
futu_str order_request_id(struct job *j);
void cancel_all(struct job *j);            /* cancel_all.c: of a ModifyOrder with forAll */

/* A list query of the account: which one is the command. NULL: out of memory. */
struct bk_order_list_req *list_request(struct job *j);
/* The broker's way to say that there are no fills, which is a failure at one of them. */
bool fills_none(const struct account *a, int32_t code);
/* Decimal text; 0 for none. */
double dec_num(futu_str s);
futu_str dec_text(struct arena *a, double v);

/* ---- flight.c: orders that were accepted and that no list has shown yet ---- */

/* Keeps a copy; when memory is out it is as if the list had shown it. */
void flight_add(struct account *a, const struct bk_order *o);
void flight_seen(struct broker *b, futu_str order_id);
/* Calls fn for those of the account that are new enough to be told in its list; fn may not change
 * them. Ends with the first error. */
futu_err flight_each(const struct account *a, futu_err (*fn)(void *arg, const struct bk_order *o),
                     void *arg);
void flight_look(struct timer *t, int64_t now);
void flights_free(struct broker *b);

/* ---- notice.c ---- */

void notice_look(struct account *a);    /* reads its orders and fills now */

void notice_push(struct firm *f, const uint8_t *body, size_t n);
/* The accounts are there: all is read once, to see later what has changed; after a loss what has
 * changed meanwhile is told. */
void notice_up(struct firm *f);
void notice_free(struct account *a);
bool notices_done(const struct firm *f);            /* nothing is under way */

/* ---- loss.c ---- */

void loss_quote_begin(struct broker *b, const char *why);
void loss_quote_over(struct broker *b);         /* nothing while pushes can't be read */
void loss_tell_rights(struct broker *b);
void loss_trade_begin(struct firm *f, const char *why);
void loss_trade_over(struct firm *f);
void loss_tell_state(struct broker *b);

#endif
