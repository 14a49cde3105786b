/* world.h - a client against a real hub with a clock that stands still, over a pipe that can be
 * cut, muted and made to deliver a byte at a time; or against a script instead of the hub. */
#ifndef TEST_UNIT_CLIENT_WORLD_H
#define TEST_UNIT_CLIENT_WORLD_H

#include "../gateway/rig.h"
#include "client/client.h"

struct pipe_link {
    struct link link;
    struct rig *rig;            /* NULL: scripted */
    futu_conn *conn;
    struct buf out, in;
    size_t chunk;               /* bytes delivered at once; 0: all */
    bool open, coming_up;
    bool muted;                 /* what the gateway sends is thrown away */
    bool stuffed;               /* what the client sends is thrown away */
    futu_err refuse;            /* the next openings go down with this */
    unsigned opened;
    int64_t opened_at[64];
    uint64_t to_gateway;        /* frames counted by KeepAlive and others: bytes */
};

#define WORLD_LOG 64

struct world {
    struct rig rig;
    struct pipe_link *pipe;
    futu_client *c;
    int states[WORLD_LOG];
    futu_err errs[WORLD_LOG];
    unsigned n_states;
    unsigned pushes, bad_pushes;
    uint32_t last_push;
    double last_price;
    void (*on_state)(struct world *w, int state);
};

struct world_opts {
    bool gateway_key, client_key, scripted, no_reconnect;
    int algo, format;
    size_t chunk;
};

futu_err world_try(struct world *w, const struct world_opts *o);
void world_init(struct world *w, const struct world_opts *o);
void world_free(struct world *w);
/* Moves bytes until nothing moves any more. */
void world_pump(struct world *w);
/* Lets time pass in steps of 100 ms, pumping. */
void world_pass(struct world *w, int64_t ns);
void world_connect(struct world *w);        /* until READY */
void world_cut(struct world *w);            /* the connection goes down */
/* Opens it on `state` as the last announced one. */
int world_state(const struct world *w);
futu_err world_err(const struct world *w);

/* A call's outcome. */
struct outcome {
    unsigned n;
    futu_err err;
    int32_t ret;
    char text[128];
};
void note_outcome(futu_client *c, futu_err err, futu_reply *r, void *arg);

/* HK.00700, one sub type, with pushes. */
futu_err world_subscribe(struct world *w, int32_t sub_type, struct outcome *o);
/* The hub pushes a basic quote of HK.00700 with this price. */
void world_quote(struct world *w, double price);

#define TEST_KEY "test/data/rsa1024.pem"

#endif
