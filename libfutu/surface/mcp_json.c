/* mcp_json.c - see mcp_json.h. */
#include "surface/mcp_json.h"

static bool judge(struct json_lex *lx, unsigned depth);

static bool digits(struct json_lex *lx)
{
    const char *from = lx->p;
    while (lx->p < lx->end && *lx->p >= '0' && *lx->p <= '9')
        lx->p++;
    return lx->p > from;
}

static bool at(const struct json_lex *lx, const char *set)
{
    return lx->p < lx->end && *lx->p && strchr(set, *lx->p);
}

static bool number(struct json_lex *lx)
{
    if (at(lx, "-"))
        lx->p++;
    if (at(lx, "0"))
        lx->p++;
    else if (!digits(lx))
        return false;
    if (at(lx, ".")) {
        lx->p++;
        if (!digits(lx))
            return false;
    }
    if (at(lx, "eE")) {
        lx->p++;
        if (at(lx, "+-"))
            lx->p++;
        return digits(lx);
    }
    return true;
}

static bool string(struct json_lex *lx)
{
    char esc[4];
    futu_str piece;
    if (!json_take(lx, '"'))
        return false;
    do {
        if (json_piece(lx, esc, &piece))
            return false;
    } while (piece.n > 0);
    return true;
}

/* Behind the opening bracket. */
static bool items(struct json_lex *lx, char close, unsigned depth)
{
    if (depth == 0)
        return false;
    if (json_take(lx, close))
        return true;
    do {
        if (close == '}' && (!string(lx) || !json_take(lx, ':')))
            return false;
        if (!judge(lx, depth - 1))
            return false;
    } while (json_take(lx, ','));
    return json_take(lx, close);
}

static bool judge(struct json_lex *lx, unsigned depth)
{
    switch (json_peek(lx)) {
    case '{':
        lx->p++;
        return items(lx, '}', depth);
    case '[':
        lx->p++;
        return items(lx, ']', depth);
    case '"':
        return string(lx);
    case 't':
        return json_word(lx, STR("true"));
    case 'f':
        return json_word(lx, STR("false"));
    case 'n':
        return json_word(lx, STR("null"));
    default:
        return number(lx);
    }
}

bool mcp_json_valid(futu_str text)
{
    if (text.n == 0)
        return false;
    struct json_lex lx = { text.p, text.p + text.n };
    if (!judge(&lx, MCP_JSON_DEPTH))
        return false;
    json_blanks(&lx);
    return lx.p == lx.end;
}

bool mcp_enter(struct json_lex *lx, futu_str value, char bracket)
{
    if (value.n == 0)
        return false;
    *lx = (struct json_lex){ value.p, value.p + value.n };
    if (!json_take(lx, bracket))
        return false;
    char c = json_peek(lx);
    return c != '}' && c != ']' && c != '\0';
}

bool mcp_next_element(struct json_lex *lx, futu_str *value)
{
    json_take(lx, ',');
    char c = json_peek(lx);
    return c != ']' && c != '\0' && json_skip(lx, value);
}

bool mcp_next_member(struct json_lex *lx, char tmp[128], futu_str *name, futu_str *value)
{
    json_take(lx, ',');
    char c = json_peek(lx);
    if (c == '}' || c == '\0')
        return false;
    return !json_name(lx, tmp, 128, name) && json_take(lx, ':') && json_skip(lx, value);
}

futu_str mcp_member(futu_str object, const char *name)
{
    struct json_lex lx;
    char tmp[128];
    futu_str is, value;
    if (!mcp_enter(&lx, object, '{'))
        return STR_NULL;
    while (mcp_next_member(&lx, tmp, &is, &value))
        if (str_is(is, name))
            return value;
    return STR_NULL;
}

futu_str mcp_path(futu_str object, const char *path)
{
    char name[32];
    while (object.p && *path) {
        size_t n = strcspn(path, ".");
        str_copy(name, sizeof(name), (futu_str){ path, n });
        object = mcp_member(object, name);
        path += n + (path[n] == '.');
    }
    return object;
}

futu_err mcp_string(futu_str value, struct buf *out)
{
    char esc[4];
    futu_str piece = STR_NULL;
    out->n = 0;
    if (!mcp_is_string(value))
        return FUTU_EFORMAT;
    struct json_lex lx = { value.p + 1, value.p + value.n };
    do {
        if (json_piece(&lx, esc, &piece))
            return FUTU_EFORMAT;
        futu_err err = buf_put(out, piece.p, piece.n);
        if (err)
            return err;
    } while (piece.n > 0);
    futu_err err = buf_byte(out, '\0');
    out->n -= !err;
    return err;
}
