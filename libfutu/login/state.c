/* state.c - see state.h. */
#include "login/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/log.h"

#define FS_OVERLAY 0x794c7630
#define FS_TMPFS 0x01021994
#define FS_RAMFS 0x858458f6
#define ASIDE_MAX 99

static futu_err complain(char *why, size_t size, const char *what, const char *path)
{
    char text[96];
    snprintf(why, size, "state: %s %s: %s", what, path, strerror_r(errno, text, sizeof(text)));
    return FUTU_EIO;
}

/* ---- the folder ---- */

futu_err state_default_dir(char *out, size_t size)
{
    const char *dir = getenv("FUTU_STATE_DIR"), *home = getenv("HOME");
    int n;
    if (dir && *dir)
        n = snprintf(out, size, "%s", dir);
    else if (home && *home)
        n = snprintf(out, size, "%s/.futu-opend-rs", home);
    else
        return FUTU_ENOTFOUND;
    return n < (int)size ? FUTU_OK : FUTU_ELIMIT;
}

/* What this program, and futu-opend-rs, keep secrets in. */
static bool is_secret(const char *name)
{
    static const char *const begins[] = { "credentials-", "device-", "keychain-" };
    for (size_t i = 0; i < ARRAY_LEN(begins); i++)
        if (strncmp(name, begins[i], strlen(begins[i])) == 0)
            return true;
    return false;
}

static void tighten_file(int dir, const char *name)
{
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode) ||
        !(st.st_mode & 077))
        return;
    if (fchmodat(dir, name, 0600, 0))
        log_warn("state: %s can be read by others, and its mode can't be changed", name);
    else
        log_info("state: %s could be read by others; it is 0600 now", name);
}

static DIR *open_list(int dir)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    if (!d && fd >= 0)
        close(fd);
    return d;
}

static void tighten_files(int dir)
{
    DIR *d = open_list(dir);
    for (const struct dirent *e; d && (e = readdir(d)) != NULL;)
        if (is_secret(e->d_name))
            tighten_file(dir, e->d_name);
    if (d)
        closedir(d);
}

/* Of futu-opend-rs, and of any volume. */
static bool is_known_folder(const char *name)
{
    static const char *const known[] = { ".", "..", "crashes", "lost+found" };
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (strcmp(name, known[i]) == 0)
            return true;
    return false;
}

/* A home, /tmp, /var/lib: what holds folders of others is not ours to close. */
static bool is_shared(int dir, mode_t mode)
{
    struct stat st;
    bool folders = (mode & S_ISVTX) != 0;
    DIR *d = open_list(dir);
    for (const struct dirent *e; d && !folders && (e = readdir(d)) != NULL;)
        folders = !is_known_folder(e->d_name) &&
                  fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
    if (d)
        closedir(d);
    return folders;
}

static futu_err tighten_folder(const struct state *s, char *why, size_t size)
{
    struct stat st;
    if (fstat(s->dir, &st))
        return complain(why, size, "looking at", s->path);
    if (!(st.st_mode & 077))
        return FUTU_OK;
    if (is_shared(s->dir, st.st_mode)) {
        snprintf(why, size, "state: %s holds other folders, and others can read it; choose a "
                            "folder of its own, or chmod 700 it", s->path);
        return FUTU_EIO;
    }
    if (st.st_uid != geteuid() && geteuid() != 0 && !(st.st_mode & S_IWOTH)) {
        log_warn("state: %s belongs to another user, and others can look into it; the files in it "
                 "are closed to them", s->path);
        return FUTU_OK;             /* a volume of a container, that its group may write to */
    }
    if (fchmod(s->dir, 0700) || fstat(s->dir, &st))
        return complain(why, size, "others can read it, and its mode can't be changed to 0700:",
                        s->path);
    if (!(st.st_mode & 077))
        return FUTU_OK;
    snprintf(why, size, "state: %s: its file system keeps no modes, so that others could read the "
                        "login; choose another folder", s->path);
    return FUTU_EIO;
}

futu_err state_open(struct state *s, const char *dir, char *why, size_t size)
{
    *s = (struct state)STATE_NULL;
    if (!str_copy(s->path, sizeof(s->path), str_c(dir))) {
        snprintf(why, size, "state: the folder's path is too long");
        return FUTU_ELIMIT;
    }
    s->dir = disk_open_dir(dir, why, size);
    if (s->dir < 0)
        return FUTU_EIO;
    futu_err err = tighten_folder(s, why, size);
    if (err)
        state_close(s);
    else
        tighten_files(s->dir);
    return err;
}

void state_close(struct state *s)
{
    if (!s->path[0])            /* also one that is all zero */
        return;
    /* While it is held, so that nobody else can hold it; and only what is still ours. */
    if (s->lock >= 0 && disk_lock(s->dir, s->locked, s->lock) == FUTU_OK)
        unlinkat(s->dir, s->locked, 0);
    if (s->lock >= 0)
        close(s->lock);
    if (s->dir >= 0)
        close(s->dir);
    s->lock = s->dir = -1;
}

/* ---- one gateway an account ---- */

