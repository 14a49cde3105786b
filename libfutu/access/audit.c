/* audit.c - see audit.h. */
#include "access/audit.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "codec/json_text.h"
#include "codec/num.h"
#include "crypt/digest.h"

#define AUDIT_HEAD_N (sizeof(AUDIT_HEAD) - 1)
#define TAIL ",\"prev\":\""
#define TAIL_N (sizeof(TAIL) - 1)
#define HEX_N 64
#define REST_N (TAIL_N + HEX_N + 2)     /* of `,"prev":"..."}` */

const char *outcome_name(enum audit_outcome o)
{
    static const char *const names[OUTCOMES] = { "allow",   "reject",  "request",
                                                 "success", "failure", "unknown" };
    return (unsigned)o < OUTCOMES ? names[o] : "?";
}

void audit_init(struct audit *a, const struct clock *clock)
{
    *a = (struct audit){ .clock = *clock, .line = BUF_MAX(AUDIT_LINE_MAX) };
}

void audit_free(struct audit *a)
{
    buf_free(&a->line);
}

void audit_resume(struct audit *a, futu_str last_line)
{
    sha256(last_line.p, last_line.n, a->prev);
}

/* ---- writing ---- */

static bool is_warning(const struct audit_event *e)
{
    return e->trade || e->outcome == OUTCOME_REJECT;
}

/* What others sent may be of any length: it is cut, between two characters. */
static futu_str cut(futu_str s)
{
    if (s.n <= AUDIT_TEXT_MAX)
        return s;
    s.n = AUDIT_TEXT_MAX;
    while (s.n > AUDIT_TEXT_MAX - 3 && ((uint8_t)s.p[s.n] & 0xc0) == 0x80)
        s.n--;
    return s;
}

static futu_err put_member(struct buf *b, const char *name, futu_str value)
{
    if (!value.p)
        return FUTU_OK;
    futu_err err = buf_printf(b, ",\"%s\":", name);
    return err ? err : json_put_string(b, cut(value));
}

static futu_err put_head(struct audit *a, const struct audit_event *e, int64_t wall_ns)
{
    char when[RFC3339_SIZE];
    rfc3339_ms(wall_ns, when);
    return buf_printf(&a->line,
                      AUDIT_HEAD "%s\",\"level\":\"%s\",\"target\":\"" AUDIT_TARGET "\"", when,
                      is_warning(e) ? "WARN" : "INFO");
}

/* An account is text, as 64-bit numbers of the gateway's JSON are: many readers keep 53 bits. */
static futu_err put_members(struct buf *b, const struct audit_event *e)
{
    char acc[NUM_MAX];
    size_t n = num_write_u64(acc, e->acc_id);
    const struct {
        const char *name;
        futu_str value;
    } members[] = {
        { "iface", str_c(iface_name(e->iface)) },
        { "endpoint", str_c(e->endpoint) },
        { "key_id", str_c(e->key_id) },
        { "outcome", str_c(outcome_name(e->outcome)) },
        { "reason", str_c(e->reason) },
        { "scope", str_c(e->scope) },
        { "args_hash", str_c(e->args_hash) },
        { "cache_outcome", str_c(e->cache_outcome) },
        { "peer", str_c(e->peer) },
        { "acc_id", { e->acc_id ? acc : NULL, n } },
        { "order_id", e->order_id },
    };
    futu_err err = FUTU_OK;
    for (size_t i = 0; i < ARRAY_LEN(members) && !err; i++)
        err = put_member(b, members[i].name, members[i].value);
    return err;
}

static futu_err make_line(struct audit *a, const struct audit_event *e, int64_t wall_ns,
                          futu_str *members)
{
    char prev[HEX_N + 1];
    a->line.n = 0;
    futu_err err = put_head(a, e, wall_ns);
    size_t at = a->line.n;
    if (!err)
        err = put_members(&a->line, e);
    size_t end = a->line.n;
    hex_lower(a->prev, sizeof(a->prev), prev);
    if (!err)
        err = buf_printf(&a->line, TAIL "%s\"}\n", prev);
    if (!err)                   /* without their first comma; the line does not move any more */
        *members = (futu_str){ (const char *)a->line.p + at + 1, end - at - 1 };
    return err;
}

