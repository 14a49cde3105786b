/* broker.h - the broker's own servers as an upstream: a platform channel for quotes and a channel
 * for each broker at which the user has accounts.
 *
 * Offline: a channel that is not up fails what needs it, with its state in the text; everything
 *          else goes on. One broker that fails never stops the others.
 * Served:  what table.c lists; anything else is answered with a failure that names it.
 * Proven:  against the emulator alone (dialect.h).
 *
 * Folder:  broker.c (the upstream), table.c and call.c (requests to their handlers), firm.c (one
 *          broker), unlock.c, stock.c (securities), quote.c and quote_push.c (streams), read.c and
 *          states.c (quote calls), place.c, flight.c, orders.c, cancel_all.c, lists.c, assets.c,
 *          notice.c (trade calls and pushes), loss.c (gaps), renew.c; channel.c, chan_wire.c,
 *          race.c, addr.c, net_io.c (connections); dialect*.c, messages.h, tables.c (what the
 *          servers speak); auth*.c, flow*.c (the login over HTTP), conf_pull.c (the remote
 *          configuration).
 */
#ifndef UPSTREAM_BROKER_BROKER_H
#define UPSTREAM_BROKER_BROKER_H

#include "upstream/broker/auth.h"
#include "upstream/broker/channel.h"
#include "upstream/broker/dialect_conf.h"
#include "upstream/upstream.h"

#define BROKER_ADDRS 24
#define RENEW_PAUSES 4

/* A login that was refused or is over is to be made anew over HTTP; owned by the upstream. Exactly
 * one done() unless it is cancelled, never from inside renew(). */
struct broker_renew {
    int32_t broker_id;                  /* 0: the platform's */
    /* err FUTU_OK: `now` holds what was asked; the rest of it may be as it was. */
    void (*done)(struct broker_renew *q, futu_err err, const char *why,
                 const struct auth_result *now);
    void *renew_data;
};

struct broker_renewer {
    void (*renew)(void *arg, struct broker_renew *q);   /* NULL: logins can't be made anew */
    void (*cancel)(void *arg, struct broker_renew *q);
    void *arg;
};

/* The servers of an identity in place of all that is known otherwise: name, pool and what the
 * server tells. For tests. */
struct broker_addrs {
    int32_t identity;
    struct addr_list list;
};

struct broker_opts {
    struct clock clock;
    struct timers *timers;              /* borrowed */
    const struct net *net;              /* borrowed */
    struct upstream_events events;
    const struct auth_result *auth;     /* copied; NULL: offline until broker_login() */
    struct broker_renewer renewer;
    int64_t renew_pauses_ms[RENEW_PAUSES];      /* between renewals; zeros: the usual ones */
    bool renew_reactive;                /* after three refusals, without waiting for the watchdog */
    struct broker_addrs addrs[BROKER_ADDRS];
    size_t n_addrs;
    bool only_addrs;                    /* no other server is ever dialled */
    uint64_t boot_id;                   /* of the gateway, in what it tells of gaps */
    const char *secret;                 /* of the gateway's order journal; copied */
    void (*random)(void *p, size_t n);
};

/* Connects at once. FUTU_ENOMEM. */
futu_err broker_new(struct upstream **out, const struct broker_opts *o);
/* A login is there, or a newer one: channels that wait for it go on. FUTU_ENOMEM. */
futu_err broker_login(struct upstream *u, const struct auth_result *auth);
/* Where the servers are, as the remote configuration has it; copied. Addresses of broker_opts win
 * over it. FUTU_ENOMEM: what was known stays. */
futu_err broker_conf(struct upstream *u, const struct remote_conf *c);
/* What the admin call asks for: every channel that is not up tries again at once. */
void broker_relogin(struct upstream *u);
/* Adds "IDENTITY=HOST:PORT[,HOST:PORT...]" to o->addrs; false: malformed or too many. */
bool broker_read_addrs(struct broker_opts *o, futu_str text);

/* "60000,120000,240000,600000", none 0 or more than a day; false: it is anything else. */
bool broker_read_pauses(int64_t out[RENEW_PAUSES], futu_str text);

/* For the admin calls: what it knows of each channel; the platform's first. */
struct broker_channel {
    int32_t identity;                   /* below 1000: the platform's */
    const char *name;
    struct channel_info info;
    size_t accounts, unlocked;
};
size_t broker_channels(struct upstream *u, struct broker_channel *out, size_t max);
/* As futu_gateway_upstream_state(). */
futu_err broker_health(const struct upstream *u, char *why, size_t why_size);

#endif
