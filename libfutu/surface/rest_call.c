/* rest_call.c - calls of the registry over REST: body to Request, hub, Response to envelope.
 *
 * A card number in place of an account is looked up in the account list first. A write with an
 * Idempotency-Key is answered from what was kept; orders also carry the key to the hub, which knows
 * them longer. Only success is kept, of an unlock that of all accounts: what failed may be tried
 * again.
 */
#include <stdio.h>

#include "base/mem.h"
#include "codec/json_lex.h"
#include "codec/splice.h"
#include "crypt/secret.h"
#include "surface/body.h"
#include "surface/rest_state.h"
#include "wire/frame.h"

/* The envelope is common to all; this row stands for those without published messages. */
static const struct proto_row *envelope_row(const struct proto_row *row)
{
    return row->response ? row : proto_find(PROTO_KEEP_ALIVE);
}

static void keep(futu_http_call *k, futu_str body)
{
    struct rest *r = k->rest;
    if (k->idem)
        idem_answer(&r->idem, k->idem, body, clock_mono(&r->o.clock));
    k->idem = NULL;
}

static void answer_raw(futu_http_call *k, const struct hub_reply *h)
{
    http_answer(k, 200, "application/json", NULL, (futu_str){ (const char *)h->body, h->len });
}

static void keep_hot(futu_http_call *k, size_t len)
{
    struct rest *r = k->rest;
    struct hot_entry e = { .version = k->version, .row = k->row, .key = k->key, .len = len };
    e.until = clock_mono(&r->o.clock) + HOT_LIFE_NS;
    if (hot_row(k->row))
        hot_keep(&r->hot, &k->hot, &e, buf_str(&r->json));
}

static void answer(futu_http_call *k, const struct hub_reply *h)
{
    struct rest *r = k->rest;
    struct body_error e;
    r->json.n = 0;
    if (h->raw_json) {
        answer_raw(k, h);
        return;
    }
    futu_err err = body_envelope(envelope_row(k->row), h->body, h->len, k->int64_text, &r->json,
                                 &e);
    bool good = !err && response_ret(h->body, h->len) == RET_OK;
    bool whole = good && hub_answer_whole(k->row, h->body, h->len);
    keep(k, whole ? buf_str(&r->json) : STR_NULL);
    if (good)
        keep_hot(k, h->len);
    if (err)
        http_error(k, 500, "the answer can't be written: %s", e.text);
    else
        http_answer(k, 200, "application/json", NULL, buf_str(&r->json));
}

/* The vendor's limits of calls in 30 s: an envelope elsewhere, here like a limit of the key. */
static void too_frequent(futu_http_call *k, const struct hub_reply *h)
{
    char text[256];
    str_copy(text, sizeof(text), response_text(h->body, h->len));
    keep(k, STR_NULL);
    http_too_early(k, text, h->retry_s);
}

static void on_reply(struct hub_call *c, const struct hub_reply *h)
{
    futu_http_call *k = container_of(c, futu_http_call, call);
    if (h && h->deny == DENY_NONE && h->retry_s) {
        too_frequent(k, h);
        return;
    }
    if (h && h->deny == DENY_NONE) {
        answer(k, h);
        return;
    }
    keep(k, STR_NULL);
    if (h)
        http_deny(k, h->deny, h->text, h->retry_s);
    else
        http_error(k, 503, "the gateway or the API key has ended; what was asked may have been "
                           "done");
}

/* ---- a card in place of an account ---- */

static bool is_card(const Trd_Common_TrdAcc *a, futu_str card)
{
    return access_card_is(a->cardNum, card) || access_card_is(a->uniCardNum, card);
}

/* The account of the card, 0 after the answer. */
static uint64_t account_of(futu_http_call *k, const struct hub_reply *h)
{
    struct arena a = { .first = NULL };
    Trd_GetAccList_Response rsp;
    uint64_t id = 0;
    size_t hits = 0;
    futu_err err = codec_decode(&Trd_GetAccList_Response_msg, &a, h->body, h->len, &rsp, NULL,
                                NULL);
    for (size_t i = 0; !err && rsp.s2c && i < rsp.s2c->n_accList; i++)
        if (rsp.s2c->accList[i].accID && is_card(&rsp.s2c->accList[i], str_c(k->card))) {
            id = rsp.s2c->accList[i].accID;
            hits++;
        }
    arena_free(&a);
    if (hits == 1)
        return id;
    if (err || !rsp.s2c)
        http_error(k, 503, "card_num: the accounts are not known");
    else
        http_error(k, 400, hits ? "card_num: several accounts have it; give acc_id"
                                : "card_num: no account has it; GET /api/accounts lists them");
    return 0;
}

