/* body.c - see body.h.
 *
 * How:     the members are found at the top level, in c2s and in c2s.header, wherever they stand,
 *          and kept as pieces of the text; then each field is written once, by the codec, in the
 *          order of the tags. Nothing is allocated but room in `pb`.
 */
#include "surface/body.h"

#include <stdio.h>

#include "codec/doc.h"
#include "codec/json_lex.h"
#include "codec/json_name.h"
#include "codec/json_num.h"
#include "codec/wire_out.h"
#include "market/market.h"
#include "surface/body_name.h"

#define HEAD_FIELDS 8           /* more than a TrdHeader has */
#define CARD_MAX 64

enum level { TOP, C2S, HEAD };

/* The values of one message as they stand in the text. */
struct members {
    const futu_msg *m;
    struct codec_path up;       /* of its fields */
    struct pb_set seen, lone;
    futu_str *value;
};

struct job {
    struct codec_ctx c;
    struct codec_error why;
    struct body_shape s;
    const char *text;           /* errors count bytes from here */
    bool preset, fixed;         /* what is read now yields to what was there, or must equal it */
    bool c2s_seen, head_seen, card_seen;
    struct codec_path outer, head_at;   /* c2s, and its header */
    struct members body, head;
    futu_str body_value[PB_MAX_FIELDS], head_value[HEAD_FIELDS];
    char sec_market[12], trd_market[12];
    struct json_hooks hooks;
    struct body_extra *extra;
    struct buf *pb;
    const struct proto_enum *wanted;    /* of a field that got a name instead of its number */
};

static futu_err members(struct job *j, struct json_lex *lx, enum level level);

/* A trade code is without its market. */
static void strip_code(const struct pb_field *f, struct buf *out, size_t at)
{
    futu_str code, text = { (const char *)out->p + at, out->n - at };
    int32_t market;
    if (f->type != PB_STRING || (!str_is((futu_str){ f->name, f->n_name }, "code") &&
                                 !str_is((futu_str){ f->name, f->n_name }, "codeList")))
        return;
    if (market_parse_code(text, &market, &code))
        return;
    memmove(out->p + at, code.p, code.n);
    out->n = at + code.n;
}

static futu_err fail(struct job *j, const struct codec_path *at, const char *what)
{
    return codec_fail(&j->c, at, FUTU_EFORMAT, "%s", what);
}

static futu_err syntax(struct job *j, const struct json_lex *lx, const char *what)
{
    return codec_fail(&j->c, NULL, FUTU_EFORMAT, "%s at byte %zu", what, (size_t)(lx->p - j->text));
}

static futu_err fail_name(struct job *j, enum level level, futu_str name)
{
    struct codec_path *up = level == HEAD ? &j->head.up : &j->body.up;
    return json_unknown(&j->c, up, name, body_nearest(&j->s, level == HEAD, name));
}

/* Keeps the value of field i. */
static futu_err keep(struct job *j, struct members *to, size_t i, bool lone, futu_str value)
{
    if (pb_set_has(&to->seen, i)) {
        if (j->preset && (!j->fixed || str_eq(to->value[i], value)))
            return FUTU_OK;
        to->up.field = &to->m->fields[i];
        if (j->preset)
            return codec_fail(&j->c, &to->up, FUTU_EFORMAT,
                              "is " STR_FMT " on this path, leave it out", STR_ARG(value));
        return fail(j, &to->up, "the member is there twice");
    }
    pb_set_add(&to->seen, i);
    if (lone)
        pb_set_add(&to->lone, i);
    to->value[i] = value;
    return FUTU_OK;
}

/* An object that is a level of its own: c2s, or its header. */
static futu_err descend(struct job *j, enum level level, bool *seen, const struct codec_path *at,
                        futu_str value)
{
    struct json_lex lx = { value.p, value.p + value.n };
    if (*seen)
        return fail(j, at, "the member is there twice");
    *seen = true;
    if (!json_take(&lx, '{'))
        return fail(j, at, "an object is expected");
    if (json_take(&lx, '}'))
        return FUTU_OK;
    futu_err err = members(j, &lx, level);
    if (err)
        return err;
    return json_take(&lx, '}') ? FUTU_OK : syntax(j, &lx, "',' or '}' is expected");
}

/* A piece of an error's path that is no field of the protocol. */
static struct codec_path extra_path(const struct job *j, const char *name, struct pb_field *f)
{
    struct codec_path at = j->body.up;
    *f = (struct pb_field){ .name = name, .snake = name };
    at.field = f;
    return at;
}

