/* call.c - what every handler of the paper upstream uses: failures, times, pushes.
 *
 * Errors:  call_fail() and its kin return FUTU_EREFUSED, or FUTU_ENOMEM when not even the text
 *          fits.
 * Threads: the gateway's loop thread only.
 */
#include "upstream/paper/handlers.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"

static futu_err fail_text(struct call *c, int32_t err_code, const char *fmt, va_list args)
{
    char text[512];
    vsnprintf(text, sizeof(text), fmt, args);
    c->ret_type = RET_FAILED;
    c->err_code = err_code;
    c->ret_msg = str_dup(c->arena, str_c(text));
    return c->ret_msg.p ? FUTU_EREFUSED : FUTU_ENOMEM;
}

futu_err call_fail(struct call *c, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    futu_err err = fail_text(c, 0, fmt, args);
    va_end(args);
    return err;
}

futu_err call_fail_code(struct call *c, int32_t err_code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    futu_err err = fail_text(c, err_code, fmt, args);
    va_end(args);
    return err;
}

bool call_out_of_time(const struct paper *p, const struct call *c)
{
    return clock_mono(p->sys) >= c->deadline;
}

futu_err call_missing(struct call *c, const char *name)
{
    return call_fail(c, "缺少必要的参数: %s", name);
}

futu_err call_unknown(struct call *c, futu_str code)
{
    return call_fail(c, "未知股票 " STR_FMT, (int)MIN(code.n, 64), code.p ? code.p : "");
}

const struct security *paper_find(const struct paper *p, const Qot_Common_Security *s)
{
    return exchange_find(p->exchange, s->market, s->code);
}

/* The envelope has the same four tags in every Response. */
void paper_set_envelope(const futu_msg *m, void *response)
{
    char *base = response;
    for (size_t i = 0; i < m->n_fields && m->fields[i].tag <= 3; i++) {
        const struct pb_field *f = &m->fields[i];
        if (f->type == PB_STRING) {
            *(futu_str *)(void *)(base + f->off) = STR("");
        } else {
            *(int32_t *)(void *)(base + f->off) = 0;
            *(bool *)(base + f->off_has) = true;
        }
    }
}

futu_err paper_encode_push(struct paper *p, const futu_msg *m, void *s2c)
{
    p->out.n = 0;
    return paper_append_push(p, m, s2c, &p->out);
}

futu_err paper_append_push(struct paper *p, const futu_msg *m, void *s2c, struct buf *out)
{
    struct codec_error e;
    void *response = arena_alloc(&p->arena, m->size);
    if (!response)
        return FUTU_ENOMEM;
    paper_set_envelope(m, response);
    for (size_t i = 0; i < m->n_fields; i++)
        if (m->fields[i].tag == 4)
            *(void **)(void *)((char *)response + m->fields[i].off) = s2c;
    futu_err err = codec_encode(m, response, out, &e);
    if (err && err != FUTU_ENOMEM)
        log_error("paper: %s: %s", m->name, e.what);
    return err;
}

futu_str paper_time_text(struct arena *a, int32_t market, int64_t utc_ns)
{
    char text[24];
    market_time_text(market, utc_ns, false, text);
    return str_dup(a, str_c(text));
}

futu_str paper_millis_text(struct arena *a, int32_t market, int64_t utc_ns)
{
    char text[24];
    market_time_text(market, utc_ns, true, text);
    return str_dup(a, str_c(text));
}

futu_str paper_date_text(struct arena *a, int32_t date)
{
    if (date == 0)
        date = 19700101;
    char text[11];
    date_text(date, text);
    return str_dup(a, (futu_str){ text, 10 });
}

int64_t paper_date_instant(int32_t market, int32_t date)
{
    if (date == 0)
        return 0;
    struct civil c = { .year = date / 10000, .month = date / 100 % 100, .day = date % 100 };
    return market_instant(market, &c);
}
