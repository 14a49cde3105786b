/* channel.c - connections of the emulator's channel side: frames, logins, heartbeats. */
#include "channel_state.h"

#include <lz4.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "crypt/random.h"

/* ---- out ---- */

static void send_frame(struct emu_conn *k, struct bframe *f, const struct seal *seal,
                       const void *body, size_t n)
{
    k->out.n = k->body.n = 0;
    if (k->closed)
        return;
    if (seal && n) {
        if (seal_close(seal, body, n, &k->body))
            return;
        body = k->body.p, n = k->body.n;
    }
    f->version = BFRAME_VERSION;
    if (bframe_write(&k->out, f, body, n) == FUTU_OK)
        k->events.out(k->events.arg, k->out.p, k->out.n);
}

static const struct seal *seal_of(const struct emu_conn *k, uint16_t command)
{
    return seal_is_none(&k->session) || dialect_in_clear(command) ? NULL : &k->session;
}

void emu_reply(struct emu_conn *k, uint16_t command, uint32_t serial, const futu_msg *m,
               const void *msg)
{
    struct bframe f = { .command = command, .serial = serial };
    k->plain.n = 0;
    if (codec_encode(m, msg, &k->plain, NULL) == FUTU_OK)
        send_frame(k, &f, seal_of(k, command), k->plain.p, k->plain.n);
}

void emu_reply_error(struct emu_conn *k, uint16_t command, uint32_t serial, int32_t code,
                     const char *text)
{
    struct bk_ext_error e = { .text = str_c(text), .code = code, .has_code = true };
    const struct bk_ext_head head = { .err_info = &e };
    struct bframe f = { .command = command, .serial = serial };
    struct buf ext = BUF_INIT;
    if (codec_encode(&bk_ext_head_msg, &head, &ext, NULL) == FUTU_OK) {
        f.ext = ext.p;
        f.n_ext = (uint16_t)ext.n;
        send_frame(k, &f, NULL, NULL, 0);
    }
    buf_free(&ext);
}

static bool pack(struct emu_conn *k)
{
    int most = LZ4_compressBound((int)k->plain.n);
    k->packed.n = 0;
    if (buf_reserve(&k->packed, 4 + (size_t)most))
        return false;
    put_be32(k->packed.p, (uint32_t)k->plain.n);
    int n = LZ4_compress_default((const char *)k->plain.p, (char *)k->packed.p + 4,
                                 (int)k->plain.n, most);
    k->packed.n = 4 + (size_t)n;
    return n > 0;
}

void emu_push(struct emu_conn *k, uint16_t command, const futu_msg *m, const void *msg)
{
    struct bframe f = { .command = command, .flags = BFRAME_PUSH };
    k->plain.n = 0;
    if (m && codec_encode(m, msg, &k->plain, NULL))
        return;
    if (k->e->scene.pack && k->plain.n && pack(k)) {
        f.flags |= BFRAME_PACKED;
        send_frame(k, &f, seal_of(k, command), k->packed.p, k->packed.n);
        return;
    }
    send_frame(k, &f, seal_of(k, command), k->plain.p, k->plain.n);
}

void emu_close(struct emu_conn *k)
{
    if (k->closed)
        return;
    k->closed = true;
    k->events.close(k->events.arg);
}

/* ---- login ---- */

static struct emu_identity *identity_of(struct emu *e, int32_t identity)
{
    for (size_t i = 0; i < e->n_who; i++)
        if (e->who[i].login.identity == identity)
            return &e->who[i];
    return NULL;
}

/* A signature that somebody else has given out. */
static void learn(struct emu *e, futu_str sig)
{
    struct emu_login l = { .n_key = 0 };
    if (e->o.session && sig.n && sig.n < sizeof(l.sig) &&
        e->o.session(e->o.arg, sig.p, sig.n, &l)) {
        memcpy(l.sig, sig.p, sig.n);
        l.sig[sig.n] = '\0';
        emu_set_login(e, &l);
    }
}

/* The login that the request names: user and signature fit, and the sealed part opens with its key
 * and tells this very address. */
