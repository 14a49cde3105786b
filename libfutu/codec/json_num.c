/* json_num.c - see json_num.h.
 *
 * In:      an integer of digits only, or a number; in quotes or not; NaN and the infinities
 *          in quotes.
 * Errors:  the reason as a text.
 * Tests:   test/unit/codec/json_test.c
 */
#include "codec/json_num.h"

#include <math.h>

#include "codec/codec.h"
#include "codec/num.h"

/* The characters of a string without escapes; numbers are written so. */
static bool plain_string(struct json_lex *lx, futu_str *s)
{
    const char *p = lx->p;
    if (p == lx->end || *p++ != '"')
        return false;
    s->p = p;
    while (p < lx->end && *p != '"' && *p != '\\')
        p++;
    s->n = (size_t)(p - s->p);
    if (p == lx->end || *p != '"')
        return false;
    lx->p = p + 1;
    return true;
}

/* The reason why the text of a JSON integer is none of the type, or NULL. */
static const char *read_integer(uint8_t type, futu_str s, union json_number *v)
{
    int64_t i;
    uint64_t u;
    switch ((enum pb_type)type) {
    case PB_INT32:
        if (!num_read_i64(s, &i) || i < INT32_MIN || i > INT32_MAX)
            return "out of the range of int32";
        v->i32 = (int32_t)i;
        return NULL;
    case PB_UINT32:
        if (!num_read_u64(s, &u) || u > UINT32_MAX)
            return "out of the range of uint32";
        v->u32 = (uint32_t)u;
        return NULL;
    case PB_INT64:
        return num_read_i64(s, &v->i64) ? NULL : "out of the range of int64";
    default:
        return num_read_u64(s, &v->u64) ? NULL : "out of the range of uint64";
    }
}

static bool named_double(futu_str s, double *d)
{
    if (str_is(s, "NaN"))
        *d = (double)NAN;
    else if (str_is(s, "Infinity"))
        *d = (double)INFINITY;
    else if (str_is(s, "-Infinity"))
        *d = -(double)INFINITY;
    else
        return false;
    return true;
}

/* A float or double; `s` is a number, or one of the three names when it was in quotes. */
static const char *read_real(uint8_t type, futu_str s, bool named, union json_number *v)
{
    double d;
    bool ok;
    if (named && named_double(s, &d)) {
        if (type == PB_FLOAT)
            v->f = (float)d;
        else
            v->d = d;
        return NULL;
    }
    ok = type == PB_FLOAT ? num_read_float(s, &v->f) : num_read_double(s, &v->d);
    if (ok)
        return NULL;
    return type == PB_FLOAT ? "out of the range of float" : "out of the range of double";
}

static bool is_real(uint8_t type)
{
    return type == PB_FLOAT || type == PB_DOUBLE;
}

/* Takes the text of a number, in quotes or not; the reason why there is none, or NULL. */
static const char *number_text(struct json_lex *lx, uint8_t type, futu_str *s, bool *in_quotes)
{
    const char *expected = is_real(type) ? "a number is expected" : "an integer is expected";
    bool integer;
    *in_quotes = json_peek(lx) == '"';
    if (*in_quotes) {
        double d;
        if (!plain_string(lx, s))
            return expected;
        if (is_real(type) && named_double(*s, &d))
            return NULL;
        return s->n && num_scan(*s, &integer) == s->n && (integer || is_real(type)) ? NULL
                                                                                    : expected;
    }
    *s = (futu_str){ lx->p, (size_t)(lx->end - lx->p) };
    s->n = num_scan(*s, &integer);
    if (s->n == 0)
        return expected;
    lx->p += s->n;
    return integer || is_real(type) ? NULL : expected;
}

static const char *boolean(struct json_lex *lx, union json_number *v)
{
    v->b = json_word(lx, STR("true"));
    return v->b || json_word(lx, STR("false")) ? NULL : "true or false is expected";
}

const char *json_number(struct json_lex *lx, uint8_t type, union json_number *v)
{
    futu_str s;
    bool in_quotes;
    if (type == PB_BOOL)
        return boolean(lx, v);
    const char *bad = number_text(lx, type, &s, &in_quotes);
    if (bad)
        return bad;
    return is_real(type) ? read_real(type, s, in_quotes, v) : read_integer(type, s, v);
}
