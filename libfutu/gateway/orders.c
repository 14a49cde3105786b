/* orders.c - see orders.h.
 *
 * Tests:   test/unit/gateway/orders_test.c, test/unit/gateway/orders_store_test.c
 */
#include "gateway/orders.h"

#include <stdio.h>

#include "access/mark.h"
#include "codec/splice.h"
#include "crypt/digest.h"
#include "gateway/guard.h"

/* What a repeat must have in common: the request but for what may differ by the way that it came,
 * its packetID, the spelling of its key, and the mark that a gateway on the way has put into the
 * remark. */
static void digest_of(struct ask *a, uint8_t out[32])
{
    static const char *const names[] = { "packetID", "idempotencyKey", "remark" };
    const struct pb_field *c2s = codec_field(a->row->request, STR("c2s"));
    struct pb_edit gone[ARRAY_LEN(names)] = { { .tag = 0 } };
    const futu_str *remark = c2s_field(a, "remark");
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const struct pb_field *f = codec_field(c2s->sub, str_c(names[i]));
        gone[i].tag = f ? f->tag : 0;
    }
    futu_err err = pb_splice(a->body, a->len, 1, gone, ARRAY_LEN(gone), &b);
    futu_str own = remark && remark->p ? mark_less(*remark) : STR("");
    if (!err)
        err = buf_put(&b, own.p, own.n);
    replay_digest(a->proto, err ? a->body : b.p, err ? a->len : b.n, out);
    buf_free(&b);
}

static bool printable(futu_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((uint8_t)s.p[i] < ' ' || s.p[i] == 0x7f)
            return false;
    return true;
}

/* Two holders of keys may choose the same word: each has a name space of its own, also upstream. */
static void own_word(const struct api_key *k, char key[ORDER_KEY_MAX + 1])
{
    char text[KEY_ID_MAX + ORDER_KEY_MAX + 2], hex[65];
    uint8_t digest[32];
    int n = snprintf(text, sizeof(text), "%s\n%s", k->rules->id, key);
    sha256(text, (size_t)n, digest);
    hex_lower(digest, sizeof(digest), hex);
    snprintf(key, ORDER_KEY_MAX + 1, "k-%.48s", hex);
}

/* The request written anew with the word that goes upstream. */
static bool rewrite(struct ask *a, const char *key)
{
    struct hub *h = a->c->hub;
    const struct pb_field *c2s = codec_field(a->row->request, STR("c2s"));
    const struct pb_field *f = codec_field(c2s->sub, STR("idempotencyKey"));
    uint8_t record[ORDER_KEY_MAX + 16];
    struct pb_edit edit = { f->tag, record, 0 };
    edit.n = (size_t)(pb_put_text(record, f->tag, str_c(key)) - record);
    h->spare.n = 0;
    if (pb_splice(a->body, a->len, c2s->tag, &edit, 1, &h->spare)) {
        reply_refuse(a, "out of memory");
        return false;
    }
    a->body = h->spare.p;
    a->len = h->spare.n;
    return true;
}

/* What the order is remembered by; empty: nothing. False: the request brings no good word. */
static bool name_of(struct ask *a, const Common_PacketID *id, char key[ORDER_KEY_MAX + 1])
{
    const futu_str *given = c2s_field(a, "idempotencyKey");
    key[0] = '\0';
    if (!given)
        return true;            /* not a request that places an order */
    if (given->p && (given->n == 0 || given->n > ORDER_KEY_MAX || given->p[0] == '#' ||
                     !printable(*given)))
        return false;
    if (given->p)
        str_copy(key, ORDER_KEY_MAX + 1, *given);
    else if (a->c->hub->up->forwards)
        snprintf(key, ORDER_KEY_MAX + 1, "#%llu-%u", (unsigned long long)id->connID, id->serialNo);
    if (given->p && a->c->key)
        own_word(a->c->key, key);
    return true;
}

/* False: the request is refused. *key is empty when it has none. */
static bool key_of(struct ask *a, const Common_PacketID *id, char key[ORDER_KEY_MAX + 1])
{
    if (!name_of(a, id, key)) {
        reply_refuse(a, "idempotencyKey: 1 to %d bytes of text that does not begin with #",
                     ORDER_KEY_MAX);
        return false;
    }
    return !key[0] || key[0] == '#' || !a->c->key || rewrite(a, key);
}

enum orders_seen orders_seen(struct ask *a)
{
    Common_PacketID *const *id = c2s_field(a, "packetID");
    struct hub *h = a->c->hub;
    struct replay_entry *hit;
    uint8_t digest[32];
    char key[ORDER_KEY_MAX + 1];
    if (!id || !*id)
        return ORDERS_NOT_SEEN;
    if ((*id)->connID == a->c->id) {
        replay_digest(a->proto, a->body, a->len, digest);
        if (replay_look(&a->c->replay, (*id)->serialNo, digest, &hit) == REPLAY_REPEAT)
            return ORDERS_SEEN_ANSWERED;
    }
    if (!name_of(a, *id, key) || !key[0])
        return ORDERS_NOT_SEEN;
    const struct order_entry *e = journal_find(h->journal, str_c(key));
    if (!e)
        return ORDERS_NOT_SEEN;
    digest_of(a, digest);
    if (!equal_ct(e->digest, digest, sizeof(digest)))
        return ORDERS_NOT_SEEN;
    return e->call || e->answer ? ORDERS_SEEN_ANSWERED : ORDERS_SEEN_UNKNOWN;
}

