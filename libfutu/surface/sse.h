/* sse.h - the events of one stream of Server-Sent Events: numbered, handed out in turn, and kept
 * for a while behind the reader, so that it can come again and go on where it was.
 *
 * Ids:     "3-17": event 17 of stream 3. Numbers begin at 1; "3-0" stands before the first.
 * Owns:    one reference to each text it keeps.
 * Limits:  none of its own: the owner says sse_trim().
 * Threads: the loop's.
 * Tests:   test/unit/surface/sse_test.c, test/fuzz/fuzz_mcp_web.c
 */
#ifndef SURFACE_SSE_H
#define SURFACE_SSE_H

#include "base/buf.h"
#include "base/shbuf.h"

struct sse {
    uint32_t no;
    struct shbuf **ring;
    uint32_t cap;               /* a power of two */
    uint64_t first, next, at;   /* kept: [first, next); the reader gets `at` next */
    size_t bytes;               /* of what is kept */
};

void sse_init(struct sse *s, uint32_t no);
void sse_free(struct sse *s);
/* Room for one more event, so that sse_put() can't fail. FUTU_ENOMEM. */
futu_err sse_room(struct sse *s);
void sse_put(struct sse *s, struct shbuf *text);        /* takes over the reference */
/* Replaces `out` with the next event and counts it as handed out. FUTU_EAGAIN: none waits;
 * FUTU_ENOMEM: it still waits. */
futu_err sse_take(struct sse *s, struct buf *out);
/* Replaces `out` with an event without data: its id is where the reader stands. FUTU_ENOMEM. */
futu_err sse_prime(const struct sse *s, struct buf *out);
/* The reader has seen event `seen` and comes again. False: no such event was given out. *lost: so
 * many behind it are not kept any more. */
bool sse_resume(struct sse *s, uint64_t seen, uint64_t *lost);
/* Gives up the oldest that were handed out, as long as there are more than so many. */
void sse_trim(struct sse *s, size_t events, size_t bytes);
/* A Last-Event-ID. False: not of the form above. */
bool sse_id(futu_str text, uint32_t *no, uint64_t *seen);

static inline bool sse_waits(const struct sse *s)
{
    return s->at < s->next;
}

#endif
