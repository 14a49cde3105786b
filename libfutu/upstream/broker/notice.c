/* notice.c - order and fill pushes. A notice (NotifyMsg) only says that something has changed: the
 * account's orders and fills are then read, and what differs from what was told last is pushed.
 *
 * Retries: after 0, 1, 3 and 9 s; then the account is left alone for a minute.
 * Start:   what is there when the accounts become known is read without a push; after a loss what
 *          has changed meanwhile is pushed.
 * Tests:   test/unit/upstream/broker/order_test.c
 */
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "crypt/digest.h"
#include "upstream/broker/state.h"

#define LEAVE_NS (60 * NS_PER_S)

struct notice {
    struct account *a;
    struct channel_ask ask;
    struct timer timer;
    bool busy, again;                   /* again: one more came meanwhile */
    bool fills;                         /* the second query is under way */
    unsigned tries;
    bool complete;                      /* no row was lost for want of memory */
};

static struct broker *broker_of(const struct notice *x)
{
    return x->a->firm->b;
}

static void run(struct notice *x);

static void settle(struct notice *x)
{
    x->busy = false;
    x->tries = 0;
    x->a->base = x->a->base || x->complete;
    if (x->again)
        run(x);
    else if (notices_done(x->a->firm))
        loss_trade_over(x->a->firm);
}

static void retry(struct notice *x, const char *why)
{
    static const int64_t pauses[] = { 0, 1, 3, 9 };
    struct broker *b = broker_of(x);
    if (channel_state(x->a->firm->c) != CHANNEL_UP) {
        x->busy = false;                /* the next login reads all */
        return;
    }
    int64_t pause = x->tries < ARRAY_LEN(pauses) ? pauses[x->tries] * NS_PER_S : LEAVE_NS;
    if (x->tries++ == ARRAY_LEN(pauses)) {
        log_warn("%s: account %llu: its orders can't be read: %s", x->a->firm->name,
                 (unsigned long long)x->a->id, why);
        x->tries = 0;
    }
    timer_set(b->o.timers, &x->timer, broker_now(b) + pause);
}

/* ---- what differs ---- */

/* True: it is to be told. FUTU_ENOMEM is a row that comes again with the next look. */
static bool changed(struct notice *x, char kind, futu_str id, const struct buf *row)
{
    uint8_t digest[16];
    char key[80];
    snprintf(key, sizeof(key), "%c" STR_FMT, kind, (int)MIN(id.n, 64), id.p ? id.p : "");
    md5(row->p, row->n, digest);
    struct known *k = map_get(&x->a->known, str_c(key));
    if (k && memcmp(k->digest, digest, sizeof(digest)) == 0)
        return false;
    if (!k) {
        size_t n = strlen(key) + 1;
        k = mem_alloc(sizeof(*k) + n);
        if (k)
            memcpy(k->key, key, n);
        if (!k || map_put(&x->a->known, str_c(k->key), k)) {
            mem_free(k);
            x->complete = false;
            return false;
        }
    }
    memcpy(k->digest, digest, sizeof(digest));
    return x->a->base;
}

static Trd_Common_TrdHeader *header_of(const struct notice *x, int32_t market)
{
    Trd_Common_TrdHeader *h = ARENA_NEW(&broker_of(x)->arena, Trd_Common_TrdHeader);
    if (!h)
        return NULL;
    SET(h, trdEnv, Trd_Common_TrdEnv_Real);
    SET(h, accID, x->a->id);
    SET(h, trdMarket, market);
    return h;
}

static void tell(struct notice *x, uint32_t proto, const futu_msg *m, void *s2c)
{
    struct broker *b = broker_of(x);
    b->body.n = 0;
    if (put_push(m, &b->arena, s2c, &b->body) == FUTU_OK)
        b->o.events.trade(b->o.events.arg, x->a->id, proto, b->body.p, b->body.n);
    else
        x->complete = false;
}

static void on_order(struct notice *x, const struct bk_order *o)
{
    struct broker *b = broker_of(x);
    Trd_Common_Order out = { 0 };
    Trd_UpdateOrder_S2C s2c = { .order = &out };
    b->text.n = 0;
    order_note(b, o->order_id);
    flight_seen(b, o->order_id);
    x->a->traded = x->a->traded || dec_num(o->filled_qty) > 0;
    if (codec_encode(&bk_order_msg, o, &b->text, NULL) || order_out(b, &b->arena, o, &out)) {
        x->complete = false;
        return;
    }
    if (!changed(x, 'o', o->order_id, &b->text))
        return;
    s2c.header = header_of(x, out.trdMarket);
    if (s2c.header)
        tell(x, 2208, &Trd_UpdateOrder_Response_msg, &s2c);
}

static void on_fill(struct notice *x, const struct bk_fill *f)
{
    struct broker *b = broker_of(x);
    Trd_Common_OrderFill out = { 0 };
    Trd_UpdateOrderFill_S2C s2c = { .orderFill = &out };
    b->text.n = 0;
    if (codec_encode(&bk_fill_msg, f, &b->text, NULL) || fill_out(&b->arena, f, &out)) {
        x->complete = false;
        return;
    }
    if (!changed(x, 'f', f->fill_id, &b->text))
        return;
    s2c.header = header_of(x, out.trdMarket);
    if (s2c.header)
        tell(x, 2218, &Trd_UpdateOrderFill_Response_msg, &s2c);
}

