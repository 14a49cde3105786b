/* mcp_args.c - arguments of a tool, checked by their rules, as the body of its protocol; see
 * mcp_tools.h. What is checked here is what the listed schema says; what only the whole request
 * shows (a market for a code, one of two ids) is for the codec and the gateway. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "codec/num.h"
#include "crypt/secret.h"
#include "market/market.h"
#include "surface/mcp_rule.h"

#define NAME_ROOM 128
#define PATH_ROOM 160
#define SPAN_DAYS 90
#define WORD_MAX 128            /* bytes of a number or of an enum's name as they are written */

struct args {
    struct mcp_shape s;
    struct doc d;               /* the body */
    struct buf filter;          /* members of filterConditions */
    struct buf text;            /* one value, decoded */
    struct pb_set seen[MCP_AT_END];     /* by place: fields; of the last ones bit 0 */
    char path[PATH_ROOM];       /* of the value at hand: symbols[2] */
    size_t n_path;
    struct mcp_args *out;
    struct body_error *e;
};

/* ---- what is refused ---- */

static futu_err refuse(struct args *a, const char *code, const char *fmt, ...) PRINTF_LIKE(3, 4);
static futu_err refuse(struct args *a, const char *code, const char *fmt, ...)
{
    char *text = a->e->text;
    size_t size = sizeof(a->e->text);
    va_list ap;
    a->e->code = code;
    int n = snprintf(text, size, "invalid parameters: %s: ", a->path);
    va_start(ap, fmt);
    vsnprintf(text + n, size - (size_t)n, fmt, ap);
    va_end(ap);
    return FUTU_EFORMAT;
}

static futu_err bad(struct args *a, const char *what)
{
    return refuse(a, "bad_value", "%s", what);
}

/* "a string is expected", of a member of a list: which one. */
static void path_push(struct args *a, size_t index)
{
    int n = snprintf(a->path + a->n_path, PATH_ROOM - a->n_path, "[%zu]", index);
    a->n_path = MIN(a->n_path + (size_t)n, PATH_ROOM - 1);
}

static void path_name(struct args *a, futu_str name)
{
    int n = snprintf(a->path + a->n_path, PATH_ROOM - a->n_path, "%s" STR_FMT,
                     a->n_path ? "." : "", (int)MIN(name.n, 64), name.p);
    a->n_path = MIN(a->n_path + (size_t)n, PATH_ROOM - 1);
}

static void path_back(struct args *a, size_t to)
{
    a->n_path = to;
    a->path[to] = '\0';
}

static const char *nearest(futu_str name, const char *candidate, const char *best, unsigned *least)
{
    unsigned d = futu_word_distance((futu_str){ name.p, MIN(name.n, 64) }, str_c(candidate));
    if (d >= *least)
        return best;
    *least = d;
    return candidate;
}

static futu_err unknown(struct args *a, futu_str name, const char *best)
{
    path_name(a, name);
    if (best)
        return refuse(a, "unknown_field", "unknown field; did you mean %s?", best);
    return refuse(a, "unknown_field", "unknown field");
}

static futu_err unknown_argument(struct args *a, futu_str name)
{
    struct mcp_field f = { MCP_AT_NONE, NULL, NULL };
    const char *best = NULL;
    unsigned least = 4;
    while (mcp_next(&a->s, &f))
        best = nearest(name, mcp_arg_name(&a->s, &f), best, &least);
    f = mcp_find(&a->s, STR("symbol"));
    if ((str_is(name, "stock") || str_is(name, "stock_list")) && f.f)
        best = mcp_name(&a->s, f.f);
    return unknown(a, name, best);
}

static futu_err unknown_value(struct args *a, const struct proto_enum *e)
{
    char what[300], room[64];
    size_t n = 0;
    for (size_t i = 0; i < e->n && n < sizeof(what); i++) {
        const char *is = mcp_value_name(e, i, room);
        if (is)
            n += (size_t)snprintf(what + n, sizeof(what) - n, "%s%s", n ? ", " : "", is);
    }
    return refuse(a, "bad_value", "unknown value, one of %s is expected", what);
}

/* ---- one value ---- */

static futu_err put(struct args *a, futu_str s)
{
    return buf_put(a->d.out, s.p, s.n);
}

/* The characters of a string into a->text. */
static futu_err text_of(struct args *a, futu_str value)
{
    futu_err err = mcp_string(value, &a->text);
    return err == FUTU_EFORMAT ? bad(a, "a string is expected") : err;
}

static size_t characters(futu_str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}

static const char *form_of(enum mcp_kind kind)
{
    return kind == MCP_SYMBOL ? "MARKET.CODE is expected, such as HK.00700 or US.AAPL"
           : kind == MCP_TIME ? "yyyy-mm-dd or yyyy-mm-dd hh:mm:ss is expected"
                              : "a code is expected, such as HK.00700";
}

