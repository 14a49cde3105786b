/* mcp_output.c - outputSchema of a tool: what mcp_result.c writes, described by the descriptor of
 * the Response. Numbers that are none are left out of a result, so that no number is required. */
#include <stdio.h>

#include "codec/json_text.h"
#include "surface/mcp_rule.h"

static void put_ref(struct doc *d, const futu_msg *m)
{
    const futu_msg *const *known = (const void *)d->messages.p;
    bool seen = false;
    for (size_t i = 0; i < d->messages.n / sizeof(m); i++)
        seen |= known[i] == m;
    if (!seen && !d->err)
        d->err = buf_put(&d->messages, &m, sizeof(m));
    doc_put(d, "\"$ref\":\"#/$defs/");
    doc_put(d, m->name);
    doc_put(d, "\"");
}

static bool is_real(const struct pb_field *f)
{
    return f->type == PB_FLOAT || f->type == PB_DOUBLE;
}

static bool is_symbol(const struct pb_field *f)
{
    return f->sub == &Qot_Common_Security_msg && strcmp(f->snake, "security") == 0;
}

static void put_type(struct doc *d, const struct pb_field *f)
{
    static const char *const types[] = {
        [PB_INT32] = "\"type\":\"integer\"",    [PB_INT64] = "\"type\":\"integer\"",
        [PB_UINT32] = "\"type\":\"integer\"",   [PB_UINT64] = "\"type\":\"integer\"",
        [PB_BOOL] = "\"type\":\"boolean\"",     [PB_FLOAT] = "\"type\":\"number\"",
        [PB_DOUBLE] = "\"type\":\"number\"",    [PB_STRING] = "\"type\":\"string\"",
        [PB_BYTES] = "\"type\":\"string\"",
    };
    if (f->sub == &Qot_Common_Security_msg)
        doc_put(d, "\"type\":\"string\"");
    else if (f->type == PB_MESSAGE)
        put_ref(d, f->sub);
    else
        doc_put(d, is_real(f) && f->label == PB_REPEATED ? "\"type\":[\"number\",\"null\"]"
                                                        : types[f->type]);
}

static void put_text(struct doc *d, const futu_msg *m, const struct pb_field *f)
{
    const struct proto_field_doc *doc = proto_field_doc(m, f);
    struct mcp_rule r = { .text = doc ? doc->text : NULL, .numbers = doc ? doc->numbers : NULL };
    futu_str text = mcp_rule_text(&r);
    if (text.n == 0 || d->err)
        return;
    doc_key(d, "description");
    if (!d->err)
        d->err = json_put_string(d->out, text);
}

static void put_string(struct doc *d, const char *name, const char *tail)
{
    char key[96];
    snprintf(key, sizeof(key), "%s%s", name, tail);
    doc_key(d, key);
    doc_put(d, "{\"type\":\"string\"}");
}

/* The field and what stands beside it. */
static void put_field(struct doc *d, const futu_msg *m, const struct pb_field *f)
{
    const struct proto_field_doc *doc = proto_field_doc(m, f);
    bool list = f->label == PB_REPEATED;
    doc_key(d, is_symbol(f) ? "symbol" : f->snake);
    doc_put(d, list ? "{\"type\":\"array\",\"items\":{" : "{");
    put_type(d, f);
    if (list)
        doc_put(d, "}");
    put_text(d, m, f);
    doc_put(d, "}");
    if (!list && (f->type == PB_INT64 || f->type == PB_UINT64))
        put_string(d, f->snake, "_str");
    if (!list && doc && doc->numbers)
        put_string(d, f->snake, "_name");
}

/* What is written beside the members of some messages. */
static void put_beside(struct doc *d, const futu_msg *m)
{
    bool trade = codec_field(m, STR("secMarket")) && codec_field(m, STR("code"));
    if (trade)
        put_string(d, "symbol", "");
    if ((trade || codec_field(m, STR("security"))) && !codec_field(m, STR("currency")))
        put_string(d, "currency", "");
    if (m != &Qot_Common_BasicQot_msg)
        return;
    doc_key(d, "last_close");
    doc_put(d, "{\"type\":\"number\"}");
    doc_key(d, "change_rate");
    doc_put(d, "{\"type\":\"number\",\"description\":\"Percent of last_close.\"}");
}

