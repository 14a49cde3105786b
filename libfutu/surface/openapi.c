/* openapi.c - see openapi.h.
 *
 * The order is that of the routes, and of the messages as they are first named.
 */
#include "surface/openapi.h"

#include <stdio.h>

#include "surface/openapi_doc.h"

static const struct {
    uint8_t bit;
    const char *name;
} scopes[] = {
    { SCOPE_QOT_READ, "qot:read" },             { SCOPE_ACC_READ, "acc:read" },
    { SCOPE_TRADE_SIMULATE, "trade:simulate" }, { SCOPE_TRADE_REAL, "trade:real" },
    { SCOPE_TRADE_UNLOCK, "trade:unlock" },     { SCOPE_ADMIN, "admin" },
    { SCOPE_METRICS_READ, "metrics:read" },
};

/* Answers that are no envelope; a description and its media type. */
static const struct {
    const char *status, *name, *text;
    uint8_t methods;            /* only of these */
    bool write;                 /* only of calls that take an Idempotency-Key */
} errors[] = {
    { "400", "BadRequest", "The body or the query is wrong; the text names the member.", 0xff,
      false },
    { "401", "Unauthorized", "A valid key is needed.", 0xff, false },
    { "403", "Forbidden", "The key's scope or accounts do not cover the call.", 0xff, false },
    { "404", "NotFound", "There is no such path.", 0xff, false },
    { "405", "MethodNotAllowed", "The path has other methods; see Allow.", 0xff, false },
    { "409", "Conflict", "The Idempotency-Key belongs to another request, or to one under way.",
      METHOD_POST, true },
    { "413", "TooLarge", "The body is over the limit.", METHOD_POST, false },
    { "415", "UnsupportedMediaType", "The body is no application/json.", METHOD_POST, false },
    { "429", "TooManyRequests", "A limit of the key is used up, or the call was made too often; "
      "Retry-After says for how long.", 0xff, false },
};

/* What the answers have beside a description; the others have an Error. */
static const char too_early[] =
    ",\"headers\":{\"Retry-After\":{\"description\":\"Seconds until it may be tried again.\","
    "\"schema\":{\"type\":\"integer\",\"minimum\":1}}},\"content\":{\"application/json\":"
    "{\"schema\":{\"$ref\":\"#/components/schemas/TooEarly\"}}}}";

static const char head[] =
    "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"futu-opend\","
    "\"license\":{\"name\":\"MIT\",\"identifier\":\"MIT\"},\"description\":"
    "\"Quotes and orders through a Futu gateway. A call is the flat object of its members, or "
    "{\\\"c2s\\\": {...}} as in the protocol; names are snake_case, declared names work as well. "
    "A security is an object of market and code, or a text such as HK.00700. An unknown member is "
    "an error. Also accepted: symbol, code, stock for security (or a list of one); symbols, codes, "
    "stocks, code_list for security_list; env for trd_env; market for trd_market of an account; "
    "start, end, ktype, autype, num. 64-bit ids are plain numbers, or texts when Accept has "
    "int64=string. Every call of the protocol is also at /api/call/NAME, /api/qot/NAME and "
    "/api/trd/NAME.\"";
static const char servers[] =
    "},\"servers\":[{\"url\":\"/\"}],\"security\":[{\"bearer\":[]}],\"paths\":{";

static const char envelope[] =
    "\"Envelope\":{\"type\":\"object\",\"properties\":{\"ret_type\":{\"type\":\"integer\","
    "\"description\":\"0: success.\"},\"ret_msg\":{\"type\":[\"string\",\"null\"]},\"err_code\":"
    "{\"type\":[\"integer\",\"null\"]}},\"required\":[\"ret_type\",\"ret_msg\",\"err_code\"]},"
    "\"Error\":{\"type\":\"object\",\"properties\":{\"error\":{\"type\":\"string\"}},"
    "\"required\":[\"error\"]},"
    "\"TooEarly\":{\"type\":\"object\",\"properties\":{\"error\":{\"type\":\"string\"},"
    "\"retry_after_s\":{\"type\":\"integer\",\"description\":\"The seconds of Retry-After.\"}},"
    "\"required\":[\"error\",\"retry_after_s\"]}";

static void put_scopes(struct doc *d, const struct route *r)
{
    doc_key(d, "x-scope");
    doc_put(d, "[");
    for (size_t i = 0; i < ARRAY_LEN(scopes); i++) {
        if (!(r->scopes & scopes[i].bit))
            continue;
        doc_comma(d);
        doc_text(d, scopes[i].name);
    }
    doc_put(d, "]");
}

