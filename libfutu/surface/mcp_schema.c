/* mcp_schema.c - what tools/list says of a tool: its arguments, generated from the rules. */
#include <math.h>
#include <stdio.h>

#include "codec/json_text.h"
#include "surface/mcp_rule.h"

static void put_integer(struct doc *d, const char *key, int64_t n)
{
    char text[32];
    doc_key(d, key);
    snprintf(text, sizeof(text), "%lld", (long long)n);
    doc_put(d, text);
}

static void put_bounds(struct doc *d, const struct mcp_rule *r)
{
    if (!isnan(r->least))
        put_integer(d, r->above ? "exclusiveMinimum" : "minimum", (int64_t)r->least);
    if (!isnan(r->most))
        put_integer(d, "maximum", (int64_t)r->most);
}

/* Names first, then their numbers, which are taken as well. */
static void put_enum(struct doc *d, const struct proto_enum *e)
{
    char room[64];
    doc_put(d, "\"type\":[\"string\",\"integer\"]");
    doc_key(d, "enum");
    doc_put(d, "[");
    for (size_t i = 0; i < e->n; i++) {
        const char *name = mcp_value_name(e, i, room);
        if (name) {
            doc_comma(d);
            doc_text(d, name);
        }
    }
    for (size_t i = 0; i < e->n; i++)
        if (mcp_value_name(e, i, room)) {
            snprintf(room, sizeof(room), ",%d", (int)e->values[i].number);
            doc_put(d, room);
        }
    doc_put(d, "]");
}

static void put_pattern(struct doc *d, enum mcp_kind kind)
{
    const char *pattern = mcp_pattern(kind);
    if (!pattern)
        return;
    doc_put(d, ",\"pattern\":\"");
    doc_put(d, pattern);
    doc_put(d, "\"");
}

static void put_object(struct doc *d, const futu_msg *m);

/* The members of one value's schema, without its list. */
static void put_value(struct doc *d, const struct mcp_rule *r)
{
    switch (r->kind) {
    case MCP_OBJECT:
        put_object(d, r->sub);
        break;
    case MCP_ANY:
        doc_put(d, "\"type\":\"object\"");
        break;
    case MCP_ENUM:
        put_enum(d, r->numbers);
        break;
    case MCP_ID:            /* as a number it would lose its last digits in many clients */
        doc_put(d, "\"type\":[\"string\",\"integer\"]");
        if (r->above)
            doc_put(d, ",\"pattern\":\"^[1-9][0-9]{0,19}$\",\"exclusiveMinimum\":0");
        else
            put_pattern(d, r->kind);
        if (!r->above)
            doc_put(d, ",\"minimum\":0");
        break;
    case MCP_INTEGER:
    case MCP_NUMBER:
        doc_put(d, r->kind == MCP_NUMBER ? "\"type\":\"number\"" : "\"type\":\"integer\"");
        put_bounds(d, r);
        break;
    case MCP_BOOL:
        doc_put(d, "\"type\":\"boolean\"");
        break;
    default:
        doc_put(d, "\"type\":\"string\"");
        put_pattern(d, r->kind);
        if (r->max_chars)
            put_integer(d, "maxLength", r->max_chars);
    }
}

static void put_text(struct doc *d, const struct mcp_rule *r)
{
    static const char symbol[] = "MARKET.CODE, such as HK.00700, US.AAPL, SH.600519.";
    static const char code[] = "MARKET.CODE, such as HK.00700; or CODE, with the market beside it.";
    futu_str text = mcp_rule_text(r);
    if (r->kind == MCP_SYMBOL)
        text = STR(symbol);
    if (r->kind == MCP_CODE && !r->list)
        text = STR(code);
    if (text.n == 0 || d->err)
        return;
    doc_key(d, "description");
    if (!d->err)
        d->err = json_put_string(d->out, text);
    uint8_t *first = d->out->p + d->out->n - text.n - 1;
    if (!d->err && d->out->n > text.n && *first >= 'a' && *first <= 'z')
        *first -= 'a' - 'A';            /* an enum's name stood before it */
}

