/* channel_state.h - the inside of the emulator's channel side. */
#ifndef TEST_EMULATOR_CHANNEL_STATE_H
#define TEST_EMULATOR_CHANNEL_STATE_H

#include "base/arena.h"
#include "base/list.h"
#include "base/map.h"
#include "channel.h"
#include "crypt/seal.h"
#include "upstream/broker/addr.h"
#include "upstream/broker/dialect.h"
#include "upstream/broker/messages.h"
#include "upstream/broker/tables.h"
#include "wire/bframe.h"

#define EMU_COMMANDS 65536
#define EMU_REPEATS 256

struct emu_identity {
    struct emu_login login;
    struct addr_list addrs;
    unsigned logins;
};

struct emu_stock;

struct emu {
    struct emu_opts o;
    struct emu_scene scene;
    struct upstream *paper;
    struct emu_identity who[EMU_IDENTITIES];
    size_t n_who;
    struct emu_account accounts[EMU_ACCOUNTS];
    size_t n_accounts;
    struct list conns;
    struct list stocks;             /* of emu_stock */
    struct arena arena;             /* of one event or request */
    uint32_t paper_serial;
    unsigned asked[EMU_COMMANDS];
    /* What was placed, by request id: a repeat gets the same answer. */
    struct emu_repeat {
        char id[80], order_id[40];
    } repeats[EMU_REPEATS];
    size_t n_repeats;
    bool freeing;
};

struct emu_cipher {
    uint64_t account;
    uint8_t value[16];
};

/* What a connection has subscribed. */
struct emu_sub {
    uint64_t stock_id;
    uint64_t bits;                  /* a mask */
};

struct emu_conn {
    struct list node;
    struct emu *e;
    struct emu_conn_events events;
    char host[64];
    uint16_t port;
    struct bframer framer;
    struct seal session;
    struct emu_identity *who;       /* NULL: not logged in */
    bool closed;
    struct timer slow;              /* a login's answer that comes late */
    struct buf slow_out;
    struct buf plain, out, body, packed;
    struct emu_cipher ciphers[EMU_ACCOUNTS];
    size_t n_ciphers;
    struct emu_sub *subs;
    size_t n_subs, cap_subs;
};

/* One request being answered. */
struct emu_call {
    struct emu_conn *k;
    uint32_t serial;
    uint16_t command;
    struct arena *a;
    const uint8_t *body;
    size_t n;
};

/* channel.c */
void emu_reply(struct emu_conn *k, uint16_t command, uint32_t serial, const futu_msg *m,
               const void *msg);
/* An empty body, and the error in the extended head. */
void emu_reply_error(struct emu_conn *k, uint16_t command, uint32_t serial, int32_t code,
                     const char *text);
void emu_push(struct emu_conn *k, uint16_t command, const futu_msg *m, const void *msg);
void emu_close(struct emu_conn *k);

/* channel_paper.c: FTAPI requests to the paper exchange, answered at once. The Response struct from
 * the arena; NULL: it failed, *why says so. */
void *emu_ask_paper(struct emu *e, uint32_t proto, const void *request, const char **why);
futu_err emu_paper_new(struct emu *e, char *why, size_t size);

/* channel_quote.c, channel_trade.c: true when the command is theirs. */
bool emu_quote(struct emu_call *c);
bool emu_trade(struct emu_call *c);
bool emu_happens(unsigned *left);       /* what the scene wants so many times more */
void emu_quote_push(struct emu *e, const struct upstream_push *p);
void emu_quote_gone(struct emu_conn *k);
void emu_quote_free(struct emu *e);
void emu_trade_event(struct emu *e, uint64_t acc_id, uint32_t proto, const uint8_t *body,
                     size_t n);

/* What trade calls share, from channel_trade.c; the rest of them is in channel_assets.c and
 * channel_lists.c. */
futu_str emu_dec(struct arena *a, double v);
double emu_num(futu_str s);             /* decoded text has a NUL behind it */
struct emu_account *emu_account_of(struct emu_conn *k, uint64_t number);
Trd_Common_TrdHeader emu_header_of(const struct emu_account *a, int32_t market);
void emu_answer_order(struct emu_call *c, int32_t code, const char *why, futu_str id);
int32_t emu_sec_market_of(int32_t exchange_code);
bool emu_of_market(const struct emu_account *a, int32_t trd_market);
void emu_order_list(struct emu_call *c);
void emu_fills(struct emu_call *c);
void emu_history_orders(struct emu_call *c);
void emu_history_fills(struct emu_call *c);
void emu_assets(struct emu_call *c);
void emu_max_qty(struct emu_call *c);

#endif
