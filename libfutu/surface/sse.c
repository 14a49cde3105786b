/* sse.c - see sse.h. */
#include "surface/sse.h"

#include <inttypes.h>

#include "base/mem.h"

#define FIRST_CAP 8

static struct shbuf **place(const struct sse *s, uint64_t i)
{
    return &s->ring[i & (s->cap - 1)];
}

void sse_init(struct sse *s, uint32_t no)
{
    *s = (struct sse){ .no = no, .first = 1, .next = 1, .at = 1 };
}

void sse_free(struct sse *s)
{
    for (uint64_t i = s->first; i < s->next; i++)
        shbuf_unref(*place(s, i));
    mem_free(s->ring);
    sse_init(s, s->no);
}

futu_err sse_room(struct sse *s)
{
    struct sse big = *s;
    if (s->next - s->first < s->cap)
        return FUTU_OK;
    big.cap = s->cap ? 2 * s->cap : FIRST_CAP;
    big.ring = mem_array(big.cap, sizeof(*big.ring));
    if (!big.ring)
        return FUTU_ENOMEM;
    for (uint64_t i = s->first; i < s->next; i++)
        *place(&big, i) = *place(s, i);
    mem_free(s->ring);
    *s = big;
    return FUTU_OK;
}

void sse_put(struct sse *s, struct shbuf *text)
{
    *place(s, s->next++) = text;
    s->bytes += text->n;
}

futu_err sse_take(struct sse *s, struct buf *out)
{
    if (!sse_waits(s))
        return FUTU_EAGAIN;
    const struct shbuf *b = *place(s, s->at);
    out->n = 0;
    futu_err err = buf_printf(out, "event: message\nid: %" PRIu32 "-%" PRIu64 "\ndata: ", s->no,
                              s->at);
    if (!err)
        err = buf_put(out, b->p, b->n);
    if (!err)
        err = buf_puts(out, "\n\n");
    s->at += !err;
    return err;
}

futu_err sse_prime(const struct sse *s, struct buf *out)
{
    out->n = 0;
    return buf_printf(out, "id: %" PRIu32 "-%" PRIu64 "\ndata: \n\n", s->no, s->at - 1);
}

bool sse_resume(struct sse *s, uint64_t seen, uint64_t *lost)
{
    if (seen >= s->next)
        return false;
    *lost = seen + 1 < s->first ? s->first - (seen + 1) : 0;
    s->at = MAX(seen + 1, s->first);
    return true;
}

void sse_trim(struct sse *s, size_t events, size_t bytes)
{
    while (s->first < s->at && (s->next - s->first > events || s->bytes > bytes)) {
        struct shbuf *b = *place(s, s->first++);
        s->bytes -= b->n;
        shbuf_unref(b);
    }
}

bool sse_id(futu_str text, uint32_t *no, uint64_t *seen)
{
    uint64_t n;
    const char *dash = text.n ? memchr(text.p, '-', text.n) : NULL;
    if (!dash)
        return false;
    size_t left = (size_t)(dash - text.p);
    bool fine = str_to_u64((futu_str){ text.p, left }, &n) && n <= UINT32_MAX &&
                str_to_u64((futu_str){ dash + 1, text.n - left - 1 }, seen) &&
                *seen < UINT64_MAX;
    *no = fine ? (uint32_t)n : 0;
    return fine;
}
