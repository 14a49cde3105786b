/* mcp_call.c - tools/call: who asks, with which arguments, what is sent for it, and the
 * end of it. The hub may not be called from inside an answer: what follows waits a turn. */
#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"
#include "codec/splice.h"
#include "market/market.h"
#include "surface/mcp_result.h"
#include "surface/mcp_state.h"
#include "wire/frame.h"


static const char *why_not(enum deny d)
{
    switch (d) {
    case DENY_OPEN_MODE:
        return "unauthorized: without a keys file nothing here may trade";
    case DENY_MISSING:
        return "unauthorized: an API key is needed";
    case DENY_SCOPE:
        return "unauthorized: the API key has no scope for this tool";
    case DENY_ACCOUNT:
        return "unauthorized: the account is not one of the API key's";
    default:
        return "unauthorized: the API key is not valid";
    }
}

static void note_refusal(struct mcp *m, const char *endpoint, const char *peer, enum deny d,
                         const struct api_key *key)
{
    struct audit_event e = { .iface = IFACE_MCP, .endpoint = endpoint, .peer = peer,
                             .outcome = OUTCOME_REJECT, .reason = why_not(d) };
    e.key_id = key ? key->rules->id : d == DENY_MISSING ? "<missing>"
               : d == DENY_OPEN_MODE ? "<none>" : "<invalid>";
    hub_audit(m->o.hub, &e, d);
}

static void refuse(struct post *p, futu_str id, const char *endpoint, enum deny d,
                   const struct api_key *key)
{
    note_refusal(p->s->m, endpoint, p->s->peer, d, key);
    mcp_tell_error(p, id, "%s", why_not(d));
}

/* ---- life of a call ---- */

static void wipe_buf(struct buf *b)
{
    if (b->p)
        wipe(b->p, b->cap);
    buf_free(b);
}

void mcp_call_free(struct mcp_call *k)
{
    list_remove(&k->link);
    list_remove(&k->call.link);
    timer_stop(k->m->o.timers, &k->later);
    if (k->s)
        k->s->n_calls--;
    wipe_buf(&k->pb);               /* the hash of a password may be in them */
    wipe_buf(&k->body);
    buf_free(&k->sum);
    buf_free(&k->id);
    buf_free(&k->progress);
    mem_free(k);
}

void mcp_orphan(struct mcp_session *s)
{
    while (!list_empty(&s->calls)) {
        struct mcp_call *k = list_entry(s->calls.next, struct mcp_call, link);
        k->s = NULL;
        k->post = NULL;
        list_remove(&k->link);
        list_push(&s->m->orphans, &k->link);
    }
    s->n_calls = 0;
}

/* A read that is under way upstream is dropped there; a step that waits is not taken. */
static void give_up(struct mcp_call *k)
{
    bool waits = k->later.armed && !(k->tool->flags & MCP_CHANGES);
    if (waits || hub_call_drop(&k->call))
        mcp_call_free(k);
}

void mcp_cancel(struct mcp_session *s, futu_str id)
{
    struct list *it, *tmp;
    list_each(it, tmp, &s->calls) {
        struct mcp_call *k = list_entry(it, struct mcp_call, link);
        if (id.p && k->post && str_eq(buf_str(&k->id), id)) {
            struct post *p = k->post;
            k->post = NULL;             /* what can't be taken back goes on; nobody hears of it */
            give_up(k);
            mcp_no_reply(p);
            return;
        }
    }
}

void mcp_call_fail(struct mcp_call *k, const char *fmt, ...)
{
    char text[500];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (k->post) {
        mcp_log(k->post, 3, "%s: %s", k->tool->name, text);
        mcp_tell_error(k->post, buf_str(&k->id), "%s", text);
    }
    mcp_call_free(k);
}

static void on_later(struct timer *t, int64_t now)
{
    struct mcp_call *k = container_of(t, struct mcp_call, later);
    (void)now;
    k->step(k);
}

