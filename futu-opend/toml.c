/* toml.c - see toml.h. */
#include "toml.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    const char *p, *end;
    unsigned line;
    char *room;                 /* decoded key and value, as large as the text */
    size_t used;
    char number[24];            /* the text of an integer */
    char *why;
    size_t size;
};

static bool wrong(struct reader *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static bool wrong(struct reader *r, const char *fmt, ...)
{
    char text[300];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    snprintf(r->why, r->size, "line %u: %s", r->line, text);
    return false;
}

static bool ahead(const struct reader *r, const char *word)
{
    size_t n = strlen(word);
    return (size_t)(r->end - r->p) >= n && memcmp(r->p, word, n) == 0;
}

static void put(struct reader *r, char c)
{
    r->room[r->used++] = c;
}

static bool control(unsigned char c)
{
    return (c < 0x20 && c != '\t') || c == 0x7f;
}

/* ---- UTF-8 ---- */

/* Bytes of the character at p; 0: malformed, overlong, a surrogate or past U+10FFFF. */
static size_t utf8_length(const unsigned char *p, size_t left)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t n = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : p[0] >> 3 == 30 ? 4 : 0;
    if (n <= 1 || n > left)
        return n == 1;
    uint32_t v = p[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if (p[i] >> 6 != 2)
            return 0;
        v = v << 6 | (p[i] & 0x3f);
    }
    return v < least[n] || v > 0x10ffff || (v >= 0xd800 && v < 0xe000) ? 0 : n;
}

static bool check_utf8(struct reader *r)
{
    const unsigned char *p = (const unsigned char *)r->p, *end = (const unsigned char *)r->end;
    for (size_t n; p < end; p += n) {
        n = utf8_length(p, (size_t)(end - p));
        if (n == 0)
            return wrong(r, "not UTF-8");
        r->line += *p == '\n';
    }
    r->line = 1;
    return true;
}

static void put_utf8(struct reader *r, uint32_t v)
{
    if (v < 0x80) {
        put(r, (char)v);
    } else if (v < 0x800) {
        put(r, (char)(0xc0 | v >> 6));
        put(r, (char)(0x80 | (v & 0x3f)));
    } else if (v < 0x10000) {
        put(r, (char)(0xe0 | v >> 12));
        put(r, (char)(0x80 | (v >> 6 & 0x3f)));
        put(r, (char)(0x80 | (v & 0x3f)));
    } else {
        put(r, (char)(0xf0 | v >> 18));
        put(r, (char)(0x80 | (v >> 12 & 0x3f)));
        put(r, (char)(0x80 | (v >> 6 & 0x3f)));
        put(r, (char)(0x80 | (v & 0x3f)));
    }
}

