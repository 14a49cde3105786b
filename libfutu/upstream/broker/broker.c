/* broker.c - the broker's servers as an upstream: its parts, and the platform's channel.
 *
 * Tests:   test/unit/upstream/broker/broker_test.c
 */
#include "upstream/broker/broker.h"

#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "upstream/broker/state.h"

#define LOOK_NS (30 * NS_PER_S)         /* between two looks at silence and market states */
#define QUOTA 1000000                   /* what the server decides by itself */

/* ---- the platform's channel ---- */

static void send(struct broker *b, struct channel_ask *q, uint16_t command, const futu_msg *m,
                 const void *msg)
{
    b->text.n = 0;
    q->command = command;
    futu_err err = codec_encode(m, msg, &b->text, NULL);
    if (!err)
        err = channel_send(b->platform, q, b->text.p, b->text.n);
    if (err && err != FUTU_ENOTCONN)
        log_warn("%s: command %u: %s", b->platform_name, command, futu_strerror(err));
}

static void on_addrs(struct channel_ask *q, const struct channel_reply *r)
{
    struct broker *b = container_of(q, struct broker, addrs_ask);
    struct bk_conn_ip_rsp s;
    char host[NET_HOST_MAX + 1];
    arena_reset(&b->arena);
    if (r->err || codec_decode(&bk_conn_ip_rsp_msg, &b->arena, r->body, r->n, &s, NULL, NULL) ||
        s.result_code != 0 || b->o.only_addrs)
        return;
    b->book.learned.n = 0;
    for (size_t i = 0; i < s.n_addrs; i++)
        if (str_copy(host, sizeof(host), s.addrs[i].ip) && s.addrs[i].port <= UINT16_MAX)
            addr_add(&b->book.learned, host, (uint16_t)s.addrs[i].port);
}

static void ask_addrs(struct broker *b)
{
    struct bk_conn_ip_req q = { 0 };
    if (b->addrs_ask.channel)
        return;
    SET(&q, conn_identify, b->auth.attribution);
    b->addrs_ask.done = on_addrs;
    send(b, &b->addrs_ask, CMD_CONN_IP, &bk_conn_ip_req_msg, &q);
}

static void on_firms(struct channel_ask *q, const struct channel_reply *r)
{
    struct broker *b = container_of(q, struct broker, firms_ask);
    struct bk_firms_rsp s;
    arena_reset(&b->arena);
    if (!r->err && !codec_decode(&bk_firms_rsp_msg, &b->arena, r->body, r->n, &s, NULL, NULL) &&
        s.has_result_code && s.result_code == 0)
        firms_keep(b, s.broker_ids, s.n_broker_ids);
}

static void ask_firms(struct broker *b)
{
    struct bk_firms_req q = { 0 };
    if (b->firms_ask.channel)
        return;
    SET(&q, user_id, b->auth.user_id);
    b->firms_ask.done = on_firms;
    send(b, &b->firms_ask, CMD_FIRMS, &bk_firms_req_msg, &q);
}

static void platform_up(struct broker *b)
{
    renewal_worked(&b->renewal);
    ask_firms(b);
    ask_addrs(b);
    states_ask(b);
    quote_up(b);
}

static void platform_down(struct broker *b, const char *why)
{
    states_forget(b);
    quote_down(b, why);
}

static void platform_changed(void *arg, struct channel *c)
{
    struct broker *b = arg;
    char text[CHANNEL_WHY + 80];
    if (b->freeing)
        return;
    if (channel_state(c) == CHANNEL_UP)
        platform_up(b);
    else if (channel_state(c) == CHANNEL_WAITING || channel_state(c) == CHANNEL_KICKED)
        platform_down(b, channel_down(c, text));
    loss_tell_state(b);
}

/* Told by name, and nothing of what is in them. */
static const char *push_name(uint16_t command)
{
    return command == 5300 ? " (message centre)" : command == 9429 ? " (brokers, old)" : "";
}

static void platform_push(void *arg, struct channel *c, uint16_t command, const uint8_t *body,
                          size_t n)
{
    struct broker *b = arg;
    (void)c;
    switch (command) {
    case CMD_QUOTE_PUSH:
        b->last_push = broker_now(b);
        quote_push(b, body, n);
        break;
    case CMD_FIRM_CHANGE:
        ask_firms(b);
        break;
    case CMD_ADDR_CHANGE:               /* told by name alone: what is in it is not read */
        log_info("%s: the addresses of a broker have changed (push %u)", b->platform_name,
                 command);
        ask_addrs(b);
        break;
    case CMD_RIGHTS_CHANGE:
        loss_tell_rights(b);
        break;
    default:
        log_debug("%s: push %u%s of %zu bytes is not used", b->platform_name, command,
                  push_name(command), n);
        break;
    }
}

