/* rails.h - a rig with API keys, an audit trail and daily values: files that are written when they
 * are told to, callers without a wire, and clients of /ws. */
#ifndef TEST_UNIT_GATEWAY_RAILS_H
#define TEST_UNIT_GATEWAY_RAILS_H

#include "rig.h"

/* Where lines go; each write waits until it is ended. */
struct disk {
    struct buf text;
    struct {
        void (*done)(void *arg, futu_err err);
        void *arg;
    } waits[4096];
    size_t n;
    futu_err refuse;            /* of every write that asks to be told */
    bool deaf;                  /* keeps nothing, so that no memory is taken */
};

struct rails {
    struct rig r;
    struct access *access;
    struct audit audit;
    struct disk trail, daily;
    struct buf keys;            /* records of the file that is being written */
    char dir[40], path[64];
};

/* A new key of the file: its token is "token-ID". `scopes` are quoted and separated by commas;
 * `more` begins with a comma, or is "". */
void rails_key(struct rails *k, const char *id, const char *scopes, const char *more);
/* Writes the file of the keys since the last time. */
void rails_save(struct rails *k);
/* rails_key()s and rails_save() come first; without them there are no keys. Surfaces: REST, WS,
 * gRPC, MCP. opts may be NULL. */
void rails_begin(struct rails *k);
void rails_open(struct rails *k, const struct hub_opts *opts);
futu_err rails_try(struct rails *k, const struct hub_opts *opts);
void rails_close(struct rails *k);
/* The file has changed: as the gateway does when it sees that. */
void rails_reload(struct rails *k);
struct api_key *rails_api_key(struct rails *k, const char *id);
/* Ends the oldest write, all of them, of one file or of both. */
void disk_end(struct disk *d, futu_err err);
void disk_end_all(struct disk *d);
void rails_written(struct rails *k);
/* How many lines of the trail contain all of these pieces. */
#define trail_count(k, ...) trail_with((k), (const char *const[]){ __VA_ARGS__, NULL })
size_t trail_with(struct rails *k, const char *const *parts);
void trail_clear(struct rails *k);
/* The value of one line of the metrics, -1: it is not there. */
double metric(struct rails *k, const char *series);

/* ---- a caller without a wire ---- */

struct told {
    struct hub_call call;
    unsigned times;             /* that done() has run */
    bool gone;                  /* with a NULL reply */
    enum deny deny;
    bool repeat;
    int32_t ret;
    char text[256];             /* retMsg, or the text of the refusal */
    struct buf body;
};

futu_conn *rails_caller(struct rails *k, enum iface iface, const char *id);
void told_ask(struct told *t, futu_conn *c, uint32_t proto, const void *request);
void told_ask_bytes(struct told *t, futu_conn *c, uint32_t proto, const void *body, size_t n);
void told_free(struct told *t);

/* ---- clients of /ws ---- */

void viewer_open(struct peer *p, struct rails *k, const char *id, bool decoded);
/* The next text; NULL: none. Valid until the next call. */
const char *viewer_next(struct peer *p);
/* Decimal member of a text, -1: it has none. */
int64_t text_number(const char *text, const char *member);

/* ---- requests ---- */

struct place {
    const char *code;           /* NULL: "00700" */
    uint64_t acc_id;            /* 0: 1001 */
    int32_t env, market;        /* market 0: HK */
    int32_t sec_market;         /* 0: absent */
    int32_t side, type;         /* 0: buy, a limit order */
    double qty, price;          /* qty 0: 100; price 0: absent */
    double amount, aux;         /* 0: absent */
    const char *word;           /* idempotencyKey */
    uint32_t serial;            /* of packetID; 0: the next one */
};
void told_place(struct told *t, futu_conn *c, const struct place *o);
size_t place_bytes(uint64_t conn_id, const struct place *o, uint8_t out[512]);
/* A message with its required members: 0, "" or a message like this. */
void *rails_filled(const futu_msg *m, struct arena *mem);
/* The Request of a row with what it must have, and this account in its header if it has one. */
size_t rails_request(const struct proto_row *row, uint64_t acc_id, uint8_t out[512]);
/* The upstream tells its accounts, each with a card that ends in its number. The allocation number
 * `fail_at` of what follows fails; -1: none. */
void rails_accounts(struct rails *k, const uint64_t *ids, size_t n, long fail_at);
/* The upstream tells the last price that was asked for. */
void rails_price(struct rails *k, double price);

#define PLACED                                                                                     \
    "080012001800221c 0a0e 0800 10abb4cdd888b38ff00318 01 1085 08 1a 07 46 41 31 32 33 34 35"
#define REFUSED "08ffffffffffffffffff01 1203 6e6f21 1800"
#define TIMED_OUT "089cffffffffffffffff01 1200 1800"

#endif
