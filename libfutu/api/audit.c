/* audit.c - futu/audit.h: the files of a trail, read in pieces for access/audit.h to check.
 *
 * Tests:   test/unit/api/audit_test.c
 */
#include "futu/audit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/audit.h"
#include "base/mem.h"
#include "crypt/digest.h"
#include "io/trail.h"

#define PIECE (4u * AUDIT_LINE_MAX)
#define DAY_N (sizeof("2026-11-24") - 1)

struct check {
    struct audit_check c;
    futu_audit_result *out;
    char *piece;                /* PIECE bytes */
};

static futu_err refuse(futu_audit_result *out, futu_err err, const char *file, const char *why)
{
    char text[96];
    str_copy(out->bad_file, sizeof(out->bad_file), str_c(file));
    str_copy(out->why, sizeof(out->why),
             str_c(why ? why : strerror_r(errno, text, sizeof(text))));
    return err;
}

/* Reads until the piece is full or the file ends; -1: can't be read. */
static ssize_t fill(int fd, char *piece, size_t n)
{
    while (n < PIECE) {
        ssize_t got = read(fd, piece + n, PIECE - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -1 : (ssize_t)n;
        n += (size_t)got;
    }
    return (ssize_t)n;
}

/* A piece ends with a line; what is behind goes to the start of the next one. */
static futu_err check_pieces(struct check *k, int fd, const char *path)
{
    size_t kept = 0;
    for (;;) {
        ssize_t n = fill(fd, k->piece, kept);
        if (n < 0)
            return refuse(k->out, FUTU_EIO, path, NULL);
        const char *nl = n > 0 ? memrchr(k->piece, '\n', (size_t)n) : NULL;
        size_t whole = nl && (size_t)n == PIECE ? (size_t)(nl - k->piece) + 1 : (size_t)n;
        if (!audit_verify(&k->c, (futu_str){ k->piece, whole }))
            return refuse(k->out, FUTU_EFORMAT, path, k->c.why);
        if ((size_t)n < PIECE)
            return FUTU_OK;
        kept = (size_t)n - whole;
        memmove(k->piece, k->piece + whole, kept);
    }
}

static futu_err check_file(struct check *k, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    uint64_t before = k->c.lines;
    if (fd < 0)
        return refuse(k->out, FUTU_EIO, path, NULL);
    k->out->files++;
    futu_err err = check_pieces(k, fd, path);
    close(fd);
    if (k->c.bad_line)
        k->out->bad_line = k->c.bad_line - before;
    return err;
}

static int by_day(const void *a, const void *b)
{
    return memcmp(a, b, DAY_N);
}

/* The days that a folder has files of, DAY_N characters each, oldest first. */
static futu_err list_days(const char *path, struct buf *days)
{
    DIR *d = opendir(path);
    futu_err err = d ? FUTU_OK : FUTU_EIO;
    for (const struct dirent *e; !err && (e = readdir(d));)
        if (trail_is_daily(e->d_name))
            err = buf_put(days, e->d_name + sizeof(TRAIL_DAILY) - 1, DAY_N);
    if (d)
        closedir(d);
    if (days->n)
        qsort(days->p, days->n / DAY_N, DAY_N, by_day);
    return err;
}

static futu_err check_folder(struct check *k, const char *path)
{
    struct buf days = BUF_INIT;
    char file[sizeof(k->out->bad_file)];
    futu_err err = list_days(path, &days);
    if (err)
        err = refuse(k->out, err, path, err == FUTU_EIO ? NULL : futu_strerror(err));
    else if (days.n == 0)
        err = refuse(k->out, FUTU_ENOTFOUND, path, "no file of a trail is in this folder");
    for (size_t i = 0; i < days.n && !err; i += DAY_N) {
        if (snprintf(file, sizeof(file), "%s/" TRAIL_DAILY "%.*s", path, (int)DAY_N,
                     (const char *)days.p + i) >= (int)sizeof(file))
            err = refuse(k->out, FUTU_EIO, path, "the path is too long");
        else
            err = check_file(k, file);
    }
    buf_free(&days);
    return err;
}

static futu_err check_all(struct check *k, const char *const *paths, size_t n)
{
    struct stat st;
    futu_err err = FUTU_OK;
    for (size_t i = 0; i < n && !err; i++)
        err = stat(paths[i], &st) == 0 && S_ISDIR(st.st_mode) ? check_folder(k, paths[i])
                                                              : check_file(k, paths[i]);
    k->out->lines = k->c.lines;
    memcpy(k->out->first_time, k->c.first_time, sizeof(k->out->first_time));
    memcpy(k->out->last_time, k->c.last_time, sizeof(k->out->last_time));
    hex_lower(k->c.last, sizeof(k->c.last), k->out->last_hash);
    return err;
}

futu_err futu_audit_verify(const char *const *paths, size_t n, const char *since_hash,
                           futu_audit_result *out)
{
    struct check k = { .out = out };
    if (!out || out->size != sizeof(*out))
        return FUTU_EINVAL;
    *out = (futu_audit_result){ .size = sizeof(*out) };
    if (!paths || n == 0)
        return refuse(out, FUTU_EINVAL, "", "no file is named");
    if (since_hash && !hex_read(str_c(since_hash), k.c.last, sizeof(k.c.last)))
        return refuse(out, FUTU_EINVAL, "", "a hash has 64 hex digits");
    k.piece = mem_alloc(PIECE);
    if (!k.piece)
        return refuse(out, FUTU_ENOMEM, "", futu_strerror(FUTU_ENOMEM));
    futu_err err = check_all(&k, paths, n);
    mem_free(k.piece);
    if (!err && k.c.sought)
        return refuse(out, FUTU_EFORMAT, "", "no line has the hash of the earlier check: lines are "
                                             "missing, or the trail was written anew");
    return err;
}
