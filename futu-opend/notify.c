/* notify.c - see notify.h.
 *
 * In:      NOTIFY_SOCKET, a path, or @NAME for an abstract one; WATCHDOG_USEC, and WATCHDOG_PID
 *          when the manager means one process alone.
 * Out:     datagrams. A socket of its own for each: they are few, and none is left over in a loop
 *          that thousands of others share.
 * Errors:  a manager that is not there or does not read is no reason to end.
 * Tests:   test/unit/opend/notify_test.c, test/integration/deploy.py
 */
#include "notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LEAST_MS 1

/* The address' length; 0: it is none. */
static socklen_t read_address(const char *text, struct sockaddr_un *to)
{
    size_t n = strlen(text);
    *to = (struct sockaddr_un){ .sun_family = AF_UNIX };
    if ((*text != '/' && *text != '@') || n < 2 || n >= sizeof(to->sun_path))
        return 0;
    memcpy(to->sun_path, text, n);
    if (*text == '@')
        to->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
}

bool notify_say(const char *text)
{
    const char *where = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to;
    if (!where || !*where)
        return true;
    socklen_t size = read_address(where, &to);
    if (!size) {
        errno = EINVAL;
        return false;
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool sent = sendto(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL,
                       (const struct sockaddr *)&to, size) >= 0;
    int reason = errno;
    close(fd);
    errno = reason;
    return sent;
}

/* 0: there is no such variable, or it is no number. */
static unsigned long long number_of(const char *name)
{
    const char *text = getenv(name);
    char *end;
    if (!text || *text < '0' || *text > '9')
        return 0;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    return errno || *end ? 0 : n;
}

static void on_timer(uv_timer_t *h)
{
    (void)h;
    notify_say("WATCHDOG=1");
}

void notify_watch(struct notify *n, uv_loop_t *loop)
{
    unsigned long long us = number_of("WATCHDOG_USEC");
    const char *pid = getenv("WATCHDOG_PID");
    if (us == 0 || (pid && number_of("WATCHDOG_PID") != (unsigned long long)getpid()))
        return;
    uint64_t ms = us / 2000;
    ms = ms < LEAST_MS ? LEAST_MS : ms;
    uv_timer_init(loop, &n->timer);
    uv_timer_start(&n->timer, on_timer, ms, ms);
    uv_unref((uv_handle_t *)&n->timer);
    n->open = true;
}

void notify_close(struct notify *n)
{
    if (n->open)
        uv_close((uv_handle_t *)&n->timer, NULL);
    n->open = false;
}
