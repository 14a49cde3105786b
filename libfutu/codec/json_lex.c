/* json_lex.c - see json_lex.h. */
#include "codec/json_lex.h"

#include "codec/utf8.h"

bool json_word(struct json_lex *lx, futu_str word)
{
    json_blanks(lx);
    if ((size_t)(lx->end - lx->p) < word.n || memcmp(lx->p, word.p, word.n) != 0)
        return false;
    lx->p += word.n;
    return true;
}

/* Four hex digits. */
static bool take_hex(struct json_lex *lx, uint32_t *out)
{
    *out = 0;
    if (lx->end - lx->p < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        char c = *lx->p++;
        uint32_t d = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                     : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                     : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                            : 16;
        if (d > 15)
            return false;
        *out = *out << 4 | d;
    }
    return true;
}

/* Behind "\u": one character, or the two halves of one above U+FFFF. */
static const char *take_unicode(struct json_lex *lx, uint32_t *c)
{
    uint32_t low;
    if (!take_hex(lx, c))
        return "four hex digits are expected";
    if (*c < 0xd800 || *c > 0xdfff)
        return NULL;
    if (*c > 0xdbff || lx->end - lx->p < 2 || lx->p[0] != '\\' || lx->p[1] != 'u')
        return "half of a surrogate pair";
    lx->p += 2;
    if (!take_hex(lx, &low) || low < 0xdc00 || low > 0xdfff)
        return "half of a surrogate pair";
    *c = 0x10000 + ((*c - 0xd800) << 10) + (low - 0xdc00);
    return NULL;
}

static const char *take_escape(struct json_lex *lx, char esc[4], size_t *n)
{
    static const char shorts[] = "b\bf\fn\nr\rt\t\"\"\\\\//";
    uint32_t c;
    lx->p++;                            /* the backslash */
    if (lx->p == lx->end)
        return "the string does not end";
    char kind = *lx->p++;
    if (kind == 'u') {
        const char *bad = take_unicode(lx, &c);
        if (!bad)
            *n = utf8_put(esc, c);
        return bad;
    }
    for (const char *s = shorts; *s; s += 2)
        if (*s == kind) {
            esc[0] = s[1];
            *n = 1;
            return NULL;
        }
    return "unknown escape";
}

const char *json_piece(struct json_lex *lx, char esc[4], futu_str *piece)
{
    const char *from = lx->p;
    while (lx->p < lx->end) {
        unsigned char c = (unsigned char)*lx->p;
        size_t k = 1;
        if (c == '"' || c == '\\')
            break;
        if (c < 0x20)
            return "a control character in a string";
        if (c >= 0x80) {
            k = utf8_next((const unsigned char *)lx->p, (size_t)(lx->end - lx->p));
            if (k == 0)
                return "not UTF-8";
        }
        lx->p += k;
    }
    *piece = (futu_str){ from, (size_t)(lx->p - from) };
    if (lx->p == lx->end)
        return "the string does not end";
    if (piece->n)
        return NULL;
    if (*lx->p == '"') {
        lx->p++;
        return NULL;
    }
    piece->p = esc;
    return take_escape(lx, esc, &piece->n);
}

const char *json_name(struct json_lex *lx, char *tmp, size_t size, futu_str *name)
{
    char esc[4];
    futu_str piece;
    if (!json_take(lx, '"'))
        return "a member's name in quotes is expected";
    const char *bad = json_piece(lx, esc, name);
    if (bad || name->n == 0)
        return bad;
    if (name->p != esc && *lx->p == '"') {      /* the usual case: no escape */
        lx->p++;
        return NULL;
    }
    size_t n = 0;
    for (piece = *name; !bad && piece.n; bad = json_piece(lx, esc, &piece)) {
        size_t k = MIN(piece.n, size - n);
        memcpy(tmp + n, piece.p, k);
        n += k;
    }
    *name = (futu_str){ tmp, n };
    return bad;
}

/* Behind the quote that opens a string; false: it does not end. */
static bool skip_string(struct json_lex *lx)
{
    for (; lx->p < lx->end; lx->p++) {
        if (*lx->p == '"') {
            lx->p++;
            return true;
        }
        if (*lx->p == '\\' && ++lx->p == lx->end)
            return false;
    }
    return false;
}

bool json_skip(struct json_lex *lx, futu_str *v)
{
    size_t depth = 0;
    json_blanks(lx);
    v->p = lx->p;
    for (bool done = false; !done && lx->p < lx->end;) {
        char c = *lx->p;
        if (depth == 0 && (c == ',' || c == '}' || c == ']'))
            break;
        lx->p++;
        if (c == '"' && !skip_string(lx))
            return false;
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
        done = depth == 0 && (c == '"' || c == '}' || c == ']');
    }
    v->n = (size_t)(lx->p - v->p);
    return v->n && depth == 0;
}