void mcp_call_next(struct mcp_call *k, void (*step)(struct mcp_call *k))
{
    if (!k->post && !(k->tool->flags & MCP_CHANGES)) {
        mcp_call_free(k);               /* cancelled meanwhile */
        return;
    }
    k->step = step;
    k->later.fn = on_later;
    timer_set(k->m->o.timers, &k->later, 0);
}

/* ---- what comes back ---- */

void mcp_call_tell(struct mcp_call *k)
{
    if (k->post) {
        mcp_log(k->post, k->tool->flags & MCP_CHANGES ? 1 : 0, "%s: done", k->tool->name);
        mcp_tell(k->post, buf_str(&k->id), false);
    }
    mcp_call_free(k);
}

/* The market of the one security that was asked about. */
static int32_t market_of(struct mcp_call *k)
{
    futu_str code, symbol = mcp_member(buf_str(&k->body), "security");
    int32_t market;
    bool known = mcp_is_string(symbol) && symbol.n > 2 &&
                 !market_parse_code((futu_str){ symbol.p + 1, symbol.n - 2 }, &market, &code);
    return known ? market : 0;
}

void mcp_call_finish(struct mcp_call *k, futu_str reply)
{
    struct mcp *m = k->m;
    struct mcp_result r = { .tool = k->tool, .row = k->row, .reply = reply, .rows = k->wanted,
                            .more = k->more, .paper = hub_is_paper(m->o.hub),
                            .own_hours = hub_own_hours(m->o.hub), .market = market_of(k),
                            .took_ns = clock_mono(&m->o.clock) - k->asked_at,
                            .now_ns = clock_wall(&m->o.clock) };
    m->json.n = m->lines.n = 0;
    futu_err err = mcp_result(&r, &m->json, &m->lines);
    if (err)
        mcp_call_fail(k, "the answer can't be written: %s", futu_strerror(err));
    else
        mcp_call_tell(k);
}

bool mcp_call_well(struct mcp_call *k, const struct hub_reply *h)
{
    if (!h) {
        mcp_call_fail(k, "the gateway or the API key has ended; what was asked may have been done");
        return false;
    }
    if (h->deny != DENY_NONE) {
        mcp_call_fail(k, "%s", h->deny <= DENY_ACCOUNT ? why_not(h->deny) : h->text);
        return false;
    }
    int32_t ret = response_ret(h->body, h->len);
    futu_str text = response_text(h->body, h->len);
    if (ret == RET_OK)
        return true;
    if (ret == RET_DISCONNECTED)
        mcp_call_fail(k, "gateway connect failed: " STR_FMT, (int)MIN(text.n, 400), text.p);
    else
        mcp_call_fail(k, STR_FMT " (retType %d)", (int)MIN(text.n, 400),
                      text.n ? text.p : "refused", (int)ret);
    return false;
}

void mcp_call_send(struct mcp_call *k, futu_conn *on, uint32_t proto, futu_str pb,
                   void (*done)(struct hub_call *c, const struct hub_reply *h))
{
    k->call.proto = proto;
    k->call.body = (const uint8_t *)pb.p;
    k->call.len = pb.n;
    k->call.endpoint = k->tool->name;
    k->call.peer = k->peer;
    k->call.done = done;
    k->asked_at = clock_mono(&k->m->o.clock);
    hub_call(on, &k->call);
}

futu_conn *mcp_caller(struct mcp_call *k)
{
    struct mcp *m = k->m;
    futu_conn *c = NULL;
    if (m->o.access && access_alive(m->o.access, k->key) != DENY_NONE)
        mcp_call_fail(k, "%s", why_not(DENY_INVALID));
    else if (hub_caller(m->o.hub, IFACE_MCP, k->key, &c))
        mcp_call_fail(k, "too many connections, or out of memory");
    return c;
}

/* The caller is looked up anew: its key may have ended since the last step. */
void mcp_call_ask(struct mcp_call *k, uint32_t proto, futu_str pb,
                 void (*done)(struct hub_call *c, const struct hub_reply *h))
{
    futu_conn *c = mcp_caller(k);
    if (c)
        mcp_call_send(k, c, proto, pb, done);
}

