/* file.c - keys.json as text: written, and read from and saved to a path. See file.h; the reader is
 * file_read.c. */
#include "access/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/rules.h"
#include "base/disk.h"
#include "base/log.h"
#include "base/mem.h"
#include "codec/json_text.h"
#include "codec/num.h"
#include "crypt/digest.h"

void keys_free(struct key_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        key_rules_free(&l->keys[i]);
    mem_free(l->keys);
    *l = (struct key_list){ NULL, 0 };
}

/* ---- writing ---- */

/* The name of the next member, behind a comma. */
static futu_err put_name(struct buf *out, const char *member)
{
    return buf_printf(out, ",\n      \"%s\": ", member);
}

static futu_err put_text(struct buf *out, const char *member, const char *text)
{
    futu_err err = put_name(out, member);
    return err ? err : json_put_string(out, str_c(text));
}

static futu_err put_number(struct buf *out, const char *member, double v)
{
    char text[NUM_MAX + 1];
    text[num_write_double(text, v)] = '\0';
    futu_err err = put_name(out, member);
    return err ? err : buf_puts(out, text);
}

static futu_err put_time(struct buf *out, const char *member, int64_t ms)
{
    char text[RFC3339_SIZE];
    rule_time_text(ms, text);
    return put_text(out, member, text);
}

static futu_err put_scopes(struct buf *out, uint32_t bits)
{
    uint32_t bit;
    const char *name, *comma = "";
    futu_err err = put_name(out, "scopes");
    if (!err)
        err = buf_byte(out, '[');
    for (size_t i = 0; (name = rule_scope_at(i, &bit)) != NULL && !err; i++)
        if (bits & bit) {
            err = buf_printf(out, "%s\"%s\"", comma, name);
            comma = ", ";
        }
    return err ? err : buf_byte(out, ']');
}

static futu_err put_list(struct buf *out, const struct rule_list *l, const struct key_rules *k)
{
    size_t n = *(const size_t *)((const char *)k + l->off_n);
    char *const *list = *(char *const *const *)((const char *)k + l->off);
    if (n == 0 && !(l->off == offsetof(struct key_rules, machines) && k->has_machines))
        return FUTU_OK;
    futu_err err = put_name(out, l->member);
    if (!err)
        err = buf_byte(out, '[');
    for (size_t i = 0; i < n && !err; i++) {
        if (i > 0)
            err = buf_puts(out, ", ");
        if (!err)
            err = json_put_string(out, str_c(list[i]));
    }
    return err ? err : buf_byte(out, ']');
}

static futu_err put_acc_ids(struct buf *out, const struct key_rules *k)
{
    if (k->n_acc_ids == 0)
        return FUTU_OK;
    futu_err err = put_name(out, "allowed_acc_ids");
    for (size_t i = 0; i < k->n_acc_ids && !err; i++)
        err = buf_printf(out, "%s%llu", i ? ", " : "[", (unsigned long long)k->acc_ids[i]);
    return err ? err : buf_byte(out, ']');
}

static futu_err put_limits(struct buf *out, const struct key_rules *k)
{
    char hours[12];
    futu_err err = put_acc_ids(out, k);
    for (size_t i = 0; i < rule_n_lists && !err; i++)
        err = put_list(out, &rule_lists[i], k);
    if (!err && k->has_order_value)
        err = put_number(out, "max_order_value", k->max_order_value);
    if (!err && k->has_daily_value)
        err = put_number(out, "max_daily_value", k->max_daily_value);
    if (!err && k->has_rate)
        err = put_number(out, "max_orders_per_minute", k->max_orders_per_minute);
    if (!err && k->has_hours) {
        rule_hours_text(k->hours_from, k->hours_to, hours);
        err = put_text(out, "hours_window", hours);
    }
    return err;
}

