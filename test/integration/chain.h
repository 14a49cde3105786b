/* chain.h - relays in a row behind a gateway, a proxy behind each of them.
 *
 *     first - link[0] - relay[0] - link[1] - relay[1] - link[2] - client
 *
 * Each relay has a folder of its own for its state, kept when it is started again; its new port is
 * told to the proxy behind it, so the ports of the proxies stay.
 * Errors: abort the test.
 */
#ifndef TEST_INTEGRATION_CHAIN_H
#define TEST_INTEGRATION_CHAIN_H

#include "opend.h"
#include "proxy.h"

#define CHAIN_MAX 3

struct chain {
    struct opend relay[CHAIN_MAX];
    struct proxy link[CHAIN_MAX + 1];
    char dir[CHAIN_MAX][64];
    size_t n;                   /* relays */
};

/* Waits until every relay's links are up. */
void chain_start(struct chain *c, size_t relays, const struct opend *first);
void chain_stop(struct chain *c);
/* kill -9 of relay i, and a new one on the same folder. Does not wait for its links. */
void chain_kill(struct chain *c, size_t i);
int chain_port(const struct chain *c);          /* where a client connects */

/* What relay i says of its links now, from Gateway_GetInfo. */
struct chain_info {
    bool up;                    /* all of them, and at least one */
    int32_t stale;
    uint64_t gaps, losses;
    char error[256];            /* the last one of any link */
};
void chain_info(const struct chain *c, size_t i, struct chain_info *out);
void chain_wait_up(const struct chain *c);      /* all relays; nothing stale */

/* A folder for a test; chain_remove() takes it away with its files. */
void chain_folder(char dir[64]);
void chain_remove(const char *dir);

#endif
