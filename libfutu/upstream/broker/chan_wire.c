/* chan_wire.c - what travels on a channel: frames out and in, bodies sealed and packed, replies to
 * their requests by serial, heartbeats.
 *
 * Order:   the extended head is cut off first, then the body is opened, then unpacked: a body that
 *          was packed after it was sealed would be no smaller.
 * Tests:   test/unit/upstream/broker/channel_test.c, test/fuzz/fuzz_channel.c
 */
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "upstream/broker/chan.h"
#include "wire/lz4body.h"

/* ---- out ---- */

static uint32_t next_serial(struct channel *c)
{
    if (++c->serial == 0)
        c->serial = 1;
    return c->serial;
}

static futu_err put_frame(struct channel *c, struct bframe *f, const void *body, size_t n)
{
    f->version = BFRAME_VERSION;
    f->client_type = dialect_client_type;
    f->client_version = DIALECT_CLIENT_VERSION;
    f->language = dialect_language;
    f->user_id = (uint32_t)c->user_id;  /* the field has 32 bits */
    f->serial = next_serial(c);
    c->sealed.n = 0;
    bool clear = seal_is_none(&c->session) || dialect_in_clear(f->command) || n == 0;
    futu_err err = clear ? FUTU_OK : seal_close(&c->session, body, n, &c->sealed);
    if (err)
        return err;
    struct buf *out = c->link->ops->out(c->link);
    return clear ? bframe_write(out, f, body, n) : bframe_write(out, f, c->sealed.p, c->sealed.n);
}

static futu_err seal_secret(struct channel *c, struct buf *out)
{
    struct seal key;
    struct bk_login_secret s = { 0 };
    struct buf plain = BUF_INIT;
    SET(&s, client_ver, DIALECT_CLIENT_VERSION);
    SET(&s, client_ex_ver, DIALECT_CLIENT_EX_VERSION);
    SET(&s, client_type, dialect_client_type);
    SET(&s, language, dialect_language);
    SET(&s, net_type, DIALECT_NETWORK_WIRED);
    SET(&s, user_id, c->user_id);
    s.host_ip = str_c(c->at.host);
    SET(&s, conn_identity, c->o.identity);
    SET(&s, host_port, c->at.port);
    s.os_name = STR(DIALECT_OS_NAME);
    futu_err err = seal_init(&key, &dialect_seal, c->key.p, c->key.n);
    if (!err)
        err = codec_encode(&bk_login_secret_msg, &s, &plain, NULL);
    if (!err)
        err = seal_close(&key, plain.p, plain.n, out);
    seal_wipe(&key);
    buf_free(&plain);
    return err;
}

void chan_send_login(struct channel *c)
{
    struct bk_login_req q = { .client_sig = { (const char *)c->sig.p, c->sig.n } };
    struct bframe f = { .command = c->o.kind->login };
    struct buf secret = BUF_INIT, body = BUF_INIT;
    SET(&q, user_id, c->user_id);
    futu_err err = seal_secret(c, &secret);
    q.encrypt_data = buf_str(&secret);
    if (!err)                           /* at once: what grows leaves copies behind */
        err = buf_reserve(&body, c->sig.n + secret.n + 64);
    if (!err)
        err = codec_encode(&bk_login_req_msg, &q, &body, NULL);
    if (!err)
        err = put_frame(c, &f, body.p, body.n);
    c->login_serial = f.serial;
    if (body.p)
        wipe(body.p, body.cap);         /* it holds the signature */
    buf_free(&body);
    buf_free(&secret);
    if (err)
        chan_lost(c, "login", futu_strerror(err));
}

/* ---- requests ---- */

static void set_late(struct channel *c)
{
    int64_t first = TIMER_NEVER;
    struct list *it, *tmp;
    list_each(it, tmp, &c->asks)
        first = MIN(first, list_entry(it, struct channel_ask, node)->due);
    if (first == TIMER_NEVER)
        timer_stop(c->o.timers, &c->late);
    else
        timer_set(c->o.timers, &c->late, first);
}

static void finish(struct channel_ask *q, const struct channel_reply *r)
{
    list_remove(&q->node);
    q->channel = NULL;
    q->done(q, r);
}

static void on_late(struct timer *t, int64_t now)
{
    struct channel *c = container_of(t, struct channel, late);
    const struct channel_reply r = { .err = FUTU_ETIMEDOUT,
                                     .why = "the server did not answer in time" };
    /* From the start after each: done() may have sent and cancelled others. */
    for (bool found = true; found;) {
        struct list *it, *tmp;
        found = false;
        list_each(it, tmp, &c->asks) {
            struct channel_ask *q = list_entry(it, struct channel_ask, node);
            if (q->due > now)
                continue;
            finish(q, &r);
            found = true;
            break;
        }
    }
    set_late(c);
}