static futu_err card(struct job *j, futu_str value)
{
    struct pb_field f;
    struct codec_path at = extra_path(j, "card_num", &f);
    struct json_lex lx = { value.p, value.p + value.n };
    futu_str text = STR_NULL;
    char esc[4];
    if (j->card_seen)
        return fail(j, &at, "the member is there twice");
    j->card_seen = true;
    if (!json_take(&lx, '"') || json_piece(&lx, esc, &text) || text.p == esc || text.n == 0 ||
        text.n > CARD_MAX || *lx.p != '"' || lx.p + 1 != lx.end)
        return fail(j, &at, "a card number in quotes is expected");
    j->extra->card_num = text;
    return FUTU_OK;
}

/* Known examples give /api/quote the list that /api/subscribe has. It must be right, and is all the
 * same without effect. */
static futu_err sub_types(struct job *j, futu_str value)
{
    struct codec_path at = j->body.up;
    at.field = codec_field(&Qot_Sub_C2S_msg, STR("subTypeList"));
    futu_err err = json_value(&at, value, j->text, NULL, j->pb, &j->why);
    j->pb->n = 0;
    return err;
}

static futu_err place(struct job *j, enum level level, futu_str name, struct body_name to,
                      futu_str value)
{
    switch (to.place) {
    case BODY_HEAD:
        return keep(j, &j->head, to.i, false, value);
    case BODY_C2S:
        if (j->s.outer_head && j->s.outer_head == &j->s.c2s->fields[to.i])
            return descend(j, HEAD, &j->head_seen, &j->head_at, value);
        return keep(j, &j->body, to.i, to.lone, value);
    case BODY_CARD:
        return card(j, value);
    case BODY_SUB_TYPES:
        return sub_types(j, value);
    default:
        return fail_name(j, level, name);
    }
}

/* "name": value, "name": value ... */
static futu_err members(struct job *j, struct json_lex *lx, enum level level)
{
    char tmp[128];
    futu_str name, value;
    size_t hint = 0;
    futu_err err = FUTU_OK;
    do {
        const char *bad = json_name(lx, tmp, sizeof(tmp), &name);
        if (bad)
            return syntax(j, lx, bad);
        if (!json_take(lx, ':'))
            return syntax(j, lx, "':' is expected");
        if (!json_skip(lx, &value))
            return syntax(j, lx, "a value is expected");
        if (level == TOP && j->s.outer && str_is(name, "c2s")) {
            err = descend(j, C2S, &j->c2s_seen, &j->outer, value);
            continue;
        }
        struct body_name to = level == HEAD ? body_head_name(&j->s, name)
                                            : body_name(&j->s, name, hint);
        if (to.place == BODY_C2S)
            hint = to.i + 1;
        err = place(j, level, name, to, value);
    } while (!err && json_take(lx, ','));
    return err;
}

static futu_err read_text(struct job *j, futu_str json)
{
    struct json_lex lx = { json.p, json.p + json.n };
    if (json_peek(&lx) == '\0' && lx.p == lx.end)
        return FUTU_OK;
    if (!json_take(&lx, '{'))
        return syntax(j, &lx, "an object is expected");
    if (!json_take(&lx, '}')) {
        futu_err err = members(j, &lx, TOP);
        if (err)
            return err;
        if (!json_take(&lx, '}'))
            return syntax(j, &lx, "',' or '}' is expected");
    }
    json_peek(&lx);
    return lx.p < lx.end ? syntax(j, &lx, "text behind the object") : FUTU_OK;
}

/* Where the value of a declared field is, or would be; NULL: the message has no such field. */
static futu_str *value_of(struct members *in, const char *field, bool *seen)
{
    const struct pb_field *f = in->m ? codec_field(in->m, str_c(field)) : NULL;
    if (!f)
        return NULL;
    size_t i = (size_t)(f - in->m->fields);
    *seen = pb_set_has(&in->seen, i);
    return &in->value[i];
}

/* The value of a field that the caller left out. */
static void fill(struct members *in, const char *field, futu_str value)
{
    bool seen;
    futu_str *v = value_of(in, field, &seen);
    if (!v || seen)
        return;
    *v = value;
    pb_set_add(&in->seen, (size_t)(v - in->value));
}

static futu_str number_text(char *room, size_t size, int32_t n)
{
    int k = snprintf(room, size, "%d", (int)n);
    return (futu_str){ room, (size_t)k };
}

