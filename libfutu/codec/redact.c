/* redact.c - see redact.h. */
#include "codec/redact.h"

#include <ctype.h>
#include <strings.h>

#include "codec/json_lex.h"

#define NAME_MAX_N 64           /* of a name, as much as is compared */

/* Parts of names, in lower case and without "_" and "-". */
static const char *const secret_parts[] = {
    "pwd", "password", "passwd", "secret", "token", "authorization", "apikey", "aeskey", "aescbciv",
    "websocketkey", "privatekey", "cookie", "verifycode", "smscode", "captcha",
};

struct redact {
    const char *p, *end;
    struct buf *out;
    const char *also;           /* a whole name that is secret in this message; NULL: none */
    futu_err err;
};

/* "otp" is a part of many words: it counts as a word alone, as in "otp", "user_otp", "smsOtp". */
static bool has_otp(futu_str name)
{
    for (size_t i = 0; i + 3 <= name.n; i++) {
        const char *p = name.p + i;
        bool begins = i == 0 || !isalpha((unsigned char)p[-1]) ||
                      (islower((unsigned char)p[-1]) && isupper((unsigned char)p[0]));
        bool ends = i + 3 == name.n || !islower((unsigned char)p[3]);
        if (begins && ends && strncasecmp(p, "otp", 3) == 0)
            return true;
    }
    return false;
}

bool redact_is_secret(futu_str name)
{
    char plain[NAME_MAX_N + 1];
    size_t n = 0;
    for (size_t i = 0; i < name.n && n < NAME_MAX_N; i++)
        if (name.p[i] != '_' && name.p[i] != '-')
            plain[n++] = (char)tolower((unsigned char)name.p[i]);
    plain[n] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(secret_parts); i++)
        if (strstr(plain, secret_parts[i]))
            return true;
    return has_otp(name);
}

static bool is_secret(const struct redact *r, futu_str name)
{
    return (r->also && str_is(name, r->also)) || redact_is_secret(name);
}

static void put(struct redact *r, const char *p, size_t n)
{
    if (!r->err)
        r->err = buf_put(r->out, p, n);
}

static void copy_to(struct redact *r, const char *to)
{
    put(r, r->p, (size_t)(to - r->p));
    r->p = to;
}

static void put_mask(struct redact *r, size_t n, const char *quote)
{
    if (!r->err)
        r->err = buf_printf(r->out, "%s<redacted:%zu>%s", quote, n, quote);
}

/* ---- JSON ---- */

/* Behind the string that begins at p; the end when it has none. */
static const char *skip_string(const char *p, const char *end)
{
    for (p++; p < end && *p != '"'; p++)
        if (*p == '\\' && p + 1 < end)
            p++;
    return p < end ? p + 1 : end;
}

/* Behind the value that begins at p, whatever it is. */
static const char *skip_value(const char *p, const char *end)
{
    size_t depth = 0;
    for (; p < end; p++) {
        if (*p == '"') {
            p = skip_string(p, end) - 1;
        } else if (*p == '{' || *p == '[') {
            depth++;
            continue;
        } else if (*p == '}' || *p == ']' || *p == ',') {
            if (depth == 0)
                return p;
            depth -= *p != ',';
        }
        if (depth == 0 && (*p == '"' || *p == '}' || *p == ']'))
            return p + 1;
    }
    return end;
}

/* The bytes that a string stands for; of anything else, and of half a string, its text. */
static size_t value_size(const char *p, const char *end)
{
    struct json_lex lx = { p + 1, end };
    char esc[4];
    futu_str piece;
    size_t n = 0;
    if (*p != '"')
        return (size_t)(end - p);
    for (;;) {
        if (json_piece(&lx, esc, &piece))
            return (size_t)(end - p);
        if (piece.n == 0)
            return n;
        n += piece.n;
    }
}

static bool is_secret_member(const struct redact *r, const char *quote)
{
    struct json_lex lx = { quote, r->end };
    char tmp[NAME_MAX_N];
    futu_str name;
    if (json_name(&lx, tmp, sizeof(tmp), &name))        /* no valid string: as it is written */
        name = (futu_str){ quote + 1, (size_t)(skip_string(quote, r->end) - quote) - 1 };
    return is_secret(r, name);
}

/* Whatever follows the first colon behind a secret name goes. */
static void json_string(struct redact *r)
{
    struct json_lex lx = { skip_string(r->p, r->end), r->end };
    bool member = json_peek(&lx) == ':' && is_secret_member(r, r->p);
    if (!member) {
        copy_to(r, lx.p);
        return;
    }
    lx.p++;
    json_blanks(&lx);
    copy_to(r, lx.p);
    if (r->p == r->end)
        return;
    const char *value = r->p;
    r->p = skip_value(value, r->end);
    while (r->p > value && isspace((unsigned char)r->p[-1]))
        r->p--;
    if (r->p > value)
        put_mask(r, value_size(value, r->p), "\"");
}