futu_err channel_send(struct channel *c, struct channel_ask *q, const void *body, size_t n)
{
    struct bframe f = { .command = q->command, .reserved = { q->market, q->exchange } };
    if (c->state != CHANNEL_UP)
        return FUTU_ENOTCONN;
    futu_err err = put_frame(c, &f, body, n);
    if (err)
        return err;
    q->serial = f.serial;
    q->sent = clock_mono(&c->o.clock);
    q->due = q->sent + (q->timeout_ns ? q->timeout_ns : dialect_timeout_ns);
    q->channel = c;
    list_push(&c->asks, &q->node);
    c->info.requests++;
    if (!c->late.armed || q->due < c->late.at)
        timer_set(c->o.timers, &c->late, q->due);
    return FUTU_OK;
}

void channel_cancel(struct channel_ask *q)
{
    struct channel *c = q->channel;
    if (!c)
        return;
    list_remove(&q->node);
    q->channel = NULL;
}

void chan_fail_all(struct channel *c, futu_err err, const char *why)
{
    struct list gone;
    char text[CHANNEL_WHY];
    str_copy(text, sizeof(text), str_c(why));       /* why may be the channel's own */
    const struct channel_reply r = { .err = err, .why = text };
    list_take(&gone, &c->asks);
    timer_stop(c->o.timers, &c->late);
    while (!list_empty(&gone))
        finish(list_entry(gone.next, struct channel_ask, node), &r);
}

void chan_drop(struct channel *c)
{
    while (!list_empty(&c->asks))
        channel_cancel(list_entry(c->asks.next, struct channel_ask, node));
    timer_stop(c->o.timers, &c->late);
    bframer_free(&c->framer);
    buf_free(&c->plain);
    buf_free(&c->unpacked);
    buf_free(&c->sealed);
}

/* ---- heartbeat ---- */

static void on_beat_reply(struct channel_ask *q, const struct channel_reply *r)
{
    struct channel *c = container_of(q, struct channel, beat_ask);
    if (r->err == FUTU_ETIMEDOUT)
        c->beats_lost++;
    else if (r->err != FUTU_ENOTCONN)
        c->beats_lost = 0;              /* even a refusal shows that somebody is there */
    if (c->state == CHANNEL_UP && c->beats_lost >= DIALECT_BEATS_LOST)
        chan_lost(c, "heartbeat", "the server does not answer any more");
}

static void on_beat(struct timer *t, int64_t now)
{
    struct channel *c = container_of(t, struct channel, beat);
    int64_t interval = c->info.keep_alive_s * NS_PER_S;
    timer_set(c->o.timers, &c->beat, now + interval);
    if (c->beat_ask.channel)            /* its time ends with this turn of the timers */
        return;
    c->beat_ask.command = c->o.kind->heartbeat;
    c->beat_ask.timeout_ns = interval - 1;
    c->beat_ask.done = on_beat_reply;
    if (channel_send(c, &c->beat_ask, NULL, 0) && ++c->beats_lost >= DIALECT_BEATS_LOST)
        chan_lost(c, "heartbeat", "it can't be sent");
}

void chan_beat_start(struct channel *c)
{
    c->beats_lost = 0;
    timer_set(c->o.timers, &c->beat,
              clock_mono(&c->o.clock) + c->info.keep_alive_s * NS_PER_S);
}

/* ---- in ---- */

/* The plain body, in the frame or in one of the channel's buffers. */
static futu_err open_body(struct channel *c, const struct bframe *f, const uint8_t **body,
                          size_t *n)
{
    *body = f->body;
    *n = bframe_body_size(f);
    c->plain.n = c->unpacked.n = 0;
    if (*n && !seal_is_none(&c->session) && !dialect_in_clear(f->command)) {
        futu_err err = seal_open(&c->session, *body, *n, &c->plain);
        if (err)
            return err;
        *body = c->plain.p;
        *n = c->plain.n;
    }
    if (!f->packed)
        return FUTU_OK;
    futu_err err = lz4body_open(*body, *n, &c->unpacked);
    *body = c->unpacked.p;
    *n = c->unpacked.n;
    return err;
}

/* True: the connection goes on. */
static bool note_spoilt(struct channel *c, const struct bframe *f, futu_err err)
{
    if (!err) {
        c->spoilt = 0;
        return true;
    }
    c->spoilt++;
    if (c->spoilt == 1 || c->spoilt == CHANNEL_SPOILT_WARN)
        log_warn("%s: command %u: a body of %zu bytes can't be opened: %s (%u in a row)", c->name,
                 f->command, bframe_body_size(f), futu_strerror(err), c->spoilt);
    if (c->spoilt < CHANNEL_SPOILT)
        return true;
    chan_lost(c, "receive", "too many bodies can't be opened");
    return false;
}