static void on_reply(struct hub_call *c, const struct hub_reply *h)
{
    struct mcp_call *k = container_of(c, struct mcp_call, call);
    if (mcp_call_well(k, h))
        mcp_call_finish(k, (futu_str){ (const char *)h->body, h->len });
}

/* ---- what is sent ---- */

static void send_request(struct mcp_call *k)
{
    mcp_call_ask(k, k->row->id, buf_str(&k->pb),
                 k->tool->flags & MCP_PAGES ? mcp_on_page : on_reply);
}

static void on_subscribed(struct hub_call *c, const struct hub_reply *h)
{
    struct mcp_call *k = container_of(c, struct mcp_call, call);
    if (mcp_call_well(k, h))
        mcp_call_next(k, send_request);
}

static int32_t sub_type_of(const struct mcp_call *k)
{
    static const int32_t by_kl[] = { 0, 11, 6, 12, 13, 16, 7, 8, 9, 10, 17, 15, 18, 19, 20, 21 };
    struct pb_rec kl;
    if (k->tool->sub_type >= 0)
        return k->tool->sub_type;
    bool known = pb_inner(k->pb.p, k->pb.n, 1, 2, &kl) && kl.v < ARRAY_LEN(by_kl);
    return known ? by_kl[kl.v] : 0;
}

/* The securities of the request as it has them. */
static futu_err subscribe_request(struct mcp_call *k, int32_t sub_type, struct buf *out)
{
    const futu_msg *m = k->row->request;
    struct arena a = { .first = NULL };
    struct body_shape s;
    body_shape(k->row, &s);
    const struct pb_field *one = codec_field(s.c2s, STR("security"));
    const struct pb_field *list = codec_field(s.c2s, STR("securityList"));
    void *rq = arena_alloc(&a, m->size);
    futu_err err = rq ? codec_decode(m, &a, k->pb.p, k->pb.n, rq, NULL, NULL) : FUTU_ENOMEM;
    if (!err) {
        const char *body = *(char *const *)((char *)rq + s.outer->off);
        const struct pb_field *f = one ? one : list;
        Qot_Sub_C2S c2s = { .isSubOrUnSub = true, .subTypeList = &sub_type, .n_subTypeList = 1 };
        Qot_Sub_Request sub = { .c2s = &c2s };
        c2s.has_isSubOrUnSub = true;
        c2s.securityList = *(Qot_Common_Security *const *)(body + f->off);
        c2s.n_securityList = one ? 1 : *(const size_t *)(body + f->off_has);
        SET(&c2s, isFirstPush, false);
        out->n = 0;
        err = codec_encode(&Qot_Sub_Request_msg, &sub, out, NULL);
    }
    arena_free(&a);
    return err;
}

static void start(struct mcp_call *k)
{
    int32_t sub_type = k->tool->sub_type ? sub_type_of(k) : 0;
    if (mcp_push_call(k))
        return;
    futu_err err = k->tool->flags & MCP_PAGES ? mcp_first_page(k) : FUTU_OK;
    if (!err && sub_type)
        err = subscribe_request(k, sub_type, &k->m->pb);
    if (err)
        mcp_call_fail(k, "%s", futu_strerror(err));
    else if (sub_type)
        mcp_call_ask(k, PROTO_QOT_SUB, buf_str(&k->m->pb), on_subscribed);
    else
        send_request(k);
}

/* ---- the request ---- */

/* k->body is the JSON of the call; the hash of the password goes in front. */
static futu_err add_password(struct mcp_call *k)
{
    struct buf with = BUF_INIT;
    if (k->m->trade_pwd.n == 0)
        return FUTU_EAUTH;
    futu_err err = buf_printf(&with, "{\"pwdMD5\":\"%s\"%s", (const char *)k->m->trade_pwd.p,
                              k->body.n > 2 ? "," : "");
    if (!err)
        err = buf_put(&with, k->body.p + 1, k->body.n - 1);
    if (err) {
        wipe_buf(&with);
        return err;
    }
    wipe_buf(&k->body);
    k->body = with;
    return FUTU_OK;
}