static futu_err put_key(struct buf *out, const struct key_rules *k)
{
    char hash[65];
    hex_lower(k->hash, sizeof(k->hash), hash);
    futu_err err = buf_puts(out, "    {\n      \"id\": ");
    if (!err)
        err = json_put_string(out, str_c(k->id));
    if (!err)
        err = put_name(out, "hash");
    if (!err)
        err = buf_printf(out, "\"sha256:%s\"", hash);
    if (!err)
        err = put_scopes(out, k->scopes);
    if (!err)
        err = put_limits(out, k);
    if (!err && k->created_ms)
        err = put_time(out, "created_at", k->created_ms);
    if (!err && k->expires_ms)
        err = put_time(out, "expires_at", k->expires_ms);
    if (!err && k->note[0])
        err = put_text(out, "note", k->note);
    return err ? err : buf_puts(out, "\n    }");
}

futu_err keys_write(const struct key_list *l, struct buf *out)
{
    futu_err err = buf_puts(out, "{\n  \"version\": 1,\n  \"keys\": [");
    for (size_t i = 0; i < l->n && !err; i++) {
        err = buf_puts(out, i ? ",\n" : "\n");
        if (!err)
            err = put_key(out, &l->keys[i]);
    }
    return err ? err : buf_puts(out, l->n ? "\n  ]\n}\n" : "]\n}\n");
}

/* ---- from a path ---- */

static futu_err complain(char *why, size_t size, const char *path, const char *what)
{
    char text[96];
    snprintf(why, size, "%s: %s%s", path, what, strerror_r(errno, text, sizeof(text)));
    return FUTU_EIO;
}

static futu_err read_all(int fd, struct buf *out, const char *path, char *why, size_t size)
{
    for (;;) {
        if (buf_reserve(out, 65536))
            return FUTU_ENOMEM;
        ssize_t n = read(fd, out->p + out->n, out->cap - out->n);
        if (n == 0)
            return FUTU_OK;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return complain(why, size, path, "");
        out->n += (size_t)n;
        if (out->n > KEYS_FILE_MAX)
            return FUTU_ELIMIT;
    }
}