static bool is_number(futu_str value, int32_t n)
{
    struct json_lex lx = { value.p, value.p + value.n };
    union json_number v;
    json_blanks(&lx);
    return json_number(&lx, PB_INT32, &v) == NULL && v.i32 == n;
}

/* A prefix says where the security is listed; A shares are traded in another market by a real
 * account than by a simulated one. */
static futu_err fill_markets(struct job *j)
{
    char tmp[128];
    futu_str text, code, *v, *sec, *env;
    int32_t market;
    bool seen, sec_seen, env_seen;
    v = value_of(&j->body, "code", &seen);
    sec = value_of(&j->body, "secMarket", &sec_seen);
    if (!v || !seen || !sec || !j->head.m)
        return FUTU_OK;
    struct json_lex lx = { v->p, v->p + v->n };
    if (json_name(&lx, tmp, sizeof(tmp), &text) || market_parse_code(text, &market, &code))
        return FUTU_OK;
    int32_t sec_market = market_sec_market(market), trd_market = market_trd_market(market);
    if (sec_seen && !is_number(*sec, 0) && !is_number(*sec, sec_market)) {
        j->body.up.field = &j->body.m->fields[sec - j->body.value];
        return codec_fail(&j->c, &j->body.up, FUTU_EFORMAT, "%s has sec_market %d",
                          market_prefix(market), (int)sec_market);
    }
    fill(&j->body, "secMarket", number_text(j->sec_market, sizeof(j->sec_market), sec_market));
    env = value_of(&j->head, "trdEnv", &env_seen);
    if (trd_market == Trd_Common_TrdMarket_CN && (!env_seen || !is_number(*env, 0)))
        return FUTU_OK;
    fill(&j->head, "trdMarket", number_text(j->trd_market, sizeof(j->trd_market), trd_market));
    return FUTU_OK;
}

/* What the caller need not or can't say. */
static futu_err complete(struct job *j)
{
    bool seen;
    futu_str *v;
    if (j->s.proto == PROTO_GET_GLOBAL_STATE || j->s.proto == PROTO_TRD_GET_ACC_LIST)
        fill(&j->body, "userID", STR("0"));     /* nobody reads it */
    v = value_of(&j->body, "orderIDEx", &seen);
    if (v && seen && j->s.proto == PROTO_TRD_MODIFY_ORDER)
        fill(&j->body, "orderID", STR("0"));
    if (!j->head.m)
        return FUTU_OK;
    v = value_of(&j->body, "trdMarket", &seen);     /* what forAll is limited to */
    if (v && seen)
        fill(&j->head, "trdMarket", *v);
    v = value_of(&j->head, "accID", &seen);
    if (v && seen && j->card_seen) {
        j->head.up.field = &j->head.m->fields[v - j->head.value];
        return fail(j, &j->head.up, "card_num names the account already");
    }
    if (j->card_seen)
        fill(&j->head, "accID", STR("0"));
    return fill_markets(j);
}

static futu_err put_bytes(struct job *j, futu_err err)
{
    return err ? codec_fail(&j->c, NULL, err, "the output: %s", futu_strerror(err)) : FUTU_OK;
}

static futu_err put_packet_id(struct job *j, const struct pb_field *f, const struct body_fill *with)
{
    uint8_t bytes[2 * PB_MAX_SCALAR];
    size_t at;
    uint8_t *p = pb_put_scalar(bytes, 1, PB_UINT64, &with->conn_id);
    p = pb_put_scalar(p, 2, PB_UINT32, &with->serial);
    futu_err err = pb_open(j->pb, f->tag, &at);
    if (!err)
        err = buf_put(j->pb, bytes, (size_t)(p - bytes));
    return put_bytes(j, err ? err : pb_close(j->pb, at));
}

static futu_err put_fields(struct job *j, struct members *from, const struct body_fill *with);

static futu_err put_head(struct job *j)
{
    size_t at;
    if (j->s.outer_head->label == PB_OPTIONAL && !(j->head.seen.w[0] || j->head_seen))
        return FUTU_OK;
    futu_err err = put_bytes(j, pb_open(j->pb, j->s.outer_head->tag, &at));
    if (!err)
        err = put_fields(j, &j->head, NULL);
    return err ? err : put_bytes(j, pb_close(j->pb, at));
}

static const struct proto_enum *doc_numbers(const futu_msg *m, const struct pb_field *f)
{
    const struct proto_field_doc *doc = proto_field_doc(m, f);
    return doc ? doc->numbers : NULL;
}