static void platform_refused(void *arg, struct channel *c, int32_t code, const char *why)
{
    struct broker *b = arg;
    (void)c, (void)why;
    renewal_refused(&b->renewal, code);
}

static void on_look(struct timer *t, int64_t now)
{
    struct broker *b = container_of(t, struct broker, look);
    timer_set(b->o.timers, t, now + LOOK_NS);
    if (b->has_auth)
        renewal_watch(&b->renewal);
    if (channel_state(b->platform) != CHANNEL_UP)
        return;
    states_ask(b);
    quote_look(b, now);
}

/* ---- logins ---- */

static void fill_book_of_platform(struct broker *b)
{
    const struct bk_platform *p = bk_platform(b->auth.attribution);
    b->book = (struct addr_book){ .port = PLATFORM_PORT };
    if (p) {
        b->book.name = p->name;
        b->book.pool = p->pool;
    }
    book_override(b, b->auth.attribution, &b->book);
}

static futu_err platform_login(struct broker *b)
{
    const struct auth_result *a = &b->auth;
    if (!a->client_key.n)
        return FUTU_OK;
    return channel_set_login(b->platform, a->user_id, &a->client_sig, &a->client_key,
                             a->client_sig_until_s * NS_PER_S);
}

static futu_err make_platform(struct broker *b)
{
    const struct channel_opts o = {
        .name = b->platform_name,
        .kind = &dialect_platform,
        .identity = b->auth.attribution,
        .clock = b->o.clock,
        .timers = b->o.timers,
        .net = b->o.net,
        .book = &b->book,
        .events = { platform_changed, platform_push, platform_refused, b },
    };
    snprintf(b->platform_name, sizeof(b->platform_name), "platform");
    fill_book_of_platform(b);
    futu_err err = channel_new(&b->platform, &o);
    if (!err)
        renewal_init(&b->renewal, b, b->platform, 0);
    return err;
}

/* A login of another identity is one of another user: its channel is made anew. */
static futu_err platform_for(struct broker *b, int32_t attribution)
{
    if (b->platform && b->has_auth && b->auth.attribution == attribution)
        return FUTU_OK;
    renewal_stop(&b->renewal);
    channel_free(b->platform);
    b->platform = NULL;
    b->auth.attribution = attribution;
    return make_platform(b);
}

futu_err broker_login(struct upstream *u, const struct auth_result *auth)
{
    struct broker *b = container_of(u, struct broker, base);
    futu_err err = platform_for(b, auth->attribution);
    if (!err)
        err = firms_login(b, auth);
    if (!err && channel_state(b->platform) == CHANNEL_OFF)
        channel_start(b->platform);
    return err;
}

futu_err broker_conf(struct upstream *u, const struct remote_conf *c)
{
    struct broker *b = container_of(u, struct broker, base);
    struct list *it, *tmp;
    if (!b->conf && !(b->conf = mem_alloc(sizeof(*c))))
        return FUTU_ENOMEM;
    *b->conf = *c;
    book_override(b, b->auth.attribution, &b->book);
    list_each(it, tmp, &b->firms) {
        struct firm *f = list_entry(it, struct firm, node);
        book_override(b, f->broker_id, &f->book);
    }
    return FUTU_OK;
}

void broker_relogin(struct upstream *u)
{
    struct broker *b = container_of(u, struct broker, base);
    struct list *it, *tmp;
    b->renewal.tries = b->renewal.failures = 0;
    channel_start(b->platform);
    list_each(it, tmp, &b->firms) {
        struct firm *f = list_entry(it, struct firm, node);
        f->renewal.tries = f->renewal.failures = 0;
        channel_start(f->c);
    }
}

/* Takes over what the login says; the brokers' part is firm.c's. */
futu_err login_take(struct broker *b, const struct auth_result *auth)
{
    struct auth_result copy = { 0 };
    futu_err err = auth_result_copy(&copy, auth);
    if (err)
        return err;
    auth_result_free(&b->auth);
    b->auth = copy;
    b->has_auth = true;
    return platform_login(b);
}

/* ---- the upstream ---- */

static void broker_request(struct upstream *u, struct upstream_request *rq)
{
    call_request(container_of(u, struct broker, base), rq);
}