static struct emu_identity *judge(struct emu_conn *k, const struct bk_login_req *q)
{
    struct emu *e = k->e;
    learn(e, q->client_sig);
    for (size_t i = 0; i < e->n_who; i++) {
        struct emu_login *l = &e->who[i].login;
        struct bk_login_secret s = { 0 };
        struct seal key;
        k->plain.n = 0;
        if (q->user_id != l->user_id || !str_is(q->client_sig, l->sig) ||
            seal_init(&key, &dialect_seal, l->key, l->n_key))
            continue;
        futu_err err = seal_open(&key, q->encrypt_data.p, q->encrypt_data.n, &k->plain);
        if (!err)
            err = codec_decode(&bk_login_secret_msg, &e->arena, k->plain.p, k->plain.n, &s, NULL,
                               NULL);
        if (!err && s.conn_identity == l->identity && str_is(s.host_ip, k->host) &&
            s.host_port == k->port && s.user_id == l->user_id && str_is(s.os_name, "Ubuntu") &&
            s.client_ex_ver == 6208 && s.net_type == 3)
            return &e->who[i];
    }
    return NULL;
}

static void put_login(struct emu_conn *k, uint16_t command, uint32_t serial,
                      const struct bk_login_rsp *r, const struct emu_login *with)
{
    struct bframe f = { .command = command, .serial = serial };
    struct seal key;
    k->plain.n = 0;
    if (codec_encode(&bk_login_rsp_msg, r, &k->plain, NULL))
        return;
    if (with)
        seal_init(&key, &dialect_seal, with->key, with->n_key);
    send_frame(k, &f, with ? &key : NULL, k->plain.p, k->plain.n);
}

static bool turned_away(struct emu_conn *k, const struct emu_call *c, struct emu_identity *who)
{
    struct emu_scene *s = &k->e->scene;
    int32_t of = s->turn_away.identity;
    if (!s->turn_away.times || (of && of != who->login.identity))
        return false;
    s->turn_away.times--;
    struct bk_login_rsp r = { .err_msg = STR("") };
    SET(&r, ret_type, s->turn_away.code ? s->turn_away.code : dialect_login_redirect);
    r.redirect_ip = str_c(s->turn_away.host);
    SET(&r, redirect_port, s->turn_away.port);
    if (s->turn_away.code)
        r.err_msg = STR("as the scene wants it");
    put_login(k, c->command, c->serial, &r, s->turn_away.code ? NULL : &who->login);
    return true;
}

static void let_in(struct emu_conn *k, const struct emu_call *c, struct emu_identity *who)
{
    struct emu_scene *s = &k->e->scene;
    uint8_t key[32];
    struct bk_login_rsp r = { .err_msg = STR("") };
    SET(&r, ret_type, 0);
    SET(&r, keep_alive, s->keep_alive_s ? s->keep_alive_s : 30);
    random_bytes(key, sizeof(key));
    if (!s->no_session_key)
        r.session_key = (futu_str){ (const char *)key, sizeof(key) };
    put_login(k, c->command, c->serial, &r, &who->login);
    if (!s->no_session_key)
        seal_init(&k->session, &dialect_seal, key, sizeof(key));
    k->who = who;
    who->logins++;
}

static void on_login(struct emu_conn *k, const struct emu_call *c)
{
    struct bk_login_req q;
    struct bk_login_rsp no = { .err_msg = STR("unknown signature or key") };
    struct emu_identity *who = NULL;
    if (codec_decode(&bk_login_req_msg, c->a, c->body, c->n, &q, NULL, NULL) == FUTU_OK)
        who = judge(k, &q);
    if (who && (who->login.identity > EMU_PLATFORM_MAX) != (c->command == 1001))
        who = NULL;                     /* the other kind's command */
    if (!who) {
        SET(&no, ret_type, 20);
        put_login(k, c->command, c->serial, &no, NULL);
        return;
    }
    if (!turned_away(k, c, who))
        let_in(k, c, who);
}

static void on_slow(struct timer *t, int64_t now)
{
    struct emu_conn *k = container_of(t, struct emu_conn, slow);
    struct buf late = k->slow_out;
    (void)now;
    k->slow_out = (struct buf)BUF_INIT;
    emu_conn_feed(k, late.p, late.n);
    buf_free(&late);
}

/* ---- in ---- */