/* {...} of an argument; the caller may add members in front of the bracket. */
static void put_rule(struct doc *d, const struct mcp_rule *r)
{
    doc_put(d, "{");
    if (r->list)
        doc_put(d, "\"type\":\"array\",\"items\":{");
    put_value(d, r);
    if (r->list) {
        doc_put(d, "}");
        if (r->max_items)
            put_integer(d, "maxItems", r->max_items);
    }
    put_text(d, r);
}

static void put_object(struct doc *d, const futu_msg *m)
{
    struct mcp_rule r;
    doc_put(d, "\"type\":\"object\",\"properties\":{");
    for (size_t i = 0; i < m->n_fields; i++) {
        doc_key(d, m->fields[i].snake);
        mcp_rule_member(m, &m->fields[i], &r);
        put_rule(d, &r);
        doc_put(d, "}");
    }
    doc_put(d, "},\"required\":[");
    for (size_t i = 0; i < m->n_fields; i++)
        if (m->fields[i].label == PB_REQUIRED) {
            doc_comma(d);
            doc_text(d, m->fields[i].snake);
        }
    doc_put(d, "],\"additionalProperties\":false");
}

static void put_default(struct doc *d, const struct mcp_tool *t, const struct mcp_field *f,
                        const struct mcp_rule *r)
{
    char room[64];
    futu_str value = f->f ? mcp_default(t, f->f) : STR_NULL;
    if (!value.p || d->err)
        return;
    if (r->numbers) {
        for (size_t i = 0; i < r->numbers->n; i++) {
            snprintf(room, sizeof(room), "%d", (int)r->numbers->values[i].number);
            if (str_is(value, room)) {
                doc_member(d, "default", mcp_value_name(r->numbers, i, room));
                return;
            }
        }
        return;
    }
    doc_key(d, "default");
    if (!d->err)
        d->err = buf_put(d->out, value.p, value.n);
}

static void put_input(struct doc *d, const struct mcp_tool *t)
{
    struct mcp_shape s;
    struct mcp_rule r;
    struct mcp_field f = { MCP_AT_NONE, NULL, NULL };
    mcp_shape(&s, t);
    doc_put(d, "{\"type\":\"object\",\"properties\":{");
    while (mcp_next(&s, &f)) {
        mcp_rule(&s, &f, &r);
        doc_key(d, mcp_arg_name(&s, &f));
        put_rule(d, &r);
        put_default(d, t, &f, &r);
        doc_put(d, "}");
    }
    doc_put(d, "},\"required\":[");
    f = (struct mcp_field){ MCP_AT_NONE, NULL, NULL };
    while (mcp_next(&s, &f))
        if (!mcp_optional(&s, &f)) {
            doc_comma(d);
            doc_text(d, mcp_arg_name(&s, &f));
        }
    doc_put(d, "],\"additionalProperties\":false}");
}

static const char *yes_no(bool b)
{
    return b ? "true" : "false";
}

static void put_hints(struct doc *d, const struct mcp_tool *t)
{
    char text[160];
    bool reads = !(t->flags & MCP_CHANGES);
    snprintf(text, sizeof(text),
             ",\"annotations\":{\"readOnlyHint\":%s,\"destructiveHint\":%s,\"idempotentHint\":%s,"
             "\"openWorldHint\":true}",
             yes_no(reads), yes_no(t->flags & MCP_DESTROYS),
             yes_no(reads || !(t->flags & MCP_DESTROYS)));
    doc_put(d, text);
}

void mcp_put_tool(struct doc *d, const struct mcp_tool *t, bool output)
{
    doc_put(d, "{");
    doc_member(d, "name", t->name);
    doc_member(d, "description", t->text);
    doc_key(d, "inputSchema");
    put_input(d, t);
    if (output) {
        doc_key(d, "outputSchema");
        mcp_put_output(d, t);
    }
    put_hints(d, t);
    doc_put(d, "}");
}
