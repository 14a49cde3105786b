/* mcp.c - see mcp.h: sessions, messages, and what is answered without a tool. */
#include "surface/mcp_state.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"
#include "codec/json_text.h"

static const struct revision revisions[] = {     /* oldest first */
    { "2024-11-05", false, false, false },
    { "2025-03-26", true, false, false },
    { "2025-06-18", false, true, false },
    { "2025-11-25", false, true, true },
};

static const char *const levels[] = { "debug", "info", "notice", "warning", "error", "critical",
                                      "alert", "emergency" };

/* ---- life ---- */

static futu_err keep_secret(struct secret *s, const char *text)
{
    return text && text[0] ? secret_set(s, text, strlen(text)) : FUTU_OK;
}

futu_err mcp_new(struct mcp **out, const struct mcp_opts *o)
{
    struct mcp *m = mem_zalloc(sizeof(*m));
    *out = NULL;
    if (!m)
        return FUTU_ENOMEM;
    m->o = *o;
    m->o.groups = o->groups ? o->groups : MCP_ALL_GROUPS;
    m->o.page = o->page ? o->page : 100;
    m->o.api_key = m->o.trade_pwd_md5 = NULL;
    list_init(&m->sessions);
    list_init(&m->orphans);
    futu_err err = keep_secret(&m->api_key, o->api_key);
    if (!err)
        err = keep_secret(&m->trade_pwd, o->trade_pwd_md5);
    if (err)
        mcp_free(m);
    else
        *out = m;
    return err;
}

void mcp_free(struct mcp *m)
{
    if (!m)
        return;
    while (!list_empty(&m->sessions))
        mcp_session_free(list_entry(m->sessions.next, struct mcp_session, link));
    while (!list_empty(&m->orphans))
        mcp_call_free(list_entry(m->orphans.next, struct mcp_call, link));
    secret_wipe(&m->api_key);
    secret_wipe(&m->trade_pwd);
    wipe(m->previews, sizeof(m->previews));
    buf_free(&m->entries[0].text);
    buf_free(&m->entries[1].text);
    buf_free(&m->text);
    buf_free(&m->json);
    buf_free(&m->lines);
    buf_free(&m->body);
    buf_free(&m->pb);
    mem_free(m);
}

futu_err mcp_session_new(struct mcp *m, struct mcp_session **out, const char *peer)
{
    struct mcp_session *s = mem_zalloc(sizeof(*s));
    *out = s;
    if (!s)
        return FUTU_ENOMEM;
    s->m = m;
    s->level = -1;
    list_init(&s->calls);
    list_init(&s->posts);
    list_init(&s->pushes);
    str_copy(s->peer, sizeof(s->peer), str_c(peer ? peer : "-"));
    list_push(&m->sessions, &s->link);
    return FUTU_OK;
}

static void post_free(struct post *p)
{
    list_remove(&p->link);
    buf_free(&p->answers);
    mem_free(p);
}

void mcp_session_free(struct mcp_session *s)
{
    if (!s)
        return;
    mcp_orphan(s);
    mcp_push_free(s);
    while (!list_empty(&s->posts))
        post_free(list_entry(s->posts.next, struct post, link));
    list_remove(&s->link);
    mem_free(s);
}

bool mcp_session_begun(const struct mcp_session *s)
{
    return s->rev != NULL;
}

bool mcp_session_busy(const struct mcp_session *s)
{
    return !list_empty(&s->posts);
}

void mcp_session_forget(struct mcp_session *s, const void *arg)
{
    struct list *it, *tmp;
    list_each(it, tmp, &s->posts) {
        struct post *p = list_entry(it, struct post, link);
        if (p->arg == arg)
            p->out = NULL;
    }
}

/* ---- answers ---- */

static void post_out(struct post *p, enum mcp_out kind, futu_str text)
{
    if (p->out)
        p->out(kind, text, p->arg);
}