/* ---- reading ---- */

static void send(struct notice *x, bool fills);

/* False: the server refuses, or its answer can't be read. */
static bool take(struct notice *x, const struct channel_reply *r)
{
    struct arena a = ARENA_INIT;
    struct bk_order_list_rsp o = { .n_orders = 0 };
    struct bk_fill_list_rsp f = { .n_fills = 0 };
    futu_err err = x->fills ? codec_decode(&bk_fill_list_rsp_msg, &a, r->body, r->n, &f, NULL, NULL)
                            : codec_decode(&bk_order_list_rsp_msg, &a, r->body, r->n, &o, NULL,
                                           NULL);
    if (!err && x->fills && fills_none(x->a, f.result_code))
        f = (struct bk_fill_list_rsp){ .has_result_code = true };
    x->a->traded = x->fills && x->a->traded;
    bool ok = !err && (x->fills ? f.has_result_code && f.result_code == 0
                                : o.has_result_code && o.result_code == 0);
    for (size_t i = 0; ok && i < o.n_orders; i++) {
        arena_reset(&broker_of(x)->arena);
        on_order(x, &o.orders[i]);
    }
    for (size_t i = 0; ok && i < f.n_fills; i++) {
        arena_reset(&broker_of(x)->arena);
        on_fill(x, &f.fills[i]);
    }
    arena_free(&a);
    return ok;
}

static void on_reply(struct channel_ask *q, const struct channel_reply *r)
{
    struct notice *x = container_of(q, struct notice, ask);
    if (r->err || !take(x, r))
        retry(x, r->err ? r->why : "the broker refuses");
    else if (!x->fills)
        send(x, true);
    else
        settle(x);
}

static void send(struct notice *x, bool fills)
{
    static int32_t types[] = { 1, 2, 4 };
    struct broker *b = broker_of(x);
    struct bk_header h = { 0 };
    struct buf body = BUF_INIT;
    char id[48];
    snprintf(id, sizeof(id), "%016llx-%llu", (unsigned long long)b->boot,
             (unsigned long long)++b->requests);
    h.request_id = str_c(id);
    SET(&h, customer_id, x->a->firm->customer_id);
    SET(&h, account, x->a->number);
    struct bk_order_list_req q = {
        .header = &h, .n_security_type = ARRAY_LEN(types), .security_type = types,
        .n_market = x->a->n_markets, .market = x->a->markets,
    };
    SET(&q, for_trigger, 2);
    x->fills = fills;
    x->ask.command = fills ? CMD_FILLS : dialect_order_list;
    x->ask.done = on_reply;
    futu_err err = codec_encode(&bk_order_list_req_msg, &q, &body, NULL);
    if (!err)
        err = channel_send(x->a->firm->c, &x->ask, body.p, body.n);
    buf_free(&body);
    if (err)
        retry(x, futu_strerror(err));
}

static void run(struct notice *x)
{
    x->busy = true;
    x->again = false;
    x->complete = true;
    send(x, false);
}

static void on_timer(struct timer *t, int64_t now)
{
    (void)now;
    run(container_of(t, struct notice, timer));
}

void notice_look(struct account *a)
{
    struct notice *x = a->notice;
    if (!x) {
        x = a->notice = mem_zalloc(sizeof(*x));
        if (!x) {
            log_warn("%s: account %llu: no memory for its notices", a->firm->name,
                     (unsigned long long)a->id);
            return;
        }
        x->a = a;
        x->timer.fn = on_timer;
    }
    if (x->busy)
        x->again = true;
    else
        run(x);
}

void notice_push(struct firm *f, const uint8_t *body, size_t n)
{
    struct arena a = ARENA_INIT;
    struct bk_notify note;
    if (codec_decode(&bk_notify_msg, &a, body, n, &note, NULL, NULL)) {
        log_debug("%s: a notice of %zu bytes can't be read", f->name, n);
    } else if (note.type == NOTIFY_ORDERS_A || note.type == NOTIFY_ORDERS_B ||
               note.type == NOTIFY_STATISTICS) {
        struct account *acc = account_of_firm(f, note.account);
        for (size_t i = 0; !acc && i < f->n_accounts; i++)
            notice_look(&f->accounts[i]);      /* it names none that is known: any may be meant */
        if (acc)
            notice_look(acc);
    }
    arena_free(&a);
}

bool notices_done(const struct firm *f)
{
    for (size_t i = 0; i < f->n_accounts; i++)
        if (!f->accounts[i].notice || f->accounts[i].notice->busy)
            return false;
    return true;
}

void notice_up(struct firm *f)
{
    for (size_t i = 0; i < f->n_accounts; i++)
        notice_look(&f->accounts[i]);
}

void notice_free(struct account *a)
{
    void *k;
    if (a->notice) {
        channel_cancel(&a->notice->ask);
        timer_stop(a->firm->b->o.timers, &a->notice->timer);
        mem_free(a->notice);
    }
    a->notice = NULL;
    for (size_t i = 0; (k = map_next(&a->known, &i)) != NULL;)
        mem_free(k);
    map_free(&a->known);
}