static struct channel_ask *find(struct channel *c, const struct bframe *f)
{
    struct list *it, *tmp;
    list_each(it, tmp, &c->asks) {
        struct channel_ask *q = list_entry(it, struct channel_ask, node);
        if (q->serial != f->serial)
            continue;
        if (q->command == f->command)
            return q;
        log_warn("%s: a reply to command %u has the serial of one to %u", c->name, f->command,
                 q->command);
        return NULL;
    }
    log_debug("%s: a reply to command %u that nobody waits for", c->name, f->command);
    return NULL;
}

/* What the extended head says of an error; false: nothing. */
static bool ext_error(const struct bframe *f, struct arena *a, struct channel_reply *r,
                      char *text, size_t size)
{
    struct bk_ext_head head;
    if (!f->n_ext || codec_decode(&bk_ext_head_msg, a, f->ext, f->n_ext, &head, NULL, NULL) ||
        !head.err_info || !head.err_info->code)
        return false;
    futu_str said = head.err_info->text;
    r->code = head.err_info->code;
    if (r->code == DIALECT_NOT_SERVED)
        snprintf(text, size, "this channel does not serve command %u", f->command);
    else
        snprintf(text, size, "the server answers with code %d%s" STR_FMT, r->code,
                 said.n ? ": " : "", (int)MIN(said.n, 120), said.p ? said.p : "");
    r->why = text;
    return true;
}

static void on_reply(struct channel *c, const struct bframe *f)
{
    struct arena a = ARENA_INIT;
    char text[CHANNEL_WHY];
    struct channel_reply r = { .why = "" };
    struct channel_ask *q = find(c, f);
    if (!q)
        return;
    c->info.latency_ns = clock_mono(&c->o.clock) - q->sent;
    r.err = open_body(c, f, &r.body, &r.n);
    bool goes_on = note_spoilt(c, f, r.err);
    if (!goes_on)
        return;                         /* which has failed the request, too */
    if (r.err)
        r.why = "the server's answer can't be opened";
    else if (ext_error(f, &a, &r, text, sizeof(text)) && r.n == 0)
        r.err = FUTU_EREFUSED;
    finish(q, &r);
    arena_free(&a);
}

static void on_push(struct channel *c, const struct bframe *f)
{
    const uint8_t *body;
    size_t n;
    if (f->command == c->o.kind->kick) {
        chan_kicked(c, "");
        return;
    }
    futu_err err = open_body(c, f, &body, &n);
    if (!note_spoilt(c, f, err) || err)
        return;
    c->info.pushes++;
    c->o.events.push(c->o.events.arg, c, f->command, body, n);
}

static void on_login_frame(struct channel *c, const struct bframe *f)
{
    struct arena a = ARENA_INIT;
    char text[CHANNEL_WHY];
    struct channel_reply r;
    if (f->push || f->serial != c->login_serial || f->command != c->o.kind->login) {
        log_debug("%s: command %u before the login is done", c->name, f->command);
        return;
    }
    if (bframe_body_size(f) == 0 && ext_error(f, &a, &r, text, sizeof(text)))
        chan_lost(c, "login", text);
    else
        chan_login_reply(c, f->body, bframe_body_size(f));
    arena_free(&a);
}

static void on_frame(struct channel *c, const struct bframe *f)
{
    if (c->state == CHANNEL_LOGIN)
        on_login_frame(c, f);
    else if (f->push)
        on_push(c, f);
    else
        on_reply(c, f);
}

static void on_data(void *arg, const uint8_t *p, size_t n)
{
    struct channel *c = arg;
    uint64_t epoch = c->epoch;
    while (n && c->epoch == epoch) {
        struct bframe f;
        size_t used;
        futu_err err = bframer_feed(&c->framer, p, n, &used, &f);
        p += used, n -= used;
        if (err == FUTU_EAGAIN)
            return;
        if (err)
            chan_lost(c, "receive", err == FUTU_ENOMEM ? futu_strerror(err)
                                                       : "this is not the broker's protocol");
        else
            on_frame(c, &f);
    }
}

static void on_down(void *arg, futu_err err, const char *why)
{
    struct channel *c = arg;
    (void)err;
    chan_lost(c, c->state == CHANNEL_LOGIN ? "login" : "connection", why);
}

static void on_up(void *arg)
{
    (void)arg;                          /* it was up before it came here */
}

void chan_attach(struct channel *c, struct link *link)
{
    c->link = link;
    c->epoch++;
    c->serial = 0;
    c->spoilt = 0;
    bframer_free(&c->framer);
    bframer_init(&c->framer, BFRAME_MAX);
    link->events = (struct link_events){ on_up, on_data, on_down, c };
}

/* The framer's buffer goes with the next attach or the channel: a frame in it may be in use. */
void chan_detach(struct channel *c)
{
    if (!c->link)
        return;
    c->link->ops->free(c->link);
    c->link = NULL;
    c->epoch++;
    seal_wipe(&c->session);
}

void chan_init(struct channel *c)
{
    list_init(&c->asks);
    c->late.fn = on_late;
    c->beat.fn = on_beat;
}