static const char no_memory[] = "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32603,"
                                "\"message\":\"out of memory\"}}";

/* One answer less is to come. */
static void post_end(struct post *p)
{
    if (--p->open > 0)
        return;
    if (p->failed) {
        post_out(p, MCP_ANSWER, STR(no_memory));
    } else if (p->batch && p->answers.n > 0) {
        if (buf_byte(&p->answers, ']'))
            p->answers.p[p->answers.n - 1] = ']';
        post_out(p, MCP_ANSWER, buf_str(&p->answers));
    } else if (p->answers.n == 0) {
        post_out(p, p->dropped ? MCP_DROPPED : MCP_NOTHING, STR(""));
    } else {
        post_out(p, p->bad ? MCP_BAD : MCP_ANSWER, buf_str(&p->answers));
    }
    post_free(p);
}

/* `part` is what stands behind the id. */
static void post_answer(struct post *p, futu_str id, futu_str part)
{
    struct buf *b = &p->answers;
    size_t at = b->n;
    futu_err err = p->batch ? buf_byte(b, at ? ',' : '[') : FUTU_OK;
    if (!err)
        err = buf_puts(b, "{\"jsonrpc\":\"2.0\",\"id\":");
    if (!err)
        err = id.p ? buf_put(b, id.p, id.n) : buf_puts(b, "null");
    p->bad = !id.p;
    if (!err)
        err = buf_put(b, part.p, part.n);
    if (!err)
        err = buf_byte(b, '}');
    if (err) {
        b->n = at;
        p->failed = true;
    }
    post_end(p);
}

void mcp_reply(struct post *p, futu_str id, futu_str result)
{
    struct buf *b = &p->s->m->text;
    b->n = 0;
    futu_err err = buf_puts(b, ",\"result\":");
    if (!err)
        err = buf_put(b, result.p, result.n);
    if (err)
        mcp_fail(p, id, RPC_INTERNAL, "out of memory");
    else
        post_answer(p, id, buf_str(b));
}

void mcp_fail(struct post *p, futu_str id, int code, const char *fmt, ...)
{
    char text[400], head[48];
    struct buf *b = &p->s->m->text;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    snprintf(head, sizeof(head), ",\"error\":{\"code\":%d,\"message\":", code);
    b->n = 0;
    futu_err err = buf_puts(b, head);
    if (!err)
        err = json_put_string(b, str_c(text));
    if (!err)
        err = buf_byte(b, '}');
    post_answer(p, id, err ? STR(",\"error\":{\"code\":-32603,\"message\":\"out of memory\"}")
                           : buf_str(b));
}

void mcp_no_reply(struct post *p)
{
    p->dropped = true;
    post_end(p);
}

void mcp_note(struct post *p, futu_str text)
{
    post_out(p, MCP_NOTE, text);
}

void mcp_log(struct post *p, int level, const char *fmt, ...)
{
    char text[300];
    struct buf *b = &p->s->m->text;
    va_list ap;
    if (p->s->level < 0 || level < p->s->level)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    b->n = 0;
    futu_err err = buf_printf(b, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\","
                              "\"params\":{\"level\":\"%s\",\"logger\":\"futu\",\"data\":",
                              levels[level]);
    if (!err)
        err = json_put_string(b, str_c(text));
    if (!err && buf_puts(b, "}}") == FUTU_OK)
        post_out(p, MCP_NOTE, buf_str(b));
}

/* ---- requests ---- */

static const struct revision *revision_of(futu_str name)
{
    for (size_t i = 0; i < ARRAY_LEN(revisions); i++)
        if (str_is(name, revisions[i].name))
            return &revisions[i];
    return NULL;
}

bool mcp_revision_known(futu_str name)
{
    return revision_of(name) != NULL;
}

bool mcp_revision_primes(futu_str name)
{
    const struct revision *r = revision_of(name);
    return r && r->primes;
}

futu_str mcp_session_revision(const struct mcp_session *s)
{
    return s->rev ? str_c(s->rev->name) : STR_NULL;
}

