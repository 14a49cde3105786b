/* json_text.c - see json_text.h. */
#include "codec/json_text.h"

size_t json_escape(char out[JSON_ESCAPE_MAX], uint8_t c)
{
    static const char hex[] = "0123456789abcdef";
    static const char shorts[] = "\bb\ff\nn\rr\tt\"\"\\\\";
    if (c >= 0x80) {
        memcpy(out, "\xef\xbf\xbd", 3);
        return 3;
    }
    out[0] = '\\';
    for (const char *s = shorts; *s; s += 2)
        if ((uint8_t)*s == c) {
            out[1] = s[1];
            return 2;
        }
    memcpy(out + 1, "u00", 3);
    out[4] = hex[c >> 4];
    out[5] = hex[c & 15];
    return 6;
}

futu_err json_put_string(struct buf *out, futu_str text)
{
    const uint8_t *p = (const uint8_t *)text.p;
    char esc[JSON_ESCAPE_MAX];
    size_t before = out->n;
    futu_err err = buf_byte(out, '"');
    for (size_t i = 0; !err && i < text.n;) {
        size_t run = json_plain_run(p + i, text.n - i);
        err = buf_put(out, p + i, run);
        i += run;
        if (!err && i < text.n)
            err = buf_put(out, esc, json_escape(esc, p[i++]));
    }
    if (!err)
        err = buf_byte(out, '"');
    if (err)
        out->n = before;
    return err;
}
