/* channel.c - see channel.h: the states of a connection. What travels on it is in chan_wire.c. */
#include "upstream/broker/chan.h"

#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"

static const char *const names[] = { "off", "connecting", "login", "up", "waiting", "kicked" };

const char *channel_state_name(enum channel_state s)
{
    return names[s];
}

static void enter(struct channel *c, enum channel_state s)
{
    c->state = s;
    c->info.since_wall = clock_wall(&c->o.clock);
    c->o.events.changed(c->o.events.arg, c);
}

/* Lets go of all that belongs to one connection or the search for one. */
static void let_go(struct channel *c)
{
    timer_stop(c->o.timers, &c->timer);
    timer_stop(c->o.timers, &c->beat);
    if (c->looking)
        c->o.net->cancel(c->o.net->arg, &c->lookup);
    c->looking = false;
    race_stop(&c->race);
    chan_detach(c);
}

/* ---- waiting ---- */

static void attempt(struct channel *c);

static void wait_a_while(struct channel *c)
{
    c->pause = c->pause ? MIN(c->pause * 2, DIALECT_PAUSE_MAX) : DIALECT_PAUSE_MIN;
    timer_set(c->o.timers, &c->timer, clock_mono(&c->o.clock) + c->pause);
    enter(c, CHANNEL_WAITING);
}

/* The present attempt or connection is over. */
void chan_lost(struct channel *c, const char *stage, const char *why)
{
    bool up = c->state == CHANNEL_UP;
    snprintf(c->info.why, sizeof(c->info.why), "%s: %s", stage, why);
    if (up || !c->pause)                /* the first of a row of failures */
        log_warn("%s: %s", c->name, c->info.why);
    else
        log_debug("%s: %s", c->name, c->info.why);
    c->info.losses += up;
    let_go(c);
    wait_a_while(c);
    chan_fail_all(c, FUTU_ENOTCONN, c->info.why);
}

static void refuse(struct channel *c, int32_t code, const char *why)
{
    snprintf(c->info.why, sizeof(c->info.why), "login: %s", why);
    log_warn("%s: %s", c->name, c->info.why);
    let_go(c);
    c->wants_login = true;
    wait_a_while(c);
    c->o.events.refused(c->o.events.arg, c, code, why);
}

/* ---- login ---- */

static bool login_over(const struct channel *c)
{
    return c->login_until && clock_wall(&c->o.clock) >= c->login_until;
}

static void on_logged_in(struct channel *c, const struct bk_login_rsp *r)
{
    futu_err err = r->session_key.n ? seal_init(&c->session, &dialect_seal, r->session_key.p,
                                                r->session_key.n)
                                    : FUTU_OK;
    if (err) {
        chan_lost(c, "login", "the session key has no length of a key");
        return;
    }
    c->info.keep_alive_s = r->keep_alive ? MIN(r->keep_alive, 3600) : dialect_keep_alive_s;
    c->pause = 0;
    c->redirects = 0;
    c->was_up = true;
    c->wants_login = false;
    c->o.book->good = c->at;
    c->info.why[0] = '\0';
    timer_stop(c->o.timers, &c->timer);
    chan_beat_start(c);
    log_info("%s: logged in at %s, heartbeat each %u s", c->name, c->info.addr,
             c->info.keep_alive_s);
    enter(c, CHANNEL_UP);
}

static void dial(struct channel *c, const struct addr_list *list, size_t rounds)
{
    race_start(&c->race, list, c->start, rounds, clock_mono(&c->o.clock));
}

static void redirect(struct channel *c, const struct bk_login_rsp *r)
{
    struct addr_list one = { .n = 0 };
    char host[NET_HOST_MAX + 1];
    if (++c->redirects > dialect_redirects) {
        c->redirects = 0;
        chan_lost(c, "login", "sent from one server to the next too often");
        return;
    }
    if (!str_copy(host, sizeof(host), r->redirect_ip) || r->redirect_port > UINT16_MAX ||
        !addr_add(&one, host, (uint16_t)r->redirect_port)) {
        chan_lost(c, "login", "sent to another server without a usable address");
        return;
    }
    let_go(c);
    c->stage = STAGE_ONLY;
    enter(c, CHANNEL_CONNECTING);
    if (c->state == CHANNEL_CONNECTING)
        dial(c, &one, 1);
}

