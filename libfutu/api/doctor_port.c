/* doctor_port.c - whether a port that a daemon will open is free, and who has it when it is not. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/doctor.h"

/* A line of /proc/net/tcp: number, own address:port, other address:port, state, queues, timer,
 * retries, user, time-out, inode, numbers in hexadecimal up to the timer. The inode of one that
 * listens on the port, else 0. */
static unsigned long inode_of(char *line, uint32_t port)
{
    enum { OWN = 1, STATE = 3, INODE = 9, FIELDS, LISTENS = 0x0a };
    char *field[FIELDS], *rest = NULL;
    size_t n = 0;
    for (char *s = strtok_r(line, " ", &rest); s && n < FIELDS; s = strtok_r(NULL, " ", &rest))
        field[n++] = s;
    char *colon = n == FIELDS ? strchr(field[OWN], ':') : NULL;
    if (!colon || strtoul(colon + 1, NULL, 16) != port ||
        strtoul(field[STATE], NULL, 16) != LISTENS)
        return 0;
    return strtoul(field[INODE], NULL, 10);
}

static unsigned long listener(const char *table, uint32_t port)
{
    char line[512];
    unsigned long inode = 0;
    FILE *f = fopen(table, "re");
    while (f && !inode && fgets(line, sizeof(line), f))
        inode = inode_of(line, port);
    if (f)
        fclose(f);
    return inode;
}

static bool has_socket(const char *pid, unsigned long inode)
{
    char dir[64], want[64], got[64], path[400];
    bool found = false;
    snprintf(dir, sizeof(dir), "/proc/%.20s/fd", pid);
    snprintf(want, sizeof(want), "socket:[%lu]", inode);
    DIR *fds = opendir(dir);
    for (struct dirent *e; fds && !found && (e = readdir(fds)) != NULL;) {
        snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
        ssize_t n = readlink(path, got, sizeof(got) - 1);
        found = n > 0 && (size_t)n == strlen(want) && memcmp(got, want, (size_t)n) == 0;
    }
    if (fds)
        closedir(fds);
    return found;
}

/* " by futu-opend, process 12", or "" when it is another user's. */
static void owner(uint32_t port, char *out, size_t size)
{
    char path[64], name[32] = "";
    unsigned long inode = listener("/proc/net/tcp", port);
    if (!inode)
        inode = listener("/proc/net/tcp6", port);
    out[0] = '\0';
    DIR *all = inode ? opendir("/proc") : NULL;
    for (struct dirent *e; all && !out[0] && (e = readdir(all)) != NULL;) {
        if (e->d_name[0] < '0' || e->d_name[0] > '9' || !has_socket(e->d_name, inode))
            continue;
        snprintf(path, sizeof(path), "/proc/%.20s/comm", e->d_name);
        FILE *f = fopen(path, "re");
        if (f && fgets(name, sizeof(name), f))
            name[strcspn(name, "\n")] = '\0';
        if (f)
            fclose(f);
        snprintf(out, size, " by %s, process %.20s", name, e->d_name);
    }
    if (all)
        closedir(all);
}

/* 0, or the errno of the step that failed. */
static int try_bind(const char *host, uint32_t port)
{
    struct addrinfo hint = { .ai_flags = AI_NUMERICHOST | AI_PASSIVE, .ai_socktype = SOCK_STREAM };
    struct addrinfo *a;
    char digits[8];
    int on = 1, err = 0;
    snprintf(digits, sizeof(digits), "%u", port);
    if (getaddrinfo(host, digits, &hint, &a) != 0)
        return EADDRNOTAVAIL;
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(fd, a->ai_addr, a->ai_addrlen) != 0 || listen(fd, 1) != 0)
        err = errno;
    if (fd >= 0)
        close(fd);
    freeaddrinfo(a);
    return err;
}

static void look_at_port(const struct doctor *d, const char *text)
{
    char host[256], who[128], text_of[96];
    uint32_t port;
    doctor_host_port(text, "127.0.0.1", host, &port);
    int err = try_bind(host, port);
    if (!err) {
        doctor_say(d, "port", FUTU_FINDING_OK, NULL, "%s:%u is free", host, port);
        return;
    }
    if (err != EADDRINUSE) {
        doctor_say(d, "port", FUTU_FINDING_FAIL,
                   err == EACCES ? "take a port above 1023"
                                 : "name an address of this machine, such as 127.0.0.1",
                   "%s:%u can't be opened: %s", host, port,
                   strerror_r(err, text_of, sizeof(text_of)));
        return;
    }
    owner(port, who, sizeof(who));
    doctor_say(d, "port", FUTU_FINDING_WARN,
               "end that program, or give the gateway another port, and tell its clients",
               "%s:%u is taken%s", host, port, who);
}

void doctor_ports(const struct doctor *d)
{
    for (size_t i = 0; i < d->o->n_listen; i++)
        look_at_port(d, d->o->listen[i]);
}