/* Puts the account into c2s.header of the Request that is kept, and writes it out anew. */
static futu_err set_account(futu_http_call *k, uint64_t id, struct buf *out)
{
    const futu_msg *m = k->row->request;
    const struct pb_field *c2s = codec_field(m, STR("c2s")), *head;
    struct arena a = { .first = NULL };
    void *rq = arena_alloc(&a, m->size);
    futu_err err = rq ? codec_decode(m, &a, k->kept.p, k->kept.n, rq, NULL, NULL) : FUTU_ENOMEM;
    head = codec_field(c2s->sub, STR("header"));
    if (!err) {
        char *body = *(char *const *)((char *)rq + c2s->off);
        Trd_Common_TrdHeader *header = *(Trd_Common_TrdHeader *const *)(body + head->off);
        header->accID = id;
        out->n = 0;
        err = codec_encode(m, rq, out, NULL);
    }
    arena_free(&a);
    return err;
}

static void send(futu_http_call *k, futu_conn *caller, futu_str pb)
{
    k->call.proto = k->row->id;
    k->call.body = (const uint8_t *)pb.p;
    k->call.len = pb.n;
    k->call.endpoint = k->endpoint;
    k->call.peer = k->peer;
    k->call.done = on_reply;
    hub_call(caller, &k->call);
}

/* The hub may not be called from inside an answer: the rest of it waits for the next turn. */
static void on_accounts_known(struct timer *t, int64_t now)
{
    futu_http_call *k = container_of(t, futu_http_call, later);
    struct rest *r = k->rest;
    futu_conn *caller;
    (void)now;
    if (set_account(k, k->account, &r->pb) || hub_caller(r->o.hub, IFACE_REST, k->key, &caller))
        http_error(k, 500, "out of memory");
    else
        send(k, caller, buf_str(&r->pb));
}

static void on_accounts(struct hub_call *c, const struct hub_reply *h)
{
    futu_http_call *k = container_of(c, futu_http_call, call);
    if (!h || h->deny != DENY_NONE || h->retry_s) {
        on_reply(c, h);
        return;
    }
    k->account = account_of(k, h);
    if (!k->account)
        return;
    k->later.fn = on_accounts_known;
    timer_set(k->rest->o.timers, &k->later, 0);
}

static void find_card(futu_http_call *k, futu_conn *caller)
{
    Trd_GetAccList_C2S c2s = { .has_userID = true };
    Trd_GetAccList_Request rq = { .c2s = &c2s };
    struct buf *b = &k->rest->text;
    SET(&c2s, needGeneralSecAccount, true);
    b->n = 0;
    if (buf_put(&k->kept, k->rest->pb.p, k->rest->pb.n) ||
        codec_encode(&Trd_GetAccList_Request_msg, &rq, b, NULL)) {
        http_error(k, 500, "out of memory");
        return;
    }
    k->call.proto = PROTO_TRD_GET_ACC_LIST;
    k->call.body = b->p;
    k->call.len = b->n;
    k->call.done = on_accounts;
    k->call.endpoint = k->endpoint;
    k->call.peer = k->peer;
    hub_call(caller, &k->call);
}

/* ---- Idempotency-Key ---- */

static void replay(futu_http_call *k, const struct idem_entry *e)
{
    struct audit_event event = { .iface = IFACE_REST, .endpoint = k->endpoint, .peer = k->peer,
                                 .key_id = k->key ? k->key->rules->id : "<none>",
                                 .outcome = OUTCOME_SUCCESS, .cache_outcome = "cached",
                                 .trade = true };
    hub_audit(k->rest->o.hub, &event, DENY_NONE);
    http_answer(k, 200, "application/json", "Idempotent-Replayed: true\r\n", buf_str(&e->answer));
}

/* False: it has been answered. */
static bool idempotent(futu_http_call *k, const futu_http_request *rq, futu_str body)
{
    struct rest *r = k->rest;
    futu_str key = rq->idempotency_key;
    struct idem_entry *e;
    if (!key.p || !(k->row->write || k->row->id == PROTO_TRD_UNLOCK_TRADE))
        return true;
    if (!word_ok(key)) {
        http_error(k, 400, "Idempotency-Key: 1 to %d printable characters", ORDER_KEY_MAX);
        return false;
    }
    struct idem_ask ask = { k->key ? k->key->rules->id : "", key, str_c(k->endpoint), body,
                            hub_answer_mark(r->o.hub, k->row) };
    switch (idem_look(&r->idem, &ask, clock_mono(&r->o.clock), &e)) {
    case IDEM_NEW:
        k->idem = e;
        k->call.keyed = true;
        return true;
    case IDEM_ANSWERED:
        replay(k, e);
        return false;
    case IDEM_WAITING:
        http_error(k, 409, "the first request with this Idempotency-Key has no answer yet; ask "
                           "again in a second");
        return false;
    case IDEM_OTHER:
        http_error(k, 409, "this Idempotency-Key was used for another request; use a new one");
        return false;
    default:
        http_error(k, 503, "too many requests with an Idempotency-Key are under way");
        return false;
    }
}

