/* notify.h - what the service manager is told, by the protocol of systemd's sd_notify(3): that the
 * ports are open, that the end has begun, and that the loop still turns. Where nobody listens
 * (NOTIFY_SOCKET is not set) nothing happens. */
#ifndef OPEND_NOTIFY_H
#define OPEND_NOTIFY_H

#include <stdbool.h>
#include <uv.h>

#define NOTIFY_READY "READY=1"
#define NOTIFY_STOPPING "STOPPING=1"

struct notify {
    uv_timer_t timer;
    bool open;
};

/* One message; never waits. false: somebody should listen and can't be told, see errno. */
bool notify_say(const char *text);
/* Says WATCHDOG=1 from the loop twice in each WATCHDOG_USEC, if the manager wants that. */
void notify_watch(struct notify *n, uv_loop_t *loop);
void notify_close(struct notify *n);    /* run the loop once more after it */

#endif
