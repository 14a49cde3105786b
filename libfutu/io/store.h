/* store.h - a file that grows by records, each on disk before its owner goes on.
 *
 * Appending writes and syncs on another thread; records that come meanwhile go together with the
 * next write, so that many orders cost one sync. The file is 0600 and locked against other
 * processes, its folder is made 0700 when it is not there.
 *
 * Errors:  FUTU_EIO, FUTU_EBUSY (locked), FUTU_ELIMIT (larger than STORE_MAX), FUTU_ENOMEM. A write
 *          that failed leaves nothing behind and the next one may succeed; when not even that can
 *          be had every later one fails.
 * Threads: the loop's.
 */
#ifndef IO_STORE_H
#define IO_STORE_H

#include "base/buf.h"
#include "io/loop.h"

#define STORE_MAX (256u << 20)

struct store;

/* Opens or makes DIR/NAME; on an error `why` holds one line for the user. */
futu_err store_open(struct store **out, futu_loop *l, const char *dir, const char *name, char *why,
                    size_t size);
/* All that is in the file. */
futu_err store_read(struct store *s, struct buf *out);
/* Puts this in the place of all that is in the file, at once: after a crash either is there. Before
 * the first append only. */
futu_err store_replace(struct store *s, const void *p, size_t n);
/* p is copied. done() comes from the loop, in the order of the calls, never from inside. */
futu_err store_append(struct store *s, const void *p, size_t n,
                      void (*done)(void *arg, futu_err err), void *arg);
/* These n > 0 bytes, which are copied, say all that the records so far say. The file begins anew
 * with them, at once as store_replace() does it, and goes on with the records that follow. Where
 * that fails it goes on as it is. */
futu_err store_rewrite(struct store *s, const void *p, size_t n);
/* No done() follows; what was appended still reaches the disk as far as it can. NULL is fine. */
void store_close(struct store *s);

#endif
