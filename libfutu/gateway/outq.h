/* outq.h - what waits to be written to one connection: whole frames, in order, bounded by its user.
 *
 * Owns:    one reference to the buffer of each entry; a ring that grows and is given up when empty
 *          and large.
 * Order:   first in, first out. A newer push of the same stream may take the place of an older one;
 *          an urgent frame goes ahead of what is behind the fence and has not been handed out.
 * Pins:    entries handed out by outq_output() keep their buffers and places until outq_sent().
 */
#ifndef GATEWAY_OUTQ_H
#define GATEWAY_OUTQ_H

#include "base/shbuf.h"

struct iovec;

/* What a frame is counted as when it has been written; see delay.h. */
struct out_mark {
    int64_t at;             /* monotonic: push received, or request received */
    uint32_t stat;          /* DELAY_*; 0: not counted */
    uint32_t aux_us;        /* push: made to received; reply: time spent upstream */
};

struct out_entry {
    struct shbuf *b;
    const void *key;        /* stream that a newer push may replace; NULL: never replaced */
    struct out_mark mark;
};

struct outq {
    struct out_entry *ring;
    uint32_t cap, off;              /* off: bytes of the first entry that have been written */
    uint64_t head, tail, pinned;    /* entry i is ring[i % cap]; those below `pinned` are out */
    uint64_t fence;                 /* nothing goes ahead of entries below it */
    size_t bytes;                   /* not yet written */
};

#define OUTQ_NONE UINT64_MAX

/* Places start high, so that urgent entries can be put before the first one. */
static inline void outq_init(struct outq *q)
{
    const uint64_t first = UINT64_C(1) << 48;
    *q = (struct outq){ .head = first, .tail = first, .pinned = first, .fence = first };
}

/* Both take over e->b's reference, also when they fail: FUTU_ENOMEM. *at is the entry's place. */
futu_err outq_push(struct outq *q, const struct out_entry *e, uint64_t *at);
futu_err outq_push_urgent(struct outq *q, const struct out_entry *e);
/* What is queued by now is not overtaken. */
static inline void outq_fence(struct outq *q)
{
    q->fence = q->tail;
}
/* When the entry at `at` still waits and has e's key, e takes its place (and reference): true. */
bool outq_replace(struct outq *q, uint64_t at, const struct out_entry *e);
size_t outq_output(struct outq *q, struct iovec *iov, size_t max);
/* Drops n bytes from the front; `done` runs for each entry that is through. */
void outq_sent(struct outq *q, size_t n, void (*done)(const struct out_entry *e, void *arg),
               void *arg);
/* Takes the whole first entry out, with its reference. False: there is none, or a part of it has
 * been written. */
bool outq_take(struct outq *q, struct out_entry *out);
void outq_free(struct outq *q);

static inline bool outq_at_boundary(const struct outq *q)
{
    return q->off == 0;
}

#endif