/* ---- strings ---- */

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool unicode(struct reader *r, size_t digits)
{
    uint32_t v = 0;
    for (size_t i = 0; i < digits; i++, r->p++) {
        int d = r->p < r->end ? hex(*r->p) : -1;
        if (d < 0)
            return wrong(r, "\\%c wants %zu hex digits", digits == 4 ? 'u' : 'U', digits);
        v = v << 4 | (uint32_t)d;
    }
    if (v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
        return wrong(r, "U+%X is no character", v);
    if (v == 0)
        return wrong(r, "a NUL can't stand in a string");
    put_utf8(r, v);
    return true;
}

/* At the character behind the backslash. */
static bool escape(struct reader *r)
{
    static const char from[] = "btnfr\"\\", to[] = "\b\t\n\f\r\"\\";
    char c = r->p < r->end ? *r->p : '\0';
    const char *at = c ? strchr(from, c) : NULL;
    r->p += c != '\0';
    if (at) {
        put(r, to[at - from]);
        return true;
    }
    if (c == 'u' || c == 'U')
        return unicode(r, c == 'u' ? 4 : 8);
    return wrong(r, "no escape \\%c", c >= ' ' && c < 0x7f ? c : '?');
}

/* One line, in either kind of quotes; the quote is still ahead. */
static bool short_string(struct reader *r)
{
    char quote = *r->p++;
    while (r->p < r->end && *r->p != quote) {
        char c = *r->p;
        if (control((unsigned char)c))
            return wrong(r, c == '\n' || c == '\r' ? "a string ends within its line"
                                                   : "a control character in a string");
        r->p++;
        if (c == '\\' && quote == '"') {
            if (!escape(r))
                return false;
        } else {
            put(r, c);
        }
    }
    if (r->p == r->end)
        return wrong(r, "a string without its closing quote");
    r->p++;
    return true;
}

static bool skip_newline(struct reader *r)
{
    size_t n = ahead(r, "\n") ? 1 : ahead(r, "\r\n") ? 2 : 0;
    r->p += n;
    r->line += n > 0;
    return n > 0;
}

/* A backslash at the end of a line takes away all blanks and line breaks that follow. False: the
 * backslash begins an escape. */
static bool joined_line(struct reader *r)
{
    const char *p = r->p;
    while (p < r->end && (*p == ' ' || *p == '\t'))
        p++;
    if (p == r->end || (*p != '\n' && *p != '\r'))
        return false;
    r->p = p;
    while (skip_newline(r) || ahead(r, " ") || ahead(r, "\t"))
        r->p += ahead(r, " ") || ahead(r, "\t");
    return true;
}

/* Three quotes end it; up to two more in front of them are its own. */
static bool closing(struct reader *r, const char *quotes)
{
    size_t n = 0;
    while (r->p + n < r->end && r->p[n] == quotes[0] && n < 5)
        n++;
    if (n < 3)
        return false;
    for (size_t i = 3; i < n; i++)
        put(r, quotes[0]);
    r->p += n;
    return true;
}

static bool long_string(struct reader *r, const char *quotes)
{
    unsigned first = r->line;
    r->p += 3;
    skip_newline(r);
    while (r->p < r->end) {
        char c = *r->p;
        if (c == quotes[0] && closing(r, quotes))
            return true;
        if (skip_newline(r)) {
            put(r, '\n');
            continue;
        }
        if (control((unsigned char)c))
            return wrong(r, "a control character in a string");
        r->p++;
        if (c != '\\' || quotes[0] != '"')
            put(r, c);
        else if (!joined_line(r) && !escape(r))
            return false;
    }
    r->line = first;
    return wrong(r, "a string without its closing quotes");
}

static bool string(struct reader *r)
{
    if (ahead(r, "\"\"\""))
        return long_string(r, "\"\"\"");
    if (ahead(r, "'''"))
        return long_string(r, "'''");
    return short_string(r);
}

/* ---- other values ---- */

static bool digit_of(char c, unsigned base, unsigned *out)
{
    int d = hex(c);
    *out = (unsigned)d;
    return d >= 0 && (unsigned)d < base;
}

/* Digits with single underscores between them; false: none, or not that. */
static bool digits(const char *p, size_t n, unsigned base, uint64_t *out, bool *over)
{
    uint64_t v = 0;
    unsigned d;
    if (n == 0 || p[0] == '_' || p[n - 1] == '_')
        return false;
    for (size_t i = 0; i < n; i++) {
        if (p[i] == '_' && p[i - 1] != '_')
            continue;
        if (!digit_of(p[i], base, &d))
            return false;
        *over |= v > (UINT64_MAX - d) / base;
        v = v * base + d;
    }
    *out = v;
    return true;
}

static bool integer(const char *p, size_t n, bool *minus, uint64_t *v, bool *over)
{
    static const struct {
        const char *prefix;
        unsigned base;
    } bases[] = { { "0x", 16 }, { "0o", 8 }, { "0b", 2 } };
    *minus = *p == '-';
    for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
        if (n > 2 && memcmp(p, bases[i].prefix, 2) == 0)
            return digits(p + 2, n - 2, bases[i].base, v, over);
    if (*p == '-' || *p == '+') {
        p++;
        n--;
    }
    if (n > 1 && p[0] == '0')
        return false;
    return digits(p, n, 10, v, over);
}

static bool looks_like_date(const char *p, size_t n)
{
    size_t lead = strspn(p, "0123456789");
    return (n >= 10 && lead == 4 && p[4] == '-' && p[7] == '-') ||
           (n >= 5 && lead == 2 && p[2] == ':');
}

/* Whole part, then a fraction, an exponent or both; or inf, nan. Only the kind is of interest. */
static bool looks_like_float(const char *p)
{
    p += *p == '-' || *p == '+';
    if (strcmp(p, "inf") == 0 || strcmp(p, "nan") == 0)
        return true;
    size_t whole = strspn(p, "0123456789_");
    return whole && strpbrk(p + whole, ".eE") == p + whole &&
           strspn(p + whole, "0123456789_.eE+-") == strlen(p + whole) &&
           strpbrk(p + whole + 1, "0123456789");
}

/* A run of letters and digits: number, date or boolean. */
static bool scalar(struct reader *r, struct toml_entry *e)
{
    char token[80];
    size_t n = 0;
    bool minus, over = false;
    uint64_t v;
    while (r->p < r->end && n + 1 < sizeof(token) && *r->p && !strchr(" \t\r\n#,]}", *r->p))
        token[n++] = *r->p++;
    token[n] = '\0';
    if (strcmp(token, "true") == 0 || strcmp(token, "false") == 0) {
        e->kind = TOML_BOOLEAN;
        e->text = token[0] == 't' ? "true" : "false";
        return true;
    }
    if (n && integer(token, n, &minus, &v, &over)) {
        e->kind = TOML_INTEGER;
        if (over)
            return wrong(r, "%s is too large for a number", token);
        snprintf(r->number, sizeof(r->number), "%s%llu", minus && v ? "-" : "",
                 (unsigned long long)v);
        e->text = r->number;
        return true;
    }
    if (looks_like_date(token, n) || looks_like_float(token)) {
        e->kind = looks_like_date(token, n) ? TOML_DATE : TOML_FLOAT;
        return true;
    }
    if (n == 0)
        return wrong(r, "a value is missing");
    return wrong(r, "%s is no value; text stands in quotes", token);
}

static bool value(struct reader *r, struct toml_entry *e)
{
    e->text = "";
    if (ahead(r, "\"") || ahead(r, "'")) {
        e->kind = TOML_STRING;
        e->text = r->room + r->used;
        if (!string(r))
            return false;
        put(r, '\0');
        return true;
    }
    if (ahead(r, "[") || ahead(r, "{")) {
        e->kind = ahead(r, "[") ? TOML_ARRAY : TOML_TABLE;
        return true;
    }
    return scalar(r, e);
}

/* ---- lines ---- */

static void skip_blanks(struct reader *r)
{
    while (ahead(r, " ") || ahead(r, "\t"))
        r->p++;
}

static bool comment(struct reader *r)
{
    if (!ahead(r, "#"))
        return true;
    while (r->p < r->end && *r->p != '\n' && !ahead(r, "\r\n")) {
        if (control((unsigned char)*r->p))
            return wrong(r, "a control character in a comment");
        r->p++;
    }
    return true;
}

static bool key(struct reader *r, struct toml_entry *e)
{
    static const char bare[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    e->key = r->room;
    e->line = r->line;
    r->used = 0;
    if (ahead(r, "\"") || ahead(r, "'")) {
        if (ahead(r, "\"\"\"") || ahead(r, "'''"))
            return wrong(r, "a key stands in single quotes or in one pair of double ones");
        if (!short_string(r))
            return false;
    } else {
        while (r->p < r->end && *r->p && strchr(bare, *r->p))
            put(r, *r->p++);
        if (r->used == 0)
            return wrong(r, "a line is KEY = VALUE");
    }
    e->key_n = r->used;
    put(r, '\0');
    skip_blanks(r);
    if (ahead(r, "."))
        return wrong(r, "%.40s.: the file is flat, a key has no dots", e->key);
    if (!ahead(r, "="))
        return wrong(r, "%.40s: an equals sign and a value are missing", e->key);
    r->p++;
    skip_blanks(r);
    return true;
}

static bool entry(struct reader *r, toml_fn *fn, void *arg)
{
    struct toml_entry e = { .kind = TOML_STRING };
    char reason[300];
    if (!key(r, &e) || !value(r, &e))
        return false;
    unsigned last = r->line;
    r->line = e.line;
    if (!fn(&e, arg, reason, sizeof(reason)))
        return wrong(r, "%s", reason);
    if (e.kind > TOML_BOOLEAN)
        return wrong(r, "%.40s: only strings, integers and booleans are read", e.key);
    r->line = last;
    return true;
}

static bool line(struct reader *r, toml_fn *fn, void *arg)
{
    skip_blanks(r);
    if (ahead(r, "["))
        return wrong(r, "the file is flat: no [tables], every key stands at the top");
    if (r->p < r->end && !ahead(r, "#") && !ahead(r, "\n") && !ahead(r, "\r\n") &&
        !entry(r, fn, arg))
        return false;
    skip_blanks(r);
    if (!comment(r))
        return false;
    return r->p == r->end || skip_newline(r) || wrong(r, "text behind the value");
}

bool toml_parse(const char *text, size_t n, toml_fn *fn, void *arg, char *why, size_t size)
{
    struct reader r = { .p = text, .end = text + n, .line = 1, .why = why, .size = size };
    if (!check_utf8(&r))
        return false;
    r.room = malloc(n + 2);
    if (!r.room)
        return wrong(&r, "out of memory");
    r.p += ahead(&r, "\xef\xbb\xbf") ? 3 : 0;       /* a byte order mark */
    bool ok = true;
    while (ok && r.p < r.end)
        ok = line(&r, fn, arg);
    explicit_bzero(r.room, n + 2);
    if (r.room)
        explicit_bzero(r.room, n + 2);
    free(r.room);
    return ok;
}