static futu_err put_text(struct args *a, const struct mcp_rule *r, futu_str value)
{
    futu_err err = text_of(a, value);
    if (err)
        return err;
    if (r->max_chars && characters(buf_str(&a->text)) > r->max_chars)
        return refuse(a, "bad_value", "at most %u characters", r->max_chars);
    if (!mcp_matches(r->kind, buf_str(&a->text)))
        return bad(a, form_of(r->kind));
    return put(a, value);
}

/* The number that stands there, in quotes or not; false: none. */
static bool number_of(struct args *a, futu_str value, futu_str *s, bool *integer)
{
    *s = value;
    if (mcp_is_string(value)) {
        if (value.n > WORD_MAX || mcp_string(value, &a->text))
            return false;
        *s = buf_str(&a->text);
    }
    return s->n > 0 && num_scan(*s, integer) == s->n;
}

static futu_err check_range(struct args *a, const struct mcp_rule *r, double n)
{
    bool low = !isnan(r->least) && (r->above ? n <= r->least : n < r->least);
    bool high = !isnan(r->most) && n > r->most;
    if (!low && !high)
        return FUTU_OK;
    if (isnan(r->most))
        return refuse(a, "bad_value", r->above ? "above %.0f is expected" : "%.0f or more is "
                      "expected", r->least);
    return refuse(a, "bad_value", "%.0f to %.0f is expected", r->least, r->most);
}

static futu_err put_number(struct args *a, const struct mcp_rule *r, futu_str value)
{
    futu_str s;
    bool integer;
    double n;
    if (!number_of(a, value, &s, &integer))
        return bad(a, "a number is expected");
    if (!num_read_double(s, &n))
        return bad(a, "the number is too large");
    futu_err err = check_range(a, r, n);
    return err ? err : put(a, s);
}

/* 10.0 is an integer as well. */
static futu_err put_integer(struct args *a, const struct mcp_rule *r, futu_str value)
{
    futu_str s;
    bool integer;
    double n;
    if (!number_of(a, value, &s, &integer) || !num_read_double(s, &n) || n != floor(n))
        return bad(a, "an integer is expected");
    futu_err err = check_range(a, r, n);
    if (err)
        return err;
    return buf_printf(a->d.out, "%.0f", n == 0 ? 0.0 : n);
}

static futu_err put_id(struct args *a, const struct mcp_rule *r, futu_str value)
{
    futu_str s;
    bool integer;
    uint64_t id;
    if (!number_of(a, value, &s, &integer) || !integer)
        return bad(a, "an id is expected: its digits, in quotes or not");
    if (!mcp_matches(MCP_ID, s) || !str_to_u64(s, &id))
        return bad(a, "not the id of anything");
    if (r->above && id == 0)
        return bad(a, "0 is not the id of anything");
    return put(a, s);
}

static futu_err put_bool(struct args *a, futu_str value)
{
    bool is = str_is(value, "true") || str_is(value, "false");
    return is ? put(a, value) : bad(a, "true or false is expected");
}

static futu_err put_enum(struct args *a, const struct mcp_rule *r, futu_str value)
{
    futu_str s;
    bool integer;
    double n;
    int32_t number;
    if (number_of(a, value, &s, &integer)) {
        if (!num_read_double(s, &n) || n != floor(n) || fabs(n) > INT32_MAX ||
            !mcp_number_known(r->numbers, (int64_t)n))
            return unknown_value(a, r->numbers);
        number = (int32_t)n;
    } else if (!mcp_is_string(value) || value.n > WORD_MAX || mcp_string(value, &a->text) ||
               !mcp_number(r->numbers, buf_str(&a->text), &number)) {
        return unknown_value(a, r->numbers);
    }
    return buf_printf(a->d.out, "%d", (int)number);
}

static futu_err put_value(struct args *a, const struct mcp_rule *r, futu_str value);

static futu_err put_member(struct args *a, const futu_msg *m, struct pb_set *seen, futu_str name,
                           futu_str value)
{
    struct mcp_rule r;
    const char *best = NULL;
    unsigned least = 4;
    for (size_t i = 0; i < m->n_fields; i++) {
        const struct pb_field *f = &m->fields[i];
        best = nearest(name, f->snake, best, &least);
        if (!str_eq(name, (futu_str){ f->snake, f->n_snake }))
            continue;
        path_name(a, name);
        if (pb_set_has(seen, i))
            return bad(a, "it is there twice");
        pb_set_add(seen, i);
        mcp_rule_member(m, f, &r);
        doc_key(&a->d, f->name);
        return a->d.err ? a->d.err : put_value(a, &r, value);
    }
    return unknown(a, name, best);
}