static void put_properties(struct doc *d, const futu_msg *m)
{
    for (size_t i = 0; i < m->n_fields; i++)
        put_field(d, m, &m->fields[i]);
    put_beside(d, m);
}

static void put_required(struct doc *d, const futu_msg *m)
{
    doc_put(d, "\"required\":[");
    for (size_t i = 0; i < m->n_fields; i++)
        if (m->fields[i].label == PB_REQUIRED && !is_real(&m->fields[i])) {
            doc_comma(d);
            doc_text(d, is_symbol(&m->fields[i]) ? "symbol" : m->fields[i].snake);
        }
    doc_put(d, "]");
}

static void put_defs(struct doc *d)
{
    doc_put(d, ",\"$defs\":{");
    for (size_t i = 0; i < d->messages.n / sizeof(futu_msg *) && !d->err; i++) {
        const futu_msg *m = ((const futu_msg *const *)(const void *)d->messages.p)[i];
        doc_key(d, m->name);
        doc_put(d, "{\"type\":\"object\",\"properties\":{");
        put_properties(d, m);
        doc_put(d, "},");
        put_required(d, m);
        doc_put(d, "}");
    }
    doc_put(d, "}");
}

/* What every result may have at its end. */
static void put_tail(struct doc *d, const struct mcp_tool *t)
{
    if (t->flags & MCP_ORDER) {
        doc_key(d, "sent");
        doc_put(d, "{\"type\":\"boolean\",\"description\":\"false: a preview.\"},"
                   "\"status\":{\"type\":\"string\"},\"confirm_token\":{\"type\":\"string\"},"
                   "\"expires_in_s\":{\"type\":\"integer\"},\"request\":{\"type\":\"object\"}");
    }
    if (t->flags & MCP_TIMED) {
        doc_key(d, "time");
        doc_put(d, "{\"type\":\"integer\",\"description\":\"UTC seconds.\"},"
                   "\"round_trip_ms\":{\"type\":\"number\"},"
                   "\"qot_logined\":{\"type\":\"boolean\"},\"trd_logined\":{\"type\":\"boolean\"}");
    }
    if (t->group == MCP_PUSH) {
        doc_key(d, "acc_ids");
        doc_put(d, "{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"description\":"
                   "\"Registered now in this session.\"}");
    }
    doc_key(d, "markets");
    doc_put(d, "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{"
               "\"market\":{\"type\":\"string\"},\"currency\":{\"type\":\"string\"},"
               "\"time_zone\":{\"type\":\"string\"},\"utc_offset\":{\"type\":\"string\"},"
               "\"open\":{\"type\":\"boolean\"},\"next_open\":{\"type\":\"string\"}},"
               "\"required\":[\"market\",\"currency\",\"time_zone\",\"utc_offset\"]}}");
    doc_put(d, ",\"paper\":{\"type\":\"boolean\",\"description\":\"All of it is simulated.\"},"
               "\"truncated\":{\"type\":\"string\",\"description\":\"Rows were left out.\"}");
}

/* The message that a result is written from; NULL: nobody here knows it. */
static const futu_msg *written(const struct mcp_tool *t)
{
    const futu_msg *m = proto_find(t->proto)->response;
    const struct pb_field *s2c = m ? codec_field(m, STR("s2c")) : NULL;
    if (s2c)
        m = s2c->sub;
    if (t->flags & MCP_TIMED)
        return NULL;            /* some of its members, see round_trip() */
    return m && t->flags & MCP_FIRST ? m->fields[0].sub : m;
}

void mcp_put_output(struct doc *d, const struct mcp_tool *t)
{
    const futu_msg *m = written(t);
    struct buf kept = d->messages;
    d->messages = (struct buf)BUF_INIT;
    doc_put(d, "{\"type\":\"object\",\"properties\":{");
    if (m)
        put_properties(d, m);
    put_tail(d, t);
    doc_put(d, "}");
    /* A preview has other members, and of no row at all none is there. */
    if (m && !(t->flags & (MCP_ORDER | MCP_FIRST))) {
        doc_put(d, ",");
        put_required(d, m);
    }
    if (d->messages.n > 0)
        put_defs(d);
    doc_put(d, "}");
    buf_free(&d->messages);
    d->messages = kept;
}