static int64_t now_ms(const struct hub *h)
{
    return clock_wall(&h->o.clock) / NS_PER_MS;
}

static enum orders_verdict known(struct ask *a, struct order_entry *e, const uint8_t digest[32])
{
    if (!equal_ct(e->digest, digest, 32)) {
        reply_refuse(a, "idempotencyKey: %s has been used for another request", e->key);
        return ORDERS_ANSWERED;
    }
    if (a->guarded)
        a->guarded->repeat = e->call || e->answer;
    if (e->call) {
        call_follow(a, e->call);
        return ORDERS_ANSWERED;
    }
    if (e->answer) {
        reply_body(a, e->answer, e->n, 0);
        return ORDERS_ANSWERED;
    }
    return ORDERS_RESUME;
}

static enum orders_verdict make(struct ask *a, const char *key, const uint8_t digest[32],
                                struct order_entry **e)
{
    struct hub *h = a->c->hub;
    journal_expire(h->journal, now_ms(h));
    *e = journal_add(h->journal, str_c(key), digest, now_ms(h));
    if (*e)
        return ORDERS_NEW;
    reply_refuse(a, "out of memory");
    return ORDERS_ANSWERED;
}

enum orders_verdict orders_look(struct ask *a, const Common_PacketID *id, bool own,
                                struct order_entry **e)
{
    char key[ORDER_KEY_MAX + 1];
    uint8_t digest[32];
    *e = NULL;
    if (!key_of(a, id, key))
        return ORDERS_ANSWERED;
    if (key[0]) {
        digest_of(a, digest);
        *e = journal_find(a->c->hub->journal, str_c(key));
    }
    if (*e)
        return known(a, *e, digest);
    if (!own) {
        reply_refuse(a, "packetID.connID: not the id of this connection");
        return ORDERS_ANSWERED;
    }
    return key[0] ? make(a, key, digest, e) : ORDERS_PLAIN;
}

/* ---- on disk ---- */

typedef futu_err write_fn(const struct order_entry *e, struct buf *out);

static void ignore(void *arg, futu_err err)
{
    (void)arg;
    (void)err;                  /* the store has logged it; a repeat will ask the upstream */
}

/* The file has got a line; when it has grown, it begins anew. */
static void filed(struct hub *h, struct order_entry *e, futu_str line)
{
    const struct hub_store *s = &h->o.store;
    futu_str text;
    if (!s->rewrite)
        return;
    journal_filed(h->journal, e, line);
    if (journal_anew(h->journal, &text))
        journal_begun(h->journal, s->rewrite(s->arg, text.p, text.n) == FUTU_OK);
}

static futu_err append(struct hub *h, struct order_entry *e, write_fn *write,
                       void (*done)(void *arg, futu_err err), void *arg)
{
    struct buf *b = &h->enc;
    b->n = 0;
    futu_err err = write(e, b);
    if (!err)
        err = h->o.store.append(h->o.store.arg, b->p, b->n, done, arg);
    if (!err)
        filed(h, e, buf_str(b));
    return err;
}

static void note(struct hub *h, struct order_entry *e, write_fn *write)
{
    if (h->o.store.append && append(h, e, write, ignore, NULL))
        log_error("order %s: its end can't be written down", e->key);
}

static void fail(struct call *k, const char *text)
{
    struct buf b = BUF_INIT;
    k->rq.unsent = true;
    if (codec_failure(&b, RET_FAILED, 0, str_c(text)) == FUTU_OK)
        k->rq.done(&k->rq, b.p, b.n);
    else
        k->rq.done(&k->rq, NULL, 0);
    buf_free(&b);
}

static const char not_written[] =
    "the order was not sent: the order journal can't be written; is the disk full?";

static void on_stored(void *arg, futu_err err)
{
    struct call *k = arg;
    struct hub *h = k->hub;
    hub_now(h);
    k->storing = false;
    if (err) {
        fail(k, not_written);
        return;
    }
    k->sent_at = h->now;
    h->up->ops->request(h->up, &k->rq);
}

void orders_begin(struct call *k, bool resume)
{
    struct hub *h = k->hub;
    struct order_entry *e = k->order;
    e->call = k;
    str_copy(k->rq.key, sizeof(k->rq.key), str_c(e->key));
    k->rq.resumed = resume;
    if (resume || !h->o.store.append) {
        h->up->ops->request(h->up, &k->rq);
        return;
    }
    k->storing = true;
    if (append(h, e, journal_write_sent, on_stored, k)) {
        k->storing = false;
        fail(k, not_written);
    }
}

/* A client must know that "unknown" is not "refused". */
static bool definite(int32_t ret)
{
    return ret != RET_TIMEOUT && ret != RET_DISCONNECTED && ret != RET_UNKNOWN;
}

bool orders_end(struct call *k, const uint8_t *body, size_t n)
{
    struct hub *h = k->hub;
    struct order_entry *e = k->order;
    int32_t ret = response_ret(body, n);
    k->order = NULL;
    e->call = NULL;
    if (ret == RET_OK) {
        journal_answer(e, body, n);
        if (e->answer)
            note(h, e, journal_write_answer);
        return true;
    }
    if (!k->rq.unsent && !definite(ret))
        return false;
    note(h, e, journal_write_drop);
    journal_drop(h->journal, e);
    return true;
}
