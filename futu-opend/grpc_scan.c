/* grpc_scan.c - see grpc_scan.h. */
#include "grpc_scan.h"

#include <string.h>

enum { PREFACE = 24, HEADERS = 1, RST_STREAM = 3 };

void grpc_scan_init(struct grpc_scan *s)
{
    *s = (struct grpc_scan){ .left = PREFACE };
}

static void judge(struct grpc_scan *s, const uint8_t *h)
{
    uint32_t id = (uint32_t)(h[5] & 0x7f) << 24 | (uint32_t)h[6] << 16 | (uint32_t)h[7] << 8 | h[8];
    s->left = (uint32_t)h[0] << 16 | (uint32_t)h[1] << 8 | h[2];
    s->drop = h[3] == RST_STREAM && s->left == 4 && id % 2 == 1 && id > s->begun;
    if (h[3] == HEADERS && id % 2 == 1 && id > s->begun)
        s->begun = id;
}

/* A head that comes in parts; the number of bytes that are of it. */
static size_t collect(struct grpc_scan *s, const uint8_t *p, size_t n)
{
    size_t k = SCAN_HEAD - s->n_head;
    k = k < n ? k : n;
    memcpy(s->head + s->n_head, p, k);
    s->n_head += (unsigned)k;
    return k;
}

/* The next head, at *p or in s->head; what is from *from to *p has not been passed yet. */
static bool next(struct grpc_scan *s, const uint8_t **from, const uint8_t **p, const uint8_t *end,
                 const struct grpc_scan_ops *ops, void *arg)
{
    bool parts = s->n_head > 0 || end - *p < SCAN_HEAD;
    const uint8_t *h = parts ? s->head : *p, *was = *p;
    *p += parts ? collect(s, *p, (size_t)(end - *p)) : SCAN_HEAD;
    bool whole = !parts || s->n_head == SCAN_HEAD;
    if (whole)
        judge(s, h);
    if (!parts && !s->drop)
        return true;
    if (*from < was && !ops->pass(arg, *from, (size_t)(was - *from)))
        return false;
    *from = *p;
    if (!whole)
        return true;
    s->n_head = 0;
    return s->drop ? ops->left_out(arg) : ops->pass(arg, h, SCAN_HEAD);
}

bool grpc_scan(struct grpc_scan *s, const uint8_t *p, size_t n, const struct grpc_scan_ops *ops,
               void *arg)
{
    const uint8_t *from = p, *end = p + n;
    while (p < end) {
        size_t k = (size_t)(end - p) < s->left ? (size_t)(end - p) : s->left;
        p += k;
        s->left -= (uint32_t)k;
        if (s->drop)
            from = p;
        if (s->left == 0 && p < end && !next(s, &from, &p, end, ops, arg))
            return false;
    }
    return from == end || ops->pass(arg, from, (size_t)(end - from));
}