static const char *tag(const struct route *r)
{
    static const struct {
        uint32_t to;
        const char *name;
    } tags[] = {
        { 1999, "system" },   { 2999, "account" }, { 3003, "subscription" },
        { 3999, "quote" },    { 22799, "account" }, { UINT32_MAX, "system" },
    };
    size_t i = 0;
    if (r->kind != ROUTE_CALL)
        return r->scopes & SCOPE_ADMIN ? "admin" : "system";
    if (r->closed)
        return "trade";
    while (r->proto > tags[i].to)
        i++;
    return tags[i].name;
}

/* "get" and the path, with _ for what can't stand in a name. */
static void put_operation_id(struct doc *d, const char *method, const char *path)
{
    char id[96];
    snprintf(id, sizeof(id), "%s%s", method, path);
    for (char *p = id; *p; p++)
        *p = *p == '/' || *p == '-' || *p == '.' ? '_' : *p;
    doc_member(d, "operationId", id);
}

/* Orders, and unlocking: a repeat with the same Idempotency-Key gets the first answer. */
static bool takes_key(const struct route *r)
{
    return r->kind == ROUTE_CALL &&
           (proto_find(r->proto)->write || r->proto == PROTO_TRD_UNLOCK_TRADE);
}

static void put_errors(struct doc *d, const struct route *r, enum http_method method)
{
    for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
        bool key = strcmp(errors[i].status, "401") == 0 || strcmp(errors[i].status, "403") == 0;
        if (!(errors[i].methods & method) || (r->open && key) || (errors[i].write && !takes_key(r)))
            continue;
        doc_key(d, errors[i].status);
        doc_put(d, "{\"$ref\":\"#/components/responses/");
        doc_put(d, errors[i].name);
        doc_put(d, "\"}");
    }
}

/* What a call answers. */
static void put_reply(struct doc *d, const struct route *r)
{
    const struct proto_row *row = proto_find(r->proto);
    const struct pb_field *s2c = row->response ? codec_field(row->response, STR("s2c")) : NULL;
    doc_put(d, "\"200\":{\"description\":\"The call was answered; ret_type says how.\",\"content\":"
               "{\"application/json\":{\"schema\":");
    if (!s2c) {
        doc_put(d, "{\"$ref\":\"#/components/schemas/Envelope\"}");
    } else {
        doc_put(d, "{\"allOf\":[{\"$ref\":\"#/components/schemas/Envelope\"},{\"type\":\"object\","
                   "\"properties\":{\"s2c\":");
        doc_ref(d, s2c->sub);
        doc_put(d, "}}]}");
    }
    doc_put(d, "}}}");
}

/* What the routes beside the protocol answer. */
static void put_own_reply(struct doc *d, const struct route *r)
{
    bool text = r->kind == ROUTE_HEALTH || r->kind == ROUTE_READY || r->kind == ROUTE_METRICS;
    if (r->kind == ROUTE_WS) {
        doc_put(d, "\"101\":{\"description\":\"The WebSocket is open: one JSON object for each "
                   "push.\"}");
        return;
    }
    doc_put(d, text ? "\"200\":{\"description\":\"Yes.\",\"content\":{\"text/plain\":{\"schema\":"
                      "{\"type\":\"string\"}}}}"
                    : "\"200\":{\"description\":\"The answer.\",\"content\":{\"application/json\":"
                      "{\"schema\":{\"type\":\"object\"}}}}");
    if (r->kind == ROUTE_READY)
        doc_put(d, ",\"503\":{\"description\":\"Not yet, or not any more.\"}");
}

static void put_parameter(struct doc *d, const futu_msg *m, const struct pb_field *f, bool required)
{
    const struct proto_field_doc *doc = proto_field_doc(m, f);
    if (f->type == PB_MESSAGE && f->sub != &Qot_Common_Security_msg)
        return;                 /* objects are for the body */
    doc_comma(d);
    doc_put(d, "{");
    doc_member(d, "name", f->snake);
    doc_member(d, "in", "query");
    if (required)
        doc_put(d, ",\"required\":true");
    if (doc)
        doc_member(d, "description", doc->text);
    if (f->label == PB_REPEATED)
        doc_put(d, ",\"style\":\"form\",\"explode\":false,\"schema\":{\"type\":\"array\","
                   "\"items\":");
    else
        doc_put(d, ",\"schema\":");
    if (f->type == PB_MESSAGE)
        doc_put(d, "{\"type\":\"string\",\"examples\":[\"HK.00700\"]}");
    else
        doc_value_schema(d, f);
    doc_put(d, f->label == PB_REPEATED ? "}}" : "}");
}

static void put_property(struct doc *d, const futu_msg *m, const struct pb_field *f, bool required)
{
    (void)required;
    doc_property(d, m, f);
}

