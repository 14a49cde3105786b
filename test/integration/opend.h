/* opend.h - futu-opend as a child process, for tests that speak with the real program.
 *
 * FUTU_OPEND names the program. Ports are chosen by the system: TCP by the daemon itself, the
 * WebSocket's here, since there 0 means "off"; a lost race for it is run again.
 * Errors: abort the test (libcheck).
 */
#ifndef TEST_INTEGRATION_OPEND_H
#define TEST_INTEGRATION_OPEND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Sanitizers make everything several times slower; limits of time grow with it. */
#if defined(__SANITIZE_THREAD__)
#define SLOW 10
#elif defined(__SANITIZE_ADDRESS__)
#define SLOW 5
#else
#define SLOW 1
#endif

#define OPEND_MAX_ARGS 32

struct opend {
    pid_t pid;
    int out;                    /* its standard output */
    int port, ws_port, rest_port;       /* 0: not open */
    char banner[2048];
};

/* Paper exchange, always open, with the REST port, no frequency limits, and `args` (NULL ends them;
 * may be NULL). Waits until it is ready. */
void opend_start(struct opend *d, const char *const *args);
/* With just these arguments, of which "--port 0" or a port must be one. `d->ws_port` is 0 when they
 * name no WebSocket port. */
void opend_start_as(struct opend *d, const char *const *args);
/* SIGKILL, and gone when this returns. */
void opend_kill(struct opend *d);
/* SIGTERM; the exit status must be 0 and come within two seconds. */
void opend_stop(struct opend *d);
/* Runs with just these arguments to its end: the exit status, and all that it printed. */
int opend_run(const char *const *args, char *text, size_t size);
/* The same until it has printed `word`, and then kills it: -1, or the exit status when it ended
 * before. */
int opend_run_until(const char *const *args, const char *word, char *text, size_t size);
/* What only a client may know, a password or a key: no daemon may have written it (log_scan.py). */
void opend_secret(const char *secret);
/* All is told where it is kept to be scanned; else a daemon is quiet. */
const char *opend_log_level(void);
long opend_rss_kb(const struct opend *d);

int free_port(void);
int64_t now_ms(void);           /* monotonic */

#endif
