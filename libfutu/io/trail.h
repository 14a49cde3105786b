/* trail.h - where the lines of a trail go: one file, or a folder with a file for each UTC day.
 *
 * Path:    a folder, when it is one, ends in a slash or its last part has no extension: its files
 *          are TRAIL_DAILY and the day of their events. Else one file, appended to. Folders are
 *          made 0700, files 0600; what was there before is only tightened, a folder only when there
 *          is nothing else in it.
 * Writing: on another thread, one sync for all lines that came meanwhile. A file that was moved
 *          away is made anew at the next line. The day never goes back, even if the clock does.
 * Failure: no part of a line stays. Lines that could not be written are kept, TRAIL_MAX bytes of
 *          them, and go in front of the next line: each holds the hash of the one before.
 * Crash:   what a line was cut off to is removed at the next start, with a warning.
 * Lock:    one process at a time has a trail.
 * Threads: the loop's.
 */
#ifndef IO_TRAIL_H
#define IO_TRAIL_H

#include "base/buf.h"
#include "io/loop.h"

#define TRAIL_MAX (8u << 20)
#define TRAIL_LINE_MAX (64u << 10)
#define TRAIL_DAILY "futu-audit.log."

struct trail;

/* Whether that is the name of a daily file. They sort as their days do. */
bool trail_is_daily(const char *name);

/* `head` is how each line begins: a file with other lines is refused rather than repaired; borrowed
 * as long as the trail lives. `last` gets the newest line, without its line break, or stays empty.
 * On an error `why` holds one line for the user: FUTU_EIO, FUTU_EBUSY (another process has it),
 * FUTU_EFORMAT (other lines), FUTU_ENOMEM. */
futu_err trail_open(struct trail **out, futu_loop *l, const char *path, futu_str head,
                    int64_t wall_ns, struct buf *last, char *why, size_t size);
/* An audit_sink: a whole line with its line break, copied. done(): the line is on disk, or not yet.
 * FUTU_ELIMIT: TRAIL_MAX bytes wait; FUTU_ENOMEM. */
futu_err trail_append(void *trail, const char *line, size_t n, int64_t wall_ns,
                      void (*done)(void *arg, futu_err err), void *arg);
/* Lets go of a file that was moved away, without waiting for the next line. */
void trail_reopen(struct trail *t);
/* No done() follows; what was appended still reaches the disk as far as it can. NULL is fine. */
void trail_close(struct trail *t);

#endif
