/* proxy_child.h - what the proxy's process runs, and the commands that it takes. */
#ifndef TEST_INTEGRATION_PROXY_CHILD_H
#define TEST_INTEGRATION_PROXY_CHILD_H

#include "proxy.h"

enum { PROXY_OP_NONE, PROXY_OP_TARGET, PROXY_OP_CUT, PROXY_OP_REFUSE, PROXY_OP_HALF_OPEN,
       PROXY_OP_ANSWER, PROXY_OP_GARBAGE, PROXY_OP_DELAY, PROXY_OP_RATE, PROXY_OP_SPLIT,
       PROXY_OP_CHAOS, PROXY_OP_HOLD };

struct proxy_cmd {              /* each is answered with struct proxy_counts */
    int op;
    uint64_t a, b;
    struct proxy_chaos chaos;
    char text[PROXY_TEXT_MAX];
};

/* Takes commands from `ctl` until its other end is closed. */
void proxy_child_run(int ctl, int port, int target_port);

#endif