static void broker_cancel(struct upstream *u, struct upstream_request *rq)
{
    broker_call_cancel(container_of(u, struct broker, base), rq);
}

static void broker_open(struct upstream *u, struct upstream_open *o)
{
    quote_open(container_of(u, struct broker, base), o);
}

static void broker_close(struct upstream *u, const struct stream_key *key)
{
    quote_close(container_of(u, struct broker, base), key);
}

/* Every account's notices come by themselves. */
static void broker_watch(struct upstream *u, struct upstream_watch *w)
{
    struct broker *b = container_of(u, struct broker, base);
    char why[80] = "";
    futu_err err = FUTU_OK;
    for (size_t i = 0; i < w->n && !err; i++) {
        if (account_by_id(b, w->ids[i]))
            continue;
        err = FUTU_ENOTFOUND;
        snprintf(why, sizeof(why), "account %llu is not known", (unsigned long long)w->ids[i]);
    }
    w->done(w, err, why);
}

static futu_err broker_current(struct upstream *u, const struct stream_key *key, struct buf *out)
{
    return quote_current(container_of(u, struct broker, base), key, out);
}

static bool any_firm_up(const struct broker *b)
{
    for (const struct list *it = b->firms.next; it != &b->firms; it = it->next) {
        const struct firm *f = list_entry(it, struct firm, node);
        if (f->known && channel_state(f->c) == CHANNEL_UP)
            return true;
    }
    return false;
}

static void broker_state(struct upstream *u, struct upstream_state *out)
{
    struct broker *b = container_of(u, struct broker, base);
    *out = (struct upstream_state){
        .qot_logined = channel_state(b->platform) == CHANNEL_UP,
        .trd_logined = any_firm_up(b),
        .user_id = b->auth.user_id,
        .user_attribution = b->auth.attribution,
        .sub_quota = QUOTA,
        .history_kl_quota = 0,
        .name = b->name,
        .securities = b->by_key.n,
    };
}

static int32_t link_state(enum channel_state s)
{
    return s == CHANNEL_UP ? Gateway_GetInfo_LinkState_Up : Gateway_GetInfo_LinkState_Connecting;
}

static futu_err fill_link(struct arena *a, const struct channel *c, Gateway_GetInfo_Link *out)
{
    struct channel_info i;
    channel_info(c, &i);
    out->name = str_c(channel_name(c));
    SET(out, state, link_state(i.state));
    SET(out, sinceMs, i.since_wall / NS_PER_MS);
    if (i.latency_ns)
        SET(out, latencyUs, i.latency_ns / NS_PER_US);
    SET(out, losses, i.losses);
    out->lastError = i.why[0] ? str_dup(a, str_c(i.why)) : STR_NULL;
    SET(out, requests, i.requests);
    SET(out, pushes, i.pushes);
    return i.why[0] && !out->lastError.p ? FUTU_ENOMEM : FUTU_OK;
}

static size_t count(const struct list *l)
{
    size_t n = 0;
    for (const struct list *it = l->next; it != l; it = it->next)
        n++;
    return n;
}

static futu_err broker_info(struct upstream *u, struct arena *a, bool stale,
                            Gateway_GetInfo_Hop *hop, Gateway_GetInfo_S2C *out)
{
    struct broker *b = container_of(u, struct broker, base);
    (void)stale, (void)out;
    hop->upstream = str_c(b->name);
    hop->linkList = ARENA_ARRAY(a, Gateway_GetInfo_Link, 1 + count(&b->firms));
    if (!hop->linkList)
        return FUTU_ENOMEM;
    futu_err err = fill_link(a, b->platform, &hop->linkList[hop->n_linkList++]);
    for (struct list *it = b->firms.next; it != &b->firms && !err; it = it->next)
        err = fill_link(a, list_entry(it, struct firm, node)->c,
                        &hop->linkList[hop->n_linkList++]);
    SET(hop, subscriptions, (int32_t)quote_streams(b));
    return err;
}

static void broker_free(struct upstream *u)
{
    struct broker *b = container_of(u, struct broker, base);
    b->freeing = true;
    timer_stop(b->o.timers, &b->look);
    timer_stop(b->o.timers, &b->waited);
    timer_stop(b->o.timers, &b->flown);
    renewal_stop(&b->renewal);
    call_free_all(b);
    flights_free(b);
    quote_free(b);
    while (!list_empty(&b->firms))
        firm_free(list_entry(b->firms.next, struct firm, node));
    channel_free(b->platform);
    stocks_free(b);
    orders_free(b);
    auth_result_free(&b->auth);
    mem_free(b->conf);
    arena_free(&b->arena);
    buf_free(&b->body);
    buf_free(&b->text);
    mem_free(b);
}

