/* watch.h - tells when one of a few files has changed: written in place, replaced by a rename, or
 * made after it was missing.
 *
 * In:      what the kernel says of the files' folders; that a file went is no change.
 * Out:     one call after a change, once the file was quiet for WATCH_QUIET, and at the latest
 *          WATCH_LATEST after the first sign of it.
 * Limit:   a link's own folder is watched, not that of the file it points to. A folder that is
 *          itself removed is not watched when it comes back.
 * Errors:  FUTU_ENOMEM; FUTU_EIO: the folder can't be watched.
 * Threads: the loop's. A watch alone does not keep the loop running.
 * Tests:   test/unit/io/watch_test.c
 */
#ifndef IO_WATCH_H
#define IO_WATCH_H

#include "io/loop.h"

#define WATCH_QUIET (20 * NS_PER_MS)
#define WATCH_LATEST (500 * NS_PER_MS)

struct watch;

/* fn runs from the loop, never from inside a call of this header; it may free the watch. */
futu_err watch_new(struct watch **out, futu_loop *l, void (*fn)(void *arg), void *arg);
/* The file as it is now is the one that is known. */
futu_err watch_add(struct watch *w, const char *path);
void watch_free(struct watch *w);               /* NULL is fine */

#endif