static futu_err put_field(struct job *j, struct members *from, size_t i)
{
    j->hooks.lone = pb_set_has(&from->lone, i);
    from->up.field = &from->m->fields[i];
    futu_err err = json_value(&from->up, from->value[i], j->text, &j->hooks, j->pb, &j->why);
    if (err == FUTU_EFORMAT && memchr(from->value[i].p, '"', from->value[i].n))
        j->wanted = doc_numbers(from->m, from->up.field);
    return err;
}

/* In the order of the tags. */
static futu_err put_fields(struct job *j, struct members *from, const struct body_fill *with)
{
    futu_err err = FUTU_OK;
    for (size_t i = 0; !err && i < from->m->n_fields; i++) {
        const struct pb_field *f = &from->m->fields[i];
        if (from == &j->body && f == j->s.outer_head) {
            err = put_head(j);
            pb_set_add(&from->seen, i);
        } else if (pb_set_has(&from->seen, i)) {
            err = put_field(j, from, i);
        } else if (with && f->sub == &Common_PacketID_msg) {
            err = put_packet_id(j, f, with);
            pb_set_add(&from->seen, i);
        }
    }
    return err ? err : codec_missing(&j->c, &from->up, from->m, &from->seen);
}

static futu_err put_request(struct job *j, const struct body_fill *with)
{
    size_t at;
    if (!j->s.outer)
        return put_fields(j, &j->body, with);
    futu_err err = put_bytes(j, pb_open(j->pb, j->s.outer->tag, &at));
    if (!err)
        err = put_fields(j, &j->body, with);
    return err ? err : put_bytes(j, pb_close(j->pb, at));
}

static futu_err read_preset(struct job *j, const struct body_fill *with)
{
    futu_str preset = with->preset;
    if (preset.n == 0)
        return FUTU_OK;
    struct json_lex lx = { preset.p, preset.p + preset.n };
    j->preset = true;
    j->fixed = with->fixed;
    return members(j, &lx, C2S);
}

static void start(struct job *j, const struct proto_row *row)
{
    static const struct codec_path none = { .index = CODEC_NO_INDEX, .depth = 1 };
    body_shape(row, &j->s);
    codec_ctx_init(&j->c, CODEC_REST, NULL, &j->why);
    j->outer = none;
    j->outer.field = j->s.outer;
    j->body.m = j->s.c2s;
    j->body.value = j->body_value;
    j->body.up = none;
    if (j->s.outer) {
        j->body.up.up = &j->outer;
        j->body.up.depth = 2;
    }
    j->head.m = j->s.head;
    j->head.value = j->head_value;
    j->head_at = j->body.up;
    j->head_at.field = j->s.outer_head;
    j->head.up = none;
    j->head.up.up = &j->head_at;
    j->head.up.depth = j->head_at.depth + 1;
    j->hooks.security = market_parse_code;
    j->hooks.text = j->s.head ? strip_code : NULL;
}

/* "..., one of 0 Simulate, 1 Real", as far as there is room. */
static void add_numbers(const struct proto_enum *e, char *out, size_t size)
{
    size_t n = strlen(out);
    for (size_t i = 0; i < e->n && n < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%d %s", i ? ", " : ", one of ",
                              (int)e->values[i].number, e->values[i].name);
    if (n >= size)
        memcpy(out + size - 4, "...", 4);
}

static const char *code_of(const char *what)
{
    if (strncmp(what, "unknown field", 13) == 0)
        return "unknown_field";
    if (strcmp(what, "required and missing") == 0)
        return "missing_field";
    return strstr(what, " at byte ") ? "bad_json" : "bad_value";
}

futu_err body_to_pb(const struct proto_row *row, futu_str json, const struct body_fill *with,
                    struct buf *pb, struct body_extra *extra, struct body_error *e)
{
    struct job j = { .text = json.p ? json.p : "", .extra = extra, .pb = pb };
    start(&j, row);
    extra->card_num = STR_NULL;
    pb->n = 0;
    futu_err err = read_text(&j, (futu_str){ j.text, json.n });
    if (!err)
        err = read_preset(&j, with);
    if (!err)
        err = complete(&j);
    if (!err)
        err = put_request(&j, with);
    if (!err)
        return FUTU_OK;
    pb->n = 0;
    e->code = code_of(j.why.what);
    codec_error_text(&j.why, e->text, sizeof(e->text));
    if (j.wanted)
        add_numbers(j.wanted, e->text, sizeof(e->text));
    return err;
}
