/* disk.h - folders, locks and whole reads and writes of files: what each that keeps one needs.
 *
 * Errors:  errno says why.
 * Threads: any.
 */
#ifndef BASE_DISK_H
#define BASE_DISK_H

#include "base/base.h"

/* Makes each folder of the path that is missing, 0700. */
bool disk_make_dirs(const char *path);

/* A folder of state, made where it is missing, opened for openat(); -1: `why` says what is wrong,
 * and whose it is when that is the reason. */
int disk_open_dir(const char *path, char *why, size_t size);

/* Locks the open file `dir`/`name` for this process alone. FUTU_EBUSY: another has it, or has put
 * another file in its place meanwhile. */
futu_err disk_lock(int dir, const char *name, int fd);

/* The file's bytes from `at` on; false when there are less. */
bool disk_read(int fd, void *p, size_t n, int64_t at);
bool disk_write(int fd, const void *p, size_t n, int64_t at);

#endif
