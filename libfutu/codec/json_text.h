/* json_text.h - how text of any kind becomes a JSON string that is always valid.
 *
 * Bytes that are no UTF-8 become U+FFFD, one each.
 * Threads: none; no state.
 * Tests:   test/unit/codec/json_test.c, test/unit/access/audit_test.c
 */
#ifndef CODEC_JSON_TEXT_H
#define CODEC_JSON_TEXT_H

#include "base/buf.h"
#include "codec/utf8.h"

#define JSON_ESCAPE_MAX 6

/* Bytes at the start of p that can stand in a JSON string as they are. */
static inline size_t json_plain_run(const uint8_t *p, size_t n)
{
    size_t i = 0;
    while (i < n) {
        if (p[i] >= 0x80) {
            size_t k = utf8_next(p + i, n - i);
            if (k == 0)
                break;
            i += k;
        } else if (p[i] < 0x20 || p[i] == '"' || p[i] == '\\') {
            break;
        } else {
            i++;
        }
    }
    return i;
}

/* What stands in a JSON string for a byte that can't; returns its length. */
size_t json_escape(char out[JSON_ESCAPE_MAX], uint8_t c);
/* The text in quotes. As buf_put(). */
futu_err json_put_string(struct buf *out, futu_str text);

#endif