static futu_err read_file(const char *path, struct buf *out, char *why, size_t size)
{
    struct stat st;
    /* Not to wait for a writer if it turns out to be a pipe. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st)) {
        futu_err err = complain(why, size, path, "");
        if (fd >= 0)
            close(fd);
        return err;
    }
    futu_err err = FUTU_OK;
    if (!S_ISREG(st.st_mode)) {
        snprintf(why, size, "%s: not a file", path);
        err = FUTU_EIO;
    } else if (st.st_size > (off_t)KEYS_FILE_MAX) {
        err = FUTU_ELIMIT;
    } else {
        err = read_all(fd, out, path, why, size);
    }
    if (err == FUTU_ELIMIT)
        snprintf(why, size, "%s: larger than %u MiB", path, KEYS_FILE_MAX >> 20);
    if (!err && (st.st_mode & (S_IWGRP | S_IRWXO)))
        log_warn("%s: others than its owner and group can read or change it; chmod 600", path);
    close(fd);
    return err;
}

futu_err keys_load(const char *path, struct key_list *out, char *why, size_t size)
{
    struct buf text = BUF_INIT;
    char line[256] = "";
    *out = (struct key_list){ NULL, 0 };
    futu_err err = read_file(path, &text, why, size);
    if (!err) {
        err = keys_parse(buf_str(&text), out, line, sizeof(line));
        if (err)
            snprintf(why, size, "%s: %s", path, line);
    }
    if (err == FUTU_ENOMEM)
        snprintf(why, size, "%s: out of memory", path);
    buf_free(&text);
    return err;
}

/* ---- to a path ---- */

/* The folder of the path, made 0700 with those above it when it is missing; opened. -1: errno. */
static int open_folder(const char *path)
{
    char dir[PATH_MAX] = ".";
    const char *slash = strrchr(path, '/');
    if (slash)
        str_copy(dir, sizeof(dir), (futu_str){ path, (size_t)(slash + 1 - path) });
    if (slash && !disk_make_dirs(dir))
        return -1;
    return open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* A service reads its file by its group: that must outlive an edit by root. Never looser. */
static bool keep_owner(int fd, const char *path)
{
    struct stat st, now;
    if (stat(path, &st) || fstat(fd, &now))
        return true;
    if ((st.st_uid != now.st_uid || st.st_gid != now.st_gid) && fchown(fd, st.st_uid, st.st_gid))
        return true;                    /* not root: the file is then its editor's alone */
    return fchmod(fd, 0600 | (st.st_mode & S_IRGRP)) == 0;
}

static bool replace(int dir, const char *path, const struct buf *text)
{
    char temp[PATH_MAX + 16];
    snprintf(temp, sizeof(temp), "%s.XXXXXX", path);
    int fd = mkostemp(temp, O_CLOEXEC);         /* 0600 */
    if (fd < 0)
        return false;
    bool ok = disk_write(fd, text->p, text->n, 0) && keep_owner(fd, path) && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    if (ok && rename(temp, path) == 0)
        return fsync(dir) == 0;
    int saved = errno;
    unlink(temp);
    errno = saved;
    return false;
}

/* A link stays one: what it points to is replaced. */
static bool resolve(const char *path, char real[PATH_MAX])
{
    if (realpath(path, real) || str_copy(real, PATH_MAX, str_c(path)))
        return true;
    errno = ENAMETOOLONG;
    return false;
}

/* Who held the lock before has removed its file, which then locks out nobody. */
static bool is_at(int fd, const char *path)
{
    struct stat mine, now;
    return fstat(fd, &mine) == 0 && stat(path, &now) == 0 && mine.st_ino == now.st_ino &&
           mine.st_dev == now.st_dev;
}

static bool lock_whole(int fd)
{
    int r;
    do
        r = flock(fd, LOCK_EX);
    while (r && errno == EINTR);
    return r == 0;
}

static bool lock_path(const char *path, char out[PATH_MAX + 8])
{
    char real[PATH_MAX];
    bool fine = resolve(path, real);
    if (fine)
        snprintf(out, PATH_MAX + 8, "%s.lock", real);
    return fine;
}

futu_err keys_lock(const char *path, int *fd, char *why, size_t size)
{
    char lock[PATH_MAX + 8];
    int dir = lock_path(path, lock) ? open_folder(lock) : -1;
    *fd = -1;
    if (dir < 0)
        return complain(why, size, path, "can't be written: ");
    close(dir);
    for (;;) {
        *fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (*fd < 0)
            return complain(why, size, lock, "");
        bool locked = lock_whole(*fd);
        if (locked && is_at(*fd, lock))
            return FUTU_OK;
        futu_err err = locked ? FUTU_OK : complain(why, size, lock, "");
        close(*fd);
        *fd = -1;
        if (err)
            return err;
    }
}

void keys_unlock(const char *path, int fd)
{
    char lock[PATH_MAX + 8];
    if (fd < 0)
        return;
    /* While it is held, so that nobody else holds it. */
    if (lock_path(path, lock) && is_at(fd, lock))
        unlink(lock);
    close(fd);
}

futu_err keys_save(const char *path, const struct key_list *l, char *why, size_t size)
{
    char real[PATH_MAX];
    struct buf text = BUF_INIT;
    if (keys_write(l, &text)) {
        buf_free(&text);
        snprintf(why, size, "%s: out of memory", path);
        return FUTU_ENOMEM;
    }
    int dir = resolve(path, real) ? open_folder(real) : -1;
    bool ok = dir >= 0 && replace(dir, real, &text);
    futu_err err = ok ? FUTU_OK : complain(why, size, path, "can't be written: ");
    if (dir >= 0)
        close(dir);
    buf_free(&text);
    return err;
}
