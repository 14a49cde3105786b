/* mcp_args.c - arguments of a tool as the body of its protocol; see mcp_tools.h. */
#include <stdio.h>

#include "codec/json_name.h"
#include "surface/mcp_tools.h"

#define NAME_ROOM 128

struct args {
    struct mcp_shape s;
    struct doc d;               /* the body */
    struct buf filter;          /* members of filterConditions */
    struct buf text;            /* one value, decoded */
    bool symbols;               /* securityList was given */
    struct mcp_args *out;
    struct body_error *e;
};

static futu_err refuse(struct args *a, const char *code, futu_str name, const char *what)
{
    a->e->code = code;
    snprintf(a->e->text, sizeof(a->e->text), STR_FMT ": %s", (int)MIN(name.n, 64), name.p, what);
    return FUTU_EFORMAT;
}

struct nearest {
    futu_str name;
    unsigned least;
    const char *best;
};

static void consider(struct nearest *near, const char *name)
{
    unsigned d = futu_word_distance(near->name, str_c(name));
    if (d < near->least) {
        near->least = d;
        near->best = name;
    }
}

static void consider_fields(struct nearest *near, const struct mcp_shape *s, const futu_msg *m)
{
    for (size_t i = 0; m && i < m->n_fields; i++)
        if (!mcp_hidden(s, &m->fields[i]))
            consider(near, mcp_name(s, &m->fields[i]));
}

static futu_err unknown(struct args *a, futu_str name)
{
    char what[160];
    struct nearest near = { { name.p, MIN(name.n, 64) }, 4, NULL };
    consider_fields(&near, &a->s, a->s.s.c2s);
    consider_fields(&near, &a->s, a->s.s.head);
    consider_fields(&near, &a->s, a->s.filter ? a->s.filter->sub : NULL);
    if (str_is(name, "stock"))
        near.best = "symbol";
    snprintf(what, sizeof(what), near.best ? "unknown field; did you mean %s?" : "unknown field",
             near.best);
    return refuse(a, "unknown_field", name, what);
}

static futu_err unknown_value(struct args *a, futu_str name, const struct proto_enum *e)
{
    char what[300] = "unknown value, one of ", room[64];
    size_t n = strlen(what);
    for (size_t i = 0; i < e->n && n < sizeof(what); i++) {
        const char *is = mcp_value_name(e, i, room);
        if (is)
            n += (size_t)snprintf(what + n, sizeof(what) - n, "%s ", is);
    }
    return refuse(a, "bad_value", name, what);
}

