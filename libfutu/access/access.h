/* access.h - who may do what: API keys, their scopes and limits, counted once for all surfaces.
 *
 * In:      keys files (file.h parses and writes them), the token of a request, what an order says.
 * Out:     a key, a decision with its reason; nothing is answered or logged from here.
 * Owns:    the keys and their counters. A struct api_key stays valid until access_free(); a reload
 *          changes its rules in place, a key that is gone from its file is `revoked`.
 * Limits:  in the documented order: account, market, symbol, side (whitelists), hours, order value,
 *          rate, daily value. What a context does not say is not checked.
 * Threads: the loop's.
 * Tests:   test/unit/access/access_test.c, limits_test.c, daily_test.c
 */
#ifndef ACCESS_ACCESS_H
#define ACCESS_ACCESS_H

#include "access/file.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/map.h"
#include "codec/registry.h"

/* Where a request comes in; also the `iface` of audit lines and metrics. */
enum iface { IFACE_TCP, IFACE_REST, IFACE_GRPC, IFACE_WS, IFACE_MCP, IFACE_CLI, IFACE_CONSOLE,
             IFACES };
const char *iface_name(enum iface i);   /* "tcp", "rest", "grpc", "ws", "mcp", "cli", "console" */

/* Why a request is refused; RESERVED names the metrics' categories. */
enum deny {
    DENY_NONE,
    DENY_MISSING,       /* no token where one is needed */
    DENY_INVALID,       /* no such key; also the wrong machine, which is not told apart outside */
    DENY_EXPIRED,
    DENY_REVOKED,       /* of a stream or connection that was opened with it */
    DENY_OPEN_MODE,     /* a write or admin call without any keys file */
    DENY_SCOPE,
    DENY_ARGUMENT,      /* a value of a write that is none; no limit was asked */
    DENY_ACCOUNT,
    DENY_MARKET, DENY_SYMBOL, DENY_SIDE,
    DENY_HOURS,
    DENY_PER_ORDER,
    DENY_RATE,
    DENY_DAILY,
    DENIES
};
/* How a caller is told: 400 not like this, 401 who are you, 403 not you, 429 not now. 0 of
 * DENY_NONE. */
int deny_status(enum deny d);
/* Category of futu_auth_limit_rejects_total: "rate", "daily", "per_order", "market", "symbol",
 * "side", "hours", "other"; NULL: not a limit. */
const char *deny_category(enum deny d);

/* Counters of one key id; shared by the keys of that id in several files. */
struct key_count;

struct api_key {
    const struct key_rules *rules;  /* of the newest file that has it; never NULL */
    struct key_count *count;
    bool revoked;                   /* gone from its file */
    bool wrong_machine;             /* bound, and not to this machine */
    uint64_t *acc_ids;              /* allowed accounts, cards resolved; n_acc_ids 0: any */
    size_t n_acc_ids;
    uint32_t markets, sides;        /* rule_market_bit(), rule_side_bit(); 0: any */
};

struct access;

struct access_opts {
    struct clock clock;             /* copied; its arg is borrowed */
    const char *raw_machine_id;     /* copied; NULL: none could be read, bound keys are refused */
};

futu_err access_new(struct access **out, const struct access_opts *o);      /* FUTU_ENOMEM */
void access_free(struct access *a);             /* NULL is fine */

/* Names the keys file of one or more surfaces (bits 1 << IFACE_*) and reads it. On an error `why`
 * holds one line for the user: FUTU_EIO, FUTU_EFORMAT, FUTU_ENOMEM. Several surfaces may name one
 * file, it is kept once. */
futu_err access_add_file(struct access *a, uint32_t ifaces, const char *path, char *why,
                         size_t size);
/* Reads all files again. On any error the old keys stay, all of them, and `why` says why. */
futu_err access_reload(struct access *a, char *why, size_t size);
bool access_has_keys(const struct access *a, enum iface i);     /* false: open mode */
size_t access_n_keys(const struct access *a);
bool access_has_daily(const struct access *a);      /* some key has a cap on a day's value */
/* Path of file i, NULL behind the last. */
const char *access_path(const struct access *a, size_t i);