static futu_err put_object(struct args *a, const struct mcp_rule *r, futu_str value)
{
    struct json_lex lx;
    struct pb_set seen = { { 0 } };
    char tmp[NAME_ROOM];
    futu_str name, item;
    size_t at = a->n_path;
    if (!mcp_is_object(value))
        return bad(a, "an object is expected");
    futu_err err = buf_byte(a->d.out, '{');
    if (mcp_enter(&lx, value, '{'))
        while (!err && mcp_next_member(&lx, tmp, &name, &item)) {
            err = put_member(a, r->sub, &seen, name, item);
            if (!err)
                path_back(a, at);
        }
    for (size_t i = 0; !err && i < r->sub->n_fields; i++)
        if (r->sub->fields[i].label == PB_REQUIRED && !pb_set_has(&seen, i)) {
            path_name(a, str_c(r->sub->fields[i].snake));
            err = refuse(a, "missing_field", "required and missing");
        }
    return err ? err : buf_byte(a->d.out, '}');
}

static futu_err put_one(struct args *a, const struct mcp_rule *r, futu_str value)
{
    switch (r->kind) {
    case MCP_INTEGER:
        return put_integer(a, r, value);
    case MCP_ID:
        return put_id(a, r, value);
    case MCP_NUMBER:
        return put_number(a, r, value);
    case MCP_BOOL:
        return put_bool(a, value);
    case MCP_ENUM:
        return put_enum(a, r, value);
    case MCP_OBJECT:
        return put_object(a, r, value);
    case MCP_ANY:
        return mcp_is_object(value) ? put(a, value) : bad(a, "an object is expected");
    default:
        return put_text(a, r, value);
    }
}

static futu_err put_list(struct args *a, const struct mcp_rule *r, futu_str value)
{
    struct json_lex lx;
    futu_str item;
    size_t n = 0, at = a->n_path;
    futu_err err = buf_byte(a->d.out, '[');
    if (mcp_enter(&lx, value, '['))
        while (!err && mcp_next_element(&lx, &item)) {
            if (r->max_items && n == r->max_items)
                return refuse(a, "bad_value", "at most %u", r->max_items);
            err = n ? buf_byte(a->d.out, ',') : FUTU_OK;
            path_push(a, n++);
            if (!err)
                err = put_one(a, r, item);
            if (!err)
                path_back(a, at);
        }
    return err ? err : buf_byte(a->d.out, ']');
}

/* A list of one. */
static futu_err put_lone(struct args *a, const struct mcp_rule *r, futu_str value)
{
    futu_err err = buf_byte(a->d.out, '[');
    if (!err)
        err = put_one(a, r, value);
    return err ? err : buf_byte(a->d.out, ']');
}

/* One value will do for a list. */
static futu_err put_value(struct args *a, const struct mcp_rule *r, futu_str value)
{
    if (!r->list)
        return put_one(a, r, value);
    return *value.p == '[' ? put_list(a, r, value) : put_lone(a, r, value);
}

/* ---- arguments ---- */

/* A text of the call itself: nothing of the body. */
static futu_err keep_text(struct args *a, const struct mcp_rule *r, futu_str value, char *room,
                          size_t size)
{
    futu_err err = text_of(a, value);
    if (err)
        return err;
    if (characters(buf_str(&a->text)) > r->max_chars ||
        (room && !str_copy(room, size, buf_str(&a->text))))
        return refuse(a, "bad_value", "at most %u characters", r->max_chars);
    return FUTU_OK;
}

static futu_err extra(struct args *a, const struct mcp_field *f, futu_str value)
{
    struct mcp_rule r;
    mcp_rule(&a->s, f, &r);
    switch (f->place) {
    case MCP_AT_CARD:
        return keep_text(a, &r, value, a->out->card, sizeof(a->out->card));
    case MCP_AT_CONFIRM:
        return keep_text(a, &r, value, a->out->confirm, sizeof(a->out->confirm));
    default:                        /* MCP_AT_KEY, which has been read */
        return keep_text(a, &r, value, NULL, 0);
    }
}

/* A list of which the tool takes one stays a list in the protocol; by another name than the one
 * that is listed it may have several. */
static futu_err field(struct args *a, const struct mcp_field *f, futu_str name, futu_str value)
{
    struct mcp_rule r;
    struct buf *body = a->d.out;
    mcp_rule(&a->s, f, &r);
    bool lone = f->f->label == PB_REPEATED && !r.list;
    if (lone && !str_is(name, mcp_name(&a->s, f->f)))
        r.list = true;
    if (f->place == MCP_AT_FILTER)
        a->d.out = &a->filter;          /* its members become one object */
    doc_key(&a->d, f->f->name);
    futu_err err = a->d.err ? a->d.err
                   : lone && !r.list ? put_lone(a, &r, value) : put_value(a, &r, value);
    a->d.out = body;
    return err;
}