/* An answer in the clear can only refuse: who does not know the key is not the server. */
static void on_login_reply(struct channel *c, const struct bk_login_rsp *r, bool sealed)
{
    char why[CHANNEL_WHY - 8];
    if (r->has_ret_type && r->ret_type == 0 && sealed) {
        on_logged_in(c, r);
        return;
    }
    if (r->has_ret_type && r->ret_type == dialect_login_redirect && sealed) {
        redirect(c, r);
        return;
    }
    if (!r->has_ret_type || r->ret_type == 0) {
        chan_lost(c, "login", "the answer is not sealed with the login's key");
        return;
    }
    snprintf(why, sizeof(why), "refused with code %d%s" STR_FMT, r->ret_type,
             r->err_msg.n ? ": " : "", (int)MIN(r->err_msg.n, 120),
             r->err_msg.p ? r->err_msg.p : "");
    refuse(c, r->ret_type, why);
}

void chan_login_reply(struct channel *c, const uint8_t *body, size_t n)
{
    struct arena a = ARENA_INIT;
    struct bk_login_rsp r;
    struct seal key;
    bool sealed = seal_init(&key, &dialect_seal, c->key.p, c->key.n) == FUTU_OK &&
                  seal_open(&key, body, n, &c->plain) == FUTU_OK;
    seal_wipe(&key);
    futu_err err = sealed ? codec_decode(&bk_login_rsp_msg, &a, c->plain.p, c->plain.n, &r, NULL,
                                         NULL)
                          : codec_decode(&bk_login_rsp_msg, &a, body, n, &r, NULL, NULL);
    if (err)
        chan_lost(c, "login", "the answer can't be read");
    else
        on_login_reply(c, &r, sealed);
    if (!err && r.session_key.n)
        wipe((void *)(uintptr_t)r.session_key.p, r.session_key.n);
    arena_free(&a);
    if (c->plain.p)
        wipe(c->plain.p, c->plain.cap);
    c->plain.n = 0;
}

/* ---- connecting ---- */

static void on_lookup(struct net_lookup *q, futu_err err, const char (*found)[NET_HOST_MAX + 1],
                      size_t n);

/* What is known did not do: the name is asked, which has its own limit. */
static void look_up(struct channel *c)
{
    c->stage = STAGE_REST;
    c->lookup = (struct net_lookup){ .done = on_lookup };
    futu_err err = c->o.book->name
                       ? c->o.net->lookup(c->o.net->arg, &c->lookup, c->o.book->name)
                       : FUTU_ENOTFOUND;
    if (err) {
        timer_set(c->o.timers, &c->timer, clock_mono(&c->o.clock));     /* never from inside */
        return;
    }
    c->looking = true;
    timer_set(c->o.timers, &c->timer, clock_mono(&c->o.clock) + DIALECT_LOOKUP_NS);
}

static void dial_rest(struct channel *c, const char (*found)[NET_HOST_MAX + 1], size_t n)
{
    struct addr_list rest;
    timer_stop(c->o.timers, &c->timer);
    addr_rest(c->o.book, found, n, &c->tried, &rest);
    if (rest.n == 0) {
        chan_lost(c, "connect", c->tried_why[0] ? c->tried_why : "no address is known");
        return;
    }
    dial(c, &rest, c->was_up ? 1 : DIALECT_ROUNDS);
}

static void on_lookup(struct net_lookup *q, futu_err err, const char (*found)[NET_HOST_MAX + 1],
                      size_t n)
{
    struct channel *c = container_of(q, struct channel, lookup);
    c->looking = false;
    if (err || n == 0) {
        snprintf(c->tried_why, sizeof(c->tried_why), "dns: %s: %s", c->o.book->name,
                 futu_strerror(err ? err : FUTU_ENOTFOUND));
        log_debug("%s: %s", c->name, c->tried_why);
    }
    dial_rest(c, found, err ? 0 : n);
}

static void on_race(struct race *r, futu_err err, const char *why, struct link *link,
                    const struct net_addr *addr)
{
    struct channel *c = container_of(r, struct channel, race);
    if (!err) {
        c->at = *addr;
        addr_text(addr, c->info.addr);
        chan_attach(c, link);
        timer_set(c->o.timers, &c->timer, clock_mono(&c->o.clock) + dialect_timeout_ns);
        enter(c, CHANNEL_LOGIN);
        if (c->state == CHANNEL_LOGIN)
            chan_send_login(c);
        return;
    }
    snprintf(c->tried_why, sizeof(c->tried_why), "%s", why);
    if (c->stage == STAGE_KNOWN)
        look_up(c);
    else
        chan_lost(c, "connect", why);
}