static bool is_number(futu_str s)
{
    size_t i = s.n > 0 && s.p[0] == '-';
    if (i == s.n)
        return false;
    for (; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return true;
}

/* A number for a name; whatever is no string goes on as it is. */
static futu_err put_number(struct args *a, futu_str name, futu_str value,
                           const struct proto_enum *e)
{
    char number[16];
    int32_t n;
    if (!mcp_is_string(value))
        return buf_put(a->d.out, value.p, value.n);
    futu_err err = mcp_string(value, &a->text);
    if (err)
        return err;
    if (is_number(buf_str(&a->text)))
        return buf_put(a->d.out, value.p, value.n);
    if (!mcp_number(e, buf_str(&a->text), &n))
        return unknown_value(a, name, e);
    snprintf(number, sizeof(number), "%d", (int)n);
    return buf_puts(a->d.out, number);
}

static futu_err put_one(struct args *a, futu_str name, const struct mcp_field *f, futu_str value)
{
    const struct proto_field_doc *doc = f->f ? proto_field_doc(f->m, f->f) : NULL;
    if (doc && doc->numbers)
        return put_number(a, name, value, doc->numbers);
    return buf_put(a->d.out, value.p, value.n);
}

/* One value will do for a list. */
static futu_err put_list(struct args *a, futu_str name, const struct mcp_field *f, futu_str value)
{
    struct json_lex lx;
    futu_str item;
    futu_err err = buf_byte(a->d.out, '[');
    bool list = *value.p == '[', first = true;
    if (!err && !list)
        err = put_one(a, name, f, value);
    if (list && mcp_enter(&lx, value, '['))
        while (!err && mcp_next_element(&lx, &item)) {
            err = first ? FUTU_OK : buf_byte(a->d.out, ',');
            first = false;
            if (!err)
                err = put_one(a, name, f, item);
        }
    return err ? err : buf_byte(a->d.out, ']');
}

static futu_err put_field(struct args *a, futu_str name, const struct mcp_field *f, futu_str value)
{
    doc_key(&a->d, f->f ? f->f->name : "acc_ids");
    if (a->d.err)
        return a->d.err;
    return !f->f || f->f->label == PB_REPEATED ? put_list(a, name, f, value)
                                               : put_one(a, name, f, value);
}

/* Members of the filter are kept aside: they become one object. */
static futu_err put_filtered(struct args *a, futu_str name, const struct mcp_field *f,
                             futu_str value)
{
    struct buf *body = a->d.out;
    a->d.out = &a->filter;
    futu_err err = put_field(a, name, f, value);
    a->d.out = body;
    return err;
}

static futu_err argument(struct args *a, futu_str name, futu_str value)
{
    futu_str *extra = str_is(name, "api_key") ? &a->out->api_key
                      : str_is(name, "confirm_token") && (a->s.tool->flags & MCP_ORDER)
                          ? &a->out->confirm : NULL;
    if (extra) {
        if (!mcp_is_string(value) || extra->p)
            return refuse(a, "bad_value", name, "one string is expected");
        *extra = value;
        return FUTU_OK;
    }
    struct mcp_field f = mcp_find(&a->s, name);
    if (f.place == MCP_AT_NONE)
        return unknown(a, name);
    if (str_is(value, "null"))          /* how many clients say that they leave it out */
        return FUTU_OK;
    a->symbols |= f.f && strcmp(f.f->name, "securityList") == 0;
    return f.place == MCP_AT_FILTER ? put_filtered(a, name, &f, value)
                                    : put_field(a, name, &f, value);
}

static futu_err all(struct args *a, futu_str arguments)
{
    struct json_lex lx;
    char tmp[NAME_ROOM];
    futu_str name, value;
    doc_put(&a->d, "{");
    if (a->s.tool->fixed)
        doc_put(&a->d, a->s.tool->fixed);
    futu_err err = a->d.err;
    if (arguments.p && mcp_enter(&lx, arguments, '{'))
        while (!err && mcp_next_member(&lx, tmp, &name, &value))
            err = argument(a, name, value);
    if (!err && !a->symbols && a->s.tool->flags & MCP_SYMBOLS)
        err = refuse(a, "missing_field", STR("symbols"), "required and missing");
    if (!err && a->filter.n > 0) {
        doc_key(&a->d, "filterConditions");
        doc_put(&a->d, "{");
        err = a->d.err ? a->d.err : buf_put(a->d.out, a->filter.p, a->filter.n);
        if (!err)
            err = buf_byte(a->d.out, '}');
    }
    return err ? err : buf_byte(a->d.out, '}');
}

futu_err mcp_body(const struct mcp_tool *t, futu_str arguments, struct buf *body,
                  struct mcp_args *out, struct body_error *e)
{
    struct args a = { .d = { .out = body }, .out = out, .e = e };
    *out = (struct mcp_args){ STR_NULL, STR_NULL };
    e->text[0] = '\0';
    e->code = "bad_value";
    body->n = 0;
    mcp_shape(&a.s, t);
    futu_err err = all(&a, arguments);
    buf_free(&a.filter);
    buf_free(&a.text);
    if (err && !e->text[0])
        snprintf(e->text, sizeof(e->text), "%s", futu_strerror(err));
    return err;
}
