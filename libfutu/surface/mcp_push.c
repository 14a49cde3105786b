/* mcp_push.c - the pushes of a session: who registers what, and how an event reads.
 *
 * How:     each key of a session that registers pushes has a connection of the hub there, with its
 *          own subscriptions and accounts; what comes is one notifications/message a push. The
 *          identity is that of the registering call, whatever later calls bring.
 * Levels:  quotes are "info", orders, fills and notices "notice", gaps "warning", the end of pushes
 *          "error": what the client does not want to hear is not queued.
 * Bound:   the connection's queue: newer quotes replace those that wait, and when too much of the
 *          rest waits the connection ends.
 * Tests:   test/unit/surface/mcp_push_test.c, test/mcp/
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/shbuf.h"
#include "codec/base64.h"
#include "codec/json_text.h"
#include "codec/splice.h"
#include "market/market.h"
#include "surface/mcp_result.h"
#include "surface/mcp_state.h"

enum { INFO = 1, NOTICE = 2, WARNING = 3, ERROR = 4 };

struct mcp_push {
    struct mcp_session *s;
    futu_conn *c;
    struct api_key *key;
    bool watch;                     /* of mcp_session_watch() */
    struct list link;
};

/* ---- how an event reads ---- */

static const char *const level_names[] = { "debug", "info", "notice", "warning", "error" };