static void initialize(struct post *p, futu_str id, futu_str params, futu_str token)
{
    struct mcp *m = p->s->m;
    struct buf *b = &m->json;
    (void)token;
    if (p->s->rev) {
        mcp_fail(p, id, RPC_REQUEST, "the session is initialised already");
        return;
    }
    if (p->batch) {
        mcp_fail(p, id, RPC_REQUEST, "initialize is no part of a batch");
        return;
    }
    if (mcp_string(mcp_member(params, "protocolVersion"), &m->body)) {
        mcp_fail(p, id, RPC_PARAMS, "protocolVersion: a revision such as 2025-06-18 is expected");
        return;
    }
    p->s->rev = revision_of(buf_str(&m->body));
    if (!p->s->rev)
        p->s->rev = &revisions[ARRAY_LEN(revisions) - 1];
    b->n = 0;
    futu_err err = buf_printf(
        b,
        "{\"protocolVersion\":\"%s\",\"capabilities\":{\"tools\":{\"listChanged\":false},"
        "\"logging\":{}},\"serverInfo\":{\"name\":\"futu-opend\",\"version\":\"%s\"},"
        "\"instructions\":\"%sQuotes, accounts and orders of a Futu or moomoo account. Symbols are "
        "MARKET.CODE, such as HK.00700 or US.AAPL. Call futu_list_accounts for the acc_id that the "
        "account and trade tools need. An order for a real account is sent only after the user has "
        "agreed to its preview.\"}",
        p->s->rev->name, futu_version(),
        hub_is_paper(m->o.hub)
            ? "PAPER EXCHANGE: prices, accounts and orders are simulated. " : "");
    if (err)
        mcp_fail(p, id, RPC_INTERNAL, "out of memory");
    else
        mcp_reply(p, id, buf_str(b));
}

static void ping(struct post *p, futu_str id, futu_str params, futu_str token)
{
    (void)params;
    (void)token;
    mcp_reply(p, id, STR("{}"));
}

static void set_level(struct post *p, futu_str id, futu_str params, futu_str token)
{
    struct mcp *m = p->s->m;
    (void)token;
    if (mcp_string(mcp_member(params, "level"), &m->body) == FUTU_OK)
        for (size_t i = 0; i < ARRAY_LEN(levels); i++)
            if (str_is(buf_str(&m->body), levels[i])) {
                p->s->level = (int)i;
                mcp_push_level(p->s);
                mcp_reply(p, id, STR("{}"));
                return;
            }
    mcp_fail(p, id, RPC_PARAMS, "level: one of debug, info, notice, warning, error, critical, "
             "alert, emergency is expected");
}

static const struct method {
    const char *name;
    void (*run)(struct post *p, futu_str id, futu_str params, futu_str token);
    bool early;                         /* also before initialize */
} methods[] = {
    { "initialize", initialize, true },     { "ping", ping, true },
    { "tools/list", mcp_list, false },      { "tools/call", mcp_call, false },
    { "logging/setLevel", set_level, false },
};

static const struct method *method_of(futu_str name)
{
    for (size_t i = 0; i < ARRAY_LEN(methods); i++)
        if (str_is(name, methods[i].name))
            return &methods[i];
    return NULL;
}

static bool id_used(const struct mcp_session *s, futu_str id)
{
    struct list *it, *tmp;
    list_each(it, tmp, &s->calls)
        if (str_eq(buf_str(&list_entry(it, struct mcp_call, link)->id), id))
            return true;
    return false;
}

static void request(struct post *p, futu_str id, futu_str name, futu_str params, futu_str token)
{
    const struct method *is = method_of(name);
    if (!is)
        mcp_fail(p, id, RPC_METHOD, "unknown method: " STR_FMT, (int)MIN(name.n, 64), name.p);
    else if (params.p && !mcp_is_object(params))
        mcp_fail(p, id, RPC_PARAMS, "params: an object is expected");
    else if (!is->early && !p->s->rev)
        mcp_fail(p, id, RPC_REQUEST, "the session is not initialised");
    else if (id_used(p->s, id))
        mcp_fail(p, id, RPC_REQUEST, "a request with this id is under way");
    else
        is->run(p, id, params, token);
}