static void who_has_it(int fd, const struct account *a, char *why, size_t size)
{
    char pid[16];
    ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);
    pid[n > 0 ? n : 0] = '\0';
    pid[strspn(pid, "0123456789")] = '\0';
    snprintf(why, size, "account %s is in use by another futu-opend%s%s; end that one first: two "
                        "logins of one account throw each other out; the other platform's account "
                        "of that name wants a --state-dir of its own", a->typed,
             *pid ? ", process " : "", pid);
}

futu_err state_lock(struct state *s, const struct account *a, char *why, size_t size)
{
    char pid[16];
    const char *name = s->locked;
    snprintf(s->locked, sizeof(s->locked), "lock-%s", a->hash);
    int fd = openat(s->dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return complain(why, size, "opening", name);
    if (disk_lock(s->dir, name, fd)) {
        who_has_it(fd, a, why, size);
        close(fd);
        return FUTU_EBUSY;
    }
    int n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) || !disk_write(fd, pid, (size_t)n, 0)) {
        futu_err err = complain(why, size, "writing", name);
        close(fd);
        return err;
    }
    s->lock = fd;
    return FUTU_OK;
}

/* ---- does it last? ---- */

static bool in_container(void)
{
    const char *container = getenv("container");
    return (container && *container) || access("/.dockerenv", F_OK) == 0 ||
           access("/run/.containerenv", F_OK) == 0;
}

bool state_ephemeral(const struct state *s, char *why, size_t size)
{
    struct statfs fs;
    if (fstatfs(s->dir, &fs))
        return false;
    long type = (long)fs.f_type;
    const char *what = type == FS_TMPFS || type == FS_RAMFS ? "lies in memory"
                       : type == FS_OVERLAY && in_container() ? "is a part of this container"
                                                              : NULL;
    if (!what)
        return false;
    snprintf(why, size, "state: %s %s and goes with it: then each start needs an SMS code; mount a "
                        "volume there", s->path, what);
    return true;
}

/* ---- files ---- */

static futu_err read_open_file(int fd, const char *name, struct secret *out, char *why, size_t size)
{
    struct stat st;
    if (fstat(fd, &st))
        return complain(why, size, "reading", name);
    if (!S_ISREG(st.st_mode)) {
        snprintf(why, size, "state: %s is not a file", name);
        return FUTU_EIO;
    }
    if (st.st_size > (off_t)STATE_FILE_MAX) {
        snprintf(why, size, "state: %s is larger than %u KiB", name, STATE_FILE_MAX >> 10);
        return FUTU_ELIMIT;
    }
    futu_err err = secret_room(out, (size_t)st.st_size);
    if (err)
        return err;
    if (disk_read(fd, out->p, out->n, 0))
        return FUTU_OK;
    secret_wipe(out);
    return complain(why, size, "reading", name);
}

futu_err state_read(const struct state *s, const char *name, struct secret *out, char *why,
                    size_t size)
{
    /* Not to wait for a writer if it turns out to be a pipe. */
    int fd = openat(s->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) {
        snprintf(why, size, "state: there is no %s in %s", name, s->path);
        return FUTU_ENOTFOUND;
    }
    if (fd < 0)
        return complain(why, size, "opening", name);
    futu_err err = read_open_file(fd, name, out, why, size);
    close(fd);
    if (err == FUTU_ENOMEM)
        snprintf(why, size, "state: out of memory");
    return err;
}

futu_err state_write(const struct state *s, const char *name, const void *p, size_t n, char *why,
                     size_t size)
{
    char temp[STATE_NAME_MAX + 8];
    futu_err err = FUTU_OK;
    snprintf(temp, sizeof(temp), "%s.new", name);
    int fd = openat(s->dir, temp, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return complain(why, size, "opening", temp);
    if (disk_lock(s->dir, temp, fd)) {
        snprintf(why, size, "state: %s is being written by another process", name);
        err = FUTU_EBUSY;
    } else if (fchmod(fd, 0600) || ftruncate(fd, 0) || !disk_write(fd, p, n, 0) || fsync(fd) ||
               renameat(s->dir, temp, s->dir, name) || fsync(s->dir)) {
        err = complain(why, size, "writing", name);
    }
    close(fd);
    return err;
}

futu_err state_remove(const struct state *s, const char *name, char *why, size_t size)
{
    if (unlinkat(s->dir, name, 0) == 0)
        return fsync(s->dir) ? complain(why, size, "removing", name) : FUTU_OK;
    if (errno != ENOENT)
        return complain(why, size, "removing", name);
    snprintf(why, size, "state: there is no %s in %s", name, s->path);
    return FUTU_ENOTFOUND;
}

futu_err state_set_aside(const struct state *s, const char *name, char as[STATE_NAME_MAX],
                         char *why, size_t size)
{
    for (int i = 1; i <= ASIDE_MAX; i++) {
        snprintf(as, STATE_NAME_MAX, "%.*s.bad-%d", STATE_NAME_MAX - 8, name, i);
        if (faccessat(s->dir, as, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
            continue;
        if (renameat(s->dir, name, s->dir, as) || fsync(s->dir))
            return complain(why, size, "setting aside", name);
        return FUTU_OK;
    }
    snprintf(why, size, "state: %s was set aside %d times; remove the old ones", name, ASIDE_MAX);
    return FUTU_ELIMIT;
}
