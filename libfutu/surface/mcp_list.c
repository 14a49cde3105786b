/* mcp_list.c - tools/list, and how the result of a tool is told. */
#include <stdarg.h>
#include <stdio.h>

#include "codec/json_text.h"
#include "surface/mcp_state.h"

/* ---- who ---- */

bool mcp_open_mode(const struct mcp *m)
{
    return !m->o.access || !access_has_keys(m->o.access, IFACE_MCP);
}

bool mcp_open_scope(const struct mcp *m, uint32_t scopes)
{
    return access_scope(NULL, scopes) || (m->o.open_scopes & scopes) != 0;
}

enum deny mcp_who(struct mcp *m, futu_str token, struct api_key **key)
{
    *key = NULL;
    if (mcp_open_mode(m))
        return DENY_NONE;
    if (!token.p && m->api_key.n > 0)
        token = (futu_str){ (const char *)m->api_key.p, m->api_key.n };
    return access_open(m->o.access, IFACE_MCP, token, key);
}

/* ---- tools/list ---- */

/* Without a key on hand all are shown, since a call may bring one. */
static bool listed(const struct mcp *m, const struct mcp_tool *t, enum deny d,
                   const struct api_key *key)
{
    uint32_t scopes = proto_find(t->proto)->scopes;
    if (!(m->o.groups & t->group))
        return false;
    if (mcp_open_mode(m))
        return mcp_open_scope(m, scopes);
    if (d == DENY_MISSING)
        return true;
    return d == DENY_NONE && (scopes == 0 || access_scope(key, scopes));
}

/* The place where the page begins: "t40". False: no cursor of ours. */
static bool cursor_of(struct mcp *m, futu_str params, uint64_t *from)
{
    size_t n;
    futu_str cursor = mcp_member(params, "cursor");
    *from = 0;
    mcp_tools(&n);
    if (!cursor.p)
        return true;
    return mcp_string(cursor, &m->body) == FUTU_OK && m->body.n > 1 && m->body.p[0] == 't' &&
           str_to_u64((futu_str){ (char *)m->body.p + 1, m->body.n - 1 }, from) && *from < n;
}

/* Each entry once; its schemas cost far more than copying it. */
static futu_err write_entries(struct mcp *m, bool output, const struct mcp_entries **out)
{
    struct mcp_entries *e = &m->entries[output];
    struct doc d = { .out = &e->text };
    size_t n;
    const struct mcp_tool *tools = mcp_tools(&n);
    *out = e;
    if (e->text.n > 0)
        return FUTU_OK;
    for (size_t i = 0; i < n; i++) {
        e->at[i] = e->text.n;
        mcp_put_tool(&d, &tools[i], output);
    }
    e->at[n] = e->text.n;
    buf_free(&d.messages);
    if (d.err)
        buf_free(&e->text);
    return d.err;
}

static futu_err put_entry(struct buf *out, const struct mcp_entries *e, size_t i, bool first)
{
    futu_err err = first ? FUTU_OK : buf_byte(out, ',');
    return err ? err : buf_put(out, e->text.p + e->at[i], e->at[i + 1] - e->at[i]);
}

/* Into m->json, from tool `from` on. */
static futu_err put_page(struct mcp *m, const struct mcp_entries *e, uint64_t from, enum deny deny,
                         const struct api_key *key)
{
    size_t n, i, shown = 0;
    const struct mcp_tool *tools = mcp_tools(&n);
    m->json.n = 0;
    futu_err err = buf_puts(&m->json, "{\"tools\":[");
    for (i = (size_t)from; !err && i < n && shown < m->o.page; i++)
        if (listed(m, &tools[i], deny, key))
            err = put_entry(&m->json, e, i, shown++ == 0);
    while (i < n && !listed(m, &tools[i], deny, key))
        i++;
    if (err)
        return err;
    return i < n ? buf_printf(&m->json, "],\"nextCursor\":\"t%zu\"}", i)
                 : buf_puts(&m->json, "]}");
}

void mcp_list(struct post *p, futu_str id, futu_str params, futu_str token)
{
    struct mcp *m = p->s->m;
    const struct mcp_entries *e;
    struct api_key *key;
    uint64_t from;
    if (!cursor_of(m, params, &from)) {
        mcp_fail(p, id, RPC_PARAMS, "cursor: not one that was given out");
        return;
    }
    enum deny deny = mcp_who(m, token, &key);
    futu_err err = write_entries(m, p->s->rev->structured && !m->o.short_list, &e);
    if (!err)
        err = put_page(m, e, from, deny, key);
    if (err)
        mcp_fail(p, id, RPC_INTERNAL, "%s", futu_strerror(err));
    else
        mcp_reply(p, id, buf_str(&m->json));
}

/* ---- answers ---- */

static futu_err put_content(struct buf *b, futu_str json, futu_str lines)
{
    futu_err err = buf_puts(b, "{\"content\":[{\"type\":\"text\",\"text\":");
    if (!err)
        err = json_put_string(b, json);
    if (!err && lines.n > 0)
        err = buf_puts(b, "},{\"type\":\"text\",\"text\":");
    if (!err && lines.n > 0)
        err = json_put_string(b, lines);
    return err ? err : buf_puts(b, "}]");
}

void mcp_tell(struct post *p, futu_str id, bool bad)
{
    struct mcp *m = p->s->m;
    struct buf *b = &m->body;
    b->n = 0;
    futu_err err = put_content(b, buf_str(&m->json), buf_str(&m->lines));
    if (!err && p->s->rev && p->s->rev->structured && !bad) {
        err = buf_puts(b, ",\"structuredContent\":");
        if (!err)
            err = buf_put(b, m->json.p, m->json.n);
    }
    if (!err)
        err = buf_puts(b, bad ? ",\"isError\":true}" : ",\"isError\":false}");
    if (err)
        mcp_fail(p, id, RPC_INTERNAL, "%s", futu_strerror(err));
    else
        mcp_reply(p, id, buf_str(b));
}

void mcp_tell_error(struct post *p, futu_str id, const char *fmt, ...)
{
    struct mcp *m = p->s->m;
    char text[600];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    m->json.n = m->lines.n = 0;
    futu_err err = buf_puts(&m->json, "{\"error\":");
    if (!err)
        err = json_put_string(&m->json, str_c(text));
    if (!err)
        err = buf_puts(&m->json, ",\"status\":\"error\"}");
    if (err)
        mcp_fail(p, id, RPC_INTERNAL, "%s", futu_strerror(err));
    else
        mcp_tell(p, id, true);
}
