/* folder.h - a state folder for one test, and what of the log it caused. */
#ifndef TEST_UNIT_LOGIN_FOLDER_H
#define TEST_UNIT_LOGIN_FOLDER_H

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support.h"
#include "login/state.h"

static char folder_top[64], folder[96], folder_why[512];
static struct state st;
static struct account acc;
static char logged[8192];

static inline void on_line(int level, const char *line, void *arg)
{
    size_t n = strlen(logged);
    (void)arg;
    snprintf(logged + n, sizeof(logged) - n, "%d %s\n", level, line);
}

static inline void folder_make(const char *account)
{
    snprintf(folder_top, sizeof(folder_top), "/tmp/futu-login-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder_top));
    snprintf(folder, sizeof(folder), "%s/state", folder_top);
    ck_assert_int_eq(account_parse(&acc, account, folder_why, sizeof(folder_why)), FUTU_OK);
    ck_assert_msg(state_open(&st, folder, folder_why, sizeof(folder_why)) == FUTU_OK, "%s",
                  folder_why);
    logged[0] = '\0';
    futu_set_log(on_line, FUTU_LOG_DEBUG, NULL);
}

static inline const char *folder_path(const char *name)
{
    static char path[512];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static inline void folder_put(const char *name, const char *text, mode_t mode)
{
    FILE *f = fopen(folder_path(name), "wb");
    ck_assert_ptr_nonnull(f);
    fwrite(text, 1, strlen(text), f);
    fclose(f);
    ck_assert_int_eq(chmod(folder_path(name), mode), 0);
}

static inline bool folder_has(const char *name)
{
    return access(folder_path(name), F_OK) == 0;
}

static inline mode_t folder_mode(const char *name)
{
    struct stat s;
    ck_assert_int_eq(stat(folder_path(name), &s), 0);
    return s.st_mode & 07777;
}

/* Is the text of the file exactly this? */
static inline bool folder_is(const char *name, const char *text)
{
    size_t n;
    char *p = read_file(folder_path(name), &n);
    bool same = n == strlen(text) && memcmp(p, text, n) == 0;
    free(p);
    return same;
}

static inline void folder_remove(void)
{
    futu_set_log(NULL, 0, NULL);
    state_close(&st);
    chmod(folder, 0700);
    DIR *d = opendir(folder);
    for (const struct dirent *e; d && (e = readdir(d)) != NULL;)
        if (unlink(folder_path(e->d_name)))
            rmdir(folder_path(e->d_name));
    if (d)
        closedir(d);
    rmdir(folder);
    rmdir(folder_top);
}

#endif
