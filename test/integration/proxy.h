/* proxy.h - a TCP proxy on loopback, in a process of its own, that breaks what goes through it.
 *
 * Its port stays the same for its whole life, refused or not; the port behind it may change, as
 * that of a gateway does when it is started again. Faults are switched on and off while it runs.
 * Each call returns when the proxy has done it.
 *
 * Held bytes: what has been read from one side and not yet been written to the other.
 * Errors:  abort the test (libcheck).
 * Tests:   test/integration/proxy_test.c
 */
#ifndef TEST_INTEGRATION_PROXY_H
#define TEST_INTEGRATION_PROXY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PROXY_LINKS 64          /* connections at a time; more are closed at once */
#define PROXY_TEXT_MAX 512

struct proxy {
    pid_t pid;
    int ctl;
    int port;
};

enum { PROXY_TO_CLIENT, PROXY_TO_SERVER };

/* How connections end: a reset, or a regular end; held bytes are dropped, or written before. */
enum { PROXY_RST = 0, PROXY_FIN = 1, PROXY_FLUSH = 2 };

struct proxy_counts {
    uint64_t accepted;          /* connections so far */
    uint64_t live;              /* connections now */
    uint64_t cut;               /* connections ended by a cut */
    uint64_t cuts;              /* cuts of the random mode that ended at least one connection */
    uint64_t to_cut;            /* cuts that the random mode still has to make */
    uint64_t bytes[2];          /* written, by direction: PROXY_TO_CLIENT, PROXY_TO_SERVER */
    uint64_t held;              /* bytes that were read and not yet written */
    uint64_t dropped;           /* bytes that were read and never will be */
};

/* Cuts at random: the next one comes after a random number of bytes below `max_bytes`, so also in
 * the middle of a frame, or after a random time below `max_ms`, whichever is first. It takes one
 * connection or all, ends them in any of the ways above, and waits for a connection if none is
 * there. The same seed makes the same choices. */
struct proxy_chaos {
    uint64_t seed;
    uint32_t cuts;              /* 0: stop */
    uint32_t max_bytes, max_ms;
};

void proxy_start(struct proxy *p, int target_port);
void proxy_stop(struct proxy *p);               /* resets all connections */
void proxy_target(struct proxy *p, int port);   /* of connections from now on */

void proxy_cut(struct proxy *p, int how);       /* all connections */
void proxy_refuse(struct proxy *p, bool on);    /* new connections; those there go on */
/* All connections that are there, and new ones while it is on, stay open for good and swallow what
 * they are sent. Switching it off lets new ones through; the others only a cut can end. */
void proxy_half_open(struct proxy *p, bool on);
/* New connections are not led on: the first bytes are answered with this text and the end. NULL:
 * led on again. */
void proxy_answer(struct proxy *p, const char *text);

void proxy_garbage(struct proxy *p, int direction, uint32_t n);     /* n random bytes in between */
/* Nothing is written in this direction until it is switched off; what comes is held, or waits. */
void proxy_hold(struct proxy *p, int direction, bool on);
/* Each batch of bytes waits this long; what comes meanwhile is merged into the next one. */
void proxy_delay(struct proxy *p, uint32_t ms);
/* Read slowly, in each direction and of each connection; 0: off. */
void proxy_rate(struct proxy *p, uint32_t bytes_per_s);
/* Write at most a random number of bytes below or at `max` at once; 1: byte by byte, 0: off. */
void proxy_split(struct proxy *p, uint32_t max);

void proxy_chaos(struct proxy *p, const struct proxy_chaos *o);
void proxy_counts(struct proxy *p, struct proxy_counts *out);

#endif