static bool id_ok(futu_str id)
{
    return id.n <= 256 && (*id.p == '"' || *id.p == '-' || (*id.p >= '0' && *id.p <= '9'));
}

static void message(struct post *p, futu_str text, futu_str token)
{
    struct mcp *m = p->s->m;
    futu_str id = mcp_member(text, "id"), method = mcp_member(text, "method"), name;
    futu_str params = mcp_member(text, "params");
    bool known = id.p && id_ok(id);
    p->open++;
    if (mcp_is_object(text) && !method.p && (mcp_member(text, "result").p ||
                                             mcp_member(text, "error").p)) {
        post_end(p);                    /* a response; nothing was asked of the client */
        return;
    }
    if (!mcp_is_object(text) || !str_is(mcp_member(text, "jsonrpc"), "\"2.0\"") ||
        (id.p && !known) || mcp_string(method, &m->body)) {
        mcp_fail(p, known ? id : STR_NULL, RPC_REQUEST, "no JSON-RPC 2.0 message");
        return;
    }
    name = buf_str(&m->body);
    if (id.p) {
        request(p, id, name, params, token);
        return;
    }
    if (str_is(name, "notifications/cancelled"))
        mcp_cancel(p->s, mcp_member(params, "requestId"));
    post_end(p);
}

static void batch(struct post *p, futu_str text, futu_str token)
{
    struct json_lex lx;
    futu_str item;
    size_t n = 0;
    if (!p->s->rev || !p->s->rev->batches || !mcp_enter(&lx, text, '[')) {
        p->open++;
        mcp_fail(p, STR_NULL, RPC_REQUEST, p->s->rev && p->s->rev->batches
                 ? "an empty batch" : "this protocol revision has no batches");
        return;
    }
    while (mcp_next_element(&lx, &item))
        n++;
    if (n > MCP_BATCH_MAX) {
        p->open++;
        mcp_fail(p, STR_NULL, RPC_REQUEST, "a batch has at most %d messages", MCP_BATCH_MAX);
        return;
    }
    p->batch = true;
    mcp_enter(&lx, text, '[');
    while (mcp_next_element(&lx, &item))
        message(p, item, token);
}

void mcp_session_text(struct mcp_session *s, futu_str text, futu_str token, mcp_out_fn *out,
                      void *arg)
{
    struct post *p = mem_zalloc(sizeof(*p));
    text.p = text.p ? text.p : "";
    struct json_lex lx = { text.p, text.p + text.n };
    if (!p) {
        out(MCP_ANSWER, STR(no_memory), arg);
        return;
    }
    *p = (struct post){ .s = s, .out = out, .arg = arg, .open = 1 };
    list_push(&s->posts, &p->link);
    if (text.n > MCP_TEXT_MAX) {
        p->open++;
        mcp_fail(p, STR_NULL, RPC_REQUEST, "a message has at most %u bytes", MCP_TEXT_MAX);
    } else if (!mcp_json_valid(text)) {
        p->open++;
        mcp_fail(p, STR_NULL, RPC_PARSE, "no JSON");
    } else if (json_peek(&lx) == '[') {
        batch(p, (futu_str){ lx.p, (size_t)(lx.end - lx.p) }, token);
    } else {
        message(p, (futu_str){ lx.p, (size_t)(lx.end - lx.p) }, token);
    }
    post_end(p);
}

bool mcp_begins(futu_str text)
{
    return text.n <= MCP_TEXT_MAX && mcp_json_valid(text) &&
           str_is(mcp_member(text, "method"), "\"initialize\"") && mcp_member(text, "id").p;
}
