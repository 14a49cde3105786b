/* channel_world.h - one channel of the rig, and what its owner hears. */
#ifndef TEST_UNIT_UPSTREAM_BROKER_CHANNEL_WORLD_H
#define TEST_UNIT_UPSTREAM_BROKER_CHANNEL_WORLD_H

#include "rig.h"
#include "upstream/broker/chan.h"

#define STATES 256

struct world {
    struct rig rig;
    struct addr_book book;
    struct channel *c;
    enum channel_state states[STATES];
    unsigned n_states, refused, pushes;
    char refusal[CHANNEL_WHY];
    uint16_t pushed;
};

static const char *const hosts[] = { "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5" };

static inline void on_changed(void *arg, struct channel *c)
{
    struct world *w = arg;
    ck_assert_uint_lt(w->n_states, STATES);
    w->states[w->n_states++] = channel_state(c);
}

static inline void on_push(void *arg, struct channel *c, uint16_t command, const uint8_t *body,
                           size_t n)
{
    struct world *w = arg;
    (void)c, (void)body, (void)n;
    w->pushes++;
    w->pushed = command;
}

static inline void on_refused(void *arg, struct channel *c, int32_t code, const char *why)
{
    struct world *w = arg;
    (void)c, (void)code;
    w->refused++;
    str_copy(w->refusal, sizeof(w->refusal), str_c(why));
}

static inline futu_err give_login(struct world *w, int32_t identity, int64_t until)
{
    const struct emu_login *l = rig_login(identity);
    struct secret sig = SECRET_NULL, key = SECRET_NULL;
    futu_err err = secret_set(&sig, l->sig, strlen(l->sig));
    if (!err)
        err = secret_set(&key, l->key, l->n_key);
    if (!err)
        err = channel_set_login(w->c, l->user_id, &sig, &key, until);
    secret_wipe(&sig);
    secret_wipe(&key);
    return err;
}

static inline futu_err make(struct world *w, int32_t identity)
{
    const struct channel_opts o = {
        .name = identity < 1000 ? "platform" : "broker",
        .kind = identity < 1000 ? &dialect_platform : &dialect_firm,
        .identity = identity,
        .clock = w->rig.clock,
        .timers = &w->rig.timers,
        .net = &w->rig.net,
        .book = &w->book,
        .events = { on_changed, on_push, on_refused, w },
    };
    futu_err err = channel_new(&w->c, &o);
    return err ? err : give_login(w, identity, 0);
}

static inline void prepare(struct world *w, size_t n_hosts)
{
    memset(w, 0, sizeof(*w));
    rig_init(&w->rig);
    w->book.port = 9595;
    for (size_t i = 0; i < n_hosts; i++)
        addr_add(&w->book.guaranteed, hosts[i], 9595);
}

static inline void begin(struct world *w, int32_t identity, size_t n_hosts)
{
    prepare(w, n_hosts);
    ck_assert_int_eq(make(w, identity), FUTU_OK);
    channel_start(w->c);
    rig_pump(&w->rig);
}

static inline void end(struct world *w)
{
    channel_free(w->c);
    rig_free(&w->rig);
}

static inline bool is(const struct world *w, enum channel_state s)
{
    return channel_state(w->c) == s;
}

static const char *why(const struct world *w)
{
    static char text[CHANNEL_WHY];
    struct channel_info info;
    channel_info(w->c, &info);
    str_copy(text, sizeof(text), str_c(info.why));
    return text;
}

/* ---- requests ---- */

struct ask {
    struct channel_ask q;
    unsigned done;
    futu_err err;
    int32_t code;
    char why[200];
    size_t n;
};

static inline void on_reply(struct channel_ask *q, const struct channel_reply *r)
{
    struct ask *a = container_of(q, struct ask, q);
    a->done++;
    a->err = r->err;
    a->code = r->code;
    a->n = r->n;
    str_copy(a->why, sizeof(a->why), str_c(r->why));
}

static inline futu_err ask(struct world *w, struct ask *a, uint16_t command)
{
    struct bk_states_req q = { .has_market_id = true, .market_id = 1 };
    struct buf body = BUF_INIT;
    memset(a, 0, sizeof(*a));
    a->q.command = command;
    a->q.done = on_reply;
    futu_err err = codec_encode(&bk_states_req_msg, &q, &body, NULL);
    if (!err)
        err = channel_send(w->c, &a->q, body.p, body.n);
    buf_free(&body);
    return err;
}

#endif
