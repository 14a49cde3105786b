/* lane.c - the three connections: who goes where, what a loss means, how an error reads.
 *
 * Tests:   test/unit/upstream/relay/relay_test.c
 */
#include <stdarg.h>
#include <stdio.h>

#include "upstream/relay/state.h"

#define DEAD_AFTER (9 * NS_PER_S)       /* a KeepAlive every 3 s; the third silent one ends it */
#define CONNECT_LIMIT (5 * NS_PER_S)

const char *lane_name(enum lane_id id)
{
    static const char *const names[LANES] = { "quote", "trade", "bulk" };
    return names[id];
}

/* Answers that are long, or take the upstream long; they must not hold up the others. */
enum lane_id lane_of(uint32_t proto)
{
    static const uint32_t bulk[] = { 3100, 3101, 3102, 3103, 3105, 3200, 3202, 3203, 3205, 3209,
                                     3210, 3215, 3219 };
    const struct proto_row *row = proto_find(proto);
    if (row && strncmp(row->name, "Trd_", 4) == 0)
        return LANE_TRADE;
    for (size_t i = 0; i < ARRAY_LEN(bulk); i++)
        if (bulk[i] == proto)
            return LANE_BULK;
    return LANE_QUOTE;
}

bool lane_up(const struct lane *k)
{
    return k->up && k->c->phase == PHASE_READY;
}

int64_t relay_now(const struct relay *r)
{
    return clock_mono(&r->o.clock);
}

int64_t relay_now_ms(const struct relay *r)
{
    return clock_wall(&r->o.clock) / NS_PER_MS;
}

/* What can be done about it. */
static const char *remedy(const struct lane *k)
{
    switch (k->why) {
    case FUTU_ENOTFOUND:
        return "dns: is the name in --upstream right?";
    case FUTU_EREFUSED:
        return "tcp: nothing listens there; is that gateway running?";
    case FUTU_EAUTH:
        return k->r->o.rsa_key ? "rsa: give --upstream-rsa-key the key file of that gateway"
                               : "init: does that gateway want a key? see --upstream-rsa-key";
    case FUTU_EPROTO:
        return "ftapi: what listens there is no FTAPI gateway; is it the API port?";
    case FUTU_ETIMEDOUT:
        if (k->c->lost_in == PHASE_LINKING)
            return "tcp: is the host up, and the port open in its firewall?";
        return "ftapi: it is silent; is it overloaded or stopped?";
    default:
        if (k->c->lost_in == PHASE_INIT)
            return "init: it hung up on InitConnect; does it want a key? see --upstream-rsa-key";
        return "tcp: it is tried again by itself";
    }
}

const char *lane_error(const struct lane *k)
{
    return k->error[0] ? k->error : "it is being connected";
}

bool hopeless(futu_err err)
{
    return err == FUTU_ENOTFOUND || err == FUTU_EAUTH || err == FUTU_EPROTO;
}

static void went_up(struct lane *k)
{
    struct relay *r = k->r;
    k->up = true;
    k->tried = true;
    k->lost_ns = 0;
    k->error[0] = '\0';
    k->since_ms = relay_now_ms(r);
    log_info("upstream %s: %s connection is up", r->name, lane_name(k->id));
    if (k->id == LANE_QUOTE)
        restore_begin(r);
    if (k->id == LANE_TRADE)
        trade_up(r);
    requests_release(k);
}

static void went_down(struct lane *k, futu_err err)
{
    struct relay *r = k->r;
    bool was_up = k->up, first = !k->tried || was_up;
    k->up = false;
    k->tried = true;
    k->why = err;
    if (k->lost_ns == 0)
        k->lost_ns = relay_now(r);
    if (first)
        k->since_ms = relay_now_ms(r);
    snprintf(k->error, sizeof(k->error), "%s (%s)", futu_client_error(k->c), remedy(k));
    /* One line for three connections that fail alike; an end at the start is told by who starts. */
    if (was_up || (first && k->id == LANE_QUOTE && !hopeless(err)))
        log_warn("upstream %s: %s connection: %s", r->name, lane_name(k->id), k->error);
    if (!was_up)
        return;
    k->losses++;
    if (k->id == LANE_QUOTE)
        streams_lost(r);
    if (k->id == LANE_TRADE)
        trade_down(r);
    if (k->id != LANE_BULK) {
        gap_begin(r, k->id);
        gap_tell_state(r);
    }
}

static void on_state(futu_client *c, int state, futu_err err, void *arg)
{
    struct lane *k = arg;
    (void)c;
    if (k->r->freeing)
        return;
    if (state == FUTU_STATE_READY)
        went_up(k);
    else if (state == FUTU_STATE_LOST || state == FUTU_STATE_STOPPED)
        went_down(k, err);
}

static void on_raw(futu_client *c, const struct frame *f, const uint8_t *body, size_t n, void *arg)
{
    struct lane *k = arg;
    bool own = f->proto == P_ORDER_PUSH || f->proto == P_FILL_PUSH || f->proto == PROTO_GAP;
    k->pushes++;
    k->r->rx_ns = c->last_rx;
    /* What belongs to nobody's subscription comes on each connection: it goes up once. */
    if (own || k->id == LANE_QUOTE)
        push_take(k->r, f, body, n);
}

futu_err lane_open(struct relay *r, enum lane_id id)
{
    struct lane *k = &r->lanes[id];
    char client_id[64];
    snprintf(client_id, sizeof(client_id), "futu-opend-%s", lane_name(id));
    struct client_opts o = {
        .clock = r->o.clock, .timers = r->o.timers, .algo = CIPHER_AES_CBC,
        .format = FRAME_PROTOBUF, .timeout = CONNECT_LIMIT, .client_id = client_id,
        .no_notify = id != LANE_QUOTE, .raw = true, .dead_after = DEAD_AFTER, .on_raw = on_raw,
        .on_state = on_state, .arg = k, .random = r->o.random,
    };
    k->r = r;
    k->id = id;
    k->since_ms = relay_now_ms(r);
    list_init(&k->held);
    futu_err err = r->o.rsa_key ? rsa_key_load(&o.rsa, r->o.rsa_key) : FUTU_OK;
    if (!err)
        err = r->o.make_link(&o.link, r->o.link_arg);
    if (err) {
        rsa_key_free(o.rsa);
        return err;
    }
    err = client_new(&k->c, &o);
    return err ? err : client_start(k->c);
}

bool lane_ask(struct lane *k, uint32_t proto, const void *request, client_raw_fn *done, void *arg)
{
    struct buf *b = &k->r->body;
    b->n = 0;
    if (!lane_up(k) || codec_encode(proto_find(proto)->request, request, b, NULL))
        return false;
    k->requests++;
    return client_send_raw(k->c, proto, FRAME_PROTOBUF, b->p, b->n, CALL_LIMIT, done, arg) != NULL;
}
