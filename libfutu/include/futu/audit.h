/* futu/audit.h - checks the trail of decisions that a gateway has written.
 *
 * A trail is one file, or a folder with a file for each day. Each of its lines holds the SHA-256 of
 * the line before: a line that was changed, removed or inserted is found. Lines that are missing at
 * the end are not, unless the last hash was kept somewhere else.
 *
 * Threads: [any thread].
 */
#ifndef FUTU_AUDIT_H
#define FUTU_AUDIT_H

#include "futu/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What was found. All text ends with a NUL and may be empty. */
typedef struct futu_audit_result {
    size_t size;                /* from FUTU_AUDIT_RESULT_INIT */
    uint64_t files, lines;      /* good lines, up to the first bad one */
    char first_time[25];        /* RFC 3339, UTC, of the good lines */
    char last_time[25];
    char last_hash[65];         /* hex SHA-256 of the last good line, or where the check began */
    uint64_t bad_line;          /* in bad_file, from 1; 0: none */
    char bad_file[1024];        /* of a bad line, or that can't be read */
    char why[256];              /* one line for the user, on any error */
} futu_audit_result;
#define FUTU_AUDIT_RESULT_INIT FUTU_SIZED_INIT(futu_audit_result)

/* Checks files in the order given; a folder stands for its daily files, oldest first. Files are
 * read in pieces, their size does not matter. since_hash: last_hash of an earlier check; the trail
 * must begin behind that line, or be whole and have it. NULL: it must begin with its first line.
 *
 * FUTU_OK: the chain holds. FUTU_EFORMAT: it is broken, or a line is cut off; bad_line says where;
 * or it lacks the line of since_hash; bad_line is 0. FUTU_EIO: a file can't be read.
 * FUTU_ENOTFOUND: a folder without files of a trail. FUTU_EINVAL: no path, a hash that is not 64
 * hex digits, or another size. FUTU_ENOMEM. */
FUTU_API futu_err futu_audit_verify(const char *const *paths, size_t n, const char *since_hash,
                                    futu_audit_result *out);

#ifdef __cplusplus
}
#endif

#endif