static void json_text(struct redact *r)
{
    while (r->p < r->end && !r->err) {
        const char *quote = memchr(r->p, '"', (size_t)(r->end - r->p));
        copy_to(r, quote ? quote : r->end);
        if (quote)
            json_string(r);
    }
}

/* ---- header lines and queries ---- */

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("_-.%~[]+", c));
}

/* With %XX as what it stands for. */
static futu_str plain_name(const char *p, const char *end, char tmp[NAME_MAX_N])
{
    size_t n = 0;
    for (; p < end && n < NAME_MAX_N; p++) {
        bool coded = *p == '%' && end - p > 2 && hex_digit(p[1]) >= 0 && hex_digit(p[2]) >= 0;
        tmp[n++] = coded ? (char)(hex_digit(p[1]) << 4 | hex_digit(p[2])) : *p;
        p += coded ? 2 : 0;
    }
    return (futu_str){ tmp, n };
}

static void mask_until(struct redact *r, const char *stops)
{
    const char *from = r->p;
    while (r->p < r->end && !(*r->p ? strchr(stops, *r->p) : NULL))
        r->p++;
    if (r->p > from)
        put_mask(r, (size_t)(r->p - from), "");
}

static void copy_blanks(struct redact *r)
{
    const char *to = r->p;
    while (to < r->end && (*to == ' ' || *to == '\t'))
        to++;
    copy_to(r, to);
}

/* Behind "Authorization:", where a scheme may stand before the secret. */
static void mask_header(struct redact *r)
{
    static const char *const schemes[] = { "Bearer ", "Basic ", "Digest " };
    copy_blanks(r);
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        size_t n = strlen(schemes[i]);
        if ((size_t)(r->end - r->p) >= n && strncasecmp(r->p, schemes[i], n) == 0)
            copy_to(r, r->p + n);
    }
    copy_blanks(r);
    mask_until(r, "\r\n");
}

/* At the beginning of a word. */
static void word(struct redact *r)
{
    char tmp[NAME_MAX_N];
    const char *to = r->p;
    while (to < r->end && is_name_char(*to))
        to++;
    futu_str name = plain_name(r->p, to, tmp);
    while (to < r->end && *to == ' ')
        to++;
    char next = to < r->end ? *to : '\0';
    bool bearer = name.n == 6 && strncasecmp(name.p, "bearer", 6) == 0;
    bool hidden = is_secret(r, name);
    if (!hidden || (next != '=' && next != ':')) {
        copy_to(r, to);
        if (bearer)
            mask_until(r, " \t\r\n\"");
        return;
    }
    copy_to(r, to + 1);
    if (next == ':') {
        mask_header(r);
        return;
    }
    copy_blanks(r);
    mask_until(r, "& \t\r\n#\"");
}

static void line_text(struct redact *r)
{
    while (r->p < r->end && !r->err) {
        if (is_name_char(*r->p))
            word(r);
        else
            copy_to(r, r->p + 1);
    }
}

/* ---- both ---- */

static futu_err redact(futu_str text, const char *also, struct buf *out)
{
    struct redact r = { .p = text.p, .end = text.p + text.n, .out = out, .also = also };
    struct json_lex lx = { text.p, r.end };
    size_t before = out->n;
    if (text.n == 0)
        return FUTU_OK;
    char first = json_peek(&lx);
    if (first == '{' || first == '[' || first == '"')
        json_text(&r);
    else
        line_text(&r);
    if (r.err)
        out->n = before;
    return r.err;
}

futu_err redact_text(futu_str text, struct buf *out)
{
    return redact(text, NULL, out);
}

/* Everywhere else a `code` is that of a security. */
static const char *also_secret(const futu_msg *m)
{
    return strncmp(m->name, "Verification.", 13) == 0 ? "code" : NULL;
}

static void shorten(struct buf *out, size_t before, size_t max)
{
    if (out->n - before <= max)
        return;
    size_t n = before + (max > 3 ? max - 3 : 0);
    while (n > before && (out->p[n] & 0xc0) == 0x80)
        n--;
    memcpy(out->p + n, "...", MIN(max, 3));
    out->n = n + MIN(max, 3);
}

futu_err redact_json(const futu_msg *m, const uint8_t *pb, size_t n, size_t max, struct buf *out)
{
    struct buf json = BUF_INIT;
    size_t before = out->n;
    futu_err err = FUTU_EFORMAT;
    if (m)
        err = codec_to_json(m, pb, n, CODEC_DECLARED, &json, NULL, NULL);
    if (err == FUTU_EFORMAT || err == FUTU_ELIMIT)
        err = buf_printf(out, "<%zu bytes>", n);
    else if (!err)
        err = redact(buf_str(&json), also_secret(m), out);
    if (json.p)
        explicit_bzero(json.p, json.cap);
    buf_free(&json);
    if (!err)
        shorten(out, before, max);
    return err;
}