static void on_addresses(struct emu_call *c)
{
    struct bk_conn_ip_req q;
    struct bk_conn_ip_rsp r = { .err_msg = STR("") };
    struct bk_conn_addr addrs[ADDR_MAX];
    const struct emu_identity *who = c->k->who;
    SET(&r, result_code, 0);
    if (codec_decode(&bk_conn_ip_req_msg, c->a, c->body, c->n, &q, NULL, NULL) ||
        q.conn_identify != who->login.identity) {
        SET(&r, result_code, 1);
        r.err_msg = STR("this identity is not yours");
    } else {
        for (size_t i = 0; i < who->addrs.n; i++) {
            addrs[i] = (struct bk_conn_addr){ .ip = str_c(who->addrs.a[i].host) };
            SET(&addrs[i], port, who->addrs.a[i].port);
        }
        r.n_addrs = who->addrs.n;
        r.addrs = addrs;
    }
    emu_reply(c->k, c->command, c->serial, &bk_conn_ip_rsp_msg, &r);
}

static void on_firms(struct emu_call *c)
{
    struct bk_firms_rsp r = { .err_msg = STR("") };
    int32_t ids[EMU_IDENTITIES];
    SET(&r, result_code, 0);
    r.broker_ids = ids;
    for (size_t i = 0; i < c->k->e->n_who; i++)
        if (c->k->e->who[i].login.identity > EMU_PLATFORM_MAX &&
            c->k->e->who[i].login.identity != c->k->e->scene.gone_broker)
            ids[r.n_broker_ids++] = c->k->e->who[i].login.identity;
    emu_reply(c->k, c->command, c->serial, &bk_firms_rsp_msg, &r);
}

bool emu_happens(unsigned *left)
{
    if (!*left)
        return false;
    --*left;
    return true;
}

static void on_request(struct emu_call *c)
{
    struct emu_conn *k = c->k;
    bool platform = k->who->login.identity <= EMU_PLATFORM_MAX;
    if (c->command == 6003 || c->command == 1003) {
        struct bframe f = { .command = c->command, .serial = c->serial };
        if (!emu_happens(&k->e->scene.mute_beats))
            send_frame(k, &f, NULL, NULL, 0);
        return;
    }
    if (emu_happens(&k->e->scene.mute_calls))
        return;
    if (platform && c->command == CMD_CONN_IP)
        on_addresses(c);
    else if (platform && c->command == CMD_FIRMS)
        on_firms(c);
    else if (!(platform ? emu_quote(c) : emu_trade(c)))
        emu_reply_error(k, c->command, c->serial, DIALECT_NOT_SERVED, "no service");
}

static void on_frame(struct emu_conn *k, const struct bframe *f)
{
    struct buf plain = BUF_INIT;
    struct emu_call c = { k, f->serial, f->command, &k->e->arena, f->body, bframe_body_size(f) };
    const struct seal *seal = k->who ? seal_of(k, f->command) : NULL;
    arena_reset(&k->e->arena);
    k->e->asked[f->command]++;
    if (seal && c.n) {
        if (seal_open(seal, c.body, c.n, &plain)) {
            emu_close(k);
            buf_free(&plain);
            return;
        }
        c.body = plain.p, c.n = plain.n;
    }
    if (c.command == 6001 || c.command == 1001)
        on_login(k, &c);
    else if (!k->who)
        emu_close(k);
    else
        on_request(&c);
    buf_free(&plain);
}

/* All that comes to a slow address waits together. */
static bool slowed(struct emu_conn *k, const void *p, size_t n)
{
    const struct emu_scene *s = &k->e->scene;
    if (k->who || !s->slow_ms || strcmp(s->slow_host, k->host) != 0)
        return false;
    if (k->slow.fn && !k->slow.armed && !k->slow_out.n)
        return false;                   /* the wait is over */
    if (!k->slow.fn) {
        k->slow.fn = on_slow;
        timer_set(k->e->o.timers, &k->slow,
                  clock_mono(k->e->o.clock) + (int64_t)s->slow_ms * NS_PER_MS);
    }
    return buf_put(&k->slow_out, p, n) == FUTU_OK;
}

void emu_conn_feed(struct emu_conn *k, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    if (slowed(k, p, n))
        return;
    while (n && !k->closed) {
        struct bframe f;
        size_t used;
        futu_err err = bframer_feed(&k->framer, p, n, &used, &f);
        p += used, n -= used;
        if (err == FUTU_EAGAIN)
            return;
        if (err)
            emu_close(k);
        else
            on_frame(k, &f);
    }
}