futu_err mcp_call_request(struct mcp_call *k, uint64_t conn_id, uint32_t serial, struct buf *pb,
                          struct body_extra *extra, struct body_error *e)
{
    struct body_fill fill = { .conn_id = conn_id, .serial = serial,
                              .preset = str_c(k->tool->preset ? k->tool->preset : "") };
    futu_err err = body_to_pb(k->row, buf_str(&k->body), &fill, pb, extra, e);
    if (!err && k->account && (err = mcp_set_account(k->row, k->account, pb)) != FUTU_OK)
        snprintf(e->text, sizeof(e->text), "%s", futu_strerror(err));
    return err;
}

static void show_preview(struct mcp_call *k)
{
    struct mcp *m = k->m;
    const char *token = mcp_preview(m, k->key, k->tool, buf_str(&m->pb));
    m->json.n = m->lines.n = 0;
    futu_err err = buf_printf(&m->json, "{\"status\":\"preview\",\"sent\":false,"
                              "\"confirm_token\":\"%s\",\"expires_in_s\":60,\"request\":", token);
    if (!err)
        err = buf_puts(&m->lines, "NOT SENT YET: ");
    if (!err)
        err = mcp_preview_text(k->row, buf_str(&m->pb), &m->json, &m->lines);
    if (!err)
        err = buf_puts(&m->json, hub_is_paper(m->o.hub) ? ",\"paper\":true}" : "}");
    if (!err)
        err = buf_printf(&m->lines, ".\nShow this to the user. When the user agrees, call %s again "
                         "within 60 seconds with the same arguments and the confirm_token.",
                         k->tool->name);
    if (err)
        mcp_call_fail(k, "%s", futu_strerror(err));
    else
        mcp_call_tell(k);
}

static bool real_is_closed(const struct mcp *m)
{
    return mcp_open_mode(m) && !(m->o.open_scopes & SCOPE_TRADE_REAL);
}

/* False: it has been answered. */
static bool may_go(struct mcp_call *k, struct body_extra *extra, struct body_error *e)
{
    struct mcp *m = k->m;
    if (!(k->tool->flags & MCP_ORDER) || (m->o.direct && !real_is_closed(m)))
        return true;
    if (mcp_call_request(k, 0, 0, &m->pb, extra, e)) {
        mcp_call_fail(k, "%s", e->text);
        return false;
    }
    if (!mcp_is_real(k->row, buf_str(&m->pb)))
        return true;
    if (real_is_closed(m)) {
        note_refusal(m, k->tool->name, k->peer, DENY_OPEN_MODE, NULL);
        mcp_call_fail(k, "unauthorized: without a keys file real accounts are closed to trading");
        return false;
    }
    if (!k->args.confirm[0]) {
        show_preview(k);
        return false;
    }
    const char *bad = mcp_confirm(m, str_c(k->args.confirm), k->key, k->tool, buf_str(&m->pb));
    if (bad)
        mcp_call_fail(k, "%s", bad);
    return !bad;
}

void mcp_call_go(struct mcp_call *k)
{
    struct body_error e = { "", "" };
    struct body_extra extra;
    if (!may_go(k, &extra, &e))
        return;
    futu_conn *caller = mcp_caller(k);
    if (!caller)
        return;
    if (mcp_call_request(k, hub_conn_id(caller), ++k->m->serial, &k->pb, &extra, &e)) {
        mcp_call_fail(k, "%s", e.text);
        return;
    }
    start(k);
}

/* ---- the call ---- */

static void run(struct mcp_call *k, futu_str arguments)
{
    struct mcp *m = k->m;
    struct body_error e = { "", "" };
    bool locks = str_is(mcp_member(arguments, "unlock"), "false");
    futu_err err = mcp_body(k->tool, arguments, clock_wall(&m->o.clock), &k->body, &k->args, &e);
    if (!err && k->row->id == PROTO_TRD_UNLOCK_TRADE && !locks)
        err = add_password(k);
    if (err == FUTU_EAUTH) {
        mcp_call_fail(k, "no trade password is set: the operator has it in FUTU_TRADE_PWD, or "
                         "names its account with --trade-pwd-account");
        return;
    }
    if (err)
        mcp_call_fail(k, "%s", e.text[0] ? e.text : futu_strerror(err));
    else if (k->args.no_account || k->args.card[0])
        mcp_account_find(k);
    else if (k->tool->flags & MCP_RAW)
        mcp_raw(k);
    else
        mcp_call_go(k);
}