/* ---- the call ---- */

/* Whether the text is one JSON object; *wrapped: it has the member c2s. */
static bool is_object(futu_str text, bool *wrapped)
{
    struct json_lex lx = { text.p, text.p + text.n };
    futu_str name, value;
    char tmp[64];
    bool more = json_take(&lx, '{') && json_peek(&lx) != '}';
    *wrapped = false;
    while (more) {
        if (json_name(&lx, tmp, sizeof(tmp), &name) || !json_take(&lx, ':') ||
            !json_skip(&lx, &value))
            return false;
        *wrapped |= str_is(name, "c2s");
        more = json_take(&lx, ',');
    }
    return json_take(&lx, '}') && (json_blanks(&lx), lx.p == lx.end);
}

/* What nobody here can read goes up as it came; only another gateway may know what it means. */
static void call_raw(futu_http_call *k, const futu_http_request *rq, futu_conn *caller)
{
    struct buf *b = &k->rest->json;
    bool wrapped = false;
    if (k->key && k->key->n_acc_ids > 0) {
        http_refuse(k, DENY_ACCOUNT, "the account of this call can't be seen");
        return;
    }
    if (rq->body.n > 0 && !is_object(rq->body, &wrapped)) {
        http_error(k, 400, "the body is not a JSON object");
        return;
    }
    b->n = 0;
    futu_err err = buf_puts(b, wrapped ? "" : "{\"c2s\":");
    if (!err)
        err = rq->body.n > 0 ? buf_put(b, rq->body.p, rq->body.n) : buf_puts(b, "{}");
    if (!err && !wrapped)
        err = buf_byte(b, '}');
    k->call.fmt = FRAME_JSON;
    if (err)
        http_error(k, 500, "out of memory");
    else
        send(k, caller, buf_str(b));
}

static void refuse_body(futu_http_call *k, futu_err err, const struct body_error *e)
{
    keep(k, STR_NULL);
    http_error(k, err == FUTU_ENOMEM ? 500 : 400, "%s", err == FUTU_ENOMEM ? "out of memory"
                                                                        : e->text);
}

static void call(futu_http_call *k, const futu_http_request *rq, futu_str json, futu_conn *caller)
{
    struct rest *r = k->rest;
    struct body_extra extra;
    struct body_error e = { "", "" };
    struct body_fill fill = { hub_conn_id(caller), ++r->serial, str_c(k->route->preset),
                              k->route->fixed };
    futu_err err = body_to_pb(k->row, json, &fill, &r->pb, &extra, &e);
    str_copy(k->card, sizeof(k->card), extra.card_num);     /* before its text is written over */
    if (!err)
        err = word_into_order(k->row, rq->idempotency_key, &r->pb, &r->json);
    if (err) {
        refuse_body(k, err, &e);
        return;
    }
    if (k->card[0])
        find_card(k, caller);
    else
        send(k, caller, buf_str(&r->pb));
    if (k->row->id == PROTO_TRD_UNLOCK_TRADE)   /* the digest of a password */
        wipe(r->pb.p, r->pb.n);
}

void rest_call(futu_http_call *k, const futu_http_request *rq, futu_str query)
{
    struct rest *r = k->rest;
    struct body_error e = { "", "" };
    futu_str json = rq->body;
    futu_conn *caller;
    k->row = proto_find(k->route->proto);
    k->int64_text = rq->accept.p && memmem(rq->accept.p, rq->accept.n, "int64=string", 12);
    futu_err err = hub_caller(r->o.hub, IFACE_REST, k->key, &caller);
    if (err) {
        http_error(k, 503, "%s", futu_strerror(err));
        return;
    }
    if (!k->row->request) {
        call_raw(k, rq, caller);
        return;
    }
    if (json.n == 0 && query.n > 0) {
        r->json.n = 0;
        err = body_from_query(k->row, query, &r->json, &e);
        json = buf_str(&r->json);
    }
    if (err)
        refuse_body(k, err, &e);
    else if (idempotent(k, rq, json))
        call(k, rq, json, caller);
}
