/* channel.h - one connection to the broker's servers: finding one, login, heartbeat, requests and
 * their replies by serial, pushes, and coming back after a loss.
 *
 *   OFF -> CONNECTING -> LOGIN -> UP -> (loss) WAITING -> CONNECTING ...
 *   LOGIN -> CONNECTING          sent to another address, at most dialect_redirects in a row
 *   LOGIN -> WAITING             refused; the owner is told and may bring a newer login
 *   UP -> KICKED                 the server ended the login; stays until channel_start()
 *
 * In:      addresses (a book), a login (signature and key), requests.
 * Out:     events and replies, none from inside a call of this header but for channel_stop().
 * Owns:    the link, the session key, copies of the login's secrets.
 * Pause:   between attempts 3 s, doubling to 60 s; from the start again after a login that worked.
 * Limit:   frames of BFRAME_MAX, bodies of LZ4BODY_MAX; CHANNEL_SPOILT bodies in a row that can't
 *          be opened end the connection.
 * Security: a login is taken as done only from an answer that is sealed with the login's key.
 * Threads: the gateway's loop thread.
 * Tests:   test/unit/upstream/broker/channel_test.c
 */
#ifndef UPSTREAM_BROKER_CHANNEL_H
#define UPSTREAM_BROKER_CHANNEL_H

#include "base/clock.h"
#include "base/list.h"
#include "crypt/seal.h"
#include "crypt/secret.h"
#include "upstream/broker/dialect.h"
#include "upstream/broker/race.h"
#include "wire/bframe.h"

#define CHANNEL_SPOILT 20
#define CHANNEL_SPOILT_WARN 5
#define CHANNEL_WHY 200

struct channel;

enum channel_state { CHANNEL_OFF, CHANNEL_CONNECTING, CHANNEL_LOGIN, CHANNEL_UP, CHANNEL_WAITING,
                     CHANNEL_KICKED };

/* err FUTU_OK: body is the reply. FUTU_EREFUSED: the server refused with `code` and `why`;
 * FUTU_ENOTCONN: the connection was lost, the server may have done it or not; FUTU_ETIMEDOUT
 * likewise; FUTU_EFORMAT: the reply can't be read. */
struct channel_reply {
    futu_err err;
    int32_t code;
    const char *why;
    const uint8_t *body;        /* borrowed until return */
    size_t n;
};

/* One request; owned by whoever made it, zeroed but for what is set here. Exactly one done() when
 * channel_send() has taken it and it was not cancelled. */
struct channel_ask {
    uint16_t command;
    uint8_t market, exchange;   /* of quote commands, in the reserved bytes */
    int64_t timeout_ns;         /* 0: dialect_timeout_ns */
    void (*done)(struct channel_ask *q, const struct channel_reply *r);

    struct list node;           /* the channel's own from here on */
    struct channel *channel;    /* NULL: not under way */
    uint32_t serial;
    int64_t sent, due;
};

struct channel_events {
    /* The state, or what channel_info() tells of it. UP: requests are taken from now on. */
    void (*changed)(void *arg, struct channel *c);
    void (*push)(void *arg, struct channel *c, uint16_t command, const uint8_t *body, size_t n);
    /* There is no login, it is over, or the server refused it (code, text). What follows is the
     * pause; channel_set_login() ends it. */
    void (*refused)(void *arg, struct channel *c, int32_t code, const char *why);
    void *arg;
};

struct channel_opts {
    const char *name;                   /* "platform", "broker 1001"; copied */
    const struct dialect_kind *kind;
    int32_t identity;                   /* attribution, or broker id */
    struct clock clock;
    struct timers *timers;              /* borrowed, as all that follows */
    const struct net *net;
    struct addr_book *book;
    struct channel_events events;
};

/* What is known of it, for states and messages. */
struct channel_info {
    enum channel_state state;
    char addr[ADDR_TEXT];               /* of the present connection, or "" */
    char why[CHANNEL_WHY];              /* of the last failure, naming its stage; "" */
    int64_t since_wall;                 /* of this state */
    int64_t latency_ns;                 /* of the last reply */
    uint32_t keep_alive_s;
    uint64_t losses, requests, pushes;
};

futu_err channel_new(struct channel **out, const struct channel_opts *o);   /* FUTU_ENOMEM */
/* No event follows; requests that wait are dropped without their done(). NULL is fine. */
void channel_free(struct channel *c);

/* Who logs in with what, copied; until_wall in ns, 0: no end. A running connection goes on as it
 * is. FUTU_EINVAL: the key has no length of a key; FUTU_ENOMEM: the old login stays. */
futu_err channel_set_login(struct channel *c, uint64_t user_id, const struct secret *sig,
                           const struct secret *key, int64_t until_wall);
/* Connects, if it does not already. Ends a pause and a kick-out. */
void channel_start(struct channel *c);
/* Closes; requests that wait are failed. */
void channel_stop(struct channel *c, const char *why);

/* FUTU_ENOTCONN: not UP, certainly nothing was sent; FUTU_ELIMIT, FUTU_ENOMEM likewise. */
futu_err channel_send(struct channel *c, struct channel_ask *q, const void *body, size_t n);
void channel_cancel(struct channel_ask *q);         /* fine when it is not under way */

enum channel_state channel_state(const struct channel *c);
const char *channel_state_name(enum channel_state s);
const char *channel_name(const struct channel *c);
void channel_info(const struct channel *c, struct channel_info *out);

#endif