static const struct upstream_ops ops = {
    .request = broker_request, .cancel = broker_cancel, .open = broker_open,
    .close = broker_close, .watch = broker_watch, .current = broker_current,
    .state = broker_state, .info = broker_info, .free = broker_free,
};

futu_err broker_new(struct upstream **out, const struct broker_opts *o)
{
    struct broker *b = mem_zalloc(sizeof(*b));
    *out = NULL;
    if (!b)
        return FUTU_ENOMEM;
    b->base.ops = &ops;
    b->o = *o;
    b->o.auth = NULL;
    b->arena.chunk = 16384;
    b->look.fn = on_look;
    list_init(&b->firms);
    list_init(&b->jobs);
    list_init(&b->stocks);
    list_init(&b->openings);
    list_init(&b->resolves);
    list_init(&b->waits);
    list_init(&b->flights);
    b->waited.fn = reads_late;
    b->flown.fn = flight_look;
    b->born = broker_now(b);
    str_copy(b->secret, sizeof(b->secret), str_c(o->secret));
    o->random(&b->boot, sizeof(b->boot));
    snprintf(b->name, sizeof(b->name), "broker");
    futu_err err = o->auth ? broker_login(&b->base, o->auth) : make_platform(b);
    if (err) {
        broker_free(&b->base);
        return err;
    }
    timer_set(o->timers, &b->look, broker_now(b) + LOOK_NS);
    *out = &b->base;
    return FUTU_OK;
}

/* ---- what others ask of it ---- */

static futu_str cut(futu_str *rest, char at)
{
    const char *end = rest->n ? memchr(rest->p, at, rest->n) : NULL;
    size_t n = end ? (size_t)(end - rest->p) : rest->n;
    futu_str first = { rest->p, n };
    n += end != NULL;
    *rest = (futu_str){ rest->p + n, rest->n - n };
    return first;
}

bool broker_read_addrs(struct broker_opts *o, futu_str text)
{
    uint64_t identity;
    struct broker_addrs *to = &o->addrs[o->n_addrs];
    futu_str number = cut(&text, '=');
    if (o->n_addrs == BROKER_ADDRS || !str_to_u64(number, &identity) || identity > 100000 ||
        !text.n)
        return false;
    *to = (struct broker_addrs){ .identity = (int32_t)identity };
    while (text.n) {
        struct net_addr a;
        uint16_t port = identity < 1000 ? PLATFORM_PORT : FIRM_PORT;
        if (!addr_read(cut(&text, ','), port, &a) || !addr_add(&to->list, a.host, a.port))
            return false;
    }
    o->n_addrs++;
    return true;
}

size_t broker_channels(struct upstream *u, struct broker_channel *out, size_t max)
{
    struct broker *b = container_of(u, struct broker, base);
    size_t n = 0;
    if (max) {
        out[0] = (struct broker_channel){ .identity = b->auth.attribution,
                                          .name = channel_name(b->platform) };
        channel_info(b->platform, &out[0].info);
        n = 1;
    }
    for (struct list *it = b->firms.next; it != &b->firms && n < max; it = it->next, n++) {
        const struct firm *f = list_entry(it, struct firm, node);
        out[n] = (struct broker_channel){ .identity = f->broker_id, .name = f->name,
                                          .accounts = f->n_accounts,
                                          .unlocked = accounts_unlocked(f) };
        channel_info(f->c, &out[n].info);
        if (f->err[0] && channel_state(f->c) == CHANNEL_OFF)
            str_copy(out[n].info.why, sizeof(out[n].info.why), str_c(f->err));
    }
    return n;
}

futu_err broker_health(const struct upstream *u, char *why, size_t why_size)
{
    const struct broker *b = container_of(u, const struct broker, base);
    char text[CHANNEL_WHY + 80];
    enum channel_state s = channel_state(b->platform);
    struct channel_info i;
    channel_info(b->platform, &i);
    if (why_size)
        why[0] = '\0';
    if (s == CHANNEL_UP)
        return FUTU_OK;
    snprintf(why, why_size, "%s", channel_down(b->platform, text));
    if (s == CHANNEL_KICKED)
        return FUTU_EAUTH;
    return i.losses == 0 && !i.why[0] ? FUTU_EAGAIN : FUTU_ENOTCONN;
}
