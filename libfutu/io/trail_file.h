/* trail_file.h - one file of a trail: opening, locking, modes, and the end of what is in it.
 * Internal to io/.
 *
 * Errors:  `why` is one line for the user; errno where the system refused.
 * Threads: any, one at a time for a file.
 */
#ifndef IO_TRAIL_FILE_H
#define IO_TRAIL_FILE_H

#include "base/buf.h"

/* Opens or makes the file, locks it, takes all rights from others and cuts off an unfinished last
 * line; *cut is how many bytes that were. FUTU_EIO, FUTU_EBUSY, FUTU_EFORMAT: the file is not ours,
 * nothing was changed. */
futu_err trail_file_open(int dir, const char *name, futu_str head, int *fd, int64_t *cut);
/* The last line without its line break; nothing when the file is empty. FUTU_EIO, FUTU_ENOMEM. */
futu_err trail_file_last(int fd, struct buf *last);

/* Takes all rights from others, if the file or folder is ours; false: they have some. */
bool trail_tighten(int fd);

#endif