struct emu_conn *emu_conn_new(struct emu *e, const char *host, uint16_t port,
                              const struct emu_conn_events *events)
{
    struct emu_conn *k = calloc(1, sizeof(*k));
    if (!k)
        return NULL;
    k->e = e;
    k->events = *events;
    k->port = port;
    str_copy(k->host, sizeof(k->host), str_c(host));
    bframer_init(&k->framer, BFRAME_MAX);
    list_push(&e->conns, &k->node);
    return k;
}

void emu_conn_free(struct emu_conn *k)
{
    if (!k)
        return;
    k->closed = true;
    list_remove(&k->node);
    timer_stop(k->e->o.timers, &k->slow);
    emu_quote_gone(k);
    bframer_free(&k->framer);
    buf_free(&k->plain);
    buf_free(&k->out);
    buf_free(&k->body);
    buf_free(&k->packed);
    buf_free(&k->slow_out);
    mem_free(k->subs);
    free(k);
}

/* ---- the world ---- */

futu_err emu_new(struct emu **out, const struct emu_opts *o, char *why, size_t size)
{
    struct emu *e = *out = calloc(1, sizeof(*e));
    if (!e)
        return FUTU_ENOMEM;
    e->o = *o;
    list_init(&e->conns);
    list_init(&e->stocks);
    e->arena.chunk = 65536;
    futu_err err = emu_paper_new(e, why, size);
    if (err) {
        emu_free(e);
        *out = NULL;
    }
    return err;
}

void emu_free(struct emu *e)
{
    if (!e)
        return;
    e->freeing = true;
    if (e->paper)
        e->paper->ops->free(e->paper);
    emu_quote_free(e);
    arena_free(&e->arena);
    free(e);
}

struct emu_scene *emu_scene(struct emu *e)
{
    return &e->scene;
}

bool emu_set_login(struct emu *e, const struct emu_login *l)
{
    struct emu_identity *who = identity_of(e, l->identity);
    if (!who && e->n_who == EMU_IDENTITIES)
        return false;
    if (!who)
        who = &e->who[e->n_who++];
    who->login = *l;
    return true;
}

bool emu_add_account(struct emu *e, const struct emu_account *a)
{
    if (e->n_accounts == EMU_ACCOUNTS)
        return false;
    e->accounts[e->n_accounts++] = *a;
    return true;
}

bool emu_set_addresses(struct emu *e, int32_t identity, const char *list)
{
    struct emu_identity *who = identity_of(e, identity);
    if (!who)
        return false;
    who->addrs.n = 0;
    for (futu_str rest = str_c(list); rest.n;) {
        const char *comma = memchr(rest.p, ',', rest.n);
        size_t n = comma ? (size_t)(comma - rest.p) : rest.n;
        struct net_addr a;
        if (!addr_read((futu_str){ rest.p, n }, PLATFORM_PORT, &a))
            return false;
        addr_add(&who->addrs, a.host, a.port);
        n += comma != NULL;
        rest = (futu_str){ rest.p + n, rest.n - n };
    }
    return true;
}

static unsigned each(struct emu *e, int32_t identity, bool kick)
{
    struct list *it, *tmp;
    unsigned n = 0;
    list_each(it, tmp, &e->conns) {
        struct emu_conn *k = list_entry(it, struct emu_conn, node);
        if (!k->who || k->closed || (identity && k->who->login.identity != identity))
            continue;
        n++;
        if (kick)
            emu_push(k, k->who->login.identity <= EMU_PLATFORM_MAX ? dialect_platform.kick
                                                                   : dialect_firm.kick,
                     NULL, NULL);
        emu_close(k);
    }
    return n;
}

bool emu_say(struct emu *e, int32_t identity, uint16_t command)
{
    struct list *it, *tmp;
    bool any = false;
    list_each(it, tmp, &e->conns) {
        struct emu_conn *k = list_entry(it, struct emu_conn, node);
        if (!k->who || k->closed || k->who->login.identity != identity)
            continue;
        emu_push(k, command, NULL, NULL);
        any = true;
    }
    return any;
}

unsigned emu_kick(struct emu *e, int32_t identity)
{
    return each(e, identity, true);
}

unsigned emu_drop(struct emu *e, int32_t identity)
{
    return each(e, identity, false);
}

unsigned emu_logins(const struct emu *e, int32_t identity)
{
    unsigned n = 0;
    for (size_t i = 0; i < e->n_who; i++)
        if (!identity || e->who[i].login.identity == identity)
            n += e->who[i].logins;
    return n;
}

unsigned emu_asked(const struct emu *e, uint16_t command)
{
    return e->asked[command];
}
