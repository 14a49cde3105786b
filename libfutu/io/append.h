/* append.h - records on their way to the end of a file; the engine of store.h and trail.h.
 *
 * Another thread writes and syncs; what comes meanwhile goes together with the next write, so that
 * many records cost one sync. Where they are written to is the owner's business.
 *
 * Errors:  see append_add(). Records that were not written are dropped, or with `keep` stay in
 *          front of the next ones, although their done() has heard of the failure.
 * Threads: the loop's.
 */
#ifndef IO_APPEND_H
#define IO_APPEND_H

#include "base/list.h"
#include "io/loop.h"

#include <uv.h>

struct append_rec {
    struct list node;
    void (*done)(void *arg, futu_err err);
    void *arg;
    int64_t at_ns;              /* for the owner */
    size_t n;
    uint8_t p[];
};

struct append_ops {
    /* [other thread] Brings records to the disk, the first ones of the list at least; *n is how
     * many. FUTU_FATAL: nothing can ever be written again. */
    futu_err (*write)(void *arg, const struct list *recs, size_t *n);
    /* A write has ended; comes before any done(). */
    void (*wrote)(void *arg, futu_err err);
    /* After append_close(), once nothing is under way: the owner may go. */
    void (*gone)(void *arg);
};

struct append {
    const struct append_ops *ops;
    void *arg;
    futu_loop *loop;
    bool keep;
    size_t max;                 /* bytes that may wait; 0: no bound */

    struct list next, now;      /* for the next write; being written */
    size_t fresh;               /* of `next`: never tried */
    size_t bytes;               /* of both */
    uv_work_t work;
    bool busy, telling, closing, broken;
    futu_err result;
    size_t written;
};

/* The other fields are set by the caller. */
void append_init(struct append *a);
/* p is copied; n > 0. done() may be NULL; it comes from the loop, in the order of the calls, never
 * from inside. FUTU_ELIMIT (`max`), FUTU_ENOMEM, FUTU_EIO (after FUTU_FATAL). */
futu_err append_add(struct append *a, const void *p, size_t n, int64_t at_ns,
                    void (*done)(void *arg, futu_err err), void *arg);
/* No done() follows; what was added still reaches the disk as far as it can. */
void append_close(struct append *a);

/* For write(): the records from `it` to before `end` to the file, at *at and on. */
bool append_write(int fd, const struct list *it, const struct list *end, int64_t *at);

#endif