/* Who presents this token on that surface. DENY_NONE with *out NULL: open mode. token.p NULL:
 * absent. DENY_MISSING, DENY_INVALID, DENY_EXPIRED; then *out names the key when it is known
 * (expired, wrong machine; also revoked, which is DENY_INVALID to a newcomer). Costs the same for
 * one key and for ten thousand. */
enum deny access_open(const struct access *a, enum iface i, futu_str token, struct api_key **out);
/* In what follows a key of NULL is nobody in open mode: reads and metrics are free, writes and
 * admin are not, nothing is limited. */
/* Whether a key that was accepted before still holds: DENY_NONE, DENY_REVOKED, DENY_EXPIRED,
 * DENY_INVALID (now bound to another machine). */
enum deny access_alive(const struct access *a, const struct api_key *k);

/* Whether the key may call what needs any of `scopes` (SCOPE_* bits; 0: no key is needed). */
bool access_scope(const struct api_key *k, uint32_t scopes);
bool access_account(const struct api_key *k, uint64_t acc_id);
/* "HK", "US", "CN" ...; NULL or empty: not known, which is allowed. */
bool access_market(const struct api_key *k, const char *market);

/* A trade write, as far as it is known. */
struct access_order {
    uint64_t acc_id;
    bool has_acc;
    const char *market;             /* name of the TrdMarket; NULL: not known */
    futu_str symbol;                /* MARKET.CODE; p NULL: not said */
    int32_t side;                   /* Trd_Common.TrdSide; 0: not said */
    bool has_value;
    double value;                   /* quantity times price, in the order's currency */
};

/* What a check has set aside of the daily value, until it is known what became of the order; or,
 * when it has refused, how long that lasts. */
struct access_hold {
    struct key_count *count;        /* NULL: nothing is held */
    int64_t micros;                 /* value in millionths */
    int32_t day;                    /* UTC, yyyymmdd */
    uint32_t epoch;                 /* of the counter for that day */
    uint32_t retry_s;               /* until the rate, the hours or the day allow more; 0: never */
};

/* All limits in their order. A pass counts one for the rate and puts the value into *hold, so that
 * two orders under way can't pass a cap together. `reason` gets the text for the audit line, such
 * as "limit: rate limit exceeded: 5 in 60s (cap 3)". */
enum deny access_check(struct access *a, struct api_key *k, const struct access_order *o,
                       struct access_hold *hold, char *reason, size_t size);
/* The order was accepted, or nobody knows: the value counts. Refused: it is given back. The hold is
 * empty afterwards. */
void access_settle(struct access *a, struct access_hold *h, bool accepted);
/* True when an order of this key must be valued: it has a cap on values. */
static inline bool access_needs_value(const struct api_key *k)
{
    return k && (k->rules->has_order_value || k->rules->has_daily_value);
}

/* ---- daily values over a restart ---- */

/* One line that says what the key has used today, with what is held: after a crash nobody knows
 * what became of those orders. For appending to the file. FUTU_ENOMEM. */
futu_err access_write_daily(struct access *a, const struct key_count *c, struct buf *out);
/* The whole state of today, to replace the file with at start. */
futu_err access_write_all_daily(struct access *a, struct buf *out);
/* Takes in such a file, beside what was used since; of several lines of a key and day the last
 * counts, other days are dropped. FUTU_EFORMAT with the line. A last line that was cut off is
 * ignored. */
futu_err access_read_daily(struct access *a, futu_str text, size_t *line);

/* ---- cards ---- */

struct access_card {
    uint64_t acc_id;
    futu_str card, uni_card;
};
/* Four digits stand for the last four of a card, more for the whole number. */
bool access_card_is(futu_str card, futu_str wanted);
/* Turns card numbers (whole, or their last four digits) of every key into accounts: once the
 * accounts are known, and after each reload (the last list is kept). None or several accounts for a
 * card: skipped with a warning; a key with cards alone, none of which resolves, sees no account. */
futu_err access_resolve_cards(struct access *a, const struct access_card *cards, size_t n);

#define MACHINE_ID_MAX 255
/* SHA-256 of "futu-machine-bind:v1:" KEY-ID ":" RAW-MACHINE-ID, 64 hex digits and a NUL. */
void machine_fingerprint(const char *key_id, const char *raw_machine_id, char out[65]);

#endif