static struct mcp_call *call_new(struct post *p, futu_str id, futu_str progress)
{
    struct mcp_call *k = mem_zalloc(sizeof(*k));
    if (!k)
        return NULL;
    k->m = p->s->m;
    k->s = p->s;
    k->post = p;
    list_init(&k->link);
    list_init(&k->call.link);
    str_copy(k->peer, sizeof(k->peer), str_c(p->s->peer));
    list_push(&p->s->calls, &k->link);
    p->s->n_calls++;
    futu_err err = buf_put(&k->id, id.p, id.n);
    if (!err && progress.p && progress.n <= 256 && !strchr("{[tfn", *progress.p))
        err = buf_put(&k->progress, progress.p, progress.n);
    if (!err)
        return k;
    mcp_call_free(k);
    return NULL;
}

/* The tool by its name; NULL: it has been answered. */
static const struct mcp_tool *tool_of(struct post *p, futu_str id, futu_str params)
{
    struct mcp *m = p->s->m;
    if (mcp_string(mcp_member(params, "name"), &m->body)) {
        mcp_fail(p, id, RPC_PARAMS, "name: the name of a tool is expected");
        return NULL;
    }
    futu_str name = buf_str(&m->body);
    const struct mcp_tool *t = mcp_tool(name);
    if (t && m->o.groups & t->group)
        return t;
    const char *near = t ? NULL : mcp_nearest(name);
    mcp_tell_error(p, id, near ? "unknown tool: " STR_FMT "; did you mean %s?"
                           : "unknown tool: " STR_FMT, (int)MIN(name.n, 64), name.p, near);
    return NULL;
}

/* The api_key argument into m->body, or the bearer's. */
static futu_str token_of(struct mcp *m, futu_str arguments, futu_str bearer)
{
    futu_str own = mcp_member(arguments, "api_key");
    if (!own.p || str_is(own, "null"))
        return bearer;
    return mcp_string(own, &m->body) ? STR("") : buf_str(&m->body);
}

static enum deny may_call(struct mcp *m, const struct proto_row *row, futu_str token,
                          struct api_key **key)
{
    enum deny d = mcp_who(m, token, key);
    if (d != DENY_NONE || row->scopes == 0)
        return d;
    if (mcp_open_mode(m))
        return mcp_open_scope(m, row->scopes) ? DENY_NONE : DENY_OPEN_MODE;
    return access_scope(*key, row->scopes) ? DENY_NONE : DENY_SCOPE;
}

void mcp_call(struct post *p, futu_str id, futu_str params, futu_str token)
{
    struct mcp *m = p->s->m;
    futu_str arguments = mcp_member(params, "arguments");
    struct api_key *key;
    const struct mcp_tool *t = tool_of(p, id, params);
    if (!t)
        return;
    if (arguments.p && !mcp_is_object(arguments)) {
        mcp_fail(p, id, RPC_PARAMS, "arguments: an object is expected");
        return;
    }
    const struct proto_row *row = proto_find(t->proto);
    enum deny d = may_call(m, row, token_of(m, arguments, token), &key);
    if (m->body.p)
        wipe(m->body.p, m->body.cap);       /* it may have been a key */
    if (d != DENY_NONE) {
        refuse(p, id, t->name, d, key);
        return;
    }
    struct mcp_call *k = p->s->n_calls < MCP_CALLS_MAX
                             ? call_new(p, id, mcp_path(params, "_meta.progressToken")) : NULL;
    if (!k) {
        mcp_tell_error(p, id, "too many calls are under way");
        return;
    }
    k->tool = t;
    k->row = row;
    k->key = key;
    run(k, arguments);
}