static void attempt(struct channel *c)
{
    c->redirects = 0;
    c->tried_why[0] = '\0';
    c->start = c->turn++ * RACE_LANES;
    if (login_over(c) || !c->key.n) {
        refuse(c, 0, c->key.n ? "its time is over" : "there is none yet");
        return;
    }
    enter(c, CHANNEL_CONNECTING);
    if (c->state != CHANNEL_CONNECTING)
        return;
    bool only = addr_known(c->o.book, clock_wall(&c->o.clock), c->was_up, &c->tried);
    c->stage = only ? STAGE_ONLY : STAGE_KNOWN;
    if (c->tried.n)
        dial(c, &c->tried, c->was_up ? 1 : DIALECT_ROUNDS);
    else
        look_up(c);
}

static void on_timer(struct timer *t, int64_t now)
{
    struct channel *c = container_of(t, struct channel, timer);
    (void)now;
    switch (c->state) {
    case CHANNEL_WAITING:
        attempt(c);
        break;
    case CHANNEL_CONNECTING:            /* the name server's time is over */
        if (c->looking) {
            c->o.net->cancel(c->o.net->arg, &c->lookup);
            on_lookup(&c->lookup, FUTU_ETIMEDOUT, NULL, 0);
        } else {
            dial_rest(c, NULL, 0);
        }
        break;
    case CHANNEL_LOGIN:
        chan_lost(c, "login", "no answer in time");
        break;
    default:
        break;
    }
}

/* ---- what the owner says ---- */

void chan_kicked(struct channel *c, const char *why)
{
    snprintf(c->info.why, sizeof(c->info.why), "the server ended the login%s%s",
             why[0] ? ": " : "", why);
    log_warn("%s: %s; it stays offline until it is asked to log in again", c->name, c->info.why);
    let_go(c);
    c->info.losses++;
    enter(c, CHANNEL_KICKED);
    chan_fail_all(c, FUTU_ENOTCONN, c->info.why);
}

void channel_start(struct channel *c)
{
    if (c->state != CHANNEL_OFF && c->state != CHANNEL_KICKED && c->state != CHANNEL_WAITING)
        return;
    c->pause = 0;
    c->state = CHANNEL_WAITING;         /* attempts come from the timer, never from inside */
    timer_set(c->o.timers, &c->timer, clock_mono(&c->o.clock));
}

void channel_stop(struct channel *c, const char *why)
{
    snprintf(c->info.why, sizeof(c->info.why), "%s", why);
    let_go(c);
    c->state = CHANNEL_OFF;
    c->info.since_wall = clock_wall(&c->o.clock);
    chan_fail_all(c, FUTU_ENOTCONN, c->info.why);
}

futu_err channel_set_login(struct channel *c, uint64_t user_id, const struct secret *sig,
                           const struct secret *key, int64_t until_wall)
{
    struct seal probe;
    struct secret new_sig = SECRET_NULL, new_key = SECRET_NULL;
    futu_err err = seal_init(&probe, &dialect_seal, key->p, key->n);
    seal_wipe(&probe);
    if (!err)
        err = secret_set(&new_sig, sig->p, sig->n);
    if (!err)
        err = secret_set(&new_key, key->p, key->n);
    if (err) {
        secret_wipe(&new_sig);
        secret_wipe(&new_key);
        return err;
    }
    secret_wipe(&c->sig);
    secret_wipe(&c->key);
    c->sig = new_sig;
    c->key = new_key;
    c->user_id = user_id;
    c->login_until = until_wall;
    if (c->state == CHANNEL_WAITING && c->wants_login)
        timer_set(c->o.timers, &c->timer, clock_mono(&c->o.clock));
    c->wants_login = false;
    return FUTU_OK;
}

enum channel_state channel_state(const struct channel *c)
{
    return c->state;
}

const char *channel_name(const struct channel *c)
{
    return c->name;
}

void channel_info(const struct channel *c, struct channel_info *out)
{
    *out = c->info;
    out->state = c->state;
    if (c->state != CHANNEL_UP && c->state != CHANNEL_LOGIN)
        out->addr[0] = '\0';
}

futu_err channel_new(struct channel **out, const struct channel_opts *o)
{
    struct channel *c = *out = mem_zalloc(sizeof(*c));
    if (!c)
        return FUTU_ENOMEM;
    c->o = *o;
    str_copy(c->name, sizeof(c->name), str_c(o->name));
    c->o.name = c->name;
    c->timer.fn = on_timer;
    c->info.since_wall = clock_wall(&o->clock);
    c->race = (struct race){ .net = o->net, .done = on_race, .timers = o->timers,
                             .timeout_ns = DIALECT_CONNECT_NS };
    chan_init(c);
    return FUTU_OK;
}

void channel_free(struct channel *c)
{
    if (!c)
        return;
    let_go(c);
    chan_drop(c);
    secret_wipe(&c->sig);
    secret_wipe(&c->key);
    mem_free(c);
}
