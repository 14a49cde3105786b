/* chan.h - the inside of a channel: channel.c has its states, chan_wire.c what travels on it. */
#ifndef UPSTREAM_BROKER_CHAN_H
#define UPSTREAM_BROKER_CHAN_H

#include "upstream/broker/channel.h"
#include "upstream/broker/messages.h"

/* Where the addresses of the present attempt come from. ONLY: nothing follows when they fail. */
enum chan_stage { STAGE_KNOWN, STAGE_REST, STAGE_ONLY };

struct channel {
    struct channel_opts o;
    char name[48];
    enum channel_state state;
    struct channel_info info;

    /* the login */
    uint64_t user_id;
    struct secret sig, key;
    int64_t login_until;
    bool wants_login;                   /* refused: a newer one ends the pause */

    /* the search */
    enum chan_stage stage;
    struct race race;
    struct net_lookup lookup;
    bool looking, was_up;
    struct addr_list tried;
    char tried_why[160];
    size_t turn, start;                 /* attempts so far; where this one's races begin */
    uint32_t redirects;                 /* in a row */
    int64_t pause;
    struct timer timer;                 /* of the state */

    /* the connection */
    struct link *link;                  /* NULL: none */
    uint64_t epoch;                     /* counts links, to see one go from inside a callback */
    struct net_addr at;
    struct bframer framer;
    struct seal session;
    struct buf plain, unpacked, sealed; /* of one body */
    uint32_t serial, login_serial;
    struct list asks;                   /* oldest first */
    struct timer late;                  /* of the ask that is due next */
    struct timer beat;
    struct channel_ask beat_ask;
    unsigned beats_lost, spoilt;
};

/* channel.c */
void chan_lost(struct channel *c, const char *stage, const char *why);
void chan_kicked(struct channel *c, const char *why);
void chan_login_reply(struct channel *c, const uint8_t *body, size_t n);

/* chan_wire.c */
void chan_init(struct channel *c);
void chan_attach(struct channel *c, struct link *link);
void chan_detach(struct channel *c);
void chan_send_login(struct channel *c);
void chan_beat_start(struct channel *c);
void chan_fail_all(struct channel *c, futu_err err, const char *why);
/* Forgets the requests that wait and frees all of the wire's buffers. */
void chan_drop(struct channel *c);

#endif
