/* outq.c - see outq.h.
 *
 * Limit:   2^31 entries; the connection's bound in bytes is reached long before.
 * Threads: none; one queue per connection.
 * Tests:   test/unit/gateway/outq_test.c
 */
#include "gateway/outq.h"

#include <sys/uio.h>

#include "base/mem.h"

#define FIRST_CAP 8
#define KEEP_CAP 256        /* a larger ring is given back when it runs empty */
#define URGENT_MOVES 256    /* entries an urgent one may push aside; a reader so far behind gains
                             * nothing by it */

static struct out_entry *entry(const struct outq *q, uint64_t i)
{
    return &q->ring[i & (q->cap - 1)];
}

static futu_err grow(struct outq *q)
{
    struct outq big = *q;
    big.cap = q->cap ? q->cap * 2 : FIRST_CAP;
    big.ring = mem_array(big.cap, sizeof(*big.ring));
    if (!big.ring)
        return FUTU_ENOMEM;
    for (uint64_t i = q->head; i < q->tail; i++)
        *entry(&big, i) = *entry(q, i);
    mem_free(q->ring);
    *q = big;
    return FUTU_OK;
}

/* Room for one more; an entry in excess of it is given up. */
static futu_err take(struct outq *q, const struct out_entry *e)
{
    if (q->tail - q->head == q->cap && grow(q)) {
        shbuf_unref(e->b);
        return FUTU_ENOMEM;
    }
    q->bytes += e->b->n;
    return FUTU_OK;
}

futu_err outq_push(struct outq *q, const struct out_entry *e, uint64_t *at)
{
    futu_err err = take(q, e);
    if (err)
        return err;
    *at = q->tail;
    *entry(q, q->tail++) = *e;
    return FUTU_OK;
}

/* Entries before the place move down by one. Where one of them was remembered, there is then an
 * entry with another key or none, since only the newest of a key is remembered. */
futu_err outq_push_urgent(struct outq *q, const struct out_entry *e)
{
    uint64_t at, first = MAX(MAX(q->pinned, q->fence), q->head + (q->off > 0));
    bool last = first == q->tail || first - q->head > URGENT_MOVES;
    futu_err err = last ? outq_push(q, e, &at) : take(q, e);
    if (err)
        return err;
    q->fence = last ? q->tail : first;      /* the next urgent one comes behind it */
    if (last)
        return FUTU_OK;
    for (uint64_t i = q->head; i < first; i++)
        *entry(q, i - 1) = *entry(q, i);
    q->head--;
    *entry(q, first - 1) = *e;
    return FUTU_OK;
}

bool outq_replace(struct outq *q, uint64_t at, const struct out_entry *e)
{
    if (at < MAX(q->pinned, q->head + (q->off > 0)) || at >= q->tail)
        return false;
    struct out_entry *old = entry(q, at);
    if (old->key != e->key)
        return false;
    q->bytes += e->b->n;
    q->bytes -= old->b->n;
    shbuf_unref(old->b);
    *old = *e;
    return true;
}

size_t outq_output(struct outq *q, struct iovec *iov, size_t max)
{
    size_t n = MIN(max, (size_t)(q->tail - q->head));
    for (size_t i = 0; i < n; i++) {
        struct shbuf *b = entry(q, q->head + i)->b;
        size_t off = i == 0 ? q->off : 0;
        iov[i] = (struct iovec){ b->p + off, b->n - off };
    }
    q->pinned = MAX(q->pinned, q->head + n);
    return n;
}

static void shrink_when_empty(struct outq *q)
{
    if (q->head != q->tail || q->cap <= KEEP_CAP)
        return;
    mem_free(q->ring);
    q->ring = NULL;
    q->cap = 0;
}

void outq_sent(struct outq *q, size_t n, void (*done)(const struct out_entry *e, void *arg),
               void *arg)
{
    assert(n <= q->bytes);
    q->bytes -= n;
    while (n > 0) {
        struct out_entry *e = entry(q, q->head);
        size_t left = e->b->n - q->off;
        if (n < left) {
            q->off += (uint32_t)n;
            break;
        }
        n -= left;
        q->off = 0;
        q->head++;
        done(e, arg);
        shbuf_unref(e->b);
    }
    q->pinned = q->head;
    shrink_when_empty(q);
}

bool outq_take(struct outq *q, struct out_entry *out)
{
    if (q->head == q->tail || q->off > 0)
        return false;
    *out = *entry(q, q->head++);
    q->bytes -= out->b->n;
    q->pinned = MAX(q->pinned, q->head);
    shrink_when_empty(q);
    return true;
}

void outq_free(struct outq *q)
{
    for (uint64_t i = q->head; i < q->tail; i++)
        shbuf_unref(entry(q, i)->b);
    mem_free(q->ring);
    outq_init(q);
}