static void put_name_if_required(struct doc *d, const futu_msg *m, const struct pb_field *f,
                                 bool required)
{
    (void)m;
    if (!required)
        return;
    doc_comma(d);
    doc_text(d, f->snake);
}

static void put_flat_schema(struct doc *d, const struct flat *f)
{
    doc_put(d, "{\"title\":\"flat\",\"type\":\"object\",\"properties\":{");
    flat_each(d, f, put_property);
    if (f->s.head)
        doc_put(d, ",\"card_num\":{\"type\":\"string\",\"description\":\"In place of acc_id.\"}");
    doc_put(d, "},\"required\":[");
    flat_each(d, f, put_name_if_required);
    doc_put(d, "]}");
}

static void put_body(struct doc *d, const struct route *r)
{
    const struct proto_row *row = proto_find(r->proto);
    const char *example = openapi_example(r->path);
    struct flat f;
    doc_put(d, ",\"requestBody\":{\"content\":{\"application/json\":{\"schema\":");
    if (row->request) {
        flat_init(&f, r);
        doc_put(d, "{\"anyOf\":[");
        put_flat_schema(d, &f);
        doc_put(d, ",{\"title\":\"c2s\",\"type\":\"object\",\"properties\":{\"c2s\":");
        doc_ref(d, f.s.c2s);
        doc_put(d, "},\"required\":[\"c2s\"]}]}");
    } else {
        doc_put(d, "{\"type\":\"object\"}");
    }
    doc_put(d, ",\"example\":");
    doc_put(d, example ? example : "{}");
    doc_put(d, "}}}");
}

static void put_input(struct doc *d, const struct route *r, enum http_method method)
{
    struct flat f;
    if (r->kind != ROUTE_CALL)
        return;
    if (method == METHOD_POST) {
        if (takes_key(r))
            doc_put(d, ",\"parameters\":[{\"name\":\"Idempotency-Key\",\"in\":\"header\","
                       "\"schema\":{\"type\":\"string\",\"maxLength\":64},\"description\":"
                       "\"A repeat with the same key gets the first answer and does nothing.\"}]");
        put_body(d, r);
        return;
    }
    if (!proto_find(r->proto)->request)
        return;
    flat_init(&f, r);
    doc_put(d, ",\"parameters\":[");
    flat_each(d, &f, put_parameter);
    doc_put(d, "]");
}

static void put_operation(struct doc *d, const struct route *r, enum http_method method)
{
    const char *name = method == METHOD_GET ? "get" : "post";
    if (!(r->methods & method))
        return;
    doc_key(d, name);
    doc_put(d, "{");
    doc_member(d, "summary", r->summary);
    put_operation_id(d, name, r->path);
    doc_put(d, ",\"tags\":[");
    doc_text(d, tag(r));
    doc_put(d, "]");
    put_scopes(d, r);
    if (r->open)
        doc_put(d, ",\"security\":[]");
    put_input(d, r, method);
    doc_put(d, ",\"responses\":{");
    if (r->kind == ROUTE_CALL)
        put_reply(d, r);
    else
        put_own_reply(d, r);
    put_errors(d, r, method);
    doc_put(d, "}}");
}

static void put_path(struct doc *d, const struct route *r)
{
    doc_key(d, r->path);
    doc_put(d, "{");
    put_operation(d, r, METHOD_GET);
    put_operation(d, r, METHOD_POST);
    doc_put(d, "}");
}

static void put_components(struct doc *d)
{
    doc_put(d, "},\"components\":{\"securitySchemes\":{\"bearer\":{\"type\":\"http\",\"scheme\":"
               "\"bearer\",\"description\":\"A key of the gateway's key file; not needed for reads "
               "when there is none.\"}},\"responses\":{");
    for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
        doc_key(d, errors[i].name);
        doc_put(d, "{");
        doc_member(d, "description", errors[i].text);
        if (strcmp(errors[i].status, "429") == 0)
            doc_put(d, too_early);
        else
            doc_put(d, ",\"content\":{\"application/json\":{\"schema\":{\"$ref\":"
                       "\"#/components/schemas/Error\"}}}}");
    }
    doc_put(d, "},\"schemas\":{");
    doc_put(d, envelope);
    doc_schemas(d);
    doc_put(d, "}}}");
}

futu_err openapi_write(struct buf *out)
{
    struct doc d = { .out = out, .messages = BUF_INIT };
    size_t n;
    const struct route *r = routes(&n);
    out->n = 0;
    doc_put(&d, head);
    doc_member(&d, "version", futu_version());
    doc_put(&d, servers);
    for (size_t i = 0; i < n && !d.err; i++)
        put_path(&d, &r[i]);
    put_components(&d);
    buf_free(&d.messages);
    if (d.err)
        out->n = 0;
    return d.err;
}
