/* body_query.c - the query of a GET as the flat body of the same call; see body.h.
 *
 * Every value becomes a text in quotes, which the codec also takes as a number; lists are cut at
 * their commas, true and false go as they are, and so does an object.
 */
#include "surface/body.h"

#include <stdio.h>

#include "codec/codec.h"
#include "codec/json_text.h"
#include "surface/body_name.h"

#define NAME_MAX_LEN 64         /* longer than any name */

/* The next character of a query; -1: not percent-encoded. */
static int next_char(futu_str *s)
{
    bool blank = *s->p == '+';
    int c = str_percent(s);
    return blank ? ' ' : c;
}

static futu_err refuse(struct body_error *e, futu_str name, const char *what)
{
    snprintf(e->text, sizeof(e->text), STR_FMT ": %s", (int)MIN(name.n, NAME_MAX_LEN), name.p,
             what);
    e->code = "bad_value";
    return FUTU_EFORMAT;
}

static futu_err put_char(struct buf *json, int c)
{
    if (c == '"' || c == '\\') {
        char two[2] = { '\\', (char)c };
        return buf_put(json, two, 2);
    }
    return c < 0x20 ? buf_printf(json, "\\u%04x", (unsigned)c) : buf_byte(json, (uint8_t)c);
}

/* The characters up to the end, or to a comma of a list. */
static futu_err put_text(struct buf *json, futu_str *s, bool list, bool *more)
{
    futu_err err = buf_byte(json, '"');
    *more = false;
    while (!err && s->n && !*more) {
        int c = next_char(s);
        if (c < 0)
            return FUTU_EFORMAT;
        *more = list && c == ',';
        if (!*more)
            err = put_char(json, c);
    }
    return err ? err : buf_byte(json, '"');
}

static futu_err put_list(struct buf *json, futu_str s)
{
    bool more = s.n > 0;
    futu_err err = buf_byte(json, '[');
    for (bool first = true; !err && more; first = false) {
        if (!first)
            err = buf_byte(json, ',');
        if (!err)
            err = put_text(json, &s, true, &more);
    }
    return err ? err : buf_byte(json, ']');
}

static futu_err put_raw(struct buf *json, futu_str s)
{
    futu_err err = FUTU_OK;
    while (!err && s.n) {
        int c = next_char(&s);
        err = c < 0 ? FUTU_EFORMAT : buf_byte(json, (uint8_t)c);
    }
    return err;
}

/* An object or a list of objects, in which commas have another meaning. */
static bool is_json(futu_str value)
{
    int c = value.n ? next_char(&value) : 0;
    return c == '{' || c == '[';
}

static bool is_word(futu_str value)
{
    return str_is(value, "true") || str_is(value, "false");
}

static futu_err put_value(const struct body_shape *s, struct body_name to, struct buf *json,
                          futu_str value)
{
    bool more;
    const struct pb_field *f = to.place == BODY_C2S    ? &s->c2s->fields[to.i]
                               : to.place == BODY_HEAD ? &s->head->fields[to.i]
                                                       : NULL;
    bool list = to.place == BODY_SUB_TYPES || (f && f->label == PB_REPEATED);
    if (f && f->type == PB_MESSAGE && is_json(value))
        return put_raw(json, value);
    if (f && f->type == PB_BOOL && is_word(value))
        return put_raw(json, value);
    return list ? put_list(json, value) : put_text(json, &value, false, &more);
}

/* The decoded name; false: too long, or not percent-encoded. */
static bool read_name(futu_str s, char room[NAME_MAX_LEN], futu_str *name)
{
    *name = (futu_str){ room, 0 };
    while (s.n) {
        int c = next_char(&s);
        if (c < 0 || name->n == NAME_MAX_LEN)
            return false;
        room[name->n++] = (char)c;
    }
    return true;
}

static futu_err put_member(const struct body_shape *s, futu_str part, struct buf *json,
                           struct body_error *e)
{
    char room[NAME_MAX_LEN];
    futu_str name;
    const char *eq = memchr(part.p, '=', part.n);
    size_t n = eq ? (size_t)(eq - part.p) : part.n;
    futu_str value = eq ? (futu_str){ eq + 1, part.n - n - 1 } : STR("");
    if (!eq)
        return refuse(e, part, "NAME=VALUE is expected");
    if (!read_name((futu_str){ part.p, n }, room, &name))
        return refuse(e, (futu_str){ part.p, n }, "unknown field");
    futu_err err = json->n > 1 ? buf_byte(json, ',') : FUTU_OK;
    if (!err)
        err = json_put_string(json, name);
    if (!err)
        err = buf_byte(json, ':');
    if (!err)
        err = put_value(s, body_name(s, name, 0), json, value);
    return err == FUTU_EFORMAT ? refuse(e, name, "percent-encoded text is expected") : err;
}

futu_err body_from_query(const struct proto_row *row, futu_str query, struct buf *json,
                         struct body_error *e)
{
    struct body_shape s;
    body_shape(row, &s);
    json->n = 0;
    futu_err err = buf_byte(json, '{');
    while (!err && query.n) {
        const char *amp = memchr(query.p, '&', query.n);
        size_t n = amp ? (size_t)(amp - query.p) : query.n;
        if (n)
            err = put_member(&s, (futu_str){ query.p, n }, json, e);
        n = MIN(n + 1, query.n);
        query.p += n;
        query.n -= n;
    }
    if (!err)
        err = buf_byte(json, '}');
    if (err && err != FUTU_EFORMAT) {
        e->code = "bad_value";
        snprintf(e->text, sizeof(e->text), "the query: %s", futu_strerror(err));
    }
    return err;
}
