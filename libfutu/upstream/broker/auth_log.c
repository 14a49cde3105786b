/* auth_log.c - see auth_log.h. */
#include "upstream/broker/auth_log.h"

#include "base/log.h"
#include "codec/json_lex.h"
#include "codec/redact.h"

#define LINE_MAX 2048

/* What is told to be kept out, what is like it, and by redact_is_secret() passwords and tokens. */
static const char *const sensitive[] = {
    "tgtgt", "tgtgt_new", "salt", "salt32", "pwd_md5", "device_sig", "device_sig_new",
    "device_code", "device_verify_sig", "dvs", "device_code_sig", "sig", "code",
    "third_factor_verify_sig", "client_sig", "client_key", "rand_key", "rand_key_new",
    "auth_token", "session_id", "aes_key", "s2", "s3", "web_sig", "web_sig_new", "auth_code",
    "broker_client_sig", "broker_client_key",
};

bool auth_log_sensitive(futu_str name)
{
    for (size_t i = 0; i < ARRAY_LEN(sensitive); i++)
        if (str_is(name, sensitive[i]))
            return true;
    return (name.n > 7 && memcmp(name.p, "moomoo_", 7) == 0) || redact_is_secret(name);
}

static futu_err put_mask(struct buf *out, size_t n, const char *quote)
{
    return buf_printf(out, "%s<REDACTED len=%zu>%s", quote, n, quote);
}

/* ---- JSON: the text is walked once; member names are strings that ":" follows ---- */

static futu_err put_until(struct buf *out, const char **from, const char *to)
{
    futu_err err = buf_put(out, *from, (size_t)(to - *from));
    *from = to;
    return err;
}

/* The value behind the name of a member, when nobody may read it: masked as a whole. */
static futu_err mask_value(struct json_lex *lx, const char **from, struct buf *out)
{
    futu_str value;
    json_blanks(lx);
    const char *at = lx->p;
    if (!json_skip(lx, &value))
        return FUTU_EFORMAT;
    futu_err err = put_until(out, from, at);
    bool text = value.n >= 2 && value.p[0] == '"';
    if (!err)
        err = str_is(value, "null") ? buf_puts(out, "null")
                                    : put_mask(out, text ? value.n - 2 : value.n, "\"");
    *from = lx->p;
    return err;
}

static futu_err redact_json_text(futu_str text, struct buf *out)
{
    struct json_lex lx = { text.p, text.p + text.n };
    const char *from = text.p;
    char tmp[64];
    futu_str name;
    futu_err err = FUTU_OK;
    while (lx.p < lx.end && !err) {
        if (*lx.p != '"') {
            lx.p++;
            continue;
        }
        if (json_name(&lx, tmp, sizeof(tmp), &name))
            return FUTU_EFORMAT;
        if (json_take(&lx, ':') && auth_log_sensitive(name))
            err = mask_value(&lx, &from, out);
    }
    return err ? err : put_until(out, &from, lx.end);
}

/* ---- a query: "/path?a=b&c=d" ---- */

static futu_err redact_query(futu_str text, struct buf *out)
{
    const char *mark = memchr(text.p, '?', text.n), *end = text.p + text.n;
    futu_err err = buf_put(out, text.p, mark ? (size_t)(mark - text.p) + 1 : text.n);
    for (const char *p = mark ? mark + 1 : end; p < end && !err;) {
        const char *amp = memchr(p, '&', (size_t)(end - p));
        const char *stop = amp ? amp : end, *eq = memchr(p, '=', (size_t)(stop - p));
        futu_str name = { p, (size_t)((eq ? eq : stop) - p) };
        err = buf_put(out, p, name.n + (eq != NULL));
        if (eq && !err)
            err = auth_log_sensitive(name) ? put_mask(out, (size_t)(stop - eq) - 1, "")
                                           : buf_put(out, eq + 1, (size_t)(stop - eq) - 1);
        if (amp && !err)
            err = buf_byte(out, '&');
        p = amp ? amp + 1 : end;
    }
    return err;
}

futu_err auth_log_redact(futu_str text, struct buf *out)
{
    size_t before = out->n;
    if (text.n == 0)
        return FUTU_OK;
    if (text.p[0] == '/' && str_visible(text))
        return redact_query(text, out);
    futu_err err = text.p[0] == '{' ? redact_json_text(text, out) : FUTU_EFORMAT;
    if (err != FUTU_EFORMAT)
        return err;
    out->n = before;
    return put_mask(out, text.n, "");
}

void auth_log_debug(const char *head, futu_str text)
{
    struct buf b = BUF_INIT;
    if (log_level < FUTU_LOG_DEBUG)
        return;
    if (auth_log_redact(text, &b) == FUTU_OK)
        log_debug("login: %s%s%.*s%s", head, b.n ? ": " : "", (int)MIN(b.n, LINE_MAX),
                  b.n ? (const char *)b.p : "", b.n > LINE_MAX ? "..." : "");
    buf_free(&b);
}