static size_t index_of(const struct mcp_field *f)
{
    return f->f ? (size_t)(f->f - f->m->fields) : 0;
}

static futu_err argument(struct args *a, futu_str name, futu_str value)
{
    struct mcp_field f = mcp_find(&a->s, name);
    if (f.place == MCP_AT_NONE)
        return unknown_argument(a, name);
    if (str_is(value, "null"))          /* how many clients say that they leave it out */
        return FUTU_OK;
    path_name(a, name);
    if (pb_set_has(&a->seen[f.place], index_of(&f)))
        return bad(a, "it is there twice, perhaps by another name");
    pb_set_add(&a->seen[f.place], index_of(&f));
    futu_err err = f.f ? field(a, &f, name, value) : extra(a, &f, value);
    path_back(a, 0);
    return err;
}

static bool given(const struct args *a, const struct mcp_field *f)
{
    return pb_set_has(&a->seen[f->place], index_of(f));
}

static futu_err check_required(struct args *a)
{
    struct mcp_field f = { MCP_AT_NONE, NULL, NULL };
    while (mcp_next(&a->s, &f)) {
        if (mcp_optional(&a->s, &f) || given(a, &f))
            continue;
        path_name(a, str_c(mcp_arg_name(&a->s, &f)));
        return refuse(a, "missing_field", "required and missing");
    }
    return FUTU_OK;
}

/* The account is to be found out: by its card, or as the only one that fits. */
static futu_err complete_account(struct args *a)
{
    struct mcp_field acc = mcp_find(&a->s, STR("acc_id"));
    if (acc.place == MCP_AT_NONE || given(a, &acc))
        return FUTU_OK;
    a->out->no_account = true;
    doc_key(&a->d, acc.f->name);
    doc_put(&a->d, "0");
    return a->d.err;
}

static futu_err put_day(struct args *a, const char *name, int32_t date, const char *tail)
{
    char day[11], text[32];
    date_text(date, day);
    snprintf(text, sizeof(text), "%s%s", day, tail);
    doc_member(&a->d, name, text);
    return a->d.err;
}

/* The days that were left out, wide enough for every time zone. */
static futu_err complete_span(struct args *a, int64_t now_ns)
{
    struct buf *body = a->d.out;
    int32_t today = date_of_days((int32_t)(now_ns / NS_PER_S / 86400));
    struct mcp_field start = mcp_find(&a->s, STR("start")), end = mcp_find(&a->s, STR("end"));
    if (!(a->s.tool->flags & MCP_SPAN))
        return FUTU_OK;
    a->d.out = &a->filter;
    futu_err err = given(a, &start) ? FUTU_OK
                   : put_day(a, "beginTime", date_add(today, -SPAN_DAYS), " 00:00:00");
    if (!err && !given(a, &end))
        err = put_day(a, "endTime", date_add(today, 1), " 23:59:59");
    a->d.out = body;
    return err;
}

static futu_err put_filter(struct args *a)
{
    if (a->filter.n == 0)
        return FUTU_OK;
    doc_key(&a->d, "filterConditions");
    doc_put(&a->d, "{");
    futu_err err = a->d.err ? a->d.err : buf_put(a->d.out, a->filter.p, a->filter.n);
    return err ? err : buf_byte(a->d.out, '}');
}

static futu_err all(struct args *a, futu_str arguments, int64_t now_ns)
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
    if (!err)
        err = check_required(a);
    if (!err)
        err = complete_account(a);
    if (!err)
        err = complete_span(a, now_ns);
    if (!err)
        err = put_filter(a);
    return err ? err : buf_byte(a->d.out, '}');
}

futu_err mcp_body(const struct mcp_tool *t, futu_str arguments, int64_t now_ns, struct buf *body,
                  struct mcp_args *out, struct body_error *e)
{
    struct args a = { .d = { .out = body }, .out = out, .e = e };
    *out = (struct mcp_args){ .no_account = false };
    e->text[0] = '\0';
    e->code = "bad_value";
    body->n = 0;
    mcp_shape(&a.s, t);
    futu_err err = buf_reserve(&a.text, WORD_MAX);      /* so that reading a word can't fail */
    if (!err)
        err = all(&a, arguments, now_ns);
    buf_free(&a.filter);
    if (a.text.p)
        wipe(a.text.p, a.text.cap);     /* it may have been a key */
    buf_free(&a.text);
    if (err && !e->text[0])
        snprintf(e->text, sizeof(e->text), "%s", futu_strerror(err));
    return err;
}