futu_err audit_event(struct audit *a, const struct audit_event *e,
                     void (*done)(void *arg, futu_err err), void *done_arg)
{
    int64_t now = clock_wall(&a->clock);
    futu_str members;
    futu_err err = make_line(a, e, now, &members);
    if (err)
        return err;
    LOG_AT(is_warning(e) ? FUTU_LOG_WARN : FUTU_LOG_INFO, AUDIT_TARGET ": {" STR_FMT "}",
           STR_ARG(members));
    if (!a->sink) {
        if (done)
            done(done_arg, FUTU_OK);
        return FUTU_OK;
    }
    err = a->sink(a->arg, (const char *)a->line.p, a->line.n, now, done, done_arg);
    if (!err)                   /* a line that was not taken is no link of the chain */
        sha256(a->line.p, a->line.n - 1, a->prev);
    return err;
}

/* ---- verification ---- */

static bool broken(struct audit_check *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

static bool broken(struct audit_check *c, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(c->why, sizeof(c->why), fmt, ap);
    va_end(ap);
    c->bad_line = c->lines + 1;
    return false;
}

static bool is_time(const char *p)
{
    static const char form[] = "0000-00-00T00:00:00.000Z";
    for (size_t i = 0; form[i]; i++)
        if (form[i] == '0' ? p[i] < '0' || p[i] > '9' : p[i] != form[i])
            return false;
    return true;
}

/* The form of each line, by which its `prev` is found without reading the rest. */
static bool has_form(futu_str line, futu_str *prev)
{
    if (line.n < AUDIT_HEAD_N + RFC3339_SIZE + REST_N ||
        memcmp(line.p, AUDIT_HEAD, AUDIT_HEAD_N) != 0 ||
        !is_time(line.p + AUDIT_HEAD_N))
        return false;
    const char *tail = line.p + line.n - REST_N;
    *prev = (futu_str){ tail + TAIL_N, HEX_N };
    return memcmp(tail, TAIL, TAIL_N) == 0 && memcmp(line.p + line.n - 2, "\"}", 2) == 0;
}

static const uint8_t zeros[32];

/* A trail from its first line on may be given although it is to follow a line: that line must then
 * be one of it. */
static void may_begin_earlier(struct audit_check *c, futu_str prev)
{
    char none[HEX_N + 1];
    hex_lower(zeros, sizeof(zeros), none);
    if (c->lines || c->sought || memcmp(prev.p, none, HEX_N) != 0 ||
        memcmp(c->last, zeros, sizeof(zeros)) == 0)
        return;
    memcpy(c->since, c->last, sizeof(c->since));
    memset(c->last, 0, sizeof(c->last));
    c->sought = true;
}

static bool check_line(struct audit_check *c, futu_str line)
{
    char want[HEX_N + 1];
    futu_str prev;
    if (line.n > AUDIT_LINE_MAX)
        return broken(c, "longer than any line of a trail");
    if (!has_form(line, &prev))
        return broken(c, "not a line of a trail: no timestamp first, or no hash (prev) last");
    may_begin_earlier(c, prev);
    hex_lower(c->last, sizeof(c->last), want);
    if (memcmp(prev.p, want, HEX_N) != 0) {
        if (memcmp(c->last, zeros, sizeof(zeros)) == 0)
            return broken(c, "the trail does not begin here: it follows a line that is not given");
        return broken(c, "it does not follow the line before: one of them was changed, or lines "
                         "between them are missing");
    }
    sha256(line.p, line.n, c->last);
    if (c->sought && memcmp(c->last, c->since, sizeof(c->since)) == 0)
        c->sought = false;
    memcpy(c->last_time, line.p + AUDIT_HEAD_N, RFC3339_SIZE - 1);
    if (c->lines++ == 0)
        memcpy(c->first_time, c->last_time, sizeof(c->first_time));
    return true;
}

bool audit_verify(struct audit_check *c, futu_str text)
{
    if (c->bad_line)
        return false;
    while (text.n > 0) {
        const char *nl = memchr(text.p, '\n', text.n);
        if (!nl)
            return broken(c, text.n > AUDIT_LINE_MAX ? "longer than any line of a trail"
                                                     : "the last line is cut off");
        size_t n = (size_t)(nl - text.p);
        if (!check_line(c, (futu_str){ text.p, n }))
            return false;
        text.p += n + 1;
        text.n -= n + 1;
    }
    return true;
}
