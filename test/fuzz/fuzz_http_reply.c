/* fuzz_http_reply.c - an HTTP answer in any split, and addresses. */
#include "io/http_reply.h"
#include "io/url.h"

#include <stddef.h>
#include <stdint.h>

#define MAX_BODY 300

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_reply r;
    struct url u;
    futu_err err = FUTU_EAGAIN;
    http_reply_init(&r, MAX_BODY);
    for (size_t off = 0; off < size && err == FUTU_EAGAIN;) {
        size_t step = 1 + data[off] % 61u;
        step = MIN(step, size - off);
        err = http_reply_feed(&r, data + off, step);
        off += step;
        assert(r.n <= MAX_BODY && r.cap <= MAX_BODY);
    }
    if (err == FUTU_EAGAIN)
        err = http_reply_end(&r);
    assert(err == FUTU_OK ? r.done && r.status >= 200 : r.why != NULL);
    http_reply_free(&r);
    if (!url_parse(&u, (futu_str){ (const char *)data, size }))
        assert(u.host[0] && u.port && (u.path.n == 0 || u.path.p[0] == '/'));
    return 0;
}
