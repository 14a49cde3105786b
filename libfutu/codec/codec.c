/* codec.c - errors with their path, limits, field look-up; see codec.h and ctx.h.
 *
 * Threads: none; no state.
 * Tests:   test/unit/codec/encode_test.c, decode_test.c, roundtrip_test.c
 */
#include "codec/codec.h"

#include <stdarg.h>
#include <stdio.h>

#include "codec/ctx.h"
#include "codec/registry.h"
#include "codec/wire_out.h"

const struct codec_limits codec_limits_default = { 32, 1000000, 32u << 20 };

void codec_ctx_init(struct codec_ctx *c, enum codec_spelling spelling,
                    const struct codec_limits *limits, struct codec_error *e)
{
    c->e = e;
    c->spelling = spelling;
    c->limits = limits ? *limits : codec_limits_default;
    c->count = 0;
    if (e)
        e->path[0] = e->what[0] = '\0';
}

futu_err codec_enter(const struct codec_ctx *c, struct codec_path *here,
                     const struct codec_path *up)
{
    *here = (struct codec_path){ up, NULL, CODEC_NO_INDEX, up ? up->depth + 1 : 1 };
    if (here->depth > c->limits.depth)
        return codec_fail(c, here, FUTU_ELIMIT, "nested deeper than %u messages",
                          (unsigned)c->limits.depth);
    return FUTU_OK;
}

futu_err codec_count(struct codec_ctx *c, const struct codec_path *at, size_t n)
{
    if (n > c->limits.count - c->count)
        return codec_fail(c, at, FUTU_ELIMIT, "more than %u elements in all lists together",
                          (unsigned)c->limits.count);
    c->count += (uint32_t)n;
    return FUTU_OK;
}

/* Appends what fits; `*n` is the length so far. */
static void append(char *dst, size_t size, size_t *n, const char *fmt, ...) PRINTF_LIKE(4, 5);
static void append(char *dst, size_t size, size_t *n, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int k = vsnprintf(dst + *n, size - *n, fmt, ap);
    va_end(ap);
    if (k > 0)
        *n = MIN(*n + (size_t)k, size - 1);
}

static void write_path(const struct codec_ctx *c, const struct codec_path *at, size_t *n)
{
    struct codec_error *e = c->e;
    if (at->up)
        write_path(c, at->up, n);
    if (!at->field)
        return;
    append(e->path, sizeof(e->path), n, "%s%s", *n ? "." : "",
           c->spelling != CODEC_DECLARED ? at->field->snake : at->field->name);
    if (at->index != CODEC_NO_INDEX)
        append(e->path, sizeof(e->path), n, "[%zu]", at->index);
}

futu_err codec_fail(const struct codec_ctx *c, const struct codec_path *at, futu_err err,
                    const char *fmt, ...)
{
    size_t n = 0;
    va_list ap;
    if (!c->e)
        return err;
    c->e->path[0] = '\0';
    if (at)
        write_path(c, at, &n);
    va_start(ap, fmt);
    vsnprintf(c->e->what, sizeof(c->e->what), fmt, ap);
    va_end(ap);
    return err;
}

futu_err codec_missing(const struct codec_ctx *c, struct codec_path *here, const futu_msg *m,
                       const struct pb_set *seen)
{
    if (pb_set_covers(seen, &m->required))
        return FUTU_OK;
    size_t i = 0;
    while (!pb_set_has(&m->required, i) || pb_set_has(seen, i))
        i++;
    here->field = &m->fields[i];
    here->index = CODEC_NO_INDEX;
    return codec_fail(c, here, FUTU_EFORMAT, "required and missing");
}

const char *codec_error_text(const struct codec_error *e, char *out, size_t size)
{
    snprintf(out, size, "%s%s%s", e->path, e->path[0] ? ": " : "", e->what);
    return out;
}

const struct pb_field *codec_field(const futu_msg *m, futu_str declared_name)
{
    size_t lo = 0, hi = m->n_fields;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        const struct pb_field *f = &m->fields[m->by_name[mid]];
        int d = memcmp(declared_name.p, f->name, MIN(declared_name.n, f->n_name));
        if (d == 0 && declared_name.n == f->n_name)
            return f;
        if (d > 0 || (d == 0 && declared_name.n > f->n_name))
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

/* retType 1, retMsg 2, errCode 3: the same tags in every protocol. */
futu_err codec_failure(struct buf *out, int32_t ret_type, int32_t err_code, futu_str msg)
{
    futu_err err = buf_reserve(out, 3 * PB_MAX_SCALAR + msg.n);
    if (err)
        return err;
    uint8_t *p = out->p + out->n;
    p = pb_put_varint(pb_put_key(p, 1, PB_WIRE_VARINT), (uint64_t)(int64_t)ret_type);
    p = pb_put_varint(pb_put_key(p, 2, PB_WIRE_BYTES), msg.n);
    if (msg.n)
        memcpy(p, msg.p, msg.n);
    p += msg.n;
    p = pb_put_varint(pb_put_key(p, 3, PB_WIRE_VARINT), (uint64_t)(int64_t)err_code);
    out->n = (size_t)(p - out->p);
    return FUTU_OK;
}
