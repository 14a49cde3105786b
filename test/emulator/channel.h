/* channel.h - the broker's TCP side without sockets: logins, heartbeats, kick-outs, redirects, and
 * what is asked on a channel, answered from a paper exchange.
 *
 * A world holds logins (the platform's, and one of each broker), accounts and a scene. A connection
 * is bytes in and bytes out at an address; whoever carries the bytes (sockets, a unit test) calls
 * emu_conn_feed() and is called back. Everything about the dialect comes from the library's own
 * tables, so that this proves the program against itself, not against the broker.
 *
 * Threads: one.
 */
#ifndef TEST_EMULATOR_CHANNEL_H
#define TEST_EMULATOR_CHANNEL_H

#include "base/clock.h"
#include "base/timer.h"
#include "upstream/upstream.h"

#define EMU_IDENTITIES 12
#define EMU_ACCOUNTS 16
#define EMU_PLATFORM_MAX 999        /* identities from 1000 on are brokers */

struct emu;
struct emu_conn;

/* Who may log in with what. identity: the attribution, or the broker's id. */
struct emu_login {
    int32_t identity;
    uint64_t user_id;               /* brokers: the customer id */
    char sig[256];
    uint8_t key[32];
    size_t n_key;
};

/* An account of a broker, played by one of the paper exchange. */
struct emu_account {
    int32_t broker_id;
    uint32_t number;
    int32_t market;
    const char *card;
    uint64_t paper_id;
    int32_t paper_env;
    bool bad;                       /* no permission: its unlock fails the whole request */
};

/* What can be changed while it runs; it counts from the next time that it matters. */
struct emu_scene {
    bool no_session_key;            /* bodies travel in the clear */
    bool pack;                      /* pushes come compressed */
    bool no_quotes;                 /* no quote is pushed */
    uint32_t keep_alive_s;          /* 0: 30 */
    unsigned mute_beats;            /* heartbeats that get no answer, one less each time */
    unsigned mute_calls;            /* likewise requests */
    /* Orders, one less each time: the connection closes before, or after it is taken; it is taken
     * and not answered. */
    unsigned lose_before, lose_after, lose_answer;
    unsigned fail_lists;            /* lists of orders that are refused */
    unsigned mute_cancels;          /* cancellations that get no answer */
    int32_t gone_broker;            /* that the list of brokers leaves out */
    uint32_t lists_late_ms;         /* lists miss orders that are newer */
    /* The next logins of the identity (0: any) are answered so; one less each time. */
    struct {
        int32_t identity;
        unsigned times;
        int32_t code;               /* refused with it; 0: sent to host and port */
        char host[64];
        uint16_t port;
    } turn_away;
    char slow_host[64];             /* logins there are answered after slow_ms */
    uint32_t slow_ms;
    char trade_pwd_md5[33];         /* lower-case hex; "" any */
    char otp[16];                   /* "": unlock needs none */
    int32_t otp_broker;             /* who wants it; 0: all */
};

struct emu_opts {
    const struct clock *clock;      /* borrowed */
    struct timers *timers;          /* borrowed */
    const char *paper_clock;        /* as --paper-clock; NULL: "always-open" */
    uint64_t seed;
    /* Of a signature that none of the logins has: who may log in with it; NULL: nobody. */
    bool (*session)(void *arg, const char *sig, size_t n, struct emu_login *out);
    void *arg;
};

/* On an error `why` says what is wrong. */
futu_err emu_new(struct emu **out, const struct emu_opts *o, char *why, size_t size);
void emu_free(struct emu *e);       /* the connections are gone before */
struct emu_scene *emu_scene(struct emu *e);
/* Adds it, or puts it in the place of that with the same identity. False: there are too many. */
bool emu_set_login(struct emu *e, const struct emu_login *l);
bool emu_add_account(struct emu *e, const struct emu_account *a);
/* Where an identity's servers are, as command 1321 tells. */
bool emu_set_addresses(struct emu *e, int32_t identity, const char *list);  /* "h:p,h:p" */

/* To the connections of the identity (0: all): */
unsigned emu_kick(struct emu *e, int32_t identity);     /* the login ends; their number */
unsigned emu_drop(struct emu *e, int32_t identity);     /* closed without a word */
/* A push without a body; true: somebody is there. */
bool emu_say(struct emu *e, int32_t identity, uint16_t command);
/* Cancels the open orders of the broker's accounts, as somebody elsewhere might. */
void emu_cancel_all(struct emu *e, int32_t broker_id);
/* Orders that the exchange has of the broker's accounts, whatever became of them. */
unsigned emu_orders(struct emu *e, int32_t broker_id);
/* Logins since the start that worked. */
unsigned emu_logins(const struct emu *e, int32_t identity);
/* Requests of a command since the start. */
unsigned emu_asked(const struct emu *e, uint16_t command);

struct emu_conn_events {
    void (*out)(void *arg, const void *p, size_t n);
    void (*close)(void *arg);       /* the server closes; emu_conn_free() follows from outside */
    void *arg;
};

/* At the address that the client has dialled. NULL: out of memory. */
struct emu_conn *emu_conn_new(struct emu *e, const char *host, uint16_t port,
                              const struct emu_conn_events *events);
void emu_conn_feed(struct emu_conn *k, const void *p, size_t n);
void emu_conn_free(struct emu_conn *k);

/* ---- sockets ---- */

struct emu_net;
typedef struct futu_loop futu_loop;
/* Listens at "HOST:PORT" (port 0: any, told in *port). FUTU_EIO. */
futu_err emu_listen(struct emu_net **net, futu_loop *l, struct emu *e, const char *host,
                    uint16_t port, uint16_t *got);
/* A server that goes away: its connections too. It may come back with emu_listen(). */
void emu_unlisten(struct emu_net *net, const char *host, uint16_t port);
void emu_net_free(struct emu_net *net);

#endif