static futu_err head(struct buf *out, int level, const char *logger)
{
    return buf_printf(out, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{"
                      "\"level\":\"%s\",\"logger\":\"futu.%s\",\"data\":{\"type\":\"%s\"",
                      level_names[level], logger, logger);
}

/* The member "event": s2c as the result of a tool would have it. */
static futu_err put_event(const struct event *e, const struct proto_row *row, struct buf *out)
{
    static const struct mcp_tool plain = { .name = "" };
    struct buf lines = BUF_INIT;
    struct mcp_result r = { .tool = &plain, .row = row, .bare = true,
                            .reply = { (const char *)e->body, e->len } };
    futu_err err = buf_puts(out, ",\"event\":");
    if (!err)
        err = mcp_result(&r, out, &lines);
    buf_free(&lines);
    return err;
}

static futu_err put_base64(const struct event *e, struct buf *out)
{
    size_t n = BASE64_SIZE(e->len);
    futu_err err = buf_puts(out, ",\"body_b64\":\"");
    if (!err)
        err = buf_reserve(out, n);
    if (err)
        return err;
    base64_write((char *)out->p + out->n, e->body, e->len);
    out->n += n;
    return buf_byte(out, '"');
}

static futu_err put_quote(const struct event *e, struct buf *out)
{
    const char *prefix = market_prefix(e->key->market);
    futu_err err = prefix ? buf_printf(out, ",\"symbol\":\"%s.", prefix)
                          : buf_printf(out, ",\"symbol\":\"%d.", (int)e->key->market);
    for (const char *c = e->key->code; !err && *c; c++)
        if (*c > ' ' && *c < 0x7f && *c != '"' && *c != '\\')
            err = buf_byte(out, (uint8_t)*c);
    return err ? err : buf_printf(out, "\",\"sub_type\":%d,\"rehab_type\":%d",
                                  (int)e->key->sub_type, (int)e->key->rehab);
}

static futu_err put_trade(const struct event *e, struct buf *out)
{
    futu_err err = buf_printf(out, ",\"acc_id\":%" PRIu64 ",\"acc_id_str\":\"%" PRIu64 "\"",
                              e->acc_id, e->acc_id);
    return err || !e->market ? err : buf_printf(out, ",\"market\":\"%s\"", e->market);
}

/* The text of one push; what can't be decoded is not told. */
static futu_err write_event(const struct event *e, struct buf *out)
{
    const struct proto_row *row = proto_find(e->proto);
    if (e->lost) {
        futu_err bad = head(out, WARNING, "gap");
        return bad ? bad : buf_printf(out, ",\"reason\":\"slow reader\",\"lost\":%u}}}", e->lost);
    }
    if (!row || !row->response)
        return FUTU_EFORMAT;
    bool trade = e->acc_id != 0;
    futu_err err = head(out, e->key ? INFO : e->proto == PROTO_GAP ? WARNING : NOTICE,
                        e->key ? "quote" : e->proto == PROTO_GAP ? "gap"
                        : trade ? "trade" : "notify");
    if (!err)
        err = buf_printf(out, ",\"proto_id\":%u,\"seq\":%" PRIu64, e->proto, e->seq);
    if (!err && e->key)
        err = put_quote(e, out);
    if (!err && trade)
        err = put_trade(e, out);
    if (!err)
        err = put_event(e, row, out);
    if (!err && trade)
        err = put_base64(e, out);
    return err ? err : buf_puts(out, "}}}");
}

static uint32_t kinds_of(int level)
{
    static const uint32_t by_level[] = {
        HUB_ALL_KINDS, HUB_ALL_KINDS, HUB_TRADE | HUB_NOTIFY | HUB_GAP, HUB_GAP,
    };
    if (level < 0)                      /* the client has not said */
        return HUB_ALL_KINDS;
    return (size_t)level < ARRAY_LEN(by_level) ? by_level[level] : 0;
}

/* ---- notes of the session itself ---- */

struct shbuf *mcp_last_word(const char *reason)
{
    struct buf b = BUF_INIT;
    futu_err err = head(&b, ERROR, "end");
    if (!err)
        err = buf_puts(&b, ",\"reason\":");
    if (!err)
        err = json_put_string(&b, str_c(reason));
    if (!err)
        err = buf_puts(&b, "}}}");
    struct shbuf *out = err ? NULL : shbuf_copy(b.p, b.n);
    buf_free(&b);
    return out;
}

static void wake(struct mcp_session *s)
{
    if (s->ears.on_push)
        s->ears.on_push(s->ears.arg);
}

static void note_end(struct mcp_session *s, const char *reason)
{
    char text[200];
    snprintf(text, sizeof(text), "pushes have ended: %s", reason);
    struct shbuf *b = s->level <= ERROR && s->n_notes < MCP_NOTES ? mcp_last_word(text) : NULL;
    if (!b)
        return;
    s->notes[s->n_notes++] = b;
    wake(s);
}

/* ---- connections ---- */

static void push_free(struct mcp_push *p)
{
    list_remove(&p->link);
    p->s->n_pushes--;
    hub_conn_free(p->c);
    mem_free(p);
}

static void on_output(futu_conn *c, void *arg)
{
    (void)c;
    wake(((struct mcp_push *)arg)->s);
}

static void on_close(futu_conn *c, futu_err err, const char *reason, void *arg)
{
    struct mcp_push *p = arg;
    struct mcp_session *s = p->s;
    bool watch = p->watch;
    char text[160];
    (void)c;
    str_copy(text, sizeof(text), str_c(reason));
    push_free(p);
    if (watch && s->ears.on_end)
        s->ears.on_end(s->ears.arg, err, text);
    else
        note_end(s, text);
}

static struct mcp_push *find(struct mcp_session *s, const struct api_key *key)
{
    struct list *it, *tmp;
    list_each(it, tmp, &s->pushes) {
        struct mcp_push *p = list_entry(it, struct mcp_push, link);
        if (p->key == key)
            return p;
    }
    return NULL;
}

static futu_err open_push(struct mcp_session *s, struct api_key *key, struct mcp_push **out)
{
    struct hub_events_opts e = { .key = key, .write = write_event, .kinds = kinds_of(s->level) };
    futu_conn_opts o = FUTU_CONN_OPTS_INIT;
    *out = find(s, key);
    if (*out)
        return FUTU_OK;
    if (s->n_pushes == MCP_PUSH_KEYS)
        return FUTU_ELIMIT;
    struct mcp_push *p = mem_zalloc(sizeof(*p));
    if (!p)
        return FUTU_ENOMEM;
    o.wire = FUTU_WIRE_EVENTS;
    o.peer = s->peer;
    o.on_output = on_output;
    o.on_close = on_close;
    o.arg = p;
    futu_err err = hub_events_new(s->m->o.hub, &p->c, &o, &e);
    if (err) {
        mem_free(p);
        return err;
    }
    p->s = s;
    p->key = key;
    list_push(&s->pushes, &p->link);
    s->n_pushes++;
    *out = p;
    return FUTU_OK;
}

void mcp_push_free(struct mcp_session *s)
{
    while (!list_empty(&s->pushes))
        push_free(list_entry(s->pushes.next, struct mcp_push, link));
    while (s->n_notes > 0)
        shbuf_unref(s->notes[--s->n_notes]);
}

void mcp_push_level(struct mcp_session *s)
{
    struct list *it, *tmp;
    list_each(it, tmp, &s->pushes)
        hub_events_want(list_entry(it, struct mcp_push, link)->c, kinds_of(s->level));
}

void mcp_session_hear(struct mcp_session *s, const struct mcp_ears *ears)
{
    s->ears = *ears;
}

futu_err mcp_session_watch(struct mcp_session *s, struct api_key *key)
{
    struct mcp_push *p;
    futu_err err = open_push(s, key, &p);
    if (!err)
        p->watch = true;
    return err;
}

struct shbuf *mcp_session_take(struct mcp_session *s)
{
    struct list *it, *tmp;
    if (s->n_notes > 0) {
        struct shbuf *b = s->notes[0];
        memmove(s->notes, s->notes + 1, --s->n_notes * sizeof(s->notes[0]));
        return b;
    }
    list_each(it, tmp, &s->pushes) {
        struct shbuf *b = hub_events_take(list_entry(it, struct mcp_push, link)->c);
        if (!b)
            continue;
        list_remove(it);                /* the next key has its turn */
        list_push(&s->pushes, it);
        return b;
    }
    return NULL;
}

bool mcp_session_waits(const struct mcp_session *s)
{
    for (const struct list *it = s->pushes.next; it != &s->pushes; it = it->next)
        if (hub_events_waits(container_of(it, struct mcp_push, link)->c))
            return true;
    return s->n_notes > 0;
}

/* ---- futu_subscribe, futu_unsubscribe ---- */

static void on_kept(struct hub_call *c, const struct hub_reply *h)
{
    struct mcp_call *k = container_of(c, struct mcp_call, call);
    if (mcp_call_well(k, h))
        mcp_call_finish(k, (futu_str){ (const char *)h->body, h->len });
}

/* The key's own subscription, which the reads of its calls need: without pushes, since those are
 * the session's. */
static void keep(struct mcp_call *k)
{
    const struct pb_field *f = codec_field(&Qot_Sub_C2S_msg, STR("isRegOrUnRegPush"));
    uint8_t record[16];
    bool no = false;
    struct pb_edit edit = { f->tag, record, 0 };
    struct buf *pb = &k->m->pb;
    futu_conn *caller = mcp_caller(k);
    if (!caller)
        return;
    edit.n = (size_t)(pb_put_scalar(record, f->tag, PB_BOOL, &no) - record);
    pb->n = 0;
    futu_err err = pb_splice(k->pb.p, k->pb.n, 1, &edit, 1, pb);
    if (err)
        mcp_call_fail(k, "%s", futu_strerror(err));
    else
        mcp_call_send(k, caller, PROTO_QOT_SUB, buf_str(pb), on_kept);
}

static void on_session_done(struct hub_call *c, const struct hub_reply *h)
{
    struct mcp_call *k = container_of(c, struct mcp_call, call);
    if (mcp_call_well(k, h))
        mcp_call_next(k, keep);
}

static bool flag_of(const struct mcp_call *k, const char *name)
{
    const struct pb_field *f = codec_field(&Qot_Sub_C2S_msg, str_c(name));
    struct pb_rec r;
    return pb_inner(k->pb.p, k->pb.n, 1, f->tag, &r) && r.v;
}

/* First what the session has, then what its key has. */
static void subscription(struct mcp_call *k)
{
    bool wants = flag_of(k, "isRegOrUnRegPush");
    struct mcp_push *p = find(k->s, k->key);
    futu_err err = wants && !p ? open_push(k->s, k->key, &p) : FUTU_OK;
    if (err)
        mcp_call_fail(k, "pushes: %s", err == FUTU_ELIMIT ? "too many connections or keys"
                                                          : futu_strerror(err));
    else if (wants || (p && !flag_of(k, "isSubOrUnSub") && hub_has_subscriptions(p->c)))
        mcp_call_send(k, p->c, PROTO_QOT_SUB, buf_str(&k->pb), on_session_done);
    else
        keep(k);
}

/* ---- futu_sub_acc_push, futu_unsub_acc_push ---- */

/* The accounts that a request names. */
static futu_err named(const struct mcp_call *k, struct arena *a, Trd_SubAccPush_C2S *out)
{
    Trd_SubAccPush_Request rq;
    futu_err err = codec_decode(&Trd_SubAccPush_Request_msg, a, k->pb.p, k->pb.n, &rq, NULL, NULL);
    if (!err)
        *out = *rq.c2s;
    return err;
}

static bool among(const uint64_t *ids, size_t n, uint64_t id)
{
    for (size_t i = 0; i < n; i++)
        if (ids[i] == id)
            return true;
    return false;
}

static futu_err put_id(struct buf *b, uint64_t id)
{
    return buf_put(b, &id, sizeof(id));
}

/* What is registered so far, and the accounts that the call names; or without them. */
static futu_err new_list(const struct mcp_call *k, const uint64_t *ids, size_t n, struct buf *out)
{
    bool more = !(k->tool->flags & MCP_LEAVES);
    const struct mcp_push *p = find(k->s, k->key);
    size_t n_had = 0;
    const uint64_t *had = p ? hub_accounts(p->c, &n_had) : NULL;
    futu_err err = FUTU_OK;
    for (size_t i = 0; i < n_had && !err; i++)
        if (more || !among(ids, n, had[i]))
            err = put_id(out, had[i]);
    for (size_t i = 0; i < n && more && !err; i++)
        if (!among(had, n_had, ids[i]) && !among(ids, i, ids[i]))
            err = put_id(out, ids[i]);
    return err;
}

static void tell_accounts(struct mcp_call *k)
{
    const struct mcp_push *p = k->s ? find(k->s, k->key) : NULL;
    size_t n = 0;
    const uint64_t *ids = p ? hub_accounts(p->c, &n) : NULL;
    struct mcp *m = k->m;
    m->json.n = m->lines.n = 0;
    futu_err err = buf_puts(&m->json, "{\"acc_ids\":[");
    for (size_t i = 0; i < n && !err; i++)
        err = buf_printf(&m->json, "%s\"%" PRIu64 "\"", i ? "," : "", ids[i]);
    if (!err)
        err = buf_puts(&m->json, "]}");
    if (!err)
        err = n ? buf_printf(&m->lines, "Orders and fills of %zu accounts come as log messages of "
                             "this session, logger futu.trade.", n)
                : buf_puts(&m->lines, "No account is registered for pushes in this session.");
    if (err)
        mcp_call_fail(k, "%s", futu_strerror(err));
    else
        mcp_call_tell(k);
}

static void on_registered(struct hub_call *c, const struct hub_reply *h)
{
    struct mcp_call *k = container_of(c, struct mcp_call, call);
    if (mcp_call_well(k, h))
        tell_accounts(k);
}

static void register_ids(struct mcp_call *k, const uint64_t *ids, size_t n)
{
    struct mcp_push *p = NULL;
    struct buf list = BUF_INIT, *pb = &k->m->pb;
    futu_err err = open_push(k->s, k->key, &p);
    if (!err)
        err = new_list(k, ids, n, &list);
    Trd_SubAccPush_C2S c2s = { .accIDList = (uint64_t *)(void *)list.p,
                               .n_accIDList = list.n / sizeof(uint64_t) };
    Trd_SubAccPush_Request rq = { .c2s = &c2s };
    pb->n = 0;
    if (!err)
        err = codec_encode(&Trd_SubAccPush_Request_msg, &rq, pb, NULL);
    buf_free(&list);
    if (err)
        mcp_call_fail(k, "pushes: %s", err == FUTU_ELIMIT ? "too many connections or keys"
                                                          : futu_strerror(err));
    else
        mcp_call_send(k, p->c, PROTO_TRD_SUB_ACC_PUSH, buf_str(pb), on_registered);
}

/* Those of the list that was kept in k->sum. */
static void register_all(struct mcp_call *k)
{
    if (k->s && k->sum.n > 0)
        register_ids(k, (const uint64_t *)(void *)k->sum.p, k->sum.n / sizeof(uint64_t));
    else
        mcp_call_fail(k, "this API key may see no account");
}

static void on_accounts(struct hub_call *c, const struct hub_reply *h)
{
    struct mcp_call *k = container_of(c, struct mcp_call, call);
    struct arena a = ARENA_INIT;
    Trd_GetAccList_Response rsp;
    if (!mcp_call_well(k, h))
        return;
    futu_err err = codec_decode(&Trd_GetAccList_Response_msg, &a, h->body, h->len, &rsp, NULL,
                                NULL);
    for (size_t i = 0; !err && rsp.s2c && i < rsp.s2c->n_accList; i++)
        err = put_id(&k->sum, rsp.s2c->accList[i].accID);
    arena_free(&a);
    if (err)
        mcp_call_fail(k, "the accounts: %s", futu_strerror(err));
    else
        mcp_call_next(k, register_all);
}

static void ask_accounts(struct mcp_call *k)
{
    Trd_GetAccList_C2S c2s = { .userID = 0 };
    Trd_GetAccList_Request rq = { .c2s = &c2s };
    struct buf *pb = &k->m->pb;
    futu_conn *caller = mcp_caller(k);
    if (!caller)
        return;
    SET(&c2s, userID, 0);
    SET(&c2s, needGeneralSecAccount, true);
    pb->n = 0;
    futu_err err = codec_encode(&Trd_GetAccList_Request_msg, &rq, pb, NULL);
    if (err)
        mcp_call_fail(k, "%s", futu_strerror(err));
    else
        mcp_call_send(k, caller, PROTO_TRD_GET_ACC_LIST, buf_str(pb), on_accounts);
}

static void account_push(struct mcp_call *k)
{
    struct arena a = ARENA_INIT;
    Trd_SubAccPush_C2S c2s;
    bool leaves = k->tool->flags & MCP_LEAVES;
    size_t n_had = 0;
    const struct mcp_push *p = find(k->s, k->key);
    const uint64_t *had = p ? hub_accounts(p->c, &n_had) : NULL;
    futu_err err = named(k, &a, &c2s);
    if (err)
        mcp_call_fail(k, "%s", futu_strerror(err));
    else if (leaves && n_had == 0)
        tell_accounts(k);
    else if (leaves && c2s.n_accIDList == 0)
        register_ids(k, had, n_had);
    else if (c2s.n_accIDList == 0)
        ask_accounts(k);
    else
        register_ids(k, c2s.accIDList, c2s.n_accIDList);
    arena_free(&a);
}

bool mcp_push_call(struct mcp_call *k)
{
    uint32_t id = k->row->id;           /* the call may end in here */
    if (id == PROTO_QOT_SUB)
        subscription(k);
    else if (id == PROTO_TRD_SUB_ACC_PUSH)
        account_push(k);
    return id == PROTO_QOT_SUB || id == PROTO_TRD_SUB_ACC_PUSH;
}
