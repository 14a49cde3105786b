/* fuzz_http.c - any bytes in any split give the same requests, bodies and refusal as in one piece,
 * and what is kept stays within its limits. The first byte chooses the splits. */
#include <stdlib.h>
#include <string.h>

#include "http_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BODY_MAX 4096

static void check(bool ok)
{
    if (!ok)
        abort();
}

static uint64_t mix(uint64_t h, const void *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        h = (h ^ ((const uint8_t *)p)[i]) * 1099511628211u;
    return (h ^ n) * 1099511628211u;
}

static uint64_t mix_request(uint64_t h, const struct http_parser *p)
{
    for (size_t i = 0; i < HTTP_FIELDS; i++)
        h = mix(h, p->field[i].p, p->field[i].p ? p->field[i].n : 0);
    uint8_t flags[4] = { p->minor1, p->keep_alive, p->expects, p->websocket };
    check(p->body.n <= BODY_MAX && p->field[HTTP_TARGET].n <= HTTP_TARGET_MAX);
    check(p->field[HTTP_METHOD].n > 0 && p->field[HTTP_TARGET].n > 0);
    return mix(mix(h, flags, sizeof(flags)), p->body.p, p->body.n);
}

/* What all of it means, as one number. Each piece is memory of its own. */
static uint64_t run(const uint8_t *data, size_t size, size_t step)
{
    struct http_parser p;
    enum http_event e = HTTP_MORE;
    uint64_t h = 14695981039346656037u;
    http_init(&p, BODY_MAX);
    for (size_t at = 0; at < size && e != HTTP_BAD; at += step) {
        size_t n = size - at < step ? size - at : step, off = 0, used;
        char *piece = malloc(n);
        memcpy(piece, data + at, n);
        while ((e = http_parse(&p, piece + off, n - off, &used)) != HTTP_MORE && e != HTTP_BAD) {
            check(used <= n - off);
            off += used;
            if (e == HTTP_REQUEST_DONE)
                h = mix_request(h, &p);
        }
        free(piece);
        check(p.head.n <= HTTP_HEAD_MAX + step && p.text.n <= BODY_MAX);
    }
    if (e == HTTP_BAD)
        h = mix(h, "bad", 3);
    http_free(&p);
    return h;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    check(run(data + 1, size - 1, 1 + data[0]) == run(data + 1, size - 1, size));
    return 0;
}
