/* grpc_wire.c - see grpc_wire.h. */
#include "grpc_wire.h"

#include <stdio.h>
#include <string.h>

#define KEEP 4096

size_t grpc_length(const uint8_t head[GRPC_HEAD])
{
    return (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4];
}

size_t grpc_whole(const struct grpc_in *in, const uint8_t *p, size_t n)
{
    if (in->n_head > 0 || n < GRPC_HEAD || p[0] != 0)
        return 0;
    size_t len = grpc_length(p);
    return len <= FUTU_GRPC_MESSAGE_MAX && n - GRPC_HEAD >= len ? GRPC_HEAD + len : 0;
}

enum grpc_step grpc_feed(struct grpc_in *in, const uint8_t **p, size_t *n)
{
    while (in->n_head < GRPC_HEAD) {
        if (*n == 0)
            return GRPC_MORE;
        in->head[in->n_head++] = *(*p)++;
        --*n;
    }
    if (in->head[0] > in->gzip)
        return GRPC_COMPRESSED;
    size_t len = grpc_length(in->head);
    if (len > FUTU_GRPC_MESSAGE_MAX)
        return GRPC_TOO_LARGE;
    size_t take = len - in->body.n < *n ? len - in->body.n : *n;
    if (take && !bytes_put(&in->body, *p, take))
        return GRPC_NO_MEMORY;
    *p += take;
    *n -= take;
    return in->body.n == len ? GRPC_MESSAGE : GRPC_MORE;
}

void grpc_head(uint8_t out[GRPC_HEAD], bool packed, size_t n)
{
    out[0] = packed;
    for (unsigned i = 0; i < 4; i++)
        out[1 + i] = (uint8_t)(n >> (24 - 8 * i));
}

void grpc_next(struct grpc_in *in)
{
    in->n_head = 0;
    bytes_clear(&in->body, KEEP);
}

bool grpc_partial(const struct grpc_in *in)
{
    return in->n_head > 0;
}

void grpc_in_free(struct grpc_in *in)
{
    bytes_free(&in->body);
    in->n_head = 0;
}

int64_t grpc_timeout(futu_str s)
{
    static const struct {
        char unit;
        int64_t ns;
    } units[] = {
        { 'H', INT64_C(3600000000000) }, { 'M', INT64_C(60000000000) }, { 'S', 1000000000 },
        { 'm', 1000000 }, { 'u', 1000 }, { 'n', 1 },
    };
    int64_t v = 0;
    if (s.n < 2 || s.n > 9)
        return -1;
    for (size_t i = 0; i < s.n - 1; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return -1;
        v = v * 10 + (s.p[i] - '0');
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (units[i].unit == s.p[s.n - 1])
            return v > INT64_MAX / units[i].ns ? INT64_MAX : v * units[i].ns;
    return -1;
}

size_t grpc_escape(const char *text, char out[3 * GRPC_TEXT_MAX])
{
    static const char hex[] = "0123456789ABCDEF";
    size_t n = 0;
    for (size_t i = 0; text[i] && i < GRPC_TEXT_MAX; i++) {
        uint8_t c = (uint8_t)text[i];
        if (c >= ' ' && c < 0x7f && c != '%') {
            out[n++] = (char)c;
            continue;
        }
        out[n++] = '%';
        out[n++] = hex[c >> 4];
        out[n++] = hex[c & 15];
    }
    return n;
}
