/* openapi_schema.c - JSON schemas from descriptors; see openapi_doc.h. */
#include "surface/openapi_doc.h"

#include <stdio.h>

#include "codec/json_text.h"

void doc_put(struct doc *d, const char *json)
{
    if (!d->err)
        d->err = buf_puts(d->out, json);
}

void doc_comma(struct doc *d)
{
    uint8_t last = d->out->n ? d->out->p[d->out->n - 1] : '{';
    if (last != '{' && last != '[')
        doc_put(d, ",");
}

void doc_text(struct doc *d, const char *text)
{
    if (!d->err)
        d->err = json_put_string(d->out, str_c(text));
}

void doc_key(struct doc *d, const char *name)
{
    doc_comma(d);
    doc_text(d, name);
    doc_put(d, ":");
}

void doc_member(struct doc *d, const char *name, const char *text)
{
    if (!text)
        return;
    doc_key(d, name);
    doc_text(d, text);
}

static void remember(struct doc *d, const futu_msg *m)
{
    const futu_msg *const *known = (const void *)d->messages.p;
    for (size_t i = 0; i < d->messages.n / sizeof(m); i++)
        if (known[i] == m)
            return;
    if (!d->err)
        d->err = buf_put(&d->messages, &m, sizeof(m));
}

void doc_ref(struct doc *d, const futu_msg *m)
{
    remember(d, m);
    doc_put(d, "{\"$ref\":\"#/components/schemas/");
    doc_put(d, m->name);
    doc_put(d, "\"}");
}

void doc_value_schema(struct doc *d, const struct pb_field *f)
{
    static const char *const schema[] = {
        [PB_INT32] = "{\"type\":\"integer\",\"format\":\"int32\"}",
        [PB_INT64] = "{\"type\":\"integer\",\"format\":\"int64\"}",
        [PB_UINT32] = "{\"type\":\"integer\",\"format\":\"uint32\",\"minimum\":0}",
        [PB_UINT64] = "{\"type\":\"integer\",\"format\":\"uint64\",\"minimum\":0}",
        [PB_BOOL] = "{\"type\":\"boolean\"}",
        [PB_FLOAT] = "{\"type\":\"number\",\"format\":\"float\"}",
        [PB_DOUBLE] = "{\"type\":\"number\",\"format\":\"double\"}",
        [PB_STRING] = "{\"type\":\"string\"}",
        [PB_BYTES] = "{\"type\":\"string\",\"contentEncoding\":\"base64\"}",
    };
    if (f->type == PB_MESSAGE)
        doc_ref(d, f->sub);
    else
        doc_put(d, schema[f->type]);
}

/* Of several names for a number the last one is in use. */
static bool superseded(const struct proto_enum *e, size_t i)
{
    for (size_t k = i + 1; k < e->n; k++)
        if (e->values[k].number == e->values[i].number)
            return true;
    return false;
}

/* The numbers are not a closed set: the protocol grows, and some fields take 0 for none. */
static void put_numbers(struct doc *d, const struct proto_enum *e)
{
    char n[16];
    doc_member(d, "x-enum", e->name);
    doc_key(d, "x-enum-names");
    doc_put(d, "{");
    for (size_t i = 0; i < e->n && !d->err; i++) {
        if (superseded(e, i))
            continue;
        doc_comma(d);
        futu_str number = { n, (size_t)snprintf(n, sizeof(n), "%d", (int)e->values[i].number) };
        d->err = json_put_string(d->out, number);
        doc_put(d, ":");
        doc_text(d, e->values[i].name);
    }
    doc_put(d, "}");
}

void doc_property(struct doc *d, const futu_msg *m, const struct pb_field *f)
{
    const struct proto_field_doc *doc = proto_field_doc(m, f);
    doc_key(d, f->snake);
    if (f->label == PB_REPEATED) {
        doc_put(d, "{\"type\":\"array\",\"items\":");
        doc_value_schema(d, f);
        doc_put(d, "}");
    } else {
        doc_value_schema(d, f);
    }
    if (!doc || d->err)
        return;
    d->out->n--;                /* the bracket: there is more to say */
    doc_member(d, "description", doc->text);
    if (doc->numbers)
        put_numbers(d, doc->numbers);
    doc_put(d, "}");
}

static void put_required(struct doc *d, const futu_msg *m)
{
    bool any = false;
    for (size_t i = 0; i < m->n_fields; i++) {
        if (m->fields[i].label != PB_REQUIRED)
            continue;
        if (!any)
            doc_put(d, ",\"required\":[");
        any = true;
        doc_comma(d);
        doc_text(d, m->fields[i].snake);
    }
    if (any)
        doc_put(d, "]");
}

static void put_object(struct doc *d, const futu_msg *m)
{
    const struct proto_doc *doc = proto_doc(m);
    doc_put(d, "{\"type\":\"object\"");
    if (doc)
        doc_member(d, "description", doc->text);
    doc_put(d, ",\"properties\":{");
    for (size_t i = 0; i < m->n_fields; i++)
        doc_property(d, m, &m->fields[i]);
    doc_put(d, "}");
    put_required(d, m);
    doc_put(d, "}");
}

static void put_message(struct doc *d, const futu_msg *m)
{
    doc_key(d, m->name);
    if (m != &Qot_Common_Security_msg) {
        put_object(d, m);
        return;
    }
    doc_put(d, "{\"description\":\"A security; requests may also name it by market and code: "
               "HK.00700.\",\"anyOf\":[");
    put_object(d, m);
    doc_put(d, ",{\"type\":\"string\",\"pattern\":\"^[A-Za-z]{2}\\\\..+$\"}]}");
}

void doc_schemas(struct doc *d)
{
    for (size_t i = 0; i < d->messages.n / sizeof(futu_msg *) && !d->err; i++)
        put_message(d, ((const futu_msg *const *)(const void *)d->messages.p)[i]);
}

void flat_init(struct flat *f, const struct route *r)
{
    f->route = r;
    body_shape(proto_find(r->proto), &f->s);
}

/* A member that the route or the gateway sets when absent, or whose place another may take. */
static bool filled(const struct flat *f, const struct pb_field *field)
{
    static const char *const names[] = { "packetID", "accID", "userID" };
    char quoted[64];
    if (strcmp(field->name, "trdMarket") == 0)
        return codec_field(f->s.c2s, STR("secMarket")) != NULL;     /* by the code's market */
    if (strcmp(field->name, "orderID") == 0 && codec_field(f->s.c2s, STR("orderIDEx")))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(field->name, names[i]) == 0)
            return true;
    snprintf(quoted, sizeof(quoted), "\"%s\"", field->name);
    return f->route->preset && strstr(f->route->preset, quoted);
}

static void each(struct doc *d, const struct flat *f, const futu_msg *m, flat_fn *fn)
{
    for (size_t i = 0; i < m->n_fields; i++) {
        const struct pb_field *field = &m->fields[i];
        bool again = f->s.head && m != f->s.head && codec_field(f->s.head, str_c(field->name));
        if (field != f->s.outer_head && !again)
            fn(d, m, field, field->label == PB_REQUIRED && !filled(f, field));
    }
}

void flat_each(struct doc *d, const struct flat *f, flat_fn *fn)
{
    if (f->s.head)
        each(d, f, f->s.head, fn);
    each(d, f, f->s.c2s, fn);
}
